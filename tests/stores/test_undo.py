"""Undo on every store: rows are found by key, lasting sheets keep their rows, an older command
comes back if nothing depends on it (D15, D19)."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trail import given_back
from ticketops.engine.not_undoable import not_undoable
from ticketops.errors import BusyError, NotFoundError, RuleError, TicketopsError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import ALLOC_LOG, EVENT, REFUNDS, UNITS, UNITS_AUDIT
from ticketops.schema.structure import with_structure
from ticketops.stores.base import Entry
from ticketops.stores.memory import MemoryStore
from ticketops.stores.xlsx.store import XlsxStore

START = datetime(2026, 4, 17, 14, 30, 0)
COLUMNS = ("unit_id", "match", "status", "set_pos", "created_at")
PLACE = {header: i for i, header in enumerate(EVENT[UNITS].canonical_headers, start=1)}


class Bench:
    """A store, and somebody who works in the same workbook with another program."""

    def __init__(
        self, store: Any, set_outside: Callable[[str, Mapping[tuple[int, int], Any]], None]
    ) -> None:
        self.store, self._set, self._minutes = store, set_outside, 0

    def entry(self, command: str = "test") -> Entry:
        self._minutes += 1
        at = START + timedelta(minutes=self._minutes)
        return Entry(f"R{at:%Y%m%d-%H%M%S}", command, "ana", at)

    def write(
        self, fill: Callable[[ChangeSet, Any], None], *sheets: str, command: str = "test"
    ) -> str:
        snapshot = self.store.read(*sheets)
        changes = ChangeSet()
        fill(changes, snapshot)
        entry = self.entry(command)
        self.store.commit(with_structure(changes, snapshot), snapshot.revision, entry)
        return entry.run_id

    def add(self, *ids: str) -> str:
        rows = [(unit, "M01", "AVAILABLE", n, START) for n, unit in enumerate(ids, start=1)]
        return self.write(lambda c, s: c.append(UNITS, s[UNITS].next_row, COLUMNS, rows), UNITS)

    def allocate(self, *ids: str) -> str:
        at = {unit: row for row, unit in self.rows("row", "unit_id")}
        return self.write(
            lambda c, _s: [
                c.set(UNITS, at[u], u, {"status": ("AVAILABLE", "ALLOCATED")}) for u in ids
            ],
            UNITS,
        )  # type: ignore[arg-type,return-value]

    def rows(self, *columns: str, sheet: str = UNITS) -> list[Any]:
        return self.store.read(sheet)[sheet].frame.select(columns).rows()

    def states(self) -> dict[str, str]:
        return dict(self.rows("unit_id", "status"))

    def undo(self, run_id: str = "") -> Any:
        return self.store.undo(self.entry("undo"), run_id)

    def refused(self, error: type[TicketopsError], match: str, run_id: str = "") -> None:
        before = self.store.raw_rows(UNITS, ALLOC_LOG)
        with pytest.raises(error, match=match) as caught:
            self.undo(run_id)
        assert "\n" not in caught.value.message
        assert caught.value.exit_code in (3, 4, 5)
        assert self.store.raw_rows(UNITS, ALLOC_LOG) == before

    def type_in(self, cells: Mapping[tuple[int, int], Any], sheet: str = UNITS) -> None:
        self._set(sheet, cells)

    def sort(self, key: str = "unit_id", *, reverse: bool = True) -> None:
        """As a spreadsheet program sorts: rows change places whole, blank ones go last."""
        rows = [list(row) or [None] for row in self.store.raw_rows(UNITS)[UNITS][1:]]
        place = EVENT[UNITS].columns.index(EVENT[UNITS].by_name[key])
        rows = [[*row, *[None] * (len(PLACE) - len(row))] for row in rows]
        held = sorted(
            (row for row in rows if row[place]), key=lambda row: str(row[place]), reverse=reverse
        )
        width = max(map(len, rows))
        blank = [[None] * width] * (len(rows) - len(held))
        self.type_in(
            {
                (r, c): v or None
                for r, row in enumerate([*held, *blank], 2)
                for c, v in enumerate((*row, *[None] * (width - len(row))), 1)
            }
        )


@pytest.fixture(params=["memory", "xlsx", "gsheets"])
def bench(request: pytest.FixtureRequest, empty_source: Path, tmp_path: Path) -> Bench:
    if request.param == "memory":
        memory = MemoryStore(layout=EVENT, not_undoable=not_undoable)

        def in_memory(sheet: str, cells: Mapping[tuple[int, int], Any]) -> None:
            for (row, column), value in cells.items():
                memory.edit_outside(sheet, row, column, value)

        return Bench(memory, in_memory)
    if request.param == "xlsx":
        path = Path(shutil.copy(empty_source, tmp_path / "event.xlsx"))

        def in_file(sheet: str, cells: Mapping[tuple[int, int], Any]) -> None:
            book = openpyxl.load_workbook(path)
            for (row, column), value in cells.items():
                book[sheet].cell(row, column).value = value
            book.save(path)

        made = Bench(XlsxStore(path, layout=EVENT, not_undoable=not_undoable), in_file)

        def reopened(sheet: str, cells: Mapping[tuple[int, int], Any]) -> None:
            in_file(sheet, cells)
            made.store = XlsxStore(path, layout=EVENT, not_undoable=not_undoable)

        made._set = reopened
        return made
    google = request.getfixturevalue("google")
    key = google.new()

    def online(sheet: str, cells: Mapping[tuple[int, int], Any]) -> None:
        for (row, column), value in cells.items():
            google.server.set(key, sheet, row, column, value)

    return Bench(google.store(key), online)


def test_a_sorted_sheet_gives_each_record_its_own_back(bench: Bench) -> None:
    bench.add("P00001", "P00002", "P00003")
    bench.allocate("P00001", "P00003")
    bench.allocate("P00002")
    bench.sort()
    bench.undo()
    assert bench.rows("unit_id", "status") == [
        ("P00003", "ALLOCATED"),
        ("P00002", "AVAILABLE"),
        ("P00001", "ALLOCATED"),
    ]
    bench.undo()
    assert set(bench.states().values()) == {"AVAILABLE"}


def test_new_rows_are_taken_away_wherever_they_stand(bench: Bench) -> None:
    bench.add("P00001", "P00002")
    bench.add("P00003", "P00004")
    bench.sort()
    bench.undo()
    assert sorted(bench.states()) == ["P00001", "P00002"]


def test_deleted_rows_come_back_and_overwrite_nothing(bench: Bench) -> None:
    bench.add("P00001", "P00002", "P00003")
    bench.write(lambda c, _s: c.delete(UNITS, {2: "P00001"}), UNITS)
    bench.sort(reverse=False)
    bench.undo()
    assert sorted(bench.rows("unit_id", "match", "set_pos")) == [
        ("P00001", "M01", 1),
        ("P00002", "M01", 2),
        ("P00003", "M01", 3),
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({(2, PLACE["UnitID"]): "P00009"}, "P00001 is missing"),
        ({(3, PLACE["UnitID"]): "P00001"}, "P00001 is there twice, in rows 2, 3"),
        ({(2, PLACE["Status"]): "SOLD"}, r"row 2 \(status\) was changed since"),
        ({(2, PLACE["UnitID"]): None}, "P00001 is missing"),
        (
            {(2, PLACE["UnitID"]): "P00002", (3, PLACE["UnitID"]): "P00001"},
            "P00001 is now the key of another record",
        ),
    ],
)
def test_what_is_gone_doubled_or_changed_is_refused_whole(
    bench: Bench, typed: Mapping[tuple[int, int], Any], said: str
) -> None:
    """Among them Find and Replace over keys: the states agree, and still it is another record."""
    bench.add("P00001", "P00002")
    bench.allocate("P00001", "P00002")
    bench.type_in(typed)
    bench.refused(BusyError, said)


def test_a_new_row_that_somebody_wrote_into_stays(bench: Bench) -> None:
    bench.add("P00001")
    bench.type_in({(2, PLACE["Block"]): "B12"})
    bench.refused(BusyError, r"\(block\) was changed since")


def test_a_key_of_several_columns_and_rows_without_one(bench: Bench) -> None:
    """Two refunds of a sale differ by their moment; rows of _UNITS_AUDIT have no key, they are
    found by all that they hold."""
    later = START + timedelta(hours=1)

    def refund(at: datetime, amount: float) -> str:
        rows = [("S1", amount, at)]
        return bench.write(
            lambda c, s: c.append(
                REFUNDS, s[REFUNDS].next_row, ("sales_id", "amount", "created_at"), rows
            ),
            REFUNDS,
        )

    refund(START, 10.0)
    refund(later, 20.0)
    bench.write(
        lambda c, s: c.append(
            UNITS_AUDIT, s[UNITS_AUDIT].next_row, ("issue", "purchases_qty"), [("A", 1), ("B", 2)]
        ),
        UNITS_AUDIT,
    )
    width = len(EVENT[REFUNDS].columns)
    raw = [
        [*row, *[None] * (width - len(row))] for row in bench.store.raw_rows(REFUNDS)[REFUNDS][1:3]
    ]
    bench.type_in(
        {(r, c): v or None for r, row in enumerate(reversed(raw), 2) for c, v in enumerate(row, 1)},
        REFUNDS,
    )
    bench.undo()
    assert UNITS_AUDIT not in bench.store.sheet_names()
    bench.undo()
    assert bench.rows("sales_id", "amount", "created_at", sheet=REFUNDS) == [("S1", 10.0, START)]


def test_the_log_keeps_its_rows_and_says_what_was_undone(bench: Bench) -> None:
    bench.add("P00001")

    def fill(changes: ChangeSet, snapshot: Any) -> None:
        changes.set(UNITS, 2, "P00001", {"status": ("AVAILABLE", "ALLOCATED")})
        told = [
            (START, "ana", "ALLOCATE", "S1", set_id, 1, "x")
            for set_id in ("PR0001-S01", "PR0002-S01")
        ]
        columns = ("timestamp", "user", "action", "sale_id", "set_id", "units_affected", "reason")
        changes.append(ALLOC_LOG, snapshot[ALLOC_LOG].next_row, columns, told)

    run_id = bench.write(fill, UNITS, ALLOC_LOG, command="allocate commit S1")
    shown = bench.store.undoable(bench.entry("undo"))
    assert {change.sheet for change in shown.cells} == {UNITS, ALLOC_LOG}
    bench.undo()
    assert bench.states() == {"P00001": "AVAILABLE"}
    assert bench.rows("action", "sale_id", "set_id", "reason", sheet=ALLOC_LOG) == [
        ("ALLOCATE", "S1", "PR0001-S01", "x"),
        ("ALLOCATE", "S1", "PR0002-S01", "x"),
        ("UNDO", "S1", "PR0001-S01", f"{run_id} allocate commit S1"),
        ("UNDO", "S1", "PR0002-S01", f"{run_id} allocate commit S1"),
    ]
    bench.undo()
    assert bench.states() == {}
    assert len(bench.rows("action", sheet=ALLOC_LOG)) == 4


def test_an_older_command_comes_back_if_nothing_rests_on_it(bench: Bench) -> None:
    first, second = bench.add("P00001"), bench.add("P00002")
    third = bench.allocate("P00001")
    bench.refused(RuleError, rf"{first} can't be undone: {third} .*depends on it \(.*P00001", first)
    assert not bench.store.undoable(bench.entry("undo"), second).is_last
    bench.undo(second)
    assert bench.states() == {"P00001": "ALLOCATED"}
    bench.refused(RuleError, "was already undone", second)
    bench.refused(NotFoundError, "has no R20200101-000000", "R20200101-000000")
    bench.undo()
    bench.undo()
    assert bench.states() == {}


def test_a_sheet_that_was_made_goes_again(bench: Bench) -> None:
    bench.add("P00001")
    assert UNITS_AUDIT not in bench.store.sheet_names()
    bench.write(
        lambda c, s: c.append(UNITS_AUDIT, s[UNITS_AUDIT].next_row, ("issue",), [("GAP",)]),
        UNITS_AUDIT,
    )
    bench.type_in({(2, PLACE["Block"]): "B12"})  # no longer byte for byte
    bench.undo()
    assert UNITS_AUDIT not in bench.store.sheet_names()
    assert bench.rows("unit_id", "block") == [("P00001", "B12")]


# --- files


def commits(path: Path, number: int, **more: Any) -> list[bytes]:
    """So many commands; the file before each."""
    states = []
    for n in range(1, number + 1):
        states.append(path.read_bytes())
        bench = Bench(
            XlsxStore(path, layout=EVENT, not_undoable=not_undoable, **more), lambda *_: None
        )
        bench._minutes = n
        bench.add(f"P{n:05}")
    return states


def undo(path: Path, minutes: int, run_id: str = "", **more: Any) -> Any:
    at = START + timedelta(hours=5, minutes=minutes)
    store = XlsxStore(path, layout=EVENT, not_undoable=not_undoable, **more)
    entry = Entry(f"R{at:%Y%m%d-%H%M%S}", "undo", "ana", at)
    found = store.undoable(entry, run_id)
    store.undo(entry, run_id)
    return found


def test_as_many_commands_as_there_are_backups_come_back_to_the_byte(empty: Path) -> None:
    states = commits(empty, 12, backups=9)
    for n, state in enumerate(reversed(states)):
        found = undo(empty, n, backups=9)
        assert found.exact == (n < 9)
        assert found.why == (
            ""
            if n < 9
            else "the version before it is no longer kept"
            if n == 9
            else "later changes were undone cell by cell"
        )
        if n < 9:
            assert empty.read_bytes() == state
    assert XlsxStore(empty, layout=EVENT).read(UNITS)[UNITS].frame.height == 0


def test_commands_between_undos_are_counted_alone(empty: Path) -> None:
    states = commits(empty, 3, backups=3)
    undo(empty, 0, backups=3)
    again = empty.read_bytes()
    assert again == states[2]
    bench = Bench(XlsxStore(empty, layout=EVENT, backups=3), lambda *_: None)
    bench._minutes = 200
    bench.add("P00009")
    for n, state in enumerate([again, states[1], states[0]], start=1):
        assert undo(empty, 300 + n, backups=3).exact
        assert empty.read_bytes() == state


def test_the_trail_of_a_file(empty: Path) -> None:
    commits(empty, 1)
    before = empty.read_bytes()
    store = XlsxStore(empty, layout=EVENT, not_undoable=not_undoable)
    bench = Bench(store, lambda *_: None)
    bench._minutes = 50

    def fill(changes: ChangeSet, snapshot: Any) -> None:
        changes.set(UNITS, 2, "P00001", {"status": ("AVAILABLE", "ALLOCATED")})
        changes.append(
            ALLOC_LOG,
            snapshot[ALLOC_LOG].next_row,
            ("timestamp", "action", "sale_id"),
            [(START, "ALLOCATE", "S1")],
        )

    bench.write(fill, UNITS, ALLOC_LOG)
    during = empty.read_bytes()
    assert undo(empty, 60).exact
    assert given_back(empty, before, during) == {ALLOC_LOG}
    assert undo(empty, 61).exact


def test_a_copy_without_its_folder_an_older_copy_and_another_workbook_are_noticed(
    empty: Path, empty_source: Path
) -> None:
    states = commits(empty, 3)
    newest = empty.read_bytes()
    empty.write_bytes(states[2])
    store = XlsxStore(empty, layout=EVENT, not_undoable=not_undoable)
    assert "it is as it was after R20260417-143300" in store.doubt()
    with pytest.raises(RuleError, match="does not match its journal"):
        undo(empty, 1)
    assert empty.read_bytes() == states[2]
    empty.write_bytes(newest)
    assert XlsxStore(empty, layout=EVENT).doubt() == ""
    book = openpyxl.load_workbook(empty)  # saved by another program: that is how people work
    book.save(empty)
    assert XlsxStore(empty, layout=EVENT).doubt() == ""
    assert not undo(empty, 2).exact


# --- journals of older versions


def without_places(path: Path) -> None:
    """The journal as a version wrote it that kept no keys."""
    for entry in path.with_name(path.name + ".ticketops").joinpath("journal").glob("*.json.gz"):
        head, body, *rest = gzip.decompress(entry.read_bytes()).split(b"\n")
        old_head = {k: v for k, v in json.loads(head).items() if k != "restores"}
        old_body = {k: v for k, v in json.loads(body).items() if k != "places"}
        entry.write_bytes(
            gzip.compress(
                b"\n".join([json.dumps(old_head).encode(), json.dumps(old_body).encode(), *rest])
            )
        )


def upside_down(path: Path, last: int) -> None:
    book = openpyxl.load_workbook(path)
    rows = [[cell.value for cell in row] for row in book[UNITS].iter_rows(min_row=2, max_row=last)]
    for number, values in enumerate(reversed(rows), start=2):
        for place, value in enumerate(values, start=1):
            book[UNITS].cell(number, place).value = value
    book.save(path)


def allocated_by_an_old_version(path: Path) -> bytes:
    bench = Bench(XlsxStore(path, layout=EVENT, not_undoable=not_undoable), lambda *_: None)
    bench.add("P00001", "P00002")
    before = path.read_bytes()
    bench.allocate("P00001", "P00002")
    without_places(path)
    return before


def test_an_old_journal_is_undone_while_nobody_saved(empty: Path) -> None:
    before = allocated_by_an_old_version(empty)
    assert undo(empty, 1).exact
    assert empty.read_bytes() == before


@pytest.mark.parametrize("kept", [True, False])
def test_an_old_journal_is_refused_where_rows_moved(empty: Path, kept: bool) -> None:
    """Both units hold the same state, so only the keys tell that the rows changed places."""
    allocated_by_an_old_version(empty)
    if not kept:
        XlsxStore(empty, layout=EVENT).purge(Entry("R20260417-200000", "purge", "ana", START))
    upside_down(empty, 3)
    saved = empty.read_bytes()
    with pytest.raises(BusyError, match="now holds another record" if kept else "older version"):
        undo(empty, 1)
    assert empty.read_bytes() == saved


def test_an_old_journal_is_undone_where_rows_stand_as_they_did(empty: Path) -> None:
    allocated_by_an_old_version(empty)
    openpyxl.load_workbook(empty).save(empty)
    assert not undo(empty, 1).exact
    assert XlsxStore(empty, layout=EVENT).read(UNITS)[UNITS].frame["status"].to_list() == [
        "AVAILABLE",
        "AVAILABLE",
    ]


# --- anything


ACT = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 3)),
    st.tuples(st.just("allocate"), st.integers(0, 9)),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(st.just("sort"), st.booleans()),
    st.tuples(st.just("undo"), st.just(0)),
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(ACT, min_size=3, max_size=14))
def test_any_commands_sorts_and_undos_end_where_they_should(acts: list[tuple[str, Any]]) -> None:
    """Told by a plain dict of what each unit's state is, one for each command that stands."""
    memory = MemoryStore(layout=EVENT, not_undoable=not_undoable)

    def in_memory(sheet: str, cells: Mapping[tuple[int, int], Any]) -> None:
        for (row, column), value in cells.items():
            memory.edit_outside(sheet, row, column, value)

    bench = Bench(memory, in_memory)
    past: list[dict[str, str]] = [{}]
    made = 0
    for act, n in acts:
        now = dict(past[-1])
        units = sorted(
            unit for unit, state in now.items() if act != "allocate" or state == "AVAILABLE"
        )
        if act == "add":
            new = [f"P{made + i:05}" for i in range(1, n + 1)]
            made += n
            bench.add(*new)
            past.append(now | dict.fromkeys(new, "AVAILABLE"))
        elif act == "allocate" and units:
            chosen = units[n % len(units)]
            bench.allocate(chosen)
            past.append(now | {chosen: "ALLOCATED"})
        elif act == "delete" and units:
            chosen = units[n % len(units)]
            at = {unit: row for row, unit in bench.rows("row", "unit_id")}
            bench.write(lambda c, _s, r=at[chosen], u=chosen: c.delete(UNITS, {r: u}), UNITS)
            past.append({unit: state for unit, state in now.items() if unit != chosen})
        elif act == "sort" and now:
            bench.sort(reverse=n)
        elif act == "undo" and len(past) > 1:
            bench.undo()
            past.pop()
        assert bench.states() == past[-1]
    while len(past) > 1:
        bench.undo()
        past.pop()
        assert bench.states() == past[-1]
