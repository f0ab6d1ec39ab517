"""The connection breaks at every message of a commit, before the server has it and after it did what
it says: the transaction is there whole and once, or not at all and the command says so."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.database import Database
from tests.postgres.proxy import Proxy
from ticketops.errors import BusyError, RuleError, TicketopsError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import EVENT, SALES, UNITS
from ticketops.schema.structure import with_structure
from ticketops.stores.base import Entry
from ticketops.stores.content import Content
from ticketops.stores.postgres.address import address_of
from ticketops.stores.postgres.connection import Connection
from ticketops.stores.postgres.events import fill

ENTRY = Entry("R20260417-143022", "test", "tester", datetime(2026, 4, 17, 14, 30, 22))
ROWS = [(f"P{n:05d}", "M01") for n in range(1, 41)]


def write(store: Any) -> None:
    """Forty units, and a column of ours that the sheet of sales has not yet."""
    snapshot = store.read(UNITS, SALES)
    changes = ChangeSet()
    changes.append(UNITS, snapshot[UNITS].next_row, ("unit_id", "match"), ROWS)
    changes.append(SALES, snapshot[SALES].next_row, ("sales_id", "guest_due"), [("S1", None)])
    store.commit(with_structure(changes, snapshot), snapshot.revision, ENTRY)


def written(store: Any) -> tuple[int, int]:
    """How many units and transactions there are."""
    return store.read(UNITS)[UNITS].frame.height, len(store.log())


def messages(database: Database, folder: Path) -> int:
    """How many messages a commit takes where nothing breaks."""
    proxy = Proxy(database.port)
    store = database.store(database.new(), folder, port=proxy.port)
    write(store)
    count = proxy.messages
    assert written(store) == (len(ROWS), 1)
    store.connection.close()
    proxy.close()
    return count


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_a_connection_cut_anywhere_is_made_anew(
    database: Database, tmp_path: Path, after: bool, every: int
) -> None:
    """Once: the second try goes through, and what was done is not done twice."""
    for cut in range(messages(database, tmp_path), 0, -every):
        key = database.new()
        proxy = Proxy(database.port, cut=cut, after=after)
        store = database.store(key, tmp_path, port=proxy.port, budget=10.0)
        try:
            write(store)
            done = True
        except TicketopsError as error:
            done = False
            said = f"{error.message} {error.hint}"
            assert "unknown" not in said, said
        assert proxy.cuts == 1, cut
        store.connection.close()
        proxy.close()
        assert written(database.store(key, tmp_path)) == ((len(ROWS), 1) if done else (0, 0)), cut


def test_a_database_that_is_gone_after_commit_is_said_to_be_unknown(
    database: Database, tmp_path: Path
) -> None:
    count = messages(database, tmp_path)
    found: set[str] = set()
    for back in range(3):  # the last message is COMMIT
        key = database.new()
        proxy = Proxy(database.port, cut=count - back, after=True, last=True)
        store = database.store(key, tmp_path, port=proxy.port, budget=0.2)
        with pytest.raises(BusyError) as raised:
            write(store)
        hint = raised.value.hint.partition(":")[0]
        found.add(hint)
        store.connection.close()
        proxy.close()
        assert (written(database.store(key, tmp_path))[1] == 1) == ("unknown" in hint)
    assert "it is unknown whether this was written" in found


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_a_copy_that_is_cut_anywhere_is_whole_or_nothing(
    database: Database, after: bool, every: int
) -> None:
    titled = EVENT.anew()
    old = {UNITS: [["UnitID"], ["P1"]], SALES: [["SalesID"]]}
    new = {UNITS: [["UnitID"], ["P1"], ["P2"]], "Notes": [["ours", 1.5]]}
    proxy = Proxy(database.port)
    address = address_of(database.url(database.new(), port=proxy.port))
    connection = Connection(address)
    fill(connection, Content(titled, new), over=True)
    count = proxy.messages
    connection.close()
    proxy.close()
    for cut in range(count, 0, -every):
        key = database.new()
        straight = Connection(address_of(database.url(key)))
        fill(straight, Content(titled, old), over=True)
        straight.close()
        proxy = Proxy(database.port, cut=cut, after=after)
        connection = Connection(address_of(database.url(key, port=proxy.port)), budget=0.0)
        try:
            fill(connection, Content(titled, new), over=True)
            said = "done"
        except TicketopsError as error:
            said = error.hint
        connection.close()
        proxy.close()
        found = [
            row
            for (row,) in database.execute(
                "SELECT title FROM ticketops_sheets WHERE event_id = %s ORDER BY position", key
            )
        ]
        assert found in ([UNITS, SALES], [UNITS, "Notes"]), cut
        if found == [UNITS, "Notes"]:
            assert said == "done" or "unknown" in said, said


def test_an_event_that_is_not_empty_is_not_replaced_unasked(database: Database) -> None:
    key = database.new()
    connection = Connection(address_of(database.url(key)))
    content = Content(EVENT.anew(), {UNITS: [["UnitID"], ["P1"]]})
    fill(connection, content)
    with pytest.raises(RuleError, match="holds an event already"):
        fill(connection, content)
    fill(connection, content, over=True)
    connection.close()
