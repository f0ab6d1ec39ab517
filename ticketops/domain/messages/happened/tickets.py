"""What happened to airline tickets (document 001): exceptions asked for and approved, tickets issued. What
comes near is for the clock to say (`due_soon`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ticketops.domain.issuance import numbers
from ticketops.domain.issuance.flights import fold
from ticketops.domain.messages import facts, variables
from ticketops.domain.messages.happened.seen import Row, Seen, key_of
from ticketops.model import issuance
from ticketops.schema.layouts.issuance import BOOKINGS, HISTORY, TICKETS


def steps(seen: Seen) -> Iterator[facts.Fact]:
    """Exceptions that are asked for or approved, and tickets that are issued, by the rows that the
    history gets. The same request, with the same proof, is the same fact."""
    told = [row for row in seen.added(HISTORY) if row["action"] in _STEPS]
    if not told:
        return
    tickets = _by(seen.after[TICKETS].frame.iter_rows(named=True), "ticket_id")
    bookings = _by(seen.after[BOOKINGS].frame.iter_rows(named=True), "booking_id")
    for row in told:
        ticket = tickets.get(fold(row["ticket_id"]))
        if ticket is not None:
            booking = bookings.get(fold(ticket["booking_id"]))
            yield _STEPS[row["action"]](ticket, about(ticket, booking))


def due_soon(ticket: Row, booking: Row | None, pnr: str, at: datetime, days: int) -> facts.Fact:
    """That the name on a ticket must be final by then. One fact for a ticket and a deadline, whenever
    it is said."""
    said = about({**ticket, "pnr": pnr or ticket["pnr"]}, booking)
    return facts.TicketDueSoon(
        key=f"{ticket['ticket_id']} {at:%Y-%m-%d %H:%M}",
        deadline=variables.DeadlineVars(at, days),
        **said,
    )


def about(ticket: Mapping[str, Any], booking: Mapping[str, Any] | None) -> dict[str, Any]:
    """The groups of a fact that is about a ticket."""
    of = booking or {}
    return {
        "ticket": variables.AirTicketVars(
            ticket["ticket_id"],
            ticket["name"],
            numbers.shown(ticket["ticket_number"]) or None,
            ticket["pnr"],
        ),
        "booking": variables.BookingVars(
            ticket["booking_id"],
            of.get("group"),
            of.get("client"),
            of.get("balance"),
            of.get("currency"),
        ),
    }


def _exception(ticket: Row) -> variables.ExceptionVars:
    return variables.ExceptionVars(
        ticket["request_reason"], ticket["proof"], ticket["requested_by"], ticket["approved_by"]
    )


def _requested(ticket: Row, said: dict[str, Any]) -> facts.Fact:
    key = key_of(ticket["ticket_id"], ticket["proof_hash"], ticket["request_reason"])
    return facts.ExceptionRequested(key=key, exception=_exception(ticket), **said)


def _approved(ticket: Row, said: dict[str, Any]) -> facts.Fact:
    key = key_of(ticket["ticket_id"], ticket["proof_hash"], ticket["requested_at"])
    return facts.ExceptionApproved(key=key, exception=_exception(ticket), **said)


def _issued(ticket: Row, said: dict[str, Any]) -> facts.Fact:
    return facts.TicketIssued(key=f"{ticket['ticket_id']} {ticket['ticket_number']}", **said)


_STEPS = {
    issuance.EXCEPTION_REQUESTED: _requested,
    issuance.EXCEPTION_APPROVED: _approved,
    issuance.WAS_ISSUED: _issued,
}


def _by(rows: Iterator[Row], key: str) -> dict[str, Row]:
    """{key, case forgiven: row}; the first row of a key counts."""
    found: dict[str, Row] = {}
    for row in rows:
        if row[key]:
            found.setdefault(fold(row[key]), row)
    return found
