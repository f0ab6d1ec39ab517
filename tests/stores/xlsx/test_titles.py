"""The kind of a workbook is seen by its sheets, whatever its list of them is called."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.conftest import Runner
from ticketops.stores.xlsx.titles import titles_in


@pytest.mark.parametrize("name", ["xl/workbook22.xml", "XL/Workbook.xml", "/xl/workbook.xml"])
def test_another_name_of_the_list_of_sheets(cli: Runner, tmp_path: Path, name: str) -> None:
    made, other = tmp_path / "made.xlsx", tmp_path / "other.xlsx"
    assert cli("init", "--layout", "issuance", str(made)).code == 0
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(other, "w") as new:
        for part in old.namelist():
            new.writestr(name if part == "xl/workbook.xml" else part, old.read(part))
    assert titles_in(other) == titles_in(made)
    assert "TicketRecords" in titles_in(other)
