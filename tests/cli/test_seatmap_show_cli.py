"""`seatmap show`, `allocate seats` and `allocate commit --seats` from the command line (§1b.2)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.conftest import Result, Runner
from tests.seat_bowl import bowl, give_seats, map_rows, put_map
from ticketops import config
from ticketops.cli.main import run
from ticketops.engine.opening import open_store


@pytest.fixture(scope="module")
def source(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """M01 has a map; the eight units of its Cat 1 sit in row A of block 101, from seat 1 on. S1 has
    the last three, S4 of Bolt 1, 2 and 4; S6 of Zed wants one."""
    path = Path(shutil.copy(source, tmp_path_factory.mktemp("mapped") / "event.xlsx"))
    sale = ["sale", "add", "--client", "Zed", "--line", "M01:Cat 1:1@200", "--new"]
    assert run([*sale, "-w", str(path)]) == 0
    put_map(
        open_store(path, config.load({})), map_rows("Arena", bowl(4, 3, 8), (), (), match="M01")
    )
    seats = {f"P{number:05}": ("101", "A", str(number)) for number in range(1, 9)}
    give_seats(open_store(path, config.load({})), seats)
    return path


@pytest.fixture
def mapped(here: Runner) -> Callable[..., Result]:
    """The command line of a manager."""
    return lambda *words, **more: here(*words, **{"role": "super_admin", **more})


def states(result: Result) -> str:
    """The characters of row A of block 101."""
    (line,) = (one for one in result.out.splitlines() if one.startswith("A  1 "))
    return line.split()[2]


def test_a_terminal_shows_a_block(mapped: Any) -> None:
    assert states(mapped("seatmap", "show", "--match", "M01", "--block", "101")) == "xxoxoxxx"
    assert states(mapped("seatmap", "show", "--sale", "S1", "--block", "101")) == "xxoxo@@@"
    own = mapped("seatmap", "show", "--match", "M01", "--client", "Bolt", "--block", "101")
    assert states(own) == "@@-@----"
    assert "S1" not in own.out
    assert "Acme" not in own.out + own.err
    listed = mapped("seatmap", "show", "--match", "M01").out.splitlines()
    assert listed[1].split() == ["Block", "Seats", "Allocated", "Free"]
    assert listed[2].split() == ["101", "24", "6", "2"]


def test_json_tells_the_seats_of_a_block(mapped: Any) -> None:
    result = mapped("seatmap", "show", "--sale", "S6", "--block", "101", "--json").json["result"]
    assert result["counts"] == {"ALLOCATED": 6, "FREE": 2, "NONE": 88}
    assert (result["match"], result["category"], result["seats"]) == ("M01", "Cat 1", 96)
    first = result["places"][0]
    assert first == {
        "block": "101",
        "row": "A",
        "seat": "1",
        "state": "ALLOCATED",
        "category": "Cat 1",
        "restrictions": [],
        "ticket": "S4-1",
    }


def test_files_are_pictures_and_pages(mapped: Any, book: Path) -> None:
    for name, begins in (("m.svg", b"<svg"), ("m.png", b"\x89PNG"), ("m.html", b"<!doctype html>")):
        out = book.with_name(name)
        done = mapped("seatmap", "show", "--match", "M01", "-o", str(out))
        assert done.code == 0, done.err
        assert out.read_bytes().startswith(begins)
    assert ElementTree.parse(book.with_name("m.svg")).getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["seatmap", "show"], 2, "name a match, a sale or a venue"),
        (["seatmap", "show", "--match", "M02"], 3, "M02 has no seat map"),
        (["seatmap", "why", "101/A/1-2", "--match", "M01"], 2, "is not one seat"),
        (["seatmap", "show", "--match", "M01", "--block", "9"], 3, "no block '9'"),
        (["seatmap", "show", "--match", "M01", "-o", "m.pdf"], 2, ".svg, .png or .html"),
        (["seatmap", "show", "--match", "M01", "-o", "event.xlsx"], 2, "is the workbook"),
        (["seatmap", "show", "--match", "M01", "-o", "no/such/m.svg"], 3, "can't be written"),
        (["seatmap", "show", "--match", "M01", "--as-of", "yesterweek"], 2, ""),
        (["allocate", "seats", "S6", "-o", "m.svg"], 2, "must end in .html"),
        (["allocate", "seats", "S1"], 4, "already allocated"),
        (["allocate", "seats", "S3"], 3, "M02 has no seat map"),
        (["allocate", "commit", "S6", "--seats", ""], 2, "neither a file nor seats"),
        (["allocate", "commit", "S6", "--seats", "gone.txt"], 2, "neither a file nor seats"),
        (["allocate", "commit", "S6", "--seats", "101/A"], 2, "BLOCK/ROW/SEATS"),
        (["allocate", "commit", "S6", "--seats", "101/A/4", "--plan", "1"], 2, "give one of"),
        (["allocate", "commit", "S6", "--seats", "101/A/1"], 4, "taken by S4-1"),
        (["allocate", "commit", "S6", "--seats", "101/A/3,5"], 4, "but 2 seats are named"),
        (["allocate", "commit", "S6", "--seats", "other.txt"], 2, "holds seats of S1, not of S6"),
        (["allocate", "commit", "S6", "--seats", "bad.txt"], 3, "bad.txt"),
    ],
)
def test_what_can_not_be_done_is_one_clear_line(
    mapped: Any, book: Path, words: list[str], code: int, said: str
) -> None:
    book.with_name("other.txt").write_text("# seats of S1 on M01\n101/A/4\n")
    book.with_name("bad.txt").write_bytes(b"\xff\xfe\x00\xd8\x00")
    before = book.read_bytes()
    done = mapped(*words)
    assert done.code == code, done.err
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert book.read_bytes() == before


def test_seats_are_committed_from_words_a_file_and_standard_input(mapped: Any, book: Path) -> None:
    book.with_name("mine.txt").write_text("# seats of S6 on M01\n101/A/5\n")
    show = ("seatmap", "show", "--sale", "S6", "--block", "101")
    for words, stdin in ((["101/A/5"], None), (["mine.txt"], None), (["-"], "101/a/05")):
        done = mapped("allocate", "commit", "S6-1", "--seats", *words, "-y", stdin=stdin)
        assert done.code == 0, done.err
        assert states(mapped(*show)) == "xxox@xxx"
        assert mapped("undo", "-y").code == 0
        assert states(mapped(*show)) == "xxoxoxxx"


def test_a_map_is_shown_as_it_was(mapped: Any) -> None:
    show = ("seatmap", "show", "--match", "M01", "--block", "101")
    assert mapped("unit", "seat", "P00005", "--seat", "8", "--block", "102").code == 0
    last = mapped("log", "--json").json["result"]["transactions"][0]["run_id"]
    assert mapped("allocate", "commit", "S6", "--seats", "101/A/3", "-y").code == 0
    assert states(mapped(*show)) == "xxxx-xxx"
    assert states(mapped(*show, "--as-of", last)) == "xxox-xxx"


def test_the_page_of_a_sale_shows_the_command(mapped: Any, book: Path) -> None:
    done = mapped("allocate", "seats", "S6", "-o", str(book.with_name("p.html")))
    assert done.code == 0, done.err
    assert "S6 · M01 · Cat 1 · 1 ticket · 2 free seats" in done.out
    assert "ticketops allocate commit S6 --seats" in done.out
    assert "Zed" not in book.with_name("p.html").read_text("utf-8")
