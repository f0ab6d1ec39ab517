"""Invoices (§13, D19): numbers in a sequence without gaps, one a year, in which credit notes stand,
too. What was issued is never taken back: a credit note cancels it.

Prices include the tax: an invoice comes to what its sales come to, and says how much of that is tax
at its one rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.masterdata.aliases import CLIENT, party_keys
from ticketops.domain.money import accounts, balances, issued, parties, refs
from ticketops.domain.money.ledger import NOTHING
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import CLIENTS, INVOICES, SALES
from ticketops.schema.tables import Snapshot

_CENT = Decimal("0.01")
PENDING, INVOICED, _PAID = states.PAYMENT_STATUS


class Given(Struct, frozen=True):
    """An invoice as it is to be issued. due: None for what the client's payment terms say."""

    sales: tuple[str, ...]
    date: datetime
    due: datetime | None = None
    tax_rate: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A row of _INVOICES. cancels: of a credit note, the invoice that it cancels; cancelled_by: of an
    invoice, the credit note."""

    row: int
    invoice: str
    kind: str
    cancels: str | None
    cancelled_by: str | None
    issued_on: datetime | None
    due_on: datetime | None
    client: str | None
    lines: str | None
    currency: str | None
    net: float
    tax_rate: float
    tax: float
    total: float
    reason: str | None
    user: str | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvoiceList:
    """`invoice list`, in sheet order."""

    invoices: tuple[InvoiceRow, ...]


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A sale on an invoice, as Sales says it now."""

    sales_id: str
    match: str | None
    game: str | None
    category: str | None
    quantity: int | None
    price: float | None
    total: float


@dataclass(frozen=True, slots=True)
class InvoiceWhole:
    """`invoice issue`, `credit` and `show`. address, tax_id: of the client's master record. paid,
    outstanding: of its sales."""

    invoice: InvoiceRow
    address: str | None
    tax_id: str | None
    lines: tuple[InvoiceLine, ...]
    paid: float
    outstanding: float

    @property
    def differs(self) -> bool:
        """Whether its sales come to something else now than what it was issued for."""
        now = sum((Decimal(str(line.total)) for line in self.lines), NOTHING)
        return now != abs(Decimal(str(self.invoice.total)))


def plan_issue(snapshot: Snapshot, given: Given, run: Run) -> Plan:
    """Issue an invoice for sales of one client in one currency; those that were PENDING are INVOICED.

    Raises NotFoundError for a sale that nobody knows, RuleError where they are of several clients or
    currencies, not expanded, cancelled, of no amount or on an invoice already, and for a date before
    that of the newest invoice of its year.
    """
    named = tuple(dict.fromkeys(refs.sale(snapshot, text) for text in given.sales))
    books = accounts.of_sales(snapshot, run)
    lines = {line.due.ref: line.due for line in reversed(books.ledger.lines)}
    standing = issued.by_sale(snapshot)
    for ref in named:
        if ref in standing:
            number = standing[ref].invoice
            raise RuleError(
                f"{ref} is on invoice {number}", f"`ticketops invoice credit {number}` cancels it"
            )
        if ref not in lines:
            raise RuleError(f"{ref} is not expanded yet", "`ticketops sale expand` does it")
        if not lines[ref].total:
            raise RuleError(f"{ref} comes to nothing: there is nothing to invoice")
    accounts_of = {lines[ref].account for ref in named}
    if len(accounts_of) > 1:
        parties = {party for party, _ in accounts_of}
        what = "clients" if len(parties) > 1 else "currencies"
        raise RuleError(
            f"{' and '.join(named)} are of different {what}", "issue one invoice for each"
        )
    frame = snapshot[SALES].frame.filter(pl.col("sales_id").is_in(named))
    client = next(iter(frame["client"].drop_nulls()), None)
    total = sum((lines[ref].total for ref in named), NOTHING)
    net = (total / (1 + given.tax_rate / 100)).quantize(_CENT, ROUND_HALF_UP)
    terms, unclear = balances.terms_of(snapshot, CLIENT, books)
    party = books.party(client)
    due = given.due or given.date + timedelta(days=terms.get(party, 0))
    if due < given.date:
        raise RuleError(f"{due:%Y-%m-%d} is before the invoice, {given.date:%Y-%m-%d}")
    made = _next(snapshot, given.date) | {
        "kind": states.INVOICE,
        "issued_on": given.date,
        "due_on": due,
        "client": client,
        "lines": " ".join(named),
        "currency": lines[named[0]].currency,
        "net": float(net),
        "tax_rate": float(given.tax_rate),
        "tax": float(total - net),
        "total": float(total),
    }
    return _recorded(snapshot, made, run, [unclear[party]] if party in unclear else [])


def plan_credit(snapshot: Snapshot, invoice: str, date: datetime, run: Run, *, reason: str) -> Plan:
    """Cancel an invoice by a credit note with the next number; its sales that were INVOICED are
    PENDING again. Raises NotFoundError, and RuleError for a credit note or a cancelled invoice."""
    found = _row(snapshot, invoice)
    if found.kind == states.CREDIT_NOTE:
        raise RuleError(f"{found.invoice} is a credit note for {found.cancels}")
    if found.cancelled_by:
        raise RuleError(f"{found.invoice} is already cancelled by {found.cancelled_by}")
    made = _next(snapshot, date) | {
        "kind": states.CREDIT_NOTE,
        "cancels": found.invoice,
        "issued_on": date,
        "client": found.client,
        "lines": found.lines,
        "currency": found.currency,
        "net": -found.net,
        "tax_rate": found.tax_rate,
        "tax": -found.tax,
        "total": -found.total,
        "reason": reason,
    }
    return _recorded(snapshot, made, run, [])


def plan_show(snapshot: Snapshot, invoice: str, run: Run) -> Plan:
    """An invoice or credit note with its sales. Raises NotFoundError where there is none."""
    whole = _whole(snapshot, _row(snapshot, invoice), run)
    return Plan(result=whole, findings=_changed(whole))


def invoice_list(snapshot: Snapshot, client: str, run: Run) -> Plan:
    """The invoices and credit notes, of one client where it is named; and the numbers that are
    missing."""
    wanted = parties.names_in(snapshot, INVOICES, CLIENT, client, run)
    rows = _rows(snapshot)
    shown = tuple(row for row in rows if wanted is None or row.client in wanted)
    return Plan(findings=_gaps(snapshot), result=InvoiceList(shown))


def _recorded(
    snapshot: Snapshot, made: dict[str, Any], run: Run, findings: Sequence[Finding]
) -> Plan:
    """The plan of a new row of _INVOICES, and PaymentStatus of its sales."""
    plan = Plan(findings=[*findings, *_gaps(snapshot)])
    made |= {"user": run.user, "created_at": run.now}
    row = snapshot[INVOICES].next_row
    plan.changes.append(INVOICES, row, tuple(made), [tuple(made.values())])
    credited = made["kind"] == states.CREDIT_NOTE
    before = (INVOICED,) if credited else (PENDING, None)
    after = PENDING if credited else INVOICED
    named = snapshot[SALES].frame.filter(
        pl.col("sales_id").is_in(accounts.split_refs(made["lines"]))
    )
    for at, ref, status in named.select("row", "sales_id", "payment_status").iter_rows():
        if status in before:
            plan.changes.set(SALES, at, ref, {"payment_status": (status, after)})
    now = snapshot.after(plan.changes)
    plan.result = _whole(now, _row(now, made["invoice"]), run)
    plan.findings += _changed(plan.result)
    return plan


def _changed(whole: InvoiceWhole) -> list[Finding]:
    """That the sales of an invoice are no longer what it says."""
    one = whole.invoice
    if not whole.differs:
        return []
    now = sum(Decimal(str(line.total)) for line in whole.lines)
    stands = one.kind == states.INVOICE and not one.cancelled_by
    hint = f"; `ticketops invoice credit {one.invoice}` cancels it" if stands else ""
    message = f"{one.invoice} is of {abs(one.total):,.2f}; its sales come to {now:,.2f} now{hint}"
    return [
        Finding("INVOICE_DIFFERS", Severity.MEDIUM if stands else Severity.INFO, message, INVOICES)
    ]


def _next(snapshot: Snapshot, date: datetime) -> dict[str, Any]:
    """The next number of a year. Raises RuleError for a date before that of its newest number."""
    known = [row for row in _rows(snapshot) if row.invoice.startswith(f"{date.year}-")]
    newest = max((row.issued_on for row in known if row.issued_on), default=date)
    if date < newest:
        raise RuleError(
            f"the newest invoice is of {newest:%Y-%m-%d}: an earlier date would break the order of the numbers",
            "give a later --date",
        )
    last = max((_number(row.invoice) for row in known), default=0)
    return {"invoice": f"{date.year}-{last + 1:04d}"}


def _number(invoice: str) -> int:
    _, _, number = invoice.rpartition("-")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0


def _gaps(snapshot: Snapshot) -> list[Finding]:
    """The numbers that are missing between the first and the last of a year."""
    numbers: dict[str, set[int]] = {}
    for row in _rows(snapshot):
        numbers.setdefault(row.invoice.rpartition("-")[0], set()).add(_number(row.invoice))
    return [
        Finding(
            "INVOICE_GAP",
            Severity.HIGH,
            f"the invoices of {year} lack {year}-{number:04d}: somebody deleted or changed its row",
            INVOICES,
        )
        for year, known in sorted(numbers.items())
        for number in sorted(set(range(1, max(known))) - known)[:20]
    ]


def _rows(snapshot: Snapshot) -> list[InvoiceRow]:
    frame = snapshot[INVOICES].frame.drop_nulls("invoice")
    by = dict(frame.select("cancels", "invoice").drop_nulls().iter_rows())
    return [
        _invoice(row | {"cancelled_by": by.get(row["invoice"])})
        for row in frame.iter_rows(named=True)
    ]


def _invoice(row: dict[str, Any]) -> InvoiceRow:
    told = row | {name: row[name] or 0.0 for name in ("net", "tax_rate", "tax", "total")}
    told["kind"] = row["kind"] or states.INVOICE
    return InvoiceRow(**{name: told[name] for name in InvoiceRow.__dataclass_fields__})


def _row(snapshot: Snapshot, invoice: str) -> InvoiceRow:
    wanted = invoice.strip().casefold()
    found = next((row for row in _rows(snapshot) if row.invoice.casefold() == wanted), None)
    if found is None:
        raise NotFoundError(f"there is no invoice {invoice}", "`ticketops invoice list` shows all")
    return found


def _whole(snapshot: Snapshot, row: InvoiceRow, run: Run) -> InvoiceWhole:
    named = accounts.split_refs(row.lines)
    books = accounts.of_sales(snapshot, run)
    of = {line.due.ref: line for line in reversed(books.ledger.lines)}
    frame = (
        snapshot[SALES]
        .frame.filter(pl.col("sales_id").is_in(named))
        .unique("sales_id", keep="first", maintain_order=True)
    )
    lines = [
        InvoiceLine(
            sale["sales_id"],
            sale["match"],
            sale["game"],
            sale["category"],
            sale["number"],
            sale["price"],
            float(of[sale["sales_id"]].due.total) if sale["sales_id"] in of else 0.0,
        )
        for sale in frame.iter_rows(named=True)
    ]
    lines.sort(key=lambda line: named.index(line.sales_id))
    still = sum((of[ref].outstanding for ref in named if ref in of), NOTHING)
    due = sum((of[ref].due.total for ref in named if ref in of), NOTHING)
    address, tax_id = _party(snapshot, row.client)
    return InvoiceWhole(row, address, tax_id, tuple(lines), float(due - still), float(still))


def _party(snapshot: Snapshot, client: str | None) -> tuple[str | None, str | None]:
    """The address and tax number of a client's master record."""
    party = party_keys(snapshot, CLIENT)
    frame = snapshot[CLIENTS].frame.select("client", "address", "tax_id")
    return next(
        (
            (address, tax_id)
            for name, address, tax_id in frame.iter_rows()
            if name and party(name) == party(client)
        ),
        (None, None),
    )
