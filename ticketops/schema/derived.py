"""Formulas in derived columns (Total, Game): they stand and do their work; new rows get those of
the row above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ticketops.model.changes import AppendRows, ChangeSet, SetCells

if TYPE_CHECKING:
    from ticketops.schema.tables import Table


def beside_formulas(changes: ChangeSet, tables: Mapping[str, Table]) -> ChangeSet:
    """The changes without what formulas in derived columns give: those stand, and new rows below
    them get them filled down."""
    if not any(table.around.formulas or table.around.calculated for table in tables.values()):
        return changes
    kept = ChangeSet()
    for change in changes:
        table = tables.get(change.sheet)
        if table is None or not (table.around.formulas or table.around.calculated):
            kept.changes.append(change)
        elif isinstance(change, SetCells):
            cells = {
                name: cell
                for name, cell in change.cells.items()
                if not table.around.has_formula(name, change.row)
            }
            if cells:
                kept.changes.append(replace(change, cells=cells))
        elif isinstance(change, AppendRows):
            kept.changes.append(_beside_filled(change, table))
        else:
            kept.changes.append(change)
    return kept


def filled_rows(change: AppendRows, table: Table) -> dict[str, dict[int, int]]:
    """{derived column: {new row: the row above whose formula it takes, itself where it holds one
    already, 0 for that of a table}}."""
    found: dict[str, dict[int, int]] = {}
    around = table.around
    for name in {*around.formulas, *around.calculated}:
        rows: dict[int, int] = {}
        above = table.last_row if around.has_formula(name, table.last_row) else 0
        for row in range(change.first_row, change.first_row + len(change.rows)):
            if around.has_formula(name, row):
                above = rows[row] = row
            elif above or name in around.calculated:
                rows[row] = above
        if rows:
            found[name] = rows
    return found


def _beside_filled(change: AppendRows, table: Table) -> AppendRows:
    filled = filled_rows(change, table)
    places = {i: filled[name] for i, name in enumerate(change.columns) if name in filled}
    if not places:
        return change
    rows = [
        tuple(None if i in places and row in places[i] else value for i, value in enumerate(values))
        for row, values in enumerate(change.rows, start=change.first_row)
    ]
    return replace(change, rows=rows)
