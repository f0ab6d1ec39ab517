"""The .xlsx store: read through the cache, commit by splicing, whole or nothing (DESIGN: xlsx store).

A commit: lock → the file's digest is what was read → splice → write a temporary file in the same folder, fsync →
read the changed cells back from it → write ahead in the journal → keep the old file as a hard link → rename → fsync
the folder → finish the journal. Killed anywhere, the file is the old one or the new one and the journal agrees.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from ticketops.errors import ConflictError, InternalError, NotPermittedError, RuleError, SchemaError, SpliceError, UnusableError
from ticketops.model.changes import ChangeSet, ReplaceRows
from ticketops.schema.tables import Snapshot, Table, apply, build_table, check, empty_table, require
from ticketops.schema.workbook import MANIFEST, Manifest
from ticketops.stores import journal as journals
from ticketops.stores.base import Entry, Transaction
from ticketops.stores.edits import SheetEdit, compile_edits
from ticketops.stores.undo import inverse, last_standing
from ticketops.stores.xlsx import cache, lock
from ticketops.stores.xlsx.conventional import conventional
from ticketops.stores.xlsx.package import Package, digest, read_file
from ticketops.stores.xlsx.parts import Parts, new_sheet_xml
from ticketops.stores.xlsx.ranges import grow_filter_name, grow_table
from ticketops.stores.xlsx.reader import RawRows, read_rows
from ticketops.stores.xlsx.splice import read_cells, splice
from ticketops.stores.xlsx.styles import Styles
from ticketops.stores.xlsx.verify import verified

_OFFSET_1904 = timedelta(days=1462)


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
        self._backups = max(1, backups)
        self._lock_timeout = lock_timeout
        self._use_cache = use_cache
        self._state = self.path.with_name(self.path.name + ".ticketops")
        self._journal = journals.Journal(self._state / "journal", manifest)
        self._held = False
        self._parts: Parts | None = None
        self._tables: dict[str, Table] = {}

    # --- reading

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        parts = self._load()
        folder = self._state / "cache"
        fresh: list[str] = []
        for name in sheets:
            if name in self._tables:
                continue
            sheet = self._manifest[name]
            if name not in parts.sheets:
                self._tables[name] = empty_table(sheet)
                continue
            if name in parts.not_worksheets:
                raise SchemaError(f"{name!r} is a chart, not a worksheet")
            known = cache.load(folder, cache.key(parts, sheet), sheet) if self._use_cache and sheet.header_row else None
            if known is None:
                fresh.append(name)
            else:
                self._tables[name] = known
        for name, rows in read_rows(parts, fresh).items():
            sheet = self._manifest[name]
            header = rows[sheet.header_row - 1] if 0 < sheet.header_row <= len(rows) else []
            self._tables[name] = table = build_table(sheet, header, rows[sheet.header_row :])
            if self._use_cache and sheet.header_row and self._state_folder_exists():
                cache.save(folder, cache.key(parts, sheet), table)
        tables = {name: self._tables[name] for name in sheets}
        for table in tables.values():
            if strict:
                require(table)
        return Snapshot(parts.package.revision, tables)

    def raw_rows(self, *sheets: str) -> dict[str, RawRows]:
        """All cells of the sheets that exist, untyped, from row 1 on: for checks of the layout itself."""
        parts = self._load()
        return read_rows(parts, [name for name in sheets if name in parts.sheets])

    def sheet_names(self) -> list[str]:
        """The sheets of the workbook, in order."""
        return list(self._load().sheets)

    def revision(self) -> str:
        return digest(read_file(self.path))

    def _load(self) -> Parts:
        if self._parts is None:
            self._parts = Parts(Package.open(self.path))
        return self._parts

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
        if not os.access(self.path, os.R_OK):
            read_file(self.path)
        try:
            (self._state / "journal").mkdir(mode=0o700, parents=True, exist_ok=True)
            self._state.chmod(0o700)
        except OSError as error:
            raise NotPermittedError(f"{self._state} can't be written: {error.strerror}") from None
        with lock.writing(self.path, self._state, self._lock_timeout, f"{entry.user} ({entry.command})"):
            self._held = True
            try:
                data = read_file(self.path)
                self._settle(digest(data))
                if self._parts is None or self._parts.package.data != data:
                    self._parts, self._tables = Parts(Package(data, self.path.name)), {}
                yield
            finally:
                self._held = False

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        check(changes, self._manifest)
        with self.locked(entry):
            if self._load().package.revision != expected:
                raise _changed_meanwhile(self.path)
            if not changes:
                return expected
            self.read(*changes.sheets, strict=False)
            parts = self._load()
            parts.refuse_unsafe()
            tables = {name: self._tables[name] for name in changes.sheets}
            edits = compile_edits(changes, tables)
            changed, before = self._spliced(parts, edits)
            after = {name: apply(table, changes.for_sheet(name)) for name, table in tables.items()}
            replaced = {c.sheet: self._replaced_digest(c, after[c.sheet]) for c in changes if isinstance(c, ReplaceRows)}
            new = self._replace(
                lambda file: parts.package.write(file, changed), entry, expected, changes.counts(),
                lambda package: verified(package, changed, edits),
                lambda t, temporary: self._journal.begin(t, changes, self._named(before, tables), replaced, temporary),
            )  # fmt: skip
            self._tables |= after
            self._keep_tables(new, list(tables))
            return new.package.revision

    def _spliced(self, parts: Parts, edits: Mapping[str, SheetEdit]) -> tuple[dict[str, bytes], dict[str, dict[int, dict[int, Any]]]]:
        """The parts of the archive that the edits change, and the raw values that stood in the edited cells."""
        changed: dict[str, bytes] = {}
        before: dict[str, dict[int, dict[int, Any]]] = {}
        styles = Styles(parts.xml(parts.styles) if parts.styles else b"")
        workbook = parts.workbook_xml()
        new_sheets = []
        for name, edit in edits.items():
            if parts.date1904:
                _shift_dates(edit)
            if edit.new_sheet:
                bare = new_sheet_xml(self._manifest[name], styles.bold())
                done = splice(bare, edit, styles, parts.shared, name)
                new_sheets.append((self._manifest[name], done.xml))
                continue
            part = parts.sheets[name]
            done = splice(conventional(parts.xml(part), part), edit, styles, parts.shared, name)
            changed[part], before[name] = done.xml, done.before
            if done.growth.new_last > done.growth.old_last:
                workbook = grow_filter_name(workbook, parts.position(name), done.growth)
                for table in parts.tables_of(name):
                    xml = parts.xml(table)
                    if b"totalsRowCount" in xml and b'totalsRowCount="0"' not in xml:
                        raise SpliceError(
                            f"sheet {name!r} has a table with a totals row in the way of new rows", "switch its totals row off"
                        )
                    grown = grow_table(xml, done.growth)
                    if grown != xml:
                        changed[table] = grown
        if styles.changed:
            changed[parts.styles] = styles.changed
        workbook = parts.recalculated(workbook)
        if new_sheets:
            changed |= parts.with_sheets(new_sheets, workbook)
        elif workbook != parts.workbook_xml():
            changed[parts.workbook] = workbook
        return changed, before

    def _replace(
        self, write: Callable[[BinaryIO], object], entry: Entry, before: str, counts: dict[str, dict[str, int]],
        verify: Callable[[Package], Parts], begin: Callable[[Transaction, Path], None], undoes: int | None = None,
    ) -> Parts:  # fmt: skip
        """The new file in place of the old: temporary file, verification, journal, backup, rename.

        Raises ConflictError where the file is no longer at `before` when all is ready.
        """
        temporary = self.path.with_name(f".{self.path.name}.ticketops-{os.getpid()}.tmp")
        try:
            try:
                with open(temporary, "xb") as file:
                    write(file)
                    file.flush()
                    os.fsync(file.fileno())
                shutil.copymode(self.path, temporary)
                self._keep_owner(temporary)
            except OSError as error:
                raise _cannot_write(self.path, error) from None
            package = Package(read_file(temporary), self.path.name)
            new = verify(package)
            transaction = Transaction(self._journal.next_number(), entry, before, package.revision, counts, undoes)
            try:
                begin(transaction, temporary)
                self._back_up(before)
                if self.revision() != before:
                    raise _changed_meanwhile(self.path)
                os.replace(temporary, self.path)
            except OSError as error:
                raise _cannot_write(self.path, error) from None
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            self._journal.abandon()
            raise
        self._parts = new
        with suppress(OSError):  # the rename happened; a folder that can't be synced or an entry that can't be
            _sync_folder(self.path.parent)  # renamed now is settled by the next commit
            self._journal.finish()
        self._prune()
        return new

    def _settle(self, revision: str) -> None:
        """Put right what a killed commit left behind."""
        self._journal.recover(self.path.parent, revision)
        for stray in self.path.parent.glob(f".{self.path.name}.ticketops-*.tmp"):
            with suppress(OSError):
                stray.unlink()
        live = self.path.stat()
        for backup in self._backup_files():
            if os.path.samestat(backup.stat(), live):
                backup.unlink()

    def _keep_owner(self, temporary: Path) -> None:
        owner = self.path.stat()
        if (owner.st_uid, owner.st_gid) != (os.getuid(), os.getgid()):
            with suppress(OSError):
                os.chown(temporary, owner.st_uid, owner.st_gid)

    # --- backups

    def _backup_files(self) -> list[Path]:
        folder = self._state / "backups"
        return sorted(folder.glob("*.xlsx"), key=lambda p: p.name) if folder.is_dir() else []

    def _backup_of(self, revision: str) -> Path | None:
        return next((path for path in reversed(self._backup_files()) if path.stem.endswith(revision)), None)

    def _back_up(self, revision: str) -> None:
        """Keep the present file under its revision: a hard link, or a copy where the file system has none."""
        folder = self._state / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / f"{self._journal.next_number():06d}-{revision}.xlsx"
        target.unlink(missing_ok=True)
        try:
            os.link(self.path, target)
        except OSError:
            shutil.copy2(self.path, target)

    def _prune(self) -> None:
        for old in self._backup_files()[: -self._backups]:
            with suppress(OSError):
                old.unlink()

    # --- the journal

    def log(self) -> list[Transaction]:
        if (self._state / "journal" / "pending.json.gz").exists():
            with self.locked(Entry("", "log", "", datetime.now())):
                pass
        return self._journal.transactions()

    def undo(self, entry: Entry) -> Transaction:
        with self.locked(entry):
            current = self._load().package.revision
            last = last_standing(self._journal.transactions(), self.path.name)
            backup = self._backup_of(last.revision_before)
            if current == last.revision_after and backup is not None:
                self._restore(backup, last, entry, current)
            else:
                self._undo_cells(last, backup, entry, current)
            return last

    def _restore(self, backup: Path, last: Transaction, entry: Entry, current: str) -> None:
        """The file as it was, byte for byte."""
        old = Package.open(backup)
        if old.revision != last.revision_before:
            raise UnusableError(f"the backup {backup.name} is damaged", "restore an older version by hand")
        self._replace(
            lambda file: file.write(old.data), entry, current, last.counts,
            lambda package: self._same_bytes(package, old),
            lambda t, temporary: self._journal.begin(t, ChangeSet(), {}, {}, temporary),
            undoes=last.number,
        )  # fmt: skip
        self._tables = {}

    def _same_bytes(self, package: Package, old: Package) -> Parts:
        if package.data != old.data:
            raise InternalError("the backup was not written as it was meant; the workbook is unchanged")
        return Parts(package)

    def _undo_cells(self, last: Transaction, backup: Path | None, entry: Entry, current: str) -> None:
        """The workbook was saved since: put back cell by cell what still holds what the transaction wrote."""
        record = self._journal.record(last.number)
        sheets = [*record.cells, *(s for s in record.replaced if s not in record.cells)]
        tables = self.read(*sheets, strict=False).tables
        parts = self._load()
        old = Parts(Package.open(backup)) if backup else None
        found = {name: self._raw_cells(parts, tables[name], rows) for name, rows in record.cells.items()}
        originals = {} if old is None else {
            name: self._raw_cells(old, self._table_of(old, name), rows) for name, rows in record.cells.items()
        }  # fmt: skip
        changes = inverse(record, found, originals, self._journal.seal)
        for name, content in record.replaced.items():
            changes.extend(self._replaced_before(parts, old, name, content))
        edits = compile_edits(changes, tables)
        changed, _before = self._spliced(parts, edits)
        self._replace(
            lambda file: parts.package.write(file, changed), entry, current, changes.counts(),
            lambda package: verified(package, changed, edits),
            lambda t, temporary: self._journal.begin(t, ChangeSet(), {}, {}, temporary),
            undoes=last.number,
        )  # fmt: skip
        self._tables = {}

    def _table_of(self, parts: Parts, name: str) -> Table:
        rows = read_rows(parts, [name])[name] if name in parts.sheets else []
        sheet = self._manifest[name]
        return build_table(sheet, rows[sheet.header_row - 1] if len(rows) >= sheet.header_row > 0 else [], rows[sheet.header_row :])

    def _replaced_before(self, parts: Parts, old: Parts | None, name: str, content: str) -> ChangeSet:
        """The ReplaceRows that brings a replaced sheet back to what the backup holds."""
        sheet = self._manifest[name]
        present = self._rows_of(parts, name)
        if journals.content_digest(present) != content:
            raise ConflictError(f"sheet {name!r} was changed since: it can't be taken back")
        if old is None:
            raise RuleError(f"the backup that holds the old {name!r} is gone")
        changes = ChangeSet()
        columns = tuple(c.name for c in sheet.columns if c.name in self.read(name, strict=False)[name].positions)
        if sheet.header_row:
            frame = self._table_of(old, name).frame.select(columns)
            changes.replace(name, columns, frame.rows())
        else:
            changes.replace(name, (), [tuple(row) for row in self._rows_of(old, name)])
        return changes

    def _rows_of(self, parts: Parts, name: str) -> Sequence[Sequence[Any]]:
        """A sheet's content as `content_digest` takes it: declared columns of data rows, or every row of a free layout."""
        sheet = self._manifest[name]
        if sheet.header_row:
            table = self._table_of(parts, name)
            return _tabular(table)
        return [journals.plain_row(row) for row in (read_rows(parts, [name])[name] if name in parts.sheets else [])]

    def _replaced_digest(self, change: ReplaceRows, after: Table) -> str:
        rows = _tabular(after) if change.columns else [journals.plain_row(row) for row in change.rows]
        return journals.content_digest(rows)

    def _raw_cells(self, parts: Parts, table: Table, rows: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
        """{row: {column name: raw value}} of named cells, where the sheet still has the columns."""
        part = parts.sheets.get(table.sheet.name)
        if part is None:
            return {}
        names = {places[0]: name for name, places in table.positions.items()}
        places = {name: place for place, name in names.items()}
        wanted = {row: [places[name] for name in cells if name in places] for row, cells in rows.items()}
        found = read_cells(conventional(parts.xml(part), part), wanted, parts.shared)
        return {row: {names[place]: value for place, value in cells.items()} for row, cells in found.items()}

    def _named(self, before: Mapping[str, Mapping[int, Mapping[int, Any]]], tables: Mapping[str, Table]) -> journals.RawBefore:
        """Raw values by column name instead of column number."""
        named: dict[str, dict[int, dict[str, Any]]] = {}
        for sheet, rows in before.items():
            names = {place: name for name, places in tables[sheet].positions.items() for place in places}
            named[sheet] = {row: {names[p]: v for p, v in cells.items() if p in names} for row, cells in rows.items()}
        return named

    def _keep_tables(self, parts: Parts, sheets: list[str]) -> None:
        """The tables of the changed sheets are known without reading them again: keep them for the next command."""
        if self._use_cache:
            for name in sheets:
                if self._manifest[name].header_row:
                    cache.save(self._state / "cache", cache.key(parts, self._manifest[name]), replace(self._tables[name]))


def _tabular(table: Table) -> list[tuple[Any, ...]]:
    """The declared columns that a sheet has, row by row."""
    return table.frame.select([c.name for c in table.sheet.columns if c.name in table.positions]).rows()


def _shift_dates(edit: SheetEdit) -> None:
    """Dates of a workbook that counts from 1904, so that the serials come out right."""
    for cells in edit.cells.values():
        for column, value in cells.items():
            if isinstance(value, datetime):
                cells[column] = value - _OFFSET_1904


def _changed_meanwhile(path: Path) -> ConflictError:
    return ConflictError(f"{path.name} was changed by somebody else in the meantime", "nothing was written; run the command again")


def _cannot_write(path: Path, error: OSError) -> NotPermittedError | UnusableError:
    message = f"{path.name} can't be written: {error.strerror or error}"
    if isinstance(error, PermissionError):
        return NotPermittedError(message)
    return UnusableError(message, "the workbook is unchanged")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
