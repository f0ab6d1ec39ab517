"""What staff see and do (§8): the tasks of `_STAFF_QUEUE`, who has them, the rows of a book."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketops.domain.allocation.targets import DECIDES, WAITS
from ticketops.domain.catalogue.fixtures import when_and_where
from ticketops.domain.dispatch.state import State
from ticketops.domain.masterdata import users
from ticketops.domain.masterdata.aliases import vendors
from ticketops.domain.masterdata.platforms import NOWHERE, Platform, platforms
from ticketops.domain.ticket.identity import sale_of
from ticketops.domain.ticket.masking import masked
from ticketops.domain.ticket.records import Record, is_live
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.errors import NotFoundError
from ticketops.model import book_kinds, roles, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key, same_name
from ticketops.schema import book_words
from ticketops.schema.book_layouts import STAFF_LAYOUT, Book, BookRow
from ticketops.schema.layouts.event import STAFF_QUEUE

SHOWN = {states.UPLOADED: states.SENT}
"""Staff know no UPLOADED (§17): to them it was sent."""
_TYPED = frozenset(STAFF_LAYOUT.typed)
_INHERITED = (
    "match",
    "category",
    "sets",
    "qty",
    "company",
    "block",
    "seat_row",
    "seat",
    "unit_ids",
    "contract",
    "first_name",
    "last_name",
    "client_email",
)


def shown_delivery(delivery: str | None) -> str:
    """A Delivery as staff see it."""
    return SHOWN.get(delivery or states.NOT_SENT, delivery or states.NOT_SENT)


def is_ready(state: State, ticket: Record) -> bool:
    """Whether a ticket can be sent: it has a unit and an address (§8 step 1), its sale does not
    wait for approval, and no cell of it is one that nobody understands (D16)."""
    barred = ticket.key in state.waiting or ticket.key in state.unknown
    return bool(unit_of(ticket) and ticket["client_email"] and not barred)


def is_to_send(state: State, ticket: Record) -> bool:
    """Whether staff are to send a ticket now: it is ready, no supplier sends it, and nobody has."""
    return (
        is_ready(state, ticket)
        and not state.supplier_of(unit_of(ticket))
        and ticket["delivery"] not in states.DISPATCHED
    )


def why_not_ready(state: State, ticket: Record) -> str:
    """Why a ticket can't be sent yet, as the end of a sentence."""
    if ticket.key in state.waiting:
        return f"its sale {WAITS}; {DECIDES}"
    if ticket.key in state.unknown:
        return state.unknown[ticket.key].said
    return f"it has no {'address' if unit_of(ticket) else 'unit'} yet"


def inherited(state: State, ticket: Record) -> dict[str, Any]:
    """What a task takes from its ticket and unit; the rest of it is typed by managers and staff."""
    used = account(state, ticket)
    values = {name: ticket[name] for name in _INHERITED}
    return values | {
        "sales_id": ticket.key,
        "dist_row": ticket.before["row"],
        "inv_no": state.inv_no(ticket),
        "vendor": vendor(state, ticket),
        "vendor_email": used.email,
        "vendor_password": used.password,
    }


@dataclass(frozen=True, slots=True)
class Account:
    """One login at a vendor, whole: its address, its LoginID and its password, as they stand in the
    workbook."""

    email: str | None = None
    login_id: str | None = None
    password: str | None = field(default=None, repr=False)


def account(state: State, ticket: Record) -> Account:
    """The login that a ticket is sent with: its unit's. Where the unit names no login, the one
    beside the ticket, if that is whole. What is said of two logins is never put together.

    A masked vendor (§14f) is called by its address; that is the login where the unit has no other.
    """
    unit = state.unit(ticket)
    password = unit.password or unit.password_legacy
    beside = Account(ticket["email"], None, ticket["password"])
    if unit.email or unit.login_id:
        if not password and same_name(beside.email, unit.email):
            password = beside.password
        return Account(unit.email, unit.login_id, password)
    _name, address = masked(unit.vendor, None, state.masked)
    if address:
        return Account(
            address,
            None,
            password or (beside.password if same_name(beside.email, address) else None),
        )
    if password and not (beside.email and beside.password):
        return Account(None, None, password)
    return beside


def vendor(state: State, ticket: Record) -> str | None:
    """The vendor of a ticket's unit as Distribution names it: masked (§14f)."""
    name, _address = masked(state.unit(ticket).vendor, None, state.masked)
    return name or ticket["vendor"]


def about_same_unit(task: Record, ticket: Record) -> bool:
    """Whether a task still speaks of the unit that its ticket has now."""
    if task["unit_ids"]:
        return bool(task["unit_ids"] == ticket["unit_ids"])
    same = ("contract", "block", "seat_row", "seat")
    return all(task[name] == ticket.before[name] for name in same) or all(
        task[name] is None for name in same
    )


def escalated_to(task: Record | None, ticket: Record) -> str | None:
    """Who has an issue that was escalated (§14d); None where it was not, or is resolved."""
    if task is None or ticket["delivery"] != states.ISSUE or task["escalated_at"] is None:
        return None
    return str(task["escalated_to"] or roles.OPS_MANAGER)


def live_task(state: State, ticket: Record) -> Record | None:
    """The task of a ticket: the newest that names its row. One that was cut off from a row that is
    gone (DistRow blank) is stale."""
    own = [
        task
        for task in state.tasks_of.get(ticket.key, [])
        if task["dist_row"] == ticket.before["row"]
    ]
    return own[-1] if own else None


def assignees(task: Record) -> list[str]:
    """The addresses in AssignedTo, in lower case."""
    return [part for part in re.split(r"[\s,;/|]+", (task["assigned_to"] or "").casefold()) if part]


def together(of: Sequence[Record]) -> list[int]:
    """For each ticket the number of its batch: those of one guest (address) or one sale are sent by
    one person."""
    batches: dict[str, int] = {}
    joined: list[int] = []

    def root(number: int) -> int:
        while joined[number] != number:
            number = joined[number]
        return number

    first = []
    for ticket in of:
        names = [f"sale {sale_of(ticket.key)}"]
        if ticket["client_email"]:
            names.append(f"guest {ticket['client_email'].casefold()}")
        known = sorted({root(batches[name]) for name in names if name in batches})
        if not known:
            joined.append(len(joined))
            known = [len(joined) - 1]
        for other in known[1:]:
            joined[other] = known[0]
        batches |= dict.fromkeys(names, known[0])
        first.append(known[0])
    return [root(number) for number in first]


def barred_findings(state: State) -> list[Finding]:
    """A finding for everybody who has tasks to do and may do nothing: inactive in _USERS, or not in
    it where it names anybody."""
    open_tasks: Counter[str] = Counter()
    for task in state.tasks:
        ticket = ticket_of(state, task)
        if ticket is not None and is_live(ticket) and ticket["delivery"] not in states.DISPATCHED:
            open_tasks.update(set(assignees(task)))
    return [
        Finding(
            "ASSIGNEE_BARRED",
            Severity.HIGH,
            f"{open_tasks[person]} of the tasks are assigned to {person}, who {why}: `staff "
            f"assign --from {person} --to ADDRESS` reassigns them",
            STAFF_QUEUE,
        )
        for person, why in sorted(users.barred_people(state.snapshot, open_tasks).items())
    ]


def find_task(state: State, task_id: str) -> Record:
    """Raises NotFoundError."""
    wanted = task_id.strip().upper()
    for task in state.tasks:
        if task.key.upper() == wanted:
            return task
    raise NotFoundError(f"{STAFF_QUEUE} has no task {task_id}", "staff tasks lists them")


def ticket_of(state: State, task: Record) -> Record | None:
    """The ticket a task is for; None for a task whose ticket is gone or has another task now."""
    ticket = state.tickets.get(task["sales_id"] or "")
    return ticket if ticket is not None and live_task(state, ticket) is task else None


def tasks_by_person(state: State) -> dict[str, list[tuple[Record, Record]]]:
    """{address: (task, ticket) of those tickets that are still owed and that no supplier sends}, in
    the order of a book: what can be sent first, by priority, day and task."""
    found: dict[str, list[tuple[Record, Record]]] = {}
    for task in state.tasks:
        people = assignees(task)
        ticket = ticket_of(state, task) if people else None
        if (
            ticket is not None
            and is_live(ticket)
            and ticket.key not in state.unknown
            and ticket.key not in state.waiting
            and not state.supplier_of(unit_of(ticket))
        ):
            for person in dict.fromkeys(people):
                found.setdefault(person, []).append((task, ticket))
    for pairs in found.values():
        pairs.sort(key=lambda pair: _urgency(state, *pair))
    return found


def _urgency(state: State, task: Record, ticket: Record) -> tuple[Any, ...]:
    rank = {"High": 0, "Low": 2}.get(task["priority"] or "", 1)
    return not is_ready(state, ticket), rank, *state.place(ticket), task.key


def book(
    state: State,
    person: str,
    pairs: Iterable[tuple[Record, Record]],
    *,
    passwords: bool = False,
    event: str | None = None,
) -> Book:
    """A staff member's book. passwords: whether it carries VendorPassword, as it stands in the
    workbook (sealed). event: the one whose platforms of vendors it names."""
    owner = vendors(state.snapshot, names=()).owner
    where = platforms(state.snapshot, event, owner)
    return Book(
        STAFF_LAYOUT,
        person,
        person,
        [
            _row(state, task, ticket, _platform(state, ticket, where, owner), passwords=passwords)
            for task, ticket in pairs
        ],
    )


def _platform(
    state: State, ticket: Record, where: Mapping[str | None, Platform], owner: Callable[[str], str]
) -> Platform:
    """Where a ticket is fetched: not where that would name a masked vendor (§14f)."""
    unit = state.unit(ticket)
    if not where or not unit.vendor or masked(unit.vendor, None, state.masked)[1]:
        return NOWHERE
    return where.get(name_key(owner(unit.vendor)), NOWHERE)


def _row(
    state: State, task: Record, ticket: Record, platform: Platform, *, passwords: bool
) -> BookRow:
    values = inherited(state, ticket) | {
        "task_id": task.key,
        "priority": task["priority"] or "Normal",
        "dispatch_status": shown_delivery(ticket["delivery"]),
        "dispatched_at": ticket["dispatched_at"],
        "staff_notes": ticket["dispatch_notes"],
        "proof_url": task["proof_url"],
        "platform_url": platform.url,
        "credential_hint": platform.hint,
    }
    values |= when_and_where(state.fixtures, state.occasion(ticket))
    values["game"] = state.game(ticket["match"], ticket["game"])
    values["in_words"] = (
        book_words.in_words(book_kinds.STAFF_BOOK, values["dispatch_status"])
        if is_ready(state, ticket)
        else book_words.NO_ADDRESS
        if unit_of(ticket)
        else book_words.NO_TICKET
    )
    if not passwords:
        values["vendor_password"] = None
    return BookRow(task.key, values, open_cells(state, ticket), unit_of(ticket))


def open_cells(state: State, ticket: Record) -> frozenset[str]:
    """The input cells of its task that are open."""
    return _TYPED if is_ready(state, ticket) else frozenset()
