"""The matches of a workbook, one line each, and one match whole (§1a, §18)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.catalogue.holders import Holder, holders
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.schemes import Schemes
from ticketops.domain.masterdata import who
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule import book
from ticketops.domain.schedule.book import Match
from ticketops.domain.schedule.venues import PLACE_MARK
from ticketops.errors import NotFoundError
from ticketops.model import ids, spelling, stages
from ticketops.schema.columns import parse_time
from ticketops.schema.layouts.event import SCHEDULE, SCHEDULE_LOG, VENUES
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """A match as lists show it. date: 2026-06-11; stage: computed, such as GROUP or SEMI_FINAL;
    home_placeholder: whether the side is no team yet; capacity: 0 is open."""

    code: str
    date: str | None
    time: str | None
    end: str | None
    sport: str | None
    stage: str | None
    gender: str | None
    home: str | None
    away: str | None
    home_placeholder: bool
    away_placeholder: bool
    venue: str | None
    city: str | None
    capacity: int | None
    medal: bool
    status: str
    categories: list[str]
    game: str | None


@dataclass(frozen=True, slots=True)
class ScheduleList:
    """The matches, by day; medal sessions first within one."""

    lines: list[ScheduleLine]


@dataclass(frozen=True, slots=True)
class Trailed:
    """A line of `_SCHEDULE_LOG`."""

    at: str | None
    user: str | None
    action: str | None
    side: str | None
    was: str | None
    now: str | None
    because: str | None


@dataclass(frozen=True, slots=True)
class MatchShown:
    """A match whole. pairing: its sides as they were imported or typed; until_next_day: whether it ends
    past midnight."""

    line: ScheduleLine
    day: str | None
    group: str | None
    country: str | None
    region: str | None
    pairing: str | None
    description: str | None
    long_description: str | None
    minutes: int | None
    until_next_day: bool
    score: str | None
    penalties: str | None
    cards: str | None
    winner: str | None
    runner_up: str | None
    guest_names_due: str | None
    dispatch_deadline: str | None
    clients: list[Holder]
    trail: list[Trailed]


class Filters(Struct, frozen=True):
    """Which matches are listed; blank for any."""

    sport: str = ""
    stage: str = ""
    team: str = ""
    venue: str = ""
    day: datetime | None = None
    medal: bool = False


def listed(snapshot: Snapshot, filters: Filters) -> Plan:
    """The matches that a list is of."""
    lines = lines_of(snapshot)
    wanted = _judge(filters)
    shown = [line for line in lines.values() if wanted(line)]
    return Plan(result=ScheduleList(sorted(shown, key=_order)))


def lines_of(snapshot: Snapshot) -> dict[str, ScheduleLine]:
    """{code: the line of a match} in the order of the schedule."""
    venues = Places(snapshot)
    schemes = Schemes.of(snapshot)
    return {
        code: line_of(match, venues.of(match), schemes)
        for code, match in book.matches(snapshot).items()
    }


def line_of(match: Match, place: tuple[str | None, str | None], schemes: Schemes) -> ScheduleLine:
    """The line of a match. place: its venue and city."""
    more = match.beside
    own = schemes.own(match.code)
    names = list(own) if own is not None else list(schemes.all_of(match.code))
    home, away = match.sides
    return ScheduleLine(
        code=match.code,
        date=_day(match.date),
        time=match.time,
        end=more.get("end"),
        sport=more.get("sport"),
        stage=match.stage or None,
        gender=more.get("gender"),
        home=(home.text or "TBD") if home else None,
        away=(away.text or "TBD") if away else None,
        home_placeholder=home is not None and home.is_placeholder,
        away_placeholder=away is not None and away.is_placeholder,
        venue=place[0],
        city=place[1],
        capacity=match.capacity,
        medal=bool(more.get("medal")),
        status=match.status,
        categories=names,
        game=match.game,
    )


def whole(snapshot: Snapshot, text: str, run: Run) -> Plan:
    """One match with all that is known of it. Raises NotFoundError, UnclearNameError."""
    catalogue = Catalogue.of(snapshot, chosen=run.chosen)
    found = catalogue.find(text)
    plan = Plan(findings=list(found.said("match")))
    match = book.matches(snapshot).get(found.name)
    if match is None:
        raise NotFoundError(
            f"the schedule has no match {found.name}",
            f"`ticketops schedule add {found.name}` adds it",
        )
    more = match.beside
    minutes, late = duration(match.time, more.get("end"))
    rows = snapshot[SCHEDULE].frame.filter(pl.col("row") == match.rows[0])
    plan.result = MatchShown(
        line=line_of(match, Places(snapshot).of(match), Schemes.of(snapshot)),
        day=match.day,
        group=match.group,
        country=match.country,
        region=match.region,
        pairing=more.get("pairing"),
        description=more.get("description"),
        long_description=more.get("long_description"),
        minutes=minutes,
        until_next_day=late,
        score=more.get("score"),
        penalties=more.get("penalties"),
        cards=more.get("cards"),
        winner=more.get("winner"),
        runner_up=more.get("runner_up"),
        guest_names_due=_day(more.get("guest_names_due")),
        dispatch_deadline=rows["dispatch_deadline"][0],
        clients=holders(snapshot, [match.code]),
        trail=_trail(snapshot, match.code),
    )
    return plan


def duration(start: str | None, end: str | None) -> tuple[int | None, bool]:
    """How many minutes a session takes, and whether it ends past midnight."""
    one, other = parse_time(start or ""), parse_time(end or "")
    if one is None or other is None:
        return None, False
    minutes = _minutes(other) - _minutes(one)
    return minutes % 1440, minutes < 0


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _day(moment: Any) -> str | None:
    return f"{moment:%Y-%m-%d}" if moment else None


def _trail(snapshot: Snapshot, code: str) -> list[Trailed]:
    frame = snapshot[SCHEDULE_LOG].frame.filter(pl.col("match") == code)
    columns = ("timestamp", "user", "action", "side", "was", "now", "because")
    return [
        Trailed(f"{at:%Y-%m-%d %H:%M}" if at else None, *rest)
        for at, *rest in frame.select(columns).iter_rows()
    ]


class Places:
    """The venue and the city that the text of a place names."""

    def __init__(self, snapshot: Snapshot) -> None:
        frame = snapshot[VENUES].frame.drop_nulls("venue")
        self._known: dict[str, tuple[str, str | None]] = {
            who.fold(name): (name, city) for name, city in frame.select("venue", "city").iter_rows()
        }
        self._found: dict[str, tuple[str | None, str | None]] = {}

    def city_of(self, venue: str) -> str | None:
        """The city of a venue that master records know."""
        return self._known.get(who.fold(venue), (venue, None))[1]

    def of(self, match: Match) -> tuple[str | None, str | None]:
        """(venue, city); of a place that no master record knows what stands in front of the dot is the
        city."""
        text = spelling.tidy(match.city or "")
        if text not in self._found:
            self._found[text] = self._looked_up(text)
        return self._found[text]

    def _looked_up(self, text: str) -> tuple[str | None, str | None]:
        if not text:
            return None, None
        padded = f" {who.fold(text)} "
        within = [name for name in self._known if name and f" {name} " in padded]
        city, dot, venue = text.partition(PLACE_MARK)
        if within:
            name, own = self._known[max(within, key=len)]
            return name, own or (city if dot and who.fold(city) != who.fold(name) else None)
        return (venue, city) if dot else (text, None)


def _judge(filters: Filters) -> Callable[[ScheduleLine], bool]:
    wanted = _plain(filters.stage)

    def fits(line: ScheduleLine) -> bool:
        stage = line.stage or ""
        return (
            (not filters.sport or _within(filters.sport, line.sport))
            and (not wanted or wanted in (_plain(stage), _plain(stages.named(stage))))
            and (
                not filters.team
                or any(_within(filters.team, side) for side in (line.home, line.away))
            )
            and (
                not filters.venue or _within(filters.venue, f"{line.city or ''} {line.venue or ''}")
            )
            and (filters.day is None or line.date == _day(filters.day))
            and (not filters.medal or line.medal)
        )

    return fits


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _within(wanted: str, text: str | None) -> bool:
    return who.fold(wanted) in who.fold(text or "")


def _order(line: ScheduleLine) -> tuple[Any, ...]:
    """By day, medal sessions first, then by the clock."""
    at = parse_time(line.time or "")
    return (
        line.date or "9999",
        not line.medal,
        _minutes(at) if at else 1440,
        ids.natural_order(line.code),
    )
