"""The Google Sheet as a store (DESIGN: contracts). Reading is one request. A commit is three: take the lock; read the cells to be changed
again and compare; one batchUpdate that writes everything, the journal included, and gives the lock back. Applied whole or not at all,
and never twice (see `control`).
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ticketops.errors import BusyError, ConflictError, RuleError, SchemaError, TicketopsError, UnusableError
from ticketops.model.changes import ChangeSet, ReplaceRows
from ticketops.schema.checks import check
from ticketops.schema.online import Request, new_sheet, quoted, text_row
from ticketops.schema.tables import Snapshot, Table, build_table, empty_table, place_names, require
from ticketops.schema.workbook import MANIFEST, Manifest
from ticketops.stores.base import Entry, Transaction
from ticketops.stores.edits import SheetEdit, compile_edits
from ticketops.stores.gsheets import ledger, recheck
from ticketops.stores.gsheets.connection import Connection, Rejected, Unclear
from ticketops.stores.gsheets.control import (
    CFG,
    CFG_HEADER,
    DIGEST_KEY,
    JOURNAL,
    REVISION_KEY,
    Control,
    control_of,
    is_internal,
    rows_of_cells,
)
from ticketops.stores.gsheets.lock import Lock
from ticketops.stores.gsheets.requests import Edit, clear_rows, requests_for
from ticketops.stores.gsheets.sending import send
from ticketops.stores.gsheets.sheets import KnownSheets
from ticketops.stores.records import Digest, Record, content_digest, digest_of, tabular
from ticketops.stores.undo import SecretGone, inverse, last_standing, reversed_cells

RawRows = list[list[Any]]
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#ERROR!"})


class GoogleSheetStore:
    """A spreadsheet by its id. state_folder: what is kept of it on this machine; lock_timeout, lease: seconds."""

    def __init__(self, connection: Connection, state_folder: Path, *, manifest: Manifest = MANIFEST, lock_timeout: float = 20.0,
                 lease: float = 240.0) -> None:  # fmt: skip
        self.name = f"gsheet:{connection.spreadsheet}"
        self.state_folder = state_folder
        self.home: Path | None = None
        self.connection = connection
        self._manifest = manifest
        self._timeout = lock_timeout
        self._known = KnownSheets(state_folder / "sheets.json")
        self._lock = Lock(connection, lease)
        self._control = Control()
        self._raw: dict[str, RawRows] = {}

    # --- reading

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        if sheets or not self._lock.held:
            self._fetch(sheets)
        tables = {name: self._table(name) for name in sheets}
        for table in tables.values():
            if strict:
                require(table)
        return Snapshot(self._control.revision, tables)

    def raw_rows(self, *sheets: str) -> dict[str, RawRows]:
        if any(name in self._known.grids and name not in self._raw for name in sheets) or not self._raw:
            self._fetch(sheets)
        return {name: self._raw[name] for name in sheets if name in self._raw}

    def formulas(self, cells: Mapping[str, Mapping[int, Iterable[str]]]) -> set[tuple[str, int, str]]:
        wanted = {sheet: recheck.within(rows, self._table(sheet), self._raw.get(sheet, [])) for sheet, rows in cells.items()}
        asked = [name for sheet, places in wanted.items() for name in recheck.ranges(sheet, recheck.Look(places)) if places]
        found = self.connection.cells(asked) if asked else []
        return {
            (title, row, names[place])
            for sheet in found
            for title in [sheet["properties"]["title"]]
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

    def _fetch(self, sheets: tuple[str, ...]) -> None:
        """Raw rows of the sheets that exist, and what `_CFG` says, in one request where the sheets are known."""
        known = self._known
        fresh = not known.grids or (
            any(name not in known.grids for name in sheets) and not (CFG in known.grids and known.believes_absent())
        )
        if fresh:
            self._refresh()
        for attempt in range(3):
            there = [name for name in sheets if name in known.grids]
            asked = list(dict.fromkeys([*([CFG] if CFG in known.grids else []), *there]))
            try:
                values = self.connection.values([quoted(name) for name in asked]) if asked else []
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
        self._raw |= {name: raw[name] for name in there}

    def _chart_or(self, error: Rejected, sheets: tuple[str, ...]) -> TicketopsError:
        charts = [name for name in sheets if name in self._known.grids and not self._known.grids[name].rows]
        return SchemaError(f"{charts[0]!r} is a chart, not a worksheet") if charts else error

    def _table(self, name: str) -> Table:
        sheet = self._manifest[name]
        if name not in self._raw:
            return empty_table(sheet)
        rows = [[None if cell in _ERRORS else cell for cell in row] if _has_error(row) else row for row in self._raw[name]]
        header = rows[sheet.header_row - 1] if 0 < sheet.header_row <= len(rows) else []
        return build_table(sheet, header, rows[sheet.header_row :])

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
                self._known.learn({"title": CFG, "sheetId": self._lock.cfg_id})
            if self._control.number and JOURNAL not in self._known.grids:  # others have written meanwhile
                self._refresh()
            yield
        finally:
            if self._lock.held:
                with suppress(TicketopsError, IndexError):  # then it runs out
                    self._lock.release()

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        check(changes, self._manifest)
        if not changes:
            return expected
        with self.locked(entry):
            if self._control.revision != expected:
                raise ConflictError(
                    f"{self.name} was changed by somebody else in the meantime", "nothing was written; run the command again"
                )
            unread = [name for name in changes.sheets if name not in self._raw and name in self._known.grids]
            if unread:
                self._fetch(tuple(unread))
            tables = {name: self._table(name) for name in changes.sheets}
            replaced = {
                change.sheet: ledger.digest_written(change, changes, tables) for change in changes if isinstance(change, ReplaceRows)
            }
            self._write(changes, tables, replaced, entry, changes.counts(), None)
        return self._control.revision

    def _write(self, changes: ChangeSet, tables: Mapping[str, Table], replaced: Mapping[str, str], entry: Entry,
               counts: dict[str, dict[str, int]], undoes: int | None) -> None:  # fmt: skip
        """Look again, then write all of it, the journal included, and give the lock back."""
        edits = compile_edits(changes, tables)
        looks = recheck.looks(changes, tables, self._raw)
        standing = self._look_again(looks, edits)
        number = self._next_number()
        key = self._control.digest_key or secrets.token_hex(16)
        transaction = Transaction(number, entry, self._control.revision, f"{number}-{secrets.token_hex(4)}", counts, undoes)
        body: dict[str, Any] = {}  # that of an undo is the other's, exchanged
        if undoes is None:
            body = ledger.undo_body(changes, tables, edits, self._raw, replaced, self._manifest, bytes.fromhex(key))
        batch: list[Request] = [{"deleteSheet": {"sheetId": self._lock.token}}]
        for name, edit in edits.items():
            batch += requests_for(self._edit(name, edit, tables[name], standing.get(name, {})))
        batch += self._journal(transaction, body)
        batch += self._control_rows(transaction, key)
        try:
            send(self.connection, batch, self._known)
        except (Rejected, Unclear) as error:
            if not self._was_applied(transaction.revision_after, error):
                raise self._not_applied(error) from None
        self._lock.token = 0
        self._control = Control(transaction.revision_after, entry.run_id, self._control.revision_row, key)
        for name in edits:
            self._raw.pop(name, None)
        self._known.follow(batch)
        if self._known.revision == transaction.revision_before:
            self._known.revision = transaction.revision_after
        self._known.remember()

    def _next_number(self) -> int:
        """The number of the next transaction; the journal has it where somebody removed our row from `_CFG`."""
        if self._control.revision_row or JOURNAL not in self._known.grids:
            return self._control.number + 1
        return max((transaction.number for transaction in self.log()), default=0) + 1

    def _look_again(self, looks: Mapping[str, recheck.Look], edits: Mapping[str, SheetEdit]) -> dict[str, recheck.Standing]:
        """What stands in the cells to be changed; raises ConflictError where it is not what was read."""
        asked = [name for sheet, look in looks.items() for name in recheck.ranges(sheet, look)]
        try:
            sheets = self.connection.cells([CFG, *asked])
        except Rejected as error:
            self._known.forget()
            raise ConflictError(
                f"{self.name} was changed by somebody else in the meantime ({error.message})", "nothing was written; run the command again"
            ) from None
        found = {}
        control = Control()
        for sheet in sheets:
            properties = sheet["properties"]
            self._known.learn(properties)
            name = properties["title"]
            if name == CFG:
                control = control_of(rows_of_cells(sheet))
            if name in looks:
                found[name] = recheck.standing_cells(sheet)
                recheck.compare(name, looks[name], found[name], self._raw[name], edits[name])
        if control.held_by(str(self._lock.token)) is None or control.revision != self._control.revision:
            raise ConflictError(f"the lock on {self.name} was taken over by somebody else", "nothing was written; run the command again")
        self._control = control
        return found

    def _edit(self, name: str, edit: SheetEdit, table: Table, standing: recheck.Standing) -> Edit:
        grid = None if edit.new_sheet else self._known.grids[name]
        columns = self._manifest[name].by_name
        positions = {c: (i,) for i, c in enumerate(columns, start=1)} if edit.new_sheet else table.positions
        types = {places[0]: columns[column].type for column, places in positions.items()}
        rows = self._raw.get(name, [])
        has_looks = edit.header_row > 0 and table.next_row - 1 > edit.header_row and len(rows) > edit.header_row
        return Edit(name, edit, grid, random.randrange(1, 2**31 - 1), types, standing, has_looks)

    def _journal(self, transaction: Transaction, body: Mapping[str, Any]) -> list[Request]:
        grid = self._known.grids.get(JOURNAL)
        sheet_id = grid.sheet_id if grid else random.randrange(1, 2**31 - 1)
        made: list[Request] = []
        rows = ledger.rows_of(transaction, body)
        if grid is None:
            made.append(new_sheet(JOURNAL, sheet_id, 100, len(ledger.HEADER), frozen=1, hidden=True))
            rows = [text_row(*ledger.HEADER), *rows]
        return [*made, {"appendCells": {"sheetId": sheet_id, "rows": rows, "fields": "userEnteredValue"}}]

    def _control_rows(self, transaction: Transaction, key: str) -> list[Request]:
        """The revision moves on, the rows of locks go."""
        cfg = self._lock.cfg_id
        revision = text_row(REVISION_KEY, transaction.revision_after, transaction.entry.run_id)
        made = clear_rows(cfg, [lock.row for lock in self._control.locks], len(CFG_HEADER))
        fresh = [] if self._control.digest_key else [text_row(DIGEST_KEY, key)]
        if self._control.revision_row:
            start = {"sheetId": cfg, "rowIndex": self._control.revision_row - 1, "columnIndex": 0}
            made.append({"updateCells": {"start": start, "rows": [revision], "fields": "userEnteredValue"}})
        else:
            fresh.insert(0, revision)
        return [*made, *([{"appendCells": {"sheetId": cfg, "rows": fresh, "fields": "userEnteredValue"}}] if fresh else [])]

    def _was_applied(self, revision: str, error: Rejected | Unclear) -> bool:
        """Whether a write without a clear answer was done: then the journal has it."""
        if isinstance(error, Rejected) and not error.again:
            return False
        try:
            titles = [sheet["properties"]["title"] for sheet in self.connection.properties()["sheets"]]
            rows = self.connection.values([quoted(JOURNAL, ledger.HEADS)])[0] if JOURNAL in titles else []
        except BusyError:
            raise Unclear(error.message, "it is not known whether this was written: `ticketops log` tells") from None
        return any(t.revision_after == revision for _, t in ledger.transactions(rows))

    def _not_applied(self, error: Rejected | Unclear) -> TicketopsError:
        if isinstance(error, Unclear):
            return BusyError(error.message, "nothing was written; try again later")
        if str(self._lock.token) in error.message:
            return ConflictError(f"the lock on {self.name} was taken over by somebody else", "nothing was written; run the command again")
        if "already exists" in error.message or "with id" in error.message:  # a sheet came, or went
            self._known.forget()
            return ConflictError(
                f"a sheet of {self.name} was made or deleted by somebody else in the meantime", "nothing was written; run the command again"
            )
        return SchemaError(f"Google refused the change: {error.message}", "nothing was written")

    # --- the journal

    def last_run_id(self) -> str:
        return self._control.run_id

    def log(self) -> list[Transaction]:
        return [transaction for _, transaction in self._journal_rows()]

    def _journal_rows(self) -> list[tuple[int, Transaction]]:
        if JOURNAL not in self._known.grids:
            self._refresh()
        if JOURNAL not in self._known.grids:
            return []
        return ledger.transactions(self.connection.values([quoted(JOURNAL, ledger.HEADS)])[0])

    def undoable(self) -> tuple[Transaction, ChangeSet]:
        last, record, _stood = self._last()
        return last, reversed_cells(record.cells)

    def _last(self) -> tuple[Transaction, Record, dict[str, Any]]:
        """Raises UnusableError where the journal is damaged, or does not end where the spreadsheet stands."""
        rows = self._journal_rows()
        last = last_standing([transaction for _, transaction in rows], self.name)
        row = next(row for row, transaction in rows if transaction.number == last.number)
        below = next((r for r, _ in rows if r > row), None)
        letter = ledger.BODIES.partition(":")[0]
        cells = f"{letter}{row}:{letter}{below - 1}" if below else f"{letter}{row}:{letter}"
        body, cfg = self.connection.values([quoted(JOURNAL, cells), quoted(CFG)])
        control = control_of(cfg)
        if control.revision_row and rows[-1][1].revision_after != control.revision:
            raise UnusableError(f"the journal of {self.name} does not end where the sheet stands: rows are missing or out of order",
                                "Google's version history has what was before")  # fmt: skip
        return last, *ledger.record_from(last, body)

    def undo(self, entry: Entry) -> Transaction:
        with self.locked(entry):
            last, record, stood = self._last()
            names = tuple(dict.fromkeys([*record.cells, *record.replaced]))
            self._fetch(names)
            tables = {name: self._table(name) for name in names}
            found = {name: recheck.found(tables[name], self._raw.get(name, []), rows) for name, rows in record.cells.items()}
            try:
                changes = inverse(record, found, {}, self._seal)
            except SecretGone as error:
                raise RuleError(f"no journal holds the old secret of {error.where}", "Google's version history has it") from None
            for name, digest in record.replaced.items():
                self._take_back(changes, tables[name], digest, stood[name])
            self._write(changes, tables, dict.fromkeys(record.replaced, ""), entry, changes.counts(), last.number)
            return last

    def _seal(self, value: Any) -> Digest:
        return digest_of(value, bytes.fromhex(self._control.digest_key))

    def _take_back(self, changes: ChangeSet, table: Table, digest: str, stood: Mapping[str, Any]) -> None:
        """A rewritten sheet as it was. Raises ConflictError where it was changed since."""
        name = table.sheet.name
        now = content_digest(tabular(table)) if table.sheet.header_row else content_digest(map(ledger.serials, self._raw.get(name, [])))
        if digest and now != digest:
            raise ConflictError(f"sheet {name!r} was changed since: it can't be taken back", "nothing was written")
        if any(column.secret for column in table.sheet.columns):
            raise RuleError(f"what stood in {name!r} is not in the journal, as it holds secrets", "Google's version history has it")
        changes.replace(name, stood["columns"], [tuple(None if cell == "" else cell for cell in row) for row in stood["rows"]])

    # --- what only files have

    def older_versions(self) -> list[Path]:
        """None: Google keeps the versions."""
        return []

    def purge(self, entry: Entry) -> int:
        del entry
        return 0

    def forget_tables(self) -> None:
        """Nothing of the workbook's contents is kept on this machine."""


def _has_error(row: list[Any]) -> bool:
    return any(type(cell) is str and cell[:1] == "#" for cell in row)
