"""A1 notation: letters and numbers, titles that need quotes, and what a range's text says."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*")
_CORNER = r"\$?([A-Za-z]{1,3})?\$?([1-9]\d*)?"
_RANGE = re.compile(rf"{_CORNER}(?::{_CORNER})?")


class Corners(NamedTuple):
    """A range's text: rows and columns from 0, the ends exclusive; None is open."""

    top: int | None
    left: int | None
    bottom: int | None
    right: int | None


@lru_cache(maxsize=20_000)
def letters(column: int) -> str:
    """0 → A."""
    text, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def column(text: str) -> int:
    """A → 0."""
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def quoted(title: str) -> str:
    """The title as it stands before an exclamation mark."""
    if _PLAIN_TITLE.fullmatch(title) and not _LIKE_A_CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def text(title: str, top: int, left: int, bottom: int | None, right: int | None) -> str:
    """`Sheet!A1:B2`, or `Sheet!A1` for one cell; an open end has only the other part of its
    corner."""
    start = f"{quoted(title)}!{letters(left)}{top + 1}"
    if (bottom is None and right is None) or (bottom == top + 1 and right == left + 1):
        return start
    return (
        f"{start}:{'' if right is None else letters(right - 1)}{'' if bottom is None else bottom}"
    )


def split(range_text: str) -> tuple[str | None, str | None]:
    """(title, rest): a title in quotes may stand alone; text without either mark says neither."""
    found = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", range_text, re.DOTALL)
    if found:
        return found[1].replace("''", "'"), found[2]
    title, mark, rest = range_text.rpartition("!")
    return (title, rest) if mark else (None, None)


def corners(rest: str) -> Corners | None:
    """What `B2:C3`, `B:C`, `2:3`, `B2` or `B2:C` say; None if it is no range."""
    found = _RANGE.fullmatch(rest)
    if not rest or found is None:
        return None
    left, top, right, bottom = found.groups()
    if ":" not in rest:
        if left is None or top is None:
            return None
        right, bottom = left, top
    if (left is None and top is None) or (right is None and bottom is None):
        return None
    columns = [None if one is None else column(one) for one in (left, right)]
    rows = [None if one is None else int(one) - 1 for one in (top, bottom)]
    if None not in columns:
        columns.sort(key=lambda one: one or 0)
    if None not in rows:
        rows.sort(key=lambda one: one or 0)
    return Corners(
        rows[0],
        columns[0],
        None if rows[1] is None else rows[1] + 1,
        None if columns[1] is None else columns[1] + 1,
    )
