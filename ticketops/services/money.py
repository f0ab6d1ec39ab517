"""The use cases of money: payments (§13, D24)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ticketops.config import Settings
from ticketops.domain.masterdata.aliases import CLIENT
from ticketops.domain.money import balances, fees, invoices, margin, payments
from ticketops.engine.job import Effect, Job
from ticketops.model import ids
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    FEES,
    HOLDS,
    INVOICES,
    PURCHASES,
    SALES,
    UNITS,
    VENDORS,
)
from ticketops.services.sheet_groups import MONEY

_TRADED = (SALES, PURCHASES, UNITS)
_NAMING = (ALIASES, CLIENTS, VENDORS)


def payment_add(given: payments.Given) -> Job:
    """Money that came or went, for sales or purchases or on account."""
    return Job(
        "payment.add",
        lambda snapshot, run: payments.plan_add(snapshot, given, run),
        _TRADED,
        (*MONEY, INVOICES, *_NAMING, DISTRIBUTION, HOLDS),
    )


def balance(kind: str, as_of: datetime | None, name: str, *, every: bool) -> Job:
    """What the parties of one kind (CLIENT, VENDOR) owe or get. name: only this one; every: those
    that are even, too."""
    which = "clients" if kind == CLIENT else "vendors"
    return Job(
        f"balance.{which}",
        lambda snapshot, run: balances.plan_balance(
            snapshot, kind, run, as_of=as_of, name=name, every=every
        ),
        (SALES,) if kind == CLIENT else (PURCHASES,),
        (*MONEY, INVOICES, *_NAMING),
        effect=Effect.READS,
    )


def fee_add(given: fees.Given) -> Job:
    return Job(
        "fee.add", lambda snapshot, run: fees.plan_add(snapshot, given, run), _TRADED, (FEES,)
    )


def fee_void(fee_id: str, reason: str) -> Job:
    return Job(
        "fee.void",
        lambda snapshot, _run: fees.plan_void(snapshot, fee_id, reason=reason),
        (),
        (FEES,),
        f"fee void {ids.read_fee_id(fee_id)}",
    )


def fee_list(what: str, *, void: bool) -> Job:
    """what: only of this sale or purchase; void: those that are VOID, too."""
    return Job(
        "fee.list",
        lambda snapshot, run: fees.fee_list(snapshot, what, run, void=void),
        _TRADED,
        (FEES,),
        effect=Effect.READS,
    )


def invoice_issue(given: invoices.Given) -> Job:
    return Job(
        "invoice.issue",
        lambda snapshot, run: invoices.plan_issue(snapshot, given, run),
        (SALES,),
        (*MONEY, INVOICES, *_NAMING),
        f"invoice issue {' '.join(map(ids.read_sales_id, given.sales))}",
        Effect.FINAL,
    )


def invoice_credit(invoice: str, date: datetime, reason: str) -> Job:
    return Job(
        "invoice.credit",
        lambda snapshot, run: invoices.plan_credit(snapshot, invoice, date, run, reason=reason),
        (SALES,),
        (*MONEY, INVOICES, *_NAMING),
        f"invoice credit {invoice}",
        Effect.FINAL,
    )


def invoice_show(invoice: str) -> Job:
    return Job(
        "invoice.show",
        lambda snapshot, run: invoices.plan_show(snapshot, invoice, run),
        (SALES,),
        (*MONEY, INVOICES, *_NAMING),
        f"invoice show {invoice}",
        Effect.READS,
    )


def write_invoice(
    whole: invoices.InvoiceWhole, settings: Settings, *, page: Path | None, xlsx: Path | None
) -> None:
    """Write an invoice as a page to print, or as a workbook, where a path is given. Raises
    OSError."""
    from ticketops.books import invoice

    for path, write in ((page, invoice.write_page), (xlsx, invoice.write_xlsx)):
        if path is not None:
            write(whole, path, sender=settings.sender, contact=settings.contact)


def invoice_list(client: str) -> Job:
    return Job(
        "invoice.list",
        lambda snapshot, run: invoices.invoice_list(snapshot, client, run),
        (),
        (INVOICES, *_NAMING),
        effect=Effect.READS,
    )


def margins(by: str) -> Job:
    """What every match (client, vendor, category, sale) brought; unsold stock apart."""
    return Job(
        "margin",
        lambda snapshot, run: margin.plan_margin(snapshot, by, run),
        (*_TRADED, DISTRIBUTION),
        (*MONEY, FEES, *_NAMING),
        effect=Effect.READS,
    )


def payment_void(payment_id: str, reason: str) -> Job:
    return Job(
        "payment.void",
        lambda snapshot, run: payments.plan_void(snapshot, payment_id, run, reason=reason),
        _TRADED,
        (*MONEY, INVOICES, *_NAMING),
        f"payment void {ids.read_payment_id(payment_id)}",
    )


def payment_list(which: payments.Which) -> Job:
    return Job(
        "payment.list",
        lambda snapshot, run: payments.payment_list(snapshot, which, run),
        _TRADED,
        (*MONEY, *_NAMING),
        effect=Effect.READS,
    )
