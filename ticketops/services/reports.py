"""The use cases that report: audit, position, status. `--write` puts them into their sheets."""

from __future__ import annotations

from typing import Any

from ticketops.books.reports import audit_grid, position_grid
from ticketops.domain import overview
from ticketops.domain.audit import checks
from ticketops.domain.plan import Plan, Run
from ticketops.domain.position import position
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import ALLOCATION_AUDIT, DISTRIBUTION, PURCHASES, REPORT_POSITION, SALES, UNITS
from ticketops.services.transaction import Job
from ticketops.stores.base import Store


def audit_job(*, write: bool) -> Job:
    """The audit of §12a; written into _ALLOCATION_AUDIT where asked for."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        result, findings = checks.audit(snapshot)
        made = Plan(findings=findings, result=result)
        if write:
            units = snapshot[UNITS].frame.select("unit_id", "row").drop_nulls()
            rows = dict(zip(units["unit_id"], units["row"], strict=True))
            made.changes.replace(ALLOCATION_AUDIT, (), audit_grid(result, findings, rows, run.now))
        return made

    return Job("audit run", (DISTRIBUTION, UNITS, ALLOCATION_AUDIT) if write else (DISTRIBUTION, UNITS), plan)


def position_job(*, write: bool) -> Job:
    """The position report of §11 and D8; written into _REPORT_POSITION where asked for."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        made = Plan(result=position(snapshot))
        if write:
            made.changes.replace(REPORT_POSITION, (), position_grid(made.result, run.now))
        return made

    return Job("report position", (DISTRIBUTION, UNITS, REPORT_POSITION) if write else (DISTRIBUTION, UNITS), plan)


def status(store: Store) -> dict[str, Any]:
    """The six figures, what waits, and the next actions: everything of `ticketops status`."""
    return overview.overview(store.read(DISTRIBUTION, UNITS, SALES, PURCHASES))
