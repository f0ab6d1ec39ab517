"""Units for tickets (§5b steps 8–12; D5, D6, §14b, §14f)."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk import Desk
from ticketops.domain.allocation import commit, plans
from ticketops.domain.allocation.commit import Outcome
from ticketops.domain.allocation.pool import Unit
from ticketops.domain.allocation.proposals import ShownChunk
from ticketops.domain.allocation.seating import pick
from ticketops.errors import NotFoundError, RuleError
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, MATTHIAS_EMAILS, SALES, UNITS
from ticketops.services import allocation


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_committed_sale_is_written_everywhere(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 2))
    for row, column, value in (
        (2, "email", "seller@example.org"),
        (2, "password", "s3cret"),
        (2, "seat", "0012"),
    ):
        desk.set(UNITS, row, column, value)
    desk.set(DISTRIBUTION, 3, "process_now", True)
    desk.set(DISTRIBUTION, 4, "notes", "call first")
    plan = desk.do(allocation.allocate_commit("S1"))
    assert replace(plan.result, plan=None) == Outcome(
        sales_id="S1",
        requested=2,
        allocated=2,
        status="ALLOCATED",
        chunks=[ShownChunk("PR0001-S01", 2, "Viagogo")],
        unit_ids=["P00001", "P00002"],
    )
    assert (plan.result.plan.rank, plan.result.plan.badge) == (1, "exact")
    run = desk.rows(DISTRIBUTION, "run_id")[0]
    columns = (
        "sales_id",
        "status",
        "vendor",
        "email",
        "password",
        "contract",
        "tix",
        "acc_tix",
        "unit_ids",
        "unit_count",
        "block",
        "seat",
        "process_now",
    )
    assert desk.rows(DISTRIBUTION, *columns) == [
        (
            "S1-1",
            "ALLOCATED",
            "Viagogo",
            "seller@example.org",
            "s3cret",
            "000777",
            1,
            "Cat 1",
            "P00001",
            1,
            None,
            "0012",
            False,
        ),
        (
            "S1-2",
            "ALLOCATED",
            "Viagogo",
            None,
            None,
            "000777",
            1,
            "Cat 1",
            "P00002",
            1,
            None,
            None,
            None,
        ),
    ]
    assert desk.rows(DISTRIBUTION, "notes") == [
        "Allocated 2 from PR0001-S01",
        "call first | Allocated 2 from PR0001-S01",
    ]
    assert desk.rows(UNITS, "unit_id", "status", "sales_id", "alloc_note") == [
        ("P00001", "ALLOCATED", "S1-1", f"{run} Allocated 2 PR0001-S01"),
        ("P00002", "ALLOCATED", "S1-2", f"{run} Allocated 2 PR0001-S01"),
        ("P00003", "AVAILABLE", None, None),
    ]
    assert desk.rows(
        ALLOC_LOG, "user", "action", "sale_id", "set_id", "units_affected", "clear_seats"
    ) == [("tester", "ALLOCATE", "S1", "PR0001-S01", 2, False)]
    assert desk.rows(SALES, "status") == ["ALLOCATED"]
    assert desk.codes() == []


def test_the_smallest_set_that_holds_the_sale_is_taken(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 9), ("M01", "Cat 1", 4), ("M01", "Cat 1", 3), ("M01", "Cat 2", 3))
    desk.sell(("M01", "Cat 1", 3))
    plan = desk.do(allocation.allocate_commit("S1-1"))
    assert [chunk.set_id for chunk in plan.result.chunks] == ["PR0003-S01"]


def test_largest_sets_first_where_no_set_is_large_enough(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 4), ("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 6))
    plan = desk.do(allocation.allocate_commit("S1"))
    assert [(c.set_id, c.qty) for c in plan.result.chunks] == [("PR0002-S01", 4), ("PR0003-S01", 2)]
    assert desk.rows(ALLOC_LOG, "set_id", "units_affected") == [
        ("PR0002-S01", 4),
        ("PR0003-S01", 2),
    ]


def test_too_little_stock_allocates_what_there_is_and_waits(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 3))
    desk.set(SALES, 2, "status", "UNALLOCATED")
    desk.set(SALES, 2, "oversell", None)
    plan = desk.do(allocation.allocate_commit("S1"))
    assert (plan.result.allocated, plan.result.status) == (2, "PARTIAL_ALLOCATED")
    assert [f.code for f in plan.findings] == ["WAITING_STOCK"]
    assert desk.rows(DISTRIBUTION, "status") == ["ALLOCATED", "ALLOCATED", "WAITING_STOCK"]
    assert desk.rows(DISTRIBUTION, "notes")[2] == "No available units for M01 Cat 1"
    assert desk.rows(SALES, "status") == ["PARTIAL_ALLOCATED"]
    again = desk.done(allocation.allocate_commit("S1"))
    assert not again.written
    assert again.plan.result.status == "PARTIAL_ALLOCATED"
    desk.buy(("M01", "Cat 1", 5))
    assert desk.do(allocation.allocate_auto()).result.filled == 1
    assert desk.rows(SALES, "status") == ["ALLOCATED"]
    assert desk.codes() == []


def test_no_stock_at_all_waits(desk: Desk) -> None:
    desk.sell(("M01", "Cat 1", 2))
    desk.set(SALES, 2, "status", "UNALLOCATED")
    plan = desk.do(allocation.allocate_commit("S1"))
    assert (plan.result.allocated, plan.result.status, plan.result.chunks) == (
        0,
        "WAITING_STOCK",
        [],
    )


def test_waiting_sales_are_served_first(desk: Desk) -> None:
    desk.sell(("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    desk.set(SALES, 3, "status", "UNALLOCATED")
    desk.do(allocation.allocate_commit("S2"))
    desk.buy(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "sales_id", "status") == [("S1-1", None), ("S2-1", "ALLOCATED")]


def test_another_category_may_be_drawn_from(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 2", 2))
    for row in (3, 4):
        desk.set(DISTRIBUTION, row, "alloc_from", "Cat 1")
    desk.do(allocation.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "category", "acc_tix", "unit_ids") == [
        ("Cat 2", "Cat 1", "P00001"),
        ("Cat 2", "Cat 1", "P00002"),
    ]


@pytest.mark.parametrize(
    ("status", "sales_id"),
    [
        ("ALLOCATED", None),
        ("CANCELLED", None),
        ("SOLD", None),
        ("REPLACED", None),
        ("AVAILABLE", "S9-1"),
    ],
)
def test_units_that_are_not_free_are_never_taken(
    desk: Desk, status: str, sales_id: str | None
) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    desk.set(UNITS, 2, "status", status)
    desk.set(UNITS, 2, "sales_id", sales_id)
    assert desk.do(allocation.allocate_commit("S1")).result.unit_ids == ["P00002"]


def test_a_unit_that_distribution_refers_to_is_never_taken(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    desk.set(DISTRIBUTION, 4, "unit_ids", "P00001")
    assert desk.do(allocation.allocate_commit("S1")).result.unit_ids == ["P00002"]


def test_matthias_is_masked(desk: Desk) -> None:
    desk.type_rows(MATTHIAS_EMAILS, [{"email": "Matthias.K@example.org"}])
    desk.buy(("M01", "Cat 1", 1), vendor="matthias.k@example.org")
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "vendor", "email") == [("Matthias", "matthias.k@example.org")]
    assert desk.rows(UNITS, "vendor") == ["matthias.k@example.org"]


def test_what_can_not_be_allocated(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    with pytest.raises(NotFoundError, match="no sale S2"):
        desk.do(allocation.allocate_commit("S2"))
    with pytest.raises(NotFoundError, match="not the first ticket"):
        desk.do(allocation.allocate_commit("S1-2"))
    desk.do(allocation.allocate_commit("S1"))
    with pytest.raises(RuleError, match="already allocated"):
        desk.do(allocation.allocate_commit("S1"))


def test_legacy_purchase_rows_are_no_targets(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.type_rows(
        DISTRIBUTION,
        [{"sales_id": "S5-1", "row_type": "Purchases", "match": "M01", "category": "Cat 1"}],
    )
    assert desk.do(allocation.allocate_auto()).result.targets == 0


def unit(number: int, position: int, line: str = "A") -> Unit:
    return Unit(
        number, f"P{number:05d}", "PR0001-S01", position, line=("", "B", line), position=position
    )


@pytest.mark.parametrize(
    ("free", "quantity", "picked"),
    [
        ([1, 2, 3, 4], 2, [1, 2]),
        ([1, 3, 4, 6], 2, [3, 4]),
        ([1, 2, 3, 5, 6], 2, [5, 6]),
        ([1, 2, 3, 5, 6, 7, 8], 2, [5, 6]),
        ([1, 2, 4, 5, 6], 4, [1, 4, 5, 6]),
        ([2, 4, 6], 2, [2, 4]),
    ],
    ids=[
        "in order",
        "a run that fits",
        "the shortest run that is long enough",
        "rather none that leaves one alone",
        "the longest run and then the next",
        "no runs",
    ],
)
def test_adjoining_seats_are_preferred(free: list[int], quantity: int, picked: list[int]) -> None:
    assert [u.set_pos for u in pick([unit(p, p) for p in free], quantity)] == picked


def test_seats_of_two_rows_do_not_adjoin() -> None:
    units = [unit(1, 1, "A"), unit(2, 2, "B"), unit(3, 3, "B")]
    assert [u.set_pos for u in pick(units, 2)] == [2, 3]


@given(st.lists(st.integers(1, 6), max_size=5), st.integers(1, 12))
def test_against_brute_force_no_better_plan_exists(sizes: list[int], quantity: int) -> None:
    """EXACT wastes least; else as few sets as possible; always all that can be had, and no unit
    twice."""
    sets = {
        f"PR{i:04d}-S01": [unit(100 * i + n, n) for n in range(1, size + 1)]
        for i, size in enumerate(sizes, start=1)
    }
    drafts = plans.drafts({set_id: len(units) for set_id, units in sets.items()}, quantity)
    if not sizes:
        assert drafts == []
        return
    chunks = plans.realise(drafts[0], sets)
    taken = [u.unit_id for chunk in chunks for u in chunk.units]
    assert len(taken) == len(set(taken)) == min(quantity, sum(sizes))
    enough = [size for size in sizes if size >= quantity]
    if enough:
        (chunk,) = chunks
        assert len(sets[chunk.set_id]) == min(enough)
    elif sum(sizes) >= quantity:
        fewest = next(
            n
            for n in range(1, len(sizes) + 1)
            if any(sum(c) >= quantity for c in itertools.combinations(sizes, n))
        )
        assert len(chunks) == fewest


def test_nobody_allocates_what_waits_for_approval(desk: Desk) -> None:
    """Eight free, an earlier sale wants five: the oversold one gets nothing, whoever asks, also once
    there is enough."""
    desk.buy(("M01", "Cat 1", 8))
    desk.sell(("M01", "Cat 1", 5))
    desk.sell(("M01", "Cat 1", 6))
    assert desk.rows(SALES, "status") == ["UNALLOCATED", "PENDING_APPROVAL"]
    for choice in (None, commit.Choice(rank=1), commit.Choice(sets=(("PR0001-S01", 1),))):
        desk.refused(allocation.allocate_commit("S2", choice), RuleError, "waits for approval")
    desk.buy(("M01", "Cat 1", 9))
    plan = desk.do(allocation.allocate_auto())
    assert (plan.result.units, plan.result.left) == (5, 1)
    assert [f.code for f in plan.findings] == ["PENDING_APPROVAL"]
    assert desk.rows(SALES, "status") == ["ALLOCATED", "PENDING_APPROVAL"]
    assert desk.rows(DISTRIBUTION, "status")[5:] == [None] * 6
    assert desk.codes() == []
