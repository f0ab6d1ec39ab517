"""The groups of a competition: which matches and teams each has, its table, and what is left to
play."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct, field

from ticketops.domain.masterdata import who
from ticketops.domain.schedule.book import Match
from ticketops.domain.schedule.scores import Outcome
from ticketops.domain.schedule.standings import Facts, Played, Rules, Table, possible, table
from ticketops.model import stages, states
from ticketops.model.patterns import when_needed

_LETTER = when_needed(r"\b(?:group|pool|gruppe|groupe|grupo)\s+([A-Z])\b", re.IGNORECASE)
_PREFIX = when_needed(r"[A-Z]+")


class Competition(NamedTuple):
    """Whose groups are called A, B … apart from others of the same event: the men's tournament of a
    sport, and the women's. sport: the letters of its sessions; "" for the matches of an event that
    is one tournament."""

    sport: str
    gender: str

    @property
    def called(self) -> str:
        """How people call it: `FBL W`."""
        return " ".join(filter(None, self))


GroupKey = tuple[Competition, str]
"""A competition, and the letter of one of its groups."""


class Group(Struct):
    """A group. matches: its codes; teams: in the order of the schedule; open: the matches that are
    still to be played, with their sides."""

    key: GroupKey
    matches: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    played: list[Played] = field(default_factory=list)
    open: dict[str, tuple[str, str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    """The matches of which a side is not known."""

    @property
    def is_over(self) -> bool:
        """Whether all of its matches were played."""
        return bool(self.played) and not self.open and not self.unknown

    @property
    def left(self) -> int:
        """How many of its matches are still to be played."""
        return len(self.open) + len(self.unknown)

    def table(self, facts: Mapping[str, Facts], rules: Rules) -> Table:
        """Its order as it is now."""
        return table(self.teams, self.played, facts, rules)

    def possible(self, rules: Rules) -> dict[str, tuple[int, ...]] | None:
        """{team: the places that it may still end on}; None where too much is open."""
        if self.unknown:
            return None
        return possible(self.teams, self.played, list(self.open.values()), rules)


def competition_of(match: Match) -> Competition:
    """The competition that a match is part of."""
    prefix = _PREFIX().match(match.code)
    sport = "" if not prefix or prefix[0] == "M" else prefix[0]
    return Competition(sport, match.beside.get("gender") or "")


def letter_of(match: Match) -> str:
    """The letter of the group that a match of the group stage is of; "" for other matches."""
    if match.stage != stages.GROUP:
        return ""
    for text in (match.group, match.beside.get("description")):
        if text and (found := _LETTER().search(text)):
            return found[1].upper()
    alone = (match.group or "").strip()
    return alone.upper() if len(alone) == 1 and alone.isalpha() else ""


def groups_of(
    matches: Mapping[str, Match],
    names: Mapping[tuple[str, int], str | None],
    of_team: Mapping[str, str],
    outcomes: Mapping[str, Outcome | None],
) -> dict[GroupKey, Group]:
    """The groups with what was played. names: of both sides of each match, as far as they are known;
    of_team: {team, as names are compared: the letter of its group}, for matches that say none;
    outcomes: of every match."""
    found: dict[GroupKey, Group] = {}
    for code, match in matches.items():
        home, away = names.get((code, 0)), names.get((code, 1))
        letter = letter_of(match)
        if not letter and match.stage == stages.GROUP and home and away:
            both = {of_team.get(who.fold(home), ""), of_team.get(who.fold(away), "")}
            letter = both.pop() if len(both) == 1 else ""
        if not letter:
            continue
        key = competition_of(match), letter
        group = found.setdefault(key, Group(key))
        group.matches.append(code)
        group.teams += [name for name in (home, away) if name and name not in group.teams]
        if match.status == states.CANCELLED:
            continue
        over = outcomes[code]
        if home is None or away is None:
            group.unknown.append(code)
        elif over is None:
            group.open[code] = (home, away)
        else:
            group.played.append(Played(code, (home, away), over.goals, over.winner, over.conduct))
    return found
