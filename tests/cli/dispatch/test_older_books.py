"""Books that an older version made: called by their group, without the columns of ours. They are
read where they stand, and made anew under the name that they have."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from tests.cli.dispatching import Do, client_book
from tests.conftest import Runner

OF_OURS = ("Match day", "Kick-off", "City and stadium", "Stage", "In words")


def as_it_was(book: Path) -> Path:
    """The client's book as the version before made it, filled in for one guest."""
    new, old = client_book(book), book.parent / "books" / "CLIENT - acme.xlsx"
    file = openpyxl.load_workbook(new)
    sheet = file.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[3]}
    for row in sheet.iter_rows(min_row=3):
        for cell in row:
            if cell.column in [places[name] for name in OF_OURS]:
                cell.value = None
    row = next(r for r in range(4, 12) if sheet.cell(r, places["Sales ID"]).value == "S1-3")
    for head, text in (("First name", "Old"), ("Last Name", "Hand")):
        sheet.cell(row, places[head], text)
    sheet.cell(row, places["Client Email"], "old.hand@guests.example.com")
    file.save(old)
    new.unlink()
    whole = openpyxl.load_workbook(book)
    for cells in whole["_BOOKS"].iter_rows(min_row=2):
        for cell in cells:
            if cell.value == "books/CLIENT - Acme Ltd.xlsx":
                cell.value = "books/CLIENT - acme.xlsx"
    whole.save(book)
    return old


def test_a_book_keeps_its_name_and_gets_the_new_columns(do: Do, here: Runner, book: Path) -> None:
    do("client", "build", "--all")
    old = as_it_was(book)
    built = do("client", "build", "acme")
    assert [Path(one["file"]).name for one in built["books"]] == ["CLIENT - acme.xlsx"]
    assert not client_book(book).exists(), "no second book beside the old one"
    ticket = here("ticket", "list", "--sale", "S1-3", "--json").json["result"]["tickets"][0]
    assert (ticket["first_name"], ticket["last_name"]) == ("Old", "Hand")
    sheet = openpyxl.load_workbook(old).worksheets[0]
    assert set(OF_OURS) <= {cell.value for cell in sheet[3]}
    assert list((book.parent / "books" / "returned").iterdir()), "what came back is kept"


def test_a_book_that_comes_back_from_outside_is_read(
    do: Do, here: Runner, book: Path, tmp_path: Path
) -> None:
    do("client", "build", "--all")
    back = as_it_was(book).rename(tmp_path / "CLIENT - acme (1).xlsx")
    pulled = do("client", "pull", str(back))
    assert (pulled["taken"], pulled["conflicts"], pulled["refused"]) == (3, 0, 0)
    ticket = here("ticket", "list", "--sale", "S1-3", "--json").json["result"]["tickets"][0]
    assert ticket["client_email"] == "old.hand@guests.example.com"
