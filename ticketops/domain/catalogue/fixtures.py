"""When and where matches are played, as the schedule says it: for people who read it (D21)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketops.domain.catalogue.matches import says_something
from ticketops.model import ids
from ticketops.model.clock import offset_text, parse_offset
from ticketops.schema.columns import parse_time
from ticketops.schema.layouts.event import SCHEDULE
from ticketops.schema.tables import Snapshot

_TIME_ONLY = re.compile(r"[\d:.h ]+(?:[ap]\.?m\.?)?\W*(?:UTC|GMT|Z)?\W*[\d:]*\W*", re.IGNORECASE)
"""A time of day with nothing after it but an offset."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """day: of the match. kick_off: on the clock of the venue, with its offset from UTC where the
    schedule names it. place: city and stadium."""

    day: datetime | None = None
    kick_off: str | None = None
    place: str | None = None


def fixtures(snapshot: Snapshot) -> dict[str, Fixture]:
    """{match code: when and where it is}; of a match that stands there twice, what comes first."""
    found: dict[str, Fixture] = {}
    columns = snapshot[SCHEDULE].frame.select("match", "date", "time", "city")
    for match, day, at, city in columns.iter_rows():
        if not match:
            continue
        code = ids.normalise_match(match)
        known = found.get(code, Fixture())
        found[code] = Fixture(
            known.day or day, known.kick_off or kick_off(at), known.place or _said(city)
        )
    return found


def when_and_where(known: Mapping[str, Fixture], match: str | None) -> dict[str, Any]:
    """The day, kick-off and place of a match, as the columns of a book."""
    one = known.get(match or "", Fixture())
    return {"match_date": one.day, "kick_off": one.kick_off, "place": one.place}


def kick_off(text: str | None) -> str | None:
    """A Time of the schedule as people read it: `7 pm (GMT-6)` → `19:00 UTC-6`, `21h00` → `21:00
    local time`; what is more than a time of day stays what it is."""
    said = _said(text)
    if said is None:
        return None
    clock, offset = parse_time(said), parse_offset(said)
    if clock is None or not _TIME_ONLY.fullmatch(said):
        return said
    if offset is not None:
        return f"{clock:%H:%M} {offset_text(offset)}"
    return said if "-" in said else f"{clock:%H:%M} local time"


def _said(text: str | None) -> str | None:
    plain = " ".join((text or "").split())
    return plain if says_something(plain) else None
