"""Dates as people type them: which of the two numbers before the year is the day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from ticketops.model import spelling
from ticketops.model.patterns import when_needed

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "dmy", "mdy", "ymd"
ORDERS = (DAY_FIRST, MONTH_FIRST)
_LAST_YEAR = 2100
_BY_YEAR = when_needed(
    r"(?P<year>\d{4}|\d{2})[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?",
    re.ASCII,
)
_PARTS = when_needed(
    r"(?P<one>\d{1,2})(?P<mark>[./-])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})\.?"
    r"(?:[ T](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?",
    re.ASCII,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = 3
"""Letters of a day of the week in short."""
_IN_WORDS = when_needed(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?\.?[\s-]+(?:of\s+)?(?P<month>[a-z]{3,9})\.?"
    r"|(?P<month2>[a-z]{3,9})\.?[\s-]+(?P<day2>\d{1,2})(?:st|nd|rd|th)?),?[\s-]+(?P<year>\d{4}|\d{2})",
    re.IGNORECASE | re.ASCII,
)
_FOUR_DIGITS_FIRST = when_needed(r"(\d{4})[./](\d{1,2})[./](\d{1,2})", re.ASCII)


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
    if year_first := _FOUR_DIGITS_FIRST().fullmatch(text):
        year, month, day = map(int, year_first.groups())
        return _moment(year, month, day)
    found = _PARTS().fullmatch(text)
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


def parse_day_in_words(text: str) -> datetime | None:
    """`11 June 2026`, `Thu, Jun 11 2026`, `11-Jun-26`; None for anything else."""
    found = _IN_WORDS().fullmatch(spelling.plain(text))
    month = (found["month"] or found["month2"]).lower() if found else ""
    if not found or month[:3] not in _MONTHS:
        return None
    if not _FULL[_MONTHS.index(month[:3])].startswith(month) and month != "sept":
        return None
    year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)
    return _moment(year, _MONTHS.index(month[:3]) + 1, int(found["day"] or found["day2"]))


def parse_day(text: str, order: str = "", *, is_clock: Callable[[str], bool]) -> datetime | None:
    """A moment of a day however people write it: as `parse_moment` or `parse_day_in_words` read it,
    with the day of the week before it or a time of day behind it; None for anything else. order: one
    of ORDERS, or YEAR_FIRST, where every date begins with its year, which may have two digits;
    is_clock: whether a text is a time of day, whatever follows it.

    Raises ValueError, saying both, where the text can be read two ways.
    """
    if order == YEAR_FIRST and (found := _BY_YEAR().fullmatch(spelling.plain(text))):
        year = int(found["year"])
        return _moment(year + (2000 if year < 100 else 0), int(found["month"]), int(found["day"]))
    other = "" if order == YEAR_FIRST else order
    moment = parse_day_in_words(text) or parse_moment(text, other)
    head, _, rest = text.partition(" ")
    if moment is not None or not rest:
        return moment
    if head.rstrip(".,").isalpha():  # the day of the week; `11.06` behind it looks like a time
        return parse_day_in_words(rest) or parse_moment(rest, other)
    if rest[:1].isdigit() and is_clock(rest):
        return parse_day(head, order, is_clock=is_clock)
    return None


def whole_day(moment: datetime, first_year: int) -> datetime:
    """A moment without its time. Raises ValueError before a year, and after 2100."""
    if not first_year <= moment.year <= _LAST_YEAR:
        raise ValueError(f"is in the year {moment.year}")
    return datetime(moment.year, moment.month, moment.day)


def weekday(day: datetime, like: str | None = None) -> str:
    """The day of the week: `Thu`, or `Thursday` where another is spelt out so."""
    name = _WEEKDAYS[day.weekday()]
    return name if like and len(like) > _SHORT else name[:_SHORT]


def order_of(texts: Iterable[str]) -> str:
    """The order that a column of dates has, since one of them can't be read in the other; empty
    where none tells, or two disagree."""
    told = set()
    for text in texts:
        found = _PARTS().fullmatch(spelling.plain(text))
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
