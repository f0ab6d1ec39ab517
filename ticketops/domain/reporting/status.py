"""One screen that says where the event stands, what waits, and what to do next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import polars as pl

from ticketops.domain.allocation.automatic import plan_lines
from ticketops.domain.audit import checks
from ticketops.domain.catalogue.follow import behind
from ticketops.domain.dispatch import overdue
from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting.figures import Figures, Position, PositionLine, figures_of
from ticketops.domain.reporting.lists import Which, refund_list
from ticketops.domain.reporting.position import position
from ticketops.domain.selling.orders import sales_of
from ticketops.domain.selling.pending import PartialPending, partial_pending, waiting_lines
from ticketops.domain.ticket.identity import sale_of_each
from ticketops.domain.ticket.owners import OWNED_BY, Owners
from ticketops.errors import TicketopsError, UndeclaredError
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, PURCHASES, SALES, UNITS
from ticketops.schema.tables import Snapshot

TO_BE_DECIDED = states.REFUND_DECISION[0]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits: purchases, sales, and otherwise tickets."""

    unexpanded_purchases: int
    unexpanded_sales: int
    unallocated: int
    pending_approval: int
    """Sales."""
    waiting_stock: int
    guest_details_missing: int
    """Allocated, unsent tickets without an e-mail address, as `dispatch status` counts them."""
    ready_to_send: int
    """Tickets with a unit and an address, not sent: of staff and of suppliers."""
    staff_to_send: int
    supplier_to_send: int
    servable: int
    """Tickets that `allocate auto` would serve now."""
    refunds_to_decide: int
    delivery_issues: int
    reference_behind: int
    """Game cells that differ from the schedule, and tickets whose seat differs from their unit's
    (D21)."""


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """What the audit says, in short."""

    issues: int
    by_code: dict[str, int]
    """{code of a finding: how many}."""
    invariant_holds: bool


@dataclass(frozen=True, slots=True)
class Action:
    """A command to run next, without `ticketops`, and why."""

    command: str
    why: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything of `ticketops status`."""

    position: Figures
    waiting: Waiting
    approvals: list[str]
    """SalesIDs of oversold sales."""
    partial_pending: list[PartialPending]
    """Sales of which some tickets wait for approval (§14a)."""
    audit: AuditSummary
    short: list[PositionLine]
    """The five largest shortages at most."""
    actions: list[Action]
    """Most urgent first."""


def overview(snapshot: Snapshot, run: Run, buffer_hours: float) -> Plan:
    """Where the event stands, what waits, and what to do next, as an Overview; findings: why
    nothing can be allocated automatically, if that is so.

    Every figure is that of the command that is about it. buffer_hours: see `overdue.overview`.
    """
    report = position(snapshot)
    audited, _findings = checks.audit(snapshot.of((DISTRIBUTION, UNITS, SALES, PURCHASES)))
    tickets = snapshot[DISTRIBUTION].frame.filter(
        pl.col("row_type").fill_null("Sales") == "Sales",
        pl.col("sales_id").is_not_null(),
        pl.col("status").ne_missing(states.CANCELLED),
    )
    _pending, approvals = waiting_lines(snapshot)
    dispatched = overdue.overview(snapshot, run, buffer_hours)
    servable, findings = _servable(snapshot, run)
    of_suppliers = sum(figures.to_send for figures in dispatched.suppliers.values())
    waiting = Waiting(
        unexpanded_purchases=_unexpanded_purchases(snapshot),
        unexpanded_sales=_unexpanded_sales(snapshot),
        unallocated=tickets.filter(pl.col("unit_ids").is_null(), pl.col("status").is_null()).height,
        pending_approval=len(approvals),
        waiting_stock=tickets.filter(pl.col("status") == states.WAITING_STOCK).height,
        guest_details_missing=dispatched.total.no_guest,
        ready_to_send=dispatched.total.to_send,
        staff_to_send=dispatched.total.to_send - of_suppliers,
        supplier_to_send=of_suppliers,
        servable=servable,
        refunds_to_decide=len(refund_list(snapshot, Which(status=TO_BE_DECIDED)).refunds),
        delivery_issues=dispatched.total.issues,
        reference_behind=behind(snapshot),
    )
    result = Overview(
        position=Figures(*figures_of(report)),
        waiting=waiting,
        approvals=approvals,
        partial_pending=partial_pending(snapshot),
        audit=AuditSummary(audited.issues, audited.by_code, audited.invariant_holds),
        short=sorted(
            (line for line in report.lines if line.true_shortage),
            key=lambda line: -line.true_shortage,
        )[:5],
        actions=_actions(waiting, audited.issues, report, approvals),
    )
    return Plan(result=result, findings=findings)


def _servable(snapshot: Snapshot, run: Run) -> tuple[int, list[Finding]]:
    """How many tickets `allocate auto` would serve: those of its own plan."""
    try:
        lines, _proven, _left = plan_lines(snapshot, run)
    except UndeclaredError:
        raise
    except TicketopsError as error:
        message = f"allocate auto can't run: {error.message}"
        return 0, [Finding("ALLOCATION_BARRED", Severity.MEDIUM, message)]
    return sum(len(line.units) for line in lines if line.left is None), []


def _actions(waiting: Waiting, issues: int, report: Position, approvals: list[str]) -> list[Action]:
    """What to do next, the most urgent first: commands that run as they stand."""
    oversold = f"{', '.join(approvals[:5])}{' …' if len(approvals) > 5 else ''}"
    candidates = (
        (
            issues,
            "audit run",
            f"{counted(issues, 'audit finding')}; audit repair fixes what is certain",
        ),
        (
            waiting.unexpanded_purchases,
            "purchase expand",
            f"{counted(waiting.unexpanded_purchases, 'purchase')} with missing units",
        ),
        (
            waiting.unexpanded_sales,
            "sale expand",
            f"{counted(waiting.unexpanded_sales, 'sale')} with missing rows",
        ),
        (
            waiting.pending_approval,
            f"sale list --status {states.PENDING_APPROVAL}",
            f"oversold: {oversold}; sale approve, reject or upgrade decides",
        ),
        (
            report.true_shortage,
            "report position",
            f"{counted(report.true_shortage, 'ticket')} sold without stock: buy, or sale upgrade",
        ),
        (
            waiting.servable,
            "allocate auto",
            f"{counted(waiting.servable, 'ticket')} can be served from stock",
        ),
        (
            waiting.delivery_issues,
            f"ticket list --status {states.ISSUE}",
            f"{counted(waiting.delivery_issues, 'delivery issue')}",
        ),
        (
            waiting.refunds_to_decide,
            f"refund list --decision {TO_BE_DECIDED}",
            f"{counted(waiting.refunds_to_decide, 'refund')} to decide",
        ),
        (
            waiting.guest_details_missing,
            "client build --all",
            f"{counted(waiting.guest_details_missing, 'allocated ticket')} without the guest's "
            "e-mail address",
        ),
        (
            waiting.reference_behind,
            "dispatch sync",
            f"{counted(waiting.reference_behind, 'difference')} in games and seats from the "
            "schedule and the units",
        ),
        (
            waiting.staff_to_send,
            "staff queue",
            f"{counted(waiting.staff_to_send, 'ticket')} that staff can send",
        ),
        (
            waiting.supplier_to_send,
            "supplier build --all",
            f"{counted(waiting.supplier_to_send, 'ticket')} that suppliers can send",
        ),
    )
    return [Action(command, why) for count, command, why in candidates if count]


def _unexpanded_purchases(snapshot: Snapshot) -> int:
    """Purchases whose units are fewer than their Number; matched as the expansion does, by
    PurchaseID, else where both agree."""
    units = snapshot[UNITS].frame.filter(pl.col("unit_id").is_not_null())
    by_id = dict(
        units.filter(pl.col("purchase_id").is_not_null()).group_by("purchase_id").len().iter_rows()
    )
    table = snapshot[PURCHASES]
    owners = Owners.among(table, (), lambda purchase: int(purchase["row"]))
    bare = units.filter(pl.col("purchase_id").is_null()).select(OWNED_BY)
    by_row = Counter(owners.of_unit(unit) for unit in bare.iter_rows(named=True))
    rows = table.frame.select("row", "purchase_id", "number", "match", "category").iter_rows()
    return sum(
        bool(match and category and number) and by_id.get(purchase_id, 0) + by_row[row] < number
        for row, purchase_id, number, match, category in rows
    )


def _unexpanded_sales(snapshot: Snapshot) -> int:
    """Sales lines whose Distribution rows are fewer than their Number."""
    sales, _findings = sales_of(snapshot)
    rows = (
        snapshot[DISTRIBUTION]
        .frame.filter(
            pl.col("row_type") != "Purchases", pl.col("status").ne_missing(states.CANCELLED)
        )
        .select("source_sale_id", "sales_id")
    )
    by_source = dict(
        rows.filter(pl.col("source_sale_id").is_not_null())
        .group_by("source_sale_id")
        .len()
        .iter_rows()
    )
    bare = (
        rows.filter(pl.col("source_sale_id").is_null())
        .select(sale_of_each(pl.col("sales_id")))
        .drop_nulls()
    )
    by_number = dict(bare.group_by("sales_id").len().iter_rows())
    return sum(
        by_source.get(sale.source_sale_id, 0) + by_number.get(sale.sales_id, 0) < sale.quantity
        for sale in sales
        if not sale.ended
    )
