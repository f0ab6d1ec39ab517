"""Tables from layouts (D29): pure texts of SQL.

A sheet of a layout is a table: `event_id` and `row` are its key, a declared column is a column of its
type, what does not fit its type stands in `odd_cells`, and what the office has beside our columns in
`own_cells`. Every other sheet is kept in `ticketops_cells`. `event_id` comes first in every key, so
that a database that spreads its tables spreads them by event.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from ticketops.schema.columns import ColumnType
from ticketops.schema.layout import Layout
from ticketops.stores.postgres.portable import SPREAD_BY, WHOLE

LATEST = 3
"""The number of the newest migration."""
CELLS = "ticketops_cells"
"""The table of the sheets that no layout declares columns for."""
_TYPES: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "text",
    ColumnType.CODE: "text",
    ColumnType.INTEGER: "bigint",
    ColumnType.NUMBER: "double precision",
    ColumnType.DATE: "timestamp",
    ColumnType.DATETIME: "timestamp",
    ColumnType.FLAG: "boolean",
}
_KEY = (("event_id", "text NOT NULL"), ("row", "bigint NOT NULL"))
_BESIDE = (("own_cells", "jsonb"), ("odd_cells", "jsonb"))
_LONGEST_NAME = 63
SECRET_CELLS = "secret_cells"  # noqa: S105
"""The column of what does not fit a column of passwords: as secret as these."""

MIGRATIONS: Mapping[int, tuple[str, ...]] = {
    1: (
        """CREATE TABLE IF NOT EXISTS ticketops_events (
    event_id text PRIMARY KEY, kind text NOT NULL, revision text NOT NULL, number bigint NOT NULL,
    run_id text NOT NULL, digest_key bytea NOT NULL)""",
        """CREATE TABLE IF NOT EXISTS ticketops_sheets (
    event_id text NOT NULL, title text NOT NULL, position bigint NOT NULL, stored_in text NOT NULL,
    head jsonb NOT NULL, places jsonb NOT NULL, PRIMARY KEY (event_id, title))""",
        """CREATE TABLE IF NOT EXISTS ticketops_cells (
    event_id text NOT NULL, title text NOT NULL, row bigint NOT NULL, own_cells jsonb,
    PRIMARY KEY (event_id, title, row))""",
        """CREATE TABLE IF NOT EXISTS ticketops_journal (
    event_id text NOT NULL, number bigint NOT NULL, run_id text NOT NULL, command text NOT NULL,
    at timestamp NOT NULL, revision_after text NOT NULL, head text NOT NULL, body bytea NOT NULL,
    PRIMARY KEY (event_id, number))""",
    ),
    2: (
        "CREATE TABLE IF NOT EXISTS ticketops_turns (event_id text PRIMARY KEY)",
        "INSERT INTO ticketops_turns (event_id) SELECT event_id FROM ticketops_events"
        " ON CONFLICT (event_id) DO NOTHING",
    ),
    3: (
        """CREATE TABLE IF NOT EXISTS ticketops_grants (
    event_id text NOT NULL, office text NOT NULL, member text NOT NULL, capabilities text NOT NULL,
    PRIMARY KEY (event_id, office, member))""",
        """CREATE TABLE IF NOT EXISTS ticketops_offices (
    event_id text NOT NULL PRIMARY KEY, office text NOT NULL)""",
        """CREATE TABLE IF NOT EXISTS ticketops_workers (
    event_id text NOT NULL, work text NOT NULL, PRIMARY KEY (event_id, work))""",
        """ALTER TABLE ticketops_journal ADD COLUMN IF NOT EXISTS
    database_role text DEFAULT current_user""",
    ),
}
"""{number: what it makes}. Forward only: what stands here once is never changed, a new number is
added."""
SCHEMA = """CREATE TABLE IF NOT EXISTS ticketops_schema (
    number bigint NOT NULL, shape jsonb NOT NULL, made_at timestamp NOT NULL DEFAULT now(),
    id text PRIMARY KEY)"""
"""What was made: the newest number, and the columns of the tables of sheets."""


def quoted(name: str) -> str:
    """A name as SQL spells it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def table_of(kind: str, sheet: str) -> str:
    """The table of a sheet of a layout, by the sheet's name."""
    return f"{kind}_{re.sub(r'[^a-z0-9]+', '_', sheet.lower()).strip('_')}"[:_LONGEST_NAME]


def stored(layout: Layout, name: str) -> str:
    """The table that holds the sheet of that name or title; CELLS for one without columns of ours."""
    if name not in layout or not layout[name].header_row:
        return CELLS
    return table_of(layout.kind, layout.name_of(name))


def shape(layouts: Iterable[Layout]) -> dict[str, list[str]]:
    """{table: its columns} of the sheets of layouts, each column as `name type`."""
    found: dict[str, list[str]] = {}
    for layout in layouts:
        for name in layout.names:
            sheet = layout[name]
            if sheet.header_row:
                columns = [f"{column.name} {_TYPES[column.type]}" for column in sheet.columns]
                if any(column.secret for column in sheet.columns):
                    columns.append(f"{SECRET_CELLS} jsonb")
                found[table_of(layout.kind, name)] = columns
    return found


def table(name: str, columns: Iterable[str]) -> str:
    """What makes the table of a sheet. columns: as `shape` has them."""
    lines = [f"    {quoted(column)} {kind}" for column, kind in _KEY]
    lines += [f"    {_column(one)}" for one in columns]
    lines += [f"    {quoted(column)} {kind}" for column, kind in _BESIDE]
    lines.append("    PRIMARY KEY (event_id, row)")
    return f"CREATE TABLE IF NOT EXISTS {quoted(name)} (\n" + ",\n".join(lines) + ")"


def _column(one: str) -> str:
    name, _, kind = one.partition(" ")
    return f"{quoted(name)} {kind}"


def steps(
    number: int, there: Mapping[str, Iterable[str]], wanted: Mapping[str, Iterable[str]]
) -> list[str]:
    """What leads from a schema to that of this program. number: of the last migration that was made;
    there, wanted: the columns as `shape` has them."""
    made = [sql for n in range(number + 1, LATEST + 1) for sql in MIGRATIONS[n]]
    for name, columns in wanted.items():
        if name not in there:
            made.append(table(name, columns))
            continue
        known = set(there[name])
        made += [
            f"ALTER TABLE {quoted(name)} ADD COLUMN IF NOT EXISTS {_column(one)}"
            for one in columns
            if one not in known
        ]
    return made


def unknown(there: Mapping[str, Iterable[str]], wanted: Mapping[str, Iterable[str]]) -> list[str]:
    """The columns of a schema that this program does not know: a newer one made them, or they have
    another type there."""
    return [
        f"{name}.{one}"
        for name, columns in there.items()
        for one in columns
        if one not in set(wanted.get(name, ()))
    ]


def script(layouts: Iterable[Layout], *, citus: bool = False) -> list[str]:
    """The statements that make everything at once in an empty database. citus: and spread the tables
    over the servers, all rows of an event on one."""
    tables = shape(layouts)
    made = [SCHEMA, *(sql for number in MIGRATIONS for sql in MIGRATIONS[number])]
    made += [table(name, columns) for name, columns in tables.items()]
    if citus:
        first, *others = _spread(made)
        made += [f"SELECT create_reference_table('{name}')" for name in WHOLE]
        made.append(f"SELECT create_distributed_table('{first}', '{SPREAD_BY}')")
        made += [
            f"SELECT create_distributed_table('{name}', '{SPREAD_BY}', colocate_with => '{first}')"
            for name in others
        ]
    as_json = json.dumps(tables).replace("'", "''")
    made.append(
        "INSERT INTO ticketops_schema (number, shape, id)"
        f" VALUES ({LATEST}, '{as_json}', 'ticketops') ON CONFLICT (id) DO NOTHING"
    )
    return made


def _spread(made: Iterable[str]) -> list[str]:
    """The tables that are spread over servers, that of the events first."""
    names = [
        found[1] for sql in made if (found := re.match(r'CREATE TABLE IF NOT EXISTS "?(\w+)', sql))
    ]
    return sorted((n for n in names if n not in WHOLE), key=lambda n: n != "ticketops_events")
