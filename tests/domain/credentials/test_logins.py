"""Vendor logins (§10, D13): which one counts, what is recorded, listed and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.credentials.desk import CANARY, CredentialDesk, viewed
from ticketops.domain.credentials import assignment, logins
from ticketops.domain.credentials.logins import best
from ticketops.domain.credentials.records import Credential, Event
from ticketops.domain.plan import Plan
from ticketops.engine.job import Job
from ticketops.errors import InputError, NotFoundError, NotPermittedError, RuleError, UnusableError
from ticketops.model.secrets import is_sealed
from ticketops.schema.layouts.event import CREDENTIAL_HISTORY, VENDOR_CREDENTIALS
from ticketops.services import credentials
from ticketops.services.undo import prepare_undo

# --- which login counts

_NAMES = st.sampled_from(["Ann", "ann ", "A nn", "Bee"])
_EVENTS = st.sampled_from([None, "WC2026", "wc2026", "LA28"])
_CREDENTIALS = st.lists(
    st.builds(
        Credential,
        st.just(0),
        _NAMES,
        active=st.booleans(),
        event=_EVENTS,
        updated_at=st.sampled_from([None, datetime(2026, 1, 1), datetime(2026, 1, 2)]),
    ),
    max_size=8,
)


@given(_CREDENTIALS, st.sampled_from(["ann", "Bee", "Cem", "", None]), _EVENTS)
def test_the_best_login_by_trying_all(
    given_: list[Credential], vendor: str | None, event: str | None
) -> None:
    rows = [
        Credential(i, c.vendor, active=c.active, updated_at=c.updated_at, event=c.event)
        for i, c in enumerate(given_, start=2)
    ]

    def beats(one: Credential, other: Credential) -> bool:
        if (one.event is None) != (other.event is None):
            return one.event is not None
        if one.updated_at != other.updated_at:
            return other.updated_at is None or (
                one.updated_at is not None and one.updated_at > other.updated_at
            )
        return one.row > other.row

    def fits(c: Credential) -> bool:
        for_it = c.event is None or (event is not None and c.event.lower() == event.lower())
        return c.active and c.vendor.strip().lower() == (vendor or "?").lower() and for_it

    able = [c for c in rows if fits(c)]
    expected = [c for c in able if all(c is other or beats(c, other) for other in able)]
    assert best(rows, vendor, event) == (expected[0] if expected else None)


def test_no_password_in_a_repr() -> None:
    found = Credential(2, "Ann", password=CANARY)
    assert CANARY not in repr(found) + repr(logins.Shown(credential=found)) + found.called


# --- add, update, deactivate, reveal


def test_a_login_is_added_sealed_and_recorded(desk: CredentialDesk) -> None:
    desk.buy(("M01", "Cat 1", 1), vendor="Ann")
    plan = desk.add(event="WC2026", notes="the big one")
    assert desk.rows(
        VENDOR_CREDENTIALS, "vendor", "login_id", "email", "active", "notes", "event"
    ) == [("Ann", "a1", "a1@example.com", True, "the big one", "WC2026")]
    assert is_sealed(desk.rows(VENDOR_CREDENTIALS, "password")[0])
    assert desk.passwords(VENDOR_CREDENTIALS) == [CANARY]
    assert desk.history() == [("CREATED", "Ann", "a1", "WC2026", None, None)]
    assert plan.findings == []
    assert plan.result.password == "sealed"
    assert len(desk.notices) == 1
    assert str(desk.keys) in desk.notices[0]
    assert "copy" in desk.notices[0]
    assert CANARY not in repr(plan.result) + repr(desk.notices)
    desk.add("Bee")
    assert len(desk.notices) == 1, "the key file is there"


def test_a_vendor_that_sold_nothing_yet_is_told(desk: CredentialDesk) -> None:
    desk.buy(("M01", "Cat 1", 1), vendor=" ANN")
    assert desk.add("Ann").findings == []
    assert [(f.code, f.severity.name) for f in desk.add("Cem").findings] == [
        ("UNKNOWN_VENDOR", "INFO")
    ]


def test_a_login_twice_is_refused(desk: CredentialDesk) -> None:
    desk.add()
    desk.refused(
        RuleError, "has a1", lambda: desk.add(" ann", login="A1", email="other@example.com")
    )
    desk.add(event="WC2026")
    desk.refused(RuleError, "WC2026", lambda: desk.add(event="wc2026"))
    desk.add(login="", email="x@example.com")
    desk.refused(RuleError, "x@example.com", lambda: desk.add(login="", email="X@example.com"))
    desk.deactivate(login="a1", event="")
    desk.add()
    assert [row[0] for row in desk.history("action", "vendor")] == ["CREATED"] * 3 + [
        "DEACTIVATED",
        "CREATED",
    ]


def test_an_update_says_what_changed_but_not_to_what(desk: CredentialDesk) -> None:
    desk.add()
    plan = desk.update(password="new-secret-1", email="b@example.com", notes="")
    assert plan.result.changed == ("password", "email")
    assert desk.passwords(VENDOR_CREDENTIALS) == ["new-secret-1"]
    assert desk.rows(VENDOR_CREDENTIALS, "email", "updated_at")[0][0] == "b@example.com"
    assert desk.history()[-1] == ("UPDATED", "Ann", "a1", None, None, "password, email")
    desk.update(event="WC2026", login_id="a2")
    assert desk.history()[-1] == ("UPDATED", "Ann", "a2", "WC2026", None, "event, login_id")
    assert desk.update(notes="").changes.changes == []
    desk.update(password="")
    assert desk.passwords(VENDOR_CREDENTIALS) == [None]
    desk.add(login="a3")
    desk.refused(
        RuleError, "has a2", lambda: desk.update(login="a3", login_id="a2", event="WC2026")
    )


def test_which_one_must_be_clear(desk: CredentialDesk) -> None:
    desk.add()
    desk.add(event="WC2026")
    desk.add(login="a2")
    for call in (desk.deactivate, lambda: desk.update(notes="x"), lambda: desk.do(viewed(desk))):
        desk.refused(
            RuleError, r"3 logins: a1 \(every event\), a1 \(WC2026\), a2 \(every event\)", call
        )
    desk.refused(RuleError, "2 logins", lambda: desk.deactivate(login="A1"))
    desk.refused(NotFoundError, "a9", lambda: desk.deactivate(login="a9"))
    desk.refused(NotFoundError, "Bee", lambda: desk.deactivate("Bee"))
    desk.refused(NotFoundError, "LA28", lambda: desk.deactivate(event="LA28"))
    desk.deactivate(" ANN ", login="a1", event="")
    assert desk.rows(VENDOR_CREDENTIALS, "active") == [False, True, True]
    assert desk.history()[-1] == ("DEACTIVATED", "Ann", "a1", None, None, "left us")
    desk.deactivate(login="a1")
    desk.deactivate()
    desk.refused(NotFoundError, "no active login", desk.deactivate)


def test_a_password_that_is_looked_at_is_recorded_and_not_in_the_result(
    desk: CredentialDesk,
) -> None:
    desk.add()
    plan = desk.do(viewed(desk, "ann"))
    assert isinstance(plan, logins.Shown)
    assert plan.credential is not None
    assert credentials.opened(desk.settings, plan.credential.password) == CANARY
    assert CANARY not in repr(plan)
    assert plan.credential.password not in repr(plan)  # type: ignore[operator]
    assert desk.history()[-1] == ("PASSWORD_VIEWED", "Ann", "a1", None, None, None)
    desk.keys.write_text(Fernet.generate_key().decode())
    desk.refused(UnusableError, "key", lambda: desk.do(viewed(desk, "ann")))
    desk.add("Cem", None)
    desk.refused(RuleError, "no password", lambda: desk.do(viewed(desk, "Cem")))


@pytest.mark.parametrize(
    "command", ["credentials reveal", "staff reveal T1", "staff build --with-passwords Bob"]
)
def test_what_showed_a_password_is_not_undone(desk: CredentialDesk, command: str) -> None:
    def plan(snapshot: Any, run: Any) -> Plan:
        made = Plan()
        logins.record(
            made,
            snapshot,
            run,
            [
                Event("EXPORTED", "Ann", subject="T1"),
                Event("PASSWORD_VIEWED", "Bee", "b1", "LA28", "T2", "why"),
            ],
        )
        return made

    desk.do(Job("credentials.reveal", plan, optional=(CREDENTIAL_HISTORY,), label=command))
    assert desk.history() == [
        ("EXPORTED", "Ann", None, None, "T1", None),
        ("PASSWORD_VIEWED", "Bee", "b1", "LA28", "T2", "why"),
    ]
    assert desk.history("user", "run_id")[0] == ("tester", "R20260417-143022")
    desk.refused(RuleError, "nothing to undo", lambda: prepare_undo(desk.store, desk.run()))


def test_staff_build_without_passwords_is_undone(desk: CredentialDesk) -> None:
    desk.do(Job("staff.build", _recorded, optional=(CREDENTIAL_HISTORY,)))
    assert prepare_undo(desk.store, desk.run())[0].transaction.entry.command == "staff build"


def _recorded(snapshot: Any, run: Any) -> Plan:
    plan = Plan()
    logins.record(plan, snapshot, run, [Event("ASSIGNED", "Ann")])
    return plan


@pytest.mark.parametrize("password", ["", "a\nb", "a\0", "\x1b[2J", "x" * 501, "\ud800"])
def test_a_password_that_no_cell_or_terminal_should_hold(password: str) -> None:
    with pytest.raises(InputError) as caught:
        credentials.acceptable(password)
    assert not password or password not in str(caught.value)


@pytest.mark.parametrize("password", [" p ", "sealed:x", "=1+1", "💣 ñ", "'\"<&>"])
def test_any_other_is_kept_to_the_letter(desk: CredentialDesk, password: str) -> None:
    desk.add(password=credentials.acceptable(password))
    assert desk.passwords(VENDOR_CREDENTIALS) == [password]


def test_a_sealed_value_is_no_password() -> None:
    with pytest.raises(RuleError, match="sealed"):
        credentials.acceptable("sealed:" + Fernet(Fernet.generate_key()).encrypt(b"x").decode())


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("add", 2),
        ("update", 2),
        ("deactivate", 2),
        ("assign", 2),
        ("reveal", 2),
        ("history", 2),
        ("seal", 3),
        ("rotate", 3),
        ("list", 1),
    ],
)
def test_each_has_its_least_role(desk: CredentialDesk, name: str, least: int) -> None:
    desk.add()
    job = {
        "add": credentials.add(
            desk.settings,
            "Bee",
            login="b",
            email="",
            password=None,
            notes="",
            event="",
            dry_run=False,
            notice=print,
        ),
        "update": credentials.update(
            desk.settings,
            "Ann",
            login="",
            event=None,
            given={"notes": "x"},
            dry_run=False,
            notice=print,
        ),
        "deactivate": credentials.deactivate("Ann", "x", login="", event=None),
        "assign": credentials.assign(
            desk.settings, "Ann", match="", mode=assignment.OVERWRITE, login=""
        ),
        "reveal": viewed(desk),
        "history": credentials.history("", 5),
        "seal": credentials.seal(desk.settings, dry_run=False, notice=print),
        "rotate": credentials.rotate(desk.settings, dry_run=False),
        "list": credentials.listing("", inactive=True),
    }[name]
    keys = desk.keys.read_bytes()
    roles = ("staff", "operator", "sr_operator", "ops_manager")
    for role in roles[:least]:
        desk.role = role
        desk.refused(NotPermittedError, roles[least], lambda: desk.do(job))
    assert desk.keys.read_bytes() == keys
    desk.role = roles[least]
    desk.do(job)


# --- list and history


def test_the_list_says_how_a_password_stands(desk: CredentialDesk) -> None:
    desk.add()
    desk.add("Bee", None)
    desk.type_rows(
        VENDOR_CREDENTIALS,
        [
            {"vendor": "Cem", "password": CANARY},
            {"vendor": "Dee", "active": False, "login_id": "d"},
        ],
    )
    listed = desk.do(credentials.listing("", inactive=False)).result.credentials
    assert [(row.vendor, row.password) for row in listed] == [
        ("Ann", "sealed"),
        ("Bee", "none"),
        ("Cem", "plain"),
    ]
    everyone = desk.do(credentials.listing("", inactive=True)).result.credentials
    assert [row.active for row in everyone] == [True, True, True, False]
    assert [
        row.vendor
        for row in desk.do(credentials.listing(" bee", inactive=False)).result.credentials
    ] == ["Bee"]
    assert CANARY not in repr(everyone)


def test_the_history_is_newest_first(desk: CredentialDesk) -> None:
    desk.add()
    desk.add("Bee")
    desk.update(notes="x")
    shown = [(row.action, row.vendor) for row in desk.do(credentials.history("", 2)).result.history]
    assert shown == [("UPDATED", "Ann"), ("CREATED", "Bee")]
    assert [row.action for row in desk.do(credentials.history("ANN", 9)).result.history] == [
        "UPDATED",
        "CREATED",
    ]
