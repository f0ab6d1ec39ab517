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
    from dataclasses import replace

    from ticketops.domain import roles
    from ticketops.model.ids import run_id_after
    from ticketops.schema.workbook import USERS
    from ticketops.services.jobs import role_to_undo
    from ticketops.services.transaction import new_run
    from ticketops.stores.base import Entry

    store = session.store()
    last, cells = store.undoable()
    what = f"{last.entry.run_id} · {last.entry.command} by {last.entry.user} at {last.entry.at:%Y-%m-%d %H:%M:%S}"
    run = roles.with_role(new_run(session.settings.user, role=session.settings.role), store.read(USERS, strict=False))
    roles.require(run, role_to_undo(last.entry.command), f"undoing `{last.entry.command}`")
    result = {"undone": last.entry.run_id, "number": last.number, "command": last.entry.command}
    if session.dry_run:
        tables = store.read(*cells.sheets, strict=False).tables
        session.show_cells(cells, tables)
        session.out.line(f"would take back {what}")
        return session.finish(result, [], run_id=run.run_id, counts=last.counts, cells=(cells, tables))
    if session.interactive and not session.out.ask(f"Take back {what}?", default=False):
        raise RuleError("not confirmed: nothing was written")
    run = replace(run, run_id=run_id_after(store.last_run_id(), run.run_id))
    undone = store.undo(Entry(run.run_id, f"undo {last.entry.run_id}", run.user, run.now))
    session.out.line(f"Taken back: {undone.entry.run_id} · {undone.entry.command}")
    return session.finish(result, [], run_id=run.run_id, counts=undone.counts)
