"""Whose units and tickets get which login."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.credentials.desk import CANARY, CredentialDesk
from ticketops.config import Settings
from ticketops.domain.credentials import assignment
from ticketops.errors import NotFoundError, UsageError
from ticketops.schema.layouts.event import DISTRIBUTION, MATTHIAS_EMAILS, UNITS, VENDOR_CREDENTIALS
from ticketops.services import allocation

G = ("a1", "a1@example.com", CANARY)
"""Login, address and password of the credential."""
TABLE: list[
    tuple[str, tuple[Any, Any, Any, Any], tuple[Any, Any, Any, Any], tuple[Any, Any, Any, Any]]
] = [
    # (login, address, password, older password) of the unit: before, after BLANKS_ONLY, after
    # OVERWRITE
    ("nothing", (None, None, None, None), (*G, None), (*G, None)),
    ("the login", ("a1", None, None, None), (*G, None), (*G, None)),
    ("the login, case", ("A1", None, None, None), ("A1", *G[1:], None), (*G, None)),
    (
        "the address",
        (None, "A1@Example.com", None, None),
        ("a1", "A1@Example.com", CANARY, None),
        (*G, None),
    ),
    ("another login", ("z9", None, None, None), ("z9", None, None, None), (*G, None)),
    (
        "another address",
        (None, "z@example.com", None, None),
        (None, "z@example.com", None, None),
        (*G, None),
    ),
    (
        "the login, another address",
        ("a1", "z@example.com", None, None),
        ("a1", "z@example.com", None, None),
        (*G, None),
    ),
    ("another password", (None, None, "old", None), (None, None, "old", None), (*G, None)),
    ("the password in plain text", (None, None, CANARY, None), (*G, None), (*G, None)),
    ("an older password", (None, None, None, "old"), (None, None, None, "old"), (*G, "old")),
    (
        "both",
        ("z9", "z@example.com", "old", "older"),
        ("z9", "z@example.com", "old", "older"),
        (*G, "older"),
    ),
    ("all of it", (*G, None), (*G, None), (*G, None)),
]


@pytest.mark.parametrize("mode", [assignment.BLANKS_ONLY, assignment.OVERWRITE])
def test_what_each_mode_writes(desk: CredentialDesk, mode: str) -> None:
    desk.buy(("M01", "Cat 1", len(TABLE)), vendor="Ann")
    desk.buy(("M01", "Cat 1", 1), vendor="Bee")
    columns = ("login_id", "email", "password", "password_legacy")
    for row, (_, before, _, _) in enumerate(TABLE, start=2):
        for column, value in zip(columns, before, strict=True):
            desk.set(UNITS, row, column, value)
    desk.add()
    plan = desk.assign(mode=mode)
    found = [tuple(desk.opened(v) for v in row) for row in desk.rows(UNITS, *columns)]
    expected = [
        blanks if mode == assignment.BLANKS_ONLY else overwritten
        for _, _, blanks, overwritten in TABLE
    ]
    assert dict(zip([name for name, *_ in TABLE], found, strict=False)) == dict(
        zip([name for name, *_ in TABLE], expected, strict=True)
    )
    assert found[-1] == (None, None, None, None), "Bee's"
    if mode == assignment.BLANKS_ONLY:
        names = ("units", "complete", "other_login", "other_password")
        assert [getattr(plan.result, name) for name in names] == [5, 1, 4, 2]
        assert [f.code for f in plan.findings] == ["OTHER_PASSWORD"]
    else:
        assert (plan.result.units, plan.result.other_login, plan.findings) == (len(TABLE), 0, [])
    assert desk.assign(mode=mode).changes.changes == [], "once is enough"


def test_units_that_are_gone_are_left_and_matches_are_recorded_each(desk: CredentialDesk) -> None:
    desk.buy(("M01", "Cat 1", 5), ("M02", "Cat 1", 2), vendor="Ann")
    for row, status in ((2, "CANCELLED"), (3, "REPLACED"), (4, "SOLD")):
        desk.set(UNITS, row, "status", status)
    desk.add()
    assert desk.assign(match="M02").result.by_match == {"M02": 2}
    assert desk.history()[-1] == ("ASSIGNED", "Ann", "a1", None, "M02", "2 units, BLANKS_ONLY")
    plan = desk.assign(vendor=" aNN ")
    assert (plan.result.by_match, plan.result.complete) == ({"M01": 2}, 2)
    assert desk.rows(UNITS, "login_id") == [None, None, None, "a1", "a1", "a1", "a1"]
    desk.assign(mode=assignment.OVERWRITE)
    desk.update(login_id="a2")
    plan = desk.assign(mode=assignment.OVERWRITE)
    assert [row[4:] for row in desk.history()[-2:]] == [
        ("M01", "2 units, OVERWRITE"),
        ("M02", "2 units, OVERWRITE"),
    ]


def test_the_events_login_comes_first_or_the_one_that_is_named(desk: CredentialDesk) -> None:
    desk.buy(("M01", "Cat 1", 1), vendor="Ann")
    desk.settings = replace(desk.settings, event="WC2026")
    desk.add(login="global")
    desk.add(login="here", event="wc2026")
    desk.add(login="there", event="LA28")
    for named, login in (("", "here"), ("GLOBAL", "global")):
        desk.assign(mode=assignment.OVERWRITE, login=named)
        assert desk.rows(UNITS, "login_id") == [login]
    desk.refused(NotFoundError, "there", lambda: desk.assign(login="there"))
    desk.refused(NotFoundError, "Bee", lambda: desk.assign("Bee"))


def test_tickets_get_what_their_unit_got_and_masked_vendors_keep_their_address(
    desk: CredentialDesk,
) -> None:
    masked = "ann@example.com"
    desk.type_rows(MATTHIAS_EMAILS, [{"email": masked}])
    desk.buy(("M01", "Cat 1", 2), vendor="Bee")
    desk.buy(("M02", "Cat 1", 1), vendor=masked)
    desk.sell(("M01", "Cat 1", 2), ("M02", "Cat 1", 1))
    for sale in ("S1", "S2"):
        desk.do(allocation.allocate_commit(sale))
    desk.add("Bee", login="b1", email="b1@example.com")
    desk.add(masked, login="m1", email="login@example.com")
    assert desk.assign("Bee").result.sales_ids == ("S1-1", "S1-2")
    assert desk.assign(masked).result.sales_ids == ("S2-1",)
    assert desk.rows(DISTRIBUTION, "vendor", "email") == [("Bee", "b1@example.com")] * 2 + [
        ("Matthias", masked)
    ]
    assert desk.passwords(DISTRIBUTION) == [CANARY] * 3
    assert desk.rows(UNITS, "email") == ["b1@example.com"] * 2 + ["login@example.com"]
    desk.set(DISTRIBUTION, 3, "password", None)
    desk.set(DISTRIBUTION, 4, "email", "typed@example.com")
    desk.set(DISTRIBUTION, 4, "password", None)
    assert desk.assign("Bee").result.sales_ids == ("S1-1",), "S1-2 has another address"
    assert desk.assign("Bee", mode=assignment.OVERWRITE).result.sales_ids == ("S1-2",)
    desk.update("Bee", password="second")
    desk.assign("Bee", mode=assignment.OVERWRITE)
    assert desk.passwords(DISTRIBUTION)[:2] == desk.passwords(UNITS)[:2] == ["second"] * 2
    assert "ERROR" not in desk.codes()


def test_an_allocation_after_it_writes_the_same(desk: CredentialDesk) -> None:
    desk.buy(("M01", "Cat 1", 2), vendor="Ann")
    desk.sell(("M01", "Cat 1", 2))
    desk.add()
    desk.assign()
    desk.do(allocation.allocate_commit("S1"))
    before = desk.rows(DISTRIBUTION, "email", "password")
    assert desk.assign(mode=assignment.OVERWRITE).changes.changes == []
    assert desk.rows(DISTRIBUTION, "email", "password") == before


def test_without_a_key_a_plain_password_is_assigned_as_it_is_and_told(desk: CredentialDesk) -> None:
    desk.buy(("M01", "Cat 1", 1), vendor="Ann")
    desk.type_rows(VENDOR_CREDENTIALS, [{"vendor": "Ann", "login_id": "a1", "password": "plain-1"}])
    desk.settings = Settings()
    plan = desk.assign()
    assert desk.rows(UNITS, "password") == ["plain-1"]
    assert [(f.code, f.severity.name) for f in plan.findings] == [("PLAINTEXT_PASSWORD", "HIGH")]
    assert "ticketops credentials seal" in plan.findings[0].message
    desk.refused(UsageError, "key file", desk.add)
