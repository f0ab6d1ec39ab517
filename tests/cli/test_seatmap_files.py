"""Files of seat maps: what is exported is imported again as the same; what people send is read."""

from __future__ import annotations

import csv
import io
import json
from math import hypot
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ticketops.domain.seatmap.importing import Read, painted
from ticketops.domain.seatmap.pieces import first_of_each, pieces_of
from ticketops.domain.seatmap.plan import Area, Restriction, SeatMap, Zone
from ticketops.domain.seatmap.spots import SeatSpot
from ticketops.errors import InputError, TicketopsError, UsageError
from ticketops.services import seatmap_files

KINDS = ("OBSTRUCTED_VIEW", "ACCESSIBLE", "HELD")
BLOCKS = ("101", "102", "N 1", "=1+1", "A,B", "Ärmel<&>", "*", "-3", "07")
ROWS = ("A", "B", "C", "10", "=cmd", "x", "")


@st.composite
def maps(draw: st.DrawFn, *, plain: bool = False) -> SeatMap:
    """A map with odd names, in any place and unit, with zones and restrictions. plain: with names
    as they are drawn, one unit apart."""
    random = Random(draw(st.integers(0, 10**6)))
    scale = 1.0 if plain else draw(st.sampled_from([0.01, 1.0, 25.0]))
    placed = plain or draw(st.booleans())
    spots = []
    blocks = random.sample(("101", "102", "N1") if plain else BLOCKS, draw(st.integers(1, 3)))
    rows = random.sample(("A", "B", "C", "D") if plain else ROWS, draw(st.integers(1, 3)))
    for at, block in enumerate(blocks):
        for line, row in enumerate(rows):
            step = random.choice((1, 2))
            along = at * 40.0
            for seat in range(1, random.randint(2, 12)):
                along += 1 if plain or random.random() < 0.9 else 3
                label = f"{seat * step}" if plain or random.random() < 0.95 else f"{seat}a"
                place = (along * scale, (line + at * 5) * scale) if placed else (None, None)
                spots.append(SeatSpot(block, row, label, *place))
    once, _again = first_of_each(spots)
    one = SeatMap("Lusail", None, tuple(pieces_of(once)))
    zones = [Zone(f"Cat {n + 1}", Area(_quoted(block))) for n, block in enumerate(blocks[:2])]
    kinds = [
        Restriction(
            random.choice(KINDS), Area(_quoted(seat.block), _quoted(seat.row), _quoted(seat.seat))
        )
        for seat in random.sample(list(one), min(2, one.count))
    ]
    return SeatMap("Lusail", None, one.rows, tuple(zones), tuple(kinds))


def _quoted(label: str) -> str:
    return f'"{label}"'


def again(one: SeatMap, path: Path) -> SeatMap:
    """A map that went through a file."""
    path.write_bytes(seatmap_files.content(one, path.suffix))
    read = seatmap_files.read(str(path))
    assert read.spots.wrong == []
    once, twice = first_of_each(read.spots.seats)
    assert twice == []
    zones, restrictions = painted(read, once)
    return SeatMap("Lusail", None, tuple(pieces_of(once)), tuple(zones), tuple(restrictions))


def told(one: SeatMap) -> dict[tuple[str, str, str], tuple[str | None, set[str]]]:
    return {
        seat.key: (one.category(seat.key), {each.kind for each in one.restricted(seat.key)})
        for seat in one
    }


@pytest.mark.parametrize("suffix", seatmap_files.WRITTEN)
@given(maps())
@settings(
    max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_a_map_is_the_same_after_its_file(tmp_path: Path, suffix: str, one: SeatMap) -> None:
    found = again(one, tmp_path / f"map{suffix}")
    assert told(found) == told(one)
    if suffix == ".xlsx":
        return  # whose places are its cells
    half = (one.pitch or 1.0) / 2
    for seat in one:
        other = found.find(seat.block, seat.row, seat.seat)
        assert other is not None
        assert (other.at is None) == (seat.at is None)
        if seat.at and other.at:
            assert hypot(seat.at[0] - other.at[0], seat.at[1] - other.at[1]) <= half


@pytest.mark.slow
@given(maps(plain=True))
@settings(
    max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_a_drawing_keeps_neighbours_and_distances_within_a_block(
    tmp_path: Path, one: SeatMap
) -> None:
    found = again(one, tmp_path / "map.xlsx")
    assert told(found) == told(one)
    for block in {row.block for row in one.rows}:
        shifts = {
            (round(other.at[0] - seat.at[0], 6), round(other.at[1] - seat.at[1], 6))
            for seat in one
            if seat.block == block
            and (other := found.find(seat.block, seat.row, seat.seat)) is not None
            and other.at is not None
            and seat.at is not None
        }
        assert len(shifts) == 1


def test_no_cell_of_an_export_is_a_formula(tmp_path: Path) -> None:
    spots = [
        SeatSpot("=1+1", "@A", seat, float(at), 0.0) for at, seat in enumerate(("1", "-2", "+3"))
    ]
    one = SeatMap("Lusail", None, tuple(pieces_of(spots)))
    rows = list(csv.reader(io.StringIO(seatmap_files.content(one, ".csv").decode("utf-8-sig"))))
    assert {row[0] for row in rows[1:]} == {"'=1+1"}
    assert {row[2] for row in rows[1:]} == {"1", "'-2", "'+3"}
    (tmp_path / "map.xlsx").write_bytes(seatmap_files.content(one, ".xlsx"))
    book = openpyxl.load_workbook(tmp_path / "map.xlsx")
    assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
    assert told(again(one, tmp_path / "map.csv")) == told(one)


# --- what people send


def read(folder: Path, name: str, text: str | bytes, **more: Any) -> Read:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return seatmap_files.read(str(path), **more)


def seats(made: Read) -> list[tuple[Any, ...]]:
    return [(one.block, one.row, one.seat, one.x, one.y) for one in made.spots.seats]


@pytest.mark.parametrize(
    "text",
    [
        "Block,Row,Seat,X,Y\n101,A,1,1.5,2\n101,A,2,2.5,2\n",
        "\ufeffBlock;Row;Seat;X;Y\n101;A;1;1,5;2\n101;A;2;2,5;2\n",
        "sep=;\nSector;Fila;Asiento;x;y\n101;A;1;1,5;2\n101;A;2;2,5;2\n",
        "My stadium\n\nSECTION\tROW\tSEAT NO\tpos x\tpos y\n101\tA\t1\t1.5\t2\n101\tA\t2\t2.5\t2\n",
    ],
)
def test_tables_of_all_kinds(tmp_path: Path, text: str) -> None:
    made = read(tmp_path, "map.csv", text)
    assert (made.shape, seats(made)) == (
        "table",
        [("101", "A", "1", 1.5, 2), ("101", "A", "2", 2.5, 2)],
    )


def test_a_table_in_utf_16_and_one_without_coordinates(tmp_path: Path) -> None:
    made = read(tmp_path, "map.csv", "Block,Row,Seat\nÜ,A,1\n".encode("utf-16"))
    assert seats(made) == [("Ü", "A", "1", None, None)]


def test_columns_by_mapping_and_y_upwards(tmp_path: Path) -> None:
    text = "Stand,Line,Chair,px,py\nN,1,7,3,4\n"
    mapped = {"block": "stand", "row": "Line", "seat": "Chair", "x": "px", "y": "py"}
    made = read(tmp_path, "map.csv", text, mapped=mapped, y_up=True)
    assert seats(made) == [("N", "1", "7", 3, -4)]
    with pytest.raises(InputError, match="has no column"):
        read(tmp_path, "map.csv", text, mapped={"seat": "nothing"})


def test_a_table_with_two_columns_of_one_field_asks_which(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are both row"):
        read(tmp_path, "map.csv", "Block,Row,Reihe,Seat\n1,A,B,1\n")


def test_lines_that_are_wrong_are_told_by_their_number(tmp_path: Path) -> None:
    text = "Block,Row,Seat,X,Y\n1,A,1,5,\n1,A,,1,1\n1,A,3,x,1\n1,A,4,inf,1\n1,A,5,1,1\n,,,,\n"
    made = read(tmp_path, "map.csv", text)
    assert [one.seat for one in made.spots.seats] == ["5"]
    assert [one.where for one in made.spots.wrong] == ["line 2", "line 3", "line 4", "line 5"]


def test_a_spreadsheet_is_a_table_where_its_header_says_so_else_a_drawing(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    table = book.active
    table.append(["Block", "Row", "Seat"])
    table.append([101, "A", 1])
    book.save(tmp_path / "table.xlsx")
    assert seats(seatmap_files.read(str(tmp_path / "table.xlsx"))) == [
        ("101", "A", "1", None, None)
    ]
    book = openpyxl.Workbook()
    drawn = book.active
    drawn.title = "Block 7"
    drawn["B2"] = "Lower tier"
    drawn.merge_cells("B2:E2")
    for at, row in enumerate("AB"):
        for column, value in enumerate((f"Row {row}", 1, 2, None, 3)):
            drawn.cell(4 + at, 1 + column, value)
    book.create_sheet("Zones").append(["Block-range", "Row-range", "CategoryID"])
    book["Zones"].append(["7", "A", "Cat 1"])
    book.save(tmp_path / "drawn.xlsx")
    made = seatmap_files.read(str(tmp_path / "drawn.xlsx"))
    assert made.shape == "grid"
    assert [(row, seat) for _block, row, seat, _x, _y in seats(made)] == [
        (row, seat) for row in "AB" for seat in "123"
    ]
    assert [zone.area.said for zone in made.zones] == ["7 / A"]


@pytest.mark.parametrize(
    ("name", "text", "shape"),
    [
        ("a.json", '[{"block": "1", "row": "A", "seat": "1"}]', "table"),
        ("a.json", '{"1": {"A": ["1"]}}', "json"),
        ("noname", '<svg><circle data-seat="1" data-block="1" data-row="A"/></svg>', "svg"),
        ("a.txt", "Block,Row,Seat\n1,A,1\n", "table"),
        ("a.csv", "A,1,2\nB,1,2\n", "grid"),
    ],
)
def test_the_shape_of_a_file_is_told_by_what_it_holds(
    tmp_path: Path, name: str, text: str, shape: str
) -> None:
    made = read(tmp_path, name, text)
    assert made.shape == shape
    assert made.spots.seats[0].seat == "1"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", ""),
        ("a.csv", "Name,Age\nAnn,5\n"),
        ("a.json", "{"),
        ("a.svg", "<svg/>"),
        ("a.svg", "no picture"),
        ("a.xlsx", "no workbook"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0"),
    ],
)
def test_what_is_no_map_gets_one_clear_line(tmp_path: Path, name: str, text: str | bytes) -> None:
    with pytest.raises(TicketopsError) as caught:
        read(tmp_path, name, text)
    assert "\n" not in caught.value.message
    assert name.split(".", maxsplit=1)[0] in caught.value.message


def test_a_pattern_is_for_pictures_and_a_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read(tmp_path, "a.csv", "Block,Row,Seat\n1,A,1\n", pattern="{seat}")
    with pytest.raises(TicketopsError):
        seatmap_files.read(str(tmp_path / "nothing.svg"))


@pytest.mark.parametrize("count", [10, 1_000])
def test_files_of_any_size_become_the_same_map(tmp_path: Path, count: int) -> None:
    places = [(f"{100 + n // 500}", "ABCDE"[n // 100 % 5], n % 100 + 1) for n in range(count)]
    table = "Block,Row,Seat,X,Y\n" + "".join(
        f"{b},{r},{s},{s * 2},{ord(r) * 3 + int(b) * 50}\n" for b, r, s in places
    )
    picture = "".join(
        f'<circle id="{b}.{r}.{s}" cx="{s * 2}" cy="{ord(r) * 3 + int(b) * 50}" r="1"/>'
        for b, r, s in places
    )
    one = read(tmp_path, "a.csv", table)
    other = read(tmp_path, "a.svg", f"<svg>{picture}</svg>", pattern="{block}.{row}.{seat}")
    assert seats(one) == seats(other)
    rows = pieces_of(one.spots.seats)
    assert sum(len(row.labels) for row in rows) == count
    assert (
        json.loads(seatmap_files.content(SeatMap("V", None, tuple(rows)), ".json"))["venue"] == "V"
    )


@pytest.mark.slow
def test_eighty_thousand_seats_of_each_format(tmp_path: Path) -> None:
    places = [
        (
            f"{101 + n // 1000}",
            f"{n // 25 % 40 + 1}",
            n % 25 + 1,
            n // 1000 * 60 + n % 25,
            n // 25 % 40,
        )
        for n in range(80_000)
    ]
    spots = [SeatSpot(b, r, str(s), float(x), float(y)) for b, r, s, x, y in places]
    one = SeatMap("Lusail", None, tuple(pieces_of(spots)))
    assert len(one.rows) == 3_200
    for suffix in seatmap_files.WRITTEN:
        found = again(one, tmp_path / f"map{suffix}")
        assert found.count == 80_000
        assert len(found.rows) == 3_200
