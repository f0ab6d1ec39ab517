"""A schedule from a file: what becomes of it, and of the workbook."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.desk import everything
from tests.domain.schedule.plans import FIFA, GROUP, OLYMPICS, SESSIONS, PlanDesk
from ticketops.domain.schedule.importing import Options
from ticketops.engine.transaction import prepare
from ticketops.errors import InputError, RuleError, UnclearNameError, UsageError
from ticketops.model.findings import Severity
from ticketops.schema.layouts.event import (
    CATEGORIES,
    DISTRIBUTION,
    IMPORT_PROFILES,
    MATCHES,
    PURCHASES,
    SALES,
    SCHEDULE,
    SCHEDULE_LOG,
    UNITS,
    VENUES,
)


@pytest.fixture
def desk() -> PlanDesk:
    return PlanDesk()


def codes(plan: Any) -> list[str]:
    return [one.code for one in plan.result.errors]


def test_the_flat_shape_of_the_olympics_is_grouped_by_session(desk: PlanDesk) -> None:
    done = desk.take(OLYMPICS, *SESSIONS).result
    assert done.shape == "olympics"
    assert (done.matches_new, done.sessions, done.medal_sessions) == (4, 4, 1)
    assert (done.sports, done.categories, done.venues_new) == (3, 4, 3)
    assert done.placeholders == 1
    assert done.errors == []
    beside = {row["match"]: row for row in desk.frame(MATCHES).iter_rows(named=True)}
    assert beside["ARC01"]["sport"] == beside["ARC02"]["sport"] == "Archery"
    assert beside["BK301"]["sport"] == "3x3 Basketball"
    assert [beside[code]["gender"] for code in ("ARC01", "FBL58", "BK301")] == ["W", "M", "W"]
    assert [bool(beside[code]["medal"]) for code in ("ARC02", "ARC01")] == [True, False]
    assert beside["ARC01"]["long_description"] == "Ranking [reserved]"
    assert desk.rows(CATEGORIES, "match", "category", "level") == [
        *(("ARC01", "A", 2), ("ARC01", "B", 3), ("ARC02", "First", 1)),
        *(("FBL58", "A", 2), ("BK301", "C", 4)),
    ]
    line = desk.line("FBL58")
    assert (line.home, line.home_placeholder, line.away, line.away_placeholder) == (
        *("AFC2", True, "Spain", False),
    )
    assert (line.capacity, line.time, line.end) == (0, "21:00", "23:00")
    bk = desk.line("BK301")
    assert (bk.date, bk.time, bk.end, bk.capacity) == ("2024-07-29", "21:00", "22:30", 12000)
    assert desk.line("ARC02").stage == "FINAL"
    assert [desk.line(code).stage for code in ("ARC01", "BK301")] == ["ROUND", "ROUND"]


def test_the_sheet_of_fifa_is_read_by_its_ten_columns(desk: PlanDesk) -> None:
    done = desk.take(FIFA, *GROUP).result
    assert (done.shape, done.new) == ("fifa", ["M01", "M02", "M104"])
    columns = ("match", "date", "day", "game", "group", "time", "city", "capacity")
    assert desk.rows(SCHEDULE, *columns)[0] == (
        *("M01", datetime(2026, 6, 11), "Thu", "Mexico vs South Africa", "Group A"),
        *("13:00 UTC-6", "Mexico City · Estadio Azteca", 83000),
    )
    line = desk.line("M104")
    assert (line.date, line.stage, line.home, line.home_placeholder) == (
        *("2026-07-19", "FINAL", "W101", True),
    )
    assert desk.rows(VENUES, "status") == ["DRAFT"] * 3


@pytest.mark.parametrize(("headers", "rows"), [(OLYMPICS, SESSIONS), (FIFA, GROUP)])
def test_importing_again_changes_nothing(desk: PlanDesk, headers: Any, rows: Any) -> None:
    desk.take(headers, *rows)
    before = everything(desk.store)
    again = desk.done(desk.job(headers, rows, Options()))
    assert not again.written
    result = again.plan.result
    assert (result.matches_new, result.matches_changed) == (0, 0)
    assert result.matches_unchanged == len({row[headers.index("M#") if "M#" in headers else 0] for row in rows})  # fmt: skip
    assert everything(desk.store) == before


def test_blank_cells_and_missing_columns_blank_nothing(desk: PlanDesk) -> None:
    desk.take(FIFA, *GROUP)
    before = desk.rows(SCHEDULE, "match", "time", "city", "group", "capacity")
    done = desk.take(
        ("M#", "Date", "Capacity", "Time"), ("M1", "", None, " "), ("M2", None, "", "tbd")
    )
    assert done.result.matches_unchanged == 2
    assert desk.rows(SCHEDULE, "match", "time", "city", "group", "capacity") == before


def test_what_changes_is_a_diff_and_flows_to_the_books_of_trade(desk: PlanDesk) -> None:
    desk.take(FIFA, *GROUP)
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1), client="Bolt")
    moved = list(GROUP[0])
    moved[1], moved[3], moved[5] = "12.6.2026", "Mexico vs Spain", "14:00"
    plan = desk.take(FIFA, moved)
    shown = {one.field: (one.was, one.now) for one in plan.result.changed}
    assert shown == {
        "date": ("2026-06-11", "2026-06-12"),
        "time": ("13:00 UTC-6", "14:00 UTC-6"),
        "game": ("Mexico vs South Africa", "Mexico vs Spain"),
    }
    assert desk.rows(SCHEDULE, "day")[0] == "Thu"  # as the file has it
    for sheet in (PURCHASES, UNITS, SALES, DISTRIBUTION):
        assert set(desk.rows(sheet, "game")) == {"Mexico vs Spain"}, sheet
    holders = {(one.client, one.tickets) for one in plan.result.concerned}
    assert holders == {("Acme", 2), ("Bolt", 1)} or len(holders) == 2
    said = [one.message for one in plan.findings if one.code == "CLIENTS_CONCERNED"]
    assert len(said) == 1
    assert "2026-06-12" in said[0]
    assert "Bolt (1)" in said[0]
    missing = {one.match: (one.sales, one.purchases) for one in plan.result.missing}
    assert missing == {"M02": (0, 0), "M104": (0, 0)}
    assert len(desk.rows(SCHEDULE, "match")) == 3


def test_a_day_of_the_week_follows_its_date(desk: PlanDesk) -> None:
    desk.take(FIFA, *GROUP)
    desk.take(("M#", "Date"), ("M1", "2026-06-13"))
    assert desk.rows(SCHEDULE, "day")[0] == "Sat"


def test_a_match_with_trade_that_the_file_lacks_is_reported_and_stays(desk: PlanDesk) -> None:
    desk.take(FIFA, *GROUP)
    desk.buy(("M02", "Cat 1", 2))
    desk.sell(("M02", "Cat 1", 1))
    plan = desk.take(FIFA, GROUP[0])
    assert "M02 (1 sale, 1 purchase)" in next(
        one.message for one in plan.findings if one.code == "MISSING_WITH_TRADE"
    )
    assert "M02" in desk.rows(SCHEDULE, "match")


@pytest.mark.parametrize(
    ("typed", "now"),
    [
        ("2026-06-08 13:00", "2026-06-11 13:00"),
        ("2026-06-08 13:00 UTC-6", "2026-06-11 13:00 UTC-6"),
        ("2026-06-01 09:00", "2026-06-01 09:00"),
        ("next week", "next week"),
    ],
)
def test_a_computed_deadline_follows_the_date_a_typed_one_stays(
    desk: PlanDesk, typed: str, now: str
) -> None:
    desk.take(FIFA, *GROUP)
    desk.deadline(typed)
    desk.take(("M#", "Date"), ("M1", "2026-06-14"))
    assert desk.rows(SCHEDULE, "dispatch_deadline")[0] == now


@pytest.mark.parametrize(
    ("typed", "now"),
    [("2026-06-08 13:00", "2026-06-07 13:00"), ("2026-06-01 09:00", "2026-06-01 09:00")],
)
def test_a_computed_deadline_follows_the_medals(desk: PlanDesk, typed: str, now: str) -> None:
    desk.take(FIFA, *GROUP)
    desk.deadline(typed)
    desk.change("M1", medal=True)
    assert desk.rows(SCHEDULE, "dispatch_deadline")[0] == now
    desk.change("M1", medal=False)
    assert desk.rows(SCHEDULE, "dispatch_deadline")[0] == typed


def test_a_resolved_side_is_not_taken_back_by_an_old_file(desk: PlanDesk) -> None:
    desk.take(FIFA, *GROUP)
    desk.change("M2", away="Denmark")
    before = everything(desk.store)
    again = desk.take(FIFA, *GROUP)
    assert again.result.matches_changed == 0
    assert "Denmark stays" in next(f.message for f in again.findings if f.code == "SIDES_STAY")
    assert everything(desk.store) == before
    other = [*GROUP[1]]
    other[3] = "South Korea vs Czechia"
    assert desk.take(FIFA, other).result.matches_changed == 1
    assert desk.line("M02").away == "Czechia"


def test_results_stay_when_the_schedule_arrives_again(desk: PlanDesk) -> None:
    from ticketops.domain.schedule.results import Given
    from ticketops.services import tournament

    rows = [
        ("M#", "Date", "Game"),
        ("M101", "2026-07-14", "Spain vs France"),
        ("M102", "2026-07-15", "Brazil vs Japan"),
        ("M104", "2026-07-19", "W101 vs W102"),
    ]
    desk.take(*rows)
    desk.do(tournament.schedule_result("M101", Given("2-1")))
    assert desk.line("M104").game == "Spain vs W102"
    assert desk.take(*rows).result.matches_changed == 0
    published = [*rows[:3], ("M104", "2026-07-19", "Spain v W102")]
    assert desk.take(*published).result.matches_changed == 0
    assert desk.line("M104").game == "Spain vs W102"


BAD = (
    ("", "2026-06-11", "19:00", "Rome", 1, "Y", "A vs B"),
    ("???", "2026-06-11", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M-O1", "2026-06-11", "19:00", "Rome", 1, "Y", "A vs B"),
    (datetime(2026, 1, 2), "2026-06-11", "19:00", "Rome", 1, "Y", "A vs B"),
    ("#N/A", "2026-06-11", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M11", "", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M12", "soon", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M13", "31.06.2026", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M14", "2026-13-01", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M15", "#REF!", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M16", 12, "19:00", "Rome", 1, "Y", "A vs B"),
    ("M17", "1826-06-11", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M18", True, "19:00", "Rome", 1, "Y", "A vs B"),
    ("M19", "11 Juneary 2026", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M20", "2026-06-11", "noonish", "Rome", 1, "Y", "A vs B"),
    ("M21", "2026-06-11", "25:99", "Rome", 1, "Y", "A vs B"),
    ("M22", "2026-06-11", -0.5, "Rome", 1, "Y", "A vs B"),
    ("M23", "2026-06-11", timedelta(days=-1), "Rome", 1, "Y", "A vs B"),
    ("M24", "2026-06-11", 17, "Rome", 1, "Y", "A vs B"),
    ("M25", "2026-06-11", "#VALUE!", "Rome", 1, "Y", "A vs B"),
    ("M26", "2026-06-11", "19:00", "", 1, "Y", "A vs B"),
    ("M27", "2026-06-11", "19:00", "#N/A", 1, "Y", "A vs B"),
    ("M28", "2026-06-11", "19:00", "Ro\x07me", 1, "Y", "A vs B"),
    ("M29", "2026-06-11", "19:00", "R" * 3000, 1, "Y", "A vs B"),
    ("M30", "2026-06-11", "19:00", "Rome", -5, "Y", "A vs B"),
    ("M31", "2026-06-11", "19:00", "Rome", "many", "Y", "A vs B"),
    ("M32", "2026-06-11", "19:00", "Rome", 1.5, "Y", "A vs B"),
    ("M33", "2026-06-11", "19:00", "Rome", 1, "perhaps", "A vs B"),
    ("M34", "2026-06-11", "19:00", "Rome", 1, "Y", "A \x00 B"),
    ("M01", "2026-06-12", "19:00", "Rome", 1, "Y", "A vs B"),
)
WHY = (
    *("MISSING_CODE", "BAD_CODE", "BAD_CODE", "BAD_CODE", "ERROR_CELL", "MISSING_DATE"),
    *("BAD_DATE",) * 3,
    *("ERROR_CELL", "BAD_DATE", "BAD_DATE", "BAD_DATE", "BAD_DATE"),
    *("BAD_TIME",) * 5,
    *("ERROR_CELL", "MISSING_VENUE", "ERROR_CELL", "BAD_TEXT", "BAD_TEXT"),
    *("BAD_CAPACITY",) * 3,
    *("BAD_MEDAL", "BAD_TEXT", "CONFLICT"),
)
GOOD = (
    ("M01", "2026-06-11", "19:00", "Rome", 1, "Y", "A vs B"),
    ("M02", "2026-06-11", "19:00", "Rome", 1, "Y", "A vs B"),
)
HEADERS = ("M#", "Date", "Time", "Venue", "Capacity", "Medal", "Game")


def test_each_of_thirty_bad_rows_is_said_with_its_line(desk: PlanDesk) -> None:
    assert len(BAD) == len(WHY) == 30
    before = everything(desk.store)
    done = desk.done(desk.job(HEADERS, [*GOOD, *BAD], Options()))
    result = done.plan.result
    assert [(one.row, one.code) for one in result.errors] == list(enumerate(WHY, start=4))
    assert all(len(one.message) < 300 for one in result.errors)
    assert all("\n" not in one.message for one in result.errors)
    assert result.refused
    assert not done.written
    assert everything(desk.store) == before
    assert [f.code for f in done.plan.findings if f.severity is Severity.HIGH] == ["ROWS_FAIL"]


def test_partial_takes_the_good_rows_and_leaves_whole_sessions_out(desk: PlanDesk) -> None:
    result = desk.take(HEADERS, *GOOD, *BAD).result
    assert result.new == ["M02"]  # M01 is there twice, with two dates
    assert desk.rows(SCHEDULE, "match") == ["M02"]
    assert len(result.errors) == 30


def test_one_code_with_two_venues_is_a_conflict_that_names_both(desk: PlanDesk) -> None:
    row = list(SESSIONS[1])
    row[5] = "Grand Palais"
    result = desk.take(OLYMPICS, SESSIONS[0], row).result
    assert [(one.row, one.code) for one in result.errors] == [(3, "CONFLICT")]
    assert "'Grand Palais' here and 'Invalides' on row 2" in result.errors[0].message
    assert result.new == []


def test_rows_that_repeat_each_other_are_one(desk: PlanDesk) -> None:
    plan = desk.take(OLYMPICS, SESSIONS[0], SESSIONS[0])
    assert plan.result.new == ["ARC01"]
    assert "ROWS_REPEATED" in [one.code for one in plan.findings]


def test_a_team_on_both_sides_fails(desk: PlanDesk) -> None:
    headers = ("M#", "Date", "Game")
    good = ("M1", "2026-06-11", "TBD vs TBD")
    plan = desk.take(headers, good, ("M2", "2026-06-11", "Spain vs  SPAIN"), partial=True)
    assert codes(plan) == ["SAME_SIDES"]
    assert plan.result.new == ["M01"]


def test_a_category_of_another_scheme_fails(desk: PlanDesk) -> None:
    plan = desk.take(("M#", "Date", "Category"), ("M1", "2026-06-11", "First"))
    assert codes(plan) == ["UNKNOWN_CATEGORY"]


def test_sessions_that_begin_alike_are_of_one_sport(desk: PlanDesk) -> None:
    other = list(SESSIONS[0])
    other[0], other[2] = "ARC09", "Fencing"
    plan = desk.take(OLYMPICS, SESSIONS[0], other)
    said = [one.message for one in plan.findings if one.code == "SPORTS_DIFFER"]
    assert said == ["sessions of ARC are of several sports: Archery (ARC01), Fencing (ARC09)"]


def test_headings_between_rows_are_no_matches(desk: PlanDesk) -> None:
    rows = [("M1", "2026-06-11", "A vs B"), (None, "Quarter-finals", None)]
    assert desk.take(("M#", "Date", "Game"), *rows).result.errors == []


def test_a_near_venue_is_asked_and_otherwise_fails(desk: PlanDesk) -> None:
    headers = ("M#", "Date", "Venue")
    desk.take(headers, ("M1", "2026-06-11", "Stade de France"))
    near = ("M2", "2026-06-12", "Stade de Frence")
    failed = desk.take(headers, near)
    assert codes(failed) == ["VENUE_UNCLEAR"]
    assert "Stade de France" in failed.result.errors[0].message
    desk.refused(desk.job(headers, [near], Options(asks=True)), UnclearNameError)
    assert desk.take(headers, near, new=True).result.new_venues == ["Stade de Frence"]


def test_new_venues_of_a_file_that_are_near_each_other_are_asked_for_too(desk: PlanDesk) -> None:
    headers = ("M#", "Date", "Venue")
    rows = [
        ("M1", "2026-06-11", "Parc des Princes"),
        ("M2", "2026-06-12", "Parc des Princs"),
        ("M3", "2026-06-13", "Court 1"),
        ("M4", "2026-06-14", "Court 2"),
    ]
    desk.refused(desk.job(headers, rows, Options(asks=True)), UnclearNameError, "Parc des Princs")
    failed = desk.take(headers, *rows)
    assert codes(failed) == ["VENUE_UNCLEAR"]
    assert failed.result.errors[0].row == 3
    assert failed.result.new_venues == ["Parc des Princes", "Court 1", "Court 2"]
    other = PlanDesk()
    assert len(other.take(headers, *rows, new=True).result.new_venues) == 4


def test_a_person_says_which_new_venue_is_meant(desk: PlanDesk) -> None:
    headers = ("M#", "Date", "Venue")
    rows = [("M1", "2026-06-11", "Parc des Princes"), ("M2", "2026-06-12", "Parc des Princs")]
    job = desk.job(headers, rows, Options(asks=True))
    chosen = {("venue", "Parc des Princs"): "Parc des Princes"}
    plan = prepare(desk.store, job, replace(desk.run(), chosen=chosen))[0]
    assert plan.result.new_venues == ["Parc des Princes"]
    assert [(one.given, one.venue) for one in plan.result.venues_matched] == [
        ("Parc des Princs", "Parc des Princes")
    ]


@pytest.mark.parametrize(
    ("given", "score"),
    [
        ("Stade de France", 1.0),
        ("stade de  france", 1.0),
        ("Stade de France.", 0.95),
        ("Paris, Stade de France", 0.9),
        ("Stade de Fra", 0.8),
    ],
)
def test_a_venue_that_is_known_is_matched_with_a_score(
    desk: PlanDesk, given: str, score: float
) -> None:
    headers = ("M#", "Date", "Venue")
    desk.take(headers, ("M1", "2026-06-11", "Stade de France"))
    result = desk.take(headers, ("M2", "2026-06-12", given)).result
    (found,) = result.venues_matched
    assert (found.given, found.venue) == (" ".join(given.split()), "Stade de France")
    assert found.score == pytest.approx(score, abs=0.05)
    assert result.venues_new == 0
    assert desk.rows(VENUES, "venue") == ["Stade de France"]


def test_venues_that_differ_in_a_number_are_two(desk: PlanDesk) -> None:
    headers = ("M#", "Date", "Venue")
    rows = [("M1", "2026-06-11", "South Arena 1"), ("M2", "2026-06-11", "South Arena 4")]
    assert desk.take(headers, *rows).result.venues_new == 2


def test_another_events_schedule_is_asked(desk: PlanDesk) -> None:
    headers = ("code", "Date", "Game")
    desk.take(headers, *((f"M{n}", "2026-06-11", f"T{n} vs U{n}") for n in range(1, 21)))
    other = [(f"ARC{n:02}", "2028-06-11", "x") for n in range(1, 21)]
    few = [*other, ("M1", "2026-06-11", "T1 vs U1")]
    job = desk.job(headers, few, Options())
    desk.refused(job, RuleError, "only 1 of the 21 codes")
    shown = desk.done(desk.job(headers, few, Options(asks=True)))
    assert "ANOTHER_EVENT" in [one.code for one in shown.plan.findings]
    desk.take(headers, *few, another=True)
    years = [(f"M{n}", "2030-06-11", f"V{n} vs W{n}x") for n in range(1, 21)]
    desk.refused(desk.job(headers, years, Options()), RuleError, "to another year")


def test_a_mapping_is_remembered_by_its_headers(desk: PlanDesk) -> None:
    headers = ("Nr.", "Termin", "Wer", "Wo")
    row = ("M1", "2026-06-11", "A vs B", "Rom")
    desk.refused(desk.job(headers, [("x", *row[1:])], Options(shape="fifa")), InputError)
    mapped = {"code": "nr", "date": "Termin", "game": "Wer", "venue": "Wo"}
    done = desk.take(headers, row, mapped=mapped, profile="ours")
    assert done.result.profile == "ours"
    assert desk.rows(IMPORT_PROFILES, "name", "kind") == [("ours", "schedule")]
    again = desk.take(("WO", "termin", "wer", "NR"), ("Rom", "2026-06-12", "A vs B", "M1"))
    assert again.result.columns["venue"] == "WO"
    assert [one.field for one in again.result.changed] == ["date"]
    assert len(desk.rows(IMPORT_PROFILES, "name")) == 1
    with pytest.raises(UsageError, match="has no column 'Ort'"):
        desk.take(headers, row, mapped={"venue": "Ort"})


def test_columns_that_may_be_ours_are_proposed(desk: PlanDesk) -> None:
    plan = desk.take(("M#", "Date", "Kickof", "Colour"), ("M1", "2026-06-11", "19:00", "red"))
    said = {one.code: one.message for one in plan.findings}
    assert "--map time='Kickof'" in said["COLUMN_NEAR"]
    assert "Colour" in said["COLUMN_UNUSED"]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (datetime(2026, 6, 13, 19, 30), "2026-06-13"),
        (46186, "2026-06-13"),
        (46186.75, "2026-06-13"),
        ("46186", "2026-06-13"),
        ("13/06/2026", "2026-06-13"),
        ("06/13/2026", "2026-06-13"),
        ("13.6.26", "2026-06-13"),
        ("2026-06-13T19:00:00", "2026-06-13"),
        ("Sat 13 June 2026", "2026-06-13"),
        ("June 13, 2026", "2026-06-13"),
        ("Saturday, 13-Jun-2026", "2026-06-13"),
        ("2026/6/13", "2026-06-13"),
    ],
)
def test_a_day_is_read_however_it_is_written(desk: PlanDesk, cell: Any, day: str) -> None:
    desk.take(("M#", "Date"), ("M1", cell))
    assert desk.line("M01").date == day


def test_a_day_that_can_be_read_two_ways_needs_a_word(desk: PlanDesk) -> None:
    plan = desk.take(("M#", "Date"), ("M1", "03/04/2026"))
    assert codes(plan) == ["BAD_DATE"]
    assert "--dates" in plan.result.errors[0].message
    desk.take(("M#", "Date"), ("M1", "03/04/2026"), dates="dmy")
    assert desk.line("M01").date == "2026-04-03"
    desk.take(("M#", "Date"), ("M2", "03/04/2026"), ("M3", "03/14/2026"))
    assert desk.line("M02").date == "2026-03-04"


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        (time(19, 30), "19:30"),
        (0.8125, "19:30"),
        ("0.8125", "19:30"),
        (timedelta(hours=19, minutes=30), "19:30"),
        (datetime(1899, 12, 31, 19, 30), "19:30"),
        ("7:30 pm", "7:30 pm"),
        ("19:30:00", "19:30"),
        ("19.30", "19.30"),
        ("19h30", "19h30"),
        ("19:30 UTC-6", "19:30 UTC-6"),
        (1 / 3, "08:00"),
    ],
)
def test_a_time_is_read_however_it_is_written(desk: PlanDesk, cell: Any, at: str) -> None:
    desk.take(("M#", "Date", "Time"), ("M1", "2026-06-11", cell))
    assert desk.line("M01").time == at


@pytest.mark.parametrize("end", ["00:30", "24:30", timedelta(hours=24, minutes=30), 1 + 0.5 / 24])
def test_an_end_before_the_start_is_the_next_day(desk: PlanDesk, end: Any) -> None:
    desk.take(("M#", "Date", "Time", "End"), ("M1", "2026-06-11", "22:00", end))
    from ticketops.services import schedule

    shown = desk.do(schedule.schedule_show("M1")).result
    assert (shown.line.end, shown.minutes, shown.until_next_day) == ("00:30", 150, True)


def test_the_trail_names_the_file_and_undo_takes_all_back(desk: PlanDesk) -> None:
    before = everything(desk.store)
    desk.take(FIFA, *GROUP)
    assert desk.rows(SCHEDULE_LOG, "match", "action", "now", "because")[0] == (
        *("M01", "IMPORT", "Mexico vs South Africa", "plan.csv"),
    )
    desk.undo()
    after = everything(desk.store)
    for sheet in (SCHEDULE, MATCHES, VENUES, CATEGORIES):
        assert [row for row in after.get(sheet, []) if any(row)][1:] == [
            row for row in before.get(sheet, []) if any(row)
        ][1:], sheet


_CELL = st.sampled_from(
    ["", "M1", "M2", "2026-06-11", "19:00", "A vs B", "#N/A", "Rome", 3, -1, 0.5, None, "Y", "\x07"]
)


@pytest.mark.slow
@given(rows=st.lists(st.tuples(*[_CELL] * 7), max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_rows_are_taken_or_said_and_taken_twice_are_taken_once(rows: list[Any]) -> None:
    desk = PlanDesk()
    good = ("M09", "2026-06-11", "19:00", "Rome", 1, "Y", "A vs B")
    first = desk.take(HEADERS, good, *rows).result
    named = {one.row for one in first.errors}
    for at, row in enumerate(rows, start=3):
        code = {"M1": "M01", "M2": "M02", 3: "M03"}.get(row[0])
        filled = sum(cell not in (None, "") for cell in row) > 1
        assert at in named or code in first.new or not filled or code in _left_out(first), row
    again = desk.take(HEADERS, good, *rows).result
    assert (again.matches_new, again.matches_changed) == (0, 0)
    assert again.errors == first.errors


def _left_out(result: Any) -> set[str]:
    """Codes of sessions that are left out for another of their rows."""
    return {one.message.partition(":")[0] for one in result.errors}
