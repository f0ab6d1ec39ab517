"""A seat map taken from a file (§1b.1, D28): what of it is understood, what is new or gone, and the
rows of seats that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct, field

from ticketops.domain.masterdata.masters import directory_of
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule.venues import Venues
from ticketops.domain.seatmap import painting, pieces, writing
from ticketops.domain.seatmap.plan import Key, Restriction, Zone, key_of
from ticketops.domain.seatmap.spots import MOST, SeatSpot, Spots, Wrong
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.domain.seatmap.whose import Whose, match_named
from ticketops.errors import InputError, RuleError, UsageError
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.ids import natural_order
from ticketops.schema.layouts.event import SCHEDULE, SEAT_ROWS
from ticketops.schema.layouts.event.masters import VENUE
from ticketops.schema.tables import Snapshot

_MUCH = 5
"""A file that lacks more than one in so many of the seats that are there is asked about (D17)."""
_SHOWN = 8


class Read(Struct):
    """A file as its format has it. label: what people call it; shape: csv, svg, json or grid; zones,
    restrictions: those that it lists by areas."""

    label: str
    shape: str
    spots: Spots
    zones: list[Zone] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)


class Options(Struct, frozen=True):
    """What is asked of an import. partial: what is not understood is left out; replace: also where
    that takes many seats away, or the file is another venue's; new: a name that is near a known
    venue is another; asks: a person is there, who sees what would come of it first; shows: nothing
    will be written."""

    partial: bool = False
    replace: bool = False
    new: bool = False
    asks: bool = False
    shows: bool = False


@dataclass(frozen=True, slots=True)
class SeatFault:
    """What of a file is not understood. where: `line 12`, `cell C4`."""

    where: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SeatMapImported:
    """A map as a file has it. match: None for all matches at the venue. rows: rows of seats, not of
    the sheet; with_coordinates: seats whose place in the picture is known; duplicates: seats that
    are there again, of which the first counts; doubled, gaps: the first of them, for people;
    without_row: seats; new, gone, unchanged: against the map that was there; zones, restrictions:
    areas that the file brought; refused: whether that is why nothing is written."""

    venue: str
    match: str | None
    file: str
    shape: str
    blocks: int
    rows: int
    seats: int
    with_coordinates: int
    duplicates: int
    errors: list[SeatFault]
    doubled: list[str]
    rows_with_gaps: int
    gaps: list[str]
    without_row: int
    new: int
    gone: int
    unchanged: int
    zones: int
    restrictions: int
    notes: list[str]
    refused: bool


def plan_import(
    snapshot: Snapshot, read: Read, venue: str, match: str, options: Options, run: Run
) -> Plan:
    """Take a map over, for a venue or for one match there. Where a file has errors nothing is
    written, unless `partial`, or a person is there to decide.

    Raises UsageError where nothing says whose it is; InputError for a file without a seat;
    RuleError for another venue's map, and for one that would take away many seats (D17);
    NotFoundError, UnclearNameError for names.
    """
    maps = StoredMaps(snapshot)
    plan = Plan()
    owner = _owner(snapshot, maps, venue, match, run, plan, options)
    once, again = pieces.first_of_each(read.spots.seats)
    _refuse_odd(read, once)
    rows = pieces.pieces_of(once)
    before = _before(maps, owner)
    keys = {key_of(one.block, one.row, one.seat) for one in once}
    gone = before - keys
    wrong = read.spots.wrong
    blocked = bool(wrong) and not (options.partial or options.asks or options.shows)
    if not blocked:
        _compare(plan, maps, owner, read, keys, before, options)
    zones, restrictions = painted(read, once)
    if not blocked:
        writing.write_rows(plan, snapshot, maps, owner, rows)
        if zones or read.spots.has_categories:
            writing.write_zones(plan, snapshot, maps, owner, zones)
        if restrictions or read.spots.has_restrictions:
            writing.write_restrictions(plan, snapshot, maps, owner, restrictions)
    plan.refused = blocked
    gaps = _gaps(once)
    plan.result = SeatMapImported(
        venue=owner.venue,
        match=owner.match,
        file=read.label,
        shape=read.shape,
        blocks=len({row.key[0] for row in rows}),
        rows=len({row.key for row in rows}),
        seats=len(once),
        with_coordinates=sum(one.x is not None for one in once),
        duplicates=len(again),
        errors=[SeatFault(one.where, one.code, one.message) for one in wrong],
        doubled=[f"{_shown(one)} ({one.where})" for one in again[:_SHOWN]],
        rows_with_gaps=len(gaps),
        gaps=gaps[:_SHOWN],
        without_row=sum(not one.row for one in once),
        new=len(keys - before),
        gone=len(gone),
        unchanged=len(keys & before),
        zones=len(zones),
        restrictions=len(restrictions),
        notes=list(read.spots.notes),
        refused=blocked,
    )
    plan.findings += _said(wrong, again, blocked=blocked)
    plan.findings += _of_places(once)
    return plan


def _owner(
    snapshot: Snapshot,
    maps: StoredMaps,
    venue: str,
    match: str,
    run: Run,
    plan: Plan,
    options: Options,
) -> Whose:
    """Whose map it becomes; a new venue becomes a draft."""
    code: str | None = None
    if match:
        code, said = match_named(snapshot, match, run)
        plan.findings += said
    if not venue:
        if code is None:
            raise UsageError("nothing says whose map it is", "give --venue NAME or --match CODE")
        played = maps.venue_of(code) or _scheduled(snapshot, code, run)
        if not played:
            raise UsageError(f"no venue of {code} is known", "give --venue NAME")
        return Whose(played, code)
    directory = directory_of(snapshot, VENUE, run)
    for name in maps.venues:
        directory.learn(name)
    means = directory.find(venue, new=options.new)
    played = (maps.venue_of(code) if code is not None else None) or means.name
    if played != means.name:
        raise UsageError(f"{code} is played at {played}, not at {means.name}")
    if means.how == "new":
        fresh = Venues(snapshot, run, new=True)
        fresh.bring(means.name, None, None, None)
        fresh.draft(plan, run)
    else:
        plan.findings += means.said("venue")
    if code is None:
        plan.findings += _unplayed(snapshot, means.name)
    return Whose(means.name, code)


def _scheduled(snapshot: Snapshot, match: str, run: Run) -> str:
    """The venue at which the schedule has a match, where the masters know it."""
    venues = Venues(snapshot, run)
    known = set(directory_of(snapshot, VENUE, run).names)
    rows = snapshot[SCHEDULE].frame.select("match", "city").drop_nulls()
    for code, city in rows.iter_rows():
        if code == match and (found := venues.in_workbook(city)) in known:
            return found
    return ""


def _unplayed(snapshot: Snapshot, venue: str) -> list[Finding]:
    from ticketops.domain.masterdata.who import fold

    cities = snapshot[SCHEDULE].frame["city"].drop_nulls()
    if cities.is_empty() or any(f" {fold(venue)} " in f" {fold(text)} " for text in cities):
        return []
    message = (
        f"no match of the schedule is played at {venue}: a match has a map where its place holds "
        f"the name of the venue"
    )
    return [Finding("NO_MATCH_THERE", Severity.LOW, message, SCHEDULE)]


def _refuse_odd(read: Read, once: Sequence[SeatSpot]) -> None:
    """Raises InputError for what is no map."""
    if not once and not read.spots.wrong:
        raise InputError(f"{read.label} has no seats")
    if len(once) > MOST:
        raise InputError(f"{read.label} has {len(once):,} seats; at most {MOST:,} are read")
    for seats in pieces.rows_of(once).values():
        if len(seats) > pieces.MOST_IN_ROW:
            one = seats[0]
            raise InputError(
                f"{read.label}: block {one.block or 'blank'}, row {one.row or 'blank'} has "
                f"{len(seats):,} seats; a row has at most {pieces.MOST_IN_ROW:,}",
                "--map row=HEADER says which column names the row",
            )


def _before(maps: StoredMaps, owner: Whose) -> set[Key]:
    """The seats of the map that is there, of its own."""
    if owner.match:
        there = maps.of_match(owner.match) if owner.match in maps.matches else None
    else:
        there = maps.of_venue(owner.venue)
    return {seat.key for seat in there} if there else set()


def _compare(
    plan: Plan,
    maps: StoredMaps,
    owner: Whose,
    read: Read,
    keys: set[Key],
    before: set[Key],
    options: Options,
) -> None:
    """Raises RuleError for what may be a mistake; where a person sees it first, a finding."""
    from ticketops.domain.masterdata.who import fold

    doubts = []
    named = read.spots.venue
    inside = [f" {fold(one)} " for one in (named, owner.venue)]
    if named and inside[0] not in inside[1] and inside[1] not in inside[0]:
        doubts.append(f"{read.label} says that it is the map of {named}, not of {owner.venue}")
    gone = len(before - keys)
    if gone * _MUCH > len(before):
        share = f"{gone:,} of the {len(before):,} seats of {owner.shown}"
        doubts.append(f"{read.label} lacks {share}: is it another venue's map?")
    for other in maps.all:
        if other.match or fold(other.venue) == fold(owner.venue) or other.count != len(keys):
            continue
        if all(seat.key in keys for seat in other):
            doubts.append(f"{read.label} has exactly the seats of the map of {other.venue}")
    if not doubts or options.replace:
        return
    if not (options.asks or options.shows):
        raise RuleError("; ".join(doubts), "nothing was written; --replace takes it anyway")
    plan.findings += [Finding("ANOTHER_MAP", Severity.HIGH, f"{one}", SEAT_ROWS) for one in doubts]


def painted(read: Read, once: Sequence[SeatSpot]) -> tuple[list[Zone], list[Restriction]]:
    """The zones and restrictions of a file: by areas where it lists them so, else by those of its seats.
    once: its seats, each once."""
    zones, restrictions = list(read.zones), list(read.restrictions)
    marked = [one for one in once if one.category or one.restrictions]
    if not marked:
        return zones, restrictions
    names = painting.names_of((one.block, one.row, one.seat) for one in once)
    if not zones:
        paint = {
            key_of(one.block, one.row, one.seat): one.category for one in marked if one.category
        }
        found = painting.painted(names, paint, natural_order)
        zones = [Zone(category, area) for category, area in found]
    if not restrictions:
        by_kind: dict[str, list[Key]] = {}
        for one in marked:
            for kind in one.restrictions:
                by_kind.setdefault(kind, []).append(key_of(one.block, one.row, one.seat))
        restrictions = [
            Restriction(kind, area)
            for kind, keys in by_kind.items()
            for area in painting.areas_of(names, keys)
        ]
    return zones, restrictions


def _gaps(once: Sequence[SeatSpot]) -> list[str]:
    """The rows in which numbers are missing: `101/A: between 4 and 7`."""
    found = []
    for seats in pieces.rows_of(once).values():
        between = pieces.gaps_in(seats)
        if between:
            shown = ", ".join(f"between {one} and {other}" for one, other in between[:3])
            more = " …" if between[3:] else ""
            found.append(f"{seats[0].block}/{seats[0].row}: {shown}{more}")
    return found


def _shown(one: SeatSpot) -> str:
    return "/".join((one.block or "–", one.row or "–", one.seat))


def _said(wrong: Sequence[Wrong], again: Sequence[SeatSpot], *, blocked: bool) -> list[Finding]:
    found = []
    if wrong:
        first = wrong[0]
        what = f"{counted(len(wrong), 'seat')} of the file can't be read: {first.where}: {first.message}"
        then = (
            "; nothing was written: correct the file, or --partial leaves them out"
            if blocked
            else "; they are left out"
        )
        found.append(Finding("SEATS_UNREAD", Severity.HIGH, what + then))
    if again:
        are = "is there again, and counts" if len(again) == 1 else "are there again, and count"
        message = f"{counted(len(again), 'seat')} of the file {are} once: "
        message += ", ".join(f"{_shown(one)} ({one.where})" for one in again[:3])
        found.append(Finding("SEATS_DOUBLED", Severity.MEDIUM, message))
    return found


def _of_places(once: Sequence[SeatSpot]) -> list[Finding]:
    """Different seats at one place of the picture."""
    at: dict[tuple[float, float], SeatSpot] = {}
    same = []
    for one in once:
        if one.x is not None and one.y is not None:
            other = at.setdefault((one.x, one.y), one)
            if other is not one:
                same.append((other, one))
    if not same:
        return []
    first, second = same[0]
    message = (
        f"{counted(len(same), 'seat')} drawn at the place of another: {_shown(second)} at that "
        f"of {_shown(first)}"
    )
    return [Finding("SEATS_AT_ONE_PLACE", Severity.LOW, message)]
