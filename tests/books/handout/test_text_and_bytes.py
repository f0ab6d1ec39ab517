"""Text is text (D14); the same book makes the same file, and there is nothing else in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.books.builders import BOOK_ID, BUILT, FORMULAS, Event, kinds, make_event
from tests.books.handout.made import Made
from tests.conftest import ROOT
from ticketops.books.file_writer import write_book
from ticketops.schema.book_layouts import (
    CLIENT_LAYOUT,
    STAFF_LAYOUT,
    SUPPLIER_LAYOUT,
    Book,
    BookRow,
)

# --- text is text (D14)


@pytest.mark.parametrize("text", FORMULAS)
def test_text_is_never_a_formula_or_a_link(text: str, tmp_path: Path) -> None:
    for layout, sheet in (
        (CLIENT_LAYOUT, "Tickets"),
        (SUPPLIER_LAYOUT, "Supplier"),
        (STAFF_LAYOUT, "_MY_TASKS"),
    ):
        values = {
            column.name: text
            for column in layout.columns
            if column.type.value in ("text", "code", "datetime")
        }
        path = tmp_path / f"{layout.kind}.xlsx"
        write_book(
            Book(
                layout,
                text,
                text,
                [BookRow("K", values, frozenset(layout.typed), "P1")],
                BOOK_ID,
                BUILT,
            ),
            path,
        )
        book = openpyxl.load_workbook(path)
        formulas = [
            (s.title, c.coordinate)
            for s in book
            for row in s.iter_rows()
            for c in row
            if c.data_type == "f" and s.title != "_base"
        ]
        held = [
            c
            for row in book[sheet].iter_rows(min_row=4, max_row=4)
            for c in row
            if c.value is not None
        ]
        assert len(held) == len(values)
        assert {c.value for c in held} == {text.strip()}
        with zipfile.ZipFile(path) as archive:
            main = archive.read("xl/worksheets/sheet1.xml")
            assert main.count(b"<f>") == 1, "the summary alone"
            assert b"<hyperlink" not in main
            assert not [
                name
                for name in archive.namelist()
                if b"<f" in archive.read(name) and name.endswith("sheet3.xml")
            ]
        assert (sheet, "J2" if layout is CLIENT_LAYOUT else "A2") in formulas


# --- the same book, the same file; nothing else in it


def test_the_same_book_makes_the_same_bytes(
    event: Event, shelf: dict[str, Made], tmp_path: Path
) -> None:
    again = make_event()
    for kind, book in (
        ("client", again.client()),
        ("supplier", again.supplier()),
        ("staff", again.staff()),
    ):
        write_book(book, tmp_path / "again.xlsx")
        assert (tmp_path / "again.xlsx").read_bytes() == shelf[kind].path.read_bytes(), kind


@pytest.mark.slow
def test_the_same_book_makes_the_same_bytes_in_other_processes(tmp_path: Path) -> None:
    program = (
        "import sys, hashlib; from pathlib import Path; from tests.books.builders import make_event; from ticketops.books.file_writer import write_book\n"
        "e = make_event(); p = Path(sys.argv[1])\n"
        "for b in (e.client(), e.supplier(), e.staff()):\n write_book(b, p); print(hashlib.sha256(p.read_bytes()).hexdigest())"
    )
    said = set()
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / f"{seed}.xlsx")],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)},
        )
        said.add(done.stdout)
    assert len(said) == 1
    assert len(said.pop().split()) == 3


@kinds
def test_a_book_carries_no_properties_but_its_date(kind: str, shelf: dict[str, Made]) -> None:
    made = shelf[kind]
    core = re.sub(r"<\?xml[^>]*>|xmlns:\w+=\"[^\"]*\"", "", made.part("docProps/core.xml"))
    texts = [text for text in re.findall(r">([^<>]*)<", core) if text.strip()]
    assert set(texts) == {"2026-05-02T09:30:15Z"}
    properties = made.file.properties
    assert not any(
        (
            properties.creator,
            properties.lastModifiedBy,
            properties.title,
            properties.subject,
            properties.keywords,
        )
    )
    app = made.part("docProps/app.xml")
    assert not re.search(r"<(Company|Manager|HyperlinkBase)>[^<]", app)
    names = set(made.parts())
    assert not [
        name
        for name in names
        if re.search(r"comment|custom|external|vml|drawing|media|printer", name, re.IGNORECASE)
    ]
    assert set(made.file.defined_names) == set()
    defined = re.findall(r'<definedName name="([^"]+)"', made.part("xl/workbook.xml"))
    assert set(defined) <= {"_xlnm._FilterDatabase", "_xlnm.Print_Titles"}
    with zipfile.ZipFile(made.path) as archive:
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
