"""Restrictions: what is to be known about seats of a map (§1b.1 step 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from ticketops.domain.plan import Plan, Run
from ticketops.domain.seatmap import painting, writing
from ticketops.domain.seatmap.plan import Restriction, SeatMap
from ticketops.domain.seatmap.spots import Wrong
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.domain.seatmap.whose import Whose, required, whose
from ticketops.domain.seatmap.zones import require_seats, unread
from ticketops.errors import RuleError
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import SEAT_RESTRICTIONS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class RestrictionLine:
    """A restriction of a map, each list blank for all. seats: how many it is about."""

    blocks: str
    rows: str
    seat_range: str
    restriction: str
    note: str | None
    seats: int


@dataclass(frozen=True, slots=True)
class RestrictionFault:
    """What of a file is not understood."""

    where: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RestrictionList:
    """The restrictions of a map, those of the venue among those of a match. changed: seats about
    which more or less is to be known now."""

    venue: str
    match: str | None
    restrictions: list[RestrictionLine]
    changed: int
    errors: list[RestrictionFault]


class Wanted(Struct, frozen=True):
    """What is asked for. add: restrictions; lift: those to be lifted, whatever their note says; wrong:
    lines of a file that are not understood; replace: all others of the map go."""

    add: Sequence[Restriction] = ()
    lift: Sequence[Restriction] = ()
    wrong: Sequence[Wrong] = ()
    replace: bool = False
    partial: bool = False


def restriction_list(snapshot: Snapshot, venue: str, match: str, run: Run) -> Plan:
    """The restrictions of a map. Raises NotFoundError, UnclearNameError, UsageError."""
    maps = StoredMaps(snapshot)
    owner = whose(snapshot, maps, venue, match, run)
    one = required(maps, owner)
    plan = Plan(findings=[*maps.findings, *owner.said])
    plan.result = _result(owner, one, 0, ())
    return plan


def plan_restrict(snapshot: Snapshot, venue: str, match: str, wanted: Wanted, run: Run) -> Plan:
    """Restrict seats, or lift what restricts them. A restriction of a match stands beside those of
    its venue, which are lifted there.

    Raises RuleError for an area without a seat, and where there is nothing to lift; NotFoundError,
    UnclearNameError, UsageError.
    """
    maps = StoredMaps(snapshot)
    owner = whose(snapshot, maps, venue, match, run)
    one = required(maps, owner)
    plan = Plan(findings=[*maps.findings, *owner.said])
    if wanted.wrong:
        plan.findings.append(unread(wanted.wrong, SEAT_RESTRICTIONS))
        if not wanted.partial:
            plan.refused = True
            plan.result = _result(owner, one, 0, wanted.wrong)
            return plan
    for each in (*wanted.add, *wanted.lift):
        require_seats(one, each.area)
    there = maps.own_restrictions(owner.match or owner.venue)
    kept = [] if wanted.replace else list(there)
    for each in wanted.lift:
        kept = _lifted(one, owner, kept, each)
    for new in wanted.add:
        same = next((at for at, old in enumerate(kept) if _is_same(old, new)), None)
        if same is None:
            kept.append(new)
        elif new.note:
            kept[same] = new
    if kept != there:
        writing.write_restrictions(plan, snapshot, maps, owner, kept)
    others = [each for each in one.restrictions if each not in there]
    after = SeatMap(one.venue, one.match, one.rows, one.zones, (*others, *kept))
    changed = sum(_kinds(one, seat.key) != _kinds(after, seat.key) for seat in one)
    if not changed and kept == there and (wanted.add or wanted.lift):
        message = "the seats are already as you ask"
        plan.findings.append(Finding("ALREADY_SO", Severity.INFO, message, SEAT_RESTRICTIONS))
    plan.result = _result(owner, after, changed, wanted.wrong)
    return plan


def _is_same(one: Restriction, other: Restriction) -> bool:
    return one.kind == other.kind and one.area == other.area


def _kinds(one: SeatMap, key: tuple[str, str, str]) -> set[str]:
    return {each.kind for each in one.restricted(key)}


def _lifted(
    one: SeatMap, owner: Whose, kept: list[Restriction], lift: Restriction
) -> list[Restriction]:
    """Without a restriction on the seats of an area; what else it is about stays. Raises
    RuleError."""
    gone = set(painting.seats_in(one, lift.area))
    found: list[Restriction] = []
    hit = False
    names = None
    for each in kept:
        seats = painting.seats_in(one, each.area) if each.kind == lift.kind else []
        left = [key for key in seats if key not in gone]
        if len(left) == len(seats):
            found.append(each)
            continue
        hit = True
        if left:
            names = names or painting.names_in(one)
            areas = painting.areas_of(names, left)
            found += [Restriction(each.kind, area, each.note) for area in areas]
    if not hit:
        at_venue = any(
            each.kind == lift.kind and gone & set(painting.seats_in(one, each.area))
            for each in one.restrictions
        )
        raise RuleError(
            f"no seat in {lift.area.said} is {lift.kind} at {owner.shown}",
            f"it is so at the venue: --venue {owner.venue!r} lifts it there" if at_venue else "",
        )
    return found


def _result(owner: Whose, one: SeatMap, changed: int, wrong: Sequence[Wrong]) -> RestrictionList:
    lines = [
        RestrictionLine(
            each.area.blocks,
            each.area.rows,
            each.area.seats,
            each.kind,
            each.note or None,
            len(painting.seats_in(one, each.area)),
        )
        for each in one.restrictions
    ]
    faults = [RestrictionFault(fault.where, fault.code, fault.message) for fault in wrong]
    return RestrictionList(owner.venue, owner.match, lines, changed, faults)
