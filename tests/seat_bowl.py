"""A stadium to look at: blocks round a pitch, as rows of `_SEAT_ROWS`, and units that sit in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import cos, hypot, pi, sin
from pathlib import Path
from typing import Any

from ticketops import config
from ticketops.domain.seatmap.plan import Area, Restriction, RowOfSeats, Zone
from ticketops.engine.opening import open_store
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    SEAT_RESTRICTIONS,
    SEAT_ROWS,
    SEAT_ZONES,
    UNITS,
)
from ticketops.schema.structure import with_structure
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import Entry

ZONES = (
    Zone("Cat 1", Area("101-108")),
    Zone("Cat 2", Area("109-116")),
    Zone("Cat 3", Area("117-124")),
)
RESTRICTIONS = (
    Restriction("ACCESSIBLE", Area("101", "A", "1-2")),
    Restriction("COMPANION", Area("101", "A", "3")),
    Restriction("OBSTRUCTED_VIEW", Area("102", "L"), "pillar"),
    Restriction("HELD", Area("103", "A")),
)


def letters(number: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    return letters(number // 26 - 1) + chr(65 + number % 26) if number > 25 else chr(65 + number)


def bowl(blocks: int = 24, rows: int = 12, seats: int = 20, first: int = 101) -> list[RowOfSeats]:
    """Blocks round an oval, rows one behind the other, seats 1 apart from left to right."""
    found = []
    wide = max(blocks * (seats + 3) / (2 * pi), 10.0)
    across, down = wide * 1.15, wide * 0.85
    for number in range(blocks):
        angle = 2 * pi * number / blocks - pi / 2
        out = (cos(angle), sin(angle))
        along = (-sin(angle) * across, cos(angle) * down)
        size = hypot(*along)
        along = (along[0] / size, along[1] / size)
        for row in range(rows):
            middle = (out[0] * (across + row * 1.4), out[1] * (down + row * 1.4))
            half = (seats - 1) / 2
            ends = [
                (
                    round(middle[0] + side * along[0] * half, 3),
                    round(middle[1] + side * along[1] * half, 3),
                )
                for side in (-1, 1)
            ]
            found.append(RowOfSeats(str(first + number), letters(row), f"1-{seats}", *ends))
    return found


def stadium() -> list[RowOfSeats]:
    """80,000 seats in three tiers."""
    return [
        *bowl(50, 20, 20),
        *_further(bowl(50, 25, 24, 201), 1.32),
        *_further(bowl(50, 25, 24, 301), 1.75),
    ]


def _further(rows: Sequence[RowOfSeats], by: float) -> list[RowOfSeats]:
    moved = []
    for row in rows:
        assert row.start
        assert row.end
        (x1, y1), (x2, y2) = row.start, row.end
        x, y = (x1 + x2) / 2 * (by - 1), (y1 + y2) / 2 * (by - 1)
        ends = (round(x1 + x, 3), round(y1 + y, 3)), (round(x2 + x, 3), round(y2 + y, 3))
        moved.append(RowOfSeats(row.block, row.row, row.seats, *ends))
    return moved


def _area(one: Area) -> dict[str, str | None]:
    return {"blocks": one.blocks or None, "rows": one.rows or None, "seats": one.seats or None}


def map_rows(
    venue: str,
    rows: Sequence[RowOfSeats],
    zones: Sequence[Zone] = ZONES,
    restrictions: Sequence[Restriction] = RESTRICTIONS,
    match: str | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """{sheet: its rows by column} of a map. match: whose it is, where it is not every match's."""
    whose = {"venue": venue, "match": match}
    return {
        SEAT_ROWS: [
            {
                **whose,
                "block": row.block,
                "seat_row": row.row,
                "seats": row.seats,
                **dict(zip(("x1", "y1"), row.start or (None, None), strict=True)),
                **dict(zip(("x2", "y2"), row.end or (None, None), strict=True)),
            }
            for row in rows
        ],
        SEAT_ZONES: [{**whose, **_area(zone.area), "category": zone.category} for zone in zones],
        SEAT_RESTRICTIONS: [
            {**whose, **_area(one.area), "restriction": one.kind, "note": one.note or None}
            for one in restrictions
        ],
    }


def put_map(store: Any, sheets: dict[str, list[dict[str, Any]]]) -> None:
    """Write a map into a workbook, as one transaction."""
    changes = ChangeSet()
    snapshot = store.read(*sheets)
    for sheet, rows in sheets.items():
        if rows:
            columns = tuple(rows[0])
            changes.append(
                sheet,
                snapshot[sheet].next_row,
                columns,
                [tuple(row[c] for c in columns) for row in rows],
            )
    _commit(store, changes, snapshot)


def seat_units(store: Any, match: str, rows: Sequence[RowOfSeats]) -> None:
    """Give every unit of a match a seat, categories in blocks of their zones, eight to a row."""
    free = {zone.category: _places(rows, zone) for zone in ZONES}
    units = store.read(UNITS)[UNITS].frame.select("unit_id", "match", "category")
    give_seats(
        store,
        {
            unit_id: free[category].pop(0)
            for unit_id, of, category in units.iter_rows()
            if of == match and unit_id and free.get(category)
        },
    )


def give_seats(store: Any, seats: Mapping[str, tuple[str, str, str]]) -> None:
    """Give units their seats; tickets sit where their units do."""
    snapshot = store.read(UNITS, DISTRIBUTION)
    changes = ChangeSet()
    seat = ("block", "seat_row", "seat")
    for sheet, key, unit in ((UNITS, "unit_id", "unit_id"), (DISTRIBUTION, "sales_id", "unit_ids")):
        for cells in snapshot[sheet].frame.select({"row", key, unit, *seat}).iter_rows(named=True):
            if cells[unit] in seats:
                after = dict(zip(seat, seats[cells[unit]], strict=True))
                both = {name: (cells[name], text) for name, text in after.items()}
                changes.set(sheet, cells["row"], cells[key], both)
    _commit(store, changes, snapshot)


def _places(rows: Sequence[RowOfSeats], zone: Zone) -> list[tuple[str, str, str]]:
    return [
        (row.block, row.row, seat)
        for row in rows
        if (*row.key, "") in zone.area
        for seat in row.labels[4:12]
    ]


def _commit(store: Any, changes: ChangeSet, snapshot: Snapshot) -> None:
    entry = Entry("R20260101-000000", "seatmap import", "x", datetime(2026, 1, 1))
    store.commit(with_structure(changes, snapshot), snapshot.revision, entry)


def with_map(path: Path, venue: str, match: str, rows: Sequence[RowOfSeats] | None = None) -> None:
    """A workbook file gets a map of a venue, and the units of a match their seats in it."""
    rows = list(rows or bowl())
    store = open_store(path, config.load({}))
    put_map(store, map_rows(venue, rows))
    seat_units(open_store(path, config.load({})), match, rows)
