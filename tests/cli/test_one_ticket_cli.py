"""One ticket is one ticket, through the command line on a file (§4, §6, §14d, §14e): single tickets
cancelled and taken back, sales changed as a whole, and what everybody else sees of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.dispatching import rows_of, tickets_of, type_by_key
from tests.cli.workbooks import done, type_into
from tests.conftest import Runner
from ticketops.cli.main import run

UNDO = ("--confirm", "UNDO", "--reason", "a guest fell ill")
PLANNED = ("SalesID", "Number", "Price", "Total", "Status")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six units of M01 Cat 1 in two sets. Acme's S1 (three) and Bolt's S2 (two) have one each of
    both sets or of the second; S3 of Acme (two of M02) can't be had."""
    path = tmp_path_factory.mktemp("single") / "event.xlsx"
    assert run(["init", str(path), "--event", "WC2026"]) == 0
    type_into(path, "Schedule WC2026", C2="M01", D2="Mexico vs Korea", C3="M02", D3="A vs B")
    at = ("-w", str(path))
    for lines in (["--line", "Cat 1:4@100"], ["--line", "Cat 1:3@100"]):
        words = ["purchase", "add", "--match", "M01", "--vendor", "Ann", "--contract", "7", *lines]
        assert run([*words, *at]) == 0
    for client, line, payment in (
        ("Acme", "M01:Cat 1:3@200", "PAID"),
        ("Bolt", "M01:Cat 1:2@210", "PENDING"),
        ("Acme", "M02:Cat 1:2@300", "PAID"),
    ):
        words = ["sale", "add", "--client", client, "--line", line, "--payment", payment]
        assert run([*words, *at]) == 0
    assert run(["allocate", "commit", "S1", "--set", "PR0001-S01:3", *at]) == 0
    assert run(["allocate", "commit", "S2", "--set", "PR0001-S01:1,PR0002-S01:1", *at]) == 0
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {
        "TICKETOPS_WORKBOOK": str(book),
        "TICKETOPS_BOOKS": str(book.parent / "books"),
        "TICKETOPS_ROLE": "ops_manager",
    }


def sale(book: Path, sales_id: str, *columns: str) -> tuple[Any, ...]:
    row = next(row for row in rows_of(book, "Sales") if row["SalesID"] == sales_id)
    return tuple(row[name] for name in columns or PLANNED)


def units(book: Path) -> dict[str, str]:
    """{UnitID: the ticket it says it belongs to} of units that are not free."""
    rows = rows_of(book, "_PURCHASE_UNITS")
    return {r["UnitID"]: r["AllocatedToSalesID"] for r in rows if r["Status"] == "ALLOCATED"}


def recon(book: Path, sales_id: str) -> dict[str, tuple[str, Any, str]]:
    """{ticket: (action, expected, reason)} of a sale."""
    rows = rows_of(book, "_SALES_RECON_AUDIT")
    return {
        row["ID"]: (row["Action"], row["ExpectedQty"], row["Reason"])
        for row in rows
        if str(row["ID"]).startswith(f"{sales_id}-")
    }


def agrees(here: Runner, book: Path) -> None:
    """The audit is clean, the reconciliation finds nothing, and expanding changes no ledger."""
    assert done(here("audit", "run", "--json")).json["result"]["issues"] == 0
    actions = done(here("recon", "run", "--json")).json["result"]["by_action"]
    assert {name for name, number in actions.items() if number} <= {"KEEP"}, actions
    again = done(here("sale", "expand", "--json")).json
    assert set(again["changes"]) <= {"_SALES_RECON_AUDIT", "_SALES_PARENT_RECON"}, again


def test_one_ticket_is_cancelled(here: Runner, book: Path) -> None:
    result = done(here("sale", "cancel", "S1-1", *UNDO, "--json")).json["result"]
    assert result["ticket_ids"] == ["S1-1"]
    assert (result["tickets"], result["units"], result["tickets_left"]) == (1, 1, 2)
    assert tickets_of(book, "Status", "AllocatedUnitIDs", "Sets")["S1-1"] == ("CANCELLED", None, 0)
    assert tickets_of(book, "Sets")["S1-2"] == 2, "Sets moves to the lowest ticket left"
    assert "S1-1" not in units(book).values()
    assert sorted(units(book).values()) == ["S1-2", "S1-3", "S2-1", "S2-2"]
    assert sale(book, "S1") == ("S1", 2, 200, 400, "ALLOCATED")
    refund = rows_of(book, "_REFUNDS")
    assert [(r["SalesID"], r["Tickets"], r["Amount"]) for r in refund] == [("S1-1", 1, 200)]
    log = rows_of(book, "_ALLOC_LOG")[-1]
    assert (log["Action"], log["SaleID"], log["UnitsAffected"]) == ("CANCEL_SALE", "S1-1", 1)
    agrees(here, book)
    position = done(here("report", "position", "--json")).json["result"]
    assert (position["sold"], position["available"]) == (6, 3)


def test_several_tickets_are_cancelled_and_the_last_one_ends_the_sale(
    here: Runner, book: Path
) -> None:
    result = done(here("sale", "cancel", "s1-2", " S1–3", *UNDO, "--json")).json["result"]
    assert (result["ticket_ids"], result["status"]) == (["S1-2", "S1-3"], "ALLOCATED")
    assert sale(book, "S1")[1] == 1
    agrees(here, book)
    result = done(here("sale", "cancel", "S1-1", *UNDO, "--json")).json["result"]
    assert (result["status"], result["tickets_left"]) == ("CANCELLED", 0)
    assert sale(book, "S1")[4] == "CANCELLED"
    assert [r["Amount"] for r in rows_of(book, "_REFUNDS")] == [200, 200, 200]
    for name in ("S1-3", "S1"):
        done(here("refund", "decide", name, "--credit", "--reason", "x"))
    agrees(here, book)


def test_a_whole_sale_is_cancelled_as_before(here: Runner, book: Path) -> None:
    result = done(here("sale", "cancel", "S2", *UNDO, "--json")).json["result"]
    assert (result["tickets"], result["status"], result["refund"]) == (2, "CANCELLED", None)
    assert [(r["Decision"], r["Amount"]) for r in rows_of(book, "_REFUNDS")] == [
        ("NO_REFUND", 0)
    ], "Bolt has paid nothing (D24)"
    assert rows_of(book, "_ALLOC_LOG")[-1]["SaleID"] == "S2"
    agrees(here, book)


def test_what_can_not_be_cancelled(here: Runner, book: Path) -> None:
    before = book.read_bytes()
    for words, code, said in (
        (["S1-9"], 3, "S1 has no ticket S1-9"),
        (["S1-1", "S2-1"], 4, "different sales"),
        (["S9"], 3, "no sale S9"),
        (["nonsense"], 3, "nonsense"),
    ):
        result = here("sale", "cancel", *words, *UNDO)
        assert (result.code, said in result.err) == (code, True), result.err
    assert book.read_bytes() == before
    done(here("sale", "cancel", "S1-1", *UNDO))
    assert "S1-1: it is already cancelled" in done(here("sale", "cancel", "S1-1", *UNDO), 4).err


def test_a_cancelled_number_is_never_given_again(here: Runner, book: Path) -> None:
    done(here("sale", "cancel", "S1-2", *UNDO))
    type_by_key(book, "Sales", "SalesID", {"S1": {"Number": 3}})
    done(here("sale", "expand"))
    status = tickets_of(book, "Status", "Sets", "SalesLineKey")
    assert sorted(key for key in status if key.startswith("S1-")) == [
        "S1-1",
        "S1-2",
        "S1-3",
        "S1-4",
    ]
    assert status["S1-2"][0] == "CANCELLED"
    assert status["S1-4"][2].endswith("#4")
    assert (status["S1-1"][1], status["S1-4"][1]) == (3, 0)
    agrees(here, book)


def test_undo_gives_a_single_ticket_back(here: Runner, book: Path) -> None:
    before = tickets_of(book, "Status", "AllocatedUnitIDs", "Sets", "Notes"), sale(book, "S1")
    done(here("sale", "cancel", "S1-1", *UNDO))
    done(here("undo", "-y"))
    after = tickets_of(book, "Status", "AllocatedUnitIDs", "Sets", "Notes"), sale(book, "S1")
    assert after == before
    assert rows_of(book, "_REFUNDS") == []
    agrees(here, book)


def test_one_ticket_is_taken_back(here: Runner, book: Path) -> None:
    result = done(here("override", "unallocate", "S1-1", *UNDO, "--json")).json["result"]
    assert (result["units"], result["ticket_ids"]) == (1, ["S1-1"])
    assert sorted(units(book).values()) == ["S1-2", "S1-3", "S2-1", "S2-2"]
    assert sale(book, "S1") == ("S1", 3, 200, 600, "PARTIAL_ALLOCATED")
    log = rows_of(book, "_ALLOC_LOG")[-1]
    assert (log["Action"], log["SaleID"], log["UnitsAffected"]) == ("UNDO_SALE", "S1-1", 1)
    said = here("override", "unallocate", "S1-2", "S2-1", *UNDO)
    assert "S1-2, S2-1" in done(said).out
    assert sorted(units(book).values()) == ["S1-3", "S2-2"]
    assert "S1-1 has no allocated ticket" in here("override", "unallocate", "S1-1", *UNDO).err
    agrees(here, book)


def test_a_set_is_taken_back_from_every_sale(here: Runner, book: Path) -> None:
    words = ("override", "unallocate", "--set", "pr1-s1", *UNDO)
    result = done(here(*words, "--json")).json["result"]
    assert (result["sets"], result["sales_id"]) == ({"PR0001-S01": 4}, None)
    assert result["ticket_ids"] == ["S1-1", "S1-2", "S1-3", "S2-1"]
    assert list(units(book).values()) == ["S2-2"]
    assert [sale(book, one)[4] for one in ("S1", "S2")] == ["UNALLOCATED", "PARTIAL_ALLOCATED"]
    log = [row for row in rows_of(book, "_ALLOC_LOG") if row["Action"] == "UNDO_SET"]
    assert [(row["SaleID"], row["UnitsAffected"]) for row in log] == [("S1", 3), ("S2", 1)]
    assert done(here(*words), 4).err
    assert "no set PR0099-S01" in here("override", "unallocate", "--set", "PR0099-S01", *UNDO).err
    assert done(here("override", "unallocate", *UNDO), 2).err
    agrees(here, book)


def test_one_ticket_is_served_from_another_category(here: Runner, book: Path) -> None:
    done(here("override", "unallocate", "S1", *UNDO))
    done(here("override", "alloc-from", "S1-2", "Top Cat 1", *UNDO))
    found = tickets_of(book, "AllocFromCategory")
    assert [found[f"S1-{n}"] for n in (1, 2, 3)] == [None, "Top Cat 1", None]


def test_a_sale_grows_and_shrinks(here: Runner, book: Path) -> None:
    result = done(here("sale", "set", "S1", "--qty", "4"), 1)
    assert "S1-4" in result.out
    assert "PAYMENT_SHORT" in result.out + result.err
    assert sale(book, "S1") == ("S1", 4, 200, 800, "PARTIAL_ALLOCATED")
    assert tickets_of(book, "Sets")["S1-1"] == 4
    agrees(here, book)
    done(here("allocate", "auto"), 1)
    assert sale(book, "S1")[4] == "ALLOCATED"
    done(here("override", "unallocate", "S1-2", *UNDO))
    result = done(here("sale", "set", "S1", "--qty", "2", "--reason", "two guests", "--json")).json
    assert result["result"]["cancelled"] == ["S1-2", "S1-4"], "without a unit first"
    assert result["result"]["refund"]["amount"] == 400
    assert sale(book, "S1") == ("S1", 2, 200, 400, "ALLOCATED")
    assert rows_of(book, "_ALLOC_LOG")[-1]["Reason"] == "two guests"
    agrees(here, book)


def test_what_a_sale_grows_by_is_checked_for_stock(here: Runner, book: Path) -> None:
    """Two units are free; S1 is served, and asks for four more."""
    result = done(here("sale", "set", "S1", "--qty", "7", "--json"), 1).json
    assert result["result"]["status"] == "PARTIAL_PENDING"
    assert "OVERSELL" in Counter(finding["code"] for finding in result["findings"])
    assert sale(book, "S1", "Status", "OversellFlag") == ("PARTIAL_ALLOCATED", True)
    status = here("status")
    assert "PARTIAL_PENDING: S1 · 4 of 7 tickets wait for approval" in status.out
    for status in ("PARTIAL_PENDING", "PARTIAL_ALLOCATED"):
        listed = here("sale", "list", "--status", status, "--json").json["result"]["sales"]
        assert [(row["sales_id"], row["status"]) for row in listed] == [("S1", "PARTIAL_PENDING")]
    assert "waits for approval" in done(here("allocate", "commit", "S1"), 4).err
    done(here("allocate", "auto"), 1)
    assert sorted(units(book).values()) == ["S1-1", "S1-2", "S1-3", "S2-1", "S2-2"]
    done(here("sale", "set", "S1", "--qty", "5"))
    assert sale(book, "S1", "Status", "OversellFlag") == ("PARTIAL_ALLOCATED", None)
    done(here("allocate", "commit", "S1"))
    assert sale(book, "S1")[4] == "ALLOCATED"
    agrees(here, book)


def test_what_a_sale_grew_by_is_approved_or_rejected(here: Runner, book: Path) -> None:
    done(here("sale", "set", "S1", "--qty", "7"), 1)
    result = done(here("sale", "reject", "S1", "--reason", "no stock", "--json")).json["result"]
    assert result["ticket_ids"] == ["S1-4", "S1-5", "S1-6", "S1-7"]
    assert sale(book, "S1", "Number", "Status", "OversellFlag") == (3, "ALLOCATED", None)
    agrees(here, book)
    done(here("sale", "set", "S1", "--qty", "7"), 1)
    done(here("sale", "approve", "S1", "--reason", "bear it"), 1)
    found = tickets_of(book, "Status")
    assert Counter(found[key] for key in found if key.startswith("S1-")) == {
        "ALLOCATED": 5,
        "WAITING_STOCK": 2,
        "CANCELLED": 4,
    }


def test_price_notes_and_payment(here: Runner, book: Path) -> None:
    words = ("--price", "150.50", "--notes", "a friend", "--payment", "invoiced")
    result = done(here("sale", "set", "S1", *words, "--json")).json["result"]
    assert (result["price"], result["total"], result["payment_status"]) == (
        150.5,
        451.5,
        "INVOICED",
    )
    assert result["refund"]["amount"] == 148.5
    assert sale(book, "S1", "Notes", "PaymentStatus") == ("a friend", "INVOICED")
    done(here("sale", "set", "S1", "--notes", ""))
    assert sale(book, "S1", "Notes") == (None,)
    assert (
        done(here("sale", "set", "S2", "--price", "1", "--json")).json["result"]["refund"] is None
    )
    agrees(here, book)


def test_a_total_that_was_typed_stays_and_is_told(here: Runner, book: Path) -> None:
    type_by_key(book, "Sales", "SalesID", {"S1": {"Total": 500}})
    result = done(here("sale", "cancel", "S1-3", *UNDO, "--json"), 1).json
    assert [f["code"] for f in result["findings"]] == ["TOTAL_DIFFERS", "REFUND_TO_BE_DECIDED"]
    assert sale(book, "S1")[1:4] == (2, 200, 500)
    done(here("sale", "cancel", "S1", *UNDO))
    assert [r["Amount"] for r in rows_of(book, "_REFUNDS")] == [200, 300], "500 were paid in all"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "give --qty, --price"),
        (["--qty", "0"], 2, "sale cancel S1"),
        (["--qty", "-1"], 2, "qty"),
        (["--qty", "1000000"], 2, "at most"),
        (["--qty", "two"], 2, "--qty"),
        (["--price", "-3"], 2, "--price"),
        (["--payment", "maybe"], 2, "PENDING, INVOICED, PAID"),
    ],
)
def test_what_can_not_be_set(
    here: Runner, book: Path, words: list[str], code: int, said: str
) -> None:
    before = book.read_bytes()
    result = here("sale", "set", "S1", *words)
    assert (result.code, said in result.err) == (code, True), result.err
    assert book.read_bytes() == before


def test_whose_terms_can_not_be_set(here: Runner, book: Path) -> None:
    assert "one ticket" in done(here("sale", "set", "S1-1", "--qty", "2"), 4).err
    done(here("sale", "set", "S9", "--qty", "2"), 3)
    done(here("sale", "cancel", "S2", *UNDO))
    assert "is CANCELLED" in done(here("sale", "set", "S2", "--qty", "4"), 4).err
    type_by_key(book, "Distribution", "ID", {"S1-3": {"Delivery": "SENT"}}, header_row=2)
    done(here("sale", "set", "S1", "--qty", "1"))
    assert tickets_of(book, "Status")["S1-3"] == "ALLOCATED", "what was sent goes last"
    assert "S1-3" in done(here("sale", "cancel", "S1-3", *UNDO), 4).err


def test_an_operator_may_change_terms_but_take_no_tickets_off(here: Runner, book: Path) -> None:
    done(here("sale", "set", "S2", "--qty", "3", role="operator"))
    done(here("sale", "set", "S2", "--qty", "1", role="operator"), 6)


def test_a_quantity_reduced_in_the_sheet_names_the_command(here: Runner, book: Path) -> None:
    type_by_key(book, "Sales", "SalesID", {"S1": {"Number": 2}})
    result = done(here("sale", "expand", "--json"), 1).json
    found = [f for f in result["findings"] if f["code"] == "PROTECTED_EXCESS"]
    assert [f["sales_id"] for f in found] == ["S1-3"]
    assert "`sale cancel S1-3`" in found[0]["message"]
    assert recon(book, "S1")["S1-3"][0] == "PROTECTED_EXCESS"
    assert recon(book, "S1")["S1-1"][0] != "KEEP", "KEEP only where counts match"
    done(here("sale", "cancel", "S1-3", *UNDO))
    assert sale(book, "S1")[:4] == ("S1", 2, 200, 400), "Number was reduced already"
    agrees(here, book)


def test_a_quantity_reduced_in_the_sheet_lets_the_unserved_go(here: Runner, book: Path) -> None:
    done(here("override", "unallocate", "S1-1", *UNDO))
    type_by_key(book, "Sales", "SalesID", {"S1": {"Number": 2}})
    done(here("sale", "expand"), 1)
    assert recon(book, "S1")["S1-1"][0] == "DELETE_CANDIDATE"
    type_by_key(book, "_SALES_RECON_AUDIT", "ID", {"S1-1": {"Process_Now": True}})
    done(here("recon", "apply"))
    assert "S1-1" not in tickets_of(book, "Status")
    assert sale(book, "S1")[4] == "ALLOCATED", "what is left is served"
    agrees(here, book)


def test_a_status_typed_as_cancelled_is_told_with_the_command(here: Runner, book: Path) -> None:
    type_by_key(book, "Sales", "SalesID", {"S1": {"Status": "Cancelled"}})
    result = done(here("recon", "run", "--json"), 1).json
    assert {f["code"] for f in result["findings"]} == {"PROTECTED_EXCESS"}
    assert "`sale cancel S1`" in result["findings"][0]["message"]
    done(here("sale", "cancel", "S1", *UNDO))
    agrees(here, book)


def test_the_clients_book_and_the_queues_follow(here: Runner, book: Path) -> None:
    guest = {"First name": "Ann", "Last Name": "Lee", "Client Email": "a@b.example.com"}
    type_by_key(book, "Distribution", "ID", {f"S1-{n}": guest for n in (1, 2, 3)}, header_row=2)
    done(here("supplier", "map", "ANN", "--vendor", "Ann"))
    for words in (("client", "build", "--all"), ("supplier", "build", "--all"), ("staff", "queue")):
        assert here(*words).code in (0, 1)
    path = book.parent / "books" / "CLIENT - Acme.xlsx"
    assert [row[0] for row in client_rows(path)][:3] == ["S1-1", "S1-2", "S1-3"]
    done(here("sale", "cancel", "S1-2", *UNDO))
    assert here("dispatch", "sync").code in (0, 1)
    rows = client_rows(path)
    assert [row[0] for row in rows if row[0].startswith("S1-")] == ["S1-1", "S1-3"]
    assert {row[1:] for row in rows if row[0].startswith("S1-")} == {(2, 2)}
    queue = [row["ID"] for row in rows_of(book, "_SUPPLIER_QUEUE") if row["ID"]]
    assert sorted(queue) == ["S1-1", "S1-3", "S2-1", "S2-2"]


def client_rows(path: Path) -> list[tuple[Any, ...]]:
    """(ticket, bought, allocated) of a client's book."""
    sheet = openpyxl.load_workbook(path).worksheets[0]
    return [
        (sheet[f"A{row}"].value, sheet[f"P{row}"].value, sheet[f"Q{row}"].value)
        for row in range(1, sheet.max_row + 1)
        if str(sheet[f"A{row}"].value).startswith("S") and "-" in str(sheet[f"A{row}"].value)
    ]
