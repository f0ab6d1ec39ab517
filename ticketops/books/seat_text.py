"""A block of a seat map as lines of characters: a row per line, a character per seat (§1b.2)."""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot

from ticketops.books.seat_marks import Marks
from ticketops.domain.seatmap.plan import Point, RowOfSeats
from ticketops.domain.seatmap.state import Found, MatchSeats
from ticketops.model.display import cells, right
from ticketops.model.seat_labels import seat_key

_Piece = tuple[RowOfSeats, list[Found | None]]
_MOST_LEFT = 60
"""How far a row is moved to stand above its neighbours."""


def block_lines(seats: MatchSeats, marks: Marks, block: str, width: int) -> Iterator[str]:
    """The lines: the name of each row, its first seat, the seats as they stand beside one another,
    its last seat. Rows that are wider than there is room continue below."""
    rows: dict[str, list[_Piece]] = {}
    for row, found in seats.rows():
        if row.key[0] == seat_key(block):
            rows.setdefault(row.key[1], []).append((row, found))
    if not rows:
        return
    moved = _moved(seats, rows)
    least = min((one for one in moved.values() if one is not None), default=0)
    named = max(cells(pieces[0][0].row) for pieces in rows.values())
    drawn = {}
    for name, pieces in rows.items():
        line = _drawn(seats, marks, pieces)
        first, last = pieces[0][0].labels[0], pieces[-1][0].labels[-1]
        if (by := moved[name]) is None:
            drawn[name] = (first, line.rstrip(), last)
            continue
        if _backwards(pieces, rows):
            first, line, last = last, line[::-1], first
        drawn[name] = (first, " " * min(by - least, _MOST_LEFT) + line, last)
    numbered = max(cells(first) for first, _line, _last in drawn.values())
    for name, (first, line, last) in drawn.items():
        head = f"{right(rows[name][0][0].row, named)}  {right(first, numbered)} "
        room = max(8, width - cells(head) - cells(last) - 1)
        parts = [line[at : at + room] for at in range(0, len(line), room)] or [""]
        for number, part in enumerate(parts):
            start = head if number == 0 else " " * cells(head)
            end = f" {last}" if number == len(parts) - 1 else ""
            yield f"{start}{part}{end}"


def _drawn(seats: MatchSeats, marks: Marks, pieces: list[_Piece]) -> str:
    """A row as characters; an aisle is a blank."""
    places: dict[int, str] = {}
    for row, found in pieces:
        known = seats.plan.row(row.block, row.row)
        for label, one in zip(row.labels, found, strict=True):
            if one is not None:
                places[known[seat_key(label)].position] = marks.of(one).character
    return "".join(places.get(at, " ") for at in range(max(places, default=-1) + 1))


def _moved(seats: MatchSeats, rows: dict[str, list[_Piece]]) -> dict[str, int | None]:
    """{row: how many seats it begins to the right of an arbitrary line}; None for one that has no
    coordinates."""
    pitch = seats.plan.pitch
    along = _along(rows)
    found: dict[str, int | None] = {}
    for name, pieces in rows.items():
        ends = [end for row, _found in pieces for end in (row.start, row.end) if end is not None]
        if not ends or along is None or not pitch:
            found[name] = None
        else:
            found[name] = round(min(x * along[0] + y * along[1] for x, y in ends) / pitch)
    return found


def _along(rows: dict[str, list[_Piece]]) -> Point | None:
    """The direction in which most of a block's seats are counted, from left to right as one looks at
    the picture."""
    x = y = 0.0
    for pieces in rows.values():
        for row, _found in pieces:
            if row.start and row.end:
                (x1, y1), (x2, y2) = row.start, row.end
                sign = -1 if (x2 - x1) * x + (y2 - y1) * y < 0 else 1
                x, y = x + sign * (x2 - x1), y + sign * (y2 - y1)
    size = hypot(x, y)
    return (x / size, y / size) if size else None


def _backwards(pieces: list[_Piece], rows: dict[str, list[_Piece]]) -> bool:
    """Whether the seats of a row are counted against that direction."""
    along = _along(rows)
    start, end = pieces[0][0].start, pieces[-1][0].end
    if along is None or start is None or end is None:
        return False
    return (end[0] - start[0]) * along[0] + (end[1] - start[1]) * along[1] < 0
