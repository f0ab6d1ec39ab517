"""What people type into the sheet, through the real command line (D15, D16)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.workbooks import cells_of, type_into
from tests.conftest import Result, run_cli

MANAGER = {"TICKETOPS_ROLE": "ops_manager", "TICKETOPS_USER": "anna"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M01 Cat 1: P00001, P00002 of Ann. S1 and S2 want one each."""
    path = tmp_path_factory.mktemp("spelling") / "event.xlsx"
    assert run_cli("init", str(path)).code == 0
    for words in (
        ("purchase", "add", "--match", "M1", "--vendor", "Ann", "--line", "Cat 1:2@100"),
        (
            "sale",
            "add",
            "--client",
            "Acme",
            "--line",
            "M 1:cat 1:1@200",
            "--line",
            "match 1:Cat 1:1@200",
        ),
    ):
        assert run_cli(*words, "-w", str(path), env=MANAGER).code == 0
    shutil.rmtree(path.with_name("event.xlsx.ticketops"))
    return path


@pytest.fixture
def book(source: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(source, tmp_path / "event.xlsx"))


def do(book: Path, *words: str) -> Result:
    return run_cli(*words, "-w", str(book), env=MANAGER)


def column(path: Path, sheet: str, header: str, header_row: int = 1) -> list[Any]:
    found = openpyxl.load_workbook(path)
    rows = list(found[sheet].iter_rows(min_row=header_row, values_only=True))
    found.close()
    place = rows[0].index(header)
    return [row[place] for row in rows[1:] if any(value is not None for value in row)]


def place(path: Path, sheet: str, header: str, row: int, header_row: int = 1) -> str:
    found = openpyxl.load_workbook(path)
    [cell] = [cell for cell in found[sheet][header_row] if cell.value == header][:1]
    return f"{cell.column_letter}{row}"


def write(path: Path, sheet: str, header: str, row: int, value: Any, header_row: int = 1) -> None:
    type_into(path, sheet, **{place(path, sheet, header, row, header_row): value})


def ticket(path: Path, header: str, row: int, value: Any) -> None:
    write(path, "Distribution", header, row, value, 2)


def test_a_cancelled_ticket_gets_no_seat_and_its_cell_stays_as_it_was_typed(book: Path) -> None:
    ticket(book, "Status", 3, "Cancelled ")
    assert do(book, "allocate", "auto", "-y").code == 0
    assert column(book, "Distribution", "AllocatedUnitIDs", 2) == [None, "P00001"]
    assert column(book, "Distribution", "Status", 2) == ["Cancelled ", "ALLOCATED"]


@pytest.mark.parametrize(
    "spelt", ["p00001", "P1", "P 1", "P00001\u200b", "P00001/P00002", "P00001–P00002", "p1 to p2"]
)
def test_a_unit_in_another_spelling_is_not_sold_again(book: Path, spelt: str) -> None:
    ticket(book, "AllocatedUnitIDs", 3, spelt)
    do(book, "allocate", "auto", "-y")
    assert column(book, "Distribution", "AllocatedUnitIDs", 2)[1] == (
        "P00002" if "2" not in spelt else None
    )


def test_what_was_sent_is_neither_sent_again_nor_freed(book: Path) -> None:
    do(book, "allocate", "auto", "-y")
    for header, value in (
        ("First name", "Ann"),
        ("Last Name", "Lee"),
        ("Client Email", "a@example.com"),
        ("Delivery", "Sent"),
    ):
        ticket(book, header, 3, value)
    assert do(book, "staff", "queue").code == 0
    assert column(book, "_STAFF_QUEUE", "DispatchStatus") == ["SENT"]
    assert (
        do(book, "override", "unallocate", "S1", "--confirm", "UNDO", "--reason", "x", "-y").code
        == 4
    )


def test_an_unknown_state_is_named_and_its_row_left_alone(book: Path) -> None:
    ticket(book, "Status", 3, "Cancled")
    done = do(book, "allocate", "auto", "-y", "--json")
    assert done.code == 1
    [told] = [f for f in done.json["findings"] if f["code"] == "UNKNOWN_VALUE"]
    assert (told["sheet"], told["row"], told["severity"]) == ("Distribution", 3, "HIGH")
    assert "'Cancled'" in told["message"]
    assert "did you mean CANCELLED?" in told["message"]
    assert column(book, "Distribution", "AllocatedUnitIDs", 2) == [None, "P00001"]
    refused = do(book, "allocate", "commit", "S1", "-y")
    assert refused.code == 4
    assert "Cancled" in refused.err
    for command in (("audit", "run"), ("staff", "queue"), ("report", "position")):
        assert "UNKNOWN_VALUE" in do(book, *command, "--json").out


def test_a_unit_of_two_rows_is_not_allocated_and_preview_says_why(book: Path) -> None:
    write(book, "_PURCHASE_UNITS", "UnitID", 3, "p1")
    done = do(book, "allocate", "preview", "S1", "--json")
    assert any(
        f["code"] == "KEPT_OUT" and "UNIT_ID_TWICE" in f["message"] for f in done.json["findings"]
    )
    do(book, "allocate", "auto", "-y")
    assert column(book, "Distribution", "AllocatedUnitIDs", 2) == [None, None]


@pytest.mark.slow
def test_undo_brings_every_spelling_back(book: Path) -> None:
    write(book, "_PURCHASE_UNITS", "Status", 2, " Available")
    write(book, "_PURCHASE_UNITS", "Category", 2, "Cat\u00a01")
    write(book, "Sales", "Status", 2, "unallocated")
    before = cells_of(book)
    assert do(book, "allocate", "auto", "-y").code == 0
    assert column(book, "_PURCHASE_UNITS", "Category")[0] == "Cat\u00a01"
    assert do(book, "undo", "-y").code == 0
    kept = {place: value for place, value in cells_of(book).items() if place not in before}
    assert {sheet for sheet, _ in kept} == {"_ALLOC_LOG"}, "what was done stays on record (D19)"
    assert cells_of(book) == before | kept


def test_undo_cell_by_cell_brings_the_spelling_back(book: Path) -> None:
    write(book, "_PURCHASE_UNITS", "Status", 2, " Available")
    assert do(book, "allocate", "auto", "-y").code == 0
    write(book, "Sales", "Notes", 2, "somebody saved")
    assert do(book, "undo", "-y").code == 0
    assert column(book, "_PURCHASE_UNITS", "Status")[0] == " Available"


def test_numbers_for_codes_are_read_as_they_are_shown(book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    sheet = opened["Purchases"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    numbers = (
        (1234567890123456, "0"),
        (777, "000000"),
        (1234567, "000-000"),
        (630679135, "General"),
        (42, '"C-"0000'),
    )
    for row, (number, form) in enumerate(numbers, start=3):
        for header, value in (
            ("Match", "M01"),
            ("Vendor", "V"),
            ("Category", "Cat 1"),
            ("Number", 1),
            ("Price", 1),
            ("Contract", number),
        ):
            sheet.cell(row, heads[header]).value = value
        sheet.cell(row, heads["Contract"]).number_format = form
    opened.save(book)
    done = do(book, "purchase", "expand", "--json")
    assert column(book, "_PURCHASE_UNITS", "Contract")[2:] == [
        "1234567890123460",
        "000777",
        "1234-567",
        "630679135",
        "C-0042",
    ]
    assert [f["row"] for f in done.json["findings"] if f["code"] == "DIGITS_LOST"] == [3]
    assert "DIGITS_LOST" in do(book, "doctor", "--json").out
    assert do(book, "purchase", "expand", "--json").json["changes"] == {}


def test_a_deleted_purchase_lends_its_set_id_to_nobody(book: Path) -> None:
    for vendor in ("Bee", "Cid"):
        do(book, "purchase", "add", "--match", "M01", "--vendor", vendor, "--line", "Cat 1:1@5")
    opened = openpyxl.load_workbook(book)
    opened["Purchases"].delete_rows(3)
    opened.save(book)
    do(book, "purchase", "add", "--match", "M01", "--vendor", "Dee", "--line", "Cat 1:1@5")
    assert column(book, "_PURCHASE_UNITS", "SetID") == [
        "PR0001-S01",
        "PR0001-S01",
        "PR0002-S01",
        "PR0003-S01",
        "PR0004-S01",
    ]
