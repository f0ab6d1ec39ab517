"""`ticketops workbook …`: a workbook as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketops import config
from ticketops.cli.session import Session, command, command_group
from ticketops.model.display import counted

app = command_group("workbook")


@command(app, "copy", writes=True)
def copy(
    session: Session,
    source: Annotated[
        str,
        typer.Argument(
            metavar="FROM", help="The workbook: a file, gsheet:ID, or postgresql://…?event=CODE."
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TO", help="A new file, or an event in a database: postgresql://…?event=CODE."
        ),
    ],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put the copy in the place of an event that is not empty."),
    ] = False,
) -> int:
    """Copy a workbook between a file and a database, or from a Google Sheet: values, own columns and
    sheets, journal. Formulas become their values.

    Whole or not at all: what a cell holds is read again before it counts.
    """
    from ticketops.services import copying

    done = copying.copy(
        config.workbook(source, "FROM"),
        config.workbook(target, "TO"),
        session.settings,
        over=replace,
        dry_run=session.dry_run,
        notice=session.out.notice,
    )
    session.out.line(
        f"{counted(done.sheets, 'sheet')}, {counted(done.rows, 'row')} and "
        f"{counted(done.transactions, 'transaction')} "
        f"{'would be copied' if session.dry_run else 'copied'} to {done.target}"
    )
    for one in done.left:
        session.out.line(f"not taken along: {one}")
    if session.dry_run:
        session.out.notice("dry run: nothing was written")
    return session.finish(done, [])
