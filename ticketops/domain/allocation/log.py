"""Rows of _ALLOC_LOG (§12c); _ALLOCATION_REPAIR_LOG has the same columns."""

from __future__ import annotations

from ticketops.domain.plan import Plan, Run
from ticketops.model.changes import AppendRows
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import ALLOC_LOG, MANIFEST

COLUMNS = tuple(column.name for column in MANIFEST[ALLOC_LOG].columns)


def log(plan: Plan, snapshot: Snapshot, run: Run, action: str, *, sale_id: str | None, set_id: str | None, units: int,
        clear_seats: bool, reason: str) -> None:  # fmt: skip
    """One row, below those that the plan appends already."""
    pending = sum(len(change.rows) for change in plan.changes.for_sheet(ALLOC_LOG) if isinstance(change, AppendRows))
    row = (run.now, run.user, action, sale_id, set_id, units, clear_seats, reason)
    plan.changes.append(ALLOC_LOG, snapshot[ALLOC_LOG].next_row + pending, COLUMNS, [row])
