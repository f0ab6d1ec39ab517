"""Rights of people in a database (D29): given, listed, taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ticketops.config import Settings
from ticketops.engine.opening import connect_to
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model.findings import Finding, Severity
from ticketops.stores.postgres.address import Address, address_of, is_database

if TYPE_CHECKING:
    from ticketops.stores.postgres.connection import Connection, Cursor

UNSAFE = "ROLE_UNSAFE"
_ROLE = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcanlogin FROM pg_roles WHERE rolname = %s"
_OWNER = "SELECT relowner::regrole::text FROM pg_class WHERE oid = to_regclass('ticketops_schema')"
_LIST = (
    "SELECT member, capabilities, event_id, office FROM ticketops_grants"
    " ORDER BY member, office, event_id"
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role of the database may do. events: their keys; offices: all of whose events it
    sees."""

    role: str
    capabilities: tuple[str, ...]
    events: tuple[str, ...]
    offices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grants:
    """`db grants`. offices: {event: its office}."""

    database: str
    grants: tuple[Grant, ...]
    offices: dict[str, str]


@dataclass(frozen=True, slots=True)
class Granted:
    """`db grant`, `db revoke`: what the role has now; None where it has nothing any longer. created:
    whether the role was made, without a password."""

    database: str
    role: str
    grant: Grant | None
    created: bool
    written: bool


@dataclass(frozen=True, slots=True)
class OfficeSet:
    """`db office`: the events of an office now."""

    database: str
    office: str
    events: tuple[str, ...]
    written: bool


def grant(
    settings: Settings,
    role: str,
    capabilities: Sequence[str],
    events: Sequence[str],
    offices: Sequence[str],
    *,
    dry_run: bool = False,
) -> Granted:
    """Give a role of the database capabilities in events, or in all events of offices. A role has the
    same capabilities everywhere: those that it has already may be left out.

    Raises UsageError for capabilities that there are not, NotFoundError for an event that there is
    not, RuleError for other capabilities than it has, and for a role that no policy would hold.
    """
    from ticketops.stores.postgres import rights
    from ticketops.stores.postgres.ddl import quoted

    wanted = _capabilities(capabilities)
    address = _address(settings)
    keys = tuple(dict.fromkeys([*events, *([address.event] if address.event else [])]))
    named = tuple(dict.fromkeys(_office(one) for one in offices))
    if not keys and not named:
        raise UsageError("a grant is for events or offices", "give --event KEY or --office NAME")
    _require_name(role)
    created = False

    def write(cursor: Cursor, database: str) -> None:
        nonlocal created
        _require_events(cursor, keys)
        before = _grants(cursor).get(role)
        given = wanted or (before.capabilities if before else ("reader",))
        if before and set(given) != set(before.capabilities):
            raise RuleError(
                f"{role} is {', '.join(before.capabilities)}: a role has the same capabilities in "
                "all its events",
                "revoke first, or grant to another role",
            )
        _make_roles(cursor, database)
        created = not cursor.execute(_ROLE, (role,)).fetchone()
        if created:
            cursor.execute(f"CREATE ROLE {quoted(role)} LOGIN")
        if why := _unsafe(cursor, role):
            raise RuleError(f"{role} {why}: no policy holds it", "grant to another role")
        rights.moved_secrets(cursor)
        for sql in rights.securing(database):
            cursor.execute(sql)
        of = ", ".join(quoted(rights.role_of(database, one)) for one in {"reader", *given})
        cursor.execute(f"GRANT {of} TO {quoted(role)}")
        pairs = [*((key, "") for key in keys), *(("", office) for office in named)]
        for key, office in pairs:
            cursor.execute(
                "INSERT INTO ticketops_grants (event_id, office, member, capabilities)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (event_id, office, member) DO NOTHING",
                (key, office, role, ",".join(given)),
            )

    found, name = _carry_out(settings, write, lambda c: _grants(c).get(role), dry_run=dry_run)
    return Granted(name, role, found, created, not dry_run)


def revoke(
    settings: Settings,
    role: str,
    events: Sequence[str],
    offices: Sequence[str],
    *,
    dry_run: bool = False,
) -> Granted:
    """Take rights back: in these events and offices, or all of them where none is named. The role
    itself stays. Raises NotFoundError where it has none there."""
    from ticketops.stores.postgres import rights
    from ticketops.stores.postgres.ddl import quoted

    address = _address(settings)
    keys = list(dict.fromkeys([*events, *([address.event] if address.event else [])]))
    named = [_office(one) for one in offices]
    everything = not keys and not named

    def write(cursor: Cursor, database: str) -> None:
        before = _grants(cursor).get(role)
        missing = [one for one in keys if not before or one not in before.events]
        missing += [one for one in named if not before or one not in before.offices]
        if before is None or missing:
            where = f" in {missing[0]}" if missing else ""
            raise NotFoundError(f"{role} has no rights{where}", "ticketops db grants lists them")
        cursor.execute(
            "DELETE FROM ticketops_grants WHERE member = %s AND (%s OR event_id = ANY(%s)"
            " OR (office <> '' AND office = ANY(%s)))",
            (role, everything, keys, named),
        )
        if role not in _grants(cursor):
            of = ", ".join(quoted(rights.role_of(database, one)) for one in rights.CAPABILITIES)
            cursor.execute(f"REVOKE {of} FROM {quoted(role)}")

    found, name = _carry_out(settings, write, lambda c: _grants(c).get(role), dry_run=dry_run)
    return Granted(name, role, found, False, not dry_run)


def office(
    settings: Settings,
    name: str,
    events: Sequence[str],
    *,
    remove: bool = False,
    dry_run: bool = False,
) -> OfficeSet:
    """Say that events are of an office; an event is of one. remove: say that they are of none."""
    address, of = _address(settings), _office(name)
    keys = list(dict.fromkeys([*events, *([address.event] if address.event else [])]))
    if not keys:
        raise UsageError("name the events of the office", "give --event KEY")

    def write(cursor: Cursor, _database: str) -> None:
        _require_events(cursor, keys)
        cursor.execute("DELETE FROM ticketops_offices WHERE event_id = ANY(%s)", (keys,))
        for key in () if remove else keys:
            cursor.execute(
                "INSERT INTO ticketops_offices (event_id, office) VALUES (%s, %s)", (key, of)
            )

    found, place = _carry_out(
        settings,
        write,
        lambda c: tuple(key for key, one in sorted(_offices(c).items()) if one == of),
        dry_run=dry_run,
    )
    return OfficeSet(place, of, found, not dry_run)


def listed(settings: Settings) -> tuple[Grants, list[Finding]]:
    """The rights that were given, and the roles that no policy holds any longer."""
    connection = connect_to(_address(settings), settings)

    def read(cursor: Cursor) -> tuple[Grants, list[Finding]]:
        found = _grants(cursor)
        unsafe = [
            Finding(UNSAFE, Severity.HIGH, f"{role} {why}: no policy holds it")
            for role in found
            if (why := _unsafe(cursor, role))
        ]
        return Grants(connection.name, tuple(found.values()), _offices(cursor)), unsafe

    try:
        found: tuple[Grants, list[Finding]] = connection.consistently(read)
        return found
    finally:
        connection.close()


def secured_again(connection: Connection) -> None:
    """After a migration: new tables and columns are held, too, where anybody was given rights."""
    from ticketops.stores.postgres import rights
    from ticketops.stores.postgres.events import transact

    def write(cursor: Cursor) -> None:
        if cursor.execute("SELECT 1 FROM ticketops_grants LIMIT 1").fetchone():
            database = _database(cursor)
            _make_roles(cursor, database)
            rights.moved_secrets(cursor)
            for sql in rights.securing(database):
                cursor.execute(sql)

    transact(connection, write, lambda _cursor: False)


def _carry_out(
    settings: Settings,
    write: Callable[[Cursor, str], None],
    read: Callable[[Cursor], Any],
    *,
    dry_run: bool,
) -> tuple[Any, str]:
    """Write in one transaction, and what is read at its end; with the name of the database."""
    connection = connect_to(_address(settings), settings)
    from ticketops.stores.postgres import schema
    from ticketops.stores.postgres.events import transact

    found: list[Any] = []

    def act(cursor: Cursor) -> None:
        schema.require(cursor, connection.name)
        cursor.execute("LOCK TABLE ticketops_grants IN SHARE ROW EXCLUSIVE MODE")
        write(cursor, _database(cursor))
        found[:] = [read(cursor)]

    try:
        # each of them comes to the same when it is done again
        transact(connection, act, lambda _cursor: False, dry_run=dry_run)
    finally:
        connection.close()
    return found[0], connection.name


def _address(settings: Settings) -> Address:
    if not is_database(settings.workbook):
        raise UsageError(
            "this is about a database", "name it: -w 'postgresql://HOST/DATABASE?event=CODE'"
        )
    return address_of(str(settings.workbook), event_needed=False)


def _database(cursor: Cursor) -> str:
    return str(cursor.execute("SELECT current_database()").fetchone()[0])  # type: ignore[index]


def _capabilities(texts: Sequence[str]) -> tuple[str, ...]:
    from ticketops.stores.postgres.rights import CAPABILITIES

    said = [part.strip().lower() for text in texts for part in text.split(",") if part.strip()]
    for one in said:
        if one not in CAPABILITIES:
            raise UsageError(f"--capability must be one of {', '.join(CAPABILITIES)}, not {one!r}")
    return tuple(one for one in CAPABILITIES if one in said)


def _office(text: str) -> str:
    name = " ".join(text.split())
    if not name or not name.isprintable() or len(name) > 100:
        raise UsageError(f"{text!r} can't be the name of an office", "use a short name: Zürich")
    return name


def _require_name(role: str) -> None:
    if not role.strip() or not role.isprintable() or len(role.encode()) > 63:
        raise UsageError(f"{role!r} can't be a role of the database", "use a short name: ana")
    if role.lower().startswith(("pg_", "ticketops_")) or role.lower() in ("public", "none"):
        raise UsageError(f"{role!r} is a name that the database keeps", "use another name")


def _require_events(cursor: Cursor, keys: Sequence[str]) -> None:
    rows = cursor.execute(
        "SELECT event_id FROM ticketops_events WHERE event_id = ANY(%s)", (list(keys),)
    ).fetchall()
    there = {key for (key,) in rows}
    for key in keys:
        if key not in there:
            raise NotFoundError(
                f"the database has no event {key}", "ticketops db status lists the events"
            )


def _make_roles(cursor: Cursor, database: str) -> None:
    from ticketops.stores.postgres.ddl import quoted
    from ticketops.stores.postgres.rights import CAPABILITIES, role_of

    for one in CAPABILITIES:
        name = role_of(database, one)
        if not cursor.execute(_ROLE, (name,)).fetchone():
            cursor.execute(f"CREATE ROLE {quoted(name)} NOLOGIN")


def _unsafe(cursor: Cursor, role: str) -> str:
    """Why no policy holds a role, as the end of a sentence; "" where policies do."""
    found = cursor.execute(_ROLE, (role,)).fetchone()
    if found is None:
        return ""
    for holds, what in zip(
        found, ("is a superuser", "bypasses row security", "may make roles"), strict=False
    ):
        if holds:
            return what
    owner = cursor.execute(_OWNER).fetchone()
    member = cursor.execute(
        "SELECT pg_has_role(%s, relowner, 'MEMBER') OR EXISTS (SELECT 1 FROM pg_roles r WHERE"
        " (r.rolsuper OR r.rolbypassrls) AND pg_has_role(%s, r.oid, 'MEMBER'))"
        " FROM pg_class WHERE oid = to_regclass('ticketops_schema')",
        (role, role),
    ).fetchone()
    if member and member[0]:
        return f"is, or may become, {owner[0] if owner else 'the owner'}"
    return ""


def _grants(cursor: Cursor) -> dict[str, Grant]:
    found: dict[str, Grant] = {}
    for role, said, key, of in cursor.execute(_LIST).fetchall():
        before = found.get(role) or Grant(role, tuple(said.split(",")), (), ())
        found[role] = Grant(
            role,
            before.capabilities,
            (*before.events, *([key] if key else [])),
            (*before.offices, *([of] if of else [])),
        )
    return found


def _offices(cursor: Cursor) -> dict[str, str]:
    rows = cursor.execute("SELECT event_id, office FROM ticketops_offices ORDER BY 1").fetchall()
    return dict(rows)
