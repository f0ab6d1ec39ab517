"""The use cases that report (§11). `report position --write` puts the position into its sheet."""

from __future__ import annotations

from ticketops.books.report_sheets import position_grid
from ticketops.domain.plan import Plan, Run
from ticketops.domain.reporting.position import plan_position
from ticketops.engine.job import Effect, Job
from ticketops.schema.layouts.event import DISTRIBUTION, REPORT_POSITION, UNITS
from ticketops.schema.tables import Snapshot


def position_job(*, write: bool) -> Job:
    """The position report of §11 and D8; written into _REPORT_POSITION where asked for."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        made = plan_position(snapshot, run)
        if write:
            made.changes.replace(REPORT_POSITION, (), position_grid(made.result, run.now))
        return made

    return Job(
        "report.position",
        plan,
        (DISTRIBUTION, UNITS),
        (REPORT_POSITION,) if write else (),
        effect=Effect.WRITES if write else Effect.READS,
    )
