"""The sale lines of a workbook, as every job on sales reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import polars as pl
from msgspec import Struct

from ticketops.domain.audit.unknown import unread
from ticketops.domain.catalogue.matches import texts
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.quantity import MAX_QUANTITY, is_quantity
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, REFUNDS, SALES, SCHEDULE, UNITS
from ticketops.schema.tables import Snapshot

SALE_COLUMNS = (
    "date",
    "match",
    "game",
    "client",
    "contract",
    "category",
    "number",
    "price",
    "total",
    "status",
    "run_id",
    "sales_id",
    "notes",
    "source_sale_id",
    "order_id",
    "currency",
    "client_po",
    "payment_status",
    "instructions",
    "user",
    "created_at",
    "oversell",
    "total_computed",
    "operator",
    "sub_game",
)

DRIVEN = (
    "sales_id",
    "row_type",
    "date",
    "match",
    "game",
    "company",
    "category",
    "sets",
    "qty",
    "src_row",
    "child",
    "source_sale_id",
    "line_key",
    "sub_game",
)
"""The columns of a Distribution row that follow the sale; every other column belongs to the
operators."""


class Sale(Struct, frozen=True):
    """A row of Sales that asks for tickets."""

    row: int
    sales_id: str
    source_sale_id: str
    quantity: int
    date: datetime | None
    match: str
    game: str | None
    client: str | None
    category: str
    status: str | None = None
    contract: str | None = None
    price: float | None = None
    order_id: str | None = None
    unsure: bool = False
    """Whether its date, client, contract or price is something nobody can read: it equals no other
    sale."""
    named: str | None = None
    """The sub-game that its cell names."""
    sub_game: str | None = None
    """The sub-game that it is of: that one, or the only one of its match."""
    occasion: str = ""
    """Its match, or the sub-game of it (D31)."""

    @property
    def ended(self) -> bool:
        """Whether it was cancelled or rejected: it keeps its rows, and gets no new ones."""
        return self.status in (states.CANCELLED, states.REJECTED)


def sales_of(snapshot: Snapshot, *, judged: bool = False) -> tuple[list[Sale], list[Finding]]:
    """The sale lines that ask for tickets, and findings for rows that can't be read. Blank IDs stay
    blank; Game is that of the schedule, where it was read and has one (D21). judged: the caller
    knows what the rows it wants say."""
    wrong = {} if judged else unread(snapshot, SALES)
    table = snapshot[SALES]
    bad = {m.row for m in table.misfits if m.column == "number"}
    unsure = {m.row for m in table.misfits if m.column in ("date", "client", "contract", "price")}
    games = texts(snapshot) if SCHEDULE in snapshot else {}
    found, findings = [], []
    columns = (
        "row",
        "sales_id",
        "source_sale_id",
        "number",
        "date",
        "match",
        "game",
        "client",
        "category",
        "status",
        "contract",
        "price",
        "order_id",
        "sub_game",
    )
    sub_games = SubGames.of(snapshot)
    for (
        row,
        sales_id,
        source,
        number,
        date,
        match,
        game,
        client,
        category,
        status,
        contract,
        price,
        order_id,
        named,
    ) in table.frame.select(columns).iter_rows():
        if row in wrong:
            findings.append(wrong[row].finding())
            continue
        if not match or not category:
            if number or row in bad:
                findings.append(
                    Finding(
                        "INCOMPLETE_SALE",
                        Severity.MEDIUM,
                        "a sale without match or category has no tickets",
                        SALES,
                        row,
                        sales_id or "",
                    )
                )
            continue
        if row in bad or not is_quantity(number):
            findings.append(
                Finding(
                    "BAD_QUANTITY",
                    Severity.MEDIUM,
                    f"the Number of this sale must be a whole number from 0 to {MAX_QUANTITY:,}",
                    SALES,
                    row,
                    sales_id or "",
                    match=match,
                )
            )
            continue
        code = ids.normalise_match(match)
        text = games.get(code, game)
        sub_game = sub_games.only(code) or named
        found.append(
            Sale(
                row,
                sales_id or "",
                source or "",
                number,
                date,
                code,
                text,
                client,
                category,
                status,
                contract,
                price,
                order_id,
                row in unsure,
                named,
                sub_game,
                sub_games.occasion(code, sub_game),
            )
        )
    return found, findings


def keys_unread(snapshot: Snapshot, findings: Iterable[Finding]) -> frozenset[str]:
    """The SalesIDs and SourceSaleIDs of the rows of which `sales_of` found that they can't be read:
    their tickets stay as they are (D17)."""
    rows = [finding.row for finding in findings]
    if not rows:
        return frozenset()
    frame = snapshot[SALES].frame.filter(pl.col("row").is_in(rows))
    return frozenset(
        key for name in ("sales_id", "source_sale_id") for key in frame[name].drop_nulls()
    )


_TELLING = (
    (SALES, "sales_id"),
    (DISTRIBUTION, "sales_id"),
    (UNITS, "sales_id"),
    (REFUNDS, "sales_id"),
    (ALLOC_LOG, "sale_id"),
)


def next_sales_number(snapshot: Snapshot) -> int:
    """Above every SalesID of Sales and, so that a number is never given twice, of Distribution and
    of what tells of a sale whose rows somebody deleted: its units, refunds and log."""
    known: list[str | None] = []
    for name, column in _TELLING:
        if name in snapshot:
            known += snapshot[name].frame[column].unique().to_list()
    return ids.next_number(ids.SALES_ID, known)
