"""The tables of ticketops in a database: made, brought forward, looked at (D29)."""

from __future__ import annotations

from dataclasses import dataclass

from ticketops.config import Settings
from ticketops.engine.opening import connect_to, layout_of
from ticketops.errors import UnusableError, UsageError
from ticketops.schema.layout import EVENT_KIND
from ticketops.services.rights import secured_again
from ticketops.stores.postgres.address import address_of, is_database


@dataclass(frozen=True, slots=True)
class Tables:
    """`db status`. number: of the newest migration, 0 where there is no table of ours; missing: how
    many steps `db migrate` would make; newer: whether a newer version of ticketops made them; events:
    by their keys."""

    database: str
    number: int
    missing: int
    newer: bool
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migrated:
    """`db init`, `db migrate`. steps: what was made, or would be; event: the empty one that was made,
    "" for none."""

    database: str
    number: int
    steps: tuple[str, ...]
    event: str = ""
    written: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """`db ddl`. statements: of SQL, in their order; citus: whether they spread the tables over
    servers."""

    statements: tuple[str, ...]
    citus: bool


def ddl(*, citus: bool = False) -> Written:
    """What makes the tables in an empty database, for whoever runs it there. citus: and spreads them
    over the servers of Citus by event."""
    from ticketops.schema.layouts.event import EVENT
    from ticketops.schema.layouts.issuance import ISSUANCE
    from ticketops.stores.postgres.ddl import script

    return Written(tuple(script((EVENT, ISSUANCE), citus=citus)), citus)


def _named(settings: Settings) -> str:
    if not is_database(settings.workbook):
        raise UsageError(
            "this is about a database", "name it: -w 'postgresql://HOST/DATABASE?event=CODE'"
        )
    return str(settings.workbook)


def status(settings: Settings) -> Tables:
    """How far the tables of a database are. Raises UsageError where none is named."""
    connection = connect_to(address_of(_named(settings), event_needed=False), settings)
    from ticketops.stores.postgres import ddl, schema
    from ticketops.stores.postgres.events import keys

    try:
        state = connection.consistently(schema.look)
        events = connection.consistently(keys) if state.number else ()
    finally:
        connection.close()
    newer = bool(state.unknown) or state.number > ddl.LATEST
    return Tables(connection.name, state.number, len(state.missing), newer, tuple(events))


def init(settings: Settings, kind: str = EVENT_KIND, *, dry_run: bool = False) -> Migrated:
    """The tables, and an empty event where the address names one. Raises RuleError where that is
    there and not empty."""
    address = address_of(_named(settings), event_needed=False)
    done = _forward(settings, fresh=True, dry_run=dry_run)
    if not address.event:
        return done
    connection = connect_to(address, settings)
    from ticketops.stores.postgres.events import create

    try:
        if not dry_run:
            create(connection, layout_of(settings, kind=kind))
    finally:
        connection.close()
    return Migrated(done.database, done.number, done.steps, address.event, done.written)


def migrate(settings: Settings, *, dry_run: bool = False) -> Migrated:
    """The tables of an older version, brought forward. Raises UnusableError where there are none, or
    they are a newer version's."""
    return _forward(settings, fresh=False, dry_run=dry_run)


def _forward(settings: Settings, *, fresh: bool, dry_run: bool) -> Migrated:
    connection = connect_to(address_of(_named(settings), event_needed=False), settings)
    from ticketops.stores.postgres import ddl, schema

    try:
        state = connection.consistently(schema.look)
        schema.refuse_newer(state, connection.name)
        if not fresh and not state.number:
            raise UnusableError(
                f"{connection.name} has no tables of ticketops", "ticketops db init makes them"
            )
        if not dry_run:
            state = schema.bring_forward(connection)
            if state.missing:
                secured_again(connection)
    finally:
        connection.close()
    steps = tuple(sql.partition(" (")[0].replace("\n", " ") for sql in state.missing)
    return Migrated(connection.name, ddl.LATEST, steps, "", not dry_run)
