"""Money beside trade (D24): what was paid and for what, what else was spent, what was invoiced."""

from __future__ import annotations

from ticketops.model import money, states
from ticketops.schema.layouts.event.columns import CODE, DATE, DATETIME, NUMBER, column
from ticketops.schema.layouts.event.names import FEES, INVOICES, PAYMENTS
from ticketops.schema.sheets import Sheet, SheetKind

PAYMENTS_SHEET = Sheet(
    PAYMENTS,
    SheetKind.LEDGER,
    (
        column("payment_id", "PaymentID", CODE),
        column("date", "Date", DATE),
        column("direction", "Direction", CODE, choices=states.DIRECTION, width=10),
        column("client", "Client", CODE, width=28),
        column("vendor", "Vendor", CODE, width=28),
        column("amount", "Amount", NUMBER),
        column("currency", "Currency", CODE, choices=money.CURRENCIES),
        column("paid_for", "For", CODE, width=40),
        column("ref", "Ref", CODE, width=20),
        column("note", "Note", width=30),
        column("status", "Status", CODE, choices=states.RECORD_STATUS),
        column("void_reason", "VoidReason", width=30),
        column("user", "User", CODE),
        column("created_at", "CreatedAt", DATETIME, width=18),
    ),
    record=("payment_id",),
    extension=True,
)
FEES_SHEET = Sheet(
    FEES,
    SheetKind.LEDGER,
    (
        column("fee_id", "FeeID", CODE),
        column("date", "Date", DATE),
        column("kind", "Kind", CODE, choices=states.FEE_KIND),
        column("fee_for", "For", CODE, width=40),
        column("amount", "Amount", NUMBER),
        column("currency", "Currency", CODE, choices=money.CURRENCIES),
        column("note", "Note", width=30),
        column("status", "Status", CODE, choices=states.RECORD_STATUS),
        column("void_reason", "VoidReason", width=30),
        column("user", "User", CODE),
        column("created_at", "CreatedAt", DATETIME, width=18),
    ),
    record=("fee_id",),
    extension=True,
)
INVOICES_SHEET = Sheet(
    INVOICES,
    SheetKind.LEDGER,
    (
        column("invoice", "Invoice", CODE),
        column("kind", "Kind", CODE, choices=states.INVOICE_KIND),
        column("cancels", "Of", CODE),
        column("issued_on", "IssuedOn", DATE),
        column("due_on", "DueOn", DATE),
        column("client", "Client", CODE, width=28),
        column("lines", "Lines", CODE, width=24),
        column("currency", "Currency", CODE, choices=money.CURRENCIES),
        column("net", "Net", NUMBER),
        column("tax_rate", "TaxRate", NUMBER),
        column("tax", "Tax", NUMBER),
        column("total", "Total", NUMBER),
        column("reason", "Reason", width=30),
        column("user", "User", CODE),
        column("created_at", "CreatedAt", DATETIME, width=18),
    ),
    record=("invoice",),
    extension=True,
)
