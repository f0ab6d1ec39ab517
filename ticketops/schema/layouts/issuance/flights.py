"""Flights, and what seats on them are of: kept by the office. What a ticket's flights are is found by
these links when somebody asks; nothing of it stands in TicketRecords."""

from __future__ import annotations

from ticketops.model.issuance import DIRECTION
from ticketops.schema.columns import Column
from ticketops.schema.layouts.event.columns import CODE, DATETIME, INTEGER, column
from ticketops.schema.layouts.issuance.names import AIRLINES, BLOCKS, FIT, GROUP_FLIGHTS, OFFERS
from ticketops.schema.sheets import Sheet, SheetKind

DEADLINE = column("deadline", "NameUpdateDeadline", DATETIME, width=20)
PNR = column("pnr", "PNR", CODE)
_NOTES = column("notes", "Notes", width=30)


def _flight(*, times: bool = True) -> tuple[Column, ...]:
    """What says which flight it is."""
    return (
        column("airline", "Airline", CODE, width=9),
        column("flight", "Flight", CODE, width=10),
        column("origin", "From", CODE, width=8),
        column("destination", "To", CODE, width=8),
        column("departs", "Departs", DATETIME, width=18),
        *((column("arrives", "Arrives", DATETIME, width=18),) if times else ()),
    )


GROUP_FLIGHTS_SHEET = Sheet(
    GROUP_FLIGHTS,
    SheetKind.LEDGER,
    (
        column("flight_id", "GroupFlightID", CODE, width=14),
        column("group", "Group", CODE, width=18),
        column("leg", "Leg", INTEGER, width=6),
        column("direction", "Direction", CODE, choices=DIRECTION, width=12),
        *_flight(),
        column("leg_pnr", "LegPNR", CODE),
        PNR,
        column("block_id", "BlockID", CODE),
        DEADLINE,
        _NOTES,
    ),
    record=("flight_id", "leg"),
)
"""A row per leg. LegPNR: of this leg; PNR: of the group flight, on any of its rows."""
BLOCKS_SHEET = Sheet(
    BLOCKS,
    SheetKind.LEDGER,
    (
        column("block_id", "BlockID", CODE),
        column("group", "Group", CODE, width=18),
        column("seats", "Seats", INTEGER, width=8),
        *_flight(times=False),
        PNR,
        column("return_pnr", "ReturnPNR", CODE, width=12),
        DEADLINE,
        _NOTES,
    ),
    key="block_id",
)
FIT_SHEET = Sheet(
    FIT,
    SheetKind.LEDGER,
    (
        column("fit_id", "FITID", CODE),
        column("group", "Group", CODE, width=18),
        column("booking_id", "BookingID", CODE),
        *_flight(),
        PNR,
        DEADLINE,
        _NOTES,
    ),
    key="fit_id",
)
OFFERS_SHEET = Sheet(
    OFFERS,
    SheetKind.LEDGER,
    (
        column("offer_id", "OfferID", CODE),
        column("group", "Group", CODE, width=18),
        column("booking_id", "BookingID", CODE),
        column("supplier", "Supplier", CODE, width=24),
        *_flight(),
        PNR,
        DEADLINE,
        _NOTES,
    ),
    key="offer_id",
)
AIRLINES_SHEET = Sheet(
    AIRLINES,
    SheetKind.LEDGER,
    (
        column("prefix", "TicketPrefix", CODE, width=14),
        column("airline", "Airline", CODE, width=9),
        column("name", "Name", width=26),
        column("name_length", "NameLength", INTEGER, width=12),
        column("email", "Email", CODE, width=28),
    ),
    key="prefix",
)
"""The three digits that ticket numbers of an airline begin with, and how long a name on its tickets
may be."""
SHEETS = (GROUP_FLIGHTS_SHEET, BLOCKS_SHEET, FIT_SHEET, OFFERS_SHEET)
