"""A commit is whole or did not happen: with every call to the disk failing."""

from __future__ import annotations

import errno
import itertools
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.sampling import some, thorough
from tests.stores.xlsx.crash.failing_disk import Disk
from tests.stores.xlsx.crash.nursery import KILLED, Nursery
from tests.stores.xlsx.crash.story import NAME, STATE, Log, Story, check, history, spread, step
from ticketops.errors import TicketopsError
from ticketops.schema.layouts.event import EVENT
from ticketops.stores.xlsx.store import XlsxStore

pytestmark = pytest.mark.slow


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
        assert {len(log) for log in self.logs.values()} == {
            len(self.logs[self.old]),
            len(self.logs[self.old]) + 1,
        }
        return self

    def fresh(self) -> Path:
        shutil.rmtree(self.work, ignore_errors=True)
        return Path(shutil.copytree(self.base, self.work))

    def play(
        self, verdict: Callable[[int, str], BaseException | None], *, after: bool = False
    ) -> Disk:
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
            assert (found == self.old) == bool(raised), (
                f"what was told ({raised!r}) is not what happened"
            )
        assert found in self.logs
        assert history(folder) == self.logs[found], "the journal disagrees with the file"
        assert (folder / NAME).read_bytes() == found
        return disk


SCENES = (
    "first",
    "allocate",
    "secret",
    "undo",
    "undo after a save elsewhere",
    "settle a commit",
    "settle no commit",
)


@pytest.fixture(scope="module")
def scenes(
    story: Story, only_nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Scene]:
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
        assert (
            only_nursery.order("killed_at_rename", folder, number=2, after=after)["status"]
            == KILLED
        )
        found[name] = Scene(folder, lambda folder, number=2 + after: step(folder, number))  # type: ignore[misc]
    return {name: scene.look(base / f"{name} at work") for name, scene in found.items()}


STRIDES = [16, pytest.param(thorough(4, 1), marks=pytest.mark.slow)]
ERRORS = (errno.ENOSPC, errno.EIO, errno.EPERM)


def _sweep(
    scene: Scene,
    error_of: Callable[[int], BaseException],
    *,
    lasting: bool = False,
    after: bool = False,
    stride: int = 1,
) -> int:
    """The Nth call fails, for N = 1, 2, 3 … until nothing failed any more; how many calls there
    were."""
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
            error.add_note(
                f"call {nth} failed ({error_of(nth)!r}, lasting={lasting}, after={after})"
            )
            raise
        if not hit:
            return disk.count
    raise AssertionError


@pytest.mark.parametrize("name", some(SCENES, 4))
def test_a_call_fails_once(scenes: dict[str, Scene], name: str) -> None:
    """Some calls out of the sweep below; the three errors take turns."""
    assert _sweep(scenes[name], lambda count: _enough(ERRORS[count % 3]), stride=16) > 60


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: errno.errorcode[e])
@pytest.mark.parametrize("name", some(SCENES, 4))
def test_any_call_fails_once_with_any_error(
    scenes: dict[str, Scene], name: str, error: int
) -> None:
    assert _sweep(scenes[name], lambda _count: _enough(error), stride=thorough(8, 1)) > 60


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("name", some(SCENES, 4))
def test_all_calls_fail_from_some_moment_on(
    scenes: dict[str, Scene], name: str, stride: int
) -> None:
    """A disk that is pulled out, then put back."""
    _sweep(scenes[name], lambda count: _enough(ERRORS[count % 3]), lasting=True, stride=stride)


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("name", some(SCENES, 4))
def test_a_call_works_but_says_that_it_failed(
    scenes: dict[str, Scene], name: str, stride: int
) -> None:
    """A network folder that loses an answer: whatever the operator is told, the journal agrees with
    the file."""
    _sweep(scenes[name], lambda count: _enough(ERRORS[count % 3]), after=True, stride=stride)


@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("name", some(SCENES, 4))
def test_interrupted_after_any_call(scenes: dict[str, Scene], name: str, stride: int) -> None:
    """Ctrl-C is raised when a call has returned: the journal agrees with the file."""
    _sweep(scenes[name], lambda _count: KeyboardInterrupt(), after=True, stride=stride)


@pytest.mark.parametrize(
    "seeds",
    [range(6), pytest.param(range(6, thorough(40, 250)), marks=pytest.mark.slow)],
    ids=["few", "many"],
)
@pytest.mark.parametrize("name", some(SCENES, 4))
def test_calls_fail_at_random(scenes: dict[str, Scene], name: str, seeds: range) -> None:
    """Several faults in one commit: those that happen while the first is being cleared up are among
    them."""
    for seed in seeds:
        chance = random.Random(seed)
        quiet = chance.randrange(200)

        def verdict(
            count: int, _name: str, chance: random.Random = chance, quiet: int = quiet
        ) -> BaseException | None:
            return (
                _enough(chance.choice(ERRORS)) if count > quiet and chance.random() < 0.25 else None
            )

        try:
            scenes[name].play(verdict)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.parametrize("wanted", [4, pytest.param(thorough(30, 60), marks=pytest.mark.slow)])
def test_a_full_disk(story: Story, nursery: Nursery, tmp_path: Path, wanted: int) -> None:
    """No mock: the kernel refuses to let any file grow beyond a limit."""
    folder = tmp_path / "x"
    outcomes = set()
    for limit in spread(len(story.states[1]) + 4096, wanted):
        said = nursery.order("limited", story.start(0, folder), number=0, limit=limit)
        assert said["status"] == 0, f"limit {limit}: another exception"
        outcomes.add(bool(said["error"]))
        if said["error"]:
            assert said["code"] in (3, 6), said
            assert (folder / NAME).read_bytes() == story.states[0]
        assert check(story, folder, 0) == (0 if said["error"] else 1)
    assert outcomes == {True, False}


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), _enough(errno.EIO)], ids=["Ctrl-C", "a lost answer"]
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_what_the_operator_is_told(
    empty: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    after: bool,
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
    assert len(XlsxStore(empty, layout=EVENT).log()) == after


def test_what_is_on_disk_when(story: Story, tmp_path: Path) -> None:
    """A power cut is a kill that also loses what was not synced: content before names, the journal
    before the workbook."""
    folder = story.start(2, tmp_path / "x")
    with Disk(folder, lambda _count, _name: None) as disk:
        step(folder, 2)
    seen: list[str] = []
    for name, target in disk.trace:
        if name == "open":
            last = target
        elif name == "fsync":
            seen.append(f"sync {Path(last).name}")
        elif name == "replace" and not target.endswith((".arrow", ".names")):
            seen.append(f"rename {Path(target).name}")
    rename = seen.index(f"rename {NAME}")
    before, after = seen[:rename], seen[rename:]
    assert before[0].startswith(f"sync .{NAME}"), "the new workbook's content is on disk first"
    assert any("pending" in event and event.startswith("sync") for event in before), (
        "then the journal's"
    )
    assert "sync journal" in before, "and that there is such a journal entry"
    assert f"sync {folder.name}" in after, "then the rename"
