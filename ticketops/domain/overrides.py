"""Overrides (§6): reversible special handling, each confirmed, with a reason, and logged with its own action."""

from __future__ import annotations

from typing import Any

import polars as pl

from ticketops.domain.allocation.commit import set_sale_status
from ticketops.domain.allocation.log import log
from ticketops.domain.allocation.policy import category_gap
from ticketops.domain.allocation.release import of_set, require_undispatched, take_off, units_by_id
from ticketops.domain.allocation.targets import SEAT, TICKET, Target, find_target, is_pending
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule import Catalogue
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, UNITS


def plan_unallocate(
    snapshot: Snapshot, sales_id: str, run: Run, *, reason: str, set_id: str = "", keep_seats: bool = False, force: bool = False
) -> Plan:
    """Release a sale's units, or those of one set: the tickets are unallocated again, the units AVAILABLE.

    Raises NotFoundError, RuleError where nothing of it is allocated or a ticket was dispatched, NotPermittedError.
    """
    target = find_target(snapshot, sales_id)
    referenced = [unit_id for ticket in target.tickets for unit_id in ids.split_unit_ids(ticket["unit_ids"])]
    units = units_by_id(snapshot, referenced)
    wanted = set_id.upper()
    affected = [ticket for ticket in target.tickets if of_set(ticket, units, wanted)]
    if not affected:
        raise RuleError(f"{target.sales_id} has no ticket allocated" + (f" from {wanted}" if wanted else ""))
    require_undispatched(affected, run, force=force)
    plan = Plan()
    note = f"Unallocated{f' from {wanted}' if wanted else ''}"
    freed = take_off(plan, affected, units, run, note=note, only_set=wanted, keep_seats=keep_seats)
    log(plan, snapshot, run, "UNDO_SET" if wanted else "UNDO_SALE", sale_id=target.sales_id, set_id=wanted or None,
        units=sum(freed.values()), clear_seats=not keep_seats, reason=reason)  # fmt: skip
    left = len(referenced) - sum(len(of_set(ticket, units, wanted)) for ticket in affected)
    set_sale_status(plan, target, states.PARTIAL_ALLOCATED if left > 0 else states.WAITING_STOCK)
    plan.result = {"sales_id": target.sales_id, "tickets": len(affected), "units": sum(freed.values()), "sets": freed}
    return plan


def plan_reset_seats(snapshot: Snapshot, set_id: str, run: Run, *, reason: str, units_too: bool = False, force: bool = False) -> Plan:
    """Clear Block, Row and Seat of the tickets that a set serves; the allocation stays. units_too: and of the set's units.

    Raises NotFoundError for a set that there is not, RuleError where nothing is to be cleared.
    """
    wanted = set_id.upper()
    units = snapshot[UNITS].frame.filter(pl.col("set_id") == wanted, pl.col("unit_id").is_not_null())
    if units.is_empty():
        raise NotFoundError(f"there is no set {wanted}", "PR0002-S01 is the form of a SetID")
    own = set(units["unit_id"])
    frame = snapshot[DISTRIBUTION].frame.filter(pl.col("unit_ids").is_not_null()).select(TICKET)
    tickets = [ticket for ticket in frame.iter_rows(named=True) if own & set(ids.split_unit_ids(ticket["unit_ids"]))]
    plan = Plan()
    seated = [ticket for ticket in tickets if any(ticket[name] for name in SEAT)]
    require_undispatched(seated, run, force=force)
    for ticket in seated:
        plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"] or "", _seats_cleared(ticket))
    if units_too:
        for unit in units.iter_rows(named=True):
            plan.changes.set(UNITS, unit["row"], unit["unit_id"], _seats_cleared(unit))
    if not plan.changes:
        raise RuleError(f"no ticket of {wanted} has a seat", "--units clears the seats of its units too")
    log(plan, snapshot, run, "RESET_SEATS", sale_id=None, set_id=wanted, units=len(tickets), clear_seats=True, reason=reason)
    plan.result = {"set_id": wanted, "tickets": len(seated), "units": units.height if units_too else 0}
    return plan


def plan_alloc_from(snapshot: Snapshot, sales_id: str, category: str | None, run: Run, *, reason: str) -> Plan:
    """Serve a sale's pending tickets from another category; None: from its own again.

    Raises NotFoundError, RuleError for an unknown category and where no ticket is pending.
    """
    target = find_target(snapshot, sales_id)
    plan = Plan()
    wanted = Catalogue.of(snapshot).category(target.match, category) if category else None
    changed = set_alloc_from(plan, target, wanted)
    if not changed:
        raise RuleError(f"{target.sales_id} has no pending ticket that would change",
                        "unallocate it first" if not any(map(is_pending, target.tickets)) else "it is as you ask already")  # fmt: skip
    if wanted == target.sold_category:
        wanted = None
    action = "SET_ALLOC_FROM_CATEGORY" if wanted else "CLEAR_ALLOC_FROM_CATEGORY"
    why = f"{target.sold_category} → {wanted}: {reason}" if wanted else reason
    log(plan, snapshot, run, action, sale_id=target.sales_id, set_id=None, units=changed, clear_seats=False, reason=why)
    plan.result = {"sales_id": target.sales_id, "category": target.sold_category, "alloc_from": wanted, "tickets": changed}
    if wanted and (category_gap(target.sold_category, wanted) or 0) < 0:
        message = f"{target.sales_id}: {wanted} is worse than {target.sold_category}, which was sold"
        plan.findings.append(Finding("DOWNGRADE", Severity.LOW, message, DISTRIBUTION, target.tickets[0]["row"], target.sales_id))
    return plan


def set_alloc_from(plan: Plan, target: Target, category: str | None) -> int:
    """AllocFromCategory of every pending ticket of the sale; how many change. The sold category itself counts as none."""
    value = None if category == target.sold_category else category
    changed = 0
    for ticket in target.tickets:
        if is_pending(ticket) and ticket["alloc_from"] != value:
            plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], {"alloc_from": (ticket["alloc_from"], value)})
            changed += 1
    return changed


def _seats_cleared(row: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (row[name], None) for name in SEAT}
