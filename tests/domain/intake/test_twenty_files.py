"""Files as people and platforms write them, no two alike, each imported as it is and compared with a
table made by hand; and hostile ones, each refused in one line (§3, §4)."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.domain.intake.trade_files import FileDesk
from tests.sampling import some
from tests.stores.foreign.made import hostile
from ticketops.domain.intake.imported import Options
from ticketops.errors import TicketopsError
from ticketops.schema.layouts.event import FEES, PURCHASES, SALES, UNITS
from ticketops.services import imports

BEE = "Bee Seats"
Row = tuple[Any, ...]


class File(NamedTuple):
    """content: bytes, or the text of UTF-8; wanted: match, category, vendor, number, price and
    currency of its purchases."""

    name: str
    content: bytes | str
    wanted: list[Row]
    options: dict[str, Any] | None = None


def workbook(
    *rows: Row, merged: tuple[str, ...] = (), epoch: Any = None, formats: dict[str, str] | None = None
) -> bytes:  # fmt: skip
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    for area in merged:
        sheet.merge_cells(area)
    for cell, of in (formats or {}).items():
        sheet[cell].number_format = of
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def open_document(*rows: Row) -> bytes:
    """An .ods with the least that a program needs."""
    lines = []
    for row in rows:
        cells = "".join(
            f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
            if isinstance(cell, (int, float))
            else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        lines.append(f"<table:table-row>{cells}</table:table-row>")
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body>'
        f'<office:spreadsheet><table:table table:name="Bought">{"".join(lines)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind)
        spaced = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
        entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        manifest = f"<manifest:manifest {spaced}>{entry}</manifest:manifest>"
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
    return out.getvalue()


GERMAN = "Kaufdatum;Spiel;Kategorie;Anzahl;Einzelpreis;Lieferant\r\n"
FILES = {
    "Excel of Germany: semicolons, Windows letters": File(
        "einkauf.csv",
        (GERMAN + "03.04.2026;1;Kategorie 1;4;1.234,50 €;Bee Seats\r\n").encode("cp1252"),
        [("M01", "Cat 1", BEE, 4, 1234.5, "EUR")],
    ),
    "Excel of America: a mark of bytes, dollars, dates the other way": File(
        "purchases.csv",
        "\ufeffPurchase Date,Match #,Ticket Category,Qty,Price Each,Supplier\r\n"
        '4/13/2026,12,CAT 2,2,"$1,099.00",Bee Seats\r\n',
        [("M12", "Cat 2", BEE, 2, 1099.0, "USD")],
    ),
    "Excel of France: narrow no-break spaces, commas, semicolons": File(
        "achats.csv",
        "Date achat;Rencontre;Catégorie;Quantité;Prix unitaire;Devise;Fournisseur\r\n"
        "13/04/2026;M2;cat 1;3;1\u202f100,00;€;Bee Seats\r\n",
        [("M02", "Cat 1", BEE, 3, 1100.0, "EUR")],
    ),
    "Unicode text of Excel: UTF-16, tabs": File(
        "book1.txt",
        "Match\tCategory\tTickets\tUnit cost\tSource\r\nM1\tC3\tpair\t€ 95.50\tBee Seats\r\n".encode(
            "utf-16"
        ),
        [("M01", "Cat 3", BEE, 2, 95.5, "EUR")],
    ),
    "UTF-16 the other way round, without a mark of bytes": File(
        "big-endian.csv",
        "match,category,qty,price,vendor\nM1,Cat 4,1,80.00,Bee Seats\n".encode("utf-16-be"),
        [("M01", "Cat 4", BEE, 1, 80.0, "USD")],
    ),
    "a line that names the separator; quotes; a comma within a name": File(
        "sep.csv",
        'sep=|\nMatch|Cat|Number|Price|Vendor\n"M12"|"Cat 1"|"2"|"100"|"Bee Seats"\n',
        [("M12", "Cat 1", BEE, 2, 100.0, "USD")],
    ),
    "titles above, blank lines, totals below": File(
        "report.csv",
        "Purchase report;;;;\nprinted 1 May 2026;;;;\n;;;;\nMatch;Cat;Qty;Unit price;Vendor\n\n"
        "M1;Cat 1;2;100,00;Bee Seats\n\n;Subtotal;2;;\nM2;Cat 2;1;55,50;Bee Seats\n;;;;\n"
        "Grand total;;3;;\n",
        [("M01", "Cat 1", BEE, 2, 100.0, "USD"), ("M02", "Cat 2", BEE, 1, 55.5, "USD")],
    ),
    "emoji, no-break spaces, letters that nobody sees": File(
        "phone.csv",
        "🎟 Match,Cat.,Qty,Price 💶,Vendor\nM\u00a01,Cat\u00a01,\u200b2,€\u00a0100.00,Bee\u00a0Seats\n",
        [("M01", "Cat 1", BEE, 2, 100.0, "EUR")],
        {"mapped": {"match": "🎟 Match", "unit_price": "Price 💶"}},
    ),
    "a line per ticket, with seats": File(
        "tickets.csv",
        "Fixture,Section,Row,Seat,Level,Face value paid,Bought from\n"
        "Spain v Italy,101,C,7,Category 1,210,Bee Seats\nSpain v Italy,101,C,8,Category 1,210,Bee Seats\n",
        [("M12", "Cat 1", BEE, 1, 210.0, "USD")] * 2,
        {"mapped": {"unit_price": "Face value paid"}},
    ),
    "lots in one cell, losses in brackets left out by hand": File(
        "lots.csv",
        "Game;Cat;Lot\nMexico - South Africa;Cat 1;2 @ 110\nItaly vs Spain;Cat 2;4 x € 95,50\n",
        [("M01", "Cat 1", BEE, 2, 110.0, "EUR"), ("M12", "Cat 2", BEE, 4, 95.5, "EUR")],
        {"mapped": {"qty": "Lot"}, "vendor": BEE, "currency": "EUR"},
    ),
    "totals only, Swiss thousands": File(
        "schweiz.csv",
        "Spiel;Kat;Stück;Gesamtbetrag;Währung;Anbieter\nM1;Kat 1;4;4'938.00;usd;Bee Seats\n",
        [("M01", "Cat 1", BEE, 4, 1234.5, "USD")],
    ),
    "day and stadium in place of the match": File(
        "days.csv",
        "Event date,Price level,Qty,Amount\n2026-06-12,Cat 2,2,180.00\n15 June 2026,Cat 1,1,300.00\n",
        [("M02", "Cat 2", BEE, 2, 90.0, "USD"), ("M12", "Cat 1", BEE, 1, 300.0, "USD")],
        {"vendor": BEE},
    ),
    "Spanish, home and away apart": File(
        "compras.tsv",
        "Local\tVisitante\tCategoría\tEntradas\tPrecio unitario\tProveedor\n"
        "Spain\tItaly\tcategoría 2\t2\t1.250,00\tBee Seats\n",
        [("M12", "Cat 2", BEE, 2, 1250.0, "USD")],
    ),
    "a workbook: two rows of headers, merged, numbers as numbers": File(
        "plan.xlsx",
        workbook(
            ("Bought in spring", None, None, None, None),
            ("Match", "Ticket", None, "Money", None),
            (None, "Category", "Qty", "Unit price", "Currency"),
            (1, "CAT1", 4, 110.25, "USD"),
            (12.0, "CAT2", 2.0, 95, "EUR"),
            merged=("A1:E1", "A2:A3", "B2:C2", "D2:E2"),
        ),
        [("M01", "Cat 1", BEE, 4, 110.25, "USD"), ("M12", "Cat 2", BEE, 2, 95.0, "EUR")],
        {"vendor": BEE},
    ),
    "a workbook of an old Macintosh: days from 1904": File(
        "mac.xlsx",
        workbook(
            ("Purchase date", "Match", "Category", "Qty", "Price", "Vendor"),
            (datetime(2026, 4, 3), "M1", "Cat 1", 1, 75, BEE),
            epoch=CALENDAR_MAC_1904,
        ),
        [("M01", "Cat 1", BEE, 1, 75.0, "USD")],
    ),
    "a workbook whose match and vendor stand in merged cells": File(
        "merged.xlsx",
        workbook(
            ("Match", "Vendor", "Category", "Qty", "Price"),
            ("M1", BEE, "Cat 1", 2, 100),
            (None, None, "Cat 2", 1, 60),
            merged=("A2:A3", "B2:B3"),
        ),
        [("M01", "Cat 1", BEE, 2, 100.0, "USD"), ("M01", "Cat 2", BEE, 1, 60.0, "USD")],
    ),
    "an open document": File(
        "bought.ods",
        open_document(
            ("Match", "Category", "Quantity", "Price", "Vendor"), ("M2", "Cat 3", 3, 45.5, BEE)
        ),
        [("M02", "Cat 3", BEE, 3, 45.5, "USD")],
    ),
    "objects of a program": File(
        "api.json",
        json.dumps(
            {
                "data": [
                    {
                        "id": 7,
                        "event": {"code": "M1"},
                        "ticket": {"category": "Category 1", "quantity": 2},
                        "price": {"amount": "120.50", "currency": "EUR"},
                        "seller": BEE,
                    }
                ]
            }
        ),
        [("M01", "Cat 1", BEE, 2, 120.5, "EUR")],
        {
            "mapped": {
                "match": "event.code",
                "category": "ticket.category",
                "qty": "ticket.quantity",
                "unit_price": "price.amount",
                "currency": "price.currency",
            }
        },
    ),
    "a saved page": File(
        "orders.html",
        "<table><tr><th>Match</th><th>Cat</th><th>Qty</th><th>Each</th><th>Vendor</th></tr>"
        "<tr><td>M12</td><td>Cat 1</td><td>2 tickets</td><td>&euro;&nbsp;99,00</td><td>Bee Seats</td></tr></table>",
        [("M12", "Cat 1", BEE, 2, 99.0, "EUR")],
    ),
    "a list of a platform: names of its own, fees, delivery": File(
        "platform.csv",
        "Order ID,Confirmation number,Event Name,Section,Row,Seats,Quantity,Price per ticket,Total Cost,Service fee,Delivery method,Seller\n"
        '99,AB-1,Mexico vs South Africa,Block 204,F,"12, 13",2,$200.00,"$412.00",$12.00,E-Ticket,Bee Seats\n',
        [("M01", "Cat 1", BEE, 2, 200.0, "USD")],
        {"mapped": {"category": "Cat"}},
    ),
    "headers in capitals with signs, amounts with codes": File(
        "shout.csv",
        "MATCH NO.;TICKET CATEGORY;NO. OF TICKETS;PRICE (EACH);VENDOR NAME\nM-02;cat.1;x3;EUR 1 050.00;Bee Seats\n",
        [("M02", "Cat 1", BEE, 3, 1050.0, "EUR")],
    ),
    "headers that say nothing": File(
        "export.csv",
        "a,b,c,d,e\nMexico vs South Africa,CAT1,1-4,110.50,x\nSpain vs Italy,CAT2,5-6,95.00,y\n",
        [("M01", "Cat 1", BEE, 4, 110.5, "USD"), ("M12", "Cat 2", BEE, 2, 95.0, "USD")],
        {"vendor": BEE},
    ),
}
_DESK = FileDesk()


def bring(desk: FileDesk, path: Path, options: dict[str, Any]) -> Any:
    asked = Options(**options)
    return desk.take(imports.read_file(str(path), "purchases", asked), **options)


@pytest.mark.parametrize("what", FILES)
def test_each_file_is_imported_as_it_is(tmp_path: Path, what: str) -> None:
    file = FILES[what]
    content = file.content
    if what.startswith("a list of a platform"):
        content = str(content).replace("Event Name", "Event Name,Cat").replace(",Block 204", ",CAT 1,Block 204")  # fmt: skip
    path = tmp_path / file.name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    desk = FileDesk(_DESK)
    result = bring(desk, path, file.options or {})
    assert result.rejected == []
    assert desk.bought() == file.wanted
    assert result.units == sum(row[3] for row in file.wanted)
    again = bring(desk, path, file.options or {})
    assert (again.taken, again.skipped) == (0, len(file.wanted))
    desk.undo()
    assert desk.bought() == []


def test_what_else_such_files_say(tmp_path: Path) -> None:
    desk = FileDesk(_DESK)
    for what in ("Excel of America: a mark of bytes, dollars, dates the other way", "a workbook of an old Macintosh: days from 1904"):  # fmt: skip
        file = FILES[what]
        path = tmp_path / file.name
        path.write_bytes(file.content.encode() if isinstance(file.content, str) else file.content)
        bring(desk, path, file.options or {})
    assert [f"{day:%Y-%m-%d}" for day in desk.rows(PURCHASES, "date")] == ["2026-04-13", "2026-04-03"]  # fmt: skip
    file = FILES["a list of a platform: names of its own, fees, delivery"]
    text = str(file.content).replace("Event Name", "Event Name,Cat").replace(",Block 204", ",CAT 1,Block 204")  # fmt: skip
    desk.take(text, **(file.options or {}))
    assert desk.rows(PURCHASES, "reference", "delivery_channel")[-1] == ("AB-1", "E_TICKET")
    assert desk.rows(FEES, "amount", "currency") == [(12.0, "USD")]
    assert desk.rows(UNITS, "block", "seat_row", "seat")[-2:] == [("204", "F", "12"), ("204", "F", "13")]  # fmt: skip


def test_a_total_that_may_hold_the_fees_is_refused_and_other_currencies_are_seen() -> None:
    desk = FileDesk(_DESK)
    text = "match,cat,qty,total cost,fee\nM1,C1,2,212,12\n"
    assert [one.code for one in desk.take(text, vendor=BEE).rejected] == ["TOTAL_UNCLEAR"]
    assert desk.take(text, vendor=BEE, mapped={"fees": ""}).amounts == {"USD": 212.0}
    result = desk.take("match,cat,qty,price,x\nM1,C1,2,100,GBP\n", vendor=BEE)
    assert [one.code for one in result.rejected] == ["BAD_CURRENCY"]


def test_sales_guests_and_seats_of_such_files(tmp_path: Path) -> None:
    desk = FileDesk(_DESK)
    desk.take("match,cat,qty,price\nM1,C1,4,100\n", vendor=BEE)
    sold = "Bestellnummer;Kunde;Spiel;Kategorie;Menge;Preis\r\nA-1;Zed;1;Kat 1;2;350,00 €\r\nA-1;Zed;12;Kat 2;1;99,00 €\r\nB-7;Yot;M1;CAT1;1;360,00 €\r\n"  # fmt: skip
    (tmp_path / "verkauf.csv").write_bytes(sold.encode("utf-16"))
    table = imports.read_file(str(tmp_path / "verkauf.csv"), "sales", Options())
    result = desk.sell_file(table, new=True)
    assert len(result.orders) == 2
    assert desk.rows(SALES, "sales_id", "client", "client_po", "number", "price", "currency") == [
        ("S1", "Zed", "A-1", 2, 350.0, "EUR"),
        ("S2", "Zed", "A-1", 1, 99.0, "EUR"),
        ("S3", "Yot", "B-7", 1, 360.0, "EUR"),
    ]
    book = workbook(
        ("Guests of Zed", None, None),
        ("Auftrag", "Vorname", "Nachname"),
        ("A-1", "Ana", "Berg"),
        ("A-1", "Bo", "Åström"),
        ("A-1", "Zoë", "D'Arc"),
    )
    (tmp_path / "gäste.xlsx").write_bytes(book)
    table = imports.read_file(str(tmp_path / "gäste.xlsx"), "guests", Options())
    desk.guests(table)
    named = {key: one["last_name"] for key, one in desk.tickets().items() if one["last_name"]}
    assert named == {"S1-1": "Berg", "S1-2": "Åström", "S2-1": "D'Arc"}
    pasted = "Match\tCat\tSector\tFila\tAsientos\n1\tC1\t101\tC\t12-15\n"
    (tmp_path / "pasted").write_text(pasted)
    table = imports.read_file(str(tmp_path / "pasted"), "seats", Options())
    desk.seat_file(table, vendor=BEE)
    assert desk.seats() == [("M01", "101", "C", str(seat)) for seat in range(12, 16)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", some(["purchases", "sales", "guests", "seats"], 4))
def test_hostile_files_are_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    make: dict[str, Callable[[Any, Options], Any]] = {
        "purchases": imports.import_purchases,
        "sales": imports.import_sales,
        "guests": imports.import_guests,
        "seats": imports.import_seats,
    }
    desk = FileDesk(_DESK)
    for what, (name, content) in hostile(tmp_path).items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TicketopsError) as caught:
            desk.do(make[kind](imports.read_file(str(tmp_path / name), kind, Options()), Options()))
        assert "\n" not in caught.value.message, what
        assert len(caught.value.message) < 300, what


@pytest.mark.slow
def test_a_workbook_of_an_old_excel(soffice: str, tmp_path: Path) -> None:
    file = FILES["a workbook: two rows of headers, merged, numbers as numbers"]
    path = tmp_path / file.name
    path.write_bytes(bytes(file.content))  # type: ignore[arg-type]
    profile = (tmp_path / "profile").as_uri()
    words = [soffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "xls"]
    subprocess.run([*words, "--outdir", str(tmp_path), str(path)], check=True, capture_output=True)
    desk = FileDesk(_DESK)
    assert bring(desk, path.with_suffix(".xls"), file.options or {}).rejected == []
    assert desk.bought() == file.wanted
