"""Where rows of seats are drawn (§1b)."""

from __future__ import annotations

from itertools import combinations
from math import hypot

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.seat_bowl import bowl
from ticketops.domain.seatmap.plan import RowOfSeats, SeatMap
from ticketops.domain.seatmap.scheme import drawing

Rows = st.lists(
    st.builds(
        RowOfSeats,
        st.sampled_from(["101", "102", "VIP"]),
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from(["1-3", "1,2,5", "4-6", "7", "A-D"]),
    ),
    max_size=9,
    unique_by=lambda row: (row.block, row.row, row.seats),
)


def middles(plan: SeatMap) -> list[tuple[float, float]]:
    """Where each seat is drawn."""
    found = []
    for row, ((x1, y1), (x2, y2)) in zip(plan.rows, drawing(plan).ends, strict=True):
        last = len(row.labels) - 1 or 1
        found += [
            (x1 + (x2 - x1) * n / last, y1 + (y2 - y1) * n / last) for n in range(len(row.labels))
        ]
    return found


@settings(max_examples=80)
@given(Rows, st.booleans())
def test_no_two_seats_are_drawn_on_one_another(rows: list[RowOfSeats], mixed: bool) -> None:
    """Except the second of two seats of one name, which counts for nothing."""
    rows = [
        row
        for row in rows
        if not any(
            set(row.labels) & set(other.labels)
            for other in rows
            if other is not row and other.key == row.key
        )
    ]
    placed = (*rows, *(bowl(2, 2, 4) if mixed else []))
    plan = SeatMap("X", None, placed)
    for one, other in combinations(middles(plan), 2):
        assert hypot(one[0] - other[0], one[1] - other[1]) > 0.9
    assert drawing(plan).scheme == len(rows)


def test_rows_with_coordinates_are_drawn_there() -> None:
    rows = tuple(bowl(6, 3, 5))
    made = drawing(SeatMap("X", None, rows))
    assert made.ends == tuple((row.start, row.end) for row in rows)
    assert (made.scheme, [one.text for one in made.labels]) == (
        0,
        [str(n) for n in range(101, 107)],
    )
    left, top, right, bottom = made.box
    assert all(left < x < right and top < y < bottom for pair in made.ends for x, y in pair)


def test_seats_of_a_scheme_stand_where_they_adjoin() -> None:
    plan = SeatMap("X", None, (RowOfSeats("1", "A", "1-4"), RowOfSeats("1", "A", "5-6")))
    first, second = drawing(plan).ends
    assert second[0][0] - first[1][0] == 2 * drawing(plan).pitch  # an aisle
