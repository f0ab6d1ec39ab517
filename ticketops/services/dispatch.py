"""The use cases of dispatch that write the workbook alone; those that make or read books are in `services/books.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ticketops.config import Settings
from ticketops.domain.dispatch import office, overview
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.dispatch.state import SHEETS
from ticketops.domain.plan import Plan
from ticketops.schema.workbook import CREDENTIAL_HISTORY, USERS, VIEWS
from ticketops.services.transaction import Job


def client_groups() -> Job:
    return Job("client groups", SHEETS, lambda snapshot, _run: office.plan_client_groups(snapshot))


def client_views(company: str) -> Job:
    return Job("client views", (VIEWS,), lambda snapshot, _run: office.plan_views(snapshot, company))


def client_view(company: str, filters: Filters, *, view: str = "", save: str = "") -> Job:
    return Job(
        "client view", (*SHEETS, VIEWS), lambda snapshot, run: office.plan_view(snapshot, company, filters, run, view=view, save=save)
    )


def client_accept(company: str, sales_ids: Sequence[str], filters: Filters | None, *, by: str = "", view: str = "") -> Job:
    return Job(
        f"client accept {company}",
        (*SHEETS, VIEWS),
        lambda snapshot, run: office.plan_accept(snapshot, company, sales_ids, filters, run, by=by, view=view),
    )


def client_copy_down(sales_id: str, count: int | None, *, overwrite: bool) -> Job:
    return Job(
        f"client copy-down {sales_id}",
        SHEETS,
        lambda snapshot, run: office.plan_copy_down(snapshot, sales_id, count, run, overwrite=overwrite),
    )


def supplier_groups() -> Job:
    return Job("supplier groups", SHEETS, lambda snapshot, _run: office.plan_groups(snapshot))


def supplier_map(key: str, vendors: Sequence[str], patterns: Sequence[str]) -> Job:
    return Job(f"supplier map {key}", SHEETS, lambda snapshot, run: office.plan_map(snapshot, key, vendors, patterns, run))


def supplier_unmap(key: str, names: Sequence[str]) -> Job:
    return Job(f"supplier unmap {key}", SHEETS, lambda snapshot, _run: office.plan_unmap(snapshot, key, names))


def supplier_learn() -> Job:
    return Job("supplier learn", SHEETS, office.plan_learn)


def staff_queue() -> Job:
    return Job("staff queue", SHEETS, office.plan_queue)


def staff_tasks(person: str, *, every: bool) -> Job:
    return Job("staff tasks", SHEETS, lambda snapshot, _run: office.plan_tasks(snapshot, person=person, every=every))


def staff_assign(
    people: Sequence[str],
    *,
    task_ids: Sequence[str],
    matches: Sequence[str],
    unassigned: bool,
    from_person: str,
    priority: str,
    reopen: bool,
) -> Job:
    return Job(
        "staff assign",
        (*SHEETS, USERS),
        lambda snapshot, run: office.plan_assign(
            snapshot, run, people, task_ids=task_ids, matches=matches, unassigned=unassigned, from_person=from_person, priority=priority,
            reopen=reopen,
        ),
    )  # fmt: skip


def staff_mark(task_ids: Sequence[str], delivery: str, *, notes: str = "", proof: str = "", at: datetime | None = None) -> Job:
    return Job(
        f"staff mark {delivery}",
        (*SHEETS, USERS),
        lambda snapshot, run: office.plan_mark(snapshot, task_ids, delivery, run, notes=notes, proof=proof, at=at),
    )


def staff_report_issue(task_ids: Sequence[str], reason: str, *, to: str = "", priority: str = "") -> Job:
    return Job(
        "staff report-issue",
        (*SHEETS, USERS),
        lambda snapshot, run: office.plan_mark(snapshot, task_ids, "ISSUE", run, notes=reason, to=to, priority=priority),
    )


def staff_reveal(task_id: str, settings: Settings) -> Job:
    return Job(
        f"staff reveal {task_id}",
        (*SHEETS, USERS, CREDENTIAL_HISTORY),
        lambda snapshot, run: office.plan_reveal(snapshot, task_id, run, settings.event),
    )


def dispatch_status(settings: Settings) -> Job:
    return Job(
        "dispatch status", SHEETS, lambda snapshot, run: Plan(result=overview.overview(snapshot, run, settings.dispatch_buffer_hours))
    )
