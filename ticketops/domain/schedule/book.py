"""The schedule as records: what its ten columns say of a match, and what `_MATCHES` knows besides
(§1a, §18)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from ticketops.domain.catalogue.matches import says_something
from ticketops.domain.schedule.sides import Pairing, Side, parse_pairing, parse_side
from ticketops.model import ids, states
from ticketops.model.stages import size_of, stage_of
from ticketops.schema.layouts.event import MATCHES, SCHEDULE
from ticketops.schema.tables import Snapshot

BESIDE = (
    "end",
    "sport",
    "gender",
    "pairing",
    "home",
    "away",
    "description",
    "long_description",
    "medal",
    "status",
    "score",
    "penalties",
    "cards",
    "winner",
    "runner_up",
    "guest_names_due",
)
"""What `_MATCHES` knows of a match, as its columns are called."""
TEN = ("day", "date", "game", "group", "time", "city", "country", "region", "capacity")
"""What the schedule says of a match, besides its code."""


class Match(Struct, frozen=True):
    """A match. rows: of the schedule; row_beside: of `_MATCHES`, None where it has none; the other
    names are those of their columns, beside: what `_MATCHES` knows. stage: computed. written: its sides as they were imported or
    typed last, from which the bracket is made; None where its text names no two sides.
    home, away: as they stand now."""

    code: str
    rows: tuple[int, ...]
    row_beside: int | None
    stage: str
    date: datetime | None = None
    day: str | None = None
    game: str | None = None
    group: str | None = None
    time: str | None = None
    city: str | None = None
    country: str | None = None
    region: str | None = None
    capacity: int | None = None
    written: Pairing | None = None
    home: Side | None = None
    away: Side | None = None
    beside: dict[str, Any] = {}

    @property
    def status(self) -> str:
        """A blank one is SCHEDULED."""
        return self.beside.get("status") or states.SCHEDULED

    @property
    def sides(self) -> tuple[Side | None, Side | None]:
        """Home and away as they stand now."""
        return self.home, self.away


def matches(snapshot: Snapshot) -> dict[str, Match]:
    """{code: match} in the order of the schedule, each code once: of one that is there twice, what
    comes first. Those of `_MATCHES` that the schedule lacks are left out."""
    rows: dict[str, dict[str, Any]] = {}
    for row in snapshot[SCHEDULE].frame.select("row", "match", *TEN).iter_rows(named=True):
        if row["match"]:
            known = rows.setdefault(ids.normalise_match(row["match"]), {**row, "rows": ()})
            known.update({name: row[name] for name in TEN if known[name] is None})
            known["rows"] += (row["row"],)
    beside: dict[str, dict[str, Any]] = {}
    for row in snapshot[MATCHES].frame.select("row", "match", *BESIDE).iter_rows(named=True):
        if row["match"]:
            beside.setdefault(ids.normalise_match(row["match"]), row)
    size = size_of(rows)
    return {code: _match(code, row, beside.get(code), size) for code, row in rows.items()}


def stages(snapshot: Snapshot) -> dict[str, str]:
    """{code: its stage} of every match of the schedule that has one. `_MATCHES` may be left out."""
    groups: dict[str, str | None] = {}
    for match, group in snapshot[SCHEDULE].frame.select("match", "group").iter_rows():
        if match:
            code = ids.normalise_match(match)
            groups[code] = groups.get(code) or group
    told: dict[str, str | None] = {}
    if MATCHES in snapshot:
        rows = snapshot[MATCHES].frame.select("match", "description")
        told = {match: said for match, said in rows.iter_rows() if match}
    size = size_of(groups)
    found = {code: stage_of(code, size, told.get(code), group) for code, group in groups.items()}
    return {code: stage for code, stage in found.items() if stage}


def _match(code: str, row: dict[str, Any], beside: dict[str, Any] | None, size: int) -> Match:
    more = {name: beside[name] for name in BESIDE} if beside else {}
    ten = {name: row[name] for name in TEN}
    written, home, away = _sides(ten["game"], more)
    return Match(
        code,
        row["rows"],
        beside["row"] if beside else None,
        stage_of(code, size, more.get("description"), ten["group"]),
        **ten,
        written=written,
        home=home,
        away=away,
        beside=more,
    )


def _sides(
    game: str | None, beside: dict[str, Any]
) -> tuple[Pairing | None, Side | None, Side | None]:
    """The pairing as it was written, and the sides as they stand now. The schedule is the source of
    Game: a side that somebody typed there since `_MATCHES` was written is one they decided."""
    said = parse_pairing(game) if game and says_something(game) else None
    told = parse_pairing(beside.get("pairing")) or parse_pairing(beside.get("description"))
    last = [beside.get("home"), beside.get("away")]
    if told is None:
        now = said
        return said, *((now.home, now.away) if now else (None, None))
    if said is None:
        home, away = (parse_side(text) if text else None for text in last)
        return told, home or told.home, away or told.away
    sides = []
    for name, typed, before in (("home", said.home, last[0]), ("away", said.away, last[1])):
        original: Side = getattr(told, name)
        sides.append(typed if typed.text not in (before, original.text) else original)
    written = Pairing(sides[0], sides[1], said.before, said.between, said.after)
    return written, said.home, said.away
