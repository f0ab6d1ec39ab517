"""The use cases of report jobs (000): asked for, made now or later, downloaded, made again, swept. A job is
taken up for the time of a lease, so that one that was broken off is taken up again, and none is made by
two; its file stands whole before it is recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ticketops.config import Settings
from ticketops.domain.jobs import planning
from ticketops.domain.jobs.planning import Limits, Made, Worked
from ticketops.domain.jobs.rows import ReportJob, ReportJobs, row_of, told, unclear
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.engine.transaction import carry_out, look
from ticketops.errors import RuleError, TicketopsError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import JOBS, USERS
from ticketops.schema.tables import Snapshot
from ticketops.services import artifacts, report_jobs, reports
from ticketops.stores.base import Store

NewRun = Callable[[], Run]
"""Who works, now."""
_SHEETS = (JOBS, USERS)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`job reports`: the reports that a user may ask for."""

    reports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Downloaded:
    """`job download`: a copy of the file of a job."""

    job: ReportJob
    path: str
    bytes: int


def limits_of(settings: Settings) -> Limits:
    """How long files are kept, and after what time a job is stuck."""
    return Limits(settings.artifact_days, settings.job_stuck_minutes)


def catalogue() -> Job:
    """The reports that one may ask for."""
    return Job(
        "job.reports",
        lambda snapshot, run: Plan(
            result=Catalogue(tuple(map(report_jobs.spelled, report_jobs.permitted(snapshot, run))))
        ),
        (),
        (USERS,),
        effect=Effect.READS,
    )


def create(
    store: Store,
    settings: Settings,
    new_run: NewRun,
    report: str,
    state: str,
    kind: str,
    *,
    later: bool,
) -> Job:
    """Ask for a report; made at once unless later. state: only lines in it. Raises UsageError."""
    name, arguments = report_jobs.asked(report, state)
    limits = limits_of(settings)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        report_jobs.require(name, snapshot, run)
        return planning.plan_create(snapshot, name, arguments, kind, run, limits, later=later)

    return Job(
        "job.create",
        plan,
        (),
        _SHEETS,
        f"job create {name}",
        Effect.FINAL,
        after_commit=_waiting(store, new_run)
        if later
        else _making(store, settings, new_run, "job.create"),
    )


def regenerate(store: Store, settings: Settings, new_run: NewRun, job: str, *, later: bool) -> Job:
    """Make the report of a job again, at once unless later."""
    limits = limits_of(settings)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        report_jobs.require(row_of(snapshot, job)["report"] or "", snapshot, run)
        return planning.plan_regenerate(snapshot, job, run, limits, later=later)

    return Job(
        "job.regenerate",
        plan,
        (),
        _SHEETS,
        f"job regenerate {_named(job)}",
        Effect.FINAL,
        after_commit=_waiting(store, new_run)
        if later
        else _making(store, settings, new_run, "job.regenerate"),
    )


def cancel(settings: Settings, job: str) -> Job:
    """End a job that is not made yet."""
    return Job(
        "job.cancel",
        lambda snapshot, run: planning.plan_cancel(snapshot, job, run, limits_of(settings)),
        (),
        (JOBS,),
        f"job cancel {_named(job)}",
        Effect.FINAL,
    )


def job_list(settings: Settings, state: str) -> Job:
    """The jobs of the reports that one may make, newest first. state: only those in it."""
    limits = limits_of(settings)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        may = report_jobs.permitted(snapshot, run)
        rows = [
            row
            for row in reversed(snapshot[JOBS].frame.to_dicts())
            if row["report"] in may and (not state or (row["state"] or states.QUEUED) == state)
        ]
        jobs = tuple(told(row, run.now, limits.stuck_minutes) for row in rows)
        return Plan(findings=unclear(rows, run.now, limits.stuck_minutes), result=ReportJobs(jobs))

    return Job("job.list", plan, (), _SHEETS, effect=Effect.READS)


def show(settings: Settings, job: str, name: str = "job.show") -> Job:
    """One job. Raises NotPermittedError for a report that one may not make."""
    limits = limits_of(settings)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        row = row_of(snapshot, job)
        report_jobs.require(row["report"] or "", snapshot, run)
        findings = unclear([row], run.now, limits.stuck_minutes)
        return Plan(findings=findings, result=told(row, run.now, limits.stuck_minutes))

    return Job(name, plan, (), _SHEETS, effect=Effect.READS)


def download(store: Store, found: ReportJob, path: Path) -> Downloaded:
    """Copy the file of a job. Raises RuleError where there is none, UnusableError."""
    if found.state != states.DONE or not found.artifact:
        hint = (
            f"`ticketops job regenerate {found.id}` makes it again"
            if found.state in (states.EXPIRED, states.FAILED)
            else "`ticketops job work` makes it"
        )
        raise RuleError(f"{found.id} is {found.state}, so it has nothing to download", hint)
    content = artifacts.get(store, found.id, found.artifact, found.sha256 or "")
    target = path / Path(found.artifact).name if path.is_dir() else path
    reports.save(target, content)
    return Downloaded(found, str(target), len(content))


def work(store: Store, settings: Settings, new_run: NewRun) -> Job:
    """Make all that waits, end what was broken off too often, and remove files whose time is over."""
    limits = limits_of(settings)

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        return planning.plan_sweep(snapshot, report_jobs.permitted(snapshot, run), run, limits)

    def after(swept: Plan) -> list[Finding]:
        told_of: Worked = swept.result
        findings, ended = [], {states.DONE: [], states.FAILED: list(told_of.failed)}
        waiting = []
        for name in told_of.waiting:
            try:
                begun = _begin(store, limits, new_run, name)
                one, said = _make(store, settings, new_run, begun, "job.work")
            except TicketopsError as error:  # somebody else has it, or the workbook is locked
                findings.append(_finding("JOB_LEFT", Severity.LOW, f"{name}: {error.message}"))
                waiting.append(name)
                continue
            ended.setdefault(one.state, []).append(name)
            findings += said
        kept = store.read(JOBS, strict=False)[JOBS].frame["artifact"].drop_nulls()
        artifacts.clear(store, set(kept))
        swept.result = replace(
            told_of,
            done=tuple(ended[states.DONE]),
            failed=tuple(ended[states.FAILED]),
            waiting=tuple(waiting),
        )
        return findings

    return Job("job.work", plan, (), _SHEETS, effect=Effect.FINAL, after_commit=after, always=True)


def _waiting(store: Store, new_run: NewRun) -> Callable[[Plan], list[Finding]]:
    """What follows where it is made later."""

    def after(plan: Plan) -> list[Finding]:
        del plan
        artifacts.mark(store, new_run().now)
        return []

    return after


def _making(
    store: Store, settings: Settings, new_run: NewRun, name: str
) -> Callable[[Plan], list[Finding]]:
    """What follows once a job is asked for: it is made."""

    def after(plan: Plan) -> list[Finding]:
        try:
            plan.result, findings = _make(store, settings, new_run, plan.result, name)
        except TicketopsError as error:
            said = f"{plan.result.id} waits: {error.message}; `ticketops job work` makes it"
            return [_finding("JOB_LEFT", Severity.LOW, said)]
        return findings

    return after


def _begin(store: Store, limits: Limits, new_run: NewRun, job: str) -> ReportJob:
    """Take a job up. Raises RuleError where somebody else makes it."""
    begin = Job(
        "job.work",
        lambda snapshot, run: planning.plan_begin(snapshot, job, run, limits),
        (),
        (JOBS,),
        f"job work {job}",
        Effect.FINAL,
    )
    begun: ReportJob = carry_out(store, begin, new_run()).plan.result
    return begun


def _make(
    store: Store, settings: Settings, new_run: NewRun, begun: ReportJob, name: str
) -> tuple[ReportJob, list[Finding]]:
    """Make the report of a job that was begun, put the file into its place, record it; what the report
    says besides, and why it failed. Raises what a commit raises; then it is taken up again later."""
    findings: list[Finding] = []
    try:
        report = report_jobs.made(
            store, begun.report, begun.arguments, begun.format, new_run(), settings
        )
        sha256 = hashlib.sha256(report.content).hexdigest()
        artifact = artifacts.name_of(begun.id, begun.report, begun.format, sha256)
        artifacts.put(store, artifact, report.content)
        made, findings = Made(report.revision, artifact, sha256), report.findings
    except TicketopsError as error:
        made = Made(reason=error.message)
    except OSError as error:
        made = Made(reason=f"the file can't be written: {error.strerror or error}")
    finish = Job(
        name,
        lambda snapshot, run: planning.plan_finish(snapshot, begun, made, run, limits_of(settings)),
        (),
        (JOBS,),
        f"job work {begun.id}",
        Effect.FINAL,
    )
    result: ReportJob = carry_out(store, finish, new_run()).plan.result
    return result, [*findings, *_said(result)]


def found(store: Store, settings: Settings, job: str, run: Run) -> ReportJob:
    """A job that is to be downloaded. Raises NotFoundError, NotPermittedError."""
    result: ReportJob = look(store, show(settings, job, "job.download"), run)
    return result


def _said(one: ReportJob) -> list[Finding]:
    if one.state == states.FAILED:
        said = f"{one.id}: {one.reason} (request {one.request_id})"
        return [_finding("JOB_FAILED", Severity.MEDIUM, said)]
    return []


def _finding(code: str, severity: Severity, message: str) -> Finding:
    return Finding(code, severity, message, JOBS)


def _named(job: str) -> str:
    return ids.read_numbered(ids.JOB_ID, job)
