"""Any order of payments, names, clearances, exceptions, refreshes, issues, voids and undos: nothing is
issued without clearance or an approved exception with its proof, the history is complete, and what is
shown as cleared is what a model of its own says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import ROOT
from tests.tickets import TODAY, office, one_ticket
from ticketops.domain.issuance.issuing import Given
from ticketops.domain.issuance.naming import Named
from ticketops.domain.issuance.payments import Given as Payment
from ticketops.errors import TicketopsError
from ticketops.services import issuance
from ticketops.services.undo import carry_out_undo

TICKETS = ("TK00001", "TK00002", "TK00003")
BOOKING = {"TK00001": "B1", "TK00002": "B1", "TK00003": "B2"}
FLIES = {"TK00001": True, "TK00002": True, "TK00003": False}
"""B2 is of a group without a flight."""
PEOPLE = ("olga", "greta")


class Model:
    """What document 001 says, in a few lines of its own: cents, and a dictionary per ticket."""

    def __init__(self) -> None:
        self.owed = {"B1": 500_00, "B2": 0}
        self.paid: list[tuple[str, int]] = []
        self.taken: set[int] = set()
        self.tickets: dict[str, dict[str, Any]] = {
            key: {"state": "NOT_READY", "asked": None, "ok": False, "finance": False, "back": False}
            for key in TICKETS
        }

    def copy(self) -> Model:
        other = Model()
        other.owed, other.paid, other.taken = dict(self.owed), list(self.paid), set(self.taken)
        other.tickets = {key: dict(value) for key, value in self.tickets.items()}
        return other

    def cleared(self, key: str) -> bool:
        ticket = self.tickets[key]
        return self.owed[BOOKING[key]] <= 0 or ticket["finance"] or ticket["ok"]

    def state(self, key: str) -> str:
        """As it is now."""
        ticket = self.tickets[key]
        stored: str = ticket["state"]
        if stored in ("NOT_READY", "ON_HOLD") and self.cleared(key) and FLIES[key]:
            return "FINANCE_CLEARED"
        if stored == "FINANCE_CLEARED" and not self.cleared(key):
            return "ON_HOLD" if ticket["asked"] else "NOT_READY"
        return stored


class Issuance(RuleBasedStateMachine):
    """Commands on three tickets, and the model beside them."""

    @initialize()
    def begin(self) -> None:
        rows = one_ticket()
        rows["Bookings"].append({"booking_id": "B2", "group": "H", "balance": 0, "currency": "USD"})
        for number, booking in ((2, "B1"), (3, "B2")):
            person = {
                "passenger_id": f"BP0000{number}",
                "booking_id": booking,
                "name": f"P/{'AB'[number - 2]}",
            }
            rows["BookingPassengers"].append(person)
        self.desk = office(rows, role="super_admin")
        self.desk.do(issuance.issuance_refresh())
        self.model = Model()
        self.before: list[Model] = []
        self.numbers = 0

    def act(self, job: Any, *, allowed: bool, user: str = "tester") -> bool:
        """Carry out what the model allows, and see that anything else is refused."""
        self.desk.user = user
        was = self.model.copy()
        if not allowed:
            with pytest.raises(TicketopsError):
                self.desk.done(job)
            return False
        if self.desk.done(job).written:
            self.before.append(was)
        return True

    @rule(booking=st.sampled_from(["B1", "B2"]), euros=st.sampled_from([100, 250, 500]))
    def pay(self, booking: str, euros: int) -> None:
        self.act(issuance.issuance_payment(Payment(booking, Decimal(euros), TODAY)), allowed=True)
        self.model.owed[booking] -= euros * 100
        self.model.paid.append((booking, euros * 100))

    @rule(place=st.integers(0, 3))
    def withdraw(self, place: int) -> None:
        model = self.model
        there = place < len(model.paid) and place not in model.taken and model.paid[place][1] > 0
        if self.act(issuance.issuance_withdraw(f"PY{place + 1}", "x"), allowed=there):
            booking, cents = model.paid[place]
            model.owed[booking] += cents
            model.taken.add(place)
            model.paid.append((booking, -cents))

    @rule(key=st.sampled_from(TICKETS))
    def name(self, key: str) -> None:
        ticket = self.model.tickets[key]
        open_ = ticket["state"] not in ("ISSUED", "VOID")
        if self.act(issuance.issuance_name_update([Named(key)], accept=False), allowed=open_):
            waits = ticket["asked"] and not ticket["ok"]
            ready = self.model.cleared(key) and FLIES[key]
            ticket["state"] = "FINANCE_CLEARED" if ready else "ON_HOLD" if waits else "NOT_READY"

    @rule(key=st.sampled_from(TICKETS))
    def finance_clear(self, key: str) -> None:
        ticket = self.model.tickets[key]
        open_ = ticket["state"] not in ("ISSUED", "VOID")
        if self.act(issuance.issuance_finance_clear([key]), allowed=open_):
            ticket |= {"finance": True, "state": "FINANCE_CLEARED"}

    @rule(key=st.sampled_from(TICKETS), user=st.sampled_from(PEOPLE))
    def ask(self, key: str, user: str) -> None:
        ticket = self.model.tickets[key]
        may = ticket["state"] not in ("ISSUED", "VOID") and not self.model.cleared(key)
        job = issuance.issuance_request_exception(self.desk.store, [key], ROOT / "LICENSE", "")
        if self.act(job, allowed=may, user=user):
            ticket |= {"asked": user, "state": "ON_HOLD"}

    @rule(key=st.sampled_from(TICKETS), user=st.sampled_from(PEOPLE))
    def approve(self, key: str, user: str) -> None:
        ticket = self.model.tickets[key]
        may = (
            ticket["state"] not in ("ISSUED", "VOID")
            and ticket["asked"] not in (None, user)
            and not ticket["ok"]
        )
        job = issuance.issuance_approve_exception(self.desk.store, [key])
        if self.act(job, allowed=may, user=user):
            ticket |= {"ok": True, "state": "FINANCE_CLEARED"}

    @rule(key=st.sampled_from(TICKETS))
    def issue(self, key: str) -> None:
        ticket = self.model.tickets[key]
        may = self.model.state(key) == "FINANCE_CLEARED"
        self.numbers += 1
        number = f"176{2400000000 + self.numbers}"
        job = issuance.issuance_issue([Given(key, number, "AB12CD")], bulk=False)
        if self.act(job, allowed=may):
            assert self.model.cleared(key)
            ticket["state"] = "ISSUED"

    @rule(key=st.sampled_from(TICKETS))
    def void(self, key: str) -> None:
        ticket = self.model.tickets[key]
        if self.act(issuance.issuance_void([key], "x"), allowed=ticket["state"] != "VOID"):
            ticket["state"] = "VOID"

    @rule()
    def refresh(self) -> None:
        done = self.desk.done(issuance.issuance_refresh())
        assert (done.written, done.plan.result.kept) == (False, 3)

    @rule()
    def undo(self) -> None:
        if self.before:
            self.desk.user = "tester"
            carry_out_undo(self.desk.store, self.desk.run())
            self.model = self.before.pop()

    @invariant()
    def what_is_shown_is_what_the_model_says(self) -> None:
        if not hasattr(self, "desk"):
            return
        lines = self.desk.do(issuance.issuance_queue("", 2)).result.lines
        assert {one.ticket_id: one.api_status for one in lines} == {
            key: self.model.state(key) for key in TICKETS
        }
        report = self.desk.do(issuance.issuance_report(self.desk.store, 2)).result
        assert "HISTORY_GAP" not in report.findings
        frame = self.desk.store.read("TicketRecords")["TicketRecords"].frame
        for row in frame.iter_rows(named=True):
            if row["state"] == "ISSUED":
                assert row["cleared_as"]
                excepted = row["approved_by"] and row["proof_hash"]
                assert row["finance"] == "cleared" or (row["finance"] == "exception" and excepted)


@pytest.mark.parametrize(
    ("examples", "steps"), [(3, 12), pytest.param(12, 25, marks=pytest.mark.slow)]
)
def test_any_order_of_events(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Issuance, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    )
