"""The grammar of a ticket: which ticket of which sale a row is, which units it lists, its notes."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.ticket import identity, notes, unit_ids
from ticketops.model import ids


def row(**cells: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("sales_id", "line_key", "source_sale_id", "child", "row_type"))
    return blank | cells


@pytest.mark.parametrize(
    ("cells", "source", "sale", "child"),
    [
        ({"line_key": "S_a#2", "source_sale_id": "S_b", "child": 3, "sales_id": "S7-4"}, "S_a", "S7", 2),
        ({"source_sale_id": "S_b", "child": 3, "sales_id": "S7-4"}, "S_b", "S7", 3),
        ({"source_sale_id": "S_b", "sales_id": "S7-4"}, "S_b", "S7", 4),
        ({"sales_id": "S7"}, "", "S7", 0),
        ({"line_key": "S_a", "sales_id": "a seat"}, "", "", 0),
        ({}, "", "", 0),
    ],
)  # fmt: skip
def test_the_line_key_says_first_then_the_columns_then_the_sales_id(
    cells: dict[str, Any], source: str, sale: str, child: int
) -> None:
    found = identity.identity_of(row(**cells))
    assert (found.source, found.sale, found.child) == (source, sale, child)


@given(st.text("S_ab#12-", min_size=1, max_size=8), st.integers(0, 999_999))
def test_a_line_key_is_read_as_it_was_made(uuid: str, child: int) -> None:
    source = ids.source_sale_id(uuid)
    assert ids.read_sales_line_key(ids.sales_line_key(source, child)) == (source, child)


def test_only_a_child_of_a_sale_is_a_ticket() -> None:
    assert identity.is_ticket(row(sales_id="S7-1", row_type="Sales"))
    assert not identity.is_ticket(row(sales_id="S7", row_type="Sales"))
    assert not identity.is_ticket(row(sales_id=None, row_type="Sales"))
    assert not identity.is_ticket(row(sales_id="S7-1", row_type="Purchases"))


def test_s1_has_no_ticket_of_s12() -> None:
    cells = pl.Series("sales_id", ["S1-1", "S12-1", "S1", None])
    assert cells.to_frame().filter(identity.is_of_sale(pl.col("sales_id"), "S1")).rows() == [
        ("S1-1",)
    ]
    assert [identity.is_or_is_of(cell, "S1") for cell in cells] == [True, False, True, False]
    assert [identity.sale_of(cell) for cell in cells] == ["S1", "S12", "S1", ""]


@given(st.lists(st.integers(1, 10**7).map(ids.unit_id), max_size=5))
def test_units_are_read_from_the_cell_that_they_were_joined_to(wanted: list[str]) -> None:
    cell = ids.join_unit_ids(wanted)
    assert unit_ids.listed({"unit_ids": cell}) == wanted
    assert unit_ids.unit_of({"unit_ids": cell}) == (wanted[0] if wanted else "")
    column = pl.DataFrame({"unit_ids": [cell, None]}, schema={"unit_ids": pl.String})
    assert column.select(unit_ids.listed_in(pl.col("unit_ids")))["unit_ids"].to_list() == [
        wanted,
        [],
    ]


def test_a_cell_in_other_separators_is_read_alike_one_by_one_and_by_column() -> None:
    cell = "P00001;P00002 | P00003 · P00004\nP00005"
    column = pl.DataFrame({"unit_ids": [cell]})
    expected = [f"P0000{n}" for n in range(1, 6)]
    assert unit_ids.listed({"unit_ids": cell}) == expected
    assert column.select(unit_ids.listed_in(pl.col("unit_ids")))["unit_ids"].to_list() == [expected]


def test_notes_are_appended_and_merged() -> None:
    assert notes.with_note(None, "Allocated 1") == "Allocated 1"
    assert notes.with_note("VIP", "Allocated 1") == "VIP | Allocated 1"
    assert notes.merged_notes("a | b", "a | c", "a") == "a | b | c"
    assert notes.merged_notes(None, "c", None) == "c"
    assert notes.merged_notes("a | b", "b", "") == "a | b"
