"""The use cases of users, and of who is who (§2, D23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ticketops.domain.masterdata import capabilities, joining, users
from ticketops.domain.plan import Plan
from ticketops.engine.job import Effect, Job
from ticketops.schema.layout import KINDS
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    HOLDS,
    SALES,
    SUPPLIER_GROUPS,
    USERS,
)


def user_set(
    user: str,
    *,
    role: str | None,
    name: str,
    email: str,
    active: bool | None,
    more: Mapping[str, str] | None = None,
    logins: Sequence[str] = (),
    agreed: bool = True,
) -> Job:
    """more: phone, chat, vendor_groups, clients and capabilities, as far as they are given, "" to
    empty one. logins: who else works here, such as the login that cron runs under; agreed: whether
    the first user may lock out who runs it."""
    return Job(
        "user.set",
        lambda snapshot, run: users.plan_set(
            snapshot,
            user,
            run,
            role=role,
            name=name,
            email=email,
            active=active,
            more=more,
            logins=logins,
            agreed=agreed,
        ),
        optional=(USERS, SUPPLIER_GROUPS, CLIENTS, ALIASES, SALES, DISTRIBUTION),
        works_on=KINDS,
    )


def user_list(default_role: str) -> Job:
    """Everybody in _USERS. default_role: that of the setting."""
    return Job(
        "user.list",
        lambda snapshot, _run: Plan(
            result=users.listed(snapshot, default_role),
            findings=capabilities.not_known(snapshot[USERS]),
        ),
        optional=(USERS,),
        effect=Effect.READS,
        works_on=KINDS,
    )


def client_merge(names: Sequence[str], into: str) -> Job:
    return Job(
        "client.merge",
        lambda snapshot, run: joining.plan_merge(snapshot, names, into, run),
        (SALES, DISTRIBUTION),
        (ALIASES, HOLDS, CLIENTS),
    )


def client_alias(client: str, names: Sequence[str]) -> Job:
    return Job(
        "client.alias",
        lambda snapshot, run: joining.plan_alias(snapshot, client, names, run),
        (SALES, DISTRIBUTION),
        (ALIASES, HOLDS, CLIENTS),
    )


def client_split(name: str) -> Job:
    return Job(
        "client.split",
        lambda snapshot, run: joining.plan_split(snapshot, name, run),
        (SALES, DISTRIBUTION),
        (ALIASES, HOLDS, CLIENTS),
    )
