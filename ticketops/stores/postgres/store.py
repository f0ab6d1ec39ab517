"""An event in a database as a store (D29). Reading is one transaction in which all sheets are of one
moment. A commit locks the row of the event, sees that its revision is the one that was planned on,
and writes cells, journal and revision in the same transaction: all of it or nothing, once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg
from msgspec.structs import replace
from psycopg.errors import LockNotAvailable

from ticketops.errors import BusyError, ConflictError, NotFoundError, TicketopsError
from ticketops.model.changes import ChangeSet, ReplaceRows
from ticketops.schema.checks import check
from ticketops.schema.layout import Layout
from ticketops.schema.slices import Slice
from ticketops.schema.tables import Snapshot, Table, empty_table, locate, require
from ticketops.stores.base import (
    Entry,
    LoggedCell,
    NotUndoable,
    Past,
    Transaction,
    Undoing,
    all_undoable,
)
from ticketops.stores.edits import compile_edits
from ticketops.stores.grids import Grid, grid_rows
from ticketops.stores.gsheets.ledger import digest_written
from ticketops.stores.gsheets.takeback import Fetched, Planned, Target, plan
from ticketops.stores.postgres import ledger, schema, sheets, turns
from ticketops.stores.postgres.connection import (
    AGAIN,
    WRITING,
    Connection,
    Cursor,
    Lost,
    Pauses,
    Unreachable,
    writer_name,
)
from ticketops.stores.postgres.outcome import was_applied
from ticketops.stores.postgres.rights import Standing, refuse_taking_back, refuse_withheld, standing
from ticketops.stores.postgres.rows import Held
from ticketops.stores.postgres.typed import part_table, whole_table
from ticketops.stores.postgres.working import alone
from ticketops.stores.records import Digest, Record, digest_of
from ticketops.stores.standing import later_than, passed_over, refuse_if_needed, to_take_back
from ticketops.stores.undo import logged_cells

Choose = Callable[[str], Layout]
"""The kind of a workbook → its layout."""
_EVENT = (
    "SELECT kind, revision, number, run_id, digest_key FROM ticketops_events WHERE event_id = %s"
)
_ROUNDS = 6
"""How often a writer waits for `lock_timeout` while others commit one after the other."""
_MOVE = (
    "UPDATE ticketops_events SET revision = %s, number = %s, run_id = %s WHERE event_id = %s"
    " AND revision = %s"
)


class PostgresStore:
    """An event by its key in a database. state_folder: what is kept of it on this machine; layout:
    one, or what chooses it by the kind of the workbook; not_undoable: what is never taken back."""

    def __init__(
        self,
        connection: Connection,
        state_folder: Path,
        *,
        layout: Layout | Choose,
        not_undoable: NotUndoable = all_undoable,
    ) -> None:
        self.name = connection.name
        self.state_folder = state_folder
        self.home: Path | None = None
        self.connection = connection
        self.event = connection.address.event
        self._layout = layout
        self._standing: Standing | None = None
        self._not_undoable = not_undoable
        self._checked = self._held = self._named = False
        self._cursor: Cursor | None = None
        self._kind = self._revision = self._run_id = ""
        self._number = 0
        self.digest_key = b""
        self._sheets: dict[str, Held] = {}
        self._grids: dict[str, Grid] = {}
        self._tables: dict[str, Table] = {}
        self._rows: dict[str, list[list[Any]]] = {}

    @cached_property
    def _declared(self) -> Layout:
        if isinstance(self._layout, Layout):
            return self._layout
        if not self._kind:
            self.consistently(self._look)
        return self._layout(self._kind)

    @cached_property
    def layout(self) -> Layout:
        """The layout, with the titles of the sheets once they were read."""
        return self._declared

    # --- reading

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        titles = self._fetch(sheets)
        tables = {title: self._table(title) for title in titles.values()}
        for table in tables.values():
            if strict:
                require(table)
        return Snapshot(self._revision, tables, self.layout)

    def read_slices(self, slices: Mapping[str, Slice], *sheets: str) -> Snapshot:
        """As `read` where it is not strict; of the sheets that have a slice the rows that may be in
        it. They are not kept: whatever is written rests on whole sheets."""
        parts: dict[str, Grid] = {}
        titles = self._fetch(sheets, slices, parts)
        tables = {
            title: part_table(self.layout[title], parts[title])
            if title in parts
            else self._table(title)
            for title in titles.values()
        }
        return Snapshot(self._revision, tables, self.layout)

    def raw_rows(self, *sheets: str) -> dict[str, list[list[Any]]]:
        titles = self._fetch(sheets)
        return {
            name: grid_rows(self._grids[title])
            for name, title in titles.items()
            if title in self._sheets
        }

    def formulas(
        self, cells: Mapping[str, Mapping[int, Iterable[str]]]
    ) -> set[tuple[str, int, str]]:
        del cells  # a database holds values only
        return set()

    def sheet_names(self) -> list[str]:
        self._fetch(())
        return list(self._sheets)

    def revision(self) -> str:
        return self.read().revision

    def consistently(self, read: Callable[[Cursor], Any]) -> Any:
        """What `read` reads in one transaction: in that of the lock while it is held."""
        if self._held and self._cursor is not None and self.connection.in_transaction:
            try:
                return read(self._cursor)
            except psycopg.Error as error:
                raise self.connection.told(error) from None
        return self.connection.consistently(read)

    def _look(self, cursor: Cursor) -> None:
        """What the database says of the event. Raises NotFoundError where it has none of that
        key."""
        asked = self._ask(cursor)
        self._take(cursor.execute(asked, (self.event,)).fetchone())

    def _ask(self, cursor: Cursor) -> str:
        """What asks for the event; its tables are looked at first, and what the role may do."""
        if not self._checked:
            schema.require(cursor, self.name)
            self._standing = standing(cursor)
            self._checked = True
        sealed = self._standing is not None and not self._standing.key
        return _EVENT.replace("digest_key", "''::bytea") if sealed else _EVENT

    @property
    def place(self) -> str:
        """Where the event is, whoever asks for it."""
        return self.connection.address.place

    @contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """One process at a time does a kind of work on the event, whatever machine it runs on. Raises
        LockedError at once where another one is at work."""
        with alone(Connection(self.connection.address), work):
            yield

    @property
    def withheld(self) -> dict[str, frozenset[str]]:
        """{sheet that was read: the columns of it that the role of the connection may not read}."""
        return {
            name: held.withheld
            for name, held in self._sheets.items()
            if held.withheld and name in self._grids
        }

    def look(self, cursor: Cursor) -> dict[str, Held]:
        """The sheets of the event as they stand, in order."""
        declared = self._declared
        self._look(cursor)
        if not self._named:
            self._list(cursor, declared)
        return dict(self._sheets)

    def _take(self, row: Sequence[Any] | None) -> None:
        if row is None:
            raise NotFoundError(
                f"the database has no event {self.event}",
                f"ticketops workbook copy FILE '{self.name}' brings one; ticketops db init makes "
                "an empty one",
            )
        self._kind, revision, self._number, self._run_id, self.digest_key = row
        if revision != self._revision:
            self._forget()
            self._revision = revision

    def _forget(self) -> None:
        """What was read of another revision counts no longer."""
        self._sheets, self._grids, self._tables, self._revision = {}, {}, {}, ""
        self._rows = {}
        self._named = False

    def _fetch(
        self,
        names: Sequence[str],
        slices: Mapping[str, Slice] = MappingProxyType({}),
        parts: dict[str, Grid] | None = None,
    ) -> dict[str, str]:
        """Read what is not known of these sheets; {asked: title}. parts: receives the rows of those
        that have a slice and are not known whole."""
        _ = self._declared  # which may have to be asked for, in a transaction of its own

        def read(cursor: Cursor) -> dict[str, str]:
            self.look(cursor)
            titles = {name: self.layout.title_of(name) for name in names}
            for name, title in titles.items():
                held, part = self._sheets.get(title), slices.get(name)
                if held is None or title in self._grids:
                    continue
                if parts is not None and part is not None and part.column in held.places:
                    parts[title] = sheets.fetched(cursor, self.event, held, part)
                else:
                    self._grids[title] = sheets.fetched(cursor, self.event, held)
            return titles

        found: dict[str, str] = self.consistently(read)
        return found

    def given(
        self, row: Sequence[Any], listed: Sequence[Sequence[Any]], stands: Standing
    ) -> dict[str, Held]:
        """What a query over several events says of this one, in place of asking: its row of
        `ticketops_events` and those of `sheets.LIST`, and what the role may do; its sheets."""
        self._checked, self._standing = True, stands
        self._take(row)
        self._listed(listed, self._declared)
        return dict(self._sheets)

    def filled(self, grids: Mapping[str, Grid]) -> Snapshot:
        """The snapshot of these sheets, by their titles, whose cells a query over several events
        read."""
        self._grids |= grids
        return Snapshot(self._revision, {name: self._table(name) for name in grids}, self.layout)

    def _list(self, cursor: Cursor, declared: Layout) -> None:
        self._listed(cursor.execute(sheets.LIST, (self.event,)).fetchall(), declared)

    def _listed(self, rows: Sequence[Sequence[Any]], declared: Layout) -> None:
        known = sheets.listed(rows, declared, self._withheld, self.name)
        names = declared.known_by([held.title for held in known])
        self._sheets = {names[held.title]: held for held in known}
        self.layout = declared.resolved(
            list(self._sheets),
            lambda sheet: (
                set(sheet.found_by)
                <= locate(sheet, self._sheets[sheet.name].header(sheet.header_row)).keys()
            ),
        )
        self._named = True

    def _table(self, title: str) -> Table:
        if title not in self._tables:
            sheet = self.layout[title]
            if title not in self._sheets:
                return empty_table(sheet)
            self._tables[title] = whole_table(sheet, self._rows_of(title))
        return self._tables[title]

    # --- writing

    @contextmanager
    def locked(self, entry: Entry) -> Iterator[None]:
        if self._held:
            yield
            return
        self.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        pauses, rounds, seen = Pauses(self.connection.budget), _ROUNDS, self._revision
        while True:
            try:
                self._lock(entry)
                break
            except AGAIN as error:
                self.connection.rollback()
                if not pauses.another():
                    raise self.connection.told(error) from None
            except psycopg.Error as error:
                rounds -= 1
                if rounds and isinstance(error, LockNotAvailable):
                    self.connection.rollback()
                    before, seen = seen, self.revision()
                    if before != seen:  # they do not wait in vain: the others get through
                        continue
                told = self.connection.told(error)
                self.connection.rollback()
                raise told from None
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self._cursor = None
            self.connection.rollback()

    def is_being_written(self) -> bool:
        """Whether somebody else writes the event just now; False where that can't be found out."""
        if self._held:
            return False
        try:
            return turns.is_taken(self.connection.begin(WRITING), self.event)
        except psycopg.Error:
            return False  # what is wrong, the command itself finds and says
        finally:
            self.connection.rollback()

    def _lock(self, entry: Entry) -> Cursor:
        """Begin a transaction in which nobody else writes the event."""
        declared = self._declared  # which may have to be asked for
        cursor = self._cursor = self.connection.begin(WRITING)
        asked = self._ask(cursor)
        turns.take(cursor, self.event)
        self._take(cursor.execute(f"{asked} FOR UPDATE", (self.event,)).fetchone())
        name = writer_name(self.event, entry.user, entry.command)
        cursor.execute("SELECT set_config('application_name', %s, true)", (name,))
        if not self._named:
            self._list(cursor, declared)
        return cursor

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        if any(name not in self.layout for name in changes.sheets):
            self._fetch(())
        changes = changes.renamed(self.layout.titles)
        check(changes, self.layout)
        if not changes:
            self._refuse_moved(expected, self.revision())
            return expected
        with self.locked(entry):
            self._refuse_moved(expected, self._revision)
            self._fetch(tuple(changes.sheets))
            refuse_withheld(changes, self._sheets, self._grids)
            tables = {name: self._table(name) for name in changes.sheets}
            replaced = {
                change.sheet: digest_written(change, changes, tables)
                for change in changes
                if isinstance(change, ReplaceRows)
            }
            raw = self._raw(changes.sheets)
            edits = compile_edits(changes, tables)
            body = ledger.written(
                changes, tables, edits, raw, replaced, self.layout, self.digest_key
            )
            self._write(changes, tables, entry, changes.counts(), body)
        return self._revision

    @property
    def _withheld(self) -> sheets.Withheld:
        return self._standing.withheld if self._standing else {}

    def _raw(self, names: Iterable[str]) -> dict[str, list[list[Any]]]:
        return {name: self._rows_of(name) for name in names if name in self._grids}

    def _rows_of(self, title: str) -> list[list[Any]]:
        """The raw rows of a sheet that was read; nobody changes them."""
        if title not in self._rows:
            self._rows[title] = grid_rows(self._grids[title])
        return self._rows[title]

    def _refuse_moved(self, expected: str, now: str) -> None:
        if expected != now:
            raise ConflictError(
                f"{self.name} was changed by someone else meanwhile",
                "nothing was written; run the command again",
            )

    def _write(
        self,
        changes: ChangeSet,
        tables: Mapping[str, Table],
        entry: Entry,
        counts: dict[str, dict[str, int]],
        body: Mapping[str, Any],
        undoes: int | None = None,
        removed: Sequence[str] = (),
    ) -> None:
        """Cells, journal and revision, in one transaction."""
        edits = compile_edits(changes, tables)
        owner = self._standing is None or self._standing.owner
        if not owner:
            removed = ()  # only the owner takes sheets away: an empty one stays
        for name in removed:
            edits.pop(name, None)
        known, grids = dict(self._sheets), dict(self._grids)
        touched: dict[str, list[int]] = {}
        emptied: list[tuple[str, str]] = []
        for name, edit in edits.items():
            held = known.get(name) or sheets.new_sheet(
                name, self.layout, known.values(), self._withheld
            )
            known[name], grids[name], touched[name] = sheets.edited(
                held, grids.get(name, {}), edit, self.layout
            )
            emptied += [
                (held.table, column) for column in held.places.keys() - known[name].places.keys()
            ]
        number, before = self._number + 1, self._revision
        revision = f"{number}-{secrets.token_hex(4)}"
        done = Transaction(number, entry, before, revision, counts, undoes)
        row = ledger.row_of(self.event, done, body)

        def write(cursor: Cursor) -> None:
            for table, column in emptied:
                sheets.empty_column(cursor, self.event, table, column)
            for name, rows in touched.items():
                if known[name] != self._sheets.get(name):
                    sheets.write_sheet(cursor, self.event, known[name])
                if owner:
                    sheets.write_rows(cursor, self.event, known[name], grids[name], rows)
                else:
                    stood = self._grids.get(name, {})
                    sheets.change_rows(cursor, self.event, known[name], stood, grids[name], rows)
            for name in removed:
                sheets.delete_sheet(cursor, self.event, self._sheets[name])
            cursor.execute(ledger.INSERT, row)
            moved = (revision, number, entry.run_id, self.event, before)
            cursor.execute(_MOVE, moved)

        self._apply(write, before, revision, entry)
        for name in removed:
            known.pop(name, None)
            grids.pop(name, None)
        self._sheets, self._grids = known, grids
        for name in (*touched, *removed):
            self._tables.pop(name, None)
            self._rows.pop(name, None)
        self._number, self._revision, self._run_id = number, revision, entry.run_id
        if any(sheet.found_by for sheet in self._declared):
            self._named = self._named and not any(edit.new_sheet for edit in edits.values())

    def _apply(
        self, write: Callable[[Cursor], None], before: str, revision: str, entry: Entry
    ) -> None:
        """Write and end the transaction; within the budget begin it anew where the database asks for
        that or the connection broke. Never applied twice: the revision is still the one before."""
        pauses = Pauses(self.connection.budget)
        failed: TicketopsError | None = None
        while True:
            try:
                cursor = self._cursor
                if cursor is None or not self.connection.in_transaction:
                    cursor = self._lock(entry)
                    self._refuse_moved(before, self._revision)
                write(cursor)
                self.connection.commit()
                return
            except AGAIN as error:
                failed = self.connection.told(error)
            except Lost as lost:
                if was_applied(self.connection, revision, str(lost), pauses):
                    return
                failed = BusyError(f"{self.name}: {lost}", "nothing was written; try again later")
            except psycopg.Error as error:
                broken = self.connection.opened_is_broken
                failed = self.connection.told(error)
                if not broken:
                    self.connection.rollback()
                    raise failed from None
                self.connection.close()
            except Unreachable as error:  # the connection that was there broke
                failed = failed or error
            self.connection.rollback()
            if not pauses.another():
                raise failed

    # --- the journal

    def last_run_id(self) -> str:
        if not self._revision:
            self._fetch(())
        return self._run_id

    def log(self) -> list[Transaction]:
        def read(cursor: Cursor) -> list[Any]:
            self._look(cursor)
            return cursor.execute(ledger.HEADS, (self.event,)).fetchall()

        return ledger.transactions([head for (head,) in self.consistently(read)])

    def _records(self, numbers: Iterable[int]) -> dict[int, tuple[Record, dict[str, Any]]]:
        wanted = sorted(set(numbers))
        rows = self.consistently(
            lambda cursor: cursor.execute(ledger.BODIES, (self.event, wanted)).fetchall()
        )
        return {
            number: ledger.record_from(head, bytes(body), number) for number, head, body in rows
        }

    def logged(self, *numbers: int) -> list[list[LoggedCell]]:
        self._fetch(())
        records = self._records(numbers)
        return [logged_cells(records[number][0], self.layout) for number in numbers]

    def as_of(self, when: str | datetime, *sheets: str) -> Past:
        from ticketops.stores.history import backwards, rebuilt, transaction_at

        now, log = self.read(*sheets, strict=False), self.log()
        target = transaction_at(log, when, self.name)
        later = [t for t in log if t.number > target.number]
        records = self._records([*(t.number for t in later), *(t.undoes or 0 for t in later)])
        back = backwards(
            log, target, log[-1].number + 1, lambda number: records[number][0], by_hand=False
        )
        tables = rebuilt(now.tables, back.steps)
        lost = [title for title in back.replaced if title in tables]
        tables |= {title: empty_table(tables[title].sheet) for title in lost}
        told = (*back.unknown, *(f"what {title} held then is not kept" for title in lost))
        return Past(replace(now, made_of=target.revision_after, tables=tables), target, told)

    def undoable(self, entry: Entry, run_id: str = "") -> Undoing:
        return self._undoing(entry, run_id).undoing

    def undo(self, entry: Entry, run_id: str = "") -> Transaction:
        with self.locked(entry):
            planned = self._undoing(entry, run_id)
            target, changes, tables = (planned.undoing.transaction, planned.changes, planned.tables)
            refuse_withheld(changes, self._sheets, self._grids)
            edits = compile_edits(changes, tables)
            body = ledger.taken_back(
                changes, tables, edits, self._raw(edits), self.layout, self.digest_key
            )
            self._write(
                changes, tables, entry, changes.counts(), body, target.number, planned.removed
            )
            return target

    def _undoing(self, entry: Entry, run_id: str) -> Planned:
        of = self._target(run_id)
        names = of.sheets(self.layout)
        self._fetch(names)
        refuse_taking_back(of.record.cells, self._sheets)
        now = Fetched(self._table, self._raw(names))
        return plan(
            of,
            self.layout,
            now,
            self._sheets,
            self._seal,
            entry,
            why="as always in a database",
            older="a backup of the database has it",
        )

    def _target(self, run_id: str) -> Target:
        self._fetch(())
        log = self.log()
        target = to_take_back(log, self.name, self._not_undoable, run_id)
        later, passed = later_than(log, target), passed_over(log, target, self._not_undoable)
        is_last = len(passed) == len(later)
        records = self._records([target.number, *(() if is_last else (t.number for t in later))])
        record, stood = records[target.number]
        if not is_last:
            refuse_if_needed(record, [records[t.number][0] for t in later], self.layout)
        return Target(record, stood, passed, is_last)

    def _seal(self, value: Any) -> Digest:
        return digest_of(value, self.digest_key)
