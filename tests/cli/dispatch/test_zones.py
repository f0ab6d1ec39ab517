"""A deadline with an offset is one moment, whatever the clock of the machine shows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from time_machine import TimeMachineFixture

from tests.cli.dispatching import SENT, Do
from tests.cli.workbooks import type_into

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ZONES = ("Asia/Dubai", "UTC", "America/Los_Angeles")


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("clock", "minutes", "own", "overdue"),
    [
        ("{:%H:%M} UTC-6", -360, False, 5),
        ("{:%H:%M} UTC-6", -360, True, 5),
        ("{:%H:%M} +0530", 330, False, 5),
        ("{:%H:%M}Z", 0, False, 5),
    ],
)
def test_the_same_wherever_it_is_asked(
    do: Do,
    book: Path,
    zone: pytest.MonkeyPatch,
    time_machine: TimeMachineFixture,
    clock: str,
    minutes: int,
    own: bool,
    overdue: int,
) -> None:
    """A minute past the deadline it is late; a minute before, it is not."""
    do(*SENT)
    venue = NOW.replace(tzinfo=None) + timedelta(minutes=minutes)
    start = venue + timedelta(hours=72)
    cells = {"B2": start.replace(hour=0, minute=0), "C2": "M01", "F2": clock.format(start)}
    type_into(book, "Schedule WC2026", **cells)
    if own:
        cells = {"B2": start + timedelta(days=9), "K1": "DispatchDeadline", "K2": venue}
        type_into(book, "Schedule WC2026", **cells)
    for name in ZONES:
        zone.setenv("TZ", name)
        time.tzset()
        for minute, late in ((1, overdue), (-1, 0)):
            time_machine.move_to(NOW + timedelta(minutes=minute))
            result = do("dispatch", "status", code=1 if late else 0)
            assert result["matches"]["M01"]["overdue"] == late, (name, minute)
            for row in result["today"]:
                assert row["deadline"] == venue.isoformat()
