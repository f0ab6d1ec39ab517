"""A sheet that is locked, or changed by other people while it is synced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.cli.sync.two_copies import Pair, is_commit, is_lock, is_second_look, meanwhile
from tests.google.faults import Request
from ticketops.schema.layouts.event import SALES, VENDOR_CREDENTIALS
from ticketops.stores.base import Entry


def test_a_locked_sheet(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else writes: a push waits, then says who. Looking and pulling need no lock over
    there."""
    monkeypatch.setenv("TICKETOPS_LOCK_TIMEOUT", "0")
    pair.type_here(SALES, {2: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}})
    other = pair.google.store(pair.key, machine="other")
    with other.locked(Entry("R20260417-143022", "audit repair", "ben", datetime(2026, 4, 17))):
        done = pair.sync("push")
        assert done.code == 5
        assert "ben (audit repair)" in done.err
        assert pair.sync("diff").code == 0
        assert pair.sync("pull").code == 0
    assert pair.both(SALES, 2, "Notes") == ("here", None)
    assert pair.sync("push").code == 0
    assert pair.here() == pair.there()


def test_one_round_for_cron_tells_that_the_sheet_was_busy(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETOPS_LOCK_TIMEOUT", "0")
    pair.type_here(SALES, {2: {"notes": "here"}})
    with pair.google.store(pair.key, machine="other").locked(
        Entry("R20260417-143022", "audit repair", "ben", datetime(2026, 4, 17))
    ):
        done = pair.sync("watch", "--once")
    assert done.code == 5
    assert "ben" in done.out + done.err


def test_a_file_that_is_open_in_a_spreadsheet_program(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETOPS_LOCK_TIMEOUT", "0")
    (pair.path.parent / f"~${pair.path.name}").write_bytes(b"\x03ben" + bytes(161))
    pair.type_there(SALES, {3: {"notes": "there"}})
    before = pair.path.read_bytes()
    assert pair.sync("pull").code == 5
    assert pair.path.read_bytes() == before
    assert pair.sync("diff").code == 0


@pytest.mark.parametrize(
    "request_",
    [is_lock, is_second_look, is_commit],
    ids=["before the lock", "before the second look", "before the write"],
)
@pytest.mark.parametrize("moved", ["the cell", "the key", "a row above"])
def test_a_sheet_that_is_changed_under_a_push(
    moved: str, request_: Callable[[Request], bool], pair: Pair
) -> None:
    """Nothing of it is overwritten as long as it can be seen; what was typed in the last moment, as
    any two people's typing."""
    pair.type_here(SALES, {6: {"notes": "here", "client": "here"}})

    def somebody() -> None:
        if moved == "the cell":
            pair.type_there(SALES, {6: {"notes": "there"}})
        elif moved == "the key":
            pair.type_there(SALES, {6: {"sales_id": "S99"}})
        else:
            pair.server.insert_row(pair.key, SALES, 3)

    with meanwhile(pair, somebody, request=request_):
        done = pair.sync("push")
    if request_ is is_commit:
        assert done.code == 0
        return
    assert done.code == 5
    assert "nothing was written" in done.err
    assert "here" not in {value for key, value in pair.there().items() if key[0] == SALES}
    assert pair.commits()[1] == 0
    again = pair.sync("push")
    assert again.code == 1
    assert "here" not in {
        value for key, value in pair.there().items() if key[0] == SALES and key[2] == "Notes"
    }


@pytest.mark.parametrize(
    "request_",
    [is_lock, is_second_look, is_commit],
    ids=["before the lock", "before the second look", "before the write"],
)
def test_what_is_typed_elsewhere_under_a_push_survives(
    request_: Callable[[Request], bool], pair: Pair
) -> None:
    """And is pulled the next time."""
    pair.type_here(SALES, {6: {"notes": "here"}})
    with meanwhile(
        pair,
        lambda: pair.type_there(SALES, {6: {"client": "there"}, 7: {"notes": "there"}}),
        request=request_,
    ):
        assert pair.sync("push").code == 0
    assert pair.both(SALES, 6, "Notes") == ("here", "here")
    assert pair.result("diff")["remote"] == 2
    assert pair.sync("pull").code == 0
    assert pair.here() == pair.there()


def test_a_password_never_lands_at_another_login(pair: Pair) -> None:
    """Somebody inserts a row between the reading and the writing."""
    pair.type_here(
        VENDOR_CREDENTIALS, {3: {"notes": "new"}, 4: {"vendor": "Bee", "login_id": "bee"}}
    )
    assert pair.sync("push").code == 0
    pair.type_here(VENDOR_CREDENTIALS, {4: {"password": "pw-of-bee"}})
    with meanwhile(
        pair,
        lambda: pair.server.insert_row(pair.key, VENDOR_CREDENTIALS, 3),
        request=is_second_look,
    ):
        pair.sync("push")
    there = pair.there()
    assert {
        there[VENDOR_CREDENTIALS, row, "Vendor"]
        for (sheet, row, _), value in there.items()
        if value == "pw-of-bee"
    } <= {"Bee"}


def test_a_file_that_is_changed_under_a_pull(pair: Pair) -> None:
    """By another program, while the other copy was read: it is looked at again, and nothing of it
    is lost."""
    pair.type_there(SALES, {6: {"notes": "there"}, 7: {"notes": "there"}})
    with meanwhile(
        pair,
        lambda: pair.type_here(SALES, {6: {"notes": "here"}, 8: {"notes": "here"}}),
        request=lambda r: r.kind == "read",
    ):
        done = pair.sync("pull")
    assert done.code == 1
    assert [pair.both(SALES, row, "Notes") for row in (6, 7, 8)] == [
        ("here", "there"),
        ("there", "there"),
        ("here", None),
    ]


def test_a_formula_is_left_and_the_rest_is_written(pair: Pair) -> None:
    place = pair.server.rows(pair.key, SALES)[0].index("Total") + 1
    pair.server.set_formula(pair.key, SALES, 6, place, "=G6*H6", 1050)
    pair.type_here(SALES, {6: {"total": 77.0, "notes": "here"}, 7: {"notes": "here"}})
    pair.sync("push", "--prefer", "local")
    assert getattr(pair.server.cell(pair.key, SALES, 6, place).value, "text", "") == "=G6*H6"
    assert [pair.there()[SALES, row, "Notes"] for row in (6, 7)] == ["here", "here"]
