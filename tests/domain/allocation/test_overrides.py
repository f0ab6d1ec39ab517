"""Special handling (§6): unallocate, reset seats, AllocFromCategory. Each is logged as itself and
leaves the audit clean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.desk import Desk, everything
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, NotPermittedError, RuleError
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, SALES, UNITS
from ticketops.services import allocation

LOGGED = ("user", "action", "sale_id", "set_id", "units_affected", "clear_seats", "reason")
CLEARED = (
    "vendor",
    "email",
    "password",
    "contract",
    "tix",
    "acc_tix",
    "unit_ids",
    "unit_count",
    "status",
    "run_id",
)
"""What §6 says is cleared, and what an allocation had written beside it."""
TYPED = {
    "device": "iPad",
    "first_name": "Ana",
    "last_name": "Ωmega",
    "client_email": "ana@example.org",
    "comment": "aisle",
    "client_notes": "vip",
    "dispatch_notes": "asked",
}
FOREIGN = 45
"""A column to the right of Distribution's own, which somebody added."""


class OverrideDesk(Desk):
    """A desk that knows what was logged last."""

    def logged(self) -> list[Any]:
        """The last row of _ALLOC_LOG."""
        return self.rows(ALLOC_LOG, *LOGGED)[-1]


def unallocate(
    sales_id: str, *, set_id: str = "", keep_seats: bool = False, force: bool = False
) -> Job:
    return allocation.override_unallocate(
        sales_id, "wrong block", set_id=set_id, keep_seats=keep_seats, force=force
    )


def reset(set_id: str, *, units: bool = False, force: bool = False) -> Job:
    return allocation.override_reset_seats(set_id, "wrong seats", units_too=units, force=force)


def alloc_from(sales_id: str, category: str | None) -> Job:
    return allocation.override_alloc_from(sales_id, category, "VIP guest")


@pytest.fixture
def desk() -> OverrideDesk:
    """S1 has three tickets: two from PR0001-S01 (seats 12 and 13), one from PR0002-S01 (no seat).
    S2 waits for nothing yet."""
    desk = OverrideDesk()
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 1), ("M01", "Top Cat 1", 2))
    for row, seat in ((2, "12"), (3, "13")):
        for column, value in (
            ("block", "A"),
            ("seat_row", "7"),
            ("seat", seat),
            ("email", f"v{seat}@example.org"),
            ("password", "s3cret"),
        ):
            desk.set(UNITS, row, column, value)
    desk.sell(("M01", "Cat 1", 3))
    for column, value in TYPED.items():
        desk.set(DISTRIBUTION, 3, column, value)
    desk.set(DISTRIBUTION, 3, "notes", "call first")
    desk.store.edit_outside(DISTRIBUTION, 2, FOREIGN, "Ours")
    desk.store.edit_outside(DISTRIBUTION, 3, FOREIGN, "kept")
    desk.do(allocation.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "unit_ids") == ["P00001", "P00002", "P00003"]
    return desk


def foreign(desk: Desk) -> Any:
    return desk.store.rows(DISTRIBUTION)[2][FOREIGN - 1]


# --- the whole sale


def test_a_whole_sale_is_unallocated(desk: OverrideDesk) -> None:
    plan = desk.do(unallocate("S1"))
    assert (plan.result.sales_id, plan.result.tickets, plan.result.units) == ("S1", 3, 3)
    assert desk.rows(DISTRIBUTION, *CLEARED) == [(None,) * len(CLEARED)] * 3
    assert desk.rows(DISTRIBUTION, "block", "seat_row", "seat") == [(None,) * 3] * 3
    assert (
        desk.rows(UNITS, "status", "sales_id", "allocated_at", "alloc_note")
        == [("AVAILABLE", None, None, None)] * 5
    )
    assert desk.logged() == ("tester", "UNDO_SALE", "S1", None, 3, True, "wrong block")
    assert desk.rows(SALES, "status") == ["UNALLOCATED"]
    assert desk.codes() == []
    assert desk.audit()[0].allocated_units == 0


def test_the_log_is_only_added_to(desk: OverrideDesk) -> None:
    before = desk.frame(ALLOC_LOG).rows()
    desk.do(unallocate("S1"))
    assert desk.frame(ALLOC_LOG).rows()[:-1] == before
    stamp = desk.rows(ALLOC_LOG, "timestamp")
    assert stamp == sorted(stamp)


def test_naming_a_ticket_takes_back_that_one(desk: OverrideDesk) -> None:
    plan = desk.do(unallocate("S1-1"))
    assert (plan.result.units, plan.result.ticket_ids) == (1, ["S1-1"])
    assert [bool(unit) for unit in desk.rows(DISTRIBUTION, "unit_ids")[:3]] == [False, True, True]


def test_what_people_typed_is_kept(desk: OverrideDesk) -> None:
    desk.do(unallocate("S1"))
    assert desk.rows(DISTRIBUTION, *TYPED)[0] == tuple(TYPED.values())
    assert desk.rows(DISTRIBUTION, "notes")[0].startswith("call first")
    assert foreign(desk) == "kept"
    assert desk.rows(DISTRIBUTION, "category", "match", "company", "child") == [
        ("Cat 1", "M01", "Meridian Travel", n) for n in (1, 2, 3)
    ]


def test_seats_may_be_kept(desk: OverrideDesk) -> None:
    desk.do(unallocate("S1", keep_seats=True))
    assert desk.rows(DISTRIBUTION, "block", "seat_row", "seat") == [
        ("A", "7", "12"),
        ("A", "7", "13"),
        (None, None, None),
    ]
    assert desk.logged()[5] is False
    assert desk.codes() == []


def test_what_was_unallocated_can_be_allocated_again(desk: OverrideDesk) -> None:
    before = desk.rows(
        DISTRIBUTION,
        "vendor",
        "email",
        "password",
        "unit_ids",
        "unit_count",
        "status",
        "block",
        "seat",
        "acc_tix",
    )
    desk.do(unallocate("S1"))
    assert desk.do(allocation.allocate_auto()).result.filled == 1
    assert (
        desk.rows(
            DISTRIBUTION,
            "vendor",
            "email",
            "password",
            "unit_ids",
            "unit_count",
            "status",
            "block",
            "seat",
            "acc_tix",
        )
        == before
    )
    assert desk.rows(SALES, "status") == ["ALLOCATED"]
    assert desk.codes() == []


def test_only_this_sale(desk: OverrideDesk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(allocation.allocate_commit("S2"))
    other = (
        desk.frame(DISTRIBUTION)
        .filter(desk.frame(DISTRIBUTION)["sales_id"].str.starts_with("S2-"))
        .rows()
    )
    desk.do(unallocate("S1"))
    assert (
        desk.frame(DISTRIBUTION)
        .filter(desk.frame(DISTRIBUTION)["sales_id"].str.starts_with("S2-"))
        .rows()
        == other
    )
    assert desk.rows(SALES, "status") == ["UNALLOCATED", "ALLOCATED"]


def test_s1_is_not_s10(desk: OverrideDesk) -> None:
    for _ in range(9):
        desk.buy(("M01", "Cat 2", 1))
        desk.sell(("M01", "Cat 2", 1))
    desk.do(allocation.allocate_auto())
    assert desk.do(unallocate("S1")).result.units == 3
    assert [
        unit for sale, unit in desk.rows(DISTRIBUTION, "sales_id", "unit_ids") if sale == "S10-1"
    ] != [None]


def test_nothing_to_unallocate(desk: OverrideDesk) -> None:
    desk.do(unallocate("S1"))
    desk.refused(unallocate("S1"), RuleError, "no allocated ticket")
    desk.refused(unallocate("S7"), NotFoundError, "no sale S7")
    desk.refused(unallocate("S1-2"), RuleError, "S1-2 has no allocated ticket")
    desk.refused(unallocate("S1-9"), NotFoundError, "S1-9")
    desk.refused(unallocate("nonsense"), NotFoundError)


# --- one set


def test_one_set_is_unallocated(desk: OverrideDesk) -> None:
    plan = desk.do(unallocate("S1", set_id="PR0001-S01"))
    assert (plan.result.tickets, plan.result.units) == (2, 2)
    assert desk.rows(DISTRIBUTION, "unit_ids", "unit_count", "status") == [
        (None, None, None),
        (None, None, None),
        ("P00003", 1, "ALLOCATED"),
    ]
    assert desk.rows(UNITS, "status")[:3] == ["AVAILABLE", "AVAILABLE", "ALLOCATED"]
    assert desk.logged() == ("tester", "UNDO_SET", "S1", "PR0001-S01", 2, True, "wrong block")
    assert desk.rows(SALES, "status") == ["PARTIAL_ALLOCATED"]
    assert desk.codes() == []
    desk.do(unallocate("S1", set_id="pr0002-s01"))
    assert desk.rows(SALES, "status") == ["UNALLOCATED"]
    assert desk.codes() == []


def test_a_set_that_does_not_serve_the_sale(desk: OverrideDesk) -> None:
    desk.refused(unallocate("S1", set_id="PR0003-S01"), RuleError, "PR0003-S01")
    desk.refused(unallocate("S1", set_id="PR0099-S01"), RuleError, "PR0099-S01")


def test_of_several_units_in_one_ticket_only_the_sets_own_go(desk: OverrideDesk) -> None:
    """Legacy rows hold more than one unit."""
    for row, column, value in (
        (3, "unit_ids", "P00001, P00003"),
        (3, "unit_count", 2),
        (5, "unit_ids", None),
        (5, "unit_count", None),
        (5, "status", None),
    ):
        desk.set(DISTRIBUTION, row, column, value)
    desk.set(UNITS, 4, "sales_id", "S1-1")
    assert desk.codes() == []
    desk.do(unallocate("S1", set_id="PR0002-S01"))
    assert desk.rows(DISTRIBUTION, "unit_ids", "unit_count", "status")[0] == (
        "P00001",
        1,
        "ALLOCATED",
    )
    assert desk.rows(DISTRIBUTION, "vendor")[0] == "Viagogo"
    assert desk.rows(UNITS, "status")[2] == "AVAILABLE"
    assert desk.rows(SALES, "status") == ["PARTIAL_ALLOCATED"]
    assert desk.codes() == []


def test_a_set_that_serves_two_sales_stays_with_the_other() -> None:
    desk = OverrideDesk()
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 2))
    desk.do(allocation.allocate_auto())
    desk.do(unallocate("S1", set_id="PR0001-S01"))
    assert desk.rows(DISTRIBUTION, "unit_ids") == [None, None, "P00003", "P00004"]
    assert desk.rows(SALES, "status") == ["UNALLOCATED", "ALLOCATED"]
    assert desk.codes() == []


# --- seats


def test_seats_are_reset_and_the_allocation_stays(desk: OverrideDesk) -> None:
    units = desk.frame(UNITS).rows()
    plan = desk.do(reset("PR0001-S01"))
    assert plan.result.tickets == 2
    assert desk.rows(DISTRIBUTION, "block", "seat_row", "seat") == [(None,) * 3] * 3
    assert desk.rows(DISTRIBUTION, "unit_ids", "status", "vendor", "password") == [
        ("P00001", "ALLOCATED", "Viagogo", "s3cret"),
        ("P00002", "ALLOCATED", "Viagogo", "s3cret"),
        ("P00003", "ALLOCATED", "Viagogo", None),
    ]
    assert desk.frame(UNITS).rows() == units
    assert desk.logged() == ("tester", "RESET_SEATS", None, "PR0001-S01", 2, True, "wrong seats")
    assert desk.rows(SALES, "status") == ["ALLOCATED"]
    assert desk.codes() == []


def test_seats_of_the_units_too(desk: OverrideDesk) -> None:
    desk.do(reset("PR0001-S01", units=True))
    assert desk.rows(UNITS, "block", "seat_row", "seat") == [(None,) * 3] * 5
    assert desk.rows(UNITS, "status")[:3] == ["ALLOCATED"] * 3
    assert desk.codes() == []


def test_seats_of_another_set_stay(desk: OverrideDesk) -> None:
    for column, value in (("block", "B"), ("seat_row", "1"), ("seat", "5")):
        desk.set(DISTRIBUTION, 5, column, value)
    desk.do(reset("PR0002-S01"))
    assert desk.rows(DISTRIBUTION, "seat") == ["12", "13", None]


def test_no_seat_to_reset(desk: OverrideDesk) -> None:
    desk.do(reset("PR0001-S01"))
    desk.refused(reset("PR0001-S01"), RuleError, "PR0001-S01")
    desk.refused(reset("PR0002-S01"), RuleError)
    desk.refused(reset("PR0077-S01"), NotFoundError, "PR0077-S01")
    desk.refused(reset("nonsense"), NotFoundError)


# --- AllocFromCategory


def test_a_sale_is_served_from_another_category_and_back() -> None:
    desk = OverrideDesk()
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 2", 2))
    plan = desk.do(alloc_from("S1", "cat 1"))
    assert (plan.result.category, plan.result.alloc_from, plan.result.tickets) == (
        "Cat 2",
        "Cat 1",
        2,
    )
    assert desk.rows(DISTRIBUTION, "alloc_from", "category") == [("Cat 1", "Cat 2")] * 2
    user, action, sale, set_id, units, clear, reason = desk.logged()
    assert (user, action, sale, set_id, units, clear) == (
        "tester",
        "SET_ALLOC_FROM_CATEGORY",
        "S1",
        None,
        2,
        False,
    )
    assert "VIP guest" in reason
    assert desk.codes() == []
    desk.refused(alloc_from("S1", "Cat 1"), RuleError)

    desk.do(alloc_from("S1", None))
    assert desk.rows(DISTRIBUTION, "alloc_from") == [None, None]
    assert desk.logged() == (
        "tester",
        "CLEAR_ALLOC_FROM_CATEGORY",
        "S1",
        None,
        2,
        False,
        "VIP guest",
    )
    desk.refused(alloc_from("S1", None), RuleError)
    desk.do(allocation.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "unit_ids", "acc_tix") == [
        ("P00003", "Cat 2"),
        ("P00004", "Cat 2"),
    ]
    assert desk.codes() == []


def test_the_allocation_follows_the_other_category() -> None:
    desk = OverrideDesk()
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 2", 2))
    desk.do(alloc_from("S1", "Cat 1"))
    desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "unit_ids", "acc_tix", "category") == [
        ("P00001", "Cat 1", "Cat 2"),
        ("P00002", "Cat 1", "Cat 2"),
    ]
    assert desk.codes() == []


def test_the_rest_of_a_partly_allocated_sale_comes_from_another_category(
    desk: OverrideDesk,
) -> None:
    desk.do(unallocate("S1", set_id="PR0001-S01"))
    desk.do(alloc_from("S1", "Top Cat 1"))
    assert desk.rows(DISTRIBUTION, "alloc_from") == ["Top Cat 1", "Top Cat 1", None]
    assert desk.logged()[1:5] == ("SET_ALLOC_FROM_CATEGORY", "S1", None, 2)
    desk.do(allocation.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "unit_ids", "acc_tix") == [
        ("P00004", "Top Cat 1"),
        ("P00005", "Top Cat 1"),
        ("P00003", "Cat 1"),
    ]
    assert desk.rows(SALES, "status") == ["ALLOCATED"]
    assert desk.codes() == []
    assert desk.do(unallocate("S1")).result.units == 3
    assert desk.codes() == []


def test_allocated_tickets_keep_where_they_came_from(desk: OverrideDesk) -> None:
    desk.refused(alloc_from("S1", "Top Cat 1"), RuleError)


def test_two_categories_in_one_sale_are_both_served() -> None:
    desk = OverrideDesk()
    desk.buy(("M01", "Cat 1", 1), ("M01", "Cat 2", 1))
    desk.sell(("M01", "Cat 2", 2))
    desk.set(DISTRIBUTION, 4, "alloc_from", "Cat 1")
    desk.set(SALES, 2, "status", "UNALLOCATED")
    desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "unit_ids", "acc_tix") == [
        ("P00002", "Cat 2"),
        ("P00001", "Cat 1"),
    ]
    assert desk.rows(SALES, "status") == ["ALLOCATED"]
    assert desk.codes() == []
    assert desk.do(unallocate("S1")).result.units == 2
    assert desk.rows(SALES, "status") == ["UNALLOCATED"]
    assert desk.codes() == []


def test_an_unknown_category_or_sale() -> None:
    desk = OverrideDesk()
    desk.buy(("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 2", 2))
    desk.refused(alloc_from("S1", "Loge"), RuleError, "Loge")
    desk.refused(alloc_from("S2", "Cat 1"), NotFoundError, "S2")


def test_the_sold_category_itself_is_no_override() -> None:
    desk = OverrideDesk()
    desk.buy(("M01", "Cat 2", 2))
    desk.sell(("M01", "Cat 2", 2))
    desk.refused(alloc_from("S1", "Cat 2"), RuleError)
    desk.do(alloc_from("S1", "Cat 1"))
    desk.do(alloc_from("S1", "Cat 2"))
    assert desk.rows(DISTRIBUTION, "alloc_from") == [None, None]


# --- dispatched tickets


@pytest.mark.parametrize("delivery", ["SENT", "UPLOADED", "ACCEPTED"])
def test_a_dispatched_ticket_stays_without_force_and_a_manager(
    desk: OverrideDesk, delivery: str
) -> None:
    desk.set(DISTRIBUTION, 4, "delivery", delivery)
    desk.set(DISTRIBUTION, 4, "dispatch_notes", "by courier")
    desk.role = "ops_manager"
    desk.refused(unallocate("S1"), RuleError, "S1-2")
    desk.refused(unallocate("S1", set_id="PR0001-S01"), RuleError, "S1-2")
    desk.refused(reset("PR0001-S01"), RuleError, "S1-2")
    desk.role = "sr_operator"
    desk.refused(unallocate("S1"), RuleError, "S1-2")
    desk.refused(unallocate("S1", force=True), NotPermittedError, "ops_manager")
    desk.refused(unallocate("S1", set_id="PR0001-S01", force=True), NotPermittedError)
    desk.refused(reset("PR0001-S01", force=True), NotPermittedError)

    assert desk.do(unallocate("S1", set_id="PR0002-S01")).result.units == 1, (
        "the others are not dispatched"
    )
    desk.role = "ops_manager"
    desk.do(unallocate("S1", force=True))
    assert desk.rows(DISTRIBUTION, "delivery") == [None, "ISSUE", None]
    assert desk.rows(DISTRIBUTION, "unit_ids") == [None] * 3
    notes = desk.rows(DISTRIBUTION, "dispatch_notes")[1]
    assert notes.startswith("by courier")
    assert delivery in notes
    assert desk.codes() == []


@pytest.mark.parametrize("delivery", [None, "NOT_SENT", "PENDING", "ISSUE"])
def test_what_has_not_left_the_house_needs_no_force(
    desk: OverrideDesk, delivery: str | None
) -> None:
    desk.set(DISTRIBUTION, 4, "delivery", delivery)
    desk.do(unallocate("S1"))
    assert desk.rows(DISTRIBUTION, "delivery")[1] == delivery
    assert desk.codes() == []


def test_a_manager_resets_the_seats_of_a_dispatched_ticket(desk: OverrideDesk) -> None:
    desk.set(DISTRIBUTION, 4, "delivery", "SENT")
    desk.role = "ops_manager"
    desk.do(reset("PR0001-S01", force=True))
    assert desk.rows(DISTRIBUTION, "seat", "unit_ids")[1] == (None, "P00002")
    assert desk.codes() == []


def test_less_than_an_sr_operator_may_not_override(desk: OverrideDesk) -> None:
    desk.role = "operator"
    for job in (unallocate("S1"), reset("PR0001-S01"), alloc_from("S1", "Top Cat 1")):
        desk.refused(job, NotPermittedError, "sr_operator")


# --- broken ledgers

Breaking = Callable[[OverrideDesk], None]


def _unit_gone(desk: OverrideDesk) -> None:
    for column in ("unit_id", "status", "sales_id"):
        desk.set(UNITS, 2, column, None)


def _claimed_by_another(desk: OverrideDesk) -> None:
    desk.buy(("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S2"))
    desk.set(DISTRIBUTION, 3, "unit_ids", "P00006")  # S2-1 has it
    desk.set(UNITS, 2, "status", "AVAILABLE")
    desk.set(UNITS, 2, "sales_id", None)


def _no_back_pointer(desk: OverrideDesk) -> None:
    desk.set(UNITS, 2, "sales_id", None)


def _wrong_count(desk: OverrideDesk) -> None:
    desk.set(DISTRIBUTION, 3, "unit_count", 7)


def _points_nowhere(desk: OverrideDesk) -> None:
    desk.set(UNITS, 2, "sales_id", "S99-1")


@pytest.mark.parametrize(
    "breaking", [_unit_gone, _claimed_by_another, _no_back_pointer, _wrong_count, _points_nowhere]
)
def test_broken_ledgers_are_not_made_worse(desk: OverrideDesk, breaking: Breaking) -> None:
    breaking(desk)
    before = Counter(desk.codes())
    assert before
    plan = desk.do(unallocate("S1"))
    after = Counter(desk.codes())
    new = after - before
    # a unit that another ticket claims, or none: it is reported, left alone, and no ticket refers
    # to it any more
    assert not new or set(new) <= {"ORPHAN_ALLOCATED_PURCHASE_UNIT"}, new
    assert after.total() <= before.total()
    if breaking in (_unit_gone, _claimed_by_another, _points_nowhere):
        assert any(finding.severity > 2 for finding in plan.findings), "it is reported"
    if breaking is _claimed_by_another:
        units = {
            unit: (status, sale)
            for unit, status, sale in desk.rows(UNITS, "unit_id", "status", "sales_id")
        }
        assert units["P00006"] == ("ALLOCATED", "S2-1")
        assert desk.rows(DISTRIBUTION, "unit_ids")[3] == "P00006"


@pytest.mark.parametrize(
    "breaking", [_unit_gone, _claimed_by_another, _no_back_pointer, _wrong_count, _points_nowhere]
)
def test_the_status_of_the_sale_follows_though_ledgers_are_broken(
    desk: OverrideDesk, breaking: Breaking
) -> None:
    """No ticket of it has a unit any more: it is UNALLOCATED, whatever became of the units."""
    breaking(desk)
    desk.do(unallocate("S1"))
    assert desk.rows(DISTRIBUTION, "unit_ids")[:3] == [None] * 3
    assert desk.rows(SALES, "status")[0] == "UNALLOCATED"


def test_a_unit_that_another_ticket_uses_too_is_not_free_for_a_third(desk: OverrideDesk) -> None:
    """P00001 stands in two rows: when one lets go of it, it still serves the other."""
    desk.sell(("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    for column, value in (("unit_ids", "P00001"), ("unit_count", 1), ("status", "ALLOCATED")):
        desk.set(DISTRIBUTION, 6, column, value)
    desk.do(unallocate("S1"))
    desk.do(allocation.allocate_auto())
    used = [unit for unit in desk.rows(DISTRIBUTION, "unit_ids") if unit]
    assert len(used) == len(set(used))


# --- undo


@pytest.mark.parametrize(
    "job",
    [unallocate("S1"), unallocate("S1", set_id="PR0001-S01"), reset("PR0001-S01", units=True)],
)
def test_an_override_can_be_taken_back(desk: OverrideDesk, job: Job) -> None:
    before = everything(desk.store)
    desk.do(job)
    desk.undo()
    after = everything(desk.store)
    logged = [row[1:] for row in after.pop(ALLOC_LOG)]
    kept = [row[1:] for row in before.pop(ALLOC_LOG)]
    assert after == before
    assert logged[: len(kept)] == kept
    told, undone = logged[len(kept) :][0], logged[len(kept) :][-1]
    assert (undone[2], undone[3:6]) == ("UNDO", told[3:6])
    assert undone[7].startswith("R2026")
    assert desk.codes() == []
