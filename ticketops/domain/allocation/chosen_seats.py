"""Seats that a person chose for a sale (§1b.2, line 5): the units on them, or why one can't be had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ticketops.domain.allocation.plans import Chunk
from ticketops.domain.allocation.pool import Unit
from ticketops.domain.allocation.proposals import Proposer
from ticketops.domain.allocation.targets import Target
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.seatmap.places import Place, write_places
from ticketops.domain.seatmap.plan import Key, key_of
from ticketops.domain.seatmap.state import SEAT, tickets_of_units
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, states
from ticketops.model.display import counted
from ticketops.schema.layouts.event import SEAT_RESTRICTIONS, SEAT_ROWS, SEAT_ZONES, UNITS
from ticketops.schema.tables import Snapshot

_GONE = (states.CANCELLED, states.REPLACED)


def chunks_on(
    snapshot: Snapshot, proposer: Proposer, target: Target, places: Sequence[Place]
) -> tuple[Chunk, ...]:
    """The free units on these seats, in chunks of a set.

    Raises RuleError where there are more than tickets without a unit, and for a seat that the sale
    can't get: taken, held for another, of another category, not for sale, kept out; NotFoundError
    where no unit of its match is there.
    """
    wanted = target.sold.quantity
    if len(places) > wanted:
        raise RuleError(
            f"{target.sales_id} has {counted(wanted, 'ticket')} without a unit, but {counted(len(places), 'seat')} are named",
            "name fewer seats",
        )
    free: dict[Key, list[tuple[str, Unit]]] = {}
    for set_id, units in proposer.sets(target).items():
        for unit in units:
            free.setdefault(key_of(unit.block, unit.seat_row, unit.seat), []).append((set_id, unit))
    _require_for_sale(snapshot, target, places)
    chunks: dict[str, list[Unit]] = {}
    for place in places:
        found = free.get(key_of(*place), [])
        if not found:
            raise _why(snapshot, proposer, target, place)
        if len(found) > 1:
            names = " and ".join(unit.unit_id for _set, unit in found[:2])
            raise RuleError(
                f"{names} have the same seat {_said(place)}", "`unit seat` corrects one"
            )
        set_id, unit = found[0]
        chunks.setdefault(set_id, []).append(unit)
    return tuple(
        Chunk(set_id, tuple(sorted(units, key=lambda unit: (unit.set_pos, unit.row))))
        for set_id, units in chunks.items()
    )


def _require_for_sale(snapshot: Snapshot, target: Target, places: Iterable[Place]) -> None:
    """Raises RuleError for a seat that the map of the match withholds (MEDIA, HELD)."""
    if not all(sheet in snapshot for sheet in (SEAT_ROWS, SEAT_ZONES, SEAT_RESTRICTIONS)):
        return
    plan = StoredMaps(snapshot).of_match(target.match)
    for place in places if plan else ():
        assert plan is not None
        kinds = [
            one.kind for one in plan.restricted(key_of(*place)) if one.kind in states.NOT_FOR_SALE
        ]
        if kinds:
            raise RuleError(
                f"{_said(place)} is not for sale: the seat map says {kinds[0]}",
                "`ticketops seatmap restrict` changes that",
            )


def _why(
    snapshot: Snapshot, proposer: Proposer, target: Target, place: Place
) -> RuleError | NotFoundError:
    """Why a seat is not among the free ones of the sale."""
    said = _said(place)
    hint = f"`ticketops allocate seats {target.sales_id}` shows which can be had"
    sub_games = SubGames.of(snapshot)
    tickets = tickets_of_units(snapshot)
    columns = ("row", "unit_id", "category", "status", "sales_id", "match", "sub_game")
    frame = snapshot[UNITS].frame.select(*columns, *SEAT).drop_nulls("match")
    for _row, unit_id, category, status, sales_id, match, sub_game, *seat in frame.iter_rows():
        if key_of(*seat) != key_of(*place) or status in _GONE:
            continue
        if sub_games.occasion(ids.normalise_match(match), sub_game) != target.occasion:
            continue
        if ticket := tickets.get(unit_id) or sales_id:
            return RuleError(f"{said} is taken by {ticket}", hint)
        if unit_id in proposer.pool.refused:
            return RuleError(f"{said} is kept out: {proposer.pool.refused[unit_id].why}", hint)
        if status is not None and status not in states.UNIT_STATUS:
            return RuleError(f"{said} is kept out: the Status of {unit_id} is not understood", hint)
        if status not in (None, states.AVAILABLE):
            return RuleError(f"{said} is {status}: {unit_id}", hint)
        if category != target.category:
            return RuleError(
                f"{said} is {category or 'of no category'}, and {target.sales_id} is served from {target.category}",
                hint,
            )
        return RuleError(f"{said} is held for another client", hint)
    return NotFoundError(f"there is no unit of {target.occasion} on the seat {said}", hint)


def _said(place: Place) -> str:
    return write_places([place])
