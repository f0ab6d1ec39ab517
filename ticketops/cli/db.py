"""`ticketops db …`: the tables of ticketops in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.init import Layout
from ticketops.cli.session import Session, command, command_group
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.services.rights import Granted

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


_Events = Annotated[
    list[str], typer.Option("--event", metavar="KEY", help="In this event. Repeatable.")
]
_Offices = Annotated[
    list[str],
    typer.Option("--office", metavar="NAME", help="In all events of this office. Repeatable."),
]
_Role = Annotated[str, typer.Argument(metavar="ROLE", help="The role in the database: ana.")]
_NONE: list[str] = []


@command(app, "grant", writes=True)
def grant(
    session: Session,
    role: _Role,
    capability: Annotated[
        list[str],
        typer.Option(
            "--capability",
            metavar="WHAT",
            help="reader, dispatch, operator, credentials or admin; default: reader. Repeatable.",
        ),
    ] = _NONE,
    event: _Events = _NONE,
    office: _Offices = _NONE,
) -> int:
    """Give a role of the database rights in events, or in all events of an office. The database
    itself holds them: by SQL, too, the role reads and writes nothing else.

    A role that there is not is made, without a password. Only the owner of the tables grants.
    Example: ticketops db grant ana --capability operator --event WC2026 -w postgresql://db/tickets
    """
    from ticketops.services import rights

    done = rights.grant(session.settings, role, capability, event, office, dry_run=session.dry_run)
    _tell_grant(session, done)
    if done.created and done.written:
        session.out.line(f"the role {role} was made; give it a way to log in: \\password {role}")
    session.say_dry()
    return session.finish(done, [])


@command(app, "revoke", writes=True)
def revoke(session: Session, role: _Role, event: _Events = _NONE, office: _Offices = _NONE) -> int:
    """Take rights of a role back: in these events and offices, or everywhere. The role itself
    stays."""
    from ticketops.services import rights

    done = rights.revoke(session.settings, role, event, office, dry_run=session.dry_run)
    _tell_grant(session, done)
    session.say_dry()
    return session.finish(done, [])


@command(app, "grants")
def grants(session: Session) -> int:
    """List the rights that roles of the database have, and the offices of events."""
    from ticketops.services import rights

    found, findings = rights.listed(session.settings)
    rows = [
        (one.role, ", ".join(one.capabilities), ", ".join(one.events), ", ".join(one.offices))
        for one in found.grants
    ]
    session.out.table(("Role", "Capabilities", "Events", "Offices"), rows)
    if found.offices:
        session.out.table(("Event", "Office"), list(found.offices.items()))
    session.out.findings(findings)
    return session.finish(found, findings)


@command(app, "office", writes=True)
def office_(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="OFFICE", help="The office: Zürich.")],
    event: _Events = _NONE,
    remove: Annotated[
        bool, typer.Option("--remove", help="Say that the events are of no office.")
    ] = False,
) -> int:
    """Say which events are an office's. Roles with rights in the office have them in these events."""
    from ticketops.services import rights

    done = rights.office(session.settings, name, event, remove=remove, dry_run=session.dry_run)
    session.out.line(f"{done.office}: {', '.join(done.events) or 'no events'}")
    session.say_dry()
    return session.finish(done, [])


def _tell_grant(session: Session, done: Granted) -> None:
    """What a role has now."""
    if done.grant is None:
        session.out.line(f"{done.role}: no rights")
        return
    where = [*done.grant.events, *(f"office {one}" for one in done.grant.offices)]
    session.out.line(f"{done.role}: {', '.join(done.grant.capabilities)} in {', '.join(where)}")
