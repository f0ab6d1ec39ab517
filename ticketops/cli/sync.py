"""`ticketops sync …`: a file and a Google Sheet kept in step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops import config
from ticketops.cli.session import Session, command, command_group
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.model.findings import Finding
    from ticketops.services.sync import Compared

app = command_group("sync")

_With = Annotated[
    str,
    typer.Option(
        "--with",
        metavar="gsheet:ID",
        help="The other copy: a Google Sheet, an event in a database, or another file.",
        show_default=False,
    ),
]
_Prefer = Annotated[
    list[str],
    typer.Option(
        metavar="SIDE",
        help="Which side wins a conflict: local, remote, COLUMN=local or COLUMN=remote. "
        "Repeatable.",
        show_default=False,
    ),
]
_Emptying = Annotated[
    bool,
    typer.Option(
        "--emptying", help="Go on even if half of a sheet's rows or more would be emptied."
    ),
]
_NONE: list[str] = []


@command(app, "diff")
def diff(session: Session, other: _With, prefer: _Prefer = _NONE) -> int:
    """Show what changed in both copies since they were last in step. Nothing is written."""
    from ticketops.services import sync

    local, remote = _copies(session, other)
    return session.look(
        sync.job(None, local, remote, prefer), lambda result: _show(session, result), store=local
    )


@command(app, "pull", writes=True)
def pull(
    session: Session, other: _With, prefer: _Prefer = _NONE, emptying: _Emptying = False
) -> int:
    """Copy changes from the other copy into the workbook (-w). Conflicts are listed and stay
    unchanged."""
    return _take_over(session, other, prefer, "local", emptying=emptying)


@command(app, "push", writes=True)
def push(
    session: Session, other: _With, prefer: _Prefer = _NONE, emptying: _Emptying = False
) -> int:
    """Copy changes from the workbook (-w) into the other copy. Conflicts are listed and stay
    unchanged."""
    return _take_over(session, other, prefer, "remote", emptying=emptying)


@command(app, "watch")
def watch(
    session: Session,
    other: _With,
    prefer: _Prefer = _NONE,
    interval: Annotated[
        float, typer.Option(metavar="SECONDS", min=1.0, help="Time between two rounds.")
    ] = 60.0,
    budget: Annotated[
        int, typer.Option(metavar="N", min=1, max=300, help="Most requests to Google per minute.")
    ] = 30,
    once: Annotated[bool, typer.Option("--once", help="Stop after one round, for cron.")] = False,
) -> int:
    """Pull and push, round after round, until Ctrl-C. Each conflict is reported once."""
    from ticketops.services.watching import Round, watch_sync

    findings: list[Finding] = []

    def on_progress(seen: Round) -> None:
        session.out.status("")
        for line in seen.lines:
            session.out.line(line)
        session.out.findings(seen.findings)
        findings.extend(seen.findings)
        session.out.status(seen.status)

    totals = watch_sync(
        lambda: _copies(session, other),
        session.settings,
        prefer,
        interval=interval,
        budget=budget,
        on_progress=on_progress,
        once=once,
    )
    session.out.status("")
    session.out.notice(
        f"{counted(totals.pulled, 'cell')} pulled, {totals.pushed:,} pushed in {counted(totals.rounds, 'round')}, {counted(totals.requests, 'request')}"
    )
    return session.finish(totals, findings)


def _take_over(
    session: Session, other: str, prefer: list[str], into: str, *, emptying: bool
) -> int:
    from ticketops.domain.sync.merge import Side
    from ticketops.services import sync

    local, remote = _copies(session, other)
    job = sync.job(Side(into), local, remote, prefer, emptying=emptying)
    store = remote if into == "remote" else local
    return session.run(
        job, lambda result: _show(session, result), store=store, changes_expected=False
    )


def _copies(session: Session, name: str) -> tuple[Any, Any]:
    """The stores of the workbook and of the other copy, which is of the same kind where it is empty."""
    from ticketops.engine.opening import open_store

    local = session.store()
    other = open_store(
        config.workbook(name, "--with"),
        session.settings,
        on_progress=session.out.transfer,
        notice=session.out.notice,
        otherwise=local.layout.kind,
    )
    return local, other


def _show(session: Session, result: Compared) -> None:
    out = session.out
    if result.first:
        out.line(
            "there is no common state yet: what only one copy has goes to the other, and what "
            "differs is a conflict"
        )
    if not result.sheets:
        out.line("both copies are the same")
        return
    rows = []
    more: tuple[Any, ...]
    for sheet in result.sheets:
        if sheet.rows_after is None:
            more = (f"{sheet.rows_local:,} / {sheet.rows_remote:,}",)
        else:
            before = sheet.rows_remote if result.into == "remote" else sheet.rows_local
            more = (sheet.taken, f"{before:,} → {sheet.rows_after:,}")
        rows.append((sheet.sheet, sheet.local, sheet.remote, sheet.conflicts, *more))
    headers = ("Taken", "Rows") if result.into else ("Rows here / there",)
    out.table(("Cells changed in", "Here", "There", "Conflicts", *headers), rows)
    if result.left:
        out.line(
            f"{counted(result.left, 'cell')} left for you to decide: --prefer local, --prefer "
            "remote, or --prefer 'COLUMN=local'"
        )
