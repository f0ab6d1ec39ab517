"""What amounts in several currencies come to in one of them (D24): by the rates of `_CURRENCIES`, and
never where none is named."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ticketops.schema.layouts.event import CURRENCIES
from ticketops.schema.tables import Snapshot

Amounts = Mapping[str, Decimal]
"""{currency: amount}."""
_CENT = Decimal("0.01")


class Rates:
    """The rates of the currencies that are active."""

    def __init__(self, snapshot: Snapshot) -> None:
        frame = snapshot[CURRENCIES].frame.select("code", "rate", "active")
        self._in_aed = {
            code: Decimal(str(rate))
            for code, rate, active in frame.drop_nulls(["code", "rate"]).iter_rows()
            if active is not False and rate > 0
        }

    def _rate(self, own: str, other: str) -> Decimal | None:
        if own == other:
            return Decimal(1)
        if own in self._in_aed and other in self._in_aed:
            return self._in_aed[own] / self._in_aed[other]
        return None

    def total(self, currency: str, amounts: Amounts) -> Decimal:
        """The sum in a currency of what can be compared with it, to the cent."""
        return sum(
            (
                (amount * rate).quantize(_CENT)
                for own, amount in amounts.items()
                if (rate := self._rate(own, currency)) is not None
            ),
            Decimal(0),
        )

    def not_compared(self, currency: str, amounts: Amounts) -> str:
        """What can't be compared with a currency, for people: `5.00 EUR and 1.00 AED`; mostly ""."""
        return " and ".join(
            f"{amount:,.2f} {own}"
            for own, amount in amounts.items()
            if amount and self._rate(own, currency) is None
        )
