"""Who may change what in a spreadsheet, and how a cell takes on what a request says of it."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.google import a1, masks
from tests.google.errors import (
    NO_FIELDS,
    PROTECTED,
    TOO_LONG,
    ApiError,
    Json,
    invalid,
    unknown_name,
)
from tests.google.grid import BLANK, Book, Cell, Formula, FormulaError, Rect, Sheet, number, shared
from tests.google.render import may_edit
from tests.google.ways import OTHER_WORDS, Ways

MAX_TEXT = 50_000
CELL = frozenset(masks.SPREADSHEET["sheets"]["data"]["rowData"]["values"])


@dataclass
class Edit:
    """One user's changes to a copy of a spreadsheet. writers: everybody who may write into it."""

    book: Book
    user: str
    owners: set[str] = field(default_factory=set)
    writers: list[str] = field(default_factory=list)
    ways: Ways = field(default_factory=Ways)

    def area(self, grid_range: Json, *, strict: bool = False) -> tuple[Sheet, Rect]:
        sheet = self.book.sheet(grid_range.get("sheetId", 0))
        return sheet, sheet.area(grid_range, strict=strict)

    def settle(self) -> None:
        """After each request: merges hold one value."""
        if self.ways.of("write-into-merge") == "kept":
            return
        for sheet in self.book.sheets:
            sheet.settle()

    def guard(self, sheet: Sheet, rect: Rect) -> None:
        """Refuse cells that somebody else has protected."""
        for held in sheet.protected.values():
            if not may_edit(held, self.user, self.owners) and _left(rect, sheet, held):
                raise self.protected()

    def protected(self) -> ApiError:
        """The refusal of a protected cell."""
        known = self.ways.of("protected-cell") != "other words"
        return self.ways.refusal("protected-cell", PROTECTED if known else OTHER_WORDS)

    def guard_sheet(self, sheet: Sheet) -> None:
        """Refuse to change a sheet as such if it is protected as a whole."""
        for held in sheet.protected.values():
            if set(held["range"]) == {"sheetId"} and not may_edit(held, self.user, self.owners):
                raise self.protected()


def _left(rect: Rect, sheet: Sheet, held: Json) -> list[Rect]:
    """What of the rectangle is protected."""
    whole = sheet.area(held["range"])
    left = [_common(rect, whole)] if rect.meets(whole) else []
    for hole in held.get("unprotectedRanges", []):
        area = sheet.area(hole)
        left = [
            piece for one in left for piece in (_without(one, area) if one.meets(area) else [one])
        ]
    return left


def _common(one: Rect, other: Rect) -> Rect:
    return Rect(
        max(one.top, other.top),
        max(one.left, other.left),
        min(one.bottom, other.bottom),
        min(one.right, other.right),
    )


def _without(one: Rect, hole: Rect) -> list[Rect]:
    inner = _common(one, hole)
    pieces = [
        Rect(one.top, one.left, inner.top, one.right),
        Rect(inner.bottom, one.left, one.bottom, one.right),
        Rect(inner.top, one.left, inner.bottom, inner.left),
        Rect(inner.top, inner.right, inner.bottom, one.right),
    ]
    return [piece for piece in pieces if piece.top < piece.bottom and piece.left < piece.right]


def entered(value: dict[str, Any] | None) -> Any:
    """An ExtendedValue as a cell keeps it. Text is never taken for anything else."""
    if not value:
        return None
    text = value.get("stringValue")  # first what is most often there
    if text.__class__ is str and len(value) == 1 and len(text) <= MAX_TEXT:
        return text or None
    if len(value) != 1:
        raise invalid(
            "Invalid value at 'user_entered_value' (oneof), oneof field 'value' is already set."
        )
    kind, one = next(iter(value.items()))
    if kind == "numberValue":
        if one.__class__ not in (int, float) or not math.isfinite(one):
            raise invalid(
                f"Invalid value at 'user_entered_value.number_value' (TYPE_DOUBLE), {one!r}"
            )
        return number(one)
    if kind == "errorValue":
        raise invalid("errorValue is read-only.")
    if kind not in ("stringValue", "boolValue", "formulaValue"):
        raise unknown_name(kind, "user_entered_value")
    if not isinstance(one, bool if kind == "boolValue" else str):
        raise invalid(f"Invalid value at 'user_entered_value' ({kind}), {one!r}")
    if isinstance(one, bool):
        return one
    if len(one) > MAX_TEXT:
        raise invalid(TOO_LONG)
    if kind == "formulaValue":
        if not one.startswith("="):
            raise invalid("Formulas must start with '='.")
        return Formula(one)
    return None if one == "" else one


_cell = functools.partial(tuple.__new__, Cell)
"""A cell in half the time that its name takes: there are half a million in a batch."""


class Write:
    """How cells take on what a CellData says, as far as a `fields` mask goes."""

    def __init__(self, fields: str | None, edit: Edit) -> None:
        self._edit = edit if edit.ways.turned else None
        mask = masks.parse(fields or "")
        if not mask:
            raise invalid(NO_FIELDS)
        everything = "*" in mask
        for name in mask:
            if name != "*" and name not in CELL:
                raise invalid(f"Invalid field: {name}")
        self.value, self.validation, self.note = (
            everything or name in mask for name in ("userEnteredValue", "dataValidation", "note")
        )
        self.format: masks.Mask | None = {} if everything else mask.get("userEnteredFormat")
        self._formats: dict[tuple[int, str], Json | None] = {}

    def __call__(self, old: Cell | None, new: Json) -> Cell | None:
        """The cell as it is then; None if nothing is left of it."""
        value, cell_format, validation, note = old or BLANK
        if not CELL.issuperset(new):
            raise unknown_name(next(name for name in new if name not in CELL), "cell")
        if self.value:
            value = entered(new.get("userEnteredValue"))
            if self._edit:
                value = turned(self._edit, value, old or BLANK)
        if self.format is not None and (cell_format is not None or "userEnteredFormat" in new):
            cell_format = self._formatted(cell_format, new.get("userEnteredFormat"))
        if self.validation:
            validation = shared(new.get("dataValidation"))
        if self.note:
            note = new.get("note") or None
        if value is None and cell_format is None and validation is None and note is None:
            return None
        return _cell((value, cell_format, validation, note))

    def _formatted(self, old: Json | None, new: Json | None) -> Json | None:
        key = (id(old), repr(new))
        if key not in self._formats:
            self._formats[key] = shared(masks.replace(old, new, self.format or {}))
        return self._formats[key]


def turned(edit: Edit, value: Any, old: Cell) -> Any:
    """What a cell keeps of what is entered, where the service does with it what this server usually
    does not."""
    ways = edit.ways
    is_text = type(value) is str
    for name, odd, instead in (
        ("carriage-returns", "\r", lambda text: text.replace("\r\n", "\n").replace("\r", "\n")),
        ("control-characters", _CONTROLS, lambda text: re.sub(_CONTROLS, "", text)),
    ):
        if is_text and ways.of(name) != "kept" and re.search(odd, value):
            if ways.of(name) == "refused":
                raise ways.refusal(name, OTHER_WORDS)
            value = instead(value)
    plain = (old.format or {}).get("numberFormat", {}).get("type") == "TEXT"
    if plain and type(value) in (int, float) and ways.of("number-in-plain-text") != "number":
        if ways.of("number-in-plain-text") == "refused":
            raise ways.refusal("number-in-plain-text", OTHER_WORDS)
        value = str(value)
    way = ways.of("strict-validation")
    if way != "written" and value is not None and not _allowed(value, old.validation):
        if way == "refused":
            raise ways.refusal("strict-validation", OTHER_WORDS)
        value = old.value
    if type(value) is Formula and ";" in value.text and _is_odd_abroad(edit):
        if ways.of("formula-in-another-locale") == "refused":
            raise ways.refusal("formula-in-another-locale", OTHER_WORDS)
        value = Formula(value.text, FormulaError("ERROR", "Formula parse error."))
    return value


def _is_odd_abroad(edit: Edit) -> bool:
    english = edit.book.properties.get("locale", "").startswith("en")
    return not english and edit.ways.of("formula-in-another-locale") != "understood"


_CONTROLS = "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]"


def _allowed(value: Any, rule: Json | None) -> bool:
    """Whether a strict rule that lists values lets one through."""
    condition = (rule or {}).get("condition", {})
    if not (rule or {}).get("strict") or condition.get("type") != "ONE_OF_LIST":
        return True
    return value in [one.get("userEnteredValue") for one in condition.get("values", ())]


_REFERENCE = re.compile(
    r"""("(?:[^"]|"")*"|'(?:[^']|'')*')|(?<![A-Za-z0-9_.$])(\$?)([A-Za-z]{1,3})(\$?)([1-9]\d*)(?![A-Za-z0-9_(.!])"""
)


def moved(value: Any, rows: int, columns: int) -> Any:
    """A formula as it reads where it is pasted: relative references move along."""
    if type(value) is not Formula or (not rows and not columns):
        return value

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return found[0]
        place = a1.column(found[3]) + (0 if found[2] else columns)
        row = int(found[5]) + (0 if found[4] else rows)
        return "#REF!" if place < 0 or row < 1 else f"{found[2]}{a1.letters(place)}{found[4]}{row}"

    text = _REFERENCE.sub(one, value.text)
    return value if text == value.text else Formula(text)


def change_cells(
    sheet: Sheet,
    rect: Rect,
    change: Callable[[int, int, Cell | None], Cell | None],
    *,
    blanks: bool = True,
) -> None:
    """Every cell of the rectangle becomes what `change(row, column, cell)` makes of it; without
    `blanks` only those there are."""
    for row in range(rect.top, rect.bottom if blanks else min(rect.bottom, len(sheet.rows))):
        found = sheet.writable(row, rect.right if blanks else 0)
        for column in range(rect.left, min(rect.right, len(found))):
            found[column] = change(row, column, found[column])
        while found and found[-1] is None:
            found.pop()
