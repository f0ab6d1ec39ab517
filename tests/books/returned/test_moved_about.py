"""Rows, columns and sheets that were moved about, copied or lost."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.books.field import Field, Master, filled, put
from tests.books.moved_about import MOVED
from tests.sampling import some
from ticketops.schema.layouts.event import EVENT
from ticketops.services import book_locations, books
from ticketops.stores.returned.files import read_returned
from ticketops.stores.xlsx.store import XlsxStore


@pytest.fixture(scope="module")
def moved(source: Field, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All of them filled in, and read by one child process."""
    folder = tmp_path_factory.mktemp("moved")
    files = [
        Path(shutil.move(filled(source, mischief), folder / f"{name}.xlsx"))
        for name, (mischief, _, _) in MOVED.items()
    ]
    return dict(zip(MOVED, read_returned(files), strict=True))


@pytest.mark.parametrize("name", some(MOVED, 4))
def test_rows_and_columns_that_were_moved_about(
    name: str, moved: dict[str, Any], event: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_locations, "read_returned", lambda *_, **__: [moved[name]])
    _, codes, changed = MOVED[name]
    heard = event.pull(event.books["meridian"])
    assert heard.changed == changed
    assert sorted(heard.codes, key=str) == sorted(codes, key=str)
    assert all(f"{name}.xlsx" in message for message in heard.messages)


@pytest.mark.slow
def test_a_deleted_row_and_a_cleared_cell_empty_nothing(event: Field) -> None:
    first = filled(event)
    event.pull(first)
    again = filled(event, lambda f, s: s.delete_rows(4))
    assert event.pull(again).changed == {}
    assert event.pull(filled(event, put(AC4=None))).changed == {}, (
        "the copy of a colleague who filled in other rows looks the same"
    )
    store = XlsxStore(event.workbook, layout=EVENT)
    event.clock.do(
        books.build(
            store, event.settings, "client", ["Meridian Travel"], folder=event.home / "books"
        )
    )
    back = event.pull(filled(event, put(AC4=None)))
    assert (back.changed, [code for code, _ in back.codes]) == ({}, ["ERASED"])


def test_a_book_that_was_split_between_colleagues_is_taken_copy_by_copy(event: Field) -> None:
    one = filled(event, put(AC5="Bea"), name="one.xlsx")
    other = filled(event, put(AC4=None, AD4=None, AE4=None, AC6="Cem"), name="other.xlsx")
    assert event.pull(one, other).changed == {
        ("S1-1", "First name"): "Ana",
        ("S1-1", "Last Name"): "Ruiz",
        ("S1-1", "Client Email"): "ana@guest.example",
        ("S1-2", "First name"): "Bea",
        ("S1-3", "First name"): "Cem",
    }
    assert event.pull(other, one).changed == {}


def test_a_book_that_is_saved_while_it_is_planned_is_left_alone(
    event: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = filled(event, name="late.xlsx")
    original = book_locations.BookLocations.read_edited

    def then_somebody_saves(self: Any, paths: Any) -> Any:
        found = original(self, paths)
        shutil.copy(late, event.books["meridian"])
        return found

    def build() -> Any:
        job = books.build(
            XlsxStore(event.workbook, layout=EVENT),
            event.settings,
            "client",
            ["Meridian Travel"],
            folder=event.home / "books",
        )
        return event.clock.do(job)

    with monkeypatch.context() as patched:
        patched.setattr(book_locations.BookLocations, "read_edited", then_somebody_saves)
        assert "BOOK_OPEN" in [finding.code for finding in build().findings]
    assert event.books["meridian"].read_bytes() == late.read_bytes()
    assert build().result.edits == 3
    assert Master.of(event.workbook).tickets["S1-1", "First name"] == "Ana"


@pytest.mark.slow
def test_an_older_copy_does_not_take_back_what_a_newer_one_said(event: Field) -> None:
    older = filled(event, name="older.xlsx")
    newer = filled(event, put(AC4="Eva"), name="newer.xlsx")
    event.pull(older)
    assert event.pull(newer).changed == {("S1-1", "First name"): "Eva"}
    heard = event.pull(older)
    assert (heard.changed, heard.codes) == ({}, [("SAID_BEFORE", 4)])
