"""A Google Sheet to work on in tests: on the local server, opened as the product opens it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import stamina

from tests.google.server import GoogleServer
from ticketops.config import Settings
from ticketops.engine.opening import connect, open_store
from ticketops.schema.layouts.event import EVENT
from ticketops.stores.memory import MemoryStore

ROBOT = "robot"


class Google:
    """A server with a service account; `folder` is where this machine keeps what belongs to
    Google."""

    def __init__(self, server: GoogleServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.info = server.service_account(ROBOT)
        self.key = folder / "key.json"
        self.key.write_text(json.dumps(self.info))
        self._opened: list[Any] = []

    @property
    def email(self) -> str:
        return str(self.info["client_email"])

    def new(
        self,
        sheets: Mapping[str, Sequence[Sequence[Any]]] | None = None,
        *,
        role: str | None = "writer",
        tight: bool = False,
    ) -> str:
        """A spreadsheet that is shared with the service account: the empty canonical one, or these
        rows."""
        rows = sheets or MemoryStore(layout=EVENT).raw_rows(
            *(sheet.name for sheet in EVENT.canonical())
        )
        return self.server.new_spreadsheet(
            "Event", rows, {self.email: role} if role else {}, tight=tight
        )

    def settings(self, **more: Any) -> Settings:
        base: dict[str, Any] = {
            "user": "tester",
            "google_key": self.key,
            "google_api": self.server.url,
            "state": self.folder / "state",
        }
        return Settings(**base | {"google_budget": 20.0} | more)

    def store(
        self,
        key: str,
        *,
        machine: str = "",
        notice: Callable[[str], None] | None = None,
        **more: Any,
    ) -> Any:
        """A store; machine: another computer's name."""
        if machine:
            more["state"] = self.folder / machine
        store = open_store(f"gsheet:{key}", self.settings(**more), notice=notice)
        self._opened.append(store)
        return store

    def environment(self) -> dict[str, str]:
        """For the real CLI."""
        return {
            "TICKETOPS_GOOGLE_KEY": str(self.key),
            "TICKETOPS_GOOGLE_API": self.server.url,
            "TICKETOPS_GOOGLE_BUDGET": "20",
            "TICKETOPS_STATE": str(self.folder / "state"),
        }

    def close(self) -> None:
        """Hang up; examples of a property test do so one by one, or thousands of sockets stay
        open."""
        while self._opened:
            self._opened.pop().connection.close()
        connect("", self.settings()).close()


@pytest.fixture(scope="session")
def google_server() -> Iterator[GoogleServer]:
    with GoogleServer() as server:
        yield server


@pytest.fixture
def google(google_server: GoogleServer, tmp_path: Path) -> Iterator[Google]:
    """The server as it is at first: no faults, nothing counted. Waiting between tries takes no
    time."""
    google_server.reset()
    stamina.set_testing(True, attempts=6)
    made = Google(google_server, tmp_path)
    yield made
    made.close()
    stamina.set_testing(False)
    google_server.reset()
    assert google_server.errors == []
