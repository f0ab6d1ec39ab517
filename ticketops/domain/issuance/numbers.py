"""Ticket numbers: the three digits of an airline and ten more; a check digit behind them is looked at and
left out."""

from __future__ import annotations

import re

from msgspec import Struct

_NUMBER = re.compile(r"(\d{3})(\d{10})(\d)?", re.ASCII)


class Number(Struct, frozen=True):
    """A ticket number. doubtful: whether the check digit that was typed behind it is none that airlines
    compute."""

    text: str
    prefix: str
    doubtful: bool = False


def read(text: str) -> Number | None:
    """`176-2401234567` → 1762401234567; None for what is no ticket number.

    Sources differ on what the check digit is of, the ten digits or all thirteen: either will do.
    """
    found = _NUMBER.fullmatch(re.sub(r"[\s\-]", "", text))
    if found is None:
        return None
    prefix, rest, check = found.groups()
    fits = {int(rest) % 7, int(prefix + rest) % 7}
    return Number(prefix + rest, prefix, check is not None and int(check) not in fits)


def shown(number: str | None) -> str:
    """1762401234567 → 176-2401234567."""
    return f"{number[:3]}-{number[3:]}" if number and len(number) == 13 else number or ""
