"""`ticketops report …` (§11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.session import Session, command, command_group

if TYPE_CHECKING:
    from ticketops.domain.reporting.figures import Position

app = command_group("report")


@command(app, "position", writes=True)
def position(
    session: Session,
    write: Annotated[
        bool, typer.Option("--write", help="Write the report into _REPORT_POSITION.")
    ] = False,
) -> int:
    """Show the position report: sold, sent, open, available, oversold and surplus, in total and per
    match and category."""
    from ticketops.services.reporting import position_job

    if write:
        return session.run(position_job(write=True), lambda result: _show(session, result))
    return session.look(position_job(write=False), lambda result: _show(session, result))


def _show(session: Session, result: Position) -> None:
    from ticketops.domain.reporting.figures import FIGURES, figures_of

    headers = [name.replace("_", " ").capitalize() for name in FIGURES]
    session.out.line("Tickets position")
    session.out.figures(list(zip(headers, figures_of(result), strict=True)))
    rows = [(line.match, line.category, *figures_of(line)) for line in result.lines]
    session.out.table(
        ["Match", "Category", *headers],
        rows,
        title="Per match and category",
        first=("Category", "True shortage", "Open", "Available"),
    )
