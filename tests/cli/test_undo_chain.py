"""A chain of commands, and as many undos: the file is each time what it was (D19)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import run_cli
from tests.trail import NEEDED, differing, logs_of

MANAGER = {"TICKETOPS_ROLE": "ops_manager"}
NINE = (
    "purchase add --match M1 --vendor Viagogo --contract 7 --line Cat_1:4@100",
    "sale add --client Acme --line M1:Cat_1:2@300",
    "sale add --client Bolt --line M1:Cat_1:3@300",
    "policy set --client Acme --mode FULLY_AUTO",
    "allocate commit S1 -y",
    "sale set S1 --price 320 --reason agreed -y",
    "unit hold PR0001-S01:1 --client Cargo --new --until 2099-01-01 --reason asked",
    "sale cancel S1-2 --reason sick --confirm UNDO -y",
    "purchase add --match M2 --vendor Gametime --contract 8 --line Cat_2:2@80",
)


def run(book: Path, command: str) -> None:
    words = [word.replace("Cat_", "Cat ") for word in command.split()]
    done = run_cli(*words, "-w", str(book), "-q", env=MANAGER)
    assert done.code in (0, 1), (command, done.err)


@pytest.mark.slow
def test_nine_commands_and_nine_undos(empty: Path) -> None:
    states = [empty.read_bytes()]
    for command in NINE:
        run(empty, command)
        states.append(empty.read_bytes())
        assert states[-1] != states[-2], command
    for before in reversed(states[:-1]):
        done = run_cli("undo", "-w", str(empty), "-y", "-q", env=MANAGER)
        assert done.code == 0, done.err
        now = empty.read_bytes()
        assert differing(now, before) <= logs_of(now) | NEEDED, "logs keep their rows"
    assert logs_of(empty.read_bytes()), "the trail survives"
    assert run_cli("audit", "run", "-w", str(empty)).code == 0
    assert run_cli("undo", "-w", str(empty), "-y", env=MANAGER).code == 4, "nothing is left"
