"""A ChangeSet as physical edits: sheet rows, sheet columns, values. What every store writes
from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from ticketops.errors import SpliceError
from ticketops.model.changes import (
    AddColumns,
    AddSheet,
    AppendRows,
    Cell,
    ChangeSet,
    CopyCells,
    DeleteRows,
    RemoveColumns,
    ReplaceRows,
    SetCells,
)
from ticketops.schema.addresses import column_letters, runs
from ticketops.schema.columns import Column
from ticketops.schema.derived import filled_rows
from ticketops.schema.tables import Table, canonical_positions, place_names
from ticketops.stores.edited import EditedRows
from ticketops.stores.references import Room

_MANY = 500
"""Copied rows that are kept together."""
GRID_WIDTH = 10
"""Columns that a report in a free layout may use; what stands further right is not its own."""


class Filled(Struct, frozen=True):
    """A formula in a new row: that of `row` above it in the same column, or `text`."""

    row: int
    text: str = ""


class Standing(float):
    """A number that goes back into a cell that was emptied: the format of the cell is still that of
    what stood there, a date's too."""

    __slots__ = ()


class SheetEdit(Struct):
    """What to do to one sheet. Rows and columns are 1-based.

    cells: new values, None empties a cell. first_free_row: rows from here on held no data before;
    new ones take the looks of the row above it, unless that is the header. new_sheet: the workbook
    lacks the sheet. rewrite_from: drop every row from here on before `cells` are written, the first
    of them lending its looks. clear_others: empty every other cell in these first columns and rows
    of the sheet, keeping its looks. own: the columns under our headers; added: those of them that
    are new; derived: those that a table's formula may fill; removed: those whose headers
    go. foot: rows of totals and remarks below
    the records, which make room for new ones, up to the column `edge`.
    """

    header_row: int
    first_free_row: int
    cells: EditedRows = field(default_factory=EditedRows)
    new_sheet: bool = False
    rewrite_from: int | None = None
    clear_others: tuple[int, int] | None = None
    own: tuple[int, ...] = ()
    added: dict[int, Column] = field(default_factory=dict)
    derived: frozenset[int] = frozenset()
    removed: tuple[int, ...] = ()
    foot: tuple[int, ...] = ()
    edge: int = 0

    @property
    def last_row(self) -> int:
        """The last row of data after the edit, if rows were added, else before it."""
        return max(max(self.cells, default=0), self.first_free_row - 1)

    @property
    def room(self) -> Room | None:
        """What the rows of totals make way for; None where there are none, or no new rows."""
        last = max((row for row in self.cells if row >= self.first_free_row), default=0)
        if not self.foot or not last:
            return None
        first = self.foot[0]
        return Room(first, self.first_free_row, last, max(0, last + 1 - first))

    def makes_way(self, row: int, column: int) -> bool:
        """Whether a cell is one of the totals, which new rows do not overwrite: it moves."""
        return row in self.foot and column <= self.edge and self.room is not None


def compile_edits(
    changes: ChangeSet, tables: Mapping[str, Table], grids: Mapping[str, int] | None = None
) -> dict[str, SheetEdit]:
    """{sheet: edit}. `tables` are those that the changes were planned on, one for every sheet
    touched; grids: how many rows of a report in a free layout are its own, where that is known.
    Raises SpliceError for a report that would run over a remark."""
    edits: dict[str, SheetEdit] = {}
    for name in changes.sheets:
        table = tables[name]
        sheet = table.sheet
        edit = edits[name] = SheetEdit(
            sheet.header_row, table.last_row + 1, foot=table.foot, edge=table.around.edge
        )
        positions = dict(table.positions)
        next_column = table.next_column
        places = {column: place for place, column in place_names(positions).items()}
        for change in changes.for_sheet(name):
            match change:
                case AddSheet():
                    edit.new_sheet = True
                    positions = canonical_positions(sheet)
                    if sheet.header_row:
                        edit.cells.own(sheet.header_row).update(
                            {i: c.header for i, c in enumerate(sheet.columns, start=1)}
                        )
                case AddColumns():
                    for column in change.columns:
                        positions[column] = (next_column,)
                        header = edit.cells.own(sheet.header_row)
                        header[next_column] = sheet.by_name[column].header
                        edit.added[next_column] = sheet.by_name[column]
                        next_column += 1
                case RemoveColumns():
                    edit.removed = tuple(sorted(p for c in change.columns for p in positions[c]))
                    edit.cells.own(sheet.header_row).update(dict.fromkeys(edit.removed))
                case SetCells():
                    _set(edit, change.row, change.cells, positions, places)
                case CopyCells():
                    _copy(edit, change, positions, places)
                case AppendRows():
                    edit.cells.put(
                        change.first_row, [positions[c][0] for c in change.columns], change.rows
                    )
                    _fill(edit, change, table, positions)
                case DeleteRows():
                    for number in change.rows:
                        standing = {
                            p
                            for c, places in positions.items()
                            if table.around.has_formula(c, number)
                            for p in places
                        }
                        managed = (
                            place
                            for places in positions.values()
                            for place in places
                            if place not in standing
                        )
                        _empty(edit, number, managed)
                case ReplaceRows() if not change.columns:
                    width = max(map(len, change.rows), default=0)
                    edit.clear_others = (
                        max(width, GRID_WIDTH),
                        (grids or {}).get(name, table.last_row),
                    )
                    edit.cells.put(1, range(1, 1 + width), change.rows)
                case ReplaceRows():
                    _replace(edit, change, table, positions)
        edit.own = tuple(sorted(place for places in positions.values() for place in places))
        edit.derived = frozenset(positions[c][0] for c in table.around.calculated)
    return edits


def _set(
    edit: SheetEdit,
    number: int,
    cells: Mapping[str, Cell],
    positions: Mapping[str, tuple[int, ...]],
    places: Mapping[str, int],
) -> None:
    row = edit.cells.own(number)
    for column, (_before, after) in cells.items():
        if "@" in column:
            row[places[column]] = after
            continue
        row[positions[column][0]] = after
        if after is None:  # an alias would fill the blank
            row.update(dict.fromkeys(positions[column][1:]))


def _copy(
    edit: SheetEdit,
    change: CopyCells,
    positions: Mapping[str, tuple[int, ...]],
    places: Mapping[str, int],
) -> None:
    """Cells that are copied; many new rows that follow one another stay together."""
    rest = set(change.rows)
    for first, last in runs(sorted(row for row in rest if row >= edit.first_free_row)):
        rows = [change.rows[row] for row in range(first, last + 1)]
        used = sorted({column for cells in rows for column in cells})
        emptied = any(after is None for cells in rows for _before, after in cells.values())
        if len(rows) < _MANY or emptied or any("@" in column for column in used):
            continue
        nothing = None, None
        edit.cells.put(
            first,
            [positions[column][0] for column in used],
            [tuple([cells.get(column, nothing)[1] for column in used]) for cells in rows],
        )
        rest.difference_update(range(first, last + 1))
    for number, cells in change.rows.items():
        if number in rest:
            _set(edit, number, cells, positions, places)


def _fill(
    edit: SheetEdit, change: AppendRows, table: Table, positions: Mapping[str, tuple[int, ...]]
) -> None:
    """Formulas of derived columns in new rows: those that stand are left alone, those above are
    filled down."""
    for name, rows in filled_rows(change, table).items():
        place = positions[name][0]
        for row, above in rows.items():
            if above == row:
                edit.cells.own(row).pop(place, None)
            elif above:
                edit.cells.own(row)[place] = Filled(above)


def _empty(edit: SheetEdit, number: int, places: Iterable[int]) -> None:
    """Empty these cells of a row, and write nothing else into it."""
    row = edit.cells.own(number)
    row.clear()
    row.update(dict.fromkeys(places))


def _replace(
    edit: SheetEdit, change: ReplaceRows, table: Table, positions: Mapping[str, tuple[int, ...]]
) -> None:
    """Anew from below the header; where there is more than our own columns and rows, only those are
    emptied and filled."""
    first = table.sheet.header_row + 1
    managed = [place for places in positions.values() for place in places]
    foot = next((row for row in table.foot if row < first + len(change.rows)), 0)
    if foot:
        raise SpliceError(
            f"{change.sheet}!{column_letters(managed[0])}{foot} holds a remark where "
            f"{len(change.rows):,} rows have to go",
            "move the remark right of the columns, or further down",
        )
    if not table.exists or (
        table.next_column - 1 <= len(managed) and not table.around.taken and not table.foot
    ):
        edit.rewrite_from = first
    else:
        for number in range(first, table.last_row + 1):
            _empty(edit, number, managed)
    edit.cells.put(first, [positions[column][0] for column in change.columns], change.rows)
