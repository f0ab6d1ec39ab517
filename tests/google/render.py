"""A spreadsheet as the service answers it. Only what the field mask wants is made, so a mask makes
large sheets quick.

Simplified: `effectiveFormat` is the format that was set; a band's default colours and fonts are not
told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.google.errors import Json
from tests.google.formats import shown
from tests.google.grid import (
    COLUMNS,
    ROWS,
    Book,
    Cell,
    Chip,
    Formula,
    FormulaError,
    Rect,
    Sheet,
    Spilled,
    shown_range,
)
from tests.google.masks import SPREADSHEET, apply, below, check, parse, wants

DEFAULT_FORMAT: Json = {
    "backgroundColor": {"red": 1, "green": 1, "blue": 1},
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {"foregroundColor": {}, "fontFamily": "arial,sans,sans-serif", "fontSize": 10},
}
SIZES = {ROWS: 21, COLUMNS: 100}


class View:
    """What one user sees of a spreadsheet, through a mask."""

    def __init__(self, book: Book, user: str, owners: set[str], mask: str | None = None) -> None:
        self.book = book
        self.user = user
        self.owners = owners
        self.mask = None if mask is None else parse(mask)
        if self.mask is not None:
            check(self.mask, SPREADSHEET)

    def spreadsheet(
        self, areas: Sequence[tuple[Sheet, Rect]] | None = None, *, grid_data: bool = False
    ) -> Json:
        """The whole, or those sheets that `areas` touch. With a mask, the mask says whether cells
        are told."""
        book = self.book
        answer: Json = {"spreadsheetId": book.id}
        answer["properties"] = {
            "title": book.title,
            **book.properties,
            "defaultFormat": DEFAULT_FORMAT,
        }
        if wants(self.mask, "sheets"):
            data = grid_data if self.mask is None else wants(self.mask, "sheets", "data")
            answer["sheets"] = [self._sheet(sheet, areas, data) for sheet in self._touched(areas)]
        named = [
            {"namedRangeId": key, "name": known["name"], "range": shown_range(known["range"])}
            for key, known in book.named.items()
            if known["range"] is not None
        ]
        if named:
            answer["namedRanges"] = named
        answer["spreadsheetUrl"] = f"https://docs.google.com/spreadsheets/d/{book.id}/edit"
        if book.metadata:
            answer["developerMetadata"] = book.metadata
        return answer if self.mask is None else apply(self.mask, answer)

    def _touched(self, areas: Sequence[tuple[Sheet, Rect]] | None) -> list[Sheet]:
        return [
            sheet
            for sheet in self.book.sheets
            if areas is None or any(sheet is one for one, _ in areas)
        ]

    def _sheet(self, sheet: Sheet, areas: Sequence[tuple[Sheet, Rect]] | None, data: bool) -> Json:
        answer: Json = {"properties": properties(self.book, sheet)}
        if data:
            rects = (
                [sheet.whole()] if areas is None else [rect for one, rect in areas if one is sheet]
            )
            answer["data"] = [self._data(sheet, rect) for rect in rects]
        merges = [one for one in sheet.merges if areas is None or _touches(sheet, one, areas)]
        if merges:
            answer["merges"] = [shown_range(one) for one in merges]
        if sheet.conditional:
            answer["conditionalFormats"] = [
                rule | {"ranges": [shown_range(one) for one in rule["ranges"]]}
                for rule in sheet.conditional
            ]
        if sheet.protected:
            answer["protectedRanges"] = [
                protected(one, self.user, self.owners) for one in sheet.protected.values()
            ]
        if sheet.filter:
            answer["basicFilter"] = sheet.filter | {"range": shown_range(sheet.filter["range"])}
        if sheet.slicers:
            answer["slicers"] = list(sheet.slicers.values())
        if sheet.tables:
            answer["tables"] = [framed(one) for one in sheet.tables.values()]
        if sheet.banding:
            answer["bandedRanges"] = [framed(one) for one in sheet.banding.values()]
        return answer

    def _data(self, sheet: Sheet, rect: Rect) -> Json:
        mask = below(self.mask, "sheets", "data")
        answer: Json = {}
        if rect.top:
            answer["startRow"] = rect.top
        if rect.left:
            answer["startColumn"] = rect.left
        if wants(mask, "rowData"):
            rows = self._rows(sheet, rect, below(mask, "rowData", "values"))
            if rows:
                answer["rowData"] = rows
        for name, dimension, start, end in (
            ("rowMetadata", ROWS, rect.top, rect.bottom),
            ("columnMetadata", COLUMNS, rect.left, rect.right),
        ):
            if wants(mask, name):
                known = sheet.sizes[dimension]
                answer[name] = [
                    {"pixelSize": SIZES[dimension], **known.get(place, {})}
                    for place in range(start, end)
                ]
        return answer

    def _rows(self, sheet: Sheet, rect: Rect, mask: Json) -> list[Json]:
        """Rows and cells up to the last that is not blank."""
        seen = Seen(self.book, sheet, mask)
        found: list[Json] = []
        filled = 0
        for row in sheet.rows[rect.top : rect.bottom]:
            cells = row[rect.left : rect.right]
            while cells and cells[-1] is None:
                cells.pop()
            found.append(
                {"values": [{} if cell is None else seen.cell(cell) for cell in cells]}
                if cells
                else {}
            )
            if cells:
                filled = len(found)
        return found[:filled]


def _touches(sheet: Sheet, held: Json, areas: Sequence[tuple[Sheet, Rect]]) -> bool:
    """Whether a merge is in one of the ranges that are asked for; others are not told."""
    rect = sheet.area(held)
    return any(one is sheet and rect.meets(area) for one, area in areas)


def framed(held: Json) -> Json:
    """A table or banded range."""
    return held | {"range": shown_range(held["range"])}


class Seen:
    """Cells as the service tells them."""

    def __init__(self, book: Book, sheet: Sheet, mask: Json) -> None:
        self.book = book
        self.sheet = sheet
        (
            self.entered,
            self.effective,
            self.formatted,
            self.format,
            self.effective_format,
            self.validation,
            self.note,
        ) = (
            wants(mask, name)
            for name in (
                "userEnteredValue",
                "effectiveValue",
                "formattedValue",
                "userEnteredFormat",
                "effectiveFormat",
                "dataValidation",
                "note",
            )
        )
        self.chips = wants(mask, "chipRuns")

    def cell(self, cell: Cell) -> Json:
        answer: Json = {}
        value, cell_format, validation, note = cell
        if value is not None:
            if self.entered and type(value) is not Spilled:
                answer["userEnteredValue"] = extended("@" if type(value) is Chip else value)
            if self.chips and type(value) is Chip:
                answer["chipRuns"] = [{"chip": _chip(value)}]
            if self.effective or self.formatted:
                recorded_total = self.book.effective(value, self.sheet)
                if self.effective and recorded_total is not None:
                    answer["effectiveValue"] = extended(recorded_total)
                if self.formatted:
                    text = shown(recorded_total, cell_format)
                    if text:
                        answer["formattedValue"] = text
        if cell_format is not None:
            if self.format:
                answer["userEnteredFormat"] = cell_format
            if self.effective_format:
                answer["effectiveFormat"] = cell_format
        if validation is not None and self.validation:
            answer["dataValidation"] = validation
        if note and self.note:
            answer["note"] = note
        return answer


def _chip(chip: Chip) -> Json:
    if chip.email:
        return {"personProperties": {"email": chip.email, "displayFormat": "DEFAULT"}}
    return {"richLinkProperties": {"uri": chip.uri}}


def extended(value: Any) -> Json:
    """An ExtendedValue."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, Formula):
        return {"formulaValue": value.text}
    if isinstance(value, FormulaError):
        return {
            "errorValue": {
                "type": value.kind,
                **({"message": value.message} if value.message else {}),
            }
        }
    return {"stringValue": value} if isinstance(value, str) else {"numberValue": value}


def properties(book: Book, sheet: Sheet) -> Json:
    """A sheet's SheetProperties."""
    grid = {"rowCount": sheet.row_count, "columnCount": sheet.column_count, **sheet.grid}
    place = next(n for n, one in enumerate(book.sheets) if one is sheet)
    return {
        "sheetId": sheet.id,
        "title": sheet.title,
        "index": place,
        "sheetType": "GRID",
        "gridProperties": grid,
        **sheet.more,
    }


def may_edit(held: Json, user: str, owners: set[str]) -> bool:
    return (
        bool(held.get("warningOnly"))
        or user in owners
        or user in held.get("editors", {}).get("users", [])
    )


def protected(held: Json, user: str, owners: set[str]) -> Json:
    """A ProtectedRange; its editors are told only to those who may edit it."""
    allowed = may_edit(held, user, owners)
    answer = {name: value for name, value in held.items() if name != "editors" or allowed}
    answer["range"] = shown_range(held["range"])
    if "unprotectedRanges" in held:
        answer["unprotectedRanges"] = [shown_range(one) for one in held["unprotectedRanges"]]
    if allowed:
        answer["requestingUserCanEdit"] = True
    return answer
