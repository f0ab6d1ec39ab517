"""Values at the edge, and strings that broke other programs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from lxml import etree
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils.escape import unescape

from tests.stores.xlsx.archive import DATE, Archive, Cell, column_of
from tests.stores.xlsx.dialects import (
    EXCEL,
    ILLEGAL,
    NOON,
    commit,
    grids,
    refused,
    same_in_calamine,
    state_of,
)
from tests.stores.xlsx.plain_workbook import (
    DAY,
    MARKED,
    MONEY,
    TEXT,
    Put,
    plain_model,
    plain_workbook,
    write_archive,
)
from ticketops.errors import SpliceError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES
from ticketops.stores.xlsx.store import XlsxStore

# --- values at the edge


def appended_notes(path: Path, texts: Iterable[str]) -> list[tuple[Any, ...]]:
    """Append texts to Sales.Notes, and read them back: by openpyxl, by ourselves from the file, by
    the cache."""
    rows = [(text,) for text in texts]
    changes = ChangeSet()
    changes.append(SALES, 3, ("notes",), rows)
    commit(path, changes)
    sheet = openpyxl.load_workbook(path)[SALES]
    column = column_of(SALES, "notes")
    outside = [unescape(sheet.cell(row, column).value) for row in range(3, 3 + len(rows))]
    inside = (
        XlsxStore(path, use_cache=False, layout=EVENT)
        .read(SALES)[SALES]
        .frame.filter(pl.col("row") >= 3)["notes"]
        .to_list()
    )
    xml = Archive(path).cells(SALES)
    return list(
        zip(
            outside,
            inside,
            [xml[row, column].value for row in range(3, 3 + len(rows))],
            strict=True,
        )
    )


def test_32767_characters_are_written_and_one_more_is_refused(tmp_path: Path) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    longest = "ab&" * 10_922 + "c"
    assert len(longest) == 32_767
    assert appended_notes(path, [longest]) == [(longest,) * 3]
    changes = ChangeSet()
    changes.set(SALES, 2, "S1", {"notes": (None, longest + "d")})
    refused(path, changes, rf"{SALES}!M2 would hold 32,768 characters")
    changes = ChangeSet()
    changes.append(SALES, 4, ("notes",), [("fine",), (longest + "d",)])
    refused(path, changes, rf"{SALES}!M5 would hold 32,768 characters")


@pytest.mark.parametrize(
    "text",
    [
        *(f"a{c}b" for c in ILLEGAL),
        "\x7f",
        "\x85\u2028\u2029",
        "_x0041_",
        "_x005F_",
        "_x005F_x0041_",
        "_x0041",
        "_x0041\x01",
        "_x005F\x1f_",
        "x_x00e4_y",
        "_x000D_\r\n",
        " lead",
        "trail ",
        "\n",
        "two  spaces",
        "\ttab",
        "]]>",
        "&amp;",
        "&#65;",
        '<c r="A1"/>',
        "😀\U0010ffff",
        "e\u0301",
        "\u200b",
        "\u202eabc",
        "=1+1",
        "'quoted",
        "</t></is></c></row>",
    ],
    ids=ascii,
)
def test_characters_that_xml_treats_specially_round_trip(tmp_path: Path, text: str) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    assert appended_notes(path, [text]) == [(text,) * 3]


@pytest.mark.parametrize("text", ["\ufffe", "\uffff", "a\ufffeb"], ids=ascii)
def test_characters_that_are_none_are_never_changed_silently(tmp_path: Path, text: str) -> None:
    """XML can't hold U+FFFE and U+FFFF, and readers disagree on how they are escaped: whole, or
    refused."""
    path = plain_workbook(tmp_path / "event.xlsx")
    before = state_of(path)
    try:
        assert appended_notes(path, [text]) == [(text,) * 3]
    except SpliceError:
        assert state_of(path) == before


def test_special_characters_round_trip_in_bulk(tmp_path: Path) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    texts = [f"{n}{c}_x0041_{c} &<>" for n in range(160) for c in ILLEGAL]
    assert len(texts) > 5_000
    assert appended_notes(path, texts) == [(text,) * 3 for text in texts]


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    changes = ChangeSet()
    changes.set(SALES, 2, "S1", {"notes": (None, "a\ud83d")})
    refused(plain_workbook(tmp_path / "event.xlsx"), changes, "surrogate")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(tmp_path: Path, number: float) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"price": (120.5, number)})
    refused(path, changes, f"{PURCHASES}!.*{number}|{number}.*not a number")
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("price",), [(number,)])
    refused(path, changes, "not a number")


@pytest.mark.parametrize(
    "number",
    [
        0.1,
        1 / 3,
        1e300,
        5e-324,
        123456789012345680.0,
        2**53,
        -(2**53) + 1,
        1e15,
        1e16,
        0.1 + 0.2,
        -0.5,
    ],
)
def test_numbers_keep_every_digit(tmp_path: Path, number: float) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"price": (120.5, number)})
    commit(path, changes)
    assert Archive(path).cells(PURCHASES)[2, 8].value == number
    assert openpyxl.load_workbook(path)[PURCHASES].cell(2, 8).value == number
    assert (
        XlsxStore(path, use_cache=False, layout=EVENT).read(PURCHASES)[PURCHASES].frame["price"][0]
        == number
    )


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1900, 1, 1),
        datetime(1900, 2, 15, 12),
        datetime(1900, 3, 1),
        datetime(1904, 1, 1),
        datetime(1999, 12, 31, 23, 59, 59),
        datetime(2000, 2, 29),
        datetime(9999, 12, 31),
    ],
)
def test_dates_at_the_edges_round_trip(tmp_path: Path, moment: datetime) -> None:
    """Spreadsheets hold that 1900 was a leap year: before 1 March 1900 serials are one smaller."""
    path = plain_workbook(tmp_path / "event.xlsx")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"date": (None, moment)})
    commit(path, changes)
    assert openpyxl.load_workbook(path)[PURCHASES].cell(2, 1).value == moment
    assert same_in_calamine(grids(path)[PURCHASES][2, 1], moment)
    assert (
        XlsxStore(path, use_cache=False, layout=EVENT).read(PURCHASES)[PURCHASES].frame["date"][0]
        == moment
    )


def test_a_date_that_no_cell_can_hold_is_refused(tmp_path: Path) -> None:
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"date": (None, datetime(1899, 12, 30))})
    refused(plain_workbook(tmp_path / "event.xlsx"), changes, f"{PURCHASES}!A2")


def test_a_date_gets_a_style_that_shows_dates(tmp_path: Path) -> None:
    """In a cell without a date style: the style of the cell above if that shows dates, else the
    cell's own with a date format."""
    model = plain_model()
    model[PURCHASES][2][1] = Put(None, MONEY)
    model[PURCHASES][3][1] = Put(None, MARKED)
    model[PURCHASES][5][1] = Put(1.0, DAY)
    model[PURCHASES][6][1] = Put("text", TEXT)
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    old = Archive(path)
    changes = ChangeSet()
    for row in (2, 3, 5, 6):
        changes.set(PURCHASES, row, "P", {"date": (None, NOON if row == 3 else DATE)})
    commit(path, changes)
    sheet = openpyxl.load_workbook(path)[PURCHASES]
    assert [sheet.cell(row, 1).value for row in (2, 3, 5, 6)] == [DATE, NOON, DATE, DATE]
    assert all(is_date_format(sheet.cell(row, 1).number_format) for row in (2, 3, 5, 6))
    assert "h" in sheet.cell(3, 1).number_format
    assert sheet.cell(3, 1).fill.fgColor.rgb == "FFFFCC00"
    assert "h" not in sheet.cell(2, 1).number_format
    new = Archive(path)
    assert new.cells(PURCHASES)[5, 1].style == DAY
    assert new.cells(PURCHASES)[6, 1].style == DAY  # that of the cell above
    assert styles_of(new)[: len(styles_of(old))] == styles_of(old)
    assert len(styles_of(new)) == len(styles_of(old)) + 2
    again = ChangeSet()
    again.set(PURCHASES, 2, "P", {"date": (DATE, NOON.replace(hour=0, minute=0, second=0))})
    commit(path, again)
    assert styles_of(Archive(path)) == styles_of(new)


@pytest.mark.parametrize(
    ("row_looks", "style"),
    [
        ("", DAY),
        (' s="6" customFormat="1"', MARKED),
        (' s="6" customFormat="true"', MARKED),
        (' customFormat="false"', DAY),
        (' s="6" customFormat="0"', DAY),
        (' s="6"', DAY),
    ],
)
def test_a_new_cell_takes_the_look_of_its_row_if_it_has_one_else_of_its_column(
    tmp_path: Path, row_looks: str, style: int
) -> None:
    path = plain_workbook(
        tmp_path / "event.xlsx",
        cols={PURCHASES: f'<cols><col min="3" max="3" width="9" style="{DAY}"/></cols>'},
    )
    parts = dict(Archive(path).parts)
    part = Archive(path).sheets[PURCHASES]
    marked = re.sub(rb'(<row r="2" spans="[0-9:]+")', rb"\1" + row_looks.encode(), parts[part])
    write_archive(path, parts | {part: marked}, EXCEL)
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"game": (None, "new")})
    commit(path, changes)
    assert Archive(path).cells(PURCHASES)[2, 3] == Cell("new", "inlineStr", style, None)


def styles_of(archive: Archive) -> list[bytes]:
    formats = next(etree.fromstring(archive.parts[archive.styles]).iter("{*}cellXfs"))
    assert int(formats.get("count")) == len(formats)
    return [etree.tostring(xf, method="c14n") for xf in formats]


# --- strings that broke other programs


def naughty_strings() -> list[str]:
    root = Path(__file__).resolve().parents[3]
    shared = Path(os.environ.get("TICKETOPS_SHARED", root.parent / "shared" / "data"))
    for path in (shared / "blns.json", shared / "data" / "blns.json"):
        if path.is_file():
            texts: list[str] = json.loads(path.read_text("utf-8"))
            return [text for text in texts if text and not {"\ufffe", "\uffff"} & set(text)]
    pytest.skip(
        f"there is no blns.json in {shared}: set TICKETOPS_SHARED to the folder that holds it"
    )


def test_naughty_strings_round_trip(tmp_path: Path) -> None:
    texts = naughty_strings()
    assert len(texts) > 400
    path = plain_workbook(tmp_path / "event.xlsx")
    assert appended_notes(path, texts) == [(text,) * 3 for text in texts]


def test_naughty_strings_round_trip_in_bulk_and_in_cells_that_are_there(tmp_path: Path) -> None:
    texts = naughty_strings()
    path = plain_workbook(tmp_path / "event.xlsx")
    columns = tuple(
        c.name for c in EVENT[DISTRIBUTION].columns if c.type.value == "text" and not c.secret
    )
    rows = [
        tuple(texts[(i + shift) % len(texts)] for shift in range(len(columns)))
        for i in range(5_000 // len(columns) + 1)
    ]
    changes = ChangeSet()
    changes.append(DISTRIBUTION, 8, columns, rows)
    commit(path, changes)
    found = (
        XlsxStore(path, use_cache=False, layout=EVENT)
        .read(DISTRIBUTION)[DISTRIBUTION]
        .frame.filter(pl.col("row") >= 8)
    )
    assert found.select(columns).rows() == rows
    changes = ChangeSet()
    again = [row[::-1] for row in rows]
    for number, (old, new) in enumerate(zip(rows, again, strict=True), start=8):
        changes.set(
            DISTRIBUTION,
            number,
            str(number),
            {n: (a, b) for n, a, b in zip(columns, old, new, strict=True)},
        )
    commit(path, changes)
    found = (
        XlsxStore(path, use_cache=False, layout=EVENT)
        .read(DISTRIBUTION)[DISTRIBUTION]
        .frame.filter(pl.col("row") >= 8)
    )
    assert found.select(columns).rows() == again
