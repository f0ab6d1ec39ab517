"""THE manifest: every sheet of §16b with its header row, columns, key and kind. Sheet and column names of the
specification stand here, verbatim, and nowhere else; the rest of the code uses the constants and python names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from ticketops.model import money, states
from ticketops.schema.columns import Column, ColumnType

TEXT, CODE, INTEGER, NUMBER = ColumnType.TEXT, ColumnType.CODE, ColumnType.INTEGER, ColumnType.NUMBER
DATE, DATETIME, FLAG = ColumnType.DATE, ColumnType.DATETIME, ColumnType.FLAG


class SheetKind(Enum):
    """What may be done to a sheet."""

    LEDGER = "ledger"
    """Rows are edited, appended, deleted."""
    LOG = "log"
    """Append-only: a ChangeSet that edits or deletes here is refused."""
    QUEUE = "queue"
    """Rebuilt, keeping what people typed."""
    REPORT = "report"
    """Replaced whole."""
    REFERENCE = "reference"
    """Edited by people, read by commands."""


@dataclass(frozen=True)
class Sheet:
    """One sheet. `header_row` 0 marks a free layout without a header of columns (a dashboard)."""

    name: str
    kind: SheetKind
    columns: tuple[Column, ...] = ()
    key: str = ""
    header_row: int = 1
    extension: bool = False
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def canonical_headers(self) -> tuple[str, ...]:
        """The headers of §16b, verbatim and in order."""
        return tuple(column.header for column in self.columns if not column.extension)


SCHEDULE = "Schedule WC2026"
PURCHASES = "Purchases"
SALES = "Sales"
UNITS = "_PURCHASE_UNITS"
DISTRIBUTION = "Distribution"
STAFF_QUEUE = "_STAFF_QUEUE"
SUPPLIER_QUEUE = "_SUPPLIER_QUEUE"
VENDOR_CREDENTIALS = "_VENDOR_CREDENTIALS"
MATTHIAS_EMAILS = "_MATTHIAS_EMAILS"
ALLOC_LOG = "_ALLOC_LOG"
ALLOCATION_AUDIT = "_ALLOCATION_AUDIT"
REPAIR_LOG = "_ALLOCATION_REPAIR_LOG"
ALLOCATION_PREVIEW = "_ALLOCATION_PREVIEW"
SALES_PARENT_RECON = "_SALES_PARENT_RECON"
SALES_RECON_AUDIT = "_SALES_RECON_AUDIT"
PURCHASE_META = "_PURCHASE_META"
IMPORT_META = "_IMPORT_META"
REPORT_POSITION = "_REPORT_POSITION"
UNITS_AUDIT = "_PURCHASE_UNITS_AUDIT"
POLICIES = "_POLICIES"
HOLDS = "_HOLDS"
REFUNDS = "_REFUNDS"
USERS = "_USERS"
CLIENT_INPUTS = "_CLIENT_INPUTS"
SUPPLIER_GROUPS = "_SUPPLIER_GROUPS"
VIEWS = "_VIEWS"
BOOKS = "_BOOKS"
BOOK_EDITS = "_BOOK_EDITS"
CREDENTIAL_HISTORY = "_CREDENTIAL_HISTORY"

ALLOCATION_AUDIT_ISSUE_HEADERS = (
    "Timestamp", "Severity", "Type", "SalesID", "Distribution Row", "UnitID", "_PURCHASE_UNITS Row", "Match",
    "Category", "Message",
)  # fmt: skip
POSITION_HEADERS = (
    "Total Sold", "Total Sent", "Total Open", "Available Inventory", "Oversold Total", "Surplus Total",
)  # fmt: skip


def _column(name: str, header: str, type_: ColumnType = TEXT, **more: object) -> Column:
    return Column(name, header, type_, **more)  # type: ignore[arg-type]


_notes_agreed = _column("notes_agreed", "NotesAgreed", extension=True, width=24)
_process_now = _column("process_now", "Process_Now", FLAG, aliases=("Allocate_Now", "Alloc_Now"))


def _distribution_columns(tail: tuple[Column, ...], *, ledger: bool) -> tuple[Column, ...]:
    """The run of columns that Distribution and _SUPPLIER_QUEUE share. ledger: states move as the machines say; a queue follows."""
    status_machine, delivery_machine = (states.DISTRIBUTION_MACHINE, states.DELIVERY_MACHINE) if ledger else (None, None)
    return (
        _column("device", "Device"),
        _column("vendor", "Vendor", CODE, width=26),
        _column("email", "Email", CODE, width=26),
        _column("password", "Password", secret=True),
        _column("contract", "Cont. No.", CODE, width=14),
        _column("tix", "Tix", INTEGER, width=6),
        _column("acc_tix", "ACC Tix", CODE),
        _column("sales_id", "ID", CODE),
        _column("row_type", "Purchases/Sales", CODE, choices=states.ROW_TYPE, width=15),
        _column("date", "Date", DATE),
        _column("match", "M-No.", CODE, width=8),
        _column("game", "Game", width=30),
        _column("company", "Company", CODE, width=26),
        _column("inv_no", "INV-NO", CODE, width=14),
        _column("category", "Category", CODE),
        _column("sets", "Sets", INTEGER, width=6),
        _column("qty", "Qty", INTEGER, width=6),
        _column("block", "Block", CODE, width=8),
        _column("seat_row", "Row", CODE, width=8),
        _column("seat", "Seat", CODE, width=8),
        _column("sold", "Sold (Y/N)", FLAG, width=10),
        _process_now,
        _column("status", "Status", CODE, choices=states.DISTRIBUTION_STATUS, machine=status_machine, width=16),
        _column("run_id", "RunID", CODE, width=18),
        _column("notes", "Notes", width=30),
        _column("unit_ids", "AllocatedUnitIDs", CODE, width=16),
        _column("unit_count", "AllocatedCount", INTEGER),
        _column("client_notes", "Clients notes", width=20),
        _column("first_name", "First name", width=14),
        _column("last_name", "Last Name", width=14),
        _column("client_email", "Client Email", CODE, width=26),
        _column("comment", "Comment", width=20),
        _column("delivery", "Delivery", CODE, choices=states.DELIVERY, machine=delivery_machine),
        _column("dispatch_status", "DispatchStatus", CODE, choices=states.DELIVERY),
        _column("dispatch_notes", "DispatchNotes", width=20),
        _column("dispatched_at", "DispatchedAt", DATETIME, width=18),
        *tail,
    )  # fmt: skip


def _recon_columns(middle: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns that both reconciliation sheets share, with what differs in the middle (§12b)."""
    return (
        _column("action", "Action", CODE, choices=states.RECON_ACTION, width=18),
        _column("reason", "Reason", width=36),
        _column("touched", "Touched?", FLAG),
        _column("dist_row", "DistRow", INTEGER),
        _column("sales_id", "ID", CODE),
        _column("date", "Date", DATE),
        _column("match", "Match", CODE, width=8),
        _column("game", "Game", width=30),
        _column("company", "Company", CODE, width=26),
        _column("inv_no", "INV-NO", CODE, width=14),
        _column("category", "Category", CODE),
        _column("sales_child", "SalesChild", INTEGER),
        _column("import_key", "DistSalesImportKey", CODE, width=20),
        _column("line_key", "DistSalesLineKey", CODE, width=22),
        *middle,
        _column("status", "Status", CODE, width=16),
        _column("run_id", "RunID", CODE, width=18),
        _column("notes", "Notes", width=30),
        _process_now,
    )


_LOG_COLUMNS = (
    _column("timestamp", "Timestamp", DATETIME, width=18),
    _column("user", "User", CODE, width=16),
    _column("action", "Action", CODE, width=26),
    _column("sale_id", "SaleID", CODE),
    _column("set_id", "SetID", CODE, width=14),
    _column("units_affected", "UnitsAffected", INTEGER),
    _column("clear_seats", "ClearSeats", FLAG),
    _column("reason", "Reason", width=40),
)

GUEST_COLUMNS = (
    ("client_notes", "Clients notes", TEXT, 24), ("first_name", "First name", TEXT, 16), ("last_name", "Last Name", TEXT, 16),
    ("client_email", "Client Email", CODE, 28), ("comment", "Comments", TEXT, 24),
)  # fmt: skip
"""(name, header, type, width) of what a client types, in the order of §7 (AB–AF)."""

_SHEETS = (
    Sheet(SCHEDULE, SheetKind.REFERENCE, (
        _column("day", "Day"),
        _column("date", "Date", DATE),
        _column("match", "M#", CODE, width=8),
        _column("game", "Game", width=34),
        _column("group", "Group", width=16),
        _column("time", "Time", CODE),
        _column("city", "City+Stadiums", width=36),
        _column("country", "Country"),
        _column("region", "Region"),
        _column("capacity", "Capacity", INTEGER),
        _column("dispatch_deadline", "DispatchDeadline", DATETIME, extension=True, width=18),
    ), key="match"),
    Sheet(PURCHASES, SheetKind.LEDGER, (
        _column("date", "Date", DATE),
        _column("match", "Match", CODE, width=8),
        _column("game", "Game", width=30),
        _column("vendor", "Vendor", CODE, width=28),
        _column("contract", "Contract", CODE, width=16),
        _column("category", "Category", CODE),
        _column("number", "Number", INTEGER),
        _column("price", "Price", NUMBER),
        _column("total", "Total", NUMBER),
        _column("email_password", "Password behind the Email TAB", secret=True),
        _column("purchase_id", "PurchaseID", CODE, width=40),
        _column("currency", "Currency", CODE, extension=True, choices=money.CURRENCIES),
        _column("notes", "Notes", extension=True, width=30),
        _column("user", "User", CODE, extension=True),
        _column("created_at", "CreatedAt", DATETIME, extension=True, width=18),
    ), key="purchase_id"),
    Sheet(SALES, SheetKind.LEDGER, (
        _column("date", "Date", DATE),
        _column("match", "Match", CODE, width=8),
        _column("game", "Game", width=30),
        _column("client", "Client", CODE, width=28),
        _column("contract", "Contract", CODE, width=16),
        _column("category", "Category", CODE),
        _column("number", "Number", INTEGER),
        _column("price", "Price", NUMBER),
        _column("total", "Total", NUMBER),
        _column("status", "Status", CODE, choices=states.SALE_STATUS, width=18),
        _column("run_id", "RunID", CODE, width=18),
        _column("sales_id", "SalesID", CODE),
        _column("notes", "Notes", width=30),
        _column("source_sale_id", "SourceSaleID", CODE, width=40),
        _column("order_id", "OrderID", CODE, extension=True, width=40),
        _column("currency", "Currency", CODE, extension=True, choices=money.CURRENCIES),
        _column("client_po", "ClientPO", CODE, extension=True),
        _column("payment_status", "PaymentStatus", CODE, extension=True, choices=states.PAYMENT_STATUS, width=14),
        _column("oversell", "OversellFlag", FLAG, extension=True),
        _column("instructions", "SpecialInstructions", extension=True, width=30),
        _column("user", "User", CODE, extension=True),
        _column("created_at", "CreatedAt", DATETIME, extension=True, width=18),
    ), key="sales_id"),
    Sheet(UNITS, SheetKind.LEDGER, (
        _column("unit_id", "UnitID", CODE),
        _column("match", "Match", CODE, width=8),
        _column("game", "Game", width=30),
        _column("vendor", "Vendor", CODE, width=28),
        _column("contract", "Contract", CODE, width=16),
        _column("category", "Category", CODE),
        _column("source_row", "SourceRow", INTEGER),
        _column("created_at", "CreatedAt", DATETIME, width=18),
        _column("status", "Status", CODE, choices=states.UNIT_STATUS, machine=states.UNIT_MACHINE),
        _column("sales_id", "AllocatedToSalesID", CODE, width=16),
        _column("allocated_at", "AllocatedAt", DATETIME, width=18),
        _column("alloc_note", "AllocNote", width=40),
        _column("set_id", "SetID", CODE, width=14),
        _column("set_size", "SetSize", INTEGER),
        _column("set_pos", "SetPos", INTEGER),
        _column("password_legacy", "Password", secret=True),
        _column("block", "Block", CODE, width=8),
        _column("seat_row", "Row", CODE, width=8),
        _column("seat", "Seat", CODE, width=8),
        _column("purchase_id", "PurchaseID", CODE, width=40),
        _column("email", "Email", CODE, width=26),
        _column("password", "Password", secret=True, occurrence=2),
        _column("login_id", "LoginID", CODE),
    ), key="unit_id"),
    Sheet(DISTRIBUTION, SheetKind.LEDGER, _distribution_columns((
        _column("src_row", "SalesSrcRow", INTEGER),
        _column("child", "SalesChild", INTEGER),
        _column("alloc_from", "AllocFromCategory", CODE, aliases=("AlloFromCategory",), width=16),
        _column("source_sale_id", "SourceSaleID", CODE, width=40),
        _column("line_key", "SalesLineKey", CODE, width=42),
        _column("accepted_at", "AcceptedAt", DATETIME, extension=True, width=18),
        _column("accepted_by", "AcceptedBy", CODE, extension=True, width=22),
    ), ledger=True), key="line_key", header_row=2),
    Sheet(STAFF_QUEUE, SheetKind.QUEUE, (
        _column("task_id", "TaskID", CODE),
        _column("sales_id", "SalesID", CODE),
        _column("match", "Match", CODE, width=8),
        _column("category", "Category", CODE),
        _column("sets", "Sets", INTEGER),
        _column("qty", "Qty", INTEGER),
        _column("company", "Company", CODE, width=26),
        _column("inv_no", "INV_NO", CODE, width=14),
        _column("block", "Block", CODE),
        _column("seat_row", "Row", CODE),
        _column("seat", "Seat", CODE),
        _column("unit_ids", "AllocatedIDs", CODE),
        _column("vendor_email", "VendorEmail", CODE, width=26),
        _column("vendor_password", "VendorPassword", secret=True),
        _column("contract", "ContractNo", CODE, width=14),
        _column("first_name", "ClientFirstName", width=14),
        _column("last_name", "ClientLastName", width=14),
        _column("client_email", "ClientEmail", CODE, width=26),
        _column("assigned_to", "AssignedTo", CODE, width=26),
        _column("priority", "Priority", CODE, choices=states.PRIORITY),
        _column("dispatch_status", "DispatchStatus", CODE, choices=states.DISPATCH_STATUS),
        _column("dispatched_at", "DispatchedAt", DATETIME, width=18),
        _column("staff_notes", "StaffNotes", width=24),
        _column("dist_row", "DistRow", INTEGER),
        _column("proof_url", "ProofUrl", extension=True, width=30),
        _notes_agreed,
    ), key="task_id"),
    Sheet(SUPPLIER_QUEUE, SheetKind.QUEUE, (
        _column("supplier_key", "SupplierKey", CODE, width=16),
        *_distribution_columns((
            _column("dist_row", "DistRow", INTEGER),
            _column("line_key", "SalesLineKey", CODE, width=42),
            _column("source_sale_id", "SourceSaleID", CODE, width=40),
        ), ledger=False),
        _notes_agreed,
    )),
    Sheet(VENDOR_CREDENTIALS, SheetKind.LEDGER, (
        _column("vendor", "Vendor", CODE, width=26),
        _column("login_id", "LoginID", CODE, width=16),
        _column("email", "Email", CODE, width=26),
        _column("password", "Password", secret=True),
        _column("active", "Active", FLAG),
        _column("notes", "Notes", width=30),
        _column("updated_at", "UpdatedAt", DATETIME, width=18),
        _column("event", "Event", CODE, extension=True),
    )),
    Sheet(MATTHIAS_EMAILS, SheetKind.REFERENCE, (_column("email", "EMAILS", CODE, width=34),), key="email"),
    Sheet(ALLOC_LOG, SheetKind.LOG, _LOG_COLUMNS),
    Sheet(ALLOCATION_AUDIT, SheetKind.REPORT, header_row=0),
    Sheet(REPAIR_LOG, SheetKind.LOG, _LOG_COLUMNS),
    Sheet(ALLOCATION_PREVIEW, SheetKind.QUEUE, (
        _column("run_id", "RunID", CODE, width=18),
        _column("dist_row", "DistSheetRow", INTEGER),
        _column("sales_id", "SalesID", CODE),
        _column("match", "Match", CODE),
        _column("category", "Category", CODE),
        _column("qty", "Qty", INTEGER),
        _column("options", "OptionsSetIDs", width=50),
        _column("chosen", "ChosenSetID", CODE, width=14),
        _column("proposed", "ProposedUnitIDs", width=40),
        _column("warnings", "Warnings", width=30),
    )),
    Sheet(SALES_PARENT_RECON, SheetKind.QUEUE, _recon_columns((
        _column("expected", "ExpectedCountFromSales", INTEGER),
        _column("actual", "ActualCountInDistribution", INTEGER),
    ))),
    Sheet(SALES_RECON_AUDIT, SheetKind.QUEUE, _recon_columns((
        _column("sales_row", "CurrentSalesRow", INTEGER),
        _column("current_key", "CurrentSalesImportKey", CODE, width=20),
        _column("expected", "ExpectedQty", INTEGER),
        _column("parents", "CurrentSalesParentsWithSameBusinessKey", INTEGER),
    ))),
    Sheet(PURCHASE_META, SheetKind.LOG, (
        _column("unit_key", "unitKey", CODE, width=60),
        _column("created_at", "createdAt", DATETIME, width=18),
    )),
    Sheet(IMPORT_META, SheetKind.LOG, (
        _column("row_key", "rowKey", CODE, width=44),
        _column("imported_at", "importedAt", DATETIME, width=18),
    )),
    Sheet(REPORT_POSITION, SheetKind.REPORT, header_row=0),
    Sheet(UNITS_AUDIT, SheetKind.LOG, (
        _column("timestamp", "Timestamp", DATETIME, width=18),
        _column("run_id", "RunID", CODE, width=18),
        _column("issue", "Issue", CODE, width=34),
        _column("purchase_id", "PurchaseID", CODE, width=40),
        _column("source_row", "SourceRow", INTEGER),
        _column("set_id", "SetID", CODE, width=14),
        _column("match", "Match", CODE),
        _column("vendor", "Vendor", CODE, width=26),
        _column("contract", "Contract", CODE, width=14),
        _column("category", "Category", CODE),
        _column("purchases_qty", "PurchasesQty", INTEGER),
        _column("allocated", "AllocatedCount", INTEGER),
        _column("units_before", "UnitsBefore", INTEGER),
        _column("units_after", "UnitsAfter", INTEGER),
        _column("unit_ids", "UnitIDs", width=40),
    ), extension=True),
    Sheet(POLICIES, SheetKind.LEDGER, (
        _column("scope", "Scope", CODE, choices=states.POLICY_SCOPE),
        _column("key", "Key", CODE, width=26),
        _column("mode", "Mode", CODE, choices=states.POLICY_MODE, width=14),
        _column("vendor_whitelist", "VendorWhitelist", CODE, width=30),
        _column("vendor_blocklist", "VendorBlocklist", CODE, width=30),
        _column("upgrade_allowed", "UpgradeAllowed", FLAG, width=18),
        _column("max_upgrade_gap", "MaxUpgradeRankGap", INTEGER, width=20),
        _column("downgrade_allowed", "DowngradeAllowed", FLAG, width=20),
        _column("max_downgrade_gap", "MaxDowngradeRankGap", INTEGER, width=24),
        _column("min_margin_pct", "MinMarginPct", NUMBER, width=16),
        _column("max_auto_value", "MaxAutoCommitValue", NUMBER, width=22),
        _column("split_policy", "SplitPolicy", CODE, choices=states.SPLIT_POLICY, width=26),
        _column("min_chunk_size", "MinChunkSize", INTEGER, width=16),
        _column("vendor_diversity", "RequireVendorDiversity", FLAG, width=24),
        _column("exclude_vip", "ExcludeVip", FLAG, width=12),
        _column("user", "UpdatedBy", CODE),
        _column("updated_at", "UpdatedAt", DATETIME, width=18),
    ), extension=True),
    Sheet(HOLDS, SheetKind.LEDGER, (
        _column("unit_id", "UnitID", CODE),
        _column("client", "Client", CODE, width=28),
        _column("until", "Until", DATE),
        _column("reason", "Reason", width=36),
        _column("user", "HeldBy", CODE),
        _column("held_at", "HeldAt", DATETIME, width=18),
        _column("released_at", "ReleasedAt", DATETIME, width=18),
        _column("released_by", "ReleasedBy", CODE),
    ), extension=True),
    Sheet(REFUNDS, SheetKind.LEDGER, (
        _column("sales_id", "SalesID", CODE),
        _column("client", "Client", CODE, width=28),
        _column("tickets", "Tickets", INTEGER),
        _column("amount", "Amount", NUMBER),
        _column("currency", "Currency", CODE, choices=money.CURRENCIES),
        _column("payment_status", "PaymentStatus", CODE, choices=states.PAYMENT_STATUS, width=14),
        _column("decision", "Decision", CODE, choices=states.REFUND_DECISION, width=16),
        _column("reason", "Reason", width=36),
        _column("user", "User", CODE),
        _column("created_at", "CreatedAt", DATETIME, width=18),
    ), extension=True),
    Sheet(USERS, SheetKind.LEDGER, (
        _column("user", "User", CODE, width=18),
        _column("name", "Name", width=26),
        _column("email", "Email", CODE, width=30),
        _column("role", "Role", CODE, choices=states.ROLE, width=16),
        _column("vendor_groups", "VendorGroups", CODE, width=26),
        _column("active", "Active", FLAG),
    ), extension=True),
    Sheet(CLIENT_INPUTS, SheetKind.LEDGER, (
        _column("sales_id", "SalesID", CODE),
        _column("client_group", "ClientGroup", CODE, width=24),
        *(_column(name, header, type_, width=width) for name, header, type_, width in GUEST_COLUMNS),
        _column("accepted_at", "AcceptedAt", DATETIME, width=18),
        _column("accepted_by", "AcceptedBy", CODE, width=22),
        _column("updated_at", "UpdatedAt", DATETIME, width=18),
        _column("typed", "TypedByClient", CODE, width=30),
    ), key="sales_id", extension=True),
    Sheet(SUPPLIER_GROUPS, SheetKind.LEDGER, (
        _column("supplier_key", "SupplierKey", CODE, width=18),
        _column("vendor", "Vendor", CODE, width=30),
        _column("email_pattern", "EmailPattern", CODE, width=30),
        _column("user", "UpdatedBy", CODE),
        _column("updated_at", "UpdatedAt", DATETIME, width=18),
    ), extension=True),
    Sheet(VIEWS, SheetKind.LEDGER, (
        _column("name", "Name", CODE, width=26),
        _column("client_group", "ClientGroup", CODE, width=24),
        _column("filters", "Filters", width=60),
        _column("user", "SavedBy", CODE),
        _column("saved_at", "SavedAt", DATETIME, width=18),
    ), extension=True),
    Sheet(BOOKS, SheetKind.LOG, (
        _column("book_id", "BookID", CODE, width=38),
        _column("kind", "Kind", CODE, choices=states.BOOK_KIND),
        _column("party", "Party", CODE, width=28),
        _column("file", "File", width=50),
        _column("built_at", "BuiltAt", DATETIME, width=18),
        _column("user", "BuiltBy", CODE),
        _column("run_id", "RunID", CODE, width=18),
        _column("rows", "Rows", INTEGER),
        _column("passwords", "WithPasswords", FLAG),
        _column("contents", "ContentsHash", CODE, width=34),
        _column("base", "BaseHash", CODE, width=34),
    ), extension=True),
    Sheet(BOOK_EDITS, SheetKind.LOG, (
        _column("timestamp", "Timestamp", DATETIME, width=18),
        _column("run_id", "RunID", CODE, width=18),
        _column("book_id", "BookID", CODE, width=38),
        _column("kind", "Kind", CODE, choices=states.BOOK_KIND),
        _column("party", "Party", CODE, width=28),
        _column("sales_id", "SalesID", CODE),
        _column("fields", "Edited", width=40),
        *(_column(name, header, type_, width=width) for name, header, type_, width in GUEST_COLUMNS),
        _column("delivery", "Delivery", CODE),
        _column("dispatch_notes", "DispatchNotes", width=24),
        _column("dispatched_at", "DispatchedAt", CODE, width=18),
        _column("proof_url", "ProofUrl", width=24),
        _column("outcome", "Outcome", width=50),
    ), extension=True),
    Sheet(CREDENTIAL_HISTORY, SheetKind.LOG, (
        _column("timestamp", "Timestamp", DATETIME, width=18),
        _column("user", "User", CODE, width=16),
        _column("action", "Action", CODE, choices=states.CREDENTIAL_ACTION, width=18),
        _column("vendor", "Vendor", CODE, width=26),
        _column("login_id", "LoginID", CODE, width=16),
        _column("event", "Event", CODE),
        _column("subject", "Subject", CODE, width=24),
        _column("detail", "Detail", width=40),
        _column("run_id", "RunID", CODE, width=18),
    ), extension=True),
)  # fmt: skip

STRAY_UNITS_HEADER = 11910.0
"""The junk header of the last _PURCHASE_UNITS column (§16b): left alone, for ever."""


class Manifest:
    """The sheets a workbook layout consists of, by name. A second layout is a second Manifest."""

    def __init__(self, sheets: tuple[Sheet, ...]) -> None:
        self._sheets = {sheet.name: sheet for sheet in sheets}

    def __getitem__(self, name: str) -> Sheet:
        return self._sheets[name]

    def __contains__(self, name: object) -> bool:
        return name in self._sheets

    def __iter__(self) -> Iterator[Sheet]:
        return iter(self._sheets.values())

    def canonical(self) -> list[Sheet]:
        """The sheets of §16b, without the extension sheets."""
        return [sheet for sheet in self if not sheet.extension]


MANIFEST = Manifest(_SHEETS)
