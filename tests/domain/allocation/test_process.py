"""What operators decide in the sheet (§5b step 12), and `_ALLOCATION_PREVIEW` (§16b)."""

from __future__ import annotations

import pytest

from tests.desk import everything
from tests.domain.manager import ManagerDesk, chosen
from ticketops.domain.allocation.process import Processed
from ticketops.schema.layouts.event import ALLOCATION_PREVIEW, DISTRIBUTION, POLICIES, SALES
from ticketops.services import allocation

# --- what operators decide in the sheet (§5b step 12)


def process(desk: ManagerDesk) -> Processed:
    return desk.do(allocation.allocate_process()).result


@pytest.fixture
def stock(desk: ManagerDesk) -> ManagerDesk:
    """Three sets; S1 of two tickets, S2 of three, S3 of one."""
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 3), ("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 3), ("M01", "Cat 1", 1))
    return desk


def choose(desk: ManagerDesk, text: str, row: int = 2) -> None:
    desk.set(ALLOCATION_PREVIEW, row, "chosen", text)


def test_nothing_is_chosen_or_ticked(stock: ManagerDesk) -> None:
    done = stock.done(allocation.allocate_process())
    assert not done.written
    assert done.plan.result.processed == []


def test_a_chosen_set_is_committed_and_leaves_the_sheet(stock: ManagerDesk) -> None:
    for sale in ("S1", "S2"):
        stock.do(allocation.allocate_preview(sale, write=True))
    choose(stock, "PR0003-S01")
    result = process(stock)
    assert result.units == 2
    assert stock.units()[:2] == ["P00006", "P00007"]
    assert stock.units()[2:] == [None] * 4
    assert stock.rows(ALLOCATION_PREVIEW, "sales_id") == ["S2-1"]
    assert stock.actions() == [("ALLOCATE", "S1", "PR0003-S01", 2)]


@pytest.mark.parametrize(
    "text",
    ["PR0001-S01(1) · PR0003-S01(2)", "PR0001-S01:1, PR0003-S01:2", "pr0001-s01:1 PR0003-S01"],
)
def test_chosen_sets_with_quantities(stock: ManagerDesk, text: str) -> None:
    stock.do(allocation.allocate_preview("S2", write=True))
    choose(stock, text)
    process(stock)
    assert stock.units()[2:5] == ["P00001", "P00006", "P00007"]
    assert stock.rows(ALLOCATION_PREVIEW, "sales_id") == []


@pytest.mark.parametrize(
    "text",
    [
        "PR0099-S01",
        "nonsense",
        "PR0001-S01:9",
        "PR0001-S01, PR0001-S01",
        "PR0003-S01:4",
        "PR0001-S01:0",
        ",",
    ],
)
def test_a_wrong_choice_stays_and_is_said(stock: ManagerDesk, text: str) -> None:
    for sale in ("S1", "S2"):
        stock.do(allocation.allocate_preview(sale, write=True))
    choose(stock, text)
    choose(stock, "PR0002-S01", row=3)
    plan = stock.do(allocation.allocate_process())
    assert [(f.code, f.sales_id) for f in plan.findings] == [("REFUSED", "S1-1")]
    assert plan.result.refused == 1
    assert stock.rows(ALLOCATION_PREVIEW, "sales_id", "chosen") == [("S1-1", text)]
    assert stock.units() == [None, None, "P00003", "P00004", "P00005", None], (
        "the others are carried out"
    )


def test_two_choices_do_not_get_the_same_units(stock: ManagerDesk) -> None:
    for sale in ("S1", "S2"):
        stock.do(allocation.allocate_preview(sale, write=True))
    choose(stock, "PR0003-S01")
    choose(stock, "PR0003-S01", row=3)
    process(stock)
    assert stock.units()[:2] == ["P00006", "P00007"]
    assert stock.units()[2:5] == ["P00008", "P00009", None]


def test_a_choice_for_a_sale_that_was_allocated_meanwhile(stock: ManagerDesk) -> None:
    stock.do(allocation.allocate_preview("S1", write=True))
    choose(stock, "PR0003-S01")
    stock.do(allocation.allocate_auto())
    units = stock.units()
    plan = stock.do(allocation.allocate_process())
    assert [f.code for f in plan.findings] == ["REFUSED"]
    assert stock.units() == units


def test_a_ticked_sale_is_allocated(stock: ManagerDesk) -> None:
    stock.set(DISTRIBUTION, 5, "process_now", True)
    assert process(stock).units == 3
    assert stock.units() == [None, None, "P00003", "P00004", "P00005", None]
    assert not any(stock.rows(DISTRIBUTION, "process_now"))
    assert not stock.done(allocation.allocate_process()).written


def test_of_several_ticks_the_first_is_carried_out_the_others_cleared_and_said(
    stock: ManagerDesk,
) -> None:
    for row in (8, 5, 3):
        stock.set(DISTRIBUTION, row, "process_now", True)
    plan = stock.do(allocation.allocate_process())
    assert plan.result.unticked == 2
    assert [f.code for f in plan.findings] == ["MORE_THAN_ONE_TICK"]
    assert "S1-1" in plan.findings[0].message
    assert "2" in plan.findings[0].message
    assert stock.units() == ["P00001", "P00002", None, None, None, None]
    assert not any(stock.rows(DISTRIBUTION, "process_now"))


def test_a_tick_on_a_later_ticket_of_the_sale_names_the_sale(stock: ManagerDesk) -> None:
    stock.set(DISTRIBUTION, 4, "process_now", True)
    assert process(stock).units == 2


def test_under_suggest_a_tick_decides_nothing(stock: ManagerDesk) -> None:
    stock.do(allocation.policy_set("event", "", {"mode": "SUGGEST"}))
    assert stock.rows(POLICIES, "mode") == ["SUGGEST"]
    stock.set(DISTRIBUTION, 3, "process_now", True)
    plan = stock.do(allocation.allocate_process())
    assert (plan.result.units, plan.result.refused) == (0, 1)
    assert [f.code for f in plan.findings] == ["REFUSED"]
    assert stock.units() == [None] * 6
    assert not any(stock.rows(DISTRIBUTION, "process_now"))
    stock.do(allocation.allocate_preview("S1", write=True))
    choose(stock, "PR0001-S01")
    assert process(stock).units == 2, "a choice does"


@pytest.mark.parametrize("header", ["Process_Now", "Allocate_Now", "Alloc_Now"])
def test_the_box_has_three_names(stock: ManagerDesk, header: str) -> None:
    place = stock.store.read(DISTRIBUTION)[DISTRIBUTION].positions["process_now"][0]
    stock.store.edit_outside(DISTRIBUTION, 2, place, header)
    stock.store.edit_outside(DISTRIBUTION, 3, place, True)
    stock.store.edit_outside(DISTRIBUTION, 5, place, True)
    assert process(stock).units == 2
    assert stock.store.rows(DISTRIBUTION)[1][place - 1] == header
    assert [row[place - 1] for row in stock.store.rows(DISTRIBUTION)[2:5]] == [False, None, False]


def test_the_legacy_spelling_of_alloc_from(stock: ManagerDesk) -> None:
    stock.buy(("M01", "Top Cat 1", 2))
    place = stock.store.read(DISTRIBUTION)[DISTRIBUTION].positions["alloc_from"][0]
    stock.store.edit_outside(DISTRIBUTION, 2, place, "AlloFromCategory")
    stock.do(allocation.override_alloc_from("S1", "Top Cat 1", "x"))
    assert stock.store.rows(DISTRIBUTION)[2][place - 1] == "Top Cat 1"
    stock.do(allocation.allocate_commit("S1"))
    assert stock.units()[:2] == ["P00010", "P00011"]


# --- _ALLOCATION_PREVIEW (§16b)


def test_a_written_preview(stock: ManagerDesk) -> None:
    """S2 asks for three: PR0002 fits, PR0003 is largest, PR0001 then PR0002 fill from the
    smallest."""
    before = {
        name: rows for name, rows in everything(stock.store).items() if name != ALLOCATION_PREVIEW
    }
    plan = stock.do(allocation.allocate_preview("S2", write=True))
    row = stock.rows(
        ALLOCATION_PREVIEW,
        "dist_row",
        "sales_id",
        "match",
        "category",
        "qty",
        "chosen",
        "proposed",
        "warnings",
    )
    assert row == [(5, "S2-1", "M01", "Cat 1", 3, None, "P00003, P00004, P00005", None)]
    options = stock.rows(ALLOCATION_PREVIEW, "options")[0].split(" · ")
    assert set(options) == {"PR0001-S01(2)", "PR0002-S01(3)", "PR0003-S01(4)"}
    assert options[0] == "PR0002-S01(3)"
    assert stock.rows(ALLOCATION_PREVIEW, "run_id")[0].startswith("R2026")
    assert plan.result.plans[0].badge == "exact"
    assert {
        name: rows for name, rows in everything(stock.store).items() if name != ALLOCATION_PREVIEW
    } == before


def test_a_preview_keeps_the_rows_of_other_sales(stock: ManagerDesk) -> None:
    for sale in ("S1", "S2", "S3"):
        stock.do(allocation.allocate_preview(sale, write=True))
    choose(stock, "PR0003-S01", row=2)
    rows = {
        row[2]: row[1:]
        for row in stock.frame(ALLOCATION_PREVIEW)
        .select("run_id", "dist_row", "sales_id", "options", "chosen")
        .rows()
    }
    stock.do(allocation.allocate_preview("S2", write=True))
    again = {
        row[2]: row[1:]
        for row in stock.frame(ALLOCATION_PREVIEW)
        .select("run_id", "dist_row", "sales_id", "options", "chosen")
        .rows()
    }
    assert again == rows
    assert again["S1-1"][-1] == "PR0003-S01"


def test_the_warnings_of_a_preview(desk: ManagerDesk) -> None:
    desk.sell(("M01", "Cat 1", 3))
    desk.do(allocation.allocate_preview("S1", write=True))
    assert desk.rows(ALLOCATION_PREVIEW, "warnings")[0].startswith("PENDING_APPROVAL: ")
    desk.set(SALES, 2, "status", "UNALLOCATED")
    desk.do(allocation.allocate_preview("S1", write=True))
    assert desk.rows(ALLOCATION_PREVIEW, "options", "proposed", "warnings") == [
        (None, None, "WAITING_STOCK")
    ]
    desk.buy(("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    desk.do(allocation.allocate_preview("S1", write=True))
    assert desk.rows(ALLOCATION_PREVIEW, "options", "proposed", "warnings") == [
        ("PR0001-S01(1) · PR0002-S01(1)", "P00001, P00002", "INSUFFICIENT_STOCK")
    ]
    desk.do(
        allocation.policy_set(
            "event", "", {"split_policy": "SINGLE_SET_ONLY", "vendor_blocklist": "Viagogo"}
        )
    )
    desk.do(allocation.allocate_preview("S1", write=True))
    flags = desk.rows(ALLOCATION_PREVIEW, "warnings")[0].split(" · ")
    assert flags[0] == "INSUFFICIENT_STOCK"
    assert "POLICY_BLOCK:VENDOR_BLOCKLISTED" in flags


def test_the_preview_names_the_pending_ticket(stock: ManagerDesk) -> None:
    stock.do(allocation.allocate_commit("S2", chosen("PR0001-S01:2")))
    stock.do(allocation.allocate_preview("S2", write=True))
    assert stock.rows(ALLOCATION_PREVIEW, "dist_row", "sales_id", "qty") == [(7, "S2-3", 1)]
    choose(stock, "PR0003-S01")
    process(stock)
    assert stock.units()[2:5] == ["P00001", "P00002", "P00006"]
