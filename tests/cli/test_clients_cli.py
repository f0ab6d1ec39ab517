"""Which names are one client (D23, D27): merged, told apart, confirmed before a book is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Result, Runner

Do = Any


@pytest.fixture
def do(in_process: Runner, empty: Path, tmp_path: Path) -> Do:
    def command(*words: str, **more: Any) -> Result:
        env = {"TICKETOPS_BOOKS": str(tmp_path / "books")}
        return in_process(*words, "-w", str(empty), env=env, **more)

    return command


def sell(do: Do, *clients: str) -> None:
    """A ticket with a unit for each client."""
    bought = do(
        "purchase", "add", "--match", "M01", "--vendor", "V", "--line", f"Cat 1:{len(clients)}@5"
    )
    assert bought.code == 0, bought.err
    for client in clients:
        sold = do("sale", "add", "--client", client, "--line", "M01:Cat 1:1@9", "--new")
        assert sold.code == 0, sold.err
    assert do("allocate", "auto").code == 0


def books(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "books").glob("*.xlsx"))


def findings(done: Result, code: str) -> list[str]:
    return [one["message"] for one in done.json["findings"] if one["code"] == code]


def companies(path: Path) -> list[str]:
    """The SalesIDs that a client's book shows."""
    book = openpyxl.load_workbook(path)
    texts = [c for row in book.worksheets[0].iter_rows(values_only=True) for c in row]
    book.close()
    return sorted({str(c) for c in texts if isinstance(c, str) and c[:1] == "S" and "-" in c})


def test_several_spellings_have_no_book_until_they_are_confirmed(do: Do, tmp_path: Path) -> None:
    sell(do, "Acme", "Acme VIP", "Bolt")
    done = do("client", "build", "--all", "--json")
    assert done.code == 1
    assert books(tmp_path) == ["CLIENT - Bolt.xlsx"]
    [told] = findings(done, "NOT_CONFIRMED")
    assert "Acme · Acme VIP" in told
    assert "ticketops client merge 'Acme VIP' --into Acme" in told
    assert [g["confirmed"] for g in do("client", "groups", "--json").json["result"]["clients"]] == [
        False,
        True,
    ]
    assert do("client", "build", "Acme").code == 1
    assert books(tmp_path) == ["CLIENT - Bolt.xlsx"]
    assert do("client", "merge", "Acme VIP", "--into", "Acme").code == 0
    assert do("client", "build", "--all").code == 0
    assert books(tmp_path) == ["CLIENT - Acme.xlsx", "CLIENT - Bolt.xlsx"]
    assert companies(tmp_path / "books" / "CLIENT - Acme.xlsx") == ["S1-1", "S2-1"]


def test_names_that_are_told_apart_have_a_book_each(do: Do, tmp_path: Path) -> None:
    sell(do, "Acme", "Acme VIP")
    assert do("client", "split", "Acme VIP").code == 0
    assert do("client", "build", "--all").code == 0
    assert books(tmp_path) == ["CLIENT - Acme VIP.xlsx", "CLIENT - Acme.xlsx"]
    assert companies(tmp_path / "books" / "CLIENT - Acme.xlsx") == ["S1-1"]
    assert companies(tmp_path / "books" / "CLIENT - Acme VIP.xlsx") == ["S2-1"]


def test_legal_forms_are_companies(do: Do, tmp_path: Path) -> None:
    sell(do, "Delta AG", "Delta SA")
    done = do("client", "build", "--all", "--json")
    assert done.code == 0
    assert books(tmp_path) == ["CLIENT - Delta AG.xlsx", "CLIENT - Delta SA.xlsx"]
    assert findings(do("client", "groups", "--json"), "SIMILAR_CLIENTS") == []


def test_similar_clients_are_pointed_out(do: Do) -> None:
    sell(do, "Meridian Travel", "Meridien Travl", "Acme 1", "Acme 2")
    for words in (("client", "groups"), ("audit", "run")):
        [told] = findings(do(*words, "--json"), "SIMILAR_CLIENTS")
        assert "Meridian Travel and Meridien Travl" in told
    assert do("client", "split", "Meridien Travl").code == 0
    assert findings(do("client", "groups", "--json"), "SIMILAR_CLIENTS") == []


@pytest.mark.slow
def test_a_merged_client_is_the_other_everywhere(do: Do, tmp_path: Path) -> None:
    sell(do, "Acme", "Zenith")
    bought = do("purchase", "add", "--match", "M01", "--vendor", "V", "--line", "Cat 1:1@5")
    assert bought.code == 0
    held = do(
        "unit", "hold", "P00003", "--client", "Acme", "--until", "2099-01-01", "--reason", "x"
    )
    assert held.code == 0
    assert do("client", "merge", "Acme", "--into", "zen").code == 0
    sold = do("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:1@9", "--json")
    assert sold.json["result"]["orders"][0]["client"] == "Zenith"
    assert sold.json["result"]["oversold"] == []  # the unit that is held for Acme is Zenith's
    assert do("allocate", "commit", "S3").code == 0
    assert do("client", "build", "--all").code == 0
    assert books(tmp_path) == ["CLIENT - Zenith.xlsx"]
    assert companies(tmp_path / "books" / "CLIENT - Zenith.xlsx") == ["S1-1", "S2-1", "S3-1"]
    assert do("client", "split", "Acme").code == 0
    assert do("client", "build", "--all").code == 0
    assert companies(tmp_path / "books" / "CLIENT - Acme.xlsx") == ["S1-1"]
    assert companies(tmp_path / "books" / "CLIENT - Zenith.xlsx") == ["S2-1", "S3-1"]
    assert do("undo", "-y").code == 0


@pytest.mark.slow
def test_a_book_that_was_built_before_is_still_read(do: Do, tmp_path: Path, empty: Path) -> None:
    sell(do, "Acme", "Zenith")
    assert do("client", "build", "--all").code == 0
    back = tmp_path / "back.xlsx"
    book = openpyxl.load_workbook(tmp_path / "books" / "CLIENT - Acme.xlsx")
    sheet = book.worksheets[0]
    at, row = next(
        (c.column, c.row)
        for line in sheet.iter_rows()
        for c in line
        if str(c.value).casefold() == "first name"
    )
    below = next(n for n in range(row + 1, row + 9) if sheet.cell(n, at).value is None)
    sheet.cell(below, at, "Ann")
    book.save(back)
    assert do("client", "merge", "Acme", "--into", "Zenith").code == 0
    assert do("dispatch", "sync").code == 0
    pulled = do("client", "pull", str(back), "--json")
    assert pulled.json["result"]["taken"] == 1, pulled.out
    assert do("client", "build", "--all").code == 0
    assert companies(tmp_path / "books" / "CLIENT - Acme.xlsx") == []
    assert companies(tmp_path / "books" / "CLIENT - Zenith.xlsx") == ["S1-1", "S2-1"]


def test_aliases(do: Do) -> None:
    sell(do, "Acme", "Zenith")
    assert do("client", "alias", "Zenith", "Zed", "The Peak").code == 0
    sold = do("sale", "add", "--client", "the peak", "--line", "M01:Cat 1:1@9", "--json")
    assert sold.json["result"]["orders"][0]["client"] == "Zenith"
    assert do("client", "view", "the pe").code == 0
    for words in (
        ("client", "alias", "Zenith", "Acme"),
        ("client", "alias", "Acme", "Zed"),
        ("client", "alias", "Acme", "acme"),
    ):
        assert do(*words).code == 4, words
    for words in (
        ("client", "alias", "Nobody", "N"),
        ("client", "merge", "Nobody", "--into", "Acme"),
        ("client", "merge", "Acme", "--into", "Nobody"),
        ("client", "split", "Nobody"),
    ):
        assert do(*words).code == 3, words
    assert do("client", "merge", "Acme", "--into", "Acme").code == 4


@pytest.mark.parametrize("text", ["mer", "Meridian", "MERIDIAN travel"])
def test_a_client_is_found_by_its_beginning(do: Do, text: str) -> None:
    sell(do, "Meridian Travel", "Zenith")
    shown = do("client", "view", text, "--json")
    assert shown.json["result"]["companies"] == ["Meridian Travel"]
    assert do("client", "view", "Meridien Travl").code == 3


def test_expand_says_what_add_would_refuse_of_a_client(do: Do, empty: Path) -> None:
    sell(do, "Meridian Travel", "Zenith")
    book = openpyxl.load_workbook(empty)
    sheet = book["Sales"]
    at = {c.value: c.column for row in sheet.iter_rows(1, 5) for c in row if c.value}
    last = max(c.row for c in sheet[openpyxl.utils.get_column_letter(at["SalesID"])] if c.value)
    for row, client in enumerate(("mer", "Meridien Travl", "Quartz", "Zenith"), start=last + 1):
        typed = {"Client": client, "Match": "M01", "Category": "Cat 1", "Number": 1, "Price": 9}
        for name, value in typed.items():
            sheet.cell(row, at[name], value)
    book.save(empty)
    done = do("sale", "expand", "--json")
    assert done.code == 1
    told = findings(done, "UNCLEAR_NAME")
    assert len(told) == 2
    assert "taken as Meridian Travel" in told[0]
    assert "Meridien Travl" in told[1]
    assert findings(do("sale", "expand", "--json"), "UNCLEAR_NAME") == []
