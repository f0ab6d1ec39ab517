"""The order of a group, reckoned independently of the product."""

from __future__ import annotations

from typing import Any

from ticketops.domain.schedule.standings import Facts

Scores = dict[tuple[str, str], tuple[int, int]]
"""{(home, away): goals}"""


class Reckoning:
    """Classes of teams that are level, refined criterion by criterion: written from the rules alone."""

    def __init__(self, scores: Scores, facts: dict[str, Facts], conduct: dict[str, int]) -> None:
        self.scores, self.facts, self.conduct = scores, facts, conduct

    def figures(self, team: str, among: set[str]) -> tuple[int, int, int]:
        points = made = got = 0
        for (home, away), (h, a) in self.scores.items():
            if team not in (home, away) or not {home, away} <= among:
                continue
            mine, other = (h, a) if team == home else (a, h)
            points += 3 if mine > other else 1 if mine == other else 0
            made, got = made + mine, got + other
        return points, made - got, made

    def classes(self, teams: list[str], new: bool) -> list[set[str]]:
        whole = {team: self.figures(team, set(teams)) for team in teams}
        classes = self.split([set(teams)], lambda team, _: whole[team][0])
        if not new:
            classes = self.split(classes, lambda team, _: whole[team][1])
            classes = self.split(classes, lambda team, _: whole[team][2])
        while True:
            finer = self.split(classes, self.figures)
            if finer == classes:
                break
            classes = finer
        if new:
            classes = self.split(classes, lambda team, _: whole[team][1])
            classes = self.split(classes, lambda team, _: whole[team][2])
        classes = self.split(classes, lambda team, _: self.conduct[team])
        name = "ranking" if new else "lot"

        def last(team: str, among: set[str]) -> int:
            values = [getattr(self.facts[one], name) for one in among]
            return 0 if None in values else -getattr(self.facts[team], name)

        return self.split(classes, last)

    @staticmethod
    def split(classes: list[set[str]], value: Any) -> list[set[str]]:
        finer: list[set[str]] = []
        for one in classes:
            values = {team: value(team, one) for team in one}
            order = sorted(set(values.values()), reverse=True)
            finer += [{team for team in one if values[team] == each} for each in order]
        return finer
