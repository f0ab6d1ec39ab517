"""Part names are equal without regard to case; some programs write them, and the targets of
relations, with backslashes, dots or escapes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stores.xlsx.archive import Archive
from tests.stores.xlsx.dialects import ENTRY, EXCEL, commit, edit
from tests.stores.xlsx.plain_workbook import plain_workbook, write_archive
from tests.stores.xlsx.rich_workbook import rich_workbook
from ticketops.errors import UnusableError
from ticketops.model.changes import AddSheet, ChangeSet
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, MATTHIAS_EMAILS, PURCHASES
from ticketops.stores.xlsx.store import XlsxStore

RELATIONS = "xl/_rels/workbook.xml.rels"
Parts = dict[str, bytes]


def renamed(change: Callable[[str], str]) -> Callable[[Parts], Parts]:
    return lambda parts: {change(name): content for name, content in parts.items()}


def retargeted(old: str, new: str) -> Callable[[Parts], Parts]:
    return lambda parts: (
        parts
        | {
            RELATIONS: re.sub(
                f'Target="{old}'.encode(), f'Target="{new}'.encode(), parts[RELATIONS]
            )
        }
    )


def moved(parts: Parts) -> Parts:
    """The workbook, its strings and its styles under names of their own."""
    names = {
        "xl/workbook.xml": "xl/book.xml",
        RELATIONS: "xl/_rels/book.xml.rels",
        "xl/sharedStrings.xml": "xl/texts.xml",
        "xl/styles.xml": "xl/looks.xml",
    }
    found = {}
    for name, content in parts.items():
        if name.endswith(".rels") or name.startswith("[Content"):
            content = re.sub(rb"\bworkbook\.xml\b", b"book.xml", content)  # noqa: PLW2901
            content = re.sub(rb"\bsharedStrings\.xml", b"texts.xml", content)  # noqa: PLW2901
            content = re.sub(rb"\bstyles\.xml", b"looks.xml", content)  # noqa: PLW2901
        found[names.get(name, name)] = content
    return found


SPELLINGS: dict[str, Callable[[Parts], Parts]] = {
    "strings": renamed(lambda name: name.replace("sharedStrings", "SharedStrings")),
    "styles": renamed(lambda name: name.replace("styles", "Styles")),
    "sheets": renamed(lambda name: name.replace("xl/worksheets/sheet", "XL/Worksheets/Sheet")),
    "relations": renamed(lambda name: name.replace("_rels/workbook", "_RELS/Workbook")),
    "all upper": renamed(str.upper),
    "backslashes": renamed(lambda name: name.replace("/", "\\")),
    "targets with backslashes": retargeted("worksheets/", r"worksheets\\\\"),
    "absolute targets with backslashes": retargeted("worksheets/", r"\\\\xl\\\\worksheets\\\\"),
    "absolute targets in another case": retargeted("worksheets/", "/XL/Worksheets/"),
    "targets with dots": retargeted("worksheets/", "../xl/./worksheets/"),
    "targets with escapes": retargeted("worksheets/sheet", "worksheets/sh%65et"),
    "strings by a backslash": retargeted("sharedStrings", r"\\\\xl\\\\SHAREDSTRINGS"),
    "moved": moved,
    "the workbook by a backslash": lambda parts: (
        parts | {"_rels/.rels": parts["_rels/.rels"].replace(b"xl/workbook", rb"xl\workbook")}
    ),
}


def members_of(path: Path) -> Parts:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def spelt(path: Path, change: Callable[[Parts], Parts]) -> Path:
    write_archive(path, change(dict(Archive(plain_workbook(path)).parts)), EXCEL)
    return path


def canonical(path: Path) -> Parts:
    """The sheets by name, as if every program spelt them alike."""
    return {
        name.replace("\\", "/").lower(): content
        for name, content in members_of(path).items()
        if "sheets" in name.lower()
    }


@pytest.mark.parametrize("change", SPELLINGS.values(), ids=SPELLINGS)
def test_whatever_the_parts_are_called_the_same_is_read_and_written(
    tmp_path: Path, change: Callable[[Parts], Parts]
) -> None:
    plain = plain_workbook(tmp_path / "plain.xlsx")
    odd = spelt(tmp_path / "odd.xlsx", change)
    members = members_of(odd)
    tables = [
        XlsxStore(path, layout=EVENT, use_cache=False).read(PURCHASES, DISTRIBUTION)
        for path in (plain, odd)
    ]
    for name in (PURCHASES, DISTRIBUTION):
        assert tables[1][name].frame.equals(tables[0][name].frame)
    for path in (plain, odd):
        commit(path, edit(XlsxStore(path, use_cache=False, layout=EVENT))[0])
    assert canonical(odd) == canonical(plain)
    assert members_of(odd).keys() == members.keys()


@pytest.mark.parametrize("change", SPELLINGS.values(), ids=SPELLINGS)
def test_a_sheet_is_added_and_taken_out_again(
    tmp_path: Path, change: Callable[[Parts], Parts]
) -> None:
    def without_a_sheet(parts: Parts) -> Parts:
        book = re.sub(rb'<sheet name="_MATTHIAS_EMAILS"[^>]*/>', b"", parts["xl/workbook.xml"])
        assert book != parts["xl/workbook.xml"]
        return change(parts | {"xl/workbook.xml": book})

    odd = spelt(tmp_path / "odd.xlsx", without_a_sheet)
    members = members_of(odd)
    store = XlsxStore(odd, layout=EVENT)
    changes = ChangeSet()
    changes.changes.append(AddSheet(MATTHIAS_EMAILS))
    changes.append(MATTHIAS_EMAILS, 2, ("email",), [("a@x.se",)])
    store.commit(changes, store.revision(), ENTRY)
    again = XlsxStore(odd, layout=EVENT, use_cache=False)
    assert again.read(MATTHIAS_EMAILS)[MATTHIAS_EMAILS].frame["email"].to_list() == ["a@x.se"]
    again.undo(ENTRY)
    assert members_of(odd) == members


@pytest.mark.parametrize("name", ["strings", "backslashes", "strings by a backslash", "moved"])
def test_the_cache_follows_the_strings(tmp_path: Path, name: str) -> None:
    path = spelt(tmp_path / "event.xlsx", SPELLINGS[name])
    for vendor in ("Viagogo", "Somebody"):
        parts = {
            part: content.replace(b"Viagogo", vendor.encode())
            for part, content in members_of(path).items()
        }
        write_archive(path, parts, EXCEL)
        read = XlsxStore(path, layout=EVENT).read(PURCHASES)[PURCHASES]
        assert read.frame["vendor"].to_list()[0] == vendor


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/styles.xml", "xl/worksheets/sheet"])
def test_a_part_that_is_named_and_not_there_is_missed(tmp_path: Path, part: str) -> None:
    """It is never left out of what the cache goes by."""
    path = plain_workbook(tmp_path / "event.xlsx")
    XlsxStore(path, layout=EVENT).read(PURCHASES)
    parts = dict(Archive(path).parts)
    sheet = Archive(path).sheets[PURCHASES]
    del parts[sheet if part.endswith("sheet") else part]
    write_archive(path, parts, EXCEL)
    before = path.read_bytes()
    with pytest.raises(UnusableError, match=r"event\.xlsx has no part 'xl/"):
        XlsxStore(path, layout=EVENT).read(PURCHASES)
    assert path.read_bytes() == before


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("part", ["xl/comments1.xml", "xl/comments2.xml", "xl/tables/table1.xml"])
def test_so_is_a_table_or_a_note(tmp_path: Path, part: str, cached: bool) -> None:
    path = rich_workbook(tmp_path / "event.xlsx")
    names = [sheet.name for sheet in EVENT.canonical()]
    if cached:
        XlsxStore(path, layout=EVENT).read(*names, strict=False)
    parts = members_of(path)
    del parts[part]
    write_archive(path, parts, EXCEL)
    with pytest.raises(UnusableError, match=rf"event\.xlsx has no part '{part}'"):
        XlsxStore(path, layout=EVENT).read(*names, strict=False)
