"""Purchases and sales of a sample, and what follows from each: units and tickets, as records.

In: pools with their figures and a seeded random.Random. Out: Purchase with its units, Sale with its
tickets, in the order of their rows. What procurement and sales expansion would give is what stands
in them.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticketops.books.sample.market import Pool, apportion, fit_lines, line_size
from ticketops.books.sample.names import COMPANIES, VENDORS, Vendor
from ticketops.books.sample.shape import Shape
from ticketops.model import ids, states

_FIRST_PURCHASE, _LAST_PURCHASE = datetime(2025, 3, 3), datetime(2026, 3, 31)
_FIRST_SALE, _LAST_SALE = datetime(2025, 6, 2), datetime(2026, 4, 10)
_PRICE = {"Top Cat 1": 940.0, "Cat 1": 620.0, "Cat 2": 430.0, "Cat 3": 260.0, "Cat 4": 120.0}
_STAGE_PRICE = {
    "Group stage": 1.0,
    "Round of 32": 1.2,
    "Round of 16": 1.5,
    "Quarter-final": 2.2,
    "Semi-final": 3.6,
    "Match for third place": 1.3,
    "Final": 6.5,
}
_SUPPLIER_SHARE = 0.28
_SEATS_IN_A_ROW = 14


@dataclass(slots=True)
class Unit:
    """One ticket in stock: a row of _PURCHASE_UNITS."""

    number: int
    purchase: Purchase
    position: int
    status: str = states.AVAILABLE
    ticket: Ticket | None = None
    allocated_at: datetime | None = None
    note: str | None = None

    @property
    def unit_id(self) -> str:
        return ids.unit_id(self.number)

    @property
    def row(self) -> int:
        return self.number + 1

    @property
    def seat(self) -> tuple[str | None, str | None, str | None]:
        """Block, row and seat; blank where the vendor names none."""
        first = self.purchase.first_seat
        if first is None:
            return None, None, None
        block, row, seat = first
        further, place = divmod(self.position - 1, _SEATS_IN_A_ROW)
        return block, str(row + further), str(seat + place)


@dataclass(slots=True)
class Purchase:
    """A row of Purchases. index: its data row, counted from 1 (D4)."""

    index: int
    date: datetime
    pool: Pool
    vendor: Vendor
    contract: str | None
    number: int
    price: float
    purchase_id: str
    inv_no: str | None = None
    email: str | None = None
    login: str | None = None
    password: str | None = None
    legacy_password: str | None = None
    first_seat: tuple[str, int, int] | None = None
    units: list[Unit] = field(default_factory=list)

    @property
    def set_id(self) -> str:
        return ids.set_id(self.index)

    @property
    def created_at(self) -> datetime:
        """When its units were made: the next morning's import."""
        return self.date + timedelta(days=1, hours=7, minutes=12, seconds=self.index % 60)

    @property
    def free(self) -> list[Unit]:
        return [unit for unit in self.units if unit.status == states.AVAILABLE]


@dataclass(slots=True)
class Ticket:
    """One ticket of a sale: a row of Distribution, at sheet row `row`."""

    sale: Sale
    child: int
    row: int = 0
    unit: Unit | None = None
    status: str | None = None
    run_id: str | None = None
    notes: str | None = None
    guest: tuple[str, str, str] | None = None
    comment: str | None = None
    client_notes: str | None = None
    delivery: str | None = None
    dispatched_at: datetime | None = None
    dispatch_notes: str | None = None

    @property
    def sales_id(self) -> str:
        return str(ids.SalesId(self.sale.index, self.child))

    @property
    def line_key(self) -> str:
        return ids.sales_line_key(self.sale.source_sale_id, self.child)


@dataclass(slots=True)
class Sale:
    """A row of Sales: one line of an order (D2). index: its data row, counted from 1, and the
    number of its SalesID."""

    index: int
    date: datetime
    pool: Pool
    client: str
    contract: str
    number: int
    price: float
    run_id: str
    notes: str | None
    source_sale_id: str
    status: str = states.UNALLOCATED
    upgraded_to: str | None = None
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def sales_id(self) -> str:
        return str(ids.SalesId(self.index))

    @property
    def row(self) -> int:
        return self.index + 1


def make_purchases(rng: random.Random, pools: Sequence[Pool], shape: Shape) -> list[Purchase]:
    """Purchases in order of their dates, each with its units, all of them free as yet."""
    stocked = [pool for pool in pools if pool.units]
    lines = apportion(
        shape.purchases,
        [pool.units for pool in stocked],
        [1] * len(stocked),
        [pool.units for pool in stocked],
    )
    wanted = []
    for pool, count in zip(stocked, lines, strict=True):
        drawn = [line_size(rng, shape.largest) for _ in range(count)]
        wanted += [(pool, number) for number in fit_lines(pool.units, drawn)]
    rng.shuffle(wanted)
    dates = _dates(rng, _FIRST_PURCHASE, _LAST_PURCHASE, len(wanted))
    purchases: list[Purchase] = []
    next_unit = 1
    vendors = _vendors(rng, [number for _, number in wanted])
    contracts: dict[str, str | None] = {}
    for index, ((pool, number), date, vendor) in enumerate(
        zip(wanted, dates, vendors, strict=True), start=1
    ):
        if vendor.name not in contracts or rng.random() < 0.6:
            contracts[vendor.name] = _contract(rng, date)
        price = round(_fair_price(pool) * rng.uniform(0.72, 1.1) * 2) / 2
        purchase = Purchase(
            index,
            date,
            pool,
            vendor,
            contracts[vendor.name],
            number,
            price,
            ids.purchase_id(new_uuid(rng)),
        )
        purchase.inv_no = _listing_number(random.Random(f"{purchase.purchase_id}/listing"), date)
        if vendor.login and rng.random() < 0.5:
            account = 1 + index % 9
            purchase.email, purchase.login = (
                f"buyer{account:02d}@accounts.example.com",
                f"mm-buyer-{account:02d}",
            )
        if rng.random() < 0.4:
            purchase.first_seat = (
                str(rng.randint(101, 349)),
                rng.randint(1, 30),
                rng.randint(1, 20),
            )
        purchase.units = [Unit(next_unit + i, purchase, i + 1) for i in range(number)]
        next_unit += number
        purchases.append(purchase)
    return purchases


def make_sales(rng: random.Random, pools: Sequence[Pool]) -> list[Sale]:
    """Sale lines in order of their dates, each with its tickets, all of them pending. The lines of
    an order share client, date and contract."""
    wanted = [(pool, number) for pool in pools for number in pool.quantities]
    rng.shuffle(wanted)
    weights = [1 / (rank + 4) for rank in range(len(COMPANIES))]
    companies = rng.sample(COMPANIES, len(COMPANIES))
    orders: list[list[tuple[Pool, int]]] = []
    while wanted:
        count = 1 if rng.random() < 0.65 else rng.randint(2, 5)
        orders.append(wanted[:count])
        del wanted[:count]
    sales: list[Sale] = []
    for order, date in zip(orders, _dates(rng, _FIRST_SALE, _LAST_SALE, len(orders)), strict=True):
        client = rng.choices(companies, weights)[0]
        contract = _invoice_number(rng, date)
        imported = ids.run_id(
            date + timedelta(days=1, hours=6, minutes=30, seconds=len(sales) % 60)
        )
        notes = (
            rng.choice(
                (
                    "consecutive seats",
                    "wheelchair access",
                    "VIP guests, call before sending",
                    "paid in two parts",
                    "group of friends: same block",
                )
            )
            if rng.random() < 0.08
            else None
        )
        for pool, number in order:
            price = round(_fair_price(pool) * rng.uniform(1.05, 1.5) * 2) / 2
            sale = Sale(
                len(sales) + 1,
                date,
                pool,
                client,
                contract,
                number,
                price,
                imported,
                notes,
                ids.source_sale_id(new_uuid(rng)),
            )
            sale.tickets = [Ticket(sale, child) for child in range(1, number + 1)]
            sales.append(sale)
    return sales


def new_uuid(rng: random.Random) -> str:
    """A random UUID that follows from the seed."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _dates(rng: random.Random, first: datetime, last: datetime, count: int) -> list[datetime]:
    """Working days in order, more of them towards the end."""
    days = (last - first).days
    found = sorted(first + timedelta(days=int(days * rng.random() ** 0.7)) for _ in range(count))
    return [day - timedelta(days=max(0, day.weekday() - 4)) for day in found]


def _fair_price(pool: Pool) -> float:
    return (
        _PRICE[pool.category]
        * _STAGE_PRICE[pool.match.stage]
        * (1.25 if pool.match.favourite else 1.0)
    )


def _vendors(rng: random.Random, numbers: Sequence[int]) -> list[Vendor]:
    """A vendor for every purchase. Suppliers who send tickets themselves have a good quarter of all
    units, no less."""
    suppliers = [vendor for vendor in VENDORS if vendor.supplier]
    others = [vendor for vendor in VENDORS if not vendor.supplier]
    weights = [1 / (rank + 3) for rank in range(len(others))]
    left = _SUPPLIER_SHARE * sum(numbers)
    chosen: dict[int, Vendor] = {}
    for i in rng.sample(range(len(numbers)), len(numbers)):
        if left > 0:
            chosen[i] = rng.choice(suppliers)
            left -= numbers[i]
        else:
            chosen[i] = rng.choices(others, weights)[0]
    return [chosen[i] for i in range(len(numbers))]


def _contract(rng: random.Random, date: datetime) -> str | None:
    """A vendor's contract number: text, some with leading zeros; a few are missing."""
    kind = rng.random()
    if kind < 0.6:
        return f"{date.year}-{rng.randint(100001, 100990)}"
    if kind < 0.8:
        return f"{rng.randint(1, 999):06d}"
    if kind < 0.9:
        return f"CN-{date.year}/{rng.randint(1, 480)}"
    return str(rng.randint(4500100000, 4500199999)) if kind < 0.97 else None


def _listing_number(rng: random.Random, date: datetime) -> str | None:
    """The vendor's number of a listing, in the same forms; a few purchases have none."""
    return _invoice_number(rng, date) if rng.random() < 0.9 else None


def _invoice_number(rng: random.Random, date: datetime) -> str:
    """A contract with a client: `630679135`, `626005399-UP`, `2025-3008`, `250112`, `0042`."""
    kind = rng.random()
    if kind < 0.6:
        return str(rng.randint(620000000, 639999999)) + ("-UP" if kind < 0.1 else "")
    if kind < 0.82:
        return f"{date.year}-{rng.randint(1000, 4999)}"
    return f"{date:%y%m%d}" if kind < 0.93 else f"{rng.randint(1, 999):04d}"
