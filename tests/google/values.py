"""The values.* endpoints: rows of plain values in and out.

Simplified: `values:append` takes the block of cells around the range's first filled cells for the
table.
"""

from __future__ import annotations

import math
from typing import Any

from tests.google import a1
from tests.google.edit import MAX_TEXT, Edit
from tests.google.errors import TOO_LONG, ApiError, Json, invalid
from tests.google.formats import shown, typed
from tests.google.grid import (
    BLANK,
    ERRORS,
    Book,
    Cell,
    Formula,
    FormulaError,
    Rect,
    Sheet,
    number,
    shared,
)

Query = dict[str, list[str]]
RENDER = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
MOMENTS = ("DATE", "TIME", "DATE_TIME")


def one(query: Query, name: str, default: str = "") -> str:
    return query.get(name, [default])[0]


# --- reading


def get(book: Book, text: str, query: Query) -> Json:
    """A ValueRange: rows and cells up to the last that shows something."""
    sheet, rect = book.find(text)
    render = one(query, "valueRenderOption", RENDER[0])
    if render not in RENDER:
        raise invalid(
            f"Invalid value at 'value_render_option' (type.googleapis.com/google.apps.sheets.v4.ValueRenderOption), \"{render}\""
        )
    rows = _read(book, sheet, rect, render, one(query, "dateTimeRenderOption", "SERIAL_NUMBER"))
    dimension = one(query, "majorDimension", "ROWS")
    answer: Json = {"range": sheet.a1(rect), "majorDimension": dimension}
    if dimension == "COLUMNS":
        rows = _trimmed([list(column) for column in _square(rows)])
    if rows:
        answer["values"] = rows
    return answer


def batch_get(book: Book, query: Query) -> Json:
    return {
        "spreadsheetId": book.id,
        "valueRanges": [get(book, text, query) for text in query.get("ranges", [])],
    }


def _read(book: Book, sheet: Sheet, rect: Rect, render: str, moments: str) -> list[list[Any]]:
    plain = render == "UNFORMATTED_VALUE" and moments == "SERIAL_NUMBER"
    found = []
    for row in sheet.rows[rect.top : rect.bottom]:
        cells = row[rect.left : rect.right]
        if plain:
            values = ["" if cell is None else _plain(cell.value, book, sheet) for cell in cells]
        else:
            values = [
                "" if cell is None else _rendered(cell, book, sheet, render, moments)
                for cell in cells
            ]
        while values and values[-1] == "":
            values.pop()
        found.append(values)
    while found and not found[-1]:
        found.pop()
    return found


def _plain(value: Any, book: Book, sheet: Sheet) -> Any:
    if value is None:
        return ""
    if isinstance(value, tuple):
        value = book.effective(value, sheet)
        if isinstance(value, FormulaError):
            return (
                f"{ERRORS[value.kind]} ({value.message})" if value.message else ERRORS[value.kind]
            )
        return "" if value is None else value
    return value


def _rendered(cell: Cell, book: Book, sheet: Sheet, render: str, moments: str) -> Any:
    if render == "FORMULA" and type(cell.value) is Formula:
        return cell.value.text
    if render == "FORMATTED_VALUE":
        return shown(book.effective(cell.value, sheet), cell.format)
    value = _plain(cell.value, book, sheet)
    is_moment = (cell.format or {}).get("numberFormat", {}).get("type") in MOMENTS
    if moments == "FORMATTED_STRING" and is_moment and isinstance(value, int | float):
        return shown(value, cell.format)
    return value


def _trimmed(rows: list[list[Any]]) -> list[list[Any]]:
    for row in rows:
        while row and row[-1] == "":
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _square(rows: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Rows made columns, or columns rows."""
    width = max((len(row) for row in rows), default=0)
    return list(zip(*([*row, *[""] * (width - len(row))] for row in rows), strict=True))


# --- writing


def update(edit: Edit, text: str, query: Query, body: Json) -> Json:
    """PUT of one range."""
    if body.get("range", text) != text:
        raise invalid(f"Request range[{text}] does not match value's range[{body['range']}]")
    sheet, rect = edit.book.find(text, strict=True)
    return _update(edit, sheet, _room(sheet, rect, text), text, body, query)


def _room(sheet: Sheet, rect: Rect, text: str) -> Rect:
    """One cell, or a whole sheet, says only where to start."""
    if (rect.bottom - rect.top, rect.right - rect.left) == (1, 1) and ":" not in text:
        return Rect(rect.top, rect.left, sheet.row_count, sheet.column_count)
    return rect


def _update(edit: Edit, sheet: Sheet, room: Rect, text: str, body: Json, query: Query) -> Json:
    rows = _values(body)
    for place, row in enumerate(rows):
        for value in row:
            if isinstance(value, list | dict):
                raise invalid(
                    f"Invalid values[{place}][{row.index(value)}]: {'list' if isinstance(value, list) else 'struct'}_value"
                )
    width = max((len(row) for row in rows), default=0)
    if room.left + width > room.right:
        raise invalid(
            f"Requested writing within range [{text}], but tried writing to column [{a1.letters(room.right)}]"
        )
    if room.top + len(rows) > room.bottom:
        raise invalid(
            f"Requested writing within range [{text}], but tried writing to row [{room.bottom + 1}]"
        )
    written = Rect(room.top, room.left, room.top + max(len(rows), 1), room.left + max(width, 1))
    edit.guard(sheet, written)
    option = one(query, "valueInputOption")
    if option not in ("RAW", "USER_ENTERED"):
        raise invalid("'valueInputOption' is required but not specified")
    count = sum(
        _put_row(sheet, number, room.left, row, option) for number, row in enumerate(rows, room.top)
    )
    answer: Json = {"spreadsheetId": edit.book.id, "updatedRange": sheet.a1(written)}
    if count:
        answer |= {"updatedRows": len(rows), "updatedColumns": width, "updatedCells": count}
    if one(query, "includeValuesInResponse") == "true":
        asked = {
            "valueRenderOption": query.get("responseValueRenderOption", [RENDER[0]]),
            "dateTimeRenderOption": query.get("responseDateTimeRenderOption", ["SERIAL_NUMBER"]),
        }
        answer["updatedData"] = get(edit.book, sheet.a1(written), asked)
    return answer


def _values(body: Json) -> list[list[Any]]:
    rows = body.get("values", [])
    for place, row in enumerate(rows):
        if not isinstance(row, list):
            raise invalid(
                f"Invalid value at 'data.values[{place}]' (type.googleapis.com/google.protobuf.ListValue), \"{row}\""
            )
    if body.get("majorDimension") == "COLUMNS":
        width = max((len(column) for column in rows), default=0)
        return [
            [column[place] if place < len(column) else None for column in rows]
            for place in range(width)
        ]
    return list(rows)


def _put_row(sheet: Sheet, row: int, left: int, values: list[Any], option: str) -> int:
    """How many cells were written: None leaves a cell alone, empty text empties it."""
    found = sheet.writable(row, left + len(values))
    count = 0
    for place, value in enumerate(values, left):
        if value is not None:
            count += 1
            cell = _input(found[place] or BLANK, value, option)
            found[place] = None if cell == BLANK else cell
    while found and found[-1] is None:
        found.pop()
    return count


def _input(old: Cell, value: Any, option: str) -> Cell:
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise invalid(TOO_LONG)
        if option == "RAW":
            return old._replace(value=value or None)
        entered, brought = typed(value, old.format)
        if brought is None:
            return old._replace(value=entered)
        return old._replace(
            value=entered, format=shared((old.format or {}) | {"numberFormat": brought})
        )
    if isinstance(value, bool):
        return old._replace(value=value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise invalid(f"Invalid value: {value!r}")
    return old._replace(value=number(value))


def batch_update(edit: Edit, body: Json) -> Json:
    query = {
        name: [str(value).lower() if isinstance(value, bool) else value]
        for name, value in body.items()
        if name != "data"
    }
    responses = []
    for place, part in enumerate(body.get("data", [])):
        try:
            sheet, rect = edit.book.find(part.get("range", ""), strict=True)
            responses.append(
                _update(edit, sheet, _room(sheet, rect, part["range"]), part["range"], part, query)
            )
        except ApiError as error:
            error.message = f"Invalid data[{place}]: {error.message}"
            raise
    totals = {
        f"totalUpdated{name}": sum(response.get(f"updated{name}", 0) for response in responses)
        for name in ("Rows", "Columns", "Cells")
    }
    sheets = {a1.split(response["updatedRange"])[0] for response in responses}
    return {
        "spreadsheetId": edit.book.id,
        **totals,
        "totalUpdatedSheets": len(sheets),
        "responses": responses,
    }


def clear(edit: Edit, text: str) -> Json:
    """The values go, formats stay."""
    sheet, rect = edit.book.find(text)
    edit.guard(sheet, rect)
    for row in range(rect.top, min(rect.bottom, len(sheet.rows))):
        found = sheet.writable(row, 0)
        for column in range(rect.left, min(rect.right, len(found))):
            cell = (found[column] or BLANK)._replace(value=None)
            found[column] = None if cell == BLANK else cell
    return {"spreadsheetId": edit.book.id, "clearedRange": sheet.a1(rect)}


def batch_clear(edit: Edit, body: Json) -> Json:
    ranges = [clear(edit, text)["clearedRange"] for text in body.get("ranges", [])]
    return {"spreadsheetId": edit.book.id, "clearedRanges": ranges}


def append(edit: Edit, text: str, query: Query, body: Json) -> Json:
    """Below the table in the range; the grid grows by rows where it must."""
    sheet, rect = edit.book.find(text)
    table = _table(sheet, rect)
    start = (rect.top, rect.left) if table is None else (table.bottom, table.left)
    rows = _values(body)
    if one(query, "insertDataOption") == "INSERT_ROWS" and start[0] < sheet.row_count:
        sheet.insert("ROWS", start[0], len(rows), None)
    sheet.row_count = max(sheet.row_count, start[0] + len(rows))
    edit.book.check_size()
    room = Rect(start[0], start[1], sheet.row_count, sheet.column_count)
    answer: Json = {"spreadsheetId": edit.book.id}
    if table is not None:
        answer["tableRange"] = sheet.a1(table)
    answer["updates"] = _update(edit, sheet, room, text, body, query)
    return answer


def _table(sheet: Sheet, rect: Rect) -> Rect | None:
    """The block that the range's last filled cell belongs to: it ends at blank rows and columns."""

    def filled(row: int, column: int) -> bool:
        return sheet.cell(row, column).value is not None

    last = rect.top + sheet.reach(rect)[0]
    if last == rect.top:
        return None
    bottom, top = last, last - 1
    columns = [column for column in range(rect.left, rect.right) if filled(top, column)]
    left, right = columns[0], columns[-1] + 1
    before = None
    while before != (top, bottom, left, right):
        before = (top, bottom, left, right)
        while top and any(filled(top - 1, column) for column in range(max(left - 1, 0), right + 1)):
            top -= 1
        while any(filled(bottom, column) for column in range(max(left - 1, 0), right + 1)):
            bottom += 1
        while left and any(filled(row, left - 1) for row in range(top, bottom)):
            left -= 1
        while any(filled(row, right) for row in range(top, bottom)):
            right += 1
    return Rect(top, left, bottom, right)
