"""Field masks: `a,b(c,d/e),f.g` as the services read them, applied to answers and to what a request
may change."""

from __future__ import annotations

import re
from typing import Any

from tests.google.errors import ApiError, Json

Mask = dict[str, Any]
"""What is wanted below each name; an empty one wants everything."""


def _names(*names: str) -> Json:
    return {name: {} for name in names}


_GRID = _names(
    "rowCount",
    "columnCount",
    "frozenRowCount",
    "frozenColumnCount",
    "hideGridlines",
    "rowGroupControlAfter",
    "columnGroupControlAfter",
)
_CELL = _names(
    "userEnteredValue",
    "effectiveValue",
    "formattedValue",
    "userEnteredFormat",
    "effectiveFormat",
    "hyperlink",
    "note",
    "textFormatRuns",
    "dataValidation",
    "pivotTable",
    "dataSourceTable",
    "dataSourceFormula",
    "chipRuns",
)
_SHEET = _names(
    "merges",
    "conditionalFormats",
    "filterViews",
    "protectedRanges",
    "basicFilter",
    "charts",
    "bandedRanges",
    "developerMetadata",
    "rowGroups",
    "columnGroups",
    "slicers",
    "tables",
)
PROPERTIES = _names(
    "sheetId",
    "title",
    "index",
    "sheetType",
    "hidden",
    "tabColor",
    "tabColorStyle",
    "rightToLeft",
    "dataSourceSheetProperties",
) | {"gridProperties": _GRID}
DATA = _names("startRow", "startColumn", "rowMetadata", "columnMetadata") | {
    "rowData": {"values": _CELL}
}
SPREADSHEET: Json = {
    **_names(
        "spreadsheetId",
        "spreadsheetUrl",
        "properties",
        "developerMetadata",
        "dataSources",
        "dataSourceSchedules",
    ),
    "namedRanges": _names("namedRangeId", "name", "range"),
    "sheets": {**_SHEET, "properties": PROPERTIES, "data": DATA},
}
"""The names that a mask of a spreadsheet may use, as deep as they are checked."""


def parse(text: str) -> Mask:
    """The mask as a tree."""
    tokens = re.findall(r"[(),]|[^(),\s]+", text)
    position = 0

    def several() -> Mask:
        nonlocal position
        found: Mask = {}
        while position < len(tokens) and tokens[position] != ")":
            if tokens[position] in ",(":
                position += 1
                continue
            names = re.split(r"[./]", tokens[position])
            position += 1
            below: Mask = {}
            if position < len(tokens) and tokens[position] == "(":
                position += 1
                below = several()
                position += 1
            for name in reversed(names[1:]):
                below = {name: below}
            _join(found, names[0], below)
        return found

    return several()


def _join(mask: Mask, name: str, below: Mask) -> None:
    if name not in mask:
        mask[name] = below
    elif not mask[name] or not below:
        mask[name] = {}
    else:
        for key, value in below.items():
            _join(mask[name], key, value)


def check(mask: Mask, known: Json, path: str = "") -> None:
    """Refuse a mask that names what there is not, as the service does."""
    for name, below in mask.items():
        if name == "*":
            continue
        if name not in known:
            description = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}{name}'."
            details = [
                {
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": [{"field": path + name, "description": description}],
                }
            ]
            raise ApiError(400, "Request contains an invalid argument.", details)
        if below and known[name]:
            check(below, known[name], f"{path}{name}.")


def apply(mask: Mask, value: Any) -> Any:
    """The part of an answer that the mask wants."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [apply(mask, one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: apply(mask[name], below) for name, below in value.items() if name in mask}


def wants(mask: Mask | None, *path: str) -> bool:
    """Whether the mask wants anything at that path; no mask wants all."""
    if mask is None:
        return True
    for name in path:
        if not mask or "*" in mask:
            return True
        if name not in mask:
            return False
        mask = mask[name]
    return True


def below(mask: Mask | None, *path: str) -> Mask:
    """The mask as it stands at a path: an empty one wants everything."""
    for name in path:
        if not mask or "*" in mask:
            return {}
        mask = mask.get(name, {})
    return {} if mask is None or "*" in mask else mask


def replace(old: Json | None, new: Json | None, mask: Mask) -> Json | None:
    """`old` with those parts of `new` that the mask names; a part that `new` has not is taken
    away."""
    if not mask or "*" in mask:
        return new or None
    result = dict(old or {})
    for name, deeper in mask.items():
        value = (new or {}).get(name)
        if deeper and (isinstance(value, dict) or value is None):
            value = replace(result.get(name), value, deeper)
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result or None
