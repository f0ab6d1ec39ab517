"""Records stay whole."""

from __future__ import annotations

import pytest

from tests.domain.sync.copies import HERE, after, copy_of, nobody, texts_of
from ticketops.domain.sync.merge import take_over
from ticketops.schema.layouts.event import ALLOC_LOG, POLICIES, PURCHASES, SALES, VENDOR_CREDENTIALS


def test_two_logins_of_one_vendor_are_two_records() -> None:
    """Somebody sorts the logins over there, and a note is written here."""
    one = {"vendor": "Viagogo", "login_id": "L1", "email": "a@x.example", "password": "pw-one"}
    two = {"vendor": "Viagogo", "login_id": "L2", "email": "b@x.example", "password": "pw-two"}
    local, remote = (
        copy_of(VENDOR_CREDENTIALS, {1: one | {"notes": "mine"}, 2: two}),
        copy_of(VENDOR_CREDENTIALS, {1: two, 2: one}),
    )
    taken = take_over(HERE, local, remote, texts_of(VENDOR_CREDENTIALS, {1: one, 2: two}), nobody())
    notes = {
        row["login_id"]: row["notes"]
        for row in after(HERE, local, remote, taken)[0].table.frame.iter_rows(named=True)
    }
    assert notes["L2"] is None


def test_two_policies_are_two_records() -> None:
    acme, bolt = (
        {"scope": "CLIENT", "key": "Acme", "mode": "MANUAL"},
        {"scope": "CLIENT", "key": "Bolt", "mode": "MANUAL"},
    )
    local, remote = (
        copy_of(POLICIES, {1: acme | {"exclude_vip": True}, 2: bolt}),
        copy_of(POLICIES, {1: bolt, 2: acme}),
    )
    taken = take_over(HERE, local, remote, texts_of(POLICIES, {1: acme, 2: bolt}), nobody())
    now = {
        row["key"]: row["exclude_vip"]
        for row in after(HERE, local, remote, taken)[0].table.frame.iter_rows(named=True)
    }
    assert not now["Bolt"]


@pytest.mark.parametrize("move", ["put in", "deleted", "sorted"])
def test_rows_that_moved_over_there_are_followed_where_nothing_changed_here(move: str) -> None:
    rows = {row: {"sales_id": f"S{row}", "notes": f"n{row}"} for row in range(1, 12)}
    moved = {
        "put in": {row + (row > 3): cells for row, cells in rows.items()},
        "deleted": {row - (row > 3): cells for row, cells in rows.items() if row != 3},
        "sorted": dict(zip(rows, reversed(rows.values()), strict=True)),
    }[move]
    local, remote = copy_of(SALES, rows), copy_of(SALES, moved)
    taken = take_over(HERE, local, remote, local.texts, nobody())
    assert after(HERE, local, remote, taken)[0].texts.equals(remote.texts)


def test_rows_without_a_key_are_not_mixed() -> None:
    """As people type them, before `purchase expand`: a row is put in over there, and a note is
    written here."""
    rows = {row: {"match": f"M{row}", "vendor": f"V{row}", "number": row} for row in range(1, 8)}
    local = copy_of(PURCHASES, rows | {5: rows[5] | {"notes": "about V5"}})
    remote = copy_of(PURCHASES, {row + (row > 2): cells for row, cells in rows.items()})
    taken = take_over(HERE, local, remote, texts_of(PURCHASES, rows), nobody())
    notes = dict(
        after(HERE, local, remote, taken)[0]
        .table.frame.select("vendor", "notes")
        .drop_nulls()
        .rows()
    )
    assert set(notes.items()) <= {("V5", "about V5")}


def test_no_line_of_a_log_is_lost() -> None:
    rows = {row: {"action": f"A{row}"} for row in range(1, 8)}
    local, remote = (
        copy_of(ALLOC_LOG, rows | {8: {"action": "new"}}),
        copy_of(ALLOC_LOG, {row + (row > 2): cells for row, cells in rows.items()}),
    )
    taken = take_over(HERE, local, remote, texts_of(ALLOC_LOG, rows), nobody())
    assert set(after(HERE, local, remote, taken)[0].table.frame["action"]) == {
        *(f"A{row}" for row in rows),
        "new",
    }


def test_a_record_that_both_sides_write_anew_in_different_rows_is_a_conflict() -> None:
    """Two sales, numbered alike on two machines, where somebody left a row free."""
    rows = {row: {"sales_id": f"S{row}"} for row in range(1, 8)}
    local = copy_of(SALES, rows | {8: {"sales_id": "S8", "client": "Acme"}})
    remote = copy_of(SALES, rows | {9: {"sales_id": "S8", "client": "Bolt"}})
    assert take_over(HERE, local, remote, texts_of(SALES, rows), nobody()).conflicts


def test_a_record_that_both_sides_moved_does_not_stand_twice() -> None:
    """Cut out and pasted below the others, here into one row, there into another."""
    rows = {row: {"sales_id": f"S{row}", "notes": f"n{row}"} for row in range(1, 8)}
    rest = {row: cells for row, cells in rows.items() if row != 1}
    local, remote = copy_of(SALES, rest | {8: rows[1]}), copy_of(SALES, rest | {9: rows[1]})
    taken = take_over(HERE, local, remote, texts_of(SALES, rows), nobody())
    ids = after(HERE, local, remote, taken)[0].table.frame["sales_id"].to_list()
    assert len(ids) == len(set(ids))
