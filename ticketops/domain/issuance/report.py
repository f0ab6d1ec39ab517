"""`issuance report` and the screen of `status` (document 001): how many tickets stand where, by group, and
what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ticketops.domain.clock.record import LastRun, last_run
from ticketops.domain.issuance import queue
from ticketops.domain.issuance.files import Look
from ticketops.domain.issuance.findings import audit
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.domain.messages.listing import messages_waiting
from ticketops.domain.plan import Plan, Run
from ticketops.model import ids, issuance
from ticketops.model.findings import count_by_code
from ticketops.model.states import VOID
from ticketops.schema.layouts.event import CLOCK, NOTIFICATION_LOG
from ticketops.schema.layouts.issuance import PASSENGERS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets are where. A ticket is in one of pending, ready, issued and void; those whose name
    is not final (name_update), due soon or overdue are pending, too."""

    tickets: int
    pending: int
    ready: int
    issued: int
    void: int
    name_update: int
    due_soon: int
    overdue: int
    on_hold: int


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """The same of a group's tickets."""

    group: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Report:
    """`issuance report`. without_ticket: passengers that no ticket was made for yet; findings: how many
    of each code."""

    total: Counts
    groups: tuple[GroupCounts, ...]
    without_ticket: int
    findings: dict[str, int]


@dataclass(frozen=True, slots=True)
class TicketOverview(Report):
    """`status` of a workbook of airline tickets: the report, messages that wait to be sent, could not be
    sent, or may or may not have been, and the last nightly run that is recorded."""

    messages_queued: int
    messages_failed: int
    messages_unknown: int
    clock: LastRun | None


def plan_status(snapshot: Snapshot, run: Run, days: int, look: Look) -> Plan:
    """The report, and what stands with messages and the clock."""
    plan = plan_report(snapshot, run, days, look)
    said: Report = plan.result
    plan.result = TicketOverview(
        said.total,
        said.groups,
        said.without_ticket,
        said.findings,
        **messages_waiting(snapshot[NOTIFICATION_LOG]),
        clock=last_run(snapshot[CLOCK]),
    )
    return plan


def plan_report(snapshot: Snapshot, run: Run, days: int, look: Look) -> Plan:
    """Where the tickets stand, in all and by group, with everything that is wrong."""
    tracker = Tracker(snapshot, run)
    tests: dict[str, Callable[[Standing], bool]] = {
        **queue.tests(run.now, days),
        "void": lambda one: one.state == VOID,
        "on-hold": lambda one: one.state == issuance.ON_HOLD,
        "tickets": lambda _one: True,
    }
    names = tuple(tests)
    counted: dict[str, dict[str, int]] = {}
    total = dict.fromkeys(names, 0)
    for one in tracker.all():
        group = (one.booking["group"] if one.booking else None) or ""
        of_group = counted.setdefault(group, dict.fromkeys(names, 0))
        for name in names:
            if tests[name](one):
                of_group[name] += 1
                total[name] += 1
    found = audit(tracker, look)
    ticketed = {(row["passenger_id"] or "").casefold() for row in tracker.rows}
    keys = snapshot[PASSENGERS].frame["passenger_id"].to_list()
    without = sum((key or "").casefold() not in ticketed or key is None for key in keys)
    groups = tuple(
        GroupCounts(group, _counts(counted[group]))
        for group in sorted(counted, key=ids.natural_order)
    )
    result = Report(_counts(total), groups, without, count_by_code(found))
    return Plan(findings=found, result=result)


def _counts(of: dict[str, int]) -> Counts:
    return Counts(
        of["tickets"],
        of[issuance.OF_PENDING],
        of[issuance.OF_READY],
        of[issuance.OF_ISSUED],
        of["void"],
        of[issuance.OF_NAMES],
        of[issuance.DUE_SOON],
        of[issuance.OVERDUE],
        of["on-hold"],
    )
