"""Several processes make the reports and send the messages of one event, and one of them is killed:
nothing is made or sent twice, nothing is lost, and what the dead one had taken up is taken over."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.database import Database
from tests.postgres.workers import BATCH, outbox
from tests.sending.post import Post
from ticketops.config import Settings
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, run_of
from ticketops.schema.layouts.event import JOBS
from ticketops.services import copying, jobs

pytestmark = pytest.mark.slow


def words(kind: str, address: str, folder: Path, port: int, nth: int) -> list[str]:
    return [kind, address, str(folder), str(port), "0" if nth else "2"]


def processes(kind: str, address: str, folders: list[Path], port: int = 0) -> list[str]:
    """What a process in each of these state folders says. They work at once; the first one is killed
    at its second piece of work."""
    made = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.postgres.workers",
                *words(kind, address, folder, port, nth),
            ],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for nth, folder in enumerate(folders)
    ]
    try:
        for one in made:
            assert one.stdout
            assert one.stdout.readline() == "ready\n"
        for one in made:
            assert one.stdin
            one.stdin.write("go\n")
            one.stdin.flush()
            if one is made[0]:
                assert one.stdout
                assert one.stdout.readline() == "took\n", one.communicate(timeout=60)
        said = [one.communicate(timeout=240) for one in made]
    finally:
        for one in made:
            one.kill()
    assert made[0].returncode == -signal.SIGKILL
    assert [(one.returncode, err) for one, (_out, err) in zip(made, said, strict=True)][1:] == [
        (0, "")
    ] * (len(made) - 1)
    return [out for out, _err in said]


def test_reports(database: Database, small: Path, tmp_path: Path) -> None:
    key = database.new()
    address = database.url(key)
    here = Settings(user="here", role="super_admin", state=tmp_path / "here", lock_timeout=30.0)
    copying.copy(small, address, here)
    wanted = 9
    for _ in range(wanted):
        store = open_store(address, here)
        job = jobs.create(store, here, lambda: run_of(here), "position", "", "csv", later=True)
        carry_out(store, job, run_of(here))
    said = processes("jobs", address, [tmp_path / f"m{nth}" for nth in range(3)])

    def rows() -> list[dict[str, Any]]:
        return open_store(address, here).read(JOBS)[JOBS].frame.to_dicts()

    made = [name for words in said for name in words.split()]
    assert len(made) == len(set(made))
    states = Counter(row["state"] for row in rows())
    assert states == {"DONE": wanted - 1, "RUNNING": 1}
    held = next(row for row in rows() if row["state"] == "RUNNING")
    assert all(row["attempts"] == 1 for row in rows())

    def work() -> Any:
        store = open_store(address, here)
        return carry_out(store, jobs.work(store, here, lambda: run_of(here)), run_of(here)).plan

    assert work().result.done == (), "somebody may still be at work on it"
    database.execute(
        "UPDATE event_jobs SET lease_until = now()::timestamp - interval '1 minute'"
        " WHERE event_id = %s AND state = 'RUNNING'",
        key,
    )
    assert work().result.done == (held["job_id"],)
    assert {row["state"] for row in rows()} == {"DONE"}
    assert {row["job_id"]: row["attempts"] for row in rows()} == {
        row["job_id"]: 1 + (row["job_id"] == held["job_id"]) for row in rows()
    }


@pytest.fixture
def post() -> Iterator[Post]:
    with Post() as made:
        yield made


def test_messages(database: Database, post: Post, tmp_path: Path) -> None:
    key = database.new()
    address, folders = database.url(key), [tmp_path / f"m{nth}" for nth in range(3)]
    alive = outbox(address, folders[1], post.port)
    alive.enable()
    readers = [f"r{nth}@example.org" for nth in range(36)]
    alive.queue(*readers)
    processes("mail", address, folders, post.port)
    got = Counter(str(message["To"]) for message in post.taken)
    states = Counter(alive.states())
    assert set(got.values()) == {1}
    assert set(states) == {"SENT", "SENDING"}
    left = states["SENDING"]
    assert 0 < left <= BATCH
    assert len(got) - states["SENT"] in range(BATCH), "what it sent last, nobody had recorded"
    # another machine waits for the lease
    assert alive.send().result.sent == 0
    assert Counter(alive.states()) == states
    # the machine of the dead one knows from its notes what it had handed over
    again = outbox(address, folders[0], post.port).send()
    assert again.result.unknown == 0
    later = Counter(alive.states())
    assert later["SENDING"] == 0
    got = Counter(str(message["To"]) for message in post.taken)
    assert set(got.values()) == {1}
    assert later["SENT"] + later["QUEUED"] == len(readers)
    assert len(got) == later["SENT"]


def test_messages_of_a_machine_that_never_comes_back(
    database: Database, post: Post, tmp_path: Path
) -> None:
    key = database.new()
    address, folders = database.url(key), [tmp_path / f"m{nth}" for nth in range(2)]
    alive = outbox(address, folders[1], post.port)
    alive.enable()
    alive.queue(*(f"r{nth}@example.org" for nth in range(12)))
    processes("mail", address, folders, post.port)
    left = alive.states().count("SENDING")
    assert left > 0
    database.execute(
        "UPDATE event_notification_log SET not_before = now()::timestamp - interval '1 minute'"
        " WHERE event_id = %s AND state = 'SENDING'",
        key,
    )
    assert alive.send().result.unknown == left, "a person decides: nobody knows"
    assert Counter(alive.states()) == {"SENT": 12 - left, "UNKNOWN": left}
    assert set(Counter(str(message["To"]) for message in post.taken).values()) == {1}
