"""Order lines from outside: `--line` options and CSV files. Every fault is one clear line (§3 step 2, §4 step 2)."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from ticketops.errors import InputError, UsageError
from ticketops.model.money import CURRENCIES, parse_amount
from ticketops.model.quantity import parse_quantity
from ticketops.schema.columns import parse_datetime

_LINE = re.compile(r"(?P<category>.+):(?P<quantity>[^:@]+)@(?P<price>[^@]+)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
MAX_TEXT = 2_000
MAX_CSV_BYTES = 50 * 2**20


class Line(NamedTuple):
    """One order line as it was given; `fields` holds the other columns of a CSV row."""

    match: str
    category: str
    quantity: int
    unit_price: Decimal
    fields: dict[str, str]


def parse_line(text: str, *, with_match: bool) -> Line:
    """`Cat 1:3@120.50`, with_match `M06:Cat 2:2@350`. Raises UsageError."""
    shape = "MATCH:CATEGORY:QTY@PRICE" if with_match else "CATEGORY:QTY@PRICE"
    match, rest = "", text
    if with_match:
        match, _, rest = text.partition(":")
    found = _LINE.fullmatch(rest.strip())
    if not found or (with_match and not match.strip()):
        raise UsageError(f"--line {text!r} is not {shape}", f'for example --line "{"M06:" if with_match else ""}Cat 2:2@350"')
    try:
        return Line(clean_text(match, "match"), clean_text(found["category"], "category"), parse_quantity(found["quantity"]),
                    parse_amount(found["price"]), {})  # fmt: skip
    except ValueError as error:
        raise UsageError(f"--line {text!r}: {error}") from None


def read_csv(name: str, required: Sequence[str], optional: Sequence[str], notice: Callable[[str], None], *, match: str = "") -> list[Line]:
    """The lines of a CSV file, `-` being standard input. Comma, semicolon or tab; UTF-8, with or without a BOM.

    match: the match of lines that name none. Columns are found by header, case forgiven; unknown ones are named and left out. Raises InputError with the first
    fault and how many more there are: nothing is taken from a file that has one.
    """
    label = "standard input" if name == "-" else name
    text = _decoded(name, label)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count) if first else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"{label} is not a CSV file: {error}") from None
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise InputError(f"{label} is empty", f"its first line must name the columns {', '.join(required)}")
    places = _places(rows[0], required, optional, label, notice)
    lines: list[Line] = []
    faults: list[str] = []
    number = 1
    for cells in rows[1:]:
        number += 1
        if not any(cell.strip() for cell in cells):
            continue
        try:
            lines.append(_csv_line(cells, places, len(rows[0]), match))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        more = f" (and {len(faults) - 1} more lines)" if len(faults) > 1 else ""
        raise InputError(f"{label} {faults[0]}{more}", "nothing was taken from it")
    if not lines:
        raise InputError(f"{label} has no lines below its header")
    return lines


def clean_text(text: str, what: str) -> str:
    """Text from outside without surrounding spaces. Raises ValueError for control characters and for too long a text."""
    if _CONTROL.search(text):
        raise ValueError(f"the {what} holds a control character")
    if len(text) > MAX_TEXT:
        raise ValueError(f"the {what} has {len(text):,} characters; {MAX_TEXT:,} are allowed")
    return " ".join(text.split()) if what != "notes" else text.strip()


def option_text(text: str, option: str, *, required: bool = False) -> str:
    """An option's text. Raises UsageError."""
    try:
        value = clean_text(text, option)
    except ValueError as error:
        raise UsageError(f"--{option}: {error}") from None
    if required and not value:
        raise UsageError(f"--{option} is empty")
    return value


def option_date(text: str | None, option: str, now: datetime) -> datetime:
    """A date option; today where it was not given. Raises UsageError."""
    if text is None:
        return datetime(now.year, now.month, now.day)
    value = parse_datetime(text)
    if value is None or not 2000 <= value.year <= 2100:
        raise UsageError(f"--{option} {text!r} is not a date", "write it as 2026-06-11")
    return datetime(value.year, value.month, value.day)


def option_currency(text: str) -> str:
    """USD or EUR (§17). Raises UsageError."""
    if text.strip().upper() not in CURRENCIES:
        raise UsageError(f"--currency {text!r}: it is {' or '.join(CURRENCIES)}")
    return text.strip().upper()


def _decoded(name: str, label: str) -> str:
    try:
        data = sys.stdin.buffer.read(MAX_CSV_BYTES + 1) if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"{label} can't be read: {error.strerror}") from None
    if len(data) > MAX_CSV_BYTES:
        raise InputError(f"{label} is larger than {MAX_CSV_BYTES // 2**20} MB")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise InputError(f"{label} is not in UTF-8", "save it as CSV UTF-8") from None
    if "\0" in text:
        raise InputError(f"{label} is not a CSV file: it holds binary data")
    return text


def _places(
    header: list[str], required: Sequence[str], optional: Sequence[str], label: str, notice: Callable[[str], None]
) -> dict[str, int]:
    places: dict[str, int] = {}
    unknown = []
    for place, cell in enumerate(header):
        name = _header(cell)
        if name in places:
            raise InputError(f"{label} has the column {cell.strip()!r} twice")
        if name in required or name in optional:
            places[name] = place
        elif name:
            unknown.append(cell.strip())
    missing = [name for name in required if name not in places]
    if missing:
        raise InputError(f"{label} lacks the column {', '.join(missing)}", f"its first line must name {', '.join(required)}")
    if unknown:
        notice(f"{label}: the column {', '.join(unknown)} is not used")
    return places


def _header(cell: str) -> str:
    name = "_".join(cell.strip().casefold().replace("_", " ").split())
    return {"quantity": "qty", "number": "qty", "price": "unit_price", "m_no.": "match", "m#": "match"}.get(name, name)


def _csv_line(cells: list[str], places: dict[str, int], width: int, match: str) -> Line:
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        raise ValueError(f"it has {len(cells)} cells, the header {width}")
    values: dict[str, Any] = {name: clean_text(cells[place] if place < len(cells) else "", name) for name, place in places.items()}
    values["match"] = values.get("match") or match
    for name in ("match", "category", "qty", "unit_price"):
        if not values[name]:
            raise ValueError(f"{name} is empty")
    if values.get("currency", "USD").upper() not in ("", *CURRENCIES):
        raise ValueError(f"the currency {values['currency']!r} is not {' or '.join(CURRENCIES)}")
    own = {name: text for name, text in values.items() if name not in ("match", "category", "qty", "unit_price")}
    return Line(values["match"], values["category"], parse_quantity(values["qty"]), parse_amount(values["unit_price"]), own)
