"""What follows its source, and typed rows, through the command line on a file (D21, §3, §4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.workbooks import cells_of, type_into
from tests.conftest import Result, Runner
from ticketops.cli.main import run

OLD, NEW = "Winner QF1 vs Winner QF2", "Spain vs Brazil"
SCHEDULE = "Schedule WC2026"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M101 and M01 in the schedule; Acme has S1 (two of M101, allocated); one unit of M101 is
    left."""
    path = tmp_path_factory.mktemp("follow") / "event.xlsx"
    assert run(["init", str(path), "--event", "WC2026"]) == 0
    type_into(path, SCHEDULE, C2="M101", D2=OLD, C3="M01", D3="Mexico vs Korea")
    at = ("-w", str(path))
    assert (
        run(
            [
                "purchase",
                "add",
                "--match",
                "M101",
                "--vendor",
                "Ann Tickets",
                "--contract",
                "7",
                "--line",
                "Cat 1:3@100.10",
                *at,
            ]
        )
        == 0
    )
    assert run(["sale", "add", "--client", "Acme Ltd", "--line", "M101:Cat 1:2@200", *at]) == 0
    assert run(["allocate", "commit", "S1", *at]) == 0
    return path


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {
        "TICKETOPS_WORKBOOK": str(book),
        "TICKETOPS_BOOKS": str(book.parent / "books"),
        "TICKETOPS_ROLE": "ops_manager",
    }


def column(path: Path, sheet: str, header: str, header_row: int = 1) -> list[Any]:
    """The cells below a header, as they stand (formulas as text), blanks at the end left out."""
    sheet_ = openpyxl.load_workbook(path)[sheet]
    place = next(cell.column for cell in sheet_[header_row] if cell.value == header)
    found = [sheet_.cell(row, place).value for row in range(header_row + 1, sheet_.max_row + 1)]
    while found and found[-1] is None:
        found.pop()
    return found


def codes(done: Result) -> list[str]:
    return [finding["code"] for finding in done.json["findings"]]


def shown(book: Path, letter: str) -> list[Any]:
    """A column of the client's book, where it holds tickets."""
    sheet = openpyxl.load_workbook(book.parent / "books" / "CLIENT - Acme Ltd.xlsx").worksheets[0]
    return [
        sheet[f"{letter}{row}"].value
        for row in range(1, sheet.max_row + 1)
        if str(sheet[f"A{row}"].value).startswith("S1-")
    ]


@pytest.mark.slow
def test_a_resolved_placeholder_reaches_every_sheet_and_the_clients_book(
    here: Runner, book: Path
) -> None:
    assert here("client", "build", "Acme Ltd").code == 0
    assert shown(book, "L") == [OLD, OLD]
    type_into(book, SCHEDULE, D2=NEW)
    waits = here("status", "--json").json["result"]
    assert waits["waiting"]["reference_behind"] == 7
    assert "dispatch sync" in [action["command"] for action in waits["actions"]]
    assert "GAME_BEHIND" in codes(here("audit", "run", "--json"))
    before = book.read_bytes()
    assert here("dispatch", "sync", "-n").code == 0
    assert book.read_bytes() == before
    done = here("dispatch", "sync", "--json")
    assert codes(done) == ["GAME_FOLLOWS"]
    assert (
        done.json["findings"][0]["message"]
        == f"M101: Game follows the schedule, '{OLD}' → '{NEW}', in 7 cells (Purchases 1, _PURCHASE_UNITS 3, Sales 1, Distribution 2)"
    )
    assert [
        column(book, *where)
        for where in (
            ("Purchases", "Game"),
            ("_PURCHASE_UNITS", "Game"),
            ("Sales", "Game"),
            ("Distribution", "Game", 2),
        )
    ] == [[NEW], [NEW] * 3, [NEW], [NEW] * 2]
    assert shown(book, "L") == [NEW, NEW]
    assert "nothing to do" in here("dispatch", "sync").err
    assert here("undo", "-y").code == 0
    assert book.read_bytes() == before


def test_a_book_says_the_game_of_the_schedule_even_before_the_ledgers_do(
    here: Runner, book: Path
) -> None:
    type_into(book, SCHEDULE, D2=NEW)
    done = here("client", "build", "Acme Ltd", "--json")
    assert shown(book, "L") == [NEW, NEW]
    assert codes(done) == ["GAME_BEHIND"]


@pytest.mark.slow
def test_formulas_stand_and_are_not_counted(here: Runner, book: Path) -> None:
    type_into(book, "Sales", C2='=IF(B2="","",B2&" game")', I2="=G2*H2")
    type_into(book, "Purchases", I2="=ROUND(G2*H2,2)")
    type_into(book, SCHEDULE, D2=NEW)
    type_into(book, "Sales", G2=3)
    type_into(book, "Purchases", G2=4)
    done = here("sale", "expand", "--json")
    assert "in 2 cells (Distribution 2)" in next(
        f["message"] for f in done.json["findings"] if f["code"] == "GAME_FOLLOWS"
    )
    assert here("purchase", "expand").code == 0
    assert column(book, "Sales", "Game") == ['=IF(B2="","",B2&" game")']
    assert (column(book, "Sales", "Total"), column(book, "Purchases", "Total")) == (
        ["=G2*H2"],
        ["=ROUND(G2*H2,2)"],
    )
    assert column(book, "Distribution", "Game", 2) == [NEW] * 3
    assert "nothing to do" in here("sale", "expand").err
    assert here("status", "--json").json["result"]["waiting"]["reference_behind"] == 0


@pytest.mark.slow
def test_a_seat_typed_later_reaches_the_clients_book(here: Runner, book: Path) -> None:
    assert here("client", "build", "Acme Ltd").code == 0
    units = openpyxl.load_workbook(book)["_PURCHASE_UNITS"]
    places = {cell.value: cell.column_letter for cell in units[1]}
    type_into(
        book,
        "_PURCHASE_UNITS",
        **{f"{places['Block']}2": "BX", f"{places['Row']}2": "4", f"{places['Seat']}2": "1"},
    )
    assert here("dispatch", "sync").code == 0
    assert [shown(book, letter) for letter in "STU"] == [["BX", None], ["4", None], ["1", None]]
    type_into(book, "_PURCHASE_UNITS", **{f"{places['Seat']}2": "2"})
    assert here("sale", "expand").code == 0
    assert column(book, "Distribution", "Seat", 2) == ["2"]
    type_into(
        book,
        "Distribution",
        **{
            at: "9"
            for (sheet, at), cell in cells_of(book).items()
            if sheet == "Distribution" and cell == "2" and at.startswith("T")
        },
    )
    done = here("dispatch", "sync", "--json")
    assert (done.code, codes(done)) == (1, ["SEATS_DIFFER"])
    assert "BX/4/9" in done.json["findings"][0]["message"]
    assert "BX/4/2" in done.json["findings"][0]["message"]
    assert column(book, "Distribution", "Seat", 2) == ["9"]


@pytest.mark.slow
def test_a_typed_sale_is_what_sale_add_would_have_made_of_it(here: Runner, book: Path) -> None:
    type_into(book, "Sales", B3="m 101", D3="Acme Ltd", F3="cat 1", G3=2, H3=210.5)
    before = book.read_bytes()
    done = here("sale", "expand", "--json")
    assert codes(done) == ["CURRENCY_ASSUMED", "OVERSELL"]
    made = {
        header: column(book, "Sales", header)[-1]
        for header in (
            "Game",
            "Total",
            "Status",
            "Currency",
            "PaymentStatus",
            "RunID",
            "OversellFlag",
        )
    }
    assert made == {
        "Game": OLD,
        "Total": 421,
        "Status": "PENDING_APPROVAL",
        "Currency": "USD",
        "PaymentStatus": "PENDING",
        "RunID": done.json["run_id"],
        "OversellFlag": True,
    }
    assert len(set(column(book, "Sales", "OrderID"))) == 2
    assert column(book, "Distribution", "Game", 2) == [OLD] * 4
    assert [
        s["sales_id"] for s in here("allocate", "auto", "--json").json["result"].get("sales", [])
    ] == []
    assert "nothing to do" in here("sale", "expand").err
    assert here("undo", "-y").code == 0
    assert book.read_bytes() == before


@pytest.mark.parametrize(
    ("sheet", "command", "total"), [("Purchases", "purchase", 500.5), ("Sales", "sale", 1000)]
)
def test_totals_follow_a_changed_number(
    here: Runner, book: Path, sheet: str, command: str, total: float
) -> None:
    type_into(book, sheet, G2=5)
    here(command, "expand")
    assert column(book, sheet, "Total") == [total]
    type_into(book, sheet, I2=77)
    done = here(command, "expand", "--json")
    assert column(book, sheet, "Total") == [77]
    assert "TOTAL_DIFFERS" in codes(done)


def test_lines_of_one_purchase_share_an_id(here: Runner, book: Path) -> None:
    lines = ("--line", "Cat 1:1@10", "--line", "Cat 2:2@5")
    done = here(
        "purchase", "add", "--match", "M1", "--vendor", "Bee", "--contract", "9", *lines, "--json"
    )
    (order,) = done.json["result"]["purchase_order_ids"]
    assert column(book, "Purchases", "PurchaseOrderID")[1:] == [order, order]
    assert order.startswith("Q_")
