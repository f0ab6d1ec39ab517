"""The use cases of seat maps (§1b, D28)."""

from __future__ import annotations

from ticketops.domain.seatmap import listing
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import (
    SCHEDULE,
    SEAT_RESTRICTIONS,
    SEAT_ROWS,
    SEAT_ZONES,
    VENUES,
)

MAPS = (SEAT_ROWS, SEAT_ZONES, SEAT_RESTRICTIONS, SCHEDULE, VENUES)
"""What says which seats a match has."""


def seatmap_list(venue: str, match: str, which: listing.Which) -> Job:
    """venue, match: "" where they are not given."""
    return Job(
        "seatmap.list",
        lambda snapshot, run: listing.seat_list(snapshot, venue, match, which, run),
        (),
        MAPS,
        effect=Effect.READS,
    )
