"""A sale line that loses tickets or changes its terms (§4, §14e): its row of Sales, its rows of
Distribution and what is to be paid back say the same afterwards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from ticketops.domain.allocation.commit import set_sale_status
from ticketops.domain.allocation.release import deallocate, require_undispatched, units_by_id
from ticketops.domain.allocation.targets import Target, Terms
from ticketops.domain.audit.unknown import require_understood
from ticketops.domain.intake.typed import retotalled
from ticketops.domain.money.accounts import refundable
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.listing import Contracts
from ticketops.domain.selling.availability import uncommitted
from ticketops.domain.selling.oversell import no_longer_waits
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.action_log import log
from ticketops.domain.ticket.identity import is_of_sale
from ticketops.domain.ticket.line import status_of
from ticketops.domain.ticket.notes import with_note
from ticketops.model import states
from ticketops.model.changes import SetCells
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import exact, line_total, said
from ticketops.model.quantity import is_quantity
from ticketops.model.results import shallow
from ticketops.schema.layouts.event import DISTRIBUTION, REFUNDS, SALES
from ticketops.schema.tables import Snapshot

Ticket = dict[str, Any]
_WORDS = {
    states.CANCELLED: ("Cancelled", "CANCEL_SALE"),
    states.REJECTED: ("Rejected", "REJECT_SALE"),
}


@dataclass(frozen=True, slots=True)
class Refund:
    """A row of _REFUNDS. amount: in `currency`, None if the price is unknown."""

    sales_id: str
    client: str | None
    tickets: int
    amount: float | None
    currency: str | None
    payment_status: str | None
    decision: str
    reason: str
    user: str
    created_at: datetime


def left_of(target: Target, going: Collection[Ticket]) -> list[Ticket]:
    """The live tickets of a line without those that go."""
    rows = {ticket["row"] for ticket in going}
    return [ticket for ticket in target.live if ticket["row"] not in rows]


def drop(
    plan: Plan,
    snapshot: Snapshot,
    target: Target,
    going: Sequence[Ticket],
    run: Run,
    *,
    status: str,
    reason: str,
    force: bool,
) -> dict[str, int]:
    """Mark tickets as CANCELLED and free their units; {SetID: units freed}. Their rows and numbers
    stay, Sets moves to the lowest ticket that is left (D6). status: CANCELLED or REJECTED, as it is
    noted and logged: the sale in one row, single tickets each in one.

    Raises RuleError for a cell that is not understood or a ticket that was dispatched,
    NotPermittedError.
    """
    note, action = _WORDS[status]
    units = units_by_id(snapshot, unit_ids.listed_by(going))
    require_understood(snapshot, [ticket["row"] for ticket in going], units)
    require_undispatched(going, run, force=force)
    left = left_of(target, going)
    contracts = Contracts.of(snapshot)
    total: dict[str, int] = {}
    groups = [(ticket["sales_id"], [ticket]) for ticket in going]
    for sale_id, tickets in groups if left else [(target.sales_id, list(going))]:
        served = [ticket for ticket in tickets if ticket["unit_ids"]]
        freed = deallocate(plan, served, units, run, contracts, note=note, status=states.CANCELLED)
        log(
            plan,
            snapshot,
            run,
            action,
            sale_id=sale_id,
            set_id=None,
            units=sum(freed.values()),
            clear_seats=True,
            reason=reason,
        )
        for set_id, number in freed.items():
            total[set_id] = total.get(set_id, 0) + number
    for ticket in going:
        cells: dict[str, tuple[Any, Any]] = {
            "process_now": (ticket["process_now"], None if ticket["process_now"] is None else False)
        }
        if left:
            cells["sets"] = (ticket["sets"], 0)
        if not ticket["unit_ids"]:
            cells |= {
                "status": (ticket["status"], states.CANCELLED),
                "notes": (ticket["notes"], with_note(ticket["notes"], note)),
            }
        plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], cells)
    return total


def asked(target: Target) -> int | None:
    """What Sales asks for; None where its Number is none."""
    number = target.terms.number
    return number if number is not None and is_quantity(number) else None


def number_after(target: Target, going: int) -> int | None:
    """What Sales asks for once tickets are gone: those that it had too many of already do not
    count."""
    number = asked(target)
    if number is None:
        return None
    excess = max(0, len(target.live) - number)
    return max(0, number - max(0, going - excess))


def resize(
    plan: Plan, snapshot: Snapshot, target: Target, number: int | None, price: float | None
) -> float | None:
    """Number, Price and Total of the sale's row; the Total it has then. A Total that was typed
    stays, with a finding."""
    terms = target.terms
    if terms.row is None or number is None:
        return terms.total
    cells: dict[str, tuple[Any, Any]] = {
        "number": (terms.number, number),
        "price": (terms.price, price),
    }
    computed, finding = retotalled(
        snapshot[SALES], terms.row, target.sales_id, _was(terms), (number, price)
    )
    cells |= computed
    plan.changes.set(SALES, terms.row, target.sales_id, cells)
    plan.findings += finding
    total = cells.get("total", (None, terms.total))[1]
    return None if total is None else float(total)


def _was(terms: Terms) -> tuple[int | None, float | None, float | None, float | None]:
    return terms.number, terms.price, terms.total, terms.total_computed


def move_sets(plan: Plan, left: Sequence[Ticket], number: int | None) -> None:
    """Sets stands on the lowest ticket that is left, 0 on the others (D6)."""
    for place, ticket in enumerate(left):
        want = (len(left) if number is None else number) if place == 0 else 0
        plan.changes.set(
            DISTRIBUTION, ticket["row"], ticket["sales_id"], {"sets": (ticket["sets"], want)}
        )


def follow(plan: Plan, snapshot: Snapshot, target: Target, left: Sequence[Ticket], run: Run) -> str:
    """The sale's Status after its tickets; what waited for approval does no longer where what it
    still asks for can be had. The Status it has then."""
    terms = target.terms
    made = status_of(left)
    if (
        terms.unapproved
        and terms.row is not None
        and _can_be_had(plan, snapshot, target, left, run)
    ):
        cells = {"status": (terms.status, made), "oversell": (terms.oversell, None)}
        plan.changes.set(SALES, terms.row, target.sales_id, cells)
        plan.findings.append(no_longer_waits(target.sales_id, terms.row))
        return made
    set_sale_status(plan, target, made)
    changed = [one for one in plan.changes.for_sheet(SALES) if isinstance(one, SetCells)]
    now = [one.cells["status"][1] for one in changed if "status" in one.cells]
    return str(now[-1]) if now else terms.status or states.UNALLOCATED


def _can_be_had(
    plan: Plan, snapshot: Snapshot, target: Target, left: Sequence[Ticket], run: Run
) -> bool:
    """Whether all that the sale still waits for can be promised beside what others were."""
    if all(ticket["unit_ids"] for ticket in left):
        return True
    free = uncommitted(snapshot.after(plan.changes), target.client or "", run.now)
    return free[target.occasion, target.category] >= 0


def end(plan: Plan, target: Target, status: str) -> None:
    """The row of a sale that has no ticket any more: it keeps its Number and Total, and says
    CANCELLED or REJECTED."""
    terms = target.terms
    if terms.row is not None:
        cells = {"status": (terms.status, status), "oversell": (terms.oversell, None)}
        plan.changes.set(SALES, terms.row, target.sales_id, cells)


def worth(snapshot: Snapshot, target: Target, going: Sequence[Ticket]) -> float | None:
    """What was to be paid for tickets that go: their price; for the last of a sale what is left of
    its Total, which may have been typed. None where it is unknown."""
    terms, product = target.terms, amount_of(asked(target), target.terms.price)
    by_price = amount_of(len(going), terms.price)
    if left_of(target, going) or terms.total is None or product is None:
        return by_price
    if abs(terms.total - product) < 0.005:
        return by_price
    refunds = snapshot[REFUNDS].frame
    frame = refunds.filter(
        (pl.col("sales_id") == target.sales_id) | is_of_sale(pl.col("sales_id"), target.sales_id)
    )
    return max(0.0, round(terms.total - float(frame["amount"].sum() or 0), 2))


def amount_of(number: int | None, price: float | None) -> float | None:
    """Number × price, to the cent."""
    if number is None or price is None:
        return None
    return float(line_total(number, Decimal(repr(price))))


def refund(
    plan: Plan,
    snapshot: Snapshot,
    target: Target,
    tickets: int,
    amount: float | None,
    run: Run,
    *,
    reason: str,
    names: Sequence[str] = (),
) -> Refund | None:
    """A row of _REFUNDS for a person to decide, one each for single tickets (`names`). Where
    nothing was paid (D24) the row says NO_REFUND, and there is nothing to decide: None; where no
    ticket goes either, as when a price drops, there is no row. Where payments name the sale, they say what was paid; one that does not say whether it was paid may
    have been."""
    terms = target.terms
    paid = terms.payment_status in (None, states.PAID)
    brought = refundable(snapshot.after(plan.changes), target.sales_id, run)
    if brought is not None:
        paid = brought > 0
        brought = max(Decimal(0), brought)
        amount = float(brought if amount is None else min(exact(amount), brought))
    elif not paid:
        amount = 0.0
    if not (paid or tickets):
        return None
    made = Refund(
        sales_id=target.sales_id,
        client=target.client,
        tickets=tickets,
        amount=amount,
        currency=terms.currency,
        payment_status=terms.payment_status,
        decision=states.REFUND_DECISION[0] if paid else states.REFUND_DECISION[-1],
        reason=reason,
        user=run.user,
        created_at=run.now,
    )
    each = None if amount is None else round(amount / max(1, len(names)), 2)
    single = [replace(made, sales_id=name, tickets=1, amount=each) for name in names]
    rows = [shallow(one) for one in single or [made]]
    columns = tuple(rows[0])
    cells = [tuple(row.values()) for row in rows]
    plan.changes.append(REFUNDS, snapshot[REFUNDS].next_row, columns, cells)
    if not paid:
        return None
    plan.findings.append(
        Finding(
            "REFUND_TO_BE_DECIDED",
            Severity.INFO,
            f"{target.sales_id}: a refund of {said(amount, terms.currency)} waits for a decision",
            REFUNDS,
            snapshot[REFUNDS].next_row,
            target.sales_id,
        )
    )
    return made
