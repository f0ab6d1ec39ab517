"""D17: what is missing, or was renamed, is no instruction to add, remove or empty anything."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Runner
from ticketops.schema.columns import header_key
from ticketops.schema.likeness import alike


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return {"TICKETOPS_USER": "ana", "TICKETOPS_WORKBOOK": "event.xlsx"}


@pytest.fixture(scope="module")
def source(cli: Runner, empty_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 tickets sold to Acme, 40 units bought in two purchases, of which 4 are allocated."""
    path = Path(shutil.copy(empty_source, tmp_path_factory.mktemp("missing") / "event.xlsx"))
    for words in (
        (
            "purchase",
            "add",
            "--match",
            "M01",
            "--vendor",
            "Tix",
            "--line",
            "Cat 1:30@10",
            "--line",
            "Cat 2:10@10",
        ),
        (
            "sale",
            "add",
            "--client",
            "Acme",
            "--line",
            "M01:Cat 1:4@20",
            "--line",
            "M01:Cat 1:21@20",
        ),
        ("allocate", "commit", "S1"),
        ("sale", "expand"),
    ):
        done = cli(*words, "-w", str(path), "-y", env={"TICKETOPS_ROLE": "ops_manager"})
        assert done.code in (0, 1), done.err
    return path


def changed(path: Path, change: Callable[[Any], object]) -> None:
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    book.close()


def header_of(book: Any, sheet: str, header: str, row: int) -> Any:
    return next(cell for cell in book[sheet][row] if cell.value == header)


def renamed(sheet: str, header: str, new: Any, row: int = 1) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        header_of(book, sheet, header, row).value = new

    return change


def companies(path: Path) -> list[Any]:
    book = openpyxl.load_workbook(path)
    column = header_of(book, "Distribution", "Company", 2).column
    found = [
        row[column - 1].value
        for row in book["Distribution"].iter_rows(min_row=3)
        if row[column - 1].value
    ]
    book.close()
    return found


@pytest.mark.parametrize(
    "header",
    [
        "Cli\u200bent",
        "\ufeffClient",
        "Client\u00a0",
        "CLIENT",
        "C\u00adlient",
        "Client\u200f",
        "\uff23lient",
        "Client\ufe0f",
    ],
)
def test_a_header_with_what_nobody_sees_is_the_header(
    here: Runner, book: Path, header: str
) -> None:
    changed(book, renamed("Sales", "Client", header))
    assert here("sale", "expand").code == 0
    assert companies(book) == ["Acme"] * 25
    assert here("doctor", "--fix", "-y", "--json").json["result"]["added"] == []


@pytest.mark.parametrize("header", ["Client Name", "Customer", "Clients", "Buyer", None])
def test_a_renamed_column_is_named_and_nothing_is_added_beside_it(
    here: Runner, book: Path, header: str | None
) -> None:
    changed(book, renamed("Sales", "Client", header))
    refused = here("sale", "expand")
    assert refused.code == 3
    assert "'Client' may be" in refused.err
    assert "--fix" not in refused.err
    before = book.read_bytes()
    fixed = here("doctor", "--fix", "-y", "--json").json
    assert fixed["result"]["added"] == []
    assert book.read_bytes() == before
    told = [
        finding["message"] for finding in fixed["findings"] if finding["code"] == "MISSING_COLUMN"
    ]
    assert len(told) == 1
    assert "rename that header to 'Client'" in told[0]
    assert header is None or repr(header) in told[0]


def test_a_column_that_is_gone_is_added(here: Runner, book: Path) -> None:
    changed(
        book, lambda held: held["Sales"].delete_cols(header_of(held, "Sales", "Notes", 1).column)
    )
    refused = here("sale", "expand")
    assert "doctor --fix" in refused.err
    fixed = here("doctor", "--fix", "-y", "--json").json
    assert fixed["result"]["added"] == [{"sheet": "Sales", "columns": ["notes"]}]
    assert not [finding for finding in fixed["findings"] if finding["code"] == "MISSING_COLUMN"]


@pytest.mark.parametrize("title", ["Purchases 2026", "purchase", "Einkauf", "Purchases (old)"])
def test_a_renamed_sheet_is_named_and_no_other_is_made(
    here: Runner, book: Path, title: str
) -> None:
    changed(book, lambda held: setattr(held["Purchases"], "title", title))
    before = book.read_bytes()
    fixed = here("doctor", "--fix", "-y", "--json").json
    assert fixed["result"]["added"] == []
    assert book.read_bytes() == before
    told = [
        finding["message"]
        for finding in fixed["findings"]
        if finding["code"] == "MISSING_SHEET" and finding["sheet"] == "Purchases"
    ]
    assert told == [f"there is no sheet 'Purchases'; {title!r} may be that sheet: if so, rename it"]
    assert here("purchase", "expand").code == 3


def test_a_sheet_that_is_gone_is_added(here: Runner, book: Path) -> None:
    changed(book, lambda held: held.remove(held["Purchases"]))
    assert here("doctor", "--fix", "-y", "--json").json["result"]["added"] == [
        {"sheet": "Purchases", "columns": []}
    ]


def test_an_emptied_ledger_does_not_remove_units_unasked(here: Runner, book: Path) -> None:
    """All rows of Purchases are gone: 36 of 36 free units would go."""
    changed(book, lambda held: held["Purchases"].delete_rows(2, 50))
    before = book.read_bytes()
    for words in (("purchase", "expand"), ("purchase", "expand", "-y")):
        refused = here(*words)
        assert refused.code == 4
        assert "remove 36 of 36 free units" in refused.err
        assert "--confirm REMOVE" in refused.err
    assert book.read_bytes() == before
    assert here("purchase", "expand", "--confirm", "remove").code == 2
    shown = here("purchase", "expand", "-n", "--json").json
    assert shown["result"]["units_removed"] == 36
    assert [
        finding["severity"] for finding in shown["findings"] if finding["code"] == "MUCH_REMOVED"
    ] == ["HIGH"]
    done = here("purchase", "expand", "-y", "--confirm", "REMOVE", "--json")
    assert done.code == 1
    assert done.json["result"]["units_removed"] == 36


@pytest.mark.parametrize(("left", "code"), [(22, 0), (21, 0), (20, 4)])
def test_the_border_of_what_may_go_unasked(here: Runner, book: Path, left: int, code: int) -> None:
    """36 units are free. Of the 30 of the first purchase `left` stay: 8 and 9 go unasked, 10 do
    not."""
    changed(
        book,
        lambda held: setattr(header_of(held, "Purchases", "Number", 1).offset(1, 0), "value", left),
    )
    assert here("purchase", "expand", "-y").code == code


@pytest.mark.parametrize(("blank", "code"), [(("S1",), 1), (("S1", "S2"), 4)])
def test_a_column_is_not_emptied_unasked(
    here: Runner, book: Path, blank: tuple[str, ...], code: int
) -> None:
    """S1 has 4 tickets, S2 has 21; a sale without a client is a finding."""

    def fill(held: Any) -> None:
        for row in held["Sales"].iter_rows(min_row=2, max_row=3):
            row[4].value = "C-7"

    changed(book, fill)
    assert here("sale", "expand", "-y").code in (0, 1)

    def empty(held: Any) -> None:
        sales_id = header_of(held, "Sales", "SalesID", 1).column - 1
        for row in held["Sales"].iter_rows(min_row=2, max_row=3):
            if row[sales_id].value in blank:
                row[3].value = None

    changed(book, empty)
    done = here("sale", "expand", "-y")
    assert done.code == code, done.err
    if code == 4:
        assert "empty Company on 25 rows of Distribution" in done.err
        assert companies(book) == ["Acme"] * 25


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Client", "Client Name", True),
        ("Company", "Compagny", True),
        ("SalesID", "Sales ID", True),
        ("Sales", "Sales 2026", True),
        ("Purchases", "Sales", False),
        ("Notes", "Price", False),
        ("ID", "Paid", False),
        ("Date", "", False),
    ],
)
def test_likeness(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same
    assert alike(other, one) is same


def test_headers_that_differ_in_what_is_seen_differ() -> None:
    assert (
        len({header_key(text) for text in ("Client", "Clients", "Cliént", "C1ient", "Seat", "Set")})
        == 6
    )
