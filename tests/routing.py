"""Two PostgreSQL servers with events spread over them by their keys, and all that is said to them: what
a database that spreads its tables would have to carry."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from zlib import crc32

import pytest

from tests.database import Database, started
from ticketops.stores.postgres.portable import SPREAD_BY, problems

_NUMBERS = itertools.count(1)


class Said:
    """Statements as they are sent: (port of the server, text, values)."""

    def __init__(self) -> None:
        self.statements: list[tuple[int, str, Any]] = []

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear whatever is sent to any database meanwhile."""
        import psycopg

        heard = self.statements
        connect = psycopg.connect

        class Cursor(psycopg.Cursor[Any]):
            def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
                heard.append((self.connection.info.port, str(query), params))
                return super().execute(query, params, **more)

            def copy(self, statement: Any, params: Any = None, **more: Any) -> Any:
                heard.append((self.connection.info.port, str(statement), params))
                return super().copy(statement, params, **more)

        def connected(*words: Any, **more: Any) -> Any:
            return connect(*words, **more, cursor_factory=Cursor)

        with mock.patch.object(psycopg, "connect", connected):
            yield

    def wrong(self) -> list[str]:
        """What of it the lint objects to."""
        return [
            f"{sql}: {why}"
            for sql in dict.fromkeys(sql for _port, sql, _values in self.statements)
            for why in problems(sql)
        ]

    def events(self) -> Iterator[tuple[int, str]]:
        """(port, event) of each statement about an event."""
        for port, sql, values in self.statements:
            before, names, _rest = sql.partition(f"WHERE {SPREAD_BY} = ")
            if names:
                yield port, values[before.count("%s")]
            elif sql.startswith("INSERT") and f"({SPREAD_BY}" in sql and values:
                yield port, values[0]


class Routed:
    """Two servers that together look like one: an event is on the one that its key says."""

    def __init__(self, *servers: Database) -> None:
        self.servers = servers

    def of(self, key: str) -> Database:
        """The server of an event."""
        return self.servers[crc32(key.encode()) % len(self.servers)]

    def new(self, key: str) -> str:
        """An empty event of that key, where it belongs."""
        from ticketops.schema.layouts.event import EVENT
        from ticketops.stores.postgres.address import address_of
        from ticketops.stores.postgres.connection import Connection
        from ticketops.stores.postgres.events import create

        connection = Connection(address_of(self.of(key).url(key)))
        create(connection, EVENT)
        connection.close()
        return key

    def store(self, key: str, folder: Path) -> Any:
        """The store of an event, where it belongs."""
        return self.of(key).store(key, folder)

    def misplaced(self, said: Said) -> set[tuple[int, str]]:
        """Events that a server was asked of that is not theirs."""
        return {(port, key) for port, key in said.events() if self.of(key).port != port}


@pytest.fixture(scope="session")
def routed(database: Database) -> Iterator[Routed]:
    """Two servers, with events spread over them."""
    other = started()
    yield Routed(database, other)
    other.stop()


def on_two_servers(request: pytest.FixtureRequest, folder: Path) -> Any:
    """The store of an event on one of two servers. When the test ends, all that was said is looked at:
    it names the event, is carried everywhere, and went to the event's server."""
    servers: Routed = request.getfixturevalue("routed")
    said = Said()
    listening = said.listening()
    listening.__enter__()

    def look() -> None:
        listening.__exit__(None, None, None)
        assert said.wrong() == []
        assert servers.misplaced(said) == set()

    request.addfinalizer(look)
    key = servers.new(f"TWO{next(_NUMBERS)}")
    return servers.store(key, folder)
