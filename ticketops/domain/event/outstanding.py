"""What is not finished while an event is closed (§13): found in the sheets, each kind with the command
that clears it in the state that the event is in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import polars as pl

from ticketops.domain.allocation.pool import held_units, standing_holds
from ticketops.domain.audit import checks
from ticketops.domain.audit.whole import whole
from ticketops.domain.event.issues import (
    Command,
    Issue,
    Outstanding,
    Subjects,
    judged,
    name_of_subject,
)
from ticketops.domain.jobs.rows import is_unmade
from ticketops.domain.masterdata import capabilities, users
from ticketops.domain.money import accounts, issued
from ticketops.domain.money.ledger import NOTHING
from ticketops.domain.plan import Run
from ticketops.domain.selling import reconciliation
from ticketops.domain.selling.pending import waiting_lines
from ticketops.domain.ticket.identity import is_sold, sale_of
from ticketops.domain.ticketing.offers import state_of
from ticketops.model import ids, spelling, states
from ticketops.model.display import counted
from ticketops.model.events import ARCHIVED, CLOSED
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import exact
from ticketops.model.names import quoted
from ticketops.model.roles import LEVEL, OPERATOR
from ticketops.model.secrets import is_sealed
from ticketops.schema.layouts.event import (
    ALLOTMENT_TICKETS,
    BOOK_EDITS,
    BOOKS,
    CLOSING,
    DISTRIBUTION,
    INVOICES,
    JOBS,
    NOTIFICATION_LOG,
    NOTIFICATION_SENDERS,
    PURCHASES,
    REFUNDS,
    SALES,
    SECRET_SHEETS,
    STAFF_QUEUE,
    TRANSFERS,
    UNITS,
    WAITLIST,
)
from ticketops.schema.tables import Snapshot

_NEEDED = (DISTRIBUTION, UNITS, SALES, PURCHASES)
_SHOWN = 5
"""So many subjects are named in a command."""
_REPAIRED = frozenset(
    {
        checks.COUNT_MISMATCH,
        checks.ORPHAN_UNIT,
        checks.NO_BACK_POINTER,
        checks.SALES_ID_MISMATCH,
        checks.LOOKS_ALLOCATED,
        checks.LOOKS_AVAILABLE,
    }
)
"""What `audit repair` puts right where only one answer is left."""
_UNALLOCATED = frozenset({checks.DUPLICATE_UNIT, checks.MISSING_UNIT, checks.NOT_FOR_SALE})
"""What taking the unit off the ticket clears."""
_NOT_WAITING = (states.SENT_OUT, states.WITHDRAWN, states.UNKNOWN)
"""States of messages; one that is not understood may still be sent."""
_DECIDED = (states.ACCEPTED, states.DECLINED, states.REVOKED, states.EXPIRED)


def outstanding(
    snapshot: Snapshot, run: Run, beside: Sequence[Issue] = ()
) -> tuple[Outstanding, ...]:
    """What is not finished, with what of it is accepted; tickets that somebody waits for first.
    beside: what is found outside of the workbook."""
    found = issues(snapshot, run, beside)
    return judged(found, snapshot[CLOSING], named=run.scope is None)


def issues(
    snapshot: Snapshot, run: Run, beside: Sequence[Issue] = (), *, closing: bool = False
) -> list[Issue]:
    """What is not finished, whether it is accepted or not. closing: the commands are to be those of an
    event that is CLOSED, whatever it is now. A user who is limited to some clients or
    suppliers gets commands that name nobody's."""
    shown = run.scope is None
    return [
        _as_told(one, shown=shown) for one in (*_issues(snapshot, run, closing=closing), *beside)
    ]


def _as_told(one: Issue, *, shown: bool) -> Issue:
    """An issue with its subjects as a cell holds them, while its command has them as they are."""
    named = {name_of_subject(name): name for name in one.subjects}

    def command(still: Sequence[str]) -> str:
        return one.clearing([named[name] for name in still]) if shown else "event show"

    subjects = {name: one.subjects[own] for name, own in named.items()}
    return Issue(one.name, subjects, one.message, command, one.urgent)


def _issues(snapshot: Snapshot, run: Run, *, closing: bool) -> Iterator[Issue]:
    over = closing or (run.event is not None and run.event.state in (CLOSED, ARCHIVED))
    yield from _lacking(snapshot)
    yield from _tickets(snapshot, over=over)
    yield from _sales(snapshot, run, over=over)
    yield from _invoices(snapshot, run)
    yield from _held(snapshot, run)
    yield from _books(snapshot)
    yield from _messages(snapshot)
    yield from _passwords(snapshot)
    yield from _on_their_way(snapshot, run)
    yield from _found("AUDIT", "audit finding", whole(snapshot)[1], _for_audit)
    yield from _found(
        "RECON", "reconciliation finding", reconciliation.compare(snapshot).findings, _for_recon
    )


def _lacking(snapshot: Snapshot) -> Iterator[Issue]:
    """Sheets without which nobody knows what is outstanding: somebody renamed them."""
    gone = [name for name in _NEEDED if not snapshot[name].exists]
    if gone:
        message = f"there is no sheet {', '.join(gone)}: what is outstanding in it is not listed"
        yield Issue("SHEETS_MISSING", _names(gone), message, "doctor", urgent=True)


def _names(names: Iterable[str]) -> Subjects:
    """Subjects without an amount; what comes twice is counted twice."""
    found: dict[str, Decimal | None] = {}
    for name in map(name_of_subject, names):
        own, number = name, 1
        while own in found:
            number += 1
            own = f"{name} #{number}"
        found[own] = None
    return found


def _first(command: str) -> Command:
    """A command whose {} is the first subject that is open."""
    return lambda still: command.format(still[0])


def _some(subjects: Iterable[str]) -> str:
    """The first subjects, as a command takes them."""
    return " ".join([quoted(name) for name in subjects][:_SHOWN])


# --- tickets


def _tickets(snapshot: Snapshot, *, over: bool) -> Iterator[Issue]:
    tasks = dict(snapshot[STAFF_QUEUE].frame.select("sales_id", "task_id").drop_nulls().iter_rows())
    frame = snapshot[DISTRIBUTION].frame.filter(
        is_sold(), pl.col("status").ne_missing(states.CANCELLED)
    )
    unapproved = set(waiting_lines(snapshot)[1])
    unserved, unsent, faulty = [], [], []
    guests = set()
    columns = ("row", "sales_id", "unit_ids", "delivery", "client_email")
    for row, sales_id, units, delivery, guest in frame.select(columns).iter_rows():
        name = sales_id or f"row {row}"
        if guest:
            guests.add(name)
        if delivery == states.ISSUE:
            faulty.append(name)
        elif delivery in states.DISPATCHED:
            continue
        elif units is None:
            if sale_of(name) not in unapproved:
                unserved.append(name)
        else:
            unsent.append(name)
    if unserved:
        message = f"{counted(len(unserved), 'ticket')} not allocated"
        command = _first("sale cancel {} --confirm UNDO --reason TEXT") if over else "allocate auto"
        yield Issue("TICKETS_NOT_ALLOCATED", _names(unserved), message, command, urgent=True)

    def sending(still: Sequence[str]) -> str:
        if own := [tasks[name] for name in still if name in tasks]:
            return f"staff mark SENT {_some(own)}"
        return "import guests FILE" if guests.isdisjoint(still) else "dispatch sync"

    for code, names, noun, state in (
        ("TICKETS_NOT_SENT", unsent, "ticket", "not sent"),
        ("DELIVERY_ISSUES", faulty, "delivery issue", "open"),
    ):
        if names:
            message = f"{counted(len(names), noun)} {state}"
            yield Issue(code, _names(names), message, sending, urgent=True)


# --- money


def _sales(snapshot: Snapshot, run: Run, *, over: bool) -> Iterator[Issue]:
    if waiting := waiting_lines(snapshot)[1]:
        verb = "reject" if over else "approve"
        yield Issue(
            "PENDING_APPROVAL",
            _names(waiting),
            f"{counted(len(waiting), 'sale')} waiting for approval",
            _first(f"sale {verb} {{}} --reason TEXT"),
        )
    frame = snapshot[REFUNDS].frame.select("sales_id", "amount", "decision")
    undecided: dict[str, Decimal | None] = defaultdict(Decimal)
    for sale, amount, decision in frame.iter_rows():
        if sale and decision not in (accounts.REFUND, accounts.CREDIT, accounts.NO_REFUND):
            undecided[sale] = (undecided[sale] or NOTHING) + exact(amount)
    if undecided:
        yield Issue(
            "REFUNDS",
            undecided,
            f"{counted(len(undecided), 'refund')} to be decided",
            _first("refund decide {} --none --reason TEXT"),
        )
    books, priced = accounts.of_sales(snapshot, run), _sees_money(run)
    promised: dict[str, Decimal | None] = {}
    unpaid: dict[str, Decimal | None] = {}
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for line in books.ledger.lines:
        ref = line.due.ref or f"row {line.due.row}"
        back = books.refunds.get(ref, accounts.Decided()).due - line.returned
        if back > 0:
            promised[ref] = (promised.get(ref) or NOTHING) + back
        if line.outstanding > 0:
            unpaid[ref] = (unpaid.get(ref) or NOTHING) + line.outstanding
            owed[line.due.currency] += line.outstanding
    if promised:
        yield Issue(
            "REFUNDS_DUE",
            promised,
            f"{counted(len(promised), 'refund')} not paid back",
            _paying("payment add --refund --for", promised, told=priced),
        )
    if unpaid:
        sums = " and ".join(f"{amount:,.2f} {currency}" for currency, amount in owed.items())
        yield Issue(
            "UNPAID",
            unpaid,
            f"{counted(len(unpaid), 'sale')} not paid" + (f": {sums}" if priced else ""),
            _paying("payment add --for", unpaid, told=priced),
        )


def _sees_money(run: Run) -> bool:
    """Whether the user may see what is owed: what `balance` needs."""
    by_role = users.permits(run, OPERATOR)
    if run.scope is not None or run.capabilities is None:
        return run.scope is None and by_role
    return capabilities.cover(run.capabilities, "money", LEVEL[0], by_role=by_role)


def _paying(command: str, amounts: Subjects, *, told: bool) -> Command:
    """A payment of the first sale that is open. told: whether its amount may be."""
    return lambda still: f"{command} {still[0]} --amount {amounts[still[0]] if told else 'AMOUNT'}"


def _invoices(snapshot: Snapshot, run: Run) -> Iterator[Issue]:
    """Sales that no invoice names, in a workbook that has invoices; and invoices that are no longer
    what their sales come to."""
    standing = list(issued.standing(snapshot))
    if not standing:
        return
    dues = {line.due.ref: line.due.total for line in accounts.of_sales(snapshot, run).ledger.lines}
    named = {ref for one in standing for ref in one.refs}
    missing = {ref: total for ref, total in dues.items() if ref and total > 0 and ref not in named}
    if missing:
        yield Issue(
            "INVOICES",
            dict(missing),
            f"{counted(len(missing), 'sale')} on no invoice",
            _first("invoice issue {}"),
        )
    totals = dict(snapshot[INVOICES].frame.select("invoice", "total").drop_nulls().iter_rows())
    differing = {
        one.invoice: abs(now - exact(totals.get(one.invoice)))
        for one in standing
        if (now := sum((dues.get(ref, NOTHING) for ref in one.refs), NOTHING))
        != exact(totals.get(one.invoice))
    }
    if differing:
        yield Issue(
            "INVOICES_DIFFER",
            dict(differing),
            f"{counted(len(differing), 'invoice')} of another amount than the sales on it",
            _first("invoice credit {} --reason TEXT"),
        )


# --- what is held


def _held(snapshot: Snapshot, run: Run) -> Iterator[Issue]:
    """Units on hold: for sponsors and for who was promoted apart, since other commands end these."""
    sponsored: dict[str, str] = {}
    frame = snapshot[ALLOTMENT_TICKETS].frame.select("allotment_id", "ticket", "state")
    for allotment, ticket, state in frame.iter_rows():
        gone = state in (states.TRANSFERRED, states.REVOKED)
        if not gone and (unit := spelling.unit(ticket or "")):
            sponsored[unit] = allotment or ""
    promoted = {
        row["entry_id"] or f"row {row['row']}": ids.split_unit_ids(row["unit_ids"])
        for row in snapshot[WAITLIST].frame.to_dicts()
        if row["state"] not in (None, states.QUEUED, states.ACCEPTED, states.SKIPPED)
    }
    offered = {unit for units in promoted.values() for unit in units}
    holds = standing_holds(snapshot, run.now)["unit_id"].to_list()
    units = dict.fromkeys(unit for text in holds for unit in held_units(text) or [text])
    plain = [unit for unit in units if unit not in sponsored and unit not in offered]
    theirs = [unit for unit in units if unit in sponsored and unit not in offered]
    if plain:
        yield Issue(
            "HOLDS",
            _names(plain),
            f"{counted(len(plain), 'unit')} on hold",
            lambda still: f"unit release {_some(still)}",
        )
    if theirs:

        def revoking(still: Sequence[str]) -> str:
            first = sponsored[still[0]]
            own = _some(unit for unit in still if sponsored[unit] == first)
            return f"allotment revoke {first} {own} --reason TEXT"

        yield Issue(
            "ALLOTMENT_HOLDS",
            _names(theirs),
            f"{counted(len(theirs), 'unit')} on hold for sponsors",
            revoking,
        )
    if promoted:
        yield Issue(
            "WAITLIST",
            _names(promoted),
            f"{counted(len(promoted), 'entry')} of the waiting list promoted and undecided",
            _first("waitlist skip {} --reason TEXT"),
        )


# --- what is out


def _books(snapshot: Snapshot) -> Iterator[Issue]:
    """Parties of whose books none ever came back with something in it."""
    edits = snapshot[BOOK_EDITS].frame.select("run_id", "kind", "party", "outcome").rows()
    undone = {
        outcome.split()[1]
        for _run, _kind, _party, outcome in edits
        if (outcome or "").startswith("UNDO R")
    }
    back = {
        (kind, party)
        for run_id, kind, party, outcome in edits
        if run_id not in undone and not (outcome or "").startswith("UNDO R")
    }
    frame = snapshot[BOOKS].frame.select("book_id", "kind", "party", "ended_at")
    ended = {book_id for book_id, _kind, _party, at in frame.iter_rows() if at is not None}
    waiting = dict.fromkeys(
        (kind, party)
        for book_id, kind, party, _at in frame.iter_rows()
        if kind and party and book_id not in ended and (kind, party) not in back
    )
    if waiting:
        yield Issue(
            "BOOKS_NOT_RETURNED",
            _names(f"{kind}/{party}" for kind, party in waiting),
            f"the books of {counted(len(waiting), 'reader')} not returned",
            lambda still: f"{still[0].partition('/')[0]} pull FILE",
        )


def _messages(snapshot: Snapshot) -> Iterator[Issue]:
    frame = snapshot[NOTIFICATION_LOG].frame.select("message", "state").rows()
    waiting = [name or "" for name, state in frame if state not in _NOT_WAITING]
    unsure = [name or "" for name, state in frame if state == states.UNKNOWN]
    if waiting:
        ready = snapshot[NOTIFICATION_SENDERS].frame.height
        failed = any(state == states.FAILED for _name, state in frame)
        sends = ready and not failed
        yield Issue(
            "MESSAGES",
            _names(waiting),
            f"{counted(len(waiting), 'message')} not sent",
            "message send" if sends else lambda still: f"message cancel {_some(still)}",
        )
    if unsure:
        yield Issue(
            "MESSAGES_UNKNOWN",
            _names(unsure),
            f"{counted(len(unsure), 'message')} of which nobody knows whether they arrived",
            lambda still: f"message resolve {_some(still)} --sent",
        )


def _passwords(snapshot: Snapshot) -> Iterator[Issue]:
    """Rows with a password that anyone can read, which the archive would keep (D13)."""
    found = []
    for name in SECRET_SHEETS:
        table = snapshot[name]
        secret = [column.name for column in table.sheet.columns if column.secret]
        for row, *values in table.frame.select("row", *secret).iter_rows():
            if any(value is not None and not is_sealed(value) for value in values):
                found.append(f"{name}!{row}")
    if found:
        message = f"{counted(len(found), 'row')} with a password that is not sealed"
        yield Issue("PASSWORDS", _names(found), message, "credentials seal")


def _on_their_way(snapshot: Snapshot, run: Run) -> Iterator[Issue]:
    offers = [
        row["transfer_id"] or f"row {row['row']}"
        for row in snapshot[TRANSFERS].frame.to_dicts()
        if state_of(row, run.now) not in _DECIDED
    ]
    if offers:
        yield Issue(
            "TRANSFERS",
            _names(offers),
            f"{counted(len(offers), 'transfer')} undecided",
            _first("transfer revoke {} --reason TEXT"),
        )
    unmade = [
        row["job_id"] or f"row {row['row']}"
        for row in snapshot[JOBS].frame.to_dicts()
        if is_unmade(row) or row["state"] not in states.JOB_STATE
    ]
    if unmade:
        yield Issue(
            "JOBS", _names(unmade), f"{counted(len(unmade), 'report job')} unfinished", "job work"
        )


# --- audits


def _found(
    kind: str, noun: str, findings: Sequence[Finding], command: Callable[[Finding], tuple[str, str]]
) -> Iterator[Issue]:
    """The findings of an audit, by their code."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        if one.severity > Severity.INFO:
            groups[one.code].append(one)
    for code, group in groups.items():
        subjects = _names(map(_subject, group))
        named = dict(zip(subjects, group, strict=True))

        def clearing(still: Sequence[str], named: Mapping[str, Finding] = named) -> str:
            return command(named[still[0]])[1]

        message = f"{counted(len(group), noun)} {code}{command(group[0])[0]}"
        yield Issue(f"{kind}:{code}", subjects, message, clearing)


def _subject(one: Finding) -> str:
    """What a finding is about, from one run to the next: what it names, else where it is and what
    it says."""
    named = "/".join(filter(None, (one.sales_id, one.unit_id)))
    return named or f"{one.sheet}!{one.row or ''} {one.message}"[:200]


def _for_audit(one: Finding) -> tuple[str, str]:
    """What else is to be said of it, and the command that clears it, or lists what does."""
    if one.code in _REPAIRED:
        return "", "audit repair"
    if one.code in _UNALLOCATED and one.sales_id:
        return "", f"override unallocate {one.sales_id} --confirm UNDO --reason TEXT"
    return "", "audit run"


def _for_recon(one: Finding) -> tuple[str, str]:
    if one.code == reconciliation.SALE_CHANGED and one.sales_id:
        return "", f"override unallocate {one.sales_id} --confirm UNDO --reason TEXT"
    if one.code in (reconciliation.DELETE_CANDIDATE, reconciliation.MISSING_IN_DIST):
        return ", whose Process_Now is to be ticked after `recon run`", "recon apply"
    return "", "recon run"
