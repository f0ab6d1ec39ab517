"""The sheets and columns that changes use and the workbook lacks."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.model.changes import (
    AddColumns,
    AddSheet,
    AppendRows,
    Change,
    ChangeSet,
    CopyCells,
    ReplaceRows,
    SetCells,
)
from ticketops.schema.derived import beside_formulas
from ticketops.schema.tables import Snapshot, Table


def with_structure(changes: ChangeSet, snapshot: Snapshot) -> ChangeSet:
    """The changes, their sheets by title and in their order; before the first change of a sheet
    stand AddSheet and AddColumns for what the workbook lacks of it."""
    changes = beside_formulas(changes.renamed(snapshot.layout.titles), snapshot.tables)
    lacking = {name: _lacking(snapshot[name], changes.for_sheet(name)) for name in changes.sheets}
    whole = ChangeSet()
    for change in changes:
        whole.changes += lacking.pop(change.sheet, [])
        whole.changes.append(change)
    return whole


def _lacking(table: Table, changes: Sequence[Change]) -> list[Change]:
    name = table.sheet.name
    if not table.exists:
        return [AddSheet(name)]
    used: dict[str, None] = {}
    for change in changes:
        if isinstance(change, (AppendRows, ReplaceRows)):
            used.update(dict.fromkeys(change.columns))
        elif isinstance(change, SetCells):
            used.update(dict.fromkeys(change.cells))
        elif isinstance(change, CopyCells):
            used.update(dict.fromkeys(column for cells in change.rows.values() for column in cells))
    columns = tuple(column for column in used if column not in table.positions)
    return [AddColumns(name, columns)] if columns else []
