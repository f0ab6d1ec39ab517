"""A small event on a file, its books, and somebody who fills them in."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from tests.desk import Desk
from ticketops.config import Settings
from ticketops.schema.layouts.event import EVENT
from ticketops.services import allocation, books, creation, dispatch, selling
from ticketops.stores.xlsx.store import XlsxStore

FOLLOWING = ("_CLIENT_INPUTS", "_BOOK_EDITS", "_STAFF_QUEUE", "_SUPPLIER_QUEUE")
"""Sheets that follow Distribution when something of a file is taken over."""
GUEST = ("Clients notes", "First name", "Last Name", "Client Email", "Comment")
GOOD = {
    ("S1-1", "First name"): "Ana",
    ("S1-1", "Last Name"): "Ruiz",
    ("S1-1", "Client Email"): "ana@guest.example",
}
"""What every returned file of Meridian Travel says besides its mischief; the mischief is in row 5
(S1-2) or below."""
SHEET1, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
Cells = dict[tuple[str, str], Any]


# --- a small event and its books


@dataclass
class Field:
    """S1 of Meridian Travel VIP (M01): 12 bought, 10 allocated: rows 4–13 of its book are open, 14
    and 15 are not; S2 of Harbour Events (M02): 2, of the supplier POVAMI."""

    home: Path
    books: dict[str, Path]
    clock: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Desk(XlsxStore(self.workbook, layout=EVENT), role="ops_manager")

    @property
    def workbook(self) -> Path:
        return self.home / "event.xlsx"

    @property
    def settings(self) -> Settings:
        return Settings(workbook=self.workbook, user="tester", books=self.home / "books")

    def pull(self, *files: Path, kind: str = "client", party: str = "") -> ReadEdits:
        before = Master.of(self.workbook)
        content = self.workbook.read_bytes()
        plan = self.clock.do(
            books.pull(
                XlsxStore(self.workbook, layout=EVENT), self.settings, files, kind=kind, party=party
            )
        )
        after = Master.of(self.workbook)
        heard = ReadEdits(
            [(f.code, f.row) for f in plan.findings],
            [f.message for f in plan.findings],
            after.against(before),
            plan,
        )
        if not heard.changed and not plan.result.edits:
            assert self.workbook.read_bytes() == content
        assert before.rest == after.rest, "nothing but Distribution and what follows it"
        assert not after.formulas
        return heard


@dataclass
class ReadEdits:
    """What came of a pull. codes: (finding, row); changed: {(SalesID, header): new value} of
    Distribution."""

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
            for row in sheet.iter_rows(min_row=3, values_only=True)
            if row[place]
            for header, value in zip(headers, row, strict=True)
            if value is not None
        }
        rest = {
            s.title: list(s.iter_rows(values_only=True))
            for s in book
            if s.title not in ("Distribution", *FOLLOWING)
        }
        formulas = [
            f"{s.title}!{c.coordinate}"
            for s in book
            for row in s.iter_rows()
            for c in row
            if c.data_type == "f"
        ]
        return cls(tickets, rest, formulas)

    def against(self, before: Master) -> Cells:
        keys = self.tickets.keys() | before.tickets.keys()
        return {
            key: self.tickets.get(key)
            for key in keys
            if self.tickets.get(key) != before.tickets.get(key)
        }


_MASTERS: dict[bytes, Master] = {}
"""Of files that were looked at already."""


def make_field(home: Path, *, harbour: str = "Harbour Events") -> Field:
    creation.init(home / "event.xlsx")
    desk = Desk(XlsxStore(home / "event.xlsx", layout=EVENT), role="ops_manager")
    desk.buy(("M01", "Cat 1", 10))
    desk.buy(("M02", "Cat 2", 2), vendor="Povami", contract="000888")
    desk.sell(("M01", "Cat 1", 12), client="Meridian Travel VIP")
    desk.sell(("M02", "Cat 2", 2), client=harbour)
    desk.do(dispatch.supplier_map("POVAMI", ["Povami"], []))
    desk.do(selling.sale_approve("S1", "two more are ordered"))
    desk.do(allocation.allocate_commit("S2"))
    settings = Settings(workbook=home / "event.xlsx", user="tester", books=home / "books")
    for kind in ("client", "supplier"):
        desk.do(books.build(desk.store, settings, kind, [], folder=home / "books"))
    files = {
        "meridian": "CLIENT - Meridian Travel VIP.xlsx",
        "harbour": f"CLIENT - {harbour}.xlsx",
        "supplier": "SUPPLIER - POVAMI.xlsx",
    }
    return Field(home, {name: home / "books" / file for name, file in files.items()})


# --- somebody fills a book in


def filled(
    event: Field,
    mischief: Callable[[Any, Any], None] | None = None,
    *,
    book: str = "meridian",
    name: str = "back.xlsx",
) -> Path:
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
    """The same good words (and more) put into the file as it was made: with shared strings, every
    other part as it was."""
    typed = {"AC4": "Ana", "AD4": "Ruiz", "AE4": "ana@guest.example"} | more
    path = Path(shutil.copy(event.books["meridian"], event.home / name))
    sheet, strings = part(path, SHEET1), part(path, STRINGS)
    count = strings.count(b"<si>")
    for place, value in typed.items():
        style = re.search(rb'<c r="%s"( s="\d+")' % place.encode(), sheet)
        cell = b'<c r="%s"%s t="s"><v>%d</v></c>' % (
            place.encode(),
            style[1] if style else b"",
            count,
        )
        sheet, number = re.subn(rb'<c r="%s"[^>/]*(/>|>.*?</c>)' % place.encode(), cell, sheet)
        assert number == 1, place
        strings = strings.replace(
            b"</sst>", f'<si><t xml:space="preserve">{value}</t></si></sst>'.encode()
        )
        count += 1
    return repacked(
        path, {SHEET1: sheet, STRINGS: re.sub(rb' (count|uniqueCount)="\d+"', b"", strings)}
    )


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
