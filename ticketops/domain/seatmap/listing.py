"""Seats as a list, for those without a picture (§1b): rows of seats with their category and what
restricts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from msgspec import Struct

from ticketops.domain.plan import Plan, Run
from ticketops.domain.seatmap.plan import Area, Seat, SeatMap
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.domain.seatmap.whose import every, required, whose
from ticketops.errors import UsageError
from ticketops.model.seat_labels import write_labels
from ticketops.model.spelling import category as spelt_category
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class MapLine:
    """A seat map of the workbook. match: None for every match at the venue; rows: rows of seats;
    with_coordinates: seats whose place in the picture is known."""

    venue: str | None
    match: str | None
    blocks: int
    rows: int
    seats: int
    with_coordinates: int


@dataclass(frozen=True, slots=True)
class SeatLine:
    """Seats beside one another in one row, of one category and with the same restrictions. seats:
    as `1-24`; number: how many they are."""

    block: str
    seat_row: str
    seats: str
    number: int
    category: str | None
    restrictions: list[str]


@dataclass(frozen=True, slots=True)
class SeatList:
    """The seats of one map, or, where nothing says of which, the maps that there are. seats: how many
    are listed."""

    venue: str | None
    match: str | None
    seats: int
    maps: list[MapLine]
    rows: list[SeatLine]


class Which(Struct, frozen=True):
    """Which seats are listed: each filter a list as `1-24`; blank means all."""

    blocks: str = ""
    rows: str = ""
    category: str = ""
    restriction: str = ""


def seat_list(snapshot: Snapshot, venue: str, match: str, which: Which, run: Run) -> Plan:
    """The seats of the map of a venue or a match; where nothing says of which and there are several,
    the maps. Raises NotFoundError, UnclearNameError, UsageError."""
    maps = StoredMaps(snapshot)
    plan = Plan(findings=list(maps.findings))
    if not venue and not match and (not maps or len(every(maps)) > 1):
        plan.result = SeatList(None, None, 0, map_lines(maps), [])
        return plan
    meant = whose(snapshot, maps, venue, match, run)
    found = required(maps, meant)
    plan.findings += meant.said
    lines = list(_lines(found, which))
    total = sum(line.number for line in lines)
    plan.result = SeatList(found.venue or None, found.match, total, [map_line(found)], lines)
    return plan


def map_lines(maps: StoredMaps) -> list[MapLine]:
    """Each map that has rows of its own."""
    return [map_line(one) for one in maps.all]


def map_line(one: SeatMap) -> MapLine:
    """What a map comes to."""
    rows = {row.key for row in one.rows}
    known = sum(seat.at is not None for seat in one)
    blocks = len({block for block, _row in rows})
    return MapLine(one.venue or None, one.match, blocks, len(rows), one.count, known)


def _lines(found: SeatMap, which: Which) -> Iterator[SeatLine]:
    try:
        area = Area(which.blocks, which.rows)
        area.understood()
    except ValueError as error:
        raise UsageError(str(error), "write it as 101-104 or A-F") from None
    wanted = (spelt_category(which.category) or which.category).casefold()
    for (block, row), seats in groupby(found, lambda seat: (seat.block, seat.row)):
        chosen = [(seat, *_traits(found, seat)) for seat in seats if seat.key in area]
        for (_, category, kinds), beside in groupby(
            enumerate(chosen), lambda one: (one[1][0].position - one[0], one[1][1], one[1][2])
        ):
            if (wanted and (category or "").casefold() != wanted) or (
                which.restriction and which.restriction not in kinds
            ):
                continue
            labels = [seat.seat for _, (seat, *_traits_of) in beside]
            yield SeatLine(block, row, write_labels(labels), len(labels), category, list(kinds))


def _traits(found: SeatMap, seat: Seat) -> tuple[str | None, tuple[str, ...]]:
    kinds = dict.fromkeys(one.kind for one in found.restricted(seat.key))
    return found.category(seat.key), tuple(kinds)
