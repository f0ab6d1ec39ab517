"""Rights in a database (D29): who reads and writes what, held by the database itself.

A person has a role of PostgreSQL. What kind of cells it reads and writes is said by the capabilities
it was given: each is a role of its own (`ticketops_DATABASE_reader`), which has columns and tables of
all events. Of which events is said by `ticketops_grants`, which policies on every table compare with
`current_user`: no setting of the session counts. The owner of the tables is bound by nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ticketops.errors import NotPermittedError
from ticketops.model.changes import (
    AddColumns,
    AddSheet,
    AppendRows,
    Change,
    CopyCells,
    DeleteRows,
    RemoveColumns,
    ReplaceRows,
    SetCells,
)
from ticketops.schema.layout import Layout
from ticketops.schema.layouts.event import (
    CLIENT_INPUTS,
    CURRENCIES,
    DISTRIBUTION,
    EVENT,
    EVENTS,
    NOTIFICATION_LOG,
    POLICIES,
    SALES,
    STAFF_QUEUE,
    SUPPLIER_GROUPS,
    SUPPLIER_QUEUE,
    USERS,
)
from ticketops.schema.layouts.issuance import ISSUANCE
from ticketops.schema.sheets import SheetKind
from ticketops.stores.grids import Grid
from ticketops.stores.postgres.connection import Cursor
from ticketops.stores.postgres.ddl import CELLS, SECRET_CELLS, quoted, table_of
from ticketops.stores.postgres.rows import Held
from ticketops.stores.records import Written

READER, DISPATCH, OPERATOR, CREDENTIALS, ADMIN = CAPABILITIES = (
    "reader",
    "dispatch",
    "operator",
    "credentials",
    "admin",
)
"""What a role may be given: everybody reads what is no secret. dispatch: writes guests, delivery and
queues; operator: every sheet that is not guarded; credentials: reads and writes passwords; admin:
writes the sheets that say who may do what."""
GUARDED = frozenset({USERS, POLICIES, EVENTS, CURRENCIES})
"""The sheets that only `admin` writes."""
_OWN = (
    "(event_id IN (SELECT g.event_id FROM ticketops_grants g WHERE g.member = current_user"
    " UNION ALL SELECT o.event_id FROM ticketops_offices o JOIN ticketops_grants g"
    " ON g.office = o.office WHERE g.member = current_user AND g.office <> ''))"
)
_OWN_OFFICE = "(office IN (SELECT g.office FROM ticketops_grants g WHERE g.member = current_user))"
_POLICY, _KEPT = "ticketops_own", "ticketops_kept"
_BESIDE = ("own_cells", "odd_cells")
_DISPATCHED = (
    *("status", "notes", "client_notes", "first_name", "last_name", "client_email", "comment"),
    *("delivery", "dispatch_status", "dispatch_notes", "dispatched_at", "accepted_at"),
    *("accepted_by", "run_id"),
)
_VIEW = "ticketops_secret_rows"
_QUEUES = (STAFF_QUEUE, SUPPLIER_QUEUE, CLIENT_INPUTS, SUPPLIER_GROUPS, NOTIFICATION_LOG)
_LONGEST = 63


class Standing(Struct, frozen=True):
    """What the role of a connection may do. owner: whether it is that of the tables; key: whether it
    may make digests of what it writes; withheld: {table: columns that it may not read}."""

    owner: bool = True
    key: bool = True
    withheld: Mapping[str, frozenset[str]] = {}


_STANDING = (
    "SELECT pg_has_role(current_user, relowner, 'USAGE') OR (SELECT rolsuper OR rolbypassrls FROM"
    " pg_roles WHERE rolname = current_user),"
    " has_column_privilege('ticketops_events', 'digest_key', 'SELECT')"
    " FROM pg_class WHERE oid = to_regclass('ticketops_schema')"
)


def standing(cursor: Cursor) -> Standing:
    """What the role of a connection may do."""
    owner, key = cursor.execute(_STANDING).fetchone() or (True, True)
    if owner:
        return Standing()
    wanted = [(table, c) for table, columns in secret_columns().items() for c in columns]
    rows = cursor.execute(
        "SELECT s.t, s.c FROM unnest(%s::text[], %s::text[]) AS s (t, c)"
        " WHERE NOT has_column_privilege(s.t, s.c, 'SELECT')",
        ([table for table, _ in wanted], [column for _, column in wanted]),
    ).fetchall()
    withheld: dict[str, set[str]] = defaultdict(set)
    for table, column in rows:
        withheld[table].add(column)
    return Standing(False, key, {table: frozenset(names) for table, names in withheld.items()})


def touches(change: Change, held: Held, grid: Grid) -> bool:
    """Whether a change says anything of the passwords of its sheet, or takes rows away that hold one.
    grid: the sheet as it was read, where a password that may not be read has something in its place."""
    withheld = held.withheld
    places = [held.places[name] for name in withheld if name in held.places]

    def holds(row: int) -> bool:
        return any(grid.get(row, {}).get(place) is not None for place in places)

    def says(columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> bool:
        at = [nth for nth, name in enumerate(columns) if name in withheld]
        return any(row[nth] is not None for row in rows for nth in at)

    match change:
        case AddSheet() | AddColumns():
            return False
        case SetCells():
            return any(name in withheld for name in change.cells)
        case AppendRows():
            return says(change.columns, change.rows)
        case DeleteRows():
            return any(map(holds, change.rows))
        case ReplaceRows():
            below = (row for row in grid if row > len(held.head))
            return says(change.columns, change.rows) or any(map(holds, below))
        case CopyCells():
            return any(name in withheld for cells in change.rows.values() for name in cells)
        case RemoveColumns():
            return any(name in withheld for name in change.columns)


def refuse_withheld(
    changes: Iterable[Change], sheets: Mapping[str, Held], grids: Mapping[str, Grid]
) -> None:
    """Raises NotPermittedError for changes of passwords that the role may not read: what they are
    made of is unknown here. sheets: as they are kept; grids: as they were read."""
    for change in changes:
        held = sheets.get(change.sheet)
        if held and held.withheld and touches(change, held, grids.get(change.sheet, {})):
            raise withheld_error(change.sheet)


def refuse_taking_back(written: Written, sheets: Mapping[str, Held]) -> None:
    """Raises NotPermittedError where passwords are among what is to be taken back, and the role may
    not read them: it can't be compared with what stands there. sheets: as they are kept."""
    for sheet, rows in written.items():
        held = sheets.get(sheet)
        if held and any(held.withheld & cells.keys() for cells in rows.values()):
            raise withheld_error(sheet)


def withheld_error(what: str) -> NotPermittedError:
    """Of a change that only somebody who may read passwords makes."""
    return NotPermittedError(
        f"{what} can't be changed so: your database role may not read its passwords",
        "nothing was written; `db grant --capability credentials` allows it",
    )


def secret_columns() -> dict[str, tuple[str, ...]]:
    """{table: its columns of passwords}."""
    return {
        table: tuple(column.name for column in sheet.columns if column.secret)
        for table, _name, sheet in _sheets()
        if any(column.secret for column in sheet.columns)
    }


def _sheets() -> Iterator[tuple[str, str, Any]]:
    layouts: tuple[Layout, ...] = (EVENT, ISSUANCE)
    for layout in layouts:
        for name in layout.names:
            if layout[name].header_row:
                yield table_of(layout.kind, name), name, layout[name]


# --- what is made


def role_of(database: str, capability: str) -> str:
    """The role that a capability is, in a database."""
    return f"ticketops_{database}"[: _LONGEST - len(capability) - 1] + f"_{capability}"


def securing(database: str) -> list[str]:
    """SQL that has the database hold the rights: policies on every table, and what each capability
    reads and writes; as often as it is run, it comes to the same."""
    roles = {one: quoted(role_of(database, one)) for one in CAPABILITIES}
    everybody = ", ".join(roles.values())
    made: list[str] = []
    tables = [table for table, _name, _sheet in _sheets()]
    kept = ("ticketops_events", "ticketops_sheets", CELLS, "ticketops_journal", "ticketops_grants")
    for table in (*kept, "ticketops_offices", "ticketops_workers", "ticketops_turns", *tables):
        own = (
            "(member = current_user)"
            if table == "ticketops_grants"
            else _OWN_OFFICE
            if table == "ticketops_offices"
            else _OWN
        )
        name = quoted(table)
        made += [
            f"REVOKE ALL ON {name} FROM PUBLIC, {everybody}",
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS {_POLICY} ON {name}",
            f"CREATE POLICY {_POLICY} ON {name} USING {own} WITH CHECK {own}",
        ]
    made += _secret_rows(everybody)
    reads = (
        ("ticketops_schema", "number, shape, made_at, id"),
        ("ticketops_grants", "event_id, office, member, capabilities"),
        ("ticketops_offices", "event_id, office"),
        ("ticketops_workers", "event_id, work"),
        ("ticketops_turns", "event_id"),
        ("ticketops_events", "event_id, kind, revision, number, run_id"),
        ("ticketops_sheets", "event_id, title, position, stored_in, head, places"),
        (CELLS, "event_id, title, row, own_cells"),
        (
            "ticketops_journal",
            "event_id, number, run_id, command, at, revision_after, head, database_role",
        ),
    )
    made += [f"GRANT SELECT ({columns}) ON {table} TO {everybody}" for table, columns in reads]
    writers = ", ".join(roles[one] for one in (DISPATCH, OPERATOR, ADMIN, CREDENTIALS))
    made += [
        f"GRANT UPDATE (revision, number, run_id) ON ticketops_events TO {writers}",
        f"GRANT SELECT (digest_key) ON ticketops_events TO {writers}",
        f"GRANT SELECT (body) ON ticketops_journal TO {writers}",
        f"GRANT INSERT (event_id, work), UPDATE (work) ON ticketops_workers TO {writers}",
        f"GRANT INSERT (event_id), UPDATE (event_id) ON ticketops_turns TO {writers}",
        "GRANT INSERT (event_id, number, run_id, command, at, revision_after, head, body)"
        f" ON ticketops_journal TO {writers}",
        "GRANT INSERT (event_id, title, position, stored_in, head, places), UPDATE (position, head,"
        f" places) ON ticketops_sheets TO {writers}",
        f"GRANT INSERT (event_id, title, row, own_cells), UPDATE (own_cells), DELETE ON {CELLS}"
        f" TO {roles[OPERATOR]}",
    ]
    for table, name, sheet in _sheets():
        secret = [column.name for column in sheet.columns if column.secret]
        plain = [column.name for column in sheet.columns if not column.secret]
        made += _granted(quoted(table), name, sheet.kind is SheetKind.LOG, plain, secret, roles)
    return made


def _granted(
    table: str,
    name: str,
    is_log: bool,
    plain: Iterable[str],
    secret: list[str],
    roles: Mapping[str, str],
) -> Iterator[str]:
    """What each capability may do with the table of a sheet."""
    columns = [*plain, *_BESIDE]
    everybody, own = ", ".join(roles.values()), _names(columns)
    yield f'GRANT SELECT (event_id, "row", {own}) ON {table} TO {everybody}'
    new = f'INSERT (event_id, "row", {own})'
    writing = roles[ADMIN] if name in GUARDED else f"{roles[OPERATOR]}, {roles[ADMIN]}"
    if is_log:
        yield f"GRANT {new} ON {table} TO {writing}, {roles[CREDENTIALS]}, {roles[DISPATCH]}"
        return
    yield f"GRANT {new}, UPDATE ({own}), DELETE ON {table} TO {writing}"
    yield f"DROP POLICY IF EXISTS {_KEPT} ON {table}"
    if secret:
        role = _literal(roles[CREDENTIALS])
        yield (
            f"CREATE POLICY {_KEPT} ON {table} AS RESTRICTIVE FOR DELETE USING"
            f" (NOT ({_holds(secret)}) OR pg_has_role(current_user, {role}, 'USAGE'))"
        )
    if name == DISTRIBUTION:
        yield f"GRANT UPDATE ({_names((*_DISPATCHED, 'odd_cells'))}) ON {table} TO {roles[DISPATCH]}"
    elif name == SALES:
        yield f"GRANT UPDATE (status) ON {table} TO {roles[DISPATCH]}"
    elif name in _QUEUES:
        yield f"GRANT {new}, UPDATE ({own}) ON {table} TO {roles[DISPATCH]}"
    if secret:
        hidden = _names((*secret, SECRET_CELLS))
        yield (
            f"GRANT SELECT ({hidden}), INSERT ({hidden}), UPDATE ({hidden}), DELETE ON {table}"
            f" TO {roles[CREDENTIALS]}"
        )


def _secret_rows(everybody: str) -> Iterator[str]:
    """A view of which rows hold a password, of the events that one has rights in: who may not read
    passwords may work where there is none. It reads as the owner of the tables, whoever made it."""
    rows = " UNION ALL ".join(
        f"SELECT event_id, '{table}'::text AS stored_in, \"row\" FROM {quoted(table)}"
        f" WHERE ({_holds(columns)}) AND {_OWN}"
        for table, columns in secret_columns().items()
    )
    yield f"CREATE OR REPLACE VIEW {_VIEW} WITH (security_barrier) AS {rows}"
    yield (
        f"DO $$ BEGIN EXECUTE format('ALTER VIEW {_VIEW} OWNER TO %I', (SELECT tableowner"
        " FROM pg_tables WHERE tablename = 'ticketops_schema' AND schemaname = current_schema));"
        " END $$"
    )
    yield f"REVOKE ALL ON {_VIEW} FROM PUBLIC, {everybody}"
    yield f"GRANT SELECT ON {_VIEW} TO {everybody}"


def _holds(secret: Iterable[str]) -> str:
    """SQL: whether a row holds a password."""
    return " OR ".join(f"{quoted(name)} IS NOT NULL" for name in (*secret, SECRET_CELLS))


def _literal(role: str) -> str:
    """The name of a role, which `quoted` spelled, as a text of SQL."""
    return "'" + role[1:-1].replace('""', '"').replace("'", "''") + "'"


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(quoted, columns))


def moved_secrets(cursor: Cursor) -> None:
    """What stands in `odd_cells` for a column of passwords goes where it is as secret as these:
    tables that an older version filled have it there."""
    for table, columns in secret_columns().items():
        for column in columns:
            cursor.execute(
                f"UPDATE {quoted(table)} t SET {SECRET_CELLS} = coalesce({SECRET_CELLS}, '{{}}')"
                " || jsonb_build_object(p.at, t.odd_cells -> p.at), odd_cells = t.odd_cells - p.at"
                " FROM (SELECT s.event_id, one ->> 1 AS at FROM ticketops_sheets s"
                " CROSS JOIN LATERAL jsonb_array_elements(s.places) AS one"
                " WHERE s.stored_in = %s AND one ->> 0 = %s) AS p"
                " WHERE p.event_id = t.event_id AND t.odd_cells ? p.at",
                (table, column),
            )
