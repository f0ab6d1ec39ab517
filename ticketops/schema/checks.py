"""What a change may not do to its sheet, whatever the workbook holds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ticketops.errors import SchemaError, SpliceError
from ticketops.model.changes import (
    AppendRows,
    ChangeSet,
    CopyCells,
    DeleteRows,
    ReplaceRows,
    SetCells,
)
from ticketops.schema.columns import Column, ColumnType
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet, SheetKind
from ticketops.schema.tables import PYTHON_TYPES


def check(changes: ChangeSet, layout: Layout) -> None:
    """Refuse what a sheet does not allow. Raises SchemaError: an edit of a log, a ReplaceRows of a
    ledger, an unknown column, a state that may not follow, a word outside a log's closed set, a
    value of the wrong type; SpliceError: half a character."""
    for change in changes:
        sheet = layout[change.sheet]
        if sheet.kind is SheetKind.LOG and isinstance(change, (SetCells, DeleteRows, ReplaceRows)):
            raise SchemaError(f"{sheet.name} is append-only: its rows can't be edited or deleted")
        match change:
            case ReplaceRows() if sheet.kind not in (SheetKind.REPORT, SheetKind.QUEUE):
                raise SchemaError(f"{sheet.name} is not a report: it can't be replaced whole")
            case SetCells():
                for name, (before, after) in change.cells.items():
                    column = _column(sheet, name)
                    _check_value(sheet, column.name, column.type, after)
                    if column.machine:
                        _check_moves(
                            column,
                            f"{sheet.name} {change.key}",
                            (before, *change.via.get(name, ()), after),
                        )
                _check_text(sheet, [after for _before, after in change.cells.values()])
            case AppendRows() | ReplaceRows() if change.columns:
                for place, name in enumerate(change.columns):
                    values = [row[place] for row in change.rows]
                    examples = dict(zip(map(type, values), values, strict=True))
                    for example in examples.values():
                        _check_value(sheet, name, _column(sheet, name).type, example)
                    if any(issubclass(kind, str) for kind in examples):
                        _check_text(sheet, values)
                    if sheet.kind is SheetKind.LOG:
                        _check_choices(sheet, _column(sheet, name), values)
            case ReplaceRows():
                _check_text(sheet, [value for row in change.rows for value in row])
            case CopyCells():
                for name in {name for cells in change.rows.values() for name in cells}:
                    _column(sheet, name)
                _check_text(
                    sheet,
                    [after for cells in change.rows.values() for _before, after in cells.values()],
                )
            case _:
                pass


def _check_moves(column: Any, where: str, states: Sequence[str | None]) -> None:
    """Every step from one state to the next must be allowed."""
    for before, after in pairwise(states):
        if not column.machine.allows(before, after):
            raise SchemaError(
                f"{where}: {column.header} can't change from {before or 'blank'} to "
                f"{after or 'blank'}"
            )


def _check_choices(sheet: Sheet, column: Column, values: Sequence[Any]) -> None:
    """A log is never mended: no word outside a closed set gets into it. What stands there already
    is read as it is."""
    unknown = (
        {value for value in values if value is not None} - set(column.choices)
        if column.choices
        else set()
    )
    if unknown:
        raise SchemaError(
            f"{sheet.name}: {column.header} {min(unknown)!r} must be one of "
            f"{', '.join(column.choices)}"
        )


def _check_text(sheet: Sheet, values: Sequence[Any]) -> None:
    """Text that no file can hold (half a character) is refused."""
    try:
        "".join([value for value in values if isinstance(value, str)]).encode()
    except UnicodeEncodeError:
        raise SpliceError(f"{sheet.name} would hold half a character (a lone surrogate)") from None


def _column(sheet: Sheet, name: str) -> Column:
    try:
        return sheet.by_name[name]
    except KeyError:
        raise SchemaError(f"sheet {sheet.name} has no column {name!r}") from None


def _check_value(sheet: Sheet, name: str, column_type: ColumnType, value: Any) -> None:
    if value is not None and not isinstance(value, PYTHON_TYPES[column_type]):
        raise SchemaError(
            f"{sheet.name}.{name} holds {column_type.value}, not {type(value).__name__}"
        )
