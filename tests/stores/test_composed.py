"""The changes of several steps as one: what the sheet is after it is what it is after the last of
them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk import START
from ticketops.engine.pending import PendingStore
from ticketops.errors import ConflictError, InternalError, RuleError, SchemaError
from ticketops.model.changes import (
    AppendRows,
    Change,
    ChangeSet,
    CopyCells,
    DeleteRows,
    ReplaceRows,
    SetCells,
)
from ticketops.schema.composed import Composed
from ticketops.schema.layouts.event import EVENT, SALES, STAFF_QUEUE
from ticketops.schema.tables import Table, apply
from ticketops.stores.base import Entry
from ticketops.stores.memory import MemoryStore

COLUMNS = ("sales_id", "client", "notes")
QUEUE = ("task_id", "category", "company")
ENTRY = Entry("R20260417-143022", "sale set S1", "tester", START)


def table(sheet: str = SALES, columns: tuple[str, ...] = COLUMNS, rows: int = 4) -> Table:
    """Some rows of a sheet."""
    store = MemoryStore(layout=EVENT)
    changes = ChangeSet()
    first = store.read(sheet, strict=False)[sheet].next_row
    changes.append(sheet, first, columns, [(f"S{n}", f"c{n}", None) for n in range(rows)])
    from ticketops.schema.structure import with_structure

    snapshot = store.read(sheet, strict=False)
    store.commit(with_structure(changes, snapshot), store.revision(), ENTRY)
    return store.read(sheet)[sheet]


def cell(at: Table, row: int, name: str) -> Any:
    return at.frame.filter(at.frame["row"] == row)[name].item()


@st.composite
def steps(draw: st.DrawFn, start: Table, columns: tuple[str, ...], *, queue: bool) -> list[Change]:
    """Changes, each of what the one before it left; a row that was emptied is not filled again."""
    now, found, last = start, [], start.last_row
    text = st.sampled_from([None, "a", "b", "c"])
    for _ in range(draw(st.integers(1, 8))):
        rows = now.frame["row"].to_list()
        kinds = ["append", *(["set", "delete"] if rows else []), *(["replace"] if queue else [])]
        change: Change
        match draw(st.sampled_from(kinds)):
            case "append":
                new = draw(st.lists(st.tuples(st.just("S9"), text, text), min_size=1, max_size=3))
                change = AppendRows(start.sheet.name, last + 1, columns, new)
                last += len(new)
            case "set":
                row = draw(st.sampled_from(rows))
                name = draw(st.sampled_from(columns[1:]))
                change = SetCells(
                    start.sheet.name, row, "", {name: (cell(now, row, name), draw(text))}
                )
            case "delete":
                row = draw(st.sampled_from(rows))
                change = DeleteRows(start.sheet.name, (row,), ("",))
            case _:
                new = draw(st.lists(st.tuples(st.just("S8"), text, text), max_size=3))
                change = ReplaceRows(start.sheet.name, columns, new)
                last = start.sheet.header_row + len(new)
        now = apply(now, [change])
        found.append(change)
    return found


def joined(sheet: str, header_row: int, changes: list[Change]) -> list[Change]:
    composed = Composed(header_row)
    for change in changes:
        composed.add(change)
    return list(composed.changes(sheet))


LEDGER = table()
TASKS = table(STAFF_QUEUE, QUEUE)


@pytest.mark.slow
@given(steps(LEDGER, COLUMNS, queue=False))
def test_steps_of_a_ledger_are_one(changes: list[Change]) -> None:
    _is_one(LEDGER, changes)


@pytest.mark.slow
@given(steps(TASKS, QUEUE, queue=True))
def test_steps_of_a_queue_are_one(changes: list[Change]) -> None:
    _is_one(TASKS, changes)


def _is_one(start: Table, changes: list[Change]) -> None:
    after = start
    for change in changes:
        after = apply(after, [change])
    one = joined(start.sheet.name, start.sheet.header_row, changes)
    found = apply(start, one).frame.sort("row")
    assert found.equals(after.frame.sort("row").select(found.columns))
    assert sum(isinstance(change, ReplaceRows) for change in one) <= 1
    touched = [c.row for c in one if isinstance(c, SetCells)]
    gone = [row for c in one if isinstance(c, DeleteRows) for row in c.rows]
    assert len({*touched, *gone}) == len(touched) + len(gone)


def test_a_cell_that_is_set_twice_keeps_what_was_first_and_every_step() -> None:
    two = [
        SetCells(SALES, 2, "S1", {"status": ("A", "B")}),
        SetCells(SALES, 2, "S1", {"status": ("B", "D")}, {"status": ("C",)}),
        SetCells(SALES, 3, "S2", {"notes": (None, "x")}),
        SetCells(SALES, 3, "S2", {"notes": ("x", None)}),
    ]
    (one,) = joined(SALES, 1, two)
    assert isinstance(one, SetCells)
    assert one.cells == {"status": ("A", "D")}
    assert one.via == {"status": ("B", "C")}


def test_what_is_of_another_copy_is_not_joined() -> None:
    with pytest.raises(InternalError):
        joined(SALES, 1, [CopyCells(SALES, {2: {"notes": (None, "x")}})])


# --- the store in which commits wait


def filled() -> MemoryStore:
    store = MemoryStore(layout=EVENT)
    changes = ChangeSet()
    changes.append(SALES, 2, COLUMNS, [("S1", "Acme", None), ("S2", "Bolt", None)])
    store.commit(changes, store.revision(), ENTRY)
    return store


def noted(store: Any, text: str) -> ChangeSet:
    snapshot = store.read(SALES)
    before = cell(snapshot[SALES], 2, "notes")
    changes = ChangeSet()
    changes.set(SALES, 2, "S1", {"notes": (before, text)})
    return changes


def test_what_waits_is_read_and_not_written() -> None:
    store = filled()
    pending = PendingStore(store)
    first = pending.revision()
    pending.commit(noted(pending, "one"), first, ENTRY)
    pending.commit(noted(pending, "two"), pending.revision(), ENTRY)
    assert cell(pending.read(SALES)[SALES], 2, "notes") == "two"
    assert cell(store.read(SALES)[SALES], 2, "notes") is None
    assert len(store.log()) == len(pending.log()) == 1
    with pytest.raises(ConflictError):
        pending.commit(noted(pending, "three"), first, ENTRY)
    pending.write(ENTRY)
    assert cell(store.read(SALES)[SALES], 2, "notes") == "two"
    assert [t.counts for t in store.log()][1:] == [
        {SALES: {"set": 1, "appended": 0, "deleted": 0, "replaced": 0}}
    ]
    store.undo(Entry("R20260417-143100", "undo", "tester", START))
    assert cell(store.read(SALES)[SALES], 2, "notes") is None


def test_what_someone_else_wrote_meanwhile_stops_it() -> None:
    store = filled()
    pending = PendingStore(store)
    pending.commit(noted(pending, "one"), pending.revision(), ENTRY)
    store.edit_outside(SALES, 3, 5, "typed")
    with pytest.raises(ConflictError):
        pending.write(ENTRY)
    assert cell(store.read(SALES)[SALES], 2, "notes") is None


def test_what_a_sheet_does_not_allow_is_refused_at_once() -> None:
    pending = PendingStore(filled())
    changes = ChangeSet()
    changes.set(SALES, 2, "S1", {"number": (None, "many")})
    with pytest.raises(SchemaError):
        pending.commit(changes, pending.revision(), ENTRY)
    assert pending.entries == []
    for act in (pending.undo, pending.undoable):
        with pytest.raises(RuleError, match="together"):
            act(ENTRY)
