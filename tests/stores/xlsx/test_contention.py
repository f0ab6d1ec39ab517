"""Many hands on one workbook: every commit lands, none is lost, and nobody's work is overwritten.
That many writers get along is tested on a file and on a Google Sheet.

The module is its own child program: `python test_contention.py ROLE {json}`.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from tests.database import Database
from tests.online import Google
from ticketops import config
from ticketops.cli.main import run
from ticketops.domain.audit import checks
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.engine.opening import open_store
from ticketops.engine.transaction import carry_out, new_run
from ticketops.errors import ConflictError, RuleError
from ticketops.model.ids import split_unit_ids
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES, SCHEDULE, UNITS
from ticketops.schema.tables import Snapshot
from ticketops.services import allocation, purchasing, selling
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
DAY = datetime(2026, 4, 17)
EACH = 2
"""Tickets and units a line."""


def buy(quantity: int = EACH) -> Job:
    return purchasing.purchase_add(
        [PurchaseLine("M01", "Viagogo", "000777", "Cat 1", quantity, Decimal("120.50"), "USD", DAY)]
    )


def sell(lines: int = 1) -> Job:
    return selling.sale_add(
        Order("Meridian", "USD", DAY), [SaleLine("M01", "Cat 1", EACH, Decimal(350))] * lines
    )


# --- the workbook


class OnFile:
    """A workbook file. environment: of the children."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.environment: dict[str, str] = {}

    def rows(self, sheet: str) -> list[tuple[Any, ...]]:
        """As openpyxl reads them."""
        book = openpyxl.load_workbook(self.name, read_only=True)
        rows = list(book[sheet].iter_rows(values_only=True))
        book.close()
        return rows

    def store(self) -> Any:
        return XlsxStore(Path(self.name), layout=EVENT)


class Online:
    """A Google Sheet."""

    def __init__(self, google: Google) -> None:
        self._google, self._key = google, google.new()
        self.name = f"gsheet:{self._key}"
        self.environment = google.environment()

    def rows(self, sheet: str) -> list[tuple[Any, ...]]:
        """As the server holds them."""
        rows = self._google.server.rows(self._key, sheet)
        width = max(map(len, rows))
        return [tuple(row + [None] * (width - len(row))) for row in rows]

    def store(self) -> Any:
        return self._google.store(self._key, machine="here")


class InDatabase:
    """An event in a database."""

    def __init__(self, database: Database) -> None:
        self.name = database.url(database.new())
        self.environment: dict[str, str] = {}

    def rows(self, sheet: str) -> list[tuple[Any, ...]]:
        """As the store holds them."""
        return [tuple(row) for row in self.store().raw_rows(sheet)[sheet]]

    def store(self) -> Any:
        return open_store(self.name, config.load({}))


@pytest.fixture
def place(request: pytest.FixtureRequest) -> OnFile | Online | InDatabase:
    """An empty workbook."""
    if request.param == "postgres":
        return InDatabase(request.getfixturevalue("database"))
    if request.param == "xlsx":
        return OnFile(request.getfixturevalue("empty"))
    return Online(request.getfixturevalue("google"))


def _open(name: str) -> Any:
    """The store of a workbook, as a child opens it."""
    return (
        open_store(name, config.load({}))
        if name.startswith(("gsheet:", "postgresql:"))
        else XlsxStore(Path(name), layout=EVENT)
    )


# --- the children


def _worker(path: str, number: int, rounds: int, careless: bool) -> None:
    """Commits, one after the other, and says what came of each."""
    if careless and path.startswith("gsheet:"):
        _take_the_guards_away_online()
    elif careless:
        _take_the_guards_away(Path(path))
    _say(ready=True)
    sys.stdin.readline()
    for nth in range(rounds):
        job = (buy(), sell(), allocation.allocate_commit(f"S{number * rounds + nth + 1}"))[nth % 3]
        try:
            done = carry_out(
                _open(path), _slow(job) if careless else job, new_run(f"worker {number}")
            )
        except Exception as error:
            if not careless:
                raise
            _say(failed=f"{type(error).__name__}: {error}")
        else:
            assert done.written
            result = done.plan.result
            _say(
                done=nth,
                purchases=getattr(result, "purchase_ids", []),
                sales=getattr(result, "sales_ids", []),
                units=getattr(result, "unit_ids", []),
            )


def _take_the_guards_away(path: Path) -> None:
    """No lock; and whoever looks whether the file has changed sees the file as this round read it
    first."""
    import filelock

    from ticketops.stores.xlsx import package

    class NoLock:
        def __init__(self, *_: Any) -> None:
            pass

        def acquire(self, **_: Any) -> None:
            pass

        def release(self) -> None:
            pass

    filelock.FileLock = NoLock  # type: ignore[assignment, misc]
    read_regular, opened = package.read_regular, XlsxStore.__init__
    seen: list[bytes] = []

    def read(file: Path, most: int) -> bytes:
        if file != path:
            return read_regular(file, most)
        if not seen:
            seen.append(read_regular(file, most))
        return seen[0]

    def fresh(self: XlsxStore, *args: Any, **more: Any) -> None:
        seen.clear()
        opened(self, *args, **more)

    package.read_regular = read
    XlsxStore.__init__ = fresh  # type: ignore[method-assign]


def _take_the_guards_away_online() -> None:
    """A lock of one's own, no second look, and whoever asks whether the sheet has moved hears what
    was read first."""
    from ticketops.stores.gsheets import lock
    from ticketops.stores.gsheets.store import GoogleSheetStore

    lock.LOCK = f"_OWN_LOCK_{os.getpid()}"
    locked = GoogleSheetStore.locked

    @contextmanager
    def unaware(self: GoogleSheetStore, entry: Entry) -> Iterator[None]:
        seen = self._control
        with locked(self, entry):
            self._control = seen
            yield

    GoogleSheetStore.locked = unaware  # type: ignore[method-assign]
    GoogleSheetStore._look_again = lambda self, looks, edits: {}  # type: ignore[method-assign]


def _slow(job: Job) -> Job:
    """A plan that takes its time, so that the others surely come in between."""

    def plan(snapshot: Snapshot, now: Run) -> Plan:
        time.sleep(0.03)
        return job.plan(snapshot, now)

    return replace(job, plan=plan)


def _reader(path: str) -> None:
    """Looks at the workbook again and again: every look finds whole transactions."""
    _say(ready=True)
    looks = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        tables = _open(path).read(SALES, DISTRIBUTION, PURCHASES, UNITS)
        rows = {name: tables[name].frame.height for name in (SALES, DISTRIBUTION, UNITS)}
        assert rows[DISTRIBUTION] == EACH * rows[SALES], rows
        assert tables[PURCHASES].frame["number"].sum() == rows[UNITS], rows
        assert checks.audit(tables)[1] == []
        if looks % 10 == 0:
            log = _open(path).log()
            assert [t.number for t in log] == list(range(1, len(log) + 1))
        looks += 1
    _say(looks=looks)


def _holder(path: str, seconds: float) -> None:
    """Takes the lock and keeps it."""
    with XlsxStore(Path(path), layout=EVENT).locked(
        Entry("R20260417-090000", "sale expand", "anna", DAY)
    ):
        _say(held=os.getpid())
        select.select([sys.stdin], [], [], seconds)
    _say(released=True)


ROLES = {"worker": _worker, "reader": _reader, "holder": _holder}


def _say(**words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


class Child:
    """A process in one of the roles above."""

    def __init__(
        self, role: str, path: Path | str, environment: dict[str, str] | None = None, **words: Any
    ) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
        command = [sys.executable, __file__, role, json.dumps({"path": str(path), **words})]
        self.process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=inherited | {"PYTHONPATH": str(ROOT)} | (environment or {}),
        )

    def read_edits(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr
            pytest.fail(self.process.stderr.read().decode())
        return dict(json.loads(line))

    def go(self) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def rest(self, timeout: float = 600) -> list[dict[str, Any]]:
        """All it still says until it ends."""
        out, err = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0, err.decode()
        return [json.loads(line) for line in out.splitlines()]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)


@contextmanager
def children() -> Iterator[list[Child]]:
    """A list of children, none of which outlives the test."""
    made: list[Child] = []
    try:
        yield made
    finally:
        for child in made:
            if child.process.poll() is None or (
                child.process.stdout and not child.process.stdout.closed
            ):
                child.kill()


# --- many writers


def _event(store: Any, sales: int) -> None:
    """A workbook with `sales` sales that nobody has allocated, and stock for them."""
    carry_out(store, buy(EACH * sales), new_run("tester"))
    carry_out(store, sell(sales), new_run("tester"))


def _contend(
    place: OnFile | Online | InDatabase,
    processes: int,
    rounds: int,
    *,
    careless: bool = False,
    readers: int = 0,
) -> list[dict[str, Any]]:
    """Everything that the workers said."""
    _event(place.store(), processes * rounds)
    with children() as made:
        for number in range(processes):
            made.append(
                Child(
                    "worker",
                    place.name,
                    place.environment,
                    number=number,
                    rounds=rounds,
                    careless=careless,
                )
            )
        for _ in range(readers):
            made.append(Child("reader", place.name, place.environment))
        for child in made:
            assert child.read_edits() == {"ready": True}
        for child in made[:processes]:
            child.go()
        said = [word for child in made[:processes] for word in child.rest()]
        for child in made[processes:]:
            assert child.rest()[0]["looks"] > 0
    return said


def _missing(
    place: OnFile | Online | InDatabase, said: list[dict[str, Any]]
) -> dict[str, set[str]]:
    """What was acknowledged but is not in the workbook."""

    def column(sheet: str, header: str, row: int = 1) -> list[str]:
        rows = place.rows(sheet)[row - 1 :]
        at = rows[0].index(header)
        return [str(values[at]) for values in rows[1:] if values[at]]

    held = {
        "purchases": column(PURCHASES, "PurchaseID"),
        "sales": column(SALES, "SalesID"),
        "units": [
            unit
            for cell in column(DISTRIBUTION, "AllocatedUnitIDs", 2)
            for unit in split_unit_ids(cell)
        ],
    }
    return {
        what: {one for word in said for one in word.get(what, [])} - set(ids)
        for what, ids in held.items()
    }


@pytest.mark.parametrize(
    ("place", "processes", "rounds"),
    [
        ("xlsx", 4, 5),
        ("gsheets", 3, 2),
        ("postgres", 4, 5),
        *(
            pytest.param(*chosen, marks=pytest.mark.slow)
            for chosen in (("xlsx", 8, 25), ("gsheets", 5, 8), ("postgres", 8, 25))
        ),
    ],
    indirect=["place"],
)
def test_nothing_is_lost(place: OnFile | Online | InDatabase, processes: int, rounds: int) -> None:
    total = processes * rounds
    said = _contend(place, processes, rounds, readers=1)
    assert len([word for word in said if "done" in word]) == total
    assert _missing(place, said) == {"purchases": set(), "sales": set(), "units": set()}

    tables = place.store().read(PURCHASES, SALES, UNITS, DISTRIBUTION)
    kinds = Counter(
        "bought" if word["purchases"] else "sold" if word["sales"] else "allocated" for word in said
    )
    assert kinds.total() == total
    assert tables[PURCHASES].frame.height == 1 + kinds["bought"]
    assert tables[SALES].frame.height == total + kinds["sold"]
    assert tables[UNITS].frame.height == EACH * (total + kinds["bought"])
    assert tables[DISTRIBUTION].frame.height == EACH * (total + kinds["sold"])
    for sheet, column in (
        (UNITS, "unit_id"),
        (SALES, "sales_id"),
        (SALES, "source_sale_id"),
        (PURCHASES, "purchase_id"),
        (DISTRIBUTION, "line_key"),
    ):
        values = tables[sheet].frame[column].to_list()
        assert len(set(values)) == len(values), f"{sheet} {column}"
    given = [
        unit
        for cell in tables[DISTRIBUTION].frame["unit_ids"].drop_nulls()
        for unit in split_unit_ids(cell)
    ]
    assert len(given) == len(set(given)) == EACH * kinds["allocated"], "a unit was given twice"
    result, findings = checks.audit(tables)
    assert (result.invariant_holds, findings) == (True, [])

    log = place.store().log()
    assert [t.number for t in log] == list(range(1, 2 + total + 1))
    assert all(
        later.revision_before == earlier.revision_after
        for earlier, later in itertools.pairwise(log)
    )
    assert log[-1].revision_after == place.store().read(SALES).revision
    assert {t.entry.user for t in log[2:]} == {f"worker {n}" for n in range(processes)}


@pytest.mark.parametrize("rounds", [3, pytest.param(12, marks=pytest.mark.slow)])
def test_events_do_not_wait_for_each_other(database: Database, rounds: int) -> None:
    """Eight processes, each on an event of its own in the same tables."""
    names = [database.url(database.new()) for _ in range(8 if rounds > 3 else 2)]
    stores = [open_store(name, config.load({})) for name in names]
    for store in stores:
        _event(store, rounds)
    with children() as made:
        made += [Child("worker", name, number=0, rounds=rounds, careless=False) for name in names]
        for child in made:
            assert child.read_edits() == {"ready": True}
        for child in made:
            child.go()
        said = [child.rest() for child in made]
    assert [len(words) for words in said] == [rounds] * len(names)
    for store in stores:
        result, findings = checks.audit(store.read(DISTRIBUTION, UNITS))
        assert (result.invariant_holds, findings) == (True, [])
        assert len(store.log()) == 2 + rounds


@pytest.mark.parametrize(
    "place", ["xlsx", pytest.param("gsheets", marks=pytest.mark.slow)], indirect=True
)
def test_without_lock_and_revision_check_work_is_lost(place: OnFile | Online) -> None:
    """The control: the test above can fail."""
    said = _contend(place, 4, 6, careless=True)
    acknowledged = [word for word in said if "done" in word]
    assert len(acknowledged) > 6
    lost = _missing(place, acknowledged)
    assert sum(map(len, lost.values())) > 0


def test_through_the_command_line(empty: Path, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {
        "PYTHONPATH": str(ROOT)
    }
    words = [
        "sale",
        "add",
        "-w",
        str(empty),
        "--client",
        "Meridian",
        "--line",
        "M01:Cat 1:2@350",
        "--json",
    ]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "ticketops", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=environment,
        )
        for _ in range(6)
    ]
    results = [json.loads(process.communicate(timeout=120)[0]) for process in running]
    assert [process.returncode for process in running] == [0] * 6
    assert sorted(one for result in results for one in result["result"]["sales_ids"]) == [
        f"S{n}" for n in range(1, 7)
    ]
    assert XlsxStore(empty, layout=EVENT).read(DISTRIBUTION)[DISTRIBUTION].frame.height == 12


# --- the lock


SALE = ("sale", "add", "--client", "Meridian", "--line", "M01:Cat 1:2@350")
READING = (
    ("status",),
    ("audit", "run"),
    ("report", "position"),
    ("log",),
    ("doctor",),
    (*SALE, "--dry-run"),
)


def test_a_lock_that_is_kept_too_long(
    cli: Any, empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = empty.read_bytes()
    with children() as made:
        made.append(Child("holder", empty, seconds=60))
        pid = made[0].read_edits()["held"]
        began = time.monotonic()
        refused = cli(*SALE, "-w", str(empty), env={"TICKETOPS_LOCK_TIMEOUT": "0.4"})
        assert time.monotonic() - began < 10
        assert refused.code == 5
        assert refused.out == ""
        assert len(refused.err.splitlines()) == 1
        for named in ("event.xlsx", "anna", "sale expand", str(pid)):
            assert named in refused.err
        monkeypatch.setenv("TICKETOPS_LOCK_TIMEOUT", "0")
        assert run([*SALE, "-w", str(empty), "--json"]) == 5
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "LOCKED"
        for words in READING:
            assert run([*words, "-w", str(empty)]) == 0, words
        assert empty.read_bytes() == before

        os.kill(pid, signal.SIGKILL)
        made[0].process.wait(10)
        done = cli(*SALE, "-w", str(empty), env={"TICKETOPS_LOCK_TIMEOUT": "0.4"})
        assert done.code == 0, done.err
    assert not (empty.parent / "event.xlsx.ticketops" / "lock.json").exists()


def test_a_lock_that_is_let_go_in_time(cli: Any, empty: Path) -> None:
    with children() as made:
        made.append(Child("holder", empty, seconds=0.8))
        made[0].read_edits()
        done = cli(*SALE, "-w", str(empty))
        assert done.code == 0, done.err
        assert made[0].rest() == [{"released": True}]


def excel_mark(path: Path, owner: str) -> Path:
    """What Excel writes beside a workbook that it has open."""
    name = owner.encode("cp1252")
    mark = path.with_name(f"~${path.name}")
    mark.write_bytes(
        bytes([len(name)])
        + name.ljust(54)
        + len(owner).to_bytes(2, "little")
        + owner.ljust(54).encode("utf-16-le")
    )
    return mark


def office_mark(path: Path, content: str) -> Path:
    """What LibreOffice writes: own name, login, host, time and profile."""
    mark = path.with_name(f".~lock.{path.name}#")
    mark.write_text(content, "utf-8")
    return mark


@pytest.mark.parametrize(
    ("program", "owner", "named"),
    [
        ("excel", "Zoë Müller", ["Excel", "Zoë Müller"]),
        ("excel", "", ["Excel", "somebody"]),
        (
            "office",
            "Zoë Müller,zoe,desk7,17.04.2026 09:00,file:///home/zoe/.config/libreoffice/4;",
            ["LibreOffice", "Zoë Müller", "desk7"],
        ),
        (
            "office",
            ",zoe,desk7,17.04.2026 09:00,file:///home/zoe/.config/libreoffice/4;",
            ["LibreOffice", "zoe", "desk7"],
        ),
        ("office", "", ["LibreOffice", "somebody"]),
    ],
)
def test_open_in_a_spreadsheet_program(
    empty: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    owner: str,
    named: list[str],
) -> None:
    assert run([*SALE, "-w", str(empty)]) == 0
    capsys.readouterr()
    mark = excel_mark(empty, owner) if program == "excel" else office_mark(empty, owner)
    before = empty.read_bytes()
    monkeypatch.setenv("TICKETOPS_LOCK_TIMEOUT", "0.2")
    for words in (SALE, ("audit", "run", "--write"), ("undo", "--yes")):
        assert run([*words, "-w", str(empty)]) == 5
        err = capsys.readouterr().err
        assert len(err.splitlines()) == 1
        for text in (*named, mark.name):
            assert text in err
    for words in READING:
        assert run([*words, "-w", str(empty)]) == 0
    assert empty.read_bytes() == before
    mark.unlink()
    assert run([*SALE, "-w", str(empty)]) == 0


def test_a_mark_that_cannot_be_read(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It may be another user's, or vanish while it is looked at."""
    for name in (f"~${empty.name}", f".~lock.{empty.name}#"):
        mark = empty.with_name(name)
        mark.mkdir()
        assert run([*SALE, "-w", str(empty)]) == 5
        assert "somebody" in capsys.readouterr().err
        mark.rmdir()


def test_opened_in_excel_while_we_wait_for_the_lock(cli: Any, empty: Path) -> None:
    before = empty.read_bytes()
    with children() as made:
        made.append(Child("holder", empty, seconds=60))
        made[0].read_edits()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")} | {
            "PYTHONPATH": str(ROOT)
        }
        words = [sys.executable, "-m", "ticketops", *SALE, "-w", str(empty)]
        with subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        ) as waiting:
            time.sleep(1.5)
            assert waiting.poll() is None, "it does not wait"
            excel_mark(empty, "Zoë")
            made[0].go()
            _, err = waiting.communicate(timeout=30)
            assert waiting.returncode == 5
            assert "Zoë" in err.decode()
        assert made[0].rest() == [{"released": True}]
    assert empty.read_bytes() == before


# --- another program


def save_elsewhere(
    path: Path, *, sheet: str = SCHEDULE, cell: str = "Z9", value: Any = "typed by somebody"
) -> bytes:
    """Another program opens the workbook, changes a cell and saves it."""
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)
    return path.read_bytes()


def cell_of(path: Path, sheet: str, cell: str) -> Any:
    book = openpyxl.load_workbook(path)
    return book[sheet][cell].value


def test_saved_elsewhere_before_the_commit(empty: Path) -> None:
    """The store itself never writes on a state that it has not seen."""
    store = XlsxStore(empty, layout=EVENT)
    job = sell()
    now = new_run("tester")
    snapshot = store.read(*job.sheets)
    plan = job.plan(snapshot, now)
    theirs = save_elsewhere(empty)
    with pytest.raises(ConflictError) as refused:
        store.commit(
            plan.changes, snapshot.revision, Entry(now.run_id, job.label, now.user, now.now)
        )
    assert refused.value.exit_code == 5
    assert empty.read_bytes() == theirs
    assert XlsxStore(empty, layout=EVENT).log() == []


def test_saved_elsewhere_while_we_planned(empty: Path) -> None:
    """The job is planned anew on what the other program left, and both changes are there."""
    job = sell()
    plans = []

    def plan(snapshot: Snapshot, now: Run) -> Plan:
        made = job.plan(snapshot, now)
        if not plans:
            save_elsewhere(empty)
        plans.append(made)
        return made

    assert carry_out(
        XlsxStore(empty, layout=EVENT), replace(job, plan=plan), new_run("tester")
    ).written
    assert len(plans) == 2
    assert cell_of(empty, SCHEDULE, "Z9") == "typed by somebody"
    assert cell_of(empty, SALES, "L2") == "S1"


@pytest.mark.parametrize("harmless", [True, False])
def test_saved_elsewhere_while_somebody_was_asked(empty: Path, harmless: bool) -> None:
    """Whoever said yes said it to a plan; another one is not carried out."""
    carry_out(XlsxStore(empty, layout=EVENT), buy(), new_run("tester"))
    carry_out(XlsxStore(empty, layout=EVENT), sell(), new_run("tester"))
    theirs = b""

    def confirm(_plan: Plan, _snapshot: Snapshot) -> bool:
        nonlocal theirs
        theirs = (
            save_elsewhere(empty)
            if harmless
            else save_elsewhere(empty, sheet=UNITS, cell="I2", value="CANCELLED")
        )
        return True

    if harmless:
        assert carry_out(
            XlsxStore(empty, layout=EVENT),
            allocation.allocate_auto(),
            new_run("tester"),
            confirm=confirm,
        ).written
        assert cell_of(empty, SCHEDULE, "Z9") == "typed by somebody"
        return
    with pytest.raises(ConflictError):
        carry_out(
            XlsxStore(empty, layout=EVENT),
            allocation.allocate_auto(),
            new_run("tester"),
            confirm=confirm,
        )
    assert empty.read_bytes() == theirs
    assert len(XlsxStore(empty, layout=EVENT).log()) == 2


def test_allocated_by_somebody_else_in_the_meantime(empty: Path) -> None:
    _event(XlsxStore(empty, layout=EVENT), 1)
    job = allocation.allocate_commit("S1")

    def plan(snapshot: Snapshot, now: Run) -> Plan:
        made = job.plan(snapshot, now)
        carry_out(XlsxStore(empty, layout=EVENT), job, new_run("a quicker one"))
        return made

    with pytest.raises(RuleError, match="already allocated"):
        carry_out(XlsxStore(empty, layout=EVENT), replace(job, plan=plan), new_run("tester"))
    assert [t.entry.user for t in XlsxStore(empty, layout=EVENT).log()][2:] == ["a quicker one"]
    assert checks.audit(XlsxStore(empty, layout=EVENT).read(DISTRIBUTION, UNITS))[1] == []


@pytest.mark.parametrize("in_place", [True, False], ids=["rewritten in place", "replaced"])
def test_saved_elsewhere_at_the_last_moment(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    """When all is prepared and only the rename is missing."""
    carry_out(XlsxStore(empty, layout=EVENT), buy(), new_run("tester"))
    link = os.link
    theirs = b""

    def linked(source: Any, target: Any) -> None:
        nonlocal theirs
        link(source, target)
        if in_place:
            theirs = save_elsewhere(empty)
        else:
            theirs = save_elsewhere(Path(shutil.copy(empty, tmp_path / "theirs.xlsx")))
            os.rename(tmp_path / "theirs.xlsx", empty)

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", linked)
        with pytest.raises(ConflictError):
            carry_out(XlsxStore(empty, layout=EVENT), sell(), new_run("tester"))
    assert theirs
    assert empty.read_bytes() == theirs
    assert len(XlsxStore(empty, layout=EVENT).log()) == 1
    assert [path.name for path in empty.parent.iterdir() if path.name.endswith(".tmp")] == []
    carry_out(XlsxStore(empty, layout=EVENT), sell(), new_run("tester"))
    assert cell_of(empty, SCHEDULE, "Z9") == "typed by somebody"
    XlsxStore(empty, layout=EVENT).undo(Entry("R20260418-090000", "undo", "tester", DAY))
    assert empty.read_bytes() == theirs


@pytest.mark.parametrize("seed", range(2))
def test_saved_elsewhere_again_and_again(empty: Path, tmp_path: Path, seed: int) -> None:
    """Another program that saves while commits are made never loses a cell once it has seen our
    file."""
    chance = random.Random(seed)
    sold = 0
    for number in range(1, 6):
        if chance.random() < 0.6:
            save_elsewhere(empty, cell=f"Z{number}", value=number)
        carry_out(XlsxStore(empty, layout=EVENT), sell(), new_run("tester"))
        sold += 1
    assert XlsxStore(empty, layout=EVENT).read(SALES)[SALES].frame.height == sold


if __name__ == "__main__":
    ROLES[sys.argv[1]](**json.loads(sys.argv[2]))
