"""A connection to a database: opened late, kept, and told apart when it breaks: before COMMIT was
sent nothing was written; after it, only the journal knows (D29)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from ticketops.errors import (
    BusyError,
    LockedError,
    NotPermittedError,
    TicketopsError,
    UnusableError,
)
from ticketops.stores.postgres.address import Address

_T = TypeVar("_T")
Cursor = psycopg.Cursor[Any]
READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITING = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
AGAIN = (errors.SerializationFailure, errors.DeadlockDetected)
"""What a database says of a transaction that is to be tried again."""
_LONGEST_NAME = 63
_LONGEST_IDLE = 600_000
"""Milliseconds after which the database lets go of a writer that does nothing."""
_PAUSE, _LONGEST_PAUSE = 0.02, 1.0


class Unreachable(UnusableError):
    """There is no connection to the database."""


class Lost(Exception):
    """COMMIT was sent, and nobody said what became of it."""


class Connection:
    """One connection at a time, opened again where it broke. budget: seconds for which is tried
    again; lock_timeout: seconds to wait for another writer; statement_timeout: seconds for which the
    database may think about one statement."""

    def __init__(
        self,
        address: Address,
        *,
        budget: float = 30.0,
        lock_timeout: float = 20.0,
        statement_timeout: float = 300.0,
    ) -> None:
        self.address, self.name = address, address.name
        self.budget, self.lock_timeout = budget, lock_timeout
        self._statement_timeout = statement_timeout
        self._open: psycopg.Connection[Any] | None = None

    def opened(self) -> psycopg.Connection[Any]:
        """The connection. Raises UnusableError where there can be none, BusyError where the database
        is starting up or full."""
        if self._open is None or self._open.closed or self._open.broken:
            try:
                self._open = psycopg.connect(
                    autocommit=True,
                    connect_timeout=10,
                    application_name=f"ticketops {self.address.event}"[:_LONGEST_NAME],
                    **self.address.options,  # type: ignore[arg-type]
                )
                self._open.execute(
                    f"SET lock_timeout = {max(1, int(self.lock_timeout * 1000))};"
                    f"SET statement_timeout = {int(self._statement_timeout * 1000)};"
                    f"SET idle_in_transaction_session_timeout = {_LONGEST_IDLE}"
                )
            except (errors.CannotConnectNow, errors.TooManyConnections) as error:
                raise BusyError(f"{self.name}: {_said(error)}", "try again later") from None
            except psycopg.Error as error:
                self.close()
                if "starting up" in str(error) or "shutting down" in str(error):
                    raise BusyError(f"{self.name}: {_said(error)}", "try again later") from None
                raise Unreachable(
                    f"can't connect to {self.name}: {_said(error)}",
                    "the address, PGPASSWORD, ~/.pgpass and service files say how to connect",
                ) from None
        return self._open

    def close(self) -> None:
        """Let go of the connection; whatever it has begun is taken back."""
        found, self._open = getattr(self, "_open", None), None
        if found is not None:
            with suppress(psycopg.Error):
                found.close()

    def __del__(self) -> None:
        self.close()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is under way."""
        if self._open is None or self._open.closed:
            return False
        return self._open.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    def begin(self, how: str) -> Cursor:
        """Begin a transaction: READING or WRITING. A connection that broke while it was idle is
        opened again, once."""
        for fresh in (False, True):
            if fresh:
                self.close()
            cursor = self.opened().cursor()
            try:
                cursor.execute(how)
            except psycopg.OperationalError as error:
                if fresh or not self.opened_is_broken:
                    raise self.told(error) from None
                continue
            return cursor
        raise AssertionError  # pragma: no cover (the second round returns or raises)

    @property
    def opened_is_broken(self) -> bool:
        """Whether the connection is gone."""
        return self._open is None or self._open.closed or self._open.broken

    def rollback(self) -> None:
        """Take back what was begun, if anything was."""
        if self.in_transaction and self._open is not None:
            try:
                self._open.execute("ROLLBACK")
            except psycopg.Error:
                self.close()

    def commit(self) -> None:
        """End the transaction for good. Raises Lost where nobody says what became of it, one of
        AGAIN where it is to be tried again."""
        assert self._open is not None
        try:
            self._open.execute("COMMIT")
        except AGAIN:
            self.rollback()
            raise
        except psycopg.OperationalError as error:
            if self.opened_is_broken or isinstance(error, errors.StatementCompletionUnknown):
                self.close()
                raise Lost(_said(error)) from None
            self.rollback()
            raise self.told(error) from None

    def consistently(self, read: Callable[[Cursor], _T]) -> _T:
        """What `read` reads in one transaction; tried again within the budget where the connection
        breaks or the database asks for it."""
        pauses = Pauses(self.budget)
        failed: TicketopsError | None = None
        while True:
            try:
                return read(self.begin(READING))
            except AGAIN as error:
                failed = self.told(error)
            except psycopg.Error as error:
                failed = self.told(error)
                if not self.opened_is_broken:
                    raise failed from None
                self.close()
            except (Unreachable, BusyError) as error:
                if failed is None:
                    raise
                failed = error
            finally:
                self.rollback()
            if not pauses.another():
                raise failed

    def told(self, error: psycopg.Error) -> TicketopsError:
        """What is said of an error, for people: nothing was written."""
        if isinstance(error, errors.LockNotAvailable):
            return LockedError(
                f"{self.name} is being written by {self._writer()}", "try again in a moment"
            )
        if isinstance(error, (errors.UndefinedTable, errors.UndefinedColumn)):
            return UnusableError(
                f"{self.name} has no tables of ticketops", "ticketops db init makes them"
            )
        if isinstance(error, errors.InsufficientPrivilege):
            return NotPermittedError(
                f"{self.name}: {_said(error)}",
                "nothing was written; the owner of the database grants what is missing: "
                "ticketops db grant",
            )
        if isinstance(error, errors.DiskFull):
            return UnusableError(
                f"{self.name} has no room left: {_said(error)}", "nothing was written"
            )
        if isinstance(error, (*AGAIN, errors.QueryCanceled, psycopg.OperationalError)):
            return BusyError(f"{self.name}: {_said(error)}", "nothing was written; try again later")
        return UnusableError(
            f"the database refused the change to {self.name}: {_said(error)}", "nothing was written"
        )

    def _writer(self) -> str:
        """Who holds the event, as far as the database tells."""
        self.rollback()
        with suppress(psycopg.Error, TicketopsError):
            mark = writer_name(self.address.event, "", "")
            rows = self.opened().execute(
                "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"
                " AND left(application_name, %s) = %s AND pid <> pg_backend_pid() LIMIT 1",
                (len(mark), mark),
            )
            found = rows.fetchone()
            if found:
                return str(found[0])[len(mark) :]
        return "someone else"


class Pauses:
    """Pauses that grow, within a budget of seconds."""

    def __init__(self, budget: float) -> None:
        self._until = time.monotonic() + budget
        self._next = _PAUSE

    def another(self) -> bool:
        """Wait; False where the budget is spent."""
        pause = self._next * random.uniform(0.5, 1.5)
        if time.monotonic() + pause > self._until:
            return False
        time.sleep(pause)
        self._next = min(self._next * 2, _LONGEST_PAUSE)
        return True


def writer_name(event: str, user: str, command: str) -> str:
    """What a connection calls itself while it writes; without a user, how all of them begin."""
    begun = f"ticketops {event}: ".encode("ascii", "replace").decode()[:40]
    if not user:
        return begun
    return (begun + f"{user} ({command})".encode("ascii", "replace").decode())[:_LONGEST_NAME]


def _said(error: psycopg.Error) -> str:
    """The first line of what a database says, without its last stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
