"""What was sold and bought in every pool (match × category), so that the position report comes out
exactly as wanted.

In: a Shape and a seeded random.Random. Out: the pools with their figures, and how many tickets each
sale asks for.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from ticketops.books.sample.schedule import MATCHES, Match
from ticketops.books.sample.shape import Shape
from ticketops.model import categories

_SMALL_MATCHES = (1, 3, 4, 7, 13, 21, 28, 51, 73, 89, 101, 104)
_STAGE_WEIGHT = {
    "Group stage": 1.0,
    "Round of 32": 1.2,
    "Round of 16": 1.5,
    "Quarter-final": 2.0,
    "Semi-final": 2.8,
    "Match for third place": 1.2,
    "Final": 5.0,
}
_CATEGORY_WEIGHT = {"Top Cat 1": 0.5, "Cat 1": 1.4, "Cat 2": 1.2, "Cat 3": 1.0, "Cat 4": 0.5}
_RARITY = {"Top Cat 1": 3, "Cat 4": 3}
"""Categories that many matches lack; every match has Cat 1."""


@dataclass(slots=True)
class Pool:
    """One match and category.

    quantities: of its sales. sold, sent, allocated count its tickets; drawn counts its units that
    serve tickets (those of an upgraded sale are drawn from a better pool), lost those cancelled or
    replaced, available the free ones.
    """

    match: Match
    category: str
    weight: float
    quantities: list[int] = field(default_factory=list)
    dry: bool = False
    sent: int = 0
    allocated: int = 0
    drawn: int = 0
    lost: int = 0
    available: int = 0

    @property
    def sold(self) -> int:
        return sum(self.quantities)

    @property
    def open(self) -> int:
        return self.sold - self.sent

    @property
    def units(self) -> int:
        return self.available + self.drawn + self.lost


def apportion(
    total: int, weights: Sequence[float], low: Sequence[int], high: Sequence[int] | None = None
) -> list[int]:
    """Whole numbers that sum to `total`, each between its `low` and `high`, in the proportion of
    the weights.

    Raises ValueError where the bounds leave no way.
    """
    given = list(low)
    rest = total - sum(given)
    room = (
        [total] * len(given) if high is None else [h - g for h, g in zip(high, given, strict=True)]
    )
    while rest > 0:
        free = [i for i in range(len(given)) if room[i] > 0 and weights[i] > 0]
        scale = sum(weights[i] for i in free)
        exact = {i: rest * weights[i] / scale for i in free}
        shares = {i: min(int(exact[i]), room[i]) for i in free}
        if not any(shares.values()) or all(exact[i] < room[i] for i in free):
            nearest = sorted(free, key=lambda i: shares[i] - exact[i])
            shares |= {i: shares[i] + 1 for i in nearest[: rest - sum(shares.values())]}
        if not shares:
            break
        for i, share in shares.items():
            given[i] += share
            room[i] -= share
            rest -= share
    if rest:
        raise ValueError(f"{total} can't be shared out within the bounds")
    return given


def line_size(rng: random.Random, largest: int) -> int:
    """How large a line is, before it is fitted: many of 1 to 4, some of 10 to 50, few of 100 and
    more, none above `largest`."""
    kind = rng.random()
    if kind < 0.64:
        return rng.randint(1, 4)
    if kind < 0.80:
        return rng.randint(5, 10)
    return min(largest, rng.randint(10, 50) if kind < 0.985 else rng.randint(100, 180))


def fit_lines(total: int, draws: Sequence[int]) -> list[int]:
    """Lines of the sizes drawn, made larger or smaller so that they sum to `total`; those of 1
    mostly stay 1."""
    return apportion(total, [draw - 0.95 for draw in draws], [1] * len(draws))


def make_pools(rng: random.Random, shape: Shape) -> list[Pool]:
    """The pools with the sales of each, in match order."""
    matches = (
        MATCHES
        if shape.matches == len(MATCHES)
        else [MATCHES[number - 1] for number in _SMALL_MATCHES[: shape.matches]]
    )
    pairs = [(match, category) for match in matches for category in categories.FIFA_CATEGORIES]
    droppable = sorted(
        (pair for pair in pairs if pair[1] != "Cat 1"),
        key=lambda pair: rng.random() * _RARITY.get(pair[1], 1),
    )
    dropped = set(droppable[shape.pools - len(pairs) :])
    pools = [
        Pool(
            match,
            category,
            _STAGE_WEIGHT[match.stage]
            * _CATEGORY_WEIGHT[category]
            * (1.5 if match.favourite else 1.0)
            * rng.lognormvariate(0, 0.5),
        )
        for match, category in pairs
        if (match, category) not in dropped
    ]
    asked = sorted(rng.sample(range(len(pools)), len(pools) - shape.stock_only))
    selling = [pools[i] for i in asked]
    lines = apportion(shape.sales, [pool.weight for pool in selling], [1] * len(selling))
    drawn = [[line_size(rng, shape.largest) for _ in range(count)] for count in lines]
    sold = apportion(shape.tickets, [sum(draws) for draws in drawn], lines)
    for pool, draws, tickets in zip(selling, drawn, sold, strict=True):
        pool.quantities = fit_lines(tickets, draws)
    _choose_dry(rng, pools, shape)
    return pools


def _choose_dry(rng: random.Random, pools: Sequence[Pool], shape: Shape) -> None:
    """Pools that are sold without any stock left: small ones, so that they are a part of what is
    short, not all of it."""
    budget = 0.4 * (shape.oversold - shape.allocated + shape.sent)
    candidates = [pool for pool in pools if max(pool.quantities, default=0) >= 3]
    rng.shuffle(candidates)
    for pool in sorted(candidates, key=lambda pool: max(0.0, pool.sold - budget / shape.dry))[
        : shape.dry
    ]:
        pool.dry = True


def fit_stock(rng: random.Random, pools: Sequence[Pool], shape: Shape) -> None:
    """Set `available` and `lost` of every pool, once sent, allocated and drawn are known.

    What is allocated and not sent is short by D8's definition; the rest of Oversold falls on dry
    pools and a few others, Surplus on pools that are not short.
    """
    short = [pool.open if pool.dry else pool.allocated - pool.sent for pool in pools]
    extra = shape.oversold - sum(short)
    room = [0] * len(pools)
    order = rng.sample(range(len(pools)), len(pools))
    if shape.concentrated:
        order.sort(key=lambda i: -pools[i].open)
    for i in order:
        if sum(room) < 1.5 * extra and not pools[i].dry:
            room[i] = pools[i].open - short[i]
    more = apportion(
        extra,
        [0 if space == 0 else space * rng.uniform(0.3, 1) for space in room],
        [0] * len(pools),
        room,
    )
    short = [a + b for a, b in zip(short, more, strict=True)]
    wealth = [
        pool.weight * rng.lognormvariate(0, 0.8) if lack == 0 else 0.0
        for pool, lack in zip(pools, short, strict=True)
    ]
    exact = [pool.sold > 0 and rng.random() < 0.15 for pool in pools]
    wealth = [0.0 if even else weight for even, weight in zip(exact, wealth, strict=True)]
    spare = apportion(shape.surplus, wealth, [0 if pool.sold else 1 for pool in pools])
    for pool, lack, left in zip(pools, short, spare, strict=True):
        pool.available = pool.open - lack + left
    stocked = [pool for pool in pools if pool.available > 0]
    for _ in range(shape.committed - sum(pool.drawn for pool in pools)):
        rng.choice(stocked).lost += 1
