"""Lists of records and single ones through the real command line, held against what openpyxl reads
of the same workbook."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Runner

MANAGER = {"TICKETOPS_ROLE": "ops_manager", "TICKETOPS_USER": "anna"}
UNDO = ("--confirm", "UNDO", "--reason", "the tour is off")


def rows_of(path: Path, sheet: str, header_row: int = 1) -> list[dict[str, Any]]:
    """The rows of a sheet by header."""
    rows = list(openpyxl.load_workbook(path)[sheet].iter_rows(min_row=header_row, values_only=True))
    return [
        dict(zip(rows[0], row, strict=True))
        for row in rows[1:]
        if any(cell is not None for cell in row)
    ]


@pytest.fixture
def listed(in_process: Runner, small: Path) -> Any:
    def run(*words: str) -> Any:
        done = in_process(*words, "-w", str(small), "--json", env=MANAGER)
        assert done.code == 0, done.err
        return done.json["result"]

    return run


# --- lists


@pytest.mark.slow
def test_sales(listed: Any, small: Path) -> None:
    sales = [row for row in rows_of(small, "Sales") if row["SalesID"]]
    found = listed("sale", "list")["sales"]
    assert [(s["sales_id"], s["client"], s["quantity"], s["price"]) for s in found] == [
        (row["SalesID"], row["Client"], row["Number"], row["Price"]) for row in sales
    ]
    tickets = [
        row for row in rows_of(small, "Distribution", 2) if row["Purchases/Sales"] == "Sales"
    ]
    live = Counter(t["ID"].split("-")[0] for t in tickets if t["Status"] != "CANCELLED")
    served = Counter(t["ID"].split("-")[0] for t in tickets if t["AllocatedUnitIDs"])
    assert {s["sales_id"]: (s["tickets"], s["allocated"]) for s in found} == {
        row["SalesID"]: (live[row["SalesID"]], served[row["SalesID"]]) for row in sales
    }
    match, client = sales[0]["Match"], sales[0]["Client"]
    of_match = [s["sales_id"] for s in listed("sale", "list", "--match", match)["sales"]]
    assert of_match == [row["SalesID"] for row in sales if row["Match"] == match]
    of_client = [s["sales_id"] for s in listed("sale", "list", "--client", client)["sales"]]
    assert of_client == [row["SalesID"] for row in sales if row["Client"] == client]


@pytest.mark.slow
def test_purchases_and_units(listed: Any, small: Path) -> None:
    purchases, units = rows_of(small, "Purchases"), rows_of(small, "_PURCHASE_UNITS")
    made = Counter(row["PurchaseID"] for row in units)
    free = Counter(row["PurchaseID"] for row in units if row["Status"] == "AVAILABLE")
    found = listed("purchase", "list")["purchases"]
    assert [(p["purchase_id"], p["units"], p["available"]) for p in found] == [
        (row["PurchaseID"], made[row["PurchaseID"]], free[row["PurchaseID"]]) for row in purchases
    ]
    for status in ("AVAILABLE", "ALLOCATED"):
        asked = listed("unit", "list", "--status", status.lower())["units"]
        assert [u["unit_id"] for u in asked] == [
            row["UnitID"] for row in units if row["Status"] == status
        ]
    whole = listed("purchase", "show", units[0]["SetID"].lower())
    assert whole["purchase"]["purchase_id"] == units[0]["PurchaseID"]
    assert {u["unit_id"] for u in whole["units"]} == {
        row["UnitID"] for row in units if row["PurchaseID"] == units[0]["PurchaseID"]
    }


def test_no_password_stands_in_a_list(in_process: Runner, small: Path) -> None:
    book = openpyxl.load_workbook(small)
    for number, (sheet, header) in enumerate(
        (("Purchases", "Password behind the Email TAB"), ("_PURCHASE_UNITS", "Password"))
    ):
        place = next(cell.column for cell in book[sheet][1] if cell.value == header)
        book[sheet].cell(2, place, f"canary-{number}")
    book.save(small)
    for words in (
        ("purchase", "list"),
        ("unit", "list"),
        ("ticket", "list"),
        ("purchase", "show", "PR0001-S01"),
        ("unit", "show", "P00001"),
    ):
        for more in ("--json",), ():
            done = in_process(*words, *more, "-w", str(small), env=MANAGER)
            assert done.code == 0
            assert "canary" not in done.out + done.err, words


def test_tickets(listed: Any, small: Path) -> None:
    tickets = [
        row for row in rows_of(small, "Distribution", 2) if row["Purchases/Sales"] == "Sales"
    ]
    served = [row["ID"] for row in tickets if row["AllocatedUnitIDs"]]
    waiting = [
        row["ID"] for row in tickets if not row["AllocatedUnitIDs"] and row["Status"] != "CANCELLED"
    ]
    assert served
    assert waiting
    assert [t["sales_id"] for t in listed("ticket", "list", "--allocated")["tickets"]] == served
    assert [t["sales_id"] for t in listed("ticket", "list", "--open")["tickets"]] == waiting
    one = served[0]
    assert [t["sales_id"] for t in listed("ticket", "list", "--sale", one)["tickets"]] == [one]
    sale = one.split("-")[0]
    assert [t["sales_id"] for t in listed("ticket", "list", "--sale", sale)["tickets"]] == [
        row["ID"] for row in tickets if row["ID"].split("-")[0] == sale
    ]


def test_csv_has_every_column_and_no_formula(in_process: Runner, small: Path) -> None:
    book = openpyxl.load_workbook(small)
    place = next(cell.column for cell in book["Distribution"][2] if cell.value == "First name")
    book["Distribution"].cell(3, place, "+1234").data_type = "s"
    book.save(small)
    target = small.with_name("tickets.csv")
    done = in_process("ticket", "list", "--csv", str(target), "-w", str(small), env=MANAGER)
    assert done.code == 0
    assert done.out == ""
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    piped = in_process("ticket", "list", "--csv", "-", "-w", str(small), env=MANAGER)
    assert list(csv.DictReader(io.StringIO(piped.out))) == rows
    assert len(rows) == len(
        in_process("ticket", "list", "-w", str(small), "--json", env=MANAGER).json["result"][
            "tickets"
        ]
    )
    assert rows[0]["first_name"] == "'+1234"
    assert list(small.parent.glob(".*")) == []


def test_a_file_that_cant_be_written_is_one_line(in_process: Runner, small: Path) -> None:
    target = small.parent / "nowhere" / "x.csv"
    done = in_process("sale", "list", "--csv", str(target), "-w", str(small), env=MANAGER)
    assert done.code != 0
    assert done.err.count("\n") == 1
    assert "can't be written" in done.err


@pytest.mark.parametrize("words", [("sale", "list"), ("report", "summary")])
@pytest.mark.parametrize("named", ["itself", "linked", "linked hard"])
def test_the_csv_is_never_written_over_the_workbook(
    in_process: Runner, small: Path, words: Any, named: str
) -> None:
    target, before = small.with_name("list.csv"), small.read_bytes()
    if named == "itself":
        target = small
    elif named == "linked":
        target.symlink_to(small)
    else:
        target.hardlink_to(small)
    done = in_process(*words, "--csv", str(target), "-w", str(small), env=MANAGER)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "is the workbook" in done.err
    assert small.read_bytes() == before
    assert target.samefile(small)


def test_no_file_is_written_over_another_workbook(in_process: Runner, small: Path) -> None:
    other = small.with_name("other.xlsx")
    other.write_bytes(small.read_bytes())
    done = in_process("sale", "set", "S1", "--notes", "x", "-y", "-w", str(other), env=MANAGER)
    assert done.code == 0, done.err
    before = other.read_bytes()
    done = in_process("sale", "list", "--csv", str(other), "-w", str(small), env=MANAGER)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "is a workbook" in done.err
    assert other.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("sale", "list", "--status", "SOMEHOW"),
        ("unit", "list", "--status", "PENDING"),
        ("ticket", "list", "--open", "--allocated"),
        ("sale", "list", "--csv", "-", "--json"),
        ("sale", "show", "M01"),
        ("allocate", "log", "--action", "EAT"),
        ("log", "shw"),
        ("log", "show"),
        ("refund", "decide", "S1", "--reason", "x"),
        ("refund", "decide", "S1", "--none", "--credit", "--reason", "x"),
        ("unit", "seat", "P00001"),
    ],
)
def test_what_is_not_understood_is_usage(in_process: Runner, small: Path, words: Any) -> None:
    done = in_process(*words, "-w", str(small), env=MANAGER)
    assert done.code == 2, done.err


@pytest.mark.parametrize(
    "words",
    [
        ("sale", "show", "S999999"),
        ("unit", "show", "P99999"),
        ("purchase", "show", "PR9999-S01"),
        ("log", "show", "R20200101-000000"),
        ("unit", "seat", "P99999", "--seat", "1"),
        ("refund", "decide", "S999999", "--none", "--reason", "x"),
    ],
)
def test_what_there_is_not_is_said(in_process: Runner, small: Path, words: Any) -> None:
    done = in_process(*words, "-w", str(small), env=MANAGER)
    assert done.code == 3, done.err
    assert done.err.count("\n") == 1


# --- single records, logs, refunds, seats: an event of one's own


@pytest.fixture
def own(in_process: Runner, empty: Path) -> Any:
    """PR0001 (4 units of M01 Cat 1) serve S1 (two tickets) of Acme; S2 (one ticket, paid) of Bee
    waits for stock of M02."""

    def run(*words: str, code: int = 0) -> Any:
        done = in_process(*words, "-w", str(empty), env=MANAGER)
        assert done.code == code, done.err + done.out
        return done

    run("purchase", "add", "--match", "M01", "--vendor", "Ann", "--line", "Cat 1:4@10")
    run("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:2@50", "--payment", "PAID")
    run("allocate", "commit", "S1")
    return run


def test_a_sale_whole(own: Any, in_process: Runner, empty: Path) -> None:
    found = own("sale", "show", "s1-2", "--json").json["result"]
    assert found["sale"]["sales_id"] == "S1"
    assert [t["sales_id"] for t in found["tickets"]] == ["S1-1", "S1-2"]
    assert [(row["action"], row["units_affected"]) for row in found["log"]] == [("ALLOCATE", 2)]
    unit = own("unit", "show", "P00002", "--json").json["result"]
    assert unit["ticket"]["sales_id"] == "S1-2"
    assert found["money"] | {"margins": 0} == {
        "currency": "USD",
        "total": 100.0,
        "paid": 100.0,
        "outstanding": 0.0,
        "in_advance": 0.0,
        "invoice": None,
        "due_on": None,
        "margins": 0,
    }
    (margin,) = found["money"]["margins"]
    assert (margin["revenue"], margin["cost"], margin["margin"]) == (100, 20, 80)


def test_a_sale_on_one_screen(own: Any, empty: Path) -> None:
    own("sale", "add", "--client", "Bee", "--line", "M01:Cat 1:1@70", "--notes", "by the aisle")
    own("payment", "add", "--for", "S2", "--amount", "30", "--ref", "Bank 7")
    own("fee", "add", "--for", "S2", "--amount", "2")
    own("staff", "queue")
    shown = own("sale", "show", "S2").out
    for text in (
        "S2 · Bee · M01 · Cat 1 · 1 ticket at 70.00 USD",
        "payment PENDING",
        "by the aisle",
        "Total 70.00 USD · paid 30.00 · open 40.00 · no invoice",
        "revenue 70.00, cost 0.00, fees 2.00",
        "PM00001",
        "Bank 7",
    ):
        assert text in shown


def test_the_log_of_one_sale_and_of_one_transaction(own: Any, empty: Path) -> None:
    own("purchase", "add", "--match", "M02", "--vendor", "Ann", "--line", "Cat 1:1@10")
    own("sale", "add", "--client", "Bee", "--line", "M02:Cat 1:1@50")

    def commands(*words: str) -> list[str]:
        found = own("log", *words, "--json").json["result"]["transactions"]
        return [one["command"] for one in found]

    assert commands("--sale", "S1") == ["allocate commit S1", "sale add"]
    assert commands("--sale", "S1-2") == ["allocate commit S1", "sale add"]
    assert commands("--sale", "S2") == ["sale add"]
    assert commands("--sale", "S7") == []
    run_id = own("log", "--sale", "S1", "--json").json["result"]["transactions"][0]["run_id"]
    shown = own("log", "show", run_id.lower(), "--json").json["result"]
    assert shown["transaction"]["command"] == "allocate commit S1"
    of_unit = [i for i in shown["items"] if (i["key"], i["column"]) == ("P00001", "Status")]
    assert [(i["was"], i["became"]) for i in of_unit] == [("AVAILABLE", "ALLOCATED")]
    book = openpyxl.load_workbook(empty)
    headers = {cell.value: cell.column for cell in book["_PURCHASE_UNITS"][1]}
    for item in shown["items"]:
        if item["sheet"] == "_PURCHASE_UNITS" and item["column"] in (
            "Status",
            "AllocatedToSalesID",
        ):
            cell = book["_PURCHASE_UNITS"].cell(item["row"], headers[item["column"]])
            assert cell.value == item["became"]


def test_the_log_of_the_allocation(own: Any) -> None:
    own("override", "unallocate", "S1", *UNDO)
    every = own("allocate", "log", "--json").json["result"]["rows"]
    assert [row["action"] for row in every] == ["UNDO_SALE", "ALLOCATE"]
    only = own("allocate", "log", "--action", "allocate", "--user", "ANNA", "--json").json
    assert [row["action"] for row in only["result"]["rows"]] == ["ALLOCATE"]
    assert own("allocate", "log", "--user", "ben", "--json").json["result"]["rows"] == []


def test_a_refund_is_decided_once(own: Any) -> None:
    own("sale", "cancel", "S1", *UNDO)
    waiting = own("refund", "list", "--decision", "to_be_decided", "--json").json["result"]
    assert [(r["sales_id"], r["amount"]) for r in waiting["refunds"]] == [("S1", 100)]
    too_much = own("refund", "decide", "S1", "--amount", "101", "--reason", "x", code=4)
    assert "more than the price of the tickets" in too_much.err
    own("refund", "decide", "S1", "--amount", "60", "--reason", "half of it was used")
    (refund,) = own("refund", "list", "--json").json["result"]["refunds"]
    assert (refund["decision"], refund["decided_amount"]) == ("REFUND", 60)
    assert (refund["decided_by"], refund["decision_reason"]) == ("anna", "half of it was used")
    assert "already decided" in own("refund", "decide", "S1", "--none", "--reason", "x", code=4).err
    own("undo", "-y")
    own("refund", "decide", "S1", "--credit", "--reason", "next year")
    (refund,) = own("refund", "list", "--json").json["result"]["refunds"]
    assert (refund["decision"], refund["decided_amount"]) == ("CREDIT", 100)


def test_what_was_not_paid_is_not_given_back(own: Any) -> None:
    own("sale", "add", "--client", "Bee", "--line", "M01:Cat 1:1@50", "--payment", "INVOICED")
    own("sale", "cancel", "S2", *UNDO)
    (refund,) = own("refund", "list", "--sale", "S2", "--json").json["result"]["refunds"]
    assert (refund["decision"], refund["amount"]) == ("NO_REFUND", 0)
    refused = own("refund", "decide", "S2", "--credit", "--reason", "x", code=4)
    assert "already decided: NO_REFUND" in refused.err


def test_the_seat_of_a_unit_is_that_of_its_ticket(own: Any) -> None:
    own("unit", "seat", "p1", "--block", "A", "--row", "3", "--seat", "14")
    ticket = own("unit", "show", "P00001", "--json").json["result"]["ticket"]
    assert (ticket["block"], ticket["seat_row"], ticket["seat"]) == ("A", "3", "14")
    own("unit", "seat", "P00001", "--seat", "15")
    ticket = own("unit", "show", "P00001", "--json").json["result"]["ticket"]
    assert (ticket["block"], ticket["seat_row"], ticket["seat"]) == ("A", "3", "15")
    taken = own("unit", "seat", "P00002", "--block", "A", "--row", "3", "--seat", "15", code=4)
    assert "P00001" in taken.err
    assert own("audit", "run", "--json").json["findings"] == []
