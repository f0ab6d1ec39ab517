"""The use cases of templates and triggers of messages (§10)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ticketops.domain.messages import previews, template_rows, trigger_rows
from ticketops.domain.messages.templates import Template, shipped
from ticketops.engine.job import Effect, Job
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

_FOLDER = Path(__file__).parent.parent / "templates" / "messages"
_SETTINGS = (NOTIFICATION_TEMPLATES, NOTIFICATION_TRIGGERS)
_PEOPLE = (USERS, CLIENTS, VENDORS, ALIASES)


@cache
def our_templates() -> dict[str, Template]:
    """{code: template} of those that come with ticketops."""
    return shipped({path.stem: path.read_text("utf-8") for path in sorted(_FOLDER.glob("*.md"))})


def template_list() -> Job:
    return Job(
        "template.list",
        lambda snapshot, _run: template_rows.plan_list(snapshot, our_templates()),
        (),
        _SETTINGS,
        effect=Effect.READS,
    )


def template_show(code: str) -> Job:
    return Job(
        "template.show",
        lambda snapshot, _run: template_rows.plan_show(snapshot, our_templates(), code),
        (),
        _SETTINGS,
        f"template show {code}",
        Effect.READS,
    )


def template_check(code: str = "") -> Job:
    return Job(
        "template.check",
        lambda snapshot, _run: previews.plan_check(snapshot, our_templates(), code),
        (),
        _SETTINGS,
        effect=Effect.READS,
    )


def template_preview(code: str, *, sale: str = "", audience: str = "", fact: str = "") -> Job:
    return Job(
        "template.preview",
        lambda snapshot, run: previews.plan_preview(
            snapshot, our_templates(), code, run, sale=sale, audience=audience, fact=fact
        ),
        (),
        (*_SETTINGS, *_PEOPLE, SALES, DISTRIBUTION, SCHEDULE),
        f"template preview {code}",
        Effect.READS,
    )


def template_set(code: str, given: Mapping[str, str], *, reset: bool = False) -> Job:
    return Job(
        "template.set",
        lambda snapshot, run: template_rows.plan_set(
            snapshot, our_templates(), code, given, run, reset=reset
        ),
        (),
        _SETTINGS,
        f"template set {code}",
    )


def trigger_list() -> Job:
    return Job(
        "trigger.list",
        lambda snapshot, _run: trigger_rows.plan_list(snapshot, our_templates()),
        (),
        _SETTINGS,
        effect=Effect.READS,
    )


def trigger_set(named: str, given: Mapping[str, Any], *, fact: str = "") -> Job:
    return Job(
        "trigger.set",
        lambda snapshot, run: trigger_rows.plan_set(
            snapshot, our_templates(), named, given, run, fact=fact
        ),
        (),
        (*_SETTINGS, *_PEOPLE),
        f"trigger set {named}",
    )
