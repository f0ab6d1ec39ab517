"""The cells of a ticket that its sale drives (§4 steps 4, 5): made, and refreshed while what
operators typed is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ticketops.domain.plan import Plan
from ticketops.domain.selling import reconciliation
from ticketops.domain.selling.orders import DRIVEN, Sale
from ticketops.model import ids, states
from ticketops.model.changes import AppendRows, ChangeSet, SetCells
from ticketops.schema.layouts.event import DISTRIBUTION


def driven(sale: Sale, child: int, first: int | None) -> tuple[Any, ...]:
    """The sale-driven cells of one ticket, in the order of DRIVEN. first: the lowest live ticket,
    where Sets stands (D6)."""
    return (
        ids.ticket_sales_id(sale.sales_id, child),
        states.SOLD_ROW,
        sale.date,
        sale.match,
        sale.game,
        sale.client,
        sale.category,
        sale.quantity if child == first else 0,
        1,
        sale.row,
        child,
        sale.source_sale_id,
        ids.sales_line_key(sale.source_sale_id, child),
        sale.sub_game,
    )


def refresh(row: Mapping[str, Any], sale: Sale, child: int, first: int | None, plan: Plan) -> bool:
    """Sale-driven cells that differ are set; match and category of an allocated ticket are not, but
    reported."""
    cells = {
        name: (row[name], value)
        for name, value in zip(DRIVEN, driven(sale, child, first), strict=True)
    }
    if cells["row_type"][0] not in (None, states.SOLD_ROW):
        del cells["row_type"]  # it says something else: people are told
    if first is None:
        del cells["sets"]  # no ticket is left: its rows are a record
    if row["unit_ids"] or row["status"] == states.ALLOCATED:
        frozen = [name for name in ("match", "category") if cells[name][0] != cells[name][1]]
        if cells["sub_game"][0] and cells["sub_game"][0] != cells["sub_game"][1]:
            frozen.append("sub_game")
        for name in (*frozen, "game") if "match" in frozen else frozen:
            del cells[name]
        if frozen:
            plan.findings.append(reconciliation.sale_changed(row, sale))
    if sale.sub_game is None:
        cells.pop("sub_game", None)  # nor does a blank empty it
    if sale.game is None:
        cells.pop("game", None)  # a blank never overwrites (D21)
    before = len(plan.changes.changes)
    plan.changes.set(DISTRIBUTION, row["row"], ids.ticket_sales_id(sale.sales_id, child), cells)
    return len(plan.changes.changes) > before


def touched(changes: ChangeSet) -> set[int]:
    """The Distribution rows that the changes create or edit."""
    rows: set[int] = set()
    for change in changes.for_sheet(DISTRIBUTION):
        if isinstance(change, SetCells):
            rows.add(change.row)
        elif isinstance(change, AppendRows):
            rows.update(range(change.first_row, change.first_row + len(change.rows)))
    return rows
