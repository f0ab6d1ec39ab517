"""Money: decimal arithmetic and its one spelling. Sales and purchases are in USD or EUR only (§4, §17)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CURRENCIES = ("USD", "EUR")
_CENT = Decimal("0.01")
_LIMIT = Decimal(10) ** 12


def parse_amount(text: str) -> Decimal:
    """`"120.50"` → Decimal("120.50"). Raises ValueError unless it is a finite amount of at least 0 with at most 2 decimals."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount") from None
    if not amount.is_finite() or amount < 0 or amount >= _LIMIT:
        raise ValueError(f"{text!r} is not an amount between 0 and 10^12")
    if amount != amount.quantize(_CENT):
        raise ValueError(f"{text!r} has more than two decimals")
    return amount


def line_total(quantity: int, unit_price: Decimal) -> Decimal:
    """Quantity × unit price, rounded half up to the cent."""
    return (quantity * unit_price).quantize(_CENT, ROUND_HALF_UP)
