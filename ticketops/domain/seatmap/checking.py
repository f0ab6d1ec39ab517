"""Whether seat maps and the trade agree (§1b.1 steps 3 and 4, D28): seats without a category, seats
against what is contracted, overlapping zones, and units on seats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from ticketops.domain.plan import Plan, Run
from ticketops.domain.seatmap import painting
from ticketops.domain.seatmap.plan import SeatMap, key_of
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.domain.seatmap.whose import required, whose
from ticketops.domain.seatmap.zones import overlapping
from ticketops.model import ids, spelling
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.seat_labels import write_labels
from ticketops.schema.layouts.event import PURCHASES, SEAT_ROWS, SEAT_ZONES, UNITS
from ticketops.schema.tables import Snapshot

NOT_ON_MAP = "UNIT_SEAT_NOT_ON_MAP"
OTHER_CATEGORY = "UNIT_SEAT_IN_OTHER_CATEGORY"
TWICE = "TWO_UNITS_ON_ONE_SEAT"
OVERLAPPING = "ZONES_OVERLAP"
UNCATEGORISED = "SEATS_WITHOUT_CATEGORY"
TOO_FEW = "CATEGORY_HAS_TOO_FEW_SEATS"
_UNIT = (
    "row",
    "unit_id",
    "match",
    "sub_game",
    "category",
    "status",
    "sales_id",
    "block",
    "seat_row",
    "seat",
)
_GONE = ("CANCELLED", "REPLACED")


@dataclass(frozen=True, slots=True)
class CategorySeats:
    """A category of a map. contracted: tickets that were purchased of it, for the match that has
    most of them."""

    seats: int
    contracted: int


@dataclass(frozen=True, slots=True)
class SeatMapCheck:
    """How a map stands. uncategorised: seats without a category; findings: how many there are."""

    venue: str
    match: str | None
    seats: int
    by_category: dict[str, CategorySeats]
    uncategorised: int
    findings: int


def check(snapshot: Snapshot, venue: str, match: str, run: Run) -> Plan:
    """Look at one map, and at the units of its matches. Raises NotFoundError, UnclearNameError,
    UsageError."""
    maps = StoredMaps(snapshot)
    owner = whose(snapshot, maps, venue, match, run)
    one = required(maps, owner)
    matches = [owner.match] if owner.match else maps.played_at(owner.venue)
    categories = painting.categories_of(one)
    seats: dict[str, int] = {}
    for category in categories.values():
        seats[category] = seats.get(category, 0) + 1
    contracted = _contracted(snapshot, matches)
    most = {
        category: max(by_match.values(), default=0) for category, by_match in contracted.items()
    }
    findings = [*maps.findings, *_overlaps(one)]
    if bare := _bare(one, set(categories)):
        findings.append(bare)
    for category, needed in most.items():
        if seats and needed > seats.get(category, 0):
            of = max(contracted[category], key=lambda name: contracted[category][name])
            message = (
                f"{of} has {counted(needed, 'ticket')} of {category} contracted, but the map of "
                f"{owner.shown} has {counted(seats.get(category, 0), 'seat')} of it"
            )
            findings.append(
                Finding(TOO_FEW, Severity.MEDIUM, message, SEAT_ZONES, match=of, category=category)
            )
    findings += [one_of for one_of in unit_findings(snapshot, maps) if one_of.match in matches]
    by_category = {
        name: CategorySeats(seats.get(name, 0), most.get(name, 0))
        for name in sorted({*seats, *most}, key=ids.natural_order)
    }
    result = SeatMapCheck(
        owner.venue, owner.match, one.count, by_category, one.count - len(categories), len(findings)
    )
    return Plan(result=result, findings=[*owner.said, *findings])


def map_findings(snapshot: Snapshot) -> list[Finding]:
    """What the audit says of seat maps (D28): rows that are not understood, overlapping zones, units
    on seats that are not on their map or are of another category. None where there is no map."""
    maps = StoredMaps(snapshot)
    if not maps:
        return list(maps.findings)
    found = list(maps.findings)
    seen: set[tuple[object, ...]] = set()
    for one in maps.all:
        for finding in _overlaps(one):
            if (key := (one.venue, finding.message)) not in seen:
                seen.add(key)
                found.append(finding)
    return [*found, *unit_findings(snapshot, maps)]


def unit_findings(snapshot: Snapshot, maps: StoredMaps) -> Iterator[Finding]:
    """Units whose seat is not on the map of their match, in the zone of another category, or that of
    another unit however it is spelt. A unit without a seat is nowhere, and one whose block is
    unknown may be anywhere."""
    taken: dict[tuple[object, ...], tuple[str, tuple[object, ...]]] = {}
    frame = (
        snapshot[UNITS]
        .frame.select(*_UNIT)
        .filter(
            pl.col("seat").is_not_null(),
            pl.col("match").is_not_null(),
            ~pl.col("status").fill_null("").is_in(_GONE),
        )
    )
    for cells in frame.iter_rows(named=True):
        code = spelling.match(cells["match"]) or ""
        one = maps.of_match(code) if code else None
        if one is None:
            continue
        where = (cells["block"], cells["seat_row"], cells["seat"])
        shown = "/".join(part or "–" for part in where)
        seat = one.find(*where)
        if seat is None:
            if not cells["block"]:
                continue
            message = f"{cells['unit_id']} is on {shown}, which the map of {one.venue} has not"
            yield _of_unit(NOT_ON_MAP, cells, message, code)
            continue
        spelt = (cells["category"], *((part or "").strip().casefold() for part in where))
        first, other = taken.setdefault(
            (code, cells["sub_game"], seat.key), (cells["unit_id"] or "", spelt)
        )
        if other != spelt:  # the audit of units says it of those that are spelt alike
            yield _of_unit(TWICE, cells, f"{cells['unit_id']} is on {shown}, as {first} is", code)
        zone = one.category(key_of(*where))
        if (
            zone is not None
            and cells["category"]
            and zone.casefold() != cells["category"].casefold()
        ):
            message = (
                f"{cells['unit_id']} is {cells['category']}, but {shown} is in a zone of {zone}"
            )
            yield _of_unit(OTHER_CATEGORY, cells, message, code)


def _of_unit(code: str, cells: dict[str, object], message: str, match: str) -> Finding:
    return Finding(
        code,
        Severity.MEDIUM,
        message,
        UNITS,
        int(str(cells["row"])),
        str(cells["sales_id"] or ""),
        str(cells["unit_id"] or ""),
        match,
        str(cells["category"] or ""),
    )


def _overlaps(one: SeatMap) -> list[Finding]:
    return [
        Finding(
            OVERLAPPING,
            Severity.HIGH,
            f"{first.area.said} ({first.category}) and {second.area.said} ({second.category}) of "
            f"{one.venue or one.match} share {counted(count, 'seat')}: the first counts",
            SEAT_ZONES,
        )
        for first, second, count in overlapping(one)
    ]


def _bare(one: SeatMap, has: set[tuple[str, str, str]]) -> Finding | None:
    """The seats without a category, as one finding."""
    without: dict[str, int] = {}
    for seat in one:
        if seat.key not in has:
            without[seat.block] = without.get(seat.block, 0) + 1
    if not without:
        return None
    total = sum(without.values())
    blocks = write_labels(sorted(without, key=ids.natural_order))
    of = one.match or one.venue
    message = f"{counted(total, 'seat')} of {of} have no category, in block {blocks[:80]}"
    if total == 1:
        message = message.replace(" have ", " has ")
    return Finding(UNCATEGORISED, Severity.LOW, message, SEAT_ROWS)


def _contracted(snapshot: Snapshot, matches: list[str]) -> dict[str, dict[str, int]]:
    """{category: {match: tickets}} of what is purchased; of sub-games, which share the seats, the
    one with most."""
    frame = (
        snapshot[PURCHASES]
        .frame.select("match", "category", "sub_game", "number")
        .drop_nulls(["match", "category", "number"])
    )
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for match, category, sub_game, number in frame.iter_rows():
        code = spelling.match(match) or match
        if code in matches:
            of_games = sums.setdefault((category, code), {})
            of_games[sub_game or ""] = of_games.get(sub_game or "", 0) + int(number)
    found: dict[str, dict[str, int]] = {}
    for (category, code), of_games in sums.items():
        found.setdefault(category, {})[code] = of_games.pop("", 0) + max(
            of_games.values(), default=0
        )
    return found
