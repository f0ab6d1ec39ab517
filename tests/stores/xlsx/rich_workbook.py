"""A canonical workbook with everything in it that people put into workbooks."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.stores.xlsx.archive import DATE, MAIN, RELATIONS, Archive, column_of, letters_of
from tests.stores.xlsx.plain_workbook import relations_xml
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    ALLOCATION_AUDIT,
    ALLOCATION_PREVIEW,
    DISTRIBUTION,
    EVENT,
    MATTHIAS_EMAILS,
    PURCHASES,
    REPORT_POSITION,
    SALES,
    SALES_RECON_AUDIT,
    SCHEDULE,
    UNITS,
)
from ticketops.schema.sheets import Sheet

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
    """A canonical workbook in which every writing command finds something to do, full of what
    splicing must not touch.

    `.xlsm` as the ending makes it a workbook with (unsigned) macros by its content type too.
    without: sheets left out.
    """
    plain = io.BytesIO()
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "in_memory": True,
        "use_future_functions": True,
    }
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
        sheets = {
            sheet.name: book.add_worksheet(sheet.name)
            for sheet in EVENT.canonical()
            if sheet.name not in without
        }
        chartsheet = book.add_chartsheet("Chart of its own")
        for name, worksheet in sheets.items():
            _header(worksheet, EVENT[name], kit)
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


def _write(
    worksheet: Any,
    sheet: str,
    row: int,
    values: Mapping[str, Any],
    kit: _Kit,
    shift: Callable[[int], int] = lambda c: c,
) -> None:
    """Cells of one row by python column names; `row` is the sheet row."""
    for name, value in values.items():
        column = shift(column_of(sheet, name)) - 1
        if isinstance(value, datetime):
            worksheet.write_datetime(
                row - 1,
                column,
                value,
                kit.day if value.time() == datetime.min.time() else kit.moment,
            )
        elif isinstance(value, bool):
            worksheet.write_boolean(row - 1, column, value)
        elif isinstance(value, str):
            worksheet.write_string(row - 1, column, value, kit.text)
        else:
            worksheet.write_number(
                row - 1, column, value, kit.money if isinstance(value, float) else None
            )


def _schedule(worksheet: Any, kit: _Kit) -> None:
    for number, game in enumerate(
        ("Mexico – South Africa", "Korea – Play-off D", "Canada – Play-off A", "USA – Paraguay"),
        start=1,
    ):
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
    for row, (day, match, vendor, contract, category, number, price, purchase_id) in enumerate(
        lines, start=2
    ):
        values = {
            "date": day,
            "match": match,
            "vendor": vendor,
            "contract": contract,
            "category": category,
            "number": number,
            "price": price,
        }
        _write(
            worksheet,
            PURCHASES,
            row,
            values | ({"purchase_id": purchase_id} if purchase_id else {}),
            kit,
        )
        worksheet.write_formula(row - 1, 8, f"=G{row}*H{row}", kit.money, number * price)
        worksheet.write_formula(
            row - 1,
            11,
            f'=IF(Purchases!G{row}>3,"large","small")',
            kit.marked,
            "large" if number > 3 else "small",
        )
        last = row
    headers = [*EVENT[PURCHASES].canonical_headers, "Size"]
    columns = [{"header": text, "header_format": kit.header} for text in headers]
    worksheet.add_table(
        0, 0, last - 1, len(headers) - 1, {"name": "tblPurchases", "columns": columns}
    )
    worksheet.data_validation(
        1, 5, last - 1, 5, {"validate": "list", "source": ["Cat 1", "Cat 2", "Cat 3"]}
    )
    worksheet.write_comment("D2", "The desk's own account", {"author": "Ana"})
    worksheet.set_column("J:J", None, None, {"hidden": True})


def _sales(worksheet: Any, kit: _Kit) -> None:
    lines = (
        ("M01", "Meridian", "Cat 1", 2, 300.0, "S1", "S_one"),
        ("M01", "Côte d'Azur & Fils", "Cat 2", 1, 210.0, "S2", "S_two"),
        ("M02", "Meridian", "Cat 1", 2, 180.0, "", ""),
        ("M03", "Orbis", "Cat 3", 1, 99.0, "S4", "S_four"),
    )
    for row, (match, client, category, number, price, sales_id, source) in enumerate(
        lines, start=2
    ):
        values = {
            "date": DATE,
            "match": match,
            "client": client,
            "contract": "0042",
            "category": category,
            "number": number,
            "price": price,
            "total": number * price,
            "status": "UNALLOCATED",
        }
        known = {"sales_id": sales_id, "source_sale_id": source} if sales_id else {}
        _write(worksheet, SALES, row, values | known, kit)
        worksheet.write_formula(
            row - 1, 14, f"=I{row}-SUMIFS(Purchases!I:I,Purchases!B:B,B{row})", kit.money, price
        )
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
            "unit_id": f"P{number:05d}",
            "match": "M01",
            "vendor": VENDORS[0] if ours else VENDORS[1],
            "contract": "000777" if ours else "0012",
            "category": "Cat 1" if ours else "Cat 2",
            "source_row": 1 if ours else 2,
            "created_at": datetime(2026, 4, 17, 14, 30, 22),
            "status": "AVAILABLE",
            "set_id": "PR0001-S01" if ours else "PR0002-S01",
            "set_size": 4 if ours else 3,
            "set_pos": number if ours else number - 4,
            "block": "101",
            "seat_row": "A",
            "seat": str(number),
            "purchase_id": "P_a" if ours else "P_b",
            "email": "desk@viagogo.example",
            "password": "hunter2",
        }
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
    headers = EVENT[DISTRIBUTION].canonical_headers
    for column in range(len(headers) + 2):
        worksheet.write_blank(1, column, None)
    for column, text in enumerate(headers, start=1):
        worksheet.write_string(1, _shift(column) - 1, text, kit.header)
    shown = len(headers) + 1
    worksheet.write_string(1, 2, OWN_NOTE, kit.header)
    worksheet.write_string(1, shown, OWN_SHOWN, kit.header)
    worksheet.write_string(
        1, shown + 1, "Allocate_Now", kit.header
    )  # an older spelling of Process_Now
    worksheet.write_boolean(4, shown + 1, True)
    worksheet.merge_range("A1:H1", "DISTRIBUTION · one row a ticket", kit.header)
    tickets = (
        ("S1-1", "M01", "Meridian", "Cat 1", "S_one", {}),
        ("S1-2", "M01", "Meridian", "Cat 1", "S_one", {}),
        ("S1-3", "M01", "Meridian", "Cat 1", "S_one", {"tix": "two"}),
        (
            "S2-1",
            "M01",
            "Côte d'Azur & Fils",
            "Cat 2",
            "S_two",
            {
                "status": "ALLOCATED",
                "unit_ids": "P00005",
                "unit_count": 2,
                "vendor": "StubHub",
                "tix": 1,
            },
        ),
        ("S4-1", "M03", "Orbis", "Cat 3", "S_four", {"notes": "=not a formula"}),
    )
    letter = letters_of(_shift(column_of(DISTRIBUTION, "sales_id")))
    for row, (sales_id, match, company, category, source, more) in enumerate(tickets, start=3):
        child = int(sales_id[-1])
        values = {
            "sales_id": sales_id,
            "row_type": "Sales",
            "date": DATE,
            "match": match,
            "company": company,
            "inv_no": "0042",
            "category": category,
            "sets": {"S1-1": 2}.get(sales_id, int(child == 1)),
            "qty": 1,
            "process_now": False,
            "src_row": {"S_one": 2, "S_two": 3, "S_four": 5}[source],
            "child": child,
            "source_sale_id": source,
            "line_key": f"{source}-SC{child}",
        }
        _write(worksheet, DISTRIBUTION, row, values | more, kit, _shift)
        worksheet.write_formula(row - 1, 2, f"=LOWER({letter}{row})", kit.marked, sales_id.lower())
        worksheet.write_formula(
            row - 1, shown, f'="#"&ROW()&" "&{letter}{row}', None, f"#{row} {sales_id}"
        )
    last = 2 + len(tickets)
    ticks = _shift(column_of(DISTRIBUTION, "process_now")) - 1
    for row in range(last, last + 5):
        worksheet.write_boolean(row, ticks, False)
        worksheet.write_blank(row, 0, None, kit.marked)
        worksheet.set_row(row, 21)
    status, delivery = (
        _shift(column_of(DISTRIBUTION, name)) - 1 for name in ("status", "delivery")
    )
    quantity, notes = (_shift(column_of(DISTRIBUTION, name)) - 1 for name in ("qty", "notes"))
    green = book.add_format({"bg_color": "#E2EFDA"})
    worksheet.conditional_format(
        2,
        status,
        last - 1,
        status,
        {"type": "cell", "criteria": "==", "value": '"ALLOCATED"', "format": green},
    )
    worksheet.conditional_format(
        2,
        quantity,
        last - 1,
        quantity,
        {"type": "data_bar", "data_bar_2010": True, "bar_solid": True},
    )
    worksheet.conditional_format(
        2, 0, 3, 0, {"type": "formula", "criteria": "=$A3>0", "format": green}
    )
    worksheet.data_validation(
        2,
        delivery,
        last - 1,
        delivery,
        {"validate": "list", "source": ["NOT_SENT", "SENT", "ISSUE"]},
    )
    worksheet.data_validation(
        2, ticks, 500, ticks, {"validate": "list", "source": ["TRUE", "FALSE"]}
    )
    worksheet.write_comment(
        3, status, "Why is this one waiting? <b>&amp;</b>", {"author": "Béla", "visible": True}
    )
    worksheet.write_rich_string(
        2, notes, "VIP ", kit.header, "handle with care", " <&>", kit.marked
    )
    worksheet.write_url(0, 10, f"internal:'{DASHBOARD}'!A1", string="to the dashboard")
    worksheet.add_sparkline(0, shown, {"range": f"{DISTRIBUTION}!R3:R7", "type": "column"})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": [DISTRIBUTION, 2, quantity, last - 1, quantity]})
    worksheet.insert_chart(12, 3, chart)
    worksheet.insert_image(
        20, 3, "dot.png", {"image_data": io.BytesIO(_png()), "description": "a dot"}
    )
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
    """S1 has a ticket too many; its deletion is ticked already. Below a gap stands what somebody
    typed, not all of it fitting."""
    values = {"action": "DELETE_CANDIDATE", "dist_row": 5, "sales_id": "S1-3", "process_now": True}
    _write(worksheet, SALES_RECON_AUDIT, 2, values, kit)
    typed = {
        "action": "MANUAL_REVIEW",
        "sales_id": "S77-1",
        "reason": "typed by hand",
        "date": DATE,
        "sales_row": 9,
        "notes": " keep ",
    }
    _write(worksheet, SALES_RECON_AUDIT, 4, typed | {"expected": "two or three"}, kit)
    worksheet.data_validation("V2:V400", {"validate": "list", "source": ["TRUE", "FALSE"]})
    worksheet.set_tab_color("#ED7D31")


def _log(worksheet: Any, kit: _Kit) -> None:
    values = {
        "timestamp": datetime(2026, 4, 16, 9, 0),
        "user": "ana",
        "action": "ALLOCATE",
        "sale_id": "S9",
        "units_affected": 1,
        "clear_seats": False,
    }
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
    worksheet.write_formula(
        "B2", f'=SUMIF({DISTRIBUTION}!X3:X1000,"ALLOCATED",{DISTRIBUTION}!R3:R1000)', None, 1
    )
    worksheet.write_array_formula("D1:D3", f"{{=ROW({PURCHASES}!A1:A3)*2}}", None, 2)
    worksheet.write_dynamic_array_formula("F1", "=SEQUENCE(2)", None, 1)
    worksheet.write_formula("B3", "=Rate*100", kit.money, 19)
    worksheet.insert_image(
        "H2", "dot.png", {"image_data": io.BytesIO(_png()), "url": "https://example.test/"}
    )
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": f"={PURCHASES}!$G$2:$G$4"})
    worksheet.insert_chart("H8", chart)
    worksheet.insert_checkbox("A6", True)
    worksheet.protect("secret", {"select_locked_cells": True})


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

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
    parts["xl/pivotTables/_rels/pivotTable1.xml.rels"] = relations_xml(
        f'<Relationship Id="rId1" Type="{RELATIONS}/pivotCacheDefinition" Target="../pivotCache/pivotCacheDefinition1.xml"/>'
    )
    parts["xl/vbaProject.bin"] = MACRO
    added += '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
    parts["customXml/item1.xml"] = (
        b'<?xml version="1.0"?><desk xmlns="urn:desk"><!-- kept --><code>N1</code></desk>'
    )
    parts["customXml/itemProps1.xml"] = (
        b'<?xml version="1.0"?><ds:datastoreItem ds:itemID="{0B0F6B35-3F3C-4F60-A9C6-4C5B7D0A4F11}" '
        b'xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"><ds:schemaRefs/></ds:datastoreItem>'
    )
    added += '<Override PartName="/customXml/itemProps1.xml" ContentType="application/vnd.openxmlformats-officedocument.customXmlProperties+xml"/>'
    parts["customXml/_rels/item1.xml.rels"] = relations_xml(
        f'<Relationship Id="rId1" Type="{RELATIONS}/customXmlProps" Target="itemProps1.xml"/>'
    )
    printer = "xl/printerSettings/printerSettings1.bin"
    parts[printer] = b"\\\\desk\\laser\0" * 40
    added += f'<Override PartName="/{printer}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings"/>'
    formulas = [
        (i, f"{letters_of(c)}{r}")
        for i, name in enumerate(sheet, start=1)
        if "chartsheets" not in sheet[name]
        for (r, c), cell in Archive(data).cells(name).items()
        if cell.formula
    ]
    parts["xl/calcChain.xml"] = (
        f'<calcChain xmlns="{MAIN}">'
        + "".join(f'<c r="{r}" i="{i}"/>' for i, r in formulas)
        + "</calcChain>"
    ).encode()
    added += '<Override PartName="/xl/calcChain.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"/>'
    _relate(parts, book, "rIdP", "pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml")
    _relate(parts, book, "rIdC", "calcChain", "calcChain.xml")
    _relate(parts, book, "rIdX", "customXml", "../customXml/item1.xml")
    _relate(
        parts,
        book,
        "rIdV",
        "vbaProject",
        "vbaProject.bin",
        "http://schemas.microsoft.com/office/2006/relationships",
    )
    _relate(parts, sheet[DASHBOARD], "rIdP", "pivotTable", "../pivotTables/pivotTable1.xml")
    _relate(
        parts,
        sheet[DISTRIBUTION],
        "rIdPrint",
        "printerSettings",
        "../printerSettings/printerSettings1.bin",
    )
    xml = parts[sheet[DISTRIBUTION]]
    parts[sheet[DISTRIBUTION]] = re.sub(
        rb"<pageSetup ([^>]*)/>", rb'<pageSetup \1 r:id="rIdPrint"/>', xml
    )
    assert parts[sheet[DISTRIBUTION]] != xml
    parts[book] = parts[book].replace(
        b"</workbook>",
        b'<pivotCaches><pivotCache cacheId="7" r:id="rIdP"/></pivotCaches></workbook>',
    )
    parts[types] = parts[types].replace(b"</Types>", added.encode() + b"</Types>")
    if macros:
        plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
        assert plain in parts[types]
        parts[types] = parts[types].replace(
            plain, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
        )
    _write_oddly(path, parts)


def _relate(
    parts: dict[str, bytes],
    part: str,
    name: str,
    kind: str,
    target: str,
    namespace: str = RELATIONS,
) -> None:
    folder, _, file = part.rpartition("/")
    path = f"{folder}/_rels/{file}.rels"
    xml = parts.get(path, relations_xml(""))
    element = f'<Relationship Id="{name}" Type="{namespace}/{kind}" Target="{target}"/>'
    parts[path] = xml.replace(b"</Relationships>", element.encode() + b"</Relationships>")


def _write_oddly(path: Path, parts: Mapping[str, bytes]) -> None:
    """Extra fields (a time stamp, a made-up one), comments, modes, dates, makers and compressions
    that differ by member."""
    buffer = io.BytesIO()
    stamp = struct.pack("<2HBL", 0x5455, 5, 1, 1_776_436_222)
    own = struct.pack("<2H", 0xCAFE, 3) + b"abc"
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = "kept: naïve comment".encode()
        for number, (name, content) in enumerate(parts.items()):
            info = zipfile.ZipInfo(
                name,
                (
                    2020 + number % 7,
                    1 + number % 12,
                    1 + number % 28,
                    number % 24,
                    number % 60,
                    2 * (number % 30),
                ),
            )
            info.compress_type = (
                zipfile.ZIP_STORED
                if name.endswith((".png", ".bin")) or number % 9 == 0
                else zipfile.ZIP_DEFLATED
            )
            info.create_system = (0, 3, 10)[number % 3]
            info.external_attr = (0o100640 << 16) if number % 2 else 0x20
            info.internal_attr = number % 2
            info.extra = (b"", stamp, own, stamp + own)[number % 4]
            info.comment = b"" if number % 5 else f"member {number}".encode()
            archive.writestr(info, content, compresslevel=1 + number % 9)
    path.write_bytes(buffer.getvalue())
