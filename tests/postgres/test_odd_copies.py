"""Thirty odd workbooks go into a database and come back as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.database import Database
from tests.postgres.odd_events import odd_event
from tests.postgres.trips import content, there_and_back
from ticketops.config import Settings
from ticketops.services import copying


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 30, 10))
def test_thirty_odd_workbooks_come_back(
    first: int, database: Database, small: Path, tmp_path: Path
) -> None:
    mine = Settings(user="tester", state=tmp_path / "state")
    of = content(small, mine)
    for seed in range(first, first + 10):
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        made = odd_event(of, 1000 + seed, odd=True)
        path = folder / "event.xlsx"
        copying._into_file(path, made)
        there_and_back(path, database, mine)
