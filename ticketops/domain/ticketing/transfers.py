"""Transfers (000): a guest offers a ticket to another, who becomes its guest by accepting (D26)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ticketops.domain.dispatch.cascade import office, plan_of, reconcile
from ticketops.domain.dispatch.clients import NEEDED, was_sent
from ticketops.domain.dispatch.field_edits import Outcome
from ticketops.domain.dispatch.returned_files import checked_text
from ticketops.domain.dispatch.state import State
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.records import Record, is_live, tickets
from ticketops.domain.ticketing import allotments
from ticketops.domain.ticketing.offers import end_of, state_of, told
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import book_kinds, ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, TRANSFERS
from ticketops.schema.tables import Snapshot

CheckEmail = Callable[[str], str]
"""What is wrong with an address; empty where nothing is."""
_TAKEN = (Outcome.TAKEN, Outcome.SAME, Outcome.OVERTAKEN)


class Guest(Struct, frozen=True):
    """Whom a ticket is offered to."""

    first_name: str
    last_name: str
    email: str


def plan_offer(
    snapshot: Snapshot,
    sales_id: str,
    guest: Guest,
    expires: datetime | None,
    run: Run,
    check_email: CheckEmail,
) -> Plan:
    """Offer a ticket to another guest. expires: the last moment to accept; a day means its end.

    Raises NotFoundError; UsageError for a name or address that can't be; RuleError for a ticket that
    is CANCELLED or has no guest, that is already offered, or is the other guest's already, and for a
    moment that is past.
    """
    found = tickets(snapshot)
    key = ids.read_sales_id(sales_id)
    if key not in found:
        raise NotFoundError(f"there is no ticket {sales_id}", "write it as S147-1")
    ticket, wanted = found[key], _checked(guest, check_email)
    plan = Plan()
    rows = _lapsed(plan, snapshot, run)
    if not is_live(ticket):
        raise RuleError(f"{key} is {states.CANCELLED}", "nobody can pass it on")
    if not any(ticket[name] for name in NEEDED):
        raise RuleError(
            f"{key} has no guest who could pass it on", "its client names the guest in its book"
        )
    pending = [row for row in rows if row["sales_id"] == key and row["state"] == states.PENDING]
    if pending:
        one = pending[0]
        raise RuleError(
            f"{key} is already offered to {_name(one['to_first'], one['to_last'])} ({one['transfer_id']})",
            f"`ticketops transfer revoke {one['transfer_id']} --reason TEXT` takes that back",
        )
    if [ticket[name] for name in NEEDED] == list(wanted.values()):
        raise RuleError(f"{key} is already the ticket of {_guest_of(ticket)}")
    if expires is not None and end_of(expires) <= run.now:
        raise RuleError(f"{expires:%Y-%m-%d %H:%M} is past")
    table = snapshot[TRANSFERS]
    number = ids.next_number(ids.TRANSFER_ID, table.frame["transfer_id"])
    cells = {
        "transfer_id": ids.numbered(ids.TRANSFER_ID, number),
        "sales_id": key,
        "from_guest": _guest_of(ticket),
        "to_first": wanted["first_name"],
        "to_last": wanted["last_name"],
        "to_email": wanted["client_email"],
        "state": states.PENDING,
        "offered_at": run.now,
        "expires_at": expires,
        "user": run.user,
    }
    plan.changes.append(TRANSFERS, table.next_row, tuple(cells), [tuple(cells.values())])
    if was_sent(ticket):
        said = f"{key} was sent to {_guest_of(ticket)}: once this is accepted, Delivery is ISSUE until it is sent again"
        plan.findings.append(_finding("TRANSFER_AFTER_SENT", Severity.INFO, said, ticket))
    plan.result = told(cells, run)
    return plan


def plan_accept(snapshot: Snapshot, transfer: str, run: Run) -> Plan:
    """Make the other guest that of the ticket. One that was sent becomes an ISSUE until it is sent
    again (D26); in an allotment it is TRANSFERRED.

    Raises NotFoundError, and RuleError for a transfer that is not PENDING, a ticket that is CANCELLED
    by now, that has another guest by now, or that nobody may write.
    """
    plan = Plan()
    row = _pending(_lapsed(plan, snapshot, run), transfer)
    name, key = row["transfer_id"], row["sales_id"]
    state = State.of(snapshot)
    ticket = state.tickets.get(key or "")
    if ticket is None or not is_live(ticket):
        gone = "no longer in Distribution" if ticket is None else states.CANCELLED
        hint = f"`ticketops transfer revoke {name} --reason TEXT` ends the transfer"
        raise RuleError(f"{key} is {gone}", hint)
    if _guest_of(ticket) != row["from_guest"]:
        raise RuleError(
            f"{key} is now the ticket of {_guest_of(ticket) or 'nobody'}; {row['from_guest']} offered it",
            f"`ticketops transfer revoke {name} --reason TEXT`, then offer it again",
        )
    sent, before = was_sent(ticket), _guest_of(ticket)
    guest = dict(zip(NEEDED, (row["to_first"], row["to_last"], row["to_email"]), strict=True))
    edits = [office(run, ticket, column, text) for column, text in guest.items()]
    if sent:  # a guest changes what was sent, and the office has decided for it
        group = state.clients.key(ticket["company"]) if ticket["company"] else ""
        edits = [replace(edit, source=book_kinds.CLIENT, party=group) for edit in edits]
    done = reconcile(state, run, edits, only={key}, prefer_theirs=True)
    for _edit, outcome, message in done.outcomes:
        if outcome not in _TAKEN:
            raise RuleError(message, "nothing was written")
    done.findings = [one for one in done.findings if one.code != Outcome.OVERTAKEN.name]
    made = plan_of(state, done)
    plan.changes.extend(made.changes)
    plan.findings += made.findings
    if sent:
        said = f"{key} was sent to {before} and is now the ticket of {_guest_of(ticket)}: Delivery is ISSUE until it is sent again (`ticketops staff mark SENT`)"
        plan.findings.append(
            _finding(Outcome.CHANGED_AFTER_SENT.name, Severity.MEDIUM, said, ticket)
        )
    allotments.transferred(plan, snapshot, key, run)
    return _decided(plan, row, states.ACCEPTED, run, "")


def plan_end(snapshot: Snapshot, transfer: str, state: str, run: Run, *, reason: str) -> Plan:
    """End a transfer that is PENDING. state: DECLINED by who should get the ticket, or REVOKED by who
    offered it. Raises NotFoundError, RuleError."""
    plan = Plan()
    row = _pending(_lapsed(plan, snapshot, run), transfer)
    return _decided(plan, row, state, run, reason)


def _checked(guest: Guest, check_email: CheckEmail) -> dict[str, str]:
    """{column of Distribution: text}. Raises UsageError."""
    found = {}
    options = ("first", "last", "email")
    given = (guest.first_name, guest.last_name, guest.email)
    for option, column, said in zip(options, NEEDED, given, strict=True):
        text, wrong = checked_text(column, said, check_email)
        if wrong:
            raise UsageError(f"--{option}: {wrong[1]}")
        if not text:
            raise UsageError(f"--{option} is empty")
        found[column] = text
    return found


def _lapsed(plan: Plan, snapshot: Snapshot, run: Run) -> list[dict[str, Any]]:
    """The rows as they are now; those that expired since are written so."""
    rows = []
    for row in snapshot[TRANSFERS].frame.to_dicts():
        state = state_of(row, run.now)
        if state == states.EXPIRED:
            cells = {"state": (row["state"], state)}
            plan.changes.set(TRANSFERS, row["row"], row["transfer_id"] or "", cells)
        rows.append({**row, "state": state, "kept": row["state"]})
    return rows


def _pending(rows: list[dict[str, Any]], transfer: str) -> dict[str, Any]:
    wanted = ids.read_numbered(ids.TRANSFER_ID, transfer)
    row = next((one for one in rows if (one["transfer_id"] or "").upper() == wanted), None)
    if row is None:
        raise NotFoundError(
            f"there is no transfer {transfer}", "`ticketops transfer list` shows all"
        )
    if row["state"] != states.PENDING:
        when = (
            f" since {row['expires_at']:%Y-%m-%d %H:%M}" if row["state"] == states.EXPIRED else ""
        )
        raise RuleError(
            f"{wanted} is {row['state']}{when}, not {states.PENDING}",
            f"`ticketops transfer offer {row['sales_id']}` offers the ticket again",
        )
    return row


def _decided(plan: Plan, row: dict[str, Any], state: str, run: Run, reason: str) -> Plan:
    after = {
        "state": state,
        "decided_at": run.now,
        "user": run.user,
        "reason": reason or row["reason"],
    }
    before = {**row, "state": row["kept"]}
    cells = {name: (before[name], value) for name, value in after.items()}
    plan.changes.set(TRANSFERS, row["row"], row["transfer_id"], cells)
    plan.result = told({**row, **after}, run)
    return plan


def _guest_of(ticket: Record) -> str:
    """`Ana Pérez <ana@example.org>`; empty for a ticket without a guest."""
    first, last, email = (ticket[name] for name in NEEDED)
    return " ".join(filter(None, (_name(first, last), f"<{email}>" if email else "")))


def _name(first: str | None, last: str | None) -> str:
    return " ".join(filter(None, (first, last)))


def _finding(code: str, severity: Severity, message: str, ticket: Record) -> Finding:
    return Finding(
        code,
        severity,
        message,
        DISTRIBUTION,
        ticket.before["row"],
        ticket.key,
        match=ticket["match"] or "",
    )
