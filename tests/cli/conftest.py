"""The command line on a workbook of its own, in this process or in one of its own. A module says with `source` which workbook, and with
`environment` who works on it."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import Result, Runner, run_cli
from ticketops.cli.main import run


@pytest.fixture
def book(source: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(source, tmp_path / "event.xlsx"))


@pytest.fixture
def at(book: Path, environment: dict[str, str]) -> Runner:
    """The command line in a process of its own."""

    def command(*words: str, stdin: str | None = None, **settings: str) -> Result:
        env = environment | {f"TICKETOPS_{name.upper()}": value for name, value in settings.items()}
        return run_cli(*words, stdin=stdin, env={k: v for k, v in env.items() if v}, cwd=book.parent)

    return command


@pytest.fixture
def here(environment: dict[str, str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, book: Path) -> Runner:
    """The same in this process."""
    for name in [name for name in os.environ if name.startswith("TICKETOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(book.parent)

    def command(*words: str, stdin: str | None = None, **settings: str) -> Result:
        with monkeypatch.context() as patch:
            for name, value in (environment | {f"TICKETOPS_{k.upper()}": v for k, v in settings.items()}).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((stdin or "").encode()), "utf-8"))
            code = run(list(words))
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return command
