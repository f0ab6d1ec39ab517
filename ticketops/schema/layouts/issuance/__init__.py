"""The issuance layout: passengers' airline tickets, from pending clearance to issued (document 001),
and the sheets of ours that the event layout has, too."""

from __future__ import annotations

from ticketops.schema.layout import ISSUANCE_KIND, Layout
from ticketops.schema.layouts.event import logs, messages, reference
from ticketops.schema.layouts.issuance import bookings, flights, tickets
from ticketops.schema.layouts.issuance.names import (
    AIRLINES,
    BLOCKS,
    BOOKING_PAYMENTS,
    BOOKINGS,
    DOCUMENTS,
    FIT,
    GROUP_FLIGHTS,
    HISTORY,
    OFFERS,
    PASSENGERS,
    TICKETS,
)

ISSUANCE = Layout(
    (
        *bookings.SHEETS,
        *flights.SHEETS,
        tickets.TICKETS_SHEET,
        tickets.HISTORY_SHEET,
        tickets.DOCUMENTS_SHEET,
        bookings.PAYMENTS_SHEET,
        flights.AIRLINES_SHEET,
        reference.USERS_SHEET,
        logs.BOOKS_SHEET,
        tickets.BOOK_EDITS_SHEET,
        *messages.SHEETS,
    ),
    kind=ISSUANCE_KIND,
)
"""The workbook of an office that issues airline tickets, its sheets in the order of the document."""
FLIGHT_SHEETS = (GROUP_FLIGHTS, BLOCKS, FIT, OFFERS)
"""What a ticket's flights and deadlines are found in."""

__all__ = [
    "AIRLINES",
    "BLOCKS",
    "BOOKINGS",
    "BOOKING_PAYMENTS",
    "DOCUMENTS",
    "FIT",
    "FLIGHT_SHEETS",
    "GROUP_FLIGHTS",
    "HISTORY",
    "ISSUANCE",
    "OFFERS",
    "PASSENGERS",
    "TICKETS",
]
