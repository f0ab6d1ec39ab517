"""Seat maps as the workbook keeps them, and whose map a match has (D28).

A match with rows of its own has those, else those of its venue; zones likewise. Restrictions of the
match stand beside those of its venue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ticketops.domain.masterdata.who import fold
from ticketops.domain.seatmap.plan import Area, Restriction, RowOfSeats, SeatMap, Zone
from ticketops.model import ids, spelling
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import SCHEDULE, SEAT_RESTRICTIONS, SEAT_ROWS, SEAT_ZONES
from ticketops.schema.tables import Snapshot

UNCLEAR = "SEAT_MAP_UNCLEAR"
T = TypeVar("T", RowOfSeats, Zone, Restriction)


class StoredMaps:
    """The seat maps of a workbook. findings: rows of them that are not understood; those count for
    nothing.

    Whatever names a match is that match's, whichever venue stands beside it.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.findings: list[Finding] = []
        self._names: dict[str, str] = {}
        self._rows = self._read(snapshot, SEAT_ROWS, _row)
        self._zones = self._read(snapshot, SEAT_ZONES, _zone)
        self._restrictions = self._read(snapshot, SEAT_RESTRICTIONS, _restriction)
        self._venues = _venues_of_matches(snapshot, self._names) if self._rows else {}
        self._made: dict[tuple[str, str | None], SeatMap | None] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    @property
    def venues(self) -> list[str]:
        """The venues that have a map, in the order of the sheet."""
        return [self._names[key] for key in self._rows if key in self._names]

    @property
    def matches(self) -> list[str]:
        """The matches that have a map of their own."""
        return [key for key in self._rows if key not in self._names]

    @property
    def all(self) -> list[SeatMap]:
        """Each map that has rows of its own: of venues, and of single matches."""
        return [
            made
            for key in self._rows
            if (made := self.of_venue(key) if key in self._names else self.of_match(key))
        ]

    def of_match(self, match: str) -> SeatMap | None:
        """The map of a match (its ID); None where there is none."""
        match = ids.normalise_match(match)
        return self._make(self._venues.get(match, ""), match)

    def of_venue(self, venue: str) -> SeatMap | None:
        """The map of a venue, by its name in any spelling; None where there is none."""
        return self._make(fold(venue), None)

    def venue_of(self, match: str) -> str | None:
        """The name of the venue with a map at which a match is played."""
        return self._names.get(self._venues.get(ids.normalise_match(match), ""))

    def played_at(self, venue: str) -> list[str]:
        """The matches that the schedule has at a venue with a map, in its order."""
        return [match for match, name in self._venues.items() if name == fold(venue)]

    def own_zones(self, owner: str) -> bool:
        """Whether a match, by its ID, has zones of its own."""
        return bool(self._zones.get(owner))

    def own_restrictions(self, owner: str) -> list[Restriction]:
        """The restrictions of a match (its ID), or of a venue, without each other's."""
        return list(self._restrictions.get(owner) or self._restrictions.get(fold(owner)) or [])

    def _make(self, venue: str, match: str | None) -> SeatMap | None:
        key = (venue, match)
        if key not in self._made:
            own = match or ""
            rows = self._rows.get(own) or self._rows.get(venue) or []
            zones = self._zones.get(own) or self._zones.get(venue) or []
            known = [*self._restrictions.get(venue, []), *self._restrictions.get(own, [])]
            name = self._names.get(venue, "")
            self._made[key] = (
                SeatMap(name, match, tuple(rows), tuple(zones), tuple(known)) if rows else None
            )
        return self._made[key]

    def _read(
        self, snapshot: Snapshot, sheet: str, make: Callable[[Mapping[str, Any]], T]
    ) -> dict[str, list[T]]:
        """{the match, or the folded name of the venue: what stands there}."""
        found: dict[str, list[T]] = {}
        for cells in snapshot[sheet].frame.iter_rows(named=True):
            venue, match = cells["venue"] or "", spelling.match(cells["match"] or "")
            try:
                if not venue and not match:
                    raise ValueError("neither a venue nor a match stands there")
                found.setdefault(match or fold(venue), []).append(make(cells))
            except ValueError as error:
                message = f"{sheet} row {cells['row']}: {error}: it counts for nothing"
                self.findings.append(Finding(UNCLEAR, Severity.HIGH, message, sheet, cells["row"]))
            if venue and not match:
                self._names.setdefault(fold(venue), venue)
        return found


def _row(cells: Mapping[str, Any]) -> RowOfSeats:
    if not cells["seats"]:
        raise ValueError("it names no seats")
    x1, y1, x2, y2 = (cells[name] for name in ("x1", "y1", "x2", "y2"))
    start = None if x1 is None or y1 is None else (float(x1), float(y1))
    end = None if x2 is None or y2 is None else (float(x2), float(y2))
    row = RowOfSeats(cells["block"] or "", cells["seat_row"] or "", cells["seats"], start, end)
    if len(row.labels) == 1:
        return RowOfSeats(row.block, row.row, row.seats, start or end, start or end)
    if start is None or end is None:
        return RowOfSeats(row.block, row.row, row.seats)
    return row


def _area(cells: Mapping[str, Any]) -> Area:
    area = Area(*(cells[name] or "" for name in ("blocks", "rows", "seats")))
    area.understood()
    return area


def _zone(cells: Mapping[str, Any]) -> Zone:
    if not cells["category"]:
        raise ValueError("it names no category")
    category = cells["category"]
    return Zone(spelling.category(category) or category, _area(cells))


def _restriction(cells: Mapping[str, Any]) -> Restriction:
    if not cells["restriction"]:
        raise ValueError("it names no restriction")
    return Restriction(cells["restriction"], _area(cells), cells["note"] or "")


def _venues_of_matches(snapshot: Snapshot, names: Mapping[str, str]) -> dict[str, str]:
    """{match: folded name of the venue that has a map}. names: {folded: as written}. The schedule's
    cell says the city, too; of two venues that it holds the longer name counts."""
    frame = snapshot[SCHEDULE].frame.select("match", "city").drop_nulls()
    found: dict[str, str] = {}
    spelt: dict[str, str | None] = {}
    for match, text in frame.iter_rows():
        if text not in spelt:
            inside = [name for name in names if f" {name} " in f" {fold(text)} "]
            spelt[text] = max(inside, key=len) if inside else None
        if (venue := spelt[text]) and (match_id := spelling.match(match)):
            found.setdefault(match_id, venue)
    return found
