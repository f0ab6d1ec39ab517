"""What stands in the transfers (000): each in its own state, which is EXPIRED as soon as its time is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.identity import is_or_is_of
from ticketops.domain.ticket.records import is_live, tickets
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import TRANSFERS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer as it is now. from_guest: who offered the ticket; state: EXPIRED as soon as its time
    is over, PENDING before, unless it was decided."""

    transfer: str
    ticket: str
    from_guest: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    state: str
    offered_at: datetime | None
    expires_at: datetime | None
    decided_at: datetime | None
    user: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class TransferList:
    """`transfer list`, in the order in which they were offered."""

    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True)
class TransferReport:
    """`report ticketing transfers`. counts: how many are in each state, none of them merged."""

    lines: tuple[Transfer, ...]
    counts: dict[str, int]


def listed(snapshot: Snapshot, sale: str, state: str, run: Run) -> Plan:
    """The transfers; sale: only of this sale or ticket; state: only those in it."""
    wanted = ids.read_sales_id(sale) if sale else ""
    rows = [
        row
        for row in snapshot[TRANSFERS].frame.to_dicts()
        if (not state or state_of(row, run.now) == state)
        and (not wanted or is_or_is_of(row["sales_id"], wanted))
    ]
    shown = {row["row"] for row in rows}
    findings = [one for one in unclear(snapshot, run) if one.row in shown]
    return Plan(findings=findings, result=TransferList(tuple(told(row, run) for row in rows)))


def report(snapshot: Snapshot, run: Run) -> Plan:
    """Every transfer in its own state, and how many there are of each."""
    lines = tuple(told(row, run) for row in snapshot[TRANSFERS].frame.to_dicts())
    counts = dict.fromkeys(states.TRANSFER_STATE, 0)
    for line in lines:
        counts[line.state] = counts.get(line.state, 0) + 1
    return Plan(findings=unclear(snapshot, run), result=TransferReport(lines, counts))


def state_of(row: Mapping[str, Any], now: datetime) -> str:
    """The state that a row of _TRANSFERS is in: one that is PENDING expires by itself."""
    state: str = row["state"] or states.PENDING
    over = row.get("expires_at") is not None and end_of(row["expires_at"]) < now
    return states.EXPIRED if state == states.PENDING and over else state


def unclear(snapshot: Snapshot, run: Run) -> list[Finding]:
    """Transfers whose state is not understood, and those that wait for a ticket that is cancelled."""
    found, known = [], tickets(snapshot)
    for row in snapshot[TRANSFERS].frame.to_dicts():
        at, state, key = row["row"], state_of(row, run.now), row["sales_id"] or ""
        if state not in states.TRANSFER_STATE:
            choices = ", ".join(states.TRANSFER_STATE)
            text = f"State must be one of {choices}, not {state!r}"
            code = "TRANSFER_UNCLEAR"
        elif state == states.PENDING and not (key in known and is_live(known[key])):
            text = f"{key or 'its ticket'} is cancelled: `ticketops transfer revoke {row['transfer_id']} --reason TEXT`"
            code = "TRANSFER_TICKET_GONE"
        else:
            continue
        text = f"{TRANSFERS} row {at}: {text}"
        found.append(Finding(code, Severity.MEDIUM, text, TRANSFERS, at, sales_id=key))
    return found


def told(row: Mapping[str, Any], run: Run) -> Transfer:
    """A transfer as lists have it."""
    return Transfer(
        row["transfer_id"] or "",
        row["sales_id"] or "",
        row["from_guest"],
        row["to_first"],
        row["to_last"],
        row["to_email"],
        state_of(row, run.now),
        row["offered_at"],
        row["expires_at"],
        row.get("decided_at"),
        row["user"],
        row.get("reason"),
    )


def end_of(moment: datetime) -> datetime:
    """The last moment that a text means: of a day without a time its end."""
    return moment + timedelta(days=1, microseconds=-1) if moment.time() == time() else moment
