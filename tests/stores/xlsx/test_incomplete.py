"""Workbooks that lack a part, declare one that is not there, or hold what few programs write."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pytest
from lxml import etree

from tests.stores.xlsx.archive import DATE, MAIN, RELATIONS, Archive, office_convert
from tests.stores.xlsx.dialects import ENTRY, EXCEL, commit, grids
from tests.stores.xlsx.plain_workbook import plain_workbook, write_archive
from ticketops.errors import UnusableError
from ticketops.model.changes import AddSheet, ChangeSet
from ticketops.schema.layouts.event import EVENT, MATTHIAS_EMAILS, PURCHASES
from ticketops.stores.xlsx.store import XlsxStore

STYLES = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
TYPES = "[Content_Types].xml"


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def without_styles(path: Path, *, declared: bool = False, strict: bool = False) -> Path:
    """No styles part, no relation to it, no cell with a style. declared: its content type is."""
    parts = parts_of(plain_workbook(path))
    del parts["xl/styles.xml"]
    parts = {
        name: re.sub(rb' s="\d+"', b"", content) if "/sheet" in name else content
        for name, content in parts.items()
    }
    if strict:
        for name, content in parts.items():
            parts[name] = content.replace(
                MAIN.encode(), b"http://purl.oclc.org/ooxml/spreadsheetml/main"
            ).replace(
                RELATIONS.encode(), b"http://purl.oclc.org/ooxml/officeDocument/relationships"
            )
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = re.sub(rb'<Relationship [^>]*"styles\.xml"/>', b"", parts[relations])
    if not declared:
        parts[TYPES] = re.sub(rb'<Override [^>]*styles\.xml"[^>]*/>', b"", parts[TYPES])
    assert b"styles.xml" not in parts[relations]
    write_archive(path, parts, EXCEL)
    return path


def declared(path: Path) -> Counter[str]:
    root = etree.fromstring(parts_of(path)[TYPES])
    return Counter(e.get("PartName").lower() for e in root.iter("{*}Override"))


@pytest.mark.parametrize("with_sheet", [False, True])
@pytest.mark.parametrize("there", [False, True], ids=["undeclared", "declared"])
@pytest.mark.parametrize("strict", [False, True])
def test_a_workbook_without_styles_gets_some_for_its_dates(
    tmp_path: Path, there: bool, strict: bool, with_sheet: bool
) -> None:
    path = without_styles(tmp_path / "event.xlsx", declared=there, strict=strict)
    before = path.read_bytes()
    if with_sheet:
        parts = parts_of(path)
        name = MATTHIAS_EMAILS.encode()
        book = re.sub(rb'<sheet name="' + name + b'"[^>]*/>', b"", parts["xl/workbook.xml"])
        write_archive(path, parts | {"xl/workbook.xml": book}, EXCEL)
        before = path.read_bytes()
    changes = ChangeSet()
    if with_sheet:
        changes.changes.append(AddSheet(MATTHIAS_EMAILS))
    changes.append(PURCHASES, 7, ("date", "vendor"), [(DATE, "Somebody")])
    store = commit(path, changes)
    row = XlsxStore(path, layout=EVENT, use_cache=False).read(PURCHASES)[PURCHASES].frame[-1]
    assert (row["date"].item(), row["vendor"].item()) == (DATE, "Somebody")
    assert grids(path)[PURCHASES][7, 1] == DATE.date()
    assert set(declared(path).values()) == {1}
    if not strict:
        found = openpyxl.load_workbook(path)[PURCHASES].cell(7, 1)
        assert (found.value, found.is_date) == (DATE, True)
    kinds = [e.get("Type") for e in etree.fromstring(parts_of(path)["xl/_rels/workbook.xml.rels"])]
    assert sum(kind.endswith("/styles") for kind in kinds) == 1
    assert len({kind.rpartition("/")[0] for kind in kinds}) == 1
    store.undo(ENTRY)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "empty", ["<styleSheet xmlns='{0}'/>", "<styleSheet xmlns='{0}'><fonts/></styleSheet>"]
)
def test_a_styles_part_without_cell_styles_gets_some(tmp_path: Path, empty: str) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    parts = {
        name: re.sub(rb' s="\d+"', b"", content) if "/sheet" in name else content
        for name, content in parts_of(path).items()
    }
    write_archive(path, parts | {"xl/styles.xml": empty.format(MAIN).encode()}, EXCEL)
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("date", "vendor"), [(DATE, "Somebody")])
    commit(path, changes)
    assert grids(path)[PURCHASES][7, 1] == DATE.date()
    found = openpyxl.load_workbook(path)[PURCHASES].cell(7, 1)
    assert (found.value, found.is_date) == (DATE, True)


def test_a_workbook_without_styles_gets_none_where_none_is_needed(tmp_path: Path) -> None:
    path = without_styles(tmp_path / "event.xlsx")
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor",), [("Somebody",)])
    commit(path, changes)
    assert not any("styles" in name for name in parts_of(path))


def test_a_content_type_of_a_part_that_is_not_there_is_given_to_no_other(tmp_path: Path) -> None:
    """Two declarations of one part, and Excel repairs the file."""
    path = plain_workbook(tmp_path / "event.xlsx")
    parts = parts_of(path)
    book = re.sub(
        rb'<sheet name="' + MATTHIAS_EMAILS.encode() + b'"[^>]*/>', b"", parts["xl/workbook.xml"]
    )
    dangling = b"".join(
        b'<Override PartName="/xl/%b" ContentType="%b"/>' % (part, SHEET.encode())
        for part in (b"worksheets/sheet20.xml", b"Worksheets/Sheet21.xml", b"nothing.xml")
    )
    types = parts[TYPES].replace(b"</Types>", dangling + b"</Types>")
    write_archive(path, parts | {"xl/workbook.xml": book, TYPES: types}, EXCEL)
    before = path.read_bytes()
    changes = ChangeSet()
    changes.changes.append(AddSheet(MATTHIAS_EMAILS))
    changes.append(MATTHIAS_EMAILS, 2, ("email",), [("a@x.se",)])
    store = commit(path, changes)
    assert set(declared(path).values()) == {1}
    assert declared(path).keys() > {"/xl/worksheets/sheet22.xml", "/xl/nothing.xml"}
    store.undo(ENTRY)
    assert path.read_bytes() == before


def vendor_changed() -> ChangeSet:
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"vendor": ("Viagogo", "Other")})
    return changes


@pytest.mark.parametrize("name", ["", "Agile", "V3"])
def test_a_signature_of_the_macros_is_none_of_the_cells(tmp_path: Path, name: str) -> None:
    signature = f"xl/vbaProjectSignature{name}.bin"
    members = {"xl/vbaProject.bin": b"macro", signature: b"signature"}
    path = plain_workbook(tmp_path / "event.xlsm", members=members)
    commit(path, vendor_changed())
    after = parts_of(path)
    assert grids(path)[PURCHASES][2, 4] == "Other"
    assert {part: after[part] for part in members} == members


@pytest.mark.parametrize("state", ["show", "", "Visible", "none"])
def test_a_state_of_a_sheet_that_the_schema_does_not_know_is_no_obstacle(
    tmp_path: Path, state: str
) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    parts = parts_of(path)
    book = parts["xl/workbook.xml"].replace(b"<sheet ", f'<sheet state="{state}" '.encode())
    write_archive(path, parts | {"xl/workbook.xml": book}, EXCEL)
    before = path.read_bytes()
    store = commit(path, vendor_changed())
    read = XlsxStore(path, layout=EVENT, use_cache=False).read(PURCHASES)[PURCHASES]
    assert read.frame["vendor"].to_list()[0] == "Other"
    assert parts_of(path)["xl/workbook.xml"].count(f'state="{state}"'.encode()) == len(
        store.sheet_names()
    )
    store.undo(ENTRY)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("before", "sound"),
    [
        (b"text", False),
        (b"&amp;", False),
        (b"<!-- a comment -->text", False),
        (b"<!-- without an end ", False),
        (b"<!-- <a> -->\n<?one two?>\n", True),
    ],
)
@pytest.mark.parametrize("part", ["sheet", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_text_before_the_root_element_is_refused(
    tmp_path: Path, part: str, before: bytes, sound: bool
) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    parts = parts_of(path)
    part = Archive(path).sheets[PURCHASES] if part == "sheet" else part
    declaration, end, rest = parts[part].rpartition(b"?>")
    write_archive(path, parts | {part: declaration + end + before + rest}, EXCEL)
    content = path.read_bytes()
    if sound:
        commit(path, vendor_changed())
        assert grids(path)[PURCHASES][2, 4] == "Other"
    else:
        with pytest.raises(UnusableError, match="is not well-formed XML"):
            commit(path, vendor_changed())
        assert path.read_bytes() == content


@pytest.mark.slow
@pytest.mark.libreoffice
def test_libreoffice_opens_the_styles_that_were_added(tmp_path: Path, soffice: str) -> None:
    path = without_styles(tmp_path / "event.xlsx")
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("date", "vendor"), [(DATE, "Somebody")])
    commit(path, changes)
    (made,) = office_convert(soffice, [path], "xlsx", tmp_path / "made")
    assert grids(made)[PURCHASES][7, 1] == DATE.date()
    assert Archive(made).sheets.keys() == Archive(path).sheets.keys()
