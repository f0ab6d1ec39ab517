"""In which states of the event which job is open (D22): one table, for doing and for undoing. What
only reads is always open, and so is a dry run."""

from __future__ import annotations

from collections.abc import Mapping

from ticketops.domain.event.record import Event
from ticketops.engine.job import Effect, Job
from ticketops.engine.permissions import job_named, labels_in
from ticketops.errors import RuleError
from ticketops.model.display import counted
from ticketops.model.events import (
    ALLOCATING,
    ARCHIVED,
    BUYING,
    CLOSED,
    DISPATCHING,
    DRAFT,
    EVENT_STATE,
    SELLING,
    between,
)
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import EVENTS

OTHERWISE = (DRAFT, CLOSED)
"""When a job is open that OPEN does not name."""
OPEN: Mapping[str, tuple[str, str]] = {
    "schedule.import": (DRAFT, DISPATCHING),
    "schedule.add": (DRAFT, DISPATCHING),
    "schedule.set": (DRAFT, DISPATCHING),
    "purchase.add": (BUYING, DISPATCHING),
    "import.purchases": (BUYING, DISPATCHING),
    "import.seats": (BUYING, CLOSED),
    "purchase.expand": (BUYING, DISPATCHING),
    "supplier.build": (BUYING, DISPATCHING),
    "supplier.pull": (BUYING, CLOSED),
    "sale.add": (SELLING, DISPATCHING),
    "import.sales": (SELLING, DISPATCHING),
    "sale.expand": (SELLING, DISPATCHING),
    "sale.approve": (SELLING, DISPATCHING),
    "sale.upgrade": (SELLING, DISPATCHING),
    "sale.set.qty": (SELLING, DISPATCHING),
    "sale.set": (SELLING, CLOSED),
    "recon.apply": (SELLING, CLOSED),
    "allocate.preview": (ALLOCATING, DISPATCHING),
    "allocate.commit": (ALLOCATING, DISPATCHING),
    "allocate.auto": (ALLOCATING, DISPATCHING),
    "allocate.process": (ALLOCATING, DISPATCHING),
    "override.alloc-from": (ALLOCATING, DISPATCHING),
    "unit.substitute": (ALLOCATING, CLOSED),
    "client.build": (ALLOCATING, DISPATCHING),
    "client.pull": (ALLOCATING, CLOSED),
    "message.draft": (ALLOCATING, DISPATCHING),
    "import.guests": (SELLING, CLOSED),
    "client.accept": (DISPATCHING, CLOSED),
    "staff.queue": (DISPATCHING, DISPATCHING),
    "staff.assign": (DISPATCHING, DISPATCHING),
    "staff.build": (DISPATCHING, DISPATCHING),
    "staff.build.with-passwords": (DISPATCHING, DISPATCHING),
    "staff.pull": (DISPATCHING, CLOSED),
    "staff.mark": (DISPATCHING, CLOSED),
    "staff.report-issue": (DISPATCHING, CLOSED),
    "staff.escalate": (DISPATCHING, CLOSED),
    "portal.invite": (BUYING, CLOSED),
    "portal.open": (BUYING, CLOSED),
    "portal.save": (ALLOCATING, CLOSED),
    "portal.view": (BUYING, CLOSED),
    "portal.download": (ALLOCATING, CLOSED),
    "event.accept": (CLOSED, CLOSED),
    "archive.sweep": (ARCHIVED, ARCHIVED),
    "credentials.seal.purge-backups": (DRAFT, ARCHIVED),
    "credentials.rotate.drop-old": (DRAFT, ARCHIVED),
}
"""{name of a job: the first and the last state in which it may write}."""
_REPAIRS = frozenset({"event.set", "doctor.fix", "user.set"})
"""What is open while the state is not understood: it may mend that."""


def require(job: Job, event: Event | None) -> None:
    """Raises RuleError where the event is in no state in which a job may write. A workbook without
    an event row, or without a state in it, is open."""
    if (why := closed(job, event)) is not None:
        raise why


def told(job: Job, event: Event | None) -> list[Finding]:
    """What a dry run says of a job that would be refused."""
    why = closed(job, event)
    if why is None:
        return []
    return [Finding("GATE_CLOSED", Severity.INFO, f"{why.message}: {why.hint}", EVENTS)]


def closed(job: Job, event: Event | None) -> RuleError | None:
    """Why a job may not write in the state of the event, with the command that changes that."""
    if job.effect is Effect.READS or event is None:
        return None
    return _unclear(job.name, event) or _outside(job.name, f"`{job.label}`", event)


def require_undo(label: str, event: Event | None) -> None:
    """Raises RuleError where what stands in the journal under this label may not be taken back in
    the state of the event."""
    if event is None:
        return
    for name in map(job_named, labels_in(label)):
        if (
            why := _unclear(name, event) or _outside(name, f"undoing `{label}`", event)
        ) is not None:
            raise why


def _unclear(name: str, event: Event) -> RuleError | None:
    """Nobody knows in which state the event is; then only what may mend that is open."""
    if name in _REPAIRS:
        return None
    if event.rows > 1:
        return RuleError(
            f"{EVENTS} names {event.rows} events, but a workbook is about one",
            f"nothing was written; delete the other rows of {EVENTS}",
        )
    if not event.state and "Status" in event.unclear:
        return RuleError(
            f"the Status of {event.called} in {EVENTS} is not understood",
            "nothing was written; `ticketops event set --state STATE` corrects it",
        )
    return None


def _outside(name: str, what: str, event: Event) -> RuleError | None:
    first, last = OPEN.get(name, OTHERWISE)
    if not event.state or between(first, event.state, last):
        return None
    return RuleError(
        f"{what} is open {_window(first, last)}; {event.called} is {event.state}",
        _way(event.state, first, last),
    )


def _window(first: str, last: str) -> str:
    return f"in the state {first}" if first == last else f"from {first} to {last}"


def _way(state: str, first: str, last: str) -> str:
    """The command that leads to a state in which the job is open."""
    steps = EVENT_STATE.index(first) - EVENT_STATE.index(state)
    if steps > 0:
        often = "" if steps == 1 else f" ({counted(steps, 'step')} away)"
        return f"`ticketops event advance` leads to {first}{often}; `ticketops event show` says what blocks it"
    if state == ARCHIVED:
        return "an archived event can only be read; there is no way back"
    return f"an ops_manager can go back to {last}: `ticketops event back --reason TEXT`"
