"""A batch of requests: it is carried out on a copy, and a request that is refused leaves nothing
behind."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

from tests.google import cells, masks, ranges, tables
from tests.google.edit import Edit
from tests.google.errors import NO_FIELDS, PROTECTED, ApiError, Json, invalid, unknown_name
from tests.google.grid import COLUMNS, ROWS, Sheet
from tests.google.render import properties
from tests.google.ways import OTHER_WORDS

Handler = Callable[[Edit, Json], Json | None]
NAMES = {ROWS: ("startRowIndex", "endRowIndex"), COLUMNS: ("startColumnIndex", "endColumnIndex")}
RANGE = frozenset(("sheetId", *NAMES[ROWS], *NAMES[COLUMNS]))


# --- sheets


def add_sheet(edit: Edit, body: Json) -> Json:
    asked = body.get("properties", {})
    book = edit.book
    number = asked.get("sheetId")
    if number is None:
        number = next(book.numbers)
    if number < 0:
        raise invalid("Sheet id must be non-negative.")
    way = edit.ways.of("same-sheet-id")
    if any(sheet.id == number for sheet in book.sheets) and way != "made":
        known = way == "already exists"
        words = "Sheet with id {id} already exists." if known else OTHER_WORDS
        raise edit.ways.refusal("same-sheet-id", words, id=number)
    sheet = Sheet(number, _title(edit, asked.get("title", _free_title(edit))))
    _grid_properties(edit, sheet, asked.get("gridProperties", {}))
    sheet.more = {
        name: value
        for name, value in asked.items()
        if name not in ("sheetId", "title", "index", "gridProperties", "sheetType")
    }
    book.sheets.insert(min(asked.get("index", len(book.sheets)), len(book.sheets)), sheet)
    book.check_size()
    return {"properties": properties(book, sheet)}


def _free_title(edit: Edit) -> str:
    number = len(edit.book.sheets) + 1
    while edit.book.titled(f"Sheet{number}"):
        number += 1
    return f"Sheet{number}"


def _title(edit: Edit, title: str, own: Sheet | None = None) -> str:
    if not title:
        raise invalid("The sheet name cannot be empty.")
    if len(title) > 100:
        raise invalid("The sheet name cannot be greater than 100 characters.")
    if edit.book.titled(title) not in (None, own) and edit.ways.of("same-title") != "made":
        words = 'A sheet with the name "{title}" already exists. Please enter another name.'
        raise edit.ways.refusal("same-title", words, title=title)
    return title


def _grid_properties(edit: Edit, sheet: Sheet, asked: Json) -> None:
    asked = dict(asked)
    for dimension, name in ((ROWS, "rowCount"), (COLUMNS, "columnCount")):
        if name in asked:
            size = asked.pop(name)
            if not isinstance(size, int) or size < 1:
                raise invalid(f"gridProperties.{name} must be at least 1.")
            if size < sheet.size(dimension):
                _cut(edit, sheet, dimension, size, sheet.size(dimension))
            sheet.resize(dimension, size)
            edit.book.check_size()
    sheet.grid = {name: value for name, value in (sheet.grid | asked).items() if value}


def delete_sheet(edit: Edit, body: Json) -> None:
    sheet = edit.book.sheet(body.get("sheetId", 0), "sheet")
    edit.guard(sheet, sheet.whole())
    if not any(one is not sheet and not one.more.get("hidden") for one in edit.book.sheets):
        raise invalid("You can't remove all the visible sheets in a document.")
    edit.book.sheets.remove(sheet)
    edit.book.change_ranges(lambda one: None if one.get("sheetId", 0) == sheet.id else one)


def update_sheet_properties(edit: Edit, body: Json) -> None:
    asked, mask = body.get("properties", {}), _mask(body)
    sheet = edit.book.sheet(asked.get("sheetId", 0), "sheet")
    edit.guard_sheet(sheet)
    masks.check(mask, masks.SPREADSHEET["sheets"]["properties"])
    everything = "*" in mask
    if (everything and "title" in asked) or "title" in mask:
        sheet.title = _title(edit, asked.get("title", ""), sheet)
    if everything or "gridProperties" in mask:
        deeper = masks.below(mask, "gridProperties")
        wanted = asked.get("gridProperties", {})
        _grid_properties(
            edit, sheet, {name: wanted.get(name) for name in deeper} if deeper else wanted
        )
    if (everything and "index" in asked) or "index" in mask:
        _move(edit, sheet, asked.get("index", 0))
    for name in ("hidden", "tabColor", "tabColorStyle", "rightToLeft"):
        if everything or name in mask:
            sheet.more = {
                key: value for key, value in (sheet.more | {name: asked.get(name)}).items() if value
            }
    if all(one.more.get("hidden") for one in edit.book.sheets):
        raise invalid("You can't hide all the sheets in a document.")


def _move(edit: Edit, sheet: Sheet, index: int) -> None:
    """The index counts the sheets as they stand before the move."""
    sheets = edit.book.sheets
    place = sheets.index(sheet)
    if index not in (place, place + 1):
        sheets.remove(sheet)
        sheets.insert(index - (index > place), sheet)


def update_spreadsheet_properties(edit: Edit, body: Json) -> None:
    asked, mask = body.get("properties", {}), _mask(body)
    if "*" in mask or "title" in mask:
        edit.book.title = asked.get("title") or edit.book.title
    for name in asked:
        if name != "title" and ("*" in mask or name in mask):
            edit.book.properties[name] = asked[name]


# --- rows and columns


def append_dimension(edit: Edit, body: Json) -> None:
    sheet = edit.book.sheet(body.get("sheetId", 0))
    length = body.get("length", 0)
    if not isinstance(length, int) or length < 1:
        raise invalid("length must be greater than 0.")
    edit.guard_sheet(sheet)
    dimension = _dimension(body)
    sheet.resize(dimension, sheet.size(dimension) + length)
    edit.book.check_size()


def insert_dimension(edit: Edit, body: Json) -> None:
    sheet, dimension, start, end = _span(edit, body.get("range", {}))
    inherits = body.get("inheritFromBefore", False)
    size = sheet.size(dimension)
    if start > size:
        raise invalid(f"range.startIndex is larger than current grid size ({size})")
    if start == size and not inherits:
        raise invalid(
            f"range.startIndex must be less than the grid size ({size}) if inheritFromBefore is false."
        )
    if start == 0 and inherits:
        raise invalid("inheritFromBefore cannot be true if inserting at the first row or column.")
    edit.guard_sheet(sheet)
    count = end - start
    edit.book.check_size(count * sheet.size(COLUMNS if dimension == ROWS else ROWS))
    sheet.insert(dimension, start, count, start - 1 if inherits else start)
    first, last = NAMES[dimension]

    def change(held: Json) -> Json:
        if held.get("sheetId", 0) != sheet.id:
            return held
        moved = dict(held)
        if held.get(first, -1) >= start:
            moved[first] = held[first] + count
        if held.get(last, -1) > start:
            moved[last] = held[last] + count
        return moved

    edit.book.change_ranges(change)


def delete_dimension(edit: Edit, body: Json) -> None:
    sheet, dimension, start, end = _span(edit, body.get("range", {}))
    word, size = ("row" if dimension == ROWS else "column"), sheet.size(dimension)
    if end > size:
        missing = max(start, size)
        raise invalid(
            f"Cannot delete a {word} that doesn't exist. Tried to delete {word} index {missing} but there are only {size} {word}s."
        )
    if end - start >= size:
        raise invalid(f"You can't delete all the {word}s on the sheet.")
    frozen = sheet.grid.get(f"frozen{word.title()}Count", 0)
    if start <= frozen and end == size:
        raise invalid(f"Cannot delete all the non-frozen {word}s.")
    _cut(edit, sheet, dimension, start, end)
    sheet.delete(dimension, start, end)


def _cut(edit: Edit, sheet: Sheet, dimension: str, start: int, end: int) -> None:
    """Before rows or columns go: may they, and what becomes of the ranges there."""
    whole = sheet.whole()
    edit.guard(
        sheet,
        whole._replace(top=start, bottom=end)
        if dimension == ROWS
        else whole._replace(left=start, right=end),
    )
    first, last = NAMES[dimension]

    def place(index: int) -> int:
        return index if index <= start else max(start, index - (end - start))

    def change(held: Json) -> Json | None:
        if held.get("sheetId", 0) != sheet.id:
            return held
        moved = held | {name: place(held[name]) for name in (first, last) if name in held}
        gone = last in moved and moved.get(first, 0) >= moved[last]
        return None if gone else moved

    edit.book.change_ranges(change)


def update_dimension_properties(edit: Edit, body: Json) -> None:
    sheet, dimension, start, end = _span(edit, body.get("range", {}))
    mask = _mask(body)
    for place in range(start, min(end, sheet.size(dimension))):
        said = masks.replace(sheet.sizes[dimension].get(place), body.get("properties", {}), mask)
        sheet.sizes[dimension][place] = said or {}


def auto_resize_dimensions(edit: Edit, body: Json) -> None:
    """Only checked: what a browser would make of it is not known here."""
    _span(edit, body.get("dimensions", {}))


def _dimension(body: Json) -> str:
    dimension = body.get("dimension")
    if dimension not in NAMES:
        raise invalid("No dimension specified.")
    return str(dimension)


def _span(edit: Edit, asked: Json) -> tuple[Sheet, str, int, int]:
    sheet, dimension = edit.book.sheet(asked.get("sheetId", 0)), _dimension(asked)
    start, end = asked.get("startIndex", 0), asked.get("endIndex", sheet.size(dimension))
    if not 0 <= start < end:
        raise invalid(f"Invalid range: startIndex[{start}] must be less than endIndex[{end}].")
    return sheet, dimension, start, end


def _mask(body: Json) -> masks.Mask:
    mask = masks.parse(body.get("fields", ""))
    if not mask:
        raise invalid(NO_FIELDS)
    return mask


# --- filters, conditional formats, metadata


def set_basic_filter(edit: Edit, body: Json) -> None:
    asked = copy.deepcopy(body.get("filter", {}))
    asked.setdefault("range", {})
    sheet, _ = edit.area(asked["range"])
    sheet.filter = asked


def clear_basic_filter(edit: Edit, body: Json) -> None:
    edit.book.sheet(body.get("sheetId", 0)).filter = None


def add_slicer(edit: Edit, body: Json) -> Json:
    """Over the sheet that its data are on, where no other place is known here."""
    asked = copy.deepcopy(body.get("slicer", {}))
    asked.setdefault("slicerId", next(edit.book.numbers))
    if any(asked["slicerId"] in sheet.slicers for sheet in edit.book.sheets):
        raise invalid(f"Slicer with id {asked['slicerId']} already exists.")
    if "dataRange" not in asked.get("spec", {}):
        raise invalid("A slicer must have a data range.")
    sheet, rect = edit.area(asked["spec"]["dataRange"])
    if asked["spec"].get("columnIndex", 0) >= rect.right - rect.left:
        raise invalid("The slicer's column is outside of its data range.")
    sheet.slicers[asked["slicerId"]] = asked
    return {"slicer": asked}


def delete_embedded_object(edit: Edit, body: Json) -> None:
    """Of these there are only slicers here."""
    number = body.get("objectId", 0)
    for sheet in edit.book.sheets:
        if sheet.slicers.pop(number, None):
            return
    raise invalid(f"No embedded object with id: {number}")


def add_conditional_format_rule(edit: Edit, body: Json) -> None:
    rule = copy.deepcopy(body.get("rule", {}))
    if not rule.get("ranges"):
        raise invalid("No ranges specified.")
    sheets = [edit.area(one)[0] for one in rule["ranges"]]
    if any(one is not sheets[0] for one in sheets):
        raise invalid("All ranges must be on the same sheet.")
    sheets[0].conditional.insert(body.get("index", 0), rule)


def delete_conditional_format_rule(edit: Edit, body: Json) -> Json:
    sheet, index = edit.book.sheet(body.get("sheetId", 0)), body.get("index", 0)
    if not 0 <= index < len(sheet.conditional):
        raise invalid(f"No conditional format on sheet: {sheet.id} at index: {index}")
    return {"rule": sheet.conditional.pop(index)}


def create_developer_metadata(edit: Edit, body: Json) -> Json:
    asked = copy.deepcopy(body.get("developerMetadata", {}))
    asked.setdefault("metadataId", next(edit.book.numbers))
    if not asked.get("metadataKey") or not asked.get("location"):
        raise invalid("developerMetadata needs a key and a location.")
    if any(one["metadataId"] == asked["metadataId"] for one in edit.book.metadata):
        raise invalid(f"A developer metadata with id {asked['metadataId']} already exists.")
    if "sheetId" in asked["location"]:
        edit.book.sheet(asked["location"]["sheetId"], "sheet")
    asked.setdefault("visibility", "DOCUMENT")
    edit.book.metadata.append(asked)
    return {"developerMetadata": asked}


# --- the batch

REQUESTS: dict[str, tuple[Handler, tuple[str, ...]]] = {
    "addSheet": (add_sheet, ("properties",)),
    "deleteSheet": (delete_sheet, ("sheetId",)),
    "updateSheetProperties": (update_sheet_properties, ("properties", "fields")),
    "updateSpreadsheetProperties": (update_spreadsheet_properties, ("properties", "fields")),
    "appendDimension": (append_dimension, ("sheetId", "dimension", "length", "tableId")),
    "insertDimension": (insert_dimension, ("range", "inheritFromBefore")),
    "deleteDimension": (delete_dimension, ("range",)),
    "updateDimensionProperties": (
        update_dimension_properties,
        ("range", "properties", "fields", "dataSourceSheetRange"),
    ),
    "autoResizeDimensions": (auto_resize_dimensions, ("dimensions", "dataSourceSheetDimensions")),
    "updateCells": (cells.update_cells, ("rows", "fields", "start", "range")),
    "repeatCell": (cells.repeat_cell, ("range", "cell", "fields")),
    "appendCells": (cells.append_cells, ("sheetId", "rows", "fields", "tableId")),
    "copyPaste": (cells.copy_paste, ("source", "destination", "pasteType", "pasteOrientation")),
    "cutPaste": (cells.cut_paste, ("source", "destination", "pasteType")),
    "setDataValidation": (cells.set_data_validation, ("range", "rule", "filteredRowsIncluded")),
    "mergeCells": (cells.merge_cells, ("range", "mergeType")),
    "unmergeCells": (cells.unmerge_cells, ("range",)),
    "addNamedRange": (ranges.add_named_range, ("namedRange",)),
    "updateNamedRange": (ranges.update_named_range, ("namedRange", "fields")),
    "deleteNamedRange": (ranges.delete_named_range, ("namedRangeId",)),
    "addProtectedRange": (ranges.add_protected_range, ("protectedRange",)),
    "updateProtectedRange": (ranges.update_protected_range, ("protectedRange", "fields")),
    "deleteProtectedRange": (ranges.delete_protected_range, ("protectedRangeId",)),
    "setBasicFilter": (set_basic_filter, ("filter",)),
    "clearBasicFilter": (clear_basic_filter, ("sheetId",)),
    "addSlicer": (add_slicer, ("slicer",)),
    "deleteEmbeddedObject": (delete_embedded_object, ("objectId",)),
    "addTable": (tables.add_table, ("table",)),
    "updateTable": (tables.update_table, ("table", "fields")),
    "deleteTable": (tables.delete_table, ("tableId",)),
    "addBanding": (tables.add_banding, ("bandedRange",)),
    "updateBanding": (tables.update_banding, ("bandedRange", "fields")),
    "deleteBanding": (tables.delete_banding, ("bandedRangeId",)),
    "addConditionalFormatRule": (add_conditional_format_rule, ("rule", "index")),
    "deleteConditionalFormatRule": (delete_conditional_format_rule, ("sheetId", "index")),
    "createDeveloperMetadata": (create_developer_metadata, ("developerMetadata",)),
}


def carry_out(edit: Edit, requests: list[Json]) -> list[Json]:
    """The replies. The first request that is refused refuses the batch, with its number and
    kind."""
    if not requests:
        raise invalid("Must specify at least one request.")
    for number, request in enumerate(requests):
        check(request, f"requests[{number}]")
    replies = []
    for number, request in enumerate(requests):
        ((kind, body),) = request.items()
        try:
            reply = REQUESTS[kind][0](edit, body)
            edit.settle()
        except ApiError as error:
            if PROTECTED in error.message and edit.ways.of("protected-cell") == "not refused":
                replies.append({})
                continue
            error.message = f"Invalid requests[{number}].{kind}: {error.message}"
            raise
        replies.append({} if reply is None else {kind: reply})
    return replies


def check(request: Json, where: str) -> None:
    """That the request is one there is, and has no field of its own making."""
    if not isinstance(request, dict):
        raise invalid(
            f"Invalid value at '{where}' (type.googleapis.com/google.apps.sheets.v4.BatchUpdateSpreadsheetRequest.Request), \"{request}\""
        )
    for kind in request:
        if kind not in REQUESTS:
            raise unknown_name(kind, where)
    if len(request) != 1:
        raise invalid(
            f"Invalid value at '{where}' (oneof), oneof field 'kind' is already set."
            if request
            else f"{where}: no request was set."
        )
    ((kind, body),) = request.items()
    place = f"{where}.{_snake(kind)}"
    if not isinstance(body, dict):
        raise invalid(f"Invalid value at '{place}', {body!r}")
    for name, value in body.items():
        if name not in REQUESTS[kind][1]:
            raise unknown_name(name, place)
        if name in ("range", "source") and isinstance(value, dict):
            known = (
                RANGE
                if "imension" not in kind
                else frozenset(("sheetId", "dimension", "startIndex", "endIndex"))
            )
            for key in value:
                if key not in known:
                    raise unknown_name(key, f"{place}.{name}")


def _snake(name: str) -> str:
    return re.sub("([A-Z])", lambda found: "_" + found[1].lower(), name)
