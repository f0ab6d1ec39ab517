"""The seat of a unit, and with it that of the ticket it serves (§3, D21)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ticketops.domain.allocation.release import require_undispatched
from ticketops.domain.allocation.targets import TICKET
from ticketops.domain.catalogue import follow
from ticketops.domain.catalogue.taken import TakenSeats
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket import unit_ids
from ticketops.errors import NotFoundError, RuleError
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Seated:
    """`unit seat`. before, after: block, row and seat. sales_id: the ticket that the unit serves;
    follows: whether the ticket's seat also changed."""

    unit_id: str
    before: tuple[str | None, ...]
    after: tuple[str | None, ...]
    sales_id: str | None
    follows: bool


def plan_seat(
    snapshot: Snapshot, unit_id: str, texts: Mapping[str, str], run: Run, *, force: bool = False
) -> Plan:
    """Give a unit a seat; its ticket's follows where that is blank or was the unit's.

    texts: {"block", "seat_row" or "seat": text}, "" to clear it. Raises NotFoundError for a unit
    that there is not, RuleError where another unit of the match has that seat and where the ticket
    was sent already (force: allowed to an ops_manager).
    """
    units = snapshot[UNITS].frame
    own = units.filter(pl.col("unit_id") == unit_id)
    if own.height != 1:
        raise NotFoundError(
            f"there is no unit {unit_id}" if own.is_empty() else f"{unit_id} exists twice",
            "`ticketops unit list` shows all",
        )
    unit = own.row(0, named=True)
    before = tuple(unit[name] for name in follow.SEAT)
    after = tuple((texts[name] or None) if name in texts else unit[name] for name in follow.SEAT)
    if before == after:
        raise RuleError(f"{unit_id} already has the seat {follow.shown(after)}")
    taken = TakenSeats(snapshot, (unit_id,))
    if owner := taken.take(unit["match"] or "", unit["sub_game"], after, unit_id):
        where = taken.named(unit["match"] or "", unit["sub_game"], after)
        raise RuleError(
            f"the seat {where} belongs to {owner}", "correct that unit first, or name another seat"
        )
    tickets = tickets_of(snapshot, (unit_id,))
    require_undispatched(tickets, run, force=force)
    plan = seated(snapshot, {unit_id: after}, [ticket["sales_id"] for ticket in tickets])
    plan.result = Seated(
        unit_id,
        before,
        after,
        tickets[0]["sales_id"] if tickets else None,
        any(change.sheet == DISTRIBUTION for change in plan.changes),
    )
    return plan


def tickets_of(snapshot: Snapshot, unit_names: Collection[str]) -> list[dict[str, Any]]:
    """The rows of Distribution that name one of these units."""
    wanted = set(unit_names)
    if not wanted:
        return []
    frame = snapshot[DISTRIBUTION].frame.select(TICKET)
    near = frame.filter(pl.col("unit_ids").str.contains_any(sorted(wanted)))
    return [
        ticket
        for ticket in near.iter_rows(named=True)
        if wanted.intersection(unit_ids.listed(ticket))
    ]


def seated(
    snapshot: Snapshot, seats: Mapping[str, tuple[str | None, ...]], tickets: Sequence[str]
) -> Plan:
    """Units with these seats: {UnitID: block, row and seat}; those of the tickets follow (D21).
    tickets: the SalesIDs that these units serve. Whether the seats are free is not asked here."""
    plan = Plan()
    frame = snapshot[UNITS].frame.filter(pl.col("unit_id").is_in(list(seats)))
    for row, unit_id, *before in frame.select("row", "unit_id", *follow.SEAT).iter_rows():
        cells = dict(zip(follow.SEAT, zip(before, seats[unit_id], strict=True), strict=True))
        plan.changes.set(UNITS, row, unit_id, cells)
    others = set(snapshot[DISTRIBUTION].frame["sales_id"].drop_nulls())
    found = follow.seats(snapshot.after(plan.changes), but=others - set(tickets))
    found.write(plan.changes)
    plan.findings += found.findings
    return plan
