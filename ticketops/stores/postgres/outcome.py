"""What became of a COMMIT that nobody answered (D29)."""

from __future__ import annotations

import psycopg

from ticketops.errors import BusyError, TicketopsError
from ticketops.stores.postgres.connection import WRITING, Connection, Pauses

_DONE = "SELECT 1 FROM ticketops_journal WHERE event_id = %s AND revision_after = %s"
_LOCK = "SELECT 1 FROM ticketops_events WHERE event_id = %s FOR UPDATE"


def was_applied(connection: Connection, revision: str, why: str, pauses: Pauses) -> bool:
    """Whether a COMMIT without an answer was done: asked with the row of the event locked, so that
    what was under way has ended. revision: which it was to make; why: what broke, for people. Raises
    BusyError where that can't be known."""
    event = connection.address.event
    while True:
        try:
            cursor = connection.begin(WRITING)
            cursor.execute(_LOCK, (event,))
            return cursor.execute(_DONE, (event, revision)).fetchone() is not None
        except (psycopg.Error, TicketopsError):
            connection.close()
        finally:
            connection.rollback()
        if not pauses.another():
            raise BusyError(
                f"{connection.name}: {why}",
                "it is unknown whether this was written: `ticketops log` shows it",
            )
