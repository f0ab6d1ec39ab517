"""Workbooks whose archive other programs wrote: edited, or refused before anything is written."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import python_calamine

from tests.cli.workbooks import type_into
from tests.conftest import Runner

Members = dict[str, bytes]
SALES, DISTRIBUTION = "xl/worksheets/sheet3.xml", "xl/worksheets/sheet4.xml"
WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
STRINGS = "xl/sharedStrings.xml"
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def write(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def with_sheet(members: Members, kind: bytes, xml: bytes, name: bytes = b"Macro1") -> Members:
    """One sheet more, of another kind than a worksheet."""
    entry = b'<sheet name="%b" sheetId="77" r:id="rId77"/></sheets>' % name
    relation = b'<Relationship Id="rId77" Type="%b" Target="others/other.xml"/></Relationships>'
    return members | {
        WORKBOOK: members[WORKBOOK].replace(b"</sheets>", entry),
        RELATIONS: members[RELATIONS].replace(b"</Relationships>", relation % kind),
        "xl/others/other.xml": xml,
    }


def macro_sheet(members: Members) -> Members:
    xml = b'<xm:macrosheet xmlns="%b" xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><sheetData/></xm:macrosheet>'
    return with_sheet(
        members, b"http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet", xml % MAIN
    )


def dialog_sheet(members: Members) -> Members:
    xml = b'<dialogsheet xmlns="%b"/>' % MAIN
    return with_sheet(members, OFFICE + b"/dialogsheet", xml)


def reversed_cells(members: Members) -> Members:
    def turn(found: re.Match[bytes]) -> bytes:
        cells = re.findall(rb"<c [^>]*?(?:/>|>.*?</c>)", found[2], re.DOTALL)
        return found[1] + b"".join(reversed(cells)) + found[3]

    return members | {
        part: re.sub(rb"(<row [^>]*[^/]>)(.*?)(</row>)", turn, members[part], flags=re.DOTALL)
        for part in (SALES, DISTRIBUTION)
    }


def renamed(before: str) -> Callable[[Members], Members]:
    return lambda members: {before + name: content for name, content in members.items()}


def shown(members: Members) -> Members:
    return members | {
        WORKBOOK: members[WORKBOOK].replace(b'name="Sales" ', b'name="Sales" state="show" ')
    }


def signed_macros(members: Members) -> Members:
    return members | {"xl/vbaProject.bin": b"m", "xl/vbaProjectSignatureAgile.bin": b"s"}


EDITED: dict[str, Callable[[Members], Members]] = {
    "a sheet of macros": macro_sheet,
    "a dialog": dialog_sheet,
    "cells out of order": reversed_cells,
    "names with a slash before": renamed("/"),
    "names with a dot and a slash before": renamed("./"),
    "names with a backslash before": renamed("\\"),
    "some names with a slash before": lambda members: {
        f"/{name}" if "sheet" in name else name: content for name, content in members.items()
    },
    'state="show"': shown,
    "a signed VBA project": signed_macros,
}


def sell(run: Runner, path: Path) -> object:
    words = ("sale", "add", "--client", "Zebra Tours", "--line", "M104:Cat 1:2@350", "-y")
    return run(*words, "--as", "ann", "-w", str(path))


@pytest.mark.parametrize("kind", EDITED)
def test_edited(in_process: Runner, small: Path, kind: str) -> None:
    """Only the parts that change do; the names of all stay; what is read back is what was sold."""
    before = EDITED[kind](members_of(small))
    write(small, before)
    done = sell(in_process, small)
    assert done.code == 0, done.err
    after = members_of(small)
    assert list(after)[: len(before)] == list(before)
    apart = {
        name.lstrip("./\\").replace("\\", "/") for name in after if after[name] != before.get(name)
    }
    assert apart <= {SALES, DISTRIBUTION, "xl/worksheets/sheet17.xml", WORKBOOK, "xl/styles.xml"}
    sales = in_process("sale", "list", "--client", "Zebra Tours", "--json", "-w", str(small))
    assert sales.json["result"]["sales"][-1]["quantity"] == 2
    plain = {name.lstrip("./\\").replace("\\", "/"): content for name, content in after.items()}
    plain = {name: content for name, content in plain.items() if not name.startswith("xl/others")}
    plain[WORKBOOK] = re.sub(rb'<sheet name="Macro1"[^>]*/>| state="show"', b"", plain[WORKBOOK])
    plain[RELATIONS] = re.sub(rb'<Relationship Id="rId77"[^>]*/>', b"", plain[RELATIONS])
    book = python_calamine.CalamineWorkbook.from_path(str(write(small.with_name("p.xlsx"), plain)))
    assert "Zebra Tours" in book.get_sheet_by_name("Sales").to_python()[-1]


def dtd(members: Members) -> Members:
    return members | {STRINGS: members[STRINGS].replace(b"<sst", b"<!DOCTYPE sst><sst", 1)}


def dtd_behind_a_comment(members: Members) -> Members:
    """In a part that is too large to be looked through, behind more than its head."""
    long = members[STRINGS].replace(b"</sst>", b"<si><t>%b</t></si></sst>" % (b"y" * 2**20))
    return members | {
        STRINGS: long.replace(b"<sst", b"<!--%b--><!DOCTYPE sst><sst" % (b"x" * 5000), 1)
    }


def lacking(part: str) -> Callable[[Members], Members]:
    return lambda members: {name: c for name, c in members.items() if name != part}


REFUSED: dict[str, tuple[Callable[[Members], Members], str]] = {
    "a DTD": (dtd, "the part 'xl/sharedStrings.xml' declares a DTD"),
    "a DTD behind a comment": (dtd_behind_a_comment, "declares a DTD"),
    "no strings": (lacking(STRINGS), "has no part 'xl/sharedStrings.xml'"),
    "no styles": (lacking("xl/styles.xml"), "has no part 'xl/styles.xml'"),
    "a sheet that is not read is not there": (
        lacking("xl/worksheets/sheet12.xml"),
        "has no part 'xl/worksheets/sheet12.xml'",
    ),
    "a part twice, once with a slash": (
        lambda members: members | {f"/{SALES}": members[SALES]},
        "twice",
    ),
    "a sheet of macros in place of a ledger": (
        lambda members: (
            members
            | {
                RELATIONS: members[RELATIONS].replace(
                    OFFICE + b'/worksheet" Target="worksheets/sheet3.xml',
                    b'http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet" Target="worksheets/sheet3.xml',
                )
            }
        ),
        "'Sales' is a sheet of macros, not a worksheet",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("cached", [False, True])
def test_refused(in_process: Runner, small: Path, kind: str, cached: bool) -> None:
    """Before the first write, and just so where the tables of the workbook are kept already."""
    change, says = REFUSED[kind]
    if cached:
        assert in_process("status", "-w", str(small)).code in (0, 1)
    before = write(small, change(members_of(small))).read_bytes()
    done = sell(in_process, small)
    assert done.code == 3
    assert says in done.err
    assert done.err.count("\n") == 1
    assert small.read_bytes() == before


def test_a_part_that_ends_behind_the_file_is_not_copied_short(
    in_process: Runner, small: Path
) -> None:
    """Of a sheet that the command does not read: the name in front of its bytes claims to be longer
    than the file. A copy of what is left would look whole, and undo could not give it back."""
    with zipfile.ZipFile(small) as archive:
        at = archive.getinfo("xl/worksheets/sheet16.xml").header_offset
    content = bytearray(small.read_bytes())
    assert len(content) < at + 0xFFFF
    content[at + 26 : at + 28] = b"\xff\xff"
    small.write_bytes(content)
    done = sell(in_process, small)
    assert done.code == 3
    assert done.err.count("\n") == 1
    assert "damaged at the part 'xl/worksheets/sheet16.xml'" in done.err
    assert small.read_bytes() == content


def test_a_protected_sheet_is_written_and_said_once(in_process: Runner, small: Path) -> None:
    members = members_of(small)
    lock = b'</sheetData><sheetProtection password="CC1A" sheet="1" objects="1"/>'
    parts = {
        part: members[part].replace(b"</sheetData>", lock, 1) for part in (SALES, DISTRIBUTION)
    }
    write(small, members | parts)
    done = in_process(
        *("sale", "add", "--client", "Zebra Tours", "--line", "M104:Cat 1:2@350", "-y", "--json"),
        *("-w", str(small)),
    )
    assert done.code == 0
    said = [found for found in done.json["findings"] if found["code"] == "PROTECTED_SHEET"]
    assert [found["severity"] for found in said] == ["INFO"]
    assert "Sales, Distribution are protected sheets" in said[0]["message"]
    assert all(b"<sheetProtection" in members_of(small)[part] for part in parts)
    done = in_process("sale", "expand", "--json", "-y", "-w", str(small))
    changed = done.json["changes"].keys() & {"Sales", "Distribution"}
    assert bool(changed) == any(f["code"] == "PROTECTED_SHEET" for f in done.json["findings"])


def test_protection_that_is_off_is_not_said(in_process: Runner, small: Path) -> None:
    members = members_of(small)
    off = b'</sheetData><sheetProtection sheet="0"/>'
    write(small, members | {SALES: members[SALES].replace(b"</sheetData>", off, 1)})
    assert "PROTECTED_SHEET" not in sell(in_process, small).out


@pytest.mark.slow
def test_an_array_whose_range_stands_before_its_type(in_process: Runner, small: Path) -> None:
    """Nothing is written into it, whichever attribute comes first."""
    type_into(small, "Sales", AZ2="=1+1")
    members = members_of(small)
    part = next(name for name, xml in members.items() if b"AZ2" in xml and b"<f" in xml)
    for attributes in (b'ref="A30:W40" t="array"', b"t='array' ref='A30:W40'"):
        xml = re.sub(rb"<f>1\+1</f>", b"<f %b>1+1</f>" % attributes, members[part])
        before = write(small, members | {part: xml}).read_bytes()
        done = sell(in_process, small)
        assert done.code in (0, 3)
        if done.code:
            assert small.read_bytes() == before
