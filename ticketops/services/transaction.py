"""The one way a command writes: read → plan → show → commit, re-planned once if the workbook moved (DESIGN: data flow)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ticketops.domain import roles
from ticketops.domain.plan import Plan, Run
from ticketops.errors import ConflictError
from ticketops.model import states
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding
from ticketops.model.ids import run_id, run_id_after
from ticketops.schema.tables import Snapshot, with_structure
from ticketops.schema.workbook import USERS
from ticketops.services import permissions
from ticketops.stores.base import Entry, Store, Transaction

Planner = Callable[[Snapshot, Run], Plan]
Confirm = Callable[[Plan, Snapshot], bool]


@dataclass(frozen=True, slots=True)
class Job:
    """A use case: its name for the journal, the sheets it reads, and the pure function that plans it."""

    command: str
    sheets: tuple[str, ...]
    plan: Planner
    strict: bool = True
    """Whether a sheet that commands can't work with is an error."""
    afterwards: Callable[[Plan], list[Finding]] | None = None
    """What follows once the plan is committed: files that it describes. Returns what went wrong with them."""
    always: bool = False
    """Whether that follows also where there was nothing to write."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job. `written` is False for a dry run, a refusal at the prompt, and where nothing was to do."""

    plan: Plan
    snapshot: Snapshot
    run: Run
    written: bool
    late: tuple[Finding, ...] = ()
    """What went wrong after the commit; among the plan's findings too."""


def new_run(user: str, now: datetime | None = None, *, role: str = states.SR_OPERATOR) -> Run:
    """A run that starts now, to the second. role: what the user may do where _USERS names nobody."""
    moment = (now or datetime.now()).replace(microsecond=0)
    return Run(run_id(moment), user, moment, lambda: str(uuid.uuid4()), role)


def entry_of(job: Job, run: Run) -> Entry:
    return Entry(run.run_id, job.command, run.user, run.now)


def prepare(store: Store, job: Job, run: Run) -> tuple[Plan, Snapshot, Run]:
    """The plan of a job on the workbook as it is, with the sheets and columns it needs added, and the run as the workbook
    knows it: with the role of its user, and a RunID of its own."""
    snapshot = store.read(*dict.fromkeys((*job.sheets, USERS)), strict=job.strict)
    run = _known(run, store, snapshot)
    if (least := permissions.to_do(job.command)) != states.STAFF:
        roles.require(run, least, f"`{job.command}`")
    plan = job.plan(snapshot, run)
    plan.changes = with_structure(plan.changes.merged(), snapshot)
    return plan, snapshot, run


def _known(run: Run, store: Store, snapshot: Snapshot) -> Run:
    return replace(roles.with_role(run, snapshot), run_id=run_id_after(store.last_run_id(), run.run_id))


def prepare_undo(store: Store, run: Run) -> tuple[Transaction, ChangeSet, Entry]:
    """What an undo would take back, the cells it would set, and the entry to undo it with.

    Raises NotPermittedError, and what `Store.undoable` raises.
    """
    last, cells = store.undoable()
    run = _known(run, store, store.read(USERS, strict=False))
    roles.require(run, permissions.to_undo(last.entry.command), f"undoing `{last.entry.command}`")
    return last, cells, Entry(run.run_id, f"undo {last.entry.run_id}", run.user, run.now)


def carry_out(store: Store, job: Job, run: Run, *, dry_run: bool = False, confirm: Confirm | None = None) -> Done:
    """Plan and, unless dry_run, write it whole or not at all.

    confirm: asks a person; where the workbook changed while they were asked so that the plan changed too, ConflictError.
    Without it the job is planned once more on the new state, with the lock held, so that it can't be overtaken again.
    """
    plan, snapshot, run = prepare(store, job, run)
    if dry_run or not plan.changes:
        late = tuple(job.afterwards(plan)) if job.afterwards and job.always and not dry_run else ()
        plan.findings += late
        return Done(plan, snapshot, run, False, late)
    if confirm and not confirm(plan, snapshot):
        return Done(plan, snapshot, run, False)
    entry = entry_of(job, run)
    with store.locked(entry):
        if store.read().revision != snapshot.revision:
            shown = plan.changes.counts()
            plan, snapshot, run = prepare(store, job, run)
            entry = entry_of(job, run)
            if confirm and plan.changes.counts() != shown:
                raise ConflictError("the workbook was changed while you were asked", "nothing was written; run the command again")
        if plan.changes:
            store.commit(plan.changes, snapshot.revision, entry)
    late = tuple(job.afterwards(plan)) if job.afterwards and (plan.changes or job.always) else ()
    plan.findings += late
    return Done(plan, snapshot, run, bool(plan.changes), late)
