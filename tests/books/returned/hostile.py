"""Files that must not be opened."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from pathlib import Path

from tests.books.field import SHEET1, STRINGS, repacked

LAUGHS = (
    b'<!DOCTYPE z [<!ENTITY a "'
    + b"ha" * 50
    + b'">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (name, b"&%c;" % (name - 1) * 50)
        for name in range(ord("b"), ord("h"))
    )
    + b"]>"
)
XXE = b'<!DOCTYPE z [<!ENTITY g SYSTEM "file:///etc/hostname">]>'


def with_prolog(xml: bytes, prolog: bytes, *, late: bool = False) -> bytes:
    """A declaration in front of the root element; late: 100 kB of comment before it."""
    head, sep, rest = xml.partition(b"?>")
    return head + sep + (b"<!--" + b"x" * 100_000 + b"-->" if late else b"") + prolog + rest


def utf16(xml: bytes) -> bytes:
    return re.sub(r'encoding="[^"]+"', 'encoding="UTF-16"', xml.decode("utf-8"), count=1).encode(
        "utf-16"
    )


def bomb(path: Path, part_name: str, size: int) -> bytes:
    """The archive with a part that inflates to `size` spaces, without ever holding them."""
    out, spaces = io.BytesIO(), b" " * 2**20
    with (
        zipfile.ZipFile(path) as archive,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for info in archive.infolist():
            if info.filename != part_name:
                target.writestr(info.filename, archive.read(info))
        with target.open(part_name, "w") as stream:
            stream.write(
                b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
            )
            for _ in range(size // 2**20):
                stream.write(spaces)
            stream.write(b"</t></si></sst>")
    return out.getvalue()


def hostile_files(good: Path, folder: Path) -> dict[str, tuple[Path, set[str]]]:
    """{what: (file, the findings of which one is expected)}."""
    found: dict[str, tuple[Path, set[str]]] = {}
    hostile, unusable = {"HOSTILE_FILE"}, {"UNUSABLE"}
    either = hostile | unusable
    content = good.read_bytes()

    def add(
        name: str,
        codes: set[str],
        data: bytes | None = None,
        parts: dict[str, bytes | None] | None = None,
    ) -> None:
        path = folder / f"{name}.xlsx"
        path.write_bytes(content if data is None else data)
        if parts:
            repacked(path, parts)
        found[name] = path, codes

    with zipfile.ZipFile(good) as archive:
        xml = {
            info.filename: archive.read(info)
            for info in archive.infolist()
            if info.filename.endswith((".xml", ".rels"))
        }
    for name in (
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        SHEET1,
        STRINGS,
        "xl/styles.xml",
        "docProps/core.xml",
    ):
        short = re.sub(r"\W", "-", name)
        add(f"dtd in {short}", hostile, parts={name: with_prolog(xml[name], LAUGHS)})
        if name in (SHEET1, STRINGS):
            used = (
                xml[name].replace(b">Ana<", b">&g;<")
                if name == STRINGS
                else xml[name].replace(b"<v>", b"<v>&g;", 1)
            )
            add(f"late bomb in {short}", either, parts={name: with_prolog(used, LAUGHS, late=True)})
            add(
                f"late file entity in {short}",
                either,
                parts={name: with_prolog(used, XXE, late=True)},
            )
            add(f"utf-16 bomb in {short}", either, parts={name: utf16(with_prolog(used, LAUGHS))})
            add(
                f"utf-16 file entity in {short}",
                either,
                parts={name: utf16(with_prolog(used, XXE))},
            )
    add("strings of 1 GB of spaces", hostile, bomb(good, STRINGS, 2**30))
    add("another part of 64 MB", hostile, bomb(good, "xl/media/image1.png", 2**26))
    add("many parts", hostile, parts={f"xl/x{i}.xml": b"" for i in range(10_001)})
    add(
        "parts of 280 MB together",
        hostile,
        parts={f"xl/media/x{i}.bin": b" " * (28 * 2**20) for i in range(10)},
    )
    add("twice the same part", hostile, parts={"XL/worksheets/SHEET1.xml": b"<x/>"})
    for share in (0.1, 0.5, 0.9, 0.999):
        add(f"cut at {share}", unusable, content[: int(len(content) * share)])
    add("cut in front", unusable, content[1000:])
    add("empty", unusable, b"")
    add("text", unusable, b"SalesID,First name\nS1-1,Eve\n")
    add("a web page", unusable, b"<html><table><tr><td>S1-1</td></tr></table></html>")
    add("old xls or encrypted", unusable, bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 4096)
    add("a zip of something else", unusable, zipped({"a.txt": b"hello"}))
    add("no zip after PK", unusable, b"PK\x03\x04" + b"\xff" * 500)
    encrypted = bytearray(content)
    at = encrypted.find(b"PK\x01\x02")
    while at >= 0:
        encrypted[at + 8 : at + 10] = struct.pack(
            "<H", struct.unpack_from("<H", encrypted, at + 8)[0] | 1
        )
        at = encrypted.find(b"PK\x01\x02", at + 4)
    add("encrypted parts", unusable, bytes(encrypted))
    for name in ("xl/workbook.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels", SHEET1):
        add(f"without {re.sub(r'[^A-Za-z]', '-', name)}", either, parts={name: None})
    add("nested too deep", either, parts={"xl/workbook.xml": b"<workbook>" + b"<a>" * 200_000})
    add("no xml", either, parts={"xl/workbook.xml": b"\xff\xfe\x00 nonsense"})
    return found


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()
