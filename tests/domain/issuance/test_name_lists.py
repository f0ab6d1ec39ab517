"""Lists of passengers out and back (document 001): three ways, each word once, and nothing on an issued
ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.issuance.lists import ListDesk, filled, passengers
from ticketops.domain.issuance.issuing import Given
from ticketops.domain.issuance.naming import Named
from ticketops.errors import NotFoundError
from ticketops.schema.layouts.issuance import BOOKINGS, PASSENGERS, TICKETS
from ticketops.services import issuance

DAY = datetime(1985, 3, 12)
NUMBER = "1762400000099"


@pytest.fixture
def desk() -> ListDesk:
    return ListDesk(passengers("Khan/Amina", "Said/Omar"))


def finalise(desk: ListDesk) -> None:
    desk.desk.do(issuance.issuance_name_update([Named("TK00001", "KHAN/AMINA")], accept=False))


def issue(desk: ListDesk) -> None:
    finalise(desk)
    desk.desk.do(issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False))


def test_what_is_typed_arrives_once(desk: ListDesk) -> None:
    file = desk.hand_out()
    said = filled(
        file,
        name="  KHAN/AMINA ",
        title="mrs.",
        born_on="12.3.1985",
        nationality="Türkiye",
        passport="u 1234567",
        passport_expiry=datetime(2031, 1, 31),
    )
    assert desk.pull(said) == ["TAKEN"] * 6
    now = desk.person()
    assert (now["name"], now["title"], now["born_on"]) == ("KHAN/AMINA", "MRS", DAY)
    assert (now["nationality"], now["passport"]) == ("Türkiye", "U 1234567")
    assert now["passport_expiry"] == datetime(2031, 1, 31)
    assert desk.ticket()["name"] == "KHAN/AMINA", "the name is not final, so the ticket follows"
    assert desk.person(2)["name"] == "Said/Omar"
    assert desk.pull(said) == []
    assert desk.pull(file) == [], "an untouched copy of the list takes nothing back"
    assert desk.person()["title"] == "MRS"
    (row,) = desk.edits()
    assert (row["ticket_id"], row["outcome"]) == ("TK00001", "TAKEN".lower())
    assert row["fields"] == "title,name,born_on,nationality,passport,passport_expiry"


def test_both_sides_changed_the_workbook_stays_and_the_office_decides(desk: ListDesk) -> None:
    said = filled(desk.hand_out(), passport="AAA111")
    desk.type(PASSENGERS, "BP00001", passport="BBB222")
    assert desk.pull(said) == ["CONFLICT"]
    (found,) = desk.plan.findings
    assert "the workbook has 'BBB222', the list 'AAA111', it was nothing" in found.message
    assert desk.person()["passport"] == "BBB222"
    assert desk.edits()[0]["passport"] == "AAA111"
    assert desk.pull(said, prefer_theirs=True) == [], "each word is heard once"
    assert desk.pull(filled(said, passport="CCC333"), prefer_theirs=True) == ["OVERTAKEN"]
    assert desk.person()["passport"] == "CCC333"


def test_two_copies_of_a_list_and_two_parties(desk: ListDesk) -> None:
    file, airline = desk.hand_out(), desk.hand_out("airline EK")
    assert desk.pull(filled(file, name="KHAN/AMINAH"), filled(airline, name="KHAN/AMNA")) == [
        "TAKEN",
        "CONFLICT",
    ]
    assert desk.ticket()["name"] == desk.person()["name"] == "KHAN/AMINAH"
    assert desk.pull(filled(file, 2, passport="P123")) == ["TAKEN"], "another copy of the first"
    assert desk.person()["name"] == "KHAN/AMINAH"


def test_a_name_that_is_final_is_for_the_office(desk: ListDesk) -> None:
    file = desk.hand_out()
    finalise(desk)
    said = filled(file, name="KHAN/AMINAH", passport="P123")
    assert desk.pull(said) == ["CONFLICT", "TAKEN"]
    assert desk.ticket()["name"] == "KHAN/AMINA"
    again = filled(desk.hand_out(), name="KHAN/AMNA")
    assert desk.pull(again, prefer_theirs=True) == ["TAKEN"]
    assert "NAME_FINAL" in desk.codes()
    assert (desk.person()["name"], desk.ticket()["name"]) == ("KHAN/AMNA", "KHAN/AMINA")


@pytest.mark.parametrize("prefer_theirs", [False, True])
def test_an_issued_ticket_keeps_its_name(desk: ListDesk, prefer_theirs: bool) -> None:
    file = desk.hand_out()
    issue(desk)
    said = filled(file, name="KHAN/AMINAH", title="MRS", passport="P123")
    assert desk.pull(said, prefer_theirs=prefer_theirs) == [
        "CHANGED_AFTER_SENT",
        "CHANGED_AFTER_SENT",
        "TAKEN",
    ]
    assert "the ticket is issued" in desk.plan.findings[0].message
    assert desk.ticket()["name"] == "KHAN/AMINA"
    assert desk.person()["title"] is None
    assert desk.person()["passport"] == "P123"
    closed = desk.hand_out()
    assert desk.pull(filled(closed, name="X/Y")) == []
    assert desk.codes() == ["CLOSED_CELL"]
    erased = filled(file, name=None, title=None, passport=None)
    assert "CHANGED_AFTER_SENT" in desk.pull(erased, accept_erased=True)
    assert desk.ticket()["name"] == "KHAN/AMINA"


def test_emptiness_is_no_instruction(desk: ListDesk) -> None:
    desk.type(PASSENGERS, "BP00001", passport="P123")
    file = desk.hand_out()
    erased = filled(file, name=None, passport=None)
    assert desk.pull(erased) == []
    assert desk.codes() == ["ERASED", "ERASED"]
    assert desk.person()["passport"] == "P123"
    assert desk.pull(erased, accept_erased=True) == ["TAKEN", "TAKEN"]
    assert (desk.person()["passport"], desk.person()["name"]) == (None, None)
    assert desk.ticket()["name"] == "Khan/Amina"


BAD: dict[str, list[tuple[Any, str]]] = {
    "born_on": [
        ("12/03/85", "BAD_DATE"),
        ("3/4/1985", "BAD_DATE"),
        ("next week", "BAD_DATE"),
        ("1985-13-01", "BAD_DATE"),
        (datetime(2085, 3, 12), "BAD_DATE"),
        (datetime(1785, 3, 12), "BAD_DATE"),
    ],
    "title": [("Sheikh of all", "BAD_TITLE")],
    "passport": [("?", "BAD_PASSPORT"), ("A" * 21, "BAD_PASSPORT"), ("ÄÖ12", "BAD_PASSPORT")],
    "nationality": [("x" * 61, "TOO_LONG")],
    "name": [
        ("K" * 201, "TOO_LONG"),
        ("12/3", "BAD_NAME"),
        ("\ud800A", "BAD_NAME"),
        ("KHAN/AMINA U123", "BAD_NAME"),
        ("=1+1", "BAD_NAME"),
    ],
}


@pytest.mark.parametrize(
    ("name", "text", "code"), [(name, *one) for name, many in BAD.items() for one in many]
)
def test_what_is_not_understood_is_said_and_not_taken(
    desk: ListDesk, name: str, text: Any, code: str
) -> None:
    file = filled(filled(desk.hand_out(), **{name: text}), 2, passport="P123")
    assert desk.pull(file) == ["TAKEN"], "of somebody else"
    assert desk.codes() == [code]
    assert desk.person()[name] in (None, "Khan/Amina")


@pytest.mark.parametrize(
    "name",
    [
        "محمد علي",
        "Łukasz Żółć",
        "שרה/כהן",
        "O’Neill‐Smith/Seán",
        "李/小龍",
        "Å/" + "Ø" * 40,
        "A\u202eB",
    ],
)
def test_names_in_any_script_arrive_and_are_told_where_no_ticket_bears_them(
    desk: ListDesk, name: str
) -> None:
    assert desk.pull(filled(desk.hand_out(), name=name)) == ["TAKEN"]
    kept = name.replace("\u202e", "")
    assert desk.person()["name"] == desk.ticket()["name"] == kept
    assert ("NAME_TO_SPELL" in desk.codes()) == (not kept.isascii())


def test_rows_that_are_not_theirs(desk: ListDesk) -> None:
    file = desk.hand_out()
    first, second = file.rows
    odd = [
        replace(first, key="", spare="", values={"name": "NEW/ONE"}),
        replace(first, key="TK00099", spare="TK00099", values={"name": "NO/ONE"}),
        replace(first, key="TK00001", spare="TK00002", values={"name": "SORTED/APART"}),
        replace(second, values={**second.values, "name": "ONE"}),
        replace(second, row=9, values={**second.values, "name": "OTHER"}),
    ]
    assert desk.pull(replace(file, rows=odd)) == []
    assert sorted(desk.codes()) == ["DUPLICATE_ROW", "KEY_CHANGED", "NO_KEY", "UNKNOWN_ROW"]
    assert desk.pull(replace(file, rows=[second])) == []
    assert desk.codes() == ["MISSING_ROWS"]


def test_a_list_of_somebody_else(desk: ListDesk) -> None:
    desk.type(BOOKINGS, "B1", group="G")
    file = desk.hand_out()
    desk.type(PASSENGERS, "BP00002", booking_id="B2")
    desk.type(TICKETS, "TK00002", booking_id="B2")
    said = filled(filled(file, 2, name="STO/LEN"), name="KHAN/A")
    assert desk.pull(said) == ["TAKEN"]
    assert desk.codes() == ["FOREIGN_ROW"]
    assert desk.person(2)["name"] == "Said/Omar"
    assert desk.pull(replace(said, book_id="guessed")) == []
    assert desk.codes() == ["UNKNOWN_BOOK"]
    assert desk.pull(replace(said, kind="client")) == []
    assert desk.codes() == ["WRONG_KIND"]


def test_a_list_whose_hidden_sheet_is_gone_or_forged_fills_blanks_only(desk: ListDesk) -> None:
    file = filled(desk.hand_out(), name="NEW/NAME", passport="P123")
    bare = replace(file, base=None, book_id="")
    assert desk.pull(bare) == []
    assert desk.codes() == ["UNKNOWN_BOOK"]
    assert desk.pull(bare, party="booking B1") == ["CONFLICT", "TAKEN"]
    assert desk.person()["name"] == "Khan/Amina"
    forged = [one._replace(texts={**one.texts, "name": "NEW/NAME"}) for one in file.base or ()]
    assert desk.pull(replace(file, base=forged)) == ["CONFLICT"]
    assert "BASE_CHANGED" in desk.codes()


def test_a_void_ticket_is_in_no_list(desk: ListDesk) -> None:
    file = desk.hand_out()
    desk.desk.do(issuance.issuance_void(["TK00001"], "does not travel"))
    assert [row.key for row in desk.lists().book("booking B1").rows] == ["TK00002"]
    assert desk.pull(filled(file, name="X/Y")) == []
    assert [one.code for one in desk.plan.findings] == ["ENDED_ROW"]


def test_whose_lists_there_are(desk: ListDesk) -> None:
    lists = desk.lists()
    assert lists.meant() == lists.meant(booking="b1") == lists.meant(group="g") == ["booking B1"]
    assert lists.meant(airline="ek") == ["airline EK"]
    assert lists.title("airline EK") == "EK · Emirates"
    for more in ({"booking": "B9"}, {"group": "H"}, {"airline": "QR"}):
        with pytest.raises(NotFoundError):
            lists.meant(**more)
    assert (
        ListDesk(passengers("A/B", "C/D") | {"TicketRecords": []})
        .lists()
        .without_ticket(["booking B1"])[0]
        .message.startswith("2 passengers have no ticket yet")
    )


def test_a_list_says_nothing_about_money_or_other_bookings(desk: ListDesk) -> None:
    desk.type(BOOKINGS, "B1", balance=4711.0, notes="secret words", email="ana@acme.example")
    desk.type(PASSENGERS, "BP00001", notes="secret words")
    for party in ("booking B1", "airline EK"):
        book = desk.lists().book(party)
        said = repr([row.values for row in book.rows]) + book.title
        assert not any(word in said for word in ("4711", "secret", "ana@"))
    assert "Acme" not in desk.lists().title("airline EK")


def test_a_passport_that_expires_before_the_last_flight(desk: ListDesk) -> None:
    desk.pull(filled(desk.hand_out(), passport_expiry="2026-06-30"))
    assert desk.codes() == ["PASSPORT_EXPIRES"]
    assert desk.person()["passport_expiry"] == datetime(2026, 6, 30)


def test_undo_takes_back_what_a_list_said_and_it_can_be_said_again(desk: ListDesk) -> None:
    said = filled(desk.hand_out(), name="KHAN/A", passport="P123")
    assert desk.pull(said) == ["TAKEN", "TAKEN"]
    desk.desk.undo()
    assert (desk.person()["name"], desk.ticket()["name"]) == ("Khan/Amina", "Khan/Amina")
    assert desk.pull(said) == ["TAKEN", "TAKEN"]
    assert desk.ticket()["name"] == "KHAN/A"


TEXTS = st.sampled_from(["", "AAA1", "BBB2", "CCC3"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("office"), TEXTS, st.just(0)),
        st.tuples(st.just("build"), st.just(""), st.just(0)),
        st.tuples(st.just("pull"), TEXTS, st.integers(0, 3)),
    ),
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_three_ways_whatever_the_order(steps: list[tuple[str, str, int]]) -> None:
    """Against a model by hand: what a list says counts where the workbook still holds what the list was
    built with, or what the same list said last; otherwise the workbook's value stays."""
    desk = ListDesk(passengers("Khan/Amina"))
    now = ""
    lists: list[tuple[Any, str]] = []
    heard: dict[int, list[str]] = {}
    for what, text, number in [("build", "", 0), *steps]:
        if what == "office":
            desk.type(PASSENGERS, "BP00001", passport=text or None)
            now = text
        elif what == "build":
            lists.append((desk.hand_out(), now))
            heard[len(lists) - 1] = []
        else:
            which = number % len(lists)
            file, base = lists[which]
            desk.pull(filled(file, passport=text or None))
            said = heard[which]
            then = said[-1] if said else base
            if text in (then, base) or text in said:
                continue
            if not text and now:
                continue  # erased: kept, and not remembered
            said.append(text)
            if now == then:
                now = text
        assert (desk.person()["passport"] or "") == now


def test_a_cell_of_the_office_that_is_not_understood_is_not_blank() -> None:
    rows = passengers("Khan/Amina", "Said/Omar")
    rows["BookingPassengers"][0]["born_on"] = "03/04/1985"
    desk = ListDesk(rows)
    file = desk.hand_out()
    assert file.rows[0].values["born_on"] == "03/04/1985"
    assert desk.pull(file) == []
    other = replace(file, base=None)
    assert desk.pull(filled(other, born_on=DAY), party="booking B1") == ["CONFLICT"]
    assert desk.person()["born_on"] is None, "it still says what nobody understands"
    assert desk.pull(filled(file, born_on=DAY)) == [], "this book said it already"
    again = desk.hand_out()
    assert desk.pull(filled(again, born_on=DAY)) == ["TAKEN"]
    assert desk.person()["born_on"] == DAY


def test_a_name_that_nobody_knows_whether_it_is_final_is_left_alone() -> None:
    rows = passengers("Khan/Amina")
    rows["TicketRecords"][0]["named_at"] = "some day"
    desk = ListDesk(rows)
    assert desk.pull(filled(desk.hand_out(), name="KHAN/A")) == ["CONFLICT"]
    desk.type(PASSENGERS, "BP00001", name="OTHER/NAME")
    desk.desk.do(issuance.issuance_refresh())
    assert desk.ticket()["name"] == "Khan/Amina"


def test_one_passport_of_two_passengers_is_told(desk: ListDesk) -> None:
    file = filled(filled(desk.hand_out(), passport="P 123"), 2, passport="p123")
    assert desk.pull(file) == ["TAKEN", "TAKEN"]
    assert desk.codes() == ["SAME_PASSPORT"]
    assert desk.pull(desk.hand_out()) == []
    assert desk.codes() == [], "it is told when it comes, and by the report from then on"
