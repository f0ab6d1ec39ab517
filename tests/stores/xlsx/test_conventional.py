"""Whether a sheet is written as every common program writes it is judged by its rows, one by one: what
stands around them costs nothing, and rows in which nothing is edited stay to the byte."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from ticketops.stores.xlsx import conventional as form

MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ROWS = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="3" spans="1:2"/><row r="4"><c r="B4" t="inlineStr"><is><t>x</t></is></c></row>'
CONTROL = (
    b'<drawing r:id="rId1"/><legacyDrawing r:id="rId2"/>'
    b'<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:xdr="urn:xdr">'
    b'<mc:Choice Requires="x14"><controls><mc:AlternateContent><mc:Choice Requires="x14">'
    b'<control shapeId="1025" r:id="rId3" name="Button 1" ><controlPr defaultSize="0" print="0" autoFill="0">'
    b'<anchor moveWithCells="1" sizeWithCells="1"><from><xdr:col>1</xdr:col><xdr:row>2</xdr:row></from>'
    b"<to><xdr:col>3</xdr:col><xdr:row>4</xdr:row></to></anchor></controlPr></control>"
    b"</mc:Choice></mc:AlternateContent></controls></mc:Choice></mc:AlternateContent>"
)
EXTENSION = (
    b'<extLst><ext uri="{78C0D931}" xmlns:x14="urn:x14"><x14:conditionalFormattings>'
    b'<x14:c r="A1" ><x14:row\n/></x14:c></x14:conditionalFormattings></ext></extLst>'
)


def sheet(rows: bytes = ROWS, head: bytes = b"", tail: bytes = b"") -> bytes:
    return b'<?xml version="1.0"?><worksheet %b>%b<sheetData>%b</sheetData>%b</worksheet>' % (
        MAIN,
        head,
        rows,
        tail,
    )


@pytest.fixture
def no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is parsed."""

    def refuse(*_words: Any, **_named: Any) -> Any:
        raise AssertionError("a parser was asked")

    monkeypatch.setattr(form.expat, "ParserCreate", refuse)


@pytest.mark.usefixtures("no_parser")
@pytest.mark.parametrize(
    ("head", "tail"),
    [
        (b"", CONTROL),
        (b"", EXTENSION),
        (b"<!-- <sheetData><row></sheetData> -->", b""),
        (b"", b"<!-- </sheetData> <c> -->"),
        (b"<sheetPr >\n</sheetPr >", b'<pageMargins left="1" />\n<?ours here?>'),
        (b'<sheetViews><sheetView workbookViewId="0" ></sheetView ></sheetViews>', b""),
        (b'<sheetFormatPr defaultRowHeight="15"\t/>', b"<drawing/ >"),
    ],
)
def test_what_stands_around_the_rows_costs_nothing(head: bytes, tail: bytes) -> None:
    xml = sheet(head=head, tail=tail)
    (done, start, end), originals = form.conventional_and_original(xml, "s.xml")
    assert done == xml
    assert done[start:end] == ROWS
    assert originals == {}


@pytest.mark.usefixtures("no_parser")
@pytest.mark.parametrize("empty", [b"<sheetData/>", b"<sheetData />"])
def test_an_empty_sheet_costs_nothing(empty: bytes) -> None:
    xml = b"<worksheet %b><cols><col/></cols>%b%b</worksheet>" % (MAIN, empty, CONTROL)
    done, start, end = form.conventional(xml, "s.xml")
    assert done[start:end] == b""
    assert done.replace(b"></sheetData>", b"/>") == xml.replace(b" />", b"/>")
    assert form.conventional(done, "s.xml").xml == done


ODD = {
    4: b'<row spans="1:2" r="4" ><c s="0" r="B4"><v>4</v></c></row>',
    5: b'<row r="5"><c r="A5" t="str"><v>a > b</v></c><c><v>7</v></c></row >',
    9: b"<row r='9'><c r='A9'><v>9</v></c></row>",
}


def mixed() -> bytes:
    plain = {n: b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (n, n, n) for n in range(1, 12)}
    return sheet(b"\n".join(row for _n, row in sorted((plain | ODD).items())))


def test_only_rows_that_are_written_differently_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    parse = form._Rewriter.rewrite

    def counted(self: Any, xml: bytes) -> Any:
        seen.append(xml)
        return parse(self, xml)

    monkeypatch.setattr(form._Rewriter, "rewrite", counted)
    (xml, start, end), originals = form.conventional_and_original(mixed(), "s.xml")
    assert {row: own for row, (_ours, own) in originals.items()} == ODD
    assert len(seen) == 1
    assert b'r="2"' not in seen[0]
    body = xml[start:end]
    assert b'<row r="4" spans="1:2"><c r="B4" s="0"><v>4</v></c></row>' in body
    assert b'<c r="A5" t="str"><v>a &gt; b</v></c><c r="B5"><v>7</v></c></row>' in body
    assert b'<row r="9"><c r="A9"><v>9</v></c></row>' in body
    assert form.is_conventional(xml)
    assert form.with_originals(xml, originals, (), "s.xml") == mixed()
    once = form.with_originals(xml, originals, (5,), "s.xml")
    assert [own in once for own in ODD.values()] == [True, False, True]


@pytest.mark.parametrize(
    "rows",
    [
        b"<row><c><v>1</v></c></row><row><c><v>2</v></c></row>",
        b'<row r="1"><c r="A1"><v>1</v></c></row><!-- <row r="2"> --><row r=\'3\'/>',
        b'<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[</row> > ]]></t></is></c></row>',
        b"<row r=\"1\"/> <row r='2'/>stray >",
    ],
)
def test_rows_that_only_a_parser_can_tell_apart(rows: bytes) -> None:
    done = form.conventional(sheet(rows), "s.xml").xml
    assert form.is_conventional(done)
    assert form.conventional(done, "s.xml").xml == done


def test_a_commit_rewrites_the_rows_that_it_edits_and_no_other(
    in_process: Runner, small: Path
) -> None:
    """Distribution with a control, and every third row in another spelling."""
    part = "xl/worksheets/sheet4.xml"
    with zipfile.ZipFile(small) as archive:
        members = {info: archive.read(info) for info in archive.infolist()}

    def other(found: re.Match[bytes]) -> bytes:
        number = int(found[1])
        return b"<row r='%d' %b>" % (number, found[2]) if number % 3 == 0 else found[0]

    info = next(info for info in members if info.filename == part)
    spelt = re.sub(rb'<row r="(\d+)"([^>/]*)>', other, members[info])
    members[info] = spelt.replace(
        b"</worksheet>", CONTROL.replace(b"r:id", b"id") + b"</worksheet>"
    )
    with zipfile.ZipFile(small, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in members.items():
            archive.writestr(info, content)

    def rows() -> dict[int, bytes]:
        with zipfile.ZipFile(small) as archive:
            xml = archive.read(part)
        assert CONTROL.replace(b"r:id", b"id") in xml
        found = re.findall(rb"""<row r=["'](\d+)["'].*?</row>""", xml, re.DOTALL)
        return dict(
            zip(map(int, found), re.findall(rb"<row .*?</row>", xml, re.DOTALL), strict=True)
        )

    before = rows()
    shown = in_process("allocate", "auto", "--dry-run", "--json", "-w", str(small))
    cells = [c for c in shown.json["cells"] if c["sheet"] == "Distribution"]
    assert in_process("allocate", "auto", "-y", "-w", str(small)).code in (0, 1)
    edited = {int(re.sub(r"\D", "", c["cell"])) for c in cells}
    after = rows()
    assert edited
    assert {n for n in before if before[n] != after[n]} == edited
    assert any(n % 3 == 0 and b"r='" in after[n] for n in before.keys() - edited)
