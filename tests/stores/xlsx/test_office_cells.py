"""The office's own cells beside, below and among the records: whatever commands do, they stay, and
new rows and columns find their place."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table, TableFormula, TableStyleInfo

from tests.conftest import Result, Runner
from tests.desk import everything
from tests.sampling import some
from ticketops.schema.layouts.event import EVENT, PURCHASES, SALES, UNITS
from ticketops.stores.xlsx.store import XlsxStore

Change = Callable[[Any], None]
ADD_SALE = ("sale", "add", "--client", "Acme", "--line", "M1:Cat 1:2@50")


class Book:
    """A workbook that a person edits in another program and the command line in between."""

    def __init__(self, path: Path, runner: Runner) -> None:
        self.path, self._runner = path, runner

    def run(self, *words: str, code: int | None = 0) -> Result:
        done = self._runner(*words, "-w", str(self.path), env={"TICKETOPS_ROLE": "ops_manager"})
        assert code is None or done.code == code, done.err + done.out
        if self.path.exists():
            assert everything(XlsxStore(self.path, layout=EVENT)) == everything(
                XlsxStore(self.path, use_cache=False, layout=EVENT)
            )
        return done

    def edit(self, sheet: str, change: Change) -> None:
        book = openpyxl.load_workbook(self.path)
        change(book[sheet])
        book.save(self.path)

    def sheet(self, name: str) -> Any:
        return openpyxl.load_workbook(self.path)[name]

    def rows(self, sheet: str, *headers: str) -> list[tuple[Any, ...]]:
        """(sheet row, cells under those headers) of rows with anything there."""
        ws = self.sheet(sheet)
        places = {
            str(cell.value): cell.column for cell in reversed(ws[1]) if cell.value is not None
        }
        found = [
            (row, *(ws.cell(row, places[h]).value for h in headers))
            for row in range(2, ws.max_row + 1)
        ]
        return [row for row in found if any(cell is not None for cell in row[1:])]


@pytest.fixture
def book(empty: Path, in_process: Runner) -> Book:
    return Book(empty, in_process)


@pytest.fixture
def bare(book: Book) -> Book:
    """Without the extension columns of Sales, as older workbooks are."""

    def without(ws: Any) -> None:
        ws.delete_cols(15, ws.max_column - 14)
        ws.auto_filter.ref = "A1:N1"

    book.edit(SALES, without)
    return book


def put(ws: Any, **cells: Any) -> None:
    for at, value in cells.items():
        ws[at] = value


def part_of(path: Path, pattern: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return next(archive.read(n).decode() for n in archive.namelist() if re.search(pattern, n))


# columns


def test_init_makes_every_column_of_a_ledger_and_filters_them_all(book: Book) -> None:
    for name in (SALES, PURCHASES):
        ws = book.sheet(name)
        headers = [cell.value for cell in ws[1]]
        assert "CreatedAt" in headers
        assert ws.auto_filter.ref.endswith(f"{ws.cell(1, len(headers)).column_letter}1")
        assert (
            ws.column_dimensions[ws.cell(1, headers.index("CreatedAt") + 1).column_letter].width
            >= 18
        )
    assert book.run("doctor").code == 0


def test_new_columns_adjoin_the_others_under_the_filter_with_looks_and_width(bare: Book) -> None:
    bare.run(*ADD_SALE)
    ws = bare.sheet(SALES)
    headers = [cell.value for cell in ws[1]]
    last = ws.cell(1, len(headers)).column_letter
    assert headers[14:] == [
        "OrderID",
        "Currency",
        "PaymentStatus",
        "User",
        "CreatedAt",
        "OversellFlag",
    ]
    assert ws.auto_filter.ref == f"A1:{last}2"
    assert f"Sales!$A$1:${last}$2" in part_of(bare.path, r"workbook\.xml$").replace("'", "")
    assert ws["O1"].fill.fgColor.rgb == ws["N1"].fill.fgColor.rgb != "00000000"
    assert ws.column_dimensions["S"].width >= 18
    assert bare.run("doctor").code == 0


@pytest.mark.parametrize(
    "cells",
    [
        {"O2": "Commission", "O3": "Ana", "P3": 0.05, "P4": 0.04},
        {"Q40": "call the bank"},
        {"R1": "Quota", "R2": 4},
        {"O1": "Remarks", "O2": "vip"},
        {"T3": "=G2*2"},
    ],
    ids=[
        "a block without headers",
        "a note far down",
        "a table apart",
        "a column of one's own",
        "a formula without a value",
    ],
)
def test_new_columns_stand_right_of_everything(bare: Book, cells: dict[str, Any]) -> None:
    bare.edit(SALES, lambda ws: put(ws, **cells))
    done = bare.run(*ADD_SALE, code=1)
    ws = bare.sheet(SALES)
    assert {at: ws[at].value for at in cells} == cells
    right = max(openpyxl.utils.cell.coordinate_from_string(at)[0] for at in cells)
    assert ws["N1"].value == "SourceSaleID"
    assert next(cell.column_letter for cell in ws[1] if cell.value == "OrderID") > right
    assert "COLUMNS_APART" in done.out + done.err
    assert right in next(
        line for line in (done.out + done.err).splitlines() if "COLUMNS_APART" in line
    )
    assert ws.auto_filter.ref.startswith("A1:N")
    found = bare.run("doctor", code=1)
    assert "NARROW_FILTER" in found.out
    assert "OrderID" in found.out


def test_merges_notes_and_tables_count_as_used(bare: Book) -> None:
    def fill(ws: Any) -> None:
        ws.merge_cells("P5:Q6")
        ws["S9"].comment = Comment("ask", "office")
        put(ws, U1="Cat", V1="Quota", U2="Cat 1", V2=4)
        ws.add_table(Table(displayName="Quota", ref="U1:V2"))

    bare.edit(SALES, fill)
    bare.run(*ADD_SALE, code=1)
    ws = bare.sheet(SALES)
    assert [cell.value for cell in ws[1]][20:23] == ["Cat", "Quota", "OrderID"]
    assert ws.tables["Quota"].ref == "U1:V2"


def test_a_dry_run_names_the_cells_that_are_written(bare: Book) -> None:
    bare.edit(SALES, lambda ws: put(ws, O2="note"))
    shown = bare.run(*ADD_SALE, "-n", "--json", code=None).json
    assert "note" not in str(shown)
    bare.run(*ADD_SALE, code=1)
    assert bare.sheet(SALES)["O2"].value == "note"


def test_columns_in_between_are_split_from_a_range_of_widths(bare: Book) -> None:
    def wide(ws: Any) -> None:
        dimension = ws.column_dimensions["O"]
        dimension.min, dimension.max, dimension.width = 15, 40, 5

    bare.edit(SALES, wide)
    bare.run(*ADD_SALE)
    found = {
        int(a): float(w)
        for a, w in re.findall(
            r'<col min="(\d+)"[^>]*?width="([\d.]+)"', part_of(bare.path, "sheet3")
        )
    }
    assert found[19] >= 18
    assert found[21] == 5


# rows


def sold(book: Book, number: int = 1) -> None:
    for _ in range(number):
        book.run(*ADD_SALE)


def test_a_row_with_remarks_is_not_given_to_another_record(book: Book) -> None:
    book.run(
        "purchase",
        "add",
        "--match",
        "M1",
        "--vendor",
        "V",
        "--contract",
        "C",
        "--line",
        "Cat 1:3@10",
    )
    own = book.sheet(UNITS).max_column + 1

    def remark(ws: Any) -> None:
        ws.cell(1, own).value = "Barcode"
        ws.cell(3, own).value = "BC-2"
        ws.cell(4, 1).comment = Comment("torn", "office")

    book.edit(UNITS, remark)
    book.edit(PURCHASES, lambda ws: put(ws, G2=1))
    book.run("purchase", "expand", code=None)
    book.run(
        "purchase",
        "add",
        "--match",
        "M2",
        "--vendor",
        "W",
        "--contract",
        "D",
        "--line",
        "Cat 2:1@10",
    )
    ws = book.sheet(UNITS)
    assert [row[:2] for row in book.rows(UNITS, "UnitID") if row[1]] == [
        (2, "P00001"),
        (5, "P00004"),
    ]
    assert (ws.cell(3, own).value, ws.cell(4, 1).comment.text, ws.cell(5, own).value) == (
        "BC-2",
        "torn",
        None,
    )


def test_a_note_far_down_does_not_push_records_below_it(book: Book) -> None:
    book.edit(
        SALES,
        lambda ws: put(ws, AX40="prepared by Ana", AZ2="Cat", BA2="Quota", AZ3="Cat 1", BA3=4),
    )
    sold(book, 2)
    assert [row for row, sale in book.rows(SALES, "SalesID") if sale] == [2, 3]


def test_merged_cells_below_the_records_are_passed_over(book: Book) -> None:
    sold(book)
    book.edit(SALES, lambda ws: ws.merge_cells("C3:D4"))
    sold(book)
    assert [row for row, sale in book.rows(SALES, "SalesID") if sale] == [2, 5]


@pytest.mark.slow
def test_empty_styled_cells_far_down_are_no_extent(book: Book) -> None:
    def colour(ws: Any) -> None:
        ws["B1048576"].fill = PatternFill("solid", fgColor="FFFF00")
        ws.row_dimensions[1_000_000].height = 30

    book.edit(SALES, colour)
    assert book.run("status").code == 0
    sold(book)
    assert [row for row, sale in book.rows(SALES, "SalesID") if sale] == [2]


def test_a_real_cell_far_down_is_named_with_what_to_do(book: Book) -> None:
    book.edit(SALES, lambda ws: put(ws, B1048576="x"))
    done = book._runner("status", "-w", str(book.path))
    assert done.code == 3
    assert "B1048576" in done.err
    assert "delete the row" in done.err


# ranges


def test_what_stands_on_the_header_alone_does_not_grow(book: Book) -> None:
    def fixed(ws: Any) -> None:
        rule = DataValidation("custom", formula1="FALSE")
        rule.add("A1:N1")
        ws.add_data_validation(rule)
        ws.conditional_formatting.add(
            "A1:N1", CellIsRule("equal", ["1"], fill=PatternFill("solid", fgColor="FFFF00"))
        )

    book.edit(SALES, fixed)
    sold(book)
    ws = book.sheet(SALES)
    assert [str(v.sqref) for v in ws.data_validations.dataValidation if v.formula1 == "FALSE"] == [
        "A1:N1"
    ]
    assert [str(c.sqref) for c in ws.conditional_formatting] == ["A1:N1"]


def test_ranges_grow_with_the_records_and_not_beside_them(book: Book) -> None:
    sold(book)

    def rules(ws: Any) -> None:
        for area in ("G2:G2", "AZ2:AZ2"):
            rule = DataValidation("whole", formula1="1", formula2="99")
            rule.add(area)
            ws.add_data_validation(rule)
        put(ws, AZ1="Cat", BA1="Quota", AZ2="Cat 1", BA2=4)
        ws.add_table(Table(displayName="Quota", ref="AZ1:BA2", totalsRowCount=0))
        ws.print_area = "A1:N2"

    book.edit(SALES, rules)
    sold(book)
    ws = book.sheet(SALES)
    assert {str(v.sqref) for v in ws.data_validations.dataValidation if v.type == "whole"} == {
        "G2:G3",
        "AZ2",
    }
    assert ws.tables["Quota"].ref == "AZ1:BA2"
    assert ws.print_area == "'Sales'!$A$1:$N$3"


def test_a_side_table_with_totals_forbids_no_sale(book: Book) -> None:
    sold(book, 2)

    def side(ws: Any) -> None:
        put(ws, AZ1="Cat", BA1="Quota", AZ2="Cat 1", BA2=4, AZ3="Total", BA3=4)
        ws.add_table(Table(displayName="Quota", ref="AZ1:BA3", totalsRowCount=1))

    book.edit(SALES, side)
    sold(book, 2)
    assert [row for row, sale in book.rows(SALES, "SalesID") if sale] == [2, 3, 4, 5]
    assert book.sheet(SALES).tables["Quota"].ref == "AZ1:BA3"


# formulas and totals


@pytest.mark.slow
def test_a_total_formula_stands_and_is_filled_down(book: Book) -> None:
    book.edit(
        SALES, lambda ws: [put(ws, **{f"I{r}": f'=IF(G{r}="","",$G{r}*H{r})'}) for r in range(2, 4)]
    )
    sold(book, 4)
    ws = book.sheet(SALES)
    assert [
        (row, number) for row, number, sale in book.rows(SALES, "Number", "SalesID") if sale
    ] == [(r, 2) for r in range(2, 6)]
    assert [ws[f"I{r}"].value for r in range(2, 6)] == [
        f'=IF(G{r}="","",$G{r}*H{r})' for r in range(2, 6)
    ]
    book.edit(SALES, lambda ws: put(ws, G3=1))
    book.run("sale", "expand", "-y", code=None)
    assert book.sheet(SALES)["I3"].value == '=IF(G3="","",$G3*H3)'
    for _ in range(2):
        book.run("undo", "-y", code=None)


def test_a_game_looked_up_stands(book: Book) -> None:
    book.edit(
        PURCHASES,
        lambda ws: put(
            ws, C2="=IFERROR(VLOOKUP(B2,'Schedule WC2026'!C:D,2,FALSE),\"\")", I2="=G2*H2"
        ),
    )
    for _ in range(2):
        book.run(
            "purchase",
            "add",
            "--match",
            "M1",
            "--vendor",
            "V",
            "--contract",
            "C",
            "--line",
            "Cat 1:1@10",
            "--again",
        )
    ws = book.sheet(PURCHASES)
    assert [ws[f"I{r}"].value for r in (2, 3)] == ["=G2*H2", "=G3*H3"]
    assert ws["C3"].value == "=IFERROR(VLOOKUP(B3,'Schedule WC2026'!C:D,2,FALSE),\"\")"


def test_a_shared_formula_is_filled_down(book: Book) -> None:
    sold(book, 3)
    book.edit(SALES, lambda ws: put(ws, I2="=G2*H2", I3="=G3*H3", I4="=G4*H4"))
    rewrite(
        book.path,
        "sheet3",
        lambda xml: re.sub(
            r"<f>G2\*H2</f>",
            '<f t="shared" ref="I2:I4" si="0">G2*H2</f>',
            re.sub(r"<f>G[34]\*H[34]</f>", '<f t="shared" si="0"/>', xml),
        ),
    )
    sold(book)
    assert book.sheet(SALES)["I5"].value == "=G5*H5"


def rewrite(path: Path, part: str, change: Callable[[str], str]) -> None:
    copy = path.with_suffix(".old")
    shutil.move(path, copy)
    with zipfile.ZipFile(copy) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data.decode()) if part in name else data)
    copy.unlink()


def test_a_table_that_grows_fills_its_calculated_columns(book: Book) -> None:
    sold(book, 2)
    end = book.sheet(SALES).max_column + 1

    def as_table(ws: Any) -> None:
        ws.auto_filter.ref = None
        ws.cell(1, end).value = "Commission"
        for row in (2, 3):
            ws.cell(row, end).value = f"=I{row}*0.05"
        table = Table(
            displayName="SalesTable",
            ref=f"A1:{ws.cell(1, end).column_letter}3",
            tableStyleInfo=TableStyleInfo("TableStyleLight1"),
        )
        table._initialise_columns()
        for column, cell in zip(table.tableColumns, ws[1], strict=False):
            column.name = cell.value
        table.tableColumns[-1].calculatedColumnFormula = TableFormula(
            attr_text="SalesTable[[#This Row],[Total]]*0.05"
        )
        ws.add_table(table)

    book.edit(SALES, as_table)
    sold(book)
    ws = book.sheet(SALES)
    assert ws.tables["SalesTable"].ref.endswith("4")
    assert ws.cell(4, end).value == "=SalesTable[[#This Row],[Total]]*0.05"
    assert [row for row, sale in book.rows(SALES, "SalesID") if sale] == [2, 3, 4]


def test_a_table_takes_new_columns_in(bare: Book) -> None:
    def as_table(ws: Any) -> None:
        ws.auto_filter.ref = None
        ws.add_table(Table(displayName="SalesTable", ref="A1:N2"))

    bare.edit(SALES, as_table)
    sold(bare, 2)
    ws = bare.sheet(SALES)
    table = ws.tables["SalesTable"]
    assert table.ref == "A1:T3"
    assert [column.name for column in table.tableColumns] == [cell.value for cell in ws[1]]
    assert table.autoFilter.ref == "A1:T3"
    assert bare.run("doctor").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("gap", some([0, 1, 3], 3))
@pytest.mark.parametrize("label", ["TOTAL", "Summe:", None])
def test_new_rows_go_above_the_totals_and_into_their_sum(
    book: Book, gap: int, label: str | None
) -> None:
    sold(book, 2)
    at = 4 + gap
    book.edit(
        SALES,
        lambda ws: put(
            ws,
            **{
                f"D{at}": label,
                f"G{at}": f"=SUM(G2:G{at - 1})",
                f"I{at}": "=SUBTOTAL(9,I2:I3)",
                f"H{at}": f"=I{at}/G{at}",
            },
        ),
    )
    before = book.path.read_bytes()
    sold(book, 3)
    ws = book.sheet(SALES)
    assert [row for row, sale in book.rows(SALES, "SalesID") if sale] == [2, 3, 4, 5, 6]
    end = max(at, 7)
    assert ws[f"G{end}"].value == f"=SUM(G2:G{end - 1})"
    assert ws[f"I{end}"].value == "=SUBTOTAL(9,I2:I6)"
    assert ws[f"H{end}"].value == f"=I{end}/G{end}"
    assert ws[f"D{end}"].value == label
    for _ in range(3):
        book.run("undo", "-y")
    assert book.path.read_bytes() == before


def test_totals_take_their_merged_label_along(book: Book) -> None:
    sold(book)

    def totals(ws: Any) -> None:
        put(ws, A3="Total", G3="=SUM(G2:G2)")
        ws.merge_cells("A3:F3")

    book.edit(SALES, totals)
    sold(book)
    ws = book.sheet(SALES)
    assert [str(m) for m in ws.merged_cells.ranges] == ["A4:F4"]
    assert (ws["A4"].value, ws["G4"].value, ws["D3"].value) == ("Total", "=SUM(G2:G3)", "Acme")


def test_totals_that_something_points_at_are_not_moved(book: Book) -> None:
    sold(book)
    book.edit(SALES, lambda ws: put(ws, D3="TOTAL", G3="=SUM(G2:G2)"))
    book.edit(PURCHASES, lambda ws: put(ws, Z1="=Sales!G3"))
    before = book.path.read_bytes()
    done = book.run(*ADD_SALE, code=3)
    assert "totals" in done.err
    assert "blank row" in done.err
    assert book.path.read_bytes() == before


def test_a_table_with_totals_of_its_own_grows_above_them(book: Book) -> None:
    sold(book, 2)

    def as_table(ws: Any) -> None:
        last = ws.cell(1, ws.max_column).column_letter
        ws.auto_filter.ref = None
        put(ws, A4="Total", G4="=SUBTOTAL(109,SalesTable[Number])")
        table = Table(displayName="SalesTable", ref=f"A1:{last}4", totalsRowCount=1)
        table._initialise_columns()
        for column, cell in zip(table.tableColumns, ws[1], strict=False):
            column.name = cell.value
        table.autoFilter.ref = f"A1:{last}3"
        ws.add_table(table)

    book.edit(SALES, as_table)
    sold(book)
    ws = book.sheet(SALES)
    assert [row for row, sale in book.rows(SALES, "SalesID") if sale] == [2, 3, 4]
    assert (ws["A5"].value, ws["G5"].value) == ("Total", "=SUBTOTAL(109,SalesTable[Number])")
    assert ws.tables["SalesTable"].ref.endswith("5")
    assert ws.tables["SalesTable"].autoFilter.ref.endswith("4")


# reports


def test_remarks_beside_and_below_a_report_stay(book: Book) -> None:
    sold(book)
    book.run("audit", "run", code=None)
    height = book.sheet("_ALLOCATION_AUDIT").max_row
    cells = {"M3": "ask Ana", f"B{height + 3}": "seen on Friday"}
    book.edit("_ALLOCATION_AUDIT", lambda ws: put(ws, **cells))
    book.run("audit", "run", code=None)
    ws = book.sheet("_ALLOCATION_AUDIT")
    assert {at: ws[at].value for at in cells} == cells


@pytest.mark.slow
def test_remarks_beside_and_below_a_queue_stay(book: Book) -> None:
    sold(book, 2)
    book.run("recon", "run", code=None)
    ws = book.sheet("_SALES_RECON_AUDIT")
    cells = {
        f"{ws.cell(1, ws.max_column + 2).column_letter}3": "ask Ana",
        f"B{ws.max_row + 2}": "seen on Friday",
    }
    height = ws.max_row
    book.edit("_SALES_RECON_AUDIT", lambda ws: put(ws, **cells))
    book.run("recon", "run", code=None)
    ws = book.sheet("_SALES_RECON_AUDIT")
    assert {at: ws[at].value for at in cells} == cells
    assert [ws.cell(row, 1).value is not None for row in range(2, height + 1)] == [True] * (
        height - 1
    )
    sold(book, 2)
    done = book.run("recon", "run", code=3)
    assert "remark" in done.err


# looks


def test_a_number_in_a_cell_that_shows_dates_reads_back_as_the_number(book: Book) -> None:
    sold(book)
    book.edit(
        SALES, lambda ws: [setattr(ws[at], "number_format", "h:mm") for at in ("G2", "H2", "A2")]
    )
    sold(book)
    table = XlsxStore(book.path, use_cache=False, layout=EVENT).read(SALES)[SALES]
    assert table.misfits == () or {m.row for m in table.misfits} == {2}
    assert table.frame.filter(table.frame["row"] == 3).select("number", "price").row(0) == (2, 50.0)
    assert isinstance(table.frame["date"].to_list()[-1], datetime)


def test_cells_out_of_order_are_written_in_order(book: Book) -> None:
    sold(book)
    rewrite(
        book.path,
        "sheet3",
        lambda xml: re.sub(r'(<row r="2"[^>]*>)(<c r="A2".*?</c>)(.*?)(</row>)', r"\1\3\2\4", xml),
    )
    book.run("sale", "expand", "-y", code=None)
    book.edit(SALES, lambda ws: None)
    book.run(
        "purchase",
        "add",
        "--match",
        "M1",
        "--vendor",
        "V",
        "--contract",
        "C",
        "--line",
        "Cat 1:3@10",
    )
    rewrite(
        book.path,
        "sheet3",
        lambda xml: re.sub(r'(<row r="2"[^>]*>)(<c r="A2".*?</c>)(.*?)(</row>)', r"\1\3\2\4", xml),
    )
    book.run("sale", "approve", "S1", "--reason", "stock came", code=0)
    assert [row[1:] for row in book.rows(SALES, "SalesID", "Status")] == [("S1", "ALLOCATED")]


@pytest.mark.parametrize(
    "attributes", ['t="array" ref="B3:B9"', 'ref="B3:B9" t="array"', "ref='B3:B9' t='array'"]
)
def test_an_array_formula_is_seen_however_it_is_spelt(book: Book, attributes: str) -> None:
    sold(book)
    book.edit("Distribution", lambda ws: put(ws, C3="=1"))
    rewrite(
        book.path,
        "sheet4",
        lambda xml: xml.replace("<f>1</f>", f"<f {attributes.replace('B', 'C')}>1</f>"),
    )
    done = book.run(*ADD_SALE, code=None)
    book.run(
        "purchase",
        "add",
        "--match",
        "M1",
        "--vendor",
        "V",
        "--contract",
        "C",
        "--line",
        "Cat 1:3@10",
    )
    refused = book.run("allocate", "commit", "S1", "--force", code=None)
    assert (done.code, refused.code) != (0, 0)


# another program


@pytest.mark.slow
def test_libreoffice_counts_the_new_sale(book: Book, soffice: str) -> None:
    sold(book, 2)
    book.edit(
        SALES,
        lambda ws: put(
            ws, I2="=G2*H2", I3="=G3*H3", D4="TOTAL", G4="=SUM(G2:G3)", I4="=SUM(I2:I3)"
        ),
    )
    sold(book)
    out = book.path.parent / "out"
    subprocess.run(
        [
            soffice,
            "--headless",
            f"-env:UserInstallation=file://{out}/profile",
            "--convert-to",
            "xlsx",
            "--outdir",
            out,
            book.path,
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    ws = openpyxl.load_workbook(out / book.path.name, data_only=True)[SALES]
    assert (ws["D5"].value, ws["G5"].value, ws["I5"].value) == ("TOTAL", 6, 300)
