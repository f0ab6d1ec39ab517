"""Hostile but legal workbooks, and a reading of them that shares no code with the store.

`rich_workbook`: a canonical workbook with everything in it that people put into workbooks. `plain_workbook`: a small
canonical workbook in any dialect of XML and zip. `Archive`, `parse_sheet`: what a file holds, by zipfile and lxml.
"""

from __future__ import annotations

import io
import re
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import xlsxwriter
from lxml import etree

from ticketops.schema.workbook import (
    ALLOC_LOG,
    ALLOCATION_AUDIT,
    ALLOCATION_PREVIEW,
    DISTRIBUTION,
    MANIFEST,
    MATTHIAS_EMAILS,
    PURCHASES,
    REPORT_POSITION,
    SALES,
    SALES_RECON_AUDIT,
    SCHEDULE,
    UNITS,
    Sheet,
)

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
DATE = datetime(2026, 4, 17)
Address = tuple[int, int]
"""(row, column), 1-based"""


# --- reading, independently


class Cell(NamedTuple):
    """A cell as the XML has it. value: text, number, boolean, ("error", text) or None; kind: the `t` attribute."""

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
        self.workbook = next(t for kind, t in self.relations("").values() if kind == "officeDocument")
        relations = self.relations(self.workbook)
        book = etree.fromstring(self.parts[self.workbook])
        self.sheets = {sheet.get("name"): relations[sheet.get(f"{{{RELATIONS}}}id")][1] for sheet in book.find(f"{{{MAIN}}}sheets")}
        by_kind = dict(relations.values())
        self.styles = by_kind.get("styles", "")
        strings = by_kind.get("sharedStrings", "")
        self.strings = [_texts(item) for item in etree.fromstring(self.parts[strings]).iter(f"{{{MAIN}}}si")] if strings else []

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
            found[relation.get("Id")] = (relation.get("Type").rpartition("/")[2], target.lstrip("/"))
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
        return [target for kind, target in self.relations(self.sheets[sheet]).values() if kind == "table"]


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
            assert reference is None or int(reference[2]) == row, f"{cell.get('r')} stands in row {row}"
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
    known = None if formula is None else (formula.text, formula.get("t"), formula.get("ref"), formula.get("si"))
    return Cell(None if content == "" else content, kind, int(cell.get("s") or 0), known)


def _texts(item: Any) -> str:
    return "".join(unescaped(t.text or "") for t in item.iter(f"{{{MAIN}}}t") if t.getparent().tag != f"{{{MAIN}}}rPh")


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
    return (moment - (datetime(1904, 1, 1) if date1904 else datetime(1899, 12, 30))) / timedelta(days=1)


def column_of(sheet: str, name: str) -> int:
    """Where a column of a canonical sheet stands, by its python name."""
    return [c.name for c in MANIFEST[sheet].columns if not c.extension].index(name) + 1


_ALWAYS_CALCULATE = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>'
    "</item></oor:items>"
)
"""LibreOffice's setting; as it comes it shows the values that formulas had when the file was saved last."""


def office_convert(soffice: str, files: Sequence[Path], kind: str, folder: Path) -> list[Path]:
    """The files as LibreOffice opens, computes and saves them."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS_CALCULATE)
    subprocess.run(
        [soffice, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", kind, "--outdir", str(folder), *map(str, files)],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return [folder / f"{file.stem}.{kind.partition(':')[0]}" for file in files]


# --- a small canonical workbook, in any dialect


class Put(NamedTuple):
    """What to put into a cell. formula: its text, or a whole <f> element."""

    value: Any = None
    style: int = 0
    formula: str | None = None


class ErrorCode(str):
    """A value such as #N/A."""


Grid = dict[int, dict[int, Put]]
GENERAL, HEADER, DAY, MOMENT, TEXT, MONEY, MARKED = range(7)
"""Styles of the plain workbooks."""


@dataclass(frozen=True)
class Dialect:
    """How a sheet's XML and its archive are spelt. Every one of them is legal."""

    quote: str = '"'
    prefix: str = ""
    row_numbers: bool = True
    cell_references: bool = True
    reference_last: bool = False
    spans: bool = True
    strings: str = "shared"
    separator: str = ""
    """Between elements."""
    space: str = " "
    """Before the first attribute of rows and cells."""
    close: str = ">"
    """The end of an end tag."""
    noise: bool = False
    """Comments, CDATA and processing instructions among the rows, that look like rows."""
    outer_noise: bool = False
    """The same before and behind the rows."""
    decimals: bool = False
    calc: str = '<calcPr calcId="191029"/>'
    dimension: bool = True
    trailing: int = 0
    """Styled empty rows, with tick-boxes that are off, below the data."""
    date1904: bool = False
    bom: bool = False
    odd_paths: bool = False
    compression: int = zipfile.ZIP_DEFLATED
    streamed: bool = False
    zip64: bool = False


DIALECTS: dict[str, Dialect] = {
    "excel": Dialect(),
    "google": Dialect(spans=False, decimals=True, calc="", dimension=False, trailing=6),
    "rows without r": Dialect(row_numbers=False, spans=False),
    "cells without r": Dialect(cell_references=False),
    "neither has r": Dialect(row_numbers=False, cell_references=False, spans=False),
    "single quotes": Dialect(quote="'"),
    "r not first": Dialect(reference_last=True),
    "prefixed": Dialect(prefix="x"),
    "prefixed, inline strings": Dialect(prefix="ns0", strings="inline"),
    "inline strings": Dialect(strings="inline"),
    "comments and CDATA": Dialect(noise=True, strings="inline"),
    "comments around the rows": Dialect(outer_noise=True),
    "one element a line": Dialect(separator="\r\n    "),
    "one attribute a line": Dialect(space="\n"),
    "spaces in end tags": Dialect(close=" >"),
    "byte order mark": Dialect(bom=True),
    "odd paths": Dialect(odd_paths=True),
    "stored": Dialect(compression=zipfile.ZIP_STORED),
    "streamed": Dialect(streamed=True),
    "zip64": Dialect(zip64=True),
    "date1904": Dialect(date1904=True),
}
"""Those that are written by hand; `openpyxl` and `libreoffice` come from those programs."""


def plain_model(dialect: Dialect = DIALECTS["excel"]) -> dict[str, Grid]:
    """A small canonical workbook: 18 sheets, gaps, styled blanks, errors, formulas and text that only looks like XML."""
    model: dict[str, Grid] = {}
    for sheet in MANIFEST.canonical():
        headers = {i: Put(text, HEADER) for i, text in enumerate(sheet.canonical_headers, start=1)}
        model[sheet.name] = {sheet.header_row: headers} if sheet.header_row else {}
    day = serial(DATE, date1904=dialect.date1904)
    purchases = model[PURCHASES]
    purchases[1][14] = Put("Our own", HEADER)
    for row, (vendor, contract, price) in {
        2: ("Viagogo", "000777", 120.5),
        3: ("StubHub & <Co>", "0012", 80.0),
        5: ('</row><row r="3">', "9", 1e-7),
        6: ("  spaced  ", "_x0041_", 1234567.125),
    }.items():
        purchases[row] = {
            1: Put(day + row, DAY),
            2: Put("M01", TEXT),
            4: Put(vendor, TEXT),
            5: Put(contract, TEXT),
            6: Put("Cat 1", TEXT),
            7: Put(float(row)),
            8: Put(price, MONEY),
            9: Put(float(row) * price, MONEY),
            11: Put(f"P_{row}", TEXT),
            14: Put(float(row) * 2, MARKED, f"G{row}*2"),
        }
    purchases[3][3] = Put(None, MARKED)
    purchases[5][13] = Put(ErrorCode("#N/A"))
    model[SCHEDULE][2] = {2: Put(day, DAY), 3: Put("M01", TEXT), 4: Put("Mexico – South Africa")}
    model[SALES][2] = {2: Put("M01"), 4: Put("Meridian"), 6: Put("Cat 1"), 7: Put(1.0), 12: Put("S1"), 14: Put("S_a")}
    distribution = model[DISTRIBUTION]
    distribution[1] = {1: Put("DISTRIBUTION", HEADER)}
    for row, child in ((3, 1), (4, 2), (7, 3)):
        distribution[row] = {
            column_of(DISTRIBUTION, "sales_id"): Put(f"S1-{child}", TEXT),
            column_of(DISTRIBUTION, "row_type"): Put("Sales"),
            column_of(DISTRIBUTION, "date"): Put(day, DAY),
            column_of(DISTRIBUTION, "process_now"): Put(False),
            column_of(DISTRIBUTION, "notes"): Put(f"line one\nline {child}", MARKED),
            column_of(DISTRIBUTION, "line_key"): Put(f"S_a-SC{child}", TEXT),
        }
    ticks, notes = column_of(DISTRIBUTION, "process_now"), column_of(DISTRIBUTION, "notes")
    for row in range(8, 8 + dialect.trailing):
        distribution[row] = {1: Put(None, MARKED), 10: Put(None, DAY), ticks: Put(False), notes: Put(None, TEXT)}
    for row in range(7, 7 + dialect.trailing):
        purchases[row] = {1: Put(None, DAY), 4: Put(None, TEXT)}
    model["Own sheet"] = {1: {1: Put("total"), 2: Put(16.0, GENERAL, f"SUM({PURCHASES}!G2:G6)")}}
    return model


def sheet_xml(
    grid: Mapping[int, Mapping[int, Put]], dialect: Dialect, strings: list[str], *,
    cols: str = "", tail: str = "", row_attributes: Mapping[int, str] | None = None,
) -> bytes:  # fmt: skip
    """A worksheet. `strings` is the workbook's table of shared strings; texts are added to it."""
    looks = row_attributes or {}
    noise = '<!-- <row r="3"><c r="A3"><v>9</v></c></row> </sheetData> <sheetData> -->'
    body = []
    last = 0
    for row in sorted(grid):
        if not dialect.row_numbers:
            body += ["<row/>"] * (row - last - 1)
        last = row
        columns = grid[row]
        first = min(columns, default=1) if dialect.cell_references else 1
        spans = f' spans="{first}:{max(columns)}"' if dialect.spans and columns else ""
        more = spans + looks.get(row, "")
        start = _start("row", str(row) if dialect.row_numbers else "", more, ' collapsed="0"', dialect)
        cells = "".join(_cells_xml(row, columns, dialect, strings))
        body.append(f"{start}>{cells}</row{dialect.close}" if cells else f"{start}/>")
        if dialect.noise:
            body.append(noise)
    between = dialect.separator
    rows = between.join(body)
    used = [(row, column) for row, columns in grid.items() for column in columns]
    area = f"A1:{letters_of(max((c for _, c in used), default=1))}{max((r for r, _ in used), default=1)}"
    dimension = f'<dimension ref="{area}"/>' if dialect.dimension else ""
    outer = noise if dialect.outer_noise else ""
    data = f"<sheetData>{between}{rows}{between}</sheetData{dialect.close}" if body else "<sheetData/>"
    text = (
        f'<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}" xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac">'
        f'{dimension}<sheetViews><sheetView workbookViewId="0"/></sheetViews>{cols}{outer}{data}{outer}{tail}'
        f'<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>'
    )
    return _spelt(text, dialect)


def _cells_xml(row: int, columns: Mapping[int, Put], dialect: Dialect, strings: list[str]) -> Iterator[str]:
    last = 0
    for column in sorted(columns):
        if not dialect.cell_references:
            yield "<c/>" * (column - last - 1)
        last = column
        put = columns[column]
        kind, content = _content(put.value, dialect, strings)
        if put.formula is not None:
            formula = put.formula if put.formula.startswith("<f") else f"<f>{escape(put.formula)}</f>"
            kind = ' t="str"' if isinstance(put.value, str) else kind
            content = formula + (f"<v>{escape(put.value)}</v>" if isinstance(put.value, str) else content)
        style = f' s="{put.style}"' if put.style else ""
        reference = f"{letters_of(column)}{row}" if dialect.cell_references else ""
        start = _start("c", reference, style + kind, ' s="0"', dialect)
        yield f"{start}>{content}</c{dialect.close}" if content else f"{start}/>"


def _start(name: str, reference: str, attributes: str, instead: str, dialect: Dialect) -> str:
    """The start of a tag; `instead` are attributes to stand before `r` where there are no others."""
    if not reference:
        return f"<{name}{attributes}"
    own = f'{dialect.space}r="{reference}"'
    return f"<{name}{attributes or instead}{own}" if dialect.reference_last else f"<{name}{own}{attributes}"


def _content(value: Any, dialect: Dialect, strings: list[str]) -> tuple[str, str]:
    """(the type attribute, the content) of a cell."""
    if value is None:
        return "", ""
    if isinstance(value, ErrorCode):
        return ' t="e"', f"<v>{escape(value)}</v>"
    if isinstance(value, bool):
        return ' t="b"', f"<v>{value:d}</v>"
    if isinstance(value, str):
        if dialect.strings == "shared":
            if value not in strings:
                strings.append(value)
            return ' t="s"', f"<v>{strings.index(value)}</v>"
        delicate = not dialect.noise or "]]>" in value
        text = _xml_text(value) if delicate else f"<![CDATA[{_protected(value)}]]>"
        return ' t="inlineStr"', f'<is><t xml:space="preserve">{text}</t></is>'
    return "", f"<v>{value!r}</v>" if dialect.decimals or not float(value).is_integer() else f"<v>{int(value)}</v>"


def _xml_text(value: str) -> str:
    return escape(_protected(value))


def _protected(value: str) -> str:
    """A literal _xHHHH_ spelt so that it is read as what it is."""
    return re.sub(r"(?=_x[0-9A-Fa-f]{4}_)", "_x005F", value)


def _spelt(text: str, dialect: Dialect) -> bytes:
    """A part of the main namespace in the dialect's prefix and quotes."""
    if dialect.prefix:
        text = re.sub(r"<(/?)(?=[A-Za-z])", rf"<\1{dialect.prefix}:", text).replace("xmlns=", f"xmlns:{dialect.prefix}=")
    if dialect.quote == "'":
        text = re.sub(r"<[^<>']*>", lambda tag: tag[0].replace('"', "'"), text)
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return (b"\xef\xbb\xbf" if dialect.bom else b"") + (declaration + text).encode()


_FONTS = '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
_FILLS = (
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFFFCC00"/></patternFill></fill></fills>'
)
_XFS = ((0, 0, 0), (0, 1, 0), (164, 0, 0), (22, 0, 0), (49, 0, 0), (4, 0, 0), (0, 0, 2))
"""(number format, font, fill) of GENERAL … MARKED."""
STYLES_XML = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    f'{_FONTS}{_FILLS}<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    f'<cellXfs count="{len(_XFS)}">'
    + "".join(f'<xf numFmtId="{n}" fontId="{font}" fillId="{fill}" borderId="0" xfId="0"/>' for n, font, fill in _XFS)
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def plain_workbook(
    path: Path, dialect: Dialect = DIALECTS["excel"], model: Mapping[str, Grid] | None = None, *,
    cols: Mapping[str, str] | None = None, tails: Mapping[str, str] | None = None, names: str = "",
    members: Mapping[str, bytes] | None = None, rels: Mapping[str, str] | None = None,
) -> Path:  # fmt: skip
    """Write a workbook by hand. cols, tails: XML before and behind the rows, by sheet; names: definedNames; members: more
    parts of the archive; rels: <Relationship/> elements by sheet."""
    model = plain_model(dialect) if model is None else model
    strings: list[str] = []
    folder, book = "xl/Blätter/" if dialect.odd_paths else "xl/worksheets/", "xl/workbook.xml"
    sheets = {
        name: sheet_xml(grid, dialect, strings, cols=(cols or {}).get(name, ""), tail=(tails or {}).get(name, ""))
        for name, grid in model.items()
    }
    parts: dict[str, bytes] = {}
    entries = relations = types = ""
    for number, (name, xml) in enumerate(sheets.items(), start=1):
        part = f"{folder}sheet{number}.xml"
        parts[part] = xml
        entries += f'<sheet name={quoteattr(name)} sheetId="{number + 3}" r:id="rId{number}"/>'
        target = f"/{part}" if dialect.odd_paths else part.removeprefix("xl/")
        relations += f'<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" Target="{target}"/>'
        types += f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        if rels and name in rels:
            parts[f"{folder}_rels/sheet{number}.xml.rels"] = _relations(rels[name])
    for kind, file, content in (
        ("styles", "styles.xml", STYLES_XML),
        ("sharedStrings", "sharedStrings.xml", f'<sst xmlns="{MAIN}">{"".join(map(_string_item, strings))}</sst>'),
    ):
        parts[f"xl/{file}"] = _spelt(content, dialect)
        relations += f'<Relationship Id="{kind}" Type="{RELATIONS}/{kind}" Target="{file}"/>'
        types += f'<Override PartName="/xl/{file}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
    properties = '<workbookPr date1904="1"/>' if dialect.date1904 else "<workbookPr/>"
    listed = f"<definedNames>{names}</definedNames>" if names else ""
    parts[book] = _spelt(
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{properties}<sheets>{entries}</sheets>{listed}{dialect.calc}</workbook>', dialect
    )
    parts["xl/_rels/workbook.xml.rels"] = _relations(relations)
    parts["_rels/.rels"] = _relations(f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="{book}"/>')
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    parts["[Content_Types].xml"] = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="bin" ContentType="application/octet-stream"/>'
        f'<Override PartName="/{book}" ContentType="{main}"/>{types}</Types>'
    ).encode()
    write_archive(path, parts | dict(members or {}), dialect)
    return path


def _string_item(text: str) -> str:
    return f'<si><t xml:space="preserve">{_xml_text(text)}</t></si>'


def _relations(elements: str) -> bytes:
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE_RELATIONS}">{elements}</Relationships>'.encode()


class _Unseekable(io.RawIOBase):
    """A pipe: what is written to it can't be gone back to, so a data descriptor follows every member."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)


def write_archive(path: Path, parts: Mapping[str, bytes], dialect: Dialect) -> None:
    """The parts as a zip archive, [Content_Types].xml first as the packaging rules like it."""
    target: Any = _Unseekable() if dialect.streamed else io.BytesIO()
    with zipfile.ZipFile(target, "w", dialect.compression) as archive:
        for name in sorted(parts, key=lambda name: name != "[Content_Types].xml"):
            info = zipfile.ZipInfo(name, (2026, 4, 17, 14, 30, 22))
            info.compress_type = dialect.compression
            with archive.open(info, "w", force_zip64=dialect.zip64) as member:
                member.write(parts[name])
    path.write_bytes(bytes(target.data) if dialect.streamed else target.getvalue())


def by_openpyxl(path: Path) -> Path:
    """The plain workbook as openpyxl writes it (which forgets to protect a literal _xHHHH_)."""
    plain_workbook(path)
    book = openpyxl.load_workbook(path)
    for sheet in book:
        for cell in (cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)):
            cell.value = _protected(cell.value)
    book.save(path)
    return path


def by_libreoffice(path: Path, soffice: str) -> Path:
    """The plain workbook as LibreOffice writes it."""
    source = plain_workbook(path.with_name("source.xlsx"))
    converted = office_convert(soffice, [source], "xlsx", path.parent / "converted")[0]
    return converted.replace(path)


# --- the rich workbook

OWN_NOTE, OWN_SHOWN = "Agent's note", "Shown as"
DASHBOARD = "Dashboard & <Übersicht>"
VENDORS = ("Viagogo", "StubHub", "Seatpick")
MACRO = bytes(range(256)) * 8


@dataclass
class _Kit:
    """The formats that the rich workbook's sheets share."""

    header: Any
    day: Any
    moment: Any
    text: Any
    money: Any
    marked: Any


def rich_workbook(path: Path, *, without: Sequence[str] = ()) -> Path:
    """A canonical workbook in which every writing command finds something to do, full of what splicing must not touch.

    `.xlsm` as the ending makes it a workbook with (unsigned) macros by its content type too. without: sheets left out.
    """
    plain = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True, "use_future_functions": True}
    with xlsxwriter.Workbook(plain, options) as book:
        book.set_properties({"title": "Event", "created": DATE})
        book.set_custom_property("Desk", "north")
        kit = _Kit(
            book.add_format({"bold": True, "bg_color": "#DDEBF7", "bottom": 1}),
            book.add_format({"num_format": "yyyy-mm-dd"}),
            book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss", "italic": True}),
            book.add_format({"num_format": "@"}),
            book.add_format({"num_format": "#,##0.00", "font_color": "#7F6000"}),
            book.add_format({"bg_color": "#FFE699", "border": 1}),
        )
        dashboard = book.add_worksheet(DASHBOARD)
        sheets = {sheet.name: book.add_worksheet(sheet.name) for sheet in MANIFEST.canonical() if sheet.name not in without}
        chartsheet = book.add_chartsheet("Chart of its own")
        for name, worksheet in sheets.items():
            _header(worksheet, MANIFEST[name], kit)
        _schedule(sheets[SCHEDULE], kit)
        _purchases(sheets[PURCHASES], kit)
        _sales(sheets[SALES], kit)
        _units(sheets[UNITS], kit)
        _distribution(book, sheets[DISTRIBUTION], kit)
        _recon(sheets[SALES_RECON_AUDIT], kit)
        _log(sheets[ALLOC_LOG], kit)
        if MATTHIAS_EMAILS in sheets:
            sheets[MATTHIAS_EMAILS].write_string("A2", "desk@viagogo.example", kit.text)
        for name in (ALLOCATION_AUDIT, REPORT_POSITION):
            _report(book, sheets[name], kit)
        _dashboard(book, dashboard, kit)
        chart = book.add_chart({"type": "pie"})
        chart.add_series({"values": f"='{DISTRIBUTION}'!$Q$3:$Q$8", "name": "Tickets"})
        chartsheet.set_chart(chart)
        book.define_name("Tickets", f"={DISTRIBUTION}!$A$3:$A$8")
        book.define_name(f"'{DASHBOARD}'!Local", f"={PURCHASES}!$G$2")
        book.define_name("Rate", "=0.19")
    _graft(path, plain.getvalue(), macros=path.suffix == ".xlsm")
    return path


def _header(worksheet: Any, sheet: Sheet, kit: _Kit) -> None:
    headers = sheet.canonical_headers
    if sheet.name == ALLOCATION_PREVIEW:
        headers = headers[:-1]  # so that doctor --fix has a column to add
    for column, text in enumerate(headers):
        worksheet.write_string(sheet.header_row - 1, column, text, kit.header)


def _write(worksheet: Any, sheet: str, row: int, values: Mapping[str, Any], kit: _Kit, shift: Callable[[int], int] = lambda c: c) -> None:
    """Cells of one row by python column names; `row` is the sheet row."""
    for name, value in values.items():
        column = shift(column_of(sheet, name)) - 1
        if isinstance(value, datetime):
            worksheet.write_datetime(row - 1, column, value, kit.day if value.time() == datetime.min.time() else kit.moment)
        elif isinstance(value, bool):
            worksheet.write_boolean(row - 1, column, value)
        elif isinstance(value, str):
            worksheet.write_string(row - 1, column, value, kit.text)
        else:
            worksheet.write_number(row - 1, column, value, kit.money if isinstance(value, float) else None)


def _schedule(worksheet: Any, kit: _Kit) -> None:
    for number, game in enumerate(("Mexico – South Africa", "Korea – Play-off D", "Canada – Play-off A", "USA – Paraguay"), start=1):
        values = {"date": DATE + timedelta(days=number), "match": f"M{number:02d}", "game": game}
        _write(worksheet, SCHEDULE, number + 1, values, kit)
    worksheet.write_url("D2", "https://example.test/m01?a=1&b=2", string="Mexico – South Africa")
    worksheet.freeze_panes(1, 3)


def _purchases(worksheet: Any, kit: _Kit) -> None:
    """In a table object, with a formula column that a user added."""
    lines = (
        (DATE, "M01", "Viagogo", "000777", "Cat 1", 4, 120.0, "P_a"),
        (DATE, "M01", "StubHub", "0012", "Cat 2", 2, 95.5, "P_b"),
        (DATE, "M02", "Seatpick", "630679135", "Cat 1", 3, 70.0, ""),
    )
    last = 1
    for row, (day, match, vendor, contract, category, number, price, purchase_id) in enumerate(lines, start=2):
        values = {"date": day, "match": match, "vendor": vendor, "contract": contract, "category": category, "number": number,
                  "price": price}  # fmt: skip
        _write(worksheet, PURCHASES, row, values | ({"purchase_id": purchase_id} if purchase_id else {}), kit)
        worksheet.write_formula(row - 1, 8, f"=G{row}*H{row}", kit.money, number * price)
        worksheet.write_formula(row - 1, 11, f'=IF(Purchases!G{row}>3,"large","small")', kit.marked, "large" if number > 3 else "small")
        last = row
    headers = [*MANIFEST[PURCHASES].canonical_headers, "Size"]
    columns = [{"header": text, "header_format": kit.header} for text in headers]
    worksheet.add_table(0, 0, last - 1, len(headers) - 1, {"name": "tblPurchases", "columns": columns})
    worksheet.data_validation(1, 5, last - 1, 5, {"validate": "list", "source": ["Cat 1", "Cat 2", "Cat 3"]})
    worksheet.write_comment("D2", "The desk's own account", {"author": "Ana"})
    worksheet.set_column("J:J", None, None, {"hidden": True})


def _sales(worksheet: Any, kit: _Kit) -> None:
    lines = (
        ("M01", "Meridian", "Cat 1", 2, 300.0, "S1", "S_one"),
        ("M01", "Côte d'Azur & Fils", "Cat 2", 1, 210.0, "S2", "S_two"),
        ("M02", "Meridian", "Cat 1", 2, 180.0, "", ""),
        ("M03", "Orbis", "Cat 3", 1, 99.0, "S4", "S_four"),
    )
    for row, (match, client, category, number, price, sales_id, source) in enumerate(lines, start=2):
        values = {"date": DATE, "match": match, "client": client, "contract": "0042", "category": category, "number": number,
                  "price": price, "total": number * price, "status": "UNALLOCATED"}  # fmt: skip
        known = {"sales_id": sales_id, "source_sale_id": source} if sales_id else {}
        _write(worksheet, SALES, row, values | known, kit)
        worksheet.write_formula(row - 1, 14, f"=I{row}-SUMIFS(Purchases!I:I,Purchases!B:B,B{row})", kit.money, price)
    worksheet.write_string(0, 14, "Margin", kit.header)
    worksheet.write_rich_string("M2", "call ", kit.header, "before", " sending", kit.marked)
    worksheet.autofilter(0, 0, 4, 14)
    worksheet.conditional_format(1, 6, 4, 6, {"type": "data_bar", "data_bar_2010": True})
    worksheet.conditional_format(1, 7, 4, 7, {"type": "3_color_scale"})
    worksheet.set_landscape()
    worksheet.set_header("&C&A")
    worksheet.print_area(0, 0, 4, 13)
    worksheet.set_h_pagebreaks([3])


def _units(worksheet: Any, kit: _Kit) -> None:
    """Four of P_a, three of P_b (one too many). P00005 is used by S2-1 but does not say so."""
    for number in range(1, 8):
        ours = number <= 4
        values = {
            "unit_id": f"P{number:05d}", "match": "M01", "vendor": VENDORS[0] if ours else VENDORS[1],
            "contract": "000777" if ours else "0012", "category": "Cat 1" if ours else "Cat 2", "source_row": 1 if ours else 2,
            "created_at": datetime(2026, 4, 17, 14, 30, 22), "status": "AVAILABLE", "set_id": "PR0001-S01" if ours else "PR0002-S01",
            "set_size": 4 if ours else 3, "set_pos": number if ours else number - 4, "block": "101", "seat_row": "A",
            "seat": str(number), "purchase_id": "P_a" if ours else "P_b", "email": "desk@viagogo.example", "password": "hunter2",
        }  # fmt: skip
        _write(worksheet, UNITS, number + 1, values, kit)
    worksheet.write_number(0, 23, 11910.0, kit.header)
    worksheet.set_row(0, 30)
    worksheet.autofilter(0, 0, 7, 22)
    for row in range(8, 12):
        for column in range(4):
            worksheet.write_blank(row, column, None, kit.text)


def _shift(column: int) -> int:
    """Distribution has a column of the users' own behind Vendor."""
    return column + (column > 2)


def _distribution(book: Any, worksheet: Any, kit: _Kit) -> None:
    headers = MANIFEST[DISTRIBUTION].canonical_headers
    for column in range(len(headers) + 2):
        worksheet.write_blank(1, column, None)
    for column, text in enumerate(headers, start=1):
        worksheet.write_string(1, _shift(column) - 1, text, kit.header)
    shown = len(headers) + 1
    worksheet.write_string(1, 2, OWN_NOTE, kit.header)
    worksheet.write_string(1, shown, OWN_SHOWN, kit.header)
    worksheet.write_string(1, shown + 1, "Allocate_Now", kit.header)  # an older spelling of Process_Now
    worksheet.write_boolean(4, shown + 1, True)
    worksheet.merge_range("A1:H1", "DISTRIBUTION · one row a ticket", kit.header)
    tickets = (
        ("S1-1", "M01", "Meridian", "Cat 1", "S_one", {}),
        ("S1-2", "M01", "Meridian", "Cat 1", "S_one", {}),
        ("S1-3", "M01", "Meridian", "Cat 1", "S_one", {"tix": "two"}),
        ("S2-1", "M01", "Côte d'Azur & Fils", "Cat 2", "S_two",
         {"status": "ALLOCATED", "unit_ids": "P00005", "unit_count": 2, "vendor": "StubHub", "tix": 1}),
        ("S4-1", "M03", "Orbis", "Cat 3", "S_four", {"notes": "=not a formula"}),
    )  # fmt: skip
    letter = letters_of(_shift(column_of(DISTRIBUTION, "sales_id")))
    for row, (sales_id, match, company, category, source, more) in enumerate(tickets, start=3):
        child = int(sales_id[-1])
        values = {
            "sales_id": sales_id, "row_type": "Sales", "date": DATE, "match": match, "company": company, "inv_no": "0042",
            "category": category, "sets": {"S1-1": 2}.get(sales_id, int(child == 1)), "qty": 1, "process_now": False,
            "src_row": {"S_one": 2, "S_two": 3, "S_four": 5}[source], "child": child, "source_sale_id": source,
            "line_key": f"{source}-SC{child}",
        }  # fmt: skip
        _write(worksheet, DISTRIBUTION, row, values | more, kit, _shift)
        worksheet.write_formula(row - 1, 2, f"=LOWER({letter}{row})", kit.marked, sales_id.lower())
        worksheet.write_formula(row - 1, shown, f'="#"&ROW()&" "&{letter}{row}', None, f"#{row} {sales_id}")
    last = 2 + len(tickets)
    ticks = _shift(column_of(DISTRIBUTION, "process_now")) - 1
    for row in range(last, last + 5):
        worksheet.write_boolean(row, ticks, False)
        worksheet.write_blank(row, 0, None, kit.marked)
        worksheet.set_row(row, 21)
    status, delivery = (_shift(column_of(DISTRIBUTION, name)) - 1 for name in ("status", "delivery"))
    quantity, notes = (_shift(column_of(DISTRIBUTION, name)) - 1 for name in ("qty", "notes"))
    green = book.add_format({"bg_color": "#E2EFDA"})
    worksheet.conditional_format(2, status, last - 1, status, {"type": "cell", "criteria": "==", "value": '"ALLOCATED"', "format": green})
    worksheet.conditional_format(2, quantity, last - 1, quantity, {"type": "data_bar", "data_bar_2010": True, "bar_solid": True})
    worksheet.conditional_format(2, 0, 3, 0, {"type": "formula", "criteria": "=$A3>0", "format": green})
    worksheet.data_validation(2, delivery, last - 1, delivery, {"validate": "list", "source": ["NOT_SENT", "SENT", "ISSUE"]})
    worksheet.data_validation(2, ticks, 500, ticks, {"validate": "list", "source": ["TRUE", "FALSE"]})
    worksheet.write_comment(3, status, "Why is this one waiting? <b>&amp;</b>", {"author": "Béla", "visible": True})
    worksheet.write_rich_string(2, notes, "VIP ", kit.header, "handle with care", " <&>", kit.marked)
    worksheet.write_url(0, 10, f"internal:'{DASHBOARD}'!A1", string="to the dashboard")
    worksheet.add_sparkline(0, shown, {"range": f"{DISTRIBUTION}!R3:R7", "type": "column"})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": [DISTRIBUTION, 2, quantity, last - 1, quantity]})
    worksheet.insert_chart(12, 3, chart)
    worksheet.insert_image(20, 3, "dot.png", {"image_data": io.BytesIO(_png()), "description": "a dot"})
    worksheet.insert_textbox(28, 3, "Do not sort this sheet < & >", {"width": 200})
    worksheet.set_row(4, None, None, {"level": 1})
    worksheet.set_row(5, None, None, {"level": 1, "hidden": True})
    worksheet.autofilter(1, 0, last - 1, shown)
    worksheet.freeze_panes(2, 3)
    worksheet.repeat_rows(0, 1)
    worksheet.fit_to_pages(1, 0)
    worksheet.set_column(9, 9, 14, kit.text)
    worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})


def _recon(worksheet: Any, kit: _Kit) -> None:
    """S1 has a ticket too many; its deletion is ticked already. Below a gap stands what somebody typed, not all of it fitting."""
    values = {"action": "DELETE_CANDIDATE", "dist_row": 5, "sales_id": "S1-3", "process_now": True}
    _write(worksheet, SALES_RECON_AUDIT, 2, values, kit)
    typed = {"action": "MANUAL_REVIEW", "sales_id": "S77-1", "reason": "typed by hand", "date": DATE, "sales_row": 9, "notes": " keep "}
    _write(worksheet, SALES_RECON_AUDIT, 4, typed | {"expected": "two or three"}, kit)
    worksheet.data_validation("V2:V400", {"validate": "list", "source": ["TRUE", "FALSE"]})
    worksheet.set_tab_color("#ED7D31")


def _log(worksheet: Any, kit: _Kit) -> None:
    values = {"timestamp": datetime(2026, 4, 16, 9, 0), "user": "ana", "action": "ALLOCATE", "sale_id": "S9", "units_affected": 1,
              "clear_seats": False}  # fmt: skip
    _write(worksheet, ALLOC_LOG, 2, values, kit)
    worksheet.autofilter(0, 0, 1, 7)


def _report(book: Any, worksheet: Any, kit: _Kit) -> None:
    """An old report with looks and a picture of its own."""
    worksheet.write_string(0, 0, "OLD REPORT", kit.header)
    for row in range(2, 40):
        worksheet.write_number(row, 1, row / 7, kit.money)
        worksheet.write_blank(row, 4, None, kit.marked)
    chart = book.add_chart({"type": "bar"})
    chart.add_series({"values": [worksheet.get_name(), 3, 0, 3, 5]})
    worksheet.insert_chart(2, 12, chart)
    worksheet.conditional_format("B4:B4", {"type": "icon_set", "icon_style": "3_arrows"})


def _dashboard(book: Any, worksheet: Any, kit: _Kit) -> None:
    """A sheet of the users' own, with formulas over ours."""
    worksheet.write_string("A1", "Tickets", kit.header)
    worksheet.write_formula("B1", f"=COUNTA({DISTRIBUTION}!I3:I1000)", None, 5)
    worksheet.write_formula("B2", f'=SUMIF({DISTRIBUTION}!X3:X1000,"ALLOCATED",{DISTRIBUTION}!R3:R1000)', None, 1)
    worksheet.write_array_formula("D1:D3", f"{{=ROW({PURCHASES}!A1:A3)*2}}", None, 2)
    worksheet.write_dynamic_array_formula("F1", "=SEQUENCE(2)", None, 1)
    worksheet.write_formula("B3", "=Rate*100", kit.money, 19)
    worksheet.insert_image("H2", "dot.png", {"image_data": io.BytesIO(_png()), "url": "https://example.test/"})
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": f"={PURCHASES}!$G$2:$G$4"})
    worksheet.insert_chart("H8", chart)
    worksheet.insert_checkbox("A6", True)
    worksheet.protect("secret", {"select_locked_cells": True})


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">2I5B", 2, 2, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0\0\xff\0" + b"\0" + bytes(6)))
        + chunk(b"IEND", b"")
    )


_PIVOT_CACHE = (
    f'<pivotCacheDefinition xmlns="{MAIN}" xmlns:r="{RELATIONS}" saveData="0" refreshOnLoad="1" recordCount="0" refreshedVersion="6" '
    'createdVersion="6"><cacheSource type="worksheet"><worksheetSource ref="A1:B5" sheet="Schedule WC2026"/></cacheSource>'
    '<cacheFields count="2"><cacheField name="Day" numFmtId="0"><sharedItems/></cacheField>'
    '<cacheField name="Date" numFmtId="0"><sharedItems/></cacheField></cacheFields></pivotCacheDefinition>'
)
_PIVOT_TABLE = (
    f'<pivotTableDefinition xmlns="{MAIN}" name="Pivot" cacheId="7" dataCaption="Values" updatedVersion="6" createdVersion="6" '
    'outline="1" outlineData="1"><location ref="A20:B22" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/>'
    '<pivotFields count="2"><pivotField showAll="0"/><pivotField showAll="0"/></pivotFields></pivotTableDefinition>'
)


def _graft(path: Path, data: bytes, *, macros: bool) -> None:
    """The parts that XlsxWriter does not make, and an archive with every oddity that zip allows."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {info.filename: source.read(info) for info in source.infolist()}
    sheet = Archive(data).sheets
    types, book = "[Content_Types].xml", "xl/workbook.xml"
    added = ""
    for part, kind, content in (
        ("xl/pivotCache/pivotCacheDefinition1.xml", "pivotCacheDefinition", _PIVOT_CACHE),
        ("xl/pivotTables/pivotTable1.xml", "pivotTable", _PIVOT_TABLE),
    ):
        parts[part] = content.encode()
        added += f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
    parts["xl/pivotTables/_rels/pivotTable1.xml.rels"] = _relations(
        f'<Relationship Id="rId1" Type="{RELATIONS}/pivotCacheDefinition" Target="../pivotCache/pivotCacheDefinition1.xml"/>'
    )
    parts["xl/vbaProject.bin"] = MACRO
    added += '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
    parts["customXml/item1.xml"] = b'<?xml version="1.0"?><desk xmlns="urn:desk"><!-- kept --><code>N1</code></desk>'
    parts["customXml/itemProps1.xml"] = (
        b'<?xml version="1.0"?><ds:datastoreItem ds:itemID="{0B0F6B35-3F3C-4F60-A9C6-4C5B7D0A4F11}" '
        b'xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"><ds:schemaRefs/></ds:datastoreItem>'
    )
    added += '<Override PartName="/customXml/itemProps1.xml" ContentType="application/vnd.openxmlformats-officedocument.customXmlProperties+xml"/>'
    parts["customXml/_rels/item1.xml.rels"] = _relations(
        f'<Relationship Id="rId1" Type="{RELATIONS}/customXmlProps" Target="itemProps1.xml"/>'
    )
    printer = "xl/printerSettings/printerSettings1.bin"
    parts[printer] = b"\\\\desk\\laser\0" * 40
    added += f'<Override PartName="/{printer}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings"/>'
    formulas = [(i, f"{letters_of(c)}{r}") for i, name in enumerate(sheet, start=1) if "chartsheets" not in sheet[name]
                for (r, c), cell in Archive(data).cells(name).items() if cell.formula]  # fmt: skip
    parts["xl/calcChain.xml"] = (
        f'<calcChain xmlns="{MAIN}">' + "".join(f'<c r="{r}" i="{i}"/>' for i, r in formulas) + "</calcChain>"
    ).encode()
    added += (
        '<Override PartName="/xl/calcChain.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"/>'
    )
    _relate(parts, book, "rIdP", "pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml")
    _relate(parts, book, "rIdC", "calcChain", "calcChain.xml")
    _relate(parts, book, "rIdX", "customXml", "../customXml/item1.xml")
    _relate(parts, book, "rIdV", "vbaProject", "vbaProject.bin", "http://schemas.microsoft.com/office/2006/relationships")
    _relate(parts, sheet[DASHBOARD], "rIdP", "pivotTable", "../pivotTables/pivotTable1.xml")
    _relate(parts, sheet[DISTRIBUTION], "rIdPrint", "printerSettings", "../printerSettings/printerSettings1.bin")
    xml = parts[sheet[DISTRIBUTION]]
    parts[sheet[DISTRIBUTION]] = re.sub(rb"<pageSetup ([^>]*)/>", rb'<pageSetup \1 r:id="rIdPrint"/>', xml)
    assert parts[sheet[DISTRIBUTION]] != xml
    parts[book] = parts[book].replace(b"</workbook>", b'<pivotCaches><pivotCache cacheId="7" r:id="rIdP"/></pivotCaches></workbook>')
    parts[types] = parts[types].replace(b"</Types>", added.encode() + b"</Types>")
    if macros:
        plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
        assert plain in parts[types]
        parts[types] = parts[types].replace(plain, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    _write_oddly(path, parts)


def _relate(parts: dict[str, bytes], part: str, name: str, kind: str, target: str, namespace: str = RELATIONS) -> None:
    folder, _, file = part.rpartition("/")
    path = f"{folder}/_rels/{file}.rels"
    xml = parts.get(path, _relations(""))
    element = f'<Relationship Id="{name}" Type="{namespace}/{kind}" Target="{target}"/>'
    parts[path] = xml.replace(b"</Relationships>", element.encode() + b"</Relationships>")


def _write_oddly(path: Path, parts: Mapping[str, bytes]) -> None:
    """Extra fields (a time stamp, a made-up one), comments, modes, dates, makers and compressions that differ by member."""
    buffer = io.BytesIO()
    stamp = struct.pack("<2HBL", 0x5455, 5, 1, 1_776_436_222)
    own = struct.pack("<2H", 0xCAFE, 3) + b"abc"
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = "kept: naïve comment".encode()
        for number, (name, content) in enumerate(parts.items()):
            info = zipfile.ZipInfo(name, (2020 + number % 7, 1 + number % 12, 1 + number % 28, number % 24, number % 60, 2 * (number % 30)))
            info.compress_type = zipfile.ZIP_STORED if name.endswith((".png", ".bin")) or number % 9 == 0 else zipfile.ZIP_DEFLATED
            info.create_system = (0, 3, 10)[number % 3]
            info.external_attr = (0o100640 << 16) if number % 2 else 0x20
            info.internal_attr = number % 2
            info.extra = (b"", stamp, own, stamp + own)[number % 4]
            info.comment = b"" if number % 5 else f"member {number}".encode()
            archive.writestr(info, content, compresslevel=1 + number % 9)
    path.write_bytes(buffer.getvalue())


def resaved(path: Path) -> None:
    """The same parts in another archive: what remains when another program saved the workbook and changed nothing."""
    with zipfile.ZipFile(path) as source:
        parts = {info.filename: source.read(info) for info in source.infolist()}
    write_archive(path, parts, replace(DIALECTS["excel"], compression=zipfile.ZIP_STORED))
