"""What consent at a prompt is to (D18)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.desk import Desk, everything
from ticketops.adapters import sealing
from ticketops.config import Settings
from ticketops.domain.plan import Plan
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.engine.transaction import carry_out
from ticketops.errors import ConflictError
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.services import allocation, credentials, purchasing, selling
from ticketops.services.undo import carry_out_undo

DAY, LATER = datetime(2026, 4, 17), datetime(2099, 1, 1)
_ORDER = Order("Acme", "USD", DAY)


def _asked(desk: Desk, job: Job, meanwhile: Callable[[], object]) -> tuple[Plan, list[Plan]]:
    """The job as somebody confirms it while something happens: the plan they saw, and those shown
    because it changed."""
    seen: list[Plan] = []
    shown: list[Plan] = []

    def confirm(plan: Plan, _snapshot: Any) -> bool:
        seen.append(plan)
        meanwhile()
        return True

    run = desk.run()
    try:
        carry_out(
            desk.store,
            job,
            run,
            confirm=confirm,
            changed=lambda plan, _snapshot: shown.append(plan),
        )
    except ConflictError:
        assert len(shown) == 1
    return seen[0], shown


def _stock() -> Desk:
    """S1 wants two of M01: two units at 10, and two at 900."""
    desk = Desk(role="ops_manager")
    for price in (10, 900):
        desk.do(
            purchasing.purchase_add(
                [PurchaseLine("M01", "Viagogo", "1", "Cat 1", 2, Decimal(price), "USD", DAY)]
            )
        )
    desk.sell(("M01", "Cat 1", 2))
    return desk


@pytest.mark.parametrize("meanwhile", ["held", "sold"])
def test_units_that_were_not_shown_are_not_written(meanwhile: str) -> None:
    desk = _stock()
    units = desk.do(allocation.allocate_preview("S1", write=False)).result.plans[0].chunks[0].set_id

    def happens() -> None:
        if meanwhile == "held":
            desk.do(allocation.unit_hold([units], "Other", LATER, "x", new=True))
        else:
            for row in desk.frame(UNITS).filter(desk.frame(UNITS)["set_id"] == units)["row"]:
                desk.set(UNITS, row, "status", "SOLD_ELSEWHERE")
        after.append(everything(desk.store))

    after: list[Any] = []
    seen, shown = _asked(desk, allocation.allocate_commit("S1"), happens)
    assert shown
    assert shown[0].changes.counts() == seen.changes.counts(), "counts alone do not tell them apart"
    assert shown[0].result.unit_ids != seen.result.unit_ids
    assert everything(desk.store) == after[0]


def _other_row(desk: Desk) -> None:
    desk.store.edit_outside("_MATTHIAS_EMAILS", 9, 1, "someone@example.org")


def _same_second(desk: Desk) -> None:
    run = replace(desk.run(), run_id="R20270101-000000")
    carry_out(
        desk.store,
        purchasing.purchase_add(
            [PurchaseLine("M02", "V", "1", "Cat 3", 1, Decimal(1), "USD", DAY)]
        ),
        run,
    )


@pytest.mark.parametrize(
    "meanwhile", [_other_row, _same_second], ids=["another cell", "a later RunID"]
)
@pytest.mark.parametrize("name", ["allocate", "sale"])
def test_what_is_the_same_to_every_cell_is_written(
    meanwhile: Callable[[Desk], None], name: str
) -> None:
    """RunIDs and UUIDs aside."""
    desk = _stock()
    job = (
        allocation.allocate_commit("S1")
        if name == "allocate"
        else selling.sale_add(_ORDER, [SaleLine("M02", "Cat 1", 1, Decimal(5))])
    )
    seen, shown = _asked(desk, job, lambda: meanwhile(desk))
    assert shown == []
    assert seen.changes
    assert desk.store.log()[-1].entry.command == job.label


def test_a_cell_that_somebody_typed_meanwhile_is_not_overwritten_unseen() -> None:
    desk = _stock()
    row = desk.frame(DISTRIBUTION).filter(desk.frame(DISTRIBUTION)["sales_id"] == "S1-1")["row"][0]
    seen, shown = _asked(
        desk, allocation.allocate_commit("S1"), lambda: desk.set(DISTRIBUTION, row, "vendor", "Z")
    )
    assert seen.changes.counts() == shown[0].changes.counts()
    assert desk.store.log()[-1].entry.command != "allocate commit S1"


def test_a_sealed_password_is_the_same_password(tmp_path: Path) -> None:
    desk = Desk(role="ops_manager")
    key_file = tmp_path / "k"
    sealing.new_key_file(key_file)
    settings = Settings(key_file=key_file)
    job = credentials.add(
        settings,
        "Viagogo",
        login="v2",
        email="",
        password="p",
        notes="",
        event="",
        dry_run=False,
        notice=str,
    )
    assert _asked(desk, job, lambda: _other_row(desk))[1] == []


def test_an_undo_takes_back_what_was_named_or_nothing() -> None:
    desk = _stock()

    def confirm(last: Any) -> bool:
        assert last.transaction.entry.command == "sale add"
        desk.do(selling.sale_add(_ORDER, [SaleLine("M03", "Cat 1", 1, Decimal(5))]))
        return True

    with pytest.raises(ConflictError):
        carry_out_undo(desk.store, desk.run(), confirm=confirm)
    assert [t.undoes for t in desk.store.log()] == [None] * 4
    carry_out_undo(desk.store, desk.run())
    assert desk.store.log()[-1].undoes == 4
