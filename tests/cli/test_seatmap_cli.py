"""`ticketops seatmap` at the command line: from a file to zones, restrictions, checks and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import at_terminal
from tests.conftest import Result, Runner
from ticketops.errors import UsageError
from ticketops.model.states import SEAT_RESTRICTION
from ticketops.services import intake


@pytest.fixture(scope="module")
def source(empty_source: Path) -> Path:
    return empty_source


@pytest.fixture
def environment(book: Path) -> dict[str, str]:
    return {"TICKETOPS_WORKBOOK": str(book)}


@pytest.fixture
def stadium(book: Path, here: Runner) -> Path:
    """A file of 24 seats; M01 is played there."""
    ok(
        here,
        "schedule",
        "add",
        "M01",
        "--date",
        "2026-06-11",
        "--venue",
        "Azteca",
        "--home",
        "Mexico",
    )
    path = book.parent / "azteca.csv"
    lines = [
        f"{block},{row},{seat},{block % 10 * 20 + seat},{line}"
        for block in (101, 102)
        for line, row in enumerate("ABC")
        for seat in range(1, 5)
    ]
    path.write_text("\n".join(("Block,Row,Seat,X,Y", *lines)) + "\n", encoding="utf-8")
    return path


def ok(here: Runner, *words: str) -> Any:
    """The result of a command that ends well."""
    done = here(*words, "--json")
    assert done.code in (0, 1), done.err
    return json.loads(done.out)["result"]


def failed(done: Result, code: int, *words: str) -> None:
    assert done.code == code, done.err
    assert all(word in done.err for word in words), done.err
    assert "Traceback" not in done.err
    assert done.err.count("\n") <= 2


def test_a_map_from_its_file_to_the_list_the_check_and_another_file(
    here: Runner, stadium: Path
) -> None:
    told = ok(here, "seatmap", "import", str(stadium), "--venue", "Azteca", "-y")
    wanted = {
        "blocks": 2,
        "rows": 6,
        "seats": 24,
        "with_coordinates": 24,
        "duplicates": 0,
        "errors": [],
    }
    assert {name: told[name] for name in wanted} == wanted
    assert (told["venue"], told["match"]) == ("Azteca", None)
    ok(here, "seatmap", "zones", "--zone", "101 = Cat 1", "--zone", "102 / A-B = Cat 2", "-y")
    ok(here, "seatmap", "restrict", "ACCESSIBLE", "101 / A / 1-2", "--note", "ramp", "-y")
    rows = ok(here, "seatmap", "list", "--match", "M01", "--block", "101", "--row", "A")["rows"]
    assert [(one["seats"], one["category"], one["restrictions"]) for one in rows] == [
        ("1,2", "Cat 1", ["ACCESSIBLE"]),
        ("3,4", "Cat 1", []),
    ]
    assert ok(here, "seatmap", "list", "--category", "cat 2")["seats"] == 8
    told = ok(here, "seatmap", "check", "--match", "M01")
    assert (told["seats"], told["uncategorised"]) == (24, 4)
    assert told["by_category"] == {
        "Cat 1": {"seats": 12, "contracted": 0},
        "Cat 2": {"seats": 8, "contracted": 0},
    }
    for suffix in ("csv", "svg", "json", "xlsx"):
        out = str(stadium.with_name(f"out.{suffix}"))
        assert ok(here, "seatmap", "export", "-o", out)["map"]["seats"] == 24
        again = ok(here, "seatmap", "import", out, "--venue", "Azteca", "-n")
        assert (again["unchanged"], again["new"], again["gone"]) == (24, 0, 0), suffix
        assert (again["zones"] > 0, again["restrictions"]) == (True, 1)
    ok(here, "undo", "-y")
    assert ok(here, "seatmap", "restrict")["restrictions"] == []


def test_what_people_see(here: Runner, stadium: Path) -> None:
    done = here("seatmap", "import", str(stadium), "--venue", "Azteca", "-y")
    assert "azteca.csv · table · Azteca · 2 blocks · 6 rows · 24 seats" in done.out
    done = here("seatmap", "list")
    assert done.out.splitlines()[0].split() == ["Block", "Row", "Seats", "Number"]
    assert done.out.splitlines()[1].split() == ["101", "A", "1-4", "4"]
    done = here("seatmap", "zones", "--zone", "101 / A-B = Cat 1", "-y")
    assert "Azteca: 1 zone · 24 seats, 16 without a category · 8 changed" in done.out
    assert here("seatmap", "zones").out.splitlines()[1].split() == [
        "101",
        "A-B",
        "all",
        "Cat",
        "1",
        "8",
    ]


def test_zones_and_restrictions_from_tables(here: Runner, stadium: Path) -> None:
    ok(here, "seatmap", "import", str(stadium), "--venue", "Azteca", "-y")
    zones = stadium.with_name("zones.csv")
    zones.write_text("Block-range;Row-range;CategoryID\n101-102;A;Cat 1\n102;B-C;cat 2\n101;;\n")
    done = here("seatmap", "zones", str(zones), "-y", "--json")
    assert done.code == 2
    told = json.loads(done.out)["result"]
    assert [one["where"] for one in told["errors"]] == ["line 4"]
    assert told["zones"] == []
    told = ok(here, "seatmap", "zones", str(zones), "--partial", "-y")
    assert [(one["category"], one["seats"]) for one in told["zones"]] == [
        ("Cat 1", 8),
        ("Cat 2", 8),
    ]
    table = stadium.with_name("held.csv")
    table.write_text("Blocks,Rows,Seats,Restriction,Note\n101,B,1-2,held,VIP\n")
    told = ok(here, "seatmap", "restrict", "--file", str(table), "-y")
    assert told["restrictions"][0] | {"note": "VIP", "seats": 2} == told["restrictions"][0]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("import", "nothing.csv", "--venue", "X"), 3, "nothing.csv"),
        (("import", "FILE"), 2, "whose map"),
        (("import", "FILE", "--venue", "X", "--shape", "pdf"), 2, "--shape"),
        (("import", "FILE", "--venue", "X", "--map", "colour=Row"), 2, "--map"),
        (("import", "FILE", "--venue", "X", "--map", "seat=Chair"), 3, "no column"),
        (("import", "FILE", "--match", "M77"), 3, "M77"),
        (("import", "FILE", "--venue", "X", "--pattern", "{seat}"), 2, "--pattern"),
        (("list", "--venue", "Azteca"), 3, "no seat map"),
        (("check",), 3, "no seat map"),
        (("export", "-o", "map.pdf"), 2, ".csv"),
        (("export", "-o", "map.csv"), 3, "no seat map"),
        (("zones", "--zone", "101"), 2, "--zone"),
        (("zones", "--over"), 2, "which zones"),
        (("restrict", "BROKEN", "101"), 2, "must be one of"),
        (("restrict", "HELD"), 2, "which seats"),
        (("restrict", "--lift"), 2, "which seats"),
        (("list", "--restriction", "X"), 2, SEAT_RESTRICTION[0]),
    ],
)
def test_bad_words_get_one_line_and_their_exit_code(
    here: Runner, stadium: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    given = [str(stadium) if word == "FILE" else word for word in words]
    failed(here("seatmap", *given), code, said)
    assert not stadium.with_name("map.csv").exists()


def test_an_area_is_understood_or_refused(here: Runner, stadium: Path) -> None:
    ok(here, "seatmap", "import", str(stadium), "--venue", "Azteca", "-y")
    failed(here("seatmap", "zones", "--zone", "101 / A,,B = Cat 1"), 2, "no list")
    failed(here("seatmap", "zones", "--zone", "999 = Cat 1"), 4, "no seat in 999", "101")
    failed(here("seatmap", "why", "101/A/1", "--match", "M99"), 3, "no match M99")
    told = ok(here, "seatmap", "restrict", "MEDIA", "101/C/1-4/2", "*/A/4", "-y")
    assert [one["seats"] for one in told["restrictions"]] == [2, 2]


def test_a_person_is_asked_where_many_seats_would_go(
    here: Runner, book: Path, stadium: Path, environment: dict[str, str]
) -> None:
    ok(here, "seatmap", "import", str(stadium), "--venue", "Azteca", "-y")
    small = stadium.with_name("small.csv")
    small.write_text("Block,Row,Seat\n101,A,1\n", encoding="utf-8")
    words = ("seatmap", "import", str(small), "--venue", "Azteca")
    failed(here(*words, "-y"), 4, "lacks 23 of the 24 seats", "--replace")
    shown = at_terminal(*words, typed=["n\n"], env=environment, cwd=book.parent)
    assert "another venue's map?" in shown.out
    assert ok(here, "seatmap", "list")["seats"] == 24
    assert ok(here, *words, "--replace", "-y")["gone"] == 23


def test_names_that_look_like_formulas_stay_texts(here: Runner, stadium: Path) -> None:
    evil = stadium.with_name("evil.csv")
    evil.write_text("Block,Row,Seat\n=1+1,@A,-1\n'=2,+B,2\n", encoding="utf-8")
    ok(here, "seatmap", "import", str(evil), "--venue", "Azteca", "-y")
    rows = ok(here, "seatmap", "list")["rows"]
    assert [(one["block"], one["seat_row"], one["seats"]) for one in rows] == [
        ("=1+1", "@A", "-1"),
        ("=2", "+B", "2"),
    ]
    ok(here, "seatmap", "export", "-o", str(stadium.with_name("out.csv")))
    assert "'=1+1,'@A,'-1" in stadium.with_name("out.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("seats", "wanted"),
    [
        ("101/C/1-5 odd", ["101/C/1", "101/C/3", "101/C/5"]),
        ("Block 101 Row C 1-2", ["101/C/1", "101/C/2"]),
        ("101/C-D/5-6 piggyback", ["101/C/5", "101/C/6", "101/D/5", "101/D/6"]),
    ],
)
def test_purchases_with_ranges_become_seats(seats: str, wanted: list[str]) -> None:
    found = intake.option_seats(seats, "seats")
    assert ["/".join(filter(None, seat)) for seat in found] == wanted


@pytest.mark.parametrize(
    "seats", ["101/C", "101/C/together", "101/C/5-6 piggyback", "101/C/GA", "101/C/2 odd"]
)
def test_seats_that_are_unclear_are_refused(seats: str) -> None:
    with pytest.raises(UsageError):
        intake.option_seats(seats, "seats")
