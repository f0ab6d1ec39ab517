"""Purchases in full (§3): what is agreed beside the price, seats at entry, the settlement that follows
from payments."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.desk import DAY, Desk, everything
from ticketops.domain.money.payments import Given
from ticketops.domain.purchasing.lots import Seat
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.purchasing.terms import Terms
from ticketops.domain.reporting.lists import Which
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.schema.layouts.event import PURCHASES, UNITS
from ticketops.services import allocation, intake, lists, money, purchasing, selling


def buying(number: int = 3, price: object = 100, currency: str = "USD", **more: Any) -> Job:
    line = PurchaseLine("M01", "V", "1", "Cat 1", number, Decimal(str(price)), currency, DAY)
    return purchasing.purchase_add([line], new=True, again=True, **more)


def settled(desk: Desk) -> list[tuple[str, float]]:
    found = desk.do(lists.purchase_list(Which())).result.purchases
    return [(one.settlement, one.outstanding) for one in found]


def test_a_purchase_is_entered_with_its_terms_and_seats() -> None:
    desk = Desk()
    terms = Terms(channel="RFID", deposit=Decimal(50), attach=("a.pdf sha256:1",))
    desk.do(buying(terms=terms, seats=intake.option_seats("101/C/12-13,20", "seats")))
    assert desk.rows(PURCHASES, "delivery_channel", "deposit", "attachments", "prepaid") == [
        ("RFID", 50, "a.pdf sha256:1", None)
    ]
    assert desk.rows(UNITS, "block", "seat_row", "seat") == [
        ("101", "C", "12"),
        ("101", "C", "13"),
        ("101", "C", "20"),
    ]
    before = everything(desk.store)
    assert not desk.do(purchasing.purchase_expand()).changes.for_sheet(UNITS)
    desk.do(buying(terms=Terms(prepaid=True)))
    assert settled(desk) == [("PARTLY_SETTLED", 250), ("SETTLED", 0)]
    desk.undo()
    assert everything(desk.store)[PURCHASES] == before[PURCHASES]


@pytest.mark.parametrize(
    ("job", "error", "match"),
    [
        (buying(seats=[Seat("1", "2", "3")]), RuleError, "1 seat for 3 units"),
        (buying(terms=Terms(deposit=Decimal("300.01"))), RuleError, "more than"),
        (purchasing.purchase_set("P00001", Terms(deposit=Decimal(301))), RuleError, "more than"),
        (purchasing.purchase_set("P00009", Terms(prepaid=True)), NotFoundError, "no purchase"),
    ],
)
def test_what_is_refused(job: Job, error: type[Exception], match: str) -> None:
    desk = Desk()
    desk.do(buying())
    desk.refused(job, error, match)


@pytest.mark.parametrize(
    "text", ["1/2", "1/2/", "1/2/5-3", "1/2/3,3", "1/2/3-4,4", "1/2/1-5000", "1/2/GA"]
)
def test_seats_that_nobody_understands(text: str) -> None:
    with pytest.raises(UsageError, match="--seats"):
        intake.option_seats(text, "seats")


def test_the_settlement_follows_from_payments_deposit_and_dispute() -> None:
    desk = Desk()
    desk.do(buying())
    seen = settled(desk)
    for job in (
        purchasing.purchase_set("PR0001-S01", Terms(deposit=Decimal(50))),
        money.payment_add(Given(Decimal(100), DAY, refs=("P00002",))),
        purchasing.purchase_set("p3", Terms(disputed=True)),
        purchasing.purchase_set("p3", Terms(disputed=False, notes="agreed")),
        money.payment_add(Given(Decimal(150), DAY, vendor="V")),
        purchasing.purchase_set("p3", Terms(deposit=Decimal(0))),
    ):
        desk.do(job)
        seen += settled(desk)
    assert seen == [
        ("OPEN", 300),
        ("PARTLY_SETTLED", 250),
        ("PARTLY_SETTLED", 150),
        ("DISPUTED", 150),
        ("PARTLY_SETTLED", 150),
        ("SETTLED", 0),
        ("PARTLY_SETTLED", 50),
    ]
    assert desk.rows(PURCHASES, "notes", "deposit") == [("agreed", None)]


def test_papers_are_kept_once_with_the_hash_of_what_they_hold(tmp_path: Path) -> None:
    desk = Desk()
    desk.do(buying())
    (tmp_path / "a.pdf").write_bytes(b"abc")
    paper = purchasing.attachment(tmp_path / "a.pdf")
    assert paper.endswith("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    for _ in range(2):
        kept = desk.do(purchasing.purchase_set("p1", Terms(attach=(paper, "b sha256:2")))).result
    assert kept.attachments == [paper, "b sha256:2"]
    with pytest.raises(UsageError, match="can't be read"):
        purchasing.attachment(tmp_path / "gone.pdf")


def test_a_named_rate_makes_costs_those_of_the_event() -> None:
    desk = Desk(role="ops_manager")
    desk.do(buying(3, "33.33", "EUR", terms=Terms(fx_rate=Decimal("1.1"))))
    line = SaleLine("M01", "Cat 1", 2, Decimal(50))
    desk.do(selling.sales_add([(Order("Acme", "USD", DAY), [line])], new=True))
    desk.do(allocation.allocate_commit("S1"))
    found = desk.do(money.margins("match")).result
    (one,) = found.lines
    (left,) = found.unsold
    assert (one.currency, one.cost, left.cost) == ("USD", 73.33, 36.66)


def test_a_seat_belongs_to_one_unit_of_a_match() -> None:
    desk = Desk()
    desk.do(buying(2, seats=intake.option_seats("101/C/12-13", "seats")))
    twice = buying(2, seats=intake.option_seats("101/c/13-14", "seats"))
    desk.refused(twice, RuleError, "the seat 101/c/13 of M01 belongs to P00002")
    one = PurchaseLine("M02", "V", "1", "Cat 1", 1, Decimal(9), "USD", DAY, seats=(Seat("101", "C", "12"),))  # fmt: skip
    desk.do(purchasing.purchase_add([one], new=True))
    desk.refused(
        purchasing.purchase_add([one, one], new=True, again=True), RuleError, "belongs to P00003"
    )
    desk.do(buying(2, seats=intake.option_seats("101/C/14-15", "seats")))
    assert desk.rows(UNITS, "seat") == ["12", "13", "12", "14", "15"]
