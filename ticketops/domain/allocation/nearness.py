"""The best seats on a seat map (§1b): adjoining ones; else of one row; else of rows above one another;
else those that are nearest to one another.

How far seats are apart is the mean distance to the one of them that is nearest to all: for that the
best choice can be found exactly, without trying all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappush, heappushpop
from itertools import pairwise

from ticketops.domain.allocation.pool import Unit
from ticketops.domain.allocation.seating import pick, runs_of
from ticketops.domain.seatmap.plan import distance

_ROWS_APART = 2.0
"""Where a map has no picture, one row is as far as two seats, and other blocks are far away."""
_FAR = 1e6


def best(units: Sequence[Unit], quantity: int) -> tuple[Unit, ...]:
    """`quantity` of the units, in SetPos order. Without a map, or with too few units on it, as `pick`
    has it."""
    placed = sorted((unit for unit in units if unit.place is not None), key=lambda unit: unit.row)
    if quantity >= len(units) or len(placed) < quantity or quantity < 1:
        return pick(units, quantity)
    if any(len(run) >= quantity for run in runs_of(placed)):
        return pick(placed, quantity)
    chosen = next(found for found in _tiers(placed, quantity) if found)
    return tuple(sorted(chosen, key=lambda unit: (unit.set_pos, unit.row)))


def apart(units: Iterable[Unit]) -> float | None:
    """The mean distance of the units to the one that is nearest to all, in the map's unit; None
    where none has a place in a picture."""
    points = [unit.place.at for unit in units if unit.place is not None and unit.place.at]
    if not points:
        return None
    return min(sum(distance(one, other) for other in points) for one in points) / len(points)


def _tiers(units: Sequence[Unit], quantity: int) -> Iterator[list[Unit]]:
    """The best of one row, of two rows above one another, of three …, of all; empty where there are
    too few."""
    blocks: dict[str, dict[int, list[Unit]]] = {}
    for unit in units:
        if unit.place is not None:
            blocks.setdefault(unit.place.line[0], {}).setdefault(unit.place.rank, []).append(unit)
    most = max(map(len, blocks.values()))
    for count in range(1, most + 1):
        windows = [
            [unit for rank in ranks for unit in rows[rank]]
            for _block, rows in sorted(blocks.items())
            for ranks in _following(sorted(rows), count)
        ]
        yield _nearest([window for window in windows if len(window) >= quantity], quantity)
    yield _nearest([list(units)], quantity)


def _following(ranks: Sequence[int], count: int) -> Iterator[Sequence[int]]:
    """Each `count` rows that follow one another."""
    for start in range(len(ranks) - count + 1):
        window = ranks[start : start + count]
        if all(b - a == 1 for a, b in pairwise(window)):
            yield window


def _nearest(groups: Sequence[Sequence[Unit]], quantity: int) -> list[Unit]:
    """The `quantity` units of one of the groups that are least apart."""
    least, chosen = float("inf"), list[Unit]()
    for group in groups:
        between, x = _measure(group)
        ordered = sorted(group, key=lambda unit: (x(unit), unit.row))
        places = [x(unit) for unit in ordered]
        for index in range(len(ordered)):
            total, near = _around(ordered, places, index, quantity - 1, between, least)
            if total < least - 1e-9:
                least, chosen = total, near
    return chosen


Measure = Callable[[Unit, Unit], float]


def _around(
    units: Sequence[Unit],
    places: Sequence[float],
    middle: int,
    others: int,
    between: Measure,
    least: float,
) -> tuple[float, list[Unit]]:
    """(the sum of distances, the unit in the middle and those nearest to it). places: the x of the
    units, ascending, so that those too far to the left and right are never looked at. Gives up
    beyond `least`."""
    centre = units[middle]
    heap: list[tuple[float, int, int]] = []
    left, right = middle - 1, middle + 1
    while left >= 0 or right < len(units):
        left_gap = places[middle] - places[left] if left >= 0 else float("inf")
        right_gap = places[right] - places[middle] if right < len(units) else float("inf")
        if len(heap) == others and min(left_gap, right_gap) > -heap[0][0]:
            break
        if left_gap <= right_gap:
            index, left = left, left - 1
        else:
            index, right = right, right + 1
        entry = (-between(centre, units[index]), -units[index].row, index)
        if len(heap) < others:
            heappush(heap, entry)
        else:
            heappushpop(heap, entry)
    if len(heap) < others:
        return float("inf"), []
    total = -sum(entry[0] for entry in heap)
    if total >= least:
        return total, []
    return total, [centre, *(units[index] for _gap, _row, index in heap)]


def _measure(units: Sequence[Unit]) -> tuple[Measure, Callable[[Unit], float]]:
    """(how far two units are apart, a coordinate in which they are no further)."""
    if all(unit.place is not None and unit.place.at for unit in units):
        return _flight, _x
    return _steps, lambda _unit: 0.0


def _x(unit: Unit) -> float:
    return unit.place.at[0] if unit.place is not None and unit.place.at else 0.0


def _flight(one: Unit, other: Unit) -> float:
    if one.place is None or other.place is None or not one.place.at or not other.place.at:
        return _FAR
    return distance(one.place.at, other.place.at)


def _steps(one: Unit, other: Unit) -> float:
    """Along and across rows, where there is no picture."""
    if one.place is None or other.place is None or one.place.line[0] != other.place.line[0]:
        return _FAR
    across = abs(one.place.rank - other.place.rank) * _ROWS_APART
    return abs(one.place.position - other.place.position) + across
