"""Eight allocators at one workbook, killed at random: no unit twice, nothing half-written.

The module is its own child program: `python test_allocators.py PATH SEED` allocates and takes back
until it is killed.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.structs import replace

from tests.trail import given_back
from ticketops.domain.audit import checks
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.engine.transaction import carry_out, new_run
from ticketops.errors import BusyError, RuleError
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    ALLOCATION_PREVIEW,
    DISTRIBUTION,
    EVENT,
    SALES,
    UNITS,
)
from ticketops.services import allocation, purchasing, selling
from ticketops.stores.xlsx.store import XlsxStore

ROOT = Path(__file__).parents[3]
DAY = datetime(2026, 4, 17)
ALLOCATORS = 8
SECONDS = 70
USUAL_START = 3.0  # seconds until the first of them has written, on a quiet machine
SALE_SIZES = (1, 2, 3, 4, 6)
SALES_COUNT = 40
UNDO_ACTIONS = ("UNDO_SALE", "UNDO_SET")


# --- the children


def allocator(path: Path, seed: int) -> None:
    """Allocates, takes back and decides in the sheet, for ever."""
    chance = random.Random(seed)
    user = f"allocator {seed}"
    while True:
        sale = f"S{chance.randint(1, SALES_COUNT)}"
        try:
            for job in chance.choices(WORK, WEIGHTS)[0](sale, chance):
                carry_out(XlsxStore(path, layout=EVENT), job, new_run(user))
        except (RuleError, BusyError):
            pass  # nothing to do for this sale, or the others were quicker


def _auto(_sale: str, _chance: random.Random) -> list[Job]:
    return [allocation.allocate_auto()]


def _commit(sale: str, _chance: random.Random) -> list[Job]:
    return [allocation.allocate_commit(sale)]


def _process(sale: str, chance: random.Random) -> list[Job]:
    """A box is ticked, or a set is chosen in the preview; then it is carried out, by this one or by
    another."""
    if chance.random() < 0.5:
        return [
            _typed(DISTRIBUTION, sale, "process_now", lambda row: True),
            allocation.allocate_process(),
        ]
    choose = _typed(
        ALLOCATION_PREVIEW, sale, "chosen", lambda row: (row["options"] or "").split("(")[0] or None
    )
    return [allocation.allocate_preview(sale, write=True), choose, allocation.allocate_process()]


def _unallocate(sale: str, _chance: random.Random) -> list[Job]:
    return [
        allocation.override_unallocate(
            sale, "another one is to have them", set_id="", keep_seats=False, force=False
        )
    ]


def _unallocate_set(sale: str, chance: random.Random) -> list[Job]:
    """One of the sets that serve the sale, as far as this one knows."""
    set_id = f"PR{chance.randint(1, 12):04d}-S01"
    return [_of_a_set(sale, set_id, nth) for nth in range(3)]


def _of_a_set(sale: str, fallback: str, nth: int) -> Job:
    """Unallocates what the nth set of the sale gives it."""

    def plan(snapshot: Any, run: Run) -> Plan:
        units = snapshot[UNITS].frame
        own = (
            units.filter(units["sales_id"].str.starts_with(f"{sale}-").fill_null(False))["set_id"]
            .unique()
            .sort()
            .to_list()
        )
        set_id = own[nth % len(own)] if own else fallback
        return allocation.override_unallocate(
            sale, "the wrong set", set_id=set_id, keep_seats=False, force=False
        ).plan(snapshot, run)

    return replace(
        allocation.override_unallocate(sale, "", set_id="", keep_seats=False, force=False),
        plan=plan,
    )


WORK: tuple[Callable[[str, random.Random], list[Job]], ...] = (
    _auto,
    _commit,
    _process,
    _unallocate,
    _unallocate_set,
)
WEIGHTS = (1, 6, 3, 5, 4)


def _typed(sheet: str, sale: str, column: str, value: Callable[[dict[str, Any]], Any]) -> Job:
    """Somebody types into the first row of a sale."""

    def plan(snapshot: Any, run: Run) -> Plan:
        frame = snapshot[sheet].frame
        made = Plan()
        for row in (
            frame.filter(frame["sales_id"].str.starts_with(f"{sale}-").fill_null(False))
            .head(1)
            .iter_rows(named=True)
        ):
            made.changes.set(
                sheet, row["row"], row["sales_id"], {column: (row[column], value(row))}
            )
        return made

    return Job("purchase.add", plan, (sheet,), label="somebody types")


# --- the test


@contextmanager
def allocators(path: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """`count` children; whatever list the test makes of them, none outlives it."""
    made = [_start(path, seed) for seed in range(count)]
    try:
        yield made
    finally:
        for child in made:
            child.kill()
            child.communicate(timeout=30)


def _start(path: Path, seed: int) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TICKETOPS_")}
    environment |= {"PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1"}
    command = [sys.executable, __file__, str(path), str(seed)]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    )


def _event(path: Path) -> int:
    """Twelve sets for forty sales of different sizes; not quite enough for all. How many units
    there are."""
    sizes = [SALE_SIZES[n % len(SALE_SIZES)] for n in range(SALES_COUNT)]
    quantities = [3, 4, 5, 6, 8, 10, 12, 14, 10, 8, 12, 15]
    assert sum(quantities) < sum(sizes)
    store = XlsxStore(path, layout=EVENT)
    bought = [
        PurchaseLine("M01", f"Vendor {n % 3}", "000777", "Cat 1", q, Decimal(120), "USD", DAY)
        for n, q in enumerate(quantities)
    ]
    carry_out(store, purchasing.purchase_add(bought), new_run("tester"))
    carry_out(
        store,
        selling.sale_add(
            Order("Meridian", "USD", DAY),
            [SaleLine("M01", "Cat 1", n, Decimal(350)) for n in sizes],
        ),
        new_run("tester"),
    )
    return sum(quantities)


def ledgers(
    path: Path,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Tickets, units, sales and log rows as openpyxl reads them."""
    book = openpyxl.load_workbook(path, read_only=True)

    def rows(sheet: str, header_row: int = 1) -> list[dict[str, Any]]:
        found = [
            row
            for row in book[sheet].iter_rows(min_row=header_row, values_only=True)
            if any(v is not None for v in row)
        ]
        return [dict(zip(found[0], row, strict=False)) for row in found[1:]]

    result = rows(DISTRIBUTION, 2), rows(UNITS), rows(SALES), rows(ALLOC_LOG)
    book.close()
    return result


def _check(path: Path, total: int) -> Counter[str]:
    """All that must hold of the file as it lies there; how often each action stands in the log."""
    tickets, units, sales, log = ledgers(path)
    known = {unit["UnitID"]: unit for unit in units}
    assert len(known) == len(units) == total

    used = [ticket["AllocatedUnitIDs"] for ticket in tickets if ticket["AllocatedUnitIDs"]]
    assert len(used) == len(set(used)), "a unit in two rows"
    for ticket in tickets:
        unit_id = ticket["AllocatedUnitIDs"]
        assert (
            (ticket["Status"] == "ALLOCATED")
            == bool(unit_id)
            == (ticket["AllocatedCount"] == 1)
            == bool(ticket["Vendor"])
        ), ticket
        if unit_id:
            unit = known[unit_id]
            assert (unit["Status"], unit["AllocatedToSalesID"]) == ("ALLOCATED", ticket["ID"])
            assert ticket["RunID"]
            assert unit["AllocNote"][:16] >= ticket["RunID"], "a sale keeps the RunID of its first"
            assert unit["Vendor"] == ticket["Vendor"]
    for unit in units:
        if unit["UnitID"] not in used:
            assert (unit["Status"], unit["AllocatedToSalesID"], unit["AllocatedAt"]) == (
                "AVAILABLE",
                None,
                None,
            )

    for sale in sales:
        own = [
            bool(ticket["AllocatedUnitIDs"])
            for ticket in tickets
            if ticket["ID"].partition("-")[0] == sale["SalesID"]
        ]
        if sale["Status"] != "PENDING_APPROVAL":
            assert sale["Status"] == (
                "ALLOCATED" if all(own) else "PARTIAL_ALLOCATED" if any(own) else "UNALLOCATED"
            ), sale["SalesID"]

    counts: Counter[str] = Counter()
    for row in log:
        counts[row["Action"]] += row["UnitsAffected"]
    assert counts["ALLOCATE"] - sum(counts[action] for action in UNDO_ACTIONS) == len(used)
    assert set(counts) <= {"ALLOCATE", *UNDO_ACTIONS}

    result, findings = checks.audit(
        XlsxStore(path, use_cache=False, layout=EVENT).read(DISTRIBUTION, UNITS)
    )
    assert findings == []
    assert result.invariant_holds
    return Counter(row["Action"] for row in log)


def _journal_agrees(cli: Any, path: Path) -> Counter[str]:
    """The journal, through the command line: contiguous, chained, and its end is the file; how
    often each command stands there."""
    done = cli("log", "-w", str(path), "--most", "1000000", "--json")
    assert done.code == 0, done.err
    transactions = list(reversed(json.loads(done.out)["result"]["transactions"]))
    assert [t["number"] for t in transactions] == list(range(1, len(transactions) + 1))
    log = XlsxStore(path, layout=EVENT).log()
    assert all(
        later.revision_before == earlier.revision_after
        for earlier, later in itertools.pairwise(log)
    )
    assert (
        transactions[-1]["revision"]
        == log[-1].revision_after
        == XlsxStore(path, layout=EVENT).revision()
    )
    appended = sum(t["changes"].get(ALLOC_LOG, {}).get("appended", 0) for t in transactions)
    assert appended == len(ledgers(path)[3]), "every log row has its transaction"
    return Counter(" ".join(t["command"].split()[:2]) for t in transactions)


def _slowness(path: Path) -> float:
    """How much longer than usual it takes until one of those just started has written: killed as often
    as on a quiet machine, none would get anywhere on a busy one."""
    begun, before = time.monotonic(), path.stat().st_mtime_ns
    while path.stat().st_mtime_ns == before:
        assert time.monotonic() < begun + 300, "nobody wrote"
        time.sleep(0.05)
    return max(1.0, (time.monotonic() - begun) / USUAL_START)


def _contend(cli: Any, path: Path, seconds: float) -> tuple[Counter[str], Counter[str], int]:
    total = _event(path)
    chance = random.Random(20260417)
    killed = rounds = 0
    seeds = ALLOCATORS
    with allocators(path, ALLOCATORS) as made:
        slowness = _slowness(path)
        end = time.monotonic() + seconds * slowness
        while time.monotonic() < end:
            time.sleep(chance.uniform(0.05, 1.2) * slowness)
            for nth in chance.sample(range(ALLOCATORS), chance.choice((1, 1, 2, 3))):
                dead = made[nth]
                assert dead.poll() is None, dead.stderr.read().decode() if dead.stderr else ""
                dead.kill()
                dead.communicate(timeout=30)
                made[nth] = _start(path, seeds)
                seeds += 1
                killed += 1
            rounds += 1
            if rounds % 20 == 0:  # whoever opens the file meanwhile finds whole transactions
                tables = XlsxStore(path, use_cache=False, layout=EVENT).read(DISTRIBUTION, UNITS)
                assert checks.audit(tables)[1] == []
    actions = _check(path, total)
    commands = _journal_agrees(cli, path)
    return actions, commands, killed


def _whoever_comes_next(cli: Any, path: Path) -> None:
    """The survivors left nothing that is in the way: no lock, no temporary file; and the work goes
    on."""
    assert cli("allocate", "auto", "-w", str(path)).code in (0, 1)
    assert cli("audit", "run", "-w", str(path)).code == 0
    assert [p.name for p in path.parent.iterdir() if p.name.endswith(".tmp")] == []
    before = path.read_bytes()
    assert (
        cli(
            "override", "unallocate", "S3", "-w", str(path), "--confirm", "UNDO", "--reason", "x"
        ).code
        == 0
    )
    during = path.read_bytes()
    assert cli("undo", "-w", str(path), "-y").code == 0
    given_back(path, before, during)


@pytest.mark.slow
def test_eight_allocators_killed_at_random(cli: Any, empty: Path) -> None:
    actions, commands, killed = _contend(cli, empty, SECONDS)
    assert killed > 30
    assert actions["ALLOCATE"] > 10
    assert actions["UNDO_SALE"] > 5
    assert actions["UNDO_SET"] > 0
    assert {"allocate auto", "allocate commit", "allocate process", "override unallocate"} <= set(
        commands
    ), commands
    _whoever_comes_next(cli, empty)


if __name__ == "__main__":
    allocator(Path(sys.argv[1]), int(sys.argv[2]))
