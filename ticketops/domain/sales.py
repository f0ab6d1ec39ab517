"""Sales (§4): order lines become one Distribution row a ticket.

`plan_add` records an order and expands it; `plan_expand` brings Distribution into agreement with Sales, keeping what
operators typed, and reconciles (§12b).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from ticketops.domain import reconciliation
from ticketops.domain.availability import oversold
from ticketops.domain.orders import Sale, next_sales_number, sales_of
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule import Catalogue
from ticketops.model import ids, states
from ticketops.model.changes import AppendRows, ChangeSet, SetCells
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import line_total
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, IMPORT_META, SALES

_SALE_COLUMNS = (
    "date", "match", "game", "client", "contract", "category", "number", "price", "total", "status", "run_id", "sales_id",
    "notes", "source_sale_id", "order_id", "currency", "client_po", "payment_status", "instructions", "user", "created_at",
    "oversell",
)  # fmt: skip
_DRIVEN = ("sales_id", "row_type", "date", "match", "game", "company", "inv_no", "category", "sets", "qty", "src_row",
           "child", "source_sale_id", "line_key")  # fmt: skip
"""The columns of a Distribution row that follow the sale; every other column belongs to the operators."""


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line of an order."""

    match: str
    category: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """The header of a sale: what all its lines share."""

    client: str
    currency: str
    date: datetime
    contract: str = ""
    client_po: str = ""
    payment_status: str = "PENDING"
    instructions: str = ""
    notes: str = ""


def plan_add(snapshot: Snapshot, order: Order, lines: Sequence[SaleLine], run: Run) -> Plan:
    """An order as rows of Sales, one a line with its own SalesID (D2), and one Distribution row a ticket.

    A line that asks for more than there is gets OversellFlag and PENDING_APPROVAL (§14a). Raises NotFoundError or RuleError for a match or category that can't be.
    """
    catalogue = Catalogue.of(snapshot)
    number = next_sales_number(snapshot)
    order_id = f"O_{run.new_uuid()}"
    asked = []
    for line in lines:
        match = catalogue.match(line.match)
        asked.append((match, catalogue.category(match, line.category), line.quantity))
    shortages = oversold(snapshot, asked, order.client, run.now)
    rows = []
    for (match, category, quantity), line, short in zip(asked, lines, shortages, strict=True):
        rows.append((
            order.date, match, catalogue.games.get(match) or None, order.client, order.contract or None, category, quantity,
            float(line.unit_price), float(line_total(quantity, line.unit_price)),
            states.PENDING_APPROVAL if short else states.UNALLOCATED, run.run_id, str(ids.SalesId(number)),
            order.notes or None, f"S_{run.new_uuid()}", order_id, order.currency, order.client_po or None,
            order.payment_status, order.instructions or None, run.user, run.now, True if short else None,
        ))  # fmt: skip
        number += 1
    added = ChangeSet()
    first_row = snapshot[SALES].next_row
    added.append(SALES, first_row, _SALE_COLUMNS, rows)
    plan = expand_rows(snapshot.after(added), run, only_rows=range(first_row, first_row + len(rows)), new=True)
    added.extend(plan.changes)
    plan.changes = added
    plan.result["order_id"] = order_id
    plan.result["status"] = states.PARTIAL_PENDING if any(shortages) else states.UNALLOCATED
    plan.result["oversold"] = [
        {"sales_id": row[11], "match": match, "category": category, "qty": quantity, **short}
        for row, (match, category, quantity), short in zip(rows, asked, shortages, strict=True)
        if short
    ]
    for one in plan.result["oversold"]:
        message = (
            f"{one['sales_id']}: {one['qty']} tickets of {one['match']} {one['category']}, {one['available']} are left: oversold by "
            f"{one['short']}, waits for approval"
        )
        plan.findings.append(Finding("OVERSELL", Severity.INFO, message, SALES, sales_id=one["sales_id"], match=one["match"],
                                     category=one["category"]))  # fmt: skip
    return plan


def plan_expand(snapshot: Snapshot, run: Run) -> Plan:
    """Distribution rows for every sale line, refreshed where they exist, and both reconciliation sheets (§4 4–5, §12b).

    Running it again changes nothing.
    """
    plan = expand_rows(snapshot, run, only_rows=None)
    report = reconciliation.reconcile(snapshot.after(plan.changes), touched=_touched(plan.changes))
    plan.changes.extend(report.changes)
    plan.result["by_action"] = report.by_action
    plan.findings.extend(report.findings)
    return plan


def expand_rows(snapshot: Snapshot, run: Run, *, only_rows: Container[int] | None, new: bool = False) -> Plan:
    """Distribution rows for the sale lines in `only_rows` of Sales (all where None); `new` lines have none yet."""
    plan = Plan()
    sales, findings = sales_of(snapshot)
    if only_rows is None:
        plan.findings += findings
    else:
        sales = [sale for sale in sales if sale.row in only_rows]
    sales = _with_ids(sales, snapshot, run, plan)
    existing = _Existing(None if new else snapshot)
    created: list[tuple[Any, ...]] = []
    refreshed = missing = excess = 0
    for sale in sales:
        known = existing.of(sale)
        if known and len(known) < sale.quantity and not sale.ended:
            missing += sale.quantity - len(known)
        excess += sum(child > sale.quantity for child in known)
        for child, row in known.items():
            refreshed += _refresh(row, sale, child, plan)
        if not sale.ended:
            created += [_driven(sale, child) for child in range(1, sale.quantity + 1) if child not in known]
    plan.changes.append(DISTRIBUTION, snapshot[DISTRIBUTION].next_row, _DRIVEN, created)
    meta = [(row[-1], run.now) for row in created]
    plan.changes.append(IMPORT_META, snapshot[IMPORT_META].next_row, ("row_key", "imported_at"), meta)
    plan.result |= {
        "sales_ids": [sale.sales_id for sale in sales],
        "rows_created": len(created),
        "rows_refreshed": refreshed,
        "rows_missing": missing,
        "rows_excess": excess,
    }
    return plan


def _with_ids(sales: list[Sale], snapshot: Snapshot, run: Run, plan: Plan) -> list[Sale]:
    """Every sale with SalesID and SourceSaleID; blank ones are given and written. Doubled ones are left out and reported."""
    number = next_sales_number(snapshot)
    seen: set[str] = set()
    complete = []
    for given in sales:
        sale = given
        if not given.sales_id:
            sale = replace(sale, sales_id=str(ids.SalesId(number)))
            number += 1
        if not given.source_sale_id:
            sale = replace(sale, source_sale_id=f"S_{run.new_uuid()}")
        cells = {"sales_id": (given.sales_id or None, sale.sales_id), "source_sale_id": (given.source_sale_id or None, sale.source_sale_id)}
        doubled = {sale.sales_id, sale.source_sale_id} & seen
        if doubled:
            plan.findings.append(
                Finding(
                    "DUPLICATE_SALE",
                    Severity.HIGH,
                    f"{sorted(doubled)[0]} stands on an earlier row too: the row was not expanded",
                    SALES,
                    sale.row,
                    sale.sales_id,
                    match=sale.match,
                )
            )
            continue
        seen |= {sale.sales_id, sale.source_sale_id}
        plan.changes.set(SALES, sale.row, sale.sales_id, cells)
        complete.append(sale)
    return complete


class _Existing:
    """The Distribution rows of sales, found by SalesLineKey, else by SourceSaleID and child, else by ID."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self._by_source: dict[str, dict[int, dict[str, Any]]] = {}
        self._by_number: dict[str, dict[int, dict[str, Any]]] = {}
        if snapshot is None:
            return
        columns = ("row", "status", "unit_ids", *_DRIVEN)
        for row in snapshot[DISTRIBUTION].frame.select(columns).iter_rows(named=True):
            if row["row_type"] == "Purchases":
                continue
            key = ids.SALES_LINE_KEY.fullmatch(row["line_key"] or "")
            own = ids.SALES_ID.fullmatch(row["sales_id"] or "")
            child = int(key[2]) if key else row["child"] or (int(own[2]) if own and own[2] else 0)
            source = key[1] if key else row["source_sale_id"]
            if source and child:
                self._by_source.setdefault(source, {}).setdefault(child, row)
            elif own and child:
                self._by_number.setdefault(f"S{own[1]}", {}).setdefault(child, row)

    def of(self, sale: Sale) -> Mapping[int, dict[str, Any]]:
        """{child: row}."""
        return self._by_number.get(sale.sales_id, {}) | self._by_source.get(sale.source_sale_id, {})


def _driven(sale: Sale, child: int) -> tuple[Any, ...]:
    """The sale-driven cells of one ticket, in the order of _DRIVEN."""
    return (
        f"{sale.sales_id}-{child}", "Sales", sale.date, sale.match, sale.game, sale.client, sale.contract, sale.category,
        sale.quantity if child == 1 else 0, 1, sale.row, child, sale.source_sale_id,
        ids.sales_line_key(sale.source_sale_id, child),
    )  # fmt: skip


def _refresh(row: Mapping[str, Any], sale: Sale, child: int, plan: Plan) -> bool:
    """Sale-driven cells that differ are set; match and category of an allocated ticket are not, but reported."""
    cells = {name: (row[name], value) for name, value in zip(_DRIVEN, _driven(sale, child), strict=True)}
    if row["unit_ids"] or row["status"] == states.ALLOCATED:
        frozen = [name for name in ("match", "category") if cells[name][0] != cells[name][1]]
        for name in frozen:
            del cells[name]
        if frozen:
            plan.findings.append(Finding(
                "SALE_CHANGED_AFTER_ALLOCATION", Severity.HIGH,
                f"{sale.sales_id} is now {sale.match} {sale.category} but this ticket is allocated: unallocate it first",
                DISTRIBUTION, row["row"], row["sales_id"] or "", row["unit_ids"] or "", row["match"] or "", row["category"] or "",
            ))  # fmt: skip
    before = len(plan.changes.changes)
    plan.changes.set(DISTRIBUTION, row["row"], f"{sale.sales_id}-{child}", cells)
    return len(plan.changes.changes) > before


def _touched(changes: ChangeSet) -> set[int]:
    """The Distribution rows that the changes create or edit."""
    rows: set[int] = set()
    for change in changes.for_sheet(DISTRIBUTION):
        if isinstance(change, SetCells):
            rows.add(change.row)
        elif isinstance(change, AppendRows):
            rows.update(range(change.first_row, change.first_row + len(change.rows)))
    return rows
