"""`ticketops sync …` through the real command line, on a real workbook and the local Google server: what it says, takes over, leaves alone and
refuses; what other people, crashes and damage do to it; and that no password comes out of it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from tests.conftest import ROOT, Result, run_cli
from tests.google.faults import Request
from tests.online import Google
from ticketops.cli.main import run
from ticketops.domain.sync import Side
from ticketops.model.changes import ChangeSet, CopyCells
from ticketops.schema.tables import locate, with_structure
from ticketops.schema.workbook import (
    ALLOC_LOG,
    DISTRIBUTION,
    HOLDS,
    MANIFEST,
    PURCHASES,
    SALES,
    SALES_PARENT_RECON,
    STAFF_QUEUE,
    UNITS,
    VENDOR_CREDENTIALS,
)
from ticketops.services import sync
from ticketops.services.transaction import carry_out, new_run
from ticketops.stores.base import Entry
from ticketops.stores.gsheets.control import is_internal
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


# --- two copies


def meaning(value: Any) -> Any:
    """A cell as both programs mean it: dates as serials, a tick-box that is off as a blank."""
    if value in ("", None) or value is False:
        return None
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return round((moment - datetime(1899, 12, 30)).total_seconds() / 86_400, 7)
    return round(float(value), 7) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def cells_in(sheets: Mapping[str, list[list[Any]]]) -> Cells:
    """What stands below the headers of our sheets."""
    found: Cells = {}
    for sheet in MANIFEST:
        rows = sheets.get(sheet.name, [])
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
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETOPS_")}
        return kept | {"PYTHONPATH": str(ROOT)} | self.google.environment()

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """`sync watch`, every second."""
        words = [sys.executable, "-u", "-m", "ticketops", *self.words("watch", "--interval", "1", "--budget", "300")]
        process = subprocess.Popen(words, env=self.surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            yield Watch(self, process)
        finally:
            process.kill()
            process.communicate()

    # --- people type

    def type_here(self, sheet: str, rows: Edits) -> None:
        store = XlsxStore(self.path)
        snapshot = store.read(sheet, strict=False)
        copied = CopyCells(sheet, {row: {column: (None, value) for column, value in cells.items()} for row, cells in rows.items()})
        changes = with_structure(ChangeSet([copied]), snapshot)
        store.commit(changes, snapshot.revision, Entry("R20260417-143022", "typed", "ben", datetime(2026, 4, 17)))

    def type_there(self, sheet: str, rows: Edits) -> None:
        header = self.server.rows(self.key, sheet)[MANIFEST[sheet].header_row - 1]
        places = locate(MANIFEST[sheet], header)
        for row, cells in rows.items():
            for column, value in cells.items():
                self.server.set(self.key, sheet, row, places[column][0], value)

    def clear_there(self, sheet: str, rows: Iterable[int]) -> None:
        self.type_there(sheet, {row: dict.fromkeys(c.name for c in MANIFEST[sheet].columns if not c.extension) for row in rows})

    # --- what stands where

    def here(self, *sheets: str) -> Cells:
        book = CalamineWorkbook.from_path(str(self.path))
        return cells_in({name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in sheets or book.sheet_names})

    def there(self, *sheets: str) -> Cells:
        names = sheets or [sheet.title for sheet in self.server.spreadsheet(self.key).sheets]
        return cells_in({name: self.server.rows(self.key, name) for name in names})

    def both(self, sheet: str, row: int, header: str) -> tuple[Any, Any]:
        return self.here(sheet).get((sheet, row, header)), self.there(sheet).get((sheet, row, header))

    @property
    def state(self) -> Path:
        """The folder of what both had in common."""
        (found,) = (self.path.with_name(self.path.name + ".ticketops") / "sync").iterdir()
        return found

    def everything(self) -> tuple[bytes, Any, dict[str, bytes]]:
        """Both copies and what is kept of them, to the byte."""
        folder = self.path.with_name(self.path.name + ".ticketops")
        kept = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.parent.name not in ("cache",)}
        return self.path.read_bytes(), self.server.snapshot(self.key), kept

    def commits(self) -> tuple[int, int]:
        """Transactions in the journal of either."""
        return len(XlsxStore(self.path).log()), len(self.google.store(self.key).log())


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
    store = XlsxStore(path)
    rows = store.raw_rows(*store.sheet_names())
    heads = {name: rows[name][: MANIFEST[name].header_row] for name in rows}
    return Pair(google, path, google.new(heads), printed)


def in_step(google: Google, path: Path, key: str) -> None:
    """Both are alike, and that is known."""
    done = carry_out(XlsxStore(path), sync.job(Side.LOCAL, XlsxStore(path), google.store(key)), new_run("ana"))
    assert not done.written
    assert done.plan.findings == []


@pytest.fixture
def environment(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TICKETOPS_")]:
        monkeypatch.delenv(name)
    for name, value in (google.environment() | {"TICKETOPS_USER": "ana"}).items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sample without most of its rows, so that a test takes a second; copy it before writing."""
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
def apart(google: Google, event: Path, environment: None, capsys: pytest.CaptureFixture[str]) -> Pair:
    """The sample as a file, and a Google Sheet with headers only: never synced."""
    return never_synced(google, event, capsys.readouterr)


@pytest.fixture
def pair(google: Google, event: Path, environment: None, capsys: pytest.CaptureFixture[str]) -> Pair:
    """The sample as a file and as a Google Sheet, in step."""
    store = XlsxStore(event)
    key = google.new(store.raw_rows(*store.sheet_names()))
    in_step(google, event, key)
    return Pair(google, event, key, capsys.readouterr)


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


# --- a day of work


def test_a_file_goes_online_and_both_stay_in_step(
    google: Google, small: Path, environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The words of the documentation, one after the other: push, diff, pull, push, diff."""
    apart = never_synced(google, small, capsys.readouterr)
    before = apart.here()
    first = apart.real("push")
    assert first.code == 0
    assert "there is no common state yet" in first.out
    assert apart.here() == apart.there() == before
    assert "both copies say the same" in apart.sync("diff").out

    apart.type_here(SALES, {2: {"notes": "VIP"}, 3: {"price": 999.5, "notes": None}})
    apart.type_there(DISTRIBUTION, {5: {"first_name": "Ada", "delivery": "SENT"}, 6: {"sold": True, "date": datetime(2026, 7, 4)}})
    looked = apart.real("diff")
    assert looked.code == 0
    assert [line.split()[:4] for line in looked.out.splitlines()[1:]] == [
        ["Sales", *("2", "0", "0")], ["Distribution", *("0", "4", "0")],
    ]  # fmt: skip
    here, there = apart.here(), apart.there()
    assert apart.real("pull").code == 0
    assert apart.there() == there
    assert apart.here() == here | {
        (DISTRIBUTION, 5, "First name"): "Ada", (DISTRIBUTION, 5, "Delivery"): "SENT", (DISTRIBUTION, 6, "Sold (Y/N)"): True,
        (DISTRIBUTION, 6, "Date"): 46207.0,
    }  # fmt: skip
    assert apart.real("push").code == 0
    assert apart.there() == apart.here()
    assert apart.there()[SALES, 2, "Notes"] == "VIP"
    assert "both copies say the same" in apart.sync("diff").out
    assert apart.sync("pull").out == apart.sync("push").out == "both copies say the same\n"


def test_what_is_not_ours_stays(pair: Pair) -> None:
    """Sheets and columns of one's own, formats and notes: on either side, whatever is written beside them."""
    pair.server.request(pair.key, {"addSheet": {"properties": {"sheetId": 4711, "title": "Mine"}}})
    pair.server.set(pair.key, "Mine", 1, 1, "=mine")
    width = len(pair.server.rows(pair.key, SALES)[0])
    pair.server.set(pair.key, SALES, 1, width + 1, "My column")
    pair.server.set(pair.key, SALES, 2, width + 1, "my text")
    before = pair.path.read_bytes()
    assert pair.result("pull")["taken"] == 0
    assert pair.path.read_bytes() == before
    looked = pair.sync("diff")
    assert looked.code == 0
    assert "sheets of your own are not synced: Mine" in looked.out
    pair.type_here(SALES, {2: {"currency": "USD"}})  # a column that is made at the right end
    assert pair.result("push")["taken"] == 1
    assert pair.server.rows(pair.key, "Mine") == [["=mine"]]
    assert [row[width : width + 2] for row in pair.server.rows(pair.key, SALES)[:2]] == [["My column", "Currency"], ["my text", "USD"]]


def test_counts(pair: Pair) -> None:
    """Per sheet and in all: what changed where, what contradicts, what is left; how many rows there were, and will be."""
    pair.type_here(SALES, {2: {"notes": "here"}, 3: {"notes": "here"}, 37: {"sales_id": "S90", "client": "Acme"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"notes": "there"}})
    pair.clear_there(STAFF_QUEUE, [TASKS, TASKS + 1])
    gone = sum(1 for sheet, row, _ in pair.here() if sheet == STAFF_QUEUE and row in (TASKS, TASKS + 1))
    totals = {"local": 3, "remote": 1 + gone, "conflicts": 1}
    sales = {"sheet": SALES, "local": 3, "remote": 1, "conflicts": 1, "rows_local": 36, "rows_remote": 35}
    queue = {"sheet": STAFF_QUEUE, "local": 0, "remote": gone, "conflicts": 0, "rows_local": TASKS, "rows_remote": TASKS - 2}

    def plain(result: dict[str, Any]) -> tuple[dict[str, int], list[dict[str, Any]]]:
        return {name: result[name] for name in totals}, [{k: v for k, v in sheet.items() if k != "left"} for sheet in result["sheets"]]

    assert plain(pair.result("diff")) == (totals, [sales, queue])
    pulled = pair.result("pull", "-n")
    assert plain(pulled) == (totals, [sales | {"taken": 1, "rows_after": 36}, queue | {"taken": gone, "rows_after": TASKS - 2}])
    pushed = pair.result("push", "-n")
    assert plain(pushed) == (totals, [sales | {"taken": 3, "rows_after": 36}, queue | {"taken": 0, "rows_after": TASKS - 2}])
    assert (pulled["taken"], pulled["left"], pushed["taken"], pushed["left"]) == (1 + gone, 1, 3, 1)
    assert pair.result("pull", "-n", "--prefer", "Notes=remote")["left"] == 0


# --- nothing is written


@pytest.mark.parametrize("what", ["diff", "pull", "push"])
def test_a_dry_run_writes_nothing(what: str, pair: Pair) -> None:
    """Neither copy, nor what both had in common, nor a journal."""
    pair.type_here(SALES, {2: {"notes": "here"}, 3: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"notes": "there"}})
    before = pair.everything()
    dry = ["-n"] if what != "diff" else []
    done = pair.real(what, *dry)
    assert done.code == 1
    assert pair.everything() == before
    told = pair.sync(what, "--json", *dry).json
    assert pair.everything() == before
    if what != "diff":
        assert "dry run: nothing was written" in done.err
        row, values = (4, ("there")) if what == "pull" else (2, ("here"))
        assert [(cell["sheet"], cell["cell"], cell["before"], cell["after"]) for cell in told["cells"]] == [
            (SALES, f"M{row}", None, values)
        ]
        assert told["changes"] == {SALES: {"set": 1, "appended": 0, "deleted": 0, "replaced": 0}}
        assert told["dry_run"] is True


@pytest.mark.parametrize("what", ["diff", "pull", "push"])
def test_nothing_is_written_beside_a_file_that_was_never_synced(what: str, apart: Pair) -> None:
    before = apart.everything()
    assert apart.sync(what, *(["-n"] if what != "diff" else [])).code == 0
    assert apart.everything() == before


def test_a_dry_run_does_not_count_as_the_first(apart: Pair) -> None:
    assert [apart.result(what, *more)["first"] for what, *more in (["diff"], ["push", "-n"], ["diff"], ["push"], ["diff"])] == [
        True, True, True, True, False,
    ]  # fmt: skip


# --- conflicts


ROW = 4
LETTERS = {"notes": "Notes", "client": "Client", "game": "Game"}


@pytest.fixture
def torn(pair: Pair) -> Pair:
    """Three cells of a sale say `here` here and `there` there; a sale was emptied here and edited there."""
    pair.type_here(
        SALES, {ROW: dict.fromkeys(LETTERS, "here"), 5: dict.fromkeys(c.name for c in MANIFEST[SALES].columns if not c.extension)}
    )
    pair.type_there(SALES, {ROW: dict.fromkeys(LETTERS, "there"), 5: {"notes": "there"}})
    return pair


def test_conflicts_are_listed_and_left_alone(torn: Pair) -> None:
    before = torn.everything()
    for what in ("diff", "pull", "push"):
        done = torn.sync(what)
        assert done.code == 1
        for text in (f"Sales!{ROW}", "Notes is 'here' here and 'there' there", "Client is 'here' here and 'there' there",
                     "the row holds nothing here and S4 there"):  # fmt: skip
            assert text in done.out
    assert torn.everything()[:2] == before[:2]
    told = torn.sync("diff", "--json").json["findings"]
    assert Counter((f["code"], f["sheet"], f["row"]) for f in told) == {(CONFLICT, SALES, ROW): 3, (CONFLICT, SALES, 5): 1}


@pytest.mark.parametrize(
    ("what", "prefer", "notes", "client", "row"),
    [
        ("pull", "remote", ("there", "there"), ("there", "there"), ("S4", "S4")),
        ("push", "local", ("here", "here"), ("here", "here"), (None, None)),
        ("pull", "local", ("here", "there"), ("here", "there"), (None, "S4")),
        ("push", "remote", ("here", "there"), ("here", "there"), (None, "S4")),
        ("pull", "Notes=remote", ("there", "there"), ("here", "there"), (None, "S4")),
        ("push", "Sales!Client=local", ("here", "there"), ("here", "here"), (None, "S4")),
        ("pull", "SalesID=remote", ("here", "there"), ("here", "there"), ("S4", "S4")),
        ("pull", "Purchases!Notes=remote", ("here", "there"), ("here", "there"), (None, "S4")),
        ("pull", "remote Notes=local", ("here", "there"), ("there", "there"), ("S4", "S4")),
    ],
)
def test_whose_word_counts(
    what: str, prefer: str, notes: tuple[str, str], client: tuple[str, str], row: tuple[Any, Any], torn: Pair
) -> None:
    """What stands here and there afterwards."""
    options = [word for text in prefer.split() for word in ("--prefer", text)]
    done = torn.sync(what, *options)
    assert (torn.both(SALES, ROW, "Notes"), torn.both(SALES, ROW, "Client"), torn.both(SALES, 5, "SalesID")) == (notes, client, row)
    assert done.code == (0 if prefer in ("local", "remote", "remote Notes=local") else 1)


def test_the_word_of_the_side_that_is_written_goes_the_other_way_next_time(torn: Pair) -> None:
    """`pull --prefer local` writes nothing here, but settles it: a plain push sends what stands here."""
    assert torn.sync("pull", "--prefer", "local").code == 0
    assert torn.sync("diff").code == 0
    assert torn.sync("push").code == 0
    assert torn.both(SALES, ROW, "Game") == ("here", "here")
    assert torn.both(SALES, 5, "SalesID") == (None, None)
    assert torn.here() == torn.there()


def test_a_conflict_ends_when_somebody_makes_both_equal(torn: Pair) -> None:
    torn.type_there(SALES, {ROW: {"notes": "here", "client": "here"}})
    torn.type_here(SALES, {ROW: {"game": "there"}})
    torn.clear_there(SALES, [5])
    assert torn.sync("diff").out == "both copies say the same\n"


def test_every_conflict_is_in_the_json(pair: Pair) -> None:
    """Also where there are more than a terminal shows."""
    rows = range(3, 123)
    pair.type_here(DISTRIBUTION, {row: {"comment": "here"} for row in rows})
    pair.type_there(DISTRIBUTION, {row: {"comment": "there"} for row in rows})
    for what in ("diff", "pull", "push"):
        done = pair.sync(what, "--json")
        assert done.code == 1
        assert {(f["code"], f["row"]) for f in done.json["findings"]} == {(CONFLICT, row) for row in rows}
        assert done.json["result"]["left"] == done.json["result"]["conflicts"] == 120


def test_two_new_sales_in_one_row_are_never_mixed(pair: Pair) -> None:
    """Both sides record a sale, numbered alike; `sync watch` goes over it twice in each round."""
    pair.type_here(SALES, {37: {"sales_id": "S36", "match": "M01", "client": "Acme", "number": 2, "contract": "A-1"}})
    pair.type_there(SALES, {37: {"sales_id": "S36", "match": "M01", "client": "Bolt", "number": 5, "notes": "Bolt pays by card"}})
    before = pair.here(), pair.there()
    for _ in range(2):
        assert pair.sync("watch", "--once").code == 1
    assert (pair.here(), pair.there()) == before


def test_rows_of_a_log_are_not_mixed(pair: Pair) -> None:
    """Both sides append to the log: the row is the operator's to judge."""
    pair.type_here(ALLOC_LOG, {14: {"user": "ana", "action": "HOLD", "reason": "here"}})
    pair.type_there(ALLOC_LOG, {14: {"user": "ben", "action": "HOLD", "sale_id": "S3"}, 15: {"user": "ben", "action": "FREE"}})
    done = pair.sync("pull", "--json").json
    assert [(finding["code"], finding["row"]) for finding in done["findings"]] == [(CONFLICT, 14)]
    logged = {key[1:]: value for key, value in pair.here().items() if key[0] == ALLOC_LOG and key[1] >= 14}
    assert logged == {
        (14, "User"): "ana", (14, "Action"): "HOLD", (14, "Reason"): "here", (15, "User"): "ben", (15, "Action"): "FREE",
    }  # fmt: skip


# --- rows that move


def reversed_there(pair: Pair) -> None:
    rows = pair.server.rows(pair.key, PURCHASES)
    for number, row in enumerate(reversed(rows[1:]), start=2):
        for place in range(1, len(rows[0]) + 1):
            pair.server.set(pair.key, PURCHASES, number, place, row[place - 1] if place <= len(row) else None)


MOVES: dict[str, Callable[[Pair], None]] = {
    "inserted": lambda pair: pair.server.insert_row(pair.key, PURCHASES, 10),
    "deleted": lambda pair: pair.server.delete_row(pair.key, PURCHASES, 10),
    "sorted": reversed_there,
}


def purchases(cells: Cells) -> Counter[str]:
    return Counter(value for (sheet, _, header), value in cells.items() if (sheet, header) == (PURCHASES, "PurchaseID"))


@pytest.mark.parametrize("move", MOVES)
def test_rows_that_moved_over_there_are_followed(move: str, pair: Pair) -> None:
    MOVES[move](pair)
    assert pair.sync("pull", "--emptying").code == 0
    assert pair.here() == pair.there()


@pytest.mark.parametrize("move", MOVES)
def test_rows_that_moved_over_there_lose_and_double_nothing_here(move: str, pair: Pair) -> None:
    """Some rows changed here meanwhile. Conflicts there may be; but no purchase stands twice afterwards, and none is gone that both have."""
    pair.type_here(PURCHASES, {row: {"price": 999.0} for row in (20, 21, 22)})
    MOVES[move](pair)
    kept = set(purchases(pair.here())) & set(purchases(pair.there()))
    assert pair.sync("pull").code != 0
    now = purchases(pair.here())
    assert [name for name, times in now.items() if times > 1] == []
    assert kept <= set(now)


# --- columns and sheets that one side lacks


def test_columns_and_sheets_of_ours_are_made_when_needed(pair: Pair, slim: Path) -> None:
    pair.type_here(SALES, {2: {"order_id": "O1", "currency": "USD"}})
    pair.type_here(HOLDS, {2: {"unit_id": "P00001", "client": "Acme", "until": datetime(2026, 6, 1)}})
    assert pair.sync("push").code == 0
    assert pair.there() == pair.here()
    assert [pair.there()[SALES, 2, header] for header in ("OrderID", "Currency")] == ["O1", "USD"]
    pair.type_there(HOLDS, {3: {"unit_id": "P00002"}})
    shutil.copy(slim, pair.path)  # a file without any of that
    shutil.rmtree(pair.state)
    assert pair.sync("pull").code == 0
    assert pair.here() == pair.there()
    assert pair.here()[HOLDS, 3, "UnitID"] == "P00002"


def test_an_empty_spreadsheet_gets_every_sheet(pair: Pair) -> None:
    pair.key = pair.server.new_spreadsheet("New", {"Sheet1": []}, {pair.google.email: "writer"}, tight=True)
    pair.remote = f"gsheet:{pair.key}"
    assert pair.sync("push").code == 0
    assert pair.there() == pair.here()
    assert "Sheet1" in pair.sync("diff").out


@pytest.mark.parametrize("how", ["renamed", "deleted"])
def test_a_column_that_is_gone_over_there_is_not_emptied_here(how: str, pair: Pair) -> None:
    place = pair.server.rows(pair.key, DISTRIBUTION)[1].index("Notes") + 1
    if how == "renamed":
        pair.server.set(pair.key, DISTRIBUTION, 2, place, "Notes (internal)")
    else:
        where = {"sheetId": pair.server.sheet(pair.key, DISTRIBUTION).id, "dimension": "COLUMNS"}
        pair.server.request(pair.key, {"deleteDimension": {"range": where | {"startIndex": place - 1, "endIndex": place}}})
    before = pair.here()
    assert sum(header == "Notes" and sheet == DISTRIBUTION for sheet, _, header in before) > 10
    assert pair.sync("pull").code != 0
    assert pair.here() == before


def test_a_sheet_that_is_gone_over_there_is_not_emptied_here(pair: Pair) -> None:
    sheet = pair.server.sheet(pair.key, VENDOR_CREDENTIALS)
    pair.server.request(pair.key, {"updateSheetProperties": {"properties": {"sheetId": sheet.id, "title": "Logins"}, "fields": "title"}})
    before = pair.here()
    done = pair.sync("pull", "--json")
    assert done.code == 1
    assert [(finding["code"], finding["sheet"]) for finding in done.json["findings"]] == [("NOT_FOUND", VENDOR_CREDENTIALS)]
    assert pair.here() == before


def test_a_sheet_that_was_lost_and_made_again_is_not_emptied_here(pair: Pair) -> None:
    before = pair.here()
    pair.server.request(pair.key, {"deleteSheet": {"sheetId": pair.server.sheet(pair.key, VENDOR_CREDENTIALS).id}})
    pair.sync("watch", "--once")
    assert pair.do("doctor", "--fix", "-w", pair.remote, "--yes").code in (0, 1)
    pair.sync("watch", "--once")
    assert pair.here() == before


# --- the guard


ALL = tuple(column.name for column in MANIFEST[PURCHASES].columns if not column.extension)


@pytest.mark.parametrize(
    ("rows", "left", "refused"),
    [(LINES, 20, True), (LINES, 21, False), (20, 10, True), (12, 3, False), (12, 2, True), (9, 0, False), (10, 0, True)],
)
@pytest.mark.parametrize("what", ["pull", "push"])
def test_half_of_a_sheet_is_not_emptied_unasked(what: str, rows: int, left: int, refused: bool, pair: Pair) -> None:
    """Ten rows at least and half of them or more."""
    if rows < LINES:
        pair.type_here(PURCHASES, {row: dict.fromkeys(ALL) for row in range(2 + rows, LINES + 2)})
        pair.clear_there(PURCHASES, range(2 + rows, LINES + 2))
        assert pair.sync("pull").code == 0
    gone = range(2 + left, 2 + rows)
    if what == "pull":
        pair.clear_there(PURCHASES, gone)
    else:
        pair.type_here(PURCHASES, {row: dict.fromkeys(ALL) for row in gone})
    before = pair.everything()
    done = pair.sync(what)
    assert done.code == (4 if refused else 0)
    if refused:
        assert f"{PURCHASES} would have {left} rows in place of {rows}" in done.err
        assert "--emptying" in done.err
        assert pair.everything() == before
        assert pair.sync(what, "--emptying", "-n").code == 0
    assert pair.sync(what, "--emptying").code == 0
    assert pair.here() == pair.there()


def test_a_queue_that_a_command_builds_anew_goes_over(pair: Pair) -> None:
    """It is half as long as it was, as sheets of tasks may be the next day."""
    pair.type_here(SALES_PARENT_RECON, {row: {"action": "KEEP", "sales_id": f"S{row}-1"} for row in range(2, 702)})
    assert pair.sync("push").code == 0
    assert pair.do("recon", "run", "-w", str(pair.path)).code in (0, 1)
    assert pair.sync("watch", "--once").code == 0
    assert pair.here() == pair.there()


# --- what is refused


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["diff"], 2, "--with"),
        (["pull", "--with", "nofile.xlsx"], 3, "nofile.xlsx"),
        (["pull", "--with", "a.csv"], 3, "a.csv is not an .xlsx workbook"),
        (["diff", "--with", "event.xlsx"], 2, "--with names the workbook itself"),
        (["diff", "--with", "../{folder}/./event.xlsx"], 2, "--with names the workbook itself"),
        (["push", "--with", "link.xlsx"], 2, "--with names the workbook itself"),
        (["push", "--with", "gsheet:{unknown}"], 3, "there is no"),
        (["push", "--with", "{remote}", "--prefer", "both"], 2, "COLUMN=local"),
        (["diff", "--with", "{remote}", "--prefer", "Deliverd=local"], 2, "there is no column 'Deliverd'"),
        (["push", "--with", "{remote}", "--prefer", "Sales!Delivery=local"], 2, "there is no column 'Sales!Delivery'"),
        (["watch", "--with", "{remote}", "--prefer", "Deliverd=local", "--once"], 2, "there is no column"),
        (["watch", "--with", "{remote}", "--interval", "0"], 2, "--interval"),
        (["watch", "--with", "{remote}", "--budget", "0"], 2, "--budget"),
        (["pull", "--with", "{unshared}"], 6, "robot@"),
    ],
)
def test_one_line_and_an_exit_code(
    words: list[str], code: int, said: str, pair: Pair, monkeypatch: pytest.MonkeyPatch, google: Google
) -> None:
    monkeypatch.chdir(pair.path.parent)
    Path("link.xlsx").symlink_to(pair.path)
    Path("a.csv").write_text("x")
    known = {
        "folder": pair.path.parent.name,
        "remote": pair.remote,
        "unknown": "1" + "x" * 43,
        "unshared": f"gsheet:{google.new(role=None)}",
    }
    before = pair.everything()
    done = pair.do("sync", *(word.format(**known) for word in words), "-w", "event.xlsx")
    assert done.code == code
    assert said in done.err
    assert done.err.startswith("ticketops: ")
    assert len(done.err.splitlines()) == 1
    assert done.out == ""
    told = pair.do("sync", *(word.format(**known) for word in words), "-w", "event.xlsx", "--json")
    assert told.code == code
    assert set(told.json) == {"command", "error"}
    assert pair.everything() == before


def test_a_spreadsheet_with_itself(pair: Pair) -> None:
    address = f"https://docs.google.com/spreadsheets/d/{pair.key}/edit#gid=0"
    done = pair.do("sync", "diff", "-w", pair.remote, "--with", address)
    assert (done.code, "--with names the workbook itself" in done.err) == (2, True)


def test_the_option_that_is_wrong_is_named(pair: Pair) -> None:
    for name in ("", "gsheet:", "https://docs.google.com/spreadsheets/d/e/2PACX-1vQ/pubhtml"):
        done = pair.do("sync", "diff", "-w", str(pair.path), "--with", name)
        assert done.code == 2
        assert done.err.startswith("ticketops: --with ")


def test_without_a_key_for_google(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKETOPS_GOOGLE_KEY")
    for name in ("XDG_CONFIG_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(pair.path.parent / "nobody"))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    for what in ("diff", "pull", "push", "watch"):
        done = pair.sync(what)
        assert done.code == 2
        assert "there is no key for Google" in done.err


def test_who_may_read_the_sheet_only_pulls_but_does_not_push(pair: Pair) -> None:
    pair.server.share(pair.key, pair.google.email, "reader")
    pair.type_here(SALES, {2: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}})
    assert pair.sync("pull").code == 0
    assert pair.both(SALES, 3, "Notes") == ("there", "there")
    there = pair.there()
    assert pair.sync("push").code == 6
    assert pair.there() == there


def test_staff_look_but_do_not_take_over(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.type_there(SALES, {3: {"notes": "there"}})
    monkeypatch.setenv("TICKETOPS_ROLE", "staff")
    assert pair.sync("diff").code == 0
    before = pair.everything()
    assert [pair.sync(what).code for what in ("pull", "push")] == [6, 6]
    assert pair.sync("watch", "--once").code == 6
    assert pair.everything() == before


# --- a sheet that is busy, or moves


def test_a_locked_sheet(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else writes: a push waits, then says who. Looking and pulling need no lock over there."""
    monkeypatch.setenv("TICKETOPS_LOCK_TIMEOUT", "0")
    pair.type_here(SALES, {2: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}})
    other = pair.google.store(pair.key, machine="other")
    with other.locked(Entry("R20260417-143022", "audit repair", "ben", datetime(2026, 4, 17))):
        done = pair.sync("push")
        assert done.code == 5
        assert "ben (audit repair)" in done.err
        assert pair.sync("diff").code == 0
        assert pair.sync("pull").code == 0
    assert pair.both(SALES, 2, "Notes") == ("here", None)
    assert pair.sync("push").code == 0
    assert pair.here() == pair.there()


def test_one_round_for_cron_tells_that_the_sheet_was_busy(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETOPS_LOCK_TIMEOUT", "0")
    pair.type_here(SALES, {2: {"notes": "here"}})
    with pair.google.store(pair.key, machine="other").locked(Entry("R20260417-143022", "audit repair", "ben", datetime(2026, 4, 17))):
        done = pair.sync("watch", "--once")
    assert done.code == 5
    assert "ben" in done.out + done.err


def test_a_file_that_is_open_in_a_spreadsheet_program(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETOPS_LOCK_TIMEOUT", "0")
    (pair.path.parent / f"~${pair.path.name}").write_bytes(b"\x03ben" + bytes(161))
    pair.type_there(SALES, {3: {"notes": "there"}})
    before = pair.path.read_bytes()
    assert pair.sync("pull").code == 5
    assert pair.path.read_bytes() == before
    assert pair.sync("diff").code == 0


@pytest.mark.parametrize(
    "request_", [is_lock, is_second_look, is_commit], ids=["before the lock", "before the second look", "before the write"]
)
@pytest.mark.parametrize("moved", ["the cell", "the key", "a row above"])
def test_a_sheet_that_is_changed_under_a_push(moved: str, request_: Callable[[Request], bool], pair: Pair) -> None:
    """Nothing of it is overwritten as long as it can be seen; what was typed in the last moment, as any two people's typing."""
    pair.type_here(SALES, {6: {"notes": "here", "client": "here"}})

    def somebody() -> None:
        if moved == "the cell":
            pair.type_there(SALES, {6: {"notes": "there"}})
        elif moved == "the key":
            pair.type_there(SALES, {6: {"sales_id": "S99"}})
        else:
            pair.server.insert_row(pair.key, SALES, 3)

    with meanwhile(pair, somebody, request=request_):
        done = pair.sync("push")
    if request_ is is_commit:
        assert done.code == 0
        return
    assert done.code == 5
    assert "nothing was written" in done.err
    assert "here" not in {value for key, value in pair.there().items() if key[0] == SALES}
    assert pair.commits()[1] == 0
    again = pair.sync("push")
    assert again.code == 1
    assert "here" not in {value for key, value in pair.there().items() if key[0] == SALES and key[2] == "Notes"}


@pytest.mark.parametrize(
    "request_", [is_lock, is_second_look, is_commit], ids=["before the lock", "before the second look", "before the write"]
)
def test_what_is_typed_elsewhere_under_a_push_survives(request_: Callable[[Request], bool], pair: Pair) -> None:
    """And is pulled the next time."""
    pair.type_here(SALES, {6: {"notes": "here"}})
    with meanwhile(pair, lambda: pair.type_there(SALES, {6: {"client": "there"}, 7: {"notes": "there"}}), request=request_):
        assert pair.sync("push").code == 0
    assert pair.both(SALES, 6, "Notes") == ("here", "here")
    assert pair.result("diff")["remote"] == 2
    assert pair.sync("pull").code == 0
    assert pair.here() == pair.there()


def test_a_password_never_lands_at_another_login(pair: Pair) -> None:
    """Somebody inserts a row between the reading and the writing."""
    pair.type_here(VENDOR_CREDENTIALS, {3: {"notes": "new"}, 4: {"vendor": "Bee", "login_id": "bee"}})
    assert pair.sync("push").code == 0
    pair.type_here(VENDOR_CREDENTIALS, {4: {"password": "pw-of-bee"}})
    with meanwhile(pair, lambda: pair.server.insert_row(pair.key, VENDOR_CREDENTIALS, 3), request=is_second_look):
        pair.sync("push")
    there = pair.there()
    assert {there[VENDOR_CREDENTIALS, row, "Vendor"] for (sheet, row, _), value in there.items() if value == "pw-of-bee"} <= {"Bee"}


def test_a_file_that_is_changed_under_a_pull(pair: Pair) -> None:
    """By another program, while the other copy was read: it is looked at again, and nothing of it is lost."""
    pair.type_there(SALES, {6: {"notes": "there"}, 7: {"notes": "there"}})
    with meanwhile(pair, lambda: pair.type_here(SALES, {6: {"notes": "here"}, 8: {"notes": "here"}}), request=lambda r: r.kind == "read"):
        done = pair.sync("pull")
    assert done.code == 1
    assert [pair.both(SALES, row, "Notes") for row in (6, 7, 8)] == [("here", "there"), ("there", "there"), ("here", None)]


def test_a_formula_is_left_and_the_rest_is_written(pair: Pair) -> None:
    place = pair.server.rows(pair.key, SALES)[0].index("Total") + 1
    pair.server.set_formula(pair.key, SALES, 6, place, "=G6*H6", 1050)
    pair.type_here(SALES, {6: {"total": 77.0, "notes": "here"}, 7: {"notes": "here"}})
    pair.sync("push", "--prefer", "local")
    assert getattr(pair.server.cell(pair.key, SALES, 6, place).value, "text", "") == "=G6*H6"
    assert [pair.there()[SALES, row, "Notes"] for row in (6, 7)] == ["here", "here"]


# --- killed


KILLED = """
import os, pathlib, shutil, signal, sys
from ticketops.services import sync
from ticketops.cli.main import main
def kill(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
where = sys.argv.pop(1)
if where == "before it is kept":
    sync.CommonState.save = kill
elif where == "half of it is written":
    replace = pathlib.Path.replace
    pathlib.Path.replace = lambda self, target: kill() if self.name == "current.tmp" else replace(self, target)
else:
    shutil.rmtree = kill
main(sys.argv[1:])
"""


@pytest.mark.parametrize("where", ["before it is kept", "half of it is written", "the old one is still there"])
@pytest.mark.parametrize("what", ["pull", "push"])
def test_a_run_that_is_killed_before_the_common_state_is_kept(what: str, where: str, pair: Pair) -> None:
    """It was committed; the next run finds nothing to do, takes nothing back, and goes on from there."""
    pair.type_here(SALES, {2: {"notes": "here"}, 37: {"sales_id": "S36", "notes": "new here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 38: {"sales_id": "S37", "notes": "new there"}})
    (pair.type_there if what == "pull" else pair.type_here)(SALES, {4: {"game": None, "client": "other"}})
    before = pair.commits()
    words = [sys.executable, "-c", KILLED, where, *pair.words(what)]
    died = subprocess.run(words, capture_output=True, env=pair.surroundings, cwd=pair.path.parent, timeout=100, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    after = pair.commits()
    assert (after[0] - before[0], after[1] - before[1]) == ((1, 0) if what == "pull" else (0, 1))
    copies = pair.here(), pair.there()
    assert pair.sync(what).out == "" or pair.result(what)["taken"] == 0
    assert pair.commits() == after
    assert (pair.here(), pair.there()) == copies
    assert pair.sync("push" if what == "pull" else "pull").code == 0
    assert pair.here() == pair.there()
    assert pair.here()[SALES, 4, "Client"] == "other"
    assert (SALES, 4, "Game") not in pair.here()
    assert [path.name for path in pair.state.iterdir() if path.is_dir()] == [
        json.loads((pair.state / "current.json").read_text())["folder"]
    ]
    pair.type_there(SALES, {2: {"notes": "there, later"}})
    pair.type_here(SALES, {37: {"notes": "here, later"}})
    assert (pair.sync("pull").code, pair.sync("push").code) == (0, 0)
    assert pair.both(SALES, 2, "Notes") == ("there, later", "there, later")
    assert pair.both(SALES, 37, "Notes") == ("here, later", "here, later")


def test_a_push_that_is_killed_while_google_answers(pair: Pair) -> None:
    """It was applied, and nobody heard of it."""
    pair.type_here(SALES, {2: {"notes": "here"}})
    process = subprocess.Popen([sys.executable, "-m", "ticketops", *pair.words("push")], env=pair.surroundings, stderr=subprocess.PIPE)
    pair.server.after = lambda request: process.kill() if is_commit(request) else None
    _, err = process.communicate(timeout=100)
    pair.server.after = None
    assert process.returncode == -signal.SIGKILL, err.decode()
    assert pair.there()[SALES, 2, "Notes"] == "here"
    assert pair.sync("diff").out == "both copies say the same\n"
    pair.type_here(SALES, {3: {"notes": "here"}})
    assert pair.sync("push").code == 0  # no lock is left
    assert pair.commits()[1] == 2
    assert pair.here() == pair.there()


def test_an_edit_after_a_killed_run_is_never_overwritten(pair: Pair) -> None:
    """Both seem to have changed the cell: that is a conflict, and neither word is lost."""
    pair.type_here(SALES, {2: {"notes": "here"}})
    name = pair.state.name
    kept = shutil.copytree(pair.state, pair.path.parent / "kept")
    assert pair.sync("push").code == 0
    shutil.rmtree(pair.state)
    kept.rename(pair.path.with_name(f"{pair.path.name}.ticketops") / "sync" / name)
    pair.type_there(SALES, {2: {"notes": "there, later"}})
    for what in ("pull", "push"):
        assert pair.sync(what).code == 1
        assert pair.both(SALES, 2, "Notes") == ("here", "there, later")


# --- what is kept of the common state


def test_a_state_that_is_gone_is_as_at_first(pair: Pair) -> None:
    """What stands on one side only goes to the other, what differs is a conflict, and that there is none is said."""
    pair.type_here(SALES, {2: {"notes": "here"}, 3: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"client": None}})
    shutil.rmtree(pair.state)
    done = pair.sync("pull", "--json").json
    assert done["result"]["first"] is True
    assert [(finding["code"], finding["row"]) for finding in done["findings"]] == [(CONFLICT, 3)]
    assert pair.sync("push").code == 1
    here, there = pair.here(), pair.there()
    assert {key for key in {*here, *there} if here.get(key) != there.get(key)} == {(SALES, 3, "Notes")}
    assert (SALES, 4, "Client") in there


def damage(how: str, state: Path) -> None:
    pointer, (folder,) = state / "current.json", [path for path in state.iterdir() if path.is_dir()]
    files = sorted(folder.iterdir())
    match how:
        case "no pointer's text":
            pointer.write_text("")
        case "half a pointer":
            pointer.write_text(pointer.read_text()[:40])
        case "bytes in place of it":
            pointer.write_bytes(b"\xff\xfe\x00\x80")
        case "another object" | "a list" | "null" | "a number in it" | "no sheets" | "sheets as a list":
            texts = {"another object": "{}", "a list": "[]", "null": "null", "a number in it": '{"folder": 5, "sheets": {"Sales": "2.ipc"}}',
                     "no sheets": '{"folder": "x", "sheets": null}', "sheets as a list": '{"folder": "x", "sheets": ["Sales"]}'}  # fmt: skip
            pointer.write_text(texts[how])
        case "no folder":
            shutil.rmtree(folder)
        case "one table gone":
            files[2].unlink()
        case "empty tables" | "cut tables" | "noise in tables" | "noise for tables":
            for file in files:
                data = file.read_bytes()
                middle = len(data) // 2
                file.write_bytes({
                    "empty tables": b"", "cut tables": data[:-300], "noise in tables": data[:middle] + b"\xa5" * 40 + data[middle + 40 :],
                    "noise for tables": b"ARROW1\0\0" + random.Random(1).randbytes(900),
                }[how])  # fmt: skip
        case "other columns":
            for file in files:
                pl.DataFrame({"row": [3, 4], "sales_id": [1.5, None], "x": [True, False]}).write_ipc(file)
        case "rows without a number":
            for file in files:
                pl.DataFrame({"sales_id": ["S1", "S2"], "notes": ["a", "b"]}).write_ipc(file)
        case "no key of digests":
            (state / "secret.key").unlink()
        case "an empty key of digests":
            (state / "secret.key").write_bytes(b"")


HARMS = [
    "no pointer's text", "half a pointer", "bytes in place of it", "another object", "a list", "null", "a number in it", "no sheets",
    "sheets as a list", "no folder", "one table gone", "empty tables", "cut tables", "noise in tables", "noise for tables", "other columns",
    "rows without a number", "no key of digests", "an empty key of digests",
]  # fmt: skip


@pytest.mark.parametrize("how", [pytest.param(how, marks=[pytest.mark.slow] if nth % 5 else [], id=how) for nth, how in enumerate(HARMS)])
def test_a_damaged_state_loses_nothing(how: str, pair: Pair) -> None:
    """It counts as none: conflicts there may be more of, but what stands anywhere stays somewhere; and the next state is whole."""
    pair.type_here(SALES, {2: {"notes": "here"}, 3: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"notes": "there"}})
    pair.type_there(VENDOR_CREDENTIALS, {2: {"password": "another"}})
    damage(how, pair.state)
    before = pair.here(), pair.there()
    done = pair.sync("pull")
    assert done.code == 1
    assert done.err.count("\n") <= 1
    pair.sync("push")
    now = pair.here(), pair.there()
    for key in {*before[0], *before[1]}:
        assert {side.get(key) for side in now} >= {side[key] for side in before if key in side} - (
            {before[0].get(key)} if key[0] == VENDOR_CREDENTIALS else set()
        )
    assert pair.both(SALES, 2, "Notes") == ("here", "here")
    assert pair.both(SALES, 3, "Notes") == ("here", "there")
    assert pair.both(SALES, 4, "Notes") == ("there", "there")
    pair.sync("pull", "--prefer", "remote")
    assert pair.here() == pair.there()
    assert pair.sync("diff").out == "both copies say the same\n"


@pytest.mark.parametrize("how", ["half a pointer", "no folder", "one table gone", "noise in tables"])
def test_a_damaged_state_is_told(how: str, pair: Pair) -> None:
    damage(how, pair.state)
    done = pair.sync("diff", "--json").json
    assert done["result"]["first"] or done["findings"]


def test_a_state_that_can_not_be_kept_is_told(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full or read-only: what was taken over stands, and the next run compares once more."""
    pair.type_there(SALES, {3: {"notes": "there"}})
    replace = Path.replace

    def refuse(path: Path, target: Any) -> Any:
        if path.name == "current.tmp":
            raise PermissionError(30, "Read-only file system")
        return replace(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refuse)
        done = pair.sync("pull", "--json")
    assert done.code == 1
    assert [finding["code"] for finding in done.json["findings"]] == ["STATE_NOT_KEPT"]
    assert "Read-only file system" in done.json["findings"][0]["message"]
    assert pair.both(SALES, 3, "Notes") == ("there", "there")
    assert pair.sync("pull").out == "both copies say the same\n"
    assert len([path for path in pair.state.iterdir() if path.is_dir()]) == 1


def test_a_place_where_no_state_can_be(pair: Pair) -> None:
    """Looking needs none; what is taken over stands, and that it was not kept is told."""
    folder = pair.state.parent
    shutil.rmtree(folder)
    folder.write_text("in the way")
    pair.type_there(SALES, {3: {"notes": "there"}})
    assert pair.sync("diff").code == 0
    done = pair.sync("pull", "--json")
    assert done.code == 1
    assert [finding["code"] for finding in done.json["findings"]] == ["STATE_NOT_KEPT"]
    assert pair.both(SALES, 3, "Notes") == ("there", "there")


# --- more than two


def test_another_file(pair: Pair) -> None:
    """`--with` names any workbook; the state lies beside the one of the command, the transaction in the one that is written."""
    other = Path(shutil.copy(pair.path, pair.path.parent / "other.xlsx"))
    pair.remote = str(other)
    twin = Pair(pair.google, other, pair.key, pair._printed)
    pair.type_here(SALES, {2: {"notes": "here"}})
    twin.type_here(SALES, {3: {"notes": "there"}, 38: {"sales_id": "S37"}})
    assert pair.result("push")["first"] is True
    assert twin.here()[SALES, 2, "Notes"] == "here"
    assert [entry.entry.command for entry in XlsxStore(other).log()] == ["typed", "sync push"]
    assert pair.sync("pull").code == 0
    assert pair.here() == twin.here()
    assert pair.sync("diff").out == "both copies say the same\n"
    assert not (other.parent / "other.xlsx.ticketops" / "sync").exists()


def test_from_the_other_end(pair: Pair) -> None:
    """`-w gsheet:ID --with FILE` is the same with the sides exchanged, with a state of its own."""
    pair.type_there(SALES, {3: {"notes": "online"}})
    pair.type_here(SALES, {2: {"notes": "in the file"}})

    def mirrored(what: str) -> Result:
        return pair.do("sync", what, "-w", pair.remote, "--with", str(pair.path), "--json")

    first = mirrored("diff").json["result"]
    assert (first["first"], first["local"], first["remote"]) == (True, 1, 1)
    assert mirrored("push").code == 0
    assert pair.both(SALES, 3, "Notes") == ("online", "online")
    assert mirrored("pull").code == 0
    assert pair.here() == pair.there()
    assert mirrored("diff").json["result"]["first"] is False


def test_two_operators_with_their_own_files_and_one_sheet(pair: Pair, google: Google, tmp_path: Path) -> None:
    """What A sends B gets; what both edit meets; what contradicts is told to the one who comes second, and goes where they say."""
    folder = tmp_path / "b"
    folder.mkdir()
    path = Path(shutil.copy(pair.path, folder / "event.xlsx"))
    in_step(google, path, pair.key)
    a, b = pair, Pair(google, path, pair.key, pair._printed)

    a.type_here(SALES, {2: {"notes": "a"}, 37: {"sales_id": "S36", "client": "Acme"}})
    assert a.sync("push").code == 0
    looked = b.result("diff")
    assert (looked["local"], looked["remote"], looked["conflicts"]) == (0, 3, 0)
    assert b.sync("pull").code == 0
    assert a.here() == b.here() == a.there()

    a.type_here(SALES, {4: {"notes": "a"}, 37: {"number": 2}})
    b.type_here(SALES, {5: {"notes": "b"}, 37: {"contract": "B-1"}})
    for operator, what in ((b, "push"), (a, "pull"), (a, "push"), (b, "pull")):
        assert operator.sync(what).code == 0
    assert a.here() == b.here() == a.there()

    a.type_here(SALES, {6: {"notes": "a"}})
    b.type_here(SALES, {6: {"notes": "b"}})
    assert a.sync("push").code == 0
    assert b.sync("push").code == 1
    assert b.sync("pull").code == 1
    assert [side.here()[SALES, 6, "Notes"] for side in (a, b)] == ["a", "b"]
    assert b.sync("push", "--prefer", "local").code == 0
    assert a.sync("pull").code == 0  # a did not touch it since: no conflict for a
    assert a.here() == b.here() == a.there()
    assert a.here()[SALES, 6, "Notes"] == "b"


# --- undo


def test_undo_of_a_pull(pair: Pair) -> None:
    """The file is as it was, to the byte; that counts as an edit here: a push would send it on, a pull does not bring it back."""
    pair.type_there(SALES, {3: {"notes": "there"}, 4: {"client": None}})
    before, there = pair.path.read_bytes(), pair.there()
    assert pair.sync("pull").code == 0
    done = pair.do("undo", "-w", str(pair.path), "--yes")
    assert (done.code, "sync pull" in done.out) == (0, True)
    assert pair.path.read_bytes() == before
    looked = pair.result("diff")
    assert (looked["local"], looked["remote"], looked["conflicts"]) == (2, 0, 0)
    assert pair.sync("pull").code == 0
    assert pair.path.read_bytes() == before
    assert pair.sync("push").code == 0
    assert pair.there() == pair.here() != there


def test_undo_of_a_push(pair: Pair) -> None:
    pair.type_here(SALES, {3: {"notes": "here", "client": None}, 37: {"sales_id": "S36"}})
    there = pair.there()
    assert pair.sync("push").code == 0
    assert pair.do("undo", "-w", pair.remote, "--yes").code == 0
    assert pair.there() == there
    looked = pair.result("diff")
    assert (looked["local"], looked["remote"], looked["conflicts"]) == (0, 3, 0)
    log = pair.do("log", "-w", pair.remote).out
    assert "sync push" in log
    assert "undone by 2" in log


def test_undo_of_a_push_of_a_password_is_refused_whole(pair: Pair) -> None:
    pair.type_here(VENDOR_CREDENTIALS, {2: {"password": "another"}})
    pair.type_here(SALES, {3: {"notes": "here"}})
    assert pair.sync("push").code == 0
    there = pair.there()
    done = pair.do("undo", "-w", pair.remote, "--yes")
    assert done.code == 4
    assert len(done.err.splitlines()) == 1
    assert pair.there() == there


# --- sync watch


def test_one_round(pair: Pair) -> None:
    pair.type_here(SALES, {2: {"notes": "here"}, 5: {"notes": "here"}})
    pair.type_there(SALES, {3: {"notes": "there"}, 5: {"notes": "there"}})
    done = pair.real("watch", "--once", "--json")
    assert done.code == 1
    told = done.json
    assert {name: told["result"][name] for name in ("pulled", "pushed", "rounds")} == {"pulled": 1, "pushed": 1, "rounds": 1}
    assert [(finding["code"], finding["row"]) for finding in told["findings"]] == [(CONFLICT, 5)]
    assert pair.both(SALES, 2, "Notes") == ("here", "here")
    assert pair.both(SALES, 3, "Notes") == ("there", "there")
    assert pair.both(SALES, 5, "Notes") == ("here", "there")
    assert pair.real("watch", "--once", "--prefer", "Notes=local").code == 0
    assert pair.both(SALES, 5, "Notes") == ("here", "here")
    assert [t.entry.command for t in pair.google.store(pair.key).log()] == ["sync watch", "sync watch"]


def test_round_after_round_until_it_is_stopped(pair: Pair) -> None:
    """What is typed on either side reaches the other; a conflict is told once; a Ctrl-C ends it with what it did."""
    pair.type_here(SALES, {5: {"notes": "here"}})
    pair.type_there(SALES, {5: {"notes": "there"}})
    with pair.watching() as watch:
        watch.until(lambda: pair.server.count("read") >= 2)
        pair.type_there(SALES, {3: {"notes": "there"}})
        watch.until(lambda: pair.both(SALES, 3, "Notes") == ("there", "there"))
        pair.type_here(SALES, {2: {"notes": "here"}})
        watch.until(lambda: pair.both(SALES, 2, "Notes") == ("here", "here"))
        watch.two_rounds()
        done = watch.stop(signal.SIGINT)
    assert done.code == 1
    assert done.out.count("Notes is 'here' here and 'there' there") == 1
    assert re.search(r"\b1 cells? pulled, 1 pushed", done.err)
    assert "Traceback" not in done.out + done.err


def test_a_round_goes_on_after_one_that_failed(pair: Pair) -> None:
    """Once it runs, a failure is told and the next round tries again."""
    pair.type_here(SALES, {2: {"notes": "here"}})
    with pair.watching() as watch:
        watch.until(lambda: pair.both(SALES, 2, "Notes") == ("here", "here"))
        pair.clear_there(PURCHASES, range(2, LINES + 2))
        watch.two_rounds()
        pair.type_there(PURCHASES, {row: {"purchase_id": f"P_{row}"} for row in range(2, LINES + 2)})
        watch.until(lambda: pair.both(PURCHASES, LINES + 1, "PurchaseID")[0] == f"P_{LINES + 1}")
        done = watch.stop(signal.SIGTERM)
    assert done.code == 1
    assert f"{PURCHASES} would have 0 rows in place of {LINES}" in done.out
    assert "Traceback" not in done.out + done.err


# --- passwords


SECRETS = [(sheet.name, column.name) for sheet in MANIFEST for column in sheet.columns if column.secret and not sheet.extension]


def unpacked_journals(pair: Pair) -> str:
    """All that both journals hold, as text."""
    files = (pair.path.with_name(pair.path.name + ".ticketops") / "journal").glob("*.gz")
    texts = [gzip.decompress(file.read_bytes()).decode() for file in files]
    packed = ""
    for row in [*pair.server.rows(pair.key, "_JOURNAL")[1:], ["end"]]:
        cells = [str(cell) if cell is not None else "" for cell in row]
        if cells[0] and packed:
            texts.append(gzip.decompress(base64.b64decode(packed)).decode())
            packed = ""
        texts += cells[:9]
        packed += cells[9] if len(cells) > 9 else ""
    return "\n".join(texts)


def test_no_password_comes_out_of_it(pair: Pair) -> None:
    """Those that stood in both copies, those that changed here or there, and on both: they reach the other copy, and stand in no output, no
    state, no journal."""
    canary = "Pw-Zeisig-7731"
    assert {sheet for sheet, _ in SECRETS} >= {UNITS, DISTRIBUTION, PURCHASES, STAFF_QUEUE, VENDOR_CREDENTIALS}
    row = {sheet: MANIFEST[sheet].header_row + 1 for sheet, _ in SECRETS}
    for sheet, column in SECRETS:
        pair.type_here(sheet, {row[sheet]: {column: f"{canary}-both-{column}"}, row[sheet] + 1: {column: f"{canary}-old-{column}"}})
    said = [pair.sync("push", "-n"), pair.sync("push", "-n", "--json"), pair.real("push", "--debug")]
    for sheet, column in SECRETS:
        pair.type_here(sheet, {row[sheet]: {column: f"{canary}-here-{column}"}})
        pair.type_there(sheet, {row[sheet] + 1: {column: f"{canary}-there-{column}"}})
    said += [pair.sync("diff"), pair.sync("diff", "--json"), pair.sync("pull", "-n"), pair.sync("pull", "-n", "--json")]
    said += [pair.sync("pull", "--json"), pair.real("push", "--debug")]
    assert [done.code for done in said] == [0] * len(said)
    here = pair.here()
    assert here == pair.there()
    assert sum(isinstance(value, str) and canary in value for value in here.values()) == 2 * len(SECRETS)
    assert sum(isinstance(value, str) and f"{canary}-here" in value for value in here.values()) == len(SECRETS)
    assert sum(isinstance(value, str) and f"{canary}-there" in value for value in here.values()) == len(SECRETS)

    for sheet, column in SECRETS:
        pair.type_here(sheet, {row[sheet]: {column: f"{canary}-one-{column}"}})
        pair.type_there(sheet, {row[sheet]: {column: f"{canary}-two-{column}"}})
    torn = [
        pair.real(*words)
        for words in (["diff"], ["diff", "--json"], ["pull", "--debug"], ["push", "--json"], ["watch", "--once", "--debug"])
    ]
    assert {done.code for done in torn} == {1}
    assert all("•••" in done.out for done in torn)
    with meanwhile(pair, lambda: pair.type_there(VENDOR_CREDENTIALS, {2: {"password": f"{canary}-three"}}), request=is_second_look):
        refused = pair.real("push", "--prefer", "local", "--debug")
    assert refused.code != 0
    assert "Traceback" in refused.err
    said += [*torn, refused, pair.sync("pull", "--prefer", "remote", "--json"), pair.do("log", "-w", str(pair.path), "--json")]
    said += [
        pair.do("log", "-w", pair.remote),
        pair.do("undo", "-w", pair.remote, "--dry-run"),
        pair.do("undo", "-w", pair.remote, "--yes"),
    ]

    assert "Zeisig" not in "".join(done.out + done.err for done in said)
    assert "Zeisig" not in unpacked_journals(pair)
    assert "Notes" in unpacked_journals(pair) or "password" in unpacked_journals(pair)
    kept = [path for folder in (pair.state, pair.google.folder / "state") for path in folder.rglob("*") if path.is_file()]
    assert len(kept) > 3
    for path in kept:
        assert b"Zeisig" not in path.read_bytes()
        if path.suffix == ".ipc":
            assert not any("Zeisig" in str(value) for column in pl.read_ipc(path) for value in column)
    for kept_sheet in pair.server.spreadsheet(pair.key).sheets:
        if is_internal(kept_sheet.title):
            assert "Zeisig" not in str(pair.server.rows(pair.key, kept_sheet.title))
    assert (pair.state / "secret.key").stat().st_mode & 0o077 == 0
    assert pair.state.stat().st_mode & 0o077 == 0


# --- full size


MEASURED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.slow
def test_full_size(google: Google, tmp_path: Path, environment: None, capsys: pytest.CaptureFixture[str]) -> None:
    """12,000 tickets go into an empty spreadsheet, within Google's quota; then a day of edits on either side. `-s` shows what it takes."""
    path = tmp_path / "full.xlsx"
    assert run_cli("sample", "full", str(path)).code == 0
    key = google.server.new_spreadsheet("Event", {"Sheet1": []}, {google.email: "writer"}, tight=True)
    google.server.quota = True
    pair = Pair(google, path, key, capsys.readouterr)

    def step(what: str, most: int) -> str:
        """Run it; at most so many requests, none of them refused."""
        asked, began = len(google.server.log), time.monotonic()
        words = [sys.executable, "-c", MEASURED, sys.executable, "-m", "ticketops", *pair.words(what)]
        done = subprocess.run(words, env=pair.surroundings, capture_output=True, text=True, check=True)
        made = [call for call in google.server.log[asked:] if call.kind != "token"]
        size = int(done.stderr.splitlines()[-1]) / 1024
        with capsys.disabled():
            print(f"\n{what}: {time.monotonic() - began:.1f} s, {len(made)} requests, {size:.0f} MB", end="")
        assert {call.status for call in made} == {200}
        assert len(made) <= most
        return done.stdout

    step("push", 60)
    assert step("diff", 2).startswith("both copies say the same")
    before = pair.here()
    assert pair.there() == before

    chance = random.Random(7)
    columns = {DISTRIBUTION: ("notes", "first_name", "comment", "delivery", "sold"), UNITS: ("alloc_note", "block", "seat"),
               SALES: ("notes", "contract"), PURCHASES: ("game", "contract"), STAFF_QUEUE: ("staff_notes", "assigned_to")}  # fmt: skip
    spots: set[tuple[str, int, str]] = set()
    while len(spots) < 1000:
        sheet = chance.choice(list(columns))
        spots.add((sheet, chance.randint(MANIFEST[sheet].header_row + 1, 1500), chance.choice(columns[sheet])))
    here: dict[str, dict[int, dict[str, Any]]] = {}
    there: dict[str, dict[int, dict[str, Any]]] = {}
    expected = dict(before)
    for number, (sheet, row, column) in enumerate(chance.sample(sorted(spots), len(spots))):
        value = True if column == "sold" else chance.choice((None, f"edit {number}", "0012", "=1+1"))
        (here, there)[number % 2].setdefault(sheet, {}).setdefault(row, {})[column] = value
        expected.pop((sheet, row, MANIFEST[sheet].by_name[column].header), None)
        if value is not None:
            expected[sheet, row, MANIFEST[sheet].by_name[column].header] = value
    for sheet in columns:
        pair.type_here(sheet, here[sheet])
        pair.type_there(sheet, there[sheet])
    for what, most in (("pull", 2), ("push", 6), ("diff", 2)):
        said = step(what, most)
    assert said.startswith("both copies say the same")
    assert pair.here() == expected
    assert pair.there() == expected
