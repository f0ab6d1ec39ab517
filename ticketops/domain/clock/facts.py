"""What is due, as facts (§10 step 1): each is said once for each day on which it is due to be said, however
often the clock runs, and late where it did not run that day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from ticketops.domain.clock.due import GuestsDue, PaymentDue, UnsentDue
from ticketops.domain.messages import facts
from ticketops.domain.messages.happened.books import guests_due, portals_of
from ticketops.domain.messages.happened.seen import Seen
from ticketops.domain.messages.variables import ClientVars, DeadlineVars, PaymentVars, TicketVars
from ticketops.domain.plan import Run
from ticketops.model.categories import match_of
from ticketops.model.changes import ChangeSet
from ticketops.schema.tables import Snapshot

_AGE = 30
"""Days after which a late payment is said again."""


def facts_of(
    snapshot: Snapshot,
    run: Run,
    unsent: Sequence[UnsentDue],
    guests: Mapping[str, Sequence[GuestsDue]],
    payments: Sequence[PaymentDue],
) -> Iterator[facts.Fact]:
    """The facts of what is due. guests: {client group: its matches}."""
    seen = Seen(snapshot, ChangeSet(), (), run)
    yield from _of_tickets(seen, unsent)
    yield from _of_guests(seen, guests)
    yield from _of_payments(seen, payments)


def _of_tickets(seen: Seen, unsent: Sequence[UnsentDue]) -> Iterator[facts.Fact]:
    for one in unsent:
        due = datetime.strptime(one.deadline, "%Y-%m-%d %H:%M")
        yield facts.TicketsUnsent(
            key=f"{one.match} {one.begins} T-{one.step}",
            match=replace(seen.match(match_of(one.match)), code=one.match),
            tickets=TicketVars(", ".join(one.sales), one.tickets),
            deadline=DeadlineVars(due, (due.date() - seen.run.now.date()).days),
        )


def _of_guests(seen: Seen, guests: Mapping[str, Sequence[GuestsDue]]) -> Iterator[facts.Fact]:
    """One for each client, about all its matches, due since the last day on which a match came near
    enough: another match makes another fact, a guest who is named makes none, and a reminder of that day
    or later said it already."""
    portals = portals_of(seen.before, seen.run) if guests else {}
    for group, matches in guests.items():
        if group not in portals:
            continue
        name, portal = portals[group]
        said = max(_day(one.due_on) - timedelta(days=one.step) for one in matches)
        yield guests_due(group, ClientVars(name), portal, seen.run, said)


def _of_payments(seen: Seen, payments: Sequence[PaymentDue]) -> Iterator[facts.Fact]:
    for one in payments:
        if (sale := seen.sales[one.sale]) is None:
            continue
        about = seen.about(sale)
        yield facts.PaymentOverdue(
            key=f"{one.sale} {one.due_on} {(one.days - 1) // _AGE}",
            sale=about["sale"],
            client=about["client"],
            payment=PaymentVars(_day(one.due_on), one.days, one.open, one.currency),
        )


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d")
