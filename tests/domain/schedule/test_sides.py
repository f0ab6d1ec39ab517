"""Sides and pairings as schedules write them."""

from __future__ import annotations

import pytest

from ticketops.domain.schedule.sides import SideKind, parse_pairing, parse_side

K = SideKind
SIDES = [
    ("", K.TBD, "", 0),
    ("TBD", K.TBD, "", 0),
    ("tbc", K.TBD, "", 0),
    ("To be announced", K.TBD, "", 0),
    ("?", K.TBD, "", 0),
    ("Qualifier 1", K.QUALIFIER, "", 0),
    ("Qualifier", K.QUALIFIER, "", 0),
    ("Winner QF1", K.WINNER, "QUARTER_FINAL 1", 0),
    ("Winner Quarter-final 2", K.WINNER, "QUARTER_FINAL 2", 0),
    ("Loser SF2", K.LOSER, "SEMI_FINAL 2", 0),
    ("Semi-final 1 loser", K.LOSER, "SEMI_FINAL 1", 0),
    ("Winner Round of 16 3", K.WINNER, "ROUND_OF_16 3", 0),
    ("W74", K.WINNER, "M74", 0),
    ("w 7", K.WINNER, "M07", 0),
    ("L101", K.LOSER, "M101", 0),
    ("RU101", K.RUNNER_UP, "M101", 0),
    ("Winner M74", K.WINNER, "M74", 0),
    ("Winner of match 5", K.WINNER, "M05", 0),
    ("Runner-up Match 57", K.RUNNER_UP, "M57", 0),
    ("Winner FBL57", K.WINNER, "FBL57", 0),
    ("1A", K.PLACE, "A", 1),
    ("2B", K.PLACE, "B", 2),
    ("3C", K.PLACE, "C", 3),
    ("Winner Group A", K.PLACE, "A", 1),
    ("Group A winner", K.PLACE, "A", 1),
    ("Runner-up Group B", K.PLACE, "B", 2),
    ("runners-up of group b", K.PLACE, "B", 2),
    ("1st Group C", K.PLACE, "C", 1),
    ("3rd Group C", K.PLACE, "C", 3),
    ("3A/B/C/D/F", K.THIRD, "ABCDF", 3),
    ("3ADEF", K.THIRD, "ADEF", 3),
    ("3rd Group A/B/C/D/F", K.THIRD, "ABCDF", 3),
    ("Third of Group A/B", K.THIRD, "AB", 3),
    ("Third-placed team group A/B/C", K.THIRD, "ABC", 3),
    ("UEFA Path D winner", K.BY_HAND, "", 0),
    ("Winner UEFA Path A", K.BY_HAND, "", 0),
    ("IC Path 2 winner", K.BY_HAND, "", 0),
    ("Loser Group A", K.BY_HAND, "", 0),
    ("AFC2", K.BY_HAND, "", 0),
    ("Spain", K.TEAM, "", 0),
    ("USA", K.TEAM, "", 0),
    ("IRAN", K.TEAM, "", 0),
    ("Trinidad and Tobago", K.TEAM, "", 0),
    ("Côte d'Ivoire", K.TEAM, "", 0),
]


@pytest.mark.parametrize(("text", "kind", "ref", "place"), SIDES)
def test_a_side(text: str, kind: SideKind, ref: str, place: int) -> None:
    side = parse_side(text)
    assert (side.kind, side.ref, side.place) == (kind, ref, place)
    assert side.text == text
    assert side.is_placeholder == (kind is not K.TEAM)


@pytest.mark.parametrize(
    ("text", "home", "away"),
    [
        ("Mexico vs South Africa", "Mexico", "South Africa"),
        ("W74 v W77", "W74", "W77"),
        ("Mexico - South Africa", "Mexico", "South Africa"),
        ("W89 / W90", "W89", "W90"),
        ("TBD vs TBD", "TBD", "TBD"),
        ("M - AFC2 vs Spain", "AFC2", "Spain"),
        ("M - Group B - Brazil vs Spain", "Brazil", "Spain"),
        ("W - Group A - France vs Colombia - Preliminary", "France", "Colombia"),
        ("Men - Quarter-final - Spain vs. Japan", "Spain", "Japan"),
        ("Mixed - 1/4 Finals - Winner QF1 vs TBD", "Winner QF1", "TBD"),
        ("M - Team - Semi-finals - Loser SF2 vs 1A", "Loser SF2", "1A"),
        ("Quarter-final 2: W74 v W77", "W74", "W77"),
        ("Women's Gold medal match - Spain v Japan", "Spain", "Japan"),
        ("Guinea-Bissau vs Bosnia and Herzegovina", "Guinea-Bissau", "Bosnia and Herzegovina"),
        ("Winner Group A vs Runner-up Group B", "Winner Group A", "Runner-up Group B"),
        ("Winner QF1 vs Winner QF2", "Winner QF1", "Winner QF2"),
    ],
)
def test_a_pairing_is_written_again_as_it_was(text: str, home: str, away: str) -> None:
    pairing = parse_pairing(text)
    assert pairing is not None
    assert (pairing.home.text, pairing.away.text) == (home, away)
    assert pairing.shown(home, away) == text


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "W - Individual ranking round",
        "M - Team - 1/4 Finals, Semi-finals, Bronze, Final",
        "Semi-final - Men",
        "Opening Ceremony",
        "Day 1 - Session 2",
        "A vs B vs C",
    ],
)
def test_what_names_no_two_sides(text: str | None) -> None:
    assert parse_pairing(text) is None
