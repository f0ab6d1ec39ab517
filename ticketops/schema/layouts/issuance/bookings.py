"""Bookings and those who travel, and what was paid for them: kept by the office, but for the log of
payments."""

from __future__ import annotations

from ticketops.model import money
from ticketops.model.issuance import TITLE
from ticketops.schema.layouts.event.columns import CODE, DATE, DATETIME, FLAG, NUMBER, column
from ticketops.schema.layouts.issuance.names import BOOKING_PAYMENTS, BOOKINGS, PASSENGERS
from ticketops.schema.sheets import Sheet, SheetKind

BOOKINGS_SHEET = Sheet(
    BOOKINGS,
    SheetKind.LEDGER,
    (
        column("booking_id", "BookingID", CODE),
        column("client", "Client", CODE, width=28),
        column("group", "Group", CODE, width=18),
        column("balance", "BalanceAmount", NUMBER, width=16),
        column("currency", "Currency", CODE, choices=money.CURRENCIES),
        column("approved", "Approved", FLAG),
        column("email", "Email", CODE, width=28),
        column("notes", "Notes", width=30),
    ),
    key="booking_id",
)
"""BalanceAmount: what is still owed. Approved: finance approved the booking."""
PASSENGERS_SHEET = Sheet(
    PASSENGERS,
    SheetKind.LEDGER,
    (
        column("passenger_id", "BookingPassengerID", CODE, width=20),
        column("booking_id", "BookingID", CODE),
        column("ref", "PassengerRef", CODE, width=16),
        column("name", "PassengerName", width=30),
        column("born_on", "DateOfBirth", DATE),
        column("passport", "Passport", CODE, width=14),
        column("flight_id", "GroupFlightID", CODE, width=14),
        column("block_id", "BlockID", CODE),
        column("pnr", "PNR", CODE),
        column("notes", "Notes", width=30),
        column("title", "Title", CODE, choices=TITLE, extension=True),
        column("nationality", "Nationality", width=16, extension=True),
        column("passport_expiry", "PassportExpiry", DATE, width=16, extension=True),
    ),
    key="passenger_id",
)
"""GroupFlightID, BlockID: blank where those of the booking's group decide. PNR: the passenger's own,
before all others."""
PAYMENTS_SHEET = Sheet(
    BOOKING_PAYMENTS,
    SheetKind.LOG,
    (
        column("payment_id", "PaymentID", CODE),
        column("booking_id", "BookingID", CODE),
        column("date", "Date", DATE),
        column("amount", "Amount", NUMBER),
        column("currency", "Currency", CODE, choices=money.CURRENCIES),
        column("balance_before", "BalanceBefore", NUMBER, width=16),
        column("balance_after", "BalanceAfter", NUMBER, width=16),
        column("withdraws", "Withdraws", CODE),
        column("ref", "Ref", CODE, width=20),
        column("note", "Note", width=30),
        column("user", "User", CODE, width=16),
        column("created_at", "CreatedAt", DATETIME, width=18),
        column("run_id", "RunID", CODE, width=18),
    ),
    record=("payment_id",),
)
"""What `issuance payment` wrote: an amount below 0 takes a payment back, Withdraws says which."""
SHEETS = (BOOKINGS_SHEET, PASSENGERS_SHEET)
