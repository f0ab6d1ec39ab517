"""The sheets of an event in a database: what is known of them, and their cells as grids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from msgspec.structs import replace

from ticketops.errors import NotPermittedError, UnusableError
from ticketops.model.secrets import stand_in
from ticketops.schema.columns import ColumnType
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet
from ticketops.schema.slices import Slice
from ticketops.schema.tables import locate
from ticketops.stores.edits import SheetEdit
from ticketops.stores.grids import Grid, put, touched
from ticketops.stores.postgres.connection import Cursor
from ticketops.stores.postgres.ddl import CELLS, quoted, stored, table_of
from ticketops.stores.postgres.rows import (
    Held,
    as_text,
    packed,
    placed,
    reader_of,
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
    " position = excluded.position, head = excluded.head, places = excluded.places"
)

Withheld = Mapping[str, frozenset[str]]
"""{table: the columns that the role of the connection may not read}."""
NOTHING_WITHHELD: Withheld = {}


def held_from(
    row: Sequence[Any],
    types: Callable[[str], dict[str, ColumnType]],
    secrets: Mapping[str, frozenset[str]],
    withheld: Withheld,
) -> Held:
    """What is known of a sheet. row: as LIST gives it; types: (table) → {column: type}; secrets:
    {table: its columns of passwords}; withheld: what may not be read."""
    title, position, table, head, places = row
    return Held(
        title,
        position,
        table,
        [{int(place): unpacked(cell) for place, cell in cells.items()} for cells in head],
        dict(places),
        types(table) if table != CELLS else {},
        secrets.get(table, frozenset()),
        withheld.get(table, frozenset()),
    )


def refuse_misplaced(held: Held, sheet: Sheet, table: str, name: str) -> None:
    """Raises UnusableError where a sheet with passwords is kept in another way than ticketops keeps
    it: whoever may write `ticketops_sheets` could have the next password put where they read it.
    table: where the sheet belongs; name: of the event."""
    found = locate(sheet, held.header(sheet.header_row))
    for secret in held.secrets or (column.name for column in sheet.columns if column.secret):
        places = found.get(secret, ())
        if held.table != table or held.places.get(secret) != (places[0] if places else None):
            raise UnusableError(
                f"{name}: {held.title} is not kept as ticketops keeps it: its passwords could be "
                "read by others",
                "somebody changed ticketops_sheets; a backup of the database has it as it was",
            )


def listed(
    rows: Iterable[Sequence[Any]], declared: Layout, withheld: Withheld, name: str
) -> list[Held]:
    """What is known of the sheets of an event. rows: as LIST gives them; name: of the event. Raises
    UnusableError as `refuse_misplaced`."""
    columns = {table_of(declared.kind, one): declared[one].columns for one in declared.names}
    secrets = {
        table: frozenset(column.name for column in of if column.secret)
        for table, of in columns.items()
    }
    known = [
        held_from(row, lambda table: {c.name: c.type for c in columns[table]}, secrets, withheld)
        for row in rows
    ]
    names = declared.known_by([held.title for held in known])
    for held in known:
        of = names[held.title]
        table = table_of(declared.kind, of)
        if secrets.get(table) and of in declared.names:
            refuse_misplaced(held, declared[of], table, name)
    return known


def new_sheet(
    title: str, layout: Layout, there: Iterable[Held], withheld: Withheld = NOTHING_WITHHELD
) -> Held:
    """A sheet that is made now. there: the others."""
    others = list(there)
    table = stored(layout, title)
    if any(one.table == table for one in others):
        table = CELLS
    head: list[dict[int, Any]] = (
        [] if table == CELLS else [{} for _ in range(layout[title].header_row)]
    )
    position = max((one.position for one in others), default=0) + 1
    return Held(title, position, table, head, withheld=withheld.get(table, frozenset()))


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
    grid.update(map(reader_of(held), cursor))
    if hidden := held.withheld & held.places.keys():
        rows = grid.keys() - range(1, len(held.head) + 1)
        for row in rows & _with_secrets(cursor, event, held, rows):
            for name in hidden:
                grid[row][held.places[name]] = stand_in(f"{held.table}/{name}/{row}")
    return grid


def _with_secrets(cursor: Cursor, event: str, held: Held, rows: Set[int]) -> Set[int]:
    """Which of these rows hold a password that may not be read; all of them where the database does
    not say: rights that an older version gave know nothing of it."""
    told = cursor.execute("SELECT to_regclass('ticketops_secret_rows') IS NOT NULL").fetchone()
    if not told or not told[0]:
        return rows
    found = cursor.execute(
        'SELECT "row" FROM ticketops_secret_rows WHERE event_id = %s AND stored_in = %s',
        (event, held.table),
    )
    return {row for (row,) in found}


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


def change_rows(
    cursor: Cursor, event: str, held: Held, before: Grid, after: Grid, rows: Iterable[int]
) -> None:
    """These rows of a sheet, written with no more rights than that takes: new ones inserted, of the
    others only the columns that changed, so that logs and columns which the role may not write stay
    out of it."""
    key = ("event_id", "title", "row") if held.table == CELLS else ("event_id", "row")
    table, names = quoted(held.table), held.names
    rest = "".join(f" AND {quoted(name)} = %s" for name in key[1:])
    for row in (one for one in rows if one > len(held.head)):
        was, now = before.get(row), after.get(row)
        new = values_of(held, event, row, now or {})
        if not was and now:
            filled = [(n, v) for n, v in zip(names[1:], new[1:], strict=True) if v is not None]
            columns = ", ".join(n for n, _ in filled)
            marks = ", ".join(["%s"] * len(filled))
            values: list[Any] = [event, *(v for _, v in filled)]
            cursor.execute(
                f"INSERT INTO {table} (event_id, {columns}) VALUES (%s, {marks})", values
            )
        elif was and not now:
            cursor.execute(f"DELETE FROM {table} WHERE event_id = %s{rest}", new[: len(key)])
            if cursor.rowcount != 1:  # a policy leaves rows out without a word
                raise NotPermittedError(
                    f"row {row} of {held.title} can't be deleted: your database role may not",
                    "nothing was written; `db grant --capability credentials` allows it where the "
                    "row holds a password",
                )
        elif was:
            old = values_of(held, event, row, was)
            changed = [
                (n, v) for n, o, v in zip(names, old, new, strict=True) if o != v and n not in key
            ]
            if changed:
                sets = ", ".join(f"{n} = %s" for n, _ in changed)
                values = [*(v for _, v in changed), *new[: len(key)]]
                cursor.execute(f"UPDATE {table} SET {sets} WHERE event_id = %s{rest}", values)


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


def empty_column(cursor: Cursor, event: str, table: str, column: str) -> None:
    """Blank a column of a sheet that was taken away."""
    cursor.execute(
        f"UPDATE {quoted(table)} SET {quoted(column)} = NULL WHERE event_id = %s"
        f" AND {quoted(column)} IS NOT NULL",
        (event,),
    )
