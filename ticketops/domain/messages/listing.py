"""Listing the outbox (`message list`)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from ticketops.domain.messages.message import Message, Outbox
from ticketops.domain.plan import Plan
from ticketops.errors import NotFoundError, UsageError
from ticketops.model import ids, states
from ticketops.schema.layouts.event import NOTIFICATION_LOG
from ticketops.schema.tables import Snapshot, Table


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message of `_NOTIFICATION_LOG`, without what it says."""

    id: str
    fact: str
    template: str
    trigger: str
    recipient: str
    recipient_name: str
    channel: str
    audience: str
    state: str
    attempts: int
    queued_at: datetime | None
    not_before: datetime | None
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class MessageList:
    """`message list`, in sheet order."""

    lines: tuple[MessageLine, ...]


class Which(Struct, frozen=True):
    """Which messages are meant; blank: any. fact: the beginning of its name; to: part of the recipient's address or
    name."""

    state: str = ""
    to: str = ""
    fact: str = ""
    channel: str = ""


def line_of(one: Message, **more: Any) -> MessageLine:
    """A message as it is listed. more: what of it is otherwise by now."""
    told = {
        "id": one.message_id,
        "attempts": one.tries,
        "error": one.error or None,
        **{
            name: getattr(one, name)
            for name in MessageLine.__slots__
            if name not in ("id", "attempts", "error")
        },
    }
    return MessageLine(**(told | more))


def plan_list(snapshot: Snapshot, which: Which) -> Plan:
    """Raises UsageError for a state or channel that there is not."""
    for name, words in (("state", states.MESSAGE_STATE), ("channel", states.CHANNEL)):
        said = getattr(which, name)
        if said and said.casefold() not in map(str.casefold, words):
            raise UsageError(f"--{name} must be one of {', '.join(words)}, not {said!r}")
    outbox = Outbox.of(snapshot[NOTIFICATION_LOG])
    lines = [
        line_of(one)
        for one in outbox.messages
        if (not which.state or one.state.casefold() == which.state.casefold())
        and (not which.channel or one.channel == which.channel.casefold())
        and one.fact.casefold().startswith(which.fact.casefold())
        and which.to.casefold() in f"{one.recipient} {one.recipient_name}".casefold()
    ]
    return Plan(findings=outbox.findings(), result=MessageList(tuple(lines)))


def messages_waiting(table: Table) -> dict[str, int]:
    """How many messages wait, failed, or went nobody knows where. table: `_NOTIFICATION_LOG`."""
    found = Counter(table.frame["state"])
    return {
        "messages_queued": found[states.QUEUED] + found[states.SENDING],
        "messages_failed": found[states.FAILED],
        "messages_unknown": found[states.UNKNOWN],
    }


def message(snapshot: Snapshot, named: str) -> Message:
    """The message of an ID. Raises NotFoundError."""
    wanted = ids.read_message_id(named)
    for one in Outbox.of(snapshot[NOTIFICATION_LOG]).messages:
        if one.message_id == wanted:
            return one
    raise NotFoundError(f"there is no message {wanted}", "`ticketops message list` shows all")
