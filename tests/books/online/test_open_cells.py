"""Who may type where: only the yellow cells of a book at Google are open."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl.utils import column_index_from_string

from tests.books.builders import OPEN, Event, edits, kinds
from tests.books.online.at_google import AtGoogle, Made, Request, books_of, places, typing
from tests.google.server import OWNER, GoogleServer
from ticketops.books.sheet_writer import Present, requests_to_close
from ticketops.schema.book_layouts import CLIENT_LAYOUT
from ticketops.stores.gsheets.connection import Rejected
from ticketops.stores.returned.google_sheets import look


@kinds
def test_the_open_cells_are_those_of_the_file(
    kind: str, shelf: dict[str, Made], library: GoogleServer
) -> None:
    made = shelf[kind]
    unlocked = {
        (cell.row, cell.column)
        for row in made.sheet.iter_rows(max_row=max(OPEN[kind]))
        for cell in row
        if not cell.protection.locked
    }
    assert unlocked == {
        (row, column_index_from_string(letter))
        for row, letters in OPEN[kind].items()
        for letter in letters
    }
    for sheet in library.spreadsheet(made.key).sheets:
        (held,) = sheet.protected.values()
        assert held["range"] == {"sheetId": sheet.id}, "the whole sheet"
        assert set(held["editors"]["users"]) == {OWNER, AtGoogle(library, Path()).keeper}
        assert not held.get("warningOnly")
        holes = [places(hole) for hole in held.get("unprotectedRanges", [])]
        assert set().union(*holes) == (unlocked if sheet.title == made.book.layout.sheet else set())
        assert sum(map(len, holes)) == len(set().union(*holes)), "no cell twice"


@pytest.mark.slow
@kinds
def test_a_reader_can_fill_in_the_open_cells_and_nothing_else(
    kind: str, event: Event, desk: AtGoogle
) -> None:
    book = books_of(event)[kind]
    key = desk.build(book)
    reader = desk.reader(key)
    may = {
        (row, column_index_from_string(letter))
        for row, letters in OPEN[kind].items()
        for letter in letters
    }
    for sheet in desk.server.spreadsheet(key).sheets:
        width = sheet.column_count if sheet.title == book.layout.sheet else 2
        for row in range(1, sheet.row_count + 1):
            for place in range(1, min(width, sheet.column_count) + 1):
                request = typing(sheet.id, row, place, "typed")
                if sheet.title == book.layout.sheet and (row, place) in may:
                    reader.update([request])
                    assert desk.server.cell(key, sheet.title, row, place).value == "typed"
                else:
                    before = desk.server.cell(key, sheet.title, row, place)
                    with pytest.raises(Rejected, match="protected cell or object"):
                        reader.update([request])
                    assert desk.server.cell(key, sheet.title, row, place) == before


def test_a_reader_can_change_neither_sheets_nor_protections(event: Event, desk: AtGoogle) -> None:
    key = desk.build(event.client())
    reader, snapshot = desk.reader(key), desk.server.snapshot(key)
    mischief: list[Request] = []
    for sheet in desk.server.spreadsheet(key).sheets:
        (number,) = sheet.protected
        mischief += [
            {"deleteProtectedRange": {"protectedRangeId": number}},
            {
                "updateProtectedRange": {
                    "protectedRange": {"protectedRangeId": number, "warningOnly": True},
                    "fields": "warningOnly",
                }
            },
            {"deleteSheet": {"sheetId": sheet.id}},
            {
                "updateSheetProperties": {
                    "properties": {"sheetId": sheet.id, "title": "Mine", "hidden": False},
                    "fields": "title,hidden",
                }
            },
            {
                "insertDimension": {
                    "range": {
                        "sheetId": sheet.id,
                        "dimension": "ROWS",
                        "startIndex": 1,
                        "endIndex": 2,
                    }
                }
            },
            {
                "deleteDimension": {
                    "range": {
                        "sheetId": sheet.id,
                        "dimension": "ROWS",
                        "startIndex": 3,
                        "endIndex": 4,
                    }
                }
            },
            {
                "deleteDimension": {
                    "range": {
                        "sheetId": sheet.id,
                        "dimension": "COLUMNS",
                        "startIndex": 0,
                        "endIndex": 1,
                    }
                }
            },
        ]
    for request in mischief:
        with pytest.raises(Rejected):
            reader.update([request])
    assert desk.server.snapshot(key) == snapshot


def test_a_book_is_closed_before_it_is_read_to_be_made_anew(event: Event, desk: AtGoogle) -> None:
    key = desk.build(event.client())
    connection, reader = desk.connect(key), desk.reader(key)
    main = desk.server.sheet(key, "Tickets").id
    reader.update([typing(main, 5, 29, "Zoë")])
    connection.update(
        requests_to_close(
            CLIENT_LAYOUT,
            Present.of(look(connection.spreadsheet_with, "client")),
            keepers=(desk.keeper,),
        )
    )
    with pytest.raises(Rejected, match="protected"):
        reader.update([typing(main, 5, 29, "Zora")])
    back = desk.read(key, "client")
    assert edits(back) == {("S1-2", "first_name"): "Zoë"}
    desk.build(event.client(), key)
    reader.update([typing(main, 5, 29, "Zora")])
    assert len(desk.server.sheet(key, "Tickets").protected) == 1
    assert requests_to_close(CLIENT_LAYOUT, Present({}), keepers=(desk.keeper,)) == []
