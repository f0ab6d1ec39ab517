"""A pull that was undone was not read: its file says again what it said, and nobody is told that the
book said it before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.dispatching import Do, client_book, fill, rows_of, supplier_book, tickets_of
from tests.conftest import Result, Runner


def said(here: Runner, file: str) -> tuple[dict[str, Any], list[str]]:
    """What a pull came to, and what it tells of earlier files."""
    done = here("client", "pull", file, "--json")
    told = [f["message"] for f in done.json["findings"] if "before; now" in f["message"]]
    return done.json["result"], told


def undo(here: Runner) -> Result:
    done = here("undo", "-y")
    assert done.code == 0, done.err
    return done


@pytest.fixture
def files(do: Do, book: Path) -> dict[str, str]:
    """{first name that it says of S1-1: file}, all of one book."""
    do("client", "build", "acme")
    made = {}
    for name in ("Augusta", "Adele", "Adela"):
        made[name] = fill(
            client_book(book),
            book.parent / f"{name}.xlsx",
            {"S1-1": {"First name": name}},
            key="Sales ID",
        ).name
    return made


@pytest.mark.slow
def test_what_was_undone_was_not_said(here: Runner, book: Path, files: dict[str, str]) -> None:
    before = tickets_of(book, "First name")
    assert said(here, files["Augusta"])[0]["taken"] == 1
    undo(here)
    assert tickets_of(book, "First name") == before
    result, told = said(here, files["Augusta"])
    assert (result["taken"], result["edits"], told) == (1, 1, [])
    undo(here)
    result, told = said(here, files["Adele"])
    assert (result["taken"], told) == (1, [])
    assert tickets_of(book, "First name")["S1-1"] == "Adele"


@pytest.mark.slow
def test_what_was_said_before_that_still_counts(
    here: Runner, book: Path, files: dict[str, str]
) -> None:
    said(here, files["Augusta"])
    _result, told = said(here, files["Adele"])
    assert ["'Augusta' before; now 'Adele'" in one for one in told] == [True]
    undo(here)
    assert tickets_of(book, "First name")["S1-1"] == "Augusta"
    result, _told = said(here, files["Augusta"])
    assert (result["taken"], result["edits"]) == (0, 0)
    _result, told = said(here, files["Adela"])
    assert ["'Augusta' before; now 'Adela'" in one for one in told] == [True]


@pytest.mark.slow
def test_also_cell_by_cell_and_for_an_older_one(
    here: Runner, book: Path, files: dict[str, str]
) -> None:
    said(here, files["Augusta"])
    transactions = here("log", "--json").json["result"]["transactions"]
    run_id = next(t["run_id"] for t in transactions if t["command"].startswith("client pull"))
    line = ("--match", "M01", "--vendor", "Viagogo", "--line", "Cat 3:1@9")
    assert here("purchase", "add", *line).code in (0, 1)
    loaded = openpyxl.load_workbook(book)
    loaded["Sales"]["Z40"] = "seen"
    loaded.save(book)
    done = here("undo", run_id, "-y")
    assert done.code == 0, done.err
    result, told = said(here, files["Augusta"])
    assert (result["taken"], told) == (1, [])


def test_a_line_below_the_tickets_is_an_issue_again(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "acme")
    target = book.parent / "line.xlsx"
    loaded = openpyxl.load_workbook(client_book(book))
    sheet = loaded.worksheets[0]
    row = max(cell.row for cell in sheet["L"] if "missing or wrong" in str(cell.value))
    sheet[f"AF{row}"] = "the ticket for Joe is missing"
    loaded.save(target)
    codes = []
    for _ in range(2):
        done = here("client", "pull", target.name, "--json")
        codes.append(sorted(f["code"] for f in done.json["findings"]))
        undo(here)
    assert codes == [["CLIENT_ISSUE"], ["CLIENT_ISSUE"]]


@pytest.mark.slow
def test_a_suppliers_word_too(here: Runner, do: Do, book: Path) -> None:
    do("supplier", "build", "BEE")
    key = next(
        iter(
            rows_of(
                supplier_book(book), openpyxl.load_workbook(supplier_book(book)).sheetnames[0], 3
            )
        )
    )["ID"]
    fill(supplier_book(book), book.parent / "s.xlsx", {key: {"Delivery": "UPLOADED"}}, key="ID")
    results = []
    for _ in range(2):
        done = here("supplier", "pull", "s.xlsx", "--json")
        results.append((done.json["result"]["taken"], tickets_of(book, "Delivery")[key]))
        undo(here)
    assert results[0] == results[1] == (1, "UPLOADED")
