"""A store whose commits wait in memory, until all of them are written as one transaction or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from ticketops.errors import ConflictError, RuleError
from ticketops.model.changes import ChangeSet, ReplaceRows
from ticketops.schema.checks import check
from ticketops.schema.composed import Composed
from ticketops.schema.derived import beside_formulas
from ticketops.schema.layout import Layout
from ticketops.schema.tables import Snapshot, Table, apply, require
from ticketops.stores.base import Entry, HasFolders, LoggedCell, Store, Transaction, Undoing


class PendingStore:
    """What a workbook would be once the commits that wait are written. What is read of it is what
    `store` held when this was made, and what waits.

    entries: of the commits that wait. Rows that one of them empties are not filled again by a later
    one, so that every row has one meaning in all of them.
    """

    def __init__(self, store: Store) -> None:
        self.name = store.name
        self.entries: list[Entry] = []
        self._store = store
        self._base: dict[str, Table] = {}
        self._tables: dict[str, Table] = {}
        self._composed: dict[str, Composed] = {}
        self._revision = store.read().revision
        if isinstance(store, HasFolders):
            self.home, self.state_folder = store.home, store.state_folder

    @property
    def layout(self) -> Layout:
        """That of the workbook."""
        return self._store.layout

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        """The tables after the commits that wait."""
        read = self._store.read(*sheets, strict=False)
        tables = {title: self._tables.get(title, table) for title, table in read.tables.items()}
        for table in tables.values():
            if strict:
                require(table)
        return Snapshot(self.revision(), tables, read.layout)

    def revision(self) -> str:
        """Another one after each commit that waits."""
        return f"{self._revision}+{len(self.entries)}"

    @contextmanager
    def locked(self, entry: Entry) -> Iterator[None]:
        """Nobody else can overtake what waits here."""
        del entry
        yield

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        """Let the changes wait. Raises ConflictError where something else waits that `expected` does
        not know of, SchemaError for a change that a sheet does not allow."""
        if expected != self.revision():
            raise ConflictError(f"{self.name} was changed meanwhile", "run the command again")
        read = self.read(*changes.sheets, strict=False)
        changes = beside_formulas(changes.renamed(read.layout.titles), read.tables)
        check(changes, self.layout)
        for title in changes.sheets:
            table, own = read.tables[title], changes.for_sheet(title)
            self._base.setdefault(title, table)
            composed = self._composed.setdefault(title, Composed(table.sheet.header_row))
            for change in own:
                composed.add(change)
            after = apply(table, own)
            if not any(isinstance(change, ReplaceRows) for change in own):
                after = replace(after, last_row=max(table.last_row, after.last_row))
            self._tables[title] = after
        self.entries.append(entry)
        return self.revision()

    @property
    def changes(self) -> ChangeSet:
        """All that waits, as one. Raises RuleError where it would not come to the same."""
        found = ChangeSet()
        for title, composed in self._composed.items():
            own = list(composed.changes(title))
            if not _same(apply(self._base[title], own), self._tables[title]):
                raise RuleError(
                    f"the changes of {title} can't be joined: nothing was written",
                    "run the commands without --atomic",
                )
            found.changes += own
        return found

    @property
    def tables(self) -> dict[str, Table]:
        """The tables that change, as they were."""
        return dict(self._base)

    def write(self, entry: Entry) -> None:
        """Write all that waits as one transaction. Raises what `Store.commit` raises."""
        changes = self.changes
        with self._store.locked(entry):
            self._store.commit(changes, self._revision, entry)

    def log(self) -> list[Transaction]:
        """The transactions that are written."""
        return self._store.log()

    def last_run_id(self) -> str:
        """The RunID of the newest transaction that is written."""
        return self._store.last_run_id()

    def logged(self, *numbers: int) -> list[list[LoggedCell]]:
        """As the store tells it."""
        return self._store.logged(*numbers)

    def undoable(self, entry: Entry, run_id: str = "") -> Undoing:
        """Raises RuleError: what waits is not written yet, and what is written is undone alone."""
        raise _not_among_others(entry, run_id)

    def undo(self, entry: Entry, run_id: str = "") -> Transaction:
        """Raises RuleError."""
        raise _not_among_others(entry, run_id)


def _not_among_others(entry: Entry, run_id: str) -> RuleError:
    what = " ".join(filter(None, (entry.command, run_id)))
    return RuleError(f"`{what}` can't be written together with other commands")


def _same(one: Table, other: Table) -> bool:
    """Whether two tables hold the same records in the same rows."""
    a: Any = one.frame.sort("row")
    b = other.frame.sort("row").select(a.columns)
    return bool(a.equals(b))
