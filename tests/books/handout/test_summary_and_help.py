"""The summary, the help and the hidden sheet of books as files."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.books.builders import BOOK_ID, BUILT, kinds
from tests.books.handout.made import Made
from ticketops.books.file_writer import write_book
from ticketops.schema.book_layouts import CLIENT_LAYOUT, Book, BookRow


@kinds
def test_the_summary_counts_and_holds_its_value_now(kind: str, shelf: dict[str, Made]) -> None:
    at, counting, value = {
        # of the open rows 4–6 and 8 only row 4 has an address; row 7 has no ticket and is not
        # missed
        "client": ("J2", "COUNTBLANK(AE4:AE6)+COUNTBLANK(AE8:AE8)", "3 rows still missing e-mail"),
        "supplier": ("A2", 'COUNTIF(AD6:AD7,"NOT_SENT")', "2 tickets to send"),
        "staff": ("A2", 'COUNTIF(Q4:Q4,"NOT_SENT")', "all tickets are sent"),
    }[kind]
    made = shelf[kind]
    assert made.sheet[at].value.count(counting) == 1
    assert (
        openpyxl.load_workbook(made.path, data_only=True)[made.book.layout.sheet][at].value == value
    )


@pytest.mark.parametrize("runs", [1, 149, 150, 151, 400])
def test_the_summary_of_many_runs_of_rows(runs: int, tmp_path: Path) -> None:
    """Alternately with and without a ticket; one in three has an address."""
    rows = [
        BookRow(
            f"S{i}-1",
            {"key": f"S{i}-1", "client_email": "a@guest.example" if i % 3 == 0 else None},
            frozenset({"client_email"}) if i % 2 == 0 else frozenset(),
            "P1",
        )
        for i in range(runs * 2)
    ]
    path = tmp_path / "many.xlsx"
    write_book(Book(CLIENT_LAYOUT, "g", "G", rows, BOOK_ID, BUILT), path)
    missing = sum(1 for i in range(0, runs * 2, 2) if i % 3)
    assert openpyxl.load_workbook(path, data_only=True)["Tickets"]["J2"].value == (
        f"{missing} rows still missing e-mail" if missing else "all addresses are there"
    )
    formula = openpyxl.load_workbook(path)["Tickets"]["J2"].value
    assert len(formula) < 8192, "Excel's limit"
    assert formula.count("COUNTBLANK") in (runs, 0)


@kinds
def test_title_help_and_order_of_the_sheets(kind: str, shelf: dict[str, Made]) -> None:
    made = shelf[kind]
    main = {"client": "Tickets", "supplier": "Supplier", "staff": "_MY_TASKS"}[kind]
    assert made.file.sheetnames == [main, "How to", "_base"]
    assert [made.file[name].sheet_state for name in made.file.sheetnames] == [
        "visible",
        "visible",
        "veryHidden",
    ]
    assert made.file.active.title == main
    title = {
        "client": ("J1", "Meridian Travel VIP"),
        "supplier": ("A1", "POVAMI"),
        "staff": ("A1", "kim@desk.example"),
    }[kind]
    assert made.sheet[title[0]].value == f"{title[1]} · 2026-05-02 09:30"
    help_lines = [row[0] for row in made.file["How to"].iter_rows(values_only=True) if row[0]]
    assert len(help_lines) > 4
    assert all(len(line) < 250 for line in help_lines)
    assert help_lines[1].startswith("1.  ")


def test_the_hidden_sheet_names_the_book_and_what_its_inputs_held(shelf: dict[str, Made]) -> None:
    rows = list(shelf["client"].file["_base"].iter_rows(values_only=True))
    assert rows[0][:4] == ("ticketops book", BOOK_ID, "client", "2026-05-02 09:30:15")
    assert rows[1] == (
        "key",
        "unit",
        "client_notes",
        "first_name",
        "last_name",
        "client_email",
        "comment",
        "delivery",
    )
    assert rows[2] == (
        "S1-1",
        "P00001",
        "|=1+1",
        "|+Ana",
        "|-Ruiz",
        "|ana@guest.example",
        "|@home",
        "|SENT",
    )
    assert [row[0] for row in rows[2:]] == ["S1-1", "S1-2", "S1-3", "S1-4", "S3-1"]
    assert set("".join(cell[0] for cell in rows[5][2:])) == {"!"}, "nothing of S1-4 is open"
