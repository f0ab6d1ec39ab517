"""A ChangeSet as physical edits: sheet rows, sheet columns, values. What every store writes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ticketops.model.changes import AddColumns, AddSheet, AppendRows, Cell, ChangeSet, CopyCells, DeleteRows, ReplaceRows, SetCells
from ticketops.schema.tables import Table, canonical_positions, place_names


@dataclass(slots=True)
class SheetEdit:
    """What to do to one sheet. Rows and columns are 1-based.

    cells: new values, None empties a cell. first_free_row: rows from here on held no data before; new ones take the
    looks of the row above it, unless that is the header. new_sheet: the workbook lacks the sheet.
    rewrite_from: drop every row from here on before `cells` are written, the first of them lending its looks.
    clear_others: empty every other cell of the sheet, keeping its looks.
    """

    header_row: int
    first_free_row: int
    cells: dict[int, dict[int, Any]] = field(default_factory=dict)
    new_sheet: bool = False
    rewrite_from: int | None = None
    clear_others: bool = False

    @property
    def last_row(self) -> int:
        """The last row of data after the edit, if rows were added, else before it."""
        return max(max(self.cells, default=0), self.first_free_row - 1)


def compile_edits(changes: ChangeSet, tables: Mapping[str, Table]) -> dict[str, SheetEdit]:
    """{sheet: edit}. `tables` are those that the changes were planned on, one for every sheet touched."""
    edits: dict[str, SheetEdit] = {}
    for name in changes.sheets:
        table = tables[name]
        sheet = table.sheet
        edit = edits[name] = SheetEdit(sheet.header_row, table.next_row)
        positions = dict(table.positions)
        next_column = table.next_column
        places = {column: place for place, column in place_names(positions).items()}
        for change in changes.for_sheet(name):
            match change:
                case AddSheet():
                    edit.new_sheet = True
                    positions = canonical_positions(sheet)
                    if sheet.header_row:
                        edit.cells[sheet.header_row] = {i: c.header for i, c in enumerate(sheet.columns, start=1)}
                case AddColumns():
                    for column in change.columns:
                        positions[column] = (next_column,)
                        edit.cells.setdefault(sheet.header_row, {})[next_column] = sheet.by_name[column].header
                        next_column += 1
                case SetCells():
                    _set(edit, change.row, change.cells, positions, places)
                case CopyCells():
                    for number, cells in change.rows.items():
                        _set(edit, number, cells, positions, places)
                case AppendRows():
                    _put_rows(edit, change.first_row, [positions[c][0] for c in change.columns], change.rows)
                case DeleteRows():
                    managed = [place for places in positions.values() for place in places]
                    for number in change.rows:
                        edit.cells[number] = dict.fromkeys(managed)
                case ReplaceRows() if not change.columns:
                    edit.clear_others = True
                    _put_rows(edit, 1, range(1, 1 + max(map(len, change.rows), default=0)), change.rows)
                case ReplaceRows():
                    _replace(edit, change, table, positions)
    return edits


def _set(
    edit: SheetEdit, number: int, cells: Mapping[str, Cell], positions: Mapping[str, tuple[int, ...]], places: Mapping[str, int]
) -> None:
    row = edit.cells.setdefault(number, {})
    for column, (_before, after) in cells.items():
        if "@" in column:
            row[places[column]] = after
            continue
        row[positions[column][0]] = after
        if after is None:  # an alias would fill the blank
            row.update(dict.fromkeys(positions[column][1:]))


def _put_rows(edit: SheetEdit, first_row: int, places: Any, rows: Any) -> None:
    for number, values in enumerate(rows, start=first_row):
        cells = dict(zip(places, values, strict=False))
        if None in values:
            cells = {place: value for place, value in cells.items() if value is not None}
        if number in edit.cells:
            edit.cells[number].update(cells)
        else:
            edit.cells[number] = cells


def _replace(edit: SheetEdit, change: ReplaceRows, table: Table, positions: Mapping[str, tuple[int, ...]]) -> None:
    """Anew from below the header; where users added columns of their own, only our columns are emptied and filled."""
    first = table.sheet.header_row + 1
    managed = [place for places in positions.values() for place in places]
    if not table.exists or table.next_column - 1 <= len(managed):
        edit.rewrite_from = first
    else:
        for number in range(first, table.next_row):
            edit.cells[number] = dict.fromkeys(managed)
    _put_rows(edit, first, [positions[column][0] for column in change.columns], change.rows)
