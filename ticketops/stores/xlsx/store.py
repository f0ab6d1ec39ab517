"""The .xlsx store: read through the cache, commit by splicing, whole or nothing.

A commit: lock → the file's digest is what was read → splice → write a temporary file in the same
folder, fsync → read the changed cells back from it → write ahead in the journal → keep the old file
as a hard link → rename → fsync the folder → finish the journal. Killed anywhere, the file is the
old one or the new one and the journal agrees.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketops.errors import RuleError, SchemaError, UnusableError
from ticketops.files import real_path
from ticketops.model.changes import AddColumns, ChangeSet, ReplaceRows
from ticketops.schema.checks import check
from ticketops.schema.columns import ColumnType
from ticketops.schema.derived import beside_formulas
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet
from ticketops.schema.surroundings import NO_MARKS
from ticketops.schema.tables import (
    Snapshot,
    Table,
    apply,
    build_table,
    empty_table,
    locate,
    place_names,
    require,
)
from ticketops.stores.base import (
    DamagedEntry,
    Entry,
    LoggedCell,
    NotUndoable,
    Past,
    Transaction,
    Undoing,
    all_undoable,
)
from ticketops.stores.edits import compile_edits
from ticketops.stores.journal import Journal
from ticketops.stores.records import beside, identities_of, written_digest
from ticketops.stores.xlsx import cache, lock
from ticketops.stores.xlsx.package import Package, digest, read_file
from ticketops.stores.xlsx.parts import OFFSET_1904, Parts
from ticketops.stores.xlsx.reader import RawRows, Reader
from ticketops.stores.xlsx.replacement import (
    COMMITTED,
    WorkbookFile,
    cannot_write,
    changed_meanwhile,
    kept_versions,
)
from ticketops.stores.xlsx.shown import pad

if TYPE_CHECKING:
    from ticketops.stores.xlsx.takeback import Prepared


class XlsxStore:
    """A workbook file: a `Spreadsheet` and a `LocalFile`. `backups` older versions are kept beside
    it; `lock_timeout` is in seconds; `not_undoable` says what is never taken back."""

    def __init__(
        self,
        path: Path,
        *,
        layout: Layout,
        backups: int = 10,
        lock_timeout: float = 20.0,
        use_cache: bool = True,
        not_undoable: NotUndoable = all_undoable,
    ) -> None:
        self.path = real_path(path)
        self._declared = self.layout = layout
        self._looked = False
        """Whether the titles of sheets were looked for in what is loaded."""
        self._lock_timeout = lock_timeout
        self._use_cache = use_cache
        self._not_undoable = not_undoable
        self.name = self.path.name
        self.home: Path | None = self.path.parent
        self.state_folder = self._state = self.path.with_name(self.path.name + ".ticketops")
        self._journal = Journal(self._state / "journal", layout)
        self._file = WorkbookFile(
            self.path, self._state, self._journal, max(1, backups), not_undoable
        )
        self._held = False
        self._parts: Parts | None = None
        self._tables: dict[str, Table] = {}
        self.stays_open = False
        """Whether it is asked again and again: then what a commit made of a sheet is kept in memory
        for the next one, and tables for other processes are written at last (`save_tables`)."""
        self._unsaved: set[str] = set()

    # --- reading

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        parts = self._load()
        reader = Reader(parts)
        tables = {
            sheet.name: self._table(sheet, parts, reader)
            for sheet in [self._sheet(name) for name in sheets]
        }
        for table in tables.values():
            if strict:
                require(table)
        return Snapshot(lambda: parts.package.revision, tables, self.layout)

    def _sheet(self, name: str) -> Sheet:
        """A sheet by its name or title. A title is looked for once, when such a sheet is first
        asked for."""
        if not self._looked and (name not in self.layout or self.layout[name].found_by):
            parts = self._load()
            reader = Reader(parts)
            titles = [title for title in parts.sheets if title not in parts.not_worksheets]
            self.layout = self._declared.resolved(
                titles,
                lambda sheet: (
                    set(sheet.found_by) <= self._table(sheet, parts, reader).positions.keys()
                ),
            )
            self._journal.layout, self._looked = self.layout, True
        return self.layout[name]

    def _has(self, name: str) -> bool:
        """Whether the layout has a sheet of that name or title."""
        with suppress(KeyError):
            self._sheet(name)
        return name in self.layout

    def _table(self, sheet: Sheet, parts: Parts, reader: Reader) -> Table:
        name = sheet.name
        if name in self._tables:
            return self._tables[name]
        if name in parts.not_worksheets:
            raise SchemaError(f"{name!r} is {parts.not_worksheets[name]}")
        there = name in parts.sheets
        self._tables[name] = (
            self._cached(parts, sheet) or self._parsed(parts, sheet, reader)
            if there
            else empty_table(sheet)
        )
        return self._tables[name]

    def _loaded(self, parts: Parts) -> None:
        """What was read of other contents counts no longer."""
        self._unsaved.clear()
        self._parts, self._tables = parts, {}
        self.layout = self._journal.layout = self._declared
        self._looked = False

    def _cached(self, parts: Parts, sheet: Sheet) -> Table | None:
        if not self._use_cache or not sheet.header_row:
            return None
        return cache.load(self._state / "cache", cache.key(parts, sheet), sheet)

    def _parsed(self, parts: Parts, sheet: Sheet, reader: Reader) -> Table:
        rows = reader.rows(sheet.name)
        header = rows[sheet.header_row - 1] if 0 < sheet.header_row <= len(rows) else []
        pad(
            parts,
            sheet.name,
            rows,
            {
                places[0]
                for name, places in locate(sheet, header).items()
                if sheet.by_name[name].type is ColumnType.CODE
            },
        )
        table = build_table(
            sheet,
            header,
            rows[sheet.header_row :],
            reader.marks(sheet.name) if sheet.header_row else NO_MARKS,
        )
        if self._use_cache and sheet.header_row and self._state_folder_exists():
            cache.save(self._state / "cache", cache.key(parts, sheet), table)
        return table

    def raw_rows(self, *sheets: str) -> dict[str, RawRows]:
        """All cells of the worksheets that exist, the office's own among them, untyped, from row 1
        on: for checks of the layout itself. A sheet that is a chart is left out."""
        parts = self._load()
        reader = Reader(parts)
        titles = {name: self._sheet(name).name if self._has(name) else name for name in sheets}
        return {
            name: reader.rows(title)
            for name, title in titles.items()
            if title in parts.sheets and title not in parts.not_worksheets
        }

    def formulas(
        self, cells: Mapping[str, Mapping[int, Iterable[str]]]
    ) -> set[tuple[str, int, str]]:
        """Which of these cells hold a formula: (sheet, row, column)."""
        from ticketops.stores.xlsx.conventional import conventional
        from ticketops.stores.xlsx.splice import formulas_in, rows_of

        parts = self._load()
        found = set()
        for name, rows in cells.items():
            part = parts.sheets.get(self._sheet(name).name)
            if part is None or b"<f" not in parts.xml(part):
                continue
            places = {
                column: at
                for at, column in place_names(self.read(name, strict=False)[name].positions).items()
            }
            wanted = {
                row: {places[column]: column for column in columns if column in places}
                for row, columns in rows.items()
            }
            held = formulas_in(rows_of(conventional(parts.xml(part), part), wanted), wanted)
            found |= {(name, row, wanted[row][place]) for row, place in held}
        return found

    def sheet_names(self) -> list[str]:
        """The sheets of the workbook, in order."""
        return list(self._declared.known_by(self._load().sheets).values())

    def revision(self) -> str:
        return digest(read_file(self.path))

    def _load(self) -> Parts:
        if self._parts is None:
            self._parts = Parts(Package.open(self.path))
        return self._parts

    def refresh(self) -> bool:
        """Look at the file again: whether it still is what was read of it, or nothing was. What was
        read of other contents is forgotten. Raises UnusableError where it can't be read."""
        self.layout = self._journal.layout = self._declared
        self._looked = False
        if self._parts is None:
            return True
        data = read_file(self.path)
        if self._parts.package.data == data:
            return True
        self._loaded(Parts(Package(data, self.path.name)))
        return False

    def titles(self) -> list[str]:
        """The sheets of the workbook as it has them, in order."""
        return list(self._load().sheets)

    def older_versions(self) -> list[Path]:
        """The versions that are kept for undo."""
        return kept_versions(self._state)

    def purge(self, entry: Entry) -> int:
        """Delete the versions that are kept for undo; how many. What comes after can be undone cell
        by cell, save for passwords."""
        with self.locked(entry):
            kept = self.older_versions()
            for path in kept:
                path.unlink()
            (self._state / COMMITTED).unlink(missing_ok=True)
        return len(kept)

    def forget_tables(self) -> None:
        """Delete the cache: tables from before a seal hold the passwords. Never fails."""
        with suppress(OSError):
            for path in list((self._state / "cache").iterdir()):  # and what a killed process left
                with suppress(OSError):
                    path.unlink()

    def _state_folder_exists(self) -> bool:
        """Make the state folder if that is possible; reading works without it."""
        with suppress(OSError):
            self._state.mkdir(mode=0o700, exist_ok=True)
        return os.access(self._state, os.W_OK)

    # --- writing

    @contextmanager
    def locked(self, entry: Entry) -> Iterator[None]:
        if self._held:
            yield
            return
        with ExitStack() as stack:
            try:
                self._enter(stack, entry)
                yield
            except OSError as error:
                raise cannot_write(self.path, error) from None

    def _enter(self, stack: ExitStack, entry: Entry) -> None:
        """Take the lock, finish what a killed commit left behind, and see whether the file moved
        since it was read."""
        if not self.path.exists():
            read_file(self.path)
        lock.refuse_read_only(self.path)
        (self._state / "journal").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state.chmod(0o700)
        stack.enter_context(
            lock.writing(
                self.path, self._state, self._lock_timeout, f"{entry.user} ({entry.command})"
            )
        )
        data = read_file(self.path)
        known = (
            self._parts.package
            if self._parts is not None and self._parts.package.data == data
            else None
        )
        self._file.reconcile(known.revision if known else digest(data))
        if known is None:
            self._loaded(Parts(Package(data, self.path.name)))
        self._held = True
        stack.callback(setattr, self, "_held", False)

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        from ticketops.stores.xlsx.contents import Edited  # what only writes need costs reads 25 ms

        for name in changes.sheets:
            self._sheet(name)
        changes = changes.renamed(self.layout.titles)
        check(changes, self.layout)
        with self.locked(entry):
            if self._load().package.revision != expected:
                raise changed_meanwhile(self.path)
            if not changes:
                return expected
            self.read(*changes.sheets, strict=False)
            tables = {name: self._tables[name] for name in changes.sheets}
            changes = beside_formulas(changes, tables)
            after = {name: apply(table, changes.for_sheet(name)) for name, table in tables.items()}
            grids = {
                name: rows
                for name in tables
                if (rows := self._rows_of_report(name, changes)) is not None
            }
            content = Edited(
                self._load(), compile_edits(changes, tables, grids), self._journal, self.layout
            )
            content.changes = changes
            content.stays_open = self.stays_open
            content.besides = self._by_hand()
            content.names = {name: table.positions for name, table in tables.items()}
            content.identities = identities_of(changes, tables, after)
            content.replaced = {
                c.sheet: written_digest(c, after[c.sheet])
                for c in changes
                if isinstance(c, ReplaceRows)
            }
            self._parts = self._file.replace(content, entry, self._load().package, changes.counts())
            self._tables = {
                name: table for name, table in self._tables.items() if name not in after
            }
            certain = {name: table for name, table in after.items() if _certain(table, changes)}
            self._tables |= certain
            self._keep(certain)
            return self._parts.package.revision

    def blank(self, changes: ChangeSet, entry: Entry) -> str:
        """Empty cells for good, those of logs, too (§13): no version and no entry of the journal keeps
        what stood in them. Killed anywhere, the same again finishes it. What of the file may still
        hold it, for people; else empty."""
        from ticketops.stores.xlsx.contents import Blanked

        with self.locked(entry):
            tables = self.read(*changes.sheets, strict=False).tables
            changes = beside_formulas(changes, tables)
            parts = self._load()
            content = Blanked(parts, compile_edits(changes, tables), self._journal, self.layout)
            if content.changes_anything:
                self._loaded(self._file.replace(content, entry, parts.package, changes.counts()))
            for path in self.older_versions():
                path.unlink()
            (self._state / COMMITTED).unlink(missing_ok=True)
            self.forget_tables()
            self._tables = {}
            parts = self._load()
            odd = [f"a sheet that is {what}" for what in parts.not_worksheets.values()]
            if any("/pivotcache/" in name.casefold() for name in parts.package.members):
                odd.append("a pivot table, which keeps copies of what it counted")
            return (
                f"the texts of {self.name}, which has {' and '.join(dict.fromkeys(odd))}"
                if odd
                else ""
            )

    def _by_hand(self) -> dict[str, Any]:
        """What the journal is to say of cells that were changed by hand since the last commit."""
        last = self._journal.last()
        if last is None or self._load().package.revision == last.revision_after:
            return {}
        from ticketops.stores.xlsx.past import changed_by_hand

        self._find_all()
        outside = changed_by_hand(self._state, self.layout, last, self._load())
        return beside(self.layout, self._journal.seal, outside=outside)

    def _find_all(self) -> None:
        """Find out under which titles the workbook has its sheets."""
        for sheet in self._declared:
            self._sheet(sheet.name)

    def _rows_of_report(self, name: str, changes: ChangeSet) -> int | None:
        """How many rows of a report in a free layout are what a command wrote last; None where the
        journal does not know."""
        if self.layout[name].header_row or not any(
            isinstance(c, ReplaceRows) for c in changes.for_sheet(name)
        ):
            return None
        transactions = self._journal.transactions()
        written = (
            t
            for t in reversed(transactions)
            if t.undoes is None and t.undone_by is None and t.counts.get(name, {}).get("replaced")
        )
        last = next(written, None)
        if last is None or self._journal.lost_after(last.number):
            return None
        return last.counts[name]["replaced"]

    def _keep(self, tables: Mapping[str, Table]) -> None:
        """The tables of the changed sheets are known without reading them again: keep them for the
        next command; where this one is not the last of its process, once that ends."""
        if self.stays_open:
            self._unsaved |= tables.keys()
        elif self._use_cache:
            for table in tables.values():
                if table.sheet.header_row:
                    cache.save(self._state / "cache", cache.key(self._load(), table.sheet), table)

    def save_tables(self) -> None:
        """Keep what is known of the sheets that were changed, for other processes."""
        unsaved = {name: self._tables[name] for name in self._unsaved if name in self._tables}
        self._unsaved.clear()
        if self._use_cache and unsaved and self._state_folder_exists():
            for table in unsaved.values():
                if table.sheet.header_row:
                    cache.save(self._state / "cache", cache.key(self._load(), table.sheet), table)

    # --- the journal

    def last_run_id(self) -> str:
        try:
            return self._journal.last_run_id()
        except OSError:
            return ""  # a folder that can't be read is reported where it is written

    def log(self) -> list[Transaction]:
        if not self.path.is_file():
            read_file(self.path)
        try:
            if self._journal.interrupted:
                with self.locked(Entry("", "log", "", datetime.now())):
                    pass  # entering settles it
            return self._journal.transactions()
        except OSError as error:
            raise UnusableError(
                f"the journal of {self.path.name} can't be read: {error.strerror or error}"
            ) from None

    def damaged_entries(self) -> list[DamagedEntry]:
        return self._journal.damaged()

    def set_aside(self) -> list[DamagedEntry]:
        told, self._journal.aside = self._journal.aside, []
        return told

    def logged(self, *numbers: int) -> list[list[LoggedCell]]:
        from ticketops.stores.undo import logged_cells

        self._find_all()
        epoch = OFFSET_1904 if self._load().date1904 else timedelta()
        try:
            return [
                logged_cells(self._journal.record(number), self.layout, epoch) for number in numbers
            ]
        except OSError as error:
            raise UnusableError(
                f"the journal of {self.path.name} can't be read: {error.strerror or error}"
            ) from None

    def as_of(self, when: str | datetime, *sheets: str) -> Past:
        from ticketops.stores.xlsx.past import as_of

        log = self.log()
        self._find_all()
        return as_of(when, sheets, self._state, self._journal, self.layout, self._load(), log)

    def undoable(self, entry: Entry, run_id: str = "") -> Undoing:
        return self._undoing(self.log(), entry, run_id).undoing

    def undo(self, entry: Entry, run_id: str = "") -> Transaction:
        with self.locked(entry):
            prepared = self._undoing(self._journal.transactions(), entry, run_id)
            last = prepared.undoing.transaction
            content = prepared.content(self._by_hand())
            self._loaded(
                self._file.replace(
                    content,
                    entry,
                    self._load().package,
                    prepared.counts,
                    last.number,
                    prepared.restores,
                )
            )
            return last

    def doubt(self) -> str:
        return self._doubt(self.log())

    def _doubt(self, transactions: list[Transaction]) -> str:
        from ticketops.stores.xlsx.lineage import doubt

        revision = self._load().package.revision
        last = transactions[-1] if transactions else None
        if last and revision == last.revision_after:
            return ""
        if self._journal.lost_after(last.number if last else 0):
            return ""  # nobody can tell: what came after it is damaged
        self._find_all()
        backup = self._file.backup_of(transactions[-1].revision_before) if transactions else None
        before = None
        if backup is not None:
            from ticketops.stores.xlsx.takeback import Sheets

            before = Sheets(Parts(Package.open(backup)), self.layout).table
        return doubt(
            revision,
            transactions,
            self.layout,
            lambda name: self.read(name, strict=False)[name],
            before,
            self._journal.record,
        )

    def _undoing(self, transactions: list[Transaction], entry: Entry, run_id: str) -> Prepared:
        from ticketops.stores.xlsx.takeback import prepare

        self._find_all()
        if why := self._doubt(transactions):
            what = (
                "does not match its journal"
                if transactions
                else "has no journal, so there is nothing to undo"
            )
            raise RuleError(
                f"{self.path.name} {what}: {why}",
                f"restore the workbook that belongs to the folder {self._state.name}"
                if transactions
                else f"if it was copied or renamed, put the original's folder beside it, as "
                f"{self._state.name}",
            )
        try:
            return prepare(
                self._load(),
                self._file,
                self._journal,
                self.layout,
                self._not_undoable,
                transactions,
                entry,
                run_id,
            )
        except OSError as error:
            raise UnusableError(
                f"the journal of {self.path.name} can't be read: {error.strerror or error}"
            ) from None


def _certain(table: Table, changes: ChangeSet) -> bool:
    """Whether a table is known without reading it again: neither formulas nor new columns, rows
    that moved or dates that other rows decide come into it."""
    around = table.around
    moved = around.formulas or around.calculated or around.foot or table.undecided
    return not moved and not (
        around.by_table
        and any(isinstance(change, AddColumns) for change in changes.for_sheet(table.sheet.name))
    )
