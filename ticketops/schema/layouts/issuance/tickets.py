"""Tickets, their history and their documents: written by commands."""

from __future__ import annotations

from ticketops.model import book_kinds, issuance
from ticketops.schema.layouts.event.columns import CODE, DATETIME, INTEGER, column
from ticketops.schema.layouts.event.names import BOOK_EDITS
from ticketops.schema.layouts.issuance.flights import DEADLINE, PNR
from ticketops.schema.layouts.issuance.names import DOCUMENTS, HISTORY, TICKETS
from ticketops.schema.sheets import Sheet, SheetKind, Trail

TICKETS_SHEET = Sheet(
    TICKETS,
    SheetKind.LEDGER,
    (
        column("ticket_id", "TicketID", CODE),
        column("booking_id", "BookingID", CODE),
        column("passenger_id", "BookingPassengerID", CODE, width=20),
        column("ref", "PassengerRef", CODE, width=16),
        column("name", "PassengerName", width=30),
        column("original_name", "OriginalName", width=30),
        PNR,
        column("ticket_number", "TicketNumber", CODE, width=16),
        DEADLINE,
        column("deadline_from", "DeadlineFrom", CODE, width=30),
        column("finance", "FinanceClearanceStatus", CODE, choices=issuance.CLEARANCE, width=22),
        column("cleared_by", "FinanceClearedBy", CODE, width=18),
        column("cleared_at", "FinanceClearedAt", DATETIME, width=18),
        column("requested_by", "ExceptionRequestedBy", CODE, width=22),
        column("requested_at", "ExceptionRequestedAt", DATETIME, width=22),
        column("request_reason", "ExceptionReason", width=26),
        column("proof", "ExceptionEmailProof", CODE, width=30),
        column("proof_hash", "ExceptionProofHash", CODE, width=34),
        column("approved_by", "ExceptionApprovedBy", CODE, width=20),
        column("approved_at", "ExceptionApprovedAt", DATETIME, width=20),
        column("issued_at", "IssuedAt", DATETIME, width=18),
        column("issued_by", "IssuedBy", CODE),
        column("cleared_as", "ClearedAs", width=40),
        column(
            "state",
            "Status",
            CODE,
            choices=issuance.TICKET_STATE,
            machine=issuance.TICKET_MACHINE,
            width=22,
        ),
        column("named_by", "NameUpdatedBy", CODE, width=16),
        column("named_at", "NameUpdatedAt", DATETIME, width=18),
        column("void_reason", "VoidReason", width=30),
        column("created_at", "CreatedAt", DATETIME, width=18),
    ),
    key="ticket_id",
    witness=("created_at",),
)
"""A ticket per passenger. OriginalName: as it was before it was put into the airline's form.
DeadlineFrom: what the deadline was taken from, and the deadline; a deadline that differs was typed.
ClearedAs: how the clearance stood when the ticket was issued."""
HISTORY_SHEET = Sheet(
    HISTORY,
    SheetKind.LOG,
    (
        column("timestamp", "ChangedAt", DATETIME, width=18),
        column("user", "ChangedBy", CODE, width=16),
        column("ticket_id", "TicketID", CODE),
        column("action", "Action", CODE, choices=issuance.HISTORY_ACTION, width=20),
        column("before", "FromStatus", CODE, choices=issuance.TICKET_STATE, width=22),
        column("after", "ToStatus", CODE, choices=issuance.TICKET_STATE, width=22),
        column("note", "Note", width=50),
        column("run_id", "RunID", CODE, width=18),
    ),
    trail=Trail("note", ("ticket_id", "before", "after")),
)
DOCUMENTS_SHEET = Sheet(
    DOCUMENTS,
    SheetKind.LOG,
    (
        column("document_id", "DocumentID", CODE),
        column("ticket_id", "TicketID", CODE),
        column("kind", "Kind", CODE, choices=issuance.DOCUMENT_KIND),
        column("path", "Path", CODE, width=50),
        column("hash", "Hash", CODE, width=34),
        column("size", "Bytes", INTEGER),
        column("note", "Note", width=30),
        column("user", "AddedBy", CODE, width=16),
        column("added_at", "AddedAt", DATETIME, width=18),
        column("run_id", "RunID", CODE, width=18),
    ),
    record=("document_id",),
)
BOOK_EDITS_SHEET = Sheet(
    BOOK_EDITS,
    SheetKind.LOG,
    (
        column("timestamp", "Timestamp", DATETIME, width=18),
        column("run_id", "RunID", CODE, width=18),
        column("book_id", "BookID", CODE, width=38),
        column("kind", "Kind", CODE, choices=book_kinds.BOOK_KIND),
        column("party", "Party", CODE, width=28),
        column("ticket_id", "TicketID", CODE),
        column("fields", "Edited", width=40),
        column("title", "Title", CODE),
        column("name", "PassengerName", width=30),
        column("born_on", "DateOfBirth", CODE, width=18),
        column("nationality", "Nationality", width=16),
        column("passport", "Passport", CODE, width=14),
        column("passport_expiry", "PassportExpiry", CODE, width=18),
        column("outcome", "Outcome", width=50),
    ),
    extension=True,
    trail=Trail("outcome", ("book_id", "kind", "party", "ticket_id")),
)
"""What lists of passengers that came back said, and what became of it."""
