"""Workbooks that are none, or broken, encrypted, enormous: one clear line, and the file to the byte what
it was."""

from __future__ import annotations

import io
import random
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from isal import isal_zlib

from tests.cli.bad_input.refusing import (
    COMMANDS,
    EXAMINE,
    READ,
    UNUSABLE,
    USAGE,
    WRITE,
    Refusing,
    packed,
)
from tests.sampling import some


def test_no_workbook_is_named(desk: Refusing) -> None:
    for words in COMMANDS:
        desk.refused(USAGE, *words, says="no workbook given")


def test_there_is_no_workbook(desk: Refusing, tmp_path: Path) -> None:
    for words in (READ, EXAMINE, WRITE, ("audit", "run"), ("allocate", "auto")):
        for missing in (
            tmp_path / "none.xlsx",
            tmp_path / "no folder" / "none.xlsx",
            Path("/dev/null/none.xlsx"),
            Path("x" * 3_000 + ".xlsx"),
        ):
            desk.refused(UNUSABLE, *words, "-w", str(missing))
    for words in (("log",), ("undo", "--yes")):
        desk.refused(
            UNUSABLE, *words, "-w", str(tmp_path / "none.xlsx"), says="there is no workbook"
        )
    assert list(tmp_path.iterdir()) == [], "a state folder for nothing"


def test_the_workbook_is_a_folder(desk: Refusing, tmp_path: Path) -> None:
    folder = tmp_path / "folder.xlsx"
    folder.mkdir()
    for words in COMMANDS:
        desk.refused(UNUSABLE, *words, "-w", str(folder), says="folder")
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    "name", ["event.xls", "event.csv", "event.xlsb", "event.ods", "event", "event.xlsx.bak"]
)
def test_another_kind_of_file(given: Callable[..., Refusing], name: str) -> None:
    there = given(b"match,qty\nM01,2\n", name)
    for words in COMMANDS:
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="not an .xlsx workbook")


OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(4_000)
NO_ARCHIVES = {
    "empty": (b"", "is empty"),
    "text": (b"match,qty\nM01,2\n", "not an .xlsx workbook"),
    "old .xls": (OLE, "old .xls workbook or protected by a password"),
    "HTML": (b"<html><table><tr><td>M01</table></html>", "not an .xlsx workbook"),
    "zeros": (bytes(10_000), "not an .xlsx workbook"),
    "only the magic": (b"PK", "damaged"),
    "the magic and zeros": (b"PK\x03\x04" + bytes(5_000), "damaged"),
    "an end without a beginning": (b"PK\x05\x06" + bytes(18), ""),
    "random bytes behind the magic": (b"PK\x03\x04" + random.Random(2).randbytes(5_000), "damaged"),
}


@pytest.mark.parametrize("name", NO_ARCHIVES)
def test_no_archive(given: Callable[..., Refusing], name: str) -> None:
    content, says = NO_ARCHIVES[name]
    there = given(content)
    for words in (READ, EXAMINE, WRITE, ("audit", "run")):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says=says)


def test_cut_off_anywhere(given: Callable[..., Refusing], sound: bytes) -> None:
    end = len(sound)
    for offset in [*range(1, 40), *range(40, end, end // 60), *range(end - 30, end)]:
        there = given(sound[:offset])
        code, out, err = there.run(*WRITE, "-w", str(there.path))
        assert (code, out, len(err.splitlines())) == (UNUSABLE, "", 1), f"{offset}: {err}"
        assert there.path.read_bytes() == sound[:offset]
    there.refused(UNUSABLE, *READ, "-w", str(there.path), says="damaged")


def test_parts_that_are_missing(given: Callable[..., Refusing], parts: dict[str, bytes]) -> None:
    for missing in ("workbook_xml", "workbook_xml_rels", "_rels", "sheet3_xml", "sheet4_xml"):
        there = given(packed(parts, **{missing: None}))
        for words in (READ, EXAMINE, WRITE):
            there.refused(UNUSABLE, *words, "-w", str(there.path), says=there.path.name)
    for missing in (
        "sharedStrings_xml",
        "styles_xml",
        "Content_Types_xml",
    ):  # what a reader may do without, a writer may not
        there = given(packed(parts, **{missing: None}))
        for words in (READ, EXAMINE, WRITE):
            code, _out, err = there.run(*words, "-w", str(there.path))
            assert code in (0, 1, UNUSABLE), f"{missing} {words}: {err}"
            if code == UNUSABLE:
                assert len(err.splitlines()) == 1
                there.untouched()
            else:
                there = given(packed(parts, **{missing: None}))


BROKEN = {
    "empty": b"",
    "text": b"hello",
    "cut off": b'<?xml version="1.0"?><workbook><sheets>',
    "not closed": b"<a><b></a>",
    "not UTF-8": b'<?xml version="1.0"?><a b="\xff\xfe\xfa"/>',
    "another root": b'<?xml version="1.0"?><html/>',
    "an unknown entity": b"<a>&nbsp;</a>",
    "zeros": bytes(100),
    "another encoding": b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    "an encoding that is none": b'<?xml version="1.0" encoding="klingon"?><a/>',
    "deep": b"<a>" * 100_000,
}


@pytest.mark.parametrize("name", some(BROKEN, 4))
@pytest.mark.parametrize("part", ["workbook_xml", "workbook_xml_rels", "_rels", "sheet4_xml"])
def test_parts_that_are_broken(
    given: Callable[..., Refusing], parts: dict[str, bytes], part: str, name: str
) -> None:
    there = given(packed(parts, **{part: BROKEN[name]}))
    for words in (READ, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path))


@pytest.mark.parametrize("name", some(BROKEN, 4))
@pytest.mark.parametrize(
    "part", ["sharedStrings_xml", "styles_xml", "Content_Types_xml", "core_xml", "theme1_xml"]
)
def test_parts_that_are_broken_and_not_always_needed(
    given: Callable[..., Refusing], parts: dict[str, bytes], part: str, name: str
) -> None:
    there = given(packed(parts, **{part: BROKEN[name]}))
    for words in (READ, EXAMINE, WRITE):
        code, out, err = there.run(*words, "-w", str(there.path))
        assert code in (0, 1, UNUSABLE), err
        assert "Traceback" not in err
        if code == UNUSABLE:
            assert (out, len(err.splitlines())) == ("", 1)
            there.untouched()


def _u16(xml: bytes) -> bytes:
    return xml.decode().replace("UTF-8", "UTF-16").encode("utf-16")


LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%b">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]>"
)


def _with_dtd(xml: bytes, dtd: bytes, use: bytes = b"", *, comment: int = 0) -> bytes:
    head, _, rest = xml.partition(b"?>")
    return (
        head
        + b"?>"
        + (b"<!--" + b"x" * comment + b"-->" if comment else b"")
        + dtd
        + rest.replace(b"<sheetData>", b"<sheetData>" + use, 1)
    )


@pytest.mark.parametrize("part", ["workbook_xml", "workbook_xml_rels", "_rels", "sheet4_xml"])
@pytest.mark.parametrize("comment", [0, 10_000])
def test_a_dtd(
    given: Callable[..., Refusing], parts: dict[str, bytes], part: str, comment: int
) -> None:
    """A workbook part never declares one, wherever it hides it."""
    xml = next(
        content for name, content in parts.items() if Path(name).name.replace(".", "_") == part
    )
    for dtd in (
        LAUGHS,
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE x [<!ENTITY p SYSTEM "file:///etc/passwd">]>',
    ):
        there = given(packed(parts, **{part: _with_dtd(xml, dtd, b"&a;", comment=comment)}))
        for words in (READ, WRITE):
            there.refused(
                UNUSABLE, *words, "-w", str(there.path), says="DTD" if not comment else ""
            )


@pytest.mark.parametrize("part", ["workbook_xml", "workbook_xml_rels", "_rels", "sheet4_xml"])
def test_a_part_in_utf_16(
    given: Callable[..., Refusing], parts: dict[str, bytes], part: str
) -> None:
    xml = next(
        content for name, content in parts.items() if Path(name).name.replace(".", "_") == part
    )
    there = given(packed(parts, **{part: _u16(xml)}))
    for words in (READ, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="UTF-8")


def _flagged(archive: bytes) -> bytes:
    """The archive with every member marked as encrypted."""
    data = bytearray(archive)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(magic), archive):
            data[found.start() + offset] |= 1
    return bytes(data)


def test_encrypted(given: Callable[..., Refusing], parts: dict[str, bytes]) -> None:
    there = given(_flagged(packed(parts)))
    for words in (READ, EXAMINE, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="encrypted")


def test_a_part_that_stands_twice(given: Callable[..., Refusing], parts: dict[str, bytes]) -> None:
    """One reader takes the first, another the last."""
    for name in ("xl/worksheets/sheet4.xml", "xl/workbook.xml", "docProps/app.xml"):
        buffer = io.BytesIO(packed(parts))
        with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as archive:
            warnings.simplefilter("ignore")
            archive.writestr(name, b"<other/>")
        there = given(buffer.getvalue())
        for words in (READ, EXAMINE, WRITE):
            there.refused(UNUSABLE, *words, "-w", str(there.path), says="twice")


def test_other_compressions(given: Callable[..., Refusing], parts: dict[str, bytes]) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        there = given(buffer.getvalue())
        for words in (READ, WRITE):
            there.refused(UNUSABLE, *words, "-w", str(there.path), says="compression")


@pytest.mark.slow
def test_too_many_parts(given: Callable[..., Refusing], parts: dict[str, bytes]) -> None:
    buffer = io.BytesIO(packed(parts))
    with zipfile.ZipFile(buffer, "a") as archive:
        for number in range(10_001):
            archive.writestr(f"xl/media/image{number}.png", b"")
    there = given(buffer.getvalue())
    for words in (READ, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says="parts, more than any workbook")


def bomb(parts: Mapping[str, bytes], target: str, head: bytes, size: int, tail: bytes) -> bytes:
    """The parts with one that inflates to `size` blanks between head and tail."""
    compressor = isal_zlib.compressobj(3, isal_zlib.DEFLATED, -15)
    block = b" " * 2**20
    crc, total = isal_zlib.crc32(head), len(head)
    pieces = [compressor.compress(head)]
    for _ in range(size // len(block)):
        pieces.append(compressor.compress(block))
        crc, total = isal_zlib.crc32(block, crc), total + len(block)
    pieces += [compressor.compress(tail), compressor.flush()]
    crc, total = isal_zlib.crc32(tail, crc), total + len(tail)
    raw = b"".join(pieces)
    archive = io.BytesIO()
    names = [name for name in parts if name != target]
    central = b""
    for name, content in [*((name, parts[name]) for name in names), (target, raw)]:
        method, real, length = (
            (8, crc, total) if name == target else (0, isal_zlib.crc32(content), len(content))
        )
        common = struct.pack(
            "<5H3L2H", 20, 0, method, 0, 0x21, real, len(content), length, len(name), 0
        )
        central += (
            b"PK\x01\x02"
            + struct.pack("<H", 20)
            + common
            + struct.pack("<3H2L", 0, 0, 0, 0, archive.tell())
            + name.encode()
        )
        archive.write(b"PK\x03\x04" + common + name.encode() + content)
    start = archive.tell()
    count = len(names) + 1
    archive.write(
        central + b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, count, count, len(central), start, 0)
    )
    return archive.getvalue()


@pytest.mark.parametrize(
    ("target", "size"),
    [
        ("xl/worksheets/sheet4.xml", 900 * 2**20),
        ("xl/sharedStrings.xml", 40 * 2**20),
        ("xl/media/image1.png", 40 * 2**20),
    ],
)
def test_a_zip_bomb(
    given: Callable[..., Refusing], parts: dict[str, bytes], target: str, size: int
) -> None:
    content = bomb(parts, target, b"<a>", size, b"</a>")
    assert len(content) < 6 * 2**20
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.getinfo(target).file_size == size + 7
    there = given(content)
    for words in (READ, EXAMINE, WRITE):
        there.refused(UNUSABLE, *words, "-w", str(there.path), says=f"unpacks to {size + 7:,}")


def test_cells_at_opposite_corners(given: Callable[..., Refusing], parts: dict[str, bytes]) -> None:
    """python-calamine would abort the process."""
    for row, cells in ((1_048_576, "XFD1048576"), (99_999_999, "A99999999")):
        xml = parts["xl/worksheets/sheet4.xml"]
        far = f'<row r="{row}"><c r="{cells}"><v>1</v></c></row></sheetData>'.encode()
        there = given(packed(parts, sheet4_xml=xml.replace(b"</sheetData>", far)))
        for words in (READ, EXAMINE, WRITE):
            there.refused(UNUSABLE, *words, "-w", str(there.path), says="spans")
