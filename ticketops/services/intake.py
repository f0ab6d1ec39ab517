"""What options say: order lines, texts, dates, currencies. Every fault is one clear line (§3 step 2,
§4 step 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from ticketops.domain.intake.faults import NOWHERE, Place
from ticketops.errors import UsageError
from ticketops.model.dates import ORDERS, parse_moment
from ticketops.model.ids import is_run_id
from ticketops.model.money import CURRENCIES, parse_amount
from ticketops.model.quantity import parse_quantity
from ticketops.model.spelling import choice
from ticketops.model.states import PAYMENT_STATUS
from ticketops.model.texts import clean_text

if TYPE_CHECKING:
    from ticketops.domain.purchasing.lots import Seat

_RATE = re.compile(r"\d{1,6}(\.\d{1,8})?", re.ASCII)
_LINE = re.compile(r"(?P<category>.+):(?P<quantity>[^:@]+)@(?P<price>[^@]+)")


class Line(NamedTuple):
    """One order line as it was given; `fields` holds the other columns of a CSV row. What can't be
    read of a line of a file is a fault, and its quantity or price here is none."""

    match: str
    category: str
    quantity: int
    unit_price: Decimal
    fields: dict[str, str]
    place: Place = NOWHERE


def parse_line(text: str, *, with_match: bool) -> Line:
    """`Cat 1:3@120.50`, with_match `M06:Cat 2:2@350`. Raises UsageError."""
    shape = "MATCH:CATEGORY:QTY@PRICE" if with_match else "CATEGORY:QTY@PRICE"
    match, rest = "", text
    if with_match:
        match, _, rest = text.partition(":")
    found = _LINE.fullmatch(rest.strip())
    if not found or (with_match and not match.strip()):
        raise UsageError(
            f"--line {text!r} must be {shape}",
            f'for example --line "{"M06:" if with_match else ""}Cat 2:2@350"',
        )
    try:
        return Line(
            clean_text(match, "match"),
            clean_text(found["category"], "category"),
            parse_quantity(found["quantity"]),
            parse_amount(found["price"]),
            {},
        )
    except ValueError as error:
        raise UsageError(f"--line {text!r}: {error}") from None


def option_text(text: str, option: str, *, required: bool = False) -> str:
    """An option's text. Raises UsageError."""
    try:
        value = clean_text(text, option)
    except ValueError as error:
        raise UsageError(f"--{option}: {error}") from None
    if required and not value:
        raise UsageError(f"--{option} is empty")
    return value


def option_date(text: str | None, option: str, now: datetime, order: str = "") -> datetime:
    """A date option; today where it was not given. order: see `date_order`. Raises UsageError, for
    a date that can be read two ways too."""
    if text is None:
        return datetime(now.year, now.month, now.day)
    try:
        moment = moment_of(text, order)
    except ValueError as error:
        raise UsageError(f"--{option} {error}", "write it as 2026-06-11") from None
    return datetime(moment.year, moment.month, moment.day)


def option_moment(text: str, option: str, order: str) -> datetime:
    """An option that is a date and a time, as `option_date`. Raises UsageError."""
    try:
        return moment_of(text, order, "not a date and time")
    except ValueError as error:
        raise UsageError(f"--{option} {error}", "write it as 2026-06-11 14:30") from None


def option_past(text: str, order: str) -> str | datetime:
    """What `--as-of` says: a RunID, or a moment; a day without a time means its end. Raises
    UsageError for anything else."""
    if is_run_id(text.strip().upper()):
        return text.strip().upper()
    try:
        moment = moment_of(text, order, "neither a RunID nor a date")
    except ValueError as error:
        raise UsageError(
            f"--as-of {error}", "write it as 2026-06-11 14:30, or as a RunID of ticketops log"
        ) from None
    whole_day = ":" not in text and moment == datetime(moment.year, moment.month, moment.day)
    return moment + timedelta(days=1, microseconds=-1) if whole_day else moment


def date_order(option: str | None, setting: str) -> str:
    """dmy or mdy for dates that can be read two ways, as an option, else the setting says; empty
    where neither does. Raises UsageError."""
    if option is None:
        return setting
    order = option.strip().lower()
    if order not in ORDERS:
        raise UsageError(f"--dates must be one of {', '.join(ORDERS)}, not {option!r}")
    return order


def moment_of(text: str, order: str, what: str = "not a date") -> datetime:
    """A moment of this century. Raises ValueError."""
    value = parse_moment(text, order)
    if value is None:
        raise ValueError(f"{text!r} is {what}")
    if not 2000 <= value.year <= 2100:
        raise ValueError(f"{text!r} is not between the years 2000 and 2100")
    return value


def option_payment(text: str) -> str:
    """A state of payment (§4). Raises UsageError."""
    state = choice(text, PAYMENT_STATUS)
    if state is None:
        raise UsageError(f"--payment must be one of {', '.join(PAYMENT_STATUS)}, not {text!r}")
    return state


def option_choice(text: str, option: str, known: Sequence[str]) -> str:
    """A word of a closed set, however it is spelt; blank stays blank. Raises UsageError."""
    word = choice(text, known) if text.strip() else ""
    if word is None:
        raise UsageError(f"--{option} must be one of {', '.join(known)}, not {text!r}")
    return word


def option_rate(text: str, option: str) -> Decimal:
    """A rate of exchange; 0 clears it. Raises UsageError."""
    if not _RATE.fullmatch(text.strip()):
        raise UsageError(f"--{option} must be a number such as 1.0845, not {text!r}")
    return Decimal(text.strip())


def option_seats(text: str, option: str) -> list[Seat]:
    """`101/C/12-14`, `101/C/12,14,16`, `101/C/1-23 odd`, `101/C-D/5-6 piggyback`, `Block 101 Row C
    1-12`: a seat each. Raises UsageError."""
    from ticketops.domain.intake import values
    from ticketops.domain.purchasing.lots import Seat
    from ticketops.model.seat_labels import parse_labels, parted

    shape = "BLOCK/ROW/SEATS, as in 101/C/12-14"
    plain, behind = values.piggyback(option_text(text, option))
    parts = [part.strip() for part in parted(plain)]
    if told := values.place(plain):
        parts = [told.get(name, "") for name in ("block", "row", "seats")]
    if len(parts) != 3 or not parts[2]:
        raise UsageError(f"--{option} must be {shape}, not {text!r}")
    try:
        found = values.seats(parts[2])
        rows = parse_labels(parts[1]) if behind else (parts[1],)
    except ValueError as error:
        raise UsageError(f"--{option}: {error}") from None
    if not found:
        raise UsageError(f"--{option} must name seats, as in 101/C/12-14, not {text!r}")
    if behind and len(rows) < 2:
        raise UsageError(
            f"--{option}: piggyback needs two rows or more, not {parts[1]!r}",
            "write it as 101/C-D/5-6 piggyback",
        )
    block = parts[0].strip('"')
    rows = tuple(row.strip('"') for row in rows)
    return [Seat(block or None, row or None, seat) for row in rows for seat in found]


def option_amount(text: str, option: str, *, least: int = 1) -> Decimal:
    """An amount above 0; least=0: 0, too. Raises UsageError."""
    try:
        amount = parse_amount(text)
    except ValueError as error:
        raise UsageError(f"--{option}: {error}") from None
    if least and not amount:
        raise UsageError(f"--{option} must be above 0")
    return amount


def option_quantity(text: str, option: str) -> int:
    """A number of tickets. Raises UsageError."""
    try:
        return parse_quantity(text)
    except ValueError as error:
        raise UsageError(f"--{option}: {error}") from None


def option_currency(text: str) -> str:
    """USD or EUR (§17). Raises UsageError."""
    if text.strip().upper() not in CURRENCIES:
        raise UsageError(f"--currency must be one of {', '.join(CURRENCIES)}, not {text!r}")
    return text.strip().upper()
