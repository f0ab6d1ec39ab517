"""Areas of a sheet into which nothing may be written: merged cells, array formulas."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from ticketops.errors import SpliceError
from ticketops.schema.addresses import Area, column_letters
from ticketops.stores.edits import SheetEdit

MERGED = "lies inside merged cells"


def refuse_areas(
    sheet: str, edit: SheetEdit, areas: Iterable[Area], why: str, *, keep_first: bool
) -> None:
    """Raises SpliceError if an edited cell lies in one of the areas (its first cell may, where
    keep_first)."""
    rows = sorted(edit.cells)
    for area in areas:
        (left, top), (right, bottom) = area
        for row in rows[bisect_left(rows, top) : bisect_right(rows, bottom)]:
            for column in edit.cells[row]:
                first = keep_first and (column, row) == (left, top)
                if left <= column <= right and not first:
                    raise SpliceError(
                        f"{sheet}!{column_letters(column)}{row} {why} ({named(area)}): nothing was written"
                    )
        if edit.rewrite_from is not None and bottom >= edit.rewrite_from:
            raise SpliceError(
                f"{sheet}!{named(area)} {why.replace('lies inside', 'are')}: the sheet can't be "
                "rewritten"
            )


def named(area: Area) -> str:
    """An area as people write it: `B2:D9`."""
    (left, top), (right, bottom) = area
    first, last = f"{column_letters(left)}{top}", f"{column_letters(right)}{bottom}"
    return first if first == last else f"{first}:{last}"
