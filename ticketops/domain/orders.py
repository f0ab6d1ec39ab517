"""The sale lines of a workbook, as every job on sales reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.quantity import MAX_QUANTITY, is_quantity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, SALES


@dataclass(frozen=True, slots=True)
class Sale:
    """A row of Sales that asks for tickets."""

    row: int
    sales_id: str
    source_sale_id: str
    quantity: int
    date: datetime | None
    match: str
    game: str | None
    client: str | None
    contract: str | None
    category: str
    ended: bool = False
    """Whether it was cancelled or rejected: it keeps its rows, and gets no new ones."""


def sales_of(snapshot: Snapshot) -> tuple[list[Sale], list[Finding]]:
    """The sale lines that ask for tickets, and findings for rows that can't be read. Blank IDs stay blank."""
    table = snapshot[SALES]
    bad = {m.row for m in table.misfits if m.column == "number"}
    found, findings = [], []
    columns = ("row", "sales_id", "source_sale_id", "number", "date", "match", "game", "client", "contract", "category", "status")
    for row, sales_id, source, number, date, match, game, client, contract, category, status in table.frame.select(columns).iter_rows():
        if not match or not category:
            if number:
                findings.append(
                    Finding(
                        "INCOMPLETE_SALE", Severity.MEDIUM, "a sale without match or category has no tickets", SALES, row, sales_id or ""
                    )
                )
            continue
        if row in bad or not is_quantity(number):
            findings.append(
                Finding(
                    "BAD_QUANTITY",
                    Severity.MEDIUM,
                    f"the Number of this sale is not a whole number from 0 to {MAX_QUANTITY:,}",
                    SALES,
                    row,
                    sales_id or "",
                    match=match,
                )
            )
            continue
        code, ended = ids.normalise_match(match), status in (states.CANCELLED, states.REJECTED)
        found.append(Sale(row, sales_id or "", source or "", number, date, code, game, client, contract, category, ended))
    return found, findings


def next_sales_number(snapshot: Snapshot) -> int:
    """Above every SalesID of Sales and, so that a number is never given twice, of Distribution."""
    known = list(snapshot[SALES].frame["sales_id"]) + list(snapshot[DISTRIBUTION].frame["sales_id"])
    return ids.next_number(ids.SALES_ID, known)
