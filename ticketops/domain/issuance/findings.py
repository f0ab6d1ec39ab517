"""What is wrong in a workbook of airline tickets (document 001): facts as findings, all of them."""

from __future__ import annotations

from collections.abc import Iterator

from ticketops.domain.issuance import files, history, issuing, payments
from ticketops.domain.issuance.flights import fold
from ticketops.domain.issuance.refresh import agreed_name, orphans
from ticketops.domain.issuance.tracker import Tracker
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
        *issuing.twice_issued(tracker),
        *payments.withdrawn(tracker),
        *payments.edited(tracker),
        *files.changed(tracker, look),
        *history.gaps(tracker),
    ]
    return sorted(found, key=lambda one: -one.severity)


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
        if one.is_live and one.links.unclear:
            yield Finding("NO_FLIGHT", Severity.LOW, f"{own}: {one.links.unclear}", *at)
        if one.state == issuance.ISSUED:
            yield from issuing.other_airline(tracker, one, row["ticket_number"] or "")
            if not row["ticket_number"] or not row["pnr"]:
                text = f"{own} is issued without a {'PNR' if row['ticket_number'] else 'number'}"
                yield Finding("ISSUED_WITHOUT", Severity.HIGH, text, *at)
