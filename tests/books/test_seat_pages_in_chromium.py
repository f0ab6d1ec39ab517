"""Pages of seat maps in a real browser: what a person clicks, lassoes or reaches by keys is what the shown
command commits; nothing is asked of any host."""

from __future__ import annotations

import json
import random
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.books.browsing import CONTRAST, NAMES
from tests.conftest import ROOT, Result, run_cli
from tests.desk import START
from tests.sampling import some
from tests.seat_bowl import bowl, with_map
from ticketops.books import seat_page
from ticketops.domain.seatmap import state
from ticketops.domain.seatmap.places import parse_places
from ticketops.domain.seatmap.plan import RowOfSeats, SeatMap, key_of
from ticketops.domain.seatmap.showing import View

pytestmark = pytest.mark.slow

_PLACES = """() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const box = document.getElementById('map').getBoundingClientRect();
  const [w, h] = data.box, scale = Math.min(box.width / w, box.height / h);
  const x0 = box.left + (box.width - w * scale) / 2, y0 = box.top + (box.height - h * scale) / 2;
  const found = {};
  for (const [block, row, , x1, y1, x2, y2, runs] of data.rows) {
    const n = [...runs.matchAll(/\\D(\\d*)/g)].reduce((sum, [, times]) => sum + +(times || 1), 0);
    for (let i = 0; i < n; i++) {
      const share = n > 1 ? i / (n - 1) : 0;
      found[`${data.blocks[block]}/${row}/${i + 1}`] =
        [x0 + (x1 + (x2 - x1) * share) * scale, y0 + (y1 + (y2 - y1) * share) * scale];
    }
  }
  return found }"""
"""Where the seats of a map are on the screen while all of it is shown; its rows count from 1."""
SALE = "S12"
"""Of M104: four tickets of Cat 2 without a unit."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sample: the units of M104 sit in a bowl of 24 blocks."""
    path = tmp_path_factory.mktemp("seats") / "event.xlsx"
    shutil.copy(ROOT / "sample_workbooks" / "small.xlsx", path)
    with_map(path, "MetLife Stadium", "M104", bowl(rows=8))
    return path


@pytest.fixture
def book(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "event.xlsx"))


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    env = {"TICKETOPS_ROLE": "ops_manager", "XDG_STATE_HOME": str(tmp_path)}

    def command(*words: str) -> Result:
        done = run_cli(*words, env=env, cwd=tmp_path)
        assert done.code in (0, 1), done.err
        return done

    return command


@pytest.fixture
def opened(browser: Any, run: Any, book: Path) -> Iterator[Callable[..., Any]]:
    """Opens what a command writes; nothing may be said in the console, or asked of a host."""
    tabs = []
    said: list[str] = []
    asked: list[str] = []

    def open_(*words: str, **more: Any) -> Any:
        out = book.with_name("page.html")
        run(*words, "-o", str(out), "-w", book.name)
        tab = browser.new_page(viewport={"width": 1100, "height": 1400}, **more)
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(out.as_uri())
        tabs.append(tab)
        return tab

    yield open_
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    for tab in tabs:
        tab.close()


def chosen(tab: Any) -> list[str]:
    """The seats that the page lists, one by one."""
    text = tab.text_content("#seats")
    return ["/".join(place) for place in parse_places(text)] if text else []


def committed(book: Path) -> list[tuple[str, str]]:
    """(ticket, seat) of the sale, as another program reads the workbook."""
    sheet = openpyxl.load_workbook(book, read_only=True)["Distribution"]
    rows = list(sheet.iter_rows(values_only=True))
    header = next(row for row in rows if row and "AllocatedUnitIDs" in row)
    at = {name: header.index(name) for name in ("ID", "Block", "Row", "Seat", "AllocatedUnitIDs")}
    return [
        (row[at["ID"]], "/".join(str(row[at[name]]) for name in ("Block", "Row", "Seat")))
        for row in rows
        if str(row[at["ID"]]).startswith(f"{SALE}-") and row[at["AllocatedUnitIDs"]]
    ]


def carry_out(tab: Any, run: Callable[..., Result]) -> None:
    """Type the command that the page shows into a shell."""
    words = shlex.split(tab.text_content("#command"))
    assert words[0] == "ticketops"
    run(*words[1:], "-y")


def test_clicked_seats_are_what_the_command_commits(opened: Any, run: Any, book: Path) -> None:
    tab = opened("allocate", "seats", SALE)
    assert tab.text_content("#count") == "4 of 4 chosen"
    assert chosen(tab) == [f"109/A/{n}" for n in range(5, 9)]
    at = tab.evaluate(_PLACES)
    tab.click("#none")
    assert chosen(tab) == []
    assert "Choose a seat first" in tab.text_content("#command")
    for seat in ("109/A/12", "109/B/5", "101/A/5", "109/C/5", "109/A/12", "109/A/10", "109/A/11"):
        tab.mouse.click(*at[seat])
    assert chosen(tab) == ["109/A/10", "109/A/11", "109/B/5"]
    assert tab.text_content("#count") == "3 of 4 chosen: 1 left to choose"
    tab.mouse.click(*at["109/B/6"])
    tab.mouse.click(*at["109/B/7"])
    assert tab.text_content("#count") == "5 of 4 chosen: 1 too many"
    assert "ticketops" not in tab.text_content("#command")
    tab.mouse.click(*at["109/B/5"])
    wanted = chosen(tab)
    carry_out(tab, run)
    assert [seat for _ticket, seat in committed(book)] == wanted
    assert len(wanted) == 4


def test_a_lasso_takes_the_seats_inside_that_can_be_had(opened: Any, run: Any, book: Path) -> None:
    tab = opened("allocate", "seats", SALE)
    at = tab.evaluate(_PLACES)
    tab.click("#none")
    tab.click("#lasso")
    around(tab, [at[f"109/{row}/{n}"] for row in "AB" for n in (4, 5, 6)], 2)
    assert chosen(tab) == ["109/A/5", "109/A/6", "109/B/5", "109/B/6"]
    tab.click("#lasso")
    tab.click("#none")
    tab.keyboard.down("Shift")
    around(tab, [at["101/A/5"], at["101/E/12"]], 3)  # of another category
    around(tab, [at["109/B/6"], at["109/B/8"]], 2)
    tab.keyboard.up("Shift")
    assert chosen(tab) == ["109/B/6", "109/B/7", "109/B/8"]
    with tab.expect_download() as saved:
        tab.click("#file")
    name = saved.value.suggested_filename
    assert name == f"{SALE}-seats.txt"
    saved.value.save_as(book.with_name(name))
    run("allocate", "commit", SALE, "--seats", name, "-w", book.name, "-y")
    assert [seat for _ticket, seat in committed(book)] == ["109/B/6", "109/B/7", "109/B/8"]


def around(tab: Any, points: list[list[float]], room: float) -> None:
    """Draw a box round places, with the mouse."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, top, right, bottom = min(xs) - room, min(ys) - room, max(xs) + room, max(ys) + room
    tab.mouse.move(left, top)
    tab.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        tab.mouse.move(x, y, steps=4)
    tab.mouse.up()


def test_seats_are_chosen_by_keys_alone(opened: Any, run: Any, book: Path) -> None:
    tab = opened("allocate", "seats", SALE)
    for _ in range(20):
        tab.keyboard.press("Tab")
        name = tab.evaluate("document.activeElement.id")
        if name == "none":
            tab.keyboard.press("Enter")
        if name == "map":
            break
    assert chosen(tab) == []
    tab.keyboard.press("n")
    assert tab.text_content("#said").startswith("109 / A / 5 · Free in Cat 2")
    tab.keyboard.press("Enter")
    assert tab.text_content("#said").endswith("chosen")
    tab.keyboard.press("n")
    tab.keyboard.press(" ")
    before = tab.text_content("#said")
    tab.keyboard.press("ArrowDown")
    assert tab.text_content("#said") != before
    tab.keyboard.press("ArrowUp")
    for key in ("+", "-", "0", "Escape"):
        tab.keyboard.press(key)
    assert chosen(tab) == ["109/A/5", "109/A/6"]
    carry_out(tab, run)
    assert committed(book) == [(f"{SALE}-1", "109/A/5"), (f"{SALE}-2", "109/A/6")]


def test_arrows_go_to_the_neighbour(opened: Any) -> None:
    """In block 101, whose rows lie straight, A nearest to the pitch."""
    tab = opened("seatmap", "show", "--match", "M104")
    tab.set_default_timeout(10_000)
    tab.focus("#map")
    tab.keyboard.press("ArrowLeft")
    assert " / " in tab.text_content("#said")
    tab.fill("#find", "101/C/7")
    tab.press("#find", "Enter")
    assert tab.text_content("#said").startswith("101 / C / 7 ·")
    tab.focus("#map")
    way = {"ArrowRight": "101 / C / 8", "ArrowUp": "101 / D / 8", "ArrowLeft": "101 / D / 7"}
    for key, seat in way.items():
        tab.keyboard.press(key)
        assert tab.text_content("#said").startswith(f"{seat} ·"), key
    tab.fill("#find", "9/9/9")
    tab.press("#find", "Enter")
    assert tab.text_content("#said") == "The map has no such seat."


def test_the_seat_under_the_mouse_is_named_however_the_map_is_moved(
    opened: Any, run: Any, book: Path
) -> None:
    run("allocate", "commit", SALE, "--seats", "109/A/5-7", "-w", book.name, "-y")
    tab = opened("seatmap", "show", "--match", "M104")
    x, y = tab.evaluate(_PLACES)["109/A/6"]
    tab.mouse.move(x, y)
    assert tab.text_content("#tip") == "109 / A / 6 · Allocated · Cat 2 · S12-2"
    for _ in range(6):
        tab.mouse.wheel(0, -400)
    tab.mouse.move(x + 1, y)
    assert tab.text_content("#tip").startswith("109 / A / 6 ·")
    tab.mouse.down()
    tab.mouse.move(x - 90, y - 60, steps=5)
    tab.mouse.up()
    tab.mouse.move(x - 90, y - 60)
    assert tab.text_content("#tip").startswith("109 / A / 6 ·")
    tab.click("#all")
    tab.mouse.move(x, y)
    assert tab.text_content("#tip").startswith("109 / A / 6 ·")
    assert chosen_nothing(tab)


def chosen_nothing(tab: Any) -> bool:
    """Whether a page that only shows has nothing to choose with."""
    return bool(tab.query_selector("#command") is None and tab.query_selector("#lasso") is None)


@pytest.mark.parametrize("scheme", some(["light", "dark"], 2))
@pytest.mark.parametrize(
    "words",
    [
        ["seatmap", "show", "--match", "M104"],
        ["allocate", "seats", SALE],
        ["seatmap", "show", "--venue", "MetLife Stadium"],
    ],
)
def test_a_page_can_be_read_and_never_scrolls_sideways(
    opened: Any, words: list[str], scheme: str
) -> None:
    tab = opened(*words, color_scheme=scheme)
    for width in (390, 1024):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate(CONTRAST) == []
    found = tab.evaluate(NAMES)
    assert {name: found[name] for name in ("unnamed", "bare", "ids", "headers", "regions")} == (
        dict.fromkeys(("unnamed", "bare", "ids", "headers", "regions"), 0)
    )
    assert (found["lang"], found["main"]) == ("en", 1)


@pytest.mark.parametrize("seed", some(range(6), 6))
def test_whatever_seats_are_called_the_command_means_them(
    browser: Any, tmp_path: Path, seed: int
) -> None:
    """A map of odd names; a lasso round all of it, then some seats given back."""
    dice = random.Random(seed)
    names = ["A", "a/b", "1;2", "#7", " x", "é", "$1", "O'Neill", "Ost & West", "<b>", "odd", "1-3"]
    lists = [
        "1-9",
        "1-9/2",
        "9-1",
        "07-12",
        "A-F",
        '"1-3",4',
        "B1-B4",
        '"a,b",c',
        "1,2,5,6,7",
        "x y",
    ]
    rows = [
        RowOfSeats(dice.choice(names), f"{number} {dice.choice(names)}", dice.choice(lists))
        for number in range(14)
    ]
    free = {
        (*row.key, key_of("", "", label)[2]): state._Unit(state.FREE, "Cat 1", "", True)
        for row in rows
        for label in row.labels
    }
    plan = SeatMap("X", "M01", tuple(rows))
    view = View(state.MatchSeats(plan, free), *("X", "M01", "S1", None, "Cat 1", START), "S1")
    pick = seat_page.Pick(
        "S1", "M01", 500, frozenset(), "ticketops allocate commit S1 --seats", " -w x"
    )
    path = tmp_path / "odd.html"
    path.write_text(seat_page.page(view, pick).text, "utf-8")
    tab = browser.new_page(viewport={"width": 1100, "height": 1400})
    tab.goto(path.as_uri())
    box = tab.locator("#map").bounding_box()
    tab.click("#lasso")
    corners = [[box["x"], box["y"]], [box["x"] + box["width"], box["y"] + box["height"]]]
    around(tab, corners, -2)
    words = shlex.split(tab.text_content("#command"))
    assert words[:5] == ["ticketops", "allocate", "commit", "S1", "--seats"]
    assert words[6:] == ["-w", "x"]
    assert {key_of(*place) for place in parse_places(words[5])} == set(free)
    assert {key_of(*place) for place in parse_places(tab.text_content("#seats"))} == set(free)
    tab.close()


def test_the_page_of_a_stadium_answers(browser: Any, tmp_path: Path) -> None:
    """80,000 seats: drawn, hovered and searched."""
    from tests.seat_bowl import stadium

    plan = SeatMap("X", "M01", tuple(stadium()))
    view = View(state.MatchSeats(plan), *("X", "M01", None, None, None, START))
    path = tmp_path / "stadium.html"
    path.write_text(seat_page.page(view).text, "utf-8")
    tab = browser.new_page(viewport={"width": 1100, "height": 1400})
    tab.goto(path.as_uri())
    tab.fill("#find", "325/Y/24")
    tab.press("#find", "Enter")
    assert tab.text_content("#said").startswith("325 / Y / 24 ·")
    number = re.search(r"\d+,\d+ seats", tab.text_content("header"))
    assert number
    assert number[0] == "80,000 seats"
    tab.close()


def test_the_data_of_a_page_is_json(book: Path, run: Any) -> None:
    out = book.with_name("page.html")
    done = run("allocate", "seats", SALE, "-o", str(out), "-w", book.name, "--json")
    result = json.loads(done.out)["result"]
    assert result["command"].startswith(f"ticketops allocate commit {SALE} --seats ")
    assert result["quantity"] == 4
