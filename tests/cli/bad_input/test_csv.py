"""CSV files with something wrong in them: one clear line, and the workbook to the byte what it was."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.bad_input.refusing import (
    BAD_PRICES,
    BAD_QUANTITIES,
    BUY,
    HEADER,
    LINE,
    RULE,
    SELL,
    UNUSABLE,
    Refusing,
    cell,
    table,
)
from tests.sampling import some

MATCH, CATEGORY, QTY, PRICE, VENDOR = range(5)
BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "blank lines": (b"\n\n  \n", "empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "empty"),
    "only commas": (b",,,,\n,,,,\n", "empty"),
    "header only": (table(), "no lines"),
    "header and blank lines": (table("", ",,,,", ""), "no lines"),
    "no header": (table(header=LINE), "has no column"),
    "a column is missing": (
        table("M06,Cat 2,350,V", header="match,category,unit_price,vendor"),
        "has no column qty",
    ),
    "several columns are missing": (table("M06", header="match"), "category, qty, unit_price"),
    "a column stands twice": (table(LINE + ",2", header=HEADER + ",qty"), "twice"),
    "a column stands twice in two spellings": (
        table(LINE + ",2", header=HEADER + ",Quantity"),
        "twice",
    ),
    "rows with another delimiter": (table("M06;Cat 2;2;350;Viagogo"), "line 2"),
    "too many cells": (table(LINE + ",more"), "6 cells, but the header has 5"),
    "too few cells": (table("M06,Cat 2"), "empty"),
    "not UTF-8": (table(LINE.replace("Viagogo", "Zoë")).decode().encode("latin-1"), "UTF-8"),
    "UTF-16 without a mark": (table(LINE).decode().encode("utf-16-le"), "binary"),
    "UTF-16 that is cut off": (table(LINE).decode().encode("utf-16")[:-1], "UTF-8"),
    "UTF-16 with half a character": (
        b"\xff\xfe" + table(LINE).decode().encode("utf-16-le") + b"\x00\xd8",
        "UTF-8",
    ),
    "binary": (random.Random(1).randbytes(5_000), "UTF-8"),
    "a workbook": (b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "binary"),
    "NUL": (table(LINE.replace("Viagogo", "Via\0gogo")), "binary"),
    "a quote that never ends": (table('M06,"Cat 2,2,350,Viagogo', LINE), "not a CSV file"),
    "a quote that never ends in the header": (b'"' + table(LINE), "not a CSV file"),
    "text after a quote": (table('M06,"Cat 2"x,2,350,Viagogo'), "not a CSV file"),
    "a huge cell": (cell(VENDOR, "x" * 200_000), "not a CSV file"),
    "a large cell": (cell(VENDOR, "x" * 2_001), "2,001 characters"),
    "a bell": (cell(VENDOR, "Via\x07gogo"), "control character"),
    "a colour": (cell(VENDOR, "\x1b[31mViagogo"), "control character"),
    "delete": (cell(VENDOR, "Via\x7fgogo"), "control character"),
    "a control character of the second page": (cell(VENDOR, "Via\x9b31mgogo"), "control character"),
    "a non-character": (cell(VENDOR, "Via\uffff"), "control character"),
    "match empty": (cell(MATCH, ""), "match is empty"),
    "match unknown": (cell(MATCH, "M105"), "no match M105"),
    "match M999": (cell(MATCH, "M999"), "no match M999"),
    "match M0": (cell(MATCH, "M0"), "no match M00"),
    "category empty": (cell(CATEGORY, " "), "category is empty"),
}
BAD_CURRENCIES = ("GBP", "US", "USDEUR", "€", "ＵＳＤ", "0")


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_csv(desk: Refusing, tmp_path: Path, name: str) -> None:
    content, says = BAD_FILES[name]
    file = tmp_path / "lines.csv"
    file.write_bytes(content)
    line = desk.refused(UNUSABLE, *BUY, str(file), "-w", str(desk.path), says=says)
    if says not in ("no match M105", "no match M999", "no match M00"):
        assert str(file) in line


@pytest.mark.parametrize(
    "name", [name for name, (_content, says) in BAD_FILES.items() if "character" not in says]
)
def test_bad_csv_of_a_sale(desk: Refusing, typed: Callable[[bytes], None], name: str) -> None:
    """The same through standard input. What a vendor's name may not hold is not read here."""
    content, says = BAD_FILES[name]
    typed(content)
    code, out, err = desk.run(*SELL, "-", "-w", str(desk.path), "-q")
    assert (code, out) == (UNUSABLE, "")
    assert len(err.splitlines()) == 1
    assert says in err
    assert says.startswith("no match") or "standard input" in err


@pytest.mark.parametrize(
    ("place", "text"),
    some(
        [(QTY, text) for text in BAD_QUANTITIES] + [(PRICE, text) for text in BAD_PRICES], 4, of=2
    ),
    ids=lambda value: ascii(value)[:20],
)
def test_bad_number_in_a_csv(desk: Refusing, tmp_path: Path, place: int, text: str) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(cell(place, text))
    desk.refused(UNUSABLE, *BUY, str(file), "-w", str(desk.path), says="line 3: ")


@pytest.mark.parametrize("text", BAD_CURRENCIES, ids=ascii)
def test_bad_currency_in_a_csv(desk: Refusing, tmp_path: Path, text: str) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(table(LINE + ",USD", LINE + "," + text, header=HEADER + ",currency"))
    desk.refused(UNUSABLE, *BUY, str(file), "-w", str(desk.path), says="line 3: the currency")


def test_bad_category_in_a_csv(desk: Refusing, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(cell(CATEGORY, "Cat 9"))
    desk.refused(RULE, *BUY, str(file), "-w", str(desk.path), says="M06 has no category 'Cat 9'")


def test_all_faults_are_counted(desk: Refusing, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(table(LINE, *[LINE.replace(",2,", ",0,")] * 30))
    desk.refused(
        UNUSABLE,
        *BUY,
        str(file),
        "-w",
        str(desk.path),
        says="line 3: 0 tickets: a line must have 1 to 100,000 (and 29 more lines)",
    )


GOOD_FILES: dict[str, bytes] = {
    "plain": table(LINE),
    "a byte order mark": b"\xef\xbb\xbf" + table(LINE),
    "carriage returns": table(LINE).replace(b"\n", b"\r\n"),
    "an old Mac's line ends": table(LINE).replace(b"\n", b"\r"),
    "no line end at the end": table(LINE)[:-1],
    "semicolons": table(LINE).replace(b",", b";"),
    "tabs": table(LINE).replace(b",", b"\t"),
    "UTF-16": table(LINE).decode().encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + table(LINE).decode().encode("utf-16-be"),
    "other spellings": table(LINE, header="Match, CATEGORY ,Quantity,Unit Price,Vendor"),
    "blank cells and lines": table("", LINE + ",,", ",,,,"),
    "quotes": table('"M06","Cat 2","2","350","Zoë ""go"" Tix"'),
    "a line end in a cell": table('M06,Cat 2,2,350,"Zoë\nTix"'),
    "a formula, which is text": table(LINE.replace("Viagogo", "=HYPERLINK(1)")),
}


@pytest.mark.parametrize("name", GOOD_FILES)
def test_good_csv(desk: Refusing, tmp_path: Path, name: str) -> None:
    """What must not be refused."""
    file = tmp_path / "lines.csv"
    file.write_bytes(GOOD_FILES[name])
    assert (
        desk.works(*BUY, str(file), "-w", str(desk.path), "--dry-run")["result"]["units_created"]
        == 2
    )


def test_an_unknown_column_is_named(desk: Refusing, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_bytes(table(LINE + ",x", header=HEADER + ",seat colour"))
    code, _out, err = desk.run(*BUY, str(file), "-w", str(desk.path), "--dry-run")
    assert code == 0
    assert "seat colour" in err
    file.write_bytes(table(LINE.replace(",2,", ",0,") + ",x", header=HEADER + ",seat colour"))
    desk.refused(UNUSABLE, *BUY, str(file), "-w", str(desk.path), says="0 tickets", notices=1)


def test_csv_files_that_are_none(desk: Refusing, tmp_path: Path) -> None:
    desk.refused(
        UNUSABLE,
        *BUY,
        str(tmp_path / "none.csv"),
        "-w",
        str(desk.path),
        says="none.csv can't be read",
    )
    desk.refused(UNUSABLE, *BUY, str(tmp_path), "-w", str(desk.path), says="can't be read")
    desk.refused(UNUSABLE, *BUY, "x" * 5_000, "-w", str(desk.path), says="can't be read")
    desk.refused(UNUSABLE, *BUY, str(desk.path), "-w", str(desk.path), says="UTF-8")
    large = tmp_path / "large.csv"
    with open(large, "wb") as file:
        file.truncate(60 * 2**20)
    desk.refused(UNUSABLE, *BUY, str(large), "-w", str(desk.path), says="larger than")


def test_nothing_on_standard_input(desk: Refusing, typed: Callable[[bytes], None]) -> None:
    for words in (BUY, SELL):
        typed(b"")
        assert desk.run(*words, "-", "-w", str(desk.path))[0] == UNUSABLE
        typed(b"")
        code, out, _err = desk.run(*words, "-", "-w", str(desk.path), "--json")
        assert code == UNUSABLE
        assert "standard input is empty" in json.loads(out)["error"]["message"]


@pytest.mark.slow
def test_more_tickets_than_a_sheet_has_rows(desk: Refusing, tmp_path: Path) -> None:
    """1,048,576 rows are all that Excel opens."""
    file = tmp_path / "lines.csv"
    file.write_bytes(table(*["M06,Cat 2,100000,350,Viagogo"] * 11))
    code, out, err = desk.run(*BUY, str(file), "-w", str(desk.path))
    assert (code, out) == (UNUSABLE, ""), err
    assert "1,048,576" in err
