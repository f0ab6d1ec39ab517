"""The seat of a unit, and with it that of the ticket it serves (§3, D21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ticketops.domain.allocation.release import require_undispatched
from ticketops.domain.allocation.targets import TICKET
from ticketops.domain.catalogue import follow
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
    if after[-1]:
        _require_free(units, unit_id, unit["match"], after)
    plan = Plan()
    plan.changes.set(
        UNITS,
        unit["row"],
        unit_id,
        dict(zip(follow.SEAT, zip(before, after, strict=True), strict=True)),
    )
    tickets = [
        ticket
        for ticket in snapshot[DISTRIBUTION].frame.select(TICKET).iter_rows(named=True)
        if unit_id in unit_ids.listed(ticket)
    ]
    require_undispatched(tickets, run, force=force)
    others = set(snapshot[DISTRIBUTION].frame["sales_id"].drop_nulls())
    found = follow.seats(
        snapshot.after(plan.changes), but=others - {ticket["sales_id"] for ticket in tickets}
    )
    found.write(plan.changes)
    plan.findings += found.findings
    plan.result = Seated(
        unit_id, before, after, tickets[0]["sales_id"] if tickets else None, bool(found.moves)
    )
    return plan


def _require_free(
    units: pl.DataFrame, unit_id: str, match: str | None, seat: tuple[str | None, ...]
) -> None:
    """Raises RuleError where another unit of the match has the seat."""
    same = [
        pl.col(name).eq_missing(pl.lit(text)) for name, text in zip(follow.SEAT, seat, strict=True)
    ]
    taken = units.filter(
        pl.col("unit_id") != unit_id, pl.col("match").eq_missing(pl.lit(match)), *same
    )["unit_id"].drop_nulls()
    if len(taken):
        raise RuleError(
            f"the seat {follow.shown(seat)} of {match} belongs to {taken[0]}",
            "correct that unit first, or name another seat",
        )
