"""Issuing: numbers, PNRs, frozen clearance; a file whose columns are shifted issues nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.desk import Desk
from tests.tickets import TODAY, office, one_ticket, row_of
from ticketops.domain.intake.faults import Place
from ticketops.domain.issuance import numbers
from ticketops.domain.issuance.issuing import Given
from ticketops.domain.issuance.payments import Given as Payment
from ticketops.errors import RuleError
from ticketops.services import issuance

NUMBER = "1762400000001"


def three(balance: float = 0.0) -> Desk:
    """Three tickets that are ready, of Amina, Bo and Carla."""
    rows = one_ticket(balance=balance)
    for number, name in ((2, "LI/BO"), (3, "DIAZ/CARLA")):
        person = {"passenger_id": f"BP0000{number}", "booking_id": "B1", "name": name}
        rows["BookingPassengers"].append(person)
    desk = office(rows)
    desk.do(issuance.issuance_refresh())
    return desk


def given(*lines: tuple[str, str, str]) -> list[Given]:
    return [
        Given(ticket, number, "", name, Place("numbers.csv", line))
        for line, (ticket, number, name) in enumerate(lines, start=2)
    ]


GOOD = (
    ("TK00001", "1762400000001", "Amina Khan"),
    ("TK00002", "176-2400000002", "LI/BO MR"),
    ("TK00003", "176 2400000003", "diaz, carla"),
)


def test_a_file_issues_all_of_it() -> None:
    desk = three()
    plan = desk.do(issuance.issuance_issue(given(*GOOD), bulk=True))
    assert [(one.ticket_id, one.ticket_number, one.pnr) for one in plan.result.issued] == [
        ("TK00001", "1762400000001", "FLIGHT"),
        ("TK00002", "1762400000002", "FLIGHT"),
        ("TK00003", "1762400000003", "FLIGHT"),
    ]
    assert (plan.result.refused, plan.findings) == ((), [])
    ticket = row_of(desk, "TicketRecords", "ticket_id", "TK00002")
    assert (ticket["state"], ticket["finance"]) == ("ISSUED", "cleared")
    assert "0.00" in ticket["cleared_as"]


@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("by", [1, 2])
def test_a_shifted_column_issues_nothing(column: int, by: int) -> None:
    """Ticket or name shifted: the names differ. Numbers shifted with the names standing still can't be
    told, so a number for two tickets, or one that is none, stops the file."""
    cells = [list(line) for line in GOOD]
    values = [line[column] for line in cells]
    for place, line in enumerate(cells):
        line[column] = values[(place + by) % 3]
    if column == 1:
        cells[0][1] = cells[1][1]
    desk = three()
    done = desk.done(issuance.issuance_issue(given(*map(tuple, cells)), bulk=True))  # type: ignore[arg-type]
    assert not done.written
    assert (done.plan.result.issued, len(done.plan.result.refused)) == ((), 3)
    assert done.plan.refused


def test_two_passengers_of_one_name_do_not_let_a_shifted_file_through() -> None:
    desk = three()
    desk.set("TicketRecords", 3, "name", "KHAN/AMINA")
    shifted = given(
        ("TK00001", NUMBER, "KHAN/AMINA"),
        ("TK00002", "1762400000002", "KHAN/AMINA"),
        ("TK00003", "1762400000003", "KHAN/AMINA"),
    )
    done = desk.done(issuance.issuance_issue(shifted, bulk=True))
    assert (done.written, done.plan.result.issued) == (False, ())
    codes = {one.ticket_id: one.code for one in done.plan.result.refused}
    assert codes == {
        "TK00003": "NAME_DIFFERS",
        "TK00001": "FILE_REFUSED",
        "TK00002": "FILE_REFUSED",
    }


def test_what_a_rule_refuses_is_told_and_the_others_are_issued() -> None:
    desk = three()
    desk.do(issuance.issuance_void(["TK00002"], "x"))
    plan = desk.do(issuance.issuance_issue(given(*GOOD), bulk=True))
    assert [one.ticket_id for one in plan.result.issued] == ["TK00001", "TK00003"]
    (refused,) = plan.result.refused
    assert (refused.ticket_id, refused.code) == ("TK00002", "VOID")
    assert "numbers.csv line 3" in refused.message
    assert not plan.refused


@pytest.mark.parametrize(
    ("number", "code"),
    [("", "BAD_NUMBER"), ("123", "BAD_NUMBER"), ("9992400000001", "UNKNOWN_AIRLINE")],
)
def test_a_number_that_is_none_stops_the_file(number: str, code: str) -> None:
    lines = (("TK00001", number, "Amina Khan"), *GOOD[1:])
    done = three().done(issuance.issuance_issue(given(*lines), bulk=True))
    assert (done.written, done.plan.result.refused[0].code) == (False, code)


def test_without_a_pnr_nothing_is_issued_and_one_that_is_given_counts() -> None:
    rows = one_ticket("FINANCE_CLEARED", balance=0)
    rows["GroupFlights"][0]["pnr"] = None
    desk = office(rows)
    bare = issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False)
    desk.refused(bare, RuleError, "no PNR")
    odd = issuance.issuance_issue([Given("TK00001", NUMBER, "AB1")], bulk=False)
    desk.refused(odd, RuleError, "not a PNR")
    named = issuance.issuance_issue([Given("TK00001", NUMBER, "ab12cd")], bulk=False)
    assert desk.do(named).result.issued[0].pnr == "AB12CD"


def test_a_pnr_of_the_sheet_that_is_none_is_refused() -> None:
    rows = one_ticket("FINANCE_CLEARED", balance=0)
    rows["GroupFlights"][0]["pnr"] = "TBA"
    job = issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False)
    office(rows).refused(job, RuleError, "group flight.*not a PNR")


@pytest.mark.parametrize(
    ("typed", "doubtful"),
    [
        (NUMBER, False),
        (f"{NUMBER}{2400000001 % 7}", False),
        (f"{NUMBER}{1762400000001 % 7}", False),
        (f"{NUMBER}9", True),
    ],
)
def test_a_check_digit_is_a_finding_at_most(typed: str, doubtful: bool) -> None:
    plan = three().do(issuance.issuance_issue([Given("TK00001", typed)], bulk=False))
    assert plan.result.issued[0].ticket_number == NUMBER
    assert [one.code for one in plan.findings] == ["DOUBTFUL_CHECK_DIGIT"] * doubtful


@pytest.mark.parametrize(
    "text", ["", "176240000000", "17624000000012x", "176240000000123", "١٧٦2400000001"]
)
def test_what_is_no_ticket_number(text: str) -> None:
    assert numbers.read(text) is None


def test_a_number_twice_and_another_airline_are_findings() -> None:
    desk = three()
    desk.do(issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False))
    again = desk.do(issuance.issuance_issue([Given("TK00002", NUMBER)], bulk=False))
    assert [one.code for one in again.findings] == ["NUMBER_TWICE"]
    other = desk.do(issuance.issuance_issue([Given("TK00003", "0652400000009")], bulk=False))
    assert [one.code for one in other.findings] == ["OTHER_AIRLINE"]
    found = desk.do(issuance.issuance_report(desk.store, 2)).result.findings
    assert (found["NUMBER_TWICE"], found["OTHER_AIRLINE"]) == (1, 1)


def test_clearance_is_live_before_and_frozen_after() -> None:
    """A late payment unblocks; one that is withdrawn before blocks again, one after is a finding."""
    desk = three(balance=300.0)
    job = issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False)
    desk.refused(job, RuleError, "not cleared")
    paid = desk.do(issuance.issuance_payment(Payment("b1", Decimal(300), TODAY, ref="A")))
    assert paid.result.ready == ("TK00001", "TK00002", "TK00003")
    back = desk.do(issuance.issuance_withdraw("py1", "bounced"))
    assert back.result.waiting == ("TK00001", "TK00002", "TK00003")
    assert back.result.balance_after == 300.0
    desk.refused(job, RuleError, r"not cleared.*300\.00 − 0\.00 paid = 300\.00 USD")
    desk.refused(issuance.issuance_withdraw("PY00001", "x"), RuleError, "already taken back")
    desk.do(issuance.issuance_payment(Payment("B1", Decimal(300), TODAY, ref="B")))
    desk.do(job)
    after = desk.do(issuance.issuance_withdraw("PY00003", "bounced"))
    assert [one.code for one in after.findings] == ["PAYMENT_WITHDRAWN"]
    (line,) = desk.do(issuance.issuance_queue("issued", 2)).result.lines
    assert (line.finance, line.status) == ("cleared", "issued")
    assert desk.do(issuance.issuance_report(desk.store, 2)).result.findings == {
        "PAYMENT_WITHDRAWN": 1
    }


def test_a_balance_that_nobody_understands_clears_nothing() -> None:
    for balance in (None, "paid"):
        desk = office(one_ticket("FINANCE_CLEARED", balance=balance))  # type: ignore[arg-type]
        desk.refused(
            issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False),
            RuleError,
            "not cleared",
        )
        desk.refused(
            issuance.issuance_payment(Payment("B1", Decimal(1), TODAY)), RuleError, "unknown"
        )


def test_undoing_an_issue_keeps_the_history_and_says_so() -> None:
    from ticketops.services.undo import carry_out_undo

    desk = three()
    desk.do(issuance.issuance_issue([Given("TK00001", NUMBER)], bulk=False))
    carry_out_undo(desk.store, desk.run())
    ticket = row_of(desk, "TicketRecords", "ticket_id", "TK00001")
    assert (ticket["state"], ticket["ticket_number"]) == ("NOT_READY", None)
    told = desk.rows("TicketStatusHistory", "ticket_id", "action", "after")
    assert [action for ticket_id, action, _ in told if ticket_id == "TK00001"] == [
        "CREATE",
        "CATCH_UP",
        "ISSUE",
        "UNDO",
        "UNDO",
    ]
    assert "HISTORY_GAP" not in desk.do(issuance.issuance_report(desk.store, 2)).result.findings
    whole = desk.do(issuance.issuance_show(desk.store, "TK00001")).result
    assert [one.stands for one in whole.history] == [True, False, False, False, False]


def test_a_state_that_was_typed_is_a_gap_of_the_history() -> None:
    desk = three()
    desk.set("TicketRecords", 2, "state", "FINANCE_CLEARED")
    plan = desk.do(issuance.issuance_report(desk.store, 2))
    assert "HISTORY_GAP" in plan.result.findings
