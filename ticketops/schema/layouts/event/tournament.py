"""Sheets beside the schedule: what is known of matches, teams and places besides its ten columns,
how each became what it is, and how files of schedules are read (§1a, §18)."""

from __future__ import annotations

from ticketops.model import states
from ticketops.schema.layouts.event.columns import CODE, DATE, DATETIME, FLAG, INTEGER, column
from ticketops.schema.layouts.event.names import (
    IMPORT_PROFILES,
    MATCHES,
    SCHEDULE_LOG,
    TEAMS,
    THIRDS,
)
from ticketops.schema.sheets import Sheet, SheetKind, Trail

_STAMP = (column("user", "UpdatedBy", CODE), column("updated_at", "UpdatedAt", DATETIME, width=18))
MATCHES_SHEET = Sheet(
    MATCHES,
    SheetKind.LEDGER,
    (
        column("match", "Match", CODE, width=8),
        column("end", "End", CODE),
        column("sport", "Sport", CODE, width=18),
        column("gender", "Gender", CODE, choices=states.GENDER),
        column("pairing", "Pairing", width=34),
        column("home", "Home", CODE, width=20),
        column("away", "Away", CODE, width=20),
        column("description", "Description", width=34),
        column("long_description", "LongDescription", width=40),
        column("medal", "Medal", FLAG),
        column("status", "Status", CODE, choices=states.MATCH_STATUS, width=14),
        column("score", "Score", CODE),
        column("penalties", "Penalties", CODE),
        column("cards", "Cards", CODE, width=30),
        column("winner", "Winner", CODE, width=20),
        column("runner_up", "RunnerUp", CODE, width=20),
        column("guest_names_due", "GuestNamesDue", DATE, width=16),
        *_STAMP,
    ),
    record=("match",),
    extension=True,
)
"""What is known of a match besides the ten columns of the schedule. Pairing: its sides as they were
imported or typed; results never change it: the bracket is read from it. Home, Away: as they stand
now."""
TEAMS_SHEET = Sheet(
    TEAMS,
    SheetKind.LEDGER,
    (
        column("team", "Team", CODE, width=26),
        column("group", "Group", CODE),
        column("ranking", "Ranking", INTEGER),
        column("lot", "Lot", INTEGER),
        column("conduct", "Conduct", INTEGER),
        *_STAMP,
    ),
    record=("team",),
    extension=True,
)
"""What decides between teams that are level. Lot: the order of a drawing of lots; Conduct: points
for fair play, where the cards of its matches do not say them."""
THIRDS_SHEET = Sheet(
    THIRDS,
    SheetKind.LEDGER,
    (
        column("groups", "Groups", CODE, width=16),
        column("pairings", "Pairings", CODE, width=50),
        *_STAMP,
    ),
    record=("groups",),
    extension=True,
)
"""Which third-placed team meets which group winner (`1A:3H 1B:3G`), by the groups whose third goes
through."""
SCHEDULE_LOG_SHEET = Sheet(
    SCHEDULE_LOG,
    SheetKind.LOG,
    (
        column("timestamp", "Timestamp", DATETIME, width=18),
        column("user", "User", CODE, width=16),
        column("run_id", "RunID", CODE, width=18),
        column("match", "Match", CODE, width=8),
        column("action", "Action", CODE, choices=states.SCHEDULE_ACTION, width=12),
        column("side", "Side", CODE, choices=states.SIDE),
        column("was", "Was", width=34),
        column("now", "Now", width=34),
        column("because", "Because", width=34),
    ),
    extension=True,
    trail=Trail("because", ("match",)),
)
"""What became of each match: imported, set, its result, its sides."""
IMPORT_PROFILES_SHEET = Sheet(
    IMPORT_PROFILES,
    SheetKind.LEDGER,
    (
        column("name", "Name", CODE, width=26),
        column("kind", "Kind", CODE, width=14),
        column("fingerprint", "Fingerprint", CODE, width=36),
        column("shape", "Shape", CODE),
        column("sheet", "Sheet", CODE, width=20),
        column("header_row", "HeaderRow", INTEGER),
        column("mapping", "Mapping", width=60),
        *_STAMP,
        column("options", "Options", extension=True, width=30),
    ),
    record=("name",),
    extension=True,
)
"""How files of others are read: which of their columns is which of ours, by what their headers
are."""
SHEETS = (MATCHES_SHEET, TEAMS_SHEET, THIRDS_SHEET, SCHEDULE_LOG_SHEET, IMPORT_PROFILES_SHEET)
