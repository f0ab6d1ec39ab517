"""The word list of docs/style.md holds wherever a user reads: in the strings of the code, the generated
help, JSON Schemas and manual, the README and the documentation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STYLE = ROOT / "docs" / "style.md"
TYPED = {"ticketops/domain/dispatch/everyday.py"}
"""Words that people type into workbooks, in several languages: data, not prose."""


def word_list() -> dict[str, str]:
    """{words that are not written: what to write instead}."""
    table = STYLE.read_text("utf-8").partition("| write | not |")[2]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if "`" in line]
    return {words: write for write, instead in rows for words in re.findall(r"`([^`]+)`", instead)}


def pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words: whole, in any case, across ends of lines."""
    spelt = "|".join(re.escape(one).replace(r"\ ", r"\s+") for one in words)
    return re.compile(rf"(?<!\w)(?:{spelt})(?!\w)", re.IGNORECASE)


def literals(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of every string of a module but its docstrings; `…` for what an f-string fills in.
    The docstrings that users read are those of commands and results: help and schemas have them.
    """
    tree = ast.parse(source)
    passed = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed |= {id(value) for value in node.values}
            pieces = [v.value if isinstance(v, ast.Constant) else "…" for v in node.values]
            yield node.lineno, "".join(map(str, pieces))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in passed:
            continue
        if isinstance(node.value, str):
            yield node.lineno, node.value


def broken(name: str, text: str, words: dict[str, str]) -> list[str]:
    """`file:line: words: what to write instead`, for every place in a module or a page."""
    folded = text.casefold()
    suspects = [one for one in words if all(word in folded for word in one.split())]
    if not suspects:
        return []
    sought, places = pattern(suspects), []
    for line, piece in literals(text) if name.endswith(".py") else [(1, text)]:
        for match in sought.finditer(piece):
            wrong = " ".join(match[0].casefold().split())
            places.append(
                f"{name}:{line + piece.count(chr(10), 0, match.start())}: {wrong}: write {words[wrong]}"
            )
    return places


def readable() -> list[Path]:
    """Everything that users read, or that holds texts which they read."""
    modules = [
        p for p in (ROOT / "ticketops").rglob("*.py") if str(p.relative_to(ROOT)) not in TYPED
    ]
    pages = [
        p for end in ("*.md", "*.1", "*.json") for p in (ROOT / "docs").rglob(end) if p != STYLE
    ]
    return sorted([*modules, *pages, ROOT / "README.md"])


def test_what_users_read_keeps_to_the_word_list() -> None:
    words = word_list()
    found = [
        place
        for path in readable()
        for place in broken(str(path.relative_to(ROOT)), path.read_text("utf-8"), words)
    ]
    assert not found, "\n".join(found)


def test_the_style_guide_has_ten_rules_and_a_word_list() -> None:
    text = STYLE.read_text("utf-8")
    assert re.findall(r"^(\d+)\. ", text, re.MULTILINE) == [str(n) for n in range(1, 11)]
    words = word_list()
    assert len(words) >= 30
    assert words["cannot"] == "can't"
    assert words["is no file"] == words["is no folder"]
    assert [write for write in words.values() if pattern(words).search(write)] == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('raise Wrong("x is made\\n  Anew")', [2]),
        ('a = 1\nb = f"{a} anew"', [2]),
        ('raise Wrong(\n    "made "\n    "anew"\n)', [2]),
        ('"""Made anew."""\n# anew\na = "renewed"\nb = {"anew_": 1}', []),
    ],
    ids=["line end", "f-string", "joined", "no prose"],
)
def test_the_search_finds_whole_words_in_strings(source: str, lines: list[int]) -> None:
    places = broken("here.py", source, {"anew": "again"})
    assert places == [f"here.py:{line}: anew: write again" for line in lines]


def test_the_search_names_the_line_of_a_page() -> None:
    page = "# Title\n\nOne row\na ticket.\n"
    assert broken("page.md", page, {"row a ticket": "row per ticket"}) == [
        "page.md:3: row a ticket: write row per ticket"
    ]
