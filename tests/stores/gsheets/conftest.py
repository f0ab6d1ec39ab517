"""The command line on a Google Sheet."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.conftest import Result
from tests.online import Google
from tests.stores.gsheets.commands import Command, variables
from ticketops.cli.main import run
from ticketops.services import google as services_google
from ticketops.services import workbooks


@pytest.fixture
def command(google: Google, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The same command line in this process, which is quicker: nothing is waited for."""
    opened: list[Any] = []
    connect = workbooks.connect

    def connected(*args: Any, **named: Any) -> Any:
        opened.append(connect(*args, **named))
        return opened[-1]

    def commanded(*words: str, **more: str | None) -> Result:
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("TICKETOPS_")]:
                patch.delenv(name)
            for name, value in variables(google, more).items():
                patch.setenv(name, value)
            for module in (workbooks, services_google):
                patch.setattr(module, "connect", connected)
            capsys.readouterr()
            workbooks._identity.cache_clear()  # a process of its own would know none
            code = run(list(words))
        for connection in opened:
            connection.close()
        said = capsys.readouterr()
        return Result(code, said.out, said.err)

    return commanded
