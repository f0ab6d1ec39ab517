"""Cells that hold an error (#N/A, #REF! …) are not understood, never blank: in a file, cached or
read anew, in memory and on a Google Sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Runner
from tests.desk import Desk, everything
from tests.online import Google
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES, SCHEDULE, UNITS
from ticketops.schema.tables import Table
from ticketops.services import allocation, purchasing, selling
from ticketops.stores.memory import MemoryStore
from ticketops.stores.xlsx.store import XlsxStore

ERRORS = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"]


def stocked(store: Any = None) -> Desk:
    desk = Desk(store or MemoryStore(layout=EVENT))
    desk.buy(("M01", "Cat 1", 4), ("M01", "Cat 2", 3))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 2", 1))
    return desk


def held(table: Table) -> tuple[Any, ...]:
    return table.frame.rows(), table.misfits, table.last_row


def told(plan: Any) -> list[tuple[str, int]]:
    return [(f.sheet, f.row) for f in plan.findings if f.code == "UNKNOWN_VALUE"]


_JOBS = {PURCHASES: purchasing.purchase_expand, SALES: selling.sale_expand}
_CELLS = [
    *((PURCHASES, name) for name in ("match", "category", "vendor", "contract", "purchase_id")),
    *((SALES, name) for name in ("match", "category", "client", "sales_id", "source_sale_id")),
]


@pytest.mark.parametrize(
    ("sheet", "column", "error"),
    [
        *((sheet, "number", error) for sheet in _JOBS for error in ERRORS),
        *((sheet, column, "#REF!") for sheet, column in _CELLS),
    ],
)
def test_what_was_made_of_a_row_that_cannot_be_read_stays(
    sheet: str, column: str, error: str
) -> None:
    job = _JOBS[sheet]
    desk = stocked()
    desk.do(job())
    made = UNITS if sheet == PURCHASES else DISTRIBUTION
    before = desk.frame(made).rows()
    desk.set(sheet, 2, column, error)
    raw = desk.store.rows(sheet)
    plan = desk.do(job())
    assert told(plan) == [(sheet, 2)]
    assert desk.frame(made).rows() == before
    assert desk.store.rows(sheet) == raw
    assert not [f for f in plan.findings if f.code in ("MISSING_VALUE", "DELETE_CANDIDATE")]
    assert not desk.done(job()).written


def test_a_number_that_cannot_be_read_removes_no_unit() -> None:
    desk = stocked()
    before = desk.frame(UNITS).rows()
    for value in ("four", -1, 2.5, None):
        desk.set(PURCHASES, 2, "number", value)
        assert "BAD_QUANTITY" in [f.code for f in desk.do(purchasing.purchase_expand()).findings]
        assert desk.frame(UNITS).rows() == before


@pytest.mark.parametrize(
    ("sheet", "column"),
    [
        (DISTRIBUTION, "status"),
        (DISTRIBUTION, "match"),
        (DISTRIBUTION, "company"),
        (DISTRIBUTION, "unit_ids"),
        (DISTRIBUTION, "delivery"),
        (SALES, "status"),
        (SALES, "client"),
        (SALES, "number"),
    ],
)
def test_a_ticket_with_an_error_in_it_or_its_sale_is_left_alone(sheet: str, column: str) -> None:
    desk = stocked()
    row = 3 if sheet == DISTRIBUTION else 2
    desk.set(sheet, row, column, "#N/A")
    plan = desk.do(allocation.allocate_auto())
    assert (sheet, row) in told(plan)
    assert desk.ticket("S1-1")["unit_ids"] in (None, "#N/A")
    assert desk.ticket("S2-1")["unit_ids"]


@pytest.mark.parametrize(
    "column", ["status", "match", "category", "sales_id", "vendor", "contract"]
)
def test_a_unit_with_an_error_is_not_given_away(column: str) -> None:
    desk = stocked()
    for row in (2, 3, 4, 5):
        desk.set(UNITS, row, column, "#REF!")
    plan = desk.do(allocation.allocate_auto())
    assert (UNITS, 2) in told(plan)
    assert desk.ticket("S1-1")["unit_ids"] is None
    assert desk.ticket("S2-1")["unit_ids"]


def test_an_error_of_the_schedule_reaches_no_other_sheet() -> None:
    desk = stocked()
    desk.type_rows(SCHEDULE, [{"match": "M01", "game": "#N/A"}])
    before = everything(desk.store)
    desk.do(purchasing.purchase_expand())
    desk.do(selling.sale_expand())
    after = everything(desk.store)
    assert [after[n] for n in (UNITS, DISTRIBUTION, SALES, PURCHASES)] == [
        before[n] for n in (UNITS, DISTRIBUTION, SALES, PURCHASES)
    ]


def test_cached_fresh_in_memory_and_online_are_the_same(
    empty: Path, in_process: Runner, google: Google
) -> None:
    stocked(XlsxStore(empty, layout=EVENT))
    book = openpyxl.load_workbook(empty)
    for sheet, row, headers in (
        (SALES, 2, ("Client", "Match", "Number", "Notes", "Date", "Total")),
        (PURCHASES, 3, ("Vendor", "Category", "Price", "Contract", "CreatedAt", "Currency")),
    ):
        places = {cell.value: cell.column for cell in book[sheet][1]}
        for error, header in zip(ERRORS, headers, strict=False):
            book[sheet].cell(row, places[header]).value = error
    places = {cell.value: cell.column for cell in book[SALES][1]}
    failed = book[SALES].cell(3, places["Game"])
    failed.value = "#N/A"
    book.save(empty)
    fresh = XlsxStore(empty, use_cache=False, layout=EVENT).read(SALES, PURCHASES)
    XlsxStore(empty, layout=EVENT).read(SALES, PURCHASES)
    cached = XlsxStore(empty, layout=EVENT).read(SALES, PURCHASES)
    rows = XlsxStore(empty, layout=EVENT).raw_rows(*(sheet.name for sheet in EVENT.canonical()))
    plain = {
        name: [[str(c) if isinstance(c, str) else c for c in row] for row in cells]
        for name, cells in rows.items()
    }
    memory = MemoryStore.of_rows(plain, layout=EVENT).read(SALES, PURCHASES)
    online = google.store(google.new(plain)).read(SALES, PURCHASES)
    for name in (SALES, PURCHASES):
        assert held(fresh[name]) == held(cached[name]) == held(memory[name]) == held(online[name])
        assert len(fresh[name].misfits) >= 4
    assert fresh[SALES].frame["match"].to_list()[0] == "#REF!"
    done = in_process("doctor", "-w", str(empty))
    assert "Client" in done.out
    assert "'#N/A'" in done.out
