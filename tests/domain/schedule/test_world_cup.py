"""The 104 matches of 2026, as they are published, from the first result to the final."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from tests.domain.schedule.cups import CupDesk, random_scores, real_lines
from tests.domain.schedule.reckoning import Reckoning
from ticketops.domain.schedule import facts
from ticketops.domain.schedule.facts import ThirdsLine
from ticketops.domain.schedule.standings import Facts
from ticketops.services import tournament

ALL = [f"M{number:02d}" for number in range(1, 105)]
GROUP_STAGE = ALL[:72]


class Oracle:
    """What the groups come to, reckoned apart: conduct is 0 for all, the ranking is given."""

    def __init__(
        self, lines: list[tuple[str, str, str]], scores: dict[str, str], ranking: dict[str, int]
    ) -> None:
        self.order: dict[str, list[str]] = {}
        self.thirds: list[str] = []
        by_group: dict[str, dict[tuple[str, str], tuple[int, int]]] = {}
        for code, group, game in lines[:72]:
            home, away = game.split(" vs ")
            h, a = map(int, scores[code].split("-"))
            by_group.setdefault(group[-1], {})[home, away] = h, a
        known = {team: Facts(ranking=number) for team, number in ranking.items()}
        none = dict.fromkeys(ranking, 0)
        figures = {}
        for letter, played in by_group.items():
            teams = list(dict.fromkeys(team for pair in played for team in pair))
            reckoning = Reckoning(played, known, none)
            classes = reckoning.classes(teams, new=True)
            assert [len(one) for one in classes] == [1, 1, 1, 1]
            self.order[letter] = [team for one in classes for team in one]
            third = self.order[letter][2]
            figures[letter] = (*reckoning.figures(third, set(teams)), -ranking[third])
        self.thirds = sorted(figures, key=figures.__getitem__, reverse=True)[:8]


def ranking_of(lines: list[tuple[str, str, str]], seed: int) -> dict[str, int]:
    teams = sorted({team for _, _, game in lines[:72] for team in game.split(" vs ")})
    random.Random(seed).shuffle(teams)
    return {team: number for number, team in enumerate(teams, start=1)}


def pairing_for(slots: dict[str, str], through: list[str]) -> dict[str, str] | None:
    """{the winner that it plays against: group}, the first that fits: a table of our making."""
    if not slots:
        return {}
    against = min(slots, key=lambda one: sum(group in through for group in slots[one]))
    rest = {one: groups for one, groups in slots.items() if one != against}
    for group in slots[against]:
        if group in through:
            others = pairing_for(rest, [one for one in through if one != group])
            if others is not None:
                return {against: group, **others}
    return None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_from_the_first_result_to_the_final(seed: int) -> None:
    lines = real_lines()
    desk = CupDesk(lines)
    ranking = ranking_of(lines, seed)
    given = [
        facts.TeamLine(team, {"ranking": number, "conduct": 0}) for team, number in ranking.items()
    ]
    desk.do(tournament.schedule_teams(given))
    scores = dict(random_scores(GROUP_STAGE, seed))
    order = GROUP_STAGE.copy()
    random.Random(seed).shuffle(order)
    for code in order:
        last = desk.result(code, scores[code])
    oracle = Oracle(lines, scores, ranking)
    slots: dict[str, str] = {}
    bracket = desk.bracket()
    for code, _, game in lines[72:88]:
        for place, side in enumerate(game.split(" vs ")):
            seen = bracket.sides[code, place]
            if "/" in side:
                slots[game.split(" vs ")[1 - place]] = side[1:].replace("/", "")
            else:
                assert seen.team == oracle.order[side[1]][int(side[0]) - 1]
    through = "".join(sorted(oracle.thirds))
    assert len(slots) == 8
    assert [(one.side, through in one.why) for one in last.unresolved if "thirds" in one.why] == [
        ("AWAY", True)
    ] * 8
    table = [
        ThirdsLine("".join(groups), pairings)
        for groups in combinations("ABCDEFGHIJKL", 8)
        if (pairings := pairing_for(slots, list(groups)))
    ]
    assert len(table) == 495
    desk.do(tournament.schedule_thirds(table))
    mine = next(row for row in table if row.groups == through)
    for code, _, game in lines[72:88]:
        first, second = game.split(" vs ")
        if "/" in second:
            third = oracle.order[mine.pairings[first]][2]
            assert desk.games()[code] == f"{oracle.order[first[1]][0]} vs {third}"
    knocked_out: dict[str, tuple[str, str]] = {}
    rng = random.Random(seed)
    for code, _, game in lines[72:]:
        home, away = desk.games()[code].split(" vs ")
        for side, text in zip((home, away), game.split(" vs "), strict=True):
            if text[0] in "WL":
                assert side == knocked_out[f"M{text[1:]}"][text[0] == "L"]
        if rng.random() < 0.3:
            done = desk.result(code, "1-1", penalties=rng.choice(("4-3", "3-4")))
        else:
            done = desk.result(code, rng.choice(("1-0", "0-2")))
        knocked_out[code] = done.winner, done.runner_up
    losers = [knocked_out[code][1] for code in ("M101", "M102")]
    assert desk.games()["M103"] == " vs ".join(losers)
    assert all(seen.team for seen in desk.bracket().sides.values())
