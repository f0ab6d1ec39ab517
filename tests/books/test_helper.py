"""Books written by two processes are those that one writes, whatever becomes of the second one."""

from __future__ import annotations

import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ticketops.books import helper
from ticketops.books.file_writer import write_book
from ticketops.errors import UnusableError
from ticketops.model import book_kinds
from ticketops.schema.book_layouts import LAYOUTS, Book, BookRow


def book(kind: str = book_kinds.CLIENT, rows: int = 3) -> Book:
    """A book with text of every alphabet, dates, and cells that are open."""
    layout = LAYOUTS[kind]
    values = {"sales_id": "S147-1", "game": "=1+1", "date": datetime(2026, 6, 11), "match": "M01"}
    made = [BookRow(f"K{n}", values | {"category": f"猫 {n}"}, layout.typed) for n in range(rows)]
    return Book(layout, "Açaí GmbH", "Title", made, "B1", datetime(2026, 6, 1))


@pytest.mark.parametrize("kind", sorted(LAYOUTS))
def test_the_other_process_writes_the_same_bytes(kind: str, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.xlsx", tmp_path / "theirs.xlsx"
    write_book(book(kind), ours)
    with helper.helping() as second:
        assert second._asked(book(kind), theirs)
    assert ours.read_bytes() == theirs.read_bytes()


def test_what_a_killed_process_leaves_this_one_writes(tmp_path: Path) -> None:
    with helper.helping() as second:
        second.write(book(), tmp_path / "first.xlsx")
        assert second._process is not None
        os.kill(second._process.pid, signal.SIGKILL)
        second._process.wait()
        second.write(book(), tmp_path / "second.xlsx")
    assert (tmp_path / "first.xlsx").read_bytes() == (tmp_path / "second.xlsx").read_bytes()


def test_a_process_that_cannot_be_started_leaves_all_to_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_words: Any, **_more: Any) -> Any:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(helper.subprocess, "Popen", refused)
    with helper.helping() as second:
        second.write(book(), tmp_path / "made.xlsx")
    assert (tmp_path / "made.xlsx").stat().st_size


def test_what_can_not_be_written_is_said_by_this_process(tmp_path: Path) -> None:
    with helper.helping() as second:
        with pytest.raises(FileNotFoundError):
            second.write(book(), tmp_path / "missing" / "made.xlsx")
        second.write(book(), tmp_path / "made.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["made.xlsx"]


def test_nothing_outlives_the_end(tmp_path: Path) -> None:
    with pytest.raises(UnusableError), helper.helping() as second:
        raise UnusableError("interrupted")
    assert second._process is not None
    assert second._process.returncode == -signal.SIGKILL


def test_few_cells_are_written_here() -> None:
    few, many = book(rows=3), book(rows=4_000)
    assert not helper.is_worth_it([few, few])
    assert not helper.is_worth_it([many])
    assert helper.is_worth_it([many, many]) is ((os.cpu_count() or 1) > 1)
