"""`allocate preview` (§5a) and `_ALLOCATION_PREVIEW`: the plans for one sale, shown and, if asked
for, written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ticketops.domain.allocation.commit import (
    described_shortly,
    doubtful_findings,
    require_no_doubt,
)
from ticketops.domain.allocation.pool import size
from ticketops.domain.allocation.proposals import Proposal, Proposer, ShownPlan
from ticketops.domain.allocation.targets import DECIDES, WAITS, Target, find_target
from ticketops.domain.allocation.trust import Doubts
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.identity import sale_of
from ticketops.errors import RuleError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.model.results import OPTIONAL
from ticketops.schema.layouts.event import ALLOCATION_PREVIEW, DISTRIBUTION
from ticketops.schema.layouts.event.queues import ALLOCATION_PREVIEW_SHEET
from ticketops.schema.tables import Snapshot

COLUMNS = tuple(column.name for column in ALLOCATION_PREVIEW_SHEET.columns)
INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"


@dataclass(frozen=True, slots=True)
class ShownTarget:
    """A sale line: the category sold, the category that serves it, and how many tickets need a
    unit."""

    sales_id: str
    match: str
    category: str
    effective_category: str
    qty: int


@dataclass(frozen=True, slots=True)
class ShownPolicy:
    """What the policy of the sale says about who commits."""

    mode: str


@dataclass(frozen=True, slots=True)
class Instructions:
    """Special instructions: how they are read, and as they were written."""

    constraints: list[str]
    texts: list[str]


@dataclass(frozen=True, slots=True)
class Written:
    """The content of OptionsSetIDs, and the sets of the plan in ProposedUnits."""

    options: str | None
    proposed: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The plans for one sale, the best first."""

    target: ShownTarget
    pool: dict[str, int]
    """{SetID: units that are free for this sale}."""
    held_for_others: int
    """Units."""
    plans: list[ShownPlan]
    policy: ShownPolicy
    instructions: Instructions
    written: Written | None = field(default=None, metadata=OPTIONAL)
    """Only if the preview is written into the sheet."""


def plan_preview(snapshot: Snapshot, sales_id: str, run: Run, *, write: bool) -> Plan:
    """The six best plans for a sale, scored and judged. write: put them into its row of
    _ALLOCATION_PREVIEW, keeping the rows of other sales. Raises NotFoundError, and RuleError where
    nothing is pending."""
    doubts = Doubts.of(snapshot)
    target = find_target(snapshot, sales_id, doubts)
    if not target.pending:
        require_no_doubt(target)
        raise RuleError(f"{target.sales_id} has no pending ticket", "there is nothing to allocate")
    proposer = Proposer(snapshot, [target], run, doubts)
    proposals = proposer.proposals(target)
    sets = proposer.sets(target)
    wishes = target.terms.wishes
    plan = Plan()
    shown = Preview(
        target=ShownTarget(
            target.sales_id,
            target.occasion,
            target.sold_category,
            target.category,
            target.sold.quantity,
        ),
        pool={set_id: len(units) for set_id, units in sets.items()},
        held_for_others=size(proposer.pool.all_sets(target.occasion, target.category)) - size(sets),
        plans=[proposal.shown() for proposal in proposals],
        policy=ShownPolicy(proposer.policy(target).mode),
        instructions=Instructions(wishes.said, list(wishes.texts)),
    )
    if warnings := _warnings(target, proposals):
        plan.findings = [
            Finding(
                warning.partition(":")[0],
                Severity.MEDIUM,
                f"{target.sales_id}: {warning}",
                DISTRIBUTION,
                target.pending[0]["row"],
                target.sales_id,
                match=target.occasion,
                category=target.category,
            )
            for warning in warnings
        ]
    plan.findings += doubtful_findings(target, proposer)
    if write:
        shown = replace(
            shown, written=_write(plan, snapshot, target, proposals, shown.pool, warnings, run)
        )
    plan.result = shown
    return plan


def _warnings(target: Target, proposals: Sequence[Proposal]) -> list[str]:
    """The flags of the Warnings column (§16b)."""
    if target.terms.unapproved:
        return [f"{states.PENDING_APPROVAL}: it {WAITS}; {DECIDES}"]
    most = max((len(proposal.units) for proposal in proposals), default=0)
    if not most:
        return [states.WAITING_STOCK]
    flags = [INSUFFICIENT_STOCK] if most < target.sold.quantity else []
    if not any(proposal.passes for proposal in proposals):
        best = next((proposal for proposal in proposals if not proposal.violations), proposals[0])
        flags += [f"POLICY_BLOCK:{violation.code}" for violation in best.violations] or [
            wish.code for wish in best.unmet
        ]
    return flags


def _write(
    plan: Plan,
    snapshot: Snapshot,
    target: Target,
    proposals: Sequence[Proposal],
    pool: Mapping[str, int],
    warnings: Sequence[str],
    run: Run,
) -> Written:
    first = next(
        (proposal for proposal in proposals if proposal.passes), proposals[0] if proposals else None
    )
    sets = dict.fromkeys(chunk.set_id for proposal in proposals for chunk in proposal.chunks)
    options = " · ".join(f"{set_id}({pool[set_id]})" for set_id in sets) or None
    values: dict[str, Any] = {
        "run_id": run.run_id,
        "dist_row": target.pending[0]["row"],
        "sales_id": target.pending[0]["sales_id"],
        "match": target.occasion,
        "category": target.category,
        "qty": target.sold.quantity,
        "options": options,
        "proposed": ids.join_unit_ids(unit.unit_id for unit in first.units) if first else None,
        "warnings": " · ".join(warnings) or None,
    }
    others = [row for row in rows_of(snapshot) if not _same_sale(row["sales_id"], target.sales_id)]
    replace_rows(plan, [*others, values])
    return Written(options, described_shortly(first.chunks) if first else None)


def rows_of(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The rows of _ALLOCATION_PREVIEW."""
    return list(snapshot[ALLOCATION_PREVIEW].frame.select("row", *COLUMNS).iter_rows(named=True))


def replace_rows(plan: Plan, rows: Sequence[dict[str, Any]]) -> None:
    """Write the rows of _ALLOCATION_PREVIEW anew."""
    plan.changes.replace(
        ALLOCATION_PREVIEW, COLUMNS, [tuple(row.get(name) for name in COLUMNS) for row in rows]
    )


def _same_sale(ticket: str | None, sales_id: str) -> bool:
    return sale_of(ticket).upper() == sales_id
