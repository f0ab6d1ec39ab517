"""A sale whose Match or Category is changed in Sales passes the oversell check of `sale add` for the
stock that its tickets are of now (§4)."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from ticketops.domain.plan import Plan
from ticketops.model import roles
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.services import allocation, selling


@pytest.fixture
def desk() -> Desk:
    return Desk()


def told(plan: Plan, code: str) -> list[str]:
    return [finding.message for finding in plan.findings if finding.code == code]


@pytest.mark.parametrize(("column", "to"), [("category", "Cat 2"), ("match", "M02")])
def test_a_sale_that_moves_waits_as_one_that_was_added(desk: Desk, column: str, to: str) -> None:
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 2", 1), ("M02", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 2))
    desk.set(SALES, 2, column, to)
    plan = desk.do(selling.sale_expand())
    where = "M01 Cat 2" if column == "category" else "M02 Cat 1"
    assert told(plan, "OVERSELL") == [
        f"S1: 2 tickets of {where}, but 1 available: oversold by 1, waits for approval"
    ]
    assert desk.rows(SALES, "status", "oversell") == [("PENDING_APPROVAL", True)]
    desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "unit_ids", column) == [(None, to)] * 2
    assert not desk.do(selling.sale_expand()).changes


def test_what_fits_stays_unallocated_and_sales_that_change_places_do_too(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 2", 2))
    desk.set(SALES, 2, "category", "Cat 2")
    desk.set(SALES, 3, "category", "Cat 1")
    plan = desk.do(selling.sale_expand())
    assert told(plan, "OVERSELL") == []
    assert desk.rows(SALES, "status", "oversell") == [("UNALLOCATED", None)] * 2


def test_what_moves_and_grows_asks_for_all_of_it(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 2", 3))
    desk.sell(("M01", "Cat 1", 2))
    desk.set(SALES, 2, "category", "Cat 2")
    desk.set(SALES, 2, "number", 4)
    plan = desk.do(selling.sale_expand())
    assert told(plan, "OVERSELL") == [
        "S1: 4 tickets of M01 Cat 2, but 3 available: oversold by 1, waits for approval"
    ]


def test_an_approval_holds_for_the_stock_it_was_given_for(desk: Desk) -> None:
    desk.role = roles.OPS_MANAGER
    desk.buy(("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(selling.sale_approve("S1", "agreed"))
    assert desk.rows(SALES, "status", "oversell")[0] != ("PENDING_APPROVAL", True)
    desk.set(SALES, 2, "category", "Cat 2")
    desk.do(selling.sale_expand())
    assert desk.rows(SALES, "oversell") == [True]


def test_one_that_waited_and_moves_to_where_there_is_enough_no_longer_waits(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 1", 2))
    assert desk.rows(SALES, "status", "oversell") == [("PENDING_APPROVAL", True)]
    desk.set(SALES, 2, "category", "Cat 2")
    plan = desk.do(selling.sale_expand())
    assert desk.rows(SALES, "status", "oversell") == [("UNALLOCATED", None)]
    assert len(told(plan, "OVERSELL_RESOLVED")) == 1


def test_of_a_line_that_is_served_only_the_tickets_without_a_unit_move(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    desk.set(SALES, 2, "number", 2)
    desk.do(selling.sale_expand())
    desk.buy(("M01", "Cat 1", 1))
    desk.set(SALES, 2, "category", "Cat 2")
    plan = desk.do(selling.sale_expand())
    assert told(plan, "OVERSELL") == [
        "S1: 1 ticket of M01 Cat 2, but 0 available: oversold by 1, its tickets without a unit wait for approval (PARTIAL_PENDING)"
    ]
    assert len(told(plan, "SALE_CHANGED_AFTER_ALLOCATION")) == 1
    assert desk.rows(SALES, "status", "oversell") == [("PARTIAL_ALLOCATED", True)]


def test_a_ticket_that_is_served_from_another_category_asks_for_that(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M01", "Cat 3", 1))
    desk.sell(("M01", "Cat 3", 1))
    desk.set(DISTRIBUTION, 3, "alloc_from", "Cat 1")
    desk.set(SALES, 2, "category", "Cat 2")
    assert told(desk.do(selling.sale_expand()), "OVERSELL") == []
    desk.set(SALES, 2, "match", "M02")
    assert told(desk.do(selling.sale_expand()), "OVERSELL") == [
        "S1: 1 ticket of M02 Cat 1, but 0 available: oversold by 1, waits for approval"
    ]
