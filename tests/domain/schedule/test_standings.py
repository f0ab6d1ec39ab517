"""The order of a group under both rules, against an independent reckoning and tables of the past."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.schedule.reckoning import Reckoning, Scores
from ticketops.domain.schedule.standings import (
    Facts,
    Played,
    Rules,
    possible,
    rules_of,
    table,
    thirds,
)

NEW, OLD = Rules.SINCE_2026, Rules.UNTIL_2022


def played(scores: Scores, cards: dict[str, int] | None = None) -> list[Played]:
    return [
        Played.scored(
            f"{home}{away}",
            (home, away),
            goals,
            None if cards is None else (cards.get(home, 0), cards.get(away, 0)),
        )
        for (home, away), goals in scores.items()
    ]


@given(st.data(), st.integers(2, 5), st.booleans())
def test_a_group_is_as_an_independent_reckoning_has_it(
    data: st.DataObject, size: int, new: bool
) -> None:
    teams = list("DBEAC"[:size])
    pairs = [pair for pair in combinations(teams, 2) if data.draw(st.integers(0, 9)) > 0]
    goals = st.tuples(st.integers(0, 2), st.integers(0, 2))
    scores = {pair: data.draw(goals) for pair in pairs}
    conduct = {team: data.draw(st.integers(-2, 0)) for team in teams}
    number = st.one_of(st.none(), st.integers(1, 3))
    facts = {
        team: Facts(data.draw(number), None if new else data.draw(number), conduct[team])
        for team in teams
    }
    found = table(teams, played(scores), facts, NEW if new else OLD)
    classes = Reckoning(scores, facts, conduct).classes(teams, new)
    by_rank: dict[int, set[str]] = {}
    for one in found.standings:
        by_rank.setdefault(one.rank, set()).add(one.team)
    assert list(by_rank.values()) == classes
    assert list(by_rank) == [1 + sum(map(len, classes[:n])) for n in range(len(classes))]
    for one in found.standings:
        points, difference, made = Reckoning(scores, facts, conduct).figures(one.team, set(teams))
        assert (one.points, one.gd, one.gf) == (points, difference, made)
        assert (one.decided_by == "UNRESOLVED") == (len(by_rank[one.rank]) > 1)
    assert {tie.teams for tie in found.ties} == {
        tuple(one.team for one in found.standings if one.rank == rank)
        for rank, block in by_rank.items()
        if len(block) > 1
    }


def order(scores: Scores, rules: Rules, **more: Any) -> list[tuple[int, str, str]]:
    teams = list(dict.fromkeys(team for pair in scores for team in pair))
    found = table(teams, played(scores, more.get("cards")), more.get("facts", {}), rules)
    return [(one.rank, one.team, one.decided_by) for one in found.standings]


GROUP_H_2018: Scores = {
    ("Colombia", "Japan"): (1, 2),
    ("Poland", "Senegal"): (1, 2),
    ("Japan", "Senegal"): (2, 2),
    ("Poland", "Colombia"): (0, 3),
    ("Japan", "Poland"): (0, 1),
    ("Senegal", "Colombia"): (0, 1),
}


def test_japan_went_through_in_2018_by_conduct() -> None:
    cards = {"Japan": Facts(conduct=-4), "Senegal": Facts(conduct=-6)}
    assert order(GROUP_H_2018, OLD, facts=cards) == [
        (1, "Colombia", "POINTS"),
        (2, "Japan", "CONDUCT"),
        (3, "Senegal", "CONDUCT"),
        (4, "Poland", "POINTS"),
    ]


def test_without_the_cards_nobody_knows_and_it_says_so() -> None:
    teams = ["Colombia", "Japan", "Poland", "Senegal"]
    found = table(teams, played(GROUP_H_2018), {}, OLD)
    assert [(one.rank, one.decided_by) for one in found.standings] == [
        (1, "POINTS"),
        (2, "UNRESOLVED"),
        (2, "UNRESOLVED"),
        (4, "POINTS"),
    ]
    assert [(tie.teams, tie.missing) for tie in found.ties] == [
        (("Japan", "Senegal"), "conduct of Japan and Senegal")
    ]
    assert (found.at(1), found.at(2), found.at(3)) == ("Colombia", None, None)
    assert found.tie_at(3) == found.ties[0]


def test_the_rules_differ_where_goals_and_their_own_match_do() -> None:
    """A and B have 6 points; A won their match, B has the better goals."""
    scores = {
        ("A", "B"): (1, 0),
        ("A", "C"): (1, 0),
        ("A", "D"): (0, 4),
        ("B", "C"): (5, 0),
        ("B", "D"): (5, 0),
        ("C", "D"): (0, 0),
    }
    assert order(scores, NEW)[:2] == [(1, "A", "HEAD_TO_HEAD"), (2, "B", "HEAD_TO_HEAD")]
    assert order(scores, OLD)[:2] == [(1, "B", "GOAL_DIFFERENCE"), (2, "A", "GOAL_DIFFERENCE")]


def test_the_last_facts_are_the_ranking_and_until_2022_lots() -> None:
    scores = {("A", "B"): (1, 1)}
    cards = {"A": 0, "B": 0}
    facts = {"A": Facts(ranking=9, lot=1), "B": Facts(ranking=4, lot=2)}
    assert [one[1:] for one in order(scores, NEW, cards=cards, facts=facts)] == [
        ("B", "RANKING"),
        ("A", "RANKING"),
    ]
    assert [one[1:] for one in order(scores, OLD, cards=cards, facts=facts)] == [
        ("A", "LOT"),
        ("B", "LOT"),
    ]


@pytest.mark.parametrize(
    ("rules", "facts", "missing"),
    [
        (NEW, {}, "FIFA ranking of B and A"),
        (NEW, {"A": Facts(ranking=3)}, "FIFA ranking of B"),
        (NEW, dict.fromkeys("AB", Facts(ranking=3)), "a drawing of lots between B and A"),
        (OLD, {}, "a drawing of lots between B and A"),
    ],
)
def test_the_fact_that_is_missing_is_named(
    rules: Rules, facts: dict[str, Facts], missing: str
) -> None:
    """In the order of the schedule, which is not that of the alphabet."""
    found = table(["B", "A"], played({("B", "A"): (0, 0)}, {}), facts, rules)
    assert [(tie.rank, tie.teams, tie.missing) for tie in found.ties] == [(1, ("B", "A"), missing)]


def test_goals_that_nobody_entered_decide_nothing() -> None:
    walkover = [
        Played("M01", ("A", "B"), None, 0),
        Played.scored("M02", ("C", "A"), (2, 0)),
        Played.scored("M03", ("B", "C"), (1, 0)),
    ]
    found = table(["A", "B", "C"], walkover, {}, NEW)
    assert {tie.missing for tie in found.ties} == {"score of M01"}
    assert [one.points for one in found.standings] == [3, 3, 3]


def test_the_rules_go_by_the_year() -> None:
    assert [rules_of(year) for year in (2018, 2022, 2026, 2030, None)] == [OLD, OLD, NEW, NEW, NEW]


def test_thirds_are_compared_across_groups() -> None:
    teams = {"A": ["A1", "A2", "A3"], "B": ["B1", "B2", "B3"], "C": ["C1", "C2", "C3"]}
    by_group = {}
    for group, lost_by in (("A", 1), ("B", 3), ("C", 1)):
        one, two, three = teams[group]
        by_group[group] = played(
            {(one, two): (1, 0), (one, three): (lost_by, 0), (two, three): (1, 0)}
        )
    tables = {group: table(teams[group], by_group[group], {}, NEW) for group in teams}
    found = thirds(tables, by_group, {}, NEW)
    assert [(one.rank, one.team) for one in found.standings] == [(1, "A3"), (1, "C3"), (3, "B3")]
    assert found.ties[0].missing == "conduct of A3 and C3"
    ranked = {"A3": Facts(ranking=50, conduct=0), "C3": Facts(ranking=20, conduct=0)}
    assert [one.team for one in thirds(tables, by_group, ranked, NEW).standings] == [
        "C3",
        "A3",
        "B3",
    ]


@given(st.data(), st.booleans())
def test_no_place_is_given_up_that_a_course_of_the_group_leads_to(
    data: st.DataObject, new: bool
) -> None:
    """By all scores up to 2:2 of what is left: every place that they lead to was called possible."""
    rules = NEW if new else OLD
    teams = list("ABCD")
    pairs = list(combinations(teams, 2))
    left = data.draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1, max_size=2))
    goals = st.tuples(st.integers(0, 2), st.integers(0, 2))
    scores = {pair: data.draw(goals) for pair in pairs if pair not in left}
    told = possible(teams, played(scores), left, rules)
    assert told is not None
    for course in product(product(range(3), repeat=2), repeat=len(left)):
        then = scores | dict(zip(left, course, strict=True))
        for one in table(teams, played(then, {}), {}, rules).standings:
            assert one.rank in told[one.team]


def test_what_is_clinched_is_the_only_place_that_is_left() -> None:
    """A has six points after two matches; nobody else can have more than four."""
    scores = {("A", "B"): (1, 0), ("A", "C"): (1, 0), ("B", "D"): (0, 0), ("C", "D"): (0, 0)}
    told = possible(list("ABCD"), played(scores), [("A", "D"), ("B", "C")], NEW)
    assert told == {"A": (1,), "B": (2, 3, 4), "C": (2, 3, 4), "D": (2, 3, 4)}
    beaten = {("A", "B"): (1, 0), ("B", "C"): (5, 0)}
    assert possible(list("ABC"), played(beaten), [("A", "C")], NEW) == {
        "A": (1, 2, 3),
        "B": (1, 2, 3),
        "C": (1, 2, 3),
    }


def test_nobody_waits_for_a_whole_league() -> None:
    assert possible(list("ABCDE"), [], list(combinations("ABCDE", 2)), NEW) is None
