"""Messages and the clock (§10, D25): what is written to whom, when, and what became of it."""

from __future__ import annotations

from ticketops.model import states
from ticketops.schema.layouts.event.columns import CODE, DATETIME, FLAG, INTEGER, NUMBER, column
from ticketops.schema.layouts.event.names import (
    CLOCK,
    NOTIFICATION_LOG,
    NOTIFICATION_SENDERS,
    NOTIFICATION_TEMPLATES,
    NOTIFICATION_TRIGGERS,
)
from ticketops.schema.sheets import Outbox, Sheet, SheetKind

TEMPLATES_SHEET = Sheet(
    NOTIFICATION_TEMPLATES,
    SheetKind.LEDGER,
    (
        column("code", "Code", CODE, width=24),
        column("name", "Name", width=30),
        column("fact", "EventType", CODE, width=34),
        column("channels", "Channels", CODE, width=20),
        column("subject", "Subject", width=50),
        column("body", "BodyMarkdown", width=80),
        column("variables", "Variables", width=50),
        column("user", "UpdatedBy", CODE),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
    ),
    record=("code",),
    extension=True,
)
"""Templates that the office changed, or has of its own; the others are files of ours."""
TRIGGERS_SHEET = Sheet(
    NOTIFICATION_TRIGGERS,
    SheetKind.LEDGER,
    (
        column("trigger", "TriggerID", CODE, width=30),
        column("fact", "EventType", CODE, width=34),
        column("condition", "Conditions", CODE, width=40),
        column("recipients", "Recipients", CODE, width=34),
        column("template", "Template", CODE, width=24),
        column("channel", "Channel", CODE, choices=states.CHANNEL, width=12),
        column("active", "Active", FLAG),
        column("since", "ActiveSince", DATETIME, width=18),
        column("user", "UpdatedBy", CODE),
        column("updated_at", "UpdatedAt", DATETIME, width=18),
    ),
    record=("trigger",),
    extension=True,
)
LOG_SHEET = Sheet(
    NOTIFICATION_LOG,
    SheetKind.LEDGER,
    (
        column("message", "MessageID", CODE),
        column("fact", "EventType", CODE, width=30),
        column("identity", "FactKey", CODE, width=40),
        column("trigger", "TriggerID", CODE, width=26),
        column("template", "Template", CODE, width=24),
        column("channel", "Channel", CODE, choices=states.CHANNEL, width=12),
        column("audience", "Audience", CODE, choices=states.AUDIENCE),
        column("recipient", "Recipients", CODE, width=34),
        column("recipient_name", "RecipientName", width=26),
        column("payload", "Payload", width=40),
        column(
            "state", "Status", CODE, choices=states.MESSAGE_STATE, machine=states.MESSAGE_MACHINE
        ),
        column("attempts", "RetryCount", INTEGER),
        column("queued_at", "QueuedAt", DATETIME, width=18),
        column("not_before", "NotBefore", DATETIME, width=18),
        column("sent_at", "SentAt", DATETIME, width=18),
        column("sent_as", "SentAs", CODE, width=40),
        column("error", "Error", width=40),
        column("user", "User", CODE),
        column("run_id", "RunID", CODE, width=18),
        column("read_at", "ReadAt", DATETIME, width=18),
    ),
    record=("message",),
    extension=True,
    outbox=Outbox(
        "state",
        frozenset({states.QUEUED, states.FAILED}),
        states.WITHDRAWN,
        ("message", "recipient"),
    ),
)
"""The outbox (D25): a row for each fact and recipient, in the commit of its cause."""
SENDERS_SHEET = Sheet(
    NOTIFICATION_SENDERS,
    SheetKind.LEDGER,
    (
        column("place", "Place", CODE, width=60),
        column("user", "EnabledBy", CODE),
        column("enabled_at", "EnabledAt", DATETIME, width=18),
    ),
    record=("place",),
    extension=True,
)
"""Where the workbook stood when sending was enabled: a copy stands elsewhere, and sends nothing."""
CLOCK_SHEET = Sheet(
    CLOCK,
    SheetKind.LOG,
    (
        column("run_id", "RunID", CODE, width=18),
        column("started_at", "StartedAt", DATETIME, width=18),
        column("finished_at", "FinishedAt", DATETIME, width=18),
        column("task", "Task", CODE, width=20),
        column("code", "Exit", INTEGER),
        column("seconds", "Seconds", NUMBER),
        column("findings", "Findings", INTEGER),
        column("said", "Said", width=60),
        column("host", "Host", CODE, width=20),
        column("user", "User", CODE),
    ),
    extension=True,
)
"""A row for each task of each run of the clock, and one, without a task, for the run itself."""
SHEETS = (TEMPLATES_SHEET, TRIGGERS_SHEET, LOG_SHEET, SENDERS_SHEET, CLOCK_SHEET)
