"""Seats and maps that several tests make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.desk import Desk
from ticketops.config import Settings
from ticketops.domain.seatmap.importing import Options, Read
from ticketops.domain.seatmap.pieces import pieces_of
from ticketops.domain.seatmap.plan import SeatMap
from ticketops.domain.seatmap.spots import SeatSpot, Spots
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.schema.layouts.event import SCHEDULE
from ticketops.services import schedule, seatmaps
from ticketops.services.sheet_groups import SEAT_MAPS

VENUE = "Estadio Azteca"


def drawn(blocks: Sequence[str] = ("101",), rows: str = "AB", seats: int = 4) -> list[SeatSpot]:
    """Blocks beside one another, rows below one another, one unit apart."""
    return [
        SeatSpot(block, row, str(seat), at * (seats + 2.0) + seat, float(line))
        for at, block in enumerate(blocks)
        for line, row in enumerate(rows)
        for seat in range(1, seats + 1)
    ]


def map_of(spots: Sequence[SeatSpot]) -> SeatMap:
    """The map that such seats become, without zones."""
    return SeatMap(VENUE, None, tuple(pieces_of(spots)))


class MapDesk(Desk):
    """Works on a workbook with two matches at one venue and one at another."""

    def __init__(self) -> None:
        super().__init__()
        for code, venue in (("M01", VENUE), ("M02", VENUE), ("M03", "Estadio Akron")):
            given = {
                "date": datetime(2026, 6, 20),
                "home": "Spain",
                "away": "Ghana",
                "venue": venue,
            }
            self.do(schedule.schedule_add(code, given, Settings(), new=True))

    def take(self, spots: Sequence[SeatSpot], *more: Any, **named: Any) -> Any:
        """Import a map; the plan. What may be said besides is that of `job`."""
        return self.do(self.job(spots, *more, **named))

    def job(
        self,
        spots: Sequence[SeatSpot],
        venue: str = VENUE,
        match: str = "",
        named: str = "",
        options: Options | None = None,
    ) -> Any:
        """An import. named: the venue that its file names."""
        has = any(one.category for one in spots), any(one.restrictions for one in spots)
        read = Read("map.csv", "table", Spots(list(spots), [], [], named, *has))
        return seatmaps.seatmap_import(read, venue, match, options or Options())

    def maps(self) -> StoredMaps:
        """The maps of the workbook."""
        return StoredMaps(self.store.read(*SEAT_MAPS, SCHEDULE))

    def seats(self, match: str = "M01") -> set[tuple[str, str, str]]:
        """The seats of the map of a match."""
        one = self.maps().of_match(match)
        return {seat.key for seat in one} if one else set()
