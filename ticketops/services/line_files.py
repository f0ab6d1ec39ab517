"""Order lines from CSV files. Every fault is one clear line (§3 step 2, §4 step 2)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from ticketops.domain.intake.faults import Fault, Place
from ticketops.errors import InputError
from ticketops.model.dates import order_of
from ticketops.model.money import CURRENCIES, line_total, parse_amount, parse_local_amount
from ticketops.model.quantity import parse_quantity
from ticketops.model.spelling import nearest
from ticketops.model.texts import clean_text
from ticketops.services.intake import Line, moment_of
from ticketops.stores.foreign.texts import csv_cells, decoded

_T = TypeVar("_T")
MAX_CSV_BYTES = 50 * 2**20


def read_csv(
    name: str,
    required: Sequence[str],
    optional: Sequence[str],
    notice: Callable[[str], None],
    faults: list[Fault],
    *,
    match: str = "",
    dates: str = "",
) -> list[Line]:
    """The lines of a CSV file, `-` being standard input. Comma, semicolon or tab, as its header or
    a first line `sep=;` has it; UTF-8, with or without a BOM. Where it is no comma, amounts may
    have a decimal comma, marks between thousands and a currency.

    match: the match of lines that name none. dates: dmy or mdy, else a date that can be read only
    one way decides for its column; dates are handed on as 2026-06-11. Columns are found by header,
    case forgiven; unknown ones are named and left out, but for those that would change what a line
    means. Game may stand for the match, Total must be what the line comes to. faults: gets what is
    wrong with single lines; nothing may be taken from a file that has one. Raises InputError for
    what is no such file.
    """
    label, rows, number, delimiter = csv_rows(name)
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise InputError(
            f"{label} is empty", f"its first line must name the columns {', '.join(required)}"
        )
    positions = _positions(rows[0], required, optional, label, notice)
    if "date" in positions and not dates:
        at = positions["date"]
        dates = order_of(cells[at] for cells in rows[1:] if at < len(cells))
    lines: list[Line] = []
    wrong = len(faults)
    for cells in rows[1:]:
        number += 1
        if not any(cell.strip() for cell in cells):
            continue
        place = Place(label, number)
        line, said = _csv_line(cells, positions, len(rows[0]), match, dates, local=delimiter != ",")
        faults += [Fault(place, InputError(what)) for what in said]
        if line:
            lines.append(line._replace(place=place))
    if not lines and len(faults) == wrong:
        raise InputError(f"{label} has no lines below the header")
    return lines


def csv_rows(name: str) -> tuple[str, list[list[str]], int, str]:
    """A CSV file, `-` being standard input: what people call it, its rows, the number of the line
    that is the header, and what stands between its cells. Raises InputError."""
    label = "standard input" if name == "-" else name
    rows, numbers, delimiter = csv_cells(_decoded(name, label), label)
    return label, rows, numbers[0] if numbers else 1, delimiter


def whole_text(name: str) -> str:
    """A text file, `-` being standard input. Raises InputError."""
    return _decoded(name, "standard input" if name == "-" else name)


def _decoded(name: str, label: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_CSV_BYTES + 1)
        else:
            with open(name, "rb") as file:  # a pipe too: a shell makes one of <(command)
                data = file.read(MAX_CSV_BYTES + 1)
    except OSError as error:
        raise InputError(f"{label} can't be read: {error.strerror}") from None
    if len(data) > MAX_CSV_BYTES:
        raise InputError(f"{label} is larger than {MAX_CSV_BYTES // 2**20} MB")
    return decoded(data, label, strict=True)


def _positions(
    header: list[str],
    required: Sequence[str],
    optional: Sequence[str],
    label: str,
    notice: Callable[[str], None],
) -> dict[str, int]:
    positions: dict[str, int] = {}
    unknown = []
    for position, cell in enumerate(header):
        name = _header(cell)
        if name in positions:
            raise InputError(f"{label} has the column {cell.strip()!r} twice")
        if name in required or name in optional or name in _CHECKED:
            positions[name] = position
        elif name in _MEANING:
            raise InputError(
                f"{label}: the column {cell.strip()} changes what a line means and is not allowed "
                "here",
                f"this command reads {', '.join(dict.fromkeys((*required, *optional)))}",
            )
        elif near := nearest(name, (*required, *optional), cutoff=0.8):
            raise InputError(
                f"{label}: the column {cell.strip()} is unknown", f"did you mean {near}?"
            )
        elif name:
            unknown.append(cell.strip())
    missing = [name for name in required if name not in positions]
    if "match" in missing and "game" in positions:
        missing.remove("match")
    if missing:
        raise InputError(
            f"{label} has no column {', '.join(missing)}",
            f"its first line must name {', '.join(required)}",
        )
    if unknown:
        notice(f"{label}: the column {', '.join(unknown)} is not used")
    return positions


_CHECKED = ("game", "total")
_ALSO_CALLED = {
    "quantity": "qty",
    "number": "qty",
    "tickets": "qty",
    "price": "unit_price",
    "unitprice": "unit_price",
    "cat": "category",
    **dict.fromkeys(
        ("m_no.", "m_no", "m-no.", "m#", "match_code", "match_no", "match_no."), "match"
    ),
    **dict.fromkeys(("invno", "inv-no", "listing", "listing_no", "listing_number"), "inv_no"),
    **dict.fromkeys(("customer", "company", "buyer", "client_name", "customer_name"), "client"),
    **dict.fromkeys(("supplier", "vendor_name", "seller"), "vendor"),
    **dict.fromkeys(("ccy", "cur", "curr", "curr."), "currency"),
    **dict.fromkeys(("sale_date", "sales_date", "order_date", "purchase_date", "sold_on"), "date"),
    **dict.fromkeys(
        ("order_id", "orderid", "order_no", "order_no.", "order_number", "order#", "orderno"),
        "order",
    ),
    **dict.fromkeys(("contract_no", "contract_no.", "contract_number"), "contract"),
    **dict.fromkeys(
        ("po", "po_number", "po_no", "clientpo", "purchase_order", "reference", "client_reference"),
        "client_po",
    ),
    **dict.fromkeys(("payment", "paymentstatus"), "payment_status"),
    **dict.fromkeys(("special_instructions", "instruction"), "instructions"),
    **dict.fromkeys(("note", "comment", "comments", "remark", "remarks"), "notes"),
    **dict.fromkeys(("total_price", "line_total", "total_amount"), "total"),
    **dict.fromkeys(("teams", "match_name"), "game"),
    "salesid": "sales_id",
    "sourcesaleid": "source_sale_id",
    "purchaseid": "purchase_id",
    "unitid": "unit_id",
    "setid": "set_id",
    "sub-game": "sub_game",
    "subgame": "sub_game",
    "fxrate": "fx_rate",
}
_MEANING = frozenset(
    (
        "status",
        "sales_id",
        "source_sale_id",
        "purchase_id",
        "unit_id",
        "set_id",
        "fx_rate",
        "discount",
        "fee",
        "tax",
        "vat",
    )
)
"""Columns that no `add` can obey, and that must not be left out in silence either."""


def _header(cell: str) -> str:
    name = "_".join(cell.strip().casefold().replace("_", " ").split())
    return _ALSO_CALLED.get(name, name)


def _csv_line(
    cells: list[str], positions: dict[str, int], width: int, match: str, dates: str, *, local: bool
) -> tuple[Line | None, list[str]]:
    """A row as a line, none where it has too many cells, and all that is wrong with it. dates: dmy
    or mdy, where known. local: amounts may be as other countries write them."""
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        return None, [f"it has {len(cells)} cells, but the header has {width}"]
    wrong: list[str] = []
    values: dict[str, Any] = {
        name: _tried(partial(clean_text, _cell(cells, position), name), wrong)
        for name, position in positions.items()
    }
    unread = [name for name, text in values.items() if text is None]
    values |= dict.fromkeys(unread, "")
    values["match"] = values.get("match") or match or values.get("game", "")
    wrong += [
        f"{name} is empty"
        for name in ("match", "category", "qty", "unit_price")
        if not values[name] and name not in unread
    ]
    if values.get("currency", "USD").upper() not in ("", *CURRENCIES):
        wrong.append(
            f"the currency must be one of {', '.join(CURRENCIES)}, not {values['currency']!r}"
        )
        values["currency"] = ""
    quantity = _tried(lambda: parse_quantity(values["qty"]), wrong) if values["qty"] else None
    price, total = (
        _tried(partial(_amount, values, name, local=local), wrong) if values.get(name) else None
        for name in ("unit_price", "total")
    )
    if values.get("date"):
        day = _tried(lambda: _row_date(values["date"], dates), wrong)
        values["date"] = f"{day:%Y-%m-%d}" if day else ""
    if total is not None and quantity and price is not None:
        product = line_total(quantity, price)
        if total != product:
            wrong.append(
                f"its total is {values['total']}, but {quantity} × {price:,.2f} is {product:,.2f}"
            )
    own = {
        name: text
        for name, text in values.items()
        if name not in ("match", "category", "qty", "unit_price", "total", *unread)
    }
    line = Line(values["match"], values["category"], quantity or 0, price or Decimal(0), own)
    return line, wrong


def _cell(cells: Sequence[str], position: int) -> str:
    return cells[position] if position < len(cells) else ""


def _tried(read: Callable[[], _T], wrong: list[str]) -> _T | None:
    """What a cell says; None where it can't be read, which is then one of what is wrong."""
    try:
        return read()
    except ValueError as error:
        wrong.append(str(error))
        return None


def _row_date(text: str, order: str) -> datetime:
    """A date of a row. Raises ValueError, with what would decide where it can be read two ways."""
    try:
        return moment_of(text, order)
    except ValueError as error:
        advice = ": give --dates dmy or mdy" if "can be" in str(error) else ""
        raise ValueError(f"--date {error}{advice}") from None


def _amount(values: dict[str, Any], name: str, *, local: bool) -> Decimal:
    """An amount of a row, whose currency is that which the amount names. Raises ValueError."""
    if not local:
        return parse_amount(values[name])
    currency, amount = parse_local_amount(values[name])
    if currency and values.setdefault("currency", "").upper() not in ("", currency):
        raise ValueError(f"its {name} is {values[name]}, its currency {values['currency']}")
    if currency:
        values["currency"] = currency
    return amount
