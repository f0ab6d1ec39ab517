"""The schedule joined with what `_MATCHES` knows besides."""

from __future__ import annotations

from ticketops.domain.schedule.book import matches, stages
from ticketops.schema.layouts.event import EVENT, MATCHES, SCHEDULE
from ticketops.schema.tables import Snapshot, build_table


def snapshot(games: dict[str, str | None], beside: dict[str, dict[str, str]]) -> Snapshot:
    schedule = [[code, game] for code, game in games.items()]
    names = ("match", "pairing", "home", "away", "description")
    rows = [[code, *(told.get(name) for name in names[1:])] for code, told in beside.items()]
    headers = [EVENT[MATCHES].by_name[name].header for name in names]
    tables = {
        SCHEDULE: build_table(EVENT[SCHEDULE], ["M#", "Game"], schedule),
        MATCHES: build_table(EVENT[MATCHES], headers, rows),
    }
    return Snapshot("", tables, EVENT)


def sides(games: dict[str, str | None], beside: dict[str, dict[str, str]]) -> dict[str, object]:
    found = matches(snapshot(games, beside))
    return {
        code: [
            (one.written.home.text, one.written.away.text) if one.written else None,
            (one.home.text, one.away.text) if one.home and one.away else None,
        ]
        for code, one in found.items()
    }


def test_without_more_the_sides_are_those_of_the_game() -> None:
    assert sides({"M73": "2A vs 2B", "M1": "Opening"}, {}) == {
        "M73": [("2A", "2B"), ("2A", "2B")],
        "M01": [None, None],
    }


def test_the_pairing_stays_what_was_written_when_its_sides_became_teams() -> None:
    told = {"M73": {"pairing": "2A vs 2B", "home": "Mexico", "away": "2B"}}
    assert sides({"M73": "Mexico vs 2B"}, told) == {"M73": [("2A", "2B"), ("Mexico", "2B")]}


def test_a_side_that_somebody_typed_into_the_schedule_is_decided() -> None:
    told = {"M73": {"pairing": "2A vs 2B", "home": "Mexico", "away": "2B"}}
    assert sides({"M73": "Mexico vs Qatar"}, told) == {
        "M73": [("2A", "Qatar"), ("Mexico", "Qatar")]
    }


def test_a_blank_game_hides_no_pairing() -> None:
    told = {"M73": {"pairing": "2A vs 2B"}}
    assert sides({"M73": None}, told) == {"M73": [("2A", "2B"), ("2A", "2B")]}


def test_a_match_that_the_schedule_lacks_is_none() -> None:
    assert sides({}, {"M73": {"pairing": "2A vs 2B"}}) == {}


def test_stages_need_no_sheet_beside_the_schedule() -> None:
    whole = snapshot(
        {"M64": None, "FBL58": None, "ATH01": None}, {"FBL58": {"description": "M - Final"}}
    )
    assert stages(whole) == {"M64": "FINAL", "FBL58": "FINAL"}
    assert stages(whole.of([SCHEDULE])) == {"M64": "FINAL"}
