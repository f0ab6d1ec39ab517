"""Which columns hold guests' personal data (§13): blanked once the event's retention is over. Their free
texts are among them, since people write names into these. What companies are called stays."""

from __future__ import annotations

from ticketops.schema.layouts.event.names import (
    BOOK_EDITS,
    CLIENT_INPUTS,
    DISTRIBUTION,
    NOTIFICATION_LOG,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    TRANSFERS,
    VIEWS,
)

_GUEST = ("client_notes", "first_name", "last_name", "client_email", "comment")
PERSONAL: dict[str, tuple[str, ...]] = {
    DISTRIBUTION: (*_GUEST, "dispatch_notes"),
    SUPPLIER_QUEUE: (*_GUEST, "dispatch_notes", "notes_agreed"),
    STAFF_QUEUE: (
        *("first_name", "last_name", "client_email"),
        *("staff_notes", "proof_url", "notes_agreed"),
    ),
    CLIENT_INPUTS: (*_GUEST, "dispatch_notes", "typed"),
    BOOK_EDITS: (*_GUEST, "dispatch_notes", "proof_url"),
    TRANSFERS: ("from_guest", "to_first", "to_last", "to_email"),
    NOTIFICATION_LOG: ("payload",),
    VIEWS: ("filters",),
}
"""{sheet: its columns of guests' data}. A view's filters may name who a ticket is for."""


def is_personal(sheet: str, column: str) -> bool:
    """Whether a column, or a further cell of one (`comment@2`), holds guests' data."""
    return column.partition("@")[0] in PERSONAL.get(sheet, ())
