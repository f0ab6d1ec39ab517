"""A ticket's flights, put together from the sheets that its booking's group is linked to whenever
somebody asks (document 001): nothing of it stands on the ticket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from ticketops.domain.issuance.clearance import Row
from ticketops.model.issuance import OUTBOUND, RETURN
from ticketops.schema.layouts.issuance import BLOCKS, FIT, GROUP_FLIGHTS, OFFERS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Segment:
    """A flight that a passenger takes. sheet, ref: where it is from."""

    sheet: str
    ref: str
    leg: int | None
    direction: str
    airline: str | None
    flight: str | None
    origin: str | None
    destination: str | None
    departs: datetime | None
    arrives: datetime | None
    pnr: str | None


class Deadline(Struct, frozen=True):
    """Until when the name must be final, and what says so: `GroupFlights GF1`."""

    at: datetime
    source: str


class Links(Struct, frozen=True):
    """What a passenger's ticket is linked to. flight: the GroupFlightID, "" where none is assigned;
    unclear: why none is, though the group has some. deadline: the earliest of those that apply."""

    flight: str
    legs: tuple[Row, ...]
    block: Row | None
    others: tuple[tuple[str, str, Row], ...]
    leg_pnr: str
    block_pnr: str
    flight_pnr: str
    return_pnr: str
    deadline: Deadline | None
    unclear: str = ""

    @property
    def airlines(self) -> frozenset[str]:
        """The airlines of its segments, in upper case."""
        rows = (*self.legs, *((self.block,) if self.block else ()), *(o[2] for o in self.others))
        return frozenset(row["airline"].upper() for row in rows if row["airline"])


class Flights:
    """The four sheets of flights, found by group, booking and ID. Links that many passengers share are
    made once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._legs: dict[str, list[Row]] = {}
        self._of_group: dict[str, dict[str, None]] = {}
        for row in snapshot[GROUP_FLIGHTS].frame.iter_rows(named=True):
            if key := fold(row["flight_id"]):
                self._legs.setdefault(key, []).append(row)
                self._of_group.setdefault(fold(row["group"]), {})[key] = None
        for rows in self._legs.values():
            rows.sort(key=lambda row: (row["direction"] == RETURN, row["leg"] or 0, row["row"]))
        self._blocks: dict[str, Row] = {}
        self._blocks_of: dict[str, list[Row]] = {}
        for row in snapshot[BLOCKS].frame.iter_rows(named=True):
            if key := fold(row["block_id"]):
                self._blocks.setdefault(key, row)
                self._blocks_of.setdefault(fold(row["group"]), []).append(row)
        self._others: dict[tuple[str, str], list[tuple[str, str, Row]]] = {}
        for sheet, key_column in ((FIT, "fit_id"), (OFFERS, "offer_id")):
            for row in snapshot[sheet].frame.iter_rows(named=True):
                at = ("booking_id", fold(row["booking_id"]))
                if not at[1]:
                    at = ("group", fold(row["group"]))
                self._others.setdefault(at, []).append((sheet, row[key_column] or "", row))
        self._made: dict[tuple[str, str, str, str], Links] = {}

    def of(self, passenger: Row | None, booking: Row | None) -> Links:
        """What a passenger of a booking is linked to."""
        named = fold(passenger["flight_id"]) if passenger else ""
        block = fold(passenger["block_id"]) if passenger else ""
        group = fold(booking["group"]) if booking else ""
        own = fold(booking["booking_id"]) if booking else ""
        if ("booking_id", own) not in self._others:
            own = ""  # then it is linked to what its group is
        key = (named, block, group, own)
        if key not in self._made:
            self._made[key] = self._links(*key)
        return self._made[key]

    def _links(self, named: str, block_id: str, group: str, booking: str) -> Links:
        flight, unclear = self._flight(named, group)
        legs = tuple(self._legs.get(flight, ()))
        block = self._block(block_id, legs, group)
        others = (
            *self._others.get(("booking_id", booking), ()),
            *(self._others.get(("group", group), ()) if group else ()),
        )
        outbound = [row for row in legs if row["direction"] != RETURN]
        back = [row for row in legs if row["direction"] == RETURN]
        return Links(
            legs[0]["flight_id"] if legs else "",
            legs,
            block,
            others,
            _first(outbound, "leg_pnr"),
            (block["pnr"] or "") if block else "",
            _first(legs, "pnr"),
            _first(back, "leg_pnr") or ((block["return_pnr"] or "") if block else ""),
            _earliest(legs, block, others),
            unclear,
        )

    def _flight(self, named: str, group: str) -> tuple[str, str]:
        """The key of the group flight, and why there is none."""
        if named:
            return (named, "") if named in self._legs else ("", f"{GROUP_FLIGHTS} has no {named}")
        of_group = tuple(self._of_group.get(group, ())) if group else ()
        if len(of_group) == 1:
            return of_group[0], ""
        why = "its group has several group flights, and GroupFlightID names none of them"
        return "", why if of_group else ""

    def _block(self, named: str, legs: Iterable[Row], group: str) -> Row | None:
        """The passenger's block, else that of its flight, else the only one of the group."""
        ids = [named] if named else [fold(row["block_id"]) for row in legs if row["block_id"]]
        if ids:
            return next((self._blocks[one] for one in ids if one in self._blocks), None)
        of_group = self._blocks_of.get(group, []) if group else []
        return of_group[0] if len(of_group) == 1 else None


def segments(links: Links) -> tuple[Segment, ...]:
    """The flights of a ticket: the legs of its group flight; where there are none, its block; and what
    else its booking or group is linked to."""
    found = [
        _segment(GROUP_FLIGHTS, row["flight_id"], row, row["leg_pnr"] or row["pnr"])
        for row in links.legs
    ]
    if links.block is not None and not found:
        found.append(_segment(BLOCKS, links.block["block_id"], links.block, links.block["pnr"]))
    found += [_segment(sheet, ref, row, row["pnr"]) for sheet, ref, row in links.others]
    return tuple(found)


def _segment(sheet: str, ref: str, row: Mapping[str, Any], pnr: str | None) -> Segment:
    return Segment(
        sheet,
        ref,
        row.get("leg"),
        row.get("direction") or OUTBOUND,
        row["airline"],
        row["flight"],
        row["origin"],
        row["destination"],
        row["departs"],
        row.get("arrives"),
        pnr,
    )


def _earliest(
    legs: Iterable[Row], block: Row | None, others: Iterable[tuple[str, str, Row]]
) -> Deadline | None:
    """The earliest deadline of all that a ticket is linked to."""
    named = [(GROUP_FLIGHTS, row["flight_id"], row) for row in legs]
    if block is not None:
        named.append((BLOCKS, block["block_id"], block))
    found = [
        Deadline(row["deadline"], f"{sheet} {ref}")
        for sheet, ref, row in (*named, *others)
        if row["deadline"] is not None
    ]
    return min(found, key=lambda one: one.at, default=None)


def _first(rows: Iterable[Row], column: str) -> str:
    return next((row[column] for row in rows if row[column]), "")


def fold(text: str | None) -> str:
    """An ID or a group for comparing: case is forgiven; "" for none."""
    return (text or "").casefold()
