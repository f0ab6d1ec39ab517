"""A small canonical workbook in any dialect of XML and zip."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import openpyxl

from tests.stores.xlsx.archive import (
    DATE,
    MAIN,
    PACKAGE_RELATIONS,
    RELATIONS,
    column_of,
    letters_of,
    office_convert,
    serial,
)
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES, SCHEDULE


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
    """A small canonical workbook: 18 sheets, gaps, styled blanks, errors, formulas and text that
    only looks like XML."""
    model: dict[str, Grid] = {}
    for sheet in EVENT.canonical():
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
    model[SALES][2] = {
        2: Put("M01"),
        4: Put("Meridian"),
        6: Put("Cat 1"),
        7: Put(1.0),
        12: Put("S1"),
        14: Put("S_a"),
    }
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
        distribution[row] = {
            1: Put(None, MARKED),
            10: Put(None, DAY),
            ticks: Put(False),
            notes: Put(None, TEXT),
        }
    for row in range(7, 7 + dialect.trailing):
        purchases[row] = {1: Put(None, DAY), 4: Put(None, TEXT)}
    model["Own sheet"] = {1: {1: Put("total"), 2: Put(16.0, GENERAL, f"SUM({PURCHASES}!G2:G6)")}}
    return model


def sheet_xml(
    grid: Mapping[int, Mapping[int, Put]],
    dialect: Dialect,
    strings: list[str],
    *,
    cols: str = "",
    tail: str = "",
    row_attributes: Mapping[int, str] | None = None,
) -> bytes:
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
        start = _start(
            "row", str(row) if dialect.row_numbers else "", more, ' collapsed="0"', dialect
        )
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
    data = (
        f"<sheetData>{between}{rows}{between}</sheetData{dialect.close}" if body else "<sheetData/>"
    )
    text = (
        f'<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}" xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac">'
        f'{dimension}<sheetViews><sheetView workbookViewId="0"/></sheetViews>{cols}{outer}{data}{outer}{tail}'
        f'<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>'
    )
    return _spelt(text, dialect)


def _cells_xml(
    row: int, columns: Mapping[int, Put], dialect: Dialect, strings: list[str]
) -> Iterator[str]:
    last = 0
    for column in sorted(columns):
        if not dialect.cell_references:
            yield "<c/>" * (column - last - 1)
        last = column
        put = columns[column]
        kind, content = _content(put.value, dialect, strings)
        if put.formula is not None:
            formula = (
                put.formula if put.formula.startswith("<f") else f"<f>{escape(put.formula)}</f>"
            )
            kind = ' t="str"' if isinstance(put.value, str) else kind
            content = formula + (
                f"<v>{escape(put.value)}</v>" if isinstance(put.value, str) else content
            )
        style = f' s="{put.style}"' if put.style else ""
        reference = f"{letters_of(column)}{row}" if dialect.cell_references else ""
        start = _start("c", reference, style + kind, ' s="0"', dialect)
        yield f"{start}>{content}</c{dialect.close}" if content else f"{start}/>"


def _start(name: str, reference: str, attributes: str, instead: str, dialect: Dialect) -> str:
    """The start of a tag; `instead` are attributes to stand before `r` where there are no
    others."""
    if not reference:
        return f"<{name}{attributes}"
    own = f'{dialect.space}r="{reference}"'
    return (
        f"<{name}{attributes or instead}{own}"
        if dialect.reference_last
        else f"<{name}{own}{attributes}"
    )


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
        text = _xml_text(value) if delicate else f"<![CDATA[{protected(value)}]]>"
        return ' t="inlineStr"', f'<is><t xml:space="preserve">{text}</t></is>'
    return "", f"<v>{value!r}</v>" if dialect.decimals or not float(
        value
    ).is_integer() else f"<v>{int(value)}</v>"


def _xml_text(value: str) -> str:
    return escape(protected(value))


def protected(value: str) -> str:
    """A literal _xHHHH_ spelt so that it is read as what it is."""
    return re.sub(r"(?=_x[0-9A-Fa-f]{4}_)", "_x005F", value)


def _spelt(text: str, dialect: Dialect) -> bytes:
    """A part of the main namespace in the dialect's prefix and quotes."""
    if dialect.prefix:
        text = re.sub(r"<(/?)(?=[A-Za-z])", rf"<\1{dialect.prefix}:", text).replace(
            "xmlns=", f"xmlns:{dialect.prefix}="
        )
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
    + "".join(
        f'<xf numFmtId="{n}" fontId="{font}" fillId="{fill}" borderId="0" xfId="0"/>'
        for n, font, fill in _XFS
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def plain_workbook(
    path: Path,
    dialect: Dialect = DIALECTS["excel"],
    model: Mapping[str, Grid] | None = None,
    *,
    cols: Mapping[str, str] | None = None,
    tails: Mapping[str, str] | None = None,
    names: str = "",
    members: Mapping[str, bytes] | None = None,
    rels: Mapping[str, str] | None = None,
) -> Path:
    """Write a workbook by hand. cols, tails: XML before and behind the rows, by sheet; names:
    definedNames; members: more parts of the archive; rels: <Relationship/> elements by sheet."""
    model = plain_model(dialect) if model is None else model
    strings: list[str] = []
    folder, book = "xl/Blätter/" if dialect.odd_paths else "xl/worksheets/", "xl/workbook.xml"
    sheets = {
        name: sheet_xml(
            grid,
            dialect,
            strings,
            cols=(cols or {}).get(name, ""),
            tail=(tails or {}).get(name, ""),
        )
        for name, grid in model.items()
    }
    parts: dict[str, bytes] = {}
    entries = relations = types = ""
    for number, (name, xml) in enumerate(sheets.items(), start=1):
        part = f"{folder}sheet{number}.xml"
        parts[part] = xml
        entries += f'<sheet name={quoteattr(name)} sheetId="{number + 3}" r:id="rId{number}"/>'
        target = f"/{part}" if dialect.odd_paths else part.removeprefix("xl/")
        relations += (
            f'<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" Target="{target}"/>'
        )
        types += f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        if rels and name in rels:
            parts[f"{folder}_rels/sheet{number}.xml.rels"] = relations_xml(rels[name])
    for kind, file, content in (
        ("styles", "styles.xml", STYLES_XML),
        (
            "sharedStrings",
            "sharedStrings.xml",
            f'<sst xmlns="{MAIN}">{"".join(map(_string_item, strings))}</sst>',
        ),
    ):
        parts[f"xl/{file}"] = _spelt(content, dialect)
        relations += f'<Relationship Id="{kind}" Type="{RELATIONS}/{kind}" Target="{file}"/>'
        types += f'<Override PartName="/xl/{file}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"/>'
    properties = '<workbookPr date1904="1"/>' if dialect.date1904 else "<workbookPr/>"
    listed = f"<definedNames>{names}</definedNames>" if names else ""
    parts[book] = _spelt(
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{properties}<sheets>{entries}</sheets>{listed}{dialect.calc}</workbook>',
        dialect,
    )
    parts["xl/_rels/workbook.xml.rels"] = relations_xml(relations)
    parts["_rels/.rels"] = relations_xml(
        f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="{book}"/>'
    )
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


def relations_xml(elements: str) -> bytes:
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE_RELATIONS}">{elements}</Relationships>'.encode()


class _Unseekable(io.RawIOBase):
    """A pipe: what is written to it can't be gone back to, so a data descriptor follows every
    member."""

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
        for cell in (
            cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)
        ):
            cell.value = protected(cell.value)
    book.save(path)
    return path


def by_libreoffice(path: Path, soffice: str) -> Path:
    """The plain workbook as LibreOffice writes it."""
    source = plain_workbook(path.with_name("source.xlsx"))
    converted = office_convert(soffice, [source], "xlsx", path.parent / "converted")[0]
    return converted.replace(path)


def resaved(path: Path) -> None:
    """The same parts in another archive: what remains when another program saved the workbook and
    changed nothing."""
    with zipfile.ZipFile(path) as source:
        parts = {info.filename: source.read(info) for info in source.infolist()}
    write_archive(path, parts, replace(DIALECTS["excel"], compression=zipfile.ZIP_STORED))
