"""A unit is replaced by another one (§14f)."""

from __future__ import annotations

from tests.domain.manager import MANAGER, ManagerDesk, substitute
from ticketops.errors import NotFoundError, NotPermittedError, RuleError
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, MATTHIAS_EMAILS, SALES, UNITS
from ticketops.services import allocation


def test_a_unit_is_replaced_by_one_of_the_same_category(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M01", "Top Cat 1", 1), ("M01", "Cat 1", 1), vendor="A")
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.set(UNITS, 4, "vendor", "Bee")
    desk.set(UNITS, 4, "email", "bee@example.org")
    plan = desk.do(substitute("P00001"))
    assert (plan.result.sales_id, plan.result.old, plan.result.new) == ("S1-1", "P00001", "P00003")
    assert desk.rows(UNITS, "unit_id", "status", "sales_id") == [
        ("P00001", "REPLACED", None),
        ("P00002", "AVAILABLE", None),
        ("P00003", "ALLOCATED", "S1-1"),
    ]
    assert desk.rows(
        DISTRIBUTION, "unit_ids", "unit_count", "status", "vendor", "email", "acc_tix"
    ) == [("P00003", 1, "ALLOCATED", "Bee", "bee@example.org", "Cat 1")]
    action, sale, _set, units = desk.actions()[-1]
    assert (action, sale, units) == ("SUBSTITUTE_UNIT", "S1", 1)
    assert "the seat is broken" in desk.rows(ALLOC_LOG, "reason")[-1]
    assert desk.rows(SALES, "status") == ["ALLOCATED"]


def test_a_better_category_where_there_is_none_of_the_same_but_never_a_worse_one(
    desk: ManagerDesk,
) -> None:
    desk.buy(("M01", "Cat 2", 1), ("M01", "Cat 3", 5), ("M01", "Top Cat 1", 1), ("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 2", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.refused(substitute("P00001", "P00002"), RuleError, "P00002")
    assert desk.do(substitute("P00001")).result.new_category == "Cat 1"
    assert desk.do(substitute("P00008")).result.new_category == "Top Cat 1"
    assert desk.rows(DISTRIBUTION, "category", "acc_tix") == [("Cat 2", "Top Cat 1")]
    desk.refused(substitute("P00007"), RuleError, "no unit")


def test_the_named_unit_is_taken(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(allocation.allocate_commit("S1"))
    desk.do(substitute("P00001", "p00004"))
    assert desk.units() == ["P00004", "P00002"]
    desk.refused(substitute("P00004", "P00002"), RuleError)
    desk.refused(substitute("P00004", "P00001"), RuleError)
    desk.refused(substitute("P00004", "P00077"), RuleError)


def test_the_seat_beside_the_others_is_preferred(desk: ManagerDesk) -> None:
    """S1 has 10, 11, 12 of which 12 goes: 9 and 13 adjoin; 20 does not, though it stands earlier in
    the sheet."""
    desk.buy(("M01", "Cat 1", 5), ("M01", "Cat 1", 1))
    desk.seats("10", "11", "12", "20", "30", "9")
    desk.sell(("M01", "Cat 1", 3))
    desk.do(allocation.allocate_commit("S1"))
    assert desk.units() == ["P00001", "P00002", "P00003"]
    assert desk.do(substitute("P00003")).result.new == "P00006"
    assert desk.rows(DISTRIBUTION, "seat") == ["10", "11", "9"]


def test_no_unit_of_another_match(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M02", "Cat 1", 5))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.refused(substitute("P00001"), RuleError)
    desk.refused(substitute("P00001", "P00003"), RuleError)


def test_what_can_not_be_substituted(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.refused(substitute("P00002"), RuleError, "serves no ticket")
    desk.refused(substitute("P00099"), NotFoundError, "P00099")


def test_a_dispatched_unit_is_substituted_by_a_manager_only(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.set(DISTRIBUTION, 3, "delivery", "ACCEPTED")
    desk.refused(substitute("P00001"), RuleError, "S1-1")
    desk.role = "sr_operator"
    desk.refused(substitute("P00001", force=True), NotPermittedError)
    desk.role = MANAGER
    desk.do(substitute("P00001", force=True))
    assert desk.rows(DISTRIBUTION, "delivery", "unit_ids") == [("ISSUE", "P00002")]


def test_a_replaced_unit_is_never_allocated_again(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1), ("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.do(substitute("P00001"))
    desk.do(allocation.allocate_auto())
    assert desk.units() == ["P00002", None]
    desk.do(allocation.override_unallocate("S1", "x", set_id="", keep_seats=False, force=False))
    assert desk.statuses() == ["REPLACED", "AVAILABLE"]


def test_matthias_is_masked_when_he_substitutes(desk: ManagerDesk) -> None:
    desk.type_rows(MATTHIAS_EMAILS, [{"email": "Matthias.K@example.org"}])
    desk.buy(("M01", "Cat 1", 1))
    desk.buy(("M01", "Cat 1", 1), vendor="matthias.k@example.org")
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    assert desk.rows(DISTRIBUTION, "vendor", "email") == [("Viagogo", None)]
    desk.do(substitute("P00001"))
    assert desk.rows(DISTRIBUTION, "vendor", "email") == [("Matthias", "matthias.k@example.org")]
    assert desk.rows(UNITS, "vendor") == ["Viagogo", "matthias.k@example.org"]
