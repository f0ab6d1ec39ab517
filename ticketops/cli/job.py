"""`ticketops job …`: reports that are made as jobs (000)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ticketops.cli import listing
from ticketops.cli.session import Session, command, command_group
from ticketops.errors import UsageError

if TYPE_CHECKING:
    from ticketops.domain.jobs.planning import Worked
    from ticketops.domain.jobs.rows import ReportJob

app = command_group("job")
_JOB = Annotated[str, typer.Argument(metavar="JOBID", help="The job (J00003).")]
_LATER = Annotated[
    bool, typer.Option("--later", help="Leave it to `job work`, such as that of the night.")
]
_LINE: listing.Columns = (
    ("Job", "id"),
    ("Report", lambda one: " ".join(filter(None, (one.report, one.arguments)))),
    ("State", lambda one: f"{one.state}, STUCK" if one.stuck else one.state),
    ("Created", "created_at"),
    ("Finished", "finished_at"),
    ("Expires", "expires_at"),
    ("User", "user"),
    ("Tries", "attempts"),
    ("Reason", "reason"),
)


@command(app, "create", writes=True)
def create(
    session: Session,
    report: Annotated[
        str,
        typer.Argument(
            metavar="REPORT", help="The words after `report`, in quotes: 'ticketing transfers'."
        ),
    ],
    state: Annotated[
        str, typer.Option(metavar="STATE", help="Only lines in this state.", show_default=False)
    ] = "",
    kind: Annotated[str, typer.Option("--format", metavar="KIND", help="xlsx or csv.")] = "xlsx",
    later: _LATER = False,
) -> int:
    """Ask for a report as a file. It is made at once, unless --later.

    Example: ticketops job create "ticketing transfers" --state PENDING
    """
    from ticketops.services import jobs

    wanted = kind.strip().lower()
    if wanted not in ("xlsx", "csv"):
        raise UsageError(f"--format must be one of xlsx, csv, not {kind!r}")
    store = session.store()
    job = jobs.create(store, session.settings, session.new_run, report, state, wanted, later=later)
    return _made(session, store, job)


@command(app, "reports")
def reports(session: Session) -> int:
    """List the reports that you may ask for."""
    from ticketops.services import jobs

    result = session.result_of(jobs.catalogue())
    for name in result.reports:
        session.out.line(name)
    return session.finish(result, [])


@command(app, "list")
def list_jobs(
    session: Session,
    state: Annotated[
        str,
        typer.Option(
            metavar="STATE",
            help="Only QUEUED, RUNNING, DONE, FAILED or EXPIRED.",
            show_default=False,
        ),
    ] = "",
    csv: listing.Csv = None,
) -> int:
    """List the jobs, newest first: those of reports that you may make."""
    from ticketops.model.states import JOB_STATE
    from ticketops.services import jobs

    wanted = listing.one_of(state, "state", JOB_STATE)
    plan = session.plan_of(jobs.job_list(session.settings, wanted))
    return listing.show(session, plan.result, plan.result.jobs, "job", _LINE, csv, plan.findings)


@command(app, "show")
def show(session: Session, job: _JOB) -> int:
    """Show a job: its state, its request, what it was made from, its file."""
    from ticketops.services import jobs

    return session.look(
        jobs.show(session.settings, job), lambda result: listing.record(session, result)
    )


@command(app, "download")
def download(
    session: Session,
    job: _JOB,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="PATH", help="The file or folder.", show_default=False
        ),
    ],
) -> int:
    """Copy the file of a job, as it was made."""
    from ticketops.services import jobs

    listing.refuse_workbook(session, output)
    store = session.store()
    found = jobs.found(store, session.settings, job, session.new_run())
    result = jobs.download(store, found, output)
    session.out.notice(f"{result.path}: {result.bytes:,} bytes")
    return session.finish(result, [])


@command(app, "regenerate", writes=True)
def regenerate(session: Session, job: _JOB, later: _LATER = False) -> int:
    """Make the report of a job again: of one whose file expired, that failed, or from what the
    workbook holds now."""
    from ticketops.services import jobs

    store = session.store()
    made = jobs.regenerate(store, session.settings, session.new_run, job, later=later)
    return _made(session, store, made)


@command(app, "cancel", writes=True)
def cancel(session: Session, job: _JOB) -> int:
    """End a job that is not made yet."""
    from ticketops.services import jobs

    return session.run(jobs.cancel(session.settings, job), lambda result: _show(session, result))


@command(app, "work", writes=True)
def work(session: Session) -> int:
    """Make the reports that wait, take up those that were broken off, remove files that expired. For
    cron."""
    from ticketops.services import jobs

    def shown(result: Worked) -> None:
        for state, names in (
            ("DONE", result.done),
            ("FAILED", result.failed),
            ("EXPIRED", result.expired),
            ("waiting", result.waiting),
        ):
            if names:
                session.out.line(f"{state}: {', '.join(names)}")

    store = session.store()
    job = jobs.work(store, session.settings, session.new_run)
    return session.run(job, shown, store=store, changes_expected=session.dry_run)


def _made(session: Session, store: Any, job: Any) -> int:
    """Ask for a report, remembering first that a job may wait from now on, and say what became of it."""
    from ticketops.services import artifacts, jobs

    asked: list[str] = []

    def show(result: ReportJob) -> None:
        asked.append(result.id)
        _show(session, result)

    if not session.dry_run:
        artifacts.mark(store, session.new_run().now)
    code = session.run(job, show, store=store)
    if (
        session.interactive and asked and not session.dry_run
    ):  # what was agreed to was shown, not this
        _show(session, session.result_of(jobs.show(session.settings, asked[-1]), store=store))
    return code


def _show(session: Session, result: ReportJob) -> None:
    words = " ".join(filter(None, (result.report, result.arguments)))
    state = f"{result.state}, STUCK" if result.stuck else result.state
    session.out.line(f"{result.id} {state} · {words}")
    if result.artifact:
        until = f", kept until {listing.shown(result.expires_at)}" if result.expires_at else ""
        session.out.line(f"file {result.artifact}{until}")
