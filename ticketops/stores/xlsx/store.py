"""The .xlsx store: read through the cache, commit by splicing, whole or nothing (DESIGN: xlsx store).

A commit: lock → the file's digest is what was read → splice → write a temporary file in the same folder, fsync →
read the changed cells back from it → write ahead in the journal → keep the old file as a hard link → rename → fsync
the folder → finish the journal. Killed anywhere, the file is the old one or the new one and the journal agrees.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ticketops.errors import SchemaError, UnusableError
from ticketops.model.changes import ChangeSet, ReplaceRows
from ticketops.schema.checks import check
from ticketops.schema.tables import Snapshot, Table, apply, build_table, empty_table, place_names, require
from ticketops.schema.workbook import MANIFEST, Manifest, Sheet
from ticketops.stores.base import Entry, Transaction
from ticketops.stores.edits import compile_edits
from ticketops.stores.journal import Journal
from ticketops.stores.records import written_digest
from ticketops.stores.undo import last_standing, reversed_cells
from ticketops.stores.xlsx import cache, lock
from ticketops.stores.xlsx.package import Package, digest, read_file
from ticketops.stores.xlsx.parts import Parts
from ticketops.stores.xlsx.reader import RawRows, Reader
from ticketops.stores.xlsx.replacement import Content, WorkbookFile, cannot_write, changed_meanwhile


class XlsxStore:
    """A workbook file. `backups` older versions are kept beside it; `lock_timeout` is in seconds."""

    def __init__(
        self,
        path: Path,
        *,
        manifest: Manifest = MANIFEST,
        backups: int = 10,
        lock_timeout: float = 20.0,
        use_cache: bool = True,
    ) -> None:
        self.path = path.resolve()
        self._manifest = manifest
        self._lock_timeout = lock_timeout
        self._use_cache = use_cache
        self.name = self.path.name
        self.home: Path | None = self.path.parent
        self.state_folder = self._state = self.path.with_name(self.path.name + ".ticketops")
        self._journal = Journal(self._state / "journal", manifest)
        self._file = WorkbookFile(self.path, self._state, self._journal, max(1, backups))
        self._held = False
        self._parts: Parts | None = None
        self._tables: dict[str, Table] = {}

    # --- reading

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        parts = self._load()
        reader = Reader(parts)
        for name in sheets:
            if name in self._tables:
                continue
            sheet = self._manifest[name]
            if name not in parts.sheets:
                self._tables[name] = empty_table(sheet)
                continue
            if name in parts.not_worksheets:
                raise SchemaError(f"{name!r} is a chart, not a worksheet")
            self._tables[name] = self._cached(parts, sheet) or self._parsed(parts, sheet, reader)
        tables = {name: self._tables[name] for name in sheets}
        for table in tables.values():
            if strict:
                require(table)
        return Snapshot(parts.package.revision, tables)

    def _cached(self, parts: Parts, sheet: Sheet) -> Table | None:
        if not self._use_cache or not sheet.header_row:
            return None
        return cache.load(self._state / "cache", cache.key(parts, sheet), sheet)

    def _parsed(self, parts: Parts, sheet: Sheet, reader: Reader) -> Table:
        rows = reader.rows(sheet.name)
        header = rows[sheet.header_row - 1] if 0 < sheet.header_row <= len(rows) else []
        table = build_table(sheet, header, rows[sheet.header_row :])
        if self._use_cache and sheet.header_row and self._state_folder_exists():
            cache.save(self._state / "cache", cache.key(parts, sheet), table)
        return table

    def raw_rows(self, *sheets: str) -> dict[str, RawRows]:
        """All cells of the sheets that exist, untyped, from row 1 on: for checks of the layout itself."""
        parts = self._load()
        reader = Reader(parts)
        return {name: reader.rows(name) for name in sheets if name in parts.sheets}

    def formulas(self, cells: Mapping[str, Mapping[int, Iterable[str]]]) -> set[tuple[str, int, str]]:
        """Which of these cells hold a formula: (sheet, row, column)."""
        from ticketops.stores.xlsx.conventional import conventional
        from ticketops.stores.xlsx.splice import formulas_in, rows_of

        parts = self._load()
        found = set()
        for name, rows in cells.items():
            part = parts.sheets.get(name)
            if part is None or b"<f" not in parts.xml(part):
                continue
            places = {column: at for at, column in place_names(self.read(name, strict=False)[name].positions).items()}
            wanted = {row: {places[column]: column for column in columns if column in places} for row, columns in rows.items()}
            held = formulas_in(rows_of(conventional(parts.xml(part), part), wanted), wanted)
            found |= {(name, row, wanted[row][place]) for row, place in held}
        return found

    def sheet_names(self) -> list[str]:
        """The sheets of the workbook, in order."""
        return list(self._load().sheets)

    def revision(self) -> str:
        return digest(read_file(self.path))

    def _load(self) -> Parts:
        if self._parts is None:
            self._parts = Parts(Package.open(self.path))
        return self._parts

    def older_versions(self) -> list[Path]:
        """The versions that are kept for undo."""
        return sorted((self._state / "backups").glob("*.xlsx"))

    def purge(self, entry: Entry) -> int:
        """Delete the versions that are kept for undo; how many. What comes after can be undone cell by cell, save for passwords."""
        with self.locked(entry):
            kept = self.older_versions()
            for path in kept:
                path.unlink()
        return len(kept)

    def forget_tables(self) -> None:
        """Delete the cache: tables from before a seal hold the passwords. Never fails."""
        for path in (self._state / "cache").glob("*.arrow"):
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
        """Take the lock, settle what a killed commit left behind, and see whether the file moved since it was read."""
        if not self.path.exists():
            read_file(self.path)
        (self._state / "journal").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._state.chmod(0o700)
        stack.enter_context(lock.writing(self.path, self._state, self._lock_timeout, f"{entry.user} ({entry.command})"))
        data = read_file(self.path)
        known = self._parts.package if self._parts is not None and self._parts.package.data == data else None
        self._file.settle(known.revision if known else digest(data))
        if known is None:
            self._parts, self._tables = Parts(Package(data, self.path.name)), {}
        self._held = True
        stack.callback(setattr, self, "_held", False)

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        from ticketops.stores.xlsx.contents import Edited  # what only writes need costs reads 25 ms

        check(changes, self._manifest)
        with self.locked(entry):
            if self._load().package.revision != expected:
                raise changed_meanwhile(self.path)
            if not changes:
                return expected
            self.read(*changes.sheets, strict=False)
            tables = {name: self._tables[name] for name in changes.sheets}
            after = {name: apply(table, changes.for_sheet(name)) for name, table in tables.items()}
            content = Edited(self._load(), compile_edits(changes, tables), self._journal, self._manifest)
            content.changes = changes
            content.names = {name: table.positions for name, table in tables.items()}
            content.replaced = {c.sheet: written_digest(c, after[c.sheet]) for c in changes if isinstance(c, ReplaceRows)}
            self._parts = self._file.replace(content, entry, expected, changes.counts())
            self._tables |= after
            self._keep(after)
            return self._parts.package.revision

    def _keep(self, tables: Mapping[str, Table]) -> None:
        """The tables of the changed sheets are known without reading them again: keep them for the next command."""
        if self._use_cache:
            for name, table in tables.items():
                if table.sheet.header_row:
                    cache.save(self._state / "cache", cache.key(self._load(), self._manifest[name]), table)

    # --- the journal

    def last_run_id(self) -> str:
        try:
            return self._journal.last_run_id()
        except OSError:
            return ""  # a folder that can't be read is told where it is written

    def log(self) -> list[Transaction]:
        if not self.path.is_file():
            read_file(self.path)
        try:
            if self._journal.interrupted:
                with self.locked(Entry("", "log", "", datetime.now())):
                    pass  # entering settles it
            return self._journal.transactions()
        except OSError as error:
            raise UnusableError(f"the journal of {self.path.name} can't be read: {error.strerror or error}") from None

    def undoable(self) -> tuple[Transaction, ChangeSet]:
        last = last_standing(self.log(), self.path.name)
        try:
            return last, reversed_cells(self._journal.record(last.number).cells)
        except OSError as error:
            raise UnusableError(f"the journal of {self.path.name} can't be read: {error.strerror or error}") from None

    def undo(self, entry: Entry) -> Transaction:
        from ticketops.stores.xlsx import takeback
        from ticketops.stores.xlsx.contents import Edited, Restored

        with self.locked(entry):
            parts = self._load()
            last = last_standing(self._journal.transactions(), self.path.name)
            backup = self._file.backup_of(last.revision_before)
            old = Package.open(backup) if backup else None
            if old is not None and old.revision != last.revision_before:
                raise UnusableError(f"the backup {old.name} is damaged", "restore an older version by hand")
            if old is not None and parts.package.revision == last.revision_after:
                content: Content = Restored(old, self._journal)
                counts = last.counts
            else:
                record = self._journal.record(last.number)
                changes, tables = takeback.plan(record, parts, Parts(old) if old else None, self._journal, self._manifest)
                content = Edited(parts, compile_edits(changes, tables), self._journal, self._manifest)
                counts = changes.counts()
            self._parts = self._file.replace(content, entry, parts.package.revision, counts, last.number)
            self._tables = {}
            return last
