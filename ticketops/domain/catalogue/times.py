"""When the tickets of a match must be out, as the schedule says it, and what of it is not understood
(§1, §7–§9, D21)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

from ticketops.domain.plan import Run
from ticketops.model import ids, spelling
from ticketops.model.clock import parse_offset, zone_name
from ticketops.model.dates import order_of, parse_moment
from ticketops.model.findings import Finding, Severity
from ticketops.schema.columns import from_serial, parse_time, why_not
from ticketops.schema.layouts.event import SCHEDULE
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


def deadlines(snapshot: Snapshot, buffer_hours: float, run: Run) -> dict[str, Due]:
    """{match code: when its tickets must be out}: its own DispatchDeadline, else the buffer before
    it starts (a match without a time: before its day). On the clock of its Time; a deadline that
    names an offset of its own is that moment."""
    found: dict[str, Due] = {}
    table = snapshot[SCHEDULE]
    order = _order(table)
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
            venue = start - timedelta(hours=buffer_hours)
            here = venue if zone is None else venue - zone + run.utc_offset
        found.setdefault(ids.normalise_match(match), Due(venue, here))
    return found


def not_understood(snapshot: Snapshot, *, misfits: bool = True) -> list[Finding]:
    """What of the schedule's days, times and deadlines is not understood: each cell, and what is
    done without it. misfits: cells that do not fit their column among it, which others may tell."""
    table = snapshot[SCHEDULE]
    return sorted(_odd(table, misfits=misfits), key=lambda finding: finding.row or 0)


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
            message = f"Time {at!r}: the zone {zone!r} is not understood; write its offset (19:00 UTC-4); until then this machine's time zone applies"
            yield _finding(UNKNOWN_ZONE, table, row, message)
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
