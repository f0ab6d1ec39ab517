"""Sheets of an .xlsx file as raw rows, through python-calamine."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from python_calamine import CalamineWorkbook

from ticketops.errors import UnusableError
from ticketops.stores.xlsx import guard
from ticketops.stores.xlsx.conventional import conventional
from ticketops.stores.xlsx.parts import Parts

RawRows = list[list[Any]]


def read_rows(parts: Parts, sheets: list[str], *, trusted: bool = False) -> dict[str, RawRows]:
    """All rows of the sheets from row 1 and column A on. Raises UnusableError for what can't be read.

    trusted: the file was made from one that was read before, so the guard need not look at it again.
    """
    if not sheets:
        return {}
    if not trusted:
        _guard(parts, sheets)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(parts.package.data))
        return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in sheets}
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a damaged file can make the Rust reader panic, which is no Exception
        raise UnusableError(f"{parts.package.name} can't be read: {error}") from None


def _guard(parts: Parts, sheets: list[str]) -> None:
    """Refuse what would make the reader lay out more than memory holds."""
    for name in sheets:
        part = parts.sheets[name]
        guard.check_extent(conventional(parts.xml(part), part).xml, name)
    for part in parts.package.members:
        if part.casefold().endswith("sharedstrings.xml"):
            guard.check_strings(parts.xml(part), part)
