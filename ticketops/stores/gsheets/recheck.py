"""Before a commit: which cells are read again, and whether they still hold what the plan was made
on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketops.errors import ConflictError, SpliceError
from ticketops.model.changes import (
    AppendRows,
    ChangeSet,
    CopyCells,
    DeleteRows,
    ReplaceRows,
    SetCells,
)
from ticketops.schema.addresses import Area, column_letters, runs
from ticketops.schema.sheets import SheetKind
from ticketops.schema.sheets_api import quoted
from ticketops.schema.tables import Table, place_names
from ticketops.stores.areas import MERGED, refuse_areas
from ticketops.stores.edits import SheetEdit
from ticketops.stores.gsheets.requests import Grid

RawRows = Sequence[Sequence[Any]]
Standing = dict[tuple[int, int], dict[str, Any]]
"""{(row, column): ExtendedValue}"""
FIELDS = "userEnteredValue,effectiveValue,chipRuns(startIndex)"
"""What is asked of each cell."""

FILLED = {"formulaValue": ""}
"""What stands for a cell that another cell's formula fills."""
MOST_RANGES = 300
"""Ranges of one sheet; scattered rows beyond that are read as whole spans of columns."""


@dataclass(slots=True)
class Look:
    """What is to be read again of one sheet. cells: {row: columns}; below: (row, last column):
    everything from there on."""

    cells: dict[int, tuple[int, ...]] = field(default_factory=dict)
    below: tuple[int, int] | None = None


def looks(
    changes: ChangeSet, tables: Mapping[str, Table], raw: Mapping[str, RawRows]
) -> dict[str, Look]:
    """{sheet: what is to be read again}: the cells that are written, the keys of their rows, the
    header, the rows that are appended to."""
    found: dict[str, Look] = {}
    for name in changes.sheets:
        table = tables[name]
        if not table.exists:
            continue
        sheet, look = table.sheet, found.setdefault(name, Look())
        places = {column: place for place, column in place_names(table.positions).items()}
        every = tuple(sorted(places.values()))
        key = tuple(places[column] for column in (sheet.key,) if column in places)
        width = max((len(row) for row in raw[name][: sheet.header_row]), default=0)
        if sheet.header_row:
            look.cells[sheet.header_row] = tuple(range(1, width + 1))
        for change in changes.for_sheet(name):
            match change:
                case SetCells():
                    named = [
                        place
                        for column in change.cells
                        for place in _places_of(column, table, places)
                    ]
                    known = _which_row(change.row, key, every, raw[name])
                    look.cells[change.row] = tuple(
                        sorted({*look.cells.get(change.row, ()), *named, *known})
                    )
                case CopyCells():
                    for row, cells in change.rows.items():
                        if row > len(raw[name]):
                            look.below = max(1, len(raw[name])), max(every, default=1)
                            continue
                        named = [
                            place for column in cells for place in table.positions.get(column, ())
                        ]
                        look.cells[row] = tuple(
                            sorted(
                                {
                                    *look.cells.get(row, ()),
                                    *named,
                                    *_which_row(row, key, every, raw[name]),
                                }
                            )
                        )
                case DeleteRows():
                    look.cells |= dict.fromkeys(change.rows, every)
                case AppendRows():
                    look.below = max(1, change.first_row - 1), max(every, default=1)
                case ReplaceRows() if sheet.kind is SheetKind.QUEUE and sheet.header_row:
                    look.below = sheet.header_row, max(every, default=1)
                case _:
                    pass
        if table.foot and any(row > table.last_row for row in _new_rows(changes, name)):
            first = min(look.below[0] if look.below else table.foot[0], table.foot[0])
            look.below = first, max(*every, table.around.edge)
    return found


def _new_rows(changes: ChangeSet, name: str) -> Iterator[int]:
    """Rows that may be below the records: the last of each block."""
    for change in changes.for_sheet(name):
        match change:
            case AppendRows():
                yield change.first_row + len(change.rows) - 1
            case CopyCells():
                yield max(change.rows, default=0)
            case SetCells():
                yield change.row
            case _:
                pass


def _which_row(
    row: int, key: tuple[int, ...], every: tuple[int, ...], raw: RawRows
) -> tuple[int, ...]:
    """The cells that say which row it is: its key, or all of it where it has none."""
    cells = raw[row - 1] if row <= len(raw) else ()
    return (
        key
        if key and all(place <= len(cells) and cells[place - 1] not in (None, "") for place in key)
        else every
    )


def _places_of(column: str, table: Table, places: Mapping[str, int]) -> Iterable[int]:
    return (
        (places[column],) if "@" in column and column in places else table.positions.get(column, ())
    )


def within(
    rows: Mapping[int, Iterable[str]], table: Table, raw: RawRows
) -> dict[int, tuple[int, ...]]:
    """{row: sheet columns} of named cells, as far as the sheet reaches."""
    places = {column: place for place, column in place_names(table.positions).items()}
    return {
        row: tuple(sorted(places[c] for c in columns if c in places))
        for row, columns in rows.items()
        if row <= len(raw)
    }


def ranges(sheet: str, look: Look) -> list[str]:
    """The look in A1 notation."""
    blocks = list(_rectangles(look.cells))
    if len(blocks) > MOST_RANGES:
        spans: dict[tuple[int, int], tuple[int, int]] = {}
        for first, last, left, right in blocks:
            low, high = spans.get((left, right), (first, last))
            spans[left, right] = min(low, first), max(high, last)
        blocks = [(low, high, left, right) for (left, right), (low, high) in spans.items()]
    names = [
        quoted(sheet, f"{column_letters(left)}{first}:{column_letters(right)}{last}")
        for first, last, left, right in blocks
    ]
    if look.below:
        row, column = look.below
        names.append(quoted(sheet, f"A{row}:{column_letters(column)}"))
    return names or [quoted(sheet, "A1")]


def _rectangles(cells: Mapping[int, tuple[int, ...]]) -> Iterator[tuple[int, int, int, int]]:
    """(first row, last row, first column, last column) of runs of rows with the same columns."""
    first = last = 0
    columns: tuple[int, ...] = ()
    for row in [*sorted(row for row in cells if cells[row]), 0]:
        if row == last + 1 and cells[row] == columns:
            last = row
            continue
        for left, right in runs(columns):
            yield first, last, left, right
        if row:
            first = last = row
            columns = cells[row]


def standing_cells(sheet: Mapping[str, Any]) -> Standing:
    """What was read again, cell by cell; blank ones are left out.

    A cell that the formula of another one fills (an array that spills, a pivot table) has a value
    that nobody entered: it stands as a formula. A smart chip is entered as an @: it stands as what
    it shows.
    """
    found: Standing = {}
    for block in sheet.get("data", []):
        first_row, first_column = block.get("startRow", 0) + 1, block.get("startColumn", 0) + 1
        for number, row in enumerate(block.get("rowData", []), start=first_row):
            for column, cell in enumerate(row.get("values", []), start=first_column):
                entered, shown = cell.get("userEnteredValue"), cell.get("effectiveValue")
                if entered and cell.get("chipRuns"):
                    entered = shown
                value = entered or (FILLED if shown else None)
                if value:
                    found[number, column] = value
    return found


def compare(sheet: str, look: Look, standing: Standing, raw: RawRows, edit: SheetEdit) -> None:
    """Raises ConflictError where a cell no longer holds what was read, SpliceError where a cell to
    be written holds a formula."""
    for row, columns in look.cells.items():
        for column in columns:
            _compare(sheet, row, column, standing, raw, edit)
    if look.below:
        first, last = look.below
        deepest = max(max((row for row, _ in standing), default=0), len(raw))
        for row in range(first, deepest + 1):
            for column in range(1, last + 1):
                _compare(sheet, row, column, standing, raw, edit)


def refuse_merged(sheet: str, edit: SheetEdit, merges: Iterable[Area], before: Grid | None) -> None:
    """Raises SpliceError where a cell to be written is covered by merged cells: Google keeps no
    value there, and says nothing. before: what the plan was made on; where cells were merged since,
    it is a ConflictError, as a new plan goes round them."""
    try:
        staying = [area for area in merges if not _moves(area, edit)]
        refuse_areas(sheet, edit, staying, MERGED, keep_first=True)
    except SpliceError as error:
        if before is not None and set(merges) <= set(before.merges):
            raise
        raise ConflictError(error.message, "run the command again: it avoids them") from None


def _moves(area: Area, edit: SheetEdit) -> bool:
    """Whether merged cells are part of a row of totals that goes further down."""
    (_left, top), (right, bottom) = area
    moved = edit.room is not None and edit.room.shift > 0
    return moved and top == bottom and top in edit.foot and right <= edit.edge


def _compare(
    sheet: str, row: int, column: int, standing: Standing, raw: RawRows, edit: SheetEdit
) -> None:
    value = standing.get((row, column))
    where = f"{sheet}!{column_letters(column)}{row}"
    if value and "formulaValue" in value:
        written = {} if edit.makes_way(row, column) else edit.cells.get(row, {})
        if column in written or (edit.rewrite_from is not None and row >= edit.rewrite_from):
            what = "is filled by another cell's formula" if value is FILLED else "holds a formula"
            raise SpliceError(
                f"{where} {what}; it is not overwritten", "replace it with its value, or move it"
            )
        return
    before = raw[row - 1][column - 1] if row <= len(raw) and column <= len(raw[row - 1]) else None
    if comparable(next(iter(value.values())) if value else None) != comparable(before):
        raise ConflictError(
            f"{where} was changed by someone else meanwhile",
            "nothing was written; run the command again",
        )


def comparable(raw: Any) -> Any:
    """A raw cell for comparing: blanks alike, numbers as floats, TRUE apart from 1."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool):
        return ("flag", raw)
    return float(raw) if isinstance(raw, (int, float)) else raw


def found(
    table: Table, raw: RawRows, rows: Mapping[int, Iterable[str]]
) -> dict[int, dict[str, Any]]:
    """{row: {column name: raw value}} of named cells, as they were read."""
    places = {name: place for place, name in place_names(table.positions).items()}

    def cell(row: int, place: int) -> Any:
        return raw[row - 1][place - 1] if row <= len(raw) and place <= len(raw[row - 1]) else None

    return {
        row: {name: cell(row, places[name]) for name in cells if name in places}
        for row, cells in rows.items()
    }
