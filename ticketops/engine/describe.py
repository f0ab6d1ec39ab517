"""A ChangeSet cell by cell, for people and scripts: what a dry run shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
from ticketops.model.secrets import HIDDEN
from ticketops.schema.addresses import column_letters
from ticketops.schema.columns import text_of
from ticketops.schema.tables import Table, canonical_positions


def cells_of(changes: ChangeSet, tables: Mapping[str, Table]) -> Iterator[dict[str, Any]]:
    """One dict a cell: sheet, cell, header, key, before, after. A replaced sheet is one dict with
    its range and `rows`.

    Secret values are hidden.
    """
    for name in changes.sheets:
        sheet = _SheetCells(tables[name])
        for change in changes.for_sheet(name):
            yield from sheet.cells(change)


class _SheetCells:
    """The cells of one sheet's changes; knows where columns stand, those included that the changes
    add."""

    def __init__(self, table: Table) -> None:
        self._table, self._sheet = table, table.sheet
        self._positions = dict(table.positions)
        self._next_column = table.next_column
        self._misfits = {(m.row, m.column): m.text for m in table.misfits}

    def cells(self, change: Change) -> Iterator[dict[str, Any]]:
        match change:
            case AddSheet():
                self._positions = canonical_positions(self._sheet)
                yield from self._headers(
                    "new sheet", [column.name for column in self._sheet.columns]
                )
            case AddColumns():
                self._positions |= {
                    name: (self._next_column + i,) for i, name in enumerate(change.columns)
                }
                self._next_column += len(change.columns)
                yield from self._headers("new column", change.columns)
            case RemoveColumns():
                for name in change.columns:
                    header = self._sheet.by_name[name].header
                    yield self._cell(self._sheet.header_row, name, "column goes", header, None)
            case SetCells():
                for name, (before, after) in change.cells.items():
                    yield self._one(change.row, name, change.key, before, after)
                    if after is None:
                        yield from self._shadows(change.row, change.key, name)
            case CopyCells():
                for number, cells in change.rows.items():
                    for name, (before, after) in cells.items():
                        yield self._one(number, name, "copied", before, after)
                        if after is None:
                            yield from self._shadows(number, "copied", name)
            case AppendRows():
                for number, row in enumerate(change.rows, start=change.first_row):
                    filled = (
                        (name, value)
                        for name, value in zip(change.columns, row, strict=True)
                        if value is not None
                    )
                    yield from (
                        self._one(number, name, "new row", None, value) for name, value in filled
                    )
            case DeleteRows():
                gone = self._table.frame.filter(self._table.frame["row"].is_in(list(change.rows)))
                for values in gone.iter_rows(named=True):
                    own = values | {
                        name: text
                        for (row, name), text in self._misfits.items()
                        if row == values["row"]
                    }
                    held = (name for name in self._positions if own[name] is not None)
                    yield from (
                        self._one(values["row"], name, "deleted row", own[name], None)
                        for name in held
                    )
                    yield from self._shadows(values["row"], "deleted row")
            case ReplaceRows():
                yield _replaced(change.sheet, self._sheet.header_row, change, self._positions)

    def _shadows(self, row: int, key: str, only: str = "") -> Iterator[dict[str, Any]]:
        """The cells of aliases that are emptied with their column."""
        for at, column in self._table.shadowed:
            name, _, nth = column.partition("@")
            if at == row and only in ("", name):
                header = self._sheet.by_name[name].header
                cell = f"{column_letters(self._positions[name][int(nth)])}{row}"
                yield {
                    "sheet": self._sheet.name,
                    "cell": cell,
                    "header": header,
                    "key": key,
                    "before": "…",
                    "after": None,
                }

    def _headers(self, key: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        for name in names:
            header = self._sheet.by_name[name].header
            yield self._cell(self._sheet.header_row, name, key, None, header)

    def _one(self, row: int, name: str, key: str, before: Any, after: Any) -> dict[str, Any]:
        if before is None:
            before = self._misfits.get((row, name))
        if self._sheet.by_name[name.partition("@")[0]].secret:
            before, after = (HIDDEN if value is not None else None for value in (before, after))
        return self._cell(row, name, key, before, after)

    def _cell(self, row: int, name: str, key: str, before: Any, after: Any) -> dict[str, Any]:
        own, _, nth = name.partition("@")
        cell = f"{column_letters(self._positions[own][int(nth or 0)])}{row}"
        header = self._sheet.by_name[own].header
        return {
            "sheet": self._sheet.name,
            "cell": cell,
            "header": header,
            "key": key,
            "before": before,
            "after": after,
        }


def _replaced(
    name: str, header_row: int, change: ReplaceRows, positions: Mapping[str, tuple[int, ...]]
) -> dict[str, Any]:
    columns = [positions[column][0] for column in change.columns] or [
        1,
        max(map(len, change.rows), default=1),
    ]
    last = max(header_row + len(change.rows), header_row + 1)
    area = f"{column_letters(min(columns))}{header_row + 1}:{column_letters(max(columns))}{last}"
    return {
        "sheet": name,
        "cell": area,
        "header": "",
        "key": "replaced whole",
        "before": None,
        "after": None,
        "rows": len(change.rows),
    }


def shown(value: Any) -> str:
    """A value as a person reads it."""
    return "blank" if value is None else text_of(value)
