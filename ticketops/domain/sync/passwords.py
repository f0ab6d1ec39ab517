"""No sync puts a plain password where a sealed one is (D13)."""

from __future__ import annotations

from ticketops.domain.sync.merge import identity
from ticketops.model.changes import CopyCells
from ticketops.model.secrets import is_sealed
from ticketops.schema.tables import Table

Cells = set[tuple[int, str]]
"""(row, column)"""


def cells_of(changes: CopyCells) -> Cells:
    """The cells that are written."""
    return {(row, column) for row, cells in changes.rows.items() for column in cells}


def unsealing(table: Table, changes: CopyCells) -> tuple[Cells, Cells]:
    """The cells in which a plain password would replace a sealed one, in the same row or of the same
    record; and those that must stay therefore: the whole sheet where such a row would become
    another record's, for cells of two records are never mixed.

    table: of the copy that is written.
    """
    names = identity(table.sheet)
    secrets = [column.name for column in table.sheet.columns if column.secret]
    if not secrets:
        return set(), set()
    now = {row["row"]: row for row in table.frame.iter_rows(named=True)}
    sealed = {
        (name, tuple(row[one] for one in names))
        for row in now.values()
        for name in secrets
        if is_sealed(row[name])
    }
    found: Cells = set()
    moves = False
    for number, cells in changes.rows.items():
        row = now.get(number, {}) | {name: after for name, (_before, after) in cells.items()}
        record = tuple(row.get(one) for one in names)
        for name in cells.keys() & set(secrets):
            before, after = cells[name]
            again = any(record) and (name, record) in sealed
            if after is not None and not is_sealed(after) and (is_sealed(before) or again):
                found.add((number, name))
                moves = moves or not cells.keys().isdisjoint(names)
    return found, cells_of(changes) if moves else found
