"""Resolving an oversell (§14a): approve, upgrade. The flag is set by `sales`, rejecting is in
`cancellation`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import polars as pl

from ticketops.domain.allocation.commit import Outcome, plan_commit
from ticketops.domain.allocation.overrides import set_alloc_from
from ticketops.domain.allocation.policy import Offer, Policies, evaluate
from ticketops.domain.allocation.pool import Pool
from ticketops.domain.allocation.scoring import Sold, margin
from ticketops.domain.allocation.targets import Target, find_line, is_pending
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.schemes import ranks_of
from ticketops.domain.intake.typed import remembers
from ticketops.domain.plan import Plan, Run
from ticketops.domain.selling import limits
from ticketops.domain.selling.availability import uncommitted
from ticketops.domain.selling.cancellation import require_waiting
from ticketops.domain.selling.orders import sales_of
from ticketops.domain.ticket.action_log import log
from ticketops.domain.ticket.line import status_of
from ticketops.errors import PriceNeededError, RuleError
from ticketops.model.events import ALLOCATING, DISPATCHING, between
from ticketops.model.findings import Finding, Severity, Violation
from ticketops.model.results import OPTIONAL
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, SALES
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved sale, and what it got; or why it got nothing."""

    sales_id: str
    approved: Literal[True]
    allocation: Outcome | None
    not_allocated: str | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A better category: how many of its tickets are available, whether that is enough, and the
    price per ticket."""

    category: str
    available: int
    enough: bool
    price: float | None
    margin_pct: float | None
    """In % of the price."""
    margin_delta: float | None
    """Over all pending tickets, in the currency of the sale."""
    margin_change: float | None
    """Compared with the margin of the sold category."""
    violations: list[Violation]


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A sale that is served from a better category: its tickets, and the prices per ticket."""

    sales_id: str
    category: str
    alloc_from: str
    tickets: int
    price_before: float | None
    price: float | None
    upgrade: Upgrade | None
    """None if the category can't be compared with the one sold."""


@dataclass(frozen=True, slots=True)
class Upgrades:
    """What the pending tickets (`qty`) of a sale could be upgraded to, nearest first."""

    sales_id: str
    match: str
    category: str
    qty: int
    upgrades: list[Upgrade]


def plan_approve(snapshot: Snapshot, sales_id: str, run: Run, *, reason: str) -> Plan:
    """Bear the risk of an oversold sale: the flag falls, it is given what there is, the rest waits
    for stock.

    Before the event allocates (§1), all of it waits. Raises NotFoundError, RuleError where it does
    not wait for approval, or the event does not allow overselling.
    """
    target = find_line(snapshot, sales_id, "an approval")
    require_waiting(target)
    if run.event and not run.event.allow_oversell:
        raise RuleError(
            f"{run.event.called} does not allow overselling",
            "`ticketops sale reject` or `sale upgrade` decides the sale, or `event set "
            "--allow-oversell` first",
        )
    plan = Plan()
    _lift_flag(plan, target)
    log(
        plan,
        snapshot,
        run,
        "APPROVE_OVERSELL",
        sale_id=target.sales_id,
        set_id=None,
        units=0,
        clear_seats=False,
        reason=reason,
    )
    plan.result = _allocated(plan, snapshot, target, run)
    return plan


def plan_upgrade(
    snapshot: Snapshot,
    sales_id: str,
    category: str,
    price: float | None,
    run: Run,
    *,
    reason: str,
    force: bool = False,
    override: str = "",
) -> Plan:
    """Serve a sale from a better category, at a new price (§14a): AllocFromCategory, price, flag,
    and the margin before and after. price: None for that at which the category was sold last in
    the currency of the sale. force: its contract may be exceeded; override: why its client's credit
    may be (§4).

    Raises NotFoundError, RuleError for a category that is not better, where nothing is pending, or
    where credit or contract do not allow the price, PriceNeededError where the category was not sold yet.
    """
    target = find_line(snapshot, sales_id, "an upgrade")
    wanted = Catalogue.of(snapshot, PURCHASES, SALES).category(
        target.match, category, target.tickets[0]["sub_game"]
    )
    gap = ranks_of(snapshot).gap(target.occasion, target.sold_category, wanted)
    if gap is not None and gap <= 0:
        raise RuleError(f"{wanted} is not better than {target.sold_category}")
    plan = Plan()
    changed = set_alloc_from(plan, target, wanted, target.tickets)
    if not changed:
        raise RuleError(f"{target.sales_id} has no pending ticket to change")
    terms = target.terms
    if price is None:
        price = sold_prices(snapshot, target, run).get(wanted)
    if price is None:
        currency = terms.currency or run.currency
        raise PriceNeededError(
            f"no {wanted} of {target.occasion} was sold in {currency} yet",
            "give the new price per ticket with --price",
        )
    number = terms.number or len(target.tickets)
    limits.keep(plan, snapshot, target, (number, price), run, force=force, override=override)
    offer = next(
        (one for one in upgrades(snapshot, target, price, run) if one.category == wanted), None
    )
    if terms.row is not None and price != terms.price:
        total = round(price * number, 2)
        cells = {"price": (terms.price, price), "total": (terms.total, total)}
        if remembers(snapshot[SALES]):
            cells["total_computed"] = (terms.total_computed, total)
        plan.changes.set(SALES, terms.row, target.sales_id, cells)
    if terms.unapproved:
        if offer and offer.enough:
            _lift_flag(plan, target)
        else:
            message = f"{target.sales_id}: {offer.available if offer else 0} of {changed} tickets are available in {wanted}; it still waits for approval"
            plan.findings.append(
                Finding(
                    "OVERSELL",
                    Severity.MEDIUM,
                    message,
                    SALES,
                    terms.row,
                    target.sales_id,
                    match=target.occasion,
                    category=wanted,
                )
            )
    log(
        plan,
        snapshot,
        run,
        "SET_ALLOC_FROM_CATEGORY",
        sale_id=target.sales_id,
        set_id=None,
        units=changed,
        clear_seats=False,
        reason=f"upgrade {target.sold_category} → {wanted} at {price:g}: {reason}",
    )
    plan.result = Upgraded(
        sales_id=target.sales_id,
        category=target.sold_category,
        alloc_from=wanted,
        tickets=changed,
        price_before=terms.price,
        price=price,
        upgrade=offer,
    )
    return plan


def sold_prices(snapshot: Snapshot, target: Target, run: Run) -> dict[str, float]:
    """{category: the price at which it was sold last} for the match and in the currency of a sale:
    that of the newest other sale that did not end, and is not upgraded itself (§4)."""
    sales, _findings = sales_of(snapshot)
    otherwise = pl.col("alloc_from").is_not_null() & (pl.col("alloc_from") != pl.col("category"))
    upgraded = set(snapshot[DISTRIBUTION].frame.filter(otherwise)["source_sale_id"])
    currencies = dict(snapshot[SALES].frame.select("row", "currency").iter_rows())
    wanted = target.terms.currency or run.currency
    found: dict[str, float] = {}
    for sale in sorted(sales, key=lambda sale: (sale.date or datetime.min, sale.row)):
        same = (currencies[sale.row] or run.currency) == wanted and sale.sales_id != target.sales_id
        live = not sale.ended and sale.source_sale_id not in upgraded
        if same and live and sale.price and sale.occasion == target.occasion:
            found[sale.category] = float(sale.price)
    return found


def plan_upgrades(snapshot: Snapshot, sales_id: str, price: float | None, run: Run) -> Plan:
    """What a sale could be upgraded to; nothing changes. Raises NotFoundError."""
    target = find_line(snapshot, sales_id, "an upgrade")
    quantity = sum(map(is_pending, target.tickets))
    found = upgrades(snapshot, target, price, run)
    return Plan(
        result=Upgrades(target.sales_id, target.occasion, target.sold_category, quantity, found)
    )


def upgrades(snapshot: Snapshot, target: Target, price: float | None, run: Run) -> list[Upgrade]:
    """Every better category of the scheme, nearest first: what can still be promised there, the
    margin over all pending tickets at the average cost of what is free, how it differs from that of
    the sold category, and what the policy says."""
    ranks, occasion = ranks_of(snapshot), target.occasion
    better = [
        category
        for category in reversed(ranks.scheme(occasion, target.sold_category))
        if (ranks.gap(occasion, target.sold_category, category) or 0) > 0
    ]
    pool = Pool(
        snapshot,
        {(occasion, category) for category in (target.sold_category, *better)},
        today=run.now,
    )
    left = uncommitted(snapshot, target.client or "", run.now)
    quantity = sum(map(is_pending, target.tickets))
    last = sold_prices(snapshot, target, run) if price is None else {}
    policy = Policies(snapshot).for_sale(target.match, target.client)
    _percent, before = _margin(pool, target, target.sold_category, target.terms.price, quantity)
    found = []
    for category in better:
        free = max(0, left[occasion, category])
        new_price = last.get(category, target.terms.price) if price is None else price
        percent, each = _margin(pool, target, category, new_price, quantity)
        broken = evaluate(
            policy,
            Offer(
                target.sold_category,
                category,
                quantity,
                new_price,
                percent,
                ranks.gap(occasion, target.sold_category, category),
                (),
            ),
        )
        found.append(
            Upgrade(
                category=category,
                available=free,
                enough=free >= quantity,
                price=new_price,
                margin_pct=percent,
                margin_delta=None if each is None else round(each * quantity, 2),
                margin_change=None
                if each is None or before is None
                else round((each - before) * quantity, 2),
                violations=broken,
            )
        )
    return found


def _margin(
    pool: Pool, target: Target, category: str, price: float | None, quantity: int
) -> tuple[float | None, float | None]:
    """(margin in %, margin of one ticket) of serving the sale from the cheapest units of a
    category, as many as there are."""
    units = [
        unit
        for units in pool.sets(target.occasion, category, target.client).values()
        for unit in units
    ]
    cheapest = sorted(
        units, key=lambda unit: (unit.purchase.price is None, unit.purchase.price or 0, unit.row)
    )[:quantity]
    percent, total = margin(
        cheapest, Sold(target.sold_category, quantity, price, target.terms.currency)
    )
    return percent, None if total is None else total / len(cheapest)


def _lift_flag(plan: Plan, target: Target) -> None:
    status = status_of(target.tickets)
    if target.terms.row is not None:
        cells = {"status": (target.terms.status, status), "oversell": (target.terms.oversell, None)}
        plan.changes.set(SALES, target.terms.row, target.sales_id, cells)


def _allocated(plan: Plan, snapshot: Snapshot, target: Target, run: Run) -> Approved:
    """Give the approved sale what there is, if a plan passes the policy; else it stays for an
    operator."""
    approved = Approved(target.sales_id, approved=True, allocation=None)
    if run.event and run.event.state and not between(ALLOCATING, run.event.state, DISPATCHING):
        return replace(approved, not_allocated=f"{run.event.called} is {run.event.state}")
    try:
        step = plan_commit(snapshot.after(plan.changes), target.sales_id, run)
    except RuleError as error:
        return replace(approved, not_allocated=error.message)
    plan.changes.extend(step.changes)
    plan.findings += step.findings
    return replace(approved, allocation=step.result)
