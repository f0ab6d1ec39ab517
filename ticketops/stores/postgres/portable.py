"""What a statement may be, so that PostgreSQL, Citus, YugabyteDB and CockroachDB all carry it, and one
server is enough for an event (D29).

Every table of ours is spread by `event_id`, so a statement about one has to say which event: then one
server answers it. Words, types and functions are those of a list; what is new is looked up in the
manuals of the other databases before it is added there. Exceptions are listed with their reasons:
ACROSS for statements over several events, APART for those that only `db grant` and its kin send.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

SPREAD_BY = "event_id"
WHOLE = ("ticketops_schema",)
"""Tables that are the same on every server: none of an event."""
_CATALOGUE = ("pg_stat_activity", "pg_class", "pg_roles")
_EACH = "each server answers for the events that it has"
ACROSS: Mapping[str, str] = {
    "SELECT event_id FROM ticketops_events ORDER BY event_id": "`db status` lists all events",
    "INSERT INTO ticketops_turns (event_id) SELECT event_id FROM ticketops_events"
    " ON CONFLICT (event_id) DO NOTHING": "`db migrate` gives every event its turn, once",
    "SELECT event_id, kind, revision, number, run_id, ''::bytea FROM ticketops_events"
    " ORDER BY event_id": "`portfolio` is about all events",
    "SELECT event_id, title, position, stored_in, head, places FROM ticketops_sheets"
    " WHERE event_id = ANY(%s) ORDER BY event_id, position, title": f"`portfolio`: {_EACH}",
    'SELECT event_id, "row", own_cells, odd_cells… FROM … WHERE event_id = ANY(%s)': (
        f"`portfolio`, small sheets: {_EACH}"
    ),
    "SELECT event_id, title, row, own_cells FROM … WHERE event_id = ANY(%s) AND title = ANY(%s)": (
        f"`portfolio`, sheets without a table: {_EACH}"
    ),
    "SELECT t.event_id FROM … t JOIN unnest(%s::text[], %s::text[]) AS w (event_id, places)"
    " USING (event_id) GROUP BY t.event_id HAVING …": f"`portfolio`, what no query counts: {_EACH}",
    "WITH used AS (…": f"`portfolio` counts the position: joined and grouped by event, {_EACH}",
    "WITH live AS (…": f"`portfolio` counts the money: joined and grouped by event, {_EACH}",
    "SELECT s.event_id, s.sales_id, s.currency FROM event_sales s JOIN unnest(…": (
        f"`portfolio`, the currencies of sales: {_EACH}"
    ),
}
"""{statement about several events on purpose: why}; … stands for whatever is put in there."""
APART: Mapping[str, str] = {
    "REVOKE …": "CockroachDB has no rights on columns",
    "GRANT …": "CockroachDB has no rights on columns",
    "ALTER TABLE … ENABLE ROW LEVEL SECURITY": "goes with the policies",
    "DROP POLICY IF EXISTS …": "goes with the policies",
    "CREATE POLICY …": "Citus and CockroachDB take no policy that looks into another table",
    "CREATE OR REPLACE VIEW …": "goes with the policies",
    "SELECT event_id, '…'::text AS stored_in, …": "that view: which rows hold a password",
    "DO $$ …": "that view belongs to the owner of the tables",
    "UPDATE … t SET … jsonb_build_object(…": "passwords of all events are moved before rights are given",
}
"""{what the owner of the tables sends when rights are given, and nobody else ever: why not every
database carries it}. Where nobody is given rights, none of it is sent."""
_WORDS = frozenset(
    [
        "ADD",
        "ALTER",
        "AND",
        "ANY",
        "AS",
        "BEGIN",
        "BY",
        "COLUMN",
        "COMMIT",
        "CONFLICT",
        "COPY",
        "CREATE",
        "DEFAULT",
        "DELETE",
        "DESC",
        "DO",
        "EXISTS",
        "FOR",
        "FROM",
        "GROUP",
        "IF",
        "IN",
        "INSERT",
        "INTO",
        "IS",
        "ISOLATION",
        "KEY",
        "LEVEL",
        "LIMIT",
        "LOCAL",
        "NOT",
        "NOTHING",
        "NULL",
        "ON",
        "ONLY",
        "OR",
        "ORDER",
        "LOCKED",
        "PRIMARY",
        "READ",
        "COMMITTED",
        "REPEATABLE",
        "ROLLBACK",
        "SELECT",
        "SET",
        "SKIP",
        "STDIN",
        "TABLE",
        "UNION",
        "UPDATE",
        "USING",
        "VALUES",
        "WHERE",
        "WRITE",
    ]
)
_FUNCTIONS = frozenset(
    [
        "count",
        "current_database",
        "has_column_privilege",
        "left",
        "max",
        "now",
        "pg_backend_pid",
        "pg_has_role",
        "set_config",
        "to_regclass",
        "unnest",
    ]
)
_COUNTING = frozenset(
    [
        "ALL",
        "CROSS",
        "DISTINCT",
        "FILTER",
        "HAVING",
        "JOIN",
        "LATERAL",
        "LEFT",
        "OVER",
        "PARTITION",
        "WITH",
        "array_agg",
        "bool_or",
        "coalesce",
        "row_number",
        "split_part",
        "string_to_array",
    ]
)
"""Words and functions that every database carries, but for which servers may have to work together:
for statements of ACROSS only."""
_TYPES = frozenset(["bigint", "boolean", "bytea", "double precision", "jsonb", "text", "timestamp"])
_TABLE = re.compile(
    r'\b(?:FROM|INTO|UPDATE(?! SET)|COPY|TABLE(?: IF NOT EXISTS)?) "?([a-z_]\w*)\b(?!\()'
)
_NAMES_EVENT = re.compile(r"WHERE event_id = (?:%s|\$1)(?= |$|\))")
_FIRST_COLUMN = re.compile(r'(?:INTO|COPY) "?\w+"? \(event_id[,)]')


def problems(sql: str, *, tables: Iterable[str] = ()) -> list[str]:
    """What speaks against a statement, for people; none where every database carries it. tables: of
    which it may speak; none for any."""
    plain = re.sub(r"\s+", " ", sql).strip()
    if "; " in plain or plain.endswith(";"):
        return [found for part in plain.split(";") if part.strip() for found in problems(part)]
    bare = re.sub(r"'(?:[^']|'')*'", "''", plain)
    beyond = _listed(plain, ACROSS)
    allowed = _COUNTING if beyond else frozenset[str]()
    found = [f"{word} is not carried everywhere" for word in _strange(bare, allowed)]
    named = _TABLE.findall(bare)
    known = set(tables)
    found += [
        f"{one} is no table of ours"
        for one in named
        if known and one not in known and one not in (*WHOLE, *_CATALOGUE)
    ]
    ours = [one for one in named if one not in (*WHOLE, *_CATALOGUE)]
    if ours and not beyond:
        found += _across(bare, ours)
    return found


def is_apart(sql: str) -> bool:
    """Whether a statement is one of APART."""
    return _listed(re.sub(r"\s+", " ", sql).strip(), APART)


def _listed(plain: str, statements: Iterable[str]) -> bool:
    return any(re.fullmatch(".*".join(map(re.escape, one.split("…"))), plain) for one in statements)


def _strange(bare: str, allowed: frozenset[str]) -> list[str]:
    names = re.sub(r'"(?:[^"]|"")*"', '""', bare)
    words = re.findall(r"(?<![\w%])[A-Z]{2,}\b", names)
    called = re.findall(r"\b([a-z_]\w*)\(", names)
    types = _types(bare) if re.match(r"CREATE|ALTER", bare) else []
    return [
        *(word for word in dict.fromkeys(words) if word not in _WORDS | allowed),
        *(f"{name}()" for name in dict.fromkeys(called) if name not in _FUNCTIONS | allowed),
        *(f"the type {name}" for name in dict.fromkeys(types) if name not in _TYPES),
    ]


def _types(bare: str) -> list[str]:
    """The types of the columns that a statement makes."""
    if added := re.search(r'ADD COLUMN IF NOT EXISTS "?\w+"? ([a-z ]+)', bare):
        return [added[1].strip()]
    inside = bare[bare.find("(") + 1 : bare.rfind(")")]
    columns = re.split(r",(?![^(]*\))", inside)
    return [
        made[1].strip() for one in columns if (made := re.match(r'\s*"?[a-z_]\w*"? ([a-z ]+)', one))
    ]


def _across(bare: str, ours: list[str]) -> list[str]:
    """Whether a statement needs more than one event, or has a key that does not begin with it."""
    if bare.startswith("CREATE TABLE"):
        keys = re.findall(r'PRIMARY KEY \("?(\w+)', bare) or re.findall(
            r'[(,] ?"?(\w+)"? \w+(?: NOT NULL)? PRIMARY KEY', bare
        )
        return [] if keys == [SPREAD_BY] else [f"the key of {ours[0]} does not begin with event_id"]
    if bare.startswith("ALTER TABLE"):
        return []
    if bare.startswith(("INSERT", "COPY")):
        if not _FIRST_COLUMN.search(bare):
            return [f"a row of {ours[0]} is written without event_id as its first column"]
        conflict = re.search(r"ON CONFLICT (\(\w+)?", bare)
        if conflict and conflict[1] != "(event_id":
            return ["a conflict is looked for beyond one event"]
        return []
    if len(_NAMES_EVENT.findall(bare)) < len(ours):
        return [f"{' and '.join(dict.fromkeys(ours))}: it is not said of which event"]
    outside = bare
    while (within := re.sub(r"\([^()]*\)", "", outside)) != outside:
        outside = within
    if " OR " in outside:
        return ["OR may reach beyond one event"]
    return []
