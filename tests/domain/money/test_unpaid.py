"""Tickets of sales that nobody paid, before they are sent (§4, §8)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.desk import DAY, Desk
from ticketops import config
from ticketops.domain.money.payments import Given
from ticketops.errors import RuleError, UsageError
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.services import allocation, dispatch, money


def office() -> Desk:
    """S1 and S2 have units and tasks, S3 has neither; nobody paid."""
    desk = Desk(role="ops_manager")
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.do(allocation.allocate_commit("S2"))
    guest = {"client_email": "guest@example.org", "first_name": "Ann", "block": "A"}
    for ticket in desk.tickets().values():
        for column, value in guest.items():
            desk.set(DISTRIBUTION, ticket["row"], column, value)
    desk.do(dispatch.staff_queue())
    return desk


def said(found: list[Finding]) -> list[str]:
    return [one.message.split(",")[0] for one in found if one.code == "UNPAID"]


def asked(desk: Desk, setting: str) -> list[str]:
    status = dispatch.dispatch_status(config.Settings(unpaid_tickets=setting))
    found = said(desk.do(status).findings)
    assert said(desk.do(dispatch.staff_queue(setting)).findings) == found
    return found


def test_unpaid_sales_are_named_until_they_are_paid_or_invoiced() -> None:
    desk = office()
    assert asked(desk, "ignore") == []
    assert asked(desk, "warn") == ["tickets of S1"]
    assert "S1, S2 are to be sent" in desk.do(dispatch.staff_queue()).findings[-1].message
    desk.do(money.payment_add(Given(Decimal(700), DAY, refs=("S1",))))
    assert asked(desk, "block") == ["tickets of S2 are to be sent"]
    desk.set(SALES, 3, "payment_status", "INVOICED")
    assert asked(desk, "warn") == []


def test_money_on_account_counts() -> None:
    desk = office()
    desk.do(money.payment_add(Given(Decimal(1050), DAY, client="Meridian Travel")))
    assert asked(desk, "warn") == []


def test_to_mark_them_sent_is_pointed_out_or_refused() -> None:
    desk = office()
    blocked = dispatch.staff_mark(["T00001"], "SENT", unpaid_tickets="block")
    desk.refused(blocked, RuleError, "S1: the payment is PENDING")
    desk.do(dispatch.staff_mark(["T00002"], "PENDING", unpaid_tickets="block"))
    warned = dispatch.staff_mark(["T00001"], "SENT")
    assert said(desk.do(warned).findings) == ["tickets of S1 are sent"]
    desk.undo()
    desk.do(money.payment_add(Given(Decimal(700), DAY, refs=("S1",))))
    desk.do(blocked)
    assert desk.ticket("S1-1")["delivery"] == "SENT"


def test_the_setting_is_one_of_three() -> None:
    assert config.load({"unpaid_tickets": " Block "}, {}).unpaid_tickets == "block"
    with pytest.raises(UsageError):
        config.load({"unpaid_tickets": "maybe"}, {})
