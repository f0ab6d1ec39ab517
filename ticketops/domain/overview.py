"""One screen that says where the event stands, what waits, and what to do next."""

from __future__ import annotations

from typing import Any

import polars as pl

from ticketops.domain.audit import checks
from ticketops.domain.orders import sales_of
from ticketops.domain.position import FIGURES, position
from ticketops.model import ids, states
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, PURCHASES, SALES, UNITS


def overview(snapshot: Snapshot) -> dict[str, Any]:
    """`position` (the figures of D8), `waiting` (counts), `approvals` (SalesIDs), `audit` (issues by code), `actions` ([{command, why}])."""
    report = position(snapshot)
    audited, _findings = checks.audit(snapshot)
    tickets = snapshot[DISTRIBUTION].frame.filter(
        pl.col("row_type").fill_null("Sales") == "Sales", pl.col("sales_id").is_not_null(), pl.col("status").ne_missing(states.CANCELLED)
    )
    allocated = tickets.filter(pl.col("unit_ids").is_not_null())
    unsent = allocated.filter(~pl.col("delivery").is_in(sorted(states.DISPATCHED)).fill_null(False))
    approvals = snapshot[SALES].frame.filter(pl.col("status") == states.PENDING_APPROVAL)["sales_id"].drop_nulls().to_list()
    waiting = {
        "unexpanded_purchases": _unexpanded_purchases(snapshot),
        "unexpanded_sales": _unexpanded_sales(snapshot),
        "unallocated": tickets.filter(pl.col("unit_ids").is_null(), pl.col("status").is_null()).height,
        "pending_approval": len(approvals),
        "waiting_stock": tickets.filter(pl.col("status") == states.WAITING_STOCK).height,
        "guest_details_missing": unsent.filter(pl.any_horizontal(pl.col("first_name", "last_name", "client_email").is_null())).height,
        "ready_to_send": unsent.filter(pl.all_horizontal(pl.col("first_name", "last_name", "client_email").is_not_null())).height,
        "delivery_issues": tickets.filter(pl.col("delivery") == states.ISSUE).height,
    }  # fmt: skip
    return {
        "position": {name: report[name] for name in FIGURES},
        "waiting": waiting,
        "approvals": approvals,
        "audit": {"issues": audited["issues"], "by_code": audited["by_code"], "invariant_holds": audited["invariant_holds"]},
        "short": sorted((line for line in report["lines"] if line["true_shortage"]), key=lambda line: -line["true_shortage"])[:5],
        "actions": _actions(waiting, audited["issues"], report, approvals),
    }


def _actions(waiting: dict[str, int], issues: int, report: dict[str, Any], approvals: list[str]) -> list[dict[str, str]]:
    """What to do next, the most urgent first."""
    fillable = sum(min(line["available"], max(0, line["open"] - line["allocated_unsent"])) for line in report["lines"])
    candidates = (
        (issues, "audit run", f"{issues:,} audit findings; audit repair mends those that are certain"),
        (waiting["unexpanded_purchases"], "purchase expand", f"{waiting['unexpanded_purchases']:,} purchases without all their units"),
        (waiting["unexpanded_sales"], "sale expand", f"{waiting['unexpanded_sales']:,} sales without all their rows"),
        (
            waiting["pending_approval"],
            "sale approve",
            f"oversold: {', '.join(approvals[:5])}{' …' if len(approvals) > 5 else ''}; or sale reject, sale upgrade",
        ),
        (fillable, "allocate auto", f"{fillable:,} tickets can be served from stock"),
        (waiting["delivery_issues"], "dispatch status", f"{waiting['delivery_issues']:,} deliveries with an issue"),
        (
            waiting["guest_details_missing"],
            "client build --all",
            f"{waiting['guest_details_missing']:,} allocated tickets lack their guest",
        ),
        (waiting["ready_to_send"], "staff queue", f"{waiting['ready_to_send']:,} tickets can be sent"),
        (report["true_shortage"], "purchase add", f"{report['true_shortage']:,} tickets sold that there is no stock for"),
    )
    return [{"command": command, "why": why} for count, command, why in candidates if count]


def _unexpanded_purchases(snapshot: Snapshot) -> int:
    """Purchases whose units are fewer than their Number; matched as the expansion does, by PurchaseID, else by SetID."""
    units = snapshot[UNITS].frame.filter(pl.col("unit_id").is_not_null())
    by_id = dict(units.filter(pl.col("purchase_id").is_not_null()).group_by("purchase_id").len().iter_rows())
    by_row: dict[int, int] = {}
    for set_id, source_row in units.filter(pl.col("purchase_id").is_null()).select("set_id", "source_row").iter_rows():
        index = ids.set_source_row(set_id) or source_row or 0
        by_row[index] = by_row.get(index, 0) + 1
    table = snapshot[PURCHASES]
    rows = table.frame.select("row", "purchase_id", "number", "match", "category").iter_rows()
    return sum(
        bool(match and category and number) and by_id.get(purchase_id, 0) + by_row.get(table.index_of(row), 0) < number
        for row, purchase_id, number, match, category in rows
    )


def _unexpanded_sales(snapshot: Snapshot) -> int:
    """Sales lines whose Distribution rows are fewer than their Number."""
    sales, _findings = sales_of(snapshot)
    rows = snapshot[DISTRIBUTION].frame.select("source_sale_id", "sales_id", "row_type").filter(pl.col("row_type") != "Purchases")
    by_source = dict(rows.filter(pl.col("source_sale_id").is_not_null()).group_by("source_sale_id").len().iter_rows())
    bare = rows.filter(pl.col("source_sale_id").is_null()).select(pl.col("sales_id").str.extract(r"^(S\d+)")).drop_nulls()
    by_number = dict(bare.group_by("sales_id").len().iter_rows())
    return sum(by_source.get(sale.source_sale_id, 0) + by_number.get(sale.sales_id, 0) < sale.quantity for sale in sales if not sale.ended)
