"""The cascade (§7–§9): what follows from a changed Delivery, note, guest detail or acceptance.

`reconcile` applies the edits of the parties, then makes Distribution, the queues, the client inputs
and the sales agree. It can be run as often as one likes: a second run finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from ticketops.domain.audit.unknown import findings
from ticketops.domain.dispatch import staff, suppliers
from ticketops.domain.dispatch.clients import NEEDED, was_sent
from ticketops.domain.dispatch.doubt import why_not_then
from ticketops.domain.dispatch.field_edits import (
    OFFICE,
    UNKNOWN,
    FieldEdit,
    Outcome,
    as_seen_by,
    is_behind,
    is_claim,
    refused,
    typed_after_sent,
    why_not,
)
from ticketops.domain.dispatch.numbers import bring_numbers
from ticketops.domain.dispatch.queue_rows import rows_by_unit, write_supplier_rows, write_tasks
from ticketops.domain.dispatch.said import NOTES, typed_names
from ticketops.domain.dispatch.state import State
from ticketops.domain.dispatch.texts import LONGEST_CELL, keep_words, seen_by
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.identity import sale_of
from ticketops.domain.ticket.notes import merged_notes, with_note
from ticketops.domain.ticket.records import GUEST, Record, is_live
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.model import book_kinds, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.book_layouts import is_text, shown
from ticketops.schema.layouts.event import (
    CLIENT_INPUTS,
    DISTRIBUTION,
    SALES,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
)


@dataclass
class Reconciliation:
    """findings: what people should know. outcomes: one of every edit that was passed in, in order."""

    findings: list[Finding] = field(default_factory=list)
    outcomes: list[tuple[FieldEdit, Outcome, str]] = field(default_factory=list)
    new_tasks: int = 0
    """Tasks that were added to the queue."""
    delivered: set[str] = field(default_factory=set)
    """SalesIDs whose Delivery changed."""
    complaints: set[str] = field(default_factory=set)
    """SalesIDs of which a client said ISSUE."""
    taken_texts: set[tuple[str, str, str]] = field(default_factory=set)
    """(SalesID, column, source) of texts that were taken over."""


def reconcile(
    state: State,
    run: Run,
    edits: Sequence[FieldEdit] = (),
    *,
    only: Collection[str] | None = None,
    prefer_theirs: bool = False,
) -> Reconciliation:
    """Apply the edits, then bring all into agreement; `state` holds the result.

    only: the SalesIDs to bring into agreement (None: all). prefer_theirs: in a conflict of texts
    the edit wins, not what stands there.
    """
    done = Reconciliation()
    for edit in edits:
        ticket = state.tickets[edit.sales_id]
        outcome, message = _apply_edit(state, run, ticket, edit, done, prefer_theirs=prefer_theirs)
        done.outcomes.append((edit, outcome, message))
        _report(done, ticket, edit, outcome, message)
    tickets = [
        t
        for sales_id, t in state.tickets.items()
        if (only is None or sales_id in only) and sales_id not in state.unknown
    ]
    done.findings += findings(state.unknown_cells) if only is None else []
    _apply_queue_edits(state, run, tickets, done)
    for ticket in tickets:
        _restore_guest(state, ticket, done)
        _mirror(ticket)
    done.findings += bring_numbers(state, tickets, everything=only is None)
    write_supplier_rows(state, tickets, everything=only is None)
    done.new_tasks += write_tasks(state, tickets, everything=only is None)
    for ticket in tickets:
        _write_client_inputs(state, run, ticket, done)
    _update_sale_status(
        state,
        {sale_of(sales_id) for sales_id in (done.delivered if only is not None else state.tickets)},
    )
    return done


def _report(
    done: Reconciliation, ticket: Record, edit: FieldEdit, outcome: Outcome, message: str
) -> None:
    severity = {
        Outcome.CONFLICT: Severity.MEDIUM,
        Outcome.CHANGED_AFTER_SENT: Severity.MEDIUM,
        Outcome.REFUSED: Severity.MEDIUM,
        Outcome.UNPAID: Severity.MEDIUM,
        Outcome.CLAIMED: Severity.INFO,
        Outcome.OVERTAKEN: Severity.INFO,
        Outcome.JOINED: Severity.INFO,
        Outcome.BEHIND: Severity.INFO,
    }.get(outcome)
    if severity is not None:
        done.findings.append(
            Finding(
                outcome.code,
                severity,
                f"{edit.where}: {message}",
                DISTRIBUTION,
                ticket.before["row"],
                ticket.key,
                match=ticket["match"] or "",
            )
        )


def _apply_edit(
    state: State,
    run: Run,
    ticket: Record,
    edit: FieldEdit,
    done: Reconciliation,
    *,
    prefer_theirs: bool,
) -> tuple[Outcome, str]:
    if edit.sales_id in state.unknown:
        return Outcome.REFUSED, state.unknown[edit.sales_id].said
    if edit.field == "delivery":
        if why_not_then(state, run, ticket, edit):
            edit = replace(edit, at=None)  # which its own edit says
        if edit.doubtful and not prefer_theirs:
            return _doubted(ticket, edit)
        return _apply_delivery(state, run, ticket, edit, done)
    if edit.field == "dispatched_at":
        why = why_not_then(state, run, ticket, edit)
        if why:
            return Outcome.REFUSED, f"{ticket.key} keeps its DispatchedAt: {why}"
        if why := _unpaid(state, ticket, states.SENT):
            return Outcome.UNPAID, f"{ticket.key} keeps its DispatchedAt: {why}"
        return _apply_dispatched_at(ticket, edit)
    record, name = ticket, edit.field
    if name == "proof_url":
        task = next(
            (task for task in state.tasks_of.get(ticket.key, ()) if task.key == edit.task_id), None
        )
        if task is None:
            return Outcome.REFUSED, f"{ticket.key} has no task {edit.task_id}"
        record = task
    return _apply_text(state, run, record, name, edit, done, prefer_theirs=prefer_theirs)


def _apply_text(
    state: State,
    run: Run,
    record: Record,
    name: str,
    edit: FieldEdit,
    done: Reconciliation,
    *,
    prefer_theirs: bool,
) -> tuple[Outcome, str]:
    ours, theirs = record[name], edit.value or None
    seen = seen_by(state, record, name, edit.source, edit.party)
    read = shown(seen.read)
    if read == shown(theirs):
        if edit.own:
            keep_words(state, record, edit, edit.own, ours)
        return Outcome.SAME, ""
    unknown = edit.base is UNKNOWN
    if edit.source == book_kinds.CLIENT and name in NEEDED and was_sent(record):
        return _change_after_sent(run, record, name, edit, done, prefer_theirs=prefer_theirs)
    label = name.replace("_", " ")
    if (unknown and not ours) or (not unknown and is_text(edit.base, read)):
        new, mine = seen.replaced(theirs, join=name == NOTES)
        if len(new or "") > LONGEST_CELL:
            return Outcome.CONFLICT, f"{edit.sales_id} {label}: no room for {_quoted(theirs)}"
        record.set(name, new)
        keep_words(state, record, edit, mine, ours)
        done.taken_texts.add((edit.sales_id, name, edit.source))
        if edit.said_before:
            return (
                Outcome.OVERTAKEN,
                f"{edit.sales_id} {label}: the same book said {_quoted(edit.said_before)} before; now {_quoted(theirs)}",
            )
        return Outcome.TAKEN, ""
    if unknown and not theirs:
        return Outcome.SAME, ""
    if name == NOTES and theirs:
        joined, mine = seen.added(theirs, "" if unknown else edit.base)
        if joined == ours:
            return Outcome.SAME, ""
        if len(joined) <= LONGEST_CELL:
            record.set(name, joined)
            keep_words(state, record, edit, mine, ours)
            return (
                Outcome.JOINED,
                f"{edit.sales_id} {label}: both changed; {theirs[:80]!r} is added to {(ours or '')[:80]!r}",
            )
    both = f"{edit.sales_id} {label}: the file says {_quoted(theirs)}, the workbook {_quoted(ours)}"
    if prefer_theirs:
        new, mine = seen.replaced(theirs, join=False)
        record.set(name, new)
        keep_words(state, record, edit, mine, ours)
        done.taken_texts.add((edit.sales_id, name, edit.source))
        return Outcome.OVERTAKEN, f"{both}; the file's value is taken"
    return (
        Outcome.CONFLICT,
        f"{both}, it was {_quoted(None if unknown else edit.base)}; the workbook's value is kept",
    )


def _change_after_sent(
    run: Run,
    ticket: Record,
    name: str,
    edit: FieldEdit,
    done: Reconciliation,
    *,
    prefer_theirs: bool,
) -> tuple[Outcome, str]:
    """A client changes or erases a guest whose ticket was sent: Distribution keeps what was sent,
    Delivery becomes ISSUE (D26). prefer_theirs: the office has decided for the file."""
    ours, theirs = ticket[name], edit.value or None
    unknown = edit.base is UNKNOWN
    if unknown and not theirs:
        return Outcome.SAME, ""
    if ticket["delivery"] != states.ISSUE:
        deliver(ticket, states.ISSUE, run, by=edit.who)
        done.delivered.add(ticket.key)
    done.complaints.add(ticket.key)
    said = f"{ticket.key} {name.replace('_', ' ')}: {_quoted(ours)} was sent, the client now says {_quoted(theirs)}"
    if prefer_theirs and theirs:
        ticket.set(name, theirs)
        done.taken_texts.add((edit.sales_id, name, edit.source))
        return Outcome.OVERTAKEN, f"{said}; the file's value is taken, Delivery is ISSUE"
    return (
        Outcome.CHANGED_AFTER_SENT,
        f"{said}; what was sent is kept, and Delivery is ISSUE until the office decides (`staff "
        "mark SENT` confirms it)",
    )


def _quoted(text: Any) -> str:
    return repr(str(text)[:80]) if text else "nothing"


def _apply_delivery(
    state: State, run: Run, ticket: Record, edit: FieldEdit, done: Reconciliation
) -> tuple[Outcome, str]:
    ours = ticket["delivery"] or states.NOT_SENT
    if edit.source == book_kinds.CLIENT and edit.value == states.ISSUE:
        done.complaints.add(ticket.key)
    if is_claim(edit) and ours != states.ACCEPTED:
        why = staff.why_not_ready(state, ticket) if ticket.key in state.waiting else ""
        unpaid = "" if why else _unpaid(state, ticket, states.SENT)
        if why := why or unpaid:
            return refused(unpaid), f"{ticket.key} stays {ours}: {why}"
        return _apply_claim(run, ticket, edit, done)
    seen = as_seen_by(edit.source, ours)
    if seen == edit.value:
        return Outcome.SAME, ""
    why = why_not(edit, ours, complained=has_complaint(state, ticket, done))
    if ticket.key in state.waiting and edit.value not in (states.NOT_SENT, states.ISSUE):
        why = why or staff.why_not_ready(state, ticket)
    unpaid = "" if why else _unpaid(state, ticket, edit.value)
    why = why or unpaid
    if why and is_behind(edit.value, ours):
        return Outcome.BEHIND, f"{ticket.key} is already {ours}; {edit.value} came later"
    if why:
        return refused(unpaid), f"{ticket.key} stays {ours}: {why}"
    spoken_between = edit.base is not UNKNOWN and seen != edit.base
    if spoken_between and ours == states.ISSUE:
        return (
            Outcome.CONFLICT,
            f"{ticket.key} became an ISSUE meanwhile; whoever set {edit.value} did not know that",
        )
    if spoken_between and edit.at and ticket["dispatched_at"] and edit.at < ticket["dispatched_at"]:
        return (
            Outcome.CONFLICT,
            f"{ticket.key} stays {ours} as of {ticket['dispatched_at']}; the file's {edit.value} "
            f"is older, from {edit.at}",
        )
    deliver(ticket, edit.value, run, by=edit.who, at=edit.at)
    done.delivered.add(ticket.key)
    if spoken_between:
        return Outcome.OVERTAKEN, f"{ticket.key} became {ours} meanwhile and is now {edit.value}"
    return Outcome.TAKEN, ""


def _unpaid(state: State, ticket: Record, delivery: str) -> str:
    """Why a ticket may not be sent since its sale is not paid; empty where it may, or was."""
    if delivery not in (states.SENT, states.UPLOADED) or ticket["delivery"] in states.DISPATCHED:
        return ""
    return (
        f"the payment of {sale} is PENDING" if (sale := sale_of(ticket.key)) in state.unpaid else ""
    )


def _doubted(ticket: Record, edit: FieldEdit) -> tuple[Outcome, str]:
    """A Delivery in a book that may not be as it was made."""
    ours = as_seen_by(edit.source, ticket["delivery"])
    if ours == edit.value:
        return Outcome.SAME, ""
    return (
        Outcome.CONFLICT,
        f"{ticket.key} stays {ours}: the file says {edit.value}, but its hidden sheet doesn't "
        "confirm it",
    )


def _apply_claim(
    run: Run, ticket: Record, edit: FieldEdit, done: Reconciliation
) -> tuple[Outcome, str]:
    """A supplier or staff say ACCEPTED: a claim of theirs, which stands in DispatchNotes. As far as
    Delivery goes they say that it was sent (D26)."""
    claim = f"{edit.source} says ACCEPTED"
    noted = with_note(ticket["dispatch_notes"], claim)
    if claim not in (ticket["dispatch_notes"] or "") and len(noted) <= LONGEST_CELL:
        ticket.set("dispatch_notes", noted)
    if ticket["delivery"] not in (states.SENT, states.ISSUE):
        at = edit.at or ticket["dispatched_at"]
        deliver(ticket, states.SENT, run, by=edit.who, at=at)
        done.delivered.add(ticket.key)
    return (
        Outcome.CLAIMED,
        f"{ticket.key} is {ticket['delivery']}: the claim that the client accepted it is noted; "
        "only the client can accept",
    )


def has_complaint(state: State, ticket: Record, done: Reconciliation | None = None) -> bool:
    """Whether its client raised an issue that it has not closed by accepting (D26)."""
    kept = state.client_inputs.get(ticket.key)
    known = bool(
        kept
        and kept["issue_at"]
        and ticket["company"]
        and state.clients.is_of(ticket["company"], kept["client_group"] or "")
    )
    return known or (done is not None and ticket.key in done.complaints)


def deliver(ticket: Record, delivery: str, run: Run, *, by: str, at: Any = None) -> None:
    """Delivery moves, and the moments that belong to it."""
    ticket.set("delivery", delivery)
    if delivery in (states.SENT, states.UPLOADED):
        ticket.set("dispatched_at", at or run.now)
    elif delivery in (states.NOT_SENT, states.PENDING):
        ticket.set("dispatched_at", None)
    accepted = delivery == states.ACCEPTED
    ticket.set("accepted_at", run.now if accepted else None)
    ticket.set("accepted_by", by if accepted else None)


def _apply_dispatched_at(ticket: Record, edit: FieldEdit) -> tuple[Outcome, str]:
    """DispatchedAt of a ticket that was sent."""
    if shown(ticket["dispatched_at"]) == shown(edit.value):
        return Outcome.SAME, ""
    if (ticket["delivery"] or states.NOT_SENT) not in (
        states.SENT,
        states.UPLOADED,
        states.ACCEPTED,
        states.ISSUE,
    ):
        return Outcome.REFUSED, f"{ticket.key} has a DispatchedAt but was not sent"
    if edit.value is None:
        return Outcome.REFUSED, f"{ticket.key} was sent: its DispatchedAt can't be cleared"
    if shown(ticket["dispatched_at"]) not in ("", edit.base):
        return (
            Outcome.CONFLICT,
            f"{ticket.key} was dispatched {ticket['dispatched_at']}; the file says {edit.value}",
        )
    ticket.set("dispatched_at", edit.value)
    return Outcome.TAKEN, ""


def _apply_queue_edits(
    state: State, run: Run, tickets: Iterable[Record], done: Reconciliation
) -> None:
    """What was typed into the queues of the workbook itself."""
    rows = rows_by_unit(state)
    for ticket in tickets:
        unit_id = unit_of(ticket)
        key = state.supplier_of(unit_id)
        row = rows.get((key, unit_id)) if key else None
        if row is not None and row["line_key"] and row["line_key"] == ticket["line_key"]:
            where = f"{SUPPLIER_QUEUE} {unit_id}"
            _apply_queue_status(
                state,
                run,
                ticket,
                book_kinds.SUPPLIER,
                key,
                row["delivery"],
                row["dispatched_at"],
                where,
                done,
            )
            _apply_queue_note(
                ticket,
                row["dispatch_notes"],
                suppliers.notes_of(state, key, ticket),
                row["notes_agreed"],
            )
        task = staff.live_task(state, ticket)
        if task is None:
            continue
        _apply_queue_note(
            ticket, task["staff_notes"], ticket["dispatch_notes"], task["notes_agreed"]
        )
        if staff.about_same_unit(task, ticket):
            party = task["assigned_to"] or "staff"
            where = f"{STAFF_QUEUE} {task.key}"
            _apply_queue_status(
                state,
                run,
                ticket,
                book_kinds.STAFF_BOOK,
                party,
                task["dispatch_status"],
                task["dispatched_at"],
                where,
                done,
            )
        elif task["dispatch_status"] not in (
            None,
            states.NOT_SENT,
            staff.shown_delivery(ticket["delivery"]),
        ):
            message = f"{task.key}: {task['dispatch_status']} was set for another unit; {ticket.key} now has {ticket['unit_ids'] or 'none'}"
            done.findings.append(
                Finding(
                    "STALE_TASK",
                    Severity.INFO,
                    message,
                    STAFF_QUEUE,
                    task.before["row"],
                    ticket.key,
                )
            )


def _apply_queue_status(
    state: State,
    run: Run,
    ticket: Record,
    source: str,
    party: str,
    said: str | None,
    at: Any,
    where: str,
    done: Reconciliation,
) -> None:
    """A Delivery typed into a queue. What was agreed last stands in Distribution's DispatchStatus;
    a blank says nothing."""
    base = as_seen_by(source, ticket.before["dispatch_status"])
    if said is None or said in (base, as_seen_by(source, ticket["delivery"])):
        return
    edit = FieldEdit(
        source,
        party,
        ticket.key,
        "delivery",
        base,
        said,
        where,
        None if at == ticket["dispatched_at"] else at,
    )
    if why := why_not_then(state, run, ticket, edit):
        message = f"the DispatchedAt of {ticket.key} is not taken: {why}"
        _report(done, ticket, edit, Outcome.REFUSED, message)
        edit = replace(edit, at=None)
    outcome, message = _apply_delivery(state, run, ticket, edit, done)
    _report(done, ticket, edit, outcome, message)


def _apply_queue_note(
    ticket: Record, said: str | None, read: str | None, agreed: str | None
) -> None:
    """A note typed into a queue. agreed: what stood there when all agreed last; read: ours, as it
    is read there."""
    if said in (read, agreed) or (agreed is None and not said):
        return
    if agreed is not None and read == agreed and read == ticket["dispatch_notes"]:
        ticket.set("dispatch_notes", said)
    elif said:
        known = read if agreed is None else agreed
        withheld = None if read == ticket["dispatch_notes"] else read or ""
        joined = merged_notes(ticket["dispatch_notes"], said, known, withheld)
        if len(joined or "") <= LONGEST_CELL:
            ticket.set("dispatch_notes", joined)


def _restore_guest(state: State, ticket: Record, done: Reconciliation) -> None:
    """`_CLIENT_INPUTS` keeps what a client typed (§7 step 7): a row of Distribution that was made
    anew gets it back."""
    kept = state.client_inputs.get(ticket.key)
    if (
        kept is None
        or not ticket["company"]
        or not is_live(ticket)
        or not state.clients.is_of(ticket["company"], kept["client_group"] or "")
    ):
        return
    cleared_now = any(name in ticket.after for name in GUEST)
    if cleared_now or any(ticket[name] for name in GUEST) or not any(kept[name] for name in GUEST):
        return
    for name in GUEST:
        ticket.set(name, kept[name])
    message = f"{ticket.key}: its guest was missing from Distribution and is restored from {CLIENT_INPUTS}"
    done.findings.append(
        Finding("RESTORED", Severity.INFO, message, DISTRIBUTION, ticket.before["row"], ticket.key)
    )


def _write_client_inputs(state: State, run: Run, ticket: Record, done: Reconciliation) -> None:
    """The client inputs follow Distribution, and know which texts are the client's own, and which
    of the notes a supplier's."""
    if not ticket["company"] or not is_live(ticket):
        return
    kept = state.client_inputs.get(ticket.key)
    words = state.said.kept(ticket)
    wanted = {name: ticket[name] for name in (*GUEST, "accepted_at", "accepted_by")}
    wanted["issue_at"] = None
    if ticket["delivery"] != states.ACCEPTED and has_complaint(state, ticket, done):
        wanted["issue_at"] = (kept and kept["issue_at"]) or run.now
    if kept is None:
        if not any(wanted.values()) and not any(words.values()):
            return
        kept = state.add(CLIENT_INPUTS, ticket.key, {"sales_id": ticket.key})
    elif found := typed_after_sent(ticket, kept, GUEST, done.taken_texts):
        done.findings.append(found)
    group = state.clients.key(ticket["company"])
    same = state.clients.is_of(ticket["company"], kept["client_group"] or "")
    typed = typed_names(kept["typed"]) if same else set()
    for name in GUEST:
        if (ticket.key, name, book_kinds.CLIENT) in done.taken_texts:
            typed.add(name)
        elif kept[name] != ticket[name]:
            typed.discard(name)
    wanted |= {"client_group": group, "typed": state.said.typed(ticket, typed), **words}
    changed = [kept.set(name, value) for name, value in wanted.items()]
    if True in changed:
        kept.set("updated_at", run.now)


def _mirror(ticket: Record) -> None:
    """DispatchStatus follows Delivery: it is what was agreed last."""
    if ticket["delivery"] not in (None, states.NOT_SENT) or ticket["dispatch_status"] is not None:
        ticket.set("dispatch_status", ticket["delivery"])


def _update_sale_status(state: State, sales: Collection[str]) -> None:
    """A sale is FULFILLED while all its tickets are with the client, and ALLOCATED again when one
    is not."""
    gone: dict[str, bool] = {}
    for ticket in state.tickets.values():
        sale = sale_of(ticket.key)
        if sale in sales and is_live(ticket):
            gone[sale] = gone.get(sale, True) and ticket["delivery"] in states.DISPATCHED
    unknown = {sale_of(sales_id) for sales_id in state.unknown}
    state.sale_status = {
        s: states.FULFILLED if all_gone else states.ALLOCATED
        for s, all_gone in gone.items()
        if s not in unknown
    }


def plan_of(state: State, reconciliation: Reconciliation) -> Plan:
    """The plan that writes a reconciled state."""
    plan = Plan(findings=list(reconciliation.findings))
    state.write(plan)
    frame = state.snapshot[SALES].frame
    for row, sales_id, status in frame.select("row", "sales_id", "status").iter_rows():
        new = state.sale_status.get(sales_id)
        if new and new != status and status in (states.ALLOCATED, states.FULFILLED):
            plan.changes.set(SALES, row, sales_id, {"status": (status, new)})
    return plan


def plan_reconcile(state: State, run: Run, *, only: Collection[str] | None = None) -> Plan:
    """The plan of a settlement in which nobody says anything."""
    return plan_of(state, reconcile(state, run, only=only))


def office(
    run: Run,
    ticket: Record,
    field_name: str,
    value: Any,
    *,
    at: Any = None,
    by: str = "",
    manager: bool = False,
) -> FieldEdit:
    """An edit of the office itself: it has just read what stands there."""
    base = (
        as_seen_by(OFFICE, ticket["delivery"])
        if field_name == "delivery"
        else shown(ticket[field_name])
    )
    return FieldEdit(
        OFFICE, by or run.user, ticket.key, field_name, base, value, f"{run.user} says", at, manager
    )
