"""What is the same however it is written; values on their way; columns and sheets that one side lacks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.domain.sync.copies import HERE, KEYED, THERE, after, copy_of, nobody, sides, texts_of
from ticketops.domain.sync.merge import Counts, Difference, Side, changes_of, differences, take_over
from ticketops.model.changes import AddColumns, AddSheet, CopyCells
from ticketops.schema.layouts.event import ALLOC_LOG, EVENT, POLICIES, SALES, UNITS
from ticketops.schema.structure import with_structure
from ticketops.schema.tables import Snapshot

# --- what is the same, however it is written

SAME = [
    (SALES, "number", 2, "2"),
    (SALES, "number", 2.0, 2),
    (SALES, "price", 350, "350.0"),
    (SALES, "price", 1e5, "1e5"),
    (SALES, "contract", 630679135.0, "630679135"),
    (SALES, "contract", " M1 ", "M1"),
    (SALES, "notes", 12.0, "12"),
    (SALES, "notes", True, "TRUE"),
    (SALES, "date", datetime(2026, 6, 11), "2026-06-11"),
    (SALES, "date", datetime(2026, 6, 11), 46184.0),
    (SALES, "date", datetime(2026, 6, 13), "13/06/2026"),
    (SALES, "created_at", datetime(2026, 4, 17, 14, 30, 22), "2026-04-17T14:30:22"),
    (SALES, "oversell", True, "yes"),
    (SALES, "oversell", True, 1.0),
    (SALES, "oversell", False, None),
    (SALES, "oversell", "no", None),
    (SALES, "notes", "", None),
    (SALES, "contract", "  ", None),
    (SALES, "number", "many", "many"),
    (SALES, "number", 3.5, "3.5"),
]


@pytest.mark.parametrize(("sheet", "column", "here", "there"), SAME)
def test_the_same_written_otherwise(sheet: str, column: str, here: Any, there: Any) -> None:
    assert (
        sides(
            sheet,
            None,
            {1: {"sales_id": "S1", column: here}},
            {1: {"sales_id": "S1", column: there}},
        )
        == {}
    )


DIFFERENT = [
    ("contract", "0012", 12.0),
    ("contract", "1e5", 100000.0),
    ("notes", " b", "b"),
    ("notes", "=1+1", "2"),
    ("notes", "\u00e9", "e\u0301"),
    ("number", "many", None),
    ("number", "many", 3),
    ("date", datetime(2026, 6, 11), datetime(2026, 6, 12)),
    ("date", datetime(2026, 6, 11), "soon"),
    ("created_at", datetime(2026, 4, 17, 14, 30, 22), datetime(2026, 4, 17, 14, 30, 23)),
    ("oversell", True, False),
    ("oversell", "maybe", False),
    ("price", 0.1 + 0.2, 0.3),
    ("client", "Acme", "ACME"),
    ("price", 0, None),
]


@pytest.mark.parametrize(("column", "here", "there"), DIFFERENT)
def test_what_is_not_the_same(column: str, here: Any, there: Any) -> None:
    row = {"sales_id": "S1"}
    assert set(sides(SALES, {1: row}, {1: row | {column: here}}, {1: row | {column: there}})) == {
        (1, column)
    }


# --- values on their way

VALUES = [
    ("notes", "=1+1"),
    ("notes", " b\nc"),
    ("contract", "0012"),
    ("number", 7),
    ("price", 0.1),
    ("date", datetime(2026, 6, 11)),
    ("created_at", datetime(2026, 4, 17, 14, 30, 22)),
    ("oversell", True),
    ("number", "many"),
    ("number", 3.5),
    ("date", "soon"),
    ("date", -5.0),
    ("price", True),
    ("oversell", "maybe"),
    ("number", datetime(2026, 6, 11)),
]


@pytest.mark.parametrize(("column", "value"), VALUES)
def test_a_value_arrives_as_it_is(column: str, value: Any) -> None:
    """Also one that does not fit its column."""
    row = {"sales_id": "S1"}
    local, remote = copy_of(SALES, {1: row}), copy_of(SALES, {1: row | {column: value}})
    taken = take_over(HERE, local, remote, local.texts, nobody())
    assert taken.changes == CopyCells(SALES, {2: {column: (None, value)}})
    (((_, arrived),),) = (cells.values() for cells in taken.changes.rows.values())
    assert type(arrived) is (float if column == "price" else type(value))
    now, _ = after(HERE, local, remote, taken)
    assert differences(EVENT[SALES], now.texts, remote.texts, taken.agreed) == []


def test_a_misfit_is_replaced_and_emptied_like_any_value() -> None:
    row = {"sales_id": "S1"}
    many, three, blank = (
        copy_of(SALES, {1: row | {"number": value}}) for value in ("many", 3, None)
    )
    for old, new, cells in (
        (many, three, ("many", 3)),
        (many, blank, ("many", None)),
        (three, many, (3, "many")),
    ):
        taken = take_over(HERE, old, new, old.texts, nobody())
        assert taken.changes == CopyCells(SALES, {2: {"number": cells}})
        assert after(HERE, old, new, taken)[0].texts.equals(new.texts)


def test_a_tick_box_is_taken_off() -> None:
    row = {"sales_id": "S1"}
    on, off = (
        copy_of(SALES, {1: row | {"oversell": True}}),
        copy_of(SALES, {1: row | {"oversell": False}}),
    )
    taken = take_over(THERE, off, on, on.texts, nobody())
    assert taken.changes == CopyCells(SALES, {2: {"oversell": (True, False)}})


def test_a_row_is_emptied_cell_by_cell() -> None:
    local, remote = (
        copy_of(SALES, {1: KEYED, 2: {"sales_id": "S2"}}),
        copy_of(SALES, {2: {"sales_id": "S2"}}),
    )
    taken = take_over(HERE, local, remote, local.texts, nobody())
    assert taken.changes == CopyCells(
        SALES, {2: {name: (value, None) for name, value in KEYED.items()}}
    )
    assert after(HERE, local, remote, taken)[0].table.frame["row"].to_list() == [3]


def test_all_that_is_taken_over_is_one_change_set() -> None:
    sheets = {SALES: {"sales_id": "S1"}, UNITS: {"unit_id": "P00001"}, ALLOC_LOG: {}}
    taken = [
        take_over(HERE, copy_of(name, {}), copy_of(name, {1: row}), texts_of(name, None), nobody())
        for name, row in sheets.items()
    ]
    assert changes_of(taken).sheets == [SALES, UNITS]
    assert changes_of(taken).counts() == {
        name: {"set": 1, "appended": 0, "deleted": 0, "replaced": 0} for name in (SALES, UNITS)
    }


def test_cells_that_are_to_be_left_are_neither_written_nor_agreed() -> None:
    """Such as formulas: the other cells of the row are taken over, and what was left is a
    difference still."""
    base, new = KEYED | {"notes": "n"}, KEYED | {"notes": "m", "number": 9}
    local, remote = copy_of(SALES, {1: base}), copy_of(SALES, {1: new})
    taken = take_over(HERE, local, remote, local.texts, nobody(), {(2, "notes"), (3, "client")})
    assert taken.changes == CopyCells(SALES, {2: {"number": (2, 9)}})
    assert taken.counts == Counts(local=0, remote=2, conflicts=0, taken=1)
    now, _ = after(HERE, local, remote, taken)
    assert differences(EVENT[SALES], now.texts, remote.texts, taken.agreed) == [
        Difference(2, "notes", THERE)
    ]


# --- columns and sheets that one side lacks


def test_a_column_of_ours_that_one_side_lacks_is_made() -> None:
    """Extension columns stand in few workbooks at first."""
    local = copy_of(SALES, {1: KEYED | {"currency": "USD", "order_id": "O1"}})
    remote = copy_of(SALES, {1: KEYED}, without=("currency", "order_id", "user"))
    taken = take_over(THERE, local, remote, remote.texts, nobody())
    assert taken.changes == CopyCells(
        SALES, {2: {"order_id": (None, "O1"), "currency": (None, "USD")}}
    )
    whole = with_structure(changes_of([taken]), Snapshot("1", {SALES: remote.table}))
    assert list(whole) == [AddColumns(SALES, ("order_id", "currency")), taken.changes]
    assert after(THERE, local, remote, taken)[1].texts.equals(local.texts)


def test_a_column_that_both_sides_fill_nowhere_is_not_made() -> None:
    local, remote = copy_of(SALES, {1: KEYED}), copy_of(SALES, {1: KEYED}, without=("currency",))
    assert take_over(THERE, local, remote, texts_of(SALES, None), nobody()).changes is None


def test_a_sheet_of_ours_that_one_side_lacks_is_made() -> None:
    local, remote = (
        copy_of(POLICIES, {1: {"scope": "GLOBAL", "mode": "MANUAL"}}),
        copy_of(POLICIES, None),
    )
    taken = take_over(THERE, local, remote, remote.texts, nobody())
    whole = with_structure(changes_of([taken]), Snapshot("1", {POLICIES: remote.table}))
    assert list(whole) == [
        AddSheet(POLICIES),
        CopyCells(POLICIES, {2: {"scope": (None, "GLOBAL"), "mode": (None, "MANUAL")}}),
    ]


# --- a copy that has nothing yet


@pytest.mark.parametrize("into", [HERE, THERE])
def test_an_empty_copy_takes_every_cell(into: Side) -> None:
    """Ticks that are off and blanks are nothing to take; what does not fit goes as it is."""
    full = copy_of(
        SALES,
        {
            1: {"sales_id": "S1", "match": "M01", "number": 2, "oversell": True, "price": 0},
            3: {"sales_id": "S2", "match": "M01", "number": "many", "oversell": False, "notes": ""},
        },
    )
    empty = copy_of(SALES, {})
    here, there = (empty, full) if into is HERE else (full, empty)
    taken = take_over(into, here, there, texts_of(SALES, None), nobody())
    top = EVENT[SALES].header_row
    expected = {
        top + 1: {"sales_id": "S1", "match": "M01", "number": 2, "oversell": True, "price": 0},
        top + 3: {"sales_id": "S2", "match": "M01", "number": "many"},
    }
    assert taken.changes is not None
    assert taken.changes.rows == {
        row: {name: (None, value) for name, value in cells.items()}
        for row, cells in expected.items()
    }
    assert taken.counts == (Counts(0, 8, 0, 8) if into is HERE else Counts(8, 0, 0, 8))
    assert taken.conflicts == []
    assert taken.agreed.equals(full.texts)
