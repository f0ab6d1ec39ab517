"""What is to be allocated: sale lines with their tickets (D6), and what Sales says about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import polars as pl
from msgspec import Struct, field

from ticketops.domain.allocation.instructions import Wishes, read
from ticketops.domain.allocation.scoring import Sold
from ticketops.domain.allocation.trust import Doubts
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.ticket.identity import is_of_sale, is_ticket
from ticketops.domain.ticket.line import counts_of, is_live, shown_status
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, states
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.schema.tables import Snapshot

TICKET = (
    "row",
    "sales_id",
    "row_type",
    "date",
    "match",
    "sub_game",
    "game",
    "company",
    "inv_no",
    "category",
    "sets",
    "alloc_from",
    "status",
    "unit_ids",
    "unit_count",
    "notes",
    "process_now",
    "vendor",
    "email",
    "password",
    "contract",
    "tix",
    "acc_tix",
    "run_id",
    "child",
    "block",
    "seat_row",
    "seat",
    "delivery",
    "dispatch_notes",
)
"""The columns of a ticket that allocation reads or writes."""


WAITS = "waits for approval: it asks for more than was available"
DECIDES = "sale approve, sale reject or sale upgrade decides"


class Terms(Struct, frozen=True):
    """What a row of Sales says about its tickets; `row` is None where Sales has no such sale."""

    row: int | None = None
    status: str | None = None
    price: float | None = None
    currency: str | None = None
    client: str | None = None
    number: int | None = None
    total: float | None = None
    total_computed: float | None = None
    payment_status: str | None = None
    oversell: bool | None = None
    instructions: str | None = None
    notes: str | None = None
    operator: str | None = None
    contract: str | None = None

    @property
    def wishes(self) -> Wishes:
        """The special instructions as constraints."""
        return read(self.instructions, self.notes)

    @property
    def unapproved(self) -> bool:
        """Whether tickets without a unit wait for approval (§14a): of the whole line, or, where the
        flag of a line that is served says so, those that it grew by."""
        served = self.status in (states.PARTIAL_ALLOCATED, states.ALLOCATED, states.FULFILLED)
        return self.status == states.PENDING_APPROVAL or (served and bool(self.oversell))


NO_TERMS = Terms()


class Target(Struct):
    """A sale line with its tickets; `pending` are those that have no unit yet, in SalesChild order.

    category: the one that serves it: AllocFromCategory of the pending tickets, else their Category
    (§5a step 2). occasion: its match, or the sub-game of it (D31).
    """

    sales_id: str
    match: str
    category: str
    tickets: list[dict[str, Any]] = field(default_factory=list)
    terms: Terms = NO_TERMS
    occasion: str = ""

    def __post_init__(self) -> None:
        self.occasion = self.occasion or self.match

    @property
    def pending(self) -> list[dict[str, Any]]:
        return [
            ticket
            for ticket in self.tickets
            if is_pending(ticket)
            and (ticket.get("occasion", self.occasion), effective_category(ticket))
            == (self.occasion, self.category)
        ]

    @property
    def sold_category(self) -> str:
        return self.tickets[0]["category"] or ""

    @property
    def client(self) -> str | None:
        return self.tickets[0]["company"] or self.terms.client

    @property
    def live(self) -> list[dict[str, Any]]:
        """Its tickets without those that were cancelled."""
        return [ticket for ticket in self.tickets if is_live(ticket)]

    @property
    def sold(self) -> Sold:
        return Sold(self.sold_category, len(self.pending), self.terms.price, self.terms.currency)

    @property
    def shown_status(self) -> str:
        """Its status as people read it."""
        counts = counts_of(self.tickets)
        return shown_status(self.terms.status, *counts, unapproved=self.terms.unapproved)

    @property
    def unapproved(self) -> int:
        """How many of its tickets wait for approval: those without a unit."""
        if not self.terms.unapproved:
            return 0
        return sum(not ticket["unit_ids"] for ticket in self.live)

    @property
    def waiting(self) -> bool:
        return any(ticket["status"] == states.WAITING_STOCK for ticket in self.pending)

    @property
    def age(self) -> tuple[datetime, ids.SalesId]:
        """Sorts the oldest sale first."""
        return self.tickets[0]["date"] or datetime.max, ids.parse_sales_id(self.sales_id)


def require_approved(target: Target) -> None:
    """Raises RuleError where the sale, or what it grew by, waits for approval: nobody allocates it
    until then (§14a)."""
    if target.terms.unapproved:
        raise RuleError(f"{target.sales_id} {WAITS}", f"as an ops_manager: {DECIDES}")


def is_pending(ticket: dict[str, Any]) -> bool:
    """Whether a ticket wants a unit. One that is kept out gets none, but whoever counts what is
    promised counts it."""
    return (
        not ticket["unit_ids"]
        and ticket["status"] not in (states.ALLOCATED, states.CANCELLED)
        and not ticket.get("kept_out")
    )


def wants_unit() -> pl.Expr:
    """The same of every row of Distribution, whether it is kept out or not."""
    served = pl.col("status").is_in([states.ALLOCATED, states.CANCELLED]).fill_null(False)
    return (pl.col("unit_ids").fill_null("") == "") & ~served


def effective_category(ticket: dict[str, Any]) -> str:
    """The category a ticket is served from."""
    return ticket["alloc_from"] or ticket["category"] or ""


def targets_of(snapshot: Snapshot, only: str = "", doubts: Doubts | None = None) -> list[Target]:
    """Every sale line of Distribution with its tickets, in sheet order; `only` the one with this
    SalesID, if given.

    Where the pending tickets of a line are to be served from several categories or sub-games, each
    of these is a target. A ticket that is kept out (`doubts`) says why in `kept_out` and is not pending.
    """
    frame = snapshot[DISTRIBUTION].frame
    kept_out = (doubts if doubts is not None else Doubts.of(snapshot)).tickets
    if only:
        frame = frame.filter(is_of_sale(pl.col("sales_id"), only))
    sub_games = SubGames.of(snapshot)
    sales: dict[str, list[dict[str, Any]]] = {}
    for ticket in frame.select(TICKET).iter_rows(named=True):
        own = ids.exact_sales_id(ticket["sales_id"])
        if own and is_ticket(ticket) and ticket["match"]:
            sales.setdefault(own.parent, []).append(
                ticket
                | {
                    "child": ticket["child"] or own.child,
                    "kept_out": kept_out.get(ticket["row"], ""),
                    "occasion": sub_games.occasion(
                        ids.normalise_match(ticket["match"]), ticket["sub_game"]
                    ),
                }
            )
    terms = terms_of(snapshot, sales)
    found = []
    for sales_id, tickets in sales.items():
        tickets.sort(key=lambda ticket: (ticket["child"], ticket["row"]))
        stocks = dict.fromkeys(map(_stock, filter(is_pending, tickets))) or {
            _stock(tickets[0]): None
        }
        match = ids.normalise_match(tickets[0]["match"])
        found += [
            Target(sales_id, match, category, tickets, terms.get(sales_id, NO_TERMS), occasion)
            for occasion, category in stocks
        ]
    return found


def _stock(ticket: dict[str, Any]) -> tuple[str, str]:
    """The occasion and category that a ticket is served from."""
    return ticket["occasion"], effective_category(ticket)


def terms_of(snapshot: Snapshot, sales_ids: Iterable[str]) -> dict[str, Terms]:
    """{SalesID: what Sales says}; of two rows with one SalesID the first."""
    columns = tuple(name for name in Terms.__struct_fields__)
    found: dict[str, Terms] = {}
    wanted = list(sales_ids)
    frame = snapshot[SALES].frame
    if len(wanted) < frame.height // 4:
        frame = frame.filter(pl.col("sales_id").is_in(wanted))
    for sales_id, *facts in frame.select("sales_id", *columns).iter_rows():
        if sales_id and sales_id not in found:
            found[sales_id] = Terms(*facts)
    return found


def find_target(snapshot: Snapshot, text: str, doubts: Doubts | None = None) -> Target:
    """What an allocation is asked for: a SalesID, or that of its first ticket (D6). Raises
    NotFoundError."""
    wanted = _parsed(text)
    found = _find_sale(snapshot, wanted.parent, doubts)
    first = (found.live or found.tickets)[0]["child"]
    if wanted.child is not None and wanted.child != first:
        raise NotFoundError(
            f"{text} is not the first ticket of {wanted.parent}",
            f"name the sale ({wanted.parent}) or {wanted.parent}-{first}",
        )
    return found


def find_line(snapshot: Snapshot, text: str, what: str) -> Target:
    """The sale line of a command that is about a line as a whole. what: says so, for one ticket.

    Raises NotFoundError; RuleError where one ticket is named.
    """
    wanted = _parsed(text)
    if wanted.child is not None:
        raise RuleError(
            f"{wanted} is one ticket: {what} applies to a whole sale line", f"name {wanted.parent}"
        )
    return _find_sale(snapshot, wanted.parent)


def find_tickets(
    snapshot: Snapshot, texts: Iterable[str]
) -> list[tuple[Target, list[dict[str, Any]]]]:
    """(sale line, the tickets of it that are meant), in the order they are first named: all where
    the line itself is named, else exactly the tickets named (D6).

    Raises NotFoundError; RuleError for a ticket that stands on two rows.
    """
    names: dict[str, dict[str, None]] = {}
    whole: set[str] = set()
    for wanted in map(_parsed, texts):
        named = names.setdefault(wanted.parent, {})
        if wanted.child is None:
            whole.add(wanted.parent)
        else:
            named[str(wanted)] = None
    found = []
    for sales_id, named in names.items():
        target = _find_sale(snapshot, sales_id)
        for name in named:
            rows = [ticket["row"] for ticket in target.tickets if ticket["sales_id"] == name]
            if not rows:
                raise NotFoundError(
                    f"{sales_id} has no ticket {name}",
                    f"it has {_listed(ticket['sales_id'] for ticket in target.tickets)}",
                )
            if len(rows) > 1:
                raise RuleError(
                    f"{name} is on rows {_listed(map(str, rows))} of Distribution",
                    "recon run shows which row is surplus",
                )
        if sales_id in whole:
            found.append((target, target.tickets))
        else:
            found.append((target, [t for t in target.tickets if t["sales_id"] in named]))
    return found


def _listed(names: Iterable[str]) -> str:
    """`S3-1, S3-2 and 4 more`."""
    every = list(names)
    return ", ".join(every[:5]) + (f" and {len(every) - 5:,} more" if len(every) > 5 else "")


def _parsed(text: str) -> ids.SalesId:
    try:
        return ids.parse_sales_id(text)
    except ValueError as error:
        raise NotFoundError(str(error)) from None


def _find_sale(snapshot: Snapshot, sales_id: str, doubts: Doubts | None = None) -> Target:
    found = next(iter(targets_of(snapshot, sales_id, doubts)), None)
    if found is None:
        raise NotFoundError(
            f"Distribution has no sale {sales_id}",
            "sale expand adds the rows of a sale that is only in Sales",
        )
    return found
