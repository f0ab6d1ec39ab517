"""Which sets serve a sale, and which units of them (§5a step 3, D6). First cut: EXACT, else GREEDY_LARGEST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ticketops.domain.allocation.pool import Unit


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some units of one set, in SetPos order."""

    set_id: str
    units: tuple[Unit, ...]


def choose(sets: Mapping[str, Sequence[Unit]], quantity: int) -> list[Chunk]:
    """The chunks for `quantity` tickets: EXACT where one set is large enough, else GREEDY_LARGEST; fewer where there is too little."""
    return exact(sets, quantity) or greedy_largest(sets, quantity)


def exact(sets: Mapping[str, Sequence[Unit]], quantity: int) -> list[Chunk]:
    """The smallest single set that holds `quantity` (least waste); of equal ones the first SetID. Empty where there is none."""
    enough = [(len(units), set_id) for set_id, units in sets.items() if len(units) >= quantity]
    if not enough:
        return []
    _size, set_id = min(enough)
    return [Chunk(set_id, pick_units(sets[set_id], quantity))]


def greedy_largest(sets: Mapping[str, Sequence[Unit]], quantity: int) -> list[Chunk]:
    """Sets from the largest downwards until `quantity` is reached."""
    chunks: list[Chunk] = []
    for set_id, units in sorted(sets.items(), key=lambda item: (-len(item[1]), item[0])):
        if quantity <= 0:
            break
        taken = min(quantity, len(units))
        chunks.append(Chunk(set_id, pick_units(units, taken)))
        quantity -= taken
    return chunks


def pick_units(units: Sequence[Unit], quantity: int) -> tuple[Unit, ...]:
    """`quantity` of a set's free units, adjoining seats preferred: the shortest run that is long enough, else the longest runs.

    Seats adjoin where SetPos follows SetPos in the same block and row. In SetPos order.
    """
    ordered = sorted(units, key=lambda unit: (unit.set_pos, unit.row))
    runs = [[unit for _, unit in run] for _, run in groupby(enumerate(ordered), lambda item: (item[1].set_pos - item[0], item[1].line))]
    enough = [run for run in runs if len(run) >= quantity]
    if enough:
        return tuple(min(enough, key=len)[:quantity])
    picked: list[Unit] = []
    for run in sorted(runs, key=len, reverse=True):
        picked += run[: quantity - len(picked)]
    return tuple(sorted(picked, key=lambda unit: (unit.set_pos, unit.row)))
