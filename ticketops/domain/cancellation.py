"""Cancelling a sale (§14e) and rejecting an oversold one (§14a): units back, rows kept and marked, a refund to decide."""

from __future__ import annotations

from ticketops.domain.allocation.commit import noted
from ticketops.domain.allocation.log import log
from ticketops.domain.allocation.release import require_undispatched, take_off, units_by_id
from ticketops.domain.allocation.targets import Target, find_target
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, REFUNDS, SALES

_REFUND_COLUMNS = (
    "sales_id", "client", "tickets", "amount", "currency", "payment_status", "decision", "reason", "user", "created_at",
)  # fmt: skip


def plan_cancel(snapshot: Snapshot, sales_id: str, run: Run, *, reason: str, force: bool = False) -> Plan:
    """Cancel a sale: its units are AVAILABLE again, its rows stay and say CANCELLED, a row of _REFUNDS waits for a decision.

    Raises NotFoundError, RuleError where it is cancelled already or a ticket was dispatched, NotPermittedError.
    """
    target = find_target(snapshot, sales_id)
    return _end(snapshot, target, run, reason, status=states.CANCELLED, action="CANCEL_SALE", force=force)


def plan_reject(snapshot: Snapshot, sales_id: str, run: Run, *, reason: str, force: bool = False) -> Plan:
    """Reject a sale that waits for approval; what it was given so far goes back.

    Raises NotFoundError, NotPermittedError, RuleError where it does not wait for approval or a ticket was dispatched.
    """
    target = find_target(snapshot, sales_id)
    require_waiting(target)
    return _end(snapshot, target, run, reason, status=states.REJECTED, action="REJECT_SALE", force=force)


def require_waiting(target: Target) -> None:
    """Raises RuleError where the sale does not wait for approval."""
    if target.terms.status != states.PENDING_APPROVAL:
        raise RuleError(f"{target.sales_id} does not wait for approval: its status is {target.terms.status or states.UNALLOCATED}")


def _end(snapshot: Snapshot, target: Target, run: Run, reason: str, *, status: str, action: str, force: bool) -> Plan:
    open_tickets = [ticket for ticket in target.tickets if ticket["status"] != states.CANCELLED]
    if not open_tickets:
        raise RuleError(f"{target.sales_id} is cancelled already")
    require_undispatched(open_tickets, run, force=force)
    plan = Plan()
    note = {states.CANCELLED: "Cancelled", states.REJECTED: "Rejected"}[status]
    units = units_by_id(snapshot, [unit_id for ticket in open_tickets for unit_id in ids.split_unit_ids(ticket["unit_ids"])])
    freed = take_off(plan, [t for t in open_tickets if t["unit_ids"]], units, run, note=note, status=states.CANCELLED)
    for ticket in open_tickets:
        cells: dict[str, tuple[object, object]] = {"process_now": (ticket["process_now"], None if ticket["process_now"] is None else False)}
        if not ticket["unit_ids"]:
            cells |= {"status": (ticket["status"], states.CANCELLED), "notes": (ticket["notes"], noted(ticket["notes"], note))}
        plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], cells)
    terms = target.terms
    if terms.row is not None:
        plan.changes.set(SALES, terms.row, target.sales_id, {"status": (terms.status, status), "oversell": (terms.oversell, None)})
    log(plan, snapshot, run, action, sale_id=target.sales_id, set_id=None, units=sum(freed.values()), clear_seats=True, reason=reason)
    amount = round(len(open_tickets) * terms.price, 2) if terms.price is not None else None
    refund = {
        "sales_id": target.sales_id, "client": target.client, "tickets": len(open_tickets), "amount": amount,
        "currency": terms.currency, "payment_status": terms.payment_status, "decision": states.REFUND_DECISION[0],
        "reason": reason, "user": run.user, "created_at": run.now,
    }  # fmt: skip
    plan.changes.append(REFUNDS, snapshot[REFUNDS].next_row, _REFUND_COLUMNS, [tuple(refund[name] for name in _REFUND_COLUMNS)])
    plan.findings.append(Finding("REFUND_TO_BE_DECIDED", Severity.INFO, f"{target.sales_id}: a refund of {_money(amount, terms.currency)} is to be decided",
                                 REFUNDS, snapshot[REFUNDS].next_row, target.sales_id))  # fmt: skip
    plan.result = {
        "sales_id": target.sales_id,
        "status": status,
        "tickets": len(open_tickets),
        "units": sum(freed.values()),
        "sets": freed,
        "refund": refund,
    }
    return plan


def _money(amount: float | None, currency: str | None) -> str:
    return "an unknown amount" if amount is None else f"{amount:,.2f} {currency or ''}".strip()
