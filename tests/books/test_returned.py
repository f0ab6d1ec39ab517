"""Files that come back broken, forged or hostile: a clear report, nothing written that its party may not say, memory bounded (§7, §17)."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.worksheet.formula import ArrayFormula
from python_calamine import CalamineWorkbook

from tests.conftest import run_cli
from tests.desk import Desk
from ticketops.config import Settings
from ticketops.errors import TicketopsError, UnusableError
from ticketops.services import books, creation, dispatch, jobs, places
from ticketops.stores.returned import files as returned
from ticketops.stores.returned.files import read_returned
from ticketops.stores.xlsx.store import XlsxStore

FOLLOWING = ("_CLIENT_INPUTS", "_BOOK_EDITS", "_STAFF_QUEUE", "_SUPPLIER_QUEUE")
"""Sheets that follow Distribution when something of a file is taken over."""
GUEST = ("Clients notes", "First name", "Last Name", "Client Email", "Comment")
GOOD = {("S1-1", "First name"): "Ana", ("S1-1", "Last Name"): "Ruiz", ("S1-1", "Client Email"): "ana@guest.example"}
"""What every returned file of Meridian Travel says besides its mischief; the mischief is in row 5 (S1-2) or below."""
SHEET1, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
Cells = dict[tuple[str, str], Any]


# --- a small event and its books


@dataclass
class Field:
    """S1 of Meridian Travel VIP (M01): 12 bought, 10 allocated: rows 4–13 of its book are open, 14 and 15 are not; S2 of Harbour
    Events (M02): 2, of the supplier POVAMI."""

    home: Path
    books: dict[str, Path]
    clock: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Desk(XlsxStore(self.workbook), role="ops_manager")

    @property
    def workbook(self) -> Path:
        return self.home / "event.xlsx"

    @property
    def settings(self) -> Settings:
        return Settings(workbook=self.workbook, user="tester", books=self.home / "books")

    def pull(self, *files: Path, kind: str = "client", party: str = "") -> Heard:
        before = Master.of(self.workbook)
        content = self.workbook.read_bytes()
        plan = self.clock.do(books.pull(XlsxStore(self.workbook), self.settings, files, kind=kind, party=party))
        after = Master.of(self.workbook)
        heard = Heard([(f.code, f.row) for f in plan.findings], [f.message for f in plan.findings], after.against(before), plan)
        if not heard.changed and not plan.result["edits"]:
            assert self.workbook.read_bytes() == content
        assert before.rest == after.rest, "nothing but Distribution and what follows it"
        assert not after.formulas
        return heard


@dataclass
class Heard:
    """What came of a pull. codes: (finding, row); changed: {(SalesID, header): new value} of Distribution."""

    codes: list[tuple[str, int | None]]
    messages: list[str]
    changed: Cells
    plan: Any


@dataclass
class Master:
    """A workbook as openpyxl reads it."""

    tickets: Cells
    rest: dict[str, list[tuple[Any, ...]]]
    formulas: list[str]

    @classmethod
    def of(cls, path: Path) -> Master:
        content = path.read_bytes()
        if content not in _MASTERS:
            _MASTERS[content] = cls._of(path)
        return _MASTERS[content]

    @classmethod
    def _of(cls, path: Path) -> Master:
        book = openpyxl.load_workbook(path)
        sheet = book["Distribution"]
        headers = [cell.value for cell in sheet[2]]
        place = headers.index("ID")
        tickets = {
            (row[place], header): value
            for row in sheet.iter_rows(min_row=3, values_only=True) if row[place]
            for header, value in zip(headers, row, strict=True) if value is not None
        }  # fmt: skip
        rest = {s.title: list(s.iter_rows(values_only=True)) for s in book if s.title not in ("Distribution", *FOLLOWING)}
        formulas = [f"{s.title}!{c.coordinate}" for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
        return cls(tickets, rest, formulas)

    def against(self, before: Master) -> Cells:
        keys = self.tickets.keys() | before.tickets.keys()
        return {key: self.tickets.get(key) for key in keys if self.tickets.get(key) != before.tickets.get(key)}


_MASTERS: dict[bytes, Master] = {}
"""Of files that were looked at already."""


def make_field(home: Path, *, harbour: str = "Harbour Events") -> Field:
    creation.init(home / "event.xlsx")
    desk = Desk(XlsxStore(home / "event.xlsx"), role="ops_manager")
    desk.buy(("M01", "Cat 1", 10))
    desk.buy(("M02", "Cat 2", 2), vendor="Povami", contract="000888")
    desk.sell(("M01", "Cat 1", 12), client="Meridian Travel VIP")
    desk.sell(("M02", "Cat 2", 2), client=harbour)
    desk.do(dispatch.supplier_map("POVAMI", ["Povami"], []))
    desk.do(jobs.allocate_commit("S1"))
    desk.do(jobs.allocate_commit("S2"))
    settings = Settings(workbook=home / "event.xlsx", user="tester", books=home / "books")
    for kind in ("client", "supplier"):
        desk.do(books.build(desk.store, settings, kind, [], folder=home / "books"))
    files = {
        "meridian": "CLIENT - meridian travel.xlsx",
        "harbour": f"CLIENT - {harbour.lower()}.xlsx",
        "supplier": "SUPPLIER - POVAMI.xlsx",
    }
    return Field(home, {name: home / "books" / file for name, file in files.items()})


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Field:
    return make_field(tmp_path_factory.mktemp("event"))


@pytest.fixture
def event(source: Field, tmp_path: Path) -> Field:
    """A copy to write to."""
    shutil.copy(source.workbook, tmp_path / "event.xlsx")
    shutil.copytree(source.home / "books", tmp_path / "books")
    return Field(tmp_path, {name: tmp_path / "books" / path.name for name, path in source.books.items()})


# --- somebody fills a book in


def filled(event: Field, mischief: Callable[[Any, Any], None] | None = None, *, book: str = "meridian", name: str = "back.xlsx") -> Path:
    """A book with the good words of row 4, and some mischief, as openpyxl saves it."""
    file = openpyxl.load_workbook(event.books[book])
    sheet = file.worksheets[0]
    if book == "meridian":
        sheet["AC4"], sheet["AD4"], sheet["AE4"] = "Ana", "Ruiz", "ana@guest.example"
    if mischief:
        mischief(file, sheet)
    path = event.home / name
    file.save(path)
    return path


def filled_raw(event: Field, *, name: str = "back.xlsx", **more: str) -> Path:
    """The same good words (and more) put into the file as it was made: with shared strings, every other part as it was."""
    typed = {"AC4": "Ana", "AD4": "Ruiz", "AE4": "ana@guest.example"} | more
    path = Path(shutil.copy(event.books["meridian"], event.home / name))
    sheet, strings = part(path, SHEET1), part(path, STRINGS)
    count = strings.count(b"<si>")
    for place, value in typed.items():
        style = re.search(rb'<c r="%s"( s="\d+")' % place.encode(), sheet)
        cell = b'<c r="%s"%s t="s"><v>%d</v></c>' % (place.encode(), style[1] if style else b"", count)
        sheet, number = re.subn(rb'<c r="%s"[^>/]*(/>|>.*?</c>)' % place.encode(), cell, sheet)
        assert number == 1, place
        strings = strings.replace(b"</sst>", f'<si><t xml:space="preserve">{value}</t></si></sst>'.encode())
        count += 1
    return repacked(path, {SHEET1: sheet, STRINGS: re.sub(rb' (count|uniqueCount)="\d+"', b"", strings)})


def repacked(path: Path, changes: dict[str, bytes | None], *, name: str = "", **more: Any) -> Path:
    """The archive with other parts; None takes one out."""
    target = path.with_name(name) if name else path
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts |= changes  # type: ignore[arg-type]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, **more) as archive:
        for part, content in parts.items():
            if content is not None:
                archive.writestr(part, content)
    return target


def part(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def put(**cells: Any) -> Callable[[Any, Any], None]:
    """Types into cells of the main sheet."""

    def mischief(_file: Any, sheet: Any) -> None:
        for place, value in cells.items():
            sheet[place] = value

    return mischief


def texts_in(letters: str, values: Iterable[str]) -> Callable[[Any, Any], None]:
    """Types texts into a column from row 5 on, as text whatever they look like."""

    def mischief(_file: Any, sheet: Any) -> None:
        for row, value in enumerate(values, start=5):
            sheet[f"{letters}{row}"] = value
            sheet[f"{letters}{row}"].data_type = "s"

    return mischief


# --- what is not a value


FORMULAS = ("=1+1", '=HYPERLINK("http://x.example","y")', "='[1]Sheet'!A1", "=cmd|' /C calc'!A0", ArrayFormula("AC9", "=A4:A6"), "=#REF!", "=A4",
            "#N/A", "#REF!")  # fmt: skip


@pytest.mark.parametrize("letters", ["AC", "AF", "AE"])
def test_a_formula_or_an_error_is_reported_and_not_read(letters: str, event: Field) -> None:
    formulas = {f"{letters}{row}": formula for row, formula in enumerate(FORMULAS, start=5)}
    heard = event.pull(filled(event, put(**formulas, AD5="Müller")))
    told = [(code, message) for code, message in zip(heard.codes, heard.messages, strict=True) if code[0] == "FORMULA"]
    assert [code for code, _ in told] == [("FORMULA", row) for row in range(5, 14)]
    assert all(place in message for place, (_, message) in zip(formulas, told, strict=True))
    assert heard.changed == GOOD | {("S1-2", "Last Name"): "Müller"}


def test_shared_formulas_with_values_are_reported(event: Field) -> None:
    """The first cell of a shared formula has its text, the others only its number; all carry a value that looks honest."""
    path = filled_raw(event, AC5="X1", AC6="X2", AC7="X3")
    sheet = part(path, SHEET1)
    shared = [b'<f t="shared" ref="AC5:AC7" si="0">A4</f>', b'<f t="shared" si="0"/>', b'<f t="shared" si="0"/>']
    for row, formula in zip((5, 6, 7), shared, strict=True):
        sheet, number = re.subn(rb'<c r="AC%d"( s="\d+")? t="s"><v>\d+</v></c>' % row,
                                b'<c r="AC%d" t="str">%s<v>Eve</v></c>' % (row, formula), sheet)  # fmt: skip
        assert number == 1
    heard = event.pull(repacked(path, {SHEET1: sheet}))
    assert [code for code in heard.codes if code[0] == "FORMULA"] == [("FORMULA", 5), ("FORMULA", 6), ("FORMULA", 7)]
    assert heard.changed == GOOD


def test_a_part_with_external_links_is_not_followed(event: Field) -> None:
    path = filled(event)
    link = (b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook xmlns:r="http://schemas.openxml'
            b'formats.org/officeDocument/2006/relationships" r:id="rId1"/></externalLink>')  # fmt: skip
    rel = (b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.'
           b'openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" Target="file:///etc/hostname" TargetMode="External"/>'
           b"</Relationships>")  # fmt: skip
    rels = part(path, "xl/_rels/workbook.xml.rels").replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink" '
        b'Target="externalLinks/externalLink1.xml"/></Relationships>')  # fmt: skip
    book = part(path, "xl/workbook.xml").replace(b"</sheets>", b'</sheets><externalReferences><externalReference xmlns:r="http://schemas.open'
                                                 b'xmlformats.org/officeDocument/2006/relationships" r:id="rId99"/></externalReferences>')  # fmt: skip
    heard = event.pull(repacked(path, {
        "xl/externalLinks/externalLink1.xml": link, "xl/externalLinks/_rels/externalLink1.xml.rels": rel, "xl/_rels/workbook.xml.rels": rels,
        "xl/workbook.xml": book,
    }))  # fmt: skip
    assert heard.changed == GOOD


# --- values of all sorts


VALUES: list[tuple[Any, str]] = [
    (123, "123"), (12.5, "12.5"), (630679135.0, "630679135"), (1e20, "1e+20"), (True, "TRUE"), (False, "FALSE"),
    (datetime(2026, 5, 1), "2026-05-01 00:00:00"), (datetime(2026, 5, 1, 13, 30), "2026-05-01 13:30:00"),
    ("  Ana  ", "Ana"), ("a\r\nb", "a\nb"), ("a\nb", "a\nb"), ("0012", "0012"), ("TRUE", "TRUE"),
    ("😀👩‍👩‍👧‍👦", "😀👩‍👩‍👧‍👦"), ("שלום עולם", "שלום עולם"), ("مرحبا \u202eabc", "مرحبا \u202eabc"), ("e\u0301 Z\u0351\u0343", "e\u0301 Z\u0351\u0343"),
    ("x" * 5000, "x" * 5000), ("😀" * 5000, "😀" * 5000), ("\u200b", "\u200b"), ("#N/B", "#N/B"), ("<b>&amp;", "<b>&amp;"),
    (CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " end"), "plain bold end"),
]  # fmt: skip


@pytest.mark.parametrize("first", [0, 9, 18])
def test_any_value_is_taken_as_text(first: int, event: Field) -> None:
    some = VALUES[first : first + 9]
    heard = event.pull(filled(event, put(**{f"AF{row}": typed for row, (typed, _) in enumerate(some, start=5)})))
    assert heard.changed == GOOD | {(f"S1-{i}", "Comment"): stored for i, (_, stored) in enumerate(some, start=2)}
    assert heard.codes == []


def test_text_that_looks_like_a_formula_stays_text_in_the_master(event: Field) -> None:
    texts = ["=1+1", "+33 6 12", "-x", "@home", "\t=1", "=cmd|'/C calc'!A0", "'=1", '=HYPERLINK("http://x.example")']
    heard = event.pull(filled(event, texts_in("AF", texts)))
    assert heard.changed == GOOD | {(f"S1-{i}", "Comment"): typed.strip() for i, typed in enumerate(texts, start=2)}
    book = openpyxl.load_workbook(event.workbook)
    meant = {typed.strip() for typed in texts}
    kinds = [c.data_type for sheet in book for row in sheet.iter_rows() for c in row if c.value in meant]
    assert set(kinds) == {"s"}
    assert len(kinds) >= 2 * len(texts), "in Distribution and in the vault"


def test_a_text_that_is_too_long_is_reported(event: Field) -> None:
    lengths = {"AF5": 5001, "AF6": 32_767, "AB7": 32_767, "AC8": 201, "AD9": 32_767, "AE10": 300}
    texts = {cell: "x" * length if cell != "AE10" else "x" * 286 + "@guest.example" for cell, length in lengths.items()}
    heard = event.pull(filled(event, put(**texts)))
    assert [code for code in heard.codes if code[0] == "TOO_LONG"] == [("TOO_LONG", row) for row in range(5, 11)]
    assert heard.changed == GOOD
    assert all(len(message) < 400 for message in heard.messages)


def test_escaped_characters_leave_no_control_character_in_the_master(event: Field) -> None:
    raw = ["a_x0000_b", "a_x0001_b", "a_x000B_b", "_xD83D_", "a_xD83D__xDE00_b", "_xFFFF_", "_x005F_x0041_", "a_x0009_b"]
    heard = event.pull(filled(event, texts_in("AF", raw)))
    assert {key: value for key, value in heard.changed.items() if key in GOOD} == GOOD
    assert heard.changed.keys() <= GOOD.keys() | {(f"S1-{i}", "Comment") for i in range(2, 10)}
    read = CalamineWorkbook.from_path(event.workbook).get_sheet_by_name("Distribution").to_python()
    held = "".join(str(value) for row in read for value in row)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\uffff]", held)


def test_a_name_is_one_line(event: Field) -> None:
    heard = event.pull(filled(event, put(AC5=" Ana\nMaria\t ", AD5="de  la\r\nCruz", AE5="ana@guest.example\n")))
    assert heard.changed == GOOD | {("S1-2", "First name"): "Ana Maria", ("S1-2", "Last Name"): "de la Cruz",
                                    ("S1-2", "Client Email"): "ana@guest.example"}  # fmt: skip


GOOD_ADDRESSES = ("a@b.co", "first.last+tag@sub.guest.example.com", "o'neil@guest-house.com", "x" * 64 + "@guest.com", "user_1@guest.museum",
                  "!#$%&'*+/=?^_`{|}~-@guest.com", "ana@xn--bcher-kva.com", "1@2.com")  # fmt: skip
BAD_ADDRESSES = ("ana", "ana@", "@guest.com", "ana@guest", "ana@guest.", "ana@.guest.com", "ana@@guest.com", "ana guest@guest.com", "ana@guest..com",
                 ".ana@guest.com", "ana.@guest.com", "a..b@guest.com", "ana@-guest.com", "ana@guest-.com", "ana@gu_est.com",
                 "ana@guest.com, bo@guest.com", "ana@guest.com;bo@guest.com", "Ana <ana@guest.com>", "ana@[127.0.0.1]", "ana@guest.com\x7f",
                 "ana@127.0.0.1", "mailto:ana@guest.com", "n/a", "-", "ana@" + "x" * 64 + ".com")  # fmt: skip


def test_addresses_by_the_rfc(event: Field) -> None:
    good = {f"AE{row}": address for row, address in enumerate(GOOD_ADDRESSES, start=5)}
    heard = event.pull(filled(event, put(**good)))
    assert not [code for code in heard.codes if code[0] != "INCOMPLETE"]
    assert heard.changed == GOOD | {(f"S1-{i}", "Client Email"): address for i, address in enumerate(GOOD_ADDRESSES, start=2)}


@pytest.mark.parametrize("first", range(0, len(BAD_ADDRESSES), 9))
def test_bad_addresses_by_the_rfc(first: int, event: Field) -> None:
    some = BAD_ADDRESSES[first : first + 9]
    heard = event.pull(filled(event, put(**{f"AE{row}": address for row, address in enumerate(some, start=5)})))
    assert [code for code in heard.codes if code[0] == "BAD_EMAIL"] == [("BAD_EMAIL", row) for row in range(5, 5 + len(some))]
    assert heard.changed == GOOD


def test_a_local_part_of_65_characters(event: Field) -> None:
    heard = event.pull(filled(event, put(AE5="x" * 65 + "@guest.com")))
    assert ("BAD_EMAIL", 5) in heard.codes


# --- rows and columns that were moved about


def sort_down(_file: Any, sheet: Any) -> None:
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=15)]
    for at, values in enumerate(reversed(rows), start=4):
        for place, value in enumerate(values, start=1):
            sheet.cell(at, place).value = value


def swap_columns(_file: Any, sheet: Any) -> None:
    for row in range(3, 16):
        names = sheet[f"AC{row}"].value, sheet[f"AE{row}"].value
        sheet[f"AE{row}"], sheet[f"AC{row}"] = names


def key_to_the_end(_file: Any, sheet: Any) -> None:
    for row in range(3, 16):
        sheet[f"AZ{row}"] = sheet[f"A{row}"].value
        sheet[f"A{row}"] = None


def without_column(letters: str) -> Callable[[Any, Any], None]:
    return lambda _file, sheet: sheet.delete_cols(openpyxl.utils.column_index_from_string(letters))


def duplicate(*, differing: bool) -> Callable[[Any, Any], None]:
    def mischief(_file: Any, sheet: Any) -> None:
        sheet["AC5"] = "Bo"
        for place in range(1, 34):
            sheet.cell(16, place).value = sheet.cell(5, place).value
        if differing:
            sheet["AC16"] = "Cy"

    return mischief


def front_sheet(file: Any, sheet: Any) -> None:
    copied = file.create_sheet("Tickets (old)", 0)
    for row in sheet.iter_rows(min_row=3, max_row=8, values_only=True):
        copied.append(row)
    copied["AC3"] = "Eve"
    file.move_sheet("_base", -2)


MOVED: dict[str, tuple[Callable[[Any, Any], None], list[tuple[str, int | None]], Cells]] = {
    "sheet renamed": (lambda f, s: setattr(s, "title", "Tabelle1"), [("SHEET_RENAMED", None)], GOOD),
    "sheets reordered": (lambda f, s: f.move_sheet("Tickets", 2), [], GOOD),
    "a sheet in front with the same header": (front_sheet, [], GOOD),
    "help deleted": (lambda f, s: f.remove(f["How to"]), [], GOOD),
    "main sheet deleted": (lambda f, s: f.remove(s), [("UNUSABLE", None)], {}),
    "sorted downwards": (sort_down, [], GOOD),
    "columns swapped": (swap_columns, [], GOOD),
    "hidden key moved to the end": (key_to_the_end, [], GOOD),
    "rows deleted": (lambda f, s: s.delete_rows(6, 5), [], GOOD),
    "a row inserted": (lambda f, s: s.insert_rows(4), [], GOOD),
    "rows inserted above the header": (lambda f, s: s.insert_rows(1, 3), [], GOOD),
    "header far below": (lambda f, s: s.insert_rows(1, 40), [("UNUSABLE", None)], {}),
    "a column inserted": (lambda f, s: s.insert_cols(29), [], GOOD),
    "header in other case and spaces": (put(AC3="  FIRST   NAME "), [], GOOD),
    "column renamed": (put(AC3="Vorname"), [("MISSING_COLUMN", None), ("INCOMPLETE", 4)], {k: v for k, v in GOOD.items() if k[1] != "First name"}),
    "column deleted": (without_column("AC"), [("MISSING_COLUMN", None), ("INCOMPLETE", 4)], {k: v for k, v in GOOD.items() if k[1] != "First name"}),
    "column doubled": (put(AH3="First name", AH4="Eve"), [("DOUBLE_COLUMN", None), ("MISSING_COLUMN", None), ("INCOMPLETE", 4)],
                       {k: v for k, v in GOOD.items() if k[1] != "First name"}),
    "key column deleted": (without_column("A"), [], GOOD),
    "visible key deleted": (without_column("J"), [], GOOD),
    "both keys deleted": (lambda f, s: (s.delete_cols(10), s.delete_cols(1)), [("UNUSABLE", None)], {}),
    "all inputs deleted": (lambda f, s: s.delete_cols(28, 6), [("UNUSABLE", None)], {}),
    "duplicated, the same": (duplicate(differing=False), [("INCOMPLETE", 5)], GOOD | {("S1-2", "First name"): "Bo"}),
    "duplicated, differing": (duplicate(differing=True), [("DUPLICATE_ROW", 5)], GOOD),
    "text below without a key": (put(AC17="Eve"), [("NO_KEY", 17)], GOOD),
    "key of a row emptied": (put(A5=None, J5=None, AC5="Eve"), [("NO_KEY", 5)], GOOD),
    "only the hidden key emptied": (put(A5=None, AC5="Bo", AD5="B", AE5="bo@guest.example"), [],
                                    GOOD | {("S1-2", "First name"): "Bo", ("S1-2", "Last Name"): "B", ("S1-2", "Client Email"): "bo@guest.example"}),
    "what is for reading only": (put(K5="M99", M5="Eve Ltd", O5="Top Cat 1", Q5=99, S5="A", AG3="State"), [("MISSING_COLUMN", None)], GOOD),
    "a locked status": (put(AG5="ACCEPTED"), [("CLOSED_CELL", 5)], GOOD),
    "an invented status": (put(AG5="LOST"), [("CLOSED_CELL", 5)], GOOD),
    "a row without a ticket": (put(AC14="Eve", AE15="eve@guest.example"), [("CLOSED_CELL", 14), ("CLOSED_CELL", 15)], GOOD),
    "another's ticket by the hidden key": (put(A5="S2-1", AC5="Eve"), [("KEY_CHANGED", 5)], GOOD),
    "another's ticket by the visible key": (put(J5="S2-1", AC5="Eve"), [("KEY_CHANGED", 5)], GOOD),
    "another's ticket by both keys": (put(A5="S2-1", J5="S2-1", AC5="Eve"), [("FOREIGN_ROW", 5)], GOOD),
    "another's ticket by the visible key alone": (put(A5=None, J5="S2-1", AC5="Eve"), [("FOREIGN_ROW", 5)], GOOD),
    "another's ticket in a new row": (put(A16="S2-2", J16="S2-2", AC16="Eve", AE16="eve@guest.example"), [("FOREIGN_ROW", 16)], GOOD),
    "another's ticket with its company": (put(A16="S2-2", J16="S2-2", M16="Harbour Events", AC16="Eve"), [("FOREIGN_ROW", 16)], GOOD),
    "another's ticket in other letters": (put(A16="s2-2", J16="s2-2", AC16="Eve"), [("UNKNOWN_ROW", 16)], GOOD),
    "a ticket that is none": (put(A16="S999-1", J16="S999-1", AC16="Eve"), [("UNKNOWN_ROW", 16)], GOOD),
    "a sale instead of a ticket": (put(A16="S1", J16="S1", AC16="Eve"), [("UNKNOWN_ROW", 16)], GOOD),
    "a key that is a formula": (put(A5='="S2-1"', AC5="Bo", AD5="B", AE5="bo@guest.example"), [],
                                GOOD | {("S1-2", "First name"): "Bo", ("S1-2", "Last Name"): "B", ("S1-2", "Client Email"): "bo@guest.example"}),
    "a key as a number": (put(A16=12, J16=12, AC16="Eve"), [("UNKNOWN_ROW", 16)], GOOD),
    "a half of a guest": (put(AC5="Bo"), [("INCOMPLETE", 5)], GOOD | {("S1-2", "First name"): "Bo"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def moved(source: Field, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All of them filled in, and read by one child process."""
    folder = tmp_path_factory.mktemp("moved")
    files = [Path(shutil.move(filled(source, mischief), folder / f"{name}.xlsx")) for name, (mischief, _, _) in MOVED.items()]
    return dict(zip(MOVED, read_returned(files), strict=True))


@pytest.mark.parametrize("name", list(MOVED))
def test_rows_and_columns_that_were_moved_about(name: str, moved: dict[str, Any], event: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "read_returned", lambda *_, **__: [moved[name]])
    _, codes, changed = MOVED[name]
    heard = event.pull(event.books["meridian"])
    assert heard.changed == changed
    assert sorted(heard.codes, key=str) == sorted(codes, key=str)
    assert all(f"{name}.xlsx" in message for message in heard.messages)


def test_a_deleted_row_empties_nothing_and_a_cleared_cell_of_the_next_book_does(event: Field) -> None:
    first = filled(event)
    event.pull(first)
    again = filled(event, lambda f, s: s.delete_rows(4))
    assert event.pull(again).changed == {}
    assert event.pull(filled(event, put(AC4=None))).changed == {}, "the copy of a colleague who filled in other rows looks the same"
    store = XlsxStore(event.workbook)
    event.clock.do(books.build(store, event.settings, "client", ["Meridian Travel"], folder=event.home / "books"))
    assert event.pull(filled(event, put(AC4=None))).changed == {("S1-1", "First name"): None}


def test_a_book_that_was_split_between_colleagues_is_taken_copy_by_copy(event: Field) -> None:
    one = filled(event, put(AC5="Bea"), name="one.xlsx")
    other = filled(event, put(AC4=None, AD4=None, AE4=None, AC6="Cem"), name="other.xlsx")
    assert event.pull(one, other).changed == {
        ("S1-1", "First name"): "Ana", ("S1-1", "Last Name"): "Ruiz", ("S1-1", "Client Email"): "ana@guest.example",
        ("S1-2", "First name"): "Bea", ("S1-3", "First name"): "Cem",
    }  # fmt: skip
    assert event.pull(other, one).changed == {}


def test_a_book_that_is_saved_while_it_is_planned_is_left_alone(event: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    late = filled(event, name="late.xlsx")
    original = places.Places.read_edited

    def then_somebody_saves(self: Any, paths: Any) -> Any:
        found = original(self, paths)
        shutil.copy(late, event.books["meridian"])
        return found

    def build() -> Any:
        job = books.build(XlsxStore(event.workbook), event.settings, "client", ["Meridian Travel"], folder=event.home / "books")
        return event.clock.do(job)

    with monkeypatch.context() as patched:
        patched.setattr(places.Places, "read_edited", then_somebody_saves)
        assert "BOOK_OPEN" in [finding.code for finding in build().findings]
    assert event.books["meridian"].read_bytes() == late.read_bytes()
    assert build().result["edits"] == 3
    assert Master.of(event.workbook).tickets["S1-1", "First name"] == "Ana"


def test_an_older_copy_does_not_take_back_what_a_newer_one_said(event: Field) -> None:
    older = filled(event, name="older.xlsx")
    newer = filled(event, put(AC4="Eva"), name="newer.xlsx")
    event.pull(older)
    assert event.pull(newer).changed == {("S1-1", "First name"): "Eva"}
    heard = event.pull(older)
    assert (heard.changed, heard.codes) == ({}, [("SAID_BEFORE", 4)])


# --- whose book it is


def of_base(change: Callable[[Any], None]) -> Callable[[Any, Any], None]:
    return lambda file, _sheet: change(file["_base"])


def open_everything(base: Any) -> None:
    for row in base.iter_rows(min_row=3, min_col=3):
        for cell in row:
            cell.value = "|" + cell.value[1:]


def test_a_book_without_its_hidden_sheet(event: Field) -> None:
    path = filled(event, lambda file, sheet: file.remove(file["_base"]))
    heard = event.pull(path)
    assert (heard.codes, heard.changed) == ([("UNUSABLE", None)], {})
    assert "--company" in heard.messages[0]
    heard = event.pull(path, party="MERIDIAN TRAVEL Ltd")
    assert (heard.codes, heard.changed) == ([("NO_BASE", None)], GOOD)


@pytest.mark.parametrize("party", ["", "meridian travel"])
def test_a_forged_hidden_sheet_opens_no_cell(event: Field, party: str) -> None:
    def mischief(file: Any, sheet: Any) -> None:
        open_everything(file["_base"])
        sheet["AC14"], sheet["AG5"] = "Eve", "ACCEPTED"

    heard = event.pull(filled(event, mischief), party=party)
    assert ("BASE_CHANGED", None) in heard.codes
    assert heard.changed == GOOD


@pytest.mark.parametrize("book_id", ["", "11111111-2222-3333-4444-555555555555", "=1", "x" * 5000])
def test_a_made_up_book_is_refused(book_id: str, event: Field) -> None:
    heard = event.pull(filled(event, of_base(lambda base: setattr(base["B1"], "value", book_id or None))))
    assert (heard.codes, heard.changed) == ([("UNKNOWN_BOOK", None)], {})


@pytest.mark.parametrize("book_id", ["", "11111111-2222-3333-4444-555555555555"])
def test_a_made_up_book_of_a_named_party_opens_no_cell(book_id: str, event: Field) -> None:
    """Nobody knows this base, so that it is not to be trusted, even if a person says whose file it is."""

    def mischief(file: Any, sheet: Any) -> None:
        file["_base"]["B1"] = book_id or None
        open_everything(file["_base"])
        sheet["AC14"], sheet["AG5"] = "Eve", "ACCEPTED"

    heard = event.pull(filled(event, mischief), party="meridian travel")
    assert heard.changed.keys() <= GOOD.keys()


def test_a_made_up_base_overwrites_nothing(event: Field) -> None:
    """What the office changed meanwhile is kept, though the forged base says that the client had read it."""
    event.pull(filled(event))

    def mischief(file: Any, sheet: Any) -> None:
        base = file["_base"]
        base["B1"] = "11111111-2222-3333-4444-555555555555"
        base["D3"] = "|Ana"
        sheet["AC4"] = "Eve"

    heard = event.pull(filled(event, mischief), party="meridian travel")
    assert heard.changed == {}
    assert "CONFLICT" in dict(heard.codes)


def test_the_name_of_another_book_gives_no_access(event: Field) -> None:
    """The BookID of Harbour's book in Meridian's file, the rows of either."""
    theirs = openpyxl.load_workbook(event.books["harbour"])["_base"]["B1"].value

    def mischief(file: Any, sheet: Any) -> None:
        file["_base"]["B1"] = theirs
        sheet["A5"] = sheet["J5"] = "S2-1"
        sheet["AC5"] = "Eve"

    heard = event.pull(filled(event, mischief))
    assert {code for code, _ in heard.codes} <= {"BASE_CHANGED", "FOREIGN_ROW", "INCOMPLETE"}
    assert ("FOREIGN_ROW", 4) in heard.codes
    assert heard.changed.keys() <= {("S2-1", "First name")}, "what Harbour's own book may say, with Harbour's own BookID"


def test_a_party_that_is_not_the_books_own(event: Field) -> None:
    heard = event.pull(filled(event), party="Harbour Events")
    assert (heard.codes, heard.changed) == ([("WRONG_PARTY", None)], {})


def test_a_book_of_another_workbook(event: Field, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_field(tmp_path / "other")
    forged = filled(other, of_base(lambda base: setattr(base["B1"], "value", "99999999-0000-0000-0000-000000000001")))
    heard = event.pull(forged)
    assert (heard.codes, heard.changed) == ([("UNKNOWN_BOOK", None)], {})


def test_a_suppliers_book_is_no_clients(event: Field) -> None:
    path = filled(event, put(AD4="UPLOADED"), book="supplier")
    heard = event.pull(path)
    assert (heard.codes, heard.changed) == ([("WRONG_KIND", None)], {})
    heard = event.pull(path, kind="supplier")
    assert heard.codes == []
    assert heard.changed == {("S2-1", "Delivery"): "UPLOADED", ("S2-1", "DispatchStatus"): "UPLOADED",
                             ("S2-1", "DispatchedAt"): heard.changed["S2-1", "DispatchedAt"]}  # fmt: skip


def test_a_suppliers_book_that_says_it_is_a_clients(event: Field) -> None:
    path = filled(event, lambda f, s: (s.__setitem__("AD4", "UPLOADED"), f["_base"].__setitem__("C1", "client")), book="supplier")
    heard = event.pull(path)
    assert heard.changed == {}
    assert heard.codes


def test_a_clients_file_with_a_kind_that_there_is_not(event: Field) -> None:
    heard = event.pull(filled(event, of_base(lambda base: setattr(base["C1"], "value", "office"))))
    assert (heard.codes, heard.changed) == ([("UNUSABLE", None)], {})


# --- files that must not be opened


LAUGHS = b'<!DOCTYPE z [<!ENTITY a "' + b"ha" * 50 + b'">' + b"".join(
    b'<!ENTITY %c "%s">' % (name, b"&%c;" % (name - 1) * 50) for name in range(ord("b"), ord("h"))
) + b"]>"  # fmt: skip
XXE = b'<!DOCTYPE z [<!ENTITY g SYSTEM "file:///etc/hostname">]>'


def with_prolog(xml: bytes, prolog: bytes, *, late: bool = False) -> bytes:
    """A declaration in front of the root element; late: 100 kB of comment before it."""
    head, sep, rest = xml.partition(b"?>")
    return head + sep + (b"<!--" + b"x" * 100_000 + b"-->" if late else b"") + prolog + rest


def utf16(xml: bytes) -> bytes:
    return re.sub(r'encoding="[^"]+"', 'encoding="UTF-16"', xml.decode("utf-8"), count=1).encode("utf-16")


def bomb(path: Path, part_name: str, size: int) -> bytes:
    """The archive with a part that inflates to `size` spaces, without ever holding them."""
    out, spaces = io.BytesIO(), b" " * 2**20
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in archive.infolist():
            if info.filename != part_name:
                target.writestr(info.filename, archive.read(info))
        with target.open(part_name, "w") as stream:
            stream.write(b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>')
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

    def add(name: str, codes: set[str], data: bytes | None = None, parts: dict[str, bytes | None] | None = None) -> None:
        path = folder / f"{name}.xlsx"
        path.write_bytes(content if data is None else data)
        if parts:
            repacked(path, parts)
        found[name] = path, codes

    with zipfile.ZipFile(good) as archive:
        xml = {info.filename: archive.read(info) for info in archive.infolist() if info.filename.endswith((".xml", ".rels"))}
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
            used = xml[name].replace(b">Ana<", b">&g;<") if name == STRINGS else xml[name].replace(b"<v>", b"<v>&g;", 1)
            add(f"late bomb in {short}", either, parts={name: with_prolog(used, LAUGHS, late=True)})
            add(f"late file entity in {short}", either, parts={name: with_prolog(used, XXE, late=True)})
            add(f"utf-16 bomb in {short}", either, parts={name: utf16(with_prolog(used, LAUGHS))})
            add(f"utf-16 file entity in {short}", either, parts={name: utf16(with_prolog(used, XXE))})
    add("strings of 1 GB of spaces", hostile, bomb(good, STRINGS, 2**30))
    add("another part of 64 MB", hostile, bomb(good, "xl/media/image1.png", 2**26))
    add("many parts", hostile, parts={f"xl/x{i}.xml": b"" for i in range(10_001)})
    add("parts of 280 MB together", hostile, parts={f"xl/media/x{i}.bin": b" " * (28 * 2**20) for i in range(10)})
    add("twice the same part", hostile, parts={"XL/worksheets/SHEET1.xml": b"<x/>"})
    for share in (0.1, 0.5, 0.9, 0.999):
        add(f"cut at {share}", unusable, content[: int(len(content) * share)])
    add("cut in front", unusable, content[1000:])
    add("empty", unusable, b"")
    add("text", unusable, b"SalesID,First name\nS1-1,Eve\n")
    add("a web page", unusable, b"<html><table><tr><td>S1-1</td></tr></table></html>")
    add("old xls or encrypted", unusable, bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 4096)
    add("a zip of something else", unusable, _zip({"a.txt": b"hello"}))
    add("no zip after PK", unusable, b"PK\x03\x04" + b"\xff" * 500)
    encrypted = bytearray(content)
    at = encrypted.find(b"PK\x01\x02")
    while at >= 0:
        encrypted[at + 8 : at + 10] = struct.pack("<H", struct.unpack_from("<H", encrypted, at + 8)[0] | 1)
        at = encrypted.find(b"PK\x01\x02", at + 4)
    add("encrypted parts", unusable, bytes(encrypted))
    for name in ("xl/workbook.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels", SHEET1):
        add(f"without {re.sub(r'[^A-Za-z]', '-', name)}", either, parts={name: None})
    add("nested too deep", either, parts={"xl/workbook.xml": b"<workbook>" + b"<a>" * 200_000})
    add("no xml", either, parts={"xl/workbook.xml": b"\xff\xfe\x00 nonsense"})
    return found


PROLOGS = {
    "at once": b"", "late": b"<!--" + b"x" * 100_000 + b"-->", "after an element in a comment": b"<!-- <a> " + b"x" * 100_000 + b"-->",
    "after many comments": b"<!-- <a/> -->" * 20_000, "after an instruction": b"<?x <a> ?>", "after a late instruction": b"<?x " + b"y" * 100_000 + b"?>",
    "after a comment that looks closed": b"<!-- -- > <a> -->".replace(b"-- >", b"- ->"),
}  # fmt: skip
"""What may stand in front of a DTD."""


_SPELT = [
    (where, how)
    for where in PROLOGS for how in ("utf-8", "utf-16")
]  # fmt: skip


@pytest.mark.parametrize(("where", "how"), _SPELT)
def test_a_dtd_is_refused_wherever_and_however_it_is_written(where: str, how: str, event: Field) -> None:
    path = filled_raw(event)
    declared = PROLOGS[where] + b'<!DOCTYPE z [<!ENTITY g "Eve">]>'
    changed = with_prolog(part(path, STRINGS).replace(b">Ana<", b">&g;<"), declared)
    back = read_returned([repacked(path, {STRINGS: utf16(changed) if how == "utf-16" else changed})])[0]
    assert (back.unusable, [code for code, _, _ in back.problems]) == (True, ["HOSTILE_FILE"])


@pytest.mark.parametrize("prolog", [b"<!-- long " + b"x" * 100_000 + b" -->", b"<?x y?>", b"\n\n"], ids=["comment", "instruction", "lines"])
def test_an_honest_prolog_is_no_reason_to_refuse(prolog: bytes, event: Field) -> None:
    path = filled_raw(event)
    assert event.pull(repacked(path, {STRINGS: with_prolog(part(path, STRINGS), prolog)})).changed == GOOD


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture(scope="module")
def hostile(source: Field, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, set[str]]]:
    folder = tmp_path_factory.mktemp("hostile")
    good = Path(shutil.copy(filled_raw(source, name="good.xlsx"), folder / "good one.xlsx"))
    return hostile_files(good, folder)


def test_hostile_files_are_refused_and_the_others_are_read(hostile: dict[str, tuple[Path, set[str]]], event: Field) -> None:
    files = [path for path, _ in hostile.values()]
    good = filled(event)
    heard = event.pull(*files[: len(files) // 2], good, *files[len(files) // 2 :])
    assert heard.changed == GOOD
    said: dict[str, list[str]] = {}
    for finding in heard.plan.findings:
        name = next((name for name in hostile if f"{name}.xlsx" in finding.message), "?")
        said.setdefault(name, []).append(finding.code)
        assert len(finding.message) < 400
        assert "Traceback" not in finding.message
    wrong = {
        name: (said.get(name), codes) for name, (_, codes) in hostile.items() if len(said.get(name, ())) != 1 or said[name][0] not in codes
    }
    assert wrong == {}
    assert "?" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_bounded(hostile: dict[str, tuple[Path, set[str]]], event: Field) -> None:
    program = (
        "import sys, json, resource, pathlib; from ticketops.stores.returned.files import read_returned\n"
        "found = read_returned([pathlib.Path(p) for p in json.loads(sys.stdin.read())])\n"
        "own = int(pathlib.Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])\n"
        "child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "print(json.dumps([own, child, sum(f.unusable for f in found)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], input=json.dumps([str(path) for path, _ in hostile.values()]), capture_output=True,
                          text=True, check=True, cwd=Path(__file__).parents[2])  # fmt: skip
    parent, child, unusable = json.loads(done.stdout)
    assert parent < 150 * 1024, "kB"
    assert child * 1024 < returned.MEMORY
    assert unusable == len(hostile)
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is kept by Linux")
def test_a_file_that_takes_all_memory_does_not_stop_the_others(event: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returned, "MEMORY", 200 * 2**20)
    path = filled_raw(event, name="large.xlsx")
    large = b"".join(b"<si><t>%d%s</t></si>" % (i, b"x" * 20) for i in range(900_000))
    repacked(path, {STRINGS: b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + large + b"</sst>"})
    good = filled(event)
    first, second, third = read_returned([good, path, good])
    assert [first.unusable, second.unusable, third.unusable] == [False, True, False]
    assert second.problems[0][0] == "HOSTILE_FILE"
    assert [row.values for row in first.rows] == [row.values for row in third.rows]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_file_that_takes_for_ever_does_not_stop_the_others(event: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returned, "PATIENCE", 2.0)
    os.mkfifo(event.home / "pipe.xlsx")
    good = filled(event)
    first, second, third = read_returned([good, event.home / "pipe.xlsx", good])
    assert [first.unusable, second.unusable, third.unusable] == [False, True, False]
    assert second.problems[0][0] == "HOSTILE_FILE"


def far_cells(xml: bytes, cells: Iterable[tuple[str, int]]) -> bytes:
    rows = b"".join(
        b'<row r="%d"><c r="%s%d" t="inlineStr"><is><t>far</t></is></c></row>' % (row, letters.encode(), row) for letters, row in cells
    )
    return xml.replace(b"</sheetData>", rows + b"</sheetData>")


def test_sheets_of_a_million_rows(event: Field) -> None:
    """Cells in the farthest corners, and a dimension that says that all is full, are read past."""
    path = filled(event)
    xml = part(path, SHEET1)
    corners = far_cells(xml, [("A", 20), ("XFD", 30), ("XFD", 1_048_576)])
    heard = event.pull(
        repacked(path, {SHEET1: re.sub(rb'<dimension ref="[^"]+"/>', b'<dimension ref="A1:XFD1048576"/>', corners)}, name="far.xlsx")
    )
    assert heard.changed == GOOD
    assert {code for code, _ in heard.codes} == {"TOO_MANY_ROWS"}
    wide = far_cells(xml, [("XFD", row) for row in range(20, 3_000)])
    assert event.pull(repacked(path, {SHEET1: wide}, name="wide.xlsx")).changed == {}
    base = far_cells(part(path, "xl/worksheets/sheet3.xml"), [("XFD", 1_048_576)])
    heard = event.pull(repacked(path, {"xl/worksheets/sheet3.xml": base}, name="base.xlsx"))
    assert heard.changed == {}
    beyond = far_cells(xml, [("XFE", 20), ("ZZZZ", 21), ("A", 2_000_000_000)])
    heard = event.pull(repacked(path, {SHEET1: beyond}, name="beyond.xlsx"))
    assert heard.changed == {}


def test_all_rows_are_looked_at_up_to_the_limit(event: Field) -> None:
    path = filled(event)
    row = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>S1-2</t></is></c><c r="AC{0}" t="inlineStr"><is><t>{1}</t></is></c></row>'
    xml = part(path, SHEET1)
    for at, seen in ((99_000, True), (100_001, False)):
        changed = xml.replace(b"</sheetData>", row.format(at, "Late").encode() + b"</sheetData>")
        changed = re.sub(rb'<row r="5".*?</row>', b"", changed)
        back = read_returned([repacked(path, {SHEET1: changed}, name=f"{at}.xlsx")])[0]
        assert (("S1-2", "Late") in [(r.key, r.values.get("first_name")) for r in back.rows]) == seen
        assert (("TOO_MANY_ROWS", 100_000) in [problem[:2] for problem in back.problems]) == (not seen)


def encoded(how: str) -> Callable[[bytes], bytes]:
    def change(xml: bytes) -> bytes:
        return re.sub(r'(<\?xml version="1.0")[^?]*\?>', rf'\1 encoding="{how}"?>', _declared(xml), count=1).encode(
            how.lower().replace("utf-16", "utf-16")
        )

    return change


def _declared(xml: bytes) -> str:
    decoded = xml.decode("utf-8").lstrip("\ufeff")
    return decoded if decoded.startswith("<?xml") else f'<?xml version="1.0"?>{decoded}'


@pytest.mark.parametrize("how", ["UTF-16", "ISO-8859-1", "UTF-8", "UTF-8-SIG"])
def test_parts_in_other_encodings_are_read_right_or_refused(how: str, event: Field) -> None:
    path = filled_raw(event, AF5="Zoë Müller")
    strings = part(path, STRINGS)
    changed = b"\xef\xbb\xbf" + strings if how == "UTF-8-SIG" else encoded(how)(strings)
    heard = event.pull(repacked(path, {STRINGS: changed}))
    if heard.changed:
        assert heard.changed == GOOD | {("S1-2", "Comment"): "Zoë Müller"}
    else:
        assert {code for code, _ in heard.codes} & {"UNUSABLE", "HOSTILE_FILE"}


def test_a_declared_encoding_that_is_a_lie_is_no_mischief(event: Field) -> None:
    path = filled_raw(event, AF5="Zoë")
    broken = part(path, STRINGS).replace("Zoë".encode(), b"Zo\xeb")
    heard = event.pull(repacked(path, {STRINGS: broken}))
    assert (heard.changed, [code for code, _ in heard.codes]) == ({}, ["UNUSABLE"])


def test_strings_that_are_not_there(event: Field) -> None:
    path = filled_raw(event)
    xml = re.sub(rb'(<c r="AC4"[^>]*t="s"[^>]*><v>)\d+', rb"\g<1>99999", part(path, SHEET1))
    heard = event.pull(repacked(path, {SHEET1: xml}))
    assert (heard.changed, [code for code, _ in heard.codes]) == ({}, ["UNUSABLE"])


def test_a_nested_archive_is_left_alone(event: Field) -> None:
    path = filled(event)
    inner = bomb(path, STRINGS, 64 * 2**20)
    assert event.pull(repacked(path, {"xl/embeddings/oleObject1.bin": inner})).changed == GOOD


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_what_is_no_file(what: str, event: Field) -> None:
    if what == "folder":
        (event.home / "folder.xlsx").mkdir()
    with pytest.raises(UnusableError, match="is no file"):
        event.pull(filled(event), event.home / f"{what}.xlsx")
    assert Master.of(event.workbook).tickets.get(("S1-1", "First name")) is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(event: Field) -> None:
    path = filled(event)
    path.chmod(0)
    heard = event.pull(path)
    assert (heard.codes, heard.changed) == ([("UNUSABLE", None)], {})


def test_the_same_file_twice_says_it_once(event: Field) -> None:
    path = filled(event)
    copy = Path(shutil.copy(path, event.home / "copy.xlsx"))
    heard = event.pull(path, path, copy)
    assert (heard.changed, heard.plan.result["taken"]) == (GOOD, 3)
    again = event.pull(copy)
    assert (again.changed, again.plan.result["edits"]) == ({}, 0)


# --- the command line


def test_the_command_line_reports_and_goes_on(event: Field, hostile: dict[str, tuple[Path, set[str]]]) -> None:
    good = filled(event, put(AC5="=1+1", A16="S2-1", J16="S2-1", AC16="Eve"))
    laughs, text_file = hostile["dtd in xl-worksheets-sheet1-xml"][0], hostile["text"][0]
    words = ["client", "pull", "-w", str(event.workbook), "--json"]
    done = run_cli(*words, str(laughs), str(text_file), str(good), cwd=event.home)
    assert (done.code, done.err) == (1, "")
    assert [(f["code"], f.get("row")) for f in done.json["findings"]] == [
        ("HOSTILE_FILE", None),
        ("UNUSABLE", None),
        ("FOREIGN_ROW", 16),
        ("FORMULA", 5),
    ]
    assert done.json["result"]["taken"] == 3
    before = event.workbook.read_bytes()
    done = run_cli(*words[:-1], str(laughs), cwd=event.home)
    assert done.code == 1
    assert "HOSTILE_FILE" in done.out + done.err
    assert "Traceback" not in done.out + done.err
    for bad in (event.home / "none.xlsx", event.home):
        done = run_cli(*words, str(good), str(bad), cwd=event.home)
        assert done.code == 3
        assert "Traceback" not in done.out + done.err
    assert event.workbook.read_bytes() == before


# --- files broken at random


OPEN = {(f"S1-{i}", header) for i in range(1, 11) for header in GUEST}
"""What Meridian's book may change while nothing was sent."""


def broken_files(good: Path, folder: Path, numbers: range, chance: random.Random) -> list[Path]:
    """Copies of a file with bytes flipped in the archive or in a part, or parts shortened, swapped or taken out."""
    content = good.read_bytes()
    with zipfile.ZipFile(good) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    told = [name for name in (SHEET1, STRINGS, "xl/worksheets/sheet3.xml", "xl/workbook.xml") if name in parts]
    found = []
    for i in numbers:
        path = folder / f"broken {i}.xlsx"
        how = chance.randrange(9)
        if how == 0:
            data = bytearray(content)
            for _ in range(chance.choice((1, 1, 3, 20))):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            path.write_bytes(data)
            found.append(path)
            continue
        mine = dict(parts)
        name = chance.choice(told if chance.random() < 0.8 else sorted(mine))
        data = bytearray(mine[name])
        if how in (1, 2, 3, 4):
            inside = [match.span(1) for match in re.finditer(rb'="([^"<>]+)"' if how == 1 else rb">([^<>]+)<", bytes(data))]
            for _ in range(chance.choice((1, 2, 5, 30))):
                at = chance.randrange(*chance.choice(inside)) if inside else chance.randrange(len(data))
                data[at] = chance.choice(b"0123456789SACEJRUFGt-|!?; @=\t")
            mine[name] = bytes(data)
        elif how == 5:
            for _ in range(chance.choice((1, 2, 5))):
                data[chance.randrange(len(data))] = chance.choice(b'<>/"= 09SACE&;\xff\x00')
            mine[name] = bytes(data)
        elif how == 6:
            tags = re.findall(rb"<[^<>]+>", bytes(data))
            mine[name] = bytes(data).replace(chance.choice(tags), chance.choice([b"", *tags]), chance.choice((1, -1)))
        elif how == 7:
            start = chance.randrange(len(data))
            mine[name] = bytes(data[:start] + data[start + chance.choice((1, 10, 1000)) :])
        else:
            del mine[name]
        path.write_bytes(_zip(mine))
        found.append(path)
    return found


def sweep(event: Field, number: int, seed: int) -> None:
    """Many broken files in one pull: no error, and no change but of open cells."""
    chance = random.Random(seed)
    guests = {f"{letters}{row}": f"{letters}{row}" for row in range(5, 14) for letters in ("AB", "AC", "AD", "AF")}
    mischief = put(**guests, AC14="Eve", AG6="ACCEPTED", A16="S2-1", J16="S2-1", AC16="Eve", AE16="eve@guest.example")
    good = [filled(event, mischief), filled_raw(event, name="raw.xlsx", **guests, AC14="Eve", AG6="ACCEPTED", A7="S2-1", J7="S2-1")]
    (event.home / "broken").mkdir()
    files = [file for i, path in enumerate(good) for file in broken_files(path, event.home / "broken", range(i, number, 2), chance)]
    try:
        heard = event.pull(*files)
    except TicketopsError as error:
        pytest.fail(f"{error.message}")
    assert heard.changed.keys() <= OPEN
    assert len(heard.plan.result["files"]) == number
    read = sum(1 for said in heard.plan.result["files"] if said["rows"])
    assert number / 4 < read < number, "many are good enough to be read"
    assert {code for code, _ in heard.codes} >= {"UNUSABLE", "FOREIGN_ROW"}
    assert "INTERNAL" not in {code for code, _ in heard.codes}


def test_files_broken_at_random(event: Field) -> None:
    sweep(event, 250, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_thousands_of_files_broken_at_random(seed: int, event: Field) -> None:
    sweep(event, 1500, seed)
