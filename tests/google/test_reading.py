"""Spreadsheets as a whole: what is told, through masks, by ranges and filters, with cells or
without."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.google import masks
from tests.google.here import Here, area, batch, refused

# --- masks


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("a", {"a": {}}),
        ("a,b", {"a": {}, "b": {}}),
        ("a.b/c", {"a": {"b": {"c": {}}}}),
        ("a(b,c/d),e.f", {"a": {"b": {}, "c": {"d": {}}}, "e": {"f": {}}}),
        ("a.b(c(d),e)", {"a": {"b": {"c": {"d": {}}, "e": {}}}}),
        ("a.b,a.c", {"a": {"b": {}, "c": {}}}),
        ("a.b,a", {"a": {}}),
        ("a,a.b", {"a": {}}),
        ("*", {"*": {}}),
    ],
)
def test_masks_are_trees(text: str, mask: dict[str, Any]) -> None:
    assert masks.parse(text) == mask


def test_masks_take_parts() -> None:
    value = {"a": [{"b": 1, "c": {"d": 2, "e": 3}}, {"b": 4}], "f": 5}
    assert masks.apply(masks.parse("a(b,c/d)"), value) == {"a": [{"b": 1, "c": {"d": 2}}, {"b": 4}]}
    assert masks.apply(masks.parse("a.c.*"), value) == {"a": [{"c": {"d": 2, "e": 3}}, {}]}
    assert masks.apply(masks.parse("*"), value) == value


def test_masks_replace_parts() -> None:
    old = {
        "numberFormat": {"type": "TEXT", "pattern": "@"},
        "textFormat": {"bold": True, "italic": True},
    }
    assert masks.replace(old, {"textFormat": {"bold": False}}, masks.parse("textFormat.bold")) == {
        "numberFormat": {"type": "TEXT", "pattern": "@"},
        "textFormat": {"bold": False, "italic": True},
    }
    assert masks.replace(old, {}, masks.parse("numberFormat,textFormat.italic")) == {
        "textFormat": {"bold": True}
    }
    assert masks.replace(old, {"textFormat": {"bold": True}}, masks.parse("*")) == {
        "textFormat": {"bold": True}
    }
    assert masks.replace(None, None, masks.parse("numberFormat")) is None


# --- without cells


def test_what_is_told_of_a_spreadsheet(here: Here) -> None:
    book = here.book({"One": [["a"]], "Two": []}, tight=True)
    told = here.get(book)
    assert sorted(told) == ["properties", "sheets", "spreadsheetId", "spreadsheetUrl"]
    assert told["properties"]["title"] == "Event"
    assert (told["properties"]["locale"], told["properties"]["timeZone"]) == ("en_US", "Etc/GMT")
    assert told["sheets"] == [
        {
            "properties": {
                "sheetId": 0,
                "title": "One",
                "index": 0,
                "sheetType": "GRID",
                "gridProperties": {"rowCount": 1, "columnCount": 1},
            }
        },
        {
            "properties": {
                "sheetId": book.worksheet("Two").id,
                "title": "Two",
                "index": 1,
                "sheetType": "GRID",
                "gridProperties": {"rowCount": 1, "columnCount": 1},
            }
        },
    ]


def test_a_mask_says_what_is_told(here: Here) -> None:
    book = here.book([["a"]])
    assert here.get(book, "namedRanges") == {}
    assert here.get(book, "spreadsheetId,sheets.properties(title,gridProperties/rowCount)") == {
        "spreadsheetId": book.id,
        "sheets": [{"properties": {"title": "Sheet1", "gridProperties": {"rowCount": 1000}}}],
    }
    assert sorted(here.get(book, "*")) == [
        "properties",
        "sheets",
        "spreadsheetId",
        "spreadsheetUrl",
    ]


@pytest.mark.parametrize("path", ["sheet", "sheets.property", "sheets.data.rowData.values.value"])
def test_a_mask_of_what_there_is_not(here: Here, path: str) -> None:
    answer = here.call(
        "GET", f"/v4/spreadsheets/{here.book([]).id}", fields=f"spreadsheetId,{path}"
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["message"]) == (400, "Request contains an invalid argument.")
    words = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    assert error["details"][0]["fieldViolations"] == [{"field": path, "description": words}]


# --- with cells


def test_cells_as_they_are_told(here: Here) -> None:
    book = here.book([["0012", 1.5, True, None, datetime(2026, 4, 17)], [], ["=1"]], tight=True)
    here.server.set_formula(book.id, "Sheet1", 1, 4, "=B1", None)
    here.server.set_formula(book.id, "Sheet1", 3, 2, "=WHAT()")
    rule = {"condition": {"type": "BOOLEAN"}, "strict": True}
    batch(
        book,
        {"setDataValidation": {"range": area(0, 2, 1, 3), "rule": rule}},
        {"repeatCell": {"range": area(0, 0, 1, 1), "cell": {"note": "look"}, "fields": "note"}},
    )
    date = {"numberFormat": {"type": "DATE", "pattern": "yyyy-mm-dd"}}
    data = here.get(book, includeGridData=True)["sheets"][0]["data"]
    assert data[0]["rowData"] == [
        {
            "values": [
                {
                    "userEnteredValue": {"stringValue": "0012"},
                    "effectiveValue": {"stringValue": "0012"},
                    "formattedValue": "0012",
                    "note": "look",
                },
                {
                    "userEnteredValue": {"numberValue": 1.5},
                    "effectiveValue": {"numberValue": 1.5},
                    "formattedValue": "1.5",
                },
                {
                    "userEnteredValue": {"boolValue": True},
                    "effectiveValue": {"boolValue": True},
                    "formattedValue": "TRUE",
                    "dataValidation": rule,
                },
                {
                    "userEnteredValue": {"formulaValue": "=B1"},
                    "effectiveValue": {"numberValue": 1.5},
                    "formattedValue": "1.5",
                },
                {
                    "userEnteredValue": {"numberValue": 46129},
                    "effectiveValue": {"numberValue": 46129},
                    "formattedValue": "2026-04-17",
                    "userEnteredFormat": date,
                    "effectiveFormat": date,
                },
            ]
        },
        {},
        {
            "values": [
                {
                    "userEnteredValue": {"stringValue": "=1"},
                    "effectiveValue": {"stringValue": "=1"},
                    "formattedValue": "=1",
                },
                {
                    "userEnteredValue": {"formulaValue": "=WHAT()"},
                    "effectiveValue": {
                        "errorValue": {"type": "ERROR", "message": "Formula parse error."}
                    },
                    "formattedValue": "#ERROR!",
                },
            ]
        },
    ]
    assert (
        len(data[0]["rowMetadata"]),
        len(data[0]["columnMetadata"]),
        data[0]["rowMetadata"][0],
    ) == (3, 5, {"pixelSize": 21})
    only = here.get(book, "sheets.data.rowData.values(effectiveValue,note)", ranges="Sheet1!A1:B1")
    values = [
        {"effectiveValue": {"stringValue": "0012"}, "note": "look"},
        {"effectiveValue": {"numberValue": 1.5}},
    ]
    assert only == {"sheets": [{"data": [{"rowData": [{"values": values}]}]}]}


def test_ranges_leave_other_sheets_out(here: Here) -> None:
    book = here.book({"One": [["a", "b"], ["c", "d"]], "Two": [["e"]], "Three": [["f"]]})
    told = here.get(book, ranges=["One!B2", "Two", "One!A1"], includeGridData=True)["sheets"]
    assert [sheet["properties"]["title"] for sheet in told] == ["One", "Two"]
    first, second = told[0]["data"]
    assert (first["startRow"], first["startColumn"], len(first["rowMetadata"])) == (1, 1, 1)
    assert [
        first["rowData"][0]["values"][0]["formattedValue"],
        second["rowData"][0]["values"][0]["formattedValue"],
    ] == ["d", "a"]
    assert "startRow" not in second
    assert [sheet["properties"]["title"] for sheet in here.get(book, ranges="Two")["sheets"]] == [
        "Two"
    ]
    assert "data" not in here.get(book, ranges="Two")["sheets"][0]
    with refused("Unable to parse range: Four!A1"):
        here.get(book, ranges="Four!A1")


def test_filters_by_range(here: Here) -> None:
    book = here.book({"One": [["a", "b"], ["c", "d"]], "Two": [["e"]]})
    two = book.worksheet("Two").id
    path = f"/v4/spreadsheets/{book.id}:getByDataFilter"
    filters = [{"gridRange": {"sheetId": 0, "startRowIndex": 1}}, {"a1Range": "Two!A1:B2"}]
    told = here.call("POST", path, {"dataFilters": filters, "includeGridData": True}).json()
    assert [sheet["properties"]["title"] for sheet in told["sheets"]] == ["One", "Two"]
    assert told["sheets"][0]["data"][0]["rowData"][0]["values"][1]["formattedValue"] == "d"
    assert len(told["sheets"][1]["data"][0]["rowMetadata"]) == 2
    masked = here.call(
        "POST",
        path,
        {"dataFilters": [{"gridRange": {"sheetId": two}}]},
        fields="sheets(properties.title,data.rowData.values.formattedValue)",
    )
    assert masked.json() == {
        "sheets": [
            {
                "properties": {"title": "Two"},
                "data": [{"rowData": [{"values": [{"formattedValue": "e"}]}]}],
            }
        ]
    }
    assert (
        here.call("POST", path, {"dataFilters": [{"gridRange": {"sheetId": 99}}]}).json()["error"][
            "message"
        ]
        == "No grid with id: 99"
    )
    past = here.call("POST", path, {"dataFilters": [{"gridRange": area(1000, 0, 1001, 1)}]}).json()[
        "error"
    ]["message"]
    assert past == "Range (One!A1001) exceeds grid limits. Max rows: 1000, max columns: 26"


def test_an_answer_can_hold_the_changed_spreadsheet(here: Here) -> None:
    book = here.book({"One": [["a", "b"]], "Two": [["c"]]})
    answer = book.batch_update(
        {
            "requests": [
                {
                    "updateSheetProperties": {
                        "properties": {"sheetId": 0, "title": "Uno"},
                        "fields": "title",
                    }
                }
            ],
            "includeSpreadsheetInResponse": True,
            "responseRanges": ["Uno!B1"],
            "responseIncludeGridData": True,
        }
    )
    told = answer["updatedSpreadsheet"]["sheets"]
    assert [
        (
            sheet["properties"]["title"],
            sheet["data"][0]["rowData"][0]["values"][0]["formattedValue"],
        )
        for sheet in told
    ] == [("Uno", "b")]
    assert answer["replies"] == [{}]
    plain = book.batch_update(
        {
            "requests": [{"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 1}}],
            "includeSpreadsheetInResponse": True,
        }
    )
    assert (
        plain["updatedSpreadsheet"]["sheets"][0]["properties"]["gridProperties"]["rowCount"] == 1001
    )
    masked = here.call(
        "POST",
        f"/v4/spreadsheets/{book.id}:batchUpdate",
        {"requests": [{"clearBasicFilter": {"sheetId": 0}}]},
        fields="replies",
    )
    assert masked.json() == {"replies": [{}]}
