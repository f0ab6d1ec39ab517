"""The tickets of one sale line (§4, D6): which are live, which leave first where there are too many,
which numbers are free, and what status they make the sale."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import count, islice
from typing import Any

from ticketops.model import states

Ticket = Mapping[str, Any]
"""A row of Distribution with its status, unit_ids, delivery and child."""


def is_live(ticket: Ticket) -> bool:
    """Whether the sale still has this ticket: a cancelled one keeps its row and its number."""
    return bool(ticket["status"] != states.CANCELLED)


def in_use(ticket: Ticket) -> bool:
    """Whether a ticket is allocated or on its way, so that it never goes unasked."""
    return (
        bool(ticket["unit_ids"])
        or ticket["status"] == states.ALLOCATED
        or (ticket["delivery"] or states.NOT_SENT) != states.NOT_SENT
    )


def leaving_first(ticket: Ticket) -> tuple[bool, bool, int]:
    """Sorts the tickets of a line so that those stand first that are the first to go: without a
    unit, then not sent, then the highest number."""
    return in_use(ticket), ticket["delivery"] in states.DISPATCHED, -(ticket["child"] or 0)


def free_numbers(used: Collection[int], wanted: int) -> list[int]:
    """The lowest child numbers that no row of the line has, cancelled ones included: numbers never
    shift."""
    return list(islice((n for n in count(1) if n not in used), max(0, wanted)))


def made_by(live: int, served: int, sent: int) -> str:
    """The status of a sale that has so many live tickets, of which so many have a unit, and were
    sent (§5b step 13)."""
    if not served:
        return states.UNALLOCATED
    if served < live:
        return states.PARTIAL_ALLOCATED
    return states.FULFILLED if sent >= live else states.ALLOCATED


def status_of(tickets: Iterable[Ticket]) -> str:
    """The status that its live tickets make a sale."""
    return made_by(*counts_of(tickets))


def counts_of(tickets: Iterable[Ticket]) -> tuple[int, int, int]:
    """How many tickets are live, have a unit, and were sent."""
    live = [ticket for ticket in tickets if is_live(ticket)]
    return (
        len(live),
        sum(bool(ticket["unit_ids"]) for ticket in live),
        sum(ticket["delivery"] in states.DISPATCHED for ticket in live),
    )


def shown_status(stored: str | None, live: int, served: int, sent: int, *, unapproved: bool) -> str:
    """The status of a sale as people read it. What its tickets decide is told of them, whatever
    somebody typed into Status; what a person decides (PENDING_APPROVAL, CANCELLED, REJECTED) and
    what is not understood stays.

    PARTIAL_PENDING, which no cell holds, where some of its tickets wait for approval and others do
    not (§14a). unapproved: whether those without a unit wait.
    """
    if unapproved and 0 < served < live:
        return states.PARTIAL_PENDING
    if stored not in (None, *states.FOLLOWS):
        return stored
    return states.PENDING_APPROVAL if unapproved and not served else made_by(live, served, sent)
