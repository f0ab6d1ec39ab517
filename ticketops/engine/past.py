"""A workbook as it was (§11), for jobs that only read."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime

from msgspec.structs import replace

from ticketops.domain.plan import Run
from ticketops.errors import InternalError
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import USERS
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import Entry, LoggedCell, Store, Transaction, Undoing, with_history
from ticketops.stores.history import transaction_at

PAST_UNKNOWN = "PAST_UNKNOWN"


class PastStore:
    """A store as it was after a transaction, or at a moment; it can't be written. Who may see what
    is decided by what the workbook says today."""

    def __init__(self, store: Store, when: str | datetime) -> None:
        self.name, self.layout = store.name, store.layout
        self._store, self._when = with_history(store), when
        self.transaction: Transaction | None = None
        """The last one that is in it, once something was read."""
        self._unknown: dict[str, None] = {}

    def at(self, run: Run) -> Run:
        """The same run at the moment that is looked back to: that of the transaction, else the one
        that was named, where it is past."""
        if isinstance(self._when, datetime):
            moment = min(self._when, run.now)
        else:
            moment = transaction_at(self._store.log(), self._when, self.name).entry.at
        return replace(run, now=moment.replace(microsecond=0))

    @property
    def findings(self) -> list[Finding]:
        """What can't be known of what was read."""
        return [Finding(PAST_UNKNOWN, Severity.HIGH, message) for message in self._unknown]

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        """The tables as they were."""
        del strict  # what was wrong with the sheets then is not known
        past = self._store.as_of(self._when, *(name for name in sheets if name != USERS))
        self.transaction = past.transaction
        self._unknown |= dict.fromkeys(past.unknown)
        self.layout = past.snapshot.layout
        if USERS not in sheets:
            return past.snapshot
        tables = {**past.snapshot.tables, **self.today(USERS).tables}
        return Snapshot(past.snapshot.revision, tables, self.layout)

    def today(self, *sheets: str) -> Snapshot:
        """The tables as they are now: what decides who may see what."""
        return self._store.read(*sheets, strict=False)

    def revision(self) -> str:
        """The revision that stood then."""
        return self.read().revision

    def log(self) -> list[Transaction]:
        """All transactions until then."""
        last = self.transaction or self._store.as_of(self._when).transaction
        return [one for one in self._store.log() if one.number <= last.number]

    def last_run_id(self) -> str:
        """The RunID of the newest transaction of today: runs follow each other."""
        return self._store.last_run_id()

    def logged(self, *numbers: int) -> list[list[LoggedCell]]:
        """As the store tells it."""
        return self._store.logged(*numbers)

    def locked(self, entry: Entry) -> AbstractContextManager[None]:
        """Raises InternalError: nothing is written into the past."""
        raise InternalError(f"{entry.command} would write into the past")

    def commit(self, changes: ChangeSet, expected: str, entry: Entry) -> str:
        """Raises InternalError."""
        del changes, expected
        raise InternalError(f"{entry.command} would write into the past")

    def undoable(self, entry: Entry, run_id: str = "") -> Undoing:
        """Raises InternalError."""
        raise InternalError(f"{entry.command} would undo {run_id} in the past")

    def undo(self, entry: Entry, run_id: str = "") -> Transaction:
        """Raises InternalError."""
        raise InternalError(f"{entry.command} would undo {run_id} in the past")
