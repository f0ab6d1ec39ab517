"""What a file holds, by zipfile and lxml: a reading that shares no code with the store."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from ticketops.schema.layouts.event import EVENT

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
DATE = datetime(2026, 4, 17)
Address = tuple[int, int]
"""(row, column), 1-based"""


# --- reading, independently


class Cell(NamedTuple):
    """A cell as the XML has it. value: text, number, boolean, ("error", text) or None; kind: the
    `t` attribute."""

    value: Any
    kind: str
    style: int
    formula: tuple[str | None, str | None, str | None, str | None] | None


class Archive:
    """A workbook file: its members and, by sheet name, its worksheet parts."""

    def __init__(self, source: Path | bytes) -> None:
        self.data = source if isinstance(source, bytes) else source.read_bytes()
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            self.infos = {info.filename: info for info in archive.infolist()}
            self.comment = archive.comment
            self.parts = {name: archive.read(name) for name in self.infos}
        self.workbook = next(
            t for kind, t in self.relations("").values() if kind == "officeDocument"
        )
        relations = self.relations(self.workbook)
        book = etree.fromstring(self.parts[self.workbook])
        self.sheets = {
            sheet.get("name"): relations[sheet.get(f"{{{RELATIONS}}}id")][1]
            for sheet in book.find(f"{{{MAIN}}}sheets")
        }
        by_kind = dict(relations.values())
        self.styles = by_kind.get("styles", "")
        strings = by_kind.get("sharedStrings", "")
        self.strings = (
            [_texts(item) for item in etree.fromstring(self.parts[strings]).iter(f"{{{MAIN}}}si")]
            if strings
            else []
        )

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """{id: (last word of the type, target part)}."""
        folder, _, name = part.rpartition("/")
        content = self.parts.get(f"{folder}/_rels/{name}.rels".lstrip("/"))
        found = {}
        for relation in [] if content is None else etree.fromstring(content):
            target = relation.get("Target")
            if relation.get("TargetMode") == "External":
                continue
            if not target.startswith("/"):
                pieces: list[str] = folder.split("/") if folder else []
                for piece in target.split("/"):
                    pieces = pieces[:-1] if piece == ".." else [*pieces, piece]
                target = "/".join(pieces)
            found[relation.get("Id")] = (
                relation.get("Type").rpartition("/")[2],
                target.lstrip("/"),
            )
        return found

    def raw(self, name: str) -> bytes:
        """The compressed bytes of a member, found by its local header."""
        info = self.infos[name]
        name_length, extra_length = struct.unpack_from("<2H", self.data, info.header_offset + 26)
        start = info.header_offset + 30 + name_length + extra_length
        return self.data[start : start + info.compress_size]

    def cells(self, sheet: str) -> dict[Address, Cell]:
        return parse_sheet(self.parts[self.sheets[sheet]], self.strings)

    def tables(self, sheet: str) -> list[str]:
        return [
            target
            for kind, target in self.relations(self.sheets[sheet]).values()
            if kind == "table"
        ]


def parse_sheet(xml: bytes, strings: Sequence[str]) -> dict[Address, Cell]:
    """Every <c> of a sheet by its place, those without `r` counted on from the one before."""
    found: dict[Address, Cell] = {}
    row = 0
    for element in _elements(etree.fromstring(xml).find(f"{{{MAIN}}}sheetData")):
        row = int(element.get("r") or row + 1)
        column = 0
        for cell in _elements(element):
            reference = re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r") or "")
            column = number_of(reference[1]) if reference else column + 1
            assert reference is None or int(reference[2]) == row, (
                f"{cell.get('r')} stands in row {row}"
            )
            assert (row, column) not in found, f"row {row} holds column {column} twice"
            found[row, column] = _cell(cell, strings)
    return found


def _cell(cell: Any, strings: Sequence[str]) -> Cell:
    kind = cell.get("t") or "n"
    value = cell.findtext(f"{{{MAIN}}}v")
    inline, formula = cell.find(f"{{{MAIN}}}is"), cell.find(f"{{{MAIN}}}f")
    content: Any = None
    if kind == "inlineStr":
        content = None if inline is None else _texts(inline)
    elif value:
        content = {
            "s": lambda: strings[int(value)],
            "b": lambda: value.strip() in ("1", "true"),
            "e": lambda: ("error", value),
            "str": lambda: unescaped(value),
            "n": lambda: float(value),
        }[kind]()
    known = (
        None
        if formula is None
        else (formula.text, formula.get("t"), formula.get("ref"), formula.get("si"))
    )
    return Cell(None if content == "" else content, kind, int(cell.get("s") or 0), known)


def _texts(item: Any) -> str:
    return "".join(
        unescaped(t.text or "")
        for t in item.iter(f"{{{MAIN}}}t")
        if t.getparent().tag != f"{{{MAIN}}}rPh"
    )


def _elements(parent: Any) -> Iterator[Any]:
    return (child for child in parent if isinstance(child.tag, str))


def unescaped(text: str) -> str:
    """_xHHHH_ resolved (ECMA-376, ST_Xstring)."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text)


def letters_of(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def address_of(reference: str) -> Address:
    """ "B3" → (3, 2)."""
    found = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)", reference)
    assert found, reference
    return int(found[2]), number_of(found[1])


def serial(moment: datetime, *, date1904: bool = False) -> float:
    return (moment - (datetime(1904, 1, 1) if date1904 else datetime(1899, 12, 30))) / timedelta(
        days=1
    )


def column_of(sheet: str, name: str) -> int:
    """Where a column of a canonical sheet stands, by its python name."""
    return [c.name for c in EVENT[sheet].columns if not c.extension].index(name) + 1


_ALWAYS_CALCULATE = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>'
    "</item></oor:items>"
)
"""LibreOffice's setting; as it comes it shows the values that formulas had when the file was saved
last."""


def office_convert(soffice: str, files: Sequence[Path], kind: str, folder: Path) -> list[Path]:
    """The files as LibreOffice opens, computes and saves them."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_CALCULATE)
    subprocess.run(
        [
            soffice,
            f"-env:UserInstallation=file://{profile}",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(folder),
            *map(str, files),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return [folder / f"{file.stem}.{kind.partition(':')[0]}" for file in files]
