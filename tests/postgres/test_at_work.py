"""What goes on by itself works on an event in a database, on several machines at once: the clock,
messages, report jobs, books that come back; and an office that keeps its workbook is kept in step."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cli.dispatching import book_rows, fill
from tests.conftest import Runner
from tests.database import Database
from tests.sending.outbox import Outbox
from tests.sending.post import Post
from ticketops.config import Settings
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, run_of
from ticketops.errors import BusyError, LockedError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.services import clock, copying, jobs, sending
from ticketops.stores.base import Entry, place_of

pytestmark = pytest.mark.slow


def machines(number: int, tmp_path: Path) -> list[Settings]:
    """Settings of machines that share nothing but the database."""
    return [
        Settings(user=f"tester{nth}", role="super_admin", state=tmp_path / f"machine{nth}")
        for nth in range(number)
    ]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each comes to, all of them at once; an error is what it comes to, too."""
    found: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def one(nth: int) -> None:
        start.wait()
        try:
            found[nth] = acts[nth]()
        except Exception as error:
            found[nth] = error

    threads = [threading.Thread(target=one, args=(nth,)) for nth in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def event(database: Database, small: Path, tmp_path: Path) -> str:
    """The address of an event."""
    address = database.url(database.new())
    copying.copy(small, address, Settings(user="tester", state=tmp_path / "state"))
    return address


# --- the clock


def test_one_clock_at_a_time_on_all_machines(event: str, tmp_path: Path) -> None:
    here, there = (open_store(event, one) for one in machines(2, tmp_path))
    with clock.alone(here), pytest.raises(LockedError, match="run nightly"), clock.alone(there):
        pass
    with clock.alone(there):
        pass


def test_a_clock_that_died_leaves_no_lock(event: str, tmp_path: Path, database: Database) -> None:
    here, there = (open_store(event, one) for one in machines(2, tmp_path))
    held: Any = here
    with held.alone("run nightly"):
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state ="
            " 'idle in transaction' AND query LIKE '%%idle_in_transaction%%'"
        )
        deadline = time.monotonic() + 20
        while True:  # the server takes a moment to let go
            try:
                with there.alone("run nightly"):  # type: ignore[attr-defined]
                    break
            except LockedError:
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_a_night(event: str, cli: Runner, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "TICKETOPS_STATE": str(tmp_path / "state")}
    words = ("run", "nightly", "--task", "audit", "--task", "holds", "-w", event)
    done = cli(*words, "--json", env=home)
    assert done.code in (0, 1)
    assert [one["exit"] for one in done.json["result"]["tasks"]] == [0, 0]
    listed = cli("run", "list", "-w", event, env=home)
    assert listed.out.count("yes   20") == 2
    checked = cli("cron", "check", "-w", event, env=home)
    assert "last run" in checked.out
    shown = cli("cron", "show", "-w", event, env=home)
    assert f"-w '{event}'" in shown.out


# --- messages


@pytest.fixture
def post() -> Any:
    with Post() as made:
        yield made


def outboxes(address: str, post: Post, tmp_path: Path, number: int) -> list[Outbox]:
    mail = {
        "smtp_host": "127.0.0.1",
        "smtp_port": post.port,
        "smtp_security": "none",
        "smtp_from": "office@mm-tickets.com",
        "lock_timeout": 20.0,
    }
    return [
        Outbox(address, **mail, state=tmp_path / f"machine{nth}")  # type: ignore[arg-type]
        for nth in range(number)
    ]


def test_two_machines_send_each_message_once(
    database: Database, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ticketops.domain.messages import pacing

    monkeypatch.setattr(pacing, "BATCH", 4)
    address = database.url(database.new())
    here, there = outboxes(address, post, tmp_path, 2)
    here.enable()
    here.queue(*(f"r{nth}@example.org" for nth in range(24)))
    plans = at_once(here.send, there.send)
    assert [type(plan).__name__ for plan in plans] == ["Plan", "Plan"]
    assert here.states() == ["SENT"] * 24
    got = Counter(str(message["To"]) for message in post.taken)
    assert got == Counter({f"r{nth}@example.org": 1 for nth in range(24)})


def test_a_place_is_the_same_for_everybody(database: Database, tmp_path: Path) -> None:
    """Sending that was enabled by one user of the database is enabled for others."""
    one, other = machines(2, tmp_path)
    database.execute("CREATE ROLE somebody LOGIN SUPERUSER")
    address = database.url(database.new())
    stores = (
        open_store(address, one),
        open_store(address.replace("ticketops@", "somebody@"), other),
    )
    assert place_of(stores[0]) == place_of(stores[1])
    assert sending.place_named(stores[0]) == sending.place_named(stores[1])
    assert place_of(stores[0]) != place_of(open_store(database.url(database.new()), one))


# --- report jobs


def test_two_workers_make_each_report_once(event: str, tmp_path: Path) -> None:
    from ticketops.schema.layouts.event import JOBS

    here, there = machines(2, tmp_path)
    for _ in range(4):
        store = open_store(event, here)
        wanted = jobs.create(store, here, lambda: run_of(here), "position", "", "csv", later=True)
        carry_out(store, wanted, run_of(here))

    def work(own: Settings) -> Any:
        store = open_store(event, own)
        return carry_out(store, jobs.work(store, own, lambda: run_of(own)), run_of(own)).plan

    plans = at_once(lambda: work(here), lambda: work(there))
    made = [name for plan in plans for name in plan.result.done]
    frame = open_store(event, here).read(JOBS)[JOBS].frame
    assert sorted(made) == sorted(frame["job"]) if "job" in frame.columns else len(made) == 4
    assert len(made) == len(set(made)) == 4
    assert set(frame["state"]) == {"DONE"}


# --- books


def test_books_go_out_and_come_back(event: str, in_process: Runner, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "TICKETOPS_STATE": str(tmp_path / "state")}
    books = tmp_path / "books"
    built = in_process("client", "build", "--all", "-o", str(books), "-y", "-w", event, env=home)
    assert built.code in (0, 1)
    files = sorted(books.rglob("CLIENT*.xlsx"))
    assert files
    book, ticket = next(
        (file, key)
        for file in files
        for rows in [book_rows(file)]
        for key, row in rows.items()
        if row["In words"] != "no ticket yet" and not row["First name"]
    )
    typed = {ticket: {"First name": "Ada", "Last Name": "Byron"}}
    inbox = tmp_path / "inbox"
    fill(book, inbox / book.name, typed)
    seen = in_process(
        "dispatch", "watch", str(inbox), "--once", "-y", "-w", event, "--json", env=home
    )
    assert seen.json["result"]["edits"] == 2
    table = open_store(event, Settings(user="x", state=tmp_path / "state")).read(DISTRIBUTION)
    frame = table[DISTRIBUTION].frame
    found = frame.filter(frame["sales_id"] == ticket).row(0, named=True)
    assert (found["first_name"], found["last_name"]) == ("Ada", "Byron")
    again = in_process(
        "dispatch", "watch", str(inbox), "--once", "-y", "-w", event, "--json", env=home
    )
    assert again.json["result"]["edits"] == 0


# --- an office that keeps its workbook


def change(where: Path | str, settings: Settings, cells: dict[tuple[int, str], str]) -> None:
    """As somebody types it: {(row, column): text} of Sales."""
    store = open_store(where, settings)
    snapshot = store.read(SALES)
    frame = snapshot[SALES].frame
    changes = ChangeSet()
    for (row, column), text in cells.items():
        before = frame.filter(frame["row"] == row)[column].item()
        changes.set(SALES, row, f"row {row}", {column: (before, text)})
    run = run_of(settings)
    store.commit(changes, snapshot.revision, Entry(run.run_id, "typed", settings.user, run.now))


def texts(where: Path | str, settings: Settings) -> dict[tuple[int, str], Any]:
    frame = open_store(where, settings).read(SALES)[SALES].frame
    return {
        (row, name): cell
        for row, *cells in frame.select("row", "notes", "contract", "game").iter_rows()
        for name, cell in zip(("notes", "contract", "game"), cells, strict=True)
    }


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("direction", ["file", "database"])
def test_a_workbook_and_an_event_are_kept_in_step(
    seed: int, direction: str, event: str, small: Path, in_process: Runner, tmp_path: Path
) -> None:
    """Three ways, cell by cell: what one side changed goes to the other, what both changed alike is
    no conflict, what both changed otherwise stays on both sides and is told. local: the side that
    the command names."""
    chance = random.Random(seed)
    mine = Settings(user="tester", state=tmp_path / "state")
    home = {"HOME": str(tmp_path), "TICKETOPS_STATE": str(tmp_path / "state")}
    local, remote = (str(small), event) if direction == "file" else (event, str(small))

    def sync(word: str) -> Any:
        yes = () if word == "diff" else ("-y",)
        done = in_process("sync", word, *yes, "--json", "-w", local, "--with", remote, env=home)
        assert done.code in (0, 1), done.out
        return done.json

    assert sync("push")["result"]["taken"] == 0  # from now on there is a common state
    base = texts(small, mine)
    assert base == texts(event, mine)
    places = chance.sample(sorted(base), 18)
    here = {place: f"file {place[0]}" for place in places[:10]}
    there = {place: f"event {place[0]}" for place in places[6:]}
    alike = dict.fromkeys(places[6:8], "both")
    here |= alike
    there |= alike
    change(small, mine, here)
    change(event, mine, there)
    differ = set(places[8:10])
    pulled, pushed = sync("pull")["result"], sync("push")["result"]
    assert (pulled["conflicts"], pushed["conflicts"]) == (len(differ), len(differ))
    expected_file = base | there | here
    expected_event = base | here | there
    assert texts(small, mine) == expected_file
    assert texts(event, mine) == expected_event
    assert {p for p in base if expected_file[p] != expected_event[p]} == differ
    settled = sync("pull")
    assert settled["result"]["taken"] == 0
    assert settled["result"]["left"] == len(differ)
    done = in_process(
        "sync", "pull", "-y", "--prefer", "remote", "-w", local, "--with", remote, env=home
    )
    assert done.code == 0
    assert texts(small, mine) == texts(event, mine)
    assert sync("diff")["result"]["sheets"] == []


def test_a_watch_that_keeps_them_in_step(
    event: str, small: Path, in_process: Runner, tmp_path: Path
) -> None:
    mine = Settings(user="tester", state=tmp_path / "state")
    home = {"HOME": str(tmp_path), "TICKETOPS_STATE": str(tmp_path / "state")}
    words = ("sync", "watch", "--once", "-w", str(small), "--with", event)
    assert in_process(*words, env=home).code == 0
    change(small, mine, {(3, "notes"): "from the office"})
    change(event, mine, {(4, "notes"): "from the database"})
    assert in_process(*words, env=home).code == 0
    assert texts(small, mine) == texts(event, mine)
    assert texts(small, mine)[4, "notes"] == "from the database"


def test_many_writers_of_two_kinds(event: str, tmp_path: Path) -> None:
    """Writers who plan again on what the others wrote: nothing is lost."""
    own = [replace(one, lock_timeout=30.0) for one in machines(3, tmp_path)]
    before = texts(event, own[0])
    rows = sorted({row for row, _column in before})[:12]

    def write(nth: int) -> int:
        tries = 0
        for row in rows[nth::3]:
            while True:
                tries += 1
                try:
                    change(event, own[nth], {(row, "notes"): f"writer {nth}"})
                    break
                except BusyError:
                    time.sleep(0.01)
        return tries

    tries = at_once(*(lambda nth=nth: write(nth) for nth in range(3)))
    assert all(isinstance(one, int) for one in tries), tries
    after = texts(event, own[0])
    assert {row: after[row, "notes"] for row in rows} == {
        row: f"writer {place % 3}" for place, row in enumerate(rows)
    }
