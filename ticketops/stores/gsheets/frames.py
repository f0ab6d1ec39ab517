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

    def grown(self, end: int) -> Request:
        """The request that makes it end with that row, from 1."""
        body = {**self.held, "range": {**self.range, "endRowIndex": end}}
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
    too, and the totals that make way for them."""
    last = max((row for row, cells in edit.cells.items() if cells), default=0)
    first = edit.rewrite_from or edit.first_free_row
    for frame in frames:
        top, end = frame.range.get("startRowIndex", 0) + 1, frame.range.get("endRowIndex")
        left, right = frame.range.get("startColumnIndex", 0), frame.range.get("endColumnIndex")
        ours = any(left < column <= (right or column) for column in edit.own)
        if end is None or not ours or not top < first <= end + 1 or last < first:
            continue
        shift = edit.room.shift if edit.room and end >= edit.room.foot else 0
        if (bottom := max(end + shift, last)) > end:
            yield frame.grown(bottom)
