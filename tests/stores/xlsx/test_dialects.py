"""Every legal spelling of a workbook is read alike, edited where meant and nowhere else, and restored by undo; what can't
be edited safely is refused with nothing written."""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from lxml import etree
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.escape import unescape
from python_calamine import CalamineWorkbook

from tests.stores.xlsx.fixtures import (
    DATE,
    DAY,
    DIALECTS,
    GENERAL,
    MARKED,
    MONEY,
    RELATIONS,
    TEXT,
    Address,
    Archive,
    Cell,
    Dialect,
    Grid,
    Put,
    address_of,
    by_libreoffice,
    by_openpyxl,
    column_of,
    letters_of,
    office_convert,
    plain_model,
    plain_workbook,
    resaved,
    rich_workbook,
    serial,
    write_archive,
)
from ticketops.cli.main import run as run_command
from ticketops.errors import ConflictError, SpliceError, UnusableError
from ticketops.model.changes import AddSheet, ChangeSet
from ticketops.schema.workbook import ALLOC_LOG, DISTRIBUTION, MANIFEST, MATTHIAS_EMAILS, PURCHASES, SALES, SALES_PARENT_RECON, UNITS_AUDIT
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

EXCEL = DIALECTS["excel"]
ENTRY = Entry("R20260417-143022", "test", "ana", datetime(2026, 4, 17, 14, 30, 22))
NOON = datetime(2026, 6, 11, 12, 30, 15)
ILLEGAL = "".join(chr(n) for n in range(32))


# --- one commit in every dialect


@pytest.fixture(scope="session")
def office_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    made: dict[str, bytes] = {}

    def make(soffice: str) -> bytes:
        if not made:
            made["file"] = by_libreoffice(tmp_path_factory.mktemp("office") / "office.xlsx", soffice).read_bytes()
        return made["file"]

    return make


def others() -> list[Any]:
    return ["openpyxl", pytest.param("libreoffice", marks=pytest.mark.libreoffice)]


@pytest.fixture(params=[*DIALECTS, *others()])
def workbook(request: pytest.FixtureRequest, tmp_path: Path, office_file: Callable[[str], bytes]) -> Path:
    """The small canonical workbook in one dialect."""
    path = tmp_path / "event.xlsx"
    if request.param == "openpyxl":
        return by_openpyxl(path)
    if request.param == "libreoffice":
        path.write_bytes(office_file(request.getfixturevalue("soffice")))
        return path
    return plain_workbook(path, DIALECTS[request.param])


def counts_from_1904(path: Path) -> bool:
    book = etree.fromstring(Archive(path).parts["xl/workbook.xml"])
    return any(e.get("date1904") in ("1", "true") for e in book.iter("{*}workbookPr"))


Meant = dict[str, dict[Address, Any]]


def edit(store: XlsxStore) -> tuple[ChangeSet, Meant]:
    """Cells set, rows deleted and rows appended on three sheets; and what the edited cells hold then."""
    changes = ChangeSet()
    meant: Meant = {PURCHASES: {}, DISTRIBUTION: {}, ALLOC_LOG: {}}

    def put(sheet: str, row: int, cells: Mapping[str, Any]) -> None:
        meant[sheet] |= {(row, column_of(sheet, name)): value for name, value in cells.items()}

    def set_cells(sheet: str, row: int, cells: Mapping[str, Any]) -> None:
        changes.set(sheet, row, str(row), {name: (None if value is not None else "something", value) for name, value in cells.items()})
        put(sheet, row, cells)

    def append(sheet: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        first = store.read(sheet)[sheet].next_row
        changes.append(sheet, first, columns, rows)
        for number, values in enumerate(rows, start=first):
            put(sheet, number, {name: value for name, value in zip(columns, values, strict=True) if value is not None})

    set_cells(PURCHASES, 3, {"date": NOON, "game": "Größe & <b>", "vendor": None, "price": 99.5, "email_password": " s3cret "})
    changes.delete(PURCHASES, {5: "P_5"})
    put(PURCHASES, 5, {c.name: None for c in MANIFEST[PURCHASES].columns if not c.extension})
    append(PURCHASES, ("date", "match", "vendor", "number", "price", "purchase_id"),
           [(DATE, "M02", "Seat & pick", 3, 0.1, "P_7"), (NOON, None, "_x0041_ </row>", 10**9, -2.5, "P_8")])  # fmt: skip
    set_cells(DISTRIBUTION, 4, {"process_now": True, "status": "WAITING_STOCK", "notes": "  two\n\tlines  ", "dispatched_at": NOON})
    changes.delete(DISTRIBUTION, {7: "S1-3"})
    put(DISTRIBUTION, 7, {c.name: None for c in MANIFEST[DISTRIBUTION].columns if not c.extension})
    append(DISTRIBUTION, ("sales_id", "date", "process_now", "notes"), [("S2-1", DATE, True, "é"), ("S2-2", DATE, None, None)])
    append(ALLOC_LOG, ("timestamp", "user", "units_affected", "clear_seats"), [(NOON, "ana", 2, False), (NOON, "bo", 1, True)])
    return changes, meant


def commit(path: Path, changes: ChangeSet) -> XlsxStore:
    store = XlsxStore(path, use_cache=False)
    store.commit(changes, store.revision(), ENTRY)
    return store


def filled(cells: Mapping[Address, Cell]) -> dict[Address, Cell]:
    return {at: cell for at, cell in cells.items() if cell[:1] + cell[2:] != (None, 0, None)}


def values(cells: Mapping[Address, Cell]) -> dict[Address, Any]:
    return {at: cell.value for at, cell in cells.items() if cell.value is not None}


def test_every_dialect_is_read_alike(workbook: Path, tmp_path: Path) -> None:
    usual = XlsxStore(plain_workbook(tmp_path / "usual.xlsx"), use_cache=False).read(*(s.name for s in MANIFEST))
    tables = XlsxStore(workbook, use_cache=False).read(*(s.name for s in MANIFEST))
    for name, table in usual.tables.items():
        assert tables[name].frame.equals(table.frame), name
        assert (tables[name].positions, tables[name].next_row) == (table.positions, table.next_row), name
    assert usual[PURCHASES].next_row == 7
    assert usual[PURCHASES].frame["contract"].to_list() == ["000777", "0012", "9", "_x0041_"]
    assert usual[PURCHASES].frame["date"][0] == datetime(2026, 4, 19)


def test_a_commit_writes_what_is_meant_and_leaves_the_rest(workbook: Path) -> None:
    old = Archive(workbook)
    old_book, old_grids = openpyxl.load_workbook(workbook), grids(workbook)
    store = XlsxStore(workbook, use_cache=False)
    changes, meant = edit(store)
    first_free = {name: store.read(name)[name].next_row for name in meant}
    assert first_free == {PURCHASES: 7, DISTRIBUTION: 8, ALLOC_LOG: 2}
    store.commit(changes, store.revision(), ENTRY)

    new, date1904 = Archive(workbook), counts_from_1904(workbook)
    book, now = openpyxl.load_workbook(workbook), grids(workbook)
    assert set(new.parts) == set(old.parts)
    for name in old.sheets:
        was, cells = filled(old.cells(name)), filled(new.cells(name))
        edited = meant.get(name, {})
        for at, value in edited.items():
            cell = cells.get(at, Cell(None, "n", 0, None))
            shown = pytest.approx(serial(value, date1904=date1904), abs=1e-9) if isinstance(value, datetime) else value
            assert cell.value == shown, (name, at)
            assert type(cell.value) is not bool or type(value) is bool
            own = book[name].cell(*at)
            text = unescape(own.value) if isinstance(own.value, str) and cell.kind == "inlineStr" else own.value
            assert text == value, (name, at)
            if isinstance(value, datetime):
                assert is_date_format(own.number_format), (name, at, own.number_format)
            elif at in was:
                assert cell.style == was[at].style, (name, at)
            assert same_in_calamine(now[name].get(at), value), (name, at)
        for at in (was.keys() | cells.keys()) - edited.keys():
            if at in was:
                assert cells[at] == was[at], (name, at)
            else:  # a new row looks like the one above it
                above = was[first_free[name] - 1, at[1]]
                assert at[0] >= first_free[name], (name, at)
                assert cells[at] == Cell(None, "n", above.style, None), (name, at)
        for row in old_book[name].iter_rows():
            for cell in row:
                if (cell.row, cell.column) not in edited:
                    assert looks(book[name].cell(cell.row, cell.column)) == looks(cell), (name, cell.coordinate)
        assert {at: v for at, v in now[name].items() if at not in edited} == {
            at: v for at, v in old_grids[name].items() if at not in edited
        }


def grids(path: Path) -> dict[str, dict[Address, Any]]:
    """All cells that hold something, by python-calamine."""
    book = CalamineWorkbook.from_path(path)
    return {
        name: {
            (r, c): value
            for r, row in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1)
            for c, value in enumerate(row, start=1)
            if value != ""
        }
        for name in book.sheet_names
    }


def looks(cell: Any) -> tuple[Any, ...]:
    """What openpyxl finds in a cell."""
    return cell.value, cell.data_type, cell.number_format, cell.fill.fgColor.rgb, cell.font.b


def same_in_calamine(found: Any, value: Any) -> bool:
    if isinstance(value, datetime):
        return datetime.fromisoformat(found.isoformat()) == value
    return found == value


def test_formulas_are_computed_anew_when_the_workbook_is_opened(workbook: Path) -> None:
    """Their values in the file are those of before; workbook.xml says so, in the order that its schema demands."""
    store = XlsxStore(workbook, use_cache=False)
    changes, _meant = edit(store)
    store.commit(changes, store.revision(), ENTRY)
    book = etree.fromstring(Archive(workbook).parts["xl/workbook.xml"])
    names = [etree.QName(child).localname for child in book]
    order = [
        "fileVersion",
        "workbookPr",
        "workbookProtection",
        "bookViews",
        "sheets",
        "externalReferences",
        "definedNames",
        "calcPr",
        "extLst",
    ]
    assert names == sorted(names, key=order.index)
    calculation = [child for child in book if etree.QName(child).localname == "calcPr"]
    assert [child.get("fullCalcOnLoad") for child in calculation] == ["1"]
    assert etree.QName(calculation[0]).namespace == etree.QName(book).namespace


def test_a_sheet_is_added(workbook: Path) -> None:
    old = Archive(workbook)
    sheet = MANIFEST[UNITS_AUDIT]
    changes = ChangeSet([AddSheet(UNITS_AUDIT)])
    changes.append(UNITS_AUDIT, 2, ("timestamp", "issue", "purchases_qty"), [(NOON, "MISSING_ROWS_ADDED", 3), (DATE, "a < b", None)])
    commit(workbook, changes)
    new = Archive(workbook)
    assert list(new.sheets) == [*old.sheets, UNITS_AUDIT]
    assert {name for name in old.parts if new.parts[name] != old.parts[name]} <= {
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "[Content_Types].xml",
        "xl/styles.xml",
    }
    found = openpyxl.load_workbook(workbook)[UNITS_AUDIT]
    assert [cell.value for cell in found[1]] == [column.header for column in sheet.columns]
    issue, quantity = (1 + [c.name for c in sheet.columns].index(name) for name in ("issue", "purchases_qty"))
    rows = [(found.cell(row, 1).value, found.cell(row, issue).value, found.cell(row, quantity).value) for row in (2, 3)]
    assert rows == [(NOON, "MISSING_ROWS_ADDED", 3), (DATE, "a < b", None)]
    assert grids(workbook)[UNITS_AUDIT].keys() >= {(2, 1), (2, issue), (2, quantity), (3, 1), (3, issue)}
    table = XlsxStore(workbook, use_cache=False).read(UNITS_AUDIT)[UNITS_AUDIT]
    assert table.frame.select("timestamp", "issue", "purchases_qty").rows() == rows


def test_undo_restores_every_byte(workbook: Path) -> None:
    old = workbook.read_bytes()
    store = XlsxStore(workbook, use_cache=False)
    changes, _meant = edit(store)
    store.commit(changes, store.revision(), ENTRY)
    assert workbook.read_bytes() != old
    XlsxStore(workbook).undo(ENTRY)
    assert workbook.read_bytes() == old


def test_undo_after_another_program_saved_restores_every_value(workbook: Path) -> None:
    old = Archive(workbook)
    store = XlsxStore(workbook, use_cache=False)
    changes, _meant = edit(store)
    store.commit(changes, store.revision(), ENTRY)
    resaved(workbook)
    XlsxStore(workbook).undo(ENTRY)
    new = Archive(workbook)
    for name in old.sheets:
        was, cells = filled(old.cells(name)), new.cells(name)
        assert values(cells) == values(was), name
        formulas = {at: (cell.formula, cell.style) for at, cell in was.items() if is_formula(cell)}
        assert {at: (cells[at].formula, cells[at].style) for at in formulas} == formulas, name


def is_formula(cell: Cell) -> bool:
    """LibreOffice writes the constants TRUE and FALSE as formulas too."""
    return cell.formula is not None and cell.formula[0] not in ("TRUE()", "FALSE()")


def test_undo_after_the_cells_changed_is_refused(tmp_path: Path) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    changes = ChangeSet()
    changes.set(PURCHASES, 3, "P_3", {"vendor": ("StubHub & <Co>", "Ours")})
    commit(path, changes)
    book = openpyxl.load_workbook(path)
    book[PURCHASES].cell(3, 4).value = "Theirs"
    book.save(path)
    theirs = path.read_bytes()
    with pytest.raises(ConflictError, match="Purchases row 3"):
        XlsxStore(path).undo(ENTRY)
    assert path.read_bytes() == theirs


@pytest.mark.parametrize("dialect", ["excel", "prefixed", "neither has r", "date1904"])
def test_a_bulk_commit_writes_what_is_meant(tmp_path: Path, dialect: str) -> None:
    """From some thousands of cells on another reader verifies the file."""
    path = plain_workbook(tmp_path / "event.xlsx", DIALECTS[dialect])
    rows = [(DATE, f"S9-{n}", n, f" <{n}> ", n % 2 == 0) for n in range(1200)]
    changes = ChangeSet()
    changes.append(DISTRIBUTION, 8, ("date", "sales_id", "qty", "notes", "process_now"), rows)
    store = commit(path, changes)
    frame = XlsxStore(path, use_cache=False).read(DISTRIBUTION)[DISTRIBUTION].frame.filter(pl.col("row") >= 8)
    assert frame.select("date", "sales_id", "qty", "notes", "process_now").rows() == rows
    assert frame["row"].to_list() == list(range(8, 1208))
    store.undo(ENTRY)


@pytest.mark.parametrize("alias_stands", ["right", "left"])
def test_an_older_spelling_of_a_column_is_emptied_and_restored_with_it(tmp_path: Path, alias_stands: str) -> None:
    """Where a column and an alias of it both exist the alias fills blanks: emptying the column alone would change nothing."""
    model = plain_model()
    own, old = column_of(DISTRIBUTION, "alloc_from"), 60
    if alias_stands == "left":
        own, old = old, own
    cells = model[DISTRIBUTION]
    cells[2] |= {own: Put("AllocFromCategory", TEXT), old: Put("AlloFromCategory", TEXT)}
    cells[3][old] = Put("Cat 2", TEXT)
    cells[4] |= {own: Put("Cat 3", TEXT), old: Put("Cat 2", TEXT)}
    cells[7] |= {own: Put("Cat 4", TEXT), old: Put("Cat 1", TEXT)}
    path = plain_workbook(tmp_path / "event.xlsx", model=model)

    def categories() -> dict[int, str | None]:
        frame = XlsxStore(path, use_cache=False).read(DISTRIBUTION)[DISTRIBUTION].frame
        return dict(frame.select("row", "alloc_from").rows())

    before = categories()
    assert before == {3: "Cat 2", 4: "Cat 3", 7: "Cat 4"}
    changes = ChangeSet()
    changes.set(DISTRIBUTION, 3, "S1-1", {"alloc_from": ("Cat 2", None)})
    changes.set(DISTRIBUTION, 4, "S1-2", {"alloc_from": ("Cat 3", None)})
    changes.delete(DISTRIBUTION, {7: "S1-3"})
    commit(path, changes)
    assert categories() == {3: None, 4: None}
    resaved(path)
    XlsxStore(path).undo(ENTRY)
    assert categories() == before


ODD_STRINGS = {
    "runs": ('<r><t xml:space="preserve"/></r><r><rPr><b/></rPr><t>bo</t></r><r><t xml:space="preserve">ld </t></r>', "bold "),
    "empty runs": ('<r><t/></r><r><t xml:space="preserve" /></r><r><t>x</t></r>', "x"),
    "CDATA": ("<t><![CDATA[a & <q>]]></t>", "a & <q>"),
    "comment": ("<!-- <t>no</t> --><t>yes<!-- no --></t>", "yes"),
    "phonetic": ('<t>課きく</t><rPh sb="0" eb="1"><t>カ</t></rPh><phoneticPr fontId="1"/>', "課きく"),
    "entities": ("<t>&#65;&#x42;&amp;lt; &quot;&apos;</t>", "AB&lt; \"'"),
    "spaces in tags": ('<t xml:space="preserve" > a </t >', " a "),
    "escapes": ("<t>_x0041__x005F_x0042_</t>", "A_x0042_"),
}


@pytest.mark.parametrize("prefix", ["", "x"])
@pytest.mark.parametrize("spelling", ODD_STRINGS)
def test_a_text_that_was_overwritten_comes_back_however_it_was_spelt(tmp_path: Path, spelling: str, prefix: str) -> None:
    """Undo after another save puts back what the journal says stood there: it must have been read right."""
    dialect = replace(EXCEL, prefix=prefix)
    model = plain_model()
    model[PURCHASES][2][4] = Put("PLACE", TEXT)
    path = plain_workbook(tmp_path / "event.xlsx", dialect, model)
    item, text = ODD_STRINGS[spelling]
    plain = '<si><t xml:space="preserve">PLACE</t></si>'
    if prefix:
        item, plain = (re.sub(r"<(/?)(?=(?:si|r|t|rPr|b|rPh|phoneticPr)\b)", rf"<\1{prefix}:", xml) for xml in (item, plain))
    parts = dict(Archive(path).parts)
    strings = parts["xl/sharedStrings.xml"].decode()
    assert plain in strings
    parts["xl/sharedStrings.xml"] = strings.replace(plain, plain.replace(plain[plain.index(">") + 1 : plain.rindex("</")], item)).encode()
    write_archive(path, parts, EXCEL)
    assert Archive(path).cells(PURCHASES)[2, 4].value == text
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"vendor": (text, "Other")})
    commit(path, changes)
    resaved(path)
    XlsxStore(path).undo(ENTRY)
    assert Archive(path).cells(PURCHASES)[2, 4].value == text


def test_a_queue_that_libreoffice_saved_is_rebuilt(tmp_path: Path) -> None:
    """It saves a tick-box that is off as the formula FALSE(), which is no formula of anybody's."""
    model = plain_model()
    off = Put(False, 0, '<f aca="false">FALSE()</f>')
    for row in (2, 3, 4):
        model[SALES_PARENT_RECON][row] = {1: Put("KEEP"), 4: Put(float(row)), 5: Put(f"S1-{row}"), 20: off}
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    changes = ChangeSet()
    changes.replace(SALES_PARENT_RECON, ("action", "sales_id", "process_now"), [("KEEP", "S1-1", False), ("MANUAL_REVIEW", "S1-2", True)])
    commit(path, changes)
    cells = Archive(path).cells(SALES_PARENT_RECON)
    assert {at: cell.value for at, cell in cells.items() if at[0] > 1 and cell.value is not None} == {
        (2, 1): "KEEP",
        (2, 5): "S1-1",
        (2, 20): False,
        (3, 1): "MANUAL_REVIEW",
        (3, 5): "S1-2",
        (3, 20): True,
    }


@pytest.mark.libreoffice
def test_undo_after_libreoffice_saved_the_workbook(tmp_path: Path, soffice: str) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    names = [sheet.name for sheet in MANIFEST]
    before = XlsxStore(path, use_cache=False).read(*names)
    store = XlsxStore(path, use_cache=False)
    changes, _meant = edit(store)
    store.commit(changes, store.revision(), ENTRY)
    after = XlsxStore(path, use_cache=False).read(*names)
    office_convert(soffice, [path], "xlsx", tmp_path / "saved")[0].replace(path)
    saved = XlsxStore(path, use_cache=False).read(*names)
    for name in names:
        assert saved[name].frame.equals(after[name].frame), name
    XlsxStore(path).undo(ENTRY)
    restored = XlsxStore(path, use_cache=False).read(*names)
    for name in names:
        assert restored[name].frame.equals(before[name].frame), name


# --- what is refused leaves the file alone


def state_of(path: Path) -> tuple[bytes, list[str], list[str]]:
    """The file, the other files beside it, and the journal."""
    journal = path.with_name(f"{path.name}.ticketops") / "journal"
    return (
        path.read_bytes(),
        sorted(p.name for p in path.parent.iterdir() if not p.name.endswith(".ticketops")),
        sorted(p.name for p in journal.glob("*.json.gz")) if journal.is_dir() else [],
    )


def refused(path: Path, changes: ChangeSet, match: str) -> None:
    before = state_of(path)
    store = XlsxStore(path, use_cache=False)
    with pytest.raises(SpliceError, match=match) as caught:
        store.commit(changes, store.revision(), ENTRY)
    assert caught.value.exit_code == 3
    assert state_of(path) == before


def with_purchase(cells: Mapping[str, Put]) -> dict[str, Grid]:
    """The plain model with these cells of Purchases."""
    model = plain_model()
    for reference, put in cells.items():
        row, column = address_of(reference)
        model[PURCHASES].setdefault(row, {})[column] = put
    return model


SHARED = {
    "I2": Put(1.0, 0, '<f t="shared" ref="I2:I3" si="0">G2*H2</f>'),
    "I3": Put(2.0, 0, '<f t="shared" si="0"/>'),
}
ARRAY = {"I2": Put(1.0, 0, '<f t="array" ref="I2:I3">G2:G3*H2:H3</f>'), "I3": Put(2.0)}
DATA_TABLE = {"I2": Put(1.0, 0, '<f t="dataTable" ref="I2:I3" dt2D="0" dtr="0" r1="G2"/>'), "I3": Put(2.0)}


@pytest.mark.parametrize("dialect", ["excel", "single quotes", "prefixed", "neither has r"])
@pytest.mark.parametrize(
    ("cells", "row"),
    [({"I2": Put(1.0, 0, "G2*H2")}, 2), (SHARED, 2), (SHARED, 3), (ARRAY, 2), (ARRAY, 3), (DATA_TABLE, 2), (DATA_TABLE, 3)],
    ids=[
        "formula",
        "shared formula, first",
        "shared formula, other",
        "array, first",
        "array, other",
        "data table, first",
        "data table, other",
    ],
)
def test_a_cell_that_a_formula_owns_is_refused(tmp_path: Path, cells: Mapping[str, Put], row: int, dialect: str) -> None:
    path = plain_workbook(tmp_path / "event.xlsx", DIALECTS[dialect], with_purchase(cells))
    changes = ChangeSet()
    changes.set(PURCHASES, row, "P", {"total": (1.0, 7.0)})
    refused(path, changes, rf"{PURCHASES}!I{row}")
    deletion = ChangeSet()
    deletion.delete(PURCHASES, {row: "P"})
    refused(path, deletion, rf"{PURCHASES}!I{row}")
    beside = ChangeSet()
    beside.set(PURCHASES, row, "P", {"price": (1.0, 7.0)})
    commit(path, beside)
    assert Archive(path).cells(PURCHASES)[row, 8].value == 7.0


def test_formulas_that_wait_below_the_data_are_refused_in_our_columns_and_kept_in_others(tmp_path: Path) -> None:
    ours = plain_workbook(tmp_path / "ours.xlsx", EXCEL, with_purchase({"I7": Put(None, 0, "G7*H7")}))
    theirs = plain_workbook(tmp_path / "theirs.xlsx", EXCEL, with_purchase({"N7": Put(None, MARKED, "G7*2")}))
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor", "total"), [("V", 1.0)])
    refused(ours, changes, "I7 holds a formula")
    commit(theirs, changes)
    cells = Archive(theirs).cells(PURCHASES)
    assert cells[7, 14] == Cell(None, "n", MARKED, ("G7*2", None, None, None))
    assert (cells[7, 4].value, cells[7, 9].value) == ("V", 1.0)


@pytest.mark.parametrize("dialect", ["excel", "single quotes", "prefixed"])
def test_merged_cells_are_refused_but_for_the_first(tmp_path: Path, dialect: str) -> None:
    tails = {PURCHASES: '<mergeCells count="2"><mergeCell ref="D2:E3"/><mergeCell ref="A8:B8"/></mergeCells>'}
    path = plain_workbook(tmp_path / "event.xlsx", DIALECTS[dialect], tails=tails)
    for row, name, cell in ((2, "contract", "E2"), (3, "vendor", "D3"), (3, "contract", "E3")):
        changes = ChangeSet()
        changes.set(PURCHASES, row, "P", {name: ("before", "after")})
        refused(path, changes, f"{PURCHASES}!{cell} lies inside merged cells")
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("date", "match"), [(DATE, "M01"), (DATE, "M02")])
    refused(path, changes, "B8 lies inside merged cells")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P", {"vendor": ("Viagogo", "Merged")})
    changes.append(PURCHASES, 7, ("date", "match"), [(DATE, "M01")])
    commit(path, changes)
    assert openpyxl.load_workbook(path)[PURCHASES]["D2"].value == "Merged"


@pytest.mark.parametrize("member", ["xl/vbaProjectSignature.bin", "xl/vbaProjectSignatureAgile.bin", "_xmlsignatures/sig1.xml"])
def test_a_signed_workbook_is_refused(tmp_path: Path, member: str) -> None:
    path = plain_workbook(tmp_path / "event.xlsx", members={"xl/vbaProject.bin": b"macro", member: b"<signature/>"})
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P", {"vendor": ("Viagogo", "Other")})
    refused(path, changes, "signed")
    assert XlsxStore(path).read(PURCHASES)[PURCHASES].frame.height == 4


def test_a_formula_in_the_way_is_exit_code_3_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = plain_model()
    for row in (3, 4, 7):
        cells = model[DISTRIBUTION][row]
        cells |= {column_of(DISTRIBUTION, name): Put(text) for name, text in (("match", "M01"), ("category", "Cat 1"))}
    model[DISTRIBUTION][3][column_of(DISTRIBUTION, "status")] = Put(None, 0, 'IF(1>2,"ALLOCATED","")')
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    before = state_of(path)
    assert run_command(["allocate", "commit", "S1", "-w", str(path), "--as", "ana", "--json"]) == 3
    error = json.loads(capsys.readouterr().out)
    letter = letters_of(column_of(DISTRIBUTION, "status"))
    assert error["error"]["code"] == "SPLICE"
    assert f"{DISTRIBUTION}!{letter}3 holds a formula" in error["error"]["message"]
    assert error["error"]["hint"]
    assert state_of(path) == before


# --- values at the edge


def appended_notes(path: Path, texts: Iterable[str]) -> list[tuple[Any, ...]]:
    """Append texts to Sales.Notes, and read them back: by openpyxl, by ourselves from the file, by the cache."""
    rows = [(text,) for text in texts]
    changes = ChangeSet()
    changes.append(SALES, 3, ("notes",), rows)
    commit(path, changes)
    sheet = openpyxl.load_workbook(path)[SALES]
    column = column_of(SALES, "notes")
    outside = [unescape(sheet.cell(row, column).value) for row in range(3, 3 + len(rows))]
    inside = XlsxStore(path, use_cache=False).read(SALES)[SALES].frame.filter(pl.col("row") >= 3)["notes"].to_list()
    xml = Archive(path).cells(SALES)
    return list(zip(outside, inside, [xml[row, column].value for row in range(3, 3 + len(rows))], strict=True))


def test_32767_characters_are_written_and_one_more_is_refused(tmp_path: Path) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    longest = "ab&" * 10_922 + "c"
    assert len(longest) == 32_767
    assert appended_notes(path, [longest]) == [(longest,) * 3]
    changes = ChangeSet()
    changes.set(SALES, 2, "S1", {"notes": (None, longest + "d")})
    refused(path, changes, rf"{SALES}!M2 would hold 32,768 characters")
    changes = ChangeSet()
    changes.append(SALES, 4, ("notes",), [("fine",), (longest + "d",)])
    refused(path, changes, rf"{SALES}!M5 would hold 32,768 characters")


@pytest.mark.parametrize(
    "text",
    [
        *(f"a{c}b" for c in ILLEGAL), "\x7f", "\x85\u2028\u2029", "_x0041_", "_x005F_", "_x005F_x0041_",
        "_x0041", "_x0041\x01", "_x005F\x1f_", "x_x00e4_y", "_x000D_\r\n", " lead", "trail ", "\n", "two  spaces", "\ttab", "]]>", "&amp;", "&#65;", "<c r=\"A1\"/>",
        "😀\U0010ffff", "e\u0301", "\u200b", "\u202eabc", "=1+1", "'quoted", "</t></is></c></row>",
    ],
    ids=ascii,
)  # fmt: skip
def test_characters_that_xml_treats_specially_round_trip(tmp_path: Path, text: str) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    assert appended_notes(path, [text]) == [(text,) * 3]


@pytest.mark.parametrize("text", ["\ufffe", "\uffff", "a\ufffeb"], ids=ascii)
def test_characters_that_are_none_are_never_changed_silently(tmp_path: Path, text: str) -> None:
    """XML can't hold U+FFFE and U+FFFF, and readers disagree on how they are escaped: whole, or refused."""
    path = plain_workbook(tmp_path / "event.xlsx")
    before = state_of(path)
    try:
        assert appended_notes(path, [text]) == [(text,) * 3]
    except SpliceError:
        assert state_of(path) == before


def test_special_characters_round_trip_in_bulk(tmp_path: Path) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    texts = [f"{n}{c}_x0041_{c} &<>" for n in range(160) for c in ILLEGAL]
    assert len(texts) > 5_000
    assert appended_notes(path, texts) == [(text,) * 3 for text in texts]


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    changes = ChangeSet()
    changes.set(SALES, 2, "S1", {"notes": (None, "a\ud83d")})
    refused(plain_workbook(tmp_path / "event.xlsx"), changes, "surrogate")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(tmp_path: Path, number: float) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"price": (120.5, number)})
    refused(path, changes, f"{PURCHASES}!.*{number}|{number}.*no number")
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("price",), [(number,)])
    refused(path, changes, "no number")


@pytest.mark.parametrize("number", [0.1, 1 / 3, 1e300, 5e-324, 123456789012345680.0, 2**53, -(2**53) + 1, 1e15, 1e16, 0.1 + 0.2, -0.5])
def test_numbers_keep_every_digit(tmp_path: Path, number: float) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"price": (120.5, number)})
    commit(path, changes)
    assert Archive(path).cells(PURCHASES)[2, 8].value == number
    assert openpyxl.load_workbook(path)[PURCHASES].cell(2, 8).value == number
    assert XlsxStore(path, use_cache=False).read(PURCHASES)[PURCHASES].frame["price"][0] == number


@pytest.mark.parametrize("moment", [
    datetime(1900, 1, 1), datetime(1900, 2, 15, 12), datetime(1900, 3, 1), datetime(1904, 1, 1), datetime(1999, 12, 31, 23, 59, 59),
    datetime(2000, 2, 29), datetime(9999, 12, 31),
])  # fmt: skip
def test_dates_at_the_edges_round_trip(tmp_path: Path, moment: datetime) -> None:
    """Spreadsheets hold that 1900 was a leap year: before 1 March 1900 serials are one smaller."""
    path = plain_workbook(tmp_path / "event.xlsx")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"date": (None, moment)})
    commit(path, changes)
    assert openpyxl.load_workbook(path)[PURCHASES].cell(2, 1).value == moment
    assert same_in_calamine(grids(path)[PURCHASES][2, 1], moment)
    assert XlsxStore(path, use_cache=False).read(PURCHASES)[PURCHASES].frame["date"][0] == moment


def test_a_date_that_no_cell_can_hold_is_refused(tmp_path: Path) -> None:
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"date": (None, datetime(1899, 12, 30))})
    refused(plain_workbook(tmp_path / "event.xlsx"), changes, f"{PURCHASES}!A2")


def test_a_date_gets_a_style_that_shows_dates(tmp_path: Path) -> None:
    """In a cell without a date style: the style of the cell above if that shows dates, else the cell's own with a date format."""
    model = plain_model()
    model[PURCHASES][2][1] = Put(None, MONEY)
    model[PURCHASES][3][1] = Put(None, MARKED)
    model[PURCHASES][5][1] = Put(1.0, DAY)
    model[PURCHASES][6][1] = Put("text", TEXT)
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    old = Archive(path)
    changes = ChangeSet()
    for row in (2, 3, 5, 6):
        changes.set(PURCHASES, row, "P", {"date": (None, NOON if row == 3 else DATE)})
    commit(path, changes)
    sheet = openpyxl.load_workbook(path)[PURCHASES]
    assert [sheet.cell(row, 1).value for row in (2, 3, 5, 6)] == [DATE, NOON, DATE, DATE]
    assert all(is_date_format(sheet.cell(row, 1).number_format) for row in (2, 3, 5, 6))
    assert "h" in sheet.cell(3, 1).number_format
    assert sheet.cell(3, 1).fill.fgColor.rgb == "FFFFCC00"
    assert "h" not in sheet.cell(2, 1).number_format
    new = Archive(path)
    assert new.cells(PURCHASES)[5, 1].style == DAY
    assert new.cells(PURCHASES)[6, 1].style == DAY  # that of the cell above
    assert styles_of(new)[: len(styles_of(old))] == styles_of(old)
    assert len(styles_of(new)) == len(styles_of(old)) + 2
    again = ChangeSet()
    again.set(PURCHASES, 2, "P", {"date": (DATE, NOON.replace(hour=0, minute=0, second=0))})
    commit(path, again)
    assert styles_of(Archive(path)) == styles_of(new)


@pytest.mark.parametrize(("row_looks", "style"), [
    ("", DAY), (' s="6" customFormat="1"', MARKED), (' s="6" customFormat="true"', MARKED), (' customFormat="false"', DAY),
    (' s="6" customFormat="0"', DAY), (' s="6"', DAY),
])  # fmt: skip
def test_a_new_cell_takes_the_look_of_its_row_if_it_has_one_else_of_its_column(tmp_path: Path, row_looks: str, style: int) -> None:
    path = plain_workbook(tmp_path / "event.xlsx", cols={PURCHASES: f'<cols><col min="3" max="3" width="9" style="{DAY}"/></cols>'})
    parts = dict(Archive(path).parts)
    part = Archive(path).sheets[PURCHASES]
    marked = re.sub(rb'(<row r="2" spans="[0-9:]+")', rb"\1" + row_looks.encode(), parts[part])
    write_archive(path, parts | {part: marked}, EXCEL)
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"game": (None, "new")})
    commit(path, changes)
    assert Archive(path).cells(PURCHASES)[2, 3] == Cell("new", "inlineStr", style, None)


def styles_of(archive: Archive) -> list[bytes]:
    formats = next(etree.fromstring(archive.parts[archive.styles]).iter("{*}cellXfs"))
    assert int(formats.get("count")) == len(formats)
    return [etree.tostring(xf, method="c14n") for xf in formats]


# --- where rows go, and what grows with them


@pytest.mark.parametrize("dialect", ["excel", "google", "neither has r"])
def test_appends_land_below_the_last_data_whatever_empty_rows_follow(tmp_path: Path, dialect: str) -> None:
    """Styled empty rows and tick-boxes that are off are no data; such rows keep their looks and their FALSE."""
    spelt = replace(DIALECTS[dialect], trailing=20)
    path = plain_workbook(tmp_path / "event.xlsx", spelt)
    ticks, notes = column_of(DISTRIBUTION, "process_now"), column_of(DISTRIBUTION, "notes")
    table = XlsxStore(path).read(DISTRIBUTION)[DISTRIBUTION]
    assert (table.next_row, table.frame["row"].to_list()) == (8, [3, 4, 7])
    changes = ChangeSet()
    changes.append(DISTRIBUTION, 8, ("sales_id", "notes"), [(f"S5-{n}", f"n{n}") for n in range(1, 4)])
    commit(path, changes)
    cells = filled(Archive(path).cells(DISTRIBUTION))
    assert [cells[row, 8].value for row in (7, 8, 9, 10)] == ["S1-3", "S5-1", "S5-2", "S5-3"]
    assert [cells[row, ticks].value for row in range(8, 28)] == [False] * 20
    assert [cells[row, 1] for row in range(8, 28)] == [Cell(None, "n", MARKED, None)] * 20
    assert [cells[row, notes].style for row in range(8, 11)] == [TEXT] * 3
    assert max(row for row, _ in cells) == 27


def test_rows_are_appended_beyond_a_gap_and_before_rows_that_hold_only_strange_cells(tmp_path: Path) -> None:
    """Cells in columns that are not ours are no data of ours, but they stay."""
    model = plain_model()
    model[PURCHASES][9] = {20: Put("a remark far below")}
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor",), [(f"V{n}",) for n in range(4)])
    commit(path, changes)
    cells = Archive(path).cells(PURCHASES)
    assert [cells[row, 4].value for row in range(7, 11)] == ["V0", "V1", "V2", "V3"]
    assert cells[9, 20] == Cell("a remark far below", "s", 0, None)


def test_new_rows_are_seen_also_below_a_hidden_row(tmp_path: Path) -> None:
    """Of the row above they take height and format; that it is filtered out, grouped or collapsed they do not take."""
    path = plain_workbook(tmp_path / "event.xlsx")
    part = Archive(path).sheets[PURCHASES]
    looks = b' ht="30" customHeight="1" hidden="1" outlineLevel="2" collapsed="1"'
    xml = re.sub(rb'(<row r="6"[^>]*)>', rb"\1" + looks + b">", Archive(path).parts[part])
    write_archive(path, dict(Archive(path).parts) | {part: xml}, EXCEL)
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor",), [("a",), ("b",)])
    commit(path, changes)
    rows = openpyxl.load_workbook(path)[PURCHASES].row_dimensions
    assert [(rows[n].height, rows[n].hidden, rows[n].outlineLevel, rows[n].collapsed) for n in (7, 8)] == [(30, False, 0, False)] * 2
    assert (rows[6].height, rows[6].hidden, rows[6].outlineLevel, rows[6].collapsed) == (30, True, 2, True)


def test_a_sheet_that_is_full_is_refused(tmp_path: Path) -> None:
    """A sheet ends with row 1,048,576: a file with more is damaged."""
    model = plain_model()
    model[MATTHIAS_EMAILS][1_048_575] = {1: Put("last@desk.example")}
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    changes = ChangeSet()
    changes.append(MATTHIAS_EMAILS, 1_048_576, ("email",), [("a@desk.example",), ("b@desk.example",)])
    refused(path, changes, f"{MATTHIAS_EMAILS}.*1,048,576")
    changes = ChangeSet()
    changes.append(MATTHIAS_EMAILS, 1_048_576, ("email",), [("a@desk.example",)])
    commit(path, changes)
    assert Archive(path).cells(MATTHIAS_EMAILS)[1_048_576, 1].value == "a@desk.example"


GROWING = {
    "autoFilter": ("A1:N6", "A1:N9"),
    "conditionalFormatting": ("D2:D6 F2:F6", "D2:D9 F2:F9"),
    "dataValidation": ("G2:G6", "G2:G9"),
}
STANDING = ("D2:D5", "H3", "A1:N1", "D2:D9", "D2:D300", "A9:B12", "1:1", "D:D")


def growing_workbook(path: Path, dialect: Dialect, *, totals: bool = False) -> Path:
    main = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
    rule = '<cfRule type="cellIs" priority="{}" operator="equal"><formula>"SENT"</formula></cfRule>'
    fixed = "".join(
        f'<conditionalFormatting sqref="{area}">{rule.format(i)}</conditionalFormatting>' for i, area in enumerate(STANDING[:-2], start=10)
    )
    tail = (
        f'<autoFilter ref="{GROWING["autoFilter"][0]}"/>'
        f'<conditionalFormatting sqref="{GROWING["conditionalFormatting"][0]}">{rule.format(1)}</conditionalFormatting>{fixed}'
        f'<dataValidations count="3"><dataValidation type="whole" sqref="{GROWING["dataValidation"][0]}"><formula1>1</formula1></dataValidation>'
        f'<dataValidation type="whole" sqref="{STANDING[0]} H6"><formula1>1</formula1></dataValidation>'
        f'<dataValidation type="list" sqref="{STANDING[-1]} {STANDING[-2]}"><formula1>"a,b"</formula1></dataValidation></dataValidations>'
    )
    after = (
        f'<tableParts count="1"><tablePart r:id="rIdT"/></tableParts><extLst><ext xmlns:x14="{main}" uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}">'
        '<x14:conditionalFormattings><x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
        '<x14:cfRule type="dataBar" id="{1}"/><xm:sqref>H2:H6</xm:sqref></x14:conditionalFormatting>'
        '<x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><xm:sqref>H2:H4</xm:sqref>'
        '</x14:conditionalFormatting></x14:conditionalFormattings></ext><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        f'xmlns:x14="{main}"><x14:dataValidations xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" count="1"><x14:dataValidation '
        f'type="list"><x14:formula1><xm:f>{SALES}!$A$2:$A$9</xm:f></x14:formula1><xm:sqref>K2:K6</xm:sqref></x14:dataValidation>'
        "</x14:dataValidations></ext></extLst>"
    )
    count = ' totalsRowCount="1"' if totals else ""
    table = (
        f'<?xml version="1.0"?><table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" id="1" name="T" displayName="T" '
        f'ref="A1:K6"{count}><autoFilter ref="A1:K6"/><tableColumns count="11">'
        + "".join(f'<tableColumn id="{i}" name="{h}"/>' for i, h in enumerate(MANIFEST[PURCHASES].canonical_headers, start=1))
        + "</tableColumns></table>"
    )
    position = [s.name for s in MANIFEST.canonical()].index(PURCHASES)
    other = position + 1
    names = (
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{position}" hidden="1">\'{PURCHASES}\'!$A$1:$N$6</definedName>'
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{other}" hidden="1">{SALES}!$A$1:$N$6</definedName>'
        f'<definedName name="_xlnm.Print_Area" localSheetId="{position}">{PURCHASES}!$A$1:$N$6</definedName>'
    )
    plain_workbook(
        path, dialect, tails={PURCHASES: tail}, names=names, members={"xl/tables/table1.xml": table.encode()},
        rels={PURCHASES: f'<Relationship Id="rIdT" Type="{RELATIONS}/table" Target="../tables/table1.xml"/>'},
    )  # fmt: skip
    archive = Archive(path)
    part = archive.sheets[PURCHASES]
    close = archive.parts[part].rindex(b"</")
    spelt = (
        after.replace("<tablePart", f"<{dialect.prefix}:tablePart").replace("</tablePart", f"</{dialect.prefix}:tablePart")
        if dialect.prefix
        else after
    )
    parts = archive.parts | {part: archive.parts[part][:close] + spelt.encode() + archive.parts[part][close:]}
    with zipfile.ZipFile(path, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return path


@pytest.mark.parametrize("dialect", ["excel", "single quotes", "one element a line"])
def test_ranges_that_end_with_the_data_grow_and_others_do_not(tmp_path: Path, dialect: str) -> None:
    path = growing_workbook(tmp_path / "event.xlsx", DIALECTS[dialect])
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor",), [("a",), ("b",), ("c",)])
    commit(path, changes)
    new = Archive(path)
    sheet = etree.fromstring(new.parts[new.sheets[PURCHASES]])
    assert sheet.find("{*}autoFilter").get("ref") == GROWING["autoFilter"][1]
    formats = [e.get("sqref") for e in sheet.findall("{*}conditionalFormatting")]
    assert formats == [GROWING["conditionalFormatting"][1], *STANDING[:-2]]
    validations = [e.get("sqref") for e in sheet.iter("{*}dataValidation") if e.get("sqref")]
    assert validations == [GROWING["dataValidation"][1], f"{STANDING[0]} H6:H9", f"{STANDING[-1]} {STANDING[-2]}"]
    assert [e.text for e in sheet.iter("{*}sqref")] == ["H2:H9", "H2:H4", "K2:K9"]
    assert sheet.find("{*}dimension").get("ref") == "A1:N9"
    table = etree.fromstring(new.parts["xl/tables/table1.xml"])
    assert (table.get("ref"), table.find("{*}autoFilter").get("ref")) == ("A1:K9", "A1:K9")
    names = [(e.get("name"), e.get("localSheetId"), e.text) for e in etree.fromstring(new.parts["xl/workbook.xml"]).iter("{*}definedName")]
    assert [text for _, _, text in names] == [f"'{PURCHASES}'!$A$1:$N$9", f"{SALES}!$A$1:$N$6", f"{PURCHASES}!$A$1:$N$6"]
    assert XlsxStore(path).undo(ENTRY).number == 1


def test_ranges_stay_where_rows_are_only_edited(tmp_path: Path) -> None:
    path = growing_workbook(tmp_path / "event.xlsx", EXCEL)
    old = Archive(path)
    changes = ChangeSet()
    changes.set(PURCHASES, 6, "P_6", {"vendor": ("  spaced  ", "b")})
    changes.delete(PURCHASES, {3: "P_3"})
    commit(path, changes)
    new = Archive(path)
    part = new.sheets[PURCHASES]
    assert new.parts[part].partition(b"</sheetData>")[2] == old.parts[part].partition(b"</sheetData>")[2]
    assert new.parts[part].partition(b"<sheetData>")[0] == old.parts[part].partition(b"<sheetData>")[0]
    assert new.parts["xl/tables/table1.xml"] == old.parts["xl/tables/table1.xml"]


def test_a_table_with_a_totals_row_is_refused_for_new_rows_only(tmp_path: Path) -> None:
    path = growing_workbook(tmp_path / "event.xlsx", EXCEL, totals=True)
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor",), [("a",)])
    refused(path, changes, "totals row")
    changes = ChangeSet()
    changes.set(PURCHASES, 6, "P_6", {"vendor": ("  spaced  ", "b")})
    commit(path, changes)


def test_an_empty_sheet_takes_rows_and_keeps_what_follows_its_cells(tmp_path: Path) -> None:
    """`<sheetData/>` is how every program writes a sheet without cells."""
    model = plain_model()
    model["_REPORT_POSITION"] = {}
    tails = {"_REPORT_POSITION": '<sheetProtection sheet="0"/>'}
    path = plain_workbook(tmp_path / "event.xlsx", model=model, tails=tails)
    old = Archive(path)
    part = old.sheets["_REPORT_POSITION"]
    assert b"<sheetData/>" in old.parts[part]
    changes = ChangeSet()
    changes.replace("_REPORT_POSITION", (), [("TITLE", None, DATE), (), (1, 2.5, True)])
    commit(path, changes)
    new = Archive(path)
    assert values(new.cells("_REPORT_POSITION")) == {(1, 1): "TITLE", (1, 3): serial(DATE), (3, 1): 1, (3, 2): 2.5, (3, 3): True}
    assert new.parts[part].partition(b"</sheetData>")[2] == old.parts[part].partition(b"<sheetData/>")[2]


# --- the file as such


def vendor_changed() -> ChangeSet:
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"vendor": ("Viagogo", "Other")})
    return changes


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664])
def test_the_file_mode_is_kept(tmp_path: Path, mode: int) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    path.chmod(mode)
    store = commit(path, vendor_changed())
    assert stat.S_IMODE(path.stat().st_mode) == mode
    store.undo(ENTRY)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_link_to_a_workbook_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    target = plain_workbook(tmp_path / "share" / "event.xlsx")
    link = tmp_path / "link.xlsx"
    link.symlink_to(Path("share") / "event.xlsx")
    old = target.read_bytes()
    commit(link, vendor_changed())
    assert link.is_symlink()
    assert link.readlink() == Path("share") / "event.xlsx"
    assert target.read_bytes() != old
    assert not target.is_symlink()
    assert Archive(link).cells(PURCHASES)[2, 4].value == "Other"
    XlsxStore(link).undo(ENTRY)
    assert target.read_bytes() == old


def test_a_damaged_member_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = plain_workbook(tmp_path / "event.xlsx", replace(EXCEL, compression=zipfile.ZIP_STORED))
    data = path.read_bytes()
    assert data.count(b"Mexico") == 1
    path.write_bytes(data.replace(b"Mexico", b"Mexicx"))
    before = state_of(path)
    store = XlsxStore(path, use_cache=False)
    with pytest.raises(UnusableError, match="damaged"):
        store.commit(vendor_changed(), store.revision(), ENTRY)
    assert state_of(path) == before


@pytest.mark.libreoffice
def test_libreoffice_reads_what_was_written_in_other_dialects(tmp_path: Path, soffice: str) -> None:
    files, expected = [], {}
    spelt = ("excel", "google", "neither has r", "prefixed, inline strings", "comments and CDATA", "zip64", "streamed", "date1904")
    for number, dialect in enumerate(spelt):
        path = plain_workbook(tmp_path / f"d{number}.xlsx", DIALECTS[dialect])
        store = XlsxStore(path, use_cache=False)
        changes, _meant = edit(store)
        store.commit(changes, store.revision(), ENTRY)
        files.append(path)
        expected[path.name] = grids(path)
    for path in office_convert(soffice, files, "xlsx", tmp_path / "converted"):
        found, meant = grids(path), expected[path.name]
        formulas = {PURCHASES: {(row, 14) for row in (2, 3, 5, 6)}, "Own sheet": {(1, 2)}}
        for name in meant:
            cells = [{at: v for at, v in grid[name].items() if at not in formulas.get(name, ())} for grid in (found, meant)]
            assert cells[0] == cells[1], (path.name, name)
        assert found["Own sheet"][1, 2] == 2 + 3 + 6, "the users' own formula is computed on what was written"


# --- strings that broke other programs


def naughty_strings() -> list[str]:
    root = Path(__file__).resolve().parents[3]
    shared = Path(os.environ.get("TICKETOPS_SHARED", root.parent / "shared" / "data"))
    for path in (shared / "blns.json", shared / "data" / "blns.json"):
        if path.is_file():
            texts: list[str] = json.loads(path.read_text("utf-8"))
            return [text for text in texts if text and not {"\ufffe", "\uffff"} & set(text)]
    pytest.skip(f"there is no blns.json in {shared}: set TICKETOPS_SHARED to the folder that holds it")


def test_naughty_strings_round_trip(tmp_path: Path) -> None:
    texts = naughty_strings()
    assert len(texts) > 400
    path = plain_workbook(tmp_path / "event.xlsx")
    assert appended_notes(path, texts) == [(text,) * 3 for text in texts]


def test_naughty_strings_round_trip_in_bulk_and_in_cells_that_are_there(tmp_path: Path) -> None:
    texts = naughty_strings()
    path = plain_workbook(tmp_path / "event.xlsx")
    columns = tuple(c.name for c in MANIFEST[DISTRIBUTION].columns if c.type.value == "text" and not c.secret)
    rows = [tuple(texts[(i + shift) % len(texts)] for shift in range(len(columns))) for i in range(5_000 // len(columns) + 1)]
    changes = ChangeSet()
    changes.append(DISTRIBUTION, 8, columns, rows)
    commit(path, changes)
    found = XlsxStore(path, use_cache=False).read(DISTRIBUTION)[DISTRIBUTION].frame.filter(pl.col("row") >= 8)
    assert found.select(columns).rows() == rows
    changes = ChangeSet()
    again = [row[::-1] for row in rows]
    for number, (old, new) in enumerate(zip(rows, again, strict=True), start=8):
        changes.set(DISTRIBUTION, number, str(number), {n: (a, b) for n, a, b in zip(columns, old, new, strict=True)})
    commit(path, changes)
    found = XlsxStore(path, use_cache=False).read(DISTRIBUTION)[DISTRIBUTION].frame.filter(pl.col("row") >= 8)
    assert found.select(columns).rows() == again


def test_the_macro_workbook_is_edited_as_such(tmp_path: Path) -> None:
    path = rich_workbook(tmp_path / "event.xlsm")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_a", {"vendor": ("Viagogo", "Other")})
    old = Archive(path)
    commit(path, changes)
    new = Archive(path)
    assert new.raw("xl/vbaProject.bin") == old.raw("xl/vbaProject.bin")
    assert new.parts["[Content_Types].xml"] == old.parts["[Content_Types].xml"]
    assert new.cells(PURCHASES)[2, 4].value == "Other"
    assert new.cells(PURCHASES)[2, 4].style == old.cells(PURCHASES)[2, 4].style != GENERAL
