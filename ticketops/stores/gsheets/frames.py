"""Tables ("Convert to table") and alternating colours of a Google Sheet: new rows below the records
belong to them, so they grow first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ticketops.schema.sheets_api import Request
from ticketops.stores.edits import SheetEdit

FIELDS = "tables(tableId,range),bandedRanges(bandedRangeId,range)"
"""What is asked of a sheet for `frames_of`."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A table or a banded range. held: its id, as Google names it; range: a GridRange."""

    held: Mapping[str, Any]
    range: Mapping[str, int]

    @property
    def is_table(self) -> bool:
        return "tableId" in self.held

    def grown(self, end: int, right: int | None) -> Request:
        """The request that makes it end with that row and column, from 1; right: None where its
        columns have no end."""
        held = {**self.range, "endRowIndex": end}
        if right is not None:
            held["endColumnIndex"] = right
        body = {**self.held, "range": held}
        if self.is_table:
            return {"updateTable": {"table": body, "fields": "range"}}
        return {"updateBanding": {"bandedRange": body, "fields": "range"}}


def frames_of(sheet: Mapping[str, Any]) -> tuple[Frame, ...]:
    """Those of a sheet as Google tells of it."""
    return tuple(
        Frame({name: one[name]}, one["range"])
        for many, name in (("tables", "tableId"), ("bandedRanges", "bandedRangeId"))
        for one in sheet.get(many, ())
    )


def grow(frames: tuple[Frame, ...], edit: SheetEdit) -> Iterator[Request]:
    """The requests that let those frames which cover the records to their end cover the new rows
    too, and the totals that make way for them; and those that end before new columns cover
    these."""
    for frame in frames:
        end, right = frame.range.get("endRowIndex"), frame.range.get("endColumnIndex")
        bottom, edge = _bottom(frame, edit), _edge(frame, edit)
        if end is not None and (bottom, edge) != (end, right):
            yield frame.grown(bottom, edge)


def _bottom(frame: Frame, edit: SheetEdit) -> int:
    """The row that a frame with an end ends with after the edit."""
    last = max((row for row, cells in edit.cells.items() if cells), default=0)
    first = edit.rewrite_from or edit.first_free_row
    top, end = frame.range.get("startRowIndex", 0) + 1, frame.range.get("endRowIndex", 0)
    left, right = frame.range.get("startColumnIndex", 0), frame.range.get("endColumnIndex")
    ours = any(left < column <= (right or column) for column in edit.own)
    if not ours or not top < first <= end + 1 or last < first:
        return end
    shift = edit.room.shift if edit.room and end >= edit.room.foot else 0
    return max(end + shift, last)


def _edge(frame: Frame, edit: SheetEdit) -> int | None:
    """The column that a frame ends with after the edit. It takes new ones in that stand right of
    its own, where our headers are its first row."""
    right: int | None = frame.range.get("endColumnIndex")
    if right is None or frame.range.get("startRowIndex", 0) + 1 != edit.header_row:
        return right
    while right + 1 in edit.added:
        right += 1
    return right
