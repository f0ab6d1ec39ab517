"""`ticketops balance …`: who owes what (§13, D24)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group

if TYPE_CHECKING:
    from ticketops.domain.money.balances import Balances

app = command_group("balance")
_AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="By what is dated up to this day; default: by everything, aged by today.",
        show_default=False,
    ),
]
_Aged = Annotated[bool, typer.Option("--aging", help="Show how many days the amounts are overdue.")]
_All = Annotated[bool, typer.Option("--all", help="Those who are even, too.")]


@command(app, "clients")
def clients(
    session: Session,
    as_of: _AsOf = None,
    client: listing.Client = "",
    aging: _Aged = False,
    every: _All = False,
    csv: listing.Csv = None,
) -> int:
    """Show what each client owes, by currency. The age counts from the invoice, else from the sale,
    and the client's payment terms."""
    return _balance(session, "CLIENT", as_of, client, aging=aging, every=every, csv=csv)


@command(app, "vendors")
def vendors(
    session: Session,
    as_of: _AsOf = None,
    vendor: listing.Vendor = "",
    aging: _Aged = False,
    every: _All = False,
    csv: listing.Csv = None,
) -> int:
    """Show what each vendor still gets, by currency. The age counts from the purchase and the
    vendor's payment terms."""
    return _balance(session, "VENDOR", as_of, vendor, aging=aging, every=every, csv=csv)


def _balance(
    session: Session,
    kind: str,
    as_of: str | None,
    name: str,
    *,
    aging: bool,
    every: bool,
    csv: str | None,
) -> int:
    from ticketops.services import intake, money

    order = session.settings.dates
    day = intake.option_date(as_of, "as-of", datetime.now(), order) if as_of is not None else None
    plan = session.plan_of(money.balance(kind, day, name, every=every))
    found: Balances = plan.result
    if csv is not None:
        listing.to_file(session, csv, _csv(found), f"{len(found.lines):,} balances")
        return session.finish(found, plan.findings)
    listing.table(session, found.lines, _AGED if aging else _PLAIN)
    totals: dict[str, float] = defaultdict(float)
    for line in found.lines:
        totals[line.currency] += line.outstanding
    said = " and ".join(f"{amount:,.2f} {currency}" for currency, amount in sorted(totals.items()))
    session.out.line(f"{found.as_of}: {said or 'nothing'} outstanding")
    session.out.findings(plan.findings)
    return session.finish(found, plan.findings)


_PARTY = ("Party", lambda one: one.client or one.vendor)
_PLAIN: listing.Columns = (
    _PARTY,
    ("Cur", "currency"),
    ("Invoiced", lambda one: listing.money(one.invoiced)),
    ("Paid", lambda one: listing.money(one.paid)),
    ("Outstanding", lambda one: listing.money(one.outstanding)),
    ("Overdue", lambda one: listing.money(one.overdue)),
    ("In advance", lambda one: listing.money(one.in_advance)),
    ("No invoice", lambda one: listing.money(one.no_invoice)),
    ("Type", "type"),
)
_AGED: listing.Columns = (
    _PARTY,
    ("Cur", "currency"),
    ("Outstanding", lambda one: listing.money(one.outstanding)),
    ("0-30", lambda one: listing.money(one.aging.to_30)),
    ("31-60", lambda one: listing.money(one.aging.to_60)),
    ("61-90", lambda one: listing.money(one.aging.to_90)),
    ("90+", lambda one: listing.money(one.aging.older)),
    ("Type", "type"),
)


def _csv(found: Balances) -> str:
    names = ["party", "type", "currency", "invoiced", "paid", "outstanding", "in_advance"]
    ages = ["overdue", "no_invoice", "0-30", "31-60", "61-90", "90+"]
    return listing.csv_text(
        names + ages,
        (
            [
                *(one.client or one.vendor, one.type, one.currency, one.invoiced, one.paid),
                *(one.outstanding, one.in_advance, one.overdue, one.no_invoice),
                *(one.aging.to_30, one.aging.to_60, one.aging.to_90, one.aging.older),
            ]
            for one in found.lines
        ),
    )
