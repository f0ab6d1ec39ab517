"""Rows of _ALLOC_LOG (§12c); _ALLOCATION_REPAIR_LOG has the same columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ticketops.domain.plan import Plan, Run
from ticketops.model.changes import AppendRows
from ticketops.schema.layouts.event import ALLOC_LOG
from ticketops.schema.tables import Snapshot


class ActionRow(NamedTuple):
    """One action, by the names of the columns."""

    timestamp: datetime
    user: str
    action: str
    sale_id: str | None
    set_id: str | None
    units_affected: int
    clear_seats: bool
    reason: str | None


def write(plan: Plan, snapshot: Snapshot, sheet: str, rows: Sequence[ActionRow]) -> None:
    """Put rows into the plan, below those that it appends to this log already."""
    pending = sum(
        len(change.rows)
        for change in plan.changes.for_sheet(sheet)
        if isinstance(change, AppendRows)
    )
    first = snapshot[sheet].next_row + pending
    plan.changes.append(sheet, first, ActionRow._fields, [tuple(row) for row in rows])


def log(
    plan: Plan,
    snapshot: Snapshot,
    run: Run,
    action: str,
    *,
    sale_id: str | None,
    set_id: str | None,
    units: int,
    clear_seats: bool,
    reason: str,
) -> None:
    """One row of _ALLOC_LOG."""
    row = ActionRow(run.now, run.user, action, sale_id, set_id, units, clear_seats, reason)
    write(plan, snapshot, ALLOC_LOG, [row])
