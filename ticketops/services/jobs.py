"""The use cases that write, as Jobs: which sheets each reads and which pure function plans it."""

from __future__ import annotations

from collections.abc import Sequence

from ticketops.domain import procurement, resync, sales
from ticketops.domain.allocation import commit
from ticketops.domain.audit import repair
from ticketops.schema.workbook import (
    ALLOC_LOG,
    DISTRIBUTION,
    IMPORT_META,
    MATTHIAS_EMAILS,
    PURCHASE_META,
    PURCHASES,
    REPAIR_LOG,
    SALES,
    SALES_PARENT_RECON,
    SALES_RECON_AUDIT,
    SCHEDULE,
    UNITS,
    UNITS_AUDIT,
)
from ticketops.services.transaction import Job

_PURCHASING = (SCHEDULE, PURCHASES, UNITS, PURCHASE_META, UNITS_AUDIT, DISTRIBUTION)
_SELLING = (SCHEDULE, SALES, DISTRIBUTION, IMPORT_META)
_RECONCILING = (SALES, DISTRIBUTION, IMPORT_META, SALES_PARENT_RECON, SALES_RECON_AUDIT)
_ALLOCATING = (DISTRIBUTION, UNITS, SALES, ALLOC_LOG, MATTHIAS_EMAILS)


def purchase_add(lines: Sequence[procurement.PurchaseLine]) -> Job:
    return Job("purchase add", _PURCHASING, lambda snapshot, run: procurement.plan_add(snapshot, lines, run))


def purchase_expand() -> Job:
    return Job("purchase expand", _PURCHASING, procurement.plan_expand)


def sale_add(order: sales.Order, lines: Sequence[sales.SaleLine]) -> Job:
    return Job("sale add", _SELLING, lambda snapshot, run: sales.plan_add(snapshot, order, lines, run))


def sale_expand() -> Job:
    return Job("sale expand", _RECONCILING, sales.plan_expand)


def recon_run() -> Job:
    return Job("recon run", _RECONCILING, resync.plan_run)


def recon_apply() -> Job:
    return Job("recon apply", _RECONCILING, resync.plan_apply)


def allocate_commit(target: str) -> Job:
    return Job(f"allocate commit {target}", _ALLOCATING, lambda snapshot, run: commit.plan_commit(snapshot, target, run))


def allocate_auto() -> Job:
    return Job("allocate auto", _ALLOCATING, commit.plan_auto)


def audit_repair() -> Job:
    return Job("audit repair", (DISTRIBUTION, UNITS, REPAIR_LOG), repair.plan_repair)
