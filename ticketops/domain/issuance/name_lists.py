"""Lists of passengers as books (document 001): for an agency the passengers of a booking, for an airline
those on its flights; nothing about money, nobody else's passengers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ticketops.domain.issuance import numbers
from ticketops.domain.issuance.flights import fold
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.errors import NotFoundError
from ticketops.model import ids, issuance
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.states import VOID
from ticketops.schema.book_layouts import NAMES_LAYOUT, Book, BookRow
from ticketops.schema.layouts.issuance import PASSENGERS

NAMES = ("title", "name")
"""Input columns that are frozen once the ticket is issued."""
OF_PASSPORT = ("born_on", "nationality", "passport", "passport_expiry")
BOOKING, AIRLINE = "booking", "airline"


class NameLists:
    """The lists of a workbook, its tickets sorted out once. A party is `booking B00012` or
    `airline EK`."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._of: dict[str, list[Standing]] = {}
        for row in tracker.tickets.values():
            one = tracker.standing(row)
            if one.state == VOID or one.passenger is None:
                continue
            for party in parties_of(one):
                self._of.setdefault(party, []).append(one)

    def meant(self, booking: str = "", group: str = "", airline: str = "") -> list[str]:
        """The parties that are meant: a booking, the bookings of a group, an airline; all bookings
        where none is named. Raises NotFoundError for one that there is not, or without a ticket."""
        if booking:
            return self._known([_booking(self._tracker.booking(booking)["booking_id"])], booking)
        if group:
            keys = self._tracker.in_group(group)
            own = [_booking(self._tracker.bookings[key]["booking_id"]) for key in keys]
            return self._known([party for party in own if party in self._of], f"the group {group}")
        if airline:
            return self._known([f"{AIRLINE} {airline.upper()}"], f"the airline {airline.upper()}")
        own = [party for party in self._of if party.startswith(f"{BOOKING} ")]
        return self._known(own, "any booking")

    def _known(self, parties: list[str], whose: str) -> list[str]:
        if not parties or any(party not in self._of for party in parties):
            raise NotFoundError(
                f"no ticket is of {whose}",
                "`ticketops issuance refresh --all` makes missing tickets",
            )
        return sorted(parties, key=ids.natural_order)

    def title(self, party: str) -> str:
        """What stands above a list: `B00012 · Acme`."""
        kind, _, key = party.partition(" ")
        if kind == AIRLINE:
            names = (
                row["name"]
                for row in self._tracker.airlines.values()
                if (row["airline"] or "").upper() == key and row["name"]
            )
            return " · ".join(filter(None, (key, next(names, ""))))
        booking = self._tracker.bookings.get(fold(key))
        return " · ".join(filter(None, (key, (booking or {}).get("client"))))

    def book(self, party: str) -> Book:
        """The list of a party; without rows where nothing is its any more."""
        found = sorted(
            self._of.get(party, ()),
            key=lambda one: (
                ids.natural_order(one.ticket["booking_id"] or ""),
                ids.natural_order(one.ticket_id),
            ),
        )
        rows = [
            BookRow(one.ticket_id, _values(self._tracker, one), open_cells(one)) for one in found
        ]
        return Book(NAMES_LAYOUT, party, self.title(party), rows)

    def without_ticket(self, parties: Iterable[str]) -> list[Finding]:
        """That passengers of these bookings are in no list, since they have no ticket yet."""
        ticketed = {fold(row["passenger_id"]) for row in self._tracker.rows}
        wanted = {fold(one.partition(" ")[2]) for one in parties if one.startswith(f"{BOOKING} ")}
        rows = self._tracker.snapshot[PASSENGERS].frame.iter_rows(named=True)
        count = sum(
            fold(row["booking_id"]) in wanted and fold(row["passenger_id"]) not in ticketed
            for row in rows
        )
        if not count:
            return []
        has = "has" if count == 1 else "have"
        text = (
            f"{counted(count, 'passenger')} {has} no ticket yet and are in no list: "
            "`ticketops issuance refresh --all` makes the tickets"
        )
        return [Finding("NO_TICKET", Severity.MEDIUM, text, PASSENGERS)]


def parties_of(one: Standing) -> list[str]:
    """Whose lists a ticket is in."""
    own = (one.booking or one.ticket)["booking_id"]
    return [*([_booking(own)] if own else []), *(f"{AIRLINE} {c}" for c in one.links.airlines)]


def _booking(booking_id: str) -> str:
    return f"{BOOKING} {booking_id}"


def open_cells(one: Standing) -> frozenset[str]:
    """The input cells of a ticket that are open: none where its state is not understood; once it is
    issued, those of the passport."""
    if not one.state:
        return frozenset()
    return frozenset(OF_PASSPORT if one.state == issuance.ISSUED else (*NAMES, *OF_PASSPORT))


def value_of(tracker: Tracker, one: Standing, name: str) -> Any:
    """What the workbook has in an input column: the name as it is on the ticket, once that is final; the
    text of a cell that is not understood."""
    person = one.passenger or {}
    if name == "name":
        is_final = tracker.is_final(one.ticket) or one.state == issuance.ISSUED
        own: str | None = one.ticket["name"] if is_final else person.get("name")
        return own or one.ticket["name"]
    return person.get(name) or tracker.unclear.get((PASSENGERS, person.get("row", 0), name))


def _values(tracker: Tracker, one: Standing) -> dict[str, Any]:
    rows = [*one.links.legs, *(row for _sheet, _ref, row in one.links.others)]
    departs: list[datetime] = [row["departs"] for row in rows if row["departs"]]
    if one.state == issuance.ISSUED:
        name_is = issuance.NAME_ISSUED
    else:
        name_is = issuance.NAME_FINAL if tracker.is_final(one.ticket) else issuance.NAME_OPEN
    waits = name_is == issuance.NAME_OPEN and one.deadline
    return {
        "key": one.ticket_id,
        "ticket_id": one.ticket_id,
        "booking_id": one.ticket["booking_id"],
        "ref": one.ticket["ref"],
        **{name: value_of(tracker, one, name) for name in (*NAMES, *OF_PASSPORT)},
        "name_is": name_is,
        "final_by": one.deadline.at if waits and one.deadline else None,
        "flights": ", ".join(row["flight"] for row in rows if row["flight"]),
        "departs": min(departs, default=None),
        "pnr": one.pnr.pnr or None,
        "ticket_number": numbers.shown(one.ticket["ticket_number"]) or None,
    }
