"""The use cases that write, as Jobs: which sheets each reads and which pure function plans it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketops.domain import (
    approvals,
    cancellation,
    holds,
    moves,
    overrides,
    policies,
    procurement,
    resync,
    roles,
    sales,
    substitution,
)
from ticketops.domain.allocation import automatic, commit, preview, process
from ticketops.domain.audit import repair
from ticketops.schema.workbook import (
    ALLOC_LOG,
    ALLOCATION_PREVIEW,
    DISTRIBUTION,
    HOLDS,
    IMPORT_META,
    MATTHIAS_EMAILS,
    POLICIES,
    PURCHASE_META,
    PURCHASES,
    REFUNDS,
    REPAIR_LOG,
    SALES,
    SALES_PARENT_RECON,
    SALES_RECON_AUDIT,
    SCHEDULE,
    SUPPLIER_QUEUE,
    UNITS,
    UNITS_AUDIT,
    USERS,
    VENDOR_CREDENTIALS,
)
from ticketops.services.transaction import Job

_PURCHASING = (SCHEDULE, PURCHASES, UNITS, PURCHASE_META, UNITS_AUDIT, DISTRIBUTION)
_SELLING = (SCHEDULE, SALES, DISTRIBUTION, IMPORT_META, UNITS, HOLDS)
_RECONCILING = (SALES, DISTRIBUTION, IMPORT_META, SALES_PARENT_RECON, SALES_RECON_AUDIT)
_POOL = (DISTRIBUTION, UNITS, SALES, PURCHASES, HOLDS, POLICIES)
_ALLOCATING = (*_POOL, ALLOC_LOG, MATTHIAS_EMAILS, VENDOR_CREDENTIALS, SUPPLIER_QUEUE)
_OVERRIDING = (DISTRIBUTION, UNITS, SALES, ALLOC_LOG, SCHEDULE, PURCHASES)


def purchase_add(lines: Sequence[procurement.PurchaseLine]) -> Job:
    return Job("purchase add", _PURCHASING, lambda snapshot, run: procurement.plan_add(snapshot, lines, run))


def purchase_expand() -> Job:
    return Job("purchase expand", _PURCHASING, procurement.plan_expand)


def sale_add(order: sales.Order, lines: Sequence[sales.SaleLine]) -> Job:
    return Job("sale add", _SELLING, lambda snapshot, run: sales.plan_add(snapshot, order, lines, run))


def sale_expand() -> Job:
    return Job("sale expand", _RECONCILING, sales.plan_expand)


def sale_approve(sales_id: str, reason: str) -> Job:
    return Job(
        f"sale approve {sales_id}", _ALLOCATING, lambda snapshot, run: approvals.plan_approve(snapshot, sales_id, run, reason=reason)
    )


def sale_reject(sales_id: str, reason: str, *, force: bool = False) -> Job:
    return Job(
        f"sale reject {sales_id}",
        (*_OVERRIDING, REFUNDS),
        lambda snapshot, run: cancellation.plan_reject(snapshot, sales_id, run, reason=reason, force=force),
    )


def sale_upgrade(sales_id: str, category: str, price: float | None, reason: str) -> Job:
    return Job(
        f"sale upgrade {sales_id}",
        (*_POOL, ALLOC_LOG, SCHEDULE),
        lambda snapshot, run: approvals.plan_upgrade(snapshot, sales_id, category, price, run, reason=reason),
    )


def sale_upgrades(sales_id: str, price: float | None) -> Job:
    return Job(f"sale upgrades {sales_id}", _POOL, lambda snapshot, run: approvals.plan_upgrades(snapshot, sales_id, price, run))


def sale_cancel(sales_id: str, reason: str, *, force: bool) -> Job:
    return Job(
        f"sale cancel {sales_id}",
        (*_OVERRIDING, REFUNDS),
        lambda snapshot, run: cancellation.plan_cancel(snapshot, sales_id, run, reason=reason, force=force),
    )


def recon_run() -> Job:
    return Job("recon run", _RECONCILING, resync.plan_run)


def recon_apply() -> Job:
    return Job("recon apply", _RECONCILING, resync.plan_apply)


def allocate_preview(target: str, *, write: bool) -> Job:
    sheets = (*_ALLOCATING, ALLOCATION_PREVIEW) if write else _ALLOCATING
    return Job(f"allocate preview {target}", sheets, lambda snapshot, run: preview.plan_preview(snapshot, target, run, write=write))


def allocate_commit(target: str, choice: commit.Choice | None = None, override: str = "") -> Job:
    return Job(
        f"allocate commit {target}", _ALLOCATING, lambda snapshot, run: commit.plan_commit(snapshot, target, run, choice, override=override)
    )


def allocate_auto(*, unattended: bool = False, improve: automatic.Improve | None = None) -> Job:
    return Job(
        "allocate auto --optimize" if improve else "allocate auto",
        _ALLOCATING,
        lambda snapshot, run: automatic.plan_auto(snapshot, run, unattended=unattended, improve=improve),
    )


def allocate_process() -> Job:
    return Job("allocate process", (*_ALLOCATING, ALLOCATION_PREVIEW), process.plan_process)


def override_unallocate(sales_id: str, reason: str, *, set_id: str, keep_seats: bool, force: bool) -> Job:
    return Job(
        f"override unallocate {sales_id}",
        _OVERRIDING,
        lambda snapshot, run: overrides.plan_unallocate(
            snapshot, sales_id, run, reason=reason, set_id=set_id, keep_seats=keep_seats, force=force
        ),
    )


def override_reset_seats(set_id: str, reason: str, *, units_too: bool, force: bool) -> Job:
    return Job(
        f"override reset-seats {set_id}",
        _OVERRIDING,
        lambda snapshot, run: overrides.plan_reset_seats(snapshot, set_id, run, reason=reason, units_too=units_too, force=force),
    )


def override_alloc_from(sales_id: str, category: str | None, reason: str) -> Job:
    return Job(
        f"override alloc-from {sales_id}",
        _OVERRIDING,
        lambda snapshot, run: overrides.plan_alloc_from(snapshot, sales_id, category, run, reason=reason),
    )


def unit_substitute(unit_id: str, with_id: str, reason: str, *, force: bool) -> Job:
    return Job(
        f"unit substitute {unit_id}",
        (*_POOL, ALLOC_LOG, MATTHIAS_EMAILS),
        lambda snapshot, run: substitution.plan_substitute(snapshot, unit_id, with_id, run, reason=reason, force=force),
    )


def unit_hold(what: Sequence[str], client: str, until: datetime, reason: str) -> Job:
    return Job("unit hold", (*_POOL, ALLOC_LOG), lambda snapshot, run: holds.plan_hold(snapshot, what, client, until, run, reason=reason))


def unit_release(what: Sequence[str], client: str, reason: str) -> Job:
    return Job(
        "unit release", (UNITS, HOLDS, ALLOC_LOG), lambda snapshot, run: holds.plan_release(snapshot, what, client, run, reason=reason)
    )


def event_swap(first: str, second: str, reason: str, *, stock_only: bool, force: bool) -> Job:
    return Job(
        f"event swap {first} {second}",
        (*moves.EVERYTHING, SCHEDULE, ALLOC_LOG),
        lambda snapshot, run: moves.plan_swap(snapshot, first, second, run, reason=reason, stock_only=stock_only, force=force),
    )


def policy_set(scope: str, key: str, given: Mapping[str, Any]) -> Job:
    return Job("policy set", (POLICIES, SCHEDULE, SALES), lambda snapshot, run: policies.plan_set(snapshot, scope, key, given, run))


def user_set(user: str, *, role: str | None, name: str, email: str, active: bool | None) -> Job:
    return Job(
        "user set", (USERS,), lambda snapshot, run: roles.plan_set(snapshot, user, run, role=role, name=name, email=email, active=active)
    )


def audit_repair() -> Job:
    return Job("audit repair", (DISTRIBUTION, UNITS, REPAIR_LOG), repair.plan_repair)
