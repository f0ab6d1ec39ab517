"""Reading a written workbook back before it takes the old one's place: every changed cell holds what was meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from xml.parsers import expat

from ticketops.errors import InternalError, UnusableError
from ticketops.schema.columns import to_serial
from ticketops.stores.edits import SheetEdit
from ticketops.stores.xlsx.conventional import conventional_again, is_conventional
from ticketops.stores.xlsx.package import Package
from ticketops.stores.xlsx.parts import OFFSET_1904, Parts
from ticketops.stores.xlsx.reader import read_rows
from ticketops.stores.xlsx.splice import read_cells, rows_of

_MANY_CELLS = 5_000
"""From here on reading whole sheets with python-calamine is faster than reading the changed rows ourselves."""
_MILLISECOND = timedelta(milliseconds=1)


def verified(package: Package, changed: Mapping[str, bytes], edits: Mapping[str, SheetEdit]) -> Parts:
    """The parts of the written workbook. Raises InternalError where anything is not as it was meant.

    A few cells are read from the XML of their rows, which must be well formed and conventional; many with python-calamine.
    """
    parts = Parts(package)
    for part, content in changed.items():
        if package.read(part) != content:
            raise _not_as_meant(part)
    for name, edit in edits.items():
        found: Callable[[int], Callable[[int], Any]]
        if sum(map(len, edit.cells.values())) >= _MANY_CELLS:
            found = _from_calamine(parts, name)
        else:
            part = parts.sheets[name]
            rows = rows_of(conventional_again(package.read(part), part), edit.cells)
            _check_form(name, b"".join(rows.values()))
            found = _from_xml(read_cells(rows, edit.cells, parts.shared))
        for row, cells in edit.cells.items():
            cell = found(row)
            for column, value in cells.items():
                if not same(cell(column), value):
                    raise _not_as_meant(f"{name} row {row} column {column}")
    return parts


def same(found: Any, meant: Any) -> bool:
    """Whether a raw cell, as either reader hands it over, holds the value that was meant."""
    if type(meant) is str:
        return bool(found == meant) if meant else found in (None, "")
    if meant is None:
        return found is None or found == ""
    if isinstance(meant, datetime):
        if isinstance(found, datetime):
            return abs(found - meant) < _MILLISECOND
        if isinstance(found, date):
            return datetime(found.year, found.month, found.day) == meant
        return isinstance(found, (int, float)) and abs(found - to_serial(meant)) < 1e-8
    if isinstance(meant, bool) or isinstance(found, bool):
        return found is meant
    if isinstance(meant, (int, float)):
        if isinstance(found, (date, datetime)):  # a number in a cell that shows dates
            found = to_serial(found if isinstance(found, datetime) else datetime(found.year, found.month, found.day))
            return bool(abs(found - meant) < 1e-8)
        return isinstance(found, (int, float)) and float(found) == float(meant)
    return bool(found == meant) or found == ""  # an error value: python-calamine hands it over as ""


def _from_xml(cells: Mapping[int, Mapping[int, Any]]) -> Callable[[int], Callable[[int], Any]]:
    return lambda row: cells[row].__getitem__


def _from_calamine(parts: Parts, sheet: str) -> Callable[[int], Callable[[int], Any]]:
    rows = read_rows(parts, [sheet], trusted=True)[sheet]
    if parts.date1904:  # the edit counts from 1904, python-calamine tells the day itself
        rows = [[value - OFFSET_1904 if isinstance(value, (datetime, date)) else value for value in row] for row in rows]
    blank: list[Any] = []

    def of_row(number: int) -> Callable[[int], Any]:
        row = rows[number - 1] if number <= len(rows) else blank
        width = len(row)
        return lambda column: row[column - 1] if column <= width else ""

    return of_row


def _check_form(sheet: str, rows: bytes) -> None:
    parser = expat.ParserCreate("UTF-8")
    whole = b"<sheetData>" + rows + b"</sheetData>"
    try:
        parser.Parse(whole, True)
    except expat.ExpatError as error:
        raise UnusableError(f"sheet {sheet!r} is damaged where it would be written ({error})", "nothing was written") from None
    if not is_conventional(whole):
        raise _not_as_meant(f"{sheet}, its changed rows,")


def _not_as_meant(what: str) -> InternalError:
    return InternalError(f"{what} was not written as it was meant; the workbook is unchanged")
