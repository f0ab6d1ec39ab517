"""A workbook that was copied without its folder is noticed by whatever writes and by what looks
around, not by `log` alone (D15)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.workbooks import done
from tests.conftest import Runner

SELL = ("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:1@9")
SAID = "but no journal beside it knows them: undo can't take back what was done before"


@pytest.fixture
def copied(in_process: Runner, empty: Path) -> Path:
    done(in_process(*SELL, "-w", str(empty)))
    other = empty.parent / "elsewhere"
    other.mkdir()
    return Path(shutil.copy(empty, other / "copy.xlsx"))


@pytest.mark.parametrize("command", [("status",), ("doctor",), (*SELL, "-n"), SELL, ("log",)])
def test_a_copy_without_its_folder(
    in_process: Runner, copied: Path, command: tuple[str, ...]
) -> None:
    done_ = in_process(*command, "-w", str(copied))
    text = " ".join((done_.out + done_.err).split())
    assert SAID.split(" no ", maxsplit=1)[0] in text
    assert "no journal beside it knows" in text


def test_it_is_said_once_and_of_no_workbook_that_has_its_journal(
    in_process: Runner, copied: Path, empty: Path
) -> None:
    assert SAID in in_process(*SELL, "-w", str(copied)).err
    assert "journal" not in in_process(*SELL, "-w", str(copied)).err
    for command in (("status",), ("doctor",), SELL):
        assert "journal" not in in_process(*command, "-w", str(empty)).err


def test_an_older_version_put_back_is_noticed(in_process: Runner, empty: Path) -> None:
    done(in_process(*SELL, "-w", str(empty)))
    older = empty.read_bytes()
    done(in_process(*SELL, "-w", str(empty)))
    empty.write_bytes(older)
    for command in ("status", "doctor"):
        assert "later changes are missing" in in_process(command, "-w", str(empty)).err
