"""Rows that a sheet's basic filter and its slicers hide.

Not settled by any document, so the stricter way is held here: what is pasted skips hidden rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.google.errors import Json
from tests.google.formats import shown
from tests.google.grid import Book, Cell, Sheet


def hidden_rows(book: Book, sheet: Sheet) -> set[int]:
    """From 0: those below a filter's header in which a cell is not what the criteria of its column
    let through."""
    return {
        row
        for held, column, criteria in _criteria(sheet)
        for rect in [sheet.area(held)]
        for row in range(rect.top + 1, rect.bottom)
        if not _passes(book, sheet, sheet.cell(row, column), criteria)
    }


def _criteria(sheet: Sheet) -> Iterator[tuple[Json, int, Json]]:
    """(range, column of the sheet, criteria): of the filter in either of the ways that they are
    given, and of slicers, whose columns count within their range."""
    if own := sheet.filter:
        for column, criteria in own.get("criteria", {}).items():
            yield own["range"], int(column), criteria
        for spec in own.get("filterSpecs", ()):
            yield own["range"], spec.get("columnIndex", 0), spec.get("filterCriteria", {})
    for slicer in sheet.slicers.values():
        spec = slicer["spec"]
        first = spec["dataRange"].get("startColumnIndex", 0)
        column = first + spec.get("columnIndex", 0)
        yield spec["dataRange"], column, spec.get("filterCriteria", {})


def _passes(book: Book, sheet: Sheet, cell: Cell, criteria: Json) -> bool:
    text = shown(book.effective(cell.value, sheet), cell.format)
    condition = criteria.get("condition", {})
    values = [one.get("userEnteredValue", "") for one in condition.get("values", ())]
    kinds = {
        "TEXT_EQ": lambda: text in values,
        "TEXT_CONTAINS": lambda: values[0] in text,
        "NOT_BLANK": lambda: bool(text),
        "BLANK": lambda: not text,
    }
    passes = kinds.get(condition.get("type", ""), lambda: True)()
    return passes and text not in criteria.get("hiddenValues", ())
