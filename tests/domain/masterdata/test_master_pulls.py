"""Master data pulled from another workbook, three-way: every case of ours, theirs and what both
started from."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from ticketops.domain.masterdata.pulling import MasterPulled, Prefer
from ticketops.model import roles
from ticketops.schema.layouts.event import CLIENTS, CONTRACTS
from ticketops.schema.layouts.event.masters import CLIENT, CONTRACT, ENTITIES, VENDOR, Entity
from ticketops.services import masters


class Two:
    """Our desk and theirs."""

    def __init__(self) -> None:
        self.ours, self.theirs = Desk(role=roles.OPS_MANAGER), Desk(role=roles.OPS_MANAGER)

    def pull(self, prefer: Prefer = "", *entities: Entity) -> MasterPulled:
        records = self.theirs.do(masters.master_records(entities or ENTITIES)).result
        self.plan = self.ours.do(masters.master_pull(records, "theirs.xlsx", prefer))
        result: MasterPulled = self.plan.result
        return result


def add(desk: Desk, entity: Entity = CLIENT, name: str = "Acme Ltd", **given: str) -> None:
    desk.do(masters.master_add(entity, {entity.key[0]: name, **given}))


def put(desk: Desk, value: str | None) -> None:
    unset = ["address"] if value is None else []
    given = {} if value is None else {"address": value}
    desk.do(masters.master_set(CLIENT, "Acme Ltd", given, unset))


def address(desk: Desk) -> Any:
    (row,) = desk.frame(CLIENTS).to_dicts()
    return row["address"]


CASES: list[tuple[str | None, str | None, str | None, str | None, int]] = [
    # pulled, ours now, theirs now → ours afterwards, conflicts
    ("a", "a", "a", "a", 0),
    ("a", "a", "b", "b", 0),
    ("a", "b", "a", "b", 0),
    ("a", "b", "b", "b", 0),
    ("a", "b", "c", "b", 1),
    ("a", "a", None, "a", 0),
    ("a", "b", None, "b", 0),
    ("a", None, "a", None, 0),
    ("a", None, "b", None, 1),
    (None, None, "b", "b", 0),
    (None, "a", None, "a", 0),
    (None, "a", "b", "a", 1),
]


@pytest.mark.parametrize(("pulled", "ours", "theirs", "after", "conflicts"), CASES)
def test_a_field_of_a_record_that_was_pulled(
    pulled: str | None, ours: str | None, theirs: str | None, after: str | None, conflicts: int
) -> None:
    two = Two()
    add(two.theirs, **({"address": pulled} if pulled else {}))
    two.pull()
    for desk, value in ((two.ours, ours), (two.theirs, theirs)):
        if value != pulled:
            put(desk, value)
    assert len(two.pull().conflicts) == conflicts
    assert address(two.ours) == after
    assert len(two.pull().conflicts) == conflicts  # until somebody decides
    assert not two.plan.changes


@pytest.mark.parametrize(("prefer", "after"), [("ours", "b"), ("theirs", "c")])
def test_a_conflict_is_decided_once(prefer: Prefer, after: str) -> None:
    two = Two()
    add(two.theirs, address="a")
    two.pull()
    put(two.ours, "b")
    put(two.theirs, "c")
    (conflict,) = two.pull().conflicts
    assert (conflict.field, conflict.base, conflict.ours, conflict.theirs) == (
        "address",
        "a",
        "b",
        "c",
    )
    assert two.pull(prefer).conflicts == []
    assert address(two.ours) == after
    assert two.pull().conflicts == []
    assert not two.plan.changes


def test_a_record_that_both_have_but_never_pulled_fills_blanks_and_lists_the_rest() -> None:
    two = Two()
    add(two.ours, address="x", tax_id="1")
    add(two.theirs, name="acme ltd", address="y", payment_terms="30 days")
    (conflict,) = two.pull().conflicts
    assert conflict.field == "address"
    (row,) = two.ours.frame(CLIENTS).to_dicts()
    assert (row["client"], row["address"], row["tax_id"]) == ("Acme Ltd", "x", "1")
    assert row["payment_terms"] == "30 days"


def test_a_draft_of_ours_takes_their_status() -> None:
    two = Two()
    add(two.ours, status="DRAFT")
    add(two.theirs, status="INACTIVE")
    assert two.pull().conflicts == []
    assert two.ours.rows(CLIENTS, "status") == ["INACTIVE"]


def test_records_come_in_the_order_in_which_they_name_each_other() -> None:
    two = Two()
    add(two.theirs)
    add(two.theirs, VENDOR, "Viagogo")
    add(two.theirs, CONTRACT, "000777", type="SALE", party="Acme Ltd", valid_from="2026-01-01")
    done = two.pull()
    assert {one.entity: one.added for one in done.entities if one.added} == {
        "client": ["Acme Ltd"],
        "vendor": ["Viagogo"],
        "contract": ["000777"],
    }
    assert two.ours.rows(CONTRACTS, "party") == ["Acme Ltd"]
    two.ours.undo()
    assert two.ours.store.sheet_names() == Desk().store.sheet_names()


def test_a_name_that_resembles_one_of_ours_is_listed_and_not_added() -> None:
    two = Two()
    add(two.ours, name="Meridian Travel")
    add(two.theirs, name="Meridien Travel")
    (conflict,) = two.pull().conflicts
    assert (conflict.record, conflict.field) == ("Meridien Travel", "client")
    assert two.ours.rows(CLIENTS, "client") == ["Meridian Travel"]


def test_a_record_that_somebody_deleted_here_does_not_come_back_unasked() -> None:
    two = Two()
    add(two.theirs)
    two.pull()
    for column in ("client", "status", "user", "updated_at"):
        two.ours.set(CLIENTS, 2, column, None)
    assert two.pull().entities[0].added == []
    assert [finding.code for finding in two.plan.findings] == ["PULLED_BEFORE"]
    assert two.pull("theirs").entities[0].added == ["Acme Ltd"]


def test_what_no_field_can_hold_is_said_and_not_taken_over() -> None:
    two = Two()
    add(two.theirs, address="x")
    two.theirs.set(CLIENTS, 2, "type", "boss")
    two.theirs.set(CLIENTS, 2, "contact_email", "nobody")
    two.pull()
    (row,) = two.ours.frame(CLIENTS).to_dicts()
    assert (row["address"], row["type"], row["contact_email"]) == ("x", None, None)
    assert sorted(finding.code for finding in two.plan.findings) == ["PULL_NOT_VALID"] * 2
