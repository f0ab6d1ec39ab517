"""What the office does by command: copy down, accept, assign, mark."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.dispatch.desk import EARLIER, GUEST, A, DispatchDesk, I, N, P, S, U, codes
from ticketops.domain.dispatch.clients import Filters
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, NotPermittedError, RuleError
from ticketops.model.results import plain
from ticketops.schema.layouts.event import CLIENT_INPUTS, USERS
from ticketops.services import dispatch, masterdata


def test_copy_down(desk: DispatchDesk) -> None:
    plan = desk.do(dispatch.client_copy_down("S1-1", None, overwrite=True))
    assert plain(plan.result) == {"from": "S1-1", "to": ["S1-2", "S1-3"]}
    assert [desk.ticket(s)["client_email"] for s in ("S1-1", "S1-2", "S1-3", "S2-1")] == [
        "g1@guest.example"
    ] * 3 + [None]
    assert desk.task("S1-2")["client_email"] == "g1@guest.example"
    assert {v["client_email"] for v in desk.frame(CLIENT_INPUTS).to_dicts()} == {"g1@guest.example"}


def test_copy_down_refuses(desk: DispatchDesk) -> None:
    desk.refused(
        dispatch.client_copy_down("S1-1", None, overwrite=False),
        RuleError,
        "S1-2, S1-3: already filled in",
    )
    desk.refused(dispatch.client_copy_down("S2-1", None, overwrite=False), RuleError, "no guest")
    desk.refused(dispatch.client_copy_down("S9-1", None, overwrite=False), NotFoundError)
    desk.refused(
        dispatch.client_copy_down("S1-3", None, overwrite=True),
        RuleError,
        "no ticket with a unit follows",
    )


def test_copy_down_counts(desk: DispatchDesk) -> None:
    for name in GUEST:
        desk.write("S1-2", **{name: None})
        desk.write("S1-3", **{name: None})
    plan = desk.do(dispatch.client_copy_down("S1-1", 1, overwrite=False))
    assert plan.result.to == ("S1-2",)
    assert (desk.ticket("S1-2")["first_name"], desk.ticket("S1-3")["first_name"]) == ("Ana1", None)


def test_accept(desk: DispatchDesk) -> None:
    for sales_id, delivery in (("S1-1", U), ("S1-2", S), ("S1-3", P)):
        desk.write(sales_id, delivery=delivery)
    desk.reconcile()
    desk.refused(dispatch.client_accept("Acme Travel", ["S2-1"], None), NotFoundError, "S2-1")
    desk.refused(dispatch.client_accept("Bolt Tours", [], None), RuleError, "no ticket waiting")
    desk.refused(
        dispatch.client_accept("Acme Travel", ["S1-3"], None), RuleError, "no ticket waiting"
    )
    plan = desk.do(dispatch.client_accept("Acme Travel", ["s1-2", "S1-3"], None, by="Ana"))
    assert plan.result.accepted == ("S1-2",)
    assert codes(plan) == ["NOT_SENT_YET"]
    assert [desk.ticket(s)["delivery"] for s in ("S1-1", "S1-2", "S1-3")] == [U, A, P]
    assert desk.ticket("S1-2")["accepted_by"] == "Ana"
    assert desk.task("S1-2")["dispatch_status"] == A
    plan = desk.do(dispatch.client_accept("acme travel ltd", [], None))
    assert plan.result.accepted == ("S1-1",)
    assert desk.supplier_row("P00001")["delivery"] == A
    assert desk.ticket("S1-1")["accepted_by"] == "acme travel"


def test_accept_what_a_view_shows(desk: DispatchDesk) -> None:
    for sales_id in ("S1-1", "S1-2", "S1-3"):
        desk.write(sales_id, delivery=S)
    desk.reconcile()
    desk.do(dispatch.client_view("Acme Travel", Filters(holder="ana3"), save="Third"))
    assert desk.do(
        dispatch.client_accept("Acme Travel", [], Filters(holder="g1@"))
    ).result.accepted == ("S1-1",)
    assert desk.do(
        dispatch.client_accept("Acme Travel", [], None, view="third")
    ).result.accepted == ("S1-3",)
    assert desk.ticket("S1-2")["delivery"] == S
    desk.refused(
        dispatch.client_accept("Acme Travel", [], None, view="none such"),
        NotFoundError,
        "none such",
    )


def assign(*people: str, **more: Any) -> Job:
    given: dict[str, Any] = {
        "task_ids": (),
        "matches": (),
        "unassigned": False,
        "from_person": "",
        "priority": "",
        "reopen": False,
    }
    return dispatch.staff_assign(people, **given | more)


def test_assign_in_turn(desk: DispatchDesk) -> None:
    desk.give("S2", ("PR0003-S01", 2))
    desk.write("S2-1", client_email="b@guest.example")
    desk.reconcile()
    plan = desk.do(assign("ada@desk.example", "ben@desk.example"))
    assert plan.result.people == {"ada@desk.example": 2, "ben@desk.example": 1}
    assert [t["assigned_to"] for t in desk.tasks()] == [
        "ada@desk.example",
        "ada@desk.example",
        "ben@desk.example",
    ], "one sale, one person"
    desk.refused(assign("eva@desk.example", unassigned=True), RuleError, "no task matches")
    desk.do(assign("eva@desk.example", from_person="Ben@desk.example", priority="High"))
    assert [(t["assigned_to"].partition("@")[0], t["priority"]) for t in desk.tasks()] == [
        ("ada", "Normal"),
        ("ada", "Normal"),
        ("eva", "High"),
    ]
    desk.refused(assign("eva@desk.example", matches=["M02"]), RuleError)
    assert desk.do(assign("eva@desk.example", matches=["m1"])).result.people == {
        "eva@desk.example": 3
    }


def test_assign_reopens_an_issue(desk: DispatchDesk) -> None:
    desk.do(
        dispatch.staff_report_issue(
            ["T00001"], "wrong block", to="ben@desk.example", priority="High"
        )
    )
    ticket, task = desk.ticket("S1-2"), desk.task("S1-2")
    assert (ticket["delivery"], ticket["dispatch_notes"]) == (I, "wrong block")
    assert (
        task["assigned_to"],
        task["priority"],
        task["dispatch_status"],
        task["staff_notes"],
    ) == ("ben@desk.example", "High", I, "wrong block")
    desk.do(assign("ada@desk.example", task_ids=["t00001"]))
    assert desk.ticket("S1-2")["delivery"] == I
    desk.do(assign("ada@desk.example", task_ids=["T00001"], reopen=True))
    assert (desk.ticket("S1-2")["delivery"], desk.task("S1-2")["dispatch_status"]) == (N, N)
    assert desk.ticket("S1-2")["dispatch_notes"] == "wrong block"


def test_mark(desk: DispatchDesk) -> None:
    desk.do(
        dispatch.staff_mark(
            ["T00001"], S, notes="by e-mail", proof="https://proof.example/1", at=EARLIER
        )
    )
    ticket, task = desk.ticket("S1-2"), desk.task("S1-2")
    assert (ticket["delivery"], ticket["dispatched_at"], ticket["dispatch_notes"]) == (
        S,
        EARLIER,
        "by e-mail",
    )
    assert (task["dispatch_status"], task["dispatched_at"], task["proof_url"]) == (
        S,
        EARLIER,
        "https://proof.example/1",
    )
    desk.do(dispatch.staff_mark(["T00001"], I, notes="came back"))
    assert desk.ticket("S1-2")["dispatch_notes"] == "by e-mail | came back"
    desk.refused(dispatch.staff_mark(["T00002"], A), RuleError, "NOT_SENT can't change to ACCEPTED")
    desk.refused(dispatch.staff_mark(["T00002"], U), RuleError, "only suppliers")
    desk.refused(dispatch.staff_mark(["T00001", "T00002"], A), RuleError)
    desk.refused(dispatch.staff_mark(["T00099"], S), NotFoundError, "T00099")


@pytest.mark.parametrize(
    ("role", "may"),
    [("staff", False), ("operator", False), ("sr_operator", False), ("ops_manager", True)],
)
def test_only_a_manager_takes_an_acceptance_back(desk: DispatchDesk, role: str, may: bool) -> None:
    desk.write("S1-2", delivery=A, dispatch_status=A)
    desk.write_task("S1-2", assigned_to="tester")
    desk.reconcile()
    desk.role = role
    if may:
        desk.do(dispatch.staff_mark(["T00001"], I))
    else:
        desk.refused(dispatch.staff_mark(["T00001"], I), RuleError, "ops_manager")
    assert desk.ticket("S1-2")["delivery"] == (I if may else A)


def test_staff_touch_their_own_tasks(desk: DispatchDesk) -> None:
    desk.write_task("S1-2", assigned_to="Ada@desk.example; ben@desk.example")
    desk.write_task("S1-3", assigned_to="eva@desk.example")
    desk.reconcile()
    desk.do(masterdata.user_set("boss", role="ops_manager", name="", email="", active=True))
    desk.user = "boss"
    desk.do(
        masterdata.user_set("ada", role="staff", name="Ada", email="ada@desk.example", active=True)
    )
    desk.user, desk.role = "ada", "staff"
    assert set(desk.rows(USERS, "user")) == {"boss", "ada"}
    desk.do(dispatch.staff_mark(["T00001"], S))
    desk.refused(dispatch.staff_mark(["T00002"], S), NotPermittedError, "T00002")
    desk.refused(dispatch.staff_report_issue(["T00002"], "lost"), NotPermittedError)
    desk.refused(assign("ada@desk.example", task_ids=["T00002"]), NotPermittedError)
    assert (desk.ticket("S1-2")["delivery"], desk.ticket("S1-3")["delivery"]) == (S, None)
