"""A forked command is the same as one that starts at nothing."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from tests.conftest import Result, run_cli
from tests.launcher import can_fork


def both(monkeypatch: pytest.MonkeyPatch, *words: str, cwd: Path, **more: object) -> Result:
    """The answer of a command, which both ways of starting it give."""
    forked = run_cli(*words, cwd=cwd, **more)  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setenv("TICKETOPS_TEST_FRESH", "1")
        fresh = run_cli(*words, cwd=cwd, **more)  # type: ignore[arg-type]
    assert forked == fresh
    return forked


@pytest.mark.slow
def test_answers_are_the_same(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = small.parent
    done = both(monkeypatch, "status", "-w", small.name, "--json", cwd=here)
    assert (done.code, done.err) == (0, "")
    assert done.json["result"]
    both(monkeypatch, "status", cwd=here, env={"TICKETOPS_WORKBOOK": small.name})
    both(monkeypatch, "sale", "list", "-w", "no.xlsx", cwd=here)
    both(monkeypatch, "sale", "lost", cwd=here)
    both(monkeypatch, "--help", cwd=here, env={"COLUMNS": "60"})
    lines = b"match,category,qty,unit_price\nM01,Cat 1,x,10\n"
    words = ("sale", "add", "-w", small.name, "--client", "Zest", "--csv", "-", "--dry-run")
    both(monkeypatch, *words, cwd=here, stdin=lines)


def test_a_command_leaves_nothing_to_the_next(small: Path) -> None:
    run_cli("status", "-w", small.name, cwd=small.parent, env={"TICKETOPS_ROLE": "viewer"})
    done = run_cli("status", "-w", str(small), cwd=Path("/"))
    assert done.code == 0
    assert "TICKETOPS_ROLE" not in os.environ


def test_commands_run_at_once(small: Path) -> None:
    codes: list[int] = []

    def one() -> None:
        done = run_cli("log", "-w", str(small), "--json")
        codes.append(done.code)
        json.loads(done.out)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0] * 4


def test_what_an_interpreter_reads_when_it_starts_needs_one_of_its_own() -> None:
    assert can_fork({"TZ": "UTC", "HOME": "/"})
    assert not can_fork({"PYTHONUTF8": "0"})
    assert not can_fork({"LC_ALL": "C"})
