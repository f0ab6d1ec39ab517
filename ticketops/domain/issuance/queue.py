"""`issuance queue` (document 001): tickets by where they stand, most urgent first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ticketops.domain.issuance.flights import fold
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.domain.plan import Plan, Run
from ticketops.model import ids, issuance
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A ticket. status: pending_clearance, ready_to_issue, issued or void; api_status: its state; finance:
    pending, cleared or exception, as it is now. due_in_days: below 0 once the deadline is past."""

    ticket_id: str
    booking: str | None
    passenger: str | None
    status: str
    api_status: str
    finance: str
    pnr: str | None
    pnr_source: str | None
    ticket_number: str | None
    deadline: datetime | None
    due_in_days: int | None


@dataclass(frozen=True, slots=True)
class Queue:
    """`issuance queue`: most urgent first."""

    lines: tuple[QueueLine, ...]


def tests(now: datetime, days: int) -> dict[str, Callable[[Standing], bool]]:
    """{queue: whether a ticket is in it}. days: how long before its deadline a name is due soon."""
    return {
        issuance.OF_PENDING: lambda one: one.shown == issuance.PENDING_CLEARANCE,
        issuance.OF_READY: lambda one: one.shown == issuance.READY_TO_ISSUE,
        issuance.OF_ISSUED: lambda one: one.shown == issuance.SHOWN_ISSUED,
        issuance.OF_NAMES: lambda one: one.state == issuance.NAME_UPDATE_PENDING,
        issuance.DUE_SOON: lambda one: one.is_due_soon(now, days),
        issuance.OVERDUE: lambda one: one.is_overdue(now),
    }


def plan_queue(
    snapshot: Snapshot, run: Run, which: str, days: int, *, booking: str = "", group: str = ""
) -> Plan:
    """The tickets of a queue; of all, void ones too, where none is named. booking, group: only of these.
    Raises NotFoundError for a booking or group that there is not."""
    tracker = Tracker(snapshot, run)
    within = {fold(tracker.booking(booking)["booking_id"])} if booking else None
    if group:
        of_group = tracker.in_group(group)
        within = of_group if within is None else within & of_group
    belongs = tests(run.now, days)[which] if which else lambda _one: True
    found = [
        (one, line_of(one, run.now))
        for one in tracker.all()
        if belongs(one) and (within is None or fold(one.ticket["booking_id"]) in within)
    ]
    late = datetime.max
    found.sort(
        key=lambda pair: (
            pair[1].deadline or late if pair[0].is_live else late,
            not pair[0].is_live,
            ids.natural_order(pair[1].ticket_id),
        )
    )
    lines = tuple(line for _one, line in found)
    return Plan(findings=tracker.not_understood(), result=Queue(lines))


def line_of(one: Standing, now: datetime) -> QueueLine:
    """A ticket as a line of a queue."""
    return QueueLine(
        one.ticket_id,
        one.ticket["booking_id"],
        one.ticket["name"],
        one.shown,
        one.state or (one.ticket["state"] or ""),
        one.clearance.status,
        one.pnr.pnr or None,
        one.pnr.source or None,
        one.ticket["ticket_number"],
        one.deadline.at if one.deadline else None,
        one.days_left(now),
    )
