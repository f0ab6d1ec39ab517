"""Why a seat is or isn't to be had (§1b): sold, held, restricted, of another category, kept from a sale
by its policy or instructions, or leaving one alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from ticketops.domain.allocation.plans import CHOSEN, Chunk
from ticketops.domain.allocation.pool import (
    Unit,
    held_units,
    load_units,
    not_for_sale,
    standing_holds,
)
from ticketops.domain.allocation.proposals import Proposer
from ticketops.domain.allocation.seating import runs_of
from ticketops.domain.allocation.targets import TICKET, Target, find_target
from ticketops.domain.allocation.trust import Doubts
from ticketops.domain.catalogue.follow import shown
from ticketops.domain.masterdata.aliases import client_keys
from ticketops.domain.plan import Plan, Run
from ticketops.domain.seatmap.plan import SeatMap, key_of
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.domain.seatmap.whose import match_named
from ticketops.domain.ticket import unit_ids
from ticketops.errors import RuleError, UsageError
from ticketops.model import ids, states
from ticketops.model.categories import match_of
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot

Place = tuple[str | None, str | None, str | None]
"""(block, row, seat), as they were typed."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Something about a seat. blocks: whether the seat is not to be had for it."""

    code: str
    message: str
    blocks: bool


@dataclass(frozen=True, slots=True)
class Why:
    """What is known about a seat of a match."""

    seat: str
    """BLOCK/ROW/SEAT."""
    match: str
    sale: str | None
    """The sale for which it was asked."""
    on_map: bool | None
    """Whether the seat map has it; None where the match has no map."""
    category: str | None
    """Its category on the map."""
    restrictions: list[str]
    unit_ids: list[str]
    """The units on it."""
    to_be_had: bool
    reasons: list[Reason]


def plan_why(snapshot: Snapshot, place: Place, match: str, sales_id: str, run: Run) -> Plan:
    """What speaks for and against one seat, for a sale or for anybody.

    match: blank where the sale says it. Raises UsageError where neither is given, and for a sub-game;
    NotFoundError, UnclearNameError for a sale or a match that there is not; RuleError where the sale
    is for another match.
    """
    doubts = Doubts.of(snapshot)
    target = find_target(snapshot, sales_id, doubts) if sales_id else None
    code, said = (
        match_named(snapshot, match, run) if match else (target.match if target else "", [])
    )
    if not code:
        raise UsageError("give --match or --sale")
    if target is not None and target.match != code:
        raise RuleError(f"{target.sales_id} is for {target.match}, not for {code}")
    plan = StoredMaps(snapshot).of_match(code)
    key = key_of(*place)
    seat = plan.find(*place) if plan else None
    units = load_units(snapshot, {code}, pl.lit(True), today=run.now)
    units = [unit for unit in units if match_of(unit.occasion) == code]
    mine = [unit for unit in units if key_of(unit.block, unit.seat_row, unit.seat) == key]
    reasons = list(_of_the_seat(snapshot, plan, seat is not None, mine, doubts, target, run))
    if target is not None and mine:
        reasons += _for_the_sale(snapshot, target, mine, run, doubts)
    category = plan.category(key) if plan and seat else None
    return Plan(
        result=Why(
            shown(place),
            code,
            target.sales_id if target else None,
            None if plan is None else seat is not None,
            category,
            [one.kind for one in plan.restricted(key)] if plan else [],
            [unit.unit_id for unit in mine],
            to_be_had=not any(reason.blocks for reason in reasons),
            reasons=reasons,
        ),
        findings=said,
    )


def _of_the_seat(
    snapshot: Snapshot,
    plan: SeatMap | None,
    on_map: bool,
    units: Sequence[Unit],
    doubts: Doubts,
    target: Target | None,
    run: Run,
) -> Iterator[Reason]:
    """What holds for every sale; a hold is none against a sale of its client."""
    if plan is not None and not on_map:
        yield Reason("NOT_ON_MAP", "the seat map has no such seat", blocks=False)
    if not units:
        yield Reason("NOT_BOUGHT", "no unit has this seat", blocks=True)
    if len(units) > 1:
        names = ids.join_unit_ids(unit.unit_id for unit in units)
        yield Reason("TWO_UNITS", f"{len(units)} units have this seat: {names}", blocks=True)
    wanted = {unit.unit_id for unit in units}
    for ticket in snapshot[DISTRIBUTION].frame.select(TICKET).iter_rows(named=True):
        if wanted.intersection(unit_ids.listed(ticket)):
            whose = f" of {ticket['company']}" if ticket["company"] else ""
            yield Reason("SOLD", f"it is {ticket['sales_id']}{whose}", blocks=True)
    for unit in units:
        if unit.status not in (None, states.AVAILABLE):
            yield Reason("STATUS", f"{unit.unit_id} is {unit.status}", blocks=True)
        if why := doubts.of_unit(unit.row, unit.unit_id):
            yield Reason("KEPT_OUT", why, blocks=True)
        if why := not_for_sale(unit):
            yield Reason("RESTRICTED", why, blocks=True)
        else:
            for kind in unit.restrictions:
                yield Reason(kind, f"the seat map says {kind}", blocks=False)
    client = client_keys(snapshot)
    for row in standing_holds(snapshot, run.now).iter_rows(named=True):
        if wanted.intersection(held_units(row["unit_id"])):
            until = f" until {row['until']:%Y-%m-%d}" if row["until"] else ""
            own = target is not None and client(row["client"]) == client(target.client)
            yield Reason("HELD", f"it is held for {row['client']}{until}", blocks=not own)


def _for_the_sale(
    snapshot: Snapshot, target: Target, units: Sequence[Unit], run: Run, doubts: Doubts
) -> Iterator[Reason]:
    """What holds for one sale: its category, policy and instructions, and what would be left."""
    proposer = Proposer(snapshot, [target], run, doubts)
    free = [unit for units_of in proposer.sets(target).values() for unit in units_of]
    for unit in units:
        if unit.category != target.category:
            said = f"it is {unit.category}; the sale is served from {target.category}"
            yield Reason("WRONG_CATEGORY", said, blocks=True)
            continue
        if unit.occasion != target.occasion:
            said = f"it is of {unit.occasion}; the sale is of {target.occasion}"
            yield Reason("WRONG_SUB_GAME", said, blocks=True)
            continue
        judged = proposer.judge(target, CHOSEN, (Chunk(unit.set_id, (unit,)),))
        for one in judged.violations:
            yield Reason(f"POLICY:{one.code}", one.message, blocks=True)
        if not target.pending:
            yield Reason("NOTHING_PENDING", f"{target.sales_id} has no pending ticket", blocks=True)
            continue
        if unit.unit_id in {one.unit_id for one in free}:
            yield from _left_alone(unit, free, len(target.pending))
            yield from _taken_by(proposer, target, unit)


def _left_alone(unit: Unit, free: Sequence[Unit], quantity: int) -> Iterator[Reason]:
    """Whether every way to seat the sale here leaves a single seat beside it."""
    run = next(run for run in runs_of(free) if any(one.unit_id == unit.unit_id for one in run))
    at = next(i for i, one in enumerate(run) if one.unit_id == unit.unit_id)
    taken = min(quantity, len(run))
    starts = range(max(0, at - taken + 1), min(at, len(run) - taken) + 1)
    if all(1 in (start, len(run) - start - taken) for start in starts):
        said = f"{taken} of its run of {len(run)} free seats with it leave one alone"
        yield Reason("LEAVES_ONE", said, blocks=False)


def _taken_by(proposer: Proposer, target: Target, unit: Unit) -> Iterator[Reason]:
    ranks = [
        str(proposal.rank)
        for proposal in proposer.proposals(target)
        if any(one.unit_id == unit.unit_id for one in proposal.units)
    ]
    if ranks:
        plans = f"plan {ranks[0]}" if len(ranks) == 1 else f"plans {', '.join(ranks)}"
        takes = "takes" if len(ranks) == 1 else "take"
        said = f"{plans} of `allocate preview {target.sales_id}` {takes} it"
        yield Reason("PROPOSED", said, blocks=False)
    else:
        said = f"no plan of `allocate preview {target.sales_id}` takes it: others rank before"
        yield Reason("NOT_PROPOSED", said, blocks=False)
