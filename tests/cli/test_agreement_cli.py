"""Two commands that show one figure agree, whatever somebody typed into the cells that it rests on;
what is not understood is said by each of them (D16)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.dispatching import rows_of, type_by_key
from tests.conftest import Runner
from tests.sampling import some

MANAGER = {"TICKETOPS_ROLE": "ops_manager", "TICKETOPS_USER": "anna"}


@pytest.fixture
def at(in_process: Runner, empty: Path) -> Any:
    """M01 Cat 1: 8 units of Ann; Acme bought 3 (S1), allocated; Bee 2 (S2), without a unit."""

    def run(*words: str) -> Any:
        done = in_process(*words, "-w", str(empty), "--json", env=MANAGER)
        assert done.code in (0, 1), done.out + done.err
        return done.json

    run("purchase", "add", "--match", "M01", "--vendor", "Ann", "--line", "Cat 1:8@10")
    run("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:3@50")
    run("sale", "add", "--client", "Bee", "--line", "M01:Cat 1:2@50")
    run("allocate", "commit", "S1", "--set", "PR0001-S01")
    return run


def typed(path: Path, ticket: str, **cells: Any) -> None:
    """Somebody types into a row of Distribution; `Client_Email` is the column Client Email."""
    named = {header.replace("_", " "): value for header, value in cells.items()}
    type_by_key(path, "Distribution", "ID", {ticket: named}, 2)


def marked(path: Path, ticket: str, text: str | None) -> None:
    type_by_key(path, "Distribution", "ID", {ticket: {"Purchases/Sales": text}}, 2)


def keys(path: Path) -> list[Any]:
    return [row["SalesLineKey"] for row in rows_of(path, "Distribution", 2)]


def said(done: Any, code: str) -> list[tuple[str, int]]:
    return [(one["sheet"], one["row"]) for one in done["findings"] if one["code"] == code]


@pytest.mark.parametrize(
    "text", some(["sales", None, " Sale ", "Purchase", "Purchases", "salez", "?"], 3)
)
@pytest.mark.parametrize("ticket", ["S1-2", "S2-1"])
def test_what_says_that_a_row_is_a_sale(at: Any, empty: Path, ticket: str, text: Any) -> None:
    before, listed = at("status")["result"]["position"], at("ticket", "list")["result"]["tickets"]
    unique = sorted(keys(empty))
    marked(empty, ticket, text)
    assert at("status")["result"]["position"] == before
    position = at("report", "position", "-n")
    assert {name: position["result"][name] for name in before} == before
    assert at("ticket", "list")["result"]["tickets"] == listed
    assert at("status")["result"]["waiting"]["unexpanded_sales"] == 0
    expanded = at("sale", "expand")
    assert expanded["result"]["rows_created"] == 0
    assert sorted(keys(empty)) == unique
    wrong = text is not None and text.strip().rstrip("s").casefold() != "sale"
    row = [("Distribution", 3 + ["S1-1", "S1-2", "S1-3", "S2-1"].index(ticket))]
    for done in (expanded, at("status"), at("audit", "run")):
        assert said(done, "UNKNOWN_VALUE") == row * wrong
    [now] = [one for one in rows_of(empty, "Distribution", 2) if one["ID"] == ticket]
    assert now["Purchases/Sales"] == (text or "Sales")


@pytest.mark.parametrize("cells", [{"SalesLineKey": None}, {"SalesLineKey": "?"}])
@pytest.mark.parametrize("more", [{}, {"SourceSaleID": None}, {"SalesChild": None}])
def test_a_key_that_was_deleted_or_typed_over(
    at: Any, empty: Path, cells: dict[str, Any], more: dict[str, Any]
) -> None:
    before, unique = at("status")["result"]["position"], keys(empty)
    typed(empty, "S1-2", **cells, **more)
    assert at("status")["result"]["waiting"]["unexpanded_sales"] == 0
    assert at("sale", "expand")["result"]["rows_created"] == 0
    assert keys(empty) == unique
    assert at("status")["result"]["position"] == before


@pytest.mark.parametrize(("over", "of"), [("S1-2", "S1-1"), ("S1-1", "S1-2"), ("S2-1", "S1-1")])
def test_a_key_that_was_copied_over_another(at: Any, empty: Path, over: str, of: str) -> None:
    own = {row["ID"]: row["SalesLineKey"] for row in rows_of(empty, "Distribution", 2)}
    typed(empty, over, SalesLineKey=own[of])
    before = rows_of(empty, "Distribution", 2)
    assert at("status")["result"]["waiting"]["unexpanded_sales"] == 0
    done = at("sale", "expand")
    assert done["result"]["rows_created"] == 0
    assert [sheet for sheet, _row in said(done, "KEY_CHANGED")] == ["Distribution"]
    assert [row["ID"] for row in rows_of(empty, "Distribution", 2)] == [r["ID"] for r in before]


def test_the_workbook_is_laid_out_as_the_tests_type(empty: Path) -> None:
    heads = [cell.value for cell in openpyxl.load_workbook(empty)["Distribution"][2]]
    assert {"ID", "Purchases/Sales", "SalesLineKey", "SourceSaleID", "SalesChild"} <= set(heads)


GUEST = {"First_name": "Ada", "Last_Name": "Byron", "Client_Email": "ada@guests.example"}


@pytest.mark.parametrize("text", ["Delivered", "snt?"])
def test_a_delivery_that_is_not_understood_is_neither_sent_nor_to_send(
    at: Any, empty: Path, text: str
) -> None:
    for ticket in ("S1-1", "S1-2"):
        typed(empty, ticket, **GUEST)
    typed(empty, "S1-1", Delivery=text)
    queue, status = at("staff", "queue")["result"], at("status")
    dispatch, waits = at("dispatch", "status"), status["result"]["waiting"]
    total = dispatch["result"]["total"]
    assert queue["ready"] == waits["staff_to_send"] == waits["ready_to_send"] == 1
    assert (total["to_send"], total["sent"], total["overdue"]) == (1, 0, 0)
    assert total["not_understood"] == waits["not_understood"] == 1
    assert said(status, "UNKNOWN_VALUE") == [("Distribution", 3)]
    assert len(said(dispatch, "UNKNOWN_VALUE")) == 1
    assert len(at("staff", "tasks")["result"]["tasks"]) == 1


def test_what_is_protected_or_was_changed_is_listed_with_its_command(at: Any, empty: Path) -> None:
    type_by_key(empty, "Sales", "SalesID", {"S1": {"Number": 1}})
    at("sale", "expand")
    status = at("status")
    [found] = [one for one in status["findings"] if one["code"] == "PROTECTED_EXCESS"]
    assert "`sale cancel S1-" in found["message"]
    assert "1 more ticket" in found["message"]
    at("sale", "cancel", "S1-3", "S1-2", "--reason", "fewer", "--confirm", "UNDO")
    assert said(at("status"), "PROTECTED_EXCESS") == []

    type_by_key(empty, "Sales", "SalesID", {"S1": {"Category": "Cat 2"}})
    at("sale", "expand")
    [found] = [
        one for one in at("status")["findings"] if one["code"] == "SALE_CHANGED_AFTER_ALLOCATION"
    ]
    command = found["message"].split("`")[1]
    assert command == "override unallocate S1-1"
    at(*command.split(), "--reason", "changed", "--confirm", "UNDO")
    at("sale", "expand")
    assert said(at("status"), "SALE_CHANGED_AFTER_ALLOCATION") == []


@pytest.mark.parametrize(
    "text", ["ALLOCATED", "PARTIAL_ALLOCATED", "partially_allocated", "FULFILLED"]
)
def test_a_status_that_the_tickets_contradict_is_not_shown(at: Any, empty: Path, text: str) -> None:
    type_by_key(
        empty, "Sales", "SalesID", {"S2": {"Status": text}, "S1": {"Status": "UNALLOCATED"}}
    )
    shown = {one["sales_id"]: one["status"] for one in at("sale", "list")["result"]["sales"]}
    understood = text != "partially_allocated"
    assert shown["S1"] == "ALLOCATED"
    assert at("sale", "show", "S2")["result"]["sale"]["status"] == shown["S2"]
    if understood:
        assert shown["S2"] == "UNALLOCATED"
        assert at("sale", "list", "--status", "ALLOCATED")["result"]["sales"][0]["sales_id"] == "S1"
    else:
        for words in (("status",), ("audit", "run"), ("sale", "expand")):
            assert ("Sales", 3) in said(at(*words), "UNKNOWN_VALUE")


def test_status_counts_what_the_audit_counts(at: Any, empty: Path) -> None:
    type_by_key(empty, "Sales", "SalesID", {"S2": {"Status": "alocatd"}})
    type_by_key(empty, "Purchases", "Vendor", {"Ann": {"Category": "Cat1"}})
    audited, status = at("audit", "run")["result"], at("status")["result"]["audit"]
    assert (status["issues"], status["by_code"]) == (audited["issues"], audited["by_code"])
    assert audited["issues"] >= 2
    assert at("audit", "repair")["result"]["left"] == audited["issues"]


def test_audit_repair_frees_what_only_its_status_calls_allocated(at: Any, empty: Path) -> None:
    typed(empty, "S2-1", Status="ALLOCATED")
    type_by_key(empty, "Sales", "SalesID", {"S2": {"Category": "Cat 2"}})
    [found] = [
        one
        for one in at("sale", "expand")["findings"]
        if one["code"] == "SALE_CHANGED_AFTER_ALLOCATION"
    ]
    assert "`audit repair`" in found["message"]
    at("audit", "repair", "--yes")
    at("sale", "expand")
    assert said(at("status"), "SALE_CHANGED_AFTER_ALLOCATION") == []
    rows = {row["ID"]: row for row in rows_of(empty, "Distribution", 2)}
    assert rows["S2-1"]["Category"] == "Cat 2"
