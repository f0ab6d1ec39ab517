"""A sale that somebody ended by typing into Sales: its tickets get no units, and the audit says what
settles it."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from ticketops.errors import RuleError
from ticketops.model import roles
from ticketops.schema.layouts.event import SALES
from ticketops.services import allocation, audit, selling


@pytest.fixture
def desk() -> Desk:
    """S1 asks for two tickets, S2 for one; there are four units."""
    desk = Desk(role=roles.OPS_MANAGER)
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1))
    return desk


@pytest.mark.parametrize("status", ["CANCELLED", "REJECTED", "Cancelled", " rejected "])
def test_a_sale_that_was_ended_by_hand_gets_no_units(desk: Desk, status: str) -> None:
    desk.set(SALES, 2, "status", status)
    desk.refused(allocation.allocate_commit("S1"), RuleError, "in Sales; `sale cancel S1`")
    done = desk.do(allocation.allocate_auto())
    assert {name: t["unit_count"] for name, t in desk.tickets().items() if t["unit_ids"]} == {
        "S2-1": 1
    }
    assert [f.code for f in done.findings if f.sales_id.startswith("S1")] == ["KEPT_OUT"] * 2
    found = [f for f in desk.do(audit.audit_job(write=False)).findings if f.code == "SALE_ENDED"]
    assert [(f.sales_id, f.row) for f in found] == [("S1", 3)]
    assert "2 tickets in Distribution" in found[0].message


def test_units_that_it_had_are_named_until_the_command_has_ended_it(desk: Desk) -> None:
    desk.do(allocation.allocate_auto())
    desk.set(SALES, 2, "status", "CANCELLED")
    assert "SALE_ENDED" in [f.code for f in desk.do(audit.audit_job(write=False)).findings]
    desk.do(selling.sale_cancel("S1", "client went away", force=False))
    assert [t["unit_ids"] for t in desk.tickets().values()] == [None, None, "P00003"]
    assert "SALE_ENDED" not in [f.code for f in desk.do(audit.audit_job(write=False)).findings]
