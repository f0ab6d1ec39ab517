"""Who may do what (§0, §2). `_USERS` says who has which role; where nobody stands in it, the setting `role` does.

These are guard rails for colleagues, not a defence against somebody who holds the file.
"""

from __future__ import annotations

from dataclasses import replace

from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotPermittedError, RuleError
from ticketops.model import states
from ticketops.schema.tables import Snapshot, Table
from ticketops.schema.workbook import USERS


def role_of(users: Table, user: str, default: str) -> str:
    """The role of `user`. In a workbook whose _USERS names anybody, a stranger or an inactive user has none ("")."""
    frame = users.frame.select("user", "role", "active", "email").drop_nulls("user")
    if frame.is_empty():
        return default
    wanted = user.casefold()
    for name, role, active, email in frame.iter_rows():
        if wanted in (name.casefold(), (email or "").casefold()):
            return (role or "").lower() if active is not False else ""
    return ""


def with_role(run: Run, snapshot: Snapshot) -> Run:
    """The run with the role that the workbook gives its user."""
    return replace(run, role=role_of(snapshot[USERS], run.user, run.role)) if USERS in snapshot.tables else run


def permits(run: Run, least: str) -> bool:
    """Whether the run's user may do what `least` may."""
    return run.role in states.ROLE and states.ROLE.index(run.role) >= states.ROLE.index(least)


def require(run: Run, least: str, what: str) -> None:
    """Raises NotPermittedError where the run's user is less than `least`."""
    if not permits(run, least):
        raise NotPermittedError(
            f"{what} needs the role {least}; {run.user} has {run.role or 'none'}",
            f'ticketops user set NAME --role {least}, or role = "{least}" in ticketops.toml where _USERS names nobody',
        )


def plan_set(
    snapshot: Snapshot, user: str, run: Run, *, role: str | None, name: str = "", email: str = "", active: bool | None = None
) -> Plan:
    """Add or change a user; what is not given stays. The first one is anybody's to add; after that it needs an ops_manager.

    Raises RuleError where it would leave nobody who may do it again.
    """
    table = snapshot[USERS]
    known = table.frame.filter(table.frame["user"].is_not_null())
    if known.height:
        require(run, states.OPS_MANAGER, "changing users")
    plan = Plan()
    managers = {row["user"].casefold() for row in known.iter_rows(named=True) if row["active"] is not False and _manages(row["role"])}
    old = next((row for row in known.iter_rows(named=True) if row["user"].casefold() == user.casefold()), None)
    new_role = role or (old["role"] if old else states.OPERATOR)
    if active is None:
        active = old is None or old["active"] is not False
    if not (active and _manages(new_role)) and not managers - {user.casefold()}:
        raise RuleError("then nobody could change users any more", "name an ops_manager or super_admin first")
    values = {"role": new_role, "active": active} | {k: v for k, v in (("name", name), ("email", email)) if v}
    if old:
        plan.changes.set(USERS, old["row"], old["user"], {column: (old[column], value) for column, value in values.items()})
    else:
        columns = ("user", *values)
        plan.changes.append(USERS, table.next_row, columns, [(user, *values.values())])
    plan.result = {"user": user, "role": new_role, "active": active}
    return plan


def _manages(role: str | None) -> bool:
    """Whether the role may change users."""
    return (role or "").lower() in states.ROLE[states.ROLE.index(states.OPS_MANAGER) :]


def listed(snapshot: Snapshot) -> list[dict[str, object]]:
    """All users: user, name, email, role, active."""
    frame = snapshot[USERS].frame.drop_nulls("user").select("user", "name", "email", "role", "active")
    return [row | {"active": row["active"] is not False} for row in frame.to_dicts()]
