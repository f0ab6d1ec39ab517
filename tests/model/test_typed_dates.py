"""Dates as people type them: what can be read two ways is not guessed at."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.model.dates import DAY_FIRST, MONTH_FIRST, order_of, parse_moment


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("2026-04-03", "", datetime(2026, 4, 3)),
        ("2026/4/3", "", datetime(2026, 4, 3)),
        ("3.4.2026", "", datetime(2026, 4, 3)),
        ("03.04.26", MONTH_FIRST, datetime(2026, 4, 3)),
        ("17/04/2026", "", datetime(2026, 4, 17)),
        ("17/4/26", "", datetime(2026, 4, 17)),
        ("17-04-2026 14:30", "", datetime(2026, 4, 17, 14, 30)),
        ("04/04/2026", "", datetime(2026, 4, 4)),
        ("03/04/2026", DAY_FIRST, datetime(2026, 4, 3)),
        ("03/04/26", MONTH_FIRST, datetime(2026, 3, 4)),
        ("04/17/2026", MONTH_FIRST, datetime(2026, 4, 17)),
        ("04/17/2026", "", None),
        ("04/17/2026", DAY_FIRST, None),
        ("31/02/2026", "", None),
        ("17/04/2026 25:00", "", None),
        ("3/4-2026", "", None),
        ("soon", "", None),
        ("", "", None),
    ],
)
def test_dates(text: str, order: str, moment: datetime | None) -> None:
    assert parse_moment(text, order) == moment


@pytest.mark.parametrize("text", ["03/04/2026", "3/4/26", "03-04-2026", "12/11/2026 09:00"])
def test_two_readings(text: str) -> None:
    with pytest.raises(ValueError, match=r"can be 2026-\d\d-\d\d or 2026-\d\d-\d\d"):
        parse_moment(text)


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/04/2026", "17/04/2026"], DAY_FIRST),
        (["03/04/2026", "04/17/26"], MONTH_FIRST),
        (["03/04/2026", "17.04.2026", "2026-04-17"], ""),
        (["17/04/2026", "04/17/2026"], ""),
        ([], ""),
    ],
)
def test_a_column_tells(texts: list[str], order: str) -> None:
    assert order_of(texts) == order


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from("/-"), st.sampled_from("yY"))
def test_an_order_reads_what_it_wrote(day: date, mark: str, year: str) -> None:
    for order in (DAY_FIRST, MONTH_FIRST):
        text = day.strftime(mark.join(f"%{part}" for part in order[:2]) + f"{mark}%{year}")
        assert parse_moment(text, order) == datetime(day.year, day.month, day.day)
