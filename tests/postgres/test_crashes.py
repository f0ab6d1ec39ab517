"""The server is killed while commands commit, its disk fills up, and another writer is in the way: what
was acknowledged is there, once; what was refused is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.database import Database, started
from ticketops.errors import BusyError, LockedError, TicketopsError, UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import UNITS
from ticketops.schema.structure import with_structure
from ticketops.stores.base import Entry

DAY = datetime(2026, 4, 17)


@pytest.fixture
def fragile() -> Iterator[Database]:
    """A server that may be killed."""
    server = started()
    yield server
    server.stop()


def add(store: Any, number: int) -> None:
    snapshot = store.read(UNITS)
    changes = ChangeSet()
    changes.append(UNITS, snapshot[UNITS].next_row, ("unit_id",), [(f"P{number:05d}",)])
    at = DAY + timedelta(seconds=number)
    store.commit(
        with_structure(changes, snapshot),
        snapshot.revision,
        Entry(f"R{at:%Y%m%d-%H%M%S}", f"add {number}", "ana", at),
    )


def units(store: Any) -> list[str]:
    return list(store.read(UNITS)[UNITS].frame["unit_id"])


@pytest.mark.slow
@pytest.mark.parametrize("budget", [20.0, 0.0], ids=["tries again", "gives up"])
def test_a_server_killed_in_commits(fragile: Database, tmp_path: Path, budget: float) -> None:
    key = fragile.new()
    done: list[int] = []
    refused: list[int] = []
    over = threading.Event()

    def work() -> None:
        store = fragile.store(key, tmp_path, budget=budget)
        for number in range(1, 100_000):
            if over.is_set():
                break
            try:
                add(store, number)
            except TicketopsError as error:
                if "unknown" not in error.hint:
                    refused.append(number)
            else:
                done.append(number)
        store.connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    for nth in range(4):
        before = len(done)
        while len(done) < before + 3:
            time.sleep(0.01)
        time.sleep(0.013 * nth)
        fragile.kill()
        fragile.start()
    time.sleep(0.5)
    over.set()
    worker.join(60)
    assert not worker.is_alive()
    store = fragile.store(key, tmp_path)
    there = [int(unit[1:]) for unit in units(store)]
    assert len(set(there)) == len(there), "applied twice"
    assert set(done) <= set(there), "acknowledged and lost"
    assert not set(refused) & set(there), "refused and written"
    log = store.log()
    assert [t.number for t in log] == list(range(1, len(there) + 1))
    assert [f"add {number}" for number in there] == [t.entry.command for t in log]
    assert log[-1].revision_after == store.revision()


def test_a_full_disk_refuses_the_whole_commit(database: Database, tmp_path: Path) -> None:
    key = database.new()
    store = database.store(key, tmp_path)
    add(store, 1)
    database.execute(
        "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.event_id = TG_ARGV[0] THEN RAISE EXCEPTION 'could not extend file: No space left'"
        " USING ERRCODE = '53100'; END IF; RETURN NEW; END $$"
    )
    for table in ("event_purchase_units", "ticketops_journal"):
        store.connection.close()  # a trigger waits for whoever has the table
        database.execute(
            f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW"
            f" EXECUTE FUNCTION full_disk('{key}')"
        )
        try:
            with pytest.raises(UnusableError, match="has no room left") as raised:
                add(store, 2)
            assert raised.value.hint == "nothing was written"
        finally:
            store.connection.close()
            database.execute(f"DROP TRIGGER no_room ON {table}")
        assert units(store) == ["P00001"]
        assert len(store.log()) == 1
    add(store, 2)
    assert units(store) == ["P00001", "P00002"]


def test_another_writer_waits_and_is_told_who_writes(database: Database, tmp_path: Path) -> None:
    key, other = database.new(), database.new()
    first = database.store(key, tmp_path / "a")
    second = database.store(key, tmp_path / "b", lock_timeout=0.2)
    entry = Entry("R20260417-143022", "allocate auto", "ana", DAY)
    with first.locked(entry):
        with pytest.raises(LockedError, match=r"being written by ana \(allocate auto\)"):
            add(second, 1)
        assert units(second) == [], "who reads does not wait"
        add(database.store(other, tmp_path / "c"), 1)
    add(second, 1)


def test_who_breaks_off_while_writing_leaves_nothing_in_the_way(
    database: Database, tmp_path: Path
) -> None:
    key = database.new()
    first = database.store(key, tmp_path / "a")
    with suppress(BusyError), first.locked(Entry("R1", "x", "ana", DAY)):
        first.connection.close()
    add(database.store(key, tmp_path / "b", lock_timeout=2.0), 1)
