"""What becomes of a refund: money back, a credit, or nothing (§14e, D24)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from ticketops.domain.money.accounts import refundable
from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting.lists import Which, refund_list
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import REFUNDS
from ticketops.schema.tables import Snapshot

TO_BE_DECIDED, REFUND, CREDIT, NO_REFUND = states.REFUND_DECISION


@dataclass(frozen=True, slots=True)
class Decided:
    """`refund decide`. amount: in `currency`; None if nothing is refunded or the price is unknown."""

    sales_id: str
    client: str | None
    decision: str
    amount: float | None
    currency: str | None
    reason: str


def plan_decide(
    snapshot: Snapshot,
    sales_id: str,
    decision: str,
    run: Run,
    *,
    amount: float | None = None,
    reason: str,
) -> Plan:
    """Decide the refund of a sale (S36) or ticket (S36-1) that waits for it.

    decision: one of states.REFUND_DECISION. amount: what is refunded or credited; None: all of it.
    Only what was paid can be. Raises NotFoundError where there is no refund of it, RuleError where
    it was decided already, where several wait, where nothing was paid, and for an amount that is
    unknown or more than the tickets cost.
    """
    found = refund_list(snapshot, Which(sale=sales_id)).refunds
    if not found:
        raise NotFoundError(
            f"there is no refund of {sales_id}", "`ticketops refund list` shows all"
        )
    waiting = [one for one in found if one.decision == TO_BE_DECIDED]
    if not waiting:
        raise RuleError(f"the refund of {sales_id} is already decided: {found[-1].decision}")
    exact = [one for one in waiting if one.sales_id == ids.read_sales_id(sales_id)]
    waiting = exact[:1] or waiting  # of several of the very same name the oldest
    if len(waiting) > 1:
        named = ", ".join(one.sales_id or "" for one in waiting)
        raise RuleError(f"{len(waiting)} refunds of {sales_id} are waiting: {named}", "name one")
    (one,) = waiting
    plan = Plan()
    if decision == NO_REFUND:
        due = None
    else:
        brought = refundable(snapshot, ids.parse_sales_id(one.sales_id or "").parent, run)
        if one.payment_status not in (None, states.PAID) and brought is None:
            raise RuleError(
                f"{one.sales_id} was not paid ({one.payment_status}): there is nothing to pay back",
                "give --none",
            )
        most = one.amount
        if brought is not None:  # what is promised includes this one
            most = max(0.0, min(float(brought) + (one.amount or 0.0), one.amount or float(brought)))
        due = most if amount is None else amount
        if due is None:
            raise RuleError(f"the price of {one.sales_id} is unknown", "give --amount")
        if one.amount is not None and due > one.amount:
            raise RuleError(f"{due:,.2f} is more than the price of the tickets, {one.amount:,.2f}")
        if most is not None and due > most:
            raise RuleError(f"{due:,.2f} is more than what was paid for the tickets, {most:,.2f}")
        if one.payment_status is None and brought is None:
            plan.findings.append(
                Finding(
                    "PAYMENT_UNKNOWN",
                    Severity.MEDIUM,
                    f"{one.sales_id}: it is unknown whether it was paid",
                    REFUNDS,
                    one.row,
                    one.sales_id or "",
                )
            )
    row = snapshot[REFUNDS].frame.row(by_predicate=pl.col("row") == one.row, named=True)
    cells: dict[str, tuple[Any, Any]] = {
        "decision": (row["decision"], decision),
        "decided_amount": (row["decided_amount"], due),
        "decision_reason": (row["decision_reason"], reason),
        "decided_by": (row["decided_by"], run.user),
        "decided_at": (row["decided_at"], run.now),
    }
    plan.changes.set(REFUNDS, one.row, one.sales_id or "", cells)
    plan.result = Decided(one.sales_id or "", one.client, decision, due, one.currency, reason)
    return plan
