"""Times of day as people and programs write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.schema.columns import parse_time


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("21:00", "21:00"),
        ("21:00:00", "21:00"),
        ("9:05", "09:05"),
        ("21h30", "21:30"),
        ("21.30", "21:30"),
        ("20:45 (UTC-4)", "20:45"),
        ("9:00 PM", "21:00"),
        ("9 pm", "21:00"),
        ("7.30pm", "19:30"),
        ("9:00 p.m.", "21:00"),
        ("12:00 AM", "00:00"),
        ("12 pm", "12:00"),
        ("13:00 PM", "13:00"),
        ("0.875", "21:00"),
        ("0.5", "12:00"),
        ("46000.75", "18:00"),
        (" 21:00 ", "21:00"),
    ],
)
def test_a_time_of_day(text: str, clock: str) -> None:
    assert parse_time(text) == dt.time.fromisoformat(clock)


@pytest.mark.parametrize(
    "text", ["", "tbc", "9", "25:00", "21:60", "evening", "21:5", "2026-06-11"]
)
def test_what_is_none(text: str) -> None:
    assert parse_time(text) is None


@given(st.times())
def test_a_serial_is_the_time_it_stands_for(clock: dt.time) -> None:
    clock = clock.replace(microsecond=0)
    serial = (clock.hour * 3600 + clock.minute * 60 + clock.second) / 86400
    assert parse_time(f"{serial:.15f}") == clock
