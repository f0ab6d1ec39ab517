"""Cancelling a sale or single tickets of it (§14e), and rejecting an oversold one (§14a): units
back, rows kept and marked, a refund to decide where something was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ticketops.domain.allocation.targets import Target, find_tickets
from ticketops.domain.plan import Plan, Run
from ticketops.domain.selling import lines
from ticketops.domain.selling.lines import Refund
from ticketops.domain.ticket.line import is_live
from ticketops.errors import RuleError
from ticketops.model import states
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Ended:
    """Cancelled or rejected tickets, and units that are AVAILABLE again."""

    sales_id: str
    status: str
    """The status of the sale: CANCELLED or REJECTED if no ticket is left; otherwise the status of
    the rest."""
    tickets: int
    units: int
    sets: dict[str, int]
    """{SetID: units of it}."""
    refund: Refund | None
    """None if nothing was paid."""
    ticket_ids: list[str]
    tickets_left: int
    """The tickets that the sale still has."""


def plan_cancel(
    snapshot: Snapshot, names: Sequence[str], run: Run, *, reason: str, force: bool = False
) -> Plan:
    """Cancel a sale, or single tickets of it: their units are AVAILABLE again, their rows stay and
    say CANCELLED, and the sale asks for so many fewer; what was paid for them waits in _REFUNDS for
    a decision.

    names: the sale, or tickets of one sale. Raises NotFoundError, RuleError where it is already
    cancelled or a ticket was dispatched, NotPermittedError.
    """
    target, named = _of_one_sale(snapshot, names)
    return _end(snapshot, target, named, run, reason, status=states.CANCELLED, force=force)


def plan_reject(
    snapshot: Snapshot, sales_id: str, run: Run, *, reason: str, force: bool = False
) -> Plan:
    """Reject what waits for approval: the sale, one ticket of it, or, where others of its tickets
    are served already, those that it grew by.

    Raises NotFoundError, NotPermittedError, RuleError where it does not wait for approval or a
    ticket was dispatched.
    """
    target, named = _of_one_sale(snapshot, [sales_id])
    require_waiting(target)
    if target.terms.status != states.PENDING_APPROVAL:
        named = [ticket for ticket in named if not ticket["unit_ids"]]
        if not named:
            raise RuleError(f"{sales_id} does not wait for approval: it has a unit")
    return _end(snapshot, target, named, run, reason, status=states.REJECTED, force=force)


def require_waiting(target: Target) -> None:
    """Raises RuleError where nothing of the sale waits for approval."""
    if not target.terms.unapproved:
        raise RuleError(
            f"{target.sales_id} does not wait for approval: its status is {target.terms.status or states.UNALLOCATED}"
        )


def _of_one_sale(snapshot: Snapshot, names: Sequence[str]) -> tuple[Target, list[dict[str, Any]]]:
    found = find_tickets(snapshot, names)
    if len(found) > 1:
        sales = " and ".join(target.sales_id for target, _tickets in found)
        raise RuleError(f"{sales} are different sales", "cancel one after the other")
    return found[0]


def _end(
    snapshot: Snapshot,
    target: Target,
    named: Sequence[dict[str, Any]],
    run: Run,
    reason: str,
    *,
    status: str,
    force: bool,
) -> Plan:
    going = [ticket for ticket in named if is_live(ticket)]
    if not going:
        only = f"{named[0]['sales_id']}: it" if len(named) == 1 else target.sales_id
        raise RuleError(f"{only} is already cancelled")
    plan = Plan()
    freed = lines.drop(
        plan, snapshot, target, going, run, status=status, reason=reason, force=force
    )
    left = lines.left_of(target, going)
    names = [ticket["sales_id"] for ticket in going]
    if left:
        number = lines.number_after(target, len(going))
        lines.resize(plan, snapshot, target, number, target.terms.price)
        lines.move_sets(plan, left, number)
        now = lines.follow(plan, snapshot, target, left, run)
        single = names
    else:
        lines.end(plan, target, status)
        now, single = status, []
    amount = lines.worth(snapshot, target, going)
    plan.result = Ended(
        sales_id=target.sales_id,
        status=now,
        tickets=len(going),
        units=sum(freed.values()),
        sets=freed,
        refund=lines.refund(
            plan, snapshot, target, len(going), amount, run, reason=reason, names=single
        ),
        ticket_ids=names,
        tickets_left=len(left),
    )
    return plan
