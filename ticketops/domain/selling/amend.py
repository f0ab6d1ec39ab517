"""`sale set` (§4): the quantity, price, notes or payment of a sale line changed as a whole, with
all that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.allocation.targets import Target, find_line, find_tickets
from ticketops.domain.audit.unknown import require_read
from ticketops.domain.intake.typed import TOTAL_DIFFERS
from ticketops.domain.masterdata import scopes, users
from ticketops.domain.masterdata.aliases import CLIENT, owners
from ticketops.domain.masterdata.contracts import Contracts
from ticketops.domain.plan import Plan, Run
from ticketops.domain.selling import limits, lines
from ticketops.domain.selling.lines import Refund
from ticketops.domain.selling.sales import expand_typed
from ticketops.domain.ticket.line import leaving_first
from ticketops.errors import RuleError
from ticketops.model import roles, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import SALES
from ticketops.schema.tables import Snapshot


class Terms(Struct, frozen=True):
    """What is to change; None: stays. Empty `notes`, `contract` and `operator` are cleared."""

    quantity: int | None = None
    price: Decimal | None = None
    notes: str | None = None
    payment_status: str | None = None
    operator: str | None = None
    contract: str | None = None


@dataclass(frozen=True, slots=True)
class Amended:
    """A sale line before and after; tickets that were added and cancelled, by their IDs."""

    sales_id: str
    quantity_before: int | None
    quantity: int
    price_before: float | None
    price: float | None
    total_before: float | None
    total: float | None
    payment_status: str | None
    status: str
    """The status of the sale, as `status` shows it: PARTIAL_PENDING if only some of its tickets
    wait for approval."""
    added: list[str]
    cancelled: list[str]
    units: int
    """AVAILABLE again."""
    refund: Refund | None
    """None if no paid amount is to be paid back."""


def plan_set(
    snapshot: Snapshot,
    sales_id: str,
    terms: Terms,
    run: Run,
    *,
    reason: str,
    force: bool = False,
    override: str = "",
) -> Plan:
    """Change a sale line: its row of Sales, Distribution rows made or cancelled, Total, Status;
    what was paid too much waits in _REFUNDS. What it grows by passes the checks of stock, credit
    and contract of `sale add`. force: tickets that were dispatched may go, and the contract may be
    exceeded; override: why its client's credit may be.

    Fewer tickets: those without a unit go first, then the highest numbers. Raises NotFoundError,
    RuleError for a sale that is cancelled or stands twice, an operator who may do nothing, and where
    a ticket that would go was dispatched, NotPermittedError.
    """
    target = find_line(snapshot, sales_id, "sale set")
    scopes.require_client(run, target.client)
    before = target.terms
    _require_changeable(snapshot, target)
    if terms.quantity is not None:
        require_read(snapshot, SALES, before.row)
    if terms.operator:
        users.require_user(snapshot, terms.operator, f"can't look after {target.sales_id}")
    plan = Plan()
    number = lines.asked(target)
    standing = len(target.live) if number is None else number
    quantity = standing if terms.quantity is None else terms.quantity
    price = before.price if terms.price is None else float(terms.price)
    if terms.contract:
        named = Contracts(snapshot, states.SALE_CONTRACT, owners(snapshot, CLIENT), run)
        day = target.tickets[0]["date"] or run.today
        plan.findings += named.chosen(terms.contract, target.client or "", day)[1]
    limits.keep(
        plan,
        snapshot,
        target,
        (quantity, price),
        run,
        force=force,
        override=override,
        payment=terms.payment_status,
        contract=terms.contract,
    )
    going: Sequence[dict[str, Any]] = ()
    freed: dict[str, int] = {}
    if terms.quantity is not None and quantity < len(target.live):
        users.require(run, roles.SR_OPERATOR, "taking tickets off a sale")
        surplus = len(target.live) - quantity
        going = sorted(sorted(target.live, key=leaving_first)[:surplus], key=lambda t: t["child"])
        freed = lines.drop(
            plan, snapshot, target, going, run, status=states.CANCELLED, reason=reason, force=force
        )
    total = lines.resize(plan, snapshot, target, quantity, price)
    _write(plan, target, terms)
    left = lines.left_of(target, going)
    added: list[str] = []
    if terms.quantity is not None:
        lines.move_sets(plan, left, quantity)
        rows = () if before.row is None else (before.row,)
        grown = expand_typed(snapshot.after(plan.changes), run, only_rows=rows, override=None)
        plan.changes.extend(grown.changes)
        plan.findings += [one for one in grown.findings if one.code != TOTAL_DIFFERS]
        short = next((one for one in grown.findings if one.code == "OVERSELL"), None)
        if short and (refusal := limits.oversold(f"{short.message};", run)):
            raise refusal
    after = snapshot.after(plan.changes)
    ((now, tickets),) = find_tickets(after, [target.sales_id])
    known = {ticket["row"] for ticket in target.tickets}
    added = [ticket["sales_id"] for ticket in tickets if ticket["row"] not in known]
    if terms.quantity is not None and not added:
        lines.follow(plan, snapshot, target, left, run)
        ((now, tickets),) = find_tickets(snapshot.after(plan.changes), [target.sales_id])
    owed = lines.amount_of(lines.asked(target), before.price), lines.amount_of(quantity, price)
    refund = _paid_too_much(plan, snapshot, target, len(going), owed, run, reason)
    plan.result = Amended(
        sales_id=target.sales_id,
        quantity_before=before.number,
        quantity=quantity,
        price_before=before.price,
        price=price,
        total_before=before.total,
        total=total,
        payment_status=now.terms.payment_status,
        status=now.shown_status,
        added=added,
        cancelled=[ticket["sales_id"] for ticket in going],
        units=sum(freed.values()),
        refund=refund,
    )
    return plan


def _require_changeable(snapshot: Snapshot, target: Target) -> None:
    rows = snapshot[SALES].frame.filter(pl.col("sales_id") == target.sales_id)["row"].to_list()
    if not rows:
        raise RuleError(
            f"Sales has no {target.sales_id}: only Distribution has rows for it",
            "recon run shows more",
        )
    if len(rows) > 1:
        raise RuleError(
            f"{target.sales_id} is on rows {', '.join(map(str, rows))} of Sales",
            "give one of them another SalesID, or delete it",
        )
    if target.terms.status in (states.CANCELLED, states.REJECTED):
        raise RuleError(f"{target.sales_id} is {target.terms.status}", "sale add records a new one")


def _write(plan: Plan, target: Target, terms: Terms) -> None:
    before = target.terms
    cells: dict[str, tuple[Any, Any]] = {}
    if terms.notes is not None:
        cells["notes"] = (before.notes, terms.notes or None)
    if terms.payment_status is not None:
        cells["payment_status"] = (before.payment_status, terms.payment_status)
    if terms.operator is not None:
        cells["operator"] = (before.operator, terms.operator or None)
    if terms.contract is not None:
        cells["contract"] = (before.contract, terms.contract or None)
    if before.row is not None:
        plan.changes.set(SALES, before.row, target.sales_id, cells)


def _paid_too_much(
    plan: Plan,
    snapshot: Snapshot,
    target: Target,
    tickets: int,
    owed: tuple[float | None, float | None],
    run: Run,
    reason: str,
) -> Refund | None:
    """The refund of a sale that was paid and asks for less now; where it asks for more, a finding."""
    before, after = owed
    if before is None or after is None:
        if not tickets:
            return None
        return lines.refund(plan, snapshot, target, tickets, None, run, reason=reason)
    if after < before:
        amount = round(before - after, 2)
        return lines.refund(plan, snapshot, target, tickets, amount, run, reason=reason)
    if after > before and target.terms.payment_status == states.PAID:
        plan.findings.append(
            Finding(
                "PAYMENT_SHORT",
                Severity.LOW,
                f"{target.sales_id} is PAID, but now costs {after - before:,.2f} "
                f"{target.terms.currency or ''} more: `sale set {target.sales_id} --payment "
                "INVOICED` records that",
                SALES,
                target.terms.row,
                target.sales_id,
            )
        )
    return None
