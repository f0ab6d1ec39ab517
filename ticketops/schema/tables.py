"""Table and Snapshot: typed sheets as polars frames with our column names plus `row`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import compress
from typing import Any, cast

import polars as pl
from msgspec import Struct, field
from msgspec.structs import replace

from ticketops.errors import SchemaError, UndeclaredError
from ticketops.model.changes import (
    AddColumns,
    AddSheet,
    AppendRows,
    Change,
    ChangeSet,
    CopyCells,
    DeleteRows,
    RemoveColumns,
    ReplaceRows,
    SetCells,
)
from ticketops.schema.columns import (
    Column,
    ColumnType,
    ErrorValue,
    as_read,
    cast_all,
    hangs_on_others,
    header_key,
    is_rounded,
    spelt,
    text_of,
)
from ticketops.schema.layout import Layout
from ticketops.schema.likeness import renamed_columns
from ticketops.schema.rows import derived_formulas, foot_of, not_blank
from ticketops.schema.sheets import Sheet, SheetKind
from ticketops.schema.surroundings import NO_MARKS, NOWHERE, Marks, Surroundings, survey

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


class Misfit(Struct, frozen=True):
    """A cell whose content does not fit its column's type; the Table holds null there."""

    row: int
    column: str
    text: str


class Table(Struct, frozen=True):
    """One sheet as typed columns.

    frame: `row` (Int64) and every declared column, null where the sheet lacks the column; rows in
    which every declared cell is blank (a tick-box that is off and a formula in a derived column
    count as blank) are left out, and so are totals and remarks at the foot. `row` is a stable
    ordinal that the store assigns: no two rows of a sheet share one; a row keeps its own for as
    long as it exists, whatever is appended, set or deleted around it; it grows downwards, and
    changes name rows by it. In a spreadsheet it is the sheet row. positions: the 1-based sheet
    columns of each declared column, the one to write to first. last_row: the last row with a
    record, that of the header where there is none. next_column: right of all that is used. around:
    whose the other cells of the sheet are.
    """

    sheet: Sheet
    frame: pl.DataFrame
    positions: Mapping[str, tuple[int, ...]]
    last_row: int
    next_column: int
    misfits: tuple[Misfit, ...] = ()
    exists: bool = True
    shadowed: tuple[tuple[int, str], ...] = ()
    """(sheet row, name of place) of the cells that hold something in the column of an alias: see
    `place_names`."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """{missing canonical column: what may be that column, for people} (D17)."""
    rounded: tuple[tuple[int, str], ...] = ()
    """(sheet row, column) of codes that stand in number cells and are longer than a number can be:
    their last digits are lost."""
    around: Surroundings = NOWHERE
    undecided: bool = False
    """Whether dates that are texts are read as other rows of their column decide."""
    part: bool = False
    """Whether these are some rows of the sheet only, so that it can't be written to."""

    @property
    def next_row(self) -> int:
        """The first row from which on any number of new rows find nothing of the office's. Raises
        UndeclaredError where only a part of the sheet was asked for."""
        self._refuse_part()
        return max(self.last_row, self.around.last_taken) + 1

    def room_for(self, rows: int) -> int:
        """The first row below the records from which on so many rows hold nothing of the office's:
        remarks far down stay below. Raises UndeclaredError as `next_row` does."""
        self._refuse_part()
        return self.around.gap(self.last_row, max(rows, 1))

    def _refuse_part(self) -> None:
        if self.part:
            raise UndeclaredError(
                f"the end of {self.sheet.name!r} is used, but only a slice of it is declared"
            )

    @property
    def foot(self) -> tuple[int, ...]:
        """Rows of totals and remarks below the records."""
        return tuple(row for row in self.around.foot if row > self.last_row)

    @property
    def own_columns(self) -> tuple[int, ...]:
        """The sheet columns under our headers, in order."""
        return tuple(sorted(place for places in self.positions.values() for place in places))

    @property
    def missing(self) -> list[str]:
        """Headers of canonical columns that the sheet lacks."""
        return [
            c.header for c in self.sheet.columns if not c.extension and c.name not in self.positions
        ]

    def index_of(self, row: int) -> int:
        """Data rows are counted from 1 below the header (D4)."""
        return row - self.sheet.header_row


_NO_SHEETS = Layout(())


class Snapshot(Struct, frozen=True):
    """The tables asked for, by their titles, all of one revision of the workbook; a table is had by
    its sheet's name too.

    made_of: its revision, or what finds it out. layout: that of the workbook, with the titles of the
    sheets that were read.
    """

    made_of: str | Callable[[], str]
    tables: Mapping[str, Table] = field(default_factory=dict)
    layout: Layout = _NO_SHEETS

    @property
    def revision(self) -> str:
        """The revision of the workbook. Commands that only read do not ask: a file is read whole for
        it."""
        return self.made_of if isinstance(self.made_of, str) else self.made_of()

    def __getitem__(self, sheet: str) -> Table:
        """The table of a sheet, by its name or its title. Raises UndeclaredError for one that was
        not asked for: it is not the same as an empty one."""
        try:
            return self.tables[self.layout.title_of(sheet)]
        except KeyError:
            raise UndeclaredError(f"the sheet {sheet!r} is used but not declared") from None

    def __contains__(self, sheet: str) -> bool:
        return self.layout.title_of(sheet) in self.tables

    def of(self, sheets: Collection[str]) -> Snapshot:
        """Only these of its tables."""
        return replace(self, tables={self.layout.title_of(name): self[name] for name in sheets})

    def after(self, changes: ChangeSet) -> Snapshot:
        """The same snapshot as if `changes` had been written: for planning a second step on the
        first."""
        titled = changes.renamed(self.layout.titles)
        tables = {name: apply(table, titled.for_sheet(name)) for name, table in self.tables.items()}
        return replace(self, tables=tables)


def empty_table(sheet: Sheet, *, exists: bool = False) -> Table:
    """The table of a sheet that the workbook lacks, or that has headers only."""
    frame = _no_rows(tuple((column.name, column.type) for column in sheet.columns)).clone()
    return Table(sheet, frame, {}, sheet.header_row, 1, exists=exists)


@cache
def _no_rows(columns: tuple[tuple[str, ColumnType], ...]) -> pl.DataFrame:
    return pl.DataFrame(
        schema={"row": pl.Int64()} | {name: DTYPES[of_type] for name, of_type in columns}
    )


def locate(sheet: Sheet, header: Sequence[Any]) -> dict[str, tuple[int, ...]]:
    """Where each declared column stands: {name: 1-based positions}, canonical header first, then
    aliases."""
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


def build_table(
    sheet: Sheet, header: Sequence[Any], rows: Sequence[Sequence[Any]], marks: Marks = NO_MARKS
) -> Table:
    """Raw cells as a Table. header: the cells of the header row; rows: those below it, from the
    next sheet row on; marks: what the values do not show.

    Where a column and an alias of it both exist, the column wins and the alias fills its blanks.
    """
    if sheet.header_row == 0:
        return replace(empty_table(sheet, exists=True), last_row=len(rows))
    positions = locate(sheet, header)
    renamed = renamed_columns(sheet, header, rows, positions)
    if not rows:
        around = survey(sheet.header_row, header, rows, positions, marks, ())
        bare = empty_table(sheet, exists=True)
        return replace(
            bare,
            positions=positions,
            next_column=around.last_column + 1,
            renamed=renamed,
            around=around,
        )
    first_row = sheet.header_row + 1
    numbers: Sequence[int] = range(first_row, first_row + len(rows))
    values: dict[str, list[Any]] = {}
    misfits: list[Misfit] = []
    shadowed: list[tuple[int, str]] = []
    rounded: list[tuple[int, str]] = []
    undecided = False
    for name, places in positions.items():
        column = sheet.by_name[name]
        raws = _pick(rows, places)
        for nth, place in enumerate(places[1:], start=1):
            held = (
                i
                for i, row in enumerate(rows)
                if place <= len(row) and row[place - 1] not in (None, "")
            )
            shadowed += [(first_row + i, f"{name}@{nth}") for i in held]
        erring = _without_errors(column, raws) if marks.errors else []
        values[name], bad = cast_all(column.type, raws, sheet.dates)
        values[name] = spelt(column, values[name])
        undecided = undecided or (not sheet.dates and hangs_on_others(column, raws))
        if column.type is ColumnType.CODE and not {float, int}.isdisjoint(map(type, raws)):
            rounded += [(first_row + i, name) for i, raw in enumerate(raws) if is_rounded(raw)]
        for i in bad:
            text = "•••" if column.secret else text_of(raws[i])[:80]
            misfits.append(Misfit(first_row + i, name, text))
        misfits += [Misfit(first_row + i, name, text) for i, text in erring]
    filled = derived_formulas(sheet, positions, marks, first_row, len(rows))
    kept = not_blank(sheet, values, len(rows), filled)
    for misfit in misfits:
        if misfit.row - first_row not in filled.get(misfit.column, ()):
            kept[misfit.row - first_row] = True
    foot = foot_of(sheet, values, kept, rows, positions, marks)
    if foot:
        for row in foot:
            if row - first_row < len(kept):
                kept[row - first_row] = False
        misfits = [misfit for misfit in misfits if misfit.row not in foot]
    if filled:
        misfits = [misfit for misfit in misfits if kept[misfit.row - first_row]]
    if not all(kept):
        numbers = list(compress(numbers, kept))
        values = {name: list(compress(cells, kept)) for name, cells in values.items()}
    blanks = [None] * len(numbers)
    cells = (
        pl.Series(column.name, values.get(column.name, blanks), dtype=DTYPES[column.type])
        for column in sheet.columns
    )
    frame = pl.DataFrame([pl.Series("row", numbers, dtype=pl.Int64), *cells])
    last = numbers[-1] if numbers else sheet.header_row
    around = survey(sheet.header_row, header, rows, positions, marks, foot)
    return Table(
        sheet,
        frame,
        positions,
        last,
        around.last_column + 1,
        tuple(misfits),
        shadowed=tuple(shadowed),
        renamed=renamed,
        rounded=tuple(rounded),
        around=around,
        undecided=undecided,
    )


def place_names(positions: Mapping[str, tuple[int, ...]]) -> dict[int, str]:
    """{sheet column: name}: the column itself by its name, that of an alias beside it as
    `name@1`."""
    return {
        place: f"{name}@{i}" if i else name
        for name, places in positions.items()
        for i, place in enumerate(places)
    }


def _pick(rows: Sequence[Sequence[Any]], places: tuple[int, ...]) -> list[Any]:
    """One column's raw cells; later places fill the blanks of the first."""
    first = places[0] - 1
    raws = [row[first] if first < len(row) else None for row in rows]
    for place in places[1:]:
        for i, row in enumerate(rows):
            if raws[i] in (None, "") and place <= len(row):
                raws[i] = row[place - 1]
    return raws


def _without_errors(column: Column, raws: list[Any]) -> list[tuple[int, str]]:
    """(place, error) of the errors in a column that any text fits, which are taken out of `raws`;
    in a column with a closed set of words an error is one that is not understood, elsewhere it does
    not fit the type."""
    if column.type not in (ColumnType.TEXT, ColumnType.CODE):
        return []
    erring = [(i, str(raw)) for i, raw in enumerate(raws) if type(raw) is ErrorValue]
    for i, text in erring:
        raws[i] = text if column.spell else None
    return [] if column.spell else erring


def require(table: Table) -> Table:
    """The table, if commands can work with it. Raises SchemaError for a missing ledger sheet or
    canonical column.

    A log, queue, report, reference or extension sheet that is missing altogether reads as empty and
    is made when first needed.
    """
    if not table.exists:
        if table.sheet.kind is SheetKind.LEDGER and not table.sheet.extension:
            raise SchemaError(
                f"the workbook has no sheet {table.sheet.name!r}",
                "ticketops doctor says whether it was renamed; if not, doctor --fix adds it",
            )
        return table
    if table.missing:
        hint = "ticketops doctor --fix adds what is missing"
        if table.renamed:
            like = "; ".join(
                f"{table.sheet.by_name[name].header!r} may be {what}"
                for name, what in table.renamed.items()
            )
            hint = f"{like}: if so, rename that header; ticketops doctor lists everything that is wrong"
        raise SchemaError(
            f"sheet {table.sheet.name!r} has no {', '.join(table.missing)} in its header row "
            f"{table.sheet.header_row}",
            hint,
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
                width = len(table.sheet.columns)
                around = Surroundings(
                    last_column=width,
                    edge=width,
                    filtered=(1, width) if table.sheet.header_row else None,
                )
                table = replace(
                    empty_table(table.sheet, exists=True),
                    positions=canonical_positions(table.sheet),
                    next_column=width + 1,
                    around=around,
                )
            case AddColumns():
                table = replace(
                    table,
                    positions={
                        **table.positions,
                        **{c: (table.next_column + i,) for i, c in enumerate(change.columns)},
                    },
                    next_column=table.next_column + len(change.columns),
                    around=table.around.widened(
                        table.next_column, len(change.columns), table.own_columns
                    ),
                )
            case CopyCells():
                table = _copied(table, change)
            case RemoveColumns():
                left = {c: p for c, p in table.positions.items() if c not in change.columns}
                table = replace(table, positions=left)
            case SetCells():
                pass
    return _compact(
        _with_cells(table, [change for change in changes if isinstance(change, SetCells)])
    )


def _last_row(frame: pl.DataFrame, sheet: Sheet) -> int:
    """The last row of a frame, that of the header where it has none."""
    return cast(int, frame["row"].max()) if frame.height else sheet.header_row


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
    return replace(table, frame=frame, last_row=_last_row(frame, table.sheet))


def canonical_positions(sheet: Sheet) -> dict[str, tuple[int, ...]]:
    """Where the columns of a freshly made sheet stand."""
    return {column.name: (i,) for i, column in enumerate(sheet.columns, start=1)}


def _appended(table: Table, change: AppendRows) -> Table:
    schema = {name: table.frame.schema[name] for name in change.columns}
    new = pl.DataFrame(list(change.rows), schema=schema, orient="row")
    codes = [
        column
        for name in change.columns
        if (column := table.sheet.by_name[name]).type is ColumnType.CODE
    ]
    new = new.with_columns(
        pl.Series(c.name, as_read(c, new[c.name].to_list()), dtype=pl.String()) for c in codes
    )
    numbers = pl.Series(
        "row", range(change.first_row, change.first_row + new.height), dtype=pl.Int64
    )
    frame = pl.concat([table.frame, new.with_columns(numbers)], how="diagonal")
    return replace(
        table, frame=frame, last_row=max(table.last_row, change.first_row + new.height - 1)
    )


def _without(table: Table, rows: Sequence[int]) -> Table:
    frame = table.frame.filter(~pl.col("row").is_in(list(rows)))
    last = _last_row(frame, table.sheet)
    gone = set(rows)
    misfits = tuple(m for m in table.misfits if m.row not in gone)
    shadowed = tuple(cell for cell in table.shadowed if cell[0] not in gone)
    rounded = tuple(cell for cell in table.rounded if cell[0] not in gone)
    return replace(
        table, frame=frame, last_row=last, misfits=misfits, shadowed=shadowed, rounded=rounded
    )


def _replaced(table: Table, change: ReplaceRows) -> Table:
    if not change.columns:
        return replace(table, last_row=len(change.rows))
    bare = replace(
        table,
        frame=table.frame.clear(),
        last_row=table.sheet.header_row,
        misfits=(),
        shadowed=(),
        rounded=(),
    )
    return _appended(bare, AppendRows(change.sheet, bare.last_row + 1, change.columns, change.rows))


Updates = dict[str, tuple[list[int], list[Any]]]
"""{column: (rows, a value for each)}"""


def _with_cells(table: Table, changes: Sequence[SetCells]) -> Table:
    if not changes:
        return table
    updates: Updates = {}
    for change in changes:
        for name, (_before, after) in change.cells.items():
            rows, values = updates.setdefault(name, ([], []))
            rows.append(change.row)
            values.append(after)
    return _updated(table, updates)


def _updated(table: Table, updates: Updates) -> Table:
    """Cells of rows that are there, column by column."""
    at = {row: i for i, row in enumerate(table.frame["row"])}
    columns = []
    for name, (rows, values) in updates.items():
        series = table.frame[name]
        written = pl.Series(as_read(table.sheet.by_name[name], values), dtype=series.dtype)
        columns.append(series.scatter([at[row] for row in rows], written))
    misfits, shadowed, rounded = table.misfits, table.shadowed, table.rounded
    if misfits or rounded:
        touched = {(row, name) for name, (rows, _values) in updates.items() for row in rows}
        rounded = tuple(cell for cell in rounded if cell not in touched)
        misfits = tuple(m for m in misfits if (m.row, m.column) not in touched)
    if shadowed:
        emptied = {
            (row, name)
            for name, (rows, values) in updates.items()
            for row, after in zip(rows, values, strict=True)
            if after is None
        }
        shadowed = tuple(
            (row, name) for row, name in shadowed if (row, name.partition("@")[0]) not in emptied
        )
    return replace(
        table,
        frame=table.frame.with_columns(columns),
        misfits=misfits,
        shadowed=shadowed,
        rounded=rounded,
    )


def _cast_each(kind: ColumnType, raws: list[Any]) -> tuple[list[Any], list[int]]:
    """The values of cells that have nothing to do with one another, and the positions of those that
    do not fit: a text in a column of dates is read by itself."""
    if kind in (ColumnType.DATE, ColumnType.DATETIME) and str in set(map(type, raws)):
        found = [cast_all(kind, [raw]) for raw in raws]
        return [value for (value,), _bad in found], [i for i, one in enumerate(found) if one[1]]
    return cast_all(kind, raws)


def _copied(table: Table, change: CopyCells) -> Table:
    """Cells of any rows; those that do not fit their column's type become misfits, as reading them
    would make them."""
    lacking = sorted(set(change.rows) - set(table.frame["row"]))
    if lacking:
        blank = pl.DataFrame({"row": lacking}, schema={"row": pl.Int64()})
        table = replace(table, frame=pl.concat([table.frame, blank], how="diagonal").sort("row"))
    misfits = {(m.row, m.column): m for m in table.misfits}
    rounded: list[tuple[int, str]] = []
    updates: Updates = {}
    for row, cells in change.rows.items():
        for name, (_before, after) in cells.items():
            rows, values = updates.setdefault(name, ([], []))
            rows.append(row)
            values.append(after)
    for name, (rows, raws) in updates.items():
        column = table.sheet.by_name[name]
        if misfits:
            for row in rows:
                misfits.pop((row, name), None)
        if column.type is ColumnType.CODE:
            rounded += [(row, name) for row, raw in zip(rows, raws, strict=True) if is_rounded(raw)]
        texts = list(raws)
        erring = _without_errors(column, texts)
        values, bad = _cast_each(column.type, texts)
        for i in (*bad, *(i for i, _error in erring)):
            text = "•••" if column.secret else text_of(raws[i])[:80]
            misfits[rows[i], name] = Misfit(rows[i], name, text)
        updates[name] = rows, values
    table = _updated(table, updates)
    order = {column.name: i for i, column in enumerate(table.sheet.columns)}
    return replace(
        table,
        misfits=tuple(sorted(misfits.values(), key=lambda m: (order[m.column], m.row))),
        rounded=tuple(
            sorted((*table.rounded, *rounded), key=lambda cell: (order[cell[1]], cell[0]))
        ),
    )
