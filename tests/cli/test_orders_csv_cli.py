"""`sale add --csv`: what a file says about its lines is obeyed or refused, never left out (§4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Result, Runner

Sell = Any


def sales(path: Path) -> list[dict[str, Any]]:
    """The rows of Sales by header."""
    book = openpyxl.load_workbook(path, read_only=True)
    rows = list(book["Sales"].iter_rows(values_only=True))
    book.close()
    at = next(i for i, row in enumerate(rows) if "SalesID" in row)
    return [dict(zip(rows[at], row, strict=False)) for row in rows[at + 1 :] if any(row)]


@pytest.fixture
def sell(in_process: Runner, empty: Path, tmp_path: Path) -> Sell:
    """Sell the lines of a file."""

    def command(text: str, *more: str) -> Result:
        file = tmp_path / "orders.csv"
        file.write_text(text)
        return in_process("sale", "add", "--csv", str(file), *more, "-w", str(empty))

    return command


ORDERS = """Order;Client;Match;Category;Qty;Price;Currency;Date
17;Meridian Travel;M01;Cat 1;2;100;USD;2026-03-01
17;Meridian Travel;M02;Cat 2;1;50;USD;2026-03-01
18;Zebra Tours;M01;Cat 1;1;90;eur;02.03.2026
;Zebra Tours;M01;Cat 3;1;90;EUR;02.03.2026
"""


def test_many_clients_in_one_file(sell: Sell, empty: Path) -> None:
    done = sell(ORDERS, "--json")
    assert done.code == 0, done.err
    rows = sales(empty)
    assert [row["Client"] for row in rows] == ["Meridian Travel"] * 2 + ["Zebra Tours"] * 2
    assert [row["Currency"] for row in rows] == ["USD", "USD", "EUR", "EUR"]
    assert [f"{row['Date']:%d.%m.%Y}" for row in rows] == ["01.03.2026"] * 2 + ["02.03.2026"] * 2
    orders = [row["OrderID"] for row in rows]
    assert orders[0] == orders[1]
    assert len(set(orders)) == 3
    assert [row["ClientPO"] for row in rows] == ["17", "17", "18", None]
    assert [(o["client"], o["sales_ids"]) for o in done.json["result"]["orders"]] == [
        ("Meridian Travel", ["S1", "S2"]),
        ("Zebra Tours", ["S3"]),
        ("Zebra Tours", ["S4"]),
    ]


def test_without_an_order_column_each_client_has_one_order(sell: Sell, empty: Path) -> None:
    text = "client,match,category,qty,price\nAnna,M01,Cat 1,1,5\nBert,M01,Cat 1,1,5\nAnna,M02,Cat 1,1,5\n"
    assert sell(text).code == 0
    orders = [(row["Client"], row["OrderID"]) for row in sales(empty)]
    assert orders[0] == orders[1] != orders[2]
    assert len(set(orders)) == 2
    assert [row["Currency"] for row in sales(empty)] == ["USD"] * 3


@pytest.mark.parametrize(
    ("header", "cells", "options", "says"),
    [
        ("client", "Bert", ["--client", "Anna"], "line 2: its client is 'Bert'"),
        ("Customer", "Bert", ["--client", "Anna"], "client is 'Bert'"),
        ("currency", "EUR", ["--client", "Anna", "--currency", "USD"], "currency is 'EUR'"),
        (
            "date",
            "2026-03-01",
            ["--client", "Anna", "--date", "2026-03-02"],
            "date is '2026-03-01'",
        ),
        ("contract", "7", ["--client", "Anna", "--contract", "8"], "contract is '7'"),
        ("Payment Status", "PAID", ["--client", "A", "--payment", "INVOICED"], "payment_status"),
        ("date", "yesterday", ["--client", "Anna"], "line 2: --date 'yesterday'"),
        ("currency", "GBP", ["--client", "Anna"], "GBP"),
        ("client", "", [], "client is empty"),
        (
            "status",
            "CANCELLED",
            ["--client", "Anna"],
            "the column status changes what a line means",
        ),
        ("SalesID", "S9", ["--client", "Anna"], "the column SalesID changes"),
        ("Discount", "10", ["--client", "Anna"], "the column Discount changes"),
        ("Curency", "EUR", ["--client", "Anna"], "did you mean currency"),
        ("Total", "999", ["--client", "Anna"], "its total is 999"),
    ],
)
def test_what_contradicts_is_refused(
    sell: Sell, empty: Path, header: str, cells: str, options: list[str], says: str
) -> None:
    before = empty.read_bytes()
    done = sell(f"match,category,qty,price,{header}\nM01,Cat 1,2,5,{cells}\n", *options)
    assert done.code == 3, done.out
    assert says in done.err
    assert empty.read_bytes() == before


@pytest.mark.parametrize(
    ("header", "cells", "options", "column", "value"),
    [
        ("client", "anna", ["--client", "Anna"], "Client", "anna"),
        ("currency", "", ["--client", "Anna", "--currency", "EUR"], "Currency", "EUR"),
        ("notes", "by phone", ["--client", "Anna"], "Notes", "by phone"),
        ("Payment", "paid", ["--client", "Anna"], "PaymentStatus", "PAID"),
        ("Total", "10", ["--client", "Anna"], "Total", 10),
        ("instructions", "aisle", ["--client", "Anna"], "SpecialInstructions", "aisle"),
    ],
)
def test_what_agrees_is_obeyed(
    sell: Sell, empty: Path, header: str, cells: str, options: list[str], column: str, value: Any
) -> None:
    done = sell(f"match,category,qty,price,{header}\nM01,Cat 1,2,5,{cells}\n", *options)
    assert done.code == 0, done.err
    assert [row[column] for row in sales(empty)] == [value]


def test_one_order_has_one_client(sell: Sell, empty: Path) -> None:
    text = "order,client,match,category,qty,price\n7,Anna,M01,Cat 1,1,5\n7,Bert,M01,Cat 1,1,5\n"
    done = sell(text)
    assert done.code == 3
    assert "line 3: order 7 has two values of client: 'Anna' and 'Bert'" in done.err


def test_a_client_in_a_file_is_resolved_like_any(sell: Sell, empty: Path) -> None:
    assert sell("client,match,category,qty,price\nMeridian Travel,M01,Cat 1,1,5\n").code == 0
    assert sell("client,match,category,qty,price\nmer,M01,Cat 1,1,5\n").code == 0
    assert [row["Client"] for row in sales(empty)] == ["Meridian Travel"] * 2
    text = "client,match,category,qty,price\nMeridien Travl,M01,Cat 1,1,5\n"
    assert sell(text).code == 3
    assert sell(text, "--new").code == 0
    twice = "client,match,category,qty,price\nZanzibar Lines,M01,Cat 1,1,5\nZanzibra Lines,M01,Cat 1,1,5\n"
    assert sell(twice).code == 3


def test_a_game_column_agrees_with_its_match(
    sell: Sell, empty: Path, in_process: Runner, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(empty)
    title = next(one for one in book.sheetnames if one.startswith("Schedule"))
    for row in range(1, 6):
        at = {c.value: c.column for c in book[title][row] if c.value}
        if "M#" in at:
            for n, (code, game) in enumerate(
                (("M01", "Peru vs Chile"), ("M02", "Mali vs Togo")), 1
            ):
                book[title].cell(row + n, at["M#"], code)
                book[title].cell(row + n, at["Game"], game)
            break
    book.save(empty)
    head = "client,match,game,category,qty,price\n"
    assert sell(f"{head}Anna,M01,Peru vs Chile,Cat 1,1,5\n").code == 0
    assert sell(f"{head}Anna,,Mali vs Togo,Cat 1,1,5\n").code == 0
    refused = sell(f"{head}Anna,M01,Mali vs Togo,Cat 1,1,5\n")
    assert refused.code == 4
    assert "two different matches" in refused.err
    assert [row["Match"] for row in sales(empty)] == ["M01", "M02"]
    assert sell("client,game,category,qty,price\nAnna,mali,Cat 1,1,5\n").code == 0


def test_a_purchase_file_is_obeyed_too(in_process: Runner, empty: Path, tmp_path: Path) -> None:
    file = tmp_path / "bought.csv"

    def buy(text: str, *more: str) -> Result:
        file.write_text(text)
        return in_process("purchase", "add", "--csv", str(file), *more, "-w", str(empty))

    text = "match,vendor,category,qty,price,date,currency\nM01,Viagogo,Cat 1,1,5,2026-03-01,EUR\n"
    assert buy(text).code == 0
    assert buy(text, "--currency", "USD").code == 3
    assert buy(text, "--vendor", "Eventim").code == 3
    book = openpyxl.load_workbook(empty, read_only=True)
    cells = [c for row in book["Purchases"].iter_rows(values_only=True) for c in row if c]
    book.close()
    assert "EUR" in cells
    assert any(getattr(c, "year", 0) == 2026 and c.month == 3 for c in cells)
