"""The use cases of seat maps (§1b, D28)."""

from __future__ import annotations

from ticketops.domain.plan import Plan, Run
from ticketops.domain.seatmap import checking, importing, listing, restrictions, zones
from ticketops.domain.seatmap.plan import SeatMap
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import CATEGORIES, EVENTS, PURCHASES, SCHEDULE, UNITS, VENUES
from ticketops.schema.tables import Snapshot
from ticketops.services.sheet_groups import SEAT_MAPS

_MAPS = (*SEAT_MAPS, SCHEDULE, VENUES)
"""What says which seats a match has. venue, match of the jobs below: "" where they are not given."""
_CATEGORIES = (PURCHASES, CATEGORIES, EVENTS)


def seatmap_list(venue: str, match: str, which: listing.Which) -> Job:
    return Job(
        "seatmap.list",
        lambda snapshot, run: listing.seat_list(snapshot, venue, match, which, run),
        (),
        _MAPS,
        effect=Effect.READS,
    )


def seatmap_import(read: importing.Read, venue: str, match: str, options: importing.Options) -> Job:
    return Job(
        "seatmap.import",
        lambda snapshot, run: importing.plan_import(snapshot, read, venue, match, options, run),
        (),
        _MAPS,
        f"seatmap import {read.label}",
    )


def seatmap_export(venue: str, match: str, keep: list[SeatMap]) -> Job:
    """keep: gets the map that is to be written."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        made = listing.seat_map(snapshot, venue, match, run)
        keep[:] = [made.result[1]]
        made.result = made.result[0]
        return made

    return Job("seatmap.export", plan, (), _MAPS, effect=Effect.READS)


def seatmap_zones(venue: str, match: str, wanted: zones.Wanted) -> Job:
    return Job(
        "seatmap.zones",
        lambda snapshot, run: zones.plan_zones(snapshot, venue, match, wanted, run),
        (),
        (*_MAPS, *_CATEGORIES),
    )


def seatmap_zones_list(venue: str, match: str) -> Job:
    return Job(
        "seatmap.zones.list",
        lambda snapshot, run: zones.zone_list(snapshot, venue, match, run),
        (),
        _MAPS,
        effect=Effect.READS,
    )


def seatmap_restrict(venue: str, match: str, wanted: restrictions.Wanted) -> Job:
    return Job(
        "seatmap.restrict",
        lambda snapshot, run: restrictions.plan_restrict(snapshot, venue, match, wanted, run),
        (),
        _MAPS,
    )


def seatmap_restrict_list(venue: str, match: str) -> Job:
    return Job(
        "seatmap.restrict.list",
        lambda snapshot, run: restrictions.restriction_list(snapshot, venue, match, run),
        (),
        _MAPS,
        effect=Effect.READS,
    )


def seatmap_check(venue: str, match: str) -> Job:
    return Job(
        "seatmap.check",
        lambda snapshot, run: checking.check(snapshot, venue, match, run),
        (),
        (*_MAPS, UNITS, PURCHASES),
        effect=Effect.READS,
    )
