"""The cells that an edit writes, row by row. Whole rows that came in a block stay as they came: as
dicts they would take several times the memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct


class _Block(Struct, frozen=True):
    """Rows that follow one another; the nth value of each goes into the nth of `places`."""

    numbers: range
    places: Sequence[int]
    rows: Sequence[Sequence[Any]]

    def cells(self, number: int) -> dict[int, Any]:
        """The cells of a row; blank ones are left out."""
        values = self.rows[number - self.numbers.start]
        cells = dict(zip(self.places, values, strict=False))
        if None in values:
            return {place: value for place, value in cells.items() if value is not None}
        return cells

    def ends(self) -> Iterator[int]:
        """The first and the last column in which any row has a value."""
        used = (
            place
            for nth, place in enumerate(self.places)
            if any(nth < len(row) and row[nth] is not None for row in self.rows)
        )
        columns = list(used)
        yield from (min(columns), max(columns)) if columns else ()


class EditedRows(Mapping[int, Mapping[int, Any]]):
    """{row: {column: value}}, None empties a cell. What is looked up is to be read only; `own` hands
    out a row to write in."""

    def __init__(self, rows: Mapping[int, Mapping[int, Any]] | None = None) -> None:
        self._own: dict[int, dict[int, Any]] = {
            row: dict(cells) for row, cells in (rows or {}).items()
        }
        self._blocks: list[_Block] = []
        self._length = len(self._own)

    def __getitem__(self, row: int) -> Mapping[int, Any]:
        own = self._own.get(row)
        if own is not None:
            return own
        for block in self._blocks:
            if row in block.numbers:
                return block.cells(row)
        raise KeyError(row)

    def __contains__(self, row: object) -> bool:
        return row in self._own or any(row in block.numbers for block in self._blocks)

    def __iter__(self) -> Iterator[int]:
        yield from self._own
        for block in self._blocks:
            yield from (row for row in block.numbers if row not in self._own)

    def __len__(self) -> int:
        return self._length

    def own(self, row: int) -> dict[int, Any]:
        """The cells of a row, to be changed in place; none yet where it is new."""
        if row not in self._own:
            known = row in self
            self._own[row] = dict(self[row]) if known else {}
            self._length += not known
        return self._own[row]

    def put(self, first_row: int, places: Sequence[int], rows: Sequence[Sequence[Any]]) -> None:
        """Write whole rows, the nth value of each into the nth of `places`; blank ones write
        nothing."""
        block = _Block(range(first_row, first_row + len(rows)), places, rows)
        met = any(
            block.numbers.start < one.numbers.stop and one.numbers.start < block.numbers.stop
            for one in self._blocks
        )
        for row in block.numbers if met else [row for row in self._own if row in block.numbers]:
            self.own(row).update(block.cells(row))
        if not met:
            self._length += sum(row not in self._own for row in block.numbers)
            self._blocks.append(block)

    def count(self) -> int:
        """How many cells are written, at least."""
        return sum(map(len, self._own.values())) + sum(
            len(values) - values.count(None)
            for block in self._blocks
            for row, values in zip(block.numbers, block.rows, strict=True)
            if row not in self._own
        )

    def ends(self) -> list[int]:
        """The columns of the first and last cells that are written, in any row."""
        own = [end for row in self._own.values() if row for end in (min(row), max(row))]
        return own + [end for block in self._blocks for end in block.ends()]
