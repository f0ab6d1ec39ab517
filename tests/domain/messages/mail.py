"""A desk whose messages are looked at: who there is, which triggers are on, what was queued."""

from __future__ import annotations

import json
from typing import Any

from tests.desk import Desk
from ticketops.domain.messages.rendering import Rendered, payload_from, rendered
from ticketops.domain.messages.templates import templates_of
from ticketops.domain.messages.triggers import DEFAULTS
from ticketops.model import roles
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import (
    CLIENTS,
    NOTIFICATION_LOG,
    NOTIFICATION_TEMPLATES,
    NOTIFICATION_TRIGGERS,
    USERS,
    VENDORS,
)
from ticketops.schema.structure import with_structure
from ticketops.services import messages
from ticketops.stores.base import Entry

PEOPLE = {
    "tester": (roles.OPS_MANAGER, "boss@office.example"),
    "olga": (roles.OPERATOR, "olga@office.example"),
    "sam": (roles.SR_OPERATOR, "sam@office.example"),
}
CONTACTS = {
    "Meridian Travel": ("Dana Reyes", "dana@meridian.example"),
    "Acme": ("Ed Wile", "ed@acme.example"),
}


class MailDesk(Desk):
    """An office with users and clients that can be written to. on: the triggers that are on; all of
    them where none is named."""

    def __init__(self, *on: str, store: Any = None) -> None:
        super().__init__(store, role=roles.OPS_MANAGER)
        self.put(
            USERS,
            *(
                {"user": name, "role": role, "email": email, "active": True}
                for name, (role, email) in PEOPLE.items()
            ),
        )
        self.put(
            CLIENTS,
            *(
                {"client": name, "contact_name": contact, "contact_email": email}
                for name, (contact, email) in CONTACTS.items()
            ),
        )
        self.put(VENDORS, {"vendor": "Viagogo", "contact_email": "help@viagogo.example"})
        self.put(
            NOTIFICATION_TRIGGERS, *({"trigger": one, "active": True} for one in on or DEFAULTS)
        )

    def put(self, sheet: str, *rows: dict[str, Any]) -> None:
        """Rows that stand there already."""
        snapshot = self.store.read(sheet, strict=False)
        changes, run = ChangeSet(), self.run()
        columns = list(dict.fromkeys(name for row in rows for name in row))
        values = [tuple(row.get(name) for name in columns) for row in rows]
        changes.append(sheet, snapshot[sheet].next_row, columns, values)
        entry = Entry(run.run_id, "made for a test", run.user, run.now)
        self.store.commit(with_structure(changes, snapshot), snapshot.revision, entry)

    def log(self) -> list[dict[str, Any]]:
        """The rows of the outbox."""
        return self.store.read(NOTIFICATION_LOG, strict=False)[NOTIFICATION_LOG].frame.to_dicts()

    def queued(self, *facts: str) -> list[tuple[str, str]]:
        """(fact, recipient) of what waits, of these facts."""
        return [
            (one["fact"], one["recipient"])
            for one in self.log()
            if one["state"] == "QUEUED" and (not facts or one["fact"] in facts)
        ]

    def last(self) -> dict[str, Any]:
        """The payload of the newest row."""
        return json.loads(self.log()[-1]["payload"])

    def texts(self, *audiences: str) -> list[Rendered]:
        """Every message of the log as it would be sent, to these audiences."""
        sheet = self.store.read(NOTIFICATION_TEMPLATES, strict=False)[NOTIFICATION_TEMPLATES]
        templates = templates_of(sheet, messages.our_templates())
        return [
            rendered(templates[one["template"]], payload_from(one["payload"]), one["audience"])
            for one in self.log()
            if not audiences or one["audience"] in audiences
        ]

    def states(self, **outcomes: str) -> None:
        """What became of messages, as the command that sends records it."""
        snapshot = self.store.read(NOTIFICATION_LOG)
        changes, run = ChangeSet(), self.run()
        for row in snapshot[NOTIFICATION_LOG].frame.iter_rows(named=True):
            if row["message"] in outcomes:
                cells = {"state": (row["state"], outcomes[row["message"]])}
                via = {"state": ("SENDING",)}
                changes.set(NOTIFICATION_LOG, row["row"], row["message"], cells, via)
        entry = Entry(run.run_id, "message send", run.user, run.now)
        self.store.commit(changes, snapshot.revision, entry)
