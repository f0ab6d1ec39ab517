"""What can still be promised, and which order lines ask for more (§4 oversell check, §14a)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

import polars as pl
from msgspec import Struct

from ticketops.domain.allocation.pool import active_holds
from ticketops.domain.allocation.targets import effective_category, is_pending
from ticketops.domain.allocation.trust import Doubts
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.masterdata.aliases import client_keys
from ticketops.domain.ticket.identity import is_sold
from ticketops.domain.ticket.unit_ids import referenced_units
from ticketops.model import ids, states
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot


class Short(Struct, frozen=True):
    """Tickets that can still be promised, and by how many more were asked for."""

    available: int
    short: int


def uncommitted(
    snapshot: Snapshot, client: str, today: datetime, leaving: Collection[int] = ()
) -> Counter[tuple[str, str]]:
    """{(occasion, category): free units less the tickets sold that have none yet}: what can still be
    promised to a client. leaving: rows of Distribution whose tickets are of other stock now."""
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
    doubts, sub_games = Doubts.of(snapshot), SubGames.of(snapshot)
    for row, unit_id, match, sub_game, category in free.select(
        "row", "unit_id", "match", "sub_game", "category"
    ).iter_rows():
        if match and category and unit_id not in used and not doubts.of_unit(row, unit_id):
            left[sub_games.occasion(ids.normalise_match(match), sub_game), category] += 1
    columns = ("row", "match", "sub_game", "category", "alloc_from", "status", "unit_ids")
    sold = snapshot[DISTRIBUTION].frame.filter(is_sold())
    for ticket in sold.select(columns).iter_rows(named=True):
        if ticket["row"] in leaving:
            continue
        if ticket["match"] and is_pending(ticket):
            occasion = sub_games.occasion(ids.normalise_match(ticket["match"]), ticket["sub_game"])
            left[occasion, effective_category(ticket)] -= 1
    return left


def oversold(
    snapshot: Snapshot,
    lines: Iterable[tuple[str, str, int, str]],
    today: datetime,
    *,
    leaving: Collection[int] = (),
) -> list[Short | None]:
    """For each line (occasion, category, quantity, client) None, or how short it is where it asks for
    more than there is.

    Earlier lines count: two lines share what there is. leaving: as `uncommitted` has it.
    """
    lines = list(lines)
    found: list[Short | None] = []
    left = left_before(snapshot, lines, today, leaving=leaving)
    for (_occasion, _category, quantity, _client), before in zip(lines, left, strict=True):
        available = max(0, before)
        found.append(Short(available, quantity - available) if quantity > available else None)
    return found


def left_before(
    snapshot: Snapshot,
    lines: Iterable[tuple[str, str, int, str]],
    today: datetime,
    *,
    leaving: Collection[int] = (),
) -> list[int]:
    """For each line (occasion, category, quantity, client) what can be promised before it; earlier
    lines count. leaving: as `uncommitted` has it."""
    key = client_keys(snapshot)
    holders = set(active_holds(snapshot, today).values())
    promised: Counter[tuple[str, str]] = Counter()
    left_for: dict[str | None, Counter[tuple[str, str]]] = {}
    found = []
    for occasion, category, quantity, client in lines:
        # without holds of one's own all see the same
        whose = key(client) if key(client) in holders else None
        if whose not in left_for:
            left_for[whose] = uncommitted(snapshot, client, today, leaving)
        found.append(left_for[whose][occasion, category] - promised[occasion, category])
        promised[occasion, category] += quantity
    return found
