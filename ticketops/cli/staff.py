"""`ticketops staff …` (§8, §14d)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ticketops.cli.book_options import (
    DriveFolder,
    Files,
    Into,
    Online,
    Out,
    Share,
    To,
    build_books,
    pull_books,
)
from ticketops.cli.output import listed
from ticketops.cli.session import Reason, Session, command, command_group
from ticketops.errors import UsageError
from ticketops.model.display import counted
from ticketops.model.states import DISPATCH_STATUS, PRIORITY

if TYPE_CHECKING:
    from ticketops.domain.dispatch.results import (
        Assigned,
        Escalated,
        Marked,
        Queue,
        TaskRevealed,
        Tasks,
    )

app = command_group("staff")
_Tasks = Annotated[list[str], typer.Argument(metavar="TASKID…", help="The tasks (T00012).")]
_Priority = Annotated[
    str, typer.Option(metavar="PRIORITY", help=f"{', '.join(PRIORITY)}.", show_default=False)
]


@command(app, "queue", writes=True)
def queue(session: Session) -> int:
    """Create and update the tasks in _STAFF_QUEUE: one per ticket with a unit and an e-mail
    address. What people typed stays."""
    from ticketops.services import dispatch

    def show(result: Queue) -> None:
        session.out.line(
            f"{counted(result.tasks, 'task')}, {result.ready} to send, {result.new} new, "
            f"{result.unassigned} unassigned"
        )
        if result.memories:
            session.out.line(f"{counted(result.memories, 'older task')} whose tickets are gone")

    return session.run(dispatch.staff_queue(session.settings.unpaid_tickets), show)


@command(app, "tasks")
def tasks(
    session: Session,
    person: Annotated[
        str | None,
        typer.Argument(metavar="[ADDRESS]", help="Only this person's tasks.", show_default=False),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also tasks that are sent or not ready.")
    ] = False,
) -> int:
    """List what staff have to send, most urgent first."""
    from ticketops.services import dispatch

    def show(result: Tasks) -> None:
        rows = [
            (
                task.priority,
                task.task_id,
                task.match,
                f"{task.day:%Y-%m-%d}" if task.day else "",
                task.category,
                task.vendor,
                task.inv_no,
                task.client_email,
                f"{task.status}, escalated" if task.escalated_to else task.status,
                task.assigned_to,
            )
            for task in result.tasks
        ]
        session.out.table(
            (
                "Priority",
                "Task",
                "Match",
                "Day",
                "Category",
                "Vendor",
                "INV_NO",
                "To",
                "Status",
                "Of",
            ),
            rows,
            first=("Task", "Match", "Status", "To", "Vendor", "Of"),
        )
        session.out.line(counted(len(rows), "task"))

    return session.look(dispatch.staff_tasks((person or "").strip(), every=every), show)


@command(app, "assign", writes=True)
def assign(
    session: Session,
    task_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[TASKID…]", help="The tasks.", show_default=False)
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS", help="The people who get the tasks, in turn.", show_default=False
        ),
    ] = None,
    match: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE",
            help="All open tasks of a match, or of a sub-game: M01/RACE.",
            show_default=False,
        ),
    ] = None,
    unassigned: Annotated[
        bool, typer.Option("--unassigned", help="Only unassigned tasks.")
    ] = False,
    from_person: Annotated[
        str,
        typer.Option(
            "--from", metavar="ADDRESS", help="Only this person's tasks.", show_default=False
        ),
    ] = "",
    priority: _Priority = "",
    reopen: Annotated[
        bool, typer.Option("--reopen", help="Set an ISSUE back to NOT_SENT.")
    ] = False,
) -> int:
    """Assign or reassign tasks to people, and set their priority."""
    from ticketops.services import dispatch

    people = _addresses(to or ())
    if not people and not priority and not reopen:
        raise UsageError("give --to ADDRESS, --priority or --reopen")
    if not task_ids and not (match or unassigned or from_person):
        raise UsageError("name the tasks: TASKIDs, --match, --unassigned or --from")
    if task_ids and (match or unassigned or from_person):
        raise UsageError("give either TASKIDs, or --match, --unassigned or --from")

    def show(result: Assigned) -> None:
        for person, number in result.people.items():
            session.out.line(f"{person}: {counted(number, 'task')}")
        if not result.people:
            session.out.line(
                f"{counted(len(result.tasks), 'task')}{' · ' + result.priority if result.priority else ''}"
            )

    job = dispatch.staff_assign(
        people,
        task_ids=task_ids or (),
        matches=match or (),
        unassigned=unassigned,
        from_person=from_person.strip(),
        priority=_one_of(priority, "priority", PRIORITY),
        reopen=reopen,
    )
    return session.run(job, show)


@command(app, "build", writes=True)
def build(
    session: Session,
    people: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ADDRESS…]", help="The people.", show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Everyone with tasks.")] = False,
    out: Out = None,
    with_passwords: Annotated[
        bool,
        typer.Option(
            "--with-passwords", help="Include the vendors' passwords; each is recorded as exported."
        ),
    ] = False,
    to: To = "file",
    drive_folder: DriveFolder = "",
    share: Share = None,
    into: Into = None,
) -> int:
    """Make the workbooks for staff: their tasks, most urgent first. They hold no passwords unless
    you ask for them."""
    return build_books(
        session,
        "staff",
        people or [],
        every=every,
        folder=out,
        online=Online(to, drive_folder, share, into),
        passwords=with_passwords,
    )


@command(app, "pull", writes=True)
def pull(
    session: Session,
    files: Files,
    staff: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="The person, if the hidden sheet of the file is gone.",
            show_default=False,
        ),
    ] = "",
) -> int:
    """Read DispatchStatus, DispatchedAt, StaffNotes and ProofUrl from returned books."""
    return pull_books(session, "staff", files, party=staff)


@command(app, "mark", writes=True)
def mark(
    session: Session,
    status: Annotated[str, typer.Argument(metavar="STATUS", help=f"{', '.join(DISPATCH_STATUS)}.")],
    task_ids: _Tasks,
    note: Annotated[
        str, typer.Option(metavar="TEXT", help="Text to add to the notes.", show_default=False)
    ] = "",
    proof: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Link to a screenshot or confirmation.", show_default=False
        ),
    ] = "",
    at: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="When it was sent (2026-06-11 14:30); default: now.",
            show_default=False,
        ),
    ] = "",
) -> int:
    """Set the status of tasks without a book."""
    from ticketops.services import dispatch, intake

    moment = intake.option_moment(at, "at", session.settings.dates) if at else None
    if status.strip().upper() == "ISSUE" and not note:
        raise UsageError("--note TEXT is missing: say what is wrong", "or use staff report-issue")
    job = dispatch.staff_mark(
        task_ids,
        _one_of(status, "STATUS", DISPATCH_STATUS),
        notes=intake.option_text(note, "note"),
        proof=intake.option_text(proof, "proof"),
        at=moment,
        unpaid_tickets=session.settings.unpaid_tickets,
    )
    return session.run(job, lambda result: _show_marked(session, result))


@command(app, "report-issue", writes=True)
def report_issue(
    session: Session,
    task_ids: _Tasks,
    reason: Reason = None,
    to: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Who takes over the task.", show_default=False)
    ] = "",
    priority: _Priority = "",
) -> int:
    """Report tickets that can't be delivered: wrong ticket, platform down, client unreachable.
    Clients and suppliers see ISSUE.

    Next: staff assign … --reopen, override unallocate and allocate, or sale cancel.
    """
    from ticketops.services import dispatch, intake

    if not reason:
        raise UsageError("--reason TEXT is missing", "the reason goes into the notes")
    people = _addresses([to])
    job = dispatch.staff_report_issue(
        task_ids,
        intake.option_text(reason, "reason", required=True),
        to=", ".join(people),
        priority=_one_of(priority, "priority", PRIORITY),
    )
    return session.run(job, lambda result: _show_marked(session, result))


@command(app, "escalate", writes=True)
def escalate(
    session: Session,
    task_ids: _Tasks,
    reason: Reason = None,
    to: Annotated[
        str, typer.Option(metavar="USER", help="The ops_manager; default: any.", show_default=False)
    ] = "",
) -> int:
    """Escalate issues to an ops_manager. _STAFF_QUEUE records the reason. The tickets stay ISSUE
    until the issue is resolved.

    Next: sale cancel S147-2, override unallocate and allocate, or staff assign … --reopen.
    """
    from ticketops.services import dispatch, intake

    if not reason:
        raise UsageError("--reason TEXT is missing", "the reason goes into EscalationReason")
    job = dispatch.staff_escalate(
        task_ids,
        intake.option_text(reason, "reason", required=True),
        to=intake.option_text(to, "to"),
    )

    def show(result: Escalated) -> None:
        tasks = [f"{task.task_id} ({task.sales_id})" for task in result.escalated]
        session.out.line(f"escalated to {result.to}: {listed(tasks)}")

    return session.run(job, show)


def _show_marked(session: Session, result: Marked) -> None:
    tasks = ", ".join(f"{task.task_id} ({task.sales_id})" for task in result.marked[:10])
    session.out.line(f"{result.delivery}: {tasks}{' …' if len(result.marked) > 10 else ''}")


@command(app, "reveal", writes=True)
def reveal(
    session: Session,
    task_id: Annotated[str, typer.Argument(metavar="TASKID", help="The task (T00012).")],
) -> int:
    """Show the vendor's password for a task, on the terminal only, for 30 seconds. The view is
    recorded."""
    from ticketops.cli.reveal import reveal_password
    from ticketops.services import dispatch

    def headline(result: TaskRevealed) -> str:
        return " · ".join(
            filter(
                None,
                (result.task_id, result.sales_id, result.vendor, f"INV_NO {result.inv_no or ''}"),
            )
        )

    return reveal_password(session, dispatch.staff_reveal(task_id, session.settings), headline)


@command(app, "proof")
def proof(
    session: Session,
    task_id: Annotated[str, typer.Argument(metavar="TASKID", help="The task (T00012).")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="Save an uploaded proof as this file, or into this folder.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Show the proof of a task: the link in ProofUrl, or the file that was uploaded in the portal."""
    from ticketops.cli import listing
    from ticketops.services import portal_staff

    if output is not None:
        listing.refuse_workbook(session, output)
    result = portal_staff.proof_of(session.store(), session.new_run(), task_id, output)
    session.out.line(f"{result.task_id} ({result.sales_id}): {result.saved or result.proof}")
    if result.uploaded and not result.saved:
        session.out.notice("-o PATH saves the uploaded file")
    return session.finish(result, [])


def _addresses(given: Sequence[str]) -> list[str]:
    """Addresses, in lower case. Raises UsageError for one that is none."""
    from ticketops.services.book_job import email_problem

    people = [text.strip().lower() for part in given for text in part.split(",") if text.strip()]
    for person in people:
        if wrong := email_problem(person):
            raise UsageError(f"--to {person!r}: {wrong}")
    return people


def _one_of(value: str, what: str, choices: tuple[str, ...]) -> str:
    if not value:
        return ""
    found = next(
        (choice for choice in choices if choice.casefold() == value.strip().casefold()), None
    )
    if found is None:
        raise UsageError(f"{what} must be one of {', '.join(choices)}, not {value!r}")
    return found
