"""Every command as the only line of an atomic batch: it says what it says outside, and touches nothing
but the workbook; or it is refused, because it commits by itself."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cli.everything import EVENTFUL
from tests.conftest import Runner
from ticketops.cli.app import GROUPS
from ticketops.engine.together import refuse_alone
from ticketops.errors import RuleError

_FILES = ("--csv", "--out", "--xlsx", "--html", "--rejects", "--man", "--card", "--page")


def _commits_by_itself(words: list[str]) -> bool:
    try:
        refuse_alone(words[: 2 if words[0] in GROUPS else 1])
    except RuleError:
        return True
    return False


def _files(folder: Path) -> dict[str, bytes]:
    """All but what is kept of a workbook to read it faster."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and (".ticketops" not in str(path) or path.parent.name == "journal")
    }


def _said(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out.splitlines()[0])
    return {name: found.get(name) for name in ("command", "error", "result", "findings")}


@pytest.mark.slow
def test_every_command_alone_in_an_atomic_batch(book: Path, here: Runner) -> None:
    book.with_name("plan.csv").write_text("Match,Teams\n")
    compared = refused = 0
    for words in EVENTFUL:
        if words[0] in ("batch", "shell", "serve") or any(word in _FILES for word in words):
            continue
        line = shlex.join(words)
        before = _files(book.parent)
        done = here("batch", "-", "--atomic", "-n", "--json", stdin=f"{line}\n", role="super_admin")
        assert _files(book.parent) == before, line
        outside = here(*words, "--json", role="super_admin", stdin="")
        if _commits_by_itself(words):
            assert (done.code, "commits by itself" in done.out) == (4, True), line
            refused += 1
            continue
        ours, theirs = _said(done.out), _said(outside.out)
        if "commits by itself" in str(ours["error"]):
            refused += 1
            continue
        compared += 1
        assert (ours["command"], ours["error"]) == (theirs["command"], theirs["error"]), line
        assert type(ours["result"]) is type(theirs["result"]), line
    assert compared > 60
    assert refused > 20
