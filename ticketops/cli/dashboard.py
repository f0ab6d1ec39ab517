"""`ticketops dashboard …` (§11)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.listing import refuse_workbook
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import TicketopsError
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.reporting.dashboard import Dashboard

app = command_group("dashboard")


@command(app, "build")
def build(
    session: Session,
    role: Annotated[
        str | None,
        typer.Option(
            "--role",
            metavar="ROLE",
            help="Whose dashboard: staff, operator, sr_operator, ops_manager or super_admin, at most "
            "your own role; default: your own.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE.html",
            help="The page; default: dashboard-ROLE.html.",
            show_default=False,
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Build the page again whenever the workbook changes.")
    ] = False,
) -> int:
    """Write the dashboard of a role as a page that needs nothing beside it: figures, what to do next,
    matches, stock. It shows only what you may see."""
    from ticketops.services import dashboards

    if out is not None:
        refuse_workbook(session, out)
    store = session.store()
    seen = dashboards.revision_of(store) if watch else ""
    result = _once(session, role, out, watch=watch)
    try:
        while watch:
            time.sleep(_PAUSE)
            if (now := dashboards.revision_of(session.store())) not in ("", seen):
                seen = now
                try:
                    result = _once(session, role, out, watch=watch)
                except TicketopsError as error:  # such as a workbook that is being saved
                    session.out.notice(error.message)
                    seen = ""
    except KeyboardInterrupt:
        session.out.notice("stopped")
    return session.finish(result, [])


_PAUSE = 2.0
"""Seconds between two looks at the workbook."""


def _once(session: Session, role: str | None, out: Path | None, *, watch: bool) -> Dashboard:
    """Build the page and say where it is."""
    from ticketops.engine.opening import open_store
    from ticketops.services import dashboards

    store = session.store()
    made = dashboards.build(
        store,
        session.settings,
        session.new_run(),
        role,
        path=out,
        open_store=open_store,
        refresh=watch,
    )
    result: Dashboard = made.result
    dashboards.write(made.text, Path(result.path))
    dashboards.remember(store, session.settings, result)
    session.out.line(f"{result.path} · {result.role}")
    rows = [(one.name, one.value, f"ticketops {one.command}") for one in result.kpis]
    session.out.table(("Figure", "Now", "Rows behind it"), rows)
    if result.actions:
        session.out.line(f"{counted(len(result.actions), 'action')} in the action center")
    if result.left_out:
        session.out.notice(f"left out: you may not run {', '.join(result.left_out)}")
    return result
