"""What is never taken back (D19): an undo looks behind it."""

from __future__ import annotations

from ticketops.stores.base import Entry

_SHOWS_PASSWORDS = ("credentials reveal", "staff reveal", "staff build --with-passwords")


def not_undoable(entry: Entry) -> bool:
    """Whether an entry records that somebody saw a password. Its command says so, in journals
    of every version."""
    return entry.command.startswith(_SHOWS_PASSWORDS)
