"""Zones and restrictions as a table: Block-range, Row-range, CategoryID (§1b.1), and so restrictions."""

from __future__ import annotations

from typing import Any

from ticketops.domain.seatmap.plan import Area, Restriction, Zone
from ticketops.domain.seatmap.spots import NOT_UNDERSTOOD, Wrong
from ticketops.errors import InputError, UsageError
from ticketops.model import spelling
from ticketops.model.seat_labels import parted
from ticketops.model.states import SEAT_RESTRICTION
from ticketops.model.texts import clean_text
from ticketops.schema.columns import ErrorValue, text_of
from ticketops.schema.foreign import ForeignTable

ZONE_HEADERS = ("Block-range", "Row-range", "Seat-range", "CategoryID")
RESTRICTION_HEADERS = ("Block-range", "Row-range", "Seat-range", "Restriction", "Note")
_CALLED = {
    "blocks": "blockrange blocks block sectionrange sections section",
    "rows": "rowrange rows row",
    "seats": "seatrange seats seat",
    "category": "categoryid category cat zone kategorie",
    "restriction": "restriction restrictions kind",
    "note": "note notes remark reason",
}
_KNOWN = {word: name for name, words in _CALLED.items() for word in words.split()}


def zone_of(text: str) -> Zone:
    """`101-104 / A-F = Cat 1`. Raises UsageError."""
    area, mark, category = text.rpartition("=")
    if not mark or not category.strip():
        raise UsageError(
            f"--zone must be AREA = CATEGORY, not {text!r}",
            'for example --zone "101-104 / A-F = Cat 1"',
        )
    return Zone(category_named(category), area_of(area))


def category_named(text: str) -> str:
    """The name of a category. Raises UsageError."""
    try:
        name = clean_text(text, "category")
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not name:
        raise UsageError("the category is empty")
    return spelling.category(name) or name


def area_of(text: str) -> Area:
    """`101-104 / A-F / 1-8`, or `101/C/5-8`; `*` or nothing stands for all. Raises UsageError."""
    parts = parted(text, " / ")
    if len(parts) == 1:
        parts = parted(text, most=2)
    if len(parts) > 3 or not text.strip():
        raise UsageError(
            f"{text!r} is not an area", "write it as BLOCKS / ROWS / SEATS: 101-104 / A-F / 1-8"
        )
    try:
        cleaned = [clean_text(part, "area") for part in parts]
        area = Area(*("" if part == "*" else part for part in cleaned))
        area.understood()
    except ValueError as error:
        raise UsageError(str(error)) from None
    return area


def zones_of(table: ForeignTable) -> tuple[list[tuple[str, Zone]], list[Wrong]]:
    """The zones of a table, each with its line, and what is not understood. Raises InputError where
    it has no categories."""
    return _read(table, "category", _zone)


def restrictions_of(table: ForeignTable) -> tuple[list[tuple[str, Restriction]], list[Wrong]]:
    """The restrictions of a table, as `zones_of` those of zones."""
    return _read(table, "restriction", _restriction)


def _zone(cells: dict[str, str]) -> Zone:
    return Zone(spelling.category(cells["category"]) or cells["category"], _area(cells))


def _restriction(cells: dict[str, str]) -> Restriction:
    kind = spelling.choice(cells["restriction"], SEAT_RESTRICTION)
    if kind is None:
        raise ValueError(f"{cells['restriction']!r} must be one of {', '.join(SEAT_RESTRICTION)}")
    return Restriction(kind, _area(cells), cells.get("note", ""))


def _area(cells: dict[str, str]) -> Area:
    parts = [cells.get(name, "") for name in ("blocks", "rows", "seats")]
    area = Area(*("" if part == "*" else part for part in parts))
    area.understood()
    return area


def _read(table: ForeignTable, needed: str, make: Any) -> tuple[list[Any], list[Wrong]]:
    places: dict[str, int] = {}
    for at, header in enumerate(table.headers):
        word = "".join(char for char in header.casefold() if char.isalnum())
        if (name := _KNOWN.get(word)) is not None:
            places.setdefault(name, at)
    if needed not in places or not places.keys() & {"blocks", "rows", "seats"}:
        wanted = ZONE_HEADERS if needed == "category" else RESTRICTION_HEADERS
        raise InputError(
            f"{table.label} has no column of a {needed}, or none of blocks and rows",
            f"its header must name {', '.join(wanted)}",
        )
    found, wrong = [], []
    for row in table.rows:
        where = f"line {row.number}"
        try:
            cells = {name: _text(row.cells, at, name) for name, at in places.items()}
            if not any(cells.values()):
                continue
            if not cells[needed]:
                raise ValueError(f"the {needed} is blank")
            found.append((where, make(cells)))
        except ValueError as error:
            wrong.append(Wrong(where, NOT_UNDERSTOOD, str(error)))
    return found, wrong


def _text(cells: tuple[Any, ...], at: int, name: str) -> str:
    cell = cells[at] if at < len(cells) else None
    if isinstance(cell, ErrorValue):
        raise ValueError(f"the cell of the {name} holds {cell}")  # noqa: TRY004
    if hasattr(cell, "year"):
        raise ValueError(
            f"a spreadsheet took the {name} for the date {text_of(cell)}: format the column as text"
        )
    return "" if cell is None else clean_text(text_of(cell), name)
