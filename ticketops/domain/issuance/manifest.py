"""`issuance manifest` (document 001): the passenger list of a group or an airline, without anything about
money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ticketops.domain.issuance.flights import fold
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError
from ticketops.model.states import VOID
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """A passenger with a ticket that is not VOID. flights: in the order of the legs."""

    ticket_id: str
    booking: str | None
    ref: str | None
    name: str | None
    born_on: datetime | None
    passport: str | None
    flights: str
    pnr: str | None
    ticket_number: str | None
    name_is_final: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """`issuance manifest build`. path: of the file that it is in."""

    path: str
    group: str
    airline: str
    passengers: tuple[ManifestLine, ...]


def plan_manifest(snapshot: Snapshot, run: Run, path: str, group: str, airline: str) -> Plan:
    """The passengers of a group, or on the flights of an airline, by name. Raises NotFoundError where
    there are none."""
    tracker = Tracker(snapshot, run)
    within = tracker.in_group(group) if group else None
    code = airline.upper()
    found = [
        one
        for one in tracker.all()
        if one.state != VOID
        and (within is None or fold(one.ticket["booking_id"]) in within)
        and (not code or code in one.links.airlines)
    ]
    if not found:
        whose = f"of the group {group}" if group else f"on flights of {code}"
        raise NotFoundError(
            f"no ticket is {whose}", "`ticketops issuance refresh --all` makes missing tickets"
        )
    lines = sorted(map(_line, found), key=lambda line: (line.name or "", line.ticket_id))
    return Plan(result=Manifest(path, group, code, tuple(lines)))


def _line(one: Standing) -> ManifestLine:
    person = one.passenger or {}
    rows = [*one.links.legs, *(row for _sheet, _ref, row in one.links.others)]
    return ManifestLine(
        one.ticket_id,
        one.ticket["booking_id"],
        one.ticket["ref"],
        one.ticket["name"],
        person.get("born_on"),
        person.get("passport"),
        ", ".join(row["flight"] for row in rows if row["flight"]),
        one.pnr.pnr or None,
        one.ticket["ticket_number"],
        one.ticket["named_at"] is not None,
    )
