"""Tickets on their way from one to another: allotments of sponsors, transfers between guests, the waiting list."""

from __future__ import annotations

from ticketops.model import states
from ticketops.schema.layouts.event.columns import CODE, DATE, DATETIME, INTEGER, column
from ticketops.schema.layouts.event.names import ALLOTMENT_TICKETS, ALLOTMENTS, TRANSFERS, WAITLIST
from ticketops.schema.sheets import Sheet, SheetKind

_USER, _NOTE = column("user", "User", CODE), column("note", "Note", width=30)
_POOL = (
    column("match", "Match", CODE, width=8),
    column("sub_game", "SubGame", CODE),
    column("category", "Category", CODE),
    column("qty", "Qty", INTEGER, width=6),
)
"""How many tickets of what."""
ALLOTMENTS_SHEET = Sheet(
    ALLOTMENTS,
    SheetKind.LEDGER,
    (
        column("allotment_id", "AllotmentID", CODE),
        column("sponsor", "Sponsor", CODE, width=28),
        *_POOL,
        _NOTE,
        _USER,
        column("created_at", "CreatedAt", DATETIME, width=18),
    ),
    record=("allotment_id",),
    extension=True,
)
ALLOTMENT_TICKETS_SHEET = Sheet(
    ALLOTMENT_TICKETS,
    SheetKind.LEDGER,
    (
        column("allotment_id", "AllotmentID", CODE),
        column("ticket", "Ticket", CODE),
        column("qty", "Qty", INTEGER, width=6),
        column("assigned_at", "AssignedAt", DATETIME, width=18),
        column(
            "state",
            "State",
            CODE,
            choices=states.ALLOTMENT_STATE,
            machine=states.ALLOTMENT_MACHINE,
            width=14,
        ),
        column("changed_at", "ChangedAt", DATETIME, width=18),
        _USER,
        _NOTE,
    ),
    record=("allotment_id", "ticket", "assigned_at"),
    extension=True,
)
TRANSFERS_SHEET = Sheet(
    TRANSFERS,
    SheetKind.LEDGER,
    (
        column("transfer_id", "TransferID", CODE),
        column("sales_id", "SalesID", CODE),
        column("from_guest", "From", width=30),
        column("to_first", "ToFirst", width=16),
        column("to_last", "ToLast", width=16),
        column("to_email", "ToEmail", CODE, width=28),
        column(
            "state", "State", CODE, choices=states.TRANSFER_STATE, machine=states.TRANSFER_MACHINE
        ),
        column("offered_at", "OfferedAt", DATETIME, width=18),
        column("expires_at", "ExpiresAt", DATETIME, width=18),
        column("decided_at", "DecidedAt", DATETIME, width=18),
        _USER,
        column("reason", "Reason", width=30),
    ),
    record=("transfer_id",),
    extension=True,
)
WAITLIST_SHEET = Sheet(
    WAITLIST,
    SheetKind.LEDGER,
    (
        column("entry_id", "EntryID", CODE),
        column("client", "Client", CODE, width=28),
        *_POOL,
        column("source", "Source", CODE, width=16),
        column(
            "state", "State", CODE, choices=states.WAITLIST_STATE, machine=states.WAITLIST_MACHINE
        ),
        column("queued_at", "QueuedAt", DATETIME, width=18),
        column("promoted_at", "PromotedAt", DATETIME, width=18),
        column("deadline", "Deadline", DATE),
        column("decided_at", "DecidedAt", DATETIME, width=18),
        column("unit_ids", "HeldUnits", CODE, width=24),
        column("sales_id", "SalesID", CODE),
        _USER,
        column("reason", "Reason", width=30),
    ),
    record=("entry_id",),
    extension=True,
)
SHEETS = (TRANSFERS_SHEET, WAITLIST_SHEET, ALLOTMENTS_SHEET, ALLOTMENT_TICKETS_SHEET)
