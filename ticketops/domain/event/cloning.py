"""A new event from an old one (§1): its masters and schedule are taken over, none of its trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ticketops.domain.event.record import FIELDS, event_of
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule.book import Match, matches
from ticketops.model import ids, states
from ticketops.model.display import counted
from ticketops.model.events import DRAFT
from ticketops.model.findings import Finding, Severity
from ticketops.model.secrets import is_sealed
from ticketops.schema.layouts.event import (
    ALIASES,
    CATEGORIES,
    EVENTS,
    IMPORT_PROFILES,
    MATCHES,
    MATTHIAS_EMAILS,
    POLICIES,
    SCHEDULE,
    SUBGAMES,
    SUPPLIER_GROUPS,
    THIRDS,
    USERS,
    VENDOR_CREDENTIALS,
)
from ticketops.schema.layouts.event.masters import SHEETS as MASTER_SHEETS
from ticketops.schema.tables import Snapshot, Table

TAKEN = (
    SCHEDULE,
    MATCHES,
    EVENTS,
    USERS,
    ALIASES,
    POLICIES,
    SUPPLIER_GROUPS,
    MATTHIAS_EMAILS,
    VENDOR_CREDENTIALS,
    CATEGORIES,
    SUBGAMES,
    THIRDS,
    IMPORT_PROFILES,
    *(sheet.name for sheet in MASTER_SHEETS),
)
"""The sheets that a new event starts with."""
_RESULT = ("score", "penalties", "cards", "winner", "runner_up")
_PLAYED = (states.LIVE, states.FINISHED)


@dataclass(frozen=True, slots=True)
class Cloned:
    """The contents of a new workbook. rows: {sheet: its rows}, each with all columns of its sheet."""

    name: str
    code: str
    rows: Mapping[str, list[tuple[Any, ...]]]


def plan_clone(snapshot: Snapshot, name: str, code: str, run: Run) -> Plan:
    """The masters and the schedule of the workbook for another event, which starts as DRAFT. No result
    goes along, and sides that results decided are open again. Of the logins only sealed passwords
    go along, and cells that are not understood do not: findings say so."""
    rows, findings = {}, []
    for sheet in TAKEN:
        table = snapshot[sheet]
        if sheet == EVENTS or not table.exists:
            continue
        columns = [column.name for column in table.sheet.columns]
        rows[sheet] = list(table.frame.select(columns).iter_rows())
        findings += _left_out(table)
    if VENDOR_CREDENTIALS in rows:
        rows[VENDOR_CREDENTIALS], open_ones = _sealed_only(
            snapshot[VENDOR_CREDENTIALS], rows[VENDOR_CREDENTIALS]
        )
        if open_ones:
            message = f"{counted(open_ones, 'password')} not taken over: only sealed ones are; `credentials seal` seals them"
            findings.append(Finding("PASSWORD_LEFT_OUT", Severity.LOW, message, VENDOR_CREDENTIALS))
    known = matches(snapshot)
    for sheet, afresh in ((SCHEDULE, _open_again), (MATCHES, _unplayed)):
        if sheet in rows:
            columns = [column.name for column in snapshot[sheet].sheet.columns]
            records = (dict(zip(columns, row, strict=True)) for row in rows[sheet])
            rows[sheet] = [tuple(afresh(one, known).values()) for one in records]
    old = event_of(snapshot[EVENTS])
    values = {field: getattr(old, field) for field in FIELDS} if old else {}
    values |= {"name": name, "code": code, "status": DRAFT, "user": run.user}
    values |= {"updated_at": run.now}
    rows[EVENTS] = [tuple(values.get(c.name) for c in snapshot[EVENTS].sheet.columns)]
    return Plan(result=Cloned(name, code, rows), findings=findings)


def _open_again(row: dict[str, Any], known: Mapping[str, Match]) -> dict[str, Any]:
    """A row of the schedule whose Game names the sides as they were written."""
    if sides := _as_written(row["match"], known):
        row["game"] = sides["pairing"]
    return row


def _unplayed(row: dict[str, Any], known: Mapping[str, Match]) -> dict[str, Any]:
    """A row of `_MATCHES` without what came out of the match."""
    row |= dict.fromkeys(_RESULT)
    if row["status"] in _PLAYED:
        row["status"] = None
    return row | _as_written(row["match"], known)


def _as_written(code: str | None, known: Mapping[str, Match]) -> dict[str, str]:
    """The sides of a match as they were imported or typed, as cells of `_MATCHES`; {} where they are so
    now."""
    match = known.get(ids.normalise_match(code)) if code else None
    if match is None or match.written is None or not match.home or not match.away:
        return {}
    home, away = match.written.home.text, match.written.away.text
    if (home, away) == (match.home.text, match.away.text):
        return {}
    return {"pairing": match.written.shown(home, away), "home": home, "away": away}


def _left_out(table: Table) -> list[Finding]:
    if not table.misfits:
        return []
    message = f"{counted(len(table.misfits), 'cell')} not taken over, because nobody understands what they say"
    return [Finding("UNKNOWN_VALUE", Severity.MEDIUM, message, table.sheet.name)]


def _sealed_only(table: Table, rows: list[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], int]:
    """The logins without passwords that can be read, and how many those are."""
    place = [column.name for column in table.sheet.columns].index("password")
    readable = [bool(row[place]) and not is_sealed(row[place]) for row in rows]
    kept = [
        (*row[:place], None, *row[place + 1 :]) if plain else row
        for row, plain in zip(rows, readable, strict=True)
    ]
    return kept, sum(readable)
