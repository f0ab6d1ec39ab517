"""Seats as people draw them in a spreadsheet."""

from __future__ import annotations

from typing import Any

import pytest

from ticketops.domain.seatmap.formats.grids import spots_of
from ticketops.domain.seatmap.spots import Spots
from ticketops.errors import InputError
from ticketops.schema.foreign import Area, Cells

_ = None


def sheet(*rows: list[Any], title: str = "Sheet1", merged: tuple[Area, ...] = ()) -> Cells:
    return Cells(
        title, (title,), [list(row) for row in rows], list(range(1, len(rows) + 1)), merged
    )


def found(spots: Spots) -> dict[str, str]:
    """{block/row: its seats}."""
    seats: dict[str, list[str]] = {}
    for one in spots.seats:
        seats.setdefault(f"{one.block}/{one.row}", []).append(one.seat)
    return {where: " ".join(labels) for where, labels in seats.items()}


A, B, C = "A", "B", "C"
DRAWN: dict[str, tuple[Cells, dict[str, str]]] = {
    "numbers in their cells, letters at the side, an aisle, a title, a remark": (
        sheet(
            ["Lower tier"],
            [_, 1, 2, _, 3],
            [A, 1, 2, _, 3],
            [B, 1, 2, _, 3],
            ["Pitch"],
            title="101",
        ),
        {"101/A": "1 2 3", "101/B": "1 2 3"},
    ),
    "marks below a line of numbers": (
        sheet([_, 1, 2, 3], ["Row A", "x", _, "x"], ["Row B", "x", "X", "x"], title="Block N"),
        {"N/A": "1 3", "N/B": "1 2 3"},
    ),
    "marks without numbers are counted": (
        sheet([A, "o", "o", _, "o"], title="E1"),
        {"E1/A": "1 2 3"},
    ),
    "rows that are numbers": (
        sheet([1, 1, 2, 3], [2, 1, 2, 3], [3, 1, 2, 3], title="E1"),
        {"E1/1": "1 2 3", "E1/2": "1 2 3", "E1/3": "1 2 3"},
    ),
    "numbers of rows on both sides, and of columns above": (
        sheet([_, 1, 2, _], [1, 1, 2, 1], [2, 1, 2, 2], [3, 1, 2, 3], title="E1"),
        {"E1/1": "1 2", "E1/2": "1 2", "E1/3": "1 2"},
    ),
    "letters on both sides": (
        sheet([A, 1, 2, A], [B, 1, 2, B], title="7"),
        {"7/A": "1 2", "7/B": "1 2"},
    ),
    "blocks side by side under merged titles": (
        sheet(
            ["Block 101", _, _, _, "Block 102", _, _],
            [A, 1, 2, _, A, 1, 2],
            merged=((0, 0, 0, 2), (0, 4, 0, 6)),
        ),
        {"101/A": "1 2", "102/A": "1 2"},
    ),
    "titles in the middle above their blocks": (
        sheet([_, "Section 5", _, _, _, "Section 6"], [A, 1, 2, _, A, 1, 2], [B, 1, 2, _, B, 1, 2]),
        {"5/A": "1 2", "6/A": "1 2", "5/B": "1 2", "6/B": "1 2"},
    ),
    "blocks below one another": (
        sheet(["Sektor 1"], [A, 1, 2], [], ["Sektor 2"], [A, 1]),
        {"1/A": "1 2", "2/A": "1"},
    ),
    "a number alone above the seats": (sheet([101], [A, 1, 2]), {"101/A": "1 2"}),
    "places in each cell": (
        sheet(["101/A/1", "101/A/2"], ["101/B/1", _]),
        {"101/A": "1 2", "101/B": "1"},
    ),
    "codes in each cell": (
        sheet(["A1", "A2"], ["B1", "B2"], title="7"),
        {"7/A": "1 2", "7/B": "1 2"},
    ),
    "letters of seats above, numbers of rows at the side": (
        sheet([_, A, B, _, C], [1, "x", "x", _, "x"], [2, "x", "x", _, "x"], title="Stand 1"),
        {"1/1": "A B C", "1/2": "A B C"},
    ),
    "rows called X and O among marks": (
        sheet(["N", "x", "x"], ["O", "x", "x"], ["P", "o", "x"], ["X", "x", "x"], title="1"),
        {"1/N": "1 2", "1/O": "1 2", "1/P": "1 2", "1/X": "1 2"},
    ),
    "a name that is merged down its rows": (
        sheet([A, 1, 2], [_, 3, 4], [B, 1, 2], title="1", merged=((0, 0, 1, 0),)),
        {"1/A": "1 2 3 4", "1/B": "1 2"},
    ),
    "a slope, the name before the first seat": (
        sheet([_, _, A, 1, 2], [_, B, 1, 2, 3], [C, 1, 2, 3, 4], title="1"),
        {"1/A": "1 2", "1/B": "1 2 3", "1/C": "1 2 3 4"},
    ),
    "from right to left": (
        sheet([A, 3, 2, 1], [B, 3, 2, 1], title="1"),
        {"1/A": "3 2 1", "1/B": "3 2 1"},
    ),
    "numbers of a spreadsheet, which are no integers": (
        sheet([A, 1.0, 2.0], [B, 1.0, 2.0], title="1"),
        {"1/A": "1 2", "1/B": "1 2"},
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_drawings_are_read(name: str) -> None:
    cells, wanted = DRAWN[name]
    spots = spots_of([cells], "plan.xlsx")
    assert found(spots) == wanted
    assert spots.wrong == []


def test_cells_are_places() -> None:
    cells, _wanted = DRAWN[
        "numbers in their cells, letters at the side, an aisle, a title, a remark"
    ]
    spots = spots_of([cells], "plan.xlsx")
    assert [(one.x, one.y) for one in spots.seats[:3]] == [(1, 2), (2, 2), (4, 2)]
    assert spots.seats[0].where == "101 cell B3"


def test_what_is_no_seat_is_told() -> None:
    cells, _wanted = DRAWN[
        "numbers in their cells, letters at the side, an aisle, a title, a remark"
    ]
    spots = spots_of([cells], "plan.xlsx")
    assert spots.notes == ["101 cells that are not seats: Lower tier, Pitch"]


def test_sheets_are_blocks_beside_one_another() -> None:
    spots = spots_of([sheet([A, 1, 2], title="North"), sheet([A, 1], title="South")], "plan.xlsx")
    assert found(spots) == {"North/A": "1 2", "South/A": "1"}
    assert [one.x for one in spots.seats] == [1, 2, 7]


def test_without_a_block_it_is_said() -> None:
    spots = spots_of([sheet([A, 1, 2])], "plan.xlsx")
    assert found(spots) == {"/A": "1 2"}
    assert "no block is named" in spots.notes[0]


@pytest.mark.parametrize("rows", [[["Hello", "World"]], [[]], []])
def test_a_sheet_without_seats_is_refused(rows: list[list[Any]]) -> None:
    with pytest.raises(InputError):
        spots_of([sheet(*rows)], "plan.xlsx")


def test_a_tab_of_remarks_is_no_block() -> None:
    drawing = sheet([A, 1, 2], [B, 1, 2], title="Block 101")
    remarks = sheet(["Prepared by Ana"], ["Total", 45], title="Notes")
    found = spots_of([drawing, remarks], "map.xlsx")
    assert {one.block for one in found.seats} == {"101"}
    assert any("Notes is no drawing" in note for note in found.notes)
