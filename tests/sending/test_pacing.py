"""When messages are tried: quiet hours, back-off, digests; and what counts as a message."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ticketops.domain.messages import pacing
from ticketops.domain.messages.message import Message
from ticketops.model.quiet import Quiet

MINUTES = st.integers(0, 24 * 60 - 1)
DAY = datetime(2026, 3, 29)
ONE = Message(
    *(2, "N00001", "sale.created", "sale.created S1", "t", "t", "email", "office", "ana@x.com", ""),
    *("{}", "QUEUED", 0, DAY, None, None, "", "", "anna", "R20260329-000000", None),
)


@given(first=MINUTES, end=MINUTES, now=MINUTES)
def test_quiet_hours_end_at_the_first_minute_that_is_not_quiet(
    first: int, end: int, now: int
) -> None:
    """Against every minute of two days, one after the other."""
    if first == end:
        return
    quiet = Quiet(first, end)

    def silent(minute: int) -> bool:
        walked = first
        while walked != end:
            if walked == minute % (24 * 60):
                return True
            walked = (walked + 1) % (24 * 60)
        return False

    expected = None
    if silent(now):
        following = next(m for m in range(now, now + 24 * 60 + 1) if not silent(m))
        expected = DAY + timedelta(minutes=following)
    assert quiet.until(DAY + timedelta(minutes=now)) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("22:00-07:00", "22:00-07:00"),
        (" 9:30 – 12:00 ", "09:30-12:00"),
        ("20:00-24:00", "20:00-00:00"),
        ("", "None"),
    ],
)
def test_quiet_hours_as_they_are_typed(text: str, told: str) -> None:
    assert str(Quiet.read(text)) == told


@pytest.mark.parametrize(
    "text", ["22-7", "25:00-07:00", "22:60-07:00", "07:00-07:00", "00:00-24:00", "x"]
)
def test_what_names_no_quiet_hours(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Quiet.read(text)


def test_back_off_and_its_end() -> None:
    minutes = [pacing.back_off(n) / timedelta(minutes=1) for n in range(1, 9)]
    assert minutes == [5, 10, 20, 40, 80, 160, 320, 360]
    assert [n for n in range(30) if pacing.is_over(n)] == [8, 16, 24]
    assert pacing.back_off(9) == pacing.back_off(1)


@given(readers=st.lists(st.sampled_from(["a@x.com", "A@x.com", "b@x.com"])), digest=st.booleans())
def test_groups_hold_every_message_once_and_one_reader_each(
    readers: list[str], digest: bool
) -> None:
    messages = [
        replace(ONE, message_id=f"N{n:05d}", recipient=to) for n, to in enumerate(readers, 1)
    ]
    groups = pacing.grouped(messages, digest=digest)
    assert sorted(one.message_id for group in groups for one in group) == [
        one.message_id for one in messages
    ]
    assert all(len({one.recipient.casefold() for one in group}) == 1 for group in groups)
    if digest:
        assert len(groups) == len({to.casefold() for to in readers})
    else:
        assert len(groups) == len(readers)


def test_a_message_is_known_by_what_it_is_not_by_where_it_is_or_how_it_went() -> None:
    for same in (
        {"row": 9},
        {"state": "SENT"},
        {"attempts": 3},
        {"error": "x"},
        {"sent_as": "y"},
        {"not_before": DAY},
    ):
        assert replace(ONE, **same).key == ONE.key
    for other in (
        {"message_id": "N00002"},
        {"identity": "sale.created S2"},
        {"recipient": "b@x.com"},
        {"channel": "slack"},
        {"queued_at": DAY + timedelta(seconds=1)},
    ):
        assert replace(ONE, **other).key != ONE.key
