"""`ticketops report …` (§11)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ticketops.cli.session import Session, command, command_group

app = command_group("report")


@command(app, "position", writes=True)
def position(
    session: Session,
    write: Annotated[bool, typer.Option("--write", help="Put the report into _REPORT_POSITION.")] = False,
) -> int:
    """The position report: sold, sent, open, available, oversold and surplus, in total and per match and category."""
    from ticketops.services.reports import position_job

    if write:
        return session.run(position_job(write=True), lambda result: _show(session, result))
    return session.look(position_job(write=False), lambda result: _show(session, result))


def _show(session: Session, result: dict[str, Any]) -> None:
    from ticketops.domain.position import FIGURES

    headers = [name.replace("_", " ").capitalize() for name in FIGURES]
    session.out.table(headers, [[result[name] for name in FIGURES]], title="Tickets position")
    lines = result["lines"]
    rows = [[line["match"], line["category"], *(line[name] for name in FIGURES)] for line in lines]
    session.out.table(["Match", "Category", *headers], rows, title="Per match and category")
