"""Overrides (§6): reversible special handling, each confirmed, with a reason, and logged with its
own action."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ticketops.domain.allocation.commit import set_sale_status
from ticketops.domain.allocation.release import (
    Held,
    deallocate,
    of_set,
    require_undispatched,
    units_by_id,
)
from ticketops.domain.allocation.targets import TICKET, Target, find_tickets, is_pending, targets_of
from ticketops.domain.audit.unknown import require_understood
from ticketops.domain.catalogue.follow import SEAT
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.schemes import ranks_of
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.listing import Contracts
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.action_log import log
from ticketops.domain.ticket.line import status_of
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, SALES, UNITS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Unallocated:
    """Tickets that no longer have a unit, and units that are AVAILABLE again."""

    sales_id: str | None
    """None if they are of several sales."""
    tickets: int
    units: int
    sets: dict[str, int]
    """{SetID: units of it}."""
    ticket_ids: list[str]


@dataclass(frozen=True, slots=True)
class SeatsReset:
    """Tickets and units of the set whose seats were cleared."""

    set_id: str
    tickets: int
    units: int


@dataclass(frozen=True, slots=True)
class AllocFrom:
    """The sold category, the category that serves the sale instead (None: the sold one), and the
    changed tickets."""

    sales_id: str
    category: str
    alloc_from: str | None
    tickets: int


def plan_unallocate(
    snapshot: Snapshot,
    names: Sequence[str],
    run: Run,
    *,
    reason: str,
    set_id: str = "",
    keep_seats: bool = False,
    force: bool = False,
) -> Plan:
    """Release units: the tickets are unallocated again, the units AVAILABLE.

    names: sales with all their tickets, or single tickets; none, with a set: whatever it serves.
    set_id: only the units of this set. Raises NotFoundError, RuleError where nothing of it is
    allocated or a ticket was dispatched, NotPermittedError.
    """
    wanted = ids.read_set_id(set_id)
    named = find_tickets(snapshot, names) if names else _of_every_sale(snapshot, wanted)
    referenced = unit_ids.listed_by(t for _target, tickets in named for t in tickets)
    units = units_by_id(snapshot, referenced)
    served = [
        (target, [ticket for ticket in tickets if of_set(ticket, units, wanted)])
        for target, tickets in named
    ]
    of_one = f" from {wanted}" if wanted else ""
    for sale in map(ids.parse_sales_id, names):
        mine = [t for target, tickets in served if target.sales_id == sale.parent for t in tickets]
        if not any(sale.child is None or ticket["sales_id"] == str(sale) for ticket in mine):
            raise RuleError(f"{sale} has no allocated ticket{of_one}")
    served = [(target, tickets) for target, tickets in served if tickets]
    if not served:
        raise RuleError(f"no ticket is allocated{of_one}")
    affected = [ticket for _target, tickets in served for ticket in tickets]
    require_understood(snapshot, [ticket["row"] for ticket in affected], units)
    require_undispatched(affected, run, force=force)
    plan = Plan()
    contracts = Contracts.of(snapshot)
    total: dict[str, int] = {}
    for target, tickets in served:
        for sale_id, group in _logged_as(target, tickets, names):
            freed = deallocate(
                plan,
                group,
                units,
                run,
                contracts,
                note=f"Unallocated{of_one}",
                only_set=wanted,
                keep_seats=keep_seats,
            )
            log(
                plan,
                snapshot,
                run,
                "UNDO_SET" if wanted else "UNDO_SALE",
                sale_id=sale_id,
                set_id=wanted or None,
                units=sum(freed.values()),
                clear_seats=not keep_seats,
                reason=reason,
            )
            for one, number in freed.items():
                total[one] = total.get(one, 0) + number
        set_sale_status(plan, target, status_of(_without(target.tickets, tickets, units, wanted)))
    plan.result = Unallocated(
        served[0][0].sales_id if len(served) == 1 else None,
        len(affected),
        sum(total.values()),
        total,
        [ticket["sales_id"] for ticket in affected],
    )
    return plan


def _of_every_sale(snapshot: Snapshot, set_id: str) -> list[tuple[Target, list[dict[str, Any]]]]:
    """Every sale with its tickets. Raises NotFoundError for a set that there is not."""
    if set_id not in snapshot[UNITS].frame["set_id"]:
        raise NotFoundError(f"there is no set {set_id}", "write a SetID as PR0002-S01")
    once = {target.sales_id: target for target in targets_of(snapshot)}
    return [(target, target.tickets) for target in once.values()]


def _logged_as(
    target: Target, tickets: Sequence[dict[str, Any]], names: Sequence[str]
) -> list[tuple[str, Sequence[dict[str, Any]]]]:
    """(SaleID of a row of the log, its tickets): the sale where it was named or a set was, else
    every ticket by itself."""
    if not names or target.sales_id in {str(ids.parse_sales_id(name)) for name in names}:
        return [(target.sales_id, tickets)]
    return [(ticket["sales_id"], [ticket]) for ticket in tickets]


def _without(
    tickets: Iterable[dict[str, Any]],
    released: Collection[dict[str, Any]],
    units: dict[str, Held],
    set_id: str,
) -> list[dict[str, Any]]:
    """The tickets of a sale as they are once the units of a set, or all, are taken off some."""
    rows = {ticket["row"] for ticket in released}
    after = []
    for ticket in tickets:
        going = of_set(ticket, units, set_id) if ticket["row"] in rows else []
        rest = [one for one in ids.split_unit_ids(ticket["unit_ids"]) if one not in going]
        after.append(ticket | {"unit_ids": ", ".join(rest) or None})
    return after


def plan_reset_seats(
    snapshot: Snapshot,
    set_id: str,
    run: Run,
    *,
    reason: str,
    units_too: bool = False,
    force: bool = False,
) -> Plan:
    """Clear Block, Row and Seat of the tickets that a set serves; the allocation stays. units_too:
    and of the set's units.

    Raises NotFoundError for a set that there is not, RuleError where nothing is to be cleared.
    """
    wanted = ids.read_set_id(set_id)
    units = snapshot[UNITS].frame.filter(
        pl.col("set_id") == wanted, pl.col("unit_id").is_not_null()
    )
    if units.is_empty():
        raise NotFoundError(f"there is no set {wanted}", "write a SetID as PR0002-S01")
    own = set(units["unit_id"])
    frame = snapshot[DISTRIBUTION].frame.filter(pl.col("unit_ids").is_not_null()).select(TICKET)
    tickets = [
        ticket for ticket in frame.iter_rows(named=True) if own & set(unit_ids.listed(ticket))
    ]
    plan = Plan()
    seated = [ticket for ticket in tickets if any(ticket[name] for name in SEAT)]
    require_understood(snapshot, [ticket["row"] for ticket in seated], own)
    require_undispatched(seated, run, force=force)
    for ticket in seated:
        plan.changes.set(
            DISTRIBUTION, ticket["row"], ticket["sales_id"] or "", _seats_cleared(ticket)
        )
    if units_too:
        for unit in units.iter_rows(named=True):
            plan.changes.set(UNITS, unit["row"], unit["unit_id"], _seats_cleared(unit))
    if not plan.changes:
        raise RuleError(
            f"no ticket of {wanted} has a seat", "--units also clears the seats of its units"
        )
    log(
        plan,
        snapshot,
        run,
        "RESET_SEATS",
        sale_id=None,
        set_id=wanted,
        units=len(tickets),
        clear_seats=True,
        reason=reason,
    )
    plan.result = SeatsReset(wanted, len(seated), units.height if units_too else 0)
    return plan


def plan_alloc_from(
    snapshot: Snapshot, sales_id: str, category: str | None, run: Run, *, reason: str
) -> Plan:
    """Serve a sale's pending tickets, or one of them, from another category; None: from its own
    again.

    Raises NotFoundError, RuleError for an unknown category and where no ticket is pending.
    """
    ((target, named),) = find_tickets(snapshot, [sales_id])
    plan = Plan()
    wanted = (
        Catalogue.of(snapshot, PURCHASES, SALES).category(
            target.match, category, target.tickets[0]["sub_game"]
        )
        if category
        else None
    )
    changed = set_alloc_from(plan, target, wanted, named)
    name = named[0]["sales_id"] if named is not target.tickets else target.sales_id
    if not changed:
        raise RuleError(
            f"{name} has no pending ticket to change",
            "unallocate it first"
            if not any(map(is_pending, named))
            else "it is already as you ask",
        )
    if wanted == target.sold_category:
        wanted = None
    action = "SET_ALLOC_FROM_CATEGORY" if wanted else "CLEAR_ALLOC_FROM_CATEGORY"
    why = f"{target.sold_category} → {wanted}: {reason}" if wanted else reason
    log(
        plan,
        snapshot,
        run,
        action,
        sale_id=name,
        set_id=None,
        units=changed,
        clear_seats=False,
        reason=why,
    )
    plan.result = AllocFrom(name, target.sold_category, wanted, changed)
    gap = ranks_of(snapshot).gap(target.occasion, target.sold_category, wanted) if wanted else None
    if (gap or 0) < 0:
        message = f"{name}: {wanted} is worse than {target.sold_category}, which was sold"
        plan.findings.append(
            Finding("DOWNGRADE", Severity.LOW, message, DISTRIBUTION, named[0]["row"], name)
        )
    return plan


def set_alloc_from(
    plan: Plan, target: Target, category: str | None, tickets: Iterable[dict[str, Any]]
) -> int:
    """AllocFromCategory of every pending ticket among these of the sale; how many change. The sold
    category itself counts as none."""
    value = None if category == target.sold_category else category
    changed = 0
    for ticket in tickets:
        if is_pending(ticket) and ticket["alloc_from"] != value:
            plan.changes.set(
                DISTRIBUTION,
                ticket["row"],
                ticket["sales_id"],
                {"alloc_from": (ticket["alloc_from"], value)},
            )
            changed += 1
    return changed


def _seats_cleared(row: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (row[name], None) for name in SEAT}
