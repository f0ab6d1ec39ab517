"""Results entered, corrected and taken back in any order give the bracket of entering those that
stand, in order; and no sale changes but for its Game."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.schedule.cups import CupDesk
from ticketops.domain.schedule.facts import TeamLine
from ticketops.domain.schedule.results import Given
from ticketops.errors import RuleError
from ticketops.schema.layouts.event import DISTRIBUTION, MATCHES, PURCHASES, SALES, UNITS
from ticketops.services import tournament
from ticketops.stores.standing import stands

CUP = [
    ("M01", "Group A", "Mexico vs Spain"),
    ("M02", "Group A", "Spain vs Mexico"),
    ("M03", "Group B", "Brazil vs Italy"),
    ("M04", "Semi-final", "1A vs 2B"),
    ("M05", "Semi-final", "Winner Group B vs Runner-up Group A"),
    ("M06", "Match for third place", "L04 vs Loser SF2"),
    ("M07", "Final", "W04 vs Winner SF2"),
]
CODES = [code for code, _, _ in CUP]
LEDGERS = (SALES, DISTRIBUTION, PURCHASES, UNITS)
STEP = st.tuples(
    st.sampled_from(("enter", "enter", "enter", "enter", "correct", "undo", "rank")),
    st.integers(0, 6),
    st.sampled_from(("1-0", "0-1", "2-2", "won")),
    st.integers(0, 30),
)


@cache
def _begun() -> CupDesk:
    """Two matches are sold, one was played: its sheets are there, so that no undo rests on them."""
    desk = CupDesk(CUP)
    for code in ("M04", "M07"):
        desk.buy((code, "Cat 1", 2))
        desk.sell((code, "Cat 1", 2))
    desk.result("M03", "2-2")
    desk.do(tournament.schedule_team("Italy", {"ranking": 40}))
    return desk


def _given(desk: CupDesk, code: str, what: str) -> Given:
    if what == "won":
        shown = desk.bracket().shown(code)
        return Given(winner=shown[1] if shown else "nobody")
    knockout = code not in ("M01", "M02", "M03") and what == "2-2"
    return Given(what, "3-4" if knockout else None, "0/0")


def _act(desk: CupDesk, step: tuple[str, int, str, int]) -> None:
    kind, which, what, number = step
    if kind == "undo":
        standing = [one for one in desk.store.log() if stands(one)]
        if standing:
            desk.undo_run(standing[number % len(standing)].entry.run_id)
    elif kind == "rank":
        team = ("Mexico", "Spain", "Brazil", "Italy")[number % 4]
        desk.do(tournament.schedule_teams([TeamLine(team, {"ranking": number + 1})]))
    else:
        over = _results(desk)
        codes = [code for code in CODES if (code in over) == (kind == "correct")]
        code = codes[which % len(codes)] if codes else "M01"
        given = _given(desk, code, what)
        desk.do(tournament.schedule_result(code, given, correct=kind == "correct"))


def _results(desk: CupDesk) -> dict[str, Given]:
    columns = ("match", "status", "score", "penalties", "cards", "winner")
    found = {}
    for code, status, score, penalties, cards, winner in desk.rows(MATCHES, *columns):
        if status == "FINISHED":
            found[code] = Given(score, penalties, cards, None if score else winner)
    return {code: found[code] for code in CODES if code in found}


def _sides(desk: CupDesk) -> dict[tuple[str, int], str | None]:
    return {place: seen.team for place, seen in desk.bracket().sides.items()}


@pytest.mark.slow
@settings(max_examples=12)
@given(st.lists(STEP, min_size=5, max_size=18))
def test_any_order(steps: list[tuple[str, int, str, int]]) -> None:
    desk = CupDesk(like=_begun())
    untouched = {sheet: desk.frame(sheet).drop("game") for sheet in LEDGERS}
    for step in steps:
        try:
            _act(desk, step)
        except RuleError:
            continue
        games = desk.games()
        for sheet, frame in untouched.items():
            now = desk.frame(sheet)
            assert now.drop("game").equals(frame)
            assert all(games[match] == game for match, game in now.select("match", "game").rows())
        for code, game in games.items():
            assert game == " vs ".join(desk.bracket().shown(code) or ())
    fresh = CupDesk(CUP)
    facts = [
        TeamLine(team, {"ranking": ranking})
        for team, ranking in desk.rows("_TEAMS", "team", "ranking")
    ]
    if facts:
        fresh.do(tournament.schedule_teams(facts))
    for code, entered in _results(desk).items():
        fresh.do(tournament.schedule_result(code, entered))
    assert fresh.games() == desk.games()
    assert _sides(fresh) == _sides(desk)
    assert _results(fresh) == _results(desk)
