"""Margins (§13, D24): what sales bring, what the units that serve them cost, what is left, to the cent.

Every amount is laid on tickets and units in whole cents, so that whatever the lines are grouped by,
they add up to the sales and purchases. Currencies are never summed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.audit.refused import not_fitting
from ticketops.domain.masterdata.aliases import CLIENT, aliases_of
from ticketops.domain.masterdata.who import Directory
from ticketops.domain.money import accounts, fees
from ticketops.domain.money.ledger import NOTHING, Due
from ticketops.domain.money.worth import UnitWorth, of_occasions, units_worth
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.identity import is_sold
from ticketops.model import ids, states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import exact, shares
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, SALES
from ticketops.schema.tables import Snapshot

MATCH, CLIENT_, VENDOR_, CATEGORY, SALE = BY = ("match", "client", "vendor", "category", "sale")
NO_VENDOR = "no vendor"
"""Of units that name none; tickets without a unit are of \"\"."""


@dataclass(frozen=True, slots=True)
class MarginLine:
    """What one match (client, vendor, category, sale) brought in one currency. margin = revenue −
    cost − fees."""

    key: str
    currency: str
    tickets: int
    """The tickets that are sold in this currency and not cancelled."""
    revenue: float
    """What sales come to, cancelled tickets left out, and what is kept of those that were paid."""
    cost: float
    """What the units that serve its tickets cost, in the currency of their purchase; in that of the
    event, where the purchase names its FxRate."""
    fees: float
    refunds: float
    """What is given back or credited for cancelled tickets; these are not in the revenue."""
    margin: float
    margin_pct: float | None
    """Of the revenue; None where there is none."""


@dataclass(frozen=True, slots=True)
class Unsold:
    """Units that serve no ticket, by status: what they cost, with their fees."""

    key: str
    status: str
    currency: str
    units: int
    cost: float
    fees: float


@dataclass(frozen=True, slots=True)
class Margins:
    """`margin`. by: what its lines are of."""

    by: str
    lines: tuple[MarginLine, ...]
    unsold: tuple[Unsold, ...]


class Sold(Struct):
    """A sale line as margins know it: what it comes to, and what they are grouped by."""

    ref: str
    match: str
    client: str
    category: str
    currency: str
    total: Decimal


class Sums(Struct):
    """What sales of one kind come to, in one currency."""

    tickets: int = 0
    revenue: Decimal = NOTHING
    cost: Decimal = NOTHING
    fees: Decimal = NOTHING
    refunds: Decimal = NOTHING


Key = Callable[[Sold, str], Any]
"""What of sales is summed: by the sale and the vendor of a unit that serves it ("" for none)."""


class Reckoned(Struct):
    """{(key, currency): sums}, the units that serve no ticket by their UnitID, and what is to be
    said."""

    sums: dict[tuple[Any, str], Sums]
    rest: dict[str, UnitWorth]
    findings: list[Finding]


def plan_margin(snapshot: Snapshot, by: str, run: Run, *, only: str = "") -> Plan:
    """Margins by one of BY, and unsold stock apart. only: of this sale, without unsold stock. Findings: what has no known cost, fees that
    nobody knows what they are for, and cells that do not fit their column."""
    found = reckon(snapshot, run, key_of(by), only=only)
    unsold = () if only else unsold_of(by, found.rest)
    return Plan(result=Margins(by, lines_of(found.sums), unsold), findings=found.findings)


def reckon(snapshot: Snapshot, run: Run, key: Key, *, only: str = "", nobody: Any = "") -> Reckoned:
    """What sales bring, summed by a key. only: of this sale; nobody: the key of fees that are for no
    sale."""
    sales, nameless = _sales(snapshot, run)
    if only:
        sales = {ref: sale for ref, sale in sales.items() if ref == only}
    given = list(_served(snapshot, sales))
    mine = {unit_id for _sale, unit_id, _counts in given} if only else None
    units = units_worth(snapshot, run, mine)
    sums: dict[tuple[Any, str], Sums] = defaultdict(Sums)
    charged = fees.standing(snapshot, run)
    served: set[str] = set()
    unknown = 0
    places: dict[str, list[str]] = {ref: [] for ref in sales}
    for sale, unit_id, counts in given:
        unit = units.get(unit_id) if unit_id not in served else None
        if counts:
            places[sale.ref].append((unit.vendor or NO_VENDOR) if unit else "")
        unknown += bool(unit_id) and (unit_id not in units or not units[unit_id].known)
        if unit is None:
            continue
        served.add(unit_id)
        place = key(sale, unit.vendor or NO_VENDOR)
        sums[place, unit.currency].cost += unit.cost
        for currency, part in unit.fees:
            sums[place, currency].fees += part
    for sale in sales.values():
        _earn(sums, key, sale, places[sale.ref])
    for ref, decided in accounts.refunds_of(snapshot).items():
        if ref in sales:
            of = sums[key(sales[ref], ""), sales[ref].currency]
            of.revenue += decided.kept
            of.refunds += decided.due + decided.credited
    for fee in charged:
        if fee.sale in sales or not (only or fee.purchases):
            place = key(sales[fee.sale], "") if fee.sale in sales else nobody
            sums[place, fee.currency].fees += fee.amount
    rest = {unit_id: unit for unit_id, unit in units.items() if unit_id not in served}
    findings = fees.unclear(snapshot, charged)
    findings += [*not_fitting(snapshot[SALES]), *not_fitting(snapshot[PURCHASES])]
    if nameless and not only:
        findings.append(_left_out(nameless))
    tickets = [vendor for of in places.values() for vendor in of]
    if waiting := tickets.count(""):
        text = f"{waiting:,} of {counted(len(tickets), 'ticket')} have no unit yet: what they bring is in the margin, what they will cost is not"
        findings.append(Finding("NOT_SERVED", Severity.INFO, text, SALES))
    if unknown:
        text = f"the cost of {counted(unknown, 'unit')} is unknown and counts as 0: margins are too high by that"
        findings.append(Finding("COST_UNKNOWN", Severity.LOW, text, PURCHASES))
    return Reckoned(sums, rest, findings)


def merged(
    sums: Mapping[tuple[Any, str], Sums], key: Callable[[Any], Any]
) -> dict[tuple[Any, str], Sums]:
    """Sums by what is made of their keys."""
    found: dict[tuple[Any, str], Sums] = defaultdict(Sums)
    for (own, currency), one in sums.items():
        of = found[key(own), currency]
        for name in Sums.__struct_fields__:
            setattr(of, name, getattr(of, name) + getattr(one, name))
    return found


def totals(lines: Iterable[MarginLine]) -> tuple[MarginLine, ...]:
    """The sums of lines, one line per currency, in its order."""
    sums: dict[tuple[Any, str], Sums] = defaultdict(Sums)
    for line in lines:
        of = sums["", line.currency]
        of.tickets += line.tickets
        of.revenue += exact(line.revenue)
        of.cost += exact(line.cost)
        of.fees += exact(line.fees)
        of.refunds += exact(line.refunds)
    return lines_of(sums)


def _earn(sums: dict[tuple[Any, str], Sums], key: Key, sale: Sold, vendors: Sequence[str]) -> None:
    """What a sale brings and its tickets, by the vendors of the units that serve them."""
    number = max(len(vendors), 1)
    for vendor, part in zip([*vendors, ""], shares(sale.total, number), strict=False):
        of = sums[key(sale, vendor), sale.currency]
        of.revenue += part
    for vendor in vendors:
        sums[key(sale, vendor), sale.currency].tickets += 1


def key_of(by: str) -> Key:
    """What sales are summed by, for one of BY."""
    return {
        MATCH: lambda sale, _vendor: sale.match,
        CLIENT_: lambda sale, _vendor: sale.client,
        VENDOR_: lambda _sale, vendor: vendor,
        CATEGORY: lambda sale, _vendor: sale.category,
        SALE: lambda sale, _vendor: sale.ref,
    }[by]


def _left_out(nameless: Sequence[Due]) -> Finding:
    """Sales that no ticket can be told from: `balance` has them, the margin has not."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for due in nameless:
        sums[due.currency] += due.total
    text = " and ".join(f"{amount:,.2f} {currency}" for currency, amount in sums.items())
    rows = f"{counted(len(nameless), 'row')} of Sales without a SalesID of {'its' if len(nameless) == 1 else 'their'} own"
    return Finding(
        "SALE_LEFT_OUT",
        Severity.MEDIUM,
        f"{rows}: {text} {'is' if len(sums) == 1 else 'are'} in the balance, and not in the margin",
        SALES,
        nameless[0].row,
    )


def _sales(snapshot: Snapshot, run: Run) -> tuple[dict[str, Sold], list[Due]]:
    """{SalesID: what the line comes to}, ended ones with nothing; and what has no SalesID, or one
    that stands above already."""
    owner = Directory("client", snapshot[SALES].frame["client"], aliases_of(snapshot, CLIENT)).owner
    totals = {line.due.row: line.due for line in accounts.of_sales(snapshot, run).ledger.lines}
    frame = of_occasions(snapshot, SALES)
    found: dict[str, Sold] = {}
    nameless = []
    for row, ref, match, client, category in frame.select(
        "row", "sales_id", "match", "client", "category"
    ).iter_rows():
        if row not in totals:
            continue
        due = totals[row]
        if ref and ref not in found:
            name = owner(client) if client else ""
            found[ref] = Sold(ref, match or "", name, category or "", due.currency, due.total)
        elif due.total:
            nameless.append(due)
    return found, nameless


def _served(snapshot: Snapshot, sales: dict[str, Sold]) -> Iterator[tuple[Sold, str, bool]]:
    """Every live ticket with its sale and its unit ("" for none), and whether it counts: each further
    unit of a ticket comes once more, and does not."""
    live = snapshot[DISTRIBUTION].frame.filter(
        is_sold(), pl.col("status").ne_missing(states.CANCELLED)
    )
    for sales_id, unit_ids in live.select("sales_id", "unit_ids").iter_rows():
        named = ids.exact_sales_id(sales_id)
        if named and named.parent in sales:
            for place, unit_id in enumerate(ids.split_unit_ids(unit_ids) or [""]):
                yield sales[named.parent], unit_id, place == 0


def lines_of(sums: Mapping[tuple[Any, str], Sums]) -> tuple[MarginLine, ...]:
    """Sums as lines, in the order of their keys; those that come to nothing are left out."""
    lines = []
    for (key, currency), of in sums.items():
        left = of.revenue - of.cost - of.fees
        if not (of.tickets or of.revenue or of.cost or of.fees or of.refunds):
            continue
        percent = round(float(left / of.revenue * 100), 2) if of.revenue else None
        lines.append(
            MarginLine(
                key,
                currency,
                of.tickets,
                float(of.revenue),
                float(of.cost),
                float(of.fees),
                float(of.refunds),
                float(left),
                percent,
            )
        )
    return tuple(sorted(lines, key=lambda one: (ids.natural_order(one.key), one.currency)))


def unsold_of(by: str, units: Mapping[str, UnitWorth]) -> tuple[Unsold, ...]:
    """What units that serve no ticket cost, by one of BY (by match, where no unit has it)."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    costs: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: NOTHING)
    charged: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: NOTHING)
    for unit in units.values():
        key = {VENDOR_: unit.vendor, CATEGORY: unit.category}.get(by, unit.match)
        counts[key, unit.status, unit.currency] += 1
        costs[key, unit.status, unit.currency] += unit.cost
        for currency, part in unit.fees:
            charged[key, unit.status, currency] += part
    return tuple(
        Unsold(*place, counts.get(place, 0), float(costs[place]), float(charged[place]))
        for place in sorted(
            {*counts, *charged}, key=lambda place: (ids.natural_order(place[0]), *place[1:])
        )
    )
