"""What a person at a terminal is asked before anything is written, and what becomes of yes, no,
Enter and the end of the input."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from tests.cli.terminal import END, ENTER, at_terminal
from tests.conftest import Result, Runner, run_cli
from tests.desk import Desk, everything
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.engine.job import Job
from ticketops.engine.transaction import carry_out
from ticketops.schema.layouts.event import PURCHASES, SALES, UNITS
from ticketops.services import purchasing

BUY = ("purchase", "add", "--match", "M01", "--vendor", "V", "--line", "Cat 1:3@120.50")
WHAT = "Purchases: 1 new row; _PURCHASE_UNITS: 3 new rows; _PURCHASE_META: 3 new rows"
QUESTION = f"{WHAT} — write it? [Y/n]"


def journal(cli: Runner, path: Path) -> list[Any]:
    return cli("log", "-w", str(path), "--json").json["result"]["transactions"]


@pytest.mark.parametrize(
    "answer", ["y\n", "yes\n", "Y\n", ENTER, " \n"], ids=["y", "yes", "Y", "Enter", "a blank"]
)
def test_yes_writes(empty: Path, in_process: Runner, answer: str) -> None:
    done = at_terminal(*BUY, "-w", str(empty), typed=[answer])
    assert done.code == 0
    assert done.out.count(QUESTION) == 1
    assert done.out.count("P00001") == 1, "shown once, before the question"
    assert done.out.index("P00001") < done.out.index(QUESTION)
    (transaction,) = journal(in_process, empty)
    assert f"{transaction['run_id']}: {WHAT}\n" in done.out
    assert "not confirmed" not in done.out


@pytest.mark.parametrize(
    "answer", ["n\n", "no\n", "x\n", "nyes\n", END], ids=["n", "no", "x", "nyes", "end of input"]
)
def test_no_writes_nothing(empty: Path, in_process: Runner, answer: str) -> None:
    before = empty.read_bytes()
    done = at_terminal(*BUY, "-w", str(empty), typed=[answer])
    assert done.code == 4
    assert done.out.count(QUESTION) == 1
    assert done.out.rstrip().endswith("not confirmed: nothing was written")
    assert "Traceback" not in done.out
    assert empty.read_bytes() == before
    assert journal(in_process, empty) == []
    assert not list(empty.parent.glob("*.tmp"))


@pytest.mark.parametrize(
    ("more", "piped"),
    [(["-y"], False), (["--json"], False), ([], True)],
    ids=["-y", "--json", "a pipe"],
)
def test_who_is_not_asked(empty: Path, in_process: Runner, more: list[str], piped: bool) -> None:
    done = at_terminal(*BUY, "-w", str(empty), *more, piped=piped)
    assert done.code == 0
    assert "[Y/n]" not in done.out + done.err
    assert len(journal(in_process, empty)) == 1


def test_a_dry_run_asks_nothing_and_is_no_refusal(empty: Path) -> None:
    before = empty.read_bytes()
    done = at_terminal(*BUY, "-w", str(empty), "--dry-run")
    assert done.code == 0
    assert "[Y/n]" not in done.out
    assert "dry run: nothing was written" in done.out
    assert "not confirmed" not in done.out
    assert empty.read_bytes() == before


def test_nothing_to_do_asks_nothing_and_is_no_refusal(empty: Path) -> None:
    before = empty.read_bytes()
    done = at_terminal("sale", "expand", "-w", str(empty), typed=["n\n"])
    assert done.code == 0
    assert "[Y/n]" not in done.out
    assert "nothing to do: the workbook is up to date" in done.out
    assert empty.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "made"),
    [("n\n", False), (END, False), ("y\n", True)],
    ids=["n", "end of input", "y"],
)
def test_what_follows_a_commit_follows_only_a_yes(empty: Path, answer: str, made: bool) -> None:
    """Books are files of their own: no yes, no book."""
    assert (
        run_cli(
            "sale", "add", "--client", "Acme", "--line", "M06:Cat 2:2@350", "-w", str(empty)
        ).code
        == 0
    )
    folder = empty.parent / "books"
    done = at_terminal(
        "client", "build", "--all", "--out", str(folder), "-w", str(empty), typed=[answer]
    )
    assert done.code == (0 if made else 4), done.out
    assert bool(list(folder.glob("*.xlsx")) if folder.is_dir() else []) is made


# --- a dry run lists cells: the first two hundred on a terminal, all of them in a pipe


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """A workbook in which somebody gave a client of so many tickets another name: `sale expand`
    sets a cell a ticket and rewrites two sheets."""
    base = tmp_path_factory.mktemp("renamed")

    def make(tickets: int) -> Path:
        path = base / f"{tickets}.xlsx"
        assert run_cli("init", str(path)).code == 0
        assert run_cli(
            "sale", "add", "--client", "Acme", "--line", f"M06:Cat 2:{tickets}@350", "-w", str(path)
        ).code in (0, 1)
        book = openpyxl.load_workbook(path)
        sheet = book[SALES]
        sheet.cell(
            2, next(cell.column for cell in sheet[1] if cell.value == "Client")
        ).value = "Bolt Tours"
        book.save(path)
        return path

    return make


def listed(done: Result) -> list[str]:
    return [line for line in done.out.splitlines() if line.startswith(("Distribution!", "_SALES_"))]


@pytest.mark.parametrize(("cells", "cut"), [(199, 0), (200, 0), (201, 1), (203, 3)])
def test_how_many_cells_are_shown(
    renamed: Callable[[int], Path], tmp_path: Path, cells: int, cut: int
) -> None:
    path = Path(shutil.copy(renamed(cells - 2), tmp_path / "event.xlsx"))
    words = ("sale", "expand", "--dry-run", "-w", str(path))
    before = path.read_bytes()
    shown = at_terminal(*words)
    assert shown.code == 0
    assert len(listed(shown)) == min(cells, 200)
    more = f"… and {cut} cells more (a pipe or --json shows them all)"
    assert (more in shown.out) is bool(cut)
    assert ("cells more" in shown.out) is bool(cut)
    piped = at_terminal(*words, piped=True)
    assert len(listed(piped)) == cells
    assert "more" not in piped.out
    assert piped.out.splitlines().count(listed(piped)[0]) == 1
    assert "Acme → Bolt Tours" in listed(piped)[0]
    assert path.read_bytes() == before


# --- the same below the command line, where jobs have something that follows


def job_that_tells(told: list[str], **more: Any) -> Job:
    plain = purchasing.purchase_add(
        [PurchaseLine("M01", "V", "1", "Cat 1", 2, Decimal(100), "USD", datetime(2026, 4, 17))]
    )

    def follow(_plan: Any) -> list[Any]:
        told.append("done")
        return []

    return replace(plain, after_commit=follow, **more)


@pytest.mark.parametrize("always", [False, True])
def test_a_job_that_is_refused_is_not_written_and_nothing_follows(always: bool) -> None:
    desk, told = Desk(), list[str]()
    before = everything(desk.store)
    done = carry_out(
        desk.store,
        job_that_tells(told, always=always),
        desk.run(),
        confirm=lambda _plan, _snapshot: False,
    )
    assert (done.written, done.late, told) == (False, (), [])
    assert len(done.plan.changes.changes) > 0
    assert everything(desk.store) == before
    assert desk.store.log() == []


def test_a_job_that_is_confirmed_is_written_and_what_follows_follows() -> None:
    desk, told, asked = Desk(), list[str](), list[int]()

    def confirm(plan: Any, snapshot: Any) -> bool:
        asked.append(len(snapshot[UNITS].frame))
        assert told == []
        return True

    done = carry_out(desk.store, job_that_tells(told), desk.run(), confirm=confirm)
    assert (done.written, told, asked) == (True, ["done"], [0])
    assert (len(desk.rows(UNITS, "unit_id")), len(desk.rows(PURCHASES, "row"))) == (2, 1)
