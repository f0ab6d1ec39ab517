"""Cells of a sheet as values of SQL and back: the same value of the same type, whatever stands there."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.database import Database
from tests.postgres.cells import CELLS
from ticketops.schema.columns import ColumnType
from ticketops.schema.layouts.event import EVENT, UNITS
from ticketops.stores.content import Content, difference
from ticketops.stores.postgres.address import address_of
from ticketops.stores.postgres.connection import Connection
from ticketops.stores.postgres.events import fill
from ticketops.stores.postgres.rows import Held, packed, reader_of, unpacked, values_of

TYPES = list(ColumnType)
HELD = Held("S", 1, "t", [], {kind.value: n for n, kind in enumerate(TYPES, start=2)}, {})
HELD.types = {kind.value: kind for kind in TYPES}


@given(CELLS)
def test_a_cell_as_json_comes_back_as_it_was(raw: Any) -> None:
    back = unpacked(json.loads(json.dumps(packed(raw))))
    assert back == raw or (back, raw) == ("", None)
    assert type(back) is type(raw)


@given(st.dictionaries(st.integers(1, 12), CELLS))
def test_a_row_comes_back_cell_by_cell(cells: dict[int, Any]) -> None:
    _event, *values = values_of(HELD, "E", 7, cells)
    parsed = [json.loads(v) if v else v for v in values[-2:]]
    row, found = reader_of(HELD)([*values[:-2], *parsed])
    assert row == 7
    one = [cells.get(place) for place in range(1, 13)]
    assert difference([one], [[found.get(place) for place in range(1, 13)]]) == ""


@given(CELLS, CELLS)
def test_what_differs_is_found(a: Any, b: Any) -> None:
    """The oracle: numbers by value, all else by type and value, blanks alike, a day as its first
    moment."""

    def seen(raw: Any) -> Any:
        if raw is None or raw == "":
            return None
        if type(raw) in (int, float):
            return 0, raw
        if type(raw) is date:
            return datetime, datetime.combine(raw, time())
        return type(raw), raw

    assert (difference([[a]], [[b]]) == "") == (seen(a) == seen(b))


def test_what_fits_a_column_stands_in_it(database: Database) -> None:
    """People can ask the database itself; what does not fit its type is beside it and is not lost."""
    key = database.new()
    rows: list[list[Any]] = [
        ["UnitID", "SetPos", "CreatedAt", "ours"],
        ["P1", 3.0, datetime(2026, 6, 11, 18), 0.1 + 0.2],
        [17.0, "three", "soon", "a\x00b\ud800"],
    ]
    connection = Connection(address_of(database.url(key)))
    fill(connection, Content(EVENT.anew(), {UNITS: rows}))
    connection.close()
    found = database.execute(
        "SELECT unit_id, set_pos, created_at, own_cells::text, odd_cells::text"
        " FROM event_purchase_units WHERE event_id = %s ORDER BY row",
        key,
    )
    assert found[0] == ("P1", 3, datetime(2026, 6, 11, 18), '{"4": 0.30000000000000004}', None)
    assert found[1][:3] == (None, None, None)
    assert json.loads(found[1][4]) == {"1": 17.0, "2": "three", "3": "soon"}
