"""The Google Sheet as a store. Reading is one request. A commit is three: take the lock; read the
cells to be changed again and compare; one batchUpdate that writes everything, the journal included,
and gives the lock back. Applied whole or not at all, and never twice (see `control`).
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ticketops.errors import ConflictError, SchemaError, TicketopsError, UnusableError
from ticketops.model.changes import ChangeSet, ReplaceRows
from ticketops.schema.checks import check
from ticketops.schema.layout import Layout, called
from ticketops.schema.sheets import Sheet
from ticketops.schema.sheets_api import Request, quoted
from ticketops.schema.surroundings import FOOT_MOVES
from ticketops.schema.tables import Snapshot, Table, build_table, empty_table, place_names, require
from ticketops.stores.base import (
    Entry,
    LoggedCell,
    NotUndoable,
    Past,
    Transaction,
    Undoing,
    all_undoable,
)
from ticketops.stores.edits import SheetEdit, compile_edits
from ticketops.stores.gsheets import gate, ledger, recheck
from ticketops.stores.gsheets.connection import Connection, Rejected, Unclear
from ticketops.stores.gsheets.control import (
    CFG,
    JOURNAL,
    Control,
    control_of,
    control_requests,
    is_internal,
    rows_of_cells,
)
from ticketops.stores.gsheets.failed import Failed, failed, refuse_loading, with_failed
from ticketops.stores.gsheets.foot import refuse_hidden_totals
from ticketops.stores.gsheets.lock import Lock
from ticketops.stores.gsheets.outcome import not_applied, taken_over, was_applied
from ticketops.stores.gsheets.readback import complete, covered
from ticketops.stores.gsheets.requests import Edit, requests_for
from ticketops.stores.gsheets.sending import send
from ticketops.stores.gsheets.sheets import Choose, KnownSheets
from ticketops.stores.gsheets.takeback import Fetched, Planned, Target, plan
from ticketops.stores.gsheets.titles import Headers
from ticketops.stores.records import Digest, Record, digest_of
from ticketops.stores.standing import (
    later_than,
    passed_over,
    refuse_if_needed,
    refuse_renamed,
    to_take_back,
)
from ticketops.stores.undo import logged_cells

RawRows = list[list[Any]]


class GoogleSheetStore:
    """A spreadsheet by its id, which counts its requests. state_folder: what is kept of it on this
    machine; layout: one, or what chooses it by the titles of the sheets when it is asked for;
    lock_timeout, lease: seconds; not_undoable: what is never taken back."""

    def __init__(
        self,
        connection: Connection,
        state_folder: Path,
        *,
        layout: Layout | Choose,
        lock_timeout: float = 20.0,
        lease: float = 240.0,
        not_undoable: NotUndoable = all_undoable,
    ) -> None:
        self.name = f"gsheet:{connection.spreadsheet}"
        self.state_folder = state_folder
        self.home: Path | None = None
        self.connection = connection
        self._not_undoable = not_undoable
        self._timeout = lock_timeout
        self._known = KnownSheets(state_folder / "sheets.json", layout)
        self._lock = Lock(connection, lease)
        self._control = Control()
        self._raw: dict[str, RawRows] = {}
        self._failed: dict[str, Failed] = {}
        self._planned: tuple[str, Planned] | None = (
            None  # an undo that was looked at, and at which revision
        )

    @cached_property
    def _declared(self) -> Layout:
        return self._known.layout(self.connection.properties)

    @cached_property
    def layout(self) -> Layout:
        """The layout, with the titles of the sheets once they were read."""
        return self._declared

    # --- reading

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        titles = self._fetch_titled(sheets) if sheets or not self._lock.held else {}
        tables = {title: self._table(title) for title in titles.values()}
        for table in tables.values():
            if strict:
                require(table)
        return Snapshot(self._control.revision, tables, self.layout)

    def _fetch_titled(self, sheets: tuple[str, ...]) -> dict[str, str]:
        """Fetch sheets by name or title; {asked: title}. What a title is looked for by comes with
        the same request, save where no sheet is titled as its name says."""
        looked_for = [sheet for sheet in self._declared if sheet.found_by and sheet.name in sheets]
        if not looked_for and all(name in self.layout for name in sheets):
            titles = {name: self.layout.title_of(name) for name in sheets}
            self._fetch(tuple(titles.values()))
            return titles
        looked_for = looked_for or [sheet for sheet in self._declared if sheet.found_by]
        self._fetch(
            tuple(
                name
                for name in sheets
                if name not in self._declared or not self._declared[name].found_by
            ),
            looked_for,
        )
        headers = Headers(
            self.connection,
            self._raw,
            [title for title in self._titles() if title not in self._declared],
        )
        self.layout = self._declared.resolved(self._titles(), headers.fit)
        wanted = [self.layout.title_of(sheet.name) for sheet in looked_for]
        if late := tuple(
            title for title in wanted if title in self._known.grids and title not in self._raw
        ):
            self._fetch(late)
        return {name: self.layout.title_of(name) for name in sheets}

    def _titles(self) -> list[str]:
        return [
            title
            for title, grid in self._known.grids.items()
            if grid.rows and not is_internal(title)
        ]

    def raw_rows(self, *sheets: str) -> dict[str, RawRows]:
        titles = {name: self.layout.title_of(name) for name in sheets}
        unread = (
            any(title in self._known.grids and title not in self._raw for title in titles.values())
            or not self._raw
        )
        if unread or (
            self.layout is self._declared
            and any(self.layout[name].found_by for name in sheets if name in self.layout)
        ):
            titles = self._fetch_titled(sheets)
        return {name: self._raw[title] for name, title in titles.items() if title in self._raw}

    def formulas(
        self, cells: Mapping[str, Mapping[int, Iterable[str]]]
    ) -> set[tuple[str, int, str]]:
        names = {self.layout.title_of(name): name for name in cells}
        found = self._formulas({title: cells[name] for title, name in names.items()})
        return {(names[title], row, column) for title, row, column in found}

    def _formulas(
        self, cells: Mapping[str, Mapping[int, Iterable[str]]]
    ) -> set[tuple[str, int, str]]:
        wanted = {
            sheet: recheck.within(rows, self._table(sheet), self._raw.get(sheet, []))
            for sheet, rows in cells.items()
        }
        asked = [
            name
            for sheet, places in wanted.items()
            for name in recheck.ranges(self._known.spelled(sheet), recheck.Look(places))
            if places
        ]
        found = self.connection.cells(asked, recheck.FIELDS) if asked else []
        return {
            (title, row, names[place])
            for sheet in found
            for title in [self._known.name_of(sheet["properties"]["title"])]
            for names in [place_names(self._table(title).positions)]
            for (row, place), value in recheck.standing_cells(sheet).items()
            if "formulaValue" in value and place in wanted[title].get(row, ())
        }

    def sheet_names(self) -> list[str]:
        self._refresh()
        return [name for name in self._known.grids if not is_internal(name)]

    def revision(self) -> str:
        return self.read().revision

    def _refresh(self) -> None:
        self._known.replace(self.connection.properties())

    def _fetch(self, plain: tuple[str, ...], looked_for: Sequence[Sheet] = ()) -> None:
        """Raw rows of the sheets that exist, and what `_CFG` says, in one request where the sheets
        are known.

        looked_for: sheets of which all that are titled as their names say are fetched.
        """
        known = self._known

        def titles() -> tuple[str, ...]:
            return (
                *plain,
                *(
                    title
                    for sheet in looked_for
                    for title in called(sheet, self._titles()) or [sheet.name]
                ),
            )

        sheets = titles()
        fresh = not known.grids or (
            any(name not in known.grids for name in sheets)
            and not (CFG in known.grids and known.believes_absent())
        )
        if fresh and not known.handed:
            self._refresh()
        fresh, known.handed = fresh or known.handed, False
        for attempt in range(3):
            sheets = titles()
            there = [name for name in sheets if name in known.grids]
            asked = list(dict.fromkeys([*([CFG] if CFG in known.grids else []), *there]))
            try:
                values = (
                    self.connection.values([known.quoted(name) for name in asked]) if asked else []
                )
            except Rejected as error:
                if attempt == 2 or "Unable to parse range" not in error.message:
                    raise self._chart_or(error, sheets) from None
                self._refresh()
                continue
            raw = dict(zip(asked, values, strict=True))
            self._control = control_of(raw.get(CFG, []))
            if fresh:
                known.revision = self._control.revision
            elif self._control.revision != known.revision and len(there) < len(sheets):
                self._refresh()  # a commit of another machine may have made what is missing
                known.revision, fresh = self._control.revision, True
                if any(name in known.grids for name in sheets if name not in there):
                    continue
            break
        known.remember()
        for name in sheets:
            self._raw.pop(name, None)
        self._failed |= failed(self.connection, known, {name: raw[name] for name in there})
        self._raw |= {name: raw[name] for name in there}

    def _chart_or(self, error: Rejected, sheets: tuple[str, ...]) -> TicketopsError:
        charts = [
            name
            for name in sheets
            if name in self._known.grids and not self._known.grids[name].rows
        ]
        return SchemaError(f"{charts[0]!r} is a chart, not a worksheet") if charts else error

    def _table(self, name: str) -> Table:
        sheet = self.layout[name]
        if name not in self._raw:
            return empty_table(sheet)
        wrong = self._failed[name]
        rows = with_failed(self._raw[name], wrong)
        header = rows[sheet.header_row - 1] if 0 < sheet.header_row <= len(rows) else []
        grid = self._known.grids.get(name)
        marks = replace(FOOT_MOVES, merges=grid.merges) if grid else FOOT_MOVES
        table = build_table(sheet, header, rows[sheet.header_row :], marks)
        refuse_loading(table, wrong)
        return table

    # --- writing

    @contextmanager
    def locked(self, entry: Entry) -> Iterator[None]:
        if self._lock.held:
            yield
            return
        if not self._known.grids:
            self._refresh()
        cfg = self._known.grids.get(CFG)
        self._control = self._lock.acquire(entry, cfg.sheet_id if cfg else None, self._timeout)
        try:
            if CFG not in self._known.grids:
                self._known.learn({"properties": {"title": CFG, "sheetId": self._lock.cfg_id}})
            if (
                self._control.number and JOURNAL not in self._known.grids
            ):  # others have written meanwhile
                self._refresh()
            yield
        finally:
            if self._lock.held:
                with suppress(TicketopsError, IndexError):  # then it runs out
                    self._lock.release()

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        if not changes:
            return expected
        if any(name not in self.layout for name in changes.sheets):
            self._fetch_titled(tuple(changes.sheets))
        changes = changes.renamed(self.layout.titles)
        check(changes, self.layout)
        with self.locked(entry):
            if self._control.revision != expected:
                raise ConflictError(
                    f"{self.name} was changed by someone else meanwhile",
                    "nothing was written; run the command again",
                )
            unread = [
                name
                for name in changes.sheets
                if name not in self._raw and name in self._known.grids
            ]
            if unread:
                self._fetch(tuple(unread))
            tables = {name: self._table(name) for name in changes.sheets}
            replaced = {
                change.sheet: ledger.digest_written(change, changes, tables)
                for change in changes
                if isinstance(change, ReplaceRows)
            }
            self._write(changes, tables, replaced, entry, changes.counts(), None)
        return self._control.revision

    def _write(
        self,
        changes: ChangeSet,
        tables: Mapping[str, Table],
        replaced: Mapping[str, str],
        entry: Entry,
        counts: dict[str, dict[str, int]],
        undoes: int | None,
        removed: Sequence[str] = (),
    ) -> None:
        """Look again, then write all of it, the journal included, and give the lock back."""
        edits = compile_edits(changes, tables)
        looks = recheck.looks(changes, tables, self._raw)
        standing = self._look_again(looks, edits)
        for name, edit in edits.items():
            refuse_hidden_totals(edit, tables[name], standing.get(name, {}))
        for name in removed:
            edits.pop(name, None)
        number = self._next_number()
        key = self._control.digest_key or secrets.token_hex(16)
        transaction = Transaction(
            number,
            entry,
            self._control.revision,
            f"{number}-{secrets.token_hex(4)}",
            counts,
            undoes,
        )
        body: dict[str, Any] = {}  # that of an undo is the other's, exchanged
        if undoes is None:
            body = ledger.undo_body(
                changes, tables, edits, self._raw, replaced, self.layout, bytes.fromhex(key)
            )
        batch: list[Request] = [{"deleteSheet": {"sheetId": self._lock.token}}]
        for name, edit in edits.items():
            batch += requests_for(self._edit(name, edit, tables[name], standing.get(name, {})))
        batch += [
            {"deleteSheet": {"sheetId": self._known.grids[name].sheet_id}} for name in removed
        ]
        batch += ledger.requests_of(transaction, body, self._known.grids.get(JOURNAL))
        batch += control_requests(self._control, self._lock.cfg_id, transaction, key)
        copied: list[dict[str, Any]] = []
        try:
            send(self.connection, batch, self._known, copied)
        except (Rejected, Unclear) as error:
            if not was_applied(self.connection, transaction.revision_after, error):
                raise not_applied(
                    self.connection, error, self.name, self._lock.token, self._known
                ) from None
            copied += covered(batch, self.connection.properties())
        self._lock.token = 0
        self._control = Control(
            transaction.revision_after, entry.run_id, self._control.revision_row, key
        )
        before = {name: self._raw.pop(name, ()) for name in (*edits, *removed)}
        self._known.follow(batch)
        if self._known.revision == transaction.revision_before:
            self._known.revision = transaction.revision_after
        self._known.remember()
        if copied:
            complete(self.connection, self._known, copied, before)

    def _next_number(self) -> int:
        """The number of the next transaction; the journal has it where somebody removed our row
        from `_CFG`."""
        if self._control.revision_row or JOURNAL not in self._known.grids:
            return self._control.number + 1
        return max((transaction.number for transaction in self.log()), default=0) + 1

    def _look_again(
        self, looks: Mapping[str, recheck.Look], edits: Mapping[str, SheetEdit]
    ) -> dict[str, recheck.Standing]:
        """What stands in the cells to be changed; raises ConflictError where it is not what was
        read."""
        asked = [
            name
            for sheet, look in looks.items()
            for name in recheck.ranges(self._known.spelled(sheet), look)
        ]
        gate.refuse_look(self.connection, self.name, asked)
        try:
            sheets = self.connection.cells([CFG, *asked], recheck.FIELDS)
        except Rejected as error:
            self._known.forget()
            raise ConflictError(
                f"{self.name} was changed by someone else meanwhile ({error.message})",
                "nothing was written; run the command again",
            ) from None
        found = {}
        control = Control()
        for sheet in sheets:
            name = self._known.name_of(sheet["properties"]["title"])
            before = self._known.grids.get(name)
            seen = self._known.learn(sheet)
            if name == CFG:
                control = control_of(rows_of_cells(sheet))
            if name in looks:
                found[name] = recheck.standing_cells(sheet)
                recheck.compare(name, looks[name], found[name], self._raw[name], edits[name])
                if not (before and before.merges == self._known.grids[name].merges):
                    self._known.remember()
                recheck.refuse_merged(name, edits[name], seen.merges, before)
        if (
            control.held_by(str(self._lock.token)) is None
            or control.revision != self._control.revision
        ):
            raise taken_over(self.name)
        self._control = control
        return found

    def _edit(self, name: str, edit: SheetEdit, table: Table, standing: recheck.Standing) -> Edit:
        grid = None if edit.new_sheet else self._known.grids[name]
        columns = self.layout[name].by_name
        positions = (
            {c: (i,) for i, c in enumerate(columns, start=1)} if edit.new_sheet else table.positions
        )
        types = {places[0]: columns[column].type for column, places in positions.items()}
        rows = self._raw.get(name, [])
        has_looks = (
            edit.header_row > 0 and table.last_row > edit.header_row and len(rows) > edit.header_row
        )
        return Edit(
            name,
            edit,
            grid,
            random.randrange(1, 2**31 - 1),
            types,
            standing,
            has_looks,
            self.layout[name].hidden,
        )

    # --- the journal

    def last_run_id(self) -> str:
        if self._control.revision_row or JOURNAL not in self._known.grids:
            return self._control.run_id
        return next((t.entry.run_id for t in reversed(self.log())), "")  # somebody took the row

    def log(self) -> list[Transaction]:
        return [transaction for _, transaction in self._journal_rows()]

    def _journal_rows(self) -> list[tuple[int, Transaction]]:
        if JOURNAL not in self._known.grids:
            self._refresh()
        if JOURNAL not in self._known.grids:
            return []
        return ledger.transactions(self.connection.values([quoted(JOURNAL, ledger.HEADS)])[0])

    def logged(self, *numbers: int) -> list[list[LoggedCell]]:
        rows = self._journal_rows()
        self._fetch_titled(tuple(sheet.name for sheet in self._declared if sheet.found_by))
        by_number = {transaction.number: transaction for _, transaction in rows}
        bodies = self._bodies(rows, numbers)
        return [
            logged_cells(ledger.record_from(by_number[number], body)[0], self.layout)
            for number, body in zip(numbers, bodies, strict=True)
        ]

    def as_of(self, when: str | datetime, *sheets: str) -> Past:
        from ticketops.stores.gsheets.past import as_of

        rows = self._journal_rows()
        now = self.read(*sheets, strict=False)
        return as_of(when, now, self.name, rows, partial(self._bodies, rows))

    def undoable(self, entry: Entry, run_id: str = "") -> Undoing:
        planned = self._undoing(entry, run_id)
        self._planned = self._control.revision, planned
        return planned.undoing

    def undo(self, entry: Entry, run_id: str = "") -> Transaction:
        with self.locked(entry):
            known = (
                self._planned[1]
                if self._planned and self._planned[0] == self._control.revision
                else None
            )
            planned = (
                known
                if known and known.undoing.transaction.entry.run_id == run_id
                else self._undoing(entry, run_id)
            )
            target, counts = planned.undoing.transaction, planned.changes.counts()
            self._write(
                planned.changes,
                planned.tables,
                planned.replaced,
                entry,
                counts,
                target.number,
                planned.removed,
            )
            return target

    def _undoing(self, entry: Entry, run_id: str) -> Planned:
        of = self._target(run_id)
        self._refuse_renamed(of.record)
        self._fetch(of.sheets(self.layout))
        return plan(
            of, self.layout, Fetched(self._table, self._raw), self._known.grids, self._seal, entry
        )

    def _refuse_renamed(self, record: Record) -> None:
        titles = (*record.cells, *record.replaced)
        if any(title not in self.layout for title in titles):
            self._fetch_titled(tuple(sheet.name for sheet in self._declared if sheet.found_by))
        refuse_renamed(
            record, {title: self.layout[title].name for title in titles if title in self.layout}
        )

    def _bodies(self, rows: Sequence[tuple[int, Transaction]], numbers: Sequence[int]) -> list[Any]:
        return self.connection.values(
            [quoted(JOURNAL, ledger.body_cells(rows, number)) for number in numbers]
        )

    def _target(self, run_id: str) -> Target:
        """Raises UnusableError where the journal is damaged, or does not end where the spreadsheet
        stands."""
        rows = self._journal_rows()
        log = [transaction for _, transaction in rows]
        target = to_take_back(log, self.name, self._not_undoable, run_id)
        later, passed = later_than(log, target), passed_over(log, target, self._not_undoable)
        is_last = len(passed) == len(later)
        wanted = [target, *([] if is_last else later)]
        *bodies, cfg = self.connection.values(
            [*(quoted(JOURNAL, ledger.body_cells(rows, t.number)) for t in wanted), quoted(CFG)]
        )
        control = control_of(cfg)
        if control.revision_row and rows[-1][1].revision_after != control.revision:
            raise UnusableError(
                f"the journal of {self.name} does not match the sheet: rows are missing or out of "
                "order",
                "Google's version history has what was before",
            )
        if not self._control.digest_key:
            self._control = control
        record, stood = ledger.record_from(target, bodies[0])
        if not is_last:
            refuse_if_needed(
                record,
                [ledger.record_from(t, body)[0] for t, body in zip(later, bodies[1:], strict=True)],
                self.layout,
            )
        return Target(record, stood, passed, is_last)

    def _seal(self, value: Any) -> Digest:
        return digest_of(value, bytes.fromhex(self._control.digest_key))

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self.connection.requests
