"""The eight parts of a score and its weights (§5a step 4, D9), through `allocate preview`; every
number is worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.desk import Desk
from ticketops.domain.allocation.proposals import ShownPlan
from ticketops.domain.allocation.scoring import Parts
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    MATTHIAS_EMAILS,
    PURCHASES,
    SALES,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)
from ticketops.services import allocation, purchasing, selling

DAY = datetime(2026, 4, 1)
PARTS = (
    "exactness",
    "margin",
    "sla",
    "continuity",
    "freshness",
    "upgrade",
    "multi_vendor",
    "split_factor",
    "distance",
)


def bought(
    quantity: int,
    price: float = 100,
    day: int = 1,
    vendor: str = "Viagogo",
    category: str = "Cat 1",
    notes: str = "",
) -> PurchaseLine:
    return PurchaseLine(
        "M01",
        vendor,
        "000777",
        category,
        quantity,
        Decimal(str(price)),
        "USD",
        DAY.replace(day=day),
        notes,
    )


def desk_with(
    purchases: Sequence[PurchaseLine], quantity: int, price: float = 200, category: str = "Cat 1"
) -> Desk:
    """A desk with these purchases, each a set PR000n-S01 with units from row 2 on, and one sale,
    S1."""
    desk = Desk()
    desk.do(purchasing.purchase_add(purchases))
    desk.do(
        selling.sale_add(
            Order("Meridian", "USD", DAY),
            [SaleLine("M01", category, quantity, Decimal(str(price)))],
        )
    )
    return desk


def draw_from(desk: Desk, category: str) -> None:
    for row in desk.rows(DISTRIBUTION, "row"):
        desk.set(DISTRIBUTION, row, "alloc_from", category)


def plans_of(desk: Desk) -> list[ShownPlan]:
    return desk.do(allocation.allocate_preview("S1", write=False)).result.plans


def chunks(plan: ShownPlan) -> str:
    """`1x3 2x1`: three of PR0001-S01, one of PR0002-S01."""
    return " ".join(f"{int(c.set_id[2:6])}x{c.qty}" for c in plan.chunks)


def plan_with(desk: Desk, wanted: str) -> ShownPlan:
    return next(plan for plan in plans_of(desk) if chunks(plan) == wanted)


# --- each part
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sets", "quantity", "plan", "value"),
    [
        ([4], 4, "1x4", 1.0),
        ([6], 4, "1x4", 0.666667),
        ([8], 1, "1x1", 0.125),
        ([3, 2], 4, "1x3 2x1", 0.8),  # 4 of the 5 units of both sets
        ([3, 2], 4, "2x2 1x2", 0.8),
        ([3, 9], 2, "1x2", 0.666667),  # only the chosen sets count
        ([3], 4, "1x3", 1.0),  # fewer than asked for: 4 ÷ 3, at most 1
    ],
)
def test_exactness_is_quantity_by_available_units_of_the_chosen_sets(
    sets: list[int], quantity: int, plan: str, value: float
) -> None:
    desk = desk_with([bought(n) for n in sets], quantity)
    assert plan_with(desk, plan).parts.exactness == value


@pytest.mark.parametrize(
    ("costs", "price", "plan", "part", "percent", "delta"),
    [
        ([(4, 100)], 200, "1x4", 0.5, 50.0, 400.0),
        ([(4, 150)], 200, "1x4", 0.25, 25.0, 200.0),
        ([(4, 0)], 200, "1x4", 1.0, 100.0, 800.0),
        ([(4, 200)], 200, "1x4", 0.0, 0.0, 0.0),
        (
            [(4, 250)],
            200,
            "1x4",
            0.0,
            -25.0,
            -200.0,
        ),  # a loss: the part is 0, the figures say how much
        (
            [(3, 100), (2, 180)],
            200,
            "1x3 2x1",
            0.4,
            40.0,
            320.0,
        ),  # average cost (3·100 + 180) ÷ 4 = 120
        ([(3, 100), (2, 180)], 200, "2x2 1x2", 0.3, 30.0, 240.0),  # (2·180 + 2·100) ÷ 4 = 140
        ([(3, 50)], 200, "1x3", 0.75, 75.0, 450.0),  # 3 of 4 tickets: × total of the plan
        ([(4, 99.99)], 149.99, "1x4", 0.333356, 33.3356, 200.0),  # 50 ÷ 149.99
    ],
)
def test_margin_of_the_sale_price_and_over_all_tickets(
    costs: list[tuple[int, float]],
    price: float,
    plan: str,
    part: float,
    percent: float,
    delta: float,
) -> None:
    desk = desk_with([bought(n, cost) for n, cost in costs], 4, price)
    found = plan_with(desk, plan)
    assert (found.parts.margin, found.margin_pct, found.margin_delta) == (part, percent, delta)


@pytest.mark.parametrize(
    ("edits", "part", "percent", "delta"),
    [
        ([(SALES, "price", None)], 0.0, None, None),
        ([(PURCHASES, "price", None)], 0.0, None, None),
        ([(SALES, "currency", "EUR")], 0.0, None, None),
        ([(SALES, "currency", None)], 0.5, 50.0, 400.0),  # blank: that of the other side
        ([(PURCHASES, "currency", None)], 0.5, 50.0, 400.0),
        ([(SALES, "currency", "EUR"), (PURCHASES, "currency", "EUR")], 0.5, 50.0, 400.0),
        (
            [(PURCHASES, "price", -20)],
            1.0,
            110.0,
            880.0,
        ),  # paid for taking them: the part is at most 1
        ([(SALES, "price", 0)], 0.0, None, -400.0),  # a gift: no per cent of nothing, but a loss
    ],
)
def test_margin_that_is_unknown_or_odd(
    edits: list[tuple[str, str, Any]], part: float, percent: float | None, delta: float | None
) -> None:
    desk = desk_with([bought(4, 100)], 4, 200)
    for sheet, column, value in edits:
        desk.set(sheet, 2, column, value)
    (found,) = plans_of(desk)
    assert (found.parts.margin, found.margin_pct, found.margin_delta) == (part, percent, delta)


def test_margin_is_unknown_where_one_of_two_purchases_has_no_price_or_another_currency() -> None:
    for column, value in (("price", None), ("currency", "EUR")):
        desk = desk_with([bought(3, 100), bought(2, 100)], 4)
        desk.set(PURCHASES, 3, column, value)
        found = plan_with(desk, "1x3 2x1")
        assert (found.parts.margin, found.margin_pct, found.margin_delta) == (0.0, None, None)


def test_cost_is_that_of_the_units_own_purchase() -> None:
    """By PurchaseID; without one by the data row that the SetID counts (D4)."""
    desk = desk_with([bought(4, 100), bought(9, 50)], 4, 200)
    assert plan_with(desk, "1x4").margin_pct == 50.0
    for row in range(2, 6):
        desk.set(UNITS, row, "purchase_id", None)
    assert plan_with(desk, "1x4").margin_pct == 50.0
    for row in range(2, 6):
        desk.set(UNITS, row, "purchase_id", desk.rows(PURCHASES, "purchase_id")[1])
    assert plan_with(desk, "1x4").margin_pct == 75.0


LOGIN: dict[str, Any] = {"vendor": "viagogo", "login_id": "v1", "password": "s3cret"}


@pytest.mark.parametrize(
    ("units", "rows", "value"),
    [
        ({}, {}, 0.0),
        ({2: {"email": "a@example.org", "password": "x"}}, {}, 0.25),
        ({2: {"login_id": "a1", "password": "x"}}, {}, 0.25),
        ({2: {"email": "a@example.org", "password_legacy": "x"}}, {}, 0.25),
        ({2: {"email": "a@example.org"}}, {}, 0.0),  # no password
        ({2: {"password": "x"}}, {}, 0.0),  # nobody knows for which account
        ({r: {"email": "a@example.org", "password": "x"} for r in (2, 3, 5)}, {}, 0.75),
        ({}, {VENDOR_CREDENTIALS: LOGIN}, 1.0),
        ({}, {VENDOR_CREDENTIALS: LOGIN | {"active": True}}, 1.0),
        ({}, {VENDOR_CREDENTIALS: LOGIN | {"active": False}}, 0.0),
        ({}, {VENDOR_CREDENTIALS: LOGIN | {"password": None}}, 0.0),
        ({}, {VENDOR_CREDENTIALS: LOGIN | {"vendor": "StubHub"}}, 0.0),
        (
            {},
            {SUPPLIER_QUEUE: {"supplier_key": "VIAGOGO", "vendor": "VIAGOGO", "sales_id": "S9-1"}},
            1.0,
        ),
        (
            {},
            {SUPPLIER_QUEUE: {"supplier_key": "SALVI", "vendor": "Salvi", "sales_id": "S9-1"}},
            0.0,
        ),
        (
            {2: {"vendor": "Matt@Example.org"}, 3: {"vendor": "matt@example.org"}},
            {MATTHIAS_EMAILS: {"email": "matt@example.org"}},
            0.5,
        ),
    ],
    ids=[
        "none",
        "email and password",
        "login and password",
        "legacy password",
        "email only",
        "password only",
        "three of four",
        "login of the vendor",
        "active login",
        "inactive login",
        "login without password",
        "login of another vendor",
        "supplier",
        "another supplier",
        "matthias",
    ],
)
def test_sla_is_the_share_of_units_that_are_ready_to_send(
    units: dict[int, dict[str, Any]], rows: dict[str, dict[str, Any]], value: float
) -> None:
    desk = desk_with([bought(4)], 4)
    for row, cells in units.items():
        for column, cell in cells.items():
            desk.set(UNITS, row, column, cell)
    for sheet, cells in rows.items():
        desk.type_rows(sheet, [cells])
    (found,) = plans_of(desk)
    assert found.parts.sla == value


@pytest.mark.parametrize(
    ("sets", "sold_units", "quantity", "plan", "value"),
    [
        ([4], [], 4, "1x4", 1.0),
        ([5], [4], 4, "1x4", 0.5),  # SetPos 3 is gone: 1-2 and 4-5
        ([6], [4], 4, "1x4", 0.75),  # SetPos 3 is gone: 4-5-6 and one of 1-2
        ([3, 2], [], 4, "1x3 2x1", 0.75),
        ([3, 2], [], 4, "2x2 1x2", 0.5),
        ([2], [], 4, "1x2", 0.5),  # of what the sale asks for
        ([1, 1, 1], [], 3, "1x1 2x1 3x1", 0.333333),
        ([1], [], 1, "1x1", 1.0),
    ],
)
def test_continuity_is_the_longest_run_by_quantity(
    sets: list[int], sold_units: list[int], quantity: int, plan: str, value: float
) -> None:
    desk = desk_with([bought(n) for n in sets], quantity)
    for row in sold_units:
        desk.set(UNITS, row, "status", "SOLD")
    assert plan_with(desk, plan).parts.continuity == value


def test_continuity_by_seats_crosses_sets_and_follows_the_row() -> None:
    desk = desk_with([bought(3), bought(2)], 4)
    for row, seat in enumerate(("1", "3", "5", "7", "9"), start=2):
        for column, value in (("block", "B"), ("seat_row", "4"), ("seat", seat)):
            desk.set(UNITS, row, column, value)
    assert plan_with(desk, "1x3 2x1").parts.continuity == 1.0  # 1, 3, 5 and 7
    desk.set(
        UNITS, 5, "seat", "8"
    )  # the row holds even seats: 7, 8, 9 … of which 8 and 9 adjoin; 1, 3, 5 do not
    assert plan_with(desk, "1x3 2x1").parts.continuity == 0.25


@pytest.mark.parametrize(
    ("days", "quantity", "plan", "value"),
    [
        ([1, 11, 21], 2, "1x2", 0.0),
        ([1, 11, 21], 2, "2x2", 0.5),
        ([1, 11, 21], 2, "3x2", 1.0),
        ([1, 11, 21], 3, "1x2 2x1", 0.166667),  # (0 + 0 + ½) ÷ 3
        ([1, 11, 21], 3, "2x2 3x1", 0.666667),
        ([1, 11, 21], 3, "3x2 1x1", 0.666667),
        ([5, 5, 5], 2, "2x2", 1.0),  # all of one day: all the newest
        ([1, None, 21], 2, "2x2", 0.0),  # unknown: as the oldest
        ([1, None, 11], 2, "3x2", 1.0),
        ([None, None, None], 2, "1x2", 0.0),
    ],
)
def test_freshness_is_the_place_between_the_oldest_and_the_newest_purchase(
    days: list[int | None], quantity: int, plan: str, value: float
) -> None:
    desk = desk_with([bought(2, day=day or 1) for day in days], quantity)
    for row, day in enumerate(days, start=2):
        if day is None:
            desk.set(PURCHASES, row, "date", None)
    assert plan_with(desk, plan).parts.freshness == value


def test_freshness_looks_at_the_pool_of_the_sale_only() -> None:
    """Neither another category nor stock that is gone counts as older or newer."""
    desk = desk_with(
        [bought(2, day=5), bought(2, day=9), bought(2, day=1, category="Cat 2"), bought(1, day=28)],
        2,
    )
    desk.set(UNITS, 8, "status", "SOLD")
    assert [plan_with(desk, plan).parts.freshness for plan in ("1x2", "2x2")] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("sold", "served", "value"),
    [
        ("Cat 2", "Cat 2", 0.0),
        ("Cat 2", "Cat 1", 1.0),
        ("Cat 3", "Top Cat 1", 1.0),
        ("Cat 1", "Cat 2", 0.0),
        ("Cat 4", "Cat 1", 1.0),
    ],
)
def test_upgrade_is_a_better_category_than_the_one_sold(
    sold: str, served: str, value: float
) -> None:
    desk = desk_with([bought(4, category=served)], 4, category=sold)
    if sold != served:
        draw_from(desk, served)
    assert plan_with(desk, "1x4").parts.upgrade == value


@pytest.mark.parametrize(
    ("vendors", "plan", "value"),
    [
        (["A", "B"], "1x3 2x1", 1.0),
        (["A", "A"], "1x3 2x1", 0.0),
        (["A", "B", "B"], "1x3 2x1", 1.0),
        (["B", "B", "A"], "1x3 2x1", 0.0),
    ],
)
def test_multi_vendor(vendors: list[str], plan: str, value: float) -> None:
    sizes = [3, 2, 2]
    desk = desk_with(
        [bought(n, vendor=vendor) for n, vendor in zip(sizes, vendors, strict=False)], 4
    )
    assert plan_with(desk, plan).parts.multi_vendor == value


@pytest.mark.parametrize(
    ("sets", "quantity", "plan", "value"),
    [
        ([4], 4, "1x4", 0.0),
        ([3, 1], 4, "1x3 2x1", 0.333333),  # (2 − 1) ÷ (4 − 1)
        ([2, 1, 1], 4, "1x2 2x1 3x1", 0.666667),
        ([1, 1, 1], 3, "1x1 2x1 3x1", 1.0),
        ([1, 1], 2, "1x1 2x1", 1.0),
        ([1], 1, "1x1", 0.0),
        ([1, 1], 9, "1x1 2x1", 0.125),  # (2 − 1) ÷ (9 − 1): of what the sale asks for
    ],
)
def test_split_factor(sets: list[int], quantity: int, plan: str, value: float) -> None:
    desk = desk_with([bought(n) for n in sets], quantity)
    assert plan_with(desk, plan).parts.split_factor == value


# --- whole scores
# ---------------------------------------------------------------------------------------------------------


def whole_score(desk: Desk, plan: str) -> tuple[list[float], float]:
    found = plan_with(desk, plan)
    assert tuple(Parts.__dataclass_fields__) == PARTS
    return [getattr(found.parts, name) for name in PARTS], found.score


def test_the_best_score_there_is() -> None:
    """All good parts 1, all bad ones 0: .35 + .25 + .15 + .10 + .05."""
    desk = desk_with([bought(2, price=0)], 2)
    desk.type_rows(VENDOR_CREDENTIALS, [LOGIN])
    assert whole_score(desk, "1x2") == ([1, 1, 1, 1, 1, 0, 0, 0, 0], 0.9)


def test_the_worst_parts_weigh_what_they_should() -> None:
    """Upgrade, two vendors and a whole split: 1·.35 + ½·.25 + 0 + ½·.10 + ½·.05 − .15 − .10 − .10 =
    .20."""
    desk = desk_with(
        [bought(1, vendor="A", day=1), bought(1, vendor="B", day=3)], 2, category="Cat 2"
    )
    draw_from(desk, "Cat 1")
    assert whole_score(desk, "1x1 2x1") == ([1, 0.5, 0, 0.5, 0.5, 1, 1, 1, 0], 0.2)


def test_a_score_in_all_its_parts() -> None:
    """Six tickets at 200: all four of set 1 (cost 80, 1 April, vendor A, whose login is known) and
    two of the three of set 2 (cost 120, 11 April, vendor B), drawn from Cat 1 for a Cat 2 sale; set
    3 (21 April) is the newest of the pool."""
    purchases = [bought(4, 80, 1, "A"), bought(3, 120, 11, "B"), bought(1, 60, 21, "B")]
    desk = desk_with(purchases, 6, category="Cat 2")
    draw_from(desk, "Cat 1")
    desk.type_rows(VENDOR_CREDENTIALS, [LOGIN | {"vendor": "A"}])
    parts, total = whole_score(desk, "1x4 2x2")
    assert parts == [
        0.857143,  # 6 ÷ (4 + 3)
        0.533333,  # average cost (4·80 + 2·120) ÷ 6 = 93⅓; 106⅔ ÷ 200
        0.666667,  # 4 of 6
        0.666667,  # 4 ÷ 6
        0.166667,  # (4·0 + 2·½) ÷ 6
        1.0,
        1.0,
        0.2,  # (2 − 1) ÷ (6 − 1)
        0.0,  # no seat map
    ]
    # .30 + .133333 + .10 + .066667 + .008333 − .15 − .10 − .02
    assert total == pytest.approx(0.338333, abs=2e-6)
    found = plan_with(desk, "1x4 2x2")
    assert (found.margin_pct, found.margin_delta) == (53.3333, 640.0)


def test_every_score_is_the_weighted_sum_of_its_parts() -> None:
    weights = {
        "exactness": 0.35,
        "margin": 0.25,
        "sla": 0.15,
        "continuity": 0.10,
        "freshness": 0.05,
        "upgrade": -0.15,
        "multi_vendor": -0.10,
        "split_factor": -0.10,
        "distance": -0.10,
    }
    desk = desk_with([bought(n, 70 + 9 * n, n, "AB"[n % 2]) for n in (5, 4, 3, 2, 1)], 6)
    found = plans_of(desk)
    assert len(found) == 5
    for plan in found:
        assert plan.score == pytest.approx(
            sum(weight * getattr(plan.parts, name) for name, weight in weights.items()), abs=1e-6
        )
        assert all(0 <= value <= 1 for value in (getattr(plan.parts, name) for name in PARTS))


def test_rank_is_not_by_score() -> None:
    """§5a ranks by target, chunks and total; the score is shown beside it."""
    desk = desk_with([bought(3, 190, 1), bought(9, 10, 9)], 3)
    assert [(chunks(plan), plan.rank) for plan in plans_of(desk)] == [("1x3", 1), ("2x3", 2)]
    # 1x3: 1·.35 + .05·.25 + .10 + 0 = .4625; 2x3: ⅓·.35 + .95·.25 + .10 + .05 = .504167
    assert [plan.score for plan in plans_of(desk)] == pytest.approx([0.4625, 0.504167], abs=1e-6)
