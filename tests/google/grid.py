"""A spreadsheet: sheets, their grids of cells, and what is known of ranges.

A cell is a small tuple, a row a list of them, and a row is copied before it is changed: so a copy
of a whole spreadsheet costs next to nothing, and a batch that fails is dropped with its copy.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.google import a1
from tests.google.errors import TOO_MANY_CELLS, ApiError, Json, invalid

MAX_CELLS = 10_000_000
ROWS, COLUMNS = "ROWS", "COLUMNS"
ERRORS = {
    "ERROR": "#ERROR!",
    "NULL_VALUE": "#NULL!",
    "DIVIDE_BY_ZERO": "#DIV/0!",
    "VALUE": "#VALUE!",
    "REF": "#REF!",
    "NAME": "#NAME?",
    "NUM": "#NUM!",
    "N_A": "#N/A",
    "LOADING": "Loading...",
}


class Formula(NamedTuple):
    """A formula and, where a test has said so, what it comes to."""

    text: str
    given: Any = None


class FormulaError(NamedTuple):
    """What a formula comes to that has no value: a kind of `ERRORS` and words."""

    kind: str
    message: str = ""


class Spilled(NamedTuple):
    """What the formula of another cell put here (an array that spills, a pivot table): a value that
    nobody entered."""

    value: Any


class Chip(NamedTuple):
    """A smart chip: what is entered is an @ that stands for it. email: of a person; uri: of a
    file or a place."""

    text: str
    email: str = ""
    uri: str = ""


class Cell(NamedTuple):
    """value: None, str, bool, int, float, Formula, Spilled or Chip; the others as the service gives them, shared
    between cells."""

    value: Any = None
    format: Json | None = None
    validation: Json | None = None
    note: str | None = None


class Rect(NamedTuple):
    """Rows and columns from 0, the ends exclusive."""

    top: int
    left: int
    bottom: int
    right: int

    def meets(self, other: Rect) -> bool:
        return (
            self.top < other.bottom
            and other.top < self.bottom
            and self.left < other.right
            and other.left < self.right
        )


Row = list[Cell | None]
BLANK = Cell()


@dataclass
class Sheet:
    """One sheet. Its rows end where nothing more follows; `row_count` and `column_count` say how
    large the grid is."""

    id: int
    title: str
    row_count: int = 1000
    column_count: int = 26
    grid: Json = field(default_factory=dict)
    """Frozen rows and columns and the like."""
    more: Json = field(default_factory=dict)
    """Other properties: hidden, tabColor."""
    rows: list[Row] = field(default_factory=list)
    merges: list[Json] = field(default_factory=list)
    protected: dict[int, Json] = field(default_factory=dict)
    conditional: list[Json] = field(default_factory=list)
    filter: Json | None = None
    slicers: dict[int, Json] = field(default_factory=dict)
    tables: dict[str, Json] = field(default_factory=dict)
    banding: dict[int, Json] = field(default_factory=dict)
    sizes: dict[str, dict[int, Json]] = field(default_factory=lambda: {ROWS: {}, COLUMNS: {}})
    """What updateDimensionProperties said of rows and columns."""

    def copy(self) -> Sheet:
        twin = copy.copy(self)
        twin.rows = list(self.rows)
        for name in vars(self).keys() - {"id", "title", "row_count", "column_count", "rows"}:
            setattr(twin, name, copy.deepcopy(getattr(self, name)))
        return twin

    def cell(self, row: int, column: int) -> Cell:
        if row >= len(self.rows) or column >= len(self.rows[row]):
            return BLANK
        return self.rows[row][column] or BLANK

    def writable(self, row: int, width: int) -> Row:
        """A copy of the row to write into, at least so wide."""
        while len(self.rows) <= row:
            self.rows.append([])
        found = self.rows[row] = self.rows[row].copy()
        if len(found) < width:
            found.extend([None] * (width - len(found)))
        return found

    def put(self, row: int, column: int, cell: Cell | None) -> None:
        self.writable(row, column + 1)[column] = None if cell == BLANK else cell

    def settle(self) -> None:
        """A merge holds one value: whatever was written into the cells that it covers is gone."""
        for one in self.merges:
            rect = self.area(one)
            for number in range(rect.top, min(rect.bottom, len(self.rows))):
                row = self.writable(number, 0)
                for place in range(rect.left, min(rect.right, len(row))):
                    cell = row[place]
                    if cell and cell.value is not None and (number, place) != rect[:2]:
                        left = cell._replace(value=None)
                        row[place] = None if left == BLANK else left

    def whole(self) -> Rect:
        return Rect(0, 0, self.row_count, self.column_count)

    def size(self, dimension: str) -> int:
        return self.row_count if dimension == ROWS else self.column_count

    def resize(self, dimension: str, size: int) -> None:
        """Cut off or add at the end."""
        if dimension == ROWS:
            self.row_count = size
            del self.rows[size:]
        else:
            self.column_count = size
            self.rows = [row[:size] if len(row) > size else row for row in self.rows]

    def insert(self, dimension: str, at: int, count: int, like: int | None) -> None:
        """Blank rows or columns; they look like row or column `like`."""
        if dimension == ROWS:
            self.row_count += count
            if at < len(self.rows) or (like is not None and like < len(self.rows)):
                self.rows.extend([] for _ in range(at - len(self.rows)))
                self.rows[at:at] = [self._looks(like) for _ in range(count)]
        else:
            self.column_count += count
            self.rows = [
                row[:at]
                + [_look(row[like]) if like is not None and like < len(row) else None] * count
                + row[at:]
                if at < len(row)
                else row
                for row in self.rows
            ]
        self._shift_sizes(dimension, at, count)

    def _looks(self, like: int | None) -> Row:
        if like is None or like >= len(self.rows):
            return []
        return [_look(cell) for cell in self.rows[like]]

    def delete(self, dimension: str, start: int, end: int) -> None:
        if dimension == ROWS:
            self.row_count -= end - start
            del self.rows[start:end]
        else:
            self.column_count -= end - start
            self.rows = [row[:start] + row[end:] if len(row) > start else row for row in self.rows]
        self._shift_sizes(dimension, start, start - end)

    def _shift_sizes(self, dimension: str, at: int, count: int) -> None:
        known = self.sizes[dimension]
        moved = {
            place if place < at else place + count: said
            for place, said in known.items()
            if place < at or place >= at - min(count, 0)
        }
        self.sizes[dimension] = moved

    def a1(self, rect: Rect) -> str:
        return a1.text(self.title, *rect)

    def beyond(self, where: str) -> ApiError:
        return invalid(
            f"Range ({where}) exceeds grid limits. Max rows: {self.row_count}, max columns: {self.column_count}"
        )

    def clip(
        self,
        top: int | None,
        left: int | None,
        bottom: int | None,
        right: int | None,
        *,
        strict: bool = False,
    ) -> Rect:
        """The range on this grid. One that starts past the grid is refused; one that ends past it
        only if `strict`."""
        first, second = top or 0, left or 0
        past = (bottom or 0) > self.row_count or (right or 0) > self.column_count
        if first >= self.row_count or second >= self.column_count or (strict and past):
            raise self.beyond(a1.text(self.title, first, second, bottom, right))
        last = self.row_count if bottom is None else min(bottom, self.row_count)
        end = self.column_count if right is None else min(right, self.column_count)
        return Rect(first, second, max(last, first), max(end, second))

    def area(self, grid_range: Json, *, strict: bool = False) -> Rect:
        """A GridRange on this grid."""
        corners = [
            grid_range.get(name)
            for name in ("startRowIndex", "startColumnIndex", "endRowIndex", "endColumnIndex")
        ]
        return self.clip(corners[0], corners[1], corners[2], corners[3], strict=strict)

    def reach(self, rect: Rect) -> tuple[int, int]:
        """(rows, columns) of the rectangle up to the last cell that shows a value."""
        height = width = 0
        for number, row in enumerate(self.rows[rect.top : rect.bottom], 1):
            for place in range(min(len(row), rect.right) - 1, rect.left - 1, -1):
                if row[place] is not None and row[place].value is not None:  # type: ignore[union-attr]
                    height, width = number, max(width, place - rect.left + 1)
                    break
        return height, width


def _look(cell: Cell | None) -> Cell | None:
    if cell is None or (cell.format is None and cell.validation is None):
        return None
    validation, value = cell.validation, None
    if validation and validation.get("condition", {}).get("type") == "BOOLEAN":
        value = False  # a tick-box that is off
    return Cell(value, cell.format, validation)


@dataclass
class Book:
    """A spreadsheet. `formulas`: what formulas come to, by their text, as tests have said."""

    id: str
    title: str
    sheets: list[Sheet] = field(default_factory=list)
    properties: Json = field(
        default_factory=lambda: {
            "locale": "en_US",
            "autoRecalc": "ON_CHANGE",
            "timeZone": "Etc/GMT",
        }
    )
    named: dict[str, Json] = field(default_factory=dict)
    """By id: {name, range}; range None where its cells have gone: the service lists it no more, but
    the name stays taken."""
    metadata: list[Json] = field(default_factory=list)
    formulas: Json = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1)))
    """Where new ids come from."""

    def copy(self) -> Book:
        twin = copy.copy(self)
        twin.sheets = [sheet.copy() for sheet in self.sheets]
        twin.properties, twin.named, twin.metadata = copy.deepcopy(
            (self.properties, self.named, self.metadata)
        )
        return twin

    def sheet(self, number: int, what: str = "grid") -> Sheet:
        for sheet in self.sheets:
            if sheet.id == number:
                return sheet
        raise invalid(f"No {what} with id: {number}")

    def titled(self, title: str) -> Sheet | None:
        return next(
            (sheet for sheet in self.sheets if sheet.title.casefold() == title.casefold()), None
        )

    def check_size(self, more: int = 0) -> None:
        """Refuse more cells than a spreadsheet may have."""
        if sum(sheet.row_count * sheet.column_count for sheet in self.sheets) + more > MAX_CELLS:
            raise invalid(TOO_MANY_CELLS)

    def find(self, text: str, *, strict: bool = False) -> tuple[Sheet, Rect]:
        """What a range's text means: a sheet, a part of it, a named range, or cells of the first
        sheet."""
        title, rest = a1.split(text)
        sheet_found: Sheet | None
        if title is None and a1.corners(text) is not None:
            sheet_found = next(
                (sheet for sheet in self.sheets if not sheet.more.get("hidden")), self.sheets[0]
            )
            rest = text
        elif title is None:
            known = next(
                (
                    one
                    for one in self.named.values()
                    if one["range"] and one["name"].casefold() == text.casefold()
                ),
                None,
            )
            if known is not None:
                sheet = self.sheet(known["range"].get("sheetId", 0))
                return sheet, sheet.area(known["range"])
            sheet_found = self.titled(text)
        else:
            sheet_found = self.titled(title)
        if rest is None and sheet_found is not None:
            return sheet_found, sheet_found.whole()
        corners = a1.corners(rest or "")
        if sheet_found is None or corners is None:
            raise invalid(f"Unable to parse range: {text}")
        return sheet_found, sheet_found.clip(*corners, strict=strict)

    def effective(self, value: Any, sheet: Sheet, depth: int = 0) -> Any:
        """What a cell comes to: itself, a formula's value, or a FormulaError."""
        if type(value) is Spilled:
            return value.value
        if type(value) is Chip:
            return value.text
        if type(value) is not Formula:
            return value
        if value.given is not None:
            return value.given
        if value.text in self.formulas:
            said = self.formulas[value.text]
            return said(self, sheet) if callable(said) else said
        inner = value.text[1:].strip()
        if inner.upper() in ("TRUE()", "FALSE()", "TRUE", "FALSE"):
            return inner.upper().startswith("TRUE")
        if inner.upper() == "SHEETS()":
            return len(self.sheets)
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", inner):
            return number(float(inner))
        if found := re.fullmatch(r"SUM\((\d+(?:;\d+)*)\)", inner):
            return sum(map(int, found[1].split(";")))
        if re.fullmatch(r'"(?:[^"]|"")*"', inner):
            return inner[1:-1].replace('""', '"')
        return self._referred(inner, sheet, depth)

    def _referred(self, inner: str, sheet: Sheet, depth: int) -> Any:
        title, rest = a1.split(inner)
        target = sheet if title is None else self.titled(title)
        corners = a1.corners(inner if title is None else rest or "")
        if corners is None or None in corners or ":" in inner:
            return FormulaError("ERROR", "Formula parse error.")
        if target is None:
            return FormulaError("REF", f"Unresolved sheet name '{title}'.")
        if depth > 50:
            return FormulaError("REF", "Circular dependency detected.")
        return self.effective(
            target.cell(corners.top or 0, corners.left or 0).value, target, depth + 1
        )

    def change_ranges(self, change: Callable[[Json], Json | None]) -> None:
        """Let every range that anything holds become what `change` makes of it; None if nothing is
        left of it."""
        for known in self.named.values():
            known["range"] = known["range"] and change(known["range"])
        for sheet in self.sheets:
            for protected in list(sheet.protected.values()):
                protected["range"] = change(protected["range"])
                if protected["range"] is None:
                    del sheet.protected[protected["protectedRangeId"]]
                elif "unprotectedRanges" in protected:
                    protected["unprotectedRanges"] = _kept(change, protected["unprotectedRanges"])
            sheet.merges = _kept(change, sheet.merges)
            for framed in (sheet.tables, sheet.banding):
                _change_framed(framed, change)
            for rule in sheet.conditional:
                rule["ranges"] = _kept(change, rule.get("ranges", []))
            sheet.conditional = [rule for rule in sheet.conditional if rule["ranges"]]
            for number, slicer in list(sheet.slicers.items()):
                slicer["spec"]["dataRange"] = change(slicer["spec"]["dataRange"])
                if slicer["spec"]["dataRange"] is None:
                    del sheet.slicers[number]
            if sheet.filter:
                left = change(sheet.filter["range"])
                sheet.filter = left and sheet.filter | {"range": left}


def _change_framed(framed: dict[Any, Json], change: Callable[[Json], Json | None]) -> None:
    for number, held in list(framed.items()):
        left = change(held["range"])
        if left is None:
            del framed[number]
        else:
            framed[number] = held | {"range": left}


def _kept(change: Callable[[Json], Json | None], ranges: list[Json]) -> list[Json]:
    return [left for one in ranges if (left := change(one)) is not None]


def number(value: float) -> int | float:
    """A number as the service writes it: whole ones without a point."""
    return int(value) if value == value and abs(value) < 1e15 and value == int(value) else value


_SHARED: dict[str, Json] = {}


def shared(value: Json | None) -> Json | None:
    """The same object for equal JSON, so that a format of many cells is kept once."""
    return None if not value else _SHARED.setdefault(repr(value), value)


def grid_range(sheet: Sheet, rect: Rect) -> Json:
    return {
        "sheetId": sheet.id,
        "startRowIndex": rect.top,
        "endRowIndex": rect.bottom,
        "startColumnIndex": rect.left,
        "endColumnIndex": rect.right,
    }


def shown_range(held: Json | None) -> Json:
    """A GridRange as the service answers it: the id 0 is left out."""
    return {name: value for name, value in (held or {}).items() if name != "sheetId" or value != 0}
