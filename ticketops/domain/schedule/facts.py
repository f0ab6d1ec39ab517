"""What decides beside results, by command: rankings, lots and conduct of teams, and the table of
third-placed teams (`_TEAMS`, `_THIRDS`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ticketops.domain.intake.faults import Fault, Place, refuse
from ticketops.domain.masterdata import who
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule.bracket import bracket
from ticketops.domain.schedule.resolving import Draft, SideResolved, resolve
from ticketops.errors import InputError, RuleError
from ticketops.model.findings import Finding, Severity
from ticketops.model.patterns import when_needed
from ticketops.model.spelling import tidy
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import TEAMS, THIRDS
from ticketops.schema.tables import Snapshot

_THIRD = when_needed(r"3?\s*([A-Z])", re.IGNORECASE)
AGAINST = when_needed(r"([1-9][A-Z])(?:\s*(?:vs?\.?|versus|:|plays?))?", re.IGNORECASE)
"""A header that names the place that a third-placed team plays against."""
_LETTERS = when_needed(r"[A-Z](?:[\s,;/]*[A-Z])*", re.IGNORECASE)


class TeamLine(NamedTuple):
    """What is said of a team. given: {column of `_TEAMS`: value}."""

    team: str
    given: Mapping[str, Any]
    place: Place = Place()


class ThirdsLine(NamedTuple):
    """A row of a table of third-placed teams. groups: whose third goes through; pairings: {place that
    it plays against: group}."""

    groups: str
    pairings: Mapping[str, str]
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class FactsEntered:
    """Rows that were added and changed, how many were so already, and the sides that follow from
    it."""

    added: list[str]
    changed: list[str]
    unchanged: int
    resolved: list[SideResolved]


def plan_teams(
    snapshot: Snapshot, lines: Sequence[TeamLine], run: Run, *, new: bool = False
) -> Plan:
    """Record what decides between teams that are level: their ranking, lot or conduct.

    new: a team that is near a known one is another all the same. Raises UnclearNameError, InputError
    for lines that say two things of one team, RuleError where the result of a match rests on what
    would become another team.
    """
    before = bracket(snapshot)
    known = {who.fold(team): team for team in snapshot[TEAMS].frame["team"].drop_nulls()}
    for seen in before.sides.values():
        if seen.team:
            known.setdefault(who.fold(seen.team), seen.team)
    faults: list[Fault] = []
    wanted: dict[str, dict[str, Any]] = {}
    findings = []
    for line in lines:
        name = tidy(line.team)
        team = known.get(who.fold(name))
        if team is None and not new:
            near = [other for other in known.values() if who.near(name, other)]
            if near:
                unclear = who.unclear("team", name, near, insist="--new")
                faults.append(Fault(line.place, unclear))
                continue
        if team is None:
            team = known[who.fold(name)] = name
            if not line.place.file:
                message = f"{name} plays in no match of the schedule yet"
                findings.append(Finding("NEW_NAME", Severity.INFO, message, TEAMS))
        if team in wanted and wanted[team] != dict(line.given):
            error = InputError(f"{team} is there twice, with different values")
            faults.append(Fault(line.place, error))
        wanted.setdefault(team, dict(line.given))
    refuse(faults)
    plan = Plan(findings=findings)
    added, changed, same = _put(plan, snapshot, TEAMS, "team", wanted, run)
    _after, resolved = resolve(plan, snapshot, before, run, Draft(), what="this")
    plan.result = FactsEntered(added, changed, same, resolved)
    return plan


def plan_thirds(snapshot: Snapshot, lines: Sequence[ThirdsLine], run: Run) -> Plan:
    """Record which third-placed team plays against whom, by the groups whose third goes through.

    Raises InputError for lines that contradict themselves or each other, RuleError where the result
    of a match rests on what would become another team.
    """
    before = bracket(snapshot)
    faults: list[Fault] = []
    wanted: dict[str, dict[str, Any]] = {}
    for line in lines:
        groups = "".join(sorted(line.groups))
        used = "".join(sorted(line.pairings.values()))
        if groups != used:
            message = f"the thirds of {groups} go through, but the pairings name those of {used}"
            faults.append(Fault(line.place, InputError(message)))
            continue
        cells = {
            "pairings": " ".join(
                f"{against}:3{group}" for against, group in sorted(line.pairings.items())
            )
        }
        if wanted.setdefault(groups, cells) != cells:
            message = f"the thirds of {groups} are there twice, with different pairings"
            faults.append(Fault(line.place, InputError(message)))
    refuse(faults)
    plan = Plan()
    added, changed, same = _put(plan, snapshot, THIRDS, "groups", wanted, run)
    _after, resolved = resolve(plan, snapshot, before, run, Draft(), what="this table")
    plan.result = FactsEntered(added, changed, same, resolved)
    return plan


def _put(
    plan: Plan,
    snapshot: Snapshot,
    sheet: str,
    key: str,
    wanted: Mapping[str, Mapping[str, Any]],
    run: Run,
) -> tuple[list[str], list[str], int]:
    """Records as changes of a sheet: which are added, which changed, how many are so already."""
    rows: dict[str, dict[str, Any]] = {}
    for row in snapshot[sheet].frame.iter_rows(named=True):
        if row[key]:
            rows.setdefault(_same(sheet, row[key]), row)
    stamp = {"user": run.user, "updated_at": run.now}
    added: list[str] = []
    changed: list[str] = []
    same = 0
    new: list[tuple[Any, ...]] = []
    columns = list(dict.fromkeys(name for cells in wanted.values() for name in cells))
    for name, cells in wanted.items():
        known = rows.get(_same(sheet, name))
        if known is None:
            added.append(name)
            new.append((name, *(cells.get(column) for column in columns), *stamp.values()))
        elif any(known[column] != value for column, value in cells.items()):
            changed.append(name)
            both = {**cells, **stamp}
            before = {column: (known[column], both[column]) for column in both}
            plan.changes.set(sheet, known["row"], name, before)
        else:
            same += 1
    if new:
        plan.changes.append(sheet, snapshot[sheet].next_row, (key, *columns, *stamp), new)
    return added, changed, same


def _same(sheet: str, name: str) -> str:
    return who.fold(name) if sheet == TEAMS else "".join(sorted(name.upper()))


def names_thirds(header: Sequence[str]) -> bool:
    """Whether a row is the header of a table of third-placed teams."""
    return _has_pairings(header) or bool(_against(header))


def _has_pairings(header: Sequence[str]) -> bool:
    return {"groups", "pairings"} <= {tidy(cell).casefold() for cell in header}


def _against(header: Sequence[str]) -> dict[int, str]:
    """{place of a column: the place that its thirds play against}"""
    found = ((at, AGAINST().fullmatch(tidy(cell))) for at, cell in enumerate(header))
    return {at: one[1].upper() for at, one in found if one}


def thirds_lines(table: ForeignTable) -> list[ThirdsLine]:
    """The rows of a table of third-placed teams. Two forms: columns `groups` and `pairings` (`ABCD`,
    `1A:3C 1B:3D`), or, as federations publish it, columns of the groups that go through, then one
    for each place that a third plays against (`1A`), with its third (`3H` or `H`). Raises InputError
    for what is none of them, with every line that is wrong.
    """
    own = _has_pairings(table.headers)
    against = _against(table.headers)
    if not own and not against:
        raise InputError(
            f"{table.label} is no table of third-placed teams",
            "its header must be groups, pairings, or name the places that thirds play against: 1A, 1B",
        )
    names = [header.casefold() for header in table.headers]
    faults: list[Fault] = []
    lines = []
    for row in table.rows:
        place = Place(table.label, row.number)
        cells = [row.text(at) for at in range(len(names))]
        try:
            line = _own_line(names, cells) if own else _published(against, cells)
        except RuleError as error:
            faults.append(Fault(place, InputError(error.message, error.hint)))
            continue
        lines.append(line._replace(place=place))
    refuse(faults)
    return lines


def _own_line(names: Sequence[str], cells: Sequence[str]) -> ThirdsLine:
    groups, pairings = (cells[names.index(name)] for name in ("groups", "pairings"))
    if not _LETTERS().fullmatch(groups):
        raise RuleError(f"groups must be letters (ABCDEFGH), not {groups!r}")
    found = {}
    for pair in re.split(r"[\s,;]+", pairings):
        against, _, third = pair.partition(":")
        if not AGAINST().fullmatch(against) or not _THIRD().fullmatch(third):
            raise RuleError(f"pairings must be like 1A:3H 1B:3G, not {pair!r}")
        found[against.upper()] = third[-1].upper()
    return ThirdsLine(_letters([groups]), found)


def _published(against: Mapping[int, str], cells: Sequence[str]) -> ThirdsLine:
    found = {}
    for at, place in against.items():
        said = cells[at]
        third = _THIRD().fullmatch(said)
        if not third:
            raise RuleError(f"{place} must play against a third like 3H or H, not {said!r}")
        found[place] = third[1].upper()
    others = [cell for at, cell in enumerate(cells) if at not in against]
    groups = _letters(other for other in others if _LETTERS().fullmatch(other))
    return ThirdsLine(groups or "".join(sorted(found.values())), found)


def _letters(texts: Iterable[str]) -> str:
    """Each letter once, in order."""
    return "".join(
        sorted({letter.upper() for text in texts for letter in text if letter.isalpha()})
    )
