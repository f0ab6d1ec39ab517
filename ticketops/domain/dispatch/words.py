"""What a party says about a ticket, and whether it may (D7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from ticketops.domain.dispatch.staff import shown_delivery
from ticketops.model import states

OFFICE = "office"
_UNKNOWN = object()
UNKNOWN: Any = _UNKNOWN
"""The base of a word where nobody knows what the cell held before."""


@dataclass(frozen=True, slots=True)
class Word:
    """One cell that a party filled in. source: client, supplier, staff or office. base: what it read there before, in the form of
    `schema.books.shown`. at: when it was so, where that is said. where: the cell, for people."""

    source: str
    party: str
    sales_id: str
    field: str
    base: str | Any
    value: Any
    where: str
    at: datetime | None = None
    manager: bool = False
    task_id: str = ""
    said_before: str = ""
    """What the same book said of this cell the last time, if that was something else."""


class Outcome(Enum):
    """What became of a word."""

    TAKEN = "taken"
    SAME = "same already"
    OVERTAKEN = "taken over another word"
    JOINED = "joined to what stood there"
    BEHIND = "behind what happened since"
    CONFLICT = "conflict: kept what stood there"
    REFUSED = "refused"


_PROGRESS = {states.NOT_SENT: 0, states.PENDING: 1, states.UPLOADED: 2, states.SENT: 3, states.ACCEPTED: 4}
_OF_CLIENTS = {states.ACCEPTED: (states.SENT, states.UPLOADED), states.ISSUE: (states.SENT, states.UPLOADED)}


def why_not(word: Word, ours: str) -> str:
    """Why this party may not take Delivery from `ours` to its word; empty where it may."""
    theirs = word.value
    if theirs not in states.DELIVERY:
        return f"{str(theirs)[:40]!r} is no Delivery ({', '.join(states.DELIVERY)})"
    if theirs == states.UPLOADED and word.source != states.SUPPLIER:
        return "only suppliers say UPLOADED"
    if word.source == states.CLIENT and ours not in _OF_CLIENTS.get(theirs, ()):
        return f"a client does not take {ours} to {theirs}"
    if ours == states.ACCEPTED and not (word.source == OFFICE and word.manager):
        return f"the client accepted it; only an ops_manager takes that back to {theirs}"
    if not states.DELIVERY_MACHINE.allows(ours, theirs):
        return f"{ours} does not go to {theirs}"
    return ""


def is_behind(theirs: str, ours: str) -> bool:
    """Whether `ours` is further along the same way."""
    return theirs in _PROGRESS and ours in _PROGRESS and _PROGRESS[theirs] < _PROGRESS[ours]


def as_seen_by(source: str, delivery: str | None) -> str:
    """A Delivery as a party sees it in its book."""
    return shown_delivery(delivery) if source == states.STAFF_BOOK else delivery or states.NOT_SENT
