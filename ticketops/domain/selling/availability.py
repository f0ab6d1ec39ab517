"""What can still be promised, and which order lines ask for more (§4 oversell check, §14a)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import polars as pl
from msgspec import Struct

from ticketops.domain.allocation.pool import active_holds
from ticketops.domain.allocation.targets import wants_unit
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
    doubts, sub_games = Doubts.of(snapshot), SubGames.of(snapshot)
    used = referenced_units(snapshot) | {
        unit for unit, whom in active_holds(snapshot, today).items() if whom != own
    }
    free = snapshot[UNITS].frame.filter(
        pl.col("unit_id").is_not_null(),
        pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE,
        pl.col("sales_id").is_null(),
        ~pl.col("unit_id").is_in([*used, *doubts.units]),
        ~pl.col("row").is_in(list(doubts.unit_rows)),
    )
    stock = ("match", "sub_game", "category")
    for match, sub_game, category, count in free.group_by(stock).len().iter_rows():
        if match and category:
            left[sub_games.occasion(ids.normalise_match(match), sub_game), category] += count
    pending = snapshot[DISTRIBUTION].frame.filter(
        is_sold(), wants_unit(), ~pl.col("row").is_in(list(leaving))
    )
    served_from = pl.when(pl.col("alloc_from") != "").then("alloc_from").otherwise("category")
    asked = pending.group_by("match", "sub_game", served_from.fill_null("").alias("from")).len()
    for match, sub_game, category, count in asked.iter_rows():
        if match:
            left[sub_games.occasion(ids.normalise_match(match), sub_game), category] -= count
    return left


def oversold(
    snapshot: Snapshot,
    lines: Iterable[tuple[str, str, int, str]],
    today: datetime,
    *,
    leaving: Collection[int] = (),
    left: Sequence[int] | None = None,
) -> list[Short | None]:
    """For each line (occasion, category, quantity, client) None, or how short it is where it asks for
    more than there is.

    Earlier lines count: two lines share what there is. leaving: as `uncommitted` has it. left: what
    `left_before` says of them, where that is known.
    """
    lines = list(lines)
    found: list[Short | None] = []
    if left is None:
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
