"""The use cases of sales and their reconciliation (§4, §12b, §14)."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.domain.intake.faults import Fault
from ticketops.domain.selling import amend, approvals, cancellation, refunds, reimport, sales
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import (
    ALIASES,
    ALLOC_LOG,
    DISTRIBUTION,
    HOLDS,
    IMPORT_META,
    PURCHASES,
    REFUNDS,
    SALES,
    SCHEDULE,
)
from ticketops.services.sheet_groups import (
    ALLOCATED,
    ALLOCATING,
    ALLOCATING_RULES,
    POOL,
    POOL_RULES,
    RECONCILING,
)


def sale_add(order: sales.Order, lines: Sequence[sales.SaleLine], *, new: bool = False) -> Job:
    """One order."""
    return sales_add([(order, lines)], new=new)


def sales_add(
    orders: Sequence[tuple[sales.Order, Sequence[sales.SaleLine]]],
    *,
    new: bool = False,
    again: bool = False,
    faults: Sequence[Fault] = (),
) -> Job:
    """Orders, of many clients perhaps. new: clients that are near known ones are new all the same.
    again: a PO may come again. faults: what is wrong with the lines already: nothing is recorded, and
    all is said at once."""
    return Job(
        "sale.add",
        lambda snapshot, run: sales.plan_add(
            snapshot, orders, run, new=new, again=again, faults=faults
        ),
        ALLOCATED,
        (SCHEDULE, IMPORT_META, HOLDS, ALIASES, REFUNDS, ALLOC_LOG),
    )


def sale_expand(*, confirm: bool = False) -> Job:
    return Job(
        "sale.expand",
        lambda snapshot, run: sales.plan_expand(snapshot, run, confirm=confirm),
        ALLOCATED,
        (*RECONCILING, PURCHASES, HOLDS, ALIASES, REFUNDS, ALLOC_LOG),
    )


def sale_approve(sales_id: str, reason: str) -> Job:
    return Job(
        "sale.approve",
        lambda snapshot, run: approvals.plan_approve(snapshot, sales_id, run, reason=reason),
        ALLOCATING,
        ALLOCATING_RULES,
        f"sale approve {sales_id}",
    )


def sale_reject(sales_id: str, reason: str, *, force: bool = False) -> Job:
    return Job(
        "sale.reject",
        lambda snapshot, run: cancellation.plan_reject(
            snapshot, sales_id, run, reason=reason, force=force
        ),
        ALLOCATED,
        (ALLOC_LOG, REFUNDS, HOLDS),
        f"sale reject {sales_id}",
    )


def sale_upgrade(sales_id: str, category: str, price: float | None, reason: str) -> Job:
    return Job(
        "sale.upgrade",
        lambda snapshot, run: approvals.plan_upgrade(
            snapshot, sales_id, category, price, run, reason=reason
        ),
        POOL,
        (*POOL_RULES, ALLOC_LOG),
        f"sale upgrade {sales_id}",
    )


def sale_upgrades(sales_id: str, price: float | None) -> Job:
    return Job(
        "sale.upgrades",
        lambda snapshot, run: approvals.plan_upgrades(snapshot, sales_id, price, run),
        POOL,
        POOL_RULES,
        f"sale upgrades {sales_id}",
        Effect.READS,
    )


def sale_cancel(names: str | Sequence[str], reason: str, *, force: bool) -> Job:
    """names: the sale, or tickets of one."""
    named = (names,) if isinstance(names, str) else tuple(names)
    return Job(
        "sale.cancel",
        lambda snapshot, run: cancellation.plan_cancel(
            snapshot, named, run, reason=reason, force=force
        ),
        ALLOCATED,
        (ALLOC_LOG, REFUNDS, HOLDS),
        f"sale cancel {' '.join(named)}",
    )


def sale_set(sales_id: str, terms: amend.Terms, reason: str, *, force: bool) -> Job:
    return Job(
        "sale.set",
        lambda snapshot, run: amend.plan_set(
            snapshot, sales_id, terms, run, reason=reason, force=force
        ),
        ALLOCATED,
        (ALLOC_LOG, REFUNDS, HOLDS, IMPORT_META, SCHEDULE),
        f"sale set {sales_id}",
    )


def recon_run() -> Job:
    return Job("recon.run", reimport.plan_run, (SALES, DISTRIBUTION), RECONCILING)


def recon_apply() -> Job:
    return Job("recon.apply", reimport.plan_apply, ALLOCATED, (*RECONCILING, HOLDS, ALIASES))


def refund_decide(sales_id: str, decision: str, reason: str, *, amount: float | None = None) -> Job:
    return Job(
        "refund.decide",
        lambda snapshot, run: refunds.plan_decide(
            snapshot, sales_id, decision, run, amount=amount, reason=reason
        ),
        (),
        (REFUNDS,),
        f"refund decide {sales_id}",
    )
