"""`ticketops dispatch …`: the cascade, and what is late (§7–§9)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ticketops.cli.books import became, show_built
from ticketops.cli.output import counted
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError

app = command_group("dispatch")
_BY = ("client", "supplier", "staff", "match")
_MOST = 30


@command(app, "sync", writes=True)
def sync(session: Session) -> int:
    """Bring Distribution, the queues, the vault and every book that was built into agreement. Run it as often as you like.

    Books that came back in their place are read first; those whose contents changed are made anew.
    """
    from ticketops.services import books

    store = session.store()
    return session.run(books.sync(store, session.settings), lambda result: _show_sync(session, result), store=store)


def _show_sync(session: Session, result: dict[str, Any]) -> None:
    for file in result["files"]:
        session.out.line(f"{file['file']} came back: {counted(file['edits'], 'edit')}")
    if result["edits"]:
        session.out.line(became(result))
    if result["new_tasks"]:
        session.out.line(counted(result["new_tasks"], "new staff task"))
    if result["books"]:
        show_built(session, result | {"edits": 0})
    if result["gone"]:
        session.out.line(f"{counted(result['gone'], 'book')} no longer where they were built")


@command(app, "watch", writes=True)
def watch(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where files arrive.")],
    interval: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, max=3600, help="How often to look.")] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="Take what is there now, then stop.")] = False,
) -> int:
    """Take files over as they arrive in a folder, and bring everything into agreement each time, until stopped with Ctrl-C."""
    from ticketops.services.watching import watch as keep_watching

    if session.dry_run:
        raise UsageError("dispatch watch has no dry run", "dispatch sync --dry-run shows what one round would do")
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder")
    findings: list[Any] = []

    def told(event: Any) -> None:
        findings.extend(event.findings)
        if event.lines or event.findings:
            session.out.status("")
        for line in event.lines:
            session.out.line(line)
        session.out.findings(event.findings)
        session.out.status(event.status)

    try:
        totals = keep_watching(session.store, session.settings, folder, interval=interval, told=told, once=once)
    finally:
        session.out.status("")
    session.out.notice(f"stopped: {counted(totals['files'], 'file')}, {counted(totals['edits'], 'edit')}")
    return session.finish(totals, findings)


@command(app, "status")
def status(
    session: Session,
    by: Annotated[str, typer.Option(metavar="WHOM", help=f"Figures by {', '.join(_BY)}; if not given, by client, supplier and staff.",
                                    show_default=False)] = "",
) -> int:  # fmt: skip
    """What was sent, what is late against each match's deadline, and what must be done today."""
    from ticketops.services import dispatch

    by = by.strip().lower()
    if by and by not in _BY:
        raise UsageError(f"--by {by!r}: it is {', '.join(_BY)}")
    return session.look(dispatch.dispatch_status(session.settings), lambda result: _show_status(session, result, by))


def _show_status(session: Session, result: dict[str, Any], by: str) -> None:
    heads = {"tickets": "Tickets", "allocated": "Allocated", "sent": "Sent", "accepted": "Accepted", "pending": "Pending", "issues": "Issues",
             "no_guest": "No guest", "to_send": "To send", "overdue": "Overdue", "today": "Today"}  # fmt: skip
    names = {"client": "clients", "supplier": "suppliers", "staff": "staff", "match": "matches"}
    for whom in [by] if by else ["client", "supplier", "staff"]:
        table = result[names[whom]]
        rows = [(name, *figures.values()) for name, figures in table.items()]
        rows.sort(key=lambda row: (-row[9], -row[10], -row[1]))
        shown = rows if by else rows[:_MOST]
        if shown:
            session.out.table((whom.capitalize(), *heads.values()), shown)
        if len(shown) < len(rows):
            session.out.line(f"… and {len(rows) - len(shown)} more: --by {whom}")
    total = result["total"]
    session.out.table(("All", *heads.values()), [("", *total.values())])
    if result["today"]:
        rows = [(f"{row['deadline']:%Y-%m-%d %H:%M}" if row["deadline"] else "", row["match"], row["what"], row["who"], row["tickets"], row["first"])
                for row in result["today"][:_MOST]]  # fmt: skip
        session.out.line("To be done today:")
        session.out.table(("Deadline", "Match", "What", "Who", "Tickets", "First"), rows)
        if len(result["today"]) > _MOST:
            session.out.line(f"… and {len(result['today']) - _MOST} more (--json lists all)")
    else:
        session.out.line("Nothing is due today.")
