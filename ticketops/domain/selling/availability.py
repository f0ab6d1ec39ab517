"""What can still be promised, and which order lines ask for more (§4 oversell check, §14a)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ticketops.domain.allocation.pool import active_holds
from ticketops.domain.allocation.targets import effective_category, is_pending
from ticketops.domain.allocation.trust import Doubts
from ticketops.domain.masterdata.aliases import client_keys
from ticketops.domain.ticket.unit_ids import referenced_units
from ticketops.model import ids, states
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Short:
    """Tickets that can still be promised, and by how many more were asked for."""

    available: int
    short: int


def uncommitted(snapshot: Snapshot, client: str, today: datetime) -> Counter[tuple[str, str]]:
    """{(match, category): free units less the tickets sold that have none yet}: what can still be
    promised to a client."""
    left: Counter[tuple[str, str]] = Counter()
    own = client_keys(snapshot)(client)
    used = referenced_units(snapshot) | {
        unit for unit, whom in active_holds(snapshot, today).items() if whom != own
    }
    free = snapshot[UNITS].frame.filter(
        pl.col("unit_id").is_not_null(),
        pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE,
        pl.col("sales_id").is_null(),
    )
    doubts = Doubts.of(snapshot)
    for row, unit_id, match, category in free.select(
        "row", "unit_id", "match", "category"
    ).iter_rows():
        if match and category and unit_id not in used and not doubts.of_unit(row, unit_id):
            left[ids.normalise_match(match), category] += 1
    columns = ("match", "category", "alloc_from", "status", "unit_ids", "row_type")
    for ticket in snapshot[DISTRIBUTION].frame.select(columns).iter_rows(named=True):
        if ticket["match"] and ticket["row_type"] != "Purchases" and is_pending(ticket):
            left[ids.normalise_match(ticket["match"]), effective_category(ticket)] -= 1
    return left


def oversold(
    snapshot: Snapshot, lines: Iterable[tuple[str, str, int, str]], today: datetime
) -> list[Short | None]:
    """For each line (match, category, quantity, client) None, or how short it is where it asks for
    more than there is.

    Earlier lines count: two lines share what there is.
    """
    key = client_keys(snapshot)
    holders = set(active_holds(snapshot, today).values())
    promised: Counter[tuple[str, str]] = Counter()
    left_for: dict[str | None, Counter[tuple[str, str]]] = {}
    found: list[Short | None] = []
    for match, category, quantity, client in lines:
        whose = (
            key(client) if key(client) in holders else None
        )  # without holds of one's own all see the same
        if whose not in left_for:
            left_for[whose] = uncommitted(snapshot, client, today)
        available = max(0, left_for[whose][match, category] - promised[match, category])
        found.append(Short(available, quantity - available) if quantity > available else None)
        promised[match, category] += quantity
    return found
