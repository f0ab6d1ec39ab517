"""Which seats adjoin, and which of them a sale gets (D6, D9; issue: adjacency from the order in the
row, never leave one)."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from tests.desk import Desk
from ticketops.domain.allocation.pool import Pool, Unit
from ticketops.domain.allocation.seating import longest_run, order_in_row, pick, runs_of, stranded
from ticketops.schema.layouts.event import DISTRIBUTION, HOLDS, PURCHASES, SALES, UNITS
from ticketops.services import allocation
from ticketops.services.sheet_groups import SEAT_MAPS

SEAT_SHEETS = (DISTRIBUTION, UNITS, SALES, PURCHASES, HOLDS, *SEAT_MAPS)


@pytest.mark.parametrize(
    ("row", "groups"),
    [
        ("1 2 3", "1-2-3"),
        ("1 3 5", "1-3-5"),  # a row of odd seats
        ("2 4 6 10", "2-4-6 10"),
        ("1 2 3 5", "1-2-3 5"),  # this row holds even seats: 4 is missing
        ("3 1 2", "1-2-3"),
        ("1 2 3 7 8", "1-2-3 7-8"),
        ("1 3 4", "1 3-4"),
        ("10 9 11", "9-10-11"),  # numbers, not texts
        ("009 010 011", "009-010-011"),
        ("7", "7"),
        ("A B D", "A-B D"),
        ("A C E", "A-C-E"),
        ("C B A", "A-B-C"),
        ("a B c", "a-B-c"),
        ("A12 A13 A15", "A12-A13 A15"),
        ("A9 A10 A11", "A9-A10-A11"),
        ("12L 13L 15L", "12L-13L 15L"),
        ("A1 A2 B1", "A1-A2-B1"),  # labels of several kinds: their alphabet is all there is
        ("left middle right", "left-middle-right"),
        ("Box2 Box10 Box3", "Box2-Box3 Box10"),
        ("1 1a 2", "1-1a-2"),
        ("", ""),
    ],
)
def test_seats_adjoin_by_the_way_their_row_runs(row: str, groups: str) -> None:
    places = order_in_row(row.split())
    assert set(places) == set(row.split())
    runs: list[list[str]] = []
    for seat in sorted(places, key=places.__getitem__):
        if runs and places[seat] - places[runs[-1][-1]] == 1:
            runs[-1].append(seat)
        else:
            runs.append([seat])
    assert " ".join("-".join(run) for run in runs) == groups


# --- pick
# ---------------------------------------------------------------------------------------------------------------


def unit(number: int, place: int, line: str = "A") -> Unit:
    return Unit(
        number, f"P{number:05d}", "PR0001-S01", number, line=("", "B", line), position=place
    )


def row_of(*places: int) -> list[Unit]:
    return [unit(number, place) for number, place in enumerate(places, start=1)]


def places_of(units: Iterable[Unit]) -> list[int]:
    return sorted(u.position for u in units)


def run_lengths(places: Iterable[int]) -> list[int]:
    """The lengths of the runs of consecutive numbers."""
    sizes: list[int] = []
    last = None
    for place in sorted(places):
        if last is not None and place == last + 1:
            sizes[-1] += 1
        else:
            sizes.append(1)
        last = place
    return sizes


def fresh_singles(free: Sequence[int], taken: Iterable[int]) -> int:
    """Seats that are left alone and were not alone before."""
    left = set(free) - set(taken)
    return sum(
        s - 1 not in left and s + 1 not in left and (s - 1 in free or s + 1 in free) for s in left
    )


@pytest.mark.parametrize(
    ("free", "quantity", "picked"),
    [
        ([1, 2, 3, 4, 10, 11], 2, [10, 11]),  # the shortest run that is long enough
        ([1, 2, 3, 10, 11, 12, 13], 2, [10, 11]),  # never leave one: not two of three
        ([1, 2, 3], 2, [1, 2]),  # a soft rule: rather one alone than two apart
        ([1, 2, 3, 5], 3, [1, 2, 3]),
        ([1, 2, 4], 1, [4]),  # the single first
        ([1, 2, 4, 5, 6], 1, [4]),  # not one of two
        ([1, 2], 1, [1]),
        ([1, 3, 5], 2, [1, 3]),
        ([1, 2, 4, 5, 6], 4, [1, 4, 5, 6]),  # two groups, as few as can be
        ([1, 2, 3, 4], 4, [1, 2, 3, 4]),
        ([1, 2], 3, [1, 2]),  # all there is
        ([], 3, []),
        ([1, 2], 0, []),
    ],
)
def test_pick(free: list[int], quantity: int, picked: list[int]) -> None:
    assert places_of(pick(row_of(*free), quantity)) == picked


def small_rows() -> Iterable[list[int]]:
    """Every set of free seats among nine."""
    for bits in itertools.product((False, True), repeat=9):
        yield [seat for seat, free in enumerate(bits, start=1) if free]


def test_pick_takes_as_few_groups_as_any_choice_of_seats() -> None:
    """Every row of nine seats, every quantity, against every subset of that size."""
    for free in small_rows():
        for quantity in range(1, len(free) + 1):
            fewest = min(
                len(run_lengths(subset)) for subset in itertools.combinations(free, quantity)
            )
            chosen = places_of(pick(row_of(*free), quantity))
            assert len(chosen) == quantity
            assert set(chosen) <= set(free)
            assert len(run_lengths(chosen)) == fewest, (free, quantity, chosen)


def test_pick_in_one_group_leaves_none_alone_where_that_can_be_helped_and_then_takes_the_shortest_run() -> (
    None
):
    """Where one group is enough: of all subsets in one group, fewest seats left alone; of these,
    from the shortest run."""
    for free in small_rows():
        sizes = run_lengths(free)
        for quantity in range(1, max(sizes, default=0) + 1):
            together = [
                c for c in itertools.combinations(free, quantity) if len(run_lengths(c)) == 1
            ]
            fewest = min(fresh_singles(free, c) for c in together)
            chosen = places_of(pick(row_of(*free), quantity))
            assert fresh_singles(free, chosen) == fewest, (free, quantity, chosen)
            candidates = [
                n for n in sizes if n >= quantity and (n - quantity != 1) == (fewest == 0)
            ]
            assert sizes_with_members(free, chosen) == [min(candidates)], (free, quantity, chosen)


def sizes_with_members(free: Sequence[int], chosen: Sequence[int]) -> list[int]:
    """The lengths of the runs that the chosen seats are from."""
    found, run = [], []
    for seat in [*sorted(free), 10**6]:
        if run and seat != run[-1] + 1:
            if set(run) & set(chosen):
                found.append(len(run))
            run = []
        run.append(seat)
    return found


def test_pick_in_several_groups_leaves_none_alone_where_that_can_be_helped() -> None:
    """The soft rule holds for sales of several groups too: of all choices in as few groups, fewest
    seats left alone."""
    wrong = []
    for free in small_rows():
        sizes = run_lengths(free)
        for quantity in range(max(sizes, default=0) + 1, len(free) + 1):
            subsets = [
                (len(run_lengths(c)), fresh_singles(free, c))
                for c in itertools.combinations(free, quantity)
            ]
            chosen = places_of(pick(row_of(*free), quantity))
            if (len(run_lengths(chosen)), fresh_singles(free, chosen)) != min(subsets):
                wrong.append((free, quantity, chosen, min(subsets)))
    assert not wrong, f"{len(wrong)} cases, for example {wrong[:3]}"


def test_pick_does_not_depend_on_the_order_of_the_units_and_hands_them_back_by_set_pos() -> None:
    dice = random.Random(8)
    for _ in range(300):
        free = sorted(dice.sample(range(1, 14), dice.randint(1, 9)))
        units = row_of(*free)
        shuffled = dice.sample(units, len(units))
        quantity = dice.randint(1, len(free))
        chosen = pick(shuffled, quantity)
        assert list(chosen) == sorted(chosen, key=lambda u: u.set_pos)
        assert set(chosen) == set(pick(units, quantity))


def test_runs_singles_and_lines() -> None:
    units = [unit(1, 1), unit(2, 2), unit(3, 4), unit(4, 3, "Z"), unit(5, 4, "Z"), unit(6, 5, "Z")]
    assert [[u.row for u in run] for run in runs_of(reversed(units))] == [[1, 2], [3], [4, 5, 6]]
    assert (longest_run(units), stranded(units)) == (3, 1)
    assert (longest_run([]), stranded([])) == (0, 0)


# --- through the workbook
# ------------------------------------------------------------------------------------------------


def seated(
    desk: Desk,
    row: int,
    seat: str | None,
    block: str | None = "B1",
    seat_row: str | None = "7",
    **more: Any,
) -> None:
    for column, value in {"block": block, "seat_row": seat_row, "seat": seat, **more}.items():
        desk.set(UNITS, row, column, value)


def free_runs(desk: Desk, match: str = "M01", category: str = "Cat 1") -> list[list[int]]:
    """The runs of free units of all sets together, as numbers of UnitIDs."""
    sets = Pool(desk.store.read(*SEAT_SHEETS), {(match, category)}).sets(match, category)
    return [
        [int(u.unit_id[1:]) for u in run]
        for run in runs_of(u for units in sets.values() for u in units)
    ]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 5))  # P00001 … P00005 in rows 2 … 6
    return desk


def test_units_with_unknown_seats_adjoin_by_set_pos(desk: Desk) -> None:
    assert free_runs(desk) == [[1, 2, 3, 4, 5]]
    desk.set(UNITS, 4, "status", "SOLD")
    assert free_runs(desk) == [[1, 2], [4, 5]]


def test_two_sets_with_unknown_seats_do_not_adjoin(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    assert free_runs(desk) == [[1, 2, 3, 4, 5], [6, 7]]


def test_odd_seats_adjoin_where_the_row_runs_so(desk: Desk) -> None:
    for row, seat in enumerate(("1", "3", "5", "7", "11"), start=2):
        seated(desk, row, seat)
    assert free_runs(desk) == [[1, 2, 3, 4], [5]]


def test_a_sold_seat_says_how_the_row_runs_and_separates(desk: Desk) -> None:
    """1, 3 and 5 are free, 2 is sold: the row holds even seats, so none of them adjoins another."""
    for row, seat in enumerate(("1", "2", "3", "5", "4"), start=2):
        seated(desk, row, seat)
    desk.set(UNITS, 3, "status", "SOLD")
    assert free_runs(desk) == [[1], [3, 5, 4]]
    desk.set(UNITS, 6, "status", "CANCELLED")
    assert free_runs(desk) == [[1], [3], [4]]


def test_seats_of_another_set_category_or_sale_count_for_their_row(desk: Desk) -> None:
    desk.buy(("M01", "Cat 2", 1), ("M02", "Cat 1", 2))
    for row, seat in enumerate(("1", "3", "5"), start=2):
        seated(desk, row, seat)
    seated(desk, 8, "2"), seated(desk, 9, "4")  # the same seats of another match say nothing
    assert free_runs(desk)[0] == [1, 2, 3]
    seated(desk, 7, "2")  # Cat 2 of the same row
    assert free_runs(desk)[:3] == [[1], [2], [3]]


def test_seats_of_two_sets_adjoin_in_one_row_but_not_in_two_rows_or_blocks(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    seated(desk, 5, "1"), seated(desk, 6, "2"), seated(desk, 7, "3")
    seated(desk, 8, "4", seat_row="8"), seated(desk, 9, "4", block="B2")
    assert sorted(free_runs(desk)) == [[1, 2, 3], [4, 5, 6], [7], [8]]


def test_letters_and_labels(desk: Desk) -> None:
    for row, seat in enumerate(("A", "B", "D", "A9", "A10"), start=2):
        seated(desk, row, seat, seat_row="7" if row < 5 else "8")
    assert free_runs(desk) == [[1, 2], [3], [4, 5]]


def test_a_seat_without_its_row_is_placed_by_its_block_and_one_without_both_by_set_pos(
    desk: Desk,
) -> None:
    seated(desk, 2, "4", seat_row=None), seated(desk, 3, "5", seat_row=None)
    (
        seated(desk, 4, "90", None, None),
        seated(desk, 5, "70", None, None),
        seated(desk, 6, "80", None, None),
    )
    assert sorted(free_runs(desk)) == [[1, 2], [3, 4, 5]]


def test_a_sale_gets_adjoining_seats_of_its_set(desk: Desk) -> None:
    """Seats in SetPos order 9, 1, 2, 3, 7 of a row that also holds 8 (sold): three adjoin, SetPos
    says otherwise."""
    desk.buy(("M01", "Cat 2", 1))
    for row, seat in enumerate(("9", "1", "2", "3", "7", "8"), start=2):
        seated(desk, row, seat)
    desk.set(UNITS, 7, "status", "SOLD")
    desk.sell(("M01", "Cat 1", 3))
    assert desk.do(allocation.allocate_commit("S1")).result.unit_ids == [
        "P00002",
        "P00003",
        "P00004",
    ]
    assert desk.rows(DISTRIBUTION, "sales_id", "seat") == [
        ("S1-1", "1"),
        ("S1-2", "2"),
        ("S1-3", "3"),
    ]
    assert desk.codes() == []


def test_children_get_their_units_in_set_pos_order(desk: Desk) -> None:
    """D6: SalesChild order meets SetPos order, whatever the seats are."""
    for row, seat in enumerate(("5", "4", "3", "2", "1"), start=2):
        seated(desk, row, seat)
    desk.sell(("M01", "Cat 1", 5))
    desk.do(allocation.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "sales_id", "unit_ids", "seat") == [
        (f"S1-{n}", f"P{n:05d}", str(6 - n)) for n in range(1, 6)
    ]
