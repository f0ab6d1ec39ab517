"""Rows of totals below the records on a Google Sheet: they move down by as many rows as they lack,
and their ranges reach over the new rows.

Google itself makes formulas elsewhere, charts and named ranges follow what is cut and pasted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ticketops.errors import SpliceError
from ticketops.schema.addresses import column_letters
from ticketops.schema.sheets_api import Request, at, rectangle
from ticketops.schema.surroundings import sums_above
from ticketops.schema.tables import Table
from ticketops.stores.edits import SheetEdit
from ticketops.stores.references import with_room

Standing = Mapping[tuple[int, int], Mapping[str, Any]]
_HINT = "leave a blank row above it for each row to add"


def refuse_hidden_totals(edit: SheetEdit, table: Table, standing: Standing) -> None:
    """Raises SpliceError where a row without a key adds up what is above it, in the way of new
    rows: that it holds totals only its formulas tell, which are not read before the commit."""
    key = table.positions.get(table.sheet.key, ())
    if edit.foot or not key or max(edit.cells, default=0) <= table.last_row:
        return
    own, last = set(table.own_columns), table.last_row
    sums = any(
        row == last
        and column in own
        and sums_above(str(value.get("formulaValue", "")), row, column)
        for (row, column), value in standing.items()
    )
    if sums and not any((last, place) in standing for place in key):
        raise SpliceError(
            f"{table.sheet.name} row {last} holds totals that are in the way of new rows and not "
            "labelled",
            "write Total in that row, so that it stays below the records",
        )


def make_room(sheet_id: int, title: str, edit: SheetEdit, standing: Standing) -> Iterator[Request]:
    """The requests that put the totals below the rows that `edit` adds. standing: what was read
    again of the sheet from the totals on. Raises SpliceError where something is in the way."""
    room = edit.room
    if room is None:
        return
    for row in sorted(edit.foot, reverse=True) if room.shift else ():
        target = row + room.shift
        for column in range(1, edit.edge + 1):
            if (target, column) in standing and target not in edit.foot:
                raise SpliceError(
                    f"{title}!{column_letters(column)}{target} is in the way of the totals in row {row}",
                    _HINT,
                )
        yield {
            "cutPaste": {
                "source": rectangle(sheet_id, row, row, 1, edit.edge),
                "destination": at(sheet_id, target, 1),
                "pasteType": "PASTE_NORMAL",
            }
        }
    for (row, column), value in sorted(standing.items()):
        formula = value.get("formulaValue")
        if formula and edit.makes_way(row, column):
            new = with_room(formula, title, room)
            if new != formula:
                yield {
                    "updateCells": {
                        "start": at(sheet_id, row + room.shift, column),
                        "rows": [{"values": [{"userEnteredValue": {"formulaValue": new}}]}],
                        "fields": "userEnteredValue",
                    }
                }
