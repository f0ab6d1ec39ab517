"""Sales of which some tickets wait for approval and others do not: PARTIAL_PENDING (§14a). No cell
holds it; it follows from the status of the lines of an order and from their tickets."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ticketops.domain.allocation.targets import terms_of
from ticketops.domain.ticket.line import is_live
from ticketops.model import ids, states
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class PartialPending:
    """An order (or a line in none) that is PARTIAL_PENDING: its lines, and how many of its tickets
    wait for approval."""

    sales_ids: list[str]
    waiting: int
    tickets: int


def waiting_lines(snapshot: Snapshot) -> tuple[list[str], list[str]]:
    """SalesIDs of lines that wait as a whole, and of all that wait, those too that only what they
    grew by waits of."""
    frame = snapshot[SALES].frame.filter(pl.col("sales_id").is_not_null())
    whole = pl.col("status") == states.PENDING_APPROVAL
    served = (states.PARTIAL_ALLOCATED, states.ALLOCATED, states.FULFILLED)
    grown = pl.col("oversell") & pl.col("status").is_in(served)
    return (
        frame.filter(whole)["sales_id"].to_list(),
        frame.filter(whole.fill_null(False) | grown.fill_null(False))["sales_id"].to_list(),
    )


def partial_pending(snapshot: Snapshot) -> list[PartialPending]:
    """Every sale that is PARTIAL_PENDING, in the order of Sales."""
    _whole, waiting_ids = waiting_lines(snapshot)
    if not waiting_ids:
        return []
    frame = snapshot[SALES].frame
    flagged = pl.col("sales_id").is_in(waiting_ids)
    orders = frame.filter(flagged)["order_id"].drop_nulls().unique().to_list()
    lines = frame.filter(
        (pl.col("order_id").is_in(orders) | flagged).fill_null(False),
        pl.col("sales_id").is_not_null(),
        ~pl.col("status").is_in([states.CANCELLED, states.REJECTED]).fill_null(False),
    )
    groups: dict[str, list[str]] = {}
    for sales_id, order_id in lines.select("sales_id", "order_id").iter_rows():
        groups.setdefault(order_id or sales_id, []).append(sales_id)
    counts = _counts(snapshot, lines["sales_id"].to_list())
    found = []
    for sales in groups.values():
        waiting = sum(counts.get(sale, (0, 0))[0] for sale in sales)
        tickets = sum(counts.get(sale, (0, 0))[1] for sale in sales)
        if 0 < waiting < tickets:
            found.append(PartialPending(sales, waiting, tickets))
    return found


def _counts(snapshot: Snapshot, sales: list[str]) -> dict[str, tuple[int, int]]:
    """{SalesID: (tickets that wait for approval, live tickets)}."""
    terms = terms_of(snapshot, sales)
    found: dict[str, tuple[int, int]] = {}
    columns = ("sales_id", "status", "unit_ids")
    for ticket in snapshot[DISTRIBUTION].frame.select(columns).iter_rows(named=True):
        own = ids.SALES_ID.fullmatch(ticket["sales_id"] or "")
        sale = f"S{own[1]}" if own and own[2] else ""
        if sale in terms and is_live(ticket):
            waiting, live = found.get(sale, (0, 0))
            waits = terms[sale].unapproved and not ticket["unit_ids"]
            found[sale] = waiting + waits, live + 1
    return found
