"""Work that one process at a time does on an event, whatever machine it runs on (D29)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from ticketops.errors import LockedError
from ticketops.stores.postgres.connection import WRITING, Connection

_ROW = (
    "INSERT INTO ticketops_workers (event_id, work) VALUES (%s, %s)"
    " ON CONFLICT (event_id, work) DO NOTHING"
)
_TAKE = "SELECT 1 FROM ticketops_workers WHERE event_id = %s AND work = %s FOR UPDATE SKIP LOCKED"
_STAY = "SET LOCAL idle_in_transaction_session_timeout = 0"


@contextmanager
def alone(connection: Connection, work: str) -> Iterator[None]:
    """Hold the row of a kind of work on the event of a connection, which is opened for that and
    closed afterwards. The row is let go of with the connection, so nobody has to clear up after a
    process that died. Raises LockedError at once where somebody else holds it."""
    event = connection.address.event
    try:
        try:
            connection.begin(WRITING).execute(_ROW, (event, work))
            connection.commit()
            cursor = connection.begin(WRITING)
            taken = cursor.execute(_TAKE, (event, work)).fetchone()
            if taken:
                cursor.execute(_STAY)
        except psycopg.Error as error:
            raise connection.told(error) from None
        if not taken:
            raise LockedError(
                f"another `{work}` is at work on {connection.name}",
                "nothing was done; try again later",
            )
        yield
    finally:
        with suppress(psycopg.Error):
            connection.rollback()
        connection.close()
