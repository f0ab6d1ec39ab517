"""How texts are shown: how wide they are, in cells of a terminal or characters of a column, and numbers
with what they count."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_NO_CELL = ("Mn", "Me", "Cf")
_WIDE = ("W", "F")


def cells(text: str) -> int:
    """How many cells a text takes: two for a wide character (中, 서, an emoji), none for a mark that
    stands on another one and for what nobody sees."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in _NO_CELL or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def left(text: str, width: int) -> str:
    """A text filled up with spaces to so many cells."""
    return text + " " * (width - cells(text))


def right(text: str, width: int) -> str:
    """A text with spaces before it, to so many cells."""
    return " " * (width - cells(text)) + text


def counted(number: int, noun: str) -> str:
    """`1 ticket`, `4 tickets`, `2 matches`, `3 entries`."""
    many = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    if noun.endswith("ry"):
        many = f"{noun[:-1]}ies"
    return f"{number:,} {noun if number == 1 else many}"


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
