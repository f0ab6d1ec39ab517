"""Ranges that must follow when data grows downwards: dimension, filters, tables, conditional formats, validations."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ticketops.schema.addresses import column_letters, column_number

_AREA = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")
_DIMENSION = re.compile(rb'(<(?:\w+:)?dimension\b[^>]*?\bref=["\'])([^"\']+)')
_AUTO_FILTER = re.compile(rb'(<(?:\w+:)?autoFilter\b[^>]*?\bref=["\'])([^"\']+)')
_TABLE = re.compile(rb'(<(?:\w+:)?table\b[^>]*?\sref=["\'])([^"\']+)')
_SQREF = re.compile(rb'(<(?:\w+:)?(?:conditionalFormatting|dataValidation)\b[^>]*?\bsqref=["\'])([^"\']+)')
_EXTENDED = re.compile(rb"<x14:(conditionalFormatting|dataValidation)\b.*?</x14:\1>", re.DOTALL)
_EXTENDED_SQREF = re.compile(rb"(<xm:sqref>)([^<]+)")

Area = tuple[tuple[int, int], tuple[int, int]]
"""((left column, top row), (right column, bottom row)), 1-based."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Data that ended at sheet row `old_last` now ends at `new_last`; the header stands in `header_row`."""

    header_row: int
    old_last: int
    new_last: int

    def grow(self, reference: str) -> str:
        """A space-separated list of ranges; each that covered the data to its end covers the new rows too."""
        return " ".join(self._grow_one(part) for part in reference.split())

    def _grow_one(self, part: str) -> str:
        area = parse_range(part)
        if area is None:
            return part
        (left, top), (right, bottom) = area
        covers_data = max(self.old_last, min(top, self.header_row + 1)) <= bottom < self.new_last
        if not covers_data or top > self.old_last + 1 or bottom < self.header_row:
            return part
        return f"{column_letters(left)}{top}:{column_letters(right)}{self.new_last}"


def parse_range(reference: str) -> Area | None:
    """ "B2:D9" or "B2", with or without $; None for whole columns and other forms."""
    found = _AREA.fullmatch(reference)
    if not found:
        return None
    left, top = column_number(found[1]), int(found[2])
    if not found[3]:
        return (left, top), (left, top)
    return (left, top), (column_number(found[3]), int(found[4]))


def widen_dimension(head: bytes, written: Area, *, exact_bottom: bool = False) -> bytes:
    """The part of a sheet before its rows, its <dimension> widened to hold the written area.

    exact_bottom: the written area is the last of the sheet, so the dimension ends with it.
    """

    def widened(found: re.Match[bytes]) -> bytes:
        area = parse_range(found[2].decode())
        if area is None:
            return found[0]
        (left, top), (right, bottom) = area
        (new_left, new_top), (new_right, new_bottom) = written
        left, top, right = min(left, new_left), min(top, new_top), max(right, new_right)
        bottom = new_bottom if exact_bottom else max(bottom, new_bottom)
        return found[1] + f"{column_letters(left)}{top}:{column_letters(right)}{bottom}".encode()

    return _DIMENSION.sub(widened, head, count=1)


def grow_ranges(tail: bytes, growth: Growth) -> bytes:
    """The part of a sheet behind its rows, its filter, conditional formats and validations grown."""
    if growth.new_last <= growth.old_last:
        return tail

    def grown(found: re.Match[bytes]) -> bytes:
        return found[1] + growth.grow(found[2].decode()).encode()

    tail = _SQREF.sub(grown, _AUTO_FILTER.sub(grown, tail))
    return _EXTENDED.sub(lambda block: _EXTENDED_SQREF.sub(grown, block[0]), tail)


def grow_table(xml: bytes, growth: Growth) -> bytes:
    """A table part whose range and filter follow the data."""

    def grown(found: re.Match[bytes]) -> bytes:
        return found[1] + growth.grow(found[2].decode()).encode()

    return _AUTO_FILTER.sub(grown, _TABLE.sub(grown, xml, count=1))


def grow_filter_name(workbook: bytes, position: int, growth: Growth) -> bytes:
    """workbook.xml with the hidden _FilterDatabase name of the sheet at `position` (0-based) grown."""
    name = re.compile(rb"(<(?:\w+:)?definedName\b(?=[^>]*_FilterDatabase)(?=[^>]*localSheetId=[\"']%d[\"'])[^>]*>[^<]*!)"
                      rb"(\$[A-Z]+\$\d+:\$[A-Z]+\$\d+)" % position)  # fmt: skip

    def grown(found: re.Match[bytes]) -> bytes:
        area = parse_range(growth.grow(found[2].decode()))
        if area is None:
            return found[0]
        (left, top), (right, bottom) = area
        return found[1] + f"${column_letters(left)}${top}:${column_letters(right)}${bottom}".encode()

    return name.sub(grown, workbook)
