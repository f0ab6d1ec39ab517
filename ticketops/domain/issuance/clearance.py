"""Whether a ticket may be issued as far as money goes (document 001): found out whenever somebody looks,
of the booking as it is and of what stands on record, whatever is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ticketops.model.issuance import CLEARED, EXCEPTION, PENDING
from ticketops.model.money import exact, said

Row = Mapping[str, Any]
"""A row of a sheet by the names of its columns."""


class Clearance(Struct, frozen=True):
    """How a ticket stands with finance. status: pending, cleared or exception; cleared: whether it may
    be issued; why: the arithmetic or the record that says so, for people."""

    status: str
    cleared: bool
    why: str


def clearance(booking: Row | None, payments: Sequence[Row], ticket: Row) -> Clearance:
    """How a ticket stands: by the balance of its booking, else by what finance or whoever approves
    exceptions put on record.

    A balance of 0 or less is cleared, whatever is stored. A clearance that was only written because of
    the balance goes with it; one that finance gave by command, or an exception that was approved with
    its proof, stays. payments: of the booking, in the order of the log. A balance that is blank or not
    understood clears nothing.
    """
    open_amount = balance(booking)
    sum_of_it = arithmetic(booking, payments)
    if open_amount is not None and open_amount <= 0:
        return Clearance(CLEARED, True, f"{sum_of_it}, so it is cleared")
    if ticket["finance"] == CLEARED and ticket["cleared_by"]:
        when = _day(ticket["cleared_at"])
        return Clearance(CLEARED, True, f"{sum_of_it}; {ticket['cleared_by']} cleared it{when}")
    if ticket["requested_by"]:
        if is_approved(ticket):
            when = _day(ticket["approved_at"])
            why = f"{sum_of_it}; {ticket['approved_by']} approved an exception{when}"
            return Clearance(EXCEPTION, True, why)
        why = f"{sum_of_it}; the exception that {ticket['requested_by']} asked for is not approved"
        return Clearance(EXCEPTION, False, why)
    return Clearance(PENDING, False, f"{sum_of_it}, so it is not cleared")


def is_approved(ticket: Row) -> bool:
    """Whether an exception stands: approved by somebody, with the proof that was attached."""
    return bool(ticket["approved_by"] and ticket["proof_hash"])


def balance(booking: Row | None) -> Decimal | None:
    """What a booking still owes; None where nobody knows."""
    if booking is None or booking["balance"] is None:
        return None
    return exact(booking["balance"])


def arithmetic(booking: Row | None, payments: Sequence[Row]) -> str:
    """The balance of a booking as a sum: what it was before the payments on record, less these."""
    open_amount = balance(booking)
    if booking is None:
        return "its booking is not in Bookings"
    if open_amount is None:
        return f"the BalanceAmount of {booking['booking_id']} is unknown"
    currency = booking["currency"]
    if not payments:
        return f"the balance of {booking['booking_id']} is {said(open_amount, currency)}"
    paid = sum((exact(row["amount"]) for row in payments), Decimal(0))
    before = open_amount + paid
    numbers = f"{before:,.2f} − {paid:,.2f} paid = {said(open_amount, currency)}"
    return f"the balance of {booking['booking_id']} is {numbers}"


def _day(moment: datetime | None) -> str:
    return f" on {moment:%Y-%m-%d}" if moment else ""
