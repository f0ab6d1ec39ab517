"""Table and Snapshot: typed sheets as polars frames with our column names plus `row`, the sheet row (DESIGN: tables)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import compress
from typing import Any

import polars as pl

from ticketops.errors import SchemaError
from ticketops.model.changes import AddColumns, AddSheet, AppendRows, Change, ChangeSet, CopyCells, DeleteRows, ReplaceRows, SetCells
from ticketops.schema.columns import ColumnType, cast_all, header_key, text_of
from ticketops.schema.workbook import Sheet, SheetKind

DTYPES: dict[ColumnType, Any] = {
    ColumnType.TEXT: pl.String(),
    ColumnType.CODE: pl.String(),
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.NUMBER: pl.Float64(),
    ColumnType.DATE: pl.Datetime("ms"),
    ColumnType.DATETIME: pl.Datetime("ms"),
    ColumnType.FLAG: pl.Boolean(),
}
PYTHON_TYPES: dict[ColumnType, tuple[type, ...]] = {
    ColumnType.TEXT: (str,),
    ColumnType.CODE: (str,),
    ColumnType.INTEGER: (int,),
    ColumnType.NUMBER: (float, int),
    ColumnType.DATE: (datetime,),
    ColumnType.DATETIME: (datetime,),
    ColumnType.FLAG: (bool,),
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """A cell whose content does not fit its column's type; the Table holds null there."""

    row: int
    column: str
    text: str


@dataclass(frozen=True)
class Table:
    """One sheet as typed columns.

    frame: `row` (Int64, sheet row) and every declared column, null where the sheet lacks the column; rows in which
    every declared cell is blank (a tick-box that is off counts as blank) are left out.
    positions: the 1-based sheet columns of each declared column, the one to write to first.
    next_row, next_column: the first free row and column of the sheet.
    """

    sheet: Sheet
    frame: pl.DataFrame
    positions: Mapping[str, tuple[int, ...]]
    next_row: int
    next_column: int
    misfits: tuple[Misfit, ...] = ()
    exists: bool = True
    shadowed: tuple[tuple[int, str], ...] = ()
    """(sheet row, name of place) of the cells that hold something in the column of an alias: see `place_names`."""

    @property
    def missing(self) -> list[str]:
        """Headers of canonical columns that the sheet lacks."""
        return [c.header for c in self.sheet.columns if not c.extension and c.name not in self.positions]

    def index_of(self, row: int) -> int:
        """Data rows are counted from 1 below the header (D4)."""
        return row - self.sheet.header_row


@dataclass(frozen=True)
class Snapshot:
    """The tables asked for, all of one revision of the workbook."""

    revision: str
    tables: Mapping[str, Table] = field(default_factory=dict)

    def __getitem__(self, sheet: str) -> Table:
        return self.tables[sheet]

    def after(self, changes: ChangeSet) -> Snapshot:
        """The same snapshot as if `changes` had been written: for planning a second step on the first."""
        tables = {name: apply(table, changes.for_sheet(name)) for name, table in self.tables.items()}
        return Snapshot(self.revision, tables)


def empty_table(sheet: Sheet, *, exists: bool = False) -> Table:
    """The table of a sheet that the workbook lacks, or that has headers only."""
    frame = _no_rows(tuple((column.name, column.type) for column in sheet.columns)).clone()
    return Table(sheet, frame, {}, sheet.header_row + 1, 1, exists=exists)


@cache
def _no_rows(columns: tuple[tuple[str, ColumnType], ...]) -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.Int64()} | {name: DTYPES[of_type] for name, of_type in columns})


def locate(sheet: Sheet, header: Sequence[Any]) -> dict[str, tuple[int, ...]]:
    """Where each declared column stands: {name: 1-based positions}, canonical header first, then aliases."""
    found: dict[str, list[int]] = {}
    for position, text in enumerate(header, start=1):
        if text is not None and text != "":
            found.setdefault(header_key(text), []).append(position)
    positions: dict[str, tuple[int, ...]] = {}
    for column in sheet.columns:
        own = found.get(header_key(column.header), [])[column.occurrence - 1 :][:1]
        aliases = [p for alias in column.aliases for p in found.get(header_key(alias), [])[:1]]
        if own or aliases:
            positions[column.name] = (*own, *aliases)
    return positions


def build_table(sheet: Sheet, header: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Table:
    """Raw cells as a Table. header: the cells of the header row; rows: those below it, from the next sheet row on.

    Where a column and an alias of it both exist, the column wins and the alias fills its blanks.
    """
    if sheet.header_row == 0:
        return replace(empty_table(sheet, exists=True), next_row=len(rows) + 1)
    positions = locate(sheet, header)
    width = max((i for i, text in enumerate(header, start=1) if text not in (None, "")), default=0)
    if not rows:
        return replace(empty_table(sheet, exists=True), positions=positions, next_column=width + 1)
    first_row = sheet.header_row + 1
    numbers: Sequence[int] = range(first_row, first_row + len(rows))
    values: dict[str, list[Any]] = {}
    misfits: list[Misfit] = []
    shadowed: list[tuple[int, str]] = []
    for name, places in positions.items():
        column = sheet.by_name[name]
        raws = _pick(rows, places)
        for nth, place in enumerate(places[1:], start=1):
            held = (i for i, row in enumerate(rows) if place <= len(row) and row[place - 1] not in (None, ""))
            shadowed += [(first_row + i, f"{name}@{nth}") for i in held]
        values[name], bad = cast_all(column.type, raws)
        for i in bad:
            text = "•••" if column.secret else text_of(raws[i])[:80]
            misfits.append(Misfit(first_row + i, name, text))
    kept = _not_blank(sheet, values, len(rows))
    for misfit in misfits:
        kept[misfit.row - first_row] = True
    if not all(kept):
        numbers = list(compress(numbers, kept))
        values = {name: list(compress(cells, kept)) for name, cells in values.items()}
    blanks = [None] * len(numbers)
    cells = (pl.Series(column.name, values.get(column.name, blanks), dtype=DTYPES[column.type]) for column in sheet.columns)
    frame = pl.DataFrame([pl.Series("row", numbers, dtype=pl.Int64), *cells])
    last = numbers[-1] if numbers else sheet.header_row
    return Table(sheet, frame, positions, last + 1, width + 1, tuple(misfits), shadowed=tuple(shadowed))


def _not_blank(sheet: Sheet, values: Mapping[str, list[Any]], height: int) -> list[bool]:
    """Of each row, whether any cell holds something: the rule of `_compact`, in plain Python, for on a small sheet polars takes as long as all the
    rest of reading it."""
    if not values:
        return [True] * height
    shown = [[cell or None for cell in cells] if sheet.by_name[name].type is ColumnType.FLAG else cells for name, cells in values.items()]
    blank = (None,) * len(shown)
    return [cells != blank for cells in zip(*shown, strict=True)]


def place_names(positions: Mapping[str, tuple[int, ...]]) -> dict[int, str]:
    """{sheet column: name}: the column itself by its name, that of an alias beside it as `name@1`."""
    return {place: f"{name}@{i}" if i else name for name, places in positions.items() for i, place in enumerate(places)}


def _pick(rows: Sequence[Sequence[Any]], places: tuple[int, ...]) -> list[Any]:
    """One column's raw cells; later places fill the blanks of the first."""
    first = places[0] - 1
    raws = [row[first] if first < len(row) else None for row in rows]
    for place in places[1:]:
        for i, row in enumerate(rows):
            if raws[i] in (None, "") and place <= len(row):
                raws[i] = row[place - 1]
    return raws


def require(table: Table) -> Table:
    """The table, if commands can work with it. Raises SchemaError for a missing ledger sheet or canonical column.

    A log, queue, report, reference or extension sheet that is missing altogether reads as empty and is made when first needed.
    """
    if not table.exists:
        if table.sheet.kind is SheetKind.LEDGER and not table.sheet.extension:
            raise SchemaError(f"the workbook has no sheet {table.sheet.name!r}", "ticketops doctor --fix adds it")
        return table
    if table.missing:
        raise SchemaError(
            f"sheet {table.sheet.name!r} lacks {', '.join(table.missing)} in its header row {table.sheet.header_row}",
            "ticketops doctor shows what is wrong, doctor --fix adds what is missing",
        )
    return table


def apply(table: Table, changes: Sequence[Change]) -> Table:
    """The table after the changes of its sheet. Misfits in cells that were set are gone."""
    if not changes:
        return table
    for change in changes:
        match change:
            case AppendRows():
                table = _appended(table, change)
            case DeleteRows():
                table = _without(table, change.rows)
            case ReplaceRows():
                table = _replaced(table, change)
            case AddSheet():
                table = replace(empty_table(table.sheet, exists=True), positions=canonical_positions(table.sheet),
                                next_column=len(table.sheet.columns) + 1)  # fmt: skip
            case AddColumns():
                table = replace(
                    table,
                    positions={**table.positions, **{c: (table.next_column + i,) for i, c in enumerate(change.columns)}},
                    next_column=table.next_column + len(change.columns),
                )
            case CopyCells():
                table = _copied(table, change)
            case SetCells():
                pass
    return _compact(_with_cells(table, [change for change in changes if isinstance(change, SetCells)]))


def _compact(table: Table) -> Table:
    """Rows that became blank are left out, as reading the sheet anew would."""
    if not table.positions:
        return table
    blanks = [
        ~pl.col(c.name).fill_null(False) if c.type is ColumnType.FLAG else pl.col(c.name).is_null()
        for c in table.sheet.columns
        if c.name in table.positions
    ]
    misfits = [misfit.row for misfit in table.misfits]
    frame = table.frame.filter(~pl.all_horizontal(blanks) | pl.col("row").is_in(misfits))
    last = frame["row"].max() if frame.height else table.sheet.header_row
    return replace(table, frame=frame, next_row=int(last) + 1)  # type: ignore[arg-type]


def canonical_positions(sheet: Sheet) -> dict[str, tuple[int, ...]]:
    """Where the columns of a freshly made sheet stand."""
    return {column.name: (i,) for i, column in enumerate(sheet.columns, start=1)}


def _appended(table: Table, change: AppendRows) -> Table:
    schema = {name: table.frame.schema[name] for name in change.columns}
    new = pl.DataFrame(list(change.rows), schema=schema, orient="row")
    numbers = pl.Series("row", range(change.first_row, change.first_row + new.height), dtype=pl.Int64)
    frame = pl.concat([table.frame, new.with_columns(numbers)], how="diagonal")
    return replace(table, frame=frame, next_row=max(table.next_row, change.first_row + new.height))


def _without(table: Table, rows: Sequence[int]) -> Table:
    frame = table.frame.filter(~pl.col("row").is_in(list(rows)))
    last = frame["row"].max() if frame.height else table.sheet.header_row
    gone = set(rows)
    misfits = tuple(m for m in table.misfits if m.row not in gone)
    shadowed = tuple(cell for cell in table.shadowed if cell[0] not in gone)
    return replace(table, frame=frame, next_row=int(last) + 1, misfits=misfits, shadowed=shadowed)  # type: ignore[arg-type]


def _replaced(table: Table, change: ReplaceRows) -> Table:
    if not change.columns:
        return replace(table, next_row=len(change.rows) + 1)
    bare = replace(table, frame=table.frame.clear(), next_row=table.sheet.header_row + 1, misfits=(), shadowed=())
    return _appended(bare, AppendRows(change.sheet, bare.next_row, change.columns, change.rows))


def _with_cells(table: Table, changes: Sequence[SetCells]) -> Table:
    if not changes:
        return table
    at = {row: i for i, row in enumerate(table.frame["row"])}
    updates: dict[str, tuple[list[int], list[Any]]] = {}
    for change in changes:
        for name, (_before, after) in change.cells.items():
            places, values = updates.setdefault(name, ([], []))
            places.append(at[change.row])
            values.append(after)
    columns = []
    for name, (places, values) in updates.items():
        series = table.frame[name]
        columns.append(series.scatter(places, pl.Series(values, dtype=series.dtype)))
    misfits, shadowed = table.misfits, table.shadowed
    if misfits:
        touched = {(change.row, name) for change in changes for name in change.cells}
        misfits = tuple(m for m in misfits if (m.row, m.column) not in touched)
    if shadowed:
        emptied = {(change.row, name) for change in changes for name, (_before, after) in change.cells.items() if after is None}
        shadowed = tuple((row, name) for row, name in shadowed if (row, name.partition("@")[0]) not in emptied)
    return replace(table, frame=table.frame.with_columns(columns), misfits=misfits, shadowed=shadowed)


def _copied(table: Table, change: CopyCells) -> Table:
    """Cells of any rows; those that do not fit their column's type become misfits, as reading them would make them."""
    lacking = sorted(set(change.rows) - set(table.frame["row"]))
    if lacking:
        blank = pl.DataFrame({"row": lacking}, schema={"row": pl.Int64()})
        table = replace(table, frame=pl.concat([table.frame, blank], how="diagonal").sort("row"))
    misfits = {(m.row, m.column): m for m in table.misfits}
    fitting: list[SetCells] = []
    for row, cells in change.rows.items():
        values = {}
        for name, (before, after) in cells.items():
            misfits.pop((row, name), None)
            column = table.sheet.by_name[name]
            fits = after is None or isinstance(after, PYTHON_TYPES[column.type])
            if not fits:
                misfits[row, name] = Misfit(row, name, "•••" if column.secret else text_of(after)[:80])
            values[name] = (before, after if fits else None)
        fitting.append(SetCells(change.sheet, row, str(row), values))
    table = _with_cells(table, fitting)
    order = {column.name: i for i, column in enumerate(table.sheet.columns)}
    return replace(table, misfits=tuple(sorted(misfits.values(), key=lambda m: (order[m.column], m.row))))


def with_structure(changes: ChangeSet, snapshot: Snapshot) -> ChangeSet:
    """The changes with AddSheet and AddColumns put first for every sheet and column they use that the workbook lacks."""
    structure = ChangeSet()
    for name in changes.sheets:
        table = snapshot.tables[name]
        if not table.exists:
            structure.changes.append(AddSheet(name))
            continue
        used: dict[str, None] = {}
        for change in changes.for_sheet(name):
            if isinstance(change, (AppendRows, ReplaceRows)):
                used.update(dict.fromkeys(change.columns))
            elif isinstance(change, SetCells):
                used.update(dict.fromkeys(change.cells))
            elif isinstance(change, CopyCells):
                used.update(dict.fromkeys(name for cells in change.rows.values() for name in cells))
        lacking = tuple(column for column in used if column not in table.positions)
        if lacking:
            structure.changes.append(AddColumns(name, lacking))
    structure.extend(changes)
    return structure
