"""A seat map as a file (§1b): CSV, SVG, JSON, and a drawn grid with its zones beside it. What is
exported is imported again as the same seats, zones and restrictions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby, pairwise
from statistics import mean
from typing import Any
from xml.sax.saxutils import quoteattr

from msgspec import Struct

from ticketops.domain.seatmap.formats import areas, grids, tables
from ticketops.domain.seatmap.plan import Point, Seat, SeatMap, key_of
from ticketops.errors import InputError
from ticketops.model.csv_texts import csv_text
from ticketops.model.patterns import when_needed
from ticketops.schema.foreign import Cells

_NOT_XML = when_needed(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_RADIUS = 0.4
"""Of a seat, in distances of neighbours."""
_MOST_ROWS, _MOST_COLUMNS = 1_000_000, 16_000
"""Of a sheet."""


class Sheet(Struct, frozen=True):
    """A sheet of a workbook: rows of texts and numbers. drawn: whether its cells are seats."""

    title: str
    rows: list[list[Any]]
    drawn: bool = False


def as_csv(one: SeatMap) -> str:
    """A row per seat, with the headers that an import reads."""
    return csv_text(tables.HEADERS, _lines(one))


def as_json(one: SeatMap) -> str:
    """Blocks, rows of seats as ranges, zones and restrictions."""
    blocks = [
        {"block": name, "rows": [_row(row) for row in rows]}
        for name, rows in groupby(one.rows, lambda row: row.block)
    ]
    zones = [{**_area(zone.area), "category": zone.category} for zone in one.zones]
    restrictions = [
        {**_area(each.area), "restriction": each.kind, "note": each.note}
        for each in one.restrictions
    ]
    content = {
        "venue": one.venue,
        "match": one.match,
        "blocks": blocks,
        "category_zones": zones,
        "restrictions": restrictions,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def as_svg(one: SeatMap) -> str:
    """A circle per seat with data-block, data-row and data-seat."""
    return "".join(_svg(one))


def as_sheets(one: SeatMap) -> list[Sheet]:
    """The map as a drawing, each cell a seat, or, where its names can't be drawn, as a table; its
    zones and restrictions as tables."""
    drawn = _drawn(one)
    wanted = {seat.key for seat in one}
    seats = (
        Sheet("Seats", drawn, drawn=True)
        if _reads_back(drawn, wanted)
        else Sheet("Seats", [list(tables.HEADERS), *(list(line) for line in _lines(one))])
    )
    found = [seats]
    if one.zones:
        rows = [[*_parts(zone.area), zone.category] for zone in one.zones]
        found.append(Sheet("Zones", [list(areas.ZONE_HEADERS), *rows]))
    if one.restrictions:
        rows = [[*_parts(each.area), each.kind, each.note] for each in one.restrictions]
        found.append(Sheet("Restrictions", [list(areas.RESTRICTION_HEADERS), *rows]))
    return found


# --- tables and JSON


def _lines(one: SeatMap) -> Iterator[tuple[Any, ...]]:
    for seat in one:
        x, y = (Decimal(repr(part)) for part in seat.at) if seat.at else (None, None)
        kinds = " + ".join(dict.fromkeys(each.kind for each in one.restricted(seat.key)))
        yield seat.block, seat.row, seat.seat, x, y, one.category(seat.key) or "", kinds


def _row(row: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"row": row.row, "seats": row.seats}
    if row.start is not None and row.end is not None:
        told |= {"start": list(row.start), "end": list(row.end)}
    return told


def _parts(area: Any) -> list[str]:
    return [area.blocks or "*", area.rows or "*", area.seats or "*"]


def _area(area: Any) -> dict[str, str]:
    return {"blocks": area.blocks, "rows": area.rows, "seats": area.seats}


# --- SVG


def _svg(one: SeatMap) -> Iterator[str]:
    radius = (one.pitch or 1.0) * _RADIUS
    left, top, right, bottom = one.box or (0.0, 0.0, 1.0, 1.0)
    edge = radius * 3
    size = (left - edge, top - edge, right - left + 2 * edge, bottom - top + 2 * edge)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{" ".join(map(_number, size))}" fill="#9aa5b1">\n'
    yield f"<title>{_escaped(' '.join(filter(None, (one.venue, one.match))))}</title>\n"
    for (block, row), seats in groupby(one, lambda seat: (seat.block, seat.row)):
        yield f"<g data-block={_quoted(block)} data-row={_quoted(row)}>\n"
        yield from (_circle(one, seat, radius) for seat in seats)
        yield "</g>\n"
    yield "</svg>\n"


def _circle(one: SeatMap, seat: Seat, radius: float) -> str:
    told = f"data-seat={_quoted(seat.seat)}"
    if (category := one.category(seat.key)) is not None:
        told += f" data-category={_quoted(category)}"
    if kinds := dict.fromkeys(each.kind for each in one.restricted(seat.key)):
        told += f" data-restrictions={_quoted(' '.join(kinds))}"
    if seat.at is None:
        return f"<g {told}/>\n"
    x, y = map(_number, seat.at)
    return f'<circle {told} cx="{x}" cy="{y}" r="{_number(radius)}"/>\n'


def _number(value: float) -> str:
    return f"{value:.9g}"


def _quoted(text: str) -> str:
    return quoteattr(_NOT_XML().sub("", text))


def _escaped(text: str) -> str:
    return re.sub(r"[<>&]", " ", _NOT_XML().sub("", text))


# --- the drawing


def _drawn(one: SeatMap) -> list[list[Any]]:
    """Block below block: its name, then its rows, each with its name at the left."""
    sheet: list[list[Any]] = []
    for block, of_block in groupby(one, lambda seat: seat.block):
        rows = [list(seats) for _, seats in groupby(of_block, lambda seat: seat.line)]
        if sheet:
            sheet.append([])
        sheet.append([f"Block {block}"] if block else [])
        left = min((seat.at[0] for row in rows for seat in row if seat.at), default=0.0)
        for row in _from_above(rows):
            columns = _columns(row, left, one.pitch)
            cells: list[Any] = [f"Row {row[0].row}" if row[0].row else None]
            cells += [None] * (max(columns) + 1)
            for seat, column in zip(row, columns, strict=True):
                cells[column + 1] = int(seat.seat) if _is_plain(seat.seat) else seat.seat
            sheet.append(cells)
    return sheet


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isdigit() and text == str(int(text)) and len(text) < 5


def _from_above(rows: list[list[Seat]]) -> list[list[Seat]]:
    """The rows of a block as they stand in the picture, else in their order."""
    if any(seat.at is None for row in rows for seat in row):
        return rows
    return sorted(rows, key=lambda row: mean(seat.at[1] for seat in row if seat.at))


def _columns(row: Sequence[Seat], left: float, pitch: float) -> list[int]:
    """The column of each seat: as the picture has it, where neighbours then are neighbours; else
    by their order."""
    places: list[Point] = [seat.at for seat in row if seat.at]
    if len(places) == len(row) and pitch > 0:
        columns = [round((x - left) / pitch) for x, _ in places]
        steps = [
            (b - a, other.position - one.position)
            for (a, one), (b, other) in pairwise(zip(columns, row, strict=True))
        ]
        signs = {step > 0 for step, _ in steps}
        adjoin = all((abs(step) == 1) == (apart == 1) and step for step, apart in steps)
        if len(signs) <= 1 and adjoin and max(columns, default=0) < _MOST_COLUMNS:
            return columns
    first = row[0].position
    return [seat.position - first for seat in row]


def _reads_back(rows: list[list[Any]], wanted: set[tuple[str, str, str]]) -> bool:
    if len(rows) > _MOST_ROWS or max(map(len, rows), default=0) > _MOST_COLUMNS:
        return False
    cells = Cells("Seats", ("Seats",), [list(row) for row in rows], list(range(1, len(rows) + 1)))
    try:
        found = grids.spots_of([cells], "")
    except InputError:
        return False
    return (
        not found.wrong and {key_of(one.block, one.row, one.seat) for one in found.seats} == wanted
    )
