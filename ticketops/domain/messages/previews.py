"""Templates as their readers will see them (§10 step 4): with a sale of the workbook or a sample, by the
code that sends. And what is wrong with a template, before it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import msgspec

from ticketops.domain.messages import outbox, recipients
from ticketops.domain.messages.facts import FACTS, Fact, facts_in, groups_of, payload_of, sample_of
from ticketops.domain.messages.happened.seen import Seen
from ticketops.domain.messages.recipients import People, Recipient
from ticketops.domain.messages.rendering import Rendered, rendered
from ticketops.domain.messages.templates import Template, templates_of
from ticketops.domain.messages.triggers import Trigger, triggers_of
from ticketops.domain.messages.variables import COMMON, EVENT_GROUP, RecipientVars, of_group
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding, Severity
from ticketops.model.states import AUDIENCE, FOR_OFFICE
from ticketops.schema.layouts.event import NOTIFICATION_TEMPLATES, NOTIFICATION_TRIGGERS, SALES
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class PreviewRecipient:
    """Who would get it. audience: what they may read; address: None for a sample reader."""

    name: str | None
    address: str | None
    channel: str
    audience: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A template as it would be sent. payload: of a sale of the workbook, or `sample`; recipients:
    by the triggers that use it, whether they are on or not; unreached: why others get none."""

    code: str
    fact: str
    audience: str
    payload: str
    subject: str
    text: str
    html: str
    recipients: list[PreviewRecipient]
    unreached: list[str]


@dataclass(frozen=True, slots=True)
class Checked:
    """A template, for the readers of one trigger. problem: None where it can be sent."""

    code: str
    trigger: str | None
    fact: str
    audience: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class TemplateCheck:
    """Every template with every trigger that uses it."""

    lines: list[Checked]


def template_named(templates: Mapping[str, Template], code: str) -> Template:
    """A template by its code. Raises NotFoundError."""
    wanted = code.strip().casefold()
    for one in templates.values():
        if one.code.casefold() == wanted:
            return one
    raise NotFoundError(
        f"there is no template {code!r}", f"it must be one of {', '.join(templates)}"
    )


# --- what is wrong with one


def problem_of(template: Template, fact: str, audience: str) -> str:
    """Why a template can't be sent to an audience for a fact; "" where it can: with everything known,
    and with nothing known that may be blank."""
    if fact not in FACTS:
        return f"EventType must be one of {', '.join(FACTS)}, not {fact!r}"
    try:
        for payload in (_bare(fact, audience), sample_of(fact, audience)):
            rendered(template, payload, audience)
    except RuleError as error:
        return error.message
    return ""


def _bare(fact: str, audience: str) -> dict[str, dict[str, Any]]:
    """A payload in which everything that may be blank is."""
    payload = sample_of(fact, audience)
    for group, kind in groups_of(fact).items():
        for name, hint in get_type_hints(kind).items():
            if group in payload and name in payload[group] and type(None) in get_args(hint):
                payload[group][name] = None
    return payload


def audiences_of(template: Template, triggers: Iterable[Trigger]) -> list[tuple[Trigger, str]]:
    """Who reads a template, by each trigger that uses it."""
    return [
        (trigger, audience)
        for trigger in triggers
        if trigger.template == template.code
        for audience in dict.fromkeys(
            map(recipients.audience_of, recipients.expressions(trigger.recipients))
        )
    ]


def plan_check(snapshot: Snapshot, ours: Mapping[str, Template], code: str = "") -> Plan:
    """Every template, or one, with every trigger that uses it; a finding for each that can't be sent."""
    templates = templates_of(snapshot[NOTIFICATION_TEMPLATES], ours)
    triggers = triggers_of(snapshot[NOTIFICATION_TRIGGERS], snapshot.layout.kind)
    chosen = [template_named(templates, code)] if code else list(templates.values())
    lines: list[Checked] = []
    for template in chosen:
        used = audiences_of(template, triggers.values())
        for trigger, audience in used:
            why = problem_of(template, trigger.fact, audience)
            lines.append(Checked(template.code, trigger.id, trigger.fact, audience, why or None))
        if not used:
            why = _not_here(template, snapshot) or problem_of(template, template.fact, FOR_OFFICE)
            lines.append(Checked(template.code, None, template.fact, FOR_OFFICE, why or None))
    plan = Plan(result=TemplateCheck(lines))
    plan.findings = [_broken(one.problem, one.trigger) for one in lines if one.problem]
    wrong = [(one, outbox.unusable(one)) for one in triggers.values() if one.row and not code]
    for one, why in wrong:
        missing = "" if one.template in templates else f"there is no template {one.template!r}"
        if why or missing:
            plan.findings.append(_broken(f"trigger {one.id}: {why or missing}", None, one.row))
    return plan


def _not_here(template: Template, snapshot: Snapshot) -> str:
    """That nothing in this kind of workbook tells a template's fact; "" where something does."""
    facts = facts_in(snapshot.layout.kind)
    if template.fact in facts or template.fact not in FACTS:
        return ""
    return f"EventType must be one of {', '.join(facts)}, not {template.fact!r}"


def _broken(problem: str, trigger: str | None, row: int | None = None) -> Finding:
    by = f" (trigger {trigger})" if trigger else ""
    sheet = NOTIFICATION_TRIGGERS if row else NOTIFICATION_TEMPLATES
    return Finding("TEMPLATE_BROKEN", Severity.MEDIUM, f"{problem}{by}", sheet, row)


# --- previews


def plan_preview(
    snapshot: Snapshot,
    ours: Mapping[str, Template],
    code: str,
    run: Run,
    *,
    sale: str = "",
    audience: str = "",
    fact: str = "",
) -> Plan:
    """A template with a sale of the workbook, or a sample. audience, fact: where its triggers name
    several, or none. Raises NotFoundError, UsageError, and RuleError for one that can't be sent."""
    templates = templates_of(snapshot[NOTIFICATION_TEMPLATES], ours)
    template = template_named(templates, code)
    triggers = triggers_of(snapshot[NOTIFICATION_TRIGGERS], snapshot.layout.kind)
    used = [
        one
        for one in triggers.values()
        if one.template == template.code and (not fact or one.fact == fact)
    ]
    about = fact or (used[0].fact if used else template.fact)
    facts = facts_in(snapshot.layout.kind)
    if about not in facts:
        raise UsageError(
            f"{about!r} is not a fact of this workbook", f"it must be one of {', '.join(facts)}"
        )
    told = fact_for(snapshot, about, run, sale)
    readers: list[PreviewRecipient] = []
    unreached: dict[str, None] = {}
    people = People(snapshot, run)
    for trigger in used:
        for expression in recipients.expressions(trigger.recipients):
            for one in people.meant(expression, trigger.channel, told):
                if isinstance(one, Recipient):
                    found = PreviewRecipient(one.name, one.address, trigger.channel, one.audience)
                    readers += [] if found in readers else [found]
                else:
                    unreached[f"{expression}: {one.why}"] = None
    who = audience or next(
        (of for _trigger, of in audiences_of(template, used)),
        readers[0].audience if readers else FOR_OFFICE,
    )
    if who not in AUDIENCE:
        raise UsageError(f"--audience must be one of {', '.join(AUDIENCE)}, not {who!r}")
    first = next((one.name for one in readers if one.audience == who), None)
    name = first or _SAMPLE_NAME
    common = outbox.common_of(run) | {"recipient": RecipientVars(name)}
    if run.event is None and EVENT_GROUP in groups_of(about):
        said = sample_of(about, FOR_OFFICE)[EVENT_GROUP]
        common[EVENT_GROUP] = msgspec.convert(said, COMMON[EVENT_GROUP])
    made: Rendered = rendered(template, payload_of(told, common, who), who)
    result = Preview(
        template.code,
        about,
        who,
        sale or "sample",
        made.subject,
        made.text,
        made.html,
        [one for one in readers if one.audience == who],
        list(unreached),
    )
    return Plan(result=result)


_SAMPLE_NAME = str(of_group("recipient", RecipientVars)["name"].says.sample)


def fact_for(snapshot: Snapshot, name: str, run: Run, sale: str = "") -> Fact:
    """A fact of made-up values; with a sale, what the workbook says of that in place of them. Raises
    NotFoundError, and UsageError for a fact that is not about a sale."""
    own = {
        group: said for group, said in sample_of(name, FOR_OFFICE).items() if group not in COMMON
    }
    fact: Fact = msgspec.convert({"key": "sample", **own}, FACTS[name])
    if not sale:
        return fact
    if "sale" not in fact.groups:
        raise UsageError(f"{name} is not about a sale", "leave out --sale")
    seen = Seen(snapshot, ChangeSet(), (), run)
    row = seen.sales[sale]
    if row is None:
        raise NotFoundError(f"{SALES} has no {sale}", "`ticketops sale list` lists the sales")
    about = seen.about(row, getattr(fact.groups["sale"], "reason", None))
    return msgspec.structs.replace(
        fact, **{group: said for group, said in about.items() if group in fact.groups}
    )
