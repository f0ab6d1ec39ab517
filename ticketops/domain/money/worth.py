"""What units cost (§13): each its share, in whole cents, of its purchase and of the fees of that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

import polars as pl
from msgspec import Struct

from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.masterdata.aliases import VENDOR, aliases_of
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.money import fees
from ticketops.domain.money.ledger import NOTHING
from ticketops.domain.plan import Run
from ticketops.model import states
from ticketops.model.money import exact, recorded_total, shares
from ticketops.schema.layouts.event import PURCHASES, UNITS
from ticketops.schema.tables import Snapshot


class UnitWorth(Struct):
    """What one unit cost, its share of its purchase and of the fees of that. known: whether its
    purchase says what it cost."""

    match: str
    category: str
    vendor: str
    status: str
    currency: str
    cost: Decimal
    fees: list[tuple[str, Decimal]]
    known: bool = True


def units_worth(
    snapshot: Snapshot, run: Run, only: Collection[str] | None = None
) -> dict[str, UnitWorth]:
    """{UnitID: what it costs, in the currency of its purchase; in that of the event, where the
    purchase names its FxRate}. only: UnitIDs that must be among them (None: all)."""
    owner = Directory("vendor", snapshot[UNITS].frame["vendor"], aliases_of(snapshot, VENDOR)).owner
    bought: dict[str, tuple[str, Decimal, int | None]] = {}
    known: dict[str, bool] = {}
    columns = ("purchase_id", "currency", "number", "price", "total", "fx_rate")
    for ref, currency, number, price, total, rate in (
        snapshot[PURCHASES].frame.select(columns).drop_nulls("purchase_id").iter_rows()
    ):
        cost, code = recorded_total(number, price, total), currency or run.currency
        if rate and code != run.currency:
            cost, code = exact(float(cost * Decimal(repr(rate)))), run.currency
        bought.setdefault(ref, (code, cost, number))
        unpriced = total is None and (number is None or price is None)
        known.setdefault(ref, not unpriced)
    units: dict[str, UnitWorth] = {}
    of: dict[str, list[UnitWorth]] = defaultdict(list)
    named = of_occasions(snapshot, UNITS).drop_nulls("unit_id")
    charged = fees.standing(snapshot, run)
    if only is not None:  # and all that share a purchase or a fee with them
        asked = pl.col("unit_id").is_in(sorted(only))
        own = set(named.filter(asked)["purchase_id"])
        shared = {ref for fee in charged if own & {*fee.purchases} for ref in fee.purchases}
        named = named.filter(asked | pl.col("purchase_id").is_in([*(own | shared)]))
    for unit_id, ref, match, category, vendor, status in named.select(
        "unit_id", "purchase_id", "match", "category", "vendor", "status"
    ).iter_rows():
        currency = bought[ref][0] if ref in bought else run.currency
        unit = UnitWorth(
            match or "",
            category or "",
            owner(vendor) if vendor else "",
            status or states.AVAILABLE,
            currency,
            NOTHING,
            [],
            known.get(ref, False),
        )
        units.setdefault(unit_id, unit)
        of[ref].append(units[unit_id])
    for ref in bought.keys() & of.keys():
        _currency, total, number = bought[ref]
        for unit, part in zip(of[ref], shares(total, number or len(of[ref]) or 1), strict=False):
            unit.cost = part
    for fee in charged:
        bearing = [unit for ref in fee.purchases for unit in of[ref]]
        for unit, part in zip(bearing, shares(fee.amount, len(bearing) or 1), strict=False):
            unit.fees.append((fee.currency, part))
    return units


def of_occasions(snapshot: Snapshot, sheet: str) -> pl.DataFrame:
    """The rows of a sheet, with the match or sub-game (`M01/RACE`) that each is of as its match."""
    sub_games, frame = SubGames.of(snapshot), snapshot[sheet].frame
    return frame.with_columns(sub_games.occasions().alias("match")) if sub_games.names else frame
