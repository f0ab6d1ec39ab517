"""What of a sheet its values do not show: formulas, notes, merged cells, tables, the filter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ticketops.model.patterns import when_needed
from ticketops.schema.addresses import Area, column_number, parse_range
from ticketops.schema.columns import ErrorValue
from ticketops.schema.surroundings import Marks
from ticketops.stores.xlsx.conventional import SheetXml
from ticketops.stores.xlsx.parts import Parts
from ticketops.stores.xlsx.xmltext import unescape

_FORMULA_CELL = when_needed(rb'<c r="([A-Z]+)(\d+)"[^>]*><f(?:\s[^>]*?)?(/?)>([^<]*)')
_ERROR_CELL = when_needed(
    rb'<c r="([A-Z]+)(\d+)"(?=[^>]*?\st\s*=\s*["\']e["\'])[^>]*[^>/]>(.*?)</c>', re.DOTALL
)
_VALUE = when_needed(rb"<v(?:\s[^>]*)?>([^<]*)</v>")
MERGE = when_needed(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref=["\']([^"\']+)')
COMMENT = when_needed(rb"<!--.*?-->", re.DOTALL)
_FILTER = when_needed(rb'<(?:\w+:)?autoFilter\b[^>]*?\bref=["\']([^"\']+)')
_TABLE = when_needed(rb'<(?:\w+:)?table\b[^>]*?\sref=["\']([^"\']+)')
_TOTALS = when_needed(rb'<(?:\w+:)?table\b[^>]*?\stotalsRowCount=["\'](\d+)')
_TABLE_COLUMN = when_needed(
    rb"<(?:\w+:)?tableColumn\b[^>]*?(?:/>|(?<!/)>(.*?)</(?:\w+:)?tableColumn>)", re.DOTALL
)
_CALCULATED = when_needed(rb"<(?:\w+:)?calculatedColumnFormula\b[^>]*>([^<]*)</")
_PROTECTED = when_needed(rb"""<(?:\w+:)?sheetProtection\s[^>]*?\bsheet=["'](?:1|true)["']""")
_TICK_BOXES = frozenset({b"TRUE()", b"FALSE()"})

_number = lru_cache(2**10)(column_number)


def marks_of(parts: Parts, name: str, sheet: SheetXml) -> Marks:
    """The marks of a sheet, given in conventional form."""
    xml, start, end = sheet
    formulas = {}
    if xml.find(b"<f", start, end) >= 0:
        for found in _FORMULA_CELL().finditer(xml, start, end):
            text = b"" if found[3] else found[4].strip()
            if text not in _TICK_BOXES:
                formulas[int(found[2]), _number(found[1])] = unescape(
                    text.decode("utf-8", "replace")
                )
    tail = COMMENT().sub(b"", xml[end:]) if b"<!--" in xml[end:] else xml[end:]
    own_filter = _FILTER().search(tail)
    return Marks(
        formulas,
        parts.notes_of(name),
        [area for area in (parse_range(found.decode()) for found in MERGE().findall(tail)) if area],
        list(tables_of(parts, name)),
        parse_range(own_filter[1].decode()) if own_filter else None,
        foot_moves=True,
        errors=_may_err(sheet),
        protected=bool(_PROTECTED().search(tail)),
    )


def errors_in(sheet: SheetXml) -> Iterator[tuple[int, int, ErrorValue]]:
    """(row, column, error) of the cells that hold an error, which python-calamine gives as
    blank."""
    if _may_err(sheet):
        for found in _ERROR_CELL().finditer(sheet.xml, sheet.start, sheet.end):
            value = _VALUE().search(found[3])
            text = unescape(value[1].decode("utf-8", "replace")).strip() if value else ""
            yield int(found[2]), _number(found[1]), ErrorValue(text or "#N/A")


def _may_err(sheet: SheetXml) -> bool:
    return b'"e"' in sheet.xml or b"'e'" in sheet.xml


def tables_of(parts: Parts, name: str) -> Iterator[tuple[Area, int, Mapping[int, str]]]:
    """(area, rows of totals, {column: calculated formula}) of each table of a sheet."""
    for part in parts.tables_of(name):
        xml = parts.xml(part)
        found = _TABLE().search(xml)
        area = parse_range(found[1].decode()) if found else None
        if area:
            yield area, totals_rows(xml), calculated_columns(xml, area)


def totals_rows(table: bytes) -> int:
    """How many rows of totals a table has at its foot."""
    found = _TOTALS().search(table)
    return int(found[1]) if found else 0


def calculated_columns(table: bytes, area: Area) -> dict[int, str]:
    """{sheet column: formula} of the columns that a table fills."""
    formulas = {}
    for place, found in enumerate(_TABLE_COLUMN().finditer(table), start=area[0][0]):
        formula = _CALCULATED().search(found[1] or b"")
        if formula:
            formulas[place] = unescape(formula[1].decode("utf-8", "replace"))
    return formulas
