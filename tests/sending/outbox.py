"""A workbook with messages that wait, and what sends them: rows of `_NOTIFICATION_LOG` as commands
write them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ticketops.config import Settings
from ticketops.domain.messages import senders
from ticketops.domain.messages.digests import Words
from ticketops.domain.messages.message import Message
from ticketops.domain.plan import Plan
from ticketops.engine.job import Job
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, new_run
from ticketops.errors import RuleError
from ticketops.schema.layouts.event import NOTIFICATION_LOG, NOTIFICATION_SENDERS
from ticketops.schema.tables import Snapshot
from ticketops.services import sending
from ticketops.services.sending import Renderer

QUEUED_AT = datetime(2026, 5, 1, 9)


class Plain(Renderer):
    """Words that are the payload's, so that these tests need no template. `broken`: no words."""

    def text(self, snapshot: Snapshot, message: Message, late: object = None) -> Words:
        said = json.loads(message.payload)
        if said.get("broken"):
            raise RuleError("the template T has no variable sale.id")
        return Words(said["subject"], said["text"] * said.get("times", 1), said.get("html", ""))


class Outbox:
    """A workbook, the settings it is sent with, and its messages."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.path = path
        base: dict[str, Any] = {"user": "tester", "role": "super_admin", "backups": 2}
        self.settings = Settings(
            **base | {"messages_per_minute": 6000, "lock_timeout": 1.0} | settings
        )
        self.store: Any = open_store(path, self.settings)

    def enable(self) -> None:
        place = sending.place_named(self.store)
        job = Job(
            "message.enable",
            lambda snapshot, run: senders.plan_enable(snapshot, place, run),
            (),
            (NOTIFICATION_LOG, NOTIFICATION_SENDERS),
        )
        carry_out(self.store, job, new_run("tester", role="super_admin"))

    def queue(self, *recipients: str, **more: Any) -> None:
        """A message to each. more: cells of theirs."""
        self.put(*({"recipient": one} | more for one in recipients))

    def put(self, *messages: dict[str, Any]) -> None:
        job = Job(
            "message.send", lambda snap, _run: queued(snap, messages), (), (NOTIFICATION_LOG,)
        )
        carry_out(self.store, job, new_run("tester", role="super_admin"))

    def send(self, **more: Any) -> Plan:
        more = {"budget": 60.0, "render": Plain()} | more
        return sending.send(open_store(self.path, self.settings), self.settings, **more)

    def rows(self) -> list[dict[str, Any]]:
        frame = open_store(self.path, self.settings).read(NOTIFICATION_LOG)[NOTIFICATION_LOG].frame
        return list(frame.iter_rows(named=True))

    def states(self) -> list[str]:
        return [row["state"] for row in self.rows()]

    def set(self, message_id: str, **cells: Any) -> None:
        """As somebody types it into the sheet."""

        def plan(snapshot: Snapshot, _run: Any) -> Plan:
            made = Plan()
            for row in snapshot[NOTIFICATION_LOG].frame.iter_rows(named=True):
                if row["message"] == message_id:
                    changed = {name: {name: value} for name, value in cells.items()}
                    made.changes.changes += _copied(row, changed)
            return made

        job = Job("message.send", plan, (), (NOTIFICATION_LOG,))
        carry_out(self.store, job, new_run("tester", role="super_admin"))


def _copied(row: dict[str, Any], cells: dict[str, dict[str, Any]]) -> list[Any]:
    """CopyCells asks no machine of states, as a person does not."""
    from ticketops.model.changes import CopyCells

    values = {name: (row[name], told[name]) for name, told in cells.items()}
    return [CopyCells(NOTIFICATION_LOG, {row["row"]: values})]


def queued(snapshot: Snapshot, messages: tuple[dict[str, Any], ...]) -> Plan:
    """The rows of messages, as a command that says a fact writes them."""
    table = snapshot[NOTIFICATION_LOG]
    plan = Plan()
    before = table.frame.height
    rows = []
    for number, more in enumerate(messages, start=before + 1):
        row = {
            "message": f"N{number:05d}",
            "fact": "sale.created",
            "identity": f"sale.created S{number}",
            "trigger": "sale_created",
            "template": "sale_created",
            "channel": "email",
            "audience": "office",
            "recipient": "ana@mm-tickets.com",
            "recipient_name": None,
            "payload": json.dumps({"subject": f"About S{number}", "text": f"S{number} is sold."}),
            "state": "QUEUED",
            "attempts": None,
            "queued_at": QUEUED_AT + timedelta(minutes=number),
            "not_before": None,
            "sent_at": None,
            "sent_as": None,
            "error": None,
            "user": "tester",
            "run_id": "R20260501-090000",
            "read_at": None,
        }
        rows.append(row | more)
    plan.changes.append(
        NOTIFICATION_LOG, table.next_row, tuple(rows[0]), [tuple(row.values()) for row in rows]
    )
    return plan
