"""Offsets from UTC behind a time of day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ticketops.model.clock import parse_offset
from ticketops.schema.columns import parse_time


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("19:00 UTC-6", -360),
        ("19:00 UTC−6", -360),
        ("19:00 utc - 6", -360),
        ("20:45 (UTC-4)", -240),
        ("20:45 (GMT+2)", 120),
        ("19:00 UTC+05:30", 330),
        ("19:00 +0530", 330),
        ("19:00+0530", 330),
        ("19:00-06:00", -360),
        ("19:00:00-06:00", -360),
        ("19:00 -03", -180),
        ("7 pm UTC-6", -360),
        ("7:00 PM +02:00", 120),
        ("19:00Z", 0),
        ("19:00 UTC", 0),
        ("19:00 (GMT)", 0),
    ],
)
def test_offsets(text: str, minutes: int) -> None:
    assert parse_offset(text) == timedelta(minutes=minutes)
    assert parse_time(text) is not None
    assert parse_time(text).hour in (19, 20)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "19:00",
        "19:00 - 21:00",
        "09:00-11:30",
        "19:00-21:00",
        "19:00 local",
        "19:00 Zulu",
        "19:00 UTC+15",
        "19:00 UTC-13",
        "0.875",
        "UTC-6",
        "tbc",
    ],
)
def test_no_offset(text: str) -> None:
    assert parse_offset(text) is None
