"""What a list says beside match, category and price goes to columns of its own, and fees to `_FEES`
(§3, §13)."""

from __future__ import annotations

import functools

import pytest

from tests.domain.intake.trade_files import FileDesk
from ticketops.schema.layouts.event import FEES, PURCHASES, SALES
from ticketops.services import money

TEXT = (
    "Booking ref;Listing ID;Match;Cat;Qty;Price;Service fee;Delivery;Special requests;Notes\n"
    "A-1;L77;M1;C1;2;100,00 €;12,50 €;E-Ticket;aisle;by phone\n"
    "A-2;;M2;C1;1;90,00 €;;by uncle;;\n"
)


@functools.cache
def _stand() -> FileDesk:
    return FileDesk()


@pytest.fixture
def desk() -> FileDesk:
    return FileDesk(_stand())


def test_each_goes_to_its_own_column(desk: FileDesk) -> None:
    plan = desk.plan(TEXT, vendor="Bee Seats")
    columns = ("reference", "inv_no", "delivery_channel", "instructions", "notes")
    assert desk.rows(PURCHASES, *columns) == [
        ("A-1", "L77", "E_TICKET", "aisle", "by phone"),
        ("A-2", None, None, None, "delivery: by uncle"),
    ]
    told = [one.message for one in plan.findings if one.code == "CHANNEL_UNKNOWN"]
    assert len(told) == 1
    assert "'by uncle'" in told[0]


def test_fees_are_of_their_purchase_and_cost_its_match(desk: FileDesk) -> None:
    desk.take(TEXT, vendor="Bee Seats")
    first = desk.rows(PURCHASES, "purchase_id")[0]
    assert desk.rows(FEES, "fee_id", "kind", "fee_for", "amount", "currency", "note") == [
        ("FE00001", "PLATFORM", first, 12.5, "EUR", "list.csv line 2")
    ]
    desk.take("match,cat,qty,price,delivery fee\nM1,C1,1,50,7\nM1,C1,1,50,0\n", vendor="Bee Seats", mapped={"fees": "delivery fee"})  # fmt: skip
    assert desk.rows(FEES, "fee_id", "kind", "amount")[1:] == [("FE00002", "DELIVERY", 7.0)]
    unsold = desk.do(money.margins("match")).result.unsold
    assert sum(line.units for line in unsold) == 5
    desk.undo()
    desk.undo()
    assert desk.rows(FEES, "fee_id") == []


def test_a_workbook_without_these_columns_gets_none_for_nothing(desk: FileDesk) -> None:
    desk.take("match,cat,qty,price\nM1,C1,2,100\n", vendor="Bee Seats")
    header = desk.store.rows(PURCHASES)[0]
    assert "Reference" not in header
    assert "SpecialInstructions" not in header


def test_references_beside_an_order_number_stand_in_the_notes_of_the_sale(desk: FileDesk) -> None:
    desk.sell_file("order,ref,client,match,cat,qty,price\n7,A,Zed,M1,C1,1,9\n7,B,Zed,M2,C1,1,9\n,C,Zed,M2,C1,1,9\n", new=True)  # fmt: skip
    assert desk.rows(SALES, "client_po", "notes") == [
        ("7", "reference A, B"),
        ("7", "reference A, B"),
        ("C", None),
    ]
