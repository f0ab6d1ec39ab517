"""A batch that is killed anywhere has done a prefix of its lines, each whole; an atomic one all of them
or none."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.batch.several import Desk
from tests.conftest import ROOT

LINES = [
    "sale add --client Bolt --line 'M02:Cat 2:1@90'",
    "sale set S1 --notes first",
    "unit hold P00003 --client Bolt --until 2026-06-01 --reason x",
    "override unallocate S4 --confirm UNDO --reason x",
    "allocate auto",
    "sale set S1 --notes last",
]
CHILD = """
import io, itertools, os, signal, sys, uuid
from datetime import datetime
import time_machine
from ticketops.cli.main import run
at, calls, count = int(sys.argv.pop(1)), {calls!r}, 0
uuids = itertools.count(1)
uuid.uuid4 = lambda: uuid.UUID(int=next(uuids))
KINDS = (io.FileIO, io.BufferedReader, io.BufferedWriter)
def heard(frame, kind, called):
    global count
    if kind[:2] == "c_" and called.__name__ in calls:
        owner = called.__self__
        named = getattr(owner, "__name__", "") in ("posix", "io", "_io", "fcntl")
        if (isinstance(owner, type(os)) and named) or isinstance(owner, KINDS):
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)
with time_machine.travel(datetime(2026, 4, 17, 14, 30), tick=False):
    sys.setprofile(heard)
    code = run(sys.argv[1:])
    sys.setprofile(None)
sys.stdout.flush()
print(count, file=sys.stderr)
os._exit(code)
"""
CALLS = ("replace", "rename", "link", "unlink", "write", "fsync", "open", "mkdir", "flock", "chmod")


@pytest.fixture(autouse=True)
def _who(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (
        ("TICKETOPS_ROLE", "ops_manager"),
        ("XDG_CONFIG_HOME", str(tmp_path / "config")),
        ("XDG_STATE_HOME", str(tmp_path / "state")),
        ("PYTHONPATH", str(ROOT)),
    ):
        monkeypatch.setenv(name, value)


def _run(path: Path, at: int, lines: list[str], *options: str) -> tuple[int, int]:
    """A batch in a process of its own, killed at its `at`th call to the operating system, if any:
    its exit code, and how many such calls it made."""
    text = path.with_name("lines.txt")
    text.write_text("".join(f"{line}\n" for line in lines))
    words = ["batch", str(text), "-w", str(path), "--as", "olga", "-q", *options]
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(calls=CALLS), str(at), *words],
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = done.stderr.split()
    return done.returncode, int(said[-1]) if done.returncode >= 0 else 0


def _states(source: Path, folder: Path) -> list[bytes]:
    """The workbook after 0, 1, 2 … lines, run one by one."""
    desk = Desk(source, folder)
    states = [desk.path.read_bytes()]
    for line in LINES:
        assert desk.run(*shlex.split(line))[0] < 2
        states.append(desk.path.read_bytes())
    assert len(set(states)) == len(states)
    return states


def _killed_is_a_prefix(source: Path, folder: Path, places: list[float]) -> set[int]:
    states = _states(source, folder / "alone")
    code, calls = _run(Desk(source, folder / "whole").path, 0, LINES)
    assert code < 2
    assert calls > 100, "the profiler hears nothing"
    landed = set()
    for place in places:
        desk = Desk(source, folder / "killed")
        assert _run(desk.path, max(1, int(place * calls)), LINES)[0] == -signal.SIGKILL
        happened = len(desk.log())
        landed.add(happened)
        assert desk.path.read_bytes() == states[happened]
        assert [one[2].split()[0] for one in reversed(desk.log())] == [
            line.split()[0] for line in LINES[:happened]
        ]
        assert desk.run("sale", "set", "S2", "--notes", "and on")[0] == 0
        assert len(desk.log()) == happened + 1
    return landed


def _killed_atomic_is_all_or_none(source: Path, folder: Path, places: list[float]) -> set[int]:
    whole = Desk(source, folder / "whole")
    before = whole.path.read_bytes()
    code, calls = _run(whole.path, 0, LINES, "--atomic")
    assert code < 2
    states = [before, whole.path.read_bytes()]
    landed = set()
    for place in places:
        desk = Desk(source, folder / "killed")
        assert _run(desk.path, max(1, int(place * calls)), LINES, "--atomic")[0] == -signal.SIGKILL
        happened = len(desk.log())
        landed.add(happened)
        assert desk.path.read_bytes() == states[happened]
        shutil.rmtree(folder / "killed")
    return landed


@pytest.mark.slow
def test_killed_a_prefix_of_the_lines_happened(source: Path, tmp_path: Path) -> None:
    (happened,) = _killed_is_a_prefix(source, tmp_path, [0.5])
    assert 0 < happened < len(LINES)


@pytest.mark.slow
def test_killed_at_many_places_a_prefix_happened(source: Path, tmp_path: Path) -> None:
    places = [n / 14 for n in range(1, 14)]
    assert len(_killed_is_a_prefix(source, tmp_path, places)) == len(LINES)


@pytest.mark.slow
def test_killed_at_many_places_an_atomic_batch_is_all_or_none(source: Path, tmp_path: Path) -> None:
    places = [0.2, 0.6, 0.8, *(n / 200 for n in range(180, 200, 2))]
    assert _killed_atomic_is_all_or_none(source, tmp_path, places) == {0, 1}
