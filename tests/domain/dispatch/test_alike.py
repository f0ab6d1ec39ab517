"""A state that takes over what it has in common with an earlier one says what a state says that is made
of the workbook alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.dispatch.desk import DispatchDesk, served
from ticketops.domain.dispatch.state import State
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import (
    CLIENT_INPUTS,
    DISTRIBUTION,
    PURCHASES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    UNITS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services.book_job import PartyBooks
from ticketops.services.books import LEDGERS_OF_BOOKS, LISTS_OF_BOOKS

CELLS = (
    (DISTRIBUTION, "first_name", ("Ann", "Bolt Tours", "Salvi", None)),
    (DISTRIBUTION, "comment", ("from Acme Travel", "by Povami Two", None)),
    (DISTRIBUTION, "delivery", ("SENT", "ISSUE", None)),
    (DISTRIBUTION, "company", ("Acme Travel", "Bolt Tours", "Crown Trips", None)),
    (DISTRIBUTION, "vendor", ("Salvi Tickets", "Crown Trips")),
    (DISTRIBUTION, "sales_id", ("S1-1", "S9-1", "remark")),
    (DISTRIBUTION, "row_type", ("Purchases", "Sales")),
    (DISTRIBUTION, "match", ("M01", "M02")),
    (DISTRIBUTION, "status", ("CANCELLED", "ALLOCATED")),
    (UNITS, "vendor", ("Povami Two", "Viagogo")),
    (UNITS, "seat", ("9", None)),
    (SALES, "client", ("Acme Travel", "Crown Trips")),
    (SALES, "status", ("PENDING_APPROVAL", "ALLOCATED")),
    (SALES, "contract", ("SALVI-7", None)),
    (PURCHASES, "vendor", ("Crown Trips", "Povami")),
    (SCHEDULE, "game", ("Bolt Tours", "A vs B")),
    (STAFF_QUEUE, "staff_notes", ("called", None)),
    (SUPPLIER_QUEUE, "dispatch_notes", ("by Salvi Tickets", None)),
    (CLIENT_INPUTS, "comment", ("said before", None)),
    (SUPPLIER_GROUPS, "vendor", ("Viagogo", "Salvi Tickets")),
)
"""(sheet, column, what somebody may write there)."""
EDIT = st.one_of(
    *(
        st.tuples(st.just(sheet), st.just(column), st.integers(0, 20), st.sampled_from(values))
        for sheet, column, values in CELLS
    )
)


def written(snapshot: Snapshot, edit: tuple[str, str, int, Any]) -> Snapshot:
    """The snapshot with a cell written; rows are added where a sheet has none, and now and then."""
    sheet, column, place, value = edit
    table, changes = snapshot[sheet], ChangeSet()
    if place >= table.frame.height or place == 20:
        blank = {one.name: None for one in table.sheet.columns if one.name != "row"}
        values = blank | {column: value}
        if sheet == DISTRIBUTION:
            values |= {"sales_id": f"S7-{table.next_row}", "row_type": "Sales", "match": "M01"}
        changes.append(sheet, table.next_row, tuple(values), [tuple(values.values())])
    else:
        row = table.frame.row(place, named=True)
        changes.set(sheet, row["row"], None, {column: (row[column], value)})
    return snapshot.after(changes)


def without_a_row(snapshot: Snapshot, sheet: str) -> Snapshot:
    changes = ChangeSet()
    changes.delete(sheet, {snapshot[sheet].frame["row"][0]: ""})
    return snapshot.after(changes)


def said(state: State) -> Any:
    """Everything that parties read of it, and what it is sorted out by."""
    books = PartyBooks(state, None)
    parties = {("client", key) for key in state.client_titles}
    parties |= {("supplier", key) for key in ("SALVI", "POVAMI", "CROWN")}
    parties |= {("staff", task["assigned_to"]) for task in state.tasks if task["assigned_to"]}
    read = {
        one: [(row.key, row.values, row.open) for row in books.of(*one, passwords=False).rows]
        for one in sorted(parties)
    }
    tickets = {key: ticket.before for key, ticket in state.tickets.items()}
    queues = [[one.before for one in of] for of in (state.tasks, state.supplier_rows)]
    names = (state.vendors, state.companies, state.client_titles, state.games, state.suppliers)
    inputs = {key: one.before for key, one in state.client_inputs.items()}
    return read, tickets, list(state.tickets), queues, state.units, names, inputs


def started() -> Snapshot:
    desk = DispatchDesk(served())
    return desk.store.read(*LEDGERS_OF_BOOKS, *LISTS_OF_BOOKS)


EDITS = st.lists(
    st.one_of(EDIT, st.sampled_from((DISTRIBUTION, UNITS, STAFF_QUEUE))), min_size=1, max_size=6
)
"""Cells that are written, and sheets whose first row goes."""


@settings(max_examples=8)
@given(EDITS)
def test_nobody_reads_anything_else(edits: list[Any]) -> None:
    agrees(edits)


@pytest.mark.slow
@settings(max_examples=100)
@given(EDITS)
def test_nobody_reads_anything_else_after_more_of_them(edits: list[Any]) -> None:
    agrees(edits)


def agrees(edits: list[Any]) -> None:
    snapshot = started()
    like = State.of(snapshot)
    assert said(like) == said(State.of(snapshot, like))
    for edit in edits:
        if isinstance(edit, str):
            if snapshot[edit].frame.is_empty():
                continue
            snapshot = without_a_row(snapshot, edit)
        else:
            snapshot = written(snapshot, edit)
        like = State.of(snapshot, like)
        assert said(like) == said(State.of(snapshot))


def test_what_one_state_changes_the_next_does_not_have() -> None:
    snapshot = started()
    like = State.of(snapshot)
    changed = State.of(snapshot, like)
    changed.tickets["S1-1"].set("first_name", "Ann")
    assert like.tickets["S1-1"]["first_name"] != "Ann"
    assert State.of(snapshot, changed).tickets["S1-1"]["first_name"] != "Ann"


def test_a_name_that_turns_up_is_redacted_in_texts_of_before() -> None:
    snapshot = written(started(), (DISTRIBUTION, "comment", 0, "as Crown Trips wanted"))
    like = State.of(snapshot)
    said(like)
    snapshot = written(snapshot, (SALES, "client", 99, "Crown Trips"))
    books = PartyBooks(State.of(snapshot, like), None)
    rows = [row for key in ("SALVI", "POVAMI") for row in books.of("supplier", key, False).rows]
    assert not any("Crown" in str(row.values) for row in rows)
