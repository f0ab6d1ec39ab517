"""Every step of a ticket, allowed and not, for every role: by hand, from document 001."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.desk import Desk
from tests.sampling import some
from tests.tickets import TODAY, office, one_ticket, row_of
from ticketops.domain.issuance.issuing import Given
from ticketops.domain.issuance.naming import Named
from ticketops.errors import NotPermittedError, RuleError
from ticketops.services import issuance

PROOF = ROOT / "LICENSE"
STATES = ("NOT_READY", "NAME_UPDATE_PENDING", "ON_HOLD", "FINANCE_CLEARED", "ISSUED", "VOID")
ASKED: dict[str, Any] = {
    "finance": "exception",
    "requested_by": "olga",
    "proof": "gone.eml",
    "proof_hash": "0" * 32,
}
BY_FINANCE: dict[str, Any] = {"finance": "cleared", "cleared_by": "fatima", "cleared_at": TODAY}
CELLS: dict[str, dict[str, Any]] = {
    "ON_HOLD": ASKED,
    "FINANCE_CLEARED": BY_FINANCE,
    "ISSUED": {**BY_FINANCE, "ticket_number": "1762400000001", "pnr": "FLIGHT"},
}
"""What stands on a ticket in a state, whose booking owes 500."""
COMMANDS: dict[str, Callable[[Desk], Any]] = {
    "name-update": lambda _d: issuance.issuance_name_update([Named("TK00001")], accept=False),
    "finance-clear": lambda _d: issuance.issuance_finance_clear(["TK00001"]),
    "request-exception": lambda d: issuance.issuance_request_exception(
        d.store, ["TK00001"], PROOF, ""
    ),
    "approve-exception": lambda d: issuance.issuance_approve_exception(d.store, ["TK00001"]),
    "issue": lambda _d: issuance.issuance_issue([Given("TK00001", "1762400000002")], bulk=False),
    "void": lambda _d: issuance.issuance_void(["TK00001"], "x"),
}
NO = ""
"""It is refused."""
TABLE = {
    "name-update": ("NOT_READY", "NOT_READY", "ON_HOLD", "FINANCE_CLEARED", NO, NO),
    "finance-clear": (*("FINANCE_CLEARED",) * 4, NO, NO),
    "request-exception": ("ON_HOLD", "ON_HOLD", "ON_HOLD", NO, NO, NO),
    "approve-exception": (NO, NO, "FINANCE_CLEARED", NO, NO, NO),
    "issue": (NO, NO, NO, "ISSUED", NO, NO),
    "void": (*("VOID",) * 5, NO),
}
"""{command: the state after it, for each of STATES}, where the booking owes money."""
PAID = {
    "name-update": ("FINANCE_CLEARED",) * 4 + (NO, NO),
    "finance-clear": ("FINANCE_CLEARED",) * 4 + (NO, NO),
    "request-exception": (NO,) * 6,
    "approve-exception": (NO, NO, "FINANCE_CLEARED", NO, NO, NO),
    "issue": ("ISSUED", NO, "ISSUED", "ISSUED", NO, NO),
    "void": (*("VOID",) * 5, NO),
}
"""The same where it is paid, which unblocks what waits for money."""
LEAST = {
    "name-update": "operator",
    "finance-clear": "sr_operator",
    "request-exception": "operator",
    "approve-exception": "sr_operator",
    "issue": "sr_operator",
    "void": "sr_operator",
}
ROLES = ("staff", "operator", "sr_operator", "ops_manager", "event_admin", "super_admin")


def desk_in(state: str, balance: float, role: str = "super_admin") -> Desk:
    return office(one_ticket(state, balance=balance, **CELLS.get(state, {})), role=role)


@pytest.mark.parametrize("balance", [500.0, 0.0, -1.0])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", TABLE)
def test_every_step(command: str, state: str, balance: float) -> None:
    after = (TABLE if balance > 0 else PAID)[command][STATES.index(state)]
    desk = desk_in(state, balance)
    job = COMMANDS[command](desk)
    if after == NO:
        desk.refused(job, RuleError)
        return
    desk.do(job)
    assert row_of(desk, "TicketRecords", "ticket_id", "TK00001")["state"] == after
    told = desk.store.read("TicketStatusHistory")["TicketStatusHistory"].frame
    assert told["before"].to_list()[1] == state
    assert told["after"].to_list()[-1] == after
    assert told["before"].to_list()[1:] == told["after"].to_list()[:-1], "without a gap"


@pytest.mark.parametrize(
    ("command", "state", "role"),
    some(itertools.product(TABLE, STATES, [*ROLES, "ticket_manager"]), 5, of=3),
)
def test_who_may(command: str, state: str, role: str) -> None:
    """Who may not is told so before anything of the ticket is looked at."""
    desk = desk_in(state, 500.0, role)
    job = COMMANDS[command](desk)
    may = role == "ticket_manager" or ROLES.index(role) >= ROLES.index(LEAST[command])
    if not may:
        desk.refused(job, NotPermittedError, "needs the role")
    elif TABLE[command][STATES.index(state)] == NO:
        desk.refused(job, RuleError)
    else:
        assert desk.done(job).written


@pytest.mark.parametrize("given", ["tickets.view", "tickets.edit", "tickets.approve"])
@pytest.mark.parametrize("command", TABLE)
def test_capabilities_say_how_far(command: str, given: str) -> None:
    """Whatever the role is; `approve` may what `edit` may."""
    from ticketops.services import masterdata

    desk = desk_in("ON_HOLD", 500.0)
    people = {"role": "ops_manager", "name": "", "email": "", "active": None}
    desk.do(masterdata.user_set("boss", **people))
    desk.user = "boss"
    desk.do(masterdata.user_set("bo", **people | {"role": "staff"}, more={"capabilities": given}))
    desk.user = "bo"
    needed = "tickets.edit" if LEAST[command] == "operator" else "tickets.approve"
    order = ("tickets.view", "tickets.edit", "tickets.approve")
    job = COMMANDS[command](desk)
    if order.index(given) < order.index(needed):
        desk.refused(job, NotPermittedError, needed)
    else:
        with suppress(RuleError):
            desk.do(job)


def test_a_ticket_manager_manages_tickets_and_nothing_else() -> None:
    """Beside the ladder: no user is set, no payment recorded, no sheet synced; reports are exported."""
    from decimal import Decimal

    from ticketops.domain.issuance.payments import Given as Payment
    from ticketops.services import journal, masterdata

    desk = desk_in("NOT_READY", 500.0, "ticket_manager")
    desk.do(issuance.issuance_report(desk.store, 2))
    desk.do(issuance.issuance_refresh())
    desk.do(masterdata.user_list("ticket_manager"))
    for job in (
        issuance.issuance_payment(Payment("B1", Decimal(1), TODAY)),
        journal.log_job(desk.store, 9),
    ):
        desk.refused(job, NotPermittedError, "ticket_manager")


@pytest.mark.parametrize("name", ["olga", "OLGA", " olga "])
def test_whoever_asked_for_an_exception_does_not_approve_it(name: str) -> None:
    desk = desk_in("ON_HOLD", 500.0)
    desk.user = name
    desk.refused(
        issuance.issuance_approve_exception(desk.store, ["TK00001"]), RuleError, "someone else"
    )


def test_nor_do_they_under_their_other_name() -> None:
    from ticketops.services import masterdata

    desk = desk_in("ON_HOLD", 500.0)
    own = {"role": "ops_manager", "name": "", "email": "olga@example.org", "active": None}
    desk.do(masterdata.user_set("olga", **own))
    desk.user = "olga@example.org"
    desk.refused(
        issuance.issuance_approve_exception(desk.store, ["TK00001"]), RuleError, "someone else"
    )


def test_an_unknown_state_is_left_alone() -> None:
    desk = desk_in("Isued", 0.0)
    for job in COMMANDS.values():
        desk.refused(job(desk), RuleError)
    plan = desk.do(issuance.issuance_queue("", 2))
    assert [one.code for one in plan.findings] == ["UNKNOWN_STATUS"]
