"""Where rows of seats are drawn: at their coordinates, else in a scheme, block beside block (§1b)."""

from __future__ import annotations

from math import sqrt

from msgspec import Struct

from ticketops.domain.seatmap.plan import Point, RowOfSeats, SeatMap
from ticketops.model.seat_labels import seat_key

_ROW = 1.25
"""How far rows of a scheme are apart, in seats."""
_BETWEEN = 3.0
"""How far its blocks are apart."""
_WIDE = 1.6
"""How much wider than high it is."""


class Label(Struct, frozen=True):
    """The name of a block, in its middle; size: how large the block is there."""

    text: str
    at: Point
    size: float


class Drawing(Struct, frozen=True):
    """A map as it is drawn. ends: (start, end) of each row of the map, in its order; labels: the
    blocks; pitch: how far neighbours are apart; scheme: how many rows have no coordinates of their
    own."""

    ends: tuple[tuple[Point, Point], ...]
    labels: tuple[Label, ...]
    pitch: float
    scheme: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom), with room for half a seat and more on every side."""
        xs = [x for pair in self.ends for x, _ in pair] or [0.0]
        ys = [y for pair in self.ends for _, y in pair] or [0.0]
        room = self.pitch * 1.5
        return min(xs) - room, min(ys) - room, max(xs) + room, max(ys) + room


def drawing(plan: SeatMap) -> Drawing:
    """Where everything of a map is drawn."""
    without = [row for row in plan.rows if row.start is None or row.end is None]
    pitch = plan.pitch or _closest(plan) or 1.0
    left, top = 0.0, 0.0
    if len(without) < len(plan.rows) and plan.box is not None:
        left, top = plan.box[0], plan.box[3] + 4 * pitch
    placed = _scheme(plan, without, pitch, left, top)
    ends = tuple(
        (row.start, row.end) if row.start is not None and row.end is not None else placed[id(row)]
        for row in plan.rows
    )
    return Drawing(ends, tuple(_labels(plan.rows, ends, pitch)), pitch, len(without))


def _closest(plan: SeatMap) -> float:
    """A pitch for maps whose rows have one seat each."""
    if plan.box is None or not plan.rows:
        return 0.0
    return plan.diagonal / max(1.0, 2 * sqrt(len(plan.rows)))


def _scheme(
    plan: SeatMap, rows: list[RowOfSeats], pitch: float, left: float, top: float
) -> dict[int, tuple[Point, Point]]:
    """{id of a row: its ends}: blocks from left to right, line by line; rows one below the other."""
    blocks: dict[str, dict[str, list[RowOfSeats]]] = {}
    for row in rows:
        block, name = row.key
        blocks.setdefault(block, {}).setdefault(name, []).append(row)
    sizes = {block: _size(plan, lines) for block, lines in blocks.items()}
    area = sum((w + _BETWEEN) * (h + _BETWEEN) for w, h in sizes.values())
    broad = max(sqrt(area * _WIDE), *(w for w, _ in sizes.values()), 1.0) if sizes else 0.0
    found: dict[int, tuple[Point, Point]] = {}
    x = y = high = 0.0
    for block, lines in blocks.items():
        width, height = sizes[block]
        if x and x + width > broad:
            x, y, high = 0.0, y + high + _BETWEEN, 0.0
        for number, pieces in enumerate(lines.values()):
            level = top + (y + number * _ROW) * pitch
            for piece in pieces:
                first, last = _places(plan, piece)
                begin, stop = (left + (x + place) * pitch for place in (first, last))
                found[id(piece)] = (begin, level), (stop, level)
        x, high = x + width + _BETWEEN, max(high, height)
    return found


def _size(plan: SeatMap, lines: dict[str, list[RowOfSeats]]) -> tuple[float, float]:
    ends = [_places(plan, piece)[1] for pieces in lines.values() for piece in pieces]
    return max(ends) + 1.0, len(lines) * _ROW


def _places(plan: SeatMap, piece: RowOfSeats) -> tuple[int, int]:
    """The positions of the first and the last seat of a piece in its row."""
    seats = plan.row(piece.block, piece.row)
    first = seats[seat_key(piece.labels[0])].position
    return first, first + len(piece.labels) - 1


def _labels(
    rows: tuple[RowOfSeats, ...], ends: tuple[tuple[Point, Point], ...], pitch: float
) -> list[Label]:
    """The names of the blocks, all of them in proportion to how many seats are there."""
    boxes: dict[str, list[float]] = {}
    names: dict[str, str] = {}
    seats: dict[str, int] = {}
    for row, pair in zip(rows, ends, strict=True):
        block = row.key[0]
        names.setdefault(block, row.block)
        seats[block] = seats.get(block, 0) + len(row.labels)
        box = boxes.setdefault(block, [pair[0][0], pair[0][1], pair[0][0], pair[0][1]])
        for x, y in pair:
            box[:] = [min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)]
    return [
        Label(names[block], ((x1 + x2) / 2, (y1 + y2) / 2), sqrt(seats[block]) * pitch)
        for block, (x1, y1, x2, y2) in boxes.items()
        if names[block]
    ]
