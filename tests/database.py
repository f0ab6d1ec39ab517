"""A real PostgreSQL for tests: a server in a temporary folder, on this machine only."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ticketops.engine.not_undoable import not_undoable
from ticketops.schema.layouts.event import EVENT

BINARIES = next(
    iter(
        sorted(
            Path("/usr/lib/postgresql").glob("*/bin"),
            key=lambda p: int(p.parent.name),
            reverse=True,
        )
    ),
    Path("/nonexistent"),
)
OPTIONS = (
    "shared_buffers = 32MB\nmax_connections = 60\nlisten_addresses = '127.0.0.1'\n"
    "max_wal_size = 256MB\nautovacuum = off\nwal_level = minimal\nmax_wal_senders = 0\n"
)


def why_missing() -> str:
    """Why there can be no server here; "" where there can."""
    if not (BINARIES / "initdb").exists():
        return "PostgreSQL is not installed"
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        return "PostgreSQL does not run as root, and there is no setpriv"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    return ""


def _as_nobody(*command: object) -> list[str]:
    """A command as a user that PostgreSQL takes."""
    if os.getuid():
        return list(map(str, command))
    as_other = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    return [*as_other, *map(str, command)]


class Database:
    """A running server. port: on the loopback address."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.data = self.folder / "data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._run(
            BINARIES / "initdb", "-D", self.data, "-U", "ticketops", "--auth=trust", "-E", "UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip
        with open(self.data / "postgresql.conf", "a") as file:
            file.write(f"{OPTIONS}port = {self.port}\nunix_socket_directories = '{self.folder}'\n")
        self._keys = itertools.count(1)
        self.start()

    def _run(self, *command: object) -> None:
        subprocess.run(
            _as_nobody(*command),
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """Start the server, after a crash, too."""
        log = self.folder / "log"
        self._run(BINARIES / "pg_ctl", "-D", self.data, "-l", log, "-w", "start")

    def pid(self) -> int:
        """The server's process."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """Kill the server and all its processes with SIGKILL."""
        pid = self.pid()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(pid, signal.SIGSTOP)  # it must not see its children die
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists() and b"Z" not in _state(pid):
            time.sleep(0.01)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for left in self.folder.glob(".s.PGSQL.*"):  # which a new server takes for that of another
            left.unlink()

    def stop(self) -> None:
        """Stop the server and delete its folder."""
        subprocess.run(
            _as_nobody(BINARIES / "pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop"),
            check=False,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, event: str = "", *, port: int = 0, database: str = "postgres") -> str:
        """The address of an event, as a person gives it."""
        query = f"?event={event}" if event else ""
        return f"postgresql://ticketops@127.0.0.1:{port or self.port}/{database}{query}"

    def execute(self, sql: str, *values: Any) -> list[Any]:
        """Rows of a statement, past ticketops."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            found = connection.execute(sql, values or None)
            return found.fetchall() if found.description else []

    def new(self, *, kind: str = "event") -> str:
        """The key of a new, empty event."""
        from ticketops.schema.layouts.issuance import ISSUANCE
        from ticketops.stores.postgres.address import address_of
        from ticketops.stores.postgres.connection import Connection
        from ticketops.stores.postgres.events import create

        key = f"E{next(self._keys):05d}"
        connection = Connection(address_of(self.url(key)))
        create(connection, EVENT if kind == "event" else ISSUANCE)
        connection.close()
        return key

    def store(self, key: str, folder: Path, *, port: int = 0, **options: Any) -> Any:
        """The store of an event. options: of the connection."""
        from ticketops.stores.postgres.address import address_of
        from ticketops.stores.postgres.connection import Connection
        from ticketops.stores.postgres.store import PostgresStore

        connection = Connection(address_of(self.url(key, port=port)), **options)
        return PostgresStore(connection, folder / key, layout=EVENT, not_undoable=not_undoable)


def _state(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2][:3]
    except OSError:
        return b"Z"


def started() -> Database:
    """A server with the tables of ticketops. Skips the test where there can be none."""
    missing = why_missing()
    if missing:
        if os.environ.get("TICKETOPS_REQUIRE_POSTGRES"):
            pytest.fail(missing)
        pytest.skip(missing)
    from ticketops.stores.postgres.address import address_of
    from ticketops.stores.postgres.connection import Connection
    from ticketops.stores.postgres.schema import bring_forward

    database = Database()
    connection = Connection(address_of(database.url(), event_needed=False))
    bring_forward(connection)
    connection.close()
    return database


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    """A server that all tests of a process share; each works on events of its own."""
    server = started()
    yield server
    server.stop()
