"""The order of a group, and of the third-placed teams, by the rules of the tournament's year (FACTS,
"Tournaments").

Pure: results and facts in, places out. What the entered facts do not decide is UNRESOLVED, with the
fact that is missing; nothing is ever decided by a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product

from msgspec import Struct, field

from ticketops.model.display import listed

WIN, DRAW = 3, 1
MOST_OPEN = 8
"""How many matches may be left where every course of a group is gone through."""
UNRESOLVED = "UNRESOLVED"
BY_FACTS = ("CONDUCT", "RANKING", "LOT")
"""What decides beside goals."""


class Rules(Enum):
    """UNTIL_2022: goal difference and goals of all matches come before the matches of the teams that
    are level, and lots are drawn at last. SINCE_2026: their own matches come first, and the FIFA
    ranking decides at last."""

    UNTIL_2022 = "until 2022"
    SINCE_2026 = "2026"


def rules_of(year: int | None) -> Rules:
    """The rules of a tournament that starts in this year; those of 2026 where that is not known."""
    return Rules.UNTIL_2022 if year is not None and year < 2026 else Rules.SINCE_2026


class Played(Struct, frozen=True):
    """A match of a group that is over. goals: (home, away), None where only its winner is known;
    winner: 0 for home, 1 for away, None for a draw. conduct: points for fair play of both, 0 or
    less; None where no cards are entered."""

    match: str
    teams: tuple[str, str]
    goals: tuple[int, int] | None
    winner: int | None = None
    conduct: tuple[int, int] | None = None

    @classmethod
    def scored(
        cls,
        match: str,
        teams: tuple[str, str],
        goals: tuple[int, int],
        conduct: tuple[int, int] | None = None,
    ) -> Played:
        """A match of which the score is known."""
        winner = None if goals[0] == goals[1] else int(goals[1] > goals[0])
        return cls(match, teams, goals, winner, conduct)


class Facts(Struct, frozen=True):
    """What decides between teams beside their results. ranking: in the FIFA ranking; lot: its place
    in a drawing of lots; conduct: typed, in the place of what the cards say."""

    ranking: int | None = None
    lot: int | None = None
    conduct: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A line of a table. rank: shared by those that nothing separates; gf, ga, gd: goals for,
    against, and the difference; decided_by: what put the team before or behind the last of those that
    it was level with: POINTS, HEAD_TO_HEAD, GOAL_DIFFERENCE, GOALS, CONDUCT, RANKING, LOT, or
    UNRESOLVED."""

    rank: int
    team: str
    played: int
    won: int
    drawn: int
    lost: int
    gf: int
    ga: int
    gd: int
    points: int
    decided_by: str


class Tie(Struct, frozen=True):
    """Teams that nothing entered separates. rank: that they share; missing: the fact
    that would decide next."""

    rank: int
    teams: tuple[str, ...]
    missing: str


class Table(Struct, frozen=True):
    """A group in its order. ties: what of it is not decided."""

    standings: tuple[Standing, ...]
    ties: tuple[Tie, ...] = ()

    def at(self, place: int) -> str | None:
        """The team on a place; None where that is not decided, or there is none."""
        found = [one.team for one in self.standings if one.rank == place]
        return found[0] if len(found) == 1 else None

    def tie_at(self, place: int) -> Tie | None:
        """The tie that a place is in."""
        return next(
            (one for one in self.ties if one.rank <= place < one.rank + len(one.teams)), None
        )


class _Sums(Struct):
    """What a team has after some matches. unscored: those of which only the winner is known."""

    played: int = 0
    won: int = 0
    drawn: int = 0
    lost: int = 0
    gf: int = 0
    ga: int = 0
    conduct: int = 0
    unscored: list[str] = field(default_factory=list)
    without_cards: list[str] = field(default_factory=list)

    @property
    def points(self) -> int:
        return WIN * self.won + DRAW * self.drawn

    @property
    def gd(self) -> int:
        return self.gf - self.ga


def sums(teams: Iterable[str], played: Iterable[Played]) -> dict[str, _Sums]:
    """{team: its sums} of the matches that these teams played among themselves."""
    found = {team: _Sums() for team in teams}
    for one in played:
        if not all(team in found for team in one.teams):
            continue
        for side, team in enumerate(one.teams):
            mine = found[team]
            mine.played += 1
            mine.won += one.winner == side
            mine.lost += one.winner == 1 - side
            mine.drawn += one.winner is None
            if one.goals is None:
                mine.unscored.append(one.match)
            else:
                mine.gf += one.goals[side]
                mine.ga += one.goals[1 - side]
            if one.conduct is None:
                mine.without_cards.append(one.match)
            else:
                mine.conduct += one.conduct[side]
    return found


Values = Mapping[str, tuple[int, ...]]
Step = tuple[str, Callable[[Sequence[str]], "Values | str"]]
"""A criterion: its name, and what it gives the teams that are level, the greater the better; or the
fact that is missing."""


def table(
    teams: Sequence[str],
    played: Sequence[Played],
    facts: Mapping[str, Facts],
    rules: Rules = Rules.SINCE_2026,
) -> Table:
    """A group in its order. teams: all of it, those that have not played yet among them."""
    whole = sums(teams, played)
    points: Step = ("POINTS", lambda block: {team: (whole[team].points,) for team in block})
    difference = _of_goals("GOAL_DIFFERENCE", whole, lambda mine: mine.gd)
    goals = _of_goals("GOALS", whole, lambda mine: mine.gf)
    between: Step = ("HEAD_TO_HEAD", lambda block: _between(block, played))
    steps = (
        (points, between, difference, goals)
        if rules is Rules.SINCE_2026
        else (points, difference, goals, between)
    )
    return _table(teams, whole, (*steps, *_at_last(whole, facts, rules)))


def thirds(
    tables: Mapping[str, Table],
    played: Mapping[str, Sequence[Played]],
    facts: Mapping[str, Facts],
    rules: Rules = Rules.SINCE_2026,
) -> Table:
    """The third-placed teams of all groups in their order: points, goal difference, goals, then what
    decides at last. tables, played: by group. Groups without a third that is decided are left out."""
    whole: dict[str, _Sums] = {}
    for group, one in tables.items():
        team = one.at(3)
        if team is not None:
            members = [standing.team for standing in one.standings]
            whole[team] = sums(members, played[group])[team]
    steps = (
        ("POINTS", lambda block: {team: (whole[team].points,) for team in block}),
        _of_goals("GOAL_DIFFERENCE", whole, lambda mine: mine.gd),
        _of_goals("GOALS", whole, lambda mine: mine.gf),
        *_at_last(whole, facts, rules),
    )
    return _table(list(whole), whole, steps)


def _table(teams: Sequence[str], whole: Mapping[str, _Sums], steps: Sequence[Step]) -> Table:
    standings: list[Standing] = []
    ties: list[Tie] = []
    for block, by, missing in _ordered(tuple(teams), steps, "POINTS"):
        rank = len(standings) + 1
        if missing:
            ties.append(Tie(rank, block, missing))
        for team in block:
            mine = whole[team]
            standings.append(
                Standing(
                    rank,
                    team,
                    mine.played,
                    mine.won,
                    mine.drawn,
                    mine.lost,
                    mine.gf,
                    mine.ga,
                    mine.gd,
                    mine.points,
                    by,
                )
            )
    return Table(tuple(standings), tuple(ties))


def _ordered(
    block: tuple[str, ...], steps: Sequence[Step], by: str
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(teams on one place, what decided it, the fact that is missing), the best first. The matches
    between those that are level are looked at again for those that they left level."""
    if len(block) < 2:
        if block:
            yield block, by, ""
        return
    if not steps:
        yield block, UNRESOLVED, f"a drawing of lots between {listed(block)}"
        return
    (name, values_of), rest = steps[0], steps[1:]
    values = values_of(block)
    if isinstance(values, str):
        yield block, UNRESOLVED, values
        return
    parts: dict[tuple[int, ...], list[str]] = {}
    for team in block:
        parts.setdefault(values[team], []).append(team)
    if len(parts) == 1:
        yield from _ordered(block, rest, by)
        return
    for value in sorted(parts, reverse=True):
        part = tuple(parts[value])
        yield from _ordered(part, steps if name == "HEAD_TO_HEAD" else rest, name)


def _between(block: Sequence[str], played: Sequence[Played]) -> Values | str:
    """Points, goal difference and goals of the matches between these teams."""
    among = sums(block, played)
    points = {team: among[team].points for team in block}
    level = {n for n, many in Counter(points.values()).items() if many > 1}
    unscored = _unscored(among, [team for team in block if points[team] in level])
    if unscored:
        # the points alone decide where nobody is level on them
        return unscored
    return {team: (points[team], among[team].gd, among[team].gf) for team in block}


def _of_goals(name: str, whole: Mapping[str, _Sums], value: Callable[[_Sums], int]) -> Step:
    def values(block: Sequence[str]) -> Values | str:
        return _unscored(whole, block) or {team: (value(whole[team]),) for team in block}

    return name, values


def _unscored(of: Mapping[str, _Sums], block: Sequence[str]) -> str:
    codes = dict.fromkeys(code for team in block for code in of[team].unscored)
    return f"score of {listed(list(codes))}" if codes else ""


def _at_last(
    whole: Mapping[str, _Sums], facts: Mapping[str, Facts], rules: Rules
) -> tuple[Step, ...]:
    """Conduct, then the ranking or, until 2022, lots."""

    def conduct(block: Sequence[str]) -> Values | str:
        known = {team: _conduct(team, whole, facts) for team in block}
        return _known("conduct", known)

    def ranking(block: Sequence[str]) -> Values | str:
        known = {team: facts.get(team, Facts()).ranking for team in block}
        return _known("FIFA ranking", known, sign=-1)

    def lot(block: Sequence[str]) -> Values | str:
        known = {team: facts.get(team, Facts()).lot for team in block}
        if any(place is None for place in known.values()):
            return f"a drawing of lots between {listed(block)}"
        return _known("lot", known, sign=-1)

    last: Step = ("RANKING", ranking) if rules is Rules.SINCE_2026 else ("LOT", lot)
    drawn: tuple[Step, ...] = (("LOT", lot),) if rules is Rules.SINCE_2026 else ()
    return (("CONDUCT", conduct), last, *drawn)


def _conduct(team: str, whole: Mapping[str, _Sums], facts: Mapping[str, Facts]) -> int | None:
    typed = facts.get(team, Facts()).conduct
    if typed is not None:
        return typed
    return None if whole[team].without_cards else whole[team].conduct


def _known(fact: str, of: Mapping[str, int | None], sign: int = 1) -> Values | str:
    """What is known of all of these teams, or whose fact is missing."""
    missing = [team for team, value in of.items() if value is None]
    if missing:
        return f"{fact} of {listed(missing)}"
    return {team: (sign * (value or 0),) for team, value in of.items()}


def possible(
    teams: Sequence[str],
    played: Sequence[Played],
    left: Sequence[tuple[str, str]],
    rules: Rules = Rules.SINCE_2026,
) -> dict[str, tuple[int, ...]] | None:
    """{team: the places that it may still end on}, by every course that the matches that are left may
    take: who wins, or a draw. None where so many are left that nobody waits for it.

    A place is given up only where points exclude it, or, by the rules of 2026, the points of the
    matches between those that are level. What goals would exclude stays possible: so a place that is
    the only one is certain, and one of several may turn out to be out of reach.
    """
    if len(left) > MOST_OPEN:
        return None
    found: dict[str, set[int]] = {team: set() for team in teams}
    for course in product((0, 1, None), repeat=len(left)):
        then = [
            *played,
            *(Played("", pair, None, winner) for pair, winner in zip(left, course, strict=True)),
        ]
        for first, last, block in _by_points(teams, then, rules):
            for team in block:
                found[team].update(range(first, last + 1))
    return {team: tuple(sorted(places)) for team, places in found.items()}


def _by_points(
    teams: Sequence[str], played: Sequence[Played], rules: Rules
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """(first place, last place, the teams that may be on any of them), by points alone."""

    def of(block: Sequence[str]) -> dict[str, tuple[int, ...]]:
        among = sums(block, played)
        return {team: (among[team].points,) for team in block}

    steps: list[Step] = [("POINTS", of)]
    if rules is Rules.SINCE_2026:
        steps.append(("BETWEEN", of))
    first = 1
    for block, _by, _missing in _ordered(tuple(teams), steps, ""):
        yield first, first + len(block) - 1, block
        first += len(block)
