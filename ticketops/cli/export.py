"""`ticketops export …` (§13): what the books of the house need of an event."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ticketops.cli.session import Session, command, command_group

app = command_group("export")


@command(app, "financial")
def financial(
    session: Session,
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="FOLDER", help="The folder; it is made.")
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Replace files of these names that exist.")
    ] = False,
) -> int:
    """Write the financial close: revenue, cost, margin, payments to vendors, invoices of clients.

    A workbook with a sheet for each and its sums, and five CSV files. The sums are those of `margin`,
    `balance clients` and `balance vendors`, one line per currency.
    """
    from ticketops.cli.listing import refuse_workbook
    from ticketops.services import financial as service

    refuse_workbook(session, service.workbook_in(out))
    plan = session.planned(service.export_financial())
    done = service.write(plan.result, out, force=force)
    rows = [
        (one.sheet, one.currency, *(one.figures.get(name) for name in _SHOWN))
        for one in done.totals
    ]
    session.out.table(
        ("Sheet", "Currency", *_SHOWN), [tuple(_text(value) for value in row) for row in rows]
    )
    session.out.line(f"{out}: {', '.join(done.files)}")
    session.out.findings(plan.findings)
    return session.finish(done, plan.findings)


_SHOWN = (
    "Revenue",
    "Cost",
    "Fees",
    "Margin",
    "Purchased",
    "Invoiced",
    "Sold",
    "Paid",
    "Outstanding",
)


def _text(value: object) -> object:
    return f"{value:,.2f}" if isinstance(value, float) else "" if value is None else value
