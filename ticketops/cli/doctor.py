"""`ticketops doctor`: the workbook against the layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.session import Session, command
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.services.audit import Examined

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "doctor", writes=True)
def doctor(
    session: Session,
    fix: Annotated[
        bool, typer.Option("--fix", help="Add missing sheets and columns; nothing else changes.")
    ] = False,
) -> int:
    """Check sheets, headers, keys, allowed values, types and passwords. Exit code 1 if there are
    findings."""
    from ticketops.services import audit

    store = session.store()

    def show(result: Examined) -> None:
        verb = "would add" if session.dry_run else "added"
        for added in result.added:
            what = f"columns {', '.join(added.columns)} to" if added.columns else "the sheet"
            session.out.line(f"{verb} {what} {added.sheet}")
        session.out.line(
            f"{counted(result.sheets, 'sheet')} examined · {counted(result.issues, 'finding')}"
        )

    return session.run(audit.doctor_job(store, fix=fix), show, store=store, changes_expected=fix)
