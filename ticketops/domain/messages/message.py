"""A message as it is kept in `_NOTIFICATION_LOG` (D25), and which rows are one."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import datetime
from typing import Any

from msgspec import Struct

from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import NOTIFICATION_LOG
from ticketops.schema.tables import Table

CANCELLED, ELSEWHERE = "cancelled by", "sent from"
"""How Error begins of a WITHDRAWN message that somebody decided against, or that another copy of the
workbook sends. Where an undo withdrew it, it does not begin like that."""


class Message(Struct, frozen=True):
    """A row of the outbox. sent_as: under which name it was sent; while it is being sent, the token of
    its sender, which not_before gives a time."""

    row: int
    message_id: str
    fact: str
    identity: str
    trigger: str
    template: str
    channel: str
    audience: str
    recipient: str
    recipient_name: str
    payload: str
    state: str
    attempts: int | None
    queued_at: datetime | None
    not_before: datetime | None
    sent_at: datetime | None
    sent_as: str
    error: str
    user: str
    run_id: str
    read_at: datetime | None

    @property
    def key(self) -> str:
        """What it is known by for good, also in a copy of the workbook and in an older version."""
        at = self.queued_at.isoformat() if self.queued_at else ""
        parts = (self.message_id, self.fact, self.identity, self.channel, self.recipient, at)
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()

    @property
    def tries(self) -> int:
        """How often it was tried."""
        return max(self.attempts or 0, 0)

    @property
    def order(self) -> tuple[object, ...]:
        """Sorts the oldest first."""
        return (self.queued_at or datetime.min, ids.natural_order(self.message_id))

    @property
    def called(self) -> str:
        """For people: `N00012 to ana@x.example`."""
        return f"{self.message_id} to {self.recipient}"


_TEXTS = (
    "fact",
    "identity",
    "trigger",
    "template",
    "channel",
    "audience",
    "recipient",
    "recipient_name",
    "payload",
    "state",
    "sent_as",
    "error",
    "user",
    "run_id",
)
_MOMENTS = ("queued_at", "not_before", "sent_at", "read_at")
_NEEDED = {"channel": states.CHANNEL, "audience": states.AUDIENCE, "state": states.MESSAGE_STATE}
_TYPED = ("attempts", "queued_at", "not_before", "channel", "audience", "state")


class Outbox(Struct, frozen=True):
    """The messages of a workbook. unclear: why rows are none that can be sent: {row: why}; they are
    left alone, and listed as far as they go."""

    messages: tuple[Message, ...]
    unclear: dict[int, str]

    @classmethod
    def of(cls, table: Table) -> Outbox:
        """Every row with a MessageID, in sheet order."""
        found = []
        for row in table.frame.iter_rows(named=True):
            told: dict[str, Any] = {name: row[name] or "" for name in _TEXTS}
            told |= {name: row[name] for name in _MOMENTS}
            found.append(
                Message(row["row"], row["message"] or "", attempts=row["attempts"], **told)
            )
        return cls(tuple(found), _unclear(table, found))

    @property
    def clear(self) -> tuple[Message, ...]:
        """Those that can be acted on."""
        return tuple(one for one in self.messages if one.row not in self.unclear)

    def by_id(self) -> dict[str, Message]:
        """{MessageID: message} of the clear ones."""
        return {one.message_id: one for one in self.clear}

    def findings(self) -> list[Finding]:
        """What is not understood, where it might still have to be sent."""
        rows = {one.row: one for one in self.messages}
        over = (states.SENT_OUT, states.WITHDRAWN)
        return [
            Finding(
                "MESSAGE_UNCLEAR",
                Severity.MEDIUM,
                f"{rows[row].message_id or 'a message'} is not sent: {why}",
                NOTIFICATION_LOG,
                row,
            )
            for row, why in sorted(self.unclear.items())
            if rows[row].state not in over
        ]


def _unclear(table: Table, messages: list[Message]) -> dict[int, str]:
    counts = Counter(one.message_id for one in messages)
    headers = {column.name: column.header for column in table.sheet.columns}
    found: dict[int, str] = {}
    for one in messages:
        if not one.message_id:
            found[one.row] = "its MessageID is blank"
        elif counts[one.message_id] > 1:
            found[one.row] = "its MessageID appears twice"
        elif not one.recipient:
            found[one.row] = "its Recipients is blank"
        for name, words in _NEEDED.items():
            if (said := getattr(one, name)) not in words:
                found.setdefault(
                    one.row, f"its {headers[name]} is {f'{said!r}' if said else 'blank'}"
                )
    for misfit in table.misfits:
        if misfit.column in _TYPED:
            found[misfit.row] = f"its {headers[misfit.column]} {misfit.text!r} is not understood"
    return found
