"""The event layout: every sheet of §16b with its header row, columns, key and kind, and the sheets
of ours beside them (D12).

Sheet and column names of the specification stand in this folder, verbatim, and nowhere else; the
rest of the code uses the constants and python names.
"""

from __future__ import annotations

from ticketops.schema.layout import Layout
from ticketops.schema.layouts.event import ledgers, logs, queues, reference, reports
from ticketops.schema.layouts.event.columns import GUEST_COLUMNS
from ticketops.schema.layouts.event.ledgers import STRAY_UNITS_HEADER
from ticketops.schema.layouts.event.names import (
    ALIASES,
    ALLOC_LOG,
    ALLOCATION_AUDIT,
    ALLOCATION_PREVIEW,
    BOOK_EDITS,
    BOOKS,
    CLIENT_INPUTS,
    CREDENTIAL_HISTORY,
    DISTRIBUTION,
    HOLDS,
    IMPORT_META,
    MATTHIAS_EMAILS,
    POLICIES,
    PURCHASE_META,
    PURCHASES,
    REFUNDS,
    REPAIR_LOG,
    REPORT_POSITION,
    SALES,
    SALES_PARENT_RECON,
    SALES_RECON_AUDIT,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    UNITS,
    UNITS_AUDIT,
    USERS,
    VENDOR_CREDENTIALS,
    VIEWS,
)
from ticketops.schema.layouts.event.reports import ALLOCATION_AUDIT_ISSUE_HEADERS, POSITION_HEADERS

EVENT = Layout(
    (
        reference.SCHEDULE_SHEET,
        ledgers.PURCHASES_SHEET,
        ledgers.SALES_SHEET,
        ledgers.UNITS_SHEET,
        ledgers.DISTRIBUTION_SHEET,
        queues.STAFF_QUEUE_SHEET,
        queues.SUPPLIER_QUEUE_SHEET,
        reference.VENDOR_CREDENTIALS_SHEET,
        reference.MATTHIAS_EMAILS_SHEET,
        logs.ALLOC_LOG_SHEET,
        reports.ALLOCATION_AUDIT_SHEET,
        logs.REPAIR_LOG_SHEET,
        queues.ALLOCATION_PREVIEW_SHEET,
        queues.SALES_PARENT_RECON_SHEET,
        queues.SALES_RECON_AUDIT_SHEET,
        logs.PURCHASE_META_SHEET,
        logs.IMPORT_META_SHEET,
        reports.REPORT_POSITION_SHEET,
        logs.UNITS_AUDIT_SHEET,
        reference.POLICIES_SHEET,
        ledgers.HOLDS_SHEET,
        ledgers.REFUNDS_SHEET,
        reference.USERS_SHEET,
        ledgers.CLIENT_INPUTS_SHEET,
        reference.SUPPLIER_GROUPS_SHEET,
        reference.VIEWS_SHEET,
        reference.ALIASES_SHEET,
        logs.BOOKS_SHEET,
        logs.BOOK_EDITS_SHEET,
        logs.CREDENTIAL_HISTORY_SHEET,
    )
)
"""The workbook of one event, its sheets in the order of §16b."""
SECRET_SHEETS = tuple(
    sheet.name for sheet in EVENT if any(column.secret for column in sheet.columns)
)
"""The names of the sheets that have a column for passwords."""

__all__ = [
    "ALIASES",
    "ALLOCATION_AUDIT",
    "ALLOCATION_AUDIT_ISSUE_HEADERS",
    "ALLOCATION_PREVIEW",
    "ALLOC_LOG",
    "BOOKS",
    "BOOK_EDITS",
    "CLIENT_INPUTS",
    "CREDENTIAL_HISTORY",
    "DISTRIBUTION",
    "EVENT",
    "GUEST_COLUMNS",
    "HOLDS",
    "IMPORT_META",
    "MATTHIAS_EMAILS",
    "POLICIES",
    "POSITION_HEADERS",
    "PURCHASES",
    "PURCHASE_META",
    "REFUNDS",
    "REPAIR_LOG",
    "REPORT_POSITION",
    "SALES",
    "SALES_PARENT_RECON",
    "SALES_RECON_AUDIT",
    "SCHEDULE",
    "SECRET_SHEETS",
    "STAFF_QUEUE",
    "STRAY_UNITS_HEADER",
    "SUPPLIER_GROUPS",
    "SUPPLIER_QUEUE",
    "UNITS",
    "UNITS_AUDIT",
    "USERS",
    "VENDOR_CREDENTIALS",
    "VIEWS",
]
