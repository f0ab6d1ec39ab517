"""Splicing: some cells of a sheet's XML get new values, every other byte stays (DESIGN: xlsx store, write).

The sheet must be in conventional form (`conventional.py`). What can't be done safely is refused with a SpliceError
that names the cell: formulas, merged cells and array ranges in the way, rows out of order.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from ticketops.errors import SpliceError
from ticketops.schema.addresses import column_letters, column_number
from ticketops.stores.edits import SheetEdit
from ticketops.stores.xlsx.cells import CELL, CONSTANT, from_xml, has_formula, is_constant, rest_of_cell, style_of, text_cell, to_xml
from ticketops.stores.xlsx.conventional import SheetXml
from ticketops.stores.xlsx.guard import MAX_ROWS
from ticketops.stores.xlsx.ranges import Area, Growth, grow_ranges, parse_range, widen_dimension
from ticketops.stores.xlsx.styles import Styles

_ROW = re.compile(rb'<row r="(\d+)"([^>]*?)(/?)>')
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^>]*?)/?>")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref=["\']([^"\']+)')
_ARRAY = re.compile(rb'<f\b[^>]*?\bt="(?:array|dataTable)"[^>]*?\bref="([^"]+)"')
_ROW_LOOKS = re.compile(rb'\s(?:ht|customHeight|s|customFormat|x14ac:dyDescent)="[^"]*"')
_OWN_LOOKS = re.compile(rb'\scustomFormat="(?:1|true)"')
_SPANS = re.compile(rb'\sspans="(\d+):(\d+)"')

_letters, _number = lru_cache(2**14)(column_letters), lru_cache(2**14)(column_number)


@dataclass(slots=True)
class Spliced:
    """The new sheet, the raw values that stood in the written cells of rows that there were, and how far its data grew."""

    xml: bytes
    before: dict[int, dict[int, Any]]
    growth: Growth


def splice(sheet_xml: SheetXml, edit: SheetEdit, styles: Styles, shared: Callable[[int], str], sheet: str, *, constants: bool) -> Spliced:
    """The sheet after the edit. Raises SpliceError where that can't be done safely.

    constants: LibreOffice saves a tick-box as the formula TRUE() or FALSE(); these may be overwritten like values.
    """
    xml, start, end = sheet_xml
    if edit.last_row > MAX_ROWS:
        raise SpliceError(f"sheet {sheet!r} would have {edit.last_row:,} rows; a sheet holds {MAX_ROWS:,}")
    body = _Body(sheet_xml, edit, styles, shared, sheet, constants=constants)
    _refuse_ranges(sheet, edit, _MERGE.findall(_uncommented(xml[end:])), "lies inside merged cells", keep_first=True)
    arrays = (m[1] for m in _ARRAY.finditer(xml, start, end)) if b't="array"' in xml or b"dataTable" in xml else ()
    _refuse_ranges(sheet, edit, arrays, "belongs to an array formula", keep_first=False)
    pieces = body.spliced()
    growth = Growth(edit.header_row, edit.first_free_row - 1, edit.last_row)
    head = widen_dimension(xml[:start], _written_area(edit), exact_bottom=edit.rewrite_from is not None)
    return Spliced(b"".join([head, *pieces, grow_ranges(xml[end:], growth)]), body.before, growth)


def _written_area(edit: SheetEdit) -> Area:
    ends = [column for row in edit.cells.values() if row for column in (min(row), max(row))]
    return (min(ends, default=1), min(edit.cells, default=1)), (max(ends, default=1), max(edit.cells, default=1))


def rows_of(sheet_xml: SheetXml, wanted: Collection[int]) -> dict[int, bytes]:
    """The XML of some rows, of those that there are."""
    xml, start, end = sheet_xml
    rows = {}
    for opened in _ROW.finditer(xml, start, end):
        number = int(opened[1])
        if number in wanted:
            stop = opened.end() if opened[3] else xml.index(b"</row>", opened.end()) + len(b"</row>")
            rows[number] = xml[opened.start() : stop]
    return rows


def read_cells(rows: Mapping[int, bytes], wanted: Mapping[int, Iterable[int]], shared: Callable[[int], str]) -> dict[int, dict[int, Any]]:
    """Raw values of some cells of `rows`: {row: {column: value}}, None where there is no such cell."""
    found: dict[int, dict[int, Any]] = {}
    for row, columns in wanted.items():
        values = found[row] = dict.fromkeys(columns)
        for cell in CELL.finditer(rows.get(row, b"")):
            column = _number(cell[1])
            if column in values:
                values[column] = from_xml(cell[2], cell[3] or b"", shared)
    return found


def formulas_in(rows: Mapping[int, bytes], wanted: Mapping[int, Collection[int]]) -> set[tuple[int, int]]:
    """Which cells of `rows` hold a formula that is no tick-box of LibreOffice: (row, column)."""
    return {
        (row, column)
        for row, columns in wanted.items()
        for cell in CELL.finditer(rows.get(row, b""))
        if (column := _number(cell[1])) in columns and has_formula(cell[3] or b"") and not is_constant(cell[3] or b"")
    }


def _uncommented(xml: bytes) -> bytes:
    return _COMMENT.sub(b"", xml) if b"<!--" in xml else xml


def _refuse_ranges(sheet: str, edit: SheetEdit, references: Iterable[bytes], why: str, *, keep_first: bool) -> None:
    """Raises SpliceError if an edited cell lies in one of the ranges (its first cell may, where keep_first)."""
    rows = sorted(edit.cells)
    for reference in references:
        area = parse_range(reference.decode())
        if area is None:
            continue
        (left, top), (right, bottom) = area
        for row in rows[bisect_left(rows, top) : bisect_right(rows, bottom)]:
            for column in edit.cells[row]:
                first = keep_first and (column, row) == (left, top)
                if left <= column <= right and not first:
                    raise SpliceError(f"{sheet}!{_letters(column)}{row} {why} ({reference.decode()}): nothing was written")
        if edit.rewrite_from is not None and bottom >= edit.rewrite_from:
            raise SpliceError(f"{sheet}!{reference.decode()} {why.replace('lies inside', 'are')}: the sheet can't be written anew")


class _Body:
    """The rows of one sheet while they are spliced."""

    def __init__(
        self, sheet_xml: SheetXml, edit: SheetEdit, styles: Styles, shared: Callable[[int], str], sheet: str, *, constants: bool
    ) -> None:
        xml, start, end = self._xml, self._start, self._end = sheet_xml
        self._edit, self._styles, self._shared, self._sheet, self._constants = edit, styles, shared, sheet, constants
        self._opened = list(_ROW.finditer(xml, start, end))
        self._numbers = [int(m[1]) for m in self._opened]
        if any(later <= earlier for earlier, later in zip(self._numbers, self._numbers[1:], strict=False)):
            raise SpliceError(f"the rows of sheet {sheet!r} are out of order", "open and save it in a spreadsheet program")
        self._column_styles = self._read_columns()
        self._defaults: dict[int, int] = {}
        self._plans: dict[tuple[bool, tuple[int, ...]], list[tuple[int, int, str, str]]] = {}
        self.before: dict[int, dict[int, Any]] = {}

    def spliced(self) -> list[bytes]:
        """The new content of sheetData, in pieces."""
        xml, pieces, position = self._xml, [], self._start
        edit = self._edit
        template = self._template()
        stop = self._end
        if edit.rewrite_from is not None:
            first = bisect_left(self._numbers, edit.rewrite_from)
            stop = self._opened[first].start() if first < len(self._opened) else self._end
            dropped = xml[stop : self._end]
            if dropped.count(b"<f") > (len(CONSTANT.findall(dropped)) if self._constants else 0):
                raise SpliceError(f"sheet {self._sheet!r} holds formulas where it would be written anew: nothing was written")
        rows = {*edit.cells, *self._numbers} if edit.clear_others else edit.cells
        for row in sorted(rows):
            at = bisect_left(self._numbers, row)
            exists = at < len(self._numbers) and self._numbers[at] == row
            if exists and self._opened[at].start() < stop:
                opened = self._opened[at]
                pieces.append(xml[position : opened.start()])
                close = opened.end() if opened[3] else xml.index(b"</row>", opened.end())
                pieces.append(self._edited_row(row, opened, close, edit.cells.get(row, {}), template))
                position = close if opened[3] else close + len(b"</row>")
            else:
                before = min(self._opened[at].start() if at < len(self._opened) else self._end, stop)
                pieces.append(xml[position:before])
                position = before
                pieces.append(self._new_row(row, edit.cells[row], template))
        pieces.append(xml[position:stop])
        return pieces

    def _read_columns(self) -> list[tuple[int, int, int]]:
        """(first, last, style) of every <col> with a style."""
        found = []
        for attributes in _COLUMN.findall(_uncommented(self._xml[: self._start])):
            bounds = {k: int(v) for k, v in re.findall(rb'\b(min|max|style)=["\'](\d+)', attributes)}
            if bounds.get(b"style"):
                found.append((bounds.get(b"min", 0), bounds.get(b"max", 0), bounds[b"style"]))
        return found

    def _column_style(self, column: int) -> int:
        style = self._defaults.get(column)
        if style is None:
            style = next((style for first, last, style in self._column_styles if first <= column <= last), 0)
            self._defaults[column] = style
        return style

    def _template(self) -> tuple[bytes, dict[int, int]]:
        """Row attributes and cell styles that new rows take: those of the row above the first free one, never the header's."""
        edit = self._edit
        row = edit.rewrite_from if edit.rewrite_from is not None else edit.first_free_row - 1
        at = bisect_left(self._numbers, row)
        if row <= edit.header_row or at >= len(self._numbers) or self._numbers[at] != row:
            return b"", {}
        opened = self._opened[at]
        looks = b"".join(m[0] for m in _ROW_LOOKS.finditer(opened[2]))
        return looks, self._row_styles(at)

    def _row_styles(self, at: int) -> dict[int, int]:
        opened = self._opened[at]
        if opened[3]:
            return {}
        close = self._xml.index(b"</row>", opened.end())
        cells = CELL.finditer(self._xml, opened.end(), close)
        return {_number(cell[1]): style_of(cell[2]) for cell in cells}

    def _style_for(self, value: datetime, style: int, row: int = 0, column: int = 0) -> int:
        """The style of a date: where the cell's shows no dates, that of the cell above `row`, else a dated twin of its own."""
        if self._styles.is_date(style):
            return style
        above = self._above(row, column) if row else None
        if above is not None and self._styles.is_date(above):
            return above
        return self._styles.dated(style, with_time=value.time() != time())

    def _new_row(self, row: int, cells: Mapping[int, Any], template: tuple[bytes, dict[int, int]]) -> bytes:
        looks, styles = template if row >= self._edit.first_free_row or self._edit.rewrite_from else (b"", {})
        parts = []
        for column, style, opening, styled in self._columns_of(tuple(cells), styles):
            value = cells.get(column)
            if type(value) is datetime and not self._styles.is_date(style):
                parts.append(self._cell(column, row, self._style_for(value, style), value))
            elif style or value is not None:
                try:
                    parts.append(f"{opening}{row}{styled}{text_cell(value) if type(value) is str else rest_of_cell(value)}")
                except SpliceError as error:
                    raise self._refused(column, row, error) from None
        return b'<row r="%d"%b>%b</row>' % (row, looks, "".join(parts).encode())

    def _columns_of(self, written: tuple[int, ...], styles: Mapping[int, int]) -> list[tuple[int, int, str, str]]:
        """(column, style, XML up to the row number, XML behind it) of a new row's cells; most new rows have the same columns."""
        key = (bool(styles), written)
        known = self._plans.get(key)
        if known is None:
            columns = {c: styles[c] if c in styles else self._column_style(c) for c in sorted({*written, *styles})}
            known = [(c, style, f'<c r="{_letters(c)}', f'" s="{style}"' if style else '"') for c, style in columns.items()]
            self._plans[key] = known
        return known

    def _cell(self, column: int, row: int, style: int, value: Any) -> str:
        try:
            return to_xml(_letters(column), row, style, value)
        except SpliceError as error:
            raise self._refused(column, row, error) from None

    def _refused(self, column: int, row: int, error: SpliceError) -> SpliceError:
        return SpliceError(f"{self._sheet}!{_letters(column)}{row} {error.message}")

    def _edited_row(
        self, row: int, opened: re.Match[bytes], close: int, cells: Mapping[int, Any], template: tuple[bytes, dict[int, int]]
    ) -> bytes:
        """One existing row: written cells replaced or inserted in column order, all others to the byte."""
        attributes = opened[2]
        own_style = style_of(attributes) if _OWN_LOOKS.search(attributes) else None
        fresh = template[1] if row >= self._edit.first_free_row else {}
        pending = sorted(cells)
        before = self.before[row] = dict.fromkeys(pending)
        parts: list[bytes] = []
        position = opened.end()
        nth = 0

        def put(column: int, style: int) -> None:
            value = cells.get(column)
            if isinstance(value, datetime):
                style = self._style_for(value, style, row, column)
            parts.append(self._cell(column, row, style, value).encode())

        def insert(column: int) -> None:
            style = fresh.get(column)
            if style is None:
                style = own_style if own_style is not None else self._column_style(column)
            put(column, style)

        if not opened[3]:
            for cell in CELL.finditer(self._xml, opened.end(), close):
                column = _number(cell[1])
                while nth < len(pending) and pending[nth] < column:
                    parts.append(self._xml[position : cell.start()])
                    position = cell.start()
                    insert(pending[nth])
                    nth += 1
                if nth == len(pending) and not self._edit.clear_others:
                    break
                written = nth < len(pending) and pending[nth] == column
                if written or (self._edit.clear_others and cell[3]):
                    parts.append(self._xml[position : cell.start()])
                    position = cell.end()
                    content = cell[3] or b""
                    if has_formula(content) and not (self._constants and is_constant(content)):
                        raise SpliceError(
                            f"{self._sheet}!{_letters(column)}{row} holds a formula: nothing was written",
                            "replace the formula by its value, or move it to a column of your own",
                        )
                    before[column] = from_xml(cell[2], content, self._shared)
                    put(column, style_of(cell[2]))
                    nth += written
        parts.append(self._xml[position:close] if not opened[3] else b"")
        for column in pending[nth:]:
            insert(column)
        spans = _widen_spans(attributes, pending[0], pending[-1]) if pending else attributes
        return b'<row r="%d"%b>%b</row>' % (row, spans, b"".join(parts))

    def _above(self, row: int, column: int) -> int | None:
        at = bisect_left(self._numbers, row) - 1
        if at < 0 or self._numbers[at] <= self._edit.header_row:
            return None
        return self._row_styles(at).get(column)


@lru_cache(2**10)
def _widen_spans(attributes: bytes, first: int, last: int) -> bytes:
    """A row's spans hint, true again after cells were written."""
    return _SPANS.sub(lambda found: b' spans="%d:%d"' % (min(int(found[1]), first), max(int(found[2]), last)), attributes)
