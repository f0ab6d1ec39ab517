"""Quantities of tickets on one line."""

from __future__ import annotations

import re

MAX_QUANTITY = 100_000
"""No stadium holds more; a larger number is a slip of the finger."""


def is_quantity(number: int | None) -> bool:
    """Whether a Number cell can be worked with: a whole number from 0 (nothing yet) to 100,000."""
    return number is not None and 0 <= number <= MAX_QUANTITY


def parse_quantity(text: str) -> int:
    """`"3"` → 3. Raises ValueError unless it is a whole number from 1 to 100,000."""
    if not re.fullmatch(r"\s*\d{1,9}\s*", text, re.ASCII):
        raise ValueError(f"{text!r} is not a whole number of tickets")
    number = int(text)
    if not 1 <= number <= MAX_QUANTITY:
        raise ValueError(f"{number} tickets: a line must have 1 to {MAX_QUANTITY:,}")
    return number
