"""What it takes to reach a state (§1, D22), and which state the rows of a workbook show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from ticketops.domain.event import issues
from ticketops.domain.event.issues import Issue
from ticketops.domain.event.record import RETENTION, Event
from ticketops.domain.plan import Run
from ticketops.domain.selling.orders import sales_of
from ticketops.domain.ticket.identity import is_sold
from ticketops.model import ids, states
from ticketops.model.events import (
    ALLOCATING,
    ARCHIVED,
    BUYING,
    DISPATCHING,
    DRAFT,
    EVENT_TYPES,
    FIFA,
    OLYMPIC,
    PLANNING,
    SELLING,
)
from ticketops.model.findings import Finding, Severity
from ticketops.model.spelling import is_session
from ticketops.schema.layouts.event import DISTRIBUTION, EVENTS, PURCHASES, SALES, SCHEDULE
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing that keeps an event from its next state. command: what clears it, without
    `ticketops`; empty where only the sheet can be edited."""

    code: str
    message: str
    command: str


def blockers(
    snapshot: Snapshot,
    event: Event,
    to: str,
    run: Run,
    beside: Callable[[], Sequence[Issue]] = tuple,
) -> list[Blocker]:
    """What keeps the event from the state `to`, given that it is in the one before: from ARCHIVED
    whatever is outstanding and not accepted (§13). beside: what is found outside of the workbook,
    asked for where it counts."""
    if to == PLANNING:
        return _missing_fields(event)
    if to == BUYING and not _matches(snapshot):
        message = f"the sheet {snapshot.layout.title_of(SCHEDULE)} has no match"
        return [Blocker("NO_MATCH", message, "schedule import FILE")]
    if to == SELLING and not _any(snapshot, PURCHASES, "match", "number"):
        return [Blocker("NO_PURCHASE", "nothing was purchased yet", "purchase add")]
    if to == ALLOCATING and not sales_of(snapshot)[0]:
        return [Blocker("NO_SALE", "nothing was sold yet", "sale add")]
    if to == DISPATCHING and not _tickets(snapshot, pl.col("unit_ids").is_not_null()):
        return [Blocker("NO_ALLOCATED_TICKET", "no ticket is allocated yet", "allocate auto")]
    return _not_archived(snapshot, event, run, beside()) if to == ARCHIVED else []


def _not_archived(
    snapshot: Snapshot, event: Event, run: Run, beside: Sequence[Issue]
) -> list[Blocker]:
    """What is not accepted; and the days of a retention that nobody understands, whose clock would
    start."""
    from ticketops.domain.event.outstanding import outstanding  # the audits cost other steps 20 ms

    found = [
        Blocker(one.code, issues.told(one), one.command)
        for one in outstanding(snapshot, run, beside)
        if one.state == issues.OPEN
    ]
    if RETENTION in event.unclear:
        message = f"{RETENTION} in {EVENTS} is not understood"
        found.append(Blocker("RETENTION", message, "event set --audit-retention-days DAYS"))
    return found


def _missing_fields(event: Event) -> list[Blocker]:
    found = []
    for name, value, example in (
        ("name", event.name, "TEXT"),
        ("code", event.code, "CODE"),
        ("start", event.start, "DATE"),
        ("end", event.end, "DATE"),
    ):
        if not value:
            message = f"the event has no {name if name not in ('start', 'end') else name + ' date'}"
            found.append(Blocker(f"NO_{name.upper()}", message, f"event set --{name} {example}"))
    return found


def shown_state(snapshot: Snapshot) -> str:
    """The state that the rows of a workbook show: what was done last of dispatching, allocating,
    selling and buying."""
    sent = pl.col("delivery").is_in(sorted(states.DISPATCHED)).fill_null(False)
    if _tickets(snapshot, sent):
        return DISPATCHING
    if _tickets(snapshot, pl.col("unit_ids").is_not_null()):
        return ALLOCATING
    if _any(snapshot, SALES, "match", "number"):
        return SELLING
    if _any(snapshot, PURCHASES, "match", "number"):
        return BUYING
    return DRAFT


def misfits(snapshot: Snapshot, event: Event) -> list[Finding]:
    """Where the schedule does not look like that of an event of this type."""
    implied, codes = EVENT_TYPES[event.type], _matches(snapshot)
    what = ""
    if implied.one_match and len(codes) > 1:
        what = f"is a single match, but the schedule has {len(codes)}"
    fits = {FIFA: ids.is_fifa_match, OLYMPIC: is_session}.get(implied.scheme)
    other = [code for code in codes if fits and not fits(code)]
    if other:
        shown = ", ".join(other[:3]) + (" …" if len(other) > 3 else "")
        what = f"calls its matches {implied.codes}, but the schedule has {shown}"
    if not what:
        return []
    return [
        Finding("TYPE_MISMATCH", Severity.LOW, f"an event of type {event.type} {what}", SCHEDULE)
    ]


def usual_type(snapshot: Snapshot) -> str:
    """The type that the codes of the schedule show; OTHER where they show none."""
    codes = _matches(snapshot)
    for name, fits in (
        ("SPORTS_TOURNAMENT", ids.is_fifa_match),
        ("OLYMPICS_MULTI_SPORT", is_session),
    ):
        if codes and all(map(fits, codes)):
            return name
    return "OTHER"


def _matches(snapshot: Snapshot) -> list[str]:
    found = snapshot[SCHEDULE].frame["match"].drop_nulls().to_list()
    return list(dict.fromkeys(ids.normalise_match(code) for code in found))


def _any(snapshot: Snapshot, sheet: str, *filled: str) -> bool:
    return not snapshot[sheet].frame.select(filled).drop_nulls().is_empty()


def _tickets(snapshot: Snapshot, which: pl.Expr) -> int:
    """How many tickets that are not cancelled are so."""
    return (
        snapshot[DISTRIBUTION]
        .frame.filter(is_sold(), pl.col("status").ne_missing(states.CANCELLED), which)
        .height
    )
