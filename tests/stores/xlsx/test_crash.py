"""A commit is whole or did not happen: killed at every call, at random moments, and with every call to the disk failing.

The module is its own child program too: `python test_crash.py` is a nursery that forks one child an order, so that a kill
costs milliseconds and not the start of an interpreter.
"""

from __future__ import annotations

import builtins
import errno
import io
import itertools
import json
import os
import random
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ticketops.domain.plan import Run
from ticketops.domain.procurement import PurchaseLine
from ticketops.domain.sales import Order, SaleLine
from ticketops.errors import ConflictError, TicketopsError
from ticketops.model.changes import ChangeSet
from ticketops.model.ids import run_id
from ticketops.schema.workbook import VENDOR_CREDENTIALS
from ticketops.services import jobs
from ticketops.services.transaction import carry_out
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

ROOT = Path(__file__).parents[3]
NAME = "event.xlsx"
STATE = NAME + ".ticketops"
STEPS = ("buy", "sell", "allocate", "secret", "undo", "buy", "undo", "sell", "allocate")
"""The story that is told again and again; the last step is only there to follow the one before it."""
LAST = len(STEPS) - 1
START = datetime(2026, 4, 17, 9, 0)
KEPT = re.compile(
    rf"{NAME}|{STATE}/(lock|journal/(\d{{6}}\.json\.gz|secret\.key)|backups/\d{{6}}-[0-9a-f]{{32}}\.xlsx|cache/[\w-]+@[0-9a-f]{{32}}\.arrow)"
)
_ON_PATHS = ("replace", "rename", "link", "unlink", "remove", "mkdir", "rmdir", "chmod", "chown", "stat", "lstat", "scandir", "listdir", "utime",
             "open", "fsync", "fstat", "close")  # fmt: skip
CALLS = frozenset({*_ON_PATHS, "read", "readline", "readall", "readinto", "write", "flush", "__exit__", "access", "flock", "truncate"})
"""Python's names of the calls that reach the operating system."""


# --- the story: each step makes the same bytes whoever runs it


def step(folder: Path, number: int) -> None:
    """Run the `number`th command of the story, as the service layer does."""
    path = folder / NAME
    now = START + timedelta(minutes=number)
    uuids = itertools.count(number * 1000)
    run = Run(run_id(now), "tester", now, lambda: str(uuid.UUID(int=next(uuids))))
    entry = Entry(run.run_id, STEPS[number], run.user, run.now)
    store = XlsxStore(path, lock_timeout=5)
    match STEPS[number]:
        case "buy":
            line = PurchaseLine("M01", "Viagogo", "000777", "Cat 1", 2, Decimal("120.50"), "USD", START)
            carry_out(store, jobs.purchase_add([line]), run)
        case "sell":
            carry_out(store, jobs.sale_add(Order("Meridian", "USD", START), [SaleLine("M01", "Cat 1", 1, Decimal(350))]), run)
        case "allocate":
            carry_out(store, jobs.allocate_auto(), run)
        case "undo":
            store.undo(entry)
        case "secret":
            snapshot = store.read(VENDOR_CREDENTIALS)
            changes = ChangeSet()
            changes.append(VENDOR_CREDENTIALS, snapshot[VENDOR_CREDENTIALS].next_row, ("vendor", "password"), [("Viagogo", "hunter2")])
            store.commit(changes, snapshot.revision, entry)


Log = list[tuple[Any, ...]]


def history(folder: Path) -> Log:
    """The journal through the front door: what was done from which revision to which."""
    log = XlsxStore(folder / NAME, lock_timeout=5).log()
    return [(t.number, t.entry.run_id, t.revision_before, t.revision_after, t.undoes, t.undone_by) for t in log]


@dataclass
class Story:
    """The folder, the workbook's bytes and the log after 0, 1, 2 … steps."""

    folders: list[Path] = field(default_factory=list, repr=False)
    states: list[bytes] = field(default_factory=list, repr=False)
    logs: list[Log] = field(default_factory=list, repr=False)
    revisions: dict[str, bytes] = field(default_factory=dict, repr=False)

    def start(self, done: int, folder: Path) -> Path:
        """A copy of the folder after `done` steps."""
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(self.folders[done], folder))


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, empty_source: Path) -> Story:
    base = tmp_path_factory.mktemp("story")
    live = base / "live"
    live.mkdir()
    shutil.copy(empty_source, live / NAME)
    told = Story()
    for number in range(len(STEPS) + 1):
        told.folders.append(Path(shutil.copytree(live, base / str(number))))
        told.states.append((live / NAME).read_bytes())
        told.logs.append(history(live) if number else [])
        told.revisions[XlsxStore(live / NAME).revision()] = told.states[-1]
        assert len(told.logs[-1]) == number
        openpyxl.load_workbook(io.BytesIO(told.states[-1]))
        if number < len(STEPS):
            step(live, number)
    assert told.states[5] == told.states[3]
    return told


def check(story: Story, folder: Path, done: int) -> int:
    """After a kill during step `done` (the last is never killed), everything the commit protocol promises; how many steps happened."""
    path = folder / NAME
    found = path.read_bytes()
    assert found in story.states[done : done + 2], "neither the old file nor the new one"
    log = history(folder)
    happened = len(log)
    assert happened in (done, done + 1), log
    assert log == story.logs[happened], "the journal does not list the commits that happened"
    assert found == story.states[happened], "the journal and the file disagree"
    assert path.read_bytes() == found, "looking at the log changed the file"
    step(folder, happened)
    assert path.read_bytes() == story.states[happened + 1], "the next command met something that should not be there"
    assert history(folder) == story.logs[happened + 1]
    assert leftovers(story, folder) == []
    standing = [t for t in story.logs[happened + 1] if t[4] is None and t[5] is None][-1]
    XlsxStore(path).undo(Entry("R20260418-090000", "undo", "tester", START))
    assert path.read_bytes() == story.revisions[standing[2]]
    assert leftovers(story, folder) == []
    return happened


def leftovers(story: Story, folder: Path) -> list[str]:
    """Files that should not be there at rest, or that do not hold what they should."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    odd = [name for path in files if not KEPT.fullmatch(name := path.relative_to(folder).as_posix())]
    live = (folder / NAME).stat()
    for path in files:
        if path.parent.name == "backups":
            if path.read_bytes() != story.revisions.get(path.stem.partition("-")[2]):
                odd.append(f"{path.name} holds another version")
            if os.path.samestat(path.stat(), live):
                odd.append(f"{path.name} is the workbook itself")
        elif path.name == "secret.key" and path.stat().st_size < 32:
            odd.append("secret.key is cut off")
    return odd


# --- the nursery


class Nursery:
    """A process that forks a child for every order and tells how it ended."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {"PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment
        )
        self._read = b""

    def send(self, work: str, folder: Path, **order: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"work": work, "folder": str(folder), **order}).encode() + b"\n")

    def hear(self) -> dict[str, Any]:
        """The next line from the child or about it."""
        assert self._process.stdout
        descriptor = self._process.stdout.fileno()
        poll = select.poll()  # select knows no descriptor above 1,023
        poll.register(descriptor, select.POLLIN)
        while b"\n" not in self._read:
            assert poll.poll(60_000), "the child hangs"
            got = os.read(descriptor, 65536)
            assert got, "the nursery died"
            self._read += got
        line, _, self._read = self._read.partition(b"\n")
        return dict(json.loads(line))

    def order(self, work: str, folder: Path, **order: Any) -> dict[str, Any]:
        """Have one piece of work done; all that the child said, and its exit status."""
        self.send(work, folder, **order)
        said: dict[str, Any] = {}
        while "status" not in said:
            said |= self.hear()
        return said

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)


KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def only_nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def nursery(only_nursery: Nursery) -> Nursery:
    """The nursery, with whatever a failed test left unheard read away."""
    token = str(uuid.uuid4())
    only_nursery.send("echo", Path(), token=token)
    while only_nursery.hear().get("token") != token:
        pass
    assert only_nursery.hear() == {"status": 0}
    return only_nursery


def _nursery() -> None:
    """The child program."""
    children: list[int] = []
    for line in sys.stdin:
        while children:
            os.waitpid(children.pop(), 0)
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                WORK[order.pop("work")](Path(order.pop("folder")), **order)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                sys.stderr.flush()
                os._exit(99)
            os._exit(0)
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # its number stays taken: a kill that is late hits nobody else
        assert ended
        _say(status=ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)
        children.append(child)


def _say(**words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


def _echo(_folder: Path, token: str) -> None:
    _say(token=token)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _killed_at(folder: Path, number: int, event: int, rival: str = "") -> None:
    """Step `number`, killed just before or just after one of its calls to the operating system.

    rival: just before the backup is made, another program puts this file in the workbook's place.
    """
    count = 0
    if rival:
        link = os.link

        def linked(source: Any, target: Any) -> None:
            shutil.copy(rival, folder / "rival")
            os.rename(folder / "rival", folder / NAME)
            link(source, target)

        os.link = linked  # type: ignore[assignment]

    def heard(_frame: Any, kind: str, called: Any) -> None:
        nonlocal count
        if kind[:2] == "c_" and called.__name__ in CALLS and _reaches_the_system(called.__self__):
            count += 1
            if count == event:
                _die()

    error = ""
    sys.setprofile(heard)
    try:
        step(folder, number)
    except ConflictError as conflict:
        error = str(conflict)
    finally:
        sys.setprofile(None)
    _say(events=count, error=error)


def _reaches_the_system(owner: Any) -> bool:
    if isinstance(owner, type(os)):
        return owner.__name__ in ("posix", "io", "_io", "fcntl")
    return isinstance(owner, (io.FileIO, io.BufferedReader, io.BufferedWriter, io.TextIOWrapper))


def _killed_at_rename(folder: Path, number: int, after: bool) -> None:
    """Step `number`, killed on the brink of the moment that counts, or just behind it."""
    replace = os.replace

    def replaced(source: Any, target: Any) -> None:
        if Path(target).name == NAME:
            if after:
                replace(source, target)
            _die()
        replace(source, target)

    os.replace = replaced  # type: ignore[assignment]
    step(folder, number)


def _torn(folder: Path, number: int, event: int) -> None:
    """Step `number`, killed when half of a write has reached the disk."""

    def verdict(count: int, name: str) -> BaseException | None:
        return Torn() if count == event and name == "write" else None

    with Disk(folder, verdict) as disk:
        step(folder, number)
    _say(events=disk.count)


def _loop(folder: Path, first: int) -> None:
    """All steps one after the other, until somebody kills us."""
    _say(ready=os.getpid())
    for number in range(first, LAST):
        step(folder, number)
        _say(done=number + 1)


def _limited(folder: Path, number: int, limit: int) -> None:
    """Step `number` where no file may grow beyond `limit` bytes: a disk that is full, as the kernel does it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        step(folder, number)
    except TicketopsError as error:
        _say(error=error.code, code=error.exit_code, message=error.message)
    else:
        _say(error="")


# --- a disk that fails


class Torn(Exception):
    """Marks a write that the process does not survive."""


class Disk:
    """Counts every call to the operating system on files in `folder`; `verdict` names the error that one is to end with.

    after: the call does its work first.
    """

    def __init__(self, folder: Path, verdict: Callable[[int, str], BaseException | None], *, after: bool = False) -> None:
        self._folder, self._verdict, self._after = str(folder), verdict, after
        self._descriptors: set[int] = set()
        self._real: dict[tuple[Any, str], Any] = {}
        self.count = 0
        self.trace: list[tuple[str, str]] = []

    def __enter__(self) -> Disk:
        for name in _ON_PATHS:
            self._put(os, name, self._wrapped(name, getattr(os, name)))
        opening = self._opening(builtins.open)
        for module in (builtins, io):
            self._put(module, "open", opening)
        return self

    def __exit__(self, *_: object) -> None:
        for (module, name), real in self._real.items():
            setattr(module, name, real)

    def _put(self, module: Any, name: str, value: Any) -> None:
        self._real[module, name] = getattr(module, name)
        setattr(module, name, value)

    def call(self, name: str, target: str, real: Callable[[], Any]) -> Any:
        """One call: fails, or is made, or is made and fails."""
        self.count += 1
        self.trace.append((name, target))
        error = self._verdict(self.count, name)
        if error and not self._after:
            raise error
        result = real()
        if error:
            if name == "open" and isinstance(result, int):
                self._real[os, "close"](result)
            elif name == "open":
                io.FileIO.close(result)
            elif name == "scandir":
                result.close()
            raise error
        return result

    def ours(self, target: Any) -> bool:
        if isinstance(target, int):
            return target in self._descriptors
        return isinstance(target, (str, os.PathLike)) and os.fspath(target).startswith(self._folder)

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **more: Any) -> Any:
            if not args or not self.ours(args[0]):
                return real(*args, **more)
            try:
                result = self.call(name, str(args[-1] if name in ("replace", "link") else args[0]), lambda: real(*args, **more))
            except BaseException:
                if name == "close":
                    self._descriptors.discard(args[0])
                    with suppress(OSError):
                        real(args[0])
                raise
            if name == "open":
                self._descriptors.add(result)
            elif name == "close":
                self._descriptors.discard(args[0])
            return result

        return called

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def opened(file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None, newline: Any = None,
                   closefd: bool = True, opener: Any = None) -> Any:  # fmt: skip
            if not self.ours(file):
                return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
            plain = mode.replace("b", "").replace("t", "")
            raw = self.call("open", str(file), lambda: _File(self, file, plain, closefd, opener))
            self._descriptors.add(raw.fileno())
            buffered = io.BufferedReader(raw) if plain == "r" else io.BufferedRandom(raw) if "+" in plain else io.BufferedWriter(raw)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

        return opened

    def forget(self, descriptor: int) -> None:
        self._descriptors.discard(descriptor)


class _File(io.FileIO):
    """The raw file below Python's buffers."""

    def __init__(self, disk: Disk, *args: Any) -> None:
        super().__init__(*args)
        self._disk = disk

    def write(self, data: Any) -> int:
        try:
            return int(self._disk.call("write", str(self.name), lambda: super(_File, self).write(data)))
        except Torn:
            super().write(bytes(data)[: len(data) // 2])
            _die()
            raise

    def readall(self) -> bytes:
        return bytes(self._disk.call("read", str(self.name), super().readall))

    def readinto(self, buffer: Any) -> int:
        return int(self._disk.call("read", str(self.name), lambda: super(_File, self).readinto(buffer)))

    def close(self) -> None:
        if not self.closed:
            self._disk.forget(self.fileno())
            try:
                self._disk.call("close", str(self.name), lambda: None)
            finally:
                super().close()


WORK: dict[str, Callable[..., None]] = {
    "killed_at": _killed_at,
    "killed_at_rename": _killed_at_rename,
    "torn": _torn,
    "echo": _echo,
    "loop": _loop,
    "limited": _limited,
}


# --- kills


def _spread(total: int, wanted: int) -> list[int]:
    """`wanted` numbers from 1 to `total`, all of them if there are not more."""
    return sorted({1 + round(i * (total - 1) / max(1, wanted - 1)) for i in range(wanted)}) if wanted < total else list(range(1, total + 1))


def _kill_at_calls(story: Story, nursery: Nursery, folder: Path, number: int, wanted: int) -> set[int]:
    total = nursery.order("killed_at", story.start(number, folder), number=number, event=0)["events"]
    assert total > 50, "the profiler hears nothing"
    happened = set()
    kills = 0
    for event in _spread(total, wanted):
        said = nursery.order("killed_at", story.start(number, folder), number=number, event=event)
        assert said["status"] in (KILLED, 0)
        kills += said["status"] == KILLED
        try:
            happened.add(check(story, folder, number))
        except BaseException as error:
            error.add_note(f"killed at call {event} of {total} of step {number} ({STEPS[number]})")
            raise
    assert kills >= 0.9 * min(wanted, total)
    return happened


@pytest.mark.parametrize("number", [0, 4])
def test_killed_at_some_calls(story: Story, nursery: Nursery, tmp_path: Path, number: int) -> None:
    assert _kill_at_calls(story, nursery, tmp_path / "x", number, 6) == {number, number + 1}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(LAST))
def test_killed_at_many_calls(story: Story, nursery: Nursery, tmp_path: Path, number: int) -> None:
    """Just before or just after calls that a commit or an undo makes, spread over all of it."""
    assert _kill_at_calls(story, nursery, tmp_path / "x", number, 80) == {number, number + 1}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", [0, 4])
def test_killed_beside_the_rename(story: Story, nursery: Nursery, tmp_path: Path, number: int, after: bool) -> None:
    folder = story.start(number, tmp_path / "x")
    assert nursery.order("killed_at_rename", folder, number=number, after=after)["status"] == KILLED
    assert check(story, folder, number) == number + after


@pytest.mark.parametrize("wanted", [pytest.param(6), pytest.param(1000, marks=pytest.mark.slow)])
def test_killed_in_the_middle_of_a_write(story: Story, nursery: Nursery, tmp_path: Path, wanted: int) -> None:
    folder = tmp_path / "x"
    with Disk(story.start(3, folder), lambda _count, _name: None) as disk:
        step(folder, 3)
    writes = [place for place, (name, _target) in enumerate(disk.trace, start=1) if name == "write"]
    assert len(writes) >= 4
    kills = 0
    for place in _spread(len(writes), wanted):
        kills += nursery.order("torn", story.start(3, folder), number=3, event=writes[place - 1])["status"] == KILLED
        check(story, folder, 3)
    assert kills >= min(wanted, len(writes)) - 1


def _kill_at_random(story: Story, nursery: Nursery, folder: Path, kills: int, seed: int) -> set[int]:
    """The whole story in a child, killed from outside at a random moment."""
    chance = random.Random(seed)
    began = time.perf_counter()
    for _ in range(3):
        assert nursery.order("loop", story.start(0, folder), first=0)["status"] == 0
    duration = (time.perf_counter() - began) / 3
    landed: set[int] = set()
    for _ in range(kills):
        nursery.send("loop", story.start(0, folder), first=0)
        pid = nursery.hear()["ready"]
        time.sleep(chance.uniform(0, duration))
        os.kill(pid, signal.SIGKILL)
        said: dict[str, Any] = {"done": 0}
        while "status" not in said:
            said |= nursery.hear()
        if said["status"] == KILLED and said["done"] < LAST:
            landed.add(said["done"])
            check(story, folder, said["done"])
    return landed


def test_killed_at_a_few_random_moments(story: Story, nursery: Nursery, tmp_path: Path) -> None:
    assert _kill_at_random(story, nursery, tmp_path / "x", 10, seed=1)


@pytest.mark.slow
def test_killed_at_random_moments(story: Story, nursery: Nursery, tmp_path: Path) -> None:
    assert len(_kill_at_random(story, nursery, tmp_path / "x", 250, seed=2)) >= 6


@pytest.mark.parametrize("kills", [6, pytest.param(150, marks=pytest.mark.slow)])
def test_the_command_that_clears_up_is_killed_too(story: Story, nursery: Nursery, tmp_path: Path, kills: int) -> None:
    """Kills one upon the other: the second command finds what the first left, and is killed while it settles that."""
    chance = random.Random(kills)
    folder = tmp_path / "x"
    for _ in range(kills):
        number = chance.randrange(LAST - 1)
        first = story.start(number, folder)
        if chance.random() < 0.5:
            nursery.order("killed_at_rename", first, number=number, after=chance.random() < 0.5)
        else:
            nursery.order("killed_at", first, number=number, event=chance.randrange(150, 500))
        for _ in range(chance.randrange(1, 3)):
            found = (folder / NAME).read_bytes()
            assert found in story.states[number : number + 2]
            number += found == story.states[number + 1]
            if number >= LAST:
                break
            nursery.order("killed_at", folder, number=number, event=chance.randrange(1, 300))
        if number < LAST:
            check(story, folder, number)


@pytest.mark.parametrize("wanted", [6, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_while_a_conflict_is_cleared_up(story: Story, nursery: Nursery, tmp_path: Path, wanted: int) -> None:
    """Another program replaces the file at the last moment; the commit that gives way is killed while it gives way."""
    folder, rival = tmp_path / "x", tmp_path / "rival.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(story.states[2]))
    book[book.sheetnames[0]]["Z1"] = "typed by somebody"
    book.save(rival)
    theirs = rival.read_bytes()
    said = nursery.order("killed_at", story.start(2, folder), number=2, event=0, rival=str(rival))
    assert "changed" in said["error"]
    total = said["events"]
    first = total // 3
    for event in (first + place for place in _spread(total - first, wanted)):
        nursery.order("killed_at", story.start(2, folder), number=2, event=event, rival=str(rival))
        found = (folder / NAME).read_bytes()
        if found != theirs:
            continue
        assert history(folder) == story.logs[2], f"killed at call {event} of {total}: the journal tells of a commit that never happened"
        assert (folder / NAME).read_bytes() == theirs


# --- a disk that fails


def _enough(error: int) -> OSError:
    return OSError(error, os.strerror(error))


@dataclass
class Scene:
    """A folder before a command, the command, and what both outcomes look like."""

    base: Path
    act: Callable[[Path], None]
    work: Path = Path()
    old: bytes = field(default=b"", repr=False)
    logs: dict[bytes, Log] = field(default_factory=dict, repr=False)
    """{what the file may hold: what the log says then}"""

    def look(self, work: Path) -> Scene:
        self.work = work
        self.old = (self.base / NAME).read_bytes()
        self.logs[self.old] = history(self.fresh())
        for without_backups in (False, True):  # then an undo goes cell by cell
            folder = self.fresh()
            if without_backups:
                shutil.rmtree(folder / STATE / "backups", ignore_errors=True)
            self.act(folder)
            self.logs[(folder / NAME).read_bytes()] = history(folder)
        assert {len(log) for log in self.logs.values()} == {len(self.logs[self.old]), len(self.logs[self.old]) + 1}
        return self

    def fresh(self) -> Path:
        shutil.rmtree(self.work, ignore_errors=True)
        return Path(shutil.copytree(self.base, self.work))

    def play(self, verdict: Callable[[int, str], BaseException | None], *, after: bool = False) -> Disk:
        """The command on the failing disk, and what must hold afterwards."""
        folder = self.fresh()
        raised: BaseException | None = None
        with Disk(folder, verdict, after=after) as disk:
            try:
                self.act(folder)
            except (TicketopsError, KeyboardInterrupt) as error:
                raised = error
        if isinstance(raised, TicketopsError):
            assert raised.exit_code in (3, 5, 6), f"{raised.code}: {raised}"
            assert raised.message
            assert "\n" not in raised.message
        found = (folder / NAME).read_bytes()
        if not after:
            assert (found == self.old) == bool(raised), f"what was told ({raised!r}) is not what happened"
        assert found in self.logs
        assert history(folder) == self.logs[found], "the journal disagrees with the file"
        assert (folder / NAME).read_bytes() == found
        return disk


SCENES = ("first", "allocate", "secret", "undo", "undo after a save elsewhere", "settle a commit", "settle no commit")


@pytest.fixture(scope="module")
def scenes(story: Story, only_nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    base = tmp_path_factory.mktemp("scenes")
    found = {
        name: Scene(story.folders[number], lambda folder, number=number: step(folder, number))  # type: ignore[misc]
        for name, number in (("first", 0), ("allocate", 2), ("secret", 3), ("undo", 4))
    }
    elsewhere = story.start(4, base / "elsewhere")
    book = openpyxl.load_workbook(elsewhere / NAME)
    book[book.sheetnames[0]]["Z1"] = "typed by somebody"
    book.save(elsewhere / NAME)
    found["undo after a save elsewhere"] = Scene(elsewhere, lambda folder: step(folder, 4))
    for name, after in (("settle a commit", True), ("settle no commit", False)):
        folder = story.start(2, base / name)
        assert only_nursery.order("killed_at_rename", folder, number=2, after=after)["status"] == KILLED
        found[name] = Scene(folder, lambda folder, number=2 + after: step(folder, number))  # type: ignore[misc]
    return {name: scene.look(base / f"{name} at work") for name, scene in found.items()}


ERRORS = (errno.ENOSPC, errno.EIO, errno.EPERM)


def _sweep(scene: Scene, error_of: Callable[[int], BaseException], *, lasting: bool = False, after: bool = False, stride: int = 1) -> int:
    """The Nth call fails, for N = 1, 2, 3 … until nothing failed any more; how many calls there were."""
    for nth in itertools.count(1, stride):
        hit = False

        def verdict(count: int, _name: str, nth: int = nth) -> BaseException | None:
            nonlocal hit
            if count == nth or (lasting and count > nth):
                hit = True
                return error_of(count)
            return None

        try:
            disk = scene.play(verdict, after=after)
        except BaseException as error:
            error.add_note(f"call {nth} failed ({error_of(nth)!r}, lasting={lasting}, after={after})")
            raise
        if not hit:
            return disk.count
    raise AssertionError


@pytest.mark.parametrize("name", SCENES)
def test_a_call_fails_once(scenes: dict[str, Scene], name: str) -> None:
    """Some calls out of the sweep below; the three errors take turns."""
    assert _sweep(scenes[name], lambda count: _enough(ERRORS[count % 3]), stride=5) > 60


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: errno.errorcode[e])
@pytest.mark.parametrize("name", SCENES)
def test_any_call_fails_once_with_any_error(scenes: dict[str, Scene], name: str, error: int) -> None:
    assert _sweep(scenes[name], lambda _count: _enough(error)) > 60


@pytest.mark.parametrize("stride", [16, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SCENES)
def test_all_calls_fail_from_some_moment_on(scenes: dict[str, Scene], name: str, stride: int) -> None:
    """A disk that is pulled out, then put back."""
    _sweep(scenes[name], lambda count: _enough(ERRORS[count % 3]), lasting=True, stride=stride)


@pytest.mark.parametrize("stride", [16, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SCENES)
def test_a_call_works_but_says_that_it_failed(scenes: dict[str, Scene], name: str, stride: int) -> None:
    """A network folder that loses an answer: whatever the operator is told, the journal agrees with the file."""
    _sweep(scenes[name], lambda count: _enough(ERRORS[count % 3]), after=True, stride=stride)


@pytest.mark.parametrize("stride", [16, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SCENES)
def test_interrupted_after_any_call(scenes: dict[str, Scene], name: str, stride: int) -> None:
    """Ctrl-C is raised when a call has returned: the journal agrees with the file."""
    _sweep(scenes[name], lambda _count: KeyboardInterrupt(), after=True, stride=stride)


@pytest.mark.parametrize("seeds", [range(6), pytest.param(range(6, 250), marks=pytest.mark.slow)], ids=["few", "many"])
@pytest.mark.parametrize("name", SCENES)
def test_calls_fail_at_random(scenes: dict[str, Scene], name: str, seeds: range) -> None:
    """Several faults in one commit: those that happen while the first is being cleared up are among them."""
    for seed in seeds:
        chance = random.Random(seed)
        quiet = chance.randrange(200)

        def verdict(count: int, _name: str, chance: random.Random = chance, quiet: int = quiet) -> BaseException | None:
            return _enough(chance.choice(ERRORS)) if count > quiet and chance.random() < 0.25 else None

        try:
            scenes[name].play(verdict)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.parametrize("wanted", [8, pytest.param(60, marks=pytest.mark.slow)])
def test_a_full_disk(story: Story, nursery: Nursery, tmp_path: Path, wanted: int) -> None:
    """No mock: the kernel refuses to let any file grow beyond a limit."""
    folder = tmp_path / "x"
    outcomes = set()
    for limit in _spread(len(story.states[1]) + 4096, wanted):
        said = nursery.order("limited", story.start(0, folder), number=0, limit=limit)
        assert said["status"] == 0, f"limit {limit}: another exception"
        outcomes.add(bool(said["error"]))
        if said["error"]:
            assert said["code"] in (3, 6), said
            assert (folder / NAME).read_bytes() == story.states[0]
        assert check(story, folder, 0) == (0 if said["error"] else 1)
    assert outcomes == {True, False}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), _enough(errno.EIO)], ids=["Ctrl-C", "a lost answer"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_what_the_operator_is_told(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, after: bool
) -> None:
    """Whoever reads that nothing was written types it in again: it must be true."""
    from ticketops.cli.main import run

    before = empty.read_bytes()
    replace = os.replace

    def replaced(source: Any, target: Any) -> None:
        if Path(target).name != empty.name:
            replace(source, target)
            return
        if after:
            replace(source, target)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replaced)
        code = run(["sale", "add", "--client", "C", "--line", "M06:Cat 2:2@350", "-w", str(empty)])
    err = capsys.readouterr().err
    assert (empty.read_bytes() != before) == after
    if after:
        assert "nothing was written" not in err
        assert "unchanged" not in err
    else:
        assert code in (3, 6, 130)
    assert len(XlsxStore(empty).log()) == after


def test_what_is_on_disk_when(story: Story, tmp_path: Path) -> None:
    """A power cut is a kill that also loses what was not synced: content before names, the journal before the workbook."""
    folder = story.start(2, tmp_path / "x")
    with Disk(folder, lambda _count, _name: None) as disk:
        step(folder, 2)
    seen: list[str] = []
    for name, target in disk.trace:
        if name == "open":
            last = target
        elif name == "fsync":
            seen.append(f"sync {Path(last).name}")
        elif name == "replace" and not target.endswith(".arrow"):
            seen.append(f"rename {Path(target).name}")
    rename = seen.index(f"rename {NAME}")
    before, after = seen[:rename], seen[rename:]
    assert before[0].startswith(f"sync .{NAME}"), "the new workbook's content is on disk first"
    assert any("pending" in event and event.startswith("sync") for event in before), "then the journal's"
    assert "sync journal" in before, "and that there is such a journal entry"
    assert f"sync {folder.name}" in after, "then the rename"


if __name__ == "__main__":
    _nursery()
