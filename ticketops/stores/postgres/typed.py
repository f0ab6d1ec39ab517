"""Typed tables of what was read from a database: of a sheet, or of some of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from msgspec.structs import replace

from ticketops.schema.sheets import Sheet
from ticketops.schema.surroundings import FOOT_MOVES, NOWHERE
from ticketops.schema.tables import Table, build_table
from ticketops.stores.grids import Grid, grid_rows


def whole_table(sheet: Sheet, rows: Sequence[Sequence[Any]]) -> Table:
    """The table of a sheet. rows: its raw cells from row 1 on."""
    header = rows[sheet.header_row - 1] if 0 < sheet.header_row <= len(rows) else []
    return build_table(sheet, header, rows[sheet.header_row :], FOOT_MOVES)


def part_table(sheet: Sheet, grid: Grid) -> Table:
    """The table of some rows of a sheet and its head, by the numbers that they have in it."""
    below = sorted(row for row in grid if row > sheet.header_row)
    close = {row: cells for row, cells in grid.items() if row <= sheet.header_row}
    for place, row in enumerate(below, start=sheet.header_row + 1):
        close[place] = grid[row]
    table = whole_table(sheet, grid_rows(close))
    first = sheet.header_row + 1
    moved = pl.Series("row", [below[place - first] for place in table.frame["row"]], dtype=pl.Int64)
    return replace(
        table,
        frame=table.frame.with_columns(moved),
        misfits=tuple(replace(one, row=below[one.row - first]) for one in table.misfits),
        shadowed=tuple((below[place - first], name) for place, name in table.shadowed),
        rounded=tuple((below[place - first], name) for place, name in table.rounded),
        around=NOWHERE,
        part=True,
    )
