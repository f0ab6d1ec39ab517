"""Which seats units have, and whose a seat is (§3): one seat is one unit's."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ticketops.domain.catalogue.follow import SEAT, shown
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.model import ids
from ticketops.schema.layouts.event import UNITS
from ticketops.schema.tables import Snapshot

_Place = tuple[str, ...]


class TakenSeats:
    """{seat of a match or sub-game: the unit that has it}. Of units that share one the first
    counts."""

    def __init__(self, snapshot: Snapshot, but: Collection[str] = ()) -> None:
        """but: UnitIDs that are left out, since they are given other seats."""
        self._sub_games = SubGames.of(snapshot)
        self._owners: dict[_Place, str] = {}
        frame = snapshot[UNITS].frame.select("match", "sub_game", *SEAT, "unit_id")
        for match, sub_game, *seat, unit_id in frame.drop_nulls(["match", "seat"]).iter_rows():
            if unit_id not in but:
                self._owners.setdefault(self._place(match, sub_game, seat), unit_id or "a unit")

    def take(self, match: str, sub_game: str | None, seat: Iterable[str | None], owner: str) -> str:
        """Who has a seat already, empty where nobody has: then it is the owner's from now on. A place
        without a number is nobody's."""
        *where, number = seat
        if not number:
            return ""
        place = self._place(match, sub_game, (*where, number))
        if place not in self._owners:
            self._owners[place] = owner
            return ""
        return self._owners[place]

    def named(self, match: str, sub_game: str | None, seat: Iterable[str | None]) -> str:
        """A seat for people: `101/C/12 of M01`."""
        return f"{shown(seat)} of {self._sub_games.occasion(match, sub_game)}"

    def _place(self, match: str, sub_game: str | None, seat: Iterable[str | None]) -> _Place:
        code = ids.normalise_match(match) if match else ""
        occasion = self._sub_games.occasion(code, sub_game)
        return occasion, *((part or "").casefold() for part in seat)
