"""What is due (§7–§9, §13): tickets that are not sent as their match comes near, guests that clients
have not named, payments that are late. Medal sessions come first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ticketops.domain.catalogue.times import Due, deadlines, due_of, medal_sessions, starts
from ticketops.domain.clock.due import Deadlines, GuestsDue, PaymentDue, UnsentDue
from ticketops.domain.clock.facts import facts_of
from ticketops.domain.dispatch.clients import NEEDED
from ticketops.domain.dispatch.state import State
from ticketops.domain.masterdata.aliases import CLIENT
from ticketops.domain.money import accounts, balances
from ticketops.domain.money.issued import by_sale
from ticketops.domain.plan import MEDAL_HOURS_EARLIER, Plan, Run
from ticketops.domain.ticket.identity import sale_of
from ticketops.domain.ticket.records import Record, is_live
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.model import ids, states
from ticketops.model.categories import match_of
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, MATCHES, SALES
from ticketops.schema.tables import Snapshot

NEAR = 7
"""From how many days before on something that is due matters, whatever else is said earlier."""


def plan_deadlines(
    snapshot: Snapshot,
    run: Run,
    steps: Sequence[int],
    buffer_hours: float,
    medal_hours: float = MEDAL_HOURS_EARLIER,
) -> Plan:
    """What is due today or past, or comes near. steps: the numbers of days before it at which that is
    said; one that passed unsaid, since nothing ran that day, is said late. buffer_hours, medal_hours:
    see `overdue.overview`. A match that has begun is for `dispatch status` alone."""
    plan = Plan()
    state = State.of(snapshot)
    due = deadlines(snapshot, buffer_hours, run, medal_hours)
    medals = medal_sessions(snapshot)
    unsent = tuple(_unsent(state, run, steps, due, medals))
    by_client = _guests(state, run, steps, due, medals)
    guests = tuple(one for _group, one in by_client)
    payments = tuple(_payments(snapshot, run))
    plan.findings += [_said_of_unsent(one) for one in unsent]
    plan.findings += [_said_of_guests(one) for one in guests]
    plan.findings += _said_of_payments(payments)
    plan.result = Deadlines(unsent, guests, payments)
    plan.facts += facts_of(snapshot, run, unsent, _grouped(by_client), payments)
    return plan


def _grouped(guests: Sequence[tuple[str, GuestsDue]]) -> dict[str, list[GuestsDue]]:
    """{client group: its matches}."""
    found: dict[str, list[GuestsDue]] = {}
    for group, one in guests:
        found.setdefault(group, []).append(one)
    return found


def step_of(days: int, steps: Sequence[int]) -> int | None:
    """The smallest of the steps that is reached so many days before; None where none is yet."""
    return min((step for step in steps if days <= step), default=None)


def _open_tickets(state: State) -> Iterator[tuple[str, Record]]:
    """(match or sub-game, ticket) of those that are owed and have not left the house."""
    for ticket in state.tickets.values():
        open_still = is_live(ticket) and ticket["delivery"] not in states.DISPATCHED
        if open_still and (occasion := state.occasion(ticket)):
            yield occasion, ticket


def _unsent(
    state: State, run: Run, steps: Sequence[int], due: Mapping[str, Due], medals: set[str]
) -> list[UnsentDue]:
    begins = starts(state.snapshot)
    of: dict[str, list[Record]] = defaultdict(list)
    for occasion, ticket in _open_tickets(state):
        of[occasion].append(ticket)
    found = []
    for occasion, tickets in of.items():
        start, when = begins.get(occasion) or begins.get(match_of(occasion)), due_of(due, occasion)
        if start is None or when is None:
            continue
        here = start.moment if start.zone is None else start.moment - start.zone + run.utc_offset
        days = (here.date() - run.now.date()).days
        step = step_of(days, steps)
        late = when.here < run.now
        if days < 0 or (step is None and not late):
            continue
        one = UnsentDue(
            occasion,
            f"{start.moment:%Y-%m-%d}",
            days,
            days if step is None else step,
            f"{when.venue:%Y-%m-%d %H:%M}",
            late,
            match_of(occasion) in medals,
            len(tickets),
            sum(not unit_of(ticket) for ticket in tickets),
            sum(not ticket["client_email"] for ticket in tickets),
            _sales(tickets),
        )
        found.append((when.here, one))
    found.sort(key=lambda pair: _urgency(pair[0], pair[1].medal, pair[1].match))
    return [one for _when, one in found]


def _guests(
    state: State, run: Run, steps: Sequence[int], due: Mapping[str, Due], medals: set[str]
) -> list[tuple[str, GuestsDue]]:
    """(client group, what it has not named), the most urgent first."""
    frame = state.snapshot[MATCHES].frame.select("match", "guest_names_due").drop_nulls()
    named = {ids.normalise_match(code): day for code, day in frame.iter_rows()}
    begins = starts(state.snapshot)
    of: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for occasion, ticket in _open_tickets(state):
        if ticket["company"] and any(not ticket[name] for name in NEEDED):
            of[state.clients.key(ticket["company"]), occasion].append(ticket)
    found = []
    for (group, occasion), tickets in of.items():
        when, start = due_of(due, occasion), begins.get(match_of(occasion))
        day = named.get(match_of(occasion)) or (when and when.here)
        if day is None or (start is not None and start.moment.date() < run.now.date()):
            continue
        days = (day.date() - run.now.date()).days
        step = step_of(days, steps)
        if step is None:
            continue
        one = GuestsDue(
            state.client_titles.get(group, group),
            occasion,
            f"{day:%Y-%m-%d}",
            days,
            step,
            match_of(occasion) in medals,
            len(tickets),
            _sales(tickets),
        )
        found.append((day, group, one))
    found.sort(
        key=lambda three: (*_urgency(three[0], three[2].medal, three[2].match), three[2].client)
    )
    return [(group, one) for _day, group, one in found]


def _urgency(when: datetime, medal: bool, match: str) -> tuple[Any, ...]:
    """By day, medal sessions first, then by the clock."""
    return when.date(), not medal, when, ids.natural_order(match)


def _sales(tickets: Sequence[Record]) -> tuple[str, ...]:
    """The sales of tickets, each once."""
    return tuple(sorted({sale_of(ticket.key) for ticket in tickets}, key=ids.natural_order))


def _payments(snapshot: Snapshot, run: Run) -> list[PaymentDue]:
    books = accounts.of_sales(snapshot, run)
    terms, _unclear = balances.terms_of(snapshot, CLIENT, books)
    issued = by_sale(snapshot)
    clients = dict(snapshot[SALES].frame.select("sales_id", "client").drop_nulls().iter_rows())
    found = []
    for line in books.ledger.lines:
        if not line.due.ref or line.outstanding <= 0:
            continue
        day = balances.due_day(line, issued, terms, run.today)
        late = (run.today - day).days
        if late > 0:
            found.append(
                PaymentDue(
                    clients.get(line.due.ref, "nobody"),
                    line.due.ref,
                    f"{day:%Y-%m-%d}",
                    late,
                    float(line.outstanding),
                    line.due.currency,
                )
            )
    return sorted(found, key=lambda one: (-one.days, ids.natural_order(one.sale)))


def _said_of_unsent(one: UnsentDue) -> Finding:
    severity = Severity.INFO
    if one.days <= NEAR:
        severity = Severity.MEDIUM
    if one.late:
        severity = Severity.HIGH
    lacks = [
        f"{count:,} {what}"
        for count, what in (
            (one.without_unit, "without a unit"),
            (one.without_guest, "without a guest's address"),
        )
        if count
    ]
    medal = ", a medal session," if one.medal else ""
    message = (
        f"{one.match}{medal} {_in_days(one.days)}: {_not_sent(one.tickets)}"
        f"{' (' + ', '.join(lacks) + ')' if lacks else ''}; "
        f"{'the deadline was' if one.late else 'the deadline is'} {one.deadline}"
    )
    return Finding("TICKETS_DUE", severity, message, DISTRIBUTION, match=one.match)


def _not_sent(tickets: int) -> str:
    return f"{counted(tickets, 'ticket')} {'is' if tickets == 1 else 'are'} not sent"


def _in_days(days: int) -> str:
    return {0: "is today", 1: "is tomorrow"}.get(days, f"is in {days} days")


def _said_of_guests(one: GuestsDue) -> Finding:
    severity = Severity.MEDIUM if one.days <= NEAR else Severity.INFO
    when = "were due" if one.days < 0 else "are due"
    message = (
        f"{one.client}: {counted(one.tickets, 'guest')} of {one.match} "
        f"{'is' if one.tickets == 1 else 'are'} not named; names {when} {one.due_on}"
    )
    return Finding("GUESTS_DUE", severity, message, DISTRIBUTION, match=one.match)


def _said_of_payments(payments: Sequence[PaymentDue]) -> Iterator[Finding]:
    """One for each client and currency."""
    of: dict[tuple[str, str], list[PaymentDue]] = defaultdict(list)
    for one in payments:
        of[one.client, one.currency].append(one)
    for (client, currency), owed in of.items():
        message = (
            f"{client} owes {sum(one.open for one in owed):,.2f} {currency} for "
            f"{counted(len(owed), 'sale')}, overdue since {min(one.due_on for one in owed)}"
        )
        yield Finding("PAYMENT_OVERDUE", Severity.MEDIUM, message, SALES)
