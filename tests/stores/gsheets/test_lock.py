"""One writer at a time, between machines that know nothing of each other but the spreadsheet."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import run_cli
from tests.desk import Desk
from tests.online import Google
from tests.stores.gsheets.fixtures import (
    CFG,
    ENTRY,
    HOLDER,
    LOCK,
    content,
    dies_with_the_lock,
    is_locked,
    journal,
    lease_over,
    quick,
    stocked,
)
from ticketops.errors import BusyError, ConflictError, LockedError, SpliceError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import SALES, UNITS
from ticketops.services import allocation
from ticketops.stores.gsheets import connection


def renamed(store: Any) -> tuple[ChangeSet, str]:
    """A change and the revision that it is made on."""
    snapshot = store.read(UNITS)
    changes = ChangeSet()
    changes.set(UNITS, 2, "P00001", {"block": (snapshot[UNITS].frame["block"][0], "A1")})
    return changes, snapshot.revision


def sell(store: Any) -> Any:
    return Desk(store).sell(("M01", "Cat 1", 1))


def test_the_second_waits_until_the_first_is_done(google: Google) -> None:
    key = stocked(google)
    first, second = quick(google, key, machine="a"), quick(google, key, machine="b")
    with first.locked(HOLDER):
        waiting = threading.Thread(target=sell, args=(second,))
        waiting.start()
        time.sleep(0.3)
        assert waiting.is_alive()
        assert journal(google.server, key) == []
    waiting.join(20)
    assert len(journal(google.server, key)) == 1


def test_who_waits_too_long_is_told_for_whom(google: Google) -> None:
    key = stocked(google)
    before = content(google.server, key)
    with (
        quick(google, key, machine="a").locked(HOLDER),
        pytest.raises(LockedError, match=r"anna \(allocate auto\) on .+, until \d\d:\d\d"),
    ):
        sell(quick(google, key, machine="b", lock_timeout=0.2))
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)
    sell(quick(google, key, machine="b", lock_timeout=0.2))


def test_who_reads_need_not_wait(google: Google) -> None:
    key = stocked(google)
    with quick(google, key, machine="a").locked(HOLDER):
        assert quick(google, key, machine="b").read(SALES)[SALES].frame.height == 1
        done = run_cli("status", "-w", f"gsheet:{key}", env=google.environment())
        refused = run_cli(
            "allocate",
            "auto",
            "-w",
            f"gsheet:{key}",
            env=google.environment() | {"TICKETOPS_LOCK_TIMEOUT": "0.2"},
        )
    assert done.code == 0
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (5, "", 1)
    assert "anna (allocate auto)" in refused.err


@pytest.mark.parametrize("how", ["before the look", "before the write"])
def test_a_lock_whose_lease_is_over_is_taken_over(google: Google, how: str) -> None:
    """The one that was thought dead writes nothing any more."""
    key = stocked(google)
    slow, heir = quick(google, key, machine="a"), quick(google, key, machine="b")
    changes, expected = renamed(slow)
    with ExitStack() as stack:
        stack.enter_context(slow.locked(HOLDER))
        lease_over(google.server, key)
        if how == "before the look":
            sell(heir)
            after = content(google.server, key)
            with pytest.raises(ConflictError, match="taken over"):
                slow.commit(changes, expected, HOLDER)
        else:
            stack.enter_context(heir.locked(ENTRY))
            after = content(google.server, key)
            with pytest.raises(ConflictError, match="taken over") as refused:
                slow.commit(changes, expected, HOLDER)
            assert "nothing was written" in refused.value.hint
            stack.close()
    assert content(google.server, key) == after
    assert not is_locked(google.server, key)
    assert {row[3].split(" · ")[0] for row in journal(google.server, key)} <= {"tester"}


def test_the_one_that_was_robbed_leaves_the_other_s_lock_alone(google: Google) -> None:
    key = stocked(google)
    with ExitStack() as stack:
        first = quick(google, key, machine="a").locked(HOLDER)
        first.__enter__()
        lease_over(google.server, key)
        stack.enter_context(quick(google, key, machine="b").locked(ENTRY))
        held = google.server.sheet(key, LOCK).id
        first.__exit__(None, None, None)
        assert google.server.sheet(key, LOCK).id == held
        with pytest.raises(LockedError):
            sell(quick(google, key, machine="c", lock_timeout=0.0))
    assert not is_locked(google.server, key)


def test_many_take_over_a_stale_lock_at_once_and_one_gets_it(google: Google) -> None:
    key = stocked(google)
    dies_with_the_lock(quick(google, key))
    lease_over(google.server, key)
    crowd = [quick(google, key, machine=f"m{n}", lock_timeout=0.4) for n in range(8)]
    for store in crowd:
        store.read(SALES)
    start, done = threading.Barrier(len(crowd)), threading.Barrier(len(crowd))
    won: list[int] = []
    lost: list[Exception] = []

    def contend(nth: int) -> None:
        start.wait(10)
        try:
            with crowd[nth].locked(ENTRY):
                won.append(google.server.sheet(key, LOCK).id)
                done.wait(10)
        except BusyError as error:
            lost.append(error)
            done.wait(10)

    threads = [threading.Thread(target=contend, args=(nth,)) for nth in range(len(crowd))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(won) == 1
    assert [type(error) for error in lost] == [LockedError] * 7
    assert not is_locked(google.server, key)
    sell(quick(google, key))


def test_a_stale_lock_is_taken_over_without_waiting(google: Google) -> None:
    key = stocked(google)
    dies_with_the_lock(quick(google, key, machine="a"))
    lease_over(google.server, key)
    sell(quick(google, key, machine="b", lock_timeout=0.0))


@pytest.mark.parametrize(
    "row", [1, None], ids=["whose row nobody can read", "that somebody made by hand"]
)
def test_a_lock_that_says_nothing_is_nobody_s(google: Google, row: int | None) -> None:
    key = stocked(google)
    if row is None:
        sell(quick(google, key))
        google.server.request(key, {"addSheet": {"properties": {"title": LOCK, "hidden": True}}})
    else:
        dies_with_the_lock(quick(google, key, machine="a"))
        for number, cells in enumerate(google.server.rows(key, CFG), start=1):
            if cells[:1] == ["ticketops.lock"]:
                google.server.set(key, CFG, number, 4, "whenever")
    sell(quick(google, key, machine="b"))
    assert not is_locked(google.server, key)


def test_it_is_given_back_where_nothing_could_be_written(google: Google) -> None:
    key = stocked(google)
    google.server.set_formula(
        key,
        UNITS,
        2,
        google.server.rows(key, UNITS)[0].index("Status") + 1,
        '="AVAILABLE"',
        "AVAILABLE",
    )
    with pytest.raises(SpliceError, match="holds a formula"):
        Desk(quick(google, key)).do(allocation.allocate_auto())
    assert not is_locked(google.server, key)
    with pytest.raises(ZeroDivisionError), quick(google, key).locked(ENTRY):
        raise ZeroDivisionError
    assert not is_locked(google.server, key)


# --- clocks


class Clocks:
    """Every machine has its own; `ahead` is by how much the present one's is."""

    ahead = timedelta()


@contextmanager
def on_machine_whose_clock_is(ahead: timedelta) -> Iterator[None]:
    Clocks.ahead = ahead
    try:
        yield
    finally:
        Clocks.ahead = timedelta()


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Moved(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + Clocks.ahead

    monkeypatch.setattr(connection, "datetime", Moved)


@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
def test_clocks_of_machines_do_not_matter(google: Google, clocks: None, hours: int) -> None:
    """Neither is a lock taken that is still held, nor one left alone that nobody holds any more."""
    key = stocked(google)
    other = quick(google, key, machine="b", lock_timeout=0.1)
    other.read(SALES)
    with on_machine_whose_clock_is(timedelta(hours=hours)):
        dies_with_the_lock(quick(google, key, machine="a"))
    with pytest.raises(LockedError):
        sell(other)
    lease_over(google.server, key)
    sell(other)
    dead = quick(google, key, machine="a")
    dead._lock._lease = -10.0
    dies_with_the_lock(dead)
    with on_machine_whose_clock_is(timedelta(hours=hours)):
        sell(quick(google, key, machine="c", lock_timeout=0.1))
    assert len(journal(google.server, key)) == 2
