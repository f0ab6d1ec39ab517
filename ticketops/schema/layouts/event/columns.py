"""Columns that several sheets of the event layout share."""

from __future__ import annotations

from ticketops.model import states
from ticketops.model.spelling import Kind
from ticketops.schema.columns import Column, ColumnType

TEXT, CODE, INTEGER, NUMBER = (
    ColumnType.TEXT,
    ColumnType.CODE,
    ColumnType.INTEGER,
    ColumnType.NUMBER,
)
DATE, DATETIME, FLAG = ColumnType.DATE, ColumnType.DATETIME, ColumnType.FLAG


KINDS = {
    "unit_id": Kind.UNIT,
    "unit_ids": Kind.UNITS,
    "set_id": Kind.SET,
    "sales_id": Kind.SALE,
    "sale_id": Kind.SALE,
    "match": Kind.MATCH,
    "category": Kind.CATEGORY,
    "alloc_from": Kind.CATEGORY,
    "acc_tix": Kind.CATEGORY,
    "sub_game": Kind.SUB_GAME,
}
"""What the coded columns of these names hold, whichever sheet they stand in (D16)."""


def column(name: str, header: str, type_: ColumnType = TEXT, **more: object) -> Column:
    """A column; a coded one gets the kind of what its name says."""
    kind = KINDS.get(name) if type_ is CODE else None
    return Column(name, header, type_, **{"kind": kind, **more})  # type: ignore[arg-type]


NOTES_AGREED = column("notes_agreed", "NotesAgreed", extension=True, width=24)
INV_NO = column("inv_no", "InvNo", CODE, extension=True, width=14)
"""The vendor's listing number, of a purchase and of each of its units (D20)."""
SUB_GAME = column("sub_game", "SubGame", CODE, extension=True)
"""Which sub-game of its match something is of, where the match has several (D31)."""
PROCESS_NOW = column("process_now", "Process_Now", FLAG, aliases=("Allocate_Now", "Alloc_Now"))

GUEST_COLUMNS = (
    ("client_notes", "Clients notes", TEXT, 24),
    ("first_name", "First name", TEXT, 16),
    ("last_name", "Last Name", TEXT, 16),
    ("client_email", "Client Email", CODE, 28),
    ("comment", "Comments", TEXT, 24),
)
"""(name, header, type, width) of what a client types, in the order of §7 (AB–AF)."""


def distribution_columns(tail: tuple[Column, ...], *, ledger: bool) -> tuple[Column, ...]:
    """The run of columns that Distribution and _SUPPLIER_QUEUE share. ledger: states move as the
    machines say; a queue follows."""
    status_machine, delivery_machine = (
        (states.DISTRIBUTION_MACHINE, states.DELIVERY_MACHINE) if ledger else (None, None)
    )
    return (
        column("device", "Device"),
        column("vendor", "Vendor", CODE, width=26),
        column("email", "Email", CODE, width=26),
        column("password", "Password", secret=True),
        column("contract", "Cont. No.", CODE, width=14),
        column("tix", "Tix", INTEGER, width=6),
        column("acc_tix", "ACC Tix", CODE),
        column("sales_id", "ID", CODE),
        column("row_type", "Purchases/Sales", CODE, choices=states.ROW_TYPE, width=15),
        column("date", "Date", DATE),
        column("match", "M-No.", CODE, width=8),
        column("game", "Game", width=30),
        column("company", "Company", CODE, width=26),
        column("inv_no", "INV-NO", CODE, width=14),
        column("category", "Category", CODE),
        column("sets", "Sets", INTEGER, width=6),
        column("qty", "Qty", INTEGER, width=6),
        column("block", "Block", CODE, width=8),
        column("seat_row", "Row", CODE, width=8),
        column("seat", "Seat", CODE, width=8),
        column("sold", "Sold (Y/N)", FLAG, width=10),
        PROCESS_NOW,
        column(
            "status",
            "Status",
            CODE,
            choices=states.DISTRIBUTION_STATUS,
            machine=status_machine,
            width=16,
        ),
        column("run_id", "RunID", CODE, width=18),
        column("notes", "Notes", width=30),
        column("unit_ids", "AllocatedUnitIDs", CODE, width=16),
        column("unit_count", "AllocatedCount", INTEGER),
        column("client_notes", "Clients notes", width=20),
        column("first_name", "First name", width=14),
        column("last_name", "Last Name", width=14),
        column("client_email", "Client Email", CODE, width=26),
        column("comment", "Comment", width=20),
        column("delivery", "Delivery", CODE, choices=states.DELIVERY, machine=delivery_machine),
        column("dispatch_status", "DispatchStatus", CODE, choices=states.DELIVERY),
        column("dispatch_notes", "DispatchNotes", width=20),
        column("dispatched_at", "DispatchedAt", DATETIME, width=18),
        *tail,
    )
