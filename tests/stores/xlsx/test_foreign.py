"""Files that are no .xlsx workbook are called by what they are, never by an exception's name."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Runner

UNUSABLE = 3


def archive(*parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for part in parts:
            file.writestr(part, "<x/>")
    return buffer.getvalue()


ODS = archive("mimetype", "content.xml", "styles.xml", "META-INF/manifest.xml")
NAMES = {
    "event.ods": "an OpenDocument spreadsheet",
    "event.xls": "Excel 97",
    "event.xlsb": "a binary workbook",
    "event.numbers": "Apple Numbers",
    "event.csv": "a file of plain text",
    "EVENT.TSV": "a file of plain text",
    "event.xltx": "a template",
    "event.html": "a web page",
    "event.pdf": "a PDF",
    "event.gsheet": "gsheet:ID",
    "event": "is not an .xlsx workbook",
    "event.banana": "is not an .xlsx workbook",
}
CONTENTS = {
    "ods": (ODS, "an OpenDocument file"),
    "xlsb": (archive("[Content_Types].xml", "_rels/.rels", "xl/workbook.bin"), "binary workbook"),
    "numbers": (archive("Index/Document.iwa", "Metadata/Properties.plist"), "Apple Numbers"),
    "docx": (archive("[Content_Types].xml", "_rels/.rels", "word/document.xml"), "text document"),
    "zip": (archive("photo.jpg"), "an archive of other files"),
    "empty zip": (archive(), "an archive of other files"),
    "csv": (b"match;category\nM01;Cat 1\n", "a file of plain text"),
    "csv with a mark": (b"\xef\xbb\xbfmatch;category\n", "a file of plain text"),
    "html": (b"<html><table><tr><td>M01</td></tr></table></html>", "a web page"),
    "html table": (b"<table border=1>", "a web page"),
    "xml 2003": (b'<?xml version="1.0"?><Workbook/>', "an XML file"),
    "pdf": (b"%PDF-1.7\n", "a PDF"),
    "xls": (bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600, "old .xls"),
    "nothing known": (b"\x00\x01\x02\x03", "is not an .xlsx workbook"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_workbook_by_another_name(in_process: Runner, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(ODS)
    done = in_process("status", "-w", str(tmp_path / name))
    assert (done.code, done.out, done.err.count("\n")) == (UNUSABLE, "", 1)
    assert NAMES[name] in done.err


@pytest.mark.parametrize("kind", CONTENTS)
def test_other_contents_under_the_name_of_a_workbook(
    in_process: Runner, tmp_path: Path, kind: str
) -> None:
    content, says = CONTENTS[kind]
    path = tmp_path / "event.xlsx"
    path.write_bytes(content)
    done = in_process("status", "-w", str(path))
    assert (done.code, done.out, done.err.count("\n")) == (UNUSABLE, "", 1)
    assert says in done.err
    assert path.read_bytes() == content


@pytest.mark.parametrize("kind", CONTENTS)
def test_other_contents_under_the_name_of_a_book(
    in_process: Runner, empty: Path, tmp_path: Path, kind: str
) -> None:
    content, says = CONTENTS[kind]
    (tmp_path / "back.xlsx").write_bytes(content)
    done = in_process("client", "pull", str(tmp_path / "back.xlsx"), "-w", str(empty))
    assert says in done.err + done.out
    assert "Error)" not in done.err + done.out


def test_a_book_that_lacks_a_part(in_process: Runner, empty: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(empty) as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for info in source.infolist():
            if info.filename != "xl/workbook.xml":
                target.writestr(info, source.read(info))
    done = in_process("client", "pull", str(tmp_path / "b.xlsx"), "-w", str(empty))
    assert "a part is missing" in done.err + done.out
