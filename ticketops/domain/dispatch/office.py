"""What the office does by command: receipts on a client's behalf, guests copied down, tasks handed
out and marked, supplier groups (§7, §8, §9a, §14d)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ticketops.domain.catalogue.follow import left_behind
from ticketops.domain.catalogue.matches import filtered
from ticketops.domain.credentials.logins import Shown
from ticketops.domain.credentials.logins import record as record_credentials
from ticketops.domain.credentials.records import Credential, Event
from ticketops.domain.dispatch import clients, staff, views
from ticketops.domain.dispatch.cascade import office, plan_of, reconcile
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.dispatch.doubt import why_not_then
from ticketops.domain.dispatch.field_edits import FieldEdit, Outcome
from ticketops.domain.dispatch.groups import (
    SELF_DISPATCHING,
    SupplierGroups,
    plain_key,
    supplier_key,
)
from ticketops.domain.dispatch.results import (
    Accepted,
    Assigned,
    CopiedDown,
    Escalated,
    Mapped,
    Marked,
    MarkedTask,
    Queue,
    SupplierList,
    SupplierRule,
    Task,
    TaskRevealed,
    Tasks,
    Unmapped,
)
from ticketops.domain.dispatch.said import CLIENT_WORDS
from ticketops.domain.dispatch.state import State
from ticketops.domain.masterdata import users
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.notes import with_note
from ticketops.domain.ticket.records import GUEST, Record
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.errors import NotFoundError, NotPermittedError, RuleError, UsageError
from ticketops.model import book_kinds, ids, roles, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import DISTRIBUTION, SUPPLIER_GROUPS, SUPPLIER_QUEUE, USERS
from ticketops.schema.tables import Snapshot


def plan_accept(
    snapshot: Snapshot,
    company: str,
    sales_ids: Sequence[str],
    filters: Filters | None,
    run: Run,
    *,
    by: str = "",
    view: str = "",
) -> Plan:
    """Confirm a client's receipt of these tickets, or of all that a view shows and that were sent
    (§7 step 6).

    Raises NotFoundError for a ticket that is not this client's, RuleError where nothing was sent.
    """
    state = State.of(snapshot)
    group = clients.find_group(state, company, run.chosen)
    mine = {ticket.key: ticket for ticket in clients.tickets_of(state, group)}
    plan = Plan()
    if sales_ids:
        wanted = [
            mine[key]
            for key in dict.fromkeys(_own(sales_id, mine, group) for sales_id in sales_ids)
        ]
    else:
        filters = filters or Filters()
        filters = replace(
            filters, match=filtered(snapshot, DISTRIBUTION, filters.match, run.chosen)
        )
        shown = clients.seen(
            state, group, views.saved_view(state, group, view) if view else filters
        )
        wanted = [mine[row.key] for row in shown if row.values["delivery"] in clients.RECEIVABLE]
    ready = [ticket for ticket in wanted if ticket["delivery"] in clients.RECEIVABLE]
    if not ready:
        raise RuleError(
            f"{company} has no ticket waiting for a receipt",
            "only tickets that are SENT or UPLOADED can be accepted",
        )
    for ticket in wanted:
        if ticket not in ready:
            message = f"{ticket.key} is {ticket['delivery'] or states.NOT_SENT}: only sent tickets can be accepted"
            plan.findings.append(
                Finding(
                    "NOT_SENT_YET",
                    Severity.LOW,
                    message,
                    row=ticket.before["row"],
                    sales_id=ticket.key,
                )
            )
    edits = [office(run, ticket, "delivery", states.ACCEPTED, by=by or group) for ticket in ready]
    _reconcile_into(plan, state, run, edits)
    plan.result = Accepted(group, tuple(ticket.key for ticket in ready), by or group)
    return plan


def _own(sales_id: str, mine: Mapping[str, Record], group: str) -> str:
    wanted = ids.read_sales_id(sales_id)
    if wanted not in mine:
        raise NotFoundError(f"{group} has no ticket {wanted}", "client view lists them")
    return wanted


def _reconcile_into(
    plan: Plan, state: State, run: Run, edits: Sequence[FieldEdit]
) -> list[tuple[FieldEdit, Outcome, str]]:
    """Apply edits and put what follows into the plan."""
    done = reconcile(state, run, edits, only={edit.sales_id for edit in edits})
    made = plan_of(state, done)
    plan.changes.extend(made.changes)
    plan.findings += made.findings
    return done.outcomes


def plan_copy_down(
    snapshot: Snapshot, sales_id: str, count: int | None, run: Run, *, overwrite: bool = False
) -> Plan:
    """Give the guest of a ticket to the tickets below it in its client's book (§7 step 5)."""
    state = State.of(snapshot)
    source, after = clients.copied_down(
        state, ids.read_sales_id(sales_id), count, overwrite=overwrite
    )
    own = {name: state.said.own(source, name, book_kinds.CLIENT) for name in CLIENT_WORDS}
    edits = [
        replace(office(run, ticket, name, source[name]), own=own.get(name, ()))
        for ticket in after
        for name in GUEST
    ]
    plan = Plan(result=CopiedDown(source.key, tuple(ticket.key for ticket in after)))
    _reconcile_into(plan, state, run, edits)
    return plan


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
        task, ticket = _task(state, snapshot, run, task_id)
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
            edit = replace(edit, source=book_kinds.STAFF_BOOK)  # a claim (D26)
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
    outcomes = _reconcile_into(plan, state, run, edits)
    refused = [
        message
        for edit, outcome, message in outcomes
        if outcome in (Outcome.REFUSED, Outcome.BEHIND)
    ]
    if refused:
        raise RuleError(refused[0])
    claimed = any(outcome is Outcome.CLAIMED for _edit, outcome, _message in outcomes)
    plan.result = Marked(tuple(marked), states.SENT if claimed else delivery)
    return plan


def _each(task_ids: Sequence[str]) -> list[str]:
    """Each task once, however it is spelt."""
    return list(dict.fromkeys(task_id.strip().upper() for task_id in task_ids))


def _task(state: State, snapshot: Snapshot, run: Run, task_id: str) -> tuple[Record, Record]:
    """A task that the user may touch, and its ticket: staff only touch their own."""
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
        pairs = [_task(state, snapshot, run, task_id) for task_id in _each(task_ids)]
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
                and (not wanted or ids.normalise_match(ticket["match"] or "-") in wanted)
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
    _reconcile_into(plan, state, run, edits)
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
        if roles.ROLE.index(managers.role(to)) < roles.ROLE.index(roles.OPS_MANAGER):
            raise RuleError(
                f"{to} is not an {roles.OPS_MANAGER}: {USERS} says {managers.role(to)}",
                f"{', '.join(managers.managers) or 'nobody'} can be named",
            )
    state = State.of(snapshot)
    plan = Plan()
    marked = []
    for task_id in _each(task_ids):
        task, ticket = _task(state, snapshot, run, task_id)
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
                ticket["match"],
                state.dates.get(ticket["match"] or ""),
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
    task, ticket = _task(state, snapshot, run, task_id)
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


def plan_map(
    snapshot: Snapshot, key: str, vendors: Sequence[str], patterns: Sequence[str], run: Run
) -> Plan:
    """Add vendors and address patterns to a supplier group. Raises RuleError for a name that
    another group has."""
    table = snapshot[SUPPLIER_GROUPS]
    key = supplier_key(key)
    groups = SupplierGroups.of(table)
    have = {
        (
            plain_key(row["supplier_key"] or ""),
            (row["vendor"] or "").casefold(),
            (row["email_pattern"] or "").casefold(),
        )
        for row in table.frame.iter_rows(named=True)
    }
    rows: list[tuple[Any, ...]] = []
    for vendor in vendors:
        others = groups.keys_of(vendor, None, frozenset()) - {key}
        if groups.names and others and (key, vendor.casefold(), "") not in have:
            raise RuleError(
                f"{vendor} already belongs to {' and '.join(sorted(others))}",
                "supplier unmap removes it there",
            )
        if (key, vendor.casefold(), "") not in have:
            rows.append((key, vendor, None, run.user, run.now))
    for pattern in patterns:
        if "@" not in pattern and "*" not in pattern:
            raise UsageError(
                f"--email {pattern!r} is not a pattern of e-mail addresses", "for example 'bdc*@*'"
            )
        if (key, "", pattern.casefold()) not in have:
            rows.append((key, None, pattern, run.user, run.now))
    plan = _mapped(snapshot, rows)
    state = State.of(snapshot)
    known = {name_key(unit.vendor) for unit in state.units.values()} | {name_key(state.words.mask)}
    for vendor in vendors:
        if name_key(vendor) not in known:
            plan.findings.append(
                Finding(
                    "UNKNOWN_VENDOR",
                    Severity.INFO,
                    f"nothing was bought from {vendor!r} so far: check the spelling",
                )
            )
    return plan


def plan_unmap(snapshot: Snapshot, key: str, names: Sequence[str]) -> Plan:
    """Take vendors or patterns out of a supplier group; the whole group where none is named. Raises
    NotFoundError."""
    key = supplier_key(key)
    plan = Plan()
    wanted = {name.casefold() for name in names}
    rows = {}
    for row in snapshot[SUPPLIER_GROUPS].frame.iter_rows(named=True):
        name = row["vendor"] or row["email_pattern"] or ""
        if plain_key(row["supplier_key"] or "") == key and (
            not wanted or name.casefold() in wanted
        ):
            rows[row["row"]] = f"{key} {name}"
    if not rows:
        raise NotFoundError(
            f"{SUPPLIER_GROUPS} has no such entry for {key}", "supplier groups lists them"
        )
    plan.changes.delete(SUPPLIER_GROUPS, rows)
    plan.result = Unmapped(key, tuple(rows.values()))
    return plan


def plan_learn(snapshot: Snapshot, run: Run) -> Plan:
    """Set up groups from the vendors that `_SUPPLIER_QUEUE` lists under a SupplierKey, where they
    are in none yet; addresses that begin with BDC, COMM or FED are proposed (§9a), since only the
    office knows whether they send themselves."""
    table = snapshot[SUPPLIER_GROUPS]
    groups = SupplierGroups.of(table)
    queue = (
        snapshot[SUPPLIER_QUEUE]
        .frame.select("supplier_key", "vendor", "email")
        .drop_nulls("supplier_key")
        .unique(maintain_order=True)
    )
    known = {unit.vendor for unit in State.of(snapshot).units.values()}
    found: dict[str, str] = {}
    for key, vendor, email in queue.iter_rows():
        name = vendor if vendor in known else email if email in known else vendor
        if name and not groups.keys_of(name, email, frozenset()):
            found.setdefault(name, supplier_key(key))
    plan = _mapped(
        snapshot,
        [
            (key, vendor, None, run.user, run.now)
            for vendor, key in sorted(found.items(), key=lambda item: (item[1], item[0]))
        ],
    )
    plan.findings += _proposed_patterns(snapshot, groups, found)
    return plan


def _proposed_patterns(
    snapshot: Snapshot, groups: SupplierGroups, learnt: Collection[str]
) -> list[Finding]:
    """Patterns for units of nobody's whose address begins as those of self-dispatching suppliers
    do."""
    counts: Counter[str] = Counter()
    for unit in State.of(snapshot).units.values():
        if groups.keys_of(unit.vendor, unit.email, frozenset()) or unit.vendor in learnt:
            continue
        addresses = {text.casefold() for text in (unit.vendor, unit.email) if text and "@" in text}
        counts.update(
            {prefix for prefix in SELF_DISPATCHING for text in addresses if text.startswith(prefix)}
        )
    return [
        Finding(
            "PATTERN_PROPOSED",
            Severity.INFO,
            f"{number:,} {'unit has an address' if number == 1 else 'units have addresses'} in {prefix.upper()}…: "
            f"`supplier map {prefix.upper()} --email '{prefix}*@*'` if they send tickets themselves",
        )
        for prefix, number in sorted(counts.items())
    ]


def _mapped(snapshot: Snapshot, rows: Sequence[tuple[Any, ...]]) -> Plan:
    plan = Plan(result=Mapped(tuple(SupplierRule(*row[:3]) for row in rows)))
    columns = ("supplier_key", "vendor", "email_pattern", "user", "updated_at")
    plan.changes.append(SUPPLIER_GROUPS, snapshot[SUPPLIER_GROUPS].next_row, columns, rows)
    return plan


def plan_groups(snapshot: Snapshot) -> Plan:
    """The supplier groups: what each claims, and how many units that are."""
    state = State.of(snapshot)
    counts: dict[str, int] = {}
    for unit_id in state.suppliers:
        if key := state.supplier_of(unit_id):
            counts[key] = counts.get(key, 0) + 1
    rules = (
        snapshot[SUPPLIER_GROUPS]
        .frame.select("supplier_key", "vendor", "email_pattern")
        .iter_rows()
    )
    return Plan(
        result=SupplierList(
            tuple(
                SupplierRule(plain_key(key or ""), vendor, pattern)
                for key, vendor, pattern in rules
            ),
            counts,
        )
    )
