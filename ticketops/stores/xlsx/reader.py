"""Sheets of an .xlsx file as raw rows, through python-calamine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from io import BytesIO
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook

from ticketops.errors import TicketopsError, UnusableError
from ticketops.schema.columns import ErrorValue
from ticketops.schema.surroundings import Marks
from ticketops.stores.xlsx import guard
from ticketops.stores.xlsx.conventional import SheetXml, conventional, conventional_again
from ticketops.stores.xlsx.marks import errors_in, marks_of
from ticketops.stores.xlsx.parts import Parts

RawRows = list[list[Any]]
_PIECE = 2**24
"""Bytes of XML that are read at a time, where rows are asked for one by one."""


class Reader:
    """One workbook, its sheets read one at a time. Raises UnusableError for what can't be read.

    trusted: the file was made from one that was read before, so the guard need not look at it
    again.
    """

    def __init__(self, parts: Parts, *, trusted: bool = False) -> None:
        self._parts, self._trusted = parts, trusted
        self._kept: tuple[str, SheetXml] | None = None

    def rows(self, sheet: str) -> RawRows:
        """All rows from row 1 and column A on."""
        with self._readable():
            rows = self._sheet(sheet).to_python(skip_empty_area=False)
        for row, column, error in self.errors(sheet):
            if row <= len(rows) and column <= len(rows[row - 1]):
                rows[row - 1][column - 1] = error
        return rows

    def errors(self, sheet: str) -> Iterator[tuple[int, int, ErrorValue]]:
        """(row, column, error) of the cells that hold one."""
        return errors_in(self.xml(sheet))

    def marks(self, sheet: str) -> Marks:
        """What the values of a sheet do not show."""
        return marks_of(self._parts, sheet, self.xml(sheet))

    def xml(self, sheet: str) -> SheetXml:
        """The sheet in conventional form; that of the last one asked for is kept."""
        if self._kept is None or self._kept[0] != sheet:
            part = self._parts.sheets[sheet]
            self._kept = sheet, conventional(self._parts.xml(part), part)
        return self._kept[1]

    def each_row(self, sheet: str) -> Iterator[list[Any]]:
        """The same row by row, a large sheet piece by piece: a tenth of the memory."""
        done = 0
        with self._readable():
            for found in self._pieces(sheet):
                left = [""] * (found.start[1] if found.start else 0)
                for number, row in enumerate(found.iter_rows()):
                    if number >= done:  # a later piece has nothing in the rows of those before
                        done = number + 1
                        yield left + row if left else row

    def _pieces(self, sheet: str) -> Iterator[CalamineSheet]:
        """The sheet; a large one as copies of it that hold some of its rows each."""
        part, package = self._parts.sheets[sheet], self._parts.package
        is_large = package.info(part).file_size > 2 * _PIECE
        if not (self._trusted and is_large and self._parts.for_reader() is package.data):
            yield self._sheet(sheet)
            return
        xml, start, end = conventional_again(package.read(part), part)
        others = [one for one in self._parts.sheets.values() if one != part]
        position = start
        while position < end:
            stop = xml.find(b'<row r="', position + _PIECE, end)
            stop = end if stop < 0 else stop
            copy = BytesIO()
            package.write(copy, {part: xml[:start] + xml[position:stop] + xml[end:]}, others)
            copy.seek(0)
            book = CalamineWorkbook.from_filelike(copy)
            yield book.get_sheet_by_name(self._parts.sheets.spelled(sheet))
            position = stop

    def _sheet(self, name: str) -> CalamineSheet:
        if not self._trusted:
            guard.check_extent(self.xml(name).xml, name)
        return self._book.get_sheet_by_name(self._parts.sheets.spelled(name))

    @cached_property
    def _book(self) -> CalamineWorkbook:
        if not self._trusted:
            for part in self._parts.package.members:
                if part.casefold().endswith("sharedstrings.xml"):
                    guard.check_strings(self._parts.xml(part), part)
            if self._parts.styles:
                self._parts.xml(self._parts.styles)  # checked, so that the reader need not guess
        return CalamineWorkbook.from_filelike(BytesIO(self._parts.for_reader()))

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, TicketopsError):
            raise
        except (
            BaseException
        ) as error:  # a damaged file can make the Rust reader panic, which is no Exception
            raise UnusableError(f"{self._parts.package.name} can't be read: {error}") from None
