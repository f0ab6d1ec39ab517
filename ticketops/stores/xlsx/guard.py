"""Hostile and unusable files are refused before anything opens them (DESIGN: xlsx store, guard).

Limits are far above any real workbook: Excel's own are 1,048,576 rows by 16,384 columns.
"""

from __future__ import annotations

import re
import zipfile

from ticketops.errors import HostileFileError, UnusableError
from ticketops.schema.addresses import column_number

MAX_MEMBERS = 10_000
MAX_INFLATED = 6 * 2**30
MAX_MEMBER = 2 * 2**30
RATIO_LIMIT = 250
RATIO_FLOOR = 32 * 2**20
"""A member that inflates to less than this is never called a bomb."""
MAX_GRID_CELLS = 75_000_000
"""Rows × columns that a reader lays out as one grid."""
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384

_SMALL_PART = 2**20
"""Larger parts are sheets, whose rewriting to conventional form refuses a DTD wherever it stands."""

_OLE_MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
_COLUMN_FROM_AAA = re.compile(rb'r="[A-Z]{3}\d')
_COLUMN_FROM_BA = re.compile(rb'r="[B-Z][A-Z]\d')
_ROW_FROM_100000 = re.compile(rb'r="[A-Z]{0,3}\d{6}')
_REFERENCE = re.compile(rb'<(?:c|row) r="([A-Z]{0,3})(\d{1,9})')


def check_magic(head: bytes, name: str) -> None:
    """Raises UnusableError unless the file starts like a zip archive."""
    if not head:
        raise UnusableError(f"{name} is empty", "is it still being copied or synchronised?")
    if head.startswith(_OLE_MAGIC):
        raise UnusableError(
            f"{name} is an old .xls workbook or protected by a password",
            "open it in a spreadsheet program and save it as .xlsx without a password",
        )
    if not head.startswith(b"PK"):
        raise UnusableError(f"{name} is not an .xlsx workbook")


def check_directory(members: list[zipfile.ZipInfo], size: int, name: str) -> None:
    """Refuse an archive by what its directory says. Raises HostileFileError or UnusableError."""
    if len(members) > MAX_MEMBERS:
        raise HostileFileError(f"{name} holds {len(members)} parts, more than any workbook")
    seen: set[str] = set()
    total = 0
    for info in members:
        if info.filename in seen:
            raise HostileFileError(f"{name} holds the part {info.filename!r} twice")
        seen.add(info.filename)
        if info.flag_bits & 0x1:
            raise UnusableError(f"{name} is encrypted", "save it without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnusableError(f"{name} uses a compression that .xlsx files do not have")
        if info.header_offset + info.compress_size > size:
            raise UnusableError(f"{name} is cut off", "is it still being copied or synchronised?")
        bomb = info.file_size > RATIO_FLOOR and info.file_size > RATIO_LIMIT * max(1, info.compress_size)
        if bomb or info.file_size > MAX_MEMBER:
            raise HostileFileError(f"{name}: the part {info.filename!r} would inflate to {info.file_size:,} bytes")
        total += info.file_size
    if total > MAX_INFLATED:
        raise HostileFileError(f"{name} would inflate to {total:,} bytes")


def check_xml(xml: bytes, part: str) -> None:
    """Refuse what a workbook part never holds. Raises HostileFileError for a DTD, UnusableError for UTF-16."""
    head = xml[:4096]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnusableError(f"the part {part!r} is not in UTF-8", "open and save it in a spreadsheet program")
    prolog = xml if len(xml) <= _SMALL_PART else head
    if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog:
        raise HostileFileError(f"the part {part!r} declares a DTD")
    declared = re.match(rb'\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["\']([^"\']+)', head)
    if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise UnusableError(f"the part {part!r} is not in UTF-8", "open and save it in a spreadsheet program")


def check_extent(xml: bytes, sheet: str) -> None:
    """Refuse a sheet (in conventional form) whose cells span a grid no memory holds. Raises HostileFileError.

    Two quick searches clear every ordinary sheet; only one that is both long and wide is measured cell by cell.
    """
    long, wide = _ROW_FROM_100000.search(xml), _COLUMN_FROM_AAA.search(xml)
    if not (long or wide):
        return
    if not wide and not _COLUMN_FROM_BA.search(xml) and not re.search(rb'r="[A-Z]{0,3}\d{8}', xml):
        return
    widest = lowest = 0
    for column, row in _REFERENCE.findall(xml):
        widest = max(widest, column_number(column))
        lowest = max(lowest, int(row))
    if lowest > MAX_ROWS or widest > MAX_COLUMNS or lowest * widest > MAX_GRID_CELLS:
        raise HostileFileError(f"sheet {sheet!r} spans {lowest:,} rows by {widest:,} columns")
