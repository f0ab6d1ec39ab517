"""Workbooks as another program reads and edits them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

from tests.conftest import Result

Cells = dict[tuple[str, str], Any]


def cells_of(path: Path) -> Cells:
    """Every cell that is not empty, by sheet and place."""
    book = openpyxl.load_workbook(path)
    found = {
        (s.title, c.coordinate): c.value
        for s in book
        for row in s.iter_rows()
        for c in row
        if c.value is not None
    }
    book.close()
    return found


def type_into(path: Path, sheet: str, **cells: Any) -> None:
    """Somebody types into cells and saves."""
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        book[sheet][place] = value
    book.save(path)
    book.close()


def done(result: Result, code: int = 0) -> Result:
    """The result of a command that ends with this exit code."""
    assert result.code == code, result.err + result.out
    return result


def manager_of(book: Path, folder: Path) -> dict[str, str]:
    """The environment of a manager who works on a workbook, with keys in a folder of their own."""
    return {
        "TICKETOPS_WORKBOOK": str(book),
        "TICKETOPS_USER": "ana",
        "TICKETOPS_ROLE": "ops_manager",
        "TICKETOPS_KEY_FILE": str(folder / "keys"),
    }


def rows_into(path: Path, sheet: str, rows: Sequence[dict[str, Any]]) -> None:
    """Somebody types rows below the header, by header."""
    book = openpyxl.load_workbook(path)
    title = next(one for one in book.sheetnames if one.startswith(sheet))
    at, number = next(
        (header, row)
        for row in range(1, 8)
        if (header := {c.value: c.column for c in book[title][row] if c.value}).keys()
        >= rows[0].keys()
    )
    first = number + 1
    while any(c.value is not None for c in book[title][first]):
        first += 1
    for row, cells in enumerate(rows, start=first):
        for name, value in cells.items():
            book[title].cell(row, at[name], value)
    book.save(path)
    book.close()
