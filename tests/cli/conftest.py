"""The command line on a workbook of its own, in this process or in one of its own. A module says with `source` which workbook, and with
`environment` who works on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Result, Runner, run_cli


@pytest.fixture
def book(source: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(source, tmp_path / "event.xlsx"))


def _variables(environment: dict[str, str], settings: dict[str, str]) -> dict[str, str]:
    """Environment variables; a setting that is "" is not set."""
    return {name: value for name, value in (environment | {f"TICKETOPS_{k.upper()}": v for k, v in settings.items()}).items() if value}


@pytest.fixture
def at(book: Path, environment: dict[str, str]) -> Runner:
    """The command line in a process of its own."""

    def command(*words: str, stdin: str | None = None, **settings: str) -> Result:
        return run_cli(*words, stdin=stdin, env=_variables(environment, settings), cwd=book.parent)

    return command


@pytest.fixture
def here(environment: dict[str, str], in_process: Runner, book: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """The same in this process, which stands beside the workbook."""
    monkeypatch.chdir(book.parent)

    def command(*words: str, stdin: str | None = None, **settings: str) -> Result:
        return in_process(*words, stdin=stdin, env=_variables(environment, settings))

    return command
