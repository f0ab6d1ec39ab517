"""The tasks of `_STAFF_QUEUE` by command: queued, handed out, marked, escalated, listed, and the
login of one shown (§8, §14d)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.catalogue.follow import left_behind
from ticketops.domain.credentials.logins import Shown
from ticketops.domain.credentials.logins import record as record_credentials
from ticketops.domain.credentials.records import Credential, Event
from ticketops.domain.dispatch import staff
from ticketops.domain.dispatch.cascade import office, plan_of, reconcile
from ticketops.domain.dispatch.doubt import why_not_then
from ticketops.domain.dispatch.field_edits import FieldEdit, Outcome
from ticketops.domain.dispatch.office import reconcile_into
from ticketops.domain.dispatch.results import (
    Assigned,
    Escalated,
    Marked,
    MarkedTask,
    Queue,
    Task,
    TaskRevealed,
    Tasks,
)
from ticketops.domain.dispatch.state import State
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.notes import with_note
from ticketops.domain.ticket.records import Record
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.errors import NotPermittedError, RuleError
from ticketops.model import book_kinds, roles, states
from ticketops.model.categories import is_among
from ticketops.schema.layouts.event import DISTRIBUTION, USERS
from ticketops.schema.tables import Snapshot


def plan_mark(
    snapshot: Snapshot,
    task_ids: Sequence[str],
    delivery: str,
    run: Run,
    *,
    notes: str = "",
    proof: str = "",
    at: datetime | None = None,
    priority: str = "",
    to: str = "",
) -> Plan:
    """Mark tasks: what staff would write into their book (§8 step 7). An ISSUE may go to somebody
    else at once (§14d).

    Raises NotFoundError, RuleError for a move that D7 does not allow, NotPermittedError for a task
    that is not the user's.
    """
    users.require_welcome(
        snapshot,
        [person.strip() for person in to.split(",") if person.strip()],
        "can't assign a task to",
    )
    state = State.of(snapshot)
    plan = Plan()
    edits: list[FieldEdit] = []
    marked = []
    for task_id in _each(task_ids):
        task, ticket = own_task(state, snapshot, run, task_id)
        if delivery not in (states.ISSUE, states.NOT_SENT) and not staff.is_ready(state, ticket):
            raise RuleError(
                f"{task.key} ({ticket.key}) can't be {delivery}: {staff.why_not_ready(state, ticket)}"
            )
        manager = users.permits(run, roles.OPS_MANAGER)
        edit = office(run, ticket, "delivery", delivery, at=at, manager=manager)
        if why := why_not_then(state, run, ticket, edit):
            raise RuleError(
                f"{task.key} ({ticket.key}) can't be {delivery} at that time: {why}",
                "--at must be between the day of the allocation and now",
            )
        if delivery == states.ACCEPTED and ticket["delivery"] in states.DISPATCHED:
            edit = structs.replace(edit, source=book_kinds.STAFF_BOOK)  # a claim (D26)
        edits.append(edit)
        if notes:
            edits.append(
                office(run, ticket, "dispatch_notes", with_note(ticket["dispatch_notes"], notes))
            )
        if proof:
            task.set("proof_url", proof)
        if priority:
            task.set("priority", priority)
        if to:
            task.set("assigned_to", to)
        marked.append(MarkedTask(task.key, ticket.key))
    outcomes = reconcile_into(plan, state, run, edits)
    refused = [
        message
        for edit, outcome, message in outcomes
        if outcome in (Outcome.REFUSED, Outcome.UNPAID, Outcome.BEHIND)
    ]
    if refused:
        raise RuleError(refused[0])
    claimed = any(outcome is Outcome.CLAIMED for _edit, outcome, _message in outcomes)
    plan.result = Marked(tuple(marked), states.SENT if claimed else delivery)
    return plan


def _each(task_ids: Sequence[str]) -> list[str]:
    """Each task once, however it is spelt."""
    return list(dict.fromkeys(task_id.strip().upper() for task_id in task_ids))


def own_task(state: State, snapshot: Snapshot, run: Run, task_id: str) -> tuple[Record, Record]:
    """A task that the user may touch, and its ticket: staff only touch their own. Raises
    NotFoundError, NotPermittedError, RuleError for a task whose ticket is gone."""
    task = staff.find_task(state, task_id)
    if not users.permits(run, roles.OPERATOR) and not set(staff.assignees(task)) & identities(
        snapshot, run.user
    ):
        raise NotPermittedError(
            f"{task.key} is not {run.user}'s task", "only an operator or its assignee can do this"
        )
    ticket = staff.ticket_of(state, task)
    if ticket is None:
        raise RuleError(
            f"{task.key} is an old task: its ticket {task['sales_id'] or ''} is gone or has "
            "another task"
        )
    return task, ticket


def identities(snapshot: Snapshot, user: str) -> set[str]:
    """A user's name and address, in lower case."""
    frame = snapshot[USERS].frame
    found = {user.casefold()}
    for name, email in frame.select("user", "email").iter_rows():
        if user.casefold() in ((name or "").casefold(), (email or "").casefold()):
            found |= {text.casefold() for text in (name, email) if text}
    return found


def plan_queue(snapshot: Snapshot, run: Run) -> Plan:
    """Create and update `_STAFF_QUEUE` (§8 step 1), and all that agrees with it."""
    state = State.of(snapshot)
    done = reconcile(state, run)
    plan = plan_of(state, done)
    plan.findings += staff.barred_findings(state) + left_behind(snapshot)
    live = [task for task in state.tasks if staff.ticket_of(state, task) is not None]
    ready = sum(
        1
        for task in live
        if (ticket := staff.ticket_of(state, task)) and staff.is_to_send(state, ticket)
    )
    unassigned = sum(1 for task in live if not staff.assignees(task))
    plan.result = Queue(len(live), ready, done.new_tasks, unassigned, len(state.tasks) - len(live))
    return plan


def plan_assign(
    snapshot: Snapshot,
    run: Run,
    people: Sequence[str],
    *,
    task_ids: Sequence[str] = (),
    matches: Sequence[str] = (),
    unassigned: bool = False,
    from_person: str = "",
    priority: str = "",
    reopen: bool = False,
) -> Plan:
    """Hand tasks to people in turn, those of one guest or one sale to one of them (§8 step 2,
    §14d). Without TaskIDs: the tasks that are ready and still to do, of these matches, of nobody,
    or of one person.

    reopen: an ISSUE becomes NOT_SENT. Raises NotFoundError, RuleError where no task matches.
    """
    users.require_welcome(snapshot, people, "can't assign a task to")
    state = State.of(snapshot)
    if task_ids:
        pairs = [own_task(state, snapshot, run, task_id) for task_id in _each(task_ids)]
        for given, asked in pairs:
            if people and asked.key in state.waiting:
                why = staff.why_not_ready(state, asked)
                raise RuleError(f"{given.key} ({asked.key}) is not assigned: {why}")
    else:
        wanted = set(filtered(snapshot, DISTRIBUTION, matches, run.chosen))
        pairs = []
        for task in state.tasks:
            ticket = staff.ticket_of(state, task)
            if (
                ticket is not None
                and staff.is_to_send(state, ticket)
                and is_among(state.occasion(ticket), wanted)
                and (not unassigned or not staff.assignees(task))
                and (not from_person or from_person.casefold() in staff.assignees(task))
            ):
                pairs.append((task, ticket))
    if not pairs:
        raise RuleError(
            "no task matches",
            "only ready tasks (with a unit and an e-mail address) are assigned; staff tasks --all "
            "lists them all",
        )
    counts = dict.fromkeys(people, 0)
    edits = []
    together = staff.together([ticket for _, ticket in pairs])
    whose: dict[int, str] = {}
    load = dict.fromkeys(people, 0)
    for number, size in Counter(together).items() if people else ():
        whose[number] = min(load, key=load.__getitem__)
        load[whose[number]] += size
    for number, (task, ticket) in zip(together, pairs, strict=True):
        if people:
            person = whose[number]
            task.set("assigned_to", person)
            counts[person] += 1
        if priority:
            task.set("priority", priority)
        if reopen and ticket["delivery"] == states.ISSUE:
            edits.append(office(run, ticket, "delivery", states.NOT_SENT, manager=True))
    plan = Plan(result=Assigned(tuple(task.key for task, _ in pairs), counts, priority or None))
    reconcile_into(plan, state, run, edits)
    return plan


def plan_escalate(
    snapshot: Snapshot, task_ids: Sequence[str], run: Run, *, reason: str, to: str = ""
) -> Plan:
    """Hand issues up to an ops_manager (§14d), recorded in `_STAFF_QUEUE`: to whom, when, by whom
    and why. The tickets stay ISSUE (D7) until somebody resolves them; their priority becomes High.

    to: a name or address; whoever is ops_manager where nobody is named. Raises NotFoundError,
    RuleError for a task that is no ISSUE, or where `to` is no ops_manager of _USERS.
    """
    managers = users.Users.of(snapshot[USERS])
    if to and managers:
        users.require_welcome(snapshot, [to], "can't escalate an issue to")
        if roles.rank(managers.role(to)) < roles.rank(roles.OPS_MANAGER):
            raise RuleError(
                f"{to} is not an {roles.OPS_MANAGER}: {USERS} says {managers.role(to)}",
                f"{', '.join(managers.managers) or 'nobody'} can be named",
            )
    state = State.of(snapshot)
    plan = Plan()
    marked = []
    for task_id in _each(task_ids):
        task, ticket = own_task(state, snapshot, run, task_id)
        if ticket["delivery"] != states.ISSUE:
            raise RuleError(
                f"{task.key} ({ticket.key}) is {ticket['delivery'] or states.NOT_SENT}, not "
                f"{states.ISSUE}",
                "staff report-issue reports one",
            )
        values = {
            "escalated_to": to or roles.OPS_MANAGER,
            "escalated_at": run.now,
            "escalated_by": run.user,
            "escalation": reason,
            "priority": states.PRIORITY[1],
        }
        for name, value in values.items():
            task.set(name, value)
        marked.append(MarkedTask(task.key, ticket.key))
    state.write(plan)
    plan.result = Escalated(tuple(marked), to or roles.OPS_MANAGER, reason)
    return plan


def plan_tasks(snapshot: Snapshot, *, person: str = "", every: bool = False) -> Plan:
    """The tasks of one person, or of all, that are still to do; `every` lists those that were sent,
    too."""
    state = State.of(snapshot)
    rows = []
    for task in state.tasks:
        ticket = staff.ticket_of(state, task)
        if ticket is None or (
            not every
            and (ticket["delivery"] in states.DISPATCHED or not staff.is_ready(state, ticket))
        ):
            continue
        if state.supplier_of(unit_of(ticket)):
            continue
        if person and person.casefold() not in staff.assignees(task):
            continue
        rows.append(
            Task(
                task.key,
                ticket.key,
                state.occasion(ticket) or None,
                state.day(ticket),
                ticket["category"],
                state.inv_no(ticket),
                staff.vendor(state, ticket),
                ticket["client_email"],
                task["assigned_to"],
                task["priority"] or "Normal",
                staff.shown_delivery(ticket["delivery"]),
                staff.escalated_to(task, ticket),
            )
        )
    rank = {"High": 0, "Normal": 1, "Low": 2}
    rows.sort(key=lambda row: (rank.get(row.priority, 1), row.day or datetime.max, row.task_id))
    return Plan(result=Tasks(person or None, tuple(rows)), findings=staff.barred_findings(state))


def plan_reveal(snapshot: Snapshot, task_id: str, run: Run, event: str | None) -> Shown:
    """Record that a task's password is looked at; `credential` holds what to show. Raises RuleError
    where there is none."""
    state = State.of(snapshot)
    task, ticket = own_task(state, snapshot, run, task_id)
    if ticket.key in state.waiting:
        why = staff.why_not_ready(state, ticket)
        raise RuleError(f"{task.key} ({ticket.key}) shows no password: {why}")
    used = staff.account(state, ticket)
    if not used.password:
        raise RuleError(
            f"{task.key} ({ticket.key}) has no password",
            "credentials assign gives its unit a password",
        )
    known_as = state.unit(ticket).vendor or ticket["vendor"] or ""
    found = Credential(
        row=0, vendor=known_as, login_id=used.login_id, email=used.email, password=used.password
    )
    result = TaskRevealed(
        task.key,
        ticket.key,
        state.inv_no(ticket),
        staff.vendor(state, ticket),
        used.email,
        used.login_id,
    )
    plan = Shown(result=result, credential=found)
    record_credentials(
        plan,
        snapshot,
        run,
        [Event("PASSWORD_VIEWED", found.vendor, found.login_id, event, task.key, ticket.key)],
    )
    return plan
