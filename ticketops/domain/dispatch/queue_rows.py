"""The rows of the queues: `_STAFF_QUEUE` (§8) and `_SUPPLIER_QUEUE` (§9) as Distribution and the
units make them."""

from __future__ import annotations

from collections.abc import Iterable

from ticketops.domain.dispatch import staff, suppliers
from ticketops.domain.dispatch.state import State
from ticketops.domain.ticket.records import Record, StockUnit, is_live
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.model import states
from ticketops.schema.layouts.event import STAFF_QUEUE, SUPPLIER_QUEUE


def write_tasks(state: State, tickets: Iterable[Record], *, everything: bool) -> int:
    """`_STAFF_QUEUE`: new tasks, and all that tasks inherit (§8 step 1). What managers and staff
    typed stays. How many tasks are new."""
    new = 0
    for ticket in tickets:
        task = staff.live_task(state, ticket)
        if task is not None and _tells_of_another_unit(task, ticket):
            task.set("dist_row", None)
            task = None
        if task is None:
            if not (is_live(ticket) and staff.is_ready(state, ticket)) or suppliers.ticket_supplier(
                state, ticket
            ):
                continue
            task = state.add(STAFF_QUEUE, state.new_task_id(), {"sales_id": ticket.key})
            task.set("task_id", task.key)
            state.tasks_of[ticket.key].append(task)
            new += 1
        for name, value in staff.inherited(state, ticket).items():
            task.set(name, value)
        task.set("dispatch_status", staff.shown_delivery(ticket["delivery"]))
        task.set("dispatched_at", ticket["dispatched_at"])
        task.set("staff_notes", ticket["dispatch_notes"])
        task.set("notes_agreed", ticket["dispatch_notes"])
        if task["priority"] is None:
            task.set("priority", "Normal")
    if everything:
        for task in state.tasks:
            if task["dist_row"] is not None and staff.ticket_of(state, task) is None:
                task.set(
                    "dist_row", None
                )  # its ticket is gone: stale, never that of a later ticket of the same name
    return new


def _tells_of_another_unit(task: Record, ticket: Record) -> bool:
    """Whether a task is the record of another unit's dispatch: then its ticket gets a task of its
    own."""
    said = task.before.get("dispatch_status")
    return not staff.about_same_unit(task, ticket) and (
        said in states.DISPATCHED or bool(task["proof_url"])
    )


def write_supplier_rows(state: State, tickets: Iterable[Record], *, everything: bool) -> None:
    """`_SUPPLIER_QUEUE`: one row a unit that was bought from a supplier, and the ticket it serves
    (§9a, §9b)."""
    by_unit = suppliers.tickets_by_unit(state)
    rows = rows_by_unit(state)
    wanted = {unit_of(ticket) for ticket in tickets}
    kept: set[int] = set()
    for key, units in suppliers.units_of(state).items():
        for unit in units:
            row = rows.get((key, unit.unit_id))
            kept.add(id(row))
            ticket = by_unit.get(unit.unit_id)
            if ticket is not None and ticket.key in state.unknown:
                continue
            if everything or unit.unit_id in wanted:
                _write_supplier_row(state, key, unit, ticket, row)
    if everything:
        for row in state.supplier_rows:
            if (
                row.before["row"] is not None
                and id(row) not in kept
                and row.key.upper() in state.groups.keys
            ):
                state.gone[SUPPLIER_QUEUE].append(
                    (row.before["row"], f"{row.key} {row['unit_ids'] or row['sales_id'] or ''}")
                )
        leaving = {row for row, _ in state.gone[SUPPLIER_QUEUE]}
        state.supplier_rows[:] = [
            row for row in state.supplier_rows if row.before["row"] not in leaving
        ]


def rows_by_unit(state: State) -> dict[tuple[str, str], Record]:
    """{(SupplierKey, UnitID): the row of `_SUPPLIER_QUEUE` about it}, the first where there are
    several."""
    found: dict[tuple[str, str], Record] = {}
    for row in state.supplier_rows:
        found.setdefault((row.key.upper(), row["unit_ids"] or ""), row)
    return found


def _write_supplier_row(
    state: State, key: str, unit: StockUnit, ticket: Record | None, row: Record | None
) -> None:
    values = suppliers.row_values(state, key, unit, ticket)
    values |= {"vendor": unit.vendor, "email": unit.email, "notes_agreed": values["dispatch_notes"]}
    if row is None:
        state.add(SUPPLIER_QUEUE, key, values | {"supplier_key": key})
        return
    for name, value in values.items():
        if value or row[name]:  # a tick-box that is off is a blank
            row.set(name, value)
