"""Invoices (§13, D19): a sequence without gaps, never taken back, cancelled by credit notes; their
page and their workbook hold texts, whatever these look like."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.desk import DAY, Desk
from ticketops.books.invoice import write_page, write_xlsx
from ticketops.domain.money.invoices import Given, InvoiceWhole
from ticketops.domain.money.payments import Given as Payment
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, RuleError
from ticketops.schema.layouts.event import CLIENTS, INVOICES, SALES
from ticketops.schema.layouts.event.masters import CLIENT
from ticketops.services import masters, money, selling
from ticketops.services.undo import carry_out_undo

LATER = datetime(2026, 5, 1)
EVIL = '=HYPERLINK("http://x")<script>alert(1)</script>'


def issue(*sales: str, date: datetime = DAY, rate: object = 0, due: datetime | None = None) -> Job:
    return money.invoice_issue(Given(sales, date, due, Decimal(str(rate))))


def office(client: str = "Acme") -> Desk:
    """S1: 3 for 33.35; S2: 1 for 10; S3 in EUR; S4 of Zed."""
    desk = Desk(role="ops_manager")
    sold: list[tuple[str, int, object, str]] = [
        (client, 3, "33.35", "USD"),
        (client, 1, 10, "USD"),
        (client, 1, 10, "EUR"),
        ("Zed", 1, 10, "USD"),
    ]
    for name, number, price, currency in sold:
        line = SaleLine("M01", "Cat 1", number, Decimal(str(price)))
        desk.do(selling.sales_add([(Order(name, currency, DAY), [line])], new=True, again=True))
    return desk


def done(desk: Desk, job: Job) -> InvoiceWhole:
    result: InvoiceWhole = desk.do(job).result
    return result


@pytest.mark.parametrize(
    ("rate", "net", "tax"), [(0, 110.05, 0), (19, 92.48, 17.57), ("7.7", 102.18, 7.87)]
)
def test_net_and_tax_make_what_the_sales_come_to(rate: object, net: float, tax: float) -> None:
    desk = office()
    one = done(desk, issue("S1", "s2-1", rate=rate)).invoice
    assert (one.invoice, one.lines, one.net, one.tax, one.total) == (
        "2026-0001",
        "S1 S2",
        net,
        tax,
        110.05,
    )
    assert desk.rows(SALES, "payment_status") == ["INVOICED", "INVOICED", "PENDING", "PENDING"]


def test_numbers_have_no_gap_and_nothing_is_taken_back() -> None:
    desk = office()
    done(desk, issue("S1"))
    desk.undo()  # what was done before it
    assert desk.rows(INVOICES, "invoice") == ["2026-0001"]
    assert desk.rows(SALES, "sales_id") == ["S1", "S2", "S3"]
    desk.refused(issue("S1"), RuleError, "S1 is on invoice 2026-0001")
    note = done(desk, money.invoice_credit("2026-0001", DAY, "wrong client")).invoice
    assert (note.invoice, note.kind, note.cancels, note.total) == (
        "2026-0002",
        "CREDIT_NOTE",
        "2026-0001",
        -100.05,
    )
    assert desk.rows(SALES, "payment_status")[0] == "PENDING"
    desk.refused(
        money.invoice_credit("2026-0001", DAY, "x"), RuleError, "already cancelled by 2026-0002"
    )
    desk.refused(money.invoice_credit("2026-0002", DAY, "x"), RuleError, "is a credit note")
    assert done(desk, issue("S1", date=LATER)).invoice.invoice == "2026-0003"
    assert done(desk, issue("S2", date=datetime(2027, 1, 1))).invoice.invoice == "2027-0001"
    assert not desk.do(money.invoice_list("")).findings
    desk.set(INVOICES, 3, "invoice", None)
    assert [one.message[:29] for one in desk.do(money.invoice_list("")).findings] == [
        "the invoices of 2026 lack 202"
    ]


@pytest.mark.parametrize(
    ("job", "error", "match"),
    [
        (issue("S1", "S4"), RuleError, "different clients"),
        (issue("S1", "S3"), RuleError, "different currencies"),
        (issue("S9"), NotFoundError, "no sale S9"),
        (issue("S1", due=datetime(2026, 1, 1)), RuleError, "before the invoice"),
        (money.invoice_show("2026-0009"), NotFoundError, "no invoice"),
    ],
)
def test_what_is_refused(job: Job, error: type[Exception], match: str) -> None:
    office().refused(job, error, match)


def test_a_cancelled_sale_and_an_earlier_date_are_refused() -> None:
    desk = office()
    desk.do(selling.sale_cancel("S4", "x", force=False))
    desk.refused(issue("S4"), RuleError, "comes to nothing")
    done(desk, issue("S1", date=LATER))
    desk.refused(issue("S2", date=DAY), RuleError, "the newest invoice is of 2026-05-01")


def test_the_balance_ages_from_the_invoice_and_a_bounced_payment_leaves_it_invoiced() -> None:
    desk = office()
    desk.do(masters.master_add(CLIENT, {"client": "Acme", "payment_terms": "30 days"}))
    assert done(desk, issue("S1", date=LATER)).invoice.due_on == datetime(2026, 5, 31)
    desk.do(money.payment_add(Payment(Decimal("100.05"), DAY, refs=("S1",))))
    assert desk.rows(SALES, "payment_status")[0] == "PAID"
    desk.do(money.payment_void("PM00001", "bounced"))
    assert desk.rows(SALES, "payment_status")[0] == "INVOICED"
    for day, overdue in ((31, 10), (30, 10)):
        asked = money.balance("CLIENT", datetime(2026, 5, day), "Acme", every=False)
        (one,) = [line for line in desk.do(asked).result.lines if line.currency == "USD"]
        assert (one.overdue, one.no_invoice) == (overdue, 10)
    asked = money.balance("CLIENT", datetime(2026, 6, 1), "Acme", every=False)
    assert desk.do(asked).result.lines[-1].overdue == 110.05


def test_page_and_workbook_hold_texts_whatever_they_look_like(tmp_path: Path) -> None:
    desk = office(EVIL)
    desk.do(masters.master_add(CLIENT, {"client": EVIL, "address": "<b>=1+1</b>"}))
    desk.set(CLIENTS, 2, "address", "<b>=1+1</b>")
    whole = done(desk, issue("S1", rate=20))
    made: Any = {"sender": "=cmd|' /C calc'!A0", "contact": "<i>"}
    write_page(whole, tmp_path / "i.html", **made)
    page = (tmp_path / "i.html").read_text("utf-8")
    assert "<script" not in page
    assert "<b>=1" not in page
    assert "&lt;script&gt;" in page
    assert "2026-0001" in page
    write_xlsx(whole, tmp_path / "i.xlsx", **made)
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "i.xlsx")["Invoice"] for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    held = [cell.value for cell in cells if cell.value is not None]
    assert {made["sender"], EVIL, 100.05, 83.38, 16.67} <= set(held)


def test_a_sale_that_an_invoice_names_is_not_taken_back() -> None:
    desk = office()
    first = desk.store.last_run_id()
    desk.do(issue("S4"))
    with pytest.raises(RuleError, match=r"2026-0001 names S4") as caught:
        carry_out_undo(desk.store, desk.run(), first)
    assert "invoice credit 2026-0001" in caught.value.hint
    assert desk.rows(SALES, "sales_id") == ["S1", "S2", "S3", "S4"]
    desk.do(money.invoice_credit("2026-0001", LATER, "wrong"))
    carry_out_undo(desk.store, desk.run(), first)
    assert desk.rows(SALES, "sales_id") == ["S1", "S2", "S3"]


def test_a_sale_beside_an_invoiced_one_is_taken_back() -> None:
    desk = office()
    desk.do(issue("S1"))
    carry_out_undo(desk.store, desk.run())
    assert desk.rows(SALES, "sales_id") == ["S1", "S2", "S3"]


def test_an_invoice_whose_sales_changed_says_so_and_its_paper_adds_up(tmp_path: Path) -> None:
    desk = office()
    assert not desk.do(issue("S1", "S2", rate=19)).findings
    assert not desk.do(money.invoice_show("2026-0001")).findings
    desk.do(selling.sale_cancel("S1-2", "ill", force=False))
    shown = desk.do(money.invoice_show("2026-0001"))
    (told,) = [one.message for one in shown.findings if one.code == "INVOICE_DIFFERS"]
    assert told.startswith("2026-0001 is of 110.05; its sales come to 76.70 now")
    credit = done(desk, money.invoice_credit("2026-0001", DAY, reason="ill"))
    for whole in (shown.result, credit):
        write_page(whole, tmp_path / "i.html", sender="", contact="")
        page = (tmp_path / "i.html").read_text("utf-8")
        assert "33.35" not in page
        assert "S1 S2" in page
        write_xlsx(whole, tmp_path / "i.xlsx", sender="", contact="")
        rows = openpyxl.load_workbook(tmp_path / "i.xlsx")["Invoice"].iter_rows(min_row=13)
        assert next(row[4].value for row in rows) == 110.05
    assert done(desk, issue("S1", "S2")).invoice.total == 76.7
