"""Who may do what (§0, §2). `_USERS` says who has which role; where nobody stands in it, the
setting `role` does.

These are guard rails for colleagues, not a defence against somebody who holds the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from msgspec import Struct, structs

from ticketops.domain.masterdata import capabilities, clearing, scopes
from ticketops.domain.masterdata.clearing import word
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotPermittedError, RuleError
from ticketops.model import roles
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import SUPPLIER_GROUPS, USERS
from ticketops.schema.tables import Snapshot, Table


@dataclass(frozen=True, slots=True)
class UserSet:
    """A user as they are now."""

    user: str
    role: str
    active: bool


@dataclass(frozen=True, slots=True)
class UserRow:
    """A row of _USERS."""

    user: str
    name: str | None
    email: str | None
    role: str | None
    active: bool
    phone: str | None
    chat: str | None
    vendor_groups: str | None
    clients: str | None
    capabilities: str | None


@dataclass(frozen=True, slots=True)
class UserList:
    """The users in _USERS, and the role of the setting, which applies if _USERS names nobody."""

    users: list[UserRow]
    default_role: str


class User(Struct, frozen=True):
    """A row of _USERS. role: in lower case, "" where it is none that we know. capabilities: None for
    all that the role gives."""

    name: str
    email: str
    role: str
    active: bool
    capabilities: frozenset[str] | None = None


class Users(Struct, frozen=True):
    """Everybody in _USERS. False where it names nobody: then the setting `role` counts."""

    rows: tuple[User, ...]

    @classmethod
    def of(cls, table: Table) -> Users:
        """A row counts where it has a name or an address. What stands in Active and is no yes or no
        counts as no (D16)."""
        unclear = {misfit.row for misfit in table.misfits if misfit.column == "active"}
        found = []
        for row, name, email, said, active, takes in table.frame.select(
            "row", "user", "email", "role", "active", "capabilities"
        ).iter_rows():
            if name or email:
                known = (said or "").strip().lower()
                may = active is not False and row not in unclear
                role = known if known in roles.KNOWN else ""
                parts = capabilities.named_in(takes)
                found.append(User(name or email, email or "", role, may, parts))
        return cls(tuple(found))

    def __bool__(self) -> bool:
        return bool(self.rows)

    def named(self, who: str) -> list[User]:
        """The rows of somebody, by name or address."""
        wanted = _key(who)
        return [user for user in self.rows if wanted in (_key(user.name), _key(user.email))]

    def role(self, who: str) -> str:
        """The least role that the rows of somebody give; "" where `barred` says why."""
        return (
            "" if self.barred(who) else min((user.role for user in self.named(who)), key=roles.rank)
        )

    def barred(self, who: str) -> str:
        """Why somebody may do nothing in a workbook that names users, as the end of a sentence; ""
        where they may, or it names nobody."""
        rows = self.named(who)
        if not self.rows:
            return ""
        if not rows:
            return f"is not in {USERS}"
        if not all(user.active for user in rows):
            return f"is inactive in {USERS}"
        return "" if all(user.role for user in rows) else f"has no known role in {USERS}"

    def capabilities(self, who: str) -> frozenset[str] | None:
        """What all rows of somebody let them take part in; None for all that the role gives."""
        return reduce(
            capabilities.both,
            (
                capabilities.within(roles.TAKES.get(user.role), user.capabilities)
                for user in self.named(who)
            ),
            None,
        )

    @property
    def managers(self) -> tuple[str, ...]:
        """Those who may change users."""
        return tuple(
            user.name
            for user in self.rows
            if _manages(user.role, self.capabilities(user.name)) and not self.barred(user.name)
        )


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def _letting_in(users: Users, who: str) -> str:
    """The command that lets somebody in who is barred, and who may run it."""
    how = "--active" if users.barred(who).startswith("is inactive") else "--role ROLE"
    return clearing.user_set(who, how, users.managers)


def with_role(run: Run, table: Table) -> Run:
    """The run with the role that the workbook (its _USERS) gives its user. In one that names
    anybody, a stranger or an inactive user has none."""
    users, setting = Users.of(table), run.setting or run.role
    if not users:
        return structs.replace(
            run,
            role=setting,
            setting=setting,
            barred="",
            managers=None,
            capabilities=roles.TAKES.get(setting),
        )
    return structs.replace(
        run,
        role=users.role(run.user),
        setting=setting,
        barred=users.barred(run.user),
        managers=users.managers,
        capabilities=users.capabilities(run.user),
        scope=scopes.of(table, run) or None,
    )


def permits(run: Run, least: str) -> bool:
    """Whether the run's user may do what `least` may."""
    return roles.rank(run.role) >= roles.rank(least)


def require(run: Run, least: str, what: str) -> None:
    """Raises NotPermittedError where the run's user is less than `least`; its hint names the
    command that clears it and who may run it."""
    if permits(run, least):
        return
    if run.managers is None:
        hint = f'{USERS} names nobody, so the setting `role` applies: role = "{least}" in your own ~/.config/ticketops/ticketops.toml, or TICKETOPS_ROLE={least}'
    else:
        how = "--active" if run.barred.startswith("is inactive") else f"--role {least}"
        hint = clearing.user_set(run.user, how, run.managers)
    raise NotPermittedError(
        f"{what} needs the role {least}; {run.user} {run.barred or f'has {run.role}'}", hint
    )


def to_change_users(snapshot: Snapshot) -> str:
    """The least role that may change users: the first one is anybody's to add; after that it needs
    an ops_manager."""
    return roles.OPS_MANAGER if Users.of(snapshot[USERS]) else roles.STAFF


def barred_people(snapshot: Snapshot, people: Iterable[str]) -> dict[str, str]:
    """{person: why they may do nothing}, of people such as those that tasks are assigned to."""
    users = Users.of(snapshot[USERS])
    return {person: why for person in people if (why := users.barred(person))}


def require_welcome(snapshot: Snapshot, people: Iterable[str], what: str) -> None:
    """Raises RuleError for people who may do nothing. what: `no book is built for`."""
    for person, why in barred_people(snapshot, people).items():
        raise RuleError(
            f"{what} {person}: {person} {why}", _letting_in(Users.of(snapshot[USERS]), person)
        )


def require_user(snapshot: Snapshot, who: str, what: str) -> None:
    """Raises RuleError for somebody who may do nothing in a workbook that names users; the hint
    names who can be named. what: `can't own the event`."""
    users = Users.of(snapshot[USERS])
    if why := users.barred(who):
        names = [user.name for user in users.rows if not users.barred(user.name)]
        hint = f"{', '.join(dict.fromkeys(names)) or 'nobody'} can be named"
        raise RuleError(f"{who} {what}: {who} {why}", hint)


def plan_set(
    snapshot: Snapshot,
    user: str,
    run: Run,
    *,
    role: str | None,
    name: str = "",
    email: str = "",
    active: bool | None = None,
    more: Mapping[str, str] | None = None,
    logins: Sequence[str] = (),
    agreed: bool = True,
) -> Plan:
    """Add or change a user; what is not given stays. Who may is `to_change_users`. more: phone, chat,
    vendor_groups, clients and capabilities, "" to empty one; a supplier or client that there is not
    is reported.

    The first one sees whom it locks out: logins, such as the one that cron runs under. Raises
    RuleError where it would leave nobody who may do it again, and, unless `agreed`, where it locks
    out who runs it.
    """
    table = snapshot[USERS]
    users = Users.of(table)
    known = table.frame.filter(table.frame["user"].is_not_null())
    plan = Plan()
    managers = {_key(manager) for manager in users.managers}
    old = next(
        (row for row in known.iter_rows(named=True) if _key(row["user"]) == _key(user)), None
    )
    new_role = role or (old["role"] if old else roles.OPERATOR)
    if active is None:
        active = old is None or old["active"] is not False
    takes = (more or {}).get("capabilities", (old or {}).get("capabilities"))
    manages = active and _manages(new_role, capabilities.named_in(takes))
    if not manages and not managers - {_key(user)}:
        raise RuleError(
            "otherwise nobody could change users afterwards",
            "name an ops_manager or super_admin first",
        )
    if not users:
        _tell_locked_out(
            plan,
            run,
            [
                who
                for who in dict.fromkeys((run.user, *logins))
                if _key(who) not in (_key(user), _key(email))
            ],
            agreed=agreed,
        )
    values = {"role": new_role, "active": active} | {
        k: v for k, v in (("name", name), ("email", email)) if v
    }
    values |= {k: v or None for k, v in (more or {}).items()}
    if SUPPLIER_GROUPS not in snapshot.layout:
        scopes.refuse_limits(more or {})
    if more and more.get("vendor_groups") is not None and SUPPLIER_GROUPS in snapshot.layout:
        values["vendor_groups"] = ", ".join(sorted(scopes.keys_in(more["vendor_groups"]))) or None
        scopes.tell_unknown(plan, snapshot, scopes.keys_in(more["vendor_groups"]))
    if more and more.get("clients"):
        values["clients"] = scopes.clients_meant(plan, snapshot, more["clients"], run)
    if more and more.get("capabilities"):
        values["capabilities"] = capabilities.read(more["capabilities"])
    if old:
        plan.changes.set(
            USERS,
            old["row"],
            old["user"],
            {column: (old[column], value) for column, value in values.items()},
        )
    else:
        columns = ("user", *values)
        plan.changes.append(USERS, table.next_row, columns, [(user, *values.values())])
    plan.result = UserSet(user, new_role, active)
    return plan


def _tell_locked_out(plan: Plan, run: Run, locked: Sequence[str], *, agreed: bool) -> None:
    """The first row of _USERS ends what the setting `role` allowed."""
    if not locked:
        return
    who = " and ".join(locked)
    text = f"this is the first row of {USERS}: from now on only the users in it may run commands, so it locks out {who}, including cron jobs"
    if run.user in locked and not agreed:
        raise RuleError(
            text,
            f"give -y if you mean it, or add yourself first: ticketops user set {word(run.user)} "
            "--role ops_manager",
        )
    plan.findings.append(Finding("LOCKED_OUT", Severity.INFO, text, USERS))


def _manages(role: str | None, takes: frozenset[str] | None = None) -> bool:
    """Whether the role may change users, and the capabilities, if there are any, let it."""
    high = (role or "").lower() in roles.ROLE[roles.ROLE.index(roles.OPS_MANAGER) :]
    return high and (takes is None or capabilities.cover(takes, "users", "approve", by_role=True))


def listed(snapshot: Snapshot, default_role: str) -> UserList:
    """All users, in sheet order; a blank Active means yes."""
    frame = (
        snapshot[USERS]
        .frame.drop_nulls("user")
        .select(
            "user",
            "name",
            "email",
            "role",
            "active",
            "phone",
            "chat",
            "vendor_groups",
            "clients",
            "capabilities",
        )
    )
    return UserList(
        [
            UserRow(user, name, email, role, active is not False, *more)
            for user, name, email, role, active, *more in frame.iter_rows()
        ],
        default_role,
    )
