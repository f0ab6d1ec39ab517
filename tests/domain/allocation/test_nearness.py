"""The best seats on a map against every choice there is (§1b)."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from math import dist

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ticketops.domain.allocation.nearness import apart, best
from ticketops.domain.allocation.pool import Unit
from ticketops.domain.seatmap.plan import RowOfSeats, SeatMap
from ticketops.model.seat_labels import write_labels


def bowl(
    rng: random.Random, blocks: int, rows: int, seats: int, *, picture: bool = True
) -> SeatMap:
    """Blocks beside one another, some rows curved a little, some with an aisle in the middle."""
    found = []
    for block in range(blocks):
        left = block * (seats + 3.0)
        for row in range(rows):
            y = row * 1.3 + (0.0 if rng.random() < 0.7 else 0.1)
            labels = [str(n + 1) for n in range(seats)]
            if rng.random() < 0.5:
                labels = [str(2 * n + 1) for n in range(seats)]
            pieces = [labels]
            if seats > 3 and rng.random() < 0.3:
                pieces = [labels[:2], labels[2:]]
            at = left
            for piece in pieces:
                ends = ((at, y), (at + len(piece) - 1, y)) if picture else (None, None)
                found.append(RowOfSeats(f"B{block}", "ABCDEFGH"[row], write_labels(piece), *ends))
                at += len(piece) + 1
    return SeatMap("Park", None, tuple(found))


def units_on(plan: SeatMap, rng: random.Random, share: float) -> list[Unit]:
    """Some seats of the map, as units of two sets."""
    chosen = [seat for seat in plan if rng.random() < share]
    return [
        Unit(
            i,
            f"P{i:05d}",
            f"PR000{i % 2}-S01",
            i,
            block=seat.block,
            seat_row=seat.row,
            seat=seat.seat,
            line=("map", *seat.line),
            position=seat.position,
            place=seat,
        )
        for i, seat in enumerate(chosen, start=1)
    ]


def gap(one: Unit, other: Unit) -> float:
    """How far two units are apart; by steps along and across rows where there is no picture."""
    assert one.place
    assert other.place
    if one.place.at and other.place.at:
        return dist(one.place.at, other.place.at)
    if one.place.line[0] != other.place.line[0]:
        return 1e6
    return abs(one.position - other.position) + 2 * abs(one.place.rank - other.place.rank)


def judged(units: Sequence[Unit], free: Sequence[Unit]) -> tuple[float, ...]:
    """How good a choice is, the smaller the better: (adjoining, one row, rows above one another, …;
    singles left; distance)."""
    rows = sorted({(u.place.line[0], u.place.rank) for u in units if u.place})
    in_a_block = len({block for block, _rank in rows}) == 1
    places = sorted(u.position for u in units)
    together = len(rows) == 1 and places == list(range(places[0], places[0] + len(units)))
    middle = min(sum(gap(one, other) for other in units) for one in units)
    if together:
        run = run_around(units[0], free)
        return 0, float(len(run) - len(units) == 1), len(run)
    span = rows[-1][1] - rows[0][1] + 1
    if in_a_block and all_there(rows[0], span, free):
        return float(span), 0.0, round(middle, 6)
    return 99.0, 0.0, round(middle, 6)


def all_there(first: tuple[str, int], span: int, free: Sequence[Unit]) -> bool:
    """Whether something is free in each of the rows from the first on."""
    block, rank = first
    there = {u.place.rank for u in free if u.place and u.place.line[0] == block}
    return all(rank + i in there for i in range(span))


def run_around(unit: Unit, free: Sequence[Unit]) -> list[Unit]:
    """The free units that adjoin it."""
    row = {u.position: u for u in free if u.line == unit.line}
    low = high = unit.position
    while low - 1 in row:
        low -= 1
    while high + 1 in row:
        high += 1
    return [row[place] for place in range(low, high + 1)]


@pytest.mark.parametrize("picture", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_no_choice_is_better(seed: int, picture: bool) -> None:
    rng = random.Random(seed * 2 + picture)
    tried = 0
    for _ in range(160):
        plan = bowl(rng, rng.randint(1, 3), rng.randint(1, 3), rng.randint(2, 6), picture=picture)
        free = units_on(plan, rng, rng.choice([0.3, 0.5, 0.8]))
        quantity = rng.randint(2, 4)
        if not quantity < len(free) <= 13:
            continue
        tried += 1
        chosen = best(free, quantity)
        assert len({unit.unit_id for unit in chosen}) == quantity
        found = judged(chosen, free)
        least = min(judged(some, free) for some in itertools.combinations(free, quantity))
        assert found == pytest.approx(least, abs=1e-5), [u.place for u in chosen]
    assert tried > 40


@given(st.integers(0, 10_000), st.integers(1, 9))
@example(119, 6)  # two blocks have as good seats
def test_a_choice_is_that_many_units_and_does_not_hang_on_their_order(
    seed: int, quantity: int
) -> None:
    rng = random.Random(seed)
    free = units_on(bowl(rng, 2, 3, 5), rng, 0.6)
    chosen = best(free, quantity)
    assert len({u.unit_id for u in chosen}) == len(chosen) == min(quantity, len(free))
    rng.shuffle(free)
    assert set(map(repr, best(free, quantity))) == set(map(repr, chosen))


def test_units_without_a_place_are_taken_only_where_there_are_too_few_others() -> None:
    rng = random.Random(1)
    placed = units_on(bowl(rng, 1, 1, 4), rng, 1.0)
    lot = [
        Unit(100 + i, f"P9{i:04d}", "PR0009-S01", i, line=("PR0009-S01",), position=i)
        for i in range(9)
    ]
    assert all(unit.place for unit in best([*lot, *placed], 3))
    assert not any(unit.place for unit in best([*lot, *placed[:1]], 3))


def test_apart_is_the_mean_distance_to_the_one_in_the_middle() -> None:
    row = RowOfSeats("A", "1", "1-5", (0.0, 0.0), (8.0, 0.0))
    plan = SeatMap("Park", None, (row,))
    rng = random.Random(1)
    units = units_on(plan, rng, 1.0)
    assert apart(units) == pytest.approx((4 + 2 + 0 + 2 + 4) / 5)
    assert apart(units[:1]) == 0
    assert apart([]) is None
