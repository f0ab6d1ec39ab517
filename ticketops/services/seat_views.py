"""The use cases of looking at seat maps, and of choosing seats on one (§1b.2)."""

from __future__ import annotations

from ticketops.domain.seatmap.showing import Asked, plan_show
from ticketops.domain.seatmap.stored import SHEETS
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    HOLDS,
    SALES,
    SCHEDULE,
    UNITS,
)


def seatmap_show(asked: Asked) -> Job:
    """A seat map as the user may see it."""
    return Job(
        "seatmap.show",
        lambda snapshot, run: plan_show(snapshot, run, asked),
        (DISTRIBUTION, UNITS, SALES),
        (SCHEDULE, HOLDS, ALIASES, CLIENTS, *SHEETS),
        effect=Effect.READS,
    )
