"""Reconciliation through the command line on a file (§12b): what its columns say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.dispatching import rows_of, tickets_of, type_by_key
from tests.cli.workbooks import done, type_into
from tests.conftest import Runner
from ticketops.cli.main import run

RECON = "_SALES_RECON_AUDIT"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine units of M01 Cat 1; S1 (three) and S2 (two), neither allocated."""
    path = tmp_path_factory.mktemp("recon") / "event.xlsx"
    assert run(["init", str(path), "--event", "WC2026"]) == 0
    type_into(path, "Schedule WC2026", C2="M01", D2="Mexico vs Korea")
    at = ("-w", str(path))
    words = ["purchase", "add", "--match", "M01", "--vendor", "Ann", "--line", "Cat 1:9@100"]
    assert run([*words, *at]) == 0
    for client, line in (("Acme", "M01:Cat 1:3@200"), ("Bolt", "M01:Cat 1:2@200")):
        assert run(["sale", "add", "--client", client, "--line", line, *at]) == 0
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {"TICKETOPS_WORKBOOK": str(book), "TICKETOPS_ROLE": "ops_manager"}


def type_sale(book: Path, **cells: Any) -> None:
    """Somebody types a row below the sales and saves."""
    loaded = openpyxl.load_workbook(book)
    page = loaded["Sales"]
    heads = [cell.value for cell in page[1]]
    row = max(cell.row for cell in page["B"] if cell.value) + 1
    for head, value in cells.items():
        page.cell(row, heads.index(head) + 1).value = value
    loaded.save(book)
    loaded.close()


def lines(book: Path, *columns: str, sheet: str = RECON) -> dict[str, Any]:
    return {row["ID"]: tuple(row[name] for name in columns) for row in rows_of(book, sheet)}


def test_what_apply_made_and_changed_says_touched(here: Runner, book: Path) -> None:
    type_by_key(book, "Sales", "SalesID", {"S1": {"Number": 4}})
    done(here("recon", "run"), 1)
    assert lines(book, "Action")["S1-4"] == ("MISSING_IN_DIST",)
    assert not any(touched for (touched,) in lines(book, "Touched?").values())
    type_by_key(book, RECON, "ID", {"S1-4": {"Process_Now": True}})
    done(here("recon", "apply"))
    for sheet in (RECON, "_SALES_PARENT_RECON"):
        touched = {key for key, (one,) in lines(book, "Touched?", sheet=sheet).items() if one}
        assert touched == {"S1-1", "S1-4"}, "made, and the one whose Sets changed"
    assert {action for (action,) in lines(book, "Action").values()} == {"KEEP"}
    before = book.read_bytes()
    done(here("recon", "run"))
    assert book.read_bytes() == before, "nothing was touched since, nothing is written"


@pytest.mark.parametrize("number", [2, 4])
def test_keep_is_said_only_where_counts_match(here: Runner, book: Path, number: int) -> None:
    type_by_key(book, "Sales", "SalesID", {"S1": {"Number": number}})
    done(here("recon", "run"), 1)
    for row in rows_of(book, "_SALES_PARENT_RECON"):
        expected, actual = row["ExpectedCountFromSales"], row["ActualCountInDistribution"]
        assert (row["Action"] == "KEEP") == (expected == actual), row
        assert ("counts match" in row["Reason"]) == (expected == actual), row


def test_ticking_what_may_stay_does_nothing(here: Runner, book: Path) -> None:
    type_by_key(book, "Sales", "SalesID", {"S1": {"Number": 2}})
    done(here("recon", "run"), 1)
    type_by_key(book, RECON, "ID", {"S1-1": {"Process_Now": True}})
    result = here("recon", "apply", "--json").json["result"]
    assert (result["ticked"], result["refused"], result["rows_deleted"]) == (1, 0, 0)
    assert len(tickets_of(book, "Status")) == 5


def test_a_sale_entered_twice_is_found_by_what_it_says(here: Runner, book: Path) -> None:
    copy = next(row for row in rows_of(book, "Sales") if row["SalesID"] == "S1")
    type_sale(
        book,
        **{name: copy[name] for name in ("Date", "Match", "Client", "Category", "Number", "Price")},
    )
    result = here("recon", "run", "--json").json
    codes = {f["code"] for f in result["findings"]}
    assert "POSSIBLE_DOUBLE" in codes
    assert "S1 and Sales row 4" in result["findings"][0]["message"]
    done(here("sale", "expand"))
    parents = lines(book, "CurrentSalesParentsWithSameBusinessKey", "Action")
    assert parents["S1-1"] == parents["S3-1"] == (2, "KEEP")
    assert parents["S2-1"] == (1, "KEEP")
    found = here("recon", "run", "--json").json["findings"]
    assert [(f["code"], f["severity"], f["sales_id"]) for f in found] == [
        ("POSSIBLE_DOUBLE", "INFO", "S3")
    ]
    assert "S1 and S3 have the same" in found[0]["message"]
    done(here("sale", "cancel", "S3", "--confirm", "UNDO", "--reason", "entered twice"))
    assert here("recon", "run", "--json").json["findings"] == []


def test_lines_of_one_order_are_meant(here: Runner, book: Path) -> None:
    words = ("--client", "Zed", "--line", "M01:Cat 1:1@9", "--line", "M01:Cat 1:1@9")
    done(here("sale", "add", *words))
    assert here("recon", "run", "--json").json["findings"] == []


def test_rows_before_expand_have_a_name(here: Runner, book: Path) -> None:
    for client in ("Zed", "Yan"):
        type_sale(book, Match="M01", Client=client, Category="Cat 1", Number=2, Price=5)
    result = done(here("recon", "run", "--json"), 1).json
    missing = [f for f in result["findings"] if f["code"] == "MISSING_IN_DIST"]
    assert [f["message"].split(":")[0] for f in missing] == [
        "Sales row 4, ticket 1",
        "Sales row 4, ticket 2",
        "Sales row 5, ticket 1",
        "Sales row 5, ticket 2",
    ]
    assert all("sale expand" in f["message"] for f in missing)
    rows = [row for row in rows_of(book, RECON) if row["Action"] == "MISSING_IN_DIST"]
    assert [(row["ID"], row["Company"], row["SalesChild"]) for row in rows] == [
        (None, "Zed", 1),
        (None, "Zed", 2),
        (None, "Yan", 1),
        (None, "Yan", 2),
    ]


def test_a_tick_on_a_row_before_expand_makes_that_sale(here: Runner, book: Path) -> None:
    for client in ("Zed", "Yan"):
        type_sale(book, Match="M01", Client=client, Category="Cat 1", Number=1, Price=5)
    done(here("recon", "run"), 1)
    type_by_key(book, RECON, "Company", {"Yan": {"Process_Now": True}})
    done(here("recon", "apply"))
    assert tickets_of(book, "Company")["S3-1"] == "Yan"
    assert [row["SalesID"] for row in rows_of(book, "Sales")] == ["S1", "S2", None, "S3"]


def test_cancelled_tickets_are_a_record(here: Runner, book: Path) -> None:
    done(here("sale", "cancel", "S1-2", "--confirm", "UNDO", "--reason", "x"))
    done(here("sale", "cancel", "S2", "--confirm", "UNDO", "--reason", "x"))
    done(here("recon", "run"))
    found = lines(book, "Action", "ExpectedQty", "Status")
    assert found["S1-1"] == ("KEEP", 2, None)
    assert found["S1-2"] == ("KEEP", 2, "CANCELLED")
    assert found["S2-1"] == ("KEEP", 0, "CANCELLED")
