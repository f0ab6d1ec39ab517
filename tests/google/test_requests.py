"""Batches of requests on sheets, rows, columns and cells: what they do, and what the service
refuses in which words."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.google.errors import Json
from tests.google.grid import Cell, Formula
from tests.google.here import Here, area, batch, refused, row

TEXT: Json = {"numberFormat": {"type": "TEXT"}}
LIMIT = "This action would increase the number of cells in the workbook above the limit of 10000000 cells."


# --- a batch


def test_nothing_changes_if_one_request_is_refused(here: Here) -> None:
    book = here.book([["a"]])
    before = here.server.snapshot(book.id)
    first: list[Json] = [
        {"addSheet": {"properties": {"title": "New"}}},
        {"updateCells": {"start": {"sheetId": 0}, "rows": [row("changed")], "fields": "*"}},
        {"addNamedRange": {"namedRange": {"name": "lock", "range": area(0, 0, 1, 1)}}},
        {
            "deleteDimension": {
                "range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 5, "endIndex": 9}
            }
        },
        {
            "repeatCell": {
                "range": area(0, 0, 9, 9),
                "cell": {"userEnteredFormat": TEXT},
                "fields": "userEnteredFormat",
            }
        },
    ]
    with refused("Invalid requests[5].appendDimension: No grid with id: 77"):
        batch(book, *first, {"appendDimension": {"sheetId": 77, "dimension": "ROWS", "length": 1}})
    assert here.server.snapshot(book.id) == before
    batch(book, *first)
    assert here.server.snapshot(book.id) != before


def test_requests_there_are_not(here: Here) -> None:
    book = here.book([["a"]])
    with refused("Must specify at least one request."):
        batch(book)
    with refused(
        "Invalid JSON payload received. Unknown name \"frobnicate\" at 'requests[1]': Cannot find field."
    ):
        batch(book, {"clearBasicFilter": {"sheetId": 0}}, {"frobnicate": {}})
    with refused(
        "Invalid JSON payload received. Unknown name \"sheet\" at 'requests[0].append_dimension': Cannot find field."
    ):
        batch(book, {"appendDimension": {"sheet": 0}})
    with refused(
        "Invalid JSON payload received. Unknown name \"startRow\" at 'requests[0].update_cells.range': Cannot find field."
    ):
        batch(book, {"updateCells": {"range": {"sheetId": 0, "startRow": 1}, "fields": "*"}})
    answer = here.session.post(
        f"{here.server.url}/v4/spreadsheets/{book.id}:batchUpdate",
        data=b"{",
        headers={"Authorization": f"Bearer {here.token()}"},
        timeout=9,
    )
    assert (
        answer.status_code,
        answer.json()["error"]["message"].startswith("Invalid JSON payload received."),
    ) == (400, True)


# --- sheets


def test_sheets_come_and_go(here: Here) -> None:
    book = here.book({"One": [], "Two": []})
    added = book.add_worksheet("Three", 5, 3, index=1)
    assert [sheet.title for sheet in book.worksheets()] == ["One", "Three", "Two"]
    assert (added.row_count, added.col_count) == (5, 3)
    asked = {
        "sheetId": 42,
        "title": "Four",
        "hidden": True,
        "gridProperties": {"rowCount": 2, "columnCount": 2, "frozenRowCount": 1},
    }
    (reply,) = batch(book, {"addSheet": {"properties": asked}})
    assert reply["addSheet"]["properties"] == asked | {"index": 3, "sheetType": "GRID"}
    (reply,) = batch(book, {"addSheet": {}})
    grid = {"rowCount": 1000, "columnCount": 26}
    assert (
        reply["addSheet"]["properties"]["title"],
        reply["addSheet"]["properties"]["gridProperties"],
    ) == ("Sheet5", grid)
    book.del_worksheet_by_id(42)
    book.del_worksheet(added)
    assert [sheet.title for sheet in book.worksheets()] == ["One", "Two", "Sheet5"]


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            {"title": "one"},
            'A sheet with the name "one" already exists. Please enter another name.',
        ),
        ({"title": "x" * 101}, "The sheet name cannot be greater than 100 characters."),
        ({"title": ""}, "The sheet name cannot be empty."),
        ({"sheetId": 0}, "Sheet with id 0 already exists."),
        ({"sheetId": -1}, "Sheet id must be non-negative."),
        ({"gridProperties": {"rowCount": 400_000, "columnCount": 26}}, LIMIT),
    ],
)
def test_sheets_that_cannot_be(here: Here, properties: Json, message: str) -> None:
    with refused(f"Invalid requests[0].addSheet: {message}"):
        batch(here.book({"One": []}), {"addSheet": {"properties": properties}})


def test_the_last_visible_sheet_stays(here: Here) -> None:
    book = here.book({"One": [], "Two": []})
    book.worksheet("Two").hide()
    with refused(
        "Invalid requests[0].deleteSheet: You can't remove all the visible sheets in a document."
    ):
        book.del_worksheet_by_id(0)
    with refused("Invalid requests[0].deleteSheet: No sheet with id: 5"):
        book.del_worksheet_by_id(5)


def test_properties_of_sheets(here: Here) -> None:
    book = here.book({"One": [["a", "b"], ["c", "d"]], "Two": [], "Three": []})
    sheet = book.sheet1
    sheet.update_title("Uno")
    sheet.resize(rows=1, cols=30)
    sheet.freeze(rows=1)
    sheet.update_tab_color("#FF0000")
    book.worksheet("Two").hide()
    properties = here.get(book, "sheets.properties")["sheets"][0]["properties"]
    assert properties["gridProperties"] == {"rowCount": 1, "columnCount": 30, "frozenRowCount": 1}
    assert properties["tabColorStyle"] == {"rgbColor": {"red": 1.0, "green": 0.0, "blue": 0.0}}
    assert here.server.rows(book.id, "Uno") == [["a", "b"]]
    book.reorder_worksheets([book.worksheet("Three"), sheet, book.worksheet("Two")])
    assert [sheet.title for sheet in book.worksheets()] == ["Three", "Uno", "Two"]
    start = "Invalid requests[0].updateSheetProperties: "
    for asked, fields, message in (
        ({"sheetId": 9}, "title", "No sheet with id: 9"),
        (
            {"sheetId": 0, "title": "Two"},
            "title",
            'A sheet with the name "Two" already exists. Please enter another name.',
        ),
        ({"sheetId": 0}, "title", "The sheet name cannot be empty."),
        (
            {"sheetId": 0, "title": "x"},
            "",
            "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)",
        ),
        (
            {"sheetId": 0, "gridProperties": {"rowCount": 10_000_000}},
            "gridProperties.rowCount",
            LIMIT,
        ),
    ):
        with refused(start + message):
            batch(book, {"updateSheetProperties": {"properties": asked, "fields": fields}})


@pytest.mark.parametrize(
    ("index", "order"), [(0, "CABD"), (1, "ACBD"), (2, "ABCD"), (3, "ABCD"), (4, "ABDC")]
)
def test_an_index_counts_before_the_move(here: Here, index: int, order: str) -> None:
    book = here.book({letter: [] for letter in "ABCD"})
    sheet = book.worksheet("C").id
    batch(
        book,
        {
            "updateSheetProperties": {
                "properties": {"sheetId": sheet, "index": index},
                "fields": "index",
            }
        },
    )
    assert "".join(sheet.title for sheet in book.worksheets()) == order


def test_properties_of_the_spreadsheet(here: Here) -> None:
    book = here.book([])
    book.update_title("Renamed")
    book.update_timezone("Europe/Zurich")
    assert (here.get(book)["properties"]["title"], here.get(book)["properties"]["timeZone"]) == (
        "Renamed",
        "Europe/Zurich",
    )
    assert here.call("GET", f"/drive/v3/files/{book.id}").json()["name"] == "Renamed"


# --- rows and columns


def span(dimension: str, start: int, end: int, sheet: int = 0) -> Json:
    return {"sheetId": sheet, "dimension": dimension, "startIndex": start, "endIndex": end}


def test_rows_and_columns_are_added_at_the_end(here: Here) -> None:
    book = here.book([["a"]], tight=True)
    book.sheet1.add_rows(3)
    batch(book, {"appendDimension": {"sheetId": 0, "dimension": "COLUMNS", "length": 2}})
    sheet = here.server.sheet(book.id, "Sheet1")
    assert (sheet.row_count, sheet.column_count, here.server.rows(book.id, "Sheet1")) == (
        4,
        3,
        [["a"]],
    )
    start = "Invalid requests[0].appendDimension: "
    with refused(start + LIMIT):
        batch(book, {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 10_000_000}})
    with refused(start + "length must be greater than 0."):
        batch(book, {"appendDimension": {"sheetId": 0, "dimension": "ROWS"}})


def test_rows_and_columns_are_inserted(here: Here) -> None:
    book = here.book([["a", "b"], ["c", datetime(2026, 4, 17)]], tight=True)
    batch(
        book,
        {"insertDimension": {"range": span("ROWS", 1, 3)}},
        {"insertDimension": {"range": span("COLUMNS", 1, 2)}},
    )
    server = here.server
    assert server.rows(book.id, "Sheet1") == [["a", None, "b"], [], [], ["c", None, 46129]]
    assert (
        server.sheet(book.id, "Sheet1").row_count,
        server.sheet(book.id, "Sheet1").column_count,
    ) == (4, 3)
    assert (
        server.cell(book.id, "Sheet1", 2, 3).format == server.cell(book.id, "Sheet1", 4, 3).format
    ), "it looks like the row below"
    batch(book, {"insertDimension": {"range": span("ROWS", 4, 5), "inheritFromBefore": True}})
    assert server.cell(book.id, "Sheet1", 5, 3) == (
        None,
        server.cell(book.id, "Sheet1", 4, 3).format,
        None,
        None,
    )
    start = "Invalid requests[0].insertDimension: "
    with refused(
        start
        + "range.startIndex must be less than the grid size (5) if inheritFromBefore is false."
    ):
        batch(book, {"insertDimension": {"range": span("ROWS", 5, 6)}})
    with refused(start + "range.startIndex is larger than current grid size (5)"):
        batch(book, {"insertDimension": {"range": span("ROWS", 6, 7), "inheritFromBefore": True}})


def test_rows_and_columns_are_deleted(here: Here) -> None:
    book = here.book([["a", "b"], ["c", "d"], ["e", "f"]], tight=True)
    book.sheet1.delete_rows(2)
    book.sheet1.delete_columns(1)
    assert here.server.rows(book.id, "Sheet1") == [["b"], ["f"]]
    start = "Invalid requests[0].deleteDimension: "
    for spread, message in (
        (
            span("ROWS", 2, 3),
            "Cannot delete a row that doesn't exist. Tried to delete row index 2 but there are only 2 rows.",
        ),
        (
            span("COLUMNS", 0, 2),
            "Cannot delete a column that doesn't exist. Tried to delete column index 1 but there are only 1 columns.",
        ),
        (span("ROWS", 0, 2), "You can't delete all the rows on the sheet."),
        (span("COLUMNS", 0, 1), "You can't delete all the columns on the sheet."),
        (span("ROWS", 0, 1, 9), "No grid with id: 9"),
    ):
        with refused(start + message):
            batch(book, {"deleteDimension": {"range": spread}})


def test_sizes_of_rows_and_columns(here: Here) -> None:
    book = here.book([["a"]])
    body: Json = {
        "range": span("COLUMNS", 1, 3),
        "properties": {"pixelSize": 42, "hiddenByUser": True},
        "fields": "pixelSize",
    }
    batch(
        book,
        {"updateDimensionProperties": body},
        {"autoResizeDimensions": {"dimensions": span("COLUMNS", 0, 1)}},
    )
    batch(book, {"insertDimension": {"range": span("COLUMNS", 0, 1)}})
    book.sheet1.hide_rows(0, 1)
    data = here.get(book, "sheets.data(rowMetadata,columnMetadata)", ranges="Sheet1!A1:E2")[
        "sheets"
    ][0]["data"][0]
    assert [one["pixelSize"] for one in data["columnMetadata"]] == [100, 100, 42, 42, 100]
    assert data["rowMetadata"] == [{"pixelSize": 21, "hiddenByUser": True}, {"pixelSize": 21}]


# --- cells


def test_cells_are_written_as_they_are_given(here: Here) -> None:
    book = here.book([["x"] * 5] * 3)
    cells = [
        row("=1+1", "0012", 12.0, True, {"userEnteredValue": {"formulaValue": "=1+1"}}),
        row(None, {}, ""),
    ]
    batch(
        book,
        {
            "updateCells": {
                "start": {"sheetId": 0, "rowIndex": 1},
                "rows": cells,
                "fields": "userEnteredValue",
            }
        },
    )
    assert [here.server.cell(book.id, "Sheet1", 2, column).value for column in range(1, 6)] == [
        "=1+1",
        "0012",
        12,
        True,
        Formula("=1+1"),
    ]
    assert here.server.rows(book.id, "Sheet1")[2] == [None, None, None, "x", "x"]


def test_fields_say_what_of_a_cell_changes(here: Here) -> None:
    book = here.book([["a", "b"]])
    rule = {"condition": {"type": "BOOLEAN"}}
    bold = {"textFormat": {"bold": True}}
    new = {
        "userEnteredValue": {"numberValue": 1},
        "userEnteredFormat": TEXT | bold,
        "dataValidation": rule,
        "note": "n",
    }

    def write(fields: str, cell: Json) -> Cell:
        batch(
            book,
            {"updateCells": {"range": area(0, 0, 1, 1), "rows": [row(cell)], "fields": fields}},
        )
        return here.server.cell(book.id, "Sheet1", 1, 1)

    assert write("note", new) == ("a", None, None, "n")
    assert write("userEnteredFormat.numberFormat,dataValidation", new) == ("a", TEXT, rule, "n")
    assert write("userEnteredFormat(textFormat/bold)", new) == ("a", TEXT | bold, rule, "n")
    assert write("userEnteredValue,userEnteredFormat.numberFormat", {}) == (None, bold, rule, "n")
    assert write("userEnteredFormat", new) == (None, TEXT | bold, rule, "n")
    assert write("*", {"userEnteredValue": {"boolValue": False}}) == (False, None, None, None)
    assert write("*", {}) == (None, None, None, None)
    with refused(
        "Invalid requests[0].updateCells: At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"
    ):
        write("", new)


def test_a_range_is_cleared_where_no_cell_is_given(here: Here) -> None:
    book = here.book([["x"] * 4 for _ in range(4)])
    batch(
        book,
        {
            "updateCells": {
                "range": area(0, 1, 3, 3),
                "rows": [row("a"), {}],
                "fields": "userEnteredValue",
            }
        },
    )
    assert here.server.rows(book.id, "Sheet1") == [
        ["x", "a", None, "x"],
        ["x", None, None, "x"],
        ["x", None, None, "x"],
        ["x"] * 4,
    ]
    batch(book, {"updateCells": {"range": {"sheetId": 0}, "fields": "*"}})
    assert here.server.rows(book.id, "Sheet1") == []


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            {"start": {"sheetId": 0, "columnIndex": 1}},
            "Attempting to write column: 2, beyond the last requested column of: 1",
        ),
        (
            {"start": {"sheetId": 0, "rowIndex": 1}},
            "Attempting to write row: 2, beyond the last requested row of: 1",
        ),
        (
            {"start": {"sheetId": 0, "rowIndex": 2}},
            "Range (Sheet1!A3) exceeds grid limits. Max rows: 2, max columns: 2",
        ),
        (
            {"range": area(2, 0, 3, 2)},
            "Range (Sheet1!A3:B3) exceeds grid limits. Max rows: 2, max columns: 2",
        ),
        (
            {"range": area(0, 0, 1, 2)},
            "Attempting to write row: 1, beyond the last requested row of: 0",
        ),
        (
            {"range": area(0, 0, 2, 1)},
            "Attempting to write column: 1, beyond the last requested column of: 0",
        ),
        ({"start": {"sheetId": 9}}, "No grid with id: 9"),
    ],
)
def test_cells_outside_the_grid(here: Here, where: Json, message: str) -> None:
    book = here.book([["a", "b"], ["c", "d"]], tight=True)
    with refused(f"Invalid requests[0].updateCells: {message}"):
        batch(
            book,
            {"updateCells": {**where, "rows": [row(1, 2), row(3)], "fields": "userEnteredValue"}},
        )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"stringValue": "x" * 50_001},
            "Your input contains more than the maximum of 50000 characters in a single cell.",
        ),
        ({"numberValue": float("nan")}, None),
        ({"numberValue": float("inf")}, None),
        ({"numberValue": "1"}, None),
        ({"stringValue": 1}, None),
        ({"errorValue": {"type": "REF"}}, None),
        ({"numberValue": 1, "stringValue": "1"}, None),
        ({"text": "1"}, None),
    ],
)
def test_values_that_cannot_be(here: Here, value: Json, message: str | None) -> None:
    book = here.book([["a"]])
    update = {
        "updateCells": {
            "start": {"sheetId": 0},
            "rows": [{"values": [{"userEnteredValue": value}]}],
            "fields": "userEnteredValue",
        }
    }
    path = f"{here.server.url}/v4/spreadsheets/{book.id}:batchUpdate"
    answer = here.session.post(
        path,
        data=json.dumps({"requests": [update]}),
        headers={"Authorization": f"Bearer {here.token()}"},
        timeout=9,
    )
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    if message:
        assert answer.json()["error"]["message"] == f"Invalid requests[0].updateCells: {message}"
    assert here.server.rows(book.id, "Sheet1") == [["a"]]


def test_a_cell_is_repeated(here: Here) -> None:
    book = here.book([["a", "b"], ["c", "d"]], tight=True)
    cell = {"userEnteredValue": {"formulaValue": "=A1&$A1"}}
    batch(
        book,
        {"repeatCell": {"range": area(0, 1, 9, 9), "cell": cell, "fields": "userEnteredValue"}},
    )
    assert [here.server.cell(book.id, "Sheet1", place, 2).value for place in (1, 2)] == [
        Formula("=A1&$A1"),
        Formula("=A2&$A2"),
    ]
    book.sheet1.format("A1:A2", {"textFormat": {"bold": True}})
    assert here.server.cell(book.id, "Sheet1", 2, 1).format == {"textFormat": {"bold": True}}
    with refused(
        "Invalid requests[0].repeatCell: Range (Sheet1!A3:B) exceeds grid limits. Max rows: 2, max columns: 2"
    ):
        past = {"sheetId": 0, "startRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
        batch(book, {"repeatCell": {"range": past, "cell": {}, "fields": "note"}})


def test_rows_are_appended(here: Here) -> None:
    book = here.book([["a", "b"], ["c"]], tight=True)
    batch(
        book,
        {
            "appendCells": {
                "sheetId": 0,
                "rows": [row("d", 1), row("e")],
                "fields": "userEnteredValue",
            }
        },
    )
    assert here.server.rows(book.id, "Sheet1") == [["a", "b"], ["c"], ["d", 1], ["e"]]
    with refused(
        "Invalid requests[0].appendCells: Attempting to write column: 2, beyond the last requested column of: 1"
    ):
        batch(
            book,
            {"appendCells": {"sheetId": 0, "rows": [row(1, 2, 3)], "fields": "userEnteredValue"}},
        )


def paste(source: Json, destination: Json, kind: str = "PASTE_NORMAL", **more: Any) -> Json:
    return {"copyPaste": {"source": source, "destination": destination, "pasteType": kind, **more}}


def test_ways_of_pasting(here: Here) -> None:
    book = here.book([[1, datetime(2026, 4, 17)]])
    server = here.server
    server.set_formula(book.id, "Sheet1", 1, 3, "=A1+$A$1", 2)
    rule = {"condition": {"type": "BOOLEAN"}}
    batch(book, {"setDataValidation": {"range": area(0, 1, 1, 2), "rule": rule}})
    date = server.cell(book.id, "Sheet1", 1, 2).format
    kinds = ("NORMAL", "VALUES", "FORMAT", "DATA_VALIDATION", "FORMULA")
    batch(
        book,
        *(
            paste(area(0, 0, 1, 3), area(place, 0, place + 1, 3), f"PASTE_{kind}")
            for place, kind in enumerate(kinds, 1)
        ),
    )
    cells = [
        [server.cell(book.id, "Sheet1", place, column) for column in (2, 3)]
        for place in range(2, 7)
    ]
    assert cells == [
        [(46129, date, rule, None), (Formula("=A2+$A$1"), None, None, None)],
        [(46129, None, None, None), (2, None, None, None)],
        [(None, date, None, None), (None, None, None, None)],
        [(None, None, rule, None), (None, None, None, None)],
        [(46129, None, None, None), (Formula("=A6+$A$1"), None, None, None)],
    ]


def test_a_source_is_repeated_over_a_larger_destination(here: Here) -> None:
    book = here.book([["a", "b"]])
    batch(
        book,
        paste(area(0, 0, 1, 2), area(1, 0, 4, 2)),
        paste(area(0, 0, 1, 1), area(4, 0, 5, 1)),
        paste(area(0, 0, 1, 2), area(5, 0, 6, 1)),
    )
    assert here.server.rows(book.id, "Sheet1") == [["a", "b"]] * 4 + [["a"], ["a", "b"]]
    batch(book, paste(area(0, 0, 1, 2), area(9, 0, 11, 1), pasteOrientation="TRANSPOSE"))
    assert here.server.rows(book.id, "Sheet1")[9:] == [["a"], ["b"]]


def test_cells_are_moved(here: Here) -> None:
    book = here.book({"Sheet1": [["a", datetime(2026, 4, 17)], ["b"]], "Two": []})
    two = book.worksheet("Two").id
    batch(
        book,
        {
            "cutPaste": {
                "source": area(0, 0, 1, 2),
                "destination": {"sheetId": two, "rowIndex": 1, "columnIndex": 1},
            }
        },
    )
    assert here.server.rows(book.id, "Sheet1") == [[], ["b"]]
    assert here.server.rows(book.id, "Two") == [[], [None, "a", 46129]]
    batch(
        book,
        {
            "cutPaste": {
                "source": area(1, 1, 2, 3, two),
                "destination": {"sheetId": two, "rowIndex": 1, "columnIndex": 2},
            }
        },
    )
    assert here.server.rows(book.id, "Two") == [[], [None, None, "a", 46129]]


def test_cells_are_merged(here: Here) -> None:
    book = here.book([["a", "b"], ["c", "d"]])
    book.sheet1.merge_cells("A1:B2")
    assert here.server.rows(book.id, "Sheet1") == [["a"]]
    assert here.get(book, "sheets.merges") == {
        "sheets": [{"merges": [{k: v for k, v in area(0, 0, 2, 2).items() if k != "sheetId"}]}]
    }
    book.sheet1.unmerge_cells("A1:B2")
    assert here.get(book, "sheets.merges") == {"sheets": [{}]}


# --- merged cells


@pytest.mark.parametrize("how", ["updateCells", "values", "paste", "somebody"])
def test_a_merge_holds_one_value(here: Here, how: str) -> None:
    """Whatever is written into cells that it covers; their looks stay."""
    book = here.book([["a", "b"], [None, "d"], ["e", "f"]])
    batch(book, {"mergeCells": {"range": area(0, 0, 2, 2), "mergeType": "MERGE_ALL"}})
    assert here.server.rows(book.id, "Sheet1") == [["a"], [], ["e", "f"]]
    if how == "updateCells":
        start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
        batch(
            book, {"updateCells": {"start": start, "rows": [row(1, 2), row(3, 4)], "fields": "*"}}
        )
    elif how == "values":
        book.values_update("A1:B2", {"valueInputOption": "RAW"}, {"values": [[1, 2], [3, 4]]})
    elif how == "paste":
        batch(
            book,
            {
                "copyPaste": {
                    "source": area(2, 0, 3, 2),
                    "destination": area(1, 0, 2, 2),
                    "pasteType": "PASTE_VALUES",
                }
            },
        )
    else:
        here.server.set(book.id, "Sheet1", 2, 2, "lost")
    first = 1 if how in ("updateCells", "values") else "a"
    assert here.server.rows(book.id, "Sheet1") == [[first], [], ["e", "f"]]
    batch(book, {"unmergeCells": {"range": area(0, 0, 2, 2)}})
    assert here.server.rows(book.id, "Sheet1") == [[first], [], ["e", "f"]]


def test_merges_move_with_what_is_cut(here: Here) -> None:
    book = here.book([["a", None, "c"], [], []])
    batch(
        book,
        {"mergeCells": {"range": area(0, 0, 1, 2), "mergeType": "MERGE_ALL"}},
        {
            "cutPaste": {
                "source": area(0, 0, 1, 3),
                "destination": {"sheetId": 0, "rowIndex": 2, "columnIndex": 0},
                "pasteType": "PASTE_NORMAL",
            }
        },
        {"updateCells": {"start": {"sheetId": 0}, "rows": [row(1, 2)], "fields": "*"}},
    )
    assert here.server.rows(book.id, "Sheet1") == [[1, 2], [], ["a", None, "c"]]
    assert here.get(book, "sheets.merges") == {
        "sheets": [{"merges": [{k: v for k, v in area(2, 0, 3, 2).items() if k != "sheetId"}]}]
    }


# --- filters


@pytest.mark.parametrize("how", ["criteria", "filterSpecs"])
def test_what_is_pasted_skips_rows_that_a_filter_hides(here: Here, how: str) -> None:
    """The stricter way: no document says. Writing directly reaches them."""
    book = here.book([["head"], ["a"], ["b"], ["a"], ["new"], ["new"], ["new"]])
    hidden = {"hiddenValues": ["b"]}
    of = {"0": hidden} if how == "criteria" else [{"columnIndex": 0, "filterCriteria": hidden}]
    paste = {
        "copyPaste": {
            "source": area(4, 0, 7, 1),
            "destination": area(1, 0, 4, 1),
            "pasteType": "PASTE_VALUES",
        }
    }
    batch(book, {"setBasicFilter": {"filter": {"range": area(0, 0, 4, 1), how: of}}}, paste)
    assert here.server.rows(book.id, "Sheet1")[1:4] == [["new"], ["b"], ["new"]]
    start = {"sheetId": 0, "rowIndex": 2, "columnIndex": 0}
    batch(book, {"updateCells": {"start": start, "rows": [row("c")], "fields": "*"}})
    batch(book, {"clearBasicFilter": {"sheetId": 0}}, paste)
    assert here.server.rows(book.id, "Sheet1")[1:4] == [["new"], ["new"], ["new"]]
