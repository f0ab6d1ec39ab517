"""`ticketops doctor`: the workbook against the manifest."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ticketops.cli.session import Session, command

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@command(app, "doctor", writes=True)
def doctor(
    session: Session,
    fix: Annotated[bool, typer.Option("--fix", help="Add missing sheets and columns; nothing else changes.")] = False,
) -> int:
    """Check sheets, headers, keys, closed sets, types and passwords. Exit code 1 where there are findings."""
    from ticketops.services import doctor as service

    store = session.store()

    def show(result: dict[str, Any]) -> None:
        verb = "would add" if session.dry_run else "added"
        for added in result["added"]:
            what = f"columns {', '.join(added['columns'])} to" if added["columns"] else "the sheet"
            session.out.line(f"{verb} {what} {added['sheet']}")
        session.out.line(f"{result['sheets']} sheets examined · {result['issues']} findings")

    return session.run(service.job(store, fix=fix), show, store=store, changes_expected=fix)
