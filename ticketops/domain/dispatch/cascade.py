"""The cascade (§7–§9): what follows from a changed Delivery, note, guest detail or acceptance.

`settle` hears the words of the parties, then makes Distribution, the queues, the vault and the sales agree. It can be run as often
as one likes: a second run finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ticketops.domain.dispatch import staff, suppliers
from ticketops.domain.dispatch.clients import shown_to_client
from ticketops.domain.dispatch.groups import client_group_key
from ticketops.domain.dispatch.records import GUEST, Record, is_live, parent_of, unit_of
from ticketops.domain.dispatch.state import State
from ticketops.domain.dispatch.words import OFFICE, UNKNOWN, Outcome, Word, as_seen_by, is_behind, why_not
from ticketops.domain.plan import Plan, Run
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.books import is_text, shown
from ticketops.schema.workbook import CLIENT_INPUTS, DISTRIBUTION, SALES, STAFF_QUEUE, SUPPLIER_QUEUE

LONGEST_CELL = 32_767


@dataclass
class Settlement:
    """findings: what people should know. outcomes: one of every word that was passed in, in order, with its message."""

    findings: list[Finding] = field(default_factory=list)
    outcomes: list[tuple[Word, Outcome, str]] = field(default_factory=list)
    new_tasks: int = 0
    """Tasks that were added to the queue."""
    delivered: set[str] = field(default_factory=set)
    """SalesIDs whose Delivery changed."""
    heard: set[tuple[str, str, str]] = field(default_factory=set)
    """(SalesID, column, source) of texts that were taken over."""


def settle(
    state: State, run: Run, words: Sequence[Word] = (), *, only: Collection[str] | None = None, prefer_theirs: bool = False
) -> Settlement:
    """Hear the words, then bring everything into agreement; `state` holds the result.

    only: the SalesIDs to bring into agreement (None: all). prefer_theirs: in a conflict of texts the word wins, not what stands there.
    """
    done = Settlement()
    for word in words:
        ticket = state.tickets[word.sales_id]
        outcome, message = _hear(state, run, ticket, word, done, prefer_theirs=prefer_theirs)
        done.outcomes.append((word, outcome, message))
        _report(done, ticket, word, outcome, message)
    wanted = state.tickets.values() if only is None else [ticket for sales_id, ticket in state.tickets.items() if sales_id in only]
    tickets = list(wanted)
    _hear_queues(state, run, tickets, done)
    for ticket in tickets:
        _restore_guest(state, ticket, done)
        _mirror(ticket)
    _write_suppliers(state, tickets, everything=only is None)
    _write_tasks(state, tickets, done, everything=only is None)
    for ticket in tickets:
        _write_vault(state, run, ticket, done)
    _settle_sales(state, {parent_of(sales_id) for sales_id in (done.delivered if only is not None else state.tickets)})
    return done


def _report(done: Settlement, ticket: Record, word: Word, outcome: Outcome, message: str) -> None:
    severity = {Outcome.CONFLICT: Severity.MEDIUM, Outcome.REFUSED: Severity.MEDIUM, Outcome.OVERTAKEN: Severity.INFO,
                Outcome.JOINED: Severity.INFO, Outcome.BEHIND: Severity.INFO}.get(outcome)  # fmt: skip
    if severity is not None:
        done.findings.append(Finding(outcome.name, severity, f"{word.where}: {message}", DISTRIBUTION, ticket.before["row"], ticket.key,
                                     match=ticket["match"] or ""))  # fmt: skip


def _hear(state: State, run: Run, ticket: Record, word: Word, done: Settlement, *, prefer_theirs: bool) -> tuple[Outcome, str]:
    if word.field == "delivery":
        return _hear_delivery(run, ticket, word, done)
    if word.field == "dispatched_at":
        return _hear_moment(ticket, word)
    record, name = ticket, word.field
    if name == "proof_url":
        task = next((task for task in state.tasks_of.get(ticket.key, ()) if task.key == word.task_id), None)
        if task is None:
            return Outcome.REFUSED, f"{ticket.key} has no task {word.task_id}"
        record = task
    return _hear_text(state, record, name, word, done, prefer_theirs=prefer_theirs)


def _hear_text(state: State, record: Record, name: str, word: Word, done: Settlement, *, prefer_theirs: bool) -> tuple[Outcome, str]:
    ours, theirs = record[name], word.value or None
    read = _as_read(state, record, name, word)
    if shown(ours) == shown(theirs) or read == shown(theirs):
        return Outcome.SAME, ""
    unknown = word.base is UNKNOWN
    if (unknown and not ours) or (not unknown and is_text(word.base, read)):
        withheld = name == "dispatch_notes" and read != shown(ours)
        record.set(name, joined_notes(ours, theirs, read) if withheld else theirs)
        done.heard.add((word.sales_id, name, word.source))
        if word.said_before:
            return (
                Outcome.OVERTAKEN,
                f"{word.sales_id} {name.replace('_', ' ')}: the same book said {_quoted(word.said_before)} before; now {_quoted(theirs)}",
            )
        return Outcome.TAKEN, ""
    if unknown and not theirs:
        return Outcome.SAME, ""
    label = name.replace("_", " ")
    if name == "dispatch_notes" and theirs:
        joined = joined_notes(ours, theirs, "" if unknown else word.base)
        if joined == ours:
            return Outcome.SAME, ""
        if len(joined) <= LONGEST_CELL:
            record.set(name, joined)
            return Outcome.JOINED, f"{word.sales_id} {label}: both changed; {theirs[:80]!r} is added to {(ours or '')[:80]!r}"
    both = f"{word.sales_id} {label}: the file says {_quoted(theirs)}, the workbook {_quoted(ours)}"
    if prefer_theirs:
        record.set(name, theirs)
        done.heard.add((word.sales_id, name, word.source))
        return Outcome.OVERTAKEN, f"{both}; the file's is taken"
    return Outcome.CONFLICT, f"{both}, it was {_quoted(None if unknown else word.base)}; the workbook's is kept"


def _quoted(text: Any) -> str:
    return repr(str(text)[:80]) if text else "nothing"


def _as_read(state: State, record: Record, name: str, word: Word) -> str:
    """A text of the workbook as the party reads it in its book."""
    if word.source == states.SUPPLIER and name == "dispatch_notes":
        return shown(suppliers.shown_notes(state, word.party, record[name]))
    if word.source == states.CLIENT and name in GUEST:
        return shown(shown_to_client(state, record, name))
    return shown(record[name])


def _hear_delivery(run: Run, ticket: Record, word: Word, done: Settlement) -> tuple[Outcome, str]:
    ours = ticket["delivery"] or states.NOT_SENT
    seen = as_seen_by(word.source, ours)
    if seen == word.value:
        return Outcome.SAME, ""
    why = why_not(word, ours)
    if why and is_behind(word.value, ours):
        return Outcome.BEHIND, f"{ticket.key} is {ours} already; {word.value} came later"
    if why:
        return Outcome.REFUSED, f"{ticket.key} stays {ours}: {why}"
    spoken_between = word.base is not UNKNOWN and seen != word.base
    if spoken_between and ours == states.ISSUE:
        return Outcome.CONFLICT, f"{ticket.key} became an ISSUE meanwhile; {word.value} was said without knowing of it"
    if spoken_between and word.at and ticket["dispatched_at"] and word.at < ticket["dispatched_at"]:
        return Outcome.CONFLICT, f"{ticket.key} stays {ours} of {ticket['dispatched_at']}; the file's {word.value} is older, of {word.at}"
    deliver(ticket, word.value, run, by=word.party, at=word.at)
    done.delivered.add(ticket.key)
    if spoken_between:
        return Outcome.OVERTAKEN, f"{ticket.key} was {ours} meanwhile, now {word.value}"
    return Outcome.TAKEN, ""


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


def _hear_moment(ticket: Record, word: Word) -> tuple[Outcome, str]:
    """DispatchedAt of a ticket that was sent."""
    if shown(ticket["dispatched_at"]) == shown(word.value):
        return Outcome.SAME, ""
    if (ticket["delivery"] or states.NOT_SENT) not in (states.SENT, states.UPLOADED, states.ACCEPTED, states.ISSUE):
        return Outcome.REFUSED, f"{ticket.key} has a time of dispatch but was not sent"
    if word.value is None:
        return Outcome.REFUSED, f"{ticket.key} was sent: its time of dispatch is not taken away"
    if word.base is not UNKNOWN and shown(ticket["dispatched_at"]) not in (word.base, ""):
        return Outcome.CONFLICT, f"{ticket.key} was dispatched {ticket['dispatched_at']}; the file says {word.value}"
    ticket.set("dispatched_at", word.value)
    return Outcome.TAKEN, ""


def _hear_queues(state: State, run: Run, tickets: Iterable[Record], done: Settlement) -> None:
    """What was typed into the queues of the workbook itself."""
    rows = _rows_by_unit(state)
    for ticket in tickets:
        unit_id = unit_of(ticket)
        key = state.supplier_of(unit_id)
        row = rows.get((key, unit_id)) if key else None
        if row is not None and row["line_key"] and row["line_key"] == ticket["line_key"]:
            where = f"{SUPPLIER_QUEUE} {unit_id}"
            _hear_status(run, ticket, states.SUPPLIER, key, row["delivery"], row["dispatched_at"], where, done)
            _hear_note(ticket, row["dispatch_notes"], suppliers.shown_notes(state, key, ticket["dispatch_notes"]), row["notes_agreed"])
        task = staff.live_task(state, ticket)
        if task is None:
            continue
        _hear_note(ticket, task["staff_notes"], ticket["dispatch_notes"], task["notes_agreed"])
        if staff.about_same_unit(task, ticket):
            party = task["assigned_to"] or "staff"
            where = f"{STAFF_QUEUE} {task.key}"
            _hear_status(run, ticket, states.STAFF_BOOK, party, task["dispatch_status"], task["dispatched_at"], where, done)
        elif task["dispatch_status"] not in (None, states.NOT_SENT, staff.shown_delivery(ticket["delivery"])):
            message = f"{task.key}: {task['dispatch_status']} was said of another unit; {ticket.key} has {ticket['unit_ids'] or 'none'} now"
            done.findings.append(Finding("STALE_TASK", Severity.INFO, message, STAFF_QUEUE, task.before["row"], ticket.key))


def _hear_status(run: Run, ticket: Record, source: str, party: str, said: str | None, at: Any, where: str, done: Settlement) -> None:
    """A Delivery typed into a queue. What was agreed last stands in Distribution's DispatchStatus; a blank says nothing."""
    base = as_seen_by(source, ticket.before["dispatch_status"])
    if said is None or said in (base, as_seen_by(source, ticket["delivery"])):
        return
    word = Word(source, party, ticket.key, "delivery", base, said, where, None if at == ticket["dispatched_at"] else at)
    outcome, message = _hear_delivery(run, ticket, word, done)
    _report(done, ticket, word, outcome, message)


def _hear_note(ticket: Record, said: str | None, read: str | None, agreed: str | None) -> None:
    """A note typed into a queue. agreed: what stood there when all agreed last; read: ours, as it is read there."""
    if said in (read, agreed) or (agreed is None and not said):
        return
    if agreed is not None and read == agreed and read == ticket["dispatch_notes"]:
        ticket.set("dispatch_notes", said)
    elif said:
        joined = joined_notes(ticket["dispatch_notes"], said, read if agreed is None else agreed)
        if len(joined or "") <= LONGEST_CELL:
            ticket.set("dispatch_notes", joined)


_BETWEEN_NOTES = " | "


def joined_notes(ours: str | None, theirs: str | None, known: str | None) -> str:
    """Our notes, with what theirs add to those that both knew."""
    have = (ours or "").split(_BETWEEN_NOTES) if ours else []
    if known and theirs and theirs.startswith(known):
        theirs = theirs[len(known) :]
    new = [part.strip(" |") for part in (theirs or "").split(_BETWEEN_NOTES)]
    return _BETWEEN_NOTES.join([*have, *(part for part in new if part and part not in (ours or ""))])


def _write_tasks(state: State, tickets: Iterable[Record], done: Settlement, *, everything: bool) -> None:
    """`_STAFF_QUEUE`: new tasks, and all that tasks inherit (§8 step 1). What managers and staff typed stays."""
    for ticket in tickets:
        task = staff.live_task(state, ticket)
        if task is not None and _tells_of_another_unit(task, ticket):
            task.set("dist_row", None)
            task = None
        if task is None:
            if not (is_live(ticket) and staff.is_ready(ticket)) or suppliers.ticket_supplier(state, ticket):
                continue
            task = state.add(STAFF_QUEUE, state.new_task_id(), {"sales_id": ticket.key})
            task.set("task_id", task.key)
            state.tasks_of[ticket.key].append(task)
            done.new_tasks += 1
        for name, value in staff.inherited(state, ticket).items():
            task.set(name, value)
        task.set("dispatch_status", staff.shown_delivery(ticket["delivery"]))
        task.set("dispatched_at", ticket["dispatched_at"])
        task.set("staff_notes", ticket["dispatch_notes"])
        task.set("notes_agreed", ticket["dispatch_notes"])
        if task["priority"] is None:
            task.set("priority", "Normal")
    if everything:
        for task in state.tasks:
            if task["dist_row"] is not None and staff.ticket_of(state, task) is None:
                task.set("dist_row", None)  # its ticket is gone: a memory, never that of a later ticket of the same name


def _tells_of_another_unit(task: Record, ticket: Record) -> bool:
    """Whether a task is the record of another unit's dispatch: then its ticket gets a task of its own."""
    said = task.before.get("dispatch_status")
    return not staff.about_same_unit(task, ticket) and (said in states.DISPATCHED or bool(task["proof_url"]))


def _write_suppliers(state: State, tickets: Iterable[Record], *, everything: bool) -> None:
    """`_SUPPLIER_QUEUE`: one row a unit that was bought from a supplier, and the ticket it serves (§9a, §9b)."""
    by_unit = suppliers.tickets_by_unit(state)
    rows = _rows_by_unit(state)
    wanted = {unit_of(ticket) for ticket in tickets}
    kept: set[int] = set()
    for key, units in suppliers.units_of(state).items():
        for unit in units:
            row = rows.get((key, unit["unit_id"]))
            kept.add(id(row))
            if everything or unit["unit_id"] in wanted:
                _write_supplier_row(state, key, unit, by_unit.get(unit["unit_id"]), row)
    if everything:
        for row in state.supplier_rows:
            if row.before["row"] is not None and id(row) not in kept and row.key.upper() in state.groups.keys:
                state.gone[SUPPLIER_QUEUE].append((row.before["row"], f"{row.key} {row['unit_ids'] or row['sales_id'] or ''}"))
        leaving = {row for row, _ in state.gone[SUPPLIER_QUEUE]}
        state.supplier_rows[:] = [row for row in state.supplier_rows if row.before["row"] not in leaving]


def _rows_by_unit(state: State) -> dict[tuple[str, str], Record]:
    found: dict[tuple[str, str], Record] = {}
    for row in state.supplier_rows:
        found.setdefault((row.key.upper(), row["unit_ids"] or ""), row)
    return found


def _write_supplier_row(state: State, key: str, unit: dict[str, Any], ticket: Record | None, row: Record | None) -> None:
    values = suppliers.row_values(state, key, unit, ticket)
    values |= {"vendor": unit["vendor"], "email": unit["email"], "notes_agreed": values["dispatch_notes"]}
    if row is None:
        state.add(SUPPLIER_QUEUE, key, values | {"supplier_key": key})
        return
    for name, value in values.items():
        if value or row[name]:  # a tick-box that is off is a blank
            row.set(name, value)


def _restore_guest(state: State, ticket: Record, done: Settlement) -> None:
    """`_CLIENT_INPUTS` keeps what a client typed (§7 step 7): a row of Distribution that was made anew gets it back."""
    kept = state.vault.get(ticket.key)
    if kept is None or not ticket["company"] or not is_live(ticket) or kept["client_group"] != client_group_key(ticket["company"]):
        return
    cleared_now = any(name in ticket.after for name in GUEST)
    if cleared_now or any(ticket[name] for name in GUEST) or not any(kept[name] for name in GUEST):
        return
    for name in GUEST:
        ticket.set(name, kept[name])
    message = f"{ticket.key}: its guest was gone from Distribution and is back from {CLIENT_INPUTS}"
    done.findings.append(Finding("RESTORED", Severity.INFO, message, DISTRIBUTION, ticket.before["row"], ticket.key))


def _write_vault(state: State, run: Run, ticket: Record, done: Settlement) -> None:
    """The vault follows Distribution, and knows which texts are the client's own words."""
    if not ticket["company"] or not is_live(ticket):
        return
    kept = state.vault.get(ticket.key)
    wanted = {name: ticket[name] for name in (*GUEST, "accepted_at", "accepted_by")}
    if kept is None:
        if not any(wanted.values()):
            return
        kept = state.add(CLIENT_INPUTS, ticket.key, {"sales_id": ticket.key})
    group = client_group_key(ticket["company"])
    typed = set((kept["typed"] or "").split(",")) if kept["client_group"] == group else set()
    for name in GUEST:
        if (ticket.key, name, states.CLIENT) in done.heard:
            typed.add(name)
        elif kept[name] != ticket[name]:
            typed.discard(name)
    wanted |= {"client_group": group, "typed": ",".join(name for name in GUEST if name in typed) or None}
    changed = [kept.set(name, value) for name, value in wanted.items()]
    if True in changed:
        kept.set("updated_at", run.now)


def _mirror(ticket: Record) -> None:
    """DispatchStatus follows Delivery: it is what was agreed last."""
    if ticket["delivery"] not in (None, states.NOT_SENT) or ticket["dispatch_status"] is not None:
        ticket.set("dispatch_status", ticket["delivery"])


def _settle_sales(state: State, sales: Collection[str]) -> None:
    """A sale is FULFILLED while all its tickets are with the client, and ALLOCATED again when one is not."""
    gone: dict[str, bool] = {}
    for ticket in state.tickets.values():
        sale = parent_of(ticket.key)
        if sale in sales and is_live(ticket):
            gone[sale] = gone.get(sale, True) and ticket["delivery"] in states.DISPATCHED
    state.sale_status = {sale: states.FULFILLED if all_gone else states.ALLOCATED for sale, all_gone in gone.items()}


def plan_of(state: State, settlement: Settlement) -> Plan:
    """The plan that writes a settled state."""
    plan = Plan(findings=list(settlement.findings))
    state.write(plan)
    frame = state.snapshot[SALES].frame
    for row, sales_id, status in frame.select("row", "sales_id", "status").iter_rows():
        new = state.sale_status.get(sales_id)
        if new and new != status and status in (states.ALLOCATED, states.FULFILLED):
            plan.changes.set(SALES, row, sales_id, {"status": (status, new)})
    return plan


def plan_settle(state: State, run: Run, words: Sequence[Word] = (), *, only: Collection[str] | None = None) -> Plan:
    """The plan of a settlement, for jobs that have nothing to add: counts in its result."""
    settlement = settle(state, run, words, only=only)
    plan = plan_of(state, settlement)
    plan.result = {"tickets": len(state.tickets if only is None else only), "new_tasks": settlement.new_tasks,
                   "taken": sum(o in (Outcome.TAKEN, Outcome.OVERTAKEN, Outcome.JOINED) for _, o, _ in settlement.outcomes)}  # fmt: skip
    return plan


def office(run: Run, ticket: Record, field_name: str, value: Any, *, at: Any = None, by: str = "", manager: bool = False) -> Word:
    """A word of the office itself: it has just read what stands there."""
    base = as_seen_by(OFFICE, ticket["delivery"]) if field_name == "delivery" else shown(ticket[field_name])
    return Word(OFFICE, by or run.user, ticket.key, field_name, base, value, f"{run.user} says", at, manager)
