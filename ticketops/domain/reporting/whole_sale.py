"""One sale on one screen (§4, §13): its tickets with units, seats and guests, where they are sent, its
money, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ticketops.domain.masterdata.aliases import CLIENT, party_keys
from ticketops.domain.money import accounts, issued, margin, payments
from ticketops.domain.money.margin import MarginLine
from ticketops.domain.money.payments import PaymentRow
from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting import lists
from ticketops.domain.reporting.lists import AllocationRow, RefundRow, SaleRow, TicketRow, Which
from ticketops.domain.ticket.identity import is_of_sale
from ticketops.errors import NotFoundError
from ticketops.schema.layouts.event import ALLOC_LOG, STAFF_QUEUE
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class TaskShown:
    """A task of `_STAFF_QUEUE`."""

    task_id: str | None
    sales_id: str | None
    assigned_to: str | None
    priority: str | None
    dispatch_status: str | None
    dispatched_at: datetime | None


@dataclass(frozen=True, slots=True)
class SaleMoney:
    """What was paid of a sale. outstanding: what is still to be paid; in_advance: what was paid beyond
    its total; invoice, due_on: of the invoice that names it. margins: by currency."""

    currency: str
    total: float
    paid: float
    outstanding: float
    in_advance: float
    invoice: str | None
    due_on: datetime | None
    margins: tuple[MarginLine, ...]


@dataclass(frozen=True, slots=True)
class SaleWhole:
    """`sale show`: a sale line with its tickets, tasks, payments, refunds and log. money: None of one
    that is not expanded yet."""

    sale: SaleRow
    tickets: tuple[TicketRow, ...]
    tasks: tuple[TaskShown, ...]
    money: SaleMoney | None
    payments: tuple[PaymentRow, ...]
    refunds: tuple[RefundRow, ...]
    log: tuple[AllocationRow, ...]


def plan_show(snapshot: Snapshot, sales_id: str, run: Run) -> Plan:
    """A sale line whole. Raises NotFoundError where there is none."""
    own = Which(sale=sales_id)
    found = lists.sale_list(snapshot, own).sales
    if not found:
        raise NotFoundError(f"there is no sale {sales_id}", "`ticketops sale list` shows all")
    paid = payments.payment_list(snapshot, payments.Which(ref=sales_id), run).result.payments
    log = lists.allocation_log(snapshot, own, snapshot[ALLOC_LOG].frame.height).rows
    return Plan(
        result=SaleWhole(
            found[0],
            lists.ticket_list(snapshot, own).tickets,
            _tasks(snapshot, sales_id),
            _money(snapshot, found[0], run),
            paid,
            lists.refund_list(snapshot, own).refunds,
            log[::-1],
        )
    )


def _tasks(snapshot: Snapshot, sales_id: str) -> tuple[TaskShown, ...]:
    columns = list(TaskShown.__dataclass_fields__)
    own = snapshot[STAFF_QUEUE].frame.filter(is_of_sale(pl.col("sales_id"), sales_id))
    return tuple(TaskShown(*row) for row in own.select(columns).iter_rows())


def _money(snapshot: Snapshot, sale: SaleRow, run: Run) -> SaleMoney | None:
    only = {party_keys(snapshot, CLIENT)(sale.client)}
    line = accounts.of_sales(snapshot, run, only=only.__contains__).by_row().get(sale.row)
    if line is None:
        return None
    invoice = issued.by_sale(snapshot).get(sale.sales_id or "")
    found = margin.plan_margin(snapshot, margin.SALE, run, only=sale.sales_id or "").result
    return SaleMoney(
        line.due.currency,
        float(line.due.total),
        float(line.due.total - line.outstanding),
        float(line.outstanding),
        float(line.spare),
        invoice.invoice if invoice else None,
        invoice.due if invoice else None,
        found.lines,
    )
