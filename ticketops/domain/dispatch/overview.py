"""Where dispatch stands (§7–§9, §11): what was sent, what is late, and what must be done today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from ticketops.domain.dispatch import staff, suppliers
from ticketops.domain.dispatch.clients import client_groups
from ticketops.domain.dispatch.groups import client_group_key
from ticketops.domain.dispatch.records import Record, is_live, unit_of
from ticketops.domain.dispatch.state import State
from ticketops.domain.plan import Run
from ticketops.model import ids, states
from ticketops.schema.columns import parse_time
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import SCHEDULE

FIGURES = ("tickets", "allocated", "sent", "accepted", "pending", "issues", "no_guest", "to_send", "overdue", "today")
"""tickets: still owed; allocated: with a unit; sent: SENT or UPLOADED; accepted; pending; issues; no_guest: with a unit but no address;
to_send: with both, not sent; overdue: neither sent nor accepted past the deadline; today: due before the day ends."""


def deadlines(snapshot: Snapshot, buffer_hours: float) -> dict[str, datetime]:
    """{match code: when its tickets must be out}: its own DispatchDeadline, else the buffer before it starts (a match without a
    time: before its day)."""
    found: dict[str, datetime] = {}
    for match, date, at, own in snapshot[SCHEDULE].frame.select("match", "date", "time", "dispatch_deadline").iter_rows():
        if not match or (date is None and own is None):
            continue
        start = datetime.combine(date.date(), parse_time(at or "") or time()) if date is not None else None
        deadline = own if own is not None else start - timedelta(hours=buffer_hours) if start else None
        if deadline is not None:
            found.setdefault(ids.normalise_match(match), deadline)
    return found


def overview(snapshot: Snapshot, run: Run, buffer_hours: float) -> dict[str, Any]:
    """{"total", "clients", "suppliers", "staff", "matches": figures by name, "today": what must be done, the most urgent first}."""
    state = State.of(snapshot)
    due = deadlines(snapshot, buffer_hours)
    end_of_day = datetime.combine(run.now.date(), time.max)
    tables: dict[str, dict[str, dict[str, int]]] = {name: defaultdict(_zeros) for name in ("clients", "suppliers", "staff", "matches")}
    total = _zeros()
    todo: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    titles = {group: names[0] for group, names in client_groups(state).items()}
    for ticket in state.tickets.values():
        if not is_live(ticket):
            continue
        match = ids.normalise_match(ticket["match"]) if ticket["match"] else ""
        deadline = due.get(match)
        figures = _figures(ticket, deadline, run.now, end_of_day)
        supplier = suppliers.ticket_supplier(state, ticket)
        task = staff.live_task(state, ticket)
        people = staff.assignees(task) if task else []
        client = titles.get(client_group_key(ticket["company"]), "") if ticket["company"] else ""
        where = [tables["clients"][client or "nobody"], tables["matches"][match or "no match"], total]
        if supplier:
            where.append(tables["suppliers"][supplier])
        elif people:
            where += [tables["staff"][person] for person in dict.fromkeys(people)]
        elif unit_of(ticket) and ticket["client_email"]:
            where.append(tables["staff"]["nobody"])
        for table in where:
            for name in figures:
                table[name] += 1
        what = _to_do(figures)
        if what:
            who = {"send": supplier or ", ".join(people) or "nobody", "get the guest": client, "allocate": "office"}.get(what, "office")
            todo[what, who, match].append(ticket.key)
    rows = [{"what": what, "who": who, "match": match, "deadline": due.get(match), "tickets": len(keys), "first": keys[0]}
            for (what, who, match), keys in todo.items()]  # fmt: skip
    rows.sort(key=lambda row: (row["deadline"] or datetime.max, row["match"], row["what"], row["who"]))
    return {"total": total, **{name: dict(sorted(table.items())) for name, table in tables.items()}, "today": rows,
            "without_date": sum(1 for match in tables["matches"] if match not in due)}  # fmt: skip


def _zeros() -> dict[str, int]:
    return dict.fromkeys(FIGURES, 0)


def _figures(ticket: Record, deadline: datetime | None, now: datetime, end_of_day: datetime) -> list[str]:
    """The figures that a ticket counts in."""
    delivery = ticket["delivery"] or states.NOT_SENT
    gone = delivery in states.DISPATCHED
    rules: dict[str, Callable[[], bool]] = {
        "tickets": lambda: True,
        "allocated": lambda: bool(unit_of(ticket)),
        "sent": lambda: delivery in (states.SENT, states.UPLOADED),
        "accepted": lambda: delivery == states.ACCEPTED,
        "pending": lambda: delivery == states.PENDING,
        "issues": lambda: delivery == states.ISSUE,
        "no_guest": lambda: bool(unit_of(ticket)) and not ticket["client_email"] and not gone,
        "to_send": lambda: staff.is_ready(ticket) and not gone,
        "overdue": lambda: not gone and deadline is not None and deadline < now,
        "today": lambda: not gone and deadline is not None and now <= deadline <= end_of_day,
    }
    return [name for name, holds in rules.items() if holds()]


def _to_do(figures: list[str]) -> str:
    """What must be done for a ticket today; empty where nothing."""
    if "issues" in figures:
        return "resolve the issue"
    if "overdue" not in figures and "today" not in figures:
        return ""
    if "allocated" not in figures:
        return "allocate"
    return "get the guest" if "no_guest" in figures else "send"
