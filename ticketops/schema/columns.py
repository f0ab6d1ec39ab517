"""Column types: cells cast in, values formatted out.

A *raw* cell is what a reader hands over: None, "", str, float, int, bool, date, datetime, time,
timedelta. A *value* is what a Table holds: str, int, float, bool, datetime or None. IDs and
contract numbers are text: `630679135.0` read from a number cell becomes `"630679135"`, and `"0012"`
stays `"0012"`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct

from ticketops.model import spelling
from ticketops.model.clock import CLOCK
from ticketops.model.dates import order_of, parse_moment
from ticketops.model.patterns import when_needed
from ticketops.model.spelling import Kind
from ticketops.model.states import StateMachine

EPOCH_1900 = datetime(1899, 12, 30)
_IGNORED = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)))
)
"""Characters that nobody sees though Unicode files them under letters and marks: fillers, variation
selectors."""
_FEBRUARY_29 = 60
"""The serial of a day that spreadsheets believe 1900 had; those before it count one less."""
_EARLIEST, _LATEST = datetime(1900, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)
_FIFTEEN_DIGITS, _SHOWN_IN_FULL = 10**15, 10**30
# three decimals or a day before them: `21.30` is a clock, `0.875` and `46000.75` are serials
_SERIAL = when_needed(r"\d*\.\d{3,}|\d{5}\.\d+|0(?:\.\d+)?")
_AMBIGUOUS = when_needed(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
"""A number that is text: 1.350 may be thirteen hundred and fifty."""


class ColumnType(Enum):
    """What a column holds."""

    TEXT = "text"
    """Free text, kept to the letter."""
    CODE = "code"
    """Identifiers and closed sets: text without surrounding, doubled and invisible spaces."""
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    FLAG = "flag"
    """A tick-box: TRUE or FALSE; blank is FALSE."""


class Column(Struct, frozen=True):
    """One column of a sheet, found by its header text, never by its position.

    `occurrence` tells columns with one header apart by their order (2 = the second `Password`).
    `secret` values are never printed, logged or journalled. `extension` columns are made when first
    needed (D12).
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
    kind: Kind | None = None
    """What a coded column names: its cells are read in the one spelling of that kind (D16)."""

    @property
    def spell(self) -> Callable[[str], str | None] | None:
        """Text → the one spelling of what it says, None where it is not understood; None for a
        column of free text."""
        if self.type is not ColumnType.CODE:
            return None
        if self.choices:
            return partial(spelling.choice, choices=self.choices)
        return spelling.SPELLERS[self.kind] if self.kind else None

    @property
    def shown_width(self) -> int:
        """The width at which its values show, and the longest word of its header beside the arrow
        of a filter: a moment in a narrow column is a row of hash signs."""
        held = {ColumnType.DATETIME: 18, ColumnType.DATE: 12}.get(self.type, 0)
        return max(self.width, held, max(map(len, self.header.split()), default=0) + 3)


class ErrorValue(str):
    """A raw cell that holds an error such as #N/A."""

    __slots__ = ()


ERRORS = frozenset(
    {
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#ERROR!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
        "#UNKNOWN!",
        "#GETTING_DATA",
    }
)
"""What spreadsheets show in the place of a value that a formula does not have."""


def with_errors(rows: Sequence[list[Any]]) -> list[list[Any]]:
    """Raw rows of a store that tells errors by their text only, with ErrorValues in their
    places."""
    return [
        [ErrorValue(cell) if type(cell) is str and cell in ERRORS else cell for cell in row]
        if any(type(cell) is str and cell[:1] == "#" for cell in row)
        else row
        for row in rows
    ]


def header_key(text: object) -> str:
    """Header text with case, spaces and what nobody sees forgiven: `" Purchases / Sales"` →
    `"purchases/sales"`."""
    return _forgiven(f"{text:.1f}" if isinstance(text, float) and text.is_integer() else str(text))


@lru_cache(maxsize=4096)
def _forgiven(text: str) -> str:
    seen = (
        c
        for c in unicodedata.normalize("NFKC", text)
        if unicodedata.category(c)[0] not in "CZ" and c not in _IGNORED
    )
    return "".join(seen).casefold()


def text_of(raw: Any) -> str:
    """Any raw cell as text, numbers without a trailing `.0`, dates in ISO form, long numbers with
    their 15 digits and zeros for the rest, as a spreadsheet shows them."""
    if isinstance(raw, str):
        return raw
    if is_rounded(raw):
        return format(Decimal(f"{raw:.14e}"), "f") if abs(raw) < _SHOWN_IN_FULL else repr(raw)
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else repr(raw)
    if isinstance(raw, datetime):
        return (
            raw.date().isoformat()
            if raw.time() == time()
            else raw.isoformat(sep=" ", timespec="seconds")
        )
    if isinstance(raw, (date, time)):
        return raw.isoformat()
    return str(raw)


def is_rounded(raw: Any) -> bool:
    """Whether a cell is a number of more than 15 digits: a spreadsheet has lost those beyond."""
    return type(raw) in (float, int) and abs(raw) >= _FIFTEEN_DIGITS and abs(raw) < math.inf


def _text(raw: Any) -> str | None:
    return (raw if type(raw) is str else text_of(raw)) or None


def _code(raw: Any) -> str | None:
    return spelling.tidy(raw if type(raw) is str else text_of(raw)) or None


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool):
        return float(raw)
    if isinstance(raw, (int, float)):
        return float(raw) if math.isfinite(raw) else None
    if isinstance(raw, str):
        text = spelling.tidy(raw).replace(" ", "")
        try:
            value = float(text)
        except ValueError:
            return None
        return value if math.isfinite(value) and not _AMBIGUOUS().fullmatch(text) else None
    return None


def _integer(raw: Any) -> int | None:
    value = _number(raw)
    return int(value) if value is not None and value.is_integer() and abs(value) < 2**53 else None


def _datetime(raw: Any, order: str = "") -> datetime | None:
    if isinstance(raw, datetime):
        return raw.replace(tzinfo=None)
    if isinstance(raw, date):
        return datetime(raw.year, raw.month, raw.day)
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return from_serial(float(raw)) if 1 <= raw < 2_958_466 else None
    if isinstance(raw, str):
        return parse_datetime(raw, order)
    return None


def _flag(raw: Any) -> bool | None:
    if isinstance(raw, bool):
        return raw
    return {
        "true": True,
        "1": True,
        "yes": True,
        "y": True,
        "x": True,
        "false": False,
        "0": False,
        "no": False,
        "n": False,
    }.get(spelling.plain(text_of(raw)).casefold())


def from_serial(serial: float) -> datetime:
    """A spreadsheet date serial (1900 system, days) as a datetime, to the millisecond."""
    serial += serial < _FEBRUARY_29
    return EPOCH_1900 + timedelta(milliseconds=round(serial * 86_400_000))


def to_serial(value: datetime) -> float:
    """A datetime as a date serial (1900 system, days). Raises ValueError before 1900 or after
    9999."""
    if not _EARLIEST <= value <= _LATEST:
        raise ValueError(f"{value} is outside what a spreadsheet can hold")
    serial = (value - EPOCH_1900) / timedelta(days=1)
    return serial - (serial < _FEBRUARY_29 + 1)


def parse_datetime(text: str, order: str = "") -> datetime | None:
    """A date or a moment as `model.dates.parse_moment` reads it; None for anything else, and,
    without an order, for what can be read two ways: `03/04/2026`."""
    try:
        return parse_moment(text, order)
    except ValueError:
        return None


def hangs_on_others(column: Column, raws: Sequence[Any]) -> bool:
    """Whether a cell of a column is a date that is read as other rows decide, or waits for one that
    does."""
    if column.type not in _OF_DAYS or str not in set(map(type, raws)):
        return False
    for raw in raws:
        if type(raw) is str:
            try:
                parse_moment(raw)
            except ValueError:
                return True
    return False


def why_not(column: Column, text: str) -> str:
    """What is wrong with a text in a column that it does not fit, for people."""
    if column.type in _OF_DAYS:
        try:
            parse_moment(text)
        except ValueError as error:
            return f"{error}: the setting dates (dmy or mdy) decides, or type it as 2026-06-11"
        return f"{text!r} is not understood; type it as 2026-06-11"
    plain = spelling.tidy(text).replace(" ", "")
    if column.type in (ColumnType.NUMBER, ColumnType.INTEGER) and _AMBIGUOUS().fullmatch(plain):
        whole, _, decimals = plain.partition(".")
        return f"{text!r} is text and ambiguous, {whole}{decimals} or {whole}.{decimals.rstrip('0') or '0'}: type it as a number"
    wanted = {ColumnType.INTEGER: "a whole number", ColumnType.FLAG: "TRUE or FALSE"}
    return f"{text!r} is not understood; type {wanted.get(column.type, 'a number')}"


def parse_time(text: str) -> time | None:
    """A time of day: `21:00`, `21h00`, `21.00`, `9:00 PM`, `9 pm`, or a serial (a fraction of a
    day, as Google Sheets answers; days are cut off); what follows, like a time zone, is left out.
    None for anything else."""
    text = text.strip()
    if _SERIAL().fullmatch(text):
        return from_serial(float(text) % 1).time()
    found = CLOCK().match(text)
    if not found or (found["minute"] is None and not found["half"]):
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"] and hour <= 12:
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


_CAST: dict[ColumnType, Callable[..., Any]] = {
    ColumnType.TEXT: _text,
    ColumnType.CODE: _code,
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.DATE: _datetime,
    ColumnType.DATETIME: _datetime,
    ColumnType.FLAG: _flag,
}

_OF_DAYS = (ColumnType.DATE, ColumnType.DATETIME)


def cast(column_type: ColumnType, raw: Any, dates: str = "") -> Any:
    """One raw cell as the column's value; None for a blank cell and for one that does not fit the
    type. dates: dmy or mdy, for texts that can be read two ways."""
    if raw is None or raw == "":
        return None
    if dates and column_type in _OF_DAYS:
        return _datetime(raw, dates)
    return _CAST[column_type](raw)


def cast_all(
    column_type: ColumnType, raws: Sequence[Any], dates: str = ""
) -> tuple[list[Any], list[int]]:
    """A whole column: its values, and the positions of the cells that hold something that does not
    fit the type. dates: dmy or mdy, else a cell that can be read only one way decides for all."""
    one: Callable[[Any], Any] = _CAST[column_type]
    if column_type in _OF_DAYS and str in set(map(type, raws)):
        order = dates or order_of(raw for raw in raws if type(raw) is str)
        one = partial(_datetime, order=order)
    if column_type is ColumnType.TEXT:
        return [
            (raw or None) if type(raw) is str else None if raw is None else one(raw) for raw in raws
        ], []
    if column_type is ColumnType.CODE:
        texts = [
            raw or None if type(raw) is str else None if raw is None else text_of(raw) or None
            for raw in raws
        ]
        return tidied(texts), []
    values = [None if raw is None or raw == "" else one(raw) for raw in raws]
    misfits = [
        i
        for i, (raw, value) in enumerate(zip(raws, values, strict=True))
        if value is None and raw is not None and raw != ""
    ]
    return values, misfits


def tidied(texts: list[str | None]) -> list[str | None]:
    """A column of codes without surrounding, doubled and invisible spaces; looked at all at once,
    since hardly any cell has them."""
    if not spelling.is_untidy(spelling.SEAM.join(filter(None, texts))):
        return texts
    return [spelling.tidy(text) or None if text else text for text in texts]


def spelt(column: Column, values: list[Any]) -> list[Any]:
    """The values of a column, each in the one spelling of what it says; what is not understood
    stays as it is (D16)."""
    spell = column.spell
    if spell is None:
        return values
    texts = {text for text in values if text is not None}
    exact = spelling.EXACT.get(column.kind) if column.kind and not column.choices else None
    if exact and exact().fullmatch(spelling.SEAM.join((*texts, ""))):
        return values
    known = {text: spell(text) or text for text in texts}
    if all(text is known[text] or text == known[text] for text in known):
        return values
    return [None if text is None else known[text] for text in values]


def as_read(column: Column, values: list[Any]) -> list[Any]:
    """Values that are written into a column, as reading it will find them."""
    return spelt(column, tidied(values)) if column.type is ColumnType.CODE else values
