"""Who may do what (§0, §2). `_USERS` says who has which role; where nobody stands in it, the
setting `role` does.

These are guard rails for colleagues, not a defence against somebody who holds the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotPermittedError, RuleError
from ticketops.model import roles
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import USERS
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


@dataclass(frozen=True, slots=True)
class UserList:
    """The users in _USERS, and the role of the setting, which applies if _USERS names nobody."""

    users: list[UserRow]
    default_role: str


@dataclass(frozen=True, slots=True)
class User:
    """A row of _USERS. role: in lower case, "" where it is none that we know."""

    name: str
    email: str
    role: str
    active: bool


@dataclass(frozen=True, slots=True)
class Users:
    """Everybody in _USERS. False where it names nobody: then the setting `role` counts."""

    rows: tuple[User, ...]

    @classmethod
    def of(cls, table: Table) -> Users:
        """A row counts where it has a name or an address. What stands in Active and is no yes or no
        counts as no (D16)."""
        unclear = {misfit.row for misfit in table.misfits if misfit.column == "active"}
        found = []
        for row, name, email, role, active in table.frame.select(
            "row", "user", "email", "role", "active"
        ).iter_rows():
            if name or email:
                known = (role or "").strip().lower()
                may = active is not False and row not in unclear
                found.append(
                    User(name or email, email or "", known if known in roles.ROLE else "", may)
                )
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
            ""
            if self.barred(who)
            else min((user.role for user in self.named(who)), key=roles.ROLE.index)
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

    @property
    def managers(self) -> tuple[str, ...]:
        """Those who may change users."""
        return tuple(
            user.name for user in self.rows if _manages(user.role) and not self.barred(user.name)
        )


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def clearing(users: Users, who: str) -> str:
    """The command that lets somebody in who is barred, and who may run it."""
    how = "--active" if users.barred(who).startswith("is inactive") else "--role ROLE"
    return f"`ticketops user set {_word(who)} {how}` changes that; {_by(users.managers)}"


def _word(who: str) -> str:
    return who if who.isprintable() and not set(who) & set(" '\"\\$`") else repr(who)


def _by(managers: Sequence[str]) -> str:
    if not managers:
        return f"nobody in {USERS} may run it: edit the sheet by hand"
    return f"{', '.join(managers[:3])}{' …' if len(managers) > 3 else ''} may run it"


def with_role(run: Run, table: Table) -> Run:
    """The run with the role that the workbook (its _USERS) gives its user. In one that names
    anybody, a stranger or an inactive user has none."""
    users, setting = Users.of(table), run.setting or run.role
    if not users:
        return replace(run, role=setting, setting=setting, barred="", managers=None)
    return replace(
        run,
        role=users.role(run.user),
        setting=setting,
        barred=users.barred(run.user),
        managers=users.managers,
    )


def permits(run: Run, least: str) -> bool:
    """Whether the run's user may do what `least` may."""
    return run.role in roles.ROLE and roles.ROLE.index(run.role) >= roles.ROLE.index(least)


def require(run: Run, least: str, what: str) -> None:
    """Raises NotPermittedError where the run's user is less than `least`; its hint names the
    command that clears it and who may run it."""
    if permits(run, least):
        return
    if run.managers is None:
        hint = f'{USERS} names nobody, so the setting `role` applies: role = "{least}" in your own ~/.config/ticketops/ticketops.toml, or TICKETOPS_ROLE={least}'
    else:
        how = "--active" if run.barred.startswith("is inactive") else f"--role {least}"
        hint = f"`ticketops user set {_word(run.user)} {how}` changes that; {_by(run.managers)}"
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
            f"{what} {person}: {person} {why}", clearing(Users.of(snapshot[USERS]), person)
        )


def plan_set(
    snapshot: Snapshot,
    user: str,
    run: Run,
    *,
    role: str | None,
    name: str = "",
    email: str = "",
    active: bool | None = None,
    logins: Sequence[str] = (),
    agreed: bool = True,
) -> Plan:
    """Add or change a user; what is not given stays. Who may is `to_change_users`.

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
    if not (active and _manages(new_role)) and not managers - {_key(user)}:
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
            f"give -y if you mean it, or add yourself first: ticketops user set {_word(run.user)} "
            "--role ops_manager",
        )
    plan.findings.append(Finding("LOCKED_OUT", Severity.INFO, text, USERS))


def _manages(role: str | None) -> bool:
    """Whether the role may change users."""
    return (role or "").lower() in roles.ROLE[roles.ROLE.index(roles.OPS_MANAGER) :]


def listed(snapshot: Snapshot, default_role: str) -> UserList:
    """All users, in sheet order; a blank Active means yes."""
    frame = (
        snapshot[USERS].frame.drop_nulls("user").select("user", "name", "email", "role", "active")
    )
    return UserList(
        [
            UserRow(user, name, email, role, active is not False)
            for user, name, email, role, active in frame.iter_rows()
        ],
        default_role,
    )
