"""What is on each seat of a match (§1b.2, D28): it follows from units, tickets, holds, restrictions and
categories, and is never stored.

The office sees all of that, without names of clients and vendors; a client sees the own seats, and of
every other seat nothing at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import polars as pl
from msgspec import Struct, field

from ticketops.domain.allocation.pool import active_holds
from ticketops.domain.allocation.trust import Doubts
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.seatmap.plan import Area, Key, RowOfSeats, SeatMap, key_of
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.identity import is_sold, sale_of
from ticketops.model import ids, states
from ticketops.model.seat_labels import parse_labels, seat_key
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot

OWN, ALLOCATED, HELD, FREE, OTHER, RESTRICTED, UNCLEAR, NONE = (
    *("OWN", "ALLOCATED", "HELD", "FREE"),
    *("OTHER", "RESTRICTED", "UNCLEAR", "NONE"),
)
"""OWN: of the sale or client that is looked at; OTHER: free in another category; UNCLEAR: its unit is
kept out of allocation; NONE: no unit of ours is there."""
HIDDEN = "NOT_AVAILABLE"
"""What a client sees of every seat that is not its own."""
PLAIN = "SEAT"
"""A seat of a venue, where no match is looked at."""
SEAT_STATES = (OWN, ALLOCATED, HELD, FREE, OTHER, RESTRICTED, UNCLEAR, NONE, HIDDEN, PLAIN)
_GONE = (states.CANCELLED, states.REPLACED)


class Found(Struct, frozen=True):
    """What is on a seat. category: of its unit, else of its zone; ticket: the SalesID that its unit
    serves; open: whether the sale that is looked at can get it."""

    state: str
    category: str = ""
    restrictions: tuple[str, ...] = ()
    ticket: str = ""
    open: bool = False


class Band(Struct, frozen=True):
    """Units or tickets of which the block or the row is known, but no seat. counts: {state: how
    many}."""

    block: str
    row: str
    counts: Mapping[str, int]

    @property
    def said(self) -> str:
        """`101 / C`."""
        return f"{self.block or '?'} / {self.row}" if self.row else self.block

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Onlooker(Struct, frozen=True):
    """Who looks, and at what. sale: whose tickets are OWN; category: which free seats are FREE, all of
    them where it is blank; held_for: the client whose holds are free for it, as it is compared."""

    sale: str = ""
    category: str = ""
    held_for: str | None = None


class _Unit(Struct, frozen=True):
    state: str
    category: str
    ticket: str
    open: bool


_ORDER = {state: place for place, state in enumerate((ALLOCATED, OWN, HELD, FREE, OTHER, UNCLEAR))}
"""Of two units on one seat the first of these counts."""


class MatchSeats(Struct, frozen=True, dict=True):
    """The seats of a map with what is on them. known: {seat: its unit or ticket}; elsewhere: how many
    stand in places that the map lacks; placeless: how many stand nowhere; hidden: whether a client
    looks, who sees nothing of seats that are not in `known`."""

    plan: SeatMap
    known: Mapping[Key, _Unit] = field(default_factory=dict)
    bands: tuple[Band, ...] = ()
    elsewhere: int = 0
    placeless: int = 0
    hidden: bool = False
    venue_only: bool = False

    def rows(self) -> Iterator[tuple[RowOfSeats, list[Found | None]]]:
        """Each straight row with what is on its seats, from start to end; None for the second of two
        seats of one name."""
        return zip(self.plan.rows, self._found_on, strict=True)

    @cached_property
    def _found_on(self) -> list[list[Found | None]]:
        every: list[list[Found | None]] = []
        made: dict[Any, Found] = {}
        seen: set[Key] = set()
        for row in self.plan.rows:
            zones, restrictions = self.plan.along(row.key)
            found: list[Found | None] = []
            for label in row.labels:
                key = (*row.key, seat_key(label))
                if key in seen:
                    found.append(None)
                    continue
                seen.add(key)
                zone = next((one.category for one in zones if key in one.area), "")
                kinds = tuple(dict.fromkeys(one.kind for one in restrictions if key in one.area))
                parts = (self.known.get(key), zone, kinds)
                if parts not in made:
                    made[parts] = self._found(*parts)
                found.append(made[parts])
            every.append(found)
        return every

    def counts(self) -> dict[str, int]:
        """{state: seats}."""
        return _in_order(Counter(one.state for _row, found in self.rows() for one in found if one))

    def _found(self, unit: _Unit | None, zone: str, kinds: tuple[str, ...]) -> Found:
        if self.hidden:
            if unit is None:
                return Found(HIDDEN)
            seen = tuple(kind for kind in kinds if kind not in states.NOT_FOR_SALE)
            return Found(OWN, unit.category, seen, unit.ticket)
        if self.venue_only:
            return Found(RESTRICTED if kinds else PLAIN, zone, kinds)
        if unit is None:
            return Found(RESTRICTED if kinds else NONE, zone, kinds)
        state, free = unit.state, unit.open
        if kinds and state in (FREE, OTHER):
            state = RESTRICTED
            free = free and not any(kind in states.NOT_FOR_SALE for kind in kinds)
        return Found(state, unit.category or zone, kinds, unit.ticket, free)


def of_office(
    snapshot: Snapshot,
    plan: SeatMap,
    occasion: str,
    today: Any,
    who: Onlooker,
    doubts: Doubts | None = None,
) -> MatchSeats:
    """What the office sees of a match or sub-game (`M01/RACE`)."""
    doubts = doubts if doubts is not None else Doubts.of(snapshot)
    held = active_holds(snapshot, today)
    tickets = tickets_of_units(snapshot)
    sub_games = SubGames.of(snapshot)
    columns = ("row", "unit_id", "category", "status", "sales_id", "match", "sub_game")
    frame = snapshot[UNITS].frame.select(*columns, *SEAT).drop_nulls("match")
    placed = []
    for row, unit_id, category, status, sales_id, match, sub_game, *seat in frame.iter_rows():
        if sub_games.occasion(ids.normalise_match(match), sub_game) != occasion or status in _GONE:
            continue
        ticket = tickets.get(unit_id) or sales_id or ""
        free = status in (None, states.AVAILABLE)
        holder = held.get(unit_id)
        if ticket:
            state = OWN if who.sale and sale_of(ticket) == who.sale else ALLOCATED
        elif not unit_id or not category or doubts.of_unit(row, unit_id):
            state = UNCLEAR
        elif not free:
            state = ALLOCATED
        elif holder is not None and holder != who.held_for:
            state = HELD
        else:
            state = FREE if who.category in ("", category) else OTHER
        open_ = state == FREE and bool(who.category)
        placed.append((tuple(seat), _Unit(state, category or "", ticket, open_)))
    return _placed(plan, placed)


def of_client(
    snapshot: Snapshot,
    plan: SeatMap,
    occasion: str,
    companies: Collection[str] | None,
    sale: str = "",
) -> MatchSeats:
    """What a client sees of a match: its own tickets where they sit, by what Distribution says.
    companies: its names as Distribution spells them; None for all rows of the snapshot. sale: only
    this one's."""
    sub_games = SubGames.of(snapshot)
    frame = snapshot[DISTRIBUTION].frame.filter(is_sold()).drop_nulls("match")
    columns = ("sales_id", "company", "category", "status", "match", "sub_game")
    placed = []
    for sales_id, company, category, status, match, sub_game, *seat in frame.select(
        *columns, *SEAT
    ).iter_rows():
        if (
            status != states.CANCELLED
            and (companies is None or company in companies)
            and (not sale or sale_of(sales_id) == sale)
            and sub_games.occasion(ids.normalise_match(match), sub_game) == occasion
        ):
            placed.append((tuple(seat), _Unit(OWN, category or "", sales_id or "", False)))
    return _placed(plan, placed, hidden=True)


def of_venue(plan: SeatMap) -> MatchSeats:
    """The seats with their categories and restrictions alone."""
    return MatchSeats(plan, venue_only=True)


SEAT = ("block", "seat_row", "seat")


def _placed(
    plan: SeatMap, units: Iterable[tuple[tuple[Any, ...], _Unit]], *, hidden: bool = False
) -> MatchSeats:
    """Units at their seats, in bands, elsewhere or nowhere."""
    known: dict[Key, _Unit] = {}
    bands: dict[tuple[str, str], Counter[str]] = {}
    spelt: dict[tuple[str, str], tuple[str, str]] = {}
    elsewhere = placeless = 0
    lines = {row.key for row in plan.rows}
    blocks = {block for block, _row in lines}
    for (block, row, seat), unit in units:
        if not (block or row):
            placeless += 1
            continue
        key = key_of(block, row, seat)
        if seat and plan.find(block, row, seat) is not None:
            known[key] = min((known.get(key, unit), unit), key=lambda one: _ORDER[one.state])
            continue
        if seat and not _several(seat):
            elsewhere += 1
            continue
        where = key[:2]
        if where not in lines and where[0] not in blocks:
            elsewhere += 1
            continue
        bands.setdefault(where, Counter())[unit.state] += 1
        spelt.setdefault(where, (block or "", row or ""))
    listed = tuple(
        Band(*spelt[where], _in_order(bands[where]))
        for where in sorted(bands, key=lambda where: [ids.natural_order(part) for part in where])
    )
    return MatchSeats(plan, known, listed, elsewhere, placeless, hidden)


def lines_of(plan: SeatMap, band: Band) -> list[RowOfSeats]:
    """The rows of a map that a band lies over: the named ones, else the whole block."""
    try:
        area = Area(f'"{band.block}"' if band.block else "", band.row)
        found = [row for row in plan.rows if (*row.key, "") in area]
    except ValueError:
        found = []
    block = seat_key(band.block)
    return found or [row for row in plan.rows if row.key[0] == block]


def _several(seat: str) -> bool:
    """Whether a text is a list of seats, of which one unit has one."""
    try:
        return len(parse_labels(seat)) > 1
    except ValueError:
        return False


def _in_order(counts: Mapping[str, int]) -> dict[str, int]:
    return {state: counts[state] for state in SEAT_STATES if counts.get(state)}


def tickets_of_units(snapshot: Snapshot) -> dict[str, str]:
    """{UnitID: the SalesID of the ticket that lists it}; of a cell that is not understood each that
    it may speak of."""
    frame = snapshot[DISTRIBUTION].frame.select("sales_id", "unit_ids").drop_nulls("unit_ids")
    column = pl.col("unit_ids")
    found: dict[str, str] = {}
    understood = unit_ids.is_understood(column)
    clear = (
        frame.filter(understood).select("sales_id", unit_ids.listed_in(column)).explode("unit_ids")
    )
    for sales_id, unit_id in clear.iter_rows():
        found.setdefault(unit_id, sales_id or "?")
    for sales_id, cell in frame.filter(~understood).iter_rows():
        for unit_id in unit_ids.may_mean(cell) | set(ids.split_unit_ids(cell)):
            found.setdefault(unit_id, sales_id or "?")
    return found
