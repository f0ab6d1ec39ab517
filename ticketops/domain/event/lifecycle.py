"""Entering an event, changing its fields, and taking it a step on or back (§1, D22)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketops.domain.event import issues
from ticketops.domain.event.archiving import ArchiveMade, end_books
from ticketops.domain.event.conditions import Blocker, blockers, misfits, shown_state, usual_type
from ticketops.domain.event.issues import Issue, Outstanding
from ticketops.domain.event.record import DEFAULTS, FIELDS, Event, EventFields, event_of
from ticketops.domain.masterdata.users import require_user
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.events import (
    ARCHIVED,
    CLOSED,
    EVENT_STATE,
    EVENT_TYPES,
    next_state,
    state_before,
)
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import BOOKS, CLOSING, EVENT_LOG, EVENTS, SCHEDULE
from ticketops.schema.tables import Snapshot

_LOGGED = ("timestamp", "user", "action", "event", "before", "after", "reason", "run_id")


@dataclass(frozen=True, slots=True)
class Implied:
    """What the type of an event implies (§1). codes: how its matches are called; sessions: the types
    of session that a match of it can have; one_match: whether it is a single match."""

    scheme: str
    codes: str
    sessions: tuple[str, ...]
    one_match: bool


@dataclass(frozen=True, slots=True)
class EventShown(EventFields):
    """An event with the defaults of blank cells. state: None where the row names none, or none that
    is understood; then every command is open. next: the state after it; blocked_by: what keeps the
    event from that."""

    implies: Implied
    state: str | None
    next: str | None
    blocked_by: list[Blocker]


@dataclass(frozen=True, slots=True)
class Moved:
    """A step of an event. outstanding: what was not finished when it was closed, accepted or not."""

    code: str
    before: str
    after: str
    reason: str | None
    outstanding: list[Outstanding]
    archive: ArchiveMade | None = None
    """The archive that was sealed, once the event is ARCHIVED."""


def shown(snapshot: Snapshot, run: Run) -> Plan:
    """The event of the workbook. Raises NotFoundError where `_EVENTS` names none."""
    event = require(snapshot)
    return Plan(result=_shown(snapshot, event, run), findings=_doubts(snapshot, event))


def require(snapshot: Snapshot) -> Event:
    """The event of the workbook. Raises NotFoundError where it has none, RuleError where it has
    several."""
    event = event_of(snapshot[EVENTS])
    if event is None:
        raise NotFoundError(
            f"the workbook has no event: {EVENTS} names none, so every command is open",
            "`ticketops event set --name NAME --code CODE` enters it",
        )
    if event.rows > 1:
        raise RuleError(
            f"{EVENTS} names {event.rows} events, but a workbook is about one",
            f"delete the other rows of {EVENTS}",
        )
    return event


def _shown(snapshot: Snapshot, event: Event, run: Run) -> EventShown:
    after = next_state(event.state) if event.state else None
    return EventShown(
        **{name: getattr(event, name) for name in FIELDS},
        implies=Implied(*EVENT_TYPES[event.type]),
        state=event.state or None,
        next=after,
        blocked_by=blockers(snapshot, event, after, run) if after else [],
    )


def _doubts(snapshot: Snapshot, event: Event) -> list[Finding]:
    found = [
        Finding(
            "UNKNOWN_VALUE",
            Severity.HIGH,
            f"{header} of {event.called} is not understood",
            EVENTS,
            event.row,
            event.code,
        )
        for header in event.unclear
    ]
    if not event.state and "Status" not in event.unclear:
        message = f"{event.called} has no state, so every command is open; `event set` proposes one"
        found.append(Finding("NO_STATE", Severity.LOW, message, EVENTS, event.row, event.code))
    titled = snapshot.layout.code_of(SCHEDULE)
    if titled and event.code and titled != event.code:
        message = f"the schedule is titled {titled}, but the event is {event.code}"
        found.append(Finding("EVENT_CODES_DIFFER", Severity.LOW, message, EVENTS, event.row))
    return [*found, *misfits(snapshot, event)]


def plan_set(
    snapshot: Snapshot, given: Mapping[str, Any], run: Run, *, state: str | None = None
) -> Plan:
    """Enter the event, or change its fields. given: {one of FIELDS: value}; None blanks the cell.

    A new event, or one without a state, gets the state that the rows of the workbook show, or
    `state`; afterwards only `advance` and `back` change it. Raises RuleError for a new event
    without a name or code, an end before its start, an owner who may do nothing, or a state that
    has one.
    """
    table = snapshot[EVENTS]
    old = event_of(table)
    if old is not None:
        require(snapshot)
    values = dict(given)
    if old is None:
        values = _completed(snapshot, values, run)
    if values.get("owner"):
        require_user(snapshot, values["owner"], "can't own the event")
    if old is None or not old.state:
        values["status"] = state or shown_state(snapshot)
    elif state and state != old.state:
        raise RuleError(
            f"{old.called} is {old.state} already",
            "`ticketops event advance` and `ticketops event back` change the state",
        )
    plan = _written(snapshot, old, values, run)
    after = event_of(snapshot.after(plan.changes)[EVENTS])
    assert after is not None
    if after.start and after.end and after.end < after.start:
        raise RuleError(
            f"the event can't end ({after.end:%Y-%m-%d}) before it starts ({after.start:%Y-%m-%d})"
        )
    now = snapshot.after(plan.changes)
    plan.result = _shown(now, after, run)
    plan.findings = _doubts(now, after)
    if old is None or not old.state:
        _log(plan, snapshot, run, ("CREATE", after.code, None, after.state, None))
        if state is None and after.state != EVENT_STATE[0]:
            message = f"{after.called} starts in the state {after.state}, which its rows show; --state names another"
            plan.findings.append(Finding("STATE_PROPOSED", Severity.INFO, message, EVENTS))
    return plan


def _completed(snapshot: Snapshot, given: dict[str, Any], run: Run) -> dict[str, Any]:
    """The fields of a new event. Raises RuleError without a name or code."""
    titled = snapshot.layout.code_of(SCHEDULE)
    if titled:
        given.setdefault("code", titled)
    missing = [f"--{name}" for name in ("name", "code") if not given.get(name)]
    if missing:
        raise RuleError(f"a new event needs {' and '.join(missing)}")
    days = snapshot[SCHEDULE].frame["date"].drop_nulls()
    usual = {
        **DEFAULTS,
        "type": usual_type(snapshot),
        "start": days.min(),
        "end": days.max(),
        "owner": run.user,
    }
    return {**usual, **given}


def _written(snapshot: Snapshot, old: Event | None, values: Mapping[str, Any], run: Run) -> Plan:
    plan, table = Plan(), snapshot[EVENTS]
    stamped = {**values, "user": run.user, "updated_at": run.now}
    if old is None:
        columns = tuple(name for name, value in stamped.items() if value is not None)
        row = tuple(stamped[name] for name in columns)
        plan.changes.append(EVENTS, table.next_row, columns, [row])
        return plan
    cells = next(row for row in table.frame.iter_rows(named=True) if row["row"] == old.row)
    unclear = {misfit.column: misfit.text for misfit in table.misfits if misfit.row == old.row}
    before = {name: unclear.get(name, cells[name]) for name in stamped}
    if any(before[name] != value for name, value in values.items()):
        plan.changes.set(
            EVENTS,
            old.row,
            old.code or old.name,
            {name: (cells[name], value) for name, value in stamped.items()},
        )
    return plan


def plan_advance(
    snapshot: Snapshot,
    run: Run,
    *,
    to: str | None = None,
    agreed: bool = True,
    beside: Callable[[], Sequence[Issue]] = tuple,
) -> Plan:
    """Take the event to its next state. to: the state that this must be; beside: what is outstanding
    outside of the workbook, asked for where it counts.

    CLOSED needs only that what is outstanding was seen: `agreed`. Raises RuleError where something
    keeps the event from it, with the command that clears it.
    """
    event = _with_state(require(snapshot))
    after = next_state(event.state)
    if after is None:
        raise RuleError(f"{event.called} is {event.state}: there is no state after it")
    if to is not None and to != after:
        raise RuleError(
            f"{event.called} is {event.state}, and the next state is {after}, not {to}",
            "an event goes forward one step at a time; `event back` goes back",
        )
    if found := blockers(snapshot, event, after, run, beside):
        raise RuleError(
            f"{event.called} can't go from {event.state} to {after}: "
            f"{'; '.join(one.message for one in found)}",
            _clearing(found, snapshot),
        )
    if after == CLOSED:
        return _closed(snapshot, event, run, beside(), agreed=agreed)
    plan = _moved(snapshot, event, after, "ADVANCE", None, [], run)
    if after == ARCHIVED and (ended := end_books(plan, snapshot, run)):
        message = f"{counted(ended, 'book')} ended: what comes back of them is refused from now on"
        plan.findings.append(Finding("BOOKS_ENDED", Severity.INFO, message, BOOKS))
    return plan


def _closed(
    snapshot: Snapshot, event: Event, run: Run, beside: Sequence[Issue], *, agreed: bool
) -> Plan:
    """Close the event: what is outstanding, the final audit and the reconciliation among it, is shown
    and recorded (§13)."""
    from ticketops.domain.event import outstanding  # the audits cost other steps 20 ms

    found = outstanding.issues(snapshot, run, beside, closing=True)
    left = list(issues.judged(found, snapshot[CLOSING], named=run.scope is None))
    still = [one.message for one in left if one.state == issues.OPEN]
    if still and not agreed:
        raise RuleError(f"{event.called} has {', '.join(still)}", "-y closes it anyway")
    plan = _moved(snapshot, event, CLOSED, "ADVANCE", None, left, run)
    issues.record(plan, snapshot, run, states.FOUND, found, "")
    plan.findings += issues.findings(left)
    return plan


def _clearing(found: list[Blocker], snapshot: Snapshot) -> str:
    commands = [f"`ticketops {one.command}`" for one in found if one.command]
    if not commands:
        return f"type the matches into the sheet {snapshot.layout.title_of(SCHEDULE)}"
    return f"{', '.join(dict.fromkeys(commands))} {'clears it' if len(set(commands)) == 1 else 'clear it'}"


def plan_back(snapshot: Snapshot, run: Run, *, reason: str) -> Plan:
    """Take the event back one state. Raises RuleError for the first state, and for ARCHIVED."""
    event = _with_state(require(snapshot))
    before = state_before(event.state)
    if before is None:
        raise RuleError(f"{event.called} is {event.state}: no way leads back from it")
    return _moved(snapshot, event, before, "BACK", reason, [], run)


def _with_state(event: Event) -> Event:
    if not event.state:
        raise RuleError(f"{event.called} has no state", "`ticketops event set` proposes one")
    return event


def _moved(
    snapshot: Snapshot,
    event: Event,
    after: str,
    action: str,
    reason: str | None,
    left: list[Outstanding],
    run: Run,
) -> Plan:
    plan = _written(snapshot, event, {"status": after}, run)
    _log(plan, snapshot, run, (action, event.code, event.state, after, reason))
    plan.result = Moved(event.code, event.state, after, reason, left)
    return plan


def _log(plan: Plan, snapshot: Snapshot, run: Run, said: tuple[str | None, ...]) -> None:
    row = (run.now, run.user, *said, run.run_id)
    plan.changes.append(EVENT_LOG, snapshot[EVENT_LOG].next_row, _LOGGED, [row])
