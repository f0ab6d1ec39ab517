"""Many files that came back are read by two children, by turns: what they say, and in which order, is
as if each were read by itself."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.books.field import Field, filled
from ticketops.stores import child
from ticketops.stores.returned import files
from ticketops.stores.returned.files import read_returned


@pytest.fixture
def back(event: Field) -> list[Path]:
    """Files that came back, among them some that are no books; each with its own name."""
    good = filled(event).read_bytes()
    contents = {3: b"", 4: b"PK\x03\x04 no archive", 9: good[:-400]}
    paths = []
    for number in range(14):
        path = event.home / f"back-{number}.xlsx"
        path.write_bytes(contents.get(number, good))
        paths.append(path)
    return [*paths[:6], event.home / "missing.xlsx", *paths[6:]]


@pytest.mark.slow
def test_what_many_files_say_is_what_each_says_by_itself(back: list[Path]) -> None:
    told: list[tuple[int, int]] = []
    found = read_returned(back, on_progress=lambda done, total: told.append((done, total)))
    assert found == [one for path in back for one in read_returned([path])]
    assert [one.unusable for one in found].count(True) == 4
    assert told == [(number, len(back)) for number in range(1, len(back) + 1)]


@pytest.mark.slow
def test_a_child_that_dies_costs_the_file_it_read(
    back: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child of every second file dies at its third one, once."""
    whole, deaths = read_returned(back), [2]
    started: list[int] = []

    def answers(module: str, request: Any, count: int) -> Generator[str, None, None]:
        started.append(count)
        dies = len(started) == 2 and deaths.pop()
        for number, line in enumerate(child.answers(module, request, count)):
            if dies and number == dies:
                return
            yield line

    monkeypatch.setattr(files, "child", SimpleNamespace(answers=answers))
    found = read_returned(back)
    at = 2 * 2 + 1
    assert found[at].unusable
    assert found[at].problems[0][0] == "HOSTILE_FILE"
    assert [*found[:at], *found[at + 1 :]] == [*whole[:at], *whole[at + 1 :]]
    assert sum(started[:2]) == len(back) == at + 1 + sum(started[2:])


def test_when_time_is_up_the_first_files_were_read(back: list[Path]) -> None:
    assert read_returned(back, seconds=0.0) == read_returned(back[:1])
