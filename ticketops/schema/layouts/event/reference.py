"""Sheets that people fill and commands read: the schedule, the vendor logins, who is who, the
policies."""

from __future__ import annotations

from ticketops.model import events, roles, states
from ticketops.model.events import SESSION_TYPE
from ticketops.model.money import CURRENCIES
from ticketops.schema.layouts.event.columns import (
    CODE,
    DATE,
    DATETIME,
    FLAG,
    INTEGER,
    NUMBER,
    column,
)
from ticketops.schema.layouts.event.names import (
    ALIASES,
    CATEGORIES,
    EVENTS,
    MATTHIAS_EMAILS,
    POLICIES,
    SCHEDULE,
    SUBGAMES,
    SUPPLIER_GROUPS,
    USERS,
    VENDOR_CREDENTIALS,
    VIEWS,
)
from ticketops.schema.sheets import Sheet, SheetKind

SCHEDULE_SHEET = Sheet(
    SCHEDULE,
    SheetKind.REFERENCE,
    (
        column("day", "Day"),
        column("date", "Date", DATE),
        column("match", "M#", CODE, width=8),
        column("game", "Game", width=34),
        column("group", "Group", width=16),
        column("time", "Time", CODE),
        column("city", "City+Stadiums", width=36),
        column("country", "Country"),
        column("region", "Region"),
        column("capacity", "Capacity", INTEGER),
        column("dispatch_deadline", "DispatchDeadline", CODE, extension=True, width=18),
    ),
    key="match",
    found_by=("match", "date", "game"),
)
SUBGAMES_SHEET = Sheet(
    SUBGAMES,
    SheetKind.LEDGER,
    (
        column("match", "Match", CODE, width=8),
        column("sub_game", "SubGame", CODE),
        column("session_type", "SessionType", CODE, choices=SESSION_TYPE, width=14),
        column("name", "Name", width=30),
        column("date", "Date", DATE),
        column("time", "Time", CODE),
        column("user", "UpdatedBy", CODE),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
    ),
    record=("match", "sub_game"),
    extension=True,
)
CATEGORIES_SHEET = Sheet(
    CATEGORIES,
    SheetKind.LEDGER,
    (
        column("match", "Match", CODE, width=8),
        column("sub_game", "SubGame", CODE),
        column("category", "Category", CODE, width=24),
        column("level", "Level", INTEGER),
        column("capacity", "Capacity", INTEGER),
        column("user", "UpdatedBy", CODE),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
    ),
    record=("match", "sub_game", "category"),
    extension=True,
)
VENDOR_CREDENTIALS_SHEET = Sheet(
    VENDOR_CREDENTIALS,
    SheetKind.LEDGER,
    (
        column("vendor", "Vendor", CODE, width=26),
        column("login_id", "LoginID", CODE, width=16),
        column("email", "Email", CODE, width=26),
        column("password", "Password", secret=True),
        column("active", "Active", FLAG),
        column("notes", "Notes", width=30),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
        column("event", "Event", CODE, extension=True),
    ),
    record=("vendor", "login_id", "event"),
)
MATTHIAS_EMAILS_SHEET = Sheet(
    MATTHIAS_EMAILS, SheetKind.REFERENCE, (column("email", "EMAILS", CODE, width=34),), key="email"
)
POLICIES_SHEET = Sheet(
    POLICIES,
    SheetKind.LEDGER,
    (
        column("scope", "Scope", CODE, choices=states.POLICY_SCOPE),
        column("key", "Key", CODE, width=26),
        column("mode", "Mode", CODE, choices=states.POLICY_MODE, width=14),
        column("vendor_whitelist", "VendorWhitelist", CODE, width=30),
        column("vendor_blocklist", "VendorBlocklist", CODE, width=30),
        column("upgrade_allowed", "UpgradeAllowed", FLAG, width=18),
        column("max_upgrade_gap", "MaxUpgradeRankGap", INTEGER, width=20),
        column("downgrade_allowed", "DowngradeAllowed", FLAG, width=20),
        column("max_downgrade_gap", "MaxDowngradeRankGap", INTEGER, width=24),
        column("min_margin_pct", "MinMarginPct", NUMBER, width=16),
        column("max_auto_value", "MaxAutoCommitValue", NUMBER, width=22),
        column("split_policy", "SplitPolicy", CODE, choices=states.SPLIT_POLICY, width=26),
        column("min_chunk_size", "MinChunkSize", INTEGER, width=16),
        column("vendor_diversity", "RequireVendorDiversity", FLAG, width=24),
        column("exclude_vip", "ExcludeVip", FLAG, width=12),
        column("user", "UpdatedBy", CODE),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
    ),
    record=("scope", "key"),
    extension=True,
)
USERS_SHEET = Sheet(
    USERS,
    SheetKind.LEDGER,
    (
        column("user", "User", CODE, width=18),
        column("name", "Name", width=26),
        column("email", "Email", CODE, width=30),
        column("role", "Role", CODE, choices=roles.KNOWN, width=16),
        column("vendor_groups", "VendorGroups", CODE, width=26),
        column("active", "Active", FLAG),
        column("phone", "Phone", CODE, extension=True, width=18),
        column("chat", "ChatAddress", CODE, extension=True, width=26),
        column("clients", "Clients", CODE, extension=True, width=30),
        column("capabilities", "Capabilities", CODE, extension=True, width=30),
    ),
    record=("user",),
    extension=True,
)
SUPPLIER_GROUPS_SHEET = Sheet(
    SUPPLIER_GROUPS,
    SheetKind.LEDGER,
    (
        column("supplier_key", "SupplierKey", CODE, width=18),
        column("vendor", "Vendor", CODE, width=30),
        column("email_pattern", "EmailPattern", CODE, width=30),
        column("user", "UpdatedBy", CODE),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
    ),
    record=("supplier_key", "vendor", "email_pattern"),
    extension=True,
)
VIEWS_SHEET = Sheet(
    VIEWS,
    SheetKind.LEDGER,
    (
        column("name", "Name", CODE, width=26),
        column("client_group", "ClientGroup", CODE, width=24),
        column("filters", "Filters", width=60),
        column("user", "SavedBy", CODE),
        column("saved_at", "SavedAt", DATETIME, width=18),
    ),
    record=("name", "client_group"),
    extension=True,
)
ALIASES_SHEET = Sheet(
    ALIASES,
    SheetKind.LEDGER,
    (
        column("kind", "Kind", CODE, choices=states.ALIAS_KIND),
        column("alias", "Alias", CODE, width=30),
        column("name", "StandsFor", CODE, width=30),
        column("user", "UpdatedBy", CODE),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
    ),
    record=("kind", "alias"),
    extension=True,
)
"""Other names of clients and vendors (D23). A name that stands for itself is one of its own,
whatever it resembles."""
EVENTS_SHEET = Sheet(
    EVENTS,
    SheetKind.LEDGER,
    (
        column("name", "Name", width=30),
        column("code", "Code", CODE),
        column("type", "EventType", CODE, choices=events.EVENT_TYPE, width=22),
        column("start", "StartDate", DATE),
        column("end", "EndDate", DATE),
        column("currency", "DefaultCurrency", CODE, choices=CURRENCIES, width=16),
        column("dispatch_buffer_hours", "DispatchBufferHours", NUMBER, width=20),
        column("portal_token_expiry_days", "PortalTokenExpiryDays", INTEGER, width=22),
        column("allow_oversell", "AllowOversell", FLAG, width=14),
        column("owner", "Owner", CODE, width=16),
        column("logo_url", "LogoUrl", CODE, width=30),
        column("banner_url", "BannerUrl", CODE, width=30),
        column("audit_retention_days", "AuditRetentionDays", INTEGER, width=20),
        column("status", "Status", CODE, choices=events.EVENT_STATE, width=14),
        column("user", "UpdatedBy", CODE),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
    ),
    record=("code",),
    extension=True,
)
"""The event that the workbook is about: one row (§1)."""
