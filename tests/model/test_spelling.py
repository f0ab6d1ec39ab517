"""How people spell what a coded cell may say (D16): each list is written by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.model import categories, spelling, states

NBSP, ZERO, SOFT, THIN, BOM = "\u00a0", "\u200b", "\u00ad", "\u2009", "\ufeff"

UNIT = {
    "P00001": "P00001",
    "p1": "P00001",
    "P 1": "P00001",
    "p-00001": "P00001",
    f"{NBSP}P00001{ZERO}": "P00001",
    f"P00{SOFT}001": "P00001",
    "P100000": "P100000",
    "P0000012": "P00012",
    f"{BOM}P2": "P00002",
    "P": None,
    "1": None,
    "P1a": None,
    "PR0001": None,
    "": None,
}
UNITS = {
    "P00001": "P00001",
    "p00001": "P00001",
    "P1": "P00001",
    "P00001/P00002": "P00001, P00002",
    "P00001 / P00002": "P00001, P00002",
    "P00001,P00002": "P00001, P00002",
    "P00001; P00002": "P00001, P00002",
    "P00001\nP00002": "P00001, P00002",
    "P00001\r\nP00002": "P00001, P00002",
    "P1+P2": "P00001, P00002",
    "P1 & p2": "P00001, P00002",
    "P1 and P2": "P00001, P00002",
    "P00001 P00002": "P00001, P00002",
    "P00001 · P00002|P00003": "P00001, P00002, P00003",
    "P00001–P00003": "P00001, P00002, P00003",
    "P00001-P00003": "P00001, P00002, P00003",
    "P1 — P3": "P00001, P00002, P00003",
    "P1 to P3": "P00001, P00002, P00003",
    "P1 … P3": "P00001, P00002, P00003",
    "P1..P2, P7": "P00001, P00002, P00007",
    f"P00001{NBSP}–{NBSP}P00002": "P00001, P00002",
    "P00002–P00002": "P00002",
    "P1, P1": "P00001, P00001",
    "P00003–P00001": None,
    "P00001-2": None,
    "see Tom": None,
    "P00001 (Tom)": None,
    "P1, ?": None,
    ",": None,
    "P1–P999999": None,
}
SET = {
    "PR0001-S01": "PR0001-S01",
    "pr1-s1": "PR0001-S01",
    "PR0001–S01": "PR0001-S01",
    "PR 0001 - S01": "PR0001-S01",
    "PR0001S01": "PR0001-S01",
    "PR0001_S01": "PR0001-S01",
    "PR10000-S01": "PR10000-S01",
    "PR0001": None,
    "S01": None,
}
SALE = {
    "S1": "S1",
    "s147-2": "S147-2",
    "S147–2": "S147-2",
    "S 147 - 2": "S147-2",
    "S0147-02": "S147-2",
    f"S1{NBSP}": "S1",
    "147": None,
    "S1-2-3": None,
    "S": None,
}
MATCH = {
    "M01": "M01",
    "M1": "M01",
    "M 1": "M01",
    "m-01": "M01",
    "Match 12": "M12",
    "match12": "M12",
    "M#7": "M07",
    "M.7": "M07",
    "Match No. 3": "M03",
    f"M{NBSP}1": "M01",
    f"M{ZERO}1": "M01",
    "M001": "M01",
    "M104": "M104",
    "arc01": "ARC01",
    "ARC 01": "ARC01",
    "Paddock Sunday": "Paddock Sunday",
    "Paddock  Sunday": "Paddock Sunday",
    "": None,
}
CATEGORY = {
    "Cat 1": "Cat 1",
    "cat 1": "Cat 1",
    "CAT  1": "Cat 1",
    f"Cat{NBSP}1": "Cat 1",
    f"Cat{THIN}1{ZERO}": "Cat 1",
    "top cat 1": "Top Cat 1",
    f"C{SOFT}at 1": "Cat 1",
    "a": "A",
    "first": "First",
    "CAT1": "CAT1",
    "Hospitality": "Hospitality",
}
DELIVERY = {
    "SENT": "SENT",
    "Sent": "SENT",
    "sent ": "SENT",
    f"{NBSP}Sent{ZERO}": "SENT",
    "not sent": "NOT_SENT",
    "Not-Sent": "NOT_SENT",
    "NOT_SENT": "NOT_SENT",
    "not  sent": "NOT_SENT",
    "Snt": None,
    "sent yesterday": None,
    "-": None,
}


@pytest.mark.parametrize(
    ("speller", "cases"),
    [
        (spelling.unit, UNIT),
        (spelling.units, UNITS),
        (spelling.set_id, SET),
        (spelling.sale, SALE),
        (spelling.match, MATCH),
        (spelling.category, CATEGORY),
        (lambda text: spelling.choice(text, states.DELIVERY), DELIVERY),
    ],
    ids=["unit", "units", "set", "sale", "match", "category", "delivery"],
)
def test_what_is_read_as_what(speller, cases) -> None:
    assert {text: speller(text) for text in cases} == cases


def test_states_in_the_spellings_of_people() -> None:
    assert spelling.choice("Cancelled", states.DISTRIBUTION_STATUS) == "CANCELLED"
    assert spelling.choice("canceled", states.DISTRIBUTION_STATUS) == "CANCELLED"
    assert spelling.choice("Waiting-Stock", states.DISTRIBUTION_STATUS) == "WAITING_STOCK"
    assert spelling.choice("sale", states.ROW_TYPE) == "Sales"
    assert spelling.choice("high", states.PRIORITY) == "High"
    assert spelling.choice("Cancelled", states.DELIVERY) is None


@pytest.mark.parametrize("code", ["12", "M1O", "M?1", "Match 1?", "—", "M1x"])
def test_what_no_event_calls_a_match(code: str) -> None:
    assert spelling.is_no_match(code)


@pytest.mark.parametrize(
    "code", ["M01", "M104", "ARC01", "BK301", "Paddock Sunday", "MTB01", "Final"]
)
def test_codes_of_other_events_are_codes(code: str) -> None:
    assert not spelling.is_no_match(code)


def test_every_unit_that_a_text_may_speak_of() -> None:
    assert spelling.mentioned("P00001 (Tom), p3?") == {"P00001", "P00003"}
    assert spelling.mentioned("P1-3 old") == {"P00001", "P00002", "P00003"}
    assert spelling.mentioned("see Tom") == set()


def test_the_nearest() -> None:
    assert spelling.nearest("CAT1", categories.FIFA_CATEGORIES) == "Cat 1"
    assert spelling.nearest("Snt", states.DELIVERY) == "SENT"
    assert spelling.nearest("xyz", states.DELIVERY) == ""


@given(
    st.lists(st.integers(1, 200_000), min_size=1, max_size=6),
    st.sampled_from([", ", "/", "\n", " ; ", " + ", " & ", " "]),
)
def test_lists_in_any_separators_name_the_same_units(numbers: list[int], separator: str) -> None:
    assert spelling.units(separator.join(f"p{n}" for n in numbers)) == ", ".join(
        f"P{n:05d}" for n in numbers
    )


@given(st.text(alphabet="pPsSrRmMcat 10/,-–\u00a0\u200b\n", max_size=14))
def test_what_was_read_once_is_read_the_same_again(text: str) -> None:
    for speller in spelling.SPELLERS.values():
        once = speller(text)
        assert once is None or speller(once) == once
    assert spelling.tidy(spelling.tidy(text)) == spelling.tidy(text)


ODD = "aB1é \t\n\r\u00a0\u200b\u00ad\u2028\x00\x07\x1b\x7f\x9b\u034f\u200d\u202e\ufe0f\U000e0041\U000e0101م"


@given(st.lists(st.text(alphabet=ODD, max_size=5), max_size=4))
def test_a_column_is_untidy_where_one_of_its_texts_is(texts: list[str]) -> None:
    shown = [text for text in texts if text]
    assert spelling.is_untidy(spelling.SEAM.join(shown)) >= any(
        spelling.tidy(text) != text for text in shown
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Ac\x1b[31mme\x07", "Ac[31mme"),
        ("\u202eAcme\u202c Tours", "Acme Tours"),
        ("Ac\u200bme\u2060", "Acme"),
        ("Ac\u200dme\u200c", "Acme"),
        ("Acme\ufe0f\U000e0041\U000e0101", "Acme"),
        ("A\u034fc\u3164me\x9b", "Acme"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("علی\u200c", "علی"),
        ("क्\u200dष Tours", "क्\u200dष Tours"),
        ("Zoë & Co", "Zoë & Co"),
    ],
)
def test_what_nobody_sees_leaves_names(text: str, read: str) -> None:
    assert spelling.tidy(text) == read
    assert spelling.tidy(read) == read


@given(
    st.sampled_from(list(spelling.EXACT)), st.text(alphabet="PRS0123-, ", min_size=1, max_size=16)
)
def test_what_passes_as_exact_is_spelt_as_it_should_be(kind: spelling.Kind, text: str) -> None:
    if spelling.EXACT[kind]().fullmatch(text + spelling.SEAM):
        assert spelling.SPELLERS[kind](text) == text
