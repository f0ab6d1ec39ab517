"""`ticketops margin`: what was earned (§13)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.report import AsOf
from ticketops.cli.session import Session, command
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.money.margin import Margins

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "margin")
def margin(
    session: Session,
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT", help="match, client, vendor, category or sale.")
    ] = "match",
    as_of: AsOf = None,
    csv: listing.Csv = None,
) -> int:
    """Show revenue, the cost of the units that serve it, fees, refunds and margin, by currency, and
    what unsold units cost."""
    from ticketops.domain.money.margin import BY
    from ticketops.services import money

    wanted = by.strip().lower()
    if wanted not in BY:
        raise UsageError(f"--by must be one of {', '.join(BY)}, not {by!r}")
    plan = session.plan_of(money.margins(wanted), as_of=as_of)
    found: Margins = plan.result
    if csv is not None:
        text = listing.as_csv(found.lines)
        listing.to_file(session, csv, text, counted(len(found.lines), "line"))
        return session.finish(found, plan.findings)
    listing.table(
        session, found.lines, ((wanted.capitalize(), lambda one: one.key or "none"), *_LINE)
    )
    _unsold(session, found)
    session.out.findings(plan.findings)
    return session.finish(found, plan.findings)


def _unsold(session: Session, found: Margins) -> None:
    """The sums of all lines, and what unsold units cost, by currency."""
    out = session.out
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for line in found.lines:
        sums[line.currency][0] += line.revenue
        sums[line.currency][1] += line.margin
    for currency, (revenue, left) in sorted(sums.items()):
        percent = f", {left / revenue * 100:,.1f} %" if revenue else ""
        out.line(f"{currency}: revenue {revenue:,.2f}, margin {left:,.2f}{percent}")
    units: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0.0])
    for one in found.unsold:
        units[one.status, one.currency][0] += one.units
        units[one.status, one.currency][1] += one.cost + one.fees
    rows = [
        (status, int(count), listing.money(cost), currency)
        for (status, currency), (count, cost) in sorted(units.items())
    ]
    if rows:
        out.table(("Unsold", "Units", "Cost", "Cur"), rows)


_LINE: listing.Columns = (
    ("Cur", "currency"),
    ("Tickets", "tickets"),
    ("Revenue", lambda one: listing.money(one.revenue)),
    ("Cost", lambda one: listing.money(one.cost)),
    ("Fees", lambda one: listing.money(one.fees)),
    ("Refunds", lambda one: listing.money(one.refunds)),
    ("Margin", lambda one: listing.money(one.margin)),
    ("%", lambda one: "" if one.margin_pct is None else f"{one.margin_pct:,.1f}"),
)
