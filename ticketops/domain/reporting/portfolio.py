"""The figures of many events (D29): position, true shortage, what is late, money. Of an event whose
rows a database has counted, and of one whose sheets were read whole; both say the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
from msgspec import Struct
from msgspec.structs import replace

from ticketops.domain.audit.unknown import unknown_cells
from ticketops.domain.catalogue.times import deadlines, due_of
from ticketops.domain.dispatch import overdue
from ticketops.domain.event.record import event_of
from ticketops.domain.money import accounts, fees, margin, refs
from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting.figures import Figures, figures_of
from ticketops.domain.reporting.position import counted, pools, position
from ticketops.model import states
from ticketops.model.money import exact, recorded_total, shares
from ticketops.schema.columns import as_read
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    EVENT,
    EVENTS,
    FEES,
    PURCHASES,
    REFUNDS,
    SALES,
    UNITS,
)
from ticketops.schema.tables import Snapshot, empty_table

COUNTED = (DISTRIBUTION, UNITS)
"""The sheets whose cells that are not understood are counted."""


@dataclass(frozen=True, slots=True)
class Money:
    """What an event brought in one currency: the sums of `margin`."""

    currency: str
    revenue: float
    cost: float
    fees: float
    refunds: float
    margin: float


@dataclass(frozen=True, slots=True)
class PortfolioLine:
    """One event of a database. event: its key there; code, name, state: as its _EVENTS says them;
    late: tickets that are overdue; not_understood: cells of Distribution and _PURCHASE_UNITS;
    money: one entry per currency. problem: why there are no figures."""

    event: str
    code: str | None = None
    name: str | None = None
    state: str | None = None
    sold: int = 0
    sent: int = 0
    open: int = 0
    available: int = 0
    oversold: int = 0
    surplus: int = 0
    allocated_unsent: int = 0
    true_shortage: int = 0
    late: int = 0
    not_understood: int = 0
    money: tuple[Money, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """`portfolio`. total: the sums of all events; late and money, too. other_kinds: workbooks of
    airline tickets, which are left out; read_whole: events that no query could count, since they
    hold something odd."""

    database: str
    events: tuple[PortfolioLine, ...]
    total: Figures
    late: int
    money: tuple[Money, ...]
    other_kinds: int
    read_whole: tuple[str, ...]


class Bought(Struct, frozen=True):
    """A purchase, how many units it became, and which of these (counted from 0) serve a ticket."""

    ref: str
    currency: str | None
    number: int | None
    price: float | None
    total: float | None
    fx_rate: float | None
    inv_no: str | None
    category: str | None
    units: int
    serving: tuple[int, ...]


class Condensed(Struct, frozen=True):
    """An event as a database counts it. snapshot: its small sheets; distribution, units: the rows of
    these sheets that are alike, as often as `weight` says, units with whether they are `free` of
    tickets; sales: (currency, number, price, total, status, how many lines); tickets: {currency:
    live tickets of its sales}; bought: its purchases; named: {SalesID: its currency} of the sales
    that fees and refunds name."""

    snapshot: Snapshot
    distribution: pl.DataFrame
    units: pl.DataFrame
    sales: Sequence[tuple[Any, ...]]
    tickets: Mapping[str | None, int]
    bought: Sequence[Bought]
    named: Mapping[str, str | None]

    @classmethod
    def of(cls, snapshot: Snapshot, counts: Any, named: Mapping[str, str | None]) -> Condensed:
        """From what the database counted, and from the currencies of the sales that
        `named_in` names."""
        sales: list[tuple[Any, ...]] = []
        live: dict[str | None, int] = defaultdict(int)
        bought = []
        for kind, ref, currency, number, price, total, rate, inv_no, word, many, at in counts.money:
            code = _cell(SALES, "currency", currency)
            if kind == "tickets":
                live[code] += many
            elif kind == "sold":
                sales.append((code, number, price, total, _cell(SALES, "status", word), many))
            else:
                listing = _cell(PURCHASES, "inv_no", inv_no)
                category = _cell(PURCHASES, "category", word)
                paid = (code, number, price, total, rate)
                bought.append(Bought(ref, *paid, listing, category, many, tuple(at or ())))
        tickets = _read(DISTRIBUTION, (*_PLACE, *_TICKET), counts.tickets).with_columns(
            pl.Series(
                "unit_ids", [(row[8] and "P00001") or None for row in counts.tickets], pl.String
            ),
            sales_id=pl.lit("S1-1"),
        )
        units = _read(UNITS, _PLACE, counts.units).with_columns(
            pl.Series("sales_id", [(row[8] and "S1-1") or None for row in counts.units], pl.String),
            pl.Series("free", [row[9] for row in counts.units], pl.Boolean),
            unit_id=pl.lit("P00001"),
        )
        codes = {ref: _cell(SALES, "currency", code) for ref, code in named.items()}
        return cls(snapshot, tickets, units, sales, live, bought, codes)


_PLACE = ("match", "sub_game", "category", "status")
_TICKET = ("delivery", "row_type", "alloc_from", "dispatch_status")


def _cell(sheet: str, column: str, raw: str | None) -> str | None:
    """A text of a ledger as it is read."""
    read: str | None = as_read(EVENT[sheet].by_name[column], [raw or None])[0]
    return read


def _read(sheet: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """The first columns of rows as they are read, and how many there are of each. IDs that are
    added stand for all that look like them."""
    made = [
        pl.Series("row", range(1, len(rows) + 1), dtype=pl.Int64),
        pl.Series("weight", [row[-1] for row in rows], dtype=pl.Int64),
    ]
    for place, name in enumerate(names):
        texts = as_read(EVENT[sheet].by_name[name], [row[place] or None for row in rows])
        made.append(pl.Series(name, texts, dtype=pl.String))
    return _with_columns(sheet, pl.DataFrame(made))


def _with_columns(sheet: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A frame with all columns of a sheet, blank where it lacks them."""
    blank = empty_table(EVENT[sheet]).frame
    known = [
        pl.col(name).cast(blank.schema[name]) for name in frame.columns if name in blank.columns
    ]
    return pl.concat([blank, frame.with_columns(known)], how="diagonal")


def named_in(snapshot: Snapshot) -> list[str]:
    """What may be SalesIDs in the fees and refunds of an event. snapshot: holds their sheets."""
    texts = (*snapshot[FEES].frame["fee_for"], *snapshot[REFUNDS].frame["sales_id"])
    return list(dict.fromkeys(refs.plain(text) for text in texts if text))


class Buffers(Struct, frozen=True):
    """How long before a match its tickets must be out, by the settings."""

    hours: float | None
    medal_hours: float


def plan_event(snapshot: Snapshot, run: Run, key: str, buffers: Buffers) -> Plan:
    """The line of an event whose sheets were read whole."""
    dispatched = overdue.overview(
        snapshot, run, run.buffer_hours(buffers.hours), medal_hours=buffers.medal_hours
    )
    sums = margin.reckon(snapshot, run, margin.key_of(margin.MATCH)).sums
    return Plan(
        result=_line(
            key,
            snapshot,
            position(snapshot),
            dispatched.total.overdue,
            len(unknown_cells(snapshot, COUNTED)),
            _money(sums),
        )
    )


def is_understood(event: Condensed) -> bool:
    """Whether all cells of what was counted are understood, so that the counts are those of the
    sheets."""
    return not unknown_cells(_snapshot(event), COUNTED)


def line_of(event: Condensed, run: Run, key: str, buffers: Buffers) -> PortfolioLine:
    """The line of an event that a database has counted, and in which everything is understood."""
    snapshot = _snapshot(event)
    is_free = pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE
    found = counted(
        event.distribution, event.units.filter(pl.col("free"), is_free), pools(snapshot)
    )
    return _line(
        key,
        snapshot,
        found,
        _late(event, snapshot, run, buffers),
        0,
        _money(_sums(event, snapshot, run)),
    )


def summed(
    database: str, lines: Iterable[PortfolioLine], other_kinds: int, whole: Iterable[str]
) -> Portfolio:
    """Lines with their sums; nothing is summed across currencies."""
    events = tuple(lines)
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 5)
    for one in (money for line in events for money in line.money):
        parts = (one.revenue, one.cost, one.fees, one.refunds, one.margin)
        before = sums[one.currency]
        sums[one.currency] = [a + exact(b) for a, b in zip(before, parts, strict=True)]
    figures = [sum(column) for column in zip(*(_figures(one) for one in events), strict=True)]
    return Portfolio(
        database,
        events,
        Figures(*(figures or [0] * len(Figures.__dataclass_fields__))),
        sum(one.late for one in events),
        tuple(Money(code, *map(float, parts)) for code, parts in sorted(sums.items())),
        other_kinds,
        tuple(whole),
    )


def _figures(line: PortfolioLine) -> tuple[int, ...]:
    return tuple(getattr(line, name) for name in Figures.__dataclass_fields__)


def _line(
    key: str,
    snapshot: Snapshot,
    figures: Figures,
    late: int,
    not_understood: int,
    money: tuple[Money, ...],
) -> PortfolioLine:
    event = event_of(snapshot[EVENTS])
    counts: dict[str, Any] = dict(
        zip(Figures.__dataclass_fields__, figures_of(figures), strict=True)
    )
    return PortfolioLine(
        key,
        (event.code or None) if event else None,
        (event.name or None) if event else None,
        (event.state or None) if event else None,
        late=late,
        not_understood=not_understood,
        money=money,
        **counts,
    )


def _snapshot(event: Condensed) -> Snapshot:
    """The small sheets, and in place of the ledgers what was counted of them."""
    tables = dict(event.snapshot.tables)
    purchases = {
        "row": range(1, len(event.bought) + 1),
        "purchase_id": [one.ref for one in event.bought],
        "inv_no": [one.inv_no for one in event.bought],
        "category": [one.category for one in event.bought],
    }
    sales = {
        "row": range(1, len(event.named) + 1),
        "sales_id": list(event.named),
        "currency": list(event.named.values()),
    }
    for name, frame in (
        (DISTRIBUTION, event.distribution),
        (UNITS, event.units),
        (PURCHASES, _with_columns(PURCHASES, pl.DataFrame(purchases, strict=False))),
        (SALES, _with_columns(SALES, pl.DataFrame(sales, strict=False))),
    ):
        layout = event.snapshot.layout
        tables[layout.title_of(name)] = replace(empty_table(layout[name], exists=True), frame=frame)
    return replace(event.snapshot, tables=tables)


def _late(event: Condensed, snapshot: Snapshot, run: Run, buffers: Buffers) -> int:
    """How many tickets are overdue, as `dispatch status` counts them."""
    due = deadlines(snapshot, run.buffer_hours(buffers.hours), run, medal_hours=buffers.medal_hours)
    unsent = sorted(set(states.DELIVERY) - states.DISPATCHED)
    waiting = event.distribution.filter(
        pl.col("sales_id").is_not_null(),
        pl.col("row_type").ne_missing(states.PURCHASE_ROW),
        pl.col("status").ne_missing(states.CANCELLED),
        pl.col("delivery").fill_null(states.NOT_SENT).is_in(unsent),
    )
    occasion, _category = pools(snapshot)
    late = 0
    for match, number in waiting.group_by(occasion).agg(pl.col("weight").sum()).iter_rows():
        deadline = due_of(due, match)
        late += number if deadline is not None and deadline.here < run.now else 0
    return late


def _sums(event: Condensed, snapshot: Snapshot, run: Run) -> dict[tuple[Any, str], margin.Sums]:
    """What `margin.reckon` makes of the sheets, in total."""
    sums: dict[tuple[Any, str], margin.Sums] = defaultdict(margin.Sums)
    for currency, number, price, total, status, lines in event.sales:
        if status not in accounts.ENDED:
            of = sums["", currency or run.currency]
            of.revenue += lines * recorded_total(number, price, total)
    for currency, tickets in event.tickets.items():
        sums["", currency or run.currency].tickets += tickets
    bought = {one.ref: one for one in event.bought}
    for one in event.bought:
        cost, code = (
            recorded_total(one.number, one.price, one.total),
            one.currency or run.currency,
        )
        if one.fx_rate and code != run.currency:
            cost, code = exact(float(cost * Decimal(repr(one.fx_rate)))), run.currency
        parts = shares(cost, one.number or one.units or 1) if one.serving else []
        sums["", code].cost += sum(
            (parts[place] for place in one.serving if place < len(parts)), Decimal(0)
        )
    for ref, decided in accounts.refunds_of(snapshot).items():
        if ref in event.named:
            of = sums["", event.named[ref] or run.currency]
            of.revenue += decided.kept
            of.refunds += decided.due + decided.credited
    for fee in fees.standing(snapshot, run):
        bearing = [
            place in one.serving
            for ref in fee.purchases
            for one in [bought[ref]]
            for place in range(one.units)
        ]
        parts = shares(fee.amount, len(bearing) or 1)
        serving = [part for part, serves in zip(parts, bearing, strict=False) if serves]
        whole = fee.sale or not fee.purchases
        sums["", fee.currency].fees += fee.amount if whole else sum(serving, Decimal(0))
    return sums


def _money(sums: Mapping[tuple[Any, str], margin.Sums]) -> tuple[Money, ...]:
    lines = margin.lines_of(margin.merged(sums, lambda _key: ""))
    return tuple(
        Money(one.currency, one.revenue, one.cost, one.fees, one.refunds, one.margin)
        for one in lines
    )
