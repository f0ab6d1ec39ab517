"""Whose turn it is to write an event (D29).

Writers queue at a row that nobody ever changes. At a row that each of them changes, like that of the
event, everybody who waits has to queue anew behind whoever comes along, and some wait several times
as long as others.
"""

from __future__ import annotations

from ticketops.stores.postgres.connection import Cursor

_TAKE = "SELECT 1 FROM ticketops_turns WHERE event_id = %s FOR UPDATE"
_FREE = f"{_TAKE} SKIP LOCKED"
_NEW = "INSERT INTO ticketops_turns (event_id) VALUES (%s) ON CONFLICT (event_id) DO NOTHING"


def take(cursor: Cursor, event: str) -> None:
    """Wait until it is this transaction's turn, which lasts until it ends. Locks are taken in one
    order: this row first, then that of the event."""
    while cursor.execute(_TAKE, (event,)).fetchone() is None:
        cursor.execute(_NEW, (event,))


def is_taken(cursor: Cursor, event: str) -> bool:
    """Whether it is somebody else's turn just now."""
    return cursor.execute(_FREE, (event,)).fetchone() is None
