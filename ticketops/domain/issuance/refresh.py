"""`issuance refresh` (document 001): a ticket per passenger. New passengers get theirs; passengers that
are gone are reported, and nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ticketops.domain.issuance import names
from ticketops.domain.issuance.clearance import Row
from ticketops.domain.issuance.flights import Deadline, fold
from ticketops.domain.issuance.tracker import Tracker, deadline_is_ours, deadline_said
from ticketops.domain.issuance.work import Work
from ticketops.domain.plan import Plan, Run
from ticketops.model import ids, issuance
from ticketops.model.findings import Finding, Severity
from ticketops.model.states import VOID
from ticketops.schema.layouts.issuance import PASSENGERS, TICKETS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Refreshed:
    """`issuance refresh`: how many tickets were created, how many passengers had theirs, and how many
    tickets are of passengers that are gone."""

    created: int
    kept: int
    orphaned: int


def plan_refresh(
    snapshot: Snapshot, run: Run, *, booking: str = "", group: str = "", after_void: bool = False
) -> Plan:
    """Bring TicketRecords up to date with BookingPassengers.

    booking, group: only of these; blank: all. after_void: passengers whose tickets are all VOID get a
    new one. Until a name is final, a ticket follows its passenger's name, and until it is issued its
    passenger's booking. Passengers without an ID get one. Raises NotFoundError for a booking or group
    that there is not.
    """
    plan = Plan()
    tracker = Tracker(snapshot, run)
    plan.findings += tracker.not_understood()
    within = _scope(tracker, booking, group)
    people, faults = _people(snapshot, tracker, plan, within)
    plan.findings += faults
    tickets = _tickets_of(tracker)
    work = Work(tracker, plan)
    number = ids.next_number(ids.TICKET_ID, [row["ticket_id"] for row in tracker.rows])
    created = kept = 0
    for key, person in people.items():
        own = tickets.get(key, [])
        standing = [row for row in own if tracker.stored(row) != VOID]
        if standing or (own and not after_void):
            kept += 1
            for row in standing[:1]:
                _follow(tracker, work, row, person)
        else:
            _create(tracker, work, ids.numbered(ids.TICKET_ID, number), person)
            number += 1
            created += 1
    lost = orphans(tracker, within)
    plan.findings += lost
    work.finish()
    plan.result = Refreshed(created, kept, len(lost))
    return plan


def _scope(tracker: Tracker, booking: str, group: str) -> Collection[str] | None:
    """The keys of the bookings that are meant; None: all."""
    if booking:
        return {fold(tracker.booking(booking)["booking_id"])}
    return tracker.in_group(group) if group else None


def _people(
    snapshot: Snapshot, tracker: Tracker, plan: Plan, within: Collection[str] | None
) -> tuple[dict[str, Row], list[Finding]]:
    """{key: row} of the passengers that are to have a ticket, and what is wrong with others."""
    found: dict[str, Row] = {}
    faults = []
    table = snapshot[PASSENGERS]
    rows = list(table.frame.iter_rows(named=True))
    number = ids.next_number(ids.PASSENGER_ID, [row["passenger_id"] for row in rows])
    for row in rows:
        key, person = fold(row["booking_id"]), row
        if within is not None and key not in within:
            continue
        if key not in tracker.bookings:
            faults.append(_of_no_booking(row))
            continue
        if not row["passenger_id"]:
            given = ids.numbered(ids.PASSENGER_ID, number)
            number += 1
            plan.changes.set(PASSENGERS, row["row"], given, {"passenger_id": (None, given)})
            person = row | {"passenger_id": given}
            tracker.passengers[fold(given)] = person
        own = fold(person["passenger_id"])
        if own in found:
            text = f"{row['passenger_id']} is there twice: {found[own]['name']} has the ticket, not {row['name']}"
            faults.append(
                Finding("DUPLICATE_PASSENGER", Severity.HIGH, text, PASSENGERS, row["row"])
            )
            continue
        found[own] = person
    return found, faults


def _of_no_booking(row: Row) -> Finding:
    """That a passenger gets no ticket, since nobody knows their booking."""
    says = row["name"] or row["passenger_id"] or "a passenger"
    why = (
        f"is of {row['booking_id']}, which is not in Bookings"
        if row["booking_id"]
        else "names no booking"
    )
    text = f"{says} {why}, so there is no ticket"
    return Finding("UNKNOWN_BOOKING", Severity.HIGH, text, PASSENGERS, row["row"])


def _tickets_of(tracker: Tracker) -> dict[str, list[Row]]:
    """{key of a passenger: the tickets that name them}."""
    found: dict[str, list[Row]] = {}
    for row in tracker.rows:
        if row["ticket_id"]:
            found.setdefault(fold(row["passenger_id"]), []).append(row)
    return found


def _create(tracker: Tracker, work: Work, ticket_id: str, person: Row) -> None:
    booking = tracker.bookings[fold(person["booking_id"])]
    links = tracker.flights.of(person, booking)
    state = issuance.NAME_UPDATE_PENDING if links.deadline else issuance.NOT_READY
    row: dict[str, Any] = {
        "ticket_id": ticket_id,
        "booking_id": booking["booking_id"],
        "passenger_id": person["passenger_id"],
        "ref": person["ref"],
        "name": person["name"],
        "original_name": person["name"],
        "deadline": links.deadline.at if links.deadline else None,
        "deadline_from": deadline_said(links.deadline) if links.deadline else None,
        "finance": issuance.PENDING,
        "state": state,
        "created_at": tracker.run.now,
    }
    work.create(row, _until(links.deadline))


def _follow(tracker: Tracker, work: Work, ticket: Row, person: Row) -> None:
    """What a ticket takes over from its passenger and its flights while it may."""
    stored = tracker.stored(ticket)
    if stored == issuance.ISSUED or not stored:
        return
    booking = tracker.bookings[fold(person["booking_id"])]
    cells: dict[str, Any] = {}
    if ticket["booking_id"] != booking["booking_id"]:
        cells["booking_id"] = booking["booking_id"]
        note = f"moved from {ticket['booking_id']} to {booking['booking_id']}"
        work.step(ticket, stored, issuance.REFRESHED, note)
    if ticket["ref"] != person["ref"]:
        cells["ref"] = person["ref"]
    follows = not tracker.is_final(ticket)
    if follows and person["name"] and ticket["name"] != person["name"]:
        cells |= {"name": person["name"], "original_name": person["name"]}
        note = f"renamed from {ticket['name'] or 'nothing'} to {person['name'] or 'nothing'}"
        work.step(ticket, stored, issuance.REFRESHED, note)
    deadline = tracker.flights.of(person, booking).deadline
    said = deadline_said(deadline) if deadline else None
    typed = ticket["deadline"] and not deadline_is_ours(ticket)
    if not typed and said != ticket["deadline_from"]:
        cells |= {"deadline": deadline.at if deadline else None, "deadline_from": said}
    work.set(ticket, **cells)
    if stored == issuance.NOT_READY and deadline and not ticket["named_at"]:
        note = _until(deadline)
        work.step(ticket, issuance.NAME_UPDATE_PENDING, issuance.REFRESHED, note)


def _until(deadline: Deadline | None) -> str:
    if deadline is None:
        return ""
    return f"the name must be final by {deadline.at:%Y-%m-%d} ({deadline.source})"


def orphans(tracker: Tracker, within: Collection[str] | None = None) -> list[Finding]:
    """Tickets of passengers that are gone. within: only of these bookings."""
    return [
        Finding(
            "ORPHANED",
            Severity.MEDIUM,
            f"the passenger of {row['ticket_id']} ({row['name'] or 'without a name'}) is not in "
            f"{PASSENGERS}: `issuance void` ends the ticket, if it is not needed",
            TICKETS,
            row["row"],
        )
        for row in tracker.rows
        if row["ticket_id"]
        and tracker.stored(row) != VOID
        and fold(row["passenger_id"]) not in tracker.passengers
        and (within is None or fold(row["booking_id"]) in within)
    ]


def agreed_name(ticket: Row, passenger: Row | None) -> bool:
    """Whether a ticket whose name is final still has the name of its passenger."""
    if passenger is None or not ticket["named_at"] or not passenger["name"]:
        return True
    known = (ticket["original_name"], ticket["name"])
    return any(name and names.agree(name, passenger["name"]) for name in known)
