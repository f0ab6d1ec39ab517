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


def status_of(tickets: Iterable[Ticket]) -> str:
    """The status that its live tickets make a sale (§5b step 13)."""
    live = [ticket for ticket in tickets if is_live(ticket)]
    served = sum(bool(ticket["unit_ids"]) for ticket in live)
    if not served:
        return states.UNALLOCATED
    if served < len(live):
        return states.PARTIAL_ALLOCATED
    sent = all(ticket["delivery"] in states.DISPATCHED for ticket in live)
    return states.FULFILLED if sent else states.ALLOCATED
