"""Which sets serve a sale: the four strategies of §5a step 3, and the best seats on a map (§1b),
deduplicated, ranked, the best six kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from ticketops.domain.allocation.nearness import best
from ticketops.domain.allocation.pool import Sets, Unit
from ticketops.model.names import name_key

EXACT, TOGETHER, GREEDY_LARGEST, GREEDY_SMALLEST, ROTATED_DESC, CHOSEN = (
    "exact",
    "together",
    "greedy_largest",
    "greedy_smallest",
    "rotated_desc",
    "chosen",
)
MOST_PLANS = 6
MOST_ROTATIONS = 5


class Chunk(Struct, frozen=True):
    """Some units of one set, in SetPos order."""

    set_id: str
    units: tuple[Unit, ...]

    @property
    def vendors(self) -> dict[str, str]:
        """{vendor as it is compared: as it is written} of its units; a set has one, if nobody
        edited it."""
        return {name_key(unit.vendor) or "": unit.vendor or "" for unit in self.units}


class Draft(Struct, frozen=True):
    """A plan in figures: how many of which sets, in the order in which they are taken."""

    badge: str
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(quantity for _set_id, quantity in self.parts)

    @property
    def signature(self) -> tuple[tuple[str, int], ...]:
        """The same for drafts that differ only in order."""
        return tuple(sorted(self.parts))


def drafts(counts: Mapping[str, int], quantity: int) -> list[Draft]:
    """The drafts of the four strategies for `quantity` tickets from {SetID: available}, ranked,
    without duplicates.

    Rank: closest to the target, then fewest chunks, then largest total; equal ones as generated
    (EXACT first).
    """
    found: dict[tuple[tuple[str, int], ...], Draft] = {}
    for draft in _generate({set_id: n for set_id, n in counts.items() if n > 0}, quantity):
        found.setdefault(draft.signature, draft)
    return sorted(found.values(), key=lambda draft: _rank(quantity, draft.total, len(draft.parts)))


def realise(draft: Draft, sets: Sets) -> tuple[Chunk, ...]:
    """The draft with its units chosen, adjoining seats preferred."""
    return tuple(Chunk(set_id, best(sets[set_id], quantity)) for set_id, quantity in draft.parts)


def layouts(sets: Sets, quantity: int) -> Iterator[tuple[str, tuple[Chunk, ...]]]:
    """(badge, chunks) of all drafts by rank, and of the best seats on the map whatever set they are
    of: among equals by rank these come after EXACT. Each is made when it is asked for."""
    found = drafts({set_id: len(units) for set_id, units in sets.items()}, quantity)
    exact = [draft for draft in found if draft.badge == EXACT]  # one chunk: nothing ranks before it
    for draft in exact:
        yield draft.badge, realise(draft, sets)
    chunks = together(sets, quantity)
    for draft in found[len(exact) :]:
        if chunks and _rank(quantity, draft.total, len(draft.parts)) >= _rank(
            quantity, quantity, len(chunks)
        ):
            yield TOGETHER, chunks
            chunks = ()
        yield draft.badge, realise(draft, sets)
    if chunks:
        yield TOGETHER, chunks


def together(sets: Sets, quantity: int) -> tuple[Chunk, ...]:
    """The best seats on the map (§1b) of all sets, the largest chunk first; empty where too few of
    them are on one."""
    placed = [unit for units in sets.values() for unit in units if unit.place is not None]
    if len(placed) < quantity or quantity < 1:
        return ()
    chosen: dict[str, list[Unit]] = {}
    for unit in best(placed, quantity):
        chosen.setdefault(unit.set_id, []).append(unit)
    return tuple(
        Chunk(set_id, tuple(units))
        for set_id, units in sorted(chosen.items(), key=lambda one: (-len(one[1]), one[0]))
    )


def _rank(quantity: int, total: int, chunks: int) -> tuple[int, int, int]:
    return quantity - total, chunks, -total


def _generate(counts: Mapping[str, int], quantity: int) -> Iterator[Draft]:
    if quantity <= 0 or not counts:
        return
    enough = [(n, set_id) for set_id, n in counts.items() if n >= quantity]
    if enough:
        yield Draft(EXACT, ((min(enough)[1], quantity),))
    descending = sorted(counts, key=lambda set_id: (-counts[set_id], set_id))
    yield Draft(GREEDY_LARGEST, _fill(descending, counts, quantity))
    yield Draft(
        GREEDY_SMALLEST,
        _fill(sorted(counts, key=lambda set_id: (counts[set_id], set_id)), counts, quantity),
    )
    for start in range(1, min(MOST_ROTATIONS, len(descending) - 1) + 1):
        yield Draft(ROTATED_DESC, _fill(descending[start:] + descending[:start], counts, quantity))


def _fill(
    order: Sequence[str], counts: Mapping[str, int], quantity: int
) -> tuple[tuple[str, int], ...]:
    parts = []
    for set_id in order:
        if quantity <= 0:
            break
        taken = min(quantity, counts[set_id])
        parts.append((set_id, taken))
        quantity -= taken
    return tuple(parts)


def by_turns(counts: Mapping[str, int], vendors: Mapping[str, str], quantity: int) -> Draft:
    """The largest set of each vendor, then the second of each, and so on."""
    order: list[tuple[int, int, str]] = []
    seen: dict[str, int] = {}
    for set_id in sorted(counts, key=lambda set_id: (-counts[set_id], set_id)):
        turn = seen[vendors[set_id]] = seen.get(vendors[set_id], 0) + 1
        order.append((turn, -counts[set_id], set_id))
    return Draft(
        ROTATED_DESC, _fill([set_id for _turn, _count, set_id in sorted(order)], counts, quantity)
    )


def with_chunks_of_at_least(draft: Draft, counts: Mapping[str, int], least: int) -> Draft | None:
    """The same sets with no chunk smaller than `least`, topped up from the larger ones; None where
    that can't be."""
    parts = dict(draft.parts)
    for small in [set_id for set_id, n in parts.items() if n < least]:
        for giver in sorted(parts, key=lambda set_id: -parts[set_id]):
            moved = min(parts[giver] - least, least - parts[small], counts[small] - parts[small])
            if giver != small and moved > 0:
                parts[giver] -= moved
                parts[small] += moved
    if any(n < least for n in parts.values()):
        return None
    return Draft(draft.badge, tuple(parts.items()))
