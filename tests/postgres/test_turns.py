"""Writers of an event take turns: in a queue, with patience while it moves, and each plans once."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from tests.database import Database
from ticketops.domain.plan import Plan
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.engine.transaction import carry_out, new_run
from ticketops.errors import LockedError, RuleError
from ticketops.schema.layouts.event import SALES
from ticketops.services import selling
from ticketops.stores.base import Entry, Queued

DAY = datetime(2026, 4, 17)
ENTRY = Entry("R20260417-143022", "allocate auto", "ana", DAY)


def selling_once(plans: list[Any]) -> Job:
    """A sale; what it is planned on goes into a list."""
    job = selling.sale_add(
        Order("Meridian", "USD", DAY), [SaleLine("M01", "Cat 1", 2, Decimal(350))]
    )

    def plan(snapshot: Any, run: Any) -> Plan:
        plans.append(snapshot.revision)
        return job.plan(snapshot, run)

    return replace(job, plan=plan)


def waiting(database: Database, events: int = 1) -> None:
    """Until so many writers wait for a row."""
    for _ in range(600):
        (found,) = database.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")[0]
        if found >= events:
            return
        time.sleep(0.05)
    pytest.fail("nobody waits")


def test_who_finds_someone_writing_plans_once_and_after_them(
    database: Database, tmp_path: Path
) -> None:
    key = database.new()
    first = database.store(key, tmp_path / "a")
    second = database.store(key, tmp_path / "b")
    assert isinstance(second, Queued)
    plans: list[Any] = []
    ours: list[Any] = []
    later = threading.Thread(
        target=lambda: carry_out(second, selling_once(plans), new_run("ben", DAY))
    )
    with first.locked(ENTRY):
        assert second.is_being_written()
        assert not first.is_being_written(), "not by somebody else"
        later.start()
        waiting(database)
        assert plans == []
        assert carry_out(first, selling_once(ours), new_run("ana", DAY)).written
    later.join(60)
    assert len(plans) == 1
    assert plans != ours
    assert first.read(SALES)[SALES].frame.height == 2
    assert not second.is_being_written()


def test_where_nobody_writes_the_lock_is_not_held_while_planning(
    database: Database, tmp_path: Path
) -> None:
    key = database.new()
    store, other = (database.store(key, tmp_path / name) for name in "ab")
    seen: list[bool] = []
    job = selling_once([])

    def plan(snapshot: Any, run: Any) -> Plan:
        seen.append(other.is_being_written())
        return job.plan(snapshot, run)

    assert carry_out(store, replace(job, plan=plan), new_run("ben", DAY)).written
    assert seen == [False]


def test_what_is_refused_in_turn_lets_go(database: Database, tmp_path: Path) -> None:
    key = database.new()
    first, second = (database.store(key, tmp_path / name) for name in "ab")

    def plan(_snapshot: Any, _run: Any) -> Plan:
        raise RuleError("no")

    def refused() -> None:
        with suppress(RuleError):
            carry_out(second, replace(selling_once([]), plan=plan), new_run("ben", DAY))

    later = threading.Thread(target=refused)
    with first.locked(ENTRY):
        later.start()
        waiting(database)
    later.join(60)
    assert not first.is_being_written()


@pytest.mark.slow
def test_patience_lasts_while_others_get_through(database: Database, tmp_path: Path) -> None:
    """Whoever waits is told that nothing moves only where nothing moves."""
    key = database.new()
    store = database.store(key, tmp_path, lock_timeout=0.4)
    store.read(SALES)
    holder = psycopg.connect(database.url())
    holder.execute("SELECT 1 FROM ticketops_turns WHERE event_id = %s FOR UPDATE", (key,))
    over = threading.Event()

    def commits() -> None:
        for number in range(200):
            if over.wait(0.1):
                break
            if number == 12:
                holder.commit()
            database.execute(
                "UPDATE ticketops_events SET revision = %s WHERE event_id = %s", f"{number}-x", key
            )

    others = threading.Thread(target=commits)
    others.start()
    with store.locked(ENTRY):
        over.set()
    others.join(60)
    holder.execute("SELECT 1 FROM ticketops_turns WHERE event_id = %s FOR UPDATE", (key,))
    with pytest.raises(LockedError), store.locked(ENTRY):
        pass
    holder.close()


def test_an_event_without_a_turn_gets_one(database: Database, tmp_path: Path) -> None:
    """Those that an older version made."""
    key = database.new()
    database.execute("DELETE FROM ticketops_turns WHERE event_id = %s", key)
    store = database.store(key, tmp_path)
    assert carry_out(store, selling_once([]), new_run("ben", DAY)).written
    assert database.execute("SELECT 1 FROM ticketops_turns WHERE event_id = %s", key) == [(1,)]
