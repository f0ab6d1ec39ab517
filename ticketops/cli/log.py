"""`ticketops log`: the journal."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketops.cli.session import Session, command

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "log")
def log(
    session: Session,
    most: Annotated[int, typer.Option("-m", "--most", min=1, help="How many transactions.")] = 20,
) -> int:
    """What was done to the workbook, newest first: RunID, when, who, which command, how many cells and rows."""
    transactions = list(reversed(session.store().log()))
    rows = []
    for t in transactions[:most]:
        counts = "; ".join(f"{sheet} {sum(count.values()):,}" for sheet, count in t.counts.items())
        state = f"undoes {t.undoes}" if t.undoes else f"undone by {t.undone_by}" if t.undone_by else ""
        rows.append((str(t.number), t.entry.run_id, f"{t.entry.at:%Y-%m-%d %H:%M:%S}", t.entry.user, t.entry.command, counts, state))
    if rows:
        session.out.table(("No", "RunID", "When", "Who", "Command", "Changes", ""), rows)
    else:
        session.out.line("no transactions yet")
    if len(rows) < len(transactions):
        session.out.notice(f"{len(transactions) - len(rows)} older ones: --most shows more")
    listed = [
        {
            "number": t.number, "run_id": t.entry.run_id, "at": t.entry.at, "user": t.entry.user, "command": t.entry.command,
            "changes": t.counts, "undoes": t.undoes, "undone_by": t.undone_by, "revision": t.revision_after,
        }
        for t in transactions[:most]
    ]  # fmt: skip
    return session.finish({"transactions": listed, "total": len(transactions)}, [])
