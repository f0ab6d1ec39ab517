"""Whose word counts, and what a person is told."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.domain.sync.copies import (
    CANARY,
    CONFLICT,
    HERE,
    KEYED,
    LOGGED,
    OTHER,
    THERE,
    Rows,
    copy_of,
    nobody,
    texts_of,
)
from ticketops.domain.sync.merge import (
    Counts,
    Difference,
    Side,
    conflict_findings,
    differences,
    take_over,
)
from ticketops.errors import UsageError
from ticketops.model.changes import CopyCells
from ticketops.model.findings import Severity
from ticketops.schema.columns import text_of
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    DISTRIBUTION,
    EVENT,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)

# --- whose word counts


@pytest.mark.parametrize(
    ("texts", "sales_notes", "sales_client", "units_notes"),
    [
        ((), None, None, None),
        (("local",), HERE, HERE, HERE),
        (("local", "remote"), THERE, THERE, THERE),
        (("Notes=local",), HERE, None, None),
        (("notes=remote",), THERE, None, None),
        ((" NO TES = remote ",), THERE, None, None),
        (("Sales!Notes=local",), HERE, None, None),
        (("Sales!notes=local", "Purchases!notes=remote"), HERE, None, None),
        (("Purchases!Notes=local",), None, None, None),
        (("remote", "Client=local"), THERE, HERE, THERE),
        (("Client=local", "remote"), THERE, HERE, THERE),
        (("Notes=local", "Notes=remote"), THERE, None, None),
        (("Notes=remote", "Sales!Notes=local"), HERE, None, None),
        (("AllocNote=local",), None, None, HERE),
        (("alloc_note=local",), None, None, HERE),
    ],
)
def test_preferences(
    texts: tuple[str, ...],
    sales_notes: Side | None,
    sales_client: Side | None,
    units_notes: Side | None,
) -> None:
    """A column by its header or our name for it, spaces and case forgiven, on all sheets or one; a
    column's word before the general one; of two about the same column the later one."""
    prefer = nobody(*texts)
    assert prefer.of(EVENT[SALES], Difference(2, "notes", CONFLICT)) is sales_notes
    assert prefer.of(EVENT[SALES], Difference(2, "client", CONFLICT)) is sales_client
    assert prefer.of(EVENT[UNITS], Difference(2, "alloc_note", CONFLICT)) is units_notes


def test_a_header_that_stands_twice_means_both_columns() -> None:
    prefer = nobody("Password=remote")
    for sheet, column in (
        (UNITS, "password"),
        (UNITS, "password_legacy"),
        (VENDOR_CREDENTIALS, "password"),
        (DISTRIBUTION, "password"),
    ):
        assert prefer.of(EVENT[sheet], Difference(2, column, CONFLICT)) is THERE
    assert prefer.of(EVENT[STAFF_QUEUE], Difference(2, "vendor_password", CONFLICT)) is None


def test_headers_with_signs_in_them() -> None:
    prefer = nobody(
        "Sold (Y/N)=local", "Cont. No.=remote", "Schedule!M#=remote", "City+Stadiums=local"
    )
    found = [
        (DISTRIBUTION, "sold"),
        (DISTRIBUTION, "contract"),
        (SCHEDULE, "match"),
        (SCHEDULE, "city"),
    ]
    assert [
        prefer.of(EVENT[sheet], Difference(2, column, CONFLICT)) for sheet, column in found
    ] == [HERE, THERE, THERE, HERE]


def test_a_row_as_a_whole_goes_by_its_key() -> None:
    """Never by a preference for another of its cells; a row without a key only by the general
    word."""
    whole = Difference(2, "notes", CONFLICT, whole_row=True)
    assert nobody("Notes=remote").of(EVENT[SALES], whole) is None
    assert nobody("SalesID=remote").of(EVENT[SALES], whole) is THERE
    assert nobody("remote", "SalesID=local").of(EVENT[SALES], whole) is HERE
    logged = Difference(2, "reason", CONFLICT, whole_row=True)
    assert nobody("Reason=remote").of(EVENT[ALLOC_LOG], logged) is None
    assert nobody("Reason=local", "remote").of(EVENT[ALLOC_LOG], logged) is THERE


@pytest.mark.parametrize(
    "text", ["", "here", "LOCAL", "Notes", "Notes=", "Notes=here", "Notes==local=", "Notes=Local"]
)
def test_a_side_that_there_is_not(text: str) -> None:
    with pytest.raises(
        UsageError, match=r"must be one of local, remote, COLUMN=local, COLUMN=remote"
    ):
        nobody(text)


@pytest.mark.parametrize(
    "text",
    ["=local", "Nots=local", "Sales!Nope=local", "Nope!Notes=local", "!=local", "Sales!=remote"],
)
def test_a_column_that_there_is_not(text: str) -> None:
    with pytest.raises(UsageError, match="there is no column"):
        nobody("local", text)


def test_a_preference_settles_only_its_own_conflicts() -> None:
    base = {1: KEYED, 2: KEYED | {"sales_id": "S2"}}
    local = copy_of(SALES, {1: KEYED | {"client": "here", "notes": "here"}, 2: OTHER})
    remote = copy_of(
        SALES,
        {
            1: KEYED | {"client": "there", "notes": "there"},
            2: KEYED | {"sales_id": "S2", "client": "there"},
        },
    )
    taken = take_over(HERE, local, remote, texts_of(SALES, base), nobody("Client=remote"))
    assert taken.changes == CopyCells(SALES, {2: {"client": ("here", "there")}})
    assert {(conflict.row, conflict.column) for conflict in taken.conflicts} == {
        (2, "notes"),
        *((3, name) for name in OTHER),
    }
    assert taken.counts == Counts(local=0, remote=0, conflicts=6, taken=1)


# --- what a person is told


def told(sheet: str, base: Rows | None, here: Rows, there: Rows) -> list[str]:
    local, remote, common = copy_of(sheet, here), copy_of(sheet, there), texts_of(sheet, base)
    findings = conflict_findings(
        local, remote, common, take_over(HERE, local, remote, common, nobody()).conflicts
    )
    assert {(f.code, f.severity, f.sheet) for f in findings} <= {
        ("SYNC_CONFLICT", Severity.MEDIUM, sheet)
    }
    return [f"{finding.row}: {finding.message}" for finding in findings]


def test_a_finding_says_what_stands_where() -> None:
    base = {1: KEYED | {"notes": "old"}, 2: {"sales_id": "S2", "oversell": True}}
    here = {
        1: KEYED | {"notes": "mine", "client": None, "number": "many"},
        2: {"sales_id": "S2", "date": datetime(2026, 6, 11)},
    }
    there = {
        1: KEYED | {"notes": None, "client": "Bolt", "number": 4},
        2: {"sales_id": "S2", "date": datetime(2026, 6, 12, 18, 30), "oversell": True},
    }
    assert told(SALES, base, here, there) == [
        "2: Client is blank here and 'Bolt' there, 'Acme' before",
        "2: Number is 'many' here and '4' there, '2' before",
        "2: Notes is 'mine' here and blank there, 'old' before",
        "3: Date is '2026-06-11' here and '2026-06-12 18:30:00' there",
    ]


def test_a_row_as_a_whole_is_one_finding() -> None:
    assert told(
        SALES,
        {1: KEYED, 2: KEYED},
        {1: OTHER, 2: {}},
        {1: KEYED | {"notes": "x"}, 2: KEYED | {"notes": "x"}},
    ) == [
        "2: the row holds S9 here and S1 there: neither is copied",
        "3: the row holds nothing here and S1 there: neither is copied",
    ]
    assert told(ALLOC_LOG, None, {1: LOGGED}, {1: LOGGED | {"user": "ben"}}) == [
        "2: the row holds another record here and another record there: neither is copied"
    ]


def test_a_number_that_stood_before_is_shown_as_the_others_are() -> None:
    rows = ({1: {"sales_id": "S1", "price": price}} for price in (350, 360, 370.5))
    assert told(SALES, *rows) == ["2: Price is '360' here and '370.5' there, '350' before"]


def test_a_password_is_never_told() -> None:
    """Neither in texts that are kept, nor in what is said; on its way from copy to copy it is
    itself."""
    row = {"vendor": "Ann", "login_id": "L1"}
    base, local, remote = (
        copy_of(VENDOR_CREDENTIALS, {1: row | {"password": CANARY + end}})
        for end in ("", "-here", "-there")
    )
    blank = copy_of(VENDOR_CREDENTIALS, {1: row})
    assert told(
        VENDOR_CREDENTIALS,
        {1: row},
        *({1: row | {"password": CANARY + end}} for end in ("-here", "-there")),
    ) == ["2: Password is ••• here and ••• there"]
    assert told(
        VENDOR_CREDENTIALS,
        {1: row | {"password": CANARY}},
        {1: row},
        {1: row | {"password": CANARY + "-there"}},
    ) == ["2: Password is blank here and ••• there"]
    taken = take_over(HERE, base, remote, base.texts, nobody())
    assert taken.changes == CopyCells(
        VENDOR_CREDENTIALS, {2: {"password": (CANARY, CANARY + "-there")}}
    )
    kept = [
        base.texts,
        local.texts,
        taken.agreed,
        take_over(THERE, local, blank, blank.texts, nobody("local")).agreed,
    ]
    assert not any(
        "Zeisig" in text_of(value) for frame in kept for row in frame.rows() for value in row
    )
    assert (
        differences(
            EVENT[VENDOR_CREDENTIALS],
            base.texts,
            copy_of(VENDOR_CREDENTIALS, {1: row | {"password": CANARY}}).texts,
            blank.texts,
        )
        == []
    )
