"""What can still be promised, and which order lines ask for more (§4 oversell check, §14a)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import polars as pl

from ticketops.domain.allocation.pool import active_holds, referenced_units
from ticketops.domain.allocation.targets import effective_category, is_pending
from ticketops.model import ids, states
from ticketops.model.names import name_key
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, UNITS


def uncommitted(snapshot: Snapshot, client: str, today: datetime) -> Counter[tuple[str, str]]:
    """{(match, category): free units less the tickets sold that have none yet}: what can still be promised to a client."""
    left: Counter[tuple[str, str]] = Counter()
    used = referenced_units(snapshot) | {unit for unit, whom in active_holds(snapshot, today).items() if whom != name_key(client)}
    free = snapshot[UNITS].frame.filter(
        pl.col("unit_id").is_not_null(), pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE, pl.col("sales_id").is_null(),
    )  # fmt: skip
    for unit_id, match, category in free.select("unit_id", "match", "category").iter_rows():
        if match and category and unit_id not in used:
            left[ids.normalise_match(match), category] += 1
    columns = ("match", "category", "alloc_from", "status", "unit_ids", "row_type")
    for ticket in snapshot[DISTRIBUTION].frame.select(columns).iter_rows(named=True):
        if ticket["match"] and ticket["row_type"] != "Purchases" and is_pending(ticket):
            left[ids.normalise_match(ticket["match"]), effective_category(ticket)] -= 1
    return left


def oversold(snapshot: Snapshot, lines: Iterable[tuple[str, str, int]], client: str, today: datetime) -> list[dict[str, Any] | None]:
    """For each line (match, category, quantity) of an order None, or {available, short} where it asks for more than there is.

    Earlier lines of the order count: two lines share what there is.
    """
    left = uncommitted(snapshot, client, today)
    found: list[dict[str, Any] | None] = []
    for match, category, quantity in lines:
        available = max(0, left[match, category])
        found.append({"available": available, "short": quantity - available} if quantity > available else None)
        left[match, category] -= quantity
    return found
