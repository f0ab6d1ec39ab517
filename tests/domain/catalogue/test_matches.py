"""Which match a text means (D23): one of the schedule, or none."""

from __future__ import annotations

import pytest
import rapidfuzz.distance  # noqa: F401 (imported once, before examples are timed)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.errors import NotFoundError, UnclearNameError
from ticketops.model import ids

TEAMS = ("Mexico", "South Africa", "South Korea", "Germany", "Curaçao", "Winner M101", "TBD")
CODES = st.one_of(
    st.integers(1, 104).map(lambda n: f"M{n:02d}"),
    st.sampled_from(("ARC01", "BK301", "FBL01", "FBL02", "Paddock Sunday")),
)
GAMES = st.tuples(st.sampled_from(TEAMS), st.sampled_from(TEAMS)).map(" vs ".join)
SCHEDULES = st.dictionaries(CODES, GAMES, min_size=1, max_size=6)
TEXTS = st.one_of(
    CODES,
    GAMES,
    st.sampled_from(TEAMS),
    st.text("Mml0123456789O -#.", min_size=1, max_size=5),
    st.sampled_from(
        ("12", "Match 12", "Ml2", "MO1", "MEX", "ger", "FBL", "XYZ", "Mexcio", "Group A")
    ),
)


@pytest.mark.slow
@settings(max_examples=500)
@given(SCHEDULES, TEXTS)
@example({"M12": "Mexico vs TBD"}, "Ml2")
def test_no_match_is_made_up(games: dict[str, str], text: str) -> None:
    candidates: tuple[str, ...] = ()
    found = None
    try:
        found = Catalogue(games, {}).find(text)
    except UnclearNameError as error:
        candidates = error.candidates
        assert candidates
    except NotFoundError:
        pass
    shown = {f"{code} {game}" for code, game in games.items()}
    assert set(candidates) <= shown
    if found is not None:
        assert found.name in games
    if text.strip() and ids.normalise_match(text) in games:
        assert found is not None
        assert (found.name, found.how) == (ids.normalise_match(text), "exact")


@given(SCHEDULES)
def test_what_is_shown_is_understood(games: dict[str, str]) -> None:
    """A candidate can be pasted."""
    for code, game in games.items():
        assert Catalogue(games, {}).find(f"{code} {game}").name == code


@pytest.mark.parametrize("text", ["M12", "12", "Match 12", "ARC01", "Final"])
def test_without_a_schedule_a_code_is_taken(text: str) -> None:
    assert Catalogue({}, {}).find(text).name == ids.normalise_match(text)


@pytest.mark.parametrize("text", ["Ml2", "M1O", "#", "—"])
def test_without_a_schedule_a_slip_is_no_code(text: str) -> None:
    with pytest.raises(NotFoundError):
        Catalogue({}, {}).find(text)


def test_a_choice_at_a_terminal_counts() -> None:
    games = {"M01": "Mexico vs TBD", "M02": "TBD vs Mexico"}
    with pytest.raises(UnclearNameError) as unclear:
        Catalogue(games, {}).find("Mexico")
    chosen = {("match", "Mexico"): unclear.value.candidates[1]}
    assert Catalogue(games, {}, chosen=chosen).find("Mexico").name == "M02"
