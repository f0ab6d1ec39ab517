"""The changes of several steps of one sheet as one: what the sheet is after the last of them, from what
it was before the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ticketops.errors import InternalError
from ticketops.model.changes import (
    AddColumns,
    AddSheet,
    AppendRows,
    Cell,
    Change,
    ChangeSet,
    DeleteRows,
    ReplaceRows,
    SetCells,
)


class Composed:
    """One sheet. header_row: where its rows begin below; 0 for a report in a free layout.

    A step names rows as the step before it left them; a row that was given away is given to no
    other by a later step.
    """

    def __init__(self, header_row: int) -> None:
        self._header_row = header_row
        self._structure: list[Change] = []
        self._replaced: ReplaceRows | None = None
        self._rows: list[dict[str, Any]] = []
        """What `_replaced` writes, as later steps left it."""
        self._keys: dict[int, str] = {}
        self._set: dict[int, dict[str, Cell]] = {}
        self._via: dict[int, dict[str, tuple[Any, ...]]] = {}
        self._new: dict[int, dict[str, Any]] = {}
        self._gone: dict[int, str] = {}

    def add(self, change: Change) -> None:
        """One more change. Raises InternalError for one that no command makes by itself: of `sync`
        and `undo`."""
        match change:
            case AddSheet() | AddColumns():
                self._structure.append(change)
            case ReplaceRows():
                self._replace(change)
            case SetCells():
                self._put(change)
            case AppendRows():
                for row, values in enumerate(change.rows, start=change.first_row):
                    self._append(row, dict(zip(change.columns, values, strict=True)))
            case DeleteRows():
                for row, key in zip(change.rows, change.keys, strict=True):
                    self._delete(row, key)
            case _:
                raise InternalError(f"{type(change).__name__} can't be joined with other changes")

    def _replace(self, change: ReplaceRows) -> None:
        self._set, self._via, self._new, self._gone = {}, {}, {}, {}
        self._replaced = change
        named = change.rows if change.columns else ()  # a free layout is rewritten as it is
        self._rows = [dict(zip(change.columns, row, strict=True)) for row in named]

    def _written(self, row: int) -> dict[str, Any] | None:
        """The values of a row that these changes made; None of one that there was before."""
        if row in self._new:
            return self._new[row]
        place = row - self._header_row - 1
        if self._replaced is not None and 0 <= place < len(self._rows):
            return self._rows[place]
        return None

    def _put(self, change: SetCells) -> None:
        made = self._written(change.row)
        if made is not None:
            made |= {name: after for name, (_before, after) in change.cells.items()}
            return
        cells = self._set.setdefault(change.row, {})
        via = self._via.setdefault(change.row, {})
        self._keys.setdefault(change.row, change.key)
        for name, (before, after) in change.cells.items():
            first, *on = cells.get(name, (before,))
            via[name] = (*via.get(name, ()), *on, *change.via.get(name, ()))
            cells[name] = first, after

    def _append(self, row: int, values: dict[str, Any]) -> None:
        if self._replaced is None:
            self._new[row] = values
            return
        self._rows += ({} for _ in range(row - self._header_row - len(self._rows)))
        self._rows[row - self._header_row - 1] = values

    def _delete(self, row: int, key: str) -> None:
        if row in self._new:
            del self._new[row]
        elif (made := self._written(row)) is not None:
            made.clear()
        else:
            self._set.pop(row, None)
            self._gone[row] = key

    def changes(self, sheet: str) -> Iterator[Change]:
        """The one step: columns, rows rewritten, cells, rows emptied, new rows."""
        yield from self._structure
        if self._replaced is not None:
            yield self._rewritten(self._replaced)
        done = ChangeSet()
        for row, cells in self._set.items():
            done.set(sheet, row, self._keys[row], cells, self._via[row])
        done.delete(sheet, self._gone)
        for first, rows in _runs(self._new):
            columns = tuple(dict.fromkeys(name for row in rows for name in row))
            values = [tuple(row.get(name) for name in columns) for row in rows]
            done.append(sheet, first, columns, values)
        yield from done

    def _rewritten(self, change: ReplaceRows) -> ReplaceRows:
        if not change.columns:
            return change
        columns = tuple(
            dict.fromkeys((*change.columns, *(name for row in self._rows for name in row)))
        )
        rows = [tuple(row.get(name) for name in columns) for row in self._rows]
        return ReplaceRows(change.sheet, columns, rows)


def _runs(rows: Mapping[int, dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Rows that follow each other, with the number of the first."""
    first, run = 0, list[dict[str, Any]]()
    for row in sorted(rows):
        if run and row != first + len(run):
            yield first, run
            run = []
        if not run:
            first = row
        run.append(rows[row])
    if run:
        yield first, run
