"""Who may do what (§0): _USERS says so, and where it names nobody the setting `role`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk, everything
from ticketops.cli.main import run
from ticketops.domain.allocation.commit import Choice
from ticketops.domain.plan import Run
from ticketops.domain.procurement import PurchaseLine
from ticketops.domain.sales import Order, SaleLine
from ticketops.errors import NotPermittedError, RuleError, TicketopsError
from ticketops.schema.workbook import USERS
from ticketops.services import jobs
from ticketops.services.transaction import Job, carry_out

ROLES = ("staff", "operator", "sr_operator", "ops_manager", "event_admin", "super_admin")
DAY = datetime(2026, 4, 17)


class Office(Desk):
    """A desk at which anybody may sit: `user`, and by the setting `setting`."""

    def __init__(self) -> None:
        super().__init__()
        self.user, self.setting = "tester", "sr_operator"

    def run(self) -> Run:
        return replace(super().run(), user=self.user, role=self.setting)

    def may(self, job: Job) -> bool:
        """Whether the job is permitted; nothing is written."""
        before = everything(self.store)
        try:
            carry_out(self.store, job, self.run(), dry_run=True)
        except NotPermittedError:
            return False
        except TicketopsError as error:
            pytest.fail(f"{job.command}: {error}")
        finally:
            assert everything(self.store) == before
        return True


def user_set(user: str, role: str | None = None, *, name: str = "", email: str = "", active: bool | None = None) -> Job:
    return jobs.user_set(user, role=role, name=name, email=email, active=active)


@pytest.fixture
def desk() -> Office:
    """S1 is allocated, S2 and S3 pending, S4 oversold; P00006 is free and P00007 held."""
    desk = Office()
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 3), ("M01", "Cat 2", 3))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 2), ("M01", "Cat 2", 1))
    desk.do(jobs.allocate_commit("S1"))
    desk.sell(("M01", "Cat 1", 4))
    for column, value in (("block", "A"), ("seat_row", "1"), ("seat", "1")):
        desk.set("Distribution", 3, column, value)
    desk.do(jobs.unit_hold(["P00007"], "Acme", DAY, "option"))
    return desk


# --- where the role comes from


def test_where_users_names_nobody_the_setting_counts(desk: Office) -> None:
    for role in ROLES:
        desk.setting = role
        assert desk.may(jobs.sale_reject("S4", "x")) == (role in ROLES[3:])
        assert desk.may(jobs.allocate_commit("S2")) == (role in ROLES[2:])


def test_a_listed_user_has_the_role_of_the_list(desk: Office) -> None:
    desk.type_rows(
        USERS_SHEET(desk), [{"user": "anna", "role": "ops_manager"}, {"user": "bob", "role": "operator", "email": "bob@example.org"}]
    )
    desk.setting = "staff"
    desk.user = "anna"
    assert desk.may(jobs.sale_reject("S4", "x"))
    desk.setting = "super_admin"
    for name in ("bob", "BOB", "Bob@Example.org"):
        desk.user = name
        assert not desk.may(jobs.allocate_commit("S2"))
        assert desk.may(jobs.sale_expand())


def test_a_stranger_has_no_role_once_somebody_is_listed(desk: Office) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": "ops_manager"}])
    desk.user, desk.setting = "mallory", "super_admin"
    assert not desk.may(jobs.allocate_commit("S2"))
    assert not desk.may(jobs.sale_expand())
    assert desk.may(jobs.allocate_preview("S2", write=False)), "looking is anybody's"


@pytest.mark.parametrize(("active", "may"), [(None, True), (True, True), (False, False)])
def test_an_inactive_user_may_nothing(desk: Office, active: bool | None, may: bool) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": "super_admin", "active": active}])
    desk.user = "anna"
    assert desk.may(jobs.allocate_commit("S2")) is may


@pytest.mark.parametrize("written", ["ops_manager", "OPS_MANAGER", "Ops_Manager", " ops_manager "])
def test_a_role_may_be_typed_in_any_case(desk: Office, written: str) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": written}])
    desk.user = "anna"
    assert desk.may(jobs.sale_reject("S4", "x"))


@pytest.mark.parametrize("written", ["boss", None, ""])
def test_an_unknown_role_is_none(desk: Office, written: str | None) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "zoe", "role": "ops_manager"}, {"user": "anna", "role": written}])
    desk.user = "anna"
    assert not desk.may(jobs.sale_expand())


def test_the_journal_knows_who(desk: Office) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": "ops_manager"}])
    desk.user = "anna"
    desk.do(jobs.sale_reject("S4", "x"))
    assert desk.rows("_ALLOC_LOG", "user")[-1] == "anna"


def USERS_SHEET(desk: Office) -> str:
    """The name of _USERS, which is made first where the workbook lacks it."""
    if USERS not in desk.store.sheet_names():
        desk.setting = "super_admin"
        desk.do(user_set("nobody", "super_admin"))
        row = desk.rows(USERS, "row")[0]
        for column in ("user", "role", "active"):
            desk.set(USERS, row, column, None)
        desk.setting = "sr_operator"
    return USERS


# --- which command needs which role

buying = jobs.purchase_add([PurchaseLine("M01", "V", "1", "Cat 1", 1, Decimal(1), "USD", DAY)])
selling = jobs.sale_add(Order("Acme", "USD", DAY), [SaleLine("M01", "Cat 1", 1, Decimal(1))])
MATRIX: list[tuple[Job, str]] = [
    (buying, "operator"),
    (jobs.purchase_expand(), "operator"),
    (selling, "operator"),
    (jobs.sale_expand(), "operator"),
    (jobs.recon_run(), "operator"),
    (jobs.recon_apply(), "sr_operator"),
    (jobs.audit_repair(), "sr_operator"),
    (jobs.allocate_preview("S2", write=False), "staff"),
    (jobs.allocate_commit("S2"), "sr_operator"),
    (jobs.allocate_commit("S2", Choice(rank=1)), "sr_operator"),
    (jobs.allocate_auto(), "sr_operator"),
    (jobs.allocate_process(), "sr_operator"),
    (jobs.override_unallocate("S1", "x", set_id="", keep_seats=False, force=False), "sr_operator"),
    (jobs.override_unallocate("S1", "x", set_id="PR0001-S01", keep_seats=False, force=False), "sr_operator"),
    (jobs.override_reset_seats("PR0001-S01", "x", units_too=False, force=False), "sr_operator"),
    (jobs.override_alloc_from("S2", "Top Cat 1", "x"), "sr_operator"),
    (jobs.unit_substitute("P00001", "", "x", force=False), "sr_operator"),
    (jobs.unit_hold(["P00006"], "Acme", DAY, "x"), "sr_operator"),
    (jobs.unit_release(["P00007"], "", "x"), "sr_operator"),
    (jobs.sale_cancel("S1", "x", force=False), "sr_operator"),
    (jobs.sale_approve("S4", "x"), "ops_manager"),
    (jobs.sale_reject("S4", "x"), "ops_manager"),
    (jobs.sale_upgrade("S2", "Top Cat 1", None, "x"), "ops_manager"),
    (jobs.sale_upgrades("S2", None), "staff"),
    (jobs.event_swap("M01", "M02", "x", stock_only=False, force=False), "ops_manager"),
    (jobs.policy_set("event", "", {"mode": "SUGGEST"}), "ops_manager"),
]


@pytest.mark.parametrize(("job", "least"), MATRIX, ids=[f"{job.command} needs {least}" for job, least in MATRIX])
def test_every_command_has_its_least_role(desk: Office, job: Job, least: str) -> None:
    for role in ROLES:
        desk.setting = role
        assert desk.may(job) == (ROLES.index(role) >= ROLES.index(least)), role


def _blocked(desk: Office) -> None:
    desk.setting = "ops_manager"
    desk.do(jobs.policy_set("event", "", {"vendor_blocklist": "Viagogo"}))


def _sent(desk: Office) -> None:
    desk.set("Distribution", 3, "delivery", "SENT")


FORCED: list[tuple[str, Callable[[Office], None], Job]] = [
    ("a policy override", _blocked, jobs.allocate_commit("S2", override="the client insists")),
    ("unallocate --force", _sent, jobs.override_unallocate("S1", "x", set_id="", keep_seats=False, force=True)),
    ("reset-seats --force", _sent, jobs.override_reset_seats("PR0001-S01", "x", units_too=False, force=True)),
    ("substitute --force", _sent, jobs.unit_substitute("P00001", "", "x", force=True)),
    ("cancel --force", _sent, jobs.sale_cancel("S1", "x", force=True)),
]


@pytest.mark.parametrize(("prepare", "job"), [(p, j) for _, p, j in FORCED], ids=[name for name, _, _ in FORCED])
def test_what_is_forced_needs_a_manager(desk: Office, prepare: Callable[[Office], None], job: Job) -> None:
    prepare(desk)
    for role in ROLES:
        desk.setting = role
        assert desk.may(job) == (role in ROLES[3:]), role


# --- `user set`


def users(desk: Desk) -> list[Any]:
    return desk.rows(USERS, "user", "role")


def test_the_first_user_is_anybodys_to_add_and_must_be_a_manager(desk: Office) -> None:
    desk.setting = "staff"
    for role in ("staff", "operator", "sr_operator", None):
        desk.refused(user_set("anna", role), RuleError, "nobody could change users")
    desk.refused(user_set("anna", "super_admin", active=False), RuleError)
    desk.do(user_set("anna", "ops_manager"))
    assert users(desk) == [("anna", "ops_manager")]


def test_after_that_it_takes_a_manager(desk: Office) -> None:
    desk.do(user_set("anna", "ops_manager"))
    for setting in ROLES:
        desk.setting = setting
        desk.refused(user_set("tester", "super_admin"), NotPermittedError, "ops_manager")
    desk.user = "Anna"
    desk.do(user_set("bob", "operator", name="Bob", email="bob@example.org"))
    desk.do(user_set("BOB", "sr_operator"))
    assert users(desk) == [("anna", "ops_manager"), ("bob", "sr_operator")]
    assert desk.rows(USERS, "name", "email")[1] == ("Bob", "bob@example.org")
    desk.user = "bob"
    desk.refused(user_set("bob", "ops_manager"), NotPermittedError)


def test_the_last_manager_stays(desk: Office) -> None:
    desk.do(user_set("anna", "ops_manager"))
    desk.user = "anna"
    desk.refused(user_set("anna", "operator"), RuleError, "nobody could change users")
    desk.refused(user_set("anna", active=False), RuleError)
    desk.do(user_set("zoe", "super_admin"))
    desk.do(user_set("anna", "operator"))
    desk.refused(user_set("zoe", "staff"), NotPermittedError)
    desk.user = "zoe"
    desk.refused(user_set("zoe", active=False), RuleError)


def test_a_new_user_is_an_operator_if_nothing_is_said(desk: Office) -> None:
    desk.do(user_set("anna", "super_admin"))
    desk.user = "anna"
    desk.do(user_set("bob"))
    assert users(desk)[1] == ("bob", "operator")


def test_a_user_who_leaves_may_nothing_any_more(desk: Office) -> None:
    desk.do(user_set("anna", "super_admin"))
    desk.user = "anna"
    desk.do(user_set("bob", "sr_operator"))
    desk.do(user_set("bob", active=False))
    assert users(desk)[1] == ("bob", "sr_operator")
    desk.user = "bob"
    assert not desk.may(jobs.allocate_commit("S2"))


def test_a_change_of_name_does_not_bring_back_who_left(desk: Office) -> None:
    desk.do(user_set("anna", "super_admin"))
    desk.user = "anna"
    desk.do(user_set("bob", "super_admin"))
    desk.do(user_set("bob", active=False))
    desk.do(user_set("bob", name="Robert"))
    desk.user = "bob"
    assert not desk.may(jobs.allocate_commit("S2"))


def test_a_manager_whose_role_was_typed_in_capitals_counts_as_one(desk: Office) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": "OPS_MANAGER"}])
    desk.user = "anna"
    desk.do(user_set("bob", "operator"))
    assert users(desk)[-1] == ("bob", "operator")


def test_an_unknown_role_in_the_sheet_is_no_bug_of_ours(desk: Office) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": "ops_manager"}, {"user": "bob", "role": "boss"}])
    desk.user = "anna"
    desk.do(user_set("bob", name="Bob"))
    desk.do(user_set("bob", "operator"))
    assert users(desk)[-1] == ("bob", "operator")


# --- through the command line


@pytest.fixture
def book(empty: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Any]]:
    """Runs a command on a workbook with an oversold sale S2 beside S1; (exit code, JSON)."""
    for name in [name for name in os.environ if name.startswith("TICKETOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(empty.parent)

    def command(*words: str, role: str = "", as_user: str = "anna") -> tuple[int, Any]:
        if role:
            monkeypatch.setenv("TICKETOPS_ROLE", role)
        else:
            monkeypatch.delenv("TICKETOPS_ROLE", raising=False)
        code = run([*words, "-w", str(empty), "--as", as_user, "--json"])
        return code, json.loads(capsys.readouterr().out)

    assert command("purchase", "add", "--match", "M01", "--vendor", "V", "--line", "Cat 1:2@100")[0] == 0
    assert command("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:2@300", "--line", "M01:Cat 1:1@300")[0] == 0
    return command


UNDO = ("--confirm", "UNDO", "--reason", "x")


@pytest.mark.parametrize(
    ("words", "least"),
    [
        (("purchase", "add", "--match", "M01", "--vendor", "V", "--line", "Cat 1:1@1"), "operator"),
        (("sale", "add", "--client", "A", "--line", "M01:Cat 1:1@1"), "operator"),
        (("allocate", "commit", "S1"), "sr_operator"),
        (("allocate", "auto"), "sr_operator"),
        (("override", "alloc-from", "S1", "Top Cat 1", *UNDO), "sr_operator"),
        (("unit", "hold", "P00001", "--client", "A", "--until", "2099-01-01", "--reason", "x"), "sr_operator"),
        (("sale", "cancel", "S1", *UNDO), "sr_operator"),
        (("sale", "reject", "S2", "--reason", "x"), "ops_manager"),
        (("sale", "upgrade", "S1", "--to", "Top Cat 1", "--reason", "x"), "ops_manager"),
        (("event", "swap", "M01", "M02", *UNDO), "ops_manager"),
        (("policy", "set", "--mode", "SUGGEST"), "ops_manager"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else value,
)
def test_exit_code_6(book: Callable[..., tuple[int, Any]], empty: Path, words: tuple[str, ...], least: str) -> None:
    before = empty.read_bytes()
    code, content = book(*words, role=ROLES[ROLES.index(least) - 1])
    assert (code, content["error"]["code"]) == (6, "NOT_PERMITTED")
    assert least in content["error"]["message"]
    assert empty.read_bytes() == before
    assert book(*words, role=least)[0] in (0, 1)
    assert empty.read_bytes() != before


def test_users_through_the_command_line(book: Callable[..., tuple[int, Any]]) -> None:
    assert book("user", "list")[1]["result"] == {"users": [], "default_role": "sr_operator"}
    assert book("user", "set", "anna", "--role", "operator")[0] == 4
    assert book("user", "set", "anna", "--role", "ops_manager")[0] == 0
    assert book("user", "set", "bob", "--role", "operator", as_user="eve", role="super_admin")[0] == 6
    assert book("user", "set", "bob", "--role", "Operator")[0] == 0
    assert book("allocate", "auto", as_user="bob", role="super_admin")[0] == 6
    assert book("allocate", "auto", as_user="eve", role="super_admin")[0] == 6
    assert book("status", as_user="eve")[0] == 0
    assert [(user["user"], user["role"]) for user in book("user", "list")[1]["result"]["users"]] == [
        ("anna", "ops_manager"),
        ("bob", "operator"),
    ]
    code, content = book("user", "set", "bob", "--role", "boss")
    assert code == 2
    assert "boss" in content["error"]["message"]


def test_who_may_not_write_may_not_undo(book: Callable[..., tuple[int, Any]], empty: Path) -> None:
    """A stranger to _USERS, or an inactive user, changes nothing, not backwards either."""
    assert book("user", "set", "anna", "--role", "ops_manager")[0] == 0
    assert book("allocate", "auto")[0] in (0, 1)
    before = empty.read_bytes()
    code, _content = book("undo", "-y", as_user="eve")
    assert code == 6
    assert empty.read_bytes() == before
