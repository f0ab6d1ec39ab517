"""The optimum over all sales (D6; `allocate auto --optimize`) against exhaustive searches, and
never worse than one after the other.

What is made small, in this order: tickets without a unit, sales that are split, groups of seats,
free seats left alone, cost less price. Every sale gets as many tickets as the sequential plan gives
it, or all it asks for.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT, Runner
from tests.desk import Desk, everything
from ticketops.adapters import solver
from ticketops.adapters.solver import improver
from ticketops.domain.allocation.automatic import Measures, Proven, SalePlan, measured, plan_lines
from ticketops.domain.allocation.optimum import Demand, Problem, SeatRun
from ticketops.engine.transaction import look
from ticketops.errors import UnusableError
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    EVENT,
    HOLDS,
    POLICIES,
    PURCHASES,
    SALES,
    UNITS,
)
from ticketops.services import allocation
from ticketops.services.comparison import compare
from ticketops.stores.memory import MemoryStore

Value = tuple[int, int, int, int, int]
TIERS = ("unserved", "split_sales", "seat_groups", "stranded", "cost")


@dataclass(frozen=True)
class Stock:
    """A set: its free seats in groups of adjoining ones, with a sold seat between two groups."""

    runs: tuple[int, ...]
    vendor: str = "A"
    cost: int = 100
    seated: bool = True
    vip: bool = False
    match: str = "M01"


@dataclass(frozen=True)
class Wanted:
    """A sale, and the policy of its client, who buys nothing else."""

    quantity: int
    price: int = 200
    policy: tuple[tuple[str, Any], ...] = ()
    instructions: str = ""
    match: str = "M01"

    @property
    def rules(self) -> dict[str, Any]:
        return dict(self.policy)


@dataclass(frozen=True)
class Case:
    stock: tuple[Stock, ...]
    sales: tuple[Wanted, ...]
    holds: tuple[tuple[str, str], ...] = ()
    """(UnitID, client C1, C2 …)"""

    def store(self) -> MemoryStore:
        """The workbook that says so. P01003 is SetPos 3 of the first set, PR0001-S01; client C1
        buys S1."""
        typed: dict[str, list[dict[str, Any]]] = {
            name: [] for name in (PURCHASES, UNITS, SALES, DISTRIBUTION, POLICIES)
        }
        for index, one in enumerate(self.stock, start=1):
            shared = {
                "match": one.match,
                "category": "Cat 1",
                "vendor": one.vendor,
                "purchase_id": f"P_{index}",
            }
            typed[PURCHASES].append(
                {
                    **shared,
                    "price": one.cost,
                    "currency": "USD",
                    "notes": "VIP" if one.vip else None,
                }
            )
            status = [s for n in one.runs for s in (*["AVAILABLE"] * n, "SOLD")][:-1]
            for pos, state in enumerate(status, start=1):
                place = (
                    {"block": f"B{index}", "seat_row": "1", "seat": str(pos)} if one.seated else {}
                )
                typed[UNITS].append(
                    {
                        **shared,
                        **place,
                        "unit_id": f"P{index:02d}{pos:03d}",
                        "set_id": f"PR{index:04d}-S01",
                        "set_pos": pos,
                        "status": state,
                    }
                )
        for number, sale in enumerate(self.sales, start=1):
            shared = {"match": sale.match, "category": "Cat 1"}
            typed[SALES].append(
                {
                    **shared,
                    "sales_id": f"S{number}",
                    "client": f"C{number}",
                    "number": sale.quantity,
                    "price": sale.price,
                    "currency": "USD",
                    "status": "UNALLOCATED",
                    "instructions": sale.instructions,
                }
            )
            typed[DISTRIBUTION] += [
                {
                    **shared,
                    "sales_id": f"S{number}-{n}",
                    "row_type": "Sales",
                    "company": f"C{number}",
                    "child": n,
                    "line_key": f"k{number}-{n}",
                }
                for n in range(1, sale.quantity + 1)
            ]
            if sale.policy:
                typed[POLICIES].append({"scope": "client", "key": f"C{number}", **sale.rules})
        typed[HOLDS] = [{"unit_id": unit_id, "client": client} for unit_id, client in self.holds]
        grids = {}
        for sheet in (EVENT[name] for name in allocation.allocate_auto().sheets):
            rows = [
                [row.get(column.name) for column in sheet.columns]
                for row in typed.get(sheet.name, [])
            ]
            grids[sheet.name] = [[]] * (sheet.header_row - 1) + [
                [column.header for column in sheet.columns],
                *rows,
            ]
        return MemoryStore.of_rows(grids, layout=EVENT)


@dataclass(frozen=True)
class Block:
    """Free adjoining seats of one set."""

    set_number: int
    size: int
    stock: Stock


def blocks_of(case: Case) -> list[Block]:
    return [Block(index, n, one) for index, one in enumerate(case.stock, start=1) for n in one.runs]


# --- the oracle
# ---------------------------------------------------------------------------------------------------------------


def permitted(sale: Wanted, taken: Sequence[tuple[Block, int]]) -> bool:
    """Whether a sale may get these numbers of these blocks (§5a step 5, special instructions)."""
    rules = sale.rules
    per_set: Counter[int] = Counter()
    for block, n in taken:
        per_set[block.set_number] += n
    vendors = {block.stock.vendor for block, _ in taken}
    profit = sum(n * (sale.price - block.stock.cost) for block, n in taken)
    turnover = sale.price * sum(n for _, n in taken)
    return not (
        rules.get("vendor_blocklist") in vendors
        or (rules.get("exclude_vip") and any(block.stock.vip for block, _ in taken))
        or (rules.get("split_policy") == "SINGLE_SET_ONLY" and len(per_set) > 1)
        or (
            rules.get("split_policy") == "REQUIRE_MIN_CHUNK_SIZE"
            and any(n < min(rules["min_chunk_size"], sale.quantity) for n in per_set.values())
        )
        or (rules.get("vendor_diversity") and len(per_set) > 1 and len(vendors) == 1)
        or (
            taken
            and "min_margin_pct" in rules
            and 100 * profit < rules["min_margin_pct"] * turnover
        )
        or (sale.instructions == "consecutive seats" and len(taken) > 1)
    )


def by_blocks(case: Case, served: Sequence[int]) -> Value:
    """The best value of all assignments, sale after sale: {what is left of each block: the best so
    far}."""
    blocks = blocks_of(case)
    best: dict[tuple[int, ...], tuple[int, ...]] = {
        tuple(block.size for block in blocks): (0, 0, 0, 0)
    }
    for sale, least in zip(case.sales, served, strict=True):
        ways = []
        for numbers in itertools.product(
            *(range(min(block.size, sale.quantity) + 1) for block in blocks)
        ):
            taken = [(block, n) for block, n in zip(blocks, numbers, strict=True) if n]
            if sum(numbers) in (least, sale.quantity) and permitted(sale, taken):
                split = len({block.set_number for block, _ in taken}) > 1
                cost = sum(n * (block.stock.cost - sale.price) * 100 for block, n in taken)
                ways.append((numbers, (sale.quantity - sum(numbers), int(split), len(taken), cost)))
        after: dict[tuple[int, ...], tuple[int, ...]] = {}
        for left, value in best.items():
            for numbers, more in ways:
                rest = tuple(a - b for a, b in zip(left, numbers, strict=True))
                if min(rest, default=0) >= 0:
                    total = tuple(a + b for a, b in zip(value, more, strict=True))
                    after[rest] = min(after.get(rest, total), total)
        best = after
    return min((*value[:3], sum(n == 1 for n in left), value[3]) for left, value in best.items())  # type: ignore[return-value]


def groups(positions: Sequence[int]) -> int:
    """Of how many runs of consecutive numbers these are."""
    return sum(p - 1 not in positions for p in positions)


def free_units(case: Case) -> list[tuple[int, int]]:
    """(set, SetPos) of every free unit."""
    found = []
    for index, one in enumerate(case.stock, start=1):
        pos = 0
        for n in one.runs:
            found += [(index, pos + k) for k in range(1, n + 1)]
            pos += n + 1
    return found


def value_of(case: Case, assigned: Sequence[Sequence[tuple[int, int]]]) -> Value:
    """The value of an assignment of units to sales, seat by seat."""
    free = set(free_units(case)) - {unit for units in assigned for unit in units}
    alone = sum(
        (index, pos - 1) not in free and (index, pos + 1) not in free for index, pos in free
    )
    unserved = sum(
        sale.quantity - len(units) for sale, units in zip(case.sales, assigned, strict=True)
    )
    split = sum(len({index for index, _ in units}) > 1 for units in assigned)
    runs = sum(
        groups([p for i, p in units if i == index])
        for units in assigned
        for index in {i for i, _ in units}
    )
    cost = sum(
        (case.stock[index - 1].cost - sale.price) * 100
        for sale, units in zip(case.sales, assigned, strict=True)
        for index, _ in units
    )
    return unserved, split, runs, alone, cost


def by_units(case: Case, served: Sequence[int]) -> Value:
    """The best value of all assignments of single units to sales or to nobody."""
    units = free_units(case)
    found = []
    for owners in itertools.product(range(len(case.sales) + 1), repeat=len(units)):
        assigned = [
            [unit for unit, owner in zip(units, owners, strict=True) if owner == s]
            for s in range(1, len(case.sales) + 1)
        ]
        if all(
            len(got) in (least, sale.quantity)
            for got, least, sale in zip(assigned, served, case.sales, strict=True)
        ):
            found.append(value_of(case, assigned))
    return min(found)


# --- what the product says
# ----------------------------------------------------------------------------------------------------


def quiet(_done: int, _all: int) -> None:
    pass


def planned(
    case: Case, *, optimal: bool, seconds: float = 60
) -> tuple[list[SalePlan], Proven | None, Measures]:
    """(lines in the order of the sales, what is proven, figures)."""
    desk = Desk(case.store())
    snapshot = desk.store.read(*allocation.allocate_auto().sheets)
    lines, proven, left = plan_lines(
        snapshot, desk.run(), improve=improver(seconds, quiet) if optimal else None
    )
    return (
        sorted(lines, key=lambda line: int(line.target.sales_id[1:])),
        proven,
        measured(lines, left),
    )


def units_of(lines: Sequence[SalePlan]) -> list[list[tuple[int, int]]]:
    """(set, SetPos) of each unit of each line."""
    return [
        [(int(unit.unit_id[1:3]), int(unit.unit_id[3:])) for unit in line.units] for line in lines
    ]


def taken_blocks(case: Case, units: Sequence[tuple[int, int]]) -> list[tuple[Block, int]]:
    """The units of one sale as numbers of blocks."""
    of_unit = dict(
        zip(
            free_units(case),
            (i for i, block in enumerate(blocks_of(case)) for _ in range(block.size)),
            strict=True,
        )
    )
    return [
        (blocks_of(case)[i], n) for i, n in sorted(Counter(of_unit[unit] for unit in units).items())
    ]


def check(case: Case, oracle: Callable[[Case, Sequence[int]], Value]) -> bool:
    """The plan is the optimum, permitted, and proven; whether it is better than the sequential
    one."""
    before, _proven, _figures = planned(case, optimal=False)
    lines, proven, _figures = planned(case, optimal=True)
    served = [len(line.units) for line in before]
    units = units_of(lines)
    assert len({unit for got in units for unit in got}) == sum(map(len, units)), case
    assert {unit for got in units for unit in got} <= set(free_units(case)), case
    for sale, line, got, least in zip(case.sales, lines, units, served, strict=True):
        assert len(got) in (least, sale.quantity), (case, sale)
        assert permitted(sale, taken_blocks(case, got)), (case, sale, got)
        assert len({chunk.set_id for chunk in line.chunks}) == len(line.chunks)
        assert not (line.units and line.left), case
    value, best = value_of(case, units), oracle(case, served)
    assert value == best, (case, served, units_of(before), units)
    assert proven.proven_gap == 0, case
    if not any(
        sale.policy for sale in case.sales
    ):  # a sale that may draw from nothing is not counted among the unserved there
        assert tuple(proven.optimum.tiers[tier].value for tier in TIERS) == best, case
        assert tuple(proven.optimum.tiers[tier].bound for tier in TIERS) == best, case
    old = value_of(case, units_of(before))
    assert value <= old, case
    return value < old


def random_stock(
    dice: random.Random, most_units: int, most_sets: int, *, plain: bool
) -> tuple[Stock, ...]:
    stock: list[Stock] = []
    left = most_units
    while left > 0 and len(stock) < most_sets:
        runs = []
        for _ in range(dice.randint(1, 2)):
            if left > 0:
                runs.append(dice.randint(1, min(4, left)))
                left -= runs[-1]
        stock.append(
            Stock(
                tuple(runs),
                dice.choice("AB"),
                dice.choice((80, 100, 150)),
                dice.random() < 0.7,
                not plain and dice.random() < 0.2,
            )
        )
        if dice.random() < 0.15:
            break
    return tuple(stock)


RULES: tuple[tuple[tuple[str, Any], ...], ...] = (
    (("split_policy", "SINGLE_SET_ONLY"),),
    (("split_policy", "REQUIRE_MIN_CHUNK_SIZE"), ("min_chunk_size", 2)),
    (("split_policy", "REQUIRE_MIN_CHUNK_SIZE"), ("min_chunk_size", 3)),
    (("vendor_blocklist", "B"),),
    (("vendor_diversity", True),),
    (("exclude_vip", True),),
    (("min_margin_pct", 40.0),),
    (("min_margin_pct", 45.0), ("split_policy", "SINGLE_SET_ONLY")),
)


def random_case(
    dice: random.Random, *, most_units: int = 10, most_sales: int = 4, plain: bool = False
) -> Case:
    stock = random_stock(dice, most_units, 4, plain=plain)
    sales = []
    for _ in range(dice.randint(1, most_sales)):
        rules = dice.choice(RULES) if not plain and dice.random() < 0.5 else ()
        wish = "consecutive seats" if not plain and dice.random() < 0.15 else ""
        sales.append(Wanted(dice.randint(1, 4), dice.choice((120, 200)), rules, wish))
    return Case(stock, tuple(sales))


def test_the_optimum_is_the_true_one_seat_by_seat() -> None:
    """Against every assignment of up to six units to up to three sales."""
    dice = random.Random(1)
    for _ in range(18):
        check(random_case(dice, most_units=6, most_sales=3, plain=True), by_units)


def test_the_optimum_is_the_true_one_without_policies() -> None:
    """Up to four sales from up to ten units in four sets, with gaps between seats."""
    dice = random.Random(2)
    assert sum(check(random_case(dice, plain=True), by_blocks) for _ in range(35)) > 8


@pytest.mark.slow
def test_the_optimum_is_the_true_one_within_policies_and_wishes() -> None:
    dice = random.Random(3)
    assert sum(check(random_case(dice), by_blocks) for _ in range(60)) > 10


def test_both_oracles_agree() -> None:
    """The search by blocks rests on seats of a block being alike; the search by units does not."""
    dice = random.Random(4)
    for _ in range(15):
        case = random_case(dice, most_units=6, most_sales=3, plain=True)
        served = [0] * len(case.sales)
        assert by_blocks(case, served) == by_units(case, served)


@pytest.mark.parametrize(
    ("case", "value", "units"),
    [
        # sequentially S1 takes the set of 3 for its 2 and splits S2; together S1 gets the 2 of the
        # set of 5 and S2 the set of 3
        (
            Case((Stock((3,)), Stock((5,))), (Wanted(2), Wanted(3), Wanted(3))),
            (0, 0, 3, 0, -80000),
            [2, 3, 3],
        ),
        # fewest split sales before cheap seats: the whole set costs more
        (
            Case((Stock((2,), cost=10), Stock((2,), cost=10), Stock((4,), cost=190)), (Wanted(4),)),
            (0, 0, 1, 0, -4000),
            [4],
        ),
        # seats together before cheap seats
        (
            Case((Stock((1, 1), cost=10), Stock((2, 2), cost=190)), (Wanted(2),)),
            (0, 0, 1, 2, -2000),
            [2],
        ),
        # no single left alone before cheap seats
        (
            Case((Stock((3,), cost=100), Stock((2,), cost=101)), (Wanted(2),)),
            (0, 0, 1, 0, -19800),
            [2],
        ),
        # of two plans that are alike in all else, the one that leaves none alone
        (Case((Stock((3,)), Stock((5,))), (Wanted(2), Wanted(4))), (0, 0, 2, 2, -60000), [2, 4]),
        # sequentially 3 of 4 and 4 of 6 are taken, and S3, which may not be split, gets nothing;
        # together all get what they want
        (
            Case((Stock((4,)), Stock((6,))), (Wanted(3), Wanted(4), Wanted(3, policy=RULES[0]))),
            (0, 0, 3, 0, -100000),
            [3, 4, 3],
        ),
        # too little: whom the sequential plan serves is served, the others not in part
        (Case((Stock((3,)),), (Wanted(2), Wanted(2))), (1, 0, 2, 0, -30000), [2, 1]),
        (Case((), (Wanted(2),)), (2, 0, 0, 0, 0), [0]),
    ],
    ids=[
        "fewest splits",
        "splits before cost",
        "together before cost",
        "singles before cost",
        "singles",
        "single set",
        "too little",
        "nothing",
    ],
)
def test_what_comes_before_what(case: Case, value: Value, units: list[int]) -> None:
    lines, proven, _figures = planned(case, optimal=True)
    assert [len(line.units) for line in lines] == units
    assert value_of(case, units_of(lines)) == value
    assert proven.proven_gap == 0


# --- never worse
# --------------------------------------------------------------------------------------------------------------


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Two pools, every policy, every wish."""
    match = st.sampled_from(("M01", "M02"))
    stock = st.builds(
        Stock,
        st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
        st.sampled_from("ABC"),
        st.integers(50, 220),
        st.booleans(),
        st.booleans(),
        match,
    )
    wish = st.sampled_from(
        ("", "", "", "consecutive seats", "same row", "same block", "wheelchair access")
    )
    more = (
        (("mode", "SUGGEST"),),
        (("vendor_whitelist", "A, B"),),
        (("mode", "FULLY_AUTO"), ("max_auto_value", 500)),
    )
    wanted = st.builds(
        Wanted,
        st.integers(1, 5),
        st.integers(80, 250),
        st.sampled_from(((), (), *RULES, *more)),
        wish,
        match,
    )
    return Case(
        tuple(draw(st.lists(stock, max_size=5))),
        tuple(draw(st.lists(wanted, min_size=1, max_size=6))),
    )


def figures_of(figures: Measures) -> tuple[Any, ...]:
    margin = round(100 * sum(figures.margin.values()))
    return (
        -figures.units,
        figures.split_sales,
        figures.seat_groups,
        figures.stranded_singles,
        -margin,
    )


def never_worse(case: Case) -> None:
    before, _, old = planned(case, optimal=False)
    lines, proven, new = planned(case, optimal=True)
    assert all(
        len(now.units) >= len(then.units) for now, then in zip(lines, before, strict=True)
    ), case
    assert figures_of(new) <= figures_of(old), case
    assert new.filled >= old.filled
    assert new.targets == old.targets == new.filled + new.waiting + new.left
    assert proven.proven_gap >= 0
    taken = [unit.unit_id for line in lines for unit in line.units]
    assert len(set(taken)) == len(taken)
    for line in lines:
        assert all(unit.occasion == line.target.occasion for unit in line.units)
        assert not line.target.terms.wishes.unmet(line.units, line.quantity)


@pytest.mark.slow
@settings(max_examples=45, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_never_worse_than_one_sale_after_the_other(case: Case) -> None:
    never_worse(case)


@pytest.mark.slow
def test_piece_by_piece_is_never_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way in which large pools are planned, on small ones: pieces of three sales and four
    blocks."""
    monkeypatch.setattr(solver, "_LARGE", 0)
    monkeypatch.setattr(solver, "_PIECE_SALES", 3)
    monkeypatch.setattr(solver, "_PIECE_RUNS", 4)
    dice = random.Random(10)
    better = 0
    for _ in range(25):
        case = random_case(dice, most_units=16, most_sales=6)
        before, _proven, _figures = planned(case, optimal=False)
        lines, _proven, _figures = planned(case, optimal=True)
        units = units_of(lines)
        assert len({unit for got in units for unit in got}) == sum(map(len, units))
        for sale, got, then in zip(case.sales, units, before, strict=True):
            assert len(got) in (len(then.units), sale.quantity)
            assert permitted(sale, taken_blocks(case, got)), (case, sale, got)
        assert value_of(case, units) <= value_of(case, units_of(before)), case
        better += value_of(case, units) < value_of(case, units_of(before))
    assert better > 2


def test_never_worse_where_some_seats_are_held() -> None:
    """Set 1: four adjoining seats, two of them held for the client; set 2: two groups of two,
    cheaper. Sequentially the sale gets four seats together; seats apart are not better for being
    cheaper."""
    case = Case(
        (Stock((4,), cost=100), Stock((2, 2), cost=50)),
        (Wanted(4),),
        holds=(("P01003", "C1"), ("P01004", "C1")),
    )
    before, _, old = planned(case, optimal=False)
    assert (units_of(before), old.seat_groups) == ([[(1, 1), (1, 2), (1, 3), (1, 4)]], 1)
    never_worse(case)


def test_units_held_for_somebody_are_nobody_elses() -> None:
    dice = random.Random(7)
    for _ in range(20):
        case = random_case(dice, plain=True)
        units = [f"P{index:02d}{pos:03d}" for index, pos in free_units(case)]
        held = {unit: f"C{dice.randint(1, 5)}" for unit in units if dice.random() < 0.3}
        lines, _proven, _figures = planned(replace(case, holds=tuple(held.items())), optimal=True)
        taken = [(unit.unit_id, line.target.client) for line in lines for unit in line.units]
        assert len({unit for unit, _ in taken}) == len(taken)
        assert all(held.get(unit, client) == client for unit, client in taken)


# --- limits and the command
# ---------------------------------------------------------------------------------------------------


FIRST = Case((Stock((3,)), Stock((5,))), (Wanted(2), Wanted(3), Wanted(3)))


def test_without_time_it_is_the_sequential_plan() -> None:
    before, _, old = planned(FIRST, optimal=False)
    lines, proven, figures = planned(FIRST, optimal=True, seconds=0)
    assert units_of(lines) == units_of(before)
    assert figures == old
    assert proven.proven_gap > 0  # nobody looked
    better, proven, _ = planned(FIRST, optimal=True)
    assert units_of(better) != units_of(before)
    assert proven.proven_gap == 0


def test_progress_is_told_pool_by_pool() -> None:
    case = replace(
        FIRST,
        stock=(*FIRST.stock, Stock((2,), match="M02")),
        sales=(*FIRST.sales, Wanted(1, match="M02")),
    )
    desk = Desk(case.store())
    told: list[tuple[int, int]] = []
    plan_lines(
        desk.store.read(*allocation.allocate_auto().sheets),
        desk.run(),
        improve=improver(9, lambda done, all_: told.append((done, all_))),
    )
    assert told == [(1, 2), (2, 2)]


def test_auto_commits_the_optimum() -> None:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 1", 5), ("M02", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 3), ("M01", "Cat 1", 3), ("M02", "Cat 1", 1))
    plan = desk.do(allocation.allocate_auto(improve=improver(30, quiet)))
    assert {
        k: getattr(plan.result, k)
        for k in (
            "targets",
            "filled",
            "waiting",
            "left",
            "units",
            "split_sales",
            "chunks",
            "proven_gap",
        )
    } == {
        "targets": 4,
        "filled": 4,
        "waiting": 0,
        "left": 0,
        "units": 9,
        "split_sales": 0,
        "chunks": 4,
        "proven_gap": 0,
    }
    assert plan.findings == []
    given_ = desk.rows(DISTRIBUTION, "unit_ids")
    assert len(set(given_)) == len(given_) == 9
    by_sale: dict[str, set[str]] = {}
    sets = dict(desk.rows(UNITS, "unit_id", "set_id"))
    for ticket, unit in desk.rows(DISTRIBUTION, "sales_id", "unit_ids"):
        by_sale.setdefault(ticket.partition("-")[0], set()).add(sets[unit])
    assert {sale: len(found) for sale, found in by_sale.items()} == {
        "S1": 1,
        "S2": 1,
        "S3": 1,
        "S4": 1,
    }
    assert desk.codes() == []
    assert desk.rows(SALES, "status") == ["ALLOCATED"] * 4


def test_auto_commits_random_optima_with_a_clean_audit() -> None:
    dice = random.Random(9)
    for _ in range(12):
        case = random_case(dice)
        desk = Desk(case.store())
        plan = desk.do(allocation.allocate_auto(improve=improver(30, quiet)))
        units = [unit for unit in desk.rows(DISTRIBUTION, "unit_ids") if unit]
        assert len(set(units)) == len(units) == plan.result.units
        assert desk.codes() == [], case


def test_compare_writes_nothing_and_shows_both_plans() -> None:
    desk = Desk(FIRST.store())
    before = everything(desk.store)
    result = look(desk.store, compare(improver(30, quiet)), desk.run())
    assert everything(desk.store) == before
    shown = (
        "filled",
        "split_sales",
        "chunks",
        "seat_groups",
        "seats_together",
        "stranded_singles",
        "margin",
    )
    # sequentially: S1 two of set 1, S2 three of set 2, S3 the two that are left of set 2 and the
    # one of set 1
    assert [getattr(result.sequential, k) for k in shown] == [3, 1, 4, 4, 4, 0, {"USD": 800.0}]
    assert [getattr(result.optimal, k) for k in shown] == [3, 0, 3, 3, 5, 0, {"USD": 800.0}]
    assert result.optimal.proven_gap == 0


@pytest.fixture
def without_ortools(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "ortools"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ortools", None)


@pytest.mark.usefixtures("without_ortools")
def test_without_or_tools_there_is_a_clear_error() -> None:
    with pytest.raises(UnusableError, match="OR-Tools, which is not installed"):
        improver(1, quiet)


def test_the_command_without_or_tools(cli: Runner, empty: Path, tmp_path: Path) -> None:
    """Exit code 3 and one line that says what to install; nothing is touched. Without --optimize
    all is well."""
    (tmp_path / "hidden" / "ortools").mkdir(parents=True)
    (tmp_path / "hidden" / "ortools" / "__init__.py").write_text("raise ImportError('not here')\n")
    env = {"PYTHONPATH": f"{tmp_path / 'hidden'}:{ROOT}"}
    before = empty.read_bytes()
    done = cli("allocate", "auto", "--optimize", "-w", str(empty), env=env)
    assert done.code == 3
    assert "OR-Tools" in done.err
    assert "pip install 'ticketops[optimize]'" in done.err
    assert "Traceback" not in done.err
    assert empty.read_bytes() == before
    assert cli("allocate", "auto", "-w", str(empty), env=env).code == 0


# --- gains


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=5),
    st.lists(st.integers(0, 50), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_gains_are_told_as_prices_less_costs(
    prices: list[int], costs: list[int], rng: random.Random
) -> None:
    """Whichever runs a sale may draw from; one gain that is off is noticed where another path says
    what it should be."""
    gains = [
        {b: price - cost for b, cost in enumerate(costs) if rng.random() < 0.7} for price in prices
    ]
    found = solver.prices_and_costs(problem_of(gains, len(costs)))
    assert found is not None
    assert all(
        found[0][d] - found[1][b] == gain for d, own in enumerate(gains) for b, gain in own.items()
    )


def test_gains_that_are_no_prices_less_costs() -> None:
    assert solver.prices_and_costs(problem_of([{0: 1, 1: 2}, {0: 1, 1: 3}], 2)) is None


def problem_of(gains: Sequence[dict[int, int]], runs: int) -> Problem:
    return Problem(
        tuple(SeatRun(f"PR{b:04d}-S01", "A", ()) for b in range(runs)),
        tuple(Demand(1, 1, gain) for gain in gains),
    )
