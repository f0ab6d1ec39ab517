"""The sheets of an event in a database: what is known of them, and their cells as grids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from ticketops.schema.layout import Layout
from ticketops.schema.slices import Slice
from ticketops.stores.edits import SheetEdit
from ticketops.stores.grids import Grid, put, touched
from ticketops.stores.postgres.connection import Cursor
from ticketops.stores.postgres.ddl import CELLS, quoted, stored
from ticketops.stores.postgres.rows import (
    Held,
    as_text,
    cells_of,
    packed,
    placed,
    unpacked,
    values_of,
)

LIST = (
    "SELECT title, position, stored_in, head, places FROM ticketops_sheets WHERE event_id = %s"
    " ORDER BY position, title"
)
_PUT = (
    "INSERT INTO ticketops_sheets (event_id, title, position, stored_in, head, places)"
    " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (event_id, title) DO UPDATE SET"
    " position = excluded.position, stored_in = excluded.stored_in, head = excluded.head,"
    " places = excluded.places"
)


def held_from(row: Sequence[Any], types: Any) -> Held:
    """What is known of a sheet. row: as LIST gives it; types: (table) → {column: type}."""
    title, position, table, head, places = row
    return Held(
        title,
        position,
        table,
        [{int(place): unpacked(cell) for place, cell in cells.items()} for cells in head],
        dict(places),
        types(table) if table != CELLS else {},
    )


def new_sheet(title: str, layout: Layout, there: Iterable[Held]) -> Held:
    """A sheet that is made now. there: the others."""
    others = list(there)
    table = stored(layout, title)
    if any(one.table == table for one in others):
        table = CELLS
    head: list[dict[int, Any]] = (
        [] if table == CELLS else [{} for _ in range(layout[title].header_row)]
    )
    return Held(title, max((one.position for one in others), default=0) + 1, table, head)


def fetched(cursor: Cursor, event: str, held: Held, part: Slice | None = None) -> Grid:
    """The cells of a sheet. part: those of its rows only that may be in this slice."""
    titled = " AND title = %s" if held.table == CELLS else ""
    columns = ", ".join(held.names[2 if held.table == CELLS else 1 :])
    values: tuple[Any, ...] = (event, held.title) if titled else (event,)
    within = ""
    if part is not None:
        column = quoted(part.column)
        within = (
            f" AND ({column} IS NULL OR odd_cells IS NOT NULL"
            f" OR left({column}, %s) = %s OR {column} !~ %s)"
        )
        values = (*values, len(part.start), part.start, part.plain)
    cursor.execute(
        f"SELECT {columns} FROM {quoted(held.table)} WHERE event_id = %s{titled}{within}"
        " ORDER BY row",
        values,
    )
    grid: Grid = {row: dict(cells) for row, cells in enumerate(held.head, start=1) if cells}
    for values in cursor:
        row, cells = cells_of(held, values)
        grid[row] = cells
    return grid


def edited(held: Held, grid: Grid, edit: SheetEdit, layout: Layout) -> tuple[Held, Grid, list[int]]:
    """A sheet after an edit, its grid, and the rows that it may have changed."""
    rows = touched(grid, edit)
    made = {row: dict(cells) if row in rows else cells for row, cells in grid.items()}
    put(held.title, made, edit)
    for row in rows:
        cells = {place: v for place, v in made.get(row, {}).items() if v is not None and v != ""}
        if cells:
            made[row] = cells
        else:
            made.pop(row, None)
    head = [made.get(row, {}) for row in range(1, len(held.head) + 1)]
    gone = set(edit.removed)
    places = {name: place for name, place in held.places.items() if place not in gone}
    after = replace(held, head=head, places=places, types=dict(held.types))
    placed(after, layout, len(head))
    return after, made, sorted(rows)


def write_sheet(cursor: Cursor, event: str, held: Held) -> None:
    """What is known of a sheet, written."""
    head = [{str(place): packed(cell) for place, cell in cells.items()} for cells in held.head]
    places = as_text(list(held.places.items()))
    cursor.execute(_PUT, (event, held.title, held.position, held.table, as_text(head), places))


def write_rows(
    cursor: Cursor, event: str, held: Held, grid: Grid, rows: Iterable[int], *, fresh: bool = False
) -> None:
    """These rows of a sheet, written. fresh: none of them is there yet."""
    below = [row for row in rows if row > len(held.head)]
    titled = " AND title = %s" if held.table == CELLS else ""
    if below and not fresh:
        cursor.execute(
            f"DELETE FROM {quoted(held.table)} WHERE event_id = %s{titled} AND row = ANY(%s)",
            (event, held.title, below) if titled else (event, below),
        )
    filled = [row for row in below if grid.get(row)]
    if not filled:
        return
    columns = ", ".join(held.names)
    with cursor.copy(f"COPY {quoted(held.table)} ({columns}) FROM STDIN") as copy:
        for row in filled:
            copy.write_row(values_of(held, event, row, grid[row]))


def delete_sheet(cursor: Cursor, event: str, held: Held) -> None:
    """A sheet and all its cells, deleted."""
    titled = " AND title = %s" if held.table == CELLS else ""
    cursor.execute(
        f"DELETE FROM {quoted(held.table)} WHERE event_id = %s{titled}",
        (event, held.title) if titled else (event,),
    )
    cursor.execute(
        "DELETE FROM ticketops_sheets WHERE event_id = %s AND title = %s", (event, held.title)
    )
