"""A book at Google holds what its file holds (§7, §8, §9; D10, D11, D14)."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.books.builders import BOOK_ID, BUILT, FORMULAS, OPEN, Event, edits, kinds
from tests.books.online.at_google import (
    AtGoogle,
    Made,
    formulas_in,
    in_file,
    in_sheet,
    same_as_file,
)
from tests.google.server import GoogleServer
from ticketops.books.file_writer import write_book
from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.schema.book_layouts import (
    CLIENT_LAYOUT,
    LAYOUTS,
    STAFF_LAYOUT,
    SUPPLIER_LAYOUT,
    Book,
    BookRow,
)
from ticketops.schema.layouts.event import EVENT
from ticketops.stores.returned.google_sheets import written_hash
from ticketops.stores.xlsx.store import XlsxStore


@kinds
def test_a_google_sheet_holds_what_the_file_holds(
    kind: str, shelf: dict[str, Made], library: GoogleServer
) -> None:
    made = shelf[kind]
    same_as_file(library, made.key, made.path)
    assert len(in_file(made.sheet)) > 30
    main = library.sheet(made.key, made.book.layout.sheet)
    assert (main.row_count, main.column_count) == (max(OPEN[kind]), made.sheet.max_column), (
        "not a cell more"
    )


@pytest.mark.slow
def test_every_book_of_a_workbook_is_the_same_in_both(small: Path, desk: AtGoogle) -> None:
    state = State.of(XlsxStore(small, layout=EVENT).read(*SHEETS))
    by_unit = suppliers.tickets_by_unit(state)
    books = [clients.book(state, group, mine) for group, mine in clients.by_group(state).items()]
    books += [
        suppliers.book(state, key, units, by_unit)
        for key, units in suppliers.units_of(state).items()
    ]
    books += [
        staff.book(state, person, pairs) for person, pairs in staff.tasks_by_person(state).items()
    ]
    for book in books:
        write_book(book, desk.folder / "book.xlsx")
        same_as_file(desk.server, desk.build(book), desk.folder / "book.xlsx")
    assert len(books) > 3
    assert sum(len(book.rows) for book in books) > 30


@pytest.mark.parametrize(
    "layout", [CLIENT_LAYOUT, SUPPLIER_LAYOUT, STAFF_LAYOUT], ids=lambda layout: layout.kind
)
def test_a_book_without_rows(layout: Any, desk: AtGoogle) -> None:
    book = Book(layout, "g", "G", [], BOOK_ID, BUILT)
    write_book(book, desk.folder / "book.xlsx")
    key = desk.build(book)
    same_as_file(desk.server, key, desk.folder / "book.xlsx")
    assert desk.read(key, layout.kind).file_hash == written_hash(book)
    assert not desk.server.sheet(key, layout.sheet).protected.popitem()[1].get("unprotectedRanges")


@pytest.mark.parametrize(
    "text", [*FORMULAS, "0012", "1e5", "TRUE", "2026-05-01", "5%", "'x", "'=1"]
)
def test_text_is_never_anything_else(text: str, desk: AtGoogle) -> None:
    for layout in LAYOUTS.values():
        values = {
            column.name: text
            for column in layout.columns
            if column.type.value in ("text", "code", "datetime")
        }
        book = Book(
            layout,
            text,
            text,
            [BookRow("K", values, frozenset(layout.typed), "P1")],
            BOOK_ID,
            BUILT,
        )
        key = desk.build(book)
        held = {
            value
            for place, value in in_sheet(desk.server, key, layout.sheet).items()
            if place[0] >= 4
        }
        assert held == {("text", text.strip())}
        assert len(formulas_in(desk.server, key)) == 1, "the summary alone"


def test_passwords_are_in_a_staff_book_only_where_they_are_revealed(
    event: Event, desk: AtGoogle
) -> None:
    asked = []

    def reveal(text: str) -> str:
        asked.append(text)
        return f"open {text}"

    key = desk.build(event.staff(passwords=True), reveal=reveal)
    assert [row[10] for row in desk.server.rows(key, "_MY_TASKS")[3:]] == [
        "open pw-P00001",
        "open pw-P00004",
    ]
    assert sorted(asked) == ["pw-P00001", "pw-P00004"]
    desk.build(event.staff(), key, reveal=reveal)
    assert "pw-P0" not in json.dumps(desk.everything(key)), (
        "nor in a spreadsheet that held them before"
    )


def test_a_moment_that_no_spreadsheet_can_hold_is_a_text(event: Event, desk: AtGoogle) -> None:
    book = event.staff()
    moment = dt.datetime(1812, 6, 24, 8, 30)
    book = replace(
        book,
        rows=[
            replace(row, values=dict(row.values) | {"dispatched_at": moment}) for row in book.rows
        ],
    )
    key = desk.build(book)
    assert desk.server.cell(key, "_MY_TASKS", 4, 18).value == "1812-06-24 08:30:00"
    back = desk.read(key, "staff")
    assert (edits(back), back.file_hash) == ({}, written_hash(book))
