"""Cells of a sheet ↔ values of SQL. A cell stands in the column of its type where it fits it to the
letter; where it does not, and beside our columns, it is kept as JSON that says what it is."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec import Struct, field

from ticketops.schema.columns import ColumnType, ErrorValue
from ticketops.schema.layout import Layout
from ticketops.schema.tables import locate
from ticketops.stores.postgres.ddl import CELLS, SECRET_CELLS, quoted

Cells = Mapping[int, Any]
"""{sheet column: raw cell} of a row."""
_LARGEST = 2**53


class Held(Struct):
    """How a sheet is kept. table: where; head: its rows down to the header; places: {column of the
    table: sheet column}; types: of these."""

    title: str
    position: int
    table: str
    head: list[dict[int, Any]] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    types: dict[str, ColumnType] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    """The columns of passwords."""
    withheld: frozenset[str] = frozenset()
    """Those that the role of the connection may not read."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that hold cells of the sheet, and that may be read."""
        return tuple(name for name in self.places if name not in self.withheld)

    @property
    def beside(self) -> tuple[str, ...]:
        """The columns that hold what is beside these, or does not fit."""
        shown = bool(self.secrets) and not self.withheld
        return ("own_cells", "odd_cells", *([SECRET_CELLS] if shown else []))

    @property
    def names(self) -> list[str]:
        """All columns of the table that its rows fill, as SQL spells them."""
        if self.table == CELLS:
            return ["event_id", "title", "row", "own_cells"]
        return ["event_id", "row", *map(quoted, self.columns), *self.beside]

    def header(self, row: int) -> list[Any]:
        """The cells of a row of the head."""
        cells = self.head[row - 1] if 0 < row <= len(self.head) else {}
        return [cells.get(place) for place in range(1, max(cells, default=0) + 1)]


def placed(held: Held, layout: Layout, header_row: int) -> None:
    """Find out which columns of ours a sheet has: those that it is not known to have yet. Columns
    that cells are kept in stay where they are."""
    if held.table == CELLS or held.title not in layout:
        return
    sheet = layout[held.title]
    taken = set(held.places.values())
    for name, places in locate(sheet, held.header(header_row)).items():
        if name not in held.places and places[0] not in taken:
            held.places[name], held.types[name] = places[0], sheet.by_name[name].type
    held.secrets = frozenset(column.name for column in sheet.columns if column.secret)


def values_of(held: Held, event: str, row: int, cells: Cells) -> tuple[Any, ...]:
    """The values of a row, in the order of `Held.names`."""
    if held.table == CELLS:
        return event, held.title, row, _json(cells)
    odd: dict[int, Any] = {}
    secret: dict[int, Any] = {}
    own = dict(cells)
    typed: list[Any] = []
    for name, place in held.places.items():
        raw = own.pop(place, None)
        if name in held.withheld:
            continue
        if raw is None or raw == "":
            typed.append(None)
            continue
        value = _FITTING[held.types[name]](raw)
        if value is None:
            (secret if name in held.secrets else odd)[place] = raw
        typed.append(value)
    beside = (own, odd, secret)[: len(held.beside)]
    return event, row, *typed, *map(_json, beside)


def reader_of(held: Held) -> Callable[[Sequence[Any]], tuple[int, dict[int, Any]]]:
    """What makes the number of a row and its cells of the values of one, which come as `Held.names`
    says, without the key's first columns. Made once for a sheet: it is called for every row."""
    if held.table == CELLS:

        def own(values: Sequence[Any]) -> tuple[int, dict[int, Any]]:
            row, cells = values
            return row, _cells(cells) if cells else {}

        return own
    places = [held.places[name] for name in held.columns]
    end = len(places) + 1

    def typed(values: Sequence[Any]) -> tuple[int, dict[int, Any]]:
        cells = {
            place: value
            for place, value in zip(places, values[1:end], strict=True)
            if value is not None
        }
        for beside in values[end:]:
            if beside:
                cells |= _cells(beside)
        return values[0], cells

    return typed


# --- what fits a column to the letter


def _text(raw: Any) -> str | None:
    return raw if type(raw) is str and is_storable(raw) else None


def _whole(raw: Any) -> int | None:
    if type(raw) is int or (isinstance(raw, float) and raw.is_integer()):
        return int(raw) if abs(raw) < _LARGEST else None
    return None


def _number(raw: Any) -> float | None:
    if type(raw) is int:
        return float(raw) if abs(raw) < _LARGEST else None
    return float(raw) if isinstance(raw, float) and math.isfinite(raw) else None


def _moment(raw: Any) -> datetime | None:
    if isinstance(raw, datetime):
        return raw if raw.tzinfo is None else None
    return datetime(raw.year, raw.month, raw.day) if isinstance(raw, date) else None


def _flag(raw: Any) -> bool | None:
    return raw if isinstance(raw, bool) else None


_FITTING: dict[ColumnType, Callable[[Any], Any]] = {
    ColumnType.TEXT: _text,
    ColumnType.CODE: _text,
    ColumnType.INTEGER: _whole,
    ColumnType.NUMBER: _number,
    ColumnType.DATE: _moment,
    ColumnType.DATETIME: _moment,
    ColumnType.FLAG: _flag,
}


def is_storable(text: str) -> bool:
    """Whether a database takes a text as it is."""
    if text.isascii():
        return "\x00" not in text
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


# --- cells as JSON


def _json(cells: Cells) -> str | None:
    found = {
        str(place): packed(raw) for place, raw in cells.items() if raw is not None and raw != ""
    }
    return as_text(found) if found else None


def as_text(value: Any) -> str:
    """A value as the text of JSON."""
    return json.dumps(value, ensure_ascii=True)


def _cells(found: Mapping[str, Any]) -> dict[int, Any]:
    return {int(place): unpacked(value) for place, value in found.items()}


def packed(raw: Any) -> Any:
    """A raw cell as JSON that says what it is."""
    if raw is None or isinstance(raw, int):
        return raw
    if isinstance(raw, ErrorValue):
        return {"error": str(raw)}
    if isinstance(raw, str):
        if is_storable(raw):
            return str(raw)
        return {"bytes": base64.b64encode(raw.encode("utf-8", "surrogatepass")).decode()}
    if isinstance(raw, float):
        spelt = repr(float(raw))  # a database spells 1e22 out, and it is read as another number
        return float(raw) if spelt.replace(".", "").lstrip("-").isdecimal() else {"float": spelt}
    if isinstance(raw, timedelta):
        return {"span": [raw.days, raw.seconds, raw.microseconds]}
    for kind, name in ((datetime, "moment"), (date, "day"), (time, "time")):
        if isinstance(raw, kind):
            return {name: raw.isoformat()}
    return str(raw)


_UNPACKED: dict[str, Callable[[Any], Any]] = {
    "error": ErrorValue,
    "bytes": lambda text: base64.b64decode(text).decode("utf-8", "surrogatepass"),
    "float": float,
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "time": time.fromisoformat,
    "span": lambda parts: timedelta(*parts),
}


def unpacked(value: Any) -> Any:
    """The raw cell that `packed` made JSON of."""
    if isinstance(value, dict):
        ((kind, held),) = value.items()
        return _UNPACKED[kind](held)
    return value
