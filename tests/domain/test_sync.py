"""Two copies against what they last had in common: every case by hand, cell by cell and row by row; whose word counts; what a person is
told. The oracle over random edits is `tests/test_sync_properties.py`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl
import pytest

from ticketops.domain.sync import (
    Copy,
    Difference,
    Preferences,
    Side,
    Taken,
    blank_texts,
    changes_of,
    conflict_findings,
    differences,
    identity,
    take_over,
)
from ticketops.errors import UsageError
from ticketops.model.changes import AddColumns, AddSheet, CopyCells
from ticketops.model.findings import Severity
from ticketops.schema.columns import text_of
from ticketops.schema.tables import Snapshot, apply, build_table, empty_table, with_structure
from ticketops.schema.workbook import (
    ALLOC_LOG,
    ALLOCATION_PREVIEW,
    DISTRIBUTION,
    MANIFEST,
    POLICIES,
    PURCHASES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)

HERE, THERE, CONFLICT = Side.LOCAL, Side.REMOTE, Side.CONFLICT
CANARY = "Pw-Zeisig-7731-im-Schilf"
Rows = Mapping[int, Mapping[str, Any]]
"""{row below the header, from 1: {column: raw value}}"""


def seal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def copy_of(sheet: str, rows: Rows | None, *, without: Sequence[str] = ()) -> Copy:
    """A copy of a sheet as it would be read; without: columns that it lacks. None: there is no such sheet."""
    made = MANIFEST[sheet]
    if rows is None:
        return Copy.of(empty_table(made), {}, seal)
    columns = [column for column in made.columns if column.name not in without]
    raw = [[rows.get(row, {}).get(column.name) for column in columns] for row in range(1, max(rows, default=0) + 1)]
    table = build_table(made, [column.header for column in columns], raw)
    misfits = {(m.row, m.column): rows[m.row - made.header_row][m.column] for m in table.misfits}
    return Copy.of(table, misfits, seal)


def texts_of(sheet: str, rows: Rows | None) -> pl.DataFrame:
    """What both copies had in common when they held these rows."""
    return copy_of(sheet, rows).texts if rows is not None else blank_texts(MANIFEST[sheet])


def sides(sheet: str, base: Rows | None, here: Rows | None, there: Rows | None) -> dict[tuple[int, str], Side]:
    """{(row below the header, column): where it changed}"""
    found = differences(MANIFEST[sheet], copy_of(sheet, here).texts, copy_of(sheet, there).texts, texts_of(sheet, base))
    assert len({(d.row, d.column) for d in found}) == len(found)
    return {(d.row - MANIFEST[sheet].header_row, d.column): d.side for d in found}


def nobody(*preferences: str) -> Preferences:
    return Preferences(preferences, MANIFEST)


def after(into: Side, here: Copy, there: Copy, taken: Taken) -> tuple[Copy, Copy]:
    """Both copies once it is written."""
    mine = here if into is HERE else there
    if taken.changes is None:
        return here, there
    table = apply(mine.table, [taken.changes])
    written = {(row, name): new for row, cells in taken.changes.rows.items() for name, (_old, new) in cells.items()}
    misfits = {(m.row, m.column): written.get((m.row, m.column), mine.misfits.get((m.row, m.column))) for m in table.misfits}
    made = Copy.of(table, misfits, seal)
    return (made, there) if into is HERE else (here, made)


# --- one cell

a, b, c = "a", "b", "c"
CELLS: list[tuple[str | None, str | None, str | None, Side | None]] = [
    # base, here, there, where it changed
    (a, a, a, None), (None, None, None, None),
    (a, a, b, THERE), (a, a, None, THERE), (None, None, a, THERE),
    (a, b, a, HERE), (a, None, a, HERE), (None, a, None, HERE),
    (a, b, b, None), (a, None, None, None), (None, a, a, None),
    (a, b, c, CONFLICT), (None, a, b, CONFLICT), (a, None, b, CONFLICT), (a, b, None, CONFLICT),
]  # fmt: skip
"""Every way in which three cells can be alike or not, blanks included."""


def sale(notes: str | None) -> Rows:
    return {1: {"sales_id": "S1", "client": "Acme", "notes": notes}}


@pytest.mark.parametrize(("base", "here", "there", "side"), CELLS)
def test_a_cell(base: str | None, here: str | None, there: str | None, side: Side | None) -> None:
    assert sides(SALES, sale(base), sale(here), sale(there)) == ({(1, "notes"): side} if side else {})


@pytest.mark.parametrize("into", [HERE, THERE])
@pytest.mark.parametrize("prefer", [None, HERE, THERE])
@pytest.mark.parametrize(("base", "here", "there", "side"), CELLS)
def test_what_is_taken_over_of_a_cell(
    base: str | None, here: str | None, there: str | None, side: Side | None, prefer: Side | None, into: Side
) -> None:
    """The other copy's word, where it changed there only or its word counts; afterwards both count as agreed."""
    local, remote = copy_of(SALES, sale(here)), copy_of(SALES, sale(there))
    taken = take_over(into, local, remote, texts_of(SALES, sale(base)), nobody(*([prefer] if prefer else [])))
    source = THERE if into is HERE else HERE
    word = prefer if side is CONFLICT else side
    old, new = (here, there) if into is HERE else (there, here)
    expected = CopyCells(SALES, {2: {"notes": (old, new)}}) if word is source else None
    assert taken.changes == expected
    left = side is CONFLICT and prefer is None
    assert taken.conflicts == ([Difference(2, "notes", CONFLICT)] if left else [])
    assert taken.counts == {"local": side is HERE, "remote": side is THERE, "conflicts": side is CONFLICT, "taken": expected is not None}
    now = after(into, local, remote, taken)
    again = differences(MANIFEST[SALES], now[0].texts, now[1].texts, taken.agreed)
    if word is source or side is None:
        assert again == []
    elif left:
        assert again == [Difference(2, "notes", CONFLICT)]
    else:  # the own word counts: it is the newer one from now on, and goes the other way
        assert again == [Difference(2, "notes", into)]


# --- one row


class RowCase(NamedTuple):
    """What three copies hold of one row, and where its cells changed. whole: the row is a conflict as a whole."""

    name: str
    sheet: str
    base: Mapping[str, Any]
    here: Mapping[str, Any]
    there: Mapping[str, Any]
    expected: dict[str, Side]
    whole: bool = False


KEYED: dict[str, Any] = {"sales_id": "S1", "client": "Acme", "match": "M1", "number": 2}
OTHER: dict[str, Any] = {"sales_id": "S9", "client": "Bolt", "match": "M7", "number": 5}
LOGGED = {"user": "ana", "action": "ALLOCATE", "reason": "x"}
QUEUED = {"supplier_key": "BEE", "sales_id": "S1-1", "notes": "n"}
LOGIN = {"vendor": "Ann", "login_id": "L1", "email": "a@x.example"}
ROWS = [
    RowCase("different cells of one record", SALES, KEYED, KEYED | {"client": "Acme Ltd"}, KEYED | {"number": 3}, {"client": HERE, "number": THERE}),
    RowCase("one cell contradicts, the others do not", SALES, KEYED, KEYED | {"client": "Acme Ltd", "match": "M2"},
            KEYED | {"client": "ACME", "number": 3}, {"client": CONFLICT, "match": HERE, "number": THERE}),
    RowCase("the same edit on both sides", SALES, KEYED, KEYED | {"client": "B"}, KEYED | {"client": "B"}, {}),
    RowCase("another record here", SALES, KEYED, OTHER, KEYED, dict.fromkeys(OTHER, HERE)),
    RowCase("another record there", SALES, KEYED, KEYED, OTHER, dict.fromkeys(OTHER, THERE)),
    RowCase("the same other record on both", SALES, KEYED, OTHER, OTHER | {"client": "Bo"}, {"client": CONFLICT}),
    RowCase("another record here, the old one edited there", SALES, KEYED, OTHER, KEYED | {"notes": "x"},
            dict.fromkeys((*OTHER, "notes"), CONFLICT), True),
    RowCase("the old one edited here, another record there", SALES, KEYED, KEYED | {"notes": "x"}, OTHER,
            dict.fromkeys((*OTHER, "notes"), CONFLICT), True),
    RowCase("two other records", SALES, KEYED, OTHER, OTHER | {"sales_id": "S8"}, {"sales_id": CONFLICT}, True),
    RowCase("a key here, a note there", SALES, {"client": "Acme"}, {"client": "Acme", "sales_id": "S1"}, {"client": "Acme", "notes": "x"},
            {"sales_id": CONFLICT, "notes": CONFLICT}, True),
    RowCase("the same key typed on both, a note there", SALES, {"client": "Acme"}, {"client": "Acme", "sales_id": "S1"},
            {"client": "Acme", "sales_id": "S1", "notes": "x"}, {"notes": THERE}),
    RowCase("new here", SALES, {}, KEYED, {}, dict.fromkeys(KEYED, HERE)),
    RowCase("new there", SALES, {}, {}, KEYED, dict.fromkeys(KEYED, THERE)),
    RowCase("the same new record", SALES, {}, KEYED, KEYED, {}),
    RowCase("one new record, written on both sides", SALES, {}, KEYED, {"sales_id": "S1", "client": "Acme", "notes": "x"},
            {"match": HERE, "number": HERE, "notes": THERE}),
    RowCase("one new record that contradicts itself", SALES, {}, KEYED, KEYED | {"number": 3, "notes": "x"},
            {"number": CONFLICT, "notes": CONFLICT}, True),
    RowCase("two new records", SALES, {}, KEYED, OTHER, dict.fromkeys(OTHER, CONFLICT), True),
    RowCase("emptied here", SALES, KEYED, {}, KEYED, dict.fromkeys(KEYED, HERE)),
    RowCase("emptied there", SALES, KEYED, KEYED, {}, dict.fromkeys(KEYED, THERE)),
    RowCase("emptied on both", SALES, KEYED, {}, {}, {}),
    RowCase("emptied here, edited there", SALES, KEYED, {}, KEYED | {"number": 3}, dict.fromkeys(KEYED, CONFLICT), True),
    RowCase("edited here, emptied there", SALES, KEYED, KEYED | {"notes": "x"}, {}, dict.fromkeys((*KEYED, "notes"), CONFLICT), True),
    RowCase("a row without a key: emptied here, edited there", SALES, {"client": "Acme"}, {}, {"client": "Acme", "notes": "x"},
            {"client": CONFLICT, "notes": CONFLICT}, True),
    RowCase("emptied here, another record there", SALES, KEYED, {}, OTHER, dict.fromkeys(OTHER, CONFLICT), True),
    RowCase("only a tick-box is left here, and it is off", SALES, KEYED, {"oversell": False}, KEYED | {"number": 3},
            dict.fromkeys(KEYED, CONFLICT), True),
    RowCase("a log: the row changed here", ALLOC_LOG, LOGGED, LOGGED | {"reason": "y"}, LOGGED, {"reason": HERE}),
    RowCase("a log: the row changed there", ALLOC_LOG, LOGGED, LOGGED, LOGGED | {"reason": "y"}, {"reason": THERE}),
    RowCase("a log: different cells of one row", ALLOC_LOG, LOGGED, LOGGED | {"user": "ben"}, LOGGED | {"reason": "y"},
            {"user": CONFLICT, "reason": CONFLICT}, True),
    RowCase("a log: both appended", ALLOC_LOG, {}, LOGGED, LOGGED | {"user": "ben"}, {"user": CONFLICT}, True),
    RowCase("a log: both appended the same", ALLOC_LOG, {}, LOGGED, LOGGED, {}),
    RowCase("a queue without a key: different cells of one row", SUPPLIER_QUEUE, QUEUED, QUEUED | {"notes": "m"}, QUEUED | {"seat": "1"},
            {"notes": CONFLICT, "seat": CONFLICT}, True),
    RowCase("a queue without a key: built anew here", ALLOCATION_PREVIEW, {"sales_id": "S1-1"}, {"sales_id": "S2-1", "qty": 1},
            {"sales_id": "S1-1"}, {"sales_id": HERE, "qty": HERE}),
    RowCase("a queue with a key: different cells of one task", STAFF_QUEUE, {"task_id": "T1"}, {"task_id": "T1", "assigned_to": "ana"},
            {"task_id": "T1", "staff_notes": "x"}, {"assigned_to": HERE, "staff_notes": THERE}),
    RowCase("a ledger without a key goes by its first column", VENDOR_CREDENTIALS, LOGIN, LOGIN | {"notes": "x"},
            LOGIN | {"vendor": "Bee", "email": "b@x.example"}, dict.fromkeys(("vendor", "email", "notes"), CONFLICT), True),
    RowCase("a login: different cells", VENDOR_CREDENTIALS, LOGIN, LOGIN | {"notes": "x"}, LOGIN | {"email": "b@x.example"},
            {"notes": HERE, "email": THERE}),
]  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=[case.name for case in ROWS])
def test_a_row(case: RowCase) -> None:
    assert sides(case.sheet, {1: case.base}, {1: case.here}, {1: case.there}) == {(1, name): side for name, side in case.expected.items()}
    found = differences(MANIFEST[case.sheet], *(texts_of(case.sheet, {1: row}) for row in (case.here, case.there, case.base)))
    assert {difference.whole_row for difference in found} <= {case.whole}


@pytest.mark.parametrize("case", ROWS, ids=[case.name for case in ROWS])
def test_the_sides_can_be_exchanged(case: RowCase) -> None:
    mirrored = {HERE: THERE, THERE: HERE, CONFLICT: CONFLICT}
    assert sides(case.sheet, {1: case.base}, {1: case.there}, {1: case.here}) == {
        (1, name): mirrored[side] for name, side in case.expected.items()
    }


@pytest.mark.parametrize("into", [HERE, THERE])
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ROWS])
def test_what_is_left_of_a_row(case: RowCase, into: Side) -> None:
    """Taken over once and once again the other way, the conflicts are left as they are; if one side's word counts, nothing is."""
    local, remote = copy_of(case.sheet, {1: case.here}), copy_of(case.sheet, {1: case.there})
    base = texts_of(case.sheet, {1: case.base})
    conflicts = {name for name, side in case.expected.items() if side is CONFLICT}
    for prefer, left in ((nobody(), conflicts), (nobody("local"), set()), (nobody("remote"), set())):
        first = take_over(into, local, remote, base, prefer)
        assert {conflict.column for conflict in first.conflicts} == left
        now = after(into, local, remote, first)
        second = take_over(THERE if into is HERE else HERE, *now, first.agreed, prefer)
        now = after(THERE if into is HERE else HERE, *now, second)
        assert {d.column: d.side for d in differences(MANIFEST[case.sheet], now[0].texts, now[1].texts, second.agreed)} == dict.fromkeys(
            left, CONFLICT
        )


def test_rows_do_not_disturb_each_other() -> None:
    base: dict[int, dict[str, Any]] = {1: KEYED, 2: {"sales_id": "S2", "number": 1}, 3: {"sales_id": "S3"}, 5: {"sales_id": "S5"}}
    here: Rows = base | {1: KEYED | {"notes": "x"}, 3: {}, 6: {"sales_id": "S6"}}
    there: Rows = base | {
        2: {"sales_id": "S2", "number": 9},
        5: {"sales_id": "S5", "match": "M1"},
        6: {"sales_id": "S7"},
        7: {"sales_id": "S8"},
    }
    assert sides(SALES, base, here, there) == {
        (1, "notes"): HERE, (2, "number"): THERE, (3, "sales_id"): HERE, (5, "match"): THERE, (6, "sales_id"): CONFLICT,
        (7, "sales_id"): THERE,
    }  # fmt: skip


def test_at_first_what_stands_on_one_side_goes_to_the_other_and_what_differs_is_a_conflict() -> None:
    here: Rows = {1: KEYED, 2: {"sales_id": "S2"}, 3: {"sales_id": "S3", "number": 1}}
    there: Rows = {1: KEYED | {"notes": "x"}, 3: {"sales_id": "S3", "number": 2}, 4: {"sales_id": "S4"}}
    assert sides(SALES, None, here, there) == {
        (1, "notes"): THERE, (2, "sales_id"): HERE, (3, "number"): CONFLICT, (4, "sales_id"): THERE,
    }  # fmt: skip


def test_which_column_says_what_a_row_holds() -> None:
    assert {name: identity(MANIFEST[name]) for name in (PURCHASES, DISTRIBUTION, UNITS, SCHEDULE, STAFF_QUEUE, SUPPLIER_QUEUE, ALLOC_LOG)} == {
        PURCHASES: ("purchase_id",), DISTRIBUTION: ("line_key",), UNITS: ("unit_id",), SCHEDULE: ("match",), STAFF_QUEUE: ("task_id",),
        SUPPLIER_QUEUE: (), ALLOC_LOG: (),
    }  # fmt: skip


# --- what is the same, however it is written

SAME = [
    (SALES, "number", 2, "2"), (SALES, "number", 2.0, 2), (SALES, "price", 350, "350.0"), (SALES, "price", 1e5, "1e5"),
    (SALES, "contract", 630679135.0, "630679135"), (SALES, "contract", " M1 ", "M1"),
    (SALES, "notes", 12.0, "12"), (SALES, "notes", True, "TRUE"),
    (SALES, "date", datetime(2026, 6, 11), "2026-06-11"), (SALES, "date", datetime(2026, 6, 11), 46184.0),
    (SALES, "date", datetime(2026, 6, 11), "11/06/2026"), (SALES, "created_at", datetime(2026, 4, 17, 14, 30, 22), "2026-04-17T14:30:22"),
    (SALES, "oversell", True, "yes"), (SALES, "oversell", True, 1.0), (SALES, "oversell", False, None), (SALES, "oversell", "no", None),
    (SALES, "notes", "", None), (SALES, "contract", "  ", None), (SALES, "number", "many", "many"), (SALES, "number", 3.5, "3.5"),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "column", "here", "there"), SAME)
def test_the_same_written_otherwise(sheet: str, column: str, here: Any, there: Any) -> None:
    assert sides(sheet, None, {1: {"sales_id": "S1", column: here}}, {1: {"sales_id": "S1", column: there}}) == {}


DIFFERENT = [
    ("contract", "0012", 12.0), ("contract", "1e5", 100000.0), ("notes", " b", "b"), ("notes", "=1+1", "2"), ("notes", "\u00e9", "e\u0301"),
    ("number", "many", None), ("number", "many", 3), ("date", datetime(2026, 6, 11), datetime(2026, 6, 12)),
    ("date", datetime(2026, 6, 11), "soon"), ("created_at", datetime(2026, 4, 17, 14, 30, 22), datetime(2026, 4, 17, 14, 30, 23)),
    ("oversell", True, False), ("oversell", "maybe", False), ("price", 0.1 + 0.2, 0.3), ("client", "Acme", "ACME"), ("price", 0, None),
]  # fmt: skip


@pytest.mark.parametrize(("column", "here", "there"), DIFFERENT)
def test_what_is_not_the_same(column: str, here: Any, there: Any) -> None:
    row = {"sales_id": "S1"}
    assert set(sides(SALES, {1: row}, {1: row | {column: here}}, {1: row | {column: there}})) == {(1, column)}


# --- values on their way

VALUES = [
    ("notes", "=1+1"), ("notes", " b\nc"), ("contract", "0012"), ("number", 7), ("price", 0.1), ("date", datetime(2026, 6, 11)),
    ("created_at", datetime(2026, 4, 17, 14, 30, 22)), ("oversell", True), ("number", "many"), ("number", 3.5), ("date", "soon"),
    ("date", -5.0), ("price", True), ("oversell", "maybe"), ("number", datetime(2026, 6, 11)),
]  # fmt: skip


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
    assert differences(MANIFEST[SALES], now.texts, remote.texts, taken.agreed) == []


def test_a_misfit_is_replaced_and_emptied_like_any_value() -> None:
    row = {"sales_id": "S1"}
    many, three, blank = (copy_of(SALES, {1: row | {"number": value}}) for value in ("many", 3, None))
    for old, new, cells in ((many, three, ("many", 3)), (many, blank, ("many", None)), (three, many, (3, "many"))):
        taken = take_over(HERE, old, new, old.texts, nobody())
        assert taken.changes == CopyCells(SALES, {2: {"number": cells}})
        assert after(HERE, old, new, taken)[0].texts.equals(new.texts)


def test_a_tick_box_is_taken_off() -> None:
    row = {"sales_id": "S1"}
    on, off = copy_of(SALES, {1: row | {"oversell": True}}), copy_of(SALES, {1: row | {"oversell": False}})
    taken = take_over(THERE, off, on, on.texts, nobody())
    assert taken.changes == CopyCells(SALES, {2: {"oversell": (True, False)}})


def test_a_row_is_emptied_cell_by_cell() -> None:
    local, remote = copy_of(SALES, {1: KEYED, 2: {"sales_id": "S2"}}), copy_of(SALES, {2: {"sales_id": "S2"}})
    taken = take_over(HERE, local, remote, local.texts, nobody())
    assert taken.changes == CopyCells(SALES, {2: {name: (value, None) for name, value in KEYED.items()}})
    assert after(HERE, local, remote, taken)[0].table.frame["row"].to_list() == [3]


def test_all_that_is_taken_over_is_one_change_set() -> None:
    sheets = {SALES: {"sales_id": "S1"}, UNITS: {"unit_id": "P00001"}, ALLOC_LOG: {}}
    taken = [take_over(HERE, copy_of(name, {}), copy_of(name, {1: row}), texts_of(name, None), nobody()) for name, row in sheets.items()]
    assert changes_of(taken).sheets == [SALES, UNITS]
    assert changes_of(taken).counts() == {name: {"set": 1, "appended": 0, "deleted": 0, "replaced": 0} for name in (SALES, UNITS)}


def test_cells_that_are_to_be_left_are_neither_written_nor_agreed() -> None:
    """Such as formulas: the other cells of the row are taken over, and what was left is a difference still."""
    base, new = KEYED | {"notes": "n"}, KEYED | {"notes": "m", "number": 9}
    local, remote = copy_of(SALES, {1: base}), copy_of(SALES, {1: new})
    taken = take_over(HERE, local, remote, local.texts, nobody(), {(2, "notes"), (3, "client")})
    assert taken.changes == CopyCells(SALES, {2: {"number": (2, 9)}})
    assert taken.counts == {"local": 0, "remote": 2, "conflicts": 0, "taken": 1}
    now, _ = after(HERE, local, remote, taken)
    assert differences(MANIFEST[SALES], now.texts, remote.texts, taken.agreed) == [Difference(2, "notes", THERE)]


# --- columns and sheets that one side lacks


def test_a_column_of_ours_that_one_side_lacks_is_made() -> None:
    """Extension columns stand in few workbooks at first."""
    local = copy_of(SALES, {1: KEYED | {"currency": "USD", "order_id": "O1"}})
    remote = copy_of(SALES, {1: KEYED}, without=("currency", "order_id", "user"))
    taken = take_over(THERE, local, remote, remote.texts, nobody())
    assert taken.changes == CopyCells(SALES, {2: {"order_id": (None, "O1"), "currency": (None, "USD")}})
    whole = with_structure(changes_of([taken]), Snapshot("1", {SALES: remote.table}))
    assert list(whole) == [AddColumns(SALES, ("order_id", "currency")), taken.changes]
    assert after(THERE, local, remote, taken)[1].texts.equals(local.texts)


def test_a_column_that_both_sides_fill_nowhere_is_not_made() -> None:
    local, remote = copy_of(SALES, {1: KEYED}), copy_of(SALES, {1: KEYED}, without=("currency",))
    assert take_over(THERE, local, remote, texts_of(SALES, None), nobody()).changes is None


def test_a_sheet_of_ours_that_one_side_lacks_is_made() -> None:
    local, remote = copy_of(POLICIES, {1: {"scope": "GLOBAL", "mode": "MANUAL"}}), copy_of(POLICIES, None)
    taken = take_over(THERE, local, remote, remote.texts, nobody())
    whole = with_structure(changes_of([taken]), Snapshot("1", {POLICIES: remote.table}))
    assert list(whole) == [AddSheet(POLICIES), CopyCells(POLICIES, {2: {"scope": (None, "GLOBAL"), "mode": (None, "MANUAL")}})]


# --- whose word counts


@pytest.mark.parametrize(
    ("texts", "sales_notes", "sales_client", "units_notes"),
    [
        ((), None, None, None),
        (("local",), HERE, HERE, HERE),
        (("local", "remote"), THERE, THERE, THERE),
        (("Notes=local",), HERE, None, None),
        (("notes=remote",), THERE, None, None),
        ((" NO TES = remote ",), THERE, None, None),
        (("Sales!Notes=local",), HERE, None, None),
        (("Sales!notes=local", "Purchases!notes=remote"), HERE, None, None),
        (("Purchases!Notes=local",), None, None, None),
        (("remote", "Client=local"), THERE, HERE, THERE),
        (("Client=local", "remote"), THERE, HERE, THERE),
        (("Notes=local", "Notes=remote"), THERE, None, None),
        (("Notes=remote", "Sales!Notes=local"), HERE, None, None),
        (("AllocNote=local",), None, None, HERE),
        (("alloc_note=local",), None, None, HERE),
    ],
)
def test_preferences(texts: tuple[str, ...], sales_notes: Side | None, sales_client: Side | None, units_notes: Side | None) -> None:
    """A column by its header or our name for it, spaces and case forgiven, on all sheets or one; a column's word before the general one;
    of two about the same column the later one."""
    prefer = nobody(*texts)
    assert prefer.of(MANIFEST[SALES], Difference(2, "notes", CONFLICT)) is sales_notes
    assert prefer.of(MANIFEST[SALES], Difference(2, "client", CONFLICT)) is sales_client
    assert prefer.of(MANIFEST[UNITS], Difference(2, "alloc_note", CONFLICT)) is units_notes


def test_a_header_that_stands_twice_means_both_columns() -> None:
    prefer = nobody("Password=remote")
    for sheet, column in ((UNITS, "password"), (UNITS, "password_legacy"), (VENDOR_CREDENTIALS, "password"), (DISTRIBUTION, "password")):
        assert prefer.of(MANIFEST[sheet], Difference(2, column, CONFLICT)) is THERE
    assert prefer.of(MANIFEST[STAFF_QUEUE], Difference(2, "vendor_password", CONFLICT)) is None


def test_headers_with_signs_in_them() -> None:
    prefer = nobody("Sold (Y/N)=local", "Cont. No.=remote", "Schedule WC2026!M#=remote", "City+Stadiums=local")
    found = [(DISTRIBUTION, "sold"), (DISTRIBUTION, "contract"), (SCHEDULE, "match"), (SCHEDULE, "city")]
    assert [prefer.of(MANIFEST[sheet], Difference(2, column, CONFLICT)) for sheet, column in found] == [HERE, THERE, THERE, HERE]


def test_a_row_as_a_whole_goes_by_its_key() -> None:
    """Never by a preference for another of its cells; a row without a key only by the general word."""
    whole = Difference(2, "notes", CONFLICT, whole_row=True)
    assert nobody("Notes=remote").of(MANIFEST[SALES], whole) is None
    assert nobody("SalesID=remote").of(MANIFEST[SALES], whole) is THERE
    assert nobody("remote", "SalesID=local").of(MANIFEST[SALES], whole) is HERE
    logged = Difference(2, "reason", CONFLICT, whole_row=True)
    assert nobody("Reason=remote").of(MANIFEST[ALLOC_LOG], logged) is None
    assert nobody("Reason=local", "remote").of(MANIFEST[ALLOC_LOG], logged) is THERE


@pytest.mark.parametrize("text", ["", "here", "LOCAL", "Notes", "Notes=", "Notes=here", "Notes==local=", "Notes=Local"])
def test_a_side_that_there_is_not(text: str) -> None:
    with pytest.raises(UsageError, match=r"it is local, remote, COLUMN=local or COLUMN=remote"):
        nobody(text)


@pytest.mark.parametrize("text", ["=local", "Nots=local", "Sales!Nope=local", "Nope!Notes=local", "!=local", "Sales!=remote"])
def test_a_column_that_there_is_not(text: str) -> None:
    with pytest.raises(UsageError, match="there is no column"):
        nobody("local", text)


def test_a_preference_settles_only_its_own_conflicts() -> None:
    base = {1: KEYED, 2: KEYED | {"sales_id": "S2"}}
    local = copy_of(SALES, {1: KEYED | {"client": "here", "notes": "here"}, 2: OTHER})
    remote = copy_of(SALES, {1: KEYED | {"client": "there", "notes": "there"}, 2: KEYED | {"sales_id": "S2", "client": "there"}})
    taken = take_over(HERE, local, remote, texts_of(SALES, base), nobody("Client=remote"))
    assert taken.changes == CopyCells(SALES, {2: {"client": ("here", "there")}})
    assert {(conflict.row, conflict.column) for conflict in taken.conflicts} == {(2, "notes"), *((3, name) for name in OTHER)}
    assert taken.counts == {"local": 0, "remote": 0, "conflicts": 6, "taken": 1}


# --- what a person is told


def told(sheet: str, base: Rows | None, here: Rows, there: Rows) -> list[str]:
    local, remote, common = copy_of(sheet, here), copy_of(sheet, there), texts_of(sheet, base)
    findings = conflict_findings(local, remote, common, take_over(HERE, local, remote, common, nobody()).conflicts)
    assert {(f.code, f.severity, f.sheet) for f in findings} <= {("SYNC_CONFLICT", Severity.MEDIUM, sheet)}
    return [f"{finding.row}: {finding.message}" for finding in findings]


def test_a_finding_says_what_stands_where() -> None:
    base = {1: KEYED | {"notes": "old"}, 2: {"sales_id": "S2", "oversell": True}}
    here = {1: KEYED | {"notes": "mine", "client": None, "number": "many"}, 2: {"sales_id": "S2", "date": datetime(2026, 6, 11)}}
    there = {
        1: KEYED | {"notes": None, "client": "Bolt", "number": 4},
        2: {"sales_id": "S2", "date": datetime(2026, 6, 12, 18, 30), "oversell": True},
    }
    assert told(SALES, base, here, there) == [
        "2: Client is blank here and 'Bolt' there, 'Acme' before",
        "2: Number is 'many' here and '4' there, '2' before",
        "2: Notes is 'mine' here and blank there, 'old' before",
        "3: Date is '2026-06-11' here and '2026-06-12 18:30:00' there",
    ]


def test_a_row_as_a_whole_is_one_finding() -> None:
    assert told(SALES, {1: KEYED, 2: KEYED}, {1: OTHER, 2: {}}, {1: KEYED | {"notes": "x"}, 2: KEYED | {"notes": "x"}}) == [
        "2: the row holds S9 here and S1 there: neither is taken over", "3: the row holds nothing here and S1 there: neither is taken over",
    ]  # fmt: skip
    assert told(ALLOC_LOG, None, {1: LOGGED}, {1: LOGGED | {"user": "ben"}}) == [
        "2: the row holds another record here and another record there: neither is taken over"
    ]


def test_a_number_that_stood_before_is_shown_as_the_others_are() -> None:
    rows = ({1: {"sales_id": "S1", "price": price}} for price in (350, 360, 370.5))
    assert told(SALES, *rows) == ["2: Price is '360' here and '370.5' there, '350' before"]


def test_a_password_is_never_told() -> None:
    """Neither in texts that are kept, nor in what is said; on its way from copy to copy it is itself."""
    row = {"vendor": "Ann", "login_id": "L1"}
    base, local, remote = (copy_of(VENDOR_CREDENTIALS, {1: row | {"password": CANARY + end}}) for end in ("", "-here", "-there"))
    blank = copy_of(VENDOR_CREDENTIALS, {1: row})
    assert told(VENDOR_CREDENTIALS, {1: row}, *({1: row | {"password": CANARY + end}} for end in ("-here", "-there"))) == [
        "2: Password is ••• here and ••• there"
    ]
    assert told(VENDOR_CREDENTIALS, {1: row | {"password": CANARY}}, {1: row}, {1: row | {"password": CANARY + "-there"}}) == [
        "2: Password is blank here and ••• there"
    ]
    taken = take_over(HERE, base, remote, base.texts, nobody())
    assert taken.changes == CopyCells(VENDOR_CREDENTIALS, {2: {"password": (CANARY, CANARY + "-there")}})
    kept = [base.texts, local.texts, taken.agreed, take_over(THERE, local, blank, blank.texts, nobody("local")).agreed]
    assert not any("Zeisig" in text_of(value) for frame in kept for row in frame.rows() for value in row)
    assert (
        differences(
            MANIFEST[VENDOR_CREDENTIALS], base.texts, copy_of(VENDOR_CREDENTIALS, {1: row | {"password": CANARY}}).texts, blank.texts
        )
        == []
    )


# --- records stay whole


def test_two_logins_of_one_vendor_are_two_records() -> None:
    """Somebody sorts the logins over there, and a note is written here."""
    one = {"vendor": "Viagogo", "login_id": "L1", "email": "a@x.example", "password": "pw-one"}
    two = {"vendor": "Viagogo", "login_id": "L2", "email": "b@x.example", "password": "pw-two"}
    local, remote = copy_of(VENDOR_CREDENTIALS, {1: one | {"notes": "mine"}, 2: two}), copy_of(VENDOR_CREDENTIALS, {1: two, 2: one})
    taken = take_over(HERE, local, remote, texts_of(VENDOR_CREDENTIALS, {1: one, 2: two}), nobody())
    notes = {row["login_id"]: row["notes"] for row in after(HERE, local, remote, taken)[0].table.frame.iter_rows(named=True)}
    assert notes["L2"] is None


def test_two_policies_are_two_records() -> None:
    acme, bolt = {"scope": "CLIENT", "key": "Acme", "mode": "MANUAL"}, {"scope": "CLIENT", "key": "Bolt", "mode": "MANUAL"}
    local, remote = copy_of(POLICIES, {1: acme | {"exclude_vip": True}, 2: bolt}), copy_of(POLICIES, {1: bolt, 2: acme})
    taken = take_over(HERE, local, remote, texts_of(POLICIES, {1: acme, 2: bolt}), nobody())
    now = {row["key"]: row["exclude_vip"] for row in after(HERE, local, remote, taken)[0].table.frame.iter_rows(named=True)}
    assert not now["Bolt"]


@pytest.mark.parametrize("move", ["put in", "deleted", "sorted"])
def test_rows_that_moved_over_there_are_followed_where_nothing_changed_here(move: str) -> None:
    rows = {row: {"sales_id": f"S{row}", "notes": f"n{row}"} for row in range(1, 12)}
    moved = {
        "put in": {row + (row > 3): cells for row, cells in rows.items()},
        "deleted": {row - (row > 3): cells for row, cells in rows.items() if row != 3},
        "sorted": dict(zip(rows, reversed(rows.values()), strict=True)),
    }[move]
    local, remote = copy_of(SALES, rows), copy_of(SALES, moved)
    taken = take_over(HERE, local, remote, local.texts, nobody())
    assert after(HERE, local, remote, taken)[0].texts.equals(remote.texts)


def test_rows_without_a_key_are_not_mixed() -> None:
    """As people type them, before `purchase expand`: a row is put in over there, and a note is written here."""
    rows = {row: {"match": f"M{row}", "vendor": f"V{row}", "number": row} for row in range(1, 8)}
    local = copy_of(PURCHASES, rows | {5: rows[5] | {"notes": "about V5"}})
    remote = copy_of(PURCHASES, {row + (row > 2): cells for row, cells in rows.items()})
    taken = take_over(HERE, local, remote, texts_of(PURCHASES, rows), nobody())
    notes = dict(after(HERE, local, remote, taken)[0].table.frame.select("vendor", "notes").drop_nulls().rows())
    assert set(notes.items()) <= {("V5", "about V5")}


def test_no_line_of_a_log_is_lost() -> None:
    rows = {row: {"action": f"A{row}"} for row in range(1, 8)}
    local, remote = (
        copy_of(ALLOC_LOG, rows | {8: {"action": "new"}}),
        copy_of(ALLOC_LOG, {row + (row > 2): cells for row, cells in rows.items()}),
    )
    taken = take_over(HERE, local, remote, texts_of(ALLOC_LOG, rows), nobody())
    assert set(after(HERE, local, remote, taken)[0].table.frame["action"]) == {*(f"A{row}" for row in rows), "new"}


def test_a_record_that_both_sides_write_anew_in_different_rows_is_a_conflict() -> None:
    """Two sales, numbered alike on two machines, where somebody left a row free."""
    rows = {row: {"sales_id": f"S{row}"} for row in range(1, 8)}
    local = copy_of(SALES, rows | {8: {"sales_id": "S8", "client": "Acme"}})
    remote = copy_of(SALES, rows | {9: {"sales_id": "S8", "client": "Bolt"}})
    assert take_over(HERE, local, remote, texts_of(SALES, rows), nobody()).conflicts


def test_a_record_that_both_sides_moved_does_not_stand_twice() -> None:
    """Cut out and pasted below the others, here into one row, there into another."""
    rows = {row: {"sales_id": f"S{row}", "notes": f"n{row}"} for row in range(1, 8)}
    rest = {row: cells for row, cells in rows.items() if row != 1}
    local, remote = copy_of(SALES, rest | {8: rows[1]}), copy_of(SALES, rest | {9: rows[1]})
    taken = take_over(HERE, local, remote, texts_of(SALES, rows), nobody())
    ids = after(HERE, local, remote, taken)[0].table.frame["sales_id"].to_list()
    assert len(ids) == len(set(ids))
