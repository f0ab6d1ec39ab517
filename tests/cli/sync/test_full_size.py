"""A full-size workbook is synced in time."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.sync.two_copies import Pair
from tests.conftest import run_cli
from tests.online import Google
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES, STAFF_QUEUE, UNITS

MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.slow
def test_full_size(
    google: Google, tmp_path: Path, environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """12,000 tickets go into an empty spreadsheet, within Google's quota; then a day of edits on
    either side. `-s` shows what it takes."""
    path = tmp_path / "full.xlsx"
    assert run_cli("sample", "full", str(path)).code == 0
    key = google.server.new_spreadsheet(
        "Event", {"Sheet1": []}, {google.email: "writer"}, tight=True
    )
    google.server.quota = True
    pair = Pair(google, path, key, capsys.readouterr)

    def step(what: str, most: int) -> str:
        """Run it; at most so many requests, none of them refused."""
        asked, began = len(google.server.log), time.monotonic()
        words = [
            sys.executable,
            "-c",
            MEASURED,
            sys.executable,
            "-m",
            "ticketops",
            *pair.words(what),
        ]
        done = subprocess.run(
            words, env=pair.surroundings, capture_output=True, text=True, check=True
        )
        made = [call for call in google.server.log[asked:] if call.kind != "token"]
        size = int(done.stderr.splitlines()[-1]) / 1024
        with capsys.disabled():
            print(
                f"\n{what}: {time.monotonic() - began:.1f} s, {len(made)} requests, {size:.0f} MB",
                end="",
            )
        assert {call.status for call in made} == {200}
        assert len(made) <= most
        return done.stdout

    step("push", 60)
    assert step("diff", 2).startswith("both copies are the same")
    before = pair.here()
    assert pair.there() == before

    chance = random.Random(7)
    columns = {
        DISTRIBUTION: ("notes", "first_name", "comment", "delivery", "sold"),
        UNITS: ("alloc_note", "block", "seat"),
        SALES: ("notes", "contract"),
        PURCHASES: ("game", "contract"),
        STAFF_QUEUE: ("staff_notes", "assigned_to"),
    }
    spots: set[tuple[str, int, str]] = set()
    while len(spots) < 1000:
        sheet = chance.choice(list(columns))
        spots.add(
            (
                sheet,
                chance.randint(EVENT[sheet].header_row + 1, 1500),
                chance.choice(columns[sheet]),
            )
        )
    here: dict[str, dict[int, dict[str, Any]]] = {}
    there: dict[str, dict[int, dict[str, Any]]] = {}
    expected = dict(before)
    for number, (sheet, row, column) in enumerate(chance.sample(sorted(spots), len(spots))):
        value = (
            True if column == "sold" else chance.choice((None, f"edit {number}", "0012", "=1+1"))
        )
        (here, there)[number % 2].setdefault(sheet, {}).setdefault(row, {})[column] = value
        expected.pop((sheet, row, EVENT[sheet].by_name[column].header), None)
        if value is not None:
            expected[sheet, row, EVENT[sheet].by_name[column].header] = value
    for sheet in columns:
        pair.type_here(sheet, here[sheet])
        pair.type_there(sheet, there[sheet])
    for what, most in (("pull", 2), ("push", 6), ("diff", 2)):
        said = step(what, most)
    assert said.startswith("both copies are the same")
    assert pair.here() == expected
    assert pair.there() == expected
