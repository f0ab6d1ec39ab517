"""A workbook in memory: the engine that most tests run on, and a scratch pad for planning. Same contract as a file."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ticketops.errors import ConflictError
from ticketops.model.changes import ChangeSet
from ticketops.schema.checks import check
from ticketops.schema.tables import Snapshot, apply, build_table, empty_table, require
from ticketops.schema.workbook import MANIFEST, Manifest
from ticketops.stores.base import Entry, Transaction
from ticketops.stores.edits import SheetEdit, compile_edits
from ticketops.stores.undo import last_standing, reversed_cells

Grid = dict[int, dict[int, Any]]
"""{row: {column: raw value}}, 1-based"""


class MemoryStore:
    """A workbook of raw grids. New ones hold every canonical sheet, empty."""

    name = "memory"
    state_folder = Path(os.devnull)
    home: Path | None = None

    def __init__(self, sheets: Mapping[str, Grid] | None = None, *, manifest: Manifest = MANIFEST) -> None:
        self._manifest = manifest
        if sheets is None:
            sheets = {
                s.name: {s.header_row: dict(enumerate(s.canonical_headers, start=1))} if s.header_row else {} for s in manifest.canonical()
            }
        self._sheets: dict[str, Grid] = {name: copy.deepcopy(grid) for name, grid in sheets.items()}
        self._revision = 0
        self._log: list[Transaction] = []
        self._old: dict[int, dict[str, Grid]] = {}
        self._new: dict[int, dict[str, Grid]] = {}

    @classmethod
    def of_rows(cls, sheets: Mapping[str, Sequence[Sequence[Any]]], *, manifest: Manifest = MANIFEST) -> MemoryStore:
        """From rows of raw cells, the first being row 1."""
        grids = {
            name: {r: {c: v for c, v in enumerate(row, start=1) if v not in (None, "")} for r, row in enumerate(rows, start=1)}
            for name, rows in sheets.items()
        }
        return cls(grids, manifest=manifest)

    def rows(self, sheet: str) -> list[list[Any]]:
        """The raw cells of a sheet, row 1 first."""
        grid = self._sheets.get(sheet, {})
        used = {row: cells for row, cells in grid.items() if any(v is not None for v in cells.values())}
        width = max((max(cells) for cells in used.values()), default=0)
        return [[grid.get(row, {}).get(column) for column in range(1, width + 1)] for row in range(1, max(used, default=0) + 1)]

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        tables = {}
        for name in sheets:
            sheet = self._manifest[name]
            if name in self._sheets:
                rows = self.rows(name)
                header = rows[sheet.header_row - 1] if 0 < sheet.header_row <= len(rows) else []
                tables[name] = build_table(sheet, header, rows[sheet.header_row :])
            else:
                tables[name] = empty_table(sheet)
            if strict:
                require(tables[name])
        return Snapshot(str(self._revision), tables)

    def raw_rows(self, *sheets: str) -> dict[str, list[list[Any]]]:
        return {name: self.rows(name) for name in sheets if name in self._sheets}

    def formulas(self, cells: Mapping[str, Mapping[int, Iterable[str]]]) -> set[tuple[str, int, str]]:
        del cells
        return set()

    def sheet_names(self) -> list[str]:
        return list(self._sheets)

    def revision(self) -> str:
        return str(self._revision)

    @contextmanager
    def locked(self, entry: Entry) -> Iterator[None]:
        del entry  # one process, nobody to wait for
        yield

    def edit_outside(self, sheet: str, row: int, column: int, value: Any) -> None:
        """A change by somebody else, of which the journal knows nothing."""
        self._sheets[sheet].setdefault(row, {})[column] = value
        self._revision += 1

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        check(changes, self._manifest)
        if expected != self.revision():
            raise ConflictError("the workbook was changed by somebody else in the meantime", "nothing was written; run the command again")
        if not changes:
            return expected
        tables = self.read(*changes.sheets, strict=False).tables
        for name, table in tables.items():
            apply(table, changes.for_sheet(name))
        self._write(compile_edits(changes, tables), entry, changes.counts(), None)
        return self.revision()

    def log(self) -> list[Transaction]:
        undone = {t.undoes: t.number for t in self._log if t.undoes is not None}
        return [
            Transaction(t.number, t.entry, t.revision_before, t.revision_after, t.counts, t.undoes, undone.get(t.number)) for t in self._log
        ]

    def last_run_id(self) -> str:
        return self._log[-1].entry.run_id if self._log else ""

    def undoable(self) -> tuple[Transaction, ChangeSet]:
        last = last_standing(self.log(), "the workbook")
        cells: dict[str, dict[int, dict[str, tuple[Any, Any]]]] = {}
        for sheet, (before, after) in self._cells_of(last.number).items():
            positions = self.read(sheet, strict=False)[sheet].positions
            names = {places[0]: name for name, places in positions.items()}
            for (row, column), value in after.items():
                if column in names:
                    cells.setdefault(sheet, {}).setdefault(row, {})[names[column]] = (before.get((row, column)), value)
        return last, reversed_cells(cells)

    def undo(self, entry: Entry) -> Transaction:
        last = last_standing(self.log(), "the workbook")
        old = self._old[last.number]
        for name, (before, after) in self._cells_of(last.number).items():
            for at, value in after.items():
                now = self._sheets[name].get(at[0], {}).get(at[1])
                if now != value:
                    raise ConflictError(f"can't undo {last.entry.run_id}: {name} row {at[0]} was changed since", "nothing was written")
            for at in after:
                self._sheets[name].setdefault(at[0], {})[at[1]] = before.get(at)
        for name in [name for name in self._sheets if name not in old]:
            del self._sheets[name]
        self._log.append(self._transaction(entry, last.counts, last.number))
        return last

    def older_versions(self) -> list[Path]:
        return []

    def purge(self, entry: Entry) -> int:
        del entry
        return 0

    def forget_tables(self) -> None:
        """There are none."""

    def _cells_of(self, number: int) -> dict[str, tuple[dict[tuple[int, int], Any], dict[tuple[int, int], Any]]]:
        """{sheet: (cells before, cells after)} of what a transaction changed."""
        old, new = self._old[number], self._new[number]
        found = {}
        for name, grid in new.items():
            before = {(r, c): v for r, cells in old.get(name, {}).items() for c, v in cells.items()}
            after = {(r, c): v for r, cells in grid.items() for c, v in cells.items()}
            found[name] = (before, {at: v for at, v in after.items() if before.get(at) != v})
        return found

    def _write(self, edits: Mapping[str, SheetEdit], entry: Entry, counts: dict[str, dict[str, int]], undoes: int | None) -> None:
        old = {name: copy.deepcopy(grid) for name, grid in self._sheets.items()}
        for name, edit in edits.items():
            grid = self._sheets.setdefault(name, {})
            if edit.rewrite_from is not None:
                for row in [row for row in grid if row >= edit.rewrite_from]:
                    grid[row] = dict.fromkeys(grid[row])
            if edit.clear_others:
                for row in grid:
                    grid[row] = dict.fromkeys(grid[row])
            for row, cells in edit.cells.items():
                grid.setdefault(row, {}).update(cells)
        transaction = self._transaction(entry, counts, undoes)
        self._log.append(transaction)
        self._old[transaction.number] = old
        self._new[transaction.number] = {name: copy.deepcopy(self._sheets[name]) for name in edits}

    def _transaction(self, entry: Entry, counts: dict[str, dict[str, int]], undoes: int | None) -> Transaction:
        before = self.revision()
        self._revision += 1
        return Transaction(len(self._log) + 1, entry, before, self.revision(), counts, undoes)
