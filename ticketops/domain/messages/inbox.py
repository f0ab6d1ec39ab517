"""The messages of a user in ticketops itself (in_app, §10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ticketops.domain.masterdata.users import Users
from ticketops.domain.messages.message import Message, Outbox
from ticketops.domain.plan import Plan, Run
from ticketops.model import states
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import NOTIFICATION_LOG, USERS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Note:
    """A message in the inbox."""

    id: str
    fact: str
    at: datetime | None
    subject: str
    text: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notes:
    """`inbox`, newest first."""

    user: str
    notes: tuple[Note, ...]
    unread: int


def of_user(snapshot: Snapshot, run: Run, *, every: bool) -> list[Message]:
    """The messages of who runs it, newest first. every: those that were read, too. They are
    here as soon as they wait: nobody else has to deliver them."""
    mine = {name_key(run.user)}
    for user in Users.of(snapshot[USERS]).named(run.user):
        mine |= {name_key(name) for name in (user.name, user.email) if name}
    found = [
        one
        for one in Outbox.of(snapshot[NOTIFICATION_LOG]).clear
        if one.channel == states.IN_APP
        and one.state in (states.QUEUED, states.SENT_OUT)
        and name_key(one.recipient) in mine
        and (every or one.read_at is None)
    ]
    return sorted(found, key=lambda one: one.order, reverse=True)


def mark_read(plan: Plan, messages: list[Message], run: Run) -> None:
    """Record that these were read; what waited is SENT with that."""
    for one in messages:
        cells = {
            "state": (one.state, states.SENT_OUT),
            "sent_at": (one.sent_at, one.sent_at or run.now),
            "read_at": (one.read_at, one.read_at or run.now),
        }
        via = {"state": (states.SENDING,)} if one.state == states.QUEUED else {}
        plan.changes.set(NOTIFICATION_LOG, one.row, one.message_id, cells, via)
