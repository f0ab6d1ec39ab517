"""Changes as data: a ChangeSet is the only thing a store writes.

Cells are named by sheet, sheet row (1-based) and python column name; values are those of a Table
(str, int, float, bool, datetime, None). A deleted row becomes an empty row: nothing below it moves,
so every formula, filter, comment and row number in the workbook stays true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

Cell = tuple[Any, Any]
"""(before, after)"""


class SetCells(Struct, frozen=True):
    """New values for some cells of one existing row. `key` names the row for people. via: {column:
    states that a cell went through on its way}, where several steps are written as one."""

    sheet: str
    row: int
    key: str
    cells: Mapping[str, Cell]
    via: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


class AppendRows(Struct, frozen=True):
    """Whole rows below the last one that holds data; `first_row` is the first free sheet row."""

    sheet: str
    first_row: int
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


class DeleteRows(Struct, frozen=True):
    """Rows to empty; `keys` name them for people, in the same order."""

    sheet: str
    rows: tuple[int, ...]
    keys: tuple[str, ...]


class ReplaceRows(Struct, frozen=True):
    """Everything below the header anew (queue and report sheets only).

    `columns` are python column names, or empty for a free layout: then each row starts in column A
    of row 1.
    """

    sheet: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


class CopyCells(Struct, frozen=True):
    """Cells as another copy of the workbook holds them (`sync`): any rows of any sheet with a
    header, logs and states included, for what may follow what was judged over there. A value that
    does not fit its column's type is taken along as it is."""

    sheet: str
    rows: Mapping[int, Mapping[str, Cell]]


class AddSheet(Struct, frozen=True):
    """A declared sheet that the workbook lacks, with its headers."""

    sheet: str


class AddColumns(Struct, frozen=True):
    """Declared columns that a sheet lacks, at its right end (D12)."""

    sheet: str
    columns: tuple[str, ...]


class RemoveColumns(Struct, frozen=True):
    """Columns that AddColumns made, taken away again with their headers (undo): the last of the
    sheet's own, with nothing in them."""

    sheet: str
    columns: tuple[str, ...]


Change = (
    SetCells
    | AppendRows
    | DeleteRows
    | ReplaceRows
    | CopyCells
    | AddSheet
    | AddColumns
    | RemoveColumns
)


class ChangeSet(Struct):
    """What one transaction does, in order. Empty: nothing to do."""

    changes: list[Change] = field(default_factory=list)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def set(
        self,
        sheet: str,
        row: int,
        key: str,
        cells: Mapping[str, Cell],
        via: Mapping[str, tuple[Any, ...]] | None = None,
    ) -> None:
        """Record the cells that really change; nothing where before equals after everywhere."""
        real = {name: (before, after) for name, (before, after) in cells.items() if before != after}
        if real:
            self.changes.append(
                SetCells(
                    sheet,
                    row,
                    key,
                    real,
                    {name: steps for name, steps in (via or {}).items() if name in real},
                )
            )

    def append(
        self, sheet: str, first_row: int, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Record new rows; columns in which every cell is blank are left out."""
        used = [i for i in range(len(columns)) if [row[i] for row in rows].count(None) < len(rows)]
        if len(used) < len(columns):
            rows = [tuple(row[i] for i in used) for row in rows]
        if rows and used:
            self.changes.append(AppendRows(sheet, first_row, tuple(columns[i] for i in used), rows))

    def delete(self, sheet: str, rows: Mapping[int, str]) -> None:
        """Empty the rows of {sheet row: key}."""
        if rows:
            self.changes.append(DeleteRows(sheet, tuple(rows), tuple(rows.values())))

    def replace(self, sheet: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        self.changes.append(ReplaceRows(sheet, tuple(columns), rows))

    def extend(self, other: ChangeSet) -> None:
        self.changes.extend(other.changes)

    def merged(self) -> ChangeSet:
        """The same with one SetCells a row: where several steps of a plan set a cell, the first
        `before` and the last `after` stay; a cell that ends as it began is left out, and so are
        the cells of a row that a later step deletes."""
        return self._without_what_is_deleted()._one_a_row()

    def _without_what_is_deleted(self) -> ChangeSet:
        gone = {
            (change.sheet, row): i
            for i, change in enumerate(self.changes)
            if isinstance(change, DeleteRows)
            for row in change.rows
        }
        if not gone:
            return self
        kept = [
            change
            for i, change in enumerate(self.changes)
            if not (isinstance(change, SetCells) and gone.get((change.sheet, change.row), -1) > i)
        ]
        return ChangeSet(kept)

    def _one_a_row(self) -> ChangeSet:
        cells: dict[tuple[str, int], dict[str, Cell]] = {}
        keys: dict[tuple[str, int], str] = {}
        steps: dict[tuple[str, int], dict[str, tuple[Any, ...]]] = {}
        for change in self.changes:
            if isinstance(change, SetCells):
                row = cells.setdefault((change.sheet, change.row), {})
                via = steps.setdefault((change.sheet, change.row), dict(change.via))
                keys.setdefault((change.sheet, change.row), change.key)
                for name, (before, after) in change.cells.items():
                    if name in row:
                        via[name] = (*via.get(name, ()), row[name][1], *change.via.get(name, ()))
                    row[name] = (row[name][0] if name in row else before, after)
        if len(cells) == sum(isinstance(change, SetCells) for change in self.changes):
            return self
        result = ChangeSet()
        for change in self.changes:
            if not isinstance(change, SetCells):
                result.changes.append(change)
            elif (change.sheet, change.row) in cells:
                at = change.sheet, change.row
                result.set(change.sheet, change.row, keys[at], cells.pop(at), steps[at])
        return result

    def renamed(self, titles: Mapping[str, str]) -> ChangeSet:
        """The same with its sheets called by these titles: {name: title}."""
        if not titles:
            return self
        return ChangeSet(
            [
                replace(change, sheet=titles[change.sheet]) if change.sheet in titles else change
                for change in self.changes
            ]
        )

    def for_sheet(self, sheet: str) -> list[Change]:
        return [change for change in self.changes if change.sheet == sheet]

    @property
    def sheets(self) -> list[str]:
        """The sheets it touches, in order of first appearance."""
        return list(dict.fromkeys(change.sheet for change in self.changes))

    def counts(self) -> dict[str, dict[str, int]]:
        """{sheet: {"set": cells, "appended": rows, "deleted": rows, "replaced": rows}}."""
        totals: dict[str, dict[str, int]] = {}
        for change in self.changes:
            count = totals.setdefault(
                change.sheet, {"set": 0, "appended": 0, "deleted": 0, "replaced": 0}
            )
            match change:
                case SetCells():
                    count["set"] += len(change.cells)
                case AppendRows():
                    count["appended"] += len(change.rows)
                case DeleteRows():
                    count["deleted"] += len(change.rows)
                case ReplaceRows():
                    count["replaced"] += len(change.rows)
                case CopyCells():
                    count["set"] += sum(map(len, change.rows.values()))
                case AddSheet() | AddColumns() | RemoveColumns():
                    pass
        return totals
