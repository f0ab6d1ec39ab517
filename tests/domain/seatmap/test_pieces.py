"""Seats of a file become straight rows: where they are split, and that no seat moves."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, pi, sin
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.seatmap.maps import map_of
from ticketops.domain.seatmap.pieces import first_of_each, gaps_in, pieces_of
from ticketops.domain.seatmap.plan import SeatMap
from ticketops.domain.seatmap.spots import SeatSpot


def row(*places: tuple[str, float | None, float | None], name: str = "A") -> list[SeatSpot]:
    return [SeatSpot("101", name, seat, x, y) for seat, x, y in places]


def arc(seats: int, radius: float, span: float, start: float = 0.0) -> list[SeatSpot]:
    angles = [start + span * at / (seats - 1) for at in range(seats)]
    return row(*((str(at), radius * cos(a), radius * sin(a)) for at, a in enumerate(angles, 1)))


def seats_of(spots: list[SeatSpot]) -> list[str]:
    return [piece.seats for piece in pieces_of(spots)]


def test_a_straight_row_is_one_piece() -> None:
    (piece,) = pieces_of(row(("1", 0, 0), ("2", 10, 5), ("3", 20, 10)))
    assert (piece.seats, piece.start, piece.end) == ("1-3", (0, 0), (20, 10))


def test_an_aisle_splits_a_row_and_parts_its_neighbours() -> None:
    spots = row(("1", 0, 0), ("2", 1, 0), ("3", 3, 0), ("4", 4, 0))
    assert seats_of(spots) == ["1,2", "3,4"]
    seats = map_of(spots).row("101", "A")
    assert [seats[n].position - seats["1"].position for n in "1234"] == [0, 1, 3, 4]


def test_numbers_say_nothing_where_places_do() -> None:
    """Odd to the left and even to the right of the middle, as theatres count."""
    places = [("5", 0), ("3", 1), ("1", 2), ("2", 3), ("4", 4), ("6", 5)]
    spots = Random(7).sample(row(*((seat, x, 0) for seat, x in places)), 6)
    seats = map_of(spots).row("101", "A")
    found = sorted(seats.values(), key=lambda seat: seat.position)
    assert [seat.seat for seat in found] in (
        ["5", "3", "1", "2", "4", "6"],
        ["6", "4", "2", "1", "3", "5"],
    )
    assert [b.position - a.position for a, b in pairwise(found)] == [1] * 5


def test_without_coordinates_rows_are_split_where_numbers_are_missing() -> None:
    spots = row(*((seat, None, None) for seat in ("7", "3", "1", "5", "11", "13")))
    assert seats_of(spots) == ["1-7/2", "11,13"]
    assert gaps_in(spots) == [("7", "11")]


def test_a_seat_without_coordinates_stays_beside_those_that_have_some() -> None:
    assert seats_of(row(("1", 0, 0), ("2", 1, 0), ("3", None, None))) == ["1,2", "3"]


def test_a_seat_that_is_there_again_counts_once() -> None:
    once, again = first_of_each(row(("07", 0, 0), ("7", 1, 0), ("8", 2, 0)))
    assert ([one.seat for one in once], [one.seat for one in again]) == (["07", "8"], ["7"])


@pytest.mark.parametrize("span", [0.3, pi / 2, pi, 1.7 * pi])
def test_a_row_that_bends_keeps_its_neighbours(span: float) -> None:
    spots = arc(60, 100, span)
    seats = map_of(Random(3).sample(spots, len(spots))).row("101", "A")
    positions = [seats[str(at)].position for at in range(1, 61)]
    assert {abs(b - a) for a, b in pairwise(positions)} == {1}
    assert 1 <= len(pieces_of(spots)) <= 12


@st.composite
def blocks(draw: st.DrawFn) -> list[SeatSpot]:
    """Rows of any shape: bent, turned, mirrored, with aisles, shaken a little, in any unit."""
    random = Random(draw(st.integers(0, 10**6)))
    scale = draw(st.sampled_from([0.001, 1.0, 37.5, 4_000.0]))
    turn = draw(st.floats(0, 2 * pi))
    bend = draw(st.sampled_from([1e9, 200.0, 30.0]))
    shake = draw(st.sampled_from([0.0, 0.05]))
    found = []
    for line in range(draw(st.integers(1, 4))):
        along = 0.0
        for seat in range(1, draw(st.integers(1, 25)) + 1):
            along += 1 + (random.random() < 0.1) * random.randint(1, 3)
            radius = bend + line * 1.2
            angle = along / radius
            x, y = radius * sin(angle), radius * cos(angle) - bend
            x, y = x + random.uniform(-shake, shake), y + random.uniform(-shake, shake)
            across, down = x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)
            found.append(SeatSpot("N", "ABCD"[line], str(seat), across * scale, down * scale))
    random.shuffle(found)
    return found


@given(blocks())
def test_no_seat_is_lost_and_none_moves_by_half_a_seat(spots: list[SeatSpot]) -> None:
    one = map_of(spots)
    assert one.count == len(spots)
    unit = min(
        (
            hypot((a.x or 0) - (b.x or 0), (a.y or 0) - (b.y or 0))
            for a in spots
            for b in spots
            if a is not b and a.row == b.row
        ),
        default=1.0,
    )
    for spot in spots:
        seat = one.find(spot.block, spot.row, spot.seat)
        assert seat is not None
        assert seat.at is not None
        off = hypot(seat.at[0] - (spot.x or 0), seat.at[1] - (spot.y or 0))
        assert off <= 0.75 * unit


def test_of_two_distances_the_shorter_is_that_of_neighbours() -> None:
    """1, 2 and, behind an aisle of two seats, 3."""
    spots = [SeatSpot("N", "B", name, x, 0.0) for name, x in (("1", 1.0), ("2", 2.0), ("3", 5.0))]
    assert [piece.seats for piece in pieces_of(spots)] == ["1,2", "3"]


def test_neighbours_stay_neighbours_however_the_sheet_is_sorted() -> None:
    spots = arc(60, 100, pi)
    pieces = pieces_of(spots)
    assert len(pieces) > 2
    expected = [seat.seat for seat in SeatMap("V", None, tuple(pieces)).row("101", "A").values()]
    for seed in range(6):
        mixed = tuple(Random(seed).sample(pieces, len(pieces)))
        seats = SeatMap("V", None, mixed).row("101", "A")
        assert [one.seat for one in seats.values()] == expected
        assert {seats[str(at + 1)].position - seats[str(at)].position for at in range(1, 60)} == {1}
