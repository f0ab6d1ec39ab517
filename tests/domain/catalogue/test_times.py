"""Deadlines with offsets of their own, and what of a schedule's times is not understood."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ticketops.domain.catalogue.times import parse_deadline
from ticketops.model.clock import zone_name

AT = datetime(2026, 6, 8, 14, 30)


@pytest.mark.parametrize(
    ("text", "moment", "hours"),
    [
        ("2026-06-08 14:30", AT, None),
        ("2026-06-08 14:30:00", AT, None),
        ("2026-06-08T14:30", AT, None),
        ("2026-06-08", datetime(2026, 6, 8), None),
        ("8.6.2026 14:30", AT, None),
        ("2026-06-08 14:30 UTC-6", AT, -6),
        ("2026-06-08T14:30-06:00", AT, -6),
        ("2026-06-08 14:30:00.000+00:00", AT, 0),
        ("2026-06-08 14:30Z", AT, 0),
        ("8.6.2026 14:30 +0530", AT, 5.5),
        ("13/06/2026 2:30 pm (GMT+2)", datetime(2026, 6, 13, 14, 30), 2),
        ("46181.604166666664", AT, None),
        ("2026-06-08 14:30 ET", None, None),
        ("2026-06-08 14:30 Europe/Berlin", None, None),
        ("2026-06-08 14:30 sharp", None, None),
        ("the evening before", None, None),
        ("", None, None),
    ],
)
def test_deadlines(text: str, moment: datetime | None, hours: float | None) -> None:
    read = parse_deadline(text)
    assert (read.moment if read else None) == moment
    assert (read.offset if read else None) == (None if hours is None else timedelta(hours=hours))


def test_a_deadline_that_can_be_read_two_ways() -> None:
    with pytest.raises(ValueError, match="can be"):
        parse_deadline("03/04/2026 14:30")
    for order, month in (("dmy", 4), ("mdy", 3)):
        read = parse_deadline("03/04/2026 14:30", order)
        assert read is not None
        assert read.moment == datetime(2026, month, 7 - month, 14, 30)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("19:00 ET", "ET"),
        ("20:45 CEST", "CEST"),
        ("20:45 (CET)", "CET"),
        ("7 pm Eastern", "Eastern"),
        ("7 pm Pacific Time", "Pacific Time"),
        ("19:00 eastern daylight time", "eastern daylight time"),
        ("19:00 America/New_York", "America/New_York"),
        ("20:00 Berlin time", "Berlin time"),
        ("19:00", ""),
        ("19:00 UTC-4", ""),
        ("19:00Z", ""),
        ("19:00 local time", ""),
        ("19:00 local", ""),
        ("19:00 h", ""),
        ("19h00", ""),
        ("19:00 - 21:00", ""),
        ("9:00 PM", ""),
        ("19:00 TBC", ""),
        ("19:00 (kick-off)", ""),
        ("19:00 kick-off time", ""),
        ("TBD", ""),
    ],
)
def test_zones(text: str, zone: str) -> None:
    assert zone_name(text) == zone
