"""Sub-games of matches by command (§1 step 2, D31): `_SUBGAMES`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.schemes import Schemes
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model import spelling
from ticketops.model.display import counted
from ticketops.model.events import EVENT_TYPES
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import PURCHASES, SALES, SUBGAMES
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class SubGame:
    """A row of `_SUBGAMES`."""

    match: str
    sub_game: str
    session_type: str | None
    name: str | None
    date: datetime | None
    time: str | None


@dataclass(frozen=True, slots=True)
class SubGameSet:
    """A sub-game as it is now. changed: what this command set."""

    sub_game: SubGame
    changed: list[str]


@dataclass(frozen=True, slots=True)
class SubGameList:
    """The sub-games of the workbook, or of one match, in sheet order."""

    sub_games: list[SubGame]


def plan_sub_game(
    snapshot: Snapshot, match: str, code: str, given: Mapping[str, Any], run: Run, *, new: bool
) -> Plan:
    """Enter a sub-game (`new`), or change what `_SUBGAMES` says of it. given: {column: value}, None
    blanks a cell.

    Raises NotFoundError, UnclearNameError for a match or sub-game that is not known, RuleError for
    one that is there already or a code that can't be one.
    """
    catalogue = Catalogue.of(snapshot, chosen=run.chosen)
    found = catalogue.find(match)
    plan = Plan(findings=list(found.said("match")))
    table = snapshot[SUBGAMES]
    stamped = {**given, "user": run.user, "updated_at": run.now}
    if new:
        code = _new_code(catalogue.sub_games, found.name, code)
        cells = {"match": found.name, "sub_game": code, **stamped}
        plan.changes.append(SUBGAMES, table.next_row, tuple(cells), [tuple(cells.values())])
        changed = [name for name, value in given.items() if value is not None]
    else:
        code = catalogue.sub_games.taken(found.name, code) or ""
        row = _row(snapshot, found.name, code)
        changed = [name for name, value in given.items() if row[name] != value]
        if changed:
            cells = {name: (row[name], value) for name, value in stamped.items()}
            plan.changes.set(SUBGAMES, row["row"], f"{found.name}/{code}", cells)
    after = snapshot.after(plan.changes)
    row = _row(after, found.name, code)
    plan.result = SubGameSet(_sub_game(row), changed)
    plan.findings += _unusual(snapshot, plan.result.sub_game)
    if new:
        plan.findings += _unsaid(after, found.name)
    return plan


def _new_code(known: SubGames, match: str, text: str) -> str:
    """The code of a new sub-game. Raises RuleError."""
    code = spelling.sub_game(text) or ""
    if not spelling.is_sub_game(code):
        raise RuleError(
            f"{text!r} is not a code of a sub-game",
            "up to 16 letters, digits and hyphens, such as RACE or FP-1",
        )
    if code in known.names.get(match, {}):
        raise RuleError(
            f"{match} already has the sub-game {code}",
            f"`ticketops subgame set {match} {code}` changes it",
        )
    return code


def _sub_game(row: Mapping[str, Any]) -> SubGame:
    return SubGame(*(row[name] for name in SubGame.__dataclass_fields__))


def _row(snapshot: Snapshot, match: str, code: str) -> dict[str, Any]:
    """The row of a sub-game."""
    rows = snapshot[SUBGAMES].frame.filter(pl.col("match") == match, pl.col("sub_game") == code)
    return rows.row(0, named=True)


def _unusual(snapshot: Snapshot, one: SubGame) -> list[Finding]:
    """Where the type of the event has no session of this type."""
    event_type = Schemes.of(snapshot).event_type
    if event_type not in EVENT_TYPES or one.session_type in (
        None,
        *EVENT_TYPES[event_type].sessions,
    ):
        return []
    usual = ", ".join(EVENT_TYPES[event_type].sessions)
    message = f"{one.match}/{one.sub_game} is of the type {one.session_type}, but an event of type {event_type} has {usual}"
    return [Finding("SESSION_TYPE_UNUSUAL", Severity.LOW, message, SUBGAMES, match=one.match)]


def _unsaid(snapshot: Snapshot, match: str) -> list[Finding]:
    """That rows of a match must say now which sub-game they are of."""
    known = SubGames.of(snapshot)
    if not known.must_say(match):
        return []
    blank = pl.col("sub_game").is_null() & (pl.col("match") == match)
    rows = {name: snapshot[name].frame.filter(blank).height for name in (PURCHASES, SALES)}
    where = " and ".join(f"{counted(n, 'row')} of {name}" for name, n in rows.items() if n)
    if not where:
        return []
    message = f"{match} has {', '.join(known.listed(match))} now, but {where} say no SubGame: these are skipped until the cells are filled in"
    return [Finding("SUB_GAME_MISSING", Severity.HIGH, message, SUBGAMES, match=match)]


def sub_games(snapshot: Snapshot, match: str, run: Run) -> Plan:
    """The sub-games, those of one match where given. Raises NotFoundError, UnclearNameError."""
    rows = snapshot[SUBGAMES].frame.drop_nulls(["match", "sub_game"])
    if match:
        code = Catalogue.of(snapshot, chosen=run.chosen).match(match)
        rows = rows.filter(pl.col("match") == code)
    found = [_sub_game(row) for row in rows.iter_rows(named=True)]
    return Plan(
        result=SubGameList(found),
        findings=[finding for one in found for finding in _unusual(snapshot, one)],
    )
