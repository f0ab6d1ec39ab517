"""Column types: cells cast in, values formatted out (DESIGN: schema, tables).

A *raw* cell is what a reader hands over: None, "", str, float, int, bool, date, datetime, time, timedelta.
A *value* is what a Table holds: str, int, float, bool, datetime or None. IDs and contract numbers are text:
`630679135.0` read from a number cell becomes `"630679135"`, and `"0012"` stays `"0012"`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any

from ticketops.model.states import StateMachine

EPOCH_1900 = datetime(1899, 12, 30)
_FEBRUARY_29 = 60
"""The serial of a day that spreadsheets believe 1900 had; those before it count one less."""
_EARLIEST, _LATEST = datetime(1900, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:h.](?P<minute>\d{2})(?!\d)(?::\d{2})?)?\s*(?P<half>[ap]\.?m\b\.?)?", re.IGNORECASE)
# three decimals or a day before them: `21.30` is a clock, `0.875` and `46000.75` are serials
_SERIAL = re.compile(r"\d*\.\d{3,}|\d{5}\.\d+|0(?:\.\d+)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?")


class ColumnType(Enum):
    """What a column holds."""

    TEXT = "text"
    """Free text, kept to the letter."""
    CODE = "code"
    """Identifiers and closed sets: text without surrounding spaces."""
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    FLAG = "flag"
    """A tick-box: TRUE or FALSE; blank is FALSE."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet, found by its header text, never by its position.

    `occurrence` tells columns with one header apart by their order (2 = the second `Password`).
    `secret` values are never printed, logged or journalled. `extension` columns are made when first needed (D12).
    """

    name: str
    header: str
    type: ColumnType = ColumnType.TEXT
    aliases: tuple[str, ...] = ()
    occurrence: int = 1
    secret: bool = False
    extension: bool = False
    choices: tuple[str, ...] = ()
    machine: StateMachine | None = None
    width: int = 12


class ErrorValue(str):
    """A raw cell that holds an error such as #N/A."""

    __slots__ = ()


def header_key(text: object) -> str:
    """Header text with case and spaces forgiven: `" Purchases / Sales"` → `"purchases/sales"`."""
    return _forgiven(f"{text:.1f}" if isinstance(text, float) and text.is_integer() else str(text))


@lru_cache(maxsize=4096)
def _forgiven(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def text_of(raw: Any) -> str:
    """Any raw cell as text, numbers without a trailing `.0`, dates in ISO form."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() and abs(raw) < 1e15 else repr(raw)
    if isinstance(raw, datetime):
        return raw.date().isoformat() if raw.time() == time() else raw.isoformat(sep=" ", timespec="seconds")
    if isinstance(raw, (date, time)):
        return raw.isoformat()
    return str(raw)


def _text(raw: Any) -> str | None:
    return (raw if type(raw) is str else text_of(raw)) or None


def _code(raw: Any) -> str | None:
    return (raw if type(raw) is str else text_of(raw)).strip() or None


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool):
        return float(raw)
    if isinstance(raw, (int, float)):
        return float(raw) if math.isfinite(raw) else None
    if isinstance(raw, str):
        try:
            value = float(raw.strip().replace(" ", "").replace(" ", ""))
        except ValueError:
            return None
        return value if math.isfinite(value) else None
    return None


def _integer(raw: Any) -> int | None:
    value = _number(raw)
    return int(value) if value is not None and value.is_integer() and abs(value) < 2**53 else None


def _datetime(raw: Any) -> datetime | None:
    if isinstance(raw, datetime):
        return raw.replace(tzinfo=None)
    if isinstance(raw, date):
        return datetime(raw.year, raw.month, raw.day)
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return from_serial(float(raw)) if 1 <= raw < 2_958_466 else None
    if isinstance(raw, str):
        return parse_datetime(raw)
    return None


def _flag(raw: Any) -> bool | None:
    if isinstance(raw, bool):
        return raw
    return {"true": True, "1": True, "yes": True, "y": True, "x": True,
            "false": False, "0": False, "no": False, "n": False}.get(text_of(raw).strip().casefold())  # fmt: skip


def from_serial(serial: float) -> datetime:
    """A spreadsheet date serial (1900 system, days) as a datetime, to the millisecond."""
    serial += serial < _FEBRUARY_29
    return EPOCH_1900 + timedelta(milliseconds=round(serial * 86_400_000))


def to_serial(value: datetime) -> float:
    """A datetime as a date serial (1900 system, days). Raises ValueError before 1900 or after 9999."""
    if not _EARLIEST <= value <= _LATEST:
        raise ValueError(f"{value} is outside what a spreadsheet can hold")
    serial = (value - EPOCH_1900) / timedelta(days=1)
    return serial - (serial < _FEBRUARY_29 + 1)


def parse_datetime(text: str) -> datetime | None:
    """ISO dates and times, and day-first `17/04/2026 14:30`; None for anything else."""
    text = text.strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        pass
    found = _DAY_FIRST.fullmatch(text)
    if not found:
        return None
    day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """A time of day: `21:00`, `21h00`, `21.00`, `9:00 PM`, `9 pm`, or a serial (a fraction of a day, as Google Sheets answers; days are cut
    off); what follows, like a time zone, is left out. None for anything else."""
    text = text.strip()
    if _SERIAL.fullmatch(text):
        return from_serial(float(text) % 1).time()
    found = _CLOCK.match(text)
    if not found or (found["minute"] is None and not found["half"]):
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"] and hour <= 12:
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


_CAST = {
    ColumnType.TEXT: _text,
    ColumnType.CODE: _code,
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.DATE: _datetime,
    ColumnType.DATETIME: _datetime,
    ColumnType.FLAG: _flag,
}


def cast(column_type: ColumnType, raw: Any) -> Any:
    """One raw cell as the column's value; None for a blank cell and for one that does not fit the type."""
    if raw is None or raw == "":
        return None
    return _CAST[column_type](raw)


def cast_all(column_type: ColumnType, raws: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """A whole column: its values, and the positions of the cells that hold something that does not fit the type."""
    one = _CAST[column_type]
    if column_type is ColumnType.TEXT:
        return [(raw or None) if type(raw) is str else None if raw is None else one(raw) for raw in raws], []
    if column_type is ColumnType.CODE:
        return [(raw.strip() or None) if type(raw) is str else None if raw is None else one(raw) for raw in raws], []
    values = [None if raw is None or raw == "" else one(raw) for raw in raws]
    misfits = [i for i, (raw, value) in enumerate(zip(raws, values, strict=True))
               if value is None and raw is not None and raw != ""]  # fmt: skip
    return values, misfits
