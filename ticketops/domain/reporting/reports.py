"""The reports of §11: summary, inventory, allocation, dispatch, profit and loss. Every figure is that of
the function that other commands take it from: position, margin, `dispatch status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ticketops.domain.dispatch import overdue
from ticketops.domain.money import margin
from ticketops.domain.money.margin import MarginLine, Unsold
from ticketops.domain.plan import MEDAL_HOURS_EARLIER, Plan, Run
from ticketops.domain.reporting import stock
from ticketops.domain.reporting.figures import Figures, figures_of
from ticketops.domain.reporting.position import doubtful, position
from ticketops.domain.reporting.stock import AllocationLine, InventoryLine, Progress
from ticketops.model import ids
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.schema.tables import Snapshot

CLIENT, SUPPLIER, STAFF, MATCH = DISPATCH_BY = ("client", "supplier", "staff", "match")


@dataclass(frozen=True, slots=True)
class Summary:
    """`report summary`: where the event stands, in tickets and in money."""

    as_of: datetime
    currency: str
    """That of the event; every amount names its own."""
    event: str | None
    state: str | None
    position: Figures
    dispatch_rate_pct: float | None
    """How many of the sold tickets were sent; None where none is sold."""
    totals: tuple[MarginLine, ...]
    """One line per currency."""
    by: str
    lines: tuple[MarginLine, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """`report inventory`: what was bought, and what of it is free."""

    as_of: datetime
    currency: str
    by: str
    lines: tuple[InventoryLine, ...]


@dataclass(frozen=True, slots=True)
class Allocation:
    """`report allocation`: how far tickets are, and what happened on which day."""

    as_of: datetime
    currency: str
    by: str
    lines: tuple[AllocationLine, ...]
    progress: tuple[Progress, ...]


@dataclass(frozen=True, slots=True)
class DispatchLine:
    """The tickets of one client (supplier, person, match): tickets = sent + pending."""

    key: str
    tickets: int
    sent: int
    """SENT, UPLOADED or ACCEPTED, as `report position` counts them."""
    pending: int
    accepted: int
    to_send: int
    """With a unit and an address, and not sent."""
    no_guest: int
    issues: int
    overdue: int
    sent_pct: float | None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """`report dispatch`: what was sent and what is pending."""

    as_of: datetime
    currency: str
    by: str
    total: DispatchLine
    lines: tuple[DispatchLine, ...]


@dataclass(frozen=True, slots=True)
class SellThrough:
    """How much of what was bought is sold, by category. sold_pct: of purchased; above 100 where more is
    sold than was bought."""

    category: str
    purchased: int
    sold: int
    sold_pct: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """What the sales of one day brought, and what the units that serve them cost. date: of the sale
    (2026-06-11); None for sales without one."""

    date: str | None
    currency: str
    revenue: float
    cost: float


@dataclass(frozen=True, slots=True)
class ProfitAndLoss:
    """`report pnl`: the lines of `margin` with their sums, sell-through, and revenue by day."""

    as_of: datetime
    currency: str
    by: str
    lines: tuple[MarginLine, ...]
    totals: tuple[MarginLine, ...]
    """One line per currency."""
    unsold: tuple[Unsold, ...]
    sell_through: tuple[SellThrough, ...]
    timeline: tuple[Day, ...]


def percent(part: float, whole: float) -> float | None:
    """How much of the whole a part is, in percent; None of nothing."""
    return round(part / whole * 100, 2) if whole else None


def plan_summary(snapshot: Snapshot, run: Run, by: str) -> Plan:
    """Revenue, cost and margin, sent and sold; revenue by one of `margin.BY`."""
    found = margin.reckon(snapshot, run, margin.key_of(by))
    lines = margin.lines_of(found.sums)
    report = position(snapshot)
    return Plan(
        result=Summary(
            run.now,
            run.currency,
            run.event.called if run.event else None,
            run.event.state or None if run.event else None,
            Figures(*figures_of(report)),
            percent(report.sent, report.sold),
            margin.totals(lines),
            by,
            lines,
        ),
        findings=found.findings,
    )


def plan_inventory(snapshot: Snapshot, run: Run, by: str) -> Plan:
    """Purchased, available and allocated units by one of `stock.BY`."""
    found = Inventory(run.now, run.currency, by, stock.inventory(snapshot, by))
    return Plan(result=found, findings=doubtful(snapshot))


def plan_allocation(snapshot: Snapshot, run: Run, by: str, since: datetime | None) -> Plan:
    """How far tickets are, by one of `stock.BY`; since: what happened from this day on."""
    days, undated = stock.progress(snapshot, by, since)
    lines = stock.allocation(position(snapshot), by)
    plan = Plan(
        result=Allocation(run.now, run.currency, by, lines, days), findings=doubtful(snapshot)
    )
    missing = (
        (undated.allocated, "allocated", "AllocatedAt"),
        (undated.dispatched, "sent", "DispatchedAt"),
        (undated.accepted, "accepted", "AcceptedAt"),
    )
    for count, what, column in missing:
        if count:
            text = f"{counted(count, f'{what} ticket')} without {column}: in the figures, but in no day of the progress"
            plan.findings.append(Finding("NO_DATE", Severity.INFO, text, DISTRIBUTION))
    return plan


def plan_dispatch(
    snapshot: Snapshot,
    run: Run,
    by: str,
    buffer_hours: float,
    medal_hours: float = MEDAL_HOURS_EARLIER,
) -> Plan:
    """What was sent and what is pending, by one of DISPATCH_BY: the figures of `dispatch status`."""
    found = overdue.overview(snapshot, run, buffer_hours, medal_hours=medal_hours)
    names: Mapping[str, Mapping[str, overdue.Figures]] = {
        CLIENT: found.clients,
        SUPPLIER: found.suppliers,
        STAFF: found.staff,
        MATCH: found.matches,
    }
    lines = tuple(dispatch_line(name, of) for name, of in names[by].items())
    return Plan(
        result=Dispatch(run.now, run.currency, by, dispatch_line("", found.total), lines),
        findings=overdue.findings(found),
    )


def dispatch_line(key: str, of: overdue.Figures) -> DispatchLine:
    """Figures of `dispatch status` as sent and pending."""
    sent = of.sent + of.accepted
    return DispatchLine(
        key,
        of.tickets,
        sent,
        of.tickets - sent,
        of.accepted,
        of.to_send,
        of.no_guest,
        of.issues,
        of.overdue,
        percent(sent, of.tickets),
    )


def plan_pnl(snapshot: Snapshot, run: Run, by: str, since: datetime | None) -> Plan:
    """Profit and loss by one of `margin.BY`. since: the timeline from this day on."""
    own = margin.key_of(by)
    found = margin.reckon(
        snapshot, run, lambda sale, vendor: (own(sale, vendor), sale.ref), nobody=("", "")
    )
    lines = margin.lines_of(margin.merged(found.sums, lambda key: key[0]))
    day_of = {
        ref: f"{day:%Y-%m-%d}" if day else None
        for ref, day in snapshot[SALES].frame.select("sales_id", "date").reverse().iter_rows()
    }
    days = margin.merged(found.sums, lambda key: day_of.get(key[1]))
    timeline = [
        Day(day, currency, float(of.revenue), float(of.cost))
        for (day, currency), of in sorted(
            days.items(), key=lambda one: (one[0][0] or "9999", one[0][1])
        )
        if (of.revenue or of.cost)
        and (since is None or (day is not None and day >= f"{since:%Y-%m-%d}"))
    ]
    return Plan(
        result=ProfitAndLoss(
            run.now,
            run.currency,
            by,
            lines,
            margin.totals(lines),
            margin.unsold_of(by, found.rest),
            sell_through(snapshot),
            tuple(timeline),
        ),
        findings=found.findings,
    )


def sell_through(snapshot: Snapshot) -> tuple[SellThrough, ...]:
    """How much of what was bought is sold, by category."""
    bought = {
        line.category or "": line.purchased for line in stock.inventory(snapshot, stock.CATEGORY)
    }
    sold = {
        line.category or "": line.tickets
        for line in stock.allocation(position(snapshot), stock.CATEGORY)
    }
    return tuple(
        SellThrough(
            name,
            bought.get(name, 0),
            sold.get(name, 0),
            percent(sold.get(name, 0), bought.get(name, 0)),
        )
        for name in sorted({*bought, *sold}, key=ids.natural_order)
    )
