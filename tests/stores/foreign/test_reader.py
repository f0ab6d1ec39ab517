"""Tables of others in many dialects: each is read as the same table."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.stores.foreign.made import hostile, workbook
from ticketops.errors import HostileFileError, InputError, TicketopsError, UnusableError
from ticketops.schema.columns import ErrorValue
from ticketops.schema.foreign import ForeignTable
from ticketops.stores import child
from ticketops.stores.foreign.files import read_table
from ticketops.stores.foreign.hidden import of_ods

PLAIN = "code,city,teams\nM1,Zürich,Côte d'Ivoire vs Perú\nM2,Łódź,A vs B\n"
WESTERN = PLAIN.replace("Łódź", "Málaga")


def texts(table: ForeignTable) -> list[list[str]]:
    return [[row.text(at) for at in range(len(table.headers))] for row in table.rows]


def written(tmp_path: Path, content: bytes | str, name: str = "plan.csv") -> str:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_text_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    table = read_table(written(tmp_path, PLAIN.encode(encoding)))
    assert table.headers == ("code", "city", "teams")
    assert texts(table)[0] == ["M1", "Zürich", "Côte d'Ivoire vs Perú"]
    assert texts(table)[1][1] == "Łódź"
    assert [row.number for row in table.rows] == [2, 3]


def test_what_is_not_utf_8_is_read_as_windows_writes_it(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, WESTERN.encode("cp1252")))
    assert [row[1] for row in texts(table)] == ["Zürich", "Málaga"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_mark_divides_cells(tmp_path: Path, mark: str, end: str) -> None:
    content = PLAIN.replace(",", mark).replace("\n", end)
    assert texts(read_table(written(tmp_path, content)))[1] == ["M2", "Łódź", "A vs B"]


def test_commas_in_texts_of_a_semicolon_file_divide_nothing(tmp_path: Path) -> None:
    content = "Plan, 2026, draft, of ours\ncode;place;note\nM1;Rome, Italy;a, b, c, d\nM2;Oslo;\n"
    table = read_table(written(tmp_path, content))
    assert table.headers == ("code", "place", "note")
    assert table.header_row == 2
    assert texts(table)[0] == ["M1", "Rome, Italy", "a, b, c, d"]


def test_a_first_line_names_the_mark_and_counts(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "sep=;\ncode;city\nM1;Rome, Italy\n"))
    assert (table.header_row, table.rows[0].number) == (2, 3)
    assert texts(table) == [["M1", "Rome, Italy"]]


def test_a_row_has_the_line_that_it_begins_on(tmp_path: Path) -> None:
    content = 'code,note\nM1,"two\nlines"\n\nM2,x\n'
    assert [row.number for row in read_table(written(tmp_path, content)).rows] == [2, 5]


def test_titles_above_and_headers_repeated_are_no_data(tmp_path: Path) -> None:
    content = "World Cup,,\n,,\ncode,city,teams\nM1,Rome,x\ncode,city,teams\nM2,Oslo,y\n"
    table = read_table(written(tmp_path, content))
    assert table.header_row == 3
    assert [row.number for row in table.rows] == [4, 6]


def test_two_rows_of_headers_are_joined(tmp_path: Path) -> None:
    content = "Match,,Teams,,Venue\nNo,Day,Home,Away,\n1,2026-06-11,Mexico,Japan,Rome\n"
    table = read_table(written(tmp_path, content))
    assert table.headers == ("Match No", "Match Day", "Teams Home", "Teams Away", "Venue")
    assert [row.number for row in table.rows] == [3]


def test_a_header_row_may_be_named(tmp_path: Path) -> None:
    content = "a,b\nx,y\ncode,city\nM1,Rome\n"
    assert read_table(written(tmp_path, content), header_row=3).headers == ("code", "city")
    with pytest.raises(InputError, match="has no row 9"):
        read_table(written(tmp_path, content), header_row=9)


def test_an_unnamed_column_beside_data_is_no_second_header(tmp_path: Path) -> None:
    content = ",code,city\n0,M1,Rome\n1,M2,Oslo\n"
    table = read_table(written(tmp_path, content))
    assert table.headers == ("", "code", "city")
    assert len(table.rows) == 2


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_a_workbook_has_typed_cells_errors_and_merged_headers(tmp_path: Path, epoch: Any) -> None:
    path = workbook(tmp_path, epoch=epoch)
    table = read_table(str(path), prefer=("schedule",))
    assert table.sheet == "Match schedule"
    assert table.sheets == ("Read me", "Match schedule")
    assert table.headers == (
        "M#",
        "When Date",
        "When Start",
        "When End",
        "Teams Home",
        "Teams Away",
    )
    first, second = table.rows
    assert first.cells[:4] == ("M001", datetime(2026, 6, 11), time(19), timedelta(hours=25))
    assert isinstance(first.cells[5], ErrorValue)
    assert first.text(5) == ""
    assert second.cells[:4] == (2, datetime(2026, 6, 11), time(12), 0.75)
    assert second.text(0) == "2"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_a_workbook_of_other_programs_is_read_alike(
    soffice: str, tmp_path: Path, kind: str
) -> None:
    path = workbook(tmp_path)
    profile = (tmp_path / "profile").as_uri()
    where = ("--outdir", str(tmp_path), str(path))
    subprocess.run(
        [soffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to", kind, *where],
        check=True,
        capture_output=True,
    )
    table = read_table(str(path.with_suffix(f".{kind}")), sheet="match SCHEDULE")
    assert table.headers[1:] == ("When Date", "When Start", "When End", "Teams Home", "Teams Away")
    assert table.rows[0].cells[:5] == (
        "M001",
        datetime(2026, 6, 11),
        time(19),
        timedelta(hours=25),
        "Mexico",
    )
    assert isinstance(table.rows[0].cells[5], ErrorValue) == (kind == "ods")


def test_objects_of_json_are_rows(tmp_path: Path) -> None:
    content = {
        "name": "Cup",
        "rounds": [
            {"round": "1", "matches": [{"num": 1, "team1": {"name": "A"}, "tags": ["x", "y"]}]},
            {"round": "2", "matches": [{"num": 2, "date": "2026-06-12"}, {"num": 3}]},
        ],
    }
    table = read_table(written(tmp_path, json.dumps(content), "cup.json"))
    assert table.headers == ("round", "num", "team1.name", "tags", "date")
    assert [row.cells for row in table.rows] == [
        ("1", 1, "A", "x, y", None),
        ("2", 2, None, None, "2026-06-12"),
        ("2", 3, None, None, None),
    ]


PAGE = """<html><head><meta charset="iso-8859-1"><script>alert("<table>")</script></head><body>
<table><tr><td>menu</td></tr></table>
<table id="plan"><caption>The plan</caption>
<thead><tr><th rowspan="2">No</th><th colspan="2">Teams</th></tr><tr><th>Home</th><th>Away</th></tr></thead>
<tr><td rowspan="2">M1</td><td>M\xe1laga<sup>[1]</sup></td><td>B<br>team</td></tr>
<tr><td>C</td><td>D</td></tr></table></body></html>"""


def test_a_table_of_a_saved_page_is_read(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, PAGE.encode("latin-1"), "page.html"))
    assert table.sheet == "The plan"
    assert table.headers == ("No", "Teams Home", "Teams Away")
    assert [row.cells for row in table.rows] == [("M1", "Málaga", "B team"), ("M1", "C", "D")]
    assert read_table(written(tmp_path, PAGE, "page.xls"), sheet="the plan").rows


@pytest.mark.slow
def test_hostile_files_get_one_clear_line(tmp_path: Path) -> None:
    for what, (name, content) in hostile(tmp_path).items():
        with pytest.raises(TicketopsError) as caught:
            read_table(written(tmp_path, content, name))
        assert isinstance(caught.value, UnusableError), what
        assert "\n" not in caught.value.message, what
        assert len(caught.value.message) < 300, what


def test_a_file_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path)
    monkeypatch.setattr(child, "PATIENCE", 0.0)
    with pytest.raises(HostileFileError, match="more memory or time"):
        read_table(str(path))


def test_what_is_missing_or_too_large_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnusableError, match=r"can't be read: No such file"):
        read_table(str(tmp_path / "none.xlsx"))
    with pytest.raises(InputError, match="has no sheet 'x'"):
        read_table(str(workbook(tmp_path)), sheet="x")
    monkeypatch.setattr(child, "MAX_FILE", 10)
    with pytest.raises(HostileFileError, match="at most"):
        read_table(written(tmp_path, PLAIN))


def test_a_link_to_nothing_regular_is_no_table(tmp_path: Path) -> None:
    folder = tmp_path / "folder.xlsx"
    folder.mkdir()
    with pytest.raises(UnusableError):
        read_table(str(folder))
    shutil.rmtree(folder)


def test_what_a_sheet_does_not_show_is_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["match", "who", "qty", "note"], ["M1", "a", 1, "x"], ["M2", "b", 2], ["M3", "c"]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    sheet.row_dimensions[9].hidden = True
    sheet.column_dimensions.group("B", "C", hidden=True)
    book.save(tmp_path / "a.xlsx")
    read = read_table(str(tmp_path / "a.xlsx"))
    assert (read.hidden, read.hidden_columns) == ((3,), (1, 2))
    assert [row.text(0) for row in read.rows] == ["M1", "M2", "M3"]
    shown = read_table(str(workbook(tmp_path)), prefer=("match",))
    assert (shown.hidden, shown.hidden_columns) == ((), ())


def test_what_an_opendocument_sheet_does_not_show_is_told() -> None:
    space = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
    table = etree.fromstring(
        f"""<table:table xmlns:table="{space}"><table:table-column table:number-columns-repeated="2"/>
        <table:table-column table:visibility="collapse" table:number-columns-repeated="9"/>
        <table:table-row/><table:table-row-group><table:table-row table:visibility="filter"
        table:number-rows-repeated="2"/></table:table-row-group><table:table-row/>
        <table:table-row table:visibility="collapse" table:number-rows-repeated="1048570"/>
        </table:table>"""
    )
    assert of_ods(table, 5, 4) == ((1, 2, 4), (2, 3))


def test_cells_of_several_rows_are_known_as_such(tmp_path: Path) -> None:
    read = read_table(str(workbook(tmp_path)), prefer=("match",))
    assert read.shared == {(4, 1), (5, 1)}
