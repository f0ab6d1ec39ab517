"""Special instructions: what is read from a sale's texts, what unmet ones report, and how the
allocator looks for seats that meet them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.desk import Desk
from ticketops.domain.allocation.commit import Choice
from ticketops.domain.allocation.instructions import Wishes, read
from ticketops.domain.allocation.pool import Unit
from ticketops.domain.allocation.preview import Instructions
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.model.findings import Severity
from ticketops.schema.layouts.event import DISTRIBUTION, SALES, UNITS
from ticketops.services import allocation, selling

DAY = datetime(2026, 4, 1)
CONSECUTIVE, ROW, BLOCK, WHEELCHAIR = (
    "consecutive seats",
    "all in one row",
    "all in one block",
    "wheelchair access",
)


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("consecutive seats", {CONSECUTIVE}),
        ("CONSECUTIVE SEATS!!", {CONSECUTIVE}),
        ("seats together please", {CONSECUTIVE}),
        ("Please seat together", {CONSECUTIVE}),
        ("they want to sit together", {CONSECUTIVE}),
        ("family, all together", {CONSECUTIVE}),
        ("adjoining seats", {CONSECUTIVE}),
        ("adjacent if possible", {CONSECUTIVE}),
        ("4 seats side by side", {CONSECUTIVE}),
        ("next to each other", {CONSECUTIVE}),
        ("same row", {ROW}),
        ("Same Row please", {ROW}),
        ("all four in one row", {ROW}),
        ("a single row", {ROW}),
        ("group of friends: same block", {BLOCK}),
        ("same section is fine", {BLOCK}),
        ("wheelchair access", {WHEELCHAIR}),
        ("1 wheel chair user", {WHEELCHAIR}),
        ("needs an accessible seat", {WHEELCHAIR}),
        ("guest with reduced mobility", {WHEELCHAIR}),
        ("consecutive seats, wheelchair access", {CONSECUTIVE, WHEELCHAIR}),
        ("same block, same row", {ROW, BLOCK}),
        # what is not needed
        ("no need for consecutive seats", set()),
        ("not together", set()),
        ("don't have to be in the same row", set()),
        ("without wheelchair", set()),
        ("needn't be adjacent", set()),
        ("no need for consecutive seats, but same block", {BLOCK}),
        ("no aisle; seats together", {CONSECUTIVE}),
        ("no wheelchair. same row", {ROW}),
        # «no» that belongs to something else
        ("please don't split us: seats together", {CONSECUTIVE}),
        ("no rush - consecutive seats", {CONSECUTIVE}),
        # nothing about seats
        ("", set()),
        ("call first", set()),
        ("VIP guest, invoice to head office", set()),
        ("paid together with S12", set()),
        ("the row on the fourth floor", set()),
        ("Notes: none", set()),
        ("blocked card, try again", set()),
    ],
)
def test_what_is_read_from_a_text(text: str, wishes: set[str]) -> None:
    found = read(text)
    assert set(found.said) == wishes
    assert found.any == bool(wishes)
    assert set(read(None, text).said) == wishes


def test_instructions_and_notes_are_read_both_and_kept_as_written() -> None:
    found = read("Consecutive seats ", None, "  ", "bring a wheelchair")
    assert found.said == [CONSECUTIVE, WHEELCHAIR]
    assert found.texts == ("Consecutive seats", "bring a wheelchair")
    assert read("no need for it", "same row").said == [ROW]  # a «no» ends with its text
    assert read() == Wishes()


def at(place: int, row: str | None = "1", block: str | None = "A", seat: str | None = None) -> Unit:
    return Unit(
        place,
        f"P{place:05d}",
        "PR0001-S01",
        place,
        block=block,
        seat_row=row,
        seat=seat,
        line=("", block or "", row or ""),
        position=place,
    )


@pytest.mark.parametrize(
    ("wishes", "units", "quantity", "codes"),
    [
        (Wishes(consecutive=True), [at(1), at(2), at(3)], 3, []),
        (Wishes(consecutive=True), [at(1), at(2), at(4)], 3, ["INSTRUCTION_CONSECUTIVE"]),
        (Wishes(consecutive=True), [at(1), at(2)], 3, []),  # those that there are adjoin
        (Wishes(consecutive=True), [at(1), at(3)], 3, ["INSTRUCTION_CONSECUTIVE"]),
        (Wishes(consecutive=True), [at(1), at(2, row="2")], 2, ["INSTRUCTION_CONSECUTIVE"]),
        (Wishes(consecutive=True), [at(7)], 1, []),
        (Wishes(same_row=True), [at(1), at(9)], 2, []),
        (Wishes(same_row=True), [at(1), at(2, row="2")], 2, ["INSTRUCTION_SAME_ROW"]),
        (
            Wishes(same_row=True),
            [at(1), at(2, block="B")],
            2,
            ["INSTRUCTION_SAME_ROW"],
        ),  # row 1 of another block
        (Wishes(same_row=True), [at(1, None), at(2, None)], 2, []),
        (Wishes(same_block=True), [at(1), at(2, row="2")], 2, []),
        (Wishes(same_block=True), [at(1), at(2, block="B")], 2, ["INSTRUCTION_SAME_BLOCK"]),
        (Wishes(same_block=True), [at(1, None, None), at(2, None, None)], 2, []),
        (Wishes(wheelchair=True), [at(1), at(2)], 2, ["INSTRUCTION_WHEELCHAIR"]),
        (Wishes(wheelchair=True), [at(1), at(2, seat="WC2")], 2, ["INSTRUCTION_WHEELCHAIR"]),
        (Wishes(wheelchair=True), [at(1), at(2, seat="WC 2")], 2, []),
        (Wishes(wheelchair=True), [at(1, row="Wheelchair platform"), at(2)], 2, []),
        (
            Wishes(consecutive=True, same_row=True, same_block=True, wheelchair=True),
            [at(1), at(2, block="B")],
            2,
            [
                "INSTRUCTION_CONSECUTIVE",
                "INSTRUCTION_SAME_ROW",
                "INSTRUCTION_SAME_BLOCK",
                "INSTRUCTION_WHEELCHAIR",
            ],
        ),
        (Wishes(), [at(1), at(5, row="9", block="Z")], 2, []),
        (Wishes(consecutive=True, same_row=True, same_block=True, wheelchair=True), [], 2, []),
    ],
)
def test_what_is_not_met(
    wishes: Wishes, units: Sequence[Unit], quantity: int, codes: list[str]
) -> None:
    assert [violation.code for violation in wishes.unmet(units, quantity)] == codes


# --- through the workbook
# ----------------------------------------------------------------------------------------------------


def sell(desk: Desk, quantity: int, instructions: str = "", notes: str = "") -> None:
    order = Order("Meridian", "USD", DAY, instructions=instructions, notes=notes)
    desk.do(selling.sale_add(order, [SaleLine("M01", "Cat 1", quantity, Decimal(350))]))


def seats(desk: Desk, *places: tuple[str | None, str | None, str | None] | None) -> None:
    """(block, row, seat) of the units from sheet row 2 on; None: unknown."""
    for row, place in enumerate(places, start=2):
        for column, value in zip(
            ("block", "seat_row", "seat"), place or (None, None, None), strict=True
        ):
            desk.set(UNITS, row, column, value)


def given(desk: Desk) -> list[str]:
    return [unit for unit in desk.rows(DISTRIBUTION, "unit_ids") if unit]


def unmet(plan: dict[str, Any]) -> list[str]:
    return [wish.code for wish in plan.unmet_instructions]


@pytest.fixture
def gappy() -> Desk:
    """Set 1: seats 1 and 4 of a row; set 2: seats 2 and 6, 7, 8 of another; 3 and 5 are gone."""
    desk = Desk()
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 4), ("M01", "Cat 2", 4))
    seats(
        desk,
        *[("A", "1", s) for s in ("1", "4")],
        *[("A", "2", s) for s in ("2", "6", "7", "8")],
        *[("A", r, s) for r in ("1", "2") for s in ("3", "5")],
    )
    return desk


def test_narrowing_finds_adjoining_seats_in_a_set_that_exact_would_not_choose(gappy: Desk) -> None:
    sell(gappy, 2, "consecutive seats")
    result = gappy.do(allocation.allocate_preview("S1", write=False)).result
    assert result.instructions == Instructions([CONSECUTIVE], ["consecutive seats"])
    first, *others = result.plans
    assert (first.badge, first.chunks[0].set_id, unmet(first)) == (
        "exact",
        "PR0001-S01",
        ["INSTRUCTION_CONSECUTIVE"],
    )
    assert first.passes_policy  # a wish is no policy
    assert [] in map(unmet, others)
    plan = gappy.do(allocation.allocate_auto())
    assert (plan.result.filled, plan.findings) == (1, [])
    assert set(given(gappy)) < {"P00004", "P00005", "P00006"}
    assert gappy.codes() == []


def test_without_the_wish_exact_is_chosen(gappy: Desk) -> None:
    sell(gappy, 2, "no need for consecutive seats")
    gappy.do(allocation.allocate_auto())
    assert given(gappy) == ["P00001", "P00002"]


def test_notes_of_the_sale_count_as_instructions(gappy: Desk) -> None:
    sell(gappy, 3, notes="paid in cash | seats together please")
    gappy.do(allocation.allocate_auto())
    assert given(gappy) == ["P00004", "P00005", "P00006"]


def test_narrowing_beyond_all_strategies() -> None:
    """Eight sets hold the sale; only in set 7 do seats adjoin, and no strategy would choose it:
    EXACT and the smallest are set 8, the largest is set 1, the five rotations start at sets 2 to
    6."""
    desk = Desk()
    sizes = (9, 8, 7, 6, 5, 4, 3, 2)
    desk.buy(*(("M01", "Cat 1", n) for n in sizes), ("M01", "Cat 2", 9))
    row = 2
    for number, size in enumerate(sizes, start=1):
        for n in range(size):
            seat = n + 1 if number == 7 else 2 * n + 1
            for column, value in (("block", "A"), ("seat_row", str(number)), ("seat", str(seat))):
                desk.set(UNITS, row, column, value)
            row += 1
    for number in range(1, 9):  # the even seat 2 of each row is sold, so the odd ones do not adjoin
        for column, value in (
            ("block", "A"),
            ("seat_row", str(number)),
            ("seat", "2" if number != 7 else "9"),
            ("status", "SOLD"),
        ):
            desk.set(UNITS, row, column, value)
        row += 1
    sell(desk, 2, "consecutive seats")
    plan = desk.do(allocation.allocate_auto())
    assert plan.findings == []
    assert set(desk.rows(UNITS, "set_id", "status")) & {
        (f"PR000{n}-S01", "ALLOCATED") for n in range(1, 9)
    } == {("PR0007-S01", "ALLOCATED")}


def test_auto_leaves_a_sale_whose_wish_can_not_be_met_and_commit_does_it_with_a_finding(
    gappy: Desk,
) -> None:
    sell(gappy, 4, "consecutive seats")
    before = gappy.rows(DISTRIBUTION, "status", "unit_ids")
    plan = gappy.do(allocation.allocate_auto())
    assert [(f.code, f.severity, f.sales_id) for f in plan.findings] == [
        ("INSTRUCTIONS_UNMET", Severity.MEDIUM, "S1")
    ]
    assert "INSTRUCTION_CONSECUTIVE" in plan.findings[0].message
    assert gappy.rows(DISTRIBUTION, "status", "unit_ids") == before
    assert (plan.result.left, plan.result.waiting) == (1, 0)
    done = gappy.do(allocation.allocate_commit("S1"))  # as a sr_operator, without an override
    assert [f.code for f in done.findings] == ["INSTRUCTION_CONSECUTIVE"]
    assert (done.result.status, done.result.instructions) == ("ALLOCATED", [CONSECUTIVE])
    assert gappy.codes() == []


def test_commit_prefers_a_plan_that_meets_the_wish_but_an_operator_may_pick_another(
    gappy: Desk,
) -> None:
    sell(gappy, 2, "seats together")
    chosen = gappy.do(allocation.allocate_commit("S1", Choice(sets=(("PR0001-S01", None),))))
    assert [f.code for f in chosen.findings] == ["INSTRUCTION_CONSECUTIVE"]
    gappy.undo()
    assert gappy.do(allocation.allocate_commit("S1")).findings == []


def test_the_rest_of_the_pool_is_not_left_for_others_in_vain(gappy: Desk) -> None:
    """A sale that is left as it is takes nothing: the next one gets what there is."""
    sell(gappy, 4, "consecutive seats")
    sell(gappy, 6)
    gappy.set(SALES, 3, "status", "UNALLOCATED")
    plan = gappy.do(allocation.allocate_auto())
    assert (plan.result.filled, plan.result.left) == (1, 1)
    assert len(given(gappy)) == 6


def test_same_row() -> None:
    """Sets 1 (three, in two rows) and 2 (two in row 5, block B; two in row 5, block C)."""
    desk = Desk()
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 1", 4))
    seats(
        desk,
        ("A", "1", "1"),
        ("A", "2", "2"),
        ("A", "2", "9"),
        ("B", "5", "1"),
        ("B", "5", "8"),
        ("C", "5", "2"),
        ("C", "5", "3"),
    )
    sell(desk, 2, "same row please")
    desk.do(allocation.allocate_auto())
    assert given(desk) in (["P00002", "P00003"], ["P00004", "P00005"], ["P00006", "P00007"])


def test_same_block_over_two_sets() -> None:
    """Three of one block are in two sets: one of set 1, two of set 2."""
    desk = Desk()
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 1", 3))
    seats(
        desk,
        ("A", "1", "1"),
        ("A", "1", "2"),
        ("B", "1", "1"),
        ("B", "2", "1"),
        ("B", "2", "2"),
        ("C", "1", "1"),
    )
    sell(desk, 3, "group of friends: same block")
    plan = desk.do(allocation.allocate_auto())
    assert plan.findings == []
    assert set(given(desk)) == {"P00003", "P00004", "P00005"}


def test_a_wheelchair_place_in_a_set_that_exact_would_not_choose() -> None:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 1), ("M01", "Cat 1", 3))
    for row in (3, 4, 5):
        desk.set(UNITS, row, "block", "Wheelchair platform")
    sell(desk, 1, "wheelchair access")
    desk.do(allocation.allocate_auto())
    assert given(desk)[0] in {"P00002", "P00003", "P00004"}


def test_one_wheelchair_place_and_its_companions() -> None:
    """Three tickets, one place in set 2 is for a wheelchair (the last one): the sale gets it with
    two others."""
    desk = Desk()
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 1", 4))
    desk.set(UNITS, 8, "seat", "wheelchair 1")
    sell(desk, 3, "wheelchair access")
    plan = desk.do(allocation.allocate_auto())
    assert plan.findings == []
    assert "P00007" in given(desk)


def test_a_wish_that_no_stock_meets_without_any_stock_waits() -> None:
    desk = Desk()
    sell(desk, 2, "wheelchair access")
    desk.set(SALES, 2, "status", "UNALLOCATED")
    plan = desk.do(allocation.allocate_auto())
    assert [f.code for f in plan.findings] == ["WAITING_STOCK"]
    assert desk.rows(DISTRIBUTION, "status") == ["WAITING_STOCK", "WAITING_STOCK"]
