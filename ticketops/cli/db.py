"""`ticketops db …`: the tables of ticketops in a database."""

from __future__ import annotations

from typing import Annotated

import typer

from ticketops.cli.init import Layout
from ticketops.cli.session import Session, command, command_group
from ticketops.model.display import counted

app = command_group("db")


@command(app, "init", writes=True)
def init(
    session: Session,
    layout: Annotated[
        Layout, typer.Option(help="What the event is for: an event, or issuing airline tickets.")
    ] = Layout.EVENT,
) -> int:
    """Make the tables in a database (-w postgresql://HOST/DATABASE), and an empty event where the
    address names one (?event=CODE)."""
    from ticketops.services import databases

    done = databases.init(session.settings, layout.value, dry_run=session.dry_run)
    _tell(session, done.steps)
    if done.event:
        verb = "would be made" if session.dry_run else "made"
        session.out.line(f"event {done.event}: {verb}, empty")
    return session.finish(done, [])


@command(app, "migrate", writes=True)
def migrate(session: Session) -> int:
    """Bring the tables of an older version forward: tables and columns are added, none is changed or
    deleted."""
    from ticketops.services import databases

    done = databases.migrate(session.settings, dry_run=session.dry_run)
    _tell(session, done.steps)
    return session.finish(done, [])


@command(app, "status")
def status(session: Session) -> int:
    """Show how far the tables of a database are, and which events it holds."""
    from ticketops.services import databases

    seen = databases.status(session.settings)
    session.out.line(f"database  {seen.database}")
    if seen.newer:
        session.out.line("tables    those of a newer version of ticketops: update it")
    elif not seen.number:
        session.out.line("tables    none: ticketops db init makes them")
    elif seen.missing:
        session.out.line(
            f"tables    of an older version: ticketops db migrate makes {counted(seen.missing, 'step')}"
        )
    else:
        session.out.line(f"tables    up to date (number {seen.number})")
    session.out.line(f"events    {', '.join(seen.events) or 'none'}")
    return session.finish(seen, [])


@command(app, "ddl")
def ddl(
    session: Session,
    citus: Annotated[
        bool, typer.Option("--citus", help="Spread the tables over the servers of Citus, by event.")
    ] = False,
) -> int:
    """Print the SQL that makes all tables in an empty database, for whoever runs it there."""
    from ticketops.services import databases

    made = databases.ddl(citus=citus)
    session.out.line("\n".join(f"{statement};" for statement in made.statements))
    return session.finish(made, [])


def _tell(session: Session, steps: tuple[str, ...]) -> None:
    """What was made, or would be."""
    if not steps:
        session.out.line("the tables are up to date")
    elif session.dry_run:
        for step in steps:
            session.out.line(step)
        session.out.notice("dry run: nothing was written")
    else:
        session.out.line(f"{counted(len(steps), 'step')} done: the tables are up to date")
