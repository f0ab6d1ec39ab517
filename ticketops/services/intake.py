"""What options say: order lines, texts, dates, currencies. Every fault is one clear line (§3 step 2,
§4 step 2)."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from ticketops.domain.intake.faults import NOWHERE, Place
from ticketops.errors import UsageError
from ticketops.model.dates import ORDERS, parse_moment
from ticketops.model.money import CURRENCIES, parse_amount
from ticketops.model.quantity import parse_quantity
from ticketops.model.spelling import choice, tidy
from ticketops.model.states import PAYMENT_STATUS

_LINE = re.compile(r"(?P<category>.+):(?P<quantity>[^:@]+)@(?P<price>[^@]+)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
MAX_TEXT = 2_000


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


def clean_text(text: str, what: str) -> str:
    """Text from outside without surrounding spaces; empty where nobody sees anything of it. Raises
    ValueError for control characters and for too long a text."""
    if _CONTROL.search(text):
        raise ValueError(f"the {what} contains a control character")
    if len(text) > MAX_TEXT:
        raise ValueError(
            f"the {what} has {len(text):,} characters; at most {MAX_TEXT:,} are allowed"
        )
    if not tidy(text):
        return ""
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


def option_currency(text: str) -> str:
    """USD or EUR (§17). Raises UsageError."""
    if text.strip().upper() not in CURRENCIES:
        raise UsageError(f"--currency must be one of {', '.join(CURRENCIES)}, not {text!r}")
    return text.strip().upper()
