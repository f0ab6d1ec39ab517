"""Who plays whom, as far as results say it: the bracket resolved to its last pairing (§1a.2).

A bracket is made of the pairings as they were written and of the results that stand, each time from
the beginning. So it is the same whatever order results were entered, corrected or taken back in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from ticketops.domain.masterdata import who
from ticketops.domain.schedule.book import Match, matches
from ticketops.domain.schedule.circles import circles
from ticketops.domain.schedule.groups import (
    Competition,
    Group,
    GroupKey,
    competition_of,
    groups_of,
    letter_of,
)
from ticketops.domain.schedule.places import Place, Slot, assigned, qualified, thirds_table
from ticketops.domain.schedule.scores import Outcome, outcome
from ticketops.domain.schedule.sides import OF_MATCH, Side, SideKind
from ticketops.domain.schedule.standings import Facts, Rules, Table, rules_of, thirds
from ticketops.model import ids, stages, states
from ticketops.model.display import counted, listed
from ticketops.schema.layouts.event import EVENTS, TEAMS
from ticketops.schema.tables import Snapshot

SIDES = (states.HOME, states.AWAY)


class Seen(Struct, frozen=True):
    """A side as the results have it. team: who it is, None where that is not known; because: the match
    or the group that decided it; why: what is missing, where the side waits for a result."""

    side: Side
    team: str | None
    because: str = ""
    why: str = ""

    @property
    def text(self) -> str:
        """What people read: the team, or what stands for it."""
        return self.team or self.side.text


class Bracket(Struct):
    """The matches with their sides, and the groups as they are. Made by `bracket_of`."""

    matches: dict[str, Match]
    facts: dict[str, Facts]
    """By the name of a team as names are compared (`who.fold`)."""
    of_team: dict[str, str]
    table_of_thirds: dict[str, dict[str, str]]
    rules: Rules
    sides: dict[Place, Seen] = field(default_factory=dict)
    outcomes: dict[str, Outcome | None] = field(default_factory=dict)
    groups: dict[GroupKey, Group] = field(default_factory=dict)
    tables: dict[GroupKey, Table] = field(default_factory=dict)
    loops: list[list[str]] = field(default_factory=list)
    """Matches that wait for each other."""

    def shown(self, code: str) -> tuple[str, str] | None:
        """The two sides of a match as people read them; None where it has none."""
        home, away = self.sides.get((code, 0)), self.sides.get((code, 1))
        return (home.text, away.text) if home and away else None

    def source(self, code: str, side: Side) -> str | None:
        """The match that a side waits for; None for one that waits for none, or for one that is not
        in the schedule."""
        if side.kind not in OF_MATCH:
            return None
        if side.label:
            stage, number = side.label
            mine = competition_of(self.matches[code])
            same = [
                other
                for other, match in self.matches.items()
                if match.stage == stage and competition_of(match) == mine
            ]
            same.sort(key=ids.natural_order)
            return same[number - 1] if 0 < number <= len(same) else None
        return side.ref if side.ref in self.matches else None

    def thirds_of(self, competition: Competition) -> Table:
        """The third-placed teams of a competition in their order."""
        tables = {key[1]: one for key, one in self.tables.items() if key[0] == competition}
        played = {key[1]: one.played for key, one in self.groups.items() if key[0] == competition}
        return thirds(
            tables, played, self.facts_of(table.at(3) for table in tables.values()), self.rules
        )

    def facts_of(self, teams: Iterable[str | None]) -> dict[str, Facts]:
        """What decides between these teams, however `_TEAMS` spells them."""
        return {team: self.facts.get(who.fold(team), Facts()) for team in teams if team}


def bracket(snapshot: Snapshot) -> Bracket:
    """The bracket of a workbook, resolved."""
    facts, of_team = facts_of(snapshot)
    found = matches(snapshot)
    return resolved(Bracket(found, facts, of_team, thirds_table(snapshot), _rules(snapshot, found)))


def facts_of(snapshot: Snapshot) -> tuple[dict[str, Facts], dict[str, str]]:
    """{team: what decides where it is level}, {team: its group} of `_TEAMS`."""
    facts: dict[str, Facts] = {}
    groups: dict[str, str] = {}
    columns = ("team", "group", "ranking", "lot", "conduct")
    for team, group, *more in snapshot[TEAMS].frame.select(columns).iter_rows():
        if team:
            facts[who.fold(team)] = Facts(*more)
            letter = (group or "").upper().removeprefix("GROUP").strip()
            groups |= {who.fold(team): letter} if letter else {}
    return facts, groups


def _rules(snapshot: Snapshot, found: Mapping[str, Match]) -> Rules:
    """By the year in which the event starts, else that of its first match."""
    starts = [start for start in snapshot[EVENTS].frame["start"] if start]
    days = starts[:1] or [one.date for one in found.values() if one.date]
    return rules_of(min(days).year if days else None)


def resolved(one: Bracket) -> Bracket:
    """The bracket with every side as the results have it."""
    one.loops = _loops(one)
    for code, match in one.matches.items():
        if match.written:
            for which, side in enumerate((match.written.home, match.written.away)):
                known = None if side.resolves or side.kind is SideKind.TBD else side.text
                one.sides[code, which] = Seen(_of_stage(one, code, side), known)
    one.outcomes = {code: outcome(match) for code, match in one.matches.items()}
    while _of_matches(one) or _of_groups(one):
        pass
    for place, seen in one.sides.items():
        if seen.team is None:
            one.sides[place] = Seen(seen.side, None, "", _why(one, place[0], seen.side))
    return one


def _of_stage(one: Bracket, code: str, side: Side) -> Side:
    """The match for third place takes the losers of the semi-finals, whatever its text calls
    them."""
    if side.kind is not SideKind.WINNER or one.matches[code].stage not in _THIRD_PLACE:
        return side
    source = one.source(code, side)
    if source is None or one.matches[source].stage != stages.SEMI_FINAL:
        return side
    return Side(side.text, SideKind.LOSER, side.ref)


_THIRD_PLACE = (stages.THIRD_PLACE, stages.BRONZE)


def _of_matches(one: Bracket) -> bool:
    """Resolve the sides that wait for matches; whether there was any, so that one more look pays."""
    found = False
    for place, seen in one.sides.items():
        if seen.team is None and (source := one.source(place[0], seen.side)):
            team = _team_of_match(one, source, seen.side.kind)
            if team:
                one.sides[place] = Seen(seen.side, team, source)
                found = True
    return found


def _of_groups(one: Bracket) -> bool:
    """Resolve the sides that wait for groups; whether there was any."""
    names = {place: seen.team for place, seen in one.sides.items()}
    one.groups = groups_of(one.matches, names, one.of_team, one.outcomes)
    one.tables = {
        key: group.table(one.facts_of(group.teams), one.rules) for key, group in one.groups.items()
    }
    found: dict[Place, tuple[str, str]] = {}
    for place, seen in one.sides.items():
        if seen.side.kind is SideKind.PLACE:
            key = competition_of(one.matches[place[0]]), seen.side.ref
            group = one.groups.get(key)
            team = one.tables[key].at(seen.side.place) if group and group.is_over else None
            if team:
                found[place] = team, f"Group {seen.side.ref}"
    for competition in {key[0] for key in one.groups}:
        found |= _thirds_given(one, competition)[0]
    new = {place: now for place, now in found.items() if one.sides[place].team is None}
    for place, (team, because) in new.items():
        one.sides[place] = Seen(one.sides[place].side, team, because)
    return bool(new)


def _team_of_match(one: Bracket, source: str, kind: SideKind) -> str | None:
    """Who won a match, or who lost it."""
    over = one.outcomes[source]
    if over is None:
        return None
    wanted = int(kind is not SideKind.WINNER)
    if one.matches[source].written is None:
        return over.said[wanted]
    if over.winner is None:
        return None
    seen = one.sides.get((source, over.winner if kind is SideKind.WINNER else 1 - over.winner))
    return seen.team if seen else None


def _thirds_given(
    one: Bracket, competition: Competition
) -> tuple[dict[Place, tuple[str, str]], str]:
    """{side: (the third-placed team that takes it, what decided it)}, or why that is open."""
    slots = []
    for (code, place), seen in one.sides.items():
        if seen.side.kind is SideKind.THIRD and competition_of(one.matches[code]) == competition:
            other = one.sides[code, 1 - place].side
            against = f"{other.place}{other.ref}" if other.kind is SideKind.PLACE else ""
            slots.append(Slot((code, place), seen.side.ref, against))
    if not slots:
        return {}, ""
    groups = {key[1]: group for key, group in one.groups.items() if key[0] == competition}
    left = [letter for letter, group in sorted(groups.items()) if not group.is_over]
    if left:
        plays = "s" if len(left) == 1 else ""
        return {}, f"Group{'' if plays else 's'} {listed(left)} still play{plays}"
    tables = {letter: one.tables[competition, letter] for letter in groups}
    for letter, table in tables.items():
        if (tie := table.tie_at(3)) is not None:
            return {}, f"Group {letter}, place 3: {tie.missing} is missing"
    through, why = qualified(one.thirds_of(competition), len(slots))
    if why:
        return {}, why
    group_of = {table.at(3): letter for letter, table in tables.items()}
    team_of = {group_of[team]: team for team in through}
    given, why = assigned(slots, "".join(sorted(team_of)), one.table_of_thirds)
    said = {place: (team_of[group], f"3{group}") for place, group in given.items()}
    return said, why


def _why(one: Bracket, code: str, side: Side) -> str:
    """What a side waits for; "" where no result decides it."""
    loop = next((loop for loop in one.loops if code in loop), [])
    waits = f"{listed(loop)} wait for each other" if len(loop) > 1 else f"{code} waits for itself"
    if side.kind in OF_MATCH:
        source = one.source(code, side)
        if source is None:
            missing = side.ref if not side.label else side.text
            return f"the schedule has no match for {missing}"
        if source in loop:
            return waits
        return _why_no_team(one, source)
    if side.kind is SideKind.PLACE:
        key = competition_of(one.matches[code]), side.ref
        group = one.groups.get(key)
        if group and not set(loop).isdisjoint(group.matches):
            return waits
        return _why_no_place(one, key, side.place)
    if side.kind is SideKind.THIRD:
        competition = competition_of(one.matches[code])
        if not any(key[0] == competition for key in one.groups):
            return "the schedule has no matches of groups"
        return _thirds_given(one, competition)[1]
    return ""


def _why_no_team(one: Bracket, source: str) -> str:
    match = one.matches[source]
    if match.status != states.FINISHED:
        said = f" ({match.status})" if match.status != states.SCHEDULED else ""
        return f"{source} has no result yet{said}"
    over = one.outcomes[source]
    if over is None:
        return f"{source} is FINISHED, but its result is missing or is not understood"
    if over.winner is None and match.written:
        return f"{source} ended in a draw: its penalties are missing"
    return f"a side of {source} is unknown"


def _why_no_place(one: Bracket, key: GroupKey, place: int) -> str:
    letter = key[1]
    group = one.groups.get(key)
    if group is None:
        return f"the schedule has no matches of Group {letter}"
    if not group.is_over:
        return f"Group {letter} has {counted(group.left, 'match')} to play"
    tie = one.tables[key].tie_at(place)
    if tie is None:
        return f"Group {letter} has no place {place}"
    return f"Group {letter}, place {place}: {tie.missing} is missing"


def _loops(one: Bracket) -> list[list[str]]:
    """Matches that wait for each other."""
    in_group: dict[GroupKey, list[str]] = {}
    for code, match in one.matches.items():
        if letter := letter_of(match):
            in_group.setdefault((competition_of(match), letter), []).append(code)
    waits: dict[str, list[str]] = {}
    for code, match in one.matches.items():
        for side in (match.written.home, match.written.away) if match.written else ():
            if side.kind is SideKind.PLACE:
                group = in_group.get((competition_of(match), side.ref), ())
                waits.setdefault(code, []).extend(group)
            elif source := one.source(code, side):
                waits.setdefault(code, []).append(source)
    return circles(waits)
