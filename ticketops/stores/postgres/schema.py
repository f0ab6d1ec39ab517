"""The schema of a database: made, brought forward, and checked whenever a store is opened (D29)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from ticketops.errors import BusyError, UnusableError
from ticketops.schema.layouts.event import EVENT
from ticketops.schema.layouts.issuance import ISSUANCE
from ticketops.stores.postgres import ddl
from ticketops.stores.postgres.connection import WRITING, Connection, Cursor, Lost

Shape = Mapping[str, list[str]]
_FIRST = (
    "INSERT INTO ticketops_schema (number, shape, id) VALUES (0, '{}', 'ticketops')"
    " ON CONFLICT (id) DO NOTHING"
)
_LOOK = "SELECT number, shape FROM ticketops_schema WHERE id = 'ticketops'"


class State(Struct, frozen=True):
    """How far a schema is. number: of its newest migration, 0 for none; missing: what `db migrate`
    would do, as SQL; unknown: columns that this program does not know."""

    number: int
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


@cache
def wanted() -> Shape:
    """The tables of sheets that this program works with."""
    return ddl.shape((EVENT, ISSUANCE))


def look(cursor: Cursor) -> State:
    """How far the schema of a database is."""
    cursor.execute("SELECT to_regclass('ticketops_schema')")
    found: Any = None
    if cursor.fetchone() != (None,):
        found = cursor.execute(_LOOK).fetchone()
    number, shape = found or (0, {})
    return State(
        number, tuple(ddl.steps(number, shape, wanted())), tuple(ddl.unknown(shape, wanted()))
    )


def require(cursor: Cursor, name: str) -> None:
    """Raises UnusableError where the schema is not that of this program. name: of the database."""
    number, shape = cursor.execute(_LOOK).fetchone() or (0, {})
    if number == ddl.LATEST and shape == wanted():
        return
    refuse_newer(State(number, (), tuple(ddl.unknown(shape, wanted()))), name)
    raise UnusableError(
        f"the tables of {name} are those of an older version", "ticketops db migrate adds to them"
    )


def refuse_newer(state: State, name: str) -> None:
    """Raises UnusableError for a schema that a newer version made."""
    if state.number > ddl.LATEST or state.unknown:
        what = f" ({', '.join(state.unknown[:3])})" if state.unknown else ""
        raise UnusableError(
            f"the tables of {name} are those of a newer version of ticketops{what}",
            "update ticketops; nothing was written",
        )


def bring_forward(connection: Connection) -> State:
    """Make what is missing, all of it or nothing; the state that was before. Raises UnusableError
    for a schema that is newer than this program."""
    import psycopg

    cursor = connection.begin(WRITING)
    try:
        cursor.execute(ddl.SCHEMA)
        cursor.execute(_FIRST)
        cursor.execute(f"{_LOOK} FOR UPDATE")
        state = look(cursor)
        refuse_newer(state, connection.name)
        for sql in state.missing:
            cursor.execute(sql)
        if state.missing:
            cursor.execute(
                "UPDATE ticketops_schema SET number = %s, shape = %s, made_at = now()",
                (ddl.LATEST, json.dumps(wanted())),
            )
        connection.commit()
    except Lost as lost:
        raise BusyError(
            f"{connection.name}: {lost}", "ticketops db status shows how far the tables are"
        ) from None
    except psycopg.Error as error:
        raise connection.told(error) from None
    finally:
        connection.rollback()
    return state
