"""Where rows go, and what grows with them."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from lxml import etree

from tests.stores.xlsx.archive import DATE, RELATIONS, Archive, Cell, column_of, serial
from tests.stores.xlsx.dialects import ENTRY, EXCEL, commit, filled, refused, values
from tests.stores.xlsx.plain_workbook import (
    DIALECTS,
    MARKED,
    TEXT,
    Dialect,
    Put,
    plain_model,
    plain_workbook,
    write_archive,
)
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, MATTHIAS_EMAILS, PURCHASES, SALES
from ticketops.stores.xlsx.store import XlsxStore


@pytest.mark.parametrize("dialect", ["excel", "google", "neither has r"])
def test_appends_land_below_the_last_data_whatever_empty_rows_follow(
    tmp_path: Path, dialect: str
) -> None:
    """Styled empty rows and tick-boxes that are off are no data; such rows keep their looks and
    their FALSE."""
    spelt = replace(DIALECTS[dialect], trailing=20)
    path = plain_workbook(tmp_path / "event.xlsx", spelt)
    ticks, notes = column_of(DISTRIBUTION, "process_now"), column_of(DISTRIBUTION, "notes")
    table = XlsxStore(path, layout=EVENT).read(DISTRIBUTION)[DISTRIBUTION]
    assert (table.next_row, table.frame["row"].to_list()) == (8, [3, 4, 7])
    changes = ChangeSet()
    changes.append(
        DISTRIBUTION, 8, ("sales_id", "notes"), [(f"S5-{n}", f"n{n}") for n in range(1, 4)]
    )
    commit(path, changes)
    cells = filled(Archive(path).cells(DISTRIBUTION))
    assert [cells[row, 8].value for row in (7, 8, 9, 10)] == ["S1-3", "S5-1", "S5-2", "S5-3"]
    assert [cells[row, ticks].value for row in range(8, 28)] == [False] * 20
    assert [cells[row, 1] for row in range(8, 28)] == [Cell(None, "n", MARKED, None)] * 20
    assert [cells[row, notes].style for row in range(8, 11)] == [TEXT] * 3
    assert max(row for row, _ in cells) == 27


def test_rows_are_appended_beyond_a_gap_and_before_rows_that_hold_only_strange_cells(
    tmp_path: Path,
) -> None:
    """Cells in columns that are not ours are no data of ours, but they stay."""
    model = plain_model()
    model[PURCHASES][9] = {20: Put("a remark far below")}
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor",), [(f"V{n}",) for n in range(4)])
    commit(path, changes)
    cells = Archive(path).cells(PURCHASES)
    assert [cells[row, 4].value for row in range(7, 11)] == ["V0", "V1", "V2", "V3"]
    assert cells[9, 20] == Cell("a remark far below", "s", 0, None)


def test_new_rows_are_seen_also_below_a_hidden_row(tmp_path: Path) -> None:
    """Of the row above they take height and format; that it is filtered out, grouped or collapsed
    they do not take."""
    path = plain_workbook(tmp_path / "event.xlsx")
    part = Archive(path).sheets[PURCHASES]
    looks = b' ht="30" customHeight="1" hidden="1" outlineLevel="2" collapsed="1"'
    xml = re.sub(rb'(<row r="6"[^>]*)>', rb"\1" + looks + b">", Archive(path).parts[part])
    write_archive(path, dict(Archive(path).parts) | {part: xml}, EXCEL)
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor",), [("a",), ("b",)])
    commit(path, changes)
    rows = openpyxl.load_workbook(path)[PURCHASES].row_dimensions
    assert [
        (rows[n].height, rows[n].hidden, rows[n].outlineLevel, rows[n].collapsed) for n in (7, 8)
    ] == [(30, False, 0, False)] * 2
    assert (rows[6].height, rows[6].hidden, rows[6].outlineLevel, rows[6].collapsed) == (
        30,
        True,
        2,
        True,
    )


@pytest.mark.slow
def test_a_sheet_that_is_full_is_refused(tmp_path: Path) -> None:
    """A sheet ends with row 1,048,576: a file with more is damaged."""
    model = plain_model()
    model[MATTHIAS_EMAILS][1_048_575] = {1: Put("last@desk.example")}
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    changes = ChangeSet()
    changes.append(
        MATTHIAS_EMAILS, 1_048_576, ("email",), [("a@desk.example",), ("b@desk.example",)]
    )
    refused(path, changes, f"{MATTHIAS_EMAILS}.*1,048,576")
    changes = ChangeSet()
    changes.append(MATTHIAS_EMAILS, 1_048_576, ("email",), [("a@desk.example",)])
    commit(path, changes)
    assert Archive(path).cells(MATTHIAS_EMAILS)[1_048_576, 1].value == "a@desk.example"


GROWING = {
    "autoFilter": ("A1:N6", "A1:N9"),
    "conditionalFormatting": ("D2:D6 F2:F6", "D2:D9 F2:F9"),
    "dataValidation": ("G2:G6", "G2:G9"),
}
STANDING = ("D2:D5", "H3", "A1:N1", "D2:D9", "D2:D300", "A9:B12", "1:1", "D:D")


def growing_workbook(path: Path, dialect: Dialect, *, totals: bool = False) -> Path:
    main = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
    rule = '<cfRule type="cellIs" priority="{}" operator="equal"><formula>"SENT"</formula></cfRule>'
    fixed = "".join(
        f'<conditionalFormatting sqref="{area}">{rule.format(i)}</conditionalFormatting>'
        for i, area in enumerate(STANDING[:-2], start=10)
    )
    tail = (
        f'<autoFilter ref="{GROWING["autoFilter"][0]}"/>'
        f'<conditionalFormatting sqref="{GROWING["conditionalFormatting"][0]}">{rule.format(1)}</conditionalFormatting>{fixed}'
        f'<dataValidations count="3"><dataValidation type="whole" sqref="{GROWING["dataValidation"][0]}"><formula1>1</formula1></dataValidation>'
        f'<dataValidation type="whole" sqref="{STANDING[0]} H6"><formula1>1</formula1></dataValidation>'
        f'<dataValidation type="list" sqref="{STANDING[-1]} {STANDING[-2]}"><formula1>"a,b"</formula1></dataValidation></dataValidations>'
    )
    after = (
        f'<tableParts count="1"><tablePart r:id="rIdT"/></tableParts><extLst><ext xmlns:x14="{main}" uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}">'
        '<x14:conditionalFormattings><x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">'
        '<x14:cfRule type="dataBar" id="{1}"/><xm:sqref>H2:H6</xm:sqref></x14:conditionalFormatting>'
        '<x14:conditionalFormatting xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><xm:sqref>H2:H4</xm:sqref>'
        '</x14:conditionalFormatting></x14:conditionalFormattings></ext><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        f'xmlns:x14="{main}"><x14:dataValidations xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" count="1"><x14:dataValidation '
        f'type="list"><x14:formula1><xm:f>{SALES}!$A$2:$A$9</xm:f></x14:formula1><xm:sqref>K2:K6</xm:sqref></x14:dataValidation>'
        "</x14:dataValidations></ext></extLst>"
    )
    count = ' totalsRowCount="1"' if totals else ""
    table = (
        f'<?xml version="1.0"?><table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" id="1" name="T" displayName="T" '
        f'ref="A1:K6"{count}><autoFilter ref="A1:K6"/><tableColumns count="11">'
        + "".join(
            f'<tableColumn id="{i}" name="{h}"/>'
            for i, h in enumerate(EVENT[PURCHASES].canonical_headers, start=1)
        )
        + "</tableColumns></table>"
    )
    position = [s.name for s in EVENT.canonical()].index(PURCHASES)
    other = position + 1
    names = (
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{position}" hidden="1">\'{PURCHASES}\'!$A$1:$N$6</definedName>'
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{other}" hidden="1">{SALES}!$A$1:$N$6</definedName>'
        f'<definedName name="_xlnm.Print_Area" localSheetId="{position}">{PURCHASES}!$A$1:$N$6</definedName>'
    )
    plain_workbook(
        path,
        dialect,
        tails={PURCHASES: tail},
        names=names,
        members={"xl/tables/table1.xml": table.encode()},
        rels={
            PURCHASES: f'<Relationship Id="rIdT" Type="{RELATIONS}/table" Target="../tables/table1.xml"/>'
        },
    )
    archive = Archive(path)
    part = archive.sheets[PURCHASES]
    close = archive.parts[part].rindex(b"</")
    spelt = (
        after.replace("<tablePart", f"<{dialect.prefix}:tablePart").replace(
            "</tablePart", f"</{dialect.prefix}:tablePart"
        )
        if dialect.prefix
        else after
    )
    parts = archive.parts | {
        part: archive.parts[part][:close] + spelt.encode() + archive.parts[part][close:]
    }
    with zipfile.ZipFile(path, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return path


@pytest.mark.parametrize("dialect", ["excel", "single quotes", "one element a line"])
def test_ranges_that_end_with_the_data_grow_and_others_do_not(tmp_path: Path, dialect: str) -> None:
    path = growing_workbook(tmp_path / "event.xlsx", DIALECTS[dialect])
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor",), [("a",), ("b",), ("c",)])
    commit(path, changes)
    new = Archive(path)
    sheet = etree.fromstring(new.parts[new.sheets[PURCHASES]])
    assert sheet.find("{*}autoFilter").get("ref") == GROWING["autoFilter"][1]
    formats = [e.get("sqref") for e in sheet.findall("{*}conditionalFormatting")]
    assert formats == [GROWING["conditionalFormatting"][1], *STANDING[:-2]]
    validations = [e.get("sqref") for e in sheet.iter("{*}dataValidation") if e.get("sqref")]
    assert validations == [
        GROWING["dataValidation"][1],
        f"{STANDING[0]} H6:H9",
        f"{STANDING[-1]} {STANDING[-2]}",
    ]
    assert [e.text for e in sheet.iter("{*}sqref")] == ["H2:H9", "H2:H4", "K2:K9"]
    assert sheet.find("{*}dimension").get("ref") == "A1:N9"
    table = etree.fromstring(new.parts["xl/tables/table1.xml"])
    assert (table.get("ref"), table.find("{*}autoFilter").get("ref")) == ("A1:K9", "A1:K9")
    names = [
        (e.get("name"), e.get("localSheetId"), e.text)
        for e in etree.fromstring(new.parts["xl/workbook.xml"]).iter("{*}definedName")
    ]
    assert [text for _, _, text in names] == [
        f"'{PURCHASES}'!$A$1:$N$9",
        f"{SALES}!$A$1:$N$6",
        f"{PURCHASES}!$A$1:$N$9",
    ]
    assert XlsxStore(path, layout=EVENT).undo(ENTRY).number == 1


def test_ranges_stay_where_rows_are_only_edited(tmp_path: Path) -> None:
    path = growing_workbook(tmp_path / "event.xlsx", EXCEL)
    old = Archive(path)
    changes = ChangeSet()
    changes.set(PURCHASES, 6, "P_6", {"vendor": ("  spaced  ", "b")})
    changes.delete(PURCHASES, {3: "P_3"})
    commit(path, changes)
    new = Archive(path)
    part = new.sheets[PURCHASES]
    assert (
        new.parts[part].partition(b"</sheetData>")[2]
        == old.parts[part].partition(b"</sheetData>")[2]
    )
    assert (
        new.parts[part].partition(b"<sheetData>")[0] == old.parts[part].partition(b"<sheetData>")[0]
    )
    assert new.parts["xl/tables/table1.xml"] == old.parts["xl/tables/table1.xml"]


def test_rows_of_a_table_with_totals_are_edited(tmp_path: Path) -> None:
    path = growing_workbook(tmp_path / "event.xlsx", EXCEL, totals=True)
    changes = ChangeSet()
    changes.set(PURCHASES, 6, "P_6", {"vendor": ("  spaced  ", "b")})
    commit(path, changes)


def test_an_empty_sheet_takes_rows_and_keeps_what_follows_its_cells(tmp_path: Path) -> None:
    """`<sheetData/>` is how every program writes a sheet without cells."""
    model = plain_model()
    model["_REPORT_POSITION"] = {}
    tails = {"_REPORT_POSITION": '<sheetProtection sheet="0"/>'}
    path = plain_workbook(tmp_path / "event.xlsx", model=model, tails=tails)
    old = Archive(path)
    part = old.sheets["_REPORT_POSITION"]
    assert b"<sheetData/>" in old.parts[part]
    changes = ChangeSet()
    changes.replace("_REPORT_POSITION", (), [("TITLE", None, DATE), (), (1, 2.5, True)])
    commit(path, changes)
    new = Archive(path)
    assert values(new.cells("_REPORT_POSITION")) == {
        (1, 1): "TITLE",
        (1, 3): serial(DATE),
        (3, 1): 1,
        (3, 2): 2.5,
        (3, 3): True,
    }
    assert (
        new.parts[part].partition(b"</sheetData>")[2]
        == old.parts[part].partition(b"<sheetData/>")[2]
    )
