"""The use cases that examine a workbook: audit, repair, doctor (§12a)."""

from __future__ import annotations

from dataclasses import dataclass

from ticketops.domain.audit.whole import whole
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.given import changed_ids
from ticketops.engine.job import Effect, Job
from ticketops.model.changes import AddColumns
from ticketops.model.findings import count_by_code
from ticketops.schema.layout import KINDS
from ticketops.schema.layouts.event import (
    ALIASES,
    ALLOCATION_AUDIT,
    CLIENTS,
    DISTRIBUTION,
    PURCHASE_META,
    PURCHASES,
    REPAIR_LOG,
    SALES,
    SCHEDULE,
    UNITS,
)
from ticketops.schema.tables import Snapshot
from ticketops.services.sheet_groups import SEAT_MAPS
from ticketops.stores.base import Store, as_spreadsheet


def audit_repair() -> Job:
    from ticketops.domain.audit import repair

    return Job(
        "audit.repair", repair.plan_repair, (DISTRIBUTION, UNITS), (REPAIR_LOG, SALES, PURCHASES)
    )


def audit_job(*, write: bool) -> Job:
    """The audit of §12a; written into _ALLOCATION_AUDIT where asked for."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        result, findings = whole(snapshot)
        made = Plan(findings=findings, result=result)
        if write:
            from ticketops.books.report_sheets import audit_grid

            units = snapshot[UNITS].frame.select("unit_id", "row").drop_nulls()
            rows = dict(zip(units["unit_id"], units["row"], strict=True))
            made.changes.replace(ALLOCATION_AUDIT, (), audit_grid(result, findings, rows, run.now))
        return made

    also = (SALES, PURCHASES, PURCHASE_META, SCHEDULE, ALIASES, CLIENTS, *SEAT_MAPS)
    return Job(
        "audit.run",
        plan,
        (DISTRIBUTION, UNITS),
        (*also, ALLOCATION_AUDIT) if write else also,
        effect=Effect.WRITES if write else Effect.READS,
    )


@dataclass(frozen=True, slots=True)
class Added:
    """What was missing and is added: columns of a sheet, or the sheet itself if no column is named."""

    sheet: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """`doctor`. sheets: number examined; issues: remaining findings, also by code."""

    sheets: int
    issues: int
    by_code: dict[str, int]
    added: tuple[Added, ...]


def doctor_job(store: Store, *, fix: bool) -> Job:
    """`fix`: add missing sheets and columns. The findings are those of the workbook as it is
    before. Raises UnusableError where it is no spreadsheet."""
    from ticketops.domain.audit import conformance
    from ticketops.domain.catalogue import times

    workbook = as_spreadsheet(store)

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        names, layout = workbook.sheet_names(), snapshot.layout
        lacking = any(sheet.name not in names and not sheet.extension for sheet in layout)
        raw = workbook.raw_rows(*(name for name in names if lacking or name in layout))
        tables = {sheet.name: snapshot[sheet.name] for sheet in layout}
        findings = conformance.examine(layout, names, tables, raw)
        if UNITS in snapshot and PURCHASE_META in snapshot:
            findings += changed_ids(snapshot)
        if SCHEDULE in snapshot:
            findings += times.not_understood(snapshot, misfits=False)
        made = Plan(findings=findings)
        if fix:
            made.changes = conformance.additions(layout, names, tables, raw)
            made.findings = list(conformance.remaining(findings, made.changes, layout))
        added = (
            Added(change.sheet, change.columns if isinstance(change, AddColumns) else ())
            for change in made.changes
        )
        made.result = Examined(
            len(names), len(made.findings), count_by_code(made.findings), tuple(added)
        )
        return made

    sheets = store.layout.names
    if fix:
        return Job(
            "doctor.fix", plan, optional=sheets, label="doctor --fix", strict=False, works_on=KINDS
        )
    return Job("doctor", plan, optional=sheets, effect=Effect.READS, strict=False, works_on=KINDS)
