"""What an `expand` may not do unasked (D17): a sheet that lost rows or a column is no instruction
to empty the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from ticketops.domain.plan import Plan
from ticketops.errors import RuleError
from ticketops.model import states
from ticketops.model.changes import DeleteRows, SetCells
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import UNITS
from ticketops.schema.tables import Snapshot

LEAST_REMOVED = 10
"""So many units may always go."""
LARGEST_SHARE = 5
"""More than one free unit in so many may not go unasked."""
MOST_BLANKED = 20
"""So many cells of one column may be emptied unasked."""


def confirmed(plan: Plan, snapshot: Snapshot, *, confirm: bool) -> Plan:
    """The plan, if it takes little away or somebody confirmed what it takes away; then each loss is
    a HIGH finding of it.

    Raises RuleError for a plan that removes more than a fifth of the free units and at least ten of
    them, or that empties a column on more than twenty rows.
    """
    losses = [*_units_lost(plan, snapshot), *_columns_blanked(plan, snapshot)]
    if losses and not confirm:
        raise RuleError(
            f"this would {' and '.join(what for _sheet, what in losses)}",
            "ticketops doctor says whether a sheet or a column was renamed; --dry-run shows the "
            "cells; --confirm REMOVE goes ahead",
        )
    plan.findings += [
        Finding("MUCH_REMOVED", Severity.HIGH, f"this will {what}", sheet) for sheet, what in losses
    ]
    return plan


def _units_lost(plan: Plan, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    gone = sum(
        len(change.rows)
        for change in plan.changes.for_sheet(UNITS)
        if isinstance(change, DeleteRows)
    )
    if gone < LEAST_REMOVED:
        return
    free = (
        snapshot[UNITS]
        .frame.filter(
            pl.col("unit_id").is_not_null(),
            pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE,
            pl.col("sales_id").is_null(),
        )
        .height
    )
    if gone * LARGEST_SHARE > free:
        yield UNITS, f"remove {gone:,} of {free:,} free units"


def _columns_blanked(plan: Plan, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    blanked: Counter[tuple[str, str]] = Counter()
    for change in plan.changes:
        if isinstance(change, SetCells):
            blanked.update(
                (change.sheet, name)
                for name, (before, after) in change.cells.items()
                if after is None and before is not None
            )
    for (sheet, name), rows in blanked.items():
        if rows > MOST_BLANKED:
            yield (
                sheet,
                f"empty {snapshot[sheet].sheet.by_name[name].header} on {rows:,} rows of {sheet}",
            )
