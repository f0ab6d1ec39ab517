"""Sheets in free layouts that are replaced whole."""

from __future__ import annotations

from ticketops.schema.layouts.event.names import ALLOCATION_AUDIT, REPORT_POSITION
from ticketops.schema.sheets import Sheet, SheetKind

ALLOCATION_AUDIT_ISSUE_HEADERS = (
    "Timestamp",
    "Severity",
    "Type",
    "SalesID",
    "Distribution Row",
    "UnitID",
    "_PURCHASE_UNITS Row",
    "Match",
    "Category",
    "Message",
)
POSITION_HEADERS = (
    "Total Sold",
    "Total Sent",
    "Total Open",
    "Available Inventory",
    "Oversold Total",
    "Surplus Total",
)

ALLOCATION_AUDIT_SHEET = Sheet(ALLOCATION_AUDIT, SheetKind.REPORT, header_row=0)
REPORT_POSITION_SHEET = Sheet(REPORT_POSITION, SheetKind.REPORT, header_row=0)
