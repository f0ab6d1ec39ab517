"""Sheets and headers that are not where they belong: one clear line."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from tests.cli.bad_input.refusing import EXAMINE, READ, UNUSABLE, WRITE, Refusing


def edited(sound: bytes, change: Callable[[Any], None]) -> bytes:
    """The workbook after a change by openpyxl."""
    book = openpyxl.load_workbook(io.BytesIO(sound))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _set(sheet: str, place: str, value: Any) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        book[sheet][place] = value

    return change


def _moved(sheet: str, rows: int) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        book[sheet].insert_rows(1, rows)

    return change


LAYOUTS: dict[str, tuple[Callable[[Any], None], str]] = {
    "a sheet is missing": (
        lambda book: book.remove(book["Distribution"]),
        "no sheet 'Distribution'",
    ),
    "a sheet has another name": (
        lambda book: setattr(book["Sales"], "title", "Sale"),
        "no sheet 'Sales'",
    ),
    "a sheet's name differs by a space": (
        lambda book: setattr(book["Sales"], "title", "Sales "),
        "no sheet 'Sales'",
    ),
    "a column is missing": (lambda book: book["Sales"].delete_cols(12), "has no SalesID"),
    "a header was changed": (_set("Sales", "B1", "Matches"), "has no Match"),
    "a header is blank": (_set("Distribution", "K2", None), "has no M-No."),
    "a header is a number": (_set("Distribution", "K2", 11), "has no M-No."),
    "the header is one row too low": (_moved("Sales", 1), "header row 1"),
    "the header is three rows too low": (_moved("Distribution", 3), "header row 2"),
    "the header is one row too high": (
        lambda book: book["Distribution"].delete_rows(1),
        "header row 2",
    ),
    "all rows are gone": (lambda book: book["Sales"].delete_rows(1, 500), "has no "),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_bad_layout(given: Callable[..., Refusing], sound: bytes, name: str) -> None:
    change, says = LAYOUTS[name]
    there = given(edited(sound, change))
    line = there.refused(UNUSABLE, *WRITE, "-w", str(there.path), says=says)
    assert "doctor" in line
    there.refused(UNUSABLE, *READ, "-w", str(there.path), says=says)
    assert there.run(*EXAMINE, "-w", str(there.path))[0] == 1, "doctor lists it"
    there.untouched()


@pytest.mark.parametrize("text", ["SalesID", " sales id "])
def test_a_header_that_stands_twice(
    given: Callable[..., Refusing], sound: bytes, text: str
) -> None:
    """The first one counts; the other is somebody's own column: `doctor` names it and nobody writes
    into it."""

    def change(book: Any) -> None:
        book["Sales"]["Z1"] = text
        book["Sales"]["Z2"] = "S9000"

    there = given(edited(sound, change))
    answer = there.works(*EXAMINE, "-w", str(there.path), code=1)
    assert "DUPLICATE_HEADER" in {finding["code"] for finding in answer["findings"]}
    assert there.works(*WRITE, "-w", str(there.path))["result"]["sales_ids"] == ["S2"]
    sheet = openpyxl.load_workbook(there.path)["Sales"]
    assert [cell.value for cell in sheet["Z"] if cell.value is not None] == [text, "S9000"]
    assert [cell.value for cell in sheet["L"]] == ["SalesID", "S1", "S2"]


def test_a_chart_where_a_sheet_belongs(given: Callable[..., Refusing], sound: bytes) -> None:
    def change(book: Any) -> None:
        book.remove(book["Distribution"])
        book.create_chartsheet("Distribution").add_chart(openpyxl.chart.BarChart())

    there = given(edited(sound, change))
    for words in (READ, WRITE, EXAMINE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="chart")
