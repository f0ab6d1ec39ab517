"""The use case of `doctor`: examine a workbook against the manifest, and add what is missing."""

from __future__ import annotations

from ticketops.domain import conformance
from ticketops.domain.plan import Plan, Run
from ticketops.model.findings import count_by_code
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import MANIFEST, Manifest
from ticketops.services.transaction import Job
from ticketops.stores.base import Store


def job(store: Store, *, fix: bool, manifest: Manifest = MANIFEST) -> Job:
    """`fix`: add missing sheets and columns. The findings are those of the workbook as it is before."""

    def plan(snapshot: Snapshot, _run: Run) -> Plan:
        names = store.sheet_names()
        raw = store.raw_rows(*(sheet.name for sheet in manifest))
        findings = conformance.examine(manifest, names, snapshot.tables, raw)
        made = Plan(findings=findings)
        if fix:
            made.changes = conformance.additions(manifest, names, snapshot.tables, raw)
            mended = {"MISSING_SHEET", "MISSING_COLUMN"} if made.changes else set()
            mended_sheets = set(made.changes.sheets)
            made.findings = [f for f in findings if not (f.code in mended and f.sheet in mended_sheets)]
        added = [{"sheet": change.sheet, "columns": list(getattr(change, "columns", ()))} for change in made.changes]
        made.result = {"sheets": len(names), "issues": len(made.findings), "by_code": count_by_code(made.findings), "added": added}
        return made

    return Job("doctor --fix" if fix else "doctor", tuple(sheet.name for sheet in manifest), plan, strict=False)
