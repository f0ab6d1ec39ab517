"""A workbook saved as Strict Open XML stays one, whatever is added to it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from lxml import etree

from tests.stores.xlsx.archive import MAIN, RELATIONS, Archive
from tests.stores.xlsx.dialects import ENTRY, EXCEL, commit, edit, grids
from tests.stores.xlsx.plain_workbook import DIALECTS, plain_workbook, write_archive
from ticketops.model.changes import AddColumns, AddSheet, ChangeSet
from ticketops.schema.layouts.event import EVENT, MATTHIAS_EMAILS, SALES
from ticketops.stores.xlsx.store import XlsxStore

STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def strict(path: Path, dialect: str = "excel", *, lacks: str = "") -> Path:
    parts = {
        name: content.replace(MAIN.encode(), STRICT_MAIN.encode()).replace(
            RELATIONS.encode(), STRICT_RELATIONS.encode()
        )
        for name, content in Archive(plain_workbook(path, DIALECTS[dialect])).parts.items()
    }
    if lacks:
        book = etree.fromstring(parts["xl/workbook.xml"])
        (sheet,) = book.xpath("//*[local-name()='sheet'][@name=$name]", name=lacks)
        sheet.getparent().remove(sheet)
        parts["xl/workbook.xml"] = etree.tostring(book)
    write_archive(path, parts, EXCEL)
    return path


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def all_strict(path: Path) -> bool:
    """Whether every element, and every type of a relation, is of the strict namespaces."""
    for name, content in parts_of(path).items():
        root = etree.fromstring(content)
        if name.endswith(".rels"):
            kinds = [e.get("Type") for e in root]
            assert not [kind for kind in kinds if kind.startswith(RELATIONS)], name
        used = {
            namespace
            for element in root.iter(etree.Element)
            for namespace in (etree.QName(element).namespace, *element.nsmap.values())
        }
        assert not used & {MAIN, RELATIONS}, name
    return True


@pytest.mark.parametrize("dialect", ["excel", "prefixed", "google", "neither has r"])
def test_an_edited_strict_workbook_is_strict(tmp_path: Path, dialect: str) -> None:
    path = strict(tmp_path / "event.xlsx", dialect)
    assert all_strict(path)
    commit(path, edit(XlsxStore(path, layout=EVENT, use_cache=False))[0])
    assert all_strict(path)
    plain = plain_workbook(tmp_path / "plain.xlsx", DIALECTS[dialect])
    commit(plain, edit(XlsxStore(plain, layout=EVENT, use_cache=False))[0])
    assert grids(path) == grids(plain)


@pytest.mark.parametrize("dialect", ["excel", "prefixed"])
def test_sheets_and_columns_are_added_in_the_dialect_of_the_workbook(
    tmp_path: Path, dialect: str
) -> None:
    path = strict(tmp_path / "event.xlsx", dialect, lacks=MATTHIAS_EMAILS)
    before = parts_of(path)
    changes = ChangeSet()
    changes.changes += [AddSheet(MATTHIAS_EMAILS), AddColumns(SALES, ("oversell",))]
    changes.append(MATTHIAS_EMAILS, 2, ("email",), [("a@x.se",)])
    store = commit(path, changes)
    assert all_strict(path)
    again = XlsxStore(path, layout=EVENT, use_cache=False).read(MATTHIAS_EMAILS, SALES)
    assert again[MATTHIAS_EMAILS].frame["email"].to_list() == ["a@x.se"]
    assert "oversell" in again[SALES].positions
    store.undo(ENTRY)
    assert parts_of(path) == before
