"""Templates by command (§10): listed, shown, set. One that is set is checked for all that use it, so that
a broken one is found before it is needed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from ticketops.domain.messages.facts import FACTS, every_variable, facts_in
from ticketops.domain.messages.previews import audiences_of, problem_of, template_named
from ticketops.domain.messages.rendering import MOST, plain_text
from ticketops.domain.messages.templates import Template, templates_of
from ticketops.domain.messages.triggers import Trigger, triggers_of
from ticketops.domain.messages.variables import plain_name
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model.states import AUDIENCE, CHANNEL, FOR_OFFICE
from ticketops.schema.layouts.event import NOTIFICATION_TEMPLATES, NOTIFICATION_TRIGGERS
from ticketops.schema.tables import Snapshot

_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,59}")
_COLUMNS = (
    *("code", "name", "fact", "channels", "subject", "body"),
    *("variables", "user", "updated_at"),
)


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template. changed: whether the office changed it, or has it of its own; triggers: those that use
    it."""

    code: str
    name: str
    fact: str
    channels: list[str]
    changed: bool
    triggers: list[str]


@dataclass(frozen=True, slots=True)
class TemplateList:
    """Every template."""

    templates: list[TemplateRow]


@dataclass(frozen=True, slots=True)
class VariableRow:
    """What a template may speak of. readers: who may read it."""

    name: str
    description: str
    sample: str
    readers: list[str]


@dataclass(frozen=True, slots=True)
class TemplateShown:
    """A template whole, with what it may speak of."""

    template: TemplateRow
    subject: str
    body: str
    variables: list[VariableRow]


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """A template as it is now."""

    template: TemplateRow
    subject: str
    body: str


def _triggers(snapshot: Snapshot) -> Collection[Trigger]:
    return triggers_of(snapshot[NOTIFICATION_TRIGGERS], snapshot.layout.kind).values()


def _row(snapshot: Snapshot, template: Template) -> TemplateRow:
    triggers = _triggers(snapshot)
    return TemplateRow(
        template.code,
        template.name,
        template.fact,
        list(template.channels),
        template.changed,
        [one.id for one in triggers if one.template == template.code],
    )


def plan_list(snapshot: Snapshot, ours: Mapping[str, Template]) -> Plan:
    """Every template: ours, then those of the office."""
    templates = templates_of(snapshot[NOTIFICATION_TEMPLATES], ours)
    return Plan(result=TemplateList([_row(snapshot, one) for one in templates.values()]))


def plan_show(snapshot: Snapshot, ours: Mapping[str, Template], code: str) -> Plan:
    """One template whole. Raises NotFoundError."""
    templates = templates_of(snapshot[NOTIFICATION_TEMPLATES], ours)
    one = template_named(templates, code)
    result = TemplateShown(
        _row(snapshot, one),
        one.subject,
        one.body,
        variables_of(one.fact) if one.fact in FACTS else [],
    )
    return Plan(result=result)


def variables_of(fact: str) -> list[VariableRow]:
    """What templates of a fact may speak of."""
    return [
        VariableRow(one.called, one.says.text, plain_text(one.says.sample), list(one.says.readers))
        for one in every_variable(fact, FOR_OFFICE)
    ]


def plan_set(
    snapshot: Snapshot,
    ours: Mapping[str, Template],
    code: str,
    given: Mapping[str, str],
    run: Run,
    *,
    reset: bool = False,
) -> Plan:
    """Change a template, or add one. given: name, fact, channels, subject, body; what is not given stays.
    reset: one of ours is again as it was, one of the office's own goes.

    Raises UsageError for what can't be, RuleError for a template that one of its triggers could not send,
    NotFoundError for one to reset that is not in the sheet.
    """
    table = snapshot[NOTIFICATION_TEMPLATES]
    templates = templates_of(table, ours)
    known = {one.code.casefold(): one for one in templates.values()}
    old = known.get(code.strip().casefold())
    if reset:
        return _reset(snapshot, ours, old, code)
    new = _changed(old, code.strip(), given, snapshot.layout.kind)
    _require_sendable(snapshot, new)
    values = (
        *(new.code, new.name or None, new.fact, ", ".join(new.channels), new.subject, new.body),
        *(_spoken_of(new), run.user, run.now),
    )
    plan = Plan()
    if old is not None and old.row:
        before = next(row for row in table.frame.iter_rows(named=True) if row["row"] == old.row)
        cells = {name: (before[name], value) for name, value in zip(_COLUMNS, values, strict=True)}
        stamp = {"user", "updated_at"}
        if any(was != now for name, (was, now) in cells.items() if name not in stamp):
            plan.changes.set(NOTIFICATION_TEMPLATES, old.row, new.code, cells)
    else:
        plan.changes.append(NOTIFICATION_TEMPLATES, table.next_row, _COLUMNS, [values])
    plan.result = TemplateSet(_row(snapshot, new), new.subject, new.body)
    return plan


def _changed(old: Template | None, code: str, given: Mapping[str, str], kind: str) -> Template:
    facts = facts_in(kind)
    if old is None:
        if not _CODE.fullmatch(code):
            raise UsageError(
                f"{code!r} can't be the code of a template",
                "a code is lower-case letters, digits, _ . and -, such as sale_created",
            )
        lacking = [name for name in ("fact", "subject", "body") if not given.get(name)]
        if lacking:
            raise UsageError(
                f"there is no template {code!r} yet; a new one needs --{' --'.join(lacking)}",
                "`ticketops template list` lists the templates that exist",
            )
        old = Template(code, code, "", "", "")
    channels = given.get("channels")
    named = tuple(one.strip().lower() for one in channels.split(",")) if channels else old.channels
    if wrong := [one for one in named if one not in CHANNEL]:
        raise UsageError(f"--channels must be some of {', '.join(CHANNEL)}, not {wrong[0]!r}")
    if given.get("fact") and given["fact"] not in facts:
        raise UsageError(f"--fact must be one of {', '.join(facts)}, not {given['fact']!r}")
    new = replace(
        old,
        name=given.get("name", old.name),
        fact=given.get("fact", old.fact),
        subject=given.get("subject", old.subject),
        body=given.get("body", old.body).strip(),
        channels=tuple(one for one in CHANNEL if one in named),
        changed=True,
    )
    if not (new.subject.strip() and new.body):
        raise UsageError("a template needs a subject and a body")
    if len(new.subject) + len(new.body) > MOST:
        raise UsageError(f"a template can have at most {MOST:,} characters")
    return new


def _require_sendable(snapshot: Snapshot, template: Template) -> None:
    used = audiences_of(template, _triggers(snapshot))
    for trigger, audience in used:
        if why := problem_of(template, trigger.fact, audience):
            raise RuleError(
                f"the trigger {trigger.id} could not send it to the {audience}: {why}",
                "nothing was written; `ticketops template show` lists what it may speak of",
            )
        if trigger.channel not in template.channels:
            raise RuleError(
                f"the trigger {trigger.id} sends it by {trigger.channel}, which --channels leaves out",
                "nothing was written",
            )
    if not used and all(problem_of(template, template.fact, who) for who in AUDIENCE):
        raise RuleError(
            problem_of(template, template.fact, FOR_OFFICE),
            "nothing was written; `ticketops template show` lists what it may speak of",
        )


def _spoken_of(template: Template) -> str:
    """The variables that a template names, with what they say."""
    named = {
        plain_name(word)
        for word in re.findall(r"[A-Za-z_]\w*\.[A-Za-z_]\w*", template.subject + template.body)
    }
    return "; ".join(
        f"{one.called}: {one.says.text.rstrip('.')}"
        for one in every_variable(template.fact, FOR_OFFICE)
        if plain_name(one.called) in named
    )


def _reset(
    snapshot: Snapshot, ours: Mapping[str, Template], old: Template | None, code: str
) -> Plan:
    if old is None or not old.row:
        raise NotFoundError(
            f"{NOTIFICATION_TEMPLATES} has no {code}", "only what it holds can be reset"
        )
    if old.code not in ours and (used := _row(snapshot, old).triggers):
        raise RuleError(
            f"the trigger {used[0]} uses the template {old.code}",
            "give that trigger another template first",
        )
    plan = Plan()
    plan.changes.delete(NOTIFICATION_TEMPLATES, {old.row: old.code})
    left = ours.get(old.code, Template(old.code, "", "", "", ""))
    plan.result = TemplateSet(_row(snapshot, left), left.subject, left.body)
    return plan
