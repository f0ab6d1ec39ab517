"""Whatever is written comes back as it was written, whatever it looks like; and a Google Sheet
holds what the memory store holds."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.online import Google
from tests.stores.gsheets.fixtures import ENTRY, committed, quick
from ticketops.errors import SpliceError, TicketopsError
from ticketops.model.changes import ChangeSet, CopyCells
from ticketops.schema.columns import ColumnType, as_read
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    ALLOCATION_AUDIT,
    DISTRIBUTION,
    EVENT,
    HOLDS,
    PURCHASES,
    REPORT_POSITION,
    SALES,
    SALES_RECON_AUDIT,
)
from ticketops.schema.sheets import Sheet
from ticketops.schema.structure import with_structure
from ticketops.stores.memory import MemoryStore

DECEPTIVE = (
    "=1+1",
    "0012",
    "1e5",
    "1E400",
    "TRUE",
    "FALSE",
    "'x",
    "''",
    "+1",
    "-1",
    "@sum",
    "5%",
    "$3.50",
    "€ 3,50",
    "2026-04-17",
    "17/04/2026",
    "1/2",
    "12:30",
    "NaN",
    "Infinity",
    "#REF",
    "null",
    "None",
    " ",
    "  x  ",
    "\u00a0",
    "a\nb",
    "\t",
    '"',
    "'",
    "\\",
    "{}",
    "🎫",
    "🏟️👩‍👩‍👧",
    "日本語",
    "ß",
    "e\u0301",
    "\ufeff",
    "<b>&amp;</b>",
    '=HYPERLINK("x")',
    "x" * 5_000,
    "ü" * 2_000,
)
"""Texts that spreadsheets take for something else, or stumble over."""
TEXTS = st.sampled_from(DECEPTIVE) | st.text(
    st.characters(exclude_categories=("Cs", "Cc")), max_size=12
).filter(lambda t: t[:1] != "#")
DATES = st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 31)).map(
    lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000)
)
VALUES: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.TEXT: TEXTS,
    ColumnType.CODE: TEXTS,
    ColumnType.INTEGER: st.integers(-(2**53) + 1, 2**53 - 1),
    ColumnType.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    ColumnType.DATE: DATES.map(lambda d: d.replace(hour=0, minute=0, second=0, microsecond=0)),
    ColumnType.DATETIME: DATES,
    ColumnType.FLAG: st.booleans(),
}
WITHOUT_STATES = {
    name: tuple(
        c for c in EVENT[name].columns if not c.machine and (name, c.name) != (ALLOC_LOG, "action")
    )
    for name in (DISTRIBUTION, PURCHASES, SALES, HOLDS, ALLOC_LOG, SALES_RECON_AUDIT)
}


def rows_for(columns: Sequence[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*(st.none() | VALUES[column.type] for column in columns))


def kept(column: Any, value: Any) -> Any:
    """What a column gives back: identifiers in the one spelling that they are read in (D16), a
    blank text as nothing."""
    if isinstance(value, str):
        return as_read(column, [value])[0] or None
    return value


@pytest.fixture(scope="module")
def machine() -> Iterator[Callable[[Google], Google]]:
    """A folder that all examples share."""
    folder = Path(tempfile.mkdtemp())
    made: list[Google] = []

    def of(google: Google) -> Google:
        if not made:
            made.append(Google(google.server, folder))
        made[0].close()  # what the example before left open
        return made[0]

    yield of
    for one in made:
        one.close()
    shutil.rmtree(folder)


def quickly(examples: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )


def comes_back(google: Google, name: str, rows: list[tuple[Any, ...]]) -> None:
    columns = WITHOUT_STATES[name]
    key = google.new(
        {other: [[]] for other in ("Sheet1",)}
        | {name: [*[[]] * (EVENT[name].header_row - 1), EVENT[name].canonical_headers]}
    )
    store = quick(google, key)
    snapshot = store.read(name)
    changes = ChangeSet()
    changes.append(name, snapshot[name].next_row, [column.name for column in columns], rows)
    changes = with_structure(changes, snapshot)
    store.commit(changes, snapshot.revision, ENTRY)
    written = [
        {
            column.name: kept(column, value)
            for column, value in zip(columns, row, strict=True)
            if kept(column, value) is not None
        }
        for row in rows
    ]
    for reader in (store, quick(google, key, machine="b")):
        table = reader.read(name)[name]
        found = {row["row"]: row for row in table.frame.to_dicts()}
        for number, row in enumerate(written, start=EVENT[name].header_row + 1):
            here = {
                name: value
                for name, value in found.get(number, {}).items()
                if value is not None and name != "row"
            }
            if any(value is not False for value in row.values()):
                assert here == row
            else:
                assert number not in found
        assert table.misfits == ()
    for number, values in enumerate(rows, start=EVENT[name].header_row + 1):
        for column, value in zip(columns, values, strict=True):
            if isinstance(value, str) and value:
                place = table.positions[column.name][0]
                assert google.server.cell(key, name, number, place).value == value, (
                    "a text stands there to the letter"
                )


@pytest.mark.parametrize("name", [DISTRIBUTION, PURCHASES])
@quickly(8)
@given(data=st.data())
def test_any_table_comes_back_as_it_was_written(
    google: Google, machine: Any, name: str, data: Any
) -> None:
    comes_back(
        machine(google),
        name,
        data.draw(st.lists(rows_for(WITHOUT_STATES[name]), min_size=1, max_size=4)),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", WITHOUT_STATES)
@quickly(120)
@given(data=st.data())
def test_any_table_at_length(google: Google, machine: Any, name: str, data: Any) -> None:
    comes_back(
        machine(google),
        name,
        data.draw(st.lists(rows_for(WITHOUT_STATES[name]), min_size=1, max_size=6)),
    )


def test_every_deceptive_text_comes_back(google: Google) -> None:
    columns = WITHOUT_STATES[PURCHASES]
    comes_back(
        google,
        PURCHASES,
        [
            tuple(text if column.type is ColumnType.TEXT else None for column in columns)
            for text in DECEPTIVE
        ],
    )


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#ERROR!"])
def test_a_text_that_looks_like_an_error_is_not_understood(google: Google, text: str) -> None:
    """In what Google answers it looks like the error of a formula: unknown, never blank (D16)."""
    store = quick(google, google.new())
    committed(
        store, lambda c, _s: c.append(PURCHASES, 2, ("match", "notes"), [("M01", text)]), PURCHASES
    )
    table = store.read(PURCHASES)[PURCHASES]
    assert table.frame.select("match", "notes").rows() == [("M01", None)]
    assert [(m.row, m.column, m.text) for m in table.misfits] == [(2, "notes", text)]


@pytest.mark.parametrize("value", [True, -5.5, -5.220087446395869e16, "\t", 779])
@pytest.mark.parametrize("column", ["category", "purchase_id", "notes"])
def test_a_copied_cell_of_another_type_is_undone(google: Google, column: str, value: Any) -> None:
    """What a merge copies may be of any type; the journal knows it as it will be read."""
    key = google.new()
    store = quick(google, key)
    changes = ChangeSet([CopyCells(PURCHASES, {3: {column: (None, value), "match": (None, "M1")}})])
    snapshot = store.read(PURCHASES)
    store.commit(with_structure(changes, snapshot), snapshot.revision, ENTRY)
    quick(google, key).undo(ENTRY)
    assert not any(any(row) for row in google.server.rows(key, PURCHASES)[1:])


@pytest.mark.parametrize("text", ["x" * 50_001, "half \ud83c"])
def test_what_no_cell_can_hold_is_refused_whole(google: Google, text: str) -> None:
    key = google.new()
    store = quick(google, key)
    snapshot = store.read(PURCHASES)
    changes = ChangeSet()
    changes.append(PURCHASES, 2, ("match", "game"), [("M01", "fits"), ("M02", text)])
    with pytest.raises((TicketopsError, SpliceError)) as refused:
        store.commit(changes, snapshot.revision, ENTRY)
    assert refused.value.exit_code == 3
    assert len(google.server.rows(key, PURCHASES)) == 1
    assert store.read(PURCHASES)[PURCHASES].frame.height == 0


# --- the same on the memory store


LEDGERS, QUEUE, LOG, REPORTS = (
    (DISTRIBUTION, PURCHASES, HOLDS),
    SALES_RECON_AUDIT,
    ALLOC_LOG,
    (ALLOCATION_AUDIT, REPORT_POSITION),
)
PLAIN = {
    **VALUES,
    ColumnType.TEXT: st.sampled_from(DECEPTIVE[:30]),
    ColumnType.CODE: st.sampled_from(("A", "0012", "=1", "b c")),
}
ANYTHING = st.none() | st.one_of(*PLAIN.values())
NO_DATES = st.none() | st.one_of(
    *(PLAIN[kind] for kind in ColumnType if kind not in (ColumnType.DATE, ColumnType.DATETIME))
)


def start() -> dict[str, list[list[Any]]]:
    """Canonical sheets, with a column of an alias and columns of people's own."""
    rows = MemoryStore(layout=EVENT).raw_rows(*(sheet.name for sheet in EVENT.canonical()))
    rows[DISTRIBUTION] = [rows[DISTRIBUTION][0], [*rows[DISTRIBUTION][1], "Alloc_Now", "Mine"]]
    width = len(rows[DISTRIBUTION][1])
    for row in (3, 4, 6):
        rows[DISTRIBUTION].append(
            [*["M01" if i == 10 else None for i in range(width - 2)], row == 4, f"note {row}"]
        )
    rows[SALES_RECON_AUDIT][0] = [*rows[SALES_RECON_AUDIT][0], None, "Mine"]
    return rows


def change(data: Any, memory: MemoryStore) -> ChangeSet:
    """Something for some sheets, no two things for one."""
    snapshot = memory.read(*LEDGERS, QUEUE, LOG, *REPORTS, strict=False)
    changes = ChangeSet()
    for name in data.draw(
        st.lists(
            st.sampled_from((*LEDGERS, QUEUE, LOG, *REPORTS)), min_size=1, max_size=3, unique=True
        )
    ):
        table = snapshot[name]
        numbers = table.frame["row"].to_list()
        kinds = {LOG: ["append"], QUEUE: ["replace", "set"]}.get(
            name, ["append", "set", "delete", "copy"]
        )
        kind = data.draw(st.sampled_from(["replace"] if name in REPORTS else kinds))
        if kind == "append":
            columns = data.draw(some_columns(table.sheet))
            changes.append(
                name,
                table.next_row,
                [c.name for c in columns],
                data.draw(
                    st.lists(
                        # a row of the log says something: a FALSE alone counts as blank
                        plain_rows(columns).filter(any if name == LOG else bool),
                        min_size=1,
                        max_size=3,
                    )
                ),
            )
        elif kind == "replace" and name in REPORTS:
            changes.replace(
                name, (), data.draw(st.lists(st.lists(ANYTHING, max_size=5).map(tuple), max_size=4))
            )
        elif kind == "replace":
            columns = data.draw(some_columns(table.sheet))
            changes.replace(
                name,
                [c.name for c in columns],
                data.draw(st.lists(plain_rows(columns), max_size=4)),
            )
        elif kind == "copy" and table.exists:
            free = st.integers(table.next_row, table.next_row + 3)
            rows = data.draw(
                st.lists(
                    st.sampled_from(numbers) | free if numbers else free,
                    min_size=1,
                    max_size=3,
                    unique=True,
                )
            )
            changes.changes.append(
                CopyCells(name, {row: data.draw(copied(table, row)) for row in rows})
            )
        elif numbers and kind in ("set", "delete"):
            rows = data.draw(
                st.lists(st.sampled_from(numbers), min_size=1, max_size=3, unique=True)
            )
            if kind == "delete":
                changes.delete(name, {row: str(row) for row in rows})
                continue
            for row in rows:
                columns = data.draw(some_columns(table.sheet))
                now = table.frame.filter(table.frame["row"] == row).row(0, named=True)
                after = data.draw(plain_rows(columns))
                changes.set(
                    name,
                    row,
                    str(row),
                    {c.name: (now[c.name], value) for c, value in zip(columns, after, strict=True)},
                )
    return changes


def some_columns(sheet: Sheet) -> st.SearchStrategy[list[Any]]:
    return st.lists(
        st.sampled_from([c for c in sheet.columns if not c.machine]),
        min_size=1,
        max_size=6,
        unique_by=lambda c: c.name,
    )


def plain_rows(columns: Sequence[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*(st.none() | PLAIN[column.type] for column in columns))


def copied(table: Any, row: int) -> st.SearchStrategy[dict[str, tuple[Any, Any]]]:
    """Values that need not fit their columns; dates only where they do: a Google Sheet knows them
    from numbers by their column alone."""
    named = {c.name: c for c in table.sheet.columns if c.name in table.positions and not c.machine}

    def some(names: list[str]) -> Any:
        return st.fixed_dictionaries(
            {
                name: (
                    ANYTHING
                    if named[name].type in (ColumnType.DATE, ColumnType.DATETIME)
                    else NO_DATES
                ).map(lambda value: (None, value))
                for name in names
            }
        )

    return st.lists(st.sampled_from(sorted(named)), min_size=1, max_size=4, unique=True).flatmap(
        some
    )


def seen(store: Any) -> Any:
    """All tables, what does not fit in them, and the reports."""
    tables = store.read(*(sheet.name for sheet in EVENT if sheet.header_row), strict=False).tables
    reports = {
        name: [[plain(cell) for cell in row] for row in rows]
        for name, rows in store.raw_rows(*REPORTS).items()
    }
    return (
        {name: table.frame.rows() for name, table in tables.items()},
        {name: table.misfits for name, table in tables.items()},
        {name: without_blanks(rows) for name, rows in reports.items()},
    )


def unlike(one: Any, other: Any) -> list[Any]:
    return [
        (name, [pair for pair in itertools.zip_longest(a[name], b[name]) if pair[0] != pair[1]])
        for a, b in zip(one, other, strict=True)
        for name in a | b
        if a.get(name) != b.get(name)
    ]


def plain(cell: Any) -> Any:
    """A cell of a free layout: dates are numbers in a Google Sheet."""
    if isinstance(cell, datetime):
        days = (cell - datetime(1899, 12, 30)) / timedelta(days=1)
        return round(days - (days < 61), 6)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell) if abs(cell) > 1e7 else round(float(cell), 6)
    return None if cell == "" else cell


def without_blanks(rows: list[list[Any]]) -> list[list[Any]]:
    """Without what is blank at the ends of rows and at the end."""
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


def side_by_side(google: Google, data: Any, steps: int) -> None:
    rows = start()
    memory = MemoryStore.of_rows(rows, layout=EVENT)
    key = google.new(rows)
    server = google.server
    own = {
        name: [row[-1] for row in server.rows(key, name) if row and row[-1:] != [None]]
        for name in (DISTRIBUTION,)
    }
    begun = ChangeSet()
    begun.append(ALLOC_LOG, 2, ("action",), [("ALLOCATE",)])
    for store in (memory, quick(google, key)):
        store.commit(
            with_structure(begun, store.read(ALLOC_LOG)), store.read(ALLOC_LOG).revision, ENTRY
        )
    assert unlike(seen(quick(google, key)), seen(memory)) == []
    done = 0
    for _ in range(steps):
        store = quick(google, key, machine=data.draw(st.sampled_from(("a", "b"))))
        assert unlike(seen(store), seen(memory)) == []
        if done and data.draw(st.integers(0, 4)) == 0:
            outcome = [undone(one) for one in (memory, store)]
            assert outcome[0] == outcome[1]
            done -= 1
        else:
            changes = change(data, memory)
            outcome = [tried(one, changes) for one in (memory, store)]
            assert outcome[0] == outcome[1]
            done += outcome[0] == "done"
        assert unlike(seen(store), seen(memory)) == []
        assert unlike(seen(quick(google, key, machine="c")), seen(memory)) == []
    assert {
        name: [
            cell for row in server.rows(key, name) for cell in row if str(cell).startswith("note ")
        ]
        for name in own
    } == {DISTRIBUTION: ["note 3", "note 4", "note 6"]}


def undone(store: Any) -> str:
    try:
        store.undo(ENTRY)
    except TicketopsError as error:
        return error.message  # what told nothing but logs stays (D19)
    return "done"


def tried(store: Any, changes: ChangeSet) -> str:
    if not changes:
        return "nothing"
    try:
        snapshot = store.read(*changes.sheets, strict=False)
        store.commit(with_structure(changes, snapshot), snapshot.revision, ENTRY)
    except TicketopsError as error:
        return error.message
    return "done"


@pytest.mark.slow
@quickly(6)
@given(data=st.data())
def test_any_changes_as_on_the_memory_store(google: Google, machine: Any, data: Any) -> None:
    side_by_side(machine(google), data, 3)


@pytest.mark.slow
@quickly(40)
@given(data=st.data())
def test_any_changes_at_length(google: Google, machine: Any, data: Any) -> None:
    side_by_side(machine(google), data, 6)
