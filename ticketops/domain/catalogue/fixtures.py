"""When and where matches are played, as the schedule says it: for people who read it (D21)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from ticketops.domain.catalogue.matches import says_something
from ticketops.domain.masterdata.who import fold
from ticketops.domain.schedule.book import stages
from ticketops.domain.schedule.venues import PLACE_MARK
from ticketops.model import ids
from ticketops.model.categories import match_of
from ticketops.model.clock import offset_text, parse_offset
from ticketops.model.stages import named
from ticketops.schema.columns import parse_time
from ticketops.schema.layouts.event import SCHEDULE, SUBGAMES
from ticketops.schema.tables import Snapshot

_TIME_ONLY = re.compile(r"[\d:.h ]+(?:[ap]\.?m\.?)?\W*(?:UTC|GMT|Z)?\W*[\d:]*\W*", re.IGNORECASE)
"""A time of day with nothing after it but an offset."""


class Fixture(Struct, frozen=True):
    """day: of the match. kick_off: on the clock of the venue, with its offset from UTC where the
    schedule names it. place: city and stadium. stage: as people read it, computed."""

    day: datetime | None = None
    kick_off: str | None = None
    place: str | None = None
    stage: str | None = None


def fixtures(snapshot: Snapshot) -> dict[str, Fixture]:
    """{match code: when and where it is}; of a match that stands there twice, what comes first. A
    sub-game (`M01/RACE`) is on its own day and time, where `_SUBGAMES` says them."""
    found: dict[str, Fixture] = {}
    stage_of = stages(snapshot)
    columns = snapshot[SCHEDULE].frame.select("match", "date", "time", "city")
    for match, day, at, city in columns.iter_rows():
        if not match:
            continue
        code = ids.normalise_match(match)
        known = found.get(code, Fixture())
        found[code] = Fixture(
            known.day or day,
            known.kick_off or kick_off(at),
            known.place or _said(city),
            named(stage_of.get(code, "")) or None,
        )
    if SUBGAMES in snapshot:
        rows = snapshot[SUBGAMES].frame.select("match", "sub_game", "date", "time")
        for match, code, day, at in rows.drop_nulls(["match", "sub_game"]).iter_rows():
            whole = found.get(match, Fixture())
            found[f"{match}/{code}"] = Fixture(
                day or whole.day, kick_off(at) or whole.kick_off, whole.place, whole.stage
            )
    return found


def on_day(known: Mapping[str, Fixture], day: datetime, venue: str) -> list[str]:
    """The matches and sub-games of a day, at a venue where one is named: by its name, its city, or
    both."""
    wanted = fold(venue)
    return [
        occasion
        for occasion, one in known.items()
        if one.day and one.day.date() == day.date() and (not wanted or _is_at(wanted, one.place))
    ]


def _is_at(wanted: str, place: str | None) -> bool:
    """Whether a text names a place, or a part of it, word for word."""
    parts = [part for part in map(fold, (place or "").split(PLACE_MARK)) if part]
    return f" {wanted} " in f" {fold(place or '')} " or any(
        f" {part} " in f" {wanted} " for part in parts[-1:]
    )


def when_and_where(known: Mapping[str, Fixture], occasion: str) -> dict[str, Any]:
    """What a ticket is for, its day, kick-off, place and stage, as the columns of a book."""
    one = known.get(occasion) or known.get(match_of(occasion)) or Fixture()
    return {
        "match": occasion or None,
        "match_date": one.day,
        "kick_off": one.kick_off,
        "place": one.place,
        "stage": one.stage,
    }


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
