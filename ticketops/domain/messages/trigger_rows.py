"""Triggers by command (§10): listed and set. One that is on makes messages of what happens from then on,
and of nothing before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from ticketops.domain.messages import outbox, recipients
from ticketops.domain.messages.facts import FACTS, Fact, facts_in, sample_of
from ticketops.domain.messages.previews import problem_of, template_named
from ticketops.domain.messages.recipients import Nobody, People
from ticketops.domain.messages.templates import Template, templates_of
from ticketops.domain.messages.triggers import Trigger, triggers_of
from ticketops.domain.messages.variables import COMMON
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model.findings import Finding, Severity
from ticketops.model.states import FOR_OFFICE
from ticketops.schema.layouts.event import NOTIFICATION_TEMPLATES, NOTIFICATION_TRIGGERS
from ticketops.schema.tables import Snapshot

_ID = re.compile(r"[a-z][a-z0-9_.-]{0,59}")
_DAYS = re.compile(r"dispatch\.ticket_unsent_t_minus_(\d{1,4})d", re.IGNORECASE)
_UNSENT = "dispatch.ticket_unsent_T_minus_Nd"


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """A trigger. when: the condition that must hold; since: only facts after it count; problem: why it
    makes no messages although it is on; None where it does."""

    trigger: str
    fact: str
    when: str | None
    to: str
    channel: str
    template: str
    on: bool
    since: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class TriggerList:
    """Every trigger."""

    triggers: list[TriggerRow]


def _row(trigger: Trigger, templates: Mapping[str, Template]) -> TriggerRow:
    return TriggerRow(
        trigger.id,
        trigger.fact,
        trigger.condition or None,
        trigger.recipients,
        trigger.channel,
        trigger.template,
        trigger.active,
        trigger.since,
        _problem(trigger, templates) or None,
    )


def _problem(trigger: Trigger, templates: Mapping[str, Template]) -> str:
    """Why a trigger can't do its work, for people; "" where it can."""
    if why := outbox.unusable(trigger):
        return why
    template = templates.get(trigger.template)
    if template is None:
        return f"there is no template {trigger.template!r}"
    if trigger.channel not in template.channels:
        return f"the template {template.code} is not for {trigger.channel}"
    named = recipients.expressions(trigger.recipients)
    audiences = dict.fromkeys(map(recipients.audience_of, named))
    return next((why for one in audiences if (why := problem_of(template, trigger.fact, one))), "")


def _triggers(snapshot: Snapshot) -> dict[str, Trigger]:
    return triggers_of(snapshot[NOTIFICATION_TRIGGERS], snapshot.layout.kind)


def plan_list(snapshot: Snapshot, ours: Mapping[str, Template]) -> Plan:
    """Every trigger: ours, then those of the office."""
    templates = templates_of(snapshot[NOTIFICATION_TEMPLATES], ours)
    rows = [_row(one, templates) for one in _triggers(snapshot).values()]
    return Plan(result=TriggerList(rows))


def plan_set(
    snapshot: Snapshot,
    ours: Mapping[str, Template],
    named: str,
    given: Mapping[str, Any],
    run: Run,
    *,
    fact: str = "",
) -> Plan:
    """Turn a trigger on or off, or change it. named: its TriggerID, or a fact: the only trigger of it, or
    the only one without a condition.
    given: active, recipients, channel, template, condition; what is not given stays. fact: of a
    trigger that there is not yet.

    Raises NotFoundError, UsageError for a fact of several triggers, RuleError for a trigger that could
    not do its work; one that is only turned off need not.
    """
    triggers = _triggers(snapshot)
    templates = templates_of(snapshot[NOTIFICATION_TEMPLATES], ours)
    old = _named(triggers, named, fact, given, snapshot.layout.kind)
    said = dict(given)
    if days := _DAYS.fullmatch(named):
        said.setdefault("condition", f"deadline.days <= {int(days[1])}")
    new = replace(old, **said)
    if "template" in said:
        new = replace(new, template=template_named(templates, new.template).code)
    new = replace(
        new, since=(old.since if old.active and old.since else run.now) if new.active else None
    )
    illegible = bool(new.unclear) or new.rows > 1
    turned_off = said.keys() == {"active"} and not new.active
    if (why := _problem(new, templates)) and (illegible or not turned_off):
        mend = f"; correct it in {NOTIFICATION_TRIGGERS}" if illegible else ""
        raise RuleError(f"the trigger {new.id} can't work: {why}", f"nothing was written{mend}")
    plan = Plan()
    _write(plan, snapshot, new, run)
    plan.findings += _nobody(snapshot, new, run) if new.active else []
    plan.result = _row(new, templates)
    return plan


def _named(
    triggers: Mapping[str, Trigger], named: str, fact: str, given: Mapping[str, Any], kind: str
) -> Trigger:
    facts = facts_in(kind)
    wanted = named.strip().casefold()
    for one in triggers.values():
        if one.id.casefold() == wanted:
            if fact and fact != one.fact:
                raise UsageError(f"the trigger {one.id} is for {one.fact}, not {fact}")
            return one
    if _DAYS.fullmatch(wanted):
        wanted = _UNSENT.casefold()
    own = [one for one in triggers.values() if one.fact.casefold() == wanted]
    plain = [one for one in own if not one.condition] or own
    if len(plain) == 1:
        return plain[0]
    if own:
        raise UsageError(
            f"{own[0].fact} has {len(own)} triggers",
            f"name one: {', '.join(one.id for one in own)}",
        )
    if not fact:
        raise NotFoundError(
            f"there is no trigger or fact {named!r}",
            f"facts: {', '.join(facts)}; a new trigger needs --fact, --to and --template",
        )
    if fact not in facts:
        raise UsageError(f"--fact must be one of {', '.join(facts)}, not {fact!r}")
    if not _ID.fullmatch(named.strip()):
        raise UsageError(
            f"{named!r} can't be a TriggerID",
            "a TriggerID is lower-case letters, digits, _ . and -, such as sale_created.slack",
        )
    if lacking := [name for name in ("recipients", "template") if not given.get(name)]:
        options = ["--to" if name == "recipients" else f"--{name}" for name in lacking]
        raise UsageError(f"a new trigger needs {' and '.join(options)}")
    return Trigger(named.strip(), fact, "", "", kind=kind)


def _write(plan: Plan, snapshot: Snapshot, new: Trigger, run: Run) -> None:
    table = snapshot[NOTIFICATION_TRIGGERS]
    values = {
        "trigger": new.id,
        "fact": new.fact,
        "condition": new.condition or None,
        "recipients": new.recipients,
        "template": new.template,
        "channel": new.channel,
        "active": new.active,
        "since": new.since,
        "user": run.user,
        "updated_at": run.now,
    }
    if not new.row:
        plan.changes.append(
            NOTIFICATION_TRIGGERS, table.next_row, tuple(values), [tuple(values.values())]
        )
        return
    before = next(row for row in table.frame.iter_rows(named=True) if row["row"] == new.row)
    cells = {name: (before[name], value) for name, value in values.items()}
    if any(cells[name][0] != cells[name][1] for name in values if name not in _STAMP):
        plan.changes.set(NOTIFICATION_TRIGGERS, new.row, new.id, cells)


_STAMP = ("user", "updated_at")


def _nobody(snapshot: Snapshot, trigger: Trigger, run: Run) -> list[Finding]:
    """Whom of those that do not depend on what happens the trigger can't reach now."""
    own = {
        group: said
        for group, said in sample_of(trigger.fact, FOR_OFFICE).items()
        if group not in COMMON
    }
    fact: Fact = msgspec.convert({"key": "sample", **own}, FACTS[trigger.fact])
    people = People(snapshot, run)
    found = []
    for expression in recipients.expressions(trigger.recipients):
        if expression.lower() in recipients.DEPENDING:
            continue
        for one in people.meant(expression, trigger.channel, fact):
            if isinstance(one, Nobody):
                text = f"{trigger.id} does not reach {expression}: {one.why}"
                found.append(
                    Finding("MESSAGE_NO_ADDRESS", Severity.LOW, text, NOTIFICATION_TRIGGERS)
                )
    return list(dict.fromkeys(found))
