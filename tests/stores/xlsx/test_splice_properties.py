"""Random sheets, random edits: splicing is what a dictionary of cells says it must be; every
spelling of a sheet becomes conventional without losing a cell; a table from the cache is the table
that the file holds."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.stores.xlsx.archive import (
    MAIN,
    Address,
    Cell,
    letters_of,
    number_of,
    parse_sheet,
    serial,
)
from tests.stores.xlsx.plain_workbook import (
    DAY,
    DIALECTS,
    HEADER,
    MOMENT,
    STYLES_XML,
    Dialect,
    ErrorCode,
    Grid,
    Put,
    plain_workbook,
    resaved,
    sheet_xml,
)
from ticketops.errors import ConflictError, SpliceError
from ticketops.model.changes import AddColumns, AppendRows, ChangeSet, DeleteRows
from ticketops.schema.columns import Column, ColumnType, ErrorValue
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet, SheetKind
from ticketops.schema.structure import with_structure
from ticketops.schema.tables import Table
from ticketops.stores.base import Entry
from ticketops.stores.edited import EditedRows
from ticketops.stores.edits import SheetEdit
from ticketops.stores.xlsx.conventional import conventional, is_conventional
from ticketops.stores.xlsx.splice import splice
from ticketops.stores.xlsx.store import XlsxStore
from ticketops.stores.xlsx.styles import Styles

PART = "xl/worksheets/sheet1.xml"
STYLE_COUNT = 7
DATED = {DAY, MOMENT}
ROWS, COLUMNS = st.integers(1, 12), st.integers(1, 9)

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=8
) | st.sampled_from(
    [
        "0012",
        "_x0041_",
        "_x005F_x0041_",
        '</c><c r="A1">',
        "]]>",
        " lead",
        "trail\n",
        "&amp;",
        "\r\n",
        "TRUE",
        "=1",
        "é😀",
    ]
)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**9), 10**9)
moments = st.datetimes(datetime(1900, 3, 1), datetime(2199, 1, 1)).map(
    lambda m: m.replace(microsecond=0)
)
days = moments.map(lambda m: m.replace(hour=0, minute=0, second=0))
sheet_texts = texts.map(lambda text: re.sub(r"[\x00-\x08\x0b-\x1f]", "", text))
"""What a hand-written sheet can hold as it is."""
puts = st.builds(
    Put,
    st.none()
    | sheet_texts.filter(bool)
    | numbers
    | st.booleans()
    | st.sampled_from([ErrorCode("#N/A"), ErrorCode("#DIV/0!")]),
    st.integers(0, STYLE_COUNT - 1),
    st.sampled_from([None] * 30 + ["A1*2", '<f t="shared" si="0"/>']),
)
grids = st.dictionaries(ROWS, st.dictionaries(COLUMNS, puts, max_size=6), max_size=8)
looks = st.dictionaries(
    ROWS,
    st.sampled_from(
        [
            "",
            ' s="2" customFormat="1"',
            ' s="6" customFormat="true" ht="21.5" customHeight="1"',
            ' customFormat="false" ht="12.8"',
            ' s="5"',
            ' customFormat="0" s="5"',
            ' hidden="1" outlineLevel="1"',
            ' x14ac:dyDescent="0.25"',
        ]
    ),
    max_size=8,
)
columns_xml = st.sampled_from(
    [
        "",
        '<cols><col min="1" max="1" width="9" style="2"/><col min="3" max="5" style="4" width="20"/><col min="6" max="16384" width="8"/></cols>',
    ]
)
values = st.none() | texts | numbers | st.booleans() | moments | days
edits = st.dictionaries(
    st.integers(1, 15),
    st.dictionaries(COLUMNS, values, min_size=1, max_size=6),
    min_size=1,
    max_size=6,
)
dialects = st.builds(
    Dialect,
    quote=st.sampled_from("\"'"),
    prefix=st.sampled_from(["", "", "x", "ns0"]),
    row_numbers=st.booleans(),
    cell_references=st.booleans(),
    reference_last=st.booleans(),
    spans=st.booleans(),
    strings=st.sampled_from(["shared", "inline"]),
    separator=st.sampled_from(["", "\n", "\r\n\t"]),
    space=st.sampled_from([" ", " ", "  ", "\n", "\t"]),
    close=st.sampled_from([">", ">", " >", "\n>"]),
    noise=st.booleans(),
    outer_noise=st.booleans(),
    decimals=st.booleans(),
    dimension=st.booleans(),
    bom=st.booleans(),
)
usual = st.sampled_from([DIALECTS["excel"], DIALECTS["inline strings"]])


def significant(cells: Mapping[Address, Cell]) -> dict[Address, Cell]:
    return {
        at: cell
        for at, cell in cells.items()
        if (cell.value, cell.style, cell.formula) != (None, 0, None)
    }


# --- conventional form


@settings(max_examples=60, deadline=None)
@given(grid=grids, looks=looks, dialect=dialects)
@example(grid={}, looks={}, dialect=DIALECTS["excel"])
@example(grid={2: {1: Put("a")}}, looks={}, dialect=DIALECTS["comments around the rows"])
@example(grid={2: {1: Put("a"), 3: Put(1.0)}}, looks={}, dialect=DIALECTS["one attribute a line"])
@example(grid={2: {1: Put("a")}, 3: {}}, looks={}, dialect=DIALECTS["spaces in end tags"])
def test_every_spelling_becomes_conventional_without_losing_a_cell(
    grid: Grid, looks: dict[int, str], dialect: Dialect
) -> None:
    strings: list[str] = []
    xml = sheet_xml(grid, dialect, strings, row_attributes=looks)
    done = conventional(xml, PART).xml
    assert is_conventional(done) or dialect.outer_noise
    assert conventional(done, PART).xml == done
    assert significant(parse_sheet(done, strings)) == significant(parse_sheet(xml, strings))
    rows = [
        child
        for child in etree.fromstring(done).find(f"{{{MAIN}}}sheetData")
        if isinstance(child.tag, str)
    ]
    assert all(row.get("r") for row in rows)
    assert all(cell.get("r") for row in rows for cell in row)
    kept = {row: look for row, look in looks.items() if row in grid}
    for row in rows:
        for name, value in re.findall(r'(?<!:)\b(\w+)="([^"]*)"', kept.get(int(row.get("r")), "")):
            assert (
                row.get(name)
                or row.get(f"{{http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac}}{name}")
            ) == value
    head, tail = surroundings(xml)
    assert done.startswith(head)
    assert done.endswith(tail)
    assert [e.tag for e in etree.fromstring(done)] == [e.tag for e in etree.fromstring(xml)]


def surroundings(xml: bytes) -> tuple[bytes, bytes]:
    """The bytes before and behind the element sheetData. What stands in comments is no tag: it is
    blotted out for the search."""
    bare = re.sub(
        rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", lambda m: b"#" * len(m[0]), xml, flags=re.DOTALL
    )
    opened = re.search(rb"<(?:\w+:)?sheetData\b", bare)
    closed = re.search(rb"<(?:\w+:)?sheetData/>|</(?:\w+:)?sheetData\s*>", bare)
    assert opened
    assert closed
    return xml[: opened.start()], xml[closed.end() :]


# --- splicing


class Oracle:
    """The sheet as a dictionary of cells, and the edit as assignments to it. Reads the XML with
    lxml only."""

    def __init__(self, xml: bytes, strings: list[str], edit: SheetEdit) -> None:
        self.cells = parse_sheet(xml, strings)
        self.edit = edit
        root = etree.fromstring(xml)
        self.rows = {
            int(row.get("r")): row
            for row in root.find(f"{{{MAIN}}}sheetData")
            if isinstance(row.tag, str)
        }
        self.columns = [
            (int(c.get("min")), int(c.get("max")), int(c.get("style") or 0))
            for c in root.iter(f"{{{MAIN}}}col")
        ]
        template = edit.first_free_row - 1 if edit.rewrite_from is None else edit.rewrite_from
        usable = template > edit.header_row and template in self.rows
        self.template = (
            {at[1]: cell.style for at, cell in self.cells.items() if at[0] == template}
            if usable
            else {}
        )

    @property
    def refused(self) -> bool:
        """Whether a formula stands where the edit writes."""
        owned = {at for at, cell in self.cells.items() if cell.formula}
        if self.edit.clear_others:
            return bool(owned)
        if self.edit.rewrite_from is not None and any(
            row >= self.edit.rewrite_from for row, _ in owned
        ):
            return True
        return any(
            (row, column) in owned for row, cells in self.edit.cells.items() for column in cells
        )

    def before(self, row: int, column: int) -> Any:
        value = self.cells[row, column].value if (row, column) in self.cells else None
        return ErrorValue(value[1]) if isinstance(value, tuple) else value

    def fresh(self, row: int) -> bool:
        return row >= self.edit.first_free_row or self.edit.rewrite_from is not None

    def style(self, row: int, column: int) -> int:
        """The style that a cell has or would be made with."""
        dropped = self.edit.rewrite_from is not None and row >= self.edit.rewrite_from
        if (row, column) in self.cells and not dropped:
            return self.cells[row, column].style
        if self.fresh(row) and column in self.template:
            return self.template[column]
        if row in self.rows and not dropped and self.rows[row].get("customFormat") in ("1", "true"):
            return int(self.rows[row].get("s") or 0)
        return next(
            (style for first, last, style in self.columns if first <= column <= last and style), 0
        )

    def result(self) -> dict[Address, Cell]:
        cells = dict(self.cells)
        if self.edit.clear_others:
            cells = {at: Cell(None, "n", cell.style, None) for at, cell in cells.items()}
        if self.edit.rewrite_from is not None:
            cells = {at: cell for at, cell in cells.items() if at[0] < self.edit.rewrite_from}
        for row, written in self.edit.cells.items():
            made = row not in self.rows or (
                self.edit.rewrite_from is not None and row >= self.edit.rewrite_from
            )
            if made and self.fresh(row):
                cells |= {
                    (row, column): Cell(None, "n", style, None)
                    for column, style in self.template.items()
                }
            for column, value in written.items():
                cells[row, column] = Cell(
                    stored(value), kind_of(value), self.style(row, column), None
                )
        return significant(cells)


def stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return pytest.approx(serial(value), abs=1e-9)
    return (
        None
        if value == ""
        else float(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else value
    )


def kind_of(value: Any) -> str:
    return "inlineStr" if isinstance(value, str) else "b" if isinstance(value, bool) else "n"


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    grid=grids,
    looks=looks,
    cols=columns_xml,
    edit=edits,
    dialect=usual | dialects,
    first_free=st.integers(2, 14),
    mode=st.sampled_from(["cells", "cells", "cells", "rewrite", "clear"]),
)
def test_splicing_is_what_a_dictionary_of_cells_says(
    grid: Grid,
    looks: dict[int, str],
    cols: str,
    edit: dict[int, dict[int, Any]],
    dialect: Dialect,
    first_free: int,
    mode: str,
) -> None:
    strings: list[str] = []
    sheet = conventional(sheet_xml(grid, dialect, strings, cols=cols, row_attributes=looks), PART)
    xml = sheet.xml
    order = SheetEdit(1, first_free, EditedRows(edit))
    if mode == "rewrite":
        order.rewrite_from = 2
        order.cells = EditedRows({row: cells for row, cells in edit.items() if row >= 2})
        assume(order.cells)
    order.clear_others = (16_384, 1_048_576) if mode == "clear" else None
    oracle = Oracle(xml, strings, order)
    styles = Styles(STYLES_XML.encode())
    if oracle.refused:
        event("refused")
        with pytest.raises(SpliceError, match="formula"):
            splice(sheet, order, styles, strings.__getitem__, "Sheet", constants=False)
        return
    done = splice(sheet, order, styles, strings.__getitem__, "Sheet", constants=False)
    found, meant = significant(parse_sheet(done.xml, strings)), oracle.result()
    check_dates(found, meant, oracle, styles)
    assert {at: cell._replace(style=0, kind=kind(cell)) for at, cell in found.items()} == {
        at: cell._replace(style=0, kind=kind(cell)) for at, cell in meant.items()
    }
    restyled = {
        at
        for at, cell in meant.items()
        if is_date(order, at) or is_number_in_dates(order, at, cell)
    }
    assert {at: cell.style for at, cell in found.items() if at not in restyled} == {
        at: cell.style for at, cell in meant.items() if at not in restyled
    }
    check_shape(done.xml, xml, order)
    assert done.before == {
        row: {column: oracle.before(row, column) for column in cells}
        for row, cells in remembered(order, oracle).items()
        if row in oracle.rows and row_stays(order, row)
    }


def kind(cell: Cell) -> str:
    """The type of a cell that holds something; of others it does not matter."""
    return cell.kind if cell.value is not None else ""


def is_date(order: SheetEdit, at: Address) -> bool:
    return isinstance(order.cells.get(at[0], {}).get(at[1]), datetime)


def is_number_in_dates(order: SheetEdit, at: Address, cell: Cell) -> bool:
    """A number written into a cell that shows dates: it would be read back as a day."""
    value = order.cells.get(at[0], {}).get(at[1])
    return isinstance(value, (int, float)) and not isinstance(value, bool) and cell.style in DATED


def row_stays(order: SheetEdit, row: int) -> bool:
    return order.rewrite_from is None or row < order.rewrite_from


def remembered(order: SheetEdit, oracle: Oracle) -> dict[int, set[int]]:
    """The cells whose former values a splice hands back: all that it writes or empties."""
    kept = {row: set(cells) for row, cells in order.cells.items()}
    if order.clear_others:
        for row in oracle.rows:
            kept.setdefault(row, set()).update(
                at[1]
                for at, cell in oracle.cells.items()
                if at[0] == row and cell.value is not None
            )
    return kept


def check_dates(
    found: Mapping[Address, Cell], meant: Mapping[Address, Cell], oracle: Oracle, styles: Styles
) -> None:
    """A date stands in a style that shows dates: the cell's own, else that of the cell above, else
    its own dated. A number never does."""
    root = etree.fromstring(styles.changed or STYLES_XML.encode())
    formats = root.find(f"{{{MAIN}}}cellXfs")
    for at in meant:
        if is_number_in_dates(oracle.edit, at, meant[at]):
            assert formats[found[at].style].get("numFmtId") == "0"
        if not is_date(oracle.edit, at):
            continue
        own, new = meant[at].style, found[at].style
        if own in DATED:
            assert new == own
            continue
        shown = formats[new]
        assert int(shown.get("numFmtId")) in (164, 22, 14)
        timed = oracle.edit.cells[at[0]][at[1]].time() != datetime.min.time()
        above = [row for row in sorted(oracle.rows) if oracle.edit.header_row < row < at[0]]
        borrowed = (
            oracle.cells.get((above[-1], at[1])).style
            if above and (above[-1], at[1]) in oracle.cells
            else None
        )  # type: ignore[union-attr]
        if new != borrowed:
            assert (int(shown.get("numFmtId")) == 22) is timed
            assert (shown.get("fontId"), shown.get("fillId")) == (
                formats[own].get("fontId"),
                formats[own].get("fillId"),
            )


def check_shape(xml: bytes, old: bytes, order: SheetEdit) -> None:
    """Rows and cells in order; spans and dimension true; rows that were not edited to the byte."""
    root = etree.fromstring(xml)
    rows = [int(row.get("r")) for row in root.find(f"{{{MAIN}}}sheetData")]
    assert rows == sorted(set(rows))
    for row in root.find(f"{{{MAIN}}}sheetData"):
        columns = [number_of(re.sub(r"\d", "", cell.get("r"))) for cell in row]
        assert columns == sorted(set(columns))
        if row.get("spans") and columns:
            first, last = map(int, row.get("spans").split(":"))
            assert first <= columns[0]
            assert columns[-1] <= last
    area = root.find(f"{{{MAIN}}}dimension")
    if area is not None and order.cells:
        _, _, corner = area.get("ref").partition(":")
        found = re.fullmatch(r"([A-Z]+)(\d+)", corner or area.get("ref"))
        assert found
        written = [(row, column) for row, cells in order.cells.items() for column in cells]
        assert max(column for _, column in written) <= number_of(found[1])
        assert max(row for row, _ in written) <= int(found[2])
    if not order.clear_others:
        assert {r: x for r, x in slices(xml).items() if r not in order.cells} == {
            r: x for r, x in slices(old).items() if r not in order.cells and row_stays(order, r)
        }
    (head, tail), (old_head, old_tail) = surroundings(xml), surroundings(old)
    assert tail == old_tail
    dimension = re.compile(rb"(?<=dimension ref=)['\"][A-Z0-9:]+")
    assert dimension.sub(b"", head) == dimension.sub(b"", old_head)


def slices(xml: bytes) -> dict[int, bytes]:
    """The rows of a conventional sheet, as they are spelt."""
    head, tail = surroundings(xml)
    rows = xml[len(head) : len(xml) - len(tail)]
    return {
        int(m[1]): m[0]
        for m in re.finditer(rb'<row r="(\d+)"[^>]*?(?:/>|(?<!/)>.*?</row>)', rows, re.DOTALL)
    }


# --- the cache

LEDGER = Sheet(
    "Ledger",
    SheetKind.LEDGER,
    (
        Column("key", "Key", ColumnType.CODE),
        Column("text", "Text"),
        Column("count", "Count", ColumnType.INTEGER),
        Column("price", "Price", ColumnType.NUMBER),
        Column("day", "Day", ColumnType.DATE),
        Column("at", "At", ColumnType.DATETIME),
        Column("tick", "Tick", ColumnType.FLAG, aliases=("Old Tick",)),
        Column("group", "Group", ColumnType.CODE, aliases=("Grp",)),
        Column("secret", "Secret", secret=True),
        Column("more", "More", ColumnType.CODE, extension=True),
        Column("stamp", "Stamp", ColumnType.DATETIME, extension=True),
    ),
    key="key",
    header_row=2,
)
QUEUE = Sheet(
    "Queue",
    SheetKind.QUEUE,
    (
        Column("task", "Task", ColumnType.CODE),
        Column("due", "Due", ColumnType.DATE),
        Column("done", "Done", ColumnType.FLAG),
        Column("rank", "Rank", ColumnType.INTEGER),
    ),
)
SMALL = Layout((LEDGER, QUEUE))
ENTRY = Entry("R20260417-143022", "test", "ana", datetime(2026, 4, 17, 14, 30, 22))

clean = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=6)
OF_TYPE: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.CODE: clean | st.sampled_from(["0012", "1", "TRUE", "_x0041_"]),
    ColumnType.TEXT: texts.filter(bool),
    ColumnType.INTEGER: st.integers(-(2**53) + 1, 2**53 - 1),
    ColumnType.NUMBER: st.floats(allow_nan=False, allow_infinity=False) | st.integers(-1000, 1000),
    ColumnType.DATE: days,
    ColumnType.DATETIME: moments,
    ColumnType.FLAG: st.booleans(),
}


def raw(column: Column) -> st.SearchStrategy[Put]:
    """What may stand in a cell of the column before anything is written: also what does not belong
    there."""
    own = OF_TYPE[column.type]
    if column.type in (ColumnType.DATE, ColumnType.DATETIME):
        fitting = own.map(lambda moment: Put(serial(moment), MOMENT))
    elif column.type in (ColumnType.CODE, ColumnType.TEXT):
        fitting = (
            own.map(lambda t: re.sub(r"[\x00-\x08\x0b-\x1f]", "", t)).filter(bool)
            | st.integers(0, 10**6)
        ).map(Put)
    else:
        fitting = own.map(Put)
    strange = [Put("n/a"), Put(2.5), Put(True), Put(ErrorCode("#REF!")), Put(" x ")]
    if column.type not in (
        ColumnType.INTEGER,
        ColumnType.NUMBER,
    ):  # a number that is written into a cell that shows dates is a date
        strange += [Put(None, DAY), Put(4000.0, DAY)]
    misfit = st.sampled_from(strange)
    return st.one_of(st.just(Put(None)), fitting, fitting, misfit)


def sheet_rows(sheet: Sheet, extra: tuple[str, ...]) -> st.SearchStrategy[tuple[list[str], Grid]]:
    """(headers, cells below them): canonical columns in any order, some aliases and users' columns
    among them."""
    titles = [*sheet.canonical_headers, *extra]
    by_title = {c.header: c for c in sheet.columns} | {
        alias: c for c in sheet.columns for alias in c.aliases
    }
    own = Column("own", "Own")

    @st.composite
    def build(draw: st.DrawFn) -> tuple[list[str], Grid]:
        headers = draw(
            st.permutations(
                [t for t in titles if t in sheet.canonical_headers or draw(st.booleans())]
            )
        )
        one = st.fixed_dictionaries(
            {}, optional={i: raw(by_title.get(t, own)) for i, t in enumerate(headers, start=1)}
        )
        below = draw(
            st.dictionaries(
                st.integers(sheet.header_row + 1, sheet.header_row + 7), one, max_size=5
            )
        )
        return headers, below

    return build()


def model_of(ledger: tuple[list[str], Grid], queue: tuple[list[str], Grid]) -> dict[str, Grid]:
    return {
        sheet.name: {sheet.header_row: {i: Put(t, HEADER) for i, t in enumerate(headers, start=1)}}
        | below
        for sheet, (headers, below) in ((LEDGER, ledger), (QUEUE, queue))
    }


@pytest.mark.slow
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    data=st.data(),
    ledger=sheet_rows(LEDGER, ("Old Tick", "Grp", "Own")),
    queue=sheet_rows(QUEUE, ("Own",)),
)
def test_a_table_from_the_cache_is_the_table_that_the_file_holds(
    data: st.DataObject, ledger: tuple[list[str], Grid], queue: tuple[list[str], Grid]
) -> None:
    model = model_of(ledger, queue)
    with tempfile.TemporaryDirectory() as folder:
        path = plain_workbook(Path(folder) / "small.xlsx", model=model)
        for number in range(data.draw(st.integers(1, 3), label="commits")):
            writer = XlsxStore(path, layout=SMALL)
            snapshot = writer.read("Ledger", "Queue")
            changes = with_structure(
                data.draw(change_sets(snapshot["Ledger"]), label=f"commit {number}"), snapshot
            )
            writer.commit(changes, snapshot.revision, ENTRY)
            touched = [name for name in changes.sheets if name in SMALL]
            kept = cache_files(path)
            cached = XlsxStore(path, layout=SMALL).read("Ledger", "Queue")
            fresh = XlsxStore(path, layout=SMALL, use_cache=False).read("Ledger", "Queue")
            assert {name: kept.get(name) for name in touched} == {
                name: cache_files(path)[name] for name in touched
            }
            for name in ("Ledger", "Queue"):
                same(cached[name], fresh[name])
                same(writer.read(name)[name], fresh[name])
            assert cached.revision == fresh.revision == writer.revision()


@pytest.mark.slow
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    data=st.data(),
    ledger=sheet_rows(LEDGER, ("Old Tick", "Grp", "Own")),
    queue=sheet_rows(QUEUE, ("Own",)),
)
def test_undo_restores_the_tables_also_when_the_workbook_was_saved_since(
    data: st.DataObject, ledger: tuple[list[str], Grid], queue: tuple[list[str], Grid]
) -> None:
    model = model_of(ledger, queue)
    with tempfile.TemporaryDirectory() as folder:
        path = plain_workbook(Path(folder) / "small.xlsx", model=model)
        writer = XlsxStore(path, layout=SMALL, use_cache=False)
        before, old = writer.read("Ledger", "Queue"), path.read_bytes()
        changes = with_structure(data.draw(change_sets(before["Ledger"])), before)
        writer.commit(changes, before.revision, ENTRY)
        written = path.read_bytes()
        saved = data.draw(st.booleans(), label="saved since")
        if saved:
            resaved(path)
        given = {key for _row, key in appended_keys(changes)}
        gone = {
            key
            for row, key in before["Ledger"].frame.select("row", "key").iter_rows()
            if key is not None and row in deleted_rows(changes)
        }
        if saved and given & gone:
            with pytest.raises(ConflictError, match="is there again"):
                XlsxStore(path, layout=SMALL).undo(ENTRY)
            return
        XlsxStore(path, layout=SMALL).undo(ENTRY)
        assert saved or path.read_bytes() == old
        after = XlsxStore(path, layout=SMALL, use_cache=False).read("Ledger", "Queue")
        for name in ("Ledger", "Queue"):
            same(after[name], before[name])
        assert path.read_bytes() != written


def deleted_rows(changes: ChangeSet) -> set[int]:
    return {row for c in changes if isinstance(c, DeleteRows) for row in c.rows}


def appended_keys(changes: ChangeSet) -> list[tuple[int, str]]:
    """(row, key) of the new rows of the ledger."""
    return [
        (number, row[change.columns.index("key")])
        for change in changes
        if isinstance(change, AppendRows) and change.sheet == "Ledger" and "key" in change.columns
        for number, row in enumerate(change.rows, change.first_row)
        if row[change.columns.index("key")] is not None
    ]


def cache_files(path: Path) -> dict[str, tuple[str, int]]:
    """{sheet: (name, time)}: reading from the cache leaves its files alone, reading past it would
    write new ones."""
    folder = path.with_name(f"{path.name}.ticketops") / "cache"
    return {
        file.name.partition("@")[0]: (file.name, file.stat().st_mtime_ns)
        for file in folder.glob("*.arrow")
    }


def same(one: Table, other: Table) -> None:
    assert one.frame.schema == other.frame.schema
    ticks = [
        pl.col(c.name).fill_null(False) for c in one.sheet.columns if c.type is ColumnType.FLAG
    ]  # blank is FALSE
    assert one.frame.with_columns(ticks).rows() == other.frame.with_columns(ticks).rows()
    assert dict(one.positions) == dict(other.positions)
    assert (one.next_row, one.next_column, one.exists) == (
        other.next_row,
        other.next_column,
        other.exists,
    )
    assert sorted(one.misfits, key=repr) == sorted(other.misfits, key=repr)
    assert sorted(one.shadowed) == sorted(other.shadowed)


@st.composite
def change_sets(draw: st.DrawFn, table: Table) -> ChangeSet:
    """Cells of some rows set, others deleted, rows appended, columns added, the queue replaced."""
    changes = ChangeSet()
    rows = table.frame["row"].to_list()
    gone = draw(st.sets(st.sampled_from(rows), max_size=2)) if rows else set()
    names = [c.name for c in LEDGER.columns]
    for row in rows:
        if row not in gone and draw(st.booleans()):
            chosen = draw(st.sets(st.sampled_from(names), min_size=1, max_size=4))
            held = table.frame.row(by_predicate=pl.col("row") == row, named=True)
            changes.set(
                "Ledger",
                row,
                str(row),
                {
                    n: (held[n], draw(st.none() | OF_TYPE[LEDGER.by_name[n].type]))
                    for n in sorted(chosen)
                },
            )
    changes.delete("Ledger", {row: str(row) for row in sorted(gone)})
    columns = draw(st.lists(st.sampled_from(names), min_size=1, max_size=6, unique=True))
    appended = draw(
        st.lists(
            st.tuples(*(st.none() | OF_TYPE[LEDGER.by_name[n].type] for n in columns)), max_size=4
        )
    )
    changes.append("Ledger", table.next_row, columns, appended)
    if draw(st.booleans()):
        fresh = draw(
            st.lists(st.tuples(*(st.none() | OF_TYPE[c.type] for c in QUEUE.columns)), max_size=4)
        )
        changes.replace("Queue", [c.name for c in QUEUE.columns], fresh)
    if not changes:
        lacking = [c.name for c in LEDGER.columns if c.name not in table.positions]
        assume(lacking)
        changes.changes.append(AddColumns("Ledger", tuple(lacking)))
    return changes


def test_letters_and_numbers_agree() -> None:
    """The fixtures' own arithmetic, so that an oracle is not wrong in the same way twice."""
    assert [letters_of(n) for n in (1, 26, 27, 702, 703, 16384)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]
    assert all(number_of(letters_of(n)) == n for n in range(1, 16385, 7))
    assert serial(datetime(2026, 4, 17) + timedelta(hours=12)) == 46129.5
