"""The outbox (§10 steps 2, 3, 6; D25): facts become rows of `_NOTIFICATION_LOG`, one for each fact and
recipient, in the commit of their cause."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl
from msgspec import Struct

from ticketops.domain.messages import conditions, recipients
from ticketops.domain.messages.facts import Fact, facts_in, payload_of
from ticketops.domain.messages.message import CANCELLED, ELSEWHERE
from ticketops.domain.messages.recipients import People, Recipient
from ticketops.domain.messages.triggers import Trigger
from ticketops.domain.messages.variables import EventVars, Group, RecipientVars, RunVars
from ticketops.domain.plan import Run
from ticketops.model import ids
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.states import CHANNEL, FOR_OFFICE, QUEUED, WITHDRAWN
from ticketops.schema.layouts.event import NOTIFICATION_LOG, NOTIFICATION_TRIGGERS
from ticketops.schema.tables import Table

MANY = 50
"""From how many messages of one command on it says how many they are (D25)."""


class Message(NamedTuple):
    """A row of the outbox as it is queued, by the names of the columns."""

    message: str
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
    attempts: int
    queued_at: datetime
    user: str
    run_id: str


def queued(
    facts: Sequence[Fact],
    triggers: Sequence[Trigger],
    people: People,
    log: Table,
    run: Run,
    *,
    asked: bool = False,
) -> tuple[list[Message], list[Finding]]:
    """The rows that facts make, and whom they could not be made for. triggers: those that are on.

    Once for each fact, recipient and channel, whatever triggers it meets: a row of the log counts, save
    for one that an undo withdrew. asked: a person asks for these messages; then one that was cancelled
    does not count either.
    """
    said = _Said()
    usable = [one for one in triggers if said.is_usable(one)]
    known = _known(log, {name for fact in facts for name in fact.identities}, asked=asked)
    common = common_of(run)
    number = _last_number(log)
    rows: list[Message] = []
    for fact in facts:
        office = payload_of(fact, common | {"recipient": RecipientVars()}, FOR_OFFICE)
        for trigger in usable:
            if trigger.fact != fact.name or (trigger.since and run.now < trigger.since):
                continue
            if not conditions.holds(said.conditions[trigger.id], office):
                continue
            for one in said.of(trigger, people, fact):
                reader = (one.address.casefold(), trigger.channel)
                if any((name, *reader) in known for name in fact.identities):
                    continue
                known.add((fact.identity, *reader))
                number += 1
                payload = payload_of(
                    fact, common | {"recipient": RecipientVars(one.name)}, one.audience
                )
                rows.append(
                    Message(
                        ids.message_id(number),
                        fact.name,
                        fact.identity,
                        trigger.id,
                        trigger.template,
                        trigger.channel,
                        one.audience,
                        one.address,
                        one.name,
                        json.dumps(payload, ensure_ascii=False),
                        QUEUED,
                        0,
                        run.now,
                        run.user,
                        run.run_id,
                    )
                )
    if len(rows) > MANY:
        text = f"{counted(len(rows), 'message')} will be queued"
        said.findings[Finding("MESSAGES_QUEUED", Severity.INFO, text, NOTIFICATION_LOG)] = None
    return rows, list(said.findings)


def common_of(run: Run) -> dict[str, Group]:
    """The groups that every message has, but for its recipient."""
    event = run.event
    about = (
        EventVars(event.code or None, event.name or None, event.state or None)
        if event
        else EventVars()
    )
    return {"event": about, "run": RunVars(run.user, run.now)}


class _Said(Struct):
    """What is said of triggers and recipients, each once."""

    findings: dict[Finding, None] = {}
    conditions: dict[str, conditions.Condition | None] = {}

    def is_usable(self, trigger: Trigger) -> bool:
        why = unusable(trigger)
        if not why:
            self.conditions[trigger.id] = conditions.read(trigger.condition, trigger.fact)
            return True
        self.findings[
            Finding(
                "TRIGGER_UNCLEAR",
                Severity.MEDIUM,
                f"the trigger {trigger.id} makes no message: {why}",
                NOTIFICATION_TRIGGERS,
                trigger.row or None,
            )
        ] = None
        return False

    def of(self, trigger: Trigger, people: People, fact: Fact) -> Iterator[Recipient]:
        for expression in recipients.expressions(trigger.recipients):
            for one in people.meant(expression, trigger.channel, fact):
                if isinstance(one, Recipient):
                    yield one
                    continue
                text = f"no message of the trigger {trigger.id} to {expression}: {one.why}"
                found = Finding("MESSAGE_NO_ADDRESS", Severity.LOW, text, NOTIFICATION_TRIGGERS)
                self.findings[found] = None


def unusable(trigger: Trigger) -> str:
    """Why a trigger can't make messages, for people; "" where it can."""
    if trigger.rows > 1:
        return f"its TriggerID stands in {trigger.rows} rows"
    if trigger.unclear:
        return f"{', '.join(trigger.unclear)} is not understood"
    if trigger.fact not in facts_in(trigger.kind):
        return f"EventType {trigger.fact!r} is not a fact (`ticketops trigger list` shows them)"
    if trigger.channel not in CHANNEL:
        return f"Channel must be one of {', '.join(CHANNEL)}, not {trigger.channel!r}"
    if not trigger.template:
        return "it names no template"
    named = recipients.expressions(trigger.recipients)
    if not named:
        return "it names no recipients"
    try:
        conditions.read(trigger.condition, trigger.fact)
    except conditions.WrongConditionError as error:
        return f"its condition can't be used: {error}"
    wrong = (recipients.unusable(one, trigger.fact, trigger.channel) for one in named)
    return next(filter(None, wrong), "")


def _known(log: Table, identities: set[str], *, asked: bool) -> set[tuple[str, str, str]]:
    """(identity, recipient, channel) of what the log has of these facts."""
    decided = (ELSEWHERE,) if asked else (CANCELLED, ELSEWHERE)
    why = pl.col("error").fill_null("")
    kept = log.frame.filter(
        pl.col("identity").is_in(list(identities)),
        pl.col("state").is_null()
        | (pl.col("state") != WITHDRAWN)
        | pl.any_horizontal(why.str.starts_with(f"{one} ") for one in decided),
    )
    return {
        (identity, (address or "").casefold(), channel)
        for identity, address, channel in kept.select(
            "identity", "recipient", "channel"
        ).iter_rows()
    }


def _last_number(log: Table) -> int:
    found = log.frame["message"].str.extract(r"^N0*(\d{1,12})$").cast(pl.Int64).max()
    return found if isinstance(found, int) else 0
