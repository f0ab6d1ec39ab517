"""Sub-games in the books of clients, suppliers and staff: built, filled in, pulled, undone (D31)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.dispatching import (
    ANA,
    book_rows,
    client_book,
    fill,
    staff_book,
    supplier_book,
    tickets_of,
)
from tests.conftest import Runner
from ticketops.cli.main import run

MANAGER = {"role": "ops_manager"}
GUEST = {"First name": "Ron", "Last Name": "Day", "Client Email": "ron@example.org"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M01 has RACE and SPRINT, on Sunday and Saturday. Acme Ltd has S1 (two, RACE, of Ann) and S2
    (two, SPRINT, of BEE), Bolt S3 (one, RACE, of Ann); all with units, Acme's with guests."""
    path = tmp_path_factory.mktemp("weekend") / "event.xlsx"
    for words in (
        ("init", str(path), "--event", "GP26"),
        (
            "subgame",
            "add",
            "M01",
            "RACE",
            "--type",
            "RACE",
            "--date",
            "2099-06-14",
            "--time",
            "15:00",
        ),
        (
            "subgame",
            "add",
            "M01",
            "SPRINT",
            "--type",
            "SPRINT",
            "--date",
            "2099-06-13",
            "--time",
            "11:00",
        ),
        (
            "purchase",
            "add",
            "--match",
            "M01/RACE",
            "--vendor",
            "Ann Tickets",
            "--line",
            "Cat 1:3@90",
        ),
        (
            "purchase",
            "add",
            "--match",
            "M01/SPRINT",
            "--vendor",
            "Bee",
            "--line",
            "Cat 1:3@50",
            "--new",
        ),
        ("supplier", "map", "BEE", "--vendor", "Bee"),
        ("sale", "add", "--client", "Acme Ltd", "--line", "M01/RACE:Cat 1:2@200"),
        ("sale", "add", "--client", "Acme Ltd", "--line", "M01/SPRINT:Cat 1:2@100"),
        ("sale", "add", "--client", "Bolt", "--line", "M01/RACE:Cat 1:1@200", "--new"),
        ("allocate", "auto"),
    ):
        at = [] if words[0] == "init" else ["-w", str(path)]
        assert run([*words, "-q", *at]) == 0, words
    return path


def ok(here: Runner, *words: str) -> Any:
    done = here(*words, "--json", **MANAGER)
    assert done.code == 0, (words, done.out)
    return done.json["result"]


def match_and_day(rows: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row.get("M-No.") or row["Match"], f"{row['Match day']:%a}") for row in rows.values()]


def test_a_client_s_book(here: Runner, book: Path, tmp_path: Path) -> None:
    ok(here, "client", "build", "--all")
    rows = book_rows(client_book(book))
    assert list(rows) == ["S2-1", "S2-2", "S1-1", "S1-2"], "Saturday first"
    assert match_and_day(rows) == [("M01/SPRINT", "Sat")] * 2 + [("M01/RACE", "Sun")] * 2
    filled = fill(
        client_book(book),
        tmp_path / "a.xlsx",
        {"S1-2": GUEST, "S2-1": GUEST | {"First name": "Sue"}},
    )
    ok(here, "client", "pull", str(filled))
    names = tickets_of(book, "First name", "SubGame")
    assert (names["S1-2"], names["S2-1"]) == (("Ron", "RACE"), ("Sue", "SPRINT"))
    ok(here, "undo", "-y")
    assert tickets_of(book, "First name")["S1-2"] is None


@pytest.mark.slow
def test_staff_s_book(here: Runner, book: Path, tmp_path: Path) -> None:
    for sale in ("S1", "S2", "S3"):
        fill_guests(here, book, tmp_path, sale)
    ok(here, "staff", "queue")
    handed = ok(here, "staff", "assign", "--to", ANA, "--match", "M01/RACE")
    assert len(handed["tasks"]) == 3
    ok(here, "staff", "build", "--all")
    rows = book_rows(staff_book(book, ANA))
    assert match_and_day(rows) == [("M01/RACE", "Sun")] * 3
    first = next(iter(rows))
    filled = fill(staff_book(book, ANA), tmp_path / "s.xlsx", {first: {"DispatchStatus": "SENT"}})
    assert ok(here, "staff", "pull", str(filled))["taken"] == 1
    assert sorted(filter(None, tickets_of(book, "Delivery").values())).count("SENT") == 1
    ok(here, "undo", "-y")
    assert "SENT" not in tickets_of(book, "Delivery").values()


def fill_guests(here: Runner, book: Path, tmp_path: Path, sale: str) -> None:
    who = "bolt" if sale == "S3" else "acme"
    ok(here, "client", "build", "--all")
    keys = [key for key in book_rows(client_book(book, who)) if key.startswith(sale)]
    filled = fill(client_book(book, who), tmp_path / f"{sale}.xlsx", dict.fromkeys(keys, GUEST))
    ok(here, "client", "pull", str(filled))


@pytest.mark.slow
def test_a_supplier_s_book(here: Runner, book: Path, tmp_path: Path) -> None:
    fill_guests(here, book, tmp_path, "S2")
    ok(here, "supplier", "build", "--all")
    rows = book_rows(supplier_book(book))
    assert match_and_day(rows) == [("M01/SPRINT", "Sat")] * 2
    filled = fill(supplier_book(book), tmp_path / "b.xlsx", {"S2-2": {"Delivery": "SENT"}})
    assert ok(here, "supplier", "pull", str(filled))["taken"] == 1
    assert tickets_of(book, "Delivery")["S2-2"] == "SENT"


def test_a_book_follows_its_ticket_to_another_sub_game(here: Runner, book: Path) -> None:
    """The office types another SubGame into Sales; the ticket has no unit then."""
    ok(here, "client", "build", "--all")
    ok(here, "override", "unallocate", "S1", "--reason", "x", "--confirm", "UNDO")
    ok(here, "undo", "-y")
    shown = ok(here, "client", "view", "Acme Ltd", "--match", "M01/SPRINT")
    assert [row["sales_id"] for row in shown["tickets"]] == ["S2-1", "S2-2"]
    ok(here, "client", "view", "Acme Ltd", "--match", "M01/SPRINT", "--save-view", "sprint")
    again = ok(here, "client", "view", "Acme Ltd", "--view", "sprint")
    assert again["tickets"] == shown["tickets"]
