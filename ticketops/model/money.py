"""Money: decimal arithmetic and its one spelling. Sales and purchases are in USD or EUR only (§4, §17)."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

CURRENCIES = ("USD", "EUR")
_CENT = Decimal("0.01")
_AMOUNT = re.compile(r"(\d+)(?:\.(\d+))?", re.ASCII)
_MOST_DIGITS = 12


def parse_amount(text: str) -> Decimal:
    """`"120.50"` → Decimal("120.50"). Raises ValueError unless it is a finite amount of at least 0 with at most 2 decimals."""
    found = _AMOUNT.fullmatch(text.strip())
    if not found or len(found[1]) > _MOST_DIGITS:
        raise ValueError(f"{text!r} is not an amount (as in 120.50)")
    if len((found[2] or "").rstrip("0")) > 2:
        raise ValueError(f"{text!r} has more than two decimals")
    return Decimal(text.strip())


def line_total(quantity: int, unit_price: Decimal) -> Decimal:
    """Quantity × unit price, rounded half up to the cent."""
    return (quantity * unit_price).quantize(_CENT, ROUND_HALF_UP)
