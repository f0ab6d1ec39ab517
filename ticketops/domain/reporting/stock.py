"""Stock and how far it has gone (§11): what was bought, what of it is free or allocated, what of the
tickets is allocated, sent and accepted, and when that happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from ticketops.domain.reporting.figures import Position, PositionLine, grouped
from ticketops.domain.reporting.position import is_available, pools
from ticketops.domain.ticket.identity import is_sold
from ticketops.domain.ticket.unit_ids import listed_in, referenced_units
from ticketops.model import ids, states
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot

MATCH, CATEGORY, BOTH = BY = ("match", "category", "both")
Pool = tuple[str | None, str | None]
"""Match (or sub-game, as `M01/RACE`) and category, each None where lines are not by it."""


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """The units of one match or sub-game, of one category, or of both. purchased = available +
    allocated + other; units whose status is CANCELLED are out."""

    match: str | None
    category: str | None
    purchased: int
    available: int
    """As `report position` counts them."""
    allocated: int
    """A ticket refers to them, or their status says that they are gone: ALLOCATED, SOLD."""
    other: int
    """REPLACED ones, and those with a cell that is not understood."""


@dataclass(frozen=True, slots=True)
class AllocationLine:
    """How far the tickets of one match or sub-game, of one category, or of both are: tickets =
    unallocated + allocated + dispatched."""

    match: str | None
    category: str | None
    tickets: int
    unallocated: int
    allocated: int
    """With a unit, and not sent."""
    dispatched: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What happened to the live tickets of one match or category on one day (2026-06-11)."""

    date: str
    match: str | None
    category: str | None
    allocated: int
    dispatched: int
    accepted: int


def keyed(by: str) -> Callable[[str, str], Pool]:
    """What lines are of: by one of BY."""
    return lambda match, category: (
        None if by == CATEGORY else match,
        None if by == MATCH else category,
    )


def in_order(pool: Pool) -> tuple[Any, ...]:
    """Sorts lines by match, then category."""
    return ids.natural_order(pool[0]), ids.natural_order(pool[1])


def inventory(snapshot: Snapshot, by: str) -> tuple[InventoryLine, ...]:
    """The units that were bought, by one of BY."""
    used = pl.Series(sorted(referenced_units(snapshot)), dtype=pl.String)
    gone = pl.col("unit_id").is_in(used.implode()) | pl.col("status").is_in(
        [states.ALLOCATED, states.SOLD]
    )
    frame = snapshot[UNITS].frame.filter(
        pl.col("unit_id").is_not_null(), pl.col("status").ne_missing(states.CANCELLED)
    )
    counts = frame.group_by(pools(snapshot)).agg(
        pl.len(),
        is_available(snapshot).sum().alias("free"),
        gone.fill_null(False).sum().alias("gone"),
    )
    sums: dict[Pool, list[int]] = defaultdict(lambda: [0, 0, 0])
    key = keyed(by)
    for match, category, *figures in counts.iter_rows():
        of = sums[key(match, category)]
        for place, figure in enumerate(figures):
            of[place] += figure
    return tuple(
        InventoryLine(*pool, bought, free, taken, bought - free - taken)
        for pool, (bought, free, taken) in sorted(sums.items(), key=lambda one: in_order(one[0]))
    )


def allocation(report: Position, by: str) -> tuple[AllocationLine, ...]:
    """How far tickets are, by one of BY: the figures of a position."""
    key = keyed(by)
    rows = grouped(_with_tickets(report.lines), lambda line: key(line.match, line.category))
    return tuple(
        AllocationLine(
            pool[0], pool[1], of.sold, of.open - of.allocated_unsent, of.allocated_unsent, of.sent
        )
        for pool, of in sorted(rows, key=lambda one: in_order(one[0]))
    )


def _with_tickets(lines: Iterable[PositionLine]) -> list[PositionLine]:
    return [line for line in lines if line.sold]


@dataclass(frozen=True, slots=True)
class Undated:
    """Tickets that are allocated, sent or accepted without saying when."""

    allocated: int = 0
    dispatched: int = 0
    accepted: int = 0


def progress(
    snapshot: Snapshot, by: str, since: datetime | None = None
) -> tuple[tuple[Progress, ...], Undated]:
    """What happened on which day, by the AllocatedAt of the first unit of each live ticket, and its
    DispatchedAt and AcceptedAt; and how many do not say when. since: from this day on."""
    at = dict(
        snapshot[UNITS].frame.select("unit_id", "allocated_at").drop_nulls("unit_id").iter_rows()
    )
    tickets = snapshot[DISTRIBUTION].frame.filter(
        is_sold(), pl.col("status").ne_missing(states.CANCELLED)
    )
    rows = tickets.select(
        *pools(snapshot),
        listed_in(pl.col("unit_ids")).list.first().alias("unit"),
        pl.col("unit_ids").is_not_null().alias("served"),
        "delivery",
        "dispatched_at",
        "accepted_at",
    )
    key = keyed(CATEGORY if by == CATEGORY else MATCH)
    days: dict[tuple[str, Pool], Counter[str]] = defaultdict(Counter)
    undated: Counter[str] = Counter()
    for match, category, unit, served, delivery, sent, accepted in rows.iter_rows():
        for name, holds, moment in (
            ("allocated", served, at.get(unit)),
            ("dispatched", delivery in states.DISPATCHED, sent),
            ("accepted", delivery == states.ACCEPTED, accepted),
        ):
            if not holds:
                continue
            if moment is None:
                undated[name] += 1
            elif since is None or moment >= since:
                days[f"{moment:%Y-%m-%d}", key(match, category)][name] += 1
    order = sorted(days.items(), key=lambda one: (one[0][0], in_order(one[0][1])))
    return tuple(Progress(day, *pool, *_three(of)) for (day, pool), of in order), Undated(
        *_three(undated)
    )


def _three(of: Counter[str]) -> tuple[int, int, int]:
    return of["allocated"], of["dispatched"], of["accepted"]
