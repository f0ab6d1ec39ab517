"""Which changes tell which facts, and what must be read for it. One table: whatever command makes a
change, the fact is the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from ticketops.domain.messages import facts
from ticketops.domain.messages.facts import Fact
from ticketops.domain.messages.happened import beside, tickets, trade
from ticketops.domain.messages.happened.seen import Seen
from ticketops.schema.layouts.event import (
    ALIASES,
    ALLOC_LOG,
    BOOKS,
    CLIENTS,
    CREDENTIAL_HISTORY,
    DISTRIBUTION,
    EVENT_LOG,
    EVENTS,
    MATCHES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUBGAMES,
)
from ticketops.schema.layouts.issuance import BOOKINGS, HISTORY, TICKETS


class Source(NamedTuple):
    """changed: the sheet whose changes tell it; reads: what is looked at besides."""

    facts: tuple[type[Fact], ...]
    changed: str
    reads: tuple[str, ...]
    found: Callable[[Seen], Iterator[Fact]]


def _books(seen: Seen) -> Iterator[Fact]:
    from ticketops.domain.messages.happened import books  # what it needs costs other commands 20 ms

    return books.built(seen)


def _teams(seen: Seen) -> Iterator[Fact]:
    from ticketops.domain.messages.happened import matches

    return matches.teams_resolved(seen)


def _moved(seen: Seen) -> Iterator[Fact]:
    from ticketops.domain.messages.happened import matches

    return matches.moved(seen)


_ABOUT_SALES = (SALES, SCHEDULE, ALIASES, CLIENTS)
_OF_TICKETS = (*_ABOUT_SALES, DISTRIBUTION)
_OF_HOLDERS = (*_ABOUT_SALES, SUBGAMES, EVENTS, MATCHES)
SOURCES = (
    Source((facts.SaleCreated,), SALES, _ABOUT_SALES, trade.created),
    Source((facts.OversellRaised,), SALES, _ABOUT_SALES, trade.oversold),
    Source((facts.SaleCancelled, facts.SaleRejected), ALLOC_LOG, _OF_TICKETS, trade.ended),
    Source((facts.AllocationCommitted,), ALLOC_LOG, _OF_TICKETS, trade.allocated),
    Source((facts.PortalGenerated,), BOOKS, (*_OF_TICKETS, MATCHES, SUBGAMES), _books),
    Source((facts.GuestChanged,), DISTRIBUTION, _OF_TICKETS, trade.guests_changed),
    Source((facts.SaleDispatched,), DISTRIBUTION, _OF_TICKETS, trade.dispatched),
    Source((facts.DispatchAccepted,), DISTRIBUTION, _OF_TICKETS, trade.accepted),
    Source((facts.DispatchIssue,), DISTRIBUTION, _OF_TICKETS, trade.issues),
    Source((facts.DispatchEscalated,), STAFF_QUEUE, _ABOUT_SALES, trade.escalated),
    Source((facts.CredentialUpdated,), CREDENTIAL_HISTORY, (), beside.credentials),
    Source((facts.EventTransition,), EVENT_LOG, (), beside.transitions),
    Source((facts.TeamsResolved,), SCHEDULE, _OF_HOLDERS, _teams),
    Source((facts.MatchMoved,), SCHEDULE, _OF_HOLDERS, _moved),
    Source(
        (facts.ExceptionRequested, facts.ExceptionApproved, facts.TicketIssued),
        HISTORY,
        (TICKETS, BOOKINGS),
        tickets.steps,
    ),
)


def sources_for(sheets: Collection[str], wanted: Collection[str]) -> list[Source]:
    """Those that may find something. sheets: the names of those that change; wanted: names of
    facts."""
    return [
        one
        for one in SOURCES
        if one.changed in sheets and any(fact.name in wanted for fact in one.facts)
    ]
