"""What holds of a book whose hidden sheet is gone, touched or not known: nothing that it says of
itself is believed; what its party may say follows from the tickets as they are now."""

from __future__ import annotations

from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.field_edits import FieldEdit
from ticketops.domain.dispatch.state import State
from ticketops.domain.plan import Run
from ticketops.domain.ticket.records import Record
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.model import book_kinds
from ticketops.schema.book_layouts import Returned


def open_now(state: State, kind: str, ticket: Record) -> frozenset[str]:
    """The cells of a ticket that are open in a book that is made now."""
    if kind == book_kinds.CLIENT:
        return clients.open_cells(state, ticket)
    if kind == book_kinds.STAFF_BOOK:
        return staff.open_cells(state, ticket)
    served = suppliers.tickets_by_unit(state).get(unit_of(ticket))
    return suppliers.OPEN if served is ticket else frozenset()


def units_said(file: Returned) -> dict[str, str]:
    """{key of a row: the UnitID that its hidden sheet names}: not to be trusted, but where it is
    another one than the ticket has now, what the row says was said of that."""
    return {row.key: row.unit_id for row in file.base or () if row.key}


def why_not_then(state: State, run: Run, ticket: Record, edit: FieldEdit) -> str:
    """Why the ticket can't have been dispatched at the moment that somebody names; empty where it
    can. Clocks of other zones are behind by less than a day, so that the day of the allocation
    counts whole."""
    at = edit.value if edit.field == "dispatched_at" else edit.at
    if at is None:
        return ""
    allocated = state.unit(ticket).allocated_at
    if at > run.now:
        return f"{at} is in the future"
    if allocated is not None and at.date() < allocated.date():
        return f"its unit was allocated only on {allocated}, after {at}"
    return ""
