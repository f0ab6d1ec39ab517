"""A store whose sheets are read once, for several jobs that only read."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager

from ticketops.errors import InternalError
from ticketops.model.changes import ChangeSet
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import Entry, LoggedCell, Store, Transaction, Undoing


class HeldStore:
    """What a store holds of some sheets at one moment; it can't be written."""

    def __init__(self, store: Store, sheets: Iterable[str]) -> None:
        self.name = store.name
        self._store = store
        self._held = store.read(*dict.fromkeys(sheets), strict=False)
        self.layout = store.layout

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        """The tables as they were read."""
        del strict  # whoever needs sheets that can be worked with asks for it
        return self._held.of(sheets)

    def revision(self) -> str:
        """The revision that was read."""
        return self._held.revision

    def log(self) -> list[Transaction]:
        """All transactions."""
        return self._store.log()

    def last_run_id(self) -> str:
        """The RunID of the newest transaction."""
        return self._store.last_run_id()

    def logged(self, *numbers: int) -> list[list[LoggedCell]]:
        """As the store tells it."""
        return self._store.logged(*numbers)

    def locked(self, entry: Entry) -> AbstractContextManager[None]:
        """Raises InternalError: it is only read."""
        raise InternalError(f"{entry.command} would write")

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        """Raises InternalError."""
        del changes, expected
        raise InternalError(f"{entry.command} would write")

    def undoable(self, entry: Entry, run_id: str = "") -> Undoing:
        """Raises InternalError."""
        raise InternalError(f"{entry.command} would undo {run_id}")

    def undo(self, entry: Entry, run_id: str = "") -> Transaction:
        """Raises InternalError."""
        raise InternalError(f"{entry.command} would undo {run_id}")
