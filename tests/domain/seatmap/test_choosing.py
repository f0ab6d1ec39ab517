"""Seats that a person chose are what a sale gets (§1b.2, line 5)."""

from __future__ import annotations

import pytest

from tests.desk import everything
from tests.domain.seatmap.seated import SeatDesk, chosen, seat_desk
from ticketops.domain.allocation.visual import Choosing, open_seats, shell, told
from ticketops.errors import NotFoundError, RuleError, TicketopsError
from ticketops.schema.layouts.event import ALLOC_LOG, UNITS
from ticketops.services import allocation, seat_views


@pytest.fixture(scope="module")
def made() -> SeatDesk:
    return seat_desk()


@pytest.fixture
def desk(made: SeatDesk) -> SeatDesk:
    return SeatDesk(made)


def units_of(desk: SeatDesk, sale: str) -> set[str]:
    """The units that serve a sale, by what both ledgers say."""
    by_ticket = {
        row["unit_ids"] for row in desk.tickets().values() if row["sales_id"].startswith(f"{sale}-")
    } - {None}
    by_unit = {
        unit_id
        for unit_id, ticket in desk.rows(UNITS, "unit_id", "sales_id")
        if (ticket or "").startswith(f"{sale}-")
    }
    assert by_ticket == by_unit
    return by_unit


def test_the_chosen_seats_are_allocated_and_no_others(desk: SeatDesk) -> None:
    plan = desk.do(allocation.allocate_commit("S3", chosen("101/A/8; 101/a/05")))
    assert units_of(desk, "S3") == {"P00005", "P00008"}
    assert plan.result.unit_ids == ["P00005", "P00008"]
    assert plan.result.plan.badge == "chosen"
    assert [one.code for one in plan.findings] == ["STILL_PENDING", "KEPT_OUT"]
    seats = {t["sales_id"]: (t["block"], t["seat_row"], t["seat"]) for t in desk.tickets().values()}
    assert (seats["S3-1"], seats["S3-2"]) == (("101", "A", "5"), ("101", "A", "8"))
    logged = desk.rows(ALLOC_LOG, "action", "sale_id", "units_affected")
    assert logged[-1] == ("ALLOCATE", "S3", 2)
    assert not any(one.sales_id.startswith("S3") for one in desk.audit()[1])


def test_it_is_taken_back_as_any_other(desk: SeatDesk) -> None:
    before = everything(desk.store)
    desk.do(allocation.allocate_commit("S3", chosen("101/A/5")))
    desk.undo()
    after = everything(desk.store)
    assert {n: rows for n, rows in after.items() if n != ALLOC_LOG} == {
        n: rows for n, rows in before.items() if n != ALLOC_LOG
    }


@pytest.mark.parametrize(
    ("seats", "error", "said"),
    [
        ("101/A/1", RuleError, "101/A/1 is taken by S1-1"),
        ("101/A/6", RuleError, "101/A/6 is held for another client"),
        ("101/A/7", RuleError, "101/A/7 is kept out: "),
        ("101/D/1", RuleError, "101/D/1 is not for sale: the seat map says HELD"),
        ("105/A/1", RuleError, "105/A/1 is Cat 2, and S3 is served from Cat 1"),
        ("101/A/9", NotFoundError, "no unit of M01 on the seat 101/A/9"),
        ("555/A/9", NotFoundError, "no unit of M01 on the seat 555/A/9"),
        ("101/A/5,8,9,10", RuleError, "3 tickets without a unit, but 4 seats are named"),
        ("101/A/5; 101/A/1", RuleError, "101/A/1 is taken"),
    ],
)
def test_a_seat_that_can_not_be_had_is_refused_with_the_reason(
    desk: SeatDesk, seats: str, error: type[TicketopsError], said: str
) -> None:
    desk.refused(allocation.allocate_commit("S3", chosen(seats)), error, said)


def test_two_units_on_one_seat_are_refused(desk: SeatDesk) -> None:
    desk.seat("P00008", "101", "A", "5")
    job = allocation.allocate_commit("S3", chosen("101/A/5"))
    desk.refused(job, RuleError, "P00005 and P00008 have the same seat")


def test_the_policy_holds_for_chosen_seats(desk: SeatDesk) -> None:
    desk.do(
        allocation.policy_set("event", "", {"exclude_vip": True, "vendor_blocklist": "Viagogo"})
    )
    job = allocation.allocate_commit("S3", chosen("101/A/5"))
    desk.refused(job, RuleError, "breaks the policy")
    desk.do(allocation.allocate_commit("S3", chosen("101/A/5"), "a reason"))
    assert units_of(desk, "S3") == {"P00005"}


def test_a_place_without_a_map_can_be_chosen_too(desk: SeatDesk) -> None:
    desk.do(allocation.allocate_commit("S3", chosen("999/Z/1")))
    assert units_of(desk, "S3") == {"P00011"}


def page(desk: SeatDesk, sale: str) -> Choosing:
    """What the page of a sale is made of."""
    choosing: Choosing = desk.do(seat_views.allocate_seats(sale)).result
    return choosing


def test_the_proposed_seats_are_those_of_the_plan_as_far_as_the_map_has_them(
    desk: SeatDesk,
) -> None:
    plan = desk.do(seat_views.allocate_seats("S3"))
    choosing = plan.result
    assert choosing.quantity == 3
    assert {place for _key, place in open_seats(choosing.view)} == {
        ("101", "A", "5"),
        ("101", "A", "8"),
    }
    said = told(choosing, "x.html", "commit S3 --seats", " -w a.xlsx")
    desk.do(allocation.allocate_commit("S3"))
    on_map = units_of(desk, "S3") & {"P00005", "P00008"}
    assert len(choosing.proposed) == len(on_map)
    if said.command:
        assert said.command == f'commit S3 --seats "{said.proposed}" -w a.xlsx'


def test_every_seat_that_the_page_offers_can_be_committed(desk: SeatDesk) -> None:
    for _key, place in open_seats(page(desk, "S3").view):
        one = SeatDesk(desk)
        one.do(allocation.allocate_commit("S3", chosen("/".join(place))))
        assert len(units_of(one, "S3")) == 1


def test_nothing_is_offered_where_nothing_is_pending(desk: SeatDesk) -> None:
    desk.refused(seat_views.allocate_seats("S1"), RuleError, "already allocated")
    desk.refused(seat_views.allocate_seats("S9"), NotFoundError)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("101/C/5-8; 102/A/1,3", '"101/C/5-8; 102/A/1,3"'),
        ('"A/B"/C/1', "'\"A/B\"/C/1'"),
        ("$x/`y`/1", "'$x/`y`/1'"),
        ("O'Neill/A/1", "'O'\\''Neill/A/1'"),
    ],
)
def test_a_shell_takes_the_seats_as_they_are(text: str, expected: str) -> None:
    import shlex

    assert shell(text) == expected
    assert shlex.split(shell(text)) == [text]
