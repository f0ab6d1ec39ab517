"""Undo of a pull and of a push."""

from __future__ import annotations

from tests.cli.sync.two_copies import Pair
from ticketops.schema.layouts.event import SALES, VENDOR_CREDENTIALS


def test_undo_of_a_pull(pair: Pair) -> None:
    """The file is as it was, to the byte; that counts as an edit here: a push would send it on, a
    pull does not bring it back."""
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"client": None}})
    before, there = pair.path.read_bytes(), pair.there()
    assert pair.sync("pull").code == 0
    done = pair.do("undo", "-w", str(pair.path), "--yes")
    assert (done.code, "sync pull" in done.out) == (0, True)
    assert pair.path.read_bytes() == before
    looked = pair.result("diff")
    assert (looked["local"], looked["remote"], looked["conflicts"]) == (2, 0, 0)
    assert pair.sync("pull").code == 0
    assert pair.path.read_bytes() == before
    assert pair.sync("push").code == 0
    assert pair.there() == pair.here() != there


def test_undo_of_a_push(pair: Pair) -> None:
    pair.type_here(SALES, {3: {"notes": "here", "client": None}, 37: {"sales_id": "S36"}})
    there = pair.there()
    assert pair.sync("push").code == 0
    assert pair.do("undo", "-w", pair.remote, "--yes").code == 0
    assert pair.there() == there
    looked = pair.result("diff")
    assert (looked["local"], looked["remote"], looked["conflicts"]) == (0, 3, 0)
    log = pair.do("log", "-w", pair.remote).out
    assert "sync push" in log
    assert "undone by 2" in log


def test_undo_of_a_push_of_a_password_is_refused_whole(pair: Pair) -> None:
    pair.type_here(VENDOR_CREDENTIALS, {2: {"password": "another"}})
    pair.type_here(SALES, {3: {"notes": "here"}})
    assert pair.sync("push").code == 0
    there = pair.there()
    done = pair.do("undo", "-w", pair.remote, "--yes")
    assert done.code == 4
    assert len(done.err.splitlines()) == 1
    assert pair.there() == there
