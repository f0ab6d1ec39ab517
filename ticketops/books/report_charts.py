"""Which charts a report has (§11): its figures as the rows of a chart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from ticketops.books.charts import Chart
from ticketops.domain.money.margin import MarginLine
from ticketops.domain.reporting.reports import (
    Allocation,
    Day,
    Dispatch,
    DispatchLine,
    Inventory,
    ProfitAndLoss,
    SellThrough,
    Summary,
)
from ticketops.domain.reporting.stock import AllocationLine, InventoryLine, Progress
from ticketops.model.display import counted

_MOST_BARS, _MOST_SLICES = 24, 7


def charts_of(report: Any) -> list[Chart]:
    """The charts of a report; those that would be empty are left out."""
    match report:
        case Summary():
            found = revenue(report.lines, report.by)
        case Inventory():
            found = [inventory(report.lines)]
        case Allocation():
            found = [allocation(report.lines), progress(report.progress)]
        case Dispatch():
            found = [dispatch(report.lines, report.by)]
        case ProfitAndLoss():
            found = [*timeline(report.timeline), sell_through(report.sell_through)]
        case _:
            found = []
    return [chart for chart in found if chart.rows]


def revenue(lines: Sequence[MarginLine], by: str) -> list[Chart]:
    """Revenue by client (or match …), a pie per currency."""
    found = []
    for currency in sorted({line.currency for line in lines}):
        own = sorted(
            ((line.revenue, line.key or "none") for line in lines if line.currency == currency),
            key=lambda one: -one[0],
        )
        own = [one for one in own if one[0] > 0]
        total = sum(value for value, _ in own)
        if rest := own[_MOST_SLICES:]:
            others = sum(value for value, _ in rest)
            own = [*own[:_MOST_SLICES], (others, f"{len(rest):,} others")]
        rows, turned = [], 0.0
        for place, (value, name) in enumerate(own):
            share = value / total * 100
            rows.append(
                {
                    "series": f"{place}",
                    "place": place,
                    "value": value,
                    "share": share,
                    "middle": (turned + share / 2) * 3.6,
                    "name": _short(name),
                    "percent": f"{share:.0f} %",
                }
            )
            turned += share
        largest = f"; the largest is {own[0][1]} with {own[0][0]:,.2f}" if own else ""
        found.append(
            Chart(
                "pie",
                f"Revenue by {by}, {currency}",
                f"{total:,.2f} {currency} of {counted(len(lines), 'line')}{largest}",
                currency,
                rows,
            )
        )
    return found


def _short(name: str, most: int = 18) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def inventory(lines: Sequence[InventoryLine]) -> Chart:
    """Available and allocated units, stacked."""
    rows, note = _stacked(
        [(_pool(one), (one.available, one.allocated, one.other)) for one in lines],
        ("available", "allocated", "other"),
    )
    bought, free = sum(one.purchased for one in lines), sum(one.available for one in lines)
    said = f"{counted(bought, 'unit')} purchased, {free:,} of them available"
    return Chart("stacked", "Purchased units", said, "units", rows, note)


def allocation(lines: Sequence[AllocationLine]) -> Chart:
    """Unallocated, allocated and dispatched tickets, stacked."""
    rows, note = _stacked(
        [(_pool(one), (one.unallocated, one.allocated, one.dispatched)) for one in lines],
        ("unallocated", "allocated", "dispatched"),
    )
    waiting, sent = sum(one.unallocated for one in lines), sum(one.dispatched for one in lines)
    said = f"{counted(waiting, 'ticket')} unallocated, {sent:,} dispatched"
    return Chart("stacked", "Tickets by how far they are", said, "tickets", rows, note)


def dispatch(lines: Sequence[DispatchLine], by: str) -> Chart:
    """Sent and pending tickets, stacked."""
    rows, note = _stacked(
        [(one.key, (one.sent, one.pending)) for one in lines], ("sent", "pending")
    )
    said = f"{sum(one.sent for one in lines):,} sent, {sum(one.pending for one in lines):,} pending"
    return Chart("stacked", f"Sent and pending by {by}", said, "tickets", rows, note)


def _stacked(
    bars: Iterable[tuple[str, tuple[int, ...]]], series: tuple[str, ...]
) -> tuple[list[dict[str, Any]], str]:
    """The rows of stacked bars, the longest where there are too many, and what is left out."""
    every = [(name or "none", values) for name, values in bars]
    kept = every
    if len(every) > _MOST_BARS:
        longest = sorted(range(len(every)), key=lambda at: (-sum(every[at][1]), at))[:_MOST_BARS]
        kept = [every[at] for at in sorted(longest)]
    left = len(every) - len(kept)
    rows = [
        {"name": name, "series": what, "place": place, "value": value}
        for name, values in kept
        for place, (what, value) in enumerate(zip(series, values, strict=True))
    ]
    return rows, f"{counted(left, 'smaller one')} left out: the table has all" if left else ""


def _pool(one: InventoryLine | AllocationLine) -> str:
    return " ".join(filter(None, (one.match, one.category)))


def progress(days: Sequence[Progress]) -> Chart:
    """Allocated, dispatched and accepted tickets until each day, lines that grow."""
    sums: dict[str, list[int]] = {}
    for one in days:
        of = sums.setdefault(one.date, [0, 0, 0])
        for place, value in enumerate((one.allocated, one.dispatched, one.accepted)):
            of[place] += value
    rows, until = [], [0, 0, 0]
    for day, of in sorted(sums.items()):
        until = [a + b for a, b in zip(until, of, strict=True)]
        names = ("allocated", "dispatched", "accepted")
        rows += [
            {"date": day, "series": name, "value": value}
            for name, value in zip(names, until, strict=True)
        ]
    said = (
        f"until the last day {until[0]:,} allocated, {until[1]:,} dispatched, {until[2]:,} accepted"
    )
    return Chart("lines", "Progress", said, "tickets", rows)


def timeline(days: Sequence[Day]) -> list[Chart]:
    """Revenue and cost by day of the sale, a chart per currency."""
    of: dict[str, list[Day]] = defaultdict(list)
    for day in days:
        if day.date:
            of[day.currency].append(day)
    return [
        Chart(
            "lines",
            f"Revenue and cost by day of the sale, {currency}",
            f"{sum(one.revenue for one in own):,.2f} revenue on {counted(len(own), 'day')}",
            currency,
            [
                {"date": one.date, "series": name, "value": value}
                for one in own
                for name, value in (("revenue", one.revenue), ("cost", one.cost))
            ],
        )
        for currency, own in sorted(of.items())
    ]


def sell_through(lines: Sequence[SellThrough]) -> Chart:
    """How much of each category is sold, in percent."""
    rows = [
        {
            "name": one.category or "none",
            "value": one.sold_pct,
            "label": f"{one.sold_pct:.0f} % ({one.sold:,} of {one.purchased:,})",
        }
        for one in lines
        if one.sold_pct is not None
    ][:_MOST_BARS]
    sold, bought = sum(one.sold for one in lines), sum(one.purchased for one in lines)
    return Chart(
        "bars", "Sell-through", f"{sold:,} sold of {bought:,} purchased", "% of purchased", rows
    )
