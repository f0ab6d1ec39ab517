"""What LibreOffice sees in a book, and what comes back from it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from tests.books.builders import BOOK_ID, INPUTS, OPEN, TYPED, edits, hidden_letters, kinds
from tests.books.handout.made import Made, headers
from ticketops.schema.book_layouts import hash_of_base
from ticketops.stores.returned.files import read_returned

MACRO = """
Function Opened(path)
  Dim how(0) As New com.sun.star.beans.PropertyValue
  how(0).Name = "Hidden"
  how(0).Value = True
  Opened = StarDesktop.loadComponentFromURL(ConvertToURL(path), "_blank", 0, how())
End Function

Sub SaveAs(document, path, filter)
  Dim how(0) As New com.sun.star.beans.PropertyValue
  how(0).Name = "FilterName"
  how(0).Value = filter
  document.storeToURL(ConvertToURL(path), how())
End Sub

Sub Work(orders, answers)
  Dim files, source, target, said, words, document, cell, rule, i, shut
  files = createUnoService("com.sun.star.ucb.SimpleFileAccess")
  source = createUnoService("com.sun.star.io.TextInputStream")
  source.setInputStream(files.openFileRead(ConvertToURL(orders)))
  source.setEncoding("UTF-8")
  target = createUnoService("com.sun.star.io.TextOutputStream")
  target.setOutputStream(files.openFileWrite(ConvertToURL(answers)))
  target.setEncoding("UTF-8")
  Do While Not source.isEOF()
    words = Split(source.readLine(), Chr(9))
    If UBound(words) >= 0 Then
      Select Case words(0)
      Case "OPEN"
        document = Opened(words(1))
        document.calculateAll()
      Case "SET"
        cell = document.Sheets.getByName(words(1)).getCellRangeByName(words(2))
        On Error Resume Next
        cell.setString(Replace(words(3), "\\n", Chr(10)))
        On Error GoTo 0
      Case "FORMULA"
        document.Sheets.getByName(words(1)).getCellRangeByName(words(2)).setFormula(words(3))
      Case "GET"
        document.calculate()
        said = document.Sheets.getByName(words(1)).getCellRangeByName(words(2)).getString()
        target.writeString("GET" & Chr(9) & words(2) & Chr(9) & said & Chr(10))
      Case "INFO"
        cell = document.Sheets.getByName(words(1)).getCellRangeByName(words(2))
        rule = cell.Validation
        said = words(2) & Chr(9) & cell.CellProtection.IsLocked & Chr(9) & Hex(cell.CellBackColor) & Chr(9)
        said = said & rule.Type & Chr(9) & rule.getFormula1() & Chr(9) & rule.ShowErrorMessage
        target.writeString("INFO" & Chr(9) & said & Chr(10))
      Case "SHEETS"
        For i = 0 To document.Sheets.Count - 1
          cell = document.Sheets.getByIndex(i)
          said = cell.Name & Chr(9) & cell.isProtected() & Chr(9) & cell.IsVisible & Chr(9) & cell.ConditionalFormats.getLength()
          target.writeString("SHEET" & Chr(9) & said & Chr(10))
        Next i
      Case "SAVE"
        SaveAs(document, words(1), words(2))
      Case "CLOSE"
        document.close(True)
      End Select
    End If
  Loop
  source.closeInput()
  target.closeOutput()
  StarDesktop.terminate()
End Sub
"""
_LIBRARY = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SCRIPTS = {
    "script.xlc": '<library:libraries xmlns:library="http://openoffice.org/2000/library" xmlns:xlink="http://www.w3.org/1999/xlink">'
    '<library:library library:name="Standard" xlink:href="$(USER)/basic/Standard/script.xlb/" xlink:type="simple" library:link="false"/>'
    "</library:libraries>",
    "Standard/script.xlb": '<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false" '
    'library:passwordprotected="false"><library:element library:name="Books"/></library:library>',
}


def at_libreoffice(soffice: str, folder: Path, orders: list[tuple[str, ...]]) -> list[list[str]]:
    """Somebody works in LibreOffice: orders are carried out one after the other by a macro; what it
    answers."""
    start = [
        soffice,
        f"-env:UserInstallation=file://{folder / 'profile'}",
        "--headless",
        "--norestore",
        "--nologo",
    ]
    subprocess.run(
        [*start, "--terminate_after_init"], check=True, capture_output=True, timeout=180
    )  # makes the profile
    basic = folder / "profile" / "user" / "basic"
    (basic / "Standard").mkdir(parents=True, exist_ok=True)
    for name, text in _SCRIPTS.items():
        (basic / name).write_text(_LIBRARY + text, "utf-8")
    escaped = (
        MACRO.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )
    (basic / "Standard" / "Books.xba").write_text(
        f'{_LIBRARY}<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Books" script:language="StarBasic">'
        f"{escaped}</script:module>",
        "utf-8",
    )
    (folder / "orders.txt").write_text(
        "\n".join("\t".join(order).replace("\n", "\\n") for order in orders) + "\n", "utf-8"
    )
    subprocess.run(
        [*start, f"macro:///Standard.Books.Work({folder / 'orders.txt'},{folder / 'answers.txt'})"],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return [line.split("\t") for line in (folder / "answers.txt").read_text("utf-8").splitlines()]


ADDRESSES = {
    "ana@guest.example": True,
    "a@b.co": True,
    "first.last+tag@sub.guest.example": True,
    "o'neil@guest.example": True,
    "é@guest.example": True,
    "x" * 64 + "@guest.example": True,
    "ana": False,
    "ana@": False,
    "@guest.example": False,
    "ana@guest": False,
    "ana@guest.": False,
    "ana@@guest.example": False,
    "ana guest@guest.example": False,
    "ana@guest.example ": False,
    "ana@.example": False,
    "a@b@c.example": False,
    "x" * 250 + "@g.example": False,
}
"""{address: whether a spreadsheet lets it in}; it is a first look, the whole check follows when the
file is pulled."""


@dataclass
class Converted:
    """What LibreOffice made of the three books."""

    folder: Path
    answers: dict[str, list[list[str]]]

    def got(self, kind: str, what: str) -> list[list[str]]:
        return [words[1:] for words in self.answers[kind] if words[0] == what]


@pytest.fixture(scope="module")
def office(
    shelf: dict[str, Made], soffice: str, tmp_path_factory: pytest.TempPathFactory
) -> Converted:
    folder = tmp_path_factory.mktemp("office")
    orders: list[tuple[str, ...]] = []
    for kind, made in shelf.items():
        main = made.book.layout.sheet
        summary = "J2" if kind == "client" else "A2"
        orders += [("OPEN", str(made.path)), ("SHEETS",), ("GET", main, summary)]
        orders += [("SAVE", str(folder / f"{kind}.pdf"), "calc_pdf_Export")]
        orders += [
            ("INFO", main, f"{letter}{row}") for row in OPEN[kind] for letter in headers(made.sheet)
        ]
        orders += [("SET", main, place, text) for place, (_, _, text) in TYPED[kind].items()]
        orders += [
            ("GET", main, summary),
            ("SAVE", str(folder / f"{kind}.xlsx"), "Calc MS Excel 2007 XML"),
            ("SAVE", str(folder / f"{kind}.ods"), "calc8"),
            ("CLOSE",),
        ]
        orders += [
            ("OPEN", str(folder / f"{kind}.ods")),
            ("SAVE", str(folder / f"{kind} by ods.xlsx"), "Calc MS Excel 2007 XML"),
            ("CLOSE",),
        ]
        orders += [("OPEN", str(folder / f"{kind}.xlsx")), ("SHEETS",), ("CLOSE",)]
        orders += [("MARK",)]
    rule = next(
        rule
        for rule in shelf["client"].sheet.data_validations.dataValidation
        if str(rule.sqref).startswith("AE4")
    )
    check = openpyxl.Workbook()
    for i, address in enumerate(ADDRESSES, start=1):
        check.active[f"A{i}"] = address
        check.active[f"B{i}"] = '=IF(ISERROR({0}),"no",IF({0},"yes","no"))'.format(
            rule.formula1.replace("AE4", f"A{i}")
        )
    check.save(folder / "addresses.xlsx")
    orders += [
        ("OPEN", str(folder / "addresses.xlsx")),
        *(("GET", "Sheet", f"B{i}") for i in range(1, len(ADDRESSES) + 1)),
        ("CLOSE",),
    ]
    said = at_libreoffice(soffice, folder, orders)
    answers: dict[str, list[list[str]]] = {kind: [] for kind in (*shelf, "addresses")}
    # three SHEET lines open each book: the answers belong to the book whose first sheet was named
    # last
    kind_of = {made.book.layout.sheet: kind for kind, made in shelf.items()}
    now = "client"
    for words in said:
        if words[0] == "SHEET" and words[1] in kind_of:
            now = kind_of[words[1]]
        answers[
            "addresses" if words[0] == "GET" and re.fullmatch(r"B\d+", words[1]) else now
        ].append(words)
    return Converted(folder, answers)


@pytest.mark.libreoffice
@kinds
def test_libreoffice_sees_protection_colours_and_validation(
    kind: str, office: Converted, shelf: dict[str, Made]
) -> None:
    main = shelf[kind].book.layout.sheet
    sheets = office.got(kind, "SHEET")
    formats = {"client": 1, "supplier": 2, "staff": 1}[kind]
    assert [words[:3] for words in sheets[:3]] == [
        [main, "True", "True"],
        ["How to", "True", "True"],
        ["_base", "True", "False"],
    ]
    assert int(sheets[0][3]) >= formats
    assert [words[:3] for words in sheets[3:]] == [words[:3] for words in sheets[:3]], (
        "and again after LibreOffice saved it"
    )
    info = {words[0]: words[1:] for words in office.got(kind, "INFO")}
    hidden = hidden_letters(shelf[kind].sheet)
    for row, letters in OPEN[kind].items():
        for letter in headers(shelf[kind].sheet):
            locked, colour, rule, formula, stops = info[f"{letter}{row}"]
            assert locked == str(letter not in letters), f"{letter}{row}"
            if letter in letters:
                assert colour == "FFF2CC"
            elif not letters and letter not in hidden:
                assert colour == "EDEDED"
            typed = letter in INPUTS[kind] or (kind, letter) == ("client", "AG")
            assert (rule != "0") == typed, f"{letter}{row} {rule}"
            if typed:
                assert stops == "True"
                assert formula


@pytest.mark.libreoffice
@kinds
def test_the_summary_counts_on_while_somebody_types(kind: str, office: Converted) -> None:
    place = "J2" if kind == "client" else "A2"
    before, after = (words[1] for words in office.got(kind, "GET") if words[0] == place)
    assert (before, after) == {
        "client": ("3 rows still missing e-mail", "2 rows still missing e-mail"),
        "supplier": ("2 tickets to send", "1 ticket to send"),
        "staff": ("all tickets are sent", "all tickets are sent"),
    }[kind]


@pytest.mark.libreoffice
@kinds
@pytest.mark.parametrize("way", ["{}.xlsx", "{} by ods.xlsx"])
def test_what_was_typed_in_libreoffice_comes_back(
    kind: str, way: str, office: Converted, shelf: dict[str, Made]
) -> None:
    back = read_returned([office.folder / way.format(kind)])[0]
    assert (back.book_id, back.kind, back.missing, list(back.problems)) == (BOOK_ID, kind, (), [])
    assert edits(back) == {(key, name): text for key, name, text in TYPED[kind].values()}
    assert hash_of_base(back.base or ()) == shelf[kind].book.base_hash()
    assert not [row for row in back.rows if row.formulas]
    assert [row.row for row in back.rows] == [
        row for row, may in OPEN[kind].items() if kind != "supplier" or may
    ]


@pytest.mark.libreoffice
@kinds
def test_what_libreoffice_saved_is_protected_and_validated_still(
    kind: str, office: Converted
) -> None:
    book = openpyxl.load_workbook(office.folder / f"{kind}.xlsx")
    sheet = book.worksheets[0]
    assert all(s.protection.sheet for s in book)
    unlocked = {
        c.coordinate
        for row in sheet.iter_rows(max_row=max(OPEN[kind]))
        for c in row
        if not c.protection.locked
    }
    assert unlocked == {
        f"{letter}{row}" for row, letters in OPEN[kind].items() for letter in letters
    }
    validated = {
        str(rule.sqref).split(":")[0].rstrip("4") for rule in sheet.data_validations.dataValidation
    }
    assert validated == set(INPUTS[kind]) | ({"AG"} if kind == "client" else set())
    assert book["_base"].sheet_state in ("hidden", "veryHidden")


@pytest.mark.libreoffice
def test_the_check_of_addresses_while_they_are_typed(office: Converted) -> None:
    said = [words[1] == "yes" for words in office.got("addresses", "GET")]
    assert dict(zip(ADDRESSES, said, strict=True)) == ADDRESSES


@pytest.mark.libreoffice
@kinds
def test_a_book_can_be_printed(kind: str, office: Converted) -> None:
    content = (office.folder / f"{kind}.pdf").read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", content))
    assert pages == 3, "the tickets on two pages side by side, and the help"
