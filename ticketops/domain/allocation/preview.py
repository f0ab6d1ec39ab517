"""`allocate preview` (§5a) and `_ALLOCATION_PREVIEW`: the plans for one sale, shown and, if asked for, written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ticketops.domain.allocation.commit import described_shortly
from ticketops.domain.allocation.pool import size
from ticketops.domain.allocation.proposals import Proposal, Proposer
from ticketops.domain.allocation.targets import Target, find_target
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import ALLOCATION_PREVIEW, DISTRIBUTION, MANIFEST

COLUMNS = tuple(column.name for column in MANIFEST[ALLOCATION_PREVIEW].columns)
INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"


def plan_preview(snapshot: Snapshot, sales_id: str, run: Run, *, write: bool) -> Plan:
    """The six best plans for a sale, scored and judged. write: put them into its row of _ALLOCATION_PREVIEW, keeping the
    rows of other sales. Raises NotFoundError, and RuleError where nothing is pending."""
    target = find_target(snapshot, sales_id)
    if not target.pending:
        raise RuleError(f"{target.sales_id} has no pending ticket", "nothing is to be allocated")
    proposer = Proposer(snapshot, [target], run)
    proposals = proposer.proposals(target)
    sets = proposer.sets(target)
    wishes = target.terms.wishes
    plan = Plan()
    plan.result = {
        "target": {
            "sales_id": target.sales_id,
            "match": target.match,
            "category": target.sold_category,
            "effective_category": target.category,
            "qty": target.sold.quantity,
        },
        "pool": {set_id: len(units) for set_id, units in sets.items()},
        "held_for_others": size(proposer.pool.all_sets(target.match, target.category)) - size(sets),
        "plans": [proposal.as_dict() for proposal in proposals],
        "policy": {"mode": proposer.policy(target).mode},
        "instructions": {"constraints": wishes.said, "texts": list(wishes.texts)},
    }
    if warnings := _warnings(target, proposals):
        plan.findings = [
            Finding(warning.partition(":")[0], Severity.MEDIUM, f"{target.sales_id}: {warning}", DISTRIBUTION, target.pending[0]["row"],
                    target.sales_id, match=target.match, category=target.category)
            for warning in warnings
        ]  # fmt: skip
    if write:
        _write(plan, snapshot, target, proposals, warnings, run)
    return plan


def _warnings(target: Target, proposals: Sequence[Proposal]) -> list[str]:
    """The flags of the Warnings column (§16b)."""
    most = max((len(proposal.units) for proposal in proposals), default=0)
    if not most:
        return [states.WAITING_STOCK]
    flags = [INSUFFICIENT_STOCK] if most < target.sold.quantity else []
    if not any(proposal.passes for proposal in proposals):
        best = next((proposal for proposal in proposals if not proposal.violations), proposals[0])
        flags += [f"POLICY_BLOCK:{violation.code}" for violation in best.violations] or [wish.code for wish in best.unmet]
    return flags


def _write(plan: Plan, snapshot: Snapshot, target: Target, proposals: Sequence[Proposal], warnings: Sequence[str], run: Run) -> None:
    first = next((proposal for proposal in proposals if proposal.passes), proposals[0] if proposals else None)
    sets = dict.fromkeys(chunk.set_id for proposal in proposals for chunk in proposal.chunks)
    pool = plan.result["pool"]
    values: dict[str, Any] = {
        "run_id": run.run_id,
        "dist_row": target.pending[0]["row"],
        "sales_id": target.pending[0]["sales_id"],
        "match": target.match,
        "category": target.category,
        "qty": target.sold.quantity,
        "options": " · ".join(f"{set_id}({pool[set_id]})" for set_id in sets) or None,
        "proposed": ", ".join(unit.unit_id for unit in first.units) if first else None,
        "warnings": " · ".join(warnings) or None,
    }
    others = [row for row in rows_of(snapshot) if not _same_sale(row["sales_id"], target.sales_id)]
    plan.result["written"] = {"options": values["options"], "proposed": described_shortly(first.chunks) if first else None}
    replace_rows(plan, [*others, values])


def rows_of(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The rows of _ALLOCATION_PREVIEW."""
    return list(snapshot[ALLOCATION_PREVIEW].frame.select("row", *COLUMNS).iter_rows(named=True))


def replace_rows(plan: Plan, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows of _ALLOCATION_PREVIEW anew."""
    plan.changes.replace(ALLOCATION_PREVIEW, COLUMNS, [tuple(row.get(name) for name in COLUMNS) for row in rows])


def _same_sale(ticket: str | None, sales_id: str) -> bool:
    return (ticket or "").partition("-")[0].upper() == sales_id
