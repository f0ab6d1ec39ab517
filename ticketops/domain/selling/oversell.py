"""The oversell check of sale lines in the sheet (§4): of rows that were typed, that grew, and whose
tickets are of another match or category now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ticketops.domain.allocation.targets import Terms, effective_category, is_pending
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.plan import Plan, Run
from ticketops.domain.selling.availability import oversold
from ticketops.domain.selling.orders import Sale
from ticketops.domain.ticket.line import status_of
from ticketops.model import ids, states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import SALES
from ticketops.schema.tables import Snapshot

Stock = tuple[str, str]
"""An occasion and the category that tickets are served from."""


@dataclass(frozen=True, slots=True)
class Oversold:
    """A line that asks for more tickets (`qty`) than are available (`available`)."""

    sales_id: str
    match: str
    category: str
    qty: int
    available: int
    short: int


@dataclass(frozen=True, slots=True)
class Growth:
    """A sale line in an expansion: the tickets it had and those it gets. asked: the Number that it
    was expanded with, as Sets has it; typed: whether it has its SalesID or SourceSaleID only now;
    served: whether a ticket of it is allocated; moved: {Distribution row of a ticket without a
    unit: the other stock that it is of now}; tickets: those it had, as they stand."""

    sale: Sale
    had: int
    asked: int
    gets: int
    typed: bool
    served: bool
    moved: Mapping[int, Stock]
    tickets: Sequence[Mapping[str, Any]]

    @property
    def is_new(self) -> bool:
        """Whether it asks for what was not looked at before."""
        return not self.sale.ended and bool(self.typed or (self.had and self.gets) or self.moved)

    @property
    def wants(self) -> Counter[Stock]:
        """{stock: tickets} of what was not looked at before."""
        wanted = Counter(self.moved.values())
        wanted[self.sale.occasion, self.sale.category] += self.gets
        return Counter({stock: number for stock, number in wanted.items() if number})

    @property
    def moves_whole(self) -> bool:
        """Whether every ticket that has no unit is of other stock now."""
        waiting = {ticket["row"] for ticket in self.tickets if is_pending(dict(ticket))}
        return bool(waiting) and waiting <= set(self.moved)


def moved_by(
    sale: Sale, live: Iterable[Mapping[str, Any]], sub_games: SubGames
) -> dict[int, Stock]:
    """{Distribution row: the stock it is of by its sale} of tickets without a unit that say another
    match, sub-game or category: the expansion makes them say what the sale says."""
    found: dict[int, Stock] = {}
    for ticket in live:
        row = dict(ticket)
        match = ids.normalise_match(row["match"]) if row["match"] else ""
        was = sub_games.occasion(match, row["sub_game"]), effective_category(row)
        now = sale.occasion, effective_category(row | {"category": sale.category})
        if is_pending(row) and was != now:
            found[row["row"]] = now
    return found


def oversell_finding(
    one: Oversold, what: str, severity: Severity, row: int | None = None
) -> Finding:
    """That a line asks for more than there is, and what follows."""
    message = f"{one.sales_id}: {counted(one.qty, 'ticket')} of {one.match} {one.category}, but {one.available} available: oversold by {one.short}, {what}"
    return Finding(
        "OVERSELL",
        severity,
        message,
        SALES,
        row,
        one.sales_id,
        match=one.match,
        category=one.category,
    )


def no_longer_waits(sales_id: str, row: int) -> Finding:
    """That a line that waited for approval can have what it asks for."""
    message = f"{sales_id} asks for no more than is available now: it no longer waits for approval"
    return Finding("OVERSELL_RESOLVED", Severity.INFO, message, SALES, row, sales_id)


def check_stock(plan: Plan, snapshot: Snapshot, growth: Iterable[Growth], run: Run) -> None:
    """The oversell check of `sale add` for lines that were typed, grew, or moved to other stock.
    Only what they ask beyond, or of that stock, counts; what moved away is free for the others. Of
    a line that is served already only the tickets without a unit wait: OversellFlag says so, its
    Status is that of its tickets. One that waited, and moved to where there is enough, waits no
    longer."""
    lines = [one for one in growth if one.is_new]
    if not lines:
        return
    demands = [
        (one, match, category, number)
        for one in lines
        for (match, category), number in one.wants.items()
    ]
    shortages = oversold(
        snapshot,
        [(match, category, n, one.sale.client or "") for one, match, category, n in demands],
        run.now,
        leaving={row for one in lines for row in one.moved},
    )
    short: dict[int, list[Oversold]] = {}
    for (one, match, category, number), found in zip(demands, shortages, strict=True):
        if found:
            short.setdefault(one.sale.row, []).append(
                Oversold(one.sale.sales_id, match, category, number, found.available, found.short)
            )
    columns = (
        snapshot[SALES]
        .frame.filter(pl.col("row").is_in([one.sale.row for one in lines]))
        .select("row", "status", "oversell")
        .iter_rows()
    )
    said = {row: (status, flag) for row, status, flag in columns}
    for one in lines:
        _mark(plan, one, short.get(one.sale.row, ()), *said[one.sale.row])


def _mark(
    plan: Plan, one: Growth, short: Sequence[Oversold], status: str | None, flag: bool | None
) -> None:
    """Status and OversellFlag of one line after the check."""
    row, sales_id = one.sale.row, one.sale.sales_id
    if one.gets and one.had and status in (states.ALLOCATED, states.FULFILLED):
        cells = {"status": (status, states.PARTIAL_ALLOCATED)}
        plan.changes.set(SALES, row, sales_id, cells)
    if not short:
        if status is None and one.typed:
            plan.changes.set(SALES, row, sales_id, {"status": (None, states.UNALLOCATED)})
        elif one.moves_whole and Terms(status=status, oversell=flag).unapproved:
            freed = {"status": (status, status_of(one.tickets)), "oversell": (flag, None)}
            plan.changes.set(SALES, row, sales_id, freed)
            plan.findings.append(no_longer_waits(sales_id, row))
        return
    what = "waits for approval"
    if one.served or status not in (None, states.UNALLOCATED, states.PENDING_APPROVAL):
        plan.changes.set(SALES, row, sales_id, {"oversell": (flag, True)})
        what = f"its tickets without a unit wait for approval ({states.PARTIAL_PENDING})"
    else:
        flagged = {"status": (status, states.PENDING_APPROVAL), "oversell": (flag, True)}
        plan.changes.set(SALES, row, sales_id, flagged)
    plan.findings += [oversell_finding(each, what, Severity.INFO, row) for each in short]
