"""docs/decisions.md holds every decision and section that the code cites."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PAGE = (ROOT / "docs" / "decisions.md").read_text("utf-8")
_DECISIONS = frozenset(re.findall(r"^\*\*(D\d+)\. ", _PAGE, re.MULTILINE))
_SECTIONS = frozenset(re.findall(r"§\d+[a-z]?", _PAGE[_PAGE.index("## The sections") :]))


def _cited(pattern: str) -> dict[str, list[str]]:
    """{what is cited: the files that cite it}, in the code, the tests and the documentation."""
    found: dict[str, list[str]] = {}
    pages = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md")]
    for path in [
        *ROOT.glob("ticketops/**/*.py"),
        *ROOT.glob("tests/**/*.py"),
        *pages,
        ROOT / "ticketops" / "ARCHITECTURE.md",
    ]:
        for name in re.findall(pattern, path.read_text("utf-8")):
            found.setdefault(name, []).append(str(path.relative_to(ROOT)))
    return found


def test_every_decision_that_is_cited_stands_there() -> None:
    """`D7`, not the cell D7: a cell in a text stands behind a sheet's name or a colon."""
    dangling = {
        name: files
        for name, files in _cited(r"(?<=[(\s:;,])D\d{1,2}(?=[);:,.](?:\s|$)|\))").items()
        if name not in _DECISIONS
    }
    assert dangling == {}


def test_every_section_that_is_cited_stands_there() -> None:
    dangling = {
        name: files for name, files in _cited(r"§\d+[a-z]?").items() if name not in _SECTIONS
    }
    assert dangling == {}


def test_the_decisions_are_numbered_without_a_gap() -> None:
    assert sorted(int(name[1:]) for name in _DECISIONS) == list(range(1, len(_DECISIONS) + 1))
