"""The view of a client's tickets: filters and sorts against brute force, and views that are kept."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.dispatching import Do, type_by_key
from tests.conftest import ROOT, Runner

VIEWED = (
    "sales_id",
    "match",
    "game",
    "company",
    "inv_no",
    "category",
    "sets",
    "allocated",
    "qty",
    "block",
    "seat_row",
    "seat",
    "client_notes",
    "first_name",
    "last_name",
    "client_email",
    "comment",
    "delivery",
)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sample; the 71 tickets of one client stand in many blocks, rows and states."""
    path = Path(
        shutil.copy(
            ROOT / "sample_workbooks" / "small.xlsx",
            tmp_path_factory.mktemp("crowd") / "event.xlsx",
        )
    )
    dice = random.Random(11)
    book = openpyxl.load_workbook(path)
    page = book["Distribution"]
    heads = {cell.value: cell.column for cell in page[2]}
    for row in page.iter_rows(min_row=3):
        if row[heads["Company"] - 1].value != "Turizm Şişli":
            continue
        for head, choices in (
            ("Block", ["A", "B", "c", "9", "10", "101", None]),
            ("Row", ["1", "2", "9", "12", "15", "AA", None]),
            ("Seat", ["1", "7", "10", "22", None]),
            ("Delivery", ["NOT_SENT", "SENT", "PENDING", "ISSUE", "UPLOADED", None]),
            ("First name", ["Ada", "Bo", "Çelik", None]),
            ("Last Name", ["Byron", "de la Cruz", None]),
            ("Client Email", ["ada@guests.example.com", "bo@guests.example.net", None]),
        ):
            page.cell(row[0].row, heads[head]).value = dice.choice(choices)
    book.save(path)
    return path


def number_first(value: Any) -> tuple[Any, ...]:
    """The order people expect: runs of digits count as numbers, and come before letters (9, 12, A2,
    A10; M9, M12; S2-1, S10-1)."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.casefold())
        for part in re.findall(r"\d+|\D+", str(value))
    )


def in_range(value: str | None, wanted: str) -> bool:
    if not value:
        return False
    low, dash, high = wanted.partition("-")
    if not dash:
        return value.casefold() == wanted.casefold()
    return (
        number_first(low.casefold())
        <= number_first(value.casefold())
        <= number_first(high.casefold())
    )


Ticket = dict[str, Any]
FILTERS: dict[str, list[tuple[str, Callable[[Ticket], bool]]]] = {
    "match": [
        ("M01", lambda t: t["match"] == "M01"),
        ("m1", lambda t: t["match"] == "M01"),
        ("M01,M51", lambda t: t["match"] in ("M01", "M51")),
        ("M99", lambda _: False),
    ],
    "category": [
        ("cat 1", lambda t: t["category"] == "Cat 1"),
        ("Cat 2,CAT 3", lambda t: t["category"] in ("Cat 2", "Cat 3")),
    ],
    "delivery": [
        ("sent", lambda t: t["delivery"] == "SENT"),
        ("NOT_SENT,ISSUE", lambda t: t["delivery"] in ("NOT_SENT", "ISSUE")),
        ("UPLOADED", lambda t: t["delivery"] == "UPLOADED"),
        ("PENDING", lambda t: t["delivery"] == "PENDING"),
        ("ACCEPTED", lambda t: t["delivery"] == "ACCEPTED"),
    ],
    "block": [
        ("A", lambda t: t["block"] == "A"),
        ("C", lambda t: t["block"] == "c"),
        ("9-101", lambda t: in_range(t["block"], "9-101")),
        ("B-C", lambda t: in_range(t["block"], "B-C")),
    ],
    "row": [
        ("9", lambda t: t["seat_row"] == "9"),
        ("2-12", lambda t: t["seat_row"] in ("2", "9", "12")),
        ("aa", lambda t: t["seat_row"] == "AA"),
    ],
    "holder": [
        (
            "ada",
            lambda t: any(
                "ada" in (t[n] or "").casefold()
                for n in ("first_name", "last_name", "client_email")
            ),
        ),
        ("çelik cruz", lambda t: t["first_name"] == "Çelik" and t["last_name"] == "de la Cruz"),
        ("nobody", lambda _: False),
    ],
    "allocation": [
        ("allocated", lambda t: t["allocated"] >= t["sets"]),
        ("unallocated", lambda t: t["allocated"] == 0),
        ("partial", lambda t: 0 < t["allocated"] < t["sets"]),
    ],
    "guests": [
        ("missing", lambda t: not (t["first_name"] and t["last_name"] and t["client_email"])),
        ("complete", lambda t: bool(t["first_name"] and t["last_name"] and t["client_email"])),
    ],
}
SORTS = {
    "id": "sales_id",
    "match": "match",
    "game": "game",
    "company": "company",
    "inv-no": "inv_no",
    "category": "category",
    "sets": "sets",
    "allocated": "allocated",
    "qty": "qty",
    "block": "block",
    "row": "seat_row",
    "seat": "seat",
    "notes": "client_notes",
    "first-name": "first_name",
    "last-name": "last_name",
    "email": "client_email",
    "comments": "comment",
    "status": "delivery",
}


@pytest.fixture
def seen(crowd: Path, do: Do) -> Callable[..., list[Ticket]]:
    def look(*words: str) -> list[Ticket]:
        return do("client", "view", "Turizm Şişli", *words, workbook=str(crowd))["tickets"]

    return look


@pytest.mark.slow
def test_filters_against_brute_force(seen: Callable[..., list[Ticket]]) -> None:
    """Every filter alone, and random ones together."""
    everything = seen()
    assert len(everything) == 71
    assert all(set(VIEWED) <= set(ticket) for ticket in everything)
    single = [((name, text, rule),) for name, choices in FILTERS.items() for text, rule in choices]
    dice = random.Random(5)
    several = []
    for _ in range(25):
        names = dice.sample(sorted(FILTERS), 2)
        several.append(tuple((name, *dice.choice(FILTERS[name])) for name in names))
    hits = 0
    for chosen in [*single, *several]:
        words = [word for name, text, _ in chosen for word in (f"--{name}", text)]
        expected = [ticket for ticket in everything if all(rule(ticket) for _, _, rule in chosen)]
        assert seen(*words) == expected, words
        hits += bool(expected)
    assert hits > 25


@pytest.mark.parametrize("column", SORTS)
def test_sorts_against_brute_force(seen: Callable[..., list[Ticket]], column: str) -> None:
    everything, name = seen(), SORTS[column]
    for sign in ("", "-"):
        shown = seen("--sort", f"{sign}{column}")
        assert sorted(ticket["sales_id"] for ticket in shown) == sorted(
            ticket["sales_id"] for ticket in everything
        )
        filled = [ticket for ticket in shown if ticket[name] not in (None, "")]
        expected = [ticket for ticket in everything if ticket[name] not in (None, "")]
        expected.sort(key=lambda ticket: number_first(ticket[name]), reverse=bool(sign))
        assert [(t[name], t["sales_id"]) for t in filled] == [
            (t[name], t["sales_id"]) for t in expected
        ], "ties keep their order"


def test_several_sorts_and_options_given_twice(seen: Callable[..., list[Ticket]]) -> None:
    everything = seen()
    expected = sorted(everything, key=lambda t: number_first(t["seat"]))
    expected.sort(key=lambda t: number_first(t["category"]), reverse=True)
    assert (
        seen("--sort", "-category,seat")
        == seen("--sort", "-category", "--sort", "seat")
        == expected
    )
    assert seen("--match", "M01", "--match", "M51") == [
        t for t in everything if t["match"] in ("M01", "M51")
    ]


def test_views_are_kept_replaced_and_listed(do: Do, here: Runner, book: Path) -> None:
    wanted = ["--match", "M01", "--delivery", "NOT_SENT", "--sort", "-seat"]
    kept = do("client", "view", "acme", *wanted, "--save-view", "Opening; day = 1%")
    assert [ticket["sales_id"] for ticket in kept["tickets"]] == ["S1-1", "S1-2", "S1-3"]
    assert do("client", "view", "ACME VIP", "--view", "OPENING; day = 1%") == kept
    assert here("client", "view", "Bolt", "--view", "Opening; day = 1%").code == 3, (
        "another client's"
    )
    assert do("client", "views")["views"] == [
        {
            "name": "Opening; day = 1%",
            "client": "acme",
            "filters": "match=M01; delivery=NOT_SENT; sort=-seat",
            "by": "olga",
        }
    ]
    assert do("client", "views", "Bolt")["views"] == []
    do(
        "client",
        "view",
        "acme",
        "--holder",
        "x;y 100%, z",
        "--save-view",
        "opening; day = 1%",
        user="otto",
    )
    (view,) = do("client", "views", "Acme Ltd")["views"]
    assert (view["name"], view["by"]) == ("Opening; day = 1%", "otto")
    type_by_key(
        book, "Distribution", "ID", {"S2-1": {"First name": "x;y", "Last Name": "100%, z"}}, 2
    )
    assert [
        t["sales_id"]
        for t in do("client", "view", "acme", "--view", "opening; day = 1%")["tickets"]
    ] == ["S2-1"]
    before = book.read_bytes()
    assert here("client", "view", "acme", "--match", "M02").code == 0
    assert book.read_bytes() == before
