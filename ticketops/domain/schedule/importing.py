"""A schedule taken from a file (§1a.1, §18e): what of it is new, changed, unchanged and missing, which
venues it names, and the cells that make the workbook agree. Nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from ticketops.domain.catalogue.holders import Holder
from ticketops.domain.catalogue.schemes import Schemes
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule import book, categories, profiles, shapes
from ticketops.domain.schedule.imported import (
    missing_of,
    of_missing,
    of_sports,
    result,
    said,
    values_of,
)
from ticketops.domain.schedule.lines import Fault, Lines, Session, every, read_lines
from ticketops.domain.schedule.resolving import follow_up
from ticketops.domain.schedule.shapes import AUTO, FIFA_SHEET, Columns
from ticketops.domain.schedule.sides import parse_pairing
from ticketops.domain.schedule.venues import PLACE_MARK, VenueMatch, Venues, place_text
from ticketops.domain.schedule.writing import edit_of, write
from ticketops.errors import RuleError, UnclearNameError
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.layouts.event import SCHEDULE
from ticketops.schema.tables import Snapshot

_ENOUGH = 10
"""Matches from which on a workbook's schedule is one that a file can be compared with."""
_FEW = 5
"""A file that shares less than one in so many of its codes with it is another event's."""


class Options(Struct, frozen=True):
    """What is asked of an import. mapped: {field: header}; profile: the name of a mapping, to use and
    to remember; dates: dmy or mdy; new: venues near known ones are others; partial: rows that fail are
    left out; another: the file may be another event's; asks: a person is there, who sees what would
    become of it first; shows: nothing will be written."""

    shape: str = AUTO
    mapped: Mapping[str, str] = field(default_factory=dict)
    profile: str = ""
    sheet: str = ""
    header_row: int | None = None
    dates: str = ""
    new: bool = False
    partial: bool = False
    another: bool = False
    asks: bool = False
    shows: bool = False


def plan_import(
    snapshot: Snapshot, table: ForeignTable, options: Options, run: Run, buffers: Sequence[float]
) -> Plan:
    """Take a schedule over. Rows that fail leave their session out; without `partial` nothing is
    written then, unless a person is there to decide.

    Raises InputError, UsageError for a file that can't be read so; RuleError for another event's
    schedule; UnclearNameError for a venue that is near a known one, where a person can be asked.
    """
    plan = Plan()
    profile = profiles.profile_for(snapshot, table, options.profile)
    given = {**(profile.mapping if profile else {}), **options.mapped}
    shape = options.shape if options.shape != AUTO or not profile else profile.shape
    columns = shapes.mapping_of(table, given, shape)
    lines = read_lines(table, columns, options.dates)
    plan.findings += lines.findings
    plan.findings += _of_columns(columns)
    plan.findings += of_sports(lines)
    known = book.matches(snapshot)
    _compare(plan, known, lines, options)
    venues = Venues(snapshot, run, new=options.new)
    wanted = _wanted(lines, columns, venues, known, options)
    edits = {
        code: edit_of(known.get(code), code, values, typed=False) for code, values in wanted.items()
    }
    taken, refused = _categories(snapshot, lines)
    edits = {code: edit for code, edit in edits.items() if code not in refused}
    faults = every(lines.faults)
    blocked = bool(faults) and not (options.partial or options.asks or options.shows)
    concerned: list[Holder] = []
    if not blocked:
        because = table.label
        chosen = list(edits.values())
        concerned = write(plan, snapshot, chosen, run, "IMPORT", because, buffers)
        categories.add(plan, snapshot, {c: s for c, s in taken.items() if c in edits}, run)
        venues.draft(plan, run)
        plan.findings += follow_up(plan, snapshot, run, f"this import of {table.label}")
        remembered = profiles.remember(plan, snapshot, table, columns, options, profile, run)
    else:
        remembered = profile.name if profile else None
    plan.findings += said(faults, edits, partial=options.partial or options.asks)
    missing = missing_of(snapshot, known, lines)
    plan.findings += of_missing(missing)
    plan.refused = blocked
    plan.result = result(
        columns, lines, edits, known, taken, venues, faults, missing, concerned, remembered, blocked
    )
    return plan


def _of_columns(columns: Columns) -> list[Finding]:
    """Columns of the file that nothing is read from, and what they may be."""
    found = []
    for name, header in columns.near.items():
        message = f"the column {header!r} is not used; --map {name}={header!r} takes it as {name}"
        found.append(Finding("COLUMN_NEAR", Severity.INFO, message))
    unused = [header for header in columns.unused if header not in columns.near.values()]
    if unused:
        message = f"columns that are not used: {', '.join(unused)}"
        found.append(Finding("COLUMN_UNUSED", Severity.INFO, message))
    return found


def _compare(plan: Plan, known: Mapping[str, book.Match], lines: Lines, options: Options) -> None:
    """Raises RuleError for a schedule that seems to be another event's, unless that was said; a
    person at a terminal is warned of it."""
    if len(known) < _ENOUGH or not lines.codes or options.another:
        return
    shared = [code for code in lines.codes if code in known]
    message = (
        f"only {len(shared)} of the {counted(len(lines.codes), 'code')} of the file are in the "
        f"workbook, which has {counted(len(known), 'match').replace('matchs', 'matches')}"
    )
    if len(shared) * _FEW >= len(lines.codes):
        moved = [
            code
            for code in shared
            if (session := lines.sessions.get(code)) is not None
            and (day := session.values.get("date")) is not None
            and (was := known[code].date) is not None
            and day.year != was.year
        ]
        if len(shared) < _ENOUGH or len(moved) * _FEW < len(shared) * (_FEW - 1):
            return
        message = f"{len(moved)} of {len(shared)} matches would move to another year"
    hint = "is it the schedule of another event? --another-event imports it"
    if not (options.asks or options.shows):
        raise RuleError(message, hint)
    plan.findings.append(Finding("ANOTHER_EVENT", Severity.HIGH, f"{message}: {hint}", SCHEDULE))


def _wanted(
    lines: Lines,
    columns: Columns,
    venues: Venues,
    known: Mapping[str, book.Match],
    options: Options,
) -> dict[str, dict[str, Any]]:
    """{code: what the columns of the schedule and `_MATCHES` are to say}; sessions without a date or a
    venue, with a venue that is unclear or with one team on both sides are faults."""
    wanted = {}
    for code, session in list(lines.sessions.items()):
        match = known.get(code)
        faults = [
            Fault(session.rows[0], f"MISSING_{name.upper()}", f"{code}: {what} is missing")
            for name, what in (("date", "its date"), ("venue", "its venue"))
            if _lacks(session, match, columns, name)
        ]
        values = values_of(session)
        sides = parse_pairing(values.get("pairing") or values.get("game"))
        if sides is not None and sides.is_one_team:
            message = f"{code}: {sides.home.text} can't play against itself"
            faults.append(Fault(session.rows[0], "SAME_SIDES", message))
        try:
            place = _place(session, match, columns, venues)
        except UnclearNameError as error:
            if options.asks:
                raise
            message = f"{code}: {error.message} ({error.hint})"
            faults.append(Fault(session.rows[0], "VENUE_UNCLEAR", message))
        if faults:
            lines.faults += faults
            del lines.sessions[code]
            continue
        wanted[code] = {**values, **place}
    return wanted


def _lacks(session: Session, match: book.Match | None, columns: Columns, name: str) -> bool:
    """Whether neither the file nor the workbook says when, or where, a session is. A file without any
    column of places says nothing about them."""
    if name == "date":
        return "date" not in session.values and (match is None or match.date is None)
    if not {"venue", "city"} & columns.places.keys():
        return False
    said = {"venue", "city"} & session.values.keys()
    return not said and (match is None or not match.city)


def _place(
    session: Session, match: book.Match | None, columns: Columns, venues: Venues
) -> dict[str, str]:
    """The text of the place, where it is another than the workbook has. Raises UnclearNameError."""
    venue, city = session.values.get("venue"), session.values.get("city")
    if venue and not city and venue.count(PLACE_MARK) == 1:
        city, _, venue = venue.partition(PLACE_MARK)
    if venue is None:
        return {"city": city} if city and (match is None or match.city is None) else {}
    found = venues.find(venue)
    if found is None:
        country, capacity = session.values.get("country"), session.values.get("capacity")
        per_venue = capacity if columns.shape == FIFA_SHEET else None
        venues.bring(venue, city, country, per_venue)
    text = venue if found is None or found.score >= 0.9 else found.venue
    here = place_text(city, text) or text
    if match is not None and match.city and _is_there(venues, match.city, text, found):
        return {}
    return {"city": here}


def _is_there(venues: Venues, now: str, text: str, found: VenueMatch | None) -> bool:
    """Whether the workbook names the same place already."""
    if found is None:
        return text.casefold() in now.casefold()
    return venues.in_workbook(now) == found.venue


def _categories(snapshot: Snapshot, lines: Lines) -> tuple[dict[str, list[str]], set[str]]:
    """{code: the categories that its rows name}, and the codes of those that a scheme has not."""
    schemes = Schemes.of(snapshot)
    taken: dict[str, list[str]] = {}
    refused: set[str] = set()
    for code, session in lines.sessions.items():
        if not session.categories:
            continue
        if wrong := categories.unknown(schemes, code, session.categories):
            message = f"{code} has no category {wrong[0]!r} ({wrong[1]})"
            lines.faults.append(Fault(session.rows[0], "UNKNOWN_CATEGORY", message))
            refused.add(code)
            continue
        taken[code] = session.categories
    for code in refused:
        del lines.sessions[code]
    return taken, refused
