"""Carrying out the reconciliation rows whose Process_Now is ticked (§12b, §14c). An allocated row
is never removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ticketops.domain.allocation.commit import set_sale_status
from ticketops.domain.allocation.targets import targets_of
from ticketops.domain.catalogue.follow import left_behind
from ticketops.domain.plan import Plan, Run
from ticketops.domain.selling import lines, reconciliation
from ticketops.domain.selling.driven import touched
from ticketops.domain.selling.sales import expand_typed
from ticketops.domain.ticket.line import status_of
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, SALES_PARENT_RECON, SALES_RECON_AUDIT
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the reconciliation found: {action: rows}, every action among them."""

    by_action: dict[str, int]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of the ticked rows: deleted, created again, refused (these stay unchanged), or
    such that nothing was to be done."""

    ticked: int
    rows_deleted: int
    rows_created: int
    refused: int
    needed_nothing: int
    by_action: dict[str, int]
    """What the reconciliation finds afterwards: {action: rows}."""


def plan_apply(snapshot: Snapshot, run: Run) -> Plan:
    """Delete ticked DELETE_CANDIDATE rows and create ticked MISSING_IN_DIST rows, judged on the
    workbook as it is now.

    Ticks that can't be carried out stay, each with a finding. Both reconciliation sheets are
    brought up to date.
    """
    plan = Plan()
    now = {line.key: line for line in reconciliation.reconcile(snapshot).lines}
    ticked = _ticked(snapshot)
    done: set[reconciliation.Key] = set()
    deleted: dict[int, str] = {}
    sales_rows: set[int] = set()
    needed_nothing = 0
    for key in ticked:
        line = now.get(key)
        if line is None or line.stays or line.action == reconciliation.KEEP:
            done.add(key)
            needed_nothing += 1
        elif line.action == reconciliation.DELETE_CANDIDATE and line.row is not None:
            done.add(key)
            deleted[line.row] = line.sales_id
        elif line.action == reconciliation.MISSING_IN_DIST and line.sale is not None:
            done.add(key)
            sales_rows.add(line.sale.row)
        else:
            message = f"{line.name} is ticked but stays unchanged: {line.reason}"
            plan.findings.append(
                Finding(line.action, Severity.HIGH, message, DISTRIBUTION, line.row, line.sales_id)
            )
    plan.changes.delete(DISTRIBUTION, deleted)
    created = expand_typed(snapshot.after(plan.changes), run, only_rows=sales_rows)
    plan.changes.extend(created.changes)
    refused = len(plan.findings)
    plan.findings += created.findings
    _follow(plan, snapshot, deleted.values())
    report = reconciliation.reconcile(
        snapshot.after(plan.changes), touched=touched(plan.changes), done=done
    )
    plan.changes.extend(report.changes)
    plan.result = Applied(
        ticked=len(ticked),
        rows_deleted=len(deleted),
        rows_created=created.result.rows_created,
        refused=refused,
        needed_nothing=needed_nothing,
        by_action=report.by_action,
    )
    return plan


def _ticked(snapshot: Snapshot) -> list[reconciliation.Key]:
    """The keys of the ticked rows of both sheets."""
    sheets = (SALES_RECON_AUDIT, SALES_PARENT_RECON)
    return list(
        dict.fromkeys(key for name in sheets for key in reconciliation.ticks(snapshot[name]))
    )


def _follow(plan: Plan, snapshot: Snapshot, deleted: Iterable[str]) -> None:
    """Status and Sets of sales that lost rows follow the tickets they have left."""
    after = snapshot.after(plan.changes)
    for sales_id in sorted({ticket.partition("-")[0] for ticket in deleted}):
        target = next(iter(targets_of(after, sales_id)), None) if sales_id else None
        if target is not None:
            lines.move_sets(plan, target.live, lines.asked(target))
        if target is not None and target.terms.status in states.FOLLOWS:
            set_sale_status(plan, target, status_of(target.tickets))


def plan_run(snapshot: Snapshot, _run: Run) -> Plan:
    """Both reconciliation sheets anew (§12b); nothing else changes."""
    report = reconciliation.reconcile(snapshot)
    return Plan(
        report.changes,
        [*report.unread, *report.findings, *left_behind(snapshot)],
        Reconciled(report.by_action),
    )
