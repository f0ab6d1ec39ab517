"""How names may be spelt that a reader may not know, and words that are not theirs (§9c, D10)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.domain.dispatch.desk import DispatchDesk
from ticketops.domain.dispatch import clients, suppliers
from ticketops.domain.dispatch.addresses import names, told
from ticketops.domain.dispatch.lettering import Letters
from ticketops.domain.dispatch.redaction import Redactor
from ticketops.domain.dispatch.state import SHEETS, State

SPELT = [
    # the company, as somebody writes it
    ("Işık Turizm", "IŞIK TURİZM"),
    ("Işık Turizm", "ISIK TURIZM"),
    ("IŞIK TURİZM", "Işık Turizm"),
    ("İstanbul Tur", "istanbul tur"),
    ("Diyarbakır", "DIYARBAKIR"),
    ("Bjørn Rejser", "Bjorn rejser"),
    ("Bjørn Rejser", "BJOERN REJSER"),
    ("Bjoern Rejser", "Bjørn Rejser"),
    ("Łódź Bilety", "Lodz bilety"),
    ("Đorđe Tours", "DORDE TOURS"),
    ("Ægir Ferðir", "AEGIR FERDIR"),
    ("Müller Reisen", "Mueller Reisen"),
    ("Müller Reisen", "Muller Reisen"),
    ("Mueller Reisen", "Mu\u0308ller Reisen"),
    ("Ålesund Tur", "Aalesund Tur"),
    ("Straße AG", "STRASSE AG"),
    ("شركة النور", "شَرِكَةُ النُّور"),
    ("شركة النور", "شـــركة النـــور"),
    ("شركة النور", "شركه النور"),
    ("كريم علي", "کریم علی"),
    ("کریم علی", "كريم علي"),
    ("أحمد الفارسى", "احمد الفارسي"),
    ("נסיעות שלום", "נְסִיעוֹת שָׁלוֹם"),
    ("携程旅行", "携 程 旅 行"),
    ("携程旅行", "携\u3000程　旅\n行"),
    ("携程旅行", "携\ufe00程\U000e0100旅行"),
    ("ジェイティービー", "ｼﾞｪｲﾃｨｰﾋﾞｰ"),
    ("여행사", "여 행 사"),
    ("Acme", "Ac\ufe0fme"),
    ("Acme", "A\u034fcme"),
    ("Acme", "Ac\u200dme"),
    ("Acme", "Ac\u2061m\u3164e"),
    ("Acme", "A\u00adc\u180em\U000e0041e"),
    ("Acme", "A\u0336c\u0336m\u0336e\u0336"),
    ("Acme", "Ac\x00me"),
    ("Acme", "\u202eAcme\u202c"),
    ("Acme", "for\u200bAcme".removeprefix("for")),
    ("Acme", "A c m e"),
    ("Acme", "A.c.m.e"),
    ("Acme", "A-C-M-E"),
    ("Acme", "a_c_m_e"),
    ("Acme", "Ac-me"),
    ("Acme", "Ac-\nme"),
    ("Acme", "𝐀𝐜𝐦𝐞"),
    ("Acme", "Ⓐⓒⓜⓔ"),
    ("Acme", "🅰🅲🅼🅴"),
    ("Acme", "Аcmе"),
    ("Acme", "ᴀᴄᴍᴇ"),
    ("トラベル", "とらべる"),
    ("24/7 Tickets", "24-7 tickets"),
    ("47110815", "47110815"),
    ("Acme", "ΑCΜΕ"),
    ("I.B.M.", "IBM"),
    ("IBM", "I.B.M"),
    ("IBM", "i b m"),
    ("A&B Tours", "A and B Tours"),
    ("Smith and Sons", "Smith & Sons"),
    ("Meridian Travel", "Meri dian Travel"),
    ("Meridian Travel", "Meridian | Travel"),
    ("O'Neill Trips", "ONeill Trips"),
    ("ONeill Trips", "O’Neill Trips"),
    ("Club ٥٤", "Club 54"),
    ("XS", "xs"),
    ("XS", "X.S"),
    ("GT", "gt"),
    ("GT", "ＧＴ"),
    ("XQ", "X\u200bQ"),
    ("XQ", "x\u2060\u200bq"),
    ("XQ", "X.\u200bQ"),
    ("XQ", "X-Q"),
    ("XQ", "x\u2011q"),
    ("XQ", "X Q"),
    ("IT", "I\u200bT"),
    ("H&M", "H & M"),
    ("H&M", "h&m"),
    ("H&M", "H＆M"),
    ("H&M", "h \u200b& M"),
    ("A&M", "a & m"),
    ("A B", "A  B"),
    ("C+", "C\u200b+"),
    ("★★", "★\u2060★"),
    ("Meridian", "M\u3099eridian"),
    ("Meridian", "Me\u093cridian"),
    ("Meridian", "Me\u302aridian"),
    ("Meridian", "Me\ua670rid\u0e34ian"),
    ("Meridian", "Mer\u2800idian"),
    ("Acme Travel", "Acme\u3164Travel"),
    ("ガイド", "カ\u3099イト\u3099"),
    ("携程旅行", "携\u302a程旅行"),
    ("Delta AG", "Delta%20AG"),
    ("Delta AG", "delta%2520ag"),
    ("Delta AG", "D%65lta+AG"),
    ("Delta AG", "Delta&nbsp;AG"),
    ("Delta AG", "Delta&amp;nbsp;AG"),
    ("Müller", "M&uuml;ller"),
    ("Müller", "M&#252;ller"),
    ("Müller", "M&#xFC;ller"),
    ("Müller", "m%C3%BCller"),
    ("Müller", "M\\u00fcller"),
    ("Smith & Sons", "Smith &amp; Sons"),
    ("Delta AG", "Del ta AG"),
]


@pytest.mark.parametrize(("name", "text"), SPELT)
def test_a_name_in_a_spelling_of_it(name: str, text: str) -> None:
    assert strip_marks(Redactor([name], "X").text(f"ask {text} today")) == "ask X today"


OTHERS = [
    # the company, a text that does not speak of it
    ("North", "North stand, row 5"),
    ("North", "Block North 101"),
    ("North", "North Macedonia v Wales"),
    ("North", "go north and then left"),
    ("North", "NORTH GATE"),
    ("North", "gate: North"),
    ("North", "Sector: NORTH, please"),
    ("North", "North, row 3"),
    ("North", "Seats: North, block: B"),
    ("North", "Stand (North), as before"),
    ("101", "Block 101, seats 1-101"),
    ("101", "call 101 at 10.1"),
    ("101", "1-0-1"),
    ("101", "for 101 people"),
    ("Row", "Row 12, Row: 13, row 14"),
    ("Row", "in a row"),
    ("Korea", "South Korea - Mexico"),
    ("South Africa", "South Africa v Mexico"),
    ("A", "Gate A, a ticket"),
    ("Together", "to get her tickets"),
    ("Area", "we are a group"),
    ("Shell", "she'll come"),
    ("ITS", "it's fine, that's all"),
    ("AB", "ab morgen"),
    ("IT", "it is in the mail"),
    ("Everyone", "every one of them"),
    ("1234", "12-34, 1.234 and 12 34"),
    ("Acme", "acmes, macme, acme7"),
    ("Gold", "a gold box"),
    ("携程旅行", "携程，旅行"),
    ("किरण", "कारण"),
    ("किरण", "करण"),
    ("ガイド", "カイト"),
    ("XQ", "row X-Q, gates X Q"),
    ("XQ", "X Q R or W-X-Q"),
    ("XQ", "x q, X, Q; X/Q"),
    ("XA", "Plan X A few tickets"),
    ("X1", "X-1, X 1"),
    ("IT", "I T, I-T"),
    ("A&M", "I am here"),
    ("E.G.", "e.g. this"),
    ("North", "Enter via North"),
    ("North", "please enter through North, not South"),
    ("Mexico", "fly to Mexico City"),
    ("Mexico", "flights from Mexico"),
    ("Mexico", "he is in Mexico City"),
    ("Onto Tickets", "on to tickets"),
    ("Acme", "100%25 &amp; 5%20"),
]


@pytest.mark.parametrize(("name", "text"), OTHERS)
def test_words_that_are_not_theirs(name: str, text: str) -> None:
    assert Redactor([name], "X").text(text) == text


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("North", "ask North about it", "ask X about it"),
        ("North", "for North: 5pm", "for X: 5pm"),
        ("North", "North's guests", "X's guests"),
        ("North", "North complained.", "X complained."),
        ("North", "Thanks North, row 3 is right", "Thanks X, row 3 is right"),
        ("North", "ask North, row 3", "ask X, row 3"),
        ("North", "North, tickets for Mexico", "X, tickets for Mexico"),
        ("North", "North, VIP tickets", "X, VIP tickets"),
        ("North", "gate: North complained", "gate: X complained"),
        ("North", "VIP (North)", "VIP (X)"),
        ("North", "client: North", "client: X"),
        ("Row", "Row complained", "X complained"),
        ("101", "sold to client 101, gate 101", "sold to client X, gate 101"),
        ("101", "ask client 101 now, not for 101 people", "ask client X now, not for 101 people"),
        ("101", "for 101, please", "for X, please"),
        ("South Africa", "tell South Africa today", "tell X today"),
        ("North Ltd", "North Ltd, North stand", "X, North stand"),
        ("North", "booked via North", "booked via X"),
        ("Mexico", "send to Mexico", "send to X"),
        ("Mexico", "go with Mexico", "go with X"),
    ],
)
def test_names_of_every_day_where_they_are_meant(name: str, text: str, read: str) -> None:
    assert Redactor([name], "X").text(text) == read


@pytest.mark.parametrize("name", ["North", "101", "Row", "A", "GT", "South Africa", "Gold"])
@pytest.mark.parametrize("value", ["North 101", "Row", "A", "101", "South Africa v Wales", "GT 4"])
def test_a_seat_or_a_game_is_not_blanked_by_a_name_of_every_day(name: str, value: str) -> None:
    assert Redactor([name], "X").seat(value) == value


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("DeltaAG2026.pdf", "X2026.pdf"),
        ("2026deltaag@post.example", "2026X@post.example"),
        ("deltaag@post.example", "X@post.example"),
        ("https://x.example/?q=Delta%20AG&n=1", "https://x.example/?q=X&n=1"),
        ("M%zz &nosuch; Delta&nbsp;AG 100%", "M%zz &nosuch; X 100%"),
    ],
)
def test_a_name_in_a_link_or_stuck_to_a_number(text: str, read: str) -> None:
    assert Redactor(["Delta AG"], "X").text(text) == read
    assert Redactor(["Delta AG"], "X").seat("DeltaAG2026") == "DeltaAG2026"


def test_a_seat_still_names_nobody() -> None:
    assert Redactor(["Acme", "Blue Heron"], "X").seat("12, was blue-heron's, ACME box") == (
        "12, was X's, X box"
    )


# --- whatever anybody does to a name

NAMES = [
    "Meridian Travel",
    "Işık Turizm",
    "Bjørn Łódź",
    "Zoë Weiß Reisen",
    "IBM",
    "Vantor",
    "Qx9 Hospitality",
    "Путешествия",
    "Οδυσσεύς",
    "شركة النور",
    "携程旅行",
    "여행사",
]
FILLERS = [
    "please",
    "gate 4",
    "5pm",
    "№ 7",
    "привет",
    "بعد",
    "(x2)",
    "2026-06-11",
    "🎫",
    "Meridians",
    "travel",
    "ναι",
    "Mexico v South Africa",
    "row 12, seat 101",
    "IBMs",
    "旅馆",
]
IGNORABLE = "\u00ad\u200b\u202c\u202e\u034f\u200c\u200d\u2060\ufe0e\ufe0f\U000e0100\u180b\u2062\x01"
MARKS = "\u0301\u0308\u0323\u0327\u0336\u20dd"
SPACES = [" ", "  ", "\u00a0", "\n", "\u3000", " - ", "_", ".", "\u200b", " \u2009", "/"]


@st.composite
def noisy(draw: st.DrawFn, name: str) -> str:
    """A name in any case, with accents, with what nobody sees, in any spacing."""
    apart = draw(st.sampled_from(["", "", " ", ".", "-", "\u00a0"]))
    words = name.split()
    written = []
    for word in words:
        letters = []
        for letter in word:
            made = draw(st.sampled_from([letter, letter.upper(), letter.lower()]))
            if made.isascii() and made.isalpha() and draw(st.booleans()):
                made += draw(st.sampled_from(MARKS))
            if draw(st.integers(0, 3)) == 0:
                made += draw(st.sampled_from(IGNORABLE.replace("\u200b", "")))
            letters.append(made)
        written.append(apart.join(letters))
    return draw(st.sampled_from(SPACES)).join(written)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    """(a text, what is left of it)."""
    text = read = draw(st.sampled_from(FILLERS))
    for _ in range(draw(st.integers(1, 4))):
        filler = draw(st.sampled_from(FILLERS))
        text += f" : {draw(st.sampled_from(NAMES).flatmap(noisy))} ; {filler}"
        read += f" : X ; {filler}"
    return text, read


def _names_go(case: tuple[str, str]) -> None:
    text, read = case
    assert strip_marks(Redactor(NAMES, "X").text(text)) == read


def strip_marks(text: str | None) -> str:
    """What nobody sees may stand beside a name."""
    return "".join(c for c in text or "" if c not in IGNORABLE + MARKS)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(texts())
def test_no_name_survives_and_no_other_word_changes(case: tuple[str, str]) -> None:
    _names_go(case)


@pytest.mark.slow
@settings(max_examples=3_000, deadline=None)
@given(texts())
def test_no_name_survives_and_no_other_word_changes_at_length(case: tuple[str, str]) -> None:
    _names_go(case)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=6), max_size=4), st.text(max_size=40))
@example(["A"], "A")
@example(["\u0301"], "\u0301a")
@example(["\ufdfa"], "\ufdfa x")
def test_any_names_and_any_text(found: list[str], text: str) -> None:
    redactor = Redactor(found, "X")
    for read in (redactor.text(text), redactor.seat(text)):
        assert read is not None
        assert read == text or "X" in read
    letters = Letters(text)
    assert len(letters.text) == len(letters.starts) == len(letters.ends) == len(letters.gaps) - 1
    assert all(a < b <= len(text) for a, b in zip(letters.starts, letters.ends, strict=True))


# --- in books


def supplier_row(desk: DispatchDesk, **cells: Any) -> dict[str, Any]:
    desk.write("S1-1", **cells)
    state = State.of(desk.store.read(*SHEETS))
    unit = state.units["P00001"]
    return suppliers.row_values(state, "SALVI", unit, state.tickets["S1-1"])


@pytest.mark.parametrize("company", ["North", "North Ltd", "101", "Row"])
def test_seats_stay_where_a_client_is_called_like_one(desk: DispatchDesk, company: str) -> None:
    seat = {"block": "North 101", "seat_row": "Row 101", "seat": "101", "game": "North Korea v X"}
    read = supplier_row(desk, company=company, **seat, first_name="Oliver", last_name="North")
    assert {name: read[name] for name in seat} == seat
    assert (read["first_name"], read["last_name"]) == ("Oliver", "North")
    read = supplier_row(
        desk, company=company, first_name=company.split(maxsplit=1)[0], last_name="guest 2"
    )
    assert (read["first_name"], read["last_name"]) == ("MIRRA", None)


def test_a_vendor_of_two_letters_is_no_secret_of_seats_alone(desk: DispatchDesk) -> None:
    desk.buy(("M01", "Cat 1", 1), vendor="XQ")
    read = supplier_row(desk, comment="not from XQ, from xq", block="XQ")
    assert read["comment"] == "not from our supplier, from our supplier"
    assert read["block"] == "XQ"
    state = State.of(desk.store.read(*SHEETS))
    shown = clients.shown_to_client(state, state.tickets["S1-1"], "comment")
    assert "xq" not in shown.casefold()


def test_a_short_name_without_its_ending_is_no_other_word(desk: DispatchDesk) -> None:
    read = supplier_row(desk, company="AB Ltd", comment="ab 5 Uhr, AB weiss es, AB Ltd auch")
    assert read["comment"] == "ab 5 Uhr, MIRRA weiss es, MIRRA auch"


@pytest.mark.parametrize(
    ("company", "address", "tells"),
    [
        ("Acme Travel", "ana@acme.example", True),
        ("Acme Travel", "ana@acme-travel.co.uk", True),
        ("Acme Travel", "ana@mail.acmetravel.com", True),
        ("Acme Travel Ltd", "ana@ACME.COM", True),
        ("Acme Travel", "acme.travel@mail.example", True),
        ("Acme Travel", "ana@travel.com", False),
        ("Acme Travel", "ana@guest.example", False),
        ("Acme Travel", "ana@example.acme", False),
        ("Müller Reisen", "a@mueller.de", True),
        ("Müller Reisen", "a@xn--mller-kva.de", True),
        ("Müller Reisen", "a@muller.de", True),
        ("North", "a@north.example", True),
        ("IBM", "a@ibm.com", True),
        ("XQ", "a@xq.com", True),
        ("AB", "a@about.com", False),
        ("Acme", "nobody", False),
    ],
)
def test_an_address_that_tells_whose_guest_it_is(company: str, address: str, tells: bool) -> None:
    assert names(company, address) is tells


def test_the_office_is_told_of_such_addresses(desk: DispatchDesk) -> None:
    desk.write("S1-1", client_email="ana@acme-travel.example")
    state = State.of(desk.store.read(*SHEETS))
    book = suppliers.book(
        state, "SALVI", suppliers.units_of(state)["SALVI"], suppliers.tickets_by_unit(state)
    )
    (finding,) = told(state, book)
    assert (finding.code, finding.sales_id) == ("ADDRESS_TELLS", "S1-1")
    for word in ("SALVI", "acme-travel.example", "Acme Travel", "S1-1"):
        assert word in finding.message
    desk.write("S1-1", client_email="ana@guest.example")
    state = State.of(desk.store.read(*SHEETS))
    assert told(state, book) == [finding], "of what the book holds"
    again = suppliers.book(
        state, "SALVI", suppliers.units_of(state)["SALVI"], suppliers.tickets_by_unit(state)
    )
    assert told(state, again) == []
