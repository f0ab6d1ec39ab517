"""One screen that says where the event stands, what waits, and what to do next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import polars as pl
from msgspec import structs

from ticketops.domain.allocation.automatic import plan_lines
from ticketops.domain.audit import checks, unknown
from ticketops.domain.catalogue.follow import behind
from ticketops.domain.clock.record import LastRun, last_run
from ticketops.domain.dispatch import overdue
from ticketops.domain.masterdata.aliases import CLIENT, VENDOR
from ticketops.domain.masterdata.parties import without_record
from ticketops.domain.masterdata.venues import VENUE, venues_without_record
from ticketops.domain.messages.listing import messages_waiting
from ticketops.domain.plan import MEDAL_HOURS_EARLIER, Plan, Run
from ticketops.domain.reporting import next_actions
from ticketops.domain.reporting.figures import Figures, PositionLine, figures_of
from ticketops.domain.reporting.lists import Which, refund_list
from ticketops.domain.reporting.next_actions import TO_BE_DECIDED, Action, Waiting
from ticketops.domain.reporting.position import position
from ticketops.domain.selling import reconciliation
from ticketops.domain.selling.existing import unexpanded
from ticketops.domain.selling.pending import PartialPending, partial_pending, waiting_lines
from ticketops.domain.ticket.identity import is_sold, sale_of
from ticketops.domain.ticket.owners import OWNED_BY, Owners
from ticketops.errors import TicketopsError, UndeclaredError
from ticketops.model import states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import CLOCK, DISTRIBUTION, NOTIFICATION_LOG, PURCHASES, UNITS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """What the audit says, in short."""

    issues: int
    by_code: dict[str, int]
    """{code of a finding: how many}."""
    invariant_holds: bool


@dataclass(frozen=True, slots=True)
class EventNow:
    """The event, and its state; None where it has none, or none that is understood."""

    code: str
    name: str
    state: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything of `ticketops status`."""

    event: EventNow | None
    """None where the workbook names no event: then every command is open (§1)."""
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
    clock: LastRun | None = None
    """The last nightly run that is recorded."""


def overview(
    snapshot: Snapshot, run: Run, buffer_hours: float, medal_hours: float = MEDAL_HOURS_EARLIER
) -> Plan:
    """Where the event stands, what waits, and what to do next, as an Overview; findings: why
    nothing can be allocated automatically, if that is so; cells that are not understood; tickets
    that are too many, or whose sale was changed, though allocated.

    Every figure is that of the command that is about it. buffer_hours, medal_hours: see `overdue.overview`.
    """
    report = position(snapshot)
    audited, told = checks.audit(snapshot)
    tickets = snapshot[DISTRIBUTION].frame.filter(
        is_sold(), pl.col("status").ne_missing(states.CANCELLED)
    )
    _pending, approvals = waiting_lines(snapshot)
    dispatched = overdue.overview(snapshot, run, buffer_hours, medal_hours=medal_hours)
    servable, findings = _servable(snapshot, run)
    unrecorded = {kind: without_record(snapshot, kind) for kind in (CLIENT, VENDOR)}
    unrecorded[VENUE] = venues_without_record(snapshot)
    of_suppliers = sum(figures.to_send for figures in dispatched.suppliers.values())
    waiting = Waiting(
        unexpanded_purchases=_unexpanded_purchases(snapshot),
        unexpanded_sales=unexpanded(snapshot),
        unallocated=tickets.filter(pl.col("unit_ids").is_null(), pl.col("status").is_null()).height,
        pending_approval=len(approvals),
        waiting_stock=tickets.filter(pl.col("status") == states.WAITING_STOCK).height,
        guest_details_missing=dispatched.total.no_guest,
        ready_to_send=dispatched.total.to_send,
        staff_to_send=dispatched.total.to_send - of_suppliers,
        supplier_to_send=of_suppliers,
        not_understood=dispatched.total.not_understood,
        servable=servable,
        refunds_to_decide=len(refund_list(snapshot, Which(status=TO_BE_DECIDED)).refunds),
        delivery_issues=dispatched.total.issues,
        reference_behind=behind(snapshot),
        clients_without_record=len(unrecorded[CLIENT]),
        vendors_without_record=len(unrecorded[VENDOR]),
        venues_without_record=len(unrecorded[VENUE]),
        **messages_waiting(snapshot[NOTIFICATION_LOG]),
    )
    event = run.event
    actions = [
        *next_actions.actions(waiting, audited.issues, report, approvals),
        *next_actions.to_enter(unrecorded),
    ]
    result = Overview(
        event=EventNow(event.code, event.name, event.state or None) if event else None,
        position=Figures(*figures_of(report)),
        waiting=waiting,
        approvals=approvals,
        partial_pending=partial_pending(snapshot),
        audit=AuditSummary(audited.issues, audited.by_code, audited.invariant_holds),
        short=sorted(
            (line for line in report.lines if line.true_shortage),
            key=lambda line: -line.true_shortage,
        )[:5],
        actions=actions,
        clock=last_run(snapshot[CLOCK]),
    )
    compared = reconciliation.compare(snapshot).findings
    told = [one for one in (*told, *compared) if one.code in _LISTED]
    return Plan(result=result, findings=findings + _in_short(told))


_LISTED = {unknown.UNKNOWN_VALUE, reconciliation.PROTECTED_EXCESS, reconciliation.SALE_CHANGED}
"""What nobody can go round: `status` says it itself."""
_MOST_LISTED = 10


def _in_short(found: list[Finding]) -> list[Finding]:
    """One finding for each code and sale (each cell where it is of none), the first few of them."""
    groups: dict[tuple[Any, ...], list[Finding]] = {}
    for one in found:
        sale = sale_of(one.sales_id)
        whole = one.code != unknown.UNKNOWN_VALUE and sale
        groups.setdefault((one.code, sale if whole else (one.sheet, one.row)), []).append(one)
    told = []
    for first, *more in groups.values():
        rest = f"; {counted(len(more), 'more ticket')} like it: recon run lists all" if more else ""
        told.append(structs.replace(first, message=first.message + rest))
    left = told[_MOST_LISTED:]
    if left:
        message = (
            f"{counted(len(left), 'more finding')} like these: audit run and recon run list all"
        )
        worst = max(one.severity for one in left)
        told[_MOST_LISTED:] = [Finding("MORE", worst, message)]
    return told


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


def _unexpanded_purchases(snapshot: Snapshot) -> int:
    """Purchases whose units are fewer than their Number; matched as the expansion does, by
    PurchaseID, else where both agree."""
    units = snapshot[UNITS].frame.filter(pl.col("unit_id").is_not_null())
    by_id = dict(
        units.filter(pl.col("purchase_id").is_not_null()).group_by("purchase_id").len().iter_rows()
    )
    table = snapshot[PURCHASES]
    wrong = unknown.unread(snapshot, PURCHASES)
    owners = Owners.among(table, (), lambda purchase: int(purchase["row"]))
    bare = units.filter(pl.col("purchase_id").is_null()).select(OWNED_BY)
    by_row = Counter(owners.of_unit(unit) for unit in bare.iter_rows(named=True))
    rows = table.frame.select("row", "purchase_id", "number", "match", "category").iter_rows()
    return sum(
        bool(match and category and number) and by_id.get(purchase_id, 0) + by_row[row] < number
        for row, purchase_id, number, match, category in rows
        if row not in wrong
    )
