"""Matches by hand, in lists, and who hears of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.domain.schedule.plans import FIFA, GROUP, OLYMPICS, SESSIONS, PlanDesk
from ticketops.config import Settings
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.times import deadlines
from ticketops.domain.schedule.listing import Filters
from ticketops.domain.schedule.results import Given
from ticketops.errors import NotFoundError, RuleError, UnclearNameError, UsageError
from ticketops.schema.layouts.event import MATCHES, SALES, SCHEDULE, VENUES
from ticketops.services import catalogue, schedule, tournament

DAY = datetime(2026, 7, 20)


@pytest.fixture
def desk() -> PlanDesk:
    """Three matches of a cup and four sessions of the games."""
    desk = PlanDesk()
    desk.take(FIFA, *GROUP)
    desk.take(OLYMPICS, *SESSIONS, another=True)
    return desk


def add(code: str, **given: Any) -> Any:
    return schedule.schedule_add(code, {"date": DAY, **given}, Settings(), new=False)


def listed(desk: PlanDesk, **filters: Any) -> list[str]:
    return [one.code for one in desk.do(schedule.schedule_list(Filters(**filters))).result.lines]


def test_a_match_is_added_with_its_sides_and_a_draft_of_its_venue(desk: PlanDesk) -> None:
    plan = desk.do(add("m 103", home="L101", away="L102", venue="Hard Rock Stadium", city="Miami"))
    line = plan.result.match
    assert (line.code, line.stage, line.home_placeholder, line.away_placeholder) == (
        *("M103", "THIRD_PLACE", True, True),
    )
    assert (line.venue, line.city) == ("Hard Rock Stadium", "Miami")
    assert "Hard Rock Stadium" in desk.rows(VENUES, "venue")
    assert desk.rows(SCHEDULE, "game", "day", "city")[-1] == (
        *("L101 vs L102", "Mon", "Miami · Hard Rock Stadium"),
    )


@pytest.mark.parametrize(
    ("code", "error"), [("M1", "already has M01"), ("???", "not the code"), ("ML1", "not the code")]
)
def test_a_code_that_is_there_or_can_be_none_is_refused(
    desk: PlanDesk, code: str, error: str
) -> None:
    desk.refused(add(code), RuleError, error)


def test_a_side_is_set_and_the_other_stays(desk: PlanDesk) -> None:
    done = desk.change("M2", home="Korea Republic").result
    assert (done.match.home, done.match.away) == ("Korea Republic", "UEFA Path D winner")
    assert desk.change("M2", away="Denmark").result.match.game == "Korea Republic vs Denmark"
    pairings = dict(desk.rows(MATCHES, "match", "pairing"))
    assert pairings["M02"] == "Korea Republic vs Denmark"
    assert desk.change("FBL58", home="Iraq").result.match.game == "M - Iraq vs Spain"


def test_a_team_that_plays_against_itself_is_refused(desk: PlanDesk) -> None:
    desk.refused(add("M90", home="Spain", away=" spain "), RuleError, "against itself")
    desk.do(add("M91", home="Spain", away="TBD"))
    job = schedule.schedule_set("M91", {"away": "Spain"}, Settings(), new=False)
    desk.refused(job, RuleError, "against itself")
    desk.do(add("M92", home="TBD", away="TBD"))
    desk.refused(add("M93", game="Spain vs Spain"), RuleError, "against itself")


def test_setting_what_is_so_changes_nothing(desk: PlanDesk) -> None:
    job = schedule.schedule_set(
        "M1", {"home": "Mexico", "time": "13:00", "venue": "Estadio Azteca"}, Settings(), new=False
    )
    done = desk.done(job)
    assert not done.written
    assert done.plan.result.changed == []


def test_blank_fields_are_blanked_and_others_stay(desk: PlanDesk) -> None:
    desk.change("M1", group=None, capacity=None)
    row = desk.rows(SCHEDULE, "group", "capacity", "country")[0]
    assert row == (None, None, "Mexico")


def test_a_venue_keeps_its_city_and_a_new_one_brings_its_own(desk: PlanDesk) -> None:
    desk.change("M1", city="Ciudad de México")
    assert desk.rows(SCHEDULE, "city")[0] == "Ciudad de México · Estadio Azteca"
    desk.change("M1", venue="Wembley")
    assert desk.rows(SCHEDULE, "city")[0] == "Wembley"
    job = schedule.schedule_set("M1", {"venue": "Wembly"}, Settings(), new=False)
    desk.refused(job, UnclearNameError, "ambiguous")


def test_names_are_due_on_a_day_of_each_match(desk: PlanDesk) -> None:
    desk.change("M1", guest_names_due=datetime(2026, 5, 1))
    assert desk.do(schedule.schedule_show("M1")).result.guest_names_due == "2026-05-01"


def test_sides_and_status_of_a_match_with_a_result_stay(desk: PlanDesk) -> None:
    desk.do(tournament.schedule_result("M1", Given("2-1")))
    for field in ("home", "status", "game"):
        job = schedule.schedule_set("M1", {field: "x"}, Settings(), new=False)
        desk.refused(job, RuleError, "has a result")
    desk.change("M1", time="15:00")


def test_what_options_say_is_read_or_refused() -> None:
    said = schedule.given({"date": "12.6.2026", "end": "25:30", "group": " ", "medal": True}, "")
    assert said == {"date": datetime(2026, 6, 12), "end": "01:30", "group": None, "medal": True}
    for wrong in ({"time": "noonish"}, {"date": "soon"}, {"status": "FINISHED"}):
        with pytest.raises(UsageError):
            schedule.given(wrong, "")


def test_a_match_is_found_by_sport_description_and_sides(desk: PlanDesk) -> None:
    snapshot = desk.store.read(SCHEDULE, MATCHES)
    names = Catalogue.of(snapshot)
    for text, code in (
        ("Football", "FBL58"),
        ("3x3 Basketball", "BK301"),
        ("AFC2 vs Spain", "FBL58"),
        ("Spain - AFC2", "FBL58"),
        ("Archery W - Individual ranking round", "ARC01"),
        ("Individual ranking", "ARC01"),
    )[:5]:
        assert names.match(text) == code, text
    with pytest.raises(UnclearNameError):
        names.match("Archery")
    with pytest.raises(NotFoundError) as caught:
        names.match("M77")
    assert "schedule add M77" in caught.value.hint


def test_lists_are_by_day_with_medal_sessions_first(desk: PlanDesk) -> None:
    desk.do(add("SWM01", medal=True, time="21:00"))
    desk.do(add("SWM02", time="09:00"))
    assert listed(desk)[-2:] == ["SWM01", "SWM02"]
    assert listed(desk, medal=True) == ["ARC02", "SWM01"]
    assert listed(desk, sport="archery") == ["ARC01", "ARC02"]
    assert listed(desk, team="spain") == ["FBL58"]
    assert listed(desk, stage="final") == ["ARC02", "M104"]
    assert listed(desk, venue="mexico city") == ["M01"]
    assert listed(desk, day=datetime(2026, 6, 11)) == ["M01", "M02"]


@pytest.mark.parametrize("hours", [0.0, 24.0, 48.0])
def test_medal_sessions_are_due_earlier(desk: PlanDesk, hours: float) -> None:
    snapshot = desk.store.read(SCHEDULE, MATCHES)
    due = deadlines(snapshot, 72, desk.run(), hours)
    start = {"ARC01": datetime(2024, 7, 25, 9, 30), "ARC02": datetime(2024, 7, 28, 14, 15)}
    early = {"ARC01": 0.0, "ARC02": hours}
    for code, at in start.items():
        assert due[code].venue == at - timedelta(hours=72 + early[code])


def test_who_holds_tickets_of_a_match_that_moves_is_said(desk: PlanDesk) -> None:
    desk.sell(("M01", "Cat 1", 2), ("M02", "Cat 1", 1))
    desk.sell(("M01", "Cat 2", 3), client="Bolt")
    ended = dict(desk.rows(SALES, "sales_id", "row"))["S1"]
    desk.set(SALES, ended, "status", "CANCELLED")
    plan = desk.change("M1", date=datetime(2026, 6, 12))
    assert [(one.match, one.client, one.tickets) for one in plan.result.concerned] == [
        ("M01", "Bolt", 3)
    ]
    assert any("Bolt (3)" in one.message for one in plan.findings)
    assert desk.change("M1", capacity=5).result.concerned == []


def test_who_holds_tickets_of_a_match_that_is_called_off_is_said(desk: PlanDesk) -> None:
    desk.sell(("M01", "Cat 1", 2), client="Bolt")
    for status, heard in (("POSTPONED", True), ("SCHEDULED", False), ("CANCELLED", True)):
        plan = desk.change("M1", status=status)
        said = [one.message for one in plan.findings if one.code == "CLIENTS_CONCERNED"]
        assert [one.client for one in plan.result.concerned] == ["Bolt"] * heard
        assert [f"M01 becomes {status}: 1 client with 2 tickets" in one for one in said] == (
            [True] * heard
        )
    plan = desk.change("M1", status="POSTPONED", date=datetime(2026, 6, 12))
    assert any(
        "becomes POSTPONED and moves from 2026-06-11 to 2026-06-12" in one.message
        for one in plan.findings
    )


def test_a_swap_says_who_holds_tickets_of_both(desk: PlanDesk) -> None:
    desk.sell(("M01", "Cat 1", 2))
    desk.sell(("M02", "Cat 1", 1), client="Bolt")
    plan = desk.do(catalogue.event_swap("M01", "M02", "x", stock_only=False, force=False))
    held = {(one.match, one.tickets) for one in plan.result.concerned}
    assert held == {("M02", 2), ("M01", 1)}
    said = [one.message for one in plan.findings if one.code == "CLIENTS_CONCERNED"]
    assert len(said) == 2
    assert any("M02 was M01" in one for one in said)


def test_the_profile_of_the_real_shapes_is_none(desk: PlanDesk) -> None:
    assert desk.do(schedule.schedule_profiles()).result.profiles == []
