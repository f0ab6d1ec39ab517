"""How good a plan is (§5a step 4, §1b, D9): nine terms, each in 0…1, and their weighted sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from ticketops.domain.allocation.nearness import apart
from ticketops.domain.allocation.plans import Chunk
from ticketops.domain.allocation.pool import Sets, Unit
from ticketops.domain.allocation.seating import longest_run
from ticketops.domain.ticket.masking import masked_addresses
from ticketops.schema.layouts.event import SUPPLIER_QUEUE, VENDOR_CREDENTIALS
from ticketops.schema.tables import Snapshot

WEIGHTS = {
    "exactness": 0.35,
    "margin": 0.25,
    "sla": 0.15,
    "continuity": 0.10,
    "freshness": 0.05,
    "upgrade": -0.15,
    "multi_vendor": -0.10,
    "split_factor": -0.10,
    "distance": -0.10,
}


@dataclass(frozen=True, slots=True)
class Parts:
    """The terms of a score, each in 0…1, by the names of WEIGHTS."""

    exactness: float
    margin: float
    sla: float
    continuity: float
    freshness: float
    upgrade: float
    multi_vendor: float
    split_factor: float
    distance: float
    """How far the seats are apart, as a share of the way across the seat map; 0 without one."""


class Score(Struct, frozen=True):
    """margin_pct: of the sale price; margin_delta: in its currency, over
    all tickets of the plan. Both None where price, cost or a common currency is unknown."""

    parts: Parts
    margin_pct: float | None
    margin_delta: float | None

    @property
    def total(self) -> float:
        """The weighted sum."""
        terms = (weight * float(getattr(self.parts, name)) for name, weight in WEIGHTS.items())
        return round(sum(terms), 6)


class Readiness:
    """Which units can be sent at once: credentials are there, or the vendor dispatches itself (§8,
    §9)."""

    def __init__(self, snapshot: Snapshot) -> None:
        logins = (
            snapshot[VENDOR_CREDENTIALS].frame.select("vendor", "active", "password").iter_rows()
        )
        self._with_login = {
            vendor.casefold()
            for vendor, active, password in logins
            if vendor and password and active is not False
        }
        suppliers = snapshot[SUPPLIER_QUEUE].frame["vendor"].drop_nulls().unique()
        self._suppliers = {vendor.casefold() for vendor in suppliers} | masked_addresses(snapshot)

    def of(self, unit: Unit) -> bool:
        """Whether the unit is ready to send."""
        vendor = (unit.vendor or "").casefold()
        own = bool(unit.password and (unit.email or unit.login_id))
        return own or vendor in self._with_login or vendor in self._suppliers


class Sold(Struct, frozen=True):
    """What the sale says: its category, what it still asks for, and the price of one ticket."""

    category: str
    quantity: int
    price: float | None
    currency: str | None


def score(
    chunks: Sequence[Chunk],
    pool: Sets,
    sold: Sold,
    gap: int | None,
    readiness: Readiness,
    across: float = 0.0,
) -> Score:
    """The score of a plan. pool: the free sets it was chosen from; gap: how many ranks the category
    that serves the sale is above the one sold; across: how far it is across the seat map."""
    units = [unit for chunk in chunks for unit in chunk.units]
    available = sum(len(pool[chunk.set_id]) for chunk in chunks)
    margin_pct, margin_delta = margin(units, sold)
    parts = {
        "exactness": min(1.0, sold.quantity / available) if available else 0.0,
        "margin": min(1.0, max(0.0, (margin_pct or 0.0) / 100)),
        "sla": sum(map(readiness.of, units)) / len(units) if units else 0.0,
        "continuity": longest_run(units) / sold.quantity if sold.quantity else 0.0,
        "freshness": _freshness(units, pool),
        "upgrade": 1.0 if gap is None or gap > 0 else 0.0,
        "multi_vendor": 1.0
        if len({vendor for chunk in chunks for vendor in chunk.vendors}) > 1
        else 0.0,
        "split_factor": max(0, len(chunks) - 1) / max(1, sold.quantity - 1),
        "distance": min(1.0, (apart(units) or 0.0) / across) if across else 0.0,
    }
    return Score(
        Parts(**{name: round(value, 6) for name, value in parts.items()}), margin_pct, margin_delta
    )


def margin(units: Sequence[Unit], sold: Sold) -> tuple[float | None, float | None]:
    """(margin in % of the sale price, (price − average cost) × tickets); None where it can't be
    told.

    A blank currency counts as that of the other side; two different ones can't be compared.
    """
    costs = [unit.purchase.price for unit in units]
    currencies = {unit.purchase.currency for unit in units} | {sold.currency}
    known = [cost for cost in costs if cost is not None]
    if not units or sold.price is None or len(known) < len(costs) or len(currencies - {None}) > 1:
        return None, None
    each = sold.price - sum(known) / len(known)
    percent = round(100 * each / sold.price, 4) if sold.price else None
    return percent, round(each * len(units), 2)


def _freshness(units: Sequence[Unit], pool: Sets) -> float:
    """1 for the newest purchase in the pool, 0 for the oldest; the units' mean. Unknown dates count
    as the oldest."""
    dates = [unit.purchase.date for free in pool.values() for unit in free if unit.purchase.date]
    if not units or not dates:
        return 0.0
    oldest, newest = min(dates), max(dates)
    if oldest == newest:
        return 1.0
    return sum(_age(unit.purchase.date, oldest, newest) for unit in units) / len(units)


def _age(date: datetime | None, oldest: datetime, newest: datetime) -> float:
    return (date - oldest) / (newest - oldest) if date else 0.0
