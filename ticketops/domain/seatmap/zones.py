"""Zones: which category the seats of a map have (§1b.1 step 3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from msgspec import Struct

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.plan import Plan, Run
from ticketops.domain.seatmap import painting, writing
from ticketops.domain.seatmap.plan import Area, SeatMap, Zone
from ticketops.domain.seatmap.spots import Wrong
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.domain.seatmap.whose import Whose, required, whose
from ticketops.errors import RuleError
from ticketops.model import spelling
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.ids import natural_order
from ticketops.schema.layouts.event import PURCHASES, SEAT_ZONES
from ticketops.schema.tables import Snapshot

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """A zone of a map, each list blank for all. seats: how many it has."""

    blocks: str
    rows: str
    seat_range: str
    category: str
    seats: int


@dataclass(frozen=True, slots=True)
class ZoneFault:
    """What of a file is not understood."""

    where: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ZoneList:
    """The zones of a map. own: whether they are those of the match, not those of its venue;
    changed: seats whose category this command changed; uncategorised: seats without one."""

    venue: str
    match: str | None
    own: bool
    zones: list[ZoneLine]
    seats: int
    uncategorised: int
    changed: int
    errors: list[ZoneFault]


class Wanted(Struct, frozen=True):
    """What is asked for. zones: to add; remove: areas whose seats lose their category; over: new
    zones take seats from zones of other categories; replace: all other zones go; partial: lines
    that are not understood are left out."""

    zones: Sequence[Zone] = ()
    remove: Sequence[Area] = ()
    wrong: Sequence[Wrong] = ()
    over: bool = False
    replace: bool = False
    partial: bool = False


def zone_list(snapshot: Snapshot, venue: str, match: str, run: Run) -> Plan:
    """The zones of a map. Raises NotFoundError, UnclearNameError, UsageError."""
    maps = StoredMaps(snapshot)
    owner = whose(snapshot, maps, venue, match, run)
    one = required(maps, owner)
    plan = Plan(findings=[*maps.findings, *owner.said])
    plan.result = _result(maps, owner, one, 0, ())
    return plan


def plan_zones(snapshot: Snapshot, venue: str, match: str, wanted: Wanted, run: Run) -> Plan:
    """Give seats a category, or take it from them. A match without zones of its own begins with
    those of its venue.

    Raises RuleError for an area without a seat, and for one that overlaps a zone of another
    category, unless `over`; NotFoundError, UnclearNameError, UsageError.
    """
    maps = StoredMaps(snapshot)
    owner = whose(snapshot, maps, venue, match, run)
    one = required(maps, owner)
    plan = Plan(findings=[*maps.findings, *owner.said])
    if wanted.wrong and not wanted.partial:
        plan.refused = True
        plan.findings.append(unread(wanted.wrong, SEAT_ZONES))
        plan.result = _result(maps, owner, one, 0, wanted.wrong)
        return plan
    for area in (*(zone.area for zone in wanted.zones), *wanted.remove):
        require_seats(one, area)
    before = painting.categories_of(one)
    start = SeatMap(one.venue, one.match, one.rows) if wanted.replace else one
    kept = list(start.zones)
    if wanted.remove or wanted.over:
        paint = {} if wanted.replace else dict(before)
        for area in wanted.remove:
            for key in painting.seats_in(one, area):
                paint.pop(key, None)
        for zone in wanted.zones:
            paint |= dict.fromkeys(painting.seats_in(one, zone.area), zone.category)
        pairs = painting.painted(painting.names_in(one), paint, natural_order)
        kept = [Zone(category, area) for category, area in pairs]
    else:
        for zone in wanted.zones:
            kept = _added(one, kept, zone)
    after = SeatMap(one.venue, one.match, one.rows, tuple(kept), one.restrictions)
    now = painting.categories_of(after)
    changed = sum(before.get(key) != now.get(key) for key in before.keys() | now.keys())
    if kept != list(one.zones):
        writing.write_zones(plan, snapshot, maps, owner, kept)
        if owner.match and not maps.own_zones(owner.match) and one.zones and not wanted.replace:
            message = (
                f"{owner.match} has zones of its own from now on: those of its venue are copied"
            )
            plan.findings.append(Finding("ZONES_COPIED", Severity.INFO, message, SEAT_ZONES))
    if wanted.wrong:
        plan.findings.append(unread(wanted.wrong, SEAT_ZONES))
    plan.findings += _unknown(snapshot, maps, owner, {zone.category for zone in wanted.zones})
    plan.result = _result(maps, owner, after, changed, wanted.wrong)
    return plan


def require_seats(one: SeatMap, area: Area) -> None:
    """Raises RuleError for an area without a seat of the map."""
    if not painting.seats_in(one, area):
        blocks = list(dict.fromkeys(row.block for row in one.rows))
        shown = ", ".join(blocks[:8]) + (" …" if blocks[8:] else "")
        raise RuleError(f"the map has no seat in {area.said}", f"its blocks are {shown}")


def unread(wrong: Sequence[Wrong], sheet: str) -> Finding:
    """What is said of lines that are not understood."""
    message = (
        f"{counted(len(wrong), 'line')} can't be read: {wrong[0].where}: {wrong[0].message}; "
        f"--partial leaves such lines out"
    )
    return Finding("LINES_UNREAD", Severity.HIGH, message, sheet)


def overlapping(one: SeatMap) -> list[tuple[Zone, Zone, int]]:
    """Zones of different categories that share seats, and how many."""
    shared: dict[tuple[int, int], int] = {}
    places = {id(zone): at for at, zone in enumerate(one.zones)}
    for line in dict.fromkeys(row.key for row in one.rows):
        zones, _ = one.along(line)
        if len({zone.category.casefold() for zone in zones}) < 2:
            continue
        for seat in one.row(*line).values():
            within = [zone for zone in zones if seat.key in zone.area]
            for zone in within[1:]:
                if zone.category.casefold() != within[0].category.casefold():
                    pair = (places[id(within[0])], places[id(zone)])
                    shared[pair] = shared.get(pair, 0) + 1
    return [(one.zones[a], one.zones[b], count) for (a, b), count in shared.items()]


def _added(one: SeatMap, zones: list[Zone], new: Zone) -> list[Zone]:
    """With a zone more. Raises RuleError where it overlaps one of another category."""
    same = next((at for at, zone in enumerate(zones) if zone.area == new.area), None)
    if same is None:
        same = len(zones)
    zones = [*zones[:same], new, *zones[same + 1 :]]
    tried = SeatMap(one.venue, one.match, one.rows, tuple(zones))
    for first, second, count in overlapping(tried):
        if new in (first, second):
            other = second if first == new else first
            raise RuleError(
                f"{new.area.said} overlaps {other.area.said}, which is {other.category}: "
                f"{counted(count, 'seat')} would be {new.category}, too",
                "nothing was written; --over gives them to the new zone",
            )
    return zones


def _unknown(
    snapshot: Snapshot, maps: StoredMaps, owner: Whose, categories: Collection[str]
) -> list[Finding]:
    """Categories that no match there has."""
    matches = [owner.match] if owner.match else maps.played_at(owner.venue)
    known = known_categories(snapshot, matches)
    found = []
    for name in sorted(categories, key=natural_order):
        if not known or name in known:
            continue
        meant = spelling.nearest(name, tuple(known))
        hint = f": did you mean {meant}?" if meant else f"; known are {', '.join(sorted(known))}"
        having = f"{owner.match} has no" if owner.match else f"no match at {owner.venue} has the"
        message = f"{having} category {name!r}{hint}"
        found.append(Finding("CATEGORY_UNKNOWN", Severity.MEDIUM, message, SEAT_ZONES))
    return found


def known_categories(snapshot: Snapshot, matches: Sequence[str]) -> set[str]:
    """The categories of some matches: of `_CATEGORIES`, of their scheme, or of purchases."""
    catalogue = Catalogue.of(snapshot, PURCHASES)
    found: set[str] = set()
    for match in matches:
        own = catalogue.schemes.own(match)
        found |= set(own if own is not None else catalogue.schemes.all_of(match))
        found |= catalogue.categories.get(match, set())
    return found


def _result(
    maps: StoredMaps, owner: Whose, one: SeatMap, changed: int, wrong: Sequence[Wrong]
) -> ZoneList:
    lines = [
        ZoneLine(
            zone.area.blocks,
            zone.area.rows,
            zone.area.seats,
            zone.category,
            len(painting.seats_in(one, zone.area)),
        )
        for zone in one.zones
    ]
    return ZoneList(
        venue=owner.venue,
        match=owner.match,
        own=owner.match is None or maps.own_zones(owner.match) or bool(changed),
        zones=lines,
        seats=one.count,
        uncategorised=one.count - len(painting.categories_of(one)),
        changed=changed,
        errors=[ZoneFault(fault.where, fault.code, fault.message) for fault in wrong],
    )
