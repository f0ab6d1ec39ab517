"""A workbook and a Google Sheet: never synced, in step, or with cells in conflict."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import openpyxl
import pytest

from tests.cli.sync.two_copies import LETTERS, MOST, ROW, Pair, in_step, never_synced
from tests.conftest import ROOT
from tests.online import Google
from ticketops.schema.layouts.event import EVENT, SALES
from ticketops.stores.xlsx.store import XlsxStore


@pytest.fixture
def environment(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TICKETOPS_")]:
        monkeypatch.delenv(name)
    for name, value in (google.environment() | {"TICKETOPS_USER": "ana"}).items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sample without most of its rows, so that a test takes a second; copy it before
    writing."""
    path = tmp_path_factory.mktemp("slim") / "event.xlsx"
    book = openpyxl.load_workbook(ROOT / "sample_workbooks" / "small.xlsx")
    for sheet in book:
        last = MOST.get(sheet.title, 12)
        sheet.delete_rows(last + 1, max(1, sheet.max_row - last))
    book.save(path)
    book.close()
    return path


@pytest.fixture
def event(slim: Path, tmp_path: Path) -> Path:
    """A workbook of one's own."""
    return Path(shutil.copy(slim, tmp_path / "event.xlsx"))


@pytest.fixture
def apart(
    google: Google, event: Path, environment: None, capsys: pytest.CaptureFixture[str]
) -> Pair:
    """The sample as a file, and a Google Sheet with headers only: never synced."""
    return never_synced(google, event, capsys.readouterr)


@pytest.fixture
def pair(
    google: Google, event: Path, environment: None, capsys: pytest.CaptureFixture[str]
) -> Pair:
    """The sample as a file and as a Google Sheet, in step."""
    store = XlsxStore(event, layout=EVENT)
    key = google.new(store.raw_rows(*store.sheet_names()))
    in_step(google, event, key)
    return Pair(google, event, key, capsys.readouterr)


@pytest.fixture
def torn(pair: Pair) -> Pair:
    """Three cells of a sale say `here` here and `there` there; a sale was emptied here and edited
    there."""
    pair.type_here(
        SALES,
        {
            ROW: dict.fromkeys(LETTERS, "here"),
            5: dict.fromkeys(c.name for c in EVENT[SALES].columns if not c.extension),
        },
    )
    pair.type_there(SALES, {ROW: dict.fromkeys(LETTERS, "there"), 5: {"notes": "there"}})
    return pair
