"""`ticketops undo`: a transaction back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.output import moment
from ticketops.cli.session import Session, command
from ticketops.errors import UsageError

if TYPE_CHECKING:
    from ticketops.stores.base import Transaction, Undoing

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "undo", writes=True)
def undo(
    session: Session,
    run_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUNID]",
            show_default=False,
            help="The command to undo; default: the last one.",
        ),
    ] = None,
) -> int:
    """Undo the last command, if its cells still hold what it wrote. Run it again for the command
    before. RUNID names an older command, which can be undone if no later one depends on it.

    If nobody has saved the workbook since, the file becomes what it was, byte for byte, except that
    the logs keep their rows and record the undo. Otherwise the command works cell by cell and finds
    rows by their keys, wherever they are now.
    """
    from ticketops.engine.transaction import set_aside
    from ticketops.services.undo import carry_out_undo

    def confirm(undoing: Undoing) -> bool:
        _tell(session, undoing)
        return session.out.ask(f"Undo {_what(undoing.transaction)}?", default=False)

    def need_yes(undoing: Undoing) -> bool:
        """Nobody is there to be asked: an older command is taken back only where that was said."""
        if run_id and not undoing.is_last and not session.yes:
            raise UsageError(
                f"{undoing.transaction.entry.run_id} is not the last command",
                "--yes undoes it without asking",
            )
        return True

    store = session.store()
    done = carry_out_undo(
        store,
        session.new_run(),
        run_id or "",
        settings=session.settings,
        dry_run=session.dry_run,
        confirm=confirm if session.interactive else need_yes,
    )
    undoing = done.undoing
    if not session.interactive or session.dry_run:
        _tell(session, undoing)
    if session.dry_run:
        session.show_cells(undoing.cells, undoing.tables)
        session.out.line(f"would undo {_what(undoing.transaction)}")
    else:
        session.out.line(f"Undone: {_what(undoing.transaction)}")
    _tell_rest(session, undoing)
    cells = (undoing.cells, undoing.tables) if session.dry_run else None
    findings = set_aside(store)
    session.out.findings(findings)
    return session.finish(
        done.result,
        findings,
        run_id=done.entry.run_id,
        counts=undoing.transaction.counts,
        cells=cells,
    )


def _what(transaction: Transaction) -> str:
    entry = transaction.entry
    return (
        f"{entry.run_id} · {entry.command} by {entry.user or 'nobody named'} at {moment(entry.at)}"
    )


def _tell(session: Session, undoing: Undoing) -> None:
    """What an undo looks behind."""
    for transaction in undoing.passed:
        session.out.notice(f"skipped, because it can't be undone: {_what(transaction)}")


def _tell_rest(session: Session, undoing: Undoing) -> None:
    """How it goes, and what stays."""
    if not undoing.exact:
        session.out.notice(f"cell by cell, not byte for byte: {undoing.why}")
    for what in undoing.stays:
        session.out.line(f"not undone: {what}")
