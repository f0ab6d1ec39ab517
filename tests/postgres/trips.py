"""Workbooks on their way into a database and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.database import Database
from ticketops.config import Settings
from ticketops.engine.opening import open_store
from ticketops.services import copying
from ticketops.stores.content import Content, difference


def content(name: Path | str, settings: Settings) -> Content:
    return copying._content(open_store(name, settings))


def assert_same(one: Content, other: Content) -> None:
    assert list(one.sheets) == list(other.sheets)
    for title, rows in one.sheets.items():
        assert difference(rows, other.sheets[title]) == "", title
    assert [t for t, _ in one.journal] == [t for t, _ in other.journal]
    bodies = [[json.loads(json.dumps(b)) for _, b in c.journal] for c in (one, other)]
    assert bodies[0] == bodies[1]
    assert not one.journal or one.digest_key == other.digest_key


def assert_read_as(one: Any, other: Any) -> None:
    """Two stores hold the same tables."""
    names = [sheet.name for sheet in one.layout]
    ours, theirs = (store.read(*names, strict=False) for store in (one, other))
    for name in names:
        a, b = ours[name], theirs[name]
        assert a.frame.equals(b.frame), name
        assert (a.positions, a.misfits, a.last_row, a.missing, a.exists) == (
            b.positions,
            b.misfits,
            b.last_row,
            b.missing,
            b.exists,
        ), name


def there_and_back(path: Path, database: Database, settings: Settings) -> Path:
    address = database.url(database.new())
    back = path.with_name("back.xlsx")
    done = copying.copy(path, address, settings)
    again = copying.copy(address, back, settings)
    assert (done.sheets, done.rows, done.transactions) == (
        again.sheets,
        again.rows,
        again.transactions,
    )
    before = content(path, settings)
    assert_same(before, content(address, settings))
    assert_same(before, content(back, settings))
    file, event, copied = (open_store(name, settings) for name in (path, address, back))
    assert_read_as(file, event)
    assert_read_as(event, copied)
    return back
