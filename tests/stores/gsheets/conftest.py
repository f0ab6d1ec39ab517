"""The command line on a Google Sheet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Result, Runner
from tests.online import Google
from tests.stores.gsheets.commands import Command, variables
from ticketops.engine import opening
from ticketops.services import google_access as services_google


@pytest.fixture
def command(google: Google, in_process: Runner, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The same command line in this process, which is quicker: nothing is waited for."""
    opened: list[Any] = []
    connect = opening.connect

    def connected(*args: Any, **named: Any) -> Any:
        opened.append(connect(*args, **named))
        return opened[-1]

    def commanded(*words: str, **more: str | None) -> Result:
        with monkeypatch.context() as patch:
            for module in (opening, services_google):
                patch.setattr(module, "connect", connected)
            opening._identity.cache_clear()  # a process of its own would know none
            done = in_process(*words, env=variables(google, more))
        for connection in opened:
            connection.close()
        return done

    return commanded
