"""The module is its own child program too: `python nursery.py` forks one child an order, so that a
kill costs milliseconds and not the start of an interpreter."""

from __future__ import annotations

import io
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.stores.xlsx.crash.failing_disk import ON_PATHS, Disk, Torn, die
from tests.stores.xlsx.crash.story import LAST, NAME, step
from ticketops.errors import ConflictError, TicketopsError

ROOT = Path(__file__).parents[4]
CALLS = frozenset(
    {
        *ON_PATHS,
        "read",
        "readline",
        "readall",
        "readinto",
        "write",
        "flush",
        "__exit__",
        "access",
        "flock",
        "truncate",
    }
)
"""Python's names of the calls that reach the operating system."""


class Nursery:
    """A process that forks a child for every order and tells how it ended."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {
            "PYTHONPATH": str(ROOT)
        }
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
        )
        self._read = b""

    def send(self, work: str, folder: Path, **order: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(
            json.dumps({"work": work, "folder": str(folder), **order}).encode() + b"\n"
        )

    def read_edits(self) -> dict[str, Any]:
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
            said |= self.read_edits()
        return said

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)


KILLED = -signal.SIGKILL


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
        ended = os.waitid(
            os.P_PID, child, os.WEXITED | os.WNOWAIT
        )  # its number stays taken: a kill that is late hits nobody else
        assert ended
        _say(status=ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)
        children.append(child)


def _say(**words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


def _echo(_folder: Path, token: str) -> None:
    _say(token=token)


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
                die()

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
            die()
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
    """Step `number` where no file may grow beyond `limit` bytes: a disk that is full, as the kernel
    does it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        step(folder, number)
    except TicketopsError as error:
        _say(error=error.code, code=error.exit_code, message=error.message)
    else:
        _say(error="")


WORK: dict[str, Callable[..., None]] = {
    "killed_at": _killed_at,
    "killed_at_rename": _killed_at_rename,
    "torn": _torn,
    "echo": _echo,
    "loop": _loop,
    "limited": _limited,
}


if __name__ == "__main__":
    _nursery()
