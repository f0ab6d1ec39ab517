"""What commands on airline tickets work on: bookings, passengers, flights, payments and tickets, read
once, and how a ticket stands now, whatever is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any

from msgspec import Struct

from ticketops.domain.issuance import pnr
from ticketops.domain.issuance.clearance import Clearance, Row, clearance
from ticketops.domain.issuance.flights import Deadline, Flights, Links, fold
from ticketops.domain.plan import Run
from ticketops.errors import NotFoundError
from ticketops.model import ids, issuance
from ticketops.model.findings import Finding, Severity
from ticketops.model.spelling import nearest
from ticketops.model.states import VOID
from ticketops.schema.layouts.issuance import (
    AIRLINES,
    BOOKING_PAYMENTS,
    BOOKINGS,
    FLIGHT_SHEETS,
    PASSENGERS,
    TICKETS,
)
from ticketops.schema.tables import Snapshot


class Standing(Struct, frozen=True):
    """How a ticket stands now. state: as it follows from clearance and flight, "" where what is stored is
    not understood. deadline: the earliest of those that apply."""

    ticket: Row
    booking: Row | None
    passenger: Row | None
    links: Links
    clearance: Clearance
    state: str
    pnr: pnr.Pnr
    deadline: Deadline | None

    @property
    def ticket_id(self) -> str:
        """Its TicketID."""
        return self.ticket["ticket_id"] or ""

    @property
    def shown(self) -> str:
        """What people see of its state."""
        return issuance.SHOWN.get(self.state, issuance.PENDING_CLEARANCE)

    @property
    def is_live(self) -> bool:
        """Whether it is neither issued nor void."""
        return self.state not in (issuance.ISSUED, VOID)

    def days_left(self, now: datetime) -> int | None:
        """Days until its deadline, below 0 once that is past; None where it has none."""
        return (self.deadline.at.date() - now.date()).days if self.deadline else None

    def is_overdue(self, now: datetime) -> bool:
        """Whether its name is not final though the deadline is past. A deadline without a time of day is
        the end of its day."""
        if self.state != issuance.NAME_UPDATE_PENDING or self.deadline is None:
            return False
        at = self.deadline.at
        return at < now if (at.hour, at.minute, at.second) != (0, 0, 0) else at.date() < now.date()

    def is_due_soon(self, now: datetime, days: int) -> bool:
        """Whether its name is not final and the deadline is within so many days."""
        left = self.days_left(now)
        return (
            self.state == issuance.NAME_UPDATE_PENDING
            and left is not None
            and left <= days
            and not self.is_overdue(now)
        )


class Tracker:
    """A workbook of airline tickets, as one snapshot has it."""

    def __init__(self, snapshot: Snapshot, run: Run) -> None:
        self.snapshot, self.run = snapshot, run
        self.flights = Flights(snapshot)
        self.bookings = _by(snapshot, BOOKINGS, "booking_id")
        self.passengers = _by(snapshot, PASSENGERS, "passenger_id")
        self.payments: dict[str, list[Row]] = {}
        for row in snapshot[BOOKING_PAYMENTS].frame.iter_rows(named=True):
            self.payments.setdefault(fold(row["booking_id"]), []).append(row)
        self.rows: list[dict[str, Any]] = list(snapshot[TICKETS].frame.iter_rows(named=True))

    @cached_property
    def tickets(self) -> dict[str, Row]:
        """{TicketID: its row}; the first row counts."""
        found: dict[str, Row] = {}
        for row in self.rows:
            if row["ticket_id"]:
                found.setdefault(row["ticket_id"], row)
        return found

    @cached_property
    def unclear(self) -> dict[tuple[str, int, str], str]:
        """{(sheet, row, column): what the cell says} of cells of passengers and tickets that are not
        understood: unknown, never blank (D16)."""
        return {
            (sheet, misfit.row, misfit.column): misfit.text
            for sheet in (PASSENGERS, TICKETS)
            for misfit in self.snapshot[sheet].misfits
        }

    def is_final(self, ticket: Row) -> bool:
        """Whether the name of a ticket is final, or nobody knows."""
        return bool(ticket["named_at"]) or (TICKETS, ticket["row"], "named_at") in self.unclear

    @cached_property
    def airlines(self) -> dict[str, Row]:
        """{three digits: the airline's row}."""
        rows = self.snapshot[AIRLINES].frame.iter_rows(named=True)
        return {row["prefix"].zfill(3): row for row in rows if row["prefix"]}

    def ticket(self, text: str) -> Row:
        """A ticket by its ID. Raises NotFoundError."""
        found = self.tickets.get(ids.read_numbered(ids.TICKET_ID, text)) or self.tickets.get(
            text.strip()
        )
        if found is None:
            raise NotFoundError(
                f"there is no ticket {text}", "`ticketops issuance queue` lists the tickets"
            )
        return found

    def booking(self, text: str) -> Row:
        """A booking by its ID, case forgiven. Raises NotFoundError."""
        found = self.bookings.get(fold(text.strip()))
        if found is None:
            near = nearest(text, [row["booking_id"] for row in self.bookings.values()])
            raise NotFoundError(
                f"there is no booking {text}", f"did you mean {near}?" if near else ""
            )
        return found

    def in_group(self, text: str) -> set[str]:
        """The keys of a group's bookings. Raises NotFoundError for a group without any."""
        wanted = " ".join(fold(text).split())
        found = {key for key, row in self.bookings.items() if fold(row["group"]) == wanted}
        if not found:
            groups = [row["group"] for row in self.bookings.values() if row["group"]]
            near = nearest(text, groups)
            raise NotFoundError(
                f"no booking is of the group {text}", f"did you mean {near}?" if near else ""
            )
        return found

    def standing(self, ticket: Row) -> Standing:
        """How a ticket stands now: clearance, state, PNR and deadline, found out of the other sheets.

        What is issued or void stays as it is stored, clearance too. A state that nobody understands is
        none.
        """
        booking = self.bookings.get(fold(ticket["booking_id"]))
        passenger = self.passengers.get(fold(ticket["passenger_id"]))
        links = self.flights.of(passenger, booking)
        cleared = self.clearance(ticket)
        stored = self.stored(ticket)
        if stored == issuance.ISSUED:
            cleared = Clearance(
                ticket["finance"] or issuance.PENDING,
                True,
                f"{ticket['cleared_as'] or 'not recorded'} (when it was issued)",
            )
        state = live_state(stored, cleared, bool(links.flight), ticket)
        deadline = links.deadline
        if ticket["deadline"] and not deadline_is_ours(ticket):
            typed = Deadline(ticket["deadline"], f"{TICKETS} {ticket['ticket_id']}")
            deadline = typed if deadline is None or typed.at < deadline.at else deadline
        return Standing(
            ticket,
            booking,
            passenger,
            links,
            cleared,
            state,
            _pnr(ticket, passenger, links),
            deadline,
        )

    def clearance(self, ticket: Row) -> Clearance:
        """How a ticket stands with finance now, whether it is issued or not."""
        key = fold(ticket["booking_id"])
        return clearance(self.bookings.get(key), self.payments.get(key, ()), ticket)

    def stored(self, ticket: Row) -> str:
        """The state that is stored; "" for one that is not understood (D16)."""
        state: str = ticket["state"] or issuance.NOT_READY
        return state if state in issuance.TICKET_STATE else ""

    def all(self) -> Iterable[Standing]:
        """All tickets, in the order of the sheet."""
        return (self.standing(row) for row in self.rows if row["ticket_id"])

    def not_understood(self) -> list[Finding]:
        """Tickets that commands leave alone since a cell of theirs says something that nobody
        understands (D16)."""
        found = [
            Finding(
                "UNKNOWN_STATUS",
                Severity.HIGH,
                f"the Status {row['state']!r} of {row['ticket_id']} is not understood, so commands "
                "leave the ticket alone",
                TICKETS,
                row["row"],
            )
            for row in self.rows
            if row["ticket_id"] and not self.stored(row)
        ]
        found += [
            Finding(
                "UNKNOWN_BALANCE",
                Severity.HIGH,
                f"the BalanceAmount of {self._booking_at(misfit.row)} is {misfit.text!r}, which is not "
                "understood: it clears nothing",
                BOOKINGS,
                misfit.row,
            )
            for misfit in self.snapshot[BOOKINGS].misfits
            if misfit.column == "balance"
        ]
        found += [
            Finding(
                "UNKNOWN_DEADLINE",
                Severity.HIGH,
                f"the NameUpdateDeadline {misfit.text[:40]!r} is not understood, so no message "
                "says when it comes near",
                sheet,
                misfit.row,
            )
            for sheet in (TICKETS, *FLIGHT_SHEETS)
            for misfit in self.snapshot[sheet].misfits
            if misfit.column == "deadline"
        ]
        return found

    def _booking_at(self, row: int) -> str:
        named = (one["booking_id"] for one in self.bookings.values() if one["row"] == row)
        return next(named, None) or f"row {row}"


def live_state(stored: str, cleared: Clearance, has_flight: bool, ticket: Row) -> str:
    """The state of a ticket as clearance and flight have it now (document 001): a late payment unblocks
    what waits for money, and what was only cleared by the balance is not cleared without it."""
    if stored in (issuance.NOT_READY, issuance.ON_HOLD) and cleared.cleared and has_flight:
        return issuance.FINANCE_CLEARED
    if stored == issuance.FINANCE_CLEARED and not cleared.cleared:
        return issuance.ON_HOLD if ticket["requested_by"] else issuance.NOT_READY
    return stored


def deadline_said(deadline: Deadline) -> str:
    """What DeadlineFrom says of a deadline that was taken over."""
    return f"{deadline.source} {deadline.at:%Y-%m-%d %H:%M}"


def deadline_is_ours(ticket: Row) -> bool:
    """Whether the deadline on a ticket is the one that was taken over: then the sheet that it came from
    counts, else somebody typed it."""
    said: str = ticket["deadline_from"] or ""
    return said.endswith(f"{ticket['deadline']:%Y-%m-%d %H:%M}")


def _pnr(ticket: Row, passenger: Row | None, links: Links) -> pnr.Pnr:
    if ticket["pnr"]:
        return pnr.Pnr(pnr.tidied(ticket["pnr"]), pnr.STORED, links.return_pnr)
    own = passenger["pnr"] if passenger else None
    found, source = pnr.resolve(own, links.leg_pnr, links.block_pnr, links.flight_pnr)
    return pnr.Pnr(pnr.tidied(found), source, links.return_pnr)


def _by(snapshot: Snapshot, sheet: str, key: str) -> dict[str, Row]:
    """{key in lower case: row}; the first row of a key counts."""
    found: dict[str, Row] = {}
    for row in snapshot[sheet].frame.iter_rows(named=True):
        if row[key]:
            found.setdefault(fold(row[key]), row)
    return found
