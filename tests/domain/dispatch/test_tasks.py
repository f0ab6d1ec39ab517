"""Tasks of staff: which there are, how they are numbered and in which order they are worked off."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal

import pytest

from tests.conftest import ROOT
from tests.desk import DAY
from tests.domain.dispatch.desk import DispatchDesk, N, S, codes, edit
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.schema.layouts.event import DISTRIBUTION, SALES, SCHEDULE
from ticketops.services import allocation, dispatch, purchasing, selling

# --- tasks


def test_only_tickets_that_staff_send_become_tasks() -> None:
    """A unit and an address, and not a supplier's."""
    desk = DispatchDesk()
    desk.give("S1", ("PR0001-S01", 1), ("PR0003-S01", 2))
    for sales_id in ("S1-1", "S1-2", "S2-1"):
        desk.write(sales_id, client_email="g@guest.example")
    desk.reconcile()
    assert [(task["task_id"], task["sales_id"], task["unit_ids"]) for task in desk.tasks()] == [
        ("T00001", "S1-2", "P00009")
    ]
    task = desk.task("S1-2")
    assert (task["assigned_to"], task["priority"], task["dispatch_status"]) == (None, "Normal", N)


def test_what_managers_and_staff_typed_stays(desk: DispatchDesk) -> None:
    desk.write_task(
        "S1-2", assigned_to="ada@desk.example", priority="High", proof_url="https://proof.example/1"
    )
    desk.write("S1-2", first_name="Eva", dispatch_notes="ring first")
    desk.reconcile()
    task = desk.task("S1-2")
    assert (task["assigned_to"], task["priority"], task["proof_url"]) == (
        "ada@desk.example",
        "High",
        "https://proof.example/1",
    )
    assert (task["first_name"], task["staff_notes"], task["task_id"]) == (
        "Eva",
        "ring first",
        "T00001",
    )


def test_task_numbers_go_on_from_the_largest(desk: DispatchDesk) -> None:
    desk.write_task("S1-3", task_id="T00041")
    desk.give("S2", ("PR0003-S01", 2))
    desk.write("S2-1", client_email="b@guest.example")
    desk.write("S2-2", client_email="c@guest.example")
    desk.reconcile()
    assert [(t["task_id"], t["sales_id"]) for t in desk.tasks()][2:] == [
        ("T00042", "S2-1"),
        ("T00043", "S2-2"),
    ]


@pytest.fixture
def last() -> DispatchDesk:
    """S2-3 in the last row of Distribution, sent by staff."""
    desk = DispatchDesk()
    desk.give("S2", ("PR0003-S01", 3))
    desk.write("S2-3", client_email="g3@guest.example")
    desk.reconcile()
    desk.write_task("S2-3", assigned_to="ada@desk.example", proof_url="https://proof.example/old")
    desk.reconcile(edit("staff", "S2-3", "delivery", N, S))
    desk.unallocate("S2", force=True)
    return desk


def shrunk(desk: DispatchDesk) -> None:
    """S2 is sold as two tickets instead of three; the row of the third goes."""
    desk.set(SALES, 3, "number", 2)
    row = desk.ticket("S2-3")["row"]
    for column in desk.store.read(DISTRIBUTION)[DISTRIBUTION].positions:
        desk.set(DISTRIBUTION, row, column, None)


def grown(desk: DispatchDesk) -> None:
    desk.set(SALES, 3, "number", 3)
    desk.do(selling.sale_expand())
    assert desk.ticket("S2-3")["unit_ids"] is None
    assert desk.ticket("S2-3")["row"] == 8


def test_a_sale_that_grows_again_does_not_inherit_a_sent_task(last: DispatchDesk) -> None:
    shrunk(last)
    last.reconcile()
    assert last.task("S2-3")["dist_row"] is None
    grown(last)
    last.reconcile()
    assert last.ticket("S2-3")["client_email"] == "g3@guest.example"
    last.give("S2", ("PR0003-S01", 3))
    last.write_task("S2-3", unit_ids="P00099")
    last.reconcile()
    old, new = last.tasks("S2-3")
    assert (new["dispatch_status"], new["task_id"], new["assigned_to"], new["proof_url"]) == (
        N,
        "T00002",
        None,
        None,
    )
    assert (old["dist_row"], old["task_id"]) == (None, "T00001")
    assert last.ticket("S2-3")["delivery"] is None


def test_a_sale_that_grows_again_and_gets_the_same_unit_does_not_inherit_a_sent_task(
    last: DispatchDesk,
) -> None:
    shrunk(last)
    last.reconcile()
    grown(last)
    last.give("S2", ("PR0003-S01", 3))
    assert last.ticket("S2-3")["unit_ids"] == last.task("S2-3")["unit_ids"]
    last.reconcile()
    assert last.ticket("S2-3")["delivery"] is None


def test_a_sale_that_grows_again_at_once_does_not_inherit_a_task(last: DispatchDesk) -> None:
    """Nobody settles between the row's end and its return in the same place."""
    shrunk(last)
    grown(last)
    last.reconcile()
    last.give("S2", ("PR0003-S01", 3))
    last.reconcile()
    assert last.ticket("S2-3")["delivery"] is None
    assert last.tasks("S2-3")[-1]["dispatch_status"] == N
    assert last.tasks("S2-3")[-1]["proof_url"] is None


def test_a_status_of_another_unit_is_not_heard(desk: DispatchDesk) -> None:
    """SENT was typed of P00009; the ticket has P00011 by the time it is heard."""
    desk.write_task("S1-2", dispatch_status=S)
    desk.unallocate("S1", force=True)
    desk.do(
        allocation.unit_hold(
            ["P00009", "P00010"], "Bolt Tours", datetime(2026, 6, 1), "kept", new=True
        )
    )
    desk.give("S1", ("PR0003-S01", 2))
    assert desk.ticket("S1-1")["unit_ids"] == "P00011"
    assert desk.ticket("S1-2")["unit_ids"] == "P00012"
    plan = desk.reconcile()
    assert desk.ticket("S1-2")["delivery"] is None
    old, new = desk.tasks("S1-2")
    assert (old["task_id"], old["dist_row"], old["unit_ids"], old["dispatch_status"]) == (
        "T00001",
        None,
        "P00009",
        S,
    )
    assert (new["dist_row"], new["unit_ids"], new["dispatch_status"]) == (
        desk.ticket("S1-2")["row"],
        "P00012",
        N,
    )
    assert "STALE_TASK" in codes(plan)


def test_a_suppliers_word_of_a_unit_does_not_reach_the_next_ticket(desk: DispatchDesk) -> None:
    """SENT was typed of P00001 for S1-1; it serves S2-1 by the time it is heard."""
    desk.write_supplier("P00001", delivery=S)
    desk.unallocate("S1", force=True)
    desk.give("S2", ("PR0001-S01", 1))
    assert desk.ticket("S2-1")["unit_ids"] == "P00001"
    desk.reconcile()
    assert (desk.ticket("S2-1")["delivery"], desk.ticket("S1-1")["delivery"]) == (None, None)
    assert desk.supplier_row("P00001")["line_key"] == desk.ticket("S2-1")["line_key"]


_PULLED = """
from tests.domain.dispatch.desk import DispatchDesk, edit
from ticketops.domain.dispatch.cascade import plan_of, reconcile
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.engine.job import Job

def plan(snapshot, run):
    state = State.of(snapshot)
    edits = [edit("client", f"S1-{n}", "client_email", "", f"g{n}@guest.example") for n in (1, 2, 3)]
    return plan_of(state, reconcile(state, run, edits, only={said.sales_id for said in edits}))

desk = DispatchDesk()
desk.give("S1", ("PR0003-S01", 3))
desk.do(Job("dispatch.pull", plan, SHEETS))
print([task["sales_id"] for task in desk.tasks()])
"""


@pytest.mark.slow
def test_new_tasks_are_numbered_in_sheet_order_whatever_the_hashes() -> None:
    for seed in ("1", "2", "3"):
        done = subprocess.run(
            [sys.executable, "-c", _PULLED],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            timeout=120,
        )
        assert done.stdout.strip() == "['S1-1', 'S1-2', 'S1-3']"


# --- in which order tasks are worked off


def test_tasks_by_priority_then_day_then_id(desk: DispatchDesk) -> None:
    """High first, Low last, all else as Normal; a match without a day comes last among its like."""
    desk.do(
        purchasing.purchase_add(
            [
                PurchaseLine(match, "Viagogo", "1", "Cat 1", 2, Decimal(100), "USD", DAY)
                for match in ("M02", "M03")
            ]
        )
    )
    desk.do(
        selling.sale_add(
            Order("Cargo", "USD", DAY),
            [SaleLine(match, "Cat 1", 2, Decimal(350)) for match in ("M02", "M03")],
        )
    )
    desk.do(allocation.allocate_commit("S3"))
    desk.do(allocation.allocate_commit("S4"))
    for sales_id in ("S3-1", "S3-2", "S4-1", "S4-2"):
        desk.write(sales_id, client_email=f"{sales_id.lower()}@guest.example")
    desk.reconcile()
    ids = {t["sales_id"]: t["task_id"] for t in desk.tasks()}
    assert sorted(ids) == ["S1-2", "S1-3", "S3-1", "S3-2", "S4-1", "S4-2"]

    def order() -> list[tuple[str, str]]:
        tasks = desk.do(dispatch.staff_tasks("", every=False)).result.tasks
        assert [ids[t.sales_id] for t in tasks] == [t.task_id for t in tasks]
        return [(t.sales_id, t.priority) for t in tasks]

    plain = sorted(ids, key=lambda sales_id: ids[sales_id])
    assert order() == [(sales_id, "Normal") for sales_id in plain]
    desk.type_rows(
        SCHEDULE,
        [
            {"match": "M01", "date": datetime(2026, 6, 12)},
            {"match": "M02", "date": datetime(2026, 6, 11)},
            {"match": "M03"},
        ],
    )
    by_day = [
        ("S3-1", "Normal"),
        ("S3-2", "Normal"),
        ("S1-2", "Normal"),
        ("S1-3", "Normal"),
        ("S4-1", "Normal"),
        ("S4-2", "Normal"),
    ]
    assert order() == by_day
    for sales_id, priority in (
        ("S3-1", "Low"),
        ("S4-2", "High"),
        ("S1-3", "High"),
        ("S4-1", "Urgent"),
        ("S1-2", "Normal"),
    ):
        desk.write_task(sales_id, priority=priority)
    assert order() == [
        ("S1-3", "High"),
        ("S4-2", "High"),
        ("S3-2", "Normal"),
        ("S1-2", "Normal"),
        ("S4-1", "Urgent"),
        ("S3-1", "Low"),
    ]
