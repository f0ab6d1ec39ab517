"""What does not go as planned (§14a, §14b, §14e, §14f): oversells, waiting, cancellation, substitution, holds, moved matches,
and what operators decide in the sheet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.desk import START, Desk, everything
from ticketops.domain.plan import Run
from ticketops.domain.procurement import PurchaseLine
from ticketops.errors import NotFoundError, NotPermittedError, RuleError, UsageError
from ticketops.schema.workbook import (
    ALLOC_LOG,
    ALLOCATION_PREVIEW,
    DISTRIBUTION,
    HOLDS,
    MATTHIAS_EMAILS,
    POLICIES,
    PURCHASES,
    REFUNDS,
    SALES,
    SALES_PARENT_RECON,
    UNITS,
)
from ticketops.services import jobs
from ticketops.services.transaction import Done, Job, carry_out

MANAGER = "ops_manager"
DAY = datetime(2026, 4, 17)


class Office(Desk):
    """A desk whose user has a role, and whose clock can be put forward by days."""

    def __init__(self) -> None:
        super().__init__()
        self.role = MANAGER
        self.days = 0

    def run(self) -> Run:
        run = super().run()
        return replace(run, role=self.role, now=run.now + timedelta(days=self.days))

    def done(self, job: Job) -> Done:
        """As `Desk.done`; the audit is clean after every job."""
        done = carry_out(self.store, job, self.run())
        assert self.codes() == []
        report = self.position()
        assert report["open"] - report["available"] == report["oversold"] - report["surplus"]
        return done

    def actions(self) -> list[Any]:
        return self.rows(ALLOC_LOG, "action", "sale_id", "set_id", "units_affected")

    def buy_at(self, price: str, category: str, quantity: int, *, vendor: str = "Viagogo", currency: str = "USD") -> None:
        self.do(jobs.purchase_add([PurchaseLine("M01", vendor, "000777", category, quantity, Decimal(price), currency, DAY)]))

    def seats(self, *seats: str, first: int = 2, line: str = "7") -> None:
        """Seats of the units from sheet row `first` on, in block A."""
        for row, seat in enumerate(seats, start=first):
            for column, value in (("block", "A"), ("seat_row", line), ("seat", seat)):
                self.set(UNITS, row, column, value)

    def units(self) -> list[Any]:
        """The AllocatedUnitIDs of every ticket."""
        return self.rows(DISTRIBUTION, "unit_ids")

    def statuses(self) -> list[Any]:
        return self.rows(UNITS, "status")


@pytest.fixture
def desk() -> Office:
    return Office()


# --- oversell at entry (§4, §14a)


def test_a_line_that_asks_for_more_than_there_is(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 3))
    plan = desk.sell(("M01", "Cat 1", 4), ("M02", "Cat 1", 1))
    assert plan.result["status"] == "PARTIAL_PENDING"
    assert [(one["sales_id"], one["qty"], one["available"], one["short"]) for one in plan.result["oversold"]] == [
        ("S1", 4, 3, 1),
        ("S2", 1, 0, 1),
    ]
    assert desk.rows(SALES, "status", "oversell") == [("PENDING_APPROVAL", True), ("PENDING_APPROVAL", True)]
    assert "OVERSELL" in [finding.code for finding in plan.findings]


@pytest.mark.parametrize(("asked", "status", "flag"), [(3, "UNALLOCATED", None), (4, "PENDING_APPROVAL", True)])
def test_both_sides_of_the_border(desk: Office, asked: int, status: str, flag: bool | None) -> None:
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 2", 9), ("M02", "Cat 1", 9))
    desk.sell(("M01", "Cat 1", asked))
    assert desk.rows(SALES, "status", "oversell") == [(status, flag)]


def test_lines_of_one_order_share_the_stock(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 3))
    plan = desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 2), ("M01", "Cat 1", 1))
    assert desk.rows(SALES, "status") == ["UNALLOCATED", "PENDING_APPROVAL", "PENDING_APPROVAL"]
    assert [one["short"] for one in plan.result["oversold"]] == [1, 1]


def test_earlier_sales_without_units_share_the_stock(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    assert desk.rows(SALES, "status") == ["UNALLOCATED", "PENDING_APPROVAL"]
    desk.do(jobs.allocate_commit("S1"))
    desk.sell(("M01", "Cat 1", 1))
    assert desk.rows(SALES, "status")[2] == "PENDING_APPROVAL", "one unit is left, and S2 waits for it"


def test_a_cancelled_sale_asks_for_nothing(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(jobs.sale_cancel("S1", "gone", force=False))
    desk.sell(("M01", "Cat 1", 2))
    assert desk.rows(SALES, "status") == ["CANCELLED", "UNALLOCATED"]


def test_a_sale_served_from_elsewhere_asks_there(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 2", 2))
    desk.do(jobs.override_alloc_from("S1", "Cat 1", "VIP"))
    desk.sell(("M01", "Cat 2", 2), ("M01", "Cat 1", 1))
    assert desk.rows(SALES, "status")[1:] == ["UNALLOCATED", "PENDING_APPROVAL"]


def test_auto_leaves_an_oversold_sale_until_there_is_enough(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 4))
    desk.do(jobs.allocate_auto())
    assert desk.units() == [None] * 4
    assert desk.rows(SALES, "status", "oversell") == [("PENDING_APPROVAL", True)]
    desk.buy(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_auto())
    assert None not in desk.units()
    assert desk.rows(SALES, "status", "oversell") == [("ALLOCATED", None)]


# --- approve


def test_approve_gives_what_there_is(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 4))
    plan = desk.do(jobs.sale_approve("S1", "the client is important"))
    assert plan.result["allocation"]["allocated"] == 3
    assert desk.units() == ["P00001", "P00002", "P00003", None]
    assert desk.rows(DISTRIBUTION, "status") == ["ALLOCATED"] * 3 + ["WAITING_STOCK"]
    assert desk.rows(SALES, "status", "oversell") == [("PARTIAL_ALLOCATED", None)]
    assert ("APPROVE_OVERSELL", "S1", None, 0) in desk.actions()
    assert ("ALLOCATE", "S1", "PR0001-S01", 3) in desk.actions()
    reasons = dict(desk.rows(ALLOC_LOG, "action", "reason"))
    assert reasons["APPROVE_OVERSELL"] == "the client is important"
    desk.buy(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_auto())
    assert desk.rows(SALES, "status") == ["ALLOCATED"]


def test_approve_without_any_stock(desk: Office) -> None:
    desk.sell(("M01", "Cat 1", 2))
    desk.do(jobs.sale_approve("S1", "bear it"))
    assert desk.rows(DISTRIBUTION, "status") == ["WAITING_STOCK"] * 2
    assert desk.rows(SALES, "status", "oversell") == [("UNALLOCATED", None)]


def test_only_what_waits_for_approval_is_approved_or_rejected(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    for job in (jobs.sale_approve("S1", "x"), jobs.sale_reject("S1", "x")):
        desk.refused(job, RuleError, "does not wait for approval")
    desk.refused(jobs.sale_approve("S9", "x"), NotFoundError)
    desk.sell(("M01", "Cat 1", 2))
    desk.do(jobs.sale_approve("S2", "x"))
    desk.refused(jobs.sale_approve("S2", "x"), RuleError)


@pytest.mark.parametrize("role", ["operator", "sr_operator"])
def test_approve_reject_and_upgrade_need_a_manager(desk: Office, role: str) -> None:
    desk.sell(("M01", "Cat 2", 2))
    desk.role = role
    for job in (jobs.sale_approve("S1", "x"), jobs.sale_reject("S1", "x"), jobs.sale_upgrade("S1", "Cat 1", None, "x")):
        desk.refused(job, NotPermittedError, MANAGER)


# --- reject


def test_reject_ends_the_sale(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(jobs.allocate_commit("S1"))
    assert desk.units() == ["P00001", None]
    desk.do(jobs.sale_reject("S1", "no stock to be had"))
    assert desk.units() == [None, None]
    assert desk.rows(DISTRIBUTION, "status") == ["CANCELLED"] * 2
    assert desk.rows(SALES, "status", "oversell") == [("REJECTED", None)]
    assert desk.statuses() == ["AVAILABLE"]
    assert desk.actions()[-1] == ("REJECT_SALE", "S1", None, 1)
    assert desk.rows(ALLOC_LOG, "reason")[-1] == "no stock to be had"
    assert desk.rows(REFUNDS, "sales_id", "tickets", "amount", "decision") == [("S1", 2, 700.0, "TO_BE_DECIDED")]
    desk.do(jobs.allocate_auto())
    assert desk.units() == [None, None]
    assert desk.position()["sold"] == 0


# --- upgrade


def test_an_upgrade_by_hand(desk: Office) -> None:
    """Two Cat 2 at 350, cost 120.50: margin 2 × 229.50 = 459. From Cat 1, cost 200, at 500: 2 × 300 = 600, 141 more, 60 %."""
    desk.buy_at("200", "Cat 1", 3)
    desk.buy(("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 2", 2))
    plan = desk.do(jobs.sale_upgrade("S1", "cat 1", 500.0, "VIP"))
    offer = plan.result["upgrade"]
    assert (plan.result["price_before"], plan.result["price"], plan.result["alloc_from"]) == (350.0, 500.0, "Cat 1")
    assert (offer["margin_delta"], offer["margin_change"], offer["margin_pct"]) == (600.0, 141.0, 60.0)
    assert (offer["available"], offer["enough"]) == (3, True)
    assert desk.rows(SALES, "price", "total", "category") == [(500.0, 1000.0, "Cat 2")]
    assert desk.rows(DISTRIBUTION, "alloc_from") == ["Cat 1"] * 2
    assert desk.actions()[-1] == ("SET_ALLOC_FROM_CATEGORY", "S1", None, 2)
    assert "VIP" in desk.rows(ALLOC_LOG, "reason")[-1]
    desk.do(jobs.allocate_auto())
    assert desk.units() == ["P00001", "P00002"]
    assert desk.rows(DISTRIBUTION, "acc_tix") == ["Cat 1"] * 2


def test_an_upgrade_at_the_old_price_and_of_an_oversold_sale(desk: Office) -> None:
    """At 350 from cost 200: 2 × 150 = 300. What it would have cost in its own category can't be told: there is none."""
    desk.buy_at("200", "Cat 1", 2)
    desk.sell(("M01", "Cat 2", 2))
    assert desk.rows(SALES, "status", "oversell") == [("PENDING_APPROVAL", True)]
    plan = desk.do(jobs.sale_upgrade("S1", "Cat 1", None, "bear it"))
    assert plan.result["upgrade"]["margin_delta"] == 300.0
    assert plan.result["upgrade"]["margin_change"] is None
    assert desk.rows(SALES, "status", "oversell", "price", "total") == [("UNALLOCATED", None, 350.0, 700.0)]
    desk.do(jobs.allocate_auto())
    assert desk.units() == ["P00001", "P00002"]


def test_an_upgrade_of_what_is_left(desk: Office) -> None:
    desk.buy(("M01", "Cat 2", 1), ("M01", "Top Cat 1", 1), ("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 2", 2))
    desk.do(jobs.allocate_commit("S1"))
    desk.do(jobs.sale_upgrade("S1", "Top Cat 1", 400.0, "rest"))
    desk.do(jobs.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "unit_ids", "acc_tix") == [("P00001", "Cat 2"), ("P00002", "Top Cat 1")]
    assert desk.rows(SALES, "total") == [800.0]


def test_what_is_no_upgrade(desk: Office) -> None:
    desk.buy(("M01", "Cat 2", 4), ("M01", "Cat 3", 4))
    desk.sell(("M01", "Cat 2", 2))
    desk.refused(jobs.sale_upgrade("S1", "Cat 3", None, "x"), RuleError, "not better")
    desk.refused(jobs.sale_upgrade("S1", "Cat 2", None, "x"), RuleError, "not better")
    desk.refused(jobs.sale_upgrade("S1", "Loge", None, "x"), RuleError)
    desk.do(jobs.allocate_commit("S1"))
    desk.refused(jobs.sale_upgrade("S1", "Cat 1", None, "x"), RuleError, "pending")


def test_the_offers_without_writing(desk: Office) -> None:
    desk.buy_at("200", "Cat 1", 1)
    desk.buy_at("300", "Top Cat 1", 2)
    desk.sell(("M01", "Cat 2", 2))
    before = everything(desk.store)
    found = desk.do(jobs.sale_upgrades("S1", None)).result["upgrades"]
    assert [(one["category"], one["available"], one["enough"]) for one in found] == [("Cat 1", 1, False), ("Top Cat 1", 2, True)]
    assert found[1]["margin_delta"] == 100.0
    assert everything(desk.store) == before


# --- WAITING_STOCK (§14b)


def test_waiting_sales_resume_oldest_first(desk: Office) -> None:
    for client in ("A", "B", "C"):
        desk.sell(("M01", "Cat 1", 1), client=client)
    for sale in ("S3", "S2"):
        desk.do(jobs.sale_approve(sale, "bear it"))
    assert desk.rows(DISTRIBUTION, "status") == [None, "WAITING_STOCK", "WAITING_STOCK"]
    desk.buy(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_auto())
    assert desk.units() == [None, "P00001", None]
    desk.buy(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_auto())
    assert desk.units() == [None, "P00001", "P00002"]
    desk.buy(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_auto())
    assert desk.units() == ["P00003", "P00001", "P00002"]


def test_the_older_sale_is_the_one_of_the_earlier_day(desk: Office) -> None:
    desk.sell(("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    for sale in ("S1", "S2"):
        desk.do(jobs.sale_approve(sale, "bear it"))
    desk.set(DISTRIBUTION, 3, "date", datetime(2026, 4, 20))
    desk.buy(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_auto())
    assert desk.units() == [None, "P00001"]


def test_waiting_is_noted_once(desk: Office) -> None:
    desk.sell(("M01", "Cat 1", 1))
    desk.do(jobs.sale_approve("S1", "bear it"))
    notes = desk.rows(DISTRIBUTION, "notes")
    assert "No available units" in notes[0]
    assert not desk.done(jobs.allocate_auto()).written
    assert desk.rows(DISTRIBUTION, "notes") == notes


# --- cancellation (§14e)


@pytest.fixture
def sold(desk: Office) -> Office:
    """S1 of three tickets, allocated and paid; S2 of one, allocated."""
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 3), ("M01", "Cat 1", 1))
    desk.set(SALES, 2, "payment_status", "PAID")
    desk.set(DISTRIBUTION, 3, "first_name", "Ana")
    desk.set(DISTRIBUTION, 3, "process_now", True)
    desk.do(jobs.allocate_auto())
    desk.do(jobs.sale_expand())
    return desk


def cancel(sale: str = "S1", *, force: bool = False) -> Job:
    return jobs.sale_cancel(sale, "the client withdrew", force=force)


def test_cancelling_gives_the_units_back_and_keeps_the_rows(sold: Office) -> None:
    plan = sold.do(cancel())
    assert (plan.result["tickets"], plan.result["units"]) == (3, 3)
    assert sold.rows(DISTRIBUTION, "sales_id", "status", "unit_ids", "unit_count") == [
        ("S1-1", "CANCELLED", None, None), ("S1-2", "CANCELLED", None, None), ("S1-3", "CANCELLED", None, None),
        ("S2-1", "ALLOCATED", "P00004", 1),
    ]  # fmt: skip
    assert sold.rows(DISTRIBUTION, "vendor", "email", "password")[0] == (None, None, None)
    assert sold.rows(DISTRIBUTION, "first_name")[0] == "Ana"
    assert sold.statuses() == ["AVAILABLE"] * 3 + ["ALLOCATED"]
    assert sold.rows(SALES, "status") == ["CANCELLED", "ALLOCATED"]
    assert sold.actions()[-1] == ("CANCEL_SALE", "S1", None, 3)
    assert sold.rows(ALLOC_LOG, "reason")[-1] == "the client withdrew"
    refund = sold.rows(REFUNDS, "sales_id", "client", "tickets", "amount", "currency", "payment_status", "decision", "reason", "user")
    assert refund == [("S1", "Meridian Travel", 3, 1050.0, "USD", "PAID", "TO_BE_DECIDED", "the client withdrew", "tester")]


def test_a_cancelled_sale_is_not_sold(sold: Office) -> None:
    assert (sold.position()["sold"], sold.position()["open"], sold.position()["available"]) == (4, 4, 0)
    sold.do(cancel())
    report = sold.position()
    assert (report["sold"], report["open"], report["available"]) == (1, 1, 3)
    assert (report["oversold"], report["surplus"], report["true_shortage"]) == (0, 2, 0)


def test_a_cancelled_sale_is_never_allocated_again(sold: Office) -> None:
    sold.do(cancel())
    assert sold.do(jobs.allocate_auto()).result["targets"] == 0
    sold.refused(jobs.allocate_commit("S1"), RuleError, "cancelled")
    sold.refused(cancel(), RuleError, "cancelled already")
    sold.refused(jobs.allocate_preview("S1", write=True), RuleError)
    sold.refused(jobs.override_unallocate("S1", "x", set_id="", keep_seats=False, force=False), RuleError)
    sold.refused(jobs.override_alloc_from("S1", "Cat 2", "x"), RuleError)
    sold.refused(jobs.sale_upgrade("S1", "Top Cat 1", None, "x"), RuleError)
    sold.set(DISTRIBUTION, 3, "process_now", True)
    plan = sold.do(jobs.allocate_process())
    assert (plan.result["units"], plan.result["refused"]) == (0, 1)
    assert sold.units()[:3] == [None] * 3
    assert sold.rows(DISTRIBUTION, "status")[:3] == ["CANCELLED"] * 3


def test_expanding_after_a_cancellation_changes_no_ledger(sold: Office) -> None:
    sold.do(cancel())
    before = everything(sold.store)
    sold.do(jobs.sale_expand())
    after = everything(sold.store)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {SALES_PARENT_RECON, "_SALES_RECON_AUDIT"}
    assert not sold.done(jobs.sale_expand()).written


def test_the_units_serve_the_next_sale(sold: Office) -> None:
    sold.do(cancel())
    sold.sell(("M01", "Cat 1", 3))
    sold.do(jobs.allocate_auto())
    assert sold.rows(SALES, "status") == ["CANCELLED", "ALLOCATED", "ALLOCATED"]


def test_a_sale_that_was_never_allocated_can_be_cancelled(desk: Office) -> None:
    desk.sell(("M01", "Cat 1", 2))
    desk.do(cancel())
    assert desk.rows(DISTRIBUTION, "status") == ["CANCELLED"] * 2
    assert desk.actions() == [("CANCEL_SALE", "S1", None, 0)]
    assert desk.rows(SALES, "status", "oversell") == [("CANCELLED", None)]


def test_a_dispatched_ticket_is_cancelled_by_a_manager_only(sold: Office) -> None:
    sold.set(DISTRIBUTION, 4, "delivery", "SENT")
    sold.refused(cancel(), RuleError, "S1-2")
    sold.role = "sr_operator"
    sold.refused(cancel(force=True), NotPermittedError)
    sold.role = MANAGER
    sold.do(cancel(force=True))
    assert sold.rows(DISTRIBUTION, "delivery")[1] == "ISSUE"
    assert sold.rows(DISTRIBUTION, "status")[:3] == ["CANCELLED"] * 3


def test_a_cancellation_can_be_taken_back(sold: Office) -> None:
    before = everything(sold.store)
    sold.do(cancel())
    sold.undo()
    assert everything(sold.store) == before


def test_a_sale_without_a_price_has_a_refund_of_an_unknown_amount(sold: Office) -> None:
    sold.set(SALES, 2, "price", None)
    sold.do(cancel())
    assert sold.rows(REFUNDS, "tickets", "amount") == [(3, None)]


def test_each_cancellation_has_its_refund(sold: Office) -> None:
    sold.do(cancel("S1"))
    sold.do(cancel("S2"))
    assert sold.rows(REFUNDS, "sales_id", "amount") == [("S1", 1050.0), ("S2", 350.0)]


def test_a_cancelled_sale_that_grows_in_sales_gets_nothing(sold: Office) -> None:
    """Somebody corrects the Number of a sale that is cancelled: its tickets must not be allocated."""
    sold.do(cancel())
    sold.set(SALES, 2, "number", 4)
    sold.do(jobs.sale_expand())
    sold.do(jobs.allocate_auto())
    assert sold.units().count(None) == len(sold.units()) - 1, "only S2 holds a unit"


# --- substitution


def substitute(unit: str, with_unit: str = "", *, force: bool = False) -> Job:
    return jobs.unit_substitute(unit, with_unit, "the seat is broken", force=force)


def test_a_unit_is_replaced_by_one_of_the_same_category(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M01", "Top Cat 1", 1), ("M01", "Cat 1", 1), vendor="A")
    desk.sell(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_commit("S1"))
    desk.set(UNITS, 4, "vendor", "Bee")
    desk.set(UNITS, 4, "email", "bee@example.org")
    plan = desk.do(substitute("P00001"))
    assert (plan.result["sales_id"], plan.result["old"], plan.result["new"]) == ("S1-1", "P00001", "P00003")
    assert desk.rows(UNITS, "unit_id", "status", "sales_id") == [
        ("P00001", "REPLACED", None), ("P00002", "AVAILABLE", None), ("P00003", "ALLOCATED", "S1-1"),
    ]  # fmt: skip
    assert desk.rows(DISTRIBUTION, "unit_ids", "unit_count", "status", "vendor", "email", "acc_tix") == [
        ("P00003", 1, "ALLOCATED", "Bee", "bee@example.org", "Cat 1")
    ]
    action, sale, _set, units = desk.actions()[-1]
    assert (action, sale, units) == ("SUBSTITUTE_UNIT", "S1", 1)
    assert "the seat is broken" in desk.rows(ALLOC_LOG, "reason")[-1]
    assert desk.rows(SALES, "status") == ["ALLOCATED"]


def test_a_better_category_where_there_is_none_of_the_same_but_never_a_worse_one(desk: Office) -> None:
    desk.buy(("M01", "Cat 2", 1), ("M01", "Cat 3", 5), ("M01", "Top Cat 1", 1), ("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 2", 1))
    desk.do(jobs.allocate_commit("S1"))
    desk.refused(substitute("P00001", "P00002"), RuleError, "P00002")
    assert desk.do(substitute("P00001")).result["new_category"] == "Cat 1"
    assert desk.do(substitute("P00008")).result["new_category"] == "Top Cat 1"
    assert desk.rows(DISTRIBUTION, "category", "acc_tix") == [("Cat 2", "Top Cat 1")]
    desk.refused(substitute("P00007"), RuleError, "no unit")


def test_the_named_unit_is_taken(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(jobs.allocate_commit("S1"))
    desk.do(substitute("P00001", "p00004"))
    assert desk.units() == ["P00004", "P00002"]
    desk.refused(substitute("P00004", "P00002"), RuleError)
    desk.refused(substitute("P00004", "P00001"), RuleError)
    desk.refused(substitute("P00004", "P00077"), RuleError)


def test_the_seat_beside_the_others_is_preferred(desk: Office) -> None:
    """S1 has 10, 11, 12 of which 12 goes: 9 and 13 adjoin; 20 does not, though it stands earlier in the sheet."""
    desk.buy(("M01", "Cat 1", 5), ("M01", "Cat 1", 1))
    desk.seats("10", "11", "12", "20", "30", "9")
    desk.sell(("M01", "Cat 1", 3))
    desk.do(jobs.allocate_commit("S1"))
    assert desk.units() == ["P00001", "P00002", "P00003"]
    assert desk.do(substitute("P00003")).result["new"] == "P00006"
    assert desk.rows(DISTRIBUTION, "seat") == ["10", "11", "9"]


def test_no_unit_of_another_match(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M02", "Cat 1", 5))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_commit("S1"))
    desk.refused(substitute("P00001"), RuleError)
    desk.refused(substitute("P00001", "P00003"), RuleError)


def test_what_can_not_be_substituted(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_commit("S1"))
    desk.refused(substitute("P00002"), RuleError, "serves no ticket")
    desk.refused(substitute("P00099"), NotFoundError, "P00099")


def test_a_dispatched_unit_is_substituted_by_a_manager_only(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_commit("S1"))
    desk.set(DISTRIBUTION, 3, "delivery", "ACCEPTED")
    desk.refused(substitute("P00001"), RuleError, "S1-1")
    desk.role = "sr_operator"
    desk.refused(substitute("P00001", force=True), NotPermittedError)
    desk.role = MANAGER
    desk.do(substitute("P00001", force=True))
    assert desk.rows(DISTRIBUTION, "delivery", "unit_ids") == [("ISSUE", "P00002")]


def test_a_replaced_unit_is_never_allocated_again(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    desk.do(jobs.allocate_commit("S1"))
    desk.do(substitute("P00001"))
    desk.do(jobs.allocate_auto())
    assert desk.units() == ["P00002", None]
    desk.do(jobs.override_unallocate("S1", "x", set_id="", keep_seats=False, force=False))
    assert desk.statuses() == ["REPLACED", "AVAILABLE"]


def test_matthias_is_masked_when_he_substitutes(desk: Office) -> None:
    desk.type_rows(MATTHIAS_EMAILS, [{"email": "Matthias.K@example.org"}])
    desk.buy(("M01", "Cat 1", 1))
    desk.buy(("M01", "Cat 1", 1), vendor="matthias.k@example.org")
    desk.sell(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "vendor", "email") == [("Viagogo", None)]
    desk.do(substitute("P00001"))
    assert desk.rows(DISTRIBUTION, "vendor", "email") == [("Matthias", "matthias.k@example.org")]
    assert desk.rows(UNITS, "vendor") == ["Viagogo", "matthias.k@example.org"]


# --- holds


def hold(*what: str, client: str = "Acme", until: datetime = DAY, reason: str = "option") -> Job:
    return jobs.unit_hold(what, client, until, reason)


def pool(desk: Office, sale: str) -> dict[str, int]:
    return dict(desk.do(jobs.allocate_preview(sale, write=False)).result["pool"])


def test_held_units_are_for_that_client_only(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 1", 2))
    plan = desk.do(hold("PR0001-S01"))
    assert plan.result["units"] == ["P00001", "P00002", "P00003"]
    assert desk.rows(HOLDS, "unit_id", "client", "until", "reason", "user", "released_at") == [
        (unit, "Acme", DAY, "option", "tester", None) for unit in ("P00001", "P00002", "P00003")
    ]
    assert desk.actions() == [("HOLD_UNITS", None, "PR0001-S01", 3)]
    desk.sell(("M01", "Cat 1", 3), client="Other")
    desk.sell(("M01", "Cat 1", 3), client="  ACME ")
    assert pool(desk, "S1") == {"PR0002-S01": 2}
    assert pool(desk, "S2") == {"PR0001-S01": 3, "PR0002-S01": 2}
    desk.refused(jobs.allocate_commit("S1", _chosen("PR0001-S01")), RuleError, "PR0001-S01")
    for plan_ in desk.do(jobs.allocate_preview("S1", write=False)).result["plans"]:
        assert all(chunk["set_id"] == "PR0002-S01" for chunk in plan_["chunks"])
    desk.do(jobs.allocate_commit("S1"))
    desk.do(jobs.allocate_commit("S2"))
    assert desk.units() == ["P00004", "P00005", None, "P00001", "P00002", "P00003"]


def _chosen(text: str) -> Any:
    from ticketops.domain.allocation.commit import Choice, parse_sets

    return Choice(sets=parse_sets([text]))


def test_auto_keeps_the_holds_too(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.do(hold("P00001"))
    desk.sell(("M01", "Cat 1", 1), client="Other")
    desk.sell(("M01", "Cat 1", 1), client="Acme")
    desk.do(jobs.allocate_auto())
    assert desk.units() == ["P00002", "P00001"]


def test_a_hold_counts_on_its_last_day_and_not_on_the_next(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.do(hold("PR0001-S01", until=DAY + timedelta(days=2)))
    desk.sell(("M01", "Cat 1", 2), client="Other")
    before = everything(desk.store)[HOLDS]
    for days, free in ((0, {}), (2, {}), (3, {"PR0001-S01": 2})):
        desk.days = days
        assert pool(desk, "S1") == free
    desk.do(jobs.allocate_auto())
    assert desk.units() == ["P00001", "P00002"]
    assert everything(desk.store)[HOLDS] == before, "it released itself: nobody has to do anything"


def test_part_of_a_set_is_held(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 4))
    desk.do(hold("PR0001-S01:3"))
    assert desk.rows(HOLDS, "unit_id") == ["P00001", "P00002", "P00003"]
    desk.refused(hold("PR0001-S01:2", client="Other"), RuleError)
    desk.do(hold("p00004", client="Other"))
    assert desk.actions()[-1] == ("HOLD_UNITS", None, "PR0001-S01", 1)


def test_what_can_not_be_held(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(jobs.allocate_commit("S1"))
    desk.do(hold("P00002"))
    for what in ("P00001", "P00002", "PR0001-S01:2"):
        desk.refused(hold(what, client="Other"), RuleError)
    desk.refused(hold("P00003", "P00001"), RuleError)
    desk.refused(hold("P00099"), NotFoundError)
    desk.refused(hold("PR0099-S01"), NotFoundError)
    desk.refused(hold("nonsense"), UsageError)
    desk.refused(hold("P00003", until=DAY - timedelta(days=1)), RuleError, "past")


@pytest.mark.parametrize("what", ["PR0001-S01:0", "", ",", " "])
def test_a_hold_of_nothing_is_refused(desk: Office, what: str) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.refused(hold(what), (RuleError, UsageError, NotFoundError))  # type: ignore[arg-type]


def test_two_sets_in_one_word_are_both_held_or_refused(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 2))
    try:
        desk.do(hold("PR0001-S01:1,PR0002-S01:1"))
    except (RuleError, UsageError, NotFoundError):
        assert desk.rows(HOLDS, "unit_id") == []
    else:
        assert desk.rows(HOLDS, "unit_id") == ["P00001", "P00003"]


def test_a_hold_is_released_before_its_day(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 2))
    desk.do(hold("PR0001-S01", "PR0002-S01", until=DAY + timedelta(days=9)))
    desk.do(hold_release := jobs.unit_release(["pr0001-s01"], "", "not wanted"))
    assert desk.actions()[-1] == ("RELEASE_UNITS", None, "PR0001-S01", 2)
    assert [at is not None for at in desk.rows(HOLDS, "released_at")] == [True, True, False, False]
    assert desk.rows(HOLDS, "released_by") == ["tester", "tester", None, None]
    desk.refused(hold_release, RuleError, "no hold")
    desk.sell(("M01", "Cat 1", 2), client="Other")
    assert pool(desk, "S1") == {"PR0001-S01": 2}
    desk.refused(jobs.unit_release([], "Nobody", "x"), RuleError)
    desk.do(jobs.unit_release([], "ACME", "x"))
    assert pool(desk, "S1") == {"PR0001-S01": 2, "PR0002-S01": 2}
    desk.do(hold("P00001", client="Other"))
    assert desk.rows(HOLDS, "released_at")[4] is None


def test_a_hold_that_ended_by_itself_can_be_set_again(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 1))
    desk.do(hold("P00001"))
    desk.days = 1
    desk.refused(jobs.unit_release(["P00001"], "", "x"), RuleError)
    desk.do(hold("P00001", client="Other", until=DAY + timedelta(days=3)))
    desk.sell(("M01", "Cat 1", 1), client="Acme")
    assert pool(desk, "S1") == {}


def test_held_units_do_not_substitute_for_another_client(desk: Office) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1), client="Other")
    desk.do(jobs.allocate_commit("S1"))
    desk.do(hold("P00002"))
    desk.refused(substitute("P00001"), RuleError)
    desk.refused(substitute("P00001", "P00002"), RuleError)


def test_units_held_for_somebody_else_can_not_be_promised(desk: Office) -> None:
    """§4: a line that asks for more than the available inventory is oversold; what is set aside for Acme is not available to others."""
    desk.buy(("M01", "Cat 1", 2))
    desk.do(hold("PR0001-S01"))
    desk.sell(("M01", "Cat 1", 2), client="Other")
    desk.sell(("M01", "Cat 1", 2), client="Acme")
    assert desk.rows(SALES, "status")[0] == "PENDING_APPROVAL"


# --- a match moves


def codes(desk: Desk) -> dict[str, list[Any]]:
    return {name: desk.rows(name, "match") for name in (PURCHASES, UNITS, SALES, DISTRIBUTION)}


@pytest.fixture
def two_matches(desk: Office) -> Office:
    """M01: two units, S1 holds one and waits for none. M02: three units, S2 holds two. M03 is somebody else's."""
    desk.buy(("M01", "Cat 1", 2), ("M02", "Cat 1", 3), ("M03", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 1), ("M02", "Cat 1", 2), ("M03", "Cat 1", 1))
    desk.do(jobs.allocate_auto())
    return desk


def swap(first: str = "M01", second: str = "m2", *, stock_only: bool = False, force: bool = False) -> Job:
    return jobs.event_swap(first, second, "the stadium", stock_only=stock_only, force=force)


def test_all_that_says_one_code_says_the_other(two_matches: Office) -> None:
    before, units = codes(two_matches), two_matches.units()
    plan = two_matches.do(swap())
    assert plan.result["matches"] == ["M01", "M02"]
    other = {"M01": "M02", "M02": "M01", "M03": "M03"}
    assert codes(two_matches) == {name: [other[code] for code in column] for name, column in before.items()}
    assert two_matches.units() == units
    action, sale, set_id, count = two_matches.actions()[-1]
    assert (action, sale, set_id, count) == ("SWAP_MATCH", None, None, 5)
    assert "the stadium" in two_matches.rows(ALLOC_LOG, "reason")[-1]
    assert not two_matches.done(jobs.purchase_expand()).written
    ledgers = {name: rows for name, rows in everything(two_matches.store).items() if name in (SALES, DISTRIBUTION, UNITS, PURCHASES)}
    two_matches.do(jobs.sale_expand())
    assert {name: rows for name, rows in everything(two_matches.store).items() if name in ledgers} == ledgers


@pytest.mark.parametrize("stock_only", [False, True])
def test_swapping_twice_gives_the_codes_back(two_matches: Office, stock_only: bool) -> None:
    before = codes(two_matches)
    two_matches.do(swap(stock_only=stock_only))
    assert codes(two_matches) != before
    two_matches.do(swap("M2", "M1", stock_only=stock_only))
    assert codes(two_matches) == before


def test_only_the_stock_changes_places(two_matches: Office) -> None:
    before = codes(two_matches)
    plan = two_matches.do(swap(stock_only=True))
    assert plan.result["units_unallocated"] == 3
    after = codes(two_matches)
    assert (after[SALES], after[DISTRIBUTION]) == (before[SALES], before[DISTRIBUTION])
    assert after[UNITS] == ["M02", "M02", "M01", "M01", "M01", "M03"]
    assert two_matches.units() == [None, None, None, "P00006"]
    assert two_matches.rows(SALES, "status") == ["UNALLOCATED", "UNALLOCATED", "ALLOCATED"]
    two_matches.do(jobs.allocate_auto())
    assert two_matches.units() == ["P00003", "P00001", "P00002", "P00006"]


def test_the_game_is_that_of_the_schedule(desk: Office) -> None:
    desk.type_rows("Schedule WC2026", [{"match": "M01", "game": "A v B"}, {"match": "M02", "game": "C v D"}])
    desk.buy(("M01", "Cat 1", 1), ("M02", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(swap())
    assert desk.rows(UNITS, "match", "game") == [("M02", "C v D"), ("M01", "A v B")]
    assert desk.rows(DISTRIBUTION, "match", "game") == [("M02", "C v D")]
    desk.refused(swap("M01", "M77"), NotFoundError, "M77")


def test_a_dispatched_ticket_is_not_unallocated_by_a_swap(two_matches: Office) -> None:
    two_matches.set(DISTRIBUTION, 3, "delivery", "SENT")
    two_matches.refused(swap(stock_only=True), RuleError, "S1-1")
    two_matches.do(swap(stock_only=True, force=True))
    assert two_matches.rows(DISTRIBUTION, "delivery")[0] == "ISSUE"


def test_a_fulfilled_sale_whose_stock_moves_is_not_fulfilled(two_matches: Office) -> None:
    two_matches.set(SALES, 2, "status", "FULFILLED")
    two_matches.do(swap(stock_only=True))
    assert two_matches.units()[0] is None
    assert two_matches.rows(SALES, "status")[0] == "UNALLOCATED"


def test_what_can_not_be_swapped(two_matches: Office) -> None:
    two_matches.refused(swap("M01", "m1"), RuleError, "one match")
    two_matches.refused(swap("M50", "M51"), RuleError, "nothing")
    two_matches.role = "sr_operator"
    two_matches.refused(swap(), NotPermittedError, MANAGER)


# --- what operators decide in the sheet (§5b step 12)


def process(desk: Office) -> dict[str, Any]:
    return desk.do(jobs.allocate_process()).result


@pytest.fixture
def stock(desk: Office) -> Office:
    """Three sets; S1 of two tickets, S2 of three, S3 of one."""
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 3), ("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 3), ("M01", "Cat 1", 1))
    return desk


def choose(desk: Office, text: str, row: int = 2) -> None:
    desk.set(ALLOCATION_PREVIEW, row, "chosen", text)


def test_nothing_is_chosen_or_ticked(stock: Office) -> None:
    done = stock.done(jobs.allocate_process())
    assert not done.written
    assert done.plan.result["processed"] == []


def test_a_chosen_set_is_committed_and_leaves_the_sheet(stock: Office) -> None:
    for sale in ("S1", "S2"):
        stock.do(jobs.allocate_preview(sale, write=True))
    choose(stock, "PR0003-S01")
    result = process(stock)
    assert result["units"] == 2
    assert stock.units()[:2] == ["P00006", "P00007"]
    assert stock.units()[2:] == [None] * 4
    assert stock.rows(ALLOCATION_PREVIEW, "sales_id") == ["S2-1"]
    assert stock.actions() == [("ALLOCATE", "S1", "PR0003-S01", 2)]


@pytest.mark.parametrize("text", ["PR0001-S01(1) · PR0003-S01(2)", "PR0001-S01:1, PR0003-S01:2", "pr0001-s01:1 PR0003-S01"])
def test_chosen_sets_with_quantities(stock: Office, text: str) -> None:
    stock.do(jobs.allocate_preview("S2", write=True))
    choose(stock, text)
    process(stock)
    assert stock.units()[2:5] == ["P00001", "P00006", "P00007"]
    assert stock.rows(ALLOCATION_PREVIEW, "sales_id") == []


@pytest.mark.parametrize("text", ["PR0099-S01", "nonsense", "PR0001-S01:9", "PR0001-S01, PR0001-S01", "PR0003-S01:4", "PR0001-S01:0", ","])
def test_a_wrong_choice_stays_and_is_said(stock: Office, text: str) -> None:
    for sale in ("S1", "S2"):
        stock.do(jobs.allocate_preview(sale, write=True))
    choose(stock, text)
    choose(stock, "PR0002-S01", row=3)
    plan = stock.do(jobs.allocate_process())
    assert [(f.code, f.sales_id) for f in plan.findings] == [("REFUSED", "S1-1")]
    assert plan.result["refused"] == 1
    assert stock.rows(ALLOCATION_PREVIEW, "sales_id", "chosen") == [("S1-1", text)]
    assert stock.units() == [None, None, "P00003", "P00004", "P00005", None], "the others are carried out"


def test_two_choices_do_not_get_the_same_units(stock: Office) -> None:
    for sale in ("S1", "S2"):
        stock.do(jobs.allocate_preview(sale, write=True))
    choose(stock, "PR0003-S01")
    choose(stock, "PR0003-S01", row=3)
    process(stock)
    assert stock.units()[:2] == ["P00006", "P00007"]
    assert stock.units()[2:5] == ["P00008", "P00009", None]


def test_a_choice_for_a_sale_that_was_allocated_meanwhile(stock: Office) -> None:
    stock.do(jobs.allocate_preview("S1", write=True))
    choose(stock, "PR0003-S01")
    stock.do(jobs.allocate_auto())
    units = stock.units()
    plan = stock.do(jobs.allocate_process())
    assert [f.code for f in plan.findings] == ["REFUSED"]
    assert stock.units() == units


def test_a_ticked_sale_is_allocated(stock: Office) -> None:
    stock.set(DISTRIBUTION, 5, "process_now", True)
    assert process(stock)["units"] == 3
    assert stock.units() == [None, None, "P00003", "P00004", "P00005", None]
    assert not any(stock.rows(DISTRIBUTION, "process_now"))
    assert not stock.done(jobs.allocate_process()).written


def test_of_several_ticks_the_first_is_carried_out_the_others_cleared_and_said(stock: Office) -> None:
    for row in (8, 5, 3):
        stock.set(DISTRIBUTION, row, "process_now", True)
    plan = stock.do(jobs.allocate_process())
    assert plan.result["unticked"] == 2
    assert [f.code for f in plan.findings] == ["MORE_THAN_ONE_TICK"]
    assert "S1-1" in plan.findings[0].message
    assert "2" in plan.findings[0].message
    assert stock.units() == ["P00001", "P00002", None, None, None, None]
    assert not any(stock.rows(DISTRIBUTION, "process_now"))


def test_a_tick_on_a_later_ticket_of_the_sale_names_the_sale(stock: Office) -> None:
    stock.set(DISTRIBUTION, 4, "process_now", True)
    assert process(stock)["units"] == 2


def test_under_suggest_a_tick_decides_nothing(stock: Office) -> None:
    stock.do(jobs.policy_set("event", "", {"mode": "SUGGEST"}))
    assert stock.rows(POLICIES, "mode") == ["SUGGEST"]
    stock.set(DISTRIBUTION, 3, "process_now", True)
    plan = stock.do(jobs.allocate_process())
    assert (plan.result["units"], plan.result["refused"]) == (0, 1)
    assert [f.code for f in plan.findings] == ["REFUSED"]
    assert stock.units() == [None] * 6
    assert not any(stock.rows(DISTRIBUTION, "process_now"))
    stock.do(jobs.allocate_preview("S1", write=True))
    choose(stock, "PR0001-S01")
    assert process(stock)["units"] == 2, "a choice does"


@pytest.mark.parametrize("header", ["Process_Now", "Allocate_Now", "Alloc_Now"])
def test_the_box_has_three_names(stock: Office, header: str) -> None:
    place = stock.store.read(DISTRIBUTION)[DISTRIBUTION].positions["process_now"][0]
    stock.store.edit_outside(DISTRIBUTION, 2, place, header)
    stock.store.edit_outside(DISTRIBUTION, 3, place, True)
    stock.store.edit_outside(DISTRIBUTION, 5, place, True)
    assert process(stock)["units"] == 2
    assert stock.store.rows(DISTRIBUTION)[1][place - 1] == header
    assert [row[place - 1] for row in stock.store.rows(DISTRIBUTION)[2:5]] == [False, None, False]


def test_the_legacy_spelling_of_alloc_from(stock: Office) -> None:
    stock.buy(("M01", "Top Cat 1", 2))
    place = stock.store.read(DISTRIBUTION)[DISTRIBUTION].positions["alloc_from"][0]
    stock.store.edit_outside(DISTRIBUTION, 2, place, "AlloFromCategory")
    stock.do(jobs.override_alloc_from("S1", "Top Cat 1", "x"))
    assert stock.store.rows(DISTRIBUTION)[2][place - 1] == "Top Cat 1"
    stock.do(jobs.allocate_commit("S1"))
    assert stock.units()[:2] == ["P00010", "P00011"]


# --- _ALLOCATION_PREVIEW (§16b)


def test_a_written_preview(stock: Office) -> None:
    """S2 asks for three: PR0002 fits, PR0003 is largest, PR0001 then PR0002 fill from the smallest."""
    before = {name: rows for name, rows in everything(stock.store).items() if name != ALLOCATION_PREVIEW}
    plan = stock.do(jobs.allocate_preview("S2", write=True))
    row = stock.rows(ALLOCATION_PREVIEW, "dist_row", "sales_id", "match", "category", "qty", "chosen", "proposed", "warnings")
    assert row == [(5, "S2-1", "M01", "Cat 1", 3, None, "P00003, P00004, P00005", None)]
    options = stock.rows(ALLOCATION_PREVIEW, "options")[0].split(" · ")
    assert set(options) == {"PR0001-S01(2)", "PR0002-S01(3)", "PR0003-S01(4)"}
    assert options[0] == "PR0002-S01(3)"
    assert stock.rows(ALLOCATION_PREVIEW, "run_id")[0].startswith("R2026")
    assert plan.result["plans"][0]["badge"] == "exact"
    assert {name: rows for name, rows in everything(stock.store).items() if name != ALLOCATION_PREVIEW} == before


def test_a_preview_keeps_the_rows_of_other_sales(stock: Office) -> None:
    for sale in ("S1", "S2", "S3"):
        stock.do(jobs.allocate_preview(sale, write=True))
    choose(stock, "PR0003-S01", row=2)
    rows = {row[2]: row[1:] for row in stock.frame(ALLOCATION_PREVIEW).select("run_id", "dist_row", "sales_id", "options", "chosen").rows()}
    stock.do(jobs.allocate_preview("S2", write=True))
    again = {
        row[2]: row[1:] for row in stock.frame(ALLOCATION_PREVIEW).select("run_id", "dist_row", "sales_id", "options", "chosen").rows()
    }
    assert again == rows
    assert again["S1-1"][-1] == "PR0003-S01"


def test_the_warnings_of_a_preview(desk: Office) -> None:
    desk.sell(("M01", "Cat 1", 3))
    desk.do(jobs.allocate_preview("S1", write=True))
    assert desk.rows(ALLOCATION_PREVIEW, "options", "proposed", "warnings") == [(None, None, "WAITING_STOCK")]
    desk.buy(("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    desk.do(jobs.allocate_preview("S1", write=True))
    assert desk.rows(ALLOCATION_PREVIEW, "options", "proposed", "warnings") == [
        ("PR0001-S01(1) · PR0002-S01(1)", "P00001, P00002", "INSUFFICIENT_STOCK")
    ]
    desk.do(jobs.policy_set("event", "", {"split_policy": "SINGLE_SET_ONLY", "vendor_blocklist": "Viagogo"}))
    desk.do(jobs.allocate_preview("S1", write=True))
    flags = desk.rows(ALLOCATION_PREVIEW, "warnings")[0].split(" · ")
    assert flags[0] == "INSUFFICIENT_STOCK"
    assert "POLICY_BLOCK:VENDOR_BLOCKLISTED" in flags


def test_the_preview_names_the_pending_ticket(stock: Office) -> None:
    stock.do(jobs.allocate_commit("S2", _chosen("PR0001-S01:2")))
    stock.do(jobs.allocate_preview("S2", write=True))
    assert stock.rows(ALLOCATION_PREVIEW, "dist_row", "sales_id", "qty") == [(7, "S2-3", 1)]
    choose(stock, "PR0003-S01")
    process(stock)
    assert stock.units()[2:5] == ["P00001", "P00002", "P00006"]


def test_start_is_the_day_of_these_tests() -> None:
    assert START.date() == DAY.date()
