"""Dates as people type them: which of the two numbers before the year is the day."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from ticketops.model import spelling

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
ORDERS = (DAY_FIRST, MONTH_FIRST)
_PARTS = re.compile(
    r"(?P<one>\d{1,2})(?P<mark>[./-])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})\.?"
    r"(?:[ T](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?",
    re.ASCII,
)
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})", re.ASCII)


def parse_moment(text: str, order: str = "") -> datetime | None:
    """`2026-06-11 14:30`, `11.6.2026` (dots: the day comes first), `13/06/26` or `13-06-2026`, with a time or without;
    None for what is no date. order: DAY_FIRST or MONTH_FIRST for those with slashes and hyphens.

    Raises ValueError, saying both, where no order is given and the text can be read two ways.

    >>> f"{parse_moment('13/06/26 14:30'):%Y-%m-%d %H:%M}"
    '2026-06-13 14:30'
    >>> parse_moment("03/04/2026")
    Traceback (most recent call last):
    ValueError: '03/04/2026' can be 2026-04-03 or 2026-03-04
    """
    text = spelling.plain(text)
    if year_first := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, year_first.groups())
        return _moment(year, month, day)
    found = _PARTS.fullmatch(text)
    if not found:
        try:
            return datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            return None
    one, two, year = int(found["one"]), int(found["two"]), int(found["year"])
    year += 2000 if year < 100 else 0
    clock = (int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0))
    day_first, month_first = _moment(year, two, one, clock), _moment(year, one, two, clock)
    if found["mark"] == "." or order == DAY_FIRST:
        return day_first
    if order == MONTH_FIRST:
        return month_first
    if day_first and month_first and day_first != month_first:
        raise ValueError(f"{text!r} can be {day_first:%Y-%m-%d} or {month_first:%Y-%m-%d}")
    return day_first


def order_of(texts: Iterable[str]) -> str:
    """The order that a column of dates has, since one of them can't be read in the other; empty
    where none tells, or two disagree."""
    told = set()
    for text in texts:
        found = _PARTS.fullmatch(spelling.plain(text))
        if found and found["mark"] != ".":
            one, two = int(found["one"]), int(found["two"])
            if one > 12 >= two:
                told.add(DAY_FIRST)
            elif two > 12 >= one:
                told.add(MONTH_FIRST)
    return told.pop() if len(told) == 1 else ""


def _moment(
    year: int, month: int, day: int, clock: tuple[int, int, int] = (0, 0, 0)
) -> datetime | None:
    try:
        return datetime(year, month, day, *clock)
    except ValueError:
        return None
