"""The use cases that list records and show one whole. They read and report nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ticketops.domain.audit.refused import not_fitting
from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting import lists, whole_sale
from ticketops.domain.reporting.lists import Which
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import (
    ALIASES,
    ALLOC_LOG,
    CLIENTS,
    DISTRIBUTION,
    FEES,
    HOLDS,
    INVOICES,
    PAYMENTS,
    PURCHASES,
    REFUNDS,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    UNITS,
    VENDORS,
)
from ticketops.schema.slices import of_sale
from ticketops.schema.tables import Snapshot
from ticketops.services.sheet_groups import MONEY

_NAMING = (SCHEDULE, ALIASES, CLIENTS, VENDORS)
"""By what matches, clients and vendors are named."""


def _listing(
    sheet: str, which: Which, listed: Callable[[Snapshot, Which, Run], Any]
) -> Callable[[Snapshot, Run], Plan]:
    """The planner of a list, its match, client and vendor named as people name them (D23), and the
    cells of the sheet that it can't show."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        meant, said = lists.resolved(snapshot, sheet, which, run)
        return Plan(
            findings=said + not_fitting(snapshot[sheet]), result=listed(snapshot, meant, run)
        )

    return plan


def sale_list(which: Which) -> Job:
    return Job(
        "sale.list",
        _listing(SALES, which, lambda snapshot, which, _run: lists.sale_list(snapshot, which)),
        (SALES, DISTRIBUTION),
        _NAMING,
        effect=Effect.READS,
    )


def sale_show(sales_id: str) -> Job:
    return Job(
        "sale.show",
        lambda snapshot, run: whole_sale.plan_show(snapshot, sales_id, run),
        (SALES, DISTRIBUTION, PURCHASES, UNITS),
        (SCHEDULE, *MONEY, FEES, INVOICES, ALLOC_LOG, STAFF_QUEUE, ALIASES, CLIENTS, VENDORS),
        f"sale show {sales_id}",
        effect=Effect.READS,
        # units and Purchases whole: what a ticket costs may hang on any row that names its unit
        slices={
            DISTRIBUTION: of_sale(sales_id),
            STAFF_QUEUE: of_sale(sales_id),
            ALLOC_LOG: of_sale(sales_id, "sale_id", tickets=False),
        },
    )


def purchase_list(which: Which) -> Job:
    return Job(
        "purchase.list",
        _listing(PURCHASES, which, lists.purchase_list),
        (PURCHASES, UNITS),
        (PAYMENTS, *_NAMING, VENDORS),
        effect=Effect.READS,
    )


def purchase_show(text: str) -> Job:
    return Job(
        "purchase.show",
        lambda snapshot, run: Plan(result=lists.purchase_whole(snapshot, text, run)),
        (PURCHASES, UNITS),
        (SCHEDULE, HOLDS, PAYMENTS, ALIASES, VENDORS),
        f"purchase show {text}",
        effect=Effect.READS,
    )


def unit_list(which: Which) -> Job:
    return Job(
        "unit.list",
        _listing(
            UNITS, which, lambda snapshot, which, run: lists.unit_list(snapshot, which, run.today)
        ),
        (UNITS,),
        (HOLDS, *_NAMING),
        effect=Effect.READS,
    )


def unit_show(unit_id: str) -> Job:
    return Job(
        "unit.show",
        lambda snapshot, run: Plan(result=lists.unit_whole(snapshot, unit_id, run.today)),
        (UNITS, DISTRIBUTION),
        (SCHEDULE, HOLDS, ALLOC_LOG),
        f"unit show {unit_id}",
        effect=Effect.READS,
    )


def ticket_list(which: Which) -> Job:
    return Job(
        "ticket.list",
        _listing(
            DISTRIBUTION, which, lambda snapshot, which, _run: lists.ticket_list(snapshot, which)
        ),
        (DISTRIBUTION,),
        _NAMING,
        effect=Effect.READS,
    )


def refund_list(which: Which) -> Job:
    return Job(
        "refund.list",
        _listing(REFUNDS, which, lambda snapshot, which, _run: lists.refund_list(snapshot, which)),
        (),
        (REFUNDS, *_NAMING),
        effect=Effect.READS,
    )


def allocation_log(which: Which, most: int) -> Job:
    return Job(
        "allocate.log",
        lambda snapshot, _run: Plan(result=lists.allocation_log(snapshot, which, most)),
        (),
        (ALLOC_LOG,),
        effect=Effect.READS,
    )
