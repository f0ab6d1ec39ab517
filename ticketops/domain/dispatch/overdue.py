"""Where dispatch stands (§7–§9, §11): what was sent, what is late, and what must be done today."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from ticketops.domain.audit.unknown import UNKNOWN_VALUE
from ticketops.domain.catalogue.times import Due, deadlines, due_of
from ticketops.domain.dispatch import staff, suppliers
from ticketops.domain.dispatch.cascade import has_complaint
from ticketops.domain.dispatch.clients import client_groups
from ticketops.domain.dispatch.state import State
from ticketops.domain.plan import MEDAL_HOURS_EARLIER, Run
from ticketops.domain.ticket.records import Record, is_live
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.model import ids, roles, states
from ticketops.model.categories import is_among
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Figures:
    """tickets: still owed; allocated: with a unit; sent: SENT or UPLOADED; accepted; pending;
    issues: ISSUE, or tickets with a client's ISSUE that it has not accepted since; no_guest: with a
    unit but no e-mail address; to_send: with both, not sent; overdue: neither sent nor accepted
    past the deadline; today: due before the day ends; not_understood: with a cell that nobody
    understands, and not sent: they are not among those to send, and one whose Delivery is that cell
    is neither sent nor overdue."""

    tickets: int = 0
    allocated: int = 0
    sent: int = 0
    accepted: int = 0
    pending: int = 0
    issues: int = 0
    no_guest: int = 0
    to_send: int = 0
    overdue: int = 0
    today: int = 0
    not_understood: int = 0


@dataclass(frozen=True, slots=True)
class ToDo:
    """What must be done today, who does it, and for how many tickets of a match or sub-game
    (`M01/RACE`). deadline: in the
    venue's time zone. first: a SalesID."""

    what: str
    who: str
    match: str
    deadline: datetime | None
    tickets: int
    first: str


@dataclass(frozen=True, slots=True)
class DispatchStatus:
    """`dispatch status`: figures by name, what to do, most urgent first, and how many matches have
    no date."""

    total: Figures
    clients: dict[str, Figures]
    suppliers: dict[str, Figures]
    staff: dict[str, Figures]
    matches: dict[str, Figures]
    today: tuple[ToDo, ...]
    without_date: int


_MOST_NAMED = 12
APPROVE = "approve or reject the sale"
CORRECT = "correct the cell that is not understood"


def findings(of: DispatchStatus) -> list[Finding]:
    """What is overdue, and what is not known for a cell that is not understood: one finding each."""
    found = []
    if unclear := of.total.not_understood:
        message = f"{counted(unclear, 'ticket')} with a cell that is not understood: neither to send nor sent until it is corrected; audit run names the cells"
        found.append(Finding(UNKNOWN_VALUE, Severity.INFO, message, DISTRIBUTION))
    late = of.total.overdue
    if not late:
        return found
    matches = [name for name, figures in of.matches.items() if figures.overdue]
    named = ", ".join(matches[:_MOST_NAMED]) + (" …" if matches[_MOST_NAMED:] else "")
    what = "1 ticket is" if late == 1 else f"{late:,} tickets are"
    return [*found, Finding("OVERDUE", Severity.HIGH, f"{what} overdue: {named}", DISTRIBUTION)]


def overview(
    snapshot: Snapshot,
    run: Run,
    buffer_hours: float,
    only: Collection[str] = (),
    *,
    medal_hours: float = MEDAL_HOURS_EARLIER,
) -> DispatchStatus:
    """Where dispatch stands. buffer_hours: how long before a match its tickets must be out, where
    it does not say so itself; medal_hours: how much earlier those of a medal session. only: the
    matches and sub-games that count; all, where none is named."""
    state = State.of(snapshot)
    due = deadlines(snapshot, buffer_hours, run, medal_hours)
    end_of_day = datetime.combine(run.now.date(), time.max)
    by_client, by_supplier, by_person, by_match = (
        defaultdict[str, Counter[str]](Counter) for _ in range(4)
    )
    total: Counter[str] = Counter()
    todo: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    titles = {group: names[0] for group, names in client_groups(state).items()}
    for ticket in state.tickets.values():
        if not is_live(ticket):
            continue
        match = state.occasion(ticket)
        if not is_among(match, only):
            continue
        deadline = due_of(due, match)
        here = deadline.here if deadline else None
        figures = _figures(state, ticket, here, run.now, end_of_day)
        supplier = suppliers.ticket_supplier(state, ticket)
        task = staff.live_task(state, ticket)
        people = staff.assignees(task) if task else []
        client = titles.get(state.clients.key(ticket["company"]), "") if ticket["company"] else ""
        where = [by_client[client or "nobody"], by_match[match or "no match"], total]
        if supplier:
            where.append(by_supplier[supplier])
        elif people:
            where += [by_person[person] for person in dict.fromkeys(people)]
        elif staff.is_ready(state, ticket):
            where.append(by_person["nobody"])
        for counts in where:
            counts.update(figures)
        what = _to_do(figures, here is not None and here <= end_of_day)
        if what and "issues" not in figures and ticket.key in state.waiting:
            what = APPROVE
        if what:
            who = {
                "send": supplier or ", ".join(people) or "nobody",
                "get the guest": client,
                "allocate": "office",
                APPROVE: roles.OPS_MANAGER,
                "resolve the issue": staff.escalated_to(task, ticket) or "office",
            }.get(what, "office")
            todo[what, who, match].append(ticket.key)
    rows = [
        ToDo(what, who, match, when.venue if when else None, len(keys), keys[0])
        for (what, who, match), keys in todo.items()
        for when in [due_of(due, match)]
    ]
    latest = Due(datetime.max, datetime.max)
    rows.sort(
        key=lambda row: (
            (due_of(due, row.match) or latest).here,
            ids.natural_order(row.match),
            row.what,
            row.who,
        )
    )
    return DispatchStatus(
        Figures(**total),
        _by_name(by_client),
        _by_name(by_supplier),
        _by_name(by_person),
        _by_name(by_match),
        tuple(rows),
        without_date=sum(1 for match in by_match if due_of(due, match) is None),
    )


def _by_name(table: Mapping[str, Mapping[str, int]]) -> dict[str, Figures]:
    return {
        name: Figures(**counts)
        for name, counts in sorted(table.items(), key=lambda item: ids.natural_order(item[0]))
    }


def _figures(
    state: State, ticket: Record, deadline: datetime | None, now: datetime, end_of_day: datetime
) -> list[str]:
    """The figures that a ticket counts in."""
    delivery = ticket["delivery"] or states.NOT_SENT
    complained = has_complaint(state, ticket) and delivery != states.ACCEPTED
    gone = delivery in states.DISPATCHED
    unsent = not gone and delivery in states.DELIVERY
    served = bool(unit_of(ticket))
    rules = {
        "tickets": True,
        "allocated": served,
        "sent": delivery in (states.SENT, states.UPLOADED),
        "accepted": delivery == states.ACCEPTED,
        "pending": delivery == states.PENDING,
        "issues": delivery == states.ISSUE or complained,
        "no_guest": served and not ticket["client_email"] and unsent,
        "to_send": unsent and staff.is_ready(state, ticket),
        "overdue": unsent and deadline is not None and deadline < now,
        "today": unsent and deadline is not None and now <= deadline <= end_of_day,
        "not_understood": not gone and ticket.key in state.unknown,
    }
    return [name for name, holds in rules.items() if holds]


def _to_do(figures: list[str], due: bool) -> str:
    """What must be done for a ticket today; empty where nothing. due: whether its deadline is past,
    or is today."""
    if "issues" in figures:
        return "resolve the issue"
    if due and "not_understood" in figures:
        return CORRECT
    if "overdue" not in figures and "today" not in figures:
        return ""
    if "allocated" not in figures:
        return "allocate"
    return "get the guest" if "no_guest" in figures else "send"
