"""Identifiers of §17."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.model import ids


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("M1", "M01"),
        ("M01", "M01"),
        ("M001", "M01"),
        ("m7", "M07"),
        (" M12 ", "M12"),
        ("M104", "M104"),
        ("M0104", "M104"),
        ("ARC01", "ARC01"),
        ("BK301", "BK301"),
        ("OOC01", "OOC01"),
        ("MTB01", "MTB01"),
        ("Paddock Sunday", "Paddock Sunday"),
    ],
)
def test_match_codes_are_normalised_and_olympic_ones_kept(text: str, code: str) -> None:
    assert ids.normalise_match(text) == code


def test_an_empty_match_code_is_refused() -> None:
    with pytest.raises(ValueError, match="missing"):
        ids.normalise_match("  ")


@given(st.integers(1, 10_000_000))
def test_ids_grow_past_their_padding_and_are_read_back(number: int) -> None:
    assert ids.next_number(ids.UNIT_ID, [ids.unit_id(number)]) == number + 1
    assert ids.set_source_row(ids.set_id(number)) == number


def test_formats_to_the_letter() -> None:
    assert ids.unit_id(1) == "P00001"
    assert ids.unit_id(100_000) == "P100000"
    assert ids.set_id(1) == "PR0001-S01"
    assert ids.set_id(10_000) == "PR10000-S01"
    assert ids.run_id(datetime(2026, 4, 17, 14, 30, 22)) == "R20260417-143022"
    assert ids.sales_line_key("S_91a7", 3) == "S_91a7#3"
    assert (
        ids.alloc_note("R20260417-143022", 42, "PR0014-S01")
        == "R20260417-143022 Allocated 42 PR0014-S01"
    )
    assert (
        ids.purchase_unit_key(["M01", "Mexico", "V", None, "Cat 1"], 2) == "M01|Mexico|V||Cat 1|#2"
    )


@pytest.mark.parametrize(
    ("text", "number", "child"), [("S147", 147, None), ("s147-2", 147, 2), (" S1-10 ", 1, 10)]
)
def test_sales_ids(text: str, number: int, child: int | None) -> None:
    assert ids.parse_sales_id(text) == (number, child)


@pytest.mark.parametrize("text", ["", "147", "S", "S1-", "S-1", "P00001", "S1-2-3", "S１"])
def test_what_is_no_sales_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a SalesID"):
        ids.parse_sales_id(text)


def test_unit_ids_of_a_cell() -> None:
    assert ids.split_unit_ids("P00001, P00002;P00003 · P00004|P00005\nP00006") == [
        f"P0000{n}" for n in range(1, 7)
    ]
    assert ids.split_unit_ids(None) == []


def test_next_number_skips_what_is_no_id() -> None:
    assert ids.next_number(ids.UNIT_ID, [None, "", "X", "P00007", "P123", "PR0001-S01"]) == 8
    assert ids.next_number(ids.UNIT_ID, []) == 1


def test_next_number_counts_ids_whose_letters_were_replaced() -> None:
    """Their numbers were given: none is given again."""
    assert ids.next_number(ids.UNIT_ID, ["X00004", "P00002"]) == 5
    assert ids.next_number(ids.SALES_ID, ["T147", "T148-2", "S3"]) == 149
    assert ids.next_number(ids.SET_ID, ["XR0007-S01"]) == 8
    assert ids.next_number(ids.UNIT_ID, ["Invoice 20260417", "X99999999999", "20260417"]) == 1
