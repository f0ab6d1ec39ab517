"""What was written into a file is read from it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.books.builders import BOOK_ID, BUILT, TYPED, edits, kinds, tricky
from tests.books.handout.made import Made
from ticketops.books.file_writer import write_book
from ticketops.schema.book_layouts import CLIENT_LAYOUT, Book, BookRow, Returned, hash_of_base
from ticketops.stores.returned.files import read_returned
from ticketops.stores.returned.reading import read_file


@pytest.mark.slow
@given(guests=st.lists(st.lists(tricky, min_size=5, max_size=5), min_size=1, max_size=4))
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_book_that_nobody_touched_says_nothing_new(
    guests: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What the reader finds in the cells is what the hidden sheet says of them, whatever the text;
    and the base is the book's."""
    untouched(guests, tmp_path_factory.getbasetemp() / "untouched.xlsx")


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "a\x01b",
        "\x1f",
        "a\rb",
        "a\r\nb",
        "_x0001_",
        "_x000D_",
        "a_x000d_b",
        "x005F_",
        "_x005F_x0041_",
        "_x_x0041_0041_",
        "x00x005F_5F_",
        "\ufffe",
        "\uffff",
    ],
)
def test_control_characters_and_what_looks_like_them_say_nothing_new(
    text: str, tmp_path: Path
) -> None:
    untouched([[text] * 5], tmp_path / "untouched.xlsx")


def test_half_a_character_does_not_stop_a_book(tmp_path: Path) -> None:
    untouched([["\ud83d", "a\udc00b", "", "", "\ud83d\ude00"]], tmp_path / "half.xlsx")


def untouched(guests: list[list[str]], path: Path) -> None:
    names = ("client_notes", "first_name", "last_name", "client_email", "comment")
    rows = [
        BookRow(
            f"S{i}-1",
            {"key": f"S{i}-1", "sales_id": f"S{i}-1", **dict(zip(names, texts, strict=True))},
            frozenset(names),
            f"P{i}",
        )
        for i, texts in enumerate(guests, start=1)
    ]
    book = Book(CLIENT_LAYOUT, "g", "G", rows, BOOK_ID, BUILT)
    write_book(book, path)
    back = _returned(path)
    assert hash_of_base(back.base or ()) == book.base_hash()
    assert edits(back) == {}


def _returned(path: Path) -> Returned:
    """Read in this process: fit for trusted files only, but quick."""
    from ticketops.stores.returned.files import _returned as typed

    return typed(path, read_file(path))


@kinds
def test_a_copy_and_openpyxl_keep_what_was_typed(
    kind: str, shelf: dict[str, Made], tmp_path: Path
) -> None:
    made = shelf[kind]
    copy = tmp_path / "a copy.xlsx"
    copy.write_bytes(made.path.read_bytes())
    book = openpyxl.load_workbook(made.path)
    typed = TYPED[kind]
    for place, (_key, _name, text) in typed.items():
        book[made.book.layout.sheet][place] = text
    book.save(tmp_path / "typed.xlsx")
    plain, filled = read_returned([copy, tmp_path / "typed.xlsx"])
    assert edits(plain) == {}
    assert edits(filled) == {(key, name): text for key, name, text in typed.values()}
    for back in (plain, filled):
        assert (back.book_id, back.kind, back.missing, list(back.problems)) == (
            BOOK_ID,
            kind,
            (),
            [],
        )
        assert hash_of_base(back.base or ()) == made.book.base_hash()
