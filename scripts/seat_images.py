"""`python scripts/seat_images.py`: what seat maps look like, as pictures in docs/images. Needs Chromium
(/usr/bin/chromium) and playwright.

The event is the small sample; its final gets a made-up stadium, and its units seats in it.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
NOW = "2026-06-05 09:00"
VENUE, MATCH = "MetLife Stadium", "M104"
BLOCKS, ROWS, SEATS = 24, 10, 18
AREAS = {"Top Cat 1": range(101, 104), "Cat 1": range(104, 110), "Cat 2": range(110, 118)}
ZONES = (("101-103", "Top Cat 1"), ("104-109", "Cat 1"), ("110-124", "Cat 2"))
RESTRICTIONS = (
    ("104", "A", "1-4", "ACCESSIBLE"),
    ("104-105", "J", None, "OBSTRUCTED_VIEW"),
    ("118", "A-B", None, "HELD"),
)
_AT = "import sys, time_machine\nfrom ticketops.cli.main import run\nwith time_machine.travel({now!r}, tick=False):\n    sys.exit(run(sys.argv[1:]))"


def bowl() -> Iterator[list[Any]]:
    """The rows of `_SEAT_ROWS`: blocks round an oval."""
    wide = BLOCKS * (SEATS + 3) / (2 * math.pi)
    for number in range(BLOCKS):
        angle = 2 * math.pi * number / BLOCKS - math.pi / 2
        along = (-math.sin(angle) * wide * 1.15, math.cos(angle) * wide * 0.85)
        size = math.hypot(*along)
        for row in range(ROWS):
            x = math.cos(angle) * (wide * 1.15 + row * 1.4)
            y = math.sin(angle) * (wide * 0.85 + row * 1.4)
            half = [side * part / size * (SEATS - 1) / 2 for side in (-1, 1) for part in along]
            ends = [round(at, 2) for at in (x + half[0], y + half[1], x + half[2], y + half[3])]
            yield [VENUE, None, str(101 + number), chr(65 + row), f"1-{SEATS}", *ends]


def drawn(path: Path) -> None:
    """Put the stadium into the workbook, and the units of the match on seats: six beside one another,
    every eighth without a number."""
    book = openpyxl.load_workbook(path)
    where = ["Venue", "Match"]
    sheets: dict[str, list[list[Any]]] = {
        "_SEAT_ROWS": [[*where, "Block", "Row", "Seats", "X1", "Y1", "X2", "Y2"], *bowl()],
        "_SEAT_ZONES": [
            [*where, "Blocks", "Rows", "Seats", "Category"],
            *([VENUE, None, blocks, None, None, category] for blocks, category in ZONES),
        ],
        "_SEAT_RESTRICTIONS": [
            [*where, "Blocks", "Rows", "Seats", "Restriction", "Note"],
            *([VENUE, None, *one, None] for one in RESTRICTIONS),
        ],
    }
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    units = book["_PURCHASE_UNITS"]
    at = {cell.value: cell.column for cell in units[1]}
    places = {category: _places(blocks) for category, blocks in AREAS.items()}
    for number, row in enumerate(units.iter_rows(min_row=2)):
        category = row[at["Category"] - 1].value
        if row[at["Match"] - 1].value != MATCH or category not in places:
            continue
        seat: tuple[Any, ...] = next(places[category])
        if number % 8 == 0:
            seat = (*seat[:2], None)
        for name, text in zip(("Block", "Row", "Seat"), seat, strict=True):
            row[at[name] - 1].value = text
    book.save(path)


def _places(blocks: range) -> Iterator[tuple[str, str, str]]:
    for row in range(ROWS):
        for block in blocks:
            for seat in range(4, 10):
                yield str(block), chr(65 + row), str(seat)


def ticketops(folder: Path, *words: str) -> str:
    """Run one command in the folder at that time; findings are no failure."""
    own = {"TICKETOPS_ROLE": "super_admin", "TICKETOPS_USER": "olga", "TICKETOPS_CACHE": "0"}
    own |= {"XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    own |= {"TICKETOPS_WORKBOOK": "event.xlsx"}
    command = [sys.executable, "-c", _AT.format(now=NOW), *words]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | own, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}: {done.stderr}")
    return done.stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        folder = Path(name)
        ticketops(folder, "sample", "small", "event.xlsx")
        drawn(folder / "event.xlsx")
        for sale in ("S12", "S13", "S11", "S4"):
            ticketops(folder, "allocate", "commit", sale, "-y")
        picture = str(IMAGES / "seat-map.png")
        ticketops(folder, "seatmap", "show", "--match", MATCH, "-o", picture)
        print(ticketops(folder, "seatmap", "show", "--match", MATCH, "--block", "104"))
        ticketops(folder, "allocate", "seats", "S7", "-o", "choose.html")
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        for picture, width, height, scheme in (
            ("seat-choosing", 1024, 1500, "light"),
            ("seat-choosing-phone", 390, 1300, "dark"),
        ):
            tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            tab.goto((folder / "choose.html").as_uri())
            tab.fill("#find", "102/A/6")
            tab.press("#find", "Enter")
            tab.focus("#map")
            tab.keyboard.press("-")
            tab.keyboard.press("Enter")
            tab.wait_for_timeout(300)
            tab.screenshot(path=str(IMAGES / f"{picture}.png"))
        browser.close()


if __name__ == "__main__":
    main()
