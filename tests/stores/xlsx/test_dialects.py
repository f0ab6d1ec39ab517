"""Every legal spelling of a workbook is read alike, edited where meant and nowhere else, and
restored by undo; what can't be edited safely is refused with nothing written."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
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

from tests.stores.xlsx.archive import DATE, Archive, Cell, column_of, office_convert, serial
from tests.stores.xlsx.dialects import (
    ENTRY,
    EXCEL,
    NOON,
    commit,
    counts_from_1904,
    edit,
    filled,
    grids,
    looks,
    same_in_calamine,
    values,
)
from tests.stores.xlsx.plain_workbook import (
    DIALECTS,
    TEXT,
    Put,
    by_libreoffice,
    by_openpyxl,
    plain_model,
    plain_workbook,
    resaved,
    write_archive,
)
from ticketops.errors import ConflictError
from ticketops.model.changes import AddSheet, ChangeSet
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    DISTRIBUTION,
    EVENT,
    PURCHASES,
    SALES_PARENT_RECON,
    UNITS_AUDIT,
)
from ticketops.stores.xlsx.store import XlsxStore

# --- one commit in every dialect


@pytest.fixture(scope="session")
def office_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    made: dict[str, bytes] = {}

    def make(soffice: str) -> bytes:
        if not made:
            made["file"] = by_libreoffice(
                tmp_path_factory.mktemp("office") / "office.xlsx", soffice
            ).read_bytes()
        return made["file"]

    return make


def others() -> list[Any]:
    return ["openpyxl", pytest.param("libreoffice", marks=pytest.mark.libreoffice)]


@pytest.fixture(params=[*DIALECTS, *others()])
def workbook(
    request: pytest.FixtureRequest, tmp_path: Path, office_file: Callable[[str], bytes]
) -> Path:
    """The small canonical workbook in one dialect."""
    path = tmp_path / "event.xlsx"
    if request.param == "openpyxl":
        return by_openpyxl(path)
    if request.param == "libreoffice":
        path.write_bytes(office_file(request.getfixturevalue("soffice")))
        return path
    return plain_workbook(path, DIALECTS[request.param])


def test_every_dialect_is_read_alike(workbook: Path, tmp_path: Path) -> None:
    usual = XlsxStore(plain_workbook(tmp_path / "usual.xlsx"), use_cache=False, layout=EVENT).read(
        *(s.name for s in EVENT)
    )
    tables = XlsxStore(workbook, use_cache=False, layout=EVENT).read(*(s.name for s in EVENT))
    for name, table in usual.tables.items():
        assert tables[name].frame.equals(table.frame), name
        assert (tables[name].positions, tables[name].next_row) == (
            table.positions,
            table.next_row,
        ), name
    assert usual[PURCHASES].next_row == 7
    assert usual[PURCHASES].frame["contract"].to_list() == ["000777", "0012", "9", "_x0041_"]
    assert usual[PURCHASES].frame["date"][0] == datetime(2026, 4, 19)


def test_a_commit_writes_what_is_meant_and_leaves_the_rest(workbook: Path) -> None:
    old = Archive(workbook)
    old_book, old_grids = openpyxl.load_workbook(workbook), grids(workbook)
    store = XlsxStore(workbook, use_cache=False, layout=EVENT)
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
            shown = (
                pytest.approx(serial(value, date1904=date1904), abs=1e-9)
                if isinstance(value, datetime)
                else value
            )
            assert cell.value == shown, (name, at)
            assert type(cell.value) is not bool or type(value) is bool
            own = book[name].cell(*at)
            text = (
                unescape(own.value)
                if isinstance(own.value, str) and cell.kind == "inlineStr"
                else own.value
            )
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
                    assert looks(book[name].cell(cell.row, cell.column)) == looks(cell), (
                        name,
                        cell.coordinate,
                    )
        assert {at: v for at, v in now[name].items() if at not in edited} == {
            at: v for at, v in old_grids[name].items() if at not in edited
        }


def test_formulas_are_computed_anew_when_the_workbook_is_opened(workbook: Path) -> None:
    """Their values in the file are those of before; workbook.xml says so, in the order that its
    schema demands."""
    store = XlsxStore(workbook, use_cache=False, layout=EVENT)
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
    sheet = EVENT[UNITS_AUDIT]
    changes = ChangeSet([AddSheet(UNITS_AUDIT)])
    changes.append(
        UNITS_AUDIT,
        2,
        ("timestamp", "issue", "purchases_qty"),
        [(NOON, "MISSING_ROWS_ADDED", 3), (DATE, "a < b", None)],
    )
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
    issue, quantity = (
        1 + [c.name for c in sheet.columns].index(name) for name in ("issue", "purchases_qty")
    )
    rows = [
        (found.cell(row, 1).value, found.cell(row, issue).value, found.cell(row, quantity).value)
        for row in (2, 3)
    ]
    assert rows == [(NOON, "MISSING_ROWS_ADDED", 3), (DATE, "a < b", None)]
    assert grids(workbook)[UNITS_AUDIT].keys() >= {
        (2, 1),
        (2, issue),
        (2, quantity),
        (3, 1),
        (3, issue),
    }
    table = XlsxStore(workbook, use_cache=False, layout=EVENT).read(UNITS_AUDIT)[UNITS_AUDIT]
    assert table.frame.select("timestamp", "issue", "purchases_qty").rows() == rows


def test_undo_restores_every_byte(workbook: Path) -> None:
    old = workbook.read_bytes()
    store = XlsxStore(workbook, use_cache=False, layout=EVENT)
    changes, _meant = edit(store)
    store.commit(changes, store.revision(), ENTRY)
    assert workbook.read_bytes() != old
    during = members(workbook)
    XlsxStore(workbook, layout=EVENT).undo(ENTRY)
    with zipfile.ZipFile(io.BytesIO(old)) as archive:
        before = {name: archive.read(name) for name in archive.namelist()}
    after = members(workbook)
    differing = {
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    }
    assert len(differing) <= 4, (
        differing
    )  # the log keeps its rows; styles, and the list of names where it has a filter
    assert {name for name in differing if during.get(name) == before.get(name)} <= differing - {
        n for n in differing if "/sheet" in n.lower()
    }
    log = filled(Archive(workbook).cells(ALLOC_LOG))
    assert sum(value == "UNDO" for value in values(log).values()) == 2


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_undo_after_another_program_saved_restores_every_value(workbook: Path) -> None:
    old = Archive(workbook)
    store = XlsxStore(workbook, use_cache=False, layout=EVENT)
    changes, _meant = edit(store)
    store.commit(changes, store.revision(), ENTRY)
    resaved(workbook)
    XlsxStore(workbook, layout=EVENT).undo(ENTRY)
    new = Archive(workbook)
    for name in old.sheets:
        if name == ALLOC_LOG:  # it keeps its rows
            continue
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
        XlsxStore(path, layout=EVENT).undo(ENTRY)
    assert path.read_bytes() == theirs


@pytest.mark.parametrize("dialect", ["excel", "prefixed", "neither has r", "date1904"])
def test_a_bulk_commit_writes_what_is_meant(tmp_path: Path, dialect: str) -> None:
    """From some thousands of cells on another reader verifies the file."""
    path = plain_workbook(tmp_path / "event.xlsx", DIALECTS[dialect])
    rows = [(DATE, f"S9-{n}", n, f" <{n}> ", n % 2 == 0) for n in range(1200)]
    changes = ChangeSet()
    changes.append(DISTRIBUTION, 8, ("date", "sales_id", "qty", "notes", "process_now"), rows)
    store = commit(path, changes)
    frame = (
        XlsxStore(path, use_cache=False, layout=EVENT)
        .read(DISTRIBUTION)[DISTRIBUTION]
        .frame.filter(pl.col("row") >= 8)
    )
    assert frame.select("date", "sales_id", "qty", "notes", "process_now").rows() == rows
    assert frame["row"].to_list() == list(range(8, 1208))
    store.undo(ENTRY)


@pytest.mark.parametrize("alias_stands", ["right", "left"])
def test_an_older_spelling_of_a_column_is_emptied_and_restored_with_it(
    tmp_path: Path, alias_stands: str
) -> None:
    """Where a column and an alias of it both exist the alias fills blanks: emptying the column
    alone would change nothing."""
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
        frame = (
            XlsxStore(path, use_cache=False, layout=EVENT).read(DISTRIBUTION)[DISTRIBUTION].frame
        )
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
    XlsxStore(path, layout=EVENT).undo(ENTRY)
    assert categories() == before


ODD_STRINGS = {
    "runs": (
        '<r><t xml:space="preserve"/></r><r><rPr><b/></rPr><t>bo</t></r><r><t xml:space="preserve">ld </t></r>',
        "bold ",
    ),
    "empty runs": ('<r><t/></r><r><t xml:space="preserve" /></r><r><t>x</t></r>', "x"),
    "CDATA": ("<t><![CDATA[a & <q>]]></t>", "a & <q>"),
    "comment": ("<!-- <t>no</t> --><t>yes<!-- no --></t>", "yes"),
    "phonetic": (
        '<t>課きく</t><rPh sb="0" eb="1"><t>カ</t></rPh><phoneticPr fontId="1"/>',
        "課きく",
    ),
    "entities": ("<t>&#65;&#x42;&amp;lt; &quot;&apos;</t>", "AB&lt; \"'"),
    "spaces in tags": ('<t xml:space="preserve" > a </t >', " a "),
    "escapes": ("<t>_x0041__x005F_x0042_</t>", "A_x0042_"),
}


@pytest.mark.parametrize("prefix", ["", "x"])
@pytest.mark.parametrize("spelling", ODD_STRINGS)
def test_a_text_that_was_overwritten_comes_back_however_it_was_spelt(
    tmp_path: Path, spelling: str, prefix: str
) -> None:
    """Undo after another save puts back what the journal says stood there: it must have been read
    right."""
    dialect = replace(EXCEL, prefix=prefix)
    model = plain_model()
    model[PURCHASES][2][4] = Put("PLACE", TEXT)
    path = plain_workbook(tmp_path / "event.xlsx", dialect, model)
    item, text = ODD_STRINGS[spelling]
    plain = '<si><t xml:space="preserve">PLACE</t></si>'
    if prefix:
        item, plain = (
            re.sub(r"<(/?)(?=(?:si|r|t|rPr|b|rPh|phoneticPr)\b)", rf"<\1{prefix}:", xml)
            for xml in (item, plain)
        )
    parts = dict(Archive(path).parts)
    strings = parts["xl/sharedStrings.xml"].decode()
    assert plain in strings
    parts["xl/sharedStrings.xml"] = strings.replace(
        plain, plain.replace(plain[plain.index(">") + 1 : plain.rindex("</")], item)
    ).encode()
    write_archive(path, parts, EXCEL)
    assert Archive(path).cells(PURCHASES)[2, 4].value == text
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"vendor": (text, "Other")})
    commit(path, changes)
    resaved(path)
    XlsxStore(path, layout=EVENT).undo(ENTRY)
    assert Archive(path).cells(PURCHASES)[2, 4].value == text


def test_a_queue_that_libreoffice_saved_is_rebuilt(tmp_path: Path) -> None:
    """It saves a tick-box that is off as the formula FALSE(), which is no formula of anybody's."""
    model = plain_model()
    off = Put(False, 0, '<f aca="false">FALSE()</f>')
    for row in (2, 3, 4):
        model[SALES_PARENT_RECON][row] = {
            1: Put("KEEP"),
            4: Put(float(row)),
            5: Put(f"S1-{row}"),
            20: off,
        }
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    changes = ChangeSet()
    changes.replace(
        SALES_PARENT_RECON,
        ("action", "sales_id", "process_now"),
        [("KEEP", "S1-1", False), ("MANUAL_REVIEW", "S1-2", True)],
    )
    commit(path, changes)
    cells = Archive(path).cells(SALES_PARENT_RECON)
    assert {
        at: cell.value for at, cell in cells.items() if at[0] > 1 and cell.value is not None
    } == {
        (2, 1): "KEEP",
        (2, 5): "S1-1",
        (2, 20): False,
        (3, 1): "MANUAL_REVIEW",
        (3, 5): "S1-2",
        (3, 20): True,
    }


@pytest.mark.slow
@pytest.mark.libreoffice
def test_undo_after_libreoffice_saved_the_workbook(tmp_path: Path, soffice: str) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    names = [sheet.name for sheet in EVENT]
    before = XlsxStore(path, use_cache=False, layout=EVENT).read(*names)
    store = XlsxStore(path, use_cache=False, layout=EVENT)
    changes, _meant = edit(store)
    store.commit(changes, store.revision(), ENTRY)
    after = XlsxStore(path, use_cache=False, layout=EVENT).read(*names)
    office_convert(soffice, [path], "xlsx", tmp_path / "saved")[0].replace(path)
    saved = XlsxStore(path, use_cache=False, layout=EVENT).read(*names)
    for name in names:
        assert saved[name].frame.equals(after[name].frame), name
    XlsxStore(path, layout=EVENT).undo(ENTRY)
    restored = XlsxStore(path, use_cache=False, layout=EVENT).read(*names)
    for name in names:
        if name != ALLOC_LOG:  # it keeps its rows (D19)
            assert restored[name].frame.equals(before[name].frame), name
    logged = after[ALLOC_LOG].frame
    assert restored[ALLOC_LOG].frame[: logged.height].equals(logged)
    assert set(restored[ALLOC_LOG].frame["action"][logged.height :]) == {"UNDO"}
