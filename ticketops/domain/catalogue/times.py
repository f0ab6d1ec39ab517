"""When the tickets of a match must be out, as the schedule says it, and what of it is not understood
(§1, §7–§9, D21)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import NamedTuple

import polars as pl

from ticketops.domain.plan import MEDAL_HOURS_EARLIER, Run
from ticketops.model import ids, spelling
from ticketops.model.categories import match_of
from ticketops.model.clock import parse_offset, zone_name
from ticketops.model.dates import order_of, parse_moment
from ticketops.model.findings import Finding, Severity
from ticketops.schema.columns import from_serial, parse_time, why_not
from ticketops.schema.layouts.event import MATCHES, SCHEDULE, SUBGAMES
from ticketops.schema.tables import Snapshot, Table

UNKNOWN_ZONE = "UNKNOWN_ZONE"
UNKNOWN_TIME = "UNKNOWN_TIME"
_SERIAL = re.compile(r"\d{4,6}(?:\.\d+)?", re.ASCII)
_CLOCK_AT = re.compile(
    r"\d{1,2}[:h.]\d{2}(?::\d{2}(?:\.\d+)?)?(?=\D|$)|\d{1,2}\s*[ap]\.?m\b", re.IGNORECASE
)

_FRACTION = re.compile(r"^(\d{1,2}:\d{2}:\d{2})\.\d+")


class Due(NamedTuple):
    """When the tickets of a match must be out: on the clock of the venue, which is what people see,
    and on that of the run, by which it is compared (D21). The same where the schedule names no
    offset."""

    venue: datetime
    here: datetime


class Deadline(NamedTuple):
    """A DispatchDeadline. offset: how far ahead of UTC it says it is; None where it does not."""

    moment: datetime
    offset: timedelta | None


def parse_deadline(text: str, order: str = "") -> Deadline | None:
    """`2026-06-08 14:30`, with an offset too: `2026-06-08 14:30 UTC-6`, `8.6.2026 14:30 +0530`,
    `2026-06-08T14:30Z`; a serial, as Google Sheets answers. None for anything else, a zone's name
    among it. order: dmy or mdy. Raises ValueError for a date that can be read two ways."""
    text = spelling.plain(text)
    if _SERIAL.fullmatch(text):
        return Deadline(from_serial(float(text)), None)
    day, clock = _divided(text)
    if not clock:
        moment = parse_moment(day, order)
        return Deadline(moment, None) if moment else None
    at, moment = parse_time(clock), parse_moment(day, order)
    rest = _CLOCK_AT.sub("", clock, count=1).strip()
    offset = parse_offset(clock)
    if at is None or moment is None or (rest and offset is None):
        return None
    return Deadline(datetime.combine(moment.date(), at), offset)


def _divided(text: str) -> tuple[str, str]:
    """A moment as its day and its time of day with what follows; the time is empty where there is
    none."""
    day, _, clock = (
        text.replace("T", " ", 1).partition(" ") if "T" in text[:11] else text.partition(" ")
    )
    clock = _FRACTION.sub(r"\1", clock.strip())
    return (day, clock) if _CLOCK_AT.match(clock) else (text, "")


def deadlines(
    snapshot: Snapshot, buffer_hours: float, run: Run, medal_hours: float = MEDAL_HOURS_EARLIER
) -> dict[str, Due]:
    """{match code: when its tickets must be out}: its own DispatchDeadline, else the buffer before
    it starts (a match without a time: before its day). On the clock of its Time; a deadline that
    names an offset of its own is that moment. medal_hours: how much earlier a medal session is due.

    {`M01/RACE`: the same} of sub-games that are on a day or at a time of their own: as long before
    that as the match's deadline is before the match. One that is the only one of its match is the
    match."""
    found: dict[str, Due] = {}
    table = snapshot[SCHEDULE]
    order = _order(table)
    medals = medal_sessions(snapshot)
    for match, date, at, text in table.frame.select(
        "match", "date", "time", "dispatch_deadline"
    ).iter_rows():
        own = _read(text, order)
        if not match or (date is None and own is None):
            continue
        zone = parse_offset(at or "")
        if own is not None:
            said = own.offset if own.offset is not None else zone
            venue = own.moment if zone is None or said is None else own.moment - said + zone
            here = own.moment if said is None else own.moment - said + run.utc_offset
        else:
            start = datetime.combine(date.date(), parse_time(at or "") or time())
            more = medal_hours if ids.normalise_match(match) in medals else 0.0
            venue = start - timedelta(hours=buffer_hours + more)
            here = venue if zone is None else venue - zone + run.utc_offset
        found.setdefault(ids.normalise_match(match), Due(venue, here))
    begins = starts(snapshot)
    usual = timedelta(hours=buffer_hours)
    for occasion in [occasion for occasion in begins if "/" in occasion]:
        match = match_of(occasion)
        start, zone = begins[occasion]
        whole = begins.get(match)
        lead = whole.moment - found[match].venue if whole and match in found else usual
        venue = start - lead
        found[occasion] = Due(venue, venue if zone is None else venue - zone + run.utc_offset)
    only = _only_ones(snapshot)
    return found | {match: found[one] for match, one in only.items() if one in found}


def due_of(due: Mapping[str, Due], occasion: str) -> Due | None:
    """When the tickets of a match or a sub-game must be out: a sub-game without a day or time of its
    own is as its match. due: those of `deadlines`."""
    return due.get(occasion) or due.get(match_of(occasion))


class Start(NamedTuple):
    """When a match or sub-game begins: on the clock of the venue, and how far that is ahead of UTC,
    where its Time says so."""

    moment: datetime
    zone: timedelta | None


def starts(snapshot: Snapshot) -> dict[str, Start]:
    """{match code: when it begins} of the schedule (one without a time: its day), and {`M01/RACE`:
    the same} of the sub-games that are on a day or at a time of their own; what they leave blank is
    as their match's."""
    found: dict[str, Start] = {}
    times: dict[str, str] = {}
    rows = snapshot[SCHEDULE].frame.select("match", "date", "time").drop_nulls("match")
    for match, day, at in rows.iter_rows():
        code = ids.normalise_match(match)
        if at:
            times.setdefault(code, at)
        if day is not None:
            found.setdefault(code, _start(day, at or ""))
    for match, sub_game, day, at in _sub_games(snapshot):
        if day is None and (not at or match not in found):
            continue
        start = _start(day or found[match].moment, at or times.get(match, ""))
        zone = start.zone if start.zone is not None else parse_offset(times.get(match, ""))
        found[f"{match}/{sub_game}"] = Start(start.moment, zone)
    return found


def days(snapshot: Snapshot) -> dict[str, datetime]:
    """{match code, or `M01/RACE`: the day it is on}; a sub-game that is the only one of its match is
    the match."""
    found = {
        occasion: datetime.combine(start.moment.date(), time())
        for occasion, start in starts(snapshot).items()
    }
    only = _only_ones(snapshot)
    return found | {match: found[one] for match, one in only.items() if one in found}


def _start(day: datetime, at: str) -> Start:
    return Start(datetime.combine(day.date(), parse_time(at) or time()), parse_offset(at))


def _sub_games(snapshot: Snapshot) -> list[tuple[str, str, datetime | None, str | None]]:
    """(match, code, day, time) of every sub-game; none where the sheet was not read."""
    if SUBGAMES not in snapshot:
        return []
    rows = snapshot[SUBGAMES].frame.select("match", "sub_game", "date", "time")
    return [
        (ids.normalise_match(match), code, day, at)
        for match, code, day, at in rows.drop_nulls(["match", "sub_game"]).iter_rows()
    ]


def _only_ones(snapshot: Snapshot) -> dict[str, str]:
    """{match: its sub-game as `M01/DAY`} of the matches that have exactly one."""
    of: dict[str, list[str]] = {}
    for match, code, _day, _at in _sub_games(snapshot):
        of.setdefault(match, []).append(f"{match}/{code}")
    return {match: codes[0] for match, codes in of.items() if len(codes) == 1}


def medal_sessions(snapshot: Snapshot) -> set[str]:
    """The codes of the sessions in which medals are decided."""
    if MATCHES not in snapshot:
        return set()
    rows = snapshot[MATCHES].frame.filter(pl.col("medal"))
    return {ids.normalise_match(code) for code in rows["match"].drop_nulls()}


def not_understood(snapshot: Snapshot, *, misfits: bool = True) -> list[Finding]:
    """What of the schedule's days, times and deadlines, and of the times of sub-games, is not
    understood: each cell, and what is done without it. misfits: cells that do not fit their column
    among it, which others may tell."""
    table = snapshot[SCHEDULE]
    found = sorted(_odd(table, misfits=misfits), key=lambda finding: finding.row or 0)
    if SUBGAMES in snapshot:
        of = snapshot[SUBGAMES]
        rows = of.frame.select("row", "time").drop_nulls().iter_rows()
        found += [_odd_zone(of, row, at, zone) for row, at in rows if (zone := zone_name(at))]
    return found


def _odd(table: Table, *, misfits: bool) -> Iterator[Finding]:
    sheet, order = table.sheet, _order(table)
    for misfit in table.misfits if misfits else ():
        if misfit.column == "date":
            said = f"Date {why_not(sheet.by_name['date'], misfit.text)}"
            yield _finding(
                UNKNOWN_TIME, table, misfit.row, f"{said}; until then its match has no date"
            )
    frame = table.frame.select("row", "match", "time", "dispatch_deadline")
    for row, match, at, own in frame.iter_rows():
        if not match:
            continue
        if zone := zone_name(at or ""):
            yield _odd_zone(table, row, at, zone)
        if not own:
            continue
        try:
            read = parse_deadline(own, order)
        except ValueError as error:
            why = f"{error}: the setting dates (dmy or mdy) decides"
        else:
            zone = zone_name(_divided(spelling.plain(own))[1])
            why = f"the zone {zone!r} is not understood; write its offset (2026-06-08 14:30 UTC-4)"
            if not zone:
                why = f"{own!r} is not understood; write it as 2026-06-08 14:30 or 2026-06-08 14:30 UTC-4"
            if read is not None:
                continue
        message = f"DispatchDeadline {why}; until then the default deadline applies"
        yield _finding(UNKNOWN_TIME, table, row, message)


def _odd_zone(table: Table, row: int, at: str, zone: str) -> Finding:
    message = f"Time {at!r}: the zone {zone!r} is not understood; write its offset (19:00 UTC-4); until then this machine's time zone applies"
    return _finding(UNKNOWN_ZONE, table, row, message)


def _finding(code: str, table: Table, row: int, message: str) -> Finding:
    return Finding(code, Severity.MEDIUM, message, table.sheet.name, row)


def _order(table: Table) -> str:
    """How the deadlines of a schedule write a day: as the setting, else another row has it."""
    texts = table.frame["dispatch_deadline"].drop_nulls()
    return table.sheet.dates or order_of(_divided(spelling.plain(text))[0] for text in texts)


def _read(text: str | None, order: str) -> Deadline | None:
    try:
        return parse_deadline(text, order) if text else None
    except ValueError:
        return None
