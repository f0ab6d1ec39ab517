"""Substitution: a ticket gets another unit of an equal or better seat; the old unit is REPLACED."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from ticketops.domain.allocation.commit import unit_cells
from ticketops.domain.allocation.plans import Chunk
from ticketops.domain.allocation.policy import Offer, Policies, Policy, evaluate
from ticketops.domain.allocation.pool import Pool, Unit, load_units
from ticketops.domain.allocation.release import require_undispatched
from ticketops.domain.allocation.targets import Target, require_approved, targets_of
from ticketops.domain.audit.unknown import require_understood
from ticketops.domain.catalogue.follow import SEAT, now_given
from ticketops.domain.catalogue.schemes import ranks_of
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.listing import Contracts, carried, differing
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.action_log import log
from ticketops.domain.ticket.masking import masked_addresses
from ticketops.domain.ticket.notes import with_note
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity, Violation
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Substituted:
    """The ticket (SalesID), the UnitIDs and categories of its old and new unit, and the source of
    the new one."""

    vendor: str | None
    sales_id: str
    old: str
    new: str
    old_category: str
    new_category: str
    set_id: str
    seat: tuple[str | None, str | None, str | None]
    """Block, row and seat."""


def plan_substitute(
    snapshot: Snapshot, unit_id: str, with_id: str, run: Run, *, reason: str, force: bool = False
) -> Plan:
    """Replace an allocated unit by `with_id`, or, where that is empty, by the best there is: the
    same category before a better one, beside the sale's other seats before elsewhere.

    Raises NotFoundError, RuleError where the unit serves no ticket, was dispatched, its sale waits
    for approval, nothing equal or better is free, or the policy refuses its vendor or category;
    NotPermittedError.
    """
    target, ticket = _served(snapshot, unit_id)
    if target.terms.status == states.PENDING_APPROVAL:
        require_approved(target)
    require_understood(snapshot, [ticket["row"]], {unit_id})
    require_undispatched([ticket], run, force=force)
    own = unit_ids.listed_by(target.tickets)
    mine = load_units(snapshot, {target.match}, pl.col("unit_id").is_in(own))
    old = next((unit for unit in mine if unit.unit_id == unit_id), None)
    if old is None:
        raise NotFoundError(f"{UNITS} has no unit {unit_id}", "audit run shows what disagrees")
    if old.sales_id not in (None, ticket["sales_id"]):
        raise RuleError(f"{unit_id} points to {old.sales_id}", "audit run shows what disagrees")
    neighbours = [unit for unit in mine if unit.unit_id != unit_id]
    candidates = _candidates(snapshot, target, old, neighbours, run)
    policy = Policies(snapshot).for_sale(target.match, target.client)
    ranks = ranks_of(snapshot)
    broken = {
        unit.unit_id: _broken(
            policy, old, unit, ranks.gap(target.occasion, old.category, unit.category)
        )
        for unit in candidates
    }
    new = (
        next((unit for unit in candidates if unit.unit_id == ids.read_unit_id(with_id)), None)
        if with_id
        else next((unit for unit in candidates if not broken[unit.unit_id]), None)
    )
    if new is None:
        what = f"{with_id.upper()} is not" if with_id else "no unit allowed by the policy is"
        raise RuleError(
            f"{what} free for {target.sales_id} in {target.occasion} {old.category} or better",
            "allocate preview shows a pool",
        )
    if broken[new.unit_id]:
        why = "; ".join(
            f"{violation.code}: {violation.message}" for violation in broken[new.unit_id]
        )
        raise RuleError(
            f"{new.unit_id} breaks the policy: {why}",
            "choose another unit, or change the rule with policy set",
        )
    plan = Plan()
    note = f"Replaced {old.unit_id} by {new.unit_id}"
    _write(plan, snapshot, ticket, old, new, note, run)
    log(
        plan,
        snapshot,
        run,
        "SUBSTITUTE_UNIT",
        sale_id=target.sales_id,
        set_id=new.set_id,
        units=1,
        clear_seats=False,
        reason=f"{old.unit_id} → {new.unit_id}: {reason}",
    )
    if new.category != old.category:
        message = (
            f"{ticket['sales_id']}: {new.unit_id} is of {new.category}, better than {old.category}"
        )
        plan.findings.append(
            Finding(
                "UPGRADE",
                Severity.INFO,
                message,
                DISTRIBUTION,
                ticket["row"],
                ticket["sales_id"],
                new.unit_id,
            )
        )
    plan.result = Substituted(
        vendor=new.vendor,
        sales_id=ticket["sales_id"],
        old=old.unit_id,
        new=new.unit_id,
        old_category=old.category,
        new_category=new.category,
        set_id=new.set_id,
        seat=(new.block, new.seat_row, new.seat),
    )
    return plan


def _served(snapshot: Snapshot, unit_id: str) -> tuple[Target, dict[str, Any]]:
    """The sale and the ticket that a unit serves."""
    found = [
        (target, ticket)
        for target in targets_of(snapshot)
        for ticket in target.tickets
        if unit_id in unit_ids.listed(ticket)
    ]
    tickets = {ticket["row"] for _target, ticket in found}
    if not found:
        known = unit_id in snapshot[UNITS].frame["unit_id"]
        if not known:
            raise NotFoundError(f"there is no unit {unit_id}", "write a UnitID as P00012")
        raise RuleError(f"{unit_id} serves no ticket")
    if len(tickets) > 1:
        raise RuleError(f"{unit_id} serves {len(tickets)} tickets", "audit run shows them")
    return found[0]


def _broken(policy: Policy, old: Unit, unit: Unit, gap: int | None) -> list[Violation]:
    """What the policy has against one unit by itself: its vendor, its category, VIP."""
    offer = Offer(old.category, unit.category, 1, None, None, gap, [Chunk(unit.set_id, (unit,))])
    return evaluate(replace(policy, min_margin_pct=None, max_auto_value=None), offer)


def _candidates(
    snapshot: Snapshot, target: Target, old: Unit, neighbours: Sequence[Unit], run: Run
) -> list[Unit]:
    """What may take the unit's place, the best first."""
    ranks = ranks_of(snapshot)
    good = [
        category
        for category in ranks.scheme(target.occasion, old.category) or (old.category,)
        if (ranks.gap(target.occasion, old.category, category) or 0) >= 0
    ]
    pool = Pool(snapshot, {(target.occasion, category) for category in good}, today=run.now)
    beside = {(unit.line, unit.position + step) for unit in neighbours for step in (-1, 1)}
    lines = {unit.line for unit in neighbours}

    def order(unit: Unit) -> tuple[Any, ...]:
        return (
            ranks.gap(target.occasion, old.category, unit.category),
            (unit.line, unit.position) not in beside,
            unit.line not in lines,
            unit.set_id != old.set_id,
            unit.row,
        )

    free = [
        unit
        for category in good
        for units in pool.sets(target.occasion, category, target.client).values()
        for unit in units
    ]
    return sorted(free, key=order)


def _write(
    plan: Plan,
    snapshot: Snapshot,
    ticket: dict[str, Any],
    old: Unit,
    new: Unit,
    note: str,
    run: Run,
) -> None:
    listed = [
        new.unit_id if unit_id == old.unit_id else unit_id for unit_id in unit_ids.listed(ticket)
    ]
    is_contract = Contracts.of(snapshot).has(ticket["inv_no"], ticket["sales_id"])
    inv_no = carried(ticket["inv_no"], new.inv_no, before=old.inv_no, is_contract=is_contract)
    plan.findings += differing(ticket["sales_id"], ticket["row"], inv_no, new.unit_id, new.inv_no)
    after = unit_cells(new, masked_addresses(snapshot)) | {
        "unit_ids": ids.join_unit_ids(listed),
        "inv_no": inv_no,
        "acc_tix": new.category,
        "notes": with_note(ticket["notes"], note),
    }
    if ticket["delivery"] in states.DISPATCHED:
        after |= {
            "delivery": states.ISSUE,
            "dispatch_notes": with_note(
                ticket["dispatch_notes"], f"{note} after it was {ticket['delivery']}"
            ),
        }
    plan.changes.set(
        DISTRIBUTION,
        ticket["row"],
        ticket["sales_id"],
        {name: (ticket[name], value) for name, value in after.items()},
    )
    plan.changes.set(
        UNITS,
        old.row,
        old.unit_id,
        {
            "status": (old.status, states.REPLACED),
            "sales_id": (old.sales_id, None),
            "allocated_at": (old.allocated_at, None),
            "alloc_note": (old.alloc_note, f"{run.run_id} {note}"),
        },
    )
    seat = (new.block, new.seat_row, new.seat)
    given = now_given((ticket[name] for name in SEAT), seat, old.seats_given)
    plan.changes.set(
        UNITS,
        new.row,
        new.unit_id,
        {
            "status": (new.status, states.ALLOCATED),
            "sales_id": (new.sales_id, ticket["sales_id"]),
            "allocated_at": (new.allocated_at, run.now),
            "alloc_note": (new.alloc_note, ids.alloc_note(run.run_id, 1, new.set_id)),
            "seats_given": (new.seats_given, given),
        },
    )
