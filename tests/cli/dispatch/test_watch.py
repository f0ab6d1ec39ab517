"""`ticketops dispatch watch`: a folder that is watched, and what is left when it is killed."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.dispatching import (
    ASSIGN,
    ENVELOPE,
    Do,
    book_rows,
    client_book,
    codes,
    fill,
    rows_of,
    staff_book,
    tickets_of,
)
from tests.conftest import ROOT, Result, Runner
from ticketops.files import machine

pytestmark = pytest.mark.slow


class Watch:
    """`dispatch watch` in a process of its own."""

    def __init__(self, book: Path, environment: dict[str, str], *words: str) -> None:
        self.inbox = book.parent / "inbox"
        self.inbox.mkdir(exist_ok=True)
        env = (
            {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
            | {"PYTHONPATH": str(ROOT)}
            | environment
        )
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "ticketops",
                "dispatch",
                "watch",
                str(self.inbox),
                "--interval",
                "0.2",
                *words,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=book.parent,
        )

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> Result:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return Result(self.process.returncode, out.decode(), err.decode())


@pytest.fixture
def watch(book: Path, environment: dict[str, str]) -> Iterator[Callable[..., Watch]]:
    started: list[Watch] = []

    def start(*words: str) -> Watch:
        started.append(Watch(book, environment, *words))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def said(book: Path, key: str) -> Any:
    """The guest's first name, of a workbook that may be in the middle of being replaced."""
    return tickets_of(book, "First name")[key]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_watch_takes_what_arrives(
    do: Do, book: Path, watch: Callable[..., Watch], number: int
) -> None:
    """Also a file that grows while it is looked at, and one that is replaced; other books follow;
    it ends when it is told to."""
    do("client", "build", "--all")
    do(*ASSIGN)
    do("staff", "build", "--all")
    whole = fill(
        client_book(book),
        book.parent / "a.xlsx",
        {"S1-3": {"First name": "Eve", "Last Name": "G", "Client Email": "eve@guests.example.com"}},
        key="Sales ID",
    ).read_bytes()
    later = fill(
        client_book(book),
        book.parent / "b.xlsx",
        {"S1-3": {"First name": "Eva", "Last Name": "G", "Client Email": "eve@guests.example.com"}},
        key="Sales ID",
    ).read_bytes()
    sent = fill(
        staff_book(book),
        book.parent / "c.xlsx",
        {"T00001": {"DispatchStatus": "SENT"}},
        key="TaskID",
    )
    one = watch()
    target = one.inbox / "CLIENT - Acme Ltd (1).xlsx"
    with target.open("wb") as file:
        for part in range(0, len(whole), len(whole) // 6 + 1):
            file.write(whole[part : part + len(whole) // 6 + 1])
            file.flush()
            time.sleep(0.08)
    (one.inbox / "~$CLIENT - Acme Ltd (1).xlsx").write_bytes(b"x")
    (one.inbox / ".hidden.xlsx").write_bytes(b"x")
    (one.inbox / "notes.txt").write_text("x")
    one.until(lambda: said(book, "S1-3") == "Eve")
    target.write_bytes(later)
    shutil.copy(sent, one.inbox)
    one.until(
        lambda: said(book, "S1-3") == "Eva" and tickets_of(book, "Delivery")["S2-1"] == "SENT"
    )
    one.until(lambda: book_rows(client_book(book))["S2-1"]["Status"] == "SENT")
    done = one.end(number)
    assert done.code == 0, done
    assert "stopped: 3 files, 5 edits" in done.err
    assert target.read_bytes() == later, "what arrived stays as it is"
    assert do("dispatch", "sync")["edits"] == 0


def test_watch_reports_a_bad_file_once(do: Do, book: Path, watch: Callable[..., Watch]) -> None:
    do("client", "build", "acme")
    one = watch("--json")
    (one.inbox / "broken.xlsx").write_bytes(client_book(book).read_bytes()[:2000])
    time.sleep(1.5)
    shutil.copy(
        fill(
            client_book(book),
            book.parent / "a.xlsx",
            {"S1-3": {"First name": "Eve"}},
            key="Sales ID",
        ),
        one.inbox,
    )
    one.until(lambda: book_rows(client_book(book))["S1-3"]["First name"] == "Eve")
    time.sleep(1)  # what a round that is stopped in its middle found is not told
    done = one.end()
    assert done.code == 1
    assert set(done.json) == ENVELOPE
    assert codes(done) == ["INCOMPLETE", "UNUSABLE"]
    assert done.json["result"]["files"] == 2


def test_watch_once(do: Do, here: Runner, book: Path) -> None:
    do("client", "build", "acme")
    inbox = book.parent / "in box"
    inbox.mkdir()
    assert do("dispatch", "watch", str(inbox), "--once")["files"] == 0
    fill(
        client_book(book), inbox / "a.xlsx", {"S2-2": {"Clients notes": "by post"}}, key="Sales ID"
    )
    assert do("dispatch", "watch", "in box", "--once")["edits"] == 1
    assert tickets_of(book, "Clients notes")["S2-2"] == "by post"
    assert do("dispatch", "watch", "in box", "--once")["edits"] == 0


@pytest.mark.parametrize(
    "wrong",
    [{"TICKETOPS_ROLE": "staff"}, {"TICKETOPS_WORKBOOK": "none.xlsx"}],
    ids=["role", "workbook"],
)
def test_watch_once_ends_where_it_can_do_nothing(
    do: Do, book: Path, environment: dict[str, str], wrong: dict[str, str]
) -> None:
    do("client", "build", "acme")
    inbox = book.parent / "inbox"
    fill(
        client_book(book), inbox / "a.xlsx", {"S2-2": {"Clients notes": "by post"}}, key="Sales ID"
    )
    one = Watch(book, environment | wrong, "--once")
    try:
        one.process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        pytest.fail("it goes on and on")
    finally:
        one.process.kill()
        one.process.communicate()
    assert one.process.returncode in (1, 3, 6)


def test_two_watches_at_one_folder(do: Do, book: Path, watch: Callable[..., Watch]) -> None:
    """Each takes every file; the second one finds nothing new in it."""
    do("client", "build", "--all")
    both = [watch(), watch()]
    for i, (name, key) in enumerate((("acme", "S1-3"), ("bolt", "S4-3"), ("acme", "S2-2"))):
        path = fill(
            client_book(book, name),
            book.parent / f"{i}.xlsx",
            {key: {"First name": f"Guest {i}"}},
            key="Sales ID",
        )
        shutil.copy(path, both[0].inbox)
    both[0].until(
        lambda: (
            [said(book, key) for key in ("S1-3", "S4-3", "S2-2")]
            == ["Guest 0", "Guest 1", "Guest 2"]
        )
    )
    time.sleep(1)
    assert {one.end().code for one in both} <= {0, 1}
    assert do("dispatch", "sync", code=0)["edits"] == 0
    edits = rows_of(book, "_BOOK_EDITS")
    assert sorted((row["SalesID"], row["Edited"], row["Outcome"]) for row in edits) == [
        ("S1-3", "first_name", "taken"),
        ("S2-2", "first_name", "taken"),
        ("S4-3", "first_name", "taken"),
    ]


def killed_at_random(
    do: Do, here: Runner, book: Path, environment: dict[str, str], rounds: int, seed: int
) -> None:
    """Between SIGKILLs the workbook is whole, no half of a transaction is in it, no half-written
    book lies about, and in the end all that was said is there."""
    dice = random.Random(seed)
    do("client", "build", "--all")
    pristine = {name: client_book(book, name).read_bytes() for name in ("acme", "bolt")}
    expected = {}
    for i in range(rounds):
        name, key = dice.choice(
            [("acme", "S1-3"), ("acme", "S2-2"), ("bolt", "S4-3"), ("bolt", "S4-2")]
        )
        source = book.parent / "source.xlsx"
        source.write_bytes(pristine[name])
        one = Watch(book, environment)
        fill(
            source,
            one.inbox / f"{i:02d}.xlsx",
            {key: {"Clients notes": f"word {i}", "Comments": f"and {i}"}},
            key="Sales ID",
        )
        expected[key] = i
        time.sleep(dice.uniform(0.3, 2.2))
        one.process.send_signal(signal.SIGKILL)
        one.process.communicate()
        loaded = openpyxl.load_workbook(book)
        assert loaded["Distribution"]["H2"].value == "ID"
        loaded.close()
        for notes, comment in tickets_of(book, "Clients notes", "Comment").values():
            if notes:
                assert re.findall(r"\d+", notes) == re.findall(r"\d+", comment or ""), (
                    "both cells of a file, or neither"
                )
        for path in (book.parent / "books").glob("*.xlsx"):
            assert zipfile.ZipFile(path).testzip() is None
    done = here("dispatch", "watch", str(book.parent / "inbox"), "--once")
    assert done.code in (0, 1), done.err
    heard = {
        (row["SalesID"], number)
        for row in rows_of(book, "_BOOK_EDITS")
        for number in re.findall(r"\d+", row["Clients notes"] or "")
    }
    assert heard >= {(key, str(i)) for key, i in expected.items()}
    assert here("dispatch", "sync", "--json").json["changes"] == {}
    for name in pristine:
        for key, row in book_rows(client_book(book, name)).items():
            assert row["Clients notes"] == tickets_of(book, "Clients notes")[key]
    assert here("audit", "run").code == 0


def test_what_a_killed_command_left_is_swept(do: Do, book: Path) -> None:
    do("client", "build", "Bolt")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = {
        f".CLIENT - Bolt.xlsx.{machine()}-{ended.pid}.abcd_123.tmp": False,
        f".CLIENT - Bolt.xlsx.{machine()}-{os.getppid()}.abcd_123.tmp": True,  # it runs still
        f".CLIENT - Bolt.xlsx.0123abcd-{ended.pid}.abcd_123.tmp": True,  # of another machine
        f".CLIENT - Bolt.xlsx.{ended.pid}.tmp": True,  # nobody knows whose
        f".{machine()}-{ended.pid}.tmp": True,
    }
    for name in names:
        client_book(book).with_name(name).write_bytes(b"half")
    do("client", "copy-down", "S4-2")
    do("client", "build", "Bolt")
    assert {name: client_book(book).with_name(name).exists() for name in names} == names


def test_watch_killed(do: Do, here: Runner, book: Path, environment: dict[str, str]) -> None:
    killed_at_random(do, here, book, environment, 3, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_watch_killed_often(
    do: Do, here: Runner, book: Path, environment: dict[str, str], seed: int
) -> None:
    killed_at_random(do, here, book, environment, 20, seed)
