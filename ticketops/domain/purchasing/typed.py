"""Purchases that were typed into the sheet get what `purchase add` gives (§3)."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.domain.intake import typed
from ticketops.domain.masterdata import parties, typed_contracts
from ticketops.domain.masterdata.typed_contracts import TypedLine
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.lots import Purchase
from ticketops.model import ids
from ticketops.schema.layouts.event import PURCHASES
from ticketops.schema.tables import Snapshot


def take_contracts(plan: Plan, snapshot: Snapshot, purchases: Sequence[Purchase], run: Run) -> None:
    """The contracts of purchases that have neither PurchaseID nor units yet, which their units copy."""
    fresh = {
        one.row: one
        for one in purchases
        if one.purchase_id and not (one.had_id or one.units or one.disputed)
    }
    if not fresh:
        return
    dates = dict(snapshot[PURCHASES].frame.select("row", "date").iter_rows())
    lines = [
        TypedLine(row, one.purchase_id, one.copied.vendor, dates[row]) for row, one in fresh.items()
    ]
    for row, contract in typed_contracts.fill(plan, snapshot, PURCHASES, lines, run).items():
        fresh[row].copied = fresh[row].copied._replace(contract=contract)


def complete(plan: Plan, snapshot: Snapshot, purchases: Sequence[Purchase], run: Run) -> None:
    """What else it gives, for purchases that have their PurchaseID only now; Totals that follow their
    quantity."""
    keys = {purchase.row: purchase.purchase_id for purchase in purchases}
    rows = [purchase.row for purchase in purchases if purchase.purchase_id and not purchase.had_id]
    given = {"purchase_order_id": lambda: ids.purchase_order_id(run.new_uuid())}
    typed.complete(plan, snapshot, PURCHASES, {row: keys[row] for row in rows}, given, run)
    parties.typed(plan, snapshot, PURCHASES, rows, run)
    before = {purchase.row: len(purchase.units) for purchase in purchases}
    typed.totals(plan, snapshot, PURCHASES, before, keys, rows)
