"""What is recorded of a run of the clock (`_CLOCK`): a row for each task, and one for the run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from ticketops.domain.clock.tasks import Task
from ticketops.domain.plan import Plan, Run
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import CLOCK
from ticketops.schema.tables import Snapshot, Table

_COLUMNS = (
    *("run_id", "started_at", "finished_at", "task", "code", "seconds", "findings", "said"),
    *("host", "user"),
)
SET_BACK = timedelta(days=1)
"""How far a clock may be behind the last run for the times to go on from there: a change of
daylight saving, a correction. What is further ahead was wrong itself."""
LONGEST_SAID = 500


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task that ran. exit: its exit code, None where it was only shown; findings: how many of them
    matter; said: one line: why it failed, else its gravest finding."""

    name: str
    command: str
    exit: int | None
    seconds: float
    findings: int
    said: str = ""


@dataclass(frozen=True, slots=True)
class Night:
    """`run nightly`. exit: the worst code of its tasks. started_at, finished_at: as the machine's
    clock says it (YYYY-MM-DD HH:MM:SS)."""

    tasks: tuple[TaskRun, ...]
    exit: int
    started_at: str
    finished_at: str

    @property
    def said(self) -> str:
        """The run in one line."""
        failed = [task.name for task in self.tasks if (task.exit or 0) > 1]
        found = sum(task.findings for task in self.tasks)
        parts = [counted(len(self.tasks), "task"), counted(found, "finding")]
        return " · ".join(parts + ([f"failed: {', '.join(failed)}"] if failed else []))


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of the clock that is recorded."""

    run_id: str | None
    started_at: datetime
    finished_at: datetime | None
    exit: int | None
    said: str | None
    host: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task of `run list`. runs: whether it is among those that run. last: when it ran last; exit:
    its exit code then."""

    name: str
    command: str
    what: str
    runs: bool
    last: str | None
    exit: int | None


@dataclass(frozen=True, slots=True)
class TaskList:
    """`run list`, in the order in which they run."""

    tasks: tuple[TaskLine, ...]


def listed(table: Table, tasks: Sequence[Task], runs: Collection[str]) -> TaskList:
    """The tasks with their last run. runs: the names of those that are chosen."""
    of: dict[str, tuple[datetime, int | None]] = last_of_tasks(table)
    lines = []
    for task in tasks:
        at, code = of.get(task.name, (None, None))
        last = f"{at:%Y-%m-%d %H:%M}" if at else None
        lines.append(TaskLine(task.name, task.command, task.what, task.name in runs, last, code))
    return TaskList(tuple(lines))


def worst(tasks: Sequence[TaskRun]) -> int:
    """The worst exit code: the highest."""
    return max((task.exit or 0 for task in tasks), default=0)


def last_run(table: Table) -> LastRun | None:
    """The last run of `_CLOCK`, by its place in the sheet: a clock that was set back says nothing
    about the order. None where there is none."""
    runs = table.frame.filter(pl.col("task").is_null(), pl.col("started_at").is_not_null())
    names = ("run_id", "started_at", "finished_at", "code", "said", "host", "user")
    return LastRun(*runs.select(names).row(-1)) if runs.height else None


def last_of_tasks(table: Table) -> dict[str, tuple[datetime, int | None]]:
    """{task: when it ran last, and its exit code}."""
    rows = table.frame.select("task", "started_at", "code").drop_nulls(["task", "started_at"])
    return {task: (at, code) for task, at, code in rows.iter_rows()}


def plan_record(
    snapshot: Snapshot, run: Run, tasks: Sequence[TaskRun], started: datetime, host: str
) -> Plan:
    """Record a run that is over. started: when it began, by the clock of the machine.

    StartedAt goes on from the last run where the clock was set back by no more than a day; where it
    was further ahead, the time is as the machine says now, and a finding says so.
    """
    plan = Plan()
    table = snapshot[CLOCK]
    begun = _after(last_run(table), started)
    if begun is None:
        begun = started
        message = f"the run before is dated later than this one ({started:%Y-%m-%d %H:%M}): this machine's clock was set back"
        plan.findings.append(Finding("CLOCK_SET_BACK", Severity.LOW, message, CLOCK))
    rows: list[tuple[object, ...]] = []
    at = begun
    for task in tasks:
        until = at + timedelta(seconds=round(task.seconds))
        said = task.said[:LONGEST_SAID] or None
        rows.append(
            (run.run_id, at, until, task.name, task.exit, task.seconds, task.findings, said)
        )
        at = until
    night = Night(tuple(tasks), worst(tasks), f"{begun}", f"{at}")
    seconds = round(sum(task.seconds for task in tasks), 1)
    found = sum(task.findings for task in tasks)
    rows.append((run.run_id, begun, at, None, night.exit, seconds, found, night.said))
    whole = [(*row, host, run.user) for row in rows]
    plan.changes.append(CLOCK, table.next_row, _COLUMNS, whole)
    plan.result = night
    return plan


def _after(last: LastRun | None, started: datetime) -> datetime | None:
    """When a run began, later than the last one; None where the clocks are too far apart."""
    if last is None or last.started_at < started:
        return started
    if last.started_at - started > SET_BACK:
        return None
    return last.started_at + timedelta(seconds=1)
