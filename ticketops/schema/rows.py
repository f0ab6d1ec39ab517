"""Which rows of a sheet are records: what is blank, what is a formula that waits, what is totals or
a remark below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ticketops.schema.columns import ColumnType
from ticketops.schema.sheets import Sheet, SheetKind
from ticketops.schema.surroundings import DERIVED, Marks, is_label, sums_above


def derived_formulas(
    sheet: Sheet,
    positions: Mapping[str, tuple[int, ...]],
    marks: Marks,
    first_row: int,
    height: int,
) -> dict[str, set[int]]:
    """{derived column: places of the rows in which a formula fills it}; for ledgers only."""
    names = {places[0]: name for name, places in positions.items() if name in DERIVED}
    filled: dict[str, set[int]] = {}
    if sheet.kind is SheetKind.LEDGER:
        for row, column in marks.formulas:
            if column in names and first_row <= row < first_row + height:
                filled.setdefault(names[column], set()).add(row - first_row)
    return filled


_FEW = 6
"""A report of fewer columns has rows that could be taken for remarks."""


def foot_of(
    sheet: Sheet,
    values: Mapping[str, list[Any]],
    kept: list[bool],
    rows: Sequence[Sequence[Any]],
    positions: Mapping[str, tuple[int, ...]],
    marks: Marks,
) -> set[int]:
    """The sheet rows that are no records: totals of a ledger and what stands below them, remarks
    under a report."""
    first_row = sheet.header_row + 1
    if sheet.kind in (SheetKind.QUEUE, SheetKind.REPORT):
        return (
            {first_row + i for i in _remarks(sheet, values, kept)}
            if len(positions) >= _FEW
            else set()
        )
    if sheet.kind is not SheetKind.LEDGER or sheet.key not in positions:
        return set()
    naming = [values[name] for name in (sheet.key, "match") if name in values]
    own = {places[0]: name for name, places in positions.items()}

    def nameless(row: int) -> bool:
        i = row - first_row
        return i >= len(kept) or all(cells[i] is None or is_label(cells[i]) for cells in naming)

    found = {
        row
        for (row, column), text in marks.formulas.items()
        if column in own and row >= first_row and sums_above(text, row, column)
    }
    for ((left, top), (right, bottom)), totals, _formulas in marks.tables:
        if totals and top == sheet.header_row and any(left <= column <= right for column in own):
            found.update(range(bottom - totals + 1, bottom + 1))
    for i, key in enumerate(values[sheet.key]):
        if (
            (key is None or is_label(key))
            and kept[i]
            and any(is_label(rows[i][place - 1]) for place in own if place <= len(rows[i]))
        ):
            found.add(first_row + i)
    found = {row for row in found if nameless(row)}
    if not found:
        return found
    named = max(
        (i for i, is_kept in enumerate(kept) if is_kept and not nameless(first_row + i)), default=-1
    )
    closing = min((row for row in found if row > first_row + named), default=0)
    if closing:
        found |= {
            first_row + i for i, is_kept in enumerate(kept) if is_kept and first_row + i > closing
        }
    return found


def is_bare(values: Sequence[Any]) -> bool:
    """Whether a row holds a single text and nothing else (a tick-box that is off is nothing)."""
    held = [value for value in values if value not in (None, False)]
    return len(held) == 1 and isinstance(held[0], str)


def _remarks(sheet: Sheet, values: Mapping[str, list[Any]], kept: Sequence[bool]) -> set[int]:
    """Places of the last rows that hold a single text, below a blank row: they are no rows of the
    report or queue."""
    bare: list[int] = []
    for i in range(len(kept) - 1, -1, -1):
        if kept[i]:
            keyed = sheet.key in values and values[sheet.key][i] is not None
            if keyed or not is_bare([cells[i] for cells in values.values()]):
                break
            bare.append(i)
    found: set[int] = set()
    for i in reversed(bare):
        if i > 0 and (not kept[i - 1] or i - 1 in found):
            found.add(i)
    return found


def not_blank(
    sheet: Sheet,
    values: Mapping[str, list[Any]],
    height: int,
    filled: Mapping[str, set[int]] | None = None,
) -> list[bool]:
    """Of each row, whether any cell holds something: the rule of `_compact`, in plain Python, for
    on a small sheet polars takes as long as all the rest of reading it."""
    if not values:
        return [True] * height
    shown = [
        [cell or None for cell in cells] if sheet.by_name[name].type is ColumnType.FLAG else cells
        for name, cells in values.items()
    ]
    if filled:
        shown = [
            [None if i in filled[name] else cell for i, cell in enumerate(cells)]
            if name in filled
            else cells
            for name, cells in zip(values, shown, strict=True)
        ]
    blank = (None,) * len(shown)
    return [cells != blank for cells in zip(*shown, strict=True)]
