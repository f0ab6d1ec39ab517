"""`export financial` (§13): its files as other programs read them, against `margin` and `balance`."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.closing.settled import words
from tests.conftest import Runner

TRADE = (
    "purchase add --match M02 --vendor Bee --line Cat~2:4@33.33 --currency EUR --inv-no L7",
    "purchase add --match M02 --vendor Ann --line Cat~2:3@19.99",
    "sale add --client Acme --line M02:Cat~2:3@99.99 --currency EUR",
    "sale add --client =Cee --line M01:Cat~1:3@10.10",
    "sale add --client Bolt --line M02:Cat~2:2@77.77",
    "allocate auto",
    "fee add --for P00007 --amount 7.77 --kind DELIVERY",
    "fee add --for S1 --amount 3.33 --kind PLATFORM",
    "invoice issue S1",
    "invoice issue S2",
    "invoice issue S5",
    "invoice credit 2026-0003 --reason x",
    "payment add --for S3 --amount 100",
    "payment add --client Acme --amount 5000",
    "payment add --vendor Ann --amount 250.25",
    "payment add --vendor Bee --amount 999 --currency EUR",
    "sale cancel S4-1 --confirm UNDO --reason x",
    "payment add --for S5 --amount 155.54",
    "sale cancel S5-2 --confirm UNDO --reason x",
    "refund decide S5-2 --amount 50 --reason x",
)
Sums = dict[str, Decimal]


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def summed(rows: Iterable[dict[str, Any]], name: str) -> Sums:
    """{currency: the sum of a column}, without noughts."""
    found: Sums = defaultdict(Decimal)
    for row in rows:
        found[row.get("Currency") or row["currency"]] += Decimal(str(row[name] or 0))
    return {currency: total for currency, total in found.items() if total}


@pytest.fixture
def traded(here: Runner, book: Path) -> Path:
    for line in TRADE:
        done = here(*words(line), "-y")
        assert done.code in (0, 1), (line, done.err)
    return book


def test_every_sum_is_that_of_margin_and_balance(here: Runner, traded: Path) -> None:
    done = here("export", "financial", "-o", "close", "--json")
    assert done.code in (0, 1), done.err
    folder = traded.parent / "close"
    margin = here("margin", "--json").json["result"]
    for sheet, pairs in (
        ("revenue", {"Revenue": "revenue", "Tickets": "tickets", "Refunds": "refunds"}),
        ("cost", {"Cost": "cost", "Fees": "fees"}),
        ("margin", {"Revenue": "revenue", "Cost": "cost", "Fees": "fees", "Margin": "margin"}),
    ):
        for ours, theirs in pairs.items():
            assert summed(read(folder, sheet), ours) == summed(margin["lines"], theirs), ours
    for ours, theirs in (("Unsold", "cost"), ("Fees of unsold", "fees")):
        assert summed(read(folder, "cost"), ours) == summed(margin["unsold"], theirs)
    for sheet, kind, total in (
        ("client-invoices", "clients", "Sold"),
        ("vendor-payments", "vendors", "Purchased"),
    ):
        lines = here("balance", kind, "--all", "--json").json["result"]["lines"]
        assert lines
        for ours, theirs in (
            (total, "invoiced"),
            ("Paid", "paid"),
            ("Outstanding", "outstanding"),
            ("In advance", "in_advance"),
        ):
            assert summed(read(folder, sheet), ours) == summed(lines, theirs), (sheet, ours)
    invoices = here("invoice", "list", "--json").json["result"]["invoices"]
    standing = [one for one in invoices if one["total"] > 0 and not one["cancelled_by"]]
    assert summed(read(folder, "client-invoices"), "Invoiced") == summed(standing, "total")


def test_the_workbook_says_what_the_files_say(here: Runner, traded: Path) -> None:
    assert here("export", "financial", "-o", "close").code in (0, 1)
    folder = traded.parent / "close"
    made = openpyxl.load_workbook(folder / "financial.xlsx")
    names = ["revenue", "cost", "margin", "vendor-payments", "client-invoices"]
    assert [sheet.title.lower().replace(" ", "-") for sheet in made] == names
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["financial.xlsx", *(f"{name}.csv" for name in names)]
    )
    for sheet, name in zip(made, names, strict=True):
        head, *rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=3)]
        assert not any(c.data_type == "f" for row in sheet.iter_rows() for c in row)
        lines = [row for row in rows if row[0] != "Total"]
        totals = [dict(zip(head, row, strict=True)) for row in rows if row[0] == "Total"]
        files = read(folder, name)
        assert [list(one) for one in files] == [head] * len(lines)
        for row, line in zip(lines, files, strict=True):
            for value, text in zip(row, line.values(), strict=True):
                if isinstance(value, int | float):
                    assert Decimal(str(round(value, 2))) == Decimal(text)
        for total in totals:
            for column, value in total.items():
                if isinstance(value, int | float):
                    own = summed(files, column).get(total["Currency"], Decimal(0))
                    assert Decimal(str(round(value, 2))) == own
        assert sorted(total["Currency"] for total in totals) == sorted(
            {line["Currency"] for line in files}
        )
    clients = {line["Client"] for line in read(folder, "client-invoices")}
    assert "'=Cee" in clients, "what looks like a formula is text"


def test_a_sale_that_the_margin_can_not_tell_is_named(here: Runner, book: Path) -> None:
    """Typed twice, or without its SalesID: the sums of margin and balance differ by it, and say so."""
    workbook = openpyxl.load_workbook(book)
    page = workbook["Sales"]
    heads = [cell.value for cell in page[1]]
    first = [cell.value for cell in page[2]]
    for row, sale in ((page.max_row + 1, "S1"), (page.max_row + 2, None)):
        for column, value in enumerate(first, start=1):
            page.cell(row, column).value = value
        page.cell(row, heads.index("SalesID") + 1).value = sale
    workbook.save(book)
    done = here("export", "financial", "-o", "close", "--json")
    (one,) = [one for one in done.json["findings"] if one["code"] == "SALE_LEFT_OUT"]
    totals = {(of["sheet"], of["currency"]): of["figures"] for of in done.json["result"]["totals"]}
    sold = totals["Client invoices", "USD"]["Sold"] - totals["Revenue", "USD"]["Revenue"]
    assert (done.code, one["row"], sold) == (1, 4, 1402.0)
    assert one["message"].startswith("2 rows of Sales")
    assert "1,402.00 USD" in one["message"]


def test_files_that_exist_are_kept(here: Runner, book: Path) -> None:
    folder = book.parent / "close"
    folder.mkdir()
    (folder / "cost.csv").write_text("mine")
    refused = here("export", "financial", "-o", "close")
    assert (refused.code, "already exists" in refused.err) == (4, True)
    assert [path.name for path in folder.iterdir()] == ["cost.csv"]
    assert here("export", "financial", "-o", "close", "--force").code in (0, 1)
    assert (folder / "cost.csv").read_text() != "mine"
    blocked = here("export", "financial", "-o", "event.xlsx")
    assert (blocked.code, "is not a folder" in blocked.err) == (3, True)
    assert here("export", "financial", "-o", "x", role="staff").code == 6
