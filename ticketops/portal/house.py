"""The workbook behind the portal: read once for as long as it stays the same, and written by one at a
time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, RLock
from typing import TypeVar

from msgspec.structs import replace

from ticketops.config import Settings
from ticketops.domain.credentials import logins
from ticketops.domain.dispatch import clients
from ticketops.domain.dispatch.state import State
from ticketops.domain.plan import Run
from ticketops.domain.portal import tokens
from ticketops.domain.portal.tokens import Token
from ticketops.engine.transaction import Done, prepare, run_of
from ticketops.engine.warm import Warm
from ticketops.errors import TicketopsError
from ticketops.portal.writing import Made, Queue
from ticketops.schema.book_layouts import Book
from ticketops.schema.tables import Snapshot
from ticketops.services import portal
from ticketops.services.book_job import PartyBooks
from ticketops.services.invitations import digest_of
from ticketops.stores.base import Store
from ticketops.stores.gsheets.address import is_online

_T = TypeVar("_T")
LOOK_EVERY = {"file": 2.0, "database": 0.5, "google": 20.0}
"""Seconds after which a workbook is read again though nothing says that it changed; a file says so."""
_MOST_BOOKS = 200
"""Books that are kept of one state of the workbook."""


class Reading:
    """The workbook at one revision, and the books of whoever asked since. Nothing of it is changed."""

    def __init__(self, snapshot: Snapshot, state: State, run: Run, settings: Settings) -> None:
        self.snapshot, self.state, self._run = snapshot, state, run
        self.revision = snapshot.revision
        self._books: dict[tuple[str, str], Book | None] = {}
        self._made = PartyBooks(state, logins.event_of(snapshot, settings.event, run))
        self._lock = Lock()

    def run(self, now: Run) -> Run:
        """A run of this moment, as this workbook knows it."""
        return replace(self._run, now=now.now, run_id=now.run_id, utc_offset=now.utc_offset)

    def book(self, kind: str, party: str) -> Book | None:
        """What a party sees (§7, §8, §9); passwords are in no page. None for a client that may be
        several, until somebody says who is who (D27)."""
        with self._lock:
            if (kind, party) not in self._books:
                if len(self._books) >= _MOST_BOOKS:
                    self._books.clear()
                doubt = clients.unconfirmed(self.state, kind, [party])
                made = None if doubt else self._made.of(kind, party, passwords=False)
                self._books[kind, party] = made
            return self._books[kind, party]


class House:
    """The workbook of one portal, for all of its threads."""

    def __init__(self, settings: Settings, workbook: Path | str) -> None:
        self.settings, self._workbook = settings, workbook
        self._stores, self._lock = Warm(), RLock()
        self._reading: Reading | None = None
        self._seen: tuple[object, ...] = ()
        self._looked = 0.0
        kind = (
            "file"
            if isinstance(workbook, Path)
            else "google"
            if is_online(workbook)
            else "database"
        )
        self._every = LOOK_EVERY[kind]
        self._opened: Store | None = None
        self._queue = Queue(self.run)

    def run(self) -> Run:
        """A run of the server's own user, now."""
        return run_of(self.settings)

    def reading(self) -> Reading:
        """The workbook as it is now. Raises TicketopsError where it can't be read, NotPermittedError
        where the server's user may not."""
        known = self._reading
        if known is not None and self._seen == self._stamp():
            if time.monotonic() - self._looked < self._every:
                return known
            if not self._lock.acquire(blocking=False):
                return known  # somebody writes, and is not done
            self._lock.release()
        with self._lock:
            if self._reading is None or not self._is_fresh():
                self._read()
            assert self._reading is not None
            return self._reading

    def _is_fresh(self) -> bool:
        """Whether nothing says that the workbook changed since it was read."""
        return self._seen == self._stamp() and time.monotonic() - self._looked < self._every

    def _stamp(self) -> tuple[object, ...]:
        """What changes whenever a file is replaced; of what is no file nothing does."""
        if not isinstance(self._workbook, Path):
            return ()
        try:
            about = self._workbook.stat()
        except OSError:
            return (None,)
        return (about.st_ino, about.st_size, about.st_mtime_ns)

    def _read(self) -> None:
        stamp, moment = self._stamp(), time.monotonic()
        store = self.store()
        if self._reading is None or store.revision() != self._reading.revision:
            _plan, snapshot, run = prepare(store, portal.reading(), self.run())
            state = State.of(snapshot, self._reading.state if self._reading else None)
            self._reading = Reading(snapshot, state, run, self.settings)
        self._seen, self._looked = stamp, moment

    def store(self) -> Store:
        """The store, for whoever holds the house (`carry_out` does)."""
        if isinstance(self._workbook, Path):
            return self._stores.store(self._workbook, self.settings)
        if self._opened is None:
            self._opened = self._stores.store(self._workbook, self.settings)
        return self._opened

    def carry_out(self, job: Made) -> Done:
        """Plan and write a job, one at a time, those that wait meanwhile together; a function makes it
        of the store. Raises what `engine.transaction.carry_out` raises; then nothing of it was
        written."""
        mine = self._queue.add(job)
        try:
            with self._lock:
                while not mine.is_over:
                    self._queue.write(self.store())
                    with suppress(TicketopsError):
                        self._read()  # for all who wait to see it
        finally:
            self._queue.discard(mine)
        return mine.outcome()

    def with_store(self, act: Callable[[Store], _T]) -> _T:
        """What a function makes of the store, one at a time: for files beside the workbook."""
        with self._lock:
            return act(self.store())

    def link(self, token_id: str) -> Token | None:
        """The link of this name, if it lets in now."""
        reading = self.reading()
        return tokens.standing_called(reading.snapshot, reading.run(self.run()), token_id)

    def opened_by(self, secret: str) -> Token | None:
        """The link with this secret, if it lets in now: nothing is recorded."""
        reading, digest = self.reading(), digest_of(secret[: portal.LONGEST_SECRET + 1])
        return tokens.standing(reading.snapshot, reading.run(self.run()), digest)
