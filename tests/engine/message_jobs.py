"""Every job around messages that wait, and who may run it: what `EVERY` of test_jobs has of them."""

from __future__ import annotations

from typing import Any

from tests.desk import Desk
from ticketops.config import Settings
from ticketops.domain.messages.listing import Which
from ticketops.domain.messages.sending import Terms
from ticketops.schema.layouts.event import NOTIFICATION_LOG
from ticketops.services import credentials, drafts, messages, outbox, sending
from ticketops.services.enclosures import Enclosures

OPS = "ops@mm-tickets.com"


def let_messages_wait(desk: Desk) -> None:
    """N1 waits to be sent; of N2 nobody knows whether it was."""
    desk.do(messages.trigger_set("credential.updated", {"active": True, "recipients": OPS}))
    desk.do(
        credentials.add(
            Settings(),
            "Viagogo",
            login="v1",
            email="v@example.org",
            password=None,
            notes="",
            event="",
            dry_run=False,
            notice=str,
        )
    )
    desk.do(messages.trigger_set("credential.updated", {"active": False}))
    desk.do(outbox.message_enable("here"))
    unknown = {"message": "N00002", "state": "UNKNOWN", "channel": "email", "recipient": OPS}
    unknown |= {"audience": "office", "fact": "sale.created", "template": "sale_created"}
    desk.type_rows(NOTIFICATION_LOG, [unknown])


MESSAGES: dict[str, tuple[str, Any]] = {
    "message.list": ("operator", lambda *_: outbox.message_list(Which())),
    "message.show": ("operator", lambda book, *_: outbox.message_show("N1", Enclosures.of(book))),
    "message.send": ("sr_operator", lambda *_: sending.claiming(Terms("here", "token"))),
    "message.retry": ("sr_operator", lambda *_: outbox.message_retry(["N1"])),
    "message.cancel": ("sr_operator", lambda *_: outbox.message_cancel(["N1"])),
    "message.resolve": ("sr_operator", lambda *_: outbox.message_resolve(["N2"], sent=True)),
    "message.enable": ("ops_manager", lambda *_: outbox.message_enable("here")),
    "message.disable": ("ops_manager", lambda *_: outbox.message_disable("here")),
    "message.draft": (
        "operator",
        lambda book, _other, settings: drafts.message_draft(
            book, settings, "S1", settings.books / "S1.eml"
        ),
    ),
    "client.remind": ("operator", lambda *_: outbox.client_remind(())),
    "inbox": ("staff", lambda *_: outbox.inbox_of_user(every=True, read=True)),
}
"""{name: (the least role, one such job)}"""
