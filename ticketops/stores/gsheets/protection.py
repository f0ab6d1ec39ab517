"""Cells that somebody protected: who can lift that."""

from __future__ import annotations

from contextlib import suppress

from ticketops.errors import NotPermittedError, TicketopsError
from ticketops.stores.gsheets.connection import Connection, Rejected

WORDS = "protected cell or object"
"""What is in the words of such a refusal."""


def is_protected(error: TicketopsError) -> bool:
    """Whether Google refused a write because of a protection that does not name us."""
    return isinstance(error, Rejected) and WORDS in error.message


def protected(connection: Connection, name: str) -> NotPermittedError:
    """What is raised then. name: of the spreadsheet, for people."""
    us, owner = connection.address() or "this account", _owner(connection)
    return NotPermittedError(
        f"cells of {name} that have to be written are protected, and {us} may not edit them",
        f"{f'{owner}, who owns it,' if owner else 'its owner'} or whoever protected them can let {us} edit them (Data > Protect sheets and ranges); nothing was written",
    )


def _owner(connection: Connection) -> str:
    """The address of whoever owns the file; "" where it is a shared drive's, or is not told."""
    with suppress(TicketopsError):
        said = connection.drive(
            "get", f"/{connection.spreadsheet}", params={"fields": "owners(emailAddress)"}
        )
        return ", ".join(str(one.get("emailAddress", "")) for one in said.get("owners", ()))
    return ""
