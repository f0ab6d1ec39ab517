"""Rows that an edit writes: what a plain dictionary of dictionaries would hold."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ticketops.model.changes import ChangeSet, CopyCells
from ticketops.schema.layouts.event import EVENT, SALES
from ticketops.schema.tables import build_table
from ticketops.stores.edited import EditedRows
from ticketops.stores.edits import compile_edits

VALUES = st.sampled_from([None, "", "a", 0, 1.5, False])
BLOCKS = st.tuples(
    st.integers(1, 6),
    st.lists(st.integers(1, 5), max_size=3, unique=True),
    st.integers(0, 4),
    st.randoms(use_true_random=False),
)
STEPS = st.lists(
    st.one_of(st.tuples(st.integers(1, 8), st.integers(1, 5), VALUES), BLOCKS), max_size=6
)


@given(STEPS)
def test_rows_are_what_a_dictionary_holds_whatever_came_in_blocks(steps: list[Any]) -> None:
    edited, model = EditedRows({2: {1: "x"}}), {2: {1: "x"}}
    for step in steps:
        if len(step) == 3:
            row, column, value = step
            edited.own(row)[column] = value
            model.setdefault(row, {})[column] = value
            continue
        first, places, height, chance = step
        rows = [tuple(chance.choice((None, "b", 2)) for _ in places) for _ in range(height)]
        edited.put(first, places, rows)
        for row, values in enumerate(rows, start=first):
            cells = {p: v for p, v in zip(places, values, strict=True) if v is not None}
            model.setdefault(row, {}).update(cells)
    assert {row: dict(cells) for row, cells in edited.items()} == model
    assert len(edited) == len(list(edited)) == len(model)
    assert all((row in edited) is (row in model) for row in range(12))
    assert edited.count() == sum(map(len, model.values()))
    columns = [column for cells in model.values() for column in cells]
    assert (min(edited.ends(), default=0), max(edited.ends(), default=0)) == (
        min(columns, default=0),
        max(columns, default=0),
    )


def test_what_is_looked_up_in_a_block_is_not_kept_before_it_is_owned() -> None:
    rows = EditedRows()
    rows.put(3, [1, 4], [("a", None), ("b", 2)])
    rows.own(4)[9] = "c"
    assert [dict(rows[3]), dict(rows[4])] == [{1: "a"}, {1: "b", 4: 2, 9: "c"}]


def test_many_copied_rows_are_the_same_cells() -> None:
    """Rows 2 to 4 stand; one further down is missing, one empties a cell."""
    headers = [column.header for column in EVENT[SALES].columns]
    place = {column.name: i for i, column in enumerate(EVENT[SALES].columns, start=1)}
    table = build_table(EVENT[SALES], headers, [["x"] * len(headers)] * 3)
    rows = {
        row: {"notes": (None, f"note {row}")} | ({"number": (None, row)} if row % 3 else {})
        for row in range(3, 1_600)
        if row != 700
    }
    rows[1_599]["match"] = ("M1", None)
    changes = ChangeSet([CopyCells(SALES, rows)])
    edit = compile_edits(changes, {SALES: table})[SALES]
    assert {row: dict(cells) for row, cells in edit.cells.items()} == {
        row: {place[name]: after for name, (_before, after) in cells.items()}
        for row, cells in rows.items()
    }
