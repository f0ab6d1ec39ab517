"""What does not go as planned (§4, §14a, §14b): oversells, approvals, upgrades, waiting."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from tests.desk import everything
from tests.domain.manager import MANAGER, ManagerDesk
from ticketops.errors import NotFoundError, NotPermittedError, RuleError
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, REFUNDS, SALES, UNITS
from ticketops.services import allocation, selling

# --- oversell at entry (§4, §14a)


def test_a_line_that_asks_for_more_than_there_is(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    plan = desk.sell(("M01", "Cat 1", 4), ("M02", "Cat 1", 1))
    assert plan.result.status == "PARTIAL_PENDING"
    assert [(one.sales_id, one.qty, one.available, one.short) for one in plan.result.oversold] == [
        ("S1", 4, 3, 1),
        ("S2", 1, 0, 1),
    ]
    assert desk.rows(SALES, "status", "oversell") == [
        ("PENDING_APPROVAL", True),
        ("PENDING_APPROVAL", True),
    ]
    assert "OVERSELL" in [finding.code for finding in plan.findings]


@pytest.mark.parametrize(
    ("asked", "status", "flag"), [(3, "UNALLOCATED", None), (4, "PENDING_APPROVAL", True)]
)
def test_both_sides_of_the_border(
    desk: ManagerDesk, asked: int, status: str, flag: bool | None
) -> None:
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 2", 9), ("M02", "Cat 1", 9))
    desk.sell(("M01", "Cat 1", asked))
    assert desk.rows(SALES, "status", "oversell") == [(status, flag)]


def test_lines_of_one_order_share_the_stock(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    plan = desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 2), ("M01", "Cat 1", 1))
    assert desk.rows(SALES, "status") == ["UNALLOCATED", "PENDING_APPROVAL", "PENDING_APPROVAL"]
    assert [one.short for one in plan.result.oversold] == [1, 1]


def test_earlier_sales_without_units_share_the_stock(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    assert desk.rows(SALES, "status") == ["UNALLOCATED", "PENDING_APPROVAL"]
    desk.do(allocation.allocate_commit("S1"))
    desk.sell(("M01", "Cat 1", 1))
    assert desk.rows(SALES, "status")[2] == "PENDING_APPROVAL", (
        "one unit is left, and S2 waits for it"
    )


def test_a_cancelled_sale_asks_for_nothing(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(selling.sale_cancel("S1", "gone", force=False))
    desk.sell(("M01", "Cat 1", 2))
    assert desk.rows(SALES, "status") == ["CANCELLED", "UNALLOCATED"]


def test_a_sale_served_from_elsewhere_asks_there(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 2", 2))
    desk.do(allocation.override_alloc_from("S1", "Cat 1", "VIP"))
    desk.sell(("M01", "Cat 2", 2), ("M01", "Cat 1", 1))
    assert desk.rows(SALES, "status")[1:] == ["UNALLOCATED", "PENDING_APPROVAL"]


def test_auto_leaves_an_oversold_sale_until_it_is_approved(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 4))
    desk.do(allocation.allocate_auto())
    assert desk.units() == [None] * 4
    assert desk.rows(SALES, "status", "oversell") == [("PENDING_APPROVAL", True)]
    desk.buy(("M01", "Cat 1", 1))
    plan = desk.do(allocation.allocate_auto())
    assert desk.units() == [None] * 4
    assert "there is stock for it now" in plan.findings[0].message
    desk.do(selling.sale_approve("S1", "stock came"))
    assert None not in desk.units()
    assert desk.rows(SALES, "status", "oversell") == [("ALLOCATED", None)]


# --- approve


def test_approve_gives_what_there_is(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 4))
    plan = desk.do(selling.sale_approve("S1", "the client is important"))
    assert plan.result.allocation.allocated == 3
    assert desk.units() == ["P00001", "P00002", "P00003", None]
    assert desk.rows(DISTRIBUTION, "status") == ["ALLOCATED"] * 3 + ["WAITING_STOCK"]
    assert desk.rows(SALES, "status", "oversell") == [("PARTIAL_ALLOCATED", None)]
    assert ("APPROVE_OVERSELL", "S1", None, 0) in desk.actions()
    assert ("ALLOCATE", "S1", "PR0001-S01", 3) in desk.actions()
    reasons = dict(desk.rows(ALLOC_LOG, "action", "reason"))
    assert reasons["APPROVE_OVERSELL"] == "the client is important"
    desk.buy(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    assert desk.rows(SALES, "status") == ["ALLOCATED"]


def test_approve_without_any_stock(desk: ManagerDesk) -> None:
    desk.sell(("M01", "Cat 1", 2))
    desk.do(selling.sale_approve("S1", "bear it"))
    assert desk.rows(DISTRIBUTION, "status") == ["WAITING_STOCK"] * 2
    assert desk.rows(SALES, "status", "oversell") == [("UNALLOCATED", None)]


def test_only_what_waits_for_approval_is_approved_or_rejected(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    for job in (selling.sale_approve("S1", "x"), selling.sale_reject("S1", "x")):
        desk.refused(job, RuleError, "does not wait for approval")
    desk.refused(selling.sale_approve("S9", "x"), NotFoundError)
    desk.sell(("M01", "Cat 1", 2))
    desk.do(selling.sale_approve("S2", "x"))
    desk.refused(selling.sale_approve("S2", "x"), RuleError)


@pytest.mark.parametrize("role", ["operator", "sr_operator"])
def test_approve_reject_and_upgrade_need_a_manager(desk: ManagerDesk, role: str) -> None:
    desk.sell(("M01", "Cat 2", 2))
    desk.role = role
    for job in (
        selling.sale_approve("S1", "x"),
        selling.sale_reject("S1", "x"),
        selling.sale_upgrade("S1", "Cat 1", None, "x"),
    ):
        desk.refused(job, NotPermittedError, MANAGER)


# --- reject


def test_reject_ends_the_sale(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 2))
    for column, value in (("unit_ids", "P00001"), ("unit_count", 1), ("status", "ALLOCATED")):
        desk.set(DISTRIBUTION, 3, column, value)  # an older version gave it what there was
    for column, value in (("sales_id", "S1-1"), ("status", "ALLOCATED")):
        desk.set(UNITS, 2, column, value)
    desk.set(SALES, 2, "payment_status", "PAID")
    desk.do(selling.sale_reject("S1", "no stock to be had"))
    assert desk.units() == [None, None]
    assert desk.rows(DISTRIBUTION, "status") == ["CANCELLED"] * 2
    assert desk.rows(SALES, "status", "oversell") == [("REJECTED", None)]
    assert desk.statuses() == ["AVAILABLE"]
    assert desk.actions()[-1] == ("REJECT_SALE", "S1", None, 1)
    assert desk.rows(ALLOC_LOG, "reason")[-1] == "no stock to be had"
    assert desk.rows(REFUNDS, "sales_id", "tickets", "amount", "decision") == [
        ("S1", 2, 700.0, "TO_BE_DECIDED")
    ]
    desk.do(allocation.allocate_auto())
    assert desk.units() == [None, None]
    assert desk.position().sold == 0


# --- upgrade


def test_an_upgrade_by_hand(desk: ManagerDesk) -> None:
    """Two Cat 2 at 350, cost 120.50: margin 2 × 229.50 = 459. From Cat 1, cost 200, at 500: 2 × 300
    = 600, 141 more, 60 %."""
    desk.buy(("M01", "Cat 1", 3), price=Decimal(200))
    desk.buy(("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 2", 2))
    plan = desk.do(selling.sale_upgrade("S1", "cat 1", 500.0, "VIP"))
    offer = plan.result.upgrade
    assert (plan.result.price_before, plan.result.price, plan.result.alloc_from) == (
        350.0,
        500.0,
        "Cat 1",
    )
    assert (offer.margin_delta, offer.margin_change, offer.margin_pct) == (600.0, 141.0, 60.0)
    assert (offer.available, offer.enough) == (3, True)
    assert desk.rows(SALES, "price", "total", "category") == [(500.0, 1000.0, "Cat 2")]
    assert desk.rows(DISTRIBUTION, "alloc_from") == ["Cat 1"] * 2
    assert desk.actions()[-1] == ("SET_ALLOC_FROM_CATEGORY", "S1", None, 2)
    assert "VIP" in desk.rows(ALLOC_LOG, "reason")[-1]
    desk.do(allocation.allocate_auto())
    assert desk.units() == ["P00001", "P00002"]
    assert desk.rows(DISTRIBUTION, "acc_tix") == ["Cat 1"] * 2


def test_an_upgrade_at_the_old_price_and_of_an_oversold_sale(desk: ManagerDesk) -> None:
    """At 350 from cost 200: 2 × 150 = 300. What it would have cost in its own category can't be
    told: there is none."""
    desk.buy(("M01", "Cat 1", 2), price=Decimal(200))
    desk.sell(("M01", "Cat 2", 2))
    assert desk.rows(SALES, "status", "oversell") == [("PENDING_APPROVAL", True)]
    plan = desk.do(selling.sale_upgrade("S1", "Cat 1", 350.0, "bear it"))
    assert plan.result.upgrade.margin_delta == 300.0
    assert plan.result.upgrade.margin_change is None
    assert desk.rows(SALES, "status", "oversell", "price", "total") == [
        ("UNALLOCATED", None, 350.0, 700.0)
    ]
    desk.do(allocation.allocate_auto())
    assert desk.units() == ["P00001", "P00002"]


def test_an_upgrade_of_what_is_left(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 2", 1), ("M01", "Top Cat 1", 1), ("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 2", 2))
    desk.do(selling.sale_approve("S1", "bear it"))
    desk.do(selling.sale_upgrade("S1", "Top Cat 1", 400.0, "rest"))
    desk.do(allocation.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "unit_ids", "acc_tix") == [
        ("P00001", "Cat 2"),
        ("P00002", "Top Cat 1"),
    ]
    assert desk.rows(SALES, "total") == [800.0]


def test_what_is_no_upgrade(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 2", 4), ("M01", "Cat 3", 4))
    desk.sell(("M01", "Cat 2", 2))
    desk.refused(selling.sale_upgrade("S1", "Cat 3", None, "x"), RuleError, "not better")
    desk.refused(selling.sale_upgrade("S1", "Cat 2", None, "x"), RuleError, "not better")
    desk.refused(selling.sale_upgrade("S1", "Loge", None, "x"), RuleError)
    desk.do(allocation.allocate_commit("S1"))
    desk.refused(selling.sale_upgrade("S1", "Cat 1", None, "x"), RuleError, "pending")


def test_the_offers_without_writing(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 1), price=Decimal(200))
    desk.buy(("M01", "Top Cat 1", 2), price=Decimal(300))
    desk.sell(("M01", "Cat 2", 2))
    before = everything(desk.store)
    found = desk.do(selling.sale_upgrades("S1", None)).result.upgrades
    assert [(one.category, one.available, one.enough) for one in found] == [
        ("Cat 1", 1, False),
        ("Top Cat 1", 2, True),
    ]
    assert found[1].margin_delta == 100.0
    assert everything(desk.store) == before


# --- WAITING_STOCK (§14b)


def test_waiting_sales_resume_oldest_first(desk: ManagerDesk) -> None:
    for client in ("A", "B", "C"):
        desk.sell(("M01", "Cat 1", 1), client=client)
    for sale in ("S3", "S2"):
        desk.do(selling.sale_approve(sale, "bear it"))
    assert desk.rows(DISTRIBUTION, "status") == [None, "WAITING_STOCK", "WAITING_STOCK"]
    desk.buy(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    assert desk.units() == [None, "P00001", None]
    desk.buy(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    assert desk.units() == [None, "P00001", "P00002"]
    desk.buy(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    assert desk.units() == [None, "P00001", "P00002"], "S1 waits for approval"


def test_the_older_sale_is_the_one_of_the_earlier_day(desk: ManagerDesk) -> None:
    desk.sell(("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    for sale in ("S1", "S2"):
        desk.do(selling.sale_approve(sale, "bear it"))
    desk.set(DISTRIBUTION, 3, "date", datetime(2026, 4, 20))
    desk.buy(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    assert desk.units() == [None, "P00001"]


def test_waiting_is_noted_once(desk: ManagerDesk) -> None:
    desk.sell(("M01", "Cat 1", 1))
    desk.do(selling.sale_approve("S1", "bear it"))
    notes = desk.rows(DISTRIBUTION, "notes")
    assert "No available units" in notes[0]
    assert not desk.done(allocation.allocate_auto()).written
    assert desk.rows(DISTRIBUTION, "notes") == notes
