"""Formulas, errors and links in a file that came back are reported and not read."""

from __future__ import annotations

import re

import pytest
from openpyxl.worksheet.formula import ArrayFormula

from tests.books.field import GOOD, SHEET1, Field, filled, filled_raw, part, put, repacked

FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://x.example","y")',
    "='[1]Sheet'!A1",
    "=cmd|' /C calc'!A0",
    ArrayFormula("AC9", "=A4:A6"),
    "=#REF!",
    "=A4",
    "#N/A",
    "#REF!",
)


@pytest.mark.parametrize("letters", ["AC", "AF", "AE"])
def test_a_formula_or_an_error_is_reported_and_not_read(letters: str, event: Field) -> None:
    formulas = {f"{letters}{row}": formula for row, formula in enumerate(FORMULAS, start=5)}
    heard = event.pull(filled(event, put(**formulas, AD5="Müller")))
    told = [
        (code, message)
        for code, message in zip(heard.codes, heard.messages, strict=True)
        if code[0] == "FORMULA"
    ]
    assert [code for code, _ in told] == [("FORMULA", row) for row in range(5, 14)]
    assert all(place in message for place, (_, message) in zip(formulas, told, strict=True))
    assert heard.changed == GOOD | {("S1-2", "Last Name"): "Müller"}


def test_shared_formulas_with_values_are_reported(event: Field) -> None:
    """The first cell of a shared formula has its text, the others only its number; all carry a
    value that looks honest."""
    path = filled_raw(event, AC5="X1", AC6="X2", AC7="X3")
    sheet = part(path, SHEET1)
    shared = [
        b'<f t="shared" ref="AC5:AC7" si="0">A4</f>',
        b'<f t="shared" si="0"/>',
        b'<f t="shared" si="0"/>',
    ]
    for row, formula in zip((5, 6, 7), shared, strict=True):
        sheet, number = re.subn(
            rb'<c r="AC%d"( s="\d+")? t="s"><v>\d+</v></c>' % row,
            b'<c r="AC%d" t="str">%s<v>Eve</v></c>' % (row, formula),
            sheet,
        )
        assert number == 1
    heard = event.pull(repacked(path, {SHEET1: sheet}))
    assert [code for code in heard.codes if code[0] == "FORMULA"] == [
        ("FORMULA", 5),
        ("FORMULA", 6),
        ("FORMULA", 7),
    ]
    assert heard.changed == GOOD


def test_a_part_with_external_links_is_not_followed(event: Field) -> None:
    path = filled(event)
    link = (
        b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook xmlns:r="http://schemas.openxml'
        b'formats.org/officeDocument/2006/relationships" r:id="rId1"/></externalLink>'
    )
    rel = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.'
        b'openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" Target="file:///etc/hostname" TargetMode="External"/>'
        b"</Relationships>"
    )
    rels = part(path, "xl/_rels/workbook.xml.rels").replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink" '
        b'Target="externalLinks/externalLink1.xml"/></Relationships>',
    )
    book = part(path, "xl/workbook.xml").replace(
        b"</sheets>",
        b'</sheets><externalReferences><externalReference xmlns:r="http://schemas.open'
        b'xmlformats.org/officeDocument/2006/relationships" r:id="rId99"/></externalReferences>',
    )
    heard = event.pull(
        repacked(
            path,
            {
                "xl/externalLinks/externalLink1.xml": link,
                "xl/externalLinks/_rels/externalLink1.xml.rels": rel,
                "xl/_rels/workbook.xml.rels": rels,
                "xl/workbook.xml": book,
            },
        )
    )
    assert heard.changed == GOOD
