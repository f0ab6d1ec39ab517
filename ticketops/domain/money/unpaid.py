"""Tickets of sales that nobody paid yet, before they are sent (§4, §8): pointed out, refused, or left
alone, as the setting `unpaid_tickets` says."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import polars as pl

from ticketops.domain.money import accounts
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.identity import is_sold
from ticketops.errors import RuleError
from ticketops.model import ids, states
from ticketops.model.changes import SetCells
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, SALES
from ticketops.schema.tables import Snapshot

_MOST = 12


def to_send(
    plan: Plan, snapshot: Snapshot, run: Run, setting: str, matches: Collection[str] = ()
) -> Plan:
    """The plan, with a finding about the sales whose tickets have a unit, are not sent, and are not
    paid. matches: of these matches only; none: of all."""
    if setting == states.IGNORE:
        return plan
    waiting = snapshot[DISTRIBUTION].frame.filter(
        is_sold(),
        pl.col("status").ne_missing(states.CANCELLED),
        pl.col("unit_ids").is_not_null(),
        ~pl.col("delivery").is_in(sorted(states.DISPATCHED)).fill_null(False),
    )
    if matches:
        waiting = waiting.filter(pl.col("match").is_in(list(matches)))
    named = _unpaid(snapshot, run) & _parents(waiting["sales_id"].to_list())
    plan.findings += _findings(named, "are to be sent")
    return plan


def sending(plan: Plan, snapshot: Snapshot, run: Run, setting: str) -> Plan:
    """The plan, with a finding about the sales whose tickets it sends though they are not paid.

    Raises RuleError for them where the setting says block.
    """
    if setting == states.IGNORE:
        return plan
    sent = [
        change.key
        for change in plan.changes.for_sheet(DISTRIBUTION)
        if isinstance(change, SetCells)
        and change.cells.get("delivery", (None, None))[1] in (states.SENT, states.UPLOADED)
    ]
    named = _unpaid(snapshot, run) & _parents(sent) if sent else set()
    if named and setting == states.BLOCK:
        raise RuleError(
            f"{_listed(named)}: the payment is PENDING, so no ticket of it may be sent",
            "`payment add` or `sale set --payment` records that it was paid; the setting unpaid_tickets says what is refused",
        )
    plan.findings += _findings(named, "are sent")
    return plan


def blocked(snapshot: Snapshot, run: Run, setting: str) -> frozenset[str]:
    """The sales of which nothing may be sent: those that are not paid, where the setting says block."""
    return frozenset(_unpaid(snapshot, run)) if setting == states.BLOCK else frozenset()


def _unpaid(snapshot: Snapshot, run: Run) -> set[str]:
    """The sales that say PENDING and for which something is still to be paid."""
    pending = set(
        snapshot[SALES].frame.filter(pl.col("payment_status") == states.PAYMENT_STATUS[0])[
            "sales_id"
        ]
    )
    if not pending:
        return set()
    lines = accounts.of_sales(snapshot, run).ledger.lines
    return {
        line.due.ref
        for line in lines
        if line.outstanding and line.due.ref and line.due.ref in pending
    }


def _parents(sales_ids: Iterable[str | None]) -> set[str]:
    named = map(ids.exact_sales_id, sales_ids)
    return {one.parent for one in named if one}


def _findings(named: set[str], what: str) -> list[Finding]:
    if not named:
        return []
    text = f"tickets of {_listed(named)} {what}, but the payment is PENDING"
    return [Finding("UNPAID", Severity.INFO, text, SALES)]


def _listed(named: set[str]) -> str:
    ordered = sorted(named, key=ids.natural_order)
    more = f" and {len(ordered) - _MOST:,} more" if len(ordered) > _MOST else ""
    return ", ".join(ordered[:_MOST]) + more
