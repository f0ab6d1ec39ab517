"""Sheets of spreadsheets of any program as cells, through python-calamine."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from ticketops.errors import InputError, TicketopsError, UnusableError
from ticketops.schema.columns import ErrorValue
from ticketops.schema.foreign import Area, Cells
from ticketops.stores.foreign import hidden
from ticketops.stores.foreign.hidden import Hidden
from ticketops.stores.untrusted import refuse_dishonest

_ZIP, _OLE = b"PK", bytes.fromhex("D0CF11E0A1B11AE1")
_UNREAD = ("Basic/", "Dialogs/", "Configurations", "Thumbnails/", "Object")
"""Parts of OpenDocument files that nothing here opens; macros in them declare a DTD."""
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_LENGTH = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2})(?:[.,]\d+)?S")
MOST_ROWS, MOST_COLUMNS = 200_000, 1_000


def sheet_cells(data: bytes, name: str, sheet: str | None, prefer: Sequence[str]) -> Cells:
    """The cells of one sheet: the one called so, else one whose title has a preferred word, else
    the first that holds anything. Raises UnusableError, HostileFileError, InputError."""
    from python_calamine import CalamineWorkbook

    is_xlsx = False
    if data.startswith(_ZIP):
        refuse_dishonest(data, name, passed_over=_UNREAD)
        is_xlsx = _has_part(data, "xl/workbook.xml")
    elif not data.startswith(_OLE):
        raise UnusableError(f"{name} is not a spreadsheet", "check its name and what it holds")
    book: Any = _readable(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)), name)
    titles = _titles(book)
    if not titles:
        raise InputError(f"{name} has no sheet")
    wanted = _wanted(titles, sheet, prefer, name)
    pages = {title: _readable(partial(book.get_sheet_by_name, title), name) for title in wanted}
    chosen = next((title for title in wanted if pages[title].start), wanted[0])
    page = pages[chosen]
    if page.total_height > MOST_ROWS or page.total_width > MOST_COLUMNS:
        raise InputError(
            f"{name}: the sheet {chosen!r} has {page.total_height:,} rows by "
            f"{page.total_width:,} columns, more than any table of this kind",
            "delete what is far from the other cells, or save the table alone",
        )
    rows = _readable(lambda: page.to_python(skip_empty_area=False), name)
    cells = [[_cell(cell) for cell in row] for row in rows]
    unseen: Hidden = ((), ())
    if is_xlsx:
        unseen = _with_errors(cells, data, name, chosen)
    elif data.startswith(_ZIP):
        unseen = _with_errors_of_ods(cells, data, chosen)
    merged: list[Area] = [
        (top, left, bottom, right)
        for (top, left), (bottom, right) in (page.merged_cell_ranges or ())
    ]
    numbers = list(range(1, len(cells) + 1))
    return Cells(chosen, titles, cells, numbers, tuple(merged), hidden=unseen)


def _cell(cell: Any) -> Any:
    """A cell as calamine has it; a length of time of an OpenDocument sheet (`PT25H30M00S`), which it
    gives as a text, as such."""
    if cell == "":
        return None
    if isinstance(cell, str) and (found := _LENGTH.fullmatch(cell)):
        return timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=int(found[3]))
    return cell


def _titles(book: Any) -> tuple[str, ...]:
    """The titles of its sheets, those that are shown first."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
    shown = [one.name for one in sheets if one.visible == SheetVisibleEnum.Visible]
    return (*shown, *(one.name for one in sheets if one.name not in shown))


def _wanted(
    titles: Sequence[str], sheet: str | None, prefer: Sequence[str], name: str
) -> tuple[str, ...]:
    """The sheets that may be meant, the likeliest first."""
    if sheet is not None:
        found = [title for title in titles if title.strip().casefold() == sheet.strip().casefold()]
        if not found:
            raise InputError(f"{name} has no sheet {sheet!r}", f"it has {', '.join(titles)}")
        return (found[0],)
    liked = [title for word in prefer for title in titles if word in title.casefold()]
    return tuple(dict.fromkeys([*liked, *titles]))


def _has_part(data: bytes, part: str) -> bool:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return any(one.lstrip("/").casefold() == part for one in archive.namelist())


def _with_errors(cells: list[list[Any]], data: bytes, name: str, sheet: str) -> Hidden:
    """Cells that hold an error, which calamine gives as blank; returned is what is hidden."""
    from ticketops.stores.xlsx.package import Package
    from ticketops.stores.xlsx.parts import Parts
    from ticketops.stores.xlsx.reader import Reader

    reader = Reader(Parts(Package(data, name)))
    for row, column, error in reader.errors(sheet):
        if row <= len(cells) and column <= len(cells[row - 1]):
            cells[row - 1][column - 1] = error
    return hidden.of_xlsx(reader.xml(sheet), len(cells), max(map(len, cells), default=0))


def _with_errors_of_ods(cells: list[list[Any]], data: bytes, sheet: str) -> Hidden:
    """The same for an OpenDocument sheet. (Those of .xls and .xlsb stay blank.)"""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "content.xml" not in archive.namelist():
            return (), ()
        xml = archive.read("content.xml")
    if b'value-type="error"' not in xml and b':visibility="' not in xml:
        return (), ()
    from lxml import etree

    reader: Any = etree
    parser = reader.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    tables = reader.fromstring(xml, parser=parser).iter(f"{_TABLE}table")
    table = next((one for one in tables if one.get(f"{_TABLE}name") == sheet), None)
    if table is None:
        return (), ()
    at = 0
    for row in table.iter(f"{_TABLE}table-row"):
        place = 0
        for cell in row:
            if cell.get(f"{_CALC}value-type") == "error" and at < len(cells):
                text = "".join(cell.itertext()).strip()
                if place < len(cells[at]):
                    cells[at][place] = ErrorValue(text if text.startswith("#") else "#N/A")
            place += int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        at += int(row.get(f"{_TABLE}number-rows-repeated", "1"))
    return hidden.of_ods(table, len(cells), max(map(len, cells), default=0))


def _readable(read: Callable[[], Any], name: str) -> Any:
    try:
        return read()
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, TicketopsError):
        raise
    except BaseException as error:  # a damaged file can make the Rust reader panic
        why = "it is protected by a password" if "assword" in str(error) else "it is damaged"
        raise UnusableError(
            f"{name} can't be read: {why}", "open it in a spreadsheet program and save it again"
        ) from None
