"""`ticketops report …` (§11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing, report_ticketing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.reporting.figures import PositionReport

app = command_group("report")
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="RUNID|DATE",
        help="As the workbook was after this run of `ticketops log`, or at the end of this day.",
        show_default=False,
    ),
]
_Since = Annotated[
    str | None,
    typer.Option("--since", metavar="DATE", help="Days from this one on only.", show_default=False),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--out",
        metavar="FILE",
        help="Write the report to a file: .csv, .xlsx or .html.",
        show_default=False,
    ),
]
_MOST_DAYS = 20
_ByStock = Annotated[str, typer.Option("--by", metavar="WHAT", help="match, category or both.")]
_ByMoney = Annotated[
    str, typer.Option("--by", metavar="WHAT", help="match, client, vendor, category or sale.")
]


@command(app, "position", writes=True)
def position(
    session: Session,
    write: Annotated[
        bool, typer.Option("--write", help="Write the report into _REPORT_POSITION.")
    ] = False,
    as_of: AsOf = None,
    csv: listing.Csv = None,
    out: Out = None,
) -> int:
    """Show the position report: sold, sent, open, available, oversold and surplus, in total and per
    match and category."""
    from ticketops.services.reporting import position_job

    if write and (as_of is not None or csv is not None or out is not None):
        raise UsageError("--write goes with none of --as-of, --csv and -o")
    if write:
        return session.run(position_job(write=True), lambda result: _position(session, result))
    if csv is None and out is None:
        job = position_job(write=False)
        return session.look(job, lambda result: _position(session, result), as_of=as_of)
    return _report(session, position_job(write=False), "Position", as_of, csv, out)


report_ticketing.mount(app)


@command(app, "summary")
def summary(
    session: Session,
    by: _ByMoney = "client",
    as_of: AsOf = None,
    csv: listing.Csv = None,
    out: Out = None,
) -> int:
    """Show revenue, cost, margin and how many tickets are sent, and revenue by client."""
    from ticketops.domain.money.margin import BY
    from ticketops.services import reports

    job = reports.summary_job(one_of(by, BY))
    return _report(session, job, "Summary", as_of, csv, out)


@command(app, "inventory")
def inventory(
    session: Session,
    by: _ByStock = "match",
    as_of: AsOf = None,
    csv: listing.Csv = None,
    out: Out = None,
) -> int:
    """Show how many units were purchased, and how many of them are available and allocated."""
    from ticketops.domain.reporting.stock import BY
    from ticketops.services import reports

    job = reports.inventory_job(one_of(by, BY))
    return _report(session, job, "Inventory", as_of, csv, out)


@command(app, "allocation")
def allocation(
    session: Session,
    by: _ByStock = "match",
    since: _Since = None,
    as_of: AsOf = None,
    csv: listing.Csv = None,
    out: Out = None,
) -> int:
    """Show how many tickets are unallocated, allocated and dispatched, and what happened on which
    day."""
    from ticketops.domain.reporting.stock import BY
    from ticketops.services import reports

    job = reports.allocation_job(one_of(by, BY), _day(session, since))
    return _report(session, job, "Allocation", as_of, csv, out)


@command(app, "dispatch")
def dispatch(
    session: Session,
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT", help="client, supplier, staff or match.")
    ] = "client",
    as_of: AsOf = None,
    csv: listing.Csv = None,
    out: Out = None,
) -> int:
    """Show how many tickets are sent and pending, by client."""
    from ticketops.domain.reporting.reports import DISPATCH_BY
    from ticketops.services import reports

    job = reports.dispatch_job(one_of(by, DISPATCH_BY), session.settings)
    return _report(session, job, "Dispatch", as_of, csv, out)


@command(app, "pnl")
def pnl(
    session: Session,
    by: _ByMoney = "match",
    since: _Since = None,
    as_of: AsOf = None,
    csv: listing.Csv = None,
    out: Out = None,
) -> int:
    """Show profit and loss: gross margin, sell-through by category, and revenue by day."""
    from ticketops.domain.money.margin import BY
    from ticketops.services import reports

    job = reports.pnl_job(one_of(by, BY), _day(session, since))
    return _report(session, job, "Profit and loss", as_of, csv, out)


@command(app, "match")
def match(
    session: Session,
    match: Annotated[str, typer.Argument(metavar="MATCH", help="M12, or a sub-game: M01/RACE.")],
    as_of: AsOf = None,
    csv: listing.Csv = None,
    out: Out = None,
) -> int:
    """Show one match by category: purchased and sold in tickets and money, what remains, and what is
    oversold."""
    from ticketops.services import reports

    job = reports.match_job(match, session.settings)
    return _report(session, job, "Match", as_of, csv, out)


def one_of(text: str, known: Sequence[str]) -> str:
    """What `--by` says, in any case. Raises UsageError."""
    word = text.strip().lower()
    if word not in known:
        raise UsageError(f"--by must be one of {', '.join(known)}, not {text!r}")
    return word


def _day(session: Session, since: str | None) -> datetime | None:
    from ticketops.services import intake

    if since is None:
        return None
    return intake.option_date(since, "since", datetime.now(), session.settings.dates)


def _report(
    session: Session, job: Any, title: str, as_of: str | None, csv: str | None, out: Path | None
) -> int:
    """Carry out the job of a report, and show it, or write it where it is asked for; the exit code."""
    from ticketops.services import reports

    if out is not None:
        listing.refuse_workbook(session, out)
        reports.require_ending(out)
    plan = session.plan_of(job, as_of=as_of)
    found = plan.result
    if out is not None:
        reports.write(found, title, out)
        session.out.notice(f"{out}: {title}")
    if csv is not None:
        count = counted(len(found.lines), "line")
        listing.to_file(session, csv, reports.as_csv(found), count)
    elif out is None:
        _show(session, title, found)
    if csv != "-":
        session.out.findings(plan.findings)
    return session.finish(found, plan.findings)


def _show(session: Session, title: str, found: Any) -> None:
    """The tables of a report."""
    from ticketops.domain.reporting import sections

    session.out.line(f"{title} · {sections.heading(found)}")
    tables = sections.sections(found)
    for one in tables:
        session.out.line()
        rows = one.texts
        if one.name in ("progress", "timeline"):
            rows = rows[-_MOST_DAYS:]
        session.out.table(one.headers, rows, title=one.title, first=_FIRST)
        if len(rows) < len(one.texts):
            session.out.line(f"… and {len(one.texts) - len(rows):,} earlier (--json, -o FILE)")
    if not tables:
        session.out.line("nothing to report")


_FIRST = (
    *("Category", "Cur", "Tickets", "Revenue", "Cost", "Margin", "Purchased", "Available"),
    *("Allocated", "Bought", "Bought for", "Sold", "Sold for", "Left", "Alert", "Sent", "Pending"),
    *("Unallocated", "Dispatched", "True shortage", "Open"),
)
"""The most important columns, where there is no room for all."""


def _position(session: Session, result: PositionReport) -> None:
    from ticketops.domain.reporting.figures import FIGURES, figures_of

    headers = [name.replace("_", " ").capitalize() for name in FIGURES]
    session.out.line("Tickets position")
    session.out.figures(list(zip(headers, figures_of(result), strict=True)))
    rows = [(line.match, line.category, *figures_of(line)) for line in result.lines]
    session.out.table(
        ["Match", "Category", *headers],
        rows,
        title="Per match and category",
        first=("Category", "True shortage", "Open", "Available"),
    )
