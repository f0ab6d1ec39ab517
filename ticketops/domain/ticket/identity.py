"""Which ticket of which sale a row of Distribution is. Its keys say: SalesLineKey, else
SourceSaleID with SalesChild, else SalesID (§4)."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import polars as pl

from ticketops.model import ids, states
from ticketops.model.ids import SalesId


class Row(Protocol):
    """A row of Distribution by column name: a dict, or a Record."""

    def __getitem__(self, name: str, /) -> Any: ...


class TicketIdentity(NamedTuple):
    """source: the SourceSaleID, empty where no key says it. named: what its SalesID says, None
    where that is none. child: its number in the sale; 0 where nothing says it."""

    source: str
    named: SalesId | None
    child: int

    @property
    def sale(self) -> str:
        """The SalesID of its sale, as its own SalesID says; empty where that is none."""
        return self.named.parent if self.named else ""


def identity_of(row: Row) -> TicketIdentity:
    """From the columns line_key, source_sale_id, child and sales_id."""
    named = ids.exact_sales_id(row["sales_id"])
    key = ids.read_sales_line_key(row["line_key"])
    if key:
        return TicketIdentity(key.source_sale_id, named, key.child)
    child = row["child"] or (named and named.child) or 0
    return TicketIdentity(row["source_sale_id"] or "", named, child)


def is_ticket(row: Row) -> bool:
    """Whether a row of Distribution is a ticket of a sale that something may be done with: its
    SalesID names one, and it does not say that it is a purchase (`is_sold` counts it anyway:
    `unknown` says what contradicts what)."""
    named = ids.exact_sales_id(row["sales_id"])
    other = row["row_type"] == states.PURCHASE_ROW
    return not other and named is not None and named.child is not None


def names_ticket() -> pl.Expr:
    """Whether the ID or the SalesLineKey of each row of Distribution is that of a ticket."""
    named = pl.col("sales_id").str.contains(r"^S[0-9]+-[0-9]+$")
    keyed = pl.col("line_key").str.contains(ids.SALES_LINE_KEY)
    return named.fill_null(False) | keyed.fill_null(False)


def is_sold() -> pl.Expr:
    """Whether each row of Distribution is a sold ticket: one for whoever counts or looks for them.

    What its keys say counts: in a row that is a ticket by them, Purchases/Sales may be blank, not
    understood, or wrong (`unknown` says so). Of rows without keys those marked Sales are sold.
    """
    marked = pl.col("row_type")
    other = marked.ne_missing(states.PURCHASE_ROW) & pl.col("sales_id").is_not_null()
    bare = marked.eq_missing(states.SOLD_ROW) & pl.col("match").is_not_null()
    return names_ticket() | other | bare


def sale_of(sales_id: str | None) -> str:
    """S147-3 → S147; empty for a blank. What is no SalesID stays, up to its first dash."""
    return (sales_id or "").partition("-")[0]


def is_or_is_of(sales_id: str | None, wanted: str) -> bool:
    """Whether a SalesID is the one that is asked for, or that of a ticket of it: S3-1 is of S3."""
    return bool(sales_id) and (sales_id == wanted or str(sales_id).startswith(f"{wanted}-"))


def is_of_sale(sales_ids: pl.Expr, sale: str) -> pl.Expr:
    """Whether each SalesID is that of a ticket of this sale."""
    return sales_ids.str.starts_with(f"{sale}-")


def sale_of_each(sales_ids: pl.Expr) -> pl.Expr:
    """The SalesID of the sale of each; null for what is no SalesID."""
    return sales_ids.str.extract(r"^(S[0-9]+)")
