"""`issuance payment` (document 001): what was paid for a booking, or taken back, with the balance that it
leaves. The balance and the log are written in one commit, so nobody computes it a second time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ticketops.domain.issuance.clearance import Row, balance
from ticketops.domain.issuance.flights import fold
from ticketops.domain.issuance.tracker import Tracker
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, issuance
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import exact
from ticketops.model.names import same_name
from ticketops.schema.layouts.issuance import BOOKING_PAYMENTS, BOOKINGS, TICKETS
from ticketops.schema.tables import Snapshot


class Given(Struct, frozen=True):
    """A payment as it is to be recorded. currency: blank for that of the booking."""

    booking: str
    amount: Decimal
    date: datetime
    currency: str = ""
    ref: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Paid:
    """`issuance payment`. amount: below 0 for one that was taken back. ready: tickets that can be issued
    now and could not before; waiting: those that could, and can't now."""

    payment_id: str
    booking: str
    amount: float
    currency: str | None
    balance_before: float
    balance_after: float
    ready: tuple[str, ...]
    waiting: tuple[str, ...]


def plan_payment(snapshot: Snapshot, given: Given, run: Run) -> Plan:
    """Record a payment for a booking. Raises NotFoundError for a booking that there is not, RuleError for
    another currency, or a balance that nobody knows."""
    tracker = Tracker(snapshot, run)
    booking = tracker.booking(given.booking)
    currency = booking["currency"]
    if given.currency and currency and given.currency != currency:
        raise RuleError(f"{booking['booking_id']} is in {currency}, not {given.currency}")
    plan = Plan()
    plan.findings += _again(tracker, booking, given)
    if given.date > run.today:
        text = (
            f"the payment for {booking['booking_id']} is dated {given.date:%Y-%m-%d}, in the future"
        )
        plan.findings.append(Finding("FUTURE_DATE", Severity.LOW, text, BOOKING_PAYMENTS))
    row = {"date": given.date, "ref": given.ref or None, "note": given.note or None}
    _record(plan, tracker, booking, given.amount, row)
    return plan


def plan_withdraw(snapshot: Snapshot, payment: str, run: Run, *, reason: str) -> Plan:
    """Take a payment back: it bounced, or was recorded by mistake. Its row stays, and another one tells
    it. Raises NotFoundError where there is none, RuleError where it was taken back already."""
    tracker = Tracker(snapshot, run)
    wanted = ids.read_numbered(ids.BOOKING_PAYMENT_ID, payment)
    every = [row for rows in tracker.payments.values() for row in rows]
    found = next((row for row in every if row["payment_id"] == wanted), None)
    if found is None:
        raise NotFoundError(
            f"there is no payment {payment}", f"{BOOKING_PAYMENTS} lists the payments"
        )
    if found["withdraws"]:
        raise RuleError(f"{wanted} itself takes {found['withdraws']} back")
    if any(row["withdraws"] == wanted for row in every):
        raise RuleError(f"{wanted} is already taken back")
    plan = Plan()
    booking = tracker.booking(found["booking_id"] or "")
    row = {"date": run.today, "ref": found["ref"], "note": reason, "withdraws": wanted}
    _record(plan, tracker, booking, -exact(found["amount"]), row)
    return plan


def _record(
    plan: Plan, tracker: Tracker, booking: Row, amount: Decimal, more: dict[str, Any]
) -> None:
    """The row of the log and the balance that it leaves, and what follows for the tickets."""
    snapshot, run = tracker.snapshot, tracker.run
    before = balance(booking)
    if before is None:
        raise RuleError(
            f"the BalanceAmount of {booking['booking_id']} is unknown",
            f"type what it owes into {BOOKINGS}",
        )
    table = snapshot[BOOKING_PAYMENTS]
    number = ids.next_number(ids.BOOKING_PAYMENT_ID, table.frame["payment_id"])
    after = before - amount
    row = {
        "payment_id": ids.numbered(ids.BOOKING_PAYMENT_ID, number),
        "booking_id": booking["booking_id"],
        "amount": float(amount),
        "currency": booking["currency"],
        "balance_before": float(before),
        "balance_after": float(after),
        "user": run.user,
        "created_at": run.now,
        "run_id": run.run_id,
        **more,
    }
    plan.changes.append(BOOKING_PAYMENTS, table.next_row, tuple(row), [tuple(row.values())])
    plan.changes.set(
        BOOKINGS,
        booking["row"],
        booking["booking_id"],
        {"balance": (booking["balance"], float(after))},
    )
    then = Tracker(snapshot.after(plan.changes), run)
    own = fold(booking["booking_id"])
    could = _ready(tracker, own)
    can = _ready(then, own)
    plan.findings += withdrawn(then, own)
    plan.result = Paid(
        row["payment_id"],
        booking["booking_id"],
        float(amount),
        booking["currency"],
        float(before),
        float(after),
        tuple(key for key in can if key not in could),
        tuple(key for key in could if key not in can),
    )


def _ready(tracker: Tracker, booking: str) -> dict[str, None]:
    """The tickets of a booking that can be issued, as far as their state goes."""
    rows = (row for row in tracker.rows if fold(row["booking_id"]) == booking and row["ticket_id"])
    return {
        row["ticket_id"]: None
        for row in rows
        if tracker.standing(row).state == issuance.FINANCE_CLEARED
    }


def _again(tracker: Tracker, booking: Row, given: Given) -> Iterable[Finding]:
    """That a payment with the same reference and amount is recorded already."""
    for row in tracker.payments.get(fold(booking["booking_id"]), ()) if given.ref else ():
        if same_name(row["ref"], given.ref) and exact(row["amount"]) == given.amount:
            text = f"{row['payment_id']} has the reference {row['ref']} and the same amount: is it recorded twice?"
            yield Finding("RECORDED_TWICE", Severity.LOW, text, BOOKING_PAYMENTS, row["row"])


def withdrawn(tracker: Tracker, booking: str = "") -> list[Finding]:
    """Tickets that were issued since their booking was paid, which it is no longer: they were frozen as
    cleared, and somebody must decide. booking: only its tickets."""
    found = []
    for row in tracker.rows:
        if tracker.stored(row) != issuance.ISSUED or (
            booking and fold(row["booking_id"]) != booking
        ):
            continue
        now = tracker.clearance(row)
        if row["finance"] == issuance.CLEARED and not now.cleared:
            text = f"{row['ticket_id']} is issued, and {now.why}: a payment was withdrawn since"
            found.append(Finding("PAYMENT_WITHDRAWN", Severity.HIGH, text, TICKETS, row["row"]))
    return found


def edited(tracker: Tracker) -> list[Finding]:
    """Bookings whose balance is not what their last payment left: somebody typed another one."""
    found = []
    for key, rows in tracker.payments.items():
        booking = tracker.bookings.get(key)
        now = balance(booking)
        if booking is None or now is None or now == exact(rows[-1]["balance_after"]):
            continue
        text = (
            f"the BalanceAmount of {booking['booking_id']} is {now:,.2f}, and {rows[-1]['payment_id']} "
            f"left {exact(rows[-1]['balance_after']):,.2f}: it was typed since"
        )
        found.append(Finding("BALANCE_TYPED", Severity.INFO, text, BOOKINGS, booking["row"]))
    return found
