"""What is wrong in a workbook of airline tickets (document 001): facts as findings, all of them."""

from __future__ import annotations

from collections.abc import Iterator

from ticketops.domain.issuance import files, history, issuing, names, payments, pnr
from ticketops.domain.issuance.flights import fold
from ticketops.domain.issuance.refresh import agreed_name, orphans
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.model import issuance
from ticketops.model.findings import Finding, Severity
from ticketops.model.states import VOID
from ticketops.schema.layouts.issuance import TICKETS


def audit(tracker: Tracker, look: files.Look) -> list[Finding]:
    """Everything that somebody should know, the gravest first. look: what files hold now."""
    found = [
        *tracker.not_understood(),
        *orphans(tracker),
        *_tickets(tracker),
        *_doubled(tracker),
        *issuing.twice_issued(tracker),
        *payments.withdrawn(tracker),
        *payments.edited(tracker),
        *files.changed(tracker, look),
        *history.gaps(tracker),
    ]
    return sorted(found, key=lambda one: -one.severity)


def _doubled(tracker: Tracker) -> Iterator[Finding]:
    """Passengers of one booking who seem to be one: the same ID or passport, or the same name and no
    other date of birth. Each has a ticket."""
    seen: dict[tuple[str, str, object], list[Standing]] = {}
    for one in tracker.all():
        person = one.passenger
        if one.state == VOID or person is None:
            continue
        keys = {
            "passenger": fold(person["passenger_id"]),
            "passport": fold(person["passport"]),
            "name": names.words(one.ticket["name"] or ""),
        }
        for why, key in keys.items():
            held = seen.setdefault((fold(one.ticket["booking_id"]), why, key), []) if key else []
            twin = next((other for other in held if why != "name" or _one_birth(one, other)), None)
            if twin is not None:
                text = f"{twin.ticket_id} and {one.ticket_id} of {one.ticket['booking_id']} have the same {why}: was somebody entered twice?"
                yield Finding("DOUBLED", Severity.MEDIUM, text, TICKETS, one.ticket["row"])
            if key:
                held.append(one)
            if twin is not None:
                break


def _one_birth(one: Standing, other: Standing) -> bool:
    """Whether two passengers may be born on one day."""
    born = {(each.passenger or {})["born_on"] for each in (one, other)}
    return len(born - {None}) < 2


def _tickets(tracker: Tracker) -> Iterator[Finding]:
    """What is wrong with single tickets."""
    seen: dict[str, str] = {}
    for one in tracker.all():
        row, own = one.ticket, one.ticket_id
        at = (TICKETS, row["row"])
        if own in seen:
            yield Finding("DUPLICATE_TICKET", Severity.CRITICAL, f"{own} is there twice", *at)
        seen[own] = own
        if one.state == VOID:
            continue
        if not agreed_name(row, one.passenger):
            name = (one.passenger or {})["name"]
            text = f"{own} bears {row['name']}, and its passenger is {name} now"
            yield Finding("NAME_DIFFERS", Severity.MEDIUM, text, *at)
        if one.passenger and fold(one.passenger["booking_id"]) != fold(row["booking_id"]):
            text = f"the passenger of {own} is of the booking {one.passenger['booking_id']} now, not {row['booking_id']}"
            severity = Severity.MEDIUM if one.state == issuance.ISSUED else Severity.LOW
            yield Finding("MOVED", severity, text, *at)
        if one.is_live and one.passenger and not one.passenger["name"]:
            text = f"the passenger of {own} has no PassengerName: it keeps {row['name'] or 'none'}"
            yield Finding("NAME_MISSING", Severity.MEDIUM, text, *at)
        if one.is_live and one.pnr.pnr and pnr.read(one.pnr.pnr) is None:
            whose = one.pnr.source.replace("_", " ")
            text = f"{own}: {one.pnr.pnr[:40]!r} (of its {whose}) is not a PNR"
            yield Finding("BAD_PNR", Severity.MEDIUM, text, *at)
        if one.is_live and one.links.unclear:
            yield Finding("NO_FLIGHT", Severity.LOW, f"{own}: {one.links.unclear}", *at)
        if one.state == issuance.ISSUED:
            yield from issuing.other_airline(tracker, one, row["ticket_number"] or "")
            if not row["ticket_number"] or not row["pnr"]:
                text = f"{own} is issued without a {'PNR' if row['ticket_number'] else 'number'}"
                yield Finding("ISSUED_WITHOUT", Severity.HIGH, text, *at)
