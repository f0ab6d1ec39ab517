"""The one way a command reads or writes: read → plan → show → commit, re-planned once if the
workbook moved."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from ticketops.adapters import whoami
from ticketops.config import Settings
from ticketops.domain.audit import conformance
from ticketops.domain.event.record import event_of
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Plan, Run
from ticketops.engine import gates, messages, permissions
from ticketops.engine.job import Effect, Job
from ticketops.errors import ConflictError, InternalError
from ticketops.model import roles
from ticketops.model.changes import AppendRows, ChangeSet
from ticketops.model.findings import Finding, Severity
from ticketops.model.ids import run_id, run_id_after
from ticketops.schema.layouts.event import EVENTS, NOTIFICATION_TRIGGERS, USERS
from ticketops.schema.slices import cut
from ticketops.schema.structure import with_structure
from ticketops.schema.tables import Snapshot, require
from ticketops.stores.base import Entry, LocalFile, Queued, Slicing, Store

if TYPE_CHECKING:
    from ticketops.engine.scoping import Limited

JOURNAL_DAMAGED = "JOURNAL_DAMAGED"
STANDING = (USERS, EVENTS)
"""What every run reads: who may do what, and, in the workbook of an event, in which state that is."""
Confirm = Callable[[Plan, Snapshot], bool]
Show = Callable[[Plan, Snapshot], None]


class Done(Struct, frozen=True):
    """What came of a job. `written` is False for a dry run, a refusal at the prompt, and where
    nothing was to do."""

    plan: Plan
    snapshot: Snapshot
    run: Run
    written: bool
    late: tuple[Finding, ...] = ()
    """What went wrong after the commit; among the plan's findings too."""


def new_run(user: str, now: datetime | None = None, *, role: str = roles.SR_OPERATOR) -> Run:
    """A run that starts now, to the second. role: what the user may do where _USERS names
    nobody."""
    moment = (now or datetime.now()).replace(microsecond=0)
    offset = moment.astimezone().utcoffset() or timedelta(0)
    return Run(run_id(moment), user, moment, lambda: str(uuid.uuid4()), role, utc_offset=offset)


def run_of(settings: Settings) -> Run:
    """A run that starts now, of the user and with what the settings say."""
    return replace(
        new_run(settings.user, role=settings.role),
        buffer_setting=settings.dispatch_buffer_hours,
        medal_hours=settings.medal_hours_earlier,
    )


def entry_of(job: Job, run: Run) -> Entry:
    """What the journal is to say of a job."""
    return entry_called(job.label, run)


def entry_called(label: str, run: Run) -> Entry:
    """What the journal is to say of a run: besides the name that is claimed, whose process it is."""
    return Entry(run.run_id, label, run.user, run.now, whoami.login(), whoami.host())


def prepare(store: Store, job: Job, run: Run, *, gated: bool = False) -> tuple[Plan, Snapshot, Run]:
    """The plan of a job on the workbook as it is, with the sheets and columns it needs added, and
    the run as the workbook knows it: with the role of its user, and a RunID of its own. gated:
    whether it is to be written, so that the state of the event must allow it (D22).

    Raises NotPermittedError before anything of the workbook is looked at, RuleError for a gate that
    is closed, SchemaError for a sheet that can't be worked with.
    """
    always, sheets = standing(store), job.sheets_in(store.layout)
    beside = messages.sheets(job, store.layout)
    names = dict.fromkeys((*sheets, *always, *beside))
    if job.slices and isinstance(store, Slicing):
        whole = store.read_slices(job.slices, *names)
    else:
        whole = store.read(*names, strict=False)
    told = whole.of(beside)
    run = known(run, store, whole)
    permissions.require(job.name, job.label, run, whole.of([USERS]))
    own = None
    if run.scope is not None:
        run, whole, own = _limited(store, job, run)
    job.refuse_on(store.layout)
    if gated:
        gates.require(job, run.event)
    if job.strict:
        for name in job.required:
            require(whole[name])
        for name in (*sheets, *always):
            if whole[name].exists:
                require(whole[name])
    snapshot = whole.of(dict.fromkeys(sheets))
    if own is not None:
        snapshot = own.narrowed_for(job.name, snapshot)
    plan = job.plan(cut(snapshot, job.slices), run)
    plan.changes = with_structure(plan.changes.merged(), snapshot)
    permissions.require_written(plan.changes, job.label, run, whole.of([USERS]))
    if own is not None:
        own.require_written(plan.changes, job.label)
    if job.effect is Effect.READS and plan.changes:
        raise InternalError(f"{job.name} is declared read-only but would write")
    plan.findings += conformance.columns_apart(plan.changes, snapshot.tables)
    plan.findings += conformance.protected(plan.changes, snapshot.tables)
    if beside and (own is None or gated):
        snapshot = messages.queue(store, job.name, plan, snapshot, run, told[NOTIFICATION_TRIGGERS])
    plan.findings = [found.titled(snapshot.layout.titles) for found in plan.findings]
    return plan, snapshot, run


def _limited(store: Store, job: Job, run: Run) -> tuple[Run, Snapshot, Limited]:
    """The run of a user who is limited to some clients or suppliers, the workbook with what says
    whose rows are whose, and the limits. Raises OutOfScopeError for a job that they may not run."""
    from ticketops.engine.past import PastStore
    from ticketops.engine.scoping import SAYS_WHOSE, Limited, require  # few users are limited

    require(job.name, job.label, run, store.layout.kind)
    sheets = dict.fromkeys((*job.sheets_in(store.layout), *STANDING, *SAYS_WHOSE))
    whole = store.read(*sheets, strict=False)
    whose = store.today(*SAYS_WHOSE) if isinstance(store, PastStore) else whole
    own = Limited.of(whose, known(run, store, whole))
    return own.run, whole, own


def standing(store: Store) -> tuple[str, ...]:
    """Those of STANDING that a store's kind of workbook has."""
    return tuple(filter(store.layout.__contains__, STANDING))


def known(run: Run, store: Store, snapshot: Snapshot) -> Run:
    """The run as the workbook knows it: the role of its user, its event, and a RunID of its own.
    snapshot: holds what `standing` names."""
    return replace(
        users.with_role(run, snapshot[USERS]),
        run_id=run_id_after(store.last_run_id(), run.run_id),
        event=event_of(snapshot[EVENTS]) if EVENTS in snapshot else None,
    )


def look(store: Store, job: Job, run: Run) -> Any:
    """The result of a job that only reads."""
    return prepare(store, job, run)[0].result


def carry_out(
    store: Store,
    job: Job,
    run: Run,
    *,
    dry_run: bool = False,
    confirm: Confirm | None = None,
    changed: Show | None = None,
) -> Done:
    """Plan and, unless dry_run, write it whole or not at all.

    confirm: asks a person. Where the workbook moved while they were asked so that other cells would
    be written than they saw (D18), nothing is written: `changed` is shown the plan as it is now,
    and ConflictError raised. Without it the job is planned once more on the new state, with the
    lock held, so that it can't be overtaken again; and where somebody writes just now, it is planned
    only after them.
    """
    tape = _Tape(run.new_uuid)
    if not dry_run and not confirm and job.effect is not Effect.READS and _is_queued(store):
        with store.locked(entry_of(job, run)):
            plan, snapshot, own = _prepared(store, job, run, tape, gated=True)
            if plan.changes:
                store.commit(plan.changes, snapshot.revision, entry_of(job, own))
        return _done(store, job, plan, snapshot, own)
    plan, snapshot, own = _prepared(store, job, run, tape, gated=not dry_run)
    if dry_run:
        plan.findings += gates.told(job, own.event)
    if dry_run or not plan.changes:
        late = (
            tuple(job.after_commit(plan)) if job.after_commit and job.always and not dry_run else ()
        )
        plan.findings += late
        return Done(plan, snapshot, own, False, late)
    if confirm and not confirm(plan, snapshot):
        return Done(plan, snapshot, own, False)
    entry = entry_of(job, own)
    moved = False
    with store.locked(entry):
        if store.read().revision != snapshot.revision:
            seen = cells_for_consent(plan.changes, own.run_id)
            plan, snapshot, own = _prepared(store, job, run, tape, gated=True)
            entry = entry_of(job, own)
            moved = confirm is not None and cells_for_consent(plan.changes, own.run_id) != seen
        if plan.changes and not moved:
            store.commit(plan.changes, snapshot.revision, entry)
    if moved:
        if changed:
            changed(plan, snapshot)
        raise ConflictError(
            "the workbook changed while you were deciding, and now something else would be written",
            "nothing was written; run the command again",
        )
    return _done(store, job, plan, snapshot, own)


def _is_queued(store: Store) -> bool:
    return isinstance(store, Queued) and store.is_being_written()


def _done(store: Store, job: Job, plan: Plan, snapshot: Snapshot, own: Run) -> Done:
    """What came of a plan that was written, with what follows."""
    late = (
        *set_aside(store),
        *(job.after_commit(plan) if job.after_commit and (plan.changes or job.always) else ()),
    )
    plan.findings += late
    return Done(plan, snapshot, own, bool(plan.changes), late)


def set_aside(store: Store) -> list[Finding]:
    """The entries of the journal that a commit or an undo set aside, each told once."""
    told = store.set_aside() if isinstance(store, LocalFile) else []
    return [
        Finding(JOURNAL_DAMAGED, Severity.HIGH, f"{one.why}; it was moved to {one.file}")
        for one in told
    ]


def _prepared(
    store: Store, job: Job, run: Run, tape: _Tape, *, gated: bool
) -> tuple[Plan, Snapshot, Run]:
    """The same job planned with the same UUIDs."""
    return prepare(store, job, replace(run, new_uuid=tape.from_start()), gated=gated)


class _Tape:
    """The same UUIDs again each time a job is planned, so that plans can be compared."""

    def __init__(self, new_uuid: Callable[[], str]) -> None:
        self._new, self._given = new_uuid, list[str]()

    def from_start(self) -> Callable[[], str]:
        position = 0

        def following() -> str:
            nonlocal position
            if position == len(self._given):
                self._given.append(self._new())
            position += 1
            return self._given[position - 1]

        return following


def cells_for_consent(changes: ChangeSet, own_run_id: str) -> list[Any]:
    """What a person agrees to: every cell with what stands there before and after. The RunID of the
    run itself, and at which free row new rows start, are left out."""

    def plain(value: Any) -> Any:
        match value:
            case str():
                return value.replace(own_run_id, "RunID")
            case dict():
                return {key: plain(one) for key, one in value.items()}
            case list() | tuple():
                return [plain(one) for one in value]
        return value

    def fields(change: Any) -> list[Any]:
        left_out = "first_row" if isinstance(change, AppendRows) else ""
        return [
            type(change).__name__,
            *(plain(value) for name, value in asdict(change).items() if name != left_out),
        ]

    return [fields(change) for change in changes]
