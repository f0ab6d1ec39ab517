"""Seat maps (§1b, D28): one sheet row per straight row of seats, zones and restrictions beside them."""

from __future__ import annotations

from ticketops.model import states
from ticketops.schema.layouts.event.columns import CODE, NUMBER, column
from ticketops.schema.layouts.event.names import SEAT_RESTRICTIONS, SEAT_ROWS, SEAT_ZONES
from ticketops.schema.sheets import Sheet, SheetKind

_WHOSE = (column("venue", "Venue", CODE, width=26), column("match", "Match", CODE, width=8))
"""Whose map it is; a blank match is every match there."""
SEAT_ROWS_SHEET = Sheet(
    SEAT_ROWS,
    SheetKind.REFERENCE,
    (
        *_WHOSE,
        column("block", "Block", CODE),
        column("seat_row", "Row", CODE, width=8),
        column("seats", "Seats", CODE, width=24),
        column("x1", "X1", NUMBER),
        column("y1", "Y1", NUMBER),
        column("x2", "X2", NUMBER),
        column("y2", "Y2", NUMBER),
    ),
    extension=True,
)
_AREA = (
    column("blocks", "Blocks", CODE, width=24),
    column("rows", "Rows", CODE),
    column("seats", "Seats", CODE, width=24),
)
SEAT_ZONES_SHEET = Sheet(
    SEAT_ZONES,
    SheetKind.REFERENCE,
    (*_WHOSE, *_AREA, column("category", "Category", CODE)),
    extension=True,
)
SEAT_RESTRICTIONS_SHEET = Sheet(
    SEAT_RESTRICTIONS,
    SheetKind.REFERENCE,
    (
        *_WHOSE,
        *_AREA,
        column("restriction", "Restriction", CODE, choices=states.SEAT_RESTRICTION, width=18),
        column("note", "Note", width=30),
    ),
    extension=True,
)
SHEETS = (SEAT_ROWS_SHEET, SEAT_ZONES_SHEET, SEAT_RESTRICTIONS_SHEET)
