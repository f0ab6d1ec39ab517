"""Seats as people name them on a command line and in a file: `101/C/5-8; 102/A/1,3` (§1b.2).

A block or row that holds a slash or a semicolon stands in quotes: `"A/B"/C/5`. What follows the second
slash is a list of seats, as `parse_labels` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ticketops.domain.seatmap.plan import key_of
from ticketops.errors import UsageError
from ticketops.model.patterns import when_needed
from ticketops.model.seat_labels import MOST, parse_labels, write_labels

Place = tuple[str, str, str]
"""(block, row, seat) as it was typed."""
_PART = when_needed(r'\s*(?:"([^"]*)"|([^/"]*?))\s*/')
_RANGE = when_needed(r'((?:"[^"]*"|[^";\n])*)(?:[;\n]|$)')
_EXAMPLE = "for example 101/C/5-8; 102/A/1,3"
_TWO = when_needed(r"\s.*/|/.*\s")
"""What a label does not hold unless it is quoted: it looks like another row."""
_OF_SALE = when_needed(r"\s*#\s*seats of (S\d+)\b.*")


def parse_places(text: str) -> tuple[Place, ...]:
    """The seats of a text, in its order; lines that begin with # are remarks. Raises UsageError where
    it is not understood, names a seat twice, or names none."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    rest, found = "\n".join(lines), []
    place = 0
    while place < len(rest):
        part = _RANGE().match(rest, place)
        if part is None:
            raise UsageError(
                f"{rest[place : place + 40]!r} has a quote that does not end", _EXAMPLE
            )
        place = part.end()
        if part[1].strip():
            found += _seats(part[1].strip())
        if len(found) > MOST:
            raise UsageError(f"{text[:40]!r} names more than {MOST:,} seats")
    if not found:
        raise UsageError("no seat is named", _EXAMPLE)
    seen: set[Place] = set()
    for one in found:
        if (key := key_of(*one)) in seen:
            raise UsageError(f"{write_places([one])} is named twice")
        seen.add(key)
    return tuple(found)


def sale_in(text: str) -> str:
    """The sale that a file of seats says it is for; empty where it says none."""
    found = _OF_SALE().match(text.lstrip("\ufeff"))
    return found[1] if found else ""


def _seats(text: str) -> list[Place]:
    parts, place = [], 0
    for _ in range(2):
        found = _PART().match(text, place)
        if found is None:
            raise UsageError(f"{text[:60]!r} is not BLOCK/ROW/SEATS", _EXAMPLE)
        parts.append(found[1] if found[1] is not None else found[2])
        place = found.end()
    try:
        labels = parse_labels(text[place:].strip())
    except ValueError as error:
        raise UsageError(f"{text[:60]!r}: {error}", _EXAMPLE) from None
    if '"' not in text[place:] and any(_TWO().search(label) for label in labels):
        raise UsageError(f"{text[:60]!r}: a semicolon separates two rows", _EXAMPLE)
    return [(parts[0], parts[1], label) for label in labels]


def write_places(places: Iterable[Place]) -> str:
    """Seats as the shortest text that `parse_places` reads back, rows in the order they are first
    named."""
    rows: dict[tuple[str, str], list[str]] = {}
    for block, row, seat in places:
        rows.setdefault((block, row), []).append(seat)
    return "; ".join(
        f"{_quoted(block)}/{_quoted(row)}/{_listed(seats)}" for (block, row), seats in rows.items()
    )


def _listed(seats: Sequence[str]) -> str:
    if any(mark in seat for seat in seats for mark in '/;"#\n\r'):
        return ",".join('"' + seat.replace('"', "'") + '"' for seat in seats)
    return write_labels(seats)


def _quoted(text: str) -> str:
    plain = text == text.strip() and not any(mark in text for mark in '/";#\n\r')
    return text if plain else '"' + text.replace('"', "'") + '"'
