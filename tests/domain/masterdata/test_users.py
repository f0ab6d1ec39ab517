"""Who may do what (§0): _USERS says so, and where it names nobody the setting `role`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk, everything
from ticketops.cli.main import run
from ticketops.domain.allocation.commit import Choice
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.engine.transaction import carry_out
from ticketops.errors import NotPermittedError, RuleError, TicketopsError
from ticketops.schema.layouts.event import USERS
from ticketops.services import allocation, audit, catalogue, masterdata, purchasing, selling

ROLES = ("staff", "operator", "sr_operator", "ops_manager", "event_admin", "super_admin")
DAY = datetime(2026, 4, 17)


class UserDesk(Desk):
    """A desk at which anybody may sit: `user`, and by the setting `role`."""

    def may(self, job: Job) -> bool:
        """Whether the job is permitted; nothing is written."""
        before = everything(self.store)
        try:
            carry_out(self.store, job, self.run(), dry_run=True)
        except NotPermittedError:
            return False
        except TicketopsError as error:
            pytest.fail(f"{job.label}: {error}")
        finally:
            assert everything(self.store) == before
        return True


def user_set(
    user: str,
    role: str | None = None,
    *,
    name: str = "",
    email: str = "",
    active: bool | None = None,
) -> Job:
    return masterdata.user_set(user, role=role, name=name, email=email, active=active)


@pytest.fixture
def desk() -> UserDesk:
    """S1 is allocated, S2 and S3 pending, S4 oversold; P00006 is free and P00007 held."""
    desk = UserDesk()
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 3), ("M01", "Cat 2", 3))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 2), ("M01", "Cat 2", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.sell(("M01", "Cat 1", 4))
    for column, value in (("block", "A"), ("seat_row", "1"), ("seat", "1")):
        desk.set("Distribution", 3, column, value)
    desk.do(allocation.unit_hold(["P00007"], "Acme", DAY, "option", new=True))
    return desk


# --- where the role comes from


def test_where_users_names_nobody_the_setting_counts(desk: UserDesk) -> None:
    for role in ROLES:
        desk.role = role
        assert desk.may(selling.sale_reject("S4", "x")) == (role in ROLES[3:])
        assert desk.may(allocation.allocate_commit("S2")) == (role in ROLES[2:])


def test_a_listed_user_has_the_role_of_the_list(desk: UserDesk) -> None:
    desk.type_rows(
        USERS_SHEET(desk),
        [
            {"user": "anna", "role": "ops_manager"},
            {"user": "bob", "role": "operator", "email": "bob@example.org"},
        ],
    )
    desk.role = "staff"
    desk.user = "anna"
    assert desk.may(selling.sale_reject("S4", "x"))
    desk.role = "super_admin"
    for name in ("bob", "BOB", "Bob@Example.org"):
        desk.user = name
        assert not desk.may(allocation.allocate_commit("S2"))
        assert desk.may(selling.sale_expand())


def test_a_stranger_has_no_role_once_somebody_is_listed(desk: UserDesk) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": "ops_manager"}])
    desk.user, desk.role = "mallory", "super_admin"
    assert not desk.may(allocation.allocate_commit("S2"))
    assert not desk.may(selling.sale_expand())
    assert not desk.may(allocation.allocate_preview("S2", write=False)), (
        "a stranger may not look either"
    )


@pytest.mark.parametrize(("active", "may"), [(None, True), (True, True), (False, False)])
def test_an_inactive_user_may_nothing(desk: UserDesk, active: bool | None, may: bool) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": "super_admin", "active": active}])
    desk.user = "anna"
    assert desk.may(allocation.allocate_commit("S2")) is may


@pytest.mark.parametrize("written", ["ops_manager", "OPS_MANAGER", "Ops_Manager", " ops_manager "])
def test_a_role_may_be_typed_in_any_case(desk: UserDesk, written: str) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": written}])
    desk.user = "anna"
    assert desk.may(selling.sale_reject("S4", "x"))


@pytest.mark.parametrize("written", ["boss", None, ""])
def test_an_unknown_role_is_none(desk: UserDesk, written: str | None) -> None:
    desk.type_rows(
        USERS_SHEET(desk),
        [{"user": "zoe", "role": "ops_manager"}, {"user": "anna", "role": written}],
    )
    desk.user = "anna"
    assert not desk.may(selling.sale_expand())


def test_the_journal_knows_who(desk: UserDesk) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": "ops_manager"}])
    desk.user = "anna"
    desk.do(selling.sale_reject("S4", "x"))
    assert desk.rows("_ALLOC_LOG", "user")[-1] == "anna"


def USERS_SHEET(desk: UserDesk) -> str:
    """The name of _USERS, which is made first where the workbook lacks it."""
    if USERS not in desk.store.sheet_names():
        desk.role = "super_admin"
        desk.do(user_set("nobody", "super_admin"))
        row = desk.rows(USERS, "row")[0]
        for column in ("user", "role", "active"):
            desk.set(USERS, row, column, None)
        desk.role = "sr_operator"
    return USERS


# --- which command needs which role

bought = purchasing.purchase_add(
    [PurchaseLine("M01", "V", "1", "Cat 1", 1, Decimal(1), "USD", DAY)]
)
sold = selling.sale_add(Order("Acme", "USD", DAY), [SaleLine("M01", "Cat 1", 1, Decimal(1))])
MATRIX: list[tuple[Job, str]] = [
    (bought, "operator"),
    (purchasing.purchase_expand(), "operator"),
    (sold, "operator"),
    (selling.sale_expand(), "operator"),
    (selling.recon_run(), "operator"),
    (selling.recon_apply(), "sr_operator"),
    (audit.audit_repair(), "sr_operator"),
    (allocation.allocate_preview("S2", write=False), "staff"),
    (allocation.allocate_commit("S2"), "sr_operator"),
    (allocation.allocate_commit("S2", Choice(rank=1)), "sr_operator"),
    (allocation.allocate_auto(), "sr_operator"),
    (allocation.allocate_process(), "sr_operator"),
    (
        allocation.override_unallocate("S1", "x", set_id="", keep_seats=False, force=False),
        "sr_operator",
    ),
    (
        allocation.override_unallocate(
            "S1", "x", set_id="PR0001-S01", keep_seats=False, force=False
        ),
        "sr_operator",
    ),
    (
        allocation.override_reset_seats("PR0001-S01", "x", units_too=False, force=False),
        "sr_operator",
    ),
    (allocation.override_alloc_from("S2", "Top Cat 1", "x"), "sr_operator"),
    (allocation.unit_substitute("P00001", "", "x", force=False), "sr_operator"),
    (allocation.unit_hold(["P00006"], "Acme", DAY, "x", new=True), "sr_operator"),
    (allocation.unit_release(["P00007"], "", "x"), "sr_operator"),
    (selling.sale_cancel("S1", "x", force=False), "sr_operator"),
    (selling.sale_approve("S4", "x"), "ops_manager"),
    (selling.sale_reject("S4", "x"), "ops_manager"),
    (selling.sale_upgrade("S2", "Top Cat 1", 9.0, "x"), "ops_manager"),
    (selling.sale_upgrades("S2", None), "staff"),
    (catalogue.event_swap("M01", "M02", "x", stock_only=False, force=False), "ops_manager"),
    (allocation.policy_set("event", "", {"mode": "SUGGEST"}), "ops_manager"),
]


@pytest.mark.parametrize(
    ("job", "least"), MATRIX, ids=[f"{job.label} needs {least}" for job, least in MATRIX]
)
def test_every_command_has_its_least_role(desk: UserDesk, job: Job, least: str) -> None:
    for role in ROLES:
        desk.role = role
        assert desk.may(job) == (ROLES.index(role) >= ROLES.index(least)), role


def _blocked(desk: UserDesk) -> None:
    desk.role = "ops_manager"
    desk.do(allocation.policy_set("event", "", {"vendor_blocklist": "Viagogo"}))


def _sent(desk: UserDesk) -> None:
    desk.set("Distribution", 3, "delivery", "SENT")


FORCED: list[tuple[str, Callable[[UserDesk], None], Job]] = [
    (
        "a policy override",
        _blocked,
        allocation.allocate_commit("S2", override="the client insists"),
    ),
    (
        "unallocate --force",
        _sent,
        allocation.override_unallocate("S1", "x", set_id="", keep_seats=False, force=True),
    ),
    (
        "reset-seats --force",
        _sent,
        allocation.override_reset_seats("PR0001-S01", "x", units_too=False, force=True),
    ),
    ("substitute --force", _sent, allocation.unit_substitute("P00001", "", "x", force=True)),
    ("cancel --force", _sent, selling.sale_cancel("S1", "x", force=True)),
]


@pytest.mark.parametrize(
    ("prepare", "job"), [(p, j) for _, p, j in FORCED], ids=[name for name, _, _ in FORCED]
)
def test_what_is_forced_needs_a_manager(
    desk: UserDesk, prepare: Callable[[UserDesk], None], job: Job
) -> None:
    prepare(desk)
    for role in ROLES:
        desk.role = role
        assert desk.may(job) == (role in ROLES[3:]), role


# --- `user set`


def users(desk: Desk) -> list[Any]:
    return desk.rows(USERS, "user", "role")


def test_the_first_user_is_anybodys_to_add_and_must_be_a_manager(desk: UserDesk) -> None:
    desk.role = "staff"
    for role in ("staff", "operator", "sr_operator", None):
        desk.refused(user_set("anna", role), RuleError, "nobody could change users")
    desk.refused(user_set("anna", "super_admin", active=False), RuleError)
    desk.do(user_set("anna", "ops_manager"))
    assert users(desk) == [("anna", "ops_manager")]


def test_after_that_it_takes_a_manager(desk: UserDesk) -> None:
    desk.do(user_set("anna", "ops_manager"))
    for setting in ROLES:
        desk.role = setting
        desk.refused(user_set("tester", "super_admin"), NotPermittedError, "ops_manager")
    desk.user = "Anna"
    desk.do(user_set("bob", "operator", name="Bob", email="bob@example.org"))
    desk.do(user_set("BOB", "sr_operator"))
    assert users(desk) == [("anna", "ops_manager"), ("bob", "sr_operator")]
    assert desk.rows(USERS, "name", "email")[1] == ("Bob", "bob@example.org")
    desk.user = "bob"
    desk.refused(user_set("bob", "ops_manager"), NotPermittedError)


def test_the_last_manager_stays(desk: UserDesk) -> None:
    desk.do(user_set("anna", "ops_manager"))
    desk.user = "anna"
    desk.refused(user_set("anna", "operator"), RuleError, "nobody could change users")
    desk.refused(user_set("anna", active=False), RuleError)
    desk.do(user_set("zoe", "super_admin"))
    desk.do(user_set("anna", "operator"))
    desk.refused(user_set("zoe", "staff"), NotPermittedError)
    desk.user = "zoe"
    desk.refused(user_set("zoe", active=False), RuleError)


def test_a_new_user_is_an_operator_if_nothing_is_said(desk: UserDesk) -> None:
    desk.do(user_set("anna", "super_admin"))
    desk.user = "anna"
    desk.do(user_set("bob"))
    assert users(desk)[1] == ("bob", "operator")


def test_a_user_who_leaves_may_nothing_any_more(desk: UserDesk) -> None:
    desk.do(user_set("anna", "super_admin"))
    desk.user = "anna"
    desk.do(user_set("bob", "sr_operator"))
    desk.do(user_set("bob", active=False))
    assert users(desk)[1] == ("bob", "sr_operator")
    desk.user = "bob"
    assert not desk.may(allocation.allocate_commit("S2"))


def test_a_change_of_name_does_not_bring_back_who_left(desk: UserDesk) -> None:
    desk.do(user_set("anna", "super_admin"))
    desk.user = "anna"
    desk.do(user_set("bob", "super_admin"))
    desk.do(user_set("bob", active=False))
    desk.do(user_set("bob", name="Robert"))
    desk.user = "bob"
    assert not desk.may(allocation.allocate_commit("S2"))


def test_a_manager_whose_role_was_typed_in_capitals_counts_as_one(desk: UserDesk) -> None:
    desk.type_rows(USERS_SHEET(desk), [{"user": "anna", "role": "OPS_MANAGER"}])
    desk.user = "anna"
    desk.do(user_set("bob", "operator"))
    assert users(desk)[-1] == ("bob", "operator")


def test_an_unknown_role_in_the_sheet_is_no_bug_of_ours(desk: UserDesk) -> None:
    desk.type_rows(
        USERS_SHEET(desk),
        [{"user": "anna", "role": "ops_manager"}, {"user": "bob", "role": "boss"}],
    )
    desk.user = "anna"
    desk.do(user_set("bob", name="Bob"))
    desk.do(user_set("bob", "operator"))
    assert users(desk)[-1] == ("bob", "operator")


# --- through the command line


@pytest.fixture
def book(
    empty: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, Any]]:
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

    assert (
        command("purchase", "add", "--match", "M01", "--vendor", "V", "--line", "Cat 1:2@100")[0]
        == 0
    )
    assert (
        command(
            "sale",
            "add",
            "--client",
            "Acme",
            "--line",
            "M01:Cat 1:2@300",
            "--line",
            "M01:Cat 1:1@300",
        )[0]
        == 0
    )
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
        (
            (
                "unit",
                "hold",
                "P00001",
                "--client",
                "A",
                "--until",
                "2099-01-01",
                "--reason",
                "x",
                "--new",
            ),
            "sr_operator",
        ),
        (("sale", "cancel", "S1", *UNDO), "sr_operator"),
        (("sale", "reject", "S2", "--reason", "x"), "ops_manager"),
        (
            ("sale", "upgrade", "S1", "--to", "Top Cat 1", "--price", "9", "--reason", "x"),
            "ops_manager",
        ),
        (("event", "swap", "M01", "M02", *UNDO), "ops_manager"),
        (("policy", "set", "--mode", "SUGGEST"), "ops_manager"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else value,
)
def test_exit_code_6(
    book: Callable[..., tuple[int, Any]], empty: Path, words: tuple[str, ...], least: str
) -> None:
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
    assert (
        book("user", "set", "bob", "--role", "operator", as_user="eve", role="super_admin")[0] == 6
    )
    assert book("user", "set", "bob", "--role", "Operator")[0] == 0
    assert book("allocate", "auto", as_user="bob", role="super_admin")[0] == 6
    assert book("allocate", "auto", as_user="eve", role="super_admin")[0] == 6
    assert book("status", as_user="eve")[0] == 6
    assert book("status", as_user="bob")[0] == 0
    assert [
        (user["user"], user["role"]) for user in book("user", "list")[1]["result"]["users"]
    ] == [("anna", "ops_manager"), ("bob", "operator")]
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
