"""Seat maps as SVG, PNG and pages (§1b.2): every seat is drawn once with the shape of its state, texts stay
texts, nothing is asked of any host, and a client's page holds nothing of others."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import START
from tests.domain.seatmap.seated import MAP, SeatDesk, seat_desk
from tests.seat_bowl import map_rows, put_map, stadium
from ticketops.books import seat_page, seat_picture
from ticketops.books.seat_marks import _MARKS, COLOURS, Marks
from ticketops.domain.seatmap import state
from ticketops.domain.seatmap.plan import RowOfSeats, SeatMap
from ticketops.domain.seatmap.showing import View
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.services import seat_files

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;{{7*7}}\u202e\"'"
NS = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def desk() -> SeatDesk:
    return seat_desk()


def seen(rows: list[RowOfSeats], **units: state._Unit) -> View:
    """A view of rows; units: by `block row seat`, joined by underscores."""
    known = {tuple(name.split("_")): unit for name, unit in units.items()}
    seats = state.MatchSeats(SeatMap("X", "M01", tuple(rows)), known)  # type: ignore[arg-type]
    return View(seats, "X", "M01", None, None, None, START)


def subpaths(svg: str) -> Counter[str]:
    """{title of a path: how many seats it draws}."""
    found: Counter[str] = Counter()
    for one in ElementTree.fromstring(svg).iter():
        title = one.find(f"{NS}title")
        if title is None or (
            one.get("stroke-linecap") == "square"
            and one.tag == f"{NS}g"
            and one.find(f"{NS}defs") is None
        ):
            continue
        paths = (
            [one.get("d")]
            if one.tag == f"{NS}path"
            else [p.get("d") for p in one.iter(f"{NS}path")]
        )
        if one.tag == f"{NS}svg" or not paths[0]:
            continue
        # every shape but the plus and the cross is one subpath
        found[title.text or ""] += len(re.findall("[Mm]", paths[0]))
    return found


def test_a_picture_draws_every_seat_once(desk: SeatDesk) -> None:
    view = desk.view(match="M01")
    svg = seat_picture.svg(view)
    marks = Marks(view.seats, view.own)
    drawn = subpaths(svg)
    for mark in marks.legend:
        shapes = {"plus": 2, "cross": 2}.get(mark.shape, 1)
        assert drawn[mark.label] == (mark.count + 1) * shapes  # and one in the legend
        assert f"{mark.label} · {mark.count:,}" in svg
    assert len({mark.shape for mark in marks.legend}) == len(marks.legend)
    assert len({mark.character for mark in marks.legend}) == len(marks.legend)


def test_states_differ_by_shape_and_character_not_only_by_colour() -> None:
    together = [mark for key, mark in _MARKS.items() if key != state.HIDDEN]
    assert len({mark.shape for mark in together}) == len(together)
    assert len({mark.character for mark in together}) == len(together)
    assert {mark.colour for mark in together} <= set(COLOURS)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            RowOfSeats,
            st.sampled_from(["1", "2"]),
            st.sampled_from(["A", "B"]),
            st.sampled_from(["1-9", "1,2,9", "A-F", '"a,b",c', "07-12", "B1-B4", "9-1"]),
        ),
        min_size=1,
        max_size=5,
    ),
    st.data(),
)
def test_a_page_holds_every_seat_with_its_state_and_ticket(
    rows: list[RowOfSeats], data: st.DataObject
) -> None:
    """What the script reads, decoded here by the rules that stand in its comments."""
    known = {}
    for row in rows:
        for label in row.labels:
            if data.draw(st.booleans()):
                unit = data.draw(
                    st.sampled_from(
                        [
                            state._Unit(state.FREE, "Cat 1", "", True),
                            state._Unit(state.ALLOCATED, "Cat 2", "S1-1", False),
                            state._Unit(state.ALLOCATED, "Cat 2", f"S12-{len(known)}", False),
                            state._Unit(state.HELD, "Cat 2", "", False),
                        ]
                    )
                )
                known[(*row.key, label.casefold().lstrip("0"))] = unit
    view = View(
        state.MatchSeats(SeatMap("X", "M01", tuple(rows)), known),
        *("X", "M01", None, None, None, START),
    )
    expected = [
        (row.block, row.row, label, one.state, one.category, one.ticket, one.open)
        for row, found in view.seats.rows()
        for label, one in zip(row.labels, found, strict=True)
        if one
    ]
    text = seat_page.page(view).text
    assert list(decoded(text, Marks(view.seats))) == expected


def data_of(text: str) -> dict[str, Any]:
    """What the script of a page reads."""
    (found,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL
    )
    return json.loads(found)  # type: ignore[no-any-return]


def decoded(text: str, marks: Marks) -> Any:
    data = data_of(text)
    states = [key[0] for key in marks.known]
    how: Any = None
    for block, row, labels, *_ends, runs, tickets in (
        [*line, ""] if len(line) == 8 else line for line in data["rows"]
    ):
        how = labels if labels != 0 else how
        named = []
        for part in tickets.split(",") if tickets else []:
            sale, child, times = re.fullmatch(r"(\d+)-(\d+)\*(\d+)", part).groups()  # type: ignore[union-attr]
            named += [f"S{sale}-{int(child) + n}" for n in range(int(times))]
        classes = [
            mark for mark, times in re.findall(r"(\D)(\d*)", runs) for _ in range(int(times or 1))
        ]
        for place, mark in enumerate(classes):
            if mark == "_":
                continue
            kind, category, _said, is_open, has = data["classes"][
                "abcdefghijklmnopqrstuvwxyz".index(mark)
            ]
            if isinstance(how[0], str):
                label = how[place]
            else:
                start, step, *more = how
                before, width, after = more or ("", 0, "")
                label = f"{before}{start + step * place:0{width}d}{after}"
            ticket = named.pop(0) if has else ""
            yield data["blocks"][block], row, label, states[kind], category, ticket, bool(is_open)
        assert not named


class Elements(HTMLParser):
    """The elements of a page, and what they name elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.links += [given[name] or "" for name in ("src", "href", "action") if name in given]
        self.handlers += [name for name in given if name.startswith("on")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""


def test_a_page_allows_its_own_script_and_nothing_else(desk: SeatDesk) -> None:
    text = seat_page.page(desk.view(match="M01")).text
    page = Elements(text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(sha256(scripts[0].encode()).digest()).decode()
    assert page.policy.split("; ") == [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        f"script-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert page.tags.count("script") == 2
    assert page.handlers == []
    assert [link for link in page.links if not link.startswith(("data:,", "#"))] == []
    assert "http" not in scripts[0]
    for word in ("fetch(", "XMLHttpRequest", "eval(", "innerHTML", "document.write", "import("):
        assert word not in scripts[0]


def test_what_people_typed_stays_text() -> None:
    rows = [RowOfSeats(HOSTILE, HOSTILE, '"<b>1</b>",2')]
    view = seen(rows)
    view = View(view.seats, HOSTILE, "M01", None, HOSTILE, HOSTILE, view.as_of, HOSTILE)
    page = Elements(seat_page.page(view).text)
    assert page.tags.count("script") == 2
    assert page.tags.count("img") == page.tags.count("b") == 0
    assert data_of(seat_page.page(view).text)["blocks"][0].startswith("</script><script>")
    svg = ElementTree.fromstring(seat_picture.svg(view))
    assert {one.tag.removeprefix(NS) for one in svg.iter()} <= {
        *("svg", "title", "desc", "defs", "pattern", "path", "rect", "text", "g", "use")
    }
    assert all(not name.startswith("on") for one in svg.iter() for name in one.attrib)


SECRETS = ("Viagogo", "Beta", "Gamma", "000777", "120.5", "hunter2", "Meridian")
"""Vendor, other clients, contract, prices, password."""


def test_pages_and_pictures_name_no_vendor_client_price_or_password(desk: SeatDesk) -> None:
    own = SeatDesk(desk)
    own.set(UNITS, 2, "password", "hunter2")
    own.set(DISTRIBUTION, 3, "password", "hunter2")
    for asked in ({"match": "M01"}, {"sale": "S3"}):
        view = own.view(**asked)
        for text in (seat_page.page(view).text, seat_picture.svg(view)):
            ours = r"sha256-[^']+|<style>.*?</style>|<script>.*?</script>"
            body = re.sub(ours, "", text, flags=re.DOTALL)
            assert [word for word in SECRETS if word in body] == []


def test_the_page_of_a_client_is_the_same_whatever_others_have(desk: SeatDesk) -> None:
    """Not even its size tells."""
    own = SeatDesk(desk)
    asked = {"match": "M01", "client": "Acme"}
    before = own.view(**asked)
    own.unallocate("S2")
    own.seat("P00005", "102", "A", "5")
    own.set(UNITS, 2, "vendor", "Somebody")
    after = own.view(**asked)
    same = View(after.seats, *(getattr(before, n) for n in View.__struct_fields__[1:]))
    assert seat_page.page(same).text == seat_page.page(before).text
    assert seat_picture.svg(same) == seat_picture.svg(before)
    data = data_of(seat_page.page(before).text)
    assert {one["label"] for one in data["kinds"]} == {"Your tickets", "Not available"}
    assert "S2-" not in seat_page.page(before).text


@pytest.mark.slow
def test_a_png_shows_the_colours_of_the_states() -> None:
    states = (state.ALLOCATED, state.FREE, state.HELD, state.UNCLEAR, state.OWN)
    row = RowOfSeats("1", "A", "1-5")
    units = {f"1_a_{n}": state._Unit(name, "", "", False) for n, name in enumerate(states, 1)}
    width, found = colours(seat_picture.png(seen([row], **units)))
    assert width >= 1_200
    for colour in ("red", "green", "purple", "pink", "blue"):
        code = COLOURS[colour]
        assert found[tuple(int(code[n : n + 2], 16) for n in (1, 3, 5))] > 20, colour


def colours(png: bytes) -> tuple[int, Counter[tuple[int, ...]]]:
    """The width of a picture, and how many pixels have which colour."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind) == (8, 6)
    packed, place = b"", 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            packed += png[place + 8 : place + 8 + size]
        place += size + 12
    raw, step = zlib.decompress(packed), width * 4
    line = bytearray(step)
    found: Counter[tuple[int, ...]] = Counter()
    for number in range(height):
        how, old = raw[number * (step + 1)], line
        line = bytearray(raw[number * (step + 1) + 1 : (number + 1) * (step + 1)])
        for at in range(step) if how else ():
            left, up = line[at - 4] if at > 3 else 0, old[at]
            corner = old[at - 4] if at > 3 else 0
            guess = left + up - corner
            near = min((left, up, corner), key=lambda one: abs(guess - one))
            line[at] = (line[at] + (0, left, up, (left + up) // 2, near)[how]) % 256
        found.update(zip(line[::4], line[1::4], line[2::4], strict=True))
    return width, found


@pytest.mark.parametrize(
    "rows",
    [
        [RowOfSeats("", "", "1")],
        [RowOfSeats("1", "A", "1", (5.0, 5.0), (5.0, 5.0))],
        [RowOfSeats("1", "A", "1-3", (0.0, 0.0), (0.0, 1e6)), RowOfSeats("2", "A", "1-3")],
        [RowOfSeats("1", "A", "1-3", (1.0, 1.0), (1.0, 1.0))],
        [RowOfSeats("1", "A", "1-400")],
        [],
    ],
)
def test_odd_maps_are_drawn_too(rows: list[RowOfSeats]) -> None:
    view = seen(rows)
    ElementTree.fromstring(seat_picture.svg(view))
    assert seat_picture.png(view)[:4] == b"\x89PNG"
    assert len(list(decoded(seat_page.page(view).text, Marks(view.seats)))) == sum(
        len(row.labels) for row in rows
    )
    for block in {row.block for row in rows}:
        assert seat_files.in_words(view, block, 80)


def test_a_block_is_drawn_in_characters(desk: SeatDesk) -> None:
    said = seat_files.in_words(desk.view(match="M01"), "101", 80)
    assert list(said.block) == [
        "A  1 xxxxoh?!-- 10",
        "B  1 ---------- 10",
        "C  1 ---------- 10",
        "D  1 !!!!!!!!!! 10",
    ]
    assert said.bands == ("101 / B: 2 free, without seat numbers",)
    assert "x Allocated 4" in said.legend


def test_rows_stand_above_one_another_in_characters() -> None:
    rows = [
        RowOfSeats("1", "A", "1-3", (2.0, 0.0), (4.0, 0.0)),
        RowOfSeats("1", "A", "4-5", (7.0, 0.0), (8.0, 0.0)),
        RowOfSeats("1", "B", "8-1", (1.0, 1.0), (8.0, 1.0)),
        RowOfSeats("1", "C", "1-8", (8.0, 2.0), (1.0, 2.0)),
    ]
    taken = state._Unit(state.FREE, "", "", False)
    view = seen(rows, **{"1_a_3": taken, "1_b_1": taken, "1_c_1": taken})
    assert list(seat_files.in_words(view, "1", 80).block) == [
        "A  1  --o -- 5",
        "B  8 -------o 1",
        "C  8 -------o 1",
    ]
    narrow = list(seat_files.in_words(seen([RowOfSeats("1", "A", "1-30")]), "1", 24).block)
    assert len(narrow) == 2
    assert max(map(len, narrow)) <= 24
    assert sum(line.count("-") for line in narrow) == 30


@pytest.mark.slow
def test_a_page_of_80_000_seats_is_at_most_400_kb() -> None:
    """Twelve thousand units on single seats all over the stadium, each of another sale in turn."""
    rows = stadium()
    places = [(row.key, label) for row in rows for label in row.labels]
    assert len(places) == 80_000
    kinds = (state.FREE, state.ALLOCATED, state.ALLOCATED, state.HELD)
    known = {
        (*line, label): state._Unit(
            kinds[n % 4],
            f"Cat {n % 3}",
            f"S{n // 8 + 1}-{n % 8 + 1}" if n % 4 in (1, 2) else "",
            False,
        )
        for n, (line, label) in enumerate(places[::6][:12_000])
    }
    view = View(
        state.MatchSeats(SeatMap("X", "M01", tuple(rows)), known),
        *("X", "M01", None, None, None, START),
    )
    page = seat_page.page(view)
    assert len(page.text.encode()) <= 400_000
    assert page.left_out == ""
    full = {
        key: state._Unit(state.ALLOCATED, "Cat 1", f"S{n}-1", False)
        for n, key in enumerate((*line, label) for line, label in places)
    }
    more = seat_page.page(
        View(state.MatchSeats(view.seats.plan, full), *("X", "M01", None, None, None, START))
    )
    assert "names no tickets" in more.left_out
    assert len(more.text.encode()) <= 400_000


def test_a_map_of_the_sheet_is_drawn_as_it_is_written(desk: SeatDesk) -> None:
    own = SeatDesk(desk)
    put_map(own.store, map_rows("Hall", [RowOfSeats(r.block, r.row, r.seats) for r in MAP], ()))
    view = own.view(venue="Hall")
    svg = seat_picture.svg(view)
    assert "Drawn as a scheme" in svg
    assert ElementTree.fromstring(svg).get("viewBox")
