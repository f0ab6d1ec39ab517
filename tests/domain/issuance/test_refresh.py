"""A ticket per passenger: new ones, renamed, moved, removed; and a second time nothing."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.desk import Desk
from tests.tickets import office, one_ticket, row_of
from ticketops.errors import NotFoundError
from ticketops.services import issuance

TICKETS, PEOPLE = "TicketRecords", "BookingPassengers"
DEADLINE = datetime(2026, 4, 20)


def refreshed(desk: Desk, **within: str) -> tuple[int, int, int]:
    result = desk.do(issuance.issuance_refresh(**within)).result
    return result.created, result.kept, result.orphaned


def test_new_passengers_get_theirs_and_a_second_time_nothing_is_written() -> None:
    rows = one_ticket()
    rows[PEOPLE] += [{"booking_id": "B1", "name": "Bo"}, {"passenger_id": "X9", "booking_id": "b1"}]
    desk = office(rows)
    assert refreshed(desk) == (3, 0, 0)
    assert [tuple(row) for row in desk.rows(TICKETS, "ticket_id", "passenger_id", "name")] == [
        ("TK00001", "BP00001", "KHAN/AMINA"),
        ("TK00002", "BP00002", "Bo"),
        ("TK00003", "X9", None),
    ]
    assert row_of(desk, PEOPLE, "name", "Bo")["passenger_id"] == "BP00002", "it got an ID"
    done = desk.done(issuance.issuance_refresh())
    assert (done.written, done.plan.result.kept) == (False, 3)


def test_the_sample_has_all_its_tickets() -> None:
    desk = office()
    done = desk.done(issuance.issuance_refresh())
    assert (done.written, done.plan.result.created) == (False, 0)


def test_numbers_of_tickets_are_never_given_twice() -> None:
    desk = office(one_ticket("VOID"))
    assert refreshed(desk) == (0, 1, 0), "VOID is final"
    assert refreshed(desk, after_void=True) == (1, 0, 0)
    assert [row["ticket_id"] for row in _tickets(desk)] == ["TK00001", "TK00002"]
    assert refreshed(desk, after_void=True) == (0, 1, 0)


def _tickets(desk: Desk) -> list[dict[str, object]]:
    return list(desk.store.read(TICKETS)[TICKETS].frame.iter_rows(named=True))


def test_a_ticket_follows_its_passenger_s_name_until_that_is_final() -> None:
    desk = office(one_ticket("NOT_READY"))
    desk.set(PEOPLE, 2, "name", "KHAN/AMINA B")
    assert refreshed(desk) == (0, 1, 0)
    assert row_of(desk, TICKETS, "ticket_id", "TK00001")["name"] == "KHAN/AMINA B"
    final = office(one_ticket("NOT_READY", named_at=DEADLINE, original_name="KHAN/AMINA"))
    final.set(PEOPLE, 2, "name", "Somebody Else")
    refreshed(final)
    assert row_of(final, TICKETS, "ticket_id", "TK00001")["name"] == "KHAN/AMINA"
    report = final.do(issuance.issuance_report(final.store, 2))
    assert "NAME_DIFFERS" in report.result.findings


def test_a_ticket_follows_its_passenger_to_another_booking_until_it_is_issued() -> None:
    for state, goes in (("NOT_READY", True), ("ISSUED", False)):
        rows = one_ticket(state, ticket_number="1762400000001", pnr="FLIGHT")
        rows["Bookings"].append({"booking_id": "B2", "group": "G", "balance": 0})
        desk = office(rows)
        desk.set(PEOPLE, 2, "booking_id", "B2")
        assert refreshed(desk) == (0, 1, 0)
        ticket = row_of(desk, TICKETS, "ticket_id", "TK00001")
        assert (ticket["booking_id"] == "B2") == goes
        report = desk.do(issuance.issuance_report(desk.store, 2))
        assert ("MOVED" in report.result.findings) != goes


def test_a_passenger_who_is_gone_is_reported_and_nothing_is_deleted() -> None:
    desk = office(one_ticket("NOT_READY"))
    desk.set(PEOPLE, 2, "passenger_id", "BP00009")
    plan = desk.do(issuance.issuance_refresh())
    assert (plan.result.created, plan.result.kept, plan.result.orphaned) == (1, 0, 1)
    assert [one.code for one in plan.findings] == ["ORPHANED"]
    assert len(_tickets(desk)) == 2


def test_only_a_booking_or_a_group() -> None:
    rows = one_ticket()
    rows["Bookings"].append({"booking_id": "B2", "group": "H", "balance": 0})
    rows[PEOPLE].append({"passenger_id": "BP00002", "booking_id": "B2", "name": "Bo"})
    desk = office(rows)
    assert refreshed(desk, booking="b2") == (1, 0, 0)
    assert refreshed(desk, group="h") == (0, 1, 0)
    assert refreshed(desk, group="g") == (1, 0, 0)
    desk.refused(issuance.issuance_refresh("B3"), NotFoundError, "B2|no booking B3")
    desk.refused(issuance.issuance_refresh(group="K"), NotFoundError, "group K")


def test_passengers_of_no_booking_and_doubled_ones_get_no_ticket() -> None:
    rows = one_ticket()
    rows[PEOPLE] += [
        {"passenger_id": "BP00001", "booking_id": "B1", "name": "Double"},
        {"passenger_id": "BP00003", "booking_id": "B7", "name": "Lost"},
        {"passenger_id": "BP00004", "name": "Alone"},
    ]
    plan = office(rows).do(issuance.issuance_refresh())
    assert plan.result.created == 1
    assert [one.code for one in plan.findings] == [
        "DUPLICATE_PASSENGER",
        "UNKNOWN_BOOKING",
        "UNKNOWN_BOOKING",
    ]


def _with_deadlines(**at: datetime | None) -> Desk:
    """A ticket whose flight, block, own fit and group's offer have deadlines."""
    rows = one_ticket()
    rows["GroupFlights"][0]["deadline"] = at.get("flight")
    rows["AirlineQuotaBlocks"] = [{"block_id": "AB1", "group": "G", "deadline": at.get("block")}]
    rows["FITInventory"] = [{"fit_id": "F1", "booking_id": "B1", "deadline": at.get("fit")}]
    rows["B2BFlightOffers"] = [{"offer_id": "O1", "group": "G", "deadline": at.get("offer")}]
    return office(rows)


@pytest.mark.parametrize("first", ["flight", "block", "fit", "offer"])
def test_the_earliest_of_several_deadlines_counts(first: str) -> None:
    days = {name: datetime(2026, 5, 5) for name in ("flight", "block", "fit", "offer")}
    desk = _with_deadlines(**days | {first: DEADLINE})
    refreshed(desk)
    ticket = row_of(desk, TICKETS, "ticket_id", "TK00001")
    assert (ticket["deadline"], ticket["state"]) == (DEADLINE, "NAME_UPDATE_PENDING")
    (line,) = desk.do(issuance.issuance_queue("name-update", 2)).result.lines
    assert (line.deadline, line.due_in_days) == (DEADLINE, 3)


def test_a_deadline_that_moved_is_followed_and_one_that_was_typed_stays() -> None:
    desk = _with_deadlines(flight=DEADLINE)
    refreshed(desk)
    desk.set("GroupFlights", 2, "deadline", datetime(2026, 5, 9))
    (line,) = desk.do(issuance.issuance_queue("", 2)).result.lines
    assert line.deadline == datetime(2026, 5, 9), "without a refresh, too"
    refreshed(desk)
    desk.set(TICKETS, 2, "deadline", datetime(2026, 5, 1))
    refreshed(desk)
    assert row_of(desk, TICKETS, "ticket_id", "TK00001")["deadline"] == datetime(2026, 5, 1)
    (line,) = desk.do(issuance.issuance_queue("", 2)).result.lines
    assert line.deadline == datetime(2026, 5, 1), "the earliest"


@pytest.mark.parametrize(
    ("deadline", "soon", "overdue"),
    [
        (datetime(2026, 4, 16), False, True),
        (datetime(2026, 4, 17), True, False),
        (datetime(2026, 4, 17, 9), False, True),
        (datetime(2026, 4, 17, 23), True, False),
        (datetime(2026, 4, 19), True, False),
        (datetime(2026, 4, 20), False, False),
    ],
)
def test_due_soon_is_within_two_days_and_overdue_apart(
    deadline: datetime, soon: bool, overdue: bool
) -> None:
    """It is 17 April, half past two."""
    desk = _with_deadlines(flight=deadline)
    refreshed(desk)
    for queue, there in (("due-soon", soon), ("overdue", overdue), ("name-update", True)):
        lines = desk.do(issuance.issuance_queue(queue, 2)).result.lines
        assert bool(lines) == there, queue
    assert bool(desk.do(issuance.issuance_queue("due-soon", 3)).result.lines) == (not overdue)
