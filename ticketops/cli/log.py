"""`ticketops log`: the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli import listing
from ticketops.cli.output import listed, moment
from ticketops.cli.session import Session, command
from ticketops.errors import UsageError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.services.journal import Log, LogEntry, Logged

_WHERE_SAID = ("Client", "Match", "Reason")
"""Columns that are there only where something stands in them."""
app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "log")
def log(
    session: Session,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[show RUNID]", help="Show one transaction, cell by cell.", show_default=False
        ),
    ] = None,
    most: Annotated[
        int, typer.Option("-m", "--most", min=1, help="How many transactions to show.")
    ] = 20,
    sale: listing.Sale = "",
) -> int:
    """Show what was done to the workbook, newest first: RunID, time, user, command, client and
    match, reason, cells and rows.

    `log show RUNID` lists the cells of one transaction, before and after. `log --sale S3` lists the
    transactions that touched a sale. `allocate log` shows what was done to the allocation.
    """
    if not words:
        return _transactions(session, most, sale)
    if words[0] != "show" or len(words) != 2 or sale:
        raise UsageError("use `log`, `log --sale SALESID` or `log show RUNID`")
    return _one(session, words[1])


def _transactions(session: Session, most: int, sale: str) -> int:
    from ticketops.engine.transaction import prepare
    from ticketops.model.ids import parse_sales_id, read_sales_id
    from ticketops.services.journal import log_job

    try:
        sales_id = str(parse_sales_id(read_sales_id(sale))) if sale else ""
    except ValueError as error:
        raise UsageError(f"--sale: {error}") from None
    store = session.store()
    plan, _snapshot, _run = prepare(store, log_job(store, most, sales_id), session.new_run())
    result: Log = plan.result
    rows = []
    for one in result.transactions:
        counts = "; ".join(
            f"{sheet} {sum(count.values()):,}" for sheet, count in one.changes.items()
        )
        state = (
            f"undoes {one.undoes}"
            if one.undoes
            else f"undone by {one.undone_by}"
            if one.undone_by
            else ""
        )
        rows.append(
            (
                str(one.number),
                one.run_id,
                moment(one.at),
                _who(one),
                one.command,
                listed(one.clients, 2),
                listed(one.matches, 3),
                one.reason,
                counts,
                state,
            )
        )
    if rows:
        heads = (
            "No",
            "RunID",
            "When",
            "Who",
            "Command",
            "Client",
            "Match",
            "Reason",
            "Changes",
            "",
        )
        first = ("RunID", "Command", "Client", "Match", "Reason", "", "Who", "When")
        filled = [
            i for i, name in enumerate(heads) if name not in _WHERE_SAID or any(r[i] for r in rows)
        ]
        session.out.table(
            [heads[i] for i in filled], [[row[i] for i in filled] for row in rows], first=first
        )
    else:
        session.out.line(
            f"no transaction touched {sales_id}" if sales_id else "no transactions yet"
        )
    if len(rows) < result.total:
        session.out.notice(f"{result.total - len(rows)} older transactions: --most shows more")
    session.out.findings(plan.findings)
    return session.finish(result, plan.findings)


def _who(one: Logged) -> str:
    """The name that was claimed, and the login where it is another."""
    other = one.login and one.login != one.user
    return f"{one.user} ({one.login}@{one.host})" if other else one.user


def _one(session: Session, run_id: str) -> int:
    from ticketops.engine.describe import shown
    from ticketops.services.journal import log_show_job

    store = session.store()
    found: LogEntry = session.result_of(log_show_job(store, run_id.upper()), store=store)
    done = found.transaction
    session.out.line(f"{done.run_id}  {moment(done.at)}  {_who(done)}  {done.command}")
    if done.undone_by:
        session.out.line(f"undone by transaction {done.undone_by}")
    rows = [
        (
            f"{item.sheet}!{item.row}",
            item.key,
            item.column,
            f"{shown(item.was)} → {shown(item.became)}",
        )
        for item in found.items
    ]
    if rows:
        session.out.table(
            ("Row then", "Record", "Column", "Change"), rows, first=("Change", "Column")
        )
    for sheet in found.rewritten:
        session.out.line(f"{sheet}: rewritten, {counted(done.changes[sheet]['replaced'], 'row')}")
    return session.finish(found, [])
