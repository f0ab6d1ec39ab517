"""Looking at a seat map (§1b.2): of a venue, of a match for the office, for a sale, or for a client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ticketops.domain.allocation.targets import Target, find_target
from ticketops.domain.allocation.trust import Doubts
from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.masterdata.aliases import client_keys, clients
from ticketops.domain.masterdata.who import fold
from ticketops.domain.plan import Plan, Run
from ticketops.domain.seatmap import state
from ticketops.domain.seatmap.plan import SeatMap
from ticketops.domain.seatmap.state import MatchSeats, Onlooker
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.domain.seatmap.whose import Whose, required, whose
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import states
from ticketops.model.categories import match_of
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import same_name
from ticketops.model.seat_labels import seat_key
from ticketops.schema.layouts.event import DISTRIBUTION, SALES, UNITS
from ticketops.schema.tables import Snapshot

OFF_THE_MAP = "SEATS_OFF_MAP"


class Asked(Struct, frozen=True):
    """What is to be shown: texts as they were typed, blank where they were not."""

    match: str = ""
    venue: str = ""
    sale: str = ""
    client: str = ""
    category: str = ""


class View(Struct, frozen=True):
    """A seat map as somebody may see it. own: what OWN is called; category: which free seats are
    FREE."""

    seats: MatchSeats
    venue: str
    match: str | None
    sale: str | None
    client: str | None
    category: str | None
    as_of: datetime
    own: str = ""

    @property
    def title(self) -> str:
        """`M12 · Lusail Stadium · S147`."""
        parts = (self.match, self.venue, self.sale, self.client)
        return " · ".join(filter(None, parts)) or "Seat map"


@dataclass(frozen=True, slots=True)
class BlockSeats:
    """A block; counts: {state: seats}."""

    block: str
    seats: int
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class SeatBand:
    """Units or tickets without a seat number; row: None for the whole block."""

    block: str
    row: str | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class SeatOnMap:
    """A seat of the block that was asked for."""

    block: str
    row: str
    seat: str
    state: str
    category: str | None
    restrictions: list[str]
    ticket: str | None


@dataclass(frozen=True, slots=True)
class ShownMap:
    """`seatmap show`. counts: {state: seats}; elsewhere: units whose place the map lacks; placeless:
    units without any place; places: the seats of --block; path: the file that was written."""

    venue: str
    match: str | None
    sale: str | None
    client: str | None
    category: str | None
    as_of: datetime
    seats: int
    counts: dict[str, int]
    blocks: list[BlockSeats]
    bands: list[SeatBand]
    elsewhere: int
    placeless: int
    places: list[SeatOnMap]
    path: str | None


def plan_show(snapshot: Snapshot, run: Run, asked: Asked) -> Plan:
    """The map with what is on its seats; the result is a View.

    Raises UsageError where neither a match, a sale nor a venue is named, NotFoundError for what the
    workbook lacks, RuleError for a sale of another match, client or category, UnclearNameError.
    """
    maps = StoredMaps(snapshot)
    limited = run.scope is not None and run.scope.clients is not None
    if asked.venue:
        if asked.match or asked.sale or asked.client:
            raise UsageError("--venue goes with none of --match, --sale and --client")
        meant = whose(snapshot, maps, asked.venue, "", run)
        plan = required(maps, meant)
        if limited:
            seen = [one for one in plan.restrictions if one.kind not in states.NOT_FOR_SALE]
            plan = replace(plan, restrictions=tuple(seen))
        view = View(state.of_venue(plan), plan.venue, None, None, None, None, run.now)
        return Plan(result=view, findings=meant.said + ([] if limited else maps.findings))
    if not (asked.match or asked.sale):
        raise UsageError(
            "name a match, a sale or a venue", "--match M12, --sale S147 or --venue NAME"
        )
    doubts = None if limited or asked.client else Doubts.of(snapshot)
    target = find_target(snapshot, asked.sale, doubts or Doubts()) if asked.sale else None
    occasion = _occasion(snapshot, asked.match, target, run)
    plan = map_of(maps, occasion)
    if limited or asked.client:
        view = _for_client(snapshot, run, asked, plan, occasion, target)
        return Plan(result=view, findings=off_the_map(view, "ticket"))
    category = _category(snapshot, asked.category, target, occasion, run)
    keys = client_keys(snapshot)
    who = Onlooker(
        target.sales_id if target else "", category or "", keys(target.client) if target else None
    )
    seats = state.of_office(snapshot, plan, occasion, run.now, who, doubts)
    own = f"Tickets of {who.sale}" if who.sale else ""
    view = View(seats, plan.venue, occasion, who.sale or None, None, category, run.now, own)
    return Plan(result=view, findings=maps.findings + off_the_map(view, "unit"))


def map_of(maps: StoredMaps, occasion: str) -> SeatMap:
    """The map of a match or sub-game. Raises NotFoundError."""
    match = match_of(occasion)
    return required(maps, Whose(maps.venue_of(match) or "", match))


def off_the_map(view: View, noun: str) -> list[Finding]:
    """Units, or a client's tickets, whose seats the map lacks."""
    number = view.seats.elsewhere
    if not number:
        return []
    message = f"{counted(number, noun)} of {view.match} {'has' if number == 1 else 'have'} a seat that the seat map lacks"
    return [Finding(OFF_THE_MAP, Severity.MEDIUM, message, UNITS, match=view.match or "")]


def _occasion(snapshot: Snapshot, text: str, target: Target | None, run: Run) -> str:
    if not text:
        assert target is not None
        return target.occasion
    (occasion,) = filtered(snapshot, DISTRIBUTION, [text], run.chosen)
    sub_games = SubGames.of(snapshot)
    if "/" not in occasion and sub_games.must_say(occasion):
        if target is not None and match_of(target.occasion) == occasion:
            return target.occasion
        listed = ", ".join(sub_games.listed(occasion))
        raise RuleError(f"{occasion} has several sub-games", f"write one of {listed}")
    if target is not None and target.occasion != occasion:
        raise RuleError(f"{target.sales_id} is a sale of {target.occasion}, not of {occasion}")
    return occasion


def _category(
    snapshot: Snapshot, text: str, target: Target | None, occasion: str, run: Run
) -> str | None:
    """The category whose free seats are meant: the one that serves the sale, else the one typed."""
    if target is None:
        known = Catalogue.of(snapshot, SALES, UNITS, chosen=run.chosen)
        match, _slash, sub_game = occasion.partition("/")
        return known.category(match, text, sub_game or None) if text else None
    if text and not same_name(text, target.category):
        raise RuleError(f"{target.sales_id} is served from {target.category}, not from {text!r}")
    return target.category


def _for_client(
    snapshot: Snapshot, run: Run, asked: Asked, plan: SeatMap, occasion: str, target: Target | None
) -> View:
    """What a client sees, or a user who is limited to some clients: their own seats alone."""
    if asked.category:
        raise UsageError("--category is for the office: a client sees its own seats only")
    companies: Collection[str] | None = None
    name = None
    if asked.client:
        directory = clients(snapshot, run.chosen)
        found = directory.find(asked.client, insist="")
        if found.how == "new":
            raise NotFoundError(
                f"there is no client {asked.client!r}", "`ticketops client list` lists all"
            )
        name = directory.owner(found.name)
        column = snapshot[DISTRIBUTION].frame["company"].drop_nulls().unique()
        companies = [one for one in column if fold(directory.owner(one)) == fold(name)]
        if target is not None and (target.client or "") not in companies:
            raise RuleError(f"{target.sales_id} is not a sale of {name}")
    sale = target.sales_id if target else ""
    seats = state.of_client(snapshot, plan, occasion, companies, sale)
    return View(seats, plan.venue, occasion, sale or None, name, None, run.now, "Your tickets")


def shown(view: View, block: str = "", path: str | None = None) -> ShownMap:
    """What people and `--json` are told of a view. Raises NotFoundError for a block that the map
    lacks."""
    names: dict[str, str] = {}
    blocks: dict[str, Counter[str]] = {}
    places = []
    wanted = seat_key(block) if block else None
    for row, found in view.seats.rows():
        key = row.key[0]
        names.setdefault(key, row.block)
        blocks.setdefault(key, Counter()).update(one.state for one in found if one)
        if key == wanted:
            places += [
                SeatOnMap(
                    *(row.block, row.row, label, one.state, one.category or None),
                    list(one.restrictions),
                    one.ticket or None,
                )
                for label, one in zip(row.labels, found, strict=True)
                if one
            ]
    if wanted is not None and wanted not in blocks:
        some = ", ".join(list(names.values())[:12])
        raise NotFoundError(
            f"the seat map has no block {block!r}",
            f"it has {some}{' …' if len(names) > 12 else ''}",
        )
    order = state.SEAT_STATES.index
    lines = [
        BlockSeats(
            names[key], counts.total(), dict(sorted(counts.items(), key=lambda one: order(one[0])))
        )
        for key, counts in blocks.items()
    ]
    whole: Counter[str] = Counter()
    for line in lines:
        whole.update(line.counts)
    return ShownMap(
        *(view.venue, view.match, view.sale, view.client, view.category, view.as_of),
        whole.total(),
        dict(sorted(whole.items(), key=lambda one: order(one[0]))),
        lines,
        [SeatBand(one.block, one.row or None, dict(one.counts)) for one in view.seats.bands],
        view.seats.elsewhere,
        view.seats.placeless,
        places,
        path,
    )
