"""A file and a Google Sheet that people edit in any order, with `sync` in between: no edit is lost,
every true conflict is reported, none is invented. Beside the product runs a model of its own: plain
dictionaries of cells, compared one by one."""

from __future__ import annotations

import random
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import openpyxl
import pytest

from tests.online import Google
from tests.sampling import thorough
from ticketops.domain.plan import Run
from ticketops.domain.sync.merge import Side
from ticketops.engine.transaction import carry_out
from ticketops.model import roles
from ticketops.model.changes import ChangeSet, CopyCells
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, EVENT, UNITS, VENDOR_CREDENTIALS
from ticketops.services import sync
from ticketops.stores.base import Entry
from ticketops.stores.memory import MemoryStore
from ticketops.stores.xlsx.store import XlsxStore

NOW = datetime(2026, 4, 17, 14, 30, 22)
COLUMNS = {
    DISTRIBUTION: ("line_key", "delivery", "client_email", "date", "sold", "qty", "notes"),
    UNITS: ("unit_id", "status", "contract", "set_pos"),
    ALLOC_LOG: ("action", "reason"),
    VENDOR_CREDENTIALS: ("vendor", "password"),
}
KEYS = {DISTRIBUTION: "line_key", UNITS: "unit_id", VENDOR_CREDENTIALS: "vendor"}
"""The rows of _ALLOC_LOG have none: what both sides changed there is a conflict as a whole."""
VALUES: dict[str, tuple[Any, ...]] = {
    "date": (datetime(2026, 6, 11), datetime(2026, 7, 19), "soon"),
    "sold": (True,),
    "qty": (1, 2, "many"),
    "set_pos": (1, 2, 3),
    "delivery": ("NOT_SENT", "SENT", "ISSUE"),
    "status": ("AVAILABLE", "ALLOCATED"),
    "contract": ("0012", "12", "1e5"),
    "notes": ("=1+1", "a", "b", " b", "TRUE"),
}
At = tuple[str, int, str]


class Copy(Protocol):
    """One of the two workbooks."""

    store: Any

    def type(self, at: At, value: Any) -> None: ...


class InMemory:
    def __init__(self, folder: Path, name: str) -> None:
        self.store = MemoryStore(layout=EVENT)
        self.store.name, self.store.state_folder, self.store.home = name, folder / name, None

    def type(self, at: At, value: Any) -> None:
        sheet, row, column = at
        self.store.edit_outside(sheet, row, place(sheet, column), value)


class OnFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def store(self) -> XlsxStore:
        return XlsxStore(self.path, layout=EVENT)

    def type(self, at: At, value: Any) -> None:
        sheet, row, column = at
        store = self.store
        revision = store.read(sheet, strict=False).revision
        store.commit(
            ChangeSet([CopyCells(sheet, {row: {column: (None, value)}})]),
            revision,
            Entry("R20260417-143022", "typed", "x", NOW),
        )


class Online:
    def __init__(self, google: Google, key: str) -> None:
        self._google, self._key = google, key
        self.store = google.store(key)

    def type(self, at: At, value: Any) -> None:
        sheet, row, column = at
        self._google.server.set(self._key, sheet, row, place(sheet, column), value)


def place(sheet: str, column: str) -> int:
    """Where a column stands in an empty canonical workbook."""
    return [c.name for c in EVENT[sheet].columns if not c.extension].index(column) + 1


def said(store: Any) -> dict[At, Any]:
    """Every cell that holds something, of the columns of this test."""
    found = {}
    snapshot = store.read(*COLUMNS, strict=False)
    for sheet, columns in COLUMNS.items():
        table = snapshot[sheet]
        odd = {(m.row, m.column): m.text for m in table.misfits}
        for row in table.frame.to_dicts():
            for column in columns:
                value = odd.get((row["row"], column), row[column])
                if value is not None and value is not False:
                    found[sheet, row["row"], column] = value
    return found


class Model:
    """Both copies and what they last had in common, as dictionaries."""

    def __init__(self) -> None:
        self.here: dict[At, Any] = {}
        self.there: dict[At, Any] = {}
        self.base: dict[At, Any] = {}

    def conflicts(self) -> set[At]:
        """Cells changed on both sides, and all that differ in a row that can't be put together."""
        return self._judged()[0]

    def _judged(self) -> tuple[set[At], set[tuple[str, int]]]:
        """The cells that are conflicts, and the rows that are as a whole."""
        differ = {at for at in {*self.here, *self.there} if self.here.get(at) != self.there.get(at)}
        mine = {at for at in differ if self.here.get(at) != self.base.get(at)}
        theirs = {at for at in differ if self.there.get(at) != self.base.get(at)}
        found, whole = mine & theirs, set()
        for sheet, row in {at[:2] for at in mine} & {at[:2] for at in theirs}:
            cells = {at for at in differ if at[:2] == (sheet, row)}
            records = [
                {at: v for at, v in side.items() if at[:2] == (sheet, row)}
                for side in (self.here, self.there, self.base)
            ]
            other = sheet not in KEYS or self._record(self.here, sheet, row) != self._record(
                self.there, sheet, row
            )
            if (
                other
                or not records[0]
                or not records[1]
                or (not records[2] and cells & mine & theirs)
            ):
                whole.add((sheet, row))
        for sheet in KEYS:
            whole |= {
                (sheet, row)
                for row in self._twice(sheet, {at[1] for at in differ if at[0] == sheet})
            }
        for sheet in {sheet for sheet, _ in whole}:
            whole |= {(sheet, row) for row in self._moved(sheet)}
        return found | {at for at in differ if at[:2] in whole}, whole

    def _key(self, cells: dict[At, Any], sheet: str, row: int) -> Any:
        return cells.get((sheet, row, KEYS[sheet]))

    def _record(self, cells: dict[At, Any], sheet: str, row: int) -> Any:
        """The key of a row; where it has none, all of it."""
        key = self._key(cells, sheet, row) if sheet in KEYS else None
        return key or repr(
            sorted((at[2], repr(v)) for at, v in cells.items() if at[:2] == (sheet, row))
        )

    def _twice(self, sheet: str, rows: set[int]) -> set[int]:
        """Rows of records that both sides wrote anew, or moved, not in the same row; of several on
        one side the last counts."""
        here, there = (
            {
                key: row
                for row in sorted(rows)
                if (key := self._key(side, sheet, row)) and key != self._key(self.base, sheet, row)
            }
            for side in (self.here, self.there)
        )
        return {
            row
            for key in here.keys() & there.keys()
            if here[key] != there[key]
            for row in (here[key], there[key])
        }

    def _moved(self, sheet: str) -> set[int]:
        """Rows that hold, or held, a record which stands elsewhere than before on some side."""
        sides = (self.here, self.there, self.base)
        rows = {at[1] for side in sides for at in side if at[0] == sheet}
        kept = {row: [self._record(side, sheet, row) for side in sides] for row in rows}
        unlike = {row for row, found in kept.items() if found[0] != found[1]}
        old = {found[2] for found in kept.values()} - {"[]"}
        moved = {
            one for row in unlike for one in kept[row][:2] if one in old and one != kept[row][2]
        }
        return {row for row in unlike if moved & set(kept[row])}

    def take_over(self, into: Side, prefer: str = "") -> set[At]:
        """As `sync pull` (into the local copy) or `push` must do it; the conflicts that are
        left."""
        conflicts, whole = self._judged()
        target, source = (self.here, self.there) if into is Side.LOCAL else (self.there, self.here)
        for at in {*self.here, *self.there}:
            if target.get(at) == source.get(at):
                continue
            changed_there = source.get(at) != self.base.get(at)
            if at in conflicts:
                if prefer == into:
                    put(self.base, at, source.get(at))
                if not prefer or prefer == into:
                    continue
            elif not changed_there:
                continue
            put(target, at, source.get(at))
        for at in {*self.here, *self.there, *self.base}:
            if self.here.get(at) == self.there.get(at) and (prefer or at[:2] not in whole):
                put(self.base, at, self.here.get(at))
        return set() if prefer else conflicts


def put(cells: dict[At, Any], at: At, value: Any) -> None:
    if value is None:
        cells.pop(at, None)
    else:
        cells[at] = value


class World:
    """Two copies, their model, and a throw of the dice."""

    def __init__(self, here: Copy, there: Copy, seed: int) -> None:
        self.here, self.there, self.model, self.chance = here, there, Model(), random.Random(seed)

    def edit(self, copy: Copy, cells: dict[At, Any]) -> None:
        sheet = self.chance.choice(list(COLUMNS))
        column = self.chance.choice(COLUMNS[sheet])
        row = EVENT[sheet].header_row + self.chance.randint(1, 4)
        value = (
            None
            if self.chance.random() < 0.25
            else self.chance.choice(VALUES.get(column, ("a", "b", "c", "0012")))
        )
        if self.chance.random() < 0.12:  # a whole record: of another name, or gone
            number = self.chance.randint(1, 3)
            for name in COLUMNS[sheet]:
                self.type(
                    copy,
                    cells,
                    (sheet, row, name),
                    None if number == 1 else VALUES.get(name, (f"{name}{number}",))[0],
                )
            return
        self.type(copy, cells, (sheet, row, column), value)

    def type(self, copy: Copy, cells: dict[At, Any], at: At, value: Any) -> None:
        copy.type(at, value)
        put(
            cells,
            at,
            value.strip()
            if isinstance(value, str) and EVENT[at[0]].by_name[at[2]].type.value == "code"
            else value,
        )

    def sync(self, into: Side, prefer: str = "") -> None:
        local, remote = self.here.store, self.there.store
        job = sync.job(into, local, remote, [prefer] if prefer else [], emptying=True)
        run = Run("R20260417-143022", "tester", NOW, lambda: "u", roles.SR_OPERATOR)
        done = carry_out(remote if into is Side.REMOTE else local, job, run)
        before = dict(self.model.here if into is Side.LOCAL else self.model.there)
        left = self.model.take_over(into, prefer)
        told = {(finding.sheet, finding.row) for finding in done.plan.findings}
        assert told == {at[:2] for at in left}
        assert said(self.here.store) == self.model.here
        assert said(self.there.store) == self.model.there
        assert done.written == (
            before != (self.model.here if into is Side.LOCAL else self.model.there)
        )

    def go(self, steps: int) -> None:
        for _ in range(steps):
            throw = self.chance.random()
            if throw < 0.4:
                self.edit(self.here, self.model.here)
            elif throw < 0.8:
                self.edit(self.there, self.model.there)
            else:
                self.sync(
                    self.chance.choice((Side.LOCAL, Side.REMOTE)),
                    self.chance.choice(("", "", "", "local", "remote")),
                )
        for into in (Side.LOCAL, Side.REMOTE):
            self.sync(into)
        if not self.model.conflicts():
            assert self.model.here == self.model.there


@pytest.fixture
def few_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "synced", lambda _layout: tuple(COLUMNS))


def in_memory(folder: Path, seed: int) -> None:
    World(InMemory(folder, f"here{seed}"), InMemory(folder, f"there{seed}"), seed).go(24)


@pytest.mark.slow
def test_interleavings(few_sheets: None, tmp_path: Path) -> None:
    for seed in range(10):
        in_memory(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, thorough(1500, 2000), 250))
def test_a_thousand_interleavings(first: int, few_sheets: None, tmp_path: Path) -> None:
    for seed in range(first, first + 250):
        in_memory(tmp_path, seed)


def on_file_and_online(google: Google, empty: Path, folder: Path, seed: int) -> None:
    path = Path(shutil.copy(empty, folder / f"event{seed}.xlsx"))
    World(
        OnFile(path), Online(google, google.new(MemoryStore(layout=EVENT).raw_rows(*COLUMNS))), seed
    ).go(18)
    google.close()


@pytest.mark.slow
def test_interleavings_on_a_file_and_a_google_sheet(
    few_sheets: None, google: Google, empty: Path, tmp_path: Path
) -> None:
    for seed in range(3):
        on_file_and_online(google, empty, tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, thorough(600, 1100), 125))
def test_a_thousand_interleavings_on_a_file_and_a_google_sheet(
    first: int, few_sheets: None, google: Google, empty: Path, tmp_path: Path
) -> None:
    for seed in range(first, first + 125):
        on_file_and_online(google, empty, tmp_path, seed)


def test_a_formula_stays(google: Google, empty: Path, few_sheets: None) -> None:
    """A cell that holds a formula on one side is not written there; everything else is taken
    over."""
    here, key = OnFile(empty), google.new(MemoryStore(layout=EVENT).raw_rows(*COLUMNS))
    there = Online(google, key)
    for row in (3, 4):
        here.type((DISTRIBUTION, row, "line_key"), f"k{row}")
        here.type((DISTRIBUTION, row, "notes"), "old")
    run = Run("R20260417-143022", "tester", NOW, lambda: "u", roles.SR_OPERATOR)
    carry_out(there.store, sync.job(Side.REMOTE, here.store, there.store), run)
    google.server.set_formula(key, DISTRIBUTION, 3, place(DISTRIBUTION, "notes"), '="old"', "old")
    here.type((DISTRIBUTION, 3, "notes"), "new")
    here.type((DISTRIBUTION, 4, "notes"), "new")
    done = carry_out(there.store, sync.job(Side.REMOTE, here.store, there.store), run)
    assert [(finding.code, finding.row) for finding in done.plan.findings] == [("FORMULA_LEFT", 3)]
    assert (
        google.server.cell(key, DISTRIBUTION, 3, place(DISTRIBUTION, "notes")).value.text
        == '="old"'
    )
    assert there.store.read(DISTRIBUTION)[DISTRIBUTION].frame["notes"].to_list() == ["old", "new"]
    book = openpyxl.load_workbook(empty)
    book[DISTRIBUTION].cell(4, place(DISTRIBUTION, "notes")).value = '="new"'
    book.save(empty)
    google.server.set(key, DISTRIBUTION, 4, place(DISTRIBUTION, "notes"), "newer")
    google.server.set(key, DISTRIBUTION, 4, place(DISTRIBUTION, "qty"), 7)
    done = carry_out(
        here.store, sync.job(Side.LOCAL, here.store, there.store, ["remote"]), run
    )  # a formula not yet computed reads as a blank
    assert ("FORMULA_LEFT", 4) in {(finding.code, finding.row) for finding in done.plan.findings}
    assert here.store.read(DISTRIBUTION)[DISTRIBUTION].frame["qty"].to_list() == [None, 7]
