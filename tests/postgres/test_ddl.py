"""Tables from layouts, and which schemas a program works with."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.database import Database
from ticketops.errors import UnusableError
from ticketops.schema.layouts.event import EVENT
from ticketops.schema.layouts.issuance import ISSUANCE
from ticketops.stores.postgres import ddl, schema
from ticketops.stores.postgres.address import address_of
from ticketops.stores.postgres.connection import Connection


def test_every_sheet_with_columns_has_a_table_of_its_own() -> None:
    names = [
        ddl.table_of(layout.kind, name)
        for layout in (EVENT, ISSUANCE)
        for name in layout.names
        if layout[name].header_row
    ]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"(event|issuance)_[a-z0-9_]+", name) for name in names)
    assert set(ddl.shape((EVENT, ISSUANCE))) == set(names)


def test_no_column_of_a_sheet_is_one_of_the_key() -> None:
    for columns in ddl.shape((EVENT, ISSUANCE)).values():
        names = [one.partition(" ")[0] for one in columns]
        assert not set(names) & {"event_id", "row", "own_cells", "odd_cells"}
        assert len(set(names)) == len(names)


def test_the_event_comes_first_in_every_key(database: Database) -> None:
    found = database.execute(
        "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE i.indisprimary AND n.nspname = 'public'"
    )
    assert len(found) > 50
    assert {column for name, column in found if name != "ticketops_schema"} == {"event_id"}


def test_what_lacks_is_added_and_nothing_is_changed() -> None:
    there = {"event_sales": ["sales_id text"]}
    wanted = {"event_sales": ["sales_id text", "client text"], "event_new": ["x bigint"]}
    made = ddl.steps(ddl.LATEST, there, wanted)
    assert made[0] == 'ALTER TABLE "event_sales" ADD COLUMN IF NOT EXISTS "client" text'
    assert made[1].startswith('CREATE TABLE IF NOT EXISTS "event_new"')
    assert ddl.steps(ddl.LATEST, wanted, wanted) == []
    assert not any(re.search(r"\b(DROP|RENAME|TYPE)\b", sql) for sql in made)


@pytest.fixture
def other(database: Database) -> Any:
    """A database of its own on the server."""
    database.execute("DROP DATABASE IF EXISTS other")
    database.execute("CREATE DATABASE other")
    connection = Connection(address_of(database.url("E1", database="other")))
    yield connection
    connection.close()


def test_a_schema_is_made_once_and_brought_forward(other: Connection) -> None:
    assert other.consistently(schema.look).number == 0
    with pytest.raises(UnusableError, match="no tables of ticketops"):
        other.consistently(lambda cursor: schema.require(cursor, "it"))
    schema.bring_forward(other)
    other.consistently(lambda cursor: schema.require(cursor, "it"))
    assert schema.bring_forward(other).missing == ()
    _said(other, "ALTER TABLE event_sales DROP COLUMN client")
    _said(
        other,
        "UPDATE ticketops_schema SET shape = jsonb_set(shape, '{event_sales}',"
        " (shape->'event_sales') - 'client text')",
    )
    with pytest.raises(UnusableError, match="older version"):
        other.consistently(lambda cursor: schema.require(cursor, "it"))
    assert len(schema.bring_forward(other).missing) == 1
    other.consistently(lambda cursor: schema.require(cursor, "it"))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ticketops_schema SET number = number + 1",
        "UPDATE ticketops_schema SET shape = jsonb_set(shape, '{event_sales}',"
        " (shape->'event_sales') || '[\"later text\"]'::jsonb)",
    ],
    ids=["number", "column"],
)
def test_a_newer_schema_is_refused(other: Connection, sql: str) -> None:
    schema.bring_forward(other)
    _said(other, sql)
    with pytest.raises(UnusableError, match="newer version"):
        other.consistently(lambda cursor: schema.require(cursor, "it"))
    with pytest.raises(UnusableError, match="newer version"):
        schema.bring_forward(other)


def _said(connection: Connection, sql: str) -> None:
    connection.opened().execute(sql)
