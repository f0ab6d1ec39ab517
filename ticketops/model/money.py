"""Money: decimal arithmetic and its one spelling. Sales and purchases are in USD or EUR only (§4,
§17)."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from ticketops.model.patterns import when_needed

CURRENCIES = ("USD", "EUR")
DEFAULT_CURRENCY = "USD"
"""Of what is recorded without a currency."""
_CENT = Decimal("0.01")
_AMOUNT = when_needed(r"(\d+)(?:\.(\d+))?", re.ASCII)
_MOST_DIGITS = 12
_SIGNS = {"€": "EUR", "EUR": "EUR", "$": "USD", "US$": "USD", "USD": "USD"}
_SIGNED = when_needed(
    r"(?P<before>€|EUR|US\$|USD|\$)?(?P<number>[^€$A-Z]*)(?P<after>€|EUR|US\$|USD|\$)?"
)
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ") | {ord("’"): "'", ord("`"): "'"}
_GROUPED = when_needed(r"\d{1,3}(?P<mark>[ '.,])\d{3}(?:(?P=mark)\d{3})*", re.ASCII)
_NO_CENTS = when_needed(r"(?<=[.,])[-–—]+$")


def parse_amount(text: str) -> Decimal:
    """`"120.50"` → Decimal("120.50"). Raises ValueError unless it is a finite amount of at least 0
    with at most 2 decimals; three after a dot may be thousands, and are refused."""
    return _amount(text.strip(), text)


def parse_local_amount(text: str) -> tuple[str, Decimal]:
    """An amount as spreadsheets of other countries write it, and the currency that it names, if it
    does. Raises ValueError as `parse_amount`, and for `1,350`, which is thirteen hundred here and
    not even two there.

    >>> parse_local_amount("1 234,56 €")
    ('EUR', Decimal('1234.56'))
    >>> [str(parse_local_amount(text)[1]) for text in ("1.234,56", "1,234.56", "1'234.50", "350,-")]
    ['1234.56', '1234.56', '1234.5', '350.00']
    """
    signed = _SIGNED().fullmatch(text.translate(_SPACES).strip().upper())
    if not signed or (signed["before"] and signed["after"]):
        raise ValueError(f"{text!r} is not an amount (as in 120.50)")
    sign = signed["before"] or signed["after"]
    return _SIGNS.get(sign, ""), _amount(_with_dot(signed["number"].strip(), text), text)


def _with_dot(number: str, text: str) -> str:
    """The same number without marks between thousands, and with a dot before its decimals."""
    number = _NO_CENTS().sub("00", number)
    last = max(number.rfind(","), number.rfind("."))
    if last < 0:
        return _joined(number)
    mark, whole, decimals = number[last], number[:last], number[last + 1 :]
    if mark in whole:  # a mark that comes again is no decimal one
        return _joined(number)
    if not whole.isdigit():
        # another mark stands between the thousands: this one is for the decimals
        return f"{_joined(whole)}.{decimals.rstrip('0') or '0'}" if decimals else number
    if mark == "," and len(decimals) == 3:
        raise ValueError(_ambiguous(text, whole, decimals))
    return f"{whole}.{decimals}"


def _joined(number: str) -> str:
    """`1 234 567` → `1234567`; anything else as it is."""
    found = _GROUPED().fullmatch(number)
    return number.replace(found["mark"], "") if found else number


def _amount(number: str, text: str) -> Decimal:
    found = _AMOUNT().fullmatch(number)
    if not found or len(found[1]) > _MOST_DIGITS:
        raise ValueError(f"{text!r} is not an amount (as in 120.50)")
    if len(found[2] or "") == 3:
        raise ValueError(_ambiguous(text, found[1], found[2]))
    if len((found[2] or "").rstrip("0")) > 2:
        raise ValueError(f"{text!r} has more than two decimals")
    return Decimal(number)


def _ambiguous(text: str, whole: str, decimals: str) -> str:
    """Why three decimals are refused."""
    if len(whole) > 3 or whole.startswith("0"):
        return f"{text!r} has more than two decimals"
    return (
        f"{text!r} is ambiguous, {whole}{decimals} or {whole}.{decimals.rstrip('0') or '0'}: "
        "write it without a mark for thousands and with at most two decimals"
    )


def line_total(quantity: int, unit_price: Decimal) -> Decimal:
    """Quantity × unit price, rounded half up to the cent."""
    return (quantity * unit_price).quantize(_CENT, ROUND_HALF_UP)


def exact(amount: float | None) -> Decimal:
    """The amount that a cell shows, to the cent; of a blank one 0."""
    return Decimal(repr(amount or 0)).quantize(_CENT, ROUND_HALF_UP)


def recorded_total(number: int | None, price: float | None, total: float | None) -> Decimal:
    """What a recorded line comes to, to the cent: its number times its price; its Total where one of
    them is unknown."""
    if number is not None and price is not None:
        return line_total(number, Decimal(repr(price)))
    return exact(total)


def shares(amount: Decimal, number: int) -> list[Decimal]:
    """An amount in so many parts of whole cents that add up to it, the larger ones first.

    >>> [str(part) for part in shares(Decimal("1.00"), 3)]
    ['0.34', '0.33', '0.33']
    """
    cents = int((amount / _CENT).to_integral_value(ROUND_HALF_UP))
    each, more = divmod(cents, number)
    return [(each + (place < more)) * _CENT for place in range(number)]


def said(amount: Decimal | float | None, currency: str | None) -> str:
    """An amount in a sentence: `1,350.00 EUR`."""
    return "an unknown amount" if amount is None else f"{amount:,.2f} {currency or ''}".strip()
