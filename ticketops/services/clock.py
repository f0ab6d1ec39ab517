"""The clock: what runs every night, one task after the other, each a command of its own with a limit
of time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from ticketops.adapters import children, whoami
from ticketops.config import Settings
from ticketops.domain.catalogue import times
from ticketops.domain.clock import record
from ticketops.domain.clock.deadlines import plan_deadlines
from ticketops.domain.clock.record import Night, TaskRun
from ticketops.domain.clock.tasks import Task, tasks_in
from ticketops.domain.clock.telling import plan_tell
from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.engine.transaction import Done, carry_out, prepare
from ticketops.errors import LockedError, TicketopsError
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layout import EVENT_KIND, KINDS
from ticketops.schema.layouts.event import CLOCK, INVOICES
from ticketops.schema.tables import Snapshot
from ticketops.services.sheet_groups import MONEY
from ticketops.stores.base import Shared, Store, with_folders

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ends."""
NOT_RECORDED = "CLOCK_NOT_RECORDED"


def deadlines(settings: Settings) -> Job:
    """What is due, at the days of the setting `clock_days` before it."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        made = plan_deadlines(
            snapshot,
            run,
            settings.clock_days,
            run.buffer_hours(settings.dispatch_buffer_hours),
            settings.medal_hours_earlier,
        )
        made.findings += times.not_understood(snapshot)
        return made

    return Job("dispatch.deadlines", plan, LEDGERS, (*QUEUES, *MONEY, INVOICES))


def record_job(tasks: Sequence[TaskRun], started: datetime, host: str) -> Job:
    """A run that is over."""
    return Job(
        "run.nightly",
        lambda snapshot, run: record.plan_record(snapshot, run, tasks, started, host),
        optional=(CLOCK,),
        effect=Effect.FINAL,
        works_on=KINDS,
    )


def permitted(store: Store, run: Run, *, gated: bool) -> None:
    """Raises what the record of a run would raise, before anything runs: NotPermittedError,
    RuleError, SchemaError. gated: whether something is to be written."""
    prepare(
        store,
        Job("run.nightly", lambda *_: Plan(), optional=(CLOCK,), works_on=KINDS),
        run,
        gated=gated,
    )


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """One run at a time: on this machine, and of an event in a database on all of them. Raises
    LockedError at once where another one is at work."""
    from filelock import FileLock, Timeout  # 35 ms that few commands need

    folder = with_folders(store).state_folder
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "clock.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LockedError(
            f"another `run nightly` is at work on {store.name}",
            "nothing was done; `ticketops run list` shows when each task ran last",
        ) from None
    try:
        if isinstance(store, Shared):
            with store.alone("run nightly"):
                yield
        else:
            yield
    finally:
        lock.release()


def shown(tasks: Sequence[Task], now: datetime) -> Night:
    """What a dry run says: the tasks that would run, none of which does."""
    return Night(
        tuple(TaskRun(task.name, task.command, None, 0.0, 0) for task in tasks),
        0,
        f"{now}",
        f"{now}",
    )


def perform(
    task: Task, settings: Settings, limit: float, environment: Mapping[str, str] | None = None
) -> tuple[TaskRun, list[Finding]]:
    """Run a task: the command itself, as whoever runs the clock, with nobody to ask. limit: seconds.

    Its findings are those of its `--json`. Nothing that it does stops the others.
    """
    words = [*task.words, "-w", str(settings.workbook), "--as", settings.user, "--json"]
    words += ["-y"] if task.writes else []
    ended = children.ticketops(words, limit=limit, environment=environment)
    found, said = _answer(ended)
    if ended.code == children.STOPPED:
        said = f"stopped after {limit:g} seconds, its limit"
    grave = [one for one in found if one.severity > Severity.INFO]
    if not said and grave:
        said = max(grave, key=lambda one: one.severity).message
    return TaskRun(task.name, task.command, ended.code, ended.seconds, len(grave), said), found


def interrupted(tasks: Sequence[Task], done: Sequence[TaskRun], started: datetime) -> list[TaskRun]:
    """The tasks of a run that is ended from outside: those that ran, and the one that it was at."""
    if len(done) == len(tasks):
        return list(done)
    at = tasks[len(done)]
    passed = (datetime.now() - started).total_seconds() - sum(task.seconds for task in done)
    said = "interrupted, as with Ctrl-C"
    return [*done, TaskRun(at.name, at.command, INTERRUPTED, round(max(passed, 0.0), 1), 0, said)]


def _answer(ended: children.Ended) -> tuple[list[Finding], str]:
    """The findings of a command, and why it failed; what is no answer of ours is said as it is."""
    try:
        told = json.loads(ended.out)
        if error := told.get("error"):
            return [], str(error["message"])
        return [_finding(one) for one in told["findings"]], ""
    except (ValueError, LookupError, TypeError, AttributeError):
        lines = (ended.err or ended.out).split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return [], last.removeprefix("ticketops: ")


def _finding(told: Mapping[str, Any]) -> Finding:
    return Finding(**{**told, "severity": Severity[told["severity"]]})


def told(store: Store, tasks: Sequence[TaskRun], run: Run) -> list[Finding]:
    """Queue the messages about the tasks that ran so far, where a trigger asks for any; what went wrong
    with that, as findings."""
    job = Job(
        "run.nightly",
        lambda _snapshot, own: plan_tell(own, tasks),
        effect=Effect.FINAL,
        works_on=KINDS,
    )
    try:
        return carry_out(store, job, run).plan.findings
    except TicketopsError as error:
        message = f"no message about the night is queued: {error.message}"
        return [Finding(NOT_RECORDED, Severity.MEDIUM, message)]


def recorded(
    store: Store, tasks: Sequence[TaskRun], started: datetime, run: Run
) -> tuple[Night, list[Finding], Done | None]:
    """A run that is over, in `_CLOCK`. A workbook that can't be written, open in Excel for example,
    is a finding: the tasks ran."""
    try:
        done = carry_out(store, record_job(tasks, started, whoami.host()), run)
    except TicketopsError as error:
        ended = started + timedelta(seconds=round(sum(task.seconds for task in tasks)))
        code = max(record.worst(tasks), error.exit_code)
        message = f"the run is not recorded in {CLOCK}: {error.message}"
        night = Night(tuple(tasks), code, f"{started}", f"{ended}")
        return night, [Finding(NOT_RECORDED, Severity.HIGH, message, CLOCK)], None
    return done.plan.result, done.plan.findings, done


def run_list(setting: Sequence[str], kind: str = EVENT_KIND) -> Job:
    """The tasks of a kind of workbook, which of them run (`setting`), and when each ran last."""

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        return Plan(result=record.listed(snapshot[CLOCK], tasks_in(kind), setting))

    return Job("run.list", plan, optional=(CLOCK,), effect=Effect.READS, works_on=KINDS)
