"""Rows of values in and out, by gspread: what is trimmed, how it is shown, what typed text
becomes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from gspread.utils import ValueInputOption, ValueRenderOption

from tests.google.grid import Formula, FormulaError
from tests.google.here import Here, Rows, refused

DAY = datetime(2026, 4, 17)


# --- reading


def test_blank_ends_are_trimmed(here: Here) -> None:
    book = here.book([["a", None, "c", None], [], [None, "x"], [None, None], []])
    answer = book.values_get("Sheet1")
    assert answer == {
        "range": "Sheet1!A1:Z1000",
        "majorDimension": "ROWS",
        "values": [["a", "", "c"], [], ["", "x"]],
    }
    assert book.values_get("Sheet1!E1:F9") == {"range": "Sheet1!E1:F9", "majorDimension": "ROWS"}


def test_formats_without_values_are_no_values(here: Here) -> None:
    book = here.book([["a"]])
    here.server.set_format(book.id, "Sheet1", 5, 5, {"textFormat": {"bold": True}})
    assert book.sheet1.get_all_values() == [["a"]]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Sheet1", "Sheet1!A1:Z1000"),
        ("sheet1!a1:b2", "Sheet1!A1:B2"),
        ("'Sheet1'!$B$3", "Sheet1!B3"),
        ("Sheet1!B2:A1", "Sheet1!A1:B2"),
        ("Sheet1!C:D", "Sheet1!C1:D1000"),
        ("Sheet1!C:C", "Sheet1!C1:C1000"),
        ("Sheet1!2:3", "Sheet1!A2:Z3"),
        ("Sheet1!A5:A", "Sheet1!A5:A1000"),
        ("Sheet1!B2:4", "Sheet1!B2:Z4"),
        ("A1:B2", "Sheet1!A1:B2"),
        ("C3", "Sheet1!C3"),
        ("Sheet1!A990:C2000", "Sheet1!A990:C1000"),
        ("It's mine", "'It''s mine'!A1:Z1000"),
        ("'It''s mine'!A1", "'It''s mine'!A1"),
        ("'It''s mine'", "'It''s mine'!A1:Z1000"),
        ("'A1'", "'A1'!A1:Z1000"),
        ("A1", "Sheet1!A1"),
        ("'2026'!A1", "'2026'!A1"),
        ("a:b!A1", "'a:b'!A1"),
        ("place", "'2026'!B2:C3"),
    ],
)
def test_ranges(here: Here, asked: str, told: str) -> None:
    book = here.book({"Sheet1": [], "It's mine": [], "A1": [], "2026": [], "a:b": []})
    sheet = book.worksheet("2026").id
    place = {
        "sheetId": sheet,
        "startRowIndex": 1,
        "endRowIndex": 3,
        "startColumnIndex": 1,
        "endColumnIndex": 3,
    }
    here.server.request(
        book.id, {"addNamedRange": {"namedRange": {"name": "place", "range": place}}}
    )
    assert book.values_get(asked)["range"] == told
    assert book.values_batch_get([asked])["valueRanges"][0]["range"] == told


@pytest.mark.parametrize(
    "asked", ["None!A1", "Sheet1!A1:B2:C3", "Sheet1!A0", "Sheet1!", "Nobody", "Sheet1!ABCD1"]
)
def test_what_is_no_range(here: Here, asked: str) -> None:
    with refused(f"Unable to parse range: {asked}"):
        here.book([]).values_get(asked)


def test_a_range_that_starts_past_the_grid(here: Here) -> None:
    book = here.book([])
    with refused("Range (Sheet1!A100000) exceeds grid limits. Max rows: 1000, max columns: 26"):
        book.values_get("Sheet1!A100000")
    with refused("Range (Sheet1!D9037) exceeds grid limits. Max rows: 1000, max columns: 26"):
        book.values_batch_get(["d9037"])


def test_three_ways_to_show_a_value(here: Here) -> None:
    book = here.book([["0012", 1, 2.5, True, DAY, 1 / 3, 1e20, None, ""]])
    here.server.set_formula(book.id, "Sheet1", 1, 8, "=SUM(B1:C1)", 3.5)
    here.server.set_formula(
        book.id, "Sheet1", 1, 9, "=1/0", FormulaError("DIVIDE_BY_ZERO", "Division by zero.")
    )
    here.server.set_format(book.id, "Sheet1", 1, 3, {"numberFormat": {"type": "CURRENCY"}})
    sheet = book.sheet1
    assert sheet.row_values(1) == [
        "0012",
        "1",
        "$2.50",
        "TRUE",
        "2026-04-17",
        "0.3333333333",
        "1E+20",
        "3.5",
        "#DIV/0!",
    ]
    assert sheet.row_values(1, value_render_option=ValueRenderOption.unformatted) == [
        "0012",
        1,
        2.5,
        True,
        46129,
        1 / 3,
        1e20,
        3.5,
        "#DIV/0! (Division by zero.)",
    ]
    assert sheet.row_values(1, value_render_option=ValueRenderOption.formula)[-2:] == [
        "=SUM(B1:C1)",
        "=1/0",
    ]
    params: dict[str, Any] = {
        "valueRenderOption": "UNFORMATTED_VALUE",
        "dateTimeRenderOption": "FORMATTED_STRING",
    }
    assert book.values_get("Sheet1!D1:F1", params)["values"] == [[True, "2026-04-17", 1 / 3]]


def test_columns_first(here: Here) -> None:
    book = here.book([["a", "b"], ["c"], [None, "d"]])
    assert book.sheet1.col_values(2) == ["b", "", "d"]
    assert book.values_get("Sheet1", {"majorDimension": "COLUMNS"})["values"] == [
        ["a", "c"],
        ["b", "", "d"],
    ]


def test_an_unknown_way_is_refused(here: Here) -> None:
    answer = here.call(
        "GET", f"/v4/spreadsheets/{here.book([]).id}/values/A1", valueRenderOption="PLAIN"
    )
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=TRUE()", True),
        ("=false()", False),
        ("=12", 12),
        ("=-1.5e3", -1500),
        ('="a ""b"""', 'a "b"'),
        ("=SHEETS()", 2),
        ("=B1", "there"),
        ("=$B$1", "there"),
        ("='Other one'!A1", 7),
        ("=B2", 7),
        ("=None!A1", "#REF! (Unresolved sheet name 'None'.)"),
        ("=A1", "#REF! (Circular dependency detected.)"),
        ("=SUM(B1:B2)", "#ERROR! (Formula parse error.)"),
    ],
)
def test_formulas_that_are_calculated(here: Here, formula: str, value: Any) -> None:
    book = here.book(
        {
            "Sheet1": [[Formula(formula), "there"], [None, Formula("='Other one'!A1")]],
            "Other one": [[7]],
        }
    )
    assert book.values_get("Sheet1!A1", {"valueRenderOption": "UNFORMATTED_VALUE"})["values"] == [
        [value]
    ]


# --- writing


@pytest.mark.parametrize(
    ("text", "value", "pattern"),
    [
        ("0012", 12, None),
        ("1e5", 100_000, "0.00E+00"),
        ("TRUE", True, None),
        ("false", False, None),
        ("2026-04-17", 46129, "yyyy-mm-dd"),
        ("4/17/2026", 46129, "m/d/yyyy"),
        ("2026-04-17 06:00", 46129.25, "yyyy-mm-dd h:mm"),
        ("18:00", 0.75, "h:mm"),
        ("2026-02-30", "2026-02-30", None),
        ("=1+1", Formula("=1+1"), None),
        ("=", "=", None),
        ("'0012", "0012", None),
        ("5%", 0.05, "0%"),
        ("5.25%", 0.0525, "0.00%"),
        ("$3.50", 3.5, '"$"#,##0.00'),
        ("-$3", -3, '"$"#,##0'),
        ("1,234.5", 1234.5, "#,##0.00"),
        ("1,23", "1,23", None),
        ("+7", 7, None),
        (" 8 ", 8, None),
        (".5", 0.5, None),
        ("1e999", "1e999", None),
        ("M01", "M01", None),
        ("P1-P2", "P1-P2", None),
        ("", None, None),
    ],
)
def test_typed_text_becomes_values(here: Here, text: str, value: Any, pattern: str | None) -> None:
    book = here.book([["before"]])
    book.sheet1.update([[text]], "A1", value_input_option=ValueInputOption.user_entered)
    cell = here.server.cell(book.id, "Sheet1", 1, 1)
    assert (cell.value, (cell.format or {}).get("numberFormat", {}).get("pattern")) == (
        value,
        pattern,
    )
    assert isinstance(cell.value, bool) == isinstance(value, bool)
    book.sheet1.update([[text]], "B1", value_input_option=ValueInputOption.raw)
    assert here.server.cell(book.id, "Sheet1", 1, 2) == (text or None, None, None, None)


def test_text_cells_keep_typed_text(here: Here) -> None:
    book = here.book([[]])
    here.server.set_format(book.id, "Sheet1", 1, 1, {"numberFormat": {"type": "TEXT"}})
    book.sheet1.update([["0012"]], "A1", raw=False)
    assert here.server.rows(book.id, "Sheet1") == [["0012"]]


def test_an_update_tells_what_it_wrote(here: Here) -> None:
    book = here.book([["a", "b"], ["c", "d"]])
    answer = book.sheet1.update([[1, None], [True, ""]], "A1:C3")
    assert answer == {
        "spreadsheetId": book.id,
        "updatedRange": "Sheet1!A1:B2",
        "updatedRows": 2,
        "updatedColumns": 2,
        "updatedCells": 3,
    }
    assert here.server.rows(book.id, "Sheet1") == [[1, "b"], [True]]
    params: dict[str, Any] = {
        "valueInputOption": "USER_ENTERED",
        "includeValuesInResponse": "true",
        "responseValueRenderOption": "UNFORMATTED_VALUE",
    }
    answer = book.values_update("Sheet1!A5", params, {"values": [["3", "x"]]})
    assert answer["updatedData"] == {
        "range": "Sheet1!A5:B5",
        "majorDimension": "ROWS",
        "values": [[3, "x"]],
    }


def test_columns_can_be_written(here: Here) -> None:
    book = here.book([])
    book.values_update(
        "A1",
        {"valueInputOption": "RAW"},
        {"majorDimension": "COLUMNS", "values": [["a", "b"], ["c"]]},
    )
    assert here.server.rows(book.id, "Sheet1") == [["a", "c"], ["b"]]


def test_updates_that_do_not_fit(here: Here) -> None:
    book = here.book([["a", "b"], ["c", "d"]], tight=True)
    raw: dict[str, Any] = {"valueInputOption": "RAW"}
    before = here.server.snapshot(book.id)
    with refused("Requested writing within range [Sheet1!A1:B1], but tried writing to column [C]"):
        book.values_update("Sheet1!A1:B1", raw, {"values": [[1, 2, 3]]})
    with refused("Requested writing within range [Sheet1!A1:B1], but tried writing to row [2]"):
        book.values_update("Sheet1!A1:B1", raw, {"values": [[1], [2]]})
    with refused("Requested writing within range [Sheet1!A2], but tried writing to row [3]"):
        book.values_update("Sheet1!A2", raw, {"values": [[1], [2]]})
    with refused("Range (Sheet1!A1:B3) exceeds grid limits. Max rows: 2, max columns: 2"):
        book.values_update("Sheet1!A1:B3", raw, {"values": [[1]]})
    with refused("Range (Sheet1!A4) exceeds grid limits. Max rows: 2, max columns: 2"):
        book.values_update("Sheet1!A4", raw, {"values": [[1]]})
    with refused("'valueInputOption' is required but not specified"):
        book.values_update("Sheet1!A1", {}, {"values": [[1]]})
    with refused("Your input contains more than the maximum of 50000 characters in a single cell."):
        book.values_update("Sheet1!A1", raw, {"values": [["x" * 50_001]]})
    with refused("Request range[Sheet1!A1] does not match value's range[Sheet1!A2]"):
        book.values_update("Sheet1!A1", raw, {"range": "Sheet1!A2", "values": [[1]]})
    assert here.server.snapshot(book.id) == before
    book.values_update("Sheet1!A1", raw, {"values": [["x" * 50_000]]})


def test_several_ranges_at_once_or_none(here: Here) -> None:
    book = here.book({"Sheet1": [["a"]], "Other": []})
    answer = book.values_batch_update(
        {
            "valueInputOption": "RAW",
            "data": [
                {"range": "Sheet1!B1", "values": [[1]]},
                {"range": "Other!A1", "values": [[2, 3]]},
            ],
        }
    )
    assert [answer[f"totalUpdated{name}"] for name in ("Sheets", "Rows", "Columns", "Cells")] == [
        2,
        2,
        3,
        3,
    ]
    assert [response["updatedRange"] for response in answer["responses"]] == [
        "Sheet1!B1",
        "Other!A1:B1",
    ]
    before = here.server.snapshot(book.id)
    with refused("Invalid data[1]: Unable to parse range: None!A1"):
        book.values_batch_update(
            {
                "valueInputOption": "RAW",
                "data": [{"range": "A1", "values": [[9]]}, {"range": "None!A1", "values": [[9]]}],
            }
        )
    assert here.server.snapshot(book.id) == before


@pytest.mark.parametrize(
    ("rows", "where", "table", "written"),
    [
        ([], "Sheet1", None, "Sheet1!A1:B1"),
        ([["h", "i"], [1, 2]], "Sheet1", "Sheet1!A1:B2", "Sheet1!A3:B3"),
        ([["title"], [], ["h", "i"], [1, 2]], "Sheet1", "Sheet1!A3:B4", "Sheet1!A5:B5"),
        ([[None, "h"], [None, 1]], "Sheet1!B1", "Sheet1!B1:B2", "Sheet1!B3:C3"),
    ],
)
def test_appending_below_the_table(
    here: Here, rows: Rows, where: str, table: str | None, written: str
) -> None:
    book = here.book(rows)
    answer = book.values_append(where, {"valueInputOption": "RAW"}, {"values": [["x", "y"]]})
    assert (answer.get("tableRange"), answer["updates"]["updatedRange"]) == (table, written)


def test_appending_makes_the_grid_longer(here: Here) -> None:
    book = here.book([["a", "b"], ["c", "d"]], tight=True)
    book.sheet1.append_rows([["e"], ["f"]])
    assert here.server.rows(book.id, "Sheet1") == [["a", "b"], ["c", "d"], ["e"], ["f"]]
    assert here.server.sheet(book.id, "Sheet1").row_count == 4
    with refused("Requested writing within range ['Sheet1'], but tried writing to column [C]"):
        book.sheet1.append_row(["g", "h", "i"])


def test_clearing_leaves_formats(here: Here) -> None:
    book = here.book([["a", DAY], ["b", DAY]])
    assert book.values_clear("Sheet1!B1:B9") == {
        "spreadsheetId": book.id,
        "clearedRange": "Sheet1!B1:B9",
    }
    assert here.server.rows(book.id, "Sheet1") == [["a"], ["b"]]
    assert here.server.cell(book.id, "Sheet1", 1, 2).format is not None
    book.sheet1.batch_clear(["A1"])
    assert here.server.rows(book.id, "Sheet1") == [[], ["b"]]
