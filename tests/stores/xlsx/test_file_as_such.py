"""The file as such: its mode, links, damage, and what others read of it."""

from __future__ import annotations

import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stores.xlsx.archive import Archive, office_convert
from tests.stores.xlsx.dialects import ENTRY, EXCEL, commit, edit, grids, state_of
from tests.stores.xlsx.plain_workbook import DIALECTS, GENERAL, plain_workbook
from tests.stores.xlsx.rich_workbook import rich_workbook
from ticketops.errors import UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import EVENT, PURCHASES
from ticketops.stores.xlsx.store import XlsxStore


def vendor_changed() -> ChangeSet:
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_2", {"vendor": ("Viagogo", "Other")})
    return changes


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664])
def test_the_file_mode_is_kept(tmp_path: Path, mode: int) -> None:
    path = plain_workbook(tmp_path / "event.xlsx")
    path.chmod(mode)
    store = commit(path, vendor_changed())
    assert stat.S_IMODE(path.stat().st_mode) == mode
    store.undo(ENTRY)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_link_to_a_workbook_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    target = plain_workbook(tmp_path / "share" / "event.xlsx")
    link = tmp_path / "link.xlsx"
    link.symlink_to(Path("share") / "event.xlsx")
    old = target.read_bytes()
    commit(link, vendor_changed())
    assert link.is_symlink()
    assert link.readlink() == Path("share") / "event.xlsx"
    assert target.read_bytes() != old
    assert not target.is_symlink()
    assert Archive(link).cells(PURCHASES)[2, 4].value == "Other"
    XlsxStore(link, layout=EVENT).undo(ENTRY)
    assert target.read_bytes() == old


def test_a_damaged_member_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = plain_workbook(tmp_path / "event.xlsx", replace(EXCEL, compression=zipfile.ZIP_STORED))
    data = path.read_bytes()
    assert data.count(b"Mexico") == 1
    path.write_bytes(data.replace(b"Mexico", b"Mexicx"))
    before = state_of(path)
    store = XlsxStore(path, use_cache=False, layout=EVENT)
    with pytest.raises(UnusableError, match="damaged"):
        store.commit(vendor_changed(), store.revision(), ENTRY)
    assert state_of(path) == before


@pytest.mark.slow
@pytest.mark.libreoffice
def test_libreoffice_reads_what_was_written_in_other_dialects(tmp_path: Path, soffice: str) -> None:
    files, expected = [], {}
    spelt = (
        "excel",
        "google",
        "neither has r",
        "prefixed, inline strings",
        "comments and CDATA",
        "zip64",
        "streamed",
        "date1904",
    )
    for number, dialect in enumerate(spelt):
        path = plain_workbook(tmp_path / f"d{number}.xlsx", DIALECTS[dialect])
        store = XlsxStore(path, use_cache=False, layout=EVENT)
        changes, _meant = edit(store)
        store.commit(changes, store.revision(), ENTRY)
        files.append(path)
        expected[path.name] = grids(path)
    for path in office_convert(soffice, files, "xlsx", tmp_path / "converted"):
        found, meant = grids(path), expected[path.name]
        formulas = {PURCHASES: {(row, 14) for row in (2, 3, 5, 6)}, "Own sheet": {(1, 2)}}
        for name in meant:
            cells = [
                {at: v for at, v in grid[name].items() if at not in formulas.get(name, ())}
                for grid in (found, meant)
            ]
            assert cells[0] == cells[1], (path.name, name)
        assert found["Own sheet"][1, 2] == 2 + 3 + 6, (
            "the users' own formula is computed on what was written"
        )


def test_the_macro_workbook_is_edited_as_such(tmp_path: Path) -> None:
    path = rich_workbook(tmp_path / "event.xlsm")
    changes = ChangeSet()
    changes.set(PURCHASES, 2, "P_a", {"vendor": ("Viagogo", "Other")})
    old = Archive(path)
    commit(path, changes)
    new = Archive(path)
    assert new.raw("xl/vbaProject.bin") == old.raw("xl/vbaProject.bin")
    assert new.parts["[Content_Types].xml"] == old.parts["[Content_Types].xml"]
    assert new.cells(PURCHASES)[2, 4].value == "Other"
    assert new.cells(PURCHASES)[2, 4].style == old.cells(PURCHASES)[2, 4].style != GENERAL
