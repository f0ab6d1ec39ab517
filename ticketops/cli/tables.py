"""Tables as lines of text, as wide as there is room: what does not fit is wrapped, and then the
columns that matter least are left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from msgspec import Struct

from ticketops.model.display import cells, left, right

GAP = 2
_KEPT_WHOLE = 18
"""Cells up to this width (a RunID, a SetID) are never broken."""
_WORD_KEPT_WHOLE = 24
"""Nor are words up to this length (a SetID with its number of tickets)."""


class Laid(Struct, frozen=True):
    """A table ready to be printed: the line of its headers, those of each row, and how many columns
    were left out."""

    head: str
    rows: list[list[str]]
    left_out: int = 0


def lay_out(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    *,
    width: int | None = None,
    first: Sequence[str] = (),
) -> Laid:
    """A table of texts; numeric columns to the right.

    width: in cells; None: as wide as it is. first: the headers of the columns that matter most
    after the first one; the others follow in their order.
    """
    texts = list(zip(*rows, strict=True)) if rows else [()] * len(headers)
    natural = [
        max(map(cells, (header, *column))) for header, column in zip(headers, texts, strict=True)
    ]
    if width is None:
        return _printed(headers, rows, numeric, range(len(headers)), natural)
    least = [
        whole if whole <= _KEPT_WHOLE else min(_longest_word((header, *column)), _WORD_KEPT_WHOLE)
        for header, column, whole in zip(headers, texts, natural, strict=True)
    ]
    kept = _by_weight(headers, first)
    while len(kept) > 1 and sum(least[i] for i in kept) + GAP * (len(kept) - 1) > width:
        kept.pop()
    shown = sorted(kept)
    given = _shared_out(
        [least[i] for i in shown], [natural[i] for i in shown], width - GAP * (len(shown) - 1)
    )
    return _printed(headers, rows, numeric, shown, given)


def width_of(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How wide a table is where nothing of it is wrapped or left out."""
    columns = zip(headers, *rows, strict=True)
    return sum(max(map(cells, column)) + GAP for column in columns) - GAP


def _longest_word(texts: Sequence[str]) -> int:
    return max((cells(word) for text in texts for word in text.split()), default=1)


def _by_weight(headers: Sequence[str], first: Sequence[str]) -> list[int]:
    """The columns, those that matter most first."""
    named = [headers.index(name) for name in first if name in headers]
    return list(dict.fromkeys([0, *named, *range(len(headers))]))


def _shared_out(least: list[int], natural: list[int], width: int) -> list[int]:
    """The width of each column: what it needs at least, and of the rest what it wants, those first
    that want little."""
    given = [min(width, part) for part in least]
    free = width - sum(given)
    for i in sorted(range(len(given)), key=lambda i: natural[i] - given[i]):
        more = max(0, min(natural[i] - given[i], free))
        given[i], free = given[i] + more, free - more
    return given


def _printed(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    shown: Sequence[int],
    widths: Sequence[int],
) -> Laid:
    gap = " " * GAP

    def lines(row: Sequence[str]) -> list[str]:
        wrapped = [wrap(row[i], width) for i, width in zip(shown, widths, strict=True)]
        return [
            gap.join(
                right(text, width) if numeric[i] else left(text, width)
                for text, width, i in zip(parts, widths, shown, strict=True)
            ).rstrip()
            for parts in zip_longest(*wrapped, fillvalue="")
        ]

    return Laid("\n".join(lines(headers)), [lines(row) for row in rows], len(headers) - len(shown))


def wrap(text: str, width: int) -> list[str]:
    """A text in lines of so many cells, broken between words, and inside those that are too
    long."""
    if cells(text) <= width:
        return [text]
    found, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            found.append(line)
        *whole, line = _pieces(word, width)
        found += whole
    return [*found, line]


def _pieces(word: str, width: int) -> list[str]:
    found = [""]
    for character in word:
        if found[-1] and cells(found[-1] + character) > width:
            found.append("")
        found[-1] += character
    return found
