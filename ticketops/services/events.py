"""The use cases of an event: its fields and states, the events of a folder, a new one from an old
(§1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from ticketops.config import Settings
from ticketops.domain.audit import checks
from ticketops.domain.dispatch import overdue
from ticketops.domain.dispatch.state import QUEUES
from ticketops.domain.event import cloning, issues, lifecycle
from ticketops.domain.event.record import event_of
from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting.position import position
from ticketops.engine.job import Effect, Job
from ticketops.errors import TicketopsError, UsageError
from ticketops.model.findings import Finding
from ticketops.schema.layout import EVENT_KIND
from ticketops.schema.layouts.event import (
    BESIDE_TRADE,
    DISTRIBUTION,
    EVENT_LOG,
    EVENTS,
    PURCHASES,
    SALES,
    SCHEDULE,
    UNITS,
    USERS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services.sheet_groups import CLOSING_SHEETS
from ticketops.stores.base import Store

Beside = Callable[[], Sequence[issues.Issue]]
"""What is outstanding outside of a workbook, asked for where it counts."""
LEDGERS = (DISTRIBUTION, UNITS, SALES, PURCHASES)
_ROWS = (*LEDGERS, SCHEDULE, EVENTS, EVENT_LOG, USERS, *CLOSING_SHEETS)


def event_show() -> Job:
    return Job("event.show", lifecycle.shown, (), _ROWS, effect=Effect.READS)


def event_set(given: Mapping[str, Any], *, state: str | None = None) -> Job:
    """given: {field of an event: value}."""
    return Job(
        "event.set",
        lambda snapshot, run: lifecycle.plan_set(snapshot, given, run, state=state),
        (),
        _ROWS,
    )


def event_advance(
    *,
    to: str | None = None,
    agreed: bool = True,
    beside: Beside = tuple,
    after: Callable[[Plan], list[Finding]] | None = None,
) -> Job:
    """beside: what is outstanding in other copies, of `services.copies`; after: what follows the commit,
    of `services.archive`."""
    return Job(
        "event.advance",
        lambda snapshot, run: lifecycle.plan_advance(
            snapshot, run, to=to, agreed=agreed, beside=beside
        ),
        (),
        _ROWS,
        after_commit=after,
    )


def event_back(reason: str) -> Job:
    return Job(
        "event.back",
        lambda snapshot, run: lifecycle.plan_back(snapshot, run, reason=reason),
        (),
        _ROWS,
    )


def event_outstanding(beside: Beside = tuple) -> Job:
    """What is outstanding, whatever state the event is in (§13). beside: in other copies."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        from ticketops.domain.event.outstanding import outstanding

        event = lifecycle.require(snapshot)
        found = outstanding(snapshot, run, beside())
        still = sum(one.state == issues.OPEN for one in found)
        return Plan(result=issues.OutstandingList(event.called, event.state or None, still, found))

    return Job("event.outstanding", plan, (), _ROWS, effect=Effect.READS)


def event_accept(
    named: Sequence[str],
    reason: str,
    *,
    every: bool = False,
    withdraw: bool = False,
    beside: Beside = tuple,
) -> Job:
    """Accept what is outstanding as it is, or withdraw that. named: `UNPAID`, `UNPAID:S147`; every:
    all of it; beside: what is outstanding in other copies."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        from ticketops.domain.event import outstanding

        lifecycle.require(snapshot)
        found = outstanding.issues(snapshot, run, beside())
        return issues.plan_accept(
            snapshot, found, named, run, reason=reason, every=every, withdraw=withdraw
        )

    said = "--all" if every else " ".join(named)
    return Job("event.accept", plan, (), _ROWS, f"event accept {said}".rstrip())


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event of a portfolio: its workbook, its state, and what is most urgent. late: tickets that
    are overdue; audit: findings; problem: why its workbook can't be read, and then the rest is None."""

    file: str
    code: str | None = None
    name: str | None = None
    state: str | None = None
    sold: int | None = None
    sent: int | None = None
    available: int | None = None
    true_shortage: int | None = None
    late: int | None = None
    audit: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class EventList:
    """The events of workbooks. left_out: workbooks of the folders that are about no event."""

    events: list[EventLine]
    left_out: int


def event_line(name: str, settings: Settings) -> Job:
    """One line of a portfolio. name: of the workbook."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        figures, event = position(snapshot), event_of(snapshot[EVENTS])
        audited, _findings = checks.audit(snapshot.of((*LEDGERS, *BESIDE_TRADE)))
        dispatched = overdue.overview(
            snapshot,
            run,
            run.buffer_hours(settings.dispatch_buffer_hours),
            medal_hours=settings.medal_hours_earlier,
        )
        line = EventLine(
            name,
            event.code if event else snapshot.layout.code_of(SCHEDULE) or None,
            event.name or None if event else None,
            event.state or None if event else None,
            figures.sold,
            figures.sent,
            figures.available,
            figures.true_shortage,
            dispatched.total.overdue,
            audited.issues,
        )
        return Plan(result=line)

    optional = tuple(dict.fromkeys((*QUEUES, SCHEDULE, EVENTS)))
    return Job("event.list", plan, LEDGERS, optional, effect=Effect.READS)


def workbooks(named: Sequence[str]) -> list[tuple[Path, bool]]:
    """The workbooks of folders and files, each with whether it was named itself. Raises UsageError
    for what is neither."""
    found: dict[Path, bool] = {}
    for text in named:
        path = Path(text)
        if path.is_dir():
            for file in sorted(path.glob("*.xlsx")):
                if file.is_file() and not file.name.startswith((".", "~$")):
                    found.setdefault(file, False)
        elif path.is_file():
            found[path] = True
        else:
            raise UsageError(f"{text} is neither a folder nor a file")
    return list(found.items())


def portfolio(
    files: Iterable[tuple[Path, bool]], settings: Settings, open_store: Any, look: Any
) -> EventList:
    """A line for each workbook; one that was found in a folder and has none of our ledgers is left
    out. open_store: (path, settings) → store; look: (store, job) → result."""
    lines, left_out = [], 0
    for path, by_name in files:
        try:
            store: Store = open_store(path, settings)
            of_event = store.layout.kind == EVENT_KIND
            if not by_name and not (of_event and store.read(*LEDGERS, strict=False)[SALES].exists):
                left_out += 1
                continue
            lines.append(look(store, event_line(str(path), settings)))
        except TicketopsError as error:
            lines.append(EventLine(str(path), problem=error.message))
    return EventList(lines, left_out)


def event_clone(name: str, code: str) -> Job:
    """What a new event takes over from this one; `clone_to` writes it."""
    return Job(
        "event.clone",
        lambda snapshot, run: cloning.plan_clone(snapshot, name, code, run),
        (),
        cloning.TAKEN,
        effect=Effect.READS,
    )


@dataclass(frozen=True, slots=True)
class CloneMade:
    """The workbook of a new event. rows: {sheet: how many were taken over}."""

    path: str
    name: str
    code: str
    rows: dict[str, int]


def clone_to(
    path: Path, content: cloning.Cloned, settings: Settings, *, force: bool, dry_run: bool = False
) -> CloneMade:
    """Write the workbook of a new event, unless dry_run. Raises RuleError where the file exists, unless `force`."""
    from ticketops.books.canonical import SheetContent, write_workbook
    from ticketops.engine.opening import layout_of
    from ticketops.services.creation import made

    layout = layout_of(structs.replace(settings, event=""), content.code)
    contents = {
        sheet: SheetContent(rows, tuple(column.header for column in layout[sheet].columns))
        for sheet, rows in content.rows.items()
    }
    created = made(
        path,
        force,
        lambda temporary: write_workbook(
            temporary, layout, contents, created=datetime.now().replace(microsecond=0)
        ),
        dry_run=dry_run,
    )
    sizes = {sheet: len(rows) for sheet, rows in content.rows.items() if rows}
    return CloneMade(str(created), content.name, content.code, sizes)
