"""What every store does: read a Snapshot, commit a ChangeSet, remember it, take it back (DESIGN: contracts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ticketops.model.changes import ChangeSet
from ticketops.schema.tables import Snapshot

LASTING = ("credentials reveal", "staff reveal", "staff build --with-passwords")
"""Commands that record that a password was shown: they are never taken back, and an undo looks behind them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what, for the journal."""

    run_id: str
    command: str
    user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Transaction:
    """One committed ChangeSet as the journal tells it. counts: {sheet: {"set", "appended", "deleted", "replaced"}}."""

    number: int
    entry: Entry
    revision_before: str
    revision_after: str
    counts: dict[str, dict[str, int]]
    undoes: int | None = None
    undone_by: int | None = None


class Store(Protocol):
    """A workbook, wherever it lives.

    name: for people. state_folder: what is kept of it on this machine. home: the folder that names of books start from; None where they
    are written in full.
    """

    name: str
    state_folder: Path
    home: Path | None

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        """Typed tables of the sheets. strict: raise SchemaError for what commands can't work with."""
        ...

    def raw_rows(self, *sheets: str) -> dict[str, list[list[Any]]]:
        """All cells of those sheets that exist, untyped, from row 1 on: for checks of the layout itself."""
        ...

    def formulas(self, cells: Mapping[str, Mapping[int, Iterable[str]]]) -> set[tuple[str, int, str]]:
        """Which of these cells ({sheet: {row: columns}}) hold a formula, which no commit overwrites: (sheet, row, column)."""
        ...

    def sheet_names(self) -> list[str]:
        """The sheets of the workbook, in order."""
        ...

    def revision(self) -> str:
        """The workbook's present revision."""
        ...

    def locked(self, entry: Entry) -> AbstractContextManager[None]:
        """Hold the store for a commit; may be entered again while held. Raises LockedError."""
        ...

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        """Write all of `changes` or nothing; the new revision.

        Raises ConflictError where the workbook is no longer at `expected`, SchemaError for a change that a sheet does
        not allow, SpliceError for an edit that can't be made safely.
        """
        ...

    def log(self) -> list[Transaction]:
        """All transactions, oldest first."""
        ...

    def last_run_id(self) -> str:
        """The RunID of the newest transaction; empty where there is none."""
        ...

    def undoable(self) -> tuple[Transaction, ChangeSet]:
        """What `undo` would take back, and the cells it would set. Raises RuleError where there is nothing.

        Rewritten sheets are not among the cells; the transaction's counts name them.
        """
        ...

    def undo(self, entry: Entry) -> Transaction:
        """Take back the last transaction that still stands.

        Raises RuleError where there is none, ConflictError where cells no longer hold what it wrote.
        """
        ...

    def older_versions(self) -> list[Path]:
        """The versions that are kept for undo on this machine."""
        ...

    def purge(self, entry: Entry) -> int:
        """Delete them; how many."""
        ...

    def forget_tables(self) -> None:
        """Delete what is kept of the workbook's cells on this machine to read it faster. Never fails."""
        ...
