"""Cells of a foreign schedule as what their fields hold: days, times of day, places, flags, however
people and programs write them (§1a.1, §18b)."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

from ticketops.model import spelling
from ticketops.model.dates import parse_day, whole_day
from ticketops.model.texts import clean_text
from ticketops.schema.columns import from_serial, parse_time, text_of

_FIRST_YEAR = 1990
_SERIALS = (32_000, 74_000)
"""Numbers that a date may be as spreadsheets count days: from 1987 to 2102."""
_NOT_YET = re.compile(
    r"tb[acd]|\?+|-+|n/?a|to be (?:confirmed|determined|announced)", re.IGNORECASE
)
_YES = frozenset({"y", "yes", "true", "1", "x", "medal", "ja", "oui", "si"})
_NO = frozenset({"n", "no", "false", "0", "-", "none", "nein", "non"})
_MOST_CAPACITY = 10_000_000
_LONGEST = 30_000
"""Characters of a long description; a cell holds 32,767."""


class Wrong(Exception):
    """What is wrong with a cell: a code for programs and a line for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def day_of(cell: Any, order: str) -> datetime | None:
    """The day of a cell: a date, a serial or a text. None for what says that it is not known yet.
    Raises Wrong."""
    if isinstance(cell, datetime):
        return _plausible(cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if _SERIALS[0] <= cell <= _SERIALS[1]:
            return _plausible(from_serial(float(cell)))
        raise Wrong("BAD_DATE", f"{text_of(cell)!r} is not a date")
    text = spelling.plain(text_in(cell) or "")
    if not text or _NOT_YET.fullmatch(text):
        return None
    if (
        text.isascii()
        and text.replace(".", "", 1).isdigit()
        and _SERIALS[0] <= float(text) <= _SERIALS[1]
    ):
        return _plausible(from_serial(float(text)))
    try:
        moment = parse_day(text, order, is_clock=_is_clock)
    except ValueError as error:
        raise Wrong("BAD_DATE", f"{error}: --dates dmy or mdy decides") from None
    if moment is None:
        raise Wrong("BAD_DATE", f"{text!r} is not a date")
    return _plausible(moment)


def _plausible(moment: datetime) -> datetime:
    try:
        return whole_day(moment, _FIRST_YEAR)
    except ValueError as error:
        raise Wrong("BAD_DATE", str(error)) from None


def _is_clock(text: str) -> bool:
    return parse_time(text) is not None


def text_in(cell: Any) -> str | None:
    """A text on one line. Raises Wrong."""
    try:
        return clean_text(text_of(cell), "text")
    except ValueError as error:
        raise Wrong("BAD_TEXT", str(error).replace("the text", "")) from None


def long_text(cell: Any) -> str | None:
    """A text of several lines. Raises Wrong."""
    text = text_of(cell).replace("\r\n", "\n").strip()
    if len(text) > _LONGEST:
        raise Wrong("BAD_TEXT", f"has {len(text):,} characters")
    for start in range(0, len(text), 1_000):
        try:
            clean_text(text[start : start + 1_000], "notes")
        except ValueError as error:
            raise Wrong("BAD_TEXT", str(error).replace("the notes ", "")) from None
    return text or None


def weekday_in(cell: Any) -> str | None:
    """The day of the week as the file writes it; a number or a date is none."""
    text = cell.strip() if isinstance(cell, str) else ""
    return text if text.isalpha() and len(text) <= 12 else None


def clock_text(cell: Any) -> str | None:
    """A time of day as the schedule holds it: `09:30`, with the offset that it names. None for what
    says that it is not known yet. Raises ValueError for anything else."""
    if isinstance(cell, timedelta):
        seconds = int(cell.total_seconds())
        if seconds < 0 or seconds >= 172_800:
            raise ValueError(f"{cell} is not a time of day")
        return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}"
    if isinstance(cell, (datetime, time)):
        return f"{cell:%H:%M}"
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if 0 <= cell < 2:
            minutes = round(float(cell) % 1 * 1440) % 1440
            return f"{minutes // 60:02d}:{minutes % 60:02d}"
        if 32_000 <= cell <= 74_000:
            return f"{from_serial(float(cell)):%H:%M}"
        raise ValueError(f"{text_of(cell)!r} is not a time of day")
    text = clean_text(text_of(cell), "time")
    if not text or _NOT_YET.fullmatch(text):
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if 0 <= number < 2 and ("." in text or text == "0") and len(text.partition(".")[2]) != 2:
        return clock_text(number)
    clock = parse_time(text)
    if clock is None:
        raise ValueError(f"{text!r} is not a time of day")
    return text if len(text) > 8 or not text.replace(":", "").isdigit() else f"{clock:%H:%M}"


def clock_in(cell: Any) -> str | None:
    """As `clock_text`. Raises Wrong."""
    try:
        return clock_text(cell)
    except ValueError as error:
        raise Wrong("BAD_TIME", str(error)) from None


def end_in(cell: Any) -> str | None:
    """When a session ends; `24:00` and `25:30` are past midnight."""
    text = cell.strip() if isinstance(cell, str) else ""
    if (late := re.match(r"(2[4-9]|3\d)([:.h]\d{2}.*)", text)) is not None:
        cell = f"{int(late[1]) - 24:02d}{late[2]}"
    return clock_in(cell)


def capacity_in(cell: Any) -> int | None:
    """A number of places; 0 is open."""
    if isinstance(cell, (bool, datetime, time, timedelta)):
        raise Wrong("BAD_CAPACITY", f"{text_of(cell)!r} is not a number of places")
    if isinstance(cell, (int, float)):
        number = float(cell)
    else:
        text = spelling.plain(str(cell))
        if not text or _NOT_YET.fullmatch(text):
            return None
        digits = re.sub(r"(?<=\d)[,.' \u00a0\u202f](?=\d{3}(?!\d))", "", text)
        if not digits.isdecimal():
            raise Wrong("BAD_CAPACITY", f"{text!r} is not a number of places")
        number = float(digits)
    if not number.is_integer() or not 0 <= number <= _MOST_CAPACITY:
        raise Wrong("BAD_CAPACITY", f"{text_of(cell)!r} is not a number of places")
    return int(number)


def flag_in(cell: Any) -> bool | None:
    """Y or N. Raises Wrong."""
    word = spelling.plain(text_of(cell)).casefold()
    if not word:
        return None
    if word in _YES or word in _NO:
        return word in _YES
    raise Wrong("BAD_MEDAL", f"{word!r} is neither Y nor N")


def category_in(cell: Any) -> str | None:
    """A category in its one spelling. Raises Wrong."""
    text = text_in(cell)
    return spelling.category(text) if text else None
