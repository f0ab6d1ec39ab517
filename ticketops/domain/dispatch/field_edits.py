"""What a party says about a ticket, and whether it may take Delivery there (D7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import Enum
from typing import Any

from msgspec import Struct

from ticketops.domain.dispatch.staff import shown_delivery
from ticketops.domain.ticket.records import Record
from ticketops.domain.ticket.wording import Spans
from ticketops.model import book_kinds, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION

OFFICE = "office"
_UNKNOWN = object()
UNKNOWN: Any = _UNKNOWN
"""The base of an edit where nobody knows what the cell held before."""


class FieldEdit(Struct, frozen=True):
    """One cell that a party filled in. source: client, supplier, staff or office. base: what it
    read there before, in the form of `schema.books.shown`. at: when it was so, where that is said.
    where: the cell, for people."""

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
    doubtful: bool = False
    """Whether its book is not known to be as it was made: then nothing of Delivery is taken."""
    said_before: str = ""
    """What the same book said of this cell the last time, if that was something else."""
    by: str = ""
    """Who is recorded as having said so, where that is more than the party: the token of a page."""
    own: Spans = ()
    """What of the value its client wrote, where the office copies it from another ticket (D27)."""

    @property
    def who(self) -> str:
        """Who is recorded as having said so."""
        return self.by or self.party


class ClientLine(Struct, frozen=True):
    """A line of a client's that is about no ticket of its book: one is missing, or wrong."""

    book_id: str
    party: str
    text: str


class Outcome(Enum):
    """What became of an edit."""

    TAKEN = "taken"
    SAME = "unchanged"
    OVERTAKEN = "taken: replaces another value"
    JOINED = "added to the existing text"
    BEHIND = "outdated: kept the newer value"
    CONFLICT = "conflict: kept the existing value"
    CHANGED_AFTER_SENT = "kept what was sent: the office decides"
    CLAIMED = "kept as a claim: only the client can accept"
    REFUSED = "refused"
    UNPAID = "refused until it is paid"
    """Not remembered, so that the same file is taken once it is paid."""

    @property
    def code(self) -> str:
        """What the finding about it is called."""
        return Outcome.REFUSED.name if self is Outcome.UNPAID else self.name


def refused(unpaid: str) -> Outcome:
    """Of what may not be. unpaid: where that is only since the sale is not paid, what says so."""
    return Outcome.UNPAID if unpaid else Outcome.REFUSED


_PROGRESS = {
    states.NOT_SENT: 0,
    states.PENDING: 1,
    states.UPLOADED: 2,
    states.SENT: 3,
    states.ACCEPTED: 4,
}
_OF_CLIENTS = {
    states.ACCEPTED: (states.SENT, states.UPLOADED),
    states.ISSUE: tuple(state for state in states.DELIVERY if state != states.ISSUE),
}


def is_claim(edit: FieldEdit) -> bool:
    """Whether a supplier or staff say for the client that it accepted (D26)."""
    return edit.value == states.ACCEPTED and edit.source in (
        book_kinds.SUPPLIER,
        book_kinds.STAFF_BOOK,
    )


def why_not(edit: FieldEdit, ours: str, *, complained: bool = False) -> str:
    """Why this party may not take Delivery from `ours` to what it says; empty where it may.

    complained: whether its client raised an issue and has not accepted since (D26).
    """
    theirs = edit.value
    if theirs not in states.DELIVERY:
        return f"{str(theirs)[:40]!r} is not a Delivery; it must be one of {', '.join(states.DELIVERY)}"
    if theirs == states.UPLOADED and edit.source != book_kinds.SUPPLIER:
        return "only suppliers can set UPLOADED"
    if edit.source == book_kinds.CLIENT and ours not in _OF_CLIENTS.get(theirs, ()):
        return f"a client can't change {ours} to {theirs}"
    if edit.source == book_kinds.CLIENT:
        return ""
    if complained and ours == states.ISSUE and theirs not in states.DISPATCHED and not edit.manager:
        return "its client raised the issue; only sending the ticket again resolves it"
    if ours == states.ACCEPTED and not (edit.source == OFFICE and edit.manager):
        return f"the client accepted it; only an ops_manager can change that to {theirs}"
    if not states.DELIVERY_MACHINE.allows(ours, theirs):
        return f"{ours} can't change to {theirs}"
    return ""


def is_behind(theirs: str, ours: str) -> bool:
    """Whether `ours` is further along the same way."""
    return theirs in _PROGRESS and ours in _PROGRESS and _PROGRESS[theirs] < _PROGRESS[ours]


def as_seen_by(source: str, delivery: str | None) -> str:
    """A Delivery as a party sees it in its book."""
    return (
        shown_delivery(delivery) if source == book_kinds.STAFF_BOOK else delivery or states.NOT_SENT
    )


def typed_after_sent(
    ticket: Record, kept: Record, names: Iterable[str], taken: Collection[tuple[str, str, str]]
) -> Finding | None:
    """That a guest of a ticket that was sent was changed in Distribution by hand (D26). kept: what
    all agreed last; names: the columns of a guest; taken: (SalesID, column, source) of texts that
    came from a party."""
    came = {name for key, name, _source in taken if key == ticket.key}
    changed = [
        name
        for name in names
        if name not in came and name in ticket.before and kept[name] and kept[name] != ticket[name]
    ]
    if ticket["delivery"] not in states.DISPATCHED or not changed:
        return None
    said = ", ".join(
        f"{name.replace('_', ' ')} {str(kept[name])[:80]!r} → {str(ticket[name] or '')[:80]!r}"
        for name in changed
    )
    return Finding(
        Outcome.CHANGED_AFTER_SENT.name,
        Severity.MEDIUM,
        f"{ticket.key} was sent, and its guest is changed in {DISTRIBUTION}: {said}; send the "
        "ticket again, or restore the cell",
        DISTRIBUTION,
        ticket.before["row"],
        ticket.key,
        match=ticket["match"] or "",
    )
