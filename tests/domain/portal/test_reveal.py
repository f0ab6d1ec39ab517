"""Who may look at which password in the portal, and what is recorded."""

from __future__ import annotations

import pytest

from tests.desk import START
from tests.domain.dispatch.desk import DispatchDesk, served
from ticketops.config import Settings
from ticketops.domain.credentials.logins import Shown
from ticketops.domain.dispatch.state import LEDGERS, QUEUES
from ticketops.domain.plan import Plan, Run
from ticketops.domain.portal.reveal import plan_portal_reveal
from ticketops.engine.job import Effect, Job
from ticketops.engine.not_undoable import not_undoable
from ticketops.errors import NotFoundError, NotPermittedError, RuleError
from ticketops.schema.layouts.event import CREDENTIAL_HISTORY, UNITS, USERS
from ticketops.schema.tables import Snapshot
from ticketops.services import masterdata, portal_staff
from ticketops.stores.base import Entry

ADA, BEN = "ada@desk.example", "ben@desk.example"


@pytest.fixture
def desk() -> DispatchDesk:
    desk = DispatchDesk(served())
    for unit in ("P00009", "P00010"):
        row = next(row for row, unit_id in desk.rows(UNITS, "row", "unit_id") if unit_id == unit)
        desk.set(UNITS, row, "email", "login@vendor.example")
        desk.set(UNITS, row, "password", f"secret-{unit}")
    desk.reconcile()
    desk.write_task("S1-2", assigned_to=ADA)
    desk.write_task("S1-3", assigned_to=BEN)
    return desk


def reveal(task: str, person: str = ADA) -> Job:
    def plan(snapshot: Snapshot, run: Run) -> Plan:
        return plan_portal_reveal(snapshot, task, run, None, person=person, token_id="PT00007")

    sheets = (*QUEUES, USERS, CREDENTIAL_HISTORY)
    return Job(
        "portal.reveal", plan, LEDGERS, sheets, f"portal reveal PT00007 {task}", Effect.FINAL
    )


def test_a_password_is_shown_and_recorded_with_the_person_and_the_token(desk: DispatchDesk) -> None:
    task = desk.task("S1-2")["task_id"]
    shown = desk.do(reveal(task))
    assert isinstance(shown, Shown)
    assert shown.credential is not None
    assert shown.credential.password == "secret-P00009"
    assert "secret" not in repr(shown)
    (row,) = desk.frame(CREDENTIAL_HISTORY).to_dicts()
    assert (row["user"], row["action"], row["subject"], row["detail"]) == (
        f"{ADA} (PT00007)",
        "PASSWORD_VIEWED",
        task,
        "S1-2",
    )
    assert "secret" not in str(row)
    assert reveal(task).label == f"portal reveal PT00007 {task}"


def test_nobody_sees_the_password_of_another_ones_task(desk: DispatchDesk) -> None:
    """Whether there is such a task is not told either."""
    said = set()
    for task in (desk.task("S1-3")["task_id"], "T99999", "", "=1"):
        with pytest.raises(NotFoundError) as error:
            desk.do(reveal(task))
        said.add(str(error.value))
    assert said == {"there is no such task in your list"}
    assert desk.frame(CREDENTIAL_HISTORY).is_empty()


def test_a_task_without_a_password_shows_none(desk: DispatchDesk) -> None:
    row = next(row for row, unit in desk.rows(UNITS, "row", "unit_id") if unit == "P00009")
    desk.set(UNITS, row, "password", None)
    desk.refused(reveal(desk.task("S1-2")["task_id"]), RuleError, "has no password")


def test_an_inactive_member_of_staff_sees_none(desk: DispatchDesk) -> None:
    for user, role, email, active in (
        ("tester", "ops_manager", "", True),
        ("ada", "staff", ADA, False),
    ):
        desk.do(masterdata.user_set(user, role=role, name="", email=email, active=active))
    desk.refused(reveal(desk.task("S1-2")["task_id"]), NotPermittedError, "inactive")


def test_a_look_at_a_password_is_never_taken_back(desk: DispatchDesk) -> None:
    label = portal_staff.reveal(Settings(), "T00001", token_id="PT00007").label
    assert not_undoable(Entry("R20260417-143022", label, "tester", START, "", ""))
