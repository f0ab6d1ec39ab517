"""Sheets that only grow: what was done, by whom, and which rows were imported."""

from __future__ import annotations

from ticketops.model import book_kinds, events, states
from ticketops.schema.columns import Column
from ticketops.schema.layouts.event.columns import (
    CODE,
    DATETIME,
    FLAG,
    GUEST_COLUMNS,
    INTEGER,
    column,
)
from ticketops.schema.layouts.event.names import (
    ALLOC_LOG,
    BOOK_EDITS,
    BOOKS,
    CLOSING,
    CREDENTIAL_HISTORY,
    EVENT_LOG,
    IMPORT_LINES,
    IMPORT_META,
    IMPORTS,
    PURCHASE_META,
    REPAIR_LOG,
    UNITS_AUDIT,
)
from ticketops.schema.sheets import Sheet, SheetKind, Trail


def _log_columns(actions: tuple[str, ...]) -> tuple[Column, ...]:
    return (
        column("timestamp", "Timestamp", DATETIME, width=18),
        column("user", "User", CODE, width=16),
        column("action", "Action", CODE, choices=actions, width=26),
        column("sale_id", "SaleID", CODE),
        column("set_id", "SetID", CODE, width=14),
        column("units_affected", "UnitsAffected", INTEGER),
        column("clear_seats", "ClearSeats", FLAG),
        column("reason", "Reason", width=40),
    )


_LOG_TRAIL = Trail("reason", ("sale_id", "set_id", "units_affected"))

ALLOC_LOG_SHEET = Sheet(
    ALLOC_LOG, SheetKind.LOG, _log_columns(states.ALLOC_ACTION), trail=_LOG_TRAIL
)
REPAIR_LOG_SHEET = Sheet(
    REPAIR_LOG, SheetKind.LOG, _log_columns(states.REPAIR_ACTION), trail=_LOG_TRAIL
)
PURCHASE_META_SHEET = Sheet(
    PURCHASE_META,
    SheetKind.LOG,
    (
        column("unit_key", "unitKey", CODE, width=60),
        column("created_at", "createdAt", DATETIME, width=18),
        column("unit_id", "unitId", CODE, extension=True),
        column("set_id", "setId", CODE, extension=True, width=14),
    ),
    record=("unit_key",),
)
IMPORT_META_SHEET = Sheet(
    IMPORT_META,
    SheetKind.LOG,
    (
        column("row_key", "rowKey", CODE, width=44),
        column("imported_at", "importedAt", DATETIME, width=18),
    ),
    record=("row_key",),
)
UNITS_AUDIT_SHEET = Sheet(
    UNITS_AUDIT,
    SheetKind.LOG,
    (
        column("timestamp", "Timestamp", DATETIME, width=18),
        column("run_id", "RunID", CODE, width=18),
        column("issue", "Issue", CODE, width=34),
        column("purchase_id", "PurchaseID", CODE, width=40),
        column("source_row", "SourceRow", INTEGER),
        column("set_id", "SetID", CODE, width=14),
        column("match", "Match", CODE),
        column("vendor", "Vendor", CODE, width=26),
        column("contract", "Contract", CODE, width=14),
        column("category", "Category", CODE),
        column("purchases_qty", "PurchasesQty", INTEGER),
        column("allocated", "AllocatedCount", INTEGER),
        column("units_before", "UnitsBefore", INTEGER),
        column("units_after", "UnitsAfter", INTEGER),
        column("unit_ids", "UnitIDs", width=40),
    ),
    extension=True,
)
BOOKS_SHEET = Sheet(
    BOOKS,
    SheetKind.LOG,
    (
        column("book_id", "BookID", CODE, width=38),
        column("kind", "Kind", CODE, choices=book_kinds.BOOK_KIND),
        column("party", "Party", CODE, width=28),
        column("file", "File", width=50),
        column("built_at", "BuiltAt", DATETIME, width=18),
        column("user", "BuiltBy", CODE),
        column("run_id", "RunID", CODE, width=18),
        column("rows", "Rows", INTEGER),
        column("passwords", "WithPasswords", FLAG),
        column("contents", "ContentsHash", CODE, width=34),
        column("base", "BaseHash", CODE, width=34),
        column("ended_at", "EndedAt", DATETIME, width=18),
    ),
    record=("book_id",),
    extension=True,
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
        column("sales_id", "SalesID", CODE),
        column("fields", "Edited", width=40),
        *(column(name, header, type_, width=width) for name, header, type_, width in GUEST_COLUMNS),
        column("delivery", "Delivery", CODE),
        column("dispatch_notes", "DispatchNotes", width=24),
        column("dispatched_at", "DispatchedAt", CODE, width=18),
        column("proof_url", "ProofUrl", width=24),
        column("outcome", "Outcome", width=50),
    ),
    extension=True,
    trail=Trail("outcome", ("book_id", "kind", "party", "sales_id")),
)
CREDENTIAL_HISTORY_SHEET = Sheet(
    CREDENTIAL_HISTORY,
    SheetKind.LOG,
    (
        column("timestamp", "Timestamp", DATETIME, width=18),
        column("user", "User", CODE, width=16),
        column("action", "Action", CODE, choices=states.CREDENTIAL_ACTION, width=18),
        column("vendor", "Vendor", CODE, width=26),
        column("login_id", "LoginID", CODE, width=16),
        column("event", "Event", CODE),
        column("subject", "Subject", CODE, width=24),
        column("detail", "Detail", width=40),
        column("run_id", "RunID", CODE, width=18),
    ),
    extension=True,
    trail=Trail("detail", ("vendor", "login_id", "event", "subject")),
)
EVENT_LOG_SHEET = Sheet(
    EVENT_LOG,
    SheetKind.LOG,
    (
        column("timestamp", "Timestamp", DATETIME, width=18),
        column("user", "User", CODE, width=16),
        column("action", "Action", CODE, choices=states.EVENT_ACTION, width=12),
        column("event", "Event", CODE),
        column("before", "From", CODE, choices=events.EVENT_STATE, width=14),
        column("after", "To", CODE, choices=events.EVENT_STATE, width=14),
        column("reason", "Reason", width=40),
        column("run_id", "RunID", CODE, width=18),
    ),
    extension=True,
    trail=Trail("reason", ("event", "before", "after")),
)
CLOSING_SHEET = Sheet(
    CLOSING,
    SheetKind.LOG,
    (
        column("timestamp", "Timestamp", DATETIME, width=18),
        column("user", "User", CODE, width=16),
        column("action", "Action", CODE, choices=states.CLOSING_ACTION, width=12),
        column("issue", "Issue", CODE, width=34),
        column("count", "Count", INTEGER),
        column("subjects", "Subjects", CODE, width=60),
        column("reason", "Reason", width=40),
        column("run_id", "RunID", CODE, width=18),
    ),
    extension=True,
    trail=Trail("reason", ("issue", "count", "subjects")),
)
"""What was outstanding when the event was closed, and what of it was accepted (§13)."""
IMPORTS_SHEET = Sheet(
    IMPORTS,
    SheetKind.LOG,
    (
        column("import_id", "ImportID", CODE, width=38),
        column("kind", "Kind", CODE, width=12),
        column("file", "File", CODE, width=40),
        column("content", "ContentHash", CODE, width=34),
        column("lines", "Lines", INTEGER),
        column("user", "User", CODE, width=16),
        column("imported_at", "ImportedAt", DATETIME, width=18),
        column("run_id", "RunID", CODE, width=18),
    ),
    record=("import_id",),
    extension=True,
)
"""The files of purchases, sales, guests and seats that were imported."""
IMPORT_LINES_SHEET = Sheet(
    IMPORT_LINES,
    SheetKind.LOG,
    (
        column("import_id", "ImportID", CODE, width=38),
        column("line", "Line", INTEGER),
        column("key", "LineHash", CODE, width=26),
        column("record", "Record", CODE, width=40),
    ),
    record=("import_id", "line"),
    extension=True,
    hidden=True,
)
"""The lines that each of them took, and the record that each became: by these an import knows what an
earlier one took."""
