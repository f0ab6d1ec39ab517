"""`issuance due` (document 001, §10): whose name must be final soon, said to those whom triggers name."""

from __future__ import annotations

from dataclasses import dataclass

from ticketops.domain.issuance.queue import QueueLine, line_of
from ticketops.domain.issuance.tracker import Tracker
from ticketops.domain.plan import Plan, Run
from ticketops.model import ids
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class NamesDue:
    """`issuance due`: the tickets whose deadline is near, and those that it has passed, earliest
    deadline first."""

    due: tuple[QueueLine, ...]
    overdue: int


def plan_due(snapshot: Snapshot, run: Run, days: int) -> Plan:
    """Tickets whose name is not final and whose deadline is within so many days, or past: a fact for
    each, which is the same one until the deadline is another. So it is said once, and late where
    nothing ran in time."""
    from ticketops.domain.messages.happened.tickets import due_soon

    tracker = Tracker(snapshot, run)
    found = [
        one
        for one in tracker.all()
        if one.deadline and (one.is_due_soon(run.now, days) or one.is_overdue(run.now))
    ]
    found.sort(key=lambda one: (one.deadline.at, ids.natural_order(one.ticket_id)))  # type: ignore[union-attr]
    plan = Plan(findings=tracker.not_understood())
    for one in found:
        if one.deadline:
            left = one.days_left(run.now) or 0
            plan.facts.append(
                due_soon(
                    dict(one.ticket), dict(one.booking or {}), one.pnr.pnr, one.deadline.at, left
                )
            )
    late = sum(one.is_overdue(run.now) for one in found)
    plan.result = NamesDue(tuple(line_of(one, run.now) for one in found), late)
    return plan
