"""Reading a written workbook back before it takes the old one's place: every changed cell holds
what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from xml.parsers import expat

from ticketops.errors import InternalError, UnusableError
from ticketops.schema.columns import to_serial
from ticketops.stores.edits import Filled, SheetEdit
from ticketops.stores.xlsx.conventional import conventional_again, is_conventional
from ticketops.stores.xlsx.package import Content, Deflated, Package
from ticketops.stores.xlsx.parts import OFFSET_1904, Parts
from ticketops.stores.xlsx.reader import Reader
from ticketops.stores.xlsx.splice import read_cells, rows_of

_MANY_CELLS = 5_000
"""From here on reading whole sheets with python-calamine is faster than reading the changed rows
ourselves."""
_MILLISECOND = timedelta(milliseconds=1)


def verified(
    package: Package, changed: Mapping[str, Content], edits: Mapping[str, SheetEdit]
) -> Parts:
    """The parts of the written workbook. Raises InternalError where anything is not as it was
    meant.

    A few cells are read from the XML of their rows, which must be well formed and conventional;
    many with python-calamine.
    """
    parts = Parts(package)
    for part, content in changed.items():
        there = (
            content.is_in(package, part)
            if isinstance(content, Deflated)
            else package.read(part) == content
        )
        if not there:
            raise _not_as_meant(part)
    reader = Reader(parts, trusted=True)
    for name, edit in edits.items():
        if edit.cells.count() >= _MANY_CELLS:
            _compare(
                name,
                edit,
                _from_calamine(reader, name, edit, OFFSET_1904 if parts.date1904 else timedelta()),
            )
        else:
            part = parts.sheets[name]
            rows = rows_of(conventional_again(package.read(part), part), edit.cells)
            _check_form(name, b"".join(rows.values()))
            _compare(
                name,
                edit,
                (
                    (row, edit.cells[row], list(cells.values()))
                    for row, cells in read_cells(rows, edit.cells, parts.shared).items()
                ),
            )
    return parts


def _compare(
    sheet: str, edit: SheetEdit, found: Iterable[tuple[int, Mapping[int, Any], list[Any]]]
) -> None:
    """found: each edited row with the cells that were meant, and what they were found to hold, in the
    same order."""
    rows = 0
    for row, wanted, values in found:
        rows += 1
        for (column, meant), value in zip(wanted.items(), values, strict=True):
            reconciled = value == meant and (type(value) is bool) is (
                type(meant) is bool
            )  # True equals 1
            if not reconciled and not same(value, meant):
                raise _not_as_meant(f"{sheet} row {row} column {column}")
    if rows != len(edit.cells):
        raise _not_as_meant(sheet)


def _from_calamine(
    reader: Reader, sheet: str, edit: SheetEdit, epoch: timedelta
) -> Iterator[tuple[int, Mapping[int, Any], list[Any]]]:
    last = 0
    for last, row in enumerate(reader.each_row(sheet), start=1):
        if last in edit.cells:
            width, wanted = len(row), edit.cells[last]
            values = [row[column - 1] if column <= width else None for column in wanted]
            if epoch:  # the edit counts from 1904, python-calamine tells the day itself
                values = [value - epoch if isinstance(value, date) else value for value in values]
            yield last, wanted, values
    for number in edit.cells:
        if number > last:
            wanted = edit.cells[number]
            yield number, wanted, [None] * len(wanted)


def same(found: Any, meant: Any) -> bool:
    """Whether a raw cell, as either reader hands it over, holds the value that was meant."""
    if type(meant) is Filled:
        return True  # what a formula gives, spreadsheet programs say
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
            found = to_serial(
                found
                if isinstance(found, datetime)
                else datetime(found.year, found.month, found.day)
            )
            return bool(abs(found - meant) < 1e-8)
        return isinstance(found, (int, float)) and float(found) == float(meant)
    return (
        bool(found == meant) or found == ""
    )  # an error value: python-calamine hands it over as ""


def _check_form(sheet: str, rows: bytes) -> None:
    parser = expat.ParserCreate("UTF-8")
    whole = b"<sheetData>" + rows + b"</sheetData>"
    try:
        parser.Parse(whole, True)
    except expat.ExpatError as error:
        raise UnusableError(
            f"sheet {sheet!r} is damaged where it has to be written ({error})",
            "nothing was written",
        ) from None
    if not is_conventional(whole):
        raise _not_as_meant(f"{sheet}, its changed rows,")


def _not_as_meant(what: str) -> InternalError:
    return InternalError(f"{what} was not written correctly; the workbook is unchanged")
