"""The journal in the spreadsheet: every machine can read it and take back from it, even when
somebody has been at it."""

from __future__ import annotations

import base64
import gzip
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import run_cli
from tests.desk import Desk, everything
from tests.google.server import GoogleServer
from tests.online import Google
from tests.sampling import some
from tests.stores.gsheets.acts import in_reverse
from tests.stores.gsheets.fixtures import (
    ENTRY,
    JOURNAL,
    column_of,
    committed,
    content,
    is_locked,
    journal,
    quick,
    stocked,
)
from tests.trail import LASTING
from ticketops.domain.allocation.commit import Choice
from ticketops.errors import ConflictError, RuleError, TicketopsError
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES, SALES_RECON_AUDIT
from ticketops.services import allocation, selling
from ticketops.stores.gsheets import ledger, sending

# --- from every machine


def test_what_one_machine_did_another_sees_and_takes_back(google: Google) -> None:
    key = stocked(google)
    machines = [Desk(quick(google, key, machine=name)) for name in "abc"]
    states = [content(google.server, key)]
    for desk, work in zip(
        machines,
        (
            allocation.allocate_auto,
            selling.recon_run,
            lambda: allocation.policy_set("event", "", {"mode": "SUGGEST"}),
        ),
        strict=True,
    ):
        desk.role = "ops_manager"
        desk.do(work())
        states.append(content(google.server, key))
    logs = [quick(google, key, machine=name).log() for name in "abcd"]
    assert all(log == logs[0] for log in logs)
    assert [(t.number, t.entry.command, t.entry.user) for t in logs[0]] == [
        (1, "allocate auto", "tester"),
        (2, "recon run", "tester"),
        (3, "policy set", "tester"),
    ]
    tables = [everything(quick(google, key, machine="d"))]
    for name, before in zip("dab", reversed(states[:-1]), strict=True):
        Desk(quick(google, key, machine=name)).undo()
        tables.append(everything(quick(google, key, machine=name)))
        assert written(content(google.server, key)) == written(before)
    assert [(t.undoes, t.undone_by) for t in quick(google, key, machine="c").log()] == [
        (None, 6),
        (None, 5),
        (None, 4),
        (3, None),
        (2, None),
        (1, None),
    ]
    with pytest.raises(RuleError, match="nothing to undo"):
        Desk(quick(google, key, machine="e")).undo()


def written(cells: dict[str, list[Any]]) -> dict[tuple[str, int, int], Any]:
    """What stands below the headers: made columns stay after an undo, and so do looks and the rows
    of lasting sheets."""
    return {
        (title, row, column): cell.value
        for title, rows in cells.items()
        if title not in LASTING
        for row, values in enumerate(rows, start=1)
        for column, cell in enumerate(values, start=1)
        if cell
        and cell.value not in (None, False)
        and row > (EVENT[title].header_row if title in EVENT else 0)
    }


def test_a_transaction_of_many_rows_of_the_journal(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell holds so much and no more; what is packed goes on below."""
    monkeypatch.setattr(ledger, "_MOST", 200)
    key = stocked(google)
    before = written(content(google.server, key))
    desk = Desk(quick(google, key))
    desk.buy(("M2", "Cat 2", 5))
    between = written(content(google.server, key))
    desk.do(allocation.allocate_auto())
    assert len(google.server.rows(key, JOURNAL)) > 8
    assert len(journal(google.server, key)) == 2
    Desk(quick(google, key, machine="b")).undo()
    assert written(content(google.server, key)) == between
    Desk(quick(google, key, machine="c")).undo()
    assert written(content(google.server, key)) == before


def test_what_was_the_most_that_can_be_written_can_be_taken_back(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An undo writes blanks and few words into the journal, so that it is smaller than what it
    takes back."""
    monkeypatch.setattr(sending, "ADVISED", 20_000)
    key = google.new()
    rows = [(f"M{i}", "Cat 1", f"{random.Random(i).getrandbits(2000):x}") for i in range(400)]
    committed(
        quick(google, key),
        lambda c, _s: c.append(PURCHASES, 2, ("match", "category", "notes"), rows),
        PURCHASES,
    )
    body = sum(len(str(cell)) for row in google.server.rows(key, JOURNAL) for cell in row)
    assert body > 100_000, "random texts can't be packed"
    monkeypatch.setattr(sending, "MOST", body // 2)
    quick(google, key, machine="b").undo(ENTRY)
    assert written(content(google.server, key)) == {}


def test_undo_is_refused_where_a_cell_was_changed_since(google: Google) -> None:
    key = stocked(google)
    server = google.server
    Desk(quick(google, key)).do(allocation.allocate_auto())
    column = column_of(server, key, DISTRIBUTION, "Status", 2)
    was = server.cell(key, DISTRIBUTION, 3, column).value
    server.set(key, DISTRIBUTION, 3, column, "SENT BY HAND")
    before = content(server, key)
    with pytest.raises(ConflictError, match=r"Distribution row 3 \(status\) was changed since"):
        Desk(quick(google, key, machine="b")).undo()
    assert content(server, key) == before
    assert not is_locked(server, key)
    server.set(key, DISTRIBUTION, 3, column, was)
    server.set(key, DISTRIBUTION, 3, 60, "a note of mine")
    Desk(quick(google, key, machine="b")).undo()
    assert server.cell(key, DISTRIBUTION, 3, 60).value == "a note of mine"
    assert server.cell(key, DISTRIBUTION, 3, column).value != was


def test_undo_is_refused_where_a_rewritten_sheet_was_changed_since(google: Google) -> None:
    key = stocked(google)
    desk = Desk(quick(google, key))
    google.server.set(key, SALES, 2, column_of(google.server, key, SALES, "Number"), 3)
    desk.do(selling.recon_run())
    google.server.set(
        key,
        SALES_RECON_AUDIT,
        2,
        column_of(google.server, key, SALES_RECON_AUDIT, "Notes"),
        "typed since",
    )
    before = content(google.server, key)
    with pytest.raises(ConflictError, match="_SALES_RECON_AUDIT"):
        desk.undo()
    assert content(google.server, key) == before


def test_a_rewritten_sheet_with_spaces_around_an_identifier_can_be_taken_back(
    google: Google,
) -> None:
    store = quick(google, google.new())
    for value in ("S1", " S2 "):
        committed(
            store,
            lambda c, _s, value=value: c.replace(SALES_RECON_AUDIT, ("sales_id",), [(value,)]),
            SALES_RECON_AUDIT,
        )
    store.undo(ENTRY)
    assert store.read(SALES_RECON_AUDIT)[SALES_RECON_AUDIT].frame["sales_id"].to_list() == ["S1"]


# --- a journal that somebody has been at


def last(server: GoogleServer, key: str) -> int:
    return len(server.rows(key, JOURNAL))


def in_body(text: str) -> Callable[[GoogleServer, str], Any]:
    return lambda server, key: server.set(key, JOURNAL, last(server, key), 10, text)


def in_head(column: int, value: Any) -> Callable[[GoogleServer, str], Any]:
    return lambda server, key: server.set(key, JOURNAL, last(server, key), column, value)


def packed(content: str) -> str:
    return base64.b64encode(gzip.compress(content.encode())).decode()


DAMAGE: dict[str, Callable[[GoogleServer, str], Any]] = {
    "not base64": in_body("?!*"),
    "base64 of nothing packed": in_body(
        base64.b64encode(b"something else, in all its length").decode()
    ),
    "cut off": lambda server, key: in_body(
        server.cell(key, JOURNAL, last(server, key), 10).value[:40]
    )(server, key),
    "one letter less": lambda server, key: in_body(
        server.cell(key, JOURNAL, last(server, key), 10).value[:-1]
    )(server, key),
    "one letter different": lambda server, key: in_body(
        other_letter(server.cell(key, JOURNAL, last(server, key), 10).value)
    )(server, key),
    "empty": in_body(""),
    "no JSON": in_body(packed("hello")),
    "no object": in_body(packed("[1, 2]")),
    "an object of something else": in_body(packed('{"a": 1}')),
    "cells of another kind": in_body(packed('{"cells": [], "appended": {}, "replaced": 3}')),
    "a row of something else below": lambda server, key: server.set(
        key, JOURNAL, last(server, key) + 1, 10, "AAAA"
    ),
    "a number": in_body("12"),
    "number is none": in_head(1, "x"),
    "number is a number": in_head(1, 7),
    "no user": in_head(4, None),
    "no time": in_head(5, "yesterday"),
    "time is a number": in_head(5, 46000.5),
    "counts are no JSON": in_head(9, "{"),
    "counts are a list": in_head(9, "[1]"),
    "undoes is a word": in_head(8, "one"),
    "undoes is a number": in_head(8, 1),
    "header gone": lambda server, key: server.delete_row(key, JOURNAL, 1),
    "row gone": lambda server, key: server.delete_row(key, JOURNAL, last(server, key)),
    "row inserted": lambda server, key: server.insert_row(key, JOURNAL, 2),
    "sorted": in_reverse(JOURNAL, 2),
    "all gone": lambda server, key: server.request(
        key, {"updateCells": {"range": {"sheetId": server.sheet(key, JOURNAL).id}, "fields": "*"}}
    ),
}


def other_letter(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


@pytest.mark.parametrize("name", some(DAMAGE, 3))
def test_a_damaged_journal(google: Google, name: str) -> None:
    """`log` tells what it can; an undo takes back just what the journal says, or is refused with
    one line; work goes on."""
    key = stocked(google)
    server = google.server
    states = [written(content(server, key))]
    desk = Desk(quick(google, key))
    for work in (
        lambda: desk.sell(("M01", "Cat 1", 1)),
        lambda: desk.do(allocation.allocate_commit("S1", Choice(rank=1))),
    ):
        work()
        states.append(written(content(server, key)))
    DAMAGE[name](server, key)
    store = quick(google, key, machine="b")
    assert len(store.log()) <= 2
    refused: TicketopsError | None = None
    try:
        store.undo(ENTRY)
    except TicketopsError as error:
        refused = error
    if refused:
        assert refused.exit_code in (3, 4, 5), refused.message
        assert "\n" not in refused.message
    assert written(content(server, key)) in (states[2:] if refused else states[:2])
    assert not is_locked(server, key)
    Desk(quick(google, key)).buy(("M01", "Cat 2", 1))
    assert quick(google, key, machine="c").log()[-1].entry.command == "purchase add"
    if name.startswith("counts"):
        done = run_cli("log", "-w", f"gsheet:{key}", env=google.environment())
        assert done.code == 0, done.err


def test_the_journal_is_gone(google: Google) -> None:
    """Somebody deleted the sheet, or made another one: the next commit begins a new one."""
    key = stocked(google)
    server = google.server
    Desk(quick(google, key)).buy(("M01", "Cat 2", 1))
    server.request(key, {"deleteSheet": {"sheetId": server.sheet(key, JOURNAL).id}})
    Desk(quick(google, key, machine="new here")).buy(("M01", "Cat 2", 1))
    assert [row[0] for row in journal(server, key)] == ["2"]
    store = quick(google, key, machine="new here")
    store.undo(ENTRY)
    with pytest.raises(RuleError, match="nothing to undo"):
        store.undo(ENTRY)


def test_the_journal_is_gone_for_a_machine_that_knew_it(google: Google) -> None:
    key = stocked(google)
    server = google.server
    Desk(quick(google, key)).buy(("M01", "Cat 2", 1))
    server.request(key, {"deleteSheet": {"sheetId": server.sheet(key, JOURNAL).id}})
    refused = 0
    for _ in range(3):
        try:
            Desk(quick(google, key)).buy(("M01", "Cat 2", 1))
        except TicketopsError:
            refused += 1
    assert refused <= 1


def test_what_belongs_to_the_machine_may_be_lost(google: Google) -> None:
    """The folder of state is a memory only: damaged, gone or not to be written, commands work."""
    key = stocked(google)
    Desk(quick(google, key)).buy(("M01", "Cat 2", 1))
    memory = google.folder / "state" / key / "sheets.json"
    for text in (
        "",
        "{",
        "[]",
        '{"sheets": {"Sales": [1]}}',
        '{"sheets": {"Sales": [1, 2, 3]}, "revision": "1", "fetched": "x"}',
    ):
        memory.write_text(text)
        Desk(quick(google, key)).buy(("M01", "Cat 2", 1))
    memory.unlink()
    memory.mkdir()
    Desk(quick(google, key)).buy(("M01", "Cat 2", 1))
    assert len(journal(google.server, key)) == 7
