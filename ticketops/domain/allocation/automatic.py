"""Allocating everything that is pending (`allocate auto`), one sale after the other, within the
policies (§5b step 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from ticketops.domain.allocation.commit import Writer
from ticketops.domain.allocation.plans import Chunk
from ticketops.domain.allocation.policy import Policy
from ticketops.domain.allocation.pool import Pool, Unit, size
from ticketops.domain.allocation.proposals import Proposer
from ticketops.domain.allocation.scoring import margin
from ticketops.domain.allocation.seating import runs_of, stranded
from ticketops.domain.allocation.targets import DECIDES, Target, is_pending, targets_of
from ticketops.domain.allocation.trust import KEPT_OUT, Doubts, kept_out_units
from ticketops.domain.audit import unknown
from ticketops.domain.plan import Plan, Run
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.model.results import OPTIONAL
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot

POLICY_BLOCK, POLICY_MODE, INSTRUCTIONS = "POLICY_BLOCK", "POLICY_MODE", "INSTRUCTIONS_UNMET"


class SalePlan(Struct, frozen=True):
    """What one sale gets. Without chunks it waits for stock, or, where `left` says why, stays as it
    is for an operator."""

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


@dataclass(frozen=True, slots=True)
class Tier:
    """The plan's value, and the proven minimum."""

    value: float
    bound: float


@dataclass(frozen=True, slots=True)
class Optimum:
    """The planned pools, and {what is minimised: its value}, most important first."""

    pools: int
    tiers: dict[str, Tier]


@dataclass(frozen=True, slots=True)
class Proven:
    """By what part a better plan could be better at most, 0 where none is."""

    proven_gap: float
    optimum: Optimum


@dataclass(frozen=True, slots=True)
class Allocated:
    """The pending sales, their outcome, and the units and chunks they got."""

    targets: int
    filled: int
    waiting: int
    left: int
    """For an operator."""
    units: int
    split_sales: int
    chunks: int
    proven_gap: float | None = field(default=None, metadata=OPTIONAL)
    """As in Proven, with --optimize."""
    optimum: Optimum | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures by which two ways of planning are compared."""

    targets: int
    filled: int
    waiting: int
    left: int
    units: int
    split_sales: int
    chunks: int
    seat_groups: int
    seats_together: int
    """Pairs of adjoining seats given to one sale."""
    stranded_singles: int
    margin: dict[str, float]
    """{currency: margin of the sales whose margin is known}."""


Improve = Callable[[Sequence[SalePlan], Pool, Proposer], tuple[list[SalePlan], Proven]]
"""From the sequential plan, and the pool before it, to a better one and what is proven about it."""


def plan_auto(
    snapshot: Snapshot, run: Run, *, unattended: bool = False, improve: Improve | None = None
) -> Plan:
    """Allocate everything pending, waiting sales first, oldest first, all in one plan.

    unattended: nobody is there, so only FULLY_AUTO sales are touched. improve: plans all sales
    together (`optimum`).
    """
    doubts = Doubts.of(snapshot)
    lines, proven, left = plan_lines(
        snapshot, run, unattended=unattended, improve=improve, doubts=doubts
    )
    writer = Writer(snapshot, run)
    outcomes = [
        writer.allocate(line.target, line.chunks, more=line.more)
        for line in lines
        if line.left is None
    ]
    plan = writer.finish()
    plan.findings += [finding for line in lines if (finding := _finding(line))]
    plan.findings += _doubtful(snapshot, doubts, left)
    plan.result = Allocated(
        targets=len(lines),
        filled=sum(o.allocated == o.requested for o in outcomes),
        waiting=sum(o.allocated < o.requested for o in outcomes),
        left=sum(line.left is not None for line in lines),
        units=sum(o.allocated for o in outcomes),
        split_sales=sum(len(o.chunks) > 1 for o in outcomes),
        chunks=sum(len(o.chunks) for o in outcomes),
        proven_gap=proven.proven_gap if proven else None,
        optimum=proven.optimum if proven else None,
    )
    return plan


def plan_lines(
    snapshot: Snapshot,
    run: Run,
    *,
    unattended: bool = False,
    improve: Improve | None = None,
    doubts: Doubts | None = None,
) -> tuple[list[SalePlan], Proven | None, Pool]:
    """What every pending sale gets, what is proven about it, and the pool that is left."""
    doubts = Doubts.of(snapshot) if doubts is None else doubts
    targets = [target for target in targets_of(snapshot, doubts=doubts) if target.pending]
    targets.sort(key=lambda target: (target.terms.unapproved, not target.waiting, target.age))
    proposer = Proposer(snapshot, targets, run, doubts)
    before = proposer.pool.copy()
    lines = sequential(proposer, targets, unattended=unattended)
    if improve is None:
        return lines, None, proposer.pool
    proposer.pool = before.copy()
    lines, proven = improve(lines, before, proposer)
    left = before.copy()
    left.take(unit for line in lines for unit in line.units)
    lines = [
        replace(
            line,
            more=size(left.sets(line.target.occasion, line.target.category, line.target.client)),
        )
        for line in lines
    ]
    return lines, proven, left


def sequential(
    proposer: Proposer, targets: Iterable[Target], *, unattended: bool
) -> list[SalePlan]:
    """One sale after the other takes its highest ranked plan that passes; the pool shrinks as they
    do."""
    lines = []
    for target in targets:
        quantity = target.sold.quantity
        kept = kept_by_mode(proposer.policy(target), unattended=unattended)
        left = (POLICY_MODE, kept) if kept else None
        proposal = None
        if target.terms.unapproved:
            left = states.PENDING_APPROVAL, _unapproved(proposer, target)
        elif left is None:
            proposal = proposer.first_passing(target)
            if proposal is None and proposer.sets(target):
                left = _reasons(proposer, target)
        if proposal is not None:
            proposer.pool.take(proposal.units)
        more = size(proposer.sets(target)) if proposal is not None else 0
        lines.append(SalePlan(target, quantity, proposal.chunks if proposal else (), left, more))
    return lines


def measured(lines: Sequence[SalePlan], left: Pool) -> Measures:
    """The figures of a plan. left: the pool after it."""
    served = [line for line in lines if line.chunks]
    margins: Counter[str] = Counter()
    for line in served:
        _percent, delta = margin(line.units, line.target.sold)
        if delta is not None:
            margins[_currency(line)] += round(delta * 100)
    pools = {(line.target.occasion, line.target.category) for line in lines}
    return Measures(
        targets=len(lines),
        filled=sum(len(line.units) == line.quantity for line in served),
        waiting=sum(len(line.units) < line.quantity and line.left is None for line in lines),
        left=sum(line.left is not None for line in lines),
        units=sum(len(line.units) for line in served),
        split_sales=sum(len(line.chunks) > 1 for line in served),
        chunks=sum(len(line.chunks) for line in served),
        seat_groups=sum(line.seat_groups for line in served),
        seats_together=sum(len(line.units) - line.seat_groups for line in served),
        stranded_singles=sum(
            stranded(units) for pool in pools for units in left.all_sets(*pool).values()
        ),
        margin={currency: cents / 100 for currency, cents in sorted(margins.items())},
    )


def _currency(line: SalePlan) -> str:
    return (
        line.target.terms.currency
        or next((u.purchase.currency for u in line.units if u.purchase.currency), None)
        or ""
    )


def _unapproved(proposer: Proposer, target: Target) -> str:
    """What a sale that waits for approval waits for. Others were served before it."""
    enough = size(proposer.sets(target)) >= target.sold.quantity
    stock = "there is stock for it now" if enough else "there isn't enough stock for it"
    return f"it waits for approval; {stock}: {DECIDES}"


def kept_by_mode(policy: Policy, *, unattended: bool) -> str:
    """Why the mode of a policy keeps a sale for an operator; empty where it does not."""
    if policy.mode == states.SUGGEST:
        return "its policy is SUGGEST: allocate commit, or a ChosenSetID, decides"
    if unattended and policy.mode != states.FULLY_AUTO:
        return f"its policy is {policy.mode}, which needs an operator"
    return ""


def _reasons(proposer: Proposer, target: Target) -> tuple[str, str]:
    """Why no plan passes: what the highest ranked one breaks that keeps the policy, if there is
    one."""
    found = proposer.proposals(target)
    best = next((proposal for proposal in found if not proposal.violations), found[0])
    broken = best.violations or best.unmet
    return POLICY_BLOCK if best.violations else INSTRUCTIONS, "; ".join(
        f"{one.code}: {one.message}" for one in broken
    )


def _doubtful(snapshot: Snapshot, doubts: Doubts, left: Pool) -> list[Finding]:
    """What was kept out: every cell that is not understood, tickets and units that the audit speaks
    against."""
    cells = unknown.findings(doubts.cells)
    named = {(finding.sheet, finding.row) for finding in cells}
    sales = (
        {target.sales_id: target for target in targets_of(snapshot, doubts=doubts)}
        if doubts.tickets
        else {}
    )
    tickets = [
        Finding(
            KEPT_OUT,
            Severity.HIGH,
            f"{ticket['sales_id']} is not allocated: {ticket['kept_out']}",
            DISTRIBUTION,
            ticket["row"],
            ticket["sales_id"],
        )
        for target in sales.values()
        for ticket in target.tickets
        if ticket["kept_out"]
        and is_pending(ticket | {"kept_out": ""})
        and (DISTRIBUTION, ticket["row"]) not in named
    ]
    return (
        cells
        + tickets
        + [
            finding
            for finding in kept_out_units(left.refused)
            if (finding.sheet, finding.row) not in named
        ]
    )


def _finding(line: SalePlan) -> Finding | None:
    target = line.target
    if line.left is None:
        return None
    code, why = line.left
    return Finding(
        code,
        Severity.MEDIUM,
        f"{target.sales_id}: left unchanged, {why}",
        DISTRIBUTION,
        target.pending[0]["row"],
        target.sales_id,
        match=target.occasion,
        category=target.category,
    )
