"""Lists of seats, rows and blocks: what people write, and what is written back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.model.seat_labels import parse_labels, parted, seat_key, write_labels


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("1-5", ["1", "2", "3", "4", "5"]),
        ("5-1", ["5", "4", "3", "2", "1"]),
        ("1-7/2", ["1", "3", "5", "7"]),
        ("1-8 odd", ["1", "3", "5", "7"]),
        ("1-8 even", ["2", "4", "6", "8"]),
        ("A-D", ["A", "B", "C", "D"]),
        ("AA-AC", ["AA", "AB", "AC"]),
        ("1, 3 ,12", ["1", "3", "12"]),
        ("08-11", ["08", "09", "10", "11"]),
        ("N1-N3", ["N1", "N2", "N3"]),
        ("N1-3", ["N1", "N2", "N3"]),
        ('"1-3",4', ["1-3", "4"]),
        ('"",1', ["", "1"]),
        ("Box-A", ["Box-A"]),
    ],
)
def test_lists_are_read(text: str, labels: list[str]) -> None:
    assert list(parse_labels(text)) == labels


@pytest.mark.parametrize(
    "text",
    [
        *("", ",", "1,,2", "1,", "1-999999", "A-C odd", "2-2 odd", "1-5/0", '"a'),
        *("2026-01-12", "2026-01-12 00:00:00", "1-", "1,5 –", "A-"),
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_labels(text)


LABELS = st.one_of(
    st.integers(0, 60).map(str),
    st.integers(0, 60).map(lambda number: f"{number:03}"),
    st.sampled_from("ABCDEFabc"),
    st.text(st.sampled_from('ABx0123-/,*. –ß"'), max_size=5).map(
        lambda t: t.strip().replace('"', "'")
    ),
)


@given(st.lists(LABELS, max_size=30))
def test_a_list_is_read_back_as_it_was_written(labels: list[str]) -> None:
    written = write_labels(labels)
    assert (list(parse_labels(written)) if labels else written == "") in (labels, True)


def test_runs_are_written_short() -> None:
    assert write_labels([str(n) for n in range(1, 25)]) == "1-24"
    assert write_labels(["1", "3", "5", "2", "4"]) == "1-5/2,2,4"
    assert write_labels(["*"]) == '"*"'


def test_labels_are_compared_without_case_and_leading_zeros() -> None:
    assert seat_key(" 007") == seat_key("7")
    assert seat_key("a") == seat_key("A")
    assert seat_key("0") == seat_key("00") == "0"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('"A/B"/C/5-6', ['"A/B"', "C", "5-6"]),
        ('1/"C/D"/"5/6",7', ["1", '"C/D"', '"5/6",7']),
        ("101/A/1-9/2", ["101", "A", "1-9", "2"]),
        ('"A/B', ['"A', "B"]),
        ("", [""]),
    ],
)
def test_marks_in_quotes_part_nothing(text: str, parts: list[str]) -> None:
    assert parted(text) == parts
    assert parted(text, most=1) == [parts[0], "/".join(parts[1:])][: len(parts)]
