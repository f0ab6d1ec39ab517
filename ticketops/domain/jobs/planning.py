"""What becomes of report jobs (000), as plans: asked for, begun, finished, cancelled, made again, swept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec import Struct

from ticketops.domain.jobs.rows import (
    ATTEMPTS,
    LEASE,
    ReportJob,
    Row,
    is_given_up,
    is_leased,
    is_unmade,
    may_begin,
    row_of,
    told,
)
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model import ids, states
from ticketops.model.roles import OPERATOR
from ticketops.schema.layouts.event import JOBS
from ticketops.schema.tables import Snapshot

_BLANK = (
    "started_at",
    "lease_until",
    "finished_at",
    "expires_at",
    "input_revision",
    "artifact",
    "sha256",
    "reason",
)


class Limits(Struct, frozen=True):
    """artifact_days: how long a file is kept; stuck_minutes: after how many a job is stuck."""

    artifact_days: float
    stuck_minutes: float


class Made(Struct, frozen=True):
    """What came of making a report: a file, or the reason why there is none."""

    input_revision: str = ""
    artifact: str = ""
    sha256: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Worked:
    """`job work`: the jobs that were made, failed, or expired, so that their files are gone."""

    done: tuple[str, ...]
    failed: tuple[str, ...]
    expired: tuple[str, ...]
    waiting: tuple[str, ...]
    """Those that are still to be made: in a dry run those that would be."""


def plan_create(
    snapshot: Snapshot,
    report: str,
    arguments: str,
    kind: str,
    run: Run,
    limits: Limits,
    *,
    later: bool,
) -> Plan:
    """Ask for a report. kind: the kind of its file; later: whether somebody else makes it, else it is
    begun."""
    table = snapshot[JOBS]
    cells: dict[str, Any] = dict.fromkeys(table.sheet.by_name)
    cells |= {
        "job_id": ids.numbered(ids.JOB_ID, ids.next_number(ids.JOB_ID, table.frame["job_id"])),
        "report": report,
        "arguments": arguments or None,
        "format": kind,
        "state": states.QUEUED,
        "request_id": run.new_uuid(),
        "attempts": 0,
        "created_at": run.now,
        "user": run.user,
    }
    if not later:
        cells |= _begun(cells, run)
    plan = Plan(result=told(cells, run.now, limits.stuck_minutes))
    plan.changes.append(JOBS, table.next_row, tuple(cells), [tuple(cells.values())])
    return plan


def plan_begin(snapshot: Snapshot, job: str, run: Run, limits: Limits) -> Plan:
    """Take a job up, for the time of a lease. Raises NotFoundError, and RuleError where it is not to be
    made, or somebody is making it."""
    row = row_of(snapshot, job)
    if not may_begin(row, run.now):
        why = "is being made" if is_leased(row, run.now) else f"is {row['state']}"
        raise RuleError(f"{row['job_id']} {why}", "`ticketops job list` shows all")
    return _set(row, _begun(row, run), run, limits)


def plan_finish(snapshot: Snapshot, begun: ReportJob, made: Made, run: Run, limits: Limits) -> Plan:
    """Record what came of a job. Nothing is recorded where it is not this attempt any more that counts:
    it was cancelled, asked for anew, or taken up by another one."""
    row = row_of(snapshot, begun.id)
    mine = row["state"] == states.RUNNING and (row["request_id"], row["attempts"]) == (
        begun.request_id,
        begun.attempts,
    )
    if not mine:
        return Plan(result=told(row, run.now, limits.stuck_minutes))
    after: dict[str, Any] = {"lease_until": None, "finished_at": run.now}
    if made.reason:
        after |= {"state": states.FAILED, "reason": made.reason}
    else:
        after |= {
            "state": states.DONE,
            "expires_at": run.now + timedelta(days=limits.artifact_days),
            "input_revision": made.input_revision,
            "artifact": made.artifact,
            "sha256": made.sha256,
        }
    return _set(row, after, run, limits)


def plan_cancel(snapshot: Snapshot, job: str, run: Run, limits: Limits) -> Plan:
    """End a job that is not made yet. Raises NotFoundError, RuleError for one that is; one of somebody
    else needs an operator."""
    row = row_of(snapshot, job)
    if not is_unmade(row):
        raise RuleError(f"{row['job_id']} is {row['state']}", "only jobs that are not made yet end")
    if row["user"] != run.user:
        users.require(run, OPERATOR, f"cancelling a job of {row['user']}")
    after = {
        "state": states.FAILED,
        "lease_until": None,
        "finished_at": run.now,
        "reason": f"cancelled by {run.user}",
    }
    return _set(row, after, run, limits)


def plan_regenerate(snapshot: Snapshot, job: str, run: Run, limits: Limits, *, later: bool) -> Plan:
    """Ask for the report of a job again, with a request of its own; begun unless later. Raises NotFoundError, RuleError for
    one that is not made yet."""
    row = row_of(snapshot, job)
    if is_unmade(row):
        raise RuleError(f"{row['job_id']} is {row['state']}", "`ticketops job work` makes it")
    after = dict.fromkeys(_BLANK)
    after |= {
        "state": states.QUEUED,
        "request_id": run.new_uuid(),
        "attempts": 0,
        "created_at": run.now,
        "user": run.user,
    }
    if not later:
        after |= _begun(after, run)
    return _set(row, after, run, limits)


def plan_sweep(snapshot: Snapshot, may: Collection[str], run: Run, limits: Limits) -> Plan:
    """End what was broken off too often, and let files expire whose time is over. may: the reports that
    the user may make; only those wait for them."""
    plan = Plan()
    failed, expired, waiting = [], [], []
    for row in snapshot[JOBS].frame.to_dicts():
        name = row["job_id"] or ""
        if is_given_up(row, run.now):
            reason = f"broken off {ATTEMPTS} times"
            after = {"state": states.FAILED, "lease_until": None, "finished_at": run.now}
            plan.changes.extend(_set(row, {**after, "reason": reason}, run, limits).changes)
            failed.append(name)
        elif may_begin(row, run.now) and row["report"] in may:
            waiting.append(name)
        elif row["state"] == states.DONE and row["expires_at"] and row["expires_at"] <= run.now:
            gone = {"state": states.EXPIRED, "artifact": None}
            plan.changes.extend(_set(row, gone, run, limits).changes)
            expired.append(name)
    plan.result = Worked((), tuple(failed), tuple(expired), tuple(waiting))
    return plan


def _begun(row: Row, run: Run) -> dict[str, Any]:
    return {
        "state": states.RUNNING,
        "attempts": (row["attempts"] or 0) + 1,
        "started_at": run.now,
        "lease_until": run.now + LEASE,
    }


def _set(row: Row, after: dict[str, Any], run: Run, limits: Limits) -> Plan:
    plan = Plan(result=told({**row, **after}, run.now, limits.stuck_minutes))
    cells = {name: (row[name], value) for name, value in after.items()}
    plan.changes.set(JOBS, row["row"], row["job_id"] or "", cells)
    return plan
