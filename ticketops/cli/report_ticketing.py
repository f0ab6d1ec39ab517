"""`ticketops report ticketing …` (000)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.allotment import LINE as ALLOTMENT
from ticketops.cli.session import Session, command
from ticketops.cli.transfer import LINE as TRANSFER
from ticketops.cli.waitlist import LINE as WAITING
from ticketops.model.display import counted

_PURCHASE: listing.Columns = (
    ("Purchase", lambda one: one.purchase[:10]),
    ("Vendor", "vendor"),
    ("Match", listing.occasion),
    ("Category", "category"),
    ("State", "state"),
    ("Total", lambda one: listing.money(one.total)),
    ("Paid", lambda one: listing.money(one.paid)),
    ("Open", lambda one: listing.money(one.outstanding)),
    ("Fees", lambda one: listing.money(one.fees)),
    ("Refunds", lambda one: listing.money(one.refunds)),
    ("Cur", "currency"),
    ("Missing", lambda one: ", ".join(one.missing)),
)
_SHOWN: dict[str, tuple[str, listing.Columns]] = {
    "transfers": ("transfer", TRANSFER),
    "waitlist": ("entry", WAITING),
    "purchases": ("purchase", _PURCHASE),
    "blocks": ("allotment", ALLOTMENT),
}


def mount(app: typer.Typer) -> None:
    """Make it a command of `report`."""
    command(app, "ticketing")(ticketing)


def ticketing(
    session: Session,
    which: Annotated[
        str,
        typer.Argument(
            metavar="transfers|waitlist|purchases|blocks",
            help="Transfers between guests, the waiting list, purchases against their money, or sponsors' allotments.",
        ),
    ],
    state: Annotated[
        str, typer.Option(metavar="STATE", help="Only lines in this state.", show_default=False)
    ] = "",
    csv: listing.Csv = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            "--output",
            metavar="FILE",
            help="Write the report to a file: .csv, .xlsx or .html.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Make a ticketing report: each line in its own state, and what is missing or does not add up.

    Example: ticketops report ticketing transfers --state PENDING -o pending.xlsx
    """
    from ticketops.services import reports
    from ticketops.services.ticketing_reports import ticketing_report

    if output is not None:
        listing.refuse_workbook(session, output)
        reports.require_ending(output)
    plan = session.plan_of(ticketing_report(which.strip().lower(), state))
    result = plan.result
    noun, columns = _SHOWN[which.strip().lower()]
    if output is not None:
        session.out.findings(plan.findings)
        reports.write(result, f"Ticketing {which.strip().lower()}", output)
        session.out.notice(f"{output}: {counted(len(result.lines), noun)}")
        return session.finish(result, plan.findings)
    if csv is not None:
        count = counted(len(result.lines), noun)
        listing.to_file(session, csv, reports.as_csv(result), count)
        if csv != "-":
            session.out.findings(plan.findings)
        return session.finish(result, plan.findings)
    code = listing.show(session, result, result.lines, noun, columns, None, plan.findings)
    if not session.out.as_json:
        _sums(session, result)
    return code


def _sums(session: Session, result: Any) -> None:
    counts = getattr(result, "counts", None)
    if counts:
        session.out.line(" · ".join(f"{number} {state}" for state, number in counts.items()))
    for one in getattr(result, "sums", ()):
        session.out.line(
            f"{one.currency}: total {one.total:,.2f}, paid {one.paid:,.2f}, open {one.outstanding:,.2f}, fees {one.fees:,.2f}, refunds {one.refunds:,.2f}"
        )
    if hasattr(result, "remaining"):
        session.out.line(
            f"{result.assigned} assigned = {result.used} used + {result.transferred} transferred + {result.revoked} revoked + {result.remaining} remaining"
        )
