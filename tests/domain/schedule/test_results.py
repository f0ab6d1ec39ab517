"""Results, and what follows from them to the last pairing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from tests.domain.schedule.cups import FOUR, CupDesk, Line
from ticketops.domain.plan import Plan
from ticketops.domain.schedule.facts import TeamLine, ThirdsLine, plan_teams, plan_thirds
from ticketops.domain.schedule.resolving import READS, follow_up
from ticketops.domain.schedule.results import Given
from ticketops.errors import NotFoundError, RuleError, UnclearNameError
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    MATCHES,
    PURCHASES,
    SALES,
    SCHEDULE,
    SCHEDULE_LOG,
    UNITS,
)
from ticketops.services import tournament

GROUPS = {
    "M01": "2-1",
    "M02": "1-0",
    "M03": "2-0",
    "M04": "1-1",
    "M05": "0-3",
    "M06": "2-0",
    "M07": "1-0",
    "M08": "2-0",
    "M09": "2-1",
    "M10": "0-0",
    "M11": "0-1",
    "M12": "0-1",
}
"""Mexico wins group A before Spain, Brazil group B before Italy."""


def after_groups(lines: Sequence[Line] = FOUR) -> CupDesk:
    return CupDesk(like=_played(tuple(lines)))


@cache
def _played(lines: tuple[Line, ...]) -> CupDesk:
    desk = CupDesk(lines)
    for code, score in GROUPS.items():
        desk.result(code, score)
    return desk


def sides(result: Any) -> list[tuple[str, str, str, str]]:
    return [(one.match, one.side, one.was, one.now) for one in result.resolved]


def test_a_small_cup_to_its_final() -> None:
    desk = after_groups()
    assert {code: desk.games()[code] for code in ("M13", "M14", "M15", "M16")} == {
        "M13": "Mexico vs Italy",
        "M14": "Brazil vs Spain",
        "M15": "L13 vs L14",
        "M16": "Winner SF1 vs W14",
    }
    semi = desk.result("M13", "1-1", penalties="3-4")
    assert (semi.winner, semi.runner_up) == ("Italy", "Mexico")
    assert sides(semi) == [("M15", "HOME", "L13", "Mexico"), ("M16", "HOME", "Winner SF1", "Italy")]
    assert sides(desk.result("M14", winner="spain", runner_up="Brazil")) == [
        ("M15", "AWAY", "L14", "Brazil"),
        ("M16", "AWAY", "W14", "Spain"),
    ]
    assert desk.result("M16", "0-2").winner == "Spain"


def test_the_last_match_of_a_group_resolves_it_and_says_what_is_open() -> None:
    desk = CupDesk()
    first = desk.result("M01", "2-1")
    assert first.resolved == []
    assert [(one.match, one.side, one.why) for one in first.unresolved] == [
        ("M13", "HOME", "Group A has 5 matches to play"),
        ("M14", "AWAY", "Group A has 5 matches to play"),
    ]
    for code in ("M02", "M03", "M04", "M05"):
        desk.result(code, GROUPS[code])
    last = desk.result("M06", GROUPS["M06"])
    assert sides(last) == [
        ("M13", "HOME", "Winner Group A", "Mexico"),
        ("M14", "AWAY", "2A", "Spain"),
    ]
    assert last.unresolved == []


def test_the_match_for_third_place_takes_the_losers_whatever_it_says() -> None:
    lines = [
        (code, group, "Winner SF1 vs Winner SF2" if code == "M15" else game)
        for code, group, game in FOUR
    ]
    desk = after_groups(lines)
    desk.result("M13", "1-0")
    desk.result("M14", "1-0")
    assert desk.games()["M15"] == "Italy vs Spain"
    assert desk.games()["M16"] == "Mexico vs Brazil"


def test_an_undecided_group_names_the_fact_which_decides_once_it_is_entered() -> None:
    lines = [("M01", "Group A", "Mexico vs Spain"), ("M02", "Final", "1A vs 2A")]
    desk = CupDesk(lines)
    drawn = desk.result("M01", "1-1")
    assert (drawn.winner, drawn.runner_up) == (None, None)
    assert {one.why for one in drawn.unresolved} == {
        "Group A, place 1: conduct of Mexico and Spain is missing",
        "Group A, place 2: conduct of Mexico and Spain is missing",
    }
    assert desk.result("M01", "1-1", cards="0/1Y", correct=True).resolved
    assert desk.games()["M02"] == "Mexico vs Spain"
    desk.result("M01", "1-1", cards="Y/1Y", correct=True)
    assert desk.games()["M02"] == "1A vs 2A"
    desk.do(tournament.schedule_team("Spain", {"ranking": 1}))
    done = desk.do(tournament.schedule_team("mexico", {"ranking": 14})).result
    assert [(one.match, one.now) for one in done.resolved] == [("M02", "Spain"), ("M02", "Mexico")]


def test_game_follows_everywhere_in_one_transaction_and_back() -> None:
    desk = CupDesk()
    desk.buy(("M13", "Cat 1", 2))
    desk.sell(("M13", "Cat 1", 2))
    for code in ("M01", "M02", "M03", "M04", "M05"):
        desk.result(code, GROUPS[code])
    before = {sheet: desk.frame(sheet) for sheet in (SALES, DISTRIBUTION, PURCHASES, UNITS)}
    desk.result("M06", GROUPS["M06"])
    for sheet, frame in before.items():
        after = desk.frame(sheet)
        assert set(after["game"]) == {"Mexico vs Runner-up Group B"}
        assert after.drop("game").equals(frame.drop("game"))
    desk.undo()
    for sheet, frame in before.items():
        assert desk.frame(sheet).equals(frame)
    assert desk.games()["M13"] == "Winner Group A vs Runner-up Group B"


def test_each_resolution_is_a_line_of_the_trail() -> None:
    desk = after_groups()
    desk.result("M13", "1-0")
    desk.result("M13", "0-1", correct=True)
    trail = desk.rows(SCHEDULE_LOG, "match", "action", "side", "was", "now", "because")
    assert trail[-6:] == [
        ("M13", "RESULT", None, None, "1-0 Mexico", None),
        ("M15", "RESOLVED", "HOME", "L13", "Italy", "M13"),
        ("M16", "RESOLVED", "HOME", "Winner SF1", "Mexico", "M13"),
        ("M13", "CORRECTED", None, "1-0", "0-1 Italy", None),
        ("M15", "RESOLVED", "HOME", "Italy", "Mexico", "M13"),
        ("M16", "RESOLVED", "HOME", "Mexico", "Italy", "M13"),
    ]
    desk.undo()
    assert desk.rows(SCHEDULE_LOG, "match", "action")[-3:] == [
        ("M13", "UNDO"),
        ("M15", "UNDO"),
        ("M16", "UNDO"),
    ]
    assert desk.games()["M16"] == "Mexico vs W14"


def test_a_correction_is_refused_where_a_later_result_rests_on_it() -> None:
    desk = after_groups()
    desk.result("M13", "1-0")
    desk.result("M14", "1-0")
    desk.result("M16", "2-0")
    message = "this result of M13 would put Italy in the place of Mexico in M16, which has a result already \\(2-0\\)"
    desk.refused(_correction("M13", "0-1"), RuleError, message)
    desk.result("M13", "3-2", correct=True)
    assert desk.games()["M16"] == "Mexico vs Brazil"
    desk.refused(
        _correction("M06", "0-9"), RuleError, "in M14, which has a result already \\(1-0\\)"
    )


def test_a_correction_that_changes_no_place_of_a_group_is_taken() -> None:
    desk = after_groups()
    desk.result("M13", "1-0")
    desk.result("M06", "1-0", correct=True)
    assert desk.games()["M13"] == "Mexico vs Italy"


def _correction(match: str, score: str) -> Any:
    return tournament.schedule_result(match, Given(score), correct=True)


def _entry(match: str, **given: str) -> Any:
    return tournament.schedule_result(match, Given(**given))


@pytest.mark.parametrize(
    ("match", "given", "message"),
    [
        ("M13", {"score": "1-1"}, "M13 must have a winner: 1-1 needs penalties"),
        ("M13", {"score": "2-1", "penalties": "4-3"}, "penalties decide a draw; 2-1 is none"),
        ("M13", {"score": "1-1", "penalties": "4-4"}, "--penalties must have a winner"),
        ("M13", {"winner": "Mexico", "penalties": "4-3"}, "--penalties goes with --score"),
        ("M13", {"score": "two"}, "--score must be two numbers"),
        ("M13", {"score": "2"}, "--score must be two numbers"),
        ("M13", {}, "give either --score or --winner"),
        ("M13", {"score": "2-1", "winner": "Mexico"}, "give either --score or --winner"),
        ("M13", {"score": "2-1", "runner_up": "Italy"}, "--runner-up goes with --winner"),
        ("M13", {"winner": "Italia"}, "--winner must be one of Mexico, Italy, not 'Italia'"),
        ("M13", {"winner": "Italy", "runner_up": "italy"}, "can't be both"),
        ("M13", {"score": "2-1", "cards": "many"}, "--cards must be the cards of home and away"),
        ("M16", {"score": "2-1"}, r"M16: who plays as HOME is unknown \(Winner SF1\): M13 has no"),
        ("M01", {"score": "2-1"}, r"M01 is FINISHED \(2-1\)"),
    ],
)
def test_what_is_no_result(match: str, given: dict[str, str], message: str) -> None:
    after_groups().refused(_entry(match, **given), RuleError, message)


def test_a_match_that_is_off_gets_no_result_and_an_unknown_one_is_named() -> None:
    desk = CupDesk()
    desk.refused(_entry("M77", score="1-0"), NotFoundError, "M77")
    desk.refused(_correction("M01", "1-0"), RuleError, "M01 has no result to correct")
    desk.refused(_entry("M01", score="1-1", penalties="4-3"), RuleError, "no knockout match")
    desk.result("M01", "1-0")
    row = desk.frame(MATCHES)["row"][0]
    for status in ("POSTPONED", "CANCELLED"):
        desk.set(MATCHES, row, "status", status)
        desk.refused(_entry("M01", score="1-0"), RuleError, f"M01 is {status}: only a match")
    desk.set(MATCHES, row, "status", "off")
    desk.refused(_entry("M01", score="1-0"), RuleError, "M01 is off: only a match")
    desk.set(MATCHES, row, "status", "LIVE")
    assert desk.result("M01", "0-0").winner is None


def test_a_side_to_be_drawn_has_no_result_but_a_named_place_has() -> None:
    desk = CupDesk([("M01", "Group A", "TBD vs Spain"), ("M02", "Group A", "Italy vs Qualifier 2")])
    desk.refused(_entry("M01", score="1-0"), RuleError, r"who plays as HOME is unknown \(TBD\)")
    assert desk.result("M02", "0-1").winner == "Qualifier 2"


def test_a_session_without_two_sides_has_a_winner() -> None:
    desk = CupDesk([("ARC01", "", "W - Individual - Final"), ("ARC02", "", "Winner ARC01 vs TBD")])
    desk.refused(_entry("ARC01", score="1-0"), RuleError, "ARC01 has no two sides")
    done = desk.result("ARC01", winner="Lim Sihyeon", runner_up="Nam Suhyeon")
    assert sides(done) == [("ARC02", "HOME", "Winner ARC01", "Lim Sihyeon")]


def test_what_somebody_typed_into_the_schedule_stays() -> None:
    desk = after_groups()
    row = next(row for row, code in desk.rows(SCHEDULE, "row", "match") if code == "M16")
    desk.set(SCHEDULE, row, "game", "France vs W14")
    assert sides(desk.result("M13", "1-0")) == [("M15", "HOME", "L13", "Italy")]
    desk.result("M14", "1-0")
    assert desk.games()["M16"] == "France vs Brazil"


def test_matches_that_wait_for_each_other_are_told_and_get_no_result() -> None:
    desk = CupDesk(
        [
            ("M01", "", "Winner M02 vs Spain"),
            ("M02", "", "Italy vs W03"),
            ("M03", "", "W01 vs Chile"),
            ("M04", "", "W04 vs Peru"),
            ("M05", "Group A", "1A vs Mexico"),
        ]
    )
    for code, loop in (
        ("M01", "M01, M02 and M03 wait for each other"),
        ("M04", "M04 waits for itself"),
        ("M05", "M05 waits for itself"),
    ):
        desk.refused(_entry(code, score="1-0"), RuleError, loop)
    assert desk.bracket().loops == [["M01", "M02", "M03"], ["M04"], ["M05"]]


def test_the_entry_of_the_same_again_changes_nothing() -> None:
    desk = after_groups()
    desk.result("M13", "1-0")
    plan = desk.do(_correction("M13", "1-0"))
    assert not plan.changes


def test_a_result_that_others_rest_on_is_not_undone_before_them() -> None:
    desk = CupDesk()
    runs = {}
    for code in ("M01", "M02", "M03", "M04", "M05", "M06"):
        runs[code] = desk.done(_entry(code, score=GROUPS[code])).run.run_id
    assert desk.games()["M13"].startswith("Mexico")
    with pytest.raises(RuleError, match=f"{runs['M06']}"):
        desk.undo_run(runs["M02"])
    desk.undo_run(runs["M06"])
    desk.undo_run(runs["M02"])
    assert desk.games()["M13"].startswith("Winner Group A")


def test_a_team_of_the_files_is_one_of_the_schedule_or_asked() -> None:
    desk = CupDesk()
    desk.refused(tournament.schedule_team("Mexcio", {"ranking": 1}), UnclearNameError, "Mexcio")
    done = desk.do(tournament.schedule_team("Mexcio", {"ranking": 1}, new=True)).result
    assert done.added == ["Mexcio"]
    lines = [TeamLine("Spain", {"ranking": 1}), TeamLine("SPAIN", {"ranking": 2})]
    with pytest.raises(Exception, match="there twice"):
        plan_teams(desk.store.read(*READS), lines, desk.run())


def test_a_table_of_thirds_must_name_the_groups_that_it_pairs() -> None:
    desk = CupDesk()
    lines = [ThirdsLine("AB", {"1A": "C", "1B": "B"})]
    with pytest.raises(Exception, match="the thirds of AB go through, but the pairings name"):
        plan_thirds(desk.store.read(*READS), lines, desk.run())


def test_a_team_that_is_called_something_else_now_keeps_its_results() -> None:
    desk = after_groups()
    desk.result("M13", "1-0")
    snapshot = desk.store.read(*READS)
    plan = Plan()
    for row, code, game in snapshot[SCHEDULE].frame.select("row", "match", "game").iter_rows():
        if code <= "M12" and "Mexico" in game:
            cells = {"game": (game, game.replace("Mexico", "México"))}
            plan.changes.set(SCHEDULE, row, code, cells)
    found = follow_up(plan, snapshot, desk.run(), "this import")
    assert [finding.message for finding in found] == [
        "M13 home: Mexico → México",
        "M16 home: Mexico → México",
    ]
