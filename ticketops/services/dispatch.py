"""The use cases of dispatch that write the workbook alone; those that make or read books are in
`services/books.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ticketops.config import Settings
from ticketops.domain.catalogue import times
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.credentials.logins import event_of
from ticketops.domain.dispatch import office, overdue, views
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import CREDENTIAL_HISTORY, USERS, VIEWS
from ticketops.schema.tables import Snapshot


def client_groups() -> Job:
    return Job(
        "client.groups",
        lambda snapshot, _run: views.plan_client_groups(snapshot),
        LEDGERS,
        QUEUES,
        effect=Effect.READS,
    )


def client_views(company: str) -> Job:
    return Job(
        "client.views",
        lambda snapshot, _run: views.plan_views(snapshot, company),
        optional=(VIEWS,),
        effect=Effect.READS,
    )


def client_view(company: str, filters: Filters, *, view: str = "", save: str = "") -> Job:
    return Job(
        "client.view",
        lambda snapshot, run: views.plan_view(
            snapshot, company, filters, run, view=view, save=save
        ),
        LEDGERS,
        (*QUEUES, VIEWS),
        effect=Effect.WRITES if save else Effect.READS,
    )


def client_accept(
    company: str, sales_ids: Sequence[str], filters: Filters | None, *, by: str = "", view: str = ""
) -> Job:
    return Job(
        "client.accept",
        lambda snapshot, run: office.plan_accept(
            snapshot, company, sales_ids, filters, run, by=by, view=view
        ),
        LEDGERS,
        (*QUEUES, VIEWS),
        f"client accept {company}",
    )


def client_copy_down(sales_id: str, count: int | None, *, overwrite: bool) -> Job:
    return Job(
        "client.copy-down",
        lambda snapshot, run: office.plan_copy_down(
            snapshot, sales_id, count, run, overwrite=overwrite
        ),
        LEDGERS,
        QUEUES,
        f"client copy-down {sales_id}",
    )


def supplier_groups() -> Job:
    return Job(
        "supplier.groups",
        lambda snapshot, _run: office.plan_groups(snapshot),
        LEDGERS,
        QUEUES,
        effect=Effect.READS,
    )


def supplier_map(key: str, vendors: Sequence[str], patterns: Sequence[str]) -> Job:
    return Job(
        "supplier.map",
        lambda snapshot, run: office.plan_map(snapshot, key, vendors, patterns, run),
        LEDGERS,
        QUEUES,
        f"supplier map {key}",
    )


def supplier_unmap(key: str, names: Sequence[str]) -> Job:
    return Job(
        "supplier.unmap",
        lambda snapshot, _run: office.plan_unmap(snapshot, key, names),
        LEDGERS,
        QUEUES,
        f"supplier unmap {key}",
    )


def supplier_learn() -> Job:
    return Job("supplier.learn", office.plan_learn, LEDGERS, QUEUES)


def staff_queue() -> Job:
    return Job("staff.queue", office.plan_queue, LEDGERS, (*QUEUES, USERS))


def staff_tasks(person: str, *, every: bool) -> Job:
    return Job(
        "staff.tasks",
        lambda snapshot, _run: office.plan_tasks(snapshot, person=person, every=every),
        LEDGERS,
        (*QUEUES, USERS),
        effect=Effect.READS,
    )


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
        "staff.assign",
        lambda snapshot, run: office.plan_assign(
            snapshot,
            run,
            people,
            task_ids=task_ids,
            matches=matches,
            unassigned=unassigned,
            from_person=from_person,
            priority=priority,
            reopen=reopen,
        ),
        LEDGERS,
        (*QUEUES, USERS),
    )


def staff_mark(
    task_ids: Sequence[str],
    delivery: str,
    *,
    notes: str = "",
    proof: str = "",
    at: datetime | None = None,
) -> Job:
    return Job(
        "staff.mark",
        lambda snapshot, run: office.plan_mark(
            snapshot, task_ids, delivery, run, notes=notes, proof=proof, at=at
        ),
        LEDGERS,
        (*QUEUES, USERS),
        f"staff mark {delivery}",
    )


def staff_report_issue(
    task_ids: Sequence[str], reason: str, *, to: str = "", priority: str = ""
) -> Job:
    return Job(
        "staff.report-issue",
        lambda snapshot, run: office.plan_mark(
            snapshot, task_ids, "ISSUE", run, notes=reason, to=to, priority=priority
        ),
        LEDGERS,
        (*QUEUES, USERS),
    )


def staff_escalate(task_ids: Sequence[str], reason: str, *, to: str = "") -> Job:
    return Job(
        "staff.escalate",
        lambda snapshot, run: office.plan_escalate(snapshot, task_ids, run, reason=reason, to=to),
        LEDGERS,
        (*QUEUES, USERS),
        f"staff escalate {' '.join(task_ids)}",
    )


def staff_reveal(task_id: str, settings: Settings) -> Job:
    return Job(
        "staff.reveal",
        lambda snapshot, run: office.plan_reveal(
            snapshot, task_id, run, event_of(snapshot, settings.event)
        ),
        LEDGERS,
        (*QUEUES, USERS, CREDENTIAL_HISTORY),
        f"staff reveal {task_id}",
        Effect.FINAL,
    )


def dispatch_status(settings: Settings, matches: Sequence[str] = ()) -> Job:
    """Where dispatch stands; matches: codes or names, where only these count. What is overdue is a
    finding. Raises NotFoundError, UnclearNameError for a match that there is not."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        catalogue = Catalogue.of(snapshot, chosen=run.chosen)
        only = frozenset(catalogue.match(text) for text in matches)
        found = overdue.overview(snapshot, run, settings.dispatch_buffer_hours, only)
        late = overdue.findings(found)
        return Plan(result=found, findings=[*times.not_understood(snapshot), *late])

    return Job("dispatch.status", plan, LEDGERS, QUEUES, effect=Effect.READS)
