"""What every store does: read a Snapshot, commit a ChangeSet, remember it, take it back; and what
some stores do besides. Whoever needs more than the core asks by type: `isinstance`, or one of the
accessors below the protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from ticketops.errors import UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layout import Layout
from ticketops.schema.slices import Slice
from ticketops.schema.tables import Snapshot, Table


class Entry(Struct, frozen=True):
    """Who did what, for the journal. user: who they say they are; login, host: whose process it was,
    and on which machine; empty where an older version did not keep it."""

    run_id: str
    command: str
    user: str
    at: datetime
    login: str = ""
    host: str = ""


class Transaction(Struct, frozen=True):
    """One committed ChangeSet as the journal tells it. counts: {sheet: {"set", "appended",
    "deleted", "replaced"}}."""

    number: int
    entry: Entry
    revision_before: str
    revision_after: str
    counts: dict[str, dict[str, int]]
    undoes: int | None = None
    undone_by: int | None = None
    restores: str = ""
    """Of an undo: the revision that stands again, but for the rows that append-only sheets keep."""


class LoggedCell(Struct, frozen=True):
    """A cell that a transaction wrote. row: where it stood then. key: of the record in it. column:
    its name, or the cells of an alias as `name@2`. was, became: typed; a secret value is hidden."""

    sheet: str
    row: int
    key: str
    column: str
    was: Any
    became: Any


class DamagedEntry(Struct, frozen=True):
    """An entry of the journal that can't be read. why: for people; empty where it was set aside
    before."""

    number: int
    file: str
    why: str = ""

    def __str__(self) -> str:
        if self.why:
            return self.why
        return f"the journal entry {self.number:06d} was damaged and moved to {self.file}"


@dataclass(frozen=True, slots=True)
class Undoing:
    """What an undo takes back, or took back.

    cells: what it sets, typed, for people; replaced sheets are not among them. exact: whether all
    comes back byte for byte, but for append-only sheets; else `why` says why it goes cell by cell.
    passed: newer transactions that are never taken back. stays: what is not taken back, for people.
    secrets: what comes back into cells of passwords, each behind what stands there now ("" for a
    blank).
    """

    transaction: Transaction
    cells: ChangeSet
    tables: Mapping[str, Table] = field(repr=False)
    exact: bool
    why: str = ""
    passed: tuple[Transaction, ...] = ()
    stays: tuple[str, ...] = ()
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    is_last: bool = True


NotUndoable = Callable[[Entry], bool]
"""Whether what an entry did is never taken back: an undo looks behind it. Whoever opens a store
says so."""


def all_undoable(entry: Entry) -> bool:
    """Every entry may be taken back."""
    del entry
    return False


@runtime_checkable
class Store(Protocol):
    """A workbook, wherever it lives: the core that every store offers.

    name: for people. layout: of the workbook; it has the titles of sheets once they were read. Rows
    are named by stable ordinals that the store assigns (see `schema.tables.Table`): a row keeps its
    number for as long as it exists, whatever is appended or deleted around it.
    """

    name: str

    @property
    def layout(self) -> Layout:
        """The layout of the workbook."""
        ...

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        """Typed tables of the sheets. strict: raise SchemaError for what commands can't work
        with."""
        ...

    def revision(self) -> str:
        """The workbook's present revision."""
        ...

    def locked(self, entry: Entry) -> AbstractContextManager[None]:
        """Hold the store for a commit; may be entered again while held. Raises LockedError."""
        ...

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        """Write all of `changes` or nothing; the new revision.

        Raises ConflictError where the workbook is no longer at `expected`, SchemaError for a change
        that a sheet does not allow, SpliceError for an edit that can't be made safely.
        """
        ...

    def log(self) -> list[Transaction]:
        """All transactions, oldest first."""
        ...

    def last_run_id(self) -> str:
        """The RunID of the newest transaction; empty where there is none."""
        ...

    def logged(self, *numbers: int) -> list[list[LoggedCell]]:
        """The cells that the transactions of these numbers wrote, in the order of the numbers;
        sheets that were rewritten whole are not among them. Raises UnusableError where an entry is
        damaged."""
        ...

    def undoable(self, entry: Entry, run_id: str = "") -> Undoing:
        """What `undo` would take back, and the cells it would set. Raises what `undo` raises."""
        ...

    def undo(self, entry: Entry, run_id: str = "") -> Transaction:
        """Take back the last transaction that still stands, or the one with this RunID. What it
        wrote into append-only sheets stays, and rows of the entry's say there that it was taken
        back (D19).

        Raises RuleError where there is none, or something rests on it; ConflictError where the rows
        that it wrote are gone, stand twice, or no longer hold what it wrote (D15).
        """
        ...


@runtime_checkable
class Spreadsheet(Store, Protocol):
    """A workbook of sheets with cells, some of which are not the product's own."""

    def raw_rows(self, *sheets: str) -> dict[str, list[list[Any]]]:
        """All cells of those sheets that exist, untyped, from row 1 on: for checks of the layout
        itself."""
        ...

    def formulas(
        self, cells: Mapping[str, Mapping[int, Iterable[str]]]
    ) -> set[tuple[str, int, str]]:
        """Which of these cells ({sheet: {row: columns}}) hold a formula, which no commit
        overwrites: (sheet, row, column)."""
        ...

    def sheet_names(self) -> list[str]:
        """The sheets of the workbook, in order."""
        ...


@runtime_checkable
class HasFolders(Store, Protocol):
    """A store of which something is kept on this machine.

    state_folder: where that is. home: the folder that names of books start from; None where they
    are written in full.
    """

    state_folder: Path
    home: Path | None


@runtime_checkable
class LocalFile(HasFolders, Protocol):
    """A workbook that is a file of this machine, with its older versions and a cache beside it."""

    path: Path

    def older_versions(self) -> list[Path]:
        """The versions that are kept for undo on this machine."""
        ...

    def doubt(self) -> str:
        """Why the journal beside the file may be that of another workbook, for people; "" where it
        is this one's."""
        ...

    def damaged_entries(self) -> list[DamagedEntry]:
        """Entries of the journal that can't be read, those too that were set aside before."""
        ...

    def set_aside(self) -> list[DamagedEntry]:
        """Those that were set aside since this was asked last."""
        ...

    def purge(self, entry: Entry) -> int:
        """Delete them; how many."""
        ...

    def forget_tables(self) -> None:
        """Delete what is kept of the workbook's cells on this machine to read it faster. Never
        fails."""
        ...


@dataclass(frozen=True, slots=True)
class Past:
    """A workbook as it was. transaction: the last that is in it; unknown: what of it can't be known,
    for people."""

    snapshot: Snapshot = field(repr=False)
    transaction: Transaction
    unknown: tuple[str, ...] = ()


@runtime_checkable
class Historic(Store, Protocol):
    """A store that can tell how its workbook was."""

    def as_of(self, when: str | datetime, *sheets: str) -> Past:
        """The typed tables of the sheets as they were after the transaction of a RunID, or at a
        moment. Passwords are left out, and what a sheet held that a command rewrote whole. Raises
        NotFoundError where the journal has no such transaction, UnusableError where it has lost one
        that it takes."""
        ...


@runtime_checkable
class Metered(Store, Protocol):
    """A store behind a service that counts requests. requests: those sent so far."""

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        ...


@runtime_checkable
class Slicing(Store, Protocol):
    """A store that need not read a sheet whole to find some rows of it."""

    def read_slices(self, slices: Mapping[str, Slice], *sheets: str) -> Snapshot:
        """Typed tables of the sheets, as `read` gives them where it is not strict; of those that have
        a slice at least its rows."""
        ...


@runtime_checkable
class Queued(Store, Protocol):
    """A store whose writers queue, and that tells whether one is at it."""

    def is_being_written(self) -> bool:
        """Whether somebody writes just now: what is planned meanwhile would be planned again."""
        ...


def as_spreadsheet(store: Store) -> Spreadsheet:
    """The store as a spreadsheet. Raises UnusableError where it is none."""
    if isinstance(store, Spreadsheet):
        return store
    raise UnusableError(
        f"{store.name} is not a spreadsheet", "name an .xlsx file or a Google Sheet"
    )


def with_history(store: Store) -> Historic:
    """The store with its past. Raises UnusableError where none of it is kept."""
    if isinstance(store, Historic):
        return store
    raise UnusableError(
        f"nothing is kept of how {store.name} was", "name an .xlsx file or a Google Sheet"
    )


def with_folders(store: Store) -> HasFolders:
    """The store with its folders. Raises UnusableError where nothing of it is kept on this
    machine."""
    if isinstance(store, HasFolders):
        return store
    raise UnusableError(
        f"this machine keeps no versions of {store.name}", "name an .xlsx file or a Google Sheet"
    )


@runtime_checkable
class Shared(Protocol):
    """A workbook that several machines work on at once. place: where it is, whoever asks for it;
    withheld: {sheet that was read: the columns of it that the user of the store may not read}."""

    @property
    def place(self) -> str: ...

    @property
    def withheld(self) -> Mapping[str, frozenset[str]]: ...

    def alone(self, work: str) -> AbstractContextManager[None]:
        """One process at a time, on any machine. Raises LockedError where another is at work."""
        ...


def place_of(store: Store) -> str:
    """Where the workbook is: two stores with one place are one workbook."""
    if isinstance(store, LocalFile):
        return str(store.path)
    return store.place if isinstance(store, Shared) else store.name
