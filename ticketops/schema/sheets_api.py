"""How values, cells and ranges are spelled for the Google Sheets API. Rows and columns count from 1
here, as people count them.

Values are sent typed, so that nothing is guessed from a text: "0012" and "=1+1" stay texts (D14).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ticketops.schema.addresses import Area
from ticketops.schema.columns import to_serial

Request = dict[str, Any]
"""One request of a batchUpdate."""
HOW_TO = "How to"
"""The sheet of a book that says how it is filled in."""


def extended(value: Any) -> dict[str, Any]:
    """A value of a Table, or a raw one, as an ExtendedValue; {} for a blank. Texts are never read
    as anything else (D14)."""
    if value is None or value == "":
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, (int, float)):
        return {"numberValue": value}
    if isinstance(value, datetime):
        return {"numberValue": to_serial(value)}
    if isinstance(value, date):
        return {"numberValue": to_serial(datetime(value.year, value.month, value.day))}
    return {"stringValue": str(value)}


def typed(value: Any) -> dict[str, Any]:
    """A value of a book as an ExtendedValue; a moment that no spreadsheet can hold is a text."""
    try:
        return extended(value)
    except ValueError:
        return {"stringValue": str(value)}


def text_row(*texts: str) -> dict[str, Any]:
    """A row of texts, for appendCells and updateCells."""
    return {
        "values": [{"userEnteredValue": {"stringValue": text}} if text else {} for text in texts]
    }


def quoted(sheet: str, cells: str = "") -> str:
    """A range in A1 notation: `'Client''s list'!A1:C3`."""
    name = "'" + sheet.replace("'", "''") + "'"
    return f"{name}!{cells}" if cells else name


def at(sheet_id: int, row: int, column: int) -> dict[str, int]:
    """A GridCoordinate."""
    return {"sheetId": sheet_id, "rowIndex": row - 1, "columnIndex": column - 1}


def rectangle(
    sheet_id: int, first_row: int, last_row: int, first_column: int, last_column: int
) -> dict[str, int]:
    """A GridRange, ends included."""
    return {
        "sheetId": sheet_id,
        "startRowIndex": first_row - 1,
        "endRowIndex": last_row,
        "startColumnIndex": first_column - 1,
        "endColumnIndex": last_column,
    }


def area(grid_range: Mapping[str, int], rows: int, columns: int) -> Area:
    """A GridRange as an Area; where it has no end, it ends with the grid."""
    left, top = grid_range.get("startColumnIndex", 0) + 1, grid_range.get("startRowIndex", 0) + 1
    return (left, top), (
        grid_range.get("endColumnIndex", columns),
        grid_range.get("endRowIndex", rows),
    )


def new_sheet(
    title: str,
    sheet_id: int,
    rows: int,
    columns: int,
    *,
    frozen: int = 0,
    hidden: bool = False,
    index: int | None = None,
) -> Request:
    """A sheet is made. frozen: its header rows stay in sight. index: its place among the sheets,
    from 0; the last where none is given."""
    size = {"rowCount": rows, "columnCount": columns} | (
        {"frozenRowCount": frozen} if 0 < frozen < rows else {}
    )
    place = {} if index is None else {"index": index}
    return {
        "addSheet": {
            "properties": {
                "sheetId": sheet_id,
                "title": title,
                "hidden": hidden,
                "gridProperties": size,
                **place,
            }
        }
    }
