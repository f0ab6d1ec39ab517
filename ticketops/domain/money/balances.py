"""Balances (§13, D24): what each client owes and what each vendor still gets, by currency and by age.

The age counts from the day on which a line is due: the date of its invoice, or, while it is not
invoiced, of the sale or purchase, and the payment terms of its client or vendor after that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticketops.domain.masterdata.aliases import (
    CLIENT,
    VENDOR,
    aliases_of,
    clients,
    party_keys,
    vendors,
)
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.money import accounts
from ticketops.domain.money.accounts import Books
from ticketops.domain.money.issued import Issued, by_sale
from ticketops.domain.money.ledger import NOTHING, Account, Settled
from ticketops.domain.plan import Plan, Run
from ticketops.model.findings import Finding, Severity
from ticketops.model.patterns import when_needed
from ticketops.model.results import OPTIONAL
from ticketops.schema.layouts.event import CLIENTS, PAYMENTS, PURCHASES, SALES, VENDORS
from ticketops.schema.tables import Snapshot

_AT_ONCE = when_needed(
    r"(?i)\s*(immediate(ly)?|at once|(up)?on receipt|due on receipt|(in )?advance|prepaid|cash)\s*"
)
_DAYS = when_needed(r"(?i)\s*(?:net\s*|within\s*)?(\d{1,3})\s*(?:d|days?)?(?:\s*net)?\.?\s*")


@dataclass(frozen=True, slots=True)
class Aging:
    """What is outstanding, by how many days it is overdue; what is not due yet is in the first."""

    to_30: float = field(metadata={"alias": "0-30"})
    to_60: float = field(metadata={"alias": "31-60"})
    to_90: float = field(metadata={"alias": "61-90"})
    older: float = field(metadata={"alias": "90+"})


@dataclass(frozen=True, slots=True)
class Balance:
    """What one client owes, or one vendor still gets, in one currency. invoiced + in_advance = paid +
    outstanding."""

    client: str | None = field(metadata=OPTIONAL)
    vendor: str | None = field(metadata=OPTIONAL)
    type: str | None
    """That of its master record: MARKETPLACE, AGENCY …"""
    currency: str
    invoiced: float
    """What its lines come to, whether an invoice names them or not; cancelled ones are out."""
    paid: float
    """What was paid and not paid back; what is kept of cancelled tickets is out."""
    outstanding: float
    in_advance: float
    """What was paid beyond what was to be paid: on account, or too much for a line."""
    overdue: float
    """What of the outstanding amount was due before the day of the balance."""
    no_invoice: float
    """What of the outstanding amount no invoice names: its age counts from the sale or purchase."""
    aging: Aging


@dataclass(frozen=True, slots=True)
class Balances:
    """`balance clients` and `balance vendors`: by name, then currency. as_of: the day for which it is
    (YYYY-MM-DD)."""

    as_of: str
    lines: tuple[Balance, ...]


class _Sums:
    def __init__(self) -> None:
        self.invoiced = self.outstanding = self.in_advance = self.no_invoice = NOTHING
        self.overdue = NOTHING
        self.ages = [NOTHING] * 4


def plan_balance(
    snapshot: Snapshot,
    kind: str,
    run: Run,
    *,
    as_of: datetime | None = None,
    name: str = "",
    every: bool = False,
) -> Plan:
    """The balances of clients or vendors, with the payments that are unclear. as_of: by what is dated
    up to this day; None: by everything, aged by today. name: only this one; every: those that are
    even, too. Raises NotFoundError and UnclearNameError for a name that nobody knows."""
    plan = Plan()
    made = accounts.of_sales if kind == CLIENT else accounts.of_purchases
    books = made(snapshot, run, until=as_of)
    spelt, only = spelt_names(snapshot, kind), None
    if name:
        directory = (clients if kind == CLIENT else vendors)(snapshot, run.chosen)
        found = directory.require(name, where=SALES if kind == CLIENT else PURCHASES, insist="")
        plan.findings += found.said(kind.lower())
        only = books.party(found.name)
    terms, unclear = terms_of(snapshot, kind, books)
    day = as_of or run.today
    sums = _summed(books, by_sale(snapshot) if kind == CLIENT else {}, terms, day)
    types = _types(snapshot, kind, books)
    lines = []
    for (party, currency), of in sums.items():
        even = not of.outstanding and not of.in_advance
        if (even and not every) or (name and party != only):
            continue
        who = spelt.get(party, party) or "nobody"
        lines.append(
            Balance(
                who if kind == CLIENT else None,
                who if kind == VENDOR else None,
                types.get(party),
                currency,
                float(of.invoiced),
                float(of.invoiced + of.in_advance - of.outstanding),
                float(of.outstanding),
                float(of.in_advance),
                float(of.overdue),
                float(of.no_invoice),
                Aging(*map(float, of.ages)),
            )
        )
    plan.findings += accounts.unclear(snapshot, [books], kind)
    shown = {books.party(line.client or line.vendor) for line in lines}
    plan.findings += [one for party, one in unclear.items() if party in shown]
    order = sorted(
        lines, key=lambda line: ((line.client or line.vendor or "").casefold(), line.currency)
    )
    plan.result = Balances(f"{day:%Y-%m-%d}", tuple(order))
    return plan


def _summed(
    books: Books, issued: Mapping[str, Issued], terms: Mapping[str | None, int], day: datetime
) -> dict[Account, _Sums]:
    sums: dict[Account, _Sums] = defaultdict(_Sums)
    for line in books.ledger.lines:
        of, still = sums[line.due.account], line.outstanding
        of.invoiced += line.due.total
        of.outstanding += still
        of.in_advance += line.spare
        of.no_invoice += NOTHING if (line.due.ref or "") in issued else still
        late = (day - due_day(line, issued, terms, day)).days
        of.overdue += still if late > 0 else NOTHING
        of.ages[_bucket(late)] += still
    for account, left in books.ledger.left.items():
        of = sums[account]
        of.in_advance += max(NOTHING, left)
        of.outstanding -= min(NOTHING, left)
        of.no_invoice -= min(NOTHING, left)
        of.ages[0] -= min(NOTHING, left)
    return sums


def due_day(
    line: Settled, issued: Mapping[str, Issued], terms: Mapping[str | None, int], day: datetime
) -> datetime:
    """The day on which a line is due. issued: `by_sale`; terms: of `terms_of`; day: for a line without
    any."""
    invoice = issued.get(line.due.ref or "")
    since = (invoice and invoice.issued) or line.due.date or day
    due = invoice and invoice.due
    return due or since + timedelta(days=terms.get(line.due.party, 0))


def _bucket(late: int) -> int:
    return 0 if late <= 30 else 1 if late <= 60 else 2 if late <= 90 else 3


def spelt_names(snapshot: Snapshot, kind: str) -> dict[str | None, str]:
    """{how a party is compared: its name}."""
    sheet, column = (SALES, "client") if kind == CLIENT else (PURCHASES, "vendor")
    names = [*snapshot[sheet].frame[column].drop_nulls(), *_paying(snapshot, column)]
    party = party_keys(snapshot, kind)
    owner = Directory(column, names, aliases_of(snapshot, kind)).owner
    return {party(name): owner(name) for name in reversed(names)}


def _paying(snapshot: Snapshot, column: str) -> list[str]:
    return snapshot[PAYMENTS].frame[column].drop_nulls().to_list()


def terms_of(
    snapshot: Snapshot, kind: str, books: Books
) -> tuple[dict[str | None, int], dict[str | None, Finding]]:
    """{party: after how many days it pays or is paid}, and those whose terms are not understood."""
    sheet, column = (CLIENTS, "client") if kind == CLIENT else (VENDORS, "vendor")
    days: dict[str | None, int] = {}
    unclear = {}
    frame = snapshot[sheet].frame.select("row", column, "payment_terms").drop_nulls()
    for row, name, text in frame.iter_rows():
        if found := _DAYS().fullmatch(text):
            days[books.party(name)] = int(found[1])
        elif not _AT_ONCE().fullmatch(text):
            message = f"the payment terms of {name} are not understood: {text!r}; its amounts are due at once (write 30 days)"
            unclear[books.party(name)] = Finding("TERMS_UNCLEAR", Severity.LOW, message, sheet, row)
    return days, unclear


def _types(snapshot: Snapshot, kind: str, books: Books) -> dict[str | None, str]:
    sheet, column = (CLIENTS, "client") if kind == CLIENT else (VENDORS, "vendor")
    frame = snapshot[sheet].frame.select(column, "type").drop_nulls()
    return {books.party(name): type_ for name, type_ in frame.iter_rows()}
