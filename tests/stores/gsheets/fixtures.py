"""What the tests of the Google Sheets store share: spreadsheets with something in them, what is
seen of them from outside (the server's cells, never the store's own reading), and ways to go wrong
on the way."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from tests.desk import Desk
from tests.google.server import Fault, GoogleServer, Request
from tests.online import Google
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import EVENT
from ticketops.schema.structure import with_structure
from ticketops.stores.base import Entry
from ticketops.stores.memory import MemoryStore

NOW = datetime(2026, 4, 17, 14, 30, 22)
ENTRY = Entry("R20260417-143022", "test", "tester", NOW)
HOLDER = Entry("R20260417-090000", "allocate auto", "anna", datetime(2026, 4, 17, 9))
LOCK, CFG, JOURNAL, STAGING = "_TICKETOPS_LOCK", "_CFG", "_JOURNAL", "_TICKETOPS_STAGING"
"""The sheets that are the product's own, by the names that people see."""


def desk_with_stock() -> Desk:
    """Four units, two tickets sold."""
    desk = Desk(MemoryStore(layout=EVENT))
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2))
    return desk


def rows_of(desk: Desk) -> dict[str, list[list[Any]]]:
    return dict(desk.store.raw_rows(*desk.store.sheet_names()))


def stocked(google: Google, *, tight: bool = False) -> str:
    """A spreadsheet with four units and two tickets sold, on which ticketops never worked: no
    `_CFG`, no journal."""
    return google.new(rows_of(desk_with_stock()), tight=tight)


PERSON = "anna@example.com"


def quick(google: Google, key: str, **more: Any) -> Any:
    """A store that a person has let in: with a service account's key, reading the key and signing
    for a token takes longer than the rest."""
    file = google.folder / "consent.json"
    if not file.exists():
        file.write_text(json.dumps(google.server.authorized_user(PERSON)))
    google.server.share(key, PERSON, "writer")
    return google.store(key, google_key=file, **more)


def twin(google: Google, key: str) -> str:
    """Another spreadsheet that is exactly alike, and is known on this machine as this one is."""
    server = google.server
    with server.lock:
        new = server.new_spreadsheet("Event", None, server.drive.files[key].roles)
        book = server.spreadsheet(key).copy()
        book.id = new
        server.drive.books[new] = book
    known = google.folder / "state" / key
    if known.is_dir():
        shutil.copytree(known, google.folder / "state" / new)
    return new


# --- what is seen from outside


def content(server: GoogleServer, key: str) -> dict[str, list[Any]]:
    """{sheet: its cells with all that hangs on them} of the workbook, without the product's own
    sheets."""
    rows = server.snapshot(key)["rows"]
    return {
        title: cells
        for title, cells in rows.items()
        if title not in (LOCK, CFG, JOURNAL) and not title.startswith(STAGING)
    }


def titles(server: GoogleServer, key: str) -> list[str]:
    return [sheet.title for sheet in server.spreadsheet(key).sheets]


def journal(server: GoogleServer, key: str) -> list[list[Any]]:
    """The rows of the journal that begin a transaction."""
    if JOURNAL not in titles(server, key):
        return []
    return [row for row in server.rows(key, JOURNAL)[1:] if row and row[0]]


def is_locked(server: GoogleServer, key: str) -> bool:
    return LOCK in titles(server, key)


def values(server: GoogleServer, key: str) -> dict[tuple[str, int, int], Any]:
    """What every cell of the workbook comes to, by sheet, row and column."""
    return {
        (title, row, column): value
        for title in content(server, key)
        for row, cells in enumerate(server.rows(key, title), start=1)
        for column, value in enumerate(cells, start=1)
        if value is not None
    }


def column_of(server: GoogleServer, key: str, sheet: str, header: str, header_row: int = 1) -> int:
    """Where a column stands, from 1."""
    return server.rows(key, sheet)[header_row - 1].index(header) + 1


# --- what goes wrong


def asked(request: Request) -> bool:
    """Whether a request is about a spreadsheet (and not for a token)."""
    return request.path.startswith("/v4/")


def fault(kind: str, nth: int = 1, times: int = 1, **more: Any) -> Fault:
    """A fault of the nth request about spreadsheets from now on."""
    return Fault(asked, kind, nth=nth, times=times, **more)


def lease_over(server: GoogleServer, key: str) -> None:
    """Time goes by: whoever holds the lock has held it for too long."""
    for number, row in enumerate(server.rows(key, CFG), start=1):
        if row and row[0] == "ticketops.lock":
            server.set(key, CFG, number, 4, "2020-01-01T00:00:00+00:00")


def committed(store: Any, fill: Callable[[ChangeSet, Any], Any], *sheets: str) -> None:
    """Commit what `fill` puts into a ChangeSet, seeing a Snapshot of the sheets."""
    snapshot = store.read(*sheets)
    changes = ChangeSet()
    fill(changes, snapshot)
    store.commit(with_structure(changes, snapshot), snapshot.revision, ENTRY)


class Killed(BaseException):
    """kill -9: nothing that this process would still do is done."""


def kill_at(store: Any, nth: int, *, after: bool) -> None:
    """The process dies at its nth request from now on, before it is sent or before its answer is
    read."""
    http = store.connection._http
    send, sent = http.request, 0

    def request(*args: Any, **more: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent > nth or (sent == nth and not after):
            raise Killed
        answer = send(*args, **more)
        if sent == nth:
            raise Killed
        return answer

    http.request = request


def dies_with_the_lock(store: Any) -> None:
    """Its process takes the lock, and is no more."""
    store.read("Sales")
    kill_at(store, 1, after=True)
    with suppress(Killed), store.locked(HOLDER):
        pass


@contextmanager
def interrupted(server: GoogleServer, nth: int, act: Callable[[], None]) -> Iterator[list[int]]:
    """Another user acts just before the nth request about spreadsheets is carried out. Yields how
    many requests there were."""
    seen = [0]

    def before(request: Request) -> None:
        if asked(request):
            seen[0] += 1
            if seen[0] == nth:
                act()

    server.before = before
    try:
        yield seen
    finally:
        server.before = None


@contextmanager
def reconciled(server: GoogleServer) -> Iterator[None]:
    """Waits at the end until requests that the client gave up are carried out too."""
    came, answered = [0], [0]

    def before(_request: Request) -> None:
        came[0] += 1

    def after(_request: Request) -> None:
        answered[0] += 1

    server.before, server.after = before, after
    try:
        yield
    finally:
        end = time.monotonic() + 10
        while answered[0] < came[0] and time.monotonic() < end:
            time.sleep(0.005)
        server.before = server.after = None


def requests_in(server: GoogleServer, act: Callable[[], Any]) -> list[str]:
    """What is asked for about spreadsheets while something is done, in short: «get», «values»,
    «look», «batch»."""
    server.log.clear()
    act()
    names = {"batchUpdate": "batch", "getByDataFilter": "look", "values:batchGet": "values"}
    return [
        next(
            (short for long, short in names.items() if call.path.partition("?")[0].endswith(long)),
            "get",
        )
        for call in server.log
        if call.path.startswith("/v4/")
    ]
