"""Cancellation (§14e)."""

from __future__ import annotations

import pytest

from tests.desk import everything
from tests.domain.manager import MANAGER, ManagerDesk
from ticketops.engine.job import Job
from ticketops.errors import NotPermittedError, RuleError
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    DISTRIBUTION,
    REFUNDS,
    SALES,
    SALES_PARENT_RECON,
)
from ticketops.services import allocation, selling


@pytest.fixture
def sold(desk: ManagerDesk) -> ManagerDesk:
    """S1 of three tickets, allocated and paid; S2 of one, allocated."""
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 3), ("M01", "Cat 1", 1))
    desk.set(SALES, 2, "payment_status", "PAID")
    desk.set(DISTRIBUTION, 3, "first_name", "Ana")
    desk.set(DISTRIBUTION, 3, "process_now", True)
    desk.do(allocation.allocate_auto())
    desk.do(selling.sale_expand())
    return desk


def cancel(sale: str = "S1", *, force: bool = False) -> Job:
    return selling.sale_cancel(sale, "the client withdrew", force=force)


def test_cancelling_gives_the_units_back_and_keeps_the_rows(sold: ManagerDesk) -> None:
    plan = sold.do(cancel())
    assert (plan.result.tickets, plan.result.units) == (3, 3)
    assert sold.rows(DISTRIBUTION, "sales_id", "status", "unit_ids", "unit_count") == [
        ("S1-1", "CANCELLED", None, None),
        ("S1-2", "CANCELLED", None, None),
        ("S1-3", "CANCELLED", None, None),
        ("S2-1", "ALLOCATED", "P00004", 1),
    ]
    assert sold.rows(DISTRIBUTION, "vendor", "email", "password")[0] == (None, None, None)
    assert sold.rows(DISTRIBUTION, "first_name")[0] == "Ana"
    assert sold.statuses() == ["AVAILABLE"] * 3 + ["ALLOCATED"]
    assert sold.rows(SALES, "status") == ["CANCELLED", "ALLOCATED"]
    assert sold.actions()[-1] == ("CANCEL_SALE", "S1", None, 3)
    assert sold.rows(ALLOC_LOG, "reason")[-1] == "the client withdrew"
    refund = sold.rows(
        REFUNDS,
        "sales_id",
        "client",
        "tickets",
        "amount",
        "currency",
        "payment_status",
        "decision",
        "reason",
        "user",
    )
    assert refund == [
        (
            "S1",
            "Meridian Travel",
            3,
            1050.0,
            "USD",
            "PAID",
            "TO_BE_DECIDED",
            "the client withdrew",
            "tester",
        )
    ]


def test_a_cancelled_sale_is_not_sold(sold: ManagerDesk) -> None:
    assert (sold.position().sold, sold.position().open, sold.position().available) == (4, 4, 0)
    sold.do(cancel())
    report = sold.position()
    assert (report.sold, report.open, report.available) == (1, 1, 3)
    assert (report.oversold, report.surplus, report.true_shortage) == (0, 2, 0)


def test_a_cancelled_sale_is_never_allocated_again(sold: ManagerDesk) -> None:
    sold.do(cancel())
    assert sold.do(allocation.allocate_auto()).result.targets == 0
    sold.refused(allocation.allocate_commit("S1"), RuleError, "cancelled")
    sold.refused(cancel(), RuleError, "already cancelled")
    sold.refused(allocation.allocate_preview("S1", write=True), RuleError)
    sold.refused(
        allocation.override_unallocate("S1", "x", set_id="", keep_seats=False, force=False),
        RuleError,
    )
    sold.refused(allocation.override_alloc_from("S1", "Cat 2", "x"), RuleError)
    sold.refused(selling.sale_upgrade("S1", "Top Cat 1", None, "x"), RuleError)
    sold.set(DISTRIBUTION, 3, "process_now", True)
    plan = sold.do(allocation.allocate_process())
    assert (plan.result.units, plan.result.refused) == (0, 1)
    assert sold.units()[:3] == [None] * 3
    assert sold.rows(DISTRIBUTION, "status")[:3] == ["CANCELLED"] * 3


def test_expanding_after_a_cancellation_changes_no_ledger(sold: ManagerDesk) -> None:
    sold.do(cancel())
    before = everything(sold.store)
    sold.do(selling.sale_expand())
    after = everything(sold.store)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {SALES_PARENT_RECON, "_SALES_RECON_AUDIT"}
    assert not sold.done(selling.sale_expand()).written


def test_the_units_serve_the_next_sale(sold: ManagerDesk) -> None:
    sold.do(cancel())
    sold.sell(("M01", "Cat 1", 3))
    sold.do(allocation.allocate_auto())
    assert sold.rows(SALES, "status") == ["CANCELLED", "ALLOCATED", "ALLOCATED"]


def test_a_sale_that_was_never_allocated_can_be_cancelled(desk: ManagerDesk) -> None:
    desk.sell(("M01", "Cat 1", 2))
    desk.do(cancel())
    assert desk.rows(DISTRIBUTION, "status") == ["CANCELLED"] * 2
    assert desk.actions() == [("CANCEL_SALE", "S1", None, 0)]
    assert desk.rows(SALES, "status", "oversell") == [("CANCELLED", None)]


def test_a_dispatched_ticket_is_cancelled_by_a_manager_only(sold: ManagerDesk) -> None:
    sold.set(DISTRIBUTION, 4, "delivery", "SENT")
    sold.refused(cancel(), RuleError, "S1-2")
    sold.role = "sr_operator"
    sold.refused(cancel(force=True), NotPermittedError)
    sold.role = MANAGER
    sold.do(cancel(force=True))
    assert sold.rows(DISTRIBUTION, "delivery")[1] == "ISSUE"
    assert sold.rows(DISTRIBUTION, "status")[:3] == ["CANCELLED"] * 3


def test_a_cancellation_can_be_taken_back(sold: ManagerDesk) -> None:
    before = everything(sold.store)
    sold.do(cancel())
    sold.undo()
    after = everything(sold.store)
    told = after.pop(ALLOC_LOG)[len(before.pop(ALLOC_LOG)) :]
    assert after == before
    assert [row[3] for row in told] == ["CANCEL_SALE", "UNDO"]  # the log keeps its rows (D19)


def test_a_sale_without_a_price_has_a_refund_of_an_unknown_amount(sold: ManagerDesk) -> None:
    sold.set(SALES, 2, "price", None)
    sold.do(cancel())
    assert sold.rows(REFUNDS, "tickets", "amount") == [(3, None)]


def test_each_cancellation_has_its_refund(sold: ManagerDesk) -> None:
    sold.do(cancel("S1"))
    sold.do(cancel("S2"))
    assert sold.rows(REFUNDS, "sales_id", "amount", "decision") == [
        ("S1", 1050.0, "TO_BE_DECIDED"),
        ("S2", 0.0, "NO_REFUND"),  # nothing was paid (D24)
    ]
    sold.undo()
    sold.set(SALES, 3, "payment_status", "PAID")
    sold.do(cancel("S2"))
    assert sold.rows(REFUNDS, "sales_id", "amount") == [("S1", 1050.0), ("S2", 350.0)]


def test_a_cancelled_sale_that_grows_in_sales_gets_nothing(sold: ManagerDesk) -> None:
    """Somebody corrects the Number of a sale that is cancelled: its tickets must not be
    allocated."""
    sold.do(cancel())
    sold.set(SALES, 2, "number", 4)
    sold.do(selling.sale_expand())
    sold.do(allocation.allocate_auto())
    assert sold.units().count(None) == len(sold.units()) - 1, "only S2 holds a unit"
