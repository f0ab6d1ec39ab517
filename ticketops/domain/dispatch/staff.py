"""What staff see and do (§8): the tasks of `_STAFF_QUEUE`, who has them, the rows of a book."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ticketops.domain.dispatch.records import Record, is_live, unit_of
from ticketops.domain.dispatch.state import State
from ticketops.errors import NotFoundError
from ticketops.model import states
from ticketops.schema.books import STAFF_LAYOUT, Book, BookRow
from ticketops.schema.workbook import STAFF_QUEUE

SHOWN = {states.UPLOADED: states.SENT}
"""Staff know no UPLOADED (§17): to them it was sent."""
_TYPED = frozenset(STAFF_LAYOUT.typed)
_INHERITED = ("match", "category", "sets", "qty", "company", "block", "seat_row", "seat", "unit_ids", "contract", "first_name", "last_name",
              "client_email", "inv_no")  # fmt: skip


def shown_delivery(delivery: str | None) -> str:
    """A Delivery as staff see it."""
    return SHOWN.get(delivery or states.NOT_SENT, delivery or states.NOT_SENT)


def is_ready(ticket: Record) -> bool:
    """Whether a ticket can be sent: it has a unit and an address (§8 step 1)."""
    return bool(unit_of(ticket) and ticket["client_email"])


def inherited(state: State, ticket: Record) -> dict[str, Any]:
    """What a task takes from its ticket and unit; the rest of it is typed by managers and staff."""
    unit = state.units.get(unit_of(ticket), {})
    values = {name: ticket[name] for name in _INHERITED}
    return values | {
        "sales_id": ticket.key, "dist_row": ticket.before["row"], "vendor_email": ticket["email"] or unit.get("email"),
        "vendor_password": vendor_password(unit, ticket),
    }  # fmt: skip


def vendor_password(unit: dict[str, Any], ticket: Record) -> str | None:
    """The password a ticket is sent with: its unit's, the one beside it, or that of the legacy column."""
    return unit.get("password") or ticket["password"] or unit.get("password_legacy")


def about_same_unit(task: Record, ticket: Record) -> bool:
    """Whether a task still speaks of the unit that its ticket has now."""
    if task["unit_ids"]:
        return bool(task["unit_ids"] == ticket["unit_ids"])
    same = ("contract", "block", "seat_row", "seat")
    return all(task[name] == ticket[name] for name in same) or all(task[name] is None for name in same)


def live_task(state: State, ticket: Record) -> Record | None:
    """The task of a ticket: the newest that names its row. One that was cut off from a row that is gone (DistRow blank) is a memory."""
    own = [task for task in state.tasks_of.get(ticket.key, []) if task["dist_row"] == ticket.before["row"]]
    return own[-1] if own else None


def assignees(task: Record) -> list[str]:
    """The addresses in AssignedTo, in lower case."""
    return [part for part in re.split(r"[\s,;/|]+", (task["assigned_to"] or "").casefold()) if part]


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
    """{address: (task, ticket) of those tickets that are still owed and that no supplier sends}, in the order of a book: what can be
    sent first, by priority, day and task."""
    found: dict[str, list[tuple[Record, Record]]] = {}
    for task in state.tasks:
        people = assignees(task)
        ticket = ticket_of(state, task) if people else None
        if ticket is not None and is_live(ticket) and not state.supplier_of(unit_of(ticket)):
            for person in dict.fromkeys(people):
                found.setdefault(person, []).append((task, ticket))
    for pairs in found.values():
        pairs.sort(key=lambda pair: _urgency(state, *pair))
    return found


def _urgency(state: State, task: Record, ticket: Record) -> tuple[Any, ...]:
    rank = {"High": 0, "Low": 2}.get(task["priority"] or "", 1)
    day = state.dates.get(ticket["match"] or "")
    return not is_ready(ticket), rank, day is None, day, ticket["match"] or "", task.key


def book(state: State, person: str, pairs: Iterable[tuple[Record, Record]], *, passwords: bool = False) -> Book:
    """A staff member's book. passwords: whether it carries VendorPassword, as it stands in the workbook (sealed)."""
    return Book(STAFF_LAYOUT, person, person, [_row(state, task, ticket, passwords=passwords) for task, ticket in pairs])


def _row(state: State, task: Record, ticket: Record, *, passwords: bool) -> BookRow:
    values = inherited(state, ticket) | {
        "task_id": task.key, "priority": task["priority"] or "Normal", "dispatch_status": shown_delivery(ticket["delivery"]),
        "dispatched_at": ticket["dispatched_at"], "staff_notes": ticket["dispatch_notes"], "proof_url": task["proof_url"],
    }  # fmt: skip
    if not passwords:
        values["vendor_password"] = None
    return BookRow(task.key, values, _TYPED if is_ready(ticket) else frozenset(), unit_of(ticket))
