"""The requests of a batch on tables and alternating colours. What stands below a table does not
belong to it until it is made to reach there; tables, and bands, do not overlap."""

from __future__ import annotations

import copy
from typing import Any

from tests.google import masks
from tests.google.edit import Edit
from tests.google.errors import NO_FIELDS, Json, invalid
from tests.google.grid import Sheet
from tests.google.render import framed


def add_table(edit: Edit, body: Json) -> Json:
    asked = copy.deepcopy(body.get("table", {}))
    asked.setdefault("tableId", str(next(edit.book.numbers)))
    if any(asked["tableId"] in sheet.tables for sheet in edit.book.sheets):
        raise invalid(f"Table with id {asked['tableId']} already exists.")
    sheet = _placed(edit, asked, "tables")
    sheet.tables[asked["tableId"]] = asked
    return {"table": framed(asked)}


def update_table(edit: Edit, body: Json) -> None:
    _update(edit, body, "table", "tableId", "tables")


def delete_table(edit: Edit, body: Json) -> None:
    sheet = _holder(edit, body.get("tableId", ""), "tables", "table")
    del sheet.tables[body["tableId"]]


def add_banding(edit: Edit, body: Json) -> Json:
    asked = copy.deepcopy(body.get("bandedRange", {}))
    asked.setdefault("bandedRangeId", next(edit.book.numbers))
    sheet = _placed(edit, asked, "banding")
    sheet.banding[asked["bandedRangeId"]] = asked
    return {"bandedRange": framed(asked)}


def update_banding(edit: Edit, body: Json) -> None:
    _update(edit, body, "bandedRange", "bandedRangeId", "banding")


def delete_banding(edit: Edit, body: Json) -> None:
    sheet = _holder(edit, body.get("bandedRangeId", 0), "banding", "banded range")
    del sheet.banding[body["bandedRangeId"]]


def _update(edit: Edit, body: Json, what: str, key: str, where: str) -> None:
    asked, mask = copy.deepcopy(body.get(what, {})), masks.parse(body.get("fields", ""))
    if not mask:
        raise invalid(NO_FIELDS)
    sheet = _holder(edit, asked.get(key), where, what)
    held = getattr(sheet, where)[asked[key]]
    new = held | {name: asked[name] for name in asked if "*" in mask or name in mask}
    _placed(edit, new, where, own=asked[key])
    getattr(sheet, where)[asked[key]] = new


def _holder(edit: Edit, number: Any, where: str, what: str) -> Sheet:
    for sheet in edit.book.sheets:
        if number in getattr(sheet, where):
            return sheet
    raise invalid(f"No {what} with id: {number}")


def _placed(edit: Edit, held: Json, where: str, own: Any = None) -> Sheet:
    """The sheet it lies on, if it may lie there."""
    held["range"] = {"sheetId": 0} | held.get("range", {})
    sheet, rect = edit.area(held["range"], strict=True)
    edit.guard(sheet, rect)
    for number, other in getattr(sheet, where).items():
        if number != own and rect.meets(sheet.area(other["range"])):
            raise invalid("You cannot add this range: it overlaps another one.")
    return sheet
