"""A workbook in memory: the engine that most tests run on, and a scratch pad for planning. Same
contract as a file."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from ticketops.errors import ConflictError, RuleError
from ticketops.model.changes import ChangeSet, ReplaceRows
from ticketops.schema.checks import check
from ticketops.schema.columns import with_errors
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet
from ticketops.schema.structure import with_structure
from ticketops.schema.surroundings import FOOT_MOVES
from ticketops.schema.tables import (
    Snapshot,
    Table,
    apply,
    build_table,
    empty_table,
    place_names,
    require,
)
from ticketops.stores.base import Entry, LoggedCell, NotUndoable, Transaction, Undoing, all_undoable
from ticketops.stores.edits import SheetEdit, compile_edits
from ticketops.stores.grids import Grid, grid_rows, put
from ticketops.stores.heads import head_of
from ticketops.stores.records import (
    Digest,
    Record,
    as_json,
    body_of,
    digest_of,
    identities_of,
    record_of,
)
from ticketops.stores.standing import (
    later_than,
    passed_over,
    refuse_if_needed,
    resolver,
    to_take_back,
    told_logs_only,
)
from ticketops.stores.trail import append_only_sheets, kept_rows, said_of_undo
from ticketops.stores.undo import TakenBack, logged_cells, reversed_cells, revived, take_back, typed


class MemoryStore:
    """A workbook of raw grids. New ones hold every canonical sheet, empty."""

    def __init__(
        self,
        sheets: Mapping[str, Grid] | None = None,
        *,
        layout: Layout,
        not_undoable: NotUndoable = all_undoable,
    ) -> None:
        self.name = "memory"
        self._declared = layout
        self.layout = layout.anew()
        self._not_undoable = not_undoable
        if sheets is None:
            sheets = {
                s.name: {s.header_row: dict(enumerate(s.canonical_headers, start=1))}
                if s.header_row
                else {}
                for s in self.layout.canonical()
            }
        names = layout.known_by(sheets)
        self._sheets: dict[str, Grid] = {
            names[title]: copy.deepcopy(grid) for title, grid in sheets.items()
        }
        self._revision = 0
        self._log: list[Transaction] = []
        self._old: dict[int, dict[str, Grid]] = {}
        self._new: dict[int, dict[str, Grid]] = {}
        self._records: dict[int, Record] = {}

    @classmethod
    def of_rows(
        cls, sheets: Mapping[str, Sequence[Sequence[Any]]], *, layout: Layout
    ) -> MemoryStore:
        """From rows of raw cells, the first being row 1."""
        grids = {
            name: {
                r: {c: v for c, v in enumerate(row, start=1) if v not in (None, "")}
                for r, row in enumerate(rows, start=1)
            }
            for name, rows in sheets.items()
        }
        return cls(grids, layout=layout)

    def rows(self, sheet: str) -> list[list[Any]]:
        """The raw cells of a sheet, row 1 first."""
        return _Grids(self.layout, self._sheets).rows(sheet)

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        self._find_titles(sheets)
        tables = {sheet.name: self._table(sheet) for sheet in map(self.layout.__getitem__, sheets)}
        for table in tables.values():
            if strict:
                require(table)
        return Snapshot(str(self._revision), tables, self.layout)

    def _find_titles(self, sheets: Sequence[str]) -> None:
        """Where one of them may be titled otherwise."""
        if any(name not in self._declared or self._declared[name].found_by for name in sheets):
            self.layout = self._declared.resolved(
                list(self._sheets), lambda s: set(s.found_by) <= self._table(s).positions.keys()
            )

    def _table(self, sheet: Sheet) -> Table:
        return _Grids(self._declared, self._sheets).built(sheet)

    def raw_rows(self, *sheets: str) -> dict[str, list[list[Any]]]:
        self._find_titles(sheets)
        titles = {name: self.layout.title_of(name) for name in sheets}
        return {name: self.rows(title) for name, title in titles.items() if title in self._sheets}

    def formulas(
        self, cells: Mapping[str, Mapping[int, Iterable[str]]]
    ) -> set[tuple[str, int, str]]:
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
        self._find_titles(changes.sheets)
        changes = changes.renamed(self.layout.titles)
        check(changes, self.layout)
        if expected != self.revision():
            raise ConflictError(
                "the workbook was changed by someone else meanwhile",
                "nothing was written; run the command again",
            )
        if not changes:
            return expected
        tables = self.read(*changes.sheets, strict=False).tables
        after = {name: apply(table, changes.for_sheet(name)) for name, table in tables.items()}
        edits = compile_edits(changes, tables)
        body = body_of(
            changes,
            self._before(edits, tables),
            dict.fromkeys(_replaced(changes), ""),
            self.layout,
            _seal,
            identities_of(changes, tables, after),
        )
        old = self._sheets
        self._sheets = _put(old, edits)
        done = self._note(entry, changes.counts())
        self._old[done.number] = old
        self._new[done.number] = {name: copy.deepcopy(self._sheets[name]) for name in edits}
        self._records[done.number] = record_of(head_of(done), json.loads(as_json(body)))
        return self.revision()

    def _before(
        self, edits: Mapping[str, SheetEdit], tables: Mapping[str, Table]
    ) -> dict[str, dict[int, dict[str, Any]]]:
        """What stands in the cells that are written, by column name."""
        found = {}
        for name, edit in edits.items():
            places = place_names(tables[name].positions)
            found[name] = _Grids(self.layout, self._sheets).raw(
                name,
                {
                    row: [n for place, n in places.items() if not edit.makes_way(row, place)]
                    for row in edit.cells
                },
            )
        return found

    def log(self) -> list[Transaction]:
        undone = {t.undoes: t.number for t in self._log if t.undoes is not None}
        return [replace(t, undone_by=undone.get(t.number)) for t in self._log]

    def last_run_id(self) -> str:
        return self._log[-1].entry.run_id if self._log else ""

    def logged(self, *numbers: int) -> list[list[LoggedCell]]:
        return [logged_cells(self._records[number], self.layout) for number in numbers]

    def undoable(self, entry: Entry, run_id: str = "") -> Undoing:
        return self._undoing(entry, run_id)[0]

    def undo(self, entry: Entry, run_id: str = "") -> Transaction:
        undoing, sheets = self._undoing(entry, run_id)
        last = undoing.transaction
        self._sheets = sheets
        self._note(entry, last.counts, last.number, last.revision_before if undoing.exact else "")
        return last

    def _undoing(self, entry: Entry, run_id: str) -> tuple[Undoing, dict[str, Grid]]:
        """What an undo does, and the sheets after it."""
        log = self.log()
        self._find_titles(tuple(self._declared.names))
        target = to_take_back(log, self.name, self._not_undoable, run_id)
        record, later = self._records[target.number], later_than(log, target)
        passed = passed_over(log, target, self._not_undoable)
        is_last = len(passed) == len(later)
        if not is_last:
            refuse_if_needed(record, [self._records[t.number] for t in later], self.layout)
        resolve = resolver(log, self.layout)
        exact = resolve(self.revision()) == resolve(target.revision_after)
        now, old = _Grids(self.layout, self._sheets), _Grids(self.layout, self._old[target.number])
        kept = [
            sheet.name for sheet in self.layout if sheet.append_only and sheet.name in self._sheets
        ]
        if exact:
            base, made = old, []
            tables = {name: old.table(name) for name in kept}
            changes = with_structure(
                kept_rows(self.layout, {name: now.table(name) for name in kept}, tables),
                Snapshot("", tables),
            )
            back = TakenBack(reversed_cells(record, self.layout))
            shown = back.changes
        else:
            back = take_back(record, self.layout, now, old, _seal)
            base, made, changes, tables = now, back.made, back.changes, back.tables
            shown = back.changes
        if not (shown or made or record.replaced) and not told_logs_only(record, self.layout):
            raise RuleError(f"{target.entry.run_id} can't be undone: what it wrote would stay")
        sheets = _put(base.sheets, compile_edits(changes, tables))
        logged = {
            name: _Grids(self.layout, sheets).table(name)
            for name in append_only_sheets(record, self.layout)
        }
        said = said_of_undo(record, self.layout, logged, entry)
        trail = said.changes
        sheets = _put(sheets, compile_edits(trail, logged))
        for name in record.replaced if not exact else ():
            if _filled(self._sheets.get(name, {})) != _filled(self._new[target.number][name]):
                raise ConflictError(
                    f"sheet {name!r} was changed since and can't be undone", "nothing was written"
                )
            sheets[name] = copy.deepcopy(self._old[target.number].get(name, {}))
        for name in made:
            del sheets[name]
        cells = typed(shown, self.layout)
        cells.extend(trail)
        known = {name: logged.get(name) or now.table(name) for name in cells.sheets}
        secrets = revived(record, self.layout, old, now) if exact else back.secrets
        return Undoing(
            target,
            cells,
            known,
            exact,
            "" if exact else "it was changed since",
            passed,
            (*back.stays, *said.stays),
            tuple(secrets),
            is_last,
        ), sheets

    def _note(
        self,
        entry: Entry,
        counts: dict[str, dict[str, int]],
        undoes: int | None = None,
        restores: str = "",
    ) -> Transaction:
        """A new revision, in the log."""
        before = self.revision()
        self._revision += 1
        made = Transaction(
            len(self._log) + 1, entry, before, self.revision(), counts, undoes, None, restores
        )
        self._log.append(made)
        return made


class _Grids:
    """Sheets of raw grids, for reading."""

    def __init__(self, layout: Layout, sheets: Mapping[str, Grid]) -> None:
        self._layout, self.sheets = layout, sheets

    def rows(self, sheet: str) -> list[list[Any]]:
        """The raw cells of a sheet, row 1 first."""
        return grid_rows(self.sheets.get(sheet, {}))

    def table(self, name: str) -> Table:
        return self.built(self._layout[name])

    def built(self, sheet: Sheet) -> Table:
        """The table of a sheet that may have another title than its name."""
        if sheet.name not in self.sheets:
            return empty_table(sheet)
        rows = with_errors(self.rows(sheet.name))
        header = rows[sheet.header_row - 1] if 0 < sheet.header_row <= len(rows) else []
        return build_table(sheet, header, rows[sheet.header_row :], FOOT_MOVES)

    def hung(self, sheet: str, place: int) -> bool:
        del sheet, place  # there are values only
        return False

    def raw(self, sheet: str, wanted: Mapping[int, Collection[str]]) -> dict[int, dict[str, Any]]:
        grid = self.sheets.get(sheet, {})
        places = {name: place for place, name in place_names(self.table(sheet).positions).items()}
        return {
            row: {name: grid.get(row, {}).get(places[name]) for name in names if name in places}
            for row, names in wanted.items()
        }


def _put(sheets: Mapping[str, Grid], edits: Mapping[str, SheetEdit]) -> dict[str, Grid]:
    """The sheets with these edits."""
    made = {name: copy.deepcopy(grid) for name, grid in sheets.items()}
    for name, edit in edits.items():
        put(name, made.setdefault(name, {}), edit)
    return made


def _filled(grid: Grid) -> dict[tuple[int, int], Any]:
    return {
        (row, column): value
        for row, cells in grid.items()
        for column, value in cells.items()
        if value not in (None, "")
    }


def _replaced(changes: ChangeSet) -> list[str]:
    return [change.sheet for change in changes if isinstance(change, ReplaceRows)]


def _seal(value: Any) -> Digest:
    return digest_of(value, b"memory")
