"""What a map's rows, zones and restrictions become in the workbook: rows that differ are set, new ones
come below, those that are left are emptied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ticketops.domain.masterdata.who import fold
from ticketops.domain.plan import Plan
from ticketops.domain.seatmap.plan import Area, Restriction, RowOfSeats, Zone
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.domain.seatmap.whose import Whose
from ticketops.model import spelling
from ticketops.schema.layouts.event import SEAT_RESTRICTIONS, SEAT_ROWS, SEAT_ZONES
from ticketops.schema.tables import Snapshot

_OWNER = ("venue", "match")
_AREA = ("blocks", "rows", "seats")
_COLUMNS = {
    SEAT_ROWS: (*_OWNER, "block", "seat_row", "seats", "x1", "y1", "x2", "y2"),
    SEAT_ZONES: (*_OWNER, *_AREA, "category"),
    SEAT_RESTRICTIONS: (*_OWNER, *_AREA, "restriction", "note"),
}


def write_rows(
    plan: Plan, snapshot: Snapshot, maps: StoredMaps, owner: Whose, rows: Sequence[RowOfSeats]
) -> None:
    """All rows of seats of a map."""
    _write(
        plan,
        snapshot,
        maps,
        owner,
        SEAT_ROWS,
        [(one.block or None, one.row or None, one.seats, *_ends(one)) for one in rows],
    )


def write_zones(
    plan: Plan, snapshot: Snapshot, maps: StoredMaps, owner: Whose, zones: Sequence[Zone]
) -> None:
    """All zones of a map."""
    cells = [(*_area(zone.area), zone.category) for zone in zones]
    _write(plan, snapshot, maps, owner, SEAT_ZONES, cells)


def write_restrictions(
    plan: Plan, snapshot: Snapshot, maps: StoredMaps, owner: Whose, all_of: Sequence[Restriction]
) -> None:
    """All restrictions of a map."""
    cells = [(*_area(one.area), one.kind, one.note or None) for one in all_of]
    _write(plan, snapshot, maps, owner, SEAT_RESTRICTIONS, cells)


def _ends(row: RowOfSeats) -> tuple[float | None, ...]:
    """x and y of both ends; of a single seat once."""
    start = row.start or (None, None)
    end = row.end if row.end is not None and len(row.labels) > 1 else None
    return (*start, *(end or (None, None)))


def _area(area: Area) -> tuple[str | None, ...]:
    return tuple(
        None if part in ("", "*") else part for part in (area.blocks, area.rows, area.seats)
    )


def _write(
    plan: Plan,
    snapshot: Snapshot,
    maps: StoredMaps,
    owner: Whose,
    sheet: str,
    wanted: Sequence[tuple[Any, ...]],
) -> None:
    columns = _COLUMNS[sheet]
    unclear = {one.row for one in maps.findings if one.sheet == sheet}
    there = [
        cells
        for cells in snapshot[sheet].frame.select("row", *columns).iter_rows(named=True)
        if cells["row"] not in unclear and _is_of(owner, cells)
    ]
    rows = [(owner.venue or None, owner.match, *cells) for cells in wanted]
    for cells, row in zip(there, rows, strict=False):
        after = dict(zip(columns, row, strict=True))
        key = f"{owner.shown} {row[2] or ''}".strip()
        changed = {name: (cells[name], after[name]) for name in columns[1:]}
        plan.changes.set(sheet, cells["row"], key, changed)
    left = there[len(rows) :]
    plan.changes.delete(
        sheet, {cells["row"]: f"{owner.shown} {cells[columns[2]] or ''}" for cells in left}
    )
    more = rows[len(there) :]
    if more:
        plan.changes.append(sheet, snapshot[sheet].room_for(len(more)), columns, more)


def _is_of(owner: Whose, cells: dict[str, Any]) -> bool:
    match = spelling.match(cells["match"] or "")
    if owner.match:
        return match == owner.match
    return not match and fold(cells["venue"] or "") == fold(owner.venue)
