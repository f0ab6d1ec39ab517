"""OR-Tools CP-SAT as the solver of `domain.allocation.optimum`. Optional: `pip install
'ticketops[optimize]'`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ticketops.domain.allocation import optimum
from ticketops.domain.allocation.automatic import Improve, Proven, SalePlan
from ticketops.domain.allocation.optimum import TIERS, Demand, Given, Problem, Solved
from ticketops.domain.allocation.pool import Pool
from ticketops.domain.allocation.proposals import Proposer
from ticketops.errors import UnusableError

_QUICK = 5.0
"""No search takes more than this many seconds."""
_LARGE = 3_000
"""From so many pairs of sale and run of seats on, a pool is improved piece by piece, not searched
whole."""
_PIECE_SALES, _PIECE_RUNS = 10, 40


def improver(time_limit: float, progress: Callable[[int, int], None]) -> Improve:
    """The step of `allocate auto --optimize`. time_limit: seconds for all pools together, of which
    each pool still to come gets its share and what others left.

    Raises UnusableError where OR-Tools is not installed.
    """
    _cp_model()

    def improve(
        lines: Sequence[SalePlan], before: Pool, proposer: Proposer
    ) -> tuple[list[SalePlan], Proven]:
        deadline = time.monotonic() + time_limit
        to_come = len({(line.target.occasion, line.target.category) for line in lines})

        def solve(problem: Problem, start: Given) -> Solved:
            return solved(
                problem, start, time.monotonic() + (deadline - time.monotonic()) / max(1, to_come)
            )

        def done(number: int, total: int) -> None:
            nonlocal to_come
            to_come = total - number
            progress(number, total)

        return optimum.improve(solve, lines, before, proposer, done)

    return improve


def solved(problem: Problem, start: Given, deadline: float = math.inf) -> Solved:
    """The best plan found until `deadline` (of time.monotonic). The bounds of a large pool are the
    plain ones only."""
    if sum(len(demand.gain) for demand in problem.demands) <= _LARGE:
        return _searched(problem, start, deadline)
    return Solved(
        _piece_by_piece(problem, start, deadline), tuple(map(float, optimum.least(problem)))
    )


def _searched(problem: Problem, start: Given, deadline: float) -> Solved:
    """Tier after tier, each starting from the one before. A tier that can't be less for a plain
    reason is not searched."""
    given, bounds = start, [float(value) for value in optimum.least(problem)]
    model: _Model | None = None
    held: list[int] = []
    for tier in range(len(TIERS)):
        value = optimum.value_of(problem, given)[tier]
        if value > bounds[tier]:
            if deadline <= time.monotonic():
                break
            if model is None:
                model = _Model(problem)
                for earlier, least in enumerate(held):
                    model.keep_at_most(earlier, least)
            given, bounds[tier] = model.minimise(
                tier, given, bounds[tier], min(_QUICK, max(0.01, deadline - time.monotonic()))
            )
            value = optimum.value_of(problem, given)[tier]
        held.append(value)
        if model is not None:
            model.keep_at_most(tier, value)
    return Solved(given, tuple(bounds))


def _piece_by_piece(problem: Problem, start: Given, deadline: float) -> Given:
    """A large pool: each sale that is split or sits apart is planned anew together with a few
    others around it."""
    given = start
    for seed in _to_mend(problem, start):
        if deadline <= time.monotonic():
            break
        sales, seat_runs, piece, before = _piece(problem, given, seed)
        after = _searched(piece, before, min(deadline, time.monotonic() + _QUICK)).given
        if optimum.value_of(piece, after) < optimum.value_of(piece, before):
            given = {key: n for key, n in given.items() if key[0] not in sales}
            given |= {(sales[d], seat_runs[b]): n for (d, b), n in after.items()}
    return given


def _to_mend(problem: Problem, given: Given) -> list[int]:
    """Sales that could do better: the split ones first, then those whose seats are apart; small
    ones first."""
    uses: dict[int, list[int]] = {}
    for d, b in given:
        uses.setdefault(d, []).append(b)
    split = {
        d
        for d, seat_runs in uses.items()
        if len({problem.seat_runs[b].set_id for b in seat_runs}) > 1
    }
    apart = {d for d, seat_runs in uses.items() if len(seat_runs) > 1} - split
    unserved = {
        d
        for d, demand in enumerate(problem.demands)
        if demand.gain and demand.served < demand.quantity
    }
    return [
        d
        for some in (split, apart, unserved - split)
        for d in sorted(some, key=lambda d: problem.demands[d].quantity)
    ]


def _piece(
    problem: Problem, given: Given, seed: int
) -> tuple[list[int], list[int], Problem, Given]:
    """The seed, the sales that sit where it could, and the runs of seats they may share, as a problem of
    its own.

    (sales and runs of the whole that its figures stand for, the problem, where it starts from).
    """
    wanted = problem.demands[seed].quantity
    users: dict[int, list[int]] = {}
    for d, b in given:
        users.setdefault(b, []).append(d)
    used = {b: sum(given[d, b] for d in ds) for b, ds in users.items()}
    room = {b: len(problem.seat_runs[b].units) for b in problem.demands[seed].gain}
    fitting = sorted(room, key=lambda b: (room[b] < wanted, abs(room[b] - wanted), b))
    own = [b for d, b in given if d == seed]
    sales = list(dict.fromkeys([seed, *(d for b in (*own, *fitting) for d in users.get(b, ()))]))[
        :_PIECE_SALES
    ]
    taken = dict.fromkeys(b for d, b in given if d in sales)
    free = sorted(
        (b for b in room if b not in taken and room[b] > used.get(b, 0)),
        key=lambda b: (abs(room[b] - used.get(b, 0) - wanted), b),
    )
    seat_runs = [*taken, *free][: max(_PIECE_RUNS, len(taken))]
    others = {
        b: sum(n for (d, at), n in given.items() if at == b and d not in sales) for b in seat_runs
    }
    place = {b: i for i, b in enumerate(seat_runs)}
    piece = Problem(
        tuple(
            replace(problem.seat_runs[b], units=problem.seat_runs[b].units[others[b] :])
            for b in seat_runs
        ),
        tuple(_within(problem.demands[d], place) for d in sales),
    )
    return (
        sales,
        seat_runs,
        piece,
        {(sales.index(d), place[b]): n for (d, b), n in given.items() if d in sales},
    )


def _within(demand: Demand, place: dict[int, int]) -> Demand:
    """The demand with the runs of seats of a piece only."""
    rule = (
        None
        if demand.margin_rule is None
        else {place[b]: n for b, n in demand.margin_rule.items() if b in place}
    )
    return replace(
        demand,
        gain={place[b]: gain for b, gain in demand.gain.items() if b in place},
        margin_rule=rule,
    )


def _cp_model() -> Any:
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise UnusableError(
            "planning all sales together needs OR-Tools, which is not installed",
            "pip install 'ticketops[optimize]'",
        ) from None
    return cp_model


def prices_and_costs(problem: Problem) -> tuple[list[int], list[int]] | None:
    """A price for each sale and a cost for each run of seats whose difference is every gain; None where
    there are none, as when the margin of some is unknown."""
    prices: dict[int, int] = {}
    costs: dict[int, int] = {}
    drawn: dict[int, list[int]] = {}
    for d, demand in enumerate(problem.demands):
        for b in demand.gain:
            drawn.setdefault(b, []).append(d)
    for first in range(len(problem.demands)):
        if first in prices:
            continue
        prices[first] = 0
        to_see = [first]
        while to_see:
            d = to_see.pop()
            for b, gain in problem.demands[d].gain.items():
                if b in costs:
                    continue
                costs[b] = prices[d] - gain
                for other in drawn[b]:
                    if other not in prices:
                        prices[other] = problem.demands[other].gain[b] + costs[b]
                        to_see.append(other)
    fits = all(
        prices[d] - costs[b] == gain
        for d, demand in enumerate(problem.demands)
        for b, gain in demand.gain.items()
    )
    if not fits:
        return None
    runs, sales = range(len(problem.seat_runs)), range(len(problem.demands))
    return [prices[d] for d in sales], [costs.get(b, 0) for b in runs]


class _Model:
    """The constraints of one pool, and the tiers as expressions of its variables."""

    def __init__(self, problem: Problem) -> None:
        self._cp = _cp_model()
        self._problem = problem
        self._model = self._cp.CpModel()
        self._count: dict[tuple[int, int], Any] = {}
        self._uses: dict[tuple[int, int], Any] = {}
        self._whole: list[Any] = []
        self._others: list[Any] = []
        splits = [self._demand(d) for d in range(len(problem.demands))]
        left = [self._left_of(b) for b in range(len(problem.seat_runs))]
        unserved = [
            (demand.quantity - demand.served) * (1 - whole)
            for demand, whole in zip(problem.demands, self._whole, strict=True)
        ]
        cost = self._cost()
        self._tiers = [sum(unserved), sum(splits), sum(self._uses.values()), sum(left), cost]

    def keep_at_most(self, tier: int, value: int) -> None:
        """From now on the tier is no worse than `value`."""
        self._model.add(self._tiers[tier] <= value)

    def minimise(
        self, tier: int, start: Given, least: float, seconds: float
    ) -> tuple[Given, float]:
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
            most = min(demand.quantity, len(problem.seat_runs[b].units))
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
            sets.setdefault(problem.seat_runs[b].set_id, []).append(b)
            vendors.setdefault(problem.seat_runs[b].vendor, []).append(b)
        chosen = [self._any(d, seat_runs, f"s{d}_{i}") for i, seat_runs in enumerate(sets.values())]
        split = model.new_bool_var(f"split{d}")
        model.add(sum(chosen) <= 1 + (len(chosen) - 1) * split if chosen else split == 0)
        if demand.one_set:
            model.add(split == 0)
        if demand.one_group:
            model.add(sum(self._uses[d, b] for b in demand.gain) <= 1)
        if demand.several_vendors and chosen:
            seen = [
                self._any(d, seat_runs, f"v{d}_{i}") for i, seat_runs in enumerate(vendors.values())
            ]
            model.add(sum(seen) >= 2 * split)
        if demand.least > 1:
            for seat_runs, uses in zip(sets.values(), chosen, strict=True):
                model.add(sum(self._count[d, b] for b in seat_runs) >= demand.least * uses)
        if demand.margin_rule is not None and demand.gain:
            model.add(sum(demand.margin_rule[b] * self._count[d, b] for b in demand.gain) >= 0)
        return split

    def _cost(self) -> Any:
        """What the units cost less what they are sold for. Where a gain is a price less a cost, it is
        the same whoever gets a unit of a run: said of the runs, it is proven many times sooner."""
        apart = prices_and_costs(self._problem)
        if apart is None:
            return sum(
                -self._problem.demands[d].gain[b] * count for (d, b), count in self._count.items()
            )
        prices, costs = apart
        sizes = [len(seat_run.units) for seat_run in self._problem.seat_runs]
        spent = [costs[b] * (sizes[b] - other) for b, other in enumerate(self._others)]
        sold = [
            prices[d] * (demand.served + (demand.quantity - demand.served) * self._whole[d])
            for d, demand in enumerate(self._problem.demands)
        ]
        return sum(spent) - sum(sold)

    def _any(self, d: int, seat_runs: Sequence[int], name: str) -> Any:
        """Whether the sale draws from any of these runs of seats."""
        if len(seat_runs) == 1:
            return self._uses[d, seat_runs[0]]
        drawn = self._model.new_bool_var(name)
        self._model.add_max_equality(drawn, [self._uses[d, b] for b in seat_runs])
        return drawn

    def _left_of(self, b: int) -> Any:
        """No more than there is; whether one seat is left alone."""
        size = len(self._problem.seat_runs[b].units)
        used = sum(
            self._count[d, b] for d in range(len(self._problem.demands)) if (d, b) in self._count
        )
        self._model.add(used <= size)
        alone = self._model.new_bool_var(f"alone{b}")
        other = self._model.new_int_var(0, size, f"left{b}")
        self._others.append(other)
        self._model.add(other == size - used)
        self._model.add(other != 1).only_enforce_if(~alone)
        return alone
