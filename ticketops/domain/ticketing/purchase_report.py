"""Purchases against their money (000): what each came to, was paid, cost in fees and got back, how far it
is settled, and what of that nobody recorded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from ticketops.domain.masterdata.who import Directory
from ticketops.domain.money import fees
from ticketops.domain.money.accounts import of_purchases, unclear
from ticketops.domain.money.ledger import NOTHING
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.terms import settlement
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import shares
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import PURCHASES, UNITS, VENDORS
from ticketops.schema.tables import Snapshot

_FIELDS = ("total", "currency", "fees", "refunds", "settlement", "invoice")
_MOST = 5
"""So many purchases are named where one of these is missing."""
_DIRECT = "DIRECT"


@dataclass(frozen=True, slots=True)
class PurchaseMoney:
    """A purchase and its money, in its currency. state: OPEN, PARTLY_SETTLED, SETTLED or DISPUTED."""

    purchase: str
    match: str | None
    sub_game: str | None
    category: str | None
    vendor: str | None
    quantity: int | None
    currency: str
    total: float | None
    paid: float
    outstanding: float
    fees: float
    other_fees: str | None
    """Fees in other currencies."""
    refunds: float
    """What the vendor paid back."""
    state: str
    invoice: str | None
    """The vendor's number."""
    missing: tuple[str, ...]
    """What nobody recorded: total, currency, fees, refunds, settlement, invoice."""


@dataclass(frozen=True, slots=True)
class PurchaseSums:
    """The sums of one currency."""

    currency: str
    total: float
    paid: float
    outstanding: float
    fees: float
    refunds: float


@dataclass(frozen=True, slots=True)
class PurchaseReport:
    """`report ticketing purchases`. counts: how many are in each state, none of them merged; sums: one a
    currency; missing: how many purchases lack each field."""

    lines: tuple[PurchaseMoney, ...]
    counts: dict[str, int]
    sums: tuple[PurchaseSums, ...]
    missing: dict[str, int]


def report(snapshot: Snapshot, run: Run) -> Plan:
    """Every purchase with its money. A finding names the purchases that lack a field."""
    books = of_purchases(snapshot, run)
    settled, borne = books.by_row(), _fees(snapshot, run)
    cancelled = set(
        snapshot[UNITS].frame.filter(pl.col("status") == states.CANCELLED)["purchase_id"]
    )
    direct = _direct(snapshot)
    lines, rows = [], {}
    frame = snapshot[PURCHASES].frame.drop_nulls("purchase_id")
    for row in frame.to_dicts():
        line = settled.get(row["row"])
        if line is None:
            continue
        ref, currency = row["purchase_id"], row["currency"] or run.currency
        own = borne.get(ref, {})
        others = [f"{amount:,.2f} {code}" for code, amount in own.items() if code != currency]
        priced = row["total"] is not None or None not in (row["number"], row["price"])
        lacks = {
            "total": not priced,
            "currency": row["currency"] is None,
            "fees": not own and name_key(row["vendor"]) not in direct,
            "refunds": ref in cancelled and not line.returned,
            "settlement": not priced,
            "invoice": row["inv_no"] is None,
        }
        rows[ref] = row["row"]
        lines.append(
            PurchaseMoney(
                ref,
                ids.normalise_match(row["match"]) if row["match"] else None,
                row["sub_game"],
                row["category"],
                row["vendor"],
                row["number"],
                currency,
                float(line.due.total) if priced else None,
                float(line.received - line.returned + line.from_account),
                float(line.outstanding),
                float(own.get(currency, NOTHING)),
                ", ".join(others) or None,
                float(line.returned),
                settlement(line, disputed=row["disputed"]),
                row["inv_no"],
                tuple(name for name in _FIELDS if lacks[name]),
            )
        )
    counts = dict.fromkeys(states.SETTLEMENT, 0)
    for one in lines:
        counts[one.state] += 1
    lacking = Counter(name for one in lines for name in one.missing)
    findings = [*unclear(snapshot, [books]), *fees.unclear(snapshot, fees.standing(snapshot, run))]
    findings += _lacking(lines, rows)
    missing = {name: lacking[name] for name in _FIELDS}
    result = PurchaseReport(tuple(lines), counts, _sums(lines), missing)
    return Plan(findings=findings, result=result)


def _fees(snapshot: Snapshot, run: Run) -> dict[str, dict[str, Decimal]]:
    """{PurchaseID: {currency: fees}}. The fee of several purchases is divided among their units, as
    margins do."""
    units = Counter(snapshot[UNITS].frame["purchase_id"].drop_nulls().to_list())
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for fee in fees.standing(snapshot, run):
        bearing = [ref for ref in fee.purchases for _ in range(units[ref])] or fee.purchases
        for ref, part in zip(bearing, shares(fee.amount, len(bearing) or 1), strict=False):
            own = found[ref]
            own[fee.currency] = own.get(fee.currency, NOTHING) + part
    return found


def _direct(snapshot: Snapshot) -> set[str | None]:
    """The vendors who take no fee: those of type DIRECT."""
    rows = snapshot[VENDORS].frame.filter(pl.col("type") == _DIRECT)
    directory = Directory("vendor", snapshot[PURCHASES].frame["vendor"])
    return {name_key(directory.spelt(name)) for name in rows["vendor"].drop_nulls()}


def _sums(lines: Iterable[PurchaseMoney]) -> tuple[PurchaseSums, ...]:
    names = ("total", "paid", "outstanding", "fees", "refunds")
    cents: dict[str, Counter[str]] = {}
    for one in lines:
        of = cents.setdefault(one.currency, Counter())
        for name in names:
            of[name] += round((getattr(one, name) or 0) * 100)
    return tuple(
        PurchaseSums(currency, *(cents[currency][name] / 100 for name in names))
        for currency in sorted(cents)
    )


def _lacking(lines: list[PurchaseMoney], rows: dict[str, int]) -> list[Finding]:
    """One finding a field, with the first purchases that lack it."""
    found = []
    for name in _FIELDS:
        lack = [one.purchase for one in lines if name in one.missing]
        if lack:
            places = ", ".join(str(rows[ref]) for ref in lack[:_MOST])
            more = " …" if len(lack) > _MOST else ""
            text = f"{len(lack)} of {len(lines)} purchases have no {name}: {PURCHASES} row {places}{more}"
            found.append(Finding("MISSING_FINANCE", Severity.LOW, text, PURCHASES, rows[lack[0]]))
    return found
