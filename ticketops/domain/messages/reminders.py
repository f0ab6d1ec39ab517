"""Reminding clients of the guest details that are missing (`client remind`): somebody decides it, so no
trigger has to be on, and no condition to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ticketops.domain.masterdata.aliases import CLIENT, clients, party_keys
from ticketops.domain.messages import outbox
from ticketops.domain.messages.happened.books import guests_due, portals_of
from ticketops.domain.messages.readiness import Readiness
from ticketops.domain.messages.recipients import People
from ticketops.domain.messages.triggers import triggers_of
from ticketops.domain.messages.variables import ClientVars
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model.findings import Finding, Severity
from ticketops.model.states import FOR_CLIENT
from ticketops.schema.layout import EVENT_KIND
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    NOTIFICATION_LOG,
    NOTIFICATION_TEMPLATES,
    NOTIFICATION_TRIGGERS,
)
from ticketops.schema.tables import Snapshot

TRIGGER = "guests_due"
"""Whose template, channel and recipients a reminder has."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A client with guests missing. message: the MessageID of the reminder; None where there is none:
    nobody to write to, or reminded today."""

    client: str
    tickets: int
    guests_missing: int
    recipient: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Reminded:
    """`client remind`: every client that was meant and has guests missing."""

    clients: tuple[Reminder, ...]


def plan_remind(snapshot: Snapshot, names: Sequence[str], run: Run) -> Plan:
    """Queue a reminder to each of these clients, or to all where none is named, as far as guests are
    missing; one a day. Raises NotFoundError and UnclearNameError for a name that nobody knows,
    RuleError for a client with no guest missing."""
    plan = Plan()
    key = party_keys(snapshot, CLIENT)
    portals = {
        key(name): (group, name, portal)
        for group, (name, portal) in portals_of(snapshot, run).items()
        if portal.guests_missing
    }
    chosen = list(portals)
    if names:
        directory = clients(snapshot, run.chosen)
        chosen = []
        for text in names:
            found = directory.require(text, where=DISTRIBUTION, insist="")
            plan.findings += found.said("client")
            if key(found.name) not in portals:
                raise RuleError(f"{found.name} has no ticket with guest details missing")
            chosen.append(key(found.name))
    trigger = replace(
        triggers_of(snapshot[NOTIFICATION_TRIGGERS], EVENT_KIND)[TRIGGER], condition="", since=None
    )
    log = snapshot[NOTIFICATION_LOG]
    facts = {}
    for one in dict.fromkeys(chosen):
        group, name, portal = portals[one]
        facts[one] = guests_due(group, ClientVars(name), portal, run)
    people = People(snapshot, run)
    rows, found_of = outbox.queued(list(facts.values()), [trigger], people, log, run, asked=True)
    plan.findings += [*found_of, *Readiness(snapshot[NOTIFICATION_TEMPLATES]).findings(rows)]
    plan.changes.append(NOTIFICATION_LOG, log.room_for(len(rows)), outbox.Message._fields, rows)
    by_fact = {row.identity: row for row in rows if row.audience == FOR_CLIENT}
    told = []
    for fact in facts.values():
        row = by_fact.get(fact.identity)
        told.append(
            Reminder(
                fact.client.name or "",
                fact.portal.tickets or 0,
                fact.portal.guests_missing or 0,
                row.recipient if row else None,
                row.message if row else None,
            )
        )
    again = set(log.frame["identity"].drop_nulls()) & {
        fact.identity for fact in facts.values() if fact.identity not in by_fact
    }
    plan.findings += [
        Finding(
            "ALREADY_REMINDED",
            Severity.INFO,
            f"{fact.client.name} already has a reminder of today",
            NOTIFICATION_LOG,
        )
        for fact in facts.values()
        if fact.identity in again
    ]
    plan.result = Reminded(tuple(told))
    return plan
