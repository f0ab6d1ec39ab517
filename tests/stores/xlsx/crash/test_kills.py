"""A commit is whole or did not happen: killed at every call and at random moments."""

from __future__ import annotations

import io
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.sampling import thorough
from tests.stores.xlsx.crash.failing_disk import Disk
from tests.stores.xlsx.crash.nursery import KILLED, Nursery
from tests.stores.xlsx.crash.story import LAST, NAME, STEPS, Story, check, history, spread, step

pytestmark = pytest.mark.slow


def _kill_at_calls(
    story: Story, nursery: Nursery, folder: Path, number: int, wanted: int
) -> set[int]:
    total = nursery.order("killed_at", story.start(number, folder), number=number, event=0)[
        "events"
    ]
    assert total > 50, "the profiler hears nothing"
    happened = set()
    kills = 0
    for event in spread(total, wanted):
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
    assert _kill_at_calls(story, nursery, tmp_path / "x", number, thorough(40, 80)) == {
        number,
        number + 1,
    }


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", [0, 4])
def test_killed_beside_the_rename(
    story: Story, nursery: Nursery, tmp_path: Path, number: int, after: bool
) -> None:
    folder = story.start(number, tmp_path / "x")
    assert nursery.order("killed_at_rename", folder, number=number, after=after)["status"] == KILLED
    assert check(story, folder, number) == number + after


@pytest.mark.parametrize(
    "wanted", [pytest.param(6), pytest.param(thorough(200, 1000), marks=pytest.mark.slow)]
)
def test_killed_in_the_middle_of_a_write(
    story: Story, nursery: Nursery, tmp_path: Path, wanted: int
) -> None:
    folder = tmp_path / "x"
    with Disk(story.start(3, folder), lambda _count, _name: None) as disk:
        step(folder, 3)
    writes = [place for place, (name, _target) in enumerate(disk.trace, start=1) if name == "write"]
    assert len(writes) >= 4
    kills = 0
    for place in spread(len(writes), wanted):
        kills += (
            nursery.order("torn", story.start(3, folder), number=3, event=writes[place - 1])[
                "status"
            ]
            == KILLED
        )
        check(story, folder, 3)
    assert kills >= min(wanted, len(writes)) - 1


def _kill_at_random(
    story: Story, nursery: Nursery, folder: Path, kills: int, seed: int
) -> set[int]:
    """The whole story in a child, killed from outside at a random moment."""
    chance = random.Random(seed)
    began = time.perf_counter()
    for _ in range(3):
        assert nursery.order("loop", story.start(0, folder), first=0)["status"] == 0
    duration = (time.perf_counter() - began) / 3
    landed: set[int] = set()
    for _ in range(kills):
        nursery.send("loop", story.start(0, folder), first=0)
        pid = nursery.read_edits()["ready"]
        time.sleep(chance.uniform(0, duration))
        os.kill(pid, signal.SIGKILL)
        said: dict[str, Any] = {"done": 0}
        while "status" not in said:
            said |= nursery.read_edits()
        if said["status"] == KILLED and said["done"] < LAST:
            landed.add(said["done"])
            check(story, folder, said["done"])
    return landed


def test_killed_at_a_few_random_moments(story: Story, nursery: Nursery, tmp_path: Path) -> None:
    assert _kill_at_random(story, nursery, tmp_path / "x", 10, seed=1)


@pytest.mark.slow
def test_killed_at_random_moments(story: Story, nursery: Nursery, tmp_path: Path) -> None:
    assert len(_kill_at_random(story, nursery, tmp_path / "x", thorough(100, 250), seed=2)) >= 6


@pytest.mark.parametrize("kills", [6, pytest.param(thorough(60, 150), marks=pytest.mark.slow)])
def test_the_command_that_clears_up_is_killed_too(
    story: Story, nursery: Nursery, tmp_path: Path, kills: int
) -> None:
    """Kills one upon the other: the second command finds what the first left, and is killed while
    it settles that."""
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


@pytest.mark.parametrize("wanted", [6, pytest.param(thorough(50, 100), marks=pytest.mark.slow)])
def test_killed_while_a_conflict_is_cleared_up(
    story: Story, nursery: Nursery, tmp_path: Path, wanted: int
) -> None:
    """Another program replaces the file at the last moment; the commit that gives way is killed
    while it gives way."""
    folder, rival = tmp_path / "x", tmp_path / "rival.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(story.states[2]))
    book[book.sheetnames[0]]["Z1"] = "typed by somebody"
    book.save(rival)
    theirs = rival.read_bytes()
    said = nursery.order("killed_at", story.start(2, folder), number=2, event=0, rival=str(rival))
    assert "changed" in said["error"]
    total = said["events"]
    first = total // 3
    for event in (first + place for place in spread(total - first, wanted)):
        nursery.order("killed_at", story.start(2, folder), number=2, event=event, rival=str(rival))
        found = (folder / NAME).read_bytes()
        if found != theirs:
            continue
        assert history(folder) == story.logs[2], (
            f"killed at call {event} of {total}: the journal tells of a commit that never happened"
        )
        assert (folder / NAME).read_bytes() == theirs
