"""Allocating everything that is pending (`allocate auto`), one sale after the other, within the policies (§5b step 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ticketops.domain.allocation.commit import Writer
from ticketops.domain.allocation.plans import Chunk
from ticketops.domain.allocation.policy import Policy
from ticketops.domain.allocation.pool import Pool, Unit, size
from ticketops.domain.allocation.proposals import Proposer
from ticketops.domain.allocation.scoring import margin
from ticketops.domain.allocation.seating import runs_of, stranded
from ticketops.domain.allocation.targets import Target, targets_of
from ticketops.domain.plan import Plan, Run
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import DISTRIBUTION, SALES

NO_LONGER_OVERSOLD = "no longer oversold"
POLICY_BLOCK, POLICY_MODE, INSTRUCTIONS = "POLICY_BLOCK", "POLICY_MODE", "INSTRUCTIONS_UNMET"


@dataclass(frozen=True, slots=True)
class Line:
    """What one sale gets. Without chunks it waits for stock, or, where `left` says why, stays as it is for an operator."""

    target: Target
    quantity: int
    chunks: tuple[Chunk, ...] = ()
    left: tuple[str, str] | None = None
    more: int = 0
    """Units that were free beyond its chunks when its turn came."""

    @property
    def units(self) -> list[Unit]:
        return [unit for chunk in self.chunks for unit in chunk.units]

    @property
    def seat_groups(self) -> int:
        """In how many groups its seats are; two sets are never one group."""
        return sum(len(runs_of(chunk.units)) for chunk in self.chunks)


Improve = Callable[[Sequence[Line], Pool, Proposer], "tuple[list[Line], dict[str, Any]]"]
"""From the sequential plan, and the pool before it, to a better one and what is proven about it."""


def plan_auto(snapshot: Snapshot, run: Run, *, unattended: bool = False, improve: Improve | None = None) -> Plan:
    """Allocate everything pending, waiting sales first, oldest first, all in one plan.

    unattended: nobody is there, so only FULLY_AUTO sales are touched. improve: plans all sales together (`optimum`).
    """
    lines, proven, _left = plan_lines(snapshot, run, unattended=unattended, improve=improve)
    writer = Writer(snapshot, run)
    outcomes = [
        writer.allocate(line.target, line.chunks, reason=NO_LONGER_OVERSOLD if _unapproved(line.target) else "", more=line.more)
        for line in lines
        if line.left is None
    ]
    plan = writer.finish()
    plan.findings += [finding for line in lines if (finding := _finding(line))]
    plan.result = {
        "targets": len(lines),
        "filled": sum(o.allocated == o.requested for o in outcomes),
        "waiting": sum(o.allocated < o.requested for o in outcomes),
        "left": sum(line.left is not None for line in lines),
        "units": sum(o.allocated for o in outcomes),
        "split_sales": sum(len(o.chunks) > 1 for o in outcomes),
        "chunks": sum(len(o.chunks) for o in outcomes),
        **proven,
    }
    return plan


def plan_lines(
    snapshot: Snapshot, run: Run, *, unattended: bool = False, improve: Improve | None = None
) -> tuple[list[Line], dict[str, Any], Pool]:
    """What every pending sale gets, what is proven about it, and the pool that is left."""
    targets = [target for target in targets_of(snapshot) if target.pending]
    targets.sort(key=lambda target: (_unapproved(target), not target.waiting, target.age))
    proposer = Proposer(snapshot, targets, run)
    before = proposer.pool.copy()
    lines = sequential(proposer, targets, unattended=unattended)
    if improve is None:
        return lines, {}, proposer.pool
    proposer.pool = before.copy()
    lines, proven = improve(lines, before, proposer)
    left = before.copy()
    left.take(unit for line in lines for unit in line.units)
    lines = [replace(line, more=size(left.sets(line.target.match, line.target.category, line.target.client))) for line in lines]
    return lines, proven, left


def sequential(proposer: Proposer, targets: Iterable[Target], *, unattended: bool) -> list[Line]:
    """One sale after the other takes its highest ranked plan that passes; the pool shrinks as they do."""
    lines = []
    for target in targets:
        quantity = target.sold.quantity
        kept = kept_by_mode(proposer.policy(target), unattended=unattended)
        left = (POLICY_MODE, kept) if kept else None
        proposal = None
        if left is None:
            proposal = proposer.first_passing(target)
            if _unapproved(target) and (proposal is None or len(proposal.units) < quantity):
                proposal, left = None, (states.PENDING_APPROVAL, "oversold: sale approve, reject or upgrade decides")
            elif proposal is None and proposer.sets(target):
                left = _reasons(proposer, target)
        if proposal is not None:
            proposer.pool.take(proposal.units)
        more = size(proposer.sets(target)) if proposal is not None else 0
        lines.append(Line(target, quantity, proposal.chunks if proposal else (), left, more))
    return lines


def measured(lines: Sequence[Line], left: Pool) -> dict[str, Any]:
    """The figures by which two ways of planning are compared.

    seats_together: pairs of adjoining seats given to one sale. margin: by currency, of the sales whose margin is known.
    """
    served = [line for line in lines if line.chunks]
    margins: Counter[str] = Counter()
    for line in served:
        _percent, delta = margin(line.units, line.target.sold)
        if delta is not None:
            margins[_currency(line)] += round(delta * 100)
    pools = {(line.target.match, line.target.category) for line in lines}
    return {
        "targets": len(lines),
        "filled": sum(len(line.units) == line.quantity for line in served),
        "waiting": sum(len(line.units) < line.quantity and line.left is None for line in lines),
        "left": sum(line.left is not None for line in lines),
        "units": sum(len(line.units) for line in served),
        "split_sales": sum(len(line.chunks) > 1 for line in served),
        "chunks": sum(len(line.chunks) for line in served),
        "seat_groups": sum(line.seat_groups for line in served),
        "seats_together": sum(len(line.units) - line.seat_groups for line in served),
        "stranded_singles": sum(stranded(units) for pool in pools for units in left.all_sets(*pool).values()),
        "margin": {currency: cents / 100 for currency, cents in sorted(margins.items())},
    }


def _currency(line: Line) -> str:
    return line.target.terms.currency or next((u.purchase.currency for u in line.units if u.purchase.currency), None) or ""


def _unapproved(target: Target) -> bool:
    return target.terms.status == states.PENDING_APPROVAL


def kept_by_mode(policy: Policy, *, unattended: bool) -> str:
    """Why the mode of a policy keeps a sale for an operator; empty where it does not."""
    if policy.mode == states.SUGGEST:
        return "its policy is SUGGEST: allocate commit, or a ChosenSetID, decides"
    if unattended and policy.mode != states.FULLY_AUTO:
        return f"its policy is {policy.mode}: an operator must be there"
    return ""


def _reasons(proposer: Proposer, target: Target) -> tuple[str, str]:
    """Why no plan passes: what the highest ranked one breaks that keeps the policy, if there is one."""
    found = proposer.proposals(target)
    best = next((proposal for proposal in found if not proposal.violations), found[0])
    broken = best.violations or best.unmet
    return POLICY_BLOCK if best.violations else INSTRUCTIONS, "; ".join(f"{one.code}: {one.message}" for one in broken)


def _finding(line: Line) -> Finding | None:
    target = line.target
    if line.left is None:
        if not _unapproved(target):
            return None
        message = f"{target.sales_id} is {NO_LONGER_OVERSOLD}: all {line.quantity} tickets are allocated"
        return Finding("OVERSELL_RESOLVED", Severity.INFO, message, SALES, target.terms.row, target.sales_id)
    code, why = line.left
    return Finding(code, Severity.MEDIUM, f"{target.sales_id}: left as it is, {why}", DISTRIBUTION, target.pending[0]["row"],
                   target.sales_id, match=target.match, category=target.category)  # fmt: skip
