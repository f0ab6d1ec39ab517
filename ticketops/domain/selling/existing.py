"""The tickets that sales have in Distribution, found by their keys, and how many they lack (§4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ticketops.domain.selling.orders import DRIVEN, Sale, sales_of
from ticketops.domain.ticket.identity import identity_of, is_sold
from ticketops.domain.ticket.line import is_live
from ticketops.model import ids
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot


class Existing:
    """The Distribution rows of sales, found by SalesLineKey, else by SourceSaleID and child, else
    by ID."""

    def __init__(self, snapshot: Snapshot | None, sales: Sequence[Sale]) -> None:
        """sales: all that say which keys there are."""
        self._strange: dict[str, dict[int, dict[str, Any]]] = {}
        self._by_source: dict[str, dict[int, dict[str, Any]]] = {}
        self._by_number: dict[str, dict[int, dict[str, Any]]] = {}
        if snapshot is None:
            return
        columns = ("row", "status", "unit_ids", "alloc_from", "delivery", *DRIVEN)
        tickets = snapshot[DISTRIBUTION].frame.filter(is_sold()).select(columns)
        own = {sale.source_sale_id: sale.sales_id for sale in sales}

        def differs(source: str, named: ids.SalesId | None, child: int) -> bool:
            return named is not None and (named.parent, named.child) != (own.get(source), child)

        rows = [(row, *identity_of(row)) for row in tickets.iter_rows(named=True)]
        # a key that was copied over another stays with the row that has its ID, too
        rows.sort(key=lambda one: differs(*one[1:]))
        for row, source, named, child in rows:
            strange = bool(source) and source not in own
            if source and child:
                first = self._by_source.setdefault(source, {}).setdefault(child, row)
                strange = strange or (first is not row and differs(source, named, child))
            elif named and child:
                self._by_number.setdefault(named.parent, {}).setdefault(child, row)
            if strange and named and named.child is not None:
                self._strange.setdefault(named.parent, {}).setdefault(named.child, row)

    def under_another_key(self, sale: Sale) -> Mapping[int, dict[str, Any]]:
        """{child: row} of rows with the SalesID of this sale under a SourceSaleID that Sales does
        not hold, or under the key of another ticket: one of the two was changed."""
        known = self.of(sale)
        return {
            child: row
            for child, row in self._strange.get(sale.sales_id, {}).items()
            if child not in known and child <= sale.quantity
        }

    def of(self, sale: Sale) -> Mapping[int, dict[str, Any]]:
        """{child: row}."""
        return self._by_number.get(sale.sales_id, {}) | self._by_source.get(sale.source_sale_id, {})

    def lacking(self, sale: Sale) -> int:
        """How many tickets it asks for beyond those there are."""
        live = sum(is_live(row) for row in self.of(sale).values())
        asked = 0 if sale.ended else sale.quantity
        return max(0, asked - live - len(self.under_another_key(sale)))


def unexpanded(snapshot: Snapshot) -> int:
    """How many sale lines `sale expand` would give tickets that Distribution lacks."""
    sales, _findings = sales_of(snapshot)
    existing = Existing(snapshot, sales)
    return sum(existing.lacking(sale) > 0 for sale in sales)


def key_changed(row: Mapping[str, Any], sale: Sale) -> Finding:
    """That a row of Distribution has the ID of a ticket of this sale, but the key of another."""
    message = f"{row['sales_id']} has the key {row['line_key'] or row['source_sale_id']}, but {_should_be(row, sale)}: one of the two was changed; the row is left unchanged"
    return Finding(
        "KEY_CHANGED",
        Severity.HIGH,
        message,
        DISTRIBUTION,
        row["row"],
        row["sales_id"] or "",
        match=sale.match,
        category=sale.category,
    )


def _should_be(row: Mapping[str, Any], sale: Sale) -> str:
    """Which key the row would have by its ID."""
    source, named, child = identity_of(row)
    if named and named.child and (source, named.child) != (sale.source_sale_id, child):
        return f"that of its ID is {ids.sales_line_key(sale.source_sale_id, named.child)}"
    return f"its sale has {sale.source_sale_id}"
