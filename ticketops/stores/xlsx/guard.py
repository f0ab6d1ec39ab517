"""Hostile and unusable files are refused before anything opens them.

Limits are far above any real workbook: Excel's own are 1,048,576 rows by 16,384 columns.
"""

from __future__ import annotations

import posixpath
import re
import zipfile

from ticketops.errors import HostileFileError, UnusableError
from ticketops.model.patterns import when_needed
from ticketops.schema.addresses import column_number
from ticketops.stores.xlsx import foreign

MAX_MEMBERS = 10_000
MAX_INFLATED = 6 * 2**30
MAX_MEMBER = 2 * 2**30
RATIO_LIMIT = 250
RATIO_FLOOR = 32 * 2**20
"""A member that inflates to less than this is never called a bomb."""
ROOMY_GRID = 8_000_000
"""Rows × columns up to which nobody asks how full a sheet is."""
SPARSE = 100
"""A larger grid needs one cell in so many."""
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384

_BLANK = when_needed(rb"\s*")
_ASIDE = {b"<?": b"?>", b"<!--": b"-->"}
"""What may stand before the root element, and how it ends."""

_LATE_DECLARATION = when_needed(rb"(?:\xef\xbb\xbf)?\s+<\?xml\s")
"""An XML declaration with blanks in front of it, which no conforming reader takes."""
_SMALL_PART = 2**20
"""Larger parts are sheets, whose rewriting to conventional form refuses a DTD wherever it
stands."""

_OLE_MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
_COLUMN_FROM_AAA = when_needed(rb'r="[A-Z]{3}\d')
_COLUMN_FROM_BA = when_needed(rb'r="[B-Z][A-Z]\d')
_ROW_FROM_10000 = when_needed(rb'r="[A-Z]{0,3}\d{5}')
_ROW_FROM_100000 = when_needed(rb'r="[A-Z]{0,3}\d{6}')
_ROW = when_needed(rb'<row r="(\d{1,9})')
_FILLED = when_needed(rb'<c r="([A-Z]{1,3})(\d{1,9})"(?:[^>]*[^/>])?>(?!</c>|<v></v></c>|<v/></c>)')
"""A cell with content; what is merely styled no reader lays out."""


def check_magic(head: bytes, name: str) -> None:
    """Raises UnusableError unless the file starts like a zip archive."""
    if not head:
        raise UnusableError(
            f"{name} is empty", "check whether it is still being copied or synchronised"
        )
    if head.startswith(_OLE_MAGIC):
        raise UnusableError(
            f"{name} is an old .xls workbook or protected by a password",
            "open it in a spreadsheet program and save it as .xlsx without a password",
        )
    if not head.startswith(b"PK"):
        what = foreign.named_by_head(head)
        said = f"{name} is not an .xlsx workbook" + (f": it is {what}" if what else "")
        raise UnusableError(said, "open it in a spreadsheet program and save it as .xlsx")


def check_directory(members: list[zipfile.ZipInfo], size: int, name: str) -> None:
    """Refuse an archive by what its directory says. Raises HostileFileError or UnusableError."""
    if len(members) > MAX_MEMBERS:
        raise HostileFileError(f"{name} holds {len(members)} parts, more than any workbook")
    seen: set[str] = set()
    total = 0
    for info in members:
        plain = posixpath.normpath("/" + info.filename.replace("\\", "/")).lstrip("/").casefold()
        if plain in seen:
            raise HostileFileError(f"{name} holds the part {info.filename!r} twice")
        seen.add(plain)
        if info.flag_bits & 0x1:
            raise UnusableError(f"{name} is encrypted", "save it without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnusableError(f"{name} uses a compression that .xlsx files do not have")
        if info.header_offset + info.compress_size > size:
            raise UnusableError(
                f"{name} is cut off", "check whether it is still being copied or synchronised"
            )
        bomb = info.file_size > RATIO_FLOOR and info.file_size > RATIO_LIMIT * max(
            1, info.compress_size
        )
        if bomb or info.file_size > MAX_MEMBER:
            raise HostileFileError(
                f"{name}: the part {info.filename!r} unpacks to {info.file_size:,} bytes"
            )
        total += info.file_size
    if total > MAX_INFLATED:
        raise HostileFileError(f"{name} unpacks to {total:,} bytes")


def check_xml(xml: bytes, part: str) -> None:
    """Refuse what a workbook part never holds. Raises HostileFileError for a DTD, UnusableError for
    UTF-16 and for text before the root element."""
    head = xml[:4096]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"):
        raise UnusableError(
            f"the part {part!r} is not in UTF-8", "open and save it in a spreadsheet program"
        )
    check_prolog(xml if len(xml) <= _SMALL_PART else head, part)
    declared = re.match(rb'\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["\']([^"\']+)', head)
    if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise UnusableError(
            f"the part {part!r} is not in UTF-8", "open and save it in a spreadsheet program"
        )
    root = _root(xml)
    if _LATE_DECLARATION().match(head):
        root = 0
    if xml.startswith(b"<!", root):
        raise HostileFileError(f"the part {part!r} declares a DTD")
    if not xml.startswith(b"<", root):
        raise UnusableError(
            f"the part {part!r} is not well-formed XML: it does not begin with its root element",
            "open and save it in a spreadsheet program",
        )


def check_prolog(xml: bytes, part: str) -> None:
    """Raises HostileFileError where the beginning of a part declares a DTD."""
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise HostileFileError(f"the part {part!r} declares a DTD")


def _root(xml: bytes) -> int:
    """Where it begins behind processing instructions and comments: its root element, or a DTD."""
    position = 3 if xml.startswith(b"\xef\xbb\xbf") else 0
    while True:
        blank = _BLANK().match(xml, position)
        position = blank.end() if blank else position
        end = next((end for start, end in _ASIDE.items() if xml.startswith(start, position)), b"")
        if not end:
            return position
        position = xml.find(end, position)
        if position < 0:
            return len(xml)
        position += len(end)


def check_extent(xml: bytes, sheet: str) -> None:
    """Refuse a sheet (in conventional form) whose filled cells span a grid that they hardly fill: a
    reader would lay it out whole.

    Two quick searches clear every ordinary sheet; others are measured cell by cell. Raises
    HostileFileError.
    """
    beyond_az, beyond_zz = _COLUMN_FROM_BA().search(xml), _COLUMN_FROM_AAA().search(xml)
    if (
        not beyond_zz
        and not _ROW_FROM_100000().search(xml)
        and (not beyond_az or not _ROW_FROM_10000().search(xml))
    ):
        return
    cells = _FILLED().findall(xml)
    widest = max(map(column_number, {column for column, _ in cells}), default=0)
    lowest = max(map(int, {row for _, row in cells}), default=0)
    last = max(map(int, _ROW().findall(xml)), default=0)
    if last > MAX_ROWS or lowest > MAX_ROWS or widest > MAX_COLUMNS:
        raise HostileFileError(
            f"sheet {sheet!r} spans {max(lowest, last):,} rows by {widest:,} columns"
        )
    if lowest * widest > max(ROOMY_GRID, SPARSE * len(cells)):
        by_row = lowest / MAX_ROWS > widest / MAX_COLUMNS
        far = next(
            f"{column.decode()}{row.decode()}"
            for column, row in cells
            if (int(row) == lowest if by_row else column_number(column) == widest)
        )
        raise HostileFileError(
            f"sheet {sheet!r} spans {lowest:,} rows by {widest:,} columns: {far} is far from the "
            "other cells",
            f"delete the {'row' if by_row else 'column'} of {sheet}!{far}, or move what it holds next to the rest, and save",
        )


def check_strings(xml: bytes, part: str) -> None:
    """Refuse shared strings that announce more than they can hold. Raises HostileFileError."""
    announced = re.search(rb"<(?:\w+:)?sst\b[^>]*", xml)
    for count in re.findall(
        rb'\b(?:uniqueCount|count)\s*=\s*["\']\s*(\d+)', announced[0] if announced else b""
    ):
        if len(count) > 12 or int(count) > max(len(xml), 1) * 1000:
            raise HostileFileError(f"the part {part!r} announces {count[:20].decode()} strings")
    unique = re.search(rb'\buniqueCount\s*=\s*["\']\s*(\d+)', announced[0] if announced else b"")
    if unique and int(unique[1]) > len(xml):
        raise HostileFileError(f"the part {part!r} announces {unique[1].decode()} strings")
