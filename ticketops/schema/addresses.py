"""Addresses of cells and areas, and column letters and numbers: A is 1, AA is 27."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ticketops.model.patterns import when_needed

_AREA = when_needed(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")

Area = tuple[tuple[int, int], tuple[int, int]]
"""((left column, top row), (right column, bottom row)), 1-based."""


def column_letters(number: int) -> str:
    """1 → "A", 27 → "AA"."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str | bytes) -> int:
    """ "A" → 1, "AA" → 27, "" → 0; upper-case letters only."""
    number = 0
    for letter in letters.encode() if isinstance(letters, str) else letters:
        number = number * 26 + letter - 64
    return number


def runs(columns: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, last) of runs of neighbouring columns; columns: in order."""
    left = right = 0
    for column in columns:
        if left and column == right + 1:
            right = column
            continue
        if left:
            yield left, right
        left = right = column
    if left:
        yield left, right


def parse_range(reference: str) -> Area | None:
    """ "B2:D9" or "B2", with or without $; None for whole columns and other forms."""
    found = _AREA().fullmatch(reference)
    if not found:
        return None
    left, top = column_number(found[1]), int(found[2])
    if not found[3]:
        return (left, top), (left, top)
    return (left, top), (column_number(found[3]), int(found[4]))
