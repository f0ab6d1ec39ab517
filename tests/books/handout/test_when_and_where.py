"""What a book says besides its tickets: when and where the match is, from whom the book is, what a
status means, and what is not shown where it is empty."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace

from tests.books.builders import Event, hidden_letters, make_event
from tests.desk import Desk
from ticketops.books.file_writer import write_book
from ticketops.domain.catalogue.fixtures import kick_off
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.schema.book_layouts import CLIENT_LAYOUT, Book, BookRow, file_name
from ticketops.schema.layouts.event import BOOKS, DISTRIBUTION, SALES, SCHEDULE
from ticketops.services.book_parties import paths_of


@pytest.fixture
def event() -> Event:
    made = make_event()
    made.desk.type_rows(
        SCHEDULE,
        [
            {
                "match": "M01",
                "date": datetime(2026, 6, 11),
                "time": "1 pm (GMT-6)",
                "city": "Mexico City · Estadio Azteca",
            },
            {"match": "M02"},
        ],
    )
    return Event(made.desk, State.of(made.desk.store.read(*SHEETS)))


def sheet_of(book: Book, tmp_path: Path) -> openpyxl.worksheet.worksheet.Worksheet:
    write_book(book, tmp_path / "book.xlsx")
    return openpyxl.load_workbook(tmp_path / "book.xlsx").worksheets[0]


def said(sheet: openpyxl.worksheet.worksheet.Worksheet, row: int, *heads: str) -> list[object]:
    places = {cell.value: cell.column for cell in sheet[3]}
    return [sheet.cell(row, places[head]).value for head in heads]


WHEN = ("Match day", "Kick-off", "City and stadium", "Stage")
M01 = [datetime(2026, 6, 11), "13:00 UTC-6", "Mexico City · Estadio Azteca", "Group stage"]


def test_every_book_says_when_and_where(event: Event, tmp_path: Path) -> None:
    assert said(sheet_of(event.client(), tmp_path), 4, *WHEN) == M01
    assert said(sheet_of(event.supplier(), tmp_path), 4, *WHEN) == M01, "unsold ones, too"
    staff = sheet_of(event.staff(), tmp_path)
    assert said(staff, 4, "Match", *WHEN) == ["M01", *M01]


def test_a_status_is_put_into_words(event: Event, tmp_path: Path) -> None:
    client = sheet_of(event.client(), tmp_path)
    assert [said(client, row, "Status", "In words") for row in range(4, 8)] == [
        ["SENT", "sent – did it arrive?"],
        ["NOT_SENT", "not sent yet"],
        ["ISSUE", "something is wrong"],
        ["NOT_SENT", "no ticket yet"],
    ]
    supplier = sheet_of(event.supplier(), tmp_path)
    assert [said(supplier, row, "In words") for row in (4, 6)] == [
        ["not sold yet"],
        ["please send it"],
    ]


def test_tickets_that_wait_for_approval_are_named(event: Event, tmp_path: Path) -> None:
    desk = event.desk
    row = desk.rows(SALES, "sales_id").index("S1") + 2
    desk.set(SALES, row, "status", "PENDING_APPROVAL")
    waiting = Event(desk, State.of(desk.store.read(*SHEETS))).client()
    sheet = sheet_of(waiting, tmp_path)
    assert said(sheet, 5, "In words") == ["waiting for our confirmation"]
    assert said(sheet, 8, "In words") == ["not sent yet"], "another sale"


def test_an_inv_no_is_shown_where_any_row_has_one(event: Event, tmp_path: Path) -> None:
    assert "N" in hidden_letters(sheet_of(event.client(), tmp_path))
    event.desk.set(DISTRIBUTION, 3, "inv_no", "626005399-UP")
    filled = Event(event.desk, State.of(event.desk.store.read(*SHEETS))).client()
    sheet = sheet_of(filled, tmp_path)
    assert "N" not in hidden_letters(sheet)
    assert sheet["N4"].value == "626005399-UP"


def test_sender_and_contact_stand_above_below_and_in_the_help(event: Event, tmp_path: Path) -> None:
    book = event.client()
    signed = replace(book, sender="MM Tickets & Co", contact="tickets@mm.example")
    sheet = sheet_of(signed, tmp_path)
    above = [cell.value for cell in sheet[1] if cell.value]
    assert above[1] == "MM Tickets & Co · tickets@mm.example"
    assert "MM Tickets && Co · tickets@mm.example" in sheet.oddFooter.center.text
    help_ = openpyxl.load_workbook(tmp_path / "book.xlsx")["How to"]
    lines = [cell.value or "" for (cell,) in help_.iter_rows()]
    assert any("Questions? MM Tickets & Co · tickets@mm.example" in line for line in lines)
    assert signed.contents_hash() != book.contents_hash(), "a new sender makes a new book"
    assert signed.base_hash() == book.base_hash(), "and the old one is still read"


def test_columns_are_as_wide_as_what_they_hold(tmp_path: Path) -> None:
    rows = [
        BookRow("S1-1", {"game": "Mexico vs South Africa, the opening", "company": "東京" * 9}),
        BookRow("S1-2", {"game": "x" * 300, "category": "Cat 1"}),
    ]
    sheet = sheet_of(Book(CLIENT_LAYOUT, "g", "G", rows), tmp_path)
    wide = {letter: sheet.column_dimensions[letter].width for letter in "LMO"}
    assert 44 <= wide["L"] < 46, "what is longer is wrapped"
    assert sheet["L5"].alignment.wrap_text
    assert 37 <= wide["M"] < 39, "a wide character takes two"
    assert sheet.page_setup.paperSize == 9
    assert sheet.page_setup.fitToWidth == 2, "so many pages side by side that they can be read"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13:00 UTC-6", "13:00 UTC-6"),
        ("7 pm (GMT+5:30)", "19:00 UTC+5:30"),
        ("19:00Z", "19:00 UTC"),
        ("21h00", "21:00 local time"),
        ("09:30:00", "09:30 local time"),
        ("09:00-11:30", "09:00-11:30"),
        ("13:00 UTC-6 (gates 10:00)", "13:00 UTC-6 (gates 10:00)"),
        ("TBD", "TBD"),
        ("#N/A", None),
        ("  ", None),
        (None, None),
    ],
)
def test_kick_offs(text: str | None, shown: str | None) -> None:
    assert kick_off(text) == shown


@pytest.mark.parametrize(
    ("party", "called", "name"),
    [
        ("château", "Château VIP", "CLIENT - Château VIP.xlsx"),
        ("acme", "", "CLIENT - acme.xlsx"),
        ("bright coast", "Bright Coast Inc.", "CLIENT - Bright Coast Inc.xlsx"),
    ],
)
def test_a_file_is_called_as_its_client_is_spelled(party: str, called: str, name: str) -> None:
    assert file_name("client", party, called) == name


def test_what_no_file_may_be_called_is_made_harmless() -> None:
    one, other = (file_name("client", party, "A/B: Travel") for party in ("a/b", "a:b"))
    assert one != other
    assert all("/" not in name and ":" not in name for name in (one, other))


def test_no_two_clients_share_a_file(tmp_path: Path) -> None:
    """Whatever a file system allows in a name, and makes of case."""
    desk = Desk(role="ops_manager")
    for name in ("A/B Tours", "A:B Tours", "Bolt"):
        desk.sell(("M01", "Cat 1", 1), client=name)
    snapshot = desk.store.read(*SHEETS, BOOKS)
    state = State.of(snapshot)
    groups = list(state.client_titles)
    assert sorted(state.client_titles.values()) == ["A/B Tours", "A:B Tours", "Bolt"]
    paths = paths_of(state, "client", groups, snapshot, tmp_path, Path)
    names = {unicodedata.normalize("NFKC", path.name).casefold() for path in paths.values()}
    assert len(names) == 3
    assert "client - bolt.xlsx" in names
