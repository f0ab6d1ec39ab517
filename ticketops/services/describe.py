"""A ChangeSet cell by cell, for people and scripts: what a dry run shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ticketops.model.changes import AddColumns, AddSheet, AppendRows, ChangeSet, DeleteRows, ReplaceRows, SetCells
from ticketops.schema.addresses import column_letters
from ticketops.schema.columns import text_of
from ticketops.schema.tables import Table, canonical_positions

HIDDEN = "•••"


def cells_of(changes: ChangeSet, tables: Mapping[str, Table]) -> Iterator[dict[str, Any]]:
    """One dict a cell: sheet, cell, header, key, before, after. A replaced sheet is one dict with its range and `rows`.

    Secret values are hidden.
    """
    for name in changes.sheets:
        table = tables[name]
        sheet = table.sheet
        positions = dict(table.positions)
        next_column = table.next_column

        def one(row: int, column: str, key: str, before: Any, after: Any) -> dict[str, Any]:
            declared = sheet.by_name[column]  # noqa: B023 (used before the loop moves on)
            if declared.secret:
                before, after = (HIDDEN if value is not None else None for value in (before, after))
            place = f"{column_letters(positions[column][0])}{row}"  # noqa: B023
            return {"sheet": name, "cell": place, "header": declared.header, "key": key, "before": before, "after": after}  # noqa: B023

        for change in changes.for_sheet(name):
            match change:
                case AddSheet():
                    positions = canonical_positions(sheet)
                    for column in sheet.columns:
                        yield one(sheet.header_row, column.name, "new sheet", None, column.header)
                case AddColumns():
                    for column_name in change.columns:
                        positions[column_name] = (next_column,)
                        next_column += 1
                        yield one(sheet.header_row, column_name, "new column", None, sheet.by_name[column_name].header)
                case SetCells():
                    for column_name, (before, after) in change.cells.items():
                        yield one(change.row, column_name, change.key, before, after)
                case AppendRows():
                    for number, values in enumerate(change.rows, start=change.first_row):
                        for column_name, value in zip(change.columns, values, strict=True):
                            if value is not None:
                                yield one(number, column_name, "new row", None, value)
                case DeleteRows():
                    gone = table.frame.filter(table.frame["row"].is_in(list(change.rows)))
                    for values in gone.iter_rows(named=True):
                        for column_name in positions:
                            if values[column_name] is not None:
                                yield one(values["row"], column_name, "deleted row", values[column_name], None)
                case ReplaceRows():
                    yield _replaced(name, sheet.header_row, change, positions)


def _replaced(name: str, header_row: int, change: ReplaceRows, positions: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    places = [positions[column][0] for column in change.columns] or [1, max(map(len, change.rows), default=1)]
    last = max(header_row + len(change.rows), header_row + 1)
    area = f"{column_letters(min(places))}{header_row + 1}:{column_letters(max(places))}{last}"
    return {"sheet": name, "cell": area, "header": "", "key": "replaced whole", "before": None, "after": None, "rows": len(change.rows)}


def shown(value: Any) -> str:
    """A value as a person reads it."""
    return "blank" if value is None else text_of(value)
