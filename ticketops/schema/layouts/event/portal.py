"""Links to the portal (§7, §8, §9), and what was done there."""

from __future__ import annotations

from ticketops.model import book_kinds, states
from ticketops.schema.layouts.event.columns import CODE, DATETIME, INTEGER, column
from ticketops.schema.layouts.event.names import PORTAL_LOG, PORTAL_TOKENS
from ticketops.schema.sheets import Sheet, SheetKind, Trail

PORTAL_TOKENS_SHEET = Sheet(
    PORTAL_TOKENS,
    SheetKind.LEDGER,
    (
        column("token_id", "TokenID", CODE),
        column("kind", "Kind", CODE, choices=book_kinds.HEARD),
        column("party", "Party", CODE, width=28),
        column("title", "Title", width=28),
        column("digest", "Digest", CODE, width=66),
        column("created_at", "CreatedAt", DATETIME, width=18),
        column("created_by", "CreatedBy", CODE, width=16),
        column("expires_at", "ExpiresAt", DATETIME, width=18),
        column("opened_at", "LastOpenedAt", DATETIME, width=18),
        column("ended_at", "EndedAt", DATETIME, width=18),
        column("ended_by", "EndedBy", CODE, width=16),
        column("run_id", "RunID", CODE, width=18),
    ),
    record=("token_id",),
    extension=True,
    hidden=True,
)
"""A link is known by the SHA-256 of its secret only."""
PORTAL_LOG_SHEET = Sheet(
    PORTAL_LOG,
    SheetKind.LOG,
    (
        column("timestamp", "At", DATETIME, width=18),
        column("token_id", "TokenID", CODE),
        column("kind", "Kind", CODE, choices=book_kinds.HEARD),
        column("party", "Party", CODE, width=28),
        column("action", "Action", CODE, choices=states.PORTAL_ACTION, width=14),
        column("subject", "Subject", width=40),
        column("cells", "Cells", INTEGER),
        column("run_id", "RunID", CODE, width=18),
    ),
    extension=True,
    trail=Trail("subject", ("token_id", "kind", "party")),
)
SHEETS = (PORTAL_TOKENS_SHEET, PORTAL_LOG_SHEET)
