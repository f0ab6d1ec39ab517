"""The use cases of sales and their reconciliation (§4, §12b, §14)."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.domain.intake.faults import Fault
from ticketops.domain.selling import amend, approvals, cancellation, refunds, reimport, sales
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import (
    ALIASES,
    ALLOC_LOG,
    CLIENTS,
    CONTRACTS,
    CURRENCIES,
    DISTRIBUTION,
    HOLDS,
    IMPORT_META,
    PURCHASES,
    SALES,
    SCHEDULE,
    USERS,
)
from ticketops.services.sheet_groups import (
    ALLOCATED,
    ALLOCATING,
    ALLOCATING_RULES,
    LIMITS,
    MONEY,
    POOL,
    POOL_RULES,
    RECONCILING,
    SELLING,
)


def sale_add(order: sales.Order, lines: Sequence[sales.SaleLine], *, new: bool = False) -> Job:
    """One order."""
    return sales_add([(order, lines)], new=new)


def sales_add(
    orders: Sequence[tuple[sales.Order, Sequence[sales.SaleLine]]],
    *,
    new: bool = False,
    again: bool = False,
    force: bool = False,
    override: str = "",
    faults: Sequence[Fault] = (),
) -> Job:
    """Orders, of many clients perhaps. new: clients that are near known ones are new all the same.
    again: a PO may come again. force: a contract may be exceeded; override: why a client's credit
    may be. faults: what is wrong with the lines already: nothing is recorded, and all is said at
    once."""
    return Job(
        "sale.add",
        lambda snapshot, run: sales.plan_add(
            snapshot,
            orders,
            run,
            new=new,
            again=again,
            force=force,
            override=override,
            faults=faults,
        ),
        ALLOCATED,
        SELLING,
    )


def sale_expand(*, confirm: bool = False, override: str = "") -> Job:
    return Job(
        "sale.expand",
        lambda snapshot, run: sales.plan_expand(snapshot, run, confirm=confirm, override=override),
        ALLOCATED,
        (*RECONCILING, PURCHASES, HOLDS, ALIASES, *LIMITS, *MONEY, ALLOC_LOG),
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
        (ALLOC_LOG, HOLDS, ALIASES, CLIENTS, *MONEY),
        f"sale reject {sales_id}",
    )


def sale_upgrade(
    sales_id: str,
    category: str,
    price: float | None,
    reason: str,
    *,
    force: bool = False,
    override: str = "",
) -> Job:
    return Job(
        "sale.upgrade",
        lambda snapshot, run: approvals.plan_upgrade(
            snapshot, sales_id, category, price, run, reason=reason, force=force, override=override
        ),
        POOL,
        (*POOL_RULES, ALLOC_LOG, CONTRACTS, CURRENCIES, *MONEY),
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
        (ALLOC_LOG, HOLDS, ALIASES, CLIENTS, *MONEY),
        f"sale cancel {' '.join(named)}",
    )


def sale_set(
    sales_id: str, terms: amend.Terms, reason: str, *, force: bool, override: str = ""
) -> Job:
    """A number of tickets is sold or taken back while the event sells; a payment comes later,
    too."""
    sized = terms.quantity is not None
    return Job(
        "sale.set.qty" if sized else "sale.set",
        lambda snapshot, run: amend.plan_set(
            snapshot, sales_id, terms, run, reason=reason, force=force, override=override
        ),
        ALLOCATED,
        (ALLOC_LOG, HOLDS, IMPORT_META, SCHEDULE, PURCHASES, ALIASES, *LIMITS, *MONEY, USERS),
        f"sale set --qty {sales_id}" if sized else f"sale set {sales_id}",
    )


def recon_run() -> Job:
    return Job("recon.run", reimport.plan_run, (SALES, DISTRIBUTION), (*RECONCILING, PURCHASES))


def recon_apply() -> Job:
    also = (*RECONCILING, PURCHASES, HOLDS, ALIASES, *LIMITS, *MONEY)
    return Job("recon.apply", reimport.plan_apply, ALLOCATED, also)


def refund_decide(sales_id: str, decision: str, reason: str, *, amount: float | None = None) -> Job:
    return Job(
        "refund.decide",
        lambda snapshot, run: refunds.plan_decide(
            snapshot, sales_id, decision, run, amount=amount, reason=reason
        ),
        (SALES,),
        (*MONEY, ALIASES, CLIENTS),
        f"refund decide {sales_id}",
    )
