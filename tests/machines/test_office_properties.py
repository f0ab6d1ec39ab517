"""Random cells of the office's own around random commands: what no command meant is as it was, each
record keeps its own, undo gives back the very bytes, and a cached table is the one that the file
holds. The oracle is openpyxl's reading before and after."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from tests.desk import Desk, everything
from ticketops.errors import TicketopsError
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES, UNITS
from ticketops.services import allocation, purchasing, selling
from ticketops.stores.xlsx.store import XlsxStore

LEDGERS = (PURCHASES, SALES, UNITS, DISTRIBUTION)
KEYS = {PURCHASES: "PurchaseID", SALES: "SalesID", UNITS: "UnitID", DISTRIBUTION: "SalesLineKey"}
REMARK = "Our remark"
Cells = dict[tuple[int, int], Any]
Deed = Callable[[Any], None]


def used(ws: Any) -> int:
    return max(
        (cell.column for row in ws.iter_rows() for cell in row if cell.value is not None), default=1
    )


@st.composite
def deeds(draw: st.DrawFn) -> tuple[str, Deed]:
    """(what it is, how a person does it to a sheet)."""
    kind = draw(
        st.sampled_from(
            [
                "note",
                "comment",
                "block",
                "table",
                "merge",
                "remarks",
                "totals",
                "formulas",
                "validation",
                "errors",
            ]
        )
    )
    right, row = draw(st.integers(1, 5)), draw(st.integers(3, 14))

    def note(ws: Any) -> None:
        ws.cell(row, used(ws) + right).value = "call back"

    def comment(ws: Any) -> None:
        if not isinstance(ws.cell(row, right), MergedCell):
            ws.cell(row, right).comment = Comment("ask", "office")

    def block(ws: Any) -> None:
        left = used(ws) + right
        for i in range(3):
            ws.cell(row + i, left).value, ws.cell(row + i, left + 1).value = f"Cat {i}", i

    def table(ws: Any) -> None:
        left = used(ws) + right + 1
        for i, (name, value) in enumerate([("Cat", "Quota"), ("Cat 1", 4), ("Total", 4)]):
            ws.cell(row + i, left).value, ws.cell(row + i, left + 1).value = name, value
        area = f"{get_column_letter(left)}{row}:{get_column_letter(left + 1)}{row + 2}"
        ws.add_table(
            Table(displayName=f"T{abs(hash((ws.title, left, row)))}", ref=area, totalsRowCount=1)
        )

    def merge(ws: Any) -> None:
        last = ws.max_row
        ws.merge_cells(start_row=last + 2, end_row=last + 3, start_column=2, end_column=1 + right)

    def remarks(ws: Any) -> None:
        head = EVENT[ws.title].header_row
        place = used(ws) + 1
        ws.cell(head, place).value = REMARK
        for at in range(head + 1, head + 8):
            if ws.cell(at, 2).value is not None:
                ws.cell(at, place).value = f"remark {at}"

    def totals(ws: Any) -> None:
        if ws.title in (SALES, PURCHASES):
            last = max(
                r for r in range(1, ws.max_row + 1) if ws.cell(r, 2).value is not None or r == 1
            )
            at = last + draw_gap
            ws.cell(at, 4).value = "TOTAL"
            ws.cell(at, 7).value = f"=SUM(G2:G{at - 1})"

    def formulas(ws: Any) -> None:
        if ws.title in (SALES, PURCHASES):
            for at in range(2, row):
                ws.cell(at, 9).value = f'=IF(G{at}="","",G{at}*H{at})'

    def validation(ws: Any) -> None:
        rule = DataValidation("whole", formula1="0", formula2="999")
        rule.add(f"G2:G{row}")
        ws.add_data_validation(rule)

    def errors(ws: Any) -> None:
        ws.cell(row, used(ws) + right).value = "#REF!"
        if ws.cell(row, 2).value is not None and not isinstance(ws.cell(row, 5), MergedCell):
            ws.cell(row, 5).value = "#N/A"

    draw_gap = draw(st.integers(1, 4))
    return kind, locals()[kind]


def cells_of(path: Path) -> dict[str, Cells]:
    book = openpyxl.load_workbook(path)
    return {
        ws.title: {
            (c.row, c.column): c.value for row in ws.iter_rows() for c in row if c.value is not None
        }
        for ws in book
    }


def notes_of(path: Path) -> dict[str, dict[tuple[int, int], str]]:
    book = openpyxl.load_workbook(path)
    return {
        ws.title: {
            (c.row, c.column): c.comment.text for row in ws.iter_rows() for c in row if c.comment
        }
        for ws in book
    }


def own_columns(sheet: str, cells: Cells) -> dict[str, int]:
    declared = EVENT[sheet]
    headers = {column.header for column in declared.columns}
    found = {
        value: at[1]
        for at, value in sorted(cells.items(), reverse=True)
        if at[0] == declared.header_row and value in headers
    }
    return {str(header): column for header, column in found.items()}


def foreign(sheet: str, cells: Cells, own: set[int], moved: set[int]) -> Cells:
    """All that is not under our headers; rows of totals are compared by what they add up."""
    head = EVENT[sheet].header_row
    return {
        at: value
        for at, value in cells.items()
        if (at[1] not in own or at[0] < head) and at[0] not in moved
    }


def totals_rows(cells: Cells) -> dict[int, str]:
    return {
        at[0]: str(value)
        for at, value in cells.items()
        if str(value).startswith("=SUM(G2:G") and at[1] == 7
    }


def remarks_of(sheet: str, cells: Cells, notes: dict[tuple[int, int], str]) -> dict[str, Any]:
    """{key of a record: what the office says in its row}."""
    columns = own_columns(sheet, cells)
    place = next((at[1] for at, value in cells.items() if value == REMARK), 0)
    key = columns.get(KEYS[sheet], 0)
    keys = {
        at[0]: value
        for at, value in cells.items()
        if at[1] == key and at[0] > EVENT[sheet].header_row
    }
    return {
        name: (cells.get((row, place)), sorted(t for at, t in notes.items() if at[0] == row))
        for row, name in keys.items()
    }


class OfficeFile:
    """A workbook with cells of the office's own, and the bytes before every command."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.states: list[bytes] = []
        self.desk = Desk()

    def do(self, command: str, data: Any) -> None:
        before, cells, notes = self.path.read_bytes(), cells_of(self.path), notes_of(self.path)
        desk = self.desk
        desk.store = XlsxStore(self.path, backups=100, layout=EVENT)
        quantity = data.draw(st.integers(1, 4), label="quantity")
        try:
            match command:
                case "buy":
                    desk.buy(("M01", "Cat 1", quantity))
                case "sell":
                    desk.sell(("M01", "Cat 1", quantity), ("M02", "Cat 2", 1))
                case "undo" if self.states:
                    desk.undo()
                    assert self.path.read_bytes() == self.states.pop()
                    return
                case "expand":
                    desk.done(purchasing.purchase_expand())
                    if self.path.read_bytes() != before:
                        self.states.append(before)
                    before = self.path.read_bytes()
                    desk.store = XlsxStore(self.path, backups=100, layout=EVENT)
                    desk.done(selling.sale_expand())
                case "allocate":
                    desk.done(allocation.allocate_auto())
        except TicketopsError as error:
            event(f"refused: {type(error).__name__}")
            assert self.path.read_bytes() == before, "a refusal leaves the file alone"
            return
        if self.path.read_bytes() != before:
            self.states.append(before)
        self.compare(cells, notes)

    def compare(self, cells: dict[str, Cells], notes: dict[str, Any]) -> None:
        now, notes_now = cells_of(self.path), notes_of(self.path)
        assert {name: held for name, held in notes_now.items() if held} == {
            name: held for name, held in notes.items() if held
        }
        for sheet, held in cells.items():
            if not EVENT[sheet].header_row:
                continue
            was, after = own_columns(sheet, held), own_columns(sheet, now[sheet])
            moved = {*totals_rows(held), *totals_rows(now[sheet])}
            assert foreign(sheet, held, set(was.values()), moved) == foreign(
                sheet, now[sheet], set(after.values()), moved
            ), sheet
            if sheet in KEYS:
                old = remarks_of(sheet, held, notes[sheet])
                new = remarks_of(sheet, now[sheet], notes_now[sheet])
                assert {key: said for key, said in new.items() if key in old} == {
                    key: old[key] for key in new if key in old
                }
                assert all(said == (None, []) for key, said in new.items() if key not in old), (
                    "a new record inherits nothing"
                )
            self.sums_hold(sheet, held, now[sheet])

    def sums_hold(self, sheet: str, held: Cells, now: Cells) -> None:
        if sheet not in (SALES, PURCHASES):
            return
        assert len(totals_rows(held)) == len(totals_rows(now))
        key = own_columns(sheet, now)[KEYS[sheet]]
        records = [at[0] for at in now if at[1] == key and at[0] > 1]
        for row, formula in totals_rows(now).items():
            found = re.fullmatch(r"=SUM\(G2:G(\d+)\)", formula)
            assert found
            assert max(records, default=1) <= int(found[1]) < row
        stood = {at for at, value in held.items() if at[1] == 9 and str(value).startswith("=IF(")}
        assert all(now[at] == held[at] for at in stood)

    def cache_is_true(self) -> None:
        cached, fresh = (
            XlsxStore(self.path, layout=EVENT),
            XlsxStore(self.path, use_cache=False, layout=EVENT),
        )
        assert everything(cached) == everything(fresh)
        for name in LEDGERS:
            one, other = cached.read(name)[name], fresh.read(name)[name]
            assert (
                one.last_row,
                one.next_row,
                one.next_column,
                dict(one.positions),
                one.misfits,
                one.shadowed,
            ) == (
                other.last_row,
                other.next_row,
                other.next_column,
                dict(other.positions),
                other.misfits,
                other.shadowed,
            )
            assert one.around == other.around


def without_extensions(ws: Any) -> None:
    names = {column.header for column in EVENT[ws.title].columns if column.extension}
    for column in range(ws.max_column, 0, -1):
        if ws.cell(EVENT[ws.title].header_row, column).value in names:
            ws.delete_cols(column)
    ws.auto_filter.ref = f"A{EVENT[ws.title].header_row}:{get_column_letter(used(ws))}{ws.max_row}"


COMMANDS = st.sampled_from(["buy", "sell", "sell", "expand", "allocate", "undo"])


def check(source: Path, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        office = OfficeFile(Path(shutil.copy(source, Path(folder) / "event.xlsx")))
        if data.draw(st.booleans(), label="an older workbook"):
            edit(office.path, [(name, "older", without_extensions) for name in LEDGERS])
        for command in data.draw(st.lists(COMMANDS, max_size=3), label="before"):
            office.do(command, data)
        for _ in range(2):
            done = [
                (data.draw(st.sampled_from(LEDGERS)), *data.draw(deeds()))
                for _ in range(data.draw(st.integers(1, 4), label="deeds"))
            ]
            edit(office.path, done)
            office.states.clear()
            for command in data.draw(st.lists(COMMANDS, min_size=1, max_size=4), label="after"):
                office.do(command, data)
                office.cache_is_true()


def edit(path: Path, done: list[tuple[str, str, Deed]]) -> None:
    book = openpyxl.load_workbook(path)
    seen = set()
    for sheet, kind, deed in done:
        if (sheet, kind) in seen or (
            kind in ("remarks", "totals") and any(kind_of(book[sheet], kind))
        ):
            continue
        seen.add((sheet, kind))
        deed(book[sheet])
    book.save(path)


def kind_of(ws: Any, kind: str) -> Any:
    """Whether that was done to the sheet before."""
    wanted = REMARK if kind == "remarks" else "TOTAL"
    return (cell.value == wanted for row in ws.iter_rows() for cell in row)


@pytest.mark.slow
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_no_command_meant_is_as_it_was(empty_source: Path, data: st.DataObject) -> None:
    check(empty_source, data)


@pytest.mark.slow
@settings(max_examples=90, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_no_command_meant_is_as_it_was_at_length(
    empty_source: Path, data: st.DataObject
) -> None:
    check(empty_source, data)
