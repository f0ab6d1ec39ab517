"""What can't be edited safely is refused and leaves the file alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest

from tests.stores.xlsx.archive import DATE, Archive, Cell, address_of, column_of, letters_of
from tests.stores.xlsx.dialects import EXCEL, commit, refused, state_of
from tests.stores.xlsx.plain_workbook import (
    DIALECTS,
    MARKED,
    Grid,
    Put,
    plain_model,
    plain_workbook,
)
from ticketops.cli.main import run as run_command
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES
from ticketops.stores.xlsx.store import XlsxStore


def with_purchase(cells: Mapping[str, Put]) -> dict[str, Grid]:
    """The plain model with these cells of Purchases."""
    model = plain_model()
    for reference, put in cells.items():
        row, column = address_of(reference)
        model[PURCHASES].setdefault(row, {})[column] = put
    return model


SHARED = {
    "H2": Put(1.0, 0, '<f t="shared" ref="H2:H3" si="0">G2*I2</f>'),
    "H3": Put(2.0, 0, '<f t="shared" si="0"/>'),
}
ARRAY = {"H2": Put(1.0, 0, '<f t="array" ref="H2:H3">G2:G3*I2:I3</f>'), "H3": Put(2.0)}
DATA_TABLE = {
    "H2": Put(1.0, 0, '<f t="dataTable" ref="H2:H3" dt2D="0" dtr="0" r1="G2"/>'),
    "H3": Put(2.0),
}


@pytest.mark.parametrize("dialect", ["excel", "single quotes", "prefixed", "neither has r"])
@pytest.mark.parametrize(
    ("cells", "row"),
    [
        ({"H2": Put(1.0, 0, "G2*I2")}, 2),
        (SHARED, 2),
        (SHARED, 3),
        (ARRAY, 2),
        (ARRAY, 3),
        (DATA_TABLE, 2),
        (DATA_TABLE, 3),
    ],
    ids=[
        "formula",
        "shared formula, first",
        "shared formula, other",
        "array, first",
        "array, other",
        "data table, first",
        "data table, other",
    ],
)
def test_a_cell_that_a_formula_owns_is_refused(
    tmp_path: Path, cells: Mapping[str, Put], row: int, dialect: str
) -> None:
    path = plain_workbook(tmp_path / "event.xlsx", DIALECTS[dialect], with_purchase(cells))
    changes = ChangeSet()
    changes.set(PURCHASES, row, "P", {"price": (1.0, 7.0)})
    refused(path, changes, rf"{PURCHASES}!H{row}")
    deletion = ChangeSet()
    deletion.delete(PURCHASES, {row: "P"})
    refused(path, deletion, rf"{PURCHASES}!H{row}")
    beside = ChangeSet()
    beside.set(PURCHASES, row, "P", {"total": (1.0, 7.0)})
    commit(path, beside)
    assert Archive(path).cells(PURCHASES)[row, 9].value == 7.0


def test_a_formula_in_a_derived_column_stands_whatever_is_written_beside_it(tmp_path: Path) -> None:
    path = plain_workbook(
        tmp_path / "event.xlsx", EXCEL, with_purchase({"I2": Put(1.0, 0, "G2*H2")})
    )
    was = Archive(path).cells(PURCHASES)[2, 9]
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P", {"total": (1.0, 7.0), "price": (1.0, 7.0)})
    commit(path, changes)
    assert (Archive(path).cells(PURCHASES)[2, 9], Archive(path).cells(PURCHASES)[2, 8].value) == (
        was,
        7.0,
    )
    deletion = ChangeSet()
    deletion.delete(PURCHASES, {2: "P"})
    commit(path, deletion)
    cells = Archive(path).cells(PURCHASES)
    assert (cells[2, 9], cells[2, 8].value) == (was, None)


def test_formulas_that_wait_below_the_data_are_refused_in_our_columns_and_kept_in_others(
    tmp_path: Path,
) -> None:
    ours = plain_workbook(
        tmp_path / "ours.xlsx", EXCEL, with_purchase({"H7": Put(None, 0, "G7*I7")})
    )
    theirs = plain_workbook(
        tmp_path / "theirs.xlsx", EXCEL, with_purchase({"N7": Put(None, MARKED, "G7*2")})
    )
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("vendor", "price"), [("V", 1.0)])
    refused(ours, changes, "H7 holds a formula")
    commit(theirs, changes)
    cells = Archive(theirs).cells(PURCHASES)
    assert cells[7, 14] == Cell(None, "n", MARKED, ("G7*2", None, None, None))
    assert (cells[7, 4].value, cells[7, 8].value) == ("V", 1.0)


@pytest.mark.parametrize("dialect", ["excel", "single quotes", "prefixed"])
def test_merged_cells_are_refused_but_for_the_first(tmp_path: Path, dialect: str) -> None:
    tails = {
        PURCHASES: '<mergeCells count="2"><mergeCell ref="D2:E3"/><mergeCell ref="A8:B8"/></mergeCells>'
    }
    path = plain_workbook(tmp_path / "event.xlsx", DIALECTS[dialect], tails=tails)
    for row, name, cell in ((2, "contract", "E2"), (3, "vendor", "D3"), (3, "contract", "E3")):
        changes = ChangeSet()
        changes.set(PURCHASES, row, "P", {name: ("before", "after")})
        refused(path, changes, f"{PURCHASES}!{cell} lies inside merged cells")
    changes = ChangeSet()
    changes.append(PURCHASES, 7, ("date", "match"), [(DATE, "M01"), (DATE, "M02")])
    refused(path, changes, "B8 lies inside merged cells")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P", {"vendor": ("Viagogo", "Merged")})
    changes.append(PURCHASES, 7, ("date", "match"), [(DATE, "M01")])
    commit(path, changes)
    assert openpyxl.load_workbook(path)[PURCHASES]["D2"].value == "Merged"


@pytest.mark.parametrize("member", ["_xmlsignatures/sig1.xml", "_XMLSignatures/origin.sigs"])
def test_a_signed_workbook_is_refused(tmp_path: Path, member: str) -> None:
    path = plain_workbook(
        tmp_path / "event.xlsx", members={"xl/vbaProject.bin": b"macro", member: b"<signature/>"}
    )
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P", {"vendor": ("Viagogo", "Other")})
    refused(path, changes, "signed")
    assert XlsxStore(path, layout=EVENT).read(PURCHASES)[PURCHASES].frame.height == 4


def test_a_formula_in_the_way_is_exit_code_3_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = plain_model()
    for row in (3, 4, 7):
        cells = model[DISTRIBUTION][row]
        cells |= {
            column_of(DISTRIBUTION, name): Put(text)
            for name, text in (("match", "M01"), ("category", "Cat 1"))
        }
    model[DISTRIBUTION][3][column_of(DISTRIBUTION, "status")] = Put(
        None, 0, 'IF(1>2,"ALLOCATED","")'
    )
    path = plain_workbook(tmp_path / "event.xlsx", model=model)
    before = state_of(path)
    assert run_command(["allocate", "commit", "S1", "-w", str(path), "--as", "ana", "--json"]) == 3
    error = json.loads(capsys.readouterr().out)
    letter = letters_of(column_of(DISTRIBUTION, "status"))
    assert error["error"]["code"] == "SPLICE"
    assert f"{DISTRIBUTION}!{letter}3 holds a formula" in error["error"]["message"]
    assert error["error"]["hint"]
    assert state_of(path) == before
