"""The figures of an event that is closed (§13): revenue, cost, margin, what was paid to vendors, what
clients were invoiced. They are those of `margin` and `balance`, by the same functions, to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ticketops.domain.masterdata.aliases import CLIENT, VENDOR
from ticketops.domain.money import accounts, balances, issued, margin
from ticketops.domain.money.accounts import Books
from ticketops.domain.money.ledger import NOTHING, Settled
from ticketops.domain.money.worth import units_worth
from ticketops.domain.plan import Plan, Run
from ticketops.model import ids
from ticketops.model.money import exact
from ticketops.schema.layouts.event import INVOICES, PURCHASES, SALES
from ticketops.schema.tables import Snapshot

REVENUE, COST, MARGIN, PAYMENTS, INVOICED = (
    "Revenue",
    "Cost",
    "Margin",
    "Vendor payments",
    "Client invoices",
)
ON_ACCOUNT, NOT_INVOICED = "on account", "not invoiced"
SERVES, OF_SALES = "serves a ticket", "fees of sales"
_MONEY = Decimal("0.01")
_PAID = ("Paid", "Outstanding", "In advance")


class FinancialSheet(Struct, frozen=True):
    """A sheet of the export. columns: its headers; sums: those of them that are summed, a line per
    currency; rows: amounts are Decimals of whole cents."""

    title: str
    columns: tuple[str, ...]
    sums: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def file(self) -> str:
        """Its name as a CSV file."""
        return f"{self.title.lower().replace(' ', '-')}.csv"

    def totals(self) -> dict[str, dict[str, Any]]:
        """{currency: {header: its sum}}."""
        at = self.columns.index("Currency")
        found: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            of = found.setdefault(row[at], dict.fromkeys(self.sums, 0))
            for name in self.sums:
                of[name] += row[self.columns.index(name)] or 0
        return dict(sorted(found.items()))


class Financial(Struct, frozen=True):
    """What `export financial` writes. event: its code; as_of: the moment that it is of."""

    event: str
    as_of: datetime
    sheets: tuple[FinancialSheet, ...]


@dataclass(frozen=True, slots=True)
class FinancialTotal:
    """The sums of one sheet in one currency."""

    sheet: str
    currency: str
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class FinancialExported:
    """`export financial`: the files, how many lines each sheet has, and its sums."""

    folder: str
    files: tuple[str, ...]
    lines: dict[str, int]
    totals: tuple[FinancialTotal, ...]


def plan_financial(snapshot: Snapshot, run: Run) -> Plan:
    """The sheets of the export, with what `margin` and `balance` find unclear."""
    reckoned = margin.reckon(snapshot, run, _key, nobody=("", "", "", "", ""))
    sales, purchases = accounts.of_sales(snapshot, run), accounts.of_purchases(snapshot, run)
    sheets = (
        _revenue(snapshot, reckoned),
        _cost(snapshot, run, reckoned),
        _margin(reckoned),
        _payments(snapshot, purchases),
        _invoices(snapshot, sales),
    )
    findings = [
        *reckoned.findings,
        *accounts.unclear(snapshot, [sales], CLIENT),
        *accounts.unclear(snapshot, [purchases], VENDOR),
    ]
    code = run.event.code if run.event else ""
    return Plan(result=Financial(code, run.now, sheets), findings=findings)


def exported(found: Financial, folder: str, files: Sequence[str]) -> FinancialExported:
    """What is told of an export that was written."""
    totals = [
        FinancialTotal(
            one.title, currency, {name: float(amount) for name, amount in figures.items()}
        )
        for one in found.sheets
        for currency, figures in one.totals().items()
    ]
    lines = {one.title: len(one.rows) for one in found.sheets}
    return FinancialExported(folder, tuple(files), lines, tuple(totals))


def _key(sale: margin.Sold, vendor: str) -> tuple[str, str, str, str, str]:
    return sale.ref, sale.match, sale.client, sale.category, vendor


def _cents(*amounts: Decimal) -> tuple[Decimal, ...]:
    return tuple(amount.quantize(_MONEY) for amount in amounts)


def _order(row: Sequence[Any]) -> list[Any]:
    return [ids.natural_order(str(value or "")) for value in row]


# --- what was earned


def _revenue(snapshot: Snapshot, reckoned: margin.Reckoned) -> FinancialSheet:
    """A line per sale: what it brings, and what of it is given back."""
    about = {
        row["sales_id"]: row
        for row in reversed(snapshot[SALES].frame.to_dicts())
        if row["sales_id"]
    }
    rows = []
    for (key, currency), sums in margin.merged(reckoned.sums, lambda key: key[:4]).items():
        if not (sums.revenue or sums.refunds or sums.tickets):
            continue
        ref, match, client, category = key
        row = about.get(ref, {})
        said = (row.get("status"), row.get("payment_status"))
        rows.append(
            (
                *(ref, row.get("date"), client, match, category, *said, sums.tickets, currency),
                *_cents(sums.revenue, sums.refunds),
            )
        )
    columns = ("Sale", "Date", "Client", "Match", "Category", "Status", "Payment", "Tickets")
    return FinancialSheet(
        REVENUE,
        (*columns, "Currency", "Revenue", "Refunds"),
        ("Tickets", "Revenue", "Refunds"),
        tuple(sorted(rows, key=lambda row: _order((row[0], row[8])))),
    )


def _paid(line: Settled) -> tuple[Decimal, Decimal, Decimal]:
    """What was paid of a line, what is outstanding, and what was paid beyond it: paid + outstanding =
    total + beyond, as `balance` has it."""
    return line.due.total + line.spare - line.outstanding, line.outstanding, line.spare


def _cost(snapshot: Snapshot, run: Run, reckoned: margin.Reckoned) -> FinancialSheet:
    """What units cost, by vendor, match, category and what became of them: the cost of those that
    serve tickets is that of the margin, the others are unsold. The fees of sales are apart."""
    sums: dict[tuple[str, ...], list[Any]] = defaultdict(lambda: [0, *[NOTHING] * 4])
    charged: dict[str, Decimal] = defaultdict(Decimal)
    for unit_id, unit in units_worth(snapshot, run).items():
        rest = unit_id in reckoned.rest
        place = (unit.vendor, unit.match, unit.category, unit.status if rest else SERVES)
        of = sums[*place, unit.currency]
        of[0] += 1
        of[3 if rest else 1] += unit.cost
        for currency, part in unit.fees:
            sums[*place, currency][4 if rest else 2] += part
            charged[currency] -= NOTHING if rest else part
    for (_place, currency), one in reckoned.sums.items():
        charged[currency] += one.fees
    for currency, left in charged.items():
        if left:
            sums["", "", "", OF_SALES, currency][2] += left
    rows = [
        (*(text or None for text in place), units, *_cents(*amounts))
        for place, (units, *amounts) in sums.items()
    ]
    amounts_of = ("Cost", "Fees", "Unsold", "Fees of unsold")
    return FinancialSheet(
        COST,
        ("Vendor", "Match", "Category", "Status", "Currency", "Units", *amounts_of),
        ("Units", *amounts_of),
        tuple(sorted(rows, key=lambda row: _order(row[:5]))),
    )


def _margin(reckoned: margin.Reckoned) -> FinancialSheet:
    """A line per match, as `margin` has it."""
    lines = margin.lines_of(margin.merged(reckoned.sums, lambda key: key[1]))
    rows = tuple(
        (
            line.key or None,
            line.currency,
            line.tickets,
            *_cents(*map(exact, (line.revenue, line.cost, line.fees, line.margin))),
            line.margin_pct,
            *_cents(exact(line.refunds)),
        )
        for line in lines
    )
    return FinancialSheet(
        MARGIN,
        (
            "Match",
            "Currency",
            "Tickets",
            "Revenue",
            "Cost",
            "Fees",
            "Margin",
            "Margin %",
            "Refunds",
        ),
        ("Tickets", "Revenue", "Cost", "Fees", "Margin", "Refunds"),
        rows,
    )


# --- what was paid


def _payments(snapshot: Snapshot, books: Books) -> FinancialSheet:
    """A line per purchase, and one for what is on account with a vendor."""
    names = balances.spelt_names(snapshot, VENDOR)
    about = {
        row["row"]: row
        for row in snapshot[PURCHASES].frame.select("row", "match", "contract").to_dicts()
    }
    rows = [
        (
            names.get(line.due.party, line.due.party) or "nobody",
            line.due.ref,
            line.due.date,
            about[line.due.row]["match"],
            about[line.due.row]["contract"],
            line.due.currency,
            *_cents(line.due.total, *_paid(line)),
        )
        for line in books.ledger.lines
    ]
    for name, currency, amounts in _left(books, names):
        rows.append((name, ON_ACCOUNT, None, None, None, currency, *amounts))
    columns = ("Vendor", "Purchase", "Date", "Match", "Contract", "Currency", "Purchased", *_PAID)
    sums = ("Purchased", *_PAID)
    return FinancialSheet(
        PAYMENTS, columns, sums, tuple(sorted(rows, key=lambda row: _order((row[0], row[5]))))
    )


def _left(
    books: Books, names: dict[str | None, str]
) -> Iterator[tuple[str, str, tuple[Decimal, ...]]]:
    """(party, currency, (total, paid, outstanding, in advance)) of what settles no line."""
    for (party, currency), left in books.ledger.left.items():
        ahead, behind = max(NOTHING, left), max(NOTHING, -left)
        yield (
            names.get(party, party) or "nobody",
            currency,
            _cents(NOTHING, ahead - behind, behind, ahead),
        )


def _invoices(snapshot: Snapshot, books: Books) -> FinancialSheet:
    """A line per invoice that stands: what it is of, what its sales come to now, what of that was
    paid; and per client what is on no invoice, and what is on account."""
    names = balances.spelt_names(snapshot, CLIENT)
    of = issued.by_sale(snapshot)
    frame = snapshot[INVOICES].frame.select("invoice", "total").drop_nulls("invoice")
    amounts = {invoice: exact(total) for invoice, total in frame.iter_rows()}
    groups: dict[tuple[str | None, str, str], list[Settled]] = defaultdict(list)
    for line in books.ledger.lines:
        invoice = of[line.due.ref].invoice if line.due.ref in of else NOT_INVOICED
        groups[line.due.party, line.due.currency, invoice].append(line)
    told = {one.invoice: one for one in of.values()}
    rows, stated = [], set[str]()
    for (party, currency, invoice), lines in groups.items():
        one = told.get(invoice)
        amount = amounts.get(invoice, NOTHING) if invoice not in stated else NOTHING
        stated.add(invoice)
        now = sum((line.due.total for line in lines), NOTHING)
        paid = [sum(parts, NOTHING) for parts in zip(*map(_paid, lines), strict=True)]
        differs = amount - now if one else NOTHING
        rows.append(
            (
                names.get(party, party) or "nobody",
                invoice,
                one.issued if one else None,
                one.due if one else None,
                len(lines),
                currency,
                *_cents(amount, now, differs, *paid),
            )
        )
    for name, currency, (total, *paid) in _left(books, names):
        rows.append(
            (name, ON_ACCOUNT, None, None, 0, currency, *_cents(NOTHING, total, NOTHING, *paid))
        )
    columns = ("Client", "Invoice", "Issued", "Due", "Sales", "Currency")
    sums = ("Invoiced", "Sold", "Difference", *_PAID)
    return FinancialSheet(
        INVOICED,
        (*columns, *sums),
        ("Sales", *sums),
        tuple(sorted(rows, key=lambda row: _order((row[0], row[5], row[1])))),
    )
