"""Find-and-Replace over UnitIDs: no number is given again, and whoever writes or looks is told
(D15)."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.cli.workbooks import done
from tests.conftest import Runner

BUY = ("purchase", "add", "--match", "M01", "--vendor", "Ann Tickets", "--line", "Cat 1:2@100")


def replace(path: Path, sheets: tuple[str, ...], was: str, now: str) -> None:
    book = openpyxl.load_workbook(path)
    for sheet in book:
        if sheets and sheet.title not in sheets:
            continue
        for cells in sheet.iter_rows():
            for cell in cells:
                if isinstance(cell.value, str) and cell.value.startswith(was):
                    cell.value = cell.value.replace(was, now)
    book.save(path)


@pytest.mark.parametrize("sheets", [(), ("_PURCHASE_UNITS",), ("_PURCHASE_UNITS", "Distribution")])
@pytest.mark.parametrize("now", ["X0", "AB0", "P2"])
def test_replaced_unit_ids(
    in_process: Runner, empty: Path, sheets: tuple[str, ...], now: str
) -> None:
    at = ("-w", str(empty), "--json")
    done(in_process(*BUY, "--contract", "1", *at))
    replace(empty, sheets, "P0", now)
    noticed = bool(sheets) or now != "P2"  # P20001 in every sheet is a UnitID like any other
    for command in (("doctor",), ("audit", "run"), ("purchase", "expand", "-n")):
        said = [
            f["message"]
            for f in in_process(*command, *at).json["findings"]
            if f["code"] == "KEY_CHANGED"
        ]
        assert bool(said) == noticed, command
        assert all(f"{now}0001, {now}0002" in message for message in said)
    plan = done(in_process(*BUY, "--contract", "2", "-n", *at), int(noticed)).json
    assert ("KEY_CHANGED" in {f["code"] for f in plan["findings"]}) == noticed
    done(in_process(*BUY, "--contract", "2", *at), int(noticed))
    sheet = openpyxl.load_workbook(empty)["_PURCHASE_UNITS"]
    names = [str(cells[0]) for cells in sheet.iter_rows(2, values_only=True) if cells[0]]
    assert names[:2] == [f"{now}0001", f"{now}0002"]
    following = ["P20003", "P20004"] if now == "P2" else ["P00003", "P00004"]
    assert names[2:] == following
