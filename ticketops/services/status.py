"""The use case behind `status`: where the event stands and what to do next. Apart from the reports,
which need neither the allocation nor dispatch."""

from __future__ import annotations

from ticketops.config import Settings
from ticketops.domain.dispatch.state import QUEUES
from ticketops.domain.reporting import status
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import (
    CLOCK,
    DISTRIBUTION,
    NOTIFICATION_LOG,
    PURCHASES,
    REFUNDS,
    SALES,
    UNITS,
    VENDOR_CREDENTIALS,
    VENUES,
)
from ticketops.services.sheet_groups import ALLOCATING_RULES


def status_job(settings: Settings) -> Job:
    """The six figures, what waits, and the next actions: everything of `ticketops status`."""
    return Job(
        "status",
        lambda snapshot, run: status.overview(
            snapshot,
            run,
            run.buffer_hours(settings.dispatch_buffer_hours),
            settings.medal_hours_earlier,
        ),
        (DISTRIBUTION, UNITS, SALES, PURCHASES),
        tuple(
            dict.fromkeys(
                (
                    *ALLOCATING_RULES,
                    *QUEUES,
                    *(VENDOR_CREDENTIALS, REFUNDS, VENUES, NOTIFICATION_LOG, CLOCK),
                )
            )
        ),
        effect=Effect.READS,
    )
