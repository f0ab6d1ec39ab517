"""What is to be allocated: sale lines with their tickets (D6), and what Sales says about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from ticketops.domain.allocation.instructions import Wishes, read
from ticketops.domain.allocation.scoring import Sold
from ticketops.errors import NotFoundError
from ticketops.model import ids, states
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, SALES

TICKET = ("row", "sales_id", "row_type", "date", "match", "game", "company", "category", "alloc_from", "status", "unit_ids", "unit_count",
          "notes", "process_now", "vendor", "email", "password", "contract", "tix", "acc_tix", "run_id", "child", "block",
          "seat_row", "seat", "delivery", "dispatch_notes")  # fmt: skip
"""The columns of a ticket that allocation reads or writes."""


SEAT = ("block", "seat_row", "seat")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row of Sales says about its tickets; `row` is None where Sales has no such sale."""

    row: int | None = None
    status: str | None = None
    price: float | None = None
    currency: str | None = None
    client: str | None = None
    number: int | None = None
    total: float | None = None
    payment_status: str | None = None
    oversell: bool | None = None
    instructions: str | None = None
    notes: str | None = None

    @property
    def wishes(self) -> Wishes:
        """The special instructions as constraints."""
        return read(self.instructions, self.notes)


NO_TERMS = Terms()


@dataclass(slots=True)
class Target:
    """A sale line with its tickets; `pending` are those that have no unit yet, in SalesChild order.

    category: the one that serves it: AllocFromCategory of the pending tickets, else their Category (§5a step 2).
    """

    sales_id: str
    match: str
    category: str
    tickets: list[dict[str, Any]] = field(default_factory=list)
    terms: Terms = NO_TERMS
    limit: int | None = None
    """The most tickets to serve now, where that is fewer than are pending."""

    @property
    def pending(self) -> list[dict[str, Any]]:
        return [ticket for ticket in self.tickets if is_pending(ticket) and effective_category(ticket) == self.category]

    @property
    def sold_category(self) -> str:
        return self.tickets[0]["category"] or ""

    @property
    def client(self) -> str | None:
        return self.tickets[0]["company"] or self.terms.client

    @property
    def sold(self) -> Sold:
        quantity = len(self.pending) if self.limit is None else min(self.limit, len(self.pending))
        return Sold(self.sold_category, quantity, self.terms.price, self.terms.currency)

    @property
    def waiting(self) -> bool:
        return any(ticket["status"] == states.WAITING_STOCK for ticket in self.pending)

    @property
    def age(self) -> tuple[datetime, ids.SalesId]:
        """Sorts the oldest sale first."""
        return self.tickets[0]["date"] or datetime.max, ids.parse_sales_id(self.sales_id)


def is_pending(ticket: dict[str, Any]) -> bool:
    """Whether a ticket wants a unit."""
    return not ticket["unit_ids"] and ticket["status"] not in (states.ALLOCATED, states.CANCELLED)


def effective_category(ticket: dict[str, Any]) -> str:
    """The category a ticket is served from."""
    return ticket["alloc_from"] or ticket["category"] or ""


def targets_of(snapshot: Snapshot, only: str = "") -> list[Target]:
    """Every sale line of Distribution with its tickets, in sheet order; `only` the one with this SalesID, if given.

    Where the pending tickets of a line are to be served from several categories, each of these is a target.
    """
    frame = snapshot[DISTRIBUTION].frame
    if only:
        frame = frame.filter(pl.col("sales_id").str.starts_with(f"{only}-"))
    sales: dict[str, list[dict[str, Any]]] = {}
    for ticket in frame.select(TICKET).iter_rows(named=True):
        own = ids.SALES_ID.fullmatch(ticket["sales_id"] or "")
        if own and own[2] and ticket["row_type"] != "Purchases" and ticket["match"]:
            sales.setdefault(f"S{own[1]}", []).append(ticket | {"child": ticket["child"] or int(own[2])})
    terms = terms_of(snapshot, sales)
    found = []
    for sales_id, tickets in sales.items():
        tickets.sort(key=lambda ticket: (ticket["child"], ticket["row"]))
        categories = dict.fromkeys(effective_category(t) for t in tickets if is_pending(t)) or {effective_category(tickets[0]): None}
        match = ids.normalise_match(tickets[0]["match"])
        found += [Target(sales_id, match, category, tickets, terms.get(sales_id, NO_TERMS)) for category in categories]
    return found


def terms_of(snapshot: Snapshot, sales_ids: Iterable[str]) -> dict[str, Terms]:
    """{SalesID: what Sales says}; of two rows with one SalesID the first."""
    columns = tuple(name for name in Terms.__dataclass_fields__)
    found: dict[str, Terms] = {}
    wanted = list(sales_ids)
    frame = snapshot[SALES].frame
    if len(wanted) < frame.height // 4:
        frame = frame.filter(pl.col("sales_id").is_in(wanted))
    for sales_id, *facts in frame.select("sales_id", *columns).iter_rows():
        if sales_id and sales_id not in found:
            found[sales_id] = Terms(*facts)
    return found


def find_target(snapshot: Snapshot, text: str) -> Target:
    """The target that `text` names: a SalesID or that of its first ticket. Raises NotFoundError."""
    try:
        wanted = ids.parse_sales_id(text)
    except ValueError as error:
        raise NotFoundError(str(error)) from None
    found = next(iter(targets_of(snapshot, wanted.parent)), None)
    if found is None:
        raise NotFoundError(f"Distribution has no sale {wanted.parent}", "sale expand makes the rows of a sale that stands in Sales only")
    if wanted.child is not None and wanted.child != found.tickets[0]["child"]:
        raise NotFoundError(
            f"{text} is not the first ticket of {wanted.parent}",
            f"name the sale ({wanted.parent}) or {wanted.parent}-{found.tickets[0]['child']}",
        )
    return found
