"""The jobs of closing an event, for `test_jobs`."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Job
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import EVENT_LOG, EVENTS
from ticketops.schema.tables import Snapshot
from ticketops.services import archive, events, financial, sweeping


def over(job: Job) -> Job:
    """The same of a workbook whose event is ARCHIVED."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        changes = ChangeSet()
        for row, state in snapshot[EVENTS].frame.select("row", "status").iter_rows():
            changes.set(EVENTS, row, "", {"status": (state, "ARCHIVED")})
        step = ("timestamp", "after", "run_id")
        changes.append(EVENT_LOG, 99, step, [(run.now, "ARCHIVED", run.run_id)])
        return job.plan(snapshot.after(changes), run)

    return replace(job, plan=plan)


CLOSING: dict[str, tuple[str, Callable[..., Job]]] = {
    "event.outstanding": ("staff", lambda *_: events.event_outstanding()),
    "event.accept": ("ops_manager", lambda *_: events.event_accept([], "x", every=True)),
    "export.financial": ("operator", lambda *_: financial.export_financial()),
    "archive.build": ("ops_manager", lambda *_: over(archive.archive_build())),
    "archive.sweep": ("ops_manager", lambda *_: over(sweeping.archive_sweep())),
}
"""{job: (its least role, how it is made)}."""
