"""The report jobs of `_JOBS` (D32): what each is, which may be taken up, which are stuck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ticketops.errors import NotFoundError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import JOBS
from ticketops.schema.tables import Snapshot, Table

LEASE = timedelta(minutes=10)
"""How long whoever makes a report has it for themselves."""
ATTEMPTS = 3
"""How often one is taken up whose making was broken off."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReportJob:
    """A report that somebody asked for. report: the words after `report`; arguments: its options;
    attempts: how often it was begun; input_revision: what it was made from; artifact: the file, empty
    as long as there is none; sha256: of that file; reason: why it failed; stuck: whether it waits or
    runs for too long."""

    id: str
    report: str
    arguments: str
    format: str
    state: str
    request_id: str
    attempts: int
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    input_revision: str | None
    artifact: str | None
    sha256: str | None
    reason: str | None
    user: str | None
    stuck: bool


@dataclass(frozen=True, slots=True)
class ReportJobs:
    """`job list`, newest first."""

    jobs: tuple[ReportJob, ...]


def told(row: Row, now: datetime, minutes: float) -> ReportJob:
    """A job as commands tell it. minutes: after how many one is stuck."""
    return ReportJob(
        row["job_id"] or "",
        row["report"] or "",
        row["arguments"] or "",
        row["format"] or "",
        row["state"] or states.QUEUED,
        row["request_id"] or "",
        row["attempts"] or 0,
        row["created_at"],
        row["started_at"],
        row["finished_at"],
        row["expires_at"],
        row["input_revision"],
        row["artifact"],
        row["sha256"],
        row["reason"],
        row["user"],
        is_stuck(row, now, minutes),
    )


def row_of(snapshot: Snapshot, job: str) -> dict[str, Any]:
    """The row of a job that is named. Raises NotFoundError."""
    wanted = ids.read_numbered(ids.JOB_ID, job)
    for row in snapshot[JOBS].frame.to_dicts():
        if (row["job_id"] or "").upper() == wanted:
            return row
    raise NotFoundError(f"there is no job {job}", "`ticketops job list` shows all")


def is_leased(row: Row, now: datetime) -> bool:
    """Whether somebody is making it. A lease from what is now the future, since the clock was set back,
    holds no longer than any other."""
    if row["state"] != states.RUNNING or row["lease_until"] is None:
        return False
    return bool(row["lease_until"] - 2 * LEASE <= now < row["lease_until"])


def is_unmade(row: Row) -> bool:
    """Whether it is still to be made."""
    return (row["state"] or states.QUEUED) in (states.QUEUED, states.RUNNING)


def may_begin(row: Row, now: datetime) -> bool:
    """Whether it may be taken up: it waits, or whoever made it was broken off."""
    return is_unmade(row) and not is_leased(row, now) and (row["attempts"] or 0) < ATTEMPTS


def is_given_up(row: Row, now: datetime) -> bool:
    """Whether it was broken off too often."""
    return is_unmade(row) and not is_leased(row, now) and (row["attempts"] or 0) >= ATTEMPTS


def is_stuck(row: Row, now: datetime, minutes: float) -> bool:
    """Whether it waits or runs for longer than so many minutes."""
    since = row["started_at"] if row["state"] == states.RUNNING else row["created_at"]
    return is_unmade(row) and since is not None and bool(now - since > timedelta(minutes=minutes))


def stuck_in(table: Table, now: datetime, minutes: float) -> list[str]:
    """The JobIDs of those that are stuck."""
    rows = table.frame.iter_rows(named=True)
    return [row["job_id"] or "" for row in rows if is_stuck(row, now, minutes)]


def unclear(rows: Iterable[Row], now: datetime, minutes: float) -> list[Finding]:
    """Jobs that are stuck, that failed, or whose state is not understood."""
    found = []
    for row in rows:
        name, state = row["job_id"], row["state"] or states.QUEUED
        if state not in states.JOB_STATE:
            code = "JOB_UNCLEAR"
            text = f"State must be one of {', '.join(states.JOB_STATE)}, not {state!r}"
        elif is_stuck(row, now, minutes):
            code = "JOB_STUCK"
            text = f"{state} for more than {minutes:g} minutes; `ticketops job work` takes it up"
        elif state == states.FAILED:
            code, text = "JOB_FAILED", f"{row['reason'] or 'failed'} (request {row['request_id']})"
        else:
            continue
        found.append(Finding(code, Severity.MEDIUM, f"{name}: {text}", JOBS, row["row"]))
    return found
