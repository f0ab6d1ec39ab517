"""What it takes to carry an event elsewhere than on one PostgreSQL: statements that name the event, keys
that begin with it, and nothing that needs two servers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import ticketops.stores.postgres
from tests.conftest import Runner
from tests.database import Database
from tests.routing import Routed, Said
from ticketops.config import Settings
from ticketops.domain.audit import checks
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, new_run
from ticketops.model import roles
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, UNITS
from ticketops.schema.layouts.issuance import ISSUANCE
from ticketops.services import allocation, copying, purchasing, selling
from ticketops.stores.base import Entry
from ticketops.stores.postgres import ddl, rights, schema
from ticketops.stores.postgres.address import address_of
from ticketops.stores.postgres.connection import Connection
from ticketops.stores.postgres.portable import ACROSS, APART, is_apart, problems

DAY = datetime(2026, 4, 17)
FOLDER = Path(ticketops.stores.postgres.__file__).parent
VERB = re.compile(
    r"(SELECT|INSERT|UPDATE|DELETE|COPY|CREATE|ALTER|DROP|SET|BEGIN|COMMIT|ROLLBACK|WITH|LOCK|LISTEN"
    r"|NOTIFY|TRUNCATE|GRANT|REVOKE|CALL|DO)\b .*[^.]$|(COMMIT|ROLLBACK)$",
    re.DOTALL,
)


def written_down() -> Iterator[tuple[str, str]]:
    """(module, statement) of every one that the store has, \\0 where something is put in."""
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem == "portable":
            continue
        tree = ast.parse(path.read_text("utf-8"))
        inside = {
            id(part)
            for one in ast.walk(tree)
            if isinstance(one, ast.JoinedStr)
            for part in one.values
        }
        for node in ast.walk(tree):
            text = ""
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value if id(node) not in inside else ""
            elif isinstance(node, ast.JoinedStr):
                text = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "\0"
                    for part in node.values
                )
            if VERB.match(text) and "\\" not in text:
                yield path.stem, text


def filled(sql: str) -> str:
    """A statement with a name where something is put in."""
    sql = re.sub("%s\0+", "%s", sql)
    return sql.replace("= \0;", "= 1;").replace("\0", "event_sales")


def test_every_statement_of_ours_names_the_event_and_is_carried_everywhere() -> None:
    found = [
        (module, sql) for module, sql in written_down() if "create_" not in sql or module != "ddl"
    ]
    assert len(found) > 60
    wrong = []
    for module, sql in found:
        if sql.startswith(("COPY \0", "CREATE TABLE IF NOT EXISTS \0")):
            continue  # looked at where they are sent
        if module == "rights" and is_apart(filled(sql)):
            continue
        wrong += [f"{module}: {sql!r}: {why}" for why in problems(filled(sql))]
    assert wrong == []


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT pg_advisory_xact_lock(1)", "pg_advisory_xact_lock() is not carried"),
        ("LISTEN event_sales", "LISTEN is not carried"),
        ("NOTIFY event_sales", "NOTIFY is not carried"),
        ("SELECT a FROM event_sales", "not said of which event"),
        ("SELECT a FROM event_sales WHERE client = %s", "not said of which event"),
        ("SELECT a FROM event_sales WHERE event_id = %s OR client = %s", "beyond one event"),
        ("DELETE FROM event_sales WHERE event_id = %s AND (a OR b) OR c", "beyond one event"),
        (
            "SELECT a FROM event_sales, (SELECT b FROM event_units) AS u WHERE event_id = %s",
            "not said of which event",
        ),
        ("UPDATE event_sales SET client = %s", "not said of which event"),
        ("DELETE FROM event_sales", "not said of which event"),
        ("DELETE FROM event_sales WHERE event_id <> %s", "not said of which event"),
        ("INSERT INTO event_sales (row, event_id) VALUES (%s, %s)", "as its first column"),
        ("COPY event_sales (row) FROM STDIN", "as its first column"),
        (
            "INSERT INTO event_sales (event_id, row) VALUES (%s, %s) ON CONFLICT (row) DO NOTHING",
            "beyond one event",
        ),
        ("CREATE TABLE a (row bigint PRIMARY KEY)", "does not begin with event_id"),
        (
            "CREATE TABLE a (event_id text NOT NULL, row bigint, PRIMARY KEY (row, event_id))",
            "does not begin with event_id",
        ),
        ("CREATE TABLE a (event_id text PRIMARY KEY, n serial)", "the type serial"),
        ("ALTER TABLE a ADD COLUMN IF NOT EXISTS b int4range", "the type"),
        ("CREATE TABLE a (event_id text REFERENCES b (event_id))", "REFERENCES"),
        ("CREATE TABLE a (event_id text, row bigint UNIQUE)", "UNIQUE"),
        ("CREATE TRIGGER a AFTER INSERT ON event_sales", "TRIGGER"),
        ("SELECT nextval('a')", "nextval()"),
        ("LOCK TABLE event_sales", "LOCK is not carried"),
        ("WITH a AS (SELECT 1) SELECT 1", "WITH is not carried"),
        ("SET lock_timeout = 1; LISTEN a", "LISTEN"),
    ],
)
def test_what_is_not_carried_everywhere_is_found(sql: str, why: str) -> None:
    assert why in "\n".join(problems(sql))


def test_every_exception_is_of_use() -> None:
    """Each is about a statement that there is, and none of them is anything of one event."""
    texts = [(module, " ".join(filled(sql).split())) for module, sql in written_down()]
    for exceptions, modules in ((ACROSS, {"condensed", "ddl", "events"}), (APART, {"rights"})):
        for one, why in exceptions.items():
            pattern = ".*".join(map(re.escape, one.split("…")))
            used = {module for module, text in texts if re.fullmatch(pattern, text)}
            assert used, one
            assert used <= modules, one
            assert why


def test_what_gives_rights_is_apart() -> None:
    made = rights.securing("tickets")
    assert [sql for sql in made if not is_apart(sql)] == []
    assert not any(is_apart(sql) for sql in ddl.script((EVENT, ISSUANCE), citus=True))


def test_what_is_for_many_events_is_not_for_one() -> None:
    assert problems("WITH used AS (SELECT 1) SELECT 1") == []
    assert problems("SELECT DISTINCT a FROM event_sales WHERE event_id = %s") == [
        "DISTINCT is not carried everywhere"
    ]
    assert problems("SELECT a FROM event_sales WHERE event_id = ANY(%s)") == [
        "event_sales: it is not said of which event"
    ]


def test_or_within_an_event_is_carried() -> None:
    assert problems("SELECT a FROM b WHERE event_id = %s AND (c IS NULL OR left(c, %s) = %s)") == []


def test_a_table_that_is_not_ours_is_found() -> None:
    assert problems("SELECT a FROM other WHERE event_id = %s", tables=["event_sales"]) == [
        "other is no table of ours"
    ]


# --- the tables


@pytest.fixture
def blank(database: Database) -> Iterator[Connection]:
    """An empty database of its own on the server."""
    database.execute("DROP DATABASE IF EXISTS blank")
    database.execute("CREATE DATABASE blank")
    connection = Connection(address_of(database.url("E1", database="blank")))
    yield connection
    connection.close()


def catalogue(connection: Connection) -> list[Any]:
    """All columns and indexes."""
    cursor = connection.opened().cursor()
    columns = cursor.execute(
        "SELECT table_name, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    ).fetchall()
    return [
        columns,
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall(),
    ]


def test_the_printed_tables_are_those_that_db_init_makes(
    blank: Connection, database: Database, cli: Runner
) -> None:
    made = cli("db", "ddl")
    assert made.code == 0, made.err
    blank.opened().execute(made.out)
    blank.consistently(lambda cursor: schema.require(cursor, "it"))
    other = Connection(address_of(database.url("E1")))
    assert catalogue(blank) == catalogue(other)
    other.close()
    blank.opened().execute(made.out)  # and again, which does nothing


def test_nothing_but_tables_and_keys_that_begin_with_the_event(database: Database) -> None:
    kinds = database.execute(
        "SELECT DISTINCT c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public'"
    )
    assert {kind if isinstance(kind, str) else kind.decode() for (kind,) in kinds} == {"r", "i"}
    others = database.execute(
        "SELECT conname FROM pg_constraint WHERE contype NOT IN ('p', 'n')"
        " AND connamespace = 'public'::regnamespace"
    )
    assert others == []
    first = database.execute(
        "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE n.nspname = 'public'"
    )
    assert {column for name, column in first if name != "ticketops_schema"} == {"event_id"}


def test_with_citus_every_table_is_spread_once_by_the_event(blank: Connection, cli: Runner) -> None:
    """In the place of Citus two functions that note what they are told of, and look whether they could
    do it."""
    cursor = blank.opened().cursor()
    cursor.execute(
        "CREATE SCHEMA noted; CREATE TABLE noted.told (name text PRIMARY KEY, place text)"
    )
    cursor.execute(
        "CREATE FUNCTION create_distributed_table(named text, spread_by text,"
        " colocate_with text DEFAULT 'default') RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM 1 FROM pg_attribute WHERE attrelid = named::regclass AND attname = spread_by"
        " AND atttypid = 'text'::regtype AND attnotnull;"
        " IF NOT FOUND THEN RAISE 'it has no such column'; END IF;"
        " IF colocate_with <> 'default' THEN PERFORM 1 FROM noted.told WHERE name = colocate_with;"
        " IF NOT FOUND THEN RAISE 'that is not spread'; END IF; END IF;"
        " INSERT INTO noted.told VALUES (named, colocate_with); END $$"
    )
    cursor.execute(
        "CREATE FUNCTION create_reference_table(named text) RETURNS void LANGUAGE plpgsql AS $$"
        " BEGIN INSERT INTO noted.told VALUES (named, 'everywhere'); END $$"
    )
    made = cli("db", "ddl", "--citus")
    assert made.code == 0, made.err
    cursor.execute(made.out)
    told = dict(cursor.execute("SELECT name, place FROM noted.told").fetchall())
    tables = cursor.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    ).fetchall()
    assert set(told) == {name for (name,) in tables}
    assert told.pop("ticketops_schema") == "everywhere"
    assert told.pop("ticketops_events") == "default"
    assert set(told.values()) == {"ticketops_events"}
    blank.consistently(lambda cursor: schema.require(cursor, "it"))


def test_the_printed_tables_pass_the_lint() -> None:
    assert [why for sql in ddl.script((EVENT, ISSUANCE)) for why in problems(sql)] == []


# --- two servers


def jobs() -> list[Job]:
    """A day of an event."""
    line = PurchaseLine("M01", "Viagogo", "000777", "Cat 1", 4, Decimal("120.50"), "USD", DAY)
    order = Order("Meridian", "USD", DAY)
    return [
        purchasing.purchase_add([line]),
        selling.sale_add(order, [SaleLine("M01", "Cat 1", 2, Decimal(350))]),
        allocation.allocate_commit("S1"),
    ]


@pytest.mark.slow
def test_events_on_two_servers_need_one_each(routed: Routed, tmp_path: Path) -> None:
    """Whatever is sent about an event goes to its server, names it, and passes the lint."""
    said = Said()
    settings = Settings(user="tester", role=roles.SUPER_ADMIN, state=tmp_path)
    with said.listening():
        keys = [routed.new(f"ROUTED{n}") for n in range(6)]
        for key in keys:
            name = routed.of(key).url(key)
            for job in jobs():
                assert carry_out(open_store(name, settings), job, new_run("tester")).written
            store = open_store(name, settings)
            assert checks.audit(store.read(DISTRIBUTION, UNITS))[1] == []
            store.undo(Entry("R20260418-090000", "undo", "tester", DAY))
            assert len(store.log()) == 4
            store.as_of(store.log()[1].entry.run_id, UNITS)
        home = routed.of(keys[0])
        copied = next(key for key in map("COPY{}".format, range(99)) if routed.of(key) != home)
        copying.copy(home.url(keys[0]), routed.of(copied).url(copied), settings)
    assert {routed.of(key).port for key in keys} == {one.port for one in routed.servers}
    assert said.wrong() == []
    assert routed.misplaced(said) == set()
    assert {key for _port, key in said.events()} == {*keys, copied}
    for server in routed.servers:
        there = {key for (key,) in server.execute("SELECT event_id FROM ticketops_events")}
        assert {key for key in (*keys, copied) if key in there} == {
            key for key in (*keys, copied) if routed.of(key) is server
        }
