"""Sub-games in holds, reconciliation and the optimum, and each taken back (§4, §5, §12b, D31)."""

from __future__ import annotations

import random
from datetime import datetime
from itertools import product
from typing import Any

import pytest

from tests.desk import CopiedDesk, everything
from tests.domain.manager import ManagerDesk
from ticketops.adapters.solver import improver
from ticketops.engine.job import Job
from ticketops.errors import RuleError
from ticketops.schema.layouts.event import DISTRIBUTION, HOLDS, SALES, SALES_RECON_AUDIT, UNITS
from ticketops.services import allocation, catalogue, selling

LATER = datetime(2099, 1, 1)


LOGS = {"_ALLOC_LOG"}


def weekend(desk: Any) -> Any:
    """M01 has RACE and SPRINT."""
    for code in ("RACE", "SPRINT"):
        desk.do(catalogue.sub_game_add("M01", code, {}))
    return desk


def undone(desk: Any, job: Job) -> Any:
    """What a job plans; it is written, taken back, and written again."""
    before = everything(desk.store)
    desk.do(job)
    desk.undo()
    now = everything(desk.store)
    assert {name: rows for name, rows in now.items() if name in before and name not in LOGS} == {
        name: rows for name, rows in before.items() if name not in LOGS
    }
    return desk.do(job)


def recon_rows(desk: Any, *columns: str) -> list[Any]:
    return desk.rows(SALES_RECON_AUDIT, *columns)


# --- holds


def test_a_hold_is_of_its_sub_game(desk: ManagerDesk) -> None:
    weekend(desk)
    desk.buy(("M01/RACE", "Cat 1", 4), ("M01/SPRINT", "Cat 1", 3))
    race = {sub_game: set_id for set_id, sub_game in desk.rows(UNITS, "set_id", "sub_game")}["RACE"]
    undone(desk, allocation.unit_hold([f"{race}:2"], "Bolt", LATER, "x", new=True))
    held = [unit for cell in desk.rows(HOLDS, "unit_id") for unit in cell.split(", ")]
    plan = desk.sell(("M01/RACE", "Cat 1", 3), ("M01/SPRINT", "Cat 1", 3), client="Acme")
    assert [(one.match, one.short) for one in plan.result.oversold] == [("M01/RACE", 1)]
    desk.undo()
    desk.sell(("M01/RACE", "Cat 1", 2), ("M01/SPRINT", "Cat 1", 3), client="Acme")
    plan = desk.sell(("M01/RACE", "Cat 1", 2), client="Bolt")
    assert not plan.result.oversold
    desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "sub_game", "unit_ids")[-2:] == [
        ("RACE", one) for one in sorted(held)
    ]


# --- reconciliation


@pytest.fixture
def sold(desk: ManagerDesk) -> ManagerDesk:
    """S1: two of RACE, S2: one of SPRINT; both allocated, one unit more of each."""
    weekend(desk)
    desk.buy(("M01/RACE", "Cat 1", 3), ("M01/SPRINT", "Cat 1", 2))
    desk.sell(("M01/RACE", "Cat 1", 2), ("M01/SPRINT", "Cat 1", 1))
    return desk


def tick(desk: Any) -> None:
    for row, action in recon_rows(desk, "row", "action"):
        if action not in ("KEEP", "MANUAL_REVIEW"):
            desk.set(SALES_RECON_AUDIT, row, "process_now", True)


def test_a_ticket_that_is_missing_is_made_in_its_sub_game(sold: ManagerDesk) -> None:
    row = sold.rows(DISTRIBUTION, "row")[1]
    for column in sold.store.read(DISTRIBUTION)[DISTRIBUTION].positions:
        sold.set(DISTRIBUTION, row, column, None)
    sold.do(selling.recon_run())
    tick(sold)
    undone(sold, selling.recon_apply())
    found = sold.rows(DISTRIBUTION, "sales_id", "match", "sub_game")
    assert sorted(found) == [
        ("S1-1", "M01", "RACE"),
        ("S1-2", "M01", "RACE"),
        ("S2-1", "M01", "SPRINT"),
    ]


def test_a_sale_that_moved_to_another_sub_game_takes_its_tickets_along(sold: ManagerDesk) -> None:
    sold.set(SALES, sold.rows(SALES, "row")[1], "sub_game", "RACE")
    sold.do(selling.recon_run())
    (reason,) = [
        text for sale, text in recon_rows(sold, "sales_id", "reason") if sale in ("S2", "S2-1")
    ]
    assert "sale expand updates" in reason
    undone(sold, selling.sale_expand())
    assert dict(sold.rows(DISTRIBUTION, "sales_id", "sub_game"))["S2-1"] == "RACE"
    sold.do(selling.recon_run())
    assert set(recon_rows(sold, "action")) == {"KEEP"}


def test_an_allocated_ticket_whose_sale_moved_is_said(sold: ManagerDesk) -> None:
    sold.do(allocation.allocate_auto())
    sold.set(SALES, sold.rows(SALES, "row")[1], "sub_game", "RACE")
    plan = sold.do(selling.recon_run())
    (said,) = [one.message for one in plan.findings if one.sales_id.startswith("S2")]
    assert "M01/RACE" in said


# --- the optimum


@pytest.mark.parametrize("seed", range(6))
def test_the_optimum_stays_within_each_sub_game(seed: int) -> None:
    rng = random.Random(seed)
    desk = weekend(CopiedDesk())
    occasions = ("M01/RACE", "M01/SPRINT", "M02")
    for occasion in occasions:
        desk.buy(*((occasion, "Cat 1", rng.randint(1, 4)) for _ in range(2)))
    for _ in range(5):
        desk.sell((rng.choice(occasions), "Cat 1", rng.randint(1, 3)))
    other = CopiedDesk(desk)
    undone(desk, allocation.allocate_auto(improve=improver(5, lambda _done, _all: None)))
    other.do(allocation.allocate_auto())
    served = []
    for one in (desk, other):
        of = {unit: (m, s) for unit, m, s in one.rows(UNITS, "unit_id", "match", "sub_game")}
        rows = [row for row in one.rows(DISTRIBUTION, "unit_ids", "match", "sub_game") if row[0]]
        assert all(of[unit] == (match, sub_game) for unit, match, sub_game in rows)
        served.append(len(rows))
    assert served[0] >= served[1]
    _ = product, RuleError
