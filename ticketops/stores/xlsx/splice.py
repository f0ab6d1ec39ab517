"""Splicing: some cells of a sheet's XML get new values, every other byte stays.

The sheet must be in conventional form (`conventional.py`). What can't be done safely is refused
with a SpliceError that names the cell: formulas, merged cells and array ranges in the way, rows out
of order.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, time
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from typing import Any

from msgspec import Struct

from ticketops.errors import SpliceError
from ticketops.schema.addresses import Area, column_letters, column_number, parse_range
from ticketops.stores.areas import MERGED, refuse_areas
from ticketops.stores.edits import Filled, SheetEdit, Standing
from ticketops.stores.references import filled_down
from ticketops.stores.xlsx.cells import (
    CELL,
    CONSTANT,
    from_xml,
    has_formula,
    is_constant,
    rest_of_cell,
    style_of,
    text_cell,
    to_xml,
)
from ticketops.stores.xlsx.conventional import SheetXml
from ticketops.stores.xlsx.guard import MAX_ROWS
from ticketops.stores.xlsx.ranges import Growth, grow_ranges, widen_dimension, with_widths
from ticketops.stores.xlsx.styles import Styles
from ticketops.stores.xlsx.xmltext import escape, unescape

_ROW = re.compile(rb'<row r="(\d+)"([^>]*?)(/?)>')
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^>]*?)/?>")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref=["\']([^"\']+)')
_ARRAY = re.compile(rb'<f\b(?=[^>]*\bt=["\'](?:array|dataTable)["\'])[^>]*?\bref=["\']([^"\']+)')
_ROW_LOOKS = re.compile(rb'\s(?:ht|customHeight|s|customFormat|x14ac:dyDescent)="[^"]*"')
_OWN_LOOKS = re.compile(rb'\scustomFormat="(?:1|true)"')
_CELL_COLUMN = re.compile(rb'<c r="([A-Z]+)')
_FORMULA = re.compile(rb"<f((?:\s[^>]*?)?)(?:/>|>([^<]*)</f>)")
_SHARED_ID = re.compile(rb"\bsi=[\"'](\d+)[\"']")
_SPANS = re.compile(rb'\sspans="(\d+):(\d+)"')

_FEW_ROWS = 8

_letters, _number = lru_cache(2**14)(column_letters), lru_cache(2**14)(column_number)


class Spliced(Struct):
    """The new sheet, the raw values that stood in the written cells of rows that there were, and
    how far its data grew."""

    xml: bytes
    before: dict[int, dict[int, Any]]
    growth: Growth


def splice(
    sheet_xml: SheetXml,
    edit: SheetEdit,
    styles: Styles,
    shared: Callable[[int], str],
    sheet: str,
    *,
    constants: bool,
    tables: tuple[Area, ...] = (),
) -> Spliced:
    """The sheet after the edit. Raises SpliceError where that can't be done safely.

    tables: the areas of all tables of the sheet. constants: LibreOffice saves a tick-box as the
    formula TRUE() or FALSE(); these may be overwritten like values.
    """
    xml, start, end = sheet_xml
    if edit.last_row > MAX_ROWS:
        raise SpliceError(
            f"sheet {sheet!r} would have {edit.last_row:,} rows; a sheet holds at most {MAX_ROWS:,}"
        )
    body = _Body(sheet_xml, edit, styles, shared, sheet, constants=constants)
    merges = _areas(_MERGE.findall(_uncommented(xml[end:])))
    refuse_areas(sheet, edit, merges, MERGED, keep_first=True)
    arrays = (
        (m[1] for m in _ARRAY.finditer(xml, start, end))
        if b"array" in xml or b"dataTable" in xml
        else ()
    )
    refuse_areas(sheet, edit, _areas(arrays), "belongs to an array formula", keep_first=False)
    added = tuple((place, column.header) for place, column in sorted(edit.added.items()))
    growth = Growth(
        edit.header_row,
        edit.first_free_row - 1,
        edit.last_row,
        edit.own,
        added,
        tables,
        edit.removed,
    )
    head = widen_dimension(
        xml[:start], _written_area(edit), exact_bottom=edit.rewrite_from is not None
    )
    head = with_widths(head, {place: column.shown_width for place, column in edit.added.items()})
    whole = BytesIO()  # joined at the end, the sheet would be in memory twice
    whole.write(head)
    whole.writelines(body.spliced())
    whole.write(grow_ranges(xml[end:], growth))
    return Spliced(whole.getvalue(), body.before, growth)


def _written_area(edit: SheetEdit) -> Area:
    ends = edit.cells.ends()
    return (min(ends, default=1), min(edit.cells, default=1)), (
        max(ends, default=1),
        max(edit.cells, default=1),
    )


def _areas(references: Iterable[bytes]) -> Iterator[Area]:
    return (area for text in references if (area := parse_range(text.decode())))


def rows_of(sheet_xml: SheetXml, wanted: Collection[int]) -> dict[int, bytes]:
    """The XML of some rows, of those that there are."""
    xml = sheet_xml.xml
    rows = {}
    for opened in _opened(sheet_xml, wanted):
        number = int(opened[1])
        if number in wanted:
            stop = (
                opened.end() if opened[3] else xml.index(b"</row>", opened.end()) + len(b"</row>")
            )
            rows[number] = xml[opened.start() : stop]
    return rows


def _opened(sheet_xml: SheetXml, wanted: Collection[int]) -> Iterator[re.Match[bytes]]:
    """The beginnings of rows, at least of those wanted: of a few of them each is looked for by
    itself, which is several times faster than looking at all."""
    xml, start, end = sheet_xml
    if len(wanted) > _FEW_ROWS:
        yield from _ROW.finditer(xml, start, end)
        return
    for number in wanted:
        at = xml.find(b'<row r="%d"' % number, start, end)
        if at >= 0 and (opened := _ROW.match(xml, at, end)):
            yield opened


def read_cells(
    rows: Mapping[int, bytes], wanted: Mapping[int, Iterable[int]], shared: Callable[[int], str]
) -> dict[int, dict[int, Any]]:
    """Raw values of some cells of `rows`: {row: {column: value}}, None where there is no such
    cell."""
    found: dict[int, dict[int, Any]] = {}
    for row, columns in wanted.items():
        values = found[row] = dict.fromkeys(columns)
        for cell in CELL().finditer(rows.get(row, b"")):
            column = _number(cell[1])
            if column in values:
                values[column] = from_xml(cell[2], cell[3] or b"", shared)
    return found


def formulas_in(
    rows: Mapping[int, bytes], wanted: Mapping[int, Collection[int]]
) -> set[tuple[int, int]]:
    """Which cells of `rows` hold a formula that is no tick-box of LibreOffice: (row, column)."""
    return {
        (row, column)
        for row, columns in wanted.items()
        for cell in CELL().finditer(rows.get(row, b""))
        if (column := _number(cell[1])) in columns
        and has_formula(cell[3] or b"")
        and not is_constant(cell[3] or b"")
    }


def _uncommented(xml: bytes) -> bytes:
    return _COMMENT.sub(b"", xml) if b"<!--" in xml else xml


class _Body:
    """The rows of one sheet while they are spliced."""

    def __init__(
        self,
        sheet_xml: SheetXml,
        edit: SheetEdit,
        styles: Styles,
        shared: Callable[[int], str],
        sheet: str,
        *,
        constants: bool,
    ) -> None:
        xml, start, end = self._xml, self._start, self._end = sheet_xml
        self._edit, self._styles, self._shared, self._sheet, self._constants = (
            edit,
            styles,
            shared,
            sheet,
            constants,
        )
        self._opened = list(_ROW.finditer(xml, start, end))
        self._numbers = [int(m[1]) for m in self._opened]
        if any(
            later <= earlier
            for earlier, later in zip(self._numbers, self._numbers[1:], strict=False)
        ):
            raise SpliceError(
                f"the rows of sheet {sheet!r} are out of order",
                "open and save it in a spreadsheet program",
            )
        self._column_styles = self._read_columns()
        self._defaults: dict[int, int] = {}
        self._plans: dict[tuple[bool, tuple[int, ...]], list[tuple[int, int, str, str, bool]]] = {}
        self.before: dict[int, dict[int, Any]] = {}

    def spliced(self) -> Iterator[bytes]:
        """The new content of sheetData, in pieces."""
        xml, position = self._xml, self._start
        edit = self._edit
        template = self._template()
        stop = self._end
        if edit.rewrite_from is not None:
            first = bisect_left(self._numbers, edit.rewrite_from)
            stop = self._opened[first].start() if first < len(self._opened) else self._end
            dropped = xml[stop : self._end]
            if dropped.count(b"<f") > (len(CONSTANT().findall(dropped)) if self._constants else 0):
                raise SpliceError(
                    f"sheet {self._sheet!r} holds formulas where it has to be rewritten: nothing "
                    "was written"
                )
        cleared = edit.clear_others
        rows = (
            {*edit.cells, *(n for n in self._numbers if n <= cleared[1])} if cleared else edit.cells
        )
        for row in sorted(rows):
            at = bisect_left(self._numbers, row)
            exists = at < len(self._numbers) and self._numbers[at] == row
            if exists and self._opened[at].start() < stop:
                opened = self._opened[at]
                yield xml[position : opened.start()]
                close = opened.end() if opened[3] else xml.index(b"</row>", opened.end())
                yield self._edited_row(row, opened, close, edit.cells.get(row, {}), template)
                position = close if opened[3] else close + len(b"</row>")
            else:
                before = min(
                    self._opened[at].start() if at < len(self._opened) else self._end, stop
                )
                yield xml[position:before]
                position = before
                yield self._new_row(row, edit.cells[row], template)
        yield xml[position:stop]

    def _read_columns(self) -> list[tuple[int, int, int]]:
        """(first, last, style) of every <col> with a style."""
        found = []
        for attributes in _COLUMN.findall(_uncommented(self._xml[: self._start])):
            bounds = {
                k: int(v) for k, v in re.findall(rb'\b(min|max|style)=["\'](\d+)', attributes)
            }
            if bounds.get(b"style"):
                found.append((bounds.get(b"min", 0), bounds.get(b"max", 0), bounds[b"style"]))
        return found

    def _column_style(self, column: int) -> int:
        style = self._defaults.get(column)
        if style is None:
            style = next(
                (style for first, last, style in self._column_styles if first <= column <= last), 0
            )
            self._defaults[column] = style
        return style

    def _template(self) -> tuple[bytes, dict[int, int]]:
        """Row attributes and cell styles that new rows take: those of the row above the first free
        one, never the header's."""
        edit = self._edit
        row = edit.rewrite_from if edit.rewrite_from is not None else edit.first_free_row - 1
        at = bisect_left(self._numbers, row)
        if row <= edit.header_row or at >= len(self._numbers) or self._numbers[at] != row:
            return b"", {}
        opened = self._opened[at]
        looks = b"".join(m[0] for m in _ROW_LOOKS.finditer(opened[2]))
        return looks, self._row_styles(at)

    def _close(self, at: int) -> int:
        """Where a row ends. Raises SpliceError where it does not."""
        close = self._xml.find(b"</row>", self._opened[at].end())
        if close < 0:
            raise SpliceError(f"{self._sheet}: row {self._numbers[at]} is not closed")
        return close

    def _row_styles(self, at: int) -> dict[int, int]:
        opened = self._opened[at]
        if opened[3]:
            return {}
        close = self._close(at)
        cells = CELL().finditer(self._xml, opened.end(), close)
        return {_number(cell[1]): style_of(cell[2]) for cell in cells}

    def _style_for(self, value: datetime, style: int, row: int = 0, column: int = 0) -> int:
        """The style of a date: where the cell's shows no dates, that of the cell above `row`, else
        a dated twin of its own."""
        if self._styles.shows_days(style):
            return style
        above = self._above(row, column) if row else None
        if above is not None and self._styles.shows_days(above):
            return above
        return self._styles.dated(style, with_time=value.time() != time())

    def _formula(self, filled: Filled, row: int, column: int) -> str | None:
        """The formula of a new cell; None where the cell above has none that can be filled down."""
        if filled.text:
            return filled.text
        at = bisect_left(self._numbers, filled.row)
        if at == len(self._numbers) or self._numbers[at] != filled.row or self._opened[at][3]:
            return None
        own = self._formula_at(at, column)
        if own is None:
            return None
        attributes, text = own
        source = filled.row
        shared = _SHARED_ID.search(attributes) if b"shared" in attributes else None
        if shared:
            home = re.search(
                rb'<c r="[A-Z]+(\d+)"[^>]*><f(?=[^>]*\bsi=["\']%b["\'])(?=[^>]*\bref=)[^>]*>([^<]+)</f>'
                % shared[1],
                self._xml[self._start : self._end],
            )
            if home is None:
                return None
            source, text = int(home[1]), home[2]
        elif b"array" in attributes or b"dataTable" in attributes:
            return None
        return filled_down(unescape(text.decode()), row - source) if text else None

    def _formula_at(self, at: int, column: int) -> tuple[bytes, bytes] | None:
        close = self._close(at)
        for cell in CELL().finditer(self._xml, self._opened[at].end(), close):
            if _number(cell[1]) == column:
                found = _FORMULA.search(cell[3] or b"")
                return (found[1], found[2] or b"") if found else None
        return None

    def _filled_cell(self, column: int, row: int, style: int, filled: Filled) -> str:
        formula = self._formula(filled, row, column)
        if formula is None:
            return to_xml(_letters(column), row, style, None)
        s = f' s="{style}"' if style else ""
        return f'<c r="{_letters(column)}{row}"{s}><f>{escape(formula)}</f></c>'

    def _new_row(
        self, row: int, cells: Mapping[int, Any], template: tuple[bytes, dict[int, int]]
    ) -> bytes:
        looks, styles = (
            template if row >= self._edit.first_free_row or self._edit.rewrite_from else (b"", {})
        )
        parts = []
        for column, style, opening, styled, dated in self._columns_of(tuple(cells), styles):
            value: Any = cells.get(column)
            kind = type(value)
            if kind is datetime and not self._styles.shows_days(style):
                parts.append(self._cell(column, row, self._style_for(value, style), value))
            elif kind is Filled:
                parts.append(self._filled_cell(column, row, style, value))
            elif dated and (kind is int or kind is float):
                parts.append(self._cell(column, row, self._styles.undated(style), value))
            elif style or value is not None:
                try:
                    rest = text_cell(value) if kind is str else rest_of_cell(value)
                except SpliceError as error:
                    raise self._refused(column, row, error) from None
                parts.append(f"{opening}{row}{styled}{rest}")
        return b'<row r="%d"%b>%b</row>' % (row, looks, "".join(parts).encode())

    def _columns_of(
        self, written: tuple[int, ...], styles: Mapping[int, int]
    ) -> list[tuple[int, int, str, str, bool]]:
        """(column, style, XML up to the row number, XML behind it, whether the style is a date's)
        of a new row's cells; most new rows have the same columns."""
        key = (bool(styles), written)
        known = self._plans.get(key)
        if known is None:
            columns = {
                c: styles[c] if c in styles else self._column_style(c)
                for c in sorted({*written, *styles})
            }
            known = [
                (
                    c,
                    style,
                    f'<c r="{_letters(c)}',
                    f'" s="{style}"' if style else '"',
                    self._styles.is_date(style),
                )
                for c, style in columns.items()
            ]
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
        self,
        row: int,
        opened: re.Match[bytes],
        close: int,
        cells: Mapping[int, Any],
        template: tuple[bytes, dict[int, int]],
    ) -> bytes:
        """One existing row: written cells replaced or inserted in column order, all others to the
        byte."""
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
            if isinstance(value, Filled):
                parts.append(self._filled_cell(column, row, style, value).encode())
                return
            if isinstance(value, datetime):
                style = self._style_for(value, style, row, column)
            elif (
                isinstance(value, (int, float))
                and not isinstance(value, (bool, Standing))
                and self._styles.is_date(style)
            ):
                style = self._styles.undated(style)
            parts.append(self._cell(column, row, style, value).encode())

        def insert(column: int) -> None:
            style = header.get(column) if column in self._edit.added else fresh.get(column)
            if style is None:
                style = own_style if own_style is not None else self._column_style(column)
            put(column, style)

        header: dict[int, int] = {}
        if self._edit.added and row == self._edit.header_row:
            styles = self._row_styles(bisect_left(self._numbers, row))
            last = max((column for column in self._edit.own if column in styles), default=0)
            header = dict.fromkeys(self._edit.added, styles.get(last, 0))
        xml, cleared = self._xml, self._edit.clear_others
        if not opened[3] and not _in_order(xml, opened.end(), close):
            sorted_cells = self._sorted_cells(row, opened.end(), close)
            xml, close = (
                xml[: opened.end()] + sorted_cells + b"</row>",
                opened.end() + len(sorted_cells),
            )
        if not opened[3]:
            for cell in CELL().finditer(xml, opened.end(), close):
                column = _number(cell[1])
                while nth < len(pending) and pending[nth] < column:
                    parts.append(xml[position : cell.start()])
                    position = cell.start()
                    insert(pending[nth])
                    nth += 1
                if nth == len(pending) and not cleared:
                    break
                written = nth < len(pending) and pending[nth] == column
                if written or (cleared and cell[3] and column <= cleared[0] and row <= cleared[1]):
                    parts.append(xml[position : cell.start()])
                    position = cell.end()
                    content = cell[3] or b""
                    if has_formula(content) and type(cells.get(column)) is Filled:
                        parts.append(cell[0])
                        nth += 1
                        continue
                    if has_formula(content) and not (self._constants and is_constant(content)):
                        raise SpliceError(
                            f"{self._sheet}!{_letters(column)}{row} holds a formula: nothing was written",
                            "replace the formula with its value, or move it to a column of your "
                            "own",
                        )
                    before[column] = from_xml(cell[2], content, self._shared)
                    gone = row == self._edit.header_row and column in self._edit.removed
                    put(column, 0 if gone else style_of(cell[2]))
                    nth += written
        parts.append(xml[position:close] if not opened[3] else b"")
        for column in pending[nth:]:
            insert(column)
        spans = _widen_spans(attributes, pending[0], pending[-1]) if pending else attributes
        return b'<row r="%d"%b>%b</row>' % (row, spans, b"".join(parts))

    def _sorted_cells(self, row: int, start: int, close: int) -> bytes:
        """The content of a row, its cells put in order of their columns."""
        cells = list(CELL().finditer(self._xml, start, close))
        columns = [_number(cell[1]) for cell in cells]
        if len(set(columns)) < len(columns):
            raise SpliceError(
                f"row {row} of sheet {self._sheet!r} has a cell twice",
                "open and save it in a spreadsheet program",
            )
        rest = CELL().sub(b"", self._xml[start:close])
        return (
            b"".join(
                cell[0]
                for _column, cell in sorted(
                    zip(columns, cells, strict=True), key=lambda pair: pair[0]
                )
            )
            + rest
        )

    def _above(self, row: int, column: int) -> int | None:
        at = bisect_left(self._numbers, row) - 1
        if at < 0 or self._numbers[at] <= self._edit.header_row:
            return None
        return self._row_styles(at).get(column)


def _in_order(xml: bytes, start: int, close: int) -> bool:
    """Whether the cells of a row follow one another by column."""
    return _ascend(tuple(_CELL_COLUMN.findall(xml, start, close)))


@lru_cache(2**10)
def _ascend(letters: tuple[bytes, ...]) -> bool:
    """Most rows of a sheet have the same cells, so that each is looked at once."""
    aligned = [one.rjust(3) for one in letters]
    return all(one < after for one, after in pairwise(aligned))


@lru_cache(2**10)
def _widen_spans(attributes: bytes, first: int, last: int) -> bytes:
    """A row's spans hint, true again after cells were written."""
    return _SPANS.sub(
        lambda found: b' spans="%d:%d"' % (min(int(found[1]), first), max(int(found[2]), last)),
        attributes,
    )
