"""The ticketing reports (000): every state by itself, purchases against their money to the cent, what is
missing said before anything is exported, and the same lines in the same bytes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from openpyxl.reader.excel import load_workbook

from tests.desk import DAY, CopiedDesk
from ticketops.books.report_files import content_of
from ticketops.domain.money import fees, payments
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.errors import UsageError
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, UNITS, WAITLIST
from ticketops.schema.layouts.event.masters import VENDOR
from ticketops.services import masters, money, purchasing, ticketing
from ticketops.services.ticketing_reports import ticketing_report


def buy(desk: CopiedDesk, vendor: str, number: int, price: str, currency: str = "USD") -> None:
    line = PurchaseLine(
        "M01", vendor, "1", "Cat 1", number, Decimal(price), currency, DAY, inv_no=f"{vendor}-7"
    )
    desk.do(purchasing.purchase_add([line], new=True, again=True))


def report(desk: CopiedDesk, which: str, state: str = "") -> Any:
    return desk.do(ticketing_report(which, state))


def test_purchases_against_their_money() -> None:
    desk = CopiedDesk()
    buy(desk, "Viagogo", 2, "100.10")
    buy(desk, "Direct Seats", 1, "50")
    buy(desk, "Povami", 3, "33.33", "EUR")
    desk.do(masters.master_add(VENDOR, {"vendor": "Direct Seats", "type": "DIRECT"}, new=True))
    first, _second, third = desk.rows(PURCHASES, "purchase_id")
    desk.do(money.fee_add(fees.Given("PLATFORM", first, Decimal("4.80"), DAY)))
    desk.do(money.fee_add(fees.Given("OTHER", first, Decimal("1.20"), DAY, "EUR")))
    desk.do(money.payment_add(payments.Given(Decimal("150"), DAY, refs=(first,))))
    desk.do(money.payment_add(payments.Given(Decimal("132.99"), DAY, refs=(third,))))
    desk.set(UNITS, 5, "status", "CANCELLED")
    desk.set(PURCHASES, 3, "inv_no", None)
    plan = report(desk, "purchases")
    assert [
        (one.vendor, one.currency, one.total, one.paid, one.outstanding, one.fees, one.other_fees)
        for one in plan.result.lines
    ] == [
        ("Viagogo", "USD", 200.2, 150, 50.2, 4.8, "1.20 EUR"),
        ("Direct Seats", "USD", 50, 0, 50, 0, None),
        ("Povami", "EUR", 99.99, 132.99, 0, 0, None),
    ]
    assert [(one.state, one.missing) for one in plan.result.lines] == [
        ("PARTLY_SETTLED", ()),
        ("OPEN", ("invoice",)),
        ("SETTLED", ("fees", "refunds")),
    ]
    assert plan.result.counts == {"OPEN": 1, "PARTLY_SETTLED": 1, "SETTLED": 1, "DISPUTED": 0}
    assert [(one.currency, one.total, one.fees) for one in plan.result.sums] == [
        ("EUR", 99.99, 0),
        ("USD", 250.2, 4.8),
    ]
    assert [one.message.partition(":")[0] for one in plan.findings] == [
        "1 of 3 purchases have no fees",
        "1 of 3 purchases have no refunds",
        "1 of 3 purchases have no invoice",
    ]
    desk.do(money.payment_add(payments.Given(Decimal(33), DAY, refs=(third,), back=True)))
    line = report(desk, "purchases", "settled").result.lines[-1]
    assert (line.refunds, line.paid, line.missing) == (33, 99.99, ("fees",))


def office() -> CopiedDesk:
    """Two transfers, two who wait, two allotments."""
    desk = CopiedDesk()
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 2))
    for row in (3, 4):
        for column, text in (("first_name", "Ana"), ("client_email", "a@example.org")):
            desk.set(DISTRIBUTION, row, column, text)
    desk.do(ticketing.transfer_offer("S1-1", "Eve", "Fox", "e@example.org", datetime(2026, 4, 17)))
    desk.do(ticketing.transfer_offer("S1-2", "=1+1", "Fox", "e@example.org", None))
    for client in ("Meridian Travel", "Zed"):
        desk.do(ticketing.waitlist_join(client, "M01", "Cat 1", 1, source="web", new=True))
    desk.do(ticketing.waitlist_promote("WL1", "", "", None))
    for number in (1, 2):
        desk.do(ticketing.allotment_add("Nordlys", "M01", "Cat 1", number))
    desk.do(ticketing.allotment_assign("AL2", ["S1-1"]))
    return desk


OFFICE = office()


def test_states_are_never_merged() -> None:
    desk = CopiedDesk(OFFICE)
    desk.days = 1
    assert report(desk, "transfers").result.counts == {
        "PENDING": 1,
        "ACCEPTED": 0,
        "DECLINED": 0,
        "REVOKED": 0,
        "EXPIRED": 1,
    }
    desk.set(WAITLIST, 3, "state", "soon")
    found = report(desk, "waitlist").result
    assert found.counts == {"QUEUED": 0, "PROMOTED": 1, "ACCEPTED": 0, "SKIPPED": 0, "soon": 1}
    assert [(one.source, one.queued_at is None) for one in found.lines] == [("web", False)] * 2
    assert [one.entry for one in report(desk, "waitlist", "promoted").result.lines] == ["WL00001"]
    blocks = report(desk, "blocks").result
    assert (blocks.assigned, blocks.used, blocks.remaining) == (3, 1, 2)
    for which, state, match in (
        ("guests", "", "the report must be one of transfers"),
        ("blocks", "USED", "blocks have no --state"),
        ("transfers", "OPEN", "--state must be one of PENDING"),
    ):
        with pytest.raises(UsageError, match=match):
            ticketing_report(which, state)


def test_the_same_lines_are_the_same_bytes_and_texts_stay_texts() -> None:
    found = report(CopiedDesk(OFFICE), "transfers").result
    for kind in (".csv", ".xlsx", ".html"):
        assert content_of(found, "Transfers", kind) == content_of(found, "Transfers", kind)
    text = content_of(found, "Transfers", ".csv").decode()
    assert ",'=1+1," in text
    sheet = load_workbook(BytesIO(content_of(found, "Transfers", ".xlsx"))).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "Transfers"
    assert rows[2][:3] == ("Transfer", "Ticket", "From guest")
    assert [row[0] for row in rows[3:]] == ["TR00001", "TR00002"]
    assert [cell.data_type for cell in sheet["D"][2:]] == ["s", "s", "s"]
    assert sheet["D5"].value == "=1+1"
