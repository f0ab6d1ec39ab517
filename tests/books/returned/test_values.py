"""Values of all sorts in a file that came back."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from python_calamine import CalamineWorkbook

from tests.books.field import GOOD, Field, filled, put, texts_in
from tests.sampling import some

VALUES: list[tuple[Any, str]] = [
    (123, "123"),
    (12.5, "12.5"),
    (630679135.0, "630679135"),
    (1e20, "100000000000000000000"),
    (True, "TRUE"),
    (False, "FALSE"),
    (datetime(2026, 5, 1), "2026-05-01 00:00:00"),
    (datetime(2026, 5, 1, 13, 30), "2026-05-01 13:30:00"),
    ("  Ana  ", "Ana"),
    ("a\r\nb", "a\nb"),
    ("a\nb", "a\nb"),
    ("0012", "0012"),
    ("TRUE", "TRUE"),
    ("😀👩‍👩‍👧‍👦", "😀👩‍👩‍👧‍👦"),
    ("שלום עולם", "שלום עולם"),
    ("مرحبا \u202eabc", "مرحبا \u202eabc"),
    ("e\u0301 Z\u0351\u0343", "e\u0301 Z\u0351\u0343"),
    ("x" * 5000, "x" * 5000),
    ("😀" * 5000, "😀" * 5000),
    ("\u200b", "\u200b"),
    ("#N/B", "#N/B"),
    ("<b>&amp;", "<b>&amp;"),
    (CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end"), "plain bold end"),
]


@pytest.mark.parametrize("first", [0, 9, 18])
def test_any_value_is_taken_as_text(first: int, event: Field) -> None:
    some = VALUES[first : first + 9]
    heard = event.pull(
        filled(event, put(**{f"AF{row}": typed for row, (typed, _) in enumerate(some, start=5)}))
    )
    assert heard.changed == GOOD | {
        (f"S1-{i}", "Comment"): stored for i, (_, stored) in enumerate(some, start=2)
    }
    assert heard.codes == []


def test_text_that_looks_like_a_formula_stays_text_in_the_master(event: Field) -> None:
    texts = [
        "=1+1",
        "+33 6 12",
        "-x",
        "@home",
        "\t=1",
        "=cmd|'/C calc'!A0",
        "'=1",
        '=HYPERLINK("http://x.example")',
    ]
    heard = event.pull(filled(event, texts_in("AF", texts)))
    assert heard.changed == GOOD | {
        (f"S1-{i}", "Comment"): typed.strip() for i, typed in enumerate(texts, start=2)
    }
    book = openpyxl.load_workbook(event.workbook)
    meant = {typed.strip() for typed in texts}
    kinds = [
        c.data_type for sheet in book for row in sheet.iter_rows() for c in row if c.value in meant
    ]
    assert set(kinds) == {"s"}
    assert len(kinds) >= 2 * len(texts), "in Distribution and in the vault"


def test_a_text_that_is_too_long_is_reported(event: Field) -> None:
    lengths = {"AF5": 5001, "AF6": 32_767, "AB7": 32_767, "AC8": 201, "AD9": 32_767, "AE10": 300}
    texts = {
        cell: "x" * length if cell != "AE10" else "x" * 286 + "@guest.example"
        for cell, length in lengths.items()
    }
    heard = event.pull(filled(event, put(**texts)))
    assert [code for code in heard.codes if code[0] == "TOO_LONG"] == [
        ("TOO_LONG", row) for row in range(5, 11)
    ]
    assert heard.changed == GOOD
    assert all(len(message) < 400 for message in heard.messages)


def test_escaped_characters_leave_no_control_character_in_the_master(event: Field) -> None:
    raw = [
        "a_x0000_b",
        "a_x0001_b",
        "a_x000B_b",
        "_xD83D_",
        "a_xD83D__xDE00_b",
        "_xFFFF_",
        "_x005F_x0041_",
        "a_x0009_b",
    ]
    heard = event.pull(filled(event, texts_in("AF", raw)))
    assert {key: value for key, value in heard.changed.items() if key in GOOD} == GOOD
    assert heard.changed.keys() <= GOOD.keys() | {(f"S1-{i}", "Comment") for i in range(2, 10)}
    read = CalamineWorkbook.from_path(event.workbook).get_sheet_by_name("Distribution").to_python()
    held = "".join(str(value) for row in read for value in row)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\uffff]", held)


def test_a_name_is_one_line(event: Field) -> None:
    heard = event.pull(
        filled(event, put(AC5=" Ana\nMaria\t ", AD5="de  la\r\nCruz", AE5="ana@guest.example\n"))
    )
    assert heard.changed == GOOD | {
        ("S1-2", "First name"): "Ana Maria",
        ("S1-2", "Last Name"): "de la Cruz",
        ("S1-2", "Client Email"): "ana@guest.example",
    }


GOOD_ADDRESSES = (
    "a@b.co",
    "first.last+tag@sub.guest.example.com",
    "o'neil@guest-house.com",
    "x" * 64 + "@guest.com",
    "user_1@guest.museum",
    "!#$%&'*+/=?^_`{|}~-@guest.com",
    "ana@xn--bcher-kva.com",
    "1@2.com",
)
BAD_ADDRESSES = (
    "ana",
    "ana@",
    "@guest.com",
    "ana@guest",
    "ana@guest.",
    "ana@.guest.com",
    "ana@@guest.com",
    "ana guest@guest.com",
    "ana@guest..com",
    ".ana@guest.com",
    "ana.@guest.com",
    "a..b@guest.com",
    "ana@-guest.com",
    "ana@guest-.com",
    "ana@gu_est.com",
    "ana@guest.com, bo@guest.com",
    "ana@guest.com;bo@guest.com",
    "Ana <ana@guest.com> and Bo",
    "Ana <ana>",
    "Ana <ana@guest.com>, Bo <bo@guest.com>",
    "bo@guest.com <ana@guest.com>",
    "ana@[127.0.0.1]",
    "ana@127.0.0.1",
    "mailto:ana@guest.com,bo@guest.com",
    "n/a",
    "-",
    "ana@" + "x" * 64 + ".com",
)


def test_addresses_by_the_rfc(event: Field) -> None:
    good = {f"AE{row}": address for row, address in enumerate(GOOD_ADDRESSES, start=5)}
    heard = event.pull(filled(event, put(**good)))
    assert not [code for code in heard.codes if code[0] != "INCOMPLETE"]
    assert heard.changed == GOOD | {
        (f"S1-{i}", "Client Email"): address for i, address in enumerate(GOOD_ADDRESSES, start=2)
    }


@pytest.mark.parametrize("first", range(0, len(BAD_ADDRESSES), 9))
def test_bad_addresses_by_the_rfc(first: int, event: Field) -> None:
    some = BAD_ADDRESSES[first : first + 9]
    heard = event.pull(
        filled(event, put(**{f"AE{row}": address for row, address in enumerate(some, start=5)}))
    )
    assert [code for code in heard.codes if code[0] == "BAD_EMAIL"] == [
        ("BAD_EMAIL", row) for row in range(5, 5 + len(some))
    ]
    assert heard.changed == GOOD


@pytest.mark.parametrize(
    "pasted",
    some(
        [
            "Björn <bjorn@x.se>",
            '"Berg, Björn" <bjorn@x.se>',
            "<bjorn@x.se>",
            "Björn Berg<bjorn@x.se>;",
            "mailto:bjorn@x.se",
            "MAILTO: bjorn@x.se?subject=Tickets",
            "Björn <mailto:bjorn@x.se>",
            "Björn\n<bjorn@x.se>",
        ],
        4,
    ),
)
def test_an_address_as_a_mail_program_copies_it(pasted: str, event: Field) -> None:
    book = filled(event, put(AE5=pasted))
    heard = event.pull(book)
    assert not [code for code in heard.codes if code[0] != "INCOMPLETE"]
    assert heard.changed == GOOD | {("S1-2", "Client Email"): "bjorn@x.se"}
    assert not event.pull(book).changed


def test_a_local_part_of_65_characters(event: Field) -> None:
    heard = event.pull(filled(event, put(AE5="x" * 65 + "@guest.com")))
    assert ("BAD_EMAIL", 5) in heard.codes
