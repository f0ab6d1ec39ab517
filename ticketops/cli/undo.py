"""`ticketops undo`: the last transaction back."""

from __future__ import annotations

import typer

from ticketops.cli.session import Session, command
from ticketops.errors import RuleError

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "undo", writes=True)
def undo(session: Session) -> int:
    """Take the last transaction back, if the cells still hold what it wrote. Again for the one before it.

    Where nobody saved the workbook since, the file is again what it was, byte for byte.
    """
    from ticketops.services.transaction import new_run, prepare_undo

    store = session.store()
    last, cells, entry = prepare_undo(store, new_run(session.settings.user, role=session.settings.role))
    what = f"{last.entry.run_id} · {last.entry.command} by {last.entry.user} at {last.entry.at:%Y-%m-%d %H:%M:%S}"
    result = {"undone": last.entry.run_id, "number": last.number, "command": last.entry.command}
    if session.dry_run:
        tables = store.read(*cells.sheets, strict=False).tables
        session.show_cells(cells, tables)
        session.out.line(f"would take back {what}")
        return session.finish(result, [], run_id=entry.run_id, counts=last.counts, cells=(cells, tables))
    if session.interactive and not session.out.ask(f"Take back {what}?", default=False):
        raise RuleError("not confirmed: nothing was written")
    undone = store.undo(entry)
    session.out.line(f"Taken back: {undone.entry.run_id} · {undone.entry.command}")
    return session.finish(result, [], run_id=entry.run_id, counts=undone.counts)
