"""What is never taken back (D19): an undo looks behind it."""

from __future__ import annotations

from ticketops.stores.base import Entry

_SHOWS_PASSWORDS = ("credentials reveal", "staff reveal", "staff build --with-passwords")
_ISSUES = ("invoice issue", "invoice credit")
"""A number that was given stays given: a credit note cancels an invoice."""
_REPORTS = ("job create", "job regenerate", "job cancel", "job work")
"""A report that was made is made; its file stands beside the workbook."""
_SWEEPS = ("archive sweep",)
"""What is blanked for good is kept nowhere."""
_PORTAL = ("portal open", "portal reveal", "portal revoke")
"""Who came in was in, and a link that was ended lets nobody in again."""
_MESSAGES = (
    "message send",
    "message retry",
    "message cancel",
    "message resolve",
    "run nightly",
    "inbox",
)
"""What went out is out, and what ran at night ran; what is recorded of it stays."""


def not_undoable(entry: Entry) -> bool:
    """Whether an entry records that somebody saw a password, that an invoice was issued or cancelled, what
    became of messages, of the night, or of a report job, that guests' data were blanked, or that somebody
    came into the portal or was shut out. Its command says so, in journals of every version."""
    return entry.command.startswith(
        _SHOWS_PASSWORDS + _ISSUES + _MESSAGES + _REPORTS + _SWEEPS + _PORTAL
    )
