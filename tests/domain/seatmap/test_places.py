"""Seats as a command line and a file name them: `101/C/5-8` (§1b.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.seatmap.places import parse_places, sale_in, write_places
from ticketops.domain.seatmap.plan import Key, key_of
from ticketops.errors import UsageError

Names = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters='"'), max_size=6)
Seats = st.one_of(st.integers(0, 300).map(str), Names.filter(bool))


def same_seat(place: tuple[str, str, str]) -> Key:
    """A seat as it is compared."""
    return key_of(*place)


@given(st.lists(st.tuples(Names, Names, Seats), min_size=1, unique_by=same_seat))
def test_what_is_written_is_read_back(places: list[tuple[str, str, str]]) -> None:
    rows: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for place in places:
        rows.setdefault(place[:2], []).append(place)
    expected = tuple(place for row in rows.values() for place in row)
    assert parse_places(write_places(places)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("101/C/5-7", [("101", "C", "5"), ("101", "C", "6"), ("101", "C", "7")]),
        ("101/C/1-5/2;102/A/9", [("101", "C", n) for n in "135"] + [("102", "A", "9")]),
        (" 101 / C / 5 ,6\n102/A/1", [("101", "C", "5"), ("101", "C", "6"), ("102", "A", "1")]),
        ('"A/B"/"x;y"/7', [("A/B", "x;y", "7")]),
        ("//7", [("", "", "7")]),
        ("# seats of S147 on M12\r\n101/C/7\r\n\r\n", [("101", "C", "7")]),
        ("101/C/8-6;", [("101", "C", "8"), ("101", "C", "7"), ("101", "C", "6")]),
    ],
)
def test_texts_that_people_write(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert list(parse_places(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ; ", "# only a remark", "101", "101/C", "101/C/", "101/C/,", '"101/C/5'),
        *("101/C/5;101/C/5", "101/c/05; 101/C/5", "101/C/1-999999", "101/C/5 101/C/6"),
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_places(text)


def test_a_file_says_whose_seats_it_holds() -> None:
    assert sale_in("\ufeff# seats of S147 on M12\n101/C/7") == "S147"
    assert sale_in("101/C/7") == sale_in("# my seats\n1/1/1") == ""
