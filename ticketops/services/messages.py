"""The use cases of templates and triggers of messages (§10)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ticketops.domain.messages import previews, template_rows, trigger_rows
from ticketops.domain.messages.facts import facts_in
from ticketops.domain.messages.templates import Template, shipped
from ticketops.engine.job import Effect, Job
from ticketops.schema.layout import KINDS
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    NOTIFICATION_TEMPLATES,
    NOTIFICATION_TRIGGERS,
    SALES,
    SCHEDULE,
    USERS,
    VENDORS,
)
from ticketops.schema.layouts.issuance import AIRLINES, BOOKINGS
from ticketops.schema.tables import Snapshot

_FOLDER = Path(__file__).parent.parent / "templates" / "messages"
_SETTINGS = (NOTIFICATION_TEMPLATES, NOTIFICATION_TRIGGERS)
_PEOPLE = (USERS, CLIENTS, VENDORS, ALIASES, BOOKINGS, AIRLINES)


@cache
def our_templates(kind: str = "") -> dict[str, Template]:
    """{code: template} of those that come with ticketops: for a kind of workbook, or all."""
    texts = {path.stem: path.read_text("utf-8") for path in sorted(_FOLDER.glob("*.md"))}
    found = shipped(texts)
    if not kind:
        return found
    facts = facts_in(kind)
    return {code: one for code, one in found.items() if one.fact in facts}


def _ours(snapshot: Snapshot) -> dict[str, Template]:
    return our_templates(snapshot.layout.kind)


def template_list() -> Job:
    return Job(
        "template.list",
        lambda snapshot, _run: template_rows.plan_list(snapshot, _ours(snapshot)),
        (),
        _SETTINGS,
        effect=Effect.READS,
        works_on=KINDS,
    )


def template_show(code: str) -> Job:
    return Job(
        "template.show",
        lambda snapshot, _run: template_rows.plan_show(snapshot, _ours(snapshot), code),
        (),
        _SETTINGS,
        f"template show {code}",
        Effect.READS,
        works_on=KINDS,
    )


def template_check(code: str = "") -> Job:
    return Job(
        "template.check",
        lambda snapshot, _run: previews.plan_check(snapshot, _ours(snapshot), code),
        (),
        _SETTINGS,
        effect=Effect.READS,
        works_on=KINDS,
    )


def template_preview(code: str, *, sale: str = "", audience: str = "", fact: str = "") -> Job:
    return Job(
        "template.preview",
        lambda snapshot, run: previews.plan_preview(
            snapshot, _ours(snapshot), code, run, sale=sale, audience=audience, fact=fact
        ),
        (),
        (*_SETTINGS, *_PEOPLE, SALES, DISTRIBUTION, SCHEDULE),
        f"template preview {code}",
        Effect.READS,
        works_on=KINDS,
    )


def template_set(code: str, given: Mapping[str, str], *, reset: bool = False) -> Job:
    return Job(
        "template.set",
        lambda snapshot, run: template_rows.plan_set(
            snapshot, _ours(snapshot), code, given, run, reset=reset
        ),
        (),
        _SETTINGS,
        f"template set {code}",
        works_on=KINDS,
    )


def trigger_list() -> Job:
    return Job(
        "trigger.list",
        lambda snapshot, _run: trigger_rows.plan_list(snapshot, _ours(snapshot)),
        (),
        _SETTINGS,
        effect=Effect.READS,
        works_on=KINDS,
    )


def trigger_set(named: str, given: Mapping[str, Any], *, fact: str = "") -> Job:
    return Job(
        "trigger.set",
        lambda snapshot, run: trigger_rows.plan_set(
            snapshot, _ours(snapshot), named, given, run, fact=fact
        ),
        (),
        (*_SETTINGS, *_PEOPLE),
        f"trigger set {named}",
        works_on=KINDS,
    )
