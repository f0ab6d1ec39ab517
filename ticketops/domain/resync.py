"""Carrying out the reconciliation rows whose Process_Now is ticked (§12b, §14c). An allocated row is never removed."""

from __future__ import annotations

from ticketops.domain import reconciliation
from ticketops.domain.plan import Plan, Run
from ticketops.domain.sales import expand_rows
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, SALES_PARENT_RECON, SALES_RECON_AUDIT


def plan_apply(snapshot: Snapshot, run: Run) -> Plan:
    """Delete ticked DELETE_CANDIDATE rows and create ticked MISSING_IN_DIST rows, judged on the workbook as it is now.

    Ticks that can't be carried out stay, each with a finding. Both reconciliation sheets are brought up to date.
    """
    plan = Plan()
    now = {line.key: line for line in reconciliation.reconcile(snapshot).lines}
    ticked = _ticked(snapshot)
    done: set[tuple[int | None, str]] = set()
    deleted: dict[int, str] = {}
    sales_rows: set[int] = set()
    for key in ticked:
        line = now.get(key)
        if line is None or line.action == reconciliation.KEEP:
            done.add(key)
        elif line.action == reconciliation.DELETE_CANDIDATE and line.row is not None:
            done.add(key)
            deleted[line.row] = line.sales_id
        elif line.action == reconciliation.MISSING_IN_DIST and line.sale is not None:
            done.add(key)
            sales_rows.add(line.sale.row)
        else:
            message = f"{line.sales_id} is ticked but stays as it is: {line.reason}"
            plan.findings.append(Finding(line.action, Severity.HIGH, message, DISTRIBUTION, line.row, line.sales_id))
    plan.changes.delete(DISTRIBUTION, deleted)
    created = expand_rows(snapshot.after(plan.changes), run, only_rows=sales_rows)
    plan.changes.extend(created.changes)
    report = reconciliation.reconcile(snapshot.after(plan.changes), done=done)
    plan.changes.extend(report.changes)
    plan.result = {
        "ticked": len(ticked),
        "rows_deleted": len(deleted),
        "rows_created": created.result["rows_created"],
        "refused": len(plan.findings),
        "by_action": report.by_action,
    }
    return plan


def _ticked(snapshot: Snapshot) -> list[tuple[int | None, str]]:
    """The keys of the ticked rows of both sheets."""
    keys: dict[tuple[int | None, str], None] = {}
    for name in (SALES_RECON_AUDIT, SALES_PARENT_RECON):
        frame = snapshot[name].frame.select("dist_row", "sales_id", "process_now")
        for dist_row, sales_id, tick in frame.iter_rows():
            if tick:
                keys[dist_row, sales_id or ""] = None
    return list(keys)


def plan_run(snapshot: Snapshot, _run: Run) -> Plan:
    """Both reconciliation sheets anew (§12b); nothing else changes."""
    report = reconciliation.reconcile(snapshot)
    return Plan(report.changes, report.findings, {"by_action": report.by_action})
