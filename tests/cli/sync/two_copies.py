"""A workbook and a Google Sheet that are synced, through the real command line; and what happens meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from tests.conftest import ROOT, Result, run_cli
from tests.google.faults import Request
from tests.online import Google
from ticketops.cli.main import run
from ticketops.domain.sync.merge import Side
from ticketops.engine.transaction import carry_out, new_run
from ticketops.model.changes import ChangeSet, CopyCells
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES, STAFF_QUEUE, UNITS
from ticketops.schema.structure import with_structure
from ticketops.schema.tables import locate
from ticketops.services import sync
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

TASKS = LINES = 40
"""Rows of _STAFF_QUEUE and of Purchases."""
Cells = dict[tuple[str, int, str], Any]
"""{(sheet, sheet row, header, and # for the second one of that name): what it holds}"""
Edits = Mapping[int, Mapping[str, Any]]
"""{sheet row: {column: value}}"""
CONFLICT = "SYNC_CONFLICT"
OLD = {"AlloFromCategory": "AllocFromCategory"}
"""Headers that some workbooks still have."""
MOST = {PURCHASES: LINES + 1, SALES: 36, DISTRIBUTION: 130, STAFF_QUEUE: TASKS + 1, UNITS: 30}
"""Rows of the sheets that tests work on."""


def meaning(value: Any) -> Any:
    """A cell as both programs mean it: dates as serials, a tick-box that is off as a blank."""
    if value in ("", None) or value is False:
        return None
    if isinstance(value, date):
        moment = (
            value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        )
        return round((moment - datetime(1899, 12, 30)).total_seconds() / 86_400, 7)
    return (
        round(float(value), 7)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        else value
    )


def cells_in(sheets: Mapping[str, list[list[Any]]]) -> Cells:
    """What stands below the headers of our sheets."""
    found: Cells = {}
    for sheet in EVENT:
        rows = next(
            (
                rows
                for title, rows in sheets.items()
                if title == sheet.name or title.startswith(f"{sheet.name} ")
            ),
            [],
        )
        if not 0 < sheet.header_row <= len(rows):
            continue
        names: list[str] = []
        for head in rows[sheet.header_row - 1]:
            name = OLD.get(head, str(head))
            names.append(f"{name}{'#' * sum(known.rstrip('#') == name for known in names)}")
        for number, row in enumerate(rows[sheet.header_row :], start=sheet.header_row + 1):
            for name, value in zip(names, row, strict=False):
                if (held := meaning(value)) is not None:
                    found[sheet.name, number, name] = held
    return found


class Pair:
    """A file, a Google Sheet, and the people who type into them."""

    def __init__(self, google: Google, path: Path, key: str, printed: Callable[[], Any]) -> None:
        self.google, self.path, self.key, self._printed = google, path, key, printed
        self.server = google.server
        self.remote = f"gsheet:{key}"

    def words(self, what: str, *more: str) -> list[str]:
        return ["sync", what, "-w", str(self.path), "--with", self.remote, *more]

    def sync(self, what: str, *more: str) -> Result:
        return self.do(*self.words(what, *more))

    def do(self, *words: str) -> Result:
        """The command line, in this process."""
        self._printed()
        code = run(list(words))
        out, err = self._printed()
        return Result(code, out, err)

    def real(self, what: str, *more: str, **settings: str) -> Result:
        """In a process of its own."""
        return run_cli(*self.words(what, *more), env=self.google.environment() | settings)

    def result(self, what: str, *more: str) -> dict[str, Any]:
        return dict(self.sync(what, "--json", *more).json["result"])

    @property
    def surroundings(self) -> dict[str, str]:
        """Of a process of its own that a test goes on with."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("TICKETOPS_")
        }
        return kept | {"PYTHONPATH": str(ROOT)} | self.google.environment()

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """`sync watch`, every second."""
        words = [
            sys.executable,
            "-u",
            "-m",
            "ticketops",
            *self.words("watch", "--interval", "1", "--budget", "300"),
        ]
        process = subprocess.Popen(
            words, env=self.surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            yield Watch(self, process)
        finally:
            process.kill()
            process.communicate()

    # --- people type

    def type_here(self, sheet: str, rows: Edits) -> None:
        store = XlsxStore(self.path, layout=EVENT)
        snapshot = store.read(sheet, strict=False)
        copied = CopyCells(
            sheet,
            {
                row: {column: (None, value) for column, value in cells.items()}
                for row, cells in rows.items()
            },
        )
        changes = with_structure(ChangeSet([copied]), snapshot)
        store.commit(
            changes,
            snapshot.revision,
            Entry("R20260417-143022", "typed", "ben", datetime(2026, 4, 17)),
        )

    def type_there(self, sheet: str, rows: Edits) -> None:
        header = self.server.rows(self.key, sheet)[EVENT[sheet].header_row - 1]
        places = locate(EVENT[sheet], header)
        for row, cells in rows.items():
            for column, value in cells.items():
                self.server.set(self.key, sheet, row, places[column][0], value)

    def clear_there(self, sheet: str, rows: Iterable[int]) -> None:
        header = self.server.rows(self.key, sheet)[EVENT[sheet].header_row - 1]
        self.type_there(sheet, {row: dict.fromkeys(locate(EVENT[sheet], header)) for row in rows})

    # --- what stands where

    def here(self, *sheets: str) -> Cells:
        book = CalamineWorkbook.from_path(str(self.path))
        return cells_in(
            {
                name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                for name in sheets or book.sheet_names
            }
        )

    def there(self, *sheets: str) -> Cells:
        names = sheets or [sheet.title for sheet in self.server.spreadsheet(self.key).sheets]
        return cells_in({name: self.server.rows(self.key, name) for name in names})

    def both(self, sheet: str, row: int, header: str) -> tuple[Any, Any]:
        return self.here(sheet).get((sheet, row, header)), self.there(sheet).get(
            (sheet, row, header)
        )

    @property
    def state(self) -> Path:
        """The folder of what both had in common."""
        (found,) = (self.path.with_name(self.path.name + ".ticketops") / "sync").iterdir()
        return found

    def everything(self) -> tuple[bytes, Any, dict[str, bytes]]:
        """Both copies and what is kept of them, to the byte."""
        folder = self.path.with_name(self.path.name + ".ticketops")
        kept = {
            str(p.relative_to(folder)): p.read_bytes()
            for p in folder.rglob("*")
            if p.is_file() and p.parent.name not in ("cache",)
        }
        return self.path.read_bytes(), self.server.snapshot(self.key), kept

    def commits(self) -> tuple[int, int]:
        """Transactions in the journal of either."""
        return len(XlsxStore(self.path, layout=EVENT).log()), len(self.google.store(self.key).log())


class Watch:
    """A `sync watch` that runs."""

    def __init__(self, pair: Pair, process: subprocess.Popen[str]) -> None:
        self._pair, self._process = pair, process

    def until(self, seen: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not seen():
            assert self._process.poll() is None, self._process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)

    def two_rounds(self) -> None:
        asked = self._pair.server.count("read")
        self.until(lambda: self._pair.server.count("read") >= asked + 4)

    def stop(self, how: signal.Signals) -> Result:
        self._process.send_signal(how)
        out, err = self._process.communicate(timeout=60)
        return Result(self._process.returncode, out, err)


def never_synced(google: Google, path: Path, printed: Callable[[], Any]) -> Pair:
    """A file, and a Google Sheet with the same headers only."""
    store = XlsxStore(path, layout=EVENT)
    rows = store.raw_rows(*store.sheet_names())
    heads = {title: rows[title][: store.layout[title].header_row] for title in rows}
    return Pair(google, path, google.new(heads), printed)


def in_step(google: Google, path: Path, key: str) -> None:
    """Both are alike, and that is known."""
    done = carry_out(
        XlsxStore(path, layout=EVENT),
        sync.job(Side.LOCAL, XlsxStore(path, layout=EVENT), google.store(key)),
        new_run("ana"),
    )
    assert not done.written
    assert done.plan.findings == []


@contextmanager
def meanwhile(pair: Pair, what: Callable[[], None], *, request: Callable[[Request], bool]) -> Any:
    """Somebody acts just before the first such request is carried out."""
    waiting = [what]

    def before(seen: Request) -> None:
        if waiting and request(seen):
            waiting.pop()()

    pair.server.before = before
    try:
        yield
    finally:
        pair.server.before = None
    assert not waiting, "there was no such request"


def is_commit(request: Request) -> bool:
    """The batch that writes."""
    return b"ticketops.revision" in request.body


def is_second_look(request: Request) -> bool:
    """What is read again before that."""
    return request.path.endswith("ByDataFilter")


def is_lock(request: Request) -> bool:
    return b"_TICKETOPS_LOCK" in request.body


ROW = 4
LETTERS = {"notes": "Notes", "client": "Client", "game": "Game"}
