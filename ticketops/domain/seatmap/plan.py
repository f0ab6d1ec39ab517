"""A seat map in memory: straight rows of seats, zones of categories, restrictions (§1b, D28).

The state of a seat is never part of it: that follows from the units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from math import hypot
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from ticketops.model.seat_labels import parse_labels, seat_key

Point = tuple[float, float]
"""x to the right, y downwards, in the map's own unit."""
Key = tuple[str, str, str]
"""(block, row, seat), as they are compared."""
_NEAR = 1.5
"""Seats of two pieces of one row adjoin up to this many times the row's own distance."""


def key_of(block: str | None, row: str | None, seat: str | None) -> Key:
    """Where a seat is, as places are compared; blank parts are empty."""
    return seat_key(block or ""), seat_key(row or ""), seat_key(seat or "")


class RowOfSeats(Struct, frozen=True, dict=True):
    """Seats beside one another in a straight line; a row that bends or has an aisle is several.

    start, end: where the middles of the first and the last seat are; None where the map has no
    picture of it. seats: as `parse_labels` reads them, from start to end.
    """

    block: str
    row: str
    seats: str
    start: Point | None = None
    end: Point | None = None

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The seats, from start to end. Raises ValueError where the list is not understood."""
        return parse_labels(self.seats)

    @cached_property
    def key(self) -> tuple[str, str]:
        """(block, row), as they are compared."""
        return seat_key(self.block), seat_key(self.row)

    def at(self, index: int) -> Point | None:
        """Where the middle of a seat is."""
        if self.start is None or self.end is None:
            return None
        share = index / (len(self.labels) - 1) if len(self.labels) > 1 else 0.0
        (x, y), (to_x, to_y) = self.start, self.end
        return x + (to_x - x) * share, y + (to_y - y) * share

    @property
    def pitch(self) -> float:
        """The distance of two neighbours; 0 where it can't be told."""
        if self.start is None or self.end is None or len(self.labels) < 2:
            return 0.0
        return distance(self.start, self.end) / (len(self.labels) - 1)


class Area(Struct, frozen=True, dict=True):
    """Whole blocks, rows of them or seats of these. Each as `parse_labels` reads it; blank means
    all."""

    blocks: str = ""
    rows: str = ""
    seats: str = ""

    @cached_property
    def _sets(self) -> tuple[frozenset[str], ...]:
        return tuple(map(keys_in, (self.blocks, self.rows, self.seats)))

    def understood(self) -> None:
        """Raises ValueError where a list is not."""
        _ = self._sets

    def __contains__(self, place: Key) -> bool:
        """Whether a place is in it. Raises ValueError where a list is not understood."""
        pairs = zip(self._sets, place, strict=True)
        return all(not wanted or part in wanted for wanted, part in pairs)

    def reaches(self, line: tuple[str, str]) -> bool:
        """Whether seats of a row, by its key, may be in it. Raises ValueError as above."""
        blocks, rows, _seats = self._sets
        return (not blocks or line[0] in blocks) and (not rows or line[1] in rows)

    @property
    def said(self) -> str:
        """`101-104 / A-F`, as `--zone` takes it."""
        parts = [self.blocks or "*", self.rows or "*", *([self.seats] if self.seats else [])]
        return " / ".join(parts)


class Zone(Struct, frozen=True):
    """An area that belongs to one category."""

    category: str
    area: Area


class Restriction(Struct, frozen=True):
    """An area with something to it (OBSTRUCTED_VIEW, ACCESSIBLE …)."""

    kind: str
    area: Area
    note: str = ""


class Seat(Struct, frozen=True):
    """One seat of a map. line, position: two of one line adjoin where their positions differ by
    one; at: where its middle is. rank: which row of its block it is in; rows that follow one another
    are one above the other. aisle: whether nobody sits on one of its sides.
    """

    block: str
    row: str
    seat: str
    line: tuple[str, str]
    position: int
    at: Point | None
    rank: int = 0
    aisle: bool = False

    @property
    def key(self) -> Key:
        """Where it is, as places are compared."""
        return *self.line, seat_key(self.seat)


class SeatMap(Struct, frozen=True, dict=True):
    """The seats of a venue, or of one match there. rows: in the order of the sheet."""

    venue: str
    match: str | None
    rows: tuple[RowOfSeats, ...]
    zones: tuple[Zone, ...] = ()
    restrictions: tuple[Restriction, ...] = ()

    @cached_property
    def _by_row(self) -> dict[tuple[str, str], list[RowOfSeats]]:
        found: dict[tuple[str, str], list[RowOfSeats]] = {}
        for row in self.rows:
            found.setdefault(row.key, []).append(row)
        return found

    @cached_property
    def _read(self) -> dict[tuple[str, str], dict[str, Seat]]:
        return {}

    def row(self, block: str | None, row: str | None) -> dict[str, Seat]:
        """{seat, as it is compared: Seat} of one row, in order; of two seats of one name the first
        counts. Rows are read when they are asked for: a map has 80,000 seats, a sale needs few."""
        key = (seat_key(block or ""), seat_key(row or ""))
        if key not in self._read:
            self._read[key] = {}
            rank = self._ranks.get(key, 0)
            for seat in _with_aisles(list(_seats_of(self._by_row.get(key, ()), rank))):
                self._read[key].setdefault(seat_key(seat.seat), seat)
        return self._read[key]

    @cached_property
    def _ranks(self) -> dict[tuple[str, str], int]:
        """{(block, row): which row of its block it is}, by the order of their labels: sheets are
        sorted by people."""
        blocks: dict[str, list[str]] = {}
        for block, row in self._by_row:
            blocks.setdefault(block, []).append(row)
        return {
            (block, row): rank
            for block, rows in blocks.items()
            for rank, row in enumerate(sorted(rows, key=_row_order))
        }

    def find(self, block: str | None, row: str | None, seat: str | None) -> Seat | None:
        """A seat by its name; None where the map has none."""
        return self.row(block, row).get(seat_key(seat or ""))

    def __iter__(self) -> Iterator[Seat]:
        """All seats, row by row."""
        for key in self._by_row:
            yield from self.row(*key).values()

    @cached_property
    def count(self) -> int:
        """How many seats there are, doubles counted once."""
        return sum(len(self.row(*key)) for key in self._by_row)

    @cached_property
    def _by_line(self) -> dict[tuple[str, str], tuple[list[Zone], list[Restriction]]]:
        return {}

    def along(self, line: tuple[str, str]) -> tuple[list[Zone], list[Restriction]]:
        """The zones and the restrictions that reach into a row (its key), or may do so: looked up
        once a row, since a map has 80,000 seats."""
        if line not in self._by_line:
            self._by_line[line] = (
                [zone for zone in self.zones if zone.area.reaches(line)],
                [one for one in self.restrictions if one.area.reaches(line)],
            )
        return self._by_line[line]

    def category(self, place: Key) -> str | None:
        """The category of a place: of the first zone that it is in."""
        zones, _ = self.along(place[:2])
        return next((zone.category for zone in zones if place in zone.area), None)

    def restricted(self, place: Key) -> list[Restriction]:
        """What is to be known about a place."""
        _, restrictions = self.along(place[:2])
        return [one for one in restrictions if place in one.area]

    @cached_property
    def box(self) -> tuple[float, float, float, float] | None:
        """(left, top, right, bottom) of all middles; None without a picture."""
        ends = [point for row in self.rows for point in (row.start, row.end) if point is not None]
        if not ends:
            return None
        xs, ys = [x for x, _ in ends], [y for _, y in ends]
        return min(xs), min(ys), max(xs), max(ys)

    @cached_property
    def diagonal(self) -> float:
        """From one corner to the other; 0 without a picture."""
        if self.box is None:
            return 0.0
        left, top, right, bottom = self.box
        return hypot(right - left, bottom - top)

    @cached_property
    def pitch(self) -> float:
        """How far neighbours usually are from one another; 0 without a picture."""
        known = [row.pitch for row in self.rows if row.pitch > 0]
        return median(known) if known else 0.0


def distance(one: Point, other: Point) -> float:
    """As the crow flies."""
    return hypot(one[0] - other[0], one[1] - other[1])


def keys_in(text: str) -> frozenset[str]:
    """The labels of a list as they are compared; empty for all. Raises ValueError."""
    return frozenset(map(seat_key, parse_labels(text))) if text and text != "*" else frozenset()


def _row_order(label: str) -> tuple[int, str, int]:
    """A, B … Z, AA; 1, 2 … 10; B9 before B10."""
    letters = label.rstrip("0123456789")
    digits = label[len(letters) :]
    return len(letters), letters, int(digits) if digits.isascii() and digits else -1


def _with_aisles(seats: Sequence[Seat]) -> Iterator[Seat]:
    """The seats of a row, those at an end of a stretch marked."""
    for index, seat in enumerate(seats):
        neighbours = [seats[i] for i in (index - 1, index + 1) if 0 <= i < len(seats)]
        adjoining = sum(abs(one.position - seat.position) == 1 for one in neighbours)
        yield replace(seat, aisle=adjoining < 2)


def _seats_of(pieces: Iterable[RowOfSeats], rank: int) -> Iterator[Seat]:
    """The seats of one row. Between two pieces is an aisle, unless they follow one another as
    closely as seats do."""
    position = -2
    last: Point | None = None
    pitch = 0.0
    for piece in _one_behind_another(list(pieces)):
        own = piece.pitch or pitch
        if not _follows(last, piece.start, max(own, pitch)):
            position += 1
        for index, label in enumerate(piece.labels):
            position += 1
            last = piece.at(index)
            yield Seat(piece.block, piece.row, label, piece.key, position, last, rank)
        pitch = own


def _one_behind_another(pieces: list[RowOfSeats]) -> Iterator[RowOfSeats]:
    """The pieces of a row in their order, but each right behind the one that ends beside it: sheets
    are sorted by people."""
    usual = max((piece.pitch for piece in pieces), default=0.0)

    def joins(one: RowOfSeats, other: RowOfSeats) -> bool:
        pitch = max(one.pitch, other.pitch) or usual
        return one is not other and _follows(one.end, other.start, pitch)

    while pieces:
        heads = (piece for piece in pieces if not any(joins(one, piece) for one in pieces))
        found: RowOfSeats | None = next(heads, pieces[0])
        while found is not None:
            yield found
            last = found
            pieces.remove(last)
            found = next((piece for piece in pieces if joins(last, piece)), None)


def _follows(last: Point | None, start: Point | None, pitch: float) -> bool:
    return last is not None and start is not None and 0 < distance(last, start) <= _NEAR * pitch
