"""What a plan does becomes rows of the outbox, in the same commit (§10, D25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from msgspec.structs import replace

from ticketops.engine.job import Effect, Job
from ticketops.model.changes import ChangeSet
from ticketops.schema.layout import Layout
from ticketops.schema.layouts.event import (
    NOTIFICATION_LOG,
    NOTIFICATION_TEMPLATES,
    NOTIFICATION_TRIGGERS,
)
from ticketops.schema.structure import with_structure
from ticketops.schema.tables import Snapshot, Table, require

if TYPE_CHECKING:
    from ticketops.domain.messages.facts import Fact
    from ticketops.domain.messages.triggers import Trigger
    from ticketops.domain.plan import Plan, Run
    from ticketops.stores.base import Store

_SILENT = ("sync", "doctor", "master", "trigger", "template", "message")
"""First words of jobs whose changes happened elsewhere, mend the workbook, or are about messages: they
tell nothing."""


def sheets(job: Job, layout: Layout) -> tuple[str, ...]:
    """What is read with the sheets of a job, to know whether what it does makes messages."""
    named = () if job.effect is Effect.READS else (NOTIFICATION_TRIGGERS,)
    return tuple(name for name in named if name in layout)


def queue(
    store: Store, job: str, plan: Plan, snapshot: Snapshot, run: Run, table: Table
) -> Snapshot:
    """Put the messages that a plan makes into its changes, and what could not be made into its findings;
    the snapshot with the outbox, for showing cells. job: its name; table: of the triggers. A user who is limited to some clients
    or suppliers is not told who else could not be reached.

    A workbook none of whose triggers is on pays for reading one small sheet. Where the workbook moved
    since the plan was made, the commit finds that out. Raises SchemaError where the outbox can't be
    worked with.
    """
    silent = job.partition(".")[0] in _SILENT
    if plan.refused or not (plan.facts or (plan.changes and not silent)):
        return snapshot
    if not table.exists:
        return snapshot
    if not (require(table).frame.select(pl.col("active").any()).item() or table.misfits):
        return snapshot
    from ticketops.domain.messages import outbox, recipients, triggers
    from ticketops.domain.messages.readiness import Readiness

    on = triggers.active(table, store.layout.kind)
    facts = [*plan.facts, *([] if silent else _happened(store, plan, snapshot, on, run))]
    said = {fact.name for fact in facts}
    on = [one for one in on if one.fact in said or outbox.unusable(one)]
    if not facts or not on:
        return snapshot
    about = recipients.sheets_in(store.layout)
    read = store.read(NOTIFICATION_LOG, NOTIFICATION_TEMPLATES, *about, strict=False)
    log = require(read[NOTIFICATION_LOG])
    people = recipients.People(read.after(plan.changes), run)
    ready = Readiness(read[NOTIFICATION_TEMPLATES])
    rows, findings = outbox.queued(facts, ready.in_order(on), people, log, run)
    findings += ready.findings(rows)
    plan.findings += [] if run.scope else findings
    changes = ChangeSet()
    changes.append(NOTIFICATION_LOG, log.room_for(len(rows)), outbox.Message._fields, rows)
    plan.changes.extend(with_structure(changes, read))
    return replace(snapshot, tables={**snapshot.tables, NOTIFICATION_LOG: log})


def _happened(
    store: Store, plan: Plan, snapshot: Snapshot, on: list[Trigger], run: Run
) -> list[Fact]:
    """What the changes of a plan tell, as far as a trigger asks for it."""
    from ticketops.domain.messages.happened.seen import Seen
    from ticketops.domain.messages.happened.sources import sources_for

    written = {snapshot.layout.name_of(title) for title in plan.changes.sheets}
    sources = sources_for(written, {one.fact for one in on})
    if not sources:
        return []
    sheets = dict.fromkeys(name for one in sources for name in (one.changed, *one.reads))
    seen = Seen(store.read(*sheets, strict=False), plan.changes, plan.findings, run)
    return [fact for one in sources for fact in one.found(seen)]
