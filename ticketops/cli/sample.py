"""`ticketops sample`: workbooks to try things on."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ticketops.cli.session import Session, command

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Size(StrEnum):
    """How large a sample is."""

    SMALL = "small"
    FULL = "full"
    X10 = "x10"
    ISSUANCE = "issuance"


@command(app, "sample")
def sample(
    session: Session,
    size: Annotated[
        Size,
        typer.Argument(
            help="small: a few hundred tickets; full: a whole event of 12,000 tickets; x10: ten "
            "times as many; issuance: bookings of airline tickets."
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="The file to create.")],
    seed: Annotated[int, typer.Option(help="Another seed makes another event.")] = 2026,
    orders_only: Annotated[
        bool,
        typer.Option("--orders-only", help="Only schedule, purchases and sales, ready for expand."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> int:
    """Create a realistic sample workbook. The same seed makes the same workbook."""
    from ticketops.services import creation

    path = creation.sample(size.value, out, seed=seed, orders_only=orders_only, force=force)
    session.out.line(f"created {path}")
    return session.finish(creation.SampleMade(str(path), size.value, seed), [])
