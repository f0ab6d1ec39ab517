"""Sheets as grids of raw cells, and what an edit does to one: for stores that hold values only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketops.errors import SpliceError
from ticketops.schema.addresses import column_letters
from ticketops.stores.edits import SheetEdit

Grid = dict[int, dict[int, Any]]
"""{row: {column: raw value}}, 1-based"""


def grid_rows(grid: Mapping[int, Mapping[int, Any]]) -> list[list[Any]]:
    """The raw cells of a grid, row 1 first."""
    used = {row: cells for row, cells in grid.items() if any(v is not None for v in cells.values())}
    width = max((max(cells) for cells in used.values()), default=0)
    blank = [None] * width
    rows: list[list[Any]] = []
    for row in range(1, max(used, default=0) + 1):
        values = blank[:]
        for column, value in used.get(row, {}).items():
            values[column - 1] = value
        rows.append(values)
    return rows


def touched(grid: Grid, edit: SheetEdit) -> set[int]:
    """The rows that `put` may change."""
    shift = edit.room.shift if edit.room else 0
    rows = {*edit.cells, *edit.foot, *(row + shift for row in edit.foot)}
    if edit.rewrite_from is not None:
        rows.update(row for row in grid if row >= edit.rewrite_from)
    if edit.clear_others:
        rows.update(row for row in grid if row <= edit.clear_others[1])
    return rows


def put(name: str, grid: Grid, edit: SheetEdit) -> None:
    """Edit a grid in place. Raises SpliceError where something is in the way."""
    if edit.rewrite_from is not None:
        for row in [row for row in grid if row >= edit.rewrite_from]:
            grid[row] = dict.fromkeys(grid[row])
    if edit.clear_others:
        width, height = edit.clear_others
        for row in grid:
            if row <= height:
                grid[row] |= dict.fromkeys(column for column in grid[row] if column <= width)
    _make_room(name, grid, edit)
    for row, cells in edit.cells.items():
        grid.setdefault(row, {}).update(cells)


def _make_room(name: str, grid: Grid, edit: SheetEdit) -> None:
    """Rows of totals go below the rows that are added. Raises SpliceError where something is in the
    way."""
    shift = edit.room.shift if edit.room else 0
    for row in sorted(edit.foot, reverse=True) if shift else ():
        target = row + shift
        moved = {column: grid[row].pop(column) for column in list(grid[row]) if column <= edit.edge}
        standing = grid.setdefault(target, {})
        taken = next((c for c in sorted(standing) if c <= edit.edge and standing[c] is not None), 0)
        if taken:
            raise SpliceError(
                f"{name}!{column_letters(taken)}{target} is in the way of the totals in row {row}",
                "leave a blank row above it for each row to add",
            )
        standing.update(moved)
