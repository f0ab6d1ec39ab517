"""Edits of sheets as requests of one batchUpdate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ticketops.errors import SpliceError
from ticketops.schema.addresses import Area, runs
from ticketops.schema.columns import ColumnType
from ticketops.schema.sheets_api import Request, at, new_sheet, rectangle
from ticketops.stores.edits import SheetEdit
from ticketops.stores.gsheets.cell_rows import VALUE, CellRows, Kept, cell_of
from ticketops.stores.gsheets.foot import make_room
from ticketops.stores.gsheets.frames import Frame, grow

_PATTERNS = {
    ColumnType.DATE: {"type": "DATE", "pattern": "yyyy-mm-dd"},
    ColumnType.DATETIME: {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm:ss"},
}
_TICK_BOX = {"condition": {"type": "BOOLEAN"}, "strict": True}


@dataclass(slots=True)
class Grid:
    """A sheet as Google knows it: its number, how many rows and columns it has, its title as it is
    spelled there, which of its cells are merged, and whether a filter or slicer hides rows of it,
    and its tables and banded ranges."""

    sheet_id: int
    rows: int
    columns: int
    title: str = ""
    merges: tuple[Area, ...] = ()
    filtered: bool = False
    frames: tuple[Frame, ...] = ()


@dataclass(slots=True)
class Edit:
    """A SheetEdit with what the requests for it need to know of the sheet.

    grid: None for a sheet that is to be made with `new_id`. types: {sheet column: type}. standing:
    {(row, column): ExtendedValue} of what was read again just before: cells of new rows that are
    not written keep it. has_looks: whether the row above new ones lends its looks.
    """

    title: str
    edit: SheetEdit
    grid: Grid | None
    new_id: int
    types: Mapping[int, ColumnType]
    standing: Mapping[tuple[int, int], Mapping[str, Any]] = field(default_factory=dict)
    has_looks: bool = False
    hidden: bool = False


def requests_for(edit: Edit) -> Iterator[Request]:
    """The requests that carry out an edit, rows and columns grown before they are written."""
    physical, cells = edit.edit, edit.edit.cells
    last_row = max(cells, default=0)
    room = physical.room
    foot = physical.foot[-1] + room.shift if room else 0
    last_column = max((max(row) for row in cells.values() if row), default=1)
    grid = edit.grid
    if grid is None:
        grid = Grid(edit.new_id, max(last_row, 100), max(last_column, 1))
        yield new_sheet(
            edit.title,
            edit.new_id,
            grid.rows,
            grid.columns,
            frozen=physical.header_row,
            hidden=edit.hidden,
        )
        yield from _column_looks(grid, physical.header_row, edit.types, last_row)
    for dimension, there, wanted in (
        ("ROWS", grid.rows, max(last_row, foot)),
        ("COLUMNS", grid.columns, last_column),
    ):
        if wanted > there:
            yield {
                "appendDimension": {
                    "sheetId": grid.sheet_id,
                    "dimension": dimension,
                    "length": wanted - there,
                }
            }
    if room and room.shift and grid.filtered:
        raise SpliceError(
            f"the totals of {edit.title!r} have to move down, but that sheet is filtered",
            "clear the filter in Google Sheets (Data > Remove filter; a slicer in its own menu) and run the command again",
        )
    yield from make_room(grid.sheet_id, edit.title, physical, edit.standing)
    yield from grow(grid.frames, physical)
    first_new = physical.rewrite_from or physical.first_free_row
    if physical.rewrite_from is not None:
        yield _emptied(grid.sheet_id, physical.rewrite_from)
    elif physical.clear_others:
        yield _emptied(grid.sheet_id, 1)
    lender = first_new if physical.rewrite_from is not None else first_new - 1
    if edit.has_looks and last_row > lender:
        for left, right in runs(sorted(edit.types)):
            yield from _lent_looks(grid.sheet_id, lender, last_row, left, right)
    elif edit.grid is not None and last_row >= first_new and physical.header_row:
        yield from _looks(grid.sheet_id, first_new, last_row, last_row, edit.types)
    dated = not edit.has_looks and not physical.header_row
    for block in _blocks(_with_standing(edit, first_new), edit, first_new, dated=dated):
        yield {
            "updateCells": {
                "start": at(grid.sheet_id, block.row, block.column),
                "rows": block.rows,
                "fields": block.fields,
            }
        }


def clear_rows(sheet_id: int, rows: Iterable[int], columns: int) -> list[Request]:
    """Empty the first columns of some rows."""
    return [
        {
            "updateCells": {
                "range": rectangle(sheet_id, row, row, 1, columns),
                "fields": "userEnteredValue",
            }
        }
        for row in rows
    ]


@dataclass(slots=True)
class _CellRange:
    """Cells of neighbouring rows and columns, sent in one piece."""

    row: int
    column: int
    width: int
    fields: str
    rows: CellRows | list[dict[str, Any]]

    def add(self, values: list[Any]) -> None:
        """One row more."""
        if isinstance(self.rows, CellRows):
            self.rows.append(values)
        else:
            self.rows.append({"values": values})


def _with_standing(edit: Edit, first_new: int) -> Iterator[tuple[int, Mapping[int, Any]]]:
    """The cells to write; new rows get every column that any of them has, so that they make one
    block: what stands there stays."""
    cells = edit.edit.cells
    if edit.edit.clear_others:
        yield from ((row, cells[row]) for row in sorted(cells))
        return
    used = sorted(
        {column for row, values in cells.items() if row >= first_new for column in values}
    )
    keep = edit.standing if edit.edit.rewrite_from is None else {}
    for row in sorted(cells):
        values = cells[row]
        if row < first_new or len(values) == len(used):
            yield row, values
            continue
        yield (
            row,
            {
                column: values[column]
                if column in values
                else _kept({} if edit.edit.makes_way(row, column) else keep.get((row, column), {}))
                for column in used
            },
        )


def _kept(standing: Mapping[str, Any]) -> Kept | None:
    return Kept(standing) if standing else None


def _blocks(
    cells: Iterable[tuple[int, Mapping[int, Any]]], edit: Edit, first_new: int, *, dated: bool
) -> Iterator[_CellRange]:
    """Runs of columns that neighbouring rows share."""
    open_blocks: dict[tuple[int, int, str], _CellRange] = {}
    for row, written in cells:
        still: dict[tuple[int, int, str], _CellRange] = {}
        for column, values, fields in _runs(row, written, edit, first_new, dated=dated):
            key = column, len(values), fields
            block = open_blocks.pop(key, None)
            if block is None or block.row + len(block.rows) != row:
                if block is not None:
                    yield block
                rows: CellRows | list[dict[str, Any]] = CellRows() if fields == VALUE else []
                block = _CellRange(row, column, len(values), fields, rows)
            block.add(values)
            still[key] = block
        yield from open_blocks.values()
        open_blocks = still
    yield from open_blocks.values()


def _runs(
    row: int, values: Mapping[int, Any], edit: Edit, first_new: int, *, dated: bool
) -> Iterator[tuple[int, list[Any], str]]:
    """(first column, values, fields); with more than the value, CellData in place of values."""
    start, run_fields = 0, ""
    run: list[Any] = []
    for column in sorted(values):
        value = values[column]
        fields = VALUE
        if isinstance(value, datetime) and (
            dated or (row < first_new and "numberValue" not in edit.standing.get((row, column), {}))
        ):
            fields = f"{VALUE},userEnteredFormat.numberFormat"
            kind = edit.types.get(
                column,
                ColumnType.DATETIME if value.time() != datetime.min.time() else ColumnType.DATE,
            )
            value = cell_of(value) | {
                "userEnteredFormat": {
                    "numberFormat": _PATTERNS.get(kind, _PATTERNS[ColumnType.DATETIME])
                }
            }
        if run and (column != start + len(run) or fields != run_fields):
            yield start, run, run_fields
            run = []
        if not run:
            start, run_fields = column, fields
        run.append(value)
    if run:
        yield start, run, run_fields


def _column_looks(
    grid: Grid, header_row: int, types: Mapping[int, ColumnType], last_row: int
) -> Iterator[Request]:
    """A new sheet's header in bold, and the looks of its columns."""
    if header_row:
        bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
        header = rectangle(grid.sheet_id, header_row, header_row, 1, grid.columns)
        yield {
            "repeatCell": {
                "range": header,
                "cell": bold,
                "fields": "userEnteredFormat.textFormat.bold",
            }
        }
        yield from _looks(grid.sheet_id, header_row + 1, grid.rows, last_row, types)


def _looks(
    sheet_id: int, first: int, last: int, last_ticked: int, types: Mapping[int, ColumnType]
) -> Iterator[Request]:
    """Dates that look like dates, tick-boxes that can be ticked, for rows that no row above lends
    its looks."""
    for column, kind in types.items():
        if kind in _PATTERNS and first <= last:
            cell = {"userEnteredFormat": {"numberFormat": _PATTERNS[kind]}}
            where = rectangle(sheet_id, first, last, column, column)
            yield {
                "repeatCell": {
                    "range": where,
                    "cell": cell,
                    "fields": "userEnteredFormat.numberFormat",
                }
            }
        elif kind is ColumnType.FLAG and first <= last_ticked:
            yield {
                "setDataValidation": {
                    "range": rectangle(sheet_id, first, last_ticked, column, column),
                    "rule": _TICK_BOX,
                }
            }


def _lent_looks(
    sheet_id: int, lender: int, last_row: int, left: int, right: int
) -> Iterator[Request]:
    source = rectangle(sheet_id, lender, lender, left, right)
    target = rectangle(sheet_id, lender + 1, last_row, left, right)
    for what in ("PASTE_FORMAT", "PASTE_DATA_VALIDATION"):
        yield {
            "copyPaste": {
                "source": source,
                "destination": target,
                "pasteType": what,
                "pasteOrientation": "NORMAL",
            }
        }


def _emptied(sheet_id: int, first_row: int) -> Request:
    return {
        "updateCells": {
            "range": {"sheetId": sheet_id, "startRowIndex": first_row - 1},
            "fields": "userEnteredValue",
        }
    }


def pasted(
    source_sheet: int, source_row: int, block: Mapping[str, Any], rows: int, columns: int
) -> Request:
    """Put a block that was sent ahead, into column A from `source_row` on, in its place: values
    only."""
    start = block["start"]
    row, column = start["rowIndex"] + 1, start["columnIndex"] + 1
    return {
        "copyPaste": {
            "source": rectangle(source_sheet, source_row, source_row + rows - 1, 1, columns),
            "destination": rectangle(
                start["sheetId"], row, row + rows - 1, column, column + columns - 1
            ),
            "pasteType": "PASTE_VALUES",
        }
    }
