"""Two copies against what they last had in common: every case by hand, cell by cell and row by row;
The oracle over random edits is
`tests/machines/test_sync_properties.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from tests.domain.sync.copies import (
    CONFLICT,
    HERE,
    KEYED,
    LOGGED,
    OTHER,
    THERE,
    Rows,
    after,
    copy_of,
    nobody,
    sale,
    sides,
    texts_of,
)
from ticketops.domain.sync.merge import Counts, Difference, Side, differences, identity, take_over
from ticketops.model.changes import CopyCells
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    ALLOCATION_PREVIEW,
    DISTRIBUTION,
    EVENT,
    PURCHASES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)

# --- one cell

a, b, c = "a", "b", "c"
CELLS: list[tuple[str | None, str | None, str | None, Side | None]] = [
    # base, here, there, where it changed
    (a, a, a, None),
    (None, None, None, None),
    (a, a, b, THERE),
    (a, a, None, THERE),
    (None, None, a, THERE),
    (a, b, a, HERE),
    (a, None, a, HERE),
    (None, a, None, HERE),
    (a, b, b, None),
    (a, None, None, None),
    (None, a, a, None),
    (a, b, c, CONFLICT),
    (None, a, b, CONFLICT),
    (a, None, b, CONFLICT),
    (a, b, None, CONFLICT),
]
"""Every way in which three cells can be alike or not, blanks included."""


@pytest.mark.parametrize(("base", "here", "there", "side"), CELLS)
def test_a_cell(base: str | None, here: str | None, there: str | None, side: Side | None) -> None:
    assert sides(SALES, sale(base), sale(here), sale(there)) == (
        {(1, "notes"): side} if side else {}
    )


@pytest.mark.parametrize("into", [HERE, THERE])
@pytest.mark.parametrize("prefer", [None, HERE, THERE])
@pytest.mark.parametrize(("base", "here", "there", "side"), CELLS)
def test_what_is_taken_over_of_a_cell(
    base: str | None,
    here: str | None,
    there: str | None,
    side: Side | None,
    prefer: Side | None,
    into: Side,
) -> None:
    """The other copy's word, where it changed there only or its word counts; afterwards both count
    as agreed."""
    local, remote = copy_of(SALES, sale(here)), copy_of(SALES, sale(there))
    taken = take_over(
        into, local, remote, texts_of(SALES, sale(base)), nobody(*([prefer] if prefer else []))
    )
    source = THERE if into is HERE else HERE
    word = prefer if side is CONFLICT else side
    old, new = (here, there) if into is HERE else (there, here)
    expected = CopyCells(SALES, {2: {"notes": (old, new)}}) if word is source else None
    assert taken.changes == expected
    left = side is CONFLICT and prefer is None
    assert taken.conflicts == ([Difference(2, "notes", CONFLICT)] if left else [])
    assert taken.counts == Counts(
        side is HERE, side is THERE, side is CONFLICT, expected is not None
    )
    now = after(into, local, remote, taken)
    again = differences(EVENT[SALES], now[0].texts, now[1].texts, taken.agreed)
    if word is source or side is None:
        assert again == []
    elif left:
        assert again == [Difference(2, "notes", CONFLICT)]
    else:  # the own word counts: it is the newer one from now on, and goes the other way
        assert again == [Difference(2, "notes", into)]


# --- one row


class RowCase(NamedTuple):
    """What three copies hold of one row, and where its cells changed. whole: the row is a conflict
    as a whole."""

    name: str
    sheet: str
    base: Mapping[str, Any]
    here: Mapping[str, Any]
    there: Mapping[str, Any]
    expected: dict[str, Side]
    whole: bool = False


QUEUED = {"supplier_key": "BEE", "sales_id": "S1-1", "notes": "n"}
LOGIN = {"vendor": "Ann", "login_id": "L1", "email": "a@x.example"}
ROWS = [
    RowCase(
        "different cells of one record",
        SALES,
        KEYED,
        KEYED | {"client": "Acme Ltd"},
        KEYED | {"number": 3},
        {"client": HERE, "number": THERE},
    ),
    RowCase(
        "one cell contradicts, the others do not",
        SALES,
        KEYED,
        KEYED | {"client": "Acme Ltd", "match": "M2"},
        KEYED | {"client": "ACME", "number": 3},
        {"client": CONFLICT, "match": HERE, "number": THERE},
    ),
    RowCase(
        "the same edit on both sides",
        SALES,
        KEYED,
        KEYED | {"client": "B"},
        KEYED | {"client": "B"},
        {},
    ),
    RowCase("another record here", SALES, KEYED, OTHER, KEYED, dict.fromkeys(OTHER, HERE)),
    RowCase("another record there", SALES, KEYED, KEYED, OTHER, dict.fromkeys(OTHER, THERE)),
    RowCase(
        "the same other record on both",
        SALES,
        KEYED,
        OTHER,
        OTHER | {"client": "Bo"},
        {"client": CONFLICT},
    ),
    RowCase(
        "another record here, the old one edited there",
        SALES,
        KEYED,
        OTHER,
        KEYED | {"notes": "x"},
        dict.fromkeys((*OTHER, "notes"), CONFLICT),
        True,
    ),
    RowCase(
        "the old one edited here, another record there",
        SALES,
        KEYED,
        KEYED | {"notes": "x"},
        OTHER,
        dict.fromkeys((*OTHER, "notes"), CONFLICT),
        True,
    ),
    RowCase(
        "two other records",
        SALES,
        KEYED,
        OTHER,
        OTHER | {"sales_id": "S8"},
        {"sales_id": CONFLICT},
        True,
    ),
    RowCase(
        "a key here, a note there",
        SALES,
        {"client": "Acme"},
        {"client": "Acme", "sales_id": "S1"},
        {"client": "Acme", "notes": "x"},
        {"sales_id": CONFLICT, "notes": CONFLICT},
        True,
    ),
    RowCase(
        "the same key typed on both, a note there",
        SALES,
        {"client": "Acme"},
        {"client": "Acme", "sales_id": "S1"},
        {"client": "Acme", "sales_id": "S1", "notes": "x"},
        {"notes": THERE},
    ),
    RowCase("new here", SALES, {}, KEYED, {}, dict.fromkeys(KEYED, HERE)),
    RowCase("new there", SALES, {}, {}, KEYED, dict.fromkeys(KEYED, THERE)),
    RowCase("the same new record", SALES, {}, KEYED, KEYED, {}),
    RowCase(
        "one new record, written on both sides",
        SALES,
        {},
        KEYED,
        {"sales_id": "S1", "client": "Acme", "notes": "x"},
        {"match": HERE, "number": HERE, "notes": THERE},
    ),
    RowCase(
        "one new record that contradicts itself",
        SALES,
        {},
        KEYED,
        KEYED | {"number": 3, "notes": "x"},
        {"number": CONFLICT, "notes": CONFLICT},
        True,
    ),
    RowCase("two new records", SALES, {}, KEYED, OTHER, dict.fromkeys(OTHER, CONFLICT), True),
    RowCase("emptied here", SALES, KEYED, {}, KEYED, dict.fromkeys(KEYED, HERE)),
    RowCase("emptied there", SALES, KEYED, KEYED, {}, dict.fromkeys(KEYED, THERE)),
    RowCase("emptied on both", SALES, KEYED, {}, {}, {}),
    RowCase(
        "emptied here, edited there",
        SALES,
        KEYED,
        {},
        KEYED | {"number": 3},
        dict.fromkeys(KEYED, CONFLICT),
        True,
    ),
    RowCase(
        "edited here, emptied there",
        SALES,
        KEYED,
        KEYED | {"notes": "x"},
        {},
        dict.fromkeys((*KEYED, "notes"), CONFLICT),
        True,
    ),
    RowCase(
        "a row without a key: emptied here, edited there",
        SALES,
        {"client": "Acme"},
        {},
        {"client": "Acme", "notes": "x"},
        {"client": CONFLICT, "notes": CONFLICT},
        True,
    ),
    RowCase(
        "emptied here, another record there",
        SALES,
        KEYED,
        {},
        OTHER,
        dict.fromkeys(OTHER, CONFLICT),
        True,
    ),
    RowCase(
        "only a tick-box is left here, and it is off",
        SALES,
        KEYED,
        {"oversell": False},
        KEYED | {"number": 3},
        dict.fromkeys(KEYED, CONFLICT),
        True,
    ),
    RowCase(
        "a log: the row changed here",
        ALLOC_LOG,
        LOGGED,
        LOGGED | {"reason": "y"},
        LOGGED,
        {"reason": HERE},
    ),
    RowCase(
        "a log: the row changed there",
        ALLOC_LOG,
        LOGGED,
        LOGGED,
        LOGGED | {"reason": "y"},
        {"reason": THERE},
    ),
    RowCase(
        "a log: different cells of one row",
        ALLOC_LOG,
        LOGGED,
        LOGGED | {"user": "ben"},
        LOGGED | {"reason": "y"},
        {"user": CONFLICT, "reason": CONFLICT},
        True,
    ),
    RowCase(
        "a log: both appended",
        ALLOC_LOG,
        {},
        LOGGED,
        LOGGED | {"user": "ben"},
        {"user": CONFLICT},
        True,
    ),
    RowCase("a log: both appended the same", ALLOC_LOG, {}, LOGGED, LOGGED, {}),
    RowCase(
        "a queue without a key: different cells of one row",
        SUPPLIER_QUEUE,
        QUEUED,
        QUEUED | {"notes": "m"},
        QUEUED | {"seat": "1"},
        {"notes": CONFLICT, "seat": CONFLICT},
        True,
    ),
    RowCase(
        "a queue without a key: built anew here",
        ALLOCATION_PREVIEW,
        {"sales_id": "S1-1"},
        {"sales_id": "S2-1", "qty": 1},
        {"sales_id": "S1-1"},
        {"sales_id": HERE, "qty": HERE},
    ),
    RowCase(
        "a queue with a key: different cells of one task",
        STAFF_QUEUE,
        {"task_id": "T1"},
        {"task_id": "T1", "assigned_to": "ana"},
        {"task_id": "T1", "staff_notes": "x"},
        {"assigned_to": HERE, "staff_notes": THERE},
    ),
    RowCase(
        "a ledger without a key goes by its first column",
        VENDOR_CREDENTIALS,
        LOGIN,
        LOGIN | {"notes": "x"},
        LOGIN | {"vendor": "Bee", "email": "b@x.example"},
        dict.fromkeys(("vendor", "email", "notes"), CONFLICT),
        True,
    ),
    RowCase(
        "a login: different cells",
        VENDOR_CREDENTIALS,
        LOGIN,
        LOGIN | {"notes": "x"},
        LOGIN | {"email": "b@x.example"},
        {"notes": HERE, "email": THERE},
    ),
]


@pytest.mark.parametrize("case", ROWS, ids=[case.name for case in ROWS])
def test_a_row(case: RowCase) -> None:
    assert sides(case.sheet, {1: case.base}, {1: case.here}, {1: case.there}) == {
        (1, name): side for name, side in case.expected.items()
    }
    found = differences(
        EVENT[case.sheet],
        *(texts_of(case.sheet, {1: row}) for row in (case.here, case.there, case.base)),
    )
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
    """Taken over once and once again the other way, the conflicts are left as they are; if one
    side's word counts, nothing is."""
    local, remote = copy_of(case.sheet, {1: case.here}), copy_of(case.sheet, {1: case.there})
    base = texts_of(case.sheet, {1: case.base})
    conflicts = {name for name, side in case.expected.items() if side is CONFLICT}
    for prefer, left in (
        (nobody(), conflicts),
        (nobody("local"), set()),
        (nobody("remote"), set()),
    ):
        first = take_over(into, local, remote, base, prefer)
        assert {conflict.column for conflict in first.conflicts} == left
        now = after(into, local, remote, first)
        second = take_over(THERE if into is HERE else HERE, *now, first.agreed, prefer)
        now = after(THERE if into is HERE else HERE, *now, second)
        assert {
            d.column: d.side
            for d in differences(EVENT[case.sheet], now[0].texts, now[1].texts, second.agreed)
        } == dict.fromkeys(left, CONFLICT)


def test_rows_do_not_disturb_each_other() -> None:
    base: dict[int, dict[str, Any]] = {
        1: KEYED,
        2: {"sales_id": "S2", "number": 1},
        3: {"sales_id": "S3"},
        5: {"sales_id": "S5"},
    }
    here: Rows = base | {1: KEYED | {"notes": "x"}, 3: {}, 6: {"sales_id": "S6"}}
    there: Rows = base | {
        2: {"sales_id": "S2", "number": 9},
        5: {"sales_id": "S5", "match": "M1"},
        6: {"sales_id": "S7"},
        7: {"sales_id": "S8"},
    }
    assert sides(SALES, base, here, there) == {
        (1, "notes"): HERE,
        (2, "number"): THERE,
        (3, "sales_id"): HERE,
        (5, "match"): THERE,
        (6, "sales_id"): CONFLICT,
        (7, "sales_id"): THERE,
    }


def test_at_first_what_stands_on_one_side_goes_to_the_other_and_what_differs_is_a_conflict() -> (
    None
):
    here: Rows = {1: KEYED, 2: {"sales_id": "S2"}, 3: {"sales_id": "S3", "number": 1}}
    there: Rows = {
        1: KEYED | {"notes": "x"},
        3: {"sales_id": "S3", "number": 2},
        4: {"sales_id": "S4"},
    }
    assert sides(SALES, None, here, there) == {
        (1, "notes"): THERE,
        (2, "sales_id"): HERE,
        (3, "number"): CONFLICT,
        (4, "sales_id"): THERE,
    }


def test_which_column_says_what_a_row_holds() -> None:
    assert {
        name: identity(EVENT[name])
        for name in (
            PURCHASES,
            DISTRIBUTION,
            UNITS,
            SCHEDULE,
            STAFF_QUEUE,
            SUPPLIER_QUEUE,
            ALLOC_LOG,
        )
    } == {
        PURCHASES: ("purchase_id",),
        DISTRIBUTION: ("line_key",),
        UNITS: ("unit_id",),
        SCHEDULE: ("match",),
        STAFF_QUEUE: ("task_id",),
        SUPPLIER_QUEUE: (),
        ALLOC_LOG: (),
    }
