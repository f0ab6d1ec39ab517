"""Bodies of the journal in pieces, and rows that become requests while they are sent: the same JSON
as all at once."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ticketops.stores.gsheets.cell_rows import CellRows, Kept, as_json
from ticketops.stores.records import json_pieces

TEXTS = st.text(st.sampled_from('aé"\\\n\u20ac\U0001f600\ud800'), max_size=4)
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(-9, 9), TEXTS)
BODIES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.integers(0, 9), inner, max_size=3),
        st.dictionaries(TEXTS, inner, max_size=3),
    ),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, BODIES, max_size=4))
def test_a_body_in_pieces_is_the_same_json(body: dict[str, Any]) -> None:
    whole = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
    assert b"".join(json_pieces(body)) == whole


def test_many_rows_are_many_pieces() -> None:
    body = {"cells": {"Sales": {row: {"notes": [None, f"n{row}"]} for row in range(5_000)}}}
    pieces = list(json_pieces(body))
    assert len(pieces) > 3
    assert json.loads(b"".join(pieces))["cells"]["Sales"]["4999"] == {"notes": [None, "n4999"]}


def test_rows_of_values_are_rows_of_cells() -> None:
    rows = CellRows()
    rows.append(["é", None, "", True])
    rows.append([2, 1.5, datetime(2026, 6, 11), Kept({"formulaValue": "=A1"})])
    cells = [
        [{"stringValue": "é"}, {}, {}, {"boolValue": True}],
        [
            {"numberValue": 2},
            {"numberValue": 1.5},
            {"numberValue": 46184.0},
            {"formulaValue": "=A1"},
        ],
    ]
    plain = [
        {"values": [{"userEnteredValue": value} if value else {} for value in row]} for row in cells
    ]
    assert list(rows) == rows[0:2] == plain
    assert json.loads(as_json({"updateCells": {"rows": rows}})) == {"updateCells": {"rows": plain}}
    sizes = [
        len(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()) for row in plain
    ]
    assert rows.sizes == sizes
