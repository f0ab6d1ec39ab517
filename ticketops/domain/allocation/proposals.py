"""The plans for one sale, scored and judged (§5a steps 2–6): what an operator is shown and an
allocation starts from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from ticketops.domain.allocation import plans
from ticketops.domain.allocation.plans import Chunk, Draft
from ticketops.domain.allocation.policy import Offer, Policies, Policy, evaluate
from ticketops.domain.allocation.pool import Pool, Sets, Unit
from ticketops.domain.allocation.scoring import Parts, Readiness, Score, margin, score
from ticketops.domain.allocation.targets import Target
from ticketops.domain.allocation.trust import Doubts
from ticketops.domain.catalogue.schemes import ranks_of
from ticketops.domain.plan import Run
from ticketops.domain.ticket import unit_ids
from ticketops.model import states
from ticketops.model.findings import Violation
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import UNITS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class ShownChunk:
    """`qty` units of one set."""

    set_id: str
    qty: int
    vendor: str | None


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A plan as `allocate preview` shows it."""

    rank: int
    """From 1; 0 where an operator named the sets."""
    badge: str
    """The strategy that found it."""
    chunks: list[ShownChunk]
    total: int
    """Units of all chunks."""
    score: float
    parts: Parts
    margin_pct: float | None
    """In % of the sale price."""
    margin_delta: float | None
    """In the currency of the sale, over all tickets of the plan."""
    passes_policy: bool
    violations: list[Violation]
    unmet_instructions: list[Violation]


class Proposal(Struct, frozen=True):
    """One plan for a sale. rank counts from 1; violations: policy constraints it breaks; unmet:
    special instructions."""

    rank: int
    badge: str
    chunks: tuple[Chunk, ...]
    violations: tuple[Violation, ...]
    unmet: tuple[Violation, ...]
    score: Score | None = None

    @property
    def units(self) -> list[Unit]:
        return [unit for chunk in self.chunks for unit in chunk.units]

    @property
    def passes(self) -> bool:
        return not self.violations and not self.unmet

    def shown(self) -> ShownPlan:
        """What people and `--json` see of it. Raises ValueError where it is not scored yet."""
        if self.score is None:
            raise ValueError("the plan has no score yet")
        return ShownPlan(
            rank=self.rank,
            badge=self.badge,
            chunks=described(self.chunks),
            total=len(self.units),
            score=self.score.total,
            parts=self.score.parts,
            margin_pct=self.score.margin_pct,
            margin_delta=self.score.margin_delta,
            passes_policy=not self.violations,
            violations=list(self.violations),
            unmet_instructions=list(self.unmet),
        )


def described(chunks: Iterable[Chunk]) -> list[ShownChunk]:
    """Chunks as people and `--json` see them."""
    return [ShownChunk(chunk.set_id, len(chunk.units), chunk.units[0].vendor) for chunk in chunks]


class Proposer:
    """Makes the plans for sales from one pool. Each sale sees what is left when its turn comes."""

    def __init__(
        self, snapshot: Snapshot, targets: Sequence[Target], run: Run, doubts: Doubts | None = None
    ) -> None:
        self._snapshot = snapshot
        self.pool = Pool(
            snapshot,
            {(target.occasion, target.category) for target in targets},
            today=run.now,
            doubts=doubts,
        )
        self._policies = Policies(snapshot)
        self._ranks = ranks_of(snapshot)

    @cached_property
    def _readiness(self) -> Readiness:
        return Readiness(self._snapshot)

    def policy(self, target: Target) -> Policy:
        """The policy of this sale."""
        return self._policies.for_sale(target.match, target.client)

    def held(self, target: Target) -> dict[str, int]:
        """{SetID: tickets} that the sale has already."""
        counts: dict[str, int] = {}
        for ticket in target.tickets:
            for unit_id in unit_ids.listed(ticket):
                if set_id := self._set_of.get(unit_id):
                    counts[set_id] = counts.get(set_id, 0) + 1
        return counts

    @cached_property
    def _set_of(self) -> dict[str, str]:
        return dict(
            self._snapshot[UNITS].frame.select("unit_id", "set_id").drop_nulls().iter_rows()
        )

    def sets(self, target: Target) -> Sets:
        """What is free for this sale."""
        return self.pool.sets(target.occasion, target.category, target.client)

    def _gap(self, target: Target) -> int | None:
        """How many ranks the category that serves the sale is above the one sold."""
        return self._ranks.gap(target.occasion, target.sold_category, target.category)

    def proposals(self, target: Target) -> list[Proposal]:
        """The best six plans, ranked and scored. If one of all that were found passes, one of the
        six does."""
        judged = list(self._judged(target))
        kept = judged[: plans.MOST_PLANS]
        rescue = next((proposal for proposal in judged if proposal.passes), None)
        if rescue is not None and not any(proposal.passes for proposal in kept):
            kept[-1] = rescue
        return [self.scored(target, proposal, rank) for rank, proposal in enumerate(kept, start=1)]

    def first_passing(self, target: Target) -> Proposal | None:
        """The highest ranked plan that passes; None where none does or nothing is free."""
        return next((proposal for proposal in self._judged(target) if proposal.passes), None)

    def judge(self, target: Target, badge: str, chunks: tuple[Chunk, ...]) -> Proposal:
        """A plan with what it breaks; not ranked or scored yet."""
        units = [unit for chunk in chunks for unit in chunk.units]
        sold = target.sold
        offer = Offer(
            sold.category,
            target.category,
            sold.quantity,
            sold.price,
            margin(units, sold)[0],
            self._gap(target),
            chunks,
            self.held(target),
        )
        unmet = target.terms.wishes.unmet(units, sold.quantity)
        return Proposal(0, badge, chunks, tuple(evaluate(self.policy(target), offer)), tuple(unmet))

    def scored(self, target: Target, proposal: Proposal, rank: int) -> Proposal:
        """The plan with its rank and score."""
        value = score(
            proposal.chunks,
            self.sets(target),
            target.sold,
            self._gap(target),
            self._readiness,
            self.pool.across(target.occasion),
        )
        return replace(proposal, rank=rank, score=value)

    def _judged(self, target: Target) -> Iterator[Proposal]:
        """Every plan: those of the whole pool by rank; where none of them passes, those of the
        stock that is permitted."""
        sets = self.sets(target)
        passed = False
        seen: set[frozenset[str]] = set()
        for badge, chunks in plans.layouts(sets, target.sold.quantity):
            proposal = self.judge(target, badge, chunks)
            units = frozenset(unit.unit_id for unit in proposal.units)
            if units in seen:
                continue
            seen.add(units)
            passed = passed or proposal.passes
            yield proposal
        if passed:
            return
        permitted = []
        for narrowed in self._narrowed(target, sets):
            for badge, chunks in self._permitted(narrowed, target):
                proposal = self.judge(target, badge, chunks)
                units = frozenset(unit.unit_id for unit in proposal.units)
                if proposal.passes and units not in seen:
                    seen.add(units)
                    permitted.append(proposal)
        yield from sorted(
            permitted, key=lambda proposal: (-len(proposal.units), len(proposal.chunks))
        )

    def _narrowed(self, target: Target, sets: Sets) -> Iterator[Sets]:
        """Smaller pools that leave out what policy and special instructions do not allow."""
        policy = self.policy(target)
        quantity = target.sold.quantity

        def fits(unit: Unit) -> bool:
            return not policy.refuses_vendor(unit.vendor) and not (policy.exclude_vip and unit.vip)

        permitted = {
            set_id: fit
            for set_id, units in sets.items()
            if (fit := [unit for unit in units if fits(unit)])
        }
        wishes = target.terms.wishes
        pools = wishes.narrowed(permitted, quantity) if wishes.any else [permitted]
        for pool in pools:
            yield pool
            if policy.min_margin_pct is not None:  # cheaper stock only
                cheapest = sorted(
                    pool, key=lambda set_id: pool[set_id][0].purchase.price or float("inf")
                )
                yield from (
                    {set_id: pool[set_id] for set_id in cheapest[:n]}
                    for n in range(1, len(cheapest))
                )

    def _permitted(self, sets: Sets, target: Target) -> Iterator[tuple[str, tuple[Chunk, ...]]]:
        """(badge, chunks) from a smaller pool: what the seats suggest first, then by size."""
        if together := plans.together(sets, target.sold.quantity):
            yield plans.TOGETHER, together
        for draft in self._permitted_drafts(sets, target):
            yield draft.badge, plans.realise(draft, sets)

    def _permitted_drafts(self, sets: Sets, target: Target) -> Iterator[Draft]:
        policy, quantity = self.policy(target), target.sold.quantity
        counts = {set_id: len(units) for set_id, units in sets.items()}
        if policy.split_policy == states.REQUIRE_MIN_CHUNK_SIZE:
            least = min(policy.min_chunk_size, quantity)
            counts = {set_id: n for set_id, n in counts.items() if n >= least}
            for draft in plans.drafts(counts, quantity):
                if (evened := plans.with_chunks_of_at_least(draft, counts, least)) is not None:
                    yield evened
        yield from plans.drafts(counts, quantity)
        if policy.vendor_diversity and counts:
            vendors = {set_id: name_key(units[0].vendor) or "" for set_id, units in sets.items()}
            yield plans.by_turns(counts, vendors, quantity)
