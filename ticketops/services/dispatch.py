"""The use cases of dispatch that write the workbook alone; those that make or read books are in
`services/books.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ticketops.config import Settings
from ticketops.domain.catalogue import times
from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.credentials.logins import event_of
from ticketops.domain.dispatch import mapping, office, overdue, tasks, views
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.masterdata import scopes
from ticketops.domain.money import unpaid
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job, Planner
from ticketops.model import states
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    CREDENTIAL_HISTORY,
    DISTRIBUTION,
    USERS,
    VIEWS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services.sheet_groups import MONEY


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
        lambda snapshot, run: views.plan_views(snapshot, run, company),
        optional=(VIEWS, ALIASES, CLIENTS),
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
        lambda snapshot, _run: mapping.plan_groups(snapshot),
        LEDGERS,
        QUEUES,
        effect=Effect.READS,
    )


def _unlimited(planner: Planner) -> Planner:
    """The planner, for those whose VendorGroups leave them every supplier: who is one decides what
    the others see."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        scopes.require_unlimited(run)
        return planner(snapshot, run)

    return plan


def supplier_map(key: str, vendors: Sequence[str], patterns: Sequence[str]) -> Job:
    return Job(
        "supplier.map",
        _unlimited(lambda snapshot, run: mapping.plan_map(snapshot, key, vendors, patterns, run)),
        LEDGERS,
        (*QUEUES, USERS),
        f"supplier map {key}",
    )


def supplier_unmap(key: str, names: Sequence[str]) -> Job:
    return Job(
        "supplier.unmap",
        _unlimited(lambda snapshot, run: mapping.plan_unmap(snapshot, key, names, run)),
        LEDGERS,
        (*QUEUES, USERS),
        f"supplier unmap {key}",
    )


def supplier_learn() -> Job:
    return Job("supplier.learn", _unlimited(mapping.plan_learn), LEDGERS, (*QUEUES, USERS))


def staff_queue(unpaid_tickets: str = states.WARN) -> Job:
    """unpaid_tickets: what the setting says of sales that are not paid."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        made = tasks.plan_queue(snapshot, run)
        return unpaid.to_send(made, snapshot, run, unpaid_tickets)

    return Job("staff.queue", plan, LEDGERS, (*QUEUES, USERS, *MONEY))


def staff_tasks(person: str, *, every: bool) -> Job:
    return Job(
        "staff.tasks",
        lambda snapshot, _run: tasks.plan_tasks(snapshot, person=person, every=every),
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
        lambda snapshot, run: tasks.plan_assign(
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
    unpaid_tickets: str = states.WARN,
) -> Job:
    """unpaid_tickets: as `staff_queue` has it; `block` refuses to send tickets that are not paid."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        made = tasks.plan_mark(snapshot, task_ids, delivery, run, notes=notes, proof=proof, at=at)
        return unpaid.sending(made, snapshot, run, unpaid_tickets)

    return Job("staff.mark", plan, LEDGERS, (*QUEUES, USERS, *MONEY), f"staff mark {delivery}")


def staff_report_issue(
    task_ids: Sequence[str], reason: str, *, to: str = "", priority: str = ""
) -> Job:
    return Job(
        "staff.report-issue",
        lambda snapshot, run: tasks.plan_mark(
            snapshot, task_ids, "ISSUE", run, notes=reason, to=to, priority=priority
        ),
        LEDGERS,
        (*QUEUES, USERS),
    )


def staff_escalate(task_ids: Sequence[str], reason: str, *, to: str = "") -> Job:
    return Job(
        "staff.escalate",
        lambda snapshot, run: tasks.plan_escalate(snapshot, task_ids, run, reason=reason, to=to),
        LEDGERS,
        (*QUEUES, USERS),
        f"staff escalate {' '.join(task_ids)}",
    )


def staff_reveal(task_id: str, settings: Settings) -> Job:
    return Job(
        "staff.reveal",
        lambda snapshot, run: tasks.plan_reveal(
            snapshot, task_id, run, event_of(snapshot, settings.event, run)
        ),
        LEDGERS,
        (*QUEUES, USERS, CREDENTIAL_HISTORY),
        f"staff reveal {task_id}",
        Effect.FINAL,
    )


def dispatch_status(settings: Settings, matches: Sequence[str] = ()) -> Job:
    """Where dispatch stands; matches: codes or names, with a sub-game or without, where only
    these count. What is overdue is a finding. Raises NotFoundError, UnclearNameError for a match
    that there is not."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        only = filtered(snapshot, DISTRIBUTION, matches, run.chosen)
        found = overdue.overview(
            snapshot,
            run,
            run.buffer_hours(settings.dispatch_buffer_hours),
            only,
            medal_hours=settings.medal_hours_earlier,
        )
        late = overdue.findings(found)
        made = Plan(result=found, findings=[*times.not_understood(snapshot), *late])
        return unpaid.to_send(made, snapshot, run, settings.unpaid_tickets, only)

    return Job("dispatch.status", plan, LEDGERS, (*QUEUES, *MONEY), effect=Effect.READS)
