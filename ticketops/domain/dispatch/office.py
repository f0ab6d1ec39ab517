"""What the office does by command: receipts on a client's behalf, guests copied down, tasks handed out and marked, supplier groups,
saved views (§7, §8, §9a, §14d)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketops.domain import roles
from ticketops.domain.allocation.commit import noted
from ticketops.domain.credentials import Credential, Event, Shown
from ticketops.domain.credentials import record as record_credentials
from ticketops.domain.dispatch import clients, staff
from ticketops.domain.dispatch.cascade import office, plan_of, settle
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.dispatch.groups import SupplierGroups, client_group_key, supplier_key
from ticketops.domain.dispatch.records import GUEST, Record, unit_of
from ticketops.domain.dispatch.state import State
from ticketops.domain.dispatch.words import Outcome, Word
from ticketops.domain.masking import MASK
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, NotPermittedError, RuleError, UsageError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import SUPPLIER_GROUPS, SUPPLIER_QUEUE, USERS, VIEWS


def plan_view(snapshot: Snapshot, company: str, filters: Filters, run: Run, *, view: str = "", save: str = "") -> Plan:
    """A client's tickets through a view; `save` keeps it under a name, `view` takes one that was kept.

    Raises NotFoundError for a client without tickets or a view that is not there.
    """
    state = State.of(snapshot)
    group = clients.find_group(state, company)
    if view:
        filters = saved_view(snapshot, group, view)
    rows = clients.seen(state, group, filters)
    plan = Plan(result={"client": group, "companies": clients.client_groups(state)[group], "view": filters.as_text(),
                        "summary": clients.summary(rows), "tickets": [dict(row.values) for row in rows]})  # fmt: skip
    if save:
        _save_view(plan, snapshot, group, save, filters, run)
    return plan


def saved_view(snapshot: Snapshot, group: str, name: str) -> Filters:
    """A saved view of a client, else one that was saved for all. Raises NotFoundError."""
    frame = snapshot[VIEWS].frame
    found = [text for view, whose, text in frame.select("name", "client_group", "filters").iter_rows()
             if (view or "").casefold() == name.casefold() and whose in (group, None)]  # fmt: skip
    if not found:
        raise NotFoundError(f"no view is called {name!r}", "client views lists them")
    return Filters.from_text(found[-1] or "")


def _save_view(plan: Plan, snapshot: Snapshot, group: str, name: str, filters: Filters, run: Run) -> None:
    table = snapshot[VIEWS]
    values = {"filters": filters.as_text() or None, "user": run.user, "saved_at": run.now}
    for row in table.frame.iter_rows(named=True):
        if (row["name"] or "").casefold() == name.casefold() and row["client_group"] == group:
            plan.changes.set(VIEWS, row["row"], name, {column: (row[column], value) for column, value in values.items()})
            return
    plan.changes.append(VIEWS, table.next_row, ("name", "client_group", *values), [(name, group, *values.values())])


def plan_accept(
    snapshot: Snapshot, company: str, sales_ids: Sequence[str], filters: Filters | None, run: Run, *, by: str = "", view: str = ""
) -> Plan:
    """Confirm a client's receipt of these tickets, or of all that a view shows and that were sent (§7 step 6).

    Raises NotFoundError for a ticket that is not this client's, RuleError where nothing was sent.
    """
    state = State.of(snapshot)
    group = clients.find_group(state, company)
    mine = {ticket.key: ticket for ticket in clients.tickets_of(state, group)}
    plan = Plan()
    if sales_ids:
        wanted = [mine[key] for key in dict.fromkeys(_own(sales_id, mine, group) for sales_id in sales_ids)]
    else:
        shown = clients.seen(state, group, saved_view(snapshot, group, view) if view else filters or Filters())
        wanted = [mine[row.key] for row in shown if row.values["delivery"] in clients.RECEIVABLE]
    ready = [ticket for ticket in wanted if ticket["delivery"] in clients.RECEIVABLE]
    if not ready:
        raise RuleError(
            f"nothing of {company} waits for its receipt to be confirmed", "only tickets that are SENT or UPLOADED can be accepted"
        )
    for ticket in wanted:
        if ticket not in ready:
            message = f"{ticket.key} is {ticket['delivery'] or states.NOT_SENT}: only what was sent can be accepted"
            plan.findings.append(Finding("NOT_SENT_YET", Severity.LOW, message, row=ticket.before["row"], sales_id=ticket.key))
    words = [office(run, ticket, "delivery", states.ACCEPTED, by=by or group) for ticket in ready]
    _settled(plan, state, run, words)
    plan.result = {"client": group, "accepted": [ticket.key for ticket in ready], "by": by or group}
    return plan


def _own(sales_id: str, mine: Mapping[str, Record], group: str) -> str:
    wanted = sales_id.strip().upper()
    if wanted not in mine:
        raise NotFoundError(f"{group} has no ticket {wanted}", "client view lists them")
    return wanted


def _settled(plan: Plan, state: State, run: Run, words: Sequence[Word]) -> list[tuple[Word, Outcome, str]]:
    """Hear words and put what follows into the plan."""
    done = settle(state, run, words, only={word.sales_id for word in words})
    made = plan_of(state, done)
    plan.changes.extend(made.changes)
    plan.findings += made.findings
    return done.outcomes


def plan_copy_down(snapshot: Snapshot, sales_id: str, count: int | None, run: Run, *, overwrite: bool = False) -> Plan:
    """Give the guest of a ticket to the tickets below it in its client's book (§7 step 5)."""
    state = State.of(snapshot)
    source, after = clients.copied_down(state, sales_id.strip().upper(), count, overwrite=overwrite)
    words = [office(run, ticket, name, source[name]) for ticket in after for name in GUEST]
    plan = Plan(result={"from": source.key, "to": [ticket.key for ticket in after]})
    _settled(plan, state, run, words)
    return plan


def plan_mark(snapshot: Snapshot, task_ids: Sequence[str], delivery: str, run: Run, *, notes: str = "", proof: str = "",
              at: datetime | None = None, priority: str = "", to: str = "") -> Plan:  # fmt: skip
    """Mark tasks: what staff would write into their book (§8 step 7). An ISSUE may go to somebody else at once (§14d).

    Raises NotFoundError, RuleError for a move that D7 does not allow, NotPermittedError for a task that is not the user's.
    """
    state = State.of(snapshot)
    plan = Plan()
    words: list[Word] = []
    marked = []
    for task_id in _each(task_ids):
        task, ticket = _task(state, snapshot, run, task_id)
        if delivery not in (states.ISSUE, states.NOT_SENT) and not staff.is_ready(ticket):
            raise RuleError(f"{task.key} ({ticket.key}) can't be {delivery}: it has no {'address' if unit_of(ticket) else 'unit'} yet")
        manager = roles.permits(run, states.OPS_MANAGER)
        words.append(office(run, ticket, "delivery", delivery, at=at, manager=manager))
        if notes:
            words.append(office(run, ticket, "dispatch_notes", noted(ticket["dispatch_notes"], notes)))
        if proof:
            task.set("proof_url", proof)
        if priority:
            task.set("priority", priority)
        if to:
            task.set("assigned_to", to)
        marked.append({"task_id": task.key, "sales_id": ticket.key})
    outcomes = _settled(plan, state, run, words)
    refused = [message for word, outcome, message in outcomes if outcome in (Outcome.REFUSED, Outcome.BEHIND)]
    if refused:
        raise RuleError(refused[0])
    plan.result = {"marked": marked, "delivery": delivery}
    return plan


def _each(task_ids: Sequence[str]) -> list[str]:
    """Each task once, however it is spelt."""
    return list(dict.fromkeys(task_id.strip().upper() for task_id in task_ids))


def _task(state: State, snapshot: Snapshot, run: Run, task_id: str) -> tuple[Record, Record]:
    """A task that the user may touch, and its ticket: staff only touch their own."""
    task = staff.find_task(state, task_id)
    if not roles.permits(run, states.OPERATOR) and not set(staff.assignees(task)) & identities(snapshot, run.user):
        raise NotPermittedError(f"{task.key} is not {run.user}'s task", "an operator may, or whom it is assigned to")
    ticket = staff.ticket_of(state, task)
    if ticket is None:
        raise RuleError(f"{task.key} is a memory: its ticket {task['sales_id'] or ''} is gone or has another task")
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
    done = settle(state, run)
    plan = plan_of(state, done)
    live = [task for task in state.tasks if staff.ticket_of(state, task) is not None]
    ready = sum(1 for task in live if (ticket := staff.ticket_of(state, task)) and staff.is_ready(ticket))
    plan.result = {"tasks": len(live), "ready": ready, "new": done.new_tasks, "unassigned": sum(1 for task in live if not staff.assignees(task)),
                   "memories": len(state.tasks) - len(live)}  # fmt: skip
    return plan


def plan_assign(snapshot: Snapshot, run: Run, people: Sequence[str], *, task_ids: Sequence[str] = (), matches: Sequence[str] = (),
                unassigned: bool = False, from_person: str = "", priority: str = "", reopen: bool = False) -> Plan:  # fmt: skip
    """Hand tasks to people in turn (§8 step 2, §14d). Without TaskIDs: the tasks that are ready and still to do, of these matches,
    of nobody, or of one person.

    reopen: an ISSUE becomes NOT_SENT. Raises NotFoundError, RuleError where no task fits.
    """
    state = State.of(snapshot)
    if task_ids:
        pairs = [_task(state, snapshot, run, task_id) for task_id in _each(task_ids)]
    else:
        wanted = {ids.normalise_match(match) for match in matches}
        pairs = []
        for task in state.tasks:
            ticket = staff.ticket_of(state, task)
            if (
                ticket is not None and not state.supplier_of(unit_of(ticket)) and staff.is_ready(ticket) and ticket["delivery"] not in states.DISPATCHED
                and (not wanted or ids.normalise_match(ticket["match"] or "-") in wanted)
                and (not unassigned or not staff.assignees(task))
                and (not from_person or from_person.casefold() in staff.assignees(task))
            ):  # fmt: skip
                pairs.append((task, ticket))
    if not pairs:
        raise RuleError("no task fits", "only what is ready (a unit and an address) is handed out; staff tasks --all lists everything")
    counts = dict.fromkeys(people, 0)
    words = []
    for i, (task, ticket) in enumerate(pairs):
        if people:
            person = people[i % len(people)]
            task.set("assigned_to", person)
            counts[person] += 1
        if priority:
            task.set("priority", priority)
        if reopen and ticket["delivery"] == states.ISSUE:
            words.append(office(run, ticket, "delivery", states.NOT_SENT))
    plan = Plan(result={"tasks": [task.key for task, _ in pairs], "people": counts, "priority": priority or None})
    _settled(plan, state, run, words)
    return plan


def plan_tasks(snapshot: Snapshot, *, person: str = "", every: bool = False) -> Plan:
    """The tasks of one person, or of all, that are still to do; `every` lists those that were sent, too."""
    state = State.of(snapshot)
    rows = []
    for task in state.tasks:
        ticket = staff.ticket_of(state, task)
        if ticket is None or (not every and (ticket["delivery"] in states.DISPATCHED or not staff.is_ready(ticket))):
            continue
        if state.supplier_of(unit_of(ticket)):
            continue
        if person and person.casefold() not in staff.assignees(task):
            continue
        rows.append({
            "task_id": task.key, "sales_id": ticket.key, "match": ticket["match"], "day": state.dates.get(ticket["match"] or ""),
            "category": ticket["category"], "inv_no": ticket["inv_no"], "client_email": ticket["client_email"],
            "assigned_to": task["assigned_to"], "priority": task["priority"] or "Normal", "status": staff.shown_delivery(ticket["delivery"]),
        })  # fmt: skip
    rank = {"High": 0, "Normal": 1, "Low": 2}
    rows.sort(key=lambda row: (rank.get(row["priority"], 1), row["day"] or datetime.max, row["task_id"]))
    return Plan(result={"person": person or None, "tasks": rows})


def plan_reveal(snapshot: Snapshot, task_id: str, run: Run, event: str) -> Shown:
    """Record that a task's password is looked at; `credential` holds what to show. Raises RuleError where there is none."""
    state = State.of(snapshot)
    task, ticket = _task(state, snapshot, run, task_id)
    unit = state.units.get(unit_of(ticket), {})
    password = staff.vendor_password(unit, ticket)
    if not password:
        raise RuleError(f"{task.key} ({ticket.key}) has no password", "credentials assign gives its unit one")
    email = ticket["email"] or unit.get("email")
    found = Credential(
        row=0, vendor=unit.get("vendor") or ticket["vendor"] or "", login_id=unit.get("login_id"), email=email, password=password
    )
    plan = Shown(result={"task_id": task.key, "sales_id": ticket.key, "inv_no": ticket["inv_no"], "email": email, "login_id": found.login_id},
                 credential=found)  # fmt: skip
    record_credentials(plan, snapshot, run, [Event("PASSWORD_VIEWED", found.vendor, found.login_id, event, task.key, ticket.key)])
    return plan


def plan_map(snapshot: Snapshot, key: str, vendors: Sequence[str], patterns: Sequence[str], run: Run) -> Plan:
    """Add vendors and address patterns to a supplier group. Raises RuleError for a name that another group has."""
    table = snapshot[SUPPLIER_GROUPS]
    key = supplier_key(key)
    groups = SupplierGroups.of(table)
    have = {
        (row["supplier_key"], (row["vendor"] or "").casefold(), (row["email_pattern"] or "").casefold())
        for row in table.frame.iter_rows(named=True)
    }
    rows: list[tuple[Any, ...]] = []
    for vendor in vendors:
        others = groups.keys_of(vendor, None, frozenset()) - {key}
        if groups.names and others and (key, vendor.casefold(), "") not in have:
            raise RuleError(f"{vendor} belongs to {' and '.join(sorted(others))} already", "supplier unmap takes it from there")
        if (key, vendor.casefold(), "") not in have:
            rows.append((key, vendor, None, run.user, run.now))
    for pattern in patterns:
        if "@" not in pattern and "*" not in pattern:
            raise UsageError(f"--email {pattern!r} is no pattern of addresses", "for example 'bdc*@*'")
        if (key, "", pattern.casefold()) not in have:
            rows.append((key, None, pattern, run.user, run.now))
    plan = _mapped(snapshot, rows)
    known = {name_key(unit["vendor"]) for unit in State.of(snapshot).units.values()} | {name_key(MASK)}
    for vendor in vendors:
        if name_key(vendor) not in known:
            plan.findings.append(Finding("UNKNOWN_VENDOR", Severity.INFO, f"nothing was bought from {vendor!r} so far: is it spelt so?"))
    return plan


def plan_unmap(snapshot: Snapshot, key: str, names: Sequence[str]) -> Plan:
    """Take vendors or patterns out of a supplier group; the whole group where none is named. Raises NotFoundError."""
    key = supplier_key(key)
    plan = Plan()
    wanted = {name.casefold() for name in names}
    rows = {}
    for row in snapshot[SUPPLIER_GROUPS].frame.iter_rows(named=True):
        name = row["vendor"] or row["email_pattern"] or ""
        if (row["supplier_key"] or "").upper() == key and (not wanted or name.casefold() in wanted):
            rows[row["row"]] = f"{key} {name}"
    if not rows:
        raise NotFoundError(f"{SUPPLIER_GROUPS} has no such entry of {key}", "supplier groups lists them")
    plan.changes.delete(SUPPLIER_GROUPS, rows)
    plan.result = {"supplier_key": key, "removed": list(rows.values())}
    return plan


def plan_learn(snapshot: Snapshot, run: Run) -> Plan:
    """Set up groups from the vendors that `_SUPPLIER_QUEUE` lists under a SupplierKey, where they are in none yet."""
    table = snapshot[SUPPLIER_GROUPS]
    groups = SupplierGroups.of(table)
    queue = snapshot[SUPPLIER_QUEUE].frame.select("supplier_key", "vendor", "email").drop_nulls("supplier_key").unique(maintain_order=True)
    known = {unit["vendor"] for unit in State.of(snapshot).units.values()}
    found: dict[str, str] = {}
    for key, vendor, email in queue.iter_rows():
        name = vendor if vendor in known else email if email in known else vendor
        if name and not groups.keys_of(name, email, frozenset()):
            found.setdefault(name, supplier_key(key))
    return _mapped(
        snapshot, [(key, vendor, None, run.user, run.now) for vendor, key in sorted(found.items(), key=lambda item: (item[1], item[0]))]
    )


def _mapped(snapshot: Snapshot, rows: Sequence[tuple[Any, ...]]) -> Plan:
    plan = Plan(result={"added": [{"supplier_key": row[0], "vendor": row[1], "email_pattern": row[2]} for row in rows]})
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
    rows = [
        {"supplier_key": (row["supplier_key"] or "").upper(), "vendor": row["vendor"], "email_pattern": row["email_pattern"]}
        for row in snapshot[SUPPLIER_GROUPS].frame.iter_rows(named=True)
    ]
    return Plan(result={"groups": rows, "units": counts})


def plan_client_groups(snapshot: Snapshot) -> Plan:
    """The clients: their companies, and how far their tickets are."""
    state = State.of(snapshot)
    groups = clients.client_groups(state)
    rows = []
    for group, tickets in sorted(clients.by_group(state).items()):
        figures = clients.summary(clients.book(state, group, tickets).rows)
        rows.append({"client": group, "companies": groups.get(group, []), **figures})
    return Plan(result={"clients": rows})


def plan_views(snapshot: Snapshot, company: str = "") -> Plan:
    """The saved views, of one client or of all."""
    group = client_group_key(company) if company else ""
    rows = [
        {"name": row["name"], "client": row["client_group"], "filters": row["filters"], "by": row["user"]}
        for row in snapshot[VIEWS].frame.iter_rows(named=True)
        if row["name"] and (not group or row["client_group"] in (group, None))
    ]
    return Plan(result={"views": rows})
