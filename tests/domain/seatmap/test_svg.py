"""Seats of pictures: shapes, transforms, patterns, and what a hostile picture may do: nothing."""

from __future__ import annotations

from math import isclose

import pytest

from ticketops.domain.seatmap.formats.svg import spots_of
from ticketops.domain.seatmap.spots import Spots
from ticketops.errors import HostileFileError, InputError, UsageError


def read(inside: str, pattern: str = "", head: str = "") -> Spots:
    xlink = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {xlink} {head}>{inside}</svg>'
    return spots_of(svg, "map.svg", pattern)


def at(inside: str) -> tuple[float, float]:
    (seat,) = read(f'<g data-block="1" data-row="A">{inside}</g>').seats
    assert seat.x is not None
    assert seat.y is not None
    return round(seat.x, 6), round(seat.y, 6)


@pytest.mark.parametrize(
    ("shape", "middle"),
    [
        ('<circle data-seat="1" cx="3" cy="4" r="2"/>', (3, 4)),
        ('<rect data-seat="1" x="1" y="2" width="4" height="6"/>', (3, 5)),
        ('<ellipse data-seat="1" cx="3" cy="4" rx="2" ry="1"/>', (3, 4)),
        ('<path data-seat="1" d="M1 1h4v4H1z"/>', (3, 3)),
        ('<path data-seat="1" d="M1,1 l4,0 0,4 -4,0Z"/>', (3, 3)),
        ('<path data-seat="1" d="M1 3a2 2 0 1 0 4 0 2 2 0 10-4 0"/>', (3, 3)),
        ('<path data-seat="1" d="M1 3A2 2 0 014 3"/>', (2.5, 2.661438)),
        ('<polygon data-seat="1" points="0,0 4,0 4,2 0,2"/>', (2, 1)),
        (
            '<g data-seat="1"><rect width="4" height="4"/><rect x="4" y="4" width="2" height="2"/></g>',
            (3, 3),
        ),
        ('<circle data-seat="1" cx="10mm" cy="1in" r="1"/>', (37.795276, 96)),
        (
            '<g transform="translate(10,20) scale(2)"><circle data-seat="1" cx="1" cy="2" r="1"/></g>',
            (12, 24),
        ),
        ('<g transform="rotate(90)"><circle data-seat="1" cx="5" r="1"/></g>', (0, 5)),
        ('<g transform="rotate(180 5 5)"><circle data-seat="1" cx="1" cy="1" r="1"/></g>', (9, 9)),
        ('<g transform="scale(-1 1)"><circle data-seat="1" cx="7" cy="1" r="1"/></g>', (-7, 1)),
        (
            '<g transform="matrix(0 1 -1 0 0 0)"><rect data-seat="1" x="1" y="1" width="2" height="2"/></g>',
            (-2, 2),
        ),
        ('<g transform="skewX(45)"><circle data-seat="1" cx="1" cy="2" r="0"/></g>', (3, 2)),
    ],
)
def test_the_middle_of_a_seat_is_that_of_its_shape(shape: str, middle: tuple[float, float]) -> None:
    found = at(shape)
    assert all(isclose(a, b, abs_tol=0.02) for a, b in zip(found, middle, strict=True)), found


def test_use_draws_symbols_and_groups_where_it_stands() -> None:
    inside = (
        '<defs><symbol id="s" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/></symbol>'
        '<g id="chair"><rect width="4" height="4"/></g></defs>'
        '<g data-block="1" data-row="A"><use data-seat="1" xlink:href="#s" x="10" width="20" height="20"/>'
        '<use data-seat="2" href="#chair" x="50" transform="translate(0 7)"/></g>'
    )
    assert [(s.seat, s.x, s.y) for s in read(inside).seats] == [("1", 20, 10), ("2", 52, 9)]


def test_groups_hand_down_block_row_category_and_restrictions() -> None:
    (one, two) = read(
        '<g data-block="N1"><g data-row="7" data-category="cat 2">'
        '<circle data-seat="1"/><circle data-seat="2" data-category="Cat 1" data-restrictions="held, media"/>'
        "</g></g>"
    ).seats
    assert (one.block, one.row, one.category, one.restrictions) == ("N1", "7", "Cat 2", ())
    assert (two.category, two.restrictions) == ("Cat 1", ("HELD", "MEDIA"))


@pytest.mark.parametrize(
    ("pattern", "name", "wanted"),
    [
        ("seat-{block}-{row}-{seat}", "seat-101-A-12", ("101", "A", "12")),
        ("{block}_{row}_{seat}", "N_x0020_1_A_3", ("N 1", "A", "3")),
        ("s{seat}", "s9", ("", "", "9")),
        ("a.b({seat})", "a.b(4)", ("", "", "4")),
    ],
)
def test_ids_are_read_by_a_pattern(pattern: str, name: str, wanted: tuple[str, str, str]) -> None:
    found = read(f'<circle id="{name}" r="1"/><circle id="other" r="1"/>', pattern)
    assert [(one.block, one.row, one.seat) for one in found.seats] == [wanted]


@pytest.mark.parametrize("pattern", ["{row}", "seat", "{seat}{seat}", "{block}-{row}"])
def test_a_pattern_must_name_the_seat_once(pattern: str) -> None:
    with pytest.raises(UsageError, match="seat"):
        read('<circle id="a"/>', pattern)


def test_what_is_hidden_or_only_defined_is_no_seat() -> None:
    found = read(
        '<g data-block="1" data-row="A"><circle data-seat="1"/><circle data-seat="2" display="none"/>'
        '<g style="display: none"><circle data-seat="3"/></g><defs><circle data-seat="4"/></defs></g>'
    )
    assert [one.seat for one in found.seats] == ["1"]
    assert found.notes == ["2 elements are hidden and left out"]


def test_a_seat_whose_place_is_unclear_is_told() -> None:
    found = read(
        '<circle data-seat="1" cx="50%"/><circle data-seat="2" transform="spin(3)"/>'
        '<circle data-seat="3" cx="nan"/><path data-seat="4" d="M1"/><circle data-seat="" cx="1"/>'
    )
    assert found.seats == []
    assert len(found.wrong) == 5


def test_a_picture_without_seats_names_the_ids_that_it_has() -> None:
    with pytest.raises(InputError) as caught:
        read('<circle id="seat-1-A-2"/>')
    assert "seat-1-A-2" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', HostileFileError),
        (
            '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
            HostileFileError,
        ),
        ("<svg>" + "<g>" * 400 + "</g>" * 400 + "</svg>", HostileFileError),
        ("<html><body/></html>", InputError),
        ("", InputError),
        ("<svg", InputError),
        ("\x01", InputError),
    ],
)
def test_hostile_or_broken_pictures_are_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        spots_of(text, "map.svg")


def test_scripts_and_references_are_inert() -> None:
    """Sockets are closed in tests: whoever would fetch would fail."""
    found = read(
        "<script>alert(1)</script><style>@import url(http://example.com/x.css)</style>"
        '<image href="http://example.com/x.png" width="3"/>'
        '<use href="http://example.com/x.svg#a"/><foreignObject><circle data-seat="9"/></foreignObject>'
        '<circle data-seat="1" onclick="alert(1)"/>'
    )
    assert [one.seat for one in found.seats] == ["1"]
    assert found.notes == ["1 references to other files are not followed"]


def test_a_use_of_itself_ends() -> None:
    found = read('<g id="a"><use href="#a"/><use href="#a"/><circle data-seat="1"/></g>')
    assert {one.seat for one in found.seats} == {"1"}


@pytest.mark.slow
def test_use_within_use_can_not_grow_without_end() -> None:
    layers = "".join(
        f'<g id="l{n}">' + f'<use href="#l{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)
    )
    with pytest.raises(HostileFileError, match="more than"):
        read(f'<g id="l0"><circle data-seat="1"/></g>{layers}')
