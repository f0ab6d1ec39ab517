"""The ticketing reports (000): transfers, the waiting list, purchases against their money, ticket blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticketing import allotments, offers, purchase_report, waiting
from ticketops.engine.job import Effect, Job
from ticketops.errors import UsageError
from ticketops.model import states
from ticketops.model.spelling import choice
from ticketops.schema.layouts.event import (
    ALIASES,
    ALLOTMENT_TICKETS,
    ALLOTMENTS,
    DISTRIBUTION,
    FEES,
    HOLDS,
    PAYMENTS,
    PURCHASES,
    SALES,
    TRANSFERS,
    UNITS,
    VENDORS,
    WAITLIST,
)
from ticketops.schema.tables import Snapshot

TRANSFERS_REPORT, WAITLIST_REPORT, PURCHASES_REPORT, BLOCKS_REPORT = REPORTS = (
    "transfers",
    "waitlist",
    "purchases",
    "blocks",
)
_STATES = {
    TRANSFERS_REPORT: states.TRANSFER_STATE,
    WAITLIST_REPORT: states.WAITLIST_STATE,
    PURCHASES_REPORT: states.SETTLEMENT,
}


def ticketing_report(which: str, state: str) -> Job:
    """which: one of REPORTS; state: only the lines in this state. Raises UsageError."""
    if which not in REPORTS:
        raise UsageError(f"the report must be one of {', '.join(REPORTS)}, not {which!r}")
    wanted = state_named(which, state)
    required, optional, make = {
        TRANSFERS_REPORT: ((DISTRIBUTION,), (TRANSFERS,), offers.report),
        WAITLIST_REPORT: ((SALES,), (WAITLIST, HOLDS), waiting.report),
        PURCHASES_REPORT: (
            (PURCHASES, SALES, UNITS),
            (PAYMENTS, FEES, VENDORS, ALIASES),
            purchase_report.report,
        ),
        BLOCKS_REPORT: (
            (DISTRIBUTION, UNITS),
            (ALLOTMENTS, ALLOTMENT_TICKETS, HOLDS),
            allotments.blocks,
        ),
    }[which]
    return Job(
        f"report.ticketing.{which}",
        lambda snapshot, run: _in_state(make, snapshot, run, wanted),
        required,
        optional,
        f"report ticketing {which}",
        effect=Effect.READS,
    )


def state_named(which: str, text: str) -> str:
    """A state of the lines of a report, as it is spelled; blank for none. Raises UsageError."""
    if not text:
        return ""
    known = _STATES.get(which, ())
    if not known:
        raise UsageError(f"{which} have no --state", "their figures are in columns")
    if (state := choice(text, known)) is None:
        raise UsageError(f"--state must be one of {', '.join(known)}, not {text!r}")
    return state


def _in_state(
    make: Callable[[Snapshot, Run], Plan], snapshot: Snapshot, run: Run, state: str
) -> Plan:
    plan = make(snapshot, run)
    if state:
        lines = tuple(line for line in plan.result.lines if line.state == state)
        plan.result = replace(plan.result, lines=lines)
    return plan
