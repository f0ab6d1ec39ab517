"""The portal served on loopback by uvicorn, in a thread of the test, that can be stopped and started again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.portal.visiting import without_limits
from ticketops.config import Settings
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, run_of
from ticketops.portal.app import app_of
from ticketops.portal.server import Server, config_of
from ticketops.services import portal


class Served:
    """A portal at an address of loopback."""

    def __init__(self, settings: Settings) -> None:
        assert isinstance(settings.workbook, Path)
        self.settings, self.book = settings, settings.workbook
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.app = app_of(settings, settings.workbook, self.base, limits=without_limits())
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve, from the moment that connections are taken."""
        self._server = Server(config_of(self.app, "127.0.0.1", self.port, ""))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        for _ in range(400):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("the portal is not served")

    def stop(self) -> None:
        """No connection is taken any more."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(20)
        self._server = None

    def do(self, job: Any, **said: Any) -> Any:
        """The office does something in the workbook; the Done."""
        settings = replace(self.settings, **said)
        return carry_out(open_store(self.book, settings), job, run_of(settings))

    def link(self, kind: str, name: str) -> str:
        """A link for a party."""
        handed = []
        job = portal.invite(self.settings, kind, name, 30, self.base)
        handed.append(self.do(job).plan.result.link)
        return str(handed[0])


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    """A portal, served meanwhile."""
    served = Served(settings)
    served.start()
    try:
        yield served
    finally:
        served.stop()
