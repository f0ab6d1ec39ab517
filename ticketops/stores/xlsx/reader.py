"""Sheets of an .xlsx file as raw rows, through python-calamine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from io import BytesIO
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook

from ticketops.errors import TicketopsError, UnusableError
from ticketops.stores.xlsx import guard
from ticketops.stores.xlsx.conventional import conventional
from ticketops.stores.xlsx.parts import Parts

RawRows = list[list[Any]]


class Reader:
    """One workbook, its sheets read one at a time. Raises UnusableError for what can't be read.

    trusted: the file was made from one that was read before, so the guard need not look at it again.
    """

    def __init__(self, parts: Parts, *, trusted: bool = False) -> None:
        self._parts, self._trusted = parts, trusted

    def rows(self, sheet: str) -> RawRows:
        """All rows from row 1 and column A on."""
        with self._readable():
            return self._sheet(sheet).to_python(skip_empty_area=False)

    def each_row(self, sheet: str) -> Iterator[list[Any]]:
        """The same row by row: a tenth of the memory."""
        with self._readable():
            found = self._sheet(sheet)
            left = [""] * (found.start[1] if found.start else 0)
            for row in found.iter_rows():
                yield left + row if left else row

    def _sheet(self, name: str) -> CalamineSheet:
        if not self._trusted:
            part = self._parts.sheets[name]
            guard.check_extent(conventional(self._parts.xml(part), part).xml, name)
        return self._book.get_sheet_by_name(name)

    @cached_property
    def _book(self) -> CalamineWorkbook:
        if not self._trusted:
            for part in self._parts.package.members:
                if part.casefold().endswith("sharedstrings.xml"):
                    guard.check_strings(self._parts.xml(part), part)
        return CalamineWorkbook.from_filelike(BytesIO(self._parts.package.data))

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, TicketopsError):
            raise
        except BaseException as error:  # a damaged file can make the Rust reader panic, which is no Exception
            raise UnusableError(f"{self._parts.package.name} can't be read: {error}") from None
