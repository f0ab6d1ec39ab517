"""`ticketops help`: the help of a command, and manual pages that programs for manual pages can show."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.tree import every_command
from tests.conftest import Runner
from ticketops.cli.app import COMMANDS
from ticketops.cli.manual import pages


def test_the_help_of_a_command(in_process: Runner) -> None:
    for words in ((), ("sale",), ("sale", "add"), ("status",)):
        done = in_process("help", *words)
        assert done.code == 0
        assert " ".join(("Usage: ticketops", *words)) in done.out
    done = in_process("help", "sale", "adds")
    assert (done.code, done.out) == (2, "")
    assert "ticketops sale has no command 'adds'" in done.err


def test_pages_are_written(in_process: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "share" / "man1"
    done = in_process("help", "--man", str(folder), "--json")
    assert {Path(name).name for name in done.json["result"]["pages"]} == set(pages())
    assert {path.name: path.read_text() for path in folder.iterdir()} == pages()
    assert in_process("help", "--man", str(folder), "sale").code == 2
    (tmp_path / "file").write_text("x")
    done = in_process("help", "--man", str(tmp_path / "file"))
    assert (done.code, done.err.count("\n")) == (3, 1)


def test_there_is_a_page_for_each_command_with_all_below_it() -> None:
    made = pages()
    assert set(made) == {"ticketops.1", *(f"ticketops-{name}.1" for name in COMMANDS)}
    for path, command in every_command().items():
        page = made[f"ticketops-{path.split()[0]}.1"]
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and not getattr(parameter, "hidden", False):
                    assert option.replace("-", r"\-") in page, (path, option)


@pytest.mark.skipif(not shutil.which("groff"), reason="there is no groff")
@pytest.mark.parametrize("name", ["ticketops.1", "ticketops-sale.1", "ticketops-log.1"])
def test_groff_has_nothing_to_say_against_them(name: str) -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z"],
        input=pages()[name].encode("ascii"),
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
