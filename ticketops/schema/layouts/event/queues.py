"""Sheets that commands rebuild while what people typed into them is kept."""

from __future__ import annotations

from ticketops.model import states
from ticketops.schema.columns import Column
from ticketops.schema.layouts.event.columns import (
    CODE,
    DATE,
    DATETIME,
    FLAG,
    INTEGER,
    NOTES_AGREED,
    PROCESS_NOW,
    column,
    distribution_columns,
)
from ticketops.schema.layouts.event.names import (
    ALLOCATION_PREVIEW,
    SALES_PARENT_RECON,
    SALES_RECON_AUDIT,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
)
from ticketops.schema.sheets import Sheet, SheetKind


def _recon_columns(middle: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns that both reconciliation sheets share, with what differs in the middle (§12b)."""
    return (
        column("action", "Action", CODE, choices=states.RECON_ACTION, width=18),
        column("reason", "Reason", width=36),
        column("touched", "Touched?", FLAG),
        column("dist_row", "DistRow", INTEGER),
        column("sales_id", "ID", CODE),
        column("date", "Date", DATE),
        column("match", "Match", CODE, width=8),
        column("game", "Game", width=30),
        column("company", "Company", CODE, width=26),
        column("inv_no", "INV-NO", CODE, width=14),
        column("category", "Category", CODE),
        column("sales_child", "SalesChild", INTEGER),
        column("import_key", "DistSalesImportKey", CODE, width=20),
        column("line_key", "DistSalesLineKey", CODE, width=22),
        *middle,
        column("status", "Status", CODE, width=16),
        column("run_id", "RunID", CODE, width=18),
        column("notes", "Notes", width=30),
        PROCESS_NOW,
    )


STAFF_QUEUE_SHEET = Sheet(
    STAFF_QUEUE,
    SheetKind.QUEUE,
    (
        column("task_id", "TaskID", CODE),
        column("sales_id", "SalesID", CODE),
        column("match", "Match", CODE, width=8),
        column("category", "Category", CODE),
        column("sets", "Sets", INTEGER),
        column("qty", "Qty", INTEGER),
        column("company", "Company", CODE, width=26),
        column("inv_no", "INV_NO", CODE, width=14),
        column("block", "Block", CODE),
        column("seat_row", "Row", CODE),
        column("seat", "Seat", CODE),
        column("unit_ids", "AllocatedIDs", CODE),
        column("vendor_email", "VendorEmail", CODE, width=26),
        column("vendor_password", "VendorPassword", secret=True),
        column("contract", "ContractNo", CODE, width=14),
        column("first_name", "ClientFirstName", width=14),
        column("last_name", "ClientLastName", width=14),
        column("client_email", "ClientEmail", CODE, width=26),
        column("assigned_to", "AssignedTo", CODE, width=26),
        column("priority", "Priority", CODE, choices=states.PRIORITY),
        column("dispatch_status", "DispatchStatus", CODE, choices=states.DISPATCH_STATUS),
        column("dispatched_at", "DispatchedAt", DATETIME, width=18),
        column("staff_notes", "StaffNotes", width=24),
        column("dist_row", "DistRow", INTEGER),
        column("proof_url", "ProofUrl", extension=True, width=30),
        NOTES_AGREED,
        column("vendor", "Vendor", CODE, extension=True, width=26),
        column("escalated_to", "EscalatedTo", CODE, extension=True, width=26),
        column("escalated_at", "EscalatedAt", DATETIME, extension=True, width=18),
        column("escalated_by", "EscalatedBy", CODE, extension=True, width=16),
        column("escalation", "EscalationReason", extension=True, width=36),
    ),
    key="task_id",
)
SUPPLIER_QUEUE_SHEET = Sheet(
    SUPPLIER_QUEUE,
    SheetKind.QUEUE,
    (
        column("supplier_key", "SupplierKey", CODE, width=16),
        *distribution_columns(
            (
                column("dist_row", "DistRow", INTEGER),
                column("line_key", "SalesLineKey", CODE, width=42),
                column("source_sale_id", "SourceSaleID", CODE, width=40),
            ),
            ledger=False,
        ),
        NOTES_AGREED,
    ),
)
ALLOCATION_PREVIEW_SHEET = Sheet(
    ALLOCATION_PREVIEW,
    SheetKind.QUEUE,
    (
        column("run_id", "RunID", CODE, width=18),
        column("dist_row", "DistSheetRow", INTEGER),
        column("sales_id", "SalesID", CODE),
        column("match", "Match", CODE),
        column("category", "Category", CODE),
        column("qty", "Qty", INTEGER),
        column("options", "OptionsSetIDs", width=50),
        column("chosen", "ChosenSetID", CODE, width=14),
        column("proposed", "ProposedUnitIDs", width=40),
        column("warnings", "Warnings", width=30),
    ),
)
SALES_PARENT_RECON_SHEET = Sheet(
    SALES_PARENT_RECON,
    SheetKind.QUEUE,
    _recon_columns(
        (
            column("expected", "ExpectedCountFromSales", INTEGER),
            column("actual", "ActualCountInDistribution", INTEGER),
        )
    ),
)
SALES_RECON_AUDIT_SHEET = Sheet(
    SALES_RECON_AUDIT,
    SheetKind.QUEUE,
    _recon_columns(
        (
            column("sales_row", "CurrentSalesRow", INTEGER),
            column("current_key", "CurrentSalesImportKey", CODE, width=20),
            column("expected", "ExpectedQty", INTEGER),
            column("parents", "CurrentSalesParentsWithSameBusinessKey", INTEGER),
        )
    ),
)
