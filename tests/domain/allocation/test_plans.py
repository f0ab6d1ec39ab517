"""The four strategies of §5a step 3: hand-made pools, then thousands of small ones against naive
re-implementations."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.desk import Desk
from ticketops.domain.allocation.plans import Draft, drafts, realise, with_chunks_of_at_least
from ticketops.domain.allocation.pool import Unit
from ticketops.domain.allocation.preview import ShownTarget
from ticketops.schema.layouts.event import UNITS
from ticketops.services import allocation

Counts = dict[str, int]


def shown(found: list[Draft]) -> list[tuple[str, str]]:
    """Each draft as (badge, `A4 B2`)."""
    return [(draft.badge, " ".join(f"{set_id}{n}" for set_id, n in draft.parts)) for draft in found]


@pytest.mark.parametrize(
    ("counts", "quantity", "expected"),
    [
        # EXACT: the smallest set that holds the sale; the largest set as such is GREEDY_LARGEST,
        # the smallest sets GREEDY_SMALLEST
        (
            {"A": 9, "B": 4, "C": 3, "D": 1},
            3,
            [
                ("exact", "C3"),
                ("greedy_largest", "A3"),
                ("rotated_desc", "B3"),
                ("greedy_smallest", "D1 C2"),
                ("rotated_desc", "D1 A2"),
            ],
        ),
        (
            {"A": 9, "B": 4, "C": 3},
            4,
            [
                ("exact", "B4"),
                ("greedy_largest", "A4"),
                ("greedy_smallest", "C3 B1"),
                ("rotated_desc", "C3 A1"),
            ],
        ),
        # one set: all strategies are one plan, which is called exact
        ({"A": 5}, 2, [("exact", "A2")]),
        ({"A": 2}, 2, [("exact", "A2")]),
        # one set that is too small: no EXACT, and greedy_largest is the first that finds it
        ({"A": 1}, 2, [("greedy_largest", "A1")]),
        # nothing large enough: fewest chunks first
        (
            {"A": 2, "B": 4, "C": 3},
            6,
            [
                ("greedy_largest", "B4 C2"),
                ("rotated_desc", "A2 B4"),
                ("greedy_smallest", "A2 C3 B1"),
            ],
        ),
        # {B4, C2} and {C2, B4} are the same: the canonical signature forgets the order
        ({"B": 4, "C": 2}, 6, [("greedy_largest", "B4 C2")]),
        # but {B4, C1} and {C2, B3} are not
        ({"B": 4, "C": 2}, 5, [("greedy_largest", "B4 C1"), ("greedy_smallest", "C2 B3")]),
        # too little altogether: everything there is, once
        ({"A": 1, "B": 2}, 9, [("greedy_largest", "B2 A1")]),
        # five rotations and no more: A, B, C, D, E and F come first once, G never
        (
            {"A": 8, "B": 7, "C": 6, "D": 5, "E": 4, "F": 3, "G": 2, "H": 1},
            1,
            [
                ("exact", "H1"),
                ("greedy_largest", "A1"),
                ("rotated_desc", "B1"),
                ("rotated_desc", "C1"),
                ("rotated_desc", "D1"),
                ("rotated_desc", "E1"),
                ("rotated_desc", "F1"),
            ],
        ),
        # sets of one size go by SetID, largest-first and smallest-first alike
        (
            {"B": 2, "A": 2, "C": 2},
            3,
            [("greedy_largest", "A2 B1"), ("rotated_desc", "B2 C1"), ("rotated_desc", "C2 A1")],
        ),
        # nothing to choose from, nothing asked for
        ({}, 3, []),
        ({"A": 0}, 3, []),
        ({"A": 3}, 0, []),
    ],
)
def test_the_strategies(counts: Counts, quantity: int, expected: list[tuple[str, str]]) -> None:
    assert shown(drafts(counts, quantity)) == expected


@pytest.mark.parametrize("sets", range(1, 9))
def test_a_rotation_starts_at_each_set_but_the_largest_five_times_at_most(sets: int) -> None:
    """n sets that all hold the sale: EXACT takes the smallest, the rotations the 2nd to the 6th
    largest, if there are so many."""
    counts = {f"{letter}": 20 - i for i, letter in enumerate("ABCDEFGH"[:sets])}
    rotated = [draft.parts[0][0] for draft in drafts(counts, 5) if draft.badge == "rotated_desc"]
    smallest = "ABCDEFGH"[sets - 1]
    assert rotated == [letter for letter in "BCDEF"[: sets - 1] if letter != smallest]


def test_preview_shows_the_best_six() -> None:
    """Eight sets give seven drafts for six tickets; the one with most chunks that was generated
    last is dropped."""
    desk = Desk()
    desk.buy(*(("M01", "Cat 1", n) for n in (5, 4, 3, 2, 2, 1, 1, 1)))
    desk.sell(("M01", "Cat 1", 6))
    found = desk.do(allocation.allocate_preview("S1", write=False)).result.plans
    assert [(p.rank, p.badge, [(int(c.set_id[2:6]), c.qty) for c in p.chunks]) for p in found] == [
        (1, "greedy_largest", [(1, 5), (2, 1)]),
        (2, "rotated_desc", [(2, 4), (3, 2)]),
        (3, "rotated_desc", [(3, 3), (4, 2), (5, 1)]),
        (4, "rotated_desc", [(4, 2), (5, 2), (6, 1), (7, 1)]),
        (5, "rotated_desc", [(6, 1), (7, 1), (8, 1), (1, 3)]),
        (6, "greedy_smallest", [(6, 1), (7, 1), (8, 1), (4, 2), (5, 1)]),
    ]
    assert {p.total for p in found} == {6}


def test_preview_shows_its_pool_and_leaves_out_what_is_not_free() -> None:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 1", 2), ("M01", "Cat 2", 4), ("M02", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2))
    desk.set(UNITS, 2, "status", "CANCELLED")
    result = desk.do(allocation.allocate_preview("S1", write=False)).result
    assert result.pool == {"PR0001-S01": 2, "PR0002-S01": 2}
    assert result.target == ShownTarget("S1", "M01", "Cat 1", "Cat 1", 2)


def random_pools(number: int) -> Iterator[tuple[Counts, int]]:
    """Small pools and quantities, the same in every run."""
    dice = random.Random(5)
    for _ in range(number):
        sizes = [dice.randint(0, dice.choice((2, 4, 7))) for _ in range(dice.randint(0, 7))]
        names = dice.sample("ABCDEFGHIJ", len(sizes))
        yield dict(zip(names, sizes, strict=True)), dice.randint(1, 14)


def by_hand(order: list[str], counts: Counts, quantity: int) -> list[tuple[str, int]]:
    """One ticket after the other from the first set of the order that has one left."""
    left = dict(counts)
    taken: list[str] = []
    while len(taken) < quantity and any(left.values()):
        first = next(s for s in order if left[s])
        left[first] -= 1
        taken.append(first)
    return [(s, len(list(group))) for s, group in itertools.groupby(taken)]


def naive(counts: Counts, quantity: int) -> list[tuple[str, list[tuple[str, int]]]]:
    """§5a step 3 read aloud: every strategy, duplicates dropped, sorted, by repeated selection."""
    counts = {s: n for s, n in counts.items() if n}
    if not counts:
        return []
    up = sorted(sorted(counts), key=counts.__getitem__)
    down = sorted(sorted(counts), key=lambda s: -counts[s])
    generated = [("exact", [(s, quantity)]) for s in up if counts[s] >= quantity][:1]
    generated.append(("greedy_largest", by_hand(down, counts, quantity)))
    generated.append(("greedy_smallest", by_hand(up, counts, quantity)))
    turned = list(down)
    for _ in range(5):
        turned.append(turned.pop(0))
        generated.append(("rotated_desc", by_hand(turned, counts, quantity)))
    unique: list[tuple[str, list[tuple[str, int]]]] = []
    for badge, parts in generated:
        if all(Counter(dict(parts)) != Counter(dict(other)) for _, other in unique):
            unique.append((badge, parts))
    ranked = []
    while unique:  # the first of the best
        best = unique[0]
        for one in unique[1:]:
            (total, chunks), (best_total, best_chunks) = (
                (sum(n for _, n in p), len(p)) for p in (one[1], best[1])
            )
            if (abs(quantity - total), chunks, -total) < (
                abs(quantity - best_total),
                best_chunks,
                -best_total,
            ):
                best = one
        unique.remove(best)
        ranked.append(best)
    return ranked


def test_random_pools_give_what_the_text_says() -> None:
    for counts, quantity in random_pools(4000):
        found = [(draft.badge, list(draft.parts)) for draft in drafts(counts, quantity)]
        assert found == naive(counts, quantity), (counts, quantity)


def test_every_plan_of_random_pools_is_valid() -> None:
    """All that can be had, never more; no set twice, none over-drawn, none for nothing; no plan
    twice."""
    for counts, quantity in random_pools(4000):
        found = drafts(counts, quantity)
        assert bool(found) == any(counts.values())
        assert len({frozenset(draft.parts) for draft in found}) == len(found)
        for draft in found:
            sets = [s for s, _ in draft.parts]
            assert len(set(sets)) == len(sets)
            assert all(0 < n <= counts[s] for s, n in draft.parts)
            assert (
                draft.total == sum(n for _, n in draft.parts) == min(quantity, sum(counts.values()))
            )


def test_no_better_plan_of_the_same_kind_exists() -> None:
    """EXACT wastes least of all single sets; GREEDY_LARGEST, and the first of the ranking, need as
    few sets as any combination; GREEDY_SMALLEST empties as many sets as can be emptied."""
    for counts, quantity in random_pools(2500):
        found = drafts(counts, quantity)
        if not found:
            continue
        wanted = min(quantity, sum(counts.values()))
        sizes = [n for n in counts.values() if n]
        combinations = [
            c for k in range(1, len(sizes) + 1) for c in itertools.combinations(sizes, k)
        ]
        fewest = min(len(c) for c in combinations if sum(c) >= wanted)
        exact = [draft for draft in found if draft.badge == "exact"]
        wastes = [n - quantity for n in sizes if n >= quantity]
        assert [counts[draft.parts[0][0]] - quantity for draft in exact] == (
            [min(wastes)] if wastes else []
        )
        assert all(len(draft.parts) == 1 and draft is found[0] for draft in exact)
        assert len(found[0].parts) == fewest
        for draft in found:
            if draft.badge == "greedy_largest":
                assert len(draft.parts) == fewest
            if draft.badge == "greedy_smallest":
                emptied = sum(counts[s] == n for s, n in draft.parts)
                assert emptied == max((len(c) for c in combinations if sum(c) <= wanted), default=0)


def test_the_order_in_which_the_pool_is_read_does_not_matter() -> None:
    dice = random.Random(6)
    for counts, quantity in random_pools(500):
        shuffled = dict(dice.sample(list(counts.items()), len(counts)))
        assert drafts(shuffled, quantity) == drafts(counts, quantity)


def test_plans_become_units_of_their_sets() -> None:
    for counts, quantity in random_pools(800):
        sets = {
            s: [Unit(i, f"P-{s}-{i}", s, i, line=(s,), position=i) for i in range(1, n + 1)]
            for s, n in counts.items()
        }
        for draft in drafts(counts, quantity):
            chunks = realise(draft, sets)
            assert [(chunk.set_id, len(chunk.units)) for chunk in chunks] == list(draft.parts)
            taken = [unit for chunk in chunks for unit in chunk.units]
            assert len({unit.unit_id for unit in taken}) == draft.total
            assert all(unit in sets[chunk.set_id] for chunk in chunks for unit in chunk.units)
            assert all(
                [u.set_pos for u in chunk.units] == sorted(u.set_pos for u in chunk.units)
                for chunk in chunks
            )


def test_chunks_are_evened_out_wherever_that_can_be() -> None:
    """Against every way to draw the total from the same sets with at least `least` from each."""
    evened = 0
    for counts, quantity in random_pools(1500):
        for draft in drafts(counts, quantity):
            for least in (1, 2, 3):
                sets = [s for s, _ in draft.parts]
                ways = itertools.product(*(range(least, counts[s] + 1) for s in sets))
                possible = any(sum(way) == draft.total for way in ways)
                found = with_chunks_of_at_least(draft, counts, least)
                assert (found is not None) == possible, (counts, draft, least)
                if found is not None:
                    evened += found.parts != draft.parts
                    assert sorted(s for s, _ in found.parts) == sorted(sets)
                    assert found.total == draft.total
                    assert all(least <= n <= counts[s] for s, n in found.parts)
    assert evened > 300
