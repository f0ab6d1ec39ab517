"""The use cases of events and matches (§1)."""

from __future__ import annotations

from ticketops.domain.catalogue import swap
from ticketops.engine.job import Job
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    ALLOCATION_PREVIEW,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
)
from ticketops.services.sheet_groups import POOL


def event_swap(first: str, second: str, reason: str, *, stock_only: bool, force: bool) -> Job:
    return Job(
        "event.swap",
        lambda snapshot, run: swap.plan_swap(
            snapshot, first, second, run, reason=reason, stock_only=stock_only, force=force
        ),
        POOL,
        (STAFF_QUEUE, SUPPLIER_QUEUE, ALLOCATION_PREVIEW, SCHEDULE, ALLOC_LOG),
        f"event swap {first} {second}",
    )
