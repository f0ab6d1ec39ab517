"""The units an allocation may choose from (§5a step 2): AVAILABLE, unreferenced, by match (or
sub-game) and category, in sets.

With each unit comes what a choice depends on: what it cost and when it was bought, where it is in
its row, whom it is held for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.allocation.seating import SeatLine, order_in_row
from ticketops.domain.allocation.trust import Doubts, KeptOut
from ticketops.domain.catalogue.schemes import ranks_of
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.masterdata.aliases import client_keys
from ticketops.domain.seatmap.plan import Seat, SeatMap
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.domain.ticket.owners import Owners
from ticketops.domain.ticket.unit_ids import referenced_units
from ticketops.model import ids, spelling, states
from ticketops.model.categories import Ranks, match_of
from ticketops.model.patterns import when_needed
from ticketops.schema.layouts.event import HOLDS, PURCHASES, UNITS
from ticketops.schema.tables import Snapshot

_COLUMNS = (
    "row",
    "unit_id",
    "set_id",
    "set_pos",
    "vendor",
    "contract",
    "email",
    "login_id",
    "password",
    "password_legacy",
    "block",
    "seat_row",
    "seat",
    "match",
    "sub_game",
    "category",
    "status",
    "sales_id",
    "allocated_at",
    "alloc_note",
    "seats_given",
    "purchase_id",
    "source_row",
    "inv_no",
)
_VIP = when_needed(r"\bvip\b|hospitality", re.IGNORECASE)
_ACCESSIBLE = when_needed(r"wheel\s?chair|accessib|\bada\b|\bwc\b|disab", re.IGNORECASE)


_ON_MAP = "on the map"
"""The first part of the line of a seat that its map has: others of the row are no neighbours."""


class Purchase(Struct, frozen=True):
    """What a unit was bought for, and when. Every figure may be unknown."""

    price: float | None = None
    currency: str | None = None
    date: datetime | None = None
    notes: str | None = None


NO_PURCHASE = Purchase()


class Unit(Struct, frozen=True):
    """One ticket in stock. Two units of one `line` adjoin where their positions differ by one."""

    row: int
    unit_id: str
    set_id: str
    set_pos: int
    vendor: str | None = None
    contract: str | None = None
    email: str | None = None
    login_id: str | None = None
    password: str | None = None
    block: str | None = None
    seat_row: str | None = None
    seat: str | None = None
    occasion: str = ""
    """Its match, or the sub-game of it (D31)."""
    category: str = ""
    status: str | None = None
    sales_id: str | None = None
    allocated_at: datetime | None = None
    alloc_note: str | None = None
    seats_given: str | None = None
    purchase: Purchase = NO_PURCHASE
    line: SeatLine = ()
    position: int = 0
    held_for: str | None = None
    inv_no: str | None = None
    best: bool = False
    """Whether its category is the best that its match has."""
    place: Seat | None = None
    """Where its seat is on the map of its match, if that has one."""
    restrictions: tuple[str, ...] = ()
    """What the map says of its seat."""

    def __repr__(self) -> str:
        """Without its password."""
        return f"Unit({self.unit_id})"

    @property
    def vip(self) -> bool:
        """Whether it is premium stock: the best category of its match, or called VIP or
        hospitality."""
        return self.best or bool(_VIP().search(f"{self.category} {self.purchase.notes or ''}"))

    @property
    def accessible(self) -> bool:
        """Whether the map, its block, row, seat, category or purchase says that a wheelchair can
        stand there."""
        return states.ACCESSIBLE in self.restrictions or bool(
            _ACCESSIBLE().search(
                " ".join(
                    filter(
                        None,
                        (self.block, self.seat_row, self.seat, self.category, self.purchase.notes),
                    )
                )
            )
        )


Sets = dict[str, list[Unit]]
"""{SetID: its free units in SetPos order}."""


def size(sets: Sets) -> int:
    """How many units there are in all sets together."""
    return sum(map(len, sets.values()))


class Pool:
    """Free units by (occasion, category) and SetID. `take` removes what was given away."""

    def __init__(
        self,
        snapshot: Snapshot,
        wanted: Collection[tuple[str, str]],
        *,
        today: datetime | None = None,
        doubts: Doubts | None = None,
    ) -> None:
        """`wanted` limits the pool to those (occasion, category) pairs. today: holds until an earlier
        day count no more.

        doubts: what is kept out of it, if the caller knows that already.
        """
        doubts = doubts if doubts is not None else Doubts.of(snapshot)
        self.refused: dict[str, KeptOut] = {}
        """{UnitID: why} of units that are kept out of the pool though they look free."""
        self._maps = StoredMaps(snapshot)
        self._sets: dict[tuple[str, str], Sets] = {}
        self.client_key = client_keys(snapshot)
        self._with_holds: set[tuple[str, str]] = set()
        referenced = referenced_units(snapshot)
        free = (
            (pl.col("status").fill_null(states.AVAILABLE) == states.AVAILABLE)
            & pl.col("sales_id").is_null()
            & pl.col("category").is_not_null()
        )
        matches = {match_of(occasion) for occasion, _ in wanted}
        for unit in load_units(snapshot, matches, free, today=today, maps=self._maps):
            key = (unit.occasion, unit.category)
            if key in wanted and unit.unit_id not in referenced:
                doubt = doubts.of_unit(unit.row, unit.unit_id)
                if why := doubt or not_for_sale(unit):
                    self.refused[unit.unit_id] = KeptOut(unit.row, *key, why, meant=not doubt)
                    continue
                self._sets.setdefault(key, {}).setdefault(unit.set_id, []).append(unit)
                if unit.held_for is not None:
                    self._with_holds.add(key)

    def sets(self, occasion: str, category: str, client: str | None = None) -> Sets:
        """The free sets, those used up left out. Units held for a client are for that client
        only."""
        sets = self.all_sets(occasion, category)
        if (occasion, category) not in self._with_holds:
            return sets
        held_for = self.client_key(client)
        open_sets = {
            set_id: [u for u in units if u.held_for is None or u.held_for == held_for]
            for set_id, units in sets.items()
        }
        return {set_id: units for set_id, units in open_sets.items() if units}

    def take(self, units: Iterable[Unit]) -> None:
        """Remove units that were given to a sale."""
        gone: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for unit in units:
            gone[unit.occasion, unit.category][unit.set_id].add(unit.unit_id)
        for key, sets in gone.items():
            left = dict(self._sets[key])  # a copy of the pool keeps its own
            for set_id, unit_ids in sets.items():
                left[set_id] = [unit for unit in left[set_id] if unit.unit_id not in unit_ids]
            self._sets[key] = {set_id: free for set_id, free in left.items() if free}

    def all_sets(self, occasion: str, category: str) -> Sets:
        """The free sets with all their units, those held for whomever among them."""
        return dict(self._sets.get((occasion, category), {}))

    def across(self, occasion: str) -> float:
        """How far it is across the seat map of an occasion; 0 without a picture."""
        plan = self._maps.of_match(match_of(occasion)) if self._maps else None
        return plan.diagonal if plan else 0.0

    def copy(self) -> Pool:
        """A pool of its own to take from."""
        twin = object.__new__(Pool)
        twin.client_key, twin._maps = self.client_key, self._maps
        twin._sets, twin._with_holds, twin.refused = (
            dict(self._sets),
            self._with_holds,
            self.refused,
        )
        return twin


def not_for_sale(unit: Unit) -> str:
    """Why the seat map keeps a unit from being sold; empty where it does not."""
    kind = next((one for one in unit.restrictions if one in states.NOT_FOR_SALE), "")
    return f"its seat is {kind} on the seat map" if kind else ""


def load_units(
    snapshot: Snapshot,
    matches: Collection[str],
    wanted: pl.Expr,
    *,
    today: datetime | None = None,
    maps: StoredMaps | None = None,
) -> list[Unit]:
    """The units of these matches for which `wanted` holds, in SetPos order. maps: the seat maps of
    the workbook, if the caller has read them already."""
    maps = maps if maps is not None else StoredMaps(snapshot)
    frame = (
        snapshot[UNITS]
        .frame.select(_COLUMNS)
        .filter(
            pl.col("unit_id").is_not_null(),
            pl.col("match").is_in(list(matches)) | ~pl.col("match").str.contains(r"^M\d{2,3}$"),
        )
    )
    seats = _seat_positions(frame)
    bought = ("price", "currency", "date", "notes")
    owners = Owners.among(
        snapshot[PURCHASES], bought, lambda row: Purchase(*(row[name] for name in bought))
    )
    held = active_holds(snapshot, today)
    sub_games, ranks = SubGames.of(snapshot), ranks_of(snapshot)
    rows = frame.filter(wanted).sort("set_pos", "row", nulls_last=True).iter_rows(named=True)
    return [
        _unit(
            values,
            sub_games.occasion(ids.normalise_match(values["match"]), values["sub_game"]),
            ranks,
            owners.of_unit(values) or NO_PURCHASE,
            seats,
            held,
            maps.of_match(ids.normalise_match(values["match"])) if maps else None,
        )
        for values in rows
    ]


def standing_holds(snapshot: Snapshot, today: datetime | None) -> pl.DataFrame:
    """The rows of _HOLDS that nobody released and whose last day is not past; today: None where
    days do not count."""
    frame = snapshot[HOLDS].frame.filter(
        pl.col("released_at").is_null(), pl.col("unit_id").is_not_null()
    )
    if today is None:
        return frame
    return frame.filter(
        pl.col("until").is_null()
        | (pl.col("until") >= datetime(today.year, today.month, today.day))
    )


def active_holds(snapshot: Snapshot, today: datetime | None) -> dict[str, str]:
    """{UnitID: client it is held for, as it is compared}. A hold ends by itself after its last day."""
    key = client_keys(snapshot)
    held: dict[str, str] = {}
    for text, client in standing_holds(snapshot, today).select("unit_id", "client").iter_rows():
        for unit_id in held_units(text):
            held[unit_id] = key(client) or ""
    return held


def held_units(text: str) -> list[str]:
    """The UnitIDs that one cell of _HOLDS names."""
    return [text] if ids.UNIT_ID.fullmatch(text) else sorted(spelling.mentioned(text))


def _seat_positions(
    frame: pl.DataFrame,
) -> dict[tuple[str, str | None, str | None], dict[str, int]]:
    """{(match, block, row): {seat: position}} from every seat that is known, free or not."""
    known = frame.filter(
        pl.col("seat").is_not_null(),
        pl.col("seat_row").is_not_null() | pl.col("block").is_not_null(),
    )
    grouped = known.group_by("match", "block", "seat_row").agg(pl.col("seat").unique())
    return {
        (match, block, seat_row): order_in_row(seats)
        for match, block, seat_row, seats in grouped.iter_rows()
    }


def _unit(
    values: dict[str, Any],
    occasion: str,
    ranks: Ranks,
    purchase: Purchase,
    seats: dict[tuple[str, str | None, str | None], dict[str, int]],
    held: dict[str, str],
    plan: SeatMap | None,
) -> Unit:
    row_of_seats = (values["match"], values["block"], values["seat_row"])
    position = seats.get(row_of_seats, {}).get(values["seat"] or "")
    set_id, set_pos = values["set_id"] or "", values["set_pos"] or 0
    line: SeatLine = ("", values["block"] or "", values["seat_row"] or "")
    place = plan.find(*row_of_seats[1:], values["seat"]) if plan and values["seat"] else None
    kinds: tuple[str, ...] = ()
    if position is None:
        line, position = (set_id, *line[1:]), set_pos
    elif place is not None and plan is not None:
        line, position = (_ON_MAP, *place.line), place.position
        kinds = tuple(dict.fromkeys(one.kind for one in plan.restricted(place.key)))
    return Unit(
        values["row"],
        values["unit_id"],
        set_id,
        set_pos,
        values["vendor"],
        values["contract"],
        values["email"],
        values["login_id"],
        values["password"] or values["password_legacy"],
        values["block"],
        values["seat_row"],
        values["seat"],
        occasion,
        values["category"],
        values["status"],
        values["sales_id"],
        values["allocated_at"],
        values["alloc_note"],
        values["seats_given"],
        purchase,
        line,
        position,
        held.get(values["unit_id"]),
        values["inv_no"],
        ranks.rank(occasion, values["category"] or "") == 0,
        place,
        kinds,
    )
