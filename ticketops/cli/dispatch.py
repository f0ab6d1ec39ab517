"""`ticketops dispatch …`: the cascade, and what is late (§7–§9)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.book_options import became, show_books
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.clock.due import Deadlines
    from ticketops.domain.dispatch.overdue import DispatchStatus, Figures
    from ticketops.model.findings import Finding
    from ticketops.services.book_plans import Synced
    from ticketops.services.watching import Round

app = command_group("dispatch")
_BY = ("client", "supplier", "staff", "match")
_MOST = 30
_MATTER = ("Overdue", "Today", "To send", "No guest", "Issues", "Tickets", "Sent")
"""The most important figures, where there is no room for all."""


@command(app, "sync", writes=True)
def sync(session: Session) -> int:
    """Bring Distribution, the queues, the logins and all books up to date. Run it as often as you
    like.

    Returned books in the books folder are read first; books whose contents changed are rebuilt.
    """
    from ticketops.services import books

    store = session.store()
    return session.run(
        books.sync(store, session.settings), lambda result: _show_sync(session, result), store=store
    )


def _show_sync(session: Session, result: Synced) -> None:
    for file in result.files:
        session.out.line(f"{file.file} returned: {counted(file.edits, 'edit')}")
    if result.edits:
        session.out.line(became(result))
    if result.new_tasks:
        session.out.line(counted(result.new_tasks, "new staff task"))
    show_books(session, result.books)
    if result.gone:
        session.out.line(f"{counted(result.gone, 'book')} missing from where they were built")


@command(app, "watch", writes=True)
def watch(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder where files arrive.")],
    interval: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0.1, max=3600, help="How often to look for files."),
    ] = 5.0,
    once: Annotated[
        bool, typer.Option("--once", help="Read what is there now, then stop.")
    ] = False,
) -> int:
    """Read files as they arrive in a folder and bring everything up to date each time. Ctrl-C
    stops."""
    from ticketops.services.watching import watch as keep_watching

    if session.dry_run:
        raise UsageError(
            "dispatch watch has no dry run", "dispatch sync --dry-run shows what one round would do"
        )
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    findings: list[Finding] = []

    def on_progress(event: Round) -> None:
        findings.extend(event.findings)
        if event.lines or event.findings:
            session.out.status("")
        for line in event.lines:
            session.out.line(" ".join(line.splitlines()))  # a file's name may hold a line break
        session.out.findings(event.findings)
        session.out.status(event.status)

    try:
        totals = keep_watching(
            session.store,
            session.settings,
            folder,
            interval=interval,
            on_progress=on_progress,
            once=once,
        )
    finally:
        session.out.status("")
    session.out.notice(f"stopped: {counted(totals.files, 'file')}, {counted(totals.edits, 'edit')}")
    return session.finish(totals, findings)


@command(app, "deadlines", writes=True)
def deadlines(session: Session) -> int:
    """Show what is due: tickets not sent as their match comes near, guests not named, payments late.
    Exit code 1 if any of it matters.

    The setting clock_days says how many days before. Run it every night: what is due for the first
    time makes messages, if its trigger is on.
    """
    from ticketops.services import clock

    return session.run(
        clock.deadlines(session.settings),
        lambda result: _show_deadlines(session, result),
        changes_expected=False,
    )


def _show_deadlines(session: Session, result: Deadlines) -> None:
    out = session.out
    if result.unsent:
        heads = ("Match", "In days", "Deadline", "Late", "Medal", "Unsent", "No unit", "No guest")
        rows = [
            (
                *(one.match, one.days, one.deadline, "yes" if one.late else ""),
                *("yes" if one.medal else "", one.tickets, one.without_unit, one.without_guest),
            )
            for one in result.unsent
        ]
        out.table(heads, rows, first=("Deadline", "Unsent", "Late", "In days"))
    if result.guests:
        guests = [(one.client, one.match, one.due_on, one.tickets) for one in result.guests]
        _cut(session, ("Client", "Match", "Names due", "Guests not named"), guests)
    if result.payments:
        owed = [
            (one.client, one.sale, one.due_on, f"{one.open:,.2f} {one.currency}")
            for one in result.payments
        ]
        _cut(session, ("Client", "Sale", "Payment due", "Open"), owed)
    if not (result.unsent or result.guests or result.payments):
        out.line("nothing is due")


def _cut(session: Session, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table, of which a terminal shows the first rows."""
    shown = rows[:_MOST] if session.out.terminal else rows
    session.out.table(heads, shown)
    if len(shown) < len(rows):
        session.out.line(f"… and {len(rows) - len(shown)} more (a pipe or --json shows them all)")


@command(app, "status")
def status(
    session: Session,
    by: Annotated[
        str,
        typer.Option(
            metavar="WHO",
            help=f"Figures by {', '.join(_BY)}; default: client, supplier and staff.",
            show_default=False,
        ),
    ] = "",
    match: Annotated[
        list[str] | None,
        typer.Option(
            "--match",
            metavar="CODE",
            help="Only this match, or sub-game: M01/RACE. Repeatable.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Show what is sent, what is late for its match's deadline, and what must be done today. Exit
    code 1 if something is overdue."""
    from ticketops.services import dispatch

    by = by.strip().lower()
    if by and by not in _BY:
        raise UsageError(f"--by must be one of {', '.join(_BY)}, not {by!r}")
    return session.look(
        dispatch.dispatch_status(session.settings, match or ()),
        lambda result: _show_status(session, result, by),
    )


def _show_status(session: Session, result: DispatchStatus, by: str) -> None:
    heads = (
        "Tickets",
        "Allocated",
        "Sent",
        "Accepted",
        "Pending",
        "Issues",
        "No guest",
        "To send",
        "Overdue",
        "Today",
    )
    tables = {
        "client": result.clients,
        "supplier": result.suppliers,
        "staff": result.staff,
        "match": result.matches,
    }
    for whom in [by] if by else ["client", "supplier", "staff"]:
        of = sorted(
            tables[whom].items(),
            key=lambda item: (-item[1].overdue, -item[1].today, -item[1].tickets),
        )
        shown = of if by else of[:_MOST]
        if shown:
            session.out.table(
                (whom.capitalize(), *heads),
                [_figures(name, figures) for name, figures in shown],
                first=_MATTER,
            )
        if len(shown) < len(of):
            session.out.line(f"… and {len(of) - len(shown)} more: --by {whom}")
    session.out.table(("All", *heads), [_figures("", result.total)], first=_MATTER)
    if result.today:
        rows = [
            (
                f"{row.deadline:%Y-%m-%d %H:%M}" if row.deadline else "",
                row.match,
                row.what,
                row.who,
                row.tickets,
                row.first,
            )
            for row in result.today[:_MOST]
        ]
        session.out.line("To do today:")
        session.out.table(
            ("Deadline", "Match", "What", "Who", "Tickets", "First"),
            rows,
            first=("Match", "What", "Who"),
        )
        if len(result.today) > _MOST:
            session.out.line(f"… and {len(result.today) - _MOST} more (--json lists all)")
    else:
        session.out.line("Nothing to do today.")


def _figures(name: str, of: Figures) -> tuple[str | int, ...]:
    """A row of a table of figures."""
    return (
        name,
        of.tickets,
        of.allocated,
        of.sent,
        of.accepted,
        of.pending,
        of.issues,
        of.no_guest,
        of.to_send,
        of.overdue,
        of.today,
    )
