"""A book that is made over an older one: nothing of that is left."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.books.builders import BOOK_ID, Event, kinds
from tests.books.online.at_google import (
    CANARY,
    READER,
    AtGoogle,
    Made,
    books_of,
    same_as_file,
    typing,
)
from tests.google.grid import BLANK
from tests.google.server import Fault, GoogleServer
from ticketops.books.file_writer import write_book
from ticketops.books.sheet_writer import Present, requests_of
from ticketops.schema.book_layouts import Book, BookRow
from ticketops.stores.gsheets.connection import Rejected
from ticketops.stores.returned.google_sheets import look, written_hash


def older(book: Book) -> Book:
    """A longer book of the same party, full of canaries, every input cell open."""
    rows = []
    for number in range(len(book.rows) + 40):
        values = {
            column.name: f"{CANARY} {column.name} {number}"
            for column in book.layout.columns
            if column.type.value in ("text", "code")
        }
        if "dispatched_at" in book.layout.by_name:
            values["dispatched_at"] = dt.datetime(2026, 1, 1, 12)
        rows.append(
            BookRow(f"{CANARY}{number}", values, frozenset(book.layout.typed), f"P-{CANARY}")
        )
    return replace(book, rows=rows, title=f"{CANARY} party", book_id="0" * 8 + BOOK_ID[8:])


def looks_of(server: GoogleServer, key: str, titles: tuple[str, ...]) -> dict[str, Any]:
    """All there is to know of some sheets, but their ids and the size of their grids."""
    found = {}
    for title in titles:
        sheet = server.sheet(key, title)
        cells = {
            (i, j): cell
            for i, row in enumerate(sheet.rows)
            for j, cell in enumerate(row)
            if cell not in (None, BLANK)
        }
        sizes = {
            dimension: {
                place: said
                for place, said in known.items()
                if said != {"pixelSize": 21, "hiddenByUser": False}
            }
            for dimension, known in sheet.sizes.items()
        }
        said = [
            sheet.conditional,
            sheet.filter,
            sheet.merges,
            sheet.grid,
            sheet.more,
            list(sheet.protected.values()),
        ]
        found[title] = cells, sizes, without_ids(said)
    return found


def without_ids(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            name: without_ids(value)
            for name, value in part.items()
            if name not in ("sheetId", "protectedRangeId")
        }
    return [without_ids(value) for value in part] if isinstance(part, list) else part


@kinds
def test_nothing_is_left_of_an_older_book(
    kind: str, event: Event, shelf: dict[str, Made], library: GoogleServer, desk: AtGoogle
) -> None:
    book = books_of(event)[kind]
    titles = (book.layout.sheet, "How to", "_base")
    key = desk.build(older(book))
    assert json.dumps(desk.everything(key)).count(CANARY) > 300
    reader, main = desk.reader(key), desk.server.sheet(key, book.layout.sheet)
    place = next(column.position for column in book.layout.columns if column.typed)
    note = {"values": [{"note": f"{CANARY} note"}]}
    cell = {
        "sheetId": main.id,
        "startRowIndex": 5,
        "endRowIndex": 7,
        "startColumnIndex": place - 1,
        "endColumnIndex": place,
    }
    reader.update(
        [
            {
                "updateCells": {
                    "start": {"sheetId": main.id, "rowIndex": 5, "columnIndex": place - 1},
                    "rows": [note],
                    "fields": "note",
                }
            },
            {"mergeCells": {"range": cell, "mergeType": "MERGE_ALL"}},
            {
                "addConditionalFormatRule": {
                    "index": 0,
                    "rule": {
                        "ranges": [cell],
                        "booleanRule": {
                            "condition": {
                                "type": "TEXT_EQ",
                                "values": [{"userEnteredValue": CANARY}],
                            },
                            "format": {"textFormat": {"bold": True}},
                        },
                    },
                }
            },
            {"addSheet": {"properties": {"sheetId": 77, "title": "My own", "index": 0}}},
            typing(77, 1, 1, "my own words"),
            {
                "addProtectedRange": {
                    "protectedRange": {
                        "protectedRangeId": 78,
                        "range": {"sheetId": 77},
                        "editors": {"users": [READER]},
                    }
                }
            },
        ]
    )
    desk.server.request(
        key,
        {
            "setBasicFilter": {
                "filter": {
                    "range": {"sheetId": desk.server.sheet(key, "How to").id},
                    "criteria": {"0": {"hiddenValues": [CANARY]}},
                }
            }
        },
        {
            "updateDimensionProperties": {
                "range": {"sheetId": main.id, "dimension": "ROWS", "startIndex": 4, "endIndex": 20},
                "properties": {"hiddenByUser": True},
                "fields": "hiddenByUser",
            }
        },
    )
    own = vars(desk.server.sheet(key, "My own"))
    ids = {title: desk.server.sheet(key, title).id for title in titles}
    grid = main.row_count, main.column_count
    desk.build(book, key)
    assert CANARY not in json.dumps(desk.everything(key), ensure_ascii=False)
    assert {title: desk.server.sheet(key, title).id for title in titles} == ids, (
        "links to them stay right"
    )
    assert vars(desk.server.sheet(key, "My own")) == own, "what is the reader's own is left alone"
    assert looks_of(desk.server, key, titles) == looks_of(library, shelf[kind].key, titles), (
        "the same as where nothing stood before"
    )
    again = desk.server.sheet(key, book.layout.sheet)
    assert (again.row_count, again.column_count) == grid, (
        "what refers to its cells from elsewhere is not broken"
    )
    assert desk.read(key, kind).file_hash == written_hash(book)
    reader.update([typing(77, 2, 1, "more")])


def test_a_longer_book_over_a_shorter_one(event: Event, desk: AtGoogle) -> None:
    short, long = event.client(), older(event.client())
    key = desk.build(short)
    desk.build(long, key)
    write_book(long, desk.folder / "long.xlsx")
    same_as_file(desk.server, key, desk.folder / "long.xlsx")


def test_a_sheet_that_was_deleted_is_made_again_and_a_renamed_one_is_known(
    event: Event, desk: AtGoogle
) -> None:
    book = event.client()
    key = desk.build(book)
    ids = {sheet.title: sheet.id for sheet in desk.server.spreadsheet(key).sheets}
    desk.server.request(
        key,
        {"deleteSheet": {"sheetId": ids["How to"]}},
        {
            "updateSheetProperties": {
                "properties": {"sheetId": ids["Tickets"], "title": "Tabelle1"},
                "fields": "title",
            }
        },
    )
    assert [code for code, _, _ in desk.read(key, "client").problems] == ["SHEET_RENAMED"]
    desk.build(book, key)
    write_book(book, desk.folder / "book.xlsx")
    same_as_file(desk.server, key, desk.folder / "book.xlsx")
    now = {sheet.title: sheet.id for sheet in desk.server.spreadsheet(key).sheets}
    assert (now["Tickets"], now["_base"]) == (ids["Tickets"], ids["_base"])


def test_a_spreadsheet_with_something_in_it_is_not_blank(event: Event, desk: AtGoogle) -> None:
    key = desk.blank()
    desk.server.set(key, "Sheet1", 7, 3, "their notes")
    present = Present.of(look(desk.connect(key).spreadsheet_with, "client"))
    assert not present.is_blank
    desk.connect(key).update(requests_of(event.client(), present, keepers=(desk.keeper,)))
    assert desk.server.rows(key, "Sheet1")[6] == [None, None, "their notes"]
    assert [sheet.title for sheet in desk.server.spreadsheet(key).sheets] == [
        "Tickets",
        "How to",
        "_base",
        "Sheet1",
    ]
    assert not Present.of({"sheets": [{"properties": {"title": "not asked for"}}]}).is_blank


@pytest.mark.parametrize(
    "fault", ["drop after", "status 503 after", "drop before", "status 503", "truncate"]
)
@pytest.mark.parametrize("before", ["blank", "older"])
def test_a_batch_whose_answer_is_lost_is_applied_once(
    fault: str,
    before: str,
    event: Event,
    desk: AtGoogle,
    shelf: dict[str, Made],
    library: GoogleServer,
) -> None:
    book = event.client()
    key = desk.blank() if before == "blank" else desk.build(older(book))
    connection = desk.connect(key)
    batch = requests_of(
        book, Present.of(look(connection.spreadsheet_with, "client")), keepers=(desk.keeper,)
    )
    desk.server.faults.append(Fault(":batchUpdate", fault))
    if "after" in fault or fault == "truncate":
        with pytest.raises(Rejected) as refusal:
            connection.update(batch)
        assert refusal.value.again, "it had been sent before: whoever sends it looks"
    else:
        connection.update(batch)
    assert desk.read(key, "client").file_hash == written_hash(book)
    titles = ("Tickets", "How to", "_base")
    assert looks_of(desk.server, key, titles) == looks_of(library, shelf["client"].key, titles)
