"""`ticketops init`: an empty workbook."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ticketops.cli.session import Session, command

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Layout(StrEnum):
    """What a workbook is for."""

    EVENT = "event"
    ISSUANCE = "issuance"


@command(app, "init")
def init(
    session: Session,
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="The file to create.")],
    event: Annotated[
        str,
        typer.Option(
            metavar="CODE",
            help="The event's code; the schedule sheet is titled `Schedule CODE`.",
            show_default=False,
        ),
    ] = "",
    masters: Annotated[
        bool,
        typer.Option(
            "--masters",
            help="With the sheets for master data; Sales and Purchases offer its clients and "
            "vendors.",
        ),
    ] = False,
    layout: Annotated[
        Layout, typer.Option(help="What the workbook is for: an event, or issuing airline tickets.")
    ] = Layout.EVENT,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> int:
    """Create an empty workbook with every sheet and header, frozen and filtered, with drop-downs
    and formats."""
    from ticketops.services import creation

    path = creation.init(
        out,
        event=event,
        masters=masters,
        layout=layout.value,
        force=force,
        settings=session.settings,
    )
    session.out.line(f"created {path}")
    session.out.notice(
        f"next: fill in Bookings and BookingPassengers, then ticketops issuance refresh --all -w {path}"
        if layout is Layout.ISSUANCE
        else f'next: ticketops purchase add -w {path} --match M01 --vendor … --line "Cat 1:4@120"'
    )
    return session.finish(creation.Made(str(path)), [])
