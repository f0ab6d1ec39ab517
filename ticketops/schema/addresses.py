"""Column letters and numbers: A is 1, AA is 27."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


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
