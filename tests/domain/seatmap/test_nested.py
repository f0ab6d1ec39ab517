"""Seats as JSON: blocks that hold rows that hold seats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ticketops.domain.seatmap.formats.nested import spots_of
from ticketops.domain.seatmap.spots import Spots
from ticketops.errors import HostileFileError, InputError


def read(content: Any) -> Spots:
    return spots_of(json.dumps(content), "map.json")[0]


def told(spots: Spots) -> list[tuple[Any, ...]]:
    return [(one.block, one.row, one.seat, one.x, one.y, one.category) for one in spots.seats]


def test_our_own_structure() -> None:
    spots = read(
        {
            "venue": "Lusail",
            "blocks": [
                {
                    "block": "101",
                    "category": "Cat 2",
                    "rows": [
                        {"row": "A", "seats": ["1", 2, {"seat": "3", "x": 1.5, "y": "2,5"}]},
                        {
                            "row": "B",
                            "seats": "1-3",
                            "start": [0, 0],
                            "end": [4, 2],
                            "category": "Cat 1",
                        },
                    ],
                }
            ],
        }
    )
    assert spots.venue == "Lusail"
    assert told(spots) == [
        ("101", "A", "1", None, None, "Cat 2"),
        ("101", "A", "2", None, None, "Cat 2"),
        ("101", "A", "3", 1.5, 2.5, "Cat 2"),
        ("101", "B", "1", 0, 0, "Cat 1"),
        ("101", "B", "2", 2, 1, "Cat 1"),
        ("101", "B", "3", 4, 2, "Cat 1"),
    ]


def test_names_as_keys() -> None:
    assert told(read({"101": {"A": ["1", "2"], "B": "1-2"}})) == [
        ("101", row, seat, None, None, "") for row in "AB" for seat in "12"
    ]


def test_a_seating_plan_of_pretix_whose_places_add_up() -> None:
    """zones → rows → seats, each with a position that counts from the one around it."""
    plan = {
        "name": "Hall",
        "size": {"width": 800, "height": 600},
        "categories": [{"name": "Stalls", "color": "#f00"}],
        "zones": [
            {
                "name": "Main",
                "zone_id": "main",
                "position": {"x": 100.5, "y": 50},
                "areas": [],
                "rows": [
                    {
                        "row_number": "7",
                        "row_number_position": "both",
                        "position": {"x": 10, "y": 20.25},
                        "seats": [
                            {
                                "seat_guid": f"x{n}",
                                "seat_number": str(n),
                                "position": {"x": n * 33.3, "y": 0},
                                "category": "Stalls",
                            }
                            for n in (1, 2)
                        ],
                    }
                ],
            }
        ],
    }
    assert told(read(plan)) == [
        ("Main", "7", "1", pytest.approx(143.8), pytest.approx(70.25), "Stalls"),
        ("Main", "7", "2", pytest.approx(177.1), pytest.approx(70.25), "Stalls"),
    ]


def test_a_chart_of_seats_io_with_sections() -> None:
    chart = {
        "name": "Chart",
        "venueType": "MIXED",
        "categories": {"list": [{"key": 1, "label": "Cat 1", "color": "#fff"}]},
        "subChart": {
            "rows": [
                {"label": "A", "seats": [{"x": 3.25, "y": 2, "label": "1", "categoryKey": 1}]}
            ],
            "sections": [
                {
                    "label": "North",
                    "subChart": {
                        "rows": [
                            {
                                "label": "B",
                                "seats": [{"x": 1, "y": 2, "label": "9", "categoryLabel": "Cat 2"}],
                            }
                        ]
                    },
                }
            ],
        },
    }
    assert told(read(chart)) == [
        ("", "A", "1", 3.25, 2, "Cat 1"),
        ("North", "B", "9", 1, 2, "Cat 2"),
    ]


@pytest.mark.parametrize(
    "seat",
    [
        None,
        True,
        [],
        {"x": 1},
        {"seat": 1, "x": "a", "y": 2},
        {"seat": 1, "x": 1},
        {"seat": {}},
        "",
    ],
)
def test_what_is_no_seat_is_told_with_its_place(seat: Any) -> None:
    spots = read({"blocks": [{"block": "1", "rows": [{"row": "A", "seats": ["1", seat]}]}]})
    assert [one.seat for one in spots.seats] == ["1"]
    assert [one.where for one in spots.wrong] == ["blocks[0].rows[0].seats[1]"]


@pytest.mark.parametrize("text", ["", "{", "5", "[]", "{}", '{"blocks": 3}', "nonsense"])
def test_what_holds_no_seats_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        spots_of(text, "map.json")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises((HostileFileError, InputError)):
        spots_of("[" * 100_000 + "]" * 100_000, "map.json")
    deep: dict[str, Any] = {"rows": []}
    for _ in range(40):
        deep = {"subChart": deep}
    with pytest.raises((HostileFileError, InputError)):
        read(deep)
