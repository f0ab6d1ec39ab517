"""Undo of a workbook file: the bytes from before where nobody wrote since, else cell by cell, from
the journal and the version that is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from ticketops.errors import ConflictError, RuleError, UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layout import Layout
from ticketops.schema.structure import with_structure
from ticketops.schema.surroundings import NO_MARKS
from ticketops.schema.tables import Snapshot, Table, apply, build_table, empty_table, place_names
from ticketops.stores.base import Entry, NotUndoable, Transaction, Undoing
from ticketops.stores.edits import compile_edits
from ticketops.stores.journal import Journal
from ticketops.stores.records import Record, beside, content_digest, every_cell, plain_row, tabular
from ticketops.stores.standing import (
    later_than,
    passed_over,
    refuse_if_lost,
    refuse_if_needed,
    refuse_renamed,
    resolver,
    to_take_back,
    told_logs_only,
)
from ticketops.stores.trail import append_only_sheets, kept_rows, said_of_undo
from ticketops.stores.undo import TakenBack, reversed_cells, revived, take_back, typed
from ticketops.stores.xlsx.contents import Edited, Restored
from ticketops.stores.xlsx.conventional import conventional
from ticketops.stores.xlsx.package import Package
from ticketops.stores.xlsx.parts import OFFSET_1904, Parts
from ticketops.stores.xlsx.reader import Reader
from ticketops.stores.xlsx.replacement import Content, WorkbookFile
from ticketops.stores.xlsx.splice import read_cells, rows_of


class Sheets:
    """The sheets of one version of a workbook, read when they are asked for: a
    `stores.undo.Reading`."""

    def __init__(self, parts: Parts, layout: Layout) -> None:
        self.parts, self._layout, self._reader = parts, layout, Reader(parts)
        self._tables: dict[str, Table] = {}

    def table(self, sheet: str) -> Table:
        if sheet not in self._tables:
            self._tables[sheet] = self._read(sheet)
        return self._tables[sheet]

    def is_as(self, other: Sheets, sheet: str) -> bool:
        """Whether a sheet stands in both versions byte for byte: then it need not be read, which a
        damaged one can't be."""
        return self._state(sheet) == other._state(sheet)

    def _state(self, sheet: str) -> tuple[int, int, int] | None:
        """What the archive says of a sheet's part; None where there is none."""
        part = self.parts.sheets.get(sheet, "")
        if part not in self.parts.package:
            return None
        info = self.parts.package.info(part)
        return info.CRC, info.file_size, info.compress_size

    def _read(self, name: str) -> Table:
        sheet = self._layout[name]
        if name not in self.parts.sheets:
            return empty_table(sheet)
        rows = self._reader.rows(name)
        marks = self._reader.marks(name) if sheet.header_row else NO_MARKS
        return build_table(
            sheet,
            rows[sheet.header_row - 1] if len(rows) >= sheet.header_row > 0 else [],
            rows[sheet.header_row :],
            marks,
        )

    def raw(self, sheet: str, wanted: Mapping[int, Collection[str]]) -> dict[int, dict[str, Any]]:
        part = self.parts.sheets.get(sheet)
        if part is None:
            return {}
        names = place_names(self.table(sheet).positions)
        places = {name: place for place, name in names.items()}
        cells = {
            row: [places[name] for name in columns if name in places]
            for row, columns in wanted.items()
        }
        found = read_cells(
            rows_of(conventional(self.parts.xml(part), part), cells), cells, self.parts.shared
        )
        return {
            row: {names[place]: value for place, value in held.items()}
            for row, held in found.items()
        }

    def hung(self, sheet: str, place: int) -> bool:
        marks, header = self._reader.marks(sheet), self._layout[sheet].header_row
        cells = (*marks.formulas, *marks.notes)
        return any(column == place and row >= header for row, column in cells) or any(
            left <= place <= right for (left, _top), (right, _bottom) in marks.merges
        )

    def plain_rows(self, name: str) -> Sequence[Sequence[Any]]:
        """All cells in one spelling, row 1 first."""
        return [
            plain_row(row) for row in (self._reader.rows(name) if name in self.parts.sheets else [])
        ]

    def body(self, name: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """The rows below the header as they stand, blank ones and misfits included, so that each
        comes back where it stood."""
        table = self.table(name)
        if not table.exists or not table.positions:
            return []
        rows = self._reader.rows(name)[table.sheet.header_row : table.last_row]
        places = [
            table.positions[column][0] - 1 if column in table.positions else None
            for column in columns
        ]
        return [
            tuple(plain_row(row[p] if p is not None and p < len(row) else None for p in places))
            for row in rows
        ]

    def digest(self, name: str) -> str:
        """The digest of a sheet's content as it stands, comparable with that of what was
        written."""
        table = self.table(name)
        return content_digest(tabular(table) if table.sheet.header_row else self.plain_rows(name))


def plan(
    record: Record,
    now: Sheets,
    old: Sheets | None,
    journal: Journal,
    layout: Layout,
    *,
    unmoved: bool,
) -> TakenBack:
    """What takes a transaction back cell by cell.

    old: the version from before it, for what the journal does not hold (secrets, replaced sheets).
    Raises ConflictError where the workbook no longer holds what was written, RuleError where the
    version is needed and gone.
    """
    epoch = OFFSET_1904 if now.parts.date1904 else timedelta()
    done = take_back(record, layout, now, old, journal.seal, epoch=epoch, unmoved=unmoved)
    for name, content in record.replaced.items():
        done.tables[name] = now.table(name)
        if now.digest(name) != content:
            raise ConflictError(
                f"sheet {name!r} was changed since and can't be undone", "nothing was written"
            )
        if name in done.made:
            continue
        if old is None:
            raise RuleError(f"the backup with the old {name!r} is missing")
        columns = tuple(
            c.name for c in layout[name].columns if c.name in done.tables[name].positions
        )
        rows = old.body(name, columns) if columns else [tuple(row) for row in old.plain_rows(name)]
        done.changes.replace(name, columns, rows)
        secret = [
            place for place, column in enumerate(columns) if layout[name].by_name[column].secret
        ]
        done.secrets += [
            ("", value) for row in rows for place in secret if isinstance(value := row[place], str)
        ]
    return done


@dataclass(slots=True)
class Prepared:
    """An undo, ready to be written. content: of what the journal is to say besides. restores: the revision that stands again, where all of it
    does."""

    undoing: Undoing
    content: Callable[[Mapping[str, Any]], Content]
    counts: dict[str, dict[str, int]]
    restores: str = ""


def prepare(
    parts: Parts,
    file: WorkbookFile,
    journal: Journal,
    layout: Layout,
    not_undoable: NotUndoable,
    transactions: Sequence[Transaction],
    entry: Entry,
    run_id: str,
) -> Prepared:
    """What an undo does to the workbook as it stands: back to the very bytes where nobody wrote
    since and the version from before is kept, else cell by cell. Raises what `Store.undo`
    raises."""
    name = parts.package.name
    target = to_take_back(transactions, name, not_undoable, run_id)
    refuse_if_lost(target, journal.lost_after(target.number))
    later, passed = (
        later_than(transactions, target),
        passed_over(transactions, target, not_undoable),
    )
    record = journal.record(target.number)
    is_last = len(passed) == len(later)
    if not is_last:
        refuse_if_needed(record, [journal.record(t.number) for t in later], layout)
    resolve = resolver(transactions, layout)
    untouched = resolve(parts.package.revision) == resolve(target.revision_after)
    backup = file.backup_of(target.revision_before)
    old = Sheets(Parts(Package.open(backup)), layout) if backup else None
    if old is not None and old.parts.package.revision != target.revision_before:
        raise UnusableError(
            f"the backup {old.parts.package.name} is damaged", "restore an older version by hand"
        )
    now = Sheets(parts, layout)
    about = _About(record, layout, journal, entry, passed, is_last=is_last)
    if old is not None and untouched:
        return _bytes_back(about, now, old)
    since = [t for t in transactions if t.number >= target.number]
    ours = parts.package.revision == transactions[-1].revision_after and all(
        a.revision_after == b.revision_before for a, b in pairwise(since)
    )
    if untouched:
        why = "the version before it is no longer kept"
    elif ours:
        why = "later changes stay" if not is_last else "later changes were undone cell by cell"
    else:
        why = "another program has saved the workbook since"
    return _cells_back(about, now, old, why, unmoved=ours)


@dataclass(frozen=True, slots=True)
class _About:
    record: Record
    layout: Layout
    journal: Journal
    entry: Entry
    passed: tuple[Transaction, ...]
    is_last: bool

    def shown(self, cells: ChangeSet, trail: ChangeSet, parts: Parts) -> ChangeSet:
        """Typed, for people."""
        made = typed(cells, self.layout, OFFSET_1904 if parts.date1904 else timedelta())
        made.extend(trail)
        return made

    def told(
        self, content: Edited, changes: ChangeSet, tables: Mapping[str, Table]
    ) -> dict[str, Any]:
        """What the journal is to say of the cells that an undo writes, by which `as_of` takes it
        back."""
        content.names = {name: table.positions for name, table in tables.items()}
        back = every_cell(changes, content.named_before())
        return beside(self.layout, self.journal.seal, back=back)


def _bytes_back(about: _About, now: Sheets, old: Sheets) -> Prepared:
    """The very bytes from before, but for what append-only sheets keep and what they say of the
    undo."""
    record, layout, target = about.record, about.layout, about.record.transaction
    names = [
        sheet.name
        for sheet in layout
        if sheet.append_only and sheet.name in now.parts.sheets and not now.is_as(old, sheet.name)
    ]
    tables = {name: old.table(name) for name in names}
    kept = with_structure(
        kept_rows(layout, {name: now.table(name) for name in names}, tables), Snapshot("", tables)
    )
    after = {name: apply(table, kept.for_sheet(name)) for name, table in tables.items()}
    logged = append_only_sheets(record, layout)
    said = said_of_undo(
        record, layout, {name: after.get(name) or now.table(name) for name in logged}, about.entry
    )
    trail = said.changes
    changes = ChangeSet([*kept, *trail])
    cells = about.shown(reversed_cells(record, layout), trail, now.parts)
    secrets = revived(record, layout, old, now)
    known = {name: after.get(name) or now.table(name) for name in cells.sheets}
    undoing = Undoing(
        target, cells, known, True, "", about.passed, said.stays, tuple(secrets), about.is_last
    )

    def content(besides: Mapping[str, Any]) -> Content:
        if not changes:
            return Restored(old.parts.package, about.journal)
        needed = {name: tables.get(name) or old.table(name) for name in changes.sheets}
        edits = compile_edits(changes, needed)
        edited = Edited(old.parts, edits, about.journal, layout, aside=True)
        edited.besides = {**about.told(edited, trail, needed), **besides}
        return edited

    return Prepared(undoing, content, target.counts, target.revision_before)


def _cells_back(
    about: _About, now: Sheets, old: Sheets | None, why: str, *, unmoved: bool
) -> Prepared:
    record, layout = about.record, about.layout
    refuse_renamed(
        record,
        {
            title: layout[title].name
            for title in (*record.cells, *record.replaced)
            if title in layout
        },
    )
    back = plan(record, now, old, about.journal, layout, unmoved=unmoved)
    logged = {name: now.table(name) for name in append_only_sheets(record, layout)}
    said = said_of_undo(record, layout, logged, about.entry)
    trail = said.changes
    changes, tables = ChangeSet([*back.changes, *trail]), back.tables | logged
    if back.made and not now.parts.can_do_without(back.made):
        for name in back.made:
            columns = tuple(c.name for c in layout[name].columns)
            if name in record.replaced:
                back.changes.replace(name, columns, [])
        back.stays += [f"the sheet {name}, empty" for name in back.made]
        back.made = []
        changes = ChangeSet([*back.changes, *trail])
    if not back.changes and not back.made and not told_logs_only(record, layout):
        left = "; ".join(back.stays) or "what it wrote"
        raise RuleError(f"{record.transaction.entry.run_id} can't be undone: {left} would stay")
    cells = about.shown(back.changes, trail, now.parts)
    undoing = Undoing(
        record.transaction,
        cells,
        tables,
        False,
        why,
        about.passed,
        (*back.stays, *said.stays),
        tuple(back.secrets),
        about.is_last,
    )

    def content(besides: Mapping[str, Any]) -> Content:
        edits = compile_edits(changes, tables)
        edited = Edited(now.parts, edits, about.journal, layout, removed=back.made)
        edited.besides = {**about.told(edited, changes, tables), **besides}
        return edited

    return Prepared(undoing, content, changes.counts())
