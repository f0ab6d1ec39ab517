"""Rows and columns that a spreadsheet does not show, by a filter, by a group that is folded, or by
hand. python-calamine does not tell them; .xls and .xlsb are not looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ticketops.stores.xlsx.conventional import SheetXml

_ROW = re.compile(rb"<row\b[^>]*>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
_HIDDEN = re.compile(rb"""\shidden\s*=\s*["'](?:1|true)["']""")
_NUMBER = re.compile(rb"""\s(r|min|max)\s*=\s*["'](\d{1,7})["']""")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OUT_OF_SIGHT = ("collapse", "filter")

Hidden = tuple[tuple[int, ...], tuple[int, ...]]
"""Rows and columns, from 0."""


def of_xlsx(sheet: SheetXml, height: int, width: int) -> Hidden:
    """Those of a sheet with so many rows and columns."""
    rows = [
        number - 1
        for tag in _hidden(_ROW, sheet.xml, sheet.start, sheet.end)
        if (number := _numbers(tag).get(b"r", 0)) and number <= height
    ]
    columns: set[int] = set()
    for tag in _hidden(_COLUMN, sheet.xml, 0, sheet.start):
        said = _numbers(tag)
        first = said.get(b"min", 0)
        columns |= set(range(max(first, 1) - 1, min(said.get(b"max", first), width)))
    return tuple(rows), tuple(sorted(columns))


def of_ods(table: Any, height: int, width: int) -> Hidden:
    """The same of a `table:table` of an OpenDocument file."""
    rows = _of_ods(table, "row", height)
    return tuple(rows), tuple(_of_ods(table, "column", width))


def _hidden(tags: re.Pattern[bytes], xml: bytes, start: int, end: int) -> Iterator[bytes]:
    for found in tags.finditer(xml, start, end) if b"hidden" in xml else ():
        if _HIDDEN.search(found[0]):
            yield found[0]


def _numbers(tag: bytes) -> dict[bytes, int]:
    return {name: int(number) for name, number in _NUMBER.findall(tag)}


def _of_ods(table: Any, what: str, most: int) -> list[int]:
    at, found = 0, list[int]()
    for one in table.iter(f"{_TABLE}table-{what}"):
        end = at + int(one.get(f"{_TABLE}number-{what}s-repeated", "1"))
        if one.get(f"{_TABLE}visibility") in _OUT_OF_SIGHT:
            found += range(at, min(end, most))
        at = end
    return found
