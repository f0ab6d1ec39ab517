"""What an import of a schedule tells: what is new, changed and missing, in counts and one by one
(§1a.1, §18e)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ticketops.domain.catalogue.holders import Holder
from ticketops.domain.schedule import book
from ticketops.domain.schedule.description import gender_of
from ticketops.domain.schedule.lines import Fault, Lines, Session
from ticketops.domain.schedule.shapes import Columns
from ticketops.domain.schedule.sides import parse_pairing
from ticketops.domain.schedule.venues import VenueMatch, Venues
from ticketops.domain.schedule.writing import Edit, FieldChange
from ticketops.model import ids
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.sports import prefix_of
from ticketops.schema.layouts.event import PURCHASES, SALES, SCHEDULE
from ticketops.schema.tables import Snapshot

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class MissingMatch:
    """A match of the workbook that the file lacks, and how many rows of trade name it."""

    match: str
    sales: int
    purchases: int


@dataclass(frozen=True, slots=True)
class ScheduleImported:
    """What an import does, in counts and one by one. sessions: that the file holds; placeholders: sides
    of matches that are not teams yet; medal_sessions, sports, categories: of the file; columns: {field:
    the header it is read from}; refused: whether nothing is written for rows that fail; concerned: who
    holds tickets of matches that move."""

    shape: str
    matches_new: int
    matches_changed: int
    matches_unchanged: int
    matches_missing: int
    venues_new: int
    venues_matched: list[VenueMatch]
    placeholders: int
    sports: int
    sessions: int
    medal_sessions: int
    categories: int
    errors: list[Fault]
    columns: dict[str, str]
    new: list[str]
    changed: list[FieldChange]
    missing: list[MissingMatch]
    new_venues: list[str]
    concerned: list[Holder]
    profile: str | None
    refused: bool


def values_of(session: Session) -> dict[str, Any]:
    """The columns of a session, without its place."""
    said = session.values
    names = ("date", "day", "group", "time", "country", "region", "capacity")
    values = {name: said[name] for name in names if name in said}
    beside = ("end", "sport", "description", "long_description", "medal")
    values |= {name: said[name] for name in beside if name in said}
    home, away, game = said.get("home"), said.get("away"), said.get("game")
    description = said.get("description")
    if home or away:
        values["pairing"] = f"{home or 'TBD'} vs {away or 'TBD'}"
        values["game"] = game or values["pairing"]
    elif game or description or said.get("sport"):
        values["game"] = game or description or said["sport"]
        if game and parse_pairing(game) is None and parse_pairing(description) is not None:
            values["pairing"] = description
    if (gender := gender_of(description) or gender_of(game)) is not None:
        values["gender"] = gender
    return values


def missing_of(
    snapshot: Snapshot, known: Mapping[str, book.Match], lines: Lines
) -> list[MissingMatch]:
    """The matches of the workbook that a file does not name."""
    codes = [code for code in known if code not in lines.codes]
    if not codes:
        return []
    counts = {
        sheet: Counter(
            ids.normalise_match(code) for code in snapshot[sheet].frame["match"].drop_nulls()
        )
        for sheet in (SALES, PURCHASES)
    }
    return [MissingMatch(code, counts[SALES][code], counts[PURCHASES][code]) for code in codes]


def of_missing(missing: list[MissingMatch]) -> list[Finding]:
    """What is said of those of them that have trade."""
    traded = [one for one in missing if one.sales or one.purchases]
    if not traded:
        return []
    named = ", ".join(
        f"{one.match} ({counted(one.sales, 'sale')}, {counted(one.purchases, 'purchase')})"
        for one in traded[:_MOST_NAMED]
    )
    more = f" and {len(traded) - _MOST_NAMED:,} more" if traded[_MOST_NAMED:] else ""
    message = f"the file lacks matches that have trade; they stay: {named}{more}"
    return [Finding("MISSING_WITH_TRADE", Severity.INFO, message, SCHEDULE)]


def said(faults: list[Fault], edits: Mapping[str, Edit], *, partial: bool) -> list[Finding]:
    """What is said of rows that fail, and of sides that stay. partial: the sessions of such rows are left
    out."""
    found = []
    kept = [text for edit in edits.values() for text in edit.kept]
    if kept:
        more = f" and {len(kept) - _MOST_NAMED:,} more" if kept[_MOST_NAMED:] else ""
        message = f"teams that the workbook knows stay: {'; '.join(kept[:_MOST_NAMED])}{more}"
        found.append(Finding("SIDES_STAY", Severity.INFO, message, SCHEDULE))
    if faults:
        rows = counted(len({one.row for one in faults}), "row")
        rest = "their sessions are left out" if partial else "--partial imports the others"
        found.append(Finding("ROWS_FAIL", Severity.HIGH, f"{rows} can't be taken; {rest}"))
    return found


def of_sports(lines: Lines) -> list[Finding]:
    """Sessions whose codes begin alike, but whose sports the file calls differently (§18e step 3)."""
    called: dict[str, dict[str, str]] = {}
    for code, session in lines.sessions.items():
        if "sport" in session.values and (prefix := prefix_of(code)):
            called.setdefault(prefix, {}).setdefault(session.values["sport"], code)
    return [
        Finding(
            "SPORTS_DIFFER",
            Severity.INFO,
            f"sessions of {prefix} are of several sports: "
            + ", ".join(f"{sport} ({code})" for sport, code in sports.items()),
            SCHEDULE,
        )
        for prefix, sports in called.items()
        if len(sports) > 1
    ]


def result(
    columns: Columns,
    lines: Lines,
    edits: Mapping[str, Edit],
    known: Mapping[str, book.Match],
    taken: Mapping[str, list[str]],
    venues: Venues,
    faults: list[Fault],
    missing: list[MissingMatch],
    concerned: list[Holder],
    remembered: str | None,
    blocked: bool,
) -> ScheduleImported:
    """The result of an import."""
    new = [code for code in edits if code not in known]
    changed = [edit for edit in edits.values() if edit.match is not None and edit]
    sessions = lines.sessions.values()
    return ScheduleImported(
        shape=columns.shape,
        matches_new=len(new),
        matches_changed=len(changed),
        matches_unchanged=len(edits) - len(new) - len(changed),
        matches_missing=len(missing),
        venues_new=len(venues.fresh),
        venues_matched=venues.matched,
        placeholders=sum(map(_placeholders, sessions)),
        sports=len({one.values["sport"] for one in sessions if "sport" in one.values}),
        sessions=len(lines.sessions),
        medal_sessions=sum(bool(one.values.get("medal")) for one in sessions),
        categories=len({name for names in taken.values() for name in names}),
        errors=faults,
        columns=dict(columns.headers),
        new=new,
        changed=[one for edit in changed for one in edit.changes()],
        missing=missing,
        new_venues=venues.fresh,
        concerned=concerned,
        profile=remembered,
        refused=blocked,
    )


def _placeholders(session: Session) -> int:
    values = values_of(session)
    said = parse_pairing(values.get("pairing") or values.get("game"))
    return 0 if said is None else said.home.is_placeholder + said.away.is_placeholder
