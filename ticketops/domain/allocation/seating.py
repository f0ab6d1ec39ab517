"""Which seats adjoin (D6, D9): from the order of seats in their row, never from printed numbers.

A row of seats is a match, block and row; how it runs is learnt from every seat of it that the
workbook knows, sold or not. 1, 3, 5 adjoin where the row holds no even seat; in a row of 1, 2, 3, 5
the last two do not. Units without a seat adjoin where SetPos follows SetPos in their set.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any, Protocol, TypeVar

SeatLine = tuple[Any, ...]
_NUMBERED = re.compile(r"(\D*)(\d{1,9})(\D*)")


class Seated(Protocol):
    """What has a seat: two of one `line` adjoin where their positions differ by one."""

    @property
    def line(self) -> SeatLine: ...
    @property
    def position(self) -> int: ...
    @property
    def set_pos(self) -> int: ...
    @property
    def row(self) -> int: ...


T = TypeVar("T", bound=Seated)


def order_in_row(seats: Collection[str]) -> dict[str, int]:
    """{seat: position} of the seats of one row; neighbours differ by one, a gap in the row's own
    step counts as more.

    The step of a numbered row is the smallest distance between two of its seats, 2 at most. Other
    labels follow their alphabet.
    """
    values = _numbers(seats)
    if values is None:
        return {seat: i for i, seat in enumerate(sorted(seats, key=_natural))}
    steps = sorted(set(values.values()))
    distances = [b - a for a, b in pairwise(steps)]
    step = (
        min(*distances, 2) if distances else 1
    )  # a row that skips more than every other seat only has gaps
    positions = {steps[0]: 0} if steps else {}
    for (before, value), distance in zip(pairwise(steps), distances, strict=True):
        positions[value] = positions[before] + (1 if distance == step else 2)
    return {seat: positions[value] for seat, value in values.items()}


def runs_of(units: Iterable[T]) -> list[list[T]]:
    """The units in groups of adjoining seats, each in row order."""
    ordered = sorted(units, key=lambda unit: (unit.line, unit.position, unit.row))
    runs: list[list[T]] = []
    for _line, members in groupby(ordered, lambda unit: unit.line):
        last = None
        for unit in members:
            if last is None or unit.position - last != 1:
                runs.append([])
            runs[-1].append(unit)
            last = unit.position
    return runs


def longest_run(units: Iterable[T]) -> int:
    """The most of these units that adjoin."""
    return max(map(len, runs_of(units)), default=0)


def pick(units: Sequence[T], quantity: int) -> tuple[T, ...]:
    """`quantity` of the units, in as few groups of adjoining seats as can be, in SetPos order.

    Of the groups that are long enough the shortest is taken, but rather none that would leave one
    seat alone.
    """
    if quantity >= len(units):
        picked = list(units)
    else:
        runs = sorted(runs_of(units), key=len)
        enough = [run for run in runs if len(run) >= quantity]
        picked = (
            min(enough, key=lambda run: (len(run) - quantity == 1, len(run)))[:quantity]
            if enough
            else _several(runs, quantity)
        )
    return tuple(sorted(picked, key=lambda unit: (unit.set_pos, unit.row)))


def _several(runs: list[list[T]], quantity: int) -> list[T]:
    """`quantity` seats from as few runs as can be, where none is long enough: whole runs that come
    out even if there are such, else one of them in part, rather not leaving one seat alone."""
    by_size = sorted(runs, key=len, reverse=True)
    fewest = next(n for n in range(1, len(by_size) + 1) if sum(map(len, by_size[:n])) >= quantity)
    ways: dict[tuple[int, int], tuple[int, ...]] = {(0, 0): ()}  # (runs, seats) → which runs
    for i, run in enumerate(by_size):
        for (count, seats), chosen in list(ways.items()):
            if count < fewest and seats < quantity:
                ways.setdefault((count + 1, seats + len(run)), (*chosen, i))
    left, whole = min(
        (
            (seats - quantity, chosen)
            for (count, seats), chosen in ways.items()
            if count == fewest and seats >= quantity
        ),
        key=lambda way: (way[0] == 1, way[0]),
    )
    partly = max(i for i in whole if len(by_size[i]) > left)  # the smallest: long runs stay long
    picked = [unit for i in whole if i != partly for unit in by_size[i]]
    return picked + by_size[partly][: len(by_size[partly]) - left]


def stranded(units: Iterable[T]) -> int:
    """How many of the free units have no free neighbour: singles that are hard to sell."""
    return sum(len(run) == 1 for run in runs_of(units))


def _numbers(seats: Collection[str]) -> dict[str, int] | None:
    """The seats as numbers, letters by their position in the alphabet; None where they are neither."""
    if all(len(seat) == 1 and seat.isalpha() for seat in seats):
        return {seat: ord(seat.upper()[0]) for seat in seats}  # ß is two letters then
    found = {seat: _NUMBERED.fullmatch(seat) for seat in seats}
    if any(match is None for match in found.values()):
        return None
    if len({(match[1], match[3]) for match in found.values() if match}) > 1:
        return None
    return {seat: int(match[2]) for seat, match in found.items() if match}


def _natural(seat: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(part), "") if part.isdigit() else (1, min(len(part), 3), part)
        for part in re.split(r"(\d{1,9})", seat)
        if part
    ]
