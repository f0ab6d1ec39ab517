"""Seats of a file as straight rows (D28): sorted along their row, split where it bends or has an
aisle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import atan2, cos, floor, log10, sin
from statistics import median, median_low

from ticketops.domain.allocation.seating import order_in_row
from ticketops.domain.seatmap.plan import Key, Point, RowOfSeats, distance, key_of
from ticketops.domain.seatmap.spots import SeatSpot
from ticketops.model.seat_labels import seat_key, write_labels

_AISLE = 1.5
"""So many times the usual distance is an aisle."""
_OFF = 0.5
"""A seat may be so much of the distance away from where a straight, even row has it."""
_LONGEST_CHAIN = 400
"""Rows of more seats are not searched for a way from neighbour to neighbour: it takes the square of
their number."""
MOST_IN_ROW = 5_000
"""More seats in one row are no row."""
_LONGEST_CELL = 30_000
"""Characters of a list of seats in one cell."""
_TINY = 1e-9


def first_of_each(spots: Iterable[SeatSpot]) -> tuple[list[SeatSpot], list[SeatSpot]]:
    """The seats, each once, and those that are there again."""
    seen: set[Key] = set()
    once: list[SeatSpot] = []
    again: list[SeatSpot] = []
    for spot in spots:
        key = key_of(spot.block, spot.row, spot.seat)
        (again if key in seen else once).append(spot)
        seen.add(key)
    return once, again


def rows_of(spots: Iterable[SeatSpot]) -> dict[tuple[str, str], list[SeatSpot]]:
    """{(block, row), as they are compared: its seats}, the blocks in the order of the file, and in
    each its rows."""
    by_block: dict[str, dict[str, list[SeatSpot]]] = {}
    for spot in spots:
        rows = by_block.setdefault(seat_key(spot.block), {})
        rows.setdefault(seat_key(spot.row), []).append(spot)
    return {(block, row): seats for block, rows in by_block.items() for row, seats in rows.items()}


def pieces_of(spots: Sequence[SeatSpot]) -> list[RowOfSeats]:
    """Straight rows of these seats, of which each is there once. Their order is that of the file;
    pieces of one row follow one another from one end to the other."""
    rows = rows_of(spots)
    usual = _usual_pitch(rows.values())
    return [piece for seats in rows.values() for piece in _pieces(seats, usual)]


def along(seats: Sequence[SeatSpot]) -> list[SeatSpot]:
    """The seats of one row from one end to the other: those without coordinates by their labels,
    after those that have some."""
    located = [one for one in seats if one.x is not None]
    others = [one for one in seats if one.x is None]
    return [*_in_line(located), *_by_label(others)]


def gaps_in(seats: Sequence[SeatSpot]) -> list[tuple[str, str]]:
    """Between which seats of a row numbers are missing, in the row's own step."""
    places = order_in_row([one.seat for one in seats])
    ordered = sorted(places, key=places.__getitem__)
    return [(one, other) for one, other in pairwise(ordered) if places[other] - places[one] > 1]


def _pieces(seats: Sequence[SeatSpot], usual: float) -> list[RowOfSeats]:
    located = _in_line([one for one in seats if one.x is not None])
    others = _by_label([one for one in seats if one.x is None])
    found = [_piece(part) for part in _straight(located, usual)]
    found += [_piece(part) for part in _without_gaps(others)]
    return [piece for one in found for piece in _short_enough(one)]


def _piece(part: Sequence[SeatSpot]) -> RowOfSeats:
    first, last = part[0], part[-1]
    return RowOfSeats(
        first.block,
        first.row,
        write_labels([one.seat for one in part]),
        _point(first) if first.x is not None else None,
        _point(last) if last.x is not None else None,
    )


def _short_enough(piece: RowOfSeats) -> list[RowOfSeats]:
    """Two of it where a cell can't hold its list."""
    if len(piece.seats) <= _LONGEST_CELL:
        return [piece]
    labels = piece.labels
    middle = len(labels) // 2
    halves = (
        RowOfSeats(
            piece.block, piece.row, write_labels(labels[:middle]), piece.start, piece.at(middle - 1)
        ),
        RowOfSeats(
            piece.block, piece.row, write_labels(labels[middle:]), piece.at(middle), piece.end
        ),
    )
    return [shorter for half in halves for shorter in _short_enough(half)]


def _point(spot: SeatSpot) -> Point:
    return spot.x or 0.0, spot.y or 0.0


# --- the order along a row


def _by_label(seats: Sequence[SeatSpot]) -> list[SeatSpot]:
    places = order_in_row([one.seat for one in seats]) if seats else {}
    return sorted(seats, key=lambda one: places[one.seat])


def _in_line(seats: Sequence[SeatSpot]) -> list[SeatSpot]:
    """From one end to the other: along the line that fits best, by the labels, or from neighbour to
    neighbour, whichever way is shortest; the end with the lower label first."""
    if len(seats) < 3:
        return _by_label(seats)
    ways = [_by_label(seats), _projected(seats)]
    agreed = ways[0] in (ways[1], ways[1][::-1])
    if not agreed and len(seats) <= _LONGEST_CHAIN and not any(map(_is_smooth, ways)):
        ways.append(_chained(seats, ways[1][0]))
        ways.append(_chained(seats, _far_end(seats)))
    shortest = min(map(_length, ways))
    best = next(way for way in ways if _length(way) <= shortest * (1 + _TINY) + _TINY)
    places = order_in_row([one.seat for one in seats])
    rising = sum(places[a.seat] < places[b.seat] for a, b in pairwise(best))
    return best if rising * 2 >= len(best) - 1 else best[::-1]


def _is_smooth(way: Sequence[SeatSpot]) -> bool:
    """Whether it steps over no seat: no step is much longer than usual."""
    steps = [distance(_point(a), _point(b)) for a, b in pairwise(way)]
    return max(steps) <= _AISLE * median(steps)


def _length(way: Sequence[SeatSpot]) -> float:
    return sum(distance(_point(a), _point(b)) for a, b in pairwise(way))


def _projected(seats: Sequence[SeatSpot]) -> list[SeatSpot]:
    """By their place along the line from which they are least away."""
    points = [_point(one) for one in seats]
    mean_x, mean_y = (sum(part) / len(points) for part in zip(*points, strict=True))
    xx = sum((x - mean_x) ** 2 for x, _ in points)
    yy = sum((y - mean_y) ** 2 for _, y in points)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in points)
    angle = atan2(2 * xy, xx - yy) / 2
    across, down = cos(angle), sin(angle)
    return sorted(seats, key=lambda one: (one.x or 0.0) * across + (one.y or 0.0) * down)


def _far_end(seats: Sequence[SeatSpot]) -> SeatSpot:
    """A seat whose two nearest are on one side of it: the end of a row, however it bends."""

    def lopsided(one: SeatSpot) -> float:
        x, y = _point(one)
        near = sorted(
            (_point(other) for other in seats if other is not one),
            key=lambda p: distance(p, (x, y)),
        )
        (ax, ay), (bx, by) = near[:2]
        both = distance((ax, ay), (x, y)) * distance((bx, by), (x, y)) or 1.0
        return ((ax - x) * (bx - x) + (ay - y) * (by - y)) / both

    return max(seats, key=lopsided)


def _chained(seats: Sequence[SeatSpot], first: SeatSpot) -> list[SeatSpot]:
    """From neighbour to neighbour, beginning with one."""
    left = [one for one in seats if one is not first]
    way = [first]
    while left:
        here = _point(way[-1])
        nearest = min(range(len(left)), key=lambda at: distance(here, _point(left[at])))
        way.append(left.pop(nearest))
    return way


# --- where a row is split


def _usual_pitch(rows: Iterable[Sequence[SeatSpot]]) -> float:
    """How far neighbours usually are from one another, told by some of the rows."""
    pitches = []
    for seats in rows:
        located = [one for one in seats if one.x is not None]
        if 2 <= len(located) <= _LONGEST_CHAIN:
            pitches.append(_pitch(_by_label(located)))
        if len(pitches) == 200:
            break
    known = [pitch for pitch in pitches if pitch > 0]
    return median(known) if known else 0.0


def _pitch(ordered: Sequence[SeatSpot]) -> float:
    steps = [distance(_point(a), _point(b)) for a, b in pairwise(ordered)]
    steps = [step for step in steps if step > 0]
    return median_low(steps) if steps else 0.0


def _straight(seats: Sequence[SeatSpot], usual: float) -> list[Sequence[SeatSpot]]:
    """Parts in which every seat is near the straight, even line from the first to the last."""
    if not seats:
        return []
    pitch = _pitch(seats)
    if usual and len(seats) == 2:
        pitch = min(pitch, usual) or usual
    digits = _digits(pitch or usual)
    rounded = [
        SeatSpot(
            one.block, one.row, one.seat, round(one.x or 0.0, digits), round(one.y or 0.0, digits)
        )
        for one in seats
    ]
    found: list[Sequence[SeatSpot]] = []
    for part in _between_aisles(rounded, pitch):
        start = 0
        while start < len(part):
            end = _reach(part, start, pitch)
            found.append(part[start:end])
            start = end
    return found


def _digits(pitch: float) -> int:
    """To how many decimals places are kept: a thousandth of the distance of neighbours."""
    return max(0, min(12, 3 - floor(log10(pitch)))) if pitch > 0 else 6


def _between_aisles(seats: Sequence[SeatSpot], pitch: float) -> list[Sequence[SeatSpot]]:
    cuts = [
        at
        for at, (one, other) in enumerate(pairwise(seats), start=1)
        if not _TINY < distance(_point(one), _point(other)) <= _AISLE * pitch
    ]
    return [seats[a:b] for a, b in pairwise([0, *cuts, len(seats)])]


def _reach(part: Sequence[SeatSpot], start: int, pitch: float) -> int:
    """Behind the last seat of the longest straight part from `start` that doubling and halving
    find."""
    good, step = start + 1, 2
    while start + step < len(part) and _is_even(part, start, start + step, pitch):
        good, step = start + step, step * 2
    low, high = good, min(start + step, len(part))
    if _is_even(part, start, high, pitch):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if _is_even(part, start, middle, pitch):
            low = middle
        else:
            high = middle
    return max(low, min(start + 2, len(part)))


def _is_even(part: Sequence[SeatSpot], start: int, end: int, pitch: float) -> bool:
    (x, y), (to_x, to_y) = _point(part[start]), _point(part[end - 1])
    steps = end - start - 1
    if steps < 2:
        return True
    across, down = (to_x - x) / steps, (to_y - y) / steps
    return all(
        distance(_point(one), (x + across * at, y + down * at)) <= _OFF * pitch
        for at, one in enumerate(part[start:end])
    )


def _without_gaps(seats: Sequence[SeatSpot]) -> list[Sequence[SeatSpot]]:
    places = order_in_row([one.seat for one in seats]) if seats else {}
    cuts = [
        at
        for at, (one, other) in enumerate(pairwise(seats), start=1)
        if places[other.seat] - places[one.seat] > 1
    ]
    return [seats[a:b] for a, b in pairwise([0, *cuts, len(seats)])] if seats else []
