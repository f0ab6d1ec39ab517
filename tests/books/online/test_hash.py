"""Whether anybody touched a book at Google."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl.utils import column_index_from_string, get_column_letter

from tests.books.builders import BOOK_ID, BUILT, OPEN, Event, edits, kinds, tricky
from tests.books.online.at_google import AtGoogle, books_of
from tests.google.server import OWNER, GoogleServer
from ticketops.books.sheet_writer import Present, requests_of
from ticketops.schema.book_layouts import CLIENT_LAYOUT, Book, BookRow
from ticketops.stores.returned.google_sheets import returned_from, written_hash


@kinds
def test_the_hash_is_that_of_what_was_written_until_somebody_types(
    kind: str, event: Event, desk: AtGoogle
) -> None:
    book = books_of(event)[kind]
    key, written = desk.build(book), written_hash(book)
    assert desk.read(key, kind).file_hash == desk.read(key).file_hash == written
    main = book.layout.sheet
    for row, letters in OPEN[kind].items():
        for letter in letters:
            place = column_index_from_string(letter)
            before = desk.server.cell(key, main, row, place).value
            desk.server.set(key, main, row, place, "something new")
            assert desk.read(key, kind).file_hash != written, (row, letter)
            desk.server.set(key, main, row, place, before)
            assert desk.read(key, kind).file_hash == written, "it was set back"
    column = next(
        c
        for c in book.layout.columns
        if c.typed and c.name in ("comment", "dispatch_notes", "staff_notes")
    )
    row = next(
        row for row, letters in OPEN[kind].items() if get_column_letter(column.position) in letters
    )
    before = desk.server.cell(key, main, row, column.position).value
    desk.server.set_formula(key, main, row, column.position, "=A1", before)
    assert desk.read(key, kind).file_hash != written, "a formula that comes to the same"
    desk.server.set(key, main, row, column.position, before or "  ")
    assert desk.read(key, kind).file_hash == written
    desk.server.set_format(key, main, 4, 20, {"textFormat": {"bold": True}})
    desk.server.request(key, {"addSheet": {"properties": {"title": "Another"}}})
    assert desk.read(key, kind).file_hash == written, "looks and other sheets say nothing"
    desk.server.set(key, "_base", 3, 1, "S9-9")
    assert desk.read(key, kind).file_hash != written


def test_books_that_differ_have_hashes_that_differ(event: Event) -> None:
    book = event.client()
    others = [
        replace(book, book_id="x"),
        replace(book, rows=book.rows[1:]),
        replace(book, rows=book.rows[::-1]),
        event.supplier(),
        event.staff(),
    ]
    changed = [replace(row, values=dict(row.values) | {"comment": "new"}) for row in book.rows]
    opened = [replace(row, open=frozenset()) for row in book.rows]
    others += [replace(book, rows=changed), replace(book, rows=opened)]
    assert len({written_hash(one) for one in (book, *others)}) == 1 + len(others)
    assert written_hash(
        replace(book, title="Other", built_at=dt.datetime(2027, 1, 1))
    ) == written_hash(book), "nobody types there"


@given(guests=st.lists(st.lists(tricky, min_size=5, max_size=5), min_size=1, max_size=4))
@hypothesis_settings(max_examples=30, deadline=None)
def test_a_book_that_nobody_touched_says_nothing_new(
    guests: list[list[str]], google_server: GoogleServer
) -> None:
    """Whatever the texts: what is read is what was written, and the hash is the book's."""
    names = ("client_notes", "first_name", "last_name", "client_email", "comment")
    rows = [
        BookRow(
            f"S{i}-1",
            {"key": f"S{i}-1", "sales_id": f"S{i}-1", **dict(zip(names, texts, strict=True))},
            frozenset(names),
            f"P{i}",
        )
        for i, texts in enumerate(guests, start=1)
    ]
    book = Book(CLIENT_LAYOUT, "g", "G", rows, BOOK_ID, BUILT)
    key = google_server.new_spreadsheet("A book", None, {})
    google_server.request(
        key, *requests_of(book, Present.of(_seen(google_server, key)), keepers=(OWNER,))
    )
    back = returned_from("back", _seen(google_server, key))
    assert edits(back) == {}
    assert back.file_hash == written_hash(book)


def _seen(server: GoogleServer, key: str) -> Any:
    from tests.google.render import View

    return View(server.spreadsheet(key), OWNER, {OWNER}).spreadsheet(None, grid_data=True)
