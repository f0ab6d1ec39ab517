"""The same commands on terminals of 40, 80, 120 and 200 columns: tables stay tables, what has no room
is left out and counted, and nothing runs over the edge.

`SNAPSHOTS=write pytest tests/cli/test_widths_cli.py` writes the screens anew: look at them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.cli.terminal import at_terminal
from tests.conftest import run_cli

SCREENS = Path(__file__).parent / "screens"
WIDTHS = (40, 80, 120, 200)
COMMANDS = {
    "status": ("status",),
    "sale-list": ("sale", "list", "--category", "Cat 2"),
    "ticket-list": ("ticket", "list", "--sale", "S27"),
    "sale-help": ("sale", "--help"),
}
FIGURES = ("True shortage", "Sold", "Sent", "Open", "Available", "Oversold", "Surplus")


def screen(book: Path, words: tuple[str, ...], width: int, *more: str, lines: int = 50) -> str:
    env = {"TICKETOPS_WORKBOOK": book.name, "TICKETOPS_USER": "ana"}
    done = at_terminal(*words, *more, env=env, cwd=book.parent, size=(width, lines))
    assert done.code in (0, 1), done.out
    return done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_screens_of_every_width(name: str, small: Path) -> None:
    shown = {width: screen(small, COMMANDS[name], width) for width in WIDTHS}
    text = "".join(f"=== {width} columns\n{said}" for width, said in shown.items())
    path = SCREENS / f"{name}.txt"
    if os.environ.get("SNAPSHOTS") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
    for width, said in shown.items():
        for line in said.splitlines():
            pasted = "ticketops " in line
            least = 50 if name.endswith("help") else 0  # typer's help is never narrower
            assert pasted or cell_len(line) <= max(width, least), line


@pytest.mark.parametrize("width", [40, 80])
def test_what_is_left_out_is_counted_and_wide_shows_it(width: int, small: Path) -> None:
    words = COMMANDS["sale-list"]
    narrow, wide = (screen(small, words, width, *more) for more in ((), ("--wide",)))
    heads = [re.split(r"\s{2,}", text.splitlines()[0].strip()) for text in (narrow, wide)]
    [said] = re.findall(r"(\d+) more columns?: --wide", narrow)
    assert len(heads[1]) - len(heads[0]) == int(said) > 0
    assert heads[0][0] == "Sale"
    assert "more column" not in wide
    piped = run_cli(*words, cwd=small.parent, env={"TICKETOPS_WORKBOOK": small.name})
    assert piped.out + piped.err == wide, "a pipe gets everything"


@pytest.mark.parametrize("lines", [12, 24])
def test_the_figures_of_status_stay_on_the_screen(lines: int, small: Path) -> None:
    for width in (40, 80):
        seen = screen(small, ("status",), width, lines=lines).splitlines()[1 - lines :]
        for name in FIGURES:
            assert any(name in line for line in seen), (width, name)


def test_help_is_not_cut(small: Path) -> None:
    for group in ("sale", "client", "unit", "staff", "credentials"):
        said = screen(small, (group, "--help"), 60)
        assert "..." not in said.partition("Commands:")[2]


def test_the_change_itself_has_room_beside_long_keys(small: Path) -> None:
    """What was written is what one looks for: the key of 38 characters goes first."""
    order = ("sale", "add", "--client", "Meridian Travel", "--line", "M01:Cat 2:1@210", "--json")
    recorded = run_cli(*order, env={"TICKETOPS_WORKBOOK": str(small)}).json["run_id"]
    said = screen(small, ("log", "show", recorded), 80)
    assert re.search(r"Distribution!\w+ .*Company +blank → Meridian Travel\n", said), said
