"""Formulas that failed, with Google's words behind the error, and those that are still being
calculated: neither is anybody's name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.google.grid import FormulaError
from tests.online import Google
from tests.stores.gsheets.commands import Command, one_line
from tests.stores.gsheets.fixtures import (
    ENTRY,
    column_of,
    content,
    interrupted,
    is_locked,
    quick,
    requests_in,
    stocked,
)
from ticketops.errors import BusyError
from ticketops.model.changes import ChangeSet
from ticketops.schema.columns import ErrorValue
from ticketops.schema.layouts.event import SALES
from ticketops.stores.gsheets import failed

ROW = 2
NOT_FOUND = FormulaError("N_A", "Did not find value 'Meridian' in VLOOKUP evaluation.")
FAILED = {
    "with words": (NOT_FOUND, "#N/A"),
    "in two lines": (FormulaError("REF", "Result was not expanded.\nSee D4."), "#REF!"),
    "without": (FormulaError("N_A"), "#N/A"),
    "a name": (FormulaError("NAME", "Unknown range name: 'X'."), "#NAME?"),
    "nothing to divide by": (
        FormulaError("DIVIDE_BY_ZERO", "Function DIVIDE parameter 2 cannot be zero."),
        "#DIV/0!",
    ),
}
LOADING = FormulaError("LOADING")


def put(google: Google, key: str, value: Any, header: str = "Client", row: int = ROW) -> None:
    """A formula of the office's in a cell of Sales, that comes to this."""
    place = column_of(google.server, key, SALES, header)
    google.server.set_formula(key, SALES, row, place, f"=VLOOKUP({row},Clients!A:B,2)", value)


@pytest.mark.parametrize("what", FAILED)
def test_a_failed_formula_is_not_understood(google: Google, what: str) -> None:
    key = stocked(google)
    value, name = FAILED[what]
    put(google, key, value)
    table = quick(google, key).read(SALES)[SALES]
    assert table.frame["client"][0] is None
    assert [(m.row, m.column, m.text) for m in table.misfits] == [(ROW, "client", name)]


def test_a_text_that_looks_like_one_is_a_text(google: Google) -> None:
    key = stocked(google)
    place = column_of(google.server, key, SALES, "Client")
    for text in ("#N/A (as agreed)", "Loading...", "#VIP (gold)", "#NV", "#1 (first)"):
        google.server.set(key, SALES, ROW, place, text)
        table = quick(google, key).read(SALES)[SALES]
        assert (table.frame["client"][0], table.misfits) == (text, ())


def test_one_more_request_and_only_where_it_is_needed(google: Google) -> None:
    key = stocked(google)
    quick(google, key).read(SALES)
    plain = quick(google, key)
    assert requests_in(google.server, lambda: plain.read(SALES)) == ["values"]
    put(google, key, NOT_FOUND)
    doubtful = quick(google, key)
    assert requests_in(google.server, lambda: doubtful.read(SALES)) == ["values", "look"]


@pytest.mark.parametrize("text", ["Loading...", "Wird geladen...", "Cargando..."])
def test_nothing_is_planned_while_a_cell_of_ours_is_calculated(
    google: Google, command: Command, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(failed_names(), "LOADING", text)
    key = stocked(google)
    put(google, key, LOADING)
    before = content(google.server, key)
    for words in (("sale", "expand", "-y"), ("status",)):
        done = command(*words, "-w", f"gsheet:{key}")
        one_line(done, 5, "Sales!D2 is still being calculated", text, "in a moment")
    assert content(google.server, key) == before
    assert not is_locked(google.server, key)
    put(google, key, "Meridian Travel")
    assert command("sale", "expand", "-y", "-w", f"gsheet:{key}").code == 0


def failed_names() -> dict[str, str]:
    """How the server spells errors."""
    from tests.google.grid import ERRORS

    return ERRORS


def test_what_is_calculated_beside_our_columns_holds_nobody_up(google: Google) -> None:
    key = stocked(google)
    google.server.sheet(key, SALES).column_count = 60
    google.server.set_formula(key, SALES, 2, 50, "=IMPORTRANGE(1)", LOADING)
    Desk(quick(google, key)).buy(("M01", "Cat 1", 1))
    quick(google, key).read(SALES)


def test_a_cell_that_was_calculated_between_two_looks_is_no_text(google: Google) -> None:
    key = stocked(google)
    quick(google, key).read(SALES)
    put(google, key, LOADING)
    store = quick(google, key)
    with (
        interrupted(google.server, 2, lambda: put(google, key, "Meridian Travel")),
        pytest.raises(BusyError, match="still being calculated"),
    ):
        store.read(SALES)
    assert quick(google, key).read(SALES)[SALES].frame["client"][0] == "Meridian Travel"


def test_rows_with_a_failed_formula_take_other_changes(google: Google) -> None:
    key = stocked(google)
    put(google, key, NOT_FOUND)
    store = quick(google, key)
    snapshot = store.read(SALES)
    changes = ChangeSet()
    changes.set(SALES, ROW, "S1", {"notes": (None, "checked")})
    store.commit(changes, snapshot.revision, ENTRY)
    place = column_of(google.server, key, SALES, "Notes")
    assert google.server.cell(key, SALES, ROW, place).value == "checked"


def test_sync_waits_for_what_is_calculated(google: Google, command: Command) -> None:
    key = stocked(google)
    put(google, key, LOADING)
    here = str(google.folder / "here.xlsx")
    assert command("init", here).code == 0
    for words in (("diff",), ("pull", "-y"), ("push", "-y")):
        done = command("sync", *words, "-w", here, "--with", f"gsheet:{key}")
        one_line(done, 5, "still being calculated")


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("#N/A (x)", True),
        ("#ИМЯ? (x\ny)", True),
        ("#BEZUG!", True),
        ("#NV", True),
        ("#N/D", True),
        ("#VIP", False),
        ("#12", False),
        ("# 5 (x)", False),
        ("No. #N/A", False),
    ],
)
def test_what_looks_like_an_error(text: str, like: bool) -> None:
    assert bool(failed._LIKE_ONE.fullmatch(text)) is like


def test_errors_stand_where_they_stood() -> None:
    rows = [["a", "b"], ["c", "#N/A (x)"]]
    made = failed.with_failed(rows, {(2, 2): ErrorValue("#N/A")})
    assert made == [["a", "b"], ["c", "#N/A"]]
    assert type(made[1][1]) is ErrorValue
    assert rows[1][1] == "#N/A (x)", "the raw rows stay as they were read"
