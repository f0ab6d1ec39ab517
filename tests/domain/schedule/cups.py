"""Schedules to enter results in: the real one of 104 matches, and small ones."""

from __future__ import annotations

import csv
import os
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.desk import CopiedDesk
from ticketops.domain.schedule.bracket import Bracket, bracket
from ticketops.domain.schedule.resolving import READS
from ticketops.domain.schedule.results import Given
from ticketops.schema.layouts.event import EVENT, SCHEDULE
from ticketops.services import tournament
from ticketops.stores.base import Entry

HEADER = [column.header for column in EVENT[SCHEDULE].columns]
Line = tuple[str, str, str]
"""(code, group or round, game)"""
FOUR: Sequence[Line] = (
    ("M01", "Group A", "Mexico vs Spain"),
    ("M02", "Group A", "Ghana vs Japan"),
    ("M03", "Group A", "Mexico vs Ghana"),
    ("M04", "Group A", "Japan vs Spain"),
    ("M05", "Group A", "Japan vs Mexico"),
    ("M06", "Group A", "Spain vs Ghana"),
    ("M07", "Group B", "Brazil vs Qatar"),
    ("M08", "Group B", "Italy vs Chile"),
    ("M09", "Group B", "Brazil vs Italy"),
    ("M10", "Group B", "Chile vs Qatar"),
    ("M11", "Group B", "Chile vs Brazil"),
    ("M12", "Group B", "Qatar vs Italy"),
    ("M13", "Semi-final", "Winner Group A vs Runner-up Group B"),
    ("M14", "Semi-final", "1B vs 2A"),
    ("M15", "Match for third place", "L13 vs L14"),
    ("M16", "Final", "Winner SF1 vs W14"),
)
"""Two groups, semi-finals, a match for third place and a final."""


class CupDesk(CopiedDesk):
    """A desk with a schedule."""

    def __init__(self, lines: Sequence[Line] = FOUR, *, like: CupDesk | None = None) -> None:
        super().__init__(like)
        if like:
            return
        rows = [
            [{"M#": code, "Group": group, "Game": game}.get(header) for header in HEADER]
            for code, group, game in lines
        ]
        for number, row in enumerate([HEADER, *rows], start=1):
            self.store._sheets[SCHEDULE][number] = {
                at: cell for at, cell in enumerate(row, start=1) if cell
            }

    def result(self, match: str, score: str = "", *, correct: bool = False, **more: str) -> Any:
        """Enter a result; what came of it."""
        given = Given(score or None, **more)
        return self.do(tournament.schedule_result(match, given, correct=correct)).result

    def undo_run(self, run_id: str) -> None:
        run = self.run()
        self.store.undo(Entry(run.run_id, "undo", run.user, run.now), run_id)

    def games(self) -> dict[str, str]:
        """{match: its Game}"""
        return dict(self.rows(SCHEDULE, "match", "game"))

    def bracket(self) -> Bracket:
        return bracket(self.store.read(*READS))


def real_lines() -> list[Line]:
    """The 104 matches of 2026. Skips the test where there is no such file."""
    folder = os.environ.get("TICKETOPS_TEST_DATA")
    path = Path(folder or ".") / "wc2026_matches.csv"
    if not folder or not path.is_file():
        pytest.skip("TICKETOPS_TEST_DATA names no folder with wc2026_matches.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (
            f"M{int(row['match']):02d}",
            row["group"] or row["round"],
            f"{row['team1']} vs {row['team2']}",
        )
        for row in rows
    ]


def random_scores(codes: Sequence[str], seed: int) -> Mapping[str, str]:
    """A score for each match."""
    rng = random.Random(seed)
    return {code: f"{rng.choice((0, 0, 1, 1, 2, 3))}-{rng.choice((0, 0, 1, 2))}" for code in codes}
