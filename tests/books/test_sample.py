"""Sample and canonical workbooks: the counts of §16, the figures of §11, books that agree with each
other."""

from __future__ import annotations

import uuid
import zipfile
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from tests.sampling import some
from ticketops.books.canonical import ROWS_AHEAD, SheetContent, sheet_order, write_workbook
from ticketops.books.report_sheets import audit_grid, position_grid
from ticketops.books.sample import Size, make_sample
from ticketops.books.sample.market import apportion
from ticketops.domain.allocation.automatic import plan_auto
from ticketops.domain.audit.checks import audit
from ticketops.domain.audit.figures import Audit
from ticketops.domain.plan import Run
from ticketops.domain.purchasing import purchases
from ticketops.domain.reporting.position import position
from ticketops.domain.selling import sales
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    ALLOCATION_AUDIT,
    DISTRIBUTION,
    EVENT,
    MATTHIAS_EMAILS,
    POSITION_HEADERS,
    PURCHASES,
    REPORT_POSITION,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)
from ticketops.schema.structure import with_structure
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

FULL_ROWS = {
    "Schedule WC2026": 1000,
    "Purchases": 1631,
    "Sales": 1520,
    "Distribution": 12287,
    "_PURCHASE_UNITS": 12179,
    "_STAFF_QUEUE": 14579,
    "_SUPPLIER_QUEUE": 2413,
    "_VENDOR_CREDENTIALS": 3,
    "_MATTHIAS_EMAILS": 266,
    "_ALLOC_LOG": 22,
    "_ALLOCATION_AUDIT": 24,
    "_ALLOCATION_REPAIR_LOG": 8,
    "_ALLOCATION_PREVIEW": 3,
    "_SALES_PARENT_RECON": 24369,
    "_SALES_RECON_AUDIT": 24369,
    "_PURCHASE_META": 23058,
    "_IMPORT_META": 2698,
    "_REPORT_POSITION": 546,
}
SMALL_ROWS = {
    "Schedule WC2026": 105,
    "Purchases": 41,
    "Sales": 36,
    "Distribution": 243,
    "_PURCHASE_UNITS": 252,
    "_STAFF_QUEUE": 291,
    "_SUPPLIER_QUEUE": 49,
    "_VENDOR_CREDENTIALS": 3,
    "_MATTHIAS_EMAILS": 41,
    "_ALLOC_LOG": 13,
    "_ALLOCATION_AUDIT": 12,
    "_ALLOCATION_REPAIR_LOG": 4,
    "_ALLOCATION_PREVIEW": 3,
    "_SALES_PARENT_RECON": 487,
    "_SALES_RECON_AUDIT": 487,
    "_PURCHASE_META": 461,
    "_IMPORT_META": 55,
    "_REPORT_POSITION": 52,
}
SIX = ("sold", "sent", "open", "available", "oversold", "surplus")
FULL_FIGURES = (11799, 8, 11791, 11174, 4275, 3658)
EVERYTHING = [sheet.name for sheet in EVENT]
NOW = datetime(2026, 4, 18, 9, 0)


@dataclass(frozen=True)
class Book:
    """A sample on disk, read once."""

    size: Size
    path: Path
    snapshot: Snapshot
    raw: dict[str, list[list[Any]]]

    def column(self, sheet: str, name: str) -> pl.Series:
        return self.snapshot[sheet].frame[name]


def _read(path: Path) -> Snapshot:
    return XlsxStore(path, use_cache=False, layout=EVENT).read(*EVERYTHING)


def _run() -> Run:
    return Run("R20260418-090000", "tester", NOW, lambda: str(uuid.uuid4()))


@pytest.fixture(scope="module", params=["small", pytest.param("full", marks=pytest.mark.slow)])
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Book:
    path = tmp_path_factory.mktemp("sample") / f"{request.param}.xlsx"
    make_sample(path, request.param)
    raw = XlsxStore(path, use_cache=False, layout=EVENT).raw_rows(
        *(sheet.name for sheet in EVENT.canonical())
    )
    return Book(request.param, path, _read(path), raw)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.xlsx"
    make_sample(path, "small")
    return path


def test_row_counts_as_two_libraries_see_them(book: Book) -> None:
    wanted = FULL_ROWS if book.size == "full" else SMALL_ROWS
    calamine = CalamineWorkbook.from_path(str(book.path))
    assert {
        name: calamine.get_sheet_by_name(name).height for name in calamine.sheet_names
    } == wanted
    workbook = openpyxl.load_workbook(book.path, read_only=True)
    assert {sheet.title: sheet.max_row for sheet in workbook} == wanted
    workbook.close()
    assert list(wanted) == [sheet.name for sheet in sheet_order(EVENT.about("WC2026").anew())]


def test_headers_are_verbatim_with_the_quirks_of_the_real_workbook(book: Book) -> None:
    for sheet in EVENT.canonical():
        if not sheet.header_row:
            continue
        headers = list(sheet.canonical_headers)
        if sheet.name == DISTRIBUTION:
            headers[38] = "AlloFromCategory"
            assert sheet.header_row == 2
            assert len(headers) == 41
        if sheet.name == UNITS:
            assert [i for i, text in enumerate(headers) if text == "Password"] == [15, 21]
            headers.append(11910.0)
        if sheet.name in (PURCHASES, UNITS):
            headers.append("InvNo")
        assert book.raw[sheet.name][sheet.header_row - 1] == headers
        assert not book.snapshot[sheet.name].missing
        assert not book.snapshot[sheet.name].misfits


def test_position_figures(book: Book) -> None:
    result = position(book.snapshot)
    figures = tuple(getattr(result, name) for name in SIX)
    if book.size == "full":
        assert figures == FULL_FIGURES
        assert len(result.lines) == 434
    assert result.open - result.available == result.oversold - result.surplus
    grid = position_grid(result, datetime(2026, 4, 17, 14, 30, 22))
    width = max(map(len, grid))
    padded = [[*row, *[None] * (width - len(row))] for row in grid]
    assert book.raw[REPORT_POSITION] == [
        ["" if cell is None else cell for cell in row] for row in padded
    ]
    assert grid[2][:6] == POSITION_HEADERS


def test_the_audit_finds_nothing(book: Book) -> None:
    result, findings = audit(book.snapshot)
    assert findings == []
    assert result.invariant_holds
    assert result.allocated_units == (996 if book.size == "full" else 41)
    lines = book.raw[ALLOCATION_AUDIT]
    assert lines[0][0].startswith("Allocation Audit · ")
    assert len(lines) == 8 + lines[5][1]


def test_expansion_has_nothing_to_do(book: Book) -> None:
    bought = purchases.plan_expand(book.snapshot, _run())
    assert not bought.changes
    assert not bought.findings
    sold = sales.plan_expand(book.snapshot, _run())
    assert not sold.changes.for_sheet(SALES)
    assert not sold.changes.for_sheet(DISTRIBUTION)
    assert not sold.findings


def test_units_tickets_and_logs_tell_one_story(book: Book) -> None:
    units = book.snapshot[UNITS].frame.filter(pl.col("status") == states.ALLOCATED)
    tickets = book.snapshot[DISTRIBUTION].frame.filter(pl.col("status") == states.ALLOCATED)
    pairs = tickets.join(units, left_on="unit_ids", right_on="unit_id", suffix="_unit")
    assert pairs.height == units.height == tickets.height
    assert (pairs["sales_id"] == pairs["sales_id_unit"]).all()
    assert (pairs["acc_tix"] == pairs["category_unit"]).all()
    assert (
        pairs["alloc_note"] == pairs["run_id"] + " " + pairs["notes"].str.replace(" from ", " ")
    ).all()
    hidden = {address.casefold() for address in book.column(MATTHIAS_EMAILS, "email")}
    masked = pairs.filter(pl.col("vendor_unit").str.to_lowercase().is_in(hidden))
    assert masked.height
    assert (masked["vendor"] == "Matthias").all()
    assert (masked["email"] == masked["vendor_unit"]).all()
    logged = book.snapshot[ALLOC_LOG].frame
    assert logged["timestamp"].is_sorted()
    assert set(logged["action"]) <= set(states.ALLOC_ACTION)
    given = tickets.group_by(pl.col("sales_id").str.extract(r"(S\d+)").alias("sale_id")).len()
    of_log = (
        logged.filter(pl.col("action") == "ALLOCATE")
        .group_by("sale_id")
        .agg(pl.col("units_affected").sum())
    )
    first = of_log.join(given, on="sale_id", how="left")
    assert (first["units_affected"] <= first["len"]).all()


def test_quirks(book: Book) -> None:
    kinds = dict(book.column(DISTRIBUTION, "row_type").value_counts().iter_rows())
    assert kinds == (
        {"Sales": 11799, "Purchases": 486}
        if book.size == "full"
        else {"Sales": 231, "Purchases": 10}
    )
    assert set(book.column(SUPPLIER_QUEUE, "company")) == {"MIRRA"}
    assert book.snapshot[SCHEDULE].frame["match"].drop_nulls().len() == 104
    secrets = [
        (sheet.name, column.name)
        for sheet in EVENT.canonical()
        for column in sheet.columns
        if column.secret
    ]
    found = {place: book.column(*place).drop_nulls().len() for place in secrets}
    assert found.pop((PURCHASES, "email_password")) == 0
    del found[SUPPLIER_QUEUE, "password"]
    assert all(0 < count < 30 for count in found.values())
    contracts = book.column(PURCHASES, "contract").drop_nulls()
    assert contracts.str.contains(r"^0\d+$").any()
    assert set(book.column(STAFF_QUEUE, "dispatch_status")) <= set(states.DISPATCH_STATUS)
    assert book.column(SALES, "number").max() > (100 if book.size == "full" else 10)
    assert book.column(SALES, "number").median() <= 4


def test_automatic_allocation_of_the_small_sample_leaves_little_waiting(small: Path) -> None:
    snapshot = _read(small)
    plan = plan_auto(snapshot, _run())
    assert 1 <= plan.result.waiting <= 2
    after = snapshot.after(plan.changes)
    result, findings = audit(after)
    assert findings == []
    assert result.allocated_units == 41 + plan.result.units


def test_the_same_seed_makes_the_same_file(small: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again.xlsx", tmp_path / "other.xlsx"
    make_sample(again, "small")
    make_sample(other, "small", seed=7)
    parts = {}
    for path in (small, again, other):
        with zipfile.ZipFile(path) as archive:
            parts[path] = {name: archive.read(name) for name in archive.namelist()}
    assert parts[small] == parts[again]
    assert parts[small] != parts[other]


@pytest.mark.parametrize("seed", some(range(8), 4))
def test_every_seed_makes_sound_books(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "sample.xlsx"
    make_sample(path, "small", seed)
    snapshot = _read(path)
    result, findings = audit(snapshot)
    assert findings == []
    assert result.invariant_holds
    assert not purchases.plan_expand(snapshot, _run()).changes
    assert not sales.plan_expand(snapshot, _run()).changes.for_sheet(DISTRIBUTION)
    figures = position(snapshot)
    assert figures.open - figures.available == figures.oversold - figures.surplus


def test_orders_only_expands_to_the_whole_sample(book: Book, tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    make_sample(path, book.size, orders_only=True)
    snapshot = _read(path)
    assert set(snapshot[SALES].frame["status"]) == {states.UNALLOCATED}
    for sheet in EVENT.canonical():
        filled = sheet.name in (SCHEDULE, PURCHASES, SALES, MATTHIAS_EMAILS, VENDOR_CREDENTIALS)
        assert snapshot[sheet.name].frame.is_empty() is not filled
    bought = snapshot.after(purchases.plan_expand(snapshot, _run()).changes)
    columns = [
        "unit_id",
        "match",
        "vendor",
        "contract",
        "category",
        "set_id",
        "set_size",
        "set_pos",
        "purchase_id",
        "source_row",
        "inv_no",
    ]
    assert bought[UNITS].frame.select(columns).equals(book.snapshot[UNITS].frame.select(columns))
    sold = snapshot.after(sales.plan_expand(snapshot, _run()).changes)
    driven = [
        "sales_id",
        "date",
        "match",
        "company",
        "category",
        "sets",
        "qty",
        "src_row",
        "child",
        "line_key",
    ]
    tickets = book.snapshot[DISTRIBUTION].frame.filter(pl.col("row_type") == "Sales")
    assert sold[DISTRIBUTION].frame.select(driven).equals(tickets.select(driven))
    assert sold[DISTRIBUTION].frame["inv_no"].null_count() == tickets.height, (
        "a listing number comes with a unit"
    )


def test_an_empty_canonical_workbook_can_be_worked_on(tmp_path: Path) -> None:
    path = tmp_path / "new.xlsx"
    write_workbook(path, EVENT.about("WC2026"), {}, created=NOW)
    store = XlsxStore(path, use_cache=False, layout=EVENT)
    assert store.sheet_names() == list(FULL_ROWS)
    assert store.raw_rows(UNITS)[UNITS] == [
        [*EVENT[UNITS].canonical_headers, "SeatsGiven", "InvNo", "SubGame"]
    ]
    line = purchases.PurchaseLine("M01", "Viagogo", "0012", "Cat 1", 3, Decimal(100), "USD", NOW)
    snapshot = store.read(*EVERYTHING)
    changes = with_structure(purchases.plan_add(snapshot, [line], _run()).changes, snapshot)
    store.commit(
        changes, snapshot.revision, Entry("R20260418-090000", "purchase add", "tester", NOW)
    )
    worksheet = openpyxl.load_workbook(path)[UNITS]
    assert worksheet["E4"].value == "0012"
    assert worksheet["E4"].number_format == "@"
    assert worksheet.auto_filter.ref == "A1:Z4"


def test_a_person_likes_to_work_in_it(small: Path) -> None:
    workbook = openpyxl.load_workbook(small)
    assert [sheet.sheet_state for sheet in workbook] == ["visible"] * 18
    assert all(sheet.sheet_properties.tabColor for sheet in workbook)
    worksheet = workbook[DISTRIBUTION]
    assert worksheet.freeze_panes == "A3"
    assert worksheet.auto_filter.ref == "A2:AO243"
    assert "DISTRIBUTION" in worksheet["A1"].value
    lists = {str(rule.sqref): rule.formula1 for rule in worksheet.data_validations.dataValidation}
    assert lists[f"W3:W{243 + ROWS_AHEAD}"] == '"ALLOCATED,WAITING_STOCK,CANCELLED"'
    assert lists[f"V3:V{243 + ROWS_AHEAD}"] == '"TRUE,FALSE"'
    assert worksheet.conditional_formatting
    bold = worksheet["A2"]
    assert (bold.font.b, bold.alignment.wrap_text, bold.fill.fill_type) == (True, True, "solid")
    assert worksheet.column_dimensions["AN"].width == pytest.approx(40, abs=1)
    assert workbook[PURCHASES].column_dimensions["E"].number_format == "@"


def test_texts_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "texts.xlsx"
    write_workbook(
        path,
        EVENT,
        {MATTHIAS_EMAILS: SheetContent([("=1+1",), ("https://example.com",), ("0012",)])},
        created=NOW,
    )
    cells = [cell for (cell,) in openpyxl.load_workbook(path)[MATTHIAS_EMAILS].iter_rows(min_row=2)]
    assert [(cell.value, cell.hyperlink) for cell in cells][1:] == [
        ("https://example.com", None),
        ("0012", None),
    ]
    assert (
        XlsxStore(path, layout=EVENT)
        .read(MATTHIAS_EMAILS)[MATTHIAS_EMAILS]
        .frame["email"]
        .to_list()[0]
        == "=1+1"
    )
    with pytest.raises(ValueError, match="32,767"):
        write_workbook(path, EVENT, {MATTHIAS_EMAILS: SheetContent([("x" * 40_000,)])}, created=NOW)


def test_an_issue_line_names_both_rows() -> None:
    finding = Finding(
        "COUNT_MISMATCH", Severity.HIGH, "wrong", DISTRIBUTION, 12, "S1-1", "P00007", "M01", "Cat 1"
    )
    result = Audit(5, 1, 9, 1, 1, {"COUNT_MISMATCH": 1}, invariant_holds=True)
    grid = audit_grid(result, [finding], {"P00007": 8}, NOW)
    assert [row[0] for row in grid[:6]] == [
        "Allocation Audit · 2026-04-18 09:00:00",
        "Distribution rows",
        "Unique UnitIDs referenced in Distribution",
        "_PURCHASE_UNITS rows",
        "Allocated _PURCHASE_UNITS rows",
        "Issues found",
    ]
    assert grid[8] == (
        NOW,
        "HIGH",
        "COUNT_MISMATCH",
        "S1-1",
        12,
        "P00007",
        8,
        "M01",
        "Cat 1",
        "wrong",
    )


@pytest.mark.parametrize(
    ("total", "weights", "low", "high", "wanted"),
    [
        (10, [1, 1], [0, 0], None, [5, 5]),
        (3, [1, 2, 4], [0, 0, 0], None, [0, 1, 2]),
        (10, [1, 1], [0, 0], [3, 9], [3, 7]),
        (2, [1, 1], [1, 1], None, [1, 1]),
    ],
)
def test_apportion(
    total: int, weights: list[float], low: list[int], high: list[int] | None, wanted: list[int]
) -> None:
    assert apportion(total, weights, low, high) == wanted


def test_apportion_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="can't be shared out"):
        apportion(9, [1, 1], [0, 0], [4, 4])
    with pytest.raises(ValueError, match="can't be shared out"):
        apportion(1, [1, 1], [1, 1])


def test_inv_no_is_that_of_the_unit_and_no_contract_of_a_client(book: Book) -> None:
    """D20, as allocation would leave it."""
    numbers = dict(book.snapshot[UNITS].frame.select("unit_id", "inv_no").iter_rows())
    contracts = dict(book.snapshot[SALES].frame.select("source_sale_id", "contract").iter_rows())
    for sheet in (DISTRIBUTION, SUPPLIER_QUEUE):
        frame = book.snapshot[sheet].frame.filter(pl.col("sales_id").is_not_null())
        rows = frame.select("unit_ids", "inv_no", "source_sale_id").rows()
        assert [number for _unit, number, _sale in rows] == [
            numbers.get(unit) for unit, _number, _sale in rows
        ]
        assert not any(number and number == contracts[sale] for _unit, number, sale in rows)
    assert sum(number is not None for number in numbers.values()) > len(numbers) // 2
