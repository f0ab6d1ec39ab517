"""`undo` and `log` through the real command line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.workbooks import manager_of
from tests.conftest import ROOT, Runner
from tests.trail import rows_of

ADD = ("sale", "add", "--line", "M1:Cat 1:1@50", "--client")
CANCEL = ("--confirm", "UNDO", "--reason", "x")


@pytest.fixture(scope="session")
def source() -> Path:
    return ROOT / "sample_workbooks" / "small.xlsx"


@pytest.fixture
def environment(book: Path, tmp_path: Path) -> dict[str, str]:
    return manager_of(book, tmp_path) | {"HOME": str(tmp_path)}


def column(book: Path, sheet: str, header: str, header_row: int = 1) -> list[Any]:
    opened = openpyxl.load_workbook(book)[sheet]
    place = next(cell.column for cell in opened[header_row] if cell.value == header)
    return [row[place - 1].value for row in opened.iter_rows(min_row=header_row + 1)]


def put(book: Path, sheet: str, place: str, value: Any) -> None:
    opened = openpyxl.load_workbook(book)
    opened[sheet][place].value = value
    opened.save(book)


def reverse(book: Path, sheet: str, header_row: int) -> None:
    """The records upside down, as a sort would put them."""
    opened = openpyxl.load_workbook(book)
    table = opened[sheet]
    rows = [[cell.value for cell in row] for row in table.iter_rows(min_row=header_row + 1)]
    for number, values in enumerate(reversed(rows), start=header_row + 1):
        for place, value in enumerate(values, start=1):
            table.cell(number, place).value = value
    opened.save(book)


def run_ids(here: Runner) -> list[str]:
    return [one["run_id"] for one in here("log", "--json").json["result"]["transactions"]]


@pytest.mark.slow
def test_sorted_ledgers_give_the_cancelled_sale_back_and_no_other(here: Runner, book: Path) -> None:
    before = {
        name: dict(zip(column(book, "Sales", "SalesID"), column(book, "Sales", name), strict=True))
        for name in ("Status", "Client")
    }
    for sale in ("S3", "S5"):
        assert here("sale", "cancel", sale, *CANCEL, "--force").code == 0
    reverse(book, "Sales", 1)
    reverse(book, "Distribution", 2)
    done = here("undo", "-y")
    assert done.code == 0, done.err
    assert "cell by cell" in done.err
    status = dict(
        zip(column(book, "Sales", "SalesID"), column(book, "Sales", "Status"), strict=True)
    )
    assert status == before["Status"] | {"S3": "CANCELLED"}
    assert [sale for sale in column(book, "_REFUNDS", "SalesID") if sale] == ["S3"]


def test_who_and_when_are_told_and_times_are_times(here: Runner) -> None:
    assert here("sale", "cancel", "S3", *CANCEL, "--force").code == 0
    told = here("undo", "-n")
    (run_id,) = run_ids(here)
    assert f"would undo {run_id} · sale cancel S3 by ana at 20" in told.out
    moments = [line for line in told.out.splitlines() if "CreatedAt" in line or "Timestamp" in line]
    assert len(moments) == 2
    assert all(f"20{run_id[3:5]}-{run_id[5:7]}-{run_id[7:9]} " in line for line in moments), moments
    assert "datetime" not in told.out
    result = here("undo", "-y", "--json").json["result"]
    assert (result["user"], result["exact"], result["stays"], result["passed_over"]) == (
        "ana",
        True,
        [],
        [],
    )


def test_an_older_command_is_asked_about_first(here: Runner, book: Path) -> None:
    assert here(*ADD, "Zulu").code == 0
    assert here(*ADD, "Alpha").code == 0
    assert here("sale", "cancel", "S3", *CANCEL, "--force").code == 0
    third, second, first = run_ids(here)
    before = book.read_bytes()
    refused = here("undo", second)
    assert (refused.code, "is not the last command" in refused.err) == (2, True)
    assert book.read_bytes() == before
    assert here("undo", second, "-y").code == 0
    clients = column(book, "Sales", "Client")
    assert "Zulu" in clients
    assert "Alpha" not in clients
    rested = here("undo", first, "-y")
    assert rested.code in (0, 4)
    assert here("undo", third.lower(), "-y").code == 0
    unknown = here("undo", "R19990101-000000", "-y")
    assert (unknown.code, len(unknown.err.splitlines())) == (3, 1)


@pytest.mark.slow
def test_what_rests_on_an_older_command_is_named(here: Runner, book: Path) -> None:
    assert here(*ADD, "Zulu").code == 0
    sale = next(
        s
        for s, c in zip(
            column(book, "Sales", "SalesID"), column(book, "Sales", "Client"), strict=True
        )
        if c == "Zulu"
    )
    assert here("sale", "cancel", sale, *CANCEL).code == 0
    last, first = run_ids(here)
    before = book.read_bytes()
    refused = here("undo", first, "-y")
    assert refused.code == 4
    assert f"{last} (sale cancel {sale}) depends on it" in refused.err
    assert book.read_bytes() == before


@pytest.mark.slow
def test_no_undo_brings_a_plaintext_password_back(here: Runner, book: Path) -> None:
    put(book, "_PURCHASE_UNITS", "V2", "canary-1")
    assert here("credentials", "seal", "-y").code == 0
    before = book.read_bytes()
    refused = here("undo", "-y")
    assert refused.code == 4
    assert "plain text" in refused.err
    assert "canary" not in refused.err + refused.out
    assert book.read_bytes() == before


@pytest.mark.slow
def test_a_workbook_apart_from_its_folder_is_noticed(here: Runner, book: Path) -> None:
    assert here("sale", "cancel", "S3", *CANCEL, "--force").code == 0
    older = book.read_bytes()
    assert here("sale", "cancel", "S5", *CANCEL, "--force").code == 0
    newest = book.read_bytes()
    last, first = run_ids(here)
    for content, said in ((older, f"it is as it was after {first}"), (newest, "")):
        book.write_bytes(content)
        log = here("log")
        assert (log.code == 1, said in log.out) == (bool(said), True)
    book.write_bytes(older)
    assert here("undo", "-y").code == 4
    assert book.read_bytes() == older
    copy = book.with_name("copy.xlsx")
    shutil.copy(book, copy)
    alone = here("undo", "-y", "-w", str(copy))
    assert alone.code == 4
    assert "copied or renamed" in alone.err
    other = ROOT / "sample_workbooks" / "small.xlsx"
    book.write_bytes(other.read_bytes())
    put(book, "Sales", "A2", None)
    foreign = here("undo", "-y")
    assert foreign.code in (4, 5)
    assert len(foreign.err.splitlines()) == 1
    assert last


@pytest.mark.slow
def test_doctor_fix_is_taken_back_whole_or_said(here: Runner, book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    for name in ("_ALLOCATION_PREVIEW", "_SALES_RECON_AUDIT", "_IMPORT_META"):
        del opened[name]
    opened.save(book)
    names = openpyxl.load_workbook(book).sheetnames
    assert here("doctor", "--fix", "-y").code in (0, 1)
    assert len(openpyxl.load_workbook(book).sheetnames) > len(names)
    put(book, "Sales", "M2", "typed since")  # so that it goes cell by cell
    done = here("undo", "-y")
    assert done.code == 0, done.err
    assert openpyxl.load_workbook(book).sheetnames == names
    assert openpyxl.load_workbook(book)["Sales"]["M2"].value == "typed since"
    assert rows_of(book.read_bytes(), "Sales")
