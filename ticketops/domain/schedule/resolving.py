"""What a new result, table or fact makes of the sides of matches, as changes: the schedule, `_MATCHES`,
the trail, and Game wherever it is copied (§1a.2, D21)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct, field

from ticketops.domain.catalogue import follow
from ticketops.domain.masterdata import who
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule.book import Match, matches
from ticketops.domain.schedule.bracket import SIDES, Bracket, bracket
from ticketops.domain.schedule.groups import competition_of
from ticketops.domain.schedule.scores import result_of
from ticketops.domain.schedule.sides import Pairing, parse_pairing
from ticketops.domain.schedule.standings import BY_FACTS, Table
from ticketops.errors import RuleError
from ticketops.model import states
from ticketops.model.changes import ChangeSet
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import EVENTS, MATCHES, SCHEDULE, SCHEDULE_LOG, TEAMS, THIRDS
from ticketops.schema.tables import Snapshot

OF_BRACKET = (SCHEDULE, MATCHES, TEAMS, THIRDS, EVENTS)
"""The sheets that a bracket is made of."""
READS = (*OF_BRACKET, SCHEDULE_LOG, *follow.LEDGERS)
"""The sheets that the commands of results use."""


@dataclass(frozen=True, slots=True)
class SideResolved:
    """A side of a match that became another. side: HOME or AWAY; now: the team, or what stands for it
    where it is open again."""

    match: str
    side: str
    was: str
    now: str


class Said(Struct, frozen=True):
    """A row of the trail besides the stamp."""

    match: str
    action: str
    side: str | None = None
    was: str | None = None
    now: str | None = None
    because: str | None = None


class Draft(Struct):
    """What is to be written of matches: {code: {column of `_MATCHES`: value}}, {code: Game}, and rows
    of the trail. stamped: {sheet: names of its records} that are only to say who touched them."""

    beside: dict[str, dict[str, Any]] = field(default_factory=dict)
    games: dict[str, str] = field(default_factory=dict)
    trail: list[Said] = field(default_factory=list)
    stamped: dict[str, set[str]] = field(default_factory=dict)

    def put(self, code: str, cells: Mapping[str, Any]) -> None:
        """Cells of a match; with none, only who touched it, and when."""
        self.beside.setdefault(code, {}).update(cells)

    def changes(self, snapshot: Snapshot, known: Mapping[str, Match], run: Run) -> ChangeSet:
        """As changes of the workbook. known: the matches as they are in it."""
        done = ChangeSet()
        schedule = snapshot[SCHEDULE]
        games = dict(schedule.frame.select("row", "game").iter_rows())
        for code, game in self.games.items():
            for row in known[code].rows:
                if not schedule.around.has_formula("game", row):
                    done.set(SCHEDULE, row, code, {"game": (games[row], game)})
        rows = {row["row"]: row for row in snapshot[MATCHES].frame.iter_rows(named=True)}
        stamp = {"user": run.user, "updated_at": run.now}
        new: list[dict[str, Any]] = []
        for code, cells in self.beside.items():
            beside = known[code].row_beside
            if beside is None:
                new.append({"match": code, **cells, **stamp})
            else:
                before = rows[beside]
                done.set(
                    MATCHES,
                    beside,
                    code,
                    {name: (before[name], value) for name, value in {**cells, **stamp}.items()},
                )
        if new:
            columns = list(dict.fromkeys(name for cells in new for name in cells))
            lines = [tuple(cells.get(name) for name in columns) for cells in new]
            done.append(MATCHES, snapshot[MATCHES].next_row, columns, lines)
        for sheet, names in self.stamped.items():
            key = snapshot[sheet].sheet.record[0]
            for record in snapshot[sheet].frame.iter_rows(named=True):
                if record[key] in names:
                    cells = {name: (record[name], value) for name, value in stamp.items()}
                    done.set(sheet, record["row"], record[key], cells)
        if self.trail:
            columns = ["timestamp", "user", "run_id", *Said.__struct_fields__]
            own = run.now, run.user, run.run_id
            lines = [
                (*own, *(getattr(one, name) for name in Said.__struct_fields__))
                for one in self.trail
            ]
            done.append(SCHEDULE_LOG, snapshot[SCHEDULE_LOG].next_row, columns, lines)
        return done


def resolve(
    plan: Plan, snapshot: Snapshot, before: Bracket, run: Run, draft: Draft, *, what: str
) -> tuple[Bracket, list[SideResolved]]:
    """Put into the plan what is drafted, and all that follows from it, and from what the plan holds
    already, to the last pairing: the bracket as it is then, and the sides that changed.

    before: the bracket of the snapshot. Raises RuleError where a match that has a result would get
    another team (what: what is refused then).
    """
    base = snapshot.after(plan.changes) if plan.changes else snapshot
    known = matches(base) if plan.changes else before.matches
    after = bracket(base.after(draft.changes(base, known, run)))
    _require_unplayed(before, after, what)
    changed: list[SideResolved] = []
    for match in after.matches.values():
        changed += _sides(base, match, after, draft)
    _stamp(base, known, after, draft)
    plan.changes.changes += draft.changes(base, known, run).changes
    followed = follow.games(snapshot.after(plan.changes), follow.LEDGERS)
    plan.changes.changes += followed.changes.changes
    plan.findings += followed.findings
    plan.findings += _formulas(base, known, draft.games)
    return after, changed


def follow_up(plan: Plan, snapshot: Snapshot, run: Run, what: str) -> list[Finding]:
    """What follows for sides from a plan that changes the schedule itself, put into it: one that names
    the winner of a match that was played is that team at once. A finding for each. Raises RuleError as
    `resolve` does."""
    if states.FINISHED not in snapshot[MATCHES].frame["status"]:
        return []
    _after, resolved = resolve(plan, snapshot, bracket(snapshot), run, Draft(), what=what)
    return [
        Finding(
            "SIDE_RESOLVED",
            Severity.INFO,
            f"{one.match} {one.side.lower()}: {one.was} → {one.now}",
            SCHEDULE,
            match=one.match,
        )
        for one in resolved
    ]


def _sides(
    snapshot: Snapshot, match: Match, after: Bracket, draft: Draft
) -> Iterable[SideResolved]:
    """The sides of a match that are to become others, put into the draft."""
    now, written = after.shown(match.code), match.written
    if now is None or written is None:
        return []
    was = tuple(side.text if side else "" for side in match.sides)
    formula = snapshot[SCHEDULE].around.has_formula
    if all(formula("game", row) for row in match.rows):
        was = tuple(
            match.beside.get(name) or old for name, old in zip(("home", "away"), was, strict=True)
        )
    changed = [
        SideResolved(match.code, name, old, new)
        for name, old, new in zip(SIDES, was, now, strict=True)
        if old != new
    ]
    if changed:
        draft.games[match.code] = written.shown(*now)
        draft.put(match.code, _told(match, written, now))
    for one in changed:
        seen = after.sides[match.code, SIDES.index(one.side)]
        action = "RESOLVED" if seen.team else "REVERTED"
        because = seen.because or None
        draft.trail.append(Said(match.code, action, one.side, one.was, one.now, because))
    return changed


def _told(match: Match, written: Pairing, now: tuple[str, str]) -> dict[str, Any]:
    """The sides for `_MATCHES`: as they were written, which is kept, and as they stand now."""
    told = parse_pairing(match.beside.get("pairing"))
    cells = {"home": now[0], "away": now[1]}
    if told is None or (told.home, told.away) != (written.home, written.away):
        cells["pairing"] = written.shown(written.home.text, written.away.text)
    return cells


def pairing_cells(match: Match) -> dict[str, Any]:
    """The cells of `_MATCHES` that keep how the sides of a match are written."""
    if match.written is None or not match.home or not match.away:
        return {}
    return _told(match, match.written, (match.home.text, match.away.text))


def _stamp(snapshot: Snapshot, known: Mapping[str, Match], after: Bracket, draft: Draft) -> None:
    """Stamp what the sides that change rest on: results, facts of teams, the table of thirds. So what
    others rest on is not taken back before those (D19)."""
    teams: set[str] = set()
    for code in list(draft.games):
        mine = competition_of(after.matches[code])
        for place in (0, 1):
            because = after.sides[code, place].because
            third = because.startswith("3")
            codes = [because] if because in after.matches else []
            for key, group in after.groups.items():
                if key[0] == mine and (third or because == f"Group {key[1]}"):
                    codes += group.matches
                    teams |= _decided_by_facts(after.tables[key])
            if third:
                teams |= _decided_by_facts(after.thirds_of(mine))
                through = {
                    seen.because[1:]
                    for (other, _), seen in after.sides.items()
                    if seen.because.startswith("3") and competition_of(after.matches[other]) == mine
                }
                rows = snapshot[THIRDS].frame["groups"].drop_nulls()
                draft.stamped.setdefault(THIRDS, set()).update(
                    groups for groups in rows if set(groups.upper()) == through
                )
            for one in codes:
                if known[one].row_beside is not None:
                    draft.put(one, {})
    draft.stamped[TEAMS] = {
        name for name in snapshot[TEAMS].frame["team"].drop_nulls() if who.fold(name) in teams
    }


def _decided_by_facts(table: Table) -> set[str]:
    return {who.fold(one.team) for one in table.standings if one.decided_by in BY_FACTS}


def _require_unplayed(before: Bracket, after: Bracket, what: str) -> None:
    """Raises RuleError where a match with a result would get another team. One that is only called
    something else now, by whoever wrote the schedule, is none."""
    resting: dict[str, tuple[str, str]] = {}
    renamed = {
        (old.text, seen.text)
        for place, seen in after.sides.items()
        if (old := before.sides.get(place)) and old.side != seen.side
    }
    for (code, place), seen in after.sides.items():
        old = before.sides.get((code, place))
        if old is None or old.text == seen.text or (old.text, seen.text) in renamed:
            continue
        if after.matches[code].status == states.FINISHED:
            resting.setdefault(code, (old.text, seen.text))
    if not resting:
        return
    code, (old_text, new_text) = next(iter(resting.items()))
    said = result_of(after.matches[code])
    more = f"; others that rest on it: {', '.join(list(resting)[1:])}" if len(resting) > 1 else ""
    raise RuleError(
        f"{what} would put {new_text} in the place of {old_text} in {code}, which has a result already ({said}){more}",
        f"take the result of {code} back first: `ticketops log` names its run, `ticketops undo` takes it back",
    )


def _formulas(
    snapshot: Snapshot, known: Mapping[str, Match], games: Mapping[str, str]
) -> list[Finding]:
    around = snapshot[SCHEDULE].around
    return [
        Finding(
            "GAME_IS_FORMULA",
            Severity.LOW,
            f"{code} is {game} now, but its Game is a formula, which stays",
            SCHEDULE,
            row,
            match=code,
        )
        for code, game in games.items()
        for row in known[code].rows
        if around.has_formula("game", row)
    ]
