"""Planning all sales of a pool together: fewest split sales, then best seats together, then no single
seat left alone, then margin (§5, within §5a step 5).

This module says what the problem is, in figures, and turns a solution back into units; solving it
is the business of a solver that is passed in. Pools (a match and category) share no units, so each
is a problem of its own. Every sale gets at least as many tickets as the sequential allocator gives
it, and the result is kept only where it is better.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from msgspec.structs import replace

from ticketops.domain.allocation.automatic import (
    INSTRUCTIONS,
    POLICY_BLOCK,
    Optimum,
    Proven,
    SalePlan,
    Tier,
)
from ticketops.domain.allocation.plans import Chunk
from ticketops.domain.allocation.policy import Policy
from ticketops.domain.allocation.pool import Pool, Sets, Unit
from ticketops.domain.allocation.proposals import Proposer
from ticketops.domain.allocation.scoring import Sold, margin
from ticketops.domain.allocation.seating import runs_of
from ticketops.model import states

TIERS = ("unserved", "split_sales", "seat_groups", "stranded", "cost")
"""What is made small, the first before the second and so on. cost: what the units cost less what
they are sold for, in hundredths. stranded: free seats left without a free neighbour."""


@dataclass(frozen=True, slots=True)
class SeatRun:
    """Free units of one set that adjoin and are alike: whoever gets n of them gets n seats
    together."""

    set_id: str
    vendor: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """A sale in figures. served: what the sequential plan gives it; it gets that or all of
    `quantity`.

    gain: {index of a run of seats: price less cost of one unit, in hundredths}, for the runs it may draw
    from. margin_rule: the same runs' distance to the lowest margin allowed; its sum may not be
    negative. least: smallest chunk allowed.
    """

    quantity: int
    served: int
    gain: dict[int, int]
    margin_rule: dict[int, int] | None = None
    one_set: bool = False
    one_group: bool = False
    several_vendors: bool = False
    least: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One pool."""

    seat_runs: tuple[SeatRun, ...]
    demands: tuple[Demand, ...]


Given = dict[tuple[int, int], int]
"""{(demand, run of seats): how many}; zeros left out."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What a solver found: the best `given`, and for every tier the value that is proven to be the
    least possible."""

    given: Given
    bounds: tuple[float, ...]


Solver = Callable[[Problem, Given], Solved]


@dataclass(frozen=True, slots=True)
class Improved:
    """What came of a pool. lines: {index: better line}, empty where none is; broken: those that
    judge after all refuses."""

    lines: dict[int, SalePlan]
    value: Sequence[float]
    bounds: Sequence[float]
    broken: Sequence[int] = ()


def improve(
    solve: Solver,
    lines: Sequence[SalePlan],
    before: Pool,
    proposer: Proposer,
    progress: Callable[[int, int], None],
) -> tuple[list[SalePlan], Proven]:
    """Better lines than the sequential ones, pool by pool, and what is proven about them.

    Small pools come first, so that a solver short of time has what they left. before: the pool as
    it was before the sequential plan. progress: called with (pools done, pools).
    """
    result = list(lines)
    pools: dict[tuple[str, str], list[int]] = {}
    for i, line in enumerate(lines):
        pools.setdefault((line.target.occasion, line.target.category), []).append(i)
    values, bounds = [0.0] * len(TIERS), [0.0] * len(TIERS)
    quick_first = sorted(
        pools.items(), key=lambda pool: len(pool[1]) * len(before.all_sets(*pool[0]))
    )
    for done, (key, members) in enumerate(quick_first, start=1):
        members_lines = [(i, lines[i]) for i in members]
        outcome = _Pooled(before.all_sets(*key), members_lines, proposer).improved(solve)
        if (
            outcome.broken
        ):  # rounding of a margin, say: those sales stay, the others are planned once more
            outcome = _Pooled(
                before.all_sets(*key), members_lines, proposer, keep=outcome.broken
            ).improved(solve)
        for i, line in outcome.lines.items():
            result[i] = line
        values = [a + b for a, b in zip(values, outcome.value, strict=True)]
        bounds = [
            a + min(b, c) for a, b, c in zip(bounds, outcome.bounds, outcome.value, strict=True)
        ]
        progress(done, len(pools))
    gaps = [
        (value - bound) / max(1.0, abs(value)) for value, bound in zip(values, bounds, strict=True)
    ]
    tiers = {
        tier: Tier(value, bound) for tier, value, bound in zip(TIERS, values, bounds, strict=True)
    }
    return result, Proven(round(max(0.0, *gaps), 6), Optimum(len(pools), tiers))


def least(problem: Problem) -> tuple[int, ...]:
    """A value that no plan can be below, for each tier."""
    wanted = sum(demand.quantity for demand in problem.demands)
    stock = sum(len(seat_run.units) for seat_run in problem.seat_runs)
    served = sum(1 for demand in problem.demands if demand.served)
    gains = {gain for demand in problem.demands for gain in demand.gain.values()}
    same = len(gains) == 1 and all(demand.served == demand.quantity for demand in problem.demands)
    most = max(gains, default=0) if same else max(0, *gains, 0)
    return max(0, wanted - stock), 0, served, 0, -wanted * most


def value_of(problem: Problem, given: Given) -> tuple[int, ...]:
    """The value of each tier."""
    unserved = sum(demand.quantity for demand in problem.demands) - sum(given.values())
    split = sum(
        len({problem.seat_runs[b].set_id for d, b in given if d == demand}) > 1
        for demand in range(len(problem.demands))
    )
    cost = -sum(problem.demands[d].gain[b] * n for (d, b), n in given.items())
    used = [0] * len(problem.seat_runs)
    for (_d, b), n in given.items():
        used[b] += n
    stranded = sum(
        len(seat_run.units) - n == 1 for seat_run, n in zip(problem.seat_runs, used, strict=True)
    )
    return unserved, split, len(given), stranded, cost


def allowed(problem: Problem, given: Given) -> bool:
    """Whether `given` keeps every rule of every sale and takes no more than there is."""
    used = [sum(n for (_d, b), n in given.items() if b == i) for i in range(len(problem.seat_runs))]
    enough = all(
        n <= len(seat_run.units) for n, seat_run in zip(used, problem.seat_runs, strict=True)
    )
    return enough and all(keeps_rules(problem, d, given) for d in range(len(problem.demands)))


def keeps_rules(problem: Problem, d: int, given: Given) -> bool:
    """Whether the d-th sale gets what it may."""
    demand = problem.demands[d]
    mine = {b: n for (who, b), n in given.items() if who == d}
    if sum(mine.values()) not in (demand.served, demand.quantity) or not set(mine) <= set(
        demand.gain
    ):
        return False
    sizes: dict[str, int] = {}
    for b, n in mine.items():
        sizes[problem.seat_runs[b].set_id] = sizes.get(problem.seat_runs[b].set_id, 0) + n
    one_vendor = len({problem.seat_runs[b].vendor for b in mine}) == 1
    return not (
        (demand.one_set and len(sizes) > 1)
        or (demand.one_group and len(mine) > 1)
        or (demand.several_vendors and len(sizes) > 1 and one_vendor)
        or any(n < demand.least for n in sizes.values())
        or (
            demand.margin_rule is not None
            and sum(demand.margin_rule[b] * n for b, n in mine.items()) < 0
        )
    )


class _Pooled:
    """One pool while it is planned."""

    def __init__(
        self,
        sets: Sets,
        lines: list[tuple[int, SalePlan]],
        proposer: Proposer,
        *,
        keep: Collection[int] = (),
    ) -> None:
        """keep: the lines that stay as they are."""
        self._proposer = proposer
        frozen = {i: line for i, line in lines if i in keep or not self._plannable(line)}
        while (
            True
        ):  # a sale whose sequential plan the figures can't express keeps it, and its units with it
            taken = {unit.unit_id for line in frozen.values() for unit in line.units}
            self._lines = [(i, line) for i, line in lines if i not in frozen]
            seat_runs = tuple(_seat_runs(sets, taken))
            self.problem = Problem(
                seat_runs, tuple(self._demand(line, seat_runs) for _i, line in self._lines)
            )
            self.start = self._given(seat_runs)
            misfit = next(
                (
                    d
                    for d in range(len(self._lines))
                    if not keeps_rules(self.problem, d, self.start)
                ),
                None,
            )
            if misfit is None:
                break
            i, line = self._lines[misfit]
            frozen[i] = line

    def improved(self, solve: Solver) -> Improved:
        """What the solver found, where it is better as the seats really are, else what was."""
        old = self._value(self.start, dict(self._lines))
        if not self._lines or not self.problem.seat_runs:
            return Improved({}, old, old)
        solved = solve(self.problem, self.start)
        bounds = solved.bounds if not self._torn else (*solved.bounds[:2], *least(self.problem)[2:])
        if allowed(self.problem, solved.given):
            lines = self._realised(solved.given)
            new = self._value(solved.given, lines)
            if new < old:
                broken = [
                    i
                    for i, line in lines.items()
                    if line.chunks and not self._proposer.judge(line.target, "", line.chunks).passes
                ]
                return Improved({}, old, bounds, broken) if broken else Improved(lines, new, bounds)
        return Improved({}, old, bounds)

    def _value(self, given: Given, lines: dict[int, SalePlan]) -> tuple[int, ...]:
        """The value of each tier, seat groups counted on the seats themselves: a run ends where a
        hold begins, seats do not."""
        unserved, split, _groups, stranded, cost = value_of(self.problem, given)
        return unserved, split, sum(line.seat_groups for line in lines.values()), stranded, cost

    @property
    def _torn(self) -> bool:
        """Whether seats that adjoin lie in two runs, so that what is proven of runs is not
        proven of seats."""
        ends = {
            (seat_run.set_id, seat_run.units[-1].line, seat_run.units[-1].position + 1)
            for seat_run in self.problem.seat_runs
        }
        return any(
            (seat_run.set_id, seat_run.units[0].line, seat_run.units[0].position) in ends
            for seat_run in self.problem.seat_runs
        )

    def _plannable(self, line: SalePlan) -> bool:
        """Whether the sale may be planned anew: an operator's business and wishes that figures
        can't hold are not."""
        wishes = line.target.terms.wishes
        if (
            self._proposer.held(line.target)
            and self._proposer.policy(line.target).split_policy != states.ALLOW_MULTI_SET
        ):
            return False
        by_operator = line.left is not None and line.left[0] not in (POLICY_BLOCK, INSTRUCTIONS)
        return not by_operator and not wishes.of_places

    def _demand(self, line: SalePlan, seat_runs: Sequence[SeatRun]) -> Demand:
        target = line.target
        policy: Policy = self._proposer.policy(target)
        sold = target.sold
        client = self._proposer.pool.client_key(target.client)
        gain: dict[int, int] = {}
        rule: dict[int, int] = {}
        for b, seat_run in enumerate(seat_runs):
            unit = seat_run.units[0]
            fits = (
                unit.held_for in (None, client)
                and not policy.refuses_vendor(unit.vendor)
                and not (policy.exclude_vip and unit.vip)
            )
            known = _gain(unit, sold)
            if fits and (known is not None or policy.min_margin_pct is None):
                gain[b] = known or 0
                rule[b] = round(
                    (known or 0) * 10_000
                    - (sold.price or 0) * (policy.min_margin_pct or 0) * 10_000
                )
        served = len(line.units)
        blocked = self._proposer.judge(
            target, "", ()
        ).violations  # what no choice of units can mend
        if any(violation.code != "MARGIN_TOO_LOW" for violation in blocked):
            gain = {}
        return Demand(
            line.quantity if gain else served,
            served,
            gain,
            rule if policy.min_margin_pct is not None else None,
            policy.split_policy == states.SINGLE_SET_ONLY,
            target.terms.wishes.consecutive,
            policy.vendor_diversity,
            min(policy.min_chunk_size, line.quantity)
            if policy.split_policy == states.REQUIRE_MIN_CHUNK_SIZE
            else 1,
        )

    def _given(self, seat_runs: Sequence[SeatRun]) -> Given:
        """The sequential plan in figures."""
        of_unit = {
            unit.unit_id: b for b, seat_run in enumerate(seat_runs) for unit in seat_run.units
        }
        given: Given = {}
        for d, (_i, line) in enumerate(self._lines):
            for unit in line.units:
                key = (d, of_unit[unit.unit_id])
                given[key] = given.get(key, 0) + 1
        return given

    def _realised(self, given: Given) -> dict[int, SalePlan]:
        """Units for the figures: each run is laid out from its first seat on, sale after sale."""
        picked: dict[int, list[Unit]] = {}
        for b, seat_run in enumerate(self.problem.seat_runs):
            at = 0
            for d in range(len(self._lines)):
                n = given.get((d, b), 0)
                picked.setdefault(d, []).extend(seat_run.units[at : at + n])
                at += n
        return {i: _line(line, picked.get(d, [])) for d, (i, line) in enumerate(self._lines)}


def _line(line: SalePlan, units: list[Unit]) -> SalePlan:
    """The line with other units: chunks in the order of their size, the largest first."""
    chunks = [
        Chunk(set_id, tuple(sorted(members, key=lambda unit: (unit.set_pos, unit.row))))
        for set_id, members in groupby(
            sorted(units, key=lambda unit: unit.set_id), lambda unit: unit.set_id
        )
    ]
    chunks.sort(key=lambda chunk: (-len(chunk.units), chunk.set_id))
    return replace(line, chunks=tuple(chunks), left=line.left if not chunks else None)


def _seat_runs(sets: Sets, taken: set[str]) -> Iterator[SeatRun]:
    for set_id, units in sets.items():
        for run in runs_of(unit for unit in units if unit.unit_id not in taken):
            for _kind, alike in groupby(
                run, lambda u: (u.held_for, u.vendor, u.purchase.price, u.purchase.currency, u.vip)
            ):
                members = tuple(alike)
                yield SeatRun(set_id, members[0].vendor or "", members)


def _gain(unit: Unit, sold: Sold) -> int | None:
    _percent, each = margin([unit], sold)
    return None if each is None else round(each * 100)
