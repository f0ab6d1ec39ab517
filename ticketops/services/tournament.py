"""The use cases of results: what came out of matches, the standings, and what decides beside them
(§1a.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ticketops.domain.intake.faults import Fault, Place, refuse
from ticketops.domain.schedule import facts, ladder, results
from ticketops.domain.schedule.resolving import OF_BRACKET, READS
from ticketops.engine.job import Effect, Job
from ticketops.errors import InputError
from ticketops.schema.columns import ErrorValue, header_key
from ticketops.stores.foreign.files import read_table

_NUMBERS = {
    "ranking": ("ranking", "rank", "fifaranking", "fifarank", "position"),
    "lot": ("lot", "lots"),
    "conduct": ("conduct", "fairplay"),
}
_TEAM = ("team", "country", "nation")
_GROUP = ("group",)


def schedule_result(match: str, given: results.Given, *, correct: bool = False) -> Job:
    return Job(
        "schedule.result",
        lambda snapshot, run: results.plan_result(snapshot, match, given, run, correct=correct),
        (),
        READS,
        f"schedule result {match}",
    )


def schedule_standings(group: str = "") -> Job:
    """group: "" for all."""
    return Job(
        "schedule.standings",
        lambda snapshot, _run: ladder.standings(snapshot, group),
        (),
        OF_BRACKET,
        effect=Effect.READS,
    )


def schedule_team(team: str, given: Mapping[str, Any], *, new: bool = False) -> Job:
    """given: {column of `_TEAMS`: value}."""
    return Job(
        "schedule.team",
        lambda snapshot, run: facts.plan_teams(
            snapshot, [facts.TeamLine(team, given)], run, new=new
        ),
        (),
        READS,
        f"schedule team {team}",
    )


def schedule_teams(lines: Sequence[facts.TeamLine], *, new: bool = False) -> Job:
    """lines: as `team_lines` reads them."""
    return Job(
        "schedule.teams",
        lambda snapshot, run: facts.plan_teams(snapshot, lines, run, new=new),
        (),
        READS,
    )


def schedule_thirds(lines: Sequence[facts.ThirdsLine]) -> Job:
    """lines: as `thirds_lines` reads them."""
    return Job(
        "schedule.thirds", lambda snapshot, run: facts.plan_thirds(snapshot, lines, run), (), READS
    )


def thirds_lines(file: str, sheet: str | None = None) -> list[facts.ThirdsLine]:
    """The table of a file. Raises InputError, with every line that is wrong."""
    words = ("thirds", "third", "pairings")
    return facts.thirds_lines(
        read_table(file, sheet=sheet, prefer=words, is_header=facts.names_thirds)
    )


def team_lines(file: str, sheet: str | None = None) -> list[facts.TeamLine]:
    """The teams of a file with their ranking, lot or conduct; columns are found by their headers.
    Raises InputError, with every line that is wrong."""
    words = ("teams", "ranking")
    table = read_table(file, sheet=sheet, prefer=words, is_header=_names_teams)
    team = _column(table.headers, _TEAM)
    numbers = _numbers(table.headers)
    if team is None or not numbers:
        raise InputError(
            f"{table.label} names no teams with what decides between them",
            "its header must be team, and ranking, lot or conduct",
        )
    group = _column(table.headers, _GROUP)
    lines, faults = [], []
    for row in table.rows:
        place = Place(table.label, row.number)
        given: dict[str, Any] = {}
        for name, at in numbers.items():
            shown = row.cells[at] if at < len(row.cells) else None
            text = str(shown) if isinstance(shown, ErrorValue) else row.text(at)
            if text:
                value = _whole(text)
                least = 1 if name != "conduct" else None
                if value is None or (least is not None and value < least):
                    message = f"{name} must be a whole number, not {text!r}"
                    faults.append(Fault(place, InputError(message)))
                else:
                    given[name] = value
        if group is not None and (letter := row.text(group)):
            given["group"] = letter
        if not row.text(team):
            faults.append(Fault(place, InputError("the team is missing")))
        elif given:
            lines.append(facts.TeamLine(row.text(team), given, place))
    refuse(faults)
    if not lines:
        raise InputError(f"{table.label} says nothing of any team")
    return lines


def _names_teams(header: Sequence[str]) -> bool:
    return _column(header, _TEAM) is not None and bool(_numbers(header))


def _numbers(header: Sequence[str]) -> dict[str, int]:
    found = {name: _column(header, called) for name, called in _NUMBERS.items()}
    return {name: at for name, at in found.items() if at is not None}


def _whole(text: str) -> int | None:
    try:
        return int(text.removesuffix(".0"))
    except ValueError:
        return None


def _column(header: Sequence[str], called: tuple[str, ...]) -> int | None:
    plain = [header_key(cell).replace("_", "").replace("-", "") for cell in header]
    return next((plain.index(name) for name in called if name in plain), None)
