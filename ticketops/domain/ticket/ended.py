"""Tickets that stand in Distribution although somebody typed into Sales that their sale has ended."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import polars as pl

from ticketops.domain.ticket.identity import is_sold, sale_of_each
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.schema.tables import Snapshot

SALE_ENDED = "SALE_ENDED"


class Left(NamedTuple):
    """A ticket of a sale that has ended. row: of Distribution; status: of the sale."""

    row: int
    sale: str
    status: str

    @property
    def why(self) -> str:
        """In words, with the command that settles it."""
        return (
            f"{self.sale} is {self.status} in Sales; `sale cancel {self.sale}` cancels its tickets"
        )


def left_of_ended(snapshot: Snapshot) -> list[Left]:
    """In the order of Distribution; none where Sales was not read."""
    if SALES not in snapshot:
        return []
    ends = pl.col("status").is_in((states.CANCELLED, states.REJECTED))
    sales = snapshot[SALES].frame.filter(ends, pl.col("sales_id").is_not_null())
    if sales.is_empty():
        return []
    ended: dict[str, str] = dict(sales.select("sales_id", "status").iter_rows())
    sale = sale_of_each(pl.col("sales_id"))
    live = snapshot[DISTRIBUTION].frame.filter(
        is_sold(), pl.col("status").ne_missing(states.CANCELLED), sale.is_in(list(ended))
    )
    return [
        Left(row, of, ended[of]) for row, of in live.select("row", sale.alias("of")).iter_rows()
    ]


def ended_sales(snapshot: Snapshot) -> list[Finding]:
    """One finding for each sale that has ended but has tickets."""
    left = left_of_ended(snapshot)
    many = Counter(one.sale for one in left)
    first = {one.sale: one for one in reversed(left)}
    return [
        Finding(
            SALE_ENDED,
            Severity.HIGH,
            f"{first[sale].why}: {counted(number, 'ticket')} in Distribution",
            DISTRIBUTION,
            first[sale].row,
            sale,
        )
        for sale, number in many.items()
    ]
