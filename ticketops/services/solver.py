"""OR-Tools CP-SAT as the solver of `domain.allocation.optimum`. Optional: `pip install 'ticketops[optimize]'`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from ticketops.domain.allocation import optimum
from ticketops.domain.allocation.automatic import Improve, Line
from ticketops.domain.allocation.optimum import TIERS, Given, Problem, Solved
from ticketops.domain.allocation.pool import Pool
from ticketops.domain.allocation.proposals import Proposer
from ticketops.errors import UnusableError

_QUICK = 5.0
"""No pool may take more than this many seconds a tier while others wait."""


def improver(time_limit: float, progress: Callable[[int, int], None]) -> Improve:
    """The step of `allocate auto --optimize`. time_limit: seconds for all pools together.

    Raises UnusableError where OR-Tools is not installed.
    """
    _cp_model()

    def improve(lines: Sequence[Line], before: Pool, proposer: Proposer) -> tuple[list[Line], dict[str, Any]]:
        deadline = time.monotonic() + time_limit
        return optimum.improve(lambda problem, start: solved(problem, start, deadline), lines, before, proposer, progress)

    return improve


def solved(problem: Problem, start: Given, deadline: float = math.inf) -> Solved:
    """The best plan found until `deadline` (of time.monotonic), tier after tier, each starting from the one before.

    A tier whose value can't be less for a plain reason (nothing split; nobody's seats apart) is not searched at all.
    """
    given, bounds = start, [float(value) for value in _least(problem)]
    model = _Model(problem)
    for tier in range(len(TIERS)):
        value = optimum.value_of(problem, given)[tier]
        if value > bounds[tier]:
            seconds = min(_QUICK, deadline - time.monotonic())
            if seconds <= 0:
                break
            given, bounds[tier] = model.minimise(tier, given, bounds[tier], seconds)
            value = optimum.value_of(problem, given)[tier]
        model.hold(tier, value)
    return Solved(given, tuple(bounds))


def _least(problem: Problem) -> tuple[int, ...]:
    """A value that no plan can be below, for each tier."""
    wanted = sum(demand.quantity for demand in problem.demands)
    stock = sum(len(block.units) for block in problem.blocks)
    served = sum(1 for demand in problem.demands if demand.served)
    gains = {gain for demand in problem.demands for gain in demand.gain.values()}
    same = len(gains) == 1 and all(demand.served == demand.quantity for demand in problem.demands)
    most = max(gains, default=0) if same else max(0, *gains, 0)
    return max(0, wanted - stock), 0, served, -wanted * most, 0


def _cp_model() -> Any:
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise UnusableError(
            "planning all sales together needs OR-Tools, which is not installed", "pip install 'ticketops[optimize]'"
        ) from None
    return cp_model


class _Model:
    """The constraints of one pool, and the tiers as expressions of its variables."""

    def __init__(self, problem: Problem) -> None:
        self._cp = _cp_model()
        self._problem = problem
        self._model = self._cp.CpModel()
        self._count: dict[tuple[int, int], Any] = {}
        self._uses: dict[tuple[int, int], Any] = {}
        self._whole: list[Any] = []
        splits = [self._demand(d) for d in range(len(problem.demands))]
        left = [self._block(b) for b in range(len(problem.blocks))]
        unserved = [(demand.quantity - demand.served) * (1 - whole) for demand, whole in zip(problem.demands, self._whole, strict=True)]
        cost = [-problem.demands[d].gain[b] * count for (d, b), count in self._count.items()]
        self._tiers = [sum(unserved), sum(splits), sum(self._uses.values()), sum(cost), sum(left)]

    def hold(self, tier: int, value: int) -> None:
        """From now on the tier is no worse than `value`."""
        self._model.add(self._tiers[tier] <= value)

    def minimise(self, tier: int, start: Given, least: float, seconds: float) -> tuple[Given, float]:
        """The best plan found, `start` if none is better, and the bound that was proven."""
        self._model.clear_hints()
        for key, count in self._count.items():
            self._model.add_hint(count, start.get(key, 0))
            self._model.add_hint(self._uses[key], int(key in start))
        self._model.minimize(self._tiers[tier])
        solver = self._cp.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = 1 if len(self._count) < 400 else 8
        solver.parameters.random_seed = 1
        status = solver.solve(self._model)
        if status not in (self._cp.OPTIMAL, self._cp.FEASIBLE):
            return start, least
        found = {key: n for key, count in self._count.items() if (n := solver.value(count))}
        return found, max(least, float(math.ceil(solver.best_objective_bound - 1e-6)))

    def _demand(self, d: int) -> Any:
        """The variables and rules of one sale; whether it is split."""
        model, problem = self._model, self._problem
        demand = problem.demands[d]
        for b in demand.gain:
            most = min(demand.quantity, len(problem.blocks[b].units))
            count = self._count[d, b] = model.new_int_var(0, most, f"n{d}_{b}")
            uses = self._uses[d, b] = model.new_bool_var(f"u{d}_{b}")
            model.add(count >= 1).only_enforce_if(uses)
            model.add(count == 0).only_enforce_if(~uses)
        whole = model.new_bool_var(f"w{d}")
        self._whole.append(whole)
        total = sum(self._count[d, b] for b in demand.gain)
        model.add(total == demand.served + (demand.quantity - demand.served) * whole)
        sets: dict[str, list[int]] = {}
        vendors: dict[str, list[int]] = {}
        for b in demand.gain:
            sets.setdefault(problem.blocks[b].set_id, []).append(b)
            vendors.setdefault(problem.blocks[b].vendor, []).append(b)
        chosen = [self._any(d, blocks, f"s{d}_{i}") for i, blocks in enumerate(sets.values())]
        split = model.new_bool_var(f"split{d}")
        model.add(sum(chosen) <= 1 + (len(chosen) - 1) * split if chosen else split == 0)
        if demand.one_set:
            model.add(split == 0)
        if demand.one_group:
            model.add(sum(self._uses[d, b] for b in demand.gain) <= 1)
        if demand.several_vendors and chosen:
            seen = [self._any(d, blocks, f"v{d}_{i}") for i, blocks in enumerate(vendors.values())]
            model.add(sum(seen) >= 2 * split)
        if demand.least > 1:
            for blocks, uses in zip(sets.values(), chosen, strict=True):
                model.add(sum(self._count[d, b] for b in blocks) >= demand.least * uses)
        if demand.margin_rule is not None and demand.gain:
            model.add(sum(demand.margin_rule[b] * self._count[d, b] for b in demand.gain) >= 0)
        return split

    def _any(self, d: int, blocks: Sequence[int], name: str) -> Any:
        """Whether the sale draws from any of these blocks."""
        if len(blocks) == 1:
            return self._uses[d, blocks[0]]
        drawn = self._model.new_bool_var(name)
        self._model.add_max_equality(drawn, [self._uses[d, b] for b in blocks])
        return drawn

    def _block(self, b: int) -> Any:
        """No more than there is; whether one seat is left alone."""
        size = len(self._problem.blocks[b].units)
        used = sum(self._count[d, b] for d in range(len(self._problem.demands)) if (d, b) in self._count)
        self._model.add(used <= size)
        alone = self._model.new_bool_var(f"alone{b}")
        other = self._model.new_int_var(0, size, f"left{b}")
        self._model.add(other == size - used)
        self._model.add(other != 1).only_enforce_if(~alone)
        return alone
